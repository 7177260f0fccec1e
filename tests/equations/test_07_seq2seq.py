"""The displayed equations of chapter 7.

The two nets are written out here from the displayed formulas, for NumPy (complex too) and for Torch, and compared with the library's
`EncoderDecoder`. Gradients are judged by Torch autograd and by complex step of the forward pass written here. What the chapter says
about search is compared with `rnncore.search` and with all sequences listed one by one; BLEU with sacrebleu.
"""

from __future__ import annotations

import itertools
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import sacrebleu
import torch

from rnncore import search
from rnncore.reference import Elman, EncoderDecoder, Pairs, Readout, unroll, unroll_backward
from rnncore.reference.elman import State
from tests import cases

S, D, H, K, START, END = 4, 3, 5, 6, 0, 1
NUMPY = SimpleNamespace(tanh=np.tanh, exp=np.exp, log=np.log)
TORCH = SimpleNamespace(tanh=torch.tanh, exp=torch.exp, log=torch.log)


def case(seed=0, T=4, B=1):
    """A pair of vanilla nets with everything random, a source (S, D, B) and a target whose last symbol is the end."""
    rng = np.random.default_rng(seed)
    net = EncoderDecoder(Elman(D, H), Elman(K, H), Readout(H, K), start=START)
    y = rng.integers(2, K, (T, B))
    y[-1] = END
    return net, cases.parameters(net, rng), rng.standard_normal((S, D, B)), y


def one_hot(k, B=1):
    return (np.arange(K)[:, None] == np.broadcast_to(k, B)).astype(float)


def displayed(q, x, y, lib=NUMPY, extra=None):
    """All states and distributions by the displayed equations; `extra[name]` is added to what it names."""
    extra, to = extra or {}, (torch.as_tensor if lib is TORCH else np.asarray)
    bar, hs, y_hat = [to(np.zeros((H, x.shape[2])))], [], []
    for s in range(len(x)):
        a = q["encoder.U"] @ to(x[s]) + q["encoder.W"] @ bar[-1] + q["encoder.b"] + extra.get(f"bar a{s + 1}", 0)
        bar.append(lib.tanh(a) + extra.get(f"bar h{s + 1}", 0))
    hs.append(bar[-1] + extra.get("h0", 0))
    for t in range(len(y)):
        fed = to(one_hot(START if t == 0 else y[t - 1], x.shape[2]))
        hs.append(lib.tanh(q["decoder.U"] @ fed + q["decoder.W"] @ hs[-1] + q["decoder.b"] + extra.get(f"a{t + 1}", 0)))
        e = lib.exp(q["readout.V"] @ hs[-1] + q["readout.c"])
        y_hat.append(e / e.sum(0))
    return bar, hs, y_hat


def loss_of(q, x, y, lib=NUMPY, extra=None):
    return -sum(lib.log(p[y[t, 0], 0]) for t, p in enumerate(displayed(q, x, y, lib, extra)[2]))


def derivative(q, x, y, name):
    """The total derivative of the loss with respect to what `name` names, (H, 1), by complex step of the equations above."""
    return np.array([[loss_of(q, x, y, extra={name: 1e-30j * np.eye(H)[:, [j]]}).imag / 1e-30] for j in range(H)])


def autograd(q, x, y):
    theta = {k: torch.tensor(v, requires_grad=True) for k, v in q.items()}
    return dict(zip(theta, torch.autograd.grad(loss_of(theta, x, y, TORCH), list(theta.values()))))


def backward(seed=0):
    """The reference's way back through the two nets: gradients of the decoder's first state, of both nets' pre-activations, of weights."""
    net, q, x, y = case(seed)
    enc, dec = ({k.split(".")[1]: v for k, v in q.items() if k.startswith(n)} for n in ("encoder", "decoder"))
    fed = np.stack([one_hot(START if t == 0 else y[t - 1]) for t in range(len(y))])
    bar, last, read = unroll(net.encoder, enc, x)
    h, _, wrote = unroll(net.decoder, dec, fed, last)
    _, _, y_hat = displayed(q, x, y)
    dh = np.stack([q["readout.V"].T @ (p - one_hot(y[t])) for t, p in enumerate(y_hat)])
    _, d0, _ = unroll_backward(net.decoder, dec, dh, None, wrote)
    _, _, grads = unroll_backward(net.encoder, enc, np.zeros_like(bar), d0, read)
    return SimpleNamespace(net=net, q=q, x=x, y=y, bar=[np.zeros((H, 1)), *bar], h=h, d0=d0.h, grads=grads)


# --- the two nets ---


@pytest.mark.equation("eq-encoder")
def test_the_encoder_is_a_net_without_outputs():
    net, q, x, y = case(1, B=2)
    bar, _, _ = displayed(q, x, y)
    _, _, memory = net.forward(q, x, y)
    np.testing.assert_allclose(np.stack(bar[1:]), memory.items, atol=1e-15)


@pytest.mark.equation("eq-bridge")
def test_the_encoders_last_state_is_the_decoders_first():
    net, q, x, _ = case(2, B=2)
    bar, hs, _ = displayed(q, x, np.zeros((1, 2), int))
    _, start = net.stepper(q, x)
    np.testing.assert_allclose(start.h, bar[-1], atol=1e-15)
    np.testing.assert_array_equal(hs[0], bar[-1])


@pytest.mark.equation("eq-decoder")
def test_the_decoder_reads_what_was_written_before():
    net, q, x, y = case(3, B=2)
    o, _, memory = net.forward(q, x, y)
    _, hs, y_hat = displayed(q, x, y)
    np.testing.assert_allclose(np.stack(hs[1:]), memory.r, atol=1e-14)
    e = np.exp(o)
    np.testing.assert_allclose(np.stack(y_hat), e / e.sum(axis=1, keepdims=True), atol=1e-14)
    assert (memory.fed[0] == START).all() and (memory.fed[1:] == y[:-1]).all()


@pytest.mark.equation("eq-seq2seq-product")
def test_the_product_is_a_distribution_over_sequences():
    net, q, x, y = case(4)
    product = np.prod([p[y[t, 0], 0] for t, p in enumerate(displayed(q, x, y)[2])])
    assert np.isclose(np.exp(-net.loss_value(q, Pairs(x, y), reduction="sum")), product, rtol=1e-12)
    finished = [ids for n in (1, 2, 3) for ids in itertools.product(range(K), repeat=n) if END not in ids[:-1] and (ids[-1] == END or n == 3)]
    total = sum(np.prod([p[ids[t], 0] for t, p in enumerate(displayed(q, x, np.array([ids]).T)[2])]) for ids in finished)
    assert np.isclose(total, 1, rtol=1e-12)


@pytest.mark.equation("eq-pairs-loss")
def test_the_loss_is_a_mean_over_what_is_real():
    net, q, x, y = case(5, B=3)
    lengths = np.array([4, 2, 1])
    mask = np.arange(4)[:, None] < lengths
    source = np.arange(S)[:, None] < np.array([4, 1, 3])
    total = 0.0
    for b, n in enumerate(source.sum(axis=0)):  # each alone, without padding
        y_hat = displayed(q, x[:n, :, [b]], y[: lengths[b], [b]])[2]
        total -= sum(np.log(p[y[t, b], 0]) for t, p in enumerate(y_hat))
    assert np.isclose(net.loss_value(q, Pairs(x, y, source, mask)), total / mask.sum(), rtol=1e-12)
    assert not np.isclose(net.loss_value(q, Pairs(x, y, None, mask)), total / mask.sum(), rtol=1e-6)


# --- the way back ---


@pytest.mark.equation("grad-bridge")
def test_the_gradient_that_crosses_the_bridge():
    s = backward()
    delta_1 = derivative(s.q, s.x, s.y, "a1")
    formula = s.q["decoder.W"].T @ delta_1
    np.testing.assert_allclose(s.d0, formula, atol=1e-14)
    np.testing.assert_allclose(formula, derivative(s.q, s.x, s.y, "h0"), atol=1e-14)
    np.testing.assert_allclose(formula, derivative(s.q, s.x, s.y, f"bar h{S}"), atol=1e-14)
    nudge = torch.zeros(H, 1, dtype=torch.float64, requires_grad=True)
    q = {k: torch.tensor(v) for k, v in s.q.items()}
    (judged,) = torch.autograd.grad(loss_of(q, s.x, s.y, TORCH, {"h0": nudge}), nudge)
    np.testing.assert_allclose(formula, judged.numpy(), atol=1e-14)


def encoder_deltas(s):
    """The displayed recursion, from the gradient that has crossed the bridge."""
    delta = {S: s.d0 * (1 - s.bar[S] ** 2)}
    for k in range(S - 1, 0, -1):
        delta[k] = (s.q["encoder.W"].T @ delta[k + 1]) * (1 - s.bar[k] ** 2)
    return delta


@pytest.mark.equation("grad-encoder-states")
def test_in_the_encoder_there_is_only_what_is_carried():
    s = backward(1)
    delta = encoder_deltas(s)
    nudges = {f"bar a{k}": torch.zeros(H, 1, dtype=torch.float64, requires_grad=True) for k in delta}
    q = {k: torch.tensor(v) for k, v in s.q.items()}
    judged = torch.autograd.grad(loss_of(q, s.x, s.y, TORCH, nudges), list(nudges.values()))
    for (k, mine), theirs in zip(delta.items(), judged):
        np.testing.assert_allclose(mine, derivative(s.q, s.x, s.y, f"bar a{k}"), atol=1e-14)
        np.testing.assert_allclose(mine, theirs.numpy(), atol=1e-14)


@pytest.mark.equation("grad-encoder-weights")
def test_the_gradients_of_the_encoders_weights():
    s = backward(2)
    delta, judged = encoder_deltas(s), autograd(s.q, s.x, s.y)
    formula = {"W": sum(delta[k] @ s.bar[k - 1].T for k in delta), "U": sum(delta[k] @ s.x[k - 1].T for k in delta), "b": sum(delta.values())}
    _, whole, _ = s.net.loss_and_gradients(s.q, Pairs(s.x, s.y), reduction="sum")
    for k, g in formula.items():
        np.testing.assert_allclose(g, s.grads[k], atol=1e-14)
        np.testing.assert_allclose(g, whole["encoder." + k], atol=1e-14)
        np.testing.assert_allclose(g, judged["encoder." + k].numpy(), atol=1e-14)
    entry = {**s.q, "encoder.W": s.q["encoder.W"] + 1e-30j * (np.arange(H * H).reshape(H, H) == 7)}
    assert np.isclose(loss_of(entry, s.x, s.y).imag / 1e-30, formula["W"].flat[7], rtol=1e-12)


@pytest.mark.equation("eq-path-length")
def test_so_many_jacobians_lie_between_reading_and_writing():
    """With one linear unit and weights w in both nets a nudge of the s-th state arrives at the t-th multiplied by w to the path's length."""
    w, T = 0.7, 5
    for s, t in itertools.product(range(1, S + 1), range(1, T + 1)):
        h = 0.0
        for k in range(1, S + 1):
            h = w * h + (k == s)
        for _ in range(t):
            h = w * h
        assert np.isclose(h, w ** ((S - s) + t), rtol=1e-12)


@pytest.mark.equation("eq-reversed-lags")
def test_reversed_the_paths_differ_and_their_mean_does_not():
    for n in (1, 2, 7, 10):
        length = lambda s, t: (n - s) + t  # noqa: B023, E731
        ahead, back = ([length(where(t), t) for t in range(1, n + 1)] for where in (lambda t: t, lambda t: n + 1 - t))  # noqa: B023
        assert ahead == [n] * n and back == [2 * t - 1 for t in range(1, n + 1)] and np.mean(back) == n


# --- BLEU ---

SAID = ["the cat sat on on the mat", "a dog barks at the old moon tonight", "rain falls"]
WANTED = ["the cat sat on the red mat", "a dog barks at the new moon", "rain falls on the mat"]


def precision(n, said=SAID, wanted=WANTED):
    grams = lambda text: Counter(zip(*(text.split()[i:] for i in range(n))))  # noqa: E731
    hits = sum(min(c, grams(w)[g]) for s, w in zip(said, wanted) for g, c in grams(s).items())
    return hits / sum(sum(grams(s).values()) for s in said)


@pytest.mark.equation("eq-bleu-precision")
def test_precisions_are_those_of_sacrebleu():
    theirs = sacrebleu.BLEU(tokenize="none").corpus_score(SAID, [WANTED]).precisions
    np.testing.assert_allclose([100 * precision(n) for n in (1, 2, 3, 4)], theirs, rtol=1e-12)
    assert precision(1, ["on on on"], ["on it"]) == 1 / 3  # at most as often as it occurs there


@pytest.mark.equation("eq-bleu")
@pytest.mark.parametrize("said", [SAID, SAID[:1] + ["a dog barks at the"] + SAID[2:]])
def test_bleu_is_that_of_sacrebleu(said):
    c, r = (sum(len(t.split()) for t in texts) for texts in (said, WANTED))
    score = 100 * min(1, np.exp(1 - r / c)) * np.prod([precision(n, said) for n in (1, 2, 3, 4)]) ** (1 / 4)
    theirs = sacrebleu.BLEU(tokenize="none").corpus_score(said, [WANTED])
    assert np.isclose(score, theirs.score, rtol=1e-12) and theirs.bp < 1


# --- search ---


def model(seed, symbols=4):
    """A random decoder whose distributions depend on all that was written, its steps, and the probability of a sequence."""
    net, q, x, _ = case(seed)
    q = q | {"readout.V": 3 * q["readout.V"]}
    keep = np.arange(K) < symbols
    step, state = net.stepper(q, x)
    masked = lambda ids, s: (lambda o, new: (np.where(keep[:, None], o, -60.0), new))(*step(ids, s))  # noqa: E731

    def log_probability(ids):
        total, s, fed = 0.0, state, START
        for k in ids:
            o, s = masked(np.array([fed]), s)
            total += o[k, 0] - np.log(np.exp(o[:, 0]).sum())
            fed = k
        return total

    return masked, state, log_probability


def ended(longest, symbols=4):
    others = [k for k in range(symbols) if k != END]
    return [(*ids, END) for n in range(longest) for ids in itertools.product(others, repeat=n)]


@pytest.mark.equation("eq-most-probable")
@pytest.mark.parametrize("seed", range(4))
def test_a_beam_that_keeps_everything_finds_the_maximum(seed):
    step, state, log_p = model(seed)
    best = max(ended(4), key=log_p)
    found = search.beam_search(step, state, START, END, 10_000, 4)[0]
    assert tuple(found.ids) == best and np.isclose(found.log_prob, log_p(best), rtol=1e-9)


@pytest.mark.equation("eq-greedy")
@pytest.mark.parametrize("seed", range(4))
def test_greedy_takes_the_most_probable_symbol_each_time(seed):
    step, state, log_p = model(seed)
    (found,) = search.decode(step, state, START, END, 5)
    for t, k in enumerate(found):
        assert k == max(range(4), key=lambda j: log_p([*found[:t], j]))  # noqa: B023
    assert END not in found[:-1]


@pytest.mark.equation("eq-beam")
@pytest.mark.parametrize("width", [1, 2, 3])
def test_a_beam_keeps_the_best_of_all_continuations(width):
    for seed in range(4):
        step, state, log_p = model(seed)
        beam, done = [()], []
        for _ in range(4):
            beam = sorted([(*y, k) for y in beam for k in range(K)], key=log_p, reverse=True)[:width]
            done += [y for y in beam if y[-1] == END]
            beam = [y for y in beam if y[-1] != END]
        theirs = [tuple(h.ids) for h in search.beam_search(step, state, START, END, width, 4) if h.ended]
        assert theirs == sorted(done, key=log_p, reverse=True)[: len(theirs)] and len(theirs) == min(width, len(done))


@pytest.mark.equation("eq-length-bias")
def test_of_equally_probable_words_the_empty_sequence_is_the_most_probable():
    for e, m in ((0.05, 5), (0.1, 20), (0.01, 2)):
        column = np.log(np.array([1e-200, e, *[(1 - e) / m] * m]))[:, None]
        step = lambda ids, s: (np.repeat(column, len(ids), axis=1), s)  # noqa: B023, E731
        found = search.beam_search(step, State(np.zeros((1, 1))), START, END, 3 * m * m + 3, 3)
        for h in found:
            if h.ended and START not in h.ids:
                assert np.isclose(np.exp(h.log_prob), ((1 - e) / m) ** (len(h.ids) - 1) * e, rtol=1e-9)
        shares = [((1 - e) / m) ** n * e for n in range(5)]
        assert shares == sorted(shares, reverse=True) and found[0].ids == [END]


@pytest.mark.equation("eq-length-score")
@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_the_score_divides_by_a_power_of_the_length(alpha):
    step, state, log_p = model(1)
    found = search.beam_search(step, state, START, END, 10_000, 4, alpha)
    assert all(np.isclose(h.score, log_p(h.ids) / len(h.ids) ** alpha, rtol=1e-9) for h in found)
    assert tuple(found[0].ids) == max(ended(4), key=lambda y: log_p(y) / len(y) ** alpha)
