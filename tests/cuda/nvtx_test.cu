// SPDX-License-Identifier: Apache-2.0
// nvtx_test.cu: what a tool that listens to NVTX hears of launches: the test is such a tool. Needs no GPU.
#include "support/catch.hpp"

#include <warpx/interop/nvtx.hpp>
#include <warpx/warpx.hpp>

#include <cstdlib>
#include <string>
#include <vector>

using namespace warpx;

namespace {

constexpr auto add_one = [] WARPX_KERNEL(auto i, auto y) { y[i] += 1; };

std::vector<std::string> heard;

int push(nvtxDomainHandle_t, const nvtxEventAttributes_t* a) {
    heard.push_back("push " + std::string(a->message.ascii) + " " + std::to_string(a->payload.llValue));
    return 0;
}
int pop(nvtxDomainHandle_t) {
    heard.push_back("pop");
    return 0;
}
nvtxDomainHandle_t create(const char* name) {
    heard.push_back("domain " + std::string(name));
    return nullptr;
}

/// What NVTX calls of a tool that is linked into the program.
int NVTX_API listen(NvtxGetExportTableFunc_t tables) {
    const auto* callbacks = static_cast<const NvtxExportTableCallbacks*>(tables(NVTX_ETID_CALLBACKS));
    NvtxFunctionTable table = nullptr;
    unsigned int size = 0;
    if (!callbacks->GetModuleFunctionTable(NVTX_CB_MODULE_CORE2, &table, &size)) return 0;
    *table[NVTX_CBID_CORE2_DomainRangePushEx] = reinterpret_cast<NvtxFunctionPointer>(push);
    *table[NVTX_CBID_CORE2_DomainRangePop] = reinterpret_cast<NvtxFunctionPointer>(pop);
    *table[NVTX_CBID_CORE2_DomainCreateA] = reinterpret_cast<NvtxFunctionPointer>(create);
    return 1;
}

} // namespace

TEST_CASE("launches are NVTX ranges with the kernel's name and the number of items") {
    if (std::getenv("NVTX_INJECTION64_PATH") != nullptr) {
        WARN("a profiler listens already");
        return;
    }
    InitializeInjectionNvtx2_fnptr = listen; // before the first call of NVTX
    const auto y = zeros<int>({4, 5});
    const launch_hook ranges = nvtx_hook();
    set_launch_hook(&ranges);
    launch<add_one>(y.extents(), y);
    launch<add_one>(launch_options{.name = "mine"}, {2, 2}, y);
    set_launch_hook(nullptr);
    launch<add_one>(y.extents(), y);
    CHECK(heard == std::vector<std::string>{"domain warpx", "push add_one 20", "pop", "push mine 4", "pop"});
    CHECK(y(3, 4) == 2);
}
