"""The continual Reber stream, online, letter by letter: nets of memory blocks with the gradient of 1997, many side by side."""

from __future__ import annotations

import numpy as np

from rnncore import results
from rnncore.reference.memory_blocks import MemoryBlocks, generators

from .reber_streams import FOLLOWING, LEGAL, ONE_HOT, RULES, Streams, drift, shares, test


def start(net: MemoryBlocks, params: dict, seed: int) -> dict:
    """All that changes in a run; every array and list has the trials that still go on in front, those of "solved" … all of them."""
    N = len(params["W"])
    return {
        "n": 0, "trial": np.arange(N), "params": params, "state": net.start(N), "streams": Streams(generators(seed + 1, N)),
        "rate": np.zeros(N), "length": np.zeros(N, int), "done": np.zeros(N, int), "longest": np.zeros(N, int), "tests": np.zeros(N, int),
        "best": {k: p.copy() for k, p in params.items()}, "end": {k: p.copy() for k, p in params.items()},
        "lengths": [[] for _ in range(N)], "after": [None] * N, "letters": [None] * N, "seen": [0] * N,
    }  # fmt: skip


def train(job, *, net: MemoryBlocks, params: dict, seed: int, lr: float, decay: float, reset: bool, rule: str, targets: str,
          most_letters: int, most_streams: int, stream: int, test_from: int, drift_letters: int) -> dict:  # fmt: skip
    """N nets side by side, each on streams of its own.

    Args:
        lr, decay: the rate at which a stream of training begins, and what it is multiplied by after each letter.
        reset: whether somebody empties the memory before each string; rule: what is right, of `reber_streams.RULES`.
        targets: "came", one for the letter that came; "legal", one for every letter that might have come.
        most_letters, most_streams: of training, after which a net is given up; stream: letters after which a stream ends.
        test_from: streams of training of so many letters are followed by a test.
    """
    trials = len(params["W"])
    r = job.restore() or start(net, params, seed)
    if r["n"] == 0:
        r["rate"][:] = lr
    while len(r["trial"]) and r["n"] < most_letters:
        r["n"] += 1
        streams, state, params = r["streams"], r["state"], r["params"]
        y, _ = net.step(params, streams.letter, state)
        right = RULES[rule](y, streams.state)
        target = LEGAL[streams.state] if targets == "legal" else None
        streams.advance()
        net.descend(params, state, y - (ONE_HOT[streams.letter] if target is None else target), r["rate"])
        r["rate"] *= decay
        r["length"] += right
        if reset:
            state.reset(streams.state == FOLLOWING[0, 0])
        ended = ~right | (r["length"] >= stream)
        if ended.any():
            close_streams(net, r, np.flatnonzero(ended), seed, stream, test_from, most_streams, reset, rule, lr)
        if r["n"] % 100 == 0:
            job.say(f"{r['n']} of {most_letters} letters, {trials - r['after'].count(None)} of {trials} solved, {len(r['trial'])} going, "
                    f"streams {int(r['done'].mean()) if len(r['done']) else 0}, longest {np.sort(r['longest'])[-5:].tolist()}")  # fmt: skip
            job.save(lambda: r)
    return report(net, r, seed, trials, stream, drift_letters, most_streams, reset, rule)


def close_streams(net, r: dict, ended: np.ndarray, seed: int, stream: int, test_from: int, most_streams: int, reset: bool,
                  rule: str, lr: float) -> None:  # fmt: skip
    """Streams of training that have ended: test where they were long, begin new ones, drop nets that are solved or have had enough."""
    r["done"][ended] += 1
    going = np.ones(len(r["trial"]), bool)
    for k in ended:
        trial, length = int(r["trial"][k]), int(r["length"][k])
        if length > r["longest"][k]:
            r["longest"][k] = length
            for name, p in r["params"].items():
                r["best"][name][trial] = p[k]
        if length >= test_from:
            r["tests"][k] += 1
            own = {name: p[[k]] for name, p in r["params"].items()}
            rngs = [np.random.default_rng([seed, trial, int(r["tests"][k]), j]) for j in range(10)]
            if min(lengths := test(net, own, rngs, stream, True, reset, rule)) == stream:
                r["after"][trial], r["letters"][trial], r["lengths"][trial], going[k] = int(r["done"][k]), r["n"], lengths, False
                for name, p in own.items():
                    r["best"][name][trial] = p[0]
        going[k] &= r["done"][k] < most_streams
    r["length"][ended], r["rate"][ended] = 0, lr
    r["state"].reset(ended)
    r["streams"].begin(ended)
    for k in np.flatnonzero(~going):
        r["seen"][r["trial"][k]] = int(r["done"][k])
        for name, p in r["params"].items():
            r["end"][name][r["trial"][k]] = p[k]
    if not going.all():
        keep = np.flatnonzero(going)
        r["state"] = r["state"].take(keep)
        r["streams"].take(keep)
        r["params"] = {name: p[keep] for name, p in r["params"].items()}
        for name in ("trial", "rate", "length", "done", "longest", "tests"):
            r[name] = r[name][keep]


def report(net, r: dict, seed: int, trials: int, stream: int, drift_letters: int, most_streams: int, reset: bool, rule: str) -> dict:
    """What a run found: perfect nets, good ones, the rest, as in the paper's table; how the states of one net drift."""
    for k, trial in enumerate(r["trial"]):
        r["seen"][trial] = int(r["done"][k])
        for name, p in r["params"].items():
            r["end"][name][trial] = p[k]
    means = []
    for trial in range(trials):
        if r["after"][trial] is None:
            own = {name: p[[trial]] for name, p in r["best"].items()}
            r["lengths"][trial] = test(net, own, [np.random.default_rng([seed, trial, 0, j]) for j in range(10)], stream,
                                      reset=reset, rule=rule)  # fmt: skip
        means.append(float(np.mean(r["lengths"][trial])))
    perfect = [k for k in range(trials) if r["after"][k] is not None]
    shown = perfect[0] if perfect else int(np.argmax(means))
    own = {name: p[[shown]] for name, p in r["best"].items()}
    return {"streams": results.trials(r["after"], most_streams), **shares(means, perfect),
            "mean length of test streams": [round(m, 1) for m in means],
            "streams seen": r["seen"], "letters seen when solved": r["letters"], "letters seen at most": r["n"], "weights": net.weights,
            "drift": {"trial": shown, **drift(net, own, seed + 2, drift_letters)}}  # fmt: skip
