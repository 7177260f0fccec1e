"""Checkpoint files: whole or not at all, and clear about what is wrong with them."""

import os
from typing import NamedTuple

import numpy as np
import pytest
import torch

from rnncore import checkpoint
from rnncore.errors import CheckpointError


class State(NamedTuple):
    h: object
    c: object


def tree():
    rng = np.random.default_rng(0)
    return {
        "params": {"U": rng.normal(size=(3, 2)), "b": rng.normal(size=(3, 1)).astype(np.float32)},
        "state": State(rng.normal(size=(3, 4)), None),
        "rng": np.random.default_rng(5).bit_generator.state,
        "big": 2**100,
        "loss": [0.1, float("nan"), float("inf")],
        "name": "été",
    }


def test_a_tree_comes_back_bit_for_bit(tmp_path):
    checkpoint.save(tmp_path / "a.npz", tree())
    back = checkpoint.load(tmp_path / "a.npz")
    assert list(back) == list(tree())
    for k, p in tree()["params"].items():
        assert back["params"][k].dtype == p.dtype
        np.testing.assert_array_equal(back["params"][k], p)
    assert isinstance(back["state"], list) and back["state"][1] is None
    assert back["rng"] == tree()["rng"] and back["big"] == 2**100 and back["name"] == "été"
    assert back["loss"][0] == 0.1 and np.isnan(back["loss"][1]) and np.isinf(back["loss"][2])
    assert os.listdir(tmp_path) == ["a.npz"]


@pytest.mark.parametrize("bits", [np.random.MT19937, np.random.Philox, np.random.SFC64, np.random.PCG64])
def test_every_generator_goes_on_where_it_was(tmp_path, bits):
    rng = np.random.Generator(bits(3))
    rng.normal(size=7)
    checkpoint.save(tmp_path / "a.npz", {"rng": rng.bit_generator.state})
    other = np.random.Generator(bits(4))
    other.bit_generator.state = checkpoint.load(tmp_path / "a.npz")["rng"]
    np.testing.assert_array_equal(other.normal(size=5), rng.normal(size=5))


def test_tensors_come_back_in_the_template_s_type():
    like = State(torch.zeros(2, 3, dtype=torch.float32, requires_grad=True), 0)
    back = checkpoint.restore("state", like, [np.full((2, 3), 7, dtype=np.float32), 4])
    assert isinstance(back, State) and isinstance(back.h, torch.Tensor) and back.h.requires_grad and back.c == 4
    assert back.h.dtype == torch.float32 and (back.h == 7).all()


@pytest.mark.parametrize(
    ("template", "saved", "message"),
    [
        ({"U": np.zeros(2)}, {"W": np.zeros(2)}, r"params: expected the keys \['U'\], got \['W'\]"),
        ({"U": np.zeros(2)}, {"U": np.zeros(3)}, r"params\['U'\]: expected shape \(2,\) .* got shape \(3,\)"),
        ({"U": torch.zeros(2)}, {"U": np.zeros(2)}, "expected .* dtype float32, got .* dtype float64"),
        ({"U": np.zeros(2)}, {"U": 3}, "got int"),
        ([1, 2], [1], "expected 2 parts, got 1"),
        (State(1, 2), None, "expected 2 parts, got None"),
        (3, 3.0, "expected int, got float"),
    ],
)
def test_what_does_not_fit_is_named(template, saved, message):
    with pytest.raises(CheckpointError, match=message):
        checkpoint.restore("params", template, saved)


def damage(path, how):
    content = path.read_bytes()
    if how == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif how == "flipped":  # inside the numbers of the first array, past the 128 bytes of .npy header and the zip's own
        at = content.index(b"NUMPY") + 130
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "text":
        path.write_text("not a checkpoint")
    elif how == "other npz":
        np.savez(path, a=np.ones(3))
    elif how == "rewritten":  # a correct zip with one number changed: only our own checksum can tell
        with np.load(path) as file:
            arrays = dict(file)
        arrays["tree/params/U"][0, 0] += 1
        np.savez(path, **arrays)
    elif how == "pickled":
        np.save(path.open("wb"), np.array([{}], dtype=object), allow_pickle=True)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("how", ["truncated", "flipped", "empty", "text", "other npz", "rewritten", "pickled"])
def test_a_damaged_or_foreign_file_is_refused_and_left_alone(tmp_path, how):
    path = tmp_path / "a.npz"
    checkpoint.save(path, tree())
    damage(path, how)
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match="a.npz: .*(damaged|expected a checkpoint of rnncore)"):
        checkpoint.load(path)
    assert path.read_bytes() == before


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="nowhere.npz: expected a checkpoint, got no file"):
        checkpoint.load(tmp_path / "nowhere.npz")


@pytest.mark.parametrize("where", ["writing", "renaming"])
@pytest.mark.parametrize("error", [OSError("no room"), KeyboardInterrupt()])
def test_a_failing_write_leaves_the_old_file(tmp_path, monkeypatch, error, where):
    path = tmp_path / "a.npz"
    checkpoint.save(path, tree())
    before = path.read_bytes()

    def half(file, **arrays):
        file.write(b"PK")
        raise error

    def refuse(*names):
        raise error

    monkeypatch.setattr(*((np, "savez", half) if where == "writing" else (os, "replace", refuse)))
    with pytest.raises(CheckpointError if isinstance(error, OSError) else KeyboardInterrupt):
        checkpoint.save(path, {"a": 1})
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["a.npz"]


@pytest.mark.parametrize("bad", [{"f": print}, {1: 2}, {"a/b": 1}, {"o": np.array([None])}, {"s": {1, 2}}])
def test_what_cannot_be_stored_is_refused(tmp_path, bad):
    with pytest.raises(CheckpointError, match="expected"):
        checkpoint.save(tmp_path / "a.npz", bad)
    assert not os.listdir(tmp_path)
