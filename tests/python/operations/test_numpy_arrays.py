# SPDX-License-Identifier: Apache-2.0
"""Operations over NumPy arrays: types, layouts, batches, results, what is refused and in which words."""
import ml_dtypes
import numpy as np
import pytest

import warpx_test_more as more
import warpx_test_ops as ops

RNG = np.random.default_rng(0)


def layouts(a):
    """The values of `a` in memory of other layouts."""
    wide = np.zeros(tuple(2 * n for n in a.shape), a.dtype)
    wide[tuple(slice(None, None, 2) for _ in a.shape)] = a
    padded = np.zeros(tuple(n + 3 for n in a.shape), a.dtype)
    inner = padded[tuple(slice(1, -2) for _ in a.shape)]
    inner[...] = a
    return {
        "compact": a.copy(),
        "fortran": np.asfortranarray(a),
        "strided": wide[tuple(slice(None, None, 2) for _ in a.shape)],
        "negative": a[tuple(slice(None, None, -1) for _ in a.shape)].copy()[tuple(slice(None, None, -1) for _ in a.shape)],
        "padded": inner,
    }


# -- Types -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_half_types(dtype):
    x = np.arange(6).astype(dtype)
    y = more.scale(x, 2)
    assert y.dtype == dtype and y.astype(float).tolist() == [0, 2, 4, 6, 8, 10]
    assert more.scale(x.reshape(2, 3), np.array([1, 3], dtype)).astype(float).tolist() == [[0, 1, 2], [9, 12, 15]]


def test_complex():
    x, w = np.array([1j, 2.0]), np.array([1 + 1j, 3j])
    assert more.product(x, w).tolist() == (x * w * w).tolist()


@pytest.mark.parametrize("number", [2, 2.0, True, np.float32(2), np.int8(2), np.array(2.0), np.array(2, "i2")])
def test_numbers_of_any_kind_are_converted(number):
    expected = float(number) * np.arange(3.0)
    np.testing.assert_array_equal(more.affine(np.arange(3.0), scale=number), expected)


def test_integer_arrays():
    assert ops.gather(np.arange(4.0), np.array([3, 0])).tolist() == [9, 0]


def test_static_values_are_integers(says):
    assert more.power(np.arange(4.0), 3).tolist() == [0, 1, 8, 27]
    assert more.power(np.arange(4.0)).tolist() == [0, 1, 4, 9]
    assert more.power(np.arange(4.0), np.int64(1)).tolist() == [0, 1, 2, 3]
    says(TypeError, "argument 'count'", "int32", lambda: more.power(np.arange(4.0), 2.5))


# -- Layouts -----------------------------------------------------------------------------------------------------


def test_layouts_of_matrices():
    a, b = RNG.random((3, 4)), RNG.random((4, 5))
    for name, x in layouts(a).items():
        for other, y in layouts(b).items():
            np.testing.assert_allclose(ops.matmul(x, y), a @ b, err_msg=f"{name}, {other}")
    for name, out in layouts(np.zeros((3, 5))).items():
        assert ops.matmul(a, b, out=out) is out
        np.testing.assert_allclose(out, a @ b, err_msg=name)


def test_layouts_in_place_leave_the_rest_alone():
    x = RNG.random(7)
    whole = np.zeros((7, 3))
    ops.saxpy(x, whole[::-1, 1], 1.0)
    np.testing.assert_array_equal(whole[::-1, 1], x)
    assert not whole[:, 0].any() and not whole[:, 2].any()


def test_columns_of_one_matrix_do_not_overlap():
    m = np.ones((4, 2))
    ops.saxpy(m[:, 0], m[:, 1], 2.0)
    assert m.tolist() == [[1, 3]] * 4


def test_components_are_the_last_axis():
    v = RNG.random((5, 3))
    np.testing.assert_allclose(ops.norm3(v), np.linalg.norm(v, axis=1))
    np.testing.assert_allclose(ops.norm3(v[::-2]), np.linalg.norm(v[::-2], axis=1))
    np.testing.assert_allclose(ops.norm3(v[None]), np.linalg.norm(v, axis=1)[None])


@pytest.mark.parametrize("shape", [(0,), (0, 4), (3, 0)])
def test_empty(shape):
    x = np.ones(shape)
    assert ops.sinmul(x, 1.0).shape == shape
    assert ops.saxpy(x, x.copy(), 1.0).shape == shape
    assert ops.sum_squares(x).tolist() == np.zeros(shape[:-1]).tolist()


def test_empty_matrices():
    assert ops.matmul(np.ones((2, 0)), np.ones((0, 3))).tolist() == np.zeros((2, 3)).tolist()
    assert ops.matmul(np.ones((0, 2)), np.ones((2, 3))).shape == (0, 3)


def test_results_without_axes():
    s = ops.sum_squares(np.arange(4.0))
    assert type(s) is np.ndarray and s.shape == () and s == 14
    out = np.full((), 100.0)
    assert ops.sum_squares(np.arange(4.0), out=out) is out and out == 14  # cleared first


# -- Batches -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("a_batch, b_batch", [((5,), ()), ((), (5,)), ((5,), (1,)), ((2, 3), (3,)), ((2, 1), (1, 3)),
                                              ((2, 1, 4), (3, 1)), ((0,), ()), ((1, 1), ())])
def test_leading_axes_broadcast_as_in_matmul(a_batch, b_batch):
    a, b = RNG.random((*a_batch, 2, 3)), RNG.random((*b_batch, 3, 4))
    expected = a @ b
    got = ops.matmul(a, b)
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected)


def test_batches_of_views():
    a, b = RNG.random((4, 3, 2)), RNG.random((2, 6, 3))
    np.testing.assert_allclose(ops.matmul(a.transpose(0, 2, 1), b.transpose(0, 2, 1)[:1]), a.transpose(0, 2, 1) @
                               b.transpose(0, 2, 1)[:1])
    np.testing.assert_allclose(ops.matmul(np.broadcast_to(a[0].T, (5, 2, 3)), RNG.random((5, 3, 2))[::-1] * 0 + 1),
                               np.broadcast_to(a[0].T, (5, 2, 3)) @ np.ones((5, 3, 2)))


def test_numbers_may_have_a_batch():
    x = np.arange(3.0)
    assert ops.sinmul(x, np.array([[1.0], [2.0]])).shape == (2, 1, 3)
    np.testing.assert_allclose(ops.sinmul(x, np.array([1.0, 2.0])), np.outer([1, 2], np.sin(x)))
    y = np.zeros((2, 3))
    ops.saxpy(x, y, np.array([1.0, 2.0]))
    assert y.tolist() == [[0, 1, 2], [0, 2, 4]]


def test_batches_of_host_functions():
    x = RNG.random((2, 3, 4))
    np.testing.assert_allclose(more.squares(x), x * x)
    np.testing.assert_allclose(more.squares(x.transpose(2, 0, 1)), (x * x).transpose(2, 0, 1))


def test_batches_that_do_not_fit(says):
    says(ValueError, "argument 'b'", "batch axes", lambda: ops.matmul(np.ones((2, 2, 2)), np.ones((3, 2, 2))))
    # What is written has all of them.
    says(ValueError, "argument 'y'", "(2,)", "it is written", lambda: ops.saxpy(np.ones((2, 3)), np.ones(3), 1.0))
    says(ValueError, "argument 'c'", "(2,)", lambda: ops.matmul(np.ones((2, 2, 2)), np.ones((2, 2)), out=np.ones((2, 2))))


# -- Extents that the call gives ------------------------------------------------------------------------------------


def test_output_dims(says):
    for dims in (3, (3,), [3], {"y": 3}, {"y": (3,)}, np.int64(3)):
        assert more.ramp(1.0, output_dims=dims).tolist() == [0, 1, 2]
    assert more.ramp(1.0, output_dims=0).shape == (0,)
    assert ops.sinmul(np.ones(3), 1.0, output_dims=3).shape == (3,)  # as the input says
    says(TypeError, "output_dims", lambda: ops.sinmul(np.ones(3), 1.0, output_dims=(3, 1)))
    says(TypeError, "output_dims", "'z'", lambda: more.ramp(1.0, output_dims={"z": 3}))
    says(TypeError, "not negative", lambda: more.ramp(1.0, output_dims=-1))
    says(ValueError, "n = 4", lambda: ops.sinmul(np.ones(3), 1.0, output_dims=4))


def test_batched_numbers_without_arrays():
    assert more.ramp(np.array([1.0, 2.0]), output_dims=3).tolist() == [[0, 1, 2], [0, 2, 4]]


def test_launch_dims(says):
    y = np.full(4, 9.0)
    more.ramp(1.0, out=y, launch_dims=2)
    assert y.tolist() == [0, 1, 9, 9]
    says(TypeError, "launch_dims", lambda: more.ramp(1.0, launch_dims=(2, 2)))
    says(TypeError, "launch_dims", lambda: more.squares(np.ones(3), launch_dims=3))


# -- Refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["i4", "u1", "c16", "f2", "?"])
def test_other_types_are_not_converted(dtype, says):
    x = np.zeros(3).astype(dtype)
    says(TypeError, "argument 'x'", "float32 or float64", x.dtype.name, lambda: ops.sinmul(x, 1.0))


@pytest.mark.parametrize("dtype, part", [(">f8", "big-endian"), ("O", "objects"), ("U1", "strings"), ("M8[s]", "dates")])
def test_what_is_no_element_type(dtype, part, says):
    says(TypeError, "sinmul(), argument 'x'", part, lambda: ops.sinmul(np.zeros(3).astype(dtype), 1.0))


def test_what_is_no_array():
    for thing in ([1.0, 2.0], (1.0,), "text", None, object(), {}, 1.0):
        with pytest.raises(TypeError) as caught:
            ops.sinmul(thing, 1.0)
        assert "'x'" in str(caught.value)
    with pytest.raises(TypeError, match="mask"):
        ops.sinmul(np.ma.masked_array([1.0, 2.0], [True, False]), 1.0)


def test_subclasses_are_read_as_arrays():
    class Mine(np.ndarray):
        pass

    x = np.arange(3.0).view(Mine)
    np.testing.assert_allclose(ops.sinmul(x, 1.0), np.sin(np.arange(3.0)))


def test_sentences():
    with pytest.raises(ValueError) as caught:
        ops.matmul(np.ones((2, 3)), np.ones((4, 2)))
    assert str(caught.value) == ("matmul(), argument 'b': expected shape (k, m) with k = 3, as 'a' has; got shape (4, 2); "
                                 "pass arrays whose extents agree")
    with pytest.raises(TypeError) as caught:
        ops.saxpy(np.ones(3), np.ones(3, "f4"), 1.0)
    assert str(caught.value) == ("saxpy(), argument 'y': expected float64, as 'x' has; got float32; convert one of the "
                                 "two: nothing is converted silently")
    with pytest.raises(BufferError) as caught:
        ops.saxpy(np.ones(3), np.broadcast_to(np.ones(1), (3,)), 1.0)
    assert "argument 'y'" in str(caught.value)


def test_an_output_that_overlaps_itself():
    one = np.ones(1)
    y = np.lib.stride_tricks.as_strided(one, (3,), (0,))
    with pytest.raises((ValueError, BufferError)) as caught:
        ops.saxpy(np.ones(3), y, 1.0)
    assert "'y'" in str(caught.value) and one[0] == 1


def test_more_axes_than_there_may_be(says):
    says(ValueError, "argument 'x'", lambda: ops.sinmul(np.ones((1,) * 12), 1.0))
    assert ops.sinmul(np.ones((1,) * 9), 1.0).shape == (1,) * 9


def test_nothing_is_written_by_a_call_that_is_refused():
    y = np.ones((2, 3))
    with pytest.raises(ValueError):
        ops.saxpy(np.ones((3, 3)), y, 1.0)
    assert (y == 1).all()


def test_references_are_given_back():
    import sys

    x, y = np.ones(3), np.ones(3)
    before = sys.getrefcount(x), sys.getrefcount(y)
    for _ in range(100):
        ops.saxpy(x, y, 1.0)
        ops.sinmul(x, 1.0, out=y)
        with pytest.raises(ValueError):
            ops.saxpy(x, np.ones(2), 1.0)
    assert (sys.getrefcount(x), sys.getrefcount(y)) == before
