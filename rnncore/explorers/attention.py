"""Explorer of attention: four target words look at the states of a source sentence, with every number in sight."""

from __future__ import annotations

import numpy as np
import traitlets

from ..reference.attention import KINDS, Attention
from .base import Array, Explorer, front_end

SOURCE = ("the", "black", "cat", "sleeps", "[PAD]")
TARGET = ("il", "gatto", "nero", "dorme")
SHAPES = {"W_a": (2, 2), "W_q": (3, 2), "W_k": (3, 2), "v": (3, 1)}
GIVEN = ("Q", "K", "V", *SHAPES, "added", "kind", "temperature", "masked", "tied")

# Set by hand. The state at the padding resembles the last one, as that of an encoder that runs on over it.
KEYS = [[-1.6, -1.0], [-0.8, 1.6], [1.2, 1.4], [1.5, -1.2], [1.2, -0.8]]
VALUES = [[0.2, 0.1], [0.0, 1.5], [1.8, 0.3], [-1.2, -1.5], [-0.6, -1.0]]
QUERIES = [[-1.5, -1.2], [1.2, 1.6], [-1.0, 1.6], [1.6, -1.2]]
# The additive score does not measure likeness by itself: fitted to the four alignments by Adam from a seed, rounded.
WEIGHTS = {
    "W_a": [[1.5, 0.5], [0.0, 1.0]],
    "W_q": [[-0.6, -1.9], [-2.9, 0.1], [-1.0, -2.5]],
    "W_k": [[2.5, 0.2], [1.0, 1.8], [-1.4, 0.5]],
    "v": [[-2.8], [3.4], [-4.6]],
}


def _columns(vectors) -> np.ndarray:
    """Each vector as a column: (…, 2, 1)."""
    return np.array(vectors, dtype=float)[..., None]


class AttentionExplorer(Explorer):
    r"""Attention of the words "il gatto nero dorme" over the states of "the black cat sleeps [PAD]", two numbers each.

    $$e_s = \mathrm{score}(q, k_s), \qquad w_s = \frac{e^{e_s/\tau}}{\sum_{s'} e^{e_{s'}/\tau}}, \qquad c = \sum_s w_s v_s$$

    The four scores are those of `rnncore.reference.Attention`. A masked item is left out of the sum, and its weight is 0.

    Usage:

        ex = explorers.AttentionExplorer()                          # the dot product, the padding masked
        ex = explorers.AttentionExplorer(kind="additive", word=2)   # another score, another word
        ex                                                          # last line of a cell: shows it
        ex.scores, ex.weights, ex.contexts                          # what the page has computed
        ex.attention.forward(ex.params, ex.Q, ex.K)                 # the same by the reference, all five items real

    Args:
        Q: a query for each target word, (4, 2, 1).
        K, V: a key and a value for each source word and the padding, each (5, 2, 1).
        tied: the values are the keys, as where both are the encoder's states; `V` then waits.
        kind: "dot", "scaled", "general" or "additive".
        W_a (2, 2): of "general"; W_q (3, 2), W_k (3, 2), v (3, 1): of "additive".
        added: what is added to each score, (4, 5, 1).
        temperature: what each score is divided by before the softmax, from 0.05 to 20.
        masked: whether the padding is left out.
        word: the target word looked at, 0 to 3.

    Traits that the page fills once it is shown: `scores`, `weights` (4, 5, 1), `contexts` (4, 2, 1).

    Raises: TraitError for a wrong shape, an unknown kind, a setting outside its range, numbers that are not finite.
    """

    _esm = front_end("renew", "attention_net", "attention_picture", "attention")

    Q = Array((4, 2, 1), _columns(QUERIES))
    K = Array((5, 2, 1), _columns(KEYS))
    V = Array((5, 2, 1), _columns(VALUES))
    W_a, W_q, W_k, v = (Array(shape, WEIGHTS[key]) for key, shape in SHAPES.items())
    added = Array((4, 5, 1))
    kind = traitlets.Enum(KINDS, default_value="dot").tag(sync=True)
    temperature = traitlets.Float(1.0).tag(sync=True)
    masked = traitlets.Bool(True).tag(sync=True)
    tied = traitlets.Bool(True).tag(sync=True)
    word = traitlets.Int(1, min=0, max=3).tag(sync=True)
    scores = Array(("T", 5, 1), computed=True)
    weights = Array(("T", 5, 1), computed=True)
    contexts = Array(("T", 2, 1), computed=True)

    @traitlets.validate("temperature")
    def _warm(self, proposal):
        if not 0.05 <= proposal.value <= 20:
            self._refuse("temperature", "a number from 0.05 to 20", proposal.value)
        return proposal.value

    @property
    def attention(self) -> Attention:
        """The reference's attention of this kind."""
        return Attention(self.kind, 2, 2, 3 if self.kind == "additive" else None)

    @property
    def params(self) -> dict[str, np.ndarray]:
        """The parameters of this kind as a flat dict, as rnncore.reference takes them (copies)."""
        return {key: getattr(self, key).copy() for key in self.attention.shapes}

    @property
    def mask(self) -> np.ndarray:
        """One where an item counts, (5, 1)."""
        return np.array([[1.0]] * 4 + [[0.0 if self.masked else 1.0]])
