"""What the explorers share on the Python side: one front-end module from several files, and a trait that holds an array."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files

import anywidget
import numpy as np
import traitlets

from .. import checks
from ..errors import RNNCoreError


def front_end(*names: str) -> str:
    """Join the kit and the named scripts, with the styles of the same names: one module without imports lives in a static page too."""
    folder, names = files(__package__), ("kit", *names)
    read = lambda name: folder.joinpath(name).read_text(encoding="utf-8")  # noqa: E731
    style = "\n".join(read(f"{name}.css") for name in names if folder.joinpath(f"{name}.css").is_file())
    return f"const KIT_CSS = {json.dumps(style)};\n" + "\n".join(read(f"{name}.js") for name in names)


def mulberry32(seed: int) -> Iterator[float]:
    """Seeded uniform numbers in [0, 1): the same stream as the generator in the page (kit.js)."""
    mask, state = 0xFFFFFFFF, seed & 0xFFFFFFFF
    while True:
        state = (state + 0x6D2B79F5) & mask
        t = ((state ^ (state >> 15)) * (1 | state)) & mask
        t ^= (t + (((t ^ (t >> 7)) * (61 | t)) & mask)) & mask
        yield (t ^ (t >> 14)) / 4294967296


class Array(traitlets.TraitType):
    r"""A float64 array of a given shape that the page sees as nested lists.

    It is handed out read-only: an entry changed in place would never reach the page. Copy, change, set:
    `W = ex.W.copy(); W[0, 1] = 2; ex.W = W`.

    Args:
        shape: as in `rnncore.checks.array`: a number must match, a letter may be any size.
        default: the initial value (zeros if the shape is all numbers).
        values: if given, the only numbers allowed.
        computed: filled by the page, and empty until it has been.
    """

    def __init__(self, shape: tuple, default=None, *, values: tuple = (), computed: bool = False, **kwargs) -> None:
        self.shape, self.values, self.computed = shape, values, computed
        start = np.zeros(self._sizes) if default is None else np.array(default, dtype=np.float64)
        super().__init__(default_value=start, **kwargs)
        self.tag(sync=True, to_json=lambda value, _: value.tolist())

    @property
    def _sizes(self) -> list[int]:
        return [n if isinstance(n, int) else 0 for n in self.shape]

    def validate(self, obj, value) -> np.ndarray:
        """Return a read-only float64 copy, or raise TraitError with what was expected and what came."""
        name = f"{type(obj).__name__}.{self.name}"
        try:
            a = np.array(value, dtype=np.float64)
            a = a.reshape(self._sizes) if self.computed and a.size == 0 else checks.array(name, a, self.shape)
        except RNNCoreError as error:
            raise traitlets.TraitError(str(error)) from None
        except (TypeError, ValueError):
            wanted = checks.describe(self.shape)
            raise traitlets.TraitError(f"{name}: expected numbers of shape {wanted}, got {value!r:.80}") from None
        if self.values and not np.isin(a, self.values).all():
            wrong = a[~np.isin(a, self.values)].flat[0]
            raise traitlets.TraitError(f"{name}: expected only the values {self.values}, got {wrong:g}")
        a.setflags(write=False)
        return a


class Explorer(anywidget.AnyWidget):
    """A widget that computes in the page. Traits set from Python change the view; what the page computes comes back as traits."""

    def _refuse(self, name: str, expected: str, came) -> None:
        raise traitlets.TraitError(f"{type(self).__name__}.{name}: expected {expected}, got {came!r:.80}")
