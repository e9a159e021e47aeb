# SPDX-License-Identifier: Apache-2.0
"""What goes wrong silently, or crashes, where an extension reads the memory of tensors: a test for each."""
import pytest

torch = pytest.importorskip("torch")

import torch.autograd.forward_ad as forward_ad
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx

import warpx
import warpx_test_more as more
import warpx_test_ops as ops
from reference import F64, assert_same, real

func = torch.func


def test_conjugate_views_export_unconjugated_data(says):
    c = torch.randn(3, dtype=torch.complex128)
    says(BufferError, "conjugate", ".resolve_conj()", lambda: more.product(c.conj(), c))
    g = c.clone().requires_grad_()
    says(BufferError, "conjugate", ".resolve_conj()", lambda: more.product(g, c.conj()))
    says(BufferError, "conjugate", lambda: more.product(c.conj(), g))
    assert_same(more.product(c.conj().resolve_conj(), c), c.conj().resolve_conj() * c * c)


def test_negative_views_export_data_with_the_other_sign(says):
    v = torch.randn(3, dtype=torch.complex128).conj().imag
    says(BufferError, "negation", ".resolve_neg()", lambda: ops.sinmul(v, 1.0))
    x = real(3).requires_grad_()
    says(BufferError, "negation", ".resolve_neg()", lambda: ops.saxpy(x, v, 1.0))
    says(BufferError, "negation", lambda: ops.saxpy(v, x * 1, 1.0))


def test_lazy_views_in_transformations_are_resolved():
    c = torch.randn(2, 3, dtype=torch.complex128)
    assert_same(func.vmap(lambda c: more.product(c.conj(), c))(c), c.conj().resolve_conj() * c * c)


def test_fake_tensors_have_no_memory():
    with FakeTensorMode():
        y = ops.sinmul(torch.ones(7), 2.0)
        assert y.shape == (7,) and type(y).__name__ == "FakeTensor"
        z = torch.ones(7)
        assert ops.saxpy(torch.ones(7), z, 2.0) is z
        w = torch.ones(7, requires_grad=True)
        ops.sinmul(w, 2.0).sum().backward()
        assert w.grad.shape == (7,)
    with FakeTensorMode(allow_non_fake_inputs=True):  # a plain tensor, but a mode that must see the call
        assert type(ops.sinmul(torch.ones(7), 2.0)).__name__ == "FakeTensor"


def test_functional_wrappers_have_no_memory(says):
    says(NotImplementedError, "functionalize", lambda: func.functionalize(lambda x: ops.sinmul(x, 1.0))(real(3)))


def test_make_fx_sees_real_data_in_its_tensors():
    graph = make_fx(lambda x: ops.sinmul(x, 2.0))(real(3)).graph
    assert "warpx_test_ops.sinmul.default" in [str(n.target) for n in graph.nodes]  # not a constant


def test_dual_tensors_lose_their_tangent():
    x, t = real(3), real(3)
    with forward_ad.dual_level():
        y = forward_ad.unpack_dual(ops.sinmul(forward_ad.make_dual(x, t), 2.0))
        assert_same(y.tangent, 2 * x.cos() * t)
        z = real(3)
        ops.saxpy(forward_ad.make_dual(x, t), z, 2.0)
        assert_same(forward_ad.unpack_dual(z).tangent, 2 * t)
        assert forward_ad.unpack_dual(ops.sinmul(x, 2.0)).tangent is None


def test_tangents_that_are_zero_without_memory():
    x = real(3)
    f = lambda x, y: ops.matmul(x[None], y[:, None]).sum() + 0 * y.sum()
    got = func.jvp(lambda x: f(x, torch._efficientzerotensor(3, dtype=F64) + x), (x,), (x,))[1]
    assert_same(got, 2 * (x * x).sum())


@pytest.mark.parametrize("transform", ["vmap", "grad", "jvp"])
def test_wrappers_of_torch_func(transform):
    x = real(2, 3)
    f = lambda x: ops.sinmul(x, 2.0)
    if transform == "vmap":
        assert_same(func.vmap(f)(x), 2 * x.sin())
    elif transform == "grad":
        assert_same(func.grad(lambda x: f(x).sum())(x), 2 * x.cos())
    else:
        assert_same(func.jvp(f, (x,), (x,))[1], 2 * x.cos() * x)


def test_sparse_tensors(says):
    says(BufferError, "sparse", ".to_dense()", lambda: ops.sinmul(torch.ones(3).to_sparse(), 1.0))
    with pytest.raises((BufferError, TypeError, NotImplementedError, RuntimeError)):
        ops.sinmul(torch.ones(3).to_sparse().requires_grad_(), 1.0)


def test_quantized_tensors(says):
    q = torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8)
    says(BufferError, "quantized", lambda: ops.sinmul(q, 1.0))


def test_subclasses_inherit_the_exchange_table():
    class Plain(torch.Tensor):
        pass

    x = real(3).as_subclass(Plain)
    assert_same(torch.Tensor(ops.sinmul(x, 2.0)), 2 * torch.Tensor(x).sin())
    x.requires_grad_()
    ops.sinmul(x, 2.0).sum().backward()
    assert_same(x.grad.as_subclass(torch.Tensor), 2 * x.detach().as_subclass(torch.Tensor).cos())


def test_subclasses_that_take_every_operation():
    from torch.testing._internal.two_tensor import TwoTensor

    a, b = real(3), real(3)
    y = ops.sinmul(TwoTensor(a, b), 2.0)
    assert isinstance(y, TwoTensor)
    assert_same((y.a, y.b), (2 * a.sin(), 2 * b.sin()))


def test_modes_see_the_call():
    from torch.utils._python_dispatch import TorchDispatchMode

    seen = []

    class Log(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            seen.append(str(function))
            return function(*args, **(kwargs or {}))

    with Log():
        ops.sinmul(real(3), 2.0)
    assert "warpx_test_ops.sinmul.default" in seen


def test_views_and_inference_tensors_stay_on_the_fast_route(monkeypatch):
    def fail(*a):
        raise AssertionError("a plain call went to Python")

    base = real(8)
    plain = lambda: assert_same(ops.sinmul(base[::2], 2.0), 2 * base[::2].sin())
    plain()
    with torch.inference_mode():
        inner = real(3)
    with torch.no_grad():
        parameter = torch.nn.Parameter(real(3))
    for module in (ops, more):
        for operation in module.__warpx_operations__.values():
            monkeypatch.setattr(operation, "quick", fail)
            monkeypatch.setattr(operation, "bind", fail)
    plain()
    with torch.inference_mode():
        ops.sinmul(inner, 2.0)
        ops.saxpy(real(3), inner, 2.0)
    with torch.no_grad():
        ops.sinmul(parameter, 2.0)
        ops.saxpy(parameter, real(3), 2.0)


def test_raw_writes_without_a_new_version():
    w, y = torch.ones(3, dtype=F64, requires_grad=True), real(3)
    z = (w * y).sum()
    before = y._version
    ops.saxpy(real(3), y, 2.0)
    assert y._version == before + 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.backward()
    w, y = torch.ones(3, dtype=F64, requires_grad=True), real(3)
    z = (w * y).sum()
    ops.sinmul(real(3), 1.0, out=y)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.backward()


def test_register_autograd_and_torch_func():
    # torch.library.register_autograd: func.grad must override setup_context, func.jvp has zero tangents.
    x, t = real(3), real(3)
    f = lambda x: ops.sinmul(x, 2.0)
    assert_same(func.grad(lambda x: f(x).sum())(x), 2 * x.cos())
    assert func.jvp(f, (x,), (t,))[1].abs().sum() > 0


def test_functions_with_a_jvp_under_dynamo():
    x = real(3).requires_grad_()
    f = torch.compile(lambda x: ops.sinmul(x, 2.0), fullgraph=True, backend="aot_eager")
    f(x).sum().backward()
    assert_same(x.grad, 2 * x.detach().cos())


def test_compiling_torch_func():
    x = real(3)
    f = torch.compile(func.grad(lambda x: ops.sinmul(x, 2.0).sum()), fullgraph=True, backend="aot_eager")
    assert_same(f(x), 2 * x.cos())


def test_a_saved_argument_that_is_overwritten():
    x, y = real(3).requires_grad_(), real(3)
    ops.saxpy(x, y, 2.0)
    y.sum().backward()
    assert x.grad.tolist() == [2] * 3


def test_a_clone_is_not_made_again_by_a_compiled_backward():
    def f(x, y):
        ops.saxpy(x, y, 3.0)
        return y * y

    x, y = real(3).requires_grad_(), real(3)
    torch.compile(f, fullgraph=True)(x, y).sum().backward()
    assert_same(x.grad, 6 * y.detach())


def test_tensors_still_require_grad_inside_of_a_function():
    # Calling the checked function there would come back here, without end.
    x = real(3).requires_grad_()
    for _ in range(3):
        x = ops.sinmul(x, 1.0)
    x.sum().backward()
    call = torch.ops.warpx_test_ops.sinmul.default
    y = real(3).requires_grad_()
    assert_same(call(y, None, 2.0).detach(), 2 * y.detach().sin())


def test_exceptions_in_an_operation():
    for x in (real(3), real(3).requires_grad_()):
        with pytest.raises(RuntimeError, match="the operation failed"):
            more.throws(x)
    with pytest.raises(RuntimeError, match="the operation failed"):
        func.vmap(more.throws)(real(2, 3))


def test_mixed_frameworks(says):
    import numpy as np

    x, y = real(3), real(3)
    for call in (lambda: ops.saxpy(x, y.numpy(), 1.0), lambda: ops.saxpy(x.numpy(), y, 1.0),
                 lambda: ops.saxpy(x.clone().requires_grad_(), y.numpy(), 1.0),
                 lambda: ops.saxpy(x.numpy(), y.clone().requires_grad_() * 1, 1.0),
                 lambda: func.vmap(lambda x: ops.saxpy(x, np.ones(3), 1.0))(real(2, 3))):
        says(TypeError, "saxpy(), argument '", "from_dlpack", call)
    a = x.clone().requires_grad_()
    assert_same(ops.sinmul(a, np.float64(2)), 2 * a.sin())
    assert_same(ops.sinmul(a, np.array(2.0)), 2 * a.sin())


def test_mixed_devices(says):
    x, y = torch.ones(3, device="meta"), real(3).float()
    says(BufferError, "argument 'y'", "memory on meta, as 'x' has; got cpu", lambda: ops.saxpy(x, y, 1.0))
    says(BufferError, "argument 'y'", lambda: ops.saxpy(y.clone().requires_grad_(), x, 1.0))
    assert ops.sinmul(x, torch.tensor(2.0)).is_meta  # numbers may be on the host


def test_a_mode_that_is_left_is_forgotten(run_python):
    out = run_python("""
import torch, warpx_test_ops as ops
from torch._subclasses.fake_tensor import FakeTensorMode
x = torch.ones(3, dtype=torch.float64, requires_grad=True)
with FakeTensorMode(allow_non_fake_inputs=True):
    ops.sinmul(torch.ones(3), 1.0)
torch.func.vmap(lambda x: ops.sinmul(x, 1.0))(torch.ones(2, 3))
ops.sinmul(x, 1.0).sum().backward()
print(x.grad.sum().item() == 3 * torch.ones((), dtype=torch.float64).cos().item())
""")
    assert out.strip() == "True"


def test_hostile_arguments(says):
    x = real(3).requires_grad_()
    for call in (lambda: ops.sinmul(x, "two"), lambda: ops.sinmul(x, [2.0]), lambda: ops.sinmul(x, object()),
                 lambda: ops.sinmul(x, None), lambda: ops.sinmul(x), lambda: ops.sinmul(x, 1.0, 2.0, 3.0),
                 lambda: ops.sinmul(x, 1.0, b=2), lambda: ops.sinmul(x, 1.0, x=x), lambda: ops.sinmul(None, 1.0),
                 lambda: ops.gather(x, torch.tensor([0.5])), lambda: ops.gather(x, [0, 1]),
                 lambda: ops.sinmul(x, 1j), lambda: ops.sinmul(x.float().half(), 1.0)):
        with pytest.raises(TypeError) as caught:
            call()
        assert "() " in str(caught.value) or "(): " in str(caught.value) or "()," in str(caught.value), caught.value
    for call in (lambda: ops.matmul(real(2, 3).requires_grad_(), real(4, 5)),
                 lambda: ops.norm3(real(3).requires_grad_()),
                 lambda: ops.norm3(real(2, 4).requires_grad_()), lambda: ops.saxpy(x, real(4), 1.0),
                 lambda: ops.saxpy(real(2, 3).requires_grad_(), real(3), 1.0),
                 lambda: ops.saxpy(x, real(1).expand(3), 1.0)):
        with pytest.raises(ValueError):
            call()
    u = real(6).requires_grad_() * 1
    says(ValueError, "shares with", lambda: ops.saxpy(u[:3], u[1:4], 1.0))
    with pytest.raises(TypeError):
        warpx._dispatch(ops, "sinmul", (), {})
