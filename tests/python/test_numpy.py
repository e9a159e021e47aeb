# SPDX-License-Identifier: Apache-2.0
"""NumPy arrays, scalars and what derives from them, and plain buffers."""
import array
import os

import numpy as np
import pytest

import warpx_python_probe as probe

CALIBRATED = os.environ.get("WARPX_CALIBRATION") != "0"


def test_calibration_is_what_was_asked_for():
    probe.read(np.zeros(1, "f4"))
    assert probe.calibration()["numpy"] is CALIBRATED


@pytest.mark.parametrize("name", ["float16", "float32", "float64", "int8", "int32", "int64", "uint8", "uint16", "bool",
                                  "complex64"])
def test_every_dtype_without_a_copy(name):
    a = np.ones(5, dtype=name)
    facts = probe.read(a, name)
    assert facts["data"] == a.ctypes.data and facts["shape"] == (5,) and facts["strides"] == (1,)
    assert facts["borrowed"] or not CALIBRATED


@pytest.mark.parametrize("name", ["bfloat16", "float8_e4m3fn"])
def test_ml_dtypes(name):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    a = np.ones(5, dtype=getattr(ml_dtypes, name))
    assert probe.read(a, name)["data"] == a.ctypes.data


def test_long_long_is_int64():  # T32
    assert probe.read(np.arange(3, dtype="q"), "int64")["sum"] == 3
    assert probe.read(np.arange(3, dtype="l"), "int64")["sum"] == 3


def test_trailing_axes_are_vectors():
    a = np.arange(12, dtype="f4").reshape(4, 3)
    assert probe.read(a, "vec3f") | {"sum": 0} == {"data": a.ctypes.data, "shape": (4,), "strides": (1,),
                                                   "borrowed": CALIBRATED, "sum": 0}


def test_wrong_dtype_and_rank(refused):
    refused(TypeError, "argument 'x'", "expected float32", "got float64", "convert with .astype('float32')",
            lambda: probe.read(np.zeros(3)))
    refused(ValueError, "rank 2", "wrong rank", lambda: probe.read(np.zeros((2, 2), "f4")))


def test_writing():
    a = np.zeros(5, "f4")
    probe.write(a[::2])
    assert a.tolist() == [7, 0, 7, 0, 7]


def test_t06_strides_none(refused):
    # A buffer without strides, and an array interface without them, are compact.
    assert probe.read(bytearray(4), "uint8")["strides"] == (1,)
    assert probe.read(array.array("f", [1, 2, 3]))["sum"] == 6


def test_t07_zero_size():
    for a in (np.zeros(0, "f4"), np.zeros((4, 0), "f4")[::-2, 0:0].reshape(0)):
        facts = probe.read(a)
        assert facts["shape"] == (0,) and facts["sum"] == 0
    assert probe.read(np.zeros((0, 3), "f4"), rank=2)["shape"] == (0, 3)


def test_t08_rank_zero_and_scalars(refused):
    assert probe.read(np.array(3, "f4"), rank=0)["sum"] == 3
    assert probe.read(np.float32(3), rank=0)["sum"] == 3
    refused(BufferError, "read-only", lambda: probe.write(np.float32(3), rank=0))


def test_t09_stride_of_extent_one():
    a = np.lib.stride_tricks.as_strided(np.zeros(1, "f4"), shape=(1,), strides=(1237,))
    assert probe.read(a)["strides"] == (1,)


def test_t10_negative_strides():
    a = np.arange(6, dtype="f4")[::-1]
    facts = probe.read(a)
    assert facts["strides"] == (-1,) and facts["data"] == a.ctypes.data and facts["sum"] == 15


def test_t11_zero_strides_are_for_reading(refused):
    a = np.broadcast_to(np.float32(2), (5,))
    assert probe.read(a)["sum"] == 10
    w = np.lib.stride_tricks.as_strided(np.zeros(1, "f4"), shape=(5,), strides=(0,))
    refused(ValueError, "overlap", lambda: probe.write(w))


def test_t13_alignment(refused):
    raw = np.zeros(41, "u1")
    one = raw[(4 - raw.ctypes.data) % 4:][:32].view("f4")  # aligned to 4 bytes, perhaps not to more
    assert probe.read(one[1:])["data"] == one.ctypes.data + 4
    off = raw[1 + (4 - raw.ctypes.data) % 4:][:32].view("f4")
    refused(ValueError, "align", lambda: probe.read(off))


def test_t15_bool_is_no_uint8(refused):
    refused(TypeError, "uint8 may hold other values than 0 and 1", lambda: probe.read(np.zeros(3, "u1"), "bool"))
    refused(TypeError, "got bool", lambda: probe.read(np.zeros(3, "?"), "uint8"))


def test_t16_read_only_numpy(refused):
    a = np.arange(3, dtype="f4")
    a.flags.writeable = False
    assert probe.read(a)["sum"] == 3
    refused(BufferError, "writable", "read-only", "const T", lambda: probe.write(a))
    sub = a.view(np.memmap)
    assert probe.read(sub)["sum"] == 3
    refused(BufferError, "read-only", lambda: probe.write(sub))


@pytest.mark.parametrize("dtype, reason", [(">f4", "big-endian"), ("g", "long double"), ("G", "complex long double"),
                                           ("O", "Python objects"), ("U3", "strings"), ("S3", "strings"),
                                           ("M8[s]", "dates"), ("m8[s]", "dates"),
                                           ([("a", "f4"), ("b", "i4")], "structured dtype")])
def test_t29_foreign_dtypes(dtype, reason, refused):
    for a in (np.zeros(3, dtype), np.zeros(3, dtype).view(type("sub", (np.ndarray,), {}))):
        refused(TypeError, reason, lambda a=a: probe.read(a))


def test_t30_stride_that_is_no_multiple(refused):
    a = np.zeros((4, 7), "f4")[:, :6].view("c8")[:, 0]  # every 28 bytes, 8 bytes an item
    refused(ValueError, "no multiple of the item size", lambda: probe.read(a, "complex64"))


def test_masked_arrays(refused):
    a = np.ma.masked_array(np.zeros(3, "f4"), mask=[0, 1, 0])
    refused(TypeError, "MaskedArray", ".filled(value)", lambda: probe.read(a))


def test_subclasses_take_the_protocols():
    class Sub(np.ndarray):
        pass

    a = np.arange(4, dtype="f4").view(Sub)
    facts = probe.read(a)
    assert facts["data"] == a.ctypes.data and facts["sum"] == 6
    probe.write(a)
    assert a.tolist() == [7] * 4


@pytest.mark.parametrize("code, name", [("f", "float32"), ("d", "float64"), ("b", "int8"), ("i", "int32"), ("l", "int64"),
                                        ("q", "int64"), ("B", "uint8"), ("H", "uint16")])
def test_buffers(code, name):
    a = array.array(code, [1, 2, 3])
    facts = probe.read(a, name)
    assert facts["data"] == a.buffer_info()[0] and facts["sum"] == 6
    probe.write(a, name)
    assert a.tolist() == [7, 7, 7]


def test_buffers_that_are_refused(refused):
    refused(BufferError, "read-only", lambda: probe.write(b"abc", "uint8"))
    refused(TypeError, "format '>f'", lambda: probe.read(memoryview(np.zeros(3, ">f4"))))
    refused(TypeError, "format '", lambda: probe.read(memoryview(np.zeros(3, "f4,i4"))))


def test_a_buffer_is_released():
    b = bytearray(12)
    probe.read(memoryview(b).cast("f"))
    b.extend(b"more")  # fails with BufferError while somebody holds it


def test_t38_nothing_is_converted(refused):
    for what in ([1.0, 2.0], (1.0,), 3.0, 3, "abc", object(), None, {}):
        refused(TypeError, "expected an array", lambda what=what: probe.write(what))
    refused(TypeError, "numpy.asarray(a)", lambda: probe.read([1.0]))
    refused(TypeError, "got int32", lambda: probe.write(np.zeros(3, "i4")))


def test_keeping():
    a = np.arange(4, dtype="f4")
    probe.keep(a)
    del a
    np.ones(4, "f4")  # would take the memory if it were free
    assert probe.read_kept()["sum"] == 6


def test_kept_arrays_cannot_be_resized():
    a = np.zeros(4, "f4")
    probe.keep(a)
    with pytest.raises(ValueError, match="referenced|resize"):
        a.resize(1000)


def test_reference_counts():
    import sys

    a = np.zeros(4, "f4")
    before = sys.getrefcount(a)
    for _ in range(5):
        probe.read(a)
        probe.write(a)
        with pytest.raises(TypeError):
            probe.read(a, "float64")
    assert sys.getrefcount(a) == before
    probe.keep(a)
    assert sys.getrefcount(a) > before or not CALIBRATED
    probe.drop("here")
    assert sys.getrefcount(a) == before
