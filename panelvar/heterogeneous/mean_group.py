"""The mean group estimator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from panelvar.base.arguments import read_flag
from panelvar.base.errors import emit
from panelvar.data.design import Design, build_design
from panelvar.fit.conventions import Convention
from panelvar.fit.presets import as_convention
from panelvar.heterogeneous.random_coefficients import mean_group
from panelvar.heterogeneous.result import HeterogeneousResult
from panelvar.heterogeneous.unit_fits import covariance_of_average, fit_units, refuse_single, with_trend


def fit_mean_group(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    constant: bool | None = None,
    trend: bool = False,
    time_demeaned: bool = False,
    min_rows: int | None = None,
    unusable: str = "drop",
    convention: str | Convention = "default",
    missing: str = "drop",
) -> HeterogeneousResult:
    r"""Average the coefficients of one regression an entity.

    .. math:: y_{it} = c_i + x_{it}'\beta_i + u_{it}, \qquad
              \bar b = \frac1N\sum_i b_i, \qquad
              \hat V = \frac{1}{N(N-1)}\sum_i (b_i - \bar b)(b_i - \bar b)'

    Parameters
    ----------
    data : Panel or DataFrame with a two-level (entity, time) index
    y : str
        Dependent variable; or, with ``x`` omitted, a formula such as ``"y ~ x1 + L(x2)"``.
    x : str or sequence of str
        Regressors. Each must vary within the entities.
    constant : bool, optional
        A constant for each entity: by default yes, or as the formula says.
    trend : bool
        A linear trend for each entity, in periods of the calendar from one.
    time_demeaned : bool
        Take out each period's mean over entities first (plm's ``model = "dmg"``); it removes a common shock only if all
        entities have the same slopes. `fit_common_correlated_effects` does not need that.
    min_rows : int, optional
        Leave out entities with fewer rows; by default those without a residual degree of freedom.
    unusable : {"drop", "raise"}
        Leave out entities that have too few rows or dependent regressors, with a warning that counts them, or refuse.
    convention : str or Convention
        ``heterogeneous_distribution`` says whether inference is by t(N - 1) or the normal (Stata, plm).
    missing : {"drop", "raise"}
        What to do with rows that have a missing value.

    Returns
    -------
    HeterogeneousResult
        ``params`` and ``std_errors`` of the averages; ``individual`` has the coefficients of each entity.

    Raises
    ------
    DataError, SpecificationError, CollinearityError, InsufficientDataError
        See `panelvar.base.errors`.

    Notes
    -----
    Pesaran and Smith (1995, Journal of Econometrics 68): consistent for the mean of the coefficients as N and T grow,
    also with a lagged dependent variable, where pooled and fixed-effects slopes are not if coefficients differ. The
    covariance asks nothing of the errors within an entity, but the entities must be independent.

    Not for short panels: an entity with few rows has the same weight as any other, and one wild regression moves the
    mean; a lagged dependent variable biases every regression by a term of order 1/T. Not with shocks common to all
    entities: use `fit_common_correlated_effects`.
    """
    chosen = as_convention(convention)
    source = build_design(data, y, x, constant=constant, missing=missing)
    model = with_trend(_demeaned(source) if read_flag("time_demeaned", time_demeaned) else source, trend)
    fits = fit_units(model, min_rows=min_rows, unusable=unusable)
    refuse_single(fits)
    mean, matrix = mean_group(fits.units.coefficients)
    result = HeterogeneousResult(
        fits.result(source, mean, fits.names),
        covariance_of_average(matrix, "dispersion over entities", len(fits.units.rss), chosen),
        chosen,
        "Mean group (periods demeaned)" if time_demeaned else "Mean group",
    )
    emit(result.notes)
    return result


def _demeaned(design: Design) -> Design:
    """The design with each period's mean taken out of every column."""
    times = design.times
    *x, y = (column - times.means(column)[times.codes] for column in design.columns)
    return replace(design, x=tuple(x), y=y)
