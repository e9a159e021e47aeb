# SPDX-License-Identifier: Apache-2.0
# Finds dlpack.h for our build and sets WARPX_DLPACK_TARGET: a target that exists already, then Finddlpack.cmake, then
# the network; when all fail, one sentence with the command to run.
set(WARPX_FETCH_DLPACK "" CACHE STRING "For tests: fetch this dlpack version (0.8 or 1.1) instead of looking for one")
mark_as_advanced(WARPX_FETCH_DLPACK)
set(WARPX_DLPACK_COMMIT 3ea601bb413074c49a77c4ce3218bc08f8c4703c) # 1.1
if(WARPX_FETCH_DLPACK STREQUAL "0.8")
    set(WARPX_DLPACK_COMMIT 365b823cedb281cd0240ca601aba9b78771f91a3)
endif()

if(TARGET dlpack::dlpack)
    set(WARPX_DLPACK_TARGET dlpack::dlpack)
elseif(TARGET dlpack)
    set(WARPX_DLPACK_TARGET dlpack)
else()
    if(NOT WARPX_FETCH_DLPACK)
        find_package(dlpack 0.8 QUIET MODULE)
    endif()
    if(NOT dlpack_FOUND)
        include(warpx_fetch)
        # A header: there is nothing to build, so no CMakeLists.txt of theirs is read.
        warpx_fetch(
            warpx_dlpack_source dmlc/dlpack ${WARPX_DLPACK_COMMIT}
            "dlpack/dlpack.h is neither installed nor reachable: run `python3 -m pip install apache-tvm-ffi` in an active \
virtual environment (it ships the header), or pass -Ddlpack_INCLUDE_DIR=<folder that holds dlpack/dlpack.h>."
            SOURCE_SUBDIR none)
        set(dlpack_INCLUDE_DIR "${warpx_dlpack_source_SOURCE_DIR}/include" CACHE PATH "" FORCE)
        find_package(dlpack 0.8 QUIET REQUIRED MODULE)
    endif()
    message(STATUS "warpx: dlpack ${dlpack_VERSION} in ${dlpack_INCLUDE_DIR}")
    set_target_properties(dlpack::dlpack PROPERTIES IMPORTED_GLOBAL TRUE) # the targets that use us see it too
    set(WARPX_DLPACK_TARGET dlpack::dlpack)
endif()
