// SPDX-License-Identifier: Apache-2.0
// operations_torch.cpp: saxpy as an operator of PyTorch in C++, a peer of operations_bench.py.
#include <torch/library.h>

#include <ATen/ATen.h>

namespace {

void saxpy(const at::Tensor& x, at::Tensor& y, double a) {
    TORCH_CHECK(x.dim() == 1 && y.sizes() == x.sizes(), "shapes");
    TORCH_CHECK(x.scalar_type() == at::kFloat && y.scalar_type() == at::kFloat, "dtypes");
    const float* from = x.const_data_ptr<float>();
    float* to = y.mutable_data_ptr<float>();
    for (int64_t k = 0; k < x.numel(); ++k) to[k] += static_cast<float>(a) * from[k];
}

} // namespace

TORCH_LIBRARY(bench_operations_torch, m) { m.def("saxpy(Tensor x, Tensor(a!) y, float a) -> ()"); }
TORCH_LIBRARY_IMPL(bench_operations_torch, CPU, m) { m.impl("saxpy", saxpy); }
