"""Labels in words: which of them repeat."""

from __future__ import annotations

import pytest

from panelvar.core.base.labels import repeated


@pytest.mark.parametrize(
    ("names", "twice"),
    [([], []), (["b", "a"], []), (["b", "a", "b", "c", "a", "b"], ["a", "b"]), ([2, 1, 2], [2])],
)
def test_names_that_stand_more_than_once(names, twice):
    assert repeated(names) == twice


def test_a_hundred_thousand_labels_are_read_once():
    """Comparing each with all others would take an hour."""
    labels = (f"L{lag}.{name}" for lag in range(100_000) for name in "xy")
    assert repeated(labels) == []
