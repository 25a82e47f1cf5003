"""How a person names coefficients: exactly, written otherwise, by a term for all its columns, or by a pattern."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from itertools import permutations

from panelvar.core.base.elsewhere import answer
from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.lag_ranges import each_lag
from panelvar.core.base.quoting import shown

_LISTED, _PERMUTED = 12, 4
_BLANK = re.compile(r"(?<=\W)\s+|\s+(?=\W)|^\s+|\s+$")
_ONE_LAG = re.compile(r"(\b[LFD]\((?:[^()]|\([^()]*\))*),1\)")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?")
# C(year), i(year), C(year, ref=1980) and fixest's i(year, 1980), as `spelled` writes them.
_INDICATORS = re.compile(r"[Ci]\((?P<column>[^,()=]+)(?:,(?:ref=)?(?P<reference>'[^']*'|[+-]?[\d.]+|\[[^\[\]]*\]))?\)")
_OPENING, _CLOSING = "([{", ")]}"


def chosen_names(
    option: str, wanted: str | re.Pattern[str] | Sequence[str | re.Pattern[str]], known: Sequence[str]
) -> list[str]:
    """Return the known names that are wanted, in the order they are asked for, none twice.

    An item is, whichever of these is found first:

    1. a name, exactly;
    2. a name written otherwise: other blanks and quotes, ``np.log(x)`` for ``log(x)``, ``L(x, 1)`` for ``L(x)``,
       names in backticks, ``i(year)`` for ``C(year)``, the factors of ``a:b`` in another order;
    3. a term, for all its columns: ``C(region)`` for ``C(region)[T.Asia]`` and the others, ``L(x, 1:3)`` for
       ``L(x)``, ``L(x, 2)`` and ``L(x, 3)``;
    4. a pattern, in which ``*`` stands for any characters and ``?`` for one (brackets mean themselves), or a compiled
       regular expression, which is searched for in each name.

    Parameters
    ----------
    option : str
        The argument the items were given for, the subject of messages.
    wanted : str, compiled pattern, or sequence of them
    known : sequence of str

    Raises
    ------
    SpecificationError
        If an item is not a text, or fits no name. The message lists the names, the nearest first.
    """
    items = [wanted] if isinstance(wanted, (str, re.Pattern)) else wanted
    if isinstance(items, (Set, Mapping)) or not isinstance(items, Iterable) or getattr(items, "ndim", 1) == 0:
        raise _no_text(option, wanted)
    chosen: dict[str, None] = {}
    for item in items:
        if not isinstance(item, (str, re.Pattern)):
            raise _no_text(option, item)
        found = fitting_names(item, known)
        if not found:
            raise _nothing(option, item, known)
        chosen.update(dict.fromkeys(found))
    return list(chosen)


def written_otherwise(name: object, known: Sequence[str]) -> str | None:
    """Return the one known name that is this one, or this one written otherwise; None where there is none."""
    if not isinstance(name, str):
        return None
    if name in known:
        return name
    wanted = canonical(name)
    found = [each for each in known if canonical(each) == wanted]
    return found[0] if len(found) == 1 else None


def in_a_text(name: str, text: str) -> re.Pattern[str] | None:
    """Return an expression that finds a name in a text however it is written there; None if it cannot be in it."""
    return _anywhere(name) if all(word in text for word in _words(name)) else None


@lru_cache(maxsize=4096)
def _words(name: str) -> tuple[str, ...]:
    # Of C(year, ref=1980) and i(year, 1980) these alone are words of both.
    return tuple(re.findall(r"\w+", re.sub(r"\b[Ci]\(|\bref=", "", spelled(name))))


@lru_cache(maxsize=4096)
def _anywhere(name: str) -> re.Pattern[str]:
    """Write `canonical` as an expression: all the ways that it makes one."""
    factors = [_loosely(factor) for factor in factors_of(spelled(name))]
    orders = permutations(factors) if len(factors) <= _PERMUTED else [factors]
    products = "|".join(r"\s*:\s*".join(order) for order in orders)
    return re.compile(rf"(?<![\w.])(?:{products})(?![\w(.])")


def _loosely(factor: str) -> str:
    """Write a factor as an expression that finds it with other blanks, quotes, backticks, ``np.`` or ``k=``."""
    if indicators := _INDICATORS.match(factor):
        reference = r"\s*,\s*(?:ref\s*=\s*)?" + _loosely(written) if (written := indicators["reference"]) else ""
        after = _loosely(factor[indicators.end() :])
        return rf"[Ci]\s*\(\s*{_loosely(indicators['column'])}{reference}\s*\)\s*{after}"
    one_lag = r"(?:\s*,\s*(?:k\s*=\s*)?1)?" if re.fullmatch(r"[LFD]\(.*(?<!,\d)\)", factor) else ""
    pieces = []
    for piece in re.findall(r"\w+(?: \w+)*|\W", factor[: -1 if one_lag else None]):
        words = r"\s+".join(map(re.escape, piece.split(" ")))
        loose = {"'": "['\"]", ",": r",\s*(?:k\s*=\s*)?"}.get(piece, rf"`?{words}`?" if piece[0].isalnum() else words)
        pieces.append(loose)
    return r"(?:(?:np|numpy)\.)?" + r"\s*".join([*pieces, rf"{one_lag}\)"] if one_lag else pieces)


@lru_cache(maxsize=4096)
def canonical(name: str) -> str:
    """Return the one form of all ways in which a name may be written."""
    return ":".join(sorted(map(_with_c, factors_of(spelled(name)))))


def _with_c(factor: str) -> str:
    """Write ``C(year)`` for ``i(year)``, of whose indicators both are names."""
    found = _INDICATORS.match(factor)
    if found is None:
        return factor
    reference = f",ref={found['reference']}" if found["reference"] else ""
    return f"C({found['column']}{reference}){factor[found.end() :]}"


def column_of_levels(name: str) -> str | None:
    """Return the column whose indicator a coefficient is, ``year`` of ``C(year)[T.1986]``; None if it is of none."""
    factors = factors_of(canonical(name))
    term, level = level_of(factors[0])
    if len(factors) > 1 or not level:
        return None
    found = _INDICATORS.fullmatch(term)
    return found["column"] if found is not None else term if re.fullmatch(r"[\w .]+", term) else None


def spelled(text: str) -> str:
    """Write a name in one way: blanks only between words, one kind of quotes, no backticks and no ``np.``."""
    text = re.sub(r"\s+", " ", text.replace("`", "").replace('"', "'"))
    text = re.sub(r"(?<![\w.])(?:np|numpy)\.(?=\w)", "", _BLANK.sub("", text))
    return _ONE_LAG.sub(r"\1)", text.replace(",k=", ","))


def factors_of(name: str) -> list[str]:
    """Return the factors of a product, ``x`` and ``C(region)[T.Asia]`` of ``x:C(region)[T.Asia]``."""
    return split_outside(name, ":")


def level_of(factor: str) -> tuple[str, str]:
    """Return a factor's term and level, ``C(region)`` and ``Asia`` of ``C(region)[T.Asia]``; no level where none is."""
    term = _without_level(factor)
    return (factor, "") if term is None else (term, factor[len(term) + 1 : -1].removeprefix("T."))


def levels_of(name: str) -> list[str]:
    """Return the levels that the factors of a product have, ``Asia`` of ``x:C(region)[T.Asia]``."""
    return [level for _, level in map(level_of, factors_of(name)) if level]


def as_number(level: str) -> float | None:
    """Return the number that a level is; None where it is a text."""
    return float(level) if _NUMBER.fullmatch(level) else None


def fitting_names(item: str | re.Pattern[str], known: Sequence[str]) -> list[str]:
    """Return the known names that one item of `chosen_names` stands for, none where it fits no name."""
    if isinstance(item, re.Pattern):
        return [name for name in known if item.search(name)]
    if item in known:
        return [item]
    wanted = canonical(item)
    same = [name for name in known if canonical(name) == wanted]
    if same:
        return same
    term = factors_of(spelled(item))
    several = [tuple(_with_c(spelled(each)) for each in each_lag(factor) or (factor,)) for factor in term]
    columns = [name for name in known if _is_column_of([*map(_with_c, factors_of(spelled(name)))], several)]
    if columns or not ("*" in item or "?" in item):
        return columns
    exactly, freely = _pattern(item), _pattern(spelled(item))
    return [name for name in known if exactly.fullmatch(name) or freely.fullmatch(spelled(name))]


def _is_column_of(name: list[str], term: list[tuple[str, ...]]) -> bool:
    """Whether the factors of a name are those of a term, each as it is or at one of its levels."""
    left = list(name)
    for factors in term:
        fitting = [each for each in left if each in factors] or [
            each for each in left if _without_level(each) in factors
        ]
        if not fitting:
            return False
        left.remove(fitting[0])
    return not left


def _without_level(factor: str) -> str | None:
    """Return what stands before the level of a factor, ``C(region)`` of ``C(region)[T.Asia]``; None without a level."""
    if not factor.endswith("]"):
        return None
    opened = [at for at, (character, depth) in enumerate(_depths(factor)) if character == "[" and depth == 1]
    return factor[: opened[-1]] if opened and opened[-1] > 0 else None


def split_outside(text: str, mark: str) -> list[str]:
    """Split a text at a mark, of one character, outside of all brackets."""
    places = [at for at, (character, depth) in enumerate(_depths(text)) if character == mark and depth == 0]
    return [text[start + 1 : end] for start, end in zip([-1, *places], [*places, len(text)], strict=True)]


def _depths(text: str) -> Iterator[tuple[str, int]]:
    """Yield each character with the number of brackets that are open at it, those it opens or closes included."""
    depth = 0
    for character in text:
        depth += character in _OPENING
        yield character, depth
        depth = max(depth - (character in _CLOSING), 0)


def _pattern(text: str) -> re.Pattern[str]:
    pieces = {"*": ".*", "?": "."}
    return re.compile("".join(pieces.get(character, re.escape(character)) for character in text), re.DOTALL)


def _no_text(option: str, item: object) -> SpecificationError:
    return SpecificationError(
        f"{option}={shown(item)} must be the name of a coefficient or a list of such names. A name is a text, in "
        "which * and ? stand for other characters, or a compiled regular expression."
    )


def _nothing(option: str, item: str | re.Pattern[str], known: Sequence[str]) -> SpecificationError:
    text = item if isinstance(item, str) else item.pattern
    asked = canonical(text)
    near = sorted(known, key=lambda name: -difflib.SequenceMatcher(None, canonical(name), asked).ratio())
    more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    names = ", ".join(map(repr, near[:_LISTED])) + more if known else "none"
    advice = ""
    if isinstance(item, str) and re.search(r"\.\*|^\^|\$$|\\", item):
        advice = " In a text * and ? stand for other characters; re.compile(...) makes a regular expression of it."
    if meant := answer("option", text.lower(), known.__contains__, "coefficient"):
        advice = f" Did you mean {meant!r}?"
    return SpecificationError(f"{option}={shown(text)} matches none of the names.{advice} The names are: {names}.")
