"""The name that was meant: distances are those of the plain table, and long names cost no more than short ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelvar.core.base.nearest import _edits, nearest


def edits(one, other):
    """Optimal string alignment by its recursion over whole beginnings."""
    if not one or not other:
        return len(one) + len(other)
    least = min(
        edits(one[:-1], other) + 1,
        edits(one, other[:-1]) + 1,
        edits(one[:-1], other[:-1]) + (one[-1] != other[-1]),
    )
    if len(one) > 1 and len(other) > 1 and one[-2:] == other[:-3:-1]:
        least = min(least, edits(one[:-2], other[:-2]) + 1)
    return least


@given(st.text("abc", max_size=6), st.text("abc", max_size=6), st.integers(1, 7))
def test_slips_are_counted_as_the_recursion_does(one, other, most):
    if abs(len(one) - len(other)) <= most:
        assert _edits(one, other, most) == min(edits(one, other), most + 1)


@pytest.mark.parametrize("length", [30, 104, 5_000])
def test_a_long_name_is_found_by_a_slip_and_not_by_another_text(length):
    name = "".join(chr(ord("a") + place * place % 23) for place in range(length))
    slipped = name[:7] + "Z" + name[8:-4] + name[-3:]
    assert nearest(slipped, [name, "y", "w" * length]) == name
    assert nearest("w" * length, [name, "v" * length]) is None
