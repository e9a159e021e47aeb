#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a launch costs nvcc over the raw kernel: the first in a file, and each further one. Needs no GPU.

    bench/cuda/compile_time.py [--rounds 5] [--where]    --where: by header, and by phase of nvcc
    bench/cuda/compile_time.py --adjoint [--rounds 3]    one adjoint over its forward launch

Seconds are processor time (user and system) of nvcc and its children, medians over rounds in which all files take
turns.
"""
import argparse
import csv
import resource
import statistics
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FIRST_GOAL, FURTHER_GOAL = 1.0, 0.3
FURTHER = 4
FLAGS = ["-arch=sm_90", "-std=c++20", "--extended-lambda", "-O2"]
FLAGS += [f"-I{ROOT / 'include'}", "-isystem", str(ROOT / ".deps" / "include")]

RAW = """
__global__ void kernel{k}(int n, const float* x, float* y, float a) {{
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < n) y[i] = a * x[i] + y[i] * {k}.0f;
}}
void run{k}(int n, const float* x, float* y, cudaStream_t s) {{
    kernel{k}<<<(n + 255) / 256, 256, 0, s>>>(n, x, y, 2.0f);
}}
"""
OURS = """
constexpr auto kernel{k} = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) {{ y[i] = a * x[i] + y[i] * {k}.0f; }};
void run{k}(int64_t n, const warpx::array<const float, 1, warpx::device::cuda>& x,
            const warpx::array<float, 1, warpx::device::cuda>& y) {{
    warpx::launch<kernel{k}>(n, x, y, 2.0f);
}}
"""
CUDA = "#include <cuda_runtime.h>\n"
WARPX = "#include <warpx/cuda/cuda.cuh>\n"


def several(text, count):
    return "".join(text.format(k=k) for k in range(1, count + 1))


UNITS = {
    "raw, 1 launch": CUDA + several(RAW, 1),
    f"raw, {1 + FURTHER} launches": CUDA + several(RAW, 1 + FURTHER),
    "ours, 1 launch": WARPX + several(OURS, 1),
    f"ours, {1 + FURTHER} launches": WARPX + several(OURS, 1 + FURTHER),
}
ADJOINT_HEAD = f"""#include "{ROOT}/bench/adjoint_kernels.hpp"
#include <warpx/cuda/cuda.cuh>
#include <warpx/cuda/adjoint.cuh>
using namespace warpx;
template <class T, int N = 1> using gpu = array<T, N, device::cuda>;
"""
# Kernel: parameters, arguments, and the goal in seconds.
ADJOINTS = {
    "saxpy": ("gpu<const float> x, gpu<float> y", "n, x, y, 2.0f", 1.0),
    "branch2": ("gpu<const float> x, gpu<float> y", "n, x, y", 1.0),
    "matmul": ("gpu<const float, 2> a, gpu<const float, 2> b, gpu<float, 2> c", "{n, n}, a, b, c, 9", 1.0),
    "spring": ("gpu<const vec3f> p, gpu<vec3f> f, gpu<const int, 2> e, gpu<const float> r", "n, p, f, e, r, 2.0f", 1.0),
    "integrate": ("gpu<vec3f> x, gpu<vec3f> v, gpu<const vec3f> f, gpu<const float> m", "n, x, v, f, m, 0.01f", 2.0),
    "contact": ("gpu<const vec3f> x, gpu<const vec3f> v, gpu<vec3f> f", "n, x, v, f, 10.0f, 0.5f", 2.0),
}
HEADERS = ["array.hpp", "launch.hpp", "warpx.hpp", "cuda/stream.cuh", "cuda/launch.cuh", "cuda/cuda.cuh"]


def compile_once(folder, text, more=()):
    """Processor seconds; raises if it does not compile."""
    source = Path(folder) / "unit.cu"
    source.write_text(text)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = ["nvcc", *FLAGS, *more, "-c", source, "-o", Path(folder) / "unit.o"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"does not compile:\n{text}\n{done.stdout[-3000:]}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def measure(folder, units, rounds):
    """Name -> the seconds of every round."""
    seconds = defaultdict(list)
    for _ in range(rounds):
        for name, text in units.items():
            seconds[name].append(compile_once(folder, text))
    return seconds


def phases(folder, text):
    """Seconds of each phase of nvcc."""
    report = Path(folder) / "time.csv"
    report.unlink(missing_ok=True)
    compile_once(folder, text, ["--time", str(report)])
    found = defaultdict(float)
    for line in csv.reader(report.read_text().splitlines()):
        if len(line) == 8 and line[7].strip() == "ms":
            found[line[1].strip()] += float(line[6]) * 1e-3
    return found


def adjoints(folder, rounds):
    """1 if a goal is missed."""
    missed = 0
    for kernel, (parameters, arguments, goal) in ADJOINTS.items():
        forward = f"launch<kernels::{kernel}>({arguments});"
        both = f"{forward} launch_adjoint<kernels::{kernel}>({arguments});"
        texts = {body: f"{ADJOINT_HEAD}void run(int64_t n, {parameters}) {{ {body} }}\n" for body in (forward, both)}
        one, two = measure(folder, texts, rounds).values()
        value = statistics.median(b - a for a, b in zip(one, two))
        missed += value > goal
        verdict = "met" if value <= goal else "missed"
        print(f"adjoint of {kernel:10} over its launch: {value:+.2f} s, goal +{goal}: {verdict}", flush=True)
    return int(missed > 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--where", action="store_true", help="by header, and by phase of nvcc")
    parser.add_argument("--adjoint", action="store_true", help="adjoints only")
    args = parser.parse_args()
    if args.adjoint:
        with tempfile.TemporaryDirectory() as folder:
            return adjoints(folder, args.rounds)
    with tempfile.TemporaryDirectory() as folder:
        raw, raws, ours, all_ours = measure(folder, UNITS, args.rounds).values()
        for name, values in zip(UNITS, (raw, raws, ours, all_ours)):
            print(f"{name:20} {statistics.median(values):6.2f} s   [{min(values):.2f} {max(values):.2f}]")
        first = statistics.median(o - r for o, r in zip(ours, raw))
        further = statistics.median(((b - a) - (s - r)) / FURTHER for r, s, a, b in zip(raw, raws, ours, all_ours))
        for what, value, goal in (("the first", first, FIRST_GOAL), ("each further", further, FURTHER_GOAL)):
            verdict = "met" if value <= goal else "missed"
            print(f"{what} launch of a file over the raw kernel: {value:+.2f} s, goal +{goal}: {verdict}")
        if args.where:
            includes = {"": "", "cuda_runtime.h": CUDA, **{name: f"#include <warpx/{name}>\n" for name in HEADERS}}
            empty = None
            print("only included, over an empty file:")
            for header, values in measure(folder, includes, args.rounds).items():
                empty = statistics.median(values) if empty is None else empty
                print(f"  {header or 'empty file':24} {statistics.median(values) - empty * bool(header):6.2f} s")
            raw_one, _, ours_one, ours_all = UNITS.values()
            both = [phases(folder, text) for text in (raw_one, ours_one, ours_all)]
            print(f"phase of nvcc: raw, ours, ours with {1 + FURTHER} launches")
            for phase in both[-1]:
                print(f"  {phase:40} {'  '.join(f'{part.get(phase, 0):6.2f}' for part in both)} s")
    return 0 if first <= FIRST_GOAL and further <= FURTHER_GOAL else 1


if __name__ == "__main__":
    raise SystemExit(main())
