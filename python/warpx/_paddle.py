# SPDX-License-Identifier: Apache-2.0
"""Paddle: eager calls with gradients, by a PyLayer over the entries."""
import paddle
from paddle.autograd import PyLayer

from . import _operation


def _dtype(name):
    return getattr(paddle, name)


def _name(tensor):
    return str(tensor.dtype).rsplit(".", 1)[-1]


def call(operation, bound):
    """The function itself, for calls in which some tensor's gradient is recorded."""
    for parameter in operation.parameters:
        value = bound.values[parameter.index]
        if parameter.is_array and value is not None and not isinstance(value, paddle.Tensor):
            raise TypeError(f"{operation.name}(), argument '{parameter.name}': expected a paddle.Tensor, as the others "
                            f"are; got {type(value).__name__}; convert one of them, without a copy: from_dlpack")
    recorded = any(isinstance(v, paddle.Tensor) and not v.stop_gradient for v in bound.values)
    if not recorded or not paddle.is_grad_enabled():
        return _raw(operation, bound)
    if any(bound.values[p.index] is not None for p in operation.results):
        raise operation.error(TypeError, "no out= while gradients are recorded", "out=",
                              "leave it away, or call under paddle.no_grad()")
    for p in operation.outputs:
        value = bound.values[p.index]
        if value is not None and value.is_leaf and not value.stop_gradient:
            raise ValueError(f"{operation.name}(), argument '{p.name}': expected a tensor that may be overwritten; got a "
                             "leaf whose gradient is recorded; pass a clone")
    if not operation.has_adjoint:
        raise operation.error(TypeError, "an operation with an adjoint of its own", "one without",
                              "give it one: .adjoint<f>(), or call under paddle.no_grad()")
    # Numbers of another type: the gradient goes through Paddle's own conversion.
    types = operation.dtypes({p.index: _name(bound.values[p.index]) for p in operation.parameters
                              if p.is_array and bound.values[p.index] is not None})
    for p in operation.inputs:
        value = bound.values[p.index]
        if p.role == "value" and isinstance(value, paddle.Tensor) and _name(value) != types[p.index]:
            bound.values[p.index] = value.astype(types[p.index])
    # PyLayer sees tensors among its positional arguments only.
    tensors = [v for v in bound.values if isinstance(v, paddle.Tensor)]
    results = _Layer.apply(operation, bound, *tensors)
    results = list(results) if isinstance(results, (tuple, list)) else [results]
    for k, p in enumerate(operation.outputs):
        if p.role == "inout":  # Paddle's own in-place assignment carries the gradient
            results[k] = paddle.assign(results[k], bound.values[p.index])
    return tuple(results) if len(results) > 1 else results[0]


def _raw(operation, bound):
    keywords = {p.name: bound.values[p.index] for p in operation.parameters if bound.values[p.index] is not None}
    for name in ("output_dims", "launch_dims", "dtype"):
        if getattr(bound, name) is not None:
            keywords[name] = getattr(bound, name)
    return operation.raw(**keywords)


class _Layer(PyLayer):
    @staticmethod
    def forward(ctx, operation, bound, *tensors):
        ctx.operation, ctx.launch_dims = operation, bound.launch_dims
        # The adjoint differentiates at what was there before the call; for what is only added to, the cotangent stands.
        ctx.primals = [v if p.role != "inout" else None if p.only_added else v.detach().clone()
                       for p, v in zip(operation.parameters, bound.values)]
        ctx.wanted = [isinstance(v, paddle.Tensor) and not v.stop_gradient and p.is_input and
                      _name(v).startswith(_operation.REAL) for p, v in zip(operation.parameters, bound.values)]
        detached = _operation.Bound(operation)
        detached.values = [v if not isinstance(v, paddle.Tensor) else v.detach().clone() if p.role == "inout"
                           else v.detach() for p, v in zip(operation.parameters, bound.values)]
        for name in ("output_dims", "launch_dims", "dtype"):
            setattr(detached, name, getattr(bound, name))
        results = _raw(operation, detached)
        ctx.passed = [k for k, v in enumerate(bound.values) if isinstance(v, paddle.Tensor)]
        return results

    @staticmethod
    def backward(ctx, *given):
        operation = ctx.operation
        if paddle.is_grad_enabled():  # the gradient would be a constant of what comes next
            raise operation.error(NotImplementedError, "first derivatives in Paddle", "create_graph=True", "use PyTorch for second ones")
        primals = [v.detach() if isinstance(v, paddle.Tensor) else v for v in ctx.primals]
        cotangents = [None] * len(primals)
        for p, g in zip(operation.outputs, given):
            if g is None:
                continue
            # The entry turns that of an inout into that of its old value.
            keeps = p.role != "inout" or p.only_added
            cotangents[p.index] = g.detach().contiguous() if keeps else g.detach().clone()
            if p.only_added:
                primals[p.index] = cotangents[p.index]
        for p in operation.inputs:
            if ctx.wanted[p.index] and p.role != "inout":
                like = primals[p.index]
                cotangents[p.index] = paddle.zeros(like.shape, dtype=like.dtype)
        operation.entry(_operation.ADJOINT, tuple(primals), None, tuple(cotangents), None, ctx.launch_dims)
        gradients = tuple(cotangents[k] if ctx.wanted[k] else None for k in ctx.passed)
        return gradients if len(gradients) > 1 else gradients[0]
