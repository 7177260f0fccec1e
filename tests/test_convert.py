"""rnncore.convert: the reference, the twin and torch.nn compute the same numbers from the same weights."""

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnncore import convert, gpu
from rnncore.errors import DtypeError, EmptySequenceError, NotFiniteError, SettingError, ShapeError
from rnncore.reference import Elman, Readout, unroll, unroll_backward
from tests import cases
from tests.cases import B, D, H, K, close

CELL = Elman(D, H)


def draw(cell=CELL, seed=0, dtype=np.float64):
    return cases.parameters(cell, np.random.default_rng(seed), dtype)


def their_gradients(module):
    """The gradients of a torch.nn.RNN under our names; both biases have the gradient of b."""
    torch.testing.assert_close(module.bias_ih_l0.grad, module.bias_hh_l0.grad, rtol=1e-12, atol=1e-14)
    return {"U": module.weight_ih_l0.grad, "W": module.weight_hh_l0.grad, "b": module.bias_ih_l0.grad[:, None]}


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("T,D,H,B", [(1, 3, 4, 2), (7, 3, 4, 2), (60, 5, 8, 3), (6, 1, 1, 1), (5, 2, 1, 3), (9, 3, 4, 1)])
def test_values_and_gradients_of_three_implementations(T, D, H, B, activation, batch_first):
    cell, rng = Elman(D, H, activation), np.random.default_rng(T)
    params, x, start = cases.parameters(cell, rng), cases.sequence(rng, T, D, B), cases.state(cell, rng, B)
    params["W"] *= 0.8 / np.linalg.norm(params["W"], 2)  # T = 60 with relu would grow too large to compare to 1e-12
    dy, end = cases.sequence(rng, T, H, B), cases.state(cell, rng, B)
    y, final, caches = unroll(cell, params, x, start)
    dx, dstart, grads = unroll_backward(cell, params, dy, end, caches)

    module = convert.to_torch_rnn(cell, params, batch_first=batch_first)
    rows = torch.tensor(convert.to_rows(x, batch_first)).requires_grad_()
    h0 = torch.tensor(start.h.T[None]).requires_grad_()
    out, last = module(rows, h0)
    ((out * torch.tensor(convert.to_rows(dy, batch_first))).sum() + (last[0].T * torch.tensor(end.h)).sum()).backward()
    close(convert.to_columns(out.detach().numpy(), batch_first), y)
    close(last.detach().numpy()[0].T, final.h)
    close(convert.to_columns(rows.grad.numpy(), batch_first), dx)
    close(h0.grad.numpy()[0].T, dstart.h)

    leaves = {k: p.requires_grad_() for k, p in gpu.to_torch(params).items()}
    z, z_last = gpu.unroll(gpu.Elman(D, H, activation), leaves, gpu.to_torch(x), gpu.to_torch(start))
    ((z * gpu.to_torch(dy)).sum() + (z_last.h * gpu.to_torch(end.h)).sum()).backward()
    close(z.detach().numpy(), y)
    for k, g in their_gradients(module).items():
        close(g.numpy(), grads[k])
        close(leaves[k].grad.numpy(), grads[k])


@pytest.mark.parametrize("lengths", [(7, 4, 1), (2, 7, 5), (3, 3, 3), (1, 1, 2)])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_packed_sequences_are_a_mask(activation, lengths):
    T, B = max(lengths), len(lengths)
    cell, rng = Elman(D, H, activation), np.random.default_rng(1)
    params, x, start, dy = cases.parameters(cell, rng), cases.sequence(rng, T, D, B), cases.state(cell, rng, B), cases.sequence(rng, T, H, B)
    end, mask = cases.state(cell, rng, B), convert.mask_from_lengths(lengths)
    y, final, caches = unroll(cell, params, x, start, mask)
    dx, _, grads = unroll_backward(cell, params, dy, end, caches, mask)
    module, rows = convert.to_torch_rnn(cell, params), torch.tensor(convert.to_rows(x)).requires_grad_()
    packed, last = module(pack_padded_sequence(rows, torch.tensor(lengths), enforce_sorted=False), torch.tensor(start.h.T[None]))
    out, _ = pad_packed_sequence(packed)
    ((out * torch.tensor(convert.to_rows(dy))).sum() + (last[0].T * torch.tensor(end.h)).sum()).backward()
    close(convert.to_columns(out.detach().numpy()), y)
    close(last.detach().numpy()[0].T, final.h)
    close(convert.to_columns(rows.grad.numpy()), dx)
    for k, g in their_gradients(module).items():
        close(g.numpy(), grads[k])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_there_and_back(activation, dtype):
    cell = Elman(D, H, activation)
    params = draw(cell, dtype=dtype)
    for given in (params, gpu.to_torch(params)):
        module = convert.to_torch_rnn(cell, given)
        assert module.nonlinearity == activation and module.weight_ih_l0.dtype == getattr(torch, np.dtype(dtype).name)
        same_cell, back = convert.from_torch_rnn(module)
        assert same_cell == cell
        for k in params:
            np.testing.assert_array_equal(back[k], params[k])
            assert back[k].dtype == dtype and back[k].shape == cell.shapes[k]
    back["U"][:] = 0
    assert module.weight_ih_l0.any()  # a copy


def test_a_fresh_module_has_two_biases_that_are_added():
    torch.manual_seed(0)
    module = torch.nn.RNN(D, H).double()
    cell, params = convert.from_torch_rnn(module)
    np.testing.assert_array_equal(params["b"][:, 0], (module.bias_ih_l0 + module.bias_hh_l0).detach().numpy())
    x = cases.sequence(np.random.default_rng(0))
    close(convert.to_columns(module(torch.tensor(convert.to_rows(x)))[0].detach().numpy()), unroll(cell, params, x)[0])


def test_without_biases():
    torch.manual_seed(0)
    module = torch.nn.RNN(D, H, bias=False).double()
    cell, params = convert.from_torch_rnn(module)
    assert params["b"].shape == (H, 1) and not params["b"].any()
    again = convert.to_torch_rnn(cell, params, bias=False)
    assert set(again.state_dict()) == {"weight_ih_l0", "weight_hh_l0"}
    torch.testing.assert_close(again.weight_hh_l0, module.weight_hh_l0, rtol=0, atol=0)
    with pytest.raises(SettingError, match="bias: expected True, or b = 0"):
        convert.to_torch_rnn(cell, draw(), bias=False)


def test_state_dicts():
    params = draw()
    state = convert.to_state_dict(CELL, params)
    module = torch.nn.RNN(D, H).double()
    module.load_state_dict(state)
    for back in (convert.from_state_dict(state), convert.from_state_dict(module.state_dict())):
        for k in params:
            np.testing.assert_array_equal(back[k], params[k])
    assert [tuple(v.shape) for v in state.values()] == [(H, D), (H, H), (H,), (H,)]


def test_linear_is_the_readout():
    readout, rng = Readout(H, K), np.random.default_rng(0)
    params, h = cases.parameters(readout, rng), cases.sequence(rng, D=H)
    module = convert.to_torch_linear(readout, params)
    o = module(torch.tensor(convert.to_rows(h)))
    close(convert.to_columns(o.detach().numpy()), readout.forward(params, h))
    do = rng.standard_normal((len(h), K, B))
    (o * torch.tensor(convert.to_rows(do))).sum().backward()
    grads = readout.backward(params, do, h)[1]
    close(module.weight.grad.numpy(), grads["V"])
    close(module.bias.grad.numpy()[:, None], grads["c"])
    same, back = convert.from_torch_linear(module)
    assert same == readout and all((back[k] == params[k]).all() for k in params)
    assert not convert.from_torch_linear(torch.nn.Linear(H, K, bias=False))[1]["c"].any()


def test_axes():
    x = np.arange(24.0).reshape(2, 3, 4)  # (T, D, B)
    for given in (x, torch.tensor(x)):
        assert convert.to_rows(given)[1, 3, 2] == convert.to_rows(given, True)[3, 1, 2] == x[1, 2, 3]
        for batch_first in (False, True):
            back = convert.to_columns(convert.to_rows(given, batch_first), batch_first)
            assert type(back) is type(given)
            np.testing.assert_array_equal(back, x)
    np.testing.assert_array_equal(convert.mask_from_lengths([2, 3], 4).T, [[1, 1, 0, 0], [1, 1, 1, 0]])
    assert convert.mask_from_lengths([2, 3]).shape == (3, 2)


@pytest.mark.parametrize("module,message", [
    (lambda: torch.nn.RNN(D, H, num_layers=2), "one layer.*num_layers=2"),
    (lambda: torch.nn.RNN(D, H, bidirectional=True), "one direction.*bidirectional=True"),
    (lambda: torch.nn.LSTM(D, H), "expected a torch.nn.RNN.*got LSTM"),
    (lambda: torch.nn.GRU(D, H), "expected a torch.nn.RNN.*got GRU"),
    (lambda: torch.nn.RNNCell(D, H), "expected a torch.nn.RNN.*got RNNCell"),
    (lambda: None, "expected a torch.nn.RNN.*got NoneType"),
])
def test_modules_that_are_not_supported(module, message):
    with pytest.raises(SettingError, match=message):
        convert.from_torch_rnn(module())


@pytest.mark.parametrize("call,error", [
    (lambda: convert.to_torch_rnn(Elman(D, H, "logistic"), draw()), SettingError),
    (lambda: convert.to_torch_rnn(CELL, {"U": draw()["U"]}), ShapeError),
    (lambda: convert.to_torch_rnn(CELL, list(draw())), ShapeError),
    (lambda: convert.to_torch_rnn(Elman(D, H + 1), draw()), ShapeError),
    (lambda: convert.to_torch_rnn(CELL, draw() | {"W": np.ones((H, H), int)}), DtypeError),
    (lambda: convert.to_torch_rnn(CELL, draw() | {"W": draw()["W"].astype(np.float32)}), DtypeError),
    (lambda: convert.to_torch_rnn(CELL, draw() | {"W": draw()["W"] * np.nan}), NotFiniteError),
    (lambda: convert.to_torch_linear(Readout(H, K), draw()), ShapeError),
    (lambda: convert.from_torch_linear(torch.nn.RNN(D, H)), SettingError),
    (lambda: convert.from_state_dict({}), SettingError),
    (lambda: convert.from_state_dict(torch.nn.RNN(D, H, 2).state_dict()), SettingError),
    (lambda: convert.from_state_dict(torch.nn.LSTM(D, H).state_dict()), ShapeError),
    (lambda: convert.to_rows(np.zeros((3, 2))), ShapeError),
    (lambda: convert.to_columns([1, 2]), ShapeError),
    (lambda: convert.mask_from_lengths([3, 0]), SettingError),
    (lambda: convert.mask_from_lengths([3, 5], 4), SettingError),
    (lambda: convert.mask_from_lengths([1.5]), DtypeError),
    (lambda: convert.mask_from_lengths(np.zeros(0, int)), EmptySequenceError),
])
def test_refusals(call, error):
    with pytest.raises(error, match="expected.*got|NaN or infinite"):
        call()
