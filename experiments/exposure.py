r"""Number words written by nets that were fed in different ways while they learned; errors at every step, forced and free.

The task is `tasks.numbers.few`: 0 … 999 in digits to Italian words, letter by letter; a few numbers to learn from, 500 others as the test.
A GRU reads the digits, another writes the word. All ways of feeding have the same starts, batches drawn alike, updates and learning
rate (Adam, 0.01, down to a tenth of it in half a cosine); nothing was tuned for any of them, and the end of the training is judged,
not the best point on the way.

What is fed while learning:

| way | truth ε at update i of n | own symbol |
|---|---|---|
| forced | 1 | |
| linear | 1 − i/n | drawn |
| exponential | kⁱ, 0.01 at the end | drawn |
| inverse sigmoid | k/(k + e^{i/k}), about one half at n/2 | drawn |
| linear, per sequence | 1 − i/n, one coin for each sequence | drawn |
| always drawn | 0 | drawn |
| always free | 0 | the most probable |

What is measured on the 500 numbers: the share of wrong letters at every step and in all, when forced and when running free (most probable
letter); the share of words right as a whole; the edit distance of the words written freely, in per cent of the letters wanted; and
the share of wrong letters after the first mistake of a word.
"""

from __future__ import annotations

import math

import numpy as np

from rnncore import results
from rnncore.metrics import edit_distance, errors_by_step
from rnncore.reference import FREE, GRU, TEACHER, EncoderDecoder, Feeding, Readout
from rnncore.reference.clipping import clip_by_norm
from rnncore.reference.decays import Exponential, InverseSigmoid, Linear
from rnncore.reference.optimizers import Adam
from rnncore.reference.schedules import Cosine
from rnncore.tasks.numbers import few
from rnncore.training import fit

from .experiment import Experiment, Run

WAYS = ("forced", "linear", "exponential", "inverse sigmoid", "linear, per sequence", "always drawn", "always free")


def net(task, H: int) -> EncoderDecoder:
    """A GRU that reads the digits, and one that writes the word."""
    K = len(task.target_symbols)
    return EncoderDecoder(GRU(len(task.source_symbols), H), GRU(K, H), Readout(H, K))


def feedings(way: str, n: int):
    """What is fed at update i of n."""
    if way in ("forced", "always free"):
        return lambda i: TEACHER if way == "forced" else FREE
    if way == "always drawn":
        return lambda i: Feeding(0.0)
    half = next(k for k in np.arange(1.0, n, 0.1) if k * math.log(k) >= n / 2 or k + 0.2 > n)
    decay = {"exponential": Exponential(0.01 ** (1 / n)), "inverse sigmoid": InverseSigmoid(float(half))}.get(way, Linear(1 / n))
    return lambda i: Feeding(decay(i), "sequence" if way.endswith("sequence") else "step")


def judge(model, params: dict, part, end: int) -> dict:
    """All that is measured on a part."""
    wrong, said = {}, None
    for name, feeding in (("forced", TEACHER), ("free", FREE)):
        said = model.forward(params, *part.batch._replace(mask=None, feeding=feeding))[0].argmax(axis=1)  # also behind the wanted end
        wrong[name] = (said != part.targets) & part.mask
    found = {"whole words right": 1 - float(wrong["free"].any(axis=0).mean())}
    for name, of in wrong.items():
        after = (np.cumsum(of, axis=0) - of > 0) & part.mask  # steps behind the first mistake
        found[name] = {"errors": float(of.sum() / part.mask.sum()), "after a mistake": float(of[after].mean()) if after.any() else None,
                       "at step": errors_by_step(of.astype(int), np.zeros(of.shape, int), part.mask)}  # fmt: skip
    pairs = zip(said.T.tolist(), part.targets.T.tolist())  # said: when running free, the last in the loop
    edits = sum(edit_distance(written(word, end), written(wanted, end)) for word, wanted in pairs)
    return found | {"edits": edits / int(part.mask.sum())}


def written(symbols: list, end: int) -> list:
    """What stands before the end symbol, and that symbol."""
    return symbols[: symbols.index(end) + 1] if end in symbols else symbols


def one(task, way: str, H: int, updates: int, B: int, lr: float, points: int, seed: int) -> tuple[dict, dict]:
    """A training: parameters, and the curves on the way."""
    model, rng = net(task, H), np.random.default_rng([8, seed])
    params, fed = model.init(rng, np.float32), feedings(way, updates)
    at = {round(updates * k / points) for k in range(1, points + 1)}
    curve = {"update": [], "loss": [], "forced": [], "free": [], "whole words right": []}

    def watch(run):
        if run.step in at:
            found = judge(model, run.params, task.test, task.target_symbols.index["[END]"])
            now = (run.step, float(np.mean(run.history.loss[-updates // points :])), found["forced"]["errors"], found["free"]["errors"])
            for key, value in zip(curve, (*now, found["whole words right"])):
                curve[key].append(value)

    run = fit(model, params, lambda i, rng: task.train.draw(rng, B)._replace(feeding=fed(i), rng=rng), Adam(Cosine(lr, updates, lr / 10)),
              steps=updates, rng=rng, clip=lambda g: clip_by_norm(g, 1.0), progress=False, callback=watch)  # fmt: skip
    return run.params, curve


def study(job, way: str, train: int, H: int, updates: int, B: int, lr: float, points: int, least: int, seeds: list,
          keep: str | None) -> dict:  # fmt: skip
    """All starts of a way of feeding. `least`: at how many words a step is still shown; `keep`: the name for the first start's weights."""
    task, done = few(train), job.restore() or {}
    for seed in seeds:
        if seed not in done:
            params, curve = one(task, way, H, updates, B, lr, points, seed)
            if keep and seed == seeds[0]:
                params = results.keep(keep, params)
            done[seed] = curve, judge(net(task, H), params, task.test, task.target_symbols.index["[END]"])
            job.say(f"{way}, seed {seed}: {done[seed][1]['whole words right']:.3f} of the words right")
            job.save(lambda: done)
    shown = task.test.mask.sum(axis=1) >= least
    judged = [done[seed][1] for seed in seeds]
    total = lambda *path: [rounded(pick(j, path)) for j in judged]  # noqa: E731
    shapes = net(task, H).shapes.values()
    found = {"parameters": sum(math.prod(s) for s in shapes), "whole words right": total("whole words right"), "edits": total("edits")}
    for name in ("forced", "free"):
        at_step = [[rounded(e) for e in j[name]["at step"][shown]] for j in judged]
        found[name] = {"errors": total(name, "errors"), "after a mistake": total(name, "after a mistake"), "at step": at_step}
    means = {"forced": found["forced"]["errors"], "free": found["free"]["errors"], "right": found["whole words right"],
             "edits": found["edits"]}  # fmt: skip
    curves = {key: [[rounded(v) for v in done[seed][0][key]] for seed in seeds] for key in ("loss", "forced", "free", "whole words right")}
    found["mean"] = {k: rounded(float(np.mean(v))) for k, v in means.items()}
    found["curve"] = {"update": done[seeds[0]][0]["update"]} | curves
    return found | ({"weights": keep, "the weights are of seed": seeds[0]} if keep else {})


def pick(found: dict, path: tuple):
    for key in path:
        found = found[key]
    return found


def rounded(value):
    return None if value is None else round(float(value), 4)


SETTINGS = {"H": 48, "updates": 600, "B": 32, "lr": 0.01, "points": 12, "least": 50}
QUICK = {"H": 6, "updates": 4, "B": 4, "points": 2, "seeds": [0, 1], "keep": None}
CRITERION = ("{} numbers to learn from, 500 others as the test; 600 updates of 32 words, the same for all ways; {} starts; "
             "the end of the training")  # fmt: skip


def row(way: str, train: int, seeds: list, keep: str | None = None) -> Run:
    settings = {"way": way, "train": train, **SETTINGS, "seeds": seeds, "keep": keep}
    return Run(study, settings, criterion=CRITERION.format(train, len(seeds)), quick=QUICK)


KEPT = {"forced": "exposure_forced", "always free": "exposure_free"}
FIVE = ("forced", "linear", "always free")  # the ways that are compared in both sizes have more starts
RUNS = {f"{way}, 150 numbers": row(way, 150, [0, 1, 2, 3, 4] if way in FIVE else [0, 1, 2], KEPT.get(way)) for way in WAYS}
RUNS |= {f"{way}, 500 numbers": row(way, 500, [0, 1, 2]) for way in FIVE}
EXPERIMENT = Experiment("exposure", "Number words: fed with the truth, with own letters, or with both", "bengio2015", RUNS)
