"""Counts in a message: "1 row", "3 rows"."""

from __future__ import annotations


def count_of(number: int, one: str, several: str = "") -> str:
    """Return a number and what it counts: ``count_of(2, "row")``, ``count_of(1, "entity", "entities")``."""
    return f"{number} {one if number == 1 else several or one + 's'}"
