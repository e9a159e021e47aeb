# SPDX-License-Identifier: Apache-2.0
# Compiler options that users of warpx get with the target, and why.

function(warpx_interface_options target)
    # g++ vectorises sqrt only when math functions need not set errno. No result changes; warpx never reads errno.
    target_compile_options(
        ${target} INTERFACE "$<$<COMPILE_LANG_AND_ID:CXX,GNU,Clang>:-fno-math-errno>"
                            "$<$<COMPILE_LANG_AND_ID:CUDA,NVIDIA>:-Xcompiler=-fno-math-errno>")
    # g++ checks at most 10 pairs of pointers for overlap before it falls back to a scalar loop: a kernel over seven
    # arrays has more. clang has no such limit.
    target_compile_options(
        ${target} INTERFACE "$<$<COMPILE_LANG_AND_ID:CXX,GNU>:--param=vect-max-version-for-alias-checks=200>")
endfunction()
