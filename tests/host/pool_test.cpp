// SPDX-License-Identifier: Apache-2.0
// pool_test.cpp: launches on the pool. CMakeLists.txt runs it with 1, 2 and 8 threads, and without spinning.
#include "host/pool_support.hpp"

#include "support/catch.hpp"

#include <atomic>
#include <cerrno>
#include <cfenv>
#include <chrono>
#include <limits>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace host = warpx::host;
using pool_support::run_on_two_threads;
using pool_support::run_shared;

namespace {

/// Counts what lives, to see that each exception object is destroyed.
struct counted_error {
    explicit counted_error(int64_t at) : where(at) { ++alive; }
    counted_error(const counted_error& other) : where(other.where) { ++alive; }
    ~counted_error() { --alive; }
    int64_t where;
    static std::atomic<int> alive;
};
std::atomic<int> counted_error::alive{0};

/// The threads that took part in something.
struct thread_set {
    void add() {
        const std::lock_guard lock(mutex);
        ids.insert(std::this_thread::get_id());
    }
    std::mutex mutex;
    std::set<std::thread::id> ids;
};

bool pool_is_parallel() { return host::thread_count() > 1; }

} // namespace

TEST_CASE("every item is run exactly once, in ranges that begin at multiples of the grain") {
    for (const int64_t count : {1, 2, 3, 63, 64, 65, 1000, 1024, 1025, 4097, 100003}) {
        for (const int64_t grain : {1, 7, 64}) {
            for (const bool shared : {false, true}) {
                std::vector<std::atomic<int>> hits(static_cast<size_t>(count));
                std::atomic<bool> aligned{true};
                const auto body = [&](int64_t begin, int64_t end) {
                    if (begin % grain != 0 || begin >= end || (end != count && end % grain != 0))
                        aligned = false;
                    for (int64_t i = begin; i < end; ++i) ++hits[static_cast<size_t>(i)];
                };
                if (shared) {
                    run_shared(count, body, 0, grain);
                } else {
                    host::work_cost cost;
                    host::for_ranges(count, body, cost, 0, grain);
                }
                CAPTURE(count, grain, shared);
                CHECK(aligned.load());
                int64_t once = 0;
                for (const auto& hit : hits) once += hit.load() == 1;
                CHECK(once == count);
            }
        }
    }
}

TEST_CASE("zero and negative counts do nothing") {
    for (const int64_t count : {int64_t{0}, int64_t{-1}, std::numeric_limits<int64_t>::min()}) {
        int calls = 0;
        run_shared(count, [&](int64_t, int64_t) { ++calls; });
        host::run(
            count, [](const void* p, int64_t, int64_t) { ++**static_cast<int* const*>(p); }, &calls, nullptr);
        CHECK(calls == 0);
    }
}

TEST_CASE("huge counts are run as ranges") {
    for (const int64_t count :
         {int64_t{1} << 40, (int64_t{1} << 40) + 17, std::numeric_limits<int64_t>::max()}) {
        for (const bool shared : {false, true}) {
            for (const int64_t elements_per_item :
                 {int64_t{1}, int64_t{1} << 30}) { // the product may overflow
                std::atomic<int64_t> sum{0};
                const auto body = [&](int64_t begin, int64_t end) { sum += end - begin; };
                host::work_cost cost;
                if (shared) cost.picoseconds.store(pool_support::high_cost, host::order::relaxed);
                for (int repeat = 0; repeat < 3; ++repeat) {
                    sum = 0;
                    host::for_ranges(count, body, cost, 0, 1, elements_per_item);
                    CAPTURE(count, shared, elements_per_item, repeat);
                    CHECK(sum.load() == count);
                }
            }
        }
    }
}

TEST_CASE("run without a place for the cost") {
    std::atomic<int64_t> sum{0};
    const std::atomic<int64_t>* const context = &sum;
    const warpx::range_body body = [](const void* p, int64_t begin, int64_t end) {
        *const_cast<std::atomic<int64_t>*>(static_cast<const std::atomic<int64_t>*>(p)) += end - begin;
    };
    for (const int64_t count : {1, 100, 5000, 1000000}) {
        sum = 0;
        host::run(count, body, context, nullptr);
        CHECK(sum.load() == count);
    }
}

TEST_CASE("a worker takes part, with the application's signals blocked and its own faults open") {
    if (!pool_is_parallel()) return; // nobody to share with
    thread_set threads;
    std::atomic<int> blocked{0}, open{0};
    const auto caller = std::this_thread::get_id();
    REQUIRE(run_on_two_threads([&] {
        threads.add();
        if (std::this_thread::get_id() == caller) return;
        sigset_t mask;
        pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        blocked = sigismember(&mask, SIGINT) + sigismember(&mask, SIGUSR1) + sigismember(&mask, SIGCHLD);
        open = !sigismember(&mask, SIGSEGV) + !sigismember(&mask, SIGFPE);
    }));
    CHECK(threads.ids.size() == 2);
    CHECK(threads.ids.count(caller) == 1);
    CHECK(blocked == 3);
    CHECK(open == 2);
}

TEST_CASE("few heavy items are shared as well, once their cost is known") {
    if (!pool_is_parallel()) return; // nobody to share with
    thread_set threads;
    host::work_cost cost;
    for (int repeat = 0; repeat < 200 && threads.ids.size() < 2; ++repeat) {
        host::for_ranges(
            16,
            [&](int64_t begin, int64_t end) {
                threads.add();
                std::this_thread::sleep_for(std::chrono::milliseconds(end - begin));
            },
            cost);
    }
    CHECK(threads.ids.size() >= 2);
    CHECK(cost.quick_elements.load(host::order::relaxed) < 16);
}

TEST_CASE("short work is recognised and stays in the caller") {
    thread_set threads;
    host::work_cost cost;
    int calls = 0;
    for (int repeat = 0; repeat < 1000; ++repeat) {
        host::for_ranges(100, [&](int64_t, int64_t) { ++calls; }, cost); // a race if it were shared
    }
    CHECK(calls >= 1000);
    CHECK(cost.quick_elements.load(host::order::relaxed) >= 100);
}

TEST_CASE("the first exception arrives once, as what it was, and the rest is skipped") {
    std::mt19937 random(1);
    for (int repeat = 0; repeat < 300; ++repeat) {
        const int64_t count = 1000, bad = std::uniform_int_distribution<int64_t>(0, count - 1)(random);
        int caught = 0;
        try {
            run_shared(count, [&](int64_t begin, int64_t end) {
                if (begin <= bad && bad < end) throw counted_error(bad);
            });
        } catch (const counted_error& e) {
            ++caught;
            CHECK(e.where == bad);
        }
        CHECK(caught == 1);
        CHECK(counted_error::alive == 0);
        CHECK(pool_support::sum_is_right());
    }
}

TEST_CASE("when all ranges throw, one exception arrives and no object is left") {
    for (int repeat = 0; repeat < 300; ++repeat) {
        std::atomic<int> thrown{0};
        CHECK_THROWS_AS(run_shared(1000,
                                   [&](int64_t begin, int64_t) {
                                       ++thrown;
                                       throw counted_error(begin);
                                   }),
                        counted_error);
        CHECK(thrown <= host::thread_count()); // at most one range a thread was under way
        CHECK(counted_error::alive == 0);
    }
}

TEST_CASE("exceptions of launches that stay in the caller") {
    host::work_cost cost;
    CHECK_THROWS_WITH(
        host::for_ranges(1, [](int64_t, int64_t) { throw std::runtime_error("one"); }, cost), "one");
    CHECK_THROWS_WITH(
        host::for_ranges(9, [](int64_t, int64_t) { throw std::runtime_error("nine"); }, cost), "nine");
    CHECK(pool_support::sum_is_right());
}

TEST_CASE("nested launches run in the thread that makes them") {
    std::atomic<int64_t> items{0};
    std::atomic<int> strays{0}, widest{0};
    run_shared(64, [&](int64_t begin, int64_t end) {
        const auto me = std::this_thread::get_id();
        for (int64_t i = begin; i < end; ++i) {
            run_shared(100, [&](int64_t b, int64_t e) {
                if (std::this_thread::get_id() != me) ++strays;
                items += e - b;
            });
        }
        if (pool_is_parallel() && host::thread_count() > widest) widest = host::thread_count();
    });
    CHECK(items == 6400);
    CHECK(strays == 0);
    CHECK(widest == 0);
}

TEST_CASE("an exception passes through nested launches") {
    CHECK_THROWS_WITH(run_shared(64,
                                 [&](int64_t, int64_t) {
                                     run_shared(64,
                                                [](int64_t, int64_t) { throw std::runtime_error("inner"); });
                                 }),
                      "inner");
    CHECK(pool_support::sum_is_right());
}

TEST_CASE("thread limits") {
    const int all = host::thread_count();
    const auto caller = std::this_thread::get_id();
    SECTION("of 1 keep a launch in its caller") {
        const host::thread_limit one(1);
        CHECK(host::thread_count() == 1);
        thread_set threads;
        for (int repeat = 0; repeat < 50; ++repeat) run_shared(100, [&](int64_t, int64_t) { threads.add(); });
        CHECK(threads.ids == std::set<std::thread::id>{caller});
    }
    SECTION("of 2 bound the threads that run at once") {
        for (const bool scoped : {false, true}) {
            const host::thread_limit limit(scoped ? 2 : 0);
            std::atomic<int> inside{0}, most{0};
            for (int repeat = 0; repeat < 200; ++repeat) {
                run_shared(
                    100,
                    [&](int64_t, int64_t) {
                        const int now = ++inside;
                        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
                        }
                        --inside;
                    },
                    scoped ? 0 : 2);
            }
            CHECK(most <= 2);
        }
    }
    SECTION("nest by taking the smaller one, and end with their scope") {
        const host::thread_limit outer(3);
        CHECK(host::thread_count() == (all < 3 ? all : 3));
        {
            const host::thread_limit wider(100), none(0), negative(-1);
            CHECK(host::thread_count() == (all < 3 ? all : 3));
            const host::thread_limit inner(1);
            CHECK(host::thread_count() == 1);
        }
        CHECK(host::thread_count() == (all < 3 ? all : 3));
    }
    CHECK(host::thread_count() == all);
}

TEST_CASE("thread_count follows WARPX_NUM_THREADS") {
    if (const char* text = std::getenv("WARPX_NUM_THREADS")) CHECK(host::thread_count() == std::stoi(text));
    CHECK(host::thread_count() >= 1);
    CHECK(pool_support::sum_is_right()); // the same after the pool has started
    if (const char* text = std::getenv("WARPX_NUM_THREADS")) CHECK(host::thread_count() == std::stoi(text));
}

TEST_CASE("the caller's rounding mode holds in all threads, and a kernel's does not stay") {
    for (const int mode : {FE_UPWARD, FE_TONEAREST, FE_TOWARDZERO}) {
        std::fesetround(mode);
        std::atomic<int> wrong{0};
        const auto body = [&] {
            if (std::fegetround() != mode) ++wrong;
        };
        if (pool_is_parallel()) {
            CHECK(run_on_two_threads(body));
        } else {
            body();
        }
        const auto caller = std::this_thread::get_id();
        run_shared(1000, [&](int64_t, int64_t) {
            if (warpx::detail::fp_control() != warpx::detail::fp_control()) ++wrong;
            if (std::this_thread::get_id() != caller) std::fesetround(FE_DOWNWARD);
        });
        CHECK(std::fegetround() == mode);
        CHECK(wrong == 0);
    }
    std::fesetround(FE_TONEAREST);
}

TEST_CASE("errno is kept, whether workers spin or sleep") {
    for (int repeat = 0; repeat < 20; ++repeat) {
        if (repeat % 4 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(3));
        errno = 1234;
        const bool right = pool_support::sum_is_right();
        CHECK(errno == 1234);
        CHECK(right);
    }
}

TEST_CASE("launches after pauses wake the workers") {
    for (int repeat = 0; repeat < 100; ++repeat) {
        std::this_thread::sleep_for(std::chrono::microseconds(50 * (repeat % 60)));
        REQUIRE(pool_support::sum_is_right());
    }
}

TEST_CASE("several application threads launch at once") {
    std::vector<std::thread> threads;
    std::atomic<int> wrong{0};
    for (unsigned seed = 0; seed < 4; ++seed) {
        threads.emplace_back([&wrong, seed] {
            std::mt19937 random(seed);
            for (int repeat = 0; repeat < 3000; ++repeat) {
                const int64_t count = std::uniform_int_distribution<int64_t>(0, 3000)(random);
                const int64_t bad = std::uniform_int_distribution<int64_t>(0, 4 * count)(random);
                std::atomic<int64_t> sum{0};
                bool threw = false;
                try {
                    run_shared(count, [&](int64_t begin, int64_t end) {
                        if (begin <= bad && bad < end) throw counted_error(bad);
                        int64_t part = 0;
                        run_shared(end - begin, [&](int64_t b, int64_t e) {
                            for (int64_t i = b; i < e; ++i) part += begin + i; // nested: no race
                        });
                        sum += part;
                    });
                } catch (const counted_error& e) {
                    threw = true;
                    if (e.where != bad) ++wrong;
                }
                if (threw != (bad < count)) ++wrong;
                if (!threw && sum != count * (count - 1) / 2) ++wrong;
            }
        });
    }
    for (std::thread& t : threads) t.join();
    CHECK(wrong == 0);
    CHECK(counted_error::alive == 0);
}

TEST_CASE("more launches at once than the pool has slots") {
    constexpr int callers = 24;
    std::vector<std::thread> threads;
    std::atomic<int> inside{0}, wrong{0};
    for (int k = 0; k < callers; ++k) {
        threads.emplace_back([&] {
            std::atomic<bool> waited{false};
            run_shared(4, [&](int64_t, int64_t) { // every launch is in progress before any of them ends
                if (waited.exchange(true)) return;
                ++inside;
                while (inside < callers) std::this_thread::yield();
            });
            for (int repeat = 0; repeat < 50; ++repeat) wrong += !pool_support::sum_is_right();
        });
    }
    for (std::thread& t : threads) t.join();
    CHECK(inside == callers);
    CHECK(wrong == 0);
}
