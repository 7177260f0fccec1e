r"""An encoder–decoder with attention that looks before each step, and learns fast: the numbers of `EncoderDecoder.loss_and_gradients`.

The decoder is an `Elman` that reads one-hot symbols, the score is the general one, the bridge "zero". Each step needs the look before it,
so the loop over the target remains; all else is taken out of it. An encoder of `InputWindow`s in both directions needs no loop at all:
what a place of the window adds depends on one symbol, and is looked up in a table.
"""

from __future__ import annotations

import numpy as np

from rnncore.errors import SettingError
from rnncore.reference import Elman, InputWindow, states
from rnncore.reference.attention import masked_softmax
from rnncore.reference.fused.symbols import Adam, flatten
from rnncore.reference.sequences import run, run_backward

from .pair_trainer import PairTrainer, masked_loss


class LookTrainer(PairTrainer):
    """Trains a model on `Pairs`. Args: model: an `EncoderDecoder` as above; rate: Adam's; clip: greatest length of the gradient."""

    def __init__(self, model, params: dict, rate: float, clip: float = 1.0) -> None:
        fits = model.attention and model.attention.kind == "general" and model.looks == "before" and model.bridge == "zero"
        if not fits or type(model.decoder) is not Elman or model.decoder.activation != "tanh" or not model.embed_x or model.embed_y:
            raise SettingError(f'model: expected general attention before the step of an Elman, embed_x and bridge "zero", got {model!r}')
        self.model, self.clip = model, clip
        theta, self.params = flatten(params)
        self.gradient, self._slots = flatten(self.params)
        self.optimizer = Adam(theta, rate)

    def gradients(self, pairs) -> tuple[float, dict]:
        """Mean loss and the gradients of all parameters."""
        parts = self.model._parts
        p = {name: states.part_of(self.params, name + ".", part) for name, part in parts.items()}
        mask = np.ones(pairs.x.shape, bool) if pairs.x_mask is None else pairs.x_mask.astype(bool)
        near = isinstance(self.model.encoder.ahead, InputWindow)
        items, ran = windows(p, pairs.x, mask) if near else self._run(p, pairs.x, mask)
        fed = np.concatenate([np.full((1, pairs.targets.shape[1]), self.model.start), pairs.targets[:-1]])
        loss, ditems, found = decoder(p, items, mask, fed, pairs, self.model.decoder.D - items.shape[1])
        of_encoder, of_embedding = windows_backward(p, ditems, ran) if near else self._run_backward(p, ditems, ran, pairs.x)
        found |= {"encoder": of_encoder, "embed_x": of_embedding}
        return loss, {f"{name}.{k}": found[name][k] for name, part in parts.items() for k in part.shapes}

    def _run(self, p: dict, x: np.ndarray, mask: np.ndarray) -> tuple:
        items, _, ran = run(self.model.encoder, p["encoder"], self.model.embed_x.forward(p["embed_x"], x), None, mask, None, True)
        return items, ran

    def _run_backward(self, p: dict, ditems: np.ndarray, ran, x: np.ndarray) -> tuple[dict, dict]:
        dx, _, grads = run_backward(self.model.encoder, p["encoder"], ditems, None, ran)
        return grads, self.model.embed_x.backward(dx, x)


def decoder(p: dict, items: np.ndarray, mask: np.ndarray, fed: np.ndarray, pairs, symbols: int) -> tuple[float, np.ndarray, dict]:
    """Loss, gradient of the items (S, M, B), gradients of decoder, attention and readout."""
    U_y, U_c, W = p["decoder"]["U"][:, :symbols], np.ascontiguousarray(p["decoder"]["U"][:, symbols:]), p["decoder"]["W"]
    keys = p["attention"]["W_a"] @ items
    T, (H, B) = len(fed), (len(W), fed.shape[1])
    read = np.ascontiguousarray((U_y[:, fed] + p["decoder"]["b"][:, :, None]).transpose(1, 0, 2))
    h, w = np.zeros((T + 1, H, B), items.dtype), np.empty((T, len(items), B), items.dtype)
    c = np.empty((T, items.shape[1], B), items.dtype)
    for t in range(T):
        w[t] = masked_softmax((h[t] * keys).sum(axis=1), mask)
        c[t] = (w[t][:, None] * items).sum(axis=0)
        h[t + 1] = np.tanh(read[t] + U_c @ c[t] + W @ h[t])
    loss, dr, of_readout = masked_loss(p["readout"], np.concatenate([h[1:], c], axis=1), pairs.targets, pairs.mask)
    da, dc, de, dh = np.empty((T, H, B), items.dtype), dr[:, H:], np.empty_like(w), 0
    for t in reversed(range(T)):
        da[t] = (dr[t, :H] + dh) * (1 - h[t + 1] * h[t + 1])
        dc[t] += U_c.T @ da[t]
        dw = (items * dc[t]).sum(axis=1)
        de[t] = w[t] * (dw - (w[t] * dw).sum(axis=0))
        dh = W.T @ da[t] + (de[t][:, None] * keys).sum(axis=0)
    side = lambda a: a.transpose(2, 1, 0)  # noqa: E731  (T, ·, B) -> (B, ·, T)
    over_steps = lambda a, b: (side(a) @ b.transpose(2, 0, 1)).transpose(1, 2, 0)  # noqa: E731  (S, ·, B), summed over T
    dkeys, ditems = over_steps(de, h[:-1]), over_steps(w, dc)
    outer = lambda a, b: np.tensordot(a, b, axes=([0, 2], [0, 2]))  # noqa: E731
    of_decoder = {"U": np.concatenate([counted(da, fed, symbols), outer(da, c)], axis=1), "W": outer(da, h[:-1]),
                  "b": da.sum(axis=(0, 2))[:, None]}  # fmt: skip
    ditems = ditems + p["attention"]["W_a"].T @ dkeys
    return loss, ditems, {"decoder": of_decoder, "attention": {"W_a": outer(dkeys, items)}, "readout": of_readout, "bridge": {}}


def counted(da: np.ndarray, ids: np.ndarray, K: int) -> np.ndarray:
    """The gradient of a table whose columns were looked up: da (T, H, B) summed for each symbol, (H, K)."""
    hot = (ids.reshape(-1, 1) == np.arange(K)).astype(da.dtype)
    return da.transpose(1, 0, 2).reshape(da.shape[1], -1) @ hot


def shifted(x: np.ndarray, mask: np.ndarray, k: int, none: int) -> np.ndarray:
    """The symbols k steps before each step (k below 0: after it), `none` where there is none."""
    S, moved = len(x), np.full(x.shape, none)
    moved[max(k, 0) : S + min(k, 0)] = np.where(mask, x, none)[max(-k, 0) : S - max(k, 0)]
    return moved


def windows(p: dict, x: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, tuple]:
    """Outputs (S, M, B) of two `InputWindow`s, one for each direction, zero at padding; and what the way back needs."""
    E, halves, seen = p["embed_x"]["E"], [], {}
    R, K = E.shape
    for name, sign in (("ahead", 1), ("back", -1)):
        U, b = p["encoder"][f"{name}.U"], p["encoder"][f"{name}.b"]
        seen[name] = [shifted(x, mask, sign * k, K) for k in range(U.shape[1] // R)]
        a = b[:, :, None]
        for k, ids in enumerate(seen[name]):
            a = a + np.concatenate([U[:, k * R : (k + 1) * R] @ E, np.zeros((len(U), 1), E.dtype)], axis=1)[:, ids]
        halves.append(np.tanh(a))
    items = np.where(mask, np.concatenate(halves), 0).transpose(1, 0, 2)
    return np.ascontiguousarray(items), (seen, items, mask)


def windows_backward(p: dict, ditems: np.ndarray, ran: tuple) -> tuple[dict, dict]:
    """Gradients of the encoder, and of the embedding."""
    (seen, items, mask), E, grads = ran, p["embed_x"]["E"], {}
    (R, K), dE = E.shape, 0
    da = ditems * (1 - items * items) * mask[:, None]
    for name, part in zip(("ahead", "back"), np.split(da, [len(p["encoder"]["ahead.b"])], axis=1)):
        U = p["encoder"][f"{name}.U"]
        tables = [counted(part, ids, K) for ids in seen[name]]
        grads |= {f"{name}.U": np.concatenate([table @ E.T for table in tables], axis=1), f"{name}.b": part.sum(axis=(0, 2))[:, None]}
        dE = dE + sum(U[:, k * R : (k + 1) * R].T @ table for k, table in enumerate(tables))
    return grads, {"E": dE}
