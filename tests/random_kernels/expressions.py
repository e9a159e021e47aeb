# SPDX-License-Identifier: Apache-2.0
# expressions.py: random integers, places in arrays, numbers, vectors and conditions.
"""Random expressions."""
import random
import re

from kernel import Expr

# How arguments are declared, by the first letter of their names.
ARGUMENTS = {
    "r": "rk::read<{c}rk::real, {n}>", "v": "rk::read<{c}rk::vec3, {n}>", "u": "rk::read<{c}rk::vec2, {n}>",
    "m": "rk::read<{c}rk::real, 2>",
    "w": "rk::own<rk::real, {n}>", "x": "rk::own<rk::real, 2>", "o": "rk::own<rk::vec3, {n}>",
    "e": "rk::own<rk::vec2, {n}>",
    "t": "rk::sum<rk::real, 1>", "d": "rk::sum<rk::vec3, 1>", "y": "rk::sum<rk::vec2, 1>",
    "a": "rk::scalar<rk::real>", "b": "rk::scalar<rk::vec3>", "z": "rk::scalar<rk::vec2>", "c": "rk::constant",
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
# Arrays of vectors by the number of components: read, own, sum, scalar.
VECTORS = {2: ("u0", "e0", "y0", "z0"), 3: ("v0", "o0", "d0", "b0")}
COMPONENTS = {2: [".x", ".y"], 3: [".x", ".y", ".z"]}


class Expressions:
    """What is known at one place of a kernel, and expressions over it."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.seed, self.used, self.count = seed, {}, 0
        self.smooth = True
        r = self.r
        self.rank = 2 if r.random() < 0.2 else 1
        self.size = r.choice([1, 2, 2, 3, 3, 4, 6])
        self.nums, self.vecs, self.ints, self.arrays, self.lambdas = [], {2: [], 3: []}, [], [], []
        self.loops, self.branches, self.can_break = 0, 0, False
        self.located, self.blocks, self.aliases = set(), {}, {}
        self.reads = ["r%d" % k for k in range(r.randint(1, 2))]
        self.owns = ["w%d" % k for k in range(r.randint(1, 2))]
        self.own_reads = []
        self.sizes = r.choice([[3], [2], [3], [2], [2, 3]]) if r.random() < 0.45 else []
        if self.rank == 1 and r.random() < 0.15:
            self.owns.append("x0")
        self.with_matrix = self.rank == 2 or r.random() < 0.15
        self.flavour = {k: r.random() < p for k, p in {
            "gather": 0.6, "own_elsewhere": 0.35, "sum": 0.5, "lambda": 0.3, "array": 0.3, "loop": 0.7, "switch": 0.25,
            "return": 0.3, "scalar": 0.5, "function": 0.5, "stop": 0.06, "constant": 0.4, "domain": 0.6,
            "own_gather_index": 0.2, "fold": 0.25, "local": 0.15, "running": 0.15, "alias": 0.2}.items()}
        if self.flavour["alias"]:
            self.make_aliases()

    def make_aliases(self):
        """One or two arguments that are another view of an array. The digit of their names is 8 or 9."""
        r = self.r
        for digit in range(8, 8 + r.randint(1, 2)):
            kind = r.random()
            if kind < 0.4:  # read anywhere
                name, base = "r%d" % digit, r.choice([n for n in self.reads if n not in self.aliases])
                self.aliases[name] = (base, r.choice(["same", "shifted", "reversed"]))
                self.reads.append(name)
            elif kind < 0.8:  # an item's own elements under two names
                name, base = "w%d" % digit, "w0"
                self.aliases[name] = (base, r.choice(["same", "same", "shifted"]))
                (self.owns if r.random() < 0.6 else self.own_reads).append(name)
                if self.aliases[name][1] == "shifted":
                    self.blocks[base] = "own"
            else:
                self.aliases["t%d" % digit] = ("t0", r.choice(["same", "shifted", "reversed"]))
                self.flavour["sum"] = True

    # -- Names ---------------------------------------------------------------------------------------------------
    def use(self, name):
        if name in self.used:
            return name
        letter = name[0]
        if name in self.aliases:
            base, kind = self.aliases[name]
            self.use(base)
            text, n = self.used[base]
            inner = text[text.index("<") + 1:-1]
            const = "const " if name in self.own_reads and self.chance(0.7) else ""
            self.used[name] = ("rk::%s<@%s@, %s%s>" % (kind, base, const, inner), n)
            return name
        const = "const " if letter in "rvum" and self.chance(0.6) else ""
        n = 1
        if self.rank == 2 and letter in "rvuwoe":
            n = 2 if self.chance(0.6) else 1
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

    def scope(self):
        return (list(self.nums), {n: list(v) for n, v in self.vecs.items()}, list(self.ints), list(self.arrays),
                list(self.lambdas))

    def leave(self, kept):
        self.nums, self.vecs, self.ints, self.arrays, self.lambdas = kept

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

    # -- Places ------------------------------------------------------------------------------------------------------
    def place(self, name):
        """Where an array is accessed: what follows its name."""
        return self.place_to_read(name) if name[0] in "rvum" else self.place_of_own(name)

    def place_to_read(self, name):
        r, n = self.r, self.dims(name)
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

    def place_of_own(self, name):
        r, n = self.r, self.dims(name)
        base, kind = self.aliases.get(name, (name, ""))
        elsewhere = self.flavour["own_elsewhere"] and self.chance(0.5)
        if self.rank == 1:
            if n == 2:
                return Expr("place", "(i, {0} % 4)", self.integer())
            if not elsewhere:
                return Expr("place", "[i]")
            items = self.use("s0") + ".extent(0)"
            if kind == "shifted":
                return Expr("place", r.choice(["[i]", "[i + %s]" % items]))
            # Blocks are either permuted or not: never both ways in one kernel.
            if base not in self.blocks:
                self.blocks[base] = "own" if self.flavour["own_gather_index"] else r.choice(["permuted", "own"])
            if self.blocks[base] == "own" and self.flavour["own_gather_index"] and self.chance(0.5):
                return Expr("place", "[i + {0} % 3 * " + items + "]", self.integer())
            if self.blocks[base] == "permuted":
                pick = r.choice(["[int64_t(i)]", "[i]", "[%s + %s[i]]" % (items, self.use("p0")), "[2 * %s + i]" % items])
            else:
                pick = r.choice(["[%s[i]]" % self.use("g0"), "[i]", "[i + %s]" % items])
            return Expr("place", pick)
        if n == 2:
            options = ["[i]", "(row, col)"]
            if elsewhere and kind != "shifted":
                options += ["(row, col + %s)" % self.use("l0"), "(int64_t(row), int64_t(col))"]
            return Expr("place", r.choice(options))
        at = "row * %s + col" % self.use("l0")
        options = ["[%s]" % at]
        if elsewhere and kind != "shifted":
            options += ["[%s.size() + %s]" % (self.use("s0"), at)]
        return Expr("place", r.choice(options))

    def access(self, name):
        p = self.place(name)
        return Expr("located", name + p.form, *p.parts)

    def component(self, a, size):
        """A component of the vector `a`, by name or by number."""
        if self.chance(0.75):
            return Expr(a.kind, a.form + self.r.choice(COMPONENTS[size]), *a.parts)
        index = Expr("int", str(self.r.randint(0, 5))) if self.chance(0.7) else self.integer(1)
        return Expr(a.kind, a.form + "[{%d} %% %d]" % (len(a.parts), size), *a.parts, index)

    # -- Numbers ---------------------------------------------------------------------------------------------------
    def leaf(self):
        r = self.r
        options = [lambda: self.access(r.choice(self.reads))] * 3 + [lambda: self.access(r.choice(self.owns + self.own_reads))] * 2
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
                name, length, kind = r.choice(self.arrays)
                a = Expr("num", name + "[{0} % " + str(length) + "]", self.integer())
                return a if kind == 1 else self.component(a, kind)
            options += [one] * 3
        for size in self.sizes:
            if self.vecs[size]:
                options += [lambda size=size: self.component(Expr("num", r.choice(self.vecs[size])), size)] * 2
            options += [lambda size=size: self.component(self.access(r.choice(VECTORS[size][:2])), size)] * 2
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
        for size in self.sizes:
            v = lambda size=size: self.vector(size, depth + 1)
            options += [lambda v=v: Expr("num", "warpx::dot({0}, {1})", v(), v()),
                        lambda v=v, size=size: Expr("num", "warpx::length({0} + num%d(1.5f))" % size, v()),
                        lambda v=v, size=size: Expr("num", "({0})" + r.choice(COMPONENTS[size]), v())]
        if self.flavour["fold"] and self.loops < 2:
            options += [lambda: self.fold(depth)] * 2
        if self.flavour["local"]:
            options += [lambda: self.local(depth)]
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

    def fold(self, depth):
        """A carried value. The step reads what is around it and writes nothing, so it calls no lambdas."""
        k, v = self.fresh("fk"), self.fresh("fv")
        count = Expr("int", self.r.choice([self.use("n0"), self.use("f0"), "3"])) if self.chance(0.8) else self.integer(1)
        start = self.number(depth + 1) if self.chance(0.6) else self.access(self.r.choice(self.reads + self.owns))
        kept = self.scope()
        self.lambdas = []
        self.ints.append(k)
        self.nums += [v] * 3
        loops, self.loops = self.loops, self.loops + 1
        step = self.bounded(1)
        if v not in str(step):
            step = Expr("num", self.r.choice(["%s * {0}", "warpx::sin(%s + {0})", "warpx::max(0.7f * %s, {0})"]) % v, step)
        if self.chance(0.25):
            text = "if ({1}) return num({0} * 0.5f); return num({0});"
            step = Expr("num", text, step, self.condition(1))
        elif self.chance(0.3):
            step = Expr("num", "return num({0});", step)
        else:
            step = Expr("num", "return {0};", step)
        self.loops = loops
        self.leave(kept)
        return Expr("num", "num(warpx::fold({0}, {1}, [&](auto %s, auto %s) {{ {2} }}))" % (k, v), count, start, step)

    def local(self, depth):
        """An isolated computation of two numbers."""
        a, b, c = self.fresh("la"), self.fresh("lb"), self.fresh("lr")

        def one(deep):
            if deep > 2 or self.chance(0.2):
                return self.r.choice([a, b, c])
            form = self.r.choice(BOUNDED + ["({0} + {1})", "({0} - {1})", "({0} * {1})", "(%s * {0})" % self.constant(),
                                            "warpx::max({0}, {1})", "({0} / (2.5f + warpx::cos({1})))"])
            return form.format(one(deep + 1), one(deep + 1)).replace("{", "{{").replace("}", "}}")
        text = ("warpx::local([](auto %s, auto %s) {{ auto %s = %s * %s; if (%s > %s) %s = %s; return warpx::sin(%s); }}, {0}, {1})"
                % (a, b, c, a, b, self.r.choice([a, b, c]), self.constant(), c, "%s * %s + %s" % (c, a, one(0)), one(0)))
        return Expr("num", "num(" + text + ")", self.number(depth + 1), self.number(depth + 1))

    # -- Vectors -----------------------------------------------------------------------------------------------------
    def vector(self, size, depth=0):
        r = self.r
        kind = "num%d" % size
        reads, own, _, scalar = VECTORS[size]
        if depth >= 3 or self.chance(0.3):
            options = [lambda: self.access(reads), lambda: self.access(own)]
            if self.vecs[size]:
                options += [lambda: Expr(kind, r.choice(self.vecs[size]))] * 3
            if self.flavour["scalar"]:
                options += [lambda: Expr(kind, self.use(scalar))]
            return r.choice(options)()
        v = lambda: self.vector(size, depth + 1)
        b = lambda: self.bounded(depth + 1)
        n = lambda: self.number(depth + 1)
        options = [lambda: Expr(kind, "({0} + {1})", v(), v()), lambda: Expr(kind, "({0} - {1})", v(), v()),
                   lambda: Expr(kind, "({0} * {1})", v(), b()), lambda: Expr(kind, "({1} * {0})", v(), b()),
                   lambda: Expr(kind, "({0} / ({1} + 2.5f))", v(), b()),
                   lambda: Expr(kind, "({0} * {1})", v(), v()), lambda: Expr(kind, "({0} * 0.7f)", v()),
                   lambda: Expr(kind, "warpx::sin({0})", v()), lambda: Expr(kind, "warpx::max({0}, {1})", v(), v()),
                   lambda: Expr(kind, "(-{0})", v()), lambda: Expr(kind, "%s({0})" % kind, n())]
        if depth < 2:  # slow to compile
            options += [lambda: Expr(kind, "warpx::normalize({0} * 0.1f + %s(1.0f))" % kind, v())]
        if size == 3:
            options += [lambda: Expr(kind, "warpx::cross({0}, {1})", v(), v()),
                        lambda: Expr(kind, "num3({0}, {1}, {2})", n(), n(), n())]
            if 2 in self.sizes and self.vecs[2]:
                p = r.choice(self.vecs[2])
                options += [lambda: Expr(kind, "num3(%s.y, {0}, %s.x)" % (p, p), n())] * 2
        else:
            options += [lambda: Expr(kind, "num2({0}, {1})", n(), n())] * 2
        return r.choice(options)()

    def bounded_vector(self, size):
        return Expr("num%d" % size, "warpx::" + self.r.choice(["sin", "tanh", "cos"]) + "({0})", self.vector(size, 1))

    # -- Conditions --------------------------------------------------------------------------------------------------
    def condition(self, depth=0):
        r = self.r
        options = [lambda: Expr("bool", "({0} " + r.choice(["<", ">", "<=", ">="]) + " {1})", self.num(depth + 1), self.num(depth + 1)),
                   lambda: Expr("bool", "({0} " + r.choice(["<", ">"]) + " " + self.constant() + ")", self.num(depth + 1)),
                   lambda: Expr("bool", "({0} % 2 == 0)", self.integer()),
                   lambda: Expr("bool", "({0} " + r.choice(["<", "==", ">", "!="]) + " {1})", self.integer(), self.integer())]
        if depth < 2 and self.chance(0.3):
            return Expr("bool", "({0} " + r.choice(["&&", "||"]) + " {1})", self.condition(depth + 1), self.condition(depth + 1))
        return r.choice(options)()
