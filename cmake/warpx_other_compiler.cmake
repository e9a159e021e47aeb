# SPDX-License-Identifier: Apache-2.0
# Sets WARPX_OTHER_COMPILER to a clang++ (15 or newer) when we build with g++, to g++ when we build with clang, or to
# nothing when there is none.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    find_program(WARPX_OTHER_COMPILER NAMES clang++-21 clang++-20 clang++-19 clang++-18 clang++-17 clang++-16 clang++-15 clang++)
else()
    find_program(WARPX_OTHER_COMPILER NAMES g++)
endif()
mark_as_advanced(WARPX_OTHER_COMPILER)
if(WARPX_OTHER_COMPILER MATCHES "clang\\+\\+$") # without a version in its name: ask
    execute_process(COMMAND "${WARPX_OTHER_COMPILER}" -dumpversion OUTPUT_VARIABLE version)
    if(version VERSION_LESS 15)
        set(WARPX_OTHER_COMPILER "")
    endif()
endif()
if(NOT WARPX_OTHER_COMPILER)
    set(WARPX_OTHER_COMPILER "")
endif()
