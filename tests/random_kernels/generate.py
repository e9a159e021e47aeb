# SPDX-License-Identifier: Apache-2.0
# generate.py: random kernels for the gradients: a seed gives one kernel, as C++ and how to call it.
#
#   generate.py --seeds 17,18,20-45 [--output FILE]     a header of kernels, registered for driver.cpp
#
# A kernel is race free by construction. Arrays are of three roles: read (r*, v*: any index), own (w*, o*: an item
# reads and writes i, n + p[i] or 2n + i, found through i itself, computed, or in an index array), sum (t*: only atomic
# additions, any index). Numbers stay bounded: what is stored or carried around a loop goes through a bounded function.
"""Random kernels for the tests of gradients."""
import argparse
import random
import re
import sys


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


LEAF = {"num": "num(0.5)", "num2": "num2(0.5)", "num3": "num3(0.5)", "int": "1", "bool": "true"}

# How arguments are declared, by the first letter of their names.
ARGUMENTS = {
    "r": "rk::read<{c}rk::real, {n}>", "v": "rk::read<{c}rk::vec3, {n}>", "u": "rk::read<{c}rk::vec2, {n}>",
    "m": "rk::read<{c}rk::real, 2>",
    "w": "rk::own<rk::real, {n}>", "x": "rk::own<rk::real, 2>", "o": "rk::own<rk::vec3, {n}>",
    "e": "rk::own<rk::vec2, {n}>",
    "t": "rk::sum<rk::real, 1>", "d": "rk::sum<rk::vec3, 1>",
    "a": "rk::scalar<rk::real>", "b": "rk::scalar<rk::vec3>", "c": "rk::constant",
    "n": "rk::trips", "f": "rk::few", "l": "rk::columns",
    "p": "rk::permutation<{r}>", "q": "rk::any_index<{r}>", "s": "rk::choice<{r}>", "g": "rk::owned_index<{r}>",
}
BOUNDED = ["warpx::sin({0})", "warpx::cos({0})", "warpx::tanh({0})", "warpx::atan({0})", "rk::soft({0})", "rk::bell({0})",
           "warpx::erf({0})"]
TWICE = ["{0} / (1.0f + {0} * {0})", "warpx::exp(-({0} * {0}))", "{0} / warpx::sqrt(1.5f + {0} * {0})",
         "warpx::sin({0}) * warpx::cos({0})"]
# Arguments of the functions with a domain come bounded: |.| <= 1.6.
DOMAIN = ["warpx::sqrt({0} + 2.0f)", "warpx::log({0} + 2.5f)", "warpx::asin(0.5f * {0})", "warpx::acos(0.5f * {0})",
          "warpx::exp({0})", "warpx::rsqrt(2.0f + {0})", "warpx::cbrt({0} + 3.0f)", "warpx::log1p({0} * 0.5f)",
          "warpx::expm1({0})", "warpx::exp2({0})", "warpx::log2({0} + 2.0f)", "warpx::atanh(0.5f * {0})",
          "warpx::acosh({0} + 3.0f)", "warpx::asinh({0})", "warpx::sinh({0})", "warpx::cosh({0})",
          "warpx::tan(0.5f * {0})", "warpx::lgamma({0} + 3.0f)", "warpx::tgamma({0} + 3.0f)",
          "warpx::erfc({0})", "warpx::log10({0} + 2.0f)", "warpx::degrees({0}) * 0.01f"]
TWO = ["warpx::pow({0} + 2.0f, {1})", "warpx::atan2({0}, {1} + 2.5f)", "warpx::hypot({0}, {1} + 0.5f)",
       "warpx::fmod({0} + 5.0f, 2.0f) * {1}", "warpx::copysign({0}, {1} + 0.1f)", "warpx::lerp({0}, {1}, 0.3f)",
       "warpx::smoothstep(-2.0f, 2.0f, {0}) * {1}", "warpx::step({0}, {1})", "warpx::clamp({0}, -0.7f, 0.9f) * {1}",
       "warpx::fma({0}, {1}, {0})", "(warpx::floor({0} * 3.0f) + {1})", "warpx::sign({0}) * {1}"]


class Generator:
    def __init__(self, seed, stop=None):
        self.r = random.Random(seed)
        self.seed, self.used, self.count = seed, {}, 0
        self.smooth = True
        r = self.r
        self.rank = 2 if r.random() < 0.2 else 1
        self.size = r.choice([2, 3, 4, 5, 7])
        self.nums, self.vec3s, self.vec2s, self.ints, self.arrays, self.lambdas = [], [], [], [], [], []
        self.loops, self.branches, self.can_break = 0, 0, False
        n, rank = 1, self.rank
        self.reads = ["r%d" % k for k in range(r.randint(1, 2))]
        self.owns = ["w%d" % k for k in range(r.randint(1, 2))]
        self.with_vec = r.random() < 0.45
        if rank == 1 and r.random() < 0.15:
            self.owns.append("x0")
        self.with_matrix = rank == 2 or r.random() < 0.15
        self.flavour = {k: r.random() < p for k, p in {
            "gather": 0.6, "own_elsewhere": 0.35, "sum": 0.5, "lambda": 0.3, "array": 0.3, "loop": 0.7, "switch": 0.25,
            "return": 0.25, "scalar": 0.5, "function": 0.5, "stop": 0.06, "vec2": 0.3, "constant": 0.4,
            "domain": 0.6, "own_gather_index": 0.2}.items()}

    # -- Names ---------------------------------------------------------------------------------------------------
    def use(self, name):
        if name not in self.used:
            letter = name[0]
            const = "const " if letter in "rvum" and self.r.random() < 0.6 else ""
            n = 1
            if self.rank == 2 and letter in "rvuwoe":
                n = 2 if self.r.random() < 0.6 else 1
            self.used[name] = (ARGUMENTS[letter].format(c=const, n=n, r=self.rank), n)
        return name

    def dims(self, name):
        self.use(name)
        return 2 if name[0] in "mx" else self.used[name][1]

    def fresh(self, prefix="v"):
        self.count += 1
        return "%s_%d" % (prefix, self.count)

    def chance(self, p):
        return self.r.random() < p

    def constant(self):
        c = self.r.choice([0.1, 0.25, 0.3, 0.5, 0.7, 0.9, 1.0, 1.1, 1.3, 1.7, 2.0])
        if self.chance(0.3):
            c = -c
        return "%sf" % c if c >= 0 else "(%sf)" % c

    # -- Integers --------------------------------------------------------------------------------------------------
    def integer(self, depth=0):
        """An integer that is not negative and small."""
        r = self.r
        options = [lambda: Expr("int", str(r.randint(0, 4)))]
        if self.ints:
            options += [lambda: Expr("int", r.choice(self.ints))] * 3
        options.append(lambda: Expr("int", self.use("s0") + "[i]"))
        options.append(lambda: Expr("int", self.item()))
        if self.flavour["gather"] and self.rank == 1:
            options.append(lambda: Expr("int", self.use("q0") + "[i]"))
        if depth < 1:
            options.append(lambda: Expr("int", "({0} + {1})", self.integer(depth + 1), self.integer(depth + 1)))
            options.append(lambda: Expr("int", "({0} * 3 + 1)", self.integer(depth + 1)))
            if self.chance(0.4):
                options.append(lambda: Expr("int", "static_cast<int64_t>(warpx::abs(warpx::sin({0})) * 4.0f)", self.num(2)))
        return r.choice(options)()

    def item(self):
        if self.rank == 1:
            return self.r.choice(["int64_t(i)", "int64_t{{i}}"])
        return self.r.choice(["int64_t(row)", "int64_t(col)"])

    def place(self, name):
        """Where an array is accessed: text after its name, or the coordinates with parentheses."""
        r, n, letter = self.r, self.dims(name), name[0]
        if letter in "rvum":  # read: anywhere
            if n == 1:
                own = "[i]" if self.rank == 1 else r.choice(["[row]", "[col]"])
                if self.flavour["gather"] and self.chance(0.5):
                    if self.rank == 1 and self.chance(0.35):
                        return Expr("place", "[" + self.use("q0") + "[i]]")
                    if self.rank == 1 and self.chance(0.2):
                        return Expr("place", r.choice(["[i > 0 ? i - 1 : int64_t(i)]", "[i + 1 < %s.extent(0) ? i + 1 : int64_t(i)]" % name,
                                                       "[%s.extent(0) - 1 - i]" % name]))
                    return Expr("place", "[{0} % " + name + ".extent(0)]", self.integer())
                return Expr("place", own)
            if self.rank == 1:  # (n, 4)
                return Expr("place", "(i, {0} % 4)", self.integer())
            return r.choice([lambda: Expr("place", "[i]"), lambda: Expr("place", "(row, col)"),
                             lambda: Expr("place", "(row, {0} % " + name + ".extent(1))", self.integer()),
                             lambda: Expr("place", "({0} % " + name + ".extent(0), col)", self.integer()),
                             lambda: Expr("place", "({0} % " + name + ".extent(0), {1} % " + name + ".extent(1))",
                                          self.integer(), self.integer())])()
        # owned
        elsewhere = self.flavour["own_elsewhere"] and self.chance(0.5)
        if self.rank == 1:
            if n == 2:
                return Expr("place", "(i, {0} % 4)", self.integer())
            if not elsewhere:
                return Expr("place", "[i]")
            items = self.use("s0") + ".extent(0)"
            # Blocks are either permuted or not: never both ways in one kernel.
            block = getattr(self, "block_" + name, None)
            if block is None:
                block = "own" if self.flavour["own_gather_index"] else r.choice(["permuted", "own"])
                setattr(self, "block_" + name, block)
            if block == "own" and self.flavour["own_gather_index"] and self.chance(0.5):
                return Expr("place", "[i + {0} % 3 * " + items + "]", self.integer())
            if block == "permuted":
                pick = r.choice(["[int64_t(i)]", "[i]", "[%s + %s[i]]" % (items, self.use("p0")), "[2 * %s + i]" % items])
            else:
                pick = r.choice(["[%s[i]]" % self.use("g0"), "[i]", "[i + %s]" % items])
            return Expr("place", pick)
        if n == 2:
            options = ["[i]", "(row, col)"]
            if elsewhere:
                options += ["(row, col + %s)" % self.use("l0"), "(int64_t(row), int64_t(col))"]
            return Expr("place", r.choice(options))
        at = "row * %s + col" % self.use("l0")
        options = ["[%s]" % at]
        if elsewhere:
            options += ["[%s.size() + %s]" % (self.use("s0"), at)]
        return Expr("place", r.choice(options))

    def access(self, name):
        p = self.place(name)
        return Expr("located", name + p.form, *p.parts)

    # -- Numbers ---------------------------------------------------------------------------------------------------
    def leaf(self):
        r = self.r
        options = [lambda: self.access(r.choice(self.reads))] * 3 + [lambda: self.access(r.choice(self.owns))] * 2
        if self.nums:
            options += [lambda: Expr("num", r.choice(self.nums))] * 5
        if self.with_matrix:
            options += [lambda: self.access("m0")]
        if self.flavour["scalar"]:
            options += [lambda: Expr("num", self.use("a%d" % r.randint(0, 1)))]
        if self.flavour["constant"]:
            options += [lambda: Expr("double", self.use("c0"))]
        if self.arrays:
            def one():
                name, length = r.choice(self.arrays)
                return Expr("num", name + "[{0} % " + str(length) + "]", self.integer())
            options += [one] * 3
        if self.vec3s:
            options += [lambda: Expr("num", r.choice(self.vec3s) + r.choice([".x", ".y", ".z"]))] * 2
        if self.vec2s:
            options += [lambda: Expr("num", r.choice(self.vec2s) + r.choice([".x", ".y"]))]
        if self.with_vec:
            def component():
                a = self.access(r.choice(["v0", "o0"]))
                return Expr("located", a.form + r.choice([".x", ".y", ".z", "[{%d} %% 3]" % len(a.parts)]), *a.parts, Expr("int", str(r.randint(0, 5))))
            options += [component] * 2
        return r.choice(options)()

    def num(self, depth=0):
        """An expression over numbers; not a plain double at the top."""
        r = self.r
        if depth >= 3 or self.chance(0.2 + 0.15 * depth):
            e = self.leaf()
            return Expr("num", "num({0})", e) if e.kind == "double" else e
        n = lambda: self.num(depth + 1)
        b = lambda: self.bounded(depth + 1)
        options = [lambda: Expr("num", "({0} + {1})", n(), n()), lambda: Expr("num", "({0} - {1})", n(), n()),
                   lambda: Expr("num", "{0} * {1}", self.atom(depth), self.atom(depth)),
                   lambda: Expr("num", "{0} / ({1} + 2.5f)", self.atom(depth), b()),
                   lambda: Expr("num", "%s * {0}" % self.constant(), self.atom(depth)),
                   lambda: Expr("num", "({0} + %s)" % self.constant(), n()),
                   lambda: Expr("num", "(-{0})", self.atom(depth)), b, b,
                   lambda: Expr("num", "warpx::min({0}, {1})", n(), n()),
                   lambda: Expr("num", "warpx::max({0}, {1})", n(), n()),
                   lambda: Expr("num", "warpx::abs({0})", n()),
                   lambda: Expr("num", "warpx::select({0}, {1}, {2})", self.condition(depth + 1), self.number(depth + 1), self.number(depth + 1)),
                   lambda: Expr("num", "({0} ? {1} : {2})", self.condition(depth + 1), self.number(depth + 1), self.number(depth + 1)),
                   lambda: Expr("num", "%s / ({0} + 2.5f)" % self.constant(), b())]
        if self.flavour["domain"]:
            options += [lambda: Expr("num", r.choice(DOMAIN), Expr("num", "({0})", b()))] * 2
            options += [lambda: Expr("num", r.choice(TWO), Expr("num", "({0})", b()), Expr("num", "({0})", b()))]
        if self.flavour["function"]:
            options += [lambda: Expr("num", r.choice(["rk::by_value({0})", "rk::horner({0})", "rk::guarded({0})"]), self.number(depth + 1)),
                        lambda: Expr("num", "rk::deep({0}, int({1} % 4))", self.number(depth + 1), self.integer(1)),
                        lambda: Expr("num", "rk::pick({0}, {1}, {2})", self.condition(depth + 1), self.number(depth + 1), self.number(depth + 1)),
                        lambda: Expr("num", "num(rk::larger({0}, {1}))", self.number(depth + 1), self.number(depth + 1))]
        if self.lambdas:
            options += [lambda: Expr("num", r.choice(self.lambdas) + "({0}, {1})", n(), n())] * 2
        if self.with_vec:
            options += [lambda: Expr("num", "warpx::dot({0}, {1})", self.vector(depth + 1), self.vector(depth + 1)),
                        lambda: Expr("num", "warpx::length({0} + num3(1.5f))", self.vector(depth + 1))]
        if self.flavour["stop"]:
            def stopped():
                self.smooth = False
                return Expr("num", "warpx::stop_gradient({0})", n())
            options += [stopped]
        return r.choice(options)()

    def atom(self, depth):
        e = self.num(depth + 1)
        return Expr("num", "({0})", e) if re.search(r" [-+*/?] ", str(e)) and not str(e).startswith("(") else e

    def number(self, depth):
        """Of the type num itself."""
        return Expr("num", "num({0})", self.num(depth))

    def bounded(self, depth=0):
        e = self.num(depth + 1)
        if len(str(e)) < 30 and self.chance(0.3):
            return Expr("num", "(" + self.r.choice(TWICE) + ")", Expr("num", "({0})", e))
        return Expr("num", self.r.choice(BOUNDED), e)

    def vector(self, depth=0):
        r = self.r
        if depth >= 3 or self.chance(0.3):
            options = [lambda: self.access("v0"), lambda: self.access("o0")]
            if self.vec3s:
                options += [lambda: Expr("num3", r.choice(self.vec3s))] * 3
            if self.flavour["scalar"]:
                options += [lambda: Expr("num3", self.use("b0"))]
            return r.choice(options)()
        v = lambda: self.vector(depth + 1)
        return r.choice([lambda: Expr("num3", "({0} + {1})", v(), v()), lambda: Expr("num3", "({0} - {1})", v(), v()),
                         lambda: Expr("num3", "warpx::cross({0}, {1})", v(), v()),
                         lambda: Expr("num3", "({0} * {1})", v(), self.bounded(depth + 1)),
                         lambda: Expr("num3", "({1} * {0})", v(), self.bounded(depth + 1)),
                         lambda: Expr("num3", "({0} / ({1} + 2.5f))", v(), self.bounded(depth + 1)),
                         lambda: Expr("num3", "({0} * {1})", v(), v()),
                         lambda: Expr("num3", "({0} * 0.7f)", v()),
                         lambda: Expr("num3", "num3({0}, {1}, {2})", self.number(depth + 1), self.number(depth + 1), self.number(depth + 1)),
                         lambda: Expr("num3", "warpx::normalize({0} * 0.1f + num3(1.0f))", v()),
                         lambda: Expr("num3", "warpx::sin({0})", v()),
                         lambda: Expr("num3", "warpx::max({0}, {1})", v(), v()),
                         lambda: Expr("num3", "(-{0})", v())])()

    def bounded_vector(self):
        return Expr("num3", "warpx::" + self.r.choice(["sin", "tanh", "cos"]) + "({0})", self.vector(1))

    def condition(self, depth=0):
        r = self.r
        options = [lambda: Expr("bool", "({0} " + r.choice(["<", ">", "<=", ">="]) + " {1})", self.num(depth + 1), self.num(depth + 1)),
                   lambda: Expr("bool", "({0} " + r.choice(["<", ">"]) + " " + self.constant() + ")", self.num(depth + 1)),
                   lambda: Expr("bool", "({0} % 2 == 0)", self.integer()),
                   lambda: Expr("bool", "({0} " + r.choice(["<", "==", ">", "!="]) + " {1})", self.integer(), self.integer())]
        if depth < 2 and self.chance(0.3):
            return Expr("bool", "({0} " + r.choice(["&&", "||"]) + " {1})", self.condition(depth + 1), self.condition(depth + 1))
        return r.choice(options)()

    # -- Statements ------------------------------------------------------------------------------------------------
    def scope(self):
        return [list(x) for x in (self.nums, self.vec3s, self.vec2s, self.ints, self.arrays, self.lambdas)]

    def leave(self, kept):
        self.nums, self.vec3s, self.vec2s, self.ints, self.arrays, self.lambdas = kept

    def block(self, size, before=()):
        kept = self.scope()
        out = list(before)
        for _ in range(max(1, size)):
            out.append(self.statement())
        self.leave(kept)
        return out

    def factor(self):
        return Expr("num", "(0.8f + 0.3f * {0})", self.bounded(1))

    def value(self):
        """What may be stored: in loops it must not grow."""
        if self.loops or self.chance(0.4):
            return self.bounded(0)
        return self.num(0)

    def declare(self):
        r = self.r
        name = self.fresh()
        how = r.random()
        if how < 0.55:
            s = Stmt("num %s = {e0};" % name, [self.value()], declares=[name])
        elif how < 0.75:
            s = Stmt("auto %s = {e0};" % name, [self.number(1)], declares=[name])
        elif how < 0.9:
            s = Stmt("num %s{};" % name, declares=[name])
        else:  # a located value is a local variable too; assigned as one
            s = Stmt("auto %s = {e0};" % name, [self.access(r.choice(self.reads + self.owns))], declares=[name])
            self.located = getattr(self, "located", set()) | {name}
        self.nums.append(name)
        return s

    def assign(self, target):
        r = self.r
        how = r.random()
        if how < 0.3:
            return Stmt(target[0] + " = {e0};", [*target[1], self.value()]) if not target[1] else self.assign_to(target, "=", self.value())
        if how < 0.55:
            return self.assign_to(target, "+=", self.bounded(1) if self.loops else self.num(1))
        if how < 0.7:
            return self.assign_to(target, "-=", self.bounded(1) if self.loops else self.num(1))
        if how < 0.85:
            return self.assign_to(target, "*=", self.factor())
        return self.assign_to(target, "/=", Expr("num", "(1.4f + 0.3f * {0})", self.bounded(1)))

    @staticmethod
    def assign_to(target, op, e):
        """target: text with {0}.. of its own parts, then these."""
        text, parts = target
        for k in reversed(range(len(parts))):
            text = text.replace("{%d}" % k, "{e%d}" % (k + 1))
        text = text.replace("{{", "{").replace("}}", "}")
        return Stmt(text + " " + op + " {e0};", [e, *parts])

    def store(self):
        r = self.r
        if self.with_vec and self.chance(0.4):
            a = self.access("o0")
            if self.chance(0.6):
                return self.assign((a.form + r.choice([".x", ".y", ".z"]), a.parts))
            how = r.choice(["=", "+=", "-=", "*="])
            e = self.factor() if how == "*=" else self.bounded_vector() if self.loops else self.vector(0)
            return self.assign_to((a.form, a.parts), how, e)
        a = self.access(r.choice(self.owns))
        return self.assign((a.form, a.parts))

    def add(self):
        r = self.r
        name = self.r.choice(["atomic_add", "atomic_add", "atomic_sub"])
        if self.with_vec and self.chance(0.3):
            self.use("d0")
            return Stmt("warpx::" + name + "(d0, {e0} % d0.extent(0), {e1});", [self.integer(), self.bounded_vector()])
        if self.chance(0.2):
            own = r.choice(self.owns)
            p = self.place(own)
            inner = p.form[1:-1]
            return self.atomic_own(name, own, inner, p.parts)
        self.use("t0")
        return Stmt("warpx::" + name + "(t0, {e0} % t0.extent(0), {e1});", [self.integer(), self.bounded(0) if self.loops else self.num(0)])

    def atomic_own(self, name, own, inner, parts):
        text = inner
        for k in reversed(range(len(parts))):
            text = text.replace("{%d}" % k, "{e%d}" % (k + 1))
        text = text.replace("{{", "{").replace("}}", "}")
        return Stmt("warpx::%s(%s, %s, {e0});" % (name, own, text), [self.bounded(0), *parts])

    def plain(self, name):
        return name not in getattr(self, "located", set())

    def statement(self):
        r = self.r
        deep = self.loops + self.branches
        options = [self.store] * 4 + [self.declare] * 2
        if self.nums:
            options += [lambda: self.assign((r.choice(self.nums), []))] * 4
            options += [lambda: Stmt("%s = %s;" % (r.choice(self.nums), r.choice(self.nums)))]
            plain = [n for n in self.nums if self.plain(n)]
            if self.flavour["function"] and plain:
                options += [lambda: Stmt("rk::bump(%s, {e0});" % r.choice(plain), [Expr("num", "num({0})", self.bounded(1))])]
                if len(plain) > 1:
                    options += [lambda: Stmt("rk::%s(%s, %s);" % (r.choice(["exchange", "exchange_moved"]), *r.sample(plain, 2)))]
        if self.with_vec:
            options += [self.declare_vector]
            if self.vec3s:
                options += [self.change_vector] * 2
        if self.flavour["sum"]:
            options += [self.add]
        if self.arrays:
            options += [self.change_array] * 2
        if self.flavour["array"] and not self.loops:
            options += [self.declare_array]
        if self.flavour["lambda"] and deep == 0:
            options += [self.declare_lambda]
        if deep < 3:
            options += [self.branch] * 2
            if self.flavour["switch"]:
                options += [self.switch]
            if self.flavour["loop"] and self.loops < 2:
                options += [self.loop] * 3
        if self.branches and self.flavour["return"] and self.chance(0.5):
            options += [lambda: Stmt("return;")]
        if self.can_break and self.branches and self.chance(0.6):
            options += [lambda: Stmt(r.choice(["break;", "continue;"]))]
        if self.chance(0.05):
            options += [lambda: Stmt("{{\n  {b0}\n}}".replace("{{", "{").replace("}}", "}"), blocks=[self.inner(2)])]
        return r.choice(options)()

    def inner(self, size):
        return self.block(size)

    def declare_vector(self):
        name = self.fresh("p")
        s = Stmt("num3 %s = {e0};" % name, [self.bounded_vector() if self.loops else self.vector(0)], declares=[name])
        self.vec3s.append(name)
        return s

    def change_vector(self):
        r = self.r
        name = r.choice(self.vec3s)
        if self.chance(0.5):
            return self.assign((name + r.choice([".x", ".y", ".z", "[1]"]), []))
        how = r.choice(["=", "+=", "*=", "-="])
        e = self.factor() if how == "*=" else self.bounded_vector()
        return Stmt("%s %s {e0};" % (name, how), [e])

    def declare_array(self):
        name, length = self.fresh("h"), self.r.randint(2, 4)
        if self.chance(0.5):
            s = Stmt("num %s[%d] = {{e0}, {e1}};" % (name, length), [self.number(1), self.number(1)], declares=[name])
        else:
            s = Stmt("num %s[%d]{};" % (name, length), declares=[name])
        self.arrays.append((name, length))
        return s

    def change_array(self):
        name, length = self.r.choice(self.arrays)
        return self.assign((name + "[{0} % " + str(length) + "]", [self.integer()]))

    def declare_lambda(self):
        """A pure one, or one that changes a variable around it."""
        name, x, y = self.fresh("call"), self.fresh(), self.fresh()
        kept = self.scope()
        outer = [n for n in self.nums if self.plain(n)]
        self.nums = self.nums + [x, y]
        lambdas, self.lambdas = self.lambdas, []
        changes = outer and self.chance(0.5)
        loops, self.loops = self.loops, 1
        result = self.number(1) if not self.chance(0.3) else Expr("num", "num({0})", Expr("num", x))
        body = [Stmt("%s *= {e0};" % x, [self.factor()])] if self.chance(0.4) else []
        if changes:
            body.append(Stmt("%s = {e0};" % self.r.choice(outer), [self.bounded(1)]))
        self.loops = loops
        self.leave(kept)
        self.lambdas = lambdas + [name]
        s = Stmt("auto %s = [&](num %s, %s) {\n  {b0}\n  return {e0};\n};" % (name, x, self.r.choice(["num %s" % y, "const auto& %s" % y, "auto %s" % y])),
                 [result], [body], declares=[name, x, y])
        s.scoped = [x, y]
        return s

    def branch(self):
        c = self.condition()
        self.branches += 1
        kind = self.r.random()
        if kind < 0.5:
            s = Stmt("if ({e0}) {\n  {b0}\n}", [c], [self.block(self.r.randint(1, 2))])
        elif kind < 0.9:
            s = Stmt("if ({e0}) {\n  {b0}\n} else {\n  {b1}\n}", [c], [self.block(self.r.randint(1, 2)), self.block(self.r.randint(1, 2))])
        else:
            s = Stmt("if ({e0}) {\n  {b0}\n} else if ({e1}) {\n  {b1}\n}", [c, self.condition()], [self.block(1), self.block(2)])
        self.branches -= 1
        return s

    def switch(self):
        self.branches += 1
        breaks, self.can_break = self.can_break, False
        through = self.r.random() < 0.3
        s = Stmt("switch ({e0} %% 4) {\ncase 0: {\n  {b0}\n%s}\ncase 1: {\n  {b1}\n  break;\n}\ncase 2: {\n  {b2}\n  break;\n}\ndefault: break;\n}"
                 % ("" if through else "  break;\n"), [self.integer()],
                 [self.block(1), self.block(1), self.block(self.r.randint(1, 2))])
        self.can_break = breaks
        self.branches -= 1
        return s

    def loop(self):
        r = self.r
        k = self.fresh("k")
        bound = self.use("n0") if self.loops == 0 else self.use("f0")
        if self.chance(0.2):
            bound = self.use("s0") + "[i]"
        elif self.chance(0.1):
            bound = str(r.randint(1, 4))
        kind = r.random()
        before = []
        condition = Expr("bool", "true") if self.chance(0.7) else self.condition(1)
        self.loops += 1
        breaks, self.can_break = self.can_break, True
        branches, self.branches = self.branches, min(self.branches, 1)
        kept = list(self.ints)
        self.ints.append(k)
        if self.chance(0.35):  # the usual sum, over a variable from outside if there is one
            plain = [n for n in self.nums]
            if plain:
                before = [Stmt("%s %s {e0};" % (r.choice(plain), r.choice(["+=", "-="])), [self.num(1) if self.chance(0.5) else self.bounded(1)])]
        self.can_break = kind < 0.7
        body = self.block(r.randint(1, 3), before)
        self.ints = kept
        self.loops -= 1
        self.can_break = breaks
        self.branches = branches
        test = "%s < %s" % (k, bound)
        if str(condition) == "true":
            head = [Expr("bool", "true")]
            text = test
        else:
            head, text = [condition], test + " && {e0}"
        if kind < 0.7:
            s = Stmt("for (int64_t %s = 0; %s; ++%s) {\n  {b0}\n}" % (k, text, k), head, [body], declares=[k])
        elif kind < 0.85:
            s = Stmt("for (int64_t %s = 0; %s; %s += 2) {\n  {b0}\n}" % (k, text, k), head, [body], declares=[k])
        elif kind < 0.95:
            s = Stmt("{\n  int64_t %s = 0;\n  while (%s) {\n    {b0}\n    ++%s;\n  }\n}" % (k, text, k), head, [body], declares=[k])
        else:
            s = Stmt("{\n  int64_t %s = 0;\n  do {\n    {b0}\n  } while (++%s < %s);\n}" % (k, k, bound), [Expr("bool", "true")], [body], declares=[k])
        s.scoped = [k]
        return s

    def kernel(self):
        if self.with_vec:
            self.use("o0")
        body = []
        for _ in range(self.size):
            body.append(self.statement())
        a = self.access(self.owns[0])
        body.append(self.assign_to((a.form, a.parts), "+=", self.bounded(0)))
        return Kernel(self.seed, self.rank, self.smooth, self.used, body)


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
        types = ",\n                              ".join(self.used[n][0] for n in names)
        parameters = ", ".join("auto " + n for n in ["i"] + names)
        scalar = next((n for n in names if n[0] in "rwmxt"), None)
        vector = next((n for n in names if n[0] in "vod"), None)
        head = []
        if scalar:
            head.append("using num [[maybe_unused]] = decltype(%s.zero());" % scalar)
        elif vector:
            head.append("using num [[maybe_unused]] = std::remove_cvref_t<decltype(%s.zero().x)>;" % vector)
        if "num3" in code:
            head.append("using num3 = warpx::vec<num, 3>;")
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
            return set(re.findall(r"\b(?:v|p|h|k|call)_\d+\b", text))

        def walk(block, known):
            known = set(known)
            for s in block:
                own = set(getattr(s, "scoped", []))
                inside = known | own
                for e in s.exprs:
                    if not names(str(e)) <= inside:
                        return False
                if not names(s.form) <= inside | set(s.declares):
                    return False
                for b in s.blocks:
                    if not walk(b, inside | set(s.declares)):
                        return False
                known |= set(s.declares) - own
            return True
        text = self.text()
        return walk(self.body, set()) and re.search(r"\b[rwm]\d\b", "\n".join("\n".join(s.lines(0)) for s in self.body))


def make(seed):
    return Generator(seed).kernel()


def header(kernels):
    """A header of kernels that registers them."""
    out = ["// Made by generate.py: do not edit.", "#pragma once", "", '#include "functions.hpp"', ""]
    out += [k.text() for k in kernels]
    return "\n".join(out)


def source(kernels, registered=True):
    return '#include "harness.hpp"\n' + header(kernels).replace("#pragma once\n", "") + \
        ("\n".join("RK_REGISTER(%s);" % k.name for k in kernels) + "\n" if registered else "")


def parse_seeds(text):
    seeds = []
    for part in text.replace("\n", ",").split(","):
        part = part.split("#")[0].strip()
        if "-" in part:
            low, high = part.split("-")
            seeds += range(int(low), int(high) + 1)
        elif part:
            seeds.append(int(part))
    return seeds


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", required=True, help="such as 17,20-25, or @FILE")
    parser.add_argument("--output")
    a = parser.parse_args()
    text = a.seeds
    if text.startswith("@"):
        with open(text[1:], encoding="utf-8") as f:
            text = "\n".join(line.split("#")[0] for line in f)
    made = source([make(s) for s in parse_seeds(text)])
    if a.output:
        with open(a.output, "w", encoding="utf-8") as f:
            f.write(made)
    else:
        sys.stdout.write(made)


if __name__ == "__main__":
    main()
