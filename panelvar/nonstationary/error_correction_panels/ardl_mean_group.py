"""The mean group estimator of an ARDL panel in error-correction form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panelvar.core.base.arguments import read_entity_terms
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, NumericalError, choose, emit
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.nonstationary.error_correction_panels.ardl_fits import ArdlFits, fit_ardl
from panelvar.nonstationary.error_correction_panels.ardl_rows import Lags, ardl_rows
from panelvar.nonstationary.error_correction_panels.error_correction import ErrorCorrectionResult
from panelvar.nonstationary.error_correction_panels.error_correction_form import (
    error_correction_fit,
)
from panelvar.nonstationary.error_correction_panels.solved_long_run import solved_for_long_run
from panelvar.panels.heterogeneous.random_coefficients import mean_group
from panelvar.panels.heterogeneous.unit_fits import covariance_of_average

# A long run that lies further from the median than this many median absolute deviations dominates the average.
_FAR = 20.0


@documented
def fit_ardl_mean_group(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    lags: Lags = 1,
    max_lags: int | Sequence[int] = 2,
    common_orders: bool = False,
    short_run: Sequence[str] | str = (),
    long_run: str = "average",
    trend: str | None = None,
    min_rows: int | None = None,
    unusable: str = "drop",
    convention: str | Convention = "default",
    missing: str = "drop",
) -> ErrorCorrectionResult:
    r"""Fit an ARDL in error-correction form to each entity and average long run, speed and short run.

    .. math:: \Delta y_{it} = \phi_i y_{i,t-1} + b_i'x_{it} + \sum_{j=1}^{p-1}\lambda_{ij}\Delta y_{i,t-j}
              + \sum_{j=0}^{q-1}\delta_{ij}'\Delta x_{i,t-j} + \mu_i + \varepsilon_{it}, \qquad
              \hat\theta_i = -\hat b_i/\hat\phi_i, \qquad \hat\theta = \frac1N\sum_i\hat\theta_i

    Parameters
    ----------
    {data, y (levels), x (levels), lags (chosen), max_lags, common_orders, short_run}
    long_run : {"average", "ratio"}
        Average the entities' long-run coefficients (Stata's xtpmg), or take the ratio of averages,
        :math:`-\bar b/\bar\phi`, by the delta method. One entity whose speed is near zero makes the first useless and
        hardly moves the second.
    {trend (entities), min_rows, unusable, convention (entities), missing}

    Returns
    -------
    ErrorCorrectionResult
        The covariance is the dispersion over entities, :math:`\frac{1}{N(N-1)}\sum_i(c_i-\bar c)(c_i-\bar c)'`;
        ``individual_std_errors`` of the long run are by the delta method.

    Raises
    ------
    DataError, SpecificationError, CollinearityError, InsufficientDataError, NumericalError
        See `panelvar.core.base.errors`.

    See Also
    --------
    fit_pooled_mean_group : One long run for all entities.
    fit_dynamic_fixed_effects : Everything common but the constants.
    fit_mean_group : Static regressions.

    Notes
    -----
    The estimates are consistent as N and T grow, however much the coefficients differ (Pesaran and Smith 1995, Journal
    of Econometrics 68). If the long run is common, `fit_pooled_mean_group` is more precise: compare the two by
    `hausman_test`. The average of ratios has no finite moments in finite samples: look at ``individual``.

    Examples
    --------
    >>> import panelvar as pv
    >>> import numpy as np
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> x = rng.standard_normal((20, 60)).cumsum(axis=1)
    >>> y = 2 * x + rng.standard_normal((20, 60))
    >>> index = pd.MultiIndex.from_product([range(20), range(60)], names=["country", "year"])
    >>> frame = pd.DataFrame({"x": x.ravel(), "y": y.ravel()}, index=index)
    >>> fit = pv.fit_ardl_mean_group(frame, "y ~ x", long_run="ratio")
    >>> fit.long_run.round(4).to_dict()
    {'x': 1.9929}
    >>> print(round(fit.speed, 4))
    -0.9946
    """
    constant, trended = read_entity_terms(trend)
    chosen = as_convention(convention)
    choose("long_run", long_run, ("average", "ratio"))
    rows = ardl_rows(data, y, x, short_run=short_run, constant=constant, trend=trended, missing=missing)
    fits = fit_ardl(
        rows, lags, max_lags=max_lags, common_orders=common_orders, pooled=(), min_rows=min_rows, unusable=unusable
    )
    k, coefficients = fits.k, fits.units.coefficients
    levels, speeds = coefficients[:, -1 - k : -1], coefficients[:, -1]
    if not speeds.all():
        raise NumericalError("An entity's speed of error correction is exactly zero, so it has no long run.")
    theta = -levels / speeds[:, None]
    own, none = coefficients[:, : -1 - k], np.empty((len(speeds), 0))
    averaged = theta if long_run == "average" else levels
    average, matrix = mean_group(np.concatenate((averaged, speeds[:, None], fits.short_run(own, none)), axis=1))
    if long_run == "ratio":
        average, matrix = solved_for_long_run(average, matrix, k)
    fit = error_correction_fit(
        fits,
        coefficients=average,
        long_run=theta,
        speeds=speeds,
        own=own,
        pooled=none,
        own_errors=_delta_errors(fits, theta),
        variances=fits.units.rss / fits.units.df,
        parameters=int(fits.sizes.sum() - fits.units.df.sum()),
        notes=_outlying(fits, theta) if long_run == "average" else (),
    )
    result = ErrorCorrectionResult(
        fit,
        covariance_of_average(matrix, "dispersion over entities", len(speeds), chosen),
        chosen,
        "Mean group (error correction)",
        fits.loglik,
    )
    emit(result.notes)
    return result


def _delta_errors(fits: ArdlFits, theta: Array) -> Array:
    """Standard errors of each entity's long run, by the delta method, and of its speed and short run."""
    k, w, units = fits.k, len(fits.own), fits.units
    roots = np.sqrt(units.rss / units.df)[:, None, None] * units.inverses
    speeds = units.coefficients[:, -1]
    # d theta = -(d b + theta d phi) / phi
    long_roots = -(roots[:, w : w + k] + theta[:, :, None] * roots[:, -1:]) / speeds[:, None, None]
    own = np.sqrt(np.square(roots[:, :w]).sum(axis=2)) * fits.present
    long_errors = np.sqrt(np.square(long_roots).sum(axis=2))
    speed_errors = np.sqrt(np.square(roots[:, -1:]).sum(axis=2))
    return np.concatenate((long_errors, speed_errors, fits.short_run(own, own[:, :0])), axis=1)


def _outlying(fits: ArdlFits, theta: Array) -> tuple[Note, ...]:
    """Warn where single entities dominate the average long run."""
    median = np.median(theta, axis=0)
    distance = np.abs(theta - median)
    typical = np.median(distance, axis=0)
    far = np.flatnonzero((distance > _FAR * typical).any(axis=1) & (typical > 0.0).any())
    if len(far) == 0:
        return ()
    first = ", ".join(str(fits.design.entity_labels[i]) for i in far[:3])
    text = (
        f"{len(far)} of {len(theta)} entities (first {first}) hardly correct errors, so their long run lies more than "
        f"{_FAR:g} median absolute deviations from the median. Such ratios dominate the average. Look at individual, "
        "or use long_run='ratio', which they hardly move."
    )
    return (Note("outlying-long-run", text, warn=True),)
