"""A record as a table: what is in it, how numbers look, what is refused."""

import json

import pytest

from rnncore import results
from rnncore.errors import SettingError

RECORD = {"runs": {
    "LSTM <1>": {"published": {"mean": 5040}, "result": {"lstm": {"solved": 18, "mean": 38600.4}, "share": 0.123456}, "reached": False},
    "RTRL": {"published": {}, "result": {"lstm": {"solved": 0, "mean": None}}, "reached": None},
}}  # fmt: skip
COLUMNS = {"paper": "published.mean", "ours": "result.lstm.mean", "share": "result.share", "mark": "reached", "of 18": lambda run: run["result"]["lstm"]["solved"]}


@pytest.fixture(autouse=True)
def record(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    (tmp_path / "lags.json").write_text(json.dumps(RECORD))


def test_rows_and_columns():
    found = results.table("lags", COLUMNS)
    assert found.head == ("run", "paper", "ours", "share", "mark", "of 18")
    assert found.rows == (("LSTM <1>", "5,040", "38,600", "0.123", "no", "18"), ("RTRL", "–", "–", "–", "–", "0"))
    turned = results.table("lags", {"paper": "published.mean"}, rows=["RTRL", "LSTM <1>"], first="method")
    assert turned.head == ("method", "paper") and [row[0] for row in turned.rows] == ["RTRL", "LSTM <1>"]
    called = results.table("lags", {"paper": "published.mean"}, rows={"RTRL": "the other", "LSTM <1>": "ours"})
    assert called.rows == (("the other", "–"), ("ours", "5,040"))


def test_how_values_look():
    values = {"–": None, "yes": True, "0": 0, "1,000": 1000, "12,346": 12345.6, "0.00123": 0.00123456, "1, 4": [1, 4], "a": "a"}
    assert [results.shown(v) for v in values.values()] == list(values)


def test_both_looks():
    found = results.table("lags", {"paper": "published.mean"})
    assert str(found).splitlines() == ["run       paper", "LSTM <1>  5,040", "RTRL      –"]
    page = found._repr_html_()
    assert page.count("<tr>") == 3 and "<th>paper</th>" in page and "LSTM\u00a0&lt;1&gt;" in page and "<td>5,040</td>" in page


@pytest.mark.parametrize("call", [
    lambda: results.table("other", COLUMNS), lambda: results.table("lags", COLUMNS, rows=["BPTT"]),
    lambda: results.table("lags", ["published.mean"]), lambda: results.table("lags", {"paper": 3}),
])
def test_what_is_refused(call):
    with pytest.raises(SettingError):
        call()
