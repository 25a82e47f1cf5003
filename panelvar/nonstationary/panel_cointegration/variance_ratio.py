r"""Westerlund's variance ratios: no cointegration where cumulated residuals dwarf the residuals.

Reference: Westerlund (2005), Econometric Reviews 24, 297-316.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from panelvar.core.base.distributions import normal_tail
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.sizes.panel_sizes import PanelCase
from panelvar.nonstationary.panel_cointegration.hypotheses import EVERY, NULL, SOME
from panelvar.nonstationary.panel_cointegration.moments import Moments, variance_ratio_moments
from panelvar.nonstationary.panel_cointegration.residuals import relation_residuals
from panelvar.nonstationary.panel_series.panel_system import panel_system
from panelvar.nonstationary.panel_series.result import PanelTestResult, panel_test
from panelvar.nonstationary.unit_roots.regressions import join_groups


@documented
def westerlund_variance_ratio_test(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    trend: str = "c",
    demean: bool = False,
    unusable: str = "raise",
    missing: str = "drop",
) -> PanelTestResult:
    r"""Test that no entity is cointegrated, by ratios without lags or bandwidths (Westerlund 2005).

    Each entity has its own relation, :math:`y_{it} = d_t'\delta_i + x_{it}'\beta_i + e_{it}`. With
    :math:`\hat E_{it} = \sum_{s \le t} \hat e_{is}` and
    :math:`V_i = T^{-2} \sum_t \hat E_{it}^2 / \sum_t \hat e_{it}^2`,

    .. math::
        VR_G = \sqrt N\, \Bigl(\frac1N \sum_i V_i - \mu_G\Bigr) \Big/ \sigma_G, \qquad
        VR_P = \sqrt N\, \Bigl(T^{-2} \frac{\sum_{it} \hat E_{it}^2}{\sum_{it} \hat e_{it}^2} - \mu_P\Bigr)
        \Big/ \sigma_P,

    each N(0, 1) (T to infinity, then N), with moments by trend and number of regressors, which were drawn. Stationary
    residuals make the ratios small.

    Parameters
    ----------
    {data, y (levels), x (levels)}
    trend : {"n", "c", "ct"}
        Terms :math:`d_t` of each entity: nothing, a constant, or a constant and a trend.
    {demean, unusable (relation), missing}

    Returns
    -------
    PanelTestResult
        :math:`VR_G`, against cointegration of some entities; ``parts`` has :math:`VR_P`, against that of all. Both
        reject in the lower tail. ``individual`` has each entity's ratio.

    Raises
    ------
    SpecificationError
        There are more than seven regressors.
    DataError, CollinearityError, NumericalError
        An entity has gaps, does not vary, or has variables that depend on one another.
    InsufficientDataError
        There are fewer than two entities, or an entity has too few periods.

    See Also
    --------
    westerlund_test : error correction, the test of 2007.
    pedroni_test, kao_test : residuals, with lags or bandwidths.

    Notes
    -----
    Autocorrelation needs no correction, at the price of power. In :math:`VR_P` entities with large residuals decide.
    Periods may differ between entities (sums are then divided by these), which must be independent (``demean=True``
    takes out a time effect of the same size for all). Variables that drift need ``trend="ct"``. Stata's ``xtcointtest
    westerlund`` prints :math:`VR_G`, or :math:`VR_P` with ``allpanels``. It is not the test of Westerlund (2007), of
    error correction.

    Examples
    --------
    >>> import panelvar as pv
    >>> pv.westerlund_variance_ratio_test(pv.load_data("grunfeld"), "invest ~ value + capital").in_a_line()
    'z = -2.3250, p = 0.0100'
    """
    system = panel_system(data, y, x, demean=demean, unusable=unusable, missing=missing)
    moments = variance_ratio_moments(trend, system.n_regressors)
    places, parts = [], []
    for stack in relation_residuals(system, trend):
        periods = stack.levels.shape[1]
        cumulated = np.square(stack.levels.cumsum(axis=1)).sum(axis=1) / periods**4
        places.append(stack.places)
        parts.append((cumulated, np.square(stack.levels).sum(axis=1) / periods**2, stack.exponents))
    cumulated, squares, exponents = join_groups(places, parts)
    ratios = cumulated / squares
    sizes = np.ldexp(1.0, 2 * (exponents - exponents.max()))
    pooled = float((sizes * cumulated).sum() / (sizes * squares).sum())
    return panel_test(
        _test("group", float(ratios.mean()), system.n_entities, moments["group"]),
        system,
        SOME,
        trend=trend,
        parts=(_test("panel", pooled, system.n_entities, moments["panel"]),),
        choices={"Average ratio": f"{ratios.mean():.4g}", "Pooled ratio": f"{pooled:.4g}"},
        columns={"ratio": ratios},
        nobs=int(system.periods.sum()),
        size=PanelCase("westerlund_variance_ratio", {"trend": trend}),
    )


def _test(name: str, ratio: float, entities: int, moments: Moments) -> PanelTestResult:
    z = math.sqrt(entities / moments.variance) * (ratio - moments.mean)
    title, alternative = f"Westerlund {name} variance ratio", EVERY if name == "panel" else SOME
    return PanelTestResult(title, z, normal_tail(-z, sides=1), "normal", null=NULL, alternative=alternative)
