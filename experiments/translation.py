r"""English to Italian by an encoder–decoder: a grammar with a hold-out of whole combinations, then phrases that people wrote.

An LSTM reads the English words, an LSTM writes the Italian ones; with "copy" its first state is the reader's last, the only thing
that passes between them. Adam with a rate that falls linearly to zero over the second half, gradients shortened to 1, teacher forcing.
The grammar's pairs are the same for all rows; only the starts and the batches differ from seed to seed. "Right" is a whole phrase, all
words and the end. BLEU is that of sacrebleu over all phrases of a part, with the settings that its signature tells.

Three rows of the grammar differ in one thing each: the source reversed; attention (Luong's general score, after the step); training on
phrases of up to 4 words alone. The net of the first seed of a row, not the best one, is what is searched with beams, and what is kept.

The real phrases ("black cat" → "gatto nero") are 1082 pairs, and most of their words occur once. Weights shrink at every update there
(decoupled decay): its strength, 0.3 rather than 0 or 1, was chosen on the validation part with one seed.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from rnncore import results
from rnncore.metrics import bleu
from rnncore.reference import GRU, LSTM, Attention, Embedding, EncoderDecoder, Readout
from rnncore.search import beam_search
from rnncore.tasks.phrases import nearest, phrases, reachable
from rnncore.tasks.translation import translation, word_by_word

from .experiment import Experiment, Run
from .pair_trainer import PairTrainer, reversed_sources, written

END = 1
CELLS = {"LSTM": LSTM, "GRU": GRU}


@lru_cache(maxsize=2)
def grammar(train: int):
    """The grammar's pairs, the same for all rows."""
    return translation(np.random.default_rng(7), train)


def net(task, H: int, E: int, attention: bool = False, cell: str = "LSTM") -> EncoderDecoder:
    """Embeddings of E, cells of H units on both sides; general attention that looks after the step, or none."""
    KX, KY, cell = len(task.source_symbols), len(task.target_symbols), CELLS[cell]
    look = Attention("general", H, H) if attention else None
    embeddings = Embedding(KX, E), Embedding(KY, E)
    return EncoderDecoder(cell(E, H), cell(E, H), Readout(2 * H if attention else H, KY), look, "copy", *embeddings, 0, "after")


def train(job, model, part, seed: list, updates: int, B: int, rate: float, decay: float = 0.0, points: int = 20) -> tuple[dict, list]:
    """Trained parameters, and the mean loss over each of `points` stretches of the training."""
    rng = np.random.default_rng(seed)
    trainer, losses = PairTrainer(model, model.init(rng, np.float32), rate), []
    for update in range(updates):
        trainer.optimizer.lr = rate * min(1, 2 * (1 - update / updates))
        losses.append(trainer.learn(part.draw(rng, B)))
        if decay:
            trainer.optimizer.theta *= 1 - decay * trainer.optimizer.lr
        job.say(f"seed {seed}, update {update + 1}: loss {losses[-1]:.3f}")
    return trainer.params, [round(float(p.mean()), 4) for p in np.array_split(np.array(losses), min(points, updates))]


def words(task, ids: list) -> list[tuple]:
    """Sequences of symbols as tuples of words."""
    return [tuple(task.target_symbols.symbols[k] for k in sequence) for sequence in ids]


def judged(said: list, part) -> dict:
    """What is right of it: the share, BLEU, and by the number of English words [right, of how many]."""
    right = [tuple(s) == tuple(w) for s, w in zip(said, part.wanted)]
    lengths = [len(s) for s in part.sources]
    by = {str(n): [sum(r for r, k in zip(right, lengths) if k == n), lengths.count(n)] for n in sorted(set(lengths))}
    score = bleu([" ".join(s) for s in said], [" ".join(w) for w in part.wanted])
    return {"right": round(sum(right) / len(right), 4), "bleu": round(score.score, 2), "by length": by, "signature": score.signature}


def beams(model, params: dict, task, part, widths: list, penalties: list, max_steps: int) -> list[dict]:
    """What the best hypothesis of each width is worth, with and without the division by the length."""
    steps = [model.stepper(params, part.ids[: int(m.sum()), [n]]) for n, m in enumerate(part.x_mask.T)]
    found, true = [], [log_probability(*pair, model.start, column[m]) for pair, column, m in zip(steps, part.targets.T, part.mask.T)]
    for alpha in penalties:
        for width in widths:
            best = [beam_search(*pair, model.start, END, width, max_steps, alpha)[0] for pair in steps]
            said = words(task, [h.ids[: len(h.ids) - h.ended] for h in best])
            wrong = [h.log_prob < t - 1e-6 for h, t in zip(best, true)]
            score = judged(said, part)
            found.append({"width": width, "length_penalty": alpha, "right": score["right"], "bleu": score["bleu"],
                          "log-probability": round(float(np.mean([h.log_prob for h in best])), 4),
                          "words": round(float(np.mean([len(s) for s in said])), 3),
                          "less probable than the right one": round(float(np.mean(wrong)), 4)})  # fmt: skip
    return found


def log_probability(step, state, start: int, ids) -> float:
    """log P of a sequence of symbols, the end symbol included, by the chain rule."""
    total, fed = 0.0, start
    for k in ids:
        logits, state = step(np.array([fed]), state)
        o = logits[:, 0].astype(float)
        total += o[k] - o.max() - np.log(np.exp(o - o.max()).sum())
        fed = int(k)
    return float(total)


def grammars(job, attention: bool, reverse: bool, longest: int, pairs: int, H: int, E: int, B: int, updates: int, rate: float, seeds: list,
             widths: list, penalties: list, keep: str | None, cell: str) -> dict:  # fmt: skip
    """One way to train on the grammar's pairs: all seeds; beams with the net of the first."""
    task, done = grammar(pairs), job.restore() or {}
    parts = {name: getattr(task, name) for name in ("train", "valid", "test")}
    if reverse:
        parts = {name: reversed_sources(part) for name, part in parts.items()}
    model = net(task, H, E, attention, cell)
    for seed in seeds[len(done.get("valid", [])):]:
        params, losses = train(job, model, up_to(parts["train"], longest), seed, updates, B, rate)
        first = not done
        if first and keep:
            params = results.keep(keep, params)
        for name in ("valid", "test"):
            done.setdefault(name, []).append(judged(words(task, written(model, params, parts[name], END)), parts[name]))
        done.setdefault("loss", []).append(losses)
        if first and widths:
            done["beams"] = beams(model, params, task, parts["test"], widths, penalties, len(parts["test"].targets) + 3)
        job.save(lambda: done)
    found = {"parameters": sum(r * c for r, c in model.shapes.values()), "trained on": len(up_to(parts["train"], longest).sources)}
    found |= {name: pooled(done[name]) for name in ("valid", "test")}
    found["word by word"] = {k: judged([word_by_word(list(s)) for s in parts[k].sources], parts[k]) for k in ("valid", "test")}
    return found | {"loss": done["loss"], "beams": done.get("beams"), "weights": keep}


def pooled(several: list[dict]) -> dict:
    """The seeds side by side: shares and BLEU of each, their means, and by length the share right of all together."""
    every = [s["by length"] for s in several]
    by = {n: round(sum(s[n][0] for s in every) / sum(s[n][1] for s in every), 4) for n in every[0]}
    right, scores = [s["right"] for s in several], [s["bleu"] for s in several]
    return {"right": right, "mean": round(float(np.mean(right)), 4), "bleu": scores, "mean bleu": round(float(np.mean(scores)), 2),
            "by length": by, "phrases of each length": {n: v[1] for n, v in every[0].items()},
            "signature": several[0]["signature"]}  # fmt: skip


def up_to(part, longest: int):
    """The pairs whose source has at most so many words."""
    few = np.flatnonzero(part.x_mask.sum(axis=0) <= longest)
    sources, wanted = (tuple(texts[n] for n in few) for texts in part[:2])
    return type(part)(sources, wanted, *(a[:, few] for a in part[2:]))


def real(job, attention: bool, H: int, E: int, B: int, updates: int, rate: float, decay: float, seeds: list, widths: list,
         penalties: list, keep: str | None, cell: str) -> dict:  # fmt: skip
    """The phrases that people wrote: all seeds; what the net of the first seed says to all test phrases it gets wrong."""
    task, done = phrases(), job.restore() or {}
    model = net(task, H, E, attention, cell)
    for seed in seeds[len(done.get("valid", [])):]:
        params, losses = train(job, model, task.train, seed, updates, B, rate, decay)
        first = not done
        if first and keep:
            params = results.keep(keep, params)
        for name in ("train", "valid", "test"):
            part = getattr(task, name)
            said = words(task, written(model, params, part, END))
            done.setdefault(name, []).append(judged(said, part))
        done.setdefault("loss", []).append(losses)
        if first:
            done["said"] = [[*map(" ".join, line)] for line in zip(task.test.sources, task.test.wanted, said)]
            done["beams"] = beams(model, params, task, task.test, widths, penalties, 12) if widths else None
        job.save(lambda: done)
    found = {"parameters": sum(r * c for r, c in model.shapes.values())} | {name: pooled(done[name]) for name in ("train", "valid", "test")}
    found["reachable"] = {name: round(reachable(task, getattr(task, name)), 4) for name in ("valid", "test")}
    found["nearest"] = {name: judged(nearest(task, getattr(task, name)), getattr(task, name)) for name in ("valid", "test")}
    return found | {"loss": done["loss"], "said": done["said"], "beams": done["beams"], "weights": keep}


SEEDS, BEAMS = [[71, k] for k in range(3)], {"widths": [1, 2, 5, 10], "penalties": [0.0, 1.0]}
NET = {"H": 64, "E": 32, "B": 64, "rate": 0.01, "seeds": SEEDS, "cell": "LSTM"}
QUICK = {"H": 4, "E": 3, "B": 8, "updates": 3, "seeds": [[1], [2]], "widths": [], "keep": None}


def row(keep: str | None = None, widths: bool = False, **settings) -> Run:
    """The grammar's pairs, trained on in one way."""
    beams = BEAMS if widths else {"widths": [], "penalties": []}
    plain = {"attention": False, "reverse": False, "longest": 6, "pairs": 4000, "updates": 1500, "keep": keep}
    return Run(
        grammars,
        NET | beams | plain | settings,
        criterion="whole phrases right, written greedily: 400 of validation, 400 with a pair of noun and adjective kept out of training",
        mark="right on more phrases of the test than word by word, with every seed",
        reached=lambda found: min(found["test"]["right"]) > found["word by word"]["test"]["right"],
        quick=QUICK | ({"widths": [2], "penalties": [0.0]} if widths else {}) | {"pairs": 40},
    )


def real_row(keep: str | None = None, attention: bool = False) -> Run:
    """The phrases that people wrote."""
    return Run(
        real,
        NET | BEAMS | {"attention": attention, "updates": 600, "decay": 0.3, "keep": keep},
        criterion="whole phrases right, written greedily: 129 of the test",
        mark="right on more phrases of the test than the translation of the nearest training phrase, with every seed",
        reached=lambda found: min(found["test"]["right"]) > found["nearest"]["test"]["right"],
        quick=QUICK,
    )


RUNS = {
    "plain": row("translation", widths=True),
    "source reversed": row(reverse=True),
    "attention": row(attention=True),
    "plain, trained on up to 4 words": row(longest=4),
    "attention, trained on up to 4 words": row(longest=4, attention=True),
    "real phrases, plain": real_row("phrases"),
    "real phrases, attention": real_row(attention=True),
}
EXPERIMENT = Experiment("translation", "English to Italian: a fixed vector, the source reversed, attention", "sutskever2014", RUNS)
