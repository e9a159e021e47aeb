# SPDX-License-Identifier: Apache-2.0
# kernel.py: what a random kernel consists of, and its text.
"""Expressions, statements and kernels."""
import re


class Expr:
    """A typed expression: text with {0}, {1} for its parts. Types: num, num3, num2, int, bool."""

    def __init__(self, kind, form, *parts):
        self.kind, self.form, self.parts = kind, form, list(parts)

    def __str__(self):
        return self.form.format(*self.parts) if self.parts else self.form.replace("{{", "{").replace("}}", "}")


class Stmt:
    """A statement: text with {e0}, {e1} for expressions and {b0}, {b1} for blocks; `declares` names variables."""

    def __init__(self, form, exprs=(), blocks=(), declares=()):
        self.form, self.exprs, self.blocks, self.declares = form, list(exprs), [list(b) for b in blocks], declares

    def lines(self, indent):
        pad = "    " * indent
        text = self.form
        for k, e in enumerate(self.exprs):
            text = text.replace("{e%d}" % k, str(e))
        out = []
        for line in text.split("\n"):
            depth = 0
            while line.startswith("  "):  # two blanks in a form are one level
                line, depth = line[2:], depth + 1
            match = re.fullmatch(r"\{b(\d)\}", line.strip())
            if match:
                for s in self.blocks[int(match.group(1))]:
                    out += s.lines(indent + depth)
            else:
                out.append(pad + "    " * depth + line)
        return out


# The simplest expression of each type.
LEAF = {"num": "num(0.5)", "num2": "num2(0.5)", "num3": "num3(0.5)", "int": "1", "bool": "true"}


class Kernel:
    """A kernel: what it is called with, and its statements."""

    def __init__(self, seed, rank, smooth, used, body):
        self.seed, self.rank, self.smooth, self.used, self.body = seed, rank, smooth, used, body
        self.name = "kernel_%d" % seed

    def text(self, name=None):
        name = name or self.name
        lines = []
        for s in self.body:
            lines += s.lines(2)
        code = "\n".join(lines)
        names = [n for n in self.used if re.search(r"\b%s\b" % n, code)]
        for n in list(names):  # what an alias is another view of
            names += [b for b in re.findall(r"@(\w+)@", self.used[n][0]) if b not in names]
        index = {n: str(k) for k, n in enumerate(names)}
        types = ",\n                              ".join(re.sub(r"@(\w+)@", lambda m: index[m.group(1)], self.used[n][0])
                                                      for n in names)
        parameters = ", ".join("auto " + n for n in ["i"] + names)
        scalar = next((n for n in names if n[0] in "rwmxt"), None)
        vector = next((n for n in names if n[0] in "vodueyz"), None)
        head = []
        if scalar:
            head.append("using num [[maybe_unused]] = decltype(%s.zero());" % scalar)
        elif vector:
            head.append("using num [[maybe_unused]] = std::remove_cvref_t<decltype(%s.zero().x)>;" % vector)
        for size in (2, 3):
            if "num%d" % size in code:
                head.append("using num%d = warpx::vec<num, %d>;" % (size, size))
        if re.search(r"\b(row|col)\b", code):
            head.append("[[maybe_unused]] const auto [row, col] = i;")
        head = "".join("        %s\n" % h for h in head)
        return (f"struct {name} {{\n    static constexpr int rank = {self.rank};\n"
                f"    static constexpr bool smooth = {'true' if self.smooth else 'false'};\n"
                f"    using arguments = rk::list<{types}>;\n"
                f"    static constexpr auto forward = [] WARPX_KERNEL ({parameters}) {{\n{head}{code}\n    }};\n}};\n")

    def valid(self):
        """Whether every variable is declared where it is used, and something is left to call it with."""
        def names(text):
            return set(re.findall(r"\b(?:v|p|h|k|call|acc)_\d+\b", text))

        def walk(block, known):
            known = set(known)
            for s in block:
                own = set(getattr(s, "scoped", []))
                inside = known | own
                for e in s.exprs:
                    text = str(e)
                    inner = set(re.findall(r"\b(?:fk|fv|la|lb|lr)_\d+\b", text))  # of lambdas in the expression
                    if not names(text) <= inside or not inner <= set(re.findall(r"auto (\w+)", text)):
                        return False
                if not names(s.form) <= inside | set(s.declares):
                    return False
                for b in s.blocks:
                    if not walk(b, inside | set(s.declares)):
                        return False
                known |= set(s.declares) - own
            return True
        code = "\n".join("\n".join(s.lines(0)) for s in self.body)
        return walk(self.body, set()) and re.search(r"\b[rwm]\d\b", code)
