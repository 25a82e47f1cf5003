"""Counts and kinds in a message: "1 row", "3,000 rows", "an int"."""

from __future__ import annotations

import re

_GROUPED = re.compile(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")


def grouped(number: int) -> str:
    """Write a whole number with commas between thousands: 1,234,567."""
    return f"{number:,}"


def ungrouped(text: str) -> str:
    """Write a number without commas between its thousands, and any other text as it is."""
    return text.replace(",", "") if _GROUPED.fullmatch(text) else text


def count_of(number: int, one: str, several: str = "") -> str:
    """Return a number and what it counts: ``count_of(2, "row")``, ``count_of(1, "entity", "entities")``."""
    return f"{grouped(number)} {noun_after(number, one, several)}"


def noun_after(number: float, one: str, several: str = "") -> str:
    """Return the noun alone, as it stands with a number: "row" with 1, else "rows"."""
    return one if number == 1 else several or one + "s"


def kind_of(value: object) -> str:
    """Name the kind of a value, with its article: "an int", "a str"."""
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
