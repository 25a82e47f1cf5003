"""Counts and kinds in a message: "1 row", "3 rows", "an int"."""

from __future__ import annotations


def count_of(number: int, one: str, several: str = "") -> str:
    """Return a number and what it counts: ``count_of(2, "row")``, ``count_of(1, "entity", "entities")``."""
    return f"{number} {noun_after(number, one, several)}"


def noun_after(number: float, one: str, several: str = "") -> str:
    """Return the noun alone, as it stands with a number: "row" with 1, else "rows"."""
    return one if number == 1 else several or one + "s"


def kind_of(value: object) -> str:
    """Name the kind of a value, with its article: "an int", "a str"."""
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
