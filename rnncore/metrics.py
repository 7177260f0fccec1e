r"""How good is it: perplexity, bits per character, whole sequences right, errors by step, edit distance, BLEU."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from . import checks
from .errors import EmptySequenceError, MissingPackageError, SettingError, ShapeError


class Bleu(NamedTuple):
    """What sacrebleu reports."""

    score: float  # 0 … 100
    precisions: tuple[float, ...]  # of one, two, three, four words in a row, in per cent
    brevity_penalty: float  # 1 where the translations are not too short
    signature: str  # version and settings: without it two scores cannot be compared


def perplexity(loss: float) -> float:
    r"""From the mean loss in nats: among how many equally probable symbols the model is as uncertain, $e^L$.

    Args: loss: mean negative log-likelihood per symbol (the losses with `reduction="mean"`), not below zero.
    Returns: at least 1; infinity where the exponential overflows.
    Raises: SettingError for what is no loss.
    """
    with np.errstate(over="ignore"):
        return float(np.exp(_loss(loss)))


def bits_per_character(loss: float) -> float:
    r"""From the mean loss in nats per character: the same in bits, $L / \ln 2$. Raises: SettingError for what is no loss."""
    return _loss(loss) / float(np.log(2))


def sequence_accuracy(found: Sequence, targets: Sequence) -> float:
    """The share of sequences that are right in every symbol, end symbols included.

    Args: found, targets: equally many sequences of symbols, for instance what `rnncore.search.decode` returns.
    Raises: ShapeError if their numbers differ; EmptySequenceError for none.
    """
    for name, value in (("found", found), ("targets", targets)):
        _several(name, value, "sequences of symbols")
    if len(found) != len(targets):
        raise ShapeError(f"found: expected as many sequences as targets, {len(targets)}, got {len(found)}")
    if not len(targets):
        raise EmptySequenceError("targets: expected at least one sequence, got none")
    return sum(list(f) == list(t) for f, t in zip(found, targets)) / len(targets)


def errors_by_step(said: np.ndarray, targets: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    r"""The share of wrong symbols at each step, $e_k$, of the sequences that are that long: (T,).

    $$e_k = \frac{\#\{\text{sequences with } \hat y_k \ne y^*_k\}}{\#\{\text{sequences with a symbol at step } k\}}$$

    Args: said, targets: symbols (T, B); mask (T, B), one where a step is real, None if all are.
    Returns: NaN at a step that no sequence reaches.
    Raises: ShapeError, DtypeError, EmptySequenceError, SettingError.
    """
    said = checks.array("said", said, ("T", "B"), kind="index")
    targets = checks.array("targets", targets, said.shape, kind="index")
    real = np.ones(said.shape, bool) if mask is None else checks.mask(mask, *said.shape)
    with np.errstate(invalid="ignore"):
        return ((said != targets) & real).sum(axis=1) / real.sum(axis=1)


def edit_distance(found: Sequence, target: Sequence) -> int:
    """The least number of symbols to insert, delete or replace that makes one sequence of the other (Levenshtein).

    Where a symbol was left out, all later ones stand one step early: `errors_by_step` counts them all, this one counts one.
    Args: found, target: texts, or lists of symbols. Raises: SettingError for what is no sequence.
    """
    for name, value in (("found", found), ("target", target)):
        _several(name, value, "symbols")
    row = list(range(len(target) + 1))
    for i, a in enumerate(found, 1):
        before, row = row, [i]
        for j, b in enumerate(target, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
    return row[-1]


def bleu(hypotheses: Sequence[str], references: Sequence, **settings) -> Bleu:
    """BLEU of a whole set of translations, as sacrebleu computes it: it is no mean over sentences.

    Args:
        hypotheses: translations, as plain text that is not tokenized.
        references: for each of them one right translation, or a list of several.
        settings: of `sacrebleu.BLEU`, as `tokenize="char"` or `lowercase=True`.
    Raises: MissingPackageError if sacrebleu is not installed; ShapeError, EmptySequenceError, SettingError.

    Source: Papineni, Roukos, Ward and Zhu 2002; Post 2018.
    """
    try:
        import sacrebleu
    except ImportError as error:
        message = "rnncore.metrics.bleu needs sacrebleu, which is not installed: pip install 'rnncore[translation]'"
        raise MissingPackageError(message) from error
    _texts("hypotheses", hypotheses)
    if not isinstance(references, str):
        _several("references", references, "texts")
    if isinstance(references, str) or len(references) != len(hypotheses):
        got = "one text" if isinstance(references, str) else len(references)
        raise ShapeError(f"references: expected as many as hypotheses, {len(hypotheses)}, got {got}")
    several = [[r] if isinstance(r, str) else list(r) for r in references]
    for texts in several:
        _texts("references", texts)
    streams = [[texts[n] if n < len(texts) else None for texts in several] for n in range(max(map(len, several)))]
    try:
        metric = sacrebleu.BLEU(**settings)
    except (TypeError, ValueError, AssertionError, KeyError) as error:
        raise SettingError(f"settings: expected some of sacrebleu.BLEU, got {settings}: {error}") from error
    result = metric.corpus_score(list(hypotheses), streams)
    return Bleu(float(result.score), tuple(result.precisions), float(result.bp), str(metric.get_signature()))


def _texts(name: str, texts) -> None:
    """A list of texts, not one text, and not of none."""
    _several(name, texts, "texts")
    if isinstance(texts, str) or not all(isinstance(t, str) for t in texts):
        got = "one text" if isinstance(texts, str) else sorted({type(t).__name__ for t in texts})
        raise SettingError(f"{name}: expected a list of texts, got {got}")
    if not len(texts):
        raise EmptySequenceError(f"{name}: expected at least one text, got none")


def _several(name: str, value, what: str) -> None:
    if not isinstance(value, Iterable) or not hasattr(value, "__len__"):
        raise SettingError(f"{name}: expected a list of {what}, got {value!r}")


def _loss(loss) -> float:
    if isinstance(loss, bool) or not isinstance(loss, (int, float, np.integer, np.floating)) or not loss >= 0 or loss == float("inf"):
        raise SettingError(f"loss: expected a finite number not below zero, got {loss!r}")
    return float(loss)
