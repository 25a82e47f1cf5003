"""Rows of estimates with their errors, tests and limits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.errors import check_level
from panelvar.core.faces.layout import Cell, Row, number, probability
from panelvar.core.faces.number_format import Stars, stars_for


def coefficient_header(distribution: str, level: float) -> Row:
    """Name the columns: estimate, standard error, t or z, p-value, limits."""
    tail = (1.0 - check_level(level)) / 2.0
    statistic = "t" if distribution == "t" else "z"
    names = (
        ("Estimate", "estimate"),
        ("Std. error", "std_error"),
        (statistic, statistic),
        ("p", "pvalue"),
        (f"[{tail:.4g}", "lower"),
        (f"{1.0 - tail:.4g}]", "upper"),
    )
    return Row("", tuple(Cell(text, value, align="right") for text, value in names))


def coefficient_row(name: str, values: Iterable[float], digits: int) -> Row:
    """Print the numbers of one coefficient, in the order of the header."""
    estimate, error, ratio, pvalue, *limits = values
    front = (number(value, digits) for value in (estimate, error, ratio))
    return Row(name, (*front, probability(pvalue, digits), *(number(limit, digits) for limit in limits)))


def starred_rows(
    names: Sequence[str],
    estimates: Array,
    errors: Array,
    pvalues: Array,
    levels: Stars,
    digits: int,
    free: Mask | None = None,
) -> tuple[Row, ...]:
    """Print equations side by side: estimates with stars, their errors in brackets below where they are ``free``."""
    shown = np.ones(errors.shape, dtype=bool) if free is None else free
    rows = []
    for r, name in enumerate(names):
        above = zip(estimates[r], pvalues[r], strict=True)
        below = zip(errors[r], shown[r], strict=True)
        cells = (number(value, digits, stars=stars_for(pvalue, levels)) for value, pvalue in above)
        brackets = (number(value, digits, brackets="()") if estimated else Cell() for value, estimated in below)
        rows.append(Row(name, tuple(cells), "estimate"))
        rows.append(Row(name, tuple(brackets), "std. error", continues=True))
    return tuple(rows)


def value_row(label: str, values: Iterable[float], digits: int) -> Row:
    """Print one number a column."""
    return Row(label, tuple(number(value, digits) for value in values))
