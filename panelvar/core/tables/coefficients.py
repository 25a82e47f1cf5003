"""Rows of estimates with their errors, tests and limits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.errors import check_level
from panelvar.core.faces.layout import Cell, Row, interval, number, probability
from panelvar.core.faces.number_format import Stars, star_legend, stars_for

if TYPE_CHECKING:
    import pandas as pd


def coefficient_header(distribution: str, level: float, *, starred: bool = False) -> Row:
    """Name the columns: estimate, standard error, t or z, p-value unless there are stars, limits."""
    tail = (1.0 - check_level(level)) / 2.0
    statistic = "t" if distribution == "t" else "z"
    names = (
        ("Estimate", "estimate"),
        ("Std. error", "std_error"),
        (statistic, statistic),
        *(() if starred else (("p", "pvalue"),)),
        (f"[{tail:.4g}", "lower"),
        (f"{1.0 - tail:.4g}]", "upper"),
    )
    return Row("", tuple(Cell(text, value, align="right") for text, value in names))


def coefficient_row(name: str, values: Iterable[float], digits: int, stars: Stars = ()) -> Row:
    """Print the numbers of one coefficient, in the order of the header."""
    estimate, error, ratio, pvalue, *limits = values
    cells = [number(estimate, digits, stars=stars_for(pvalue, stars)), number(error, digits), number(ratio, digits)]
    if not stars:
        cells.append(probability(pvalue, digits))
    return Row(name, (*cells, *(number(limit, digits) for limit in limits)))


def equation_rows(
    names: Sequence[str],
    estimates: Array,
    errors: Array,
    pvalues: Array,
    stars: Stars,
    digits: int,
    free: Mask | None = None,
    limits: Array | None = None,
) -> tuple[Row, ...]:
    """Print equations side by side: estimates, and below each its error, limits if given, and p-value unless starred.

    Parameters
    ----------
    estimates, errors, pvalues : array (m, K)
    free : array of bool (m, K), optional
        What has an error; all by default.
    limits : array (m, K, 2), optional
    """
    shown = np.ones(errors.shape, dtype=bool) if free is None else free
    rows = []
    for r, name in enumerate(names):
        above = zip(estimates[r], pvalues[r], strict=True)
        rows.append(
            Row(name, tuple(number(value, digits, stars=stars_for(p, stars)) for value, p in above), "estimate")
        )
        below = {"std. error": [number(value, digits, brackets="()") for value in errors[r]]}
        if limits is not None:
            below["limits"] = [interval(low, high, digits) for low, high in limits[r]]
        if not stars:
            below["p-value"] = [probability(value, digits) for value in pvalues[r]]
        for part, cells in below.items():
            kept = (cell if estimated else Cell() for cell, estimated in zip(cells, shown[r], strict=True))
            rows.append(Row(name, tuple(kept), part, continues=True))
    return tuple(rows)


def limits_side_by_side(limits: pd.DataFrame, equations: int) -> Array:
    """Arrange limits of coefficients, equation after equation, as (m, K, 2)."""
    return limits.to_numpy().reshape(equations, -1, 2).swapaxes(0, 1)


def said_below(stars: Stars, level: float | None) -> str:
    """Say what stands below the estimates of `equation_rows`, and what the stars mean."""
    limits = "" if level is None else f", {100.0 * level:g}% limits in brackets"
    pvalues = "" if stars else ", p-values below"
    legend = f" {star_legend(stars)}." if stars else ""
    return f"Standard errors in parentheses{limits}{pvalues}.{legend}"


def value_row(label: str, values: Iterable[float], digits: int) -> Row:
    """Print one number a column."""
    return Row(label, tuple(number(value, digits) for value in values))
