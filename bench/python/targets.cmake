# SPDX-License-Identifier: Apache-2.0
# The modules of import_bench.py. Without nanobind that peer is left out.
find_package(Python3 QUIET COMPONENTS Interpreter Development.Module)
if(NOT Python3_Development.Module_FOUND)
    return()
endif()
Python3_add_library(bench_python MODULE EXCLUDE_FROM_ALL python/import_bench.cpp)
target_link_libraries(bench_python PRIVATE warpx_own)
target_compile_options(bench_python PRIVATE -O2)
set_target_properties(bench_python PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/programs")
add_dependencies(warpx_bench bench_python)
if(nanobind_FOUND)
    nanobind_add_module(bench_python_nanobind NB_STATIC NOMINSIZE python/import_nanobind.cpp)
    set_target_properties(bench_python_nanobind PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/programs"
                                                           EXCLUDE_FROM_ALL ON)
    add_dependencies(warpx_bench bench_python_nanobind)
endif()
