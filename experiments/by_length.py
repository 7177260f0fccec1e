r"""Does it work on sequences longer than those of the training? Writing backwards, with a fixed vector and with attention.

Symbols out of 10, drawn at random, repeats allowed; lengths from 5 to 10 in training, up to three times that in the test, where the
decoder runs free: it is fed its own symbols. A sequence is right if every symbol is, END included.

| net | encoder | what the decoder knows of the source |
|---|---|---|
| "fixed vector" | GRU | the encoder's last state |
| "attention, recurrent encoder" | two GRUs, one for each direction | a look at all outputs of the encoder before each step |
| "attention, encoder of neighbours" | a layer that sees a symbol and the three to each side of it | the same |

The last two differ in the encoder alone. A recurrent one can count how far a step is from the end, and then "the third from the end" is
found by its number; but nothing tells what number follows the greatest one of the training. A layer that sees neighbours alone cannot
count, but near the ends. It leaves one way: find the place whose neighbours go on where the last place was. That way is as good for a
long sequence as for a short one, as long as no neighbourhood occurs twice.

All are trained by teacher forcing with Adam, whose rate falls linearly over the second half, and gradients shortened to 1.
"""

from __future__ import annotations

import numpy as np

from rnncore import results
from rnncore.reference import GRU, Attention, Bidirectional, Elman, Embedding, EncoderDecoder, InputWindow, Readout
from rnncore.reference.feeding import FREE
from rnncore.tasks.alignment import Aligned, backwards, in_order

from .experiment import Experiment, Run
from .look_trainer import LookTrainer
from .pair_trainer import PairTrainer

TASKS = {"backwards": backwards, "in order": in_order}
SIDE, ROWS = 3, 16  # neighbours to each side, rows of a symbol's embedding


def model(encoder: str, kind: str | None, symbols: int, H: int) -> EncoderDecoder:
    """The net of a row; H units in the encoder, in all, and in the decoder. `kind` is that of the score, None for a fixed vector."""
    K = symbols + 2  # with START and END
    if kind is None:
        return EncoderDecoder(GRU(K, H), GRU(K, H), Readout(H, K))
    near = encoder == "neighbours"
    part = InputWindow(ROWS, H // 2, SIDE + 1) if near else GRU(ROWS, H // 2)
    return EncoderDecoder(Bidirectional(part, part), Elman(K + H, H), Readout(2 * H, K), Attention(kind, H, H), "zero", Embedding(K, ROWS))


def train(job, net: EncoderDecoder, make, seed: list, updates: int, B: int, rate: float, length: list, symbols: int) -> dict:
    """Trained parameters."""
    rng = np.random.default_rng(seed)
    trainer = (LookTrainer if net.attention else PairTrainer)(net, net.init(rng, np.float32), rate)
    for update in range(updates):
        trainer.optimizer.lr = rate * min(1, 2 * (1 - update / updates))
        loss = trainer.learn(make(rng, B, tuple(length), symbols).batch)
        job.say(f"seed {seed}, update {update + 1}: loss {loss:.4f}")
    return trainer.params


def judged(net: EncoderDecoder, params: dict, part: Aligned) -> tuple[float, float, float | None]:
    """Running free: the share of sequences that are right, the share of symbols, and the attention's mass on the true steps."""
    o, weights, _ = net.forward(params, part.ids, part.targets, part.x_mask, part.mask, FREE)
    wrote = o.argmax(axis=1)
    mass = None if weights is None else part.attention_mass(weights)
    return float(part.right(wrote).mean()), float((wrote == part.targets)[part.mask].mean()), mass


def lengths(job, task: str, encoder: str, kind: str | None, symbols: int, H: int, trained: list, tested: list, number: int,
            updates: int, B: int, rate: float, seeds: list, keep: str | None) -> dict:  # fmt: skip
    """All starts, each tested on every length; the net of the first start is kept, not the best one."""
    net, make, done = model(encoder, kind, symbols, H), TASKS[task], job.restore() or []
    tests = [make(np.random.default_rng([9, n]), number, (n, n), symbols) for n in tested]
    for seed in seeds[len(done):]:
        params = train(job, net, make, seed, updates, B, rate, trained, symbols)
        if keep and seed == seeds[0]:
            params = results.keep(keep, params)
        done.append([judged(net, params, part) for part in tests])
        job.save(lambda: done)
    right, symbol, mass = ([[None if v[k] is None else round(v[k], 4) for v in start] for start in done] for k in range(3))
    mean = {str(n): round(float(np.mean([start[j] for start in right])), 4) for j, n in enumerate(tested)}
    return {"parameters": sum(r * c for r, c in net.shapes.values()), "length": tested, "right": right, "mean": mean,
            "symbols right": symbol, "mass": None if kind is None else mass, "weights": keep}  # fmt: skip


def worst(found: dict, length: int, of) -> float:
    """The greatest or the least share right at a length, over the starts."""
    return of(start[found["length"].index(length)] for start in found["right"])


SETTINGS = {"task": "backwards", "symbols": 10, "H": 80, "trained": [5, 10], "tested": [3, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 20, 25,
            30], "number": 300, "updates": 5000, "B": 64, "rate": 0.003,
            "seeds": [[31, k] for k in range(3)]}  # fmt: skip
QUICK = {"H": 4, "tested": [3, 6, 20], "number": 5, "updates": 3, "B": 4, "seeds": [[1], [2]], "keep": None}


def row(encoder: str, kind: str | None, mark: str = "", reached=None, keep: str | None = None, **changed) -> Run:
    """A net, all starts."""
    return Run(
        lengths,
        SETTINGS | {"encoder": encoder, "kind": kind, "keep": keep} | changed,
        criterion="all symbols of a sequence right, its end too, running free; 300 sequences of each length",
        mark=mark,
        reached=reached,
        quick=QUICK,
    )


RUNS = {
    "fixed vector": row("recurrent", None, "below 50 % at length 20, with every start", lambda f: worst(f, 20, max) < 0.5),
    "attention, recurrent encoder": row("recurrent", "general", keep="by_length_recurrent", updates=1200),
    "attention, encoder of neighbours": row(
        "neighbours", "general", "at least 99 % at length 20, the mean over the starts", lambda f: f["mean"]["20"] >= 0.99,
        keep="by_length_neighbours"),
}  # fmt: skip
EXPERIMENT = Experiment("by_length", "Writing backwards: trained on short sequences, tested on long ones", "bahdanau2015", RUNS)
