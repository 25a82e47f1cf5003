r"""Pedroni's tests of no cointegration: seven statistics of the residuals of each entity's own relation.

References: Pedroni (1999), Oxford Bulletin of Economics and Statistics 61, 653-670; Pedroni (2004), Econometric Theory
20, 597-625.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import read_flag
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.distributions import normal_tail
from panelvar.core.base.errors import choose
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.sizes.panel_sizes import PanelCase
from panelvar.kernels.linear.lag_windows import KERNELS
from panelvar.kernels.linear.long_run import long_run_variance
from panelvar.nonstationary.panel_cointegration.hypotheses import EVERY, NULL, SOME
from panelvar.nonstationary.panel_cointegration.moments import CONVENTIONS, pedroni_moments
from panelvar.nonstationary.panel_cointegration.residuals import StackOfResiduals, relation_residuals
from panelvar.nonstationary.panel_series.bandwidths import bandwidths_in_words, entity_bandwidths
from panelvar.nonstationary.panel_series.bootstrap import PanelBootstrap, draw_statistics, read_bootstrap
from panelvar.nonstationary.panel_series.entity_regressions import REASONS, lags_in_words, stack_regressions
from panelvar.nonstationary.panel_series.panel_series import PanelSeries
from panelvar.nonstationary.panel_series.panel_system import PanelSystem, panel_system
from panelvar.nonstationary.panel_series.result import PanelTestResult, panel_test
from panelvar.nonstationary.unit_roots.regressions import LevelRegressions, join_groups

TITLES = {
    "group_adf": "group ADF t",
    "group_t": "group PP t",
    "group_rho": "group rho",
    "panel_adf": "panel ADF t",
    "panel_t": "panel PP t",
    "panel_rho": "panel rho",
    "panel_v": "panel v",
}
"""Names of the statistics; the first is that of the result."""

STATISTICS = {name: {"group_adf": "group_t", "panel_adf": "panel_t"}.get(name, name) for name in TITLES}
"""Each statistic, and the one whose moments it has."""


class _Entities(NamedTuple):
    r"""What N entities contribute.

    In units of the variances :math:`\hat L_i^2` and of the periods: sums of squared lagged residuals, and of their
    products with changes less the one-sided covariances; long-run variances of the innovations. ``lag_`` says the same
    of what lagged changes leave, with the error variances of these regressions.
    """

    squares: Array
    cross: Array
    innovation: Array
    lag_squares: Array
    lag_cross: Array
    lag_innovation: Array
    variance: Array
    root: Array
    ratio: Array
    lags: Positions
    rows: Positions
    bandwidth: Array
    change_bandwidth: Array
    status: NDArray[np.int8]


@documented
def pedroni_test(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    trend: str = "c",
    lags: int | str = "bic",
    max_lags: int | None = None,
    min_lags: int = 0,
    rows: str = "all",
    bandwidth: float | str = "newey-west",
    kernel: str = "bartlett",
    weighted: bool = True,
    bootstrap: PanelBootstrap | None = None,
    demean: bool = False,
    unusable: str = "raise",
    convention: str = "default",
    missing: str = "drop",
) -> PanelTestResult:
    r"""Test that no entity is cointegrated, by seven statistics of residuals (Pedroni 1999, 2004).

    Each entity has its own relation, :math:`y_{it} = d_t'\delta_i + x_{it}'\beta_i + e_{it}`, whose residuals
    follow :math:`\hat e_{it} = \hat\rho_i \hat e_{i,t-1} + \hat\mu_{it}`. With :math:`s_i^2` and
    :math:`\hat\sigma_i^2` the variance and the long-run variance of :math:`\hat\mu_i`,
    :math:`\hat\lambda_i = (\hat\sigma_i^2 - s_i^2)/2`, and :math:`\hat L_i^2` the long-run variance of what a
    regression of :math:`\Delta y_i` on :math:`\Delta x_i` leaves, the sums

    .. math:: A_i = T^{-2} \sum_t \hat e_{i,t-1}^2, \qquad
        B_i = T^{-1} \sum_t (\hat e_{i,t-1} \Delta\hat e_{it} - \hat\lambda_i)

    make, with :math:`w_i = \hat L_i^{-2}`,

    .. math::
        \text{panel } v &= \frac{N^{3/2}}{\sum w_i A_i}, \qquad
        \text{panel } \rho = \sqrt N \frac{\sum w_i B_i}{\sum w_i A_i}, \qquad
        \text{panel PP } t = \frac{\sum w_i B_i}{\sqrt{N^{-1} \sum w_i \hat\sigma_i^2 \sum w_i A_i}}, \\
        \text{group } \rho &= \frac{1}{\sqrt N} \sum \frac{B_i}{A_i}, \qquad
        \text{group PP } t = \frac{1}{\sqrt N} \sum \frac{B_i}{\sqrt{\hat\sigma_i^2 A_i}}.

    For the ADF statistics, lagged changes are taken out of :math:`\hat e_{i,t-1}` and :math:`\Delta\hat e_{it}` in
    place of :math:`\hat\lambda_i`: the panel one is the same ratio with the error variances of these regressions, the
    group one :math:`N^{-1/2}` times the sum of their t ratios. Each less :math:`\mu \sqrt N`, over
    :math:`\sqrt\nu`, is N(0, 1) (T to infinity, then N), with moments by trend and number of regressors.

    Parameters
    ----------
    {data, y (levels), x (levels)}
    trend : {"n", "c", "ct"}
        Terms :math:`d_t` of each entity: nothing, a constant, or a constant and a trend.
    {lags (Dickey-Fuller), max_lags (panel Dickey-Fuller), min_lags, rows, bandwidth, kernel}
    weighted : bool
        Weight the panel statistics by :math:`\hat L_i^{-2}` (1999), or not (2004): then :math:`w_i = 1`, and panel v
        is multiplied by the mean of :math:`\hat L_i^2`. Without weights, entities with large variances decide.
    {bootstrap (panel), demean, unusable (relation)}
    convention : {"default", "published"}
        "default": the printed moments, except three that draws refute (with one regressor: panel v and panel rho with a
        trend, group rho without terms). "published": all moments as printed.
    {missing}

    Returns
    -------
    PanelTestResult
        The group ADF statistic; ``parts`` has the other six. Panel v rejects in the upper tail, the others in the lower
        one. ``individual`` has each entity's root, ADF ratio, lags, rows and bandwidths.

    Raises
    ------
    SpecificationError
        There are more than seven regressors.
    DataError, CollinearityError, NumericalError
        An entity has gaps, does not vary, has variables that depend on one another, or has residuals that follow their
        regression exactly.
    InsufficientDataError
        There are fewer than two entities, or an entity has too few periods.

    See Also
    --------
    kao_test : one relation for all entities.
    westerlund_test : error correction in place of residuals.
    fit_fmols : the relation.

    Notes
    -----
    The group ADF statistic comes first because it is nearest to its level in small samples and does not need one root
    for all. In small samples the PP statistics reject too often, group rho and panel v too rarely. If a rule chooses
    lags from few periods the ADF statistics reject too often; with lags given beforehand they do not, if these suffice.
    Panel v hardly rejects where errors die out at once. Periods may differ between entities, which must be independent
    (``demean=True`` takes out a time effect of the same size for all). Variables that drift need ``trend="ct"``. A
    rejection does not say which entities are cointegrated.

    Examples
    --------
    >>> import panelvar as pv
    >>> test = pv.pedroni_test(pv.load_data("grunfeld"), "invest ~ value + capital", lags=1)
    >>> test.in_a_line()
    'z = -4.6835, p < 0.0001'
    >>> test.parts[1].name, test.parts[1].in_a_line()
    ('Pedroni group rho', 'z = -1.0748, p = 0.1412')
    """
    choose("kernel", kernel, KERNELS)
    choose("convention", convention, CONVENTIONS)
    weighted = read_flag("weighted", weighted)
    system = panel_system(data, y, x, demean=demean, unusable=unusable, missing=missing)
    moments = pedroni_moments(trend, system.n_regressors, convention)

    def regress(panel: PanelSystem) -> tuple[_Entities, str]:
        places, parts, rule = [], [], "given"
        for stack in relation_residuals(panel, trend):
            regressions, rule = stack_regressions(
                stack.levels, "n", lags, (min_lags, max_lags), rows, "default", residuals=True
            )
            places.append(stack.places)
            parts.append(_entities(stack, regressions, bandwidth, kernel))
        found = join_groups(places, parts)
        residuals = PanelSeries(panel.labels, panel.values, panel.starts, f"residual of {panel.dependent}")
        residuals.refuse_untested(found.status, REASONS)
        return found, rule

    def scores(found: _Entities, panels: int) -> Array:
        values, n = _statistics(found, weighted, panels), system.n_entities
        standardised = (
            (values[name] - math.sqrt(n) * moments[like].mean) / math.sqrt(moments[like].variance)
            for name, like in STATISTICS.items()
        )
        return np.stack(list(standardised), axis=1)

    drawn = draw_statistics(
        system,
        trend,
        read_bootstrap(bootstrap),
        lambda panel, panels: scores(regress(panel)[0], panels),
        upper=tuple(name == "panel_v" for name in STATISTICS),
        demean=bool(demean),
    )
    found, rule = regress(system)
    tests = [_test(name, value) for name, value in zip(STATISTICS, scores(found, 1)[0].tolist(), strict=True)]
    return panel_test(
        tests[0],
        system,
        SOME,
        trend=trend,
        parts=tests[1:],
        choices={
            "Lags": lags_in_words(found.lags, rule),
            "Kernel": kernel,
            "Bandwidth": bandwidths_in_words(found.bandwidth, bandwidth),
            "Panel statistics": "weighted by long-run variances" if weighted else "not weighted",
        },
        columns={
            "root": found.root,
            "ratio": found.ratio,
            "lags": found.lags,
            "rows": found.rows,
            "bandwidth": found.bandwidth,
            "bandwidth_of_changes": found.change_bandwidth,
        },
        nobs=int(system.periods.sum()),
        size=PanelCase("pedroni", {"lags": lags, "trend": trend}),
        drawn=drawn,
    )


def _entities(stack: StackOfResiduals, regressions: LevelRegressions, bandwidth: float | str, kernel: str) -> _Entities:
    """What entities of one length contribute; NaN where there is no Dickey-Fuller regression."""
    left, lag_left = regressions.level_left, regressions.change_left
    assert left is not None
    before, change = stack.levels[:, :-1], np.diff(stack.levels, axis=1)
    periods = stack.levels.shape[1]
    squares, cross = np.square(before).sum(axis=1), (before * change).sum(axis=1)
    slope = cross / np.where(squares > 0.0, squares, 1.0)
    innovations = change - slope[:, None] * before
    widths = entity_bandwidths(innovations, bandwidth, kernel)
    change_widths = entity_bandwidths(stack.changes, bandwidth, kernel)
    long_run = long_run_variance(innovations, kernel, widths)
    one_sided = 0.5 * (long_run - np.square(innovations).mean(axis=1))
    own = long_run_variance(stack.changes, kernel, change_widths)
    return _Entities(
        squares / (periods**2 * own),
        (cross - (periods - 1) * one_sided) / (periods * own),
        long_run / own,
        np.square(left).sum(axis=1) / (periods**2 * own),
        (left * lag_left).sum(axis=1) / (periods * own),
        regressions.rss / (regressions.df * own),
        np.ldexp(own, 2 * stack.exponents),
        1.0 + slope,
        regressions.ratios,
        regressions.orders,
        regressions.nobs,
        widths,
        change_widths,
        regressions.status,
    )


def _statistics(found: _Entities, weighted: bool, panels: int) -> dict[str, Array]:
    """The seven statistics (panels,) of so many panels, before they are standardised."""
    sums = np.array(found[:6]).reshape(6, panels, -1)
    n = sums.shape[2]
    root = math.sqrt(n)
    # In units of the long-run variances all entities count alike.
    variance = found.variance.reshape(panels, n)
    counts = np.ones((panels, n)) if weighted else variance / variance.max(axis=1, keepdims=True)
    squares, cross, innovation, lag_squares, lag_cross, lag_innovation = (counts * sums).mean(axis=2)
    own_squares, own_cross, own_innovation = sums[:3]
    return {
        "group_adf": found.ratio.reshape(panels, n).sum(axis=1) / root,
        "group_t": (own_cross / np.sqrt(own_innovation * own_squares)).sum(axis=1) / root,
        "group_rho": (own_cross / own_squares).sum(axis=1) / root,
        "panel_adf": root * lag_cross / np.sqrt(lag_innovation * lag_squares),
        "panel_t": root * cross / np.sqrt(innovation * squares),
        "panel_rho": root * cross / squares,
        "panel_v": root * counts.mean(axis=1) / squares,
    }


def _test(name: str, z: float) -> PanelTestResult:
    """A statistic, standardised: panel v rejects in the upper tail, the others in the lower."""
    tail = normal_tail(z if name == "panel_v" else -z, sides=1)
    alternative = EVERY if name.startswith("panel") else SOME
    title = f"Pedroni {TITLES[name]}"
    return PanelTestResult(title, z, tail, "normal", null=NULL, alternative=alternative)
