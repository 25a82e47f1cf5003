"""Counts in messages agree with their nouns."""

import numpy as np
import pytest

from panelvar.base.plurals import counted


@pytest.mark.parametrize(
    ("number", "words", "text"),
    [
        (0, ("row",), "0 rows"),
        (1, ("row",), "1 row"),
        (np.int64(1), ("row",), "1 row"),
        (3, ("row",), "3 rows"),
        (1, ("series is", "series are"), "1 series is"),
        (2, ("series is", "series are"), "2 series are"),
    ],
)
def test_noun_and_verb_follow_the_number(number, words, text):
    assert counted(number, *words) == text
