#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# check_docs.py: turns the C++ blocks of README.md and docs/*.md into programs, so that no example is stale.
#
#   check_docs.py PAGE OUT.cpp    the `cpp` blocks
#   check_docs.py PAGE OUT.cu     the `cpp cuda` blocks: a program that returns 77 without a GPU
#   check_docs.py PAGE OUT_module.cpp     the `cpp module` blocks: one extension module of all their operations
#   check_docs.py PAGE OUT.py     the `python` blocks, one script: returns 77 where a package is missing
#
# Blocks marked `namespace` go to namespace scope (their #include lines to the top), others into functions in order;
# blocks with a main stand alone, and their one-line kernels are known to the page's CUDA blocks. A page may have one
# module, of the name in its first WARPX_PYTHON_MODULE, so that it can show the operations one after the other.
import pathlib
import re
import sys

PRELUDE = """#include <cstdio>
#include <cstdlib>
#include <vector>
#include <warpx/format.hpp>
#include <warpx/random.hpp>
#include <warpx/warpx.hpp>
"""
CUDA_PRELUDE = """#include <warpx/cuda/cuda.cuh>
#include <warpx/kernels/astype.cuh>
#include <warpx/kernels/copy.cuh>
#include <warpx/kernels/fill.cuh>
"""
CUDA_MAIN = """    if (warpx::device_count() == 0) {
        std::puts("skipped: no NVIDIA GPU and driver here");
        return 77;
    }
"""


MODULE_MACRO = r"^WARPX_PYTHON_MODULE\((\w+)[^)]*\)\n"
MISSING = """import importlib.util, sys

for package in {packages}:
    if importlib.util.find_spec(package) is None:
        print("skipped:", package, "is not installed")
        sys.exit(77)
"""


def blocks(page: pathlib.Path, language: str) -> list[tuple[str, str]]:
    return re.findall(rf"^```{language}\b([^\n]*)\n(.*?)^```", page.read_text(), re.S | re.M)


def module(page: pathlib.Path) -> str:
    code = "\n".join(code for info, code in blocks(page, "cpp") if "module" in info)
    includes = "".join(re.findall(r"^#[^\n]*\n", code, re.M))
    operations = re.findall(r"^constexpr auto (\w+) =\s+(?:warpx::)?(?:op|callable|callback)<", code, re.M)
    name = re.search(MODULE_MACRO, code, re.M)[1]
    code = re.sub(r"^#[^\n]*\n", "", re.sub(MODULE_MACRO, "", code, flags=re.M), flags=re.M)
    return (f"// generated from {page.name}\n{includes}{code}\n"
            f"WARPX_PYTHON_MODULE({name}, {', '.join(operations)})\n")


def script(page: pathlib.Path) -> str:
    code = "\n".join(code for _, code in blocks(page, "python"))
    packages = sorted({line.split(".")[0] for line in re.findall(r"^import (\S+)", code, re.M)})
    return f"# generated from {page.name}\n{MISSING.format(packages=packages)}\n{code}"


def program(page: pathlib.Path, cuda: bool) -> str:
    top, scope, functions, mains = [], [], [], []
    for info, code in blocks(page, "cpp"):
        if "module" in info:
            continue
        if ("cuda" in info) != cuda:
            if cuda and "int main" in code:  # its kernels are known to the page's CUDA blocks
                scope += re.findall(r"^constexpr auto [^\n]*WARPX_KERNEL[^\n]*;\n", code, re.M)
            continue
        if "int main" in code:
            mains.append(code)
        elif "namespace" in info:
            top += re.findall(r"^#[^\n]*\n", code, re.M)
            scope.append(re.sub(r"^#[^\n]*\n", "", code, flags=re.M))
        else:
            functions.append(code)
    if mains and (scope or functions or len(mains) > 1):
        sys.exit(f"{page}: one whole program, or fragments, not both")
    if mains:
        return mains[0]
    parts = [f"// generated from {page.name}\n", *top, PRELUDE, CUDA_PRELUDE if cuda else "", *scope]
    parts += [f"[[maybe_unused]] static void block_{k}() {{\n{code}}}\n" for k, code in enumerate(functions)]
    calls = "".join(f"    block_{k}();\n" for k in range(len(functions)))
    return "\n".join(parts) + f"int main() {{\n{CUDA_MAIN if cuda else ''}{calls}}}\n"


if __name__ == "__main__":
    page, out = map(pathlib.Path, sys.argv[1:])
    if out.suffix == ".py":
        text = script(page)
    elif out.stem.endswith("_module"):
        text = module(page)
    else:
        text = program(page, out.suffix == ".cu")
    if not out.exists() or out.read_text() != text:
        out.write_text(text)
