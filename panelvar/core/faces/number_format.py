"""Numbers as a reader wants them: fixed decimals, no negative zero, no digits hidden by rounding.

`format_number` prints a number by itself; `format_estimates` prints the numbers of a coefficient (estimate, error,
limits), which are read together.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import grouped
from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.quoting import shown

Levels: TypeAlias = Sequence[float] | Mapping[str, float] | bool
"""Significance levels, or signs and the level of each, as a caller gives them; whether there are any."""
DEFAULT_STARS = (0.1, 0.05, 0.01)
"""Levels of one, two and three stars."""
Stars: TypeAlias = tuple[tuple[str, float], ...]
"""Signs of significance and their levels, from the loosest to the strictest."""

NOT_AVAILABLE = "n/a"
# From here on fixed decimals are wider than the number is precise.
_LARGE = 1e7
MORE_DECIMALS = 6
"""Decimals beyond those asked for in which a small number is written, as 0.0000000123: nobody counts more zeros."""
# From here on a whole number is longer than it is precise.
_LARGEST_WHOLE = 1e12
# Digits that each number of a coefficient shows at four decimals or more.
_SIGNIFICANT = 3
# An estimate or a limit this much smaller than its error is zero to whoever reads it.
_BELOW_ERRORS = 1e-6
# Ticks finer than this power of ten are written with powers.
_FINEST_TICK = -6
# A double has nothing to show beyond this many decimals.
_MOST_DIGITS = 15
# A sign is not part of the number before it.
_SIGN = re.compile(r"[^\s\d.,()\[\]{}]{1,4}")


def check_digits(digits: int) -> int:
    """Return ``digits`` if it is a number of decimals a table can print.

    Raises
    ------
    SpecificationError
        If it is not an integer between 0 and 15.
    """
    if isinstance(digits, bool) or not isinstance(digits, int) or not 0 <= digits <= _MOST_DIGITS:
        raise SpecificationError(
            f"digits={shown(digits)}: expected a whole number of decimals from 0 to {_MOST_DIGITS}."
        )
    return digits


def format_number(value: float, digits: int = 4) -> str:
    """Print a number with fixed decimals, or otherwise where those would mislead.

    A value other than zero that would round to zero is printed with ``digits`` significant digits: with as many
    decimals as these need, or with an exponent where these are more than ``digits + 6``. One of 10 million or more has
    an exponent. NaN is printed as ``n/a``; zero never carries a sign.
    """
    value = float(value)
    if not math.isfinite(value):
        return _not_finite(value)
    if value == 0.0:
        return f"{0.0:.{digits}f}"
    fixed = f"{value:.{digits}f}"
    if abs(value) < _LARGE and float(fixed) != 0.0:
        return fixed
    behind = max(digits - 1, 1)
    significant = f"{value:.{behind}e}"
    if abs(value) >= _LARGE:
        return significant
    # Between fixed decimals, the reader compares 0.0045 with 0.01 more easily than 4.5e-03.
    decimals = behind - int(significant.partition("e")[2])
    return f"{value:.{decimals}f}" if decimals <= digits + MORE_DECIMALS else significant


def _not_finite(value: float) -> str:
    return NOT_AVAILABLE if math.isnan(value) else ("inf" if value > 0 else "-inf")


def format_estimates(
    groups: Sequence[Sequence[float]] | Array,
    errors: Sequence[float] | Array | None = None,
    digits: int = 4,
    more: int = MORE_DECIMALS,
) -> list[list[str]]:
    """Print the numbers of coefficients: each with its significant digits, those of a coefficient in one form.

    A coefficient's numbers have ``digits`` decimals, or as many more as its smallest number needs to show three digits
    (fewer where ``digits`` is below four). Where that is more than ``digits + more`` decimals, those of all groups
    have exponents: in a column nobody compares 0.0137 with 3.332e-12.

    Parameters
    ----------
    groups : sequence of sequences of float, or array
        For each coefficient what is printed in its units: estimate, error, limits.
    errors : sequence of float or array, optional
        The standard error of each, in which a number is measured: what is a millionth of it shows no digits.
    digits : int
        Decimals.
    more : int
        How many further decimals there is room for.
    """
    read = [[float(value) for value in group] for group in groups]
    yardsticks = [math.nan] * len(read) if errors is None else errors
    decimals = [_decimals(group, float(error), digits) for group, error in zip(read, yardsticks, strict=True)]
    largest = max((abs(value) for group in read for value in group if math.isfinite(value)), default=0.0)
    if max(decimals, default=0) > digits + more or largest >= _LARGEST_WHOLE:
        return [[_power(value, digits) for value in group] for group in read]
    return [[_fixed(value, places) for value in group] for group, places in zip(read, decimals, strict=True)]


def _decimals(group: Sequence[float], error: float, digits: int) -> int:
    """Decimals at which each number of a group shows its digits."""
    least = _BELOW_ERRORS * error if error > 0.0 and math.isfinite(error) else 0.0
    sizes = [abs(value) for value in group if math.isfinite(value) and value != 0.0 and abs(value) >= least]
    needed = []
    for size in sizes:
        # Of fewer than four decimals a number shows one digit less than these, but what they would print as zero all.
        wanted = digits if float(f"{size:.{digits}f}") == 0.0 else digits - 1
        behind = max(min(_SIGNIFICANT, wanted), 1) - 1
        needed.append(behind - int(f"{size:.{behind}e}".partition("e")[2]))
    return max([0 if max(sizes, default=0.0) >= _LARGE else digits, *needed])


def _fixed(value: float, decimals: int) -> str:
    if not math.isfinite(value):
        return _not_finite(value)
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0.0 else text


def _power(value: float, digits: int) -> str:
    return f"{value:.{max(digits - 1, 1)}e}" if math.isfinite(value) else _not_finite(value)


def format_pvalue(value: float, digits: int = 4) -> str:
    """Print a probability: ``<0.0001`` rather than a zero that is not one."""
    value = float(value)
    if math.isnan(value):
        return NOT_AVAILABLE
    floor = 10.0**-digits
    if digits > 0 and value < floor / 2:
        return f"<{floor:.{digits}f}"
    return format_number(value, digits)


def pvalue_text(value: float, digits: int = 4) -> str:
    """Print a probability in a sentence: ``p = 0.0314``, ``p < 0.0001``, or ``no p-value``."""
    text = format_pvalue(value, digits)
    if text == NOT_AVAILABLE:
        return "no p-value"
    return f"p < {text[1:]}" if text.startswith("<") else f"p = {text}"


def format_degrees(value: float) -> str:
    """Print degrees of freedom in brackets, F(2, 1234): no decimals when they are whole, two when they are not."""
    value = float(value)
    if math.isnan(value):
        return NOT_AVAILABLE
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return format_number(value, 2)


def format_count(value: float) -> str:
    """Print a number of things, such as 1,234,567 rows, and degrees of freedom by themselves.

    Tables show it; their numbers (`Table.to_frame`), CSV and Markdown have no commas.
    """
    value = float(value)
    return grouped(int(value)) if value.is_integer() and abs(value) < 1e15 else format_degrees(value)


def format_significant(value: float, digits: int = 4) -> str:
    """Print a number of unknown magnitude, such as a product of variances, with ``digits`` significant digits."""
    value = float(value)
    return format_number(value) if not math.isfinite(value) else f"{value:.{max(digits, 1)}g}"


def format_tick(value: float, step: float, largest: float) -> str:
    """Print a tick with the decimals that its axis needs, and as economists read it: 14500, not 1.45e+04.

    Parameters
    ----------
    value : float
    step : float
        From one tick to the next: no two have the same text.
    largest : float
        The largest size on the axis, on which it depends whether powers of ten are written.
    """
    finest = math.floor(math.log10(step))
    # A step of 2.5 needs a decimal more than one of 2.
    finest -= next((more for more in range(3) if abs(step / 10.0 ** (finest - more) % 1.0 - 0.5) > 0.499), 2)
    if finest >= _FINEST_TICK and largest < _LARGE:
        return f"{value:.{max(0, -finest)}f}"
    return f"{value:.{min(15, max(1, math.floor(math.log10(largest)) - finest + 1))}g}"


def check_stars(levels: Levels) -> Stars:
    """Return the signs of significance and their levels, from the loosest to the strictest.

    Parameters
    ----------
    levels : sequence of float, mapping of str to float, or bool
        Significance levels, of one star, two, ...; or signs of the caller's and the level of each; or whether there are
        stars at all.

    Raises
    ------
    SpecificationError
        If a level is not strictly between 0 and 1, or is given twice; if a sign is none.
    """
    if isinstance(levels, bool):
        levels = DEFAULT_STARS if levels else ()
    signs = levels if isinstance(levels, Mapping) else None
    try:
        ordered = tuple(sorted((float(level) for level in (levels if signs is None else signs.values())), reverse=True))
    except (TypeError, ValueError, OverflowError):
        ordered = (math.nan,)
    if any(not 0.0 < level < 1.0 for level in ordered) or len(set(ordered)) < len(ordered):
        raise SpecificationError(
            f"stars={shown(levels)}: expected distinct significance levels between 0 and 1, such as (0.1, 0.05, 0.01), "
            "or a mapping of signs to levels, such as {'+': 0.1, '*': 0.05}; False for no stars."
        )
    if signs is None:
        return tuple(("*" * place, level) for place, level in enumerate(ordered, start=1))
    for sign in signs:
        if not isinstance(sign, str) or not _SIGN.fullmatch(sign):
            raise SpecificationError(
                f"stars={{{shown(sign)}: ...}}: expected a sign of at most four characters, without blanks, digits, "
                "points and brackets, such as '*' or '+'."
            )
    return tuple(sorted(((sign, float(level)) for sign, level in signs.items()), key=lambda pair: -pair[1]))


def stars_for(pvalue: float, stars: Stars) -> str:
    """The sign of the strictest level that ``pvalue`` is below; none for NaN."""
    return next((sign for sign, level in reversed(stars) if pvalue < level), "")


def star_legend(stars: Stars) -> str:
    """Say what the signs mean: ``* p < 0.1, ** p < 0.05, *** p < 0.01``."""
    return ", ".join(f"{sign} p < {level:g}" for sign, level in stars)
