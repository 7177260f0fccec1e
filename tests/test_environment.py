"""The environment is told in three places (pyproject.toml, environment.yml, the lock); they must agree."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
CONDA_NAMES = {"pytorch": "torch", "matplotlib-base": "matplotlib"}
ONLY_CONDA = {"python", "pip", "nodejs"}  # there the other way takes the machine's own


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def declared() -> dict[str, Requirement]:
    """Every direct dependency, by name."""
    extras = project()["optional-dependencies"]
    lines = project()["dependencies"] + [line for name, lines in extras.items() if name != "all" for line in lines]
    return {canonicalize_name(Requirement(line).name): Requirement(line) for line in lines}


def locked() -> dict[str, str]:
    lines = (ROOT / "requirements" / "lock.txt").read_text().split()
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}


def test_conda_environment_has_the_ranges_of_pyproject():
    lines = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pip = next(line for line in lines if isinstance(line, dict))["pip"]
    assert "-e ." in pip
    conda = {}
    for line in [*(line for line in lines if isinstance(line, str)), *(line for line in pip if line != "-e .")]:
        name, specifier = re.fullmatch(r"([A-Za-z0-9._-]+)(.*)", line).groups()
        conda[canonicalize_name(CONDA_NAMES.get(name, name))] = Requirement(f"x{specifier}").specifier
    assert str(conda["python"]) == project()["requires-python"]
    assert {name: str(spec) for name, spec in conda.items() if name not in ONLY_CONDA} == {
        name: str(requirement.specifier) for name, requirement in declared().items()
    }


def test_extra_all_is_all_extras():
    extras = project()["optional-dependencies"]
    (everything,) = extras["all"]
    assert Requirement(everything).extras == set(extras) - {"all"}


def test_every_dependency_states_its_reason():
    text = (ROOT / "pyproject.toml").read_text()
    lines = [line for line in text.split("\n") if re.match(r'\s+"[a-z0-9-]+>=', line)]
    assert len(lines) == len(declared())
    assert [line for line in lines if not re.search(r",\s+# \S+ \S+", line)] == []


def test_lock_lies_within_the_ranges():
    outside = {name: locked().get(name) for name, req in declared().items() if not req.specifier.contains(locked().get(name, "0"))}
    assert outside == {}


def test_lock_names_plain_public_versions():
    text = (ROOT / "requirements" / "lock.txt").read_text()
    assert re.findall(r"^(?![A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*$).+$", text, re.MULTILINE) == []


def test_imports_of_the_package_are_declared():
    parts = {"traitlets", "ipython", "cycler"}  # ipywidgets is made of the first two, matplotlib hands out the third
    names = {canonicalize_name(name) for name in declared()} | {"rnncore"} | parts
    undeclared = {}
    for path in (ROOT / "rnncore").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                modules = [node.module]
            for module in modules:
                top = module.split(".")[0]
                if top not in sys.stdlib_module_names and canonicalize_name(top) not in names:
                    undeclared[path.relative_to(ROOT).as_posix()] = top
    assert undeclared == {}


@pytest.mark.parametrize("module", ["rnncore", "rnncore.reference"])
def test_reference_needs_numpy_alone(module):
    code = f"import {module}, sys; print([m for m in ('torch', 'matplotlib', 'ipywidgets', 'scipy', 'tqdm') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_version_is_told_once():
    import rnncore

    version = project()["version"]
    assert rnncore.__version__ == version
    assert f"Version {version}." in (ROOT / "_config.yml").read_text()
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == version


def test_readme_names_every_command_that_make_help_names():
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    readme = (ROOT / "README.md").read_text()
    internal = {"help", "env", "front", "lint"}
    assert [t for t in targets if t not in internal and f"make {t}" not in readme] == []
