# SPDX-License-Identifier: Apache-2.0
"""Operations on a GPU: streams, graphs, scalars in device memory, CuPy and Numba. Run by tools/gpu-check, which also
runs the tests of PyTorch beside this file with tensors on the GPU (WARPX_TEST_DEVICE=cuda)."""
import math

import numpy as np
import pytest
import torch

import warpx_test_more as more
import warpx_test_ops as ops

cupy = pytest.importorskip("cupy")
numba_cuda = pytest.importorskip("numba.cuda")

F64 = torch.float64
SLOW = 200_000_000  # clock cycles: about a tenth of a second
N = 1 << 20


def on_gpu(*values):
    return torch.tensor(values, dtype=F64, device="cuda")


# -- Streams ----------------------------------------------------------------------------------------------------------


def slow_then_operation(stream, current):
    """A slow kernel and then a write of x on `stream`; the operation while `current` is PyTorch's stream; y."""
    x, y = torch.zeros(N, device="cuda"), torch.zeros(N, device="cuda")
    torch.cuda.synchronize()
    with torch.cuda.stream(stream):
        torch.cuda._sleep(SLOW)
        x.fill_(1.0)
    with torch.cuda.stream(current):
        ops.saxpy(x, y, 2.0)
    torch.cuda.synchronize()
    return y


def test_work_goes_to_the_current_stream_of_torch():
    side = torch.cuda.Stream()
    assert slow_then_operation(side, side).eq(2).all()


def test_that_leaving_the_order_out_would_fail():
    # The same on a stream that does not wait: the operation reads zeros. So the test above sees the order.
    assert slow_then_operation(torch.cuda.Stream(), torch.cuda.Stream()).eq(0).all()


def test_nothing_synchronizes():
    x, y = torch.ones(N, device="cuda"), torch.ones(N, device="cuda")
    w = torch.ones(N, device="cuda", requires_grad=True)
    for _ in range(3):  # what allocates for the first time may wait
        ops.saxpy(x, y, 2.0)
        ops.sinmul(w, 2.0).sum().backward()
    torch.cuda.synchronize()
    torch.cuda._sleep(20 * SLOW)
    done = torch.cuda.Event()
    ops.saxpy(x, y, 2.0)
    ops.sinmul(w, 2.0).sum().backward()
    done.record()
    assert not done.query()  # everything was enqueued while the slow kernel runs
    torch.cuda.synchronize()


def test_work_goes_to_the_current_stream_of_cupy():
    slow = cupy.RawKernel(
        'extern "C" __global__ void slow(float* x, long long n, long long cycles) {'
        "  for (long long t = clock64(); clock64() - t < cycles;);"
        "  for (long long i = threadIdx.x; i < n; i += blockDim.x) x[i] = 1; }", "slow")
    for current, expected in ((True, 2), (False, 0)):
        x, y = cupy.zeros(N, "f4"), cupy.zeros(N, "f4")
        stream, other = cupy.cuda.Stream(non_blocking=True), cupy.cuda.Stream(non_blocking=True)
        cupy.cuda.Device().synchronize()
        with stream:
            slow((1,), (256,), (x, np.int64(N), np.int64(SLOW)))
        with stream if current else other:
            ops.saxpy(x, y, 2.0)
        cupy.cuda.Device().synchronize()
        assert bool((y == expected).all())


def test_numba_arrays_carry_their_stream():
    stream = numba_cuda.stream()
    x = numba_cuda.to_device(np.arange(5.0), stream=stream)
    y = numba_cuda.to_device(np.ones(5), stream=stream)
    assert ops.saxpy(x, y, 2.0) is y
    np.testing.assert_array_equal(y.copy_to_host(stream=stream), 2 * np.arange(5.0) + 1)
    stream.synchronize()


def test_interface_with_a_stream_of_its_own():
    class Claims:
        """An array of another library: its stream is in the interface."""

        def __init__(self, tensor, stream):
            self.tensor = tensor
            self.__cuda_array_interface__ = {**tensor.__cuda_array_interface__, "version": 3, "stream": stream}

    side = torch.cuda.Stream()
    x, y = torch.zeros(N, device="cuda"), torch.zeros(N, device="cuda")
    torch.cuda.synchronize()
    with torch.cuda.stream(side):
        torch.cuda._sleep(SLOW)
        x.fill_(1.0)
    ops.saxpy(Claims(x, side.cuda_stream), Claims(y, 1), 2.0)  # y's stream waits for x's, and both for the work
    assert y.eq(2).all()


# -- Graphs -----------------------------------------------------------------------------------------------------------


def test_a_captured_call_replays():
    x, y = torch.ones(8, device="cuda"), torch.zeros(8, device="cuda")
    ops.saxpy(x, y, 1.0)
    y.zero_()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        ops.saxpy(x, y, 1.0)
    assert y.eq(0).all()
    for _ in range(3):
        graph.replay()
    assert y.eq(3).all()


def test_forward_and_backward_in_a_graph():
    x = torch.linspace(0, 1, 64, device="cuda", requires_grad=True)
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            ops.sinmul(x, 2.0).sum().backward()
    torch.cuda.current_stream().wait_stream(stream)
    x.grad = None
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        ops.sinmul(x, 2.0).sum().backward()
    with torch.no_grad():
        x.copy_(torch.linspace(1, 2, 64, device="cuda"))
    x.grad.zero_()
    graph.replay()
    torch.testing.assert_close(x.grad, 2 * x.detach().cos())


def test_reduce_overhead_mode():
    @torch.compile(mode="reduce-overhead", fullgraph=True)
    def step(x, y):
        return ops.sinmul(x, 2.0) + ops.sinmul(y, 3.0)

    for seed in range(4):
        x, y = torch.rand(32, device="cuda"), torch.rand(32, device="cuda")
        torch.testing.assert_close(step(x, y).clone(), 2 * x.sin() + 3 * y.sin())


# -- Scalars ----------------------------------------------------------------------------------------------------------


def test_scalars_on_either_side():
    x = on_gpu(1, 2, 3)
    for a in (2.0, torch.tensor(2.0, dtype=F64, device="cpu"), on_gpu(2.0)[0], on_gpu(2.0)[0].float()):
        torch.testing.assert_close(ops.sinmul(x, a), 2 * x.sin())


def test_gradients_of_scalars_arrive_where_the_scalars_are():
    x = on_gpu(1, 2, 3)
    for a in (torch.tensor(2.0, dtype=F64, device="cpu"), torch.tensor(2.0, dtype=F64, device="cuda"),
              torch.tensor(2.0, dtype=torch.float32, device="cuda")):
        a.requires_grad_()
        ops.sinmul(x, a).sum().backward()
        assert a.grad.device == a.device and a.grad.dtype == a.dtype
        torch.testing.assert_close(a.grad.double().cpu(), x.sin().sum().cpu())


def test_scalars_of_a_batch():
    x, a = torch.rand(7, dtype=F64, device="cuda"), on_gpu(1, 2, 3)
    torch.testing.assert_close(ops.sinmul(x, a), a[:, None] * x.sin())
    torch.testing.assert_close(ops.sinmul(torch.stack([x, 2 * x]), 3.0), 3 * torch.stack([x, 2 * x]).sin())


# -- Frameworks -------------------------------------------------------------------------------------------------------


def test_cupy():
    x, y = cupy.arange(5.0), cupy.ones(5)
    assert ops.saxpy(x, y, 2.0) is y
    assert bool((y == 2 * x + 1).all())
    a, b = cupy.random.rand(4, 3), cupy.random.rand(3, 2)
    c = ops.matmul(a, b)
    assert type(c) is cupy.ndarray and cupy.allclose(c, a @ b)
    assert cupy.allclose(ops.matmul(a.T[:, ::-1], a[::-1]), a.T[:, ::-1] @ a[::-1])  # any strides
    assert cupy.allclose(ops.matmul(cupy.stack([a, a]), b), cupy.stack([a, a]) @ b)
    out = cupy.empty((4, 2))
    assert ops.matmul(a, b, out=out) is out and cupy.allclose(out, a @ b)
    assert float(ops.sum_squares(x)) == 30


def test_numba():
    a = numba_cuda.to_device(np.arange(6.0).reshape(2, 3))
    c = ops.matmul(a, numba_cuda.to_device(np.ones((3, 2))))
    assert isinstance(c, type(a))
    np.testing.assert_array_equal(c.copy_to_host(), np.arange(6.0).reshape(2, 3) @ np.ones((3, 2)))


def test_autocast_changes_nothing():
    a = torch.rand(4, 4, device="cuda", requires_grad=True)
    with torch.autocast("cuda", dtype=torch.bfloat16):
        assert (a @ a).dtype == torch.bfloat16
        c = ops.matmul(a, a)
        assert c.dtype == torch.float32
        c.sum().backward()
    assert a.grad.dtype == torch.float32


def test_mixed_devices_and_frameworks(says):
    x = on_gpu(1, 2, 3)
    says(BufferError, "argument 'y'", "memory on cuda:0, as 'x' has", lambda: ops.saxpy(x, torch.ones(3, dtype=F64, device="cpu"), 2.0))
    says(TypeError, "argument 'y'", "an array of PyTorch", "one of CuPy", lambda: ops.saxpy(x, cupy.ones(3), 2.0))
    says(TypeError, "argument 'y'", lambda: ops.saxpy(cupy.ones(3), np.ones(3), 2.0))


def test_strided_and_misaligned_tensors():
    x = torch.rand(1 << 12, dtype=torch.float32, device="cuda")
    for view in (x[1:], x[::3], x.view(64, 64).t()[5], x[7:100]):
        y = torch.ones_like(view)
        torch.testing.assert_close(ops.saxpy(view, y, 2.0), 2 * view + 1)


def test_empty():
    x, y = torch.empty(0, device="cuda"), torch.empty(0, device="cuda")
    assert ops.saxpy(x, y, 2.0) is y
    w = torch.empty(0, device="cuda", requires_grad=True)
    ops.sinmul(w, 2.0).sum().backward()
    assert w.grad.shape == (0,)


def test_host_arrays_in_the_same_module():
    x = np.arange(4.0)
    np.testing.assert_array_equal(ops.saxpy(x, np.ones(4), 2.0), 2 * x + 1)


# -- Size -------------------------------------------------------------------------------------------------------------


def test_gradients_of_many_items():
    n = (1 << 22) + 3
    x = torch.rand(n, dtype=F64, device="cuda", requires_grad=True)
    a = torch.tensor(1.5, dtype=F64, device="cuda", requires_grad=True)
    ops.sinmul(x, a).sum().backward()
    torch.testing.assert_close(x.grad, 1.5 * x.detach().cos())
    torch.testing.assert_close(a.grad, x.detach().sin().sum())
    a, b = (torch.rand(256, 256, dtype=F64, device="cuda", requires_grad=True) for _ in range(2))
    c = ops.matmul(a, b)
    g = torch.rand_like(c)
    c.backward(g)
    torch.testing.assert_close(a.grad, g @ b.detach().t())
    torch.testing.assert_close(b.grad, a.detach().t() @ g)


def test_rosenbrock_with_adam():
    for compiled in (False, True):
        xy = torch.tensor([[-1.0, 2.0], [0.0, 0.0]], device="cuda", requires_grad=True)
        loss = torch.compile(lambda v: ops.rosenbrock(v).sum(), fullgraph=True) if compiled else (
            lambda v: ops.rosenbrock(v).sum())
        optimizer = torch.optim.Adam([xy], lr=5e-2)
        for _ in range(4000):
            optimizer.zero_grad()
            loss(xy).backward()
            optimizer.step()
        assert all(math.isclose(v, 1, abs_tol=2e-2) for v in xy.detach().flatten().tolist())


def test_own_derivatives_and_several_results():
    x = torch.rand(9, dtype=F64, device="cuda", requires_grad=True)
    s, c = more.sincos(x)
    (s * 2 + c * 3).sum().backward()
    torch.testing.assert_close(x.grad, 2 * x.detach().cos() - 3 * x.detach().sin())
    x.grad = None
    more.squares(x).sum().backward()
    torch.testing.assert_close(x.grad, 2 * x.detach())
