# SPDX-License-Identifier: Apache-2.0
# The module of operations_bench.py, and its peers where their packages are. The target `operations` builds them.
add_custom_target(operations)
find_package(Python3 QUIET COMPONENTS Interpreter Development.Module)
if(NOT Python3_Development.Module_FOUND)
    return()
endif()
Python3_add_library(bench_operations MODULE EXCLUDE_FROM_ALL python/operations.cpp)
target_link_libraries(bench_operations PRIVATE warpx_own)
target_compile_options(bench_operations PRIVATE -O3)
set_target_properties(bench_operations PROPERTIES CXX_VISIBILITY_PRESET hidden LIBRARY_OUTPUT_DIRECTORY
                                                                               "${CMAKE_BINARY_DIR}/programs")
add_dependencies(operations bench_operations)

# warpx_bench_peer(<name> <package> <headers> <libraries>): a library against what a pip package ships.
function(warpx_bench_peer name package headers libraries)
    execute_process(COMMAND "${Python3_EXECUTABLE}" -c "import ${package}; print(${package}.__path__[0])"
                    OUTPUT_VARIABLE root OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
        return()
    endif()
    add_library(${name} MODULE EXCLUDE_FROM_ALL python/${name}.cpp)
    target_compile_features(${name} PRIVATE cxx_std_20)
    target_compile_options(${name} PRIVATE -O3)
    set_target_properties(${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/programs"
                                                       BUILD_RPATH "${root}/lib")
    foreach(folder ${headers})
        target_include_directories(${name} SYSTEM PRIVATE "${root}/${folder}")
    endforeach()
    target_link_directories(${name} PRIVATE "${root}/lib")
    target_link_libraries(${name} PRIVATE ${libraries})
    add_dependencies(operations ${name})
endfunction()
warpx_bench_peer(operations_tvm tvm_ffi "include;3rdparty/dlpack/include" tvm_ffi)
warpx_bench_peer(operations_torch torch "include;include/torch/csrc/api/include" "torch;torch_cpu;c10")
