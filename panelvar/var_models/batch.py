"""Many vector autoregressions in one call: by entity, by window, and as forecasters tried on the past."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.base.arguments import read_flag, read_labels, read_whole, refuse_beyond
from panelvar.base.arrays import Array
from panelvar.base.errors import (
    CollinearityError,
    DataError,
    InsufficientDataError,
    Note,
    SpecificationError,
    choose,
    emit,
)
from panelvar.base.shared_parameters import documented
from panelvar.data.design import dated_panel
from panelvar.data.panel import Panel
from panelvar.data.series import VarData, refuse_infinite
from panelvar.dynamics import dynamics
from panelvar.dynamics.batched_lags import BatchFit, expanding_triangles, fit_batch, triangles, window_triangles
from panelvar.dynamics.gaps import on_every_period, rows_with_lags
from panelvar.dynamics.lag_problem import stack_lags
from panelvar.dynamics.terms import TREND_POWERS, Terms, regressor_labels
from panelvar.responses.forecast_accuracy import ForecastAccuracy
from panelvar.var_models.batch_result import VarBatch
from panelvar.var_models.var import lag_order, rows_missing, specification, stacked_rows
from panelvar.var_models.var_convention import VarConvention, var_convention

if TYPE_CHECKING:
    import pandas as pd


@documented
def fit_var_batch(
    data: Panel | pd.DataFrame | npt.ArrayLike,
    names: Sequence[Hashable] | None = None,
    *,
    lags: int = 1,
    trend: str = "c",
    convention: str | VarConvention = "default",
) -> VarBatch:
    r"""Estimate a vector autoregression for every entity of a panel, or every data set of an array, at once.

    Each member is what `fit_var` estimates from its rows alone; no parameter is shared.

    Parameters
    ----------
    data : Panel, DataFrame with a two-level (entity, time) index, or array (B, T, K)
        An array holds B data sets, such as simulated ones.
    names : sequence, optional
        Columns to use, in this order; for an array, the names of its variables.
    {lags (batch)}
    trend : {"n", "c", "t", "ct", "ctt"}
        Deterministic terms; the trend is 1 in a member's first period.
    {convention (system)}

    Returns
    -------
    VarBatch

    Raises
    ------
    DataError
        An array with values that are not finite, or infinite values.
    InsufficientDataError
        No member can be estimated.
    SpecificationError
        A DataFrame that does not say which rows are whose.

    Notes
    -----
    Lags never bridge a gap, and rows with a missing value or lag are left out, with a warning that counts them. Members
    with too few rows, or collinear regressors, are left out with a warning that names them.
    """
    rules = var_convention(convention)
    terms = Terms(choose("trend", trend, TREND_POWERS))
    order = lag_order(lags)
    if isinstance(data, Panel) or hasattr(data, "columns"):
        return _of_panel(dated_panel(data), names, order, terms, rules)
    array = np.asarray(data)
    if array.ndim != 3 or array.dtype.kind not in "fiu":
        raise SpecificationError(
            f"data of shape {array.shape}: expected a Panel, a DataFrame with a two-level index, or an array "
            "(data sets, periods, variables) of real numbers."
        )
    array = array.astype(np.float64, copy=False)
    if not np.isfinite(array).all():
        raise DataError("The array holds values that are missing or infinite; use a Panel for data with gaps.")
    n_members, n_periods, n_vars = array.shape
    labels = (
        [f"y{place + 1}" for place in range(n_vars)] if names is None else list(map(str, read_labels("names", names)))
    )
    if len(labels) != n_vars:
        raise SpecificationError(f"{len(labels)} names for {n_vars} variables: {labels}.")
    if n_vars == 0:
        raise DataError(f"data of shape {array.shape} have no variables.")
    n_rows = max(n_periods - order, 0)
    width = terms.count + order * n_vars + n_vars
    _require_rows(n_members, n_rows, width - n_vars, n_vars)
    beside = terms.rows(1, n_periods)[order:]

    def fill(first: int, stop: int, out: Array) -> None:
        out[:, :, : terms.count] = beside
        for lag in range(order + 1):
            # Lag 0, the variables themselves, stands last.
            column = width - n_vars if lag == 0 else terms.count + (lag - 1) * n_vars
            out[:, :, column : column + n_vars] = array[first:stop, order - lag : n_periods - lag]

    factors = triangles((n_members, n_rows, width), fill)
    fits = fit_batch(factors, np.full(n_members, n_rows), width - n_vars)

    import pandas as pd

    index = pd.RangeIndex(n_members, name="data set")
    return _batch(fits, index, tuple(labels), order, terms, rules, array.__getitem__)


def _of_panel(
    panel: Panel, names: Sequence[Hashable] | None, order: int, terms: Terms, rules: VarConvention
) -> VarBatch:
    """One member an entity, rows laid out on each entity's calendar and padded with zeros."""
    own = (panel.entity_name, panel.time_name)
    listed = panel.names if names is None else read_labels("names", names)
    chosen = [str(name) for name in listed if names is not None or name not in own]
    if not chosen:
        raise DataError("No columns are left for the vector autoregressions: name them, names=.")
    columns = np.column_stack([panel.column(name) for name in chosen])
    refuse_infinite(columns, chosen)
    n_vars = len(chosen)
    width = terms.count + order * n_vars + n_vars
    _require_rows(panel.n_entities, int(np.diff(panel.starts).max()) - order, width - n_vars, n_vars)
    stacks = []
    for entity in range(panel.n_entities):
        part = slice(int(panel.starts[entity]), int(panel.starts[entity + 1]))
        grid = on_every_period(columns[part], panel.time_positions[part])
        whole = np.flatnonzero(np.isfinite(grid).all(axis=1))
        stacks.append(stack_lags(grid, order, terms.rows(1, len(grid)), whole[rows_with_lags(whole, order)]))
    counts = np.array([len(stack) for stack in stacks])

    def fill(first: int, stop: int, out: Array) -> None:
        out[:] = 0.0
        for place, stack in enumerate(stacks[first:stop]):
            out[place, : len(stack)] = stack

    fits = fit_batch(triangles((len(stacks), int(counts.max(initial=1)), width), fill), counts, width - n_vars)
    unbroken = len(rows_with_lags(panel.time_positions, order, panel.entity_codes))
    gaps = int(np.maximum(np.diff(panel.starts) - order, 0).sum()) - unbroken
    notes = [*panel.notes, *rows_missing(columns, chosen, unbroken - int(counts.sum()))]
    if gaps:
        text = f"{gaps} row(s) after periods absent from the data dropped for want of lags."
        notes.append(Note("rows-gaps", text, warn=True))
    sample = _Entity(panel, columns, chosen)
    return _batch(fits, panel.entity_labels, tuple(chosen), order, terms, rules, sample, notes)


@dataclass(frozen=True, eq=False)
class _Entity:
    """The rows of one entity of a panel."""

    panel: Panel
    columns: Array
    names: list[str]

    def __call__(self, label: Any) -> pd.DataFrame:
        import pandas as pd

        panel, entity = self.panel, self.panel.entity_labels.tolist().index(label)
        part = slice(int(panel.starts[entity]), int(panel.starts[entity + 1]))
        index = panel.calendar.labels_at(panel.time_positions[part])
        return pd.DataFrame(self.columns[part], index=index, columns=self.names)


@documented
def fit_rolling_var(
    data: pd.DataFrame | npt.ArrayLike | Panel,
    names: Sequence[Hashable] | None = None,
    *,
    window: int,
    expanding: bool = False,
    lags: int = 1,
    trend: str = "c",
    convention: str | VarConvention = "default",
) -> VarBatch:
    r"""Estimate a vector autoregression in every window of consecutive periods, or in every longer sample.

    Parameters
    ----------
    {data (system)}
        Here there must be no gaps and no missing values.
    {names}
    window : int
        Rows explained in each window (after the lags); with ``expanding``, in the first sample.
    expanding : bool
        Start every sample with the first row instead of rolling.
    {lags (batch), trend (system)}
        It keeps counting from there in every sample.
    {convention (system)}

    Returns
    -------
    VarBatch
        Members are labelled by the last period of their window.

    Raises
    ------
    DataError
        Gaps or missing values: a window must mean the same everywhere.
    InsufficientDataError
        A window too short for its coefficients, or longer than the data.
    """
    rules = var_convention(convention)
    table, terms = specification(data, names, trend, 0, None, 0)
    order = lag_order(lags)
    window = read_whole("window", window, 1)
    if table.places is not None or not np.isfinite(table.values).all():
        raise DataError("The data have gaps or missing values: a window of rows must be one of periods.")
    n_vars, n_rows = len(table.names), len(table.values) - order
    m = terms.count + order * n_vars
    if window - m < n_vars:
        raise InsufficientDataError(
            f"A window of {window} rows for {m} coefficients an equation and the covariance of {n_vars} errors: at "
            f"least {m + n_vars} rows are needed."
        )
    if window > n_rows:
        raise InsufficientDataError(
            f"A window of {window} rows, its lags not counted, does not fit into the {n_rows} that the data have after "
            f"{order} lag(s)."
        )
    rows = stacked_rows(table.values, order, terms)
    if read_flag("expanding", expanding):
        factors, counts = expanding_triangles(rows, window), np.arange(window, n_rows + 1)
    else:
        factors, counts = window_triangles(rows, window), np.full(n_rows - window + 1, window)
    fits = fit_batch(factors, counts, m)
    ends = np.arange(order + window - 1, len(table.values))
    sample = _Window(table, None if expanding else int(window) + order, trend)
    return _batch(fits, table.labels(ends), table.names, order, terms, rules, sample)


@dataclass(frozen=True, eq=False)
class _Window:
    """The rows of the window that ends in a period, its lags among them; all up to it without a length."""

    table: VarData
    length: int | None
    trend: str

    def __call__(self, label: Any) -> pd.DataFrame:
        import pandas as pd

        table = self.table
        last = table.labels(np.arange(len(table.values))).tolist().index(label)
        first = 0 if self.length is None else last - self.length + 1
        if first and self.trend not in ("n", "c"):
            raise SpecificationError("A single fit would count the trend from the window's first period.")
        index = table.labels(np.arange(first, last + 1))
        return pd.DataFrame(table.values[first : last + 1], index=index, columns=list(table.names))


@documented
def evaluate_forecasts(
    data: pd.DataFrame | npt.ArrayLike | Panel,
    names: Sequence[Hashable] | None = None,
    *,
    window: int,
    steps: int = 4,
    expanding: bool = True,
    lags: int = 1,
    trend: str = "c",
    benchmark: str = "random walk",
) -> ForecastAccuracy:
    r"""Forecast again and again as time goes by, and compare with what happened.

    At each origin the model is fitted to the rows up to it (`fit_rolling_var`) and forecasts the next periods.

    Parameters
    ----------
    {data (system)}
        Here there must be no gaps and no missing values.
    {names}
    window : int
        Rows of the first sample, or of every window.
    steps : int
        Longest horizon.
    expanding : bool
        Use all rows up to the origin, or a window of them.
    {lags (batch), trend (system)}
        It keeps counting from there in every sample.
    benchmark : {"random walk", "mean"}
        Forecasts compared with: no change, or the mean of the periods known at the origin.

    Returns
    -------
    ForecastAccuracy

    Raises
    ------
    InsufficientDataError
        No period is left to forecast; and as `fit_rolling_var`.
    """
    choose("benchmark", benchmark, ("random walk", "mean"))
    batch = fit_rolling_var(data, names, window=window, expanding=expanding, lags=lags, trend=trend)
    table, terms = specification(data, names, trend, 0, None, 0)
    order, values = lag_order(lags), table.values
    n_periods, n_vars = values.shape
    refuse_beyond("steps", read_whole("steps", steps, 1), n_periods)
    origins = np.flatnonzero(np.isin(table.labels(np.arange(n_periods)), batch.labels))
    origins, used = origins[origins < n_periods - 1], origins < n_periods - 1
    if len(origins) == 0:
        raise InsufficientDataError("The first sample reaches the end of the data: give a smaller window.")
    errors = np.full((len(origins), steps, n_vars), np.nan)
    plain = errors.copy()
    coefficients, beside = batch.coefficients[used], batch.fits.params[used, : terms.count]
    for place, origin in enumerate(origins):
        ahead = min(steps, n_periods - 1 - origin)
        drift = terms.rows(int(origin) + 2, ahead) @ beside[place]
        path = dynamics.forecast_path(coefficients[place], values[origin - order + 1 : origin + 1], drift)
        actual = values[origin + 1 : origin + 1 + ahead]
        known = values[origin] if benchmark == "random walk" else values[: origin + 1].mean(axis=0)
        errors[place, :ahead] = actual - path
        plain[place, :ahead] = actual - known
    return ForecastAccuracy(errors, plain, benchmark, table.names, table.labels(origins))


def _require_rows(members: int, longest: int, count: int, n_vars: int) -> None:
    """Refuse a batch of which the longest member is too short, before anything as wide as its equations is laid out."""
    if members == 0 or longest < count + n_vars:
        raise InsufficientDataError(
            f"None of the {members} members can be estimated: each equation has {count} coefficients, and the "
            f"longest member has {max(longest, 0)} usable rows."
        )


def _batch(
    fits: BatchFit,
    labels: pd.Index,
    names: tuple[str, ...],
    order: int,
    terms: Terms,
    rules: VarConvention,
    sample: Callable[[Any], Any],
    of_rows: Sequence[Note] = (),
) -> VarBatch:
    """Leave out what cannot be estimated, and say so."""
    used = fits.estimable
    notes = tuple(of_rows)
    count = len(regressor_labels(names, order, terms))
    if not used.any():
        _require_rows(len(used), int(fits.nobs.max(initial=0)), count, len(names))
        raise CollinearityError(
            f"None of the {len(used)} members can be estimated: their regressors are collinear (a variable that "
            "does not vary, or a combination of others), or out of the range of floating-point numbers."
        )
    if not used.all():
        left = labels[~used]
        shown = ", ".join(map(repr, left[:5].tolist())) + (", ..." if len(left) > 5 else "")
        text = (
            f"{len(left)} of {len(used)} members left out, with too few rows, collinear regressors, or numbers out of "
            f"range or too far apart: {shown}."
        )
        notes = (*notes, Note("members-dropped", text, warn=True))
        params, inverse, scatter = fits.params[used], fits.inverse_factor[used], fits.scatter_factor[used]
        fits = BatchFit(params, inverse, scatter, fits.nobs[used], used[used])
    crowded = int(np.count_nonzero(fits.nobs < 3 * count))
    if crowded:
        text = (
            f"{crowded} of {len(fits.nobs)} members have fewer than {3 * count} rows, three for each of an equation's "
            f"{count} coefficients: estimates are biased and asymptotic errors unreliable."
        )
        notes = (*notes, Note("few-rows", text, warn=True))
    emit(notes)
    return VarBatch(fits, labels[used], names, order, terms, rules, sample, notes)
