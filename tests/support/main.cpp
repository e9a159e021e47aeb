// SPDX-License-Identifier: Apache-2.0
// main.cpp: the main function of every Catch2 test program; compiled once for all of them.
#if __has_include(<catch2/catch_session.hpp>)
#    include <catch2/catch_session.hpp>
#else
#    define CATCH_CONFIG_RUNNER
#    include <catch2/catch.hpp>
#endif

// Tests ask for more memory than there is: that must be std::bad_alloc under the sanitizers too.
extern "C" const char* __asan_default_options();
extern "C" const char* __tsan_default_options();
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }
extern "C" const char* __tsan_default_options() { return "allocator_may_return_null=1"; }

int main(int argc, char* argv[]) { return Catch::Session().run(argc, argv); }
