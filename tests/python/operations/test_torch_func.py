# SPDX-License-Identifier: Apache-2.0
"""torch.func, forward mode, make_fx, fake and meta tensors."""
import pytest

torch = pytest.importorskip("torch")

import torch.autograd.forward_ad as forward_ad
from torch.fx.experimental.proxy_tensor import make_fx

import warpx_test_more as more
import warpx_test_ops as ops
from reference import CASES, F64, FIRST_ORDER, as_tuple, assert_same, real
from warpx._torch_ops import keep_operator

func = torch.func
ALL = {**CASES, **FIRST_ORDER}
REAL = [name for name in ALL if name != "product"]


def scalar(call):
    """The sum of all results, each with weights of its own."""
    return lambda *a: sum((r * torch.linspace(1, 2, r.numel(), dtype=r.dtype).reshape(r.shape)).sum()
                          for r in as_tuple(call(*a)))


def everything(count):
    return tuple(range(count))


@pytest.mark.parametrize("name", REAL)
def test_grad(name):
    call, same, make = ALL[name]
    a = make()
    argnums = everything(len(a))
    assert_same(func.grad(scalar(call), argnums)(*a), func.grad(scalar(same), argnums)(*a))


@pytest.mark.parametrize("name", ALL)
def test_vjp(name):
    call, same, make = ALL[name]
    a = make()
    (got, pull), (expected, pull_same) = func.vjp(call, *a), func.vjp(same, *a)
    assert_same(got, expected)
    ct = torch.utils._pytree.tree_map(torch.randn_like, expected)
    assert_same(pull(ct), pull_same(ct))


@pytest.mark.parametrize("name", ALL)
def test_jvp(name):
    call, same, make = ALL[name]
    a = make()
    t = tuple(torch.randn_like(v) for v in a)
    for got, expected in zip(func.jvp(call, a, t), func.jvp(same, a, t)):
        assert_same(got, expected)


@pytest.mark.parametrize("name", ALL)
def test_forward_mode(name):
    call, same, make = ALL[name]
    a = make()
    t = tuple(torch.randn_like(v) for v in a)

    def tangents(f):
        with forward_ad.dual_level():
            results = as_tuple(f(*map(forward_ad.make_dual, a, t)))
            # swap returns an argument itself where torch returns one with the same tangent
            return tuple(forward_ad.unpack_dual(r).tangent for r in results)

    assert_same(tangents(call), tangents(same))


@pytest.mark.parametrize("name", REAL)
def test_vmap_over_everything(name):
    call, same, make = ALL[name]
    a = tuple(torch.stack([v, 2 * v, 3 * v]) for v in make())
    assert_same(func.vmap(call)(*a), func.vmap(same)(*a))


@pytest.mark.parametrize("name", ["sinmul", "matmul", "outer", "affine"])
def test_vmap_over_one_argument_at_another_axis(name):
    call, same, make = CASES[name]
    a = make()
    for k, v in enumerate(a):
        batched = [*a[:k], torch.stack([v, 2 * v, 3 * v], dim=-1), *a[k + 1:]]
        in_dims = tuple(-1 if n == k else None for n in range(len(a)))
        for out in (0, -1) if as_tuple(same(*a))[0].dim() else (0,):
            got = func.vmap(call, in_dims=in_dims, out_dims=out)(*batched)
            assert_same(got, func.vmap(same, in_dims=in_dims, out_dims=out)(*batched))


def test_nested_vmap_over_different_arguments():
    a, b = real(3, 2, 4), real(5, 4, 2)
    both = func.vmap(func.vmap(ops.matmul, (0, None)), (None, 0))
    torch.testing.assert_close(both(a, b), torch.einsum("bik,ckj->cbij", a, b))
    product = lambda a, b: ops.matmul(a, b).sum()
    got = func.vmap(func.vmap(func.grad(product), (0, None)), (None, 0))(a, b)
    torch.testing.assert_close(got, b.sum(2)[:, None, None, :].expand(5, 3, 2, 4))


def test_vmap_over_batch_axes_of_the_call():
    a, b = real(7, 3, 2), real(4, 5, 2, 3)  # a has no axis of 5
    got = func.vmap(ops.matmul, (None, 0))(a[0], b)
    torch.testing.assert_close(got, torch.matmul(a[0], b))
    got = func.vmap(ops.matmul, (0, None))(a, b)
    torch.testing.assert_close(got, torch.matmul(a[:, None, None], b))


def test_vmap_of_a_mutation():
    x, y = real(3, 5), real(3, 5)
    expected = 2 * x + y
    result = func.vmap(lambda x, y: ops.saxpy(x, y, 2.0))(x, y)
    assert_same((result, y), (expected, expected))
    with pytest.raises(RuntimeError, match="vmap: "):  # one y for all: torch refuses this for add_, too
        func.vmap(lambda x, y: ops.saxpy(x, y, 2.0), in_dims=(0, None))(x, real(5))


@pytest.mark.parametrize("name", ["sinmul", "matmul", "rosenbrock", "norm3", "outer", "affine", "saxpy"])
def test_jacobians(name):
    call, same, make = CASES[name]
    a = make()
    argnums = everything(len(a))
    expected = func.jacrev(same, argnums)(*a)
    for transform in (func.jacrev, func.jacfwd):
        for got, one in zip(transform(call, argnums)(*a), expected):
            torch.testing.assert_close(got, one)


@pytest.mark.parametrize("outer", ["jacfwd", "jacrev"])
@pytest.mark.parametrize("inner", ["jacfwd", "jacrev"])
@pytest.mark.parametrize("name", ["sinmul", "matmul", "rosenbrock", "norm3", "saxpy", "sum_squares"])
def test_hessians(name, outer, inner, says):
    call, same, make = CASES[name]
    a = make()
    argnums = everything(len(a))
    hessian = lambda f: getattr(func, outer)(getattr(func, inner)(scalar(f), argnums), argnums)(*a)
    if outer == inner == "jacfwd":
        says(NotImplementedError, "forward mode over forward mode", lambda: hessian(call))
        return
    for row, same_row in zip(hessian(call), hessian(same)):
        for got, one in zip(row, same_row):
            torch.testing.assert_close(got, one)


def test_hessian_and_its_batches():
    x = real(5)
    f = lambda x: ops.sinmul(x, 0.7).sum()
    torch.testing.assert_close(func.hessian(f)(x), torch.diag(-0.7 * x.sin()))
    got = func.vmap(func.hessian(f))(torch.stack([x, 2 * x]))
    torch.testing.assert_close(got[1], torch.diag(-0.7 * (2 * x).sin()))


def test_gradients_per_sample():
    w, x = real(3, 2), real(7, 3)
    loss = lambda w, x: ops.matmul(x[None], w).pow(2).sum()
    same = lambda w, x: torch.matmul(x[None], w).pow(2).sum()
    got, expected = (func.vmap(func.grad(f), (None, 0))(w, x) for f in (loss, same))
    torch.testing.assert_close(got, expected)


def test_grad_of_vmap():
    x = real(3, 5)
    got = func.grad(lambda x: func.vmap(lambda x: ops.sinmul(x, 2.0))(x).sum())(x)
    torch.testing.assert_close(got, 2 * x.cos())


def test_grad_inside_recorded_gradients():
    x = real(3).requires_grad_()
    g = func.grad(lambda x: ops.sinmul(x, 2.0).sum())(x)
    g.sum().backward()
    torch.testing.assert_close(x.grad, -2 * x.detach().sin())


def test_grad_of_what_is_overwritten():
    def f(x):
        y = x * 2
        ops.saxpy(x, y, 3.0)
        return (y * y).sum()

    x = real(4)
    torch.testing.assert_close(func.grad(f)(x), 50 * x)
    torch.testing.assert_close(func.jvp(f, (x,), (x,))[1], (50 * x * x).sum())
    torch.testing.assert_close(func.hessian(f)(x), 50 * torch.eye(4, dtype=F64))


def test_linearize():
    x, t = real(3), real(3)
    y, along = func.linearize(lambda x: ops.sinmul(x, 2.0), x)
    assert_same((y, along(t)), (2 * x.sin(), 2 * x.cos() * t))


def test_functional_call_and_stacked_modules():
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = torch.nn.Parameter(real(3, 2))

        def forward(self, x):
            return ops.matmul(x, self.w)

    models = [Model() for _ in range(4)]
    params, buffers = func.stack_module_state(models)
    x = real(5, 3)
    got = func.vmap(lambda p, b: func.functional_call(models[0], (p, b), (x,)))(params, buffers)
    torch.testing.assert_close(got, torch.stack([m(x) for m in models]))


def test_callables(says):
    x, t = real(3), real(3)
    assert_same(func.jvp(more.squares, (x,), (t,))[1], 2 * x * t)
    assert_same(func.vmap(func.grad(lambda x: more.squares(x).sum()))(real(2, 3) * 0 + x), (2 * x).expand(2, 3))
    says(NotImplementedError, "derivatives are derived", lambda: func.hessian(lambda x: more.squares(x).sum())(x))
    says(NotImplementedError, "a tangent", lambda: func.jvp(more.no_gradient, (x,), (t,)))


def test_third_order_is_refused(says):
    f = lambda x: ops.sinmul(x, 1.0).sum()
    third = func.grad(lambda x: func.grad(lambda x: func.grad(f)(x).sum())(x).sum())
    says(NotImplementedError, "third order", lambda: third(real(3)))
    says(NotImplementedError, "forward mode over forward mode", lambda: func.jacfwd(func.hessian(f))(real(3)))


def test_functionalize_is_refused(says):
    x = real(3)
    says(NotImplementedError, "torch.func.functionalize", lambda: func.functionalize(lambda x: ops.sinmul(x, 1.0))(x))
    says(NotImplementedError, "torch.func.functionalize",
         lambda: func.functionalize(func.grad(lambda x: ops.sinmul(x, 1.0).sum()))(x))


# -- Tracing -----------------------------------------------------------------------------------------------------


def targets(graph):
    return [str(n.target) for n in graph.graph.nodes if n.op == "call_function"]


def test_make_fx():
    x, y = real(3), real(3)
    traced = make_fx(lambda x: ops.sinmul(x, 2.0))(x)
    assert targets(traced) == ["warpx_test_ops.sinmul.default"]
    assert_same(traced(y), 2 * y.sin())
    traced = make_fx(lambda x, y: ops.saxpy(x, y, 2.0))(x, y.clone())
    assert targets(traced) == ["warpx_test_ops.saxpy.inplace"]
    z = y.clone()
    assert_same((traced(x, z), z), (2 * x + y,) * 2)
    traced = make_fx(func.grad(lambda x: ops.sinmul(x, 2.0).sum()))(x)
    assert "warpx_test_ops.sinmul.adjoint" in targets(traced)
    assert_same(traced(y), 2 * y.cos())
    traced = make_fx(func.vmap(func.grad(lambda x: ops.sinmul(x, 2.0).sum())), tracing_mode="symbolic")(real(2, 3))
    assert_same(traced(real(4, 5) * 0 + 1), torch.full((4, 5), 2.0, dtype=F64) * torch.tensor(1.0, dtype=F64).cos())


def test_traced_graphs_can_be_batched():
    traced = make_fx(func.grad(lambda x: ops.sinmul(x, 2.0).sum()))(real(3))
    x = real(4, 3)
    assert_same(func.vmap(traced)(x), 2 * x.cos())


@pytest.mark.parametrize("name", ALL)
def test_fake_results_are_like_real_ones(name):
    from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

    call, _, make = ALL[name]
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        fakes = tuple(map(mode.from_tensor, make()))
        results = as_tuple(call(*fakes))
        assert all(isinstance(r, FakeTensor) for r in results)
    for got, one in zip(results, as_tuple(call(*make()))):
        assert (got.shape, got.dtype, got.stride(), got.device) == (one.shape, one.dtype, one.stride(), one.device)


def test_meta():
    x = torch.empty(4, 3, device="meta")
    y = ops.norm3(x)
    assert y.is_meta and y.shape == (4,) and y.dtype == torch.float32
    w = torch.empty(3, device="meta", requires_grad=True)
    ops.sinmul(w, 2.0).sum().backward()
    assert w.grad.is_meta and w.grad.shape == (3,)


def test_fake_calls_are_checked():
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        a, b = torch.ones(2, 3), torch.ones(4, 5)
        with pytest.raises(ValueError, match=r"matmul\(\), argument 'b': expected k = 3; got shape \(4, 5\)"):
            ops.matmul(a, b)
        with pytest.raises(TypeError, match="expected float32, as the others have; got float64"):
            ops.matmul(a, torch.ones(3, 5, dtype=F64))
        with pytest.raises(ValueError, match="components of one element"):
            ops.norm3(torch.ones(4, 2))
        with pytest.raises(ValueError, match="broadcast"):
            ops.sinmul(torch.ones(2, 3), torch.ones(3))


@pytest.mark.parametrize("name", ["sinmul", "matmul", "norm3", "sum_squares", "sincos"])
def test_opcheck(name):
    call, _, make = CASES[name]
    module = more if name == "sincos" else ops
    op = getattr(getattr(torch.ops, module.__name__), name)
    make_fx(call)(*make())  # defines the operators
    a = make()
    torch.library.opcheck(op.default, a)
    c = tuple(torch.randn_like(r) for r in as_tuple(call(*a)))
    wanted = [True] * len(a)
    torch.library.opcheck(op.tangent, (*a, *a))
    torch.library.opcheck(op.adjoint, (*a, *c, wanted))
    torch.library.opcheck(op.adjoint_tangent, (*a, *a, *c, *c, wanted))


def test_opcheck_of_what_overwrites():
    make_fx(lambda x, y: ops.saxpy(x, y, 2.0))(real(3), real(3))
    op = torch.ops.warpx_test_ops.saxpy
    torch.library.opcheck(op.default, (real(3), real(3), None, 2.0))
    torch.library.opcheck(op.inplace, (real(3), real(3), None, 2.0))
    torch.library.opcheck(keep_operator(), (real(3),))
