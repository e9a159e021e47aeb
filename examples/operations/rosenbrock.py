# SPDX-License-Identifier: Apache-2.0
"""rosenbrock.py: torch.optim.Adam takes points to the minimum of an operation, eager and under torch.compile.

    python rosenbrock.py [picture.svg]       needs the module warpx_gallery, PyTorch and NumPy
"""
import sys
import time

import numpy as np
import torch

import warpx_gallery as gallery

STEPS = 4000


def start():
    points = np.random.default_rng(42).uniform((-2, -1), (2, 3), (1500, 2))
    return torch.tensor(points, dtype=torch.float32, requires_grad=True)


def descend(function):
    """Adam's steps, and where some points were on the way."""
    points, ways = start(), []
    adam = torch.optim.Adam([points], lr=5e-2, betas=(0.9, 0.99))
    slower = torch.optim.lr_scheduler.ExponentialLR(adam, 0.9995)
    began = time.perf_counter()
    for step in range(STEPS):
        adam.zero_grad()
        function(points).sum().backward()
        adam.step()
        slower.step()
        if step % 10 == 0:
            ways.append(points.detach()[:6].clone())
    return points.detach(), torch.stack(ways, 1), time.perf_counter() - began


def draw(ways, path):
    from svg import Picture, contour

    picture = Picture(-2.2, 2.2, -1.2, 3.2, 520)
    for level in (5, 20, 80, 300, 1000):
        lines = contour(lambda x, y: 100 * (y - x * x) ** 2 + (1 - x) ** 2, level, -2.2, 2.2, -1.2, 3.2)
        picture.lines(lines, "#b8c4d0")
    for way, color in zip(ways, ("#d1495b", "#00798c", "#edae49", "#30638e", "#7a5195", "#3d7a3d")):
        picture.line(way, color, 1.6)
        picture.dot(*way[0], color)
    picture.dot(1, 1, "#000", 5)
    picture.text(1.08, 0.9, "(1, 1)")
    picture.write(path)


def main():
    torch.set_num_threads(1)  # small tensors
    ways = None
    # fullgraph: the operation is part of the graph, or this is an error.
    compiled = torch.compile(lambda p: gallery.rosenbrock(p), fullgraph=True)
    for name, function in (("eager", gallery.rosenbrock), ("compiled", compiled)):
        points, ways, seconds = descend(function)
        far = (points - 1).abs().max().item()
        print(f"{name}: mean {points.mean(0).tolist()}, farthest from (1, 1): {far:.1e}, {seconds:.1f} s")
        if not far < 1e-2:
            raise SystemExit("rosenbrock: Adam did not arrive at (1, 1)")
    if len(sys.argv) > 1:
        draw(ways, sys.argv[1])


if __name__ == "__main__":
    main()
