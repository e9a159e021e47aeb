# SPDX-License-Identifier: Apache-2.0
"""What the tests of this folder share: commands in an environment that knows nothing of the checkout."""
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["WARPX_BUILD_DIR"])
HERE = pathlib.Path(__file__).resolve().parent


def cached(name):
    """A variable of our own build."""
    return re.search(rf"^{name}:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.M)[1]


def environment(**variables):
    """A stranger's: without an active virtual environment, and without paths to our modules."""
    own = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")}
    active = os.environ.get("VIRTUAL_ENV")
    if active:
        own["PATH"] = os.pathsep.join(p for p in own["PATH"].split(os.pathsep) if p != f"{active}/bin")
    return own | {"PYTHONDONTWRITEBYTECODE": "1"} | {k: str(v) for k, v in variables.items()}


def attempt(*command, cwd=None, timeout=280, **variables):
    """Runs a command; returns its status and all that it printed."""
    done = subprocess.run([str(c) for c in command], cwd=cwd, timeout=timeout, env=environment(**variables),
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def run(*command, **options):
    """Runs a command that must succeed; returns what it printed."""
    status, output = attempt(*command, **options)
    assert status == 0, f"{' '.join(map(str, command))}: status {status}\n{output}"
    return output


def python(code, *folders, executable=sys.executable, **options):
    """Runs a program with these folders on its path; the current one is not."""
    options["PYTHONPATH"] = os.pathsep.join(map(str, folders))
    return run(executable, "-c", code, cwd="/", **options)


def configure(source, build, *arguments):
    """`cmake -S source -B build`: status and output."""
    return attempt("cmake", "-S", source, "-B", build, "-G", cached("CMAKE_GENERATOR"),
                   f"-DCMAKE_CXX_COMPILER={cached('CMAKE_CXX_COMPILER')}", f"-DPython3_EXECUTABLE={sys.executable}",
                   f"-Ddlpack_INCLUDE_DIR={cached('dlpack_INCLUDE_DIR')}", *arguments)
