"""The notebook tool: `execute` stores outputs, `normalise` fixes a file's form, `check` says whether both are in order.

    python -m book.notebooks execute [slug ...]     (make notebooks N=slug)
    python -m book.notebooks normalise [slug ...]
    python -m book.notebooks check [slug ...]

A normalised notebook depends on its cells and their results alone: no times, no random ids, no traces of an editor. So a
difference in git is a difference in the book, and the exercises generated from a solution are the same everywhere.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import os
import re
import sys
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python", "pygments_lexer": "ipython3"}
NOTEBOOK_KEYS = {"kernelspec", "language_info", "widgets", "mystnb"}
CELL_KEYS = {"tags", "mystnb", "nbgrader", "editable", "deletable", "slideshow"}
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]{6,}")
SECONDS_A_CELL = 300
QUIET = ["--IPKernelApp.log_level=40"]  # no remark on how the kernel talks to this process


def notebooks(slugs: list[str] | None = None) -> list[Path]:
    """The notebooks with stored outputs, in the order of the book; only those of the given slugs if there are any."""
    found = sorted((ROOT / "chapters").rglob("*.ipynb")) + sorted((ROOT / "solutions").rglob("*.ipynb"))
    found = [path for path in found if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)]
    if not slugs:
        return found
    names = {path: {path.stem, path.relative_to(ROOT).as_posix(), path.relative_to(ROOT).with_suffix("").as_posix()} for path in found}
    unknown = [slug for slug in slugs if not any(slug.removesuffix(".ipynb") in names[p] or slug in names[p] for p in found)]
    if unknown:
        sys.exit(f"No notebook called {', '.join(unknown)}; there are {', '.join(path.stem for path in found)}.")
    return [path for path in found if any(slug in names[path] or slug.removesuffix(".ipynb") in names[path] for slug in slugs)]


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def text_of(nb: NotebookNode) -> str:
    """The file's text: sorted keys, one blank of indent, one line a source line."""
    plain = nbformat.v4.rwbase.split_lines(copy.deepcopy(nb))
    return json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def write(nb: NotebookNode, path: Path) -> None:
    nbformat.validate(nb)
    path.write_text(text_of(nb), encoding="utf-8")


def normalise(nb: NotebookNode, name: str, *, outputs: bool = True) -> NotebookNode:
    """A copy of the notebook in its fixed form; `name` seeds the widget ids, `outputs=False` also empties it."""
    nb = copy.deepcopy(nb)
    nb.nbformat, nb.nbformat_minor = 4, 5
    nb.metadata = NotebookNode({key: value for key, value in nb.metadata.items() if key in NOTEBOOK_KEYS})
    nb.metadata.kernelspec, nb.metadata.language_info = NotebookNode(KERNEL), NotebookNode(LANGUAGE)
    count = 0
    for number, cell in enumerate(nb.cells, 1):
        cell.metadata = NotebookNode({key: value for key, value in cell.metadata.items() if key in CELL_KEYS})
        cell.id = cell.metadata.get("nbgrader", {}).get("grade_id") or f"c{number:02d}"
        if cell.cell_type != "code":
            cell.pop("attachments", None)
            continue
        if outputs:  # an exercise's source is left alone: nbgrader's checksum has seen it
            cell.source = "\n".join(line.rstrip() for line in cell.source.split("\n")).strip("\n")
            if "live" in cell.metadata.get("tags", []):  # its sliders need a kernel; the first figure stands for itself
                cell.outputs = [output for output in cell.outputs if VIEW not in output.get("data", {})]
        ran = cell.get("execution_count") is not None and outputs
        count += ran
        cell.execution_count = count if ran else None
        cell.outputs = [_output(output, cell.execution_count) for output in _merged(cell.outputs)] if outputs else []
    if outputs:
        nb = _fix_widgets(nb, name)
    else:
        nb.metadata.pop("widgets", None)
    return nb


def _merged(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """A stream comes in pieces that depend on timing: join neighbours of the same name."""
    merged: list[NotebookNode] = []
    for output in outputs:
        last = merged[-1] if merged else None
        if last is not None and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            merged.append(output)
    return merged


def _output(output: NotebookNode, count: int | None) -> NotebookNode:
    if output.output_type == "execute_result":
        output.execution_count = count
    if "data" in output and "text/plain" in output.data:
        output.data["text/plain"] = ADDRESS.sub("", output.data["text/plain"])
    return output


def _fix_widgets(nb: NotebookNode, name: str) -> NotebookNode:
    """Keep the state of the widgets that are shown (and of what they refer to), under ids that do not change."""
    shown = [out.data[VIEW]["model_id"] for cell in nb.cells for out in cell.get("outputs", []) if VIEW in out.get("data", {})]
    state = nb.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    nb.metadata.pop("widgets", None)
    order: list[str] = []
    queue = list(dict.fromkeys(shown))
    while queue:
        model = queue.pop(0)
        if model in state and model not in order:
            order.append(model)
            queue += re.findall(r"IPY_MODEL_([0-9A-Za-z_-]+)", json.dumps(state[model]["state"], sort_keys=True))
    if not order:
        return nb
    kept = {model: state[model] for model in order}
    nb.metadata["widgets"] = {STATE: {"state": kept, "version_major": 2, "version_minor": 0}}
    text = json.dumps(nb)
    for number, model in enumerate(order):
        text = text.replace(model, hashlib.md5(f"{name} {number}".encode(), usedforsecurity=False).hexdigest())
    return nbformat.from_dict(json.loads(text))


def execute(path: Path) -> None:
    """Run a notebook in its own folder with a fresh kernel, and store what it gives; an error stops everything."""
    from nbclient import NotebookClient

    nb = read(path)
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.execution_count, cell.outputs = None, []
    nb.metadata.pop("widgets", None)
    client = NotebookClient(
        nb,
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        record_timing=False,
        extra_arguments=QUIET,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    write(normalise(nb, path.stem), path)


def problems(path: Path) -> list[str]:
    """What is wrong with the form of a stored notebook."""
    nb = read(path)
    found = []
    if text_of(normalise(nb, path.stem)) != path.read_text(encoding="utf-8"):
        found.append(f"is not normalised (make notebooks N={path.stem})")
    for number, cell in enumerate(nb.cells, 1):
        if cell.cell_type != "code":
            continue
        if cell.source.strip() and cell.execution_count is None:
            found.append(f"cell {number} has not been executed")
        for output in cell.outputs:
            if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", []):
                found.append(f"cell {number} holds an error: {output.ename}: {output.evalue}")
            if output.output_type == "stream" and output.name == "stderr":
                found.append(f"cell {number} wrote to stderr: {output.text[:80]!r}")
    return found


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("action", choices=["execute", "normalise", "check"])
    parser.add_argument("slug", nargs="*")
    arguments = parser.parse_args(argv)
    os.environ.setdefault("PYTHONHASHSEED", "0")
    bad = False
    for path in notebooks(arguments.slug):
        shown = path.relative_to(ROOT).as_posix()
        if arguments.action == "execute":
            print(shown, flush=True)
            execute(path)
        elif arguments.action == "normalise":
            write(normalise(read(path), path.stem), path)
        for problem in problems(path) if arguments.action == "check" else []:
            bad = True
            print(f"{shown}: {problem}")
    sys.exit(bad)


if __name__ == "__main__":
    main()
