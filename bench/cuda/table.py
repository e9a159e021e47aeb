#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads what bench/cuda measured and prints the table of ratios with its goals, one screen.

    bench/cuda/table.py RESULT.json [PTXAS.log...]    the JSON of Google Benchmark, what `nvcc -Xptxas -v` printed
    bench/cuda/table.py --registers PTXAS.log...      registers and stack only: needs no GPU; 1 if a goal is missed

A ratio is the best peer's time divided by ours, round by round (above 1: we are faster): its median, and after ± half
the distance of the quartiles. `~`: the goal is missed by less than the upper quartile is away. `!`: missed.
"""
import json
import re
import statistics
import subprocess
import sys
from collections import defaultdict, namedtuple
from pathlib import Path

SIZES = [12, 16, 20, 24, 28]
JUDGED_FROM = 20
COPY_GOAL = 0.98
MORE_REGISTERS = 4
UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
SIGNS = {"raw": "r", "vector": "v", "vector16": "V", "thrust": "t", "thrust_copyable": "T", "cub": "c",
         "tile 32": "a", "tile 32 f4": "b", "tile 64 f4": "d", "registers": "e"}  # fmt: skip

# goal of the ratio; whether the copy is a goal too (a conditional write leaves sectors half written, which costs a
# read); our kernel and the trampolines it may take (none: only the run knows), the peer with vectors: as ptxas prints
# them.
Row = namedtuple("Row", "name goal copy kernel ways peer")
ROWS = [
    Row("saxpy", 0.99, True, "saxpy", "packets", "vectors<4, saxpy_op"),
    Row("branchy if/else", 0.99, True, "branchy", "packets", "vectors<4, branchy_op"),
    Row("conditional write", 0.99, False, "conditional", "packets", "vectors<4, conditional_op"),
    Row("3-point stencil", 0.99, False, "stencil", "columns items", "stencil_vectors"),
    Row("vec2", 0.99, True, "vec2_turn", "packets", "vectors<2, vec2_op"),
    Row("vec3", 0.99, True, "vec3_turn", "packets", "vectors<4, vec3_op"),
    Row("float16 add", 0.99, True, "add_half", "packets", "vectors<4, add_op, __half2"),
    Row("bfloat16 add", 0.99, True, "add_bfloat16", "packets", "vectors<4, add_op, __nv_bfloat162"),
    Row("int8 -> float", 0.99, True, "cast", "packets", "vectors<4, cast_op"),
    Row("2-D compact", 0.99, True, "axpy_2d", "packets", "vectors_2d<padded_axpy"),
    Row("2-D pitched", 0.99, True, "axpy_pitched", "tiles", "vectors_2d<padded_axpy"),
    Row("row broadcast", 0.99, True, "add_row", "tiles", "vectors_2d<plus_row"),
    Row("transposed operand", 0.99, False, "add_transposed", "crossed tiles", "tile_vectors<64, 16, true"),
    Row("transpose", 0.9, False, "transpose", "crossed tiles", "tile_vectors<64, 16, false"),
    Row("copy(), transposed", 0.9, False, None, "", "tile_vectors<64, 16, false"),
    Row("strided copy", 0.9, False, "every_second", "columns tiles", "vectors_2d<second"),
    Row("copy(), strided", 0.9, False, None, "", "vectors_2d<second"),
]


# Adjoints: goal of the ratio; of 2^log2 items and 4 times as many; Warp 1.19's milliseconds there, on an H100 too, which
# ours must beat by 1.25 (or reach 0.95 of a copy); the kernel, and how many scalars have gradients.
AdjointRow = namedtuple("AdjointRow", "name goal log2 warp kernel scalars stack")
ADJOINT_ROWS = [
    AdjointRow("saxpy", 0.95, 24, 0.3045, "saxpy", 0, 0),
    AdjointRow("saxpy, a", 0.95, 24, None, "saxpy", 1, 0),
    AdjointRow("saxpy +=", 0.95, 24, 0.0822, "saxpy_add", 0, 0),
    AdjointRow("branch", 0.95, 24, 0.1582, "branch", 0, 0),
    AdjointRow("branch2", 0.95, 24, 0.1411, "branch2", 0, 0),
    AdjointRow("early return", 0.95, 24, None, "early_return", 0, 0),
    AdjointRow("rosenbrock", 0.95, 24, 0.2288, "rosenbrock", 0, 0),
    AdjointRow("integrate", 0.95, 22, 0.2458, "integrate", 0, 0),
    AdjointRow("contact", 0.95, 22, None, "contact", 0, 0),
    AdjointRow("contact, ke mu", 0.95, 22, None, "contact", 2, 0),
    AdjointRow("spring", 0.95, 22, 0.2404, "spring", 0, 0),
    AdjointRow("spring, ks", 0.95, 22, None, "spring", 1, 0),
    AdjointRow("stencil", 0.95, 24, None, "stencil", 0, 0),
    AdjointRow("scatter", 0.95, 24, None, "scatter", 0, 0),
    AdjointRow("store, gather", 0.95, 24, None, "store_gather", 0, 0),
    AdjointRow("loss", 0.95, 24, None, "loss", 0, 0),
    AdjointRow("matmul, 48", 0.9, 20, 1.375, "matmul", 0, 0),
    AdjointRow("matmul, 1024", 0.9, 20, 22.6, "matmul", 0, 0),
    AdjointRow("carry, fold", None, 20, None, "carry_fold", 0, None),
]
WARP_GOAL, OR_COPY = 1.25, 0.95


# -- What was measured ------------------------------------------------------------------------------------------------
class Measured:
    def __init__(self, path):
        text = json.loads(Path(path).read_text())
        self.context = text["context"]
        self.seconds = defaultdict(dict)  # (row, log2) -> side -> seconds of each round
        self.rate = {}  # (row, log2, side) -> median of bytes per second
        self.resources = {}  # (row, side) -> registers, stack
        self.errors = []
        rates = defaultdict(list)
        for entry in text["benchmarks"]:
            if entry.get("run_type") == "aggregate":
                continue
            row, log2, side = split_name(entry["name"])
            if entry.get("error_occurred") or entry.get("skipped"):
                message = f"{row} 2^{log2}, {side}: {entry.get('error_message', entry.get('skip_message', ''))}"
                if message not in self.errors:
                    self.errors.append(message)
                continue
            sides = self.seconds[row, int(log2)]
            sides.setdefault(side, []).append(entry["real_time"] * UNITS[entry["time_unit"]])
            rates[row, int(log2), side].append(entry.get("bytes_per_second", 0))
            if "registers" in entry:
                self.resources[row, side] = int(entry["registers"]), int(entry.get("stack", 0))
        self.rate = {key: statistics.median(values) for key, values in rates.items()}


def split_name(name):
    """<row>/<log2>/<side>/...; rows may contain a slash."""
    found = re.match(r"(.*)/(\d+)/([^/]+)(/|$)", name)
    return found[1], found[2], found[3]


Ratio = namedtuple("Ratio", "median low high peer")


def quartiles(values):
    return statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3


def against(sides, peer):
    low, median, high = quartiles([p / o for p, o in zip(sides[peer], sides["ours"])])
    return Ratio(median, low, high, peer)


def best_ratio(sides):
    peers = [name for name in sides if name not in ("ours", "copy", "prepared")]
    if "ours" not in sides or not peers:
        return None
    return against(sides, min(peers, key=lambda name: statistics.median(sides[name])))


def mark(ratio, goal):
    if ratio.median >= goal:
        return " "
    return "~" if ratio.high >= goal else "!"


# -- Registers --------------------------------------------------------------------------------------------------------
def kernels_of(logs):
    """Demangled name -> (registers, stack bytes) of what ptxas compiled."""
    text = "\n".join(Path(log).read_text(errors="replace") for log in logs)
    found = re.findall(
        r"Compiling entry function '(\S+)' for.*?(\d+) bytes stack frame.*?Used (\d+) registers", text, re.DOTALL
    )
    names = "\n".join(name for name, _, _ in found)
    plain = subprocess.run(["c++filt"], input=names, stdout=subprocess.PIPE, text=True, check=True).stdout.split("\n")
    clean = [name.replace("(anonymous namespace)::", "").replace("bench::", "") for name in plain]
    return {name: (int(registers), int(stack)) for name, (_, stack, registers) in zip(clean, found)}


def resources_from_ptxas(row, kernels):
    """((registers, stack) of ours, of the peer); None for what is not found."""
    ours = None
    for way in row.ways.split():
        matching = [use for name, use in kernels.items() if re.search(rf"run_{way}<.*kernels::{row.kernel}\b", name)]
        if matching and ours is None:
            ours = max(matching)
    peer = next((use for name, use in kernels.items() if row.peer in name), None)
    return ours, peer


def judge_resources(ours, peer):
    if ours is None or peer is None:
        return "?", None
    met = ours[0] <= peer[0] + MORE_REGISTERS and ours[1] == 0
    stack = f", stack {ours[1]}" if ours[1] else ""
    return f"{ours[0]}/{peer[0]}{stack}{'' if met else '!'}", met


def print_registers(logs):
    kernels = kernels_of(logs)
    adjoints = {row: adjoint_resources(row, kernels) for row in ADJOINT_ROWS}
    texts = [f"{row.name} {f'{use[0]}/{use[1]}' if use else '?'}" for row, use in adjoints.items()]
    judged = {row.name: judge_resources(*resources_from_ptxas(row, kernels)) for row in ROWS if row.kernel}
    missed = sum(met is not True for _, met in judged.values())
    missed += sum(row.stack is not None and (use is None or use[1] > row.stack) for row, use in adjoints.items())
    print("registers, ours/hand-written with vectors (goal: at most 4 more, no stack; ! missed, ? unknown):")
    print("  " + ", ".join(f"{name} {text}" for name, (text, _) in judged.items()))
    print("adjoints, registers/bytes of stack (goal: none, but for carry):\n  " + ", ".join(texts))
    return 1 if missed else 0


# -- The table --------------------------------------------------------------------------------------------------------
def line_of(row, measured, kernels, counts):
    cells, missed, close = [], [], []
    for log2 in SIZES:
        ratio = best_ratio(measured.seconds.get((row.name, log2), {}))
        if ratio is None:
            cells.append(f"{'-':>12}")
            continue
        sign = mark(ratio, row.goal)
        spread = f"{(ratio.high - ratio.low) / 2:.3f}".lstrip("0")
        cells.append(f"{ratio.median:.3f}{SIGNS.get(ratio.peer, '?')}±{spread}{sign}")
        if log2 >= JUDGED_FROM:
            counts["goals"] += 1
            counts["missed"] += sign == "!"
            missed += [f"2^{log2}"] if sign == "!" else []
            close += [f"2^{log2}"] if sign == "~" else []
    largest = max((log2 for name, log2 in measured.seconds if name == row.name), default=None)
    sides = measured.seconds.get((row.name, largest), {})
    rate, copy = measured.rate.get((row.name, largest, "ours"), 0) * 1e-9, "-"
    if "copy" in sides and "ours" in sides:
        ratio = against(sides, "copy")
        copy = f"{ratio.median:.3f}"
        if row.copy and largest == SIZES[-1]:
            sign = mark(ratio, COPY_GOAL)
            copy += sign
            counts["goals"] += 1
            counts["missed"] += sign == "!"
            missed += ["copy"] if sign == "!" else []
            close += ["copy"] if sign == "~" else []
    ours, peer = resources_from_ptxas(row, kernels)
    peer_side = "tile 64 f4" if "tile_vectors" in row.peer else "vector"
    registers, met = judge_resources(
        measured.resources.get((row.name, "ours"), ours), measured.resources.get((row.name, peer_side), peer)
    )
    counts["goals"] += met is not None
    counts["missed"] += met is False
    missed += ["registers"] if met is False else []
    verdict = "missed: " + " ".join(missed) if missed else "within the spread" if close else "met"
    if not sides:
        verdict = "not measured"
    return f"{row.name:18} {row.goal:4} {' '.join(cells)} {rate:5.0f} {copy:7} {registers:>7} {verdict}"


def cost_lines(measured, counts):
    sides = measured.seconds.get(("host cost", 12), {})
    if "ours" in sides and "raw" in sides:
        median = {name: statistics.median(values) * 1e9 for name, values in sides.items()}
        low, middle, high = quartiles([(o - r) * 1e9 for o, r in zip(sides["ours"], sides["raw"])])
        verdict = "met" if middle <= 100 else "within the spread" if low <= 100 else "missed"
        counts["goals"] += 1
        counts["missed"] += verdict == "missed"
        yield (
            f"host cost of a launch, 3 arrays: ours {median['ours']:.0f} ns, prepared {median.get('prepared', 0):.0f}, "
            f"raw <<<>>> {median['raw']:.0f}: {middle:+.0f} ns [{low:+.0f} {high:+.0f}], goal +100: {verdict}"
        )
    for log2 in SIZES:
        sides = measured.seconds.get(("graph of 100", log2), {})
        if "ours" not in sides or "vector" not in sides:
            continue
        low, middle, high = quartiles([o / r for o, r in zip(sides["ours"], sides["vector"])])
        verdict = "met" if middle <= 1.02 else "within the spread" if low <= 1.02 else "missed"
        counts["goals"] += 1
        counts["missed"] += verdict == "missed"
        median = {name: statistics.median(values) * 1e8 for name, values in sides.items()}
        yield (
            f"graph of 100 launches, 2^{log2}, launch to end: ours {median['ours']:.1f} us, raw graph "
            f"{median['vector']:.1f}: {middle:.3f} [{low:.3f} {high:.3f}], goal 1.02: {verdict}"
        )


def adjoint_resources(row, kernels):
    """(registers, stack) of the adjoint without a tape in memory."""
    found = [
        use
        for name, use in kernels.items()
        if re.search(rf"run_adjoint<.*kernels::{row.kernel}\b", name)
        and len(set(re.findall(r"scalar_view<(\w+), \w+>", name))) == min(row.scalars, 1)
    ]
    return max(found) if found else None


def adjoint_line(row, measured, kernels, counts):
    cells, missed, close = [], [], []

    def judge(what, sign):
        counts["goals"] += 1
        counts["missed"] += sign == "!"
        (missed if sign == "!" else close if sign == "~" else []).append(what)
        return sign

    name = f"adjoint {row.name}"
    base = measured.seconds.get((name, row.log2), {})
    for log2 in (row.log2, row.log2 + 2):
        ratio = best_ratio(measured.seconds.get((name, log2), {}))
        if ratio is None:
            cells.append(f"{'-':>19}")
            continue
        sign = judge(f"2^{log2}", mark(ratio, row.goal)) if row.goal else " "
        spread = f"{(ratio.high - ratio.low) / 2:.3f}".lstrip("0")
        cells.append(f"{ratio.median:.3f}±{spread}{sign}{ratio.peer:>9}")
    rate = measured.rate.get((name, row.log2 + 2, "ours"), 0) * 1e-9
    copy = against(base, "copy") if "copy" in base and "ours" in base else None
    warp = None
    if row.warp and "ours" in base:
        warp = row.warp * 1e-3 / statistics.median(base["ours"])
        judge("Warp", " " if warp >= WARP_GOAL or copy and copy.high >= OR_COPY else "!")
    use = adjoint_resources(row, kernels)
    resources = f"{use[0]}/{use[1]}" if use else "?"
    if use and row.stack is not None:
        judge("stack", " " if use[1] <= row.stack else "!")
    verdict = "missed: " + " ".join(missed) if missed else "within the spread" if close else "met" if row.goal else "-"
    took = f"{statistics.median(base['ours']) * 1e3:9.4f}" if "ours" in base else f"{'-':>9}"
    return (
        f"{row.name:15} {row.goal or '-':>4} {took} {'  '.join(cells)} {rate:5.0f} "
        f"{f'{copy.median:.2f}' if copy else '-':>5} {f'{warp:.2f}' if warp else '-':>5} {resources:>8} {verdict}"
    )


def adjoint_lines(measured, kernels, counts):
    if not any(name.startswith("adjoint ") for name, _ in measured.seconds):
        return
    yield "adjoints: best hand-written one's time / ours; Warp: its time on such a GPU / ours, goal 1.25 or 0.95 of a copy"
    head = "  ".join(text.rjust(19) for text in ("2^24 (22, 20)", "4 x that"))
    yield f"{'':15} goal {'ms':>9} {head}  GB/s  copy  Warp reg/stack"
    for row in ADJOINT_ROWS:
        yield adjoint_line(row, measured, kernels, counts)


def main(arguments):
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 2
    if arguments[0] == "--registers":
        return print_registers(arguments[1:])
    measured = Measured(arguments[0])
    kernels = kernels_of(arguments[1:]) if arguments[1:] else {}
    counts = defaultdict(int)
    gpu = measured.context.get("gpu", "?")
    print(f"{gpu}: best peer's time / ours by items (above 1: we are faster), ± half the quartiles' distance")
    print(f"{'':18} goal {' '.join(f'2^{k}'.rjust(12) for k in SIZES)}  GB/s copy       regs")
    for row in ROWS:
        print(line_of(row, measured, kernels, counts))
    print("  " + ", ".join(f"{sign} {name}" for name, sign in SIGNS.items()) + "; ~ within the spread, ! missed")
    print("  GB/s and the ratio to a copy: largest size; registers: ours/vector; 2^12 to 2^20: graphs of 100 launches")
    for line in cost_lines(measured, counts):
        print(line)
    for line in adjoint_lines(measured, kernels, counts):
        print(line)
    for error in measured.errors[:5]:
        print(f"NOT MEASURED {error}"[:160])
    if len(measured.errors) > 5:
        print(f"NOT MEASURED: {len(measured.errors) - 5} more")
    print(f"goals: {counts['goals'] - counts['missed']} of {counts['goals']} met or within the spread")
    return 1 if measured.errors else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
