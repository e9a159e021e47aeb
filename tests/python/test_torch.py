# SPDX-License-Identifier: Apache-2.0
"""PyTorch tensors: what is accepted without a copy, and every tensor whose memory is not its value."""
import os

import pytest

import warpx_python_probe as probe

torch = pytest.importorskip("torch")
CALIBRATED = os.environ.get("WARPX_CALIBRATION") != "0"


def test_calibration_is_what_was_asked_for():
    probe.read(torch.zeros(1))
    assert probe.calibration()["torch"] is CALIBRATED
    assert probe.calibration()["torch_version"] is CALIBRATED


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64", "int8", "int32", "int64", "uint8", "bool",
                                  "complex64", "float8_e4m3fn"])
def test_every_dtype_without_a_copy(name):
    t = torch.zeros(5, dtype=getattr(torch, name))
    facts = probe.read(t, name)
    assert facts["data"] == t.data_ptr() and facts["shape"] == (5,) and facts["borrowed"]


def test_views_and_parameters():
    t = torch.arange(12.0)
    assert probe.read(t[3:9:2])["strides"] == (2,)
    assert probe.read(t.reshape(3, 4).t(), rank=2)["strides"] == (1, 4)
    assert probe.read(t[0], rank=0)["sum"] == 0
    with torch.no_grad():
        assert probe.read(torch.nn.Parameter(t))["sum"] == 66
    with torch.inference_mode():
        assert probe.read(torch.arange(4.0))["sum"] == 6


def test_writing():
    t = torch.zeros(4)
    probe.write(t)
    assert t.tolist() == [7] * 4


def test_t07_zero_size():
    assert probe.read(torch.zeros(0))["shape"] == (0,)
    assert probe.read(torch.zeros(3, 0), rank=2)["shape"] == (3, 0)


def test_t11_expanded_tensors_are_for_reading(refused):
    t = torch.ones(1).expand(5)
    assert probe.read(t)["sum"] == 5
    refused(ValueError, "overlap", lambda: probe.write(t))


def test_t12_storage_offset():
    t = torch.arange(10.0)[3:]
    assert probe.read(t)["data"] == t.data_ptr()


def test_t20_requires_grad(refused):
    t = torch.ones(3, requires_grad=True)
    for call in (probe.read, probe.write):
        refused(BufferError, "argument 'x'", "requires grad", "use .detach()", lambda call=call: call(t))
    refused(BufferError, "requires grad", lambda: probe.read(t * 2))
    refused(BufferError, "requires grad", lambda: probe.read(torch.nn.Parameter(torch.ones(3))))
    assert probe.read(t.detach())["sum"] == 3
    with torch.no_grad():
        assert probe.read(t)["sum"] == 3
    assert probe.read(t, allow_gradient=True)["sum"] == 3


def test_t21_conj_and_neg(refused):
    c = torch.ones(3, dtype=torch.complex64)
    refused(BufferError, "conjugate", ".resolve_conj()", lambda: probe.read(c.conj(), "complex64"))
    refused(BufferError, "negation", ".resolve_neg()", lambda: probe.read(c.conj().imag))
    assert probe.read(c.conj().resolve_conj(), "complex64")["shape"] == (3,)
    assert probe.read(c.imag)["strides"] == (2,)


def test_t22_tensors_without_memory(refused):
    refused(BufferError, "meta", lambda: probe.read(torch.ones(3, device="meta")))
    refused(BufferError, "sparse", ".to_dense()", lambda: probe.read(torch.ones(3).to_sparse()))
    refused(BufferError, "sparse", lambda: probe.read(torch.ones(3, 3).to_sparse_csr(), rank=2))
    refused(BufferError, "zero tensor", lambda: probe.read(torch._efficientzerotensor(3)))


def test_t22_quantized(refused):
    q = torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8)
    refused(BufferError, "quantized", ".dequantize()", lambda: probe.read(q, "int8"))


def test_t22_fake_tensors(refused):
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        fake = torch.ones(3)
    refused(TypeError, "FakeTensor", "memory is not its value", lambda: probe.read(fake))
    with FakeTensorMode(allow_non_fake_inputs=True):
        refused(TypeError, "FakeTensor", lambda: probe.read(torch.ones(3)))


def test_t22_functional_tensors(refused):
    seen = []

    def look(x):
        seen.append(refused(TypeError, "functional", lambda: probe.read(x)))
        return x * 1

    torch.func.functionalize(look)(torch.ones(3))
    assert seen


@pytest.mark.parametrize("transform", ["vmap", "grad", "jvp"])
def test_t22_functorch_wrappers(transform, refused):
    seen = []

    def look(x):
        seen.append(refused(TypeError, "torch.func", lambda: probe.read(x)))
        return (x * 1).sum()

    if transform == "vmap":
        torch.func.vmap(look)(torch.ones(2, 3))
    elif transform == "grad":
        torch.func.grad(look)(torch.ones(3))
    else:
        torch.func.jvp(look, (torch.ones(3),), (torch.ones(3),))
    assert seen


def test_forward_mode_dual_tensors(refused):
    import torch.autograd.forward_ad as forward

    with forward.dual_level():
        dual = forward.make_dual(torch.ones(3), torch.ones(3))
        refused(BufferError, "dual tensor", lambda: probe.read(dual))
        assert probe.read(torch.ones(4)[1:])["sum"] == 3


def test_subclasses(refused):
    class Plain(torch.Tensor):
        pass

    t = torch.arange(4.0).as_subclass(Plain)
    assert probe.read(t)["data"] == t.data_ptr()
    refused(BufferError, "requires grad", lambda: probe.read(torch.ones(3, requires_grad=True).as_subclass(Plain)))

    class Wrapper(torch.Tensor):
        @staticmethod
        def __new__(cls, t):
            return torch.Tensor._make_wrapper_subclass(cls, t.shape, dtype=t.dtype)

        @classmethod
        def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
            raise NotImplementedError

    refused(TypeError, "Wrapper", "memory is not its value", lambda: probe.read(Wrapper(torch.ones(3))))


def test_t31_shape_is_copied():
    t = torch.arange(4.0)
    probe.keep(t)
    t.resize_(2)  # keeps the memory, changes the lists that the exchange handed out
    assert probe.read_kept()["shape"] == (4,) and probe.read_kept()["sum"] == 6


def test_writes_are_seen_by_autograd():
    w = torch.ones(3, requires_grad=True)
    x = torch.ones(3)
    y = (w * x).sum()
    before = x._version
    probe.write(x)
    assert x._version == before + 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_version_of_views_and_inference_tensors():
    t = torch.zeros(6)
    before = t._version
    probe.write(t[::2])
    assert t._version == before + 1
    with torch.inference_mode():
        i = torch.zeros(3)
        probe.write(i)
        assert i.tolist() == [7] * 3


def test_t05_pending_exceptions_stay():
    t = torch.ones(4)
    for x, said in ((t, "accepted"), (t[1:], "accepted"), (torch.ones(3, requires_grad=True), "requires grad"),
                    (torch.ones(3, dtype=torch.complex64).conj(), "conjugate"), (t.to_sparse(), "sparse")):
        text, kept = probe.read_while_pending(x)
        assert kept and said in text


def test_t02_dropped_after_the_interpreter(run_python):
    assert run_python("""
import torch, warpx_python_probe as probe
probe.keep(torch.ones(3))
probe.keep_to_the_end()
print("kept")
""").strip() == "kept"


def test_reference_counts():
    import sys

    t = torch.zeros(4)
    before = sys.getrefcount(t)
    for _ in range(5):
        probe.read(t)
        probe.write(t)
    assert sys.getrefcount(t) == before
    probe.keep(t)
    assert sys.getrefcount(t) == before + 1
    probe.drop("another thread")
    assert sys.getrefcount(t) == before


def test_first_tensor_inside_a_mode(run_python):
    # What is learned about PyTorch must not be learned from tensors that a mode changes.
    out = run_python("""
import torch, warpx_python_probe as probe
t = torch.arange(4.0)
from torch._subclasses.fake_tensor import FakeTensorMode
with FakeTensorMode():
    print(probe.read(t)["sum"])
torch.set_default_device("meta")
print(probe.read(t)["sum"])
torch.set_default_device("cpu")
with torch.inference_mode():
    print(probe.read(t)["sum"])
try:
    probe.read(torch.ones(2, dtype=torch.complex64).conj(), "complex64")
except BufferError:
    print("refused")
""")
    assert out.split() == ["6.0", "6.0", "6.0", "refused"]
