# SPDX-License-Identifier: Apache-2.0
"""The fast route of gradients: plain tensors in eager mode, without transformations.

One small autograd.Function for each operation, which calls the module directly. Where gradients of gradients are
recorded, its backward hands over to the Functions of warpx._torch_functions.
"""
import torch
import torch.autograd.forward_ad as forward_ad

from ._operation import ADJOINT, REAL, is_real
from ._torch_ops import Groups
from ._torch_run import dtype_of

PLAIN = (torch.Tensor, torch.nn.Parameter)
_NUMBERS = (float, int, bool, complex)
_modes = torch._C._len_torch_dispatch_stack
_transforms = torch._C._functorch.peek_interpreter_stack
_is_batched = torch._C._functorch.is_legacy_batchedtensor  # by torch.autograd.grad(is_grads_batched=True)


def is_plain():
    """Whether no transformation or mode is active that must see a call."""
    return _transforms() is None and _modes() == 0 and forward_ad._current_level < 0


def refuse_leaf(operation, parameter, value):
    """PyTorch refuses to overwrite leaves, too, but only after a Function has done it."""
    base = value._base if value._is_view() else value
    if base.requires_grad and base.is_leaf:
        raise operation.argument_error(RuntimeError, parameter, "a tensor that may be overwritten",
                                       "a leaf that requires grad, or a view of one",
                                       "pass a clone, or call under torch.no_grad()")


class Eager:
    """The fast route of one operation. `functions` makes the general Functions when needed."""

    def __init__(self, operation, active_inputs, functions):
        self.operation = operation
        self.inputs = operation.inputs
        self.count = len(self.inputs)
        self.results = len(operation.outputs)
        # In sets of integers and real numbers the types of a call decide: the general route looks at them.
        self.mixed = any(is_real(p) and not all(name.startswith(REAL) for name in p.types)
                         for p in operation.parameters if p.is_array)
        self.inout = [k for k, p in enumerate(self.inputs) if p.role == "inout"]
        # PyTorch takes the first tensor for the one that is overwritten, if that is a view.
        self.order = [*self.inout, *(k for k in range(self.count) if k not in self.inout)]
        # For each argument: whether it is an array; if not, the dtype of a tensor there: fixed, or that of an array.
        self.facts = [(p.is_array, None if p.is_array else self._dtype(p)) for p in self.inputs]
        self.first_array = next((k for k, p in enumerate(self.inputs) if p.is_array), 0)
        function = _make(operation, active_inputs, self.inout, self.order, functions)
        # What Function.apply does before this is for transformations.
        self.apply = super(torch.autograd.Function, function).apply

    def _dtype(self, parameter):
        if len(parameter.types) == 1:
            return dtype_of(parameter.types[0])
        return next((k for k, p in enumerate(self.inputs) if p.is_array and p.types == parameter.types), None)

    def takes(self, values):
        """Whether the route is for these objects, one for each parameter that is passed in. What else may be wrong
        with them, the module says."""
        if self.mixed or len(values) != self.count or _transforms() is not None or _modes() or (
                forward_ad._current_level >= 0):
            return False
        for value, (is_array, dtype) in zip(values, self.facts):
            kind = type(value)
            if kind in PLAIN:
                if value.is_meta:
                    return False
                if not is_array and not self._takes_number(value, dtype, values):
                    return False
            elif is_array or kind not in _NUMBERS:
                return False
        # autograd.Function cannot return several tensors if it overwrites a view.
        return self.results == 1 or not any(values[k]._is_view() for k in self.inout)

    def _takes_number(self, value, dtype, values):
        """Whether the gradient of a tensor without axes can be written where and as it is."""
        array = values[self.first_array]
        if dtype is None or value.dim() or (type(array) in PLAIN and array.is_cuda != value.is_cuda):
            return False
        return value.dtype == (values[dtype].dtype if isinstance(dtype, int) else dtype)

    def call(self, values):
        if not self.inout:
            return self.apply(None, *values)
        for k in self.inout:
            if values[k].requires_grad:
                refuse_leaf(self.operation, self.inputs[k], values[k])
        # Connected to the graph of the old value.
        old = [None if self.inputs[k].only_added else values[k].clone() for k in self.inout]
        return self.apply(old, *[values[k] for k in self.order])


def _make(operation, active_inputs, inout, order, functions):
    raw, entry, inputs, outputs = operation.raw, operation.entry, operation.inputs, operation.outputs
    empty_row = [None] * len(operation.parameters)
    places = [p.index for p in inputs]
    in_order = places == list(range(len(places)))
    behind = (None,) * (len(empty_row) - len(places))
    back = [order.index(k) for k in range(len(order))]
    no_gradients = [None] * (len(order) + 1)
    # Of each argument with derivatives: its position, its parameter, where its gradient is returned, whether it is
    # overwritten: then its cotangent becomes its gradient.
    active = [(inputs.index(p), p.index, back[inputs.index(p)] + 1, p.role == "inout")
              for p in active_inputs if not p.only_added]
    # What is only added to: its position, its parameter, which result it is, where its gradient is returned, which is
    # its cotangent. Its old value is not kept: nothing depends on it, so another array stands for it.
    added = [(inputs.index(p), p.index, outputs.index(p), back[inputs.index(p)] + 1) for p in inputs if p.only_added]
    slots = [k + 1 for k in back]
    real = [p.types[0].startswith(("float", "bfloat", "complex")) for p in outputs]
    # Of each result: its parameter, if it has derivatives, and whether its elements are several numbers, which must
    # lie together.
    real_places = [(p.index if is_real else None, bool(p.fold)) for p, is_real in zip(outputs, real)]
    may_be_complex = any(name.startswith("complex") for p in outputs for name in p.types)
    empty_like, contiguous = torch.empty_like, torch.contiguous_format

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx, old, *values):
            if inout:
                ctx.mark_dirty(*values[:len(inout)])
                values = [values[k] for k in back]
            results = raw(*values)
            if inout:
                for k, before in zip(inout, old):
                    values[k] = 0.0 if before is None else before
            tensors = [value for value in values if type(value) in PLAIN]
            ctx.save_for_backward(*tensors)
            ctx.numbers = (None if len(tensors) == len(values) else
                           [None if type(value) in PLAIN else value for value in values])
            if not all(real):
                every = results if isinstance(results, tuple) else (results,)
                ctx.mark_non_differentiable(*(v for v, is_real in zip(every, real) if not is_real))
            return results

        @staticmethod
        def backward(ctx, *cotangents):
            values = ctx.saved_tensors
            if ctx.numbers is not None:
                saved = iter(values)
                values = [next(saved) if number is None else number for number in ctx.numbers]
            needed = ctx.needs_input_grad
            if torch.is_grad_enabled() or not is_plain() or any(map(_is_batched, cotangents)):
                for k, _, result, _ in added:  # cotangents may be batches, which old values are not
                    g = cotangents[result]
                    values[k] = torch.zeros(g.shape, dtype=g.dtype, device=g.device)
                return _general_backward(functions(), values, cotangents, [needed[k] for k in slots], slots)
            row, flat = empty_row.copy(), no_gradients.copy()
            for (place, together), cotangent in zip(real_places, cotangents):
                if place is not None:
                    if together:
                        cotangent = cotangent.contiguous()
                    if cotangent.is_neg():
                        cotangent = cotangent.resolve_neg()
                    row[place] = cotangent.resolve_conj() if may_be_complex else cotangent
            for k, place, slot, overwritten in active:
                if overwritten:
                    row[place] = flat[slot] = row[place].clone(memory_format=contiguous)
                elif needed[slot]:
                    row[place] = flat[slot] = empty_like(values[k])
            for k, place, _, slot in added:
                values[k] = row[place] = flat[slot] = row[place].contiguous()
            if in_order:
                primals = (*values, *behind)
            else:
                primals = empty_row.copy()
                for place, value in zip(places, values):
                    primals[place] = value
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
