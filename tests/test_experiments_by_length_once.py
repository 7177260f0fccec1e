"""Each symbol once: a solution by hand shows what such a net can do, and the kept net does what the record says."""

import numpy as np
import pytest

from experiments import by_length_once
from rnncore import results
from rnncore.reference.feeding import FREE
from rnncore.tasks.alignment import backwards

RUN = results.load("by_length_once")["runs"]["attention"]


def test_weights_set_by_hand_write_any_length_backwards():
    """Items hold a symbol and its right neighbour; the query is the symbol written last: what finds a place says nothing of its number."""
    K, big = 5, 6.0
    net = by_length_once.model(True, K, 2 * (K + 2), K + 2)
    p = {k: np.zeros(shape) for k, shape in net.shapes.items()}
    p["embed_x.E"] = np.eye(K + 2)
    n = K + 2
    p["encoder.ahead.U"][:, :n] = big * np.eye(n)  # the symbol itself
    p["encoder.back.U"][:, n:] = big * np.eye(n)  # the symbol after it
    p["encoder.back.U"][1, n:] = -big  # row of END: nothing comes after the last one
    p["encoder.back.b"][1] = big
    p["encoder.back.U"][1, n + 1] = 0
    p["decoder.U"][:n] = big * np.eye(n)
    p["decoder.U"][1, 0] = big  # at the start: who has nothing after it?
    p["decoder.U"][0, 0] = 0
    p["attention.W_a"][:n, n:] = 40 * np.eye(n)
    p["readout.V"][:, 2 * n : 3 * n] = 40 * np.eye(n)
    for length in (2, 3, 5):
        part = backwards(np.random.default_rng(length), 20, (length, length), K, repeats=False)
        o, weights, _ = net.forward(p, part.ids, part.targets, part.x_mask, part.mask, FREE)
        wrote = o.argmax(axis=1)
        assert (wrote[:length] == part.targets[:length]).all() and part.attention_mass(weights) > 0.95


def test_the_mark_and_what_it_is_beside():
    fixed = results.load("by_length_once")["runs"]["fixed vector"]
    assert RUN["reached"] and fixed["reached"]
    assert by_length_once.at(RUN["result"], 20) == [start[8] for start in RUN["result"]["right"]]
    assert {k: v for k, v in RUN["settings"].items() if k not in ("attention", "keep")} == {
        k: v for k, v in fixed["settings"].items() if k not in ("attention", "keep")}  # fmt: skip


def test_the_kept_net_does_what_the_record_says():
    found, settings = RUN["result"], RUN["settings"]
    net = by_length_once.model(True, settings["symbols"], settings["H"], settings["E"])
    said = by_length_once.judged(net, results.weights(found["weights"]), 20, settings["number"], settings["symbols"])
    place = found["length"].index(20)
    near = {"abs": 0.01}  # half precision, and another machine's rounding
    assert said == tuple(pytest.approx(found[k][0][place], **near) for k in ("right", "symbols right", "mass"))
