# SPDX-License-Identifier: Apache-2.0
"""reference.py: every differentiable test operation beside the same expression in torch, with arguments."""
import torch

import warpx_test_more as more
import warpx_test_ops as ops

F64 = torch.float64


def real(*shape):
    return torch.randn(*shape, dtype=F64)


def number(value=0.7):
    return torch.tensor(value, dtype=F64)


def _saxpy(x, y, a):
    return ops.saxpy(x, y.clone(), a)


def _swap(x, y):
    return more.swap(x.clone(), y.clone())


def _accumulate(x, y, a):
    return more.accumulate(x, y.clone(), a)


def _scatter(x, y):
    return more.scatter(x, _AT, y.clone())


def _bend(xy):
    x, y = xy.unbind(-1)
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


_AT = torch.tensor([0, 2, 2])

# name: (operation, the same in torch, arguments)
CASES = {
    "sinmul": (ops.sinmul, lambda x, a: a * x.sin(), lambda: (real(5), number())),
    "saxpy": (_saxpy, lambda x, y, a: a * x + y, lambda: (real(5), real(5), number())),
    "rosenbrock": (ops.rosenbrock, _bend, lambda: (real(5, 2),)),
    "matmul": (ops.matmul, torch.matmul, lambda: (real(2, 3), real(3, 4))),
    "norm3": (ops.norm3, lambda v: v.norm(dim=-1), lambda: (real(4, 3),)),
    "outer": (ops.outer, torch.outer, lambda: (real(2), real(3))),
    "sum_squares": (ops.sum_squares, lambda x: (x * x).sum(), lambda: (real(4),)),
    "gather": (lambda x: ops.gather(x, _AT), lambda x: x[_AT] ** 2, lambda: (real(4),)),
    "sincos": (more.sincos, lambda x: (x.sin(), x.cos()), lambda: (real(4),)),
    "affine": (more.affine, lambda x, b, s: s * x + b, lambda: (real(4), real(4), number())),
    "affine without bias": (more.affine, lambda x: 2 * x, lambda: (real(4),)),
    "power": (lambda x: more.power(x, 3), lambda x: x**3, lambda: (real(4),)),
    "ramp": (lambda s: more.ramp(s, output_dims=4), lambda s: s * torch.arange(4, dtype=F64), lambda: (number(),)),
    "swap": (_swap, lambda x, y: (y, x * x), lambda: (real(3), real(3))),
    "lengthen": (more.lengthen, lambda v: (v * v).sum(-1, keepdim=True) * v, lambda: (real(4, 3),)),
    "accumulate": (_accumulate, lambda x, y, a: y + a * x * x, lambda: (real(5), real(5), number())),
    "scatter": (_scatter, lambda x, y: y.index_add(-1, _AT, x), lambda: (real(3), real(4))),
    "matmul, batches": (ops.matmul, torch.matmul, lambda: (real(2, 1, 2, 3), real(4, 3, 2))),
    "sinmul, batches": (ops.sinmul, lambda x, a: a * x.sin(), lambda: (real(3, 5), number())),
    "product": (more.product, lambda x, w: x * w * w,
                lambda: (torch.randn(3, dtype=torch.complex128), torch.randn(3, dtype=torch.complex128))),
}
FIRST_ORDER = {
    "squares": (more.squares, lambda x: x * x, lambda: (real(3),)),
}


def as_tuple(results):
    return results if isinstance(results, tuple) else (results,)


def require(arguments):
    return tuple(a.detach().clone().requires_grad_() for a in arguments)


def assert_same(got, expected):
    got, expected = as_tuple(got), as_tuple(expected)
    assert len(got) == len(expected)
    for one, other in zip(got, expected):
        torch.testing.assert_close(one, other)
