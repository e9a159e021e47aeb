# SPDX-License-Identifier: Apache-2.0
"""What the operators of warpx._torch_ops do: memory for the results, then the module's entry."""
import torch

from ._operation import ADJOINT_TANGENT, FORWARD, TANGENT


def dtype_of(name):
    return getattr(torch, name)


def _placed(operators, objects, parameters):
    """Objects by parameter number, as entries take them."""
    row = [None] * len(operators.operation.parameters)
    for v, p in zip(objects, parameters):
        row[p.index] = v
    return row


def _placed_derivatives(operators, objects, parameters):
    """The same; PyTorch chose their strides, and elements of several numbers must lie together."""
    together = [v.contiguous() if p.fold and v is not None else v for v, p in zip(objects, parameters)]
    return _placed(operators, together, parameters)


def run_inplace(operators, groups):
    """The function itself, which writes what is overwritten; returns what is new."""
    made = operators.made_inplace(groups)
    primals = _placed(operators, groups.inputs, operators.inputs)
    for v, p in zip(made if isinstance(made, tuple) else (made,), operators.operation.results):
        primals[p.index] = v
    operators.operation.entry(FORWARD, tuple(primals), None, None, None, groups.options[1])
    return made


def _forward(operators, groups):
    primals = _placed(operators, groups.inputs, operators.inputs)
    facts = operators.resolve(groups)
    made = []
    for p in operators.outputs:
        old = primals[p.index]
        if p.role == "inout" and old is None:
            made.append(torch.empty(0, dtype=dtype_of(facts[0][p.index]), device=facts[3]))
            continue
        made.append(operators.new(p, facts))
        primals[p.index] = made[-1] if old is None else made[-1].copy_(old)
    operators.operation.entry(FORWARD, tuple(primals), None, None, None, groups.options[1])
    return made[0] if len(made) == 1 else tuple(made)


def _tangent(operators, groups):
    operation = operators.operation
    primals = _placed(operators, groups.inputs, operators.inputs)
    tangents = _placed_derivatives(operators, groups.tangents, operators.active_inputs)
    facts = operators.resolve(groups)
    made = []
    for p in operators.outputs:
        old = primals[p.index]
        if p.role == "out" or old is not None:
            primals[p.index] = operators.new(p, facts) if old is None else operators.new(p, facts).copy_(old)
    for p in operators.active_outputs:
        made.append(operators.new(p, facts))
        if p.role == "inout":
            old = tangents[p.index]
            made[-1].zero_() if old is None else made[-1].copy_(old)
        tangents[p.index] = made[-1]
    if operation.kind != "kernel":  # functions of the author's see arrays, no zeros
        for p in operators.active_inputs:
            if tangents[p.index] is None and isinstance(primals[p.index], torch.Tensor):
                tangents[p.index] = torch.zeros_like(primals[p.index])
    operation.entry(TANGENT, tuple(primals), tuple(tangents), None, None, groups.options[1])
    return made[0] if len(made) == 1 else tuple(made)


def _adjoint(operators, groups):
    """ADJOINT, and ADJOINT_TANGENT, whose results take the place of the gradients."""
    operation, second = operators.operation, groups.what == ADJOINT_TANGENT
    primals = _placed(operators, groups.inputs, operators.inputs)
    cotangents = _placed_derivatives(operators, groups.cotangents, operators.active_outputs)
    changes = _placed_derivatives(operators, groups.cotangent_tangents, operators.active_outputs)
    tangents = _placed_derivatives(operators, groups.tangents, operators.active_inputs)
    facts = operators.resolve(groups)
    for p in operators.outputs:  # kernels that overwrite elements which are one in memory take the tape
        old = primals[p.index] if p.role == "inout" else None
        if old is not None and any(stride == 0 and extent > 1 for stride, extent in zip(old.stride(), old.shape)):
            primals[p.index] = operators.new(p, facts).copy_(old)
    for p in operators.active_outputs:
        for row in (cotangents, changes) if second else (cotangents,):
            if p.role == "inout":  # becomes the gradient of the old value
                given = row[p.index]
                row[p.index] = operators.new(p, facts)
                row[p.index].zero_() if given is None else row[p.index].copy_(given)
            elif row[p.index] is None:
                row[p.index] = torch.zeros(p.fold, dtype=dtype_of(facts[0][p.index]), device=facts[3]).expand(
                    operation.shape_of(p, facts[1], facts[2]))
        if second and p.role == "inout" and tangents[p.index] is not None:
            tangents[p.index] = operators.new(p, facts).copy_(tangents[p.index])
    made = []
    for k, p, wanted in zip(operators.positions, operators.active_inputs, groups.wanted):
        if not wanted:
            continue
        for row in (cotangents, changes) if second else (cotangents,):
            if p.role != "inout":  # written, whatever it holds
                row[p.index] = torch.empty(groups.inputs[k].shape, dtype=groups.inputs[k].dtype, device=facts[3])
        made.append((k, p))
    operation.entry(groups.what, tuple(primals), tuple(tangents) if second else None, tuple(cotangents),
                    tuple(changes) if second else None, groups.options[1])
    row = changes if second else cotangents
    return [row[p.index].sum_to_size(groups.inputs[k].shape).to(groups.inputs[k].device) for k, p in made]


def run(operators, groups):
    """New results of one derivative."""
    return (_forward, _tangent, _adjoint, _adjoint)[groups.what](operators, groups)
