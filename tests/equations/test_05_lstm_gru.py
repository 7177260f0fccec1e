"""The displayed equations of chapter 5.

Forward equations are written out in NumPy and compared with the reference code and with an engine that we did not write:
torch.nn, or the evaluator of the onnx package for what PyTorch does not have. A gradient's test writes the displayed formula
out and compares it with the reference code, with complex step and central differences of a forward pass written here, and with
Torch autograd. These forward passes accept something to be added to every pre-activation and state ("+i", "+c", "+h" and so on):
the derivative with respect to it is the total derivative with respect to that quantity.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import onnx.reference
import pytest
import torch

from rnncore import convert, gradcheck
from rnncore.reference import GRU, LSTM, analysis, fused, logistic, unroll, unroll_backward
from rnncore.reference.lstm import State
from tests import cases

T, D, H, B = 6, 3, 4, 2
SIGMA = lambda a: 1 / (1 + np.exp(-a))  # noqa: E731
NUMPY = SimpleNamespace(sigma=SIGMA, tanh=np.tanh)
TORCH = SimpleNamespace(sigma=torch.sigmoid, tanh=torch.tanh)
LSTMS = ("1999", "1997", "peephole", "coupled")
EACH = lambda *names: pytest.mark.parametrize("variant", names)  # noqa: E731


def lstm_states(q, variant, lib):
    """h_t and c_t, by the displayed equations, for NumPy (complex too) and Torch."""
    h, c, out = q["h0"], q["c0"], []
    for t in range(T):
        a = {k: q[f"U_{k}"] @ q["x"][t] + q[f"W_{k}"] @ h + q[f"b_{k}"] + q[f"+{k}"][t] for k in "ifgo" if f"U_{k}" in q}
        if variant == "peephole":
            a["i"], a["f"] = a["i"] + q["p_i"] * c, a["f"] + q["p_f"] * c
        i, g = lib.sigma(a["i"]), lib.tanh(a["g"])
        f = lib.sigma(a["f"]) if "f" in a else 1 - i if variant == "coupled" else 1
        c = f * c + i * g + q["+c"][t]
        if variant == "peephole":
            a["o"] = a["o"] + q["p_o"] * c
        h = lib.sigma(a["o"]) * lib.tanh(c) + q["+h"][t]
        out.append((h, c))
    return out


def gru_states(q, variant, lib):
    h, out = q["h0"], []
    for t in range(T):
        r = lib.sigma(q["U_r"] @ q["x"][t] + q["W_r"] @ h + q["b_r"] + q["+r"][t])
        z = lib.sigma(q["U_z"] @ q["x"][t] + q["W_z"] @ h + q["b_z"] + q["+z"][t])
        past = r * (q["W_n"] @ h + q["d_n"]) if variant == "after" else q["W_n"] @ (r * h)
        n = lib.tanh(q["U_n"] @ q["x"][t] + past + q["b_n"] + q["+n"][t])
        h = (1 - z) * n + z * h + q["+h"][t]
        out.append((h,))
    return out


def case(cell, seed=0, B=B):
    """A cell with everything random, a loss that touches every output and the final state, and the reference's gradients.

    Lists are counted from 1 as in the text; h[0] and c[0] are the initial state. `dh`, `dc` and `d[k]` are the reference's total
    derivatives with respect to h_t, c_t and the pre-activation of gate k: with one sequence a step's gradient of b_k is the latter.
    """
    rng = np.random.default_rng(seed)
    s = SimpleNamespace(cell=cell, variant=cell.variant, p=cases.parameters(cell, rng), B=B, is_lstm=isinstance(cell, LSTM))
    s.start, s.inputs = cases.state(cell, rng, B), cases.sequence(rng, T, cell.D, B)
    outputs, _, s.caches = unroll(cell, s.p, s.inputs, s.start)
    s.e = [None, *rng.standard_normal((T, cell.H, B))]  # what the loss of step t sends to h_t
    s.end = cases.state(cell, rng, B)  # and what it sends to the final state
    s.x, s.h = [None, *s.inputs], [s.start.h, *outputs]
    for name in ("i", "f", "g", "o", "c") if s.is_lstm else ("r", "z", "n", "m"):
        setattr(s, name, [s.start.c if name == "c" else None, *(getattr(cache, name) for cache in s.caches)])
    s.gates = cell.gates if s.is_lstm else ("r", "z", "n")
    dx, dstart, grads = unroll_backward(cell, s.p, np.stack(s.e[1:]), s.end, s.caches)
    s.reference = grads | {"x": dx} | {f"{k}0": v for k, v in dstart._asdict().items()}
    s.dh, s.dc, s.d, carried = [None] * (T + 1), [None] * (T + 1), {k: [None] * (T + 1) for k in s.gates}, s.end
    if B == 1:
        for t in range(T, 0, -1):
            s.dh[t] = s.e[t] + carried.h
            _, before, step = cell.step_backward(s.p, s.e[t], carried, s.caches[t - 1])
            for k in s.gates:
                s.d[k][t] = step[f"b_{k}"]
            if s.is_lstm:
                s.dc[t] = carried.c + s.dh[t] * s.o[t] * (1 - np.tanh(s.c[t]) ** 2)
                s.dc[t] = s.dc[t] + (s.p["p_o"] * s.d["o"][t] if cell.variant == "peephole" else 0)
            carried = before
        s.reference |= {"+h": np.stack(s.dh[1:])} | {f"+{k}": np.stack(s.d[k][1:]) for k in s.gates}
        s.reference |= {"+c": np.stack(s.dc[1:])} if s.is_lstm else {}
    nudges = {f"+{k}": np.zeros((T, cell.H, B)) for k in (*s.gates, "h", "c")}
    s.point = s.p | {"x": s.inputs} | {f"{k}0": v for k, v in s.start._asdict().items()} | nudges
    return s


def loss_at(s, q, lib=NUMPY):
    out = (lstm_states if s.is_lstm else gru_states)(q, s.variant, lib)
    arrays = (lambda v: v) if lib is NUMPY else torch.tensor
    total = sum((arrays(s.e[t]) * out[t - 1][0]).sum() for t in range(1, T + 1))
    return total + sum((arrays(v) * last).sum() for v, last in zip(s.end, out[-1]))


def check_formula(s, **formulas):
    """Each displayed formula against the reference, complex step, central differences and autograd. "_x" stands for "+x"."""
    formulas = {k.replace("add_", "+"): np.asarray(v) for k, v in formulas.items()}
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in s.point.items()}
    loss_at(s, leaves, TORCH).backward()
    for key, formula in formulas.items():
        assert np.abs(formula).max() > 1e-3, "a gradient that is zero would agree with anything"
        assert formula.shape == s.point[key].shape
        assert gradcheck.relative_error(formula, s.reference[key]) < 1e-12, key
        assert gradcheck.relative_error(formula, leaves[key].grad.numpy()) < 1e-12, key
        assert gradcheck.relative_error(formula, gradcheck.complex_step(lambda q: loss_at(s, q), s.point, [key])[key]) < 1e-10, key
        by_differences = gradcheck.central_differences(lambda q: loss_at(s, q), s.point, [key])[key]
        assert gradcheck.relative_error(formula, by_differences) < 1e-7, key


def steps(of):
    return np.stack([of(t) for t in range(1, T + 1)])


def products(d, v, back):
    """Σ_t d_t v_{t − back}ᵀ."""
    return sum(d[t] @ v[t - back].T for t in range(1, T + 1))


def one(variant="1999", seed=0):
    return case(LSTM(D, H, variant), seed, B=1)


def by_onnx(cell, p, x):
    """h_t of all steps from a zero state, by the evaluator of the onnx package."""
    y = onnx.reference.ReferenceEvaluator(convert.to_onnx(cell, p)).run(None, {"x": convert.to_rows(x)})[0]
    return convert.to_columns(y)


def by_torch(cell, p, x):
    with torch.no_grad():
        y, state = convert.to_torch_nn(cell, p)(torch.from_numpy(convert.to_rows(x)))
    return convert.to_columns(y).numpy(), state


# --- gates and the forward pass ---------------------------------------------------------------------------------------


@pytest.mark.equation("eq-gate")
def test_a_gate():
    rng = np.random.default_rng(0)
    U, W, b, x, h = (rng.normal(size=shape) for shape in ((H, D), (H, H), (H, 1), (D, 1), (H, 1)))
    value = 1 / (1 + np.exp(-(U @ x + W @ h + b)))
    assert value.shape == (H, 1) and (0 < value).all() and (value < 1).all()
    cell = LSTM(D, H)
    p = cases.parameters(cell, rng) | {"U_f": U, "W_f": W, "b_f": b}
    _, _, cache = cell.step(p, x, State(h, h))
    np.testing.assert_allclose(cache.f, value, rtol=1e-14)
    np.testing.assert_allclose(torch.sigmoid(torch.tensor(U @ x + W @ h + b)).numpy(), value, rtol=1e-14)


@pytest.mark.equation("grad-gate")
def test_the_slope_of_a_gate():
    a = np.linspace(-6, 6, 25)
    formula = SIGMA(a) * (1 - SIGMA(a))
    leaf = torch.tensor(a, requires_grad=True)
    torch.sigmoid(leaf).sum().backward()
    assert gradcheck.relative_error(formula, leaf.grad.numpy()) < 1e-14
    assert gradcheck.relative_error(formula, logistic(a + 1e-30j).imag / 1e-30) < 1e-14
    assert formula.max() == formula[12] == 0.25


def a_run(variant="1999", seed=3):
    """A run from a zero state, as the other engines start."""
    rng, cell = np.random.default_rng(seed), LSTM(D, H, variant)
    p, x = cases.parameters(cell, rng), cases.sequence(rng, T, D, B)
    h, _, caches = unroll(cell, p, x)
    return cell, p, x, h, caches, [np.zeros((H, B)), *h], [np.zeros((H, B)), *(cache.c for cache in caches)]


@pytest.mark.equation("eq-lstm-gates")
def test_three_gates():
    cell, p, x, h, caches, hs, _ = a_run()
    for t in range(T):
        for k in "ifo":
            gate = SIGMA(p[f"U_{k}"] @ x[t] + p[f"W_{k}"] @ hs[t] + p[f"b_{k}"])
            np.testing.assert_allclose(getattr(caches[t], k), gate, rtol=1e-13)
    np.testing.assert_allclose(by_torch(cell, p, x)[0], h, rtol=0, atol=1e-14)


@pytest.mark.equation("eq-lstm-candidate")
def test_the_candidate():
    cell, p, x, h, caches, hs, _ = a_run()
    for t in range(T):
        np.testing.assert_allclose(caches[t].g, np.tanh(p["U_g"] @ x[t] + p["W_g"] @ hs[t] + p["b_g"]), rtol=1e-13)
    swapped = p | {"b_g": p["b_f"]}  # the common mistake: another gate's bias
    assert np.abs(unroll(cell, swapped, x)[0] - h).max() > 0.01


@pytest.mark.equation("eq-lstm-memory")
def test_the_memory():
    cell, p, x, h, caches, hs, cs = a_run()
    for t in range(T):
        k = caches[t]
        np.testing.assert_allclose(cs[t + 1], k.f * cs[t] + k.i * k.g, rtol=0, atol=1e-15)
    np.testing.assert_allclose(by_torch(cell, p, x)[1][1][0].numpy().T, cs[-1], rtol=0, atol=1e-14)  # c_n of torch.nn.LSTM


@pytest.mark.equation("eq-lstm-hidden")
def test_the_hidden_state():
    cell, p, x, h, caches, _, cs = a_run()
    for t in range(T):
        np.testing.assert_allclose(h[t], caches[t].o * np.tanh(cs[t + 1]), rtol=0, atol=1e-15)
    np.testing.assert_allclose(by_torch(cell, p, x)[1][0][0].numpy().T, h[-1], rtol=0, atol=1e-14)
    assert np.abs(h - np.stack(cs[1:])).max() > 0.1  # h is not c


@pytest.mark.equation("eq-lstm-count")
def test_number_of_parameters():
    for d, n in ((3, 4), (1, 1), (10, 128)):
        theirs = torch.nn.LSTM(d, n)
        second_bias = theirs.bias_hh_l0.numel()  # PyTorch keeps two that are only ever added
        assert sum(v.numel() for v in theirs.parameters()) - second_bias == 4 * (n * d + n * n + n)
        assert sum(np.prod(shape) for shape in LSTM(d, n).shapes.values()) == 4 * (n * d + n * n + n)
        assert sum(np.prod(shape) for shape in GRU(d, n, "before").shapes.values()) == 3 * (n * d + n * n + n)
        assert sum(v.numel() for v in torch.nn.GRU(d, n).parameters()) == 3 * (n * d + n * n + n) + 3 * n


@EACH("1999", "1997", "coupled", "peephole")
@pytest.mark.equation("eq-lstm-belt")
def test_the_memory_is_a_sum_of_what_was_written(variant):
    s = case(LSTM(D, H, variant))
    kept = lambda after: np.prod([s.f[j] for j in range(after + 1, T + 1)], axis=0) * np.ones((H, B))  # noqa: E731
    unrolled = kept(0) * s.c[0] + sum(kept(k) * s.i[k] * s.g[k] for k in range(1, T + 1))
    np.testing.assert_allclose(unrolled, s.c[T], rtol=1e-13)
    _, end, _ = fused.forward(s.cell, s.p, s.inputs, s.start)
    np.testing.assert_allclose(unrolled, end.c, rtol=1e-12)


@pytest.mark.equation("eq-lstm-1997")
def test_the_cell_of_1997_keeps_everything():
    cell, p, x, h, caches, hs, cs = a_run("1997")
    for t in range(T):
        np.testing.assert_allclose(cs[t + 1], cs[t] + caches[t].i * caches[t].g, rtol=0, atol=1e-15)
    assert not any(k.endswith("_f") for k in cell.shapes)
    # torch.nn.LSTM with a forget gate held open computes the same
    open_gate = p | {"U_f": np.zeros((H, D)), "W_f": np.zeros((H, H)), "b_f": np.full((H, 1), 50.0)}
    np.testing.assert_allclose(by_torch(LSTM(D, H), open_gate, x)[0], h, rtol=0, atol=1e-13)


@pytest.mark.equation("eq-lstm-peephole")
def test_peepholes_see_the_memory():
    cell, p, x, h, caches, hs, cs = a_run("peephole")
    for t in range(T):
        for k, seen in (("i", cs[t]), ("f", cs[t]), ("o", cs[t + 1])):  # the output gate sees the new memory
            gate = SIGMA(p[f"U_{k}"] @ x[t] + p[f"W_{k}"] @ hs[t] + p[f"p_{k}"] * seen + p[f"b_{k}"])
            np.testing.assert_allclose(getattr(caches[t], k), gate, rtol=1e-13)
    np.testing.assert_allclose(by_onnx(cell, p, x), h, rtol=0, atol=1e-13)


@pytest.mark.equation("eq-lstm-coupled")
def test_coupled_gates():
    cell, p, x, h, caches, _, cs = a_run("coupled")
    for t in range(T):
        i, g = caches[t].i, caches[t].g
        np.testing.assert_allclose(cs[t + 1], (1 - i) * cs[t] + i * g, rtol=0, atol=1e-15)
    # 1 − σ(a) is σ(−a): torch.nn.LSTM with the negated weights in its forget gate computes the same
    negated = p | {f"{k}_f": -p[f"{k}_i"] for k in "UWb"}
    np.testing.assert_allclose(by_torch(LSTM(D, H), negated, x)[0], h, rtol=0, atol=1e-14)


# --- the worked example -----------------------------------------------------------------------------------------------

X, BEFORE = np.array([[1.0], [-1], [1]]), State(np.ones((2, 1)), np.array([[0.7], [0.3]]))


def homework():
    """The example's weights and what the cell makes of them."""
    cell = LSTM(3, 2)
    p = {k: np.zeros(shape) for k, shape in cell.shapes.items()} | {"b_i": np.full((2, 1), 100.0)}
    p |= {"W_f": np.array([[1.0, -1], [-1, 1]]), "U_f": np.array([[1, 1, -100], [0.1, 0.1, -100]])}
    p |= {"W_g": np.eye(2), "U_g": np.array([[10.0, 1, -1], [-1, 1, 10]])}
    p |= {"W_o": np.ones((2, 2)), "U_o": np.array([[1.0, 1, -1]] * 2)}
    h, state, cache = cell.step(p, X, BEFORE)
    start = tuple(torch.tensor(v.T[None].copy()) for v in BEFORE)
    with torch.no_grad():
        y, (_, c) = convert.to_torch_nn(cell, p)(torch.tensor(X.T[None].copy()), start)
    assert np.allclose(y[0].numpy().T, h, atol=1e-14) and np.allclose(c[0].numpy().T, state.c, atol=1e-14)
    return p, h, state, cache


def column(*values):
    return np.array(values, dtype=float)[:, None]


@pytest.mark.equation("eq-homework-forget")
def test_homework_everything_is_erased():
    p, _, _, cache = homework()
    of_h, of_x = p["W_f"] @ BEFORE.h, p["U_f"] @ X
    assert of_h.tolist() == [[0], [0]] and np.allclose(of_x, column(-100, -100), atol=1e-12)
    assert np.allclose(cache.f, SIGMA(of_h + of_x), rtol=0, atol=1e-40) and (SIGMA(of_h + of_x) < 1e-43).all()


@pytest.mark.equation("eq-homework-candidate")
def test_homework_the_candidate_is_nine():
    p, _, _, cache = homework()
    of_h, of_x = p["W_g"] @ BEFORE.h, p["U_g"] @ X
    assert of_h.tolist() == [[1], [1]] and of_x.tolist() == [[8], [8]]  # 10 − 1 − 1 and −1 − 1 + 10, not 10
    assert np.allclose(cache.g, np.tanh(9), atol=1e-15) and (1 - cache.g < 1e-7).all()


@pytest.mark.equation("eq-homework-memory")
def test_homework_the_new_memory():
    _, _, state, cache = homework()
    assert (cache.i == 1).all() and np.allclose(state.c, 1, atol=1e-7)
    assert np.allclose(state.c, 0 * BEFORE.c + 1 * np.tanh(9), atol=1e-15)


@pytest.mark.equation("eq-homework-hidden")
def test_homework_what_is_seen():
    p, h, state, cache = homework()
    assert (p["W_o"] @ BEFORE.h).tolist() == [[2], [2]] and (p["U_o"] @ X).tolist() == [[-1], [-1]]
    assert np.allclose(cache.o, SIGMA(2 - 1)) and cache.o.round(3).tolist() == [[0.731]] * 2
    assert h.round(3).tolist() == [[0.557]] * 2 and np.allclose(h, SIGMA(1) * np.tanh(state.c))
    assert round(SIGMA(2.2), 2) == 0.9  # what the printed 0.9 would need


# --- GRU --------------------------------------------------------------------------------------------------------------


def gru_run(variant, seed=4):
    rng, cell = np.random.default_rng(seed), GRU(D, H, variant)
    p, x = cases.parameters(cell, rng), cases.sequence(rng, T, D, B)
    h, _, caches = unroll(cell, p, x)
    return cell, p, x, h, caches, [np.zeros((H, B)), *h]


@EACH("after", "before")
@pytest.mark.equation("eq-gru-gates")
def test_gates_of_a_gru(variant):
    cell, p, x, h, caches, hs = gru_run(variant)
    for t in range(T):
        for k in "rz":
            gate = SIGMA(p[f"U_{k}"] @ x[t] + p[f"W_{k}"] @ hs[t] + p[f"b_{k}"])
            np.testing.assert_allclose(getattr(caches[t], k), gate, rtol=1e-13)
    np.testing.assert_allclose(by_onnx(cell, p, x), h, rtol=0, atol=1e-13)


@pytest.mark.equation("eq-gru-before")
def test_reset_before_the_product():
    cell, p, x, h, caches, hs = gru_run("before")
    for t in range(T):
        n = np.tanh(p["U_n"] @ x[t] + p["W_n"] @ (caches[t].r * hs[t]) + p["b_n"])
        np.testing.assert_allclose(caches[t].n, n, rtol=1e-13)
    np.testing.assert_allclose(by_onnx(cell, p, x), h, rtol=0, atol=1e-13)


@pytest.mark.equation("eq-gru-after")
def test_reset_after_the_product():
    cell, p, x, h, caches, hs = gru_run("after")
    for t in range(T):
        n = np.tanh(p["U_n"] @ x[t] + p["b_n"] + caches[t].r * (p["W_n"] @ hs[t] + p["d_n"]))
        np.testing.assert_allclose(caches[t].n, n, rtol=1e-13)
    np.testing.assert_allclose(by_torch(cell, p, x)[0], h, rtol=0, atol=1e-14)
    moved = {k: v for k, v in p.items() if k != "d_n"} | {"b_n": p["b_n"] + p["d_n"]}
    assert np.abs(unroll(GRU(D, H, "before"), moved, x)[0] - h).max() > 0.01  # another net


@EACH("after", "before")
@pytest.mark.equation("eq-gru-blend")
def test_the_new_state_of_a_gru(variant):
    cell, p, x, h, caches, hs = gru_run(variant)
    for t in range(T):
        np.testing.assert_allclose(h[t], (1 - caches[t].z) * caches[t].n + caches[t].z * hs[t], rtol=0, atol=1e-15)
    np.testing.assert_allclose(by_onnx(cell, p, x), h, rtol=0, atol=1e-13)
    shut = p | {"b_z": np.full((H, 1), 60.0)}  # z = 1 keeps
    start = cases.state(cell, np.random.default_rng(0), B)
    np.testing.assert_allclose(unroll(cell, shut, x, start)[1].h, start.h, rtol=0, atol=1e-12)


@EACH("after", "before")
@pytest.mark.equation("eq-gru-flipped")
def test_the_other_convention_is_the_negated_gate(variant):
    cell, p, x, h, _, _ = gru_run(variant)
    negated = p | {k: -p[k] for k in ("U_z", "W_z", "b_z")}
    state = np.zeros((H, B))
    for t in range(T):
        _, _, cache = cell.step(negated, x[t], type(cell.initial_state())(state))
        state = (1 - cache.z) * state + cache.z * cache.n  # z renews
        np.testing.assert_allclose(state, h[t], rtol=0, atol=1e-14)
    assert np.abs(unroll(cell, negated, x)[0] - h).max() > 0.01  # in our convention those weights are another net


# --- gradients of the LSTM --------------------------------------------------------------------------------------------


@EACH(*LSTMS)
@pytest.mark.equation("grad-lstm-h")
def test_all_that_reaches_h(variant):
    s = one(variant)
    later = lambda t: sum(s.p[f"W_{k}"].T @ s.d[k][t + 1] for k in s.gates) if t < T else s.end.h  # noqa: E731
    check_formula(s, add_h=steps(lambda t: s.e[t] + later(t)))


@EACH(*LSTMS)
@pytest.mark.equation("grad-lstm-o")
def test_output_gate(variant):
    s = one(variant)
    check_formula(s, add_o=steps(lambda t: s.dh[t] * np.tanh(s.c[t]) * s.o[t] * (1 - s.o[t])))


@EACH("1999", "1997", "coupled")
@pytest.mark.equation("grad-lstm-c")
def test_all_that_reaches_c(variant):
    s = one(variant)
    later = lambda t: s.f[t + 1] * s.dc[t + 1] if t < T else s.end.c  # noqa: E731
    check_formula(s, add_c=steps(lambda t: later(t) + s.dh[t] * s.o[t] * (1 - np.tanh(s.c[t]) ** 2)))


@EACH("1999", "peephole")
@pytest.mark.equation("grad-lstm-f")
def test_forget_gate(variant):
    s = one(variant)
    check_formula(s, add_f=steps(lambda t: s.dc[t] * s.c[t - 1] * s.f[t] * (1 - s.f[t])))


@EACH("1999", "1997", "peephole")
@pytest.mark.equation("grad-lstm-i")
def test_input_gate(variant):
    s = one(variant)
    check_formula(s, add_i=steps(lambda t: s.dc[t] * s.g[t] * s.i[t] * (1 - s.i[t])))


@EACH(*LSTMS)
@pytest.mark.equation("grad-lstm-g")
def test_candidate(variant):
    s = one(variant)
    check_formula(s, add_g=steps(lambda t: s.dc[t] * s.i[t] * (1 - s.g[t] ** 2)))


@EACH("1999", "1997", "coupled")
@pytest.mark.equation("grad-lstm-start")
def test_initial_state(variant):
    s = one(variant)
    check_formula(s, h0=sum(s.p[f"W_{k}"].T @ s.d[k][1] for k in s.gates), c0=s.f[1] * s.dc[1])


@EACH(*LSTMS)
@pytest.mark.equation("grad-lstm-weights")
def test_weights_of_every_gate(variant):
    s = one(variant)
    for k in s.gates:
        check_formula(s, **{f"U_{k}": products(s.d[k], s.x, 0), f"W_{k}": products(s.d[k], s.h, 1), f"b_{k}": sum(s.d[k][1:])})


@EACH(*LSTMS)
@pytest.mark.equation("grad-lstm-x")
def test_input(variant):
    s = one(variant)
    check_formula(s, x=steps(lambda t: sum(s.p[f"U_{k}"].T @ s.d[k][t] for k in s.gates)))


@pytest.mark.equation("grad-peephole-c")
def test_the_memory_is_seen_by_three_gates():
    s = one("peephole")
    p, d = s.p, s.d
    later = lambda t: s.f[t + 1] * s.dc[t + 1] + p["p_i"] * d["i"][t + 1] + p["p_f"] * d["f"][t + 1] if t < T else s.end.c  # noqa: E731
    check_formula(s, add_c=steps(lambda t: later(t) + s.dh[t] * s.o[t] * (1 - np.tanh(s.c[t]) ** 2) + p["p_o"] * d["o"][t]))
    check_formula(s, c0=s.f[1] * s.dc[1] + p["p_i"] * d["i"][1] + p["p_f"] * d["f"][1])


@pytest.mark.equation("grad-peephole-p")
def test_peepholes():
    s = one("peephole")
    seen = {"i": lambda t: s.c[t - 1], "f": lambda t: s.c[t - 1], "o": lambda t: s.c[t]}
    check_formula(s, **{f"p_{k}": sum(s.d[k][t] * of(t) for t in range(1, T + 1)) for k, of in seen.items()})


@pytest.mark.equation("grad-coupled-i")
def test_one_gate_for_two():
    s = one("coupled")
    check_formula(s, add_i=steps(lambda t: s.dc[t] * (s.g[t] - s.c[t - 1]) * s.i[t] * (1 - s.i[t])))


@pytest.mark.equation("grad-carousel")
def test_the_carousel_hands_the_error_back_unchanged():
    """No error leaves a cell of 1997 through h: with that cut, ∂L/∂c arrives as it was sent. Autograd is told by detach."""
    rng, cell = np.random.default_rng(6), LSTM(D, H, "1997-truncated")
    p, x, start = cases.parameters(cell, rng), cases.sequence(rng, T, D, 1), cases.state(cell, rng, 1)
    _, _, caches = unroll(cell, p, x, start)
    sent = rng.standard_normal((H, 1))
    carried = State(np.zeros((H, 1)), sent)
    for cache in caches[::-1]:
        _, carried, _ = cell.step_backward(p, np.zeros((H, 1)), carried, cache)
        np.testing.assert_array_equal(carried.c, sent)
    q = {k: torch.tensor(v) for k, v in p.items()}
    h, c0 = torch.tensor(start.h), torch.tensor(start.c, requires_grad=True)
    c = c0
    for t in range(T):
        h = h.detach()
        i, g, o = (lib(q[f"U_{k}"] @ torch.tensor(x[t]) + q[f"W_{k}"] @ h + q[f"b_{k}"])
                   for k, lib in (("i", torch.sigmoid), ("g", torch.tanh), ("o", torch.sigmoid)))  # fmt: skip
        c = c + i * g
        h = o * torch.tanh(c)
    (c * torch.tensor(sent)).sum().backward()
    np.testing.assert_allclose(c0.grad.numpy(), sent, rtol=1e-15)


@EACH("1999", "coupled")
@pytest.mark.equation("grad-direct-path")
def test_the_direct_path_is_a_product_of_forget_gates(variant):
    """With all recurrent weights zero nothing but the belt leads from step to step: then the product is the whole derivative."""
    rng, cell = np.random.default_rng(7), LSTM(D, H, variant)
    p = cases.parameters(cell, rng)
    p |= {k: np.zeros_like(v) for k, v in p.items() if k.startswith("W_")}
    x, start = cases.sequence(rng, T, D, 1), cases.state(cell, rng, 1)
    _, _, caches = unroll(cell, p, x, start)
    whole = analysis.lag_products(analysis.jacobians(cell, p, x, start))[:, 0, H:, H:]  # ∂c_T/∂c_{T−ℓ}
    for lag in range(1, T + 1):
        formula = np.prod([cache.f for cache in caches[T - lag :]], axis=0)
        np.testing.assert_allclose(whole[lag], np.diag(formula[:, 0]), rtol=0, atol=1e-15)
    zeros = {f"+{k}": np.zeros((T, H, 1)) for k in (*cell.gates, "h", "c")}
    q = {k: torch.tensor(v) for k, v in (p | zeros | {"x": x, "h0": start.h}).items()}
    theirs = torch.autograd.functional.jacobian(lambda c: lstm_states(q | {"c0": c}, variant, TORCH)[-1][1], torch.tensor(start.c))
    np.testing.assert_allclose(theirs[:, 0, :, 0].numpy(), np.diag(formula[:, 0]), rtol=0, atol=1e-15)


@pytest.mark.equation("grad-side-path")
def test_the_side_path_goes_through_the_gates():
    s = one()
    p, blocks = s.p, analysis.jacobians(s.cell, s.p, s.inputs, s.start)[:, 0, H:, :H]  # ∂c_t/∂h_{t−1}
    for t in range(1, T + 1):
        c_prev, i, f, g = (v[:, 0] for v in (s.c[t - 1], s.i[t], s.f[t], s.g[t]))
        formula = (np.diag(c_prev * f * (1 - f)) @ p["W_f"] + np.diag(g * i * (1 - i)) @ p["W_i"] + np.diag(i * (1 - g**2)) @ p["W_g"])
        np.testing.assert_allclose(blocks[t - 1], formula, rtol=0, atol=1e-14)
        module = convert.to_torch_nn(s.cell, p)

        def memory(h, t=t, module=module):
            return module(torch.tensor(s.x[t].T[None].copy()), (h.T[None], torch.tensor(s.c[t - 1].T[None].copy())))[1][1][0, 0]

        theirs = torch.autograd.functional.jacobian(memory, torch.tensor(s.h[t - 1]))[:, :, 0]
        np.testing.assert_allclose(theirs.numpy(), formula, rtol=0, atol=1e-14)


# --- gradients of the GRU ---------------------------------------------------------------------------------------------


def gru_case(variant):
    return case(GRU(D, H, variant), 1, B=1)


@EACH("after", "before")
@pytest.mark.equation("grad-gru-n")
def test_candidate_of_a_gru(variant):
    s = gru_case(variant)
    check_formula(s, add_n=steps(lambda t: s.dh[t] * (1 - s.z[t]) * (1 - s.n[t] ** 2)))


@EACH("after", "before")
@pytest.mark.equation("grad-gru-z")
def test_update_gate(variant):
    s = gru_case(variant)
    check_formula(s, add_z=steps(lambda t: s.dh[t] * (s.h[t - 1] - s.n[t]) * s.z[t] * (1 - s.z[t])))


@pytest.mark.equation("grad-gru-after")
def test_way_through_the_candidate_after():
    s = gru_case("after")
    W, d = s.p["W_n"], s.d
    check_formula(s, add_r=steps(lambda t: d["n"][t] * (W @ s.h[t - 1] + s.p["d_n"]) * s.r[t] * (1 - s.r[t])))
    product = [None, *(s.r[t] * d["n"][t] for t in range(1, T + 1))]
    check_formula(s, W_n=sum(product[t] @ s.h[t - 1].T for t in range(1, T + 1)), d_n=sum(product[1:]))
    back = [None, *(W.T @ product[t] for t in range(1, T + 1))]
    check_formula(s, add_h=steps(lambda t: s.e[t] + gru_back(s, t, back)))


@pytest.mark.equation("grad-gru-before")
def test_way_through_the_candidate_before():
    s = gru_case("before")
    W, d = s.p["W_n"], s.d
    check_formula(s, add_r=steps(lambda t: (W.T @ d["n"][t]) * s.h[t - 1] * s.r[t] * (1 - s.r[t])))
    check_formula(s, W_n=sum(d["n"][t] @ (s.r[t] * s.h[t - 1]).T for t in range(1, T + 1)))
    back = [None, *(s.r[t] * (W.T @ d["n"][t]) for t in range(1, T + 1))]
    check_formula(s, add_h=steps(lambda t: s.e[t] + gru_back(s, t, back)))


def gru_back(s, t, back):
    """What comes back to h_t from step t + 1: as it is, through both gates, and through the candidate."""
    if t == T:
        return s.end.h
    gates = sum(s.p[f"W_{k}"].T @ s.d[k][t + 1] for k in "rz")
    return s.z[t + 1] * s.dh[t + 1] + gates + back[t + 1]


@EACH("after", "before")
@pytest.mark.equation("grad-gru-h")
def test_four_ways_back_to_h(variant):
    s = gru_case(variant)
    W, d = s.p["W_n"], s.d
    through = lambda t: W.T @ (s.r[t] * d["n"][t]) if variant == "after" else s.r[t] * (W.T @ d["n"][t])  # noqa: E731
    back = [None, *(through(t) for t in range(1, T + 1))]
    check_formula(s, add_h=steps(lambda t: s.e[t] + gru_back(s, t, back)))
    gates = sum(s.p[f"W_{k}"].T @ d[k][1] for k in "rz")
    check_formula(s, h0=s.z[1] * s.dh[1] + gates + back[1])


@EACH("after", "before")
@pytest.mark.equation("grad-gru-weights")
def test_weights_of_a_gru(variant):
    s = gru_case(variant)
    for k in "rzn":
        check_formula(s, **{f"U_{k}": products(s.d[k], s.x, 0), f"b_{k}": sum(s.d[k][1:])})
    for k in "rz":
        check_formula(s, **{f"W_{k}": products(s.d[k], s.h, 1)})
    check_formula(s, x=steps(lambda t: sum(s.p[f"U_{k}"].T @ s.d[k][t] for k in "rzn")))
