"""Weights that experiments have kept: they come back as they were measured, each belongs to a record, and they stay small."""

import numpy as np
import pytest

from experiments import record
from rnncore import results
from rnncore.errors import CheckpointError, SettingError

KEPT = sorted((record.RESULTS / "weights").glob("*.npz"))


def test_they_come_back_rounded_and_as_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    rng = np.random.default_rng(0)
    params = {"enc.U": rng.normal(size=(3, 4)), "b": np.zeros((3, 1))}
    kept = results.keep("small_net", params)
    found = results.weights("small_net")
    assert kept.keys() == found.keys() == params.keys()
    for k in params:
        assert found[k].dtype == np.float32 and np.array_equal(kept[k], found[k])
        assert np.allclose(found[k], params[k], rtol=2**-11, atol=0) and (k == "b" or not np.array_equal(found[k], params[k]))
    assert results.weights("small_net", np.float64)["b"].dtype == np.float64


def test_what_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    for name in ("../x", "A", "", None):
        with pytest.raises(SettingError, match="small letters"):
            results.keep(name, {"b": np.zeros(1)})
    for params in ({}, None, [np.zeros(1)]):
        with pytest.raises(SettingError, match="at least one array"):
            results.keep("net", params)
    for bad in (np.inf, np.nan, 1e5):
        with pytest.raises(SettingError, match=r"params\['b'\]: expected finite"):
            results.keep("net", {"b": np.array([bad])})
    with pytest.raises(SettingError, match="none are"):
        results.weights("net")
    results.keep("net", {"b": np.zeros(1)})
    (tmp_path / "weights" / "net.npz").write_bytes(b"damaged")
    with pytest.raises(CheckpointError):
        results.weights("net")


def test_each_belongs_to_a_record_and_all_are_small():
    said = "".join(p.read_text() for p in record.RESULTS.glob("*.json"))
    assert [p.stem for p in KEPT if f'"{p.stem}"' not in said] == [], "no record names these weights"
    assert sum(p.stat().st_size for p in KEPT) < 2_000_000


@pytest.mark.parametrize("name", [p.stem for p in KEPT])
def test_numbers_are_finite(name):
    assert all(np.isfinite(v).all() for v in results.weights(name).values())
