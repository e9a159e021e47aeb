# SPDX-License-Identifier: Apache-2.0
"""DLPack, the array interfaces and the C exchange API, with producers made for the test, and JAX."""
import ctypes
import gc
import threading
import time

import numpy as np
import pytest

import warpx_python_probe as probe


class Producer:
    """An object with __dlpack__ that returns a capsule of the probe's."""

    def __init__(self, **fields):
        self.fields = fields
        self.asked = []

    def __dlpack__(self, **keywords):
        self.asked.append(keywords)
        return probe.capsule(**self.fields)


class Legacy:
    """A producer of the time before max_version."""

    def __dlpack__(self, stream=None):
        return probe.capsule()


@pytest.mark.parametrize("where", ["here", "without the GIL", "another thread"])
def test_t01_deleter_on_any_thread(where):
    probe.keep(Producer(versioned=True))
    assert probe.deleted() == 0
    probe.drop(where)
    assert probe.deleted() == 1


@pytest.mark.parametrize("where", ["here", "without the GIL", "another thread"])
def test_t01_object_dropped_on_any_thread(where):
    class Sub(np.ndarray):
        pass

    dropped = []
    a = np.zeros(3, "f4").view(Sub)
    import weakref

    weakref.finalize(a, dropped.append, 1)
    probe.keep(a)
    del a
    gc.collect()
    assert not dropped
    probe.drop(where)
    gc.collect()
    assert dropped == [1]


def test_t02_dropped_after_the_interpreter(run_python):
    out = run_python("""
import numpy as np, warpx_python_probe as probe
class Sub(np.ndarray): pass
class Producer:
    def __dlpack__(self, **k): return probe.capsule(versioned=True)
for x in (np.zeros(3, "f4"), np.zeros(3, "f4").view(Sub), Producer(), bytearray(12)):
    try: probe.keep(memoryview(x).cast("f") if isinstance(x, bytearray) else x)
    except TypeError: raise
probe.keep_to_the_end()
print("kept")
""")
    assert out.strip() == "kept"


def test_t03_null_deleter():
    for versioned in (True, False):
        probe.keep(probe.capsule(versioned=versioned, deleter=False))
        assert probe.read_kept()["sum"] == 6
        probe.drop("here")
    assert probe.deleted() == 0


def test_t04_capsules_are_consumed_once(refused):
    for versioned, name in ((True, "used_dltensor_versioned"), (False, "used_dltensor")):
        capsule = probe.capsule(versioned=versioned)
        assert probe.read(capsule)["sum"] == 6
        assert probe.deleted() == 1
        assert probe.capsule_name(capsule) == name
        refused(ValueError, name, "consumed once", lambda: probe.read(capsule))
    refused(TypeError, "other", lambda: probe.read(probe.capsule(name="other")))


def test_t04_refused_tensors_are_released(refused):
    refused(TypeError, "got int32", lambda: probe.read(Producer(code=0)))
    assert probe.deleted() == 1


def test_t05_pending_exceptions_stay(refused):
    class Sub(np.ndarray):
        pass

    for x in (np.zeros(3, "f4"), np.zeros(3, "f4").view(Sub), Producer(), Legacy(), bytearray(12)):
        said, kept = probe.read_while_pending(x)
        assert kept, x
    said, kept = probe.read_while_pending([1])
    assert kept and "expected an array" in said


def test_t05_unused_capsules_release_quietly():
    memory = probe.export("owner")
    capsule = memory.__dlpack__(max_version=(1, 0))
    before = probe.releases()
    del memory
    try:
        raise KeyError("pending")
    except KeyError:
        del capsule
    assert probe.releases() == before + 1


def test_t06_null_strides():
    assert probe.read(Producer(strides=False))["strides"] == (1,)


def test_t07_null_data(refused):
    assert probe.read(Producer(n=0, null=True))["shape"] == (0,)
    refused(ValueError, "null", lambda: probe.read(Producer(n=3, null=True)))


def test_t12_byte_offset(refused):
    base = probe.read(Producer())["data"]
    facts = probe.read(Producer(offset=8))
    assert facts["data"] == base + 8 and facts["sum"] == 2 + 3 + 4 + 5
    refused(ValueError, "align", lambda: probe.read(Producer(offset=2)))


def test_t14_lanes(refused):
    refused(TypeError, "lanes", lambda: probe.read(Producer(lanes=4)))
    refused(TypeError, "sub-byte", lambda: probe.read(Producer(code=17, bits=4, lanes=2)))


def test_t15_bool_bits(refused):
    refused(TypeError, "packed into bits", lambda: probe.read(Producer(code=6, bits=1), "bool"))
    refused(TypeError, "uint8", lambda: probe.read(Producer(code=1, bits=8), "bool"))


def test_t16_read_only_flag(refused):
    assert probe.read(Producer(versioned=True, read_only=True))["sum"] == 6
    refused(BufferError, "read-only", lambda: probe.write(Producer(versioned=True, read_only=True)))


def test_max_version_is_asked_for():
    p = Producer(versioned=True)
    probe.read(p)
    assert p.asked == [{"max_version": (1, 3)}]
    assert probe.read(Legacy())["sum"] == 6


def test_t17_jax_arrays_are_immutable(refused):
    jax = pytest.importorskip("jax")
    x = jax.numpy.arange(4.0)
    facts = probe.read(x)
    assert facts["sum"] == 6 and facts["data"] == x.unsafe_buffer_pointer()
    refused(BufferError, "read-only", "JAX arrays are immutable", lambda: probe.write(x))


def test_jax_tracers(refused):
    jax = pytest.importorskip("jax")

    def look(x):
        refused(TypeError, "JAX tracer", lambda: probe.read(x))
        return x

    jax.jit(look)(jax.numpy.arange(4.0))


def test_t26_unknown_major_version(refused):
    refused(BufferError, "version 2.0", "max_version", lambda: probe.read(Producer(versioned=True, major=2)))
    assert probe.deleted() == 1
    assert probe.read(Producer(versioned=True, major=1))["sum"] == 6


def test_t27_unknown_codes(refused):
    refused(TypeError, "unknown dtype", lambda: probe.read(Producer(code=18)))
    refused(TypeError, "unknown dtype", lambda: probe.read(Producer(code=99)))
    refused(BufferError, "unknown device 20", lambda: probe.read(Producer(device=20)))
    refused(BufferError, "wrong device", lambda: probe.read(Producer(device=2)))


def test_t28_paddle_device_id_none():
    class PaddleLike(Producer):
        def __dlpack_device__(self):
            return (1, None)

    assert probe.read(PaddleLike())["sum"] == 6


def test_paddle_like_gradient(refused):
    class Tensor:
        __dlpack_c_exchange_api__ = probe.exchange("capsule", 0)
        stop_gradient = False

    refused(BufferError, "stop_gradient = False", ".detach()", lambda: probe.read(Tensor()))
    assert probe.read(Tensor(), allow_gradient=True)["sum"] == 10
    Tensor.stop_gradient = True
    assert probe.read(Tensor())["sum"] == 10


def test_producers_that_raise(refused):
    class Refuses:
        def __dlpack__(self, **keywords):
            raise BufferError("not today")

    class Interrupted:
        def __dlpack__(self, **keywords):
            raise KeyboardInterrupt

    class NoCapsule:
        def __dlpack__(self, **keywords):
            return 3

    refused(BufferError, "BufferError: not today", lambda: probe.read(Refuses()))
    refused(BufferError, "returned int, no capsule", lambda: probe.read(NoCapsule()))
    with pytest.raises(KeyboardInterrupt):
        probe.read(Interrupted())


def test_t41_sharded_arrays(refused):
    class Sharded:
        def __dlpack_device__(self):
            raise BufferError("__dlpack__ only supported for unsharded arrays.")

        def __dlpack__(self, **keywords):
            return self.__dlpack_device__()

    refused(BufferError, "only supported for unsharded arrays", lambda: probe.read(Sharded()))


# -- The C exchange API -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("attribute, form", [("__dlpack_c_exchange_api__", "capsule"), ("__dlpack_c_exchange_api__", "int"),
                                             ("__c_dlpack_exchange_api__", "int")])
def test_t40_exchange_api_of_the_type(attribute, form):
    kind = type("Tensor", (), {attribute: probe.exchange(form, 0)})
    for _ in range(3):
        assert probe.read(kind())["shape"] == (5,)
    assert probe.exchange_calls() == 3


def test_t40_exchange_api_elsewhere_does_not_count(refused):
    class Meta(type):
        __dlpack_c_exchange_api__ = probe.exchange("capsule", 0)

    class OfMeta(metaclass=Meta):
        pass

    class OnInstance:
        pass

    instance = OnInstance()
    instance.__dlpack_c_exchange_api__ = probe.exchange("capsule", 0)
    refused(TypeError, "expected an array", lambda: probe.read(OfMeta()))
    refused(TypeError, "expected an array", lambda: probe.read(instance))
    assert probe.exchange_calls() == 0


def test_t26_exchange_api_versions():
    newer = type("Newer", (Producer,), {"__dlpack_c_exchange_api__": probe.exchange("capsule", 1)})
    assert probe.read(newer())["shape"] == (4,)  # not understood: __dlpack__ instead
    both = type("Both", (), {"__dlpack_c_exchange_api__": probe.exchange("capsule", 2)})
    assert probe.read(both())["shape"] == (5,)  # leads to a table of version 1
    assert probe.exchange_calls() == 1


def test_t40_inherited_tables_are_not_trusted():
    base = type("Base", (Producer,), {"__dlpack_c_exchange_api__": probe.exchange("capsule", 0), "__module__": "library.core"})
    ours = type("Ours", (base,), {"__module__": "library.nn"})
    theirs = type("Theirs", (base,), {"__module__": "elsewhere"})
    assert probe.read(ours())["shape"] == (5,)
    assert probe.read(theirs())["shape"] == (4,)


def test_tvm_ffi():
    tvm_ffi = pytest.importorskip("tvm_ffi")
    t = tvm_ffi.from_dlpack(np.arange(4, dtype="f4"))
    facts = probe.read(t)
    assert facts["sum"] == 6


# -- Array interfaces -------------------------------------------------------------------------------------------------
class Interface:
    def __init__(self, **changes):
        self.memory = np.arange(6, dtype="f4")
        self.fields = {"shape": (6,), "typestr": "<f4", "data": (self.memory.ctypes.data, False), "version": 3} | changes

    @property
    def __array_interface__(self):
        return self.fields


class CudaInterface(Interface):
    @property
    def __cuda_array_interface__(self):
        return self.fields

    __array_interface__ = None
    del __array_interface__


def test_array_interface():
    i = Interface()
    facts = probe.read(i)
    assert facts["data"] == i.memory.ctypes.data and facts["sum"] == 15 and not facts["borrowed"]
    assert probe.read(Interface(strides=(8,), shape=(3,)))["sum"] == 0 + 2 + 4
    probe.write(i)
    assert i.memory.tolist() == [7] * 6


def test_array_interface_of_a_buffer(refused):
    class Image:
        @property
        def __array_interface__(self):  # the bytes live in the dictionary alone
            return {"shape": (3, 4), "typestr": "|u1", "data": bytes(range(12)), "version": 3}

    assert "shape (3, 4)" in probe.describe(Image())
    short = Interface(data=bytearray(8))
    refused(TypeError, "entries of another type or size", lambda: probe.read(short))
    assert probe.read(Interface(data=bytearray(24)))["sum"] == 0
    assert probe.read(Interface(data=bytearray(24), strides=(-4,), offset=20))["sum"] == 0
    for fields in ({"strides": (-4,)}, {"strides": (8,)}, {"offset": 4}, {"offset": -4}):
        refused(TypeError, "entries of another type or size",
                lambda fields=fields: probe.read(Interface(data=bytearray(24), **fields)))
    refused(TypeError, "big-endian", lambda: probe.read(Interface(data=bytearray(24), typestr=">f4")))


def test_t36_array_interface_fields(refused):
    assert probe.read(Interface(strides=None))["strides"] == (1,)  # None and absent mean the same
    assert probe.read(Interface(shape=(0,), data=(0, False)))["shape"] == (0,)
    refused(ValueError, "null", lambda: probe.read(Interface(data=(0, False))))
    assert probe.read(Interface(mask=None))["sum"] == 15
    refused(TypeError, "masked", ".filled(value)", lambda: probe.read(Interface(mask=np.zeros(6))))
    refused(TypeError, "version 4", lambda: probe.read(Interface(version=4)))
    refused(BufferError, "read-only", lambda: probe.write(Interface(data=(Interface().memory.ctypes.data, True))))
    refused(TypeError, "big-endian", lambda: probe.read(Interface(typestr=">f4")))
    refused(TypeError, "structured", lambda: probe.read(Interface(typestr="|V8", descr=[("a", "<f4"), ("b", "<f4")])))
    refused(TypeError, "no tuple `shape`", lambda: probe.read(Interface(shape=6)))
    refused(TypeError, "`strides`", lambda: probe.read(Interface(strides=(4, 4))))
    assert probe.read(Interface(typestr="<V2", shape=(12,)), "bfloat16")["shape"] == (12,)
    refused(TypeError, "wrong dtype", lambda: probe.read(Interface(typestr="<V2", shape=(12,)), "float16"))


def test_t36_cuda_array_interface_streams(refused):
    for version in (2, 3):
        assert "cuda:0" in probe.describe(CudaInterface(version=version))
    for stream in (None, 1, 2, 12345):
        assert "cuda:0" in probe.describe(CudaInterface(stream=stream))
    refused(TypeError, "stream 0", "ambiguous", lambda: probe.describe(CudaInterface(stream=0)))
    refused(BufferError, "wrong device", ".cpu()", lambda: probe.read(CudaInterface()))


def test_t36_the_object_is_kept():
    dropped = []

    class Owner(Interface):
        def __del__(self):
            dropped.append(1)

    o = Owner()
    probe.keep(o)
    del o
    gc.collect()
    assert not dropped and probe.read_kept()["sum"] == 15
    probe.drop("another thread")
    assert dropped == [1]


# -- Threads ----------------------------------------------------------------------------------------------------------
def test_t39_other_threads_while_the_gil_is_released():
    a = np.ones(1000, "f4")
    results = []
    worker = threading.Thread(target=lambda: results.append(probe.sum_later(a, 200)))
    worker.start()
    time.sleep(0.05)
    with pytest.raises(ValueError):  # what is in use cannot be resized,
        a.resize(1 << 20)
    b = a
    del a, b  # and losing every name of it does not free it
    gc.collect()
    np.zeros(1000, "f4")
    worker.join()
    assert results == [1000.0]


def test_many_threads():
    def work():
        for _ in range(200):
            a = np.ones(100, "f4")
            assert probe.sum_later(a, 0) == 100
            assert probe.sum_later(Producer(versioned=True), 0) == 6

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert probe.deleted() == 800
