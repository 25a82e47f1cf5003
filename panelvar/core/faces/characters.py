"""Characters as a terminal shows them: how wide they are, where a line may break."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Literal

from panelvar.core.base.quoting import NO_BREAK

Alignment = Literal["decimal", "left", "center", "right"]

_JOINTS = "-_/.:|"


def display_width(text: str) -> int:
    """Terminal columns a printable string takes: two for a wide East Asian character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


def _character_width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def wrap(text: str, width: int, measure: Callable[[str], int] = display_width) -> list[str]:
    """Break a printable string into lines of at most ``width`` columns, at blanks where there are any.

    ``measure`` says how wide a string is, if not in columns of a terminal.
    """
    lines: list[str] = []
    current = ""
    for word in filter(None, text.split(" ")):
        joined = f"{current} {word}" if current else word
        if measure(joined) <= width:
            current = joined
            continue
        if current:
            lines.append(current)
        *full, current = _hard_break(word, width, measure)
        lines.extend(full)
    if current or not lines:
        lines.append(current)
    return lines


def _hard_break(word: str, width: int, measure: Callable[[str], int]) -> list[str]:
    """Break a word that is too long: between the limits of an interval, after a hyphen, or wherever the line ends."""
    pieces, current = [], ""
    for character in word:
        if current and measure(current + character) > width:
            # It breaks before a hyphen; that of 1e-06 is not a joint.
            joint = (current.rfind(NO_BREAK) + 1) or max(map(current.rfind, _JOINTS)) + 1
            cut = joint if joint > 1 else len(current)
            pieces.append(current[:cut])
            current = current[cut:]
        current += character
    return [*pieces, current]


def pad(text: str, width: int, align: Alignment) -> str:
    """Fill a printable string with blanks up to ``width`` columns."""
    missing = max(width - display_width(text), 0)
    if align == "left":
        return text + " " * missing
    if align == "center":
        return " " * (missing // 2) + text + " " * (missing - missing // 2)
    return " " * missing + text
