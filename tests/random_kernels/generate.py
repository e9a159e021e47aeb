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
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
from expressions import VECTORS, Expressions  # noqa: E402
from kernel import LEAF, Expr, Kernel, Stmt  # noqa: E402,F401


class Generator(Expressions):
    """Statements, and a kernel of them."""

    # -- Statements ------------------------------------------------------------------------------------------------
    def block(self, size, before=()):
        kept = self.scope()
        out = list(before)
        for _ in range(max(1, size)):
            out.append(self.statement())
        self.leave(kept)
        return out

    def factor(self):
        return Expr("num", "(0.8f + 0.3f * {0})", self.bounded(1))

    def divisor(self):
        return Expr("num", "(1.4f + 0.3f * {0})", self.bounded(1))

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
            self.located.add(name)
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
        return self.assign_to(target, "/=", self.divisor())

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
        if self.sizes and self.chance(0.4):
            size = r.choice(self.sizes)
            a = self.access(VECTORS[size][1])
            if self.chance(0.6):
                c = self.component(a, size)
                return self.assign((c.form, c.parts))
            return self.change_whole(size, (a.form, a.parts))
        a = self.access(r.choice(self.owns))
        return self.assign((a.form, a.parts))

    def change_whole(self, size, target):
        how = self.r.choice(["=", "+=", "-=", "*=", "/="])
        if how == "*=":
            e = self.factor()
        elif how == "/=":
            e = self.divisor()
        else:
            e = self.bounded_vector(size) if self.loops else self.vector(size, 0)
        return self.assign_to(target, how, e)

    def add(self):
        r = self.r
        name = self.r.choice(["atomic_add", "atomic_add", "atomic_sub"])
        if self.sizes and self.chance(0.3):
            size = r.choice(self.sizes)
            to = self.use(VECTORS[size][2])
            return Stmt("warpx::%s(%s, {e0} %% %s.extent(0), {e1});" % (name, to, to), [self.integer(), self.bounded_vector(size)])
        if self.chance(0.2):
            own = r.choice(self.owns)
            p = self.place(own)
            inner = p.form[1:-1]
            return self.atomic_own(name, own, inner, p.parts)
        to = self.use(r.choice(["t0"] + [n for n in self.aliases if n[0] == "t"]))
        return Stmt("warpx::%s(%s, {e0} %% %s.extent(0), {e1});" % (name, to, to),
                    [self.integer(), self.bounded(0) if self.loops else self.num(0)])

    def atomic_own(self, name, own, inner, parts):
        text = inner
        for k in reversed(range(len(parts))):
            text = text.replace("{%d}" % k, "{e%d}" % (k + 1))
        text = text.replace("{{", "{").replace("}}", "}")
        return Stmt("warpx::%s(%s, %s, {e0});" % (name, own, text), [self.bounded(0), *parts])

    def plain(self, name):
        return name not in self.located

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
        for size in self.sizes:
            options += [lambda size=size: self.declare_vector(size)]
            if self.vecs[size]:
                options += [lambda size=size: self.change_vector(size)] * 2
        if self.flavour["sum"]:
            options += [self.add]
        if self.arrays:
            options += [self.change_array] * 2
        if self.flavour["array"] and not self.loops:
            options += [self.declare_array]
        if self.flavour["lambda"] and deep == 0:
            options += [self.declare_lambda]
        if self.flavour["running"] and deep == 0:
            options += [self.running]
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

    def declare_vector(self, size):
        name = self.fresh("p")
        e = self.bounded_vector(size) if self.loops else self.vector(size, 0)
        s = Stmt("num%d %s = {e0};" % (size, name), [e], declares=[name])
        self.vecs[size].append(name)
        return s

    def change_vector(self, size):
        name = self.r.choice(self.vecs[size])
        if self.chance(0.5):
            c = self.component(Expr("num", name), size)
            return self.assign((c.form, c.parts))
        return self.change_whole(size, (name, []))

    def declare_array(self):
        """Of numbers or vectors."""
        name, length = self.fresh("h"), self.r.randint(2, 4)
        kind = self.r.choice(self.sizes) if self.sizes and self.chance(0.3) else 1
        of = "num" if kind == 1 else "num%d" % kind
        if self.chance(0.5):
            first = [self.number(1), self.number(1)] if kind == 1 else [self.bounded_vector(kind)]
            values = ", ".join("{e%d}" % k for k in range(len(first)))
            s = Stmt("%s %s[%d] = {%s};" % (of, name, length, values), first, declares=[name])
        else:
            s = Stmt("%s %s[%d]{};" % (of, name, length), declares=[name])
        self.arrays.append((name, length, kind))
        return s

    def change_array(self):
        name, length, kind = self.r.choice(self.arrays)
        place = Expr("num", name + "[{0} % " + str(length) + "]", self.integer())
        if kind > 1 and self.chance(0.4):
            return self.change_whole(kind, (place.form, place.parts))
        if kind > 1:
            place = self.component(place, kind)
        return self.assign((place.form, place.parts))

    def running(self):
        """A struct with members that change it."""
        name, mean = self.fresh("acc"), self.fresh()
        take = Stmt("%s.take({e0});" % name, [Expr("num", "num({0})", self.bounded(1))])
        loops = self.flavour["loop"] and self.chance(0.6)
        k = self.fresh("k")
        if loops:
            kept = list(self.ints)
            self.ints.append(k)
            self.loops += 1
            take = Stmt("for (int64_t %s = 0; %s < %s; ++%s) {\n  {b0}\n}" % (k, k, self.use("n0"), k), blocks=[
                [Stmt("%s.take({e0});" % name, [Expr("num", "num({0})", self.bounded(1))])]], declares=[k])
            take.scoped = [k]
            self.loops -= 1
            self.ints = kept
        s = Stmt("rk::running<num> %s{};\n{b0}\nnum %s = %s.mean();" % (name, mean, name), blocks=[[take]], declares=[name, mean])
        self.nums.append(mean)
        return s

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
            plain = list(self.nums)
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
        body, length = [], 0
        for _ in range(self.size):
            if length > 700:  # it takes long enough to compile
                break
            body.append(self.statement())
            length += len("\n".join(body[-1].lines(0)))
            if self.flavour["return"] and self.chance(0.15):
                body.append(Stmt("if ({e0}) return;", [self.condition()]))
        a = self.access(self.owns[0])
        body.append(self.assign_to((a.form, a.parts), "+=", self.bounded(0)))
        return Kernel(self.seed, self.rank, self.smooth, self.used, body)


def make(seed):
    return Generator(seed).kernel()


def header(kernels):
    """A header of kernels that registers them."""
    out = ["// Made by generate.py: do not edit.", "#pragma once", "", '#include "functions.hpp"', ""]
    out += [k.text() for k in kernels]
    return "\n".join(out)


def source(kernels, registered=True):
    return '#include "bound.hpp"\n' + header(kernels).replace("#pragma once\n", "") + \
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
