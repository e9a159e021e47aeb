# SPDX-License-Identifier: Apache-2.0
"""PyTorch: calls that autograd, torch.compile, torch.func, fake tensors or modes must see.

Everything else is called without Python. A call that comes here takes one of these routes:
  * plain tensors with gradients: warpx._torch_eager
  * transformations, forward mode, tracing with gradients: warpx._torch_functions
  * tracing without gradients: the operators of warpx._torch_ops; arrays that are overwritten are so without a copy
torch.autocast changes nothing: the dtypes are those of the arguments.
"""
import threading

import torch
import torch.autograd.forward_ad as forward_ad

from . import _operation
from ._operation import FORWARD
from ._torch_eager import Eager, refuse_leaf
from ._torch_functions import Functions, Keep
from ._torch_ops import Groups, Operators
from ._torch_run import dtype_of


_NUMBERS = (bool, int, float, complex, torch.SymBool, torch.SymInt, torch.SymFloat)


class _Parts:
    """What PyTorch knows of an operation, made when first needed."""

    def __init__(self, operation):
        self.operation = operation
        self._functions = None
        self._lock = threading.Lock()
        active = [p for p in operation.inputs if p.role != "static_value" and _operation.is_real(p)]
        self.eager = Eager(operation, active, self.functions)

    def functions(self):
        if self._functions is None:
            with self._lock:
                if self._functions is None:
                    self._functions = Functions(self.operation, Operators(self.operation))
        return self._functions


def attach(operation):
    """Makes an operation known to PyTorch, once that is imported."""
    operation.torch = _Parts(operation)
    operation.quick = _quick(operation.torch.eager)


def _quick(eager):
    """Calls with all arguments by position, without keywords: NotImplemented if the route is not for them."""
    takes, call = eager.takes, eager.call

    def quick(args):
        return call(args) if takes(args) else NotImplemented

    return quick


def attach_dynamo(operation):
    """The same for torch.compile: puts a call into the graph as it is; what is below is traced with fake tensors.

    What is overwritten while gradients are recorded is written by the traced function, since torch.compile must see
    that it requires grad then."""
    def run(*args, **kwargs):
        return call(operation, operation.bind(args, kwargs))

    def run_new(*args, **kwargs):
        return new_values(operation, operation.bind(args, kwargs))

    in_graph, new_in_graph = torch._dynamo.allow_in_graph(run), torch._dynamo.allow_in_graph(run_new)
    # For each output: its position among the arguments and its name, if it is overwritten.
    overwritten = [(operation.inputs.index(p), p.name) if p.role == "inout" else None for p in operation.outputs]

    def traceable(*args, **kwargs):
        return in_graph(*args, **kwargs)

    def traceable_inout(*args, **kwargs):
        if not _records(args, kwargs):
            return in_graph(*args, **kwargs)
        results = []
        for value, place in zip(new_in_graph(*args, **kwargs), overwritten):
            if place is not None:
                target = args[place[0]] if place[0] < len(args) else kwargs[place[1]]
                target.copy_(value)
                value = target
            results.append(value)
        return results[0] if len(results) == 1 else tuple(results)

    operation.torch.functions()  # exported programs look for the operators
    torch.compiler.substitute_in_graph(operation.function, skip_signature_check=True)(
        traceable_inout if any(overwritten) else traceable)


def _records(args, kwargs):
    """Whether torch.compile knows that gradients are recorded; traced by it."""
    if torch.is_grad_enabled():
        for value in (*args, *kwargs.values()):
            if isinstance(value, torch.Tensor) and value.requires_grad:
                return True
    return False


def call(operation, bound):
    if operation.torch is None:
        attach(operation)  # failed before: says why
    inputs = [bound.values[p.index] for p in operation.inputs]
    given = [bound.values[p.index] for p in operation.results]
    _check_objects(operation, inputs, given)
    differentiated = _is_differentiated(inputs)
    has_out = any(v is not None for v in given)
    if has_out and (differentiated or _records_for(given)):
        raise _no_out(operation)
    plain_call = not has_out and bound.output_dims is None and bound.launch_dims is None and bound.dtype is None
    if plain_call and operation.torch.eager.takes(inputs):
        return operation.torch.eager.call(inputs)
    return _call_general(operation, bound, inputs, given, differentiated)


def _no_out(operation):
    return operation.error(RuntimeError, "no out= where gradients are recorded", "an argument that requires grad",
                           "leave out= away, or call under torch.no_grad()")


def new_values(operation, bound):
    """New values of all outputs, overwriting nothing: a tuple."""
    inputs = [bound.values[p.index] for p in operation.inputs]
    _check_objects(operation, inputs, ())
    if any(bound.values[p.index] is not None for p in operation.results):
        raise _no_out(operation)
    inputs, options = _prepare(operation, bound, inputs, ())
    return _apply(operation, inputs, options, True)


def _prepare(operation, bound, inputs, given):
    """(inputs, options) as operators take them."""
    free = operation.free_extents(bound, _shapes(inputs, operation.inputs), _shapes(given, operation.results))
    launch = bound.launch_dims
    if launch is not None:
        launch = tuple(launch) if isinstance(launch, (tuple, list)) else (launch,)
    options = (None if free is None else tuple(free), launch, _asked_dtype(operation, bound.dtype))
    return _convert_values(operation, operation.torch.functions().operators, inputs, options), options


def _shapes(objects, parameters):
    return [(p, v.shape) for v, p in zip(objects, parameters) if p.is_array and v is not None]


def _apply(operation, inputs, options, differentiated):
    functions = operation.torch.functions()
    if differentiated:
        inputs = list(inputs)
        for k in functions.operators.inout:
            if inputs[k] is not None:
                refuse_leaf(operation, operation.inputs[k], inputs[k])
                inputs[k] = Keep.apply(inputs[k])
    groups = Groups(FORWARD, tuple(inputs), options)
    results = functions.run(groups) if differentiated else functions.operators.call(groups)
    return results if isinstance(results, tuple) else (results,)


def _call_general(operation, bound, inputs, given, differentiated):
    if _is_functionalized():
        raise operation.error(NotImplementedError, "a call outside of torch.func.functionalize", "one inside",
                              "PyTorch cannot look into autograd.Functions there: use torch.compile, or make_fx "
                              "without functionalize")
    inputs, options = _prepare(operation, bound, inputs, given)
    operators = operation.torch.functions().operators
    overwritten = [inputs[k] for k in operators.inout]
    if not differentiated and operators.inplace is not None and not any(v is not None for v in given):
        made = operators.call(Groups(FORWARD, tuple(inputs), options), operators.inplace)
        made = made if isinstance(made, (tuple, list)) else () if made is None else (made,)
        return _in_order(operation, overwritten, made)
    final, old, outs = [], iter(overwritten), iter(given)
    for result, p in zip(_apply(operation, inputs, options, differentiated), operation.outputs):
        target = next(old if p.role == "inout" else outs)
        if target is not None:
            if target.shape != result.shape:
                raise operation.argument_error(ValueError, p, f"shape {tuple(result.shape)}, since it is written",
                                               f"shape {tuple(target.shape)}", "pass an array of that shape")
            target.copy_(result)
            result = target
        final.append(result)
    return final[0] if len(final) == 1 else tuple(final)


def _in_order(operation, overwritten, made):
    overwritten, made = iter(overwritten), iter(made)
    results = tuple(next(overwritten if p.role == "inout" else made) for p in operation.outputs)
    return results[0] if len(results) == 1 else results


def _check_objects(operation, inputs, given):
    """Refuses what no tensor or number of one device is; makes numbers of what is one to NumPy."""
    where = None  # (device, parameter) of the first array
    pairs = [*zip(operation.inputs, inputs), *zip(operation.results, given)]
    for k, (p, value) in enumerate(pairs):
        if value is None or isinstance(value, torch.Tensor):
            continue
        kind = f"{type(value).__module__}.{type(value).__name__}"
        if p.is_array:
            raise operation.argument_error(TypeError, p, "a tensor of PyTorch, as the others are", kind,
                                           "convert one of them, without a copy: from_dlpack")
        if not isinstance(value, _NUMBERS):
            if getattr(value, "ndim", None) != 0 or not hasattr(value, "item"):
                raise operation.argument_error(TypeError, p, "a number", kind,
                                               "pass a number, or a tensor without axes")
            inputs[k] = value.item()
    for p, value in pairs:
        if not isinstance(value, torch.Tensor) or (not p.is_array and value.device.type == "cpu"):
            continue
        if where is None:
            where = value.device, p
        elif value.device != where[0]:
            raise operation.argument_error(BufferError, p, f"memory on {where[0]}, as '{where[1].name}' has",
                                           value.device, "copy one of the two")


def _is_differentiated(inputs):
    """Whether a derivative is recorded, now or by a transformation around."""
    if torch._C._functorch.peek_interpreter_stack() is not None or forward_ad._current_level >= 0:
        return True
    return _records_for(inputs)


def _records_for(objects):
    return torch.is_grad_enabled() and any(isinstance(v, torch.Tensor) and v.requires_grad for v in objects)


def _convert_values(operation, operators, inputs, options):
    """Tensors that are values get the dtype of their parameter, in a way that gradients go through."""
    values = [k for k, p in enumerate(operators.inputs) if not p.is_array]
    if not any(isinstance(inputs[k], (torch.Tensor, torch.SymFloat)) for k in values):
        return inputs
    types = operators.resolve(Groups(FORWARD, tuple(inputs), options))[0]
    for k in values:
        p = operators.inputs[k]
        if isinstance(inputs[k], torch.SymFloat):  # stays symbolic as a tensor; as a number it would be a constant
            inputs[k] = torch.zeros((), dtype=dtype_of(types[p.index])) + inputs[k]
        elif isinstance(inputs[k], torch.Tensor):
            if p.role == "static_value":
                inputs[k] = inputs[k].item()
            else:
                inputs[k] = inputs[k].to(dtype_of(types[p.index]))
    return inputs


def _asked_dtype(operation, dtype):
    if dtype is None or isinstance(dtype, torch.dtype):
        return dtype
    name = getattr(dtype, "__name__", str(dtype)).rsplit(".", 1)[-1]
    if not any(name in p.types for p in operation.parameters):
        every = sorted({name for p in operation.parameters if p.set >= 0 for name in p.types})
        raise operation.error(TypeError, f"dtype= one of {', '.join(every)}", name, "pass one of them")
    return dtype_of(name)


def _is_functionalized():
    top = torch._C._functorch.peek_interpreter_stack()
    if top is None:
        return False
    return any(level.key() == torch._C._functorch.TransformType.Functionalize
               for level in torch._C._functorch.get_interpreter_stack())
