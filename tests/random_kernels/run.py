# SPDX-License-Identifier: Apache-2.0
# run.py: compiles random kernels and checks their gradients, for as long as it is told to.
#
#   run.py --seconds 600 --seed 1          new kernels from seed 1 on; stops at a wrong gradient and shows it reduced
#   run.py --cpu-seconds 3600 --jobs 2     the same by the time of the processors, compilers included
#   run.py --seeds 17,20-40 [--inputs N]   these kernels; @FILE: those of a file; today: a line of seeds.txt
#   run.py --cuda --jobs 16 ...            adjoints on a GPU against tangents and differences of the host
#   run.py ... --compiler clang++-19 --flags=-O3 --float --keep-going
"""Runs random kernels."""
import argparse
import concurrent.futures
import datetime
import pathlib
import resource
import shutil
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True
import generate  # noqa: E402
from builder import Builder, Stopped, add, failing  # noqa: E402
from minimise import minimise  # noqa: E402


def options():
    p = argparse.ArgumentParser()
    p.add_argument("--seconds", type=float, help="of wall time (60, if nothing else is said); what runs then is stopped")
    p.add_argument("--cpu-seconds", type=float, help="of all processors together; what runs then is finished")
    p.add_argument("--seed", type=int, default=1, help="the first kernel")
    p.add_argument("--seeds", help="such as 17,20-40, @FILE or today: these kernels, once")
    p.add_argument("--inputs", type=int, default=40)
    p.add_argument("--input-seed", type=int, default=1)
    p.add_argument("--batch", type=int, help="kernels in a translation unit: 4, with --cuda 3")
    p.add_argument("--jobs", type=int, default=1)
    p.add_argument("--cuda", action="store_true")
    p.add_argument("--arch", help="with --cuda: sm_90, if no GPU says otherwise")
    p.add_argument("--compile-only", action="store_true")
    p.add_argument("--compiler", default="g++")
    p.add_argument("--flags", help="-O1; with --cuda --fmad=false, so that ties are ties on both machines")
    p.add_argument("--float", action="store_true")
    p.add_argument("--include", help="the library's headers, if not those of this checkout")
    p.add_argument("--system", action="append", default=[], help="where dlpack is")
    p.add_argument("--driver", default="", help="more arguments for the driver: --retain, --written-have-gradients")
    p.add_argument("--keep-going", action="store_true")
    p.add_argument("--no-minimise", action="store_true")
    p.add_argument("--minimise-seconds", type=float, default=240)
    a = p.parse_args()
    if a.seeds is None and a.seconds is None and a.cpu_seconds is None:
        a.seconds = 60
    a.batch = a.batch or (3 if a.cuda else 4)
    if a.flags is None:
        a.flags = "--fmad=false" if a.cuda else "-O1"
    return a


def seeds_of(text):
    if text == "today":
        lines = [line for line in (HERE / "seeds.txt").read_text().splitlines() if line[:1].isdigit()]
        text = lines[datetime.date.today().toordinal() % len(lines)]
        print(f"today's line of seeds.txt: {text} (again: run.py --seeds {text})", flush=True)
    elif text.startswith("@"):
        text = "\n".join(line.split("#")[0] for line in pathlib.Path(text[1:]).read_text().splitlines())
    return generate.parse_seeds(text)


def cpu_seconds():
    use = [resource.getrusage(who) for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)]
    return sum(u.ru_utime + u.ru_stime for u in use)


def batches(a, start):
    if a.seeds:
        listed = seeds_of(a.seeds)
        for k in range(0, len(listed), a.batch):
            yield listed[k:k + a.batch]
        return
    seed = a.seed
    while (a.seconds is None or time.time() - start < a.seconds) and (a.cpu_seconds is None or cpu_seconds() < a.cpu_seconds):
        yield list(range(seed, seed + a.batch))
        seed += a.batch


def check(a, builder, start):
    """(kernels, totals, [(kernel, what it says)])"""
    kernels, totals, failures = 0, {}, []

    def one(seeds):
        made = [generate.make(s) for s in seeds]
        try:
            return made, *failing(builder, made, a.inputs, a.input_seed)
        except Stopped:
            print("  not finished in time: " + ", ".join(map(str, seeds)), flush=True)
            return [], {}, {}

    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        pending, source, stop = set(), batches(a, start), False
        while True:
            while not stop and len(pending) < a.jobs:
                seeds = next(source, None)
                if seeds is None:
                    break
                pending.add(pool.submit(one, seeds))
            if not pending:
                return kernels, totals, failures
            done, pending = concurrent.futures.wait(pending, return_when=concurrent.futures.FIRST_COMPLETED)
            for made, found, part in (d.result() for d in done):
                kernels += len(made)
                add(totals, part)
                for k in made:
                    if k.name in found:
                        print(f"  {found[k.name]}", flush=True)
                        failures.append((k, found[k.name]))
                        stop = stop or not a.keep_going
            print(f"{time.time() - start:7.0f} s  {kernels} kernels  {totals}", flush=True)


def reduce(a, builder, failures):
    builder.end = None
    for k, why in failures[:6 if a.keep_going else 1]:
        small = minimise(builder, k, a.inputs, a.input_seed, why.startswith("does not compile"), a.minimise_seconds)
        print(f"\n// seed {k.seed}: {why}\n{small.text()}", flush=True)
        found, _ = failing(builder, [small], a.inputs, a.input_seed)
        print("// reduced:", found.get(small.name, "(nothing)"))


def main():
    a = options()
    start = time.time()
    builder = Builder(a)
    if a.seconds is not None:
        builder.end = start + a.seconds
    try:
        kernels, totals, failures = check(a, builder, start)
        used = cpu_seconds()
        if failures and not a.no_minimise:
            reduce(a, builder, failures)
    finally:
        shutil.rmtree(builder.work, ignore_errors=True)
    n = lambda key: totals.get(key, 0)
    wrong = sum(not why.startswith("does not compile") for _, why in failures)
    print(f"{kernels} kernels, {n('pairs')} kernel-input pairs ({n('large') + n('vague')} left out: too large or too vague), "
          f"{n('differences')} compared with finite differences too, {used:.0f} CPU-seconds, "
          f"{len(failures) - wrong} do not compile, {wrong} wrong")
    return 1 if failures or not kernels else 0


if __name__ == "__main__":
    sys.exit(main())
