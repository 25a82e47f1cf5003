r"""Levin, Lin and Chu's test: one autoregressive root for all entities, each with its own lags and variance.

References: Levin, Lin and Chu (2002), Journal of Econometrics 108, 1-24.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from panelvar.core.base.arguments import read_flag
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import choose
from panelvar.core.base.scaling import columns_in_own_units
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.sizes.panel_sizes import PanelCase
from panelvar.kernels.linear.lag_windows import KERNELS, RULES
from panelvar.kernels.linear.long_run import long_run_variance
from panelvar.nonstationary.panel_series.bandwidths import bandwidths_in_words, entity_bandwidths
from panelvar.nonstationary.panel_series.bootstrap import PanelBootstrap, draw_statistics, read_bootstrap
from panelvar.nonstationary.panel_series.entity_regressions import REASONS, lags_in_words, stack_regressions
from panelvar.nonstationary.panel_series.panel_series import PanelSeries, panel_series
from panelvar.nonstationary.panel_series.result import PanelTestResult, lower_test, panel_test
from panelvar.nonstationary.panel_series.terms import ALL, NULL, check_terms, detrend
from panelvar.nonstationary.panel_unit_roots.moments import levin_lin_chu_adjustment
from panelvar.nonstationary.unit_roots.one_series import POWERS
from panelvar.nonstationary.unit_roots.regressions import LevelRegressions

CONVENTIONS = ("default", "plm", "gretl", "stata")

FEWEST_ROWS = 8
"""Rows with which the table of adjustments and its extension begin."""

OWN_RULE = "levin-lin-chu"
"""The bandwidth of Levin, Lin and Chu, from the number of periods alone."""

# Other programs centre changes, by which the size differs most; theirs was simulated.
_SIMULATED = {"plm": "stata", "gretl": "stata"}
# What is taken out of the changes before their long-run variance: powers of time. Other programs take out the terms.
_CENTRED = {"n": 0, "c": 0, "ct": 1}


@documented
def llc_test(
    data: Any,
    column: Hashable | None = None,
    *,
    lags: int | str = "bic",
    trend: str = "c",
    max_lags: int | None = None,
    min_lags: int = 0,
    rows: str = "all",
    bandwidth: float | str = OWN_RULE,
    kernel: str = "bartlett",
    small_sample: bool = False,
    bootstrap: PanelBootstrap | None = None,
    demean: bool = False,
    unusable: str = "raise",
    convention: str = "default",
) -> PanelTestResult:
    r"""Test a unit root in every entity against one stationary root for all (Levin, Lin and Chu 2002).

    Each entity has an augmented Dickey-Fuller regression with :math:`p_i` lags. Terms and lags leave
    :math:`\tilde e_{it}` of its change and :math:`\tilde v_{i,t-1}` of its lagged level; both are divided by the
    standard deviation :math:`\hat\sigma_i` of the regression. The pooled regression
    :math:`\tilde e_{it} = \delta \tilde v_{i,t-1} + \tilde\varepsilon_{it}` has the t ratio :math:`t_\delta`, which is
    adjusted by the ratios of long-run to short-run deviations:

    .. math:: t^* = \frac{t_\delta - N \tilde T \hat S_N \hat\sigma_{\tilde\varepsilon}^{-2}
        \mathrm{STD}(\hat\delta)\, \mu_{\tilde T}}{\sigma_{\tilde T}} \to N(0, 1), \qquad
        \hat S_N = \frac1N \sum_i \hat\omega_i / \hat\sigma_i

    with :math:`\hat\omega_i^2` the long-run variance of the entity's changes, :math:`\tilde T` rows per entity on
    average, and the adjustments of their table 2.

    Parameters
    ----------
    {data (panel variable), column (panel variable), lags (Dickey-Fuller)}
    trend : {"n", "c", "ct"}
        Terms of each entity: nothing, a constant, or a constant and a trend.
    {max_lags (panel Dickey-Fuller), min_lags, rows}
    bandwidth : float or {"levin-lin-chu", "newey-west", "short", "long", "schwert", "stata", "andrews"}
        Lags of the long-run variances. "levin-lin-chu": :math:`3.21\,T^{1/3}`, rounded, of T changes. The other rules:
        see `kpss_test`.
    {kernel}
    small_sample : bool
        Divide the squares of each entity's regression by its degrees of freedom, and those of the pooled one by its
        rows less one (plm's ``dfcor``), not by rows.
    {bootstrap (panel), demean, unusable (panel variable)}
    convention : {"default", "plm", "gretl", "stata"}
        By default changes are centred before their long-run variance with a trend only, as table 2 was drawn. The other
        programs centre them with a constant and detrend them with a trend, which makes the test reject true nulls far
        too often. ``"plm"`` rounds :math:`3.21\,T^{1/3}` of the periods, ``"stata"`` truncates it, ``"gretl"``
        truncates that of the average rows. The table is read at the periods by ``"plm"``, at the most rows by
        ``"gretl"``, at the average rows by the others (their rules between printed sizes: the guide). Under ``"plm"`` a
        lag stays by "t-stat" as in `ips_test`.

    Returns
    -------
    PanelTestResult
        Standard normal, lower tail; ``individual`` has each entity's lags, rows, root less one, bandwidth and ratio of
        the long-run to the short-run deviation.

    Raises
    ------
    DataError, CollinearityError, NumericalError
        Periods are not the same for all entities, or an entity has gaps, does not vary, or follows its regression
        exactly.
    InsufficientDataError
        There are fewer than two entities, or fewer rows than the table and its extension have (8).

    See Also
    --------
    ips_test : a root for each entity.
    breitung_test : one root, without a correction of bias.
    panel_unit_root_table : many tests side by side.

    Notes
    -----
    Under the alternative all entities have one root; `ips_test` lets each have its own. Entities must be independent:
    common shocks make the test reject too often (``demean=True`` takes out a time effect of the same size for all), and
    so does a rule that chooses lags from few periods. All entities must have the same periods; one with more lags has
    fewer rows, and the test uses them all.

    Examples
    --------
    >>> import panelvar as pv
    >>> pv.llc_test(pv.load_data("grunfeld"), "value", lags=1).in_a_line()
    'z = 2.3966, p = 0.9917'
    """
    check_terms(trend)
    choose("kernel", kernel, KERNELS)
    choose("convention", convention, CONVENTIONS)
    small_sample = read_flag("small_sample", small_sample)
    series = panel_series(data, column, demean=demean, unusable=unusable)
    powers = (_CENTRED if convention == "default" else POWERS)[trend]

    def adjusted(panel: PanelSeries, panels: int) -> _Adjusted:
        # All that counts are ratios within entities: each may have units of its own.
        values = columns_in_own_units(panel.stack("The Levin-Lin-Chu test").T).T
        found, rule = stack_regressions(values, trend, lags, (min_lags, max_lags), rows, convention, residuals=True)
        panel.refuse_untested(found.status, REASONS)
        nobs = found.nobs.reshape(panels, -1)
        short_run = np.sqrt(found.rss / (found.df if small_sample else found.nobs))
        changes = np.diff(values, axis=1)
        if powers:
            changes = detrend(changes, powers)
        widths = _bandwidths(changes, bandwidth, kernel, convention, nobs.mean(axis=1))
        ratios = np.sqrt(long_run_variance(changes, kernel, widths)) / short_run
        coefficient, std_error, variance = _pool(found, short_run, panels, small_sample)
        # Plm reads the table at the periods, gretl at the most rows, others at the average.
        rows_read = {"plm": np.full(panels, values.shape[1]), "gretl": nobs.max(axis=1)}
        at = rows_read.get(convention, nobs.mean(axis=1))
        # Draws need no table, and have the adjustment of the first rows in it.
        adjust = levin_lin_chu_adjustment(trend, at if bootstrap is None else np.maximum(at, FEWEST_ROWS), convention)
        shift = ratios.reshape(panels, -1).mean(axis=1) * nobs.sum(axis=1) * std_error / variance * adjust.mean
        ratio = coefficient / std_error
        return _Adjusted((ratio - shift) / adjust.sd, ratio, coefficient, found, widths, ratios, rule)

    drawn = draw_statistics(
        series,
        trend,
        read_bootstrap(bootstrap),
        lambda panel, panels: adjusted(panel, panels).statistic[:, None],
        upper=(False,),
        demean=demean,
    )
    statistic, ratio, coefficient, found, widths, ratios, rule = adjusted(series, 1)
    test = lower_test("Levin-Lin-Chu adjusted t", float(statistic[0]), NULL)
    if bootstrap is not None and found.nobs.mean() < FEWEST_ROWS:
        test = replace(test, pvalue=math.nan)
    return panel_test(
        test,
        series,
        ALL,
        trend=trend,
        choices={
            "Lags": lags_in_words(found.orders, rule),
            "Kernel": kernel,
            "Bandwidth": bandwidths_in_words(widths, bandwidth),
            "Root less one": f"{coefficient[0]:.4f}",
            "Its t ratio": f"{ratio[0]:.4f}",
        },
        columns={
            "lags": found.orders,
            "rows": found.nobs,
            "coefficient": found.coefficient,
            "bandwidth": widths,
            "deviation_ratio": ratios,
        },
        nobs=int(found.nobs.sum()),
        size=PanelCase("llc", {"lags": lags, "trend": trend, "convention": _SIMULATED.get(convention, convention)}),
        drawn=drawn,
    )


class _Adjusted(NamedTuple):
    """Of each panel (panels,) the statistic, the t ratio and coefficient of its pooled regression, and of entities."""

    statistic: Array
    ratio: Array
    coefficient: Array
    regressions: LevelRegressions
    bandwidths: Array
    deviation_ratios: Array
    rule: str


def _pool(found: LevelRegressions, short_run: Array, panels: int, small_sample: bool) -> tuple[Array, Array, Array]:
    """Regress all changes on all lagged levels, each over its entity's deviation: slope, its error, and variance.

    Of each of so many panels.
    """
    assert found.level_left is not None
    change = (found.change_left / short_run[:, None]).reshape(panels, -1)
    level = (found.level_left / short_run[:, None]).reshape(panels, -1)
    squares = np.square(level).sum(axis=1)
    coefficient = (change * level).sum(axis=1) / squares
    left = np.square(change - coefficient[:, None] * level).sum(axis=1)
    count = found.nobs.reshape(panels, -1).sum(axis=1)
    std_error = np.sqrt(left / (count - 1 if small_sample else count) / squares)
    return coefficient, std_error, left / count


def _bandwidths(changes: Array, bandwidth: float | str, kernel: str, convention: str, rows: Array) -> Array:
    """Lags of each entity's long-run variance, of changes (N, T - 1) and, by panel, so many rows on average."""
    if not isinstance(bandwidth, str) or choose("bandwidth", bandwidth, (OWN_RULE, *RULES)) != OWN_RULE:
        return entity_bandwidths(changes, bandwidth, kernel)
    most = changes.shape[1]
    # The numbers of the table were drawn with the changes' number, rounded.
    whole = np.floor(rows)
    base = whole if convention == "gretl" else np.full(len(rows), most if convention == "default" else most + 1)
    width = 3.21 * base ** (1.0 / 3.0)
    lags = np.round(width) if convention in ("default", "plm") else np.floor(width)
    found = np.minimum(lags, whole - 3.0 if convention == "gretl" else most - 1.0)
    return np.repeat(found, len(changes) // len(rows))
