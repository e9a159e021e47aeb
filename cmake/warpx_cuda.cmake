# SPDX-License-Identifier: Apache-2.0
# warpx::cuda: warpx::warpx, the CUDA runtime, and the flags a .cu file with marked kernel lambdas needs.
# Included by our own build and by the installed package; the CUDA language is enabled by then.
find_package(CUDAToolkit REQUIRED)

add_library(warpx::cuda INTERFACE IMPORTED GLOBAL)
# The language flag is written out: CMake 3.25 has no cuda_std_20 for nvcc 13.
target_compile_options(
    warpx::cuda INTERFACE "$<$<COMPILE_LANG_AND_ID:CUDA,NVIDIA>:-std=c++20>"
                          "$<$<COMPILE_LANG_AND_ID:CUDA,NVIDIA>:--extended-lambda>")
target_link_libraries(warpx::cuda INTERFACE warpx::warpx CUDA::cudart)
