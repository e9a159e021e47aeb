# SPDX-License-Identifier: Apache-2.0
"""What the glue of every framework knows of an operation: parameters, shapes of results, the entries in C++.

Shapes here may hold symbolic integers (torch.SymInt), so they are compared and multiplied, nothing else.
"""
import json

# `what` of Operation.entry; enum derivative in include/warpx/operation/call.hpp.
FORWARD, TANGENT, ADJOINT, ADJOINT_TANGENT = range(4)
_REAL = ("float", "bfloat", "complex")


class Parameter:
    """One parameter: its role, the dtypes it may have, which extent each of its axes has."""

    def __init__(self, record, index):
        self.index = index
        self.name = record["name"]
        self.role = record["role"]  # in, inout, out, value, static_value
        self.set = record["set"]  # which set of dtypes, -1: one dtype
        self.types = record["types"]
        self.axes = record["axes"]  # numbers of extents
        self.fold = tuple(record["fold"])
        self.optional = record["optional"]
        self.zeroed = record["zeroed"]
        self.default = record.get("default")
        self.is_array = self.role in ("in", "inout", "out")
        self.is_output = self.role in ("inout", "out")
        self.is_input = self.role != "out"
        self.rank = len(self.axes) + len(self.fold)


class Bound:
    """The arguments of one call by parameter, None where there is none, and its keywords."""

    def __init__(self, operation):
        self.operation = operation
        self.values = [None] * len(operation.parameters)
        self.output_dims = self.launch_dims = self.dtype = None

    def arrays_and_values(self):
        return [value for value in self.values if value is not None]


class Operation:
    """One operation of a module."""

    def __init__(self, module, name, record):
        described = json.loads(record["json"])
        self.module, self.name = module, name
        self.doc = described["doc"]
        self.kind = described["kind"]
        self.parameters = [Parameter(p, k) for k, p in enumerate(described["parameters"])]
        self.extents = described["extents"]  # a name, or a number
        self.launch = described["launch"]  # numbers of extents; None: computed
        self.launch_rank = described["launch_rank"]
        self.has_tangent, self.has_adjoint = described["tangent"], described["adjoint"]
        self.has_second = described["second"]
        self.function = getattr(module, name)
        self.raw = record["raw"]  # the function without questions about gradients
        self.entry = record["entry"]  # (what, primals, tangents, cotangents, cotangent_tangents, launch_dims)
        self.inputs = [p for p in self.parameters if p.is_input]
        self.outputs = [p for p in self.parameters if p.is_output]
        self.results = [p for p in self.parameters if p.role == "out"]

    def error(self, kind, expected, got, remedy):
        return kind(f"{self.name}(): expected {expected}; got {got}; {remedy}")

    def bind(self, args, kwargs):
        """Sorts the arguments of a call as the function itself does."""
        bound = Bound(self)
        if len(args) > len(self.inputs):
            raise self.error(TypeError, f"at most {len(self.inputs)} arguments by position", len(args),
                             "results are passed by name: out=")
        for parameter, value in zip(self.inputs, args):
            bound.values[parameter.index] = value
        names = {p.name: p for p in self.parameters}
        for name, value in kwargs.items():
            if name in names:
                if bound.values[names[name].index] is not None:
                    raise self.error(TypeError, "each argument once", f"two values for '{name}'", "leave one away")
                bound.values[names[name].index] = value
            elif name == "out" and self.outputs:
                self._bind_out(bound, value)
            elif name in ("output_dims", "launch_dims", "dtype"):
                setattr(bound, name, value)
            else:
                raise self.error(TypeError, "the arguments of its signature", f"an argument named '{name}'",
                                 f"see help({self.name})")
        for p in self.inputs:
            if bound.values[p.index] is None:
                if p.default is not None:
                    bound.values[p.index] = p.default
                elif not p.optional:
                    raise self.error(TypeError, f"the argument '{p.name}'", "none", f"see help({self.name})")
        return bound

    def _bind_out(self, bound, value):
        if value is None:
            return
        values = value if isinstance(value, tuple) else (value,)
        if len(values) != len(self.results):
            raise self.error(TypeError, f"out= with {len(self.results)} arrays", len(values),
                             "pass one array for each new result, or None for those to be made")
        for p, one in zip(self.results, values):
            bound.values[p.index] = one

    def dtypes(self, given):
        """The dtype name of every parameter, from those of the arrays: {parameter index: name}."""
        chosen = {}
        for p in self.parameters:
            if p.is_array and p.index in given and p.set >= 0:
                chosen.setdefault(p.set, p.types.index(given[p.index]) if given[p.index] in p.types else None)
                if chosen[p.set] is None:
                    raise TypeError(f"{self.name}(), argument '{p.name}': expected {', '.join(p.types)}; got "
                                    f"{given[p.index]}; convert it first: nothing is converted silently")
        return [p.types[chosen.get(p.set, 0)] if p.set >= 0 else p.types[0] for p in self.parameters]

    def extents_of(self, shapes, output_dims=None, launch_dims=None):
        """(extents, batch) of a call from shapes by parameter (None: absent). The last axes of each array are its
        own, those in front of them a batch, which broadcasts."""
        extents = [e if isinstance(e, int) else None for e in self.extents]
        batch = ()
        for p in self.outputs if output_dims is not None else ():
            dims = output_dims.get(p.name) if isinstance(output_dims, dict) else output_dims
            for axis, extent in zip(p.axes, (dims,) if not isinstance(dims, (tuple, list)) else dims):
                extents[axis] = extent
        for p, shape in zip(self.parameters, shapes):
            if shape is None:
                continue
            lead = len(shape) - p.rank
            if lead < 0:
                raise ValueError(f"{self.name}(), argument '{p.name}': expected at least {p.rank} axes; got shape "
                                 f"{tuple(shape)}; reshape it")
            for axis, extent in zip(p.axes, shape[lead:]):
                if extents[axis] is None:
                    extents[axis] = extent
                elif extents[axis] != extent:
                    raise ValueError(f"{self.name}(), argument '{p.name}': expected {self.extents[axis]} = "
                                     f"{extents[axis]}; got shape {tuple(shape)}; pass arrays whose extents agree")
            batch = self._broadcast(p, batch, tuple(shape[:lead]))
        if launch_dims is not None and self.launch is not None:
            dims = launch_dims if isinstance(launch_dims, (tuple, list)) else (launch_dims,)
            for axis, extent in zip(self.launch, dims):
                if extents[axis] is None:
                    extents[axis] = extent
        return extents, batch

    def _broadcast(self, parameter, one, other):
        if len(one) < len(other):
            one, other = other, one
        other = (1,) * (len(one) - len(other)) + other
        result = []
        for a, b in zip(one, other):
            if a == 1:
                result.append(b)
            elif b == 1 or a == b:
                result.append(a)
            else:
                raise ValueError(f"{self.name}(), argument '{parameter.name}': expected batch axes that broadcast with "
                                 f"{one}; got {other}; axes in front must be equal or 1 in every argument")
        return tuple(result)

    def shape_of(self, parameter, extents, batch):
        """The whole shape of an array of a call."""
        for axis in parameter.axes:
            if extents[axis] is None:
                raise ValueError(f"{self.name}(): expected the extent {self.extents[axis]} of '{parameter.name}'; got "
                                 "arguments that do not have it; pass output_dims=")
        return (*batch, *(extents[axis] for axis in parameter.axes), *parameter.fold)
