# SPDX-License-Identifier: Apache-2.0
"""Modules of operations: what they say about themselves, what they refuse, how they live in a process."""
import concurrent.futures
import copy
import importlib.util
import inspect
import os
import pickle
import sys
import types

import numpy as np
import pytest

import warpx
import warpx_test_more as more
import warpx_test_ops as ops


# -- What a function says about itself ---------------------------------------------------------------------------


def test_signatures():
    assert str(inspect.signature(ops.saxpy)) == "(x, y, a, *, launch_dims=None, dtype=None)"
    assert str(inspect.signature(more.affine)) == \
        "(x, bias=None, scale=2.0, *, out=None, output_dims=None, launch_dims=None)"
    assert inspect.signature(more.power).parameters["count"].default == 2
    assert ops.saxpy.__doc__.startswith("y = a * x + y, in place.")
    assert "y: float32 or float64, shape (n,); overwritten, returned" in ops.saxpy.__doc__
    assert "bias: float64, shape (n,); optional" in more.affine.__doc__
    assert ops.saxpy.__name__ == "saxpy" and ops.saxpy.__module__ == "warpx_test_ops"
    assert inspect.isbuiltin(ops.saxpy)


def test_pickle_and_copy():
    for function in (ops.saxpy, more.saxpy):
        assert pickle.loads(pickle.dumps(function)) is function
        assert copy.deepcopy(function) is function
    assert ops.saxpy is not more.saxpy


def test_description_for_the_glue():
    described = ops.__warpx_operations__["matmul"]
    assert [(p.name, p.role, p.types) for p in described.parameters] == [
        (name, role, ["float32", "float64"]) for name, role in (("a", "in"), ("b", "in"), ("c", "out"))]
    assert described.extents == ["n", "k", "m"] and described.has_second
    assert not more.__warpx_operations__["no_gradient"].has_adjoint
    assert not more.__warpx_operations__["seen"].has_second


# -- NumPy -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numpy(dtype):
    x, y = np.arange(4, dtype=dtype), np.ones(4, dtype)
    assert ops.saxpy(x, y, 2.0) is y
    assert y.tolist() == [1, 3, 5, 7] and y.dtype == dtype
    r = ops.sinmul(x, 2.0)
    assert r.dtype == dtype
    np.testing.assert_allclose(r, 2 * np.sin(x), rtol=1e-6)
    out = np.empty(4, dtype)
    assert ops.sinmul(x, a=2.0, out=out) is out
    np.testing.assert_array_equal(out, r)
    a, b = np.random.rand(2, 3).astype(dtype), np.random.rand(5, 3, 4).astype(dtype)
    np.testing.assert_allclose(ops.matmul(a, b), a @ b, rtol=1e-5)


def test_several_outputs_and_none():
    x = np.arange(3.0)
    s, c = more.sincos(x)
    np.testing.assert_allclose(s * s + c * c, 1)
    mine = np.empty(3)
    s, c = more.sincos(x, out=(None, mine))
    assert c is mine and s is not mine
    assert more.ramp(2.0, output_dims=3).tolist() == [0, 2, 4]
    assert more.ramp(2.0, launch_dims=3).tolist() == [0, 2, 4]
    assert more.ramp(2.0, output_dims={"y": (3,)}).tolist() == [0, 2, 4]
    assert more.ramp(2.0, out=np.empty(2)).tolist() == [0, 2]


def test_results_belong_to_the_framework_of_a_number():
    torch = pytest.importorskip("torch")
    r = more.ramp(torch.tensor(2.0, dtype=torch.float64), output_dims=3)
    assert type(r) is torch.Tensor and r.tolist() == [0, 2, 4]
    assert type(more.ramp(np.float64(2), output_dims=3)) is np.ndarray


def test_refused_calls(says):
    x, y = np.ones(3), np.ones(3)
    says(TypeError, "saxpy()", "the argument 'a'", lambda: ops.saxpy(x, y))
    says(TypeError, "at most 3 arguments", lambda: ops.saxpy(x, y, 1.0, 2.0))
    says(TypeError, "each argument once", lambda: ops.saxpy(x, y, 1.0, x=x))
    says(TypeError, "an argument named 'b'", lambda: ops.saxpy(x, y, 1.0, b=2))
    says(TypeError, "argument 'y'", "got float32", lambda: ops.saxpy(x, y.astype("f4"), 1.0))
    says(TypeError, "argument 'x'", "got int64", lambda: ops.sinmul(np.arange(3), 1.0))
    says(TypeError, "argument 'a'", "a number", lambda: ops.sinmul(x, "two"))
    says(ValueError, "argument 'y'", "n = 3", lambda: ops.saxpy(x, np.ones(4), 1.0))
    says(ValueError, "argument 'v'", lambda: ops.norm3(np.ones((4, 2))))
    says(ValueError, "the extent n", lambda: more.ramp(1.0))
    says(TypeError, "out=", lambda: more.sincos(x, out=y))
    says(TypeError, "dtype= one of", lambda: ops.sinmul(x, 1.0, dtype="int32"))
    y.flags.writeable = False
    says(BufferError, "argument 'y'", "read-only", lambda: ops.saxpy(x, y, 1.0))
    z = np.ones(4)
    says(ValueError, "shares with 'x'", lambda: ops.saxpy(z[1:], z[:3], 1.0))
    says(ValueError, "shares with 'x'", lambda: ops.sinmul(z[1:], 1.0, out=z[:3]))


def test_mixed_frameworks(says):
    torch = pytest.importorskip("torch")
    for x, y in ((np.ones(3), torch.ones(3)), (torch.ones(3), np.ones(3)), (torch.ones(3), np.ones(3, "f4"))):
        says(TypeError, "argument 'y'", "from_dlpack", lambda x=x, y=y: ops.saxpy(x, y, 1.0))


def test_an_operation_that_throws():
    with pytest.raises(RuntimeError, match="the operation failed"):
        more.throws(np.ones(3))
    assert more.squares(np.full(3, 2.0)).tolist() == [4, 4, 4]


# -- Checked mode ------------------------------------------------------------------------------------------------


def test_checked_mode():
    x = np.arange(3.0)
    with warpx.checked():
        with pytest.raises(IndexError, match="next.*x.*3"):
            more.next(x)
        np.testing.assert_allclose(ops.sinmul(x, 2.0), 2 * np.sin(x))
    more.next(np.arange(4.0)[:3])  # not looked at
    with pytest.raises(ZeroDivisionError):
        with warpx.checked():
            1 / 0
    more.next(np.arange(4.0)[:3])


def test_checked_mode_from_the_environment(run_python):
    out = run_python("""
import os
os.environ["WARPX_CHECKED"] = "1"
import numpy as np, warpx_test_more as more
try:
    more.next(np.arange(3.0))
except IndexError as e:
    print("x" in str(e))
""")
    assert out.strip() == "True"


# -- Modules in a process ----------------------------------------------------------------------------------------


def load_again(module, name=None):
    spec = importlib.util.spec_from_file_location(name or module.__name__, module.__file__)
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)
    return again


def test_imported_twice(run_python):
    out = run_python("""
import sys, numpy as np, torch
import warpx_test_ops as first
del sys.modules["warpx_test_ops"]
import warpx_test_ops as second
x = torch.ones(3, dtype=torch.float64, requires_grad=True)
for m in (first, second):
    x.grad = None
    m.sinmul(x, 2.0).sum().backward()
    f = torch.compile(lambda x: m.sinmul(x, 2.0), fullgraph=True, backend="aot_eager")
    print(m.sinmul(np.zeros(1), 1.0), x.grad[0].item() == f(x.detach() + torch.pi / 2)[0].item(), torch.func.vmap(
        lambda x: m.sinmul(x, 2.0))(torch.zeros(2, 3)).sum().item())
""")
    lines = out.strip().splitlines()
    assert len(lines) == 2 and all(line.startswith("[0.]") and line.endswith("0.0") for line in lines)


def test_names_that_clash():
    # Both modules have a saxpy, with other parameters.
    torch = pytest.importorskip("torch")
    x = torch.ones(3, dtype=torch.float64, requires_grad=True)
    assert more.saxpy(x).tolist() == [0] * 3
    assert ops.saxpy(x, torch.ones(3, dtype=torch.float64), 2.0).tolist() == [3] * 3
    assert torch.func.vmap(more.saxpy)(torch.ones(2, 3, dtype=torch.float64)).sum() == 0
    got = torch.func.vmap(lambda x, y: ops.saxpy(x, y, 2.0))(torch.ones(2, 3), torch.ones(2, 3))
    assert got.sum() == 18


def test_a_name_that_another_library_has(run_python):
    out = run_python("""
import torch
library = torch.library.Library("warpx_test_ops", "FRAGMENT")
library.define("sinmul(Tensor x) -> Tensor")
import warpx_test_ops as ops
print(torch.func.vmap(lambda x: ops.sinmul(x, 2.0))(torch.zeros(2, 3)).sum().item())
""")
    assert out.strip() == "0.0"


@pytest.mark.parametrize("difference", [-1, 1])
def test_another_format_is_refused(difference):
    module = types.ModuleType("old_ops")
    module.__warpx_format__ = warpx._FORMAT + difference
    module.__warpx_version__ = "9.9.9"
    module.__warpx_operations__ = {}
    with pytest.raises(ImportError) as caught:
        warpx._register(module)
    text = str(caught.value)
    assert "old_ops: expected format" in text and "got format" in text
    assert ("the module is older; build old_ops again" if difference < 0 else "pip install 'warpx>=9.9.9'") in text
    assert module not in warpx._modules


def test_without_the_package(run_python, tmp_path):
    # The module works on plain arrays; what needs the package says so.
    out = run_python(f"""
import sys
class NoWarpx:
    def find_spec(self, name, path, target=None):
        if name == "warpx":
            raise ModuleNotFoundError("No module named 'warpx'", name="warpx")
sys.meta_path.insert(0, NoWarpx())
import numpy as np, torch, warpx_test_ops as ops
print(ops.sinmul(np.zeros(2), 1.0), ops.sinmul(torch.zeros(2), 1.0))
try:
    ops.sinmul(torch.zeros(2, requires_grad=True), 1.0)
except TypeError as e:
    print(e)
""")
    assert "[0. 0.] tensor([0., 0.])" in out and "pip install warpx" in out


def test_without_torch(run_python):
    out = run_python("""
import sys, numpy as np, warpx_test_ops as ops
print(ops.sinmul(np.zeros(2), 1.0), "torch" in sys.modules)
import torch
x = torch.zeros(2, requires_grad=True)
ops.sinmul(x, 1.0).sum().backward()
print(x.grad.tolist())
""")
    assert out.split() == ["[0.", "0.]", "False", "[1.0,", "1.0]"]


def test_a_failed_import_of_torch_is_tried_again(run_python, tmp_path):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise RuntimeError('broken')")
    out = run_python(f"""
import sys, numpy as np, warpx_test_ops as ops
sys.path.insert(0, {str(tmp_path)!r})
try:
    import torch
except RuntimeError as e:
    print(e)
sys.path.pop(0)
import torch
x = torch.zeros(2, requires_grad=True)
ops.sinmul(x, 1.0).sum().backward()
print(x.grad.tolist())
""")
    assert out.splitlines() == ["broken", "[1.0, 1.0]"]


def test_an_unknown_torch_keeps_nothing_from_being_imported(run_python):
    out = run_python("""
import sys, types, warnings
import numpy as np, torch
import warpx
broken = types.ModuleType("warpx._torch")
def attach(operation):
    raise AttributeError("no such function")
broken.attach = attach
sys.modules["warpx._torch"] = warpx._torch = broken
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    import warpx_test_ops as ops
print(len(seen), "no such function" in str(seen[0].message), ops.sinmul(torch.zeros(1), 1.0).item())
""")
    assert out.split() == ["1", "True", "0.0"]


def test_fork():
    x = np.ones(1_000_000)
    before = ops.sinmul(x, 2.0).sum()  # uses the threads
    pid = os.fork()
    if pid == 0:
        same = ops.sinmul(x, 2.0).sum() == before
        os._exit(0 if same else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert ops.sinmul(x, 2.0).sum() == before


def test_fork_with_gradients(run_python):
    out = run_python("""
import os, torch, warpx_test_ops as ops
x = torch.ones(1000, dtype=torch.float64, requires_grad=True)
ops.sinmul(x.detach(), 2.0)
pid = os.fork()
if pid == 0:
    ops.sinmul(x, 2.0).sum().backward()
    os._exit(0 if x.grad[0] == 2 * torch.ones((), dtype=torch.float64).cos() else 1)
print(os.waitpid(pid, 0)[1])
""")
    assert out.strip() == "0"


def test_threads():
    x = np.random.rand(100_000)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda k: ops.sinmul(x, float(k)), range(64)))
    for k, r in enumerate(results):
        np.testing.assert_allclose(r, k * np.sin(x), rtol=1e-12)


def test_other_threads_run_meanwhile():
    # Long work releases the GIL: a thread counts while a product is computed.
    import threading

    n = 700
    a, done, count = np.ones((n, n)), [], [0]
    work = threading.Thread(target=lambda: done.append(ops.matmul(a, a)))
    work.start()
    while work.is_alive():
        count[0] += 1
    work.join()
    assert done[0][0, 0] == n and count[0] > 100


def test_references_are_not_lost():
    x, y = np.ones(3), np.ones(3)
    ops.saxpy(x, y, 1.0)
    before = sys.getrefcount(x), sys.getrefcount(y)
    for _ in range(10):
        ops.saxpy(x, y, 1.0)
        with pytest.raises(TypeError):
            ops.saxpy(x, y)
        with pytest.raises(ValueError):
            ops.saxpy(x, np.ones(4), 1.0)
    assert (sys.getrefcount(x), sys.getrefcount(y)) == before
