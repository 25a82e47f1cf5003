"""Rows of estimates with their errors, tests and limits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.errors import check_level
from panelvar.core.faces.layout import Cell, Row, number, printed, printed_interval, probability
from panelvar.core.faces.number_format import Stars, format_estimates, star_legend, stars_for

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


# In a terminal, estimates of so many decimals more still stand beside their errors, limits and p-values.
_MORE_IN_A_ROW = 3


def estimate_rows(names: Iterable[object], values: Array, digits: int, stars: Stars = ()) -> tuple[Row, ...]:
    """Print a coefficient a row, its numbers in the order of the header.

    Parameters
    ----------
    values : array (K, 6)
        Estimates, errors, ratios, p-values and limits.
    """
    errors = values[:, 1]
    texts = format_estimates(values[:, [0, 1, 4, 5]], errors, digits, _MORE_IN_A_ROW)
    rows = []
    for name, numbers, (estimate, error, *limits) in zip(names, values, texts, strict=True):
        value, spread, ratio, pvalue, *ends = numbers
        cells = [
            printed(estimate, value, stars=stars_for(pvalue, stars)),
            printed(error, spread),
            number(ratio, digits),
        ]
        if not stars:
            cells.append(probability(pvalue, digits))
        rows.append(Row(str(name), (*cells, *map(printed, limits, ends))))
    return tuple(rows)


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
    groups = np.concatenate([estimates[..., None], errors[..., None], *([] if limits is None else [limits])], axis=2)
    # An equation is a column, whose numbers have one form; a random walk has no coefficients.
    equations = range(errors.shape[1]) if len(errors) else ()
    texts = [format_estimates(groups[:, e], errors[:, e], digits) for e in equations]
    rows = []
    for r, name in enumerate(names):
        columns = [column[r] for column in texts]
        above = zip(columns, estimates[r], pvalues[r], strict=True)
        cells = tuple(printed(text, value, stars=stars_for(p, stars)) for (text, *_), value, p in above)
        rows.append(Row(name, cells, "estimate"))
        below = {
            "std. error": [
                printed(text[1], value, brackets="()") for text, value in zip(columns, errors[r], strict=True)
            ]
        }
        if limits is not None:
            below["limits"] = [printed_interval(*text[2:]) for text in columns]
        if not stars:
            below["p-value"] = [probability(value, digits) for value in pvalues[r]]
        for part, found in below.items():
            kept = (cell if estimated else Cell() for cell, estimated in zip(found, shown[r], strict=True))
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
