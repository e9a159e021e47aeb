# SPDX-License-Identifier: Apache-2.0
# What our own tests, examples and benches share and no user gets: warnings as errors, and the checking mode.
add_library(warpx_own INTERFACE)
target_link_libraries(warpx_own INTERFACE warpx::warpx)
target_compile_options(
    warpx_own INTERFACE "$<$<COMPILE_LANG_AND_ID:CXX,GNU,Clang>:-Wall;-Wextra;-Wconversion;-Werror>"
                        "$<$<COMPILE_LANG_AND_ID:CUDA,NVIDIA>:-Werror=all-warnings;-Xcompiler=-Wall,-Wextra>")
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=")
    # g++ sees uninitialized variables in its own standard library when a sanitizer rewrites the code.
    target_compile_options(warpx_own INTERFACE "$<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-maybe-uninitialized>")
endif()
if(WARPX_CHECKING)
    string(TOUPPER "WARPX_${WARPX_CHECKING}" warpx_checking_macro)
    target_compile_definitions(warpx_own INTERFACE ${warpx_checking_macro})
endif()
