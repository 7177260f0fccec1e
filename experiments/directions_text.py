"""Illegible letters: about one letter in seven of a novel cannot be read. Which was it? What stands before it tells something.

The text is `variants.letters`, the novel in small letters. Pieces of 60 letters; each letter is illegible with a probability of 0.15 and
comes as a symbol of its own; the nets are asked for those letters alone. A net that reads ahead knows what stands before a letter; one
that answers `delay` letters later knows so many that follow; one that reads in both directions knows all of the piece.

Baselines count in the training text: the two letters before (`past`), or the one before and the one after (`both sides`); where one of
them is illegible itself, all are summed over. Letters in the last ten places of a piece are left out for all, so that every delay has an
answer to each letter that is judged.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from rnncore.reference import LSTM, Batch, Bidirectional, Readout

from .experiment import Run
from .fast_model import Asked
from .short_training import figures, kept, size, train
from .variants import LETTERS, letters

HIDDEN = K = len(LETTERS)  # the symbol for what cannot be read comes after the letters
SHARE, LONGEST = 0.15, 10


def hidden(ids: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Letters as they are read, and which of them are illegible. (T, B)"""
    where = rng.random(ids.shape) < SHARE
    return np.where(where, HIDDEN, ids), where


def asked(ids: np.ndarray, where: np.ndarray, seen: np.ndarray, delay: int) -> Batch:
    """What the net reads, and is to say: the letter of `delay` steps ago, if that was illegible."""
    late, wanted = np.zeros_like(ids), np.zeros_like(where)
    late[delay:], wanted[delay:] = ids[: len(ids) - delay], where[: len(ids) - delay]
    return Batch(seen, late, wanted)


def reader(directions: int, H: int) -> Asked:
    """The net that reads illegible letters."""
    cell = Bidirectional(LSTM(K + 1, H), LSTM(K + 1, H)) if directions == 2 else LSTM(K + 1, H)
    return Asked(cell, Readout(directions * H, K))


def held_out_pieces(n: int, T: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Letters, which are illegible, what is read: n pieces spread over text that no net was trained on."""
    text = letters()[2]
    ids = text[np.linspace(0, len(text) - T - 1, n).astype(int) + np.arange(T)[:, None]]
    seen, where = hidden(ids, np.random.default_rng(999))
    where[-LONGEST:] = False
    return ids, where, seen


def say(model, params: dict, seen: np.ndarray, delay: int) -> np.ndarray:
    """The letter that it says for each place but the last `delay`, (T − delay, B)."""
    return model.forward(params, seen)[0].argmax(axis=1)[delay:]


def restore(job, directions: int, H: int, delay: int, steps: int, B: int, T: int, lr: float, asks: int, seeds: list, keep) -> dict:
    """One kind of net on illegible letters."""
    text, model = letters()[0], reader(directions, H)

    def draw(step: int, rng: np.random.Generator) -> Batch:
        ids = text[rng.integers(len(text) - T, size=B) + np.arange(T)[:, None]]
        seen, where = hidden(ids, rng)
        return asked(ids, where, seen, delay)

    nets = [train(job, model, draw, seed, steps, lr) for seed in seeds]
    nets[0] = kept(keep, nets[0])
    ids, where, seen = held_out_pieces(asks, T)
    right = [(say(model, p, seen, delay) == ids[: T - delay])[where[: T - delay]].mean() for p in nets]
    bits = [model.loss_value(p, asked(ids, where, seen, delay)) / float(np.log(2)) for p in nets]
    found = {"right": figures(right), "bits": figures(bits), "letters": int(where.sum())}
    return {"parameters": size(model), "weights": keep, "kept": 0} | found


@lru_cache(maxsize=1)
def triples() -> np.ndarray:
    """How often three letters stand in a row in the training text, (K, K, K); a last entry of each axis is the sum over it."""
    text = letters()[0]
    counts = np.bincount(text[:-2] * K * K + text[1:-1] * K + text[2:], minlength=K**3).reshape(K, K, K)
    for axis in range(3):
        counts = np.concatenate([counts, counts.sum(axis=axis, keepdims=True)], axis=axis)
    return counts


def counted(job, asks: int, T: int) -> dict:
    """The baselines: the commonest symbol, the two letters before, the letters on both sides."""
    ids, where, seen = held_out_pieces(asks, T)
    edge = np.full((1, ids.shape[1]), HIDDEN)  # before the first letter nothing is known
    padded, N = np.concatenate([edge, edge, seen, edge]), triples()
    before, last, after = padded[:-3], padded[1:-2], padded[3:]
    past = N[before, last, :K].argmax(axis=-1)
    both = np.moveaxis(N, 1, -1)[last, after, :K].argmax(axis=-1)
    share = lambda said: round(float((said == ids)[where].mean()), 4)  # noqa: E731
    return {"most frequent": share(np.full_like(ids, N[-1, :K, -1].argmax())), "past": share(past), "both sides": share(both),
            "letters": int(where.sum())}  # fmt: skip


def row(directions: int, H: int, delay: int = 0, keep: str | None = None) -> Run:
    """One kind of net."""
    settings = {"directions": directions, "H": H, "delay": delay, "steps": 600, "B": 32, "T": 60, "lr": 0.01, "asks": 1000,
                "seeds": [[640, k] for k in range(3)], "keep": keep}  # fmt: skip
    criterion = "share of illegible letters that are named, and bits a letter, on 1000 pieces of held-out text; three starts"
    return Run(restore, settings, criterion, quick={"steps": 2, "B": 3, "asks": 5, "seeds": [[640, 0]], "keep": None})


RUNS = {
    "novel: counting": Run(counted, {"asks": 1000, "T": 60}, "share of illegible letters that are named, on 1000 pieces of held-out text",
                           quick={"asks": 5}),
    "novel: one direction": row(1, 64),
    "novel: one direction, 1 letter later": row(1, 64, 1),
    "novel: one direction, 3 letters later": row(1, 64, 3),
    "novel: one direction, 10 letters later": row(1, 64, 10),
    "novel: two directions": row(2, 41, 0, "illegible_letters"),
}  # fmt: skip
