# SPDX-License-Identifier: Apache-2.0
# warpx_add_module: a Python extension module out of operations. Known after add_subdirectory, FetchContent and
# find_package(warpx). Call it at file scope, where a language can be enabled, not from a function.
#
#   warpx_add_module(<name> <source>... [PARTS <number>] [STUBS] [DESTINATION <folder>])
#
#   warpx_add_module(my_ops ops.cpp)                                   # for the CPU
#   warpx_add_module(my_ops ops.cpp ops.cu STUBS DESTINATION my_ops)   # and for CUDA where there is a compiler for it
#   warpx_add_module(my_ops ops.cpp PARTS 4)                           # compiled as 4 files, at once with --parallel
#
# <name>       the target, and the module as in WARPX_PYTHON_MODULE(<name>, ...)
# <source>     C++ files, and .cu files, which are compiled where CUDA is on and left out elsewhere. Where it is on,
#              ops.cu takes the place of ops.cpp: it may be the one line `#include "ops.cpp"`, since the macro makes
#              the functions for the CPU and for CUDA when a CUDA compiler reads it.
# PARTS        compiles the first source, which has WARPX_PYTHON_MODULE, that many times, each time with a share of
#              the functions, types and derivatives. What it defines besides operations is then compiled as often:
#              functions must be inline, static or in an unnamed namespace, variables that change inline outside of
#              one, so that the parts share them. Compile options set for the source, not the target, are lost.
# STUBS        writes <name>.pyi, the signatures for editors and type checkers, next to the module when it is built
# DESTINATION  installs module and stub there
#
# WARPX_MODULE_CUDA says whether CUDA is on: AUTO (where nvcc is found), ON, OFF. CMAKE_CUDA_ARCHITECTURES
# (environment: CUDAARCHS) says for which GPUs; without it, nvcc's oldest, whose code newer GPUs translate when they
# load it. The CUDA runtime is linked statically: the module loads where there is none.
include_guard(GLOBAL)

macro(warpx_add_module)
    warpx_module_uses_cuda(warpx_module_cuda ${ARGV})
    if(warpx_module_cuda AND NOT CMAKE_CUDA_COMPILER_LOADED)
        enable_language(CUDA) # in the caller's scope: the reason for this macro
    endif()
    warpx_make_module("${warpx_module_cuda}" ${ARGV})
endmacro()

# Sets `result` to ON if there is a .cu file among the arguments and CUDA is on.
function(warpx_module_uses_cuda result)
    set(WARPX_MODULE_CUDA AUTO CACHE STRING "CUDA in modules: AUTO (where nvcc is found), ON, OFF")
    set_property(CACHE WARPX_MODULE_CUDA PROPERTY STRINGS AUTO ON OFF)
    set(found OFF)
    set(sources ${ARGN})
    list(FILTER sources INCLUDE REGEX "\\.cu$")
    if(sources AND WARPX_MODULE_CUDA STREQUAL "AUTO")
        if(NOT CMAKE_CUDA_COMPILER_LOADED)
            include(CheckLanguage)
            check_language(CUDA)
        endif()
        if(CMAKE_CUDA_COMPILER)
            set(found ON)
        endif()
    elseif(sources AND WARPX_MODULE_CUDA)
        set(found ON)
    endif()
    set(${result} ${found} PARENT_SCOPE)
endfunction()

# Sets `result` to files in `folder` that compile `source` as so many parts (see WARPX_PYTHON_MODULE).
function(warpx_write_parts result me folder source count)
    set(name "${source}")
    get_filename_component(source "${name}" ABSOLUTE)
    if(NOT EXISTS "${source}") # made by the build, or missing
        get_filename_component(built "${name}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_BINARY_DIR}")
        get_source_file_property(is_generated "${built}" GENERATED)
        if(NOT is_generated AND NOT EXISTS "${built}")
            message(FATAL_ERROR "${me}: expected the file with WARPX_PYTHON_MODULE first; got ${name}, which does not \
exist; write warpx_add_module(my_ops ops.cpp PARTS ${count})")
        endif()
        set(source "${built}")
    endif()
    get_filename_component(stem "${source}" NAME_WLE)
    get_filename_component(extension "${source}" LAST_EXT)
    math(EXPR last "${count} - 1")
    set(others)
    foreach(part RANGE 1 ${last})
        string(APPEND others " each(name, ${part})")
    endforeach()
    set(files)
    foreach(part RANGE ${last})
        list(APPEND files "${folder}/${stem}_${part}${extension}")
        file(CONFIGURE OUTPUT "${folder}/${stem}_${part}${extension}" CONTENT [[
#define WARPX_MODULE_PART @part@
#define WARPX_MODULE_PARTS @count@
#define WARPX_MODULE_OTHER_PARTS(each, name)@others@
#include "@source@"
]] @ONLY)
    endforeach()
    set_source_files_properties(${files} PROPERTIES OBJECT_DEPENDS "${source}" SKIP_UNITY_BUILD_INCLUSION ON)
    set(${result} ${files} PARENT_SCOPE)
endfunction()

function(warpx_make_module cuda name)
    cmake_parse_arguments(PARSE_ARGV 2 arg "STUBS" "DESTINATION;PARTS" "")
    set(me "warpx_add_module(${name})")
    if(NOT arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "${me}: expected source files; got none; write warpx_add_module(${name} ops.cpp)")
    endif()

    if(NOT "PARTS" IN_LIST ARGN)
        set(arg_PARTS 1)
    elseif(NOT arg_PARTS MATCHES "^([1-9]|[12][0-9]|3[0-2])$")
        message(FATAL_ERROR "${me}: expected PARTS from 1 to 32; got '${arg_PARTS}'; write the number of processors that \
compile, PARTS 4")
    endif()

    set(sources ${arg_UNPARSED_ARGUMENTS})
    set(cuda_sources ${sources})
    list(FILTER cuda_sources INCLUDE REGEX "\\.cu$")
    if(cuda)
        foreach(source ${cuda_sources}) # each where the C++ file of its name was
            string(REGEX REPLACE "\\.cu$" "" stem "${source}")
            foreach(replaced "${stem}.cpp" "${stem}.cc" "${stem}.cxx")
                if("${replaced}" IN_LIST sources)
                    list(REMOVE_ITEM sources "${source}")
                    list(FIND sources "${replaced}" position)
                    list(REMOVE_AT sources ${position})
                    list(INSERT sources ${position} "${source}")
                endif()
            endforeach()
        endforeach()
    elseif(cuda_sources)
        list(REMOVE_ITEM sources ${cuda_sources})
        set(reason "no CUDA compiler was found")
        if(NOT WARPX_MODULE_CUDA)
            set(reason "WARPX_MODULE_CUDA is ${WARPX_MODULE_CUDA}")
        endif()
        if(NOT sources)
            message(FATAL_ERROR "${me}: expected a C++ file for builds without CUDA; got only ${cuda_sources}, and \
${reason}; add a .cpp file with the same content")
        endif()
        list(JOIN cuda_sources ", " left_out)
        message(STATUS "${me}: ${left_out} left out, ${reason}: the module is for the CPU")
    endif()

    if(arg_PARTS GREATER 1)
        list(POP_FRONT sources source)
        warpx_write_parts(parts "${me}" "${CMAKE_CURRENT_BINARY_DIR}/${name}_parts" "${source}" ${arg_PARTS})
        list(PREPEND sources ${parts})
    endif()

    # Whoever looked for Python, under either name, has chosen one.
    if(NOT DEFINED Python3_EXECUTABLE AND DEFINED Python_EXECUTABLE)
        set(Python3_EXECUTABLE "${Python_EXECUTABLE}")
    endif()
    find_package(Python3 3.10 QUIET COMPONENTS Interpreter Development.Module)
    if(NOT Python3_Interpreter_FOUND OR NOT Python3_Development.Module_FOUND)
        set(got "no such Python")
        if(Python3_Interpreter_FOUND)
            set(got "${Python3_EXECUTABLE} without it")
        endif()
        message(FATAL_ERROR "${me}: expected Python 3.10 or newer with its header Python.h; got ${got}; install \
python3-dev, or pass -DPython3_EXECUTABLE=<python>")
    endif()

    Python3_add_library(${name} MODULE WITH_SOABI ${sources})
    # Modules of one process must not see each other's code: Python loads them apart, this keeps them small too.
    set_target_properties(${name} PROPERTIES CXX_VISIBILITY_PRESET hidden CUDA_VISIBILITY_PRESET hidden
                                             VISIBILITY_INLINES_HIDDEN ON)
    if(cuda)
        if(NOT TARGET warpx::cuda_static)
            include("${CMAKE_CURRENT_FUNCTION_LIST_DIR}/warpx_cuda.cmake")
        endif()
        target_link_libraries(${name} PRIVATE warpx::cuda_static)
        set_target_properties(${name} PROPERTIES CUDA_RUNTIME_LIBRARY Static CUDA_STANDARD_REQUIRED OFF)
    else()
        target_link_libraries(${name} PRIVATE warpx::warpx)
    endif()
    if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
        message(STATUS "${me}: no CMAKE_BUILD_TYPE, so it is compiled with -O2; pass -DCMAKE_BUILD_TYPE=Release")
        target_compile_options(${name} PRIVATE -O2)
    endif()

    if(arg_STUBS AND NOT CMAKE_CROSSCOMPILING)
        # The package in the source tree, in an installed prefix, in site-packages.
        set(package)
        foreach(candidate ../python ../../warpx/python ../../../..)
            get_filename_component(candidate "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/${candidate}" ABSOLUTE)
            if(NOT package AND EXISTS "${candidate}/warpx/_stubs.py")
                set(package "${candidate}")
            endif()
        endforeach()
        if(NOT package)
            message(FATAL_ERROR "${me}: expected the Python package warpx beside the CMake files for STUBS; got none \
around ${CMAKE_CURRENT_FUNCTION_LIST_DIR}; install warpx again")
        endif()
        add_custom_command(
            TARGET ${name} POST_BUILD
            COMMAND "${CMAKE_COMMAND}" -E env "PYTHONPATH=${package}" PYTHONDONTWRITEBYTECODE=1
                    "${Python3_EXECUTABLE}" -m warpx stubs "$<TARGET_FILE:${name}>"
            COMMENT "Writing ${name}.pyi"
            VERBATIM)
    endif()
    if(arg_DESTINATION)
        install(TARGETS ${name} LIBRARY DESTINATION "${arg_DESTINATION}")
        if(arg_STUBS AND NOT CMAKE_CROSSCOMPILING)
            install(FILES "$<TARGET_FILE_DIR:${name}>/${name}.pyi" DESTINATION "${arg_DESTINATION}")
        endif()
    endif()
endfunction()
