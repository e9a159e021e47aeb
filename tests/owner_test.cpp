// SPDX-License-Identifier: Apache-2.0
// owner_test.cpp: owners count, release once on any thread, borrow, and cross modules.
#include "support/catch.hpp"
#include "support/failing_new.hpp"

#include <warpx/array.hpp>
#include <warpx/create.hpp>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <thread>
#include <vector>

using warpx::make_owner;
using warpx::owner;
using warpx::owner_ref;

TEST_CASE("the last reference releases, once") {
    int released = 0;
    {
        owner_ref a = make_owner([&] { ++released; });
        CHECK(a->use_count() == 1);
        owner_ref b = a;
        CHECK(a->use_count() == 2);
        owner_ref c = std::move(b);
        CHECK_FALSE(b);
        CHECK(a->use_count() == 2);
        b = c;
        CHECK(a->use_count() == 3);
        const owner_ref& same = b;
        b = same; // self-assignment
        CHECK(a->use_count() == 3);
        b = std::move(c);
        CHECK(a->use_count() == 2);
        a = owner_ref();
        CHECK(released == 0);
        CHECK(b->use_count() == 1);
    }
    CHECK(released == 1);
}

TEST_CASE("assignment releases what was held, after the new one is in place") {
    int order = 0, first = 0;
    owner_ref held;
    owner* seen = reinterpret_cast<owner*>(1);
    held = make_owner([&] {
        first = ++order;
        seen = held.get();
    });
    owner_ref other = make_owner([] {});
    held = other;
    CHECK(first == 1);
    CHECK(seen == other.get()); // a deleter that looks at the array finds the new owner, not itself
}

TEST_CASE("detach hands the reference over") {
    int released = 0;
    owner_ref a = make_owner([&] { ++released; });
    owner* raw = a.detach();
    CHECK_FALSE(a);
    CHECK(raw->use_count() == 1);
    owner_ref back(raw);
    CHECK(back->use_count() == 1);
    back = {};
    CHECK(released == 1);
}

TEST_CASE("an owner holds what its release holds") {
    std::vector<int> memory{1, 2, 3};
    const int* data = memory.data();
    owner_ref a = make_owner([held = std::move(memory)] { (void)held; });
    CHECK(data[2] == 3); // moved in, not copied
    auto only = std::make_unique<int>(5);
    const int* five = only.get();
    owner_ref b = make_owner([held = std::move(only)] { (void)held; }); // cannot be copied
    CHECK(*five == 5);
}

TEST_CASE("one allocation; if it fails the resource is released and bad_alloc thrown") {
    int released = 0;
    const auto release = [&] { ++released; };
    allocations = 0;
    owner_ref a = make_owner(release);
    asm volatile("" ::"r"(a.get()) : "memory"); // compilers may leave out a new that nobody can see
    const int used = allocations;
    CHECK(used == 1);
    a = {};
    CHECK(released == 1);
    bool thrown = false;
    fail_after = 0;
    try {
        owner_ref b = make_owner(release);
    } catch (const std::bad_alloc&) {
        thrown = true;
    }
    fail_after = -1;
    CHECK(thrown);
    CHECK(released == 2);
}

TEST_CASE("a null keeper means borrowed memory") {
    float memory[4] = {};
    auto x = warpx::from_pointer<float, 1>(memory, 4);
    CHECK(x.is_borrowed());
    CHECK(x.keeper().get() == nullptr);
    auto y = x;
    CHECK(y.is_borrowed());
    owner_ref none, other;
    none = other;
    CHECK_FALSE(none);
    CHECK(none.detach() == nullptr);
}

TEST_CASE("fields: layout, kind of memory, version, hook") {
    owner_ref a = make_owner([] {}, warpx::memory_kind::managed);
    CHECK(a->layout == warpx::layout_version);
    CHECK(a->memory == warpx::memory_kind::managed);
    CHECK(a->written() == 0);
    a->mark_written();
    a->mark_written();
    CHECK(a->written() == 2);
    CHECK(a->hook == nullptr);

    struct framework final : owner {
        int streams = 0, gradients = 0;
    } block;
    static const warpx::owner_hook hook{
        [](owner& self, void*) noexcept { ++static_cast<framework&>(self).streams; },
        [](owner& self) noexcept { ++static_cast<framework&>(self).gradients; }};
    block.hook = &hook;
    block.destroy = [](owner*) noexcept {};
    {
        owner_ref b(&block);
        b->hook->record_stream(*b.get(), nullptr);
        b->hook->install_gradient(*b.get());
    }
    CHECK((block.streams == 1 && block.gradients == 1));
    STATIC_REQUIRE(warpx::owner_hook{}.record_stream == nullptr);
}

TEST_CASE("an owner of another layout is refused before anything else of it is read") {
    struct foreign final : owner {
        bool destroyed = false;
    } block;
    block.layout = warpx::layout_version + 1;
    block.destroy = [](owner* self) noexcept { static_cast<foreign*>(self)->destroyed = true; };
    float memory[4] = {};
    CHECK_THROWS_WITH((warpx::from_pointer<float, 1>(memory, 4, 1, owner_ref(&block))),
                      Catch::Matchers::ContainsSubstring("an owner of layout 1; got layout 2; ") &&
                          Catch::Matchers::ContainsSubstring("DLPack"));
}

TEST_CASE("threads that copy and drop references release once") {
    for (int round = 0; round < 20; ++round) {
        std::atomic<int> released{0};
        int resource = 1;
        {
            owner_ref first = make_owner([&] {
                resource = 0;
                ++released;
            });
            std::vector<std::thread> threads;
            for (int k = 0; k < 4; ++k)
                threads.emplace_back([&released, &resource, mine = first] {
                    std::vector<owner_ref> many;
                    for (int i = 0; i < 500; ++i) {
                        many.push_back(mine);
                        if (i % 3 == 0) many.front() = many.back();
                        if (i % 7 == 0) many.clear();
                        mine->mark_written();
                    }
                    if (resource != 1) released += 100; // freed too early
                });
            first = {};
            for (auto& t : threads) t.join();
        }
        REQUIRE(released == 1);
    }
}

TEST_CASE("the release runs on the thread that drops last") {
    std::thread::id dropped_on;
    owner_ref a = make_owner([&] { dropped_on = std::this_thread::get_id(); });
    std::thread other([held = std::move(a)]() mutable { held = {}; });
    const auto id = other.get_id();
    other.join();
    CHECK(dropped_on == id);
}
