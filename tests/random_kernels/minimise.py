# SPDX-License-Identifier: Apache-2.0
# minimise.py: smaller kernels that fail as a given one does.
"""Reduces a kernel that fails."""
import copy
import time

from builder import failing
from kernel import LEAF, Expr


def places(block, path=()):
    for k, s in enumerate(block):
        yield (*path, k), s
        for j, b in enumerate(s.blocks):
            yield from places(b, (*path, k, j))


def block_at(kernel, path):
    block = kernel.body
    for k in range(0, len(path) - 1, 2):
        block = block[path[k]].blocks[path[k + 1]]
    return block


def smaller(kernel):
    """Kernels with a part left out, the largest cuts first."""
    every = sorted(places(kernel.body), key=lambda x: -len("\n".join(x[1].lines(0))))
    for path, _ in every:
        c = copy.deepcopy(kernel)
        del block_at(c, path)[path[-1]]
        yield c
    for path, s in every:
        for j in range(len(s.blocks)):
            c = copy.deepcopy(kernel)
            b = block_at(c, path)
            b[path[-1]:path[-1] + 1] = b[path[-1]].blocks[j]
            yield c
    for path, s in every:
        for j, e in enumerate(s.exprs):
            for where, cut in expression_cuts(e):
                c = copy.deepcopy(kernel)
                replace_in(block_at(c, path)[path[-1]].exprs, j, where, cut)
                yield c


def expression_cuts(e, where=()):
    """Places in an expression and what to put there: a part of the same type, or a constant."""
    wanted = "num" if e.kind in ("located", "double") else e.kind
    if wanted in LEAF and str(e) != LEAF[wanted]:
        yield where, Expr(wanted, LEAF[wanted])
        for p in e.parts:
            if ("num" if p.kind in ("located", "double") else p.kind) == wanted:
                yield where, p
    for k, p in enumerate(e.parts):
        yield from expression_cuts(p, (*where, k))


def replace_in(exprs, j, where, cut):
    if not where:
        exprs[j] = cut
        return
    e = exprs[j]
    for k in where[:-1]:
        e = e.parts[k]
    e.parts[where[-1]] = cut


def minimise(builder, kernel, inputs, seed, compile_failure, seconds):
    end = time.time() + seconds
    tried = set()
    progress = True
    while progress and time.time() < end:
        progress = False
        batch = []
        for c in smaller(kernel):
            if time.time() > end:
                break
            text = c.text()
            if text in tried or not c.valid() or len(text) >= len(kernel.text()) + 20:
                continue
            tried.add(text)
            c.name = "kernel_%d" % (900000 + len(tried))
            batch.append(c)
            if len(batch) < (1 if compile_failure else 6):
                continue
            hit = first_failing(builder, batch, inputs, seed, compile_failure)
            batch = []
            if hit:
                kernel, progress = hit, True
                break
        if not progress and batch:
            hit = first_failing(builder, batch, inputs, seed, compile_failure)
            if hit:
                kernel, progress = hit, True
    return kernel


def first_failing(builder, batch, inputs, seed, compile_failure):
    found, _ = failing(builder, batch, inputs, seed)
    for c in batch:
        if c.name in found and found[c.name].startswith("does not compile") == compile_failure:
            return c
    return None
