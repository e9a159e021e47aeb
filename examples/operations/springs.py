# SPDX-License-Identifier: Apache-2.0
"""springs.py: a soft square of particles and springs is thrown at a target. The gradient goes through all steps of the
simulation, which are operations, back to the velocity of the throw.

    python springs.py [picture.svg]       needs the module warpx_gallery, PyTorch and NumPy
"""
import sys
import time

import numpy as np
import torch

import warpx_gallery as gallery

SIDE, GAP = 16, 0.1  # 256 particles
STEPS, DT = 600, 0.002
STIFFNESS = 60000.0
TARGET = torch.tensor([4.6, 1.2])  # where its centre shall be after the last step


def soft_square():
    """Places (n, 2), and the springs along rows, columns and diagonals: their ends (m, 2), their lengths (m,)."""
    row, col = np.divmod(np.arange(SIDE * SIDE), SIDE)
    x = np.stack([col * GAP, 0.3 + row * GAP], 1).astype(np.float32)
    number = np.arange(SIDE * SIDE, dtype=np.int32).reshape(SIDE, SIDE)
    pairs = [(number[:, :-1], number[:, 1:]), (number[:-1], number[1:]), (number[:-1, :-1], number[1:, 1:]),
             (number[:-1, 1:], number[1:, :-1])]
    ends = np.concatenate([np.stack([a.ravel(), b.ravel()], 1) for a, b in pairs])
    rest = np.linalg.norm(x[ends[:, 0]] - x[ends[:, 1]], axis=1)
    return torch.from_numpy(x), torch.from_numpy(ends), torch.from_numpy(rest)


def simulate(x, ends, rest, throw, stiffness=STIFFNESS, keep=None):
    """The places after all steps; `keep` gets those of every 75th."""
    v = throw.expand_as(x)
    for step in range(STEPS):
        if keep is not None and step % 75 == 0:
            keep.append(x.detach())
        force = gallery.springs(x, ends, rest, stiffness)
        x, v = gallery.advance(x, v, force, DT)
    if keep is not None:
        keep.append(x.detach())
    return x


def loss_of(x):
    return ((x.mean(0) - TARGET) ** 2).sum()


def check_gradient(x, ends, rest):
    """Against finite differences, for the throw and the stiffness."""
    throw = torch.tensor([1.0, -2.0], requires_grad=True)
    stiffness = torch.tensor(STIFFNESS, requires_grad=True)

    def spread(throw, stiffness):  # the stiffness moves no centre: it changes the shape
        end = simulate(x, ends, rest, throw, stiffness)
        return loss_of(end) + 100 * end.var(0).sum()

    spread(throw, stiffness).backward()
    with torch.no_grad():
        step = torch.tensor([0.003, 0.0])
        along = (spread(throw + step, stiffness) - spread(throw - step, stiffness)) / 0.006
        stiffer = (spread(throw, stiffness + 200) - spread(throw, stiffness - 200)) / 400
    for name, ours, other in (("throw", throw.grad[0], along), ("stiffness", stiffness.grad, stiffer)):
        print(f"d loss / d {name}: {ours.item():.5g}, by finite differences {other.item():.5g}")
        if not abs(ours - other) < 0.03 * abs(other):
            raise SystemExit("springs: the gradient is wrong")


def draw(first, last, path):
    from svg import Picture

    picture = Picture(-0.4, 6.0, -0.3, 3.1, 760)
    picture.line([(-0.4, 0), (6.0, 0)], "#777", 2)
    picture.line([x.mean(0) for x in first], "#9aa5b1", 1.5)
    for x in first:
        grid = x.reshape(SIDE, SIDE, 2)
        picture.line([*grid[0], *grid[1:, -1], *grid[-1].flip(0), *grid[:, 0].flip(0)], "#9aa5b1", 0.8)
    picture.line([x.mean(0) for x in last], "#00798c", 1.5)
    for x in last[::2]:
        grid = x.reshape(SIDE, SIDE, 2)
        picture.lines([*grid, *grid.transpose(0, 1)], "#00798c", 0.6)
    picture.dot(*TARGET, "#d1495b", 6)
    picture.text(-0.3, 2.9, "grey: the first throw; blue: the last; red: the target")
    picture.write(path)


def main():
    torch.set_num_threads(1)  # small tensors
    x, ends, rest = soft_square()
    check_gradient(x, ends, rest)
    throw = torch.tensor([3.0, 2.0], requires_grad=True)
    adam = torch.optim.Adam([throw], lr=0.1)
    keeps, began = [], time.perf_counter()
    for attempt in range(60):
        keeps.append([])
        adam.zero_grad()
        loss = loss_of(simulate(x, ends, rest, throw, keep=keeps[-1]))
        loss.backward()
        if attempt % 10 == 0:
            print(f"throw {attempt:2}: {[round(v, 3) for v in throw.tolist()]}, loss {loss.item():.5f}", flush=True)
        if loss.item() < 1e-4:
            break
        adam.step()
    print(f"throw {attempt:2}: {[round(v, 3) for v in throw.tolist()]}, loss {loss.item():.1e}; {len(keeps)} simulations "
          f"of {STEPS} steps and their gradients in {time.perf_counter() - began:.1f} s")
    if not loss.item() < 1e-3:
        raise SystemExit("springs: the throw did not arrive")
    if len(sys.argv) > 1:
        draw(keeps[0], keeps[-1], sys.argv[1])


if __name__ == "__main__":
    main()
