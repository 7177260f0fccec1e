"""The displayed equations of chapter 9.

Each is written out for one query, or one sequence, and compared with the reference code and with Torch. A gradient's test writes the
displayed formula out and compares it with the reference, with complex step and central differences of a forward pass written here,
and with Torch autograd of the same forward pass.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from rnncore import gradcheck
from rnncore.reference import GRU, Attention, EncoderDecoder, Readout
from rnncore.reference.attention import masked_softmax
from tests import attended, cases
from tests.cases import close

S, Q, M, A = 5, 4, 3, 6
KINDS = {"dot": Attention("dot", Q, Q), "scaled": Attention("scaled", Q, Q), "general": Attention("general", Q, M), "additive": Attention("additive", Q, M, A)}
every = pytest.mark.parametrize("kind", KINDS)
NUMPY = SimpleNamespace(exp=np.exp, tanh=np.tanh)
TORCH = SimpleNamespace(exp=torch.exp, tanh=torch.tanh)


def scores(kind, p, q, m, lib):
    """e_s by the displayed equations, one after the other: q (Q, 1), m a list of (M, 1)."""
    form = {
        "dot": lambda item: q.T @ item,
        "scaled": lambda item: q.T @ item / Q**0.5,
        "general": lambda item: q.T @ p["W_a"] @ item,
        "additive": lambda item: p["v"].T @ lib.tanh(p["W_q"] @ q + p["W_k"] @ item),
    }[kind]
    return [form(item)[0, 0] for item in m]


def weights_of(e, lib):
    total = sum(lib.exp(one) for one in e)
    return [lib.exp(one) / total for one in e]


def context_of(w, m):
    return sum(weight * item for weight, item in zip(w, m))


def case(kind, seed=0):
    """One look with everything random, a loss that is a weighted sum of the context, and the gradients of three engines."""
    rng, attention = np.random.default_rng(seed), KINDS[kind]
    c = SimpleNamespace(kind=kind, attention=attention, p=cases.parameters(attention, rng))
    c.q, c.m, c.dc = rng.standard_normal((Q, 1)), rng.standard_normal((S, attention.M, 1)), rng.standard_normal((attention.M, 1))
    c.context, w, cache = attention.forward(c.p, c.q, c.m)
    c.w = w[:, 0]
    dq, dm, grads = attention.backward(c.p, c.dc, cache)
    c.reference = grads | {"q": dq, "m": dm}
    c.point = c.p | {"q": c.q, "m": c.m, "+w": np.zeros(S), "+e": np.zeros(S)}

    def loss(x, lib=NUMPY):
        """With something added to every score and every weight: the derivative with respect to it is that of the quantity."""
        e = [one + x["+e"][s] for s, one in enumerate(scores(kind, x, x["q"], list(x["m"]), lib))]
        w = [one + x["+w"][s] for s, one in enumerate(weights_of(e, lib))]
        dc = torch.tensor(c.dc) if lib is TORCH else c.dc
        return (dc * context_of(w, x["m"])).sum()

    c.loss = loss
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in c.point.items()}
    loss(leaves, TORCH).backward()
    c.torch = {k: v.grad.numpy() for k, v in leaves.items()}
    c.dw = np.array([(item.T @ c.dc)[0, 0] for item in c.m])
    c.de = c.w * (c.dw - (c.w * c.dw).sum())
    return c


def agree(c, **found):
    """Each displayed formula against complex step, central differences, autograd, and the reference where it has it; else an error."""
    for key, value in found.items():
        name = {"dw": "+w", "de": "+e"}.get(key, key)
        gradcheck.check(c.loss, c.point, {name: value}, tolerance=1e-10, keys=[name])
        gradcheck.check(c.loss, c.point, {name: value}, tolerance=1e-7, keys=[name], method="central_differences")
        close(value, c.torch[name])
        if name in c.reference:
            close(value, c.reference[name])
    return bool(found)


def drawn(kind="dot", seed=1):
    rng, attention = np.random.default_rng(seed), KINDS[kind]
    return attention, cases.parameters(attention, rng), rng.standard_normal((Q, 1)), rng.standard_normal((S, attention.M, 1))


def judged(kind):
    """Displayed scores, through the displayed weights, against Torch's own functions, and the reference."""
    attention, p, q, m = drawn(kind)
    w = weights_of(scores(kind, p, q, list(m), NUMPY), NUMPY)
    context, theirs, _ = attention.forward(p, q, m)
    close(w, theirs[:, 0])
    c, w_torch = attended.attend(kind, {k: torch.tensor(v) for k, v in p.items()}, torch.tensor(q.T), torch.tensor(m[:, :, 0]), prefix="")
    close(context_of(w, m), c.numpy().T)
    close(context, c.numpy().T)
    if w_torch is not None:
        close(w, w_torch[0].numpy())
    return True


@pytest.mark.equation("eq-attention-score")
def test_attention_score():
    assert judged("dot")


@pytest.mark.equation("eq-attention-weights")
def test_attention_weights():
    e = np.random.default_rng(2).normal(0, 3, S)
    w = weights_of(e, NUMPY)
    close(w, torch.softmax(torch.tensor(e), 0).numpy())
    close(w, masked_softmax(e[:, None], None)[:, 0])
    assert np.isclose(sum(w), 1)


@pytest.mark.equation("eq-attention-context")
def test_attention_context():
    attention, p, q, m = drawn()
    context, w, _ = attention.forward(p, q, m)
    close(context_of(w[:, 0], m), context)
    close(context, (torch.tensor(w[:, 0]) @ torch.tensor(m[:, :, 0])).numpy()[:, None])


@pytest.mark.equation("eq-score-scaled")
def test_score_scaled():
    assert judged("scaled")


@pytest.mark.equation("eq-score-general")
def test_score_general():
    assert judged("general")


@pytest.mark.equation("eq-score-additive")
def test_score_additive():
    assert judged("additive")


@pytest.mark.equation("eq-dot-variance")
@pytest.mark.parametrize("draw", ["normal", "signs"])
def test_dot_variance(draw):
    rng, n = np.random.default_rng(3), 200_000
    for size in (1, 4, 25):
        q, m = rng.standard_normal((2, size, n)) if draw == "normal" else rng.choice([-1.0, 1.0], (2, size, n))
        products = (q * m).sum(axis=0)
        assert np.isclose(products.var(), size, rtol=0.03) and abs(products.mean()) < 4 * (size / n) ** 0.5
        assert np.isclose((products / size**0.5).var(), 1, rtol=0.03)


@every
@pytest.mark.equation("grad-attention-weights")
def test_grad_weights(kind):
    c = case(kind)
    assert agree(c, dw=np.array([(item.T @ c.dc)[0, 0] for item in c.m]))


@every
@pytest.mark.equation("grad-attention-scores")
def test_grad_scores(kind):
    c = case(kind)
    assert agree(c, de=np.array([c.w[s] * (c.dw[s] - sum(c.w[r] * c.dw[r] for r in range(S))) for s in range(S)]))


@pytest.mark.equation("grad-score-dot")
def test_grad_dot():
    c = case("dot")
    assert agree(c, q=sum(c.de[s] * c.m[s] for s in range(S)), m=np.stack([c.w[s] * c.dc + c.de[s] * c.q for s in range(S)]))


@pytest.mark.equation("grad-score-scaled")
def test_grad_scaled():
    c = case("scaled")
    assert agree(c, q=sum(c.de[s] * c.m[s] for s in range(S)) / Q**0.5, m=np.stack([c.w[s] * c.dc + c.de[s] * c.q / Q**0.5 for s in range(S)]))


@pytest.mark.equation("grad-score-general")
def test_grad_general():
    c = case("general")
    W = c.p["W_a"]
    assert agree(c, W_a=sum(c.de[s] * c.q @ c.m[s].T for s in range(S)), q=W @ sum(c.de[s] * c.m[s] for s in range(S)),
          m=np.stack([c.w[s] * c.dc + c.de[s] * W.T @ c.q for s in range(S)]))


@pytest.mark.equation("grad-score-additive")
def test_grad_additive():
    c = case("additive")
    u = [np.tanh(c.p["W_q"] @ c.q + c.p["W_k"] @ item) for item in c.m]
    delta = [c.de[s] * c.p["v"] * (1 - u[s] ** 2) for s in range(S)]
    assert agree(c, v=sum(c.de[s] * u[s] for s in range(S)), W_q=sum(delta) @ c.q.T, W_k=sum(delta[s] @ c.m[s].T for s in range(S)),
          q=c.p["W_q"].T @ sum(delta), m=np.stack([c.w[s] * c.dc + c.p["W_k"].T @ delta[s] for s in range(S)]))


@every
@pytest.mark.equation("eq-masked-softmax")
def test_masked_softmax(kind):
    attention, p, q, m = drawn(kind)
    mu = np.array([1, 0, 1, 1, 0])
    e = np.array(scores(kind, p, q, list(m), NUMPY))
    w = mu * np.exp(e) / sum(mu[s] * np.exp(e[s]) for s in range(S))
    theirs = attention.forward(p, q, m, mu[:, None].astype(bool))[1][:, 0]
    close(w, theirs)
    assert (theirs[mu == 0] == 0).all()
    close(theirs[mu == 1], torch.softmax(torch.tensor(e[mu == 1]), 0).numpy())


def decoded(looks):
    """The displayed recursion of a decoder against the reference and the independent net of `tests.attended`."""
    K, H, steps = 6, 4, 4
    decoder = GRU(K + H if looks == "before" else K, H)
    model = EncoderDecoder(GRU(K, H), decoder, Readout(2 * H, K), Attention("dot", H, H), looks=looks)
    rng = np.random.default_rng(5)
    p = cases.parameters(model, rng)
    x, targets = rng.integers(2, K, (3, 1)), rng.integers(1, K, (steps, 1))
    own = {k.removeprefix("decoder."): v for k, v in p.items() if k.startswith("decoder.")}
    items, final = attended.read(model.encoder, {k: torch.tensor(v) for k, v in p.items()}, "encoder.", torch.nn.functional.one_hot(torch.tensor(x[:, 0]), K).double())
    items = items.numpy()[:, :, None]
    h, fed, rows = final[0].numpy().T, 0, []
    attend = lambda query: context_of(weights_of(scores("dot", {}, query, list(items), NUMPY), NUMPY), items)  # noqa: E731
    for t in range(steps):
        y = np.eye(K)[:, [fed]]
        if looks == "before":
            c = attend(h)
            h = decoder.step(own, np.concatenate([y, c]), type(decoder.initial_state())(h))[0]
        else:
            h = decoder.step(own, y, type(decoder.initial_state())(h))[0]
            c = attend(h)
        rows.append(p["readout.V"] @ np.concatenate([h, c]) + p["readout.c"])
        fed = targets[t, 0]
    o, _, _ = model.forward(p, x, targets)
    close(np.stack(rows), o)
    symbols = np.concatenate([[0], targets[:-1, 0]])
    close(o[:, :, 0], attended.logits(model, {k: torch.tensor(v) for k, v in p.items()}, torch.tensor(x[:, 0]), symbols).numpy())
    return True


@pytest.mark.equation("eq-decoder-before")
def test_decoder_before():
    assert decoded("before")


@pytest.mark.equation("eq-decoder-after")
def test_decoder_after():
    assert decoded("after")


def self_attention(x, W_Q, W_K, W_V):
    """Displayed: a query, a key and a value of each x_t (D, 1); y_t, a list."""
    q, k, v = ([W @ one for one in x] for W in (W_Q, W_K, W_V))
    rows = [weights_of([(one.T @ key)[0, 0] / len(one) ** 0.5 for key in k], NUMPY) for one in q]
    return [context_of(w, v) for w in rows]


@pytest.mark.equation("eq-self-attention")
def test_self_attention():
    rng, D, size = np.random.default_rng(6), 3, 4
    x, (W_Q, W_K, W_V) = rng.standard_normal((S, D, 1)), rng.standard_normal((3, size, D))
    y = np.stack(self_attention(list(x), W_Q, W_K, W_V))
    q, k, v = (torch.tensor((W @ x)[:, :, 0]) for W in (W_Q, W_K, W_V))
    close(y[:, :, 0], torch.nn.functional.scaled_dot_product_attention(q[None], k[None], v[None])[0].numpy())
    context, _, _ = Attention("scaled", size, size).forward({}, W_Q @ x, W_K @ x)  # ours has one memory: its values are its keys
    close(np.stack(self_attention(list(x), W_Q, W_K, W_K)), context)


@pytest.mark.equation("eq-equivariance")
def test_equivariance():
    rng, D, size = np.random.default_rng(7), 3, 4
    x, W = rng.standard_normal((S, D, 1)), rng.standard_normal((3, size, D))
    order = rng.permutation(S)
    close(np.stack(self_attention(list(x[order]), *W)), np.stack(self_attention(list(x), *W))[order])
    assert (order != np.arange(S)).any()
