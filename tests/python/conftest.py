# SPDX-License-Identifier: Apache-2.0
"""conftest.py: what the Python tests share. They run twice: as it is, and with WARPX_CALIBRATION=0."""
import os
import re
import subprocess
import sys

import pytest

try:
    import warpx_python_probe as probe
except ImportError:  # the tests of operations alone, on a GPU
    probe = None

collect_ignore = ["operations"]  # a run of its own


def pytest_report_header():
    mode = "official functions only" if os.environ.get("WARPX_CALIBRATION") == "0" else "foreign structs are read"
    return f"warpx: {mode}"


@pytest.fixture
def refused():
    """refused(TypeError, "part", ..., call): the call raises that exception, and its text has all the parts."""

    def check(kind, *parts_and_call):
        *parts, call = parts_and_call
        with pytest.raises(kind) as caught:
            call()
        assert type(caught.value) is kind
        text = str(caught.value)
        assert ": expected " in text and "; got " in text and text.count("; ") >= 2, f"no three-part sentence: {text}"
        for part in parts:
            assert part in text, f"{part!r} is not in: {text}"
        return text

    return check


@pytest.fixture
def run_python():
    """Runs lines in a Python process of its own and returns what it printed; it must end with status 0."""

    def run(lines):
        done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"status {done.returncode}\n{done.stdout}{done.stderr}"
        assert not re.search(r"Segmentation|Sanitizer|Fatal Python", done.stderr), done.stderr
        return done.stdout

    return run


@pytest.fixture(autouse=True)
def nothing_left():
    yield
    if probe is None:
        return
    probe.drop("here")
    probe.deleted()
    probe.exchange_calls()
