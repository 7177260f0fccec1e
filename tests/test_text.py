"""The vocabulary: there and back, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncore.errors import DtypeError, EmptySequenceError, SettingError, ShapeError, UnknownSymbolError
from rnncore.text import Vocabulary


def test_order_is_kept_or_sorted():
    assert Vocabulary("helo").symbols == ("h", "e", "l", "o")
    assert Vocabulary.from_text("hello").symbols == ("e", "h", "l", "o")
    assert len(Vocabulary("helo")) == 4
    np.testing.assert_array_equal(Vocabulary("helo").encode("hello"), [0, 1, 2, 2, 3])


@given(st.text(min_size=1, max_size=40))
def test_decode_undoes_encode(text):
    vocabulary = Vocabulary.from_text(text)
    ids = vocabulary.encode(text)
    assert vocabulary.decode(ids) == text
    x = vocabulary.one_hot(ids[:, None])
    assert x.shape == (len(text), len(vocabulary), 1)
    np.testing.assert_array_equal(x.argmax(axis=1)[:, 0], ids)
    np.testing.assert_array_equal(x.sum(axis=1), 1)


def test_one_hot_puts_each_sequence_in_its_own_column():
    x = Vocabulary("abc").one_hot(np.array([[0, 2], [1, 1]]), dtype=np.float32)
    assert x.dtype == np.float32
    np.testing.assert_array_equal(x[0], [[1, 0], [0, 0], [0, 1]])
    np.testing.assert_array_equal(x[1], [[0, 0], [1, 1], [0, 0]])


def test_words_are_symbols_too():
    vocabulary = Vocabulary(["black", "dog", "[END]"])
    assert vocabulary.decode(vocabulary.encode(["dog", "black"]), separator=" ") == "dog black"


def test_an_unknown_symbol_is_named_with_its_place_and_the_known_ones():
    with pytest.raises(UnknownSymbolError, match=r"'p' at position 3 .* the 4 known symbols are: h e l o"):
        Vocabulary("helo").encode("help")
    with pytest.raises(UnknownSymbolError, match=r"'\\t' at position 1 .*: a \\n"):
        Vocabulary("a\n").encode("a\t")


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda v: Vocabulary(""), EmptySequenceError),
        (lambda v: Vocabulary("hello"), SettingError),
        (lambda v: v.encode(""), EmptySequenceError),
        (lambda v: v.decode([0, 4]), UnknownSymbolError),
        (lambda v: v.decode([-1]), UnknownSymbolError),
        (lambda v: v.decode([0.0]), DtypeError),
        (lambda v: v.one_hot(np.array([[4]])), UnknownSymbolError),
        (lambda v: v.one_hot(np.array([0, 1])), ShapeError),
        (lambda v: v.one_hot(np.zeros((0, 2), dtype=int)), EmptySequenceError),
    ],
)
def test_what_is_refused(call, error):
    with pytest.raises(error):
        call(Vocabulary("helo"))
