# SPDX-License-Identifier: Apache-2.0
# builder.py: compiles kernels together with driver.cpp, runs the program, and reads what it says.
"""Builds and runs random kernels."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import generate

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


class Stopped(Exception):
    """The time is over."""


def cuda_architecture():
    try:
        done = subprocess.run(["nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader"], capture_output=True,
                              text=True, check=True)
        return "sm_" + done.stdout.split()[0].replace(".", "")
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "sm_90"


class Builder:
    """`a`: the options of run.py. Headers are copied, so that edits meanwhile do not matter."""

    def __init__(self, a):
        self.a, self.count, self.end = a, 0, None
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="random_kernels."))
        shutil.copytree(a.include or ROOT / "include", self.work / "include")
        for name in HERE.glob("*.[hc]*"):
            shutil.copy(name, self.work)
        systems = a.system or [d for d in (ROOT / ".deps/include", ROOT / "build/gpu-check/include") if d.is_dir()]
        self.includes = [f"-I{self.work}", f"-I{self.work}/include", *(x for d in systems for x in ("-isystem", str(d)))]
        if a.float:
            self.includes.append("-DRK_FLOAT")
        self.driver = self.work / "driver.o"
        compiler = "g++" if a.cuda else a.compiler
        done = self.call([compiler, "-std=c++20", "-w", "-O1", *self.includes, "-c", str(self.work / "driver.cpp"), "-o",
                          str(self.driver)])
        if done.returncode:
            raise SystemExit("driver.cpp does not compile:\n" + done.stderr)
        if a.cuda:
            nvcc = shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc"
            self.compiler = [nvcc, "-arch=" + (a.arch or cuda_architecture()), "-std=c++20", "--extended-lambda", "-w",
                             "-Xcompiler=-O1"]
            self.link_flags = []
        else:
            self.compiler = [a.compiler, "-std=c++20", "-w", "-fno-math-errno"]
            if a.compiler.startswith("g++"):
                self.compiler.append("--param=vect-max-version-for-alias-checks=200")
            self.link_flags = ["-pthread", *(f for f in a.flags.split() if f.startswith("-fsan"))]

    def call(self, command, limit=None):
        """Runs it until it ends, for `limit` seconds (status 124), or until the time is over (Stopped)."""
        rest = 1e5 if self.end is None else self.end - time.time()
        if rest <= 0:
            raise Stopped
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True) as p:
            try:
                out, errors = p.communicate(timeout=min(rest, limit or 1e5))
                return subprocess.CompletedProcess(command, p.returncode, out, errors)
            except BaseException as e:
                os.killpg(p.pid, signal.SIGKILL)  # compilers have children
                out, _ = p.communicate()
                if not isinstance(e, subprocess.TimeoutExpired):
                    raise
                if limit is None or rest <= limit:
                    raise Stopped from e
                return subprocess.CompletedProcess(command, 124, out, "timeout")

    def program(self, kernels):
        """(path, "") or (None, why)"""
        self.count += 1
        stem = self.work / f"k{self.count}"
        source, made = stem.with_suffix(".cu" if self.a.cuda else ".cpp"), stem.with_suffix(".o")
        source.write_text(generate.source(kernels))
        done = self.call([*self.compiler, *self.a.flags.split(), *self.includes, "-c", str(source), "-o", str(made)])
        if done.returncode:
            return None, done.stderr
        done = self.call([*self.compiler[:2], str(made), str(self.driver), "-o", str(stem), *self.link_flags])
        made.unlink()
        return (stem, "") if done.returncode == 0 else (None, done.stderr)


def failing(builder, kernels, inputs, seed):
    """Names of kernels that fail -> what they say, and the totals."""
    program, why = builder.program(kernels)
    if program is None:
        if len(kernels) == 1:
            return {kernels[0].name: "does not compile: " + brief(why)}, {}
        half = len(kernels) // 2
        return both(failing(builder, kernels[:half], inputs, seed), failing(builder, kernels[half:], inputs, seed))
    if builder.a.compile_only:
        return {}, {}
    done = builder.call([str(program), "--inputs", str(inputs), "--seed", str(seed), "--verbose", *builder.a.driver.split()], 300)
    found, totals, last = {}, {}, None
    for line in done.stdout.splitlines():
        if line.startswith("RUN "):
            last = line[4:]
        elif line.startswith("FAIL "):
            found.setdefault(line.split()[1], line)
        elif line.startswith("pairs "):
            words = line.split()
            totals = dict(zip(words[::2], map(int, words[1::2])))
            last = None
    program.unlink()
    if done.returncode in (0, 1) and last is None:
        return found, totals
    names = [k.name for k in kernels]
    last = last or names[0]
    found[last] = f"crashed: status {done.returncode} {done.stderr[-300:]}"
    rest = kernels[names.index(last) + 1:]
    return both((found, totals), failing(builder, rest, inputs, seed)) if rest else (found, totals)


def both(one, other):
    totals = dict(one[1])
    add(totals, other[1])
    return {**one[0], **other[0]}, totals


def add(totals, more):
    for k, v in more.items():
        totals[k] = totals.get(k, 0) + v


def brief(text):
    lines = [line for line in text.splitlines() if re.search(r"error|sorry|internal", line)]
    return "\n    ".join(line[:400] for line in lines[:4]) or text[-600:]
