"""Responses, variance decompositions, forecasts and their accuracy as tables, one row a period."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from panelvar.base.arrays import Array
from panelvar.data.time_labels import as_text
from panelvar.tables.layout import Cell, Fact, Row, interval, number, words
from panelvar.tables.number_format import check_digits
from panelvar.tables.table import Table

if TYPE_CHECKING:
    from panelvar.responses.decomposition import VarianceDecomposition
    from panelvar.responses.forecast import Forecast
    from panelvar.responses.forecast_accuracy import ForecastAccuracy
    from panelvar.responses.responses import Responses


def responses_table(responses: Responses, *, digits: int = 4) -> Table:
    """Tabulate impulse responses: a column for each shock and responding variable, bands in brackets below."""
    check_digits(digits)
    facts = [
        Fact("Shocks", responses.scheme),
        Fact("Size", {"sd": "one standard deviation", "unit": "one unit"}[responses.shock_size]),
    ]
    if responses.ordering is not None:
        facts.append(Fact("Ordering", ", ".join(responses.ordering)))
    return Table(
        title=_title(responses),
        facts=(*facts, *_band(responses.level, responses.band_label)),
        header=_pairs(responses.shocks, responses.names, "Shock", "Response of", " -> "),
        body=_rows(
            range(responses.horizon + 1),
            _by_shock(responses.values),
            None if responses.lower is None else _by_shock(responses.lower),
            None if responses.upper is None else _by_shock(responses.upper),
            digits,
        ),
        notes=_texts(responses.notes),
    )


def decomposition_table(decomposition: VarianceDecomposition, *, digits: int = 4) -> Table:
    """Tabulate a variance decomposition: for each variable the share of each shock, bands in brackets below."""
    check_digits(digits)
    flat = (decomposition.horizon, -1)
    return Table(
        title="Forecast error variance decomposition",
        facts=(
            Fact("Shocks", decomposition.scheme),
            *(() if decomposition.ordering is None else (Fact("Ordering", ", ".join(decomposition.ordering)),)),
            *_band(decomposition.level, decomposition.band_label),
        ),
        header=_pairs(decomposition.names, decomposition.shocks, "Variance of", "Share of shock", ": "),
        body=_rows(
            range(1, decomposition.horizon + 1),
            decomposition.values.reshape(flat),
            None if decomposition.lower is None else decomposition.lower.reshape(flat),
            None if decomposition.upper is None else decomposition.upper.reshape(flat),
            digits,
        ),
        notes=_texts(decomposition.notes),
    )


def forecast_table(forecast: Forecast, *, digits: int = 4) -> Table:
    """Tabulate forecasts, intervals in brackets below."""
    check_digits(digits)
    return Table(
        title="Forecasts",
        facts=(
            Fact(
                "Intervals",
                ", ".join([f"{100 * forecast.level:g}%", *([forecast.band_label] if forecast.band_label else [])]),
            ),
        ),
        header=(Row("Period", tuple(map(words, forecast.names))),),
        body=_rows(forecast.labels, forecast.values, forecast.lower, forecast.upper, digits),
        notes=_texts(forecast.notes),
    )


def accuracy_table(accuracy: ForecastAccuracy, *, digits: int = 4) -> Table:
    """Tabulate root mean squared forecast errors, and those over the benchmark's, by variable and horizon."""
    check_digits(digits)
    rmse, relative = accuracy.rmse, accuracy.relative_rmse
    pairs = np.stack([rmse.to_numpy(), relative.to_numpy()], axis=2).reshape(len(rmse), -1)
    return Table(
        title="Accuracy of forecasts",
        facts=(Fact("Origins", str(len(accuracy.origins))), Fact("Benchmark", accuracy.benchmark)),
        header=_pairs(accuracy.names, ("RMSE", "relative"), "Variable", "Horizon", ": "),
        body=_rows(rmse.index, pairs, None, None, digits),
        notes=("relative: over the benchmark's, better where it is below one.",),
    )


def _title(responses: Responses) -> str:
    name = "impulse responses" if responses.subject == "Responses" else responses.subject.lower()
    return f"Cumulative {name}" if responses.cumulative else name.capitalize()


def _by_shock(values: Array) -> Array:
    """Columns ordered shock by shock, the responding variables within."""
    return values.transpose(0, 2, 1).reshape(values.shape[0], -1)


def _pairs(
    outer_names: Sequence[str], inner_names: Sequence[str], outer: str, inner: str, between: str
) -> tuple[Row, Row]:
    first = tuple(
        Cell(name, f"{name}{between}{other}", align="center") for name in outer_names for other in inner_names
    )
    return Row(outer, first), Row(inner, tuple(words(name) for _ in outer_names for name in inner_names))


def _rows(
    labels: Iterable[object],
    values: Array,
    lower: Array | None,
    upper: Array | None,
    digits: int,
) -> tuple[Row, ...]:
    rows = []
    for h, label in enumerate(labels):
        name = as_text(label)
        cells = tuple(number(value, digits) for value in values[h])
        if lower is None or upper is None:
            rows.append(Row(name, cells))
            continue
        limits = tuple(interval(low, high, digits) for low, high in zip(lower[h], upper[h], strict=True))
        rows.append(Row(name, cells, "value"))
        rows.append(Row(name, limits, "band", continues=True))
    return tuple(rows)


def _band(level: float | None, label: str | None) -> tuple[Fact, ...]:
    if level is None or label is None:
        return ()
    return (Fact("Band", f"{100 * level:g}%, {label}"),)


def _texts(notes: Iterable[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(str, notes)))
