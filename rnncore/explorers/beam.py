"""Explorer of beam search: hypotheses of a tiny language grow, end and die, and all sentences are known for comparison."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import traitlets

from ..search import Hypothesis, beam_search
from .base import Array, Explorer, front_end

WORDS = ("the", "nice", "dog", "house", "barks", "sleeps", "[END]")
BEFORE = ("[START]", *WORDS[:-1])
START, END, LONGEST = len(WORDS), len(WORDS) - 1, 6

# A row for each word before, a column for each that follows: how often, of 100.
PRESETS = {
    "greedy loses": [[94, 1, 1, 1, 1, 1, 1], [1, 50, 40, 6, 1, 1, 1], [2, 12, 28, 32, 8, 14, 4], [1, 1, 1, 1, 62, 22, 12],
                     [1, 1, 1, 1, 2, 34, 60], [1, 1, 1, 1, 2, 4, 90], [1, 2, 1, 1, 2, 3, 90]],
    "width 2 loses": [[44, 30, 21, 2, 1, 1, 1], [1, 30, 32, 28, 4, 4, 1], [1, 6, 30, 34, 12, 13, 4], [1, 1, 1, 1, 89, 5, 2],
                      [2, 2, 1, 1, 6, 43, 45], [1, 1, 1, 1, 1, 1, 94], [1, 2, 1, 1, 2, 3, 90]],
    "short wins": [[66, 1, 2, 1, 1, 2, 27], [1, 6, 80, 9, 1, 2, 1], [1, 3, 70, 20, 2, 3, 1], [1, 1, 1, 1, 50, 34, 12],
                   [1, 1, 1, 1, 2, 50, 44], [1, 1, 1, 1, 2, 4, 90], [1, 2, 1, 1, 2, 3, 90]],
}  # fmt: skip


class LastWord(NamedTuple):
    """The state of a table of next words: nothing beside the word that is fed."""

    nothing: np.ndarray  # (1, B)


class BeamExplorer(Explorer):
    r"""Beam search, step by step, over a table of how often each of six words and [END] follows another.

    $$\log P(y) = \sum_t \log P(y_t \mid y_{t-1}), \qquad \mathrm{score}(y) = \frac{\log P(y)}{|y|^{\alpha}}$$

    The search is that of `rnncore.search.beam_search`. A sentence has at most six symbols, [END] among them, so that all
    9331 can be tried for comparison.

    Usage:

        ex = explorers.BeamExplorer()                               # width 1: greedy, and the best sentence is lost
        ex = explorers.BeamExplorer(preset="short wins", width=3)   # other numbers, a wider beam
        ex                                                          # last line of a cell: shows it
        ex.ids, ex.log_probs, ex.scores                             # what the page has found; -1 fills up short sentences
        ex.search()                                                 # the same by rnncore.search
        ex.counts = 1 + 0 * ex.counts                               # the view follows

    Args:
        counts: (7, 7), a row for [START] and each of the six words, a column for what follows: the words, then [END]. Above zero.
        width: how many hypotheses are kept, 1 to 5.
        alpha: length penalty, 0 to 2.
        step: up to where the search is shown, 0 to 6.
        preset: "greedy loses", "width 2 loses" or "short wins"; it turns to "" when a number is changed.

    Traits that the page fills once it is shown: `ids` (n, 6), `log_probs`, `scores` (n,) of what was found, the best first;
    `best_ids` (6,) and `best_log_prob` of the best of all sentences.

    Raises: TraitError for a wrong shape, an unknown name, a number outside its range.
    """

    _esm = front_end("renew", "beam_net", "beam_picture", "beam")
    _quiet = True  # while several traits are set at once

    counts = Array((7, 7), PRESETS["greedy loses"])
    width = traitlets.Int(1, min=1, max=5).tag(sync=True)
    alpha = traitlets.Float(0.0).tag(sync=True)
    step = traitlets.Int(LONGEST, min=0, max=LONGEST).tag(sync=True)
    preset = traitlets.Enum([*PRESETS, ""], default_value="greedy loses").tag(sync=True)
    presets = traitlets.Dict().tag(sync=True)
    ids = Array(("n", LONGEST), computed=True)
    log_probs = Array(("n",), computed=True)
    scores = Array(("n",), computed=True)
    best_ids = Array(("T",), computed=True)
    best_log_prob = traitlets.Float(0.0).tag(sync=True)

    def __init__(self, **traits) -> None:
        super().__init__(**{"counts": PRESETS.get(traits.get("preset"), PRESETS["greedy loses"])} | traits)
        self.presets = {name: np.array(counts, float).tolist() for name, counts in PRESETS.items()}
        self._quiet = False
        self._edited()

    @traitlets.observe("preset")
    def _chosen(self, change) -> None:
        if change.new and not self._quiet:
            self.counts = PRESETS[change.new]

    @traitlets.observe("counts")
    def _edited(self, _=None) -> None:
        """The name of a preset stays as long as every number is the preset's."""
        if self.preset and not self._quiet and not np.array_equal(self.counts, PRESETS[self.preset]):
            self.preset = ""

    @traitlets.validate("counts")
    def _positive(self, proposal):
        if not (proposal.value > 0).all():
            self._refuse("counts", "numbers above zero", float(proposal.value.min()))
        return proposal.value

    @traitlets.validate("alpha")
    def _penalty(self, proposal):
        if not 0 <= proposal.value <= 2:
            self._refuse("alpha", "a number from 0 to 2", proposal.value)
        return proposal.value

    def next_words(self, ids: np.ndarray, state: LastWord) -> tuple[np.ndarray, LastWord]:
        """Logits (7, B) of the words after the symbols ids (B,): 0 to 5 the words, 7 is [START]. For `rnncore.search`."""
        return np.log(self.counts[(np.asarray(ids) + 1) % (START + 1)]).T, state

    def search(self) -> list[Hypothesis]:
        """What `rnncore.search.beam_search` finds with these settings."""
        return beam_search(self.next_words, LastWord(np.zeros((1, 1))), START, END, self.width, LONGEST, self.alpha)
