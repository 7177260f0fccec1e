"""Pickers against their definitions, and generation against the loop written out."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore import gpu
from rnncore.decoding import generate, greedy, nucleus, softmax_at, temperature, top_k
from rnncore.errors import DtypeError, EmptySequenceError, NotFiniteError, SettingError, ShapeError, UnknownSymbolError
from rnncore.reference.elman import Elman
from rnncore.reference.model import Model
from rnncore.reference.readout import Readout

P = np.array([0.1, 0.4, 0.2, 0.3])
LOGITS = np.log(P)
PICKERS = [greedy(), temperature(0.7), top_k(2), nucleus(0.65)]


def test_softmax_at_a_temperature():
    np.testing.assert_allclose(softmax_at(LOGITS), P, rtol=1e-14)
    np.testing.assert_allclose(softmax_at(LOGITS, 2.0), P**0.5 / (P**0.5).sum(), rtol=1e-14)
    assert softmax_at(LOGITS, 0.01)[1] > 0.999999
    np.testing.assert_array_equal(softmax_at(np.array([1e4, 0.0, -1e4]), 1e-3), [1, 0, 0])  # no overflow


@pytest.mark.parametrize(
    ("pick", "want"),
    [
        (greedy(), [0, 1, 0, 0]),
        (temperature(), P),
        (top_k(2), [0, 4 / 7, 0, 3 / 7]),
        (top_k(4), P),
        (nucleus(0.39), [0, 1, 0, 0]),
        (nucleus(0.4), [0, 1, 0, 0]),
        (nucleus(0.41), [0, 4 / 7, 0, 3 / 7]),
        (nucleus(0.7), [0, 4 / 7, 0, 3 / 7]),
        (nucleus(0.9), [0, 4 / 9, 2 / 9, 3 / 9]),
        (nucleus(1.0), P),
        (nucleus(1e-9), [0, 1, 0, 0]),
        (top_k(2, tau=0.5), [0, 16 / 25, 0, 9 / 25]),
        (nucleus(0.7, tau=0.5), [0, 16 / 25, 0, 9 / 25]),  # squared: 0.53, 0.30, 0.13, 0.03; two reach 0.7
        (nucleus(0.5, tau=0.5), [0, 1, 0, 0]),
    ],
)
def test_what_each_picker_draws_from(pick, want):
    np.testing.assert_allclose(pick.distribution(LOGITS), want, rtol=1e-12)


def test_of_equal_logits_the_first_are_kept():
    flat = np.zeros(4)
    assert greedy()(flat, np.random.default_rng(0)) == 0
    np.testing.assert_allclose(top_k(2).distribution(flat), [0.5, 0.5, 0, 0])
    np.testing.assert_allclose(nucleus(0.75).distribution(flat), [1 / 3, 1 / 3, 1 / 3, 0])
    many = np.random.default_rng(0).integers(3, size=200).astype(float)
    np.testing.assert_array_equal(np.flatnonzero(top_k(90).distribution(many)), sorted(np.argsort(-many, kind="stable")[:90]))


@pytest.mark.parametrize("pick", PICKERS, ids=lambda p: p.name)
def test_draws_have_the_stated_frequencies(pick):
    rng, n = np.random.default_rng(0), 4000
    counts = np.bincount([pick(LOGITS, rng) for _ in range(n)], minlength=4)
    want = pick.distribution(LOGITS)
    assert (counts[want == 0] == 0).all()
    np.testing.assert_allclose(counts / n, want, atol=4 * 0.5 / n**0.5)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-20, 20), min_size=2, max_size=9), st.floats(0.01, 1), st.integers(0, 2**31))
def test_the_nucleus_is_the_smallest_set_that_reaches_p(logits, p, seed):
    full, kept = softmax_at(np.array(logits)), nucleus(p).distribution(np.array(logits))
    inside = kept > 0
    assert full[inside].sum() >= p * (1 - 1e-9)
    assert full[inside].sum() - full[inside].min() < p  # without its least likely member it falls short
    assert np.isclose(kept.sum(), 1) and full[inside].min() >= full[~inside].max(initial=0)
    assert inside[nucleus(p)(np.array(logits), np.random.default_rng(seed))]


class Fixed:
    """A generator that always draws the same number."""

    def __init__(self, number):
        self.random = lambda: number


@pytest.mark.parametrize("pick", PICKERS, ids=lambda p: p.name)
@pytest.mark.parametrize("number", [0.0, np.nextafter(1, 0)])
def test_the_ends_of_the_interval_never_draw_what_has_no_probability(pick, number):
    for seed in range(20):
        logits = np.r_[-800.0, np.random.default_rng(seed).normal(size=5), -800.0]
        assert pick.distribution(logits)[pick(logits, Fixed(number))] > 0


def test_tensors_and_a_batch_of_one_pass():
    for logits in (LOGITS[:, None], torch.tensor(LOGITS), torch.tensor(LOGITS[:, None], requires_grad=True)):
        assert greedy()(logits, np.random.default_rng(0)) == 1


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: temperature(0.0), SettingError),
        (lambda: temperature(float("nan")), SettingError),
        (lambda: top_k(0), SettingError),
        (lambda: top_k(2.0), SettingError),
        (lambda: top_k(2, tau=-1.0), SettingError),
        (lambda: nucleus(0.0), SettingError),
        (lambda: nucleus(1.01), SettingError),
        (lambda: nucleus(float("nan")), SettingError),
        (lambda: top_k(5).distribution(LOGITS), SettingError),
        (lambda: greedy().distribution(np.array([0.0, np.nan])), NotFiniteError),
        (lambda: temperature().distribution(np.array([0.0, np.inf])), NotFiniteError),
        (lambda: greedy().distribution(np.zeros((2, 2))), ShapeError),
        (lambda: greedy().distribution(np.zeros(0)), EmptySequenceError),
        (lambda: greedy().distribution(np.array([1, 2])), DtypeError),
        (lambda: softmax_at(LOGITS, 0.0), SettingError),
    ],
)
def test_what_is_refused(call, error):
    with pytest.raises(error):
        call()


MODEL = Model(Elman(4, 6), Readout(6, 4))
PARAMS = {k: 3 * p for k, p in MODEL.init(np.random.default_rng(0)).items()}


def by_hand(prompt, n, pick, rng):
    h, new = np.zeros((6, 1)), []
    for i in range(len(prompt) + n - 1):
        x = np.eye(4)[:, [(prompt + new)[i]]]
        h = np.tanh(PARAMS["U"] @ x + PARAMS["W"] @ h + PARAMS["b"])
        if i >= len(prompt) - 1:
            new.append(pick(PARAMS["V"] @ h + PARAMS["c"], rng))
    return new


@pytest.mark.parametrize("pick", PICKERS, ids=lambda p: p.name)
def test_generation_is_the_loop_written_out(pick):
    got = generate(MODEL, PARAMS, [1, 3, 0], 25, pick, np.random.default_rng(4))
    assert got == by_hand([1, 3, 0], 25, pick, np.random.default_rng(4)) and len(got) == 25


def test_generation_goes_on_from_a_state():
    _, state, _ = MODEL.forward(PARAMS, np.eye(4)[[1]][:, :, None])

    def spell(prompt, state=None):
        return [generate(MODEL, PARAMS, prompt, 9, temperature(), np.random.default_rng(seed), state) for seed in range(20)]

    assert spell([3], state) == spell([1, 3]) != spell([3])


def test_torch_generates_the_same():
    twin = gpu.Model(gpu.Elman(4, 6), gpu.Readout(6, 4))
    params = {k: torch.tensor(p) for k, p in PARAMS.items()}
    ours, theirs = (generate(m, p, [2], 40, temperature(), np.random.default_rng(1)) for m, p in ((MODEL, PARAMS), (twin, params)))
    assert ours == theirs
    single = {k: p.float() for k, p in params.items()}
    assert len(generate(twin, single, [2], 3, greedy(), np.random.default_rng(1))) == 3


@pytest.mark.parametrize(
    ("prompt", "n", "error"), [([], 3, EmptySequenceError), ([4], 3, UnknownSymbolError), ([0.5], 3, DtypeError), ([1], 0, SettingError)]
)
def test_generation_refuses(prompt, n, error):
    with pytest.raises(error):
        generate(MODEL, PARAMS, prompt, n, greedy(), np.random.default_rng(0))
