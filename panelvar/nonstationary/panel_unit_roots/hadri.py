r"""Hadri's test of stationarity: KPSS statistics averaged over entities.

Reference: Hadri (2000), Econometrics Journal 3.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import numpy as np

from panelvar.core.base.arguments import read_flag
from panelvar.core.base.errors import InsufficientDataError, choose
from panelvar.core.base.scaling import in_own_units
from panelvar.core.base.shared_parameters import documented
from panelvar.core.tables.test_result import z_test
from panelvar.estimates.sizes.panel_sizes import ROOT, SIZE, PanelCase, panel_size_notes
from panelvar.kernels.linear.lag_windows import KERNELS
from panelvar.kernels.linear.long_run import long_run_variance
from panelvar.nonstationary.panel_series.bandwidths import bandwidths_in_words, entity_bandwidths
from panelvar.nonstationary.panel_series.panel_series import panel_series
from panelvar.nonstationary.panel_series.result import PanelTestResult, panel_test
from panelvar.nonstationary.panel_series.terms import check_terms, detrend
from panelvar.nonstationary.unit_roots.one_series import POWERS

MOMENTS = {"c": (1.0 / 6.0, 1.0 / 45.0), "ct": (1.0 / 15.0, 11.0 / 6300.0)}
r"""Mean and variance of the limit of an entity's statistic (Hadri 2000).

It is :math:`\int V^2` of a Brownian bridge (trend c) or of a second-level one (ct): a sum of
:math:`z_k^2 / \lambda_k` with independent standard normals, of mean :math:`\sum 1/\lambda_k` and variance
:math:`\sum 2/\lambda_k^2`. With :math:`\lambda_k = \pi^2 k^2` they are 1/6 and 1/45. Of a second-level bridge,
:math:`\lambda = 4 x^2` at the zeros of :math:`\sin x (\sin x - x \cos x)`: the sine's give 1/24 and 1/720, those of
:math:`\tan x = x`, where :math:`\sum x^{-2} = 1/10` and :math:`\sum x^{-4} = 1/350`, give 1/40 and 1/2800.
"""

ERRORS = ("homoskedastic", "heteroskedastic", "serial")


@documented
def hadri_test(
    data: Any,
    column: Hashable | None = None,
    *,
    trend: str = "c",
    errors: str = "serial",
    bandwidth: float | str = "newey-west",
    kernel: str = "bartlett",
    small_sample: bool = False,
    demean: bool = False,
    unusable: str = "raise",
) -> PanelTestResult:
    r"""Test that every entity is stationary (Hadri 2000): the null is that there is no unit root.

    With :math:`S_{it}` the cumulated residuals of entity i about its terms,

    .. math:: LM = \frac1N \sum_i \frac{T^{-2} \sum_t S_{it}^2}{\hat\sigma_i^2}, \qquad
        Z = \sqrt N\, (LM - \mu) / \zeta \to N(0, 1)

    with :math:`\mu = 1/6`, :math:`\zeta^2 = 1/45` about levels and :math:`1/15`, :math:`11/6300` about trends (T to
    infinity, then N).

    Parameters
    ----------
    {data (panel variable), column (panel variable)}
    trend : {"c", "ct"}
        Stationary about a level, or about a trend.
    errors : {"homoskedastic", "heteroskedastic", "serial"}
        What :math:`\hat\sigma_i^2` is: the mean over all entities, each entity's own (plm's ``Hcons``, Stata's
        ``robust``), or each entity's long-run variance (of which Stata's ``kernel()`` takes the mean over entities).
        By default plm, EViews and Stata have variances without autocorrelation, by which the test rejects nearly every
        null where errors have some.
    bandwidth, kernel : float or str, {"bartlett", "parzen", "quadratic-spectral"}
        How the long-run variances are estimated, see `kpss_test`; for ``errors="serial"`` alone.
    small_sample : bool
        Divide squares by T less the number of terms (plm's ``dfcor``, Stata's default), not by T.
    {demean, unusable (panel variable)}

    Returns
    -------
    PanelTestResult
        Standard normal, upper tail; ``individual`` has each entity's statistic and variance.

    Raises
    ------
    DataError
        Periods are not the same for all entities, or an entity has gaps or does not vary.
    NumericalError
        An entity follows its terms exactly.

    See Also
    --------
    kpss_test : the same null for one series.
    ips_test, cips_test : the null of a unit root.

    Notes
    -----
    The moments are limits for long series. With few periods, or autocorrelated errors, the test rejects true nulls far
    too often, most of all with a trend. The long-run variances of the default help where T is some hundreds; errors
    without autocorrelation are tested better with "heteroskedastic". The test asks the opposite question of the other
    tests of a panel: a rejection says that some entity has a unit root, not which.

    Examples
    --------
    >>> import panelvar as pv
    >>> pv.hadri_test(pv.load_data("grunfeld"), "value", errors="homoskedastic").in_a_line()
    'z = 4.3888, p < 0.0001'
    """
    check_terms(trend, ("c", "ct"))
    choose("errors", errors, ERRORS)
    choose("kernel", kernel, KERNELS)
    small_sample = read_flag("small_sample", small_sample)
    series = panel_series(data, column, demean=demean, unusable=unusable)
    values = in_own_units(series.stack("The Hadri test"))
    entities, periods = values.shape
    powers = POWERS[trend]
    if periods < powers + 2:
        raise InsufficientDataError(f"{periods} periods are too few for terms {trend!r}: {powers + 2} are needed.")
    residuals = detrend(values, powers)
    series.refuse_exact(residuals, values)
    widths = np.zeros(entities)
    divisor = periods - powers if small_sample else periods
    if errors == "serial":
        widths = entity_bandwidths(residuals, bandwidth, kernel)
        variances = long_run_variance(residuals, kernel, widths) * (periods / divisor)
    else:
        variances = np.square(residuals).sum(axis=1) / divisor
    used = np.full(entities, variances.mean()) if errors == "homoskedastic" else variances
    statistics = np.square(np.cumsum(residuals, axis=1)).sum(axis=1) / (periods**2 * used)
    mean, variance = MOMENTS[trend]
    average = float(statistics.mean())
    statistic = math.sqrt(entities / variance) * (average - mean)
    choices = {"Errors": errors}
    if errors == "serial":
        choices |= {"Kernel": kernel, "Bandwidth": bandwidths_in_words(widths, bandwidth)}
    size = PanelCase("hadri", {"errors": errors, "trend": trend})
    # No warning of errors that these may not be.
    autocorrelated = panel_size_notes(
        size._replace(options={**size.options, "root": ROOT}), ("Hadri",), entities, periods
    )
    return panel_test(
        z_test(
            "Hadri", statistic, f"every entity is stationary about a {'level' if trend == 'c' else 'trend'}", sides=1
        ),
        series,
        "some entity has a unit root",
        trend=trend,
        choices=choices,
        columns={"statistic": statistics, "variance": used, "bandwidth": widths},
        nobs=values.size,
        notes=[replace(note, code=f"{SIZE}-autocorrelated", warn=False) for note in autocorrelated],
        size=size,
    )
