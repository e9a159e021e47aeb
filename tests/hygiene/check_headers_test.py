# SPDX-License-Identifier: Apache-2.0
"""check_headers_test.py: every rule of check_headers.py objects to a tree that breaks it, and not to one that does not."""
import pathlib
import subprocess
import sys
import tempfile

HEAD = "// SPDX-License-Identifier: Apache-2.0\n// {}: a purpose.\n#pragma once\n"
GOOD = {
    "config.hpp": "#define WARPX_GOOD 1\n",
    "array.hpp": "#include <warpx/config.hpp>\n#include <type_traits>\n#define WORK 1\n#undef WORK\n",
    "format.hpp": "#include <string>\n",
    "random.hpp": "",
    "forms/compact.hpp": "#include <warpx/array.hpp>\n",
    "host/launch.hpp": "#include <warpx/forms/compact.hpp>\n",
    "interop/dlpack.hpp": "#include <warpx/array.hpp>\n",
    "interop/array_interface.hpp": "",
    "interop/python.hpp": "#include <warpx/interop/dlpack.hpp>\n",
    "warpx.hpp": "".join(
        f"#include <warpx/{name}.hpp>\n"
        for name in "config array forms/compact host/launch interop/dlpack interop/array_interface".split()
    ),
}
BAD = [  # rule, header, text added to it, words of the complaint
    ("umbrella", "forms/strided.hpp", "", "warpx/forms/strided.hpp is not reached"),
    ("umbrella", "shape.hpp", "", "warpx/shape.hpp is not in the list"),
    ("umbrella", "array.hpp", "#include <warpx/format.hpp>\n", "is reached, but is left out"),
    ("umbrella", "warpx.hpp", "#include <warpx/format.hpp>\n", "does not belong"),
    ("direction", "array.hpp", "#include <warpx/interop/dlpack.hpp>\n", "core must not include"),
    ("direction", "forms/compact.hpp", "#include <warpx/host/launch.hpp>\n", "forms must not include"),
    ("direction", "interop/dlpack.hpp", "#include <warpx/interop/python.hpp>\n", "interop must not include"),
    ("direction", "forms/compact.hpp", "#include \"../host/launch.hpp\"\n", "forms must not include"),
    ("direction", "config.hpp", "#include <warpx/array.hpp>\n", "a circle of includes"),
    ("direction", "detail/x.hpp", "#include <warpx/forms/compact.hpp>\n", "detail must not include"),
    ("direction", "array.hpp", "#include <warpx/warpx.hpp>\n", "includes the umbrella"),
    ("cost", "array.hpp", "#include <vector>\n", "<vector> is not on the list"),
    ("first_lines", "detail/x.hpp", None, "the first line is not the licence"),
    ("macros", "array.hpp", "#define LEFT_OVER 1\n", "LEFT_OVER stays defined"),
    ("macros", "array.hpp", "#define WARPX_DIM_3 1\n", "plasma"),
    ("foreign", "array.hpp", "#include <Python.h>\n", "Python.h"),
]


def check(compiler, rule, extra_header=None, extra_text=""):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        python = root / "foreign/python3.11"
        python.mkdir(parents=True)
        (python / "Python.h").write_text("")
        tree = dict(GOOD)
        for name, text in [*tree.items(), (extra_header, extra_text)]:
            if name is None:
                continue
            path = root / "include/warpx" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            head = HEAD.format(path.name) if text is not None else ""
            path.write_text(head + (text or "") + (tree.get(name, "") if name == extra_header else ""))
        tool = pathlib.Path(__file__).with_name("check_headers.py")
        command = [sys.executable, tool, "--include", root / "include", rule]
        if rule in ("macros", "foreign"):
            command += ["--", compiler, "-std=c++20", f"-I{python}"]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


def main():
    compiler, wrong = sys.argv[1], []
    for rule in sorted({rule for rule, *_ in BAD}):
        code, text = check(compiler, rule)
        if code:
            wrong.append(f"{rule} objects to a good tree: {text}")
    for rule, header, added, words in BAD:
        code, text = check(compiler, rule, header, added)
        if code != 1 or words not in text:
            wrong.append(f"{rule} does not object to {header} with {added!r}: {code} {text}")
    print("\n".join(wrong))
    return 1 if wrong else 0


sys.exit(main())
