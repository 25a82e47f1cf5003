"""Counts in a message: "1 row", "3 rows"."""

from __future__ import annotations


def counted(number: int, one: str, more: str | None = None) -> str:
    """A number and what it counts: ``counted(1, "row")`` is "1 row", ``counted(3, "row")`` is "3 rows".

    Parameters
    ----------
    number : int
    one : str
        What is counted, with the verb if that changes too: "row", "row was".
    more : str, optional
        The same of several ("rows were"). By default `one` with an "s".
    """
    return f"{number} {one if number == 1 else more or one + 's'}"
