# SPDX-License-Identifier: Apache-2.0
"""Runs the benchmarks and compares warpx with its peers: `case | ours | peer | ratio | goal | met`.

    tools/bench host|adjoint|operations [--quick] [--json FILE] [--only REGEX] [--repeat N] [--seconds S]

A ratio is our time divided by the peer's. Each side runs in a process of its own; the two take turns, and the
ratio of a case is the median over the turns, its spread the quartiles. A goal is missed if the better quartile
misses it; if only the median does, the table says "noise" (met, but `clear` is false in the JSON). Goals are in goals.json. `--only` takes a regular expression
over the sections of host: loops, threads, nests, import, python, compile; of adjoint: adjoint, warp, compile; of operations: operations, compile.
"""
import argparse
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
BUILD = Path(os.environ.get("WARPX_BUILD_DIR", ROOT / "build" / "bench"))
PROGRAMS = BUILD / "programs"
COMPILER = os.environ.get("CXX", "c++")
UNITS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


# -- Processes --------------------------------------------------------------------------------------------------------
def google_benchmark(command, clock="real_time"):
    """Name -> nanoseconds of a program that prints Google Benchmark's JSON."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=600)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{done.stderr[-2000:]}")
    times = {}
    for row in json.loads(done.stdout or '{"benchmarks": []}')["benchmarks"]:
        name = re.sub(r"/(real_time|manual_time|iterations:\d+)", "", row["name"])
        times[name] = row[clock] * UNITS[row["time_unit"]]
    return times


def program(name, pattern, seconds, clock="cpu_time"):
    """What runs on one thread is measured by the processor time it took, which other processes disturb less."""
    options = [f"--benchmark_filter={pattern}", f"--benchmark_min_time={seconds}", "--benchmark_format=json"]
    return google_benchmark([PROGRAMS / name, *options], clock)


def take_turns(sides, repeat):
    """[{side: times}] of `repeat` rounds; every round runs each side once, in alternating order."""
    rounds = []
    for turn in range(repeat):
        order = list(sides) if turn % 2 == 0 else list(sides)[::-1]
        rounds.append({side: sides[side]() for side in order})
    return rounds


# -- The table --------------------------------------------------------------------------------------------------------
class Table:
    def __init__(self):
        self.goals = json.loads((HERE / "goals.json").read_text())
        self.rows = []
        self.notes = []

    def goal_of(self, case):
        for goal in self.goals:
            if re.search(goal["case"], case) and re.search(goal.get("compiler", ""), compiler_name()):
                return goal
        return {}

    def add(self, case, ours, peers, unit="ns"):
        """One row. `ours` and `peers` are what each round measured; without peers only an absolute goal can hold."""
        goal, texts, met, clear = self.goal_of(case), [], [], []
        row = {"case": case, "unit": unit, "ours": statistics.median(ours), "peer": None, "ratio": None, "spread": None}
        if peers:
            ratios = sorted(a / b for a, b in zip(ours, peers))
            low, high = quartiles(ratios)
            row |= {"peer": statistics.median(peers), "ratio": statistics.median(ratios), "spread": [low, high]}
            if "ratio_at_most" in goal:
                texts.append(f"<= {goal['ratio_at_most']:.3g} x")
                met.append(low <= goal["ratio_at_most"])
                clear.append(row["ratio"] <= goal["ratio_at_most"])
            if "ratio_below" in goal:
                texts.append("faster" if goal["ratio_below"] == 1 else f"< {goal['ratio_below']:.3g} x")
                met.append(low < goal["ratio_below"])
                clear.append(row["ratio"] < goal["ratio_below"])
        if "ours_at_most" in goal:
            texts.append(f"<= {goal['ours_at_most']:g} {unit}")
            met.append(quartiles(sorted(ours))[0] <= goal["ours_at_most"])
            clear.append(row["ours"] <= goal["ours_at_most"])
        row |= {"goal": ", ".join(texts) or None, "met": all(met) if met else None}
        row["clear"] = None if row["met"] is None else all(clear) or not row["met"]
        self.rows.append(row)
        if not self.rows[:-1]:
            print("| case | ours | peer | ratio | goal | met |\n|---|---|---|---|---|---|", flush=True)
        print(self.line(row), flush=True)

    def note(self, text):
        self.notes.append(text)

    @staticmethod
    def line(row):
        ratio = "-"
        if row["ratio"] is not None:
            ratio = f"{row['ratio']:.2f} ({row['spread'][0]:.2f} to {row['spread'][1]:.2f})"
        met = "noise" if row["clear"] is False else {True: "yes", False: "NO", None: "-"}[row["met"]]
        ours, peer = (number(row[key], row["unit"]) for key in ("ours", "peer"))
        return f"| {row['case']} | {ours} | {peer} | {ratio} | {row['goal'] or '-'} | {met} |"


def quartiles(values):
    if len(values) < 2:
        return values[0], values[-1]
    cut = statistics.quantiles(values, n=4, method="inclusive")
    return cut[0], cut[2]


def number(value, unit):
    if value is None:
        return "-"
    if unit == "ns":
        for name in ("ns", "us", "ms"):
            if value < 1000:
                break
            value /= 1000
        unit = name
    return f"{value:.3g} {unit}"


def power(n):
    """1000 -> 1e3."""
    text = str(n)
    return f"1e{len(text) - 1}" if n > 1 and text.strip("0") == "1" else text


_compiler_name = None


def compiler_name():
    global _compiler_name
    if _compiler_name is None:
        done = subprocess.run([COMPILER, "-v"], stderr=subprocess.PIPE, text=True)
        _compiler_name = "clang++" if "clang" in done.stderr else "g++"
    return _compiler_name


# -- Sections ---------------------------------------------------------------------------------------------------------
KERNELS = ["saxpy", "branchy", "rosenbrock vec2", "rosenbrock gradient vec2", "stencil", "saxpy bfloat16", "int", "bool"]


def loops(table, args):
    sizes = [1000, 1000000] if args.quick else [10**k for k in range(3, 9)]
    pattern = f"({'|'.join(map(str, sizes))})$"
    for level in ("O2", "O3"):
        for kernel in KERNELS:
            sides = {
                side: lambda side=side: program(f"loops_{level}", f"^{kernel}/{side}/{pattern}", args.seconds)
                for side in ("ours", "plain")
            }
            rounds = take_turns(sides, args.repeat)
            for n in sizes:
                series = [[r[side][f"{kernel}/{side}/{n}"] for r in rounds] for side in ("ours", "plain")]
                table.add(f"{kernel} n={power(n)} -{level}, one thread, vs plain loop", *series)


def threads(table, args):
    names = {"openmp": "OpenMP", "tbb": "oneTBB", "std": "std::for_each(par)"}
    peers = [peer for peer in names if (PROGRAMS / f"parallel_{peer}").exists()]
    table.notes += [f"{names[p]} is not installed: left out" for p in names if p not in peers]
    sizes = [1, 1000, 1000000] if args.quick else [10**k for k in range(9)]
    saxpy = f"^saxpy/({'|'.join(map(str, sizes))})/"
    sides = {
        side: lambda side=side: program(f"parallel_{side}", f"{saxpy}|^four|^imbal", args.seconds, "real_time")
        for side in ["warpx", *peers]
    }
    rounds = take_turns(sides, args.repeat)

    def rows(case, name):
        for peer in peers:
            table.add(f"{case}, vs {names[peer]}", [r["warpx"][name] for r in rounds], [r[peer][name] for r in rounds])

    for n in sizes:
        rows(f"saxpy n={power(n)}, all threads", f"saxpy/{n}")
    rows("4 application threads, n=1e4", "four_threads/10000")
    rows("imbalanced kernel (OpenMP: dynamic)", "imbalanced/4096")


LAYOUTS = ["compact", "strided", "both transposed", "one transposed"]


def nests(table, args):
    sizes = [512, 4096] if args.quick else [64, 512, 4096]
    python = [sys.executable, HERE / "host" / "nests_peers.py"]
    sides = {
        "ours": lambda: program("nests", "/ours/", args.seconds),
        "plain": lambda: program("nests", "/plain/", args.seconds),
    }
    names = {"plain": "hand-written nest", "numpy": "NumPy", "torch": "torch"}
    for module in ("numpy", "torch"):
        if subprocess.run([sys.executable, "-c", f"import {module}"], stderr=subprocess.DEVNULL).returncode == 0:
            sides[module] = lambda module=module: google_benchmark(
                [*python, module, str(args.seconds), *map(str, sizes)]
            )
        else:
            table.note(f"{names[module]} is not installed: left out")
    rounds = take_turns(sides, args.repeat)
    for layout in LAYOUTS:
        for n in sizes:
            for peer in list(sides)[1:]:
                table.add(
                    f"2-D {layout} {n} x {n} floats, one thread, vs {names[peer]}",
                    [r["ours"][f"{layout}/ours/{n}"] for r in rounds],
                    [r[peer][f"{layout}/{peer}/{n}"] for r in rounds],
                )


def import_(table, args):
    sides = {"warpx": lambda: program("import_dlpack", ".", args.seconds)}
    if list(PROGRAMS.glob("bench_nanobind*.so")):
        script = "import bench_nanobind as b; print(sorted(b.import_time(1000) for _ in range(101))[50])"
        environment = {**os.environ, "PYTHONPATH": str(PROGRAMS)}
        sides["nanobind"] = lambda: float(
            subprocess.run(
                [sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, check=True, text=True
            ).stdout
        )
    else:
        table.note("nanobind is not installed: left out of the import of DLPack structs")
    rounds = take_turns(sides, max(args.repeat, 7))
    has_cccl = "cccl" in rounds[0]["warpx"]
    if not has_cccl:
        table.note("the installed CCCL has no to_host_mdspan (or there is none): left out")
    for kind in ("borrowed", "owning"):
        case, ours = f"DLPack struct, {kind}", [r["warpx"][f"ours_{kind}"] for r in rounds]
        if "nanobind" in sides:
            table.add(f"{case}, vs nanobind from a capsule", ours, [r["nanobind"] for r in rounds])
        if has_cccl:
            table.add(f"{case}, vs CCCL to_host_mdspan", ours, [r["warpx"]["cccl"] for r in rounds])
        if "nanobind" not in sides and not has_cccl:
            table.add(case, ours, None)


def python(table, args):
    script = HERE / "python" / "import_bench.py"
    if not script.exists():
        table.note("bench/python/import_bench.py is not there: no figures from Python")
        return
    # It prints the same JSON as Google Benchmark, with names <array>/<ours or peer>.
    rounds = [google_benchmark([sys.executable, script, "--json"]) for _ in range(args.repeat)]
    arrays = sorted({name.split("/")[0] for name in rounds[0]})
    for array in arrays:
        for peer in sorted(name.split("/")[1] for name in rounds[0] if name.startswith(array + "/")):
            if peer != "ours":
                series = [[r[f"{array}/{side}"] for r in rounds] for side in ("ours", peer)]
                table.add(f"from Python, one {array} argument, vs {peer}", *series)


# -- Operations -------------------------------------------------------------------------------------------------------
def operations(table, args):
    script = [sys.executable, HERE / "python" / "operations_bench.py", "--json", *(["--quick"] if args.quick else [])]
    rounds = [google_benchmark(script) for _ in range(max(2, args.repeat // 2))]
    sides = defaultdict(set)
    for name in rounds[0]:
        case, side = name.rsplit("/", 1)
        sides[case].add(side)
    for case, found in sides.items():
        series = {side: [r[f"{case}/{side}"] for r in rounds] for side in found}
        peers = sorted(side for side in found if not side.startswith("ours"))
        if not peers:
            table.add(f"operation, {case}", series["ours"], None)
        for mine in sorted(side for side in found if side.startswith("ours")):
            for peer in peers:
                table.add(f"operation, {case}{mine[4:]}, vs {peer}", series[mine], series[peer])


def operations_compile_time(table, args):
    """The module of two operations in four types: a file for each type, and the whole."""
    source = (HERE / "python" / "operations.cpp").read_text()
    flags = [word for flag in include_flags() for word in flag.split()] + [f"-I{sysconfig.get_path('include')}"]
    keep = re.sub(r"WARPX_PYTHON_MODULE.*", "WARPX_PYTHON_MODULE(bench_operations, saxpy_op, matmul_op)", source)
    keep = re.sub(r"constexpr auto rosenbrock_op =.*?;\n", "", keep, flags=re.S)
    with tempfile.TemporaryDirectory() as folder:
        unit = Path(folder) / "unit.cpp"
        for types in ("float", "double", "warpx::half", "warpx::bfloat16", "float, double, warpx::half, warpx::bfloat16"):
            text = keep.replace("in<float", "in<T").replace("out<float", "out<T").replace("value<float", "value<T")
            text = text.replace("inout<float", "inout<T")
            unit.write_text(text.replace("using warpx::in,", f"using T = warpx::any_of<{types}>;\nusing warpx::in,"))
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([COMPILER, "-std=c++20", "-O2", "-fPIC", "-fvisibility=hidden", "-c", unit, "-o",
                            Path(folder) / "unit.o", *flags], check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            table.add(f"compile: module of saxpy and matmul in {types.replace('warpx::', '')}",
                      [after.ru_utime - before.ru_utime], None, "s")


LAUNCH = """
constexpr auto kernel{k} = [] WARPX_KERNEL (auto i, auto x, auto y, auto a) {{ y[i] = a * x[i] + y[i] * {k}.0f; }};
void run{k}(int64_t n, const warpx::array<const float, 1>& x, const warpx::array<float, 1>& y) {{
    warpx::launch<kernel{k}>(n, x, y, 2.0f);
}}
"""
NO_LAUNCH = """
constexpr auto kernel = [] WARPX_KERNEL (auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
int64_t run(const warpx::array<const float, 1>& x, const warpx::array<float, 1>& y) { return x.size() + y.size(); }
"""


def include_flags():
    """Include folders of the benchmark build: ours, and where it found dlpack.h."""
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    command = next(c["command"] for c in commands if c["file"].endswith("host/loops.cpp"))
    return re.findall(r"-I\s*\S+|-isystem\s+\S+", command)


def compile_time(table, args):
    flags = [word for flag in include_flags() for word in flag.split()]
    umbrella = "#include <warpx/warpx.hpp>\n"
    with tempfile.TemporaryDirectory() as folder:

        def seconds(text, level, more=()):
            source = Path(folder) / "unit.cpp"
            source.write_text(text)
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run(
                [COMPILER, "-std=c++20", level, "-c", source, "-o", Path(folder) / "unit.o", *flags, *more],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            return after.ru_utime - before.ru_utime if done.returncode == 0 else None

        repeat = max(args.repeat, 5)

        def series(*units):
            """The seconds of each unit, by turns; None for one that does not compile."""
            rounds = [[seconds(*unit) for unit in units] for _ in range(repeat)]
            return [None if None in column else list(column) for column in zip(*rounds)]

        peers = {
            "nanobind/ndarray.h": ("#include <nanobind/ndarray.h>\n", nanobind_flags()),
            "<mdspan>": ("#include <mdspan>\nstatic_assert(__cpp_lib_mdspan > 0);\n", ["-std=c++23"]),
            "<cuda/std/mdspan> of the CUDA toolkit": ("#include <cuda/std/mdspan>\n", cccl_flags()),
        }
        units = [(umbrella, "-O0")] + [(text, "-O0", more or []) for text, more in peers.values()]
        ours, *others = series(*units)
        found = False
        for name, times in zip(peers, others):
            if times:
                table.add(f"compile: warpx.hpp, empty file, -O0, vs {name}", ours, times, "s")
                found = True
            else:
                table.note(f"{name} does not compile with {COMPILER}: left out of the compile times")
        if not found:
            table.add("compile: warpx.hpp, empty file, -O0", ours, None, "s")

        one = umbrella + LAUNCH.format(k=1)
        ten = umbrella + "".join(LAUNCH.format(k=k) for k in range(1, 11))
        none, first, all_ten = series((umbrella + NO_LAUNCH, "-O2"), (one, "-O2"), (ten, "-O2"))
        table.add("compile: the first launch of a file, -O2", [b - a for a, b in zip(none, first)], None, "s")
        table.add("compile: each further launch, -O2", [(b - a) / 9 for a, b in zip(first, all_ten)], None, "s")


def nanobind_flags():
    done = subprocess.run(
        [sys.executable, "-m", "nanobind", "--include_dir"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    return [f"-I{done.stdout.strip()}", f"-I{sysconfig.get_path('include')}"] if done.returncode == 0 else None


def cccl_flags():
    nvcc = shutil.which("nvcc")
    for root in ([Path(nvcc).resolve().parent.parent] if nvcc else []) + [Path("/usr/local/cuda")]:
        if (root / "include" / "cccl").is_dir():
            return [f"-I{root / 'include' / 'cccl'}", f"-I{root / 'include'}"]
    return None


# -- Adjoints ---------------------------------------------------------------------------------------------------------
PEERS = {"hand": "by hand", "hand atomic": "by hand with atomics"}


def split_case(name):
    """<kernel>/<side>/<items>"""
    kernel, side, items = name.rsplit("/", 2)
    return kernel, side, int(items)


def adjoint(table, args):
    """Times by the wall clock: an iteration is the median of some launches, so that others disturb it little."""
    subprocess.run([PROGRAMS / "adjoint", "--compare"], check=True)
    names = subprocess.run([PROGRAMS / "adjoint", "--benchmark_list_tests"], stdout=subprocess.PIPE, text=True, check=True)
    cases = defaultdict(lambda: (set(), set()))  # kernel -> sides, items
    for line in filter(None, names.stdout.split("\n")):
        kernel, side, items = split_case(line.replace("/manual_time", ""))
        if not (args.quick and items > 100000):
            cases[kernel][0].add(side)
            cases[kernel][1].add(items)
    for kernel, (found, sizes) in cases.items():
        pattern = kernel.replace("+", "[+]")
        sized = "|".join(map(str, sizes))
        sides = {
            side: lambda side=side: program("adjoint", f"^{pattern}/{side}/({sized})/", args.seconds, "real_time")
            for side in sorted(found, reverse=True)
        }
        rounds = take_turns(sides, args.repeat)
        what = kernel if kernel.endswith("tangent") else f"adjoint of {kernel}"
        for items in sorted(sizes):
            series = {side: [r[side][f"{kernel}/{side}/{items}"] for r in rounds] for side in sides}
            for peer in ("hand", "hand atomic"):
                if peer in found:
                    case = f"{what}, n={power(items)}, one thread, vs {PEERS[peer]}"
                    table.add(case, series["ours"], series[peer])
            table.add(f"{what}, n={power(items)}, all threads, vs one", series["ours all threads"], series["ours"])


WARP_KERNELS = ["saxpy", "rosenbrock vec2", "branch", "integrate vec3", "spring vec3", "matmul"]


def warp(table, args):
    """NVIDIA Warp's adjoints on the CPU, if WARPX_BENCH_WARP names a Python that has it, or this one has."""
    python = os.environ.get("WARPX_BENCH_WARP", sys.executable)
    if subprocess.run([python, "-c", "import warp"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL).returncode != 0:
        table.note("NVIDIA Warp is not installed (WARPX_BENCH_WARP=<a Python with warp-lang>): left out")
        return
    pattern = f"^({'|'.join(WARP_KERNELS)})/ours all threads/"
    sides = {
        "ours": lambda: program("adjoint", pattern, args.seconds, "real_time"),
        "warp": lambda: google_benchmark([python, HERE / "python" / "adjoint_warp.py", str(args.seconds)]),
    }
    rounds = take_turns(sides, min(args.repeat, 3))
    for name in rounds[0]["warp"]:
        kernel, _, items = split_case(name)
        ours = [r["ours"][f"{kernel}/ours all threads/{items}"] for r in rounds]
        table.add(f"adjoint of {kernel}, n={power(items)}, all threads, vs Warp", ours, [r["warp"][name] for r in rounds])


COMPILED = {
    "saxpy": ("const in<float>& x, const out<float>& y", "n, x, y, 2.0f"),
    "branch2": ("const in<float>& x, const out<float>& y", "n, x, y"),
    "matmul": ("const array<const float, 2>& a, const array<const float, 2>& b, const array<float, 2>& c",
               "{n, n}, a, b, c, 9"),
    "spring": ("const in<vec3f>& p, const out<vec3f>& f, const array<const int, 2>& e, const in<float>& r",
               "n, p, f, e, r, 2.0f"),
    "integrate": ("const out<vec3f>& x, const out<vec3f>& v, const in<vec3f>& f, const in<float>& m",
                  "n, x, v, f, m, 0.01f"),
    "contact": ("const in<vec3f>& x, const in<vec3f>& v, const out<vec3f>& f", "n, x, v, f, 10.0f, 0.5f"),
}  # fmt: skip
COMPILED_HEAD = """#include "{root}/bench/adjoint_kernels.hpp"
#include <warpx/host/adjoint.hpp>
using namespace warpx;
template <class T> using in = array<const T, 1>;
template <class T> using out = array<T, 1>;
"""


def adjoint_compile_time(table, args):
    flags = [word for flag in include_flags() for word in flag.split()]
    head = COMPILED_HEAD.format(root=ROOT)
    with tempfile.TemporaryDirectory() as folder:
        for kernel, (parameters, arguments) in COMPILED.items():
            forward = f"launch<kernels::{kernel}>({arguments});"
            both = f"{forward} launch_adjoint<kernels::{kernel}>({arguments});"
            seconds = []
            for body in [forward, both] * (1 if args.quick else 3):
                source = Path(folder) / "unit.cpp"
                source.write_text(f"{head}void run(int64_t n, {parameters}) {{ {body} }}\n")
                before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
                command = [COMPILER, "-std=c++20", "-O2", "-fno-math-errno", "-c", source, "-o", Path(folder) / "unit.o"]
                subprocess.run([*command, *flags], check=True)
                seconds.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
            over = [b - a for a, b in zip(seconds[::2], seconds[1::2])]
            table.add(f"compile: adjoint of {kernel} over its launch, -O2", over, None, "s")


SECTIONS = {
    "host": {
        "loops": loops,
        "threads": threads,
        "nests": nests,
        "import": import_,
        "python": python,
        "compile": compile_time,
    },
    "adjoint": {"adjoint": adjoint, "warp": warp, "compile": adjoint_compile_time},
    "operations": {"operations": operations, "compile": operations_compile_time},
}


def main():
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=list(SECTIONS))
    parser.add_argument("--json", metavar="FILE", help="write the rows as a list of objects")
    parser.add_argument("--quick", action="store_true", help="fewer sizes and repetitions, below 2 minutes")
    parser.add_argument("--only", default=".", metavar="REGEX", help="sections, such as compile")
    parser.add_argument("--repeat", type=int, help="turns of each side (5; quick: 3)")
    parser.add_argument("--seconds", type=float, help="least time of one measurement (0.03; quick: 0.01)")
    args = parser.parse_args()
    args.repeat = args.repeat or (3 if args.quick else 5)
    args.seconds = args.seconds or (0.01 if args.quick else 0.03)

    table = Table()
    if os.getloadavg()[0] > 0.5:
        load = f"load {os.getloadavg()[0]:.1f} at the start"
        table.note(f"Other processes were running ({load}): what uses all threads measured them too.")
    for name, section in SECTIONS[args.what].items():
        if re.search(args.only, name):
            section(table, args)
    for note in table.notes:
        print(f"\n{note}", end="")
    missed = [row for row in table.rows if row["met"] is False]
    judged = [row for row in table.rows if row["met"] is not None]
    noisy = [row for row in judged if row["clear"] is False]
    print(f"\n\n{len(judged) - len(missed)} of {len(judged)} goals met, {len(noisy)} of them only within the noise;", end=" ")
    print(f"{len(table.rows) - len(judged)} rows without a goal; {compiler_name()}, {os.cpu_count()} processors")
    if args.json:
        Path(args.json).write_text(json.dumps(table.rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
