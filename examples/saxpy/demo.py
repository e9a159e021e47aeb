# SPDX-License-Identifier: Apache-2.0
"""demo.py: one saxpy kernel (saxpy.hpp) over memory of C++, NumPy and PyTorch, without a copy; then as an operation.

Prints the addresses before and after, whether the result is NumPy's, and the rate next to this machine's copy
bandwidth; then values and gradients of the operation in NumPy, PyTorch and Paddle. Run by tools/demo; needs the modules
warpx_saxpy and warpx_saxpy_ops and the package warpx on PYTHONPATH.
"""
import os
import textwrap
import time

import numpy as np

import warpx_saxpy
import warpx_saxpy_ops as ops

try:
    import torch
except ImportError:
    torch = None
try:
    import paddle
except ImportError:
    paddle = None

N = 1 << 24  # 64 MiB a vector: outside of the caches
A = 2.0
ROUNDS = 5
BYTES = 12 * N  # x is read, y is read and written


def fastest(call):
    """Seconds of the fastest of some calls."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def row(owner, before, after, right, seconds, copy_rate):
    rate = BYTES / seconds / 1e9
    print(f"  {owner:<22} {before:#016x} {after:#016x}  {'same' if before == after else 'OTHER':<6} "
          f"{'right' if right else 'WRONG':<6} {rate:7.1f} {100 * rate / copy_rate:6.0f} %", flush=True)
    return right and before == after


def line(owner, y, gradient_x=None, gradient_a=None):
    """One call of the operation with x = 0, 1, 2, 3, y = 1 and a = 2; d means the gradient of the sum of y."""
    right = list(y) == [1, 3, 5, 7]
    text = f"y = {list(y)}"
    if gradient_x is not None:
        right = right and list(gradient_x) == [2, 2, 2, 2] and gradient_a == 6
        text += f"   dx = {list(gradient_x)}   da = {gradient_a}"
    print(f"  {owner:<22} {text}  {'right' if right else 'WRONG'}", flush=True)
    return right


def operation():
    """The operation, forward and backward, in each framework that is installed."""
    print("""
the lambda as an operation, its gradient derived: one declaration, Python functions for every framework

    warpx::op<"saxpy", saxpy>(in<float, "n">("x"), inout<float, "n">("y"), value<float>("a"))
""")
    x, y = np.arange(4, dtype=np.float32), np.ones(4, np.float32)
    ok = line(f"NumPy {np.__version__}", ops.saxpy(x, y, A).tolist())
    if torch is None:
        print("  PyTorch                not installed: left out")
    else:
        x, a = torch.arange(4.0, requires_grad=True), torch.tensor(A, requires_grad=True)
        y = ops.saxpy(x, torch.ones(4), a)
        y.sum().backward()
        ok &= line(f"PyTorch {torch.__version__}", y.tolist(), x.grad.tolist(), a.grad.item())
    if paddle is None:
        print("  Paddle                 not installed: left out")
    else:
        x, a = paddle.arange(4, dtype="float32"), paddle.to_tensor(A)
        x.stop_gradient = a.stop_gradient = False
        y = ops.saxpy(x, paddle.ones([4]), a)
        y.sum().backward()
        ok &= line(f"Paddle {paddle.__version__}", y.tolist(), x.grad.tolist(), a.grad.item())
    return ok


def main():
    host_x = (np.arange(N) % 1024).astype(np.float32)
    expected = np.float32(A) * host_x + np.float32(1)

    # Counted as saxpy is: bytes read plus bytes written.
    copied = 4 * N
    copy_rate = max(2 * copied / warpx_saxpy.copy_seconds(copied, ROUNDS) / 1e9 for _ in range(3))
    print(f"""
warpx: y = a * x + y, one lambda, {N:,} float32 in memory of three owners

    constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) {{ y[i] += a * x[i]; }};

  memory of              y before         y after           copy?  result    GB/s  of copy""")

    y, before, after, seconds = warpx_saxpy.saxpy_vector(N, A, ROUNDS)
    ok = row("C++, std::vector", before, after, np.array_equal(np.from_dlpack(y), expected), seconds, copy_rate)
    del y

    y = np.ones(N, dtype=np.float32)
    before = y.ctypes.data
    returned = warpx_saxpy.saxpy(host_x, y, A)
    right = returned is y and np.array_equal(y, expected)
    seconds = fastest(lambda: warpx_saxpy.saxpy(host_x, y, 0.0))
    ok &= row(f"NumPy {np.__version__}", before, warpx_saxpy.pointer(y), right, seconds, copy_rate)
    del y, returned

    if torch is None:
        print("  PyTorch                not installed: left out")
    else:
        x, y = torch.from_numpy(host_x.copy()), torch.ones(N)
        before, version = y.data_ptr(), y._version
        warpx_saxpy.saxpy(x, y, A)
        right = np.array_equal(y.numpy(), expected) and y._version > version
        seconds = fastest(lambda: warpx_saxpy.saxpy(x, y, 0.0))
        ok &= row(f"PyTorch {torch.__version__}", before, warpx_saxpy.pointer(y), right, seconds, copy_rate)

    print(f"\n  copy by all {os.cpu_count()} processors: {copy_rate:.1f} GB/s (read + written; the same run)")
    try:
        warpx_saxpy.saxpy(host_x, np.ones(N), A)
    except TypeError as error:
        print(textwrap.fill(f"nothing is converted silently: TypeError: {error}", 110, initial_indent="  ",
                            subsequent_indent="    "))
    ok &= operation()
    if not ok:
        raise SystemExit("demo: a result or an address is not what it should be")


if __name__ == "__main__":
    main()
