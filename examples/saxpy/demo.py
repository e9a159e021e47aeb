# SPDX-License-Identifier: Apache-2.0
"""demo.py: one saxpy kernel (saxpy.hpp) over memory of C++, NumPy and PyTorch, without a copy.

Prints the addresses before and after, whether the result is NumPy's, and the rate next to this machine's copy
bandwidth. Run by tools/demo; needs the module warpx_saxpy on PYTHONPATH.
"""
import os
import textwrap
import time

import numpy as np

import warpx_saxpy

try:
    import torch
except ImportError:
    torch = None

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


def main():
    host_x = (np.arange(N) % 1024).astype(np.float32)
    expected = np.float32(A) * host_x + np.float32(1)

    # Counted as saxpy is: bytes read plus bytes written.
    copied = 4 * N
    copy_rate = max(2 * copied / warpx_saxpy.copy_seconds(copied, ROUNDS) / 1e9 for _ in range(3))
    print(f"""
warpx: y = a * x + y, one lambda, {N:,} float32 in memory of three owners

    constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) {{ y[i] = a * x[i] + y[i]; }};

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
    if not ok:
        raise SystemExit("demo: a result or an address is not what it should be")


if __name__ == "__main__":
    main()
