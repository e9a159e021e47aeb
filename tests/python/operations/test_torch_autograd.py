# SPDX-License-Identifier: Apache-2.0
"""Autograd in eager mode: gradients of every operation, twice; what is overwritten; what is not computed."""
import threading

import pytest

torch = pytest.importorskip("torch")

import warpx_test_more as more
import warpx_test_ops as ops
from reference import CASES, F64, FIRST_ORDER, as_tuple, assert_same, real, require

ALL = {**CASES, **FIRST_ORDER}


@pytest.mark.parametrize("name", ALL)
def test_gradients_are_those_of_torch(name):
    call, same, make = ALL[name]
    mine, other = require(make()), None
    other = require(mine)
    results, expected = as_tuple(call(*mine)), as_tuple(same(*other))
    assert_same(results, expected)
    weights = [torch.randn_like(r) for r in expected]
    assert_same(torch.autograd.grad(results, mine, weights), torch.autograd.grad(expected, other, weights))


@pytest.mark.parametrize("name", ALL)
def test_gradcheck(name):
    call, _, make = ALL[name]
    assert torch.autograd.gradcheck(call, require(make()), check_forward_ad=True, check_batched_grad=True,
                                    check_batched_forward_grad=True)


@pytest.mark.parametrize("name", CASES)
def test_gradgradcheck(name):
    call, _, make = CASES[name]
    assert torch.autograd.gradgradcheck(call, require(make()), check_fwd_over_rev=True, check_rev_over_rev=True,
                                        check_batched_grad=True)


def test_float():
    x = torch.randn(5, requires_grad=True)
    ops.sinmul(x, 2.0).sum().backward()
    torch.testing.assert_close(x.grad, 2 * x.detach().cos())
    xy = torch.tensor([[0.5, 0.5]], requires_grad=True)
    ops.rosenbrock(xy).backward(torch.ones(1))
    torch.testing.assert_close(xy.grad, torch.tensor([[-51.0, 50.0]]))


def test_two_results_with_one_gradient():
    # PyTorch hands the tensor that came from a sum to both of its terms.
    x, g = real(5).requires_grad_(), real(5)
    s, c = more.sincos(x)
    (s + c).backward(g)
    torch.testing.assert_close(x.grad, (g * (x.cos() - x.sin())).detach())
    first = torch.autograd.grad(more.sincos(x), x, (g, g), create_graph=True)[0]
    second = torch.autograd.grad(first, x, g)[0]
    torch.testing.assert_close(second, (-g * g * (x.sin() + x.cos())).detach())


def test_the_gradient_may_be_the_input():
    x = real(5).requires_grad_()
    ops.sinmul(x, 2.0).backward(x.detach())
    torch.testing.assert_close(x.grad, (2 * x * x.cos()).detach())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_and_bfloat16(dtype):
    x = torch.tensor([1.0, 2.0, 3.0], dtype=dtype, requires_grad=True)
    a = torch.tensor(2.0, dtype=dtype, requires_grad=True)
    y = more.scale(x, a)
    assert y.dtype == dtype and y.tolist() == [2, 4, 6]
    y.sum().backward()
    assert x.grad.dtype == dtype and x.grad.tolist() == [2, 2, 2]
    assert a.grad.dtype == dtype and a.grad.item() == 6


def test_complex_gradients_are_conjugate_as_in_torch():
    x, w = (torch.randn(3, dtype=torch.complex128, requires_grad=True) for _ in range(2))
    more.product(x, w).sum().real.backward()
    torch.testing.assert_close(x.grad, (w * w).conj().detach().resolve_conj())
    torch.testing.assert_close(w.grad, (2 * x * w).conj().detach().resolve_conj())


def test_integer_inputs_have_no_gradient():
    x, at = real(4).requires_grad_(), torch.tensor([0, 2, 2])
    ops.gather(x, at).sum().backward()
    torch.testing.assert_close(x.grad, 2 * x.detach() * torch.tensor([1.0, 0, 2, 0], dtype=F64))
    assert at.grad is None


def test_learnable_scalar_of_another_dtype():
    x, a = real(3), torch.tensor(2.0, requires_grad=True)  # float32
    y = ops.sinmul(x, a)
    assert y.dtype == F64
    y.sum().backward()
    assert a.grad.dtype == torch.float32
    torch.testing.assert_close(a.grad, x.sin().sum().float())


# -- What is overwritten -----------------------------------------------------------------------------------------


def test_inout_returns_its_argument_with_a_graph():
    x, y = require((real(4),))[0], real(4)
    old = y.clone()
    r = ops.saxpy(x, y, 3.0)
    assert r is y and y.requires_grad and not y.is_leaf
    torch.testing.assert_close(y.detach(), 3 * x.detach() + old)
    (y * y).sum().backward()
    torch.testing.assert_close(x.grad, 6 * y.detach())


def test_inout_keeps_the_graph_of_the_old_value():
    x, w = require((real(4), real(4)))
    y = w * 2
    ops.saxpy(x, y, 3.0)
    y.sum().backward()
    assert x.grad.tolist() == [3] * 4 and w.grad.tolist() == [2] * 4


def test_double_backward_reaches_the_old_value():
    # y = x * x after swap: the gradient of y by x has x's old value in it.
    w = real(3).requires_grad_()
    x, y = w * 1, w * 2
    x, y = more.swap(x, y)
    (g,) = torch.autograd.grad(y.sum() + (x * x).sum(), w, create_graph=True)
    torch.testing.assert_close(g, 2 * w + 8 * w)
    (h,) = torch.autograd.grad(g.sum(), w)
    assert h.tolist() == [10.0] * 3


def test_leaves_are_not_overwritten(says):
    x = real(3)
    for y in (real(3).requires_grad_(), real(6).requires_grad_()[:3]):
        before = y.detach().clone()
        says(RuntimeError, "argument 'y'", "a leaf that requires grad", lambda y=y: ops.saxpy(x, y, 1.0))
        assert torch.equal(y.detach(), before)
    y = real(3).requires_grad_()
    with torch.no_grad():
        ops.saxpy(x, y, 1.0)
    assert y.requires_grad and y.is_leaf


def test_views_are_overwritten_in_their_base():
    x, base = real(3).requires_grad_(), torch.zeros(6, dtype=F64)
    ops.saxpy(x, base[::2], 2.0)
    base.sum().backward()
    assert x.grad.tolist() == [2] * 3
    torch.testing.assert_close(base[::2].detach(), 2 * x.detach())


def test_two_overwritten_views():
    w = real(6).requires_grad_()
    base = w * 1
    more.swap(base[:3], base[3:])
    base.sum().backward()
    torch.testing.assert_close(w.grad, torch.cat([2 * w.detach()[:3], torch.ones(3, dtype=F64)]))


def test_version_counters():
    w, y = real(3).requires_grad_(), real(3)
    z = (w * y).sum()
    before = y._version
    ops.saxpy(real(3), y, 1.0)
    assert y._version > before
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.backward()


def test_own_saved_tensors_are_watched():
    x = real(3).requires_grad_()
    u = x * 1
    y = ops.sinmul(u, 1.0)
    with torch.no_grad():
        u.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_the_old_value_is_saved_as_a_clone():
    # Saving the argument itself would fail, since the call overwrites it.
    x = real(3).requires_grad_()
    u = x * 1
    ops.saxpy(u, z := x * 2, 1.0)
    ops.saxpy(u, z, 1.0)
    z.sum().backward()
    assert x.grad.tolist() == [4] * 3


def described(function):
    """name -> what the glue knows of a parameter of an operation."""
    module = {ops.__name__: ops, more.__name__: more}[function.__module__]
    return {p.name: p for p in module.__warpx_operations__[function.__name__].parameters}


def test_what_is_only_added_to_is_found():
    assert described(more.accumulate)["y"].only_added
    assert described(more.scatter)["y"].only_added
    assert not described(ops.saxpy)["y"].only_added  # y[i] = a * x[i] + y[i] reads it
    assert not described(more.swap)["x"].only_added
    assert not described(more.accumulate)["x"].only_added


def test_what_is_only_added_to_is_not_kept():
    x, y, g = real(5).requires_grad_(), real(5), real(5)
    start = y.clone().requires_grad_()
    z = more.accumulate(x, start * 1, 2.0)
    assert [v.data_ptr() for v in z.grad_fn.saved_tensors] == [x.data_ptr()]
    torch.testing.assert_close(z.detach(), y + 2 * x.detach() ** 2)
    kept = g.clone()
    gx, gy = torch.autograd.grad(z, (x, start), g)
    torch.testing.assert_close(gx, 4 * x.detach() * g)
    torch.testing.assert_close(gy, g, rtol=0, atol=0)
    torch.testing.assert_close(g, kept, rtol=0, atol=0)  # it was handed on, not written
    passed = []
    z = more.accumulate(x, start * 1, 2.0)
    z.grad_fn.register_hook(lambda given, got: passed.extend(v.data_ptr() for v in given if v is not None))
    z.backward(g)
    assert g.data_ptr() in passed


def test_what_is_only_added_to_may_have_expanded_and_lazy_gradients():
    x, start = real(5).requires_grad_(), real(5).requires_grad_()
    more.accumulate(x, start * 1, 3.0).sum().backward()  # the gradient of a sum is one number, seen everywhere
    torch.testing.assert_close(x.grad, 6 * x.detach())
    torch.testing.assert_close(start.grad, torch.ones(5, dtype=F64))
    for given in (real(10)[::2], torch._neg_view(real(5)), real(5).flip(0)):
        gx, gy = torch.autograd.grad(more.accumulate(x, start * 1, 3.0), (x, start), given)
        torch.testing.assert_close(gx, 6 * x.detach() * given)
        torch.testing.assert_close(gy, given.clone())


def test_the_gradient_of_what_is_only_added_to_may_be_an_input():
    x, start = real(5).requires_grad_(), real(5).requires_grad_()
    given = x.detach()
    gx, gy = torch.autograd.grad(more.accumulate(x, start * 1, 2.0), (x, start), given)
    torch.testing.assert_close(gx, 4 * given * given)
    torch.testing.assert_close(gy, given)


def test_chains_of_additions_against_torch():
    x, start, weights = real(4).requires_grad_(), real(4).requires_grad_(), real(4)
    def mine(x, start):
        y = start * start
        for k in range(3):
            y = more.accumulate(x * (k + 1), y, 0.5)
            y = more.accumulate(y.detach() + x, y, 1.0) * 1
        return y

    def same(x, start):
        y = start * start
        for k in range(3):
            y = y + 0.5 * (x * (k + 1)) ** 2
            y = y + (y.detach() + x) ** 2
        return y

    got, expected = (torch.autograd.grad(f(x, start), (x, start), weights, create_graph=True) for f in (mine, same))
    assert_same(got, expected)
    assert_same(torch.autograd.grad(got[0].sum(), (x, start), allow_unused=True, materialize_grads=True),
                torch.autograd.grad(expected[0].sum(), (x, start), allow_unused=True, materialize_grads=True))


def test_chain_of_overwriting_steps_against_torch():
    x = real(4).requires_grad_()
    y, z = x * 1, x.detach().clone().requires_grad_()
    expected = z
    for step in range(4):
        ops.saxpy((y * 1).sin(), y, 0.5)  # sin saves its argument, which must not be y
        expected = expected + 0.5 * expected.sin()
    y.sum().backward()
    expected.sum().backward()
    torch.testing.assert_close(x.grad, z.grad)


# -- Only what is needed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ["eager", "general"])
def test_only_wanted_gradients_are_computed(route):
    # The adjoint of `seen` multiplies a gradient by 100 if the other one is wanted too.
    def gradients(x, w):
        wanted = [v for v in (x, w) if v.requires_grad]
        y = more.seen(x, w) if route == "eager" else more.seen(x, w, output_dims=3)
        return [g.tolist() for g in torch.autograd.grad(y.sum(), wanted)]

    one = lambda grad: torch.ones(3, dtype=F64, requires_grad=grad)
    assert gradients(one(True), one(False)) == [[1] * 3]
    assert gradients(one(False), one(True)) == [[1] * 3]
    assert gradients(one(True), one(True)) == [[100] * 3] * 2


def test_no_memory_for_gradients_that_are_not_wanted():
    x, w = torch.ones(300, 300, dtype=F64, requires_grad=True), torch.ones(300, 300, dtype=F64)
    y, ct = ops.matmul(x, w), torch.ones(300, 300, dtype=F64)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as seen:
        gradient = torch.autograd.grad(y, x, ct)
    taken = sum(max(0, e.self_cpu_memory_usage) for e in seen.key_averages())
    assert gradient[0].nbytes <= taken < 2 * gradient[0].nbytes


def test_nothing_is_recorded_without_gradients():
    x = real(3)
    assert ops.sinmul(x, 1.0).grad_fn is None
    with torch.no_grad():
        assert ops.sinmul(x.requires_grad_(), 1.0).grad_fn is None
    with torch.inference_mode():
        y = ops.sinmul(x, 1.0)
        assert y.is_inference() and not y.requires_grad


def test_parameters():
    layer = torch.nn.Parameter(real(3))
    y = ops.sinmul(layer, 2.0)
    assert type(y) is torch.Tensor and y.requires_grad
    y.sum().backward()
    torch.testing.assert_close(layer.grad, 2 * layer.detach().cos())


# -- Cotangents --------------------------------------------------------------------------------------------------


def test_expanded_and_strided_cotangents():
    x = real(2, 3).requires_grad_()
    y = ops.sinmul(x, 2.0)
    for ct in (torch.ones((), dtype=F64).expand(2, 3), real(3, 2).t(), real(2, 6)[:, ::2], real(3).expand(2, 3)):
        (g,) = torch.autograd.grad(y, x, ct, retain_graph=True)
        torch.testing.assert_close(g, 2 * x.detach().cos() * ct)


@pytest.mark.parametrize("name", ["norm3", "lengthen"])
def test_derivatives_of_vectors_that_pytorch_expands(name):
    call, same, make = CASES[name]
    v = require(make())[0]
    other = v.detach().clone().requires_grad_()
    for one, way in ((v, call), (other, same)):
        first, = torch.autograd.grad(way(one).sum(), one, create_graph=True)
        first.sum().backward()
    assert_same(v.grad, other.grad)


def test_cotangents_are_not_consumed():
    x, ct = real(3).requires_grad_(), real(3)
    kept = ct.clone()
    ops.sinmul(x, 2.0).backward(ct)
    ops.saxpy(x, real(3), 2.0).backward(ct)
    assert torch.equal(ct, kept)


def test_lazy_conjugate_and_negative_cotangents():
    x = real(3).requires_grad_()
    y = ops.sinmul(x, 2.0)
    # The gradient of the imaginary part comes as a view with a negative bit.
    torch.complex(real(3), y).conj().imag.sum().backward()
    torch.testing.assert_close(x.grad, -2 * x.detach().cos())
    u, w = (torch.randn(3, dtype=torch.complex128, requires_grad=True) for _ in range(2))
    v, z = u.detach().clone().requires_grad_(), w.detach().clone().requires_grad_()
    more.product(u, w).conj().imag.sum().backward()
    (v * z * z).conj().imag.sum().backward()
    assert_same((u.grad, w.grad), (v.grad, z.grad))


def test_one_of_two_outputs():
    x = real(3).requires_grad_()
    s, c = more.sincos(x)
    (g,) = torch.autograd.grad(c.sum(), x)
    torch.testing.assert_close(g, -x.detach().sin())


def test_broadcast_inputs_get_the_sum_over_the_batch():
    a, b = real(3, 2).requires_grad_(), real(5, 2, 4)
    ops.matmul(a, b).sum().backward()
    torch.testing.assert_close(a.grad, torch.matmul(torch.ones(5, 3, 4, dtype=F64), b.mT).sum(0))
    c = real(1, 2, 4).requires_grad_()
    ops.matmul(real(5, 3, 2), c).sum().backward()
    assert c.grad.shape == c.shape


# -- Options -----------------------------------------------------------------------------------------------------


def test_out_is_refused_where_gradients_are_recorded(says):
    x, out = real(3), real(3)
    assert ops.sinmul(x, 2.0, out=out) is out
    says(RuntimeError, "no out=", lambda: ops.sinmul(x.requires_grad_(), 2.0, out=out))
    with torch.no_grad():
        assert ops.sinmul(x, 2.0, out=out) is out
    says(RuntimeError, "no out=", lambda: ops.sinmul(real(3), 2.0, out=real(3).requires_grad_()))


def test_output_dims_that_an_input_contradicts(says):
    for x in (real(4), real(4).requires_grad_()):
        for dims in (5, (5,), {"y": 5}):
            says(ValueError, "argument 'x'", "n = 5, as the call says", "(4,)",
                 lambda: ops.sinmul(x, 2.0, output_dims=dims))
        assert ops.sinmul(x, 2.0, output_dims=4).shape == (4,)


def test_keywords_defaults_and_optional_arguments():
    x, bias = require((real(3), real(3)))
    assert_same(more.affine(x), 2 * x)
    assert_same(more.affine(x, bias), 2 * x + bias)
    assert_same(more.affine(x, scale=3.0, bias=bias), 3 * x + bias)
    assert_same(more.affine(x, None, 3.0), 3 * x)
    more.affine(x, bias=bias).sum().backward()
    assert x.grad.tolist() == [2] * 3 and bias.grad.tolist() == [1] * 3
    assert_same(more.power(x), x**2)
    assert_same(more.power(x, count=4), x**4)


def test_callables(says):
    x = real(3).requires_grad_()
    (g,) = torch.autograd.grad(more.squares(x).sum(), x, create_graph=True)
    torch.testing.assert_close(g, 2 * x)
    says(NotImplementedError, "derivatives are derived", lambda: torch.autograd.grad(g.sum(), x))
    y = more.no_gradient(x)
    torch.testing.assert_close(y.detach(), x.detach() ** 2)
    says((TypeError, NotImplementedError), "adjoint of its own", lambda: y.sum().backward())


def test_third_order_is_refused(says):
    x = real(3).requires_grad_()
    (g,) = torch.autograd.grad(ops.sinmul(x, 1.0).sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x, create_graph=True)
    torch.testing.assert_close(h, -x.sin())
    says(NotImplementedError, "third order", lambda: torch.autograd.grad(h.sum(), x))


# -- Surroundings ------------------------------------------------------------------------------------------------


def test_autocast_changes_nothing():
    x = torch.randn(4, 4, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert (x @ x).dtype == torch.bfloat16
        y = ops.matmul(x, x)
        assert y.dtype == torch.float32
        y.sum().backward()
    assert x.grad.dtype == torch.float32


def test_hooks_and_checkpoint():
    x = real(3).requires_grad_()
    saved = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t.clone(), lambda t: t):
        y = ops.sinmul(x, 2.0)
    y.sum().backward()
    assert len(saved) == 1
    torch.testing.assert_close(x.grad, 2 * x.detach().cos())
    from torch.utils.checkpoint import checkpoint

    z = real(3).requires_grad_()
    checkpoint(lambda z: ops.sinmul(z, 2.0) * z, z, use_reentrant=False).sum().backward()
    torch.testing.assert_close(z.grad, (2 * z * z.cos() + 2 * z.sin()).detach())


def test_backward_twice_needs_retain_graph():
    x = real(3).requires_grad_()
    y = ops.sinmul(x, 2.0).sum()
    y.backward(retain_graph=True)
    y.backward()
    torch.testing.assert_close(x.grad, 4 * x.detach().cos())
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_empty_arrays():
    x = torch.zeros(0, dtype=F64, requires_grad=True)
    a = torch.ones((), dtype=F64, requires_grad=True)
    ops.sinmul(x, a).sum().backward()
    assert x.grad.shape == (0,) and a.grad == 0


@pytest.mark.parametrize("shapes", [((0, 3), (3, 2)), ((2, 3), (3, 0)), ((2, 0), (0, 3)), ((2, 3), (0, 3, 2)),
                                    ((0, 2, 3), (3, 2))])
def test_gradients_of_what_no_item_used(shapes):
    # Memory for gradients is not cleared by us.
    a, b = require((real(*shapes[0]), real(*shapes[1])))
    for _ in range(3):
        junk = torch.full((2, 3), torch.nan, dtype=F64), torch.full((3, 2), torch.nan, dtype=F64)
        del junk
        ga, gb = torch.autograd.grad(ops.matmul(a, b).sum(), (a, b))
        expected = torch.autograd.grad(torch.matmul(a, b).sum(), (a, b))
        assert_same((ga, gb), expected)
    x = real(3).requires_grad_()
    del ga, gb, expected
    ops.sinmul(x, 2.0, launch_dims=2)[:2].sum().backward()
    assert_same(x.grad, 2 * x.detach().cos() * torch.tensor([1.0, 1, 0], dtype=F64))


def test_an_operation_that_throws():
    x = real(3).requires_grad_()
    with pytest.raises(RuntimeError, match="the operation failed"):
        more.throws(x)
    assert more.squares(x).requires_grad


def test_threads():
    x = real(1000)
    results = [None] * 4

    def work(k):
        u = x.clone().requires_grad_()
        for _ in range(50):
            u.grad = None
            ops.sinmul(u, float(k)).sum().backward()
        results[k] = u.grad

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for k in range(4):
        torch.testing.assert_close(results[k], k * x.cos())


def test_gradients_do_not_leak():
    import gc
    import weakref

    x = real(3).requires_grad_()
    y = ops.saxpy(x, real(3), 2.0)
    seen = weakref.ref(y)
    del y
    gc.collect()
    assert seen() is None


# -- Jacobians of torch.autograd.functional ----------------------------------------------------------------------


@pytest.mark.parametrize("vectorize", [False, True])
def test_functional(vectorize):
    x = real(3)
    f = lambda x: ops.sinmul(x, 2.0)
    J = torch.autograd.functional.jacobian(f, x, vectorize=vectorize)
    torch.testing.assert_close(J, torch.diag(2 * x.cos()))
    H = torch.autograd.functional.hessian(lambda x: f(x).sum(), x, vectorize=vectorize)
    torch.testing.assert_close(H, torch.diag(-2 * x.sin()))
