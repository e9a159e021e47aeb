# SPDX-License-Identifier: Apache-2.0
"""warpx_add_module in a stranger's project: by find_package, and by add_subdirectory from a newer warpx; both modules
in one process; with CUDA where there is nvcc; what is refused."""
import ast
import re
import shutil
import sys

import pytest
from building import BUILD, HERE, ROOT, attempt, configure, python, run


def build(source, work, *arguments, cuda="OFF"):
    """Configures, builds and installs; returns the folder with the module, and what CMake said."""
    status, output = configure(source, work / "build", f"-DWARPX_MODULE_CUDA={cuda}", *arguments)
    assert status == 0, output
    run("cmake", "--build", work / "build")
    run("cmake", "--install", work / "build", "--prefix", work / "installed")
    return work / "installed", output


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """An installed warpx."""
    folder = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", BUILD, "--prefix", folder)
    return folder


@pytest.fixture(scope="module")
def package(prefix):
    """The folder of the Python package that CMake installs."""
    return prefix / "share/warpx/python"


@pytest.fixture(scope="module")
def found(prefix, tmp_path_factory):
    return build(HERE / "module", tmp_path_factory.mktemp("found"), f"-DCMAKE_PREFIX_PATH={prefix}",
                 "-DCMAKE_BUILD_TYPE=Debug")


@pytest.fixture(scope="module")
def newer(tmp_path_factory):
    """Built in the source tree of version 0.2.0, in parts."""
    work = tmp_path_factory.mktemp("newer")
    for part in ("include", "cmake", "python"):
        shutil.copytree(ROOT / part, work / "warpx" / part)
    shutil.copy(ROOT / "CMakeLists.txt", work / "warpx")
    config = work / "warpx/include/warpx/config.hpp"
    config.write_text(re.sub(r"(VERSION_MINOR) \d+", r"\1 2", config.read_text()))
    return build(HERE / "module", work, f"-DWARPX_SOURCE={work}/warpx", "-DMODULE=newer_ops", "-DPARTS=3")


CALL = """
import numpy as np
def check(module):
    x, y = np.arange(100000, dtype="float32"), np.ones(100000, "float32")
    assert module.saxpy(x, y, 2.0) is y
    assert y.tolist() == (2 * x + 1).tolist()
    try:
        module.saxpy(x, y[:5])
    except ValueError as error:
        assert "saxpy" in str(error) and "'y'" in str(error), error
    else:
        raise AssertionError("other extents were taken")
"""


def test_module_of_an_installed_warpx(found, package):
    python(CALL + "import my_ops, sys; check(my_ops); assert sys.modules['warpx']._modules == [my_ops]",
           found[0], package)


def test_module_loads_without_the_package(found):
    python(CALL + "import my_ops, sys; check(my_ops); assert 'warpx' not in sys.modules", found[0])


def test_cuda_source_is_left_out_with_a_message(found):
    said = "warpx_add_module(my_ops): ops.cu left out, WARPX_MODULE_CUDA is OFF: the module is for the CPU"
    assert said in found[1]


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="no nvcc")
def test_cuda_source_takes_the_place_of_the_other(prefix, tmp_path):
    """Where nvcc is found by itself. The module holds the CUDA runtime, and is an ordinary one without a GPU. It is
    compiled in parts."""
    folder, said = build(HERE / "module", tmp_path, f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_CUDA_ARCHITECTURES=90",
                         "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CUDA_FLAGS_DEBUG=-O0", "-DPARTS=2", cuda="AUTO")
    assert "left out" not in said
    module, = folder.glob("my_ops.*.so")
    assert "libcuda" not in run("ldd", module)
    assert sorted(p.name for p in (tmp_path / "build").rglob("ops*.o")) == ["ops_0.cu.o", "ops_1.cu.o"]
    python(CALL + "import my_ops; check(my_ops)", folder)


def test_build_type(found, newer):
    said = "no CMAKE_BUILD_TYPE, so it is compiled with -O2"
    assert said in newer[1] and said not in found[1]


@pytest.mark.parametrize("built, name", [("found", "my_ops"), ("newer", "newer_ops")])
def test_module_shows_its_entry_and_what_modules_share(built, name, request):
    module, = request.getfixturevalue(built)[0].glob(f"{name}.*.so")
    symbols = [line.split(maxsplit=2)[1:] for line in run("nm", "-DC", "--defined-only", module).splitlines()]
    assert [symbol for kind, symbol in symbols if kind == "T"] == [f"PyInit_{name}"]
    assert [name for _, name in symbols if "::launching::" in name] == []
    # One of a kind in the process, even between modules of different versions: the name says which layout it has.
    unique = {name for kind, name in symbols if kind == "u" and name.startswith("warpx::")}
    assert "warpx::detail::pool_v1::the_pool" in unique
    assert {n for n in unique if not re.search(r"_v\d+::", n)} == {"warpx::detail::the_atomic_locks"}


def test_stub(found, package):
    tree = ast.parse((found[0] / "my_ops.pyi").read_text())
    function, = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    signature = python("import inspect, my_ops; print(inspect.signature(my_ops.saxpy))", found[0], package).strip()
    arguments = re.sub(r": [^,()=]+( = )?", lambda match: "=" if match[1] else "", ast.unparse(function.args))
    assert f"({arguments})" == signature == "(x, y, a=1.5, *, launch_dims=None)"
    assert ast.unparse(function.returns) == "_Array"
    assert ast.get_docstring(function).startswith("x: float32, shape (n,)")


def test_stubs_of_what_is_no_module(package):
    status, output = attempt(sys.executable, "-m", "warpx", "stubs", "json", PYTHONPATH=package)
    assert status == 1 and "expected a module made with WARPX_PYTHON_MODULE; got json" in output


def test_stubs_of_a_module_whose_macro_has_another_name(found, package, tmp_path):
    module, = found[0].glob("my_ops.*.so")
    other = shutil.copy(module, tmp_path / module.name.replace("my_ops", "other"))
    status, output = attempt(sys.executable, "-m", "warpx", "stubs", other, PYTHONPATH=package)
    assert status == 1 and "expected WARPX_PYTHON_MODULE(other, ...) in the sources of other." in output
    assert list(tmp_path.glob("*.pyi")) == []


def test_two_versions_in_one_process(found, newer, package):
    for order in ("my_ops, newer_ops", "newer_ops, my_ops"):
        python(CALL + f"import {order}\nfor module in (my_ops, newer_ops, my_ops): check(module)\n"
               "assert my_ops.__warpx_version__ != newer_ops.__warpx_version__ == '0.2.0'\n"
               "assert my_ops.saxpy is not newer_ops.saxpy", found[0], newer[0], package)


@pytest.mark.parametrize("change, remedy", [(1, "the module is older; build my_ops again with warpx"),
                                            (-1, "the package is older; pip install 'warpx>=")])
def test_other_format_says_which_side_to_update(found, package, change, remedy):
    said = python("import warpx\nwarpx._FORMAT += " + str(change) + """
try:
    import my_ops
except ImportError as error:
    print(error)
""", found[0], package)
    assert "my_ops: expected format" in said and remedy in said


def test_what_the_package_says_of_itself(package, prefix, found):
    version = run(sys.executable, "-m", "warpx", "--version", PYTHONPATH=package).strip()
    assert version == python("import my_ops; print(my_ops.__warpx_version__)", found[0]).strip()
    for option, folder in (("--include-dir", "include"), ("--cmake-dir", "share/cmake/warpx")):
        assert run(sys.executable, "-m", "warpx", option, PYTHONPATH=package).strip() == str(prefix / folder)
    assert run(sys.executable, "-m", "warpx", "--version", PYTHONPATH=ROOT / "python").strip() == version
    status, said = attempt(sys.executable, "-m", "warpx", "--cmake-dir", PYTHONPATH=ROOT / "python")
    assert status == 1 and f"got the source tree {ROOT}" in said


@pytest.mark.parametrize("arguments, said", [
    (["-DSOURCES="], "expected source files; got none"),
    (["-DSOURCES=ops.cu"],
     "expected a C++ file for builds without CUDA; got only ops.cu, and WARPX_MODULE_CUDA is OFF"),
    (["-DPARTS=0"], "expected PARTS from 1 to 32; got '0'"),
    (["-DPARTS="], "expected PARTS from 1 to 32; got ''"),
    (["-DPARTS=2", "-DSOURCES=oops.cpp"],
     "expected the file with WARPX_PYTHON_MODULE first; got oops.cpp, which does not exist"),
    (["-DCMAKE_DISABLE_FIND_PACKAGE_Python3=ON"], "expected Python 3.10 or newer with its header Python.h"),
])
def test_refused(prefix, tmp_path, arguments, said):
    status, output = configure(HERE / "module", tmp_path, f"-DCMAKE_PREFIX_PATH={prefix}", "-DWARPX_MODULE_CUDA=OFF",
                               *arguments)
    assert status == 1 and f"warpx_add_module(my_ops): {said}" in " ".join(output.split())
