"""Several lags in one call, ``L(x, 1:3)`` or ``L(x, [1, 4])``: which calls of one lag each they stand for."""

from __future__ import annotations

import re

from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.labels import repeated
from panelvar.core.base.limits import MOST_COLUMNS

_WHOLE = r"[+-]?\d{1,9}"
_RANGE = re.compile(
    rf"""(?P<function>[LFD])\(\s*(?P<value>.+?)\s*,\s*(?:k\s*=\s*)?
    (?:(?P<first>{_WHOLE})\s*:\s*(?P<last>{_WHOLE})|\[\s*(?P<list>{_WHOLE}(?:\s*,\s*{_WHOLE})*)\s*,?\s*\])\s*\)""",
    re.VERBOSE | re.DOTALL,
)
_PLAIN = re.compile(r"[\w.]+|`[^`]*`|[\w.]+\([^()]*\)")


def each_lag(call: str) -> tuple[str, ...] | None:
    """Return the calls that a call with several lags stands for: no lag is the value itself, one lag ``L(x)``.

    Parameters
    ----------
    call : str
        One call of L, F or D, from its name to its closing bracket.

    Returns
    -------
    tuple of str, or None where the call has no range or list

    Raises
    ------
    SpecificationError
        If a range runs backwards, a lag is named twice, or there are more lags than a model can have columns.
    """
    match = _RANGE.fullmatch(call.strip())
    if match is None:
        return None
    if match["list"] is not None:
        lags = [int(lag) for lag in match["list"].split(",")]
    else:
        first, last = int(match["first"]), int(match["last"])
        if last < first:
            raise SpecificationError(
                f"{call!r} is the wrong way round. A range runs from its smaller to its larger number, {last}:{first}."
            )
        if last - first >= MOST_COLUMNS:
            raise SpecificationError(f"{call!r} would make {last - first + 1} columns; the limit is {MOST_COLUMNS}.")
        lags = list(range(first, last + 1))
    if twice := repeated(lags):
        raise SpecificationError(f"{call!r} names {twice[0]} twice.")
    return tuple(_one(match["function"], match["value"], lag) for lag in lags)


def _one(function: str, value: str, lag: int) -> str:
    if lag == 0 and function != "D":
        # A sum has to stay one column.
        return value if _PLAIN.fullmatch(value) else f"I({value})"
    return f"{function}({value})" if lag == 1 else f"{function}({value}, {lag})"
