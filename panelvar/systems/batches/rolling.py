"""Vector autoregressions of windows of one sample, and forecasts made again and again as time goes by."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_flag, read_whole, refuse_beyond
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import DataError, InsufficientDataError, SpecificationError, choose
from panelvar.core.base.shared_parameters import documented
from panelvar.data.panel.series import VarData
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.batched_lags import BatchFit, expanding_triangles, fit_batch, window_triangles
from panelvar.kernels.dynamics.lag_problem import rounding_of, stack_lags
from panelvar.kernels.dynamics.terms import Terms
from panelvar.systems.batches.batch_result import VarBatch, Windows
from panelvar.systems.batches.member_fits import BatchData, Orders, fit_members, label_batch, read_orders
from panelvar.systems.responses.forecast_accuracy import ForecastAccuracy
from panelvar.systems.var.var import longest_within, specification
from panelvar.systems.var.var_convention import VarConvention, var_convention

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.data.panel.panel import Panel


@documented
def fit_rolling_var(
    data: pd.DataFrame | npt.ArrayLike | Panel,
    columns: Sequence[Hashable] | None = None,
    *,
    window: int,
    expanding: bool = False,
    lags: int | str = 1,
    max_lags: int | None = None,
    min_lags: int | None = None,
    trend: str = "c",
    seasons: int = 0,
    exogenous: Sequence[str] | pd.DataFrame | pd.Series | npt.ArrayLike | None = None,
    exogenous_lags: int = 0,
    convention: str | VarConvention = "default",
) -> VarBatch:
    r"""Estimate a vector autoregression in every window of consecutive periods, or in every longer sample.

    Parameters
    ----------
    {data (system)}
        Here there must be no gaps and no missing values.
    {columns (system)}
    window : int
        Rows explained in each window (after the lags); with ``expanding``, in the first sample.
    expanding : bool
        Start every sample with the first row instead of rolling.
    {lags (batch), max_lags (system)}
        Here T is the window's.
    {min_lags (system), trend (system)}
        The trend keeps counting from there in every sample.
    {seasons}
        So do the seasons.
    {exogenous, exogenous_lags, convention (system)}

    Returns
    -------
    VarBatch
        Members are labelled by the last period of their window.

    Raises
    ------
    DataError
        If there are gaps or missing values. A window must mean the same everywhere.
    InsufficientDataError
        If the window is too short for its coefficients, or longer than the data.

    See Also
    --------
    fluctuation_test : tests that coefficients are the same in every window.
    plot_rolling : draws the estimates over time.
    evaluate_forecasts : forecasts from every window.

    Notes
    -----
    Where a criterion chooses the order, it does so in every window, among orders that all explain the window's rows; a
    rolling fit then explains these rows, and an expanding one the earlier ones too that its order can use.

    Examples
    --------
    >>> import panelvar as pv
    >>> macro = pv.load_data("us_macro")[["unemp", "tbilrate"]]
    >>> windows = pv.fit_rolling_var(macro, window=80, lags=2)
    >>> windows.moduli[[0, -1], 0].round(2).tolist()
    [0.99, 0.92]
    """
    rules = var_convention(convention)
    table, terms = specification(data, columns, trend, seasons, exogenous, exogenous_lags)
    return fit_windows(table, terms, rules, window, expanding, (lags, max_lags, min_lags))


def fit_windows(
    table: VarData,
    terms: Terms,
    rules: VarConvention,
    window: int,
    expanding: bool,
    asked: tuple[Any, int | None, int | None],
) -> VarBatch:
    """Fit every window of data that are read already."""
    orders = read_orders(*asked, terms, rules)
    window = read_whole("window", window, 1)
    whole = table.exogenous is None or bool(np.isfinite(table.exogenous).all())
    if table.places is not None or not np.isfinite(table.values).all() or not whole:
        raise DataError(
            "The data have gaps or missing values, so a window of rows would not be a window of periods. Fill the "
            "gaps or select a stretch without them."
        )
    n_vars, n_periods = len(table.names), len(table.values)
    longest = longest_within(window, terms, n_vars, orders.shortest) if orders.longest is None else orders.longest
    start, m = max(longest, terms.exogenous_lags), terms.count + longest * n_vars
    if window - m < n_vars:
        raise InsufficientDataError(
            f"window={window} is too short: {count_of(m, 'coefficient')} in each equation and the covariance of "
            f"{count_of(n_vars, 'error')} need at least {m + n_vars} rows."
        )
    if window > n_periods - start:
        raise InsufficientDataError(
            f"window={window} is too long. The first {count_of(start, 'row')} of the data serve as lags, and "
            f"{n_periods - start} are left for a window."
        )
    sections = _Sections(table, terms, window, read_flag("expanding", expanding), start)
    sample = _Window(table, None if sections.expanding else window, terms)
    labels = table.labels(np.arange(start + window - 1, n_periods))
    windows = Windows(window, sections.expanding, sections.whole(orders))
    found = BatchData(labels, table.names, terms, sample, windows)
    orders = orders._replace(longest=longest)
    return label_batch(fit_members(sections, orders, found, rules), orders, found, rules)


@dataclass(frozen=True, eq=False)
class _Sections:
    """Windows of one sample: each ends a period after the one before it.

    Attributes
    ----------
    table : VarData
    terms : Terms
    window : int
    expanding : bool
    start : int
        First period that the first window explains.
    """

    table: VarData
    terms: Terms
    window: int
    expanding: bool
    start: int

    @property
    def periods(self) -> Positions:
        span = self.start + self.window
        return np.full(len(self.table.values) - span + 1, span)

    def rows(self, order: int) -> tuple[Array, int]:
        """Rows [terms, lags, Y] that windows explain with this order, and how many come before the first window's."""
        begin = max(order, self.terms.exogenous_lags) if self.expanding else self.start
        n_periods = len(self.table.values)
        beside = self.terms.over(n_periods, self.table.exogenous)
        return stack_lags(self.table.values, order, beside, np.arange(begin, n_periods)), self.start - begin

    def factors(self, order: int, some: Positions) -> tuple[Array, Positions]:
        rows, more = self.rows(order)
        if self.expanding:
            return expanding_triangles(rows, self.window + more)[some], self.window + more + some
        return window_triangles(rows, self.window, some), np.full(len(some), self.window)

    def whole(self, orders: Orders) -> BatchFit | None:
        """Fit to all rows that windows of one order have."""
        if orders.order is None:
            return None
        rows, _ = self.rows(orders.order)
        factor: Any = np.linalg.qr(np.concatenate([rows, np.zeros((rows.shape[1], rows.shape[1]))]), mode="r")
        m = rows.shape[1] - len(self.table.names)
        fit = fit_batch(factor[None], np.array([len(rows)]), m)
        # The errors of an equation that fits exactly are rounding and are set to zero.
        left, sizes = (np.abs(part).max(axis=0) for part in (fit.scatter_factor[0].T, factor[:, m:]))
        fit.scatter_factor[0, left <= rounding_of(len(rows)) * sizes] = 0.0
        return fit


@dataclass(frozen=True, eq=False)
class _Window:
    """The rows of the window that ends in a period, its lags among them; all up to it without a length."""

    table: VarData
    length: int | None
    terms: Terms

    def __call__(self, label: Any, order: int) -> tuple[pd.DataFrame, pd.DataFrame | None]:
        import pandas as pd

        table, terms = self.table, self.terms
        last = table.labels(np.arange(len(table.values))).tolist().index(label)
        first = 0
        if self.length is not None:
            first = last - self.length - max(order, terms.exogenous_lags) + 1
        moved = [
            what
            for what, is_moved in (
                ("trend", first and terms.trend not in ("n", "c")),
                ("seasons", terms.seasons and first % terms.seasons),
            )
            if is_moved
        ]
        if moved:
            raise SpecificationError(
                f"A single fit would count the {' and the '.join(moved)} from the first period of the window, while "
                "these fits count from the first period of the sample. Use params, std_errors and conf_int() of all "
                "windows for these estimates."
            )
        index = table.labels(np.arange(first, last + 1))
        frame = pd.DataFrame(table.values[first : last + 1], index=index, columns=list(table.names))
        if table.exogenous is None:
            return frame, None
        beside = table.exogenous[first : last + 1]
        return frame, pd.DataFrame(beside, index=index, columns=list(table.exogenous_names))


@documented
def evaluate_forecasts(
    data: pd.DataFrame | npt.ArrayLike | Panel,
    columns: Sequence[Hashable] | None = None,
    *,
    window: int,
    steps: int = 4,
    expanding: bool = True,
    lags: int | str = 1,
    max_lags: int | None = None,
    min_lags: int | None = None,
    trend: str = "c",
    seasons: int = 0,
    exogenous: Sequence[str] | pd.DataFrame | pd.Series | npt.ArrayLike | None = None,
    exogenous_lags: int = 0,
    benchmark: str = "random walk",
    convention: str | VarConvention = "default",
) -> ForecastAccuracy:
    r"""Forecast again and again as time goes by, and compare with what happened.

    At each origin the model is fitted to the rows up to it (`fit_rolling_var`) and forecasts the next periods.

    Parameters
    ----------
    {data (system)}
        Here there must be no gaps and no missing values.
    {columns (system)}
    window : int
        Rows of the first sample, or of every window.
    steps : int
        Longest horizon.
    expanding : bool
        Use all rows up to the origin, or a window of them.
    {lags (batch), max_lags (system)}
        Here T is the window's.
    {min_lags (system), trend (system)}
        The trend keeps counting from there in every sample.
    {seasons}
        So do the seasons.
    {exogenous}
        Forecasts take their future as known: they use the values that these variables came to have.
    {exogenous_lags}
    benchmark : {"random walk", "mean"}
        What forecasts are compared with: no change, or the mean of the periods known at the origin. Errors of forecasts
        made elsewhere take its place by ``dataclasses.replace(accuracy, benchmark_errors=..., benchmark="ARIMA")``.
    {convention (system)}

    Returns
    -------
    ForecastAccuracy

    Raises
    ------
    InsufficientDataError
        If no period is left to forecast, and as `fit_rolling_var` does.

    See Also
    --------
    fit_rolling_var : the fits behind the forecasts.
    FittedSystem.forecast : one forecast, with intervals.

    Examples
    --------
    >>> import panelvar as pv
    >>> macro = pv.load_data("us_macro")[["unemp", "tbilrate"]]
    >>> accuracy = pv.evaluate_forecasts(macro, window=120, steps=2, lags=2)
    >>> accuracy.rmse.round(3)
    rmse     unemp  tbilrate
    horizon
    1        0.225     0.464
    2        0.486     0.836
    """
    choose(
        "benchmark",
        benchmark,
        ("random walk", "mean"),
        "Another one's errors, with the shape of errors, take the place of these: dataclasses.replace(accuracy, "
        "benchmark_errors=..., benchmark='its name').",
    )
    rules = var_convention(convention)
    table, terms = specification(data, columns, trend, seasons, exogenous, exogenous_lags)
    batch = fit_windows(table, terms, rules, window, expanding, (lags, max_lags, min_lags))
    values = table.values
    n_periods, n_vars = values.shape
    refuse_beyond("steps", read_whole("steps", steps, 1), n_periods)
    origins = np.flatnonzero(np.isin(table.labels(np.arange(n_periods)), batch.labels))
    origins, used = origins[origins < n_periods - 1], origins < n_periods - 1
    if len(origins) == 0:
        raise InsufficientDataError("The first window reaches the end of the data. Give a smaller window.")
    errors = np.full((len(origins), steps, n_vars), np.nan)
    plain = errors.copy()
    coefficients, beside = batch.coefficients[used], batch.fits.params[used, : terms.count]
    known = terms.over(n_periods, table.exogenous)
    for place, origin in enumerate(origins):
        ahead = min(steps, n_periods - 1 - origin)
        drift = known[origin + 1 : origin + 1 + ahead] @ beside[place]
        path = dynamics.forecast_path(coefficients[place], values[origin - batch.lags + 1 : origin + 1], drift)
        actual = values[origin + 1 : origin + 1 + ahead]
        last = values[origin] if benchmark == "random walk" else values[: origin + 1].mean(axis=0)
        errors[place, :ahead] = actual - path
        plain[place, :ahead] = actual - last
    return ForecastAccuracy(errors, plain, benchmark, table.names, table.labels(origins))
