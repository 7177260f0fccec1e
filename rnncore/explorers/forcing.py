"""Explorer of teacher forcing: one line, word by word, by a small recurrent net in every stage of its training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import traitlets

from ..reference import Elman, Readout, losses, unroll, unroll_backward
from ..reference.feeding import FREE, TEACHER, Feeder, Feeding
from ..reference.optimizers import Adam
from .base import Array, Explorer, front_end, mulberry32

WORDS = ("[START]", "the", "wheels", "on", "bus", "go", "round", "and", "[END]")
LINE = "[START] the wheels on the bus go round and round [END]"
TARGETS = np.array([[WORDS.index(word)] for word in LINE.split()[1:]])  # (T, B)
CELL, READOUT, RATE = Elman(len(WORDS), 8), Readout(8, len(WORDS)), 0.03
LONGEST = 400


def start_weights(seed: int) -> dict[str, np.ndarray]:
    """U, W, V drawn evenly from (-0.5, 0.5) by `mulberry32(seed)`, row by row; zero biases."""
    shapes, draw = CELL.shapes | READOUT.shapes, mulberry32(seed)
    drawn = {key: np.array([0.5 * (2 * next(draw) - 1) for _ in range(np.prod(shapes[key]))]).reshape(shapes[key]) for key in "UWV"}
    return {key: drawn.get(key, np.zeros(shape)) for key, shape in shapes.items()}


def read_line(params: dict, feeding: Feeding, rng=None) -> tuple[np.ndarray, np.ndarray]:
    """The words fed (T,) and the logits (T, K, 1) of the ten steps."""
    feeder, state, logits, fed, found = Feeder(feeding, 0, TARGETS, rng), CELL.initial_state(1), None, [], []
    for t in range(len(TARGETS)):
        word = feeder.symbols(t, logits)
        h, state, _ = CELL.step(params, np.eye(len(WORDS))[:, word], state)
        logits = READOUT.forward(params, h[None])[0]
        fed.append(int(word[0]))
        found.append(logits)
    return np.array(fed), np.stack(found)


def stages(seed: int, history: Sequence[str]) -> Iterator[dict[str, np.ndarray]]:
    """Weights before training, then after each update by Adam, fed as the entry of history says, "forced" or "free"."""
    params, optimizer = start_weights(seed), Adam(RATE)
    state = optimizer.init(params)
    yield params
    for mode in history:
        fed, _ = read_line(params, TEACHER if mode == "forced" else FREE)
        h, _, caches = unroll(CELL, params, np.eye(len(WORDS))[fed][..., None])
        _, dlogits = losses.softmax_cross_entropy(READOUT.forward(params, h), TARGETS)
        dh, grads = READOUT.backward(params, dlogits, h)
        grads |= unroll_backward(CELL, params, dh, None, caches)[2]  # which words were fed counts as given
        params, state = optimizer.update(params, grads, state)
        yield params


def train_line(seed: int, history: Sequence[str]) -> dict[str, np.ndarray]:
    """Weights after the whole of a training."""
    *_, params = stages(seed, history)
    return params


class ForcingExplorer(Explorer):
    r"""A net of 8 hidden units reads "[START] the wheels on the bus go round and round [END]", fed the truth or its own words.

    $$h_t = \tanh(U x_t + W h_{t-1} + b), \qquad \hat y_t = \mathrm{softmax}(V h_t + c), \qquad L_t = -\log \hat y_{t, y^*_t}$$

    Fed at step t is the true word $y^*_{t-1}$ (forced), the likeliest word of $\hat y_{t-1}$ (free), or one of the two by the
    throw of a coin that shows the truth with probability ε. Training is by Adam with the rate 0.03 on the mean loss; which
    words were fed counts as given.

    Usage:

        ex = explorers.ForcingExplorer()                            # after 12 updates of 40, forced
        ex = explorers.ForcingExplorer(feeding="free", updates=20)  # another stage, fed its own words
        ex                                                          # last line of a cell: shows it
        ex.fed, ex.picked, ex.losses, ex.wrong_free                 # what the page has computed
        ex.history = ["free"] * 60                                  # another training: the view follows
        ex.params                                                   # the weights at this stage, by the reference

    Args:
        seed: of the weights before training.
        history: how the net was fed in each update, "forced" or "free"; 400 at most.
        updates: the stage looked at, from 0 to the length of the history; above it counts as the last.
        feeding: "forced", "free" or "coin".
        epsilon: probability of the true word where a coin decides.
        toss: seed of the coins.
        step: the step looked at, 1 to 10; later ones are hidden.

    Traits that the page fills once it is shown: `fed`, `picked`, `losses` (10,), `y_hat` (10, 9, 1), `loss`, their mean;
    `forced_losses`, `free_losses` (10,); `wrong_forced`, `wrong_free`, how many of the ten picks are wrong at each stage.

    Raises: TraitError for an unknown name, a number outside its range, a history that is too long.

    Source: see `rnncore.reference.feeding`.
    """

    _esm = front_end("renew", "charts", "forcing_net", "forcing_picture", "forcing")

    seed = traitlets.Int(1, min=0).tag(sync=True)
    history = traitlets.List(traitlets.Enum(["forced", "free"]), ["forced"] * 40, maxlen=LONGEST).tag(sync=True)
    updates = traitlets.Int(12, min=0, max=LONGEST).tag(sync=True)
    feeding = traitlets.Enum(["forced", "free", "coin"], default_value="forced").tag(sync=True)
    epsilon = traitlets.Float(0.5).tag(sync=True)
    toss = traitlets.Int(0, min=0).tag(sync=True)
    step = traitlets.Int(10, min=1, max=10).tag(sync=True)
    fed = Array(("T",), computed=True)
    picked = Array(("T",), computed=True)
    y_hat = Array(("T", 9, 1), computed=True)
    losses = Array(("T",), computed=True)
    loss = traitlets.Float(0.0).tag(sync=True)
    forced_losses = Array(("T",), computed=True)
    free_losses = Array(("T",), computed=True)
    wrong_forced = Array(("updates + 1",), computed=True)
    wrong_free = Array(("updates + 1",), computed=True)

    @traitlets.validate("epsilon")
    def _probability(self, proposal):
        if not 0 <= proposal.value <= 1:
            self._refuse("epsilon", "a probability from 0 to 1", proposal.value)
        return proposal.value

    @property
    def params(self) -> dict[str, np.ndarray]:
        """The weights at the stage looked at, trained anew by the reference: U W b V c."""
        return train_line(self.seed, self.history[: self.updates])
