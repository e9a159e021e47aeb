# SPDX-License-Identifier: Apache-2.0
"""check_headers.py: rules about the headers that no compiler knows.

    check_headers.py --include DIR RULE [-- compiler and flags]

Prints one line per offence and exits with 1 if there is one. The rules:

umbrella    warpx.hpp lists all of core and the two protocol headers, and nothing else but what it needs to reach
            every form and the whole host side; what gradients need is listed by gradients.hpp
direction   the folder is the layer, and includes go one way
cost        nothing the umbrella reaches includes an expensive standard header
first_lines licence, name and purpose, #pragma once
macros      what stays defined after the umbrella begins with WARPX_, or comes from elsewhere
foreign     the umbrella pulls in no CUDA, Python or framework header, even where they can be found
"""
import pathlib
import posixpath
import re
import subprocess
import sys

# Not in the umbrella although they are core or a protocol: they cost much, or need Python or the CUDA toolkit.
OUTSIDE_UMBRELLA = {
    "warpx/format.hpp", "warpx/random.hpp", "warpx/interop/python.hpp", "warpx/interop/nvtx.hpp", "warpx/gradcheck.hpp",
    "warpx/check_adjoint.hpp", "warpx/op.hpp",
}
# The front door of gradients: it adds these to the umbrella, and what they reach of forms and host.
GRADIENTS = "warpx/gradients.hpp"
GRADIENT_CORE = {
    "warpx/adjoint.hpp", "warpx/dual.hpp", "warpx/fold.hpp", "warpx/gradient.hpp", "warpx/stop_gradient.hpp",
    "warpx/tangent.hpp", "warpx/tape_report.hpp", "warpx/with_adjoint.hpp", "warpx/with_derivative.hpp",
}
# The front door of operations: it adds the folder `operation` to both.
OPERATIONS = "warpx/op.hpp"
PROTOCOLS = {"warpx/interop/dlpack.hpp", "warpx/interop/array_interface.hpp"}

# Forms that only launches on CUDA use; and the front door of .cu files, which adds them to the umbrella.
CUDA_FORMS = {"warpx/forms/probe.hpp", "warpx/forms/cell.hpp"}
CUDA_UMBRELLAS = {"warpx/cuda/cuda.cuh", "warpx/cuda/adjoint.cuh"}

# Reached under WARPX_STRICT only: a strict build pays for its bookkeeping.
STRICT_ONLY = {"warpx/forms/strict.hpp"}

# Launches are where a form is chosen: the only core headers that know them.
CHOOSE_FORMS = {"warpx/launch.hpp", "warpx/adjoint.hpp", "warpx/tangent.hpp", "warpx/with_adjoint.hpp"}
# Checks run launches of their own.
RUN_LAUNCHES = {"warpx/gradcheck.hpp", "warpx/check_adjoint.hpp"}

# Which folders of ours a folder may include; "" is core.
MAY_INCLUDE = {
    "detail": {"detail", ""},  # the private half of core: one layer, so what must not happen is a circle
    "": {"detail", ""},
    "forms": {"forms", "", "detail"},
    "host": {"host", "forms", "", "detail"},
    "cuda": {"cuda", "protocol", "forms", "", "detail"},
    "operation": {"operation", "kernels", "cuda", "host", "forms", "", "detail"},
    "interop": {"protocol", "operation", "", "detail"},
    "kernels": {"kernels", "cuda", "host", "forms", "", "detail"},
    "gradcheck": {"gradcheck", "forms", "", "detail"},
}
CHEAP = {
    "stddef.h", "stdint.h", "string.h", "type_traits", "utility", "exception", "new",
    # the host pool: C headers of the system
    "dlfcn.h", "errno.h", "fcntl.h", "limits.h", "linux/futex.h", "pthread.h", "sched.h", "signal.h", "stdio.h",
    "stdlib.h", "sys/syscall.h", "time.h", "unistd.h",
    "dlpack/dlpack.h", "dlpack.h",
}
ONLY_IN = {"stdexcept": "warpx/error.hpp", "string": "warpx/error.hpp"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
FOREIGN = re.compile(r"/(nvtx3|cuda[-\w.]*/include|targets/[^/]*/include|python3\.\d+|torch|numpy|pybind11|nanobind)/")


def includes(root, header):
    """What a header includes; "quoted" names of ours are relative to the header and come out as warpx/..."""
    for kind, name in INCLUDE.findall((root / header).read_text()):
        yield posixpath.normpath(posixpath.join(posixpath.dirname(header), name)) if kind == '"' else name


def headers(root):
    return sorted(p.relative_to(root).as_posix() for s in ("hpp", "cuh") for p in (root / "warpx").rglob("*." + s))


def folder(name):
    parts = name.split("/")
    return parts[1] if len(parts) > 2 else ""


def adapter(name):
    return name.split("/")[2].removesuffix(".hpp").removesuffix("_module")  # python_module.hpp: the folder python


def umbrella(root):
    listed = list(includes(root, "warpx/warpx.hpp"))
    reachable = set(reached(root))
    core = {h for h in headers(root) if folder(h) == "" and h.endswith(".hpp")} - OUTSIDE_UMBRELLA
    core -= {"warpx/warpx.hpp", GRADIENTS} | GRADIENT_CORE
    both = set(reached(root, GRADIENTS)) | reachable
    inside = {h for h in headers(root) if folder(h) in ("forms", "host") and h.endswith(".hpp")} - CUDA_FORMS
    for name in sorted(inside - both) if (root / GRADIENTS).exists() else ():
        yield f"{GRADIENTS}: {name} is not reached"
    for name in sorted(GRADIENT_CORE - set(includes(root, GRADIENTS))) if (root / GRADIENTS).exists() else ():
        yield f"{GRADIENTS}: {name} is not in the list"
    inside -= both - reachable
    for name in sorted((core | PROTOCOLS) - set(listed)):
        yield f"warpx/warpx.hpp: {name} is not in the list"
    for name in sorted(inside - reachable):
        yield f"warpx/warpx.hpp: {name} is not reached"
    for name in sorted(set(listed) - core - inside - PROTOCOLS):
        yield f"warpx/warpx.hpp: {name} does not belong in the umbrella"
    for name in sorted(reachable & OUTSIDE_UMBRELLA):
        yield f"warpx/warpx.hpp: {name} is reached, but is left out of the umbrella"


def direction(root):
    for header in headers(root):
        here = folder(header)
        if header in ("warpx/warpx.hpp", GRADIENTS, OPERATIONS):
            continue  # the lists
        for name in includes(root, header):
            if not name.startswith("warpx/"):
                continue
            if name in ("warpx/warpx.hpp", GRADIENTS) and header in CUDA_UMBRELLAS:
                continue
            if name in ("warpx/warpx.hpp", GRADIENTS):
                yield f"{header}: includes the umbrella"
                continue
            there = folder(name)
            if there == "interop" and name in PROTOCOLS:
                there = "protocol"
            if here == there == "interop" and adapter(header) == adapter(name):
                continue  # an adapter in several files: x.hpp and the folder x
            if header in CHOOSE_FORMS and there == "forms":
                continue
            if header in RUN_LAUNCHES and there in ("forms", "host", "gradcheck"):
                continue
            if there not in MAY_INCLUDE[here]:
                yield f"{header}: {here or 'core'} must not include {name}"


    yield from circles(root)


def circles(root):
    state = {}

    def visit(name, path):
        if state.get(name) == "done" or not (root / name).exists():
            return
        if name in path:
            yield "a circle of includes: " + " -> ".join([*path[path.index(name) :], name])
            return
        for other in includes(root, name):
            if other.startswith("warpx/"):
                yield from visit(other, [*path, name])
        state[name] = "done"

    for header in headers(root):
        yield from visit(header, [])


def reached(root, start="warpx/warpx.hpp"):
    seen, todo = set(), [start]
    while todo:
        name = todo.pop()
        if name in seen or not (root / name).exists():
            continue
        seen.add(name)
        todo += [n for n in includes(root, name) if n.startswith("warpx/")]
    return sorted(seen)


def cost(root):
    for header in set(reached(root)) - STRICT_ONLY:
        for name in includes(root, header):
            if name.startswith("warpx/") or name in CHEAP or ONLY_IN.get(name) == header:
                continue
            yield f"{header}: <{name}> is not on the list of cheap headers"


def first_lines(root):
    for header in headers(root):
        text = (root / header).read_text()
        first, second, *_ = text.split("\n") + [""]
        if first != "// SPDX-License-Identifier: Apache-2.0":
            yield f"{header}: the first line is not the licence"
        if not re.match(rf"// ([\w/]+/)?{re.escape(posixpath.basename(header))}: \S", second):
            yield f"{header}: the second line is not `// <name>: <purpose>`"
        if not re.search(r"\A(//[^\n]*\n|\s)*#pragma once\n", text):
            yield f"{header}: #pragma once does not come before all code"


def run(compiler, root, *extra):
    source = "#include <warpx/warpx.hpp>\n"
    done = subprocess.run([*compiler, f"-I{root}", *extra, "-x", "c++", "-"], input=source, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"the umbrella does not compile:\n{done.stderr}")
    return done.stdout


def macros(root, compiler):
    file, left = "", {}
    for line in run(compiler, root, "-E", "-dD").splitlines():
        if match := re.match(r'# \d+ "([^"]*)"', line):
            file = match[1]
        elif match := re.match(r"#define (\w+)", line):
            left[match[1]] = file
        elif match := re.match(r"#undef (\w+)", line):
            left.pop(match[1], None)
    for name, file in sorted(left.items()):
        if "/warpx/" not in file or not pathlib.Path(file).resolve().is_relative_to(root.resolve()):
            continue
        if not name.startswith("WARPX_"):
            yield f"{file}: {name} stays defined and does not begin with WARPX_"
        elif name.startswith(("WARPX_DIM_", "WARPX_USE_")):
            yield f"{file}: {name}: WARPX_DIM_* and WARPX_USE_* belong to the plasma code of the same name"


def foreign(root, compiler):
    for name in run(compiler, root, "-E", "-M").replace("\\\n", " ").split():
        if FOREIGN.search(name) and not name.endswith("/dlpack.h"):
            yield f"the umbrella includes {name}"


def main(arguments):
    root = pathlib.Path(arguments[arguments.index("--include") + 1])
    rule = globals()[arguments[arguments.index("--include") + 2]]
    compiler = [arguments[arguments.index("--") + 1 :]] if "--" in arguments else []
    offences = list(rule(root, *compiler))
    print("\n".join(offences))
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
