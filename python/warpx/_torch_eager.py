# SPDX-License-Identifier: Apache-2.0
"""The fast route of gradients: plain tensors in eager mode, without transformations.

One small autograd.Function for each operation, which calls the module directly. Where gradients of gradients are
recorded, its backward hands over to the Functions of warpx._torch_functions.
"""
import torch
import torch.autograd.forward_ad as forward_ad

from ._operation import ADJOINT
from ._torch_ops import Groups

PLAIN = (torch.Tensor, torch.nn.Parameter)
_NUMBERS = (float, int, bool, complex)
_modes = torch._C._len_torch_dispatch_stack
_transforms = torch._C._functorch.peek_interpreter_stack


def is_plain():
    """Whether no transformation or mode is active that must see a call."""
    return _transforms() is None and _modes() == 0 and forward_ad._current_level < 0


def refuse_leaf(operation, parameter, value):
    """PyTorch refuses to overwrite leaves, too, but only after a Function has done it."""
    if value.requires_grad and (value.is_leaf or (value._is_view() and value._base.is_leaf)):
        raise RuntimeError(f"{operation.name}(), argument '{parameter.name}': expected a tensor that may be overwritten; got "
                           "a leaf that requires grad, or a view of one; pass a clone, or call under torch.no_grad()")


class Eager:
    """The fast route of one operation. `functions`: a function that makes the general Functions when needed."""

    def __init__(self, operation, active_inputs, functions):
        self.operation = operation
        self.inputs = operation.inputs
        self.arrays = [p.is_array for p in self.inputs]
        self.count = len(self.inputs)
        self.inout = [k for k, p in enumerate(self.inputs) if p.role == "inout"]
        self.function = _make(operation, active_inputs, self.inout, functions)
        # What Function.apply does before this is for transformations.
        self.apply = super(torch.autograd.Function, self.function).apply

    def takes(self, values):
        """Whether the route is for these objects, one for each parameter that is passed in."""
        if len(values) != self.count or not is_plain():
            return False
        for value, is_array in zip(values, self.arrays):
            kind = type(value)
            if kind in PLAIN:
                if value.is_meta or (not is_array and value.dim()):
                    return False
            elif is_array or kind not in _NUMBERS:
                return False
        return True

    def call(self, values):
        old = None
        if self.inout:
            for k in self.inout:
                refuse_leaf(self.operation, self.inputs[k], values[k])
            old = tuple(values[k].clone() for k in self.inout)  # connected to the graph of the old value
        return self.apply(old, *values)


def _make(operation, active_inputs, inout, functions):
    raw, entry, inputs, outputs = operation.raw, operation.entry, operation.inputs, operation.outputs
    count = len(operation.parameters)
    places = [p.index for p in inputs]
    result_places = [p.index for p in outputs]
    # (position among the arguments, its parameter, overwritten: its cotangent becomes its gradient)
    active = [(inputs.index(p), p.index, p.role == "inout") for p in active_inputs]
    real = [p.types[0].startswith(("float", "bfloat", "complex")) for p in outputs]
    some_integers = not all(real)
    zeros_like = torch.zeros_like

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx, old, *values):
            results = raw(*values)
            saved = []
            numbers = []
            for value in values:
                if type(value) in PLAIN:
                    saved.append(value)
                    numbers.append(None)
                else:
                    numbers.append(value)
            if inout:
                ctx.mark_dirty(*(values[k] for k in inout))
                saved = list(saved)
                for k, before in zip(inout, old):
                    saved[sum(v is None for v in numbers[:k])] = before
            ctx.numbers = numbers
            ctx.save_for_backward(*saved)
            if some_integers:
                every = results if isinstance(results, tuple) else (results,)
                ctx.mark_non_differentiable(*(v for v in every if not (v.is_floating_point() or v.is_complex())))
            return results

        @staticmethod
        def backward(ctx, *cotangents):
            saved = iter(ctx.saved_tensors)
            values = [next(saved) if number is None else number for number in ctx.numbers]
            needed = ctx.needs_input_grad
            if torch.is_grad_enabled() or not is_plain():
                return _general_backward(functions(), values, cotangents, needed)
            primals, row = [None] * count, [None] * count
            for place, value in zip(places, values):
                primals[place] = value
            for place, cotangent, is_real in zip(result_places, cotangents, real):
                if is_real:
                    row[place] = cotangent.resolve_conj().resolve_neg()
            flat = [None] * (len(values) + 1)
            for k, place, overwritten in active:
                if overwritten:
                    row[place] = flat[k + 1] = row[place].clone(memory_format=torch.contiguous_format)
                elif needed[k + 1]:
                    row[place] = flat[k + 1] = zeros_like(values[k])
            entry(ADJOINT, tuple(primals), None, tuple(row), None, None)
            return tuple(flat)

    Function.__name__ = Function.__qualname__ = operation.name
    return Function


def _general_backward(functions, values, cotangents, needed):
    operators = functions.operators
    wanted = tuple(needed[k + 1] for k in operators.positions)
    active = tuple(c for c, p in zip(cotangents, operators.outputs) if p in operators.active_outputs)
    groups = Groups(ADJOINT, tuple(values), (None, None, None))
    flat = [None] * (len(values) + 1)
    for k, gradient in zip(operators.positions, functions.adjoint(groups, active, wanted)):
        flat[k + 1] = gradient
    return tuple(flat)
