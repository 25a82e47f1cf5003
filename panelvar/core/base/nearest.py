"""Finds the name that a misspelt one was meant to be, where there is no doubt. No guess is better than a wrong one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

# Words that say what kind of function a name is, and nothing of its subject: chow_test is not arch_test.
_KINDS = frozenset({"fit", "plot", "test", "table", "result"})
_WORDS = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SHORT = 4
"""Letters up to which a name is easily another one."""
_MOST_SLIPS = 20
"""Slips up to which a name is still taken for another, however long it is."""
_ENDINGS = frozenset(["", "s", "es", "ies", "y", "d", "ed", "e", "er", "ing"])
"""Endings by which forms of one word differ, as entity and entities do."""
_OTHER_FORM, _BEGINNING = 100, 101
"""Distances of names that differ by more than a slip."""


def nearest(name: str, known: Iterable[str], *, functions: bool = False) -> str | None:
    """Return the known name that was meant; None where none is near, or two are equally so.

    A name is near if it differs in capitals or in the marks between words, in the ending of a word, or in one letter of
    every five, which is put in, left out, replaced or exchanged with its neighbour. In names of up to four letters the
    first letter must be right.

    Parameters
    ----------
    name : str
    known : iterable of str
    functions : bool
        The names are of functions and classes. Their subjects are compared, without the words fit, plot, test, table
        and result. Words may be left out at the end, if no other name begins so; further words are further subjects. In
        names of up to four letters two letters may be exchanged, one doubled or the last left out, and no more: three
        letters are a model (fit_sar is not fit_svar).
    """
    subject = _subject if functions else _words
    given = subject(name)
    if not given:
        return None
    whole = "".join(_words(name))
    found: dict[tuple[int, bool], list[str]] = {}
    for other in dict.fromkeys(known):
        distance = 0 if whole == "".join(_words(other)) else _distance(given, subject(other), functions)
        if distance is not None:
            found.setdefault((distance, _kinds(name) != _kinds(other)), []).append(other)
    if not found:
        return None
    best = found[min(found)]
    return best[0] if len(best) == 1 else None


@lru_cache(maxsize=4096)
def _words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for part in _WORDS.findall(name) for word in _HUMP.split(part))


def _subject(name: str) -> tuple[str, ...]:
    return tuple(word for word in _words(name) if word not in _KINDS)


def _kinds(name: str) -> frozenset[str]:
    return _KINDS.intersection(_words(name))


def _distance(given: tuple[str, ...], meant: tuple[str, ...], functions: bool) -> int | None:
    """How far a name is from what was given: 0 if it only looks otherwise, None if it is another one."""
    one, other = "".join(given), "".join(meant)
    if one == other:
        return 0
    length = min(len(one), len(other))
    if length <= _SHORT:
        near = _slipped(one, other) or (not functions and one[:1] == other[:1] and max(len(one), len(other)) > 2)
        return 1 if near and abs(len(one) - len(other)) <= 1 and _edits(one, other, 1) == 1 else None
    most = min(max(1, length // 5), _MOST_SLIPS)
    if abs(len(one) - len(other)) <= most and (edits := _edits(one, other, most)) <= most:
        return edits
    shared = next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), length)
    if shared >= _SHORT and {one[shared:], other[shared:]} <= _ENDINGS:
        return _OTHER_FORM
    return _BEGINNING if functions and meant[: len(given)] == given else None


def _slipped(one: str, other: str) -> bool:
    """Whether two neighbours are exchanged, a letter is doubled, or the last one is left out, of three at least."""
    if len(one) == len(other):
        return sorted(one) == sorted(other)
    if len(one) < len(other):
        return len(one) >= _SHORT - 1 and other.startswith(one)
    return any(one[place] == one[place - 1] and one[:place] + one[place + 1 :] == other for place in range(1, len(one)))


def _edits(one: str, other: str, most: int) -> int:
    """Least number of letters put in, left out, replaced or exchanged with their neighbour, or ``most + 1`` if larger.

    Only places are compared that ``most`` letters, put in or left out, can bring together. The comparison ends once
    every place of a row is too far apart, so that long names which differ cost no more than short ones.
    """
    far = most + 1
    before: list[int] = []
    row: list[int] = [*range(min(len(other), most) + 1), *[far] * (len(other) - most)]
    for i, letter in enumerate(one, start=1):
        earlier, before, row = before, row, [far] * (len(other) + 1)
        row[0] = min(i, far)
        for j in range(max(1, i - most), min(len(other), i + most) + 1):
            wanted = other[j - 1]
            least = min(row[j - 1] + 1, before[j] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                least = min(least, earlier[j - 2] + 1)
            row[j] = min(least, far)
        if min(row) == far == min(before):
            return far
    return row[-1]
