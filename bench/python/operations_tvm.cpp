// SPDX-License-Identifier: Apache-2.0
// operations_tvm.cpp: saxpy as a function of tvm-ffi, a peer of operations_bench.py.
#include <tvm/ffi/tvm_ffi.h>

#include <stdint.h>

void saxpy(tvm::ffi::TensorView x, tvm::ffi::TensorView y, double a) {
    const DLDataType f32 = {kDLFloat, 32, 1};
    TVM_FFI_ICHECK(x.ndim() == 1 && y.ndim() == 1 && x.size(0) == y.size(0)) << "shapes";
    TVM_FFI_ICHECK(x.dtype() == f32 && y.dtype() == f32) << "dtypes";
    const float* from = static_cast<const float*>(x.data_ptr());
    float* to = static_cast<float*>(y.data_ptr());
    for (int64_t k = 0; k < x.size(0); ++k) to[k] += static_cast<float>(a) * from[k];
}
TVM_FFI_DLL_EXPORT_TYPED_FUNC(saxpy, saxpy);
