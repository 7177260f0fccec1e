r"""An encoder–decoder that learns fast: teacher forcing on whole sequences, the numbers of `EncoderDecoder.loss_and_gradients`.

Under teacher forcing all that the decoder reads is known before it starts. So it runs over the whole target on its fast twin, and an
attention that looks "after" the step makes all its looks at once. Adam in place, gradients shortened to a greatest length; float32.
"""

from __future__ import annotations

import math

import numpy as np

from rnncore.errors import NotFiniteError, SettingError
from rnncore.reference import states
from rnncore.reference.attention import hide
from rnncore.reference.fused.symbols import Adam, flatten
from rnncore.reference.sequences import run, run_backward
from rnncore.search import decode


class PairTrainer:
    """Trains a model on `Pairs`. Args: model: an `EncoderDecoder` whose attention, if any, looks "after"; rate: Adam's; clip: see above."""

    def __init__(self, model, params: dict, rate: float, clip: float = 1.0) -> None:
        if model.attention and model.looks != "after":
            raise SettingError(f'model: expected an attention that looks "after" the step, got {model.looks!r}')
        self.model, self.clip = model, clip
        theta, self.params = flatten(params)
        self.gradient, self._slots = flatten(self.params)
        self.optimizer = Adam(theta, rate)

    def learn(self, pairs) -> float:
        """One update; the loss before it, a mean over the real target symbols."""
        loss, grads = self.gradients(pairs)
        for k, slot in self._slots.items():
            slot[:] = grads[k]
        norm = math.sqrt(np.vdot(self.gradient, self.gradient))
        if not math.isfinite(norm):
            raise NotFiniteError(f"gradient: expected a finite length, got {norm}")
        self.optimizer.step(self.gradient, min(1.0, self.clip / max(norm, 1e-12)))
        return loss

    def gradients(self, pairs) -> tuple[float, dict]:
        """Mean loss and the gradients of all parameters."""
        model, x, targets = self.model, pairs.x, pairs.targets
        parts = model._parts
        p = {name: states.part_of(self.params, name + ".", part) for name, part in parts.items()}
        H = model.decoder.outputs
        columns = model.embed_x.forward(p["embed_x"], x) if model.embed_x else x
        items, final, ran = run(model.encoder, p["encoder"], columns, None, pairs.x_mask, None, True)
        start, crossed = model._joint.forward(p["bridge"], final)
        fed = np.concatenate([np.full((1, targets.shape[1]), model.start), targets[:-1]])
        columns = model.embed_y.forward(p["embed_y"], fed) if model.embed_y else fed
        r, _, wrote = run(model.decoder, p["decoder"], columns, start, None, None, True)
        if model.attention:
            items, real = hide(items, pairs.x_mask, "x_mask")
            context, _, look = model.attention.look(p["attention"], r, model.attention.keys(p["attention"], items), items, real)
            r = np.concatenate([r, context], axis=1)
        loss, dr, of_readout = masked_loss(p["readout"], r, targets, pairs.mask)
        dh, ditems, of_attention = dr[:, :H], np.zeros_like(items), {}
        if model.attention:
            dquery, ditems, of_attention = model.attention.backward(p["attention"], dr[:, H:], look)
            dh = dh + dquery
        dy, dstart, of_decoder = run_backward(model.decoder, p["decoder"], dh, None, wrote)
        dfinal, of_bridge = model._joint.backward(p["bridge"], dstart, crossed)
        dx, _, of_encoder = run_backward(model.encoder, p["encoder"], ditems, dfinal, ran)
        found = {"encoder": of_encoder, "decoder": of_decoder, "readout": of_readout, "attention": of_attention, "bridge": of_bridge,
                 "embed_x": model.embed_x.backward(dx, x) if model.embed_x else {},
                 "embed_y": model.embed_y.backward(dy, fed) if model.embed_y else {}}
        return loss, {f"{name}.{k}": found[name][k] for name, part in parts.items() for k in part.shapes}


def masked_loss(params: dict, r: np.ndarray, targets: np.ndarray, mask: np.ndarray | None) -> tuple[float, np.ndarray, dict]:
    """Mean cross-entropy over real symbols; gradients of r (T, ·, B), V and c. Padding is left out before the readout."""
    mask = np.ones(targets.shape, bool) if mask is None else mask.astype(bool)
    real = r.transpose(1, 0, 2)[:, mask]  # (·, N)
    o = params["V"] @ real + params["c"]
    o -= o.max(axis=0)
    here = targets[mask], np.arange(o.shape[1])
    chosen = o[here]
    np.exp(o, out=o)
    total = o.sum(axis=0)
    loss = float((np.log(total) - chosen).mean())
    o /= total * o.shape[1]
    o[here] -= 1 / o.shape[1]
    dr = np.zeros((r.shape[1], *targets.shape), r.dtype)
    dr[:, mask] = params["V"].T @ o
    return loss, np.ascontiguousarray(dr.transpose(1, 0, 2)), {"V": o @ real.T, "c": o.sum(axis=1, keepdims=True)}


def reversed_sources(part):
    """A `Translated` with every source read from its end; padding stays where it is."""
    S, lengths = len(part.ids), part.x_mask.sum(axis=0)
    place = np.where(np.arange(S)[:, None] < lengths, lengths - 1 - np.arange(S)[:, None], np.arange(S)[:, None])
    return part._replace(ids=np.take_along_axis(part.ids, place, axis=0))


def written(model, params: dict, part, end: int, max_steps: int | None = None) -> list[list[int]]:
    """What the model writes for every source, greedily: symbols without the end symbol."""
    step, state = model.stepper(params, part.ids, part.x_mask)
    found = decode(step, state, model.start, end, max_steps or len(part.targets) + 3)
    return [ids[:-1] if ids[-1] == end else ids for ids in found]
