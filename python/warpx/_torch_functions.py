# SPDX-License-Identifier: Apache-2.0
"""An operation as autograd.Functions, which all transformations take: autograd, torch.func, forward mode.

There is one Function for each derivative, and the derivative of each is made of the others: J is the Jacobian, H the
Hessian of the outputs times their cotangents.
  Forward     F            backward: Adjoint                                   jvp: Tangent
  Tangent     J t          backward: Adjoint for t, AdjointTangent for inputs  jvp: along t only
  Adjoint     J' c         backward: Tangent for c, AdjointTangent for inputs  jvp: AdjointTangent
  AdjointTangent  H t + J' c'   backward: of t and c' only
What is missing are derivatives of third order, and forward mode over forward mode.
"""
import torch

from ._operation import ADJOINT, ADJOINT_TANGENT, FORWARD, TANGENT
from ._torch_ops import Groups, keep_operator

_TENSOR = object()  # stands for a tensor in ctx.template


def _save(ctx, inputs):
    tensors = [v for v in inputs if isinstance(v, torch.Tensor)]
    ctx.save_for_backward(*tensors)
    ctx.save_for_forward(*tensors)
    ctx.template = [_TENSOR if isinstance(v, torch.Tensor) else v for v in inputs]
    ctx.set_materialize_grads(False)


def _restore(ctx):
    tensors = iter(ctx.saved_tensors)
    return tuple(next(tensors) if v is _TENSOR else v for v in ctx.template)


def _any(objects):
    return any(v is not None for v in objects)


def _spread(values, wanted):
    """One value for each that is wanted, None for the others."""
    values = iter(values)
    return tuple(next(values) if w else None for w in wanted)


class Keep(torch.autograd.Function):
    """A clone of what is about to be overwritten. torch.compile would make a plain clone again in the backward pass,
    from memory that is overwritten by then, so it is an operator that cannot be looked into."""

    @staticmethod
    def forward(x):
        return keep_operator()(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx, cotangent):
        return cotangent

    @staticmethod
    def jvp(ctx, tangent):
        return None if tangent is None else tangent.clone()

    @staticmethod
    def vmap(info, in_dims, x):
        return Keep.apply(x.movedim(in_dims[0], 0)), 0


class Functions:
    """The Functions of one operation."""

    def __init__(self, operation, operators):
        self.operation, self.operators = operation, operators
        self.functions = [self._make(FORWARD, "", _forward_backward, _forward_jvp),
                          self._make(TANGENT, "_tangent", _tangent_backward, _tangent_jvp),
                          self._make(ADJOINT, "_adjoint", _adjoint_backward, _adjoint_jvp),
                          self._make(ADJOINT_TANGENT, "_adjoint_tangent", _second_backward, _second_jvp)]

    def run(self, groups):
        return self.functions[groups.what].apply(*groups.flat())

    def refuse(self, got):
        raise self.operation.error(
            NotImplementedError, "derivatives of first and second order, the second by reverse mode or by forward "
            "over reverse mode", got, "write the derivative as an operation of its own")

    def _make(self, what, suffix, backward_rule, jvp_rule):
        owner, operators = self, self.operators

        class Function(torch.autograd.Function):
            @staticmethod
            def forward(*flat):
                results = operators.call(operators.unflatten(what, flat))
                return tuple(results) if isinstance(results, list) else results

            @staticmethod
            def setup_context(ctx, inputs, output):
                _save(ctx, inputs)
                if what == FORWARD:
                    results = output if isinstance(output, tuple) else (output,)
                    ctx.mark_non_differentiable(*(v for v, p in zip(results, operators.outputs)
                                                  if p not in operators.active_outputs))

            @staticmethod
            def backward(ctx, *cotangents):
                groups = operators.unflatten(what, _restore(ctx))
                count = len(operators.inputs)
                needed = operators.unflatten(what, ctx.needs_input_grad)
                wanted = tuple(needed.inputs[k] for k in operators.positions)
                if not _any(cotangents):
                    return (None,) * len(ctx.template)
                gradients, lists = backward_rule(owner, groups, cotangents, wanted, needed)
                flat = [None] * count
                for k, gradient in zip(operators.positions, gradients):
                    flat[k] = gradient
                for field in Groups.FIELDS[what]:
                    flat += lists.get(field) or (None,) * len(getattr(groups, field))
                return (*flat, *[None] * (len(ctx.template) - len(flat)))

            @staticmethod
            def jvp(ctx, *tangents):
                groups = operators.unflatten(what, _restore(ctx))
                moving = operators.unflatten(what, tangents)
                return jvp_rule(owner, groups, tuple(moving.inputs[k] for k in operators.positions), moving)

            @staticmethod
            def vmap(info, in_dims, *flat):
                groups = operators.unflatten(what, flat)
                whole, inserted = operators.batch(groups, in_dims[:len(operators.with_parameters(groups))],
                                                  info.batch_size)
                results = operators.unbatch(groups, owner.run(whole), inserted)
                return (tuple(results), (0,) * len(results)) if isinstance(results, (tuple, list)) else (results, 0)

        Function.__name__ = Function.__qualname__ = self.operation.name + suffix
        return Function

    # Each derivative as a call; None where the result is zero.

    def tangent(self, groups, tangents):
        if not _any(tangents):
            return (None,) * len(self.operators.active_outputs)
        results = self.run(Groups(TANGENT, groups.inputs, groups.options, tangents=tuple(tangents)))
        return results if isinstance(results, tuple) else (results,)

    def adjoint(self, groups, cotangents, wanted):
        if not any(wanted) or not _any(cotangents):
            return (None,) * len(wanted)
        if not self.operation.has_adjoint:
            raise self.operation.error(NotImplementedError, "an operation with an adjoint of its own, since a "
                                       "gradient is asked for", "one without", "give it one: .adjoint<f>()")
        gradients = self.run(Groups(ADJOINT, groups.inputs, groups.options, cotangents=tuple(cotangents),
                                    wanted=wanted))
        return _spread(gradients, wanted)

    def second(self, groups, tangents, cotangents, changes, wanted):
        if not any(wanted):
            return (None,) * len(wanted)
        if not self.operation.has_second:
            raise self.operation.error(
                NotImplementedError, "an operation whose derivatives are derived from its kernel, since a second "
                "derivative is asked for", "one with a derivative of its own", "use it for first derivatives")
        gradients = self.run(Groups(ADJOINT_TANGENT, groups.inputs, groups.options, tuple(tangents),
                                    tuple(cotangents), tuple(changes), wanted))
        return _spread(gradients, wanted)

    def no_changes(self):
        return (None,) * len(self.operators.active_outputs)


def _of_active(owner, results):
    """What belongs to outputs with derivatives, of one object for each output."""
    return tuple(v for v, p in zip(results, owner.operators.outputs) if p in owner.operators.active_outputs)


def _forward_backward(owner, groups, cotangents, wanted, needed):
    return owner.adjoint(groups, _of_active(owner, cotangents), wanted), {}


def _forward_jvp(owner, groups, tangents, moving):
    if not owner.operation.has_tangent:
        raise owner.operation.error(NotImplementedError, "an operation with a tangent of its own, since forward mode "
                                    "asks for one", "one without", "give it one: .tangent<f>()")
    results = iter(owner.tangent(groups, tangents))
    results = tuple(next(results) if p in owner.operators.active_outputs else None for p in owner.operators.outputs)
    return results[0] if len(results) == 1 else results


def _tangent_backward(owner, groups, cotangents, wanted, needed):
    inputs = owner.second(groups, groups.tangents, cotangents, owner.no_changes(), wanted)
    return inputs, {"tangents": owner.adjoint(groups, cotangents, tuple(needed.tangents))}


def _tangent_jvp(owner, groups, tangents, moving):
    if _any(tangents):
        owner.refuse("forward mode over forward mode")
    results = owner.tangent(groups, moving.tangents)
    return results[0] if len(results) == 1 else results


def _adjoint_backward(owner, groups, directions, wanted, needed):
    directions = _spread(directions, groups.wanted)
    inputs = owner.second(groups, directions, groups.cotangents, owner.no_changes(), wanted)
    cotangents = owner.tangent(groups, directions) if any(needed.cotangents) else (None,) * len(groups.cotangents)
    return inputs, {"cotangents": tuple(v if n else None for v, n in zip(cotangents, needed.cotangents))}


def _adjoint_jvp(owner, groups, tangents, moving):
    if not _any(tangents):  # the gradient is linear in the cotangents
        return tuple(v for v, w in zip(owner.adjoint(groups, moving.cotangents, groups.wanted), groups.wanted) if w)
    results = owner.second(groups, tangents, groups.cotangents, moving.cotangents, groups.wanted)
    return tuple(v for v, w in zip(results, groups.wanted) if w)


def _second_backward(owner, groups, directions, wanted, needed):
    if any(wanted) or any(needed.cotangents):
        owner.refuse("a derivative of third order")
    directions = _spread(directions, groups.wanted)
    changes = owner.tangent(groups, directions) if any(needed.cotangent_tangents) else None
    return (None,) * len(wanted), {
        "tangents": owner.second(groups, directions, groups.cotangents, owner.no_changes(), tuple(needed.tangents)),
        "cotangent_tangents": changes}


def _second_jvp(owner, groups, tangents, moving):
    owner.refuse("a derivative of third order")
