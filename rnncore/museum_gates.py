r"""The bug museum's second room: backward passes of LSTM and GRU. It runs forward, trains, checks and mends.

Forward the house runs itself, with the reference's cell, a softmax readout and the loss $L = \sum_t L_t$, summed over the sequences
too. An exhibit is the way back alone,

    exhibit(params, steps) -> gradients

with one record for each step in `steps` (`LSTMStep` or `GRUStep`), and gradients with the keys and shapes of `params`: those of the
cell (`U_i W_i b_i` and so on) and V c of the readout. The exhibits themselves hang in the notebook.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from . import checks, gradcheck, museum
from .reference import GRU, LSTM, Model, Readout, unroll_backward
from .reference.losses import softmax_cross_entropy
from .reference.optimizers import Adam, clip_by_norm

CELLS = {"lstm": (LSTM, "1999"), "peephole": (LSTM, "peephole"), "gru": (GRU, "after"), "gru-before": (GRU, "before")}

FAULTS = {  # by name, so that their order tells nothing
    "bias": "a bias never gets a gradient",
    "convention": "the backward pass belongs to the other convention of the cell",
    "flipped": "a gate and one minus the gate are exchanged",
    "gate-lost": "a gate gets no gradient, and sends none back",
    "keep": "the memory's gradient goes back without the factor that kept the memory",
    "last-step": "at the last step a path is left out",
    "no-tanh": "tanh is left out of a factor",
    "old-new": "the memory before the step stands for the one after it, or the reverse",
    "order": "the blocks of the gates are written in one order and read in another",
    "overwrite": "a gradient that comes from several places is overwritten, not added up",
    "peephole-path": "the memory gets no gradient through the peepholes",
    "product": "one of the two factors of a product gets its gradient wrong",
    "readout": "the readout sends nothing to the state",
    "sign": "a gradient has the wrong sign",
    "slope": "the slope of tanh is taken of the wrong quantity",
    "transpose": "a gradient goes back through a matrix instead of its transpose",
    "none": "nothing is wrong: the work is genuine",
}

Backward = Callable[[dict, list], dict]


class LSTMStep(NamedTuple):
    """What a step forward leaves for the way back, each (H, B) but x (D, B) and e (K, B)."""

    x: np.ndarray
    h_prev: np.ndarray
    c_prev: np.ndarray
    i: np.ndarray
    f: np.ndarray
    g: np.ndarray
    o: np.ndarray
    c: np.ndarray
    h: np.ndarray
    e: np.ndarray  # gradient of L_t with respect to the logits


class GRUStep(NamedTuple):
    """What a step forward leaves for the way back, each (H, B) but x (D, B) and e (K, B)."""

    x: np.ndarray
    h_prev: np.ndarray
    r: np.ndarray
    z: np.ndarray
    n: np.ndarray
    h: np.ndarray
    e: np.ndarray  # gradient of L_t with respect to the logits


class Case(NamedTuple):
    """What a backward pass is checked on."""

    params: dict
    x: np.ndarray  # (T, D, B)
    start: tuple  # the cell's State, fields (H, B)
    y: np.ndarray  # (T, K, B)


@dataclass(frozen=True)
class Room:
    """The part of the room that belongs to one cell.

    Args: kind: a key of `CELLS`. Raises: SettingError for another.
    """

    kind: str

    def __post_init__(self) -> None:
        checks.one_of("kind", self.kind, CELLS)

    def model(self, D: int, H: int, K: int) -> Model:
        """The cell with its readout."""
        make, variant = CELLS[self.kind]
        return Model(make(D, H, variant), Readout(H, K))

    @property
    def groups(self) -> dict:
        """The parameters of every gate, of the peepholes ("p") and of the readout ("out")."""
        keys = list(self.model(1, 1, 1).cell.shapes)
        groups: dict = {}
        for key in keys:
            groups.setdefault("p" if key.startswith("p_") else key[-1], []).append(key)
        return {**groups, "out": ["V", "c"]}

    def case(self, seed: int = 0, *, T: int = 6, B: int = 2, D: int = 3, H: int = 4, K: int = 5, state: str = "random") -> Case:
        """Random parameters and data for a gradient check, float64; `state` is "random" or "zero", the initial state."""
        for name, size in (("T", T), ("B", B), ("D", D), ("H", H), ("K", K)):
            checks.positive(name, size, integer=True)
        checks.one_of("state", state, ("random", "zero"))
        rng, model = np.random.default_rng(seed), self.model(D, H, K)
        params = {k: 0.8 * rng.standard_normal(v.shape) for k, v in model.init(rng).items()}
        x, start = rng.standard_normal((T, D, B)), model.cell.initial_state(B)
        start = type(start)(*(np.tanh(rng.standard_normal(v.shape)) * (state == "random") for v in start))
        y = np.eye(K)[rng.integers(K, size=(T, B))].transpose(0, 2, 1)
        return Case(params, x, start, y)

    def _cell(self, params: dict):
        make, variant = CELLS[self.kind]
        H, D = params["U_i" if make is LSTM else "U_z"].shape
        return make(D, H, variant)

    def loss(self, params: dict, x: np.ndarray, start, y: np.ndarray):
        """The loss of the forward pass, a number."""
        cell, state, total = self._cell(params), start, 0.0
        for x_t, y_t in zip(x, y):
            h, state, _ = cell.step(params, x_t, state)
            total = total + softmax_cross_entropy((params["V"] @ h + params["c"])[None], y_t[None], reduction="sum")[0]
        return total

    def steps(self, params: dict, x: np.ndarray, start, y: np.ndarray) -> list:
        """The forward pass, as the list of records that an exhibit gets."""
        cell, state, records = self._cell(params), start, []
        for x_t, y_t in zip(x, y):
            h, state, cache = cell.step(params, x_t, state)
            e = softmax_cross_entropy((params["V"] @ h + params["c"])[None], y_t[None], reduction="sum")[1][0]
            kind = LSTMStep if isinstance(cell, LSTM) else GRUStep
            records.append(kind(**{k: getattr(cache, k) for k in kind._fields[:-2]}, h=h, e=e))
        return records

    def right(self, params: dict, steps: list) -> dict:
        """The gradients by the reference: what a genuine exhibit returns."""
        cell = self._cell(params)
        State = type(cell.initial_state())
        before = [State(*(getattr(s, f"{k}_prev") for k in State._fields)) for s in steps]
        caches = [cell.step(params, s.x, state)[2] for s, state in zip(steps, before)]
        grads = unroll_backward(cell, params, np.stack([params["V"].T @ s.e for s in steps]), None, caches)[2]
        return {**grads, "V": sum(s.e @ s.h.T for s in steps), "c": sum(s.e.sum(axis=1, keepdims=True) for s in steps)}

    def errors(self, exhibit: Backward, seed: int = 0, **setting) -> dict:
        """Relative error of each gradient against the complex step through the forward pass; `setting` as in `case`."""
        params, *data = self.case(seed, **setting)
        numeric = gradcheck.complex_step(lambda p: self.loss(p, *data), params)
        return gradcheck.compare(exhibit(params, self.steps(params, *data)), numeric)

    def examine(self, exhibit: Backward, seed: int = 0, **setting) -> None:
        """The gradient check, printed gate by gate; `setting` as in `case`."""
        found = self.errors(exhibit, seed, **setting)
        for name, keys in self.groups.items():
            said = [f"{k} WRONG {found[k]:.2g}" if found[k] > museum.TOLERANCE else f"{k} right" for k in keys]
            print(f"{name:>4} │ " + " · ".join(said))

    def misses(self, exhibit: Backward, seeds=(0, 1), **setting) -> bool:
        """The gradient check under these conditions finds nothing wrong."""
        return all(max(self.errors(exhibit, seed, **setting).values()) <= museum.TOLERANCE for seed in seeds)

    def passes(self, exhibit: Backward, seeds=(11, 12, 13), **setting) -> bool:
        """Right gradients on every seed."""
        for seed in seeds:
            params, *data = self.case(seed, **setting)
            steps = self.steps(params, *data)
            found, want = exhibit(params, steps), self.right(params, steps)
            if not all(museum.agrees(found.get(k), want[k]) for k in params):
                return False
        return True

    def train(self, exhibit: Backward, **setting) -> museum.Run:
        """Training on the echo task with the exhibit's gradients, as `train` has it."""
        return train(self, exhibit, **setting)

    def visit(self, exhibit: Backward) -> None:
        """Train an exhibit and print what somebody sees who looks at the loss alone."""
        run = self.train(exhibit)
        (first, last), best = museum.ends(run), museum.ends(self.train(self.right))[1]
        print(f"loss {first:.2f} at the start, {last:.2f} after {run.losses.shape[1]} steps; with right gradients {best:.2f}")

    def report(self, exhibit: Backward, **said) -> Report:
        """A restorer's report: wrong, fault, replace, by (see `museum.Report`)."""
        return Report(exhibit, **said, room=self)


@lru_cache(maxsize=64)
def train(room: Room, exhibit: Backward, seeds: int = 3, steps: int = 100, lr: float = 0.05, H: int = 8) -> museum.Run:
    """Adam on the echo task (`museum.echo_batch`), clipped by norm after everything is summed.

    Every seed fixes initial parameters and batches, so that two functions are compared on the same of both.
    """
    losses, cosines = np.zeros((seeds, steps)), np.zeros((seeds, -(-steps // 10)))
    optimizer = Adam(lr)
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        x, y = museum.echo_batch(rng)
        model = room.model(x.shape[1], H, y.shape[1])
        params, start = model.init(rng), model.cell.initial_state(x.shape[2])
        memory, n = optimizer.init(params), x.shape[0] * x.shape[2]
        for step in range(steps):
            x, y = museum.echo_batch(rng)
            tape = room.steps(params, x, start, y)
            grads = exhibit(params, tape)
            losses[seed, step] = -sum(np.log1p(s.e[y_t == 1]).sum() for s, y_t in zip(tape, y)) / n  # e = p - 1 at the target
            if step % 10 == 0:
                cosines[seed, step // 10] = museum.cosine(grads, room.right(params, tape))
            grads, _ = clip_by_norm({k: grads[k] / n for k in params}, museum.MAX_NORM)
            params, memory = optimizer.update(params, grads, memory)
    return museum.Run(losses, cosines)


@dataclass
class Report(museum.Report):
    """A restorer's report on an exhibit of this room.

    Args: as `museum.Report`; `wrong` names parameters ("W_n") or whole gates ("i f g o"; "p" for all peepholes, "out" for V and c).
    """

    room: Room = field(default_factory=lambda: Room("lstm"))
    faults = FAULTS

    def parameters(self, named: str) -> set:
        """The parameters that a text names, gates taken apart."""
        groups, found = self.room.groups, set()
        every = [k for keys in groups.values() for k in keys]
        for name in set(named.replace(",", " ").split()) - {"none"}:
            checks.one_of("wrong", name, (*groups, *every))
            found |= set(groups.get(name, [name]))
        return found

    def examine(self) -> None:
        """Print the gradient check of the mended function."""
        self.room.examine(self.mended, seed=1)

    def sound(self) -> bool:
        """The mended function is right, on other data than `examine` shows."""
        return self.room.passes(self.mended, T=7, B=3, D=3, H=5, K=4)
