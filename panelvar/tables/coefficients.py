"""Rows of estimates with their errors, tests and limits."""

from __future__ import annotations

from collections.abc import Iterable

from panelvar.tables.layout import Cell, Row, number, probability


def coefficient_header(distribution: str, level: float) -> Row:
    """Name the columns: estimate, standard error, t or z, p-value, limits."""
    tail = (1.0 - level) / 2.0
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
