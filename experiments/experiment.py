"""What an experiment is made of, and what a run may ask of the one that runs it."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

SAVE_EVERY = 60  # seconds


@dataclass(frozen=True)
class Run:
    """A row of a table: `function(job, **settings)` returns what was found, in a dict that JSON can hold.

    Args:
        function: takes a `Job` and the settings.
        settings: all that decides the result, seeds too. A record made with others is out of date.
        published: what the paper gives for this row, and where; empty if it gives nothing.
        criterion: when a trial counts as solved, in words.
        tier: "literal" (the paper's recipe as far as it is told), "tuned" (with a change that `change` tells) or "ours".
        mark: what the run is to reach, in words, and `reached`, which tells from the result whether it did.
        quick: settings that make the same function run in a few seconds, for the tests.
    """

    function: Callable
    settings: dict
    criterion: str
    tier: str = "ours"
    published: dict = field(default_factory=dict)
    change: str = ""
    mark: str = ""
    reached: Callable | None = None
    quick: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Experiment:
    """A published result: its name (that of the module and of the record), a title, the source as a key of references.bib, its runs."""

    name: str
    title: str
    source: str
    runs: dict[str, Run]


class Job:
    """Says how far a run is, and keeps what it needs to go on after an interruption."""

    def __init__(self, name: str, file: Path | None = None, say: Callable = print) -> None:
        self.name, self.file, self._say = name, file, say
        self.start = self.saved = self.said = time.monotonic()
        self.before = 0.0  # seconds of earlier, interrupted calls

    @property
    def seconds(self) -> float:
        """How long the run has taken, interrupted calls included."""
        return self.before + time.monotonic() - self.start

    def say(self, text: str) -> None:
        """Tell how far it is: at most once in ten seconds."""
        if time.monotonic() - self.said > 10:
            self.said = time.monotonic()
            self._say(f"{self.name} [{self.seconds:.0f} s] {text}")

    def restore(self):
        """What was saved last, or None."""
        if self.file is None or not self.file.exists():
            return None
        self.before, state = pickle.loads(self.file.read_bytes())
        return state

    def save(self, state: Callable) -> None:
        """Save `state()` if the last time was a minute ago. Random generators are part of it: they can be pickled."""
        if self.file is not None and time.monotonic() - self.saved > SAVE_EVERY:
            self.saved = time.monotonic()
            part = self.file.with_suffix(".part")
            part.write_bytes(pickle.dumps((self.seconds, state())))
            part.replace(self.file)

    def done(self) -> None:
        """Nothing is left to go on with."""
        if self.file is not None:
            self.file.unlink(missing_ok=True)
