"""Pictures of digits: captions of scenes, one to many; and moving digits, a label for every frame.

Captions: an LSTM reads the scene at the first step and then its own words. Baselines are the caption most frequent in training, the
caption of the training scene that looks most alike, and a feed-forward net of about as many parameters that says all words at once,
each from the picture alone. Scenes are judged apart where no pair of digits is new and where at least one pair never was in training.

Moving digits: a GRU that reads the film, and the same net to which every frame comes as a film of its own, so that nothing can be kept.
"""

from __future__ import annotations

import numpy as np
import torch

from rnncore import data, metrics, search
from rnncore.reference import GRU, LSTM, Batch, Readout
from rnncore.tasks import captions
from rnncore.tasks.moving_digits import moving_digits

from .fast_model import FastModel
from .short_training import figures, kept, size, train

POINTS, K, LONGEST = captions.FIELD**2, len(captions.SYMBOLS), 10
OF_TRAINING, OF_TEST = slice(0, 1200), slice(1500, None)  # pictures for the films


def captioner(H: int) -> FastModel:
    """The net that says what is in a scene."""
    return FastModel(LSTM(POINTS + K, H), Readout(H, K))


def captions_of(model, params: dict, pictures: np.ndarray) -> list[str]:
    """What it says of pictures (400, N), the most probable word at each step."""
    step, state = captions.stepper(model, params, pictures)
    found = search.decode(step, state, captions.SYMBOLS.index[captions.START], captions.SYMBOLS.index[captions.END], LONGEST)
    return [captions.text(ids) for ids in found]


def mark(found: list[str], scenes: captions.Scenes) -> dict:
    """Share of captions that are wholly right, and BLEU."""
    exact = metrics.sequence_accuracy([f.split() for f in found], [c.split() for c in scenes.captions])
    return {"exact": round(exact, 4), "BLEU": round(metrics.bleu(found, scenes.captions).score, 2)}


def all_at_once(seed: int, H: int, steps: int, B: int, lr: float):
    """The feed-forward net, trained: a function from pictures (400, N) to captions, and its number of parameters."""
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Linear(POINTS, H), torch.nn.Tanh(), torch.nn.Linear(H, LONGEST * K))
    rng, optimizer = np.random.default_rng(seed), torch.optim.Adam(net.parameters(), lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        scenes = captions.scenes(rng, B, dtype=np.float32)
        wanted = np.full((LONGEST, B), captions.SYMBOLS.index[captions.END])  # what comes after the end is the end
        wanted[: len(scenes.targets)] = np.where(scenes.mask, scenes.targets, wanted[: len(scenes.targets)])
        o = net(torch.from_numpy(scenes.pictures.T.copy())).reshape(B, LONGEST, K)
        loss = torch.nn.functional.cross_entropy(o.transpose(1, 2), torch.from_numpy(wanted.T.copy()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()

    def say(pictures: np.ndarray) -> list[str]:
        with torch.no_grad():
            ids = net(torch.from_numpy(pictures.T.copy())).reshape(-1, LONGEST, K).argmax(dim=2).tolist()
        return [captions.text(i[: i.index(1)] if 1 in i else i) for i in ids]

    return say, sum(p.numel() for p in net.parameters())


def caption(job, H: int, H_at_once: int, steps: int, B: int, lr: float, known: int, asked: int, seeds: list, keep: str | None) -> dict:
    """Captions of scenes, with pairs of digits that were in training and with held-out ones."""
    draw = lambda seed, n, *which: captions.scenes(np.random.default_rng(seed), n, *which, dtype=np.float32)  # noqa: E731
    train_scenes, valid = draw([62, 90], known, "train"), draw([62, 91], asked, "valid")
    tests = {"pairs seen": draw([62, 92], asked, "test"), "pairs held out": draw([62, 93], asked, "test", True)}
    model = captioner(H)
    data = lambda step, rng: captions.scenes(rng, B, dtype=np.float32).batch  # noqa: E731
    nets = [train(job, model, data, seed, steps, lr) for seed in seeds]
    loss = [model.loss_value(params, valid.batch) for params in nets]
    best = int(np.argmin(loss))
    nets[best] = kept(keep, nets[best])
    at_once, parameters = all_at_once(seeds[0][-1], H_at_once, steps, B, lr)
    often = captions.most_frequent(train_scenes)
    result = {"parameters": size(model), "weights": keep, "kept": best, "feed-forward parameters": parameters, "most frequent": often}
    for name, scenes in tests.items():
        marks = [mark(captions_of(model, params, scenes.pictures), scenes) for params in nets]
        result[name] = {
            "exact": figures(m["exact"] for m in marks), "BLEU": figures(m["BLEU"] for m in marks),
            "most frequent": mark([often] * asked, scenes), "nearest": mark(captions.nearest(train_scenes, scenes.pictures), scenes),
            "all at once": mark(at_once(scenes.pictures), scenes),
        }  # fmt: skip
    return result


def watcher(H: int, field: int) -> FastModel:
    """The net that names the digit in every frame."""
    return FastModel(GRU(field * field, H), Readout(H, 10))


def one_by_one(batch: Batch) -> Batch:
    """Every frame as a film of one."""
    T, D, B = batch.x.shape
    return Batch(np.ascontiguousarray(batch.x.transpose(1, 0, 2)).reshape(1, D, T * B), batch.targets.reshape(1, T * B))


def films(job, H: int, field: int, T: int, dark: float, steps: int, B: int, lr: float, asked: int, seeds: list, keep: str | None) -> dict:
    """The digit of every frame, with memory and without."""
    images, labels = data.load_digits()
    images, model = images.astype(np.float32), watcher(H, field)
    draw = lambda rng, B, of: moving_digits(rng, B, T, images[of], labels[of], field, dark)  # noqa: E731
    test = draw(np.random.default_rng([63, 90]), asked, OF_TEST)
    frames = one_by_one(test.batch)
    found: dict = {"memory": [], "frame by frame": []}
    for seed in seeds:
        with_memory = train(job, model, lambda step, rng: draw(rng, B, OF_TRAINING).batch, seed, steps, lr)
        without = train(job, model, lambda step, rng: one_by_one(draw(rng, B, OF_TRAINING).batch), seed, steps, lr)
        if seed == seeds[0]:
            with_memory = kept(keep, with_memory)
        found["memory"].append(test.right(model.forward(with_memory, test.x)[0]))
        alone = model.forward(without, frames.x)[0].reshape(10, T, asked).transpose(1, 0, 2)
        found["frame by frame"].append(test.right(alone))
    share = np.bincount(labels[OF_TRAINING], minlength=10)
    return {"parameters": size(model), "weights": keep, "always the same": round(float((test.targets == share.argmax()).mean()), 4)} | {
        how: {"light": figures(light for light, _ in marks), "dark": figures(dark for _, dark in marks)} for how, marks in found.items()
    }
