# SPDX-License-Identifier: Apache-2.0
"""torch.compile and torch.export."""
import copy

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch._dynamo")

from torch._dynamo.testing import CompileCounterWithBackend

import warpx_test_more as more
import warpx_test_ops as ops
from reference import CASES, F64, FIRST_ORDER, as_tuple, assert_same, number, real, require

func = torch.func
ALL = {**CASES, **FIRST_ORDER}
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def forget():
    torch._dynamo.reset()


def compiled(f, **options):
    """aot_eager does everything that inductor does but its code, in a tenth of the time."""
    return torch.compile(f, fullgraph=True, **{"backend": "aot_eager", **options})


def inductor(f, **options):
    return torch.compile(f, fullgraph=True, **options)


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize("name", ALL)
def test_forward_and_backward(name, dynamic):
    call, same, make = ALL[name]
    f = compiled(lambda *a: tuple(r * 2 for r in as_tuple(call(*a))), dynamic=dynamic)
    plain = make()
    expected = tuple(r * 2 for r in as_tuple(same(*plain)))
    assert_same(f(*plain), expected)
    mine, other = require(plain), require(plain)
    results, expected = f(*mine), tuple(r * 2 for r in as_tuple(same(*other)))
    assert_same(results, expected)
    weights = [torch.randn_like(r) for r in expected]
    assert_same(torch.autograd.grad(results, mine, weights), torch.autograd.grad(expected, other, weights))


@pytest.mark.parametrize("name", ["sinmul", "saxpy", "matmul", "sincos", "rosenbrock", "gather"])
def test_inductor(name):
    call, same, make = CASES[name]
    f = inductor(lambda *a: tuple(r.exp() for r in as_tuple(call(*a))))
    mine = require(make())
    other = require(mine)
    results, expected = f(*mine), tuple(r.exp() for r in as_tuple(same(*other)))
    assert_same(results, expected)
    assert_same(torch.autograd.grad(results, mine, [torch.ones_like(r) for r in results]),
                torch.autograd.grad(expected, other, [torch.ones_like(r) for r in expected]))


def test_other_sizes_do_not_compile_again():
    counter = CompileCounterWithBackend("aot_eager")
    f = torch.compile(lambda a, b: ops.matmul(a, b) + 1, fullgraph=True, dynamic=True, backend=counter)
    for n, k, m in ((2, 3, 4), (5, 6, 7), (9, 2, 3)):
        a, b = real(n, k), real(k, m)
        assert_same(f(a, b), a @ b + 1)
    assert counter.frame_count == 1


def test_other_numbers_do_not_compile_again():
    counter = CompileCounterWithBackend("inductor")
    f = torch.compile(lambda x, a: ops.sinmul(x, a) + 1, fullgraph=True, backend=counter)
    x = real(3)
    for a in range(20):
        assert_same(f(x, a / 8), a / 8 * x.sin() + 1)
    assert counter.frame_count <= 3  # with the first numbers as constants


def test_static_values_compile_again():
    f = compiled(lambda x, n: more.power(x, n))
    x = real(3)
    for n in (1, 2, 3):
        assert_same(f(x, n), x**n)


# -- What is overwritten -----------------------------------------------------------------------------------------


def test_overwriting_without_gradients_copies_nothing():
    from torch._inductor.utils import run_and_get_code

    x, y = real(4), real(4)
    expected = 2 * x + y
    f = inductor(lambda x, y: ops.saxpy(x, y, 2.0))
    result, code = run_and_get_code(f, x, y)
    assert result is y
    assert_same(y, expected)
    assert "saxpy.inplace" in code[0] and "copy_" not in code[0]
    assert "empty_strided" not in code[0].split("def call")[1]


@pytest.mark.parametrize("backend", ["eager", "aot_eager", "inductor"])
def test_overwriting_with_gradients(backend):
    def f(x, y):
        ops.saxpy(x, y, 3.0)
        return y * y

    x, y = real(4).requires_grad_(), real(4)
    expected = 3 * x.detach() + y
    r = compiled(f, backend=backend)(x, y)
    r.sum().backward()
    assert y.requires_grad
    assert_same((y.detach(), x.grad), (expected, 6 * expected))


def test_what_is_overwritten_requires_grad_then():
    def f(x, y):
        z = y * 2
        ops.saxpy(x, z, 3.0)
        return z * z, z.requires_grad

    x, y = real(4).requires_grad_(), real(4)
    r, requires_grad = compiled(f)(x, y)
    r.sum().backward()
    assert requires_grad
    assert_same(x.grad, 6 * (3 * x.detach() + 2 * y))


def test_overwriting_under_no_grad_and_in_inference_mode():
    f = compiled(lambda x, y: ops.saxpy(x, y, 2.0) * 1)
    for context in (torch.no_grad, torch.inference_mode):
        with context():
            x, y = real(4).requires_grad_(), real(4)
            expected = 2 * x + y
            assert_same((f(x, y), y), (expected, expected))


def test_a_loop_of_overwriting_steps():
    def f(x, y):
        for _ in range(3):
            ops.saxpy(y.sin(), y, 0.5)
        return y.sum()

    x, y = real(4), real(4)
    expected = y.clone()
    for _ in range(3):
        expected = expected + 0.5 * expected.sin()
    assert_same(inductor(f)(x, y), expected.sum())
    assert_same(y, expected)


# -- Options -----------------------------------------------------------------------------------------------------


def test_keywords():
    x, bias = real(3), real(3)
    assert_same(compiled(lambda x: more.affine(x))(x), 2 * x)
    assert_same(compiled(lambda x, b: more.affine(x, bias=b, scale=3.0))(x, bias), 3 * x + bias)
    out = torch.empty(3, dtype=F64)
    assert_same(compiled(lambda x, o: ops.sinmul(x, 2.0, out=o))(x, out), 2 * x.sin())
    assert_same(out, 2 * x.sin())
    ramp = compiled(lambda s, n: more.ramp(s, output_dims=n), dynamic=True)
    for n in (3, 4, 5):
        assert_same(ramp(number(2.0), n), 2 * torch.arange(n, dtype=F64))
    assert_same(compiled(lambda x: ops.sinmul(x, 2.0, launch_dims=2)[:2])(x), 2 * x[:2].sin())


def test_numbers_of_torch():
    x, a = real(3), number().requires_grad_()
    compiled(lambda x, a: ops.sinmul(x, a))(x, a).sum().backward()
    assert_same(a.grad, x.sin().sum())


def test_wrong_calls_are_compile_errors():
    with pytest.raises(Exception, match="expected k = 3"):
        compiled(lambda a, b: ops.matmul(a, b))(real(2, 3), real(4, 5))
    with pytest.raises(Exception, match="the argument 'y'"):
        compiled(lambda x: ops.saxpy(x))(real(2))


def test_mixed_with_other_code():
    def f(x):
        x = x[::2] * 2
        return ops.sinmul(x.flip(0), 1.0).view(-1, 1).expand(-1, 2).sum(0)

    x = real(6).requires_grad_()
    y = x.detach().clone().requires_grad_()
    inductor(f)(x).sum().backward()
    (2 * (2 * y[::2]).sin()).sum().backward()
    assert_same(x.grad, y.grad)


def test_autocast():
    def f(x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return ops.matmul(x, x), x @ x

    own, native = compiled(f)(torch.randn(4, 4))
    assert own.dtype == torch.float32 and native.dtype == torch.bfloat16


def test_modules_and_optimizers():
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = torch.nn.Parameter(torch.ones(3, 2, dtype=F64))

        def forward(self, x):
            return ops.matmul(x, self.w).relu()

    model = Model()
    fast = compiled(copy.deepcopy(model))
    x = real(5, 3)
    for m in (model, fast):
        optimizer = torch.optim.SGD(m.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            m(x).pow(2).sum().backward()
            optimizer.step()
    assert_same(fast.w.detach(), model.w.detach())


# -- Transformations inside --------------------------------------------------------------------------------------


def test_transformations():
    x = real(4)
    f = lambda x: ops.sinmul(x, 0.7)
    scalar = lambda x: f(x).sum()
    for make, expected in (
        (lambda: func.vmap(f), None),
        (lambda: func.grad(scalar), 0.7 * x.cos()),
        (lambda: func.jacrev(f), torch.diag(0.7 * x.cos())),
        (lambda: func.jacfwd(f), torch.diag(0.7 * x.cos())),
        (lambda: func.hessian(scalar), torch.diag(-0.7 * x.sin())),
    ):
        torch._dynamo.reset()
        if expected is None:
            assert_same(compiled(lambda x: func.vmap(f)(x))(real(2, 4) * 0 + x), (0.7 * x.sin()).expand(2, 4))
        else:
            assert_same(compiled(lambda x: make()(x))(x), expected)


def test_gradients_per_sample():
    w, x = real(3, 2), real(7, 3)
    loss = lambda w, x: ops.matmul(x[None], w).pow(2).sum()
    same = lambda w, x: torch.matmul(x[None], w).pow(2).sum()
    got = compiled(lambda w, x: func.vmap(func.grad(loss), (None, 0))(w, x))(w, x)
    assert_same(got, func.vmap(func.grad(same), (None, 0))(w, x))


def test_vmap_of_a_mutation():
    x, y = real(3, 4), real(3, 4)
    expected = 2 * x + y
    r = compiled(lambda x, y: func.vmap(lambda x, y: ops.saxpy(x, y, 2.0))(x, y))(x, y)
    assert_same((r, y), (expected, expected))


# -- Export ------------------------------------------------------------------------------------------------------


class Sine(torch.nn.Module):
    def forward(self, x):
        return ops.sinmul(x, 0.7)


class Sum(torch.nn.Module):
    def forward(self, x, y):
        return ops.saxpy(x, y, 0.7)


def targets(program):
    return [str(n.target) for n in program.graph.nodes if n.op == "call_function"]


@pytest.mark.parametrize("strict", [False, True])
def test_export(strict, tmp_path):
    n = torch.export.Dim("n")
    program = torch.export.export(Sine(), (real(4),), strict=strict, dynamic_shapes=({0: n},))
    assert targets(program) == ["warpx_test_ops.sinmul.default"]
    x = real(9)
    assert_same(program.module()(x), 0.7 * x.sin())
    torch.export.save(program, tmp_path / "sine.pt2")
    assert_same(torch.export.load(tmp_path / "sine.pt2").module()(x), 0.7 * x.sin())


@pytest.mark.parametrize("strict", [False, True])
def test_export_of_a_mutation(strict):
    program = torch.export.export(Sum(), (real(4), real(4)), strict=strict)
    x, y = real(4), real(4)
    expected = 0.7 * x + y
    assert_same((program.module()(x, y), y), (expected, expected))
    functional = program.run_decompositions()
    y = real(4)
    expected = 0.7 * x + y
    assert_same((functional.module()(x, y), y), (expected, expected))


def test_export_of_a_trained_module():
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = torch.nn.Parameter(real(3, 2))

        def forward(self, x):
            return ops.matmul(x, self.w)

    model, x = Model(), real(5, 3)
    for strict in (False, True):
        program = torch.export.export(model, (x,), strict=strict)
        assert_same(program.module()(x), x @ model.w)


def test_a_program_is_loaded_by_another_process(tmp_path, run_python):
    torch.export.save(torch.export.export(Sine(), (real(4),)), tmp_path / "sine.pt2")
    out = run_python(f"""
import warpx_test_ops
import torch
print(torch.export.load({str(tmp_path / "sine.pt2")!r}).module()(torch.zeros(4, dtype=torch.float64)).tolist())
""")
    assert out.strip() == "[0.0, 0.0, 0.0, 0.0]"


# -- When what is imported ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["warpx_test_ops", "torch", "torch._dynamo"])
def test_order_of_imports(first, run_python):
    out = run_python(f"""
import {first}
import sys
early = "torch._dynamo" in sys.modules
import warpx_test_ops as ops
assert early == ("torch._dynamo" in sys.modules), "importing a module must not import torch._dynamo"
import torch
f = torch.compile(lambda x: ops.sinmul(x, 2.0), fullgraph=True, backend="aot_eager")
print(f(torch.zeros(2)).tolist())
""")
    assert out.strip() == "[0.0, 0.0]"
