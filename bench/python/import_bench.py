# SPDX-License-Identifier: Apache-2.0
"""import_bench.py: what one array argument costs, all checks included, against nanobind's nb::ndarray and tvm-ffi.

    import_bench.py [--json]

Every side loops in C in this one process, the sides take turns, and the fastest turn counts. tvm-ffi offers no import
without a call: its time is that of a call with the array less that of the same call with None. Prints one JSON row a
comparison, {case, ours, peer, ratio, goal, met} in nanoseconds; with --json the times alone, in the format of Google
Benchmark, named <array>/<side>.
"""
import json
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(pathlib.Path(os.environ.get("WARPX_BUILD_DIR", ROOT / "build" / "bench")) / "programs"))

import numpy as np  # noqa: E402

import bench_python  # noqa: E402

TURNS = 25
GOALS = {"torch": 80, "NumPy": 20}  # nanoseconds; goals.json has them for the table


def optional(name):
    try:
        return __import__(name)
    except ImportError:
        return None


def sides():
    """Name of a side -> (function of an array: nanoseconds, largest count of a turn)."""
    yield "ours", lambda array: bench_python.borrow(array, 20_000)
    if nanobind := optional("bench_python_nanobind"):
        yield "nanobind", lambda array: nanobind.take(array, 1_000)
    if tvm_ffi := optional("tvm_ffi"):
        nop = tvm_ffi.get_global_func("testing.nop", allow_missing=True)
        if nop is not None:
            yield "tvm-ffi", lambda array: bench_python.call(nop, array, 20_000)
            yield "tvm-ffi without", lambda array: bench_python.call(nop, None, 20_000)


def measure():
    arrays = {"NumPy": np.zeros(4, np.float32)}
    if torch := optional("torch"):
        arrays["torch"] = torch.zeros(4)
    all_sides = dict(sides())
    times = {}
    for _ in range(TURNS):
        for array_name, array in arrays.items():
            for side, time in all_sides.items():
                name = f"{array_name}/{side}"
                times[name] = min(times.get(name, float("inf")), time(array))
    for array_name in arrays:
        if (without := times.pop(f"{array_name}/tvm-ffi without", None)) is not None:
            times[f"{array_name}/tvm-ffi"] -= without
    return times


def main(arguments):
    times = measure()
    if "--json" in arguments:
        rows = [{"name": name, "real_time": time, "cpu_time": time, "time_unit": "ns"} for name, time in times.items()]
        print(json.dumps({"benchmarks": rows}))
        return
    for name, peer in times.items():
        array, side = name.split("/")
        if side != "ours":
            ours, goal = times[f"{array}/ours"], GOALS[array]
            print(json.dumps({"case": f"from Python, one {array} argument, vs {side}", "ours": round(ours, 1),
                              "peer": round(peer, 1), "ratio": round(ours / peer, 4),
                              "goal": f"<= {goal} ns and faster", "met": ours <= goal and ours < peer}))


if __name__ == "__main__":
    main(sys.argv[1:])
