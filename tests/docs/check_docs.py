#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# check_docs.py: turns the C++ blocks of README.md and docs/*.md into one program each, so that no example is stale.
# Blocks marked `cpp namespace` go to namespace scope, others into functions in order; blocks with a main stand alone.
import pathlib
import re
import sys

PRELUDE = """// generated from {name}
#include <cstdio>
#include <cstdlib>
#include <vector>
#include <warpx/format.hpp>
#include <warpx/random.hpp>
#include <warpx/warpx.hpp>
"""


def program(page: pathlib.Path) -> str:
    scope, functions, mains = [], [], []
    for info, code in re.findall(r"^```cpp([^\n]*)\n(.*?)^```", page.read_text(), re.S | re.M):
        if "int main" in code:
            mains.append(code)
        elif "namespace" in info:
            scope.append(code)
        else:
            functions.append(code)
    if mains and (scope or functions or len(mains) > 1):
        sys.exit(f"{page}: one whole program, or fragments, not both")
    if mains:
        return mains[0]
    parts = [PRELUDE.format(name=page.name), *scope]
    parts += [f"[[maybe_unused]] static void block_{k}() {{\n{code}}}\n" for k, code in enumerate(functions)]
    calls = "".join(f"    block_{k}();\n" for k in range(len(functions)))
    return "\n".join(parts) + f"int main() {{\n{calls}}}\n"


if __name__ == "__main__":
    page, out = map(pathlib.Path, sys.argv[1:])
    text = program(page)
    if not out.exists() or out.read_text() != text:
        out.write_text(text)
