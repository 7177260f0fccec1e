"""Put JupyterLite, the assembled Python and live copies of the notebooks beside the built pages, in the folder `lite/`."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import yaml

from . import assemble

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SITE = ROOT / "_build" / "html"
WORK = ROOT / "build" / "live"
KERNEL = {"name": "python", "display_name": "Python (in the browser)", "language": "python"}
EXTENSIONS = ["@jupyterlite/pyodide-kernel-extension", "@jupyter-widgets/jupyterlab-manager", "anywidget", "jupyterlab-myst"]
# The service worker would stay in the reader's browser after the visit. It serves input() and a file system shared with the kernel;
# the notebooks use neither, and what is edited is stored without it.
LEFT_OUT = ["@jupyterlite/application-extension:service-worker-manager"]
FOR_NOTEBOOKS_ONLY = ["@jupyterlab/codemirror-extension:commands"]  # complains that the console has no notebook
CONSOLE_SETTINGS = {"@jupyterlab/apputils-extension:themes": {"adaptive-theme": False}}
SETTINGS = "@jupyterlite/pyodide-kernel-extension:kernel"
TITLE = "Live: Recurrent Neural Networks, Unrolled"
ICON = '<link rel="icon" href="../../_static/favicon.svg">'
GREETING = """\
:::{note}
This copy runs in your browser. Run the cells from the top (Shift + Enter); the first one waits some seconds for Python to start.
What you change stays in this browser, on this device; *File > Download* keeps a copy. Python here is many times slower
than outside of a browser, and the last digit of a number may differ.TORCH
:::"""
SLOW = "*In a browser the next cell takes minutes; those below wait for it.*"  # before a cell tagged `live-slow`
TORCH = " PyTorch does not run in a browser: the few cells that need it say so, and all others work."


def notebooks() -> list[str]:
    """The notebooks of the table of contents, as paths."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    names = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    return [f"{name}.ipynb" for name in names if (ROOT / f"{name}.ipynb").exists()]


def live_copy(path: Path) -> nbformat.NotebookNode:
    """The notebook with a word on where it runs, and the kernel of the page."""
    nb = nbformat.read(path, as_version=4)
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    torch = any("import torch" in cell.source for cell in code)
    for cell in code if torch else []:  # "Run All" goes on after a cell that has refused
        cell.metadata["tags"] = [*cell.metadata.get("tags", []), "raises-exception"]
    for cell in [cell for cell in code if "live-slow" in cell.metadata.get("tags", [])]:
        nb.cells.insert(nb.cells.index(cell), nbformat.v4.new_markdown_cell(SLOW, id=f"live-slow-{cell.id}"))
    greeting = nbformat.v4.new_markdown_cell(GREETING.replace("TORCH", TORCH if torch else ""), id="live-greeting")
    nb.cells.insert(1, greeting)  # after the title
    nb.metadata["kernelspec"] = KERNEL
    return nb


def write_contents(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for name in notebooks():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        # Texts as one string each: JupyterLite takes nbformat's usual lists of lines for the texts of outputs as they are, commas and all.
        target.write_text(json.dumps(live_copy(ROOT / name)), encoding="utf-8")


def labextension(name: str) -> str:
    path = Path(sys.prefix, "share", "jupyter", "labextensions", name)
    if not path.is_dir():
        raise FileNotFoundError(f"the front-end extension {name} is not installed: run `make env`")
    return str(path)


def configure(folder: Path) -> None:
    """JupyterLite's settings. Extensions are listed one by one: by itself it takes up all of the environment, nbgrader's too."""
    settings = json.loads((HERE / "jupyter-lite.json").read_text())
    kernel = settings["jupyter-config-data"]["litePluginSettings"][SETTINGS]
    kernel["loadPyodideOptions"] = {"packages": assemble.PRELOADED}
    settings["jupyter-config-data"]["disabledExtensions"] = LEFT_OUT
    (folder / "jupyter-lite.json").write_text(json.dumps(settings))
    shutil.copy(HERE / "overrides.json", folder / "overrides.json")
    (folder / "repl").mkdir(exist_ok=True)
    # The console stands in a page and takes that page's theme, not the system's: live.js sets it through the exposed application.
    console = {"disabledExtensions": LEFT_OUT + FOR_NOTEBOOKS_ONLY, "exposeAppInBrowser": True, "settingsOverrides": CONSOLE_SETTINGS}
    (folder / "repl" / "jupyter-lite.json").write_text(json.dumps({"jupyter-lite-schema-version": 0, "jupyter-config-data": console}))
    build = {
        "apps": ["notebooks", "tree", "edit", "repl"],
        "contents": [str(WORK / "contents")],
        "federated_extensions": [labextension(name) for name in EXTENSIONS],
        "ignore_sys_prefix": ["federated_extensions"],
        "no_sourcemaps": True,
        "no_unused_shared_packages": True,
    }
    (folder / "jupyter_lite_config.json").write_text(json.dumps({"LiteBuildConfig": build}))


def spare_the_console(out: Path) -> None:
    """The console shows no Markdown: jupyterlab-myst, two megabytes of it, is moved from the settings of all apps to the notebook's."""
    paths = out / "jupyter-lite.json", out / "notebooks" / "jupyter-lite.json"
    common, notebook = (json.loads(path.read_text()) for path in paths)
    extensions = common["jupyter-config-data"]["federated_extensions"]
    moved = [extension for extension in extensions if extension["name"] == "jupyterlab-myst"]
    common["jupyter-config-data"]["federated_extensions"] = [extension for extension in extensions if extension not in moved]
    notebook["jupyter-config-data"]["federated_extensions"] = moved
    for path, settings in zip(paths, (common, notebook)):
        path.write_text(json.dumps(settings))


def finish_pages(out: Path) -> None:
    """JupyterLite's pages get the book's icon (a browser asks the host for one otherwise), a language and a title."""
    for page in out.glob("*/index.html"):
        text = page.read_text(encoding="utf-8")
        text = re.sub(r"<html>", '<html lang="en">', text, count=1)
        text = re.sub(r"<title>.*?</title>", f"<title>{TITLE}</title>\n    {ICON}", text, count=1, flags=re.DOTALL)
        if ICON not in text or '<html lang="en">' not in text:
            sys.exit(f"{page.relative_to(out)} is not built as expected: icon or language could not be set")
        page.write_text(text, encoding="utf-8")


def main() -> None:
    if not (SITE / "index.html").exists():
        sys.exit(f"{SITE.relative_to(ROOT)} is not there: `make book` builds the pages first")
    lite = WORK / "lite"
    assemble.assemble(lite / "static" / "pyodide")
    write_contents(WORK / "contents")
    configure(lite)
    (lite / ".jupyterlite.doit.db").unlink(missing_ok=True)  # or else its steps count as done although the site is new
    out = SITE / "lite"
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "jupyter", "lite", "build", "--lite-dir", str(lite), "--output-dir", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=lite)
    if done.returncode:
        sys.exit(f"jupyter lite build failed:\n{done.stdout}\n{done.stderr}")
    spare_the_console(out)
    finish_pages(out)
    settings = json.loads((out / "jupyter-lite.json").read_text())["jupyter-config-data"]["litePluginSettings"][SETTINGS]
    if settings.get("pyodideUrl") != "./static/pyodide/pyodide.mjs":
        sys.exit(f"the page would load Python from {settings.get('pyodideUrl')!r} and not from the book")


if __name__ == "__main__":
    main()
