"""Sets of values that a test does not reject: what kind they are, in words, and what they hold."""

import math

import pytest

from panelvar.estimates.bands.confidence_set import ConfidenceSet

WHOLE = ((-math.inf, math.inf),)


@pytest.mark.parametrize(
    ("intervals", "words", "bounded", "inside", "outside"),
    [
        (((-1.0, 2.0),), "an interval", True, [-1.0, 0.0, 2.0], [-1.1, 2.1]),
        (((0.0, 1.0), (3.0, 4.0)), "2 intervals", True, [0.5, 3.5], [2.0]),
        (((-math.inf, 0.0), (1.0, math.inf)), "unbounded: the values outside an interval", False, [-9.0, 9.0], [0.5]),
        (((1.0, math.inf),), "unbounded", False, [1e300], [0.0]),
        (WHOLE, "the whole line: no value is rejected", False, [0.0], []),
        ((), "empty: every value is rejected", True, [], [0.0]),
    ],
)
def test_what_a_set_is(intervals, words, bounded, inside, outside):
    found = ConfidenceSet("x", intervals, 0.9)
    assert found.in_words == words
    assert found.bounded is bounded
    assert found.empty is (not intervals)
    assert all(value in found for value in inside)
    assert not any(value in found for value in outside)
    table = found.summary().to_text()
    assert len(found.summary().to_frame()) == len(intervals)
    # An interval says itself what it is.
    assert (words[1:] in table) is not (bounded and bool(intervals))


def test_a_name_of_several_lines_stays_on_one():
    found = ConfidenceSet("x\ny", ((0.0, 1.0),), 0.95)
    assert str(found) == "x y: 95% Anderson-Rubin set [0, 1]"
    assert repr(found) == f"<{found}>"
