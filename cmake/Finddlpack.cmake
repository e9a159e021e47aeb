# SPDX-License-Identifier: Apache-2.0
# Finddlpack: looks for dlpack/dlpack.h, version 0.8 or newer, and defines dlpack::dlpack.
#
# In this order: dlpack_INCLUDE_DIR if set, a package configuration, the system's include folders (and dlpack_ROOT),
# then the Python package apache-tvm-ffi, which ships the header, in: CMAKE_PREFIX_PATH, the project's .venv,
# $VIRTUAL_ENV, the python3 on the PATH. An older header (Debian 12 packages 0.6) is passed over.
include(FindPackageHandleStandardArgs)

function(warpx_dlpack_version dir result)
    set(version "")
    if(EXISTS "${dir}/dlpack/dlpack.h")
        file(STRINGS "${dir}/dlpack/dlpack.h" lines REGEX "^#define DLPACK_(MAJOR_|MINOR_)?VERSION [0-9]+")
        if("${lines}" MATCHES "MAJOR_VERSION ([0-9]+)")
            set(version "${CMAKE_MATCH_1}")
            if("${lines}" MATCHES "MINOR_VERSION ([0-9]+)")
                string(APPEND version ".${CMAKE_MATCH_1}")
            endif()
        elseif("${lines}" MATCHES "DLPACK_VERSION ([0-9])([0-9])") # 80 is 0.8
            set(version "0.${CMAKE_MATCH_1}")
        endif()
    endif()
    set(${result} "${version}" PARENT_SCOPE)
endfunction()

if(NOT TARGET dlpack::dlpack)
    if(NOT dlpack_INCLUDE_DIR)
        find_package(dlpack CONFIG QUIET)
        if(TARGET dlpack::dlpack)
            get_target_property(warpx_dlpack_candidates dlpack::dlpack INTERFACE_INCLUDE_DIRECTORIES)
        else()
            find_path(warpx_dlpack_system dlpack/dlpack.h HINTS ${dlpack_ROOT} $ENV{dlpack_ROOT} PATH_SUFFIXES include
                      NO_CACHE)
            set(warpx_dlpack_candidates ${warpx_dlpack_system})
            set(warpx_dlpack_pip tvm_ffi/include tvm_ffi/3rdparty/dlpack/include)
            foreach(prefix ${CMAKE_PREFIX_PATH}) # site-packages, in builds that pip isolates
                foreach(sub ${warpx_dlpack_pip})
                    list(APPEND warpx_dlpack_candidates "${prefix}/${sub}")
                endforeach()
            endforeach()
            foreach(venv "${PROJECT_SOURCE_DIR}/.venv" "${CMAKE_SOURCE_DIR}/.venv" "$ENV{VIRTUAL_ENV}")
                foreach(sub ${warpx_dlpack_pip})
                    file(GLOB found "${venv}/lib/python3*/site-packages/${sub}")
                    list(APPEND warpx_dlpack_candidates ${found})
                endforeach()
            endforeach()
            find_program(warpx_python3 python3 NO_CACHE)
            if(warpx_python3)
                execute_process(
                    COMMAND "${warpx_python3}" -c
                            "import sysconfig, site; print(';'.join([sysconfig.get_path('purelib'), *site.getsitepackages()]))"
                    OUTPUT_VARIABLE warpx_site OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
                foreach(site ${warpx_site})
                    foreach(sub ${warpx_dlpack_pip})
                        list(APPEND warpx_dlpack_candidates "${site}/${sub}")
                    endforeach()
                endforeach()
            endif()
        endif()
        foreach(dir ${warpx_dlpack_candidates})
            warpx_dlpack_version("${dir}" warpx_dlpack_found)
            if(warpx_dlpack_found VERSION_GREATER_EQUAL 0.8)
                set(dlpack_INCLUDE_DIR "${dir}" CACHE PATH "Folder that holds dlpack/dlpack.h, 0.8 or newer")
                break()
            elseif(warpx_dlpack_found AND NOT dlpack_FIND_QUIETLY)
                message(STATUS "warpx: passing over dlpack ${warpx_dlpack_found} in ${dir}; 0.8 or newer is needed")
            endif()
        endforeach()
    endif()
    warpx_dlpack_version("${dlpack_INCLUDE_DIR}" dlpack_VERSION)
    find_package_handle_standard_args(
        dlpack REQUIRED_VARS dlpack_INCLUDE_DIR VERSION_VAR dlpack_VERSION
        REASON_FAILURE_MESSAGE "dlpack/dlpack.h 0.8 or newer is needed: `pip install apache-tvm-ffi` into the active \
python environment, or pass -Ddlpack_INCLUDE_DIR=<folder>.")
    mark_as_advanced(dlpack_INCLUDE_DIR)
    if(dlpack_FOUND AND NOT TARGET dlpack::dlpack)
        add_library(dlpack::dlpack INTERFACE IMPORTED)
        set_target_properties(dlpack::dlpack PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${dlpack_INCLUDE_DIR}")
    endif()
else()
    set(dlpack_FOUND TRUE)
endif()
