# SPDX-License-Identifier: Apache-2.0
# The programs of bench/host. What a peer needs and is not there leaves that peer out; run.py says so.
include(CheckCXXSourceCompiles)
warpx_need_google_benchmark()

function(warpx_bench name source)
    add_executable(${name} EXCLUDE_FROM_ALL host/${source})
    target_compile_features(${name} PRIVATE cxx_std_20)
    target_link_libraries(${name} PRIVATE benchmark::benchmark Threads::Threads)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/programs")
    add_dependencies(warpx_bench ${name})
endfunction()

# Where a loop happens to begin in its cache line changes its time by up to half: all begin at a line of their own.
set(warpx_align_loops -falign-functions=64 -falign-loops=64)
foreach(level IN ITEMS O2 O3)
    warpx_bench(loops_${level} loops.cpp)
    target_compile_options(loops_${level} PRIVATE ${warpx_align_loops})
    target_compile_options(loops_${level} PRIVATE -${level})
    target_link_libraries(loops_${level} PRIVATE warpx_own)
endforeach()

# All pools at -O3: at -O2 g++ would leave the peers' loops scalar.
warpx_bench(parallel_warpx parallel.cpp)
target_compile_definitions(parallel_warpx PRIVATE BENCH_WARPX)
target_compile_options(parallel_warpx PRIVATE -O3)
target_link_libraries(parallel_warpx PRIVATE warpx_own)
find_package(OpenMP QUIET COMPONENTS CXX)
if(OpenMP_CXX_FOUND)
    warpx_bench(parallel_openmp parallel.cpp)
    target_compile_definitions(parallel_openmp PRIVATE BENCH_OPENMP)
    target_compile_options(parallel_openmp PRIVATE -O3)
    target_link_libraries(parallel_openmp PRIVATE OpenMP::OpenMP_CXX)
endif()
find_package(TBB QUIET)
if(TBB_FOUND)
    foreach(peer IN ITEMS tbb std)
        string(TOUPPER "BENCH_${peer}" define)
        warpx_bench(parallel_${peer} parallel.cpp)
        target_compile_definitions(parallel_${peer} PRIVATE ${define})
        target_compile_options(parallel_${peer} PRIVATE -O3)
        target_link_libraries(parallel_${peer} PRIVATE TBB::tbb)
    endforeach()
endif()

warpx_bench(nests nests.cpp)
target_compile_options(nests PRIVATE -O3 ${warpx_align_loops})
target_link_libraries(nests PRIVATE warpx_own)

# For this machine: SSE2 alone does not interleave the loads of three components, by hand or not.
warpx_bench(adjoint adjoint.cpp)
foreach(part IN ITEMS pointwise vectors gathers loops tangents)
    target_sources(adjoint PRIVATE host/adjoint_${part}.cpp)
endforeach()
target_compile_options(adjoint PRIVATE -O3 -march=native ${warpx_align_loops})
target_link_libraries(adjoint PRIVATE warpx_own)

# CCCL's import of DLPack tensors is younger than most installed toolkits.
find_package(CUDAToolkit QUIET)
set(warpx_cccl_include "${CUDAToolkit_INCLUDE_DIRS}")
foreach(folder IN LISTS CUDAToolkit_INCLUDE_DIRS)
    list(APPEND warpx_cccl_include "${folder}/cccl")
endforeach()
get_target_property(warpx_dlpack_include ${WARPX_DLPACK_TARGET} INTERFACE_INCLUDE_DIRECTORIES)
set(CMAKE_REQUIRED_INCLUDES ${warpx_cccl_include} ${warpx_dlpack_include})
set(CMAKE_REQUIRED_FLAGS "-std=c++20")
check_cxx_source_compiles(
    "#include <dlpack/dlpack.h>
     #include <cuda/mdspan>
     int main() { DLTensor t{}; return static_cast<int>(cuda::to_host_mdspan<float, 1>(t).size()); }" WARPX_HAS_CCCL_DLPACK)
unset(CMAKE_REQUIRED_INCLUDES)
unset(CMAKE_REQUIRED_FLAGS)
warpx_bench(import_dlpack import.cpp)
target_link_libraries(import_dlpack PRIVATE warpx_own)
if(WARPX_HAS_CCCL_DLPACK)
    target_compile_definitions(import_dlpack PRIVATE BENCH_CCCL)
    target_include_directories(import_dlpack SYSTEM PRIVATE ${warpx_cccl_include})
endif()

find_package(Python 3.9 QUIET COMPONENTS Interpreter Development.Module)
if(Python_FOUND)
    execute_process(COMMAND "${Python_EXECUTABLE}" -m nanobind --cmake_dir OUTPUT_STRIP_TRAILING_WHITESPACE
                    OUTPUT_VARIABLE nanobind_ROOT ERROR_QUIET)
    find_package(nanobind CONFIG QUIET)
    if(nanobind_FOUND)
        nanobind_add_module(bench_nanobind NB_STATIC NOMINSIZE host/import_nanobind.cpp)
        set_target_properties(bench_nanobind PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/programs"
                                                        EXCLUDE_FROM_ALL ON)
        add_dependencies(warpx_bench bench_nanobind)
    endif()
endif()

include(python/targets.cmake) # the modules of bench/python
include(python/operations.cmake)

# CUDA: part of `all`, so that CI compiles it; tools/gpu-check builds it without CMake and runs it.
if(TARGET warpx::cuda)
    file(GLOB warpx_cuda_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/cuda/*.cu")
    add_executable(cuda_bench ${warpx_cuda_sources})
    target_link_libraries(cuda_bench PRIVATE warpx_own warpx::cuda benchmark::benchmark)
    set_target_properties(
        cuda_bench PROPERTIES CUDA_ARCHITECTURES 90 CUDA_STANDARD_REQUIRED OFF RUNTIME_OUTPUT_DIRECTORY
                                                                              "${CMAKE_BINARY_DIR}/programs")
    add_custom_target(warpx_bench_cuda DEPENDS cuda_bench)
endif()
