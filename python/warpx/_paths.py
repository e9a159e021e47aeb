# SPDX-License-Identifier: Apache-2.0
"""Where the headers and the CMake files are: in the installed package, an installed prefix, or the source tree."""
import os  # not pathlib: every import of a module pays for it
import re
import sys


def _find(file, *below):
    """The first existing `folder / b` that holds `file`, for each folder of the package and each b."""
    for folder in sys.modules[__package__].__path__:  # an editable package has two
        for b in below:
            found = os.path.realpath(os.path.join(folder, b))
            if os.path.isfile(os.path.join(found, file)):
                return found
    return None


def include_dir():
    """The folder for the compiler's include path."""
    found = _find("warpx/config.hpp", "include", "../../include", "../../../../include")
    if found is None:
        raise FileNotFoundError("warpx: expected its headers in the package or next to it; got none around "
                                f"{__file__}; install warpx again")
    return found


def cmake_dir():
    """The folder with warpxConfig.cmake: CMake's warpx_DIR."""
    found = _find("warpxConfig.cmake", "share/cmake/warpx", "../../../cmake/warpx")
    if found is None:
        root = os.path.dirname(include_dir())
        raise FileNotFoundError(f"warpx: expected an installed package; got the source tree {root}, which has no "
                                f"package configuration; run `pip install {root}`, or use add_subdirectory({root})")
    return found


def version():
    """The version of the headers, which is that of the package: config.hpp is the one place where it is written."""
    with open(os.path.join(include_dir(), "warpx/config.hpp"), encoding="utf-8") as file:
        return ".".join(re.findall(r"^#define WARPX_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)$", file.read(), re.M))
