// SPDX-License-Identifier: Apache-2.0
// cpu_budget.hpp: how many processors this process may use: affinity, cgroup quota, WARPX_NUM_THREADS.
#pragma once

#include "../config.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

namespace warpx::detail {

WARPX_DETAIL_BEGIN_SLOW_CODE

/// The positive number that `text` holds (white space around it allowed), or 0.
inline long parse_positive(const char* text) noexcept {
    if (text == nullptr) return 0;
    char* end = nullptr;
    const int saved = errno;
    const long value = strtol(text, &end, 10);
    errno = saved;
    if (end == text) return 0;
    while (*end == ' ' || *end == '\n' || *end == '\t') ++end;
    return *end == '\0' && value > 0 ? value : 0;
}

/// Processors that `quota` out of every `period` microseconds amount to, rounded up; 0: no limit.
inline long cpus_of_quota(long quota, long period) noexcept {
    return quota > 0 && period > 0 ? quota / period + (quota % period != 0) : 0;
}

/// Processors granted by the text of a cgroup v2 `cpu.max` ("200000 100000", "max 100000"); 0: no limit.
inline long parse_cpu_max(const char* text) noexcept {
    char* end = nullptr;
    const int saved = errno;
    const long quota = strtol(text, &end, 10); // "max" is no number: 0
    errno = saved;
    if (end == text) return 0;
    const long period = parse_positive(end);
    return cpus_of_quota(quota, period > 0 ? period : 100000); // 100 ms: the kernel's default
}

/// Copies the process's path in a hierarchy out of the text of /proc/self/cgroup. `controller`: "" for cgroup
/// v2, otherwise a v1 controller such as "cpu". Returns false if there is none or it does not fit.
inline bool find_cgroup_path(const char* text, const char* controller, char* path, size_t size) noexcept {
    const size_t wanted = strlen(controller);
    for (const char* line = text; *line != '\0';) { // a line is "number:controller,controller:/path"
        const size_t length = strcspn(line, "\n");
        const char* end = line + length;
        const char* list = static_cast<const char*>(memchr(line, ':', length));
        const char* tail =
            list ? static_cast<const char*>(memchr(list + 1, ':', size_t(end - list - 1))) : nullptr;
        if (tail != nullptr) {
            bool found = false;
            for (const char* name = list + 1; name <= tail && !found;) {
                const size_t name_length = strcspn(name, ",:");
                found = name_length == wanted && memcmp(name, controller, wanted) == 0;
                name += name_length + 1;
            }
            const size_t path_length = size_t(end - tail - 1);
            if (found) {
                if (path_length >= size) return false;
                memcpy(path, tail + 1, path_length);
                path[path_length] = '\0';
                return true;
            }
        }
        line = *end == '\0' ? end : end + 1;
    }
    return false;
}

/// Reads a small file into `text`, zero-terminated; false if it cannot be read.
inline bool read_small_file(const char* path, char* text, size_t size) noexcept {
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    const ssize_t length = read(file, text, size - 1);
    close(file);
    text[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/// The tightest processor quota along `path` (changed) and its parents in the hierarchy mounted at `mount`;
/// 0: none. Parents count because a quota binds everything below it; so does the mount's root, which is all a
/// container sees.
inline long cgroup_quota(const char* mount, char* path, bool version2) noexcept {
    long tightest = 0;
    for (;;) {
        char file[640], text[64], period[64];
        long cpus = 0;
        const char* name = version2 ? "cpu.max" : "cpu.cfs_quota_us";
        int length = snprintf(file, sizeof file, "%s%s/%s", mount, path, name);
        if (length < int(sizeof file) && read_small_file(file, text, sizeof text)) {
            if (version2) {
                cpus = parse_cpu_max(text);
            } else {
                length = snprintf(file, sizeof file, "%s%s/cpu.cfs_period_us", mount, path);
                if (length < int(sizeof file) && read_small_file(file, period, sizeof period)) {
                    cpus = cpus_of_quota(parse_positive(text), parse_positive(period)); // "-1": no limit
                }
            }
        }
        if (cpus > 0 && (tightest == 0 || cpus < tightest)) tightest = cpus;
        char* slash = strrchr(path, '/');
        if (slash == nullptr) return tightest;
        *slash = '\0';
    }
}

/// Processors that the cgroups of this process grant; 0: no limit. `root` is where the hierarchies are
/// mounted, `membership` the text of /proc/self/cgroup.
inline long cgroup_cpus(const char* root, const char* membership) noexcept {
    long tightest = 0;
    const auto consider = [&](const char* folder, const char* controller, bool version2) {
        char mount[128], path[512];
        if (!find_cgroup_path(membership, controller, path, sizeof path)) return;
        if (snprintf(mount, sizeof mount, "%s%s", root, folder) >= int(sizeof mount)) return;
        const long cpus = cgroup_quota(mount, path, version2);
        if (cpus > 0 && (tightest == 0 || cpus < tightest)) tightest = cpus;
    };
    consider("", "", true);
    consider("/cpu", "cpu", false);
    consider("/cpu,cpuacct", "cpu", false);
    return tightest;
}

/// Threads that a launch may use, the caller included: WARPX_NUM_THREADS if it is a positive number,
/// otherwise the smaller of the affinity mask and the cgroup quota. 1 to `most`. errno is kept.
inline int cpu_budget(int most) noexcept {
    const int saved = errno;
    long cpus = parse_positive(getenv("WARPX_NUM_THREADS"));
    if (cpus == 0) {
        cpu_set_t set;
        cpus = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);
        char membership[4096];
        if (read_small_file("/proc/self/cgroup", membership, sizeof membership)) {
            const long granted = cgroup_cpus("/sys/fs/cgroup", membership);
            if (granted > 0 && granted < cpus) cpus = granted;
        }
    }
    errno = saved;
    return cpus < 1 ? 1 : cpus > most ? most : static_cast<int>(cpus);
}

WARPX_DETAIL_END_SLOW_CODE

} // namespace warpx::detail
