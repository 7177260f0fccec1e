"""The structures explorer: how a reader uses it, and what it must then show, by the reference."""

import numpy as np

from rnncore.explorers import StructuresExplorer as Explorer
from rnncore.explorers.base import mulberry32
from rnncore.explorers.structures import STRUCTURES
from rnncore.reference import Bidirectional, Elman, EncoderDecoder, FREE, TEACHER, Model, Readout, one_to_many, softmax, softmax_cross_entropy

WATCHED = (".summary", ".formula", "output", "select", "table")
GIVEN = ("structure", "feed", "S", "T", "D", "H", "K", "B", "output")  # the traits that a reader or a kernel sets
FEEDS = {"one_to_one": ("x",), "one_to_many": ("zeros", "every", "output", "targets"), "many_to_one": ("x",), "synced": ("x", "output"),
         "bidirectional": ("x",), "encoder_decoder": ("targets", "output")}  # fmt: skip
SETTINGS = [{"structure": structure, "feed": feed} for structure in STRUCTURES for feed in FEEDS[structure]] + [
    {"structure": "encoder_decoder", "feed": "output", "S": 5, "T": 6, "D": 1, "H": 8, "K": 6, "B": 16, "output": 6},
    {"structure": "one_to_many", "feed": "output", "T": 6, "D": 3, "H": 5, "K": 4, "B": 7, "output": 2},
    {"structure": "synced", "feed": "zeros", "T": 1, "D": 6, "H": 1, "K": 2, "B": 3},
    {"structure": "many_to_one", "T": 6, "B": 4, "output": 3}, {"structure": "bidirectional", "T": 3, "H": 4, "B": 5},
]  # fmt: skip


def drawn(stream, *shape) -> np.ndarray:
    return np.array([2 * next(stream) - 1 for _ in range(int(np.prod(shape)))]).reshape(shape)


def feed_of(ex) -> str:
    return ex.feed if ex.feed in FEEDS[ex.structure] else FEEDS[ex.structure][0]


def net_of(ex):
    feed, D, H, K = feed_of(ex), ex.D, ex.H, ex.K
    if ex.structure == "encoder_decoder":
        return EncoderDecoder(Elman(D, H), Elman(K, H), Readout(H, K))
    if ex.structure == "bidirectional":
        return Model(Bidirectional(Elman(D, H), Elman(D, H)), Readout(2 * H, K))
    rows = D + K if feed in ("output", "targets") else D
    return Model(Elman(rows, H), Readout(H, K), output="last" if ex.structure == "many_to_one" else "every")


def inputs_of(ex) -> tuple[np.ndarray, np.ndarray]:
    """The inputs (steps, D, B) and the true classes (outputs, B) that the page draws."""
    single = ex.structure in ("one_to_one", "one_to_many")
    n_in = 1 if single else ex.S if ex.structure == "encoder_decoder" else ex.T
    n_out = 1 if ex.structure in ("one_to_one", "many_to_one") else ex.T
    labels = mulberry32(8)
    return drawn(mulberry32(7), n_in, ex.D, ex.B), np.array([[int(next(labels) * ex.K) for _ in range(ex.B)] for _ in range(n_out)])


def run(ex, x=None):
    """Logits, arrays of the run by name, and the net."""
    net, feed = net_of(ex), feed_of(ex)
    stream = mulberry32(6)
    params = {key: drawn(stream, *shape) for key, shape in net.shapes.items()}
    given, targets = inputs_of(ex)
    x = given if x is None else x
    start = {"x": x, "h₀": np.zeros((ex.H, ex.B)), "y*": targets}
    if ex.structure == "encoder_decoder":
        o, _, memory = net.forward(params, x, targets, feeding=TEACHER if feed == "targets" else FREE)
        fed = np.eye(ex.K)[memory.fed].transpose(0, 2, 1)
        return o, start | {"y, fed": fed, "h̄": memory.items, "h": memory.r, "o": o}, net
    whole = one_to_many(x[0], ex.T, every=feed == "every") if ex.structure == "one_to_many" else x
    if feed in ("output", "targets"):  # again and again a step further: what is fed is what came out before
        symbols = [np.zeros(ex.B, int)]
        for t in range(ex.T):
            fed = np.eye(ex.K)[np.array(symbols)].transpose(0, 2, 1)
            o, _, (_, caches, _) = net.forward(params, np.concatenate([whole[: t + 1], fed], axis=1))
            symbols.append(targets[t] if feed == "targets" else o[t].argmax(axis=0))
        return o, start | {"y, fed": fed, "h": np.stack([cache.h for cache in caches]), "o": o}, net
    o, _, memory = net.forward(params, whole)
    if ex.structure == "bidirectional":
        h = memory[0]
        return o, start | {"ahead.h": h[:, : ex.H], "back.h": h[:, ex.H :], "o": o}, net
    return o, start | {"h": np.stack([cache.h for cache in memory[1]]), "o": o}, net


def use(shown) -> None:
    """A little of everything, so that what is checked is a state that a reader reaches."""
    shown.root.get_by_label("Structure").select_option("encoder_decoder")
    shown.root.get_by_label("Fed", exact=True).select_option("output")
    shown.slide("T, steps", 3)
    shown.slide("S, source steps", 4)
    shown.slide("B, sequences", 5)
    shown.slide("K, classes", 4)
    shown.slide("Past of output", 2)
    shown.root.get_by_label("Structure").select_option("one_to_many")
    shown.root.get_by_label("Fed", exact=True).select_option("output")


def compare(traits: dict):
    """(what, its value in the page, its value by the reference) for these traits."""
    ex = Explorer(**{key: traits[key] for key in GIVEN})
    o, arrays, net = run(ex)
    _, targets = inputs_of(ex)
    losses = [softmax_cross_entropy(o[t : t + 1], targets[t : t + 1], reduction="sum")[0] for t in range(len(o))]
    yield from (("y", traits["y"], softmax(o, axis=1)), ("losses", traits["losses"], losses), ("loss", traits["loss"], sum(losses)))
    yield "n_params", traits["n_params"], sum(int(np.prod(shape)) for shape in net.shapes.values())
    shapes = {key: list(shape) for key, shape in net.shapes.items()} | {key: list(a.shape) for key, a in arrays.items()}
    assert traits["shapes"].keys() == shapes.keys()
    yield from ((f"shape of {key}", traits["shapes"][key], shape) for key, shape in shapes.items())
