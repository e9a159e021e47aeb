# SPDX-License-Identifier: Apache-2.0
# warpx_fetch(<name> <github owner/repo> <commit> <what to do without a network>): FetchContent from a pinned commit.
# The archive is downloaded first, because a download that fails inside FetchContent ends in a page of output.
include(FetchContent)

function(warpx_fetch name repository commit hint)
    string(TOUPPER "${name}" upper)
    if(FETCHCONTENT_SOURCE_DIR_${upper} OR FETCHCONTENT_FULLY_DISCONNECTED)
        set(archive "unused")
    else()
        set(archive "${PROJECT_BINARY_DIR}/_deps/${name}-${commit}.tar.gz")
        if(NOT EXISTS "${archive}")
            message(STATUS "warpx: fetching ${repository} from github.com")
            file(DOWNLOAD "https://github.com/${repository}/archive/${commit}.tar.gz" "${archive}.part"
                 STATUS status TIMEOUT 120 INACTIVITY_TIMEOUT 20)
            list(GET status 0 code)
            if(NOT code EQUAL 0)
                file(REMOVE "${archive}.part")
                message(FATAL_ERROR "warpx: ${hint}")
            endif()
            file(RENAME "${archive}.part" "${archive}")
        endif()
    endif()
    FetchContent_Declare(${name} URL "${archive}" ${ARGN})
    FetchContent_MakeAvailable(${name})
    set(${name}_SOURCE_DIR "${${name}_SOURCE_DIR}" PARENT_SCOPE)
endfunction()
