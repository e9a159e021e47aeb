// SPDX-License-Identifier: Apache-2.0
// owner.hpp: what keeps the memory of an array alive: an intrusive, atomically counted block.
#pragma once

#include "config.hpp"

#include <new>

namespace warpx {

/// Where the memory of an owner can be read from. Pinned and managed memory is readable by host and device
/// alike.
enum class memory_kind : uint32_t { plain, pinned, managed };

struct owner;

/// What the owner of memory wants to be told: that of a framework that lent it, or of warpx itself. Either
/// entry may be null. Must not throw. The entries are part of the layout that modules share.
struct owner_hook {
    /// Work on `stream` (a cudaStream_t) that uses the memory was enqueued: it must not be freed or handed
    /// out again before that work is done. Called after each launch and copy, by the thread that enqueued it.
    void (*record_stream)(owner& self, void* stream) noexcept = nullptr;
    /// Gradients are about to be written: make the framework's own gradient slot point at them again.
    void (*install_gradient)(owner& self) noexcept = nullptr;
};

/// The block behind an array. It crosses modules, so its layout is versioned and comes first. Derive from it
/// to keep a resource; `destroy` releases the resource and the block. It is called once, on whichever thread
/// drops the last reference, with no lock held.
struct owner {
    uint32_t layout = layout_version;
    memory_kind memory = memory_kind::plain;
    int64_t references = 1;
    uint64_t version = 0; ///< number of announced writes
    void (*destroy)(owner* self) noexcept = nullptr;
    const owner_hook* hook = nullptr;

    void retain() noexcept { __atomic_fetch_add(&references, 1, __ATOMIC_RELAXED); }
    void release() noexcept {
        if (__atomic_fetch_sub(&references, 1, __ATOMIC_ACQ_REL) == 1) destroy(this);
    }
    int64_t use_count() const noexcept { return __atomic_load_n(&references, __ATOMIC_RELAXED); }

    /// Announces a write, so that a tape can see that a value it needs is gone.
    void mark_written() noexcept { __atomic_fetch_add(&version, uint64_t{1}, __ATOMIC_RELAXED); }
    uint64_t written() const noexcept { return __atomic_load_n(&version, __ATOMIC_RELAXED); }
};

/// A counted reference to an owner; null means borrowed memory, which somebody else keeps alive.
class owner_ref {
public:
    constexpr owner_ref() noexcept = default;
    /// Takes over one reference (that of a new block, which starts at one).
    constexpr explicit owner_ref(owner* adopted) noexcept : owner_(adopted) {}
    constexpr owner_ref(const owner_ref& other) noexcept : owner_(other.owner_) {
        if (owner_) owner_->retain();
    }
    constexpr owner_ref(owner_ref&& other) noexcept : owner_(other.owner_) { other.owner_ = nullptr; }
    constexpr owner_ref& operator=(owner_ref other) noexcept {
        owner* mine = owner_;
        owner_ = other.owner_;
        other.owner_ = mine;
        return *this;
    }
    constexpr ~owner_ref() {
        if (owner_) owner_->release();
    }

    constexpr owner* get() const noexcept { return owner_; }
    constexpr owner* operator->() const noexcept { return owner_; }
    constexpr explicit operator bool() const noexcept { return owner_ != nullptr; }
    /// Hands the reference over to the caller, who must `release()` it.
    constexpr owner* detach() noexcept {
        owner* mine = owner_;
        owner_ = nullptr;
        return mine;
    }

private:
    owner* owner_ = nullptr;
};

namespace detail {

/// An owner that runs `release` when the last reference is dropped.
template <class F> struct owner_of final : owner {
    F finish;
    explicit owner_of(F f) : finish(static_cast<F&&>(f)) {
        destroy = [](owner* self) noexcept {
            auto* block = static_cast<owner_of*>(self);
            block->finish();
            delete block;
        };
    }
};

} // namespace detail

/// An owner that calls `release()` (which must not throw) when the last array that uses the memory is gone.
/// One allocation. If that allocation fails `release` is called, then `std::bad_alloc` thrown.
template <class F> owner_ref make_owner(F release, memory_kind memory = memory_kind::plain) {
    // `release` is moved only once there is memory for it.
    auto* block = new (std::nothrow) detail::owner_of<F>(static_cast<F&&>(release));
    if (!block) [[unlikely]] {
        release();
        throw std::bad_alloc();
    }
    block->memory = memory;
    return owner_ref(block);
}

} // namespace warpx
