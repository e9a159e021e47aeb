# SPDX-License-Identifier: Apache-2.0
"""Arrays as Python objects, and C++ exceptions as Python ones."""
import gc

import numpy as np
import pytest

import warpx_python_probe as probe


def test_numpy_takes_it():
    memory = probe.export("arange")
    a = np.from_dlpack(memory)
    assert a.tolist() == [0, 1, 2, 3, 4, 5] and a.flags.writeable
    del memory
    gc.collect()
    assert a.tolist() == [0, 1, 2, 3, 4, 5]


def test_torch_takes_it():
    torch = pytest.importorskip("torch")
    t = torch.from_dlpack(probe.export("arange"))
    t += 1
    assert t.tolist() == [1, 2, 3, 4, 5, 6]
    assert torch.from_dlpack(probe.export("bfloat16")).dtype is torch.bfloat16


def test_jax_takes_it():
    jax = pytest.importorskip("jax")
    assert jax.numpy.from_dlpack(probe.export("arange")).tolist() == [0, 1, 2, 3, 4, 5]


def test_shapes():
    assert np.from_dlpack(probe.export("vec3")).shape == (4, 3)
    assert np.from_dlpack(probe.export("empty")).shape == (0, 0)
    assert np.from_dlpack(probe.export("scalar")).tolist() == 3
    assert "float32, rank 1, shape (6,)" in repr(probe.export("arange"))


def test_round_trip_shares_the_memory():
    a = np.arange(4, dtype="f4")
    b = np.from_dlpack(probe.export_again(a))
    assert b.ctypes.data == a.ctypes.data
    b[0] = 9
    assert a[0] == 9
    del a
    gc.collect()
    assert b.tolist() == [9, 1, 2, 3]


def test_owners_are_released_once():
    before = probe.releases()
    memory = probe.export("owner")
    a, b = np.from_dlpack(memory), np.from_dlpack(memory)
    del memory, a
    gc.collect()
    assert probe.releases() == before and b.tolist() == [1, 2, 3, 4]
    del b
    gc.collect()
    assert probe.releases() == before + 1


def test_t16_read_only_export():
    memory = probe.export("readonly")
    assert not np.from_dlpack(memory).flags.writeable
    with pytest.raises(BufferError, match="read-only"):
        memory.__dlpack__()


def test_t37_memory_without_an_owner(refused):
    refused(BufferError, "memory with an owner", "borrowed memory", "make_owner", lambda: probe.export("stack"))


def test_dlpack_keywords():
    memory = probe.export("arange")
    assert memory.__dlpack_device__() == (1, 0)
    assert probe.capsule_name(memory.__dlpack__()) == "dltensor"
    assert probe.capsule_name(memory.__dlpack__(max_version=(0, 8))) == "dltensor"
    assert probe.capsule_name(memory.__dlpack__(stream=None, max_version=(1, 3), dl_device=(1, 0), copy=False)) == \
        "dltensor_versioned"
    with pytest.raises(BufferError, match="without copying"):
        memory.__dlpack__(copy=True)
    with pytest.raises(BufferError, match="where it is"):
        memory.__dlpack__(dl_device=(2, 0))
    with pytest.raises(TypeError, match="unexpected keyword"):
        memory.__dlpack__(colour="red")
    with pytest.raises(TypeError, match="keyword arguments only"):
        memory.__dlpack__(1)


def test_no_new_ones_from_python():
    with pytest.raises(TypeError):
        type(probe.export("arange"))()


@pytest.mark.parametrize("thrown, kind, text", [("bind", ValueError, "bind"), ("launch", RuntimeError, "launch"),
                                                ("index", IndexError, "index"), ("memory", MemoryError, ""),
                                                ("runtime", RuntimeError, "runtime"), ("other", RuntimeError, "exception")])
def test_exceptions(thrown, kind, text):
    with pytest.raises(kind) as caught:
        probe.raise_(thrown)
    assert type(caught.value) is kind and text in str(caught.value)
