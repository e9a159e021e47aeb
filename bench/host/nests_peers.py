# SPDX-License-Identifier: Apache-2.0
"""y = a x over two axes with NumPy or PyTorch on one thread: nests_peers.py numpy|torch SECONDS [ROWS...].

Prints JSON as Google Benchmark does, for the layouts of nests.cpp.
"""
import json
import sys
import time

LAYOUTS = {
    "compact": (False, False, 1),
    "strided": (False, False, 2),
    "both transposed": (True, True, 1),
    "one transposed": (True, False, 1),
}


def memory(module, rows, step, transposed):
    base = module.ones((rows, rows * step), dtype=module.float32)[:, ::step]
    return base.T if transposed else base


def time_of(call, seconds):
    call()
    best, spent, count = [], 0.0, 1
    while spent < seconds or len(best) < 3:
        start = time.thread_time()
        for _ in range(count):
            call()
        took = time.thread_time() - start
        spent += took
        best.append(took / count)
        if took < seconds / 20:
            count *= 2
    best.sort()
    return best[len(best) // 2] * 1e9


def main():
    name, seconds, sizes = sys.argv[1], float(sys.argv[2]), [int(n) for n in sys.argv[3:]]
    if name == "numpy":
        import numpy as module

        def scale(x, y):
            return lambda: module.multiply(x, module.float32(0.5), out=y)
    else:
        import torch as module

        module.set_num_threads(1)

        def scale(x, y):
            return lambda: module.mul(x, 0.5, out=y)

    results = []
    for layout, (x_transposed, y_transposed, step) in LAYOUTS.items():
        for rows in sizes:
            x = memory(module, rows, step, x_transposed)
            y = memory(module, rows, step, y_transposed)
            results.append(
                {"name": f"{layout}/{name}/{rows}", "real_time": time_of(scale(x, y), seconds), "time_unit": "ns"}
            )
    json.dump({"benchmarks": results}, sys.stdout)


if __name__ == "__main__":
    main()
