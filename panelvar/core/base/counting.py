"""Counts in a message: "1 row", "3 rows"."""

from __future__ import annotations


def count_of(number: int, one: str, several: str = "") -> str:
    """Return a number and what it counts: ``count_of(2, "row")``, ``count_of(1, "entity", "entities")``."""
    return f"{number} {noun_after(number, one, several)}"


def noun_after(number: float, one: str, several: str = "") -> str:
    """Return the noun alone, as it stands with a number: "row" with 1, else "rows"."""
    return one if number == 1 else several or one + "s"
