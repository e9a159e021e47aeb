# SPDX-License-Identifier: Apache-2.0
"""pip install of warpx and of examples/extension, in an environment of their own, as a user does it."""
import os
import pathlib
import sys
import zipfile

import pytest
from building import HERE, ROOT, attempt, cached, configure, python, run

# The module is built without NumPy: it must run with the last 1.x too.
NUMPY = "numpy==1.26.4" if sys.version_info < (3, 13) else "numpy<2.3"


@pytest.fixture(scope="module")
def pip(tmp_path_factory):
    """pip of a fresh environment."""
    folder = tmp_path_factory.mktemp("pip")
    run(sys.executable, "-m", "venv", folder / "venv")
    command = [folder / "venv/bin/python", "-m", "pip"]
    status, output = attempt(*command, "download", "-q", "--no-deps", "--retries", "1", "--dest",
                             folder / "reachable", "scikit-build-core")
    if status != 0:
        pytest.skip(f"PyPI is unreachable: {output.strip().splitlines()[-1]}")
    return command


@pytest.fixture(scope="module")
def wheels(pip, tmp_path_factory):
    """The folder with warpx's wheel."""
    folder = tmp_path_factory.mktemp("wheels")
    run(*pip, "wheel", "-q", "--no-deps", "-w", folder, ROOT)
    return folder


@pytest.fixture(scope="module")
def installed(pip, wheels):
    """The environment's Python, with the template. warpx comes from the wheel, all else that it needs from PyPI."""
    run(*pip, "install", "-q", "--find-links", wheels, f"{ROOT}/examples/extension[test]", NUMPY,
        "-Ccmake.define.WARPX_MODULE_CUDA=OFF", "-Ccmake.define.CMAKE_CXX_FLAGS_RELEASE=-O1",
        CXX=cached("CMAKE_CXX_COMPILER"), timeout=500)
    return pip[0]


def site_packages(executable):
    return pathlib.Path(run(executable, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())


def test_the_wheel_is_for_every_machine_and_holds_every_header(wheels):
    wheel, = wheels.iterdir()
    version = run(sys.executable, "-m", "warpx", "--version", PYTHONPATH=ROOT / "python").strip()
    assert wheel.name == f"warpx-{version}-py3-none-any.whl"
    names = set(zipfile.ZipFile(wheel).namelist())
    headers = {f"warpx/{p.relative_to(ROOT)}" for p in (ROOT / "include").rglob("*") if p.suffix in (".hpp", ".cuh")}
    assert headers and {n for n in names if n.startswith("warpx/include/")} == headers
    glue = {f"warpx/{p.name}" for p in (ROOT / "python/warpx").glob("*.py")}
    assert glue and {n for n in names if n.endswith(".py")} == glue


def test_the_wheel_does_not_lead_back_to_the_checkout(wheels):
    wheel, = wheels.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        assert [n for n in archive.namelist() if str(ROOT).encode() in archive.read(n)] == []


def test_template(installed):
    """Its own tests, in its own environment, with an old NumPy."""
    said = run(installed, "-m", "pytest", "-q", "-p", "no:cacheprovider", ROOT / "examples/extension/tests", cwd="/")
    assert "failed" not in said and "7 passed" in said
    assert run(installed, "-c", "import numpy; print(numpy.__version__)").startswith(("1.", "2.2"))


def test_template_with_the_libraries_of_the_test_environment(installed, tmp_path):
    """The same files under a newer NumPy, and with torch where it is."""
    for package in ("my_ops", "warpx"):
        os.symlink(site_packages(installed) / package, tmp_path / package)
    said = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", ROOT / "examples/extension/tests",
               cwd="/", PYTHONPATH=tmp_path)
    assert "failed" not in said and " passed" in said
    assert python("import numpy; print(numpy.__version__)").strip() != run(
        installed, "-c", "import numpy; print(numpy.__version__)").strip()


def test_template_has_its_stubs(installed):
    package = site_packages(installed) / "my_ops"
    assert (package / "py.typed").is_file()
    assert "def matmul(" in (package / "_ops.pyi").read_text()


def test_template_needs_the_package_at_run_time(installed):
    assert "warpx" in run(installed, "-m", "pip", "show", "my_ops").split("Requires:")[1].split("\n")[0]


def test_find_package_from_the_environment(installed, tmp_path):
    package = site_packages(installed) / "warpx"
    folder = run(installed, "-m", "warpx", "--cmake-dir", cwd="/").strip()
    assert folder == str(package / "share/cmake/warpx")
    assert run(installed, "-m", "warpx", "--include-dir", cwd="/").strip() == str(package / "include")
    status, output = configure(HERE / "find_package", tmp_path, f"-Dwarpx_DIR={folder}")
    assert status == 0, output
    run("cmake", "--build", tmp_path)
    assert "y = 12 24 36" in run(tmp_path / "consumer")
