// SPDX-License-Identifier: Apache-2.0
// launch_hook.hpp: called around every launch of the process, on host and CUDA: for profilers, timers and
// logs.
#pragma once

#include "tensor_desc.hpp"

namespace warpx {

inline namespace hook_v1 { // modules of one process share it: another layout is another name

/// A launch, as a hook sees it. What it points to is valid during the call.
struct launch_info {
    const char* kernel;     ///< its name in messages
    const int64_t* extents; ///< `rank` of them
    int rank;
    device_kind device; ///< host or cuda
    int device_id;      ///< the CUDA ordinal; 0 on the host
    void* stream;       ///< the cudaStream_t; null on the host
    bool prepared;      ///< whether a prepared launch runs
};

/// Two functions around each launch, on the thread that launches; either may be null. `begin` comes right
/// before the launch, `end` right after it (on the host when all items are done, on CUDA when the work is
/// enqueued), also if it throws. They must not throw, and may be called from several threads at once.
/// Launches over zero items are not reported.
struct launch_hook {
    void (*begin)(void* state, const launch_info& launch) noexcept = nullptr;
    void (*end)(void* state, const launch_info& launch) noexcept = nullptr;
    void* state = nullptr;
};

} // namespace hook_v1

namespace detail {

inline namespace hook_v1 {

/// One for all modules of a process.
WARPX_PUBLIC inline constinit const launch_hook* installed_hook = nullptr;

} // namespace hook_v1

/// The hook of a launch; null (a load and a branch) if there is none.
inline const launch_hook* current_hook() noexcept {
    return __atomic_load_n(&installed_hook, __ATOMIC_ACQUIRE);
}

} // namespace detail

/// Installs a hook for all launches of the process from now on, null for none, and returns the former one
/// (call it from yours to keep it). The hook, which is not copied, must outlive all launches that began while
/// it was installed.
inline const launch_hook* set_launch_hook(const launch_hook* hook) noexcept {
    return __atomic_exchange_n(&detail::installed_hook, hook, __ATOMIC_ACQ_REL);
}

} // namespace warpx
