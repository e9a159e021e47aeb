// SPDX-License-Identifier: Apache-2.0
// cpu_budget_test.cpp: affinity, cgroup quotas and WARPX_NUM_THREADS.
#include <warpx/host/cpu_budget.hpp>

#include "support/catch.hpp"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

using namespace warpx::detail;

namespace {

/// A folder that looks like /sys/fs/cgroup, removed afterwards.
struct cgroup_tree {
    cgroup_tree() {
        std::string pattern = (std::filesystem::temp_directory_path() / "warpx_cgroup_XXXXXX").string();
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        root = pattern;
    }
    ~cgroup_tree() { std::filesystem::remove_all(root); }
    void write(const std::string& file, const std::string& text) const {
        const std::filesystem::path path = root + "/" + file;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }
    std::string root;
};

/// Sets or removes WARPX_NUM_THREADS for a while.
struct num_threads {
    explicit num_threads(const char* value) {
        if (const char* old = std::getenv("WARPX_NUM_THREADS")) before = old, had = true;
        set(value);
    }
    ~num_threads() { set(had ? before.c_str() : nullptr); }
    static void set(const char* value) {
        if (value)
            setenv("WARPX_NUM_THREADS", value, 1);
        else
            unsetenv("WARPX_NUM_THREADS");
    }
    std::string before;
    bool had = false;
};

} // namespace

TEST_CASE("parse_positive") {
    CHECK(parse_positive("8") == 8);
    CHECK(parse_positive(" 12\n") == 12);
    CHECK(parse_positive(nullptr) == 0);
    CHECK(parse_positive("") == 0);
    CHECK(parse_positive("0") == 0);
    CHECK(parse_positive("-1\n") == 0);
    CHECK(parse_positive("four") == 0);
    CHECK(parse_positive("4 cores") == 0);
    errno = 5;
    CHECK(parse_positive("99999999999999999999999") > 0);
    CHECK(errno == 5);
}

TEST_CASE("parse_cpu_max reads cgroup v2 quotas") {
    CHECK(parse_cpu_max("max 100000\n") == 0);
    CHECK(parse_cpu_max("200000 100000\n") == 2);
    CHECK(parse_cpu_max("150000 100000\n") == 2); // rounded up
    CHECK(parse_cpu_max("1000 100000\n") == 1);
    CHECK(parse_cpu_max("250000\n") == 3); // period: the kernel's default
    CHECK(parse_cpu_max("") == 0);
    CHECK(parse_cpu_max("-5 100") == 0);
    CHECK(parse_cpu_max("nonsense") == 0);
}

TEST_CASE("find_cgroup_path picks the hierarchy") {
    char path[64];
    const char* hybrid = "12:cpuset:/a\n4:cpu,cpuacct:/docker/b\n1:name=systemd:/c\n0::/d/e\n";
    REQUIRE(find_cgroup_path(hybrid, "cpu", path, sizeof path));
    CHECK(std::string(path) == "/docker/b");
    REQUIRE(find_cgroup_path(hybrid, "cpuacct", path, sizeof path));
    CHECK(std::string(path) == "/docker/b");
    REQUIRE(find_cgroup_path(hybrid, "", path, sizeof path));
    CHECK(std::string(path) == "/d/e");
    CHECK_FALSE(find_cgroup_path(hybrid, "memory", path, sizeof path));
    CHECK_FALSE(find_cgroup_path("", "cpu", path, sizeof path));
    CHECK_FALSE(find_cgroup_path("garbage", "cpu", path, sizeof path));
    CHECK_FALSE(find_cgroup_path("1:cpu", "cpu", path, sizeof path));
    CHECK_FALSE(find_cgroup_path(hybrid, "cpu", path, 9)); // does not fit
    REQUIRE(find_cgroup_path("0::/last", "", path, sizeof path));
    CHECK(std::string(path) == "/last");
    REQUIRE(find_cgroup_path("0::/colon:inside\n", "", path, sizeof path));
    CHECK(std::string(path) == "/colon:inside");
}

TEST_CASE("cgroup_cpus takes the tightest quota on the way to the root") {
    const cgroup_tree tree;
    const char* root = tree.root.c_str();
    CHECK(cgroup_cpus(root, "0::/pod/box\n") == 0); // nothing mounted
    tree.write("cpu.max", "max 100000\n");
    tree.write("pod/cpu.max", "300000 100000\n");
    tree.write("pod/box/cpu.max", "max 100000\n");
    CHECK(cgroup_cpus(root, "0::/pod/box\n") == 3);
    tree.write("pod/box/cpu.max", "150000 100000\n");
    CHECK(cgroup_cpus(root, "0::/pod/box\n") == 2);
    CHECK(cgroup_cpus(root, "0::/elsewhere\n") == 0);
    CHECK(cgroup_cpus(root, "0::/\n") == 0);
}

TEST_CASE("cgroup_cpus reads v1 quotas, also where the container sees only the mount's root") {
    const cgroup_tree tree;
    const char* root = tree.root.c_str();
    tree.write("cpu,cpuacct/cpu.cfs_quota_us", "400000\n");
    tree.write("cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    CHECK(cgroup_cpus(root, "4:cpu,cpuacct:/docker/0123\n0::/\n") == 4);
    tree.write("cpu,cpuacct/docker/0123/cpu.cfs_quota_us", "-1\n");
    tree.write("cpu,cpuacct/docker/0123/cpu.cfs_period_us", "100000\n");
    CHECK(cgroup_cpus(root, "4:cpu,cpuacct:/docker/0123\n") == 4);
    tree.write("cpu/cpu.cfs_quota_us", "50000\n");
    tree.write("cpu/cpu.cfs_period_us", "100000\n");
    CHECK(cgroup_cpus(root, "4:cpu:/\n") == 1);
}

TEST_CASE("cpu_budget: WARPX_NUM_THREADS counts if it is a positive number") {
    const num_threads unset(nullptr);
    const int machine = cpu_budget(1000);
    CHECK(machine >= 1);
    cpu_set_t set;
    REQUIRE(sched_getaffinity(0, sizeof set, &set) == 0);
    CHECK(machine <= CPU_COUNT(&set));
    errno = 77;
    {
        const num_threads five("5");
        CHECK(cpu_budget(1000) == 5);
        CHECK(cpu_budget(3) == 3);
    }
    for (const char* text : {"0", "-4", "many", "", "3x"}) {
        const num_threads wrong(text);
        CHECK(cpu_budget(1000) == machine);
    }
    CHECK(errno == 77);
}
