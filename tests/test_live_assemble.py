"""The Python of the page: every file is what a lock names, whatever its source, and nothing is missing."""

import base64
import functools
import hashlib
import http.server
import io
import json
import shutil
import subprocess
import sys
import tarfile
import threading
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from book.live import assemble, repack, times
from book.live.sources import Cache, MissingFileError, Release, Repacked, cache_folder, fetch
from book.live.wheel import pure_wheel

ROOT = Path(__file__).resolve().parents[1]
CONTENT = b"what Pyodide has built"
SUM = hashlib.sha256(CONTENT).hexdigest()
KEPT = ROOT / "experiments" / "results"
RECORDS = {f"rnncore/records/{p.relative_to(KEPT).as_posix()}": p for pattern in ("*.json", "weights/*.npz") for p in KEPT.glob(pattern)}


def test_the_records_go_with_the_package(tmp_path):
    names = zipfile.ZipFile(assemble.own_wheel(tmp_path)).namelist()
    assert set(RECORDS) <= set(names)


@pytest.fixture(scope="module")
def lite(site) -> Path:
    folder = site / "lite"
    assert folder.is_dir(), "the book was built with LIVE=0"
    return folder


@pytest.fixture(scope="module")
def distribution(lite) -> Path:
    return lite / "static" / "pyodide"


@pytest.fixture(scope="module")
def official() -> dict:
    return json.loads((assemble.NPM / "pyodide-lock.json").read_text())


def lock(folder: Path) -> dict:
    return json.loads((folder / "pyodide-lock.json").read_text())


# ---- what was assembled ----


def test_every_file_is_what_the_lock_of_the_page_names(distribution):
    packages = lock(distribution)["packages"]
    sums = {p["file_name"]: p["sha256"] for p in packages.values()}
    assert {name for name in sums if hashlib.sha256((distribution / name).read_bytes()).hexdigest() != sums[name]} == set()
    there = {path.name for path in distribution.iterdir()}
    assert there == {*sums, *assemble.RUNTIME, "pyodide-lock.json", "stamp"}


def test_files_under_pyodides_names_are_pyodides(distribution, official):
    """Each has the sum that Pyodide's own lock file gives. The rest is pinned in wheels.txt, comes with the kernel, or is our own."""
    packages = lock(distribution)["packages"]
    theirs = {name for name in packages if name in official["packages"]}
    assert theirs == {*assemble.closure(official["packages"], assemble.FROM_PYODIDE)}
    assert {name for name in theirs if packages[name] != official["packages"][name]} == set()
    pinned, ours = assemble.pinned(), {"bytecode", "rnncore", "torch"}
    assert set(packages) - theirs - ours - set(assemble.FROM_KERNEL) == set(assemble.FROM_PYPI)
    assert {name for name in assemble.FROM_PYPI if packages[name]["sha256"] != pinned[name][1]} == set()


def test_versions_are_those_of_pyodide_or_of_the_books_own_lock(official):
    book = dict(line.split("==") for line in (ROOT / "requirements" / "lock.txt").read_text().split())
    book = {assemble.normal(name): number for name, number in book.items()}
    wanted = {name: official["packages"][name]["version"] if name in official["packages"] else book[name] for name in assemble.pinned()}
    assert {name: number for name, (number, _) in assemble.pinned().items()} == wanted


def test_the_lock_is_closed(distribution):
    packages = lock(distribution)["packages"]
    missing = {(name, other) for name, p in packages.items() for other in p["depends"] if assemble.normal(other) not in packages}
    assert missing == set()
    assert set(assemble.PRELOADED) <= set(packages)


def test_runtime_and_kernel_are_made_for_each_other(official):
    """The kernel names the Pyodide that it was made for; npm's lock must hold that one."""
    package = json.loads((assemble.NPM / "package.json").read_text())
    folder = Path(sys.prefix, "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension")
    text = "".join(path.read_text(encoding="utf-8") for path in (folder / "static").glob("*.js"))
    assert f"v{package['version']}/full/" in text, f"jupyterlite-pyodide-kernel {version('jupyterlite-pyodide-kernel')}"


def test_rnncore_in_the_page_is_todays(distribution):
    from zipfile import ZipFile

    with ZipFile(next(distribution.glob("rnncore-*.whl"))) as wheel:
        inside = {name: wheel.read(name) for name in wheel.namelist() if name.startswith("rnncore/")}
    files = {f"rnncore/{path.relative_to(ROOT / 'rnncore').as_posix()}": path.read_bytes()
             for path in (ROOT / "rnncore").rglob("*") if path.is_file() and "__pycache__" not in path.parts}  # fmt: skip
    files |= {name: path.read_bytes() for name, path in RECORDS.items()}
    ours = {name for name in files if not name.endswith((".md", "make.py"))}
    assert {name for name in ours if inside.get(name) != files[name]} == set()
    assert set(inside) <= set(files)


def test_live_copies_are_the_notebooks(lite):
    names = [path.relative_to(lite / "files").as_posix() for path in (lite / "files").rglob("*.ipynb")]
    from book.live.build import notebooks

    assert sorted(names) == sorted(notebooks()) and len(names) >= 12
    for name in names:
        copy, source = (json.loads(path.read_text(encoding="utf-8")) for path in (lite / "files" / name, ROOT / name))
        kept = [cell for cell in copy["cells"] if not cell["id"].startswith(("live-greeting", "live-slow"))]
        assert [cell["source"] for cell in kept] == ["".join(cell["source"]) for cell in source["cells"]]
        streams = [out["text"] for cell in kept for out in cell.get("outputs", []) if out["output_type"] == "stream"]
        assert all(isinstance(text, str) for text in streams), "a list of lines is shown with a comma before each"
        assert copy["metadata"]["kernelspec"]["name"] == "python"


def test_the_page_asks_nobody_else_for_python(lite):
    settings = json.loads((lite / "jupyter-lite.json").read_text())["jupyter-config-data"]["litePluginSettings"]
    kernel = settings["@jupyterlite/pyodide-kernel-extension:kernel"]
    assert kernel["pyodideUrl"] == "./static/pyodide/pyodide.mjs" and kernel["disablePyPIFallback"] is True


# ---- sources ----


class Fixed:
    def __init__(self, name, content):
        self.name, self.content = name, content

    def read(self, file_name, sha256):
        return self.content


def test_the_first_source_that_has_the_right_file_wins_and_fills_the_cache(tmp_path):
    cache = Cache(tmp_path)
    assert fetch("a.whl", SUM, [cache, Fixed("empty", None), Fixed("forged", b"other"), Fixed("right", CONTENT)]) == CONTENT
    assert fetch("a.whl", SUM, [cache]) == CONTENT


def test_a_file_with_another_sum_is_refused_wherever_it_lies(tmp_path):
    cache = Cache(tmp_path)
    cache.write("a.whl", SUM, b"changed on disk")
    with pytest.raises(MissingFileError, match=r"(?s)a.whl with sha256.*local cache: another file.*forged: another file.*empty: not there"):
        fetch("a.whl", SUM, [cache, Fixed("forged", b"other"), Fixed("empty", None)])


@pytest.fixture
def archive(tmp_path) -> Path:
    """As Pyodide packs its releases: a folder `pyodide` in a tar.bz2."""
    (tmp_path / "pyodide").mkdir()
    (tmp_path / "pyodide" / "a.whl").write_bytes(CONTENT)
    with tarfile.open(tmp_path / "pyodide-314.0.4.tar.bz2", "w:bz2") as tar:
        tar.add(tmp_path / "pyodide", "pyodide")
    return tmp_path / "pyodide-314.0.4.tar.bz2"


@pytest.fixture
def served(tmp_path, archive):
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    handler.log_message = lambda *a: None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_release_may_be_an_archive_an_address_of_one_or_a_folder_behind_an_address(archive, served):
    for place in (str(archive), f"{served}/{archive.name}", f"{served}/pyodide/"):
        release = Release(place)
        assert fetch("a.whl", SUM, [release]) == CONTENT
        assert release.read("b.whl", SUM) is None


def test_a_release_that_is_not_there_says_where_it_was_looked_for(served, tmp_path):
    for place in (f"{served}/none.tar.bz2", str(tmp_path / "none.tar.bz2"), "http://127.0.0.1:9/pyodide"):
        with pytest.raises(MissingFileError, match="Pyodide's release: "):
            fetch("a.whl", SUM, [Release(place)])


# ---- PyPI's wheels, packed as Pyodide packs them ----


def a_wheel(path: Path, names: list[str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, f"{name}\n" * 50)
    return path


def test_repacked_wheels_are_in_pyodides_order_and_without_tests(tmp_path):
    names = ["b/z.py", "b/a/c.py", "b/a.py", "top.py", "b/tests/t.py", "b/test_x.py", "b/x_test.py", "b/conftest.py", "b/testing.py",
             "b-1.dist-info/WHEEL", "b-1.dist-info/RECORD", "b-1.dist-info/METADATA", "b-1.dist-info/licenses/L,1"]  # fmt: skip
    contents = repack.items(a_wheel(tmp_path / "b-1-py3-none-any.whl", names).read_bytes())
    assert [name for name, _ in contents] == [
        "top.py", "b/a.py", "b/testing.py", "b/z.py", "b/a/c.py", "b-1.dist-info/licenses/L,1",
        "b-1.dist-info/METADATA", "b-1.dist-info/WHEEL", "b-1.dist-info/RECORD"]  # fmt: skip
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"top.py\n" * 50).digest()).decode().rstrip("=")
    record = contents[-1][1].decode()
    assert (
        record.startswith(f"top.py,sha256={digest},350\n")
        and record.endswith("\nb-1.dist-info/RECORD,,\n")
        and '"b-1.dist-info/licenses/L,1"' in record
    )


@pytest.mark.parametrize("truth", [[(0, (2026, 6, 29, 11, 25, 10))], [(0, (2026, 6, 29, 11, 24, 58)), (3, (2026, 6, 29, 11, 25, 0))]])
def test_the_times_inside_a_file_are_found_from_its_sum(tmp_path, truth):
    wheel = a_wheel(tmp_path / "b-1-py3-none-any.whl", ["b/a.py", "b/c.py", "b/d.py", "b/e.py", "b-1.dist-info/RECORD"]).read_bytes()
    packed = repack.pack(repack.items(wheel), truth)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert [entry.date_time for entry in archive.infolist()] == [
            *[truth[0][1]] * (truth[-1][0] or 5),
            *[truth[-1][1]] * (5 - truth[-1][0]),
        ][:5]
    near = repack.pack(repack.items(wheel), [(0, (2026, 6, 29, 11, 25, 0))])
    assert times.find_times("b", wheel, hashlib.sha256(packed).hexdigest(), [near]) == truth
    times.write_times(tmp_path / "times.txt", {"b": truth})
    assert times.read_times(tmp_path / "times.txt") == {"b": truth}
    with pytest.raises(MissingFileError, match="b of PyPI, packed anew, is not Pyodide's file with any time between"):
        times.find_times("b", wheel, SUM, [near])


def test_pypis_wheels_become_pyodides_files_and_a_changed_one_does_not(official, tmp_path):
    """What Pyodide's lock names is made from what PyPI has; one letter more in the wheel, and the file is refused."""
    wheels = {path.name: path for path in assemble.pypi_wheels(cache_folder() / "wheels").values()}
    known = times.read_times(assemble.TIMES)
    sums = {package["file_name"]: package["sha256"] for package in official["packages"].values()}
    source = Repacked(wheels, known, assemble.NPM)
    assert len(known) >= 10 and {name for name in known if fetch(name, sums[name], [source]) is None} == set()
    name = min(known, key=lambda name: wheels[name].stat().st_size)
    changed = shutil.copy(wheels[name], tmp_path / name)
    with zipfile.ZipFile(changed, "a") as archive:
        archive.writestr("more.py", "x")
    with pytest.raises(MissingFileError, match="PyPI's wheels packed anew: another file of that name"):
        fetch(name, sums[name], [Repacked({name: changed}, known, assemble.NPM)])


# ---- wheels, and the stand-in for torch ----


def test_a_made_wheel_is_one_that_pip_installs(tmp_path):
    name, content = pure_wheel("a_thing", "1", {"a_thing/__init__.py": b"x = 3\n"})
    assert (name, content) == pure_wheel("a_thing", "1", {"a_thing/__init__.py": b"x = 3\n"})
    (tmp_path / name).write_bytes(content)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--target", str(tmp_path / "site"), str(tmp_path / name)]
    subprocess.run(pip, check=True)
    run = subprocess.run([sys.executable, "-c", "import a_thing; print(a_thing.x)"], cwd=tmp_path / "site", capture_output=True, text=True)
    assert run.stdout.strip() == "3"


POLITE = """
import torch, torch.nn as nn
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader
from rnncore import convert, gpu

class Net(nn.Module):
    def forward(self, x: Tensor | None, dtype=torch.float64) -> torch.Tensor: ...

assert torch.__name__ == "torch" and not hasattr(torch, "__wrapped__")
assert not isinstance(3.0, torch.Tensor)
said = []
for call in (lambda: torch.tensor([1.0]), lambda: Net(), lambda: F.softmax(3), lambda: torch.manual_seed(0), lambda: torch.no_grad().__enter__(),
             lambda: DataLoader([1]), lambda: gpu.relu(3), lambda: convert.to_torch_linear(*made())):
    try:
        call()
    except torch.NeedsPyTorchError as error:
        said.append(str(error))
assert len(said) == 8, said
assert said[0].startswith("torch.tensor: PyTorch does not run in the browser.") and "JupyterLab" in said[0]
assert torch.NeedsPyTorchError("a")._render_traceback_() == ["a"]
"""
MADE = """
def made():
    import numpy as np
    from rnncore.reference import Readout
    readout = Readout(2, 3)
    return readout, readout.init(np.random.default_rng(0))
"""


def test_torch_can_be_imported_in_the_page_and_refuses_politely():
    code = f"import sys; sys.path.insert(0, {str(ROOT / 'book/live/placeholder')!r})\n{MADE}{POLITE}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
