"""The weekly job on the newest versions: its report, on what pytest and a step really write, and the issue it keeps."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SPEC = importlib.util.spec_from_file_location("newest_report", ROOT / ".ci" / "newest_report.py")
newest_report = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(newest_report)

TESTS = '''
import pytest

def test_good():
    pass

@pytest.mark.parametrize("x", [1, 2])
def test_wrong(x):
    """Two lines of message."""
    raise ValueError(f"expected 3, got {x}\\nmore of it")

@pytest.fixture
def broken():
    raise RuntimeError("no such data")

def test_cannot_start(broken):
    pass

@pytest.mark.skip(reason="not today")
def test_left_out():
    pass
'''


@pytest.fixture(scope="module")
def junit(tmp_path_factory) -> bytes:
    """What pytest wrote about TESTS."""
    folder = tmp_path_factory.mktemp("few")
    (folder / "test_few.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", "--junitxml", "few.xml", "test_few.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout
    return (folder / "few.xml").read_bytes()


@pytest.fixture
def folder(tmp_path, junit) -> Path:
    """What .ci/newest leaves behind."""
    reports = tmp_path / "tree" / "build" / "reports"
    reports.mkdir(parents=True)
    (reports / "tests.xml").write_bytes(junit)
    (tmp_path / "steps.tsv").write_text("environment\t0\t61\nlint\t2\t3\ntests\t1\t600\n")
    (tmp_path / "freeze.txt").write_text("Some_Pack.age==2.0\ntorch==2.14.0+cpu\nnvidia-cublas==1\nnew-one==1\nsame==1\n")
    (tmp_path / "lock.txt").write_text("some-pack-age==1.0\ntorch==2.13.0\ngone==3\nsame==1\n")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "lint.log").write_text("\n".join(f"line {n}" for n in range(100)))
    (tmp_path / "logs" / "tests.log").write_text("the log of the tests")
    return tmp_path


def test_report_tells_each_failure_with_its_first_line(folder):
    text = newest_report.report(folder, folder / "lock.txt")
    assert "### Tests that failed (3)" in text
    for name, message in [
        ("test_few::test_wrong[1]", "ValueError: expected 3, got 1"),
        ("test_few::test_wrong[2]", "ValueError: expected 3, got 2"),
        ("test_few::test_cannot_start", "RuntimeError: no such data"),
    ]:
        (line,) = [line for line in text.splitlines() if line.startswith(f"- `{name}`: ")]
        assert message in line
    assert "more of it" not in text and "test_good" not in text and "test_left_out" not in text


def test_report_tells_steps_and_times(folder):
    text = newest_report.report(folder, folder / "lock.txt")
    assert text.splitlines()[0].endswith("failed: lint, tests")
    assert "11 min 04 s in all" in text
    assert "| environment | passed | 1 min 01 s |" in text and "| lint | failed (2) | 3 s |" in text
    assert "line 99" in text and "line 84" not in text  # the end of the log
    assert "the log of the tests" not in text  # its failures are told one by one


def test_report_tells_versions_that_differ(folder):
    lines = newest_report.report(folder, folder / "lock.txt").splitlines()
    start = lines.index("| package | lock | newest |")
    assert lines[start + 2 :] == [
        "| gone | 3 | not there |",
        "| new-one | not there | 1 |",
        "| some-pack-age | 1.0 | 2.0 |",
        "| torch | 2.13.0 | 2.14.0 |",
    ]


def test_report_of_a_green_week_is_short(folder):
    (folder / "tree" / "build" / "reports" / "tests.xml").unlink()
    (folder / "steps.tsv").write_text("environment\t0\t61\ntests\t0\t9\n")
    (folder / "freeze.txt").write_text("same==1\n")
    (folder / "lock.txt").write_text("same==1\n")
    text = newest_report.report(folder, folder / "lock.txt")
    assert text.splitlines()[0].endswith("all passed") and text.endswith("\nNone.\n") and "###" in text and "failed" not in text


def test_report_when_the_environment_could_not_be_made(folder):
    (folder / "tree" / "build" / "reports" / "tests.xml").unlink()
    (folder / "freeze.txt").unlink()
    (folder / "steps.tsv").write_text("environment\t1\t5\n")
    (folder / "logs" / "environment.log").write_text("ERROR: no versions fit together\n")
    text = newest_report.report(folder, folder / "lock.txt")
    assert "ERROR: no versions fit together" in text and text.endswith("The environment could not be made.\n")


def test_tests_that_died_show_the_log(folder):
    """No junit file, as after a crash: then the end of the log is all there is."""
    (folder / "tree" / "build" / "reports" / "tests.xml").unlink()
    assert "the log of the tests" in newest_report.report(folder, folder / "lock.txt")


GH = """#!/usr/bin/env bash
printf '%s\\n' "$*" >> "$CALLS"
if [[ "$1 $2" == "issue list" ]]; then echo "$OPEN"; fi
while (($#)); do if [[ $1 == --body-file ]]; then cp "$2" "$CALLS.body"; fi; shift; done
"""


def issue(tmp_path, result: str, already: str, reports: dict[str, str]) -> tuple[list[str], str]:
    """What .ci/issue asks of gh, and the text it hands over; gh only notes it down."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "gh").write_text(GH)
    (tmp_path / "bin" / "gh").chmod(0o755)
    for name, text in reports.items():
        (tmp_path / "reports" / name).mkdir(parents=True)
        (tmp_path / "reports" / name / "report.md").write_text(text)
    calls = tmp_path / "calls"
    environment = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "CALLS": str(calls), "OPEN": already, "RUN": "https://x.example/7"}
    subprocess.run([ROOT / ".ci" / "issue", result, tmp_path / "reports"], env=environment, check=True, capture_output=True, timeout=30)
    body = tmp_path / "calls.body"
    return [" ".join(line.split()[:3]) for line in calls.read_text().splitlines()], body.read_text() if body.exists() else ""


def test_a_failure_opens_an_issue(tmp_path):
    calls, body = issue(tmp_path, "failure", "", {"newest-3.11": "## one\n", "newest-3.x": "## two\n"})
    assert calls == ["issue list --state", "label create newest-versions", "issue create --title"]
    assert "https://x.example/7" in body and body.index("## one") < body.index("## two")


def test_the_next_failure_renews_it(tmp_path):
    calls, body = issue(tmp_path, "failure", "12", {"newest-3.11": "## one\n"})
    assert calls == ["issue list --state", "issue edit 12", "issue comment 12"] and "## one" in body


def test_a_green_week_closes_it(tmp_path):
    assert issue(tmp_path, "success", "12", {})[0] == ["issue list --state", "issue close 12"]


def test_a_green_week_without_an_issue_does_nothing(tmp_path):
    assert issue(tmp_path, "success", "", {})[0] == ["issue list --state"]


def test_a_run_without_report_is_told(tmp_path):
    assert "no report" in issue(tmp_path, "cancelled", "", {})[1]


def test_an_issue_is_never_too_long_for_github(tmp_path):
    assert len(issue(tmp_path, "failure", "", {"newest-3.11": "é" * 200_000})[1].encode()) <= 65_536


@pytest.mark.parametrize(("arguments", "message"), [(["--lock"], "Unknown argument '--lock'"), (["--constraint", "no.txt"], "No file of constraints: 'no.txt'")])
def test_newest_refuses_what_it_does_not_know(arguments, message):
    done = subprocess.run([ROOT / ".ci" / "newest", *arguments], capture_output=True, text=True)
    assert done.returncode == 2 and message in done.stderr
