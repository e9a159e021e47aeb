#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compile_check.py: what nvcc alone can tell of the CUDA side.

  compile_check.py architectures <nvcc> <include folder>...   architectures.cu compiles for old, common and new GPUs
  compile_check.py registers <nvcc> <include folder>...       registers.cu needs no stack and few registers on sm_90
  compile_check.py adjoint_stack <nvcc> <include folder>...   the fast adjoints of adjoint_stack.cu need no stack there
"""
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ARCHITECTURES = [75, 80, 90, 100, 120]

# Registers: a packet of floats may need this many more than the hand-written float4 kernel; any other kernel this many
# at all (with 40, three quarters of an SM's threads are resident); a transposed operand goes through shared memory and
# has five blocks of 256 threads on an SM with 48.
MORE_THAN_RAW = 4
MOST = 40
MOST_CROSSED = 48
# Bytes of stack that adjoints may have; those that are not listed: none.
MOST_STACK = {"carry_fold": 1088}  # the 64 states that a fold keeps
FLOAT_PACKETS = re.compile(r"run_packetsILi4E.*(saxpy|branchy|sometimes|copying|filling)E")


def nvcc(compiler, folders, source, *options):
    with tempfile.TemporaryDirectory() as out:
        command = [compiler, "-std=c++20", "--extended-lambda", "-O2", "-Werror=all-warnings",
                   "-Wno-deprecated-gpu-targets", *options, *(f"-I{f}" for f in folders), "-o", f"{out}/out",
                   str(HERE / source)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stdout}\n{source} does not compile")
    return done.stdout


def architectures(compiler, folders):
    listed = subprocess.run([compiler, "--list-gpu-arch"], stdout=subprocess.PIPE, text=True, check=True).stdout
    known = sorted(int(a) for a in re.findall(r"compute_(\d+)$", listed, re.M))
    wanted = [a for a in ARCHITECTURES if a in known]
    options = [f"-gencode=arch=compute_{a},code=sm_{a}" for a in wanted]
    options.append(f"-gencode=arch=compute_{known[-1]},code=compute_{known[-1]}")
    nvcc(compiler, folders, "architectures.cu", "-fatbin", *options)
    left_out = [a for a in ARCHITECTURES if a not in known]
    print(f"compiled for sm {wanted} and PTX {known[-1]}; this nvcc does not know {left_out}")


def kernels_of(compiler, folders, source):
    """What ptxas says of each kernel: bytes of stack, of spill stores and loads, registers; and all it says."""
    output = nvcc(compiler, folders, source, "-arch=sm_90", "-cubin", "-Xptxas=-v")
    pattern = (r"Compiling entry function '(\S+)'.*?(\d+) bytes stack frame, (\d+) bytes spill stores, "
               r"(\d+) bytes spill loads.*?Used (\d+) registers")
    return {m[0]: [int(n) for n in m[1:]] for m in re.findall(pattern, output, re.S)}, output


def adjoint_stack(compiler, folders):
    found, output = kernels_of(compiler, folders, "adjoint_stack.cu")
    fast = {name: values for name, values in found.items() if "run_adjoint" in name}
    wanted = set(re.findall(r"launch_adjoint<kernels::(\w+)>", (HERE / "adjoint_stack.cu").read_text()))
    wrong = 0
    for kernel in sorted(wanted):
        mine = [values for name, values in fast.items() if f"7kernels{len(kernel)}{kernel}E" in name]
        if not mine:
            sys.exit(f"{output}\nthe adjoint of {kernel} is not in ptxas's output: did a name change?")
        for stack, stores, loads, used in mine:
            print(f"{kernel}: {used} registers, {stack} bytes of stack, {stores + loads} spilled")
            wrong += 1 if stack > MOST_STACK.get(kernel, 0) else 0
    print(f"{len(fast)} adjoints, {wrong} with more stack than they may have")
    if wrong:
        sys.exit(1)


def registers(compiler, folders):
    found, output = kernels_of(compiler, folders, "registers.cu")
    if "raw_float4" not in found or not any(FLOAT_PACKETS.search(name) for name in found):
        sys.exit(f"{output}\nthe kernels to compare are not in ptxas's output: did a name change?")
    raw = found["raw_float4"][3]
    wrong = 0
    for name, (stack, stores, loads, used) in found.items():
        limit = MOST_CROSSED if "run_crossed" in name else MOST
        if FLOAT_PACKETS.search(name) and "vec" not in name:
            limit = raw + MORE_THAN_RAW
        if stack or stores or loads or used > limit:
            wrong += 1
            print(f"{used} registers (at most {limit}), {stack} bytes of stack, {stores + loads} spilled: {name}")
    print(f"{len(found)} kernels, {wrong} over a limit; raw float4: {raw} registers, most: "
          f"{max(values[3] for values in found.values())}")
    if wrong:
        sys.exit(1)


if __name__ == "__main__":
    if len(sys.argv) < 4 or sys.argv[1] not in ("architectures", "registers", "adjoint_stack"):
        sys.exit(__doc__)
    globals()[sys.argv[1]](sys.argv[2], sys.argv[3:])
