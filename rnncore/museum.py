r"""The bug museum's building: it trains, checks and mends the wrong backward passes that hang in it.

An exhibit is a function of a vanilla net with readout and softmax,

    exhibit(params, x, h0, y) -> (loss, gradients),      L = Σ_t L_t, summed over the sequences too

Shapes: x (T, D, B) · h0 (H, B) · y (T, K, B), columns with a single one · gradients as `params`, keys U W b V c.
The exhibits themselves hang in the notebooks. The room with gated cells is `museum_gates`; it brings its own faults.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from . import checks, gradcheck
from .errors import SettingError
from .reference import Batch, Elman, Model, Readout
from .reference.elman import State
from .reference.optimizers import SGD, clip_by_norm

PARAMETERS = ("U", "W", "b", "V", "c")
TOLERANCE = 1e-7
MAX_NORM = 1.0

FAULTS = {
    "transpose": "a gradient goes back through a matrix instead of its transpose",
    "carry": "the gradient carried from later steps is never handed on",
    "off-by-one": "a state of the wrong step is used",
    "overwrite": "a gradient is overwritten at every step instead of added up",
    "last-only": "only the error of the last step is sent back",
    "softmax-twice": "the derivative of softmax is applied a second time",
    "slope": "the slope of tanh is taken at the wrong argument",
    "clip-early": "gradients are clipped step by step, before they are added up",
    "bias": "a bias never gets a gradient",
    "mean-for-sum": "a mean is taken where the loss has a sum",
    "readout": "the hidden state gets no gradient from the readout",
    "sign": "a gradient has the wrong sign",
    "time": "the backward loop runs from the first step to the last",
    "none": "nothing is wrong: the work is genuine",
}

Backward = Callable[[dict, np.ndarray, np.ndarray, np.ndarray], tuple]


class Case(NamedTuple):
    """What a backward pass is checked on."""

    params: dict
    x: np.ndarray  # (T, D, B)
    h0: np.ndarray  # (H, B)
    y: np.ndarray  # (T, K, B)


def right(params: dict, x: np.ndarray, h0: np.ndarray, y: np.ndarray) -> tuple[float, dict]:
    """Loss and gradients by the reference: what a genuine exhibit returns."""
    (H, D), K = params["U"].shape, params["V"].shape[0]
    model = Model(Elman(D, H), Readout(H, K))
    return model.loss_and_gradients(params, Batch(x, y, carry=True), State(h0), reduction="sum")[:2]


def case(seed: int = 0, *, T: int = 6, B: int = 2, D: int = 3, H: int = 4, K: int = 5, state: str = "random", W: str = "random") -> Case:
    """Random parameters and data for a gradient check, float64.

    Args:
        state: "random" or "zero", the initial state.
        W: "random" or "identity" (half the identity matrix), the recurrent weights.
    Raises: SettingError for a size below one or an unknown name.
    """
    for name, size in (("T", T), ("B", B), ("D", D), ("H", H), ("K", K)):
        checks.positive(name, size, integer=True)
    checks.one_of("state", state, ("random", "zero"))
    checks.one_of("W", W, ("random", "identity"))
    rng = np.random.default_rng(seed)
    shapes = {"U": (H, D), "W": (H, H), "b": (H, 1), "V": (K, H), "c": (K, 1)}
    params = {k: 0.6 * rng.standard_normal(shape) for k, shape in shapes.items()}
    x, h0 = rng.standard_normal((T, D, B)), np.tanh(rng.standard_normal((H, B)))
    y = np.eye(K)[rng.integers(K, size=(T, B))].transpose(0, 2, 1)
    if W == "identity":
        params["W"] = 0.5 * np.eye(H)
    return Case(params, x, h0 if state == "random" else 0 * h0, y)


def errors(backward: Backward, seed: int = 0, **setting) -> dict:
    """Relative error of each gradient against central differences of the function's own loss; `setting` as in `case`."""
    params, x, h0, y = case(seed, **setting)
    numeric = gradcheck.central_differences(lambda p: backward(p, x, h0, y)[0], params)
    return gradcheck.compare(backward(params, x, h0, y)[1], numeric)


def show(found: Mapping[str, float], tolerance: float = TOLERANCE) -> None:
    """Print a verdict for each relative error. The size of an error is printed only where it is one: the rest is rounding."""
    for key, error in found.items():
        verdict = f"right, relative error below {tolerance:.0e}" if error <= tolerance else f"WRONG, relative error {error:.2g}"
        print(f"{key:>5}  {verdict}")


def judge(got: Mapping, want: Mapping) -> None:
    """Print a verdict for each gradient in `want`; a missing one or one of another shape is wrong as well."""
    for key, right_one in want.items():
        if np.shape(got.get(key)) == np.shape(right_one):
            show({key: gradcheck.relative_error(got[key], right_one)})
        else:
            print(f"{key:>5}  WRONG, shape {np.shape(got.get(key))}, expected {np.shape(right_one)}")


def examine(backward: Backward, seed: int = 0, **setting) -> None:
    """The gradient check, printed; `setting` as in `case`."""
    show(errors(backward, seed, **setting))


def agrees(got, want: np.ndarray, tolerance: float = TOLERANCE) -> bool:
    """Same shape, and a relative error within the tolerance; whatever is no array of numbers does not agree."""
    try:
        return bool(gradcheck.relative_error(np.asarray(got, float), want) <= tolerance)
    except (TypeError, ValueError):
        return False


def passes(backward: Backward, seeds=(0,), **setting) -> bool:
    """Right loss and right gradients on every seed."""
    for seed in seeds:
        one = case(seed, **setting)
        (loss, grads), (want_loss, want) = backward(*one), right(*one)
        if not agrees(loss, np.float64(want_loss)) or not all(agrees(grads.get(k), want[k]) for k in PARAMETERS):
            return False
    return True


class Run(NamedTuple):
    """Training of one backward pass from several seeds."""

    losses: np.ndarray  # (seeds, steps), mean over steps and sequences
    cosines: np.ndarray  # (seeds, steps / 10), between its gradient and the right one at the same parameters


def echo_batch(rng: np.random.Generator, T: int = 10, B: int = 16, K: int = 4, lag: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Symbols x and targets y, both (T, K, B): symbol 0 asks for the symbol of two steps before, each other for itself."""
    s = rng.integers(K, size=(T + lag, B))
    wanted = np.where(s[lag:] == 0, s[:T], s[lag:])
    return np.eye(K)[s[lag:]].transpose(0, 2, 1), np.eye(K)[wanted].transpose(0, 2, 1)


@lru_cache(maxsize=64)
def train(backward: Backward, seeds: int = 5, steps: int = 200, lr: float = 0.2, H: int = 16) -> Run:
    """Gradient descent on the echo task with the gradients of `backward`, clipped by norm after everything is summed.

    Every seed fixes initial parameters and batches, so that two functions are compared on the same of both.
    """
    losses, cosines = np.zeros((seeds, steps)), np.zeros((seeds, -(-steps // 10)))
    optimizer = SGD(lr)
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        x, y = echo_batch(rng)
        params = Model(Elman(x.shape[1], H), Readout(H, y.shape[1])).init(rng)
        memory, h0, n = optimizer.init(params), np.zeros((H, x.shape[2])), x.shape[0] * x.shape[2]
        for step in range(steps):
            x, y = echo_batch(rng)
            loss, grads = backward(params, x, h0, y)
            losses[seed, step] = loss / n
            if step % 10 == 0:
                cosines[seed, step // 10] = cosine(grads, right(params, x, h0, y)[1])
            grads, _ = clip_by_norm({k: grads[k] / n for k in params}, MAX_NORM)
            params, memory = optimizer.update(params, grads, memory)
    return Run(losses, cosines)


def cosine(a: Mapping, b: Mapping) -> float:
    """Cosine of the angle between two gradients, all parameters of b taken as one vector."""
    u, v = (np.concatenate([np.ravel(g[k]) for k in b]) for g in (a, b))
    return float(u @ v / np.sqrt((u @ u) * (v @ v)))


def ends(run: Run) -> tuple[float, float]:
    """Median over seeds of the first loss and of the mean of the last 20."""
    return float(np.median(run.losses[:, 0])), float(np.median(run.losses[:, -20:].mean(axis=1)))


def visit(exhibit: Backward) -> None:
    """Train an exhibit and print what somebody sees who looks at the loss alone."""
    first, last = ends(train(exhibit))
    print(f"loss {first:.2f} at the start, {last:.2f} after 200 steps; with right gradients {ends(train(right))[1]:.2f}")


def repair(function: Backward, replace: str, by: str) -> Backward:
    """The function with one piece of its source replaced. Raises SettingError if the piece is not there exactly once."""
    source = textwrap.dedent(inspect.getsource(function))
    times = source.count(replace)
    if times != 1:
        raise SettingError(f"replace: expected a piece of {function.__name__} that occurs once; {replace!r} occurs {times} times")
    namespace = dict(function.__globals__)
    exec(compile(source.replace(replace, by), f"<{function.__name__}, mended>", "exec"), namespace)
    return namespace[function.__name__]


@dataclass
class Report:
    """A restorer's report on an exhibit.

    Args:
        exhibit: the function.
        wrong: the parameters whose gradient is wrong, as in "U W b"; "none" if all are right.
        fault: a key of `FAULTS`.
        replace, by: a piece of the exhibit's source, and what has to stand there. Leave both out where nothing is to mend.
    Raises: SettingError for an unknown parameter or fault, and as `repair`.
    """

    exhibit: Backward
    wrong: str = ""
    fault: str = ""
    replace: str = ""
    by: str = ""
    faults = FAULTS  # no field: another room has others

    def __post_init__(self) -> None:
        self.parameters(self.wrong)
        if self.fault:
            checks.one_of("fault", self.fault, self.faults)
        self.mended = repair(self.exhibit, self.replace, self.by) if self.replace else self.exhibit

    def parameters(self, named: str) -> set:
        """The parameters that a text names, as in "U W b"."""
        found = set(named.replace(",", " ").split()) - {"none"}
        for name in found:
            checks.one_of("wrong", name, PARAMETERS)
        return found

    def examine(self) -> None:
        """Print the gradient check of the mended function."""
        examine(self.mended, seed=1)

    def sound(self) -> bool:
        """The mended function is right, on other data than `examine` shows."""
        return passes(self.mended, seeds=(11, 12, 13), T=7, B=3, D=3, H=5, K=4)

    def show(self) -> None:
        """Print the report, and the gradient check of the mended function."""
        print(f"wrong: {self.wrong or '(not said)'} | fault: {self.fault or '(not said)'} | after the repair:")
        try:
            self.examine()
        except Exception as error:  # the parameters and the fault may be right all the same
            print(f"the mended function fails: {type(error).__name__}: {error}")

    def marks(self, wrong: str, fault: str) -> float:
        """One point each for the parameters, the fault and the repair (a repair is judged where there is something to mend)."""
        named = bool(self.wrong) and self.parameters(self.wrong) == self.parameters(wrong)
        points = float(named) + float(self.fault == fault)
        try:
            sound = wrong == "none" or self.sound()
        except Exception:  # a repair may break the code in any way; that costs its own point only
            sound = False
        return points + float(sound and wrong != "none")
