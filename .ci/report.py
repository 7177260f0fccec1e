"""Fail unless the tests really ran: every kind of test is there, and only what needs CUDA was skipped."""

import sys
import xml.etree.ElementTree as ET

KINDS = {
    "equations": "tests.equations.",
    "graders": "tests.test_graders",
    "browser": "tests.test_book_browser",
    "visits": "tests.test_book_visit",
    "axe": "tests.test_book_axe",
    "keyboard": "tests.test_book_keyboard",
    "explorers": "tests.explorers",
    "live": "tests.test_live_page",
    "chapters": "chapters",
    "solutions": "solutions",
}

cases = ET.parse(sys.argv[1]).getroot().findall(".//testcase")
names = [f"{case.get('classname')}::{case.get('name')}" for case in cases]
problems = [f"no test of the kind {kind!r} ran" for kind, start in KINDS.items() if not any(n.startswith(start) for n in names)]
for case, name in zip(cases, names):
    skipped = case.find("skipped")
    if skipped is not None and "CUDA" not in (skipped.get("message") or ""):
        problems.append(f"skipped: {name}: {skipped.get('message')}")
print(f"{len(cases)} tests, {sum(case.find('skipped') is not None for case in cases)} skipped")
sys.exit("\n".join(problems) or 0)
