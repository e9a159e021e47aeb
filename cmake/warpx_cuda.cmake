# SPDX-License-Identifier: Apache-2.0
# warpx::cuda: warpx::warpx, the CUDA runtime, and the flags a .cu file with marked kernel lambdas needs;
# warpx::cuda_static: the same with the runtime inside, for modules that must load where there is none.
# Included by our own build and by the installed package; the CUDA language is enabled by then.
find_package(CUDAToolkit REQUIRED)

foreach(warpx_kind cuda cuda_static)
    add_library(warpx::${warpx_kind} INTERFACE IMPORTED GLOBAL)
    # The language flag is written out: CMake 3.25 has no cuda_std_20 for nvcc 13.
    target_compile_options(
        warpx::${warpx_kind} INTERFACE "$<$<COMPILE_LANG_AND_ID:CUDA,NVIDIA>:-std=c++20>"
                                       "$<$<COMPILE_LANG_AND_ID:CUDA,NVIDIA>:--extended-lambda>")
endforeach()
target_link_libraries(warpx::cuda INTERFACE warpx::warpx CUDA::cudart)
target_link_libraries(warpx::cuda_static INTERFACE warpx::warpx CUDA::cudart_static)
