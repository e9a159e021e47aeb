# SPDX-License-Identifier: Apache-2.0
"""svg.py: pictures without a plotting library: lines, dots and texts in a frame, written as SVG."""
import pathlib


class Picture:
    """A drawing of a part of the plane, `width` pixels wide; y points up."""

    def __init__(self, left, right, bottom, top, width=640):
        self.left, self.top, self.scale = left, top, width / (right - left)
        self.width, self.height = width, round((top - bottom) * self.scale)
        self.parts = []

    def place(self, x, y):
        return f"{(x - self.left) * self.scale:.1f} {(self.top - y) * self.scale:.1f}"

    def line(self, points, color, width=1.0, opacity=1.0):
        self.lines([points], color, width, opacity)

    def lines(self, many, color, width=1.0, opacity=1.0):
        """Many lines of one look: each a sequence of points."""
        path = "".join("M" + "L".join(self.place(float(x), float(y)) for x, y in points) for points in many)
        self.parts.append(f'<path d="{path}" fill="none" stroke="{color}" stroke-width="{width}" opacity="{opacity}"/>')

    def dot(self, x, y, color, radius=3.0):
        a, b = self.place(float(x), float(y)).split()
        self.parts.append(f'<circle cx="{a}" cy="{b}" r="{radius}" fill="{color}"/>')

    def text(self, x, y, words, color="#333"):
        a, b = self.place(float(x), float(y)).split()
        self.parts.append(f'<text x="{a}" y="{b}" fill="{color}" font-family="sans-serif" font-size="13">{words}</text>')

    def write(self, path):
        body = "\n".join(self.parts)
        path = pathlib.Path(path)
        path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}">\n'
                        f'<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n')
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


def contour(function, level, left, right, bottom, top, cells=70):
    """The line where a function of two arrays has a value: short pieces, one for each cell that it crosses."""
    import numpy as np

    x, y = np.linspace(left, right, cells + 1), np.linspace(bottom, top, cells + 1)
    f = function(*np.meshgrid(x, y, indexing="ij")) - level
    pieces = []
    for i in range(cells):
        for k in range(cells):
            corners = [(i, k), (i + 1, k), (i + 1, k + 1), (i, k + 1)]
            cuts = []
            for a, b in zip(corners, corners[1:] + corners[:1]):
                if (f[a] < 0) != (f[b] < 0):
                    t = f[a] / (f[a] - f[b])
                    cuts.append((x[a[0]] + t * (x[b[0]] - x[a[0]]), y[a[1]] + t * (y[b[1]] - y[a[1]])))
            pieces += zip(cuts[::2], cuts[1::2])
    return pieces
