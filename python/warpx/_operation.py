# SPDX-License-Identifier: Apache-2.0
"""What the glue of every framework knows of an operation: parameters, shapes of results, the entries in C++.

Shapes here may hold symbolic integers (torch.SymInt), so they are compared and multiplied, nothing else.
"""
import json

# `what` of Operation.entry; enum derivative in include/warpx/operation/call.hpp.
FORWARD, TANGENT, ADJOINT, ADJOINT_TANGENT = range(4)
REAL = ("float", "bfloat", "complex")


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
        # Of inout: the kernel does nothing but add to it, so no derivative needs its values, and its gradient
        # passes through.
        self.only_added = record.get("only_added", False)
        self.is_array = self.role in ("in", "inout", "out")
        self.is_output = self.role in ("inout", "out")
        self.is_input = self.role != "out"
        self.rank = len(self.axes) + len(self.fold)


def is_real(parameter):
    """Whether it may hold real numbers, which have derivatives."""
    return any(name.startswith(REAL) for name in parameter.types)


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
        self.torch = self.quick = None  # set by warpx._torch
        self.inputs = [p for p in self.parameters if p.is_input]
        self.outputs = [p for p in self.parameters if p.is_output]
        self.results = [p for p in self.parameters if p.role == "out"]
        given = {axis for p in self.inputs if not p.optional for axis in p.axes}
        self.free = [k for k, e in enumerate(self.extents) if not isinstance(e, int) and k not in given]

    def error(self, kind, expected, got, remedy):
        return kind(f"{self.name}(): expected {expected}; got {got}; {remedy}")

    def argument_error(self, kind, parameter, expected, got, remedy):
        return kind(f"{self.name}(), argument '{parameter.name}': expected {expected}; got {got}; {remedy}")

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

    def dtypes(self, given, asked=None):
        """The dtype name of every parameter, from those of the arrays, {parameter index: name}, and dtype=."""
        chosen = {}
        if asked is not None:
            for p in self.parameters:
                if p.set >= 0 and asked in p.types:
                    chosen.setdefault(p.set, p.types.index(asked))
        for p in self.parameters:
            if not p.is_array or p.index not in given:
                continue
            if given[p.index] not in p.types:
                raise self.argument_error(TypeError, p, " or ".join(p.types), given[p.index],
                                          "convert it first: nothing is converted silently")
            if p.set >= 0 and p.types[chosen.setdefault(p.set, p.types.index(given[p.index]))] != given[p.index]:
                raise self.argument_error(TypeError, p, f"{p.types[chosen[p.set]]}, as the others have",
                                          given[p.index], "convert one of them: nothing is converted silently")
        return [p.types[chosen.get(p.set, 0)] if p.set >= 0 else p.types[0] for p in self.parameters]

    def extents_of(self, shapes, free=None):
        """(extents, batch) of a call from (parameter, shape) pairs. The last axes of each array are its own, those in
        front of them a batch, which broadcasts. `free`: the extents that inputs may leave open, by `self.free`."""
        extents = [e if isinstance(e, int) else None for e in self.extents]
        batch = ()
        for p, shape in shapes:
            lead = len(shape) - p.rank
            if lead < 0:
                raise self.argument_error(ValueError, p, f"at least {p.rank} axes", f"shape {tuple(shape)}",
                                          "reshape it")
            own = shape[lead:]
            for axis, extent in zip(p.axes, own):
                if extents[axis] is None:
                    extents[axis] = extent
                elif extents[axis] != extent:
                    raise self.argument_error(ValueError, p, f"{self.extents[axis]} = {extents[axis]}",
                                              f"shape {tuple(shape)}", "pass arrays whose extents agree")
            for fold, extent in zip(p.fold, own[len(p.axes):]):
                if fold != extent:
                    raise self.argument_error(ValueError, p, f"trailing axes {p.fold}", f"shape {tuple(shape)}",
                                              "they are the components of one element")
            batch = self._broadcast(p, batch, tuple(shape[:lead]))
        for axis, extent in zip(self.free, free or ()):
            if extent >= 0 and extents[axis] is None:
                extents[axis] = extent
        return extents, batch

    def free_extents(self, bound, in_shapes, out_shapes):
        """What output_dims, launch_dims and the arrays of out= say of the extents in `self.free`: a list, -1 where
        they say nothing; None if there is nothing to say. Refuses output_dims that the inputs contradict. The shapes
        are pairs (parameter, shape)."""
        known = {}
        if isinstance(bound.output_dims, dict) and (unknown := set(bound.output_dims) - {p.name for p in self.outputs}):
            raise self.error(TypeError, "output_dims for its results", repr(unknown.pop()), "use their names")
        for p in self.outputs if bound.output_dims is not None else ():
            dims = bound.output_dims.get(p.name) if isinstance(bound.output_dims, dict) else bound.output_dims
            if dims is None:
                continue
            dims = tuple(dims) if isinstance(dims, (tuple, list)) else (dims,)
            if len(dims) != len(p.axes):
                raise self.error(TypeError, f"output_dims with {len(p.axes)} extents for '{p.name}'",
                                 f"{len(dims)} of them", "pass one for each axis, without batch and component axes")
            known.update(zip(p.axes, dims))
        if known:
            for p, shape in in_shapes:
                for axis, extent in zip(p.axes, shape[len(shape) - p.rank:]):
                    if known.get(axis, extent) != extent:
                        raise self.argument_error(ValueError, p, f"{self.extents[axis]} = {known[axis]}, as the call "
                                                  "says", f"shape {tuple(shape)}", "pass arrays whose extents agree")
        for p, shape in out_shapes:
            known.update(zip(p.axes, shape[len(shape) - p.rank:]))
        if bound.launch_dims is not None and self.launch is not None:
            dims = bound.launch_dims if isinstance(bound.launch_dims, (tuple, list)) else (bound.launch_dims,)
            for axis, extent in zip(self.launch, dims):
                known.setdefault(axis, extent)
        free = [known.get(axis, -1) for axis in self.free]
        return free if any(axis in known for axis in self.free) else None

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
                raise self.argument_error(ValueError, parameter, f"batch axes that broadcast with {one}", other,
                                          "axes in front must be equal or 1 in every argument")
        return tuple(result)

    def shape_of(self, parameter, extents, batch):
        """The whole shape of an array of a call."""
        for axis in parameter.axes:
            if extents[axis] is None:
                raise self.error(ValueError, f"the extent {self.extents[axis]} of '{parameter.name}'",
                                 "arguments that do not have it", "pass output_dims=")
        return (*batch, *(extents[axis] for axis in parameter.axes), *parameter.fold)
