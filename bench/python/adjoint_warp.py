# SPDX-License-Identifier: Apache-2.0
"""adjoint_warp.py: NVIDIA Warp's adjoints on the CPU, for bench/run.py.

    adjoint_warp.py [SECONDS]

Prints the JSON of Google Benchmark, names <kernel>/warp/<items>. An iteration is one adjoint launch on refreshed
gradients; its time is the median. In-place kernels run as Warp can: with `y[i] = ...` it overwrites what it reads.
"""
import contextlib
import json
import statistics
import sys
import time

import numpy as np
import warp as wp

wp.config.quiet = True


@wp.kernel
def saxpy(x: wp.array(dtype=float), y: wp.array(dtype=float), a: float):
    i = wp.tid()
    y[i] = a * x[i] + y[i]


@wp.kernel
def rosenbrock(p: wp.array(dtype=wp.vec2), f: wp.array(dtype=float)):
    i = wp.tid()
    q = p[i]
    a = 1.0 - q[0]
    b = q[1] - q[0] * q[0]
    f[i] = a * a + 100.0 * (b * b)


@wp.kernel
def branch(x: wp.array(dtype=float), y: wp.array(dtype=float)):
    i = wp.tid()
    if x[i] > 0.0:
        y[i] = wp.sqrt(x[i])
    else:
        y[i] = -x[i]


@wp.kernel
def integrate(
    x: wp.array(dtype=wp.vec3),
    v: wp.array(dtype=wp.vec3),
    f: wp.array(dtype=wp.vec3),
    m: wp.array(dtype=float),
    dt: float,
):
    i = wp.tid()
    u = v[i] + f[i] * (dt / m[i])
    v[i] = u
    x[i] = x[i] + u * dt


@wp.kernel
def spring(
    p: wp.array(dtype=wp.vec3),
    f: wp.array(dtype=wp.vec3),
    ends: wp.array2d(dtype=int),
    rest: wp.array(dtype=float),
    ks: float,
):
    i = wp.tid()
    a = ends[i, 0]
    b = ends[i, 1]
    d = p[a] - p[b]
    l = wp.length(d)
    pull = d / l * (-ks * (l - rest[i]))
    wp.atomic_add(f, a, pull)
    wp.atomic_add(f, b, -pull)


@wp.kernel
def matmul(a: wp.array2d(dtype=float), b: wp.array2d(dtype=float), c: wp.array2d(dtype=float), count: int):
    i, j = wp.tid()
    s = float(0.0)
    for k in range(count):
        s += a[i, k] * b[k, j]
    c[i, j] = s


random = np.random.default_rng(1)


class Variable:
    """An array and its gradient, with what both hold before each launch."""

    def __init__(self, shape, dtype, low=-1.0, high=1.0):
        numbers = (*shape, dtype._length_) if dtype is not float else shape
        self.array = wp.array(random.uniform(low, high, numbers).astype(np.float32), dtype=dtype, device="cpu")
        self.gradient = wp.array(random.uniform(-1, 1, numbers).astype(np.float32), dtype=dtype, device="cpu")
        self.kept = wp.clone(self.gradient)

    def refresh(self):
        wp.copy(self.gradient, self.kept)


def cases():
    """Name, items, dim, kernel, arguments, gradients to refresh."""
    v2, v3 = wp.vec2, wp.vec3
    for n in (10000, 4000000):
        x, y = Variable((n,), float), Variable((n,), float)
        yield "saxpy", n, n, saxpy, [x, y, 0.25], [y]
        yield "branch", n, n, branch, [x, y], [y]
        p, f = Variable((n,), v2), Variable((n,), float)
        yield "rosenbrock vec2", n, n, rosenbrock, [p, f], [f]
        x, v, f = (Variable((n,), v3) for _ in range(3))
        m = Variable((n,), float, 1, 2)
        yield "integrate vec3", n, n, integrate, [x, v, f, m, 0.01], [x, v]
        near = (np.arange(n) + 1 + random.integers(0, 63, n)) % n
        ends = wp.array(np.stack([np.arange(n), near], axis=1).astype(np.int32), dtype=int, device="cpu")
        yield "spring vec3", n, n, spring, [x, f, ends, Variable((n,), float), 2.0], []
    for side in (64, 256):
        a, b, c = (Variable((side, side), float) for _ in range(3))
        yield "matmul", side * side, (side, side), matmul, [a, b, c, side], [c]


def measure(dim, kernel, arguments, refreshed, seconds):
    inputs = [a.array if isinstance(a, Variable) else a for a in arguments]
    gradients = [a.gradient if isinstance(a, Variable) else None if isinstance(a, wp.array) else 0 for a in arguments]
    times, end = [], time.perf_counter() + max(seconds, 0.05)
    while len(times) < 5 or time.perf_counter() < end:
        for r in refreshed:
            r.refresh()
        begin = time.perf_counter()
        wp.launch(kernel, dim, inputs=inputs, outputs=[], adj_inputs=gradients, adj_outputs=[], adjoint=True, device="cpu")
        times.append(time.perf_counter() - begin)
    return statistics.median(times[1:])


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 0.05
    rows = []
    with contextlib.redirect_stdout(sys.stderr):  # where Warp tells what it compiles
        for name, items, dim, kernel, arguments, refreshed in cases():
            taken = measure(dim, kernel, arguments, refreshed, seconds) * 1e9
            rows.append({"name": f"{name}/warp/{items}", "real_time": taken, "cpu_time": taken, "time_unit": "ns"})
    print(json.dumps({"benchmarks": rows}))


if __name__ == "__main__":
    main()
