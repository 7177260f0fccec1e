"""The fast twins: the same numbers as the clear twin and as torch.nn, for every cell, mask, input and size."""

import numpy as np
import pytest
import torch

from rnncore.reference import LSTM, Batch, Elman, Model, Readout, fused, unroll, unroll_backward
from rnncore.reference import gru, lstm
from rnncore.reference.fused import symbols
from rnncore.reference.fused.symbols import SymbolTrainer
from rnncore.reference.gru import GRU
from rnncore.reference.optimizers import Adam, clip_by_norm
from tests import cases
from tests.cases import HOLES, MASK, B, D, H, T

CELLS = {f"elman-{a}": Elman(D, H, a) for a in cases.ACTIVATIONS} | {f"lstm-{v}": LSTM(D, H, v) for v in lstm.VARIANTS}
CELLS |= {f"gru-{v}": GRU(D, H, v) for v in gru.VARIANTS}
MASKS = {"full": None, "padded": MASK, "holes": HOLES, "all real": np.ones((T, B), bool)}


def clear(cell, params, x, start, mask, dy, end):
    y, final, caches = unroll(cell, params, x, start, mask)
    return y, final, *unroll_backward(cell, params, dy, end, caches, mask)


def fast(cell, params, x, start, mask, dy, end):
    y, final, memory = fused.forward(cell, params, x, start, mask)
    return y, final, *fused.backward(cell, params, dy, end, memory)


def case(cell, seed=0, T=T, B=B, dtype=np.float64):
    """Parameters, inputs, initial state, and what the loss sends to all outputs and to the final state."""
    rng = np.random.default_rng(seed)
    params, x, start = cases.parameters(cell, rng, dtype), cases.sequence(rng, T, cell.D, B, dtype), cases.state(cell, rng, B, dtype)
    return params, x, start, cases.sequence(rng, T, cell.H, B, dtype), cases.state(cell, rng, B, dtype)


def one_hot(ids, D, dtype=np.float64):
    return np.eye(D, dtype=dtype)[ids].transpose(0, 2, 1)


def equal(got, want, forward=1e-12, backward=1e-11):
    """All five results: outputs, final state, dx, gradient of the initial state, gradients of the parameters."""
    (y, final, dx, dstart, grads), (y2, final2, dx2, dstart2, grads2) = got, want
    assert type(final) is type(final2) and type(dstart) is type(dstart2) and list(grads) == list(grads2)
    cases.close(y, y2, forward)
    for a, b in zip(final, final2):
        cases.close(a, b, forward)
    if dx is not None:
        cases.close(dx, dx2, backward)
    for a, b in [*zip(dstart, dstart2), *((grads[k], grads2[k]) for k in grads)]:
        assert a.shape == b.shape and a.dtype == b.dtype
        cases.close(a, b, backward)


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("name", CELLS)
def test_the_clear_twins_numbers(name, mask):
    cell = CELLS[name]
    params, x, start, dy, end = case(cell)
    equal(fast(cell, params, x, start, mask, dy, end), clear(cell, params, x, start, mask, dy, end))


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("name", CELLS)
def test_ids_are_one_hot_columns(name, mask):
    cell = CELLS[name]
    params, _, start, dy, end = case(cell)
    ids = np.random.default_rng(1).integers(0, D, (T, B))
    ids[0] = 1, 1  # one symbol twice in a step
    result = fast(cell, params, ids, start, mask, dy, end)
    assert result[2] is None
    equal(result, clear(cell, params, one_hot(ids, D), start, mask, dy, end))


@pytest.mark.parametrize("make", [Elman, LSTM, GRU, lambda D, H: LSTM(D, H, "layer-norm")], ids=["elman", "lstm", "gru", "layer-norm"])
@pytest.mark.parametrize("T,D,H,B", [(1, 3, 4, 2), (6, 3, 4, 1), (6, 3, 1, 2), (6, 1, 4, 2), (1, 1, 1, 1), (200, 2, 3, 2), (9, 5, 8, 1500)])
def test_sizes(make, T, D, H, B):
    """Down to one of everything; long; and wider than a piece."""
    cell = make(D, H)
    params, x, start, dy, end = case(cell, 2, T, B)
    equal(fast(cell, params, x, start, None, dy, end), clear(cell, params, x, start, None, dy, end))
    ids = np.random.default_rng(3).integers(0, D, (T, B))
    equal(fast(cell, params, ids, start, None, dy, end), clear(cell, params, one_hot(ids, D), start, None, dy, end))


@pytest.mark.parametrize("mask", [None, MASK[:, :1]], ids=["full", "mask"])
@pytest.mark.parametrize("name", CELLS)
def test_one_sequence(name, mask, monkeypatch):
    """Its inputs are multiplied before the loop; in one piece and in several."""
    cell = CELLS[name]
    params, x, start, dy, end = case(cell, 4, T, 1)
    ids = np.random.default_rng(5).integers(0, D, (T, 1))
    ids[3] = ids[1]
    for enough in (512, 3):
        monkeypatch.setattr(fused.buffers, "ENOUGH", enough)
        equal(fast(cell, params, x, start, mask, dy, end), clear(cell, params, x, start, mask, dy, end))
        equal(fast(cell, params, ids, start, mask, dy, end), clear(cell, params, one_hot(ids, D), start, mask, dy, end))


@pytest.mark.parametrize("name", CELLS)
def test_several_pieces_and_a_short_one(name, monkeypatch):
    monkeypatch.setattr(fused.buffers, "ENOUGH", 3 * B)  # three steps a piece: 7 = 1 + 3 + 3
    cell = CELLS[name]
    params, x, start, dy, end = case(cell)
    equal(fast(cell, params, x, start, HOLES, dy, end), clear(cell, params, x, start, HOLES, dy, end))
    ids = np.random.default_rng(1).integers(0, D, (T, B))
    equal(fast(cell, params, ids, start, HOLES, dy, end), clear(cell, params, one_hot(ids, D), start, HOLES, dy, end))


@pytest.mark.parametrize("name", CELLS)
def test_without_states_and_padding_is_not_looked_at(name):
    cell = CELLS[name]
    params, x, _, dy, _ = case(cell)
    equal(fast(cell, params, x, None, None, dy, None), clear(cell, params, x, None, None, dy, None))
    other, dy2 = np.where(MASK[:, None], x, 1e3), np.where(MASK[:, None], dy, 1e3)
    for a, b in zip(fast(cell, params, x, None, MASK, dy, None), fast(cell, params, other, None, MASK, dy2, None)):
        np.testing.assert_equal(a, b)


@pytest.mark.parametrize("name", CELLS)
def test_float32_stays_float32(name):
    cell = CELLS[name]
    params, x, start, dy, end = case(cell, dtype=np.float32)
    result = fast(cell, params, x, start, MASK, dy, end)
    wide = [{k: v.astype(float) for k, v in params.items()}, x.astype(float), type(start)(*(s.astype(float) for s in start))]
    reference = clear(cell, *wide, MASK, dy.astype(float), type(end)(*(s.astype(float) for s in end)))
    for a in [result[0], *result[1], result[2], *result[3], *result[4].values()]:
        assert a.dtype == np.float32
    for a, b in [(result[0], reference[0]), (result[2], reference[2]), *((result[4][k], reference[4][k]) for k in result[4])]:
        cases.close(a, b, 1e-5)


@pytest.mark.parametrize("name", CELLS)
def test_nothing_that_came_in_is_changed_and_backward_can_be_called_again(name):
    cell = CELLS[name]
    params, x, start, dy, end = case(cell)
    before = [a.copy() for a in (x, dy, *start, *end, *params.values())]
    y, final, memory = fused.forward(cell, params, x, start, MASK)
    first = fused.backward(cell, params, dy, end, memory)
    second = fused.backward(cell, params, dy, end, memory)
    np.testing.assert_equal(first, second)
    for a, b in zip((x, dy, *start, *end, *params.values()), before):
        np.testing.assert_array_equal(a, b)
    final.h[:] = 0  # the final state is a copy: the memory does not change with it
    np.testing.assert_equal(fused.backward(cell, params, dy, end, memory), first)


@pytest.mark.parametrize("layout", ["columns", "reversed", "transposed"])
def test_arrays_that_are_not_contiguous(layout):
    cell = LSTM(D, H)
    params, x, start, dy, end = case(cell)
    turn = {"columns": lambda a: np.repeat(a, 2, axis=-1)[..., ::2], "reversed": lambda a: a[::-1].copy()[::-1],
            "transposed": lambda a: np.asfortranarray(a)}[layout]
    got = fast(cell, {k: turn(v) for k, v in params.items()}, turn(x), type(start)(*map(turn, start)), None, turn(dy), type(end)(*map(turn, end)))
    equal(got, clear(cell, params, x, start, None, dy, end))


GATES_OF_TORCH = {"RNN": ("",), "LSTM": ("_i", "_f", "_g", "_o"), "GRU": ("_r", "_z", "_n")}


@pytest.mark.parametrize("T,B,D,H", [(1, 2, 3, 4), (9, 1, 3, 4), (9, 2, 3, 1), (200, 2, 3, 4), (30, 8, 20, 16)])
@pytest.mark.parametrize("kind", GATES_OF_TORCH)
def test_torch_nn_judges(kind, T, B, D, H):
    """Outputs, final state and all gradients against torch.nn, in its own layout."""
    cell, gates = {"RNN": Elman, "LSTM": LSTM, "GRU": GRU}[kind](D, H), GATES_OF_TORCH[kind]
    params, x, start, dy, end = case(cell, 4, T, B)
    layer = getattr(torch.nn, kind)(D, H, dtype=torch.float64)
    blocks = {"U": layer.weight_ih_l0, "W": layer.weight_hh_l0, "b": layer.bias_ih_l0}
    with torch.no_grad():
        layer.bias_hh_l0.zero_()
        if kind == "GRU":
            layer.bias_hh_l0[2 * H :] = torch.tensor(params["d_n"][:, 0])
        for symbol, block in blocks.items():
            block.copy_(torch.tensor(np.concatenate([params[symbol + g] for g in gates]).reshape(block.shape)))
    leaves = [torch.tensor(a.swapaxes(-1, -2).copy(), requires_grad=True) for a in (x, *(s[None] for s in start))]
    y, final = layer(leaves[0], tuple(leaves[1:]) if len(start) > 1 else leaves[1])
    finals = final if isinstance(final, tuple) else (final,)
    (torch.tensor(dy.swapaxes(1, 2)) * y).sum().backward(retain_graph=True)
    sum((f[0] * torch.tensor(e.T)).sum() for f, e in zip(finals, end)).backward()

    y2, final2, dx, dstart, grads = fast(cell, params, x, start, None, dy, end)
    cases.close(y2, y.detach().numpy().swapaxes(1, 2))
    for ours, theirs in zip(final2, finals):
        cases.close(ours, theirs[0].detach().numpy().T)
    for ours, leaf in zip((dx, *dstart), leaves):
        cases.close(ours, leaf.grad.numpy().swapaxes(-1, -2).reshape(ours.shape), 1e-11)
    for symbol, block in blocks.items():
        ours = np.concatenate([grads[symbol + g] for g in gates])
        cases.close(ours, block.grad.numpy().reshape(ours.shape), 1e-11)
    if kind == "GRU":
        cases.close(grads["d_n"], layer.bias_hh_l0.grad.numpy()[2 * H :, None], 1e-11)


@pytest.mark.parametrize("every", [1, 3, 7, 100, None])
@pytest.mark.parametrize("name", CELLS)
def test_checkpoints_change_no_number(name, every):
    cell = CELLS[name]
    params, x, start, dy, end = case(cell)
    for inputs, mask in [(x, HOLES), (x, None), (np.random.default_rng(1).integers(0, D, (T, B)), MASK)]:
        y, final, memory = fused.checkpointed(cell, params, inputs, start, mask, every)
        again = y, final, *fused.backward(cell, params, dy, end, memory)
        equal(again, fast(cell, params, inputs, start, mask, dy, end), 1e-14, 1e-13)
    assert len(memory.memory.states) == -(-T // (every or 3))  # the root of 7, rounded up


def test_checkpoints_keep_little(monkeypatch):
    """Besides the inputs one state in k is kept; and no stretch is longer than k."""
    cell = LSTM(2, 3)
    params, x, start, _, _ = case(cell, T=100)
    lengths = []
    forward = fused.lstm.forward
    monkeypatch.setitem(fused.TWINS, (LSTM, "1999"), fused.twin(cell)._replace(forward=lambda c, p, x, *rest: lengths.append(len(x)) or forward(c, p, x, *rest)))
    memory = fused.checkpointed(cell, params, x, start)[2].memory
    assert memory.every == 10 and lengths == [10] * 10
    assert memory.x is x and len(memory.states) == 10 and all(s.h.base is None for s in memory.states)


@pytest.mark.parametrize("max_norm", [1e-2, 1e3])
@pytest.mark.parametrize("name", ["elman-relu", "lstm-1999", "lstm-layer-norm", "gru-after"])
def test_symbol_trainer_takes_the_models_steps(name, max_norm):
    """Six steps, clipped and not, with the state carried: the loss and all parameters as the clear classes have them."""
    cell, rng = CELLS[name], np.random.default_rng(5)
    model = Model(cell, Readout(H, 5))
    params = cases.parameters(model, rng)
    trainer, adam, state = SymbolTrainer(cell, params, 0.01, max_norm), Adam(0.01), None
    before = {k: p.copy() for k, p in params.items()}
    steps, theta = adam.init(params), params
    for _ in range(6):
        ids, targets = rng.integers(0, D, (T, B)), rng.integers(0, 5, (T, B))
        loss, grads, state = model.loss_and_gradients(theta, Batch(one_hot(ids, D), targets, None, True), state)
        theta, steps = adam.update(theta, clip_by_norm(grads, max_norm)[0], steps)
        cases.close(trainer.step(ids, targets), loss)
    assert trainer.params.keys() == theta.keys()
    for k in theta:
        cases.close(trainer.params[k], theta[k], 1e-9)
        np.testing.assert_array_equal(params[k], before[k])


def test_symbol_trainer_in_parts(monkeypatch):
    """The optimizer's parts do not matter: neither their size nor a short one at the end."""
    cell, rng = LSTM(3, 4), np.random.default_rng(6)
    params = cases.parameters(Model(cell, Readout(4, 3)), rng)
    whole = SymbolTrainer(cell, params)
    monkeypatch.setattr(symbols, "PART", 7)
    parts = SymbolTrainer(cell, params)
    for _ in range(3):
        ids = rng.integers(0, 3, (5, 2))
        assert whole.step(ids, ids) == parts.step(ids, ids)
    for k in params:
        np.testing.assert_array_equal(whole.params[k], parts.params[k])
