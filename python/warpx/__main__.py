# SPDX-License-Identifier: Apache-2.0
"""python -m warpx: where the headers and the CMake files are; type stubs of a module."""
import argparse
import sys

from . import _paths, _stubs


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m warpx", description=__doc__)
    parser.add_argument("--version", action="version", version=_paths.version())
    parser.add_argument("--include-dir", action="store_true", help="print the folder for the compiler's include path")
    parser.add_argument("--cmake-dir", action="store_true", help="print the folder for CMake: -Dwarpx_DIR=<folder>")
    commands = parser.add_subparsers(dest="command")
    stubs = commands.add_parser("stubs", help="write the type stubs of a module next to it",
                                description="Writes <module>.pyi next to a module made with WARPX_PYTHON_MODULE.")
    stubs.add_argument("module", help="its name as in an import statement, or its file")
    stubs.add_argument("--output", help="another file, or - for standard output")
    given = parser.parse_args(arguments)
    try:
        if given.include_dir:
            print(_paths.include_dir())
        if given.cmake_dir:
            print(_paths.cmake_dir())
        if given.command == "stubs":
            _stubs.write(given.module, given.output)
        elif not (given.include_dir or given.cmake_dir):
            parser.error("expected an option or a command; got none; see --help")
    except (ImportError, OSError, TypeError, ValueError) as error:
        return f"{parser.prog}: {error}"
    return 0


if __name__ == "__main__":
    sys.exit(main())
