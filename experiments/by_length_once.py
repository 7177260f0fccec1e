r"""Each symbol once: writing backwards, trained on short sequences and tested on long ones, where a place is found by what stands there.

The sequences of `by_length` may hold a symbol twice, and the longer one is, the more often even a symbol and its neighbours occur again.
Here no symbol does: 5 to 10 different ones out of 40 in training, up to 30 in the test, where the decoder runs free. "The place whose
right neighbour is the symbol that I have just written" is then one place, in a sequence of any length.

| net | encoder | what the decoder knows of the source |
|---|---|---|
| "fixed vector" | GRU | the encoder's last state |
| "attention" | two layers, each sees a symbol and one neighbour, the one before or the one after | a look at all outputs, after each step |

The decoder with attention is an `Elman` that looks after its step (Luong et al. 2015): it has read the symbol written last when it asks.
Its encoder cannot count, and its bridge is "zero", so what it learns cannot be "the third place from the end".

Both are trained by teacher forcing with Adam, whose rate falls to zero like half a cosine, and gradients shortened to 1.
"""

from __future__ import annotations

import numpy as np

from rnncore import results
from rnncore.reference import GRU, Attention, Bidirectional, Elman, Embedding, EncoderDecoder, InputWindow, Readout
from rnncore.reference.feeding import FREE
from rnncore.reference.schedules import Cosine
from rnncore.tasks.alignment import backwards

from .experiment import Experiment, Run
from .pair_trainer import PairTrainer


def model(attention: bool, symbols: int, H: int, E: int) -> EncoderDecoder:
    """The net of a row: H units in the encoder, in all, and in the decoder; E rows of a symbol's embedding, with attention."""
    K = symbols + 2  # with START and END
    if not attention:
        return EncoderDecoder(GRU(K, H), GRU(K, H), Readout(H, K))
    near = InputWindow(E, H // 2, 2)  # a step and the one before it, in the direction of reading
    return EncoderDecoder(Bidirectional(near, near), Elman(K, H), Readout(2 * H, K), Attention("general", H, H), "zero",
                          Embedding(K, E), looks="after")  # fmt: skip


def train(job, net: EncoderDecoder, seed: list, updates: int, B: int, rate: float, trained: list, symbols: int) -> dict:
    """Trained parameters."""
    rng, falling = np.random.default_rng(seed), Cosine(rate, updates)
    trainer = PairTrainer(net, net.init(rng, np.float32), rate)
    for update in range(updates):
        trainer.optimizer.lr = falling(update)
        loss = trainer.learn(backwards(rng, B, tuple(trained), symbols, repeats=False).batch)
        job.say(f"seed {seed}, update {update + 1}: loss {loss:.4f}")
    return trainer.params


def judged(net: EncoderDecoder, params: dict, n: int, number: int, symbols: int) -> tuple[float, float, float | None]:
    """At length n, running free: share of sequences that are right, share of symbols, the attention's mass on the true steps."""
    part = backwards(np.random.default_rng([9, n]), number, (n, n), symbols, repeats=False)
    o, weights, _ = net.forward(params, part.ids, part.targets, part.x_mask, part.mask, FREE)
    wrote = o.argmax(axis=1)
    mass = None if weights is None else round(part.attention_mass(weights), 4)
    return round(float(part.right(wrote).mean()), 4), round(float((wrote == part.targets)[part.mask].mean()), 4), mass


def lengths(job, attention: bool, symbols: int, H: int, E: int, trained: list, tested: list, number: int, updates: int, B: int,
            rate: float, seeds: list, keep: str | None) -> dict:  # fmt: skip
    """All starts, each tested on every length; the net of the first start is kept, not the best one."""
    net, done = model(attention, symbols, H, E), job.restore() or []
    for seed in seeds[len(done):]:
        params = train(job, net, seed, updates, B, rate, trained, symbols)
        if keep and seed == seeds[0]:
            params = results.keep(keep, params)
        done.append([judged(net, params, n, number, symbols) for n in tested])
        job.save(lambda: done)
    right, symbol, mass = ([[v[k] for v in start] for start in done] for k in range(3))
    mean = {str(n): round(float(np.mean([start[j] for start in right])), 4) for j, n in enumerate(tested)}
    return {"parameters": sum(r * c for r, c in net.shapes.values()), "length": tested, "right": right, "mean": mean,
            "symbols right": symbol, "mass": mass if attention else None, "weights": keep}  # fmt: skip


def at(found: dict, length: int) -> list:
    """The share right at a length, for each start."""
    return [start[found["length"].index(length)] for start in found["right"]]


SETTINGS = {"symbols": 40, "H": 64, "E": 24, "trained": [5, 10], "tested": [5, 6, 8, 10, 12, 14, 16, 18, 20, 25, 30], "number": 300,
            "updates": 2500, "B": 64, "rate": 0.005, "seeds": [[37, k] for k in range(3)]}  # fmt: skip


def row(attention: bool, mark: str, reached, keep: str | None = None, **changed) -> Run:
    """A net, all starts."""
    return Run(
        lengths,
        SETTINGS | {"attention": attention, "keep": keep} | changed,
        criterion="all symbols of a sequence right, its end too, running free; 300 sequences of each length",
        mark=mark,
        reached=reached,
        quick={"H": 4, "E": 3, "tested": [6, 20], "number": 5, "updates": 3, "B": 4, "seeds": [[1], [2]], "keep": None},
    )


RUNS = {
    "fixed vector": row(False, "below 50 % at length 20, with every start", lambda f: max(at(f, 20)) < 0.5),
    "attention": row(True, "at least 99 % at length 20, with every start", lambda f: min(at(f, 20)) >= 0.99, "by_length_once"),
}
EXPERIMENT = Experiment("by_length_once", "Writing backwards, each symbol once: trained short, tested long", "luong2015", RUNS)
