"""Assemble the Python that runs in the page: Pyodide's runtime and packages, the widgets, bytecode, and rnncore.

Pyodide's lock file, as npm's `pyodide` brings it, names every package with its sha256, and every file of Pyodide's is taken only if
it has that sum. Compiled ones come out of a wheel on PyPI that carries them; pure-Python ones are packed anew from PyPI's wheels, in
Pyodide's way and to the same bytes (repack.py). If a release of Pyodide is at hand (PYODIDE=archive or address), it is asked first.
What Pyodide does not have (the widgets) is pinned with its sums in wheels.txt and added to the lock file that the page reads.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from .sources import Cache, CarrierWheel, Release, Repacked, cache_folder, download, fetch
from .times import find_times, read_times, write_times
from .wheel import pure_wheel

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NPM = ROOT / "book" / "node_modules" / "pyodide"
OUT = ROOT / "build" / "live" / "lite" / "static" / "pyodide"
RUNTIME = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"]
WHEELS, CARRIER, TIMES = HERE / "wheels.txt", HERE / "carrier.txt", HERE / "times.txt"
CARRIER_INSIDE = "open_webui/frontend/pyodide"

# What the kernel imports and what the book imports; the rest follows from the lock file's dependencies.
FROM_PYODIDE = ["micropip", "packaging", "ipython", "jedi", "traitlets", "numpy", "matplotlib", "tqdm", "typing-extensions"]
# What Pyodide does not have: {package: (modules, needs)}. The kernel's own wheels come with jupyterlite-pyodide-kernel.
FROM_PYPI = {
    "comm": (["comm"], ["traitlets"]),
    "jupyterlab-widgets": (["jupyterlab_widgets"], []),
    "ipywidgets": (["ipywidgets"], ["comm", "ipython", "traitlets", "jupyterlab-widgets", "widgetsnbextension"]),
    "psygnal": (["psygnal"], []),
    "anywidget": (["anywidget"], ["ipywidgets", "psygnal", "typing-extensions"]),
}
FROM_KERNEL = {
    "piplite": (["piplite"], ["micropip"]),
    "ipykernel": (["ipykernel"], []),
    "widgetsnbextension": (["widgetsnbextension"], []),
    "pyodide-kernel": (["pyodide_kernel"], ["comm", "ipython"]),
}
# Loaded together with the runtime, so that nothing is left to be found out one by one later.
PRELOADED = ["micropip", "packaging", "ipython", "jedi", "numpy", "matplotlib", *FROM_KERNEL, *FROM_PYPI, "bytecode", "rnncore"]
FIRST_USE = """
import piplite.piplite, pyodide_kernel
import numpy, ipywidgets, anywidget, rnncore.live, rnncore.explorers, rnncore.plots, rnncore.reference
import matplotlib.pyplot as plt
import matplotlib.backends.backend_agg, matplotlib_inline.backend_inline
import io
figure, axes = plt.subplots()
axes.plot([1, 2], label="$h_t$")
axes.legend()
figure.savefig(io.BytesIO())
"""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def closure(packages: dict, roots: list[str]) -> list[str]:
    """The packages and all that they need, by the lock file."""
    found, waiting = [], list(roots)
    while waiting:
        name = normal(waiting.pop(0))
        if name not in found:
            found.append(name)
            waiting += packages[name]["depends"]
    return found


def entry(name: str, version: str, file_name: str, content: bytes, imports: list[str], depends: list[str]) -> dict:
    """A package in the form of the lock file; `imports` makes a bare `import` load it."""
    return {"name": name, "version": version, "file_name": file_name, "install_dir": "site", "sha256": sha256(content),
            "package_type": "package", "imports": imports, "depends": depends, "unvendored_tests": False}  # fmt: skip


def pinned() -> dict[str, tuple[str, str]]:
    """wheels.txt as {package: (version, sha256)}."""
    found = re.findall(r"^([\w.-]+)==(\S+) --hash=sha256:(\w{64})$", WHEELS.read_text(), re.MULTILINE)
    return {normal(name): (version, digest) for name, version, digest in found}


def pypi_wheels(folder: Path) -> dict[str, Path]:
    """The wheels of wheels.txt, from the cache or by pip: {package: path}."""
    wanted = pinned()

    def there() -> dict[str, Path]:
        by_digest = {sha256(path.read_bytes()): path for path in folder.glob("*.whl")}
        return {name: by_digest[digest] for name, (_, digest) in wanted.items() if digest in by_digest}

    if wanted.keys() - there():
        download(WHEELS, folder)
    return there()


def kernel_wheels() -> dict[str, Path]:
    """The wheels that jupyterlite-pyodide-kernel has installed for the page."""
    folder = Path(sys.prefix, "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi")
    newest = {normal(path.name.split("-")[0]): path for path in sorted(folder.glob("*.whl"))}
    return {name: newest[name] for name in FROM_KERNEL}


def add(out: Path, lock: dict, name: str, path: Path, imports: list[str], depends: list[str]) -> None:
    content = path.read_bytes()
    (out / path.name).write_bytes(content)
    lock["packages"][name] = entry(name, path.name.split("-")[1], path.name, content, imports, depends)


def write_lock(out: Path, lock: dict) -> None:
    (out / "pyodide-lock.json").write_text(json.dumps(lock, sort_keys=True))


def own_wheel(folder: Path) -> Path:
    """rnncore as a wheel, built from a copy, so that nothing of an older build gets in."""
    with tempfile.TemporaryDirectory() as copy:
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, copy)
        shutil.copytree(ROOT / "rnncore", Path(copy, "rnncore"), ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(ROOT / "experiments" / "results", Path(copy, "rnncore", "records"))  # chapters read them
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation",
                   "--wheel-dir", str(folder), copy]  # fmt: skip
        subprocess.run(command, check=True, env=os.environ | {"SOURCE_DATE_EPOCH": "315532800"})  # the same bytes for the same files
    return next(folder.glob("rnncore-*.whl"))


def add_bytecode(out: Path, lock: dict) -> None:
    """What is imported at once, compiled beforehand by the Python that will run it."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "bytecode.zip")
        packages = ",".join(name for name in PRELOADED if name != "bytecode")
        command = ["node", str(HERE / "bytecode.mjs"), str(out), str(made), packages, FIRST_USE]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        with zipfile.ZipFile(made) as archive:
            files = {name: archive.read(name) for name in archive.namelist() if not name.startswith("rnncore/")}
    add_files(out, lock, "bytecode", files, [])


def add_files(out: Path, lock: dict, name: str, files: dict[str, bytes], imports: list[str]) -> None:
    file_name, content = pure_wheel(name, "1", files)
    (out / file_name).write_bytes(content)
    lock["packages"][name] = entry(name, "1", file_name, content, imports, [])


def placeholders() -> dict[str, bytes]:
    return {path.relative_to(HERE / "placeholder").as_posix(): path.read_bytes() for path in sorted((HERE / "placeholder").rglob("*.py"))}


def key() -> str:
    """Of what the distribution is made, rnncore apart, as one number."""
    version = json.loads((NPM / "package.json").read_text())["version"]
    files = [WHEELS, CARRIER, TIMES, *sorted(HERE.glob("*.mjs")), *sorted(HERE.glob("*.py")), *kernel_wheels().values()]
    parts = [version.encode(), os.environ.get("PYODIDE", "").encode(), *(path.read_bytes() for path in files), *placeholders().values()]
    return sha256(b"\n".join(sha256(part).encode() for part in parts))


def make_new(out: Path) -> dict:
    """All but rnncore and the bytecode, into an empty folder. Returns the lock."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for name in RUNTIME:
        shutil.copy(NPM / name, out / name)
    lock = json.loads((NPM / "pyodide-lock.json").read_text())
    cache = cache_folder()
    wheels = pypi_wheels(cache / "wheels")
    repacked = Repacked({path.name: path for path in wheels.values()}, read_times(TIMES), NPM)
    sources = [Cache(cache / "files"), repacked, CarrierWheel(CARRIER, CARRIER_INSIDE, cache / "carrier")]
    if os.environ.get("PYODIDE"):
        sources.insert(1, Release(os.environ["PYODIDE"]))
    lock["packages"] = {name: lock["packages"][name] for name in closure(lock["packages"], FROM_PYODIDE)}
    for package in lock["packages"].values():
        (out / package["file_name"]).write_bytes(fetch(package["file_name"], package["sha256"], sources))
    print(f"Python for the page: {len(lock['packages'])} files of Pyodide's, each with the sum of its lock file")
    for name, (imports, depends) in FROM_PYPI.items():
        add(out, lock, name, wheels[name], imports, depends)
    for name, (imports, depends) in FROM_KERNEL.items():
        add(out, lock, name, kernel_wheels()[name], imports, depends)
    add_files(out, lock, "torch", placeholders(), ["torch"])
    return lock


def assemble(out: Path = OUT) -> None:
    """Fill `out`. Everything but rnncore changes rarely: it is made anew only if what it is made of has changed."""
    stamp, now = out / "stamp", key()
    fresh = stamp.is_file() and stamp.read_text() == now
    lock = json.loads((out / "pyodide-lock.json").read_text()) if fresh else make_new(out)
    for old in out.glob("rnncore-*.whl"):
        old.unlink()
    depends = ["numpy", "matplotlib", "ipywidgets", "anywidget", "tqdm", "torch"]  # the stand-in: a cell may import rnncore.gpu alone
    add(out, lock, "rnncore", own_wheel(out), ["rnncore"], depends)
    write_lock(out, lock)
    if not fresh:
        add_bytecode(out, lock)
        write_lock(out, lock)
        stamp.write_text(now)


def pin() -> None:
    """Write wheels.txt and times.txt anew: Pyodide's pure-Python packages that the carrier lacks, the widgets as in the book's lock.

    Needs a Python with the plain zlib, as Pyodide's is. Raises MissingFileError for a package that cannot be packed to Pyodide's bytes.
    """
    lock = json.loads((NPM / "pyodide-lock.json").read_text())["packages"]
    book = dict(line.split("==") for line in (ROOT / "requirements" / "lock.txt").read_text().split())
    book = {normal(name): version for name, version in book.items()}
    carrier = CarrierWheel(CARRIER, CARRIER_INSIDE, cache_folder() / "carrier")
    found = closure(lock, FROM_PYODIDE)
    lacking = [name for name in found if carrier.read(lock[name]["file_name"], lock[name]["sha256"]) is None]
    carried = [carrier.read(lock[name]["file_name"], lock[name]["sha256"]) for name in found if name not in lacking]
    versions = {name: lock[name]["version"] for name in lacking} | {name: book[name] for name in FROM_PYPI}
    lines, times = ["# Pure-Python wheels of PyPI for the page; written by `python -m book.live.assemble --pin`."], {}
    with tempfile.TemporaryDirectory() as folder:
        for name, version in sorted(versions.items()):
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--platform", "any",
                       "--python-version", "3.14", "--dest", folder, f"{name}=={version}"]  # fmt: skip
            subprocess.run(command, check=True)
            (path,) = [path for path in Path(folder).iterdir() if normal(path.name.split("-")[0]) == name]
            lines.append(f"{name}=={version} --hash=sha256:{sha256(path.read_bytes())}")
            if name in lacking:
                times[path.name] = find_times(path.name, path.read_bytes(), lock[name]["sha256"], carried)
    WHEELS.write_text("\n".join(lines) + "\n")
    write_times(TIMES, times)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pin", action="store_true", help="renew wheels.txt and times.txt")
    arguments = parser.parse_args()
    pin() if arguments.pin else assemble()
