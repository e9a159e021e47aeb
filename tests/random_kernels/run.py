# SPDX-License-Identifier: Apache-2.0
# run.py: compiles random kernels and checks their gradients, for as long as it is told to.
#
#   run.py --seconds 600 --seed 1          new kernels from seed 1 on; stops at a wrong gradient and shows it reduced
#   run.py --seeds 17,20-40 [--inputs N]   these kernels
#   run.py ... --compiler clang++-19 --flags '-O3' --float --keep-going --emit-cuda FILE
#
# Headers are copied at the start, so that edits meanwhile do not matter.
"""Runs random kernels."""
import argparse
import concurrent.futures
import copy
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True
import generate  # noqa: E402


class Builder:
    def __init__(self, a):
        self.a = a
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="random_kernels."))
        shutil.copytree(a.include or ROOT / "include", self.work / "include")
        for name in ("harness.hpp", "functions.hpp", "driver.cpp"):
            shutil.copy(HERE / name, self.work / name)
        self.count = 0
        self.driver = self.work / "driver.o"
        ok, text = self.compile(self.work / "driver.cpp", self.driver, "-O1")
        if not ok:
            raise SystemExit("driver.cpp does not compile:\n" + text)

    def compile(self, source, target, flags):
        a = self.a
        command = [a.compiler, "-std=c++20", "-w", *flags.split(), "-fno-math-errno", f"-I{self.work}",
                   f"-I{self.work}/include", *[x for d in a.system for x in ("-isystem", d)], "-c", str(source), "-o", str(target)]
        if a.compiler.startswith("g++"):
            command.insert(1, "--param=vect-max-version-for-alias-checks=200")
        if a.float:
            command.append("-DRK_FLOAT")
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode == 0, done.stderr

    def program(self, kernels):
        """(path, "") or (None, why)"""
        self.count += 1
        stem = self.work / f"k{self.count}"
        source = stem.with_suffix(".cpp")
        source.write_text(generate.source(kernels))
        ok, text = self.compile(source, stem.with_suffix(".o"), self.a.flags)
        if not ok:
            return None, text
        link = [self.a.compiler, str(stem.with_suffix(".o")), str(self.driver), "-o", str(stem), "-pthread", *[f for f in self.a.flags.split() if f.startswith("-fsan")]]
        done = subprocess.run(link, capture_output=True, text=True, check=False)
        stem.with_suffix(".o").unlink()
        return (stem, "") if done.returncode == 0 else (None, done.stderr)

    def run(self, program, *arguments):
        try:
            return subprocess.run([str(program), *arguments], capture_output=True, text=True, timeout=300, check=False)
        except subprocess.TimeoutExpired as e:
            return subprocess.CompletedProcess(e.cmd, 124, e.stdout or "", "timeout")


def failing(builder, kernels, inputs, seed):
    """Names of kernels that fail -> what they say, and the totals."""
    program, why = builder.program(kernels)
    if program is None:
        if len(kernels) == 1:
            return {kernels[0].name: "does not compile: " + brief(why)}, {}
        found, totals = {}, {}
        for half in (kernels[:len(kernels) // 2], kernels[len(kernels) // 2:]):
            some, part = failing(builder, half, inputs, seed)
            found.update(some)
            add(totals, part)
        return found, totals
    done = builder.run(program, "--inputs", str(inputs), "--seed", str(seed), "--verbose", *builder.a.driver.split())
    found, totals, last = {}, {}, None
    for line in (done.stdout if isinstance(done.stdout, str) else "").splitlines():
        if line.startswith("RUN "):
            last = line[4:]
        elif line.startswith("FAIL "):
            found.setdefault(line.split()[1], line)
        elif line.startswith("pairs "):
            words = line.split()
            add(totals, dict(zip(words[::2], map(int, words[1::2]))))
            last = None
    if done.returncode not in (0, 1) or last is not None:
        found[last or kernels[0].name] = f"crashed: status {done.returncode} {done.stderr[-300:]}"
        rest = [k for k in kernels if k.name != last][([k.name for k in kernels].index(last) if last in [k.name for k in kernels] else len(kernels)):]
        if rest:
            some, part = failing(builder, rest, inputs, seed)
            found.update(some)
            add(totals, part)
    program.unlink()
    return found, totals


def add(totals, more):
    for k, v in more.items():
        totals[k] = totals.get(k, 0) + v


def brief(text):
    lines = [line for line in text.splitlines() if re.search(r"error|sorry|internal", line)]
    return "\n    ".join(line[:400] for line in lines[:4]) or text[-600:]


# -- Smaller kernels that fail alike ----------------------------------------------------------------------------------
def places(block, path=()):
    for k, s in enumerate(block):
        yield (*path, k), s
        for j, b in enumerate(s.blocks):
            yield from places(b, (*path, k, j))


def block_at(kernel, path):
    block = kernel.body
    for k in range(0, len(path) - 1, 2):
        block = block[path[k]].blocks[path[k + 1]]
    return block


def smaller(kernel):
    """Kernels with a part left out, the largest cuts first."""
    every = sorted(places(kernel.body), key=lambda x: -len("\n".join(x[1].lines(0))))
    for path, _ in every:
        c = copy.deepcopy(kernel)
        del block_at(c, path)[path[-1]]
        yield c
    for path, s in every:
        for j in range(len(s.blocks)):
            c = copy.deepcopy(kernel)
            b = block_at(c, path)
            b[path[-1]:path[-1] + 1] = b[path[-1]].blocks[j]
            yield c
    for path, s in every:
        for j, e in enumerate(s.exprs):
            for where, cut in expression_cuts(e):
                c = copy.deepcopy(kernel)
                replace_in(block_at(c, path)[path[-1]].exprs, j, where, cut)
                yield c


def expression_cuts(e, where=()):
    """Places in an expression and what to put there: a part of the same type, or a constant."""
    wanted = "num" if e.kind in ("located", "double") else e.kind
    if wanted in generate.LEAF and str(e) != generate.LEAF[wanted]:
        yield where, generate.Expr(wanted, generate.LEAF[wanted])
        for p in e.parts:
            if ("num" if p.kind in ("located", "double") else p.kind) == wanted:
                yield where, p
    for k, p in enumerate(e.parts):
        yield from expression_cuts(p, (*where, k))


def replace_in(exprs, j, where, cut):
    if not where:
        exprs[j] = cut
        return
    e = exprs[j]
    for k in where[:-1]:
        e = e.parts[k]
    e.parts[where[-1]] = cut


def minimise(builder, kernel, inputs, seed, compile_failure, seconds):
    end = time.time() + seconds
    tried = set()
    progress = True
    while progress and time.time() < end:
        progress = False
        batch = []
        for c in smaller(kernel):
            if time.time() > end:
                break
            text = c.text()
            if text in tried or not c.valid() or len(text) >= len(kernel.text()) + 20:
                continue
            tried.add(text)
            c.name = "kernel_%d" % (900000 + len(tried))
            batch.append(c)
            if len(batch) < (1 if compile_failure else 6):
                continue
            hit = first_failing(builder, batch, inputs, seed, compile_failure)
            batch = []
            if hit:
                kernel, progress = hit, True
                break
        if not progress and batch:
            hit = first_failing(builder, batch, inputs, seed, compile_failure)
            if hit:
                kernel, progress = hit, True
    return kernel


def first_failing(builder, batch, inputs, seed, compile_failure):
    found, _ = failing(builder, batch, inputs, seed)
    for c in batch:
        if c.name in found and found[c.name].startswith("does not compile") == compile_failure:
            return c
    return None


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seconds", type=float, default=60)
    p.add_argument("--seed", type=int, default=1, help="the first kernel")
    p.add_argument("--seeds", help="such as 17,20-40 or @FILE: these kernels, once")
    p.add_argument("--inputs", type=int, default=40)
    p.add_argument("--input-seed", type=int, default=1)
    p.add_argument("--batch", type=int, default=10, help="kernels in a translation unit")
    p.add_argument("--jobs", type=int, default=1)
    p.add_argument("--compiler", default="g++")
    p.add_argument("--flags", default="-O2")
    p.add_argument("--float", action="store_true")
    p.add_argument("--include", help="the library's headers, if not those of this checkout")
    p.add_argument("--system", action="append", default=[], help="where dlpack is")
    p.add_argument("--driver", default="", help="more arguments for the driver: --retain, --written-have-gradients")
    p.add_argument("--keep-going", action="store_true")
    p.add_argument("--no-minimise", action="store_true")
    p.add_argument("--minimise-seconds", type=float, default=240)
    p.add_argument("--emit-cuda", metavar="FILE", help="write the kernels as a header for a .cu file, and end")
    a = p.parse_args()
    if not a.system and (ROOT / ".deps" / "include").is_dir():
        a.system = [str(ROOT / ".deps" / "include")]
    listed = None
    if a.seeds:
        text = a.seeds
        if text.startswith("@"):
            text = "\n".join(line.split("#")[0] for line in pathlib.Path(text[1:]).read_text().splitlines())
        listed = generate.parse_seeds(text)
    if a.emit_cuda:
        seeds = listed or range(a.seed, a.seed + a.batch)
        pathlib.Path(a.emit_cuda).write_text(generate.header([generate.make(s) for s in seeds]))
        return 0
    builder = Builder(a)
    start, totals, kernels, failures = time.time(), {}, 0, []

    def batches():
        seed = a.seed
        if listed is not None:
            for k in range(0, len(listed), a.batch):
                yield listed[k:k + a.batch]
            return
        while time.time() - start < a.seconds:
            yield list(range(seed, seed + a.batch))
            seed += a.batch

    def one(seeds):
        made = [generate.make(s) for s in seeds]
        return made, *failing(builder, made, a.inputs, a.input_seed)

    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        pending, source = [], batches()
        stop = False
        while not stop:
            while len(pending) < a.jobs:
                seeds = next(source, None)
                if seeds is None:
                    break
                pending.append(pool.submit(one, seeds))
            if not pending:
                break
            made, found, part = pending.pop(0).result()
            kernels += len(made)
            add(totals, part)
            print(f"{time.time() - start:7.0f} s  {kernels} kernels  {totals}", flush=True)
            for k in made:
                if k.name in found:
                    print(f"  {found[k.name]}", flush=True)
                    failures.append((k, found[k.name]))
                    stop = stop or not a.keep_going
    for k, why in failures[:1] if not a.keep_going else failures[:6]:
        if a.no_minimise:
            break
        compile_failure = why.startswith("does not compile")
        small = minimise(builder, k, a.inputs, a.input_seed, compile_failure, a.minimise_seconds)
        print(f"\n// seed {k.seed}: {why}\n{small.text()}", flush=True)
        found, _ = failing(builder, [small], a.inputs, a.input_seed)
        print("// reduced:", found.get(small.name, "(nothing)"))
    shutil.rmtree(builder.work, ignore_errors=True)
    print(f"{kernels} kernels, {totals.get('pairs', 0)} kernel-input pairs ({totals.get('large', 0)} left out as too large, "
          f"{totals.get('differences', 0)} also against finite differences), {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
