# SPDX-License-Identifier: Apache-2.0
"""conftest.py: what the tests of operations share. They run twice: as it is, and with WARPX_CALIBRATION=0."""
import os
import sys

import pytest

# On a GPU (tools/gpu-check) all tests of PyTorch make their tensors there.
ON_GPU = os.environ.get("WARPX_TEST_DEVICE") == "cuda"
collect_ignore = [] if ON_GPU else ["test_cuda.py"]
if ON_GPU:
    import torch

    torch.set_default_device("cuda")

# What these say is about the CPU, its random numbers, or what Dynamo cannot trace under a default device.
CPU_ONLY = {
    "test_no_memory_for_gradients_that_are_not_wanted", "test_autocast_changes_nothing", "test_autocast",
    "test_mixed_frameworks", "test_mixed_devices", "test_rosenbrock_with_adam_converges", "test_transformations",
}


def pytest_collection_modifyitems(items):
    if ON_GPU:
        items[:] = [item for item in items if item.originalname not in CPU_ONLY]


@pytest.fixture(autouse=True)
def same_numbers():
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)


@pytest.fixture
def says():
    """says(RuntimeError, "part", ..., call): the call raises it with one sentence of three parts."""

    def check(kind, *parts_and_call):
        *parts, call = parts_and_call
        with pytest.raises(kind) as caught:
            call()
        text = str(caught.value)
        assert ": expected " in text and "; got " in text and text.count("; ") >= 2, f"no three-part sentence: {text}"
        for part in parts:
            assert part in text, f"{part!r} is not in: {text}"

    return check
