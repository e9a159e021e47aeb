# SPDX-License-Identifier: Apache-2.0
"""count_test.py: tools/lib/count.py counts what ran: Catch2 of both versions, pytest, crashes, programs that are not there."""
import importlib.util
import pathlib
import sys
import tempfile

path = pathlib.Path(__file__).parents[2] / "tools/lib/count.py"
spec = importlib.util.spec_from_file_location("count", path)
count = importlib.util.module_from_spec(spec)
spec.loader.exec_module(count)

RULE = "=" * 79
CASES = [  # status, output, (passed, failed, skipped)
    ("run", f"{RULE}\nAll tests passed (34 assertions in 12 test cases)\n", (12, 0, 0)),
    ("run", f"{RULE}\nAll tests passed (1 assertion in 1 test case)\n", (1, 0, 0)),
    ("fail", f"{RULE}\ntest cases: 12 | 10 passed | 2 failed\nassertions: 40 | 38 passed | 2 failed\n", (10, 2, 0)),
    ("run", f"{RULE}\ntest cases:  5 |  4 passed | 1 skipped\nassertions: 9 | 9 passed\n", (4, 0, 1)),
    ("fail", "something was printed\nSegmentation fault\n", (0, 1, 0)),
    ("fail", f"{RULE}\nAll tests passed (3 assertions in 3 test cases)\nERROR: LeakSanitizer: detected\n", (3, 1, 0)),
    ("run", "..s.\nSKIPPED [1] x.py:3: no gpu\n3 passed, 1 skipped in 0.02s\n", (3, 0, 1)),
    ("fail", f"{RULE[:20]} 2 failed, 3 passed, 1 error in 1.20s {RULE[:20]}\n", (3, 3, 0)),
    ("run", "", (1, 0, 0)),
    ("fail", "", (0, 1, 0)),
    ("notrun", "", (0, 0, 1)),
]
XML = """<testsuite>
<testcase name="good" status="run"><system-out>ok</system-out></testcase>
<testcase name="bad" status="fail"><failure message=""/><system-out>no</system-out></testcase>
<testcase name="absent" status="notrun"><skipped message="Unable to find executable"/><system-out></system-out></testcase>
<testcase name="skips" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/><system-out></system-out></testcase>
<testcase name="disabled" status="disabled"><system-out></system-out></testcase>
</testsuite>"""


def main():
    wrong = []
    for status, output, expected in CASES:
        got = count.count_entry(status, output)
        if got != expected:
            wrong.append(f"{status} {output!r}: {got}, not {expected}")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "result.xml"
        file.write_text(XML)
        got = [(name, status) for name, status, _ in count.entries(file)]
        if got != [("good", "run"), ("bad", "fail"), ("absent", "fail"), ("skips", "notrun"), ("disabled", "notrun")]:
            wrong.append(f"entries: {got}")
    print("\n".join(wrong))
    return 1 if wrong else 0


sys.exit(main())
