"""Streams of the continual Reber grammar for many nets at once: which letter comes, which might have come, and test streams."""

from __future__ import annotations

import numpy as np

from rnncore.reference.memory_blocks import MemoryBlocks
from rnncore.tasks.reber import CONTINUAL, VOCABULARY

K = len(VOCABULARY)
ONE_HOT = np.eye(K)
LEGAL = CONTINUAL.table.T > 0  # (states, 7)
LETTERS, FOLLOWING = (np.array([[offers[c % len(offers)][what] for c in range(2)] for offers in CONTINUAL.states]) for what in range(2))
LETTERS = np.vectorize(VOCABULARY.index.get)(LETTERS)  # (states, 2): where one letter alone may come it stands twice
FOLLOWING = FOLLOWING.astype(int)
AHEAD = 4096  # choices are drawn so many at a time


class Streams:
    """N endless streams, each with a generator of its own: `letter` (N,) is what came, `state` (N,) that of the grammar after it."""

    def __init__(self, rngs: list[np.random.Generator]) -> None:
        self.rngs, self.at = rngs, np.zeros(len(rngs), int)
        self.choices = np.stack([rng.integers(2, size=AHEAD) for rng in rngs])
        self.letter, self.state = np.zeros((2, len(rngs)), int)
        self.begin(np.arange(len(rngs)))

    def begin(self, trials: np.ndarray) -> None:
        """Some of the streams begin anew, with B."""
        self.state[trials] = FOLLOWING[0, 0]
        self.letter[trials] = LETTERS[0, 0]

    def advance(self) -> None:
        """The next letter of each."""
        choice = self.choices[np.arange(len(self.at)), self.at]
        self.at += 1
        for k in np.flatnonzero(self.at == AHEAD):
            self.choices[k], self.at[k] = self.rngs[k].integers(2, size=AHEAD), 0
        self.letter = LETTERS[self.state, choice]
        self.state = FOLLOWING[self.state, choice]

    def take(self, keep: np.ndarray) -> None:
        """Only some of them go on."""
        self.rngs = [self.rngs[k] for k in keep]
        self.at, self.choices, self.letter, self.state = self.at[keep], self.choices[keep], self.letter[keep], self.state[keep]


def all_legal(outputs: np.ndarray, state: np.ndarray) -> np.ndarray:
    """Whether the letters that may come after grammar state (N,) are the most active of the outputs (N, 7)."""
    legal = LEGAL[state]
    return np.where(legal, outputs, np.inf).min(axis=1) > np.where(legal, -np.inf, outputs).max(axis=1)


def within(outputs: np.ndarray, state: np.ndarray) -> np.ndarray:
    """Whether each output (N, 7) is within 0.49 of one for the letters that may come after grammar state (N,), of zero for the others."""
    return (np.abs(outputs - LEGAL[state]) < 0.49).all(axis=1)


RULES = {"most active": all_legal, "0.49": within}


def alike(params: dict, k: int, N: int) -> dict:
    """Net k's weights N times."""
    return {name: np.repeat(p[[k]], N, axis=0) for name, p in params.items()}


def test(net: MemoryBlocks, params: dict, rngs: list[np.random.Generator], letters: int, give_up: bool = False, reset: bool = False,
         rule: str = "most active") -> list[int]:  # fmt: skip
    """How many predictions of each stream are right before the first mistake, `letters` if there is none; weights frozen.

    Args: params: of one net, with the axis of trials, (1, …); give_up: stop all streams when one has a mistake;
        reset: empty the memory before each string; rule: what is right.
    """
    streams, alive, length = Streams(rngs), np.arange(len(rngs)), np.zeros(len(rngs), int)
    copies, state = alike(params, 0, len(rngs)), net.start(len(rngs))
    for _ in range(letters):
        y, _ = net.step(copies, streams.letter, state, learns=False)
        right = RULES[rule](y, streams.state)
        length[alive[right]] += 1
        if not right.all():
            keep = np.flatnonzero(right)
            if give_up or not len(keep):
                break
            alive, state = alive[keep], state.take(keep)
            copies = {name: p[keep] for name, p in copies.items()}
            streams.take(keep)
        streams.advance()
        if reset:
            state.reset(streams.state == FOLLOWING[0, 0])
    return length.tolist()


def drift(net: MemoryBlocks, params: dict, seed: int, letters: int, points: int = 50, close: int = 60) -> dict:
    """One net on one stream that goes on whatever the net says: its cells' states, thinned, and all of it at the end.

    Returns: "letters" after which, "s" (points, cells), "largest" |s| so far, "mistakes" so far; "close": letters, s, forget gates.
    """
    streams, state = Streams([np.random.default_rng(seed)]), net.start(1)
    every, largest, mistakes = max(1, letters // points), 0.0, 0
    found = {"letters": [], "s": [], "largest": [], "mistakes": []}
    near: dict = {"text": "", "s": [], "forget": []}
    for t in range(letters):
        y, _ = net.step(params, streams.letter, state, learns=False)
        largest, mistakes = max(largest, float(np.abs(state.s).max())), mistakes + int(not all_legal(y, streams.state)[0])
        if t % every == every - 1:
            now = {"letters": t + 1, "s": state.s.round(3).ravel().tolist(), "largest": round(largest, 3), "mistakes": mistakes}
            for name, value in now.items():
                found[name].append(value)
        if t >= letters - close:
            near["text"] += VOCABULARY.symbols[streams.letter[0]]
            near["s"].append(state.s.round(3).ravel().tolist())
            if net.forget_gate:
                near["forget"].append(state.y[0, net.rows("forget")].round(3).tolist())
        streams.advance()
    return found | {"close": near}


def shares(means: list[float], perfect: list[int]) -> dict:
    """The columns of the paper's table: perfect nets, those with test streams of more than 1000 letters on the average, the rest."""
    good = [k for k, m in enumerate(means) if k not in perfect and m > 1000]
    rest = [k for k in range(len(means)) if k not in perfect and k not in good]
    return {name: {"%": round(100 * len(ks) / len(means), 1),
                   "mean length": round(float(np.mean([means[k] for k in ks])), 1) if ks else None}
            for name, ks in (("perfect", perfect), ("good", good), ("rest", rest))}  # fmt: skip
