"""The workflow files of GitHub: their form against GitHub's schema, and what a schema does not see.

Nothing here runs a workflow. What they call (.ci/run, .ci/newest, .ci/issue, make publish) is tested by itself.
"""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PATHS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
WORKFLOWS = {path.stem: yaml.load(path.read_text(), Loader=yaml.BaseLoader) for path in PATHS}  # BaseLoader: `on` stays a word
JOBS = {f"{stem}.{name}": job for stem, workflow in WORKFLOWS.items() for name, job in workflow["jobs"].items()}
STEPS = [(job, step) for job, body in JOBS.items() for step in body.get("steps", [])]
SCRIPTS = {f"{job}: {step.get('name', step['run'])}": step["run"] for job, step in STEPS if "run" in step}
HELPERS = sorted(path for path in (ROOT / ".ci").iterdir() if path.suffix == "" and path.is_file())

# All that a job may write. Whatever is not here is read-only, or nothing.
WRITES = {"publish.deploy": {"pages", "id-token"}, "weekly.issue": {"issues"}}


def schema(*paths: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True)


def test_workflows_have_the_form_that_github_wants():
    assert {"publish", "tests", "weekly"} <= set(WORKFLOWS)
    done = schema(*PATHS)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("old", "new"),
    [("runs-on:", "run-on:"), ("timeout-minutes: 90", "timeout-minutes: soon"), ("- uses: actions/checkout", "- use: actions/checkout"), ("pull_request:", "pull_requests:")],
)
def test_the_schema_sees_a_wrong_key(tmp_path, old, new):
    text = (ROOT / ".github/workflows/tests.yml").read_text()
    assert old in text
    (tmp_path / "tests.yml").write_text(text.replace(old, new))
    assert schema(tmp_path / "tests.yml").returncode == 1


def test_actions_are_githubs_own_at_a_major_version():
    uses = [step["uses"] for _, step in STEPS if "uses" in step] + [job["uses"] for job in JOBS.values() if "uses" in job]
    assert uses and [name for name in uses if not re.fullmatch(r"actions/[a-z-]+@v\d+|\./\.github/workflows/\w+\.yml", name)] == []
    assert [name for name in uses if name.startswith("./") and not (ROOT / name).exists()] == []
    versions = {name.split("@")[0]: {other for other in uses if other.split("@")[0] == name.split("@")[0]} for name in uses}
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_permissions_are_the_least_that_do():
    assert {stem: workflow.get("permissions") for stem, workflow in WORKFLOWS.items()} == {stem: {"contents": "read"} for stem in WORKFLOWS}
    writes = {name: {scope for scope, level in job.get("permissions", {}).items() if level != "read"} for name, job in JOBS.items()}
    assert {name: scopes for name, scopes in writes.items() if scopes} == WRITES
    checkouts = [(job, step) for job, step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts and [job for job, step in checkouts if step.get("with", {}).get("persist-credentials") != "false"] == []


def test_no_strangers_code_meets_a_token_that_writes():
    """A pull request's own code runs in the checks; only `pull_request` keeps it from the repository's rights."""
    triggers = {stem: set(workflow["on"]) for stem, workflow in WORKFLOWS.items()}
    assert set().union(*triggers.values()) <= {"push", "pull_request", "workflow_call", "workflow_dispatch", "schedule"}
    writing = {name.split(".")[0] for name in WRITES}
    assert {stem: found for stem, found in triggers.items() if stem in writing and "pull_request" in found} == {}


def test_only_main_is_published_and_one_at_a_time():
    workflow = WORKFLOWS["publish"]
    assert workflow["on"]["push"] == {"branches": ["main"]}
    assert workflow["concurrency"] == {"group": "pages", "cancel-in-progress": "false"}
    assert workflow["jobs"]["deploy"]["needs"] == "site" and workflow["jobs"]["deploy"]["environment"]["name"] == "github-pages"
    assert workflow["jobs"]["site"]["with"] == {"site": "true"}


def test_the_published_folder_is_the_one_that_was_made():
    steps = WORKFLOWS["tests"]["jobs"]["checks"]["steps"]
    runs = [step.get("run") for step in steps]
    made = next(run for run in runs if run and run.startswith("make publish"))
    upload = next(step for step in steps if step.get("uses", "").startswith("actions/upload-pages-artifact@"))
    assert made == f"make publish TO={upload['with']['path']}"
    assert runs.index(".ci/run") < runs.index(made)


def test_python_and_node_are_those_that_the_project_names():
    oldest = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"].removeprefix(">=")
    wanted = {job: step["with"]["python-version"] for job, step in STEPS if step.get("uses", "").startswith("actions/setup-python@")}
    assert wanted == {"tests.checks": oldest, "weekly.newest": "${{ matrix.python }}"}
    assert WORKFLOWS["weekly"]["jobs"]["newest"]["strategy"]["matrix"]["python"] == [oldest, "3.x"]
    node = {step["with"]["node-version"] for _, step in STEPS if step.get("uses", "").startswith("actions/setup-node@")}
    least = re.search(r"nodejs>=(\d+)", (ROOT / "environment.yml").read_text())[1]
    assert len(node) == 1 and int(*node) >= int(least)


def test_every_job_ends_some_day():
    assert [name for name, job in JOBS.items() if "runs-on" in job and "timeout-minutes" not in job] == []


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_scripts_are_bash_and_call_what_exists(script):
    assert "${{" not in script, "values go into a script through env; put into its text, they would be run"
    assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0
    called = re.findall(r"(?:^|[\s;&|])(\.ci/\w+)", script)
    assert [name for name in called if not os.access(ROOT / name, os.X_OK)] == []


@pytest.mark.parametrize("path", HELPERS, ids=lambda path: path.name)
def test_helpers_can_be_run(path):
    assert os.access(path, os.X_OK) and subprocess.run(["bash", "-n", str(path)]).returncode == 0


def test_targets_of_make_exist():
    texts = {**SCRIPTS, **{path.name: re.sub(r"(^|\s)#.*", "", path.read_text()) for path in HELPERS}}
    calls = {(where, word) for where, text in texts.items() for words in re.findall(r"\bmake((?: +[\w=./-]+)+)", text) for word in words.split()}
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {(where, word.removeprefix("--assume-old=")) for where, word in calls if "=" not in word or word.startswith("--assume-old=")}
    assert {("tests.checks: The site, checked and copied as for any host", "publish"), ("run", "test"), ("newest", "book")} <= named
    assert {(where, word) for where, word in named if word not in targets} == set()
