"""What .ci/newest found, as Markdown: steps and their time, each failure's first line, versions that differ from the lock."""

import argparse
import platform
import re
import xml.etree.ElementTree as ET
from pathlib import Path

SHOWN = 40  # failures; an issue holds 65 536 characters


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def versions(path: Path) -> dict[str, str]:
    """Package to version, without what names one machine's kind of PyTorch, as `make lock` leaves it out."""
    if not path.exists():
        return {}
    pairs = [line.split("==") for line in path.read_text().split() if "==" in line]
    found = {canonical(name): version.split("+")[0] for name, version in pairs}
    return {name: version for name, version in found.items() if not re.match(r"nvidia-|cuda-|triton", name)}


def duration(seconds: int) -> str:
    return f"{seconds // 60} min {seconds % 60:02d} s" if seconds >= 60 else f"{seconds} s"


def first_line(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "no message")
    return (line[:197] + "...") if len(line) > 200 else line


def failures(junit: Path) -> list[tuple[str, str]]:
    """Name and first line of the message of every test that failed or could not be set up."""
    if not junit.exists():
        return []
    found = []
    for case in ET.parse(junit).getroot().findall(".//testcase"):
        problem = case.find("failure")
        problem = case.find("error") if problem is None else problem
        if problem is not None:
            name = "::".join(filter(None, (case.get("classname"), case.get("name"))))
            found.append((name, first_line(problem.get("message") or problem.text or "")))
    return found


def tail(log: Path, lines: int = 15) -> str:
    text = log.read_text(errors="replace").rstrip() if log.exists() else "no log"
    return "\n".join(text.splitlines()[-lines:]).replace("```", "'''")


def report(folder: Path, lock: Path) -> str:
    rows = [line.split("\t") for line in (folder / "steps.tsv").read_text().splitlines()]
    steps = [(name, int(status), int(seconds)) for name, status, seconds in rows]
    bad = [name for name, status, _ in steps if status]
    tests = failures(folder / "tree" / "build" / "reports" / "tests.xml")
    title = f"failed: {', '.join(bad)}" if bad else "all passed"
    lines = [f"## Newest versions on Python {platform.python_version()}: {title}", ""]
    lines += [f"{platform.system()} {platform.machine()}, {duration(sum(s for *_, s in steps))} in all.", ""]
    lines += ["| step | result | time |", "|---|---|---|"]
    lines += [f"| {name} | {'passed' if status == 0 else f'failed ({status})'} | {duration(seconds)} |" for name, status, seconds in steps]

    if tests:
        lines += ["", f"### Tests that failed ({len(tests)})", ""]
        lines += [f"- `{name}`: `{message.replace('`', chr(39))}`" for name, message in tests[:SHOWN]]
        lines += [f"- and {len(tests) - SHOWN} more"] if len(tests) > SHOWN else []
    for name in bad:
        if name != "tests" or not tests:
            lines += ["", f"### The end of `{name}.log`", "", "```text", tail(folder / "logs" / f"{name}.log"), "```"]

    old, new = versions(lock), versions(folder / "freeze.txt")
    changed = [name for name in sorted(old | new) if old.get(name) != new.get(name)]
    lines += ["", "### Versions that differ from the lock", ""]
    if not new:
        lines += ["The environment could not be made."]
    elif not changed:
        lines += ["None."]
    else:
        lines += ["| package | lock | newest |", "|---|---|---|"]
        lines += [f"| {name} | {old.get(name, 'not there')} | {new.get(name, 'not there')} |" for name in changed]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="build/newest: steps.tsv, freeze.txt, logs/, tree/")
    parser.add_argument("--lock", type=Path, required=True)
    arguments = parser.parse_args()
    print(report(arguments.folder, arguments.lock), end="")


if __name__ == "__main__":
    main()
