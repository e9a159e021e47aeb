// SPDX-License-Identifier: Apache-2.0
// with_adjoint_struct_arity_fail.cpp: a struct whose adjoint, a template, has a parameter too few.
// expect-error: warpx::launch_adjoint: the kernel's own adjoint cannot be called as adjoint(index,
// arguments..., gradients...): it takes the parameters of the kernel, then one gradient for each argument in
// their order, all by value (auto gx)
#include <warpx/host/adjoint.hpp>
#include <warpx/warpx.hpp>
#include <warpx/with_adjoint.hpp>

struct square {
    template <class I, class X, class Y> static void forward(I i, X x, Y y) { y[i] = x[i] * x[i]; }
    template <class I, class X, class GX, class GY> static void adjoint(I i, X x, GX gx, GY gy) {
        gx[i] += 2 * x[i] * gy.take(i);
    }
};

void run(const warpx::array<float, 1>& x, const warpx::array<float, 1>& y) {
    warpx::launch_adjoint<square>(x.extent(0), x, y);
}
