"""Parts of tables with a row for each period, of responses, shares and forecasts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.faces.layout import Cell, Fact, Row, printed, printed_interval
from panelvar.core.faces.number_format import check_digits, format_estimates, format_number
from panelvar.data.calendar.time_labels import as_text
from panelvar.estimates.bands.target import Limits, said_levels

_MOST_PERIODS, _ENDS = 1_000, 100
"""Periods that a table shows; of more it shows so many at each end, since a million lines take minutes to print."""


def ordering_and_band(
    ordering: tuple[str, ...] | None, limits: Sequence[Limits], label: str | None
) -> tuple[Fact, ...]:
    """Say in which order shocks were taken, and what the limits are, where there are any."""
    order = () if ordering is None else (Fact("Ordering", ", ".join(ordering)),)
    return (*order, Fact("Band", f"{said_levels(limits)}, {label}")) if limits and label else order


def rows(
    labels: Iterable[object],
    values: Array,
    limits: Sequence[Limits],
    digits: int,
    order: Literal["C", "F"] = "C",
    *,
    shares: bool = False,
) -> tuple[Row, ...]:
    """One row a period, its cells in an order of their axes, and its limits in rows below, the narrowest first.

    ``shares`` of a whole have so many decimals and no more: what they cannot show is next to nothing of it. Of more
    than 1,000 periods the first and the last hundred are shown, with a row of dots between them.
    """
    check_digits(digits)
    periods = list(enumerate(labels))
    if len(periods) > _MOST_PERIODS:
        periods = periods[:_ENDS] + periods[-_ENDS:]
    places = [place for place, _ in periods]
    kinds = ["band" if len(limits) == 1 else f"band {100 * each.level:g}%" for each in reversed(limits)]
    ends = [end for each in reversed(limits) for end in each[:2]]
    # Periods, columns, and of each cell the value and the limits below it.
    numbers = np.stack([part[places].reshape(len(places), -1, order=order) for part in (values, *ends)], axis=-1)
    columns = [_texts(numbers[:, j], digits, shares) for j in range(numbers.shape[1])]
    out = []
    for h, (place, label) in enumerate(periods):
        if place > h == _ENDS:
            out.append(Row("...", (Cell(),) * len(columns)))
        name, texts = as_text(label), [column[h] for column in columns]
        cells = tuple(printed(text[0], value) for text, value in zip(texts, numbers[h, :, 0], strict=True))
        out.append(Row(name, cells, "value" if limits else ""))
        for below, kind in enumerate(kinds):
            interval = tuple(printed_interval(*text[1 + 2 * below : 3 + 2 * below]) for text in texts)
            out.append(Row(name, interval, kind, continues=True))
    return tuple(out)


def _texts(column: Array, digits: int, shares: bool) -> list[list[str]]:
    """Print a column: a value and its limits are those of a coefficient, whose error is a quarter of their distance."""
    if shares:
        return [[format_number(round(value, digits), digits) for value in group] for group in column]
    if column.shape[1] == 1:
        return [[format_number(value, digits)] for (value,) in column]
    return format_estimates(column, (column[:, -1] - column[:, -2]) / 4.0, digits)
