# SPDX-License-Identifier: Apache-2.0
"""An operation as operators of torch.library: opaque, without autograd (warpx._torch_functions adds that).

One operator for each derivative, all overloads of one name, each with an implementation, shapes for fake tensors and
a rule for vmap:
  op.default(inputs) -> outputs                                          new memory, also for what is inout
  op.inplace(inputs) -> out results                                      inout arrays are written
  op.tangent(inputs, tangents) -> tangents of the outputs
  op.adjoint(inputs, cotangents, wanted) -> the gradients that are wanted
  op.adjoint_tangent(inputs, tangents, cotangents, cotangents' tangents, wanted) -> how these change along tangents
`inputs` is one object for each parameter that is passed in; tangents and cotangents are those of parameters with real
numbers, None where they are zero.
"""
import itertools

import torch

from . import _operation
from ._operation import ADJOINT, ADJOINT_TANGENT, FORWARD, TANGENT
from ._torch_run import dtype_of, run, run_inplace

_STATIC = {"int": "int", "uint": "int", "bool": "bool"}
_libraries = {}  # by namespace; a library that is dropped takes its operators with it
_taken = set()


def name_of(dtype):
    return str(dtype).removeprefix("torch.")


def keep_operator():
    """warpx::keep, a clone."""
    if "warpx" not in _libraries:
        library = _libraries["warpx"] = torch.library.Library("warpx", "FRAGMENT")
        library.define("keep(Tensor x) -> Tensor", tags=(torch.Tag.pt2_compliant_tag,))
        library.impl("keep", torch.clone, "CompositeExplicitAutograd")
        torch.library.register_fake("warpx::keep", torch.clone, lib=library)
        torch.library.register_vmap("warpx::keep", lambda info, in_dims, x: (torch.ops.warpx.keep(x), in_dims[0]),
                                    lib=library)
    return torch.ops.warpx.keep.default


def is_batched_by_autograd(value):
    return isinstance(value, torch.Tensor) and torch._C._functorch.is_legacy_batchedtensor(value)


class Groups:
    """The arguments of one derivative: `inputs`, the lists that come with it, `wanted`, and the options (free
    extents, launch_dims, dtype) at the end."""

    FIELDS = {FORWARD: (), TANGENT: ("tangents",), ADJOINT: ("cotangents",),
              ADJOINT_TANGENT: ("tangents", "cotangents", "cotangent_tangents")}

    def __init__(self, what, inputs, options, tangents=(), cotangents=(), cotangent_tangents=(), wanted=()):
        self.what, self.inputs, self.options = what, inputs, options
        self.tangents, self.cotangents, self.cotangent_tangents = tangents, cotangents, cotangent_tangents
        self.wanted = wanted

    def flat(self):
        """As arguments of an autograd.Function."""
        lists = [getattr(self, field) for field in self.FIELDS[self.what]]
        wanted = (tuple(self.wanted),) if self.what in (ADJOINT, ADJOINT_TANGENT) else ()
        return (*self.inputs, *itertools.chain(*lists), *wanted, *self.options)


class Operators:
    """The operators of one operation, and the sizes of their lists of arguments."""

    def __init__(self, operation):
        self.operation = operation
        self.inputs, self.outputs = operation.inputs, operation.outputs
        self.active_inputs = [p for p in self.inputs if p.role != "static_value" and _operation.is_real(p)]
        self.active_outputs = [p for p in self.outputs if _operation.is_real(p)]
        self.positions = [self.inputs.index(p) for p in self.active_inputs]  # in `inputs`
        self.inout = [k for k, p in enumerate(self.inputs) if p.role == "inout"]
        self._define()

    # -- Arguments ------------------------------------------------------------------------------------------------

    def parameters_of(self, field):
        return self.active_inputs if field == "tangents" else self.active_outputs

    def unflatten(self, what, flat):
        at, taken = len(self.inputs), {}
        inputs = flat[:at]
        for field in Groups.FIELDS[what]:
            count = len(self.parameters_of(field))
            taken[field] = flat[at:at + count]
            at += count
        if what in (ADJOINT, ADJOINT_TANGENT):
            taken["wanted"] = flat[at]
            at += 1
        return Groups(what, inputs, flat[at:], **taken)

    def with_parameters(self, groups):
        """(object, its parameter) for everything that is an array in `groups.flat()`."""
        pairs = list(zip(groups.inputs, self.inputs))
        for field in Groups.FIELDS[groups.what]:
            pairs += zip(getattr(groups, field), self.parameters_of(field))
        return pairs

    # -- Schemas --------------------------------------------------------------------------------------------------

    def _define(self):
        operation = self.operation
        namespace = operation.module.__name__.replace(".", "_")
        name = operation.name
        for number in itertools.count(2):  # a module that was imported twice, or another library's name
            if (namespace, name) not in _taken and not hasattr(getattr(torch.ops, namespace), name):
                break
            name = f"{operation.name}_{number}"
        _taken.add((namespace, name))
        self.name = f"{namespace}::{name}"
        if namespace not in _libraries:
            _libraries[namespace] = torch.library.Library(namespace, "FRAGMENT")
        self._library = _libraries[namespace]
        self.operators = {}
        for what, overload in ((FORWARD, ""), (TANGENT, "tangent"), (ADJOINT, "adjoint"),
                               (ADJOINT_TANGENT, "adjoint_tangent")):
            self.operators[what] = self._define_one(what, overload)
        self.inplace = self._define_inplace() if self.inout else None

    def _arguments(self, what, mutable=False):
        """The text of the arguments. A value is a tensor or a number, so it has two arguments."""
        names, numbers = set(), []

        def unique(name):
            while name in names:
                name += "_"
            names.add(name)
            return name

        def tensor(p, k):
            if p.role == "static_value":
                return _STATIC.get(p.types[0].rstrip("0123456789"), "float")
            if mutable and p.role == "inout":
                return f"Tensor({chr(ord('a') + k)}!)" + ("?" if p.optional else "")
            return "Tensor?" if p.optional or p.role == "value" else "Tensor"

        texts = [f"{tensor(p, k)} {unique(p.name)}" for k, p in enumerate(self.inputs)]
        for field in Groups.FIELDS[what]:
            texts += [f"Tensor? {unique(p.name + '_' + field.rstrip('s'))}" for p in self.parameters_of(field)]
        if what in (ADJOINT, ADJOINT_TANGENT):
            texts.append(f"bool[] {unique('wanted')}")
        texts += [f"Scalar? {unique(p.name + '_number')}=None" for p in self.inputs if p.role == "value"]
        texts += [f"SymInt[]? {unique('extents')}=None", f"SymInt[]? {unique('launch_dims')}=None",
                  f"ScalarType? {unique('dtype')}=None"]
        return ", ".join(texts)

    def _returns(self, what):
        if what in (ADJOINT, ADJOINT_TANGENT):
            return "Tensor[]"
        count = len(self.outputs if what == FORWARD else self.active_outputs)
        return "Tensor" if count == 1 else "(" + ", ".join(["Tensor"] * count) + ")"

    def _define_one(self, what, overload):
        return self._register(overload, self._arguments(what), self._returns(what),
                              lambda *a: run(self, self._parse(what, a)),
                              lambda *a: self._results(self._parse(what, a)),
                              lambda info, in_dims, *a: self._vmap_operator(what, info, in_dims, a))

    def _define_inplace(self):
        made = ", ".join(["Tensor"] * len(self.operation.results))
        return self._register("inplace", self._arguments(FORWARD, mutable=True),
                              made if len(self.operation.results) == 1 else f"({made})",
                              lambda *a: run_inplace(self, self._parse(FORWARD, a)),
                              lambda *a: self.made_inplace(self._parse(FORWARD, a)), None)

    def _register(self, overload, arguments, returns, run, fake, vmap):
        short = self.name.split("::")[1] + (f".{overload}" if overload else "")
        qualified = f"{self.name.split('::')[0]}::{short}"
        self._library.define(f"{short}({arguments}) -> {returns}", tags=(torch.Tag.pt2_compliant_tag,))
        for device in ("CPU", "CUDA"):
            self._library.impl(short, run, device)
        torch.library.register_fake(qualified, fake, lib=self._library)
        if vmap is not None:
            torch.library.register_vmap(qualified, vmap, lib=self._library)
        packet = getattr(getattr(torch.ops, self.name.split("::")[0]), self.name.split("::")[1])
        return getattr(packet, overload or "default")

    def call(self, groups, operator=None):
        """Calls an operator; numbers go behind the tensors."""
        if any(is_batched_by_autograd(v) for v, _ in self.with_parameters(groups)):
            return self._call_batched_by_autograd(groups)
        is_number = [p.role == "value" and not isinstance(v, torch.Tensor)
                     for v, p in zip(groups.inputs, self.inputs)]
        flat = groups.flat()
        count = len(flat) - len(groups.options)
        flat = [*(None if k < len(is_number) and is_number[k] else flat[k] for k in range(count)),
                *(v if is_number[k] else None for k, (v, p) in enumerate(zip(groups.inputs, self.inputs))
                  if p.role == "value"), *groups.options]
        while len(flat) > count and flat[-1] is None:  # these have defaults
            flat.pop()
        return (operator or self.operators[groups.what])(*flat)

    def _parse(self, what, args):
        """The arguments of an operator as groups."""
        values = [k for k, p in enumerate(self.inputs) if p.role == "value"]
        fields = len(self.inputs) + sum(len(self.parameters_of(f)) for f in Groups.FIELDS[what])
        fields += what in (ADJOINT, ADJOINT_TANGENT)
        args = [*args, *[None] * (fields + len(values) + 3 - len(args))]
        for k, number in zip(values, args[fields:]):
            if args[k] is None:
                args[k] = number
        return self.unflatten(what, (*args[:fields], *args[fields + len(values):]))

    # -- Shapes and results ---------------------------------------------------------------------------------------

    def resolve(self, groups):
        """(dtypes, extents, batch, device) of a call."""
        operation = self.operation
        given = {p.index: name_of(v.dtype) for v, p in zip(groups.inputs, self.inputs)
                 if isinstance(v, torch.Tensor) and p.is_array}
        asked = groups.options[2]
        types = operation.dtypes(given, None if asked is None else name_of(asked))
        shapes = [(p, v.shape) for v, p in self.with_parameters(groups) if isinstance(v, torch.Tensor)]
        extents, batch = operation.extents_of(shapes, groups.options[0])
        return types, extents, batch, device_of(groups.inputs, self.inputs)

    def new(self, p, facts):
        types, extents, batch, device = facts
        return torch.empty(self.operation.shape_of(p, extents, batch), dtype=dtype_of(types[p.index]), device=device)

    def _results(self, groups):
        """New memory for the results of a derivative, with undefined contents."""
        facts = self.resolve(groups)
        if groups.what in (FORWARD, TANGENT):
            outputs = self.outputs if groups.what == FORWARD else self.active_outputs
            made = tuple(self.new(p, facts) for p in outputs)
            return made[0] if len(made) == 1 else made
        return [torch.empty(groups.inputs[k].shape, dtype=groups.inputs[k].dtype, device=groups.inputs[k].device)
                for k, wanted in zip(self.positions, groups.wanted) if wanted]

    def made_inplace(self, groups):
        facts = self.resolve(groups)
        made = tuple(self.new(p, facts) for p in self.operation.results)
        return made[0] if len(made) == 1 else made if made else None

    # -- vmap -----------------------------------------------------------------------------------------------------

    def batch(self, groups, dims, size):
        """The call for a whole batch: its axis comes first, in front of the batch axes there are. Returns the groups
        and, for every wanted gradient, how many axes of extent 1 were put behind that axis."""
        pairs = self.with_parameters(groups)
        leads = [v.dim() - (d is not None) - p.rank if isinstance(v, torch.Tensor) else 0
                 for (v, p), d in zip(pairs, dims)]
        most = max(leads)
        wanted = {k for k, w in zip(self.positions, groups.wanted) if w}
        moved, inserted = [], []
        for n, ((v, p), d, lead) in enumerate(zip(pairs, dims, leads)):
            if isinstance(v, torch.Tensor):
                if d is not None:
                    v = v.movedim(d, 0)
                elif n in wanted:  # its gradient has one part for each
                    v = v.expand(size, *v.shape)
                if most > lead and (d is not None or n in wanted):
                    v = v[(slice(None),) + (None,) * (most - lead)]
            if n in wanted:
                inserted.append(most - lead)
            moved.append(v)
        counts = [len(self.inputs)] + [len(self.parameters_of(f)) for f in Groups.FIELDS[groups.what]]
        lists = []
        for count in counts:
            lists.append(tuple(moved[:count]))
            moved = moved[count:]
        whole = Groups(groups.what, lists[0], groups.options, wanted=groups.wanted,
                       **dict(zip(Groups.FIELDS[groups.what], lists[1:])))
        return whole, inserted

    def unbatch(self, groups, results, inserted):
        """(results, their batch axis) of a call that `batch` made."""
        if groups.what in (ADJOINT, ADJOINT_TANGENT):
            results = [g.squeeze(tuple(range(1, 1 + ones))) if ones else g for g, ones in zip(results, inserted)]
        return results

    def _call_batched_by_autograd(self, groups):
        """The vmap inside of torch.autograd.grad(is_grads_batched=True), which is none of torch.func."""
        flat = list(groups.flat())
        dims = [0 if is_batched_by_autograd(v) else None for v, _ in self.with_parameters(groups)]
        level = _level_of(next(v for v, dim in zip(flat, dims) if dim is not None))
        for k, dim in enumerate(dims):
            if dim is not None:
                flat[k] = torch._remove_batch_dim(flat[k], level, 0, 0)
                size = flat[k].shape[0]
        groups = self.unflatten(groups.what, tuple(flat))
        whole, inserted = self.batch(groups, dims, size)
        results = self.unbatch(groups, self.call(whole), inserted)
        if not isinstance(results, (tuple, list)):
            return torch._add_batch_dim(results, 0, level)
        return type(results)(torch._add_batch_dim(v, 0, level) for v in results)

    def _vmap_operator(self, what, info, in_dims, args):
        groups, dims = self._parse(what, args), list(in_dims)
        whole, inserted = self.batch(groups, dims[:len(self.with_parameters(groups))], info.batch_size)
        results = self.unbatch(groups, self.call(whole), inserted)
        return results, [0] * len(results) if isinstance(results, list) else (
            (0,) * len(results) if isinstance(results, tuple) else 0)


def _level_of(value):
    """The level of a tensor that torch.autograd.grad(is_grads_batched=True) batched. PyTorch counts levels in each
    thread, and those in which it runs the backward pass of a GPU count none: so it is found by trying."""
    for level in range(1, 5):
        if not is_batched_by_autograd(torch._remove_batch_dim(value, level, 0, 0)):
            return level
    raise NotImplementedError("warpx: expected gradients batched once by torch.autograd.grad; got nested batches; use "
                              "torch.func.vmap")


def device_of(inputs, parameters):
    """Where results are made: beside the first array; without arrays, beside the first number."""
    for arrays in (True, False):
        for v, p in zip(inputs, parameters):
            if p.is_array == arrays and isinstance(v, torch.Tensor):
                return v.device
    return torch.device("cpu")
