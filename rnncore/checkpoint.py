"""Checkpoints: a tree of dicts, lists, numbers and arrays in one `.npz` file, written whole or not at all.

The file holds arrays and JSON only, never pickled objects, so that reading a foreign file can run no code. A SHA-256 of
everything inside is stored with it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .errors import CheckpointError

FORMAT = "rnncore checkpoint 1"
STRUCTURE, CHECKSUM = "__structure__", "__sha256__"


def save(path: str | Path, tree: Mapping[str, Any]) -> None:
    """Write a tree to a file. Whatever goes wrong, the file that was there before stays whole.

    Args:
        path: where to write; the folder must exist.
        tree: dicts with text keys, lists, tuples, NumPy arrays, Torch tensors, numbers, text, None. Tuples come back as lists.

    Raises:
        CheckpointError: the tree holds something else, or the file cannot be written (no folder, no room).
    """
    path = Path(path)
    arrays: dict[str, np.ndarray] = {}
    structure = json.dumps({"format": FORMAT, "tree": _pack(tree, "tree", arrays)})
    arrays[STRUCTURE] = np.frombuffer(structure.encode(), np.uint8)
    temporary = path.with_name(f".{path.name}.tmp")  # one name, so that what a killed write leaves is written over
    try:
        with open(temporary, "wb") as file:
            np.savez(file, **arrays, **{CHECKSUM: np.frombuffer(_digest(arrays), np.uint8)})
            file.flush()
            os.fsync(file.fileno())  # the bytes reach the disk before the name does
        os.replace(temporary, path)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written: {error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def load(path: str | Path) -> dict[str, Any]:
    """Read a tree back; arrays and tensors come as NumPy arrays.

    Raises:
        CheckpointError: there is no such file, it is truncated or damaged, or it is not a checkpoint.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path}: expected a checkpoint, got no file")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except Exception as error:  # a damaged zip raises almost anything
        raise CheckpointError(f"{path}: expected an .npz file, got one that is damaged or of another kind ({error})") from error
    if STRUCTURE not in arrays or CHECKSUM not in arrays:
        raise CheckpointError(f"{path}: expected a checkpoint of rnncore, got an .npz file with the entries {sorted(arrays)[:5]}")
    stored = arrays.pop(CHECKSUM).tobytes()
    if stored != _digest(arrays):
        raise CheckpointError(f"{path}: the checksum does not match the content; the file was changed or damaged after it was written")
    structure = json.loads(arrays[STRUCTURE].tobytes())
    if structure.get("format") != FORMAT:
        raise CheckpointError(f"{path}: expected the format {FORMAT!r}, got {structure.get('format')!r}")
    return _unpack(structure["tree"], arrays)


def restore(name: str, template: Any, saved: Any) -> Any:
    """Saved values in the types of a template: its named tuples, its library, its device.

    Args:
        name: what it is, for the message.
        template: a tree of the same structure, for instance freshly drawn parameters.
        saved: the tree that `load` gave.

    Raises:
        CheckpointError: keys, lengths, shapes or dtypes differ. Nothing is converted in silence.
    """
    if isinstance(template, Mapping):
        if not isinstance(saved, Mapping) or template.keys() != saved.keys():
            got = sorted(saved) if isinstance(saved, Mapping) else type(saved).__name__
            raise CheckpointError(f"{name}: expected the keys {sorted(template)}, got {got} in the checkpoint")
        return {k: restore(f"{name}[{k!r}]", t, saved[k]) for k, t in template.items()}
    if isinstance(template, (tuple, list)):
        if not isinstance(saved, list) or len(template) != len(saved):
            raise CheckpointError(f"{name}: expected {len(template)} parts, got {saved if saved is None else len(saved)} in the checkpoint")
        parts = [restore(f"{name}[{i}]", t, s) for i, (t, s) in enumerate(zip(template, saved))]
        return type(template)(*parts) if hasattr(template, "_fields") else type(template)(parts)
    if hasattr(template, "shape"):
        want = f"shape {tuple(template.shape)} and dtype {str(template.dtype).removeprefix('torch.')}"
        got = f"shape {saved.shape} and dtype {saved.dtype}" if isinstance(saved, np.ndarray) else type(saved).__name__
        if want != got:
            raise CheckpointError(f"{name}: expected {want}, got {got} in the checkpoint")
        if isinstance(template, np.ndarray):
            return saved
        return template.new_tensor(saved).requires_grad_(template.requires_grad)
    if type(template) is not type(saved):
        raise CheckpointError(f"{name}: expected {type(template).__name__}, got {type(saved).__name__} in the checkpoint")
    return saved


def _pack(value: Any, name: str, arrays: dict[str, np.ndarray]) -> Any:
    """The structure as JSON; each array goes into `arrays` and leaves its name behind."""
    if isinstance(value, Mapping):
        odd = [k for k in value if not isinstance(k, str) or "/" in k]
        if odd:
            raise CheckpointError(f"{name}: expected keys that are text without a slash, got {odd}")
        return {"dict": {k: _pack(v, f"{name}/{k}", arrays) for k, v in value.items()}}
    if isinstance(value, (tuple, list)):
        return {"list": [_pack(v, f"{name}/{i}", arrays) for i, v in enumerate(value)]}
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray) and value.dtype.kind != "O":
        arrays[name] = value
        return {"array": name}
    value = value.item() if isinstance(value, np.generic) else value
    if not isinstance(value, (int, float, str, type(None))):
        raise CheckpointError(f"{name}: expected arrays, tensors, numbers, text, lists or dicts, got {type(value).__name__}")
    return value


def _unpack(node: Any, arrays: dict[str, np.ndarray]) -> Any:
    if not isinstance(node, dict):
        return node
    ((kind, content),) = node.items()
    if kind == "array":
        return arrays[content]
    return {k: _unpack(v, arrays) for k, v in content.items()} if kind == "dict" else [_unpack(v, arrays) for v in content]


def _digest(arrays: Mapping[str, np.ndarray]) -> bytes:
    total = hashlib.sha256()
    for name in sorted(arrays):
        a = arrays[name]
        total.update(f"{name} {a.dtype.str} {a.shape}\n".encode())
        total.update(a.tobytes())
    return total.digest()
