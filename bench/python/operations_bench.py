# SPDX-License-Identifier: Apache-2.0
"""operations_bench.py: what operations cost from Python, against NumPy, PyTorch, tvm-ffi and others.

    operations_bench.py [--device cpu|cuda] [--json] [--quick]

Calls of one element are nanoseconds of the fastest of some turns, in which the sides follow each other; large arrays
are the median of some calls. Prints a table; with --json the times in the format of Google Benchmark, named
<case>/<side>. The modules are those of the build (WARPX_BUILD_DIR); peers that are missing are left out.
"""
import argparse
import json
import os
import pathlib
import statistics
import sys
import time
import timeit
import warnings

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("WARPX_BENCH_MODULES") or
                        pathlib.Path(os.environ.get("WARPX_BUILD_DIR", ROOT / "build" / "bench")) / "programs")
sys.path[:0] = [str(PROGRAMS), str(ROOT / "python")]

# OpenMP's workers spin after a parallel region; on few processors they would take them from the side whose turn follows.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np  # noqa: E402
import torch  # noqa: E402

import bench_operations as ops  # noqa: E402


def optional(name):
    try:
        return __import__(name, fromlist=["*"])
    except ImportError:
        return None


def numba_kernel(cuda, x, y):
    """saxpy compiled by Numba; None where this Numba does not compile (with a newer NumPy than it knows)."""
    def saxpy(x, y, a):
        i = cuda.grid(1)
        if i < x.size:
            y[i] += a * x[i]

    warnings.simplefilter("ignore")
    kernel = cuda.jit(saxpy)[1, 32]
    try:
        kernel(x, y, 1.5)
    except Exception as error:
        print(f"left out: numba.cuda.jit: {error}", file=sys.stderr)
        return None
    return kernel


def call_sides(device):
    """Case -> {side: (statement, names)}: saxpy of one element."""
    x, y = torch.ones(1, device=device), torch.ones(1, device=device)
    both = {"f": ops.saxpy, "x": x, "y": y}
    sides = {"torch": {"ours": ("f(x, y, 1.5)", both), "add_": ("y.add_(x, alpha=1.5)", both)}}

    @torch.library.custom_op("bench_operations::saxpy", mutates_args=("y",))
    def custom(x: torch.Tensor, y: torch.Tensor, a: float) -> None:
        ops.saxpy(x, y, a)

    sides["torch"]["custom_op"] = ("f(x, y, 1.5)", {**both, "f": custom})
    if device == "cpu":
        a, b = np.ones(1, np.float32), np.ones(1, np.float32)
        arrays = {"f": ops.saxpy, "x": a, "y": b, "np": np}
        sides["NumPy"] = {"ours": ("f(x, y, 1.5)", arrays), "np.add": ("np.add(x, y, out=y)", arrays)}
        if (tvm_ffi := optional("tvm_ffi")) and (library := PROGRAMS / "operations_tvm.so").exists():
            function = tvm_ffi.load_module(str(library)).saxpy
            sides["torch"]["tvm-ffi"] = ("f(x, y, 1.5)", {**both, "f": function})
            sides["NumPy"]["tvm-ffi"] = ("f(x, y, 1.5)", {**arrays, "f": function})
        if (library := PROGRAMS / "operations_torch.so").exists():
            torch.ops.load_library(str(library))
            sides["torch"]["C++ op"] = ("f(x, y, 1.5)", {**both, "f": torch.ops.bench_operations_torch.saxpy})
        if paddle := optional("paddle"):
            p, q = paddle.ones([1]), paddle.ones([1])
            sides["Paddle"] = {"ours": ("f(x, y, 1.5)", {"f": ops.saxpy, "x": p, "y": q}),
                               "add_": ("y.add_(x)", {"x": p, "y": q})}
    else:
        if bare := optional("bench_bare_launch"):
            sides["torch"]["bare launch"] = ("f(x, y, 1.5)", {"f": bare.saxpy, "x": x.data_ptr(), "y": y.data_ptr()})
        if cupy := optional("cupy"):
            a, b = cupy.ones(1, "f4"), cupy.ones(1, "f4")
            kernel = cupy.ElementwiseKernel("float32 x, float32 a", "float32 y", "y = a * x + y", "saxpy")
            names = {"f": ops.saxpy, "k": kernel, "x": a, "y": b}
            sides["CuPy"] = {"ours": ("f(x, y, 1.5)", names), "ElementwiseKernel": ("k(x, np.float32(1.5), y)",
                                                                                   {**names, "np": np})}
        if numba_cuda := optional("numba.cuda"):
            a, b = (numba_cuda.to_device(np.ones(1, np.float32)) for _ in range(2))
            names = {"f": ops.saxpy, "x": a, "y": b}
            sides["Numba"] = {"ours": ("f(x, y, 1.5)", names)}
            if kernel := numba_kernel(numba_cuda, a, b):
                sides["Numba"]["numba.cuda.jit"] = ("k(x, y, 1.5)", {**names, "k": kernel})

    w = torch.ones(1, device=device, requires_grad=True)
    v = torch.ones(1, device=device)
    names = {"ops": ops, "w": w, "v": v}
    sides["torch forward + backward"] = {
        "ours": ("ops.rosenbrock(w, v).backward(); w.grad = None", names),
        "same expression": ("((1 - w) ** 2 + 100 * (v - w * w) ** 2).backward(); w.grad = None", names)}
    return sides


def best_of_turns(sides, turns, calls, synchronize):
    best = dict.fromkeys(sides, float("inf"))
    timers = {side: timeit.Timer(statement, globals=names) for side, (statement, names) in sides.items()}
    for _ in range(turns):
        for side, timer in timers.items():
            synchronize()
            best[side] = min(best[side], timer.timeit(calls) / calls * 1e9)
    return best


def large_sides(device, n, m):
    """Case -> {side: function}: n elements, m x m matrices."""
    x, y, w = (torch.rand(n, device=device) for _ in range(3))
    a, b = torch.rand(m, m, device=device), torch.rand(m, m, device=device)
    gx, gy = x.clone().requires_grad_(), y.clone().requires_grad_()
    ones = torch.ones(n, device=device)

    def expression(x, y):
        return (1 - x) ** 2 + 100 * (y - x * x) ** 2

    def ours(x, y):
        return ops.rosenbrock(x, y)

    compiled = optional("torch._inductor") and torch.compile(expression, dynamic=False)
    ours_compiled = torch.compile(ours, dynamic=False)

    def backward(function):
        def run():
            torch.autograd.grad(function(gx, gy), (gx, gy), ones)
        return run

    def saxpy_gradient():
        z = y.clone()
        torch.autograd.grad(ops.saxpy(gx, z, 1.5), gx, ones)

    def saxpy_gradient_torch():
        z = y.clone()
        torch.autograd.grad(z.add_(gx, alpha=1.5), gx, ones)

    return {
        "saxpy": {"ours": lambda: ops.saxpy(x, w, 1.5), "eager": lambda: w.add_(x, alpha=1.5)},
        "saxpy gradient": {"ours": saxpy_gradient, "eager": saxpy_gradient_torch},
        "rosenbrock": {"ours": lambda: ops.rosenbrock(x, y), "ours compiled": lambda: ours_compiled(x, y),
                       "eager": lambda: expression(x, y), "compiled": lambda: compiled(x, y)},
        "rosenbrock gradient": {"ours": backward(ours), "ours compiled": backward(ours_compiled),
                                "eager": backward(expression), "compiled": backward(compiled)},
        f"matmul {m}": {"ours": lambda: ops.matmul(a, b)},
    }


def medians(sides, turns, device):
    times = {side: [] for side in sides}
    for side, function in list(sides.items()):
        try:
            function()
        except Exception as error:  # a compiler that is not there
            print(f"left out: {side}: {str(error).splitlines()[0][:150]}", file=sys.stderr)
            del times[side]
    for _ in range(turns):
        for side in times:
            if device == "cuda":
                begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
                begin.record()
                sides[side]()
                end.record()
                torch.cuda.synchronize()
                times[side].append(begin.elapsed_time(end) * 1e6)
            else:
                start = time.perf_counter_ns()
                sides[side]()
                times[side].append(time.perf_counter_ns() - start)
    return {side: statistics.median(values) for side, values in times.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    synchronize = torch.cuda.synchronize if options.device == "cuda" else lambda: None
    rows = {}
    for case, sides in call_sides(options.device).items():
        calls = 500 if options.device == "cuda" or "backward" in case else 5000
        rows[f"{case}, one element"] = best_of_turns(sides, 40 if options.device == "cuda" else 25, calls, synchronize)
    power = 20 if options.quick else 26 if options.device == "cuda" else 24
    for case, sides in large_sides(options.device, 1 << power, 256 if options.quick else 1024).items():
        rows[case if "matmul" in case else f"{case}, 2^{power}"] = medians(sides, 11, options.device)
    if options.json:
        print(json.dumps({"benchmarks": [
            {"name": f"{case}/{side}", "real_time": t, "cpu_time": t, "time_unit": "ns"}
            for case, times in rows.items() for side, t in times.items()]}))
        return
    for case, times in rows.items():
        text = ", ".join(f"{side} {t:,.0f}" + (f" ({t / times['ours']:.2f} x)" if side != "ours" else "")
                         for side, t in times.items())
        print(f"{case}: {text}")


if __name__ == "__main__":
    main()
