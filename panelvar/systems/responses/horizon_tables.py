"""Parts of tables with a row for each period, of responses, shares and forecasts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from panelvar.core.base.arrays import Array
from panelvar.core.faces.layout import Fact, Row, interval, number
from panelvar.core.faces.number_format import check_digits
from panelvar.data.calendar.time_labels import as_text
from panelvar.estimates.bands.target import Limits, said_levels


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
) -> tuple[Row, ...]:
    """One row a period, its cells in an order of their axes, and its limits in rows below, the narrowest first."""
    check_digits(digits)
    out = []
    for h, label in enumerate(labels):
        name = as_text(label)
        cells = tuple(number(value, digits) for value in values[h].ravel(order))
        if not limits:
            out.append(Row(name, cells))
            continue
        out.append(Row(name, cells, "value"))
        for lower, upper, level in reversed(limits):
            ends = zip(lower[h].ravel(order), upper[h].ravel(order), strict=True)
            kind = "band" if len(limits) == 1 else f"band {100 * level:g}%"
            out.append(Row(name, tuple(interval(low, high, digits) for low, high in ends), kind, continues=True))
    return tuple(out)
