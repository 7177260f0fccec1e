"""Ordinary PyTorch training code, once with torch.nn's recurrent modules and once with ours in their place: equal losses."""

import copy
import io
import pickle
import warnings

import pytest
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence, pad_sequence

from rnncore.errors import RNNCoreError
from rnncore.gpu import modules
from tests.paths import both_paths, force

NAMES = ("RNN", "LSTM", "GRU")
D, H, T, B = 3, 4, 6, 5


@pytest.fixture(autouse=True)
def double():
    """Ordinary code does not name a precision; here it runs in float64."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def equal(ours, theirs, tolerance=1e-10):
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        assert a.shape == b.shape and a.dtype == b.dtype
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance * max(1.0, float(b.detach().abs().max()) if b.numel() else 1.0))


def state_of(h):
    return h if isinstance(h, tuple) else (h,)


# --- programs: (library, name of the module, steps) -> losses ----------------------------------------------------------------


def classification(lib, name):
    """Sequences of different lengths, packed; both directions; the last states go to a linear layer."""
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn, self.out = getattr(lib, name)(D, H, batch_first=True, bidirectional=True), nn.Linear(2 * H, 3)

        def forward(self, x, lengths):
            _, h = self.rnn(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
            return self.out(state_of(h)[0].transpose(0, 1).flatten(1))

    net = Net()
    data = [(torch.randn(n, D), n % 3) for n in (4, 1, 6, 3, 6, 2, 5, 1)]
    def collate(rows):
        return pad_sequence([x for x, _ in rows], batch_first=True), torch.tensor([len(x) for x, _ in rows]), torch.tensor([y for _, y in rows])

    loader = torch.utils.data.DataLoader(data, batch_size=4, shuffle=True, collate_fn=collate, generator=torch.Generator().manual_seed(2))
    optimizer, losses = torch.optim.Adam(net.parameters(), 0.05), []
    for _ in range(4):
        for x, lengths, y in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(x, lengths), y)
            loss.backward()
            clip_grad_norm_(net.parameters(), 0.5)
            optimizer.step()
            losses.append(loss.detach())
    return losses


def language_model(lib, name):
    """Embedding, two layers, dropout between them, the state carried from window to window and detached."""
    embed, rnn, out = nn.Embedding(7, D), getattr(lib, name)(D, H, 2, dropout=0.3), nn.Linear(H, 7)
    stream, h, losses = torch.randint(0, 7, (25, B)), None, []
    params = [*embed.parameters(), *rnn.parameters(), *out.parameters()]
    optimizer = torch.optim.SGD(params, 0.5, momentum=0.9)
    for start in range(0, 24, 4):
        y, h = rnn(embed(stream[start : start + 4]), h)
        loss = nn.functional.cross_entropy(out(y).view(-1, 7), stream[start + 1 : start + 5].view(-1))
        optimizer.zero_grad()
        loss.backward()
        clip_grad_norm_(params, 1.0)
        optimizer.step()
        h = tuple(v.detach() for v in h) if isinstance(h, tuple) else h.detach()
        losses.append(loss.detach())
    return losses


def translation(lib, name):
    """Encoder to decoder by the state; the decoder goes step by step, one call each."""
    encoder, decoder, out = getattr(lib, name)(D, H), getattr(lib, name)(D, H), nn.Linear(H, D)
    params = [*encoder.parameters(), *decoder.parameters(), *out.parameters()]
    optimizer, losses = torch.optim.RMSprop(params, 0.01), []
    source, target = torch.randn(T, B, D), torch.randn(T, B, D)
    for _ in range(5):
        _, h = encoder(source)
        x, loss = torch.zeros(1, B, D), 0
        for t in range(T):
            y, h = decoder(x, h)
            loss = loss + nn.functional.mse_loss(out(y)[0], target[t])
            x = target[t : t + 1] if t % 2 else out(y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return losses


def deep(lib, name):
    """Three layers, both directions, dropout, batch first; saved in the middle, loaded into a new net, trained on."""
    how = dict(num_layers=3, bidirectional=True, dropout=0.5, batch_first=True)
    net, losses = nn.ModuleDict({"rnn": getattr(lib, name)(D, H, **how), "out": nn.Linear(2 * H, 1)}), []
    x, goal = torch.randn(B, T, D), torch.randn(B, 1)
    for _ in range(2):
        optimizer = torch.optim.AdamW(net.parameters(), 0.02)
        for _ in range(3):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(net["out"](net["rnn"](x)[0][:, -1]), goal)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        file = io.BytesIO()
        torch.save(net.state_dict(), file)
        file.seek(0)
        net = nn.ModuleDict({"rnn": getattr(lib, name)(D, H, **how), "out": nn.Linear(2 * H, 1)})
        net.load_state_dict(torch.load(file))
    net.eval()
    return [*losses, net["rnn"](x)[0].detach().sum()]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("program", [classification, language_model, translation, deep])
@both_paths
def test_ordinary_training_code_takes_the_same_path(program, name, path, monkeypatch):
    """Also with dropout: the same seed drops the same units. The net starts with the same weights for the same seed."""
    calls = force(monkeypatch, path)
    losses = []
    for lib in (modules, nn):
        torch.manual_seed(0)
        losses.append(program(lib, name))
    equal(*losses)
    assert bool(calls) == (path == "numpy" and program is not classification)  # there all is packed
    assert abs(losses[0][-1] - losses[0][0]) > 1e-3  # something was learned, and could have gone another way


# --- one call ----------------------------------------------------------------------------------------------------------------

SETTINGS = [{}, dict(num_layers=2, bidirectional=True), dict(bias=False, num_layers=2), dict(batch_first=True, bidirectional=True)]


def pair(name, **how):
    """Theirs and ours with the same weights, through the state dict."""
    theirs = getattr(nn, name)(D, H, **how)
    ours = getattr(modules, name)(D, H, **how)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def first_state(module, batch=(B,)):
    layers = module.num_layers * (1 + module.bidirectional)
    h = torch.randn(layers, *batch, module.proj_size or H, requires_grad=True)
    return (h, torch.randn(layers, *batch, H, requires_grad=True)) if module.mode == "LSTM" else h


def gradients(module, x, hx, packed=None):
    """Outputs, last states, and gradients of input, first state and weights for a loss that sees all of them."""
    y, h = module(x if packed is None else packed(x), hx)
    y = y if packed is None else y.data
    weigh = torch.linspace(-1, 2, y.numel()).view(y.shape)
    loss = (weigh * y).sum() + sum((torch.linspace(1, 3, v.numel()).view(v.shape) * v).sum() for v in state_of(h))
    starts = [] if hx is None else list(state_of(hx))
    return [y, *state_of(h), *torch.autograd.grad(loss, [x, *starts, *module.parameters()])]


CALLS = ["batch", "unbatched", "no hx", "packed", "packed and sorted", "one step", "not contiguous"]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("how", SETTINGS, ids=str)
@pytest.mark.parametrize("name", NAMES)
@both_paths
def test_values_and_gradients(name, how, call, path, monkeypatch):
    calls = force(monkeypatch, path)
    torch.manual_seed(1)
    ours, theirs = pair(name, **how)
    packed, steps = None, 1 if call == "one step" else T
    x = torch.randn(T, D) if call == "unbatched" else torch.randn((B, steps, D) if how.get("batch_first") else (steps, B, D))
    if call == "not contiguous":
        x = x[..., [0, 0, 1, 1, 2, 2]][..., ::2]
        assert not x.is_contiguous()
    if call.startswith("packed"):
        lengths = [6, 5, 2, 2, 1] if call.endswith("sorted") else [2, 6, 1, 5, 2]
        first = how.get("batch_first", False)
        def packed(x):
            return pack_padded_sequence(x, lengths, batch_first=first, enforce_sorted=call.endswith("sorted"))

    hx = None if call == "no hx" else first_state(ours, () if call == "unbatched" else (B,))
    equal(gradients(ours, x.requires_grad_(), hx, packed), gradients(theirs, x, hx, packed))
    assert bool(calls) == (path == "numpy" and packed is None)


@pytest.mark.parametrize("T,B,H", [(1, 1, 1), (200, 2, 3), (3, 1, 5)])
@pytest.mark.parametrize("name", NAMES)
@both_paths
def test_extreme_sizes(name, T, B, H, path, monkeypatch):
    """The outputs lie in memory as torch.nn's, so that `view` works."""
    force(monkeypatch, path)
    torch.manual_seed(2)
    theirs = getattr(nn, name)(2, H)
    ours = getattr(modules, name)(2, H)
    ours.load_state_dict(theirs.state_dict())
    equal(gradients(ours, x := torch.randn(T, B, 2, requires_grad=True), None), gradients(theirs, x, None))
    assert ours(x)[0].view(-1).shape == (T * B * H,)


@pytest.mark.parametrize("how", [{}, {"bidirectional": True, "num_layers": 2}, {"batch_first": True}], ids=str)
@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_a_batch_of_nobody(name, how):
    """As in torch.nn: empty outputs, and zeros where something is to learn."""
    theirs = getattr(torch.nn, name)(3, 4, **how)
    ours = getattr(modules, name)(3, 4, **how)
    ours.load_state_dict(theirs.state_dict())
    x = torch.empty((0, 5, 3) if "batch_first" in how else (5, 0, 3), requires_grad=True)
    for layer in (theirs, ours):
        y, _ = layer(x)
        y.sum().backward()
    assert ours(x)[0].shape == theirs(x)[0].shape
    for a, b in zip(ours.parameters(), theirs.parameters()):
        assert a.grad is not None and not a.grad.any() and a.grad.shape == b.grad.shape


def test_relu_and_projection():
    torch.manual_seed(3)
    for ours, theirs in (pair("RNN", nonlinearity="relu", num_layers=2), pair("LSTM", proj_size=2, num_layers=2, bidirectional=True),
                         pair("LSTM", proj_size=1, bias=False)):
        assert dict(ours.named_parameters()).keys() == dict(theirs.named_parameters()).keys()
        x, hx = torch.randn(T, B, D, requires_grad=True), first_state(ours)
        equal(gradients(ours, x, hx), gradients(theirs, x, hx))


def test_packed_sequences_of_packed_sequences():
    """What comes out packed unpacks as torch.nn's, and goes into the next module."""
    torch.manual_seed(4)
    ours, theirs = pair("GRU", bidirectional=True)
    x = pack_sequence([torch.randn(n, D) for n in (2, 5, 3)], enforce_sorted=False)
    (y, _), (z, _) = ours(x), theirs(x)
    assert type(y) is type(z) and (y.batch_sizes == z.batch_sizes).all() and (y.sorted_indices == z.sorted_indices).all()
    for a, b in zip(pad_packed_sequence(y, batch_first=True, padding_value=7.0), pad_packed_sequence(z, batch_first=True, padding_value=7.0)):
        equal([a], [b])
    assert (ours(x, torch.zeros(2, 3, H))[0].data == y.data).all()


@pytest.mark.parametrize("how", [{}, dict(num_layers=2, bidirectional=True, batch_first=True), dict(bias=False)], ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_torchs(name, how):
    """Names, shapes, order, initial values for a seed; state dicts go both ways; `all_weights`; the text of repr."""
    ours, theirs = (torch.manual_seed(5) and getattr(lib, name)(D, H, **how) for lib in (modules, nn))
    assert [(k, p.shape) for k, p in ours.named_parameters()] == [(k, p.shape) for k, p in theirs.named_parameters()]
    assert all((p == q).all() for p, q in zip(ours.parameters(), theirs.parameters()))
    theirs.load_state_dict(ours.state_dict())
    assert [[p.shape for p in group] for group in ours.all_weights] == [[p.shape for p in group] for group in theirs.all_weights]
    assert repr(ours) == repr(theirs) and ours.flatten_parameters() is None
    assert ours.mode == theirs.mode and (name != "RNN" or ours.nonlinearity == theirs.nonlinearity)


@pytest.mark.parametrize("name", NAMES)
def test_copies_and_conversions(name):
    torch.manual_seed(6)
    net, x = getattr(modules, name)(D, H, 2), torch.randn(T, B, D)
    want = net(x)[0]
    file = io.BytesIO()
    torch.save(net, file)
    file.seek(0)
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net)), torch.load(file, weights_only=False)):
        assert (other(x)[0] == want).all()
        with torch.no_grad():
            other.weight_hh_l1.zero_()
        assert not (other(x)[0] == want).all() and (net(x)[0] == want).all()
    single = copy.deepcopy(net).float()
    assert single(x.float())[0].dtype == torch.float32
    torch.testing.assert_close(single(x.float())[0].double(), want, rtol=0, atol=1e-5)
    meta = getattr(modules, name)(D, H, device="meta", dtype=torch.float32)
    assert meta.weight_ih_l0.is_meta and meta.weight_ih_l0.dtype == torch.float32


@pytest.mark.parametrize("name", NAMES)
def test_half_precision_on_the_cpu_works_where_torch_does(name):
    torch.manual_seed(7)
    ours, theirs = pair(name)
    x = torch.randn(T, B, D)
    for dtype, tolerance in ((torch.bfloat16, 0.1), (torch.float16, 0.02)):
        low = copy.deepcopy(ours).to(dtype)
        y = low(x.to(dtype))[0]
        assert y.dtype == dtype
        torch.testing.assert_close(y.double(), theirs(x)[0], rtol=0, atol=tolerance)
        y.sum().backward()
        assert low.weight_hh_l0.grad.dtype == dtype


@pytest.mark.parametrize("name", NAMES)
def test_autocast(name):
    torch.manual_seed(8)
    ours = getattr(modules, name)(D, H, 2, dtype=torch.float32)
    x = torch.randn(T, B, D, dtype=torch.float32, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y, h = ours(x)
    assert {y.dtype, *(v.dtype for v in state_of(h))} == {torch.bfloat16}
    want, low = (torch.autograd.grad(v.float().square().sum(), [x, *ours.parameters()]) for v in (ours(x)[0], y))
    assert {g.dtype for g in low} == {torch.float32}
    for a, b in zip(low, want):
        assert (a - b).norm() <= 0.05 * b.norm()


def test_code_that_reaches_into_the_parameters():
    """Weight normalisation, freezing, shared weights, `functional_call`."""
    torch.manual_seed(9)
    (ours, theirs), x = pair("LSTM"), torch.randn(T, B, D)
    normed = [nn.utils.parametrizations.weight_norm(m, "weight_hh_l0") for m in (ours, copy.deepcopy(theirs))]
    equal(*([m(x)[0]] for m in normed))
    ours, theirs = pair("GRU")
    for m in (ours, theirs):
        m.weight_ih_l0.requires_grad_(False)
        m(x)[0].sum().backward()
    assert ours.weight_ih_l0.grad is None
    equal([ours.weight_hh_l0.grad, ours.bias_hh_l0.grad], [theirs.weight_hh_l0.grad, theirs.bias_hh_l0.grad])
    other = {k: torch.randn_like(p) for k, p in ours.named_parameters()}
    equal(*([torch.func.functional_call(m, other, (x,))[0]] for m in (ours, theirs)))


@pytest.mark.parametrize("B", [1, 5])
@both_paths
def test_an_output_changed_in_place_is_noticed_or_does_no_harm(B, path, monkeypatch):
    """The way back needs the outputs; NumPy has them apart, unless no copy was needed to turn them round."""
    force(monkeypatch, path)
    net, x = modules.RNN(D, H), torch.randn(T, B, D)
    want = torch.autograd.grad((2 * net(x)[0]).sum(), net.weight_hh_l0)
    y, _ = net(x)
    loss = y.mul_(2).sum()
    try:
        got = torch.autograd.grad(loss, net.weight_hh_l0)
    except RuntimeError as error:
        assert "modified by an inplace operation" in str(error)
    else:
        assert path == "numpy"
        equal(got, want)


# --- refusals: the kind of error that torch.nn raises, in our words -------------------------------------------------------------

WRONG_CALLS = {
    "too wide": lambda m, x, h: m(torch.randn(T, B, D + 1), h),
    "four axes": lambda m, x, h: m(x[None], h),
    "one axis": lambda m, x, h: m(x[0, 0], h),
    "float32 into float64": lambda m, x, h: m(x.float(), h),
    "no steps": lambda m, x, h: m(x[:0], h),
    "state of another batch": lambda m, x, h: m(x, tuple(v[:, :1] for v in h) if isinstance(h, tuple) else h[:, :1]),
    "state of one layer": lambda m, x, h: m(x, tuple(v[:1] for v in h) if isinstance(h, tuple) else h[:1]),
    "state without batch": lambda m, x, h: m(x, tuple(v[:, 0] for v in h) if isinstance(h, tuple) else h[:, 0]),
    "state with batch for one sequence": lambda m, x, h: m(x[:, 0], h),
    "packed too wide": lambda m, x, h: m(pack_sequence([torch.randn(2, D + 1)]), None),
}  # fmt: skip
WRONG_ARGUMENTS = {
    "dropout": dict(dropout=1.5), "no dropout": dict(dropout=True), "layers": dict(num_layers=0), "bias": dict(bias=1), "batch_first": dict(batch_first="yes"),
    "input_size": dict(input_size=0), "input size": dict(input_size=2.5), "hidden_size": dict(hidden_size=-1), "hidden size": dict(hidden_size="4"),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("call", WRONG_CALLS)
def test_wrong_calls_are_refused_in_torchs_kind(name, call):
    ours, theirs = pair(name, num_layers=2)
    x, h = torch.randn(T, B, D), first_state(ours)
    with pytest.raises(Exception) as wanted:  # noqa: B017
        WRONG_CALLS[call](theirs, x, h)
    with pytest.raises(RNNCoreError, match="expected .*got") as got:
        WRONG_CALLS[call](ours, x, h)
    assert isinstance(got.value, type(wanted.value))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("wrong", WRONG_ARGUMENTS)
def test_wrong_arguments_are_refused_in_torchs_kind(name, wrong):
    arguments = dict(input_size=D, hidden_size=H) | WRONG_ARGUMENTS[wrong]
    with pytest.raises(Exception) as wanted:  # noqa: B017
        getattr(nn, name)(**arguments)
    with pytest.raises(RNNCoreError, match="expected .*got") as got:
        getattr(modules, name)(**arguments)
    assert isinstance(got.value, type(wanted.value))


def test_other_refusals():
    for make in (lambda: modules.LSTM(D, H, variant="2001"), lambda: modules.GRU(D, H, variant="beside"), lambda: modules.RNN(D, H, nonlinearity="sin"),
                 lambda: modules.LSTM(D, H, proj_size=H), lambda: modules.LSTM(D, H, proj_size=-1), lambda: modules.RNN(D, H, variant="irn"),
                 lambda: modules.LSTM(D, H, proj_size=2, variant="layer-norm"), lambda: modules.RNN(D, H, nonlinearity="tanh", variant="irnn")):
        with pytest.raises(ValueError, match="expected .*got"):
            make()
    with pytest.raises(RNNCoreError, match="hx: expected a pair"):
        modules.LSTM(D, H)(torch.randn(T, B, D), torch.zeros(1, B, H))
    with pytest.raises(RNNCoreError, match="input: expected a tensor"):
        modules.LSTM(D, H)([[1.0, 2.0, 3.0]])
    with pytest.raises(TypeError):
        modules.GRU(D, H, proj_size=2)
    with pytest.warns(UserWarning, match="no effect"):
        modules.GRU(D, H, dropout=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        modules.GRU(D, H, 2, dropout=0.5)
