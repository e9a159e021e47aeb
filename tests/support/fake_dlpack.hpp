// SPDX-License-Identifier: Apache-2.0
// fake_dlpack.hpp: a producer of DLPack tensors that counts how often, and on which thread, it is given them
// back.
#pragma once

#include <warpx/interop/dlpack.hpp>

#include "support/claim.hpp"

#include <atomic>
#include <cstring>
#include <thread>

namespace test {

class producer {
public:
    std::atomic<int> deleted = 0;
    std::thread::id deleted_by;

    /// A managed tensor of either kind that says what the claim says. What it cannot say is lost: a legacy
    /// tensor has no read-only flag.
    template <class Managed> Managed* make(const claim& c) {
        auto* made = new block<Managed>{{}, c.shape, c.strides, this};
        Managed& m = made->managed;
        m.dl_tensor = tensor(c, made->shape, made->strides);
        m.manager_ctx = made;
        m.deleter = [](Managed* self) {
            auto* mine = static_cast<block<Managed>*>(self->manager_ctx);
            producer* by = mine->by;
            by->deleted_by = std::this_thread::get_id();
            std::memset(static_cast<void*>(&mine->managed), 0xdd, sizeof(Managed)); // nobody may read on
            delete mine;
            ++by->deleted;
        };
        if constexpr (requires { m.flags; }) {
            m.version = {1, 0};
            m.flags = c.desc.read_only ? 1 : 0;
        }
        return &m;
    }

    /// The tensor alone, over lists of the caller.
    static DLTensor tensor(const claim& c, std::vector<int64_t>& shape, std::vector<int64_t>& strides) {
        DLTensor t{};
        t.data = c.desc.data;
        t.device = {static_cast<DLDeviceType>(c.desc.device), c.desc.device_id};
        t.ndim = c.desc.rank;
        t.dtype = {static_cast<uint8_t>(c.desc.dtype.code), c.desc.dtype.bits, c.desc.dtype.lanes};
        t.shape = shape.empty() ? nullptr : shape.data();
        t.strides = strides.empty() ? nullptr : strides.data();
        t.byte_offset = c.desc.byte_offset;
        return t;
    }

private:
    template <class Managed> struct block {
        Managed managed;
        std::vector<int64_t> shape, strides;
        producer* by;
    };
};

} // namespace test
