# SPDX-License-Identifier: Apache-2.0
"""The fast route of gradients: plain tensors in eager mode, without transformations.

One small autograd.Function for each operation, which calls the module directly. Where gradients of gradients are
recorded, its backward hands over to the Functions of warpx._torch_functions.
"""
import torch
import torch.autograd.forward_ad as forward_ad

from ._operation import ADJOINT
from ._torch_ops import Groups, dtype_of

PLAIN = (torch.Tensor, torch.nn.Parameter)
_NUMBERS = (float, int, bool, complex)
_keys_of = torch._C._dispatch_keys
_plain_keys = set()  # of tensors whose memory is their value
_modes = torch._C._len_torch_dispatch_stack
is_wrapped = torch._C._functorch.is_legacy_batchedtensor  # by torch.autograd.grad(is_grads_batched=True)
_transforms = torch._C._functorch.peek_interpreter_stack


def is_plain():
    """Whether no transformation or mode is active that must see a call."""
    return _transforms() is None and _modes() == 0 and forward_ad._current_level < 0


def _has_memory(tensor):
    """Whether the memory of a tensor is its value: it is no meta, sparse, lazily negated or conjugated one. That depends
    on its key set only, so it is asked once for each."""
    keys = _keys_of(tensor).raw_repr()
    if keys in _plain_keys:
        return True
    plain = (tensor.layout == torch.strided and not (tensor.is_meta or tensor.is_neg() or tensor.is_conj() or
             tensor.is_nested or tensor.is_quantized or tensor._is_zerotensor() or is_wrapped(tensor) or
             torch._is_functional_tensor(tensor) or torch._C._functorch.is_functorch_wrapped_tensor(tensor)))
    if plain:
        _plain_keys.add(keys)
    return plain


def refuse_leaf(operation, parameter, value):
    """PyTorch refuses to overwrite leaves, too, but only after a Function has done it."""
    base = value._base if value._is_view() else value
    if base.requires_grad and base.is_leaf:
        raise RuntimeError(f"{operation.name}(), argument '{parameter.name}': expected a tensor that may be overwritten; got "
                           "a leaf that requires grad, or a view of one; pass a clone, or call under torch.no_grad()")


class Eager:
    """The fast route of one operation. `functions`: a function that makes the general Functions when needed."""

    def __init__(self, operation, active_inputs, functions):
        self.operation = operation
        self.inputs = operation.inputs
        self.arrays = [p.is_array for p in self.inputs]
        # The dtype of a value that is a tensor: that of the first array with the same set, or a fixed one.
        self.like = [self._like(p) for p in self.inputs]
        self.count = len(self.inputs)
        self.inout = [k for k, p in enumerate(self.inputs) if p.role == "inout"]
        self.results = len(operation.outputs)
        # PyTorch takes the first tensor for the one that is overwritten, if that is a view.
        self.order = [*self.inout, *(k for k in range(self.count) if k not in self.inout)]
        self.function = _make(operation, active_inputs, self.inout, self.order, functions)
        # What Function.apply does before this is for transformations.
        self.apply = super(torch.autograd.Function, self.function).apply

    def takes(self, values):
        """Whether the route is for these objects, one for each parameter that is passed in."""
        if len(values) != self.count or not is_plain():
            return False
        for value, is_array, like in zip(values, self.arrays, self.like):
            kind = type(value)
            if kind in PLAIN:
                if not _has_memory(value) or not (is_array or self._takes_value(value, like, values)):
                    return False
            elif is_array or kind not in _NUMBERS:
                return False
        # autograd.Function cannot return several tensors if it overwrites a view.
        return self.results == 1 or not any(values[k]._is_view() for k in self.inout)

    def _like(self, parameter):
        if len(parameter.types) == 1:
            return dtype_of(parameter.types[0])
        return next((k for k, p in enumerate(self.inputs) if p.is_array and p.types == parameter.types), None)

    def _takes_value(self, value, like, values):
        if value.dim() or like is None:
            return False
        return value.dtype == (values[like].dtype if isinstance(like, int) else like)

    def call(self, values):
        if not self.inout:
            return self.apply(None, *values)
        for k in self.inout:
            if values[k].requires_grad:
                refuse_leaf(self.operation, self.inputs[k], values[k])
        old = [values[k].clone() for k in self.inout]  # connected to the graph of the old value
        return self.apply(old, *[values[k] for k in self.order])


def _make(operation, active_inputs, inout, order, functions):
    raw, entry, inputs, outputs = operation.raw, operation.entry, operation.inputs, operation.outputs
    count = len(operation.parameters)
    places = [p.index for p in inputs]
    result_places = [p.index for p in outputs]
    back = [order.index(k) for k in range(len(order))]
    slots = [k + 1 for k in back]  # where the gradient of each argument is returned
    # (position among the arguments, its parameter, overwritten: its cotangent becomes its gradient)
    active = [(inputs.index(p), p.index, p.role == "inout") for p in active_inputs]
    real = [p.types[0].startswith(("float", "bfloat", "complex")) for p in outputs]
    some_integers = not all(real)
    zeros_like = torch.zeros_like

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx, old, *values):
            if inout:
                ctx.mark_dirty(*values[:len(inout)])
                values = [values[k] for k in back]
            results = raw(*values)
            if inout:
                for k, before in zip(inout, old):
                    values[k] = before
            ctx.numbers = [None if type(value) in PLAIN else value for value in values]
            ctx.save_for_backward(*[value for value in values if type(value) in PLAIN])
            if some_integers:
                every = results if isinstance(results, tuple) else (results,)
                ctx.mark_non_differentiable(*(v for v in every if not (v.is_floating_point() or v.is_complex())))
            return results

        @staticmethod
        def backward(ctx, *cotangents):
            saved = iter(ctx.saved_tensors)
            values = [next(saved) if number is None else number for number in ctx.numbers]
            needed = ctx.needs_input_grad
            if torch.is_grad_enabled() or not is_plain() or any(map(is_wrapped, cotangents)):
                return _general_backward(functions(), values, cotangents, [needed[k] for k in slots], slots)
            primals, row = [None] * count, [None] * count
            for place, value in zip(places, values):
                primals[place] = value
            for place, cotangent, is_real in zip(result_places, cotangents, real):
                if is_real:
                    row[place] = cotangent.resolve_conj().resolve_neg()
            flat = [None] * (len(values) + 1)
            for k, place, overwritten in active:
                if overwritten:
                    row[place] = flat[slots[k]] = row[place].clone(memory_format=torch.contiguous_format)
                elif needed[slots[k]]:
                    row[place] = flat[slots[k]] = zeros_like(values[k])
            entry(ADJOINT, tuple(primals), None, tuple(row), None, None)
            return tuple(flat)

    Function.__name__ = Function.__qualname__ = operation.name
    return Function


def _general_backward(functions, values, cotangents, needed, slots):
    operators = functions.operators
    active = tuple(c for c, p in zip(cotangents, operators.outputs) if p in operators.active_outputs)
    gradients = functions.adjoint(Groups(ADJOINT, tuple(values), (None, None, None)), active,
                                  tuple(needed[k] for k in operators.positions))
    flat = [None] * (len(values) + 1)
    for k, gradient in zip(operators.positions, gradients):
        flat[slots[k]] = gradient
    return tuple(flat)
