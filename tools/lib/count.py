# SPDX-License-Identifier: Apache-2.0
"""count.py: adds up what the test stages really ran.

    count.py RESULT.xml...
    count.py --show RESULT.xml    prints what the failed entries said

Reads JUnit files written by ctest and prints `passed failed skipped`, then the names of what failed. A ctest entry that is
a Catch2 program or a pytest run counts as many tests as it says it ran; a program that crashed, ran no test or did not say, and
was expected to, counts as one failure; every other entry counts as one. A missing file counts as one failure.
"""
import re
import sys
import xml.etree.ElementTree

CATCH_ALL_PASSED = re.compile(r"^All tests passed \(.*?(\d+) assertions? in (\d+) test cases?\)", re.M)
CATCH_MIXED = re.compile(r"^test cases: *(\d+)((?: *\| *\d+ [a-z ]+)*)", re.M)
PYTEST = re.compile(r"^(?:=+ )?((?:\d+ (?:passed|failed|errors?|skipped|xfailed|xpassed|deselected|warnings?),? ?)+)in [\d.]+s", re.M)


def count_entry(status, output):
    """Counts of one ctest entry: passed, failed, skipped."""
    passed = failed = skipped = 0
    if match := CATCH_ALL_PASSED.search(output):
        passed = int(match[2])
    elif match := CATCH_MIXED.search(output):
        parts = {kind.strip(): int(n) for n, kind in re.findall(r"(\d+) ([a-z ]+)", match[2])}
        failed, skipped = parts.get("failed", 0), parts.get("skipped", 0)
        passed = int(match[1]) - failed - skipped
    elif matches := PYTEST.findall(output):
        parts = {kind.rstrip("s"): int(n) for n, kind in re.findall(r"(\d+) (\w+)", matches[-1])}
        passed = parts.get("passed", 0) + parts.get("xfailed", 0)
        failed = parts.get("failed", 0) + parts.get("error", 0) + parts.get("xpassed", 0)
        skipped = parts.get("skipped", 0)
    elif status == "run":
        passed = 1
    if status == "notrun":
        return 0, 0, 1
    if status != "run" and not failed:
        failed = 1  # ctest says it failed although its own summary, if any, does not: a crash or a limit
    return passed, failed, skipped


def entries(path):
    """(name, status, output) of the entries of one file; status is run, fail or notrun."""
    for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        status = case.get("status", "run")
        skip = case.find("skipped")
        if case.find("failure") is not None:
            status = "fail"
        elif skip is not None:
            # "skipped" is an answer of the test (SKIP_RETURN_CODE); a program that is not there is a failure.
            message = (skip.get("message") or "").lower()
            status = "notrun" if "skip" in message or "disabled" in message else "fail"
        elif status == "disabled":
            status = "notrun"
        yield case.get("name"), status, case.findtext("system-out") or ""


def show(path, lines=60):
    for name, status, output in entries(path):
        if status == "fail":
            text = output.strip().splitlines() or ["(no output: not built, or it could not start)"]
            print(f"--- {name}", *(["    ..."] if len(text) > lines else []), *text[-lines:], sep="\n")


def main(paths):
    total, bad = [0, 0, 0], []
    for path in paths:
        try:
            cases = list(entries(path))
        except (OSError, xml.etree.ElementTree.ParseError) as error:
            cases = [(f"{path}: {error}", "fail", "")]
        if not cases:
            cases = [(f"{path}: no tests", "fail", "")]
        for name, status, output in cases:
            counts = count_entry(status, output)
            total = [a + b for a, b in zip(total, counts)]
            if counts[1]:
                bad.append(f"{name} ({counts[1]})")
    print(*total)
    print("\n".join(bad))


if __name__ == "__main__":
    if sys.argv[1] == "--show":
        show(sys.argv[2])
    else:
        main(sys.argv[1:])
