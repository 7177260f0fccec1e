"""Explorer of structures: one net in six uses, with what is fed, what comes out, and what depends on what."""

from __future__ import annotations

import traitlets

from .base import Array, Explorer, front_end

STRUCTURES = ("one_to_one", "one_to_many", "many_to_one", "synced", "bidirectional", "encoder_decoder")
FEEDS = ("x", "zeros", "every", "output", "targets")


class StructuresExplorer(Explorer):
    r"""One recurrent net in six uses: the unfolded graph, every shape, what is fed, which distribution it models.

    The net is $h_t = \tanh(U x_t + W h_{t-1} + b)$, $o_t = V h_t + c$, $\hat y_t = \mathrm{softmax}(o_t)$ with fixed random
    weights, inputs and true classes; it is run in the page. Where symbols are fed, they are one-hot columns below x, the first is
    class 0 (START), and the net's own symbol is the most probable one. The encoder-decoder hands its last state over as it is.

    Usage:

        ex = explorers.StructuresExplorer()                                    # many to many, in step
        ex = explorers.StructuresExplorer(structure="encoder_decoder", feed="output", S=4, T=2, output=2)
        ex                                                                     # last line of a cell: shows it
        ex.probability, ex.depends, ex.shapes, ex.y                            # what the page has computed

    Args:
        structure: "one_to_one", "one_to_many", "many_to_one", "synced" (many to many, in step), "bidirectional" or "encoder_decoder".
        feed: "x" at its step; "zeros" (x first, zeros after it); "every" (x at every step); "output" (the net's own output before,
            with x where there is one); "targets" (the true output before). One that the structure does not offer counts as its first.
        T: steps, from 1 to 6; S: steps of the encoder, from 1 to 5.
        D, H, K, B: inputs (1 to 6), hidden units (1 to 8), classes (2 to 6), sequences (1 to 16).
        output: the output whose past is marked, or 0 for none; one beyond the last counts as the last.

    Traits that the page fills once it is shown: `y` (T, K, B), the probabilities; `losses`, of each output, summed over the
    sequences, and their sum `loss`; `n_params`; `shapes`, a dict; and as texts `fed` (each step), `probability`, `factors` (each
    output) and `depends` (for each output the inputs that it depends on).

    Raises: TraitError for names that are not known and sizes outside the ranges.
    """

    _esm = front_end("renew", "graph", "structures_net", "structures_picture", "structures")

    structure = traitlets.Enum(STRUCTURES, default_value="synced").tag(sync=True)
    feed = traitlets.Enum(FEEDS, default_value="x").tag(sync=True)
    S = traitlets.Int(3, min=1, max=5).tag(sync=True)
    T = traitlets.Int(4, min=1, max=6).tag(sync=True)
    D = traitlets.Int(2, min=1, max=6).tag(sync=True)
    H = traitlets.Int(3, min=1, max=8).tag(sync=True)
    K = traitlets.Int(3, min=2, max=6).tag(sync=True)
    B = traitlets.Int(1, min=1, max=16).tag(sync=True)
    output = traitlets.Int(0, min=0, max=6).tag(sync=True)
    y = Array(("T", "K", "B"), computed=True)
    losses = Array(("T",), computed=True)
    loss = traitlets.Float(0.0).tag(sync=True)
    n_params = traitlets.Int(0).tag(sync=True)
    shapes = traitlets.Dict().tag(sync=True)
    fed = traitlets.List().tag(sync=True)
    probability = traitlets.Unicode("").tag(sync=True)
    factors = traitlets.List().tag(sync=True)
    depends = traitlets.List().tag(sync=True)
