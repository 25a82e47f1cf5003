"""What tests of one series share: how it is read, choices, refusals, and the result."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple

import numpy as np

from panelvar.core.base.arguments import read_labels, read_whole, refuse_beyond
from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import (
    CollinearityError,
    DataError,
    InsufficientDataError,
    Note,
    NumericalError,
    PanelVarError,
    SpecificationError,
    choose,
    emit,
)
from panelvar.core.base.labels import listed
from panelvar.core.base.quoting import shown
from panelvar.data.panel.panel import Panel
from panelvar.data.panel.series import read_var_data
from panelvar.data.sources.arrow import from_arrow
from panelvar.estimates.sizes.known_sizes import size_notes
from panelvar.kernels.dynamics.gaps import on_every_period
from panelvar.kernels.linear.lag_windows import RULES
from panelvar.kernels.linear.unit_regressions import DEPENDENT, ESTIMATED, SHORT
from panelvar.nonstationary.unit_roots.regressions import APART, EXACT, FEWEST_DF
from panelvar.nonstationary.unit_roots.result import SeriesTests, UnitRootResult, bound_notes

FLAT, NO_VARIANCE = 5, 6
"""More statuses of a test: the terms leave nothing of the series; its residuals have no long-run variance."""

REFUSALS: dict[int, tuple[type[PanelVarError], str]] = {
    DEPENDENT: (
        CollinearityError,
        "The lagged level, the terms and any lagged differences of {name} are combinations of one another, so there is "
        "nothing to test. The series is deterministic, or very short.",
    ),
    EXACT: (
        NumericalError,
        "{name} follows its regression exactly, as a deterministic series does. There is nothing to test.",
    ),
    APART: (
        NumericalError,
        "The change and the lagged level of {name} are of sizes too far apart, perhaps because of an outlier at its "
        "end. Coefficients and standard errors leave the range of numbers.",
    ),
    FLAT: (NumericalError, "{name} is a deterministic trend, so nothing is left to test."),
    NO_VARIANCE: (
        NumericalError,
        "The residuals of {name} have no long-run variance, because the series is deterministic.",
    ),
}
"""Why a series has no test, by status."""

SMALLEST, LARGEST = 1e-150, 1e150
"""Sizes between which the squares of a series are in the range of numbers."""

POWERS = {"n": 0, "c": 1, "ct": 2, "ctt": 3}
"""Deterministic columns of each trend."""


class OneSeries(NamedTuple):
    """A series in time order without gaps, its name, and notes."""

    values: Array
    name: str
    notes: tuple[Note, ...]


def one_series(data: Any, column: Hashable | None) -> OneSeries:
    """Read one series."""
    data = from_arrow(data)
    if column is not None and not isinstance(data, Panel) and not hasattr(data, "columns"):
        raise SpecificationError(
            f"column={shown(column)} names a column of a table or a panel, and the data are one series."
        )
    if hasattr(data, "to_frame") and not hasattr(data, "columns"):
        data = data.to_frame(data.name if data.name is not None else "y")
    elif not isinstance(data, Panel) and not hasattr(data, "columns"):
        values = np.asarray(data)
        data = values[:, None] if values.ndim == 1 else values
    names = None if column is None else read_labels("column", [column], "the name of one")
    table = read_var_data(data, names)
    if len(table.names) != 1:
        raise SpecificationError(
            f"The data have the columns {listed(table.names)}. Name one of them by column=, or use unit_root_table for "
            "all."
        )
    (name,) = table.names
    values = stretch(table.values[:, 0], name)
    return OneSeries(values, name, (*table.notes, *ends_note(f"{name!r} is", len(table.values), len(values))))


def is_panel(data: Any) -> bool:
    """Whether data are a panel: a table with a two-level index is one."""
    return isinstance(data, Panel) or getattr(getattr(data, "index", None), "nlevels", 1) == 2


def entity_series(panel: Panel, column: Hashable) -> list[Array]:
    """Values of each entity from its first period to its last, NaN where a period has no row."""
    values, periods = panel.column(column), panel.time_positions
    first, last = panel.starts[:-1], panel.starts[1:] - 1
    gaps = periods[last] - periods[first] != last - first
    return [
        on_every_period(values[start : end + 1], periods[start : end + 1]) if broken else values[start : end + 1]
        for start, end, broken in zip(first.tolist(), last.tolist(), gaps.tolist(), strict=True)
    ]


def ends_note(what: str, periods: int, used: int) -> tuple[Note, ...]:
    """Say how many periods were cut off the ends for missing values."""
    if used == periods:
        return ()
    text = f"{what} missing in {periods - used} of {periods} periods at the ends, which are left out."
    return (Note("ends-missing", text),)


def stretch(values: Array, name: str) -> Array:
    """Cut missing values off the ends and refuse those inside."""
    if testable(values):
        return np.ascontiguousarray(values)
    known = np.flatnonzero(~np.isnan(values))
    if known.size == 0:
        raise DataError(f"{name!r} has no values.")
    inside = values[known[0] : known[-1] + 1]
    holes = int(np.isnan(inside).sum())
    if holes:
        raise DataError(
            f"{name!r} has no value in {count_of(holes, 'period')} between its first and last. The tests need "
            "consecutive periods. Select a stretch without gaps."
        )
    if testable(inside):
        return np.ascontiguousarray(inside)
    largest = np.abs(inside).max()
    if np.isinf(largest):
        count = int(np.isinf(inside).sum())
        raise DataError(f"{name!r} has {count_of(count, 'infinite value')}. Remove such values or set them missing.")
    if largest and not SMALLEST < largest < LARGEST:
        raise NumericalError(
            f"Squares of {name!r} leave the range of floating-point numbers. Rescale it, say by a power of ten."
        )
    raise DataError(f"{name!r} does not vary: it is {inside[0]:g} in all {inside.size} periods.")


def testable(series: Array) -> Mask:
    """Whether series (..., T) have all their values, vary, and have squares in the range of numbers."""
    if series.shape[-1] == 0:
        return np.zeros(series.shape[:-1], dtype=np.bool_)
    low, high = series.min(axis=-1), series.max(axis=-1)
    largest = np.maximum(-low, high)
    # One series has one unit: all that is compared is in it. Of missing values nothing is true.
    with np.errstate(over="ignore", invalid="ignore"):
        good: Mask = (largest > SMALLEST) & (largest < LARGEST) & (high - low > 1e-14 * largest)
    return good


def read_bandwidth(bandwidth: float | str, kernel: str, periods: int) -> float | str:
    """Return a rule, or a number: whole lags, fewer than periods, or any scale of the quadratic spectral kernel."""
    if isinstance(bandwidth, str):
        return choose("bandwidth", bandwidth, RULES)
    scale = isinstance(bandwidth, (float, np.floating))
    if scale and kernel == "quadratic-spectral" and np.isfinite(bandwidth) and bandwidth >= 0.0:
        return float(bandwidth)
    # A bandwidth is a float by its type: 2.0 is two lags, whatever the kernel.
    lags = int(bandwidth) if scale and float(bandwidth).is_integer() else bandwidth
    refuse_beyond("bandwidth", read_whole("bandwidth", lags, 0), periods)
    return float(lags)


def check_trend(trend: str, allowed: tuple[str, ...] = ("n", "c", "ct", "ctt")) -> str:
    """Return a trend option, or say what was meant."""
    return choose("trend", trend, allowed)


def refusal(tests: SeriesTests, place: int | tuple[()], name: str) -> PanelVarError:
    """The error that says why a series has no test."""
    status, rows, regressors = (int(each[place]) for each in (tests.status, tests.nobs, tests.regressors))
    if status == SHORT:
        has_lags = np.asarray(tests.lags)[place] > 0
        return InsufficientDataError(
            f"{name!r} leaves {count_of(rows, 'row')} for {count_of(regressors, 'regressor')}, and at least "
            f"{regressors + FEWEST_DF} are needed. {'Use fewer lags.' if has_lags else 'The series is too short.'}"
        )
    kind, text = REFUSALS[status]
    return kind(text.format(name=repr(name)))


def unit_root_result(
    name: str,
    series: OneSeries,
    tests: SeriesTests,
    trend: str,
    null: str,
    critical_values: Callable[[], Mapping[float, float]],
    size: str = "",
) -> UnitRootResult:
    """Make the result of a test of one series, and warn of what its reader should know.

    Parameters
    ----------
    critical_values : callable
        They are asked for where there is a test.
    size : str, optional
        What the test is called among those known not to hold their level.

    Raises
    ------
    PanelVarError
        The series has no test.
    """
    if tests.status != ESTIMATED:
        raise refusal(tests, (), series.name)
    pvalue, lags = float(tests.pvalue), np.asarray(tests.lags).item()
    bound = "" if tests.bound is None else str(tests.bound)
    notes = (*series.notes, *bound_notes(pvalue, bound), *size_notes(size, len(series.values)))
    emit(notes)
    return UnitRootResult(
        f"{name} ({lags:g} lags, trend {trend!r})",
        float(tests.statistic),
        pvalue,
        "none",
        null=null,
        notes=notes,
        lags=lags,
        nobs=int(tests.nobs),
        trend=trend,
        critical_values=dict(critical_values()),
        lags_rule=tests.rule,
        coefficient=float(tests.coefficient),
        bound=bound,
    )


def deterministic(left: Array, series: Array) -> Mask:
    """Whether what terms leave of each series (..., T) is rounding."""
    flat: Mask = np.abs(left).max(axis=-1) <= 1e-13 * np.abs(series).max(axis=-1)
    return flat
