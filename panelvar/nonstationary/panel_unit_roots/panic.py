r"""Bai and Ng's test: unit roots of the factors of a panel, and of what they leave of each entity.

References: Bai and Ng (2004), Econometrica 72, 1127-1177; Bai and Ng (2010), Econometric Theory 26, 1088-1114.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.constants import constants
from panelvar.core.base.errors import InsufficientDataError, Note, SpecificationError, choose
from panelvar.core.base.scaling import exponents
from panelvar.core.base.shared_parameters import documented
from panelvar.core.tables.test_result import TestResult, own_test
from panelvar.estimates.sizes.panel_sizes import PanelCase
from panelvar.kernels.linear.common_trends import (
    changes,
    corrected_trend_statistic,
    cumulated_components,
    filtered_trend_statistic,
    main_directions,
)
from panelvar.kernels.linear.unit_regressions import ESTIMATED
from panelvar.nonstationary.panel_series.bandwidths import bandwidths_in_words
from panelvar.nonstationary.panel_series.bootstrap import PanelBootstrap, draw_statistics, read_bootstrap
from panelvar.nonstationary.panel_series.entity_regressions import (
    entity_regressions,
    lags_in_words,
    stack_regressions,
)
from panelvar.nonstationary.panel_series.panel_series import PanelSeries, panel_series
from panelvar.nonstationary.panel_series.pvalue_combinations import combine, combined_statistics
from panelvar.nonstationary.panel_series.result import PanelTestResult, end_notes, lower_test, panel_test
from panelvar.nonstationary.panel_series.terms import check_terms, detrend
from panelvar.nonstationary.panel_unit_roots.critical_values import lower_tail_pvalue
from panelvar.nonstationary.panel_unit_roots.pooled_roots import (
    PooledRoot,
    check_long_run,
    number_of_factors,
    numbers_of_factors,
    pooled_root,
    refuse_without_changes,
    refuse_without_own_part,
)
from panelvar.nonstationary.unit_roots.distributions import bounded_tau_pvalue, bridge_tau_pvalue, tau_pvalue
from panelvar.nonstationary.unit_roots.lag_orders import RULES
from panelvar.nonstationary.unit_roots.one_series import POWERS
from panelvar.nonstationary.unit_roots.regressions import LevelRegressions, alike
from panelvar.nonstationary.unit_roots.result import bound_notes

OWN_RULE = "bai-ng"
"""The lags of Bai and Ng, from the numbers of periods and entities alone."""

NULL = "every entity's own part has a unit root"
OF_2010 = ("P_a", "P_b", "PMSB")
LEVEL = 0.05
"""Significance level at which factors are found not to be stochastic trends."""
SOME = "the own parts of some entities are stationary"


@dataclass(frozen=True, eq=False, repr=False)
class PanicResult(PanelTestResult):
    """A `PanelTestResult` of a panel whose factors were taken out, and are tested beside it.

    Parameters
    ----------
    n_factors : int
        Factors, r.
    n_trends : int
        How many of them are stochastic trends: with one factor by its Dickey-Fuller test, with several by MQ_c, at 5
        percent.
    factors : (T - 1, r) array
        Factors, cumulated from the second period on, the most important first; their changes have mean square one.
    loadings : (N, r) array
    idiosyncratic : (T - 1, N) array
        What the factors leave of the entities, cumulated too.

    See Also
    --------
    panic_test : makes it.
    PanelTestResult : what it shares with other tests of panels.

    Examples
    --------
    >>> import numpy as np
    >>> import panelvar as pv
    >>> test = pv.panic_test(np.log(pv.load_data("public_capital")["pcap"]).unstack(0), factors=1)
    >>> test.factors.shape, test.loadings.shape, test.n_factors
    ((16, 1), (48, 1), 1)
    """

    n_factors: int = 0
    n_trends: int = 0
    factors: Array = field(default_factory=lambda: np.empty((0, 0)))
    loadings: Array = field(default_factory=lambda: np.empty((0, 0)))
    idiosyncratic: Array = field(default_factory=lambda: np.empty((0, 0)))


@documented
def panic_test(
    data: Any,
    column: Hashable | None = None,
    *,
    factors: int | None = None,
    criterion: str = "BIC3",
    max_factors: int | None = None,
    trend: str = "c",
    lags: int | str = OWN_RULE,
    max_lags: int | None = None,
    min_lags: int = 0,
    kernel: str = "quadratic-spectral",
    bandwidth: float | str = "andrews",
    bootstrap: PanelBootstrap | None = None,
    unusable: str = "raise",
) -> PanicResult:
    r"""Test unit roots in factors and in what they leave of each entity: PANIC (Bai and Ng 2004, 2010).

    :math:`y_{it} = d_t'\delta_i + \lambda_i'F_t + e_{it}`. Factors are principal components of the changes of y, about
    their means with a trend, and cumulated; so are the own parts :math:`\hat e_i`. With :math:`p_i` the p-value of the
    Dickey-Fuller ratio of :math:`\hat e_i` without terms,

    .. math:: P_{\hat e} = \frac{-2\sum_i \ln p_i - 2N}{\sqrt{4N}} \to N(0, 1).

    Parts of the test: the sum itself, chi2(2N), and the inverse normal Z (see `combine_pvalues`); of 2010

    .. math:: P_a = \frac{\sqrt N T(\hat\rho^+ - 1)}{\sqrt{2\hat\phi^4/\hat\omega^4}}, \quad
        P_b = \sqrt N T(\hat\rho^+ - 1)\sqrt{\frac{tr(\hat e_{-1}'\hat e_{-1})}{NT^2}\frac{\hat\omega^2}{\hat\phi^4}},
        \quad PMSB = \frac{\sqrt N\,(tr(\hat e'\hat e)/(NT^2) - \hat\omega^2/2)}{\sqrt{\hat\phi^4/3}}

    from the pooled root, corrected by one-sided long-run covariances (with a trend the constants are others, see the
    guide); and tests of the factors: one has an augmented Dickey-Fuller test about the terms, of several MQ_c and MQ_f
    say how many are stochastic trends.

    Parameters
    ----------
    {data (panel variable), column (panel variable)}
    factors : int, optional
        Number of factors, if it is known; zero leaves entities as they are.
    criterion : {"PC1", "PC2", "PC3", "IC1", "IC2", "IC3", "BIC3", "ER", "GR"}
        What finds the number of factors if you do not give it: Bai and Ng (2002), or Ahn and Horenstein (2013).
    max_factors : int, optional
        The most factors that the criterion may find: by default five, or a third of the entities or periods if that is
        less.
    trend : {"c", "ct"}
        Terms of each entity: a constant, or a constant and a trend.
    lags : int or {"bai-ng", "aic", "bic", "hqic", "t-stat"}
        Lags of the Dickey-Fuller regressions. "bai-ng": :math:`4(\min(N, T)/100)^{1/4}`, rounded down. The other rules:
        see `adf_test`. Under any rule MQ_c and MQ_f take "bai-ng".
    {max_lags (panel Dickey-Fuller), min_lags}
    kernel, bandwidth : {"quadratic-spectral", "bartlett", "parzen"}, float or str
        How the tests of 2010 estimate long-run variances of prewhitened residuals (Andrews and Monahan 1992). For the
        rules see `kpss_test`.
    {bootstrap (panel), unusable (panel variable)}

    Returns
    -------
    PanicResult
        :math:`P_{\hat e}`, standard normal, upper tail. ``individual`` has each entity's ratio and p-value, and its
        own share of the squares of its changes.

    Raises
    ------
    DataError, CollinearityError, NumericalError
        Periods are not the same for all entities, or an entity has gaps, does not vary, or has no part but the factors.
    InsufficientDataError
        There are too few periods or entities for the lags or factors.

    See Also
    --------
    moon_perron_test : factors in the errors.
    cips_test : one factor, by averages.

    Notes
    -----
    The null is about the own parts, which must be independent; factors may have unit roots or none. A panel is
    therefore stationary only if both are: see the parts. Without a trend p-values are MacKinnon's; with a trend they
    are those of the reciprocal of a Brownian bridge. Take factors of changes and never of levels, which would make the
    test reject whatever is true. In small panels PMSB rejects too rarely and P_a too often. In short ones MQ finds more
    trends than there are, and lags that a rule chooses make the test reject too often. Entities with a large variance
    lead the factors and decide how many are found: give logarithms, not levels of different sizes.

    Examples
    --------
    >>> import numpy as np
    >>> import panelvar as pv
    >>> capital = np.log(pv.load_data("public_capital")["pcap"]).unstack(0)
    >>> test = pv.panic_test(capital, factors=1)
    >>> test.in_a_line(), test.n_trends
    ('z = 9.0267, p < 0.0001', 1)
    """
    check_terms(trend, ("c", "ct"))
    check_long_run(kernel, bandwidth)
    by_rule = isinstance(lags, str) and choose("lags", lags, (OWN_RULE, *RULES)) == OWN_RULE
    series = panel_series(data, column, unusable=unusable)
    values = series.stack("PANIC").T
    periods, entities = values.shape
    unit = exponents(values)
    levels = np.ldexp(values, -unit)
    fixed = int(4.0 * (min(entities, periods) / 100.0) ** 0.25)
    used = fixed if by_rule else lags
    differences = changes(levels, trend)
    refuse_without_changes(series, differences, levels)
    rank = min(periods - 1 - (trend == "ct"), entities)
    count, how = number_of_factors(differences, rank, factors, criterion, max_factors)
    if count > len(_critical_values(trend)):
        raise SpecificationError(
            f"Tests of factors are known for up to {len(_critical_values(trend))} factors, and there are {count}."
        )
    found = cumulated_components(differences, count)
    refuse_without_own_part(series, found.idiosyncratic, differences, count)
    limits = (min_lags, max_lags)
    options = _How(trend, used, limits, kernel, bandwidth, factors, criterion, max_factors)
    drawn = draw_statistics(
        series,
        trend,
        read_bootstrap(bootstrap),
        lambda panel, panels: _statistics(panel, panels, options),
        upper=(True, True, False, False, False, False),
    )
    regressions, rule = _regress(series, found.idiosyncratic, options)
    pvalues, ends = _pvalues(regressions.ratios, trend)
    headline, *others = combine(pvalues, "Pm", ("P", "Z"), NULL)
    root = pooled_root(found.idiosyncratic, kernel, bandwidth)
    of_2010 = _statistics_of_2010(root, found.idiosyncratic, trend)
    tests, trends = _of_factors(found.factors, trend, used, limits, fixed if isinstance(used, str) else used)
    left = differences - np.diff(found.factors, axis=0, prepend=0.0) @ found.loadings.T
    of_own_parts = panel_test(
        replace(headline, name="PANIC"),
        series,
        SOME,
        trend=trend,
        parts=(
            *others,
            *(lower_test(name, float(value), NULL) for name, value in zip(OF_2010, of_2010, strict=True)),
            *tests,
        ),
        choices={
            "Factors": f"{count}{how}",
            "Stochastic trends among them": f"{trends}",
            "Lags": f"{lags_in_words(regressions.orders, rule)}{' (bai-ng)' if by_rule else ''}",
            "Kernel": kernel,
            "Bandwidth": bandwidths_in_words(root.bandwidths, bandwidth),
        },
        columns={
            "ratio": regressions.ratios,
            "pvalue": pvalues,
            "lags": regressions.orders,
            "rows": regressions.nobs,
            "own_share": np.square(left).sum(axis=0) / np.square(differences).sum(axis=0),
            "bandwidth": root.bandwidths,
        },
        nobs=int(regressions.nobs.sum()),
        notes=ends,
        size=PanelCase("panic", {"lags": lags, "trend": trend, "factors": factors and None}),
        drawn=drawn,
    )
    return PanicResult(
        **vars(of_own_parts),
        n_factors=count,
        n_trends=trends,
        factors=found.factors,
        loadings=np.ldexp(found.loadings, unit),
        idiosyncratic=np.ldexp(found.idiosyncratic, unit),
    )


class _How(NamedTuple):
    """How panels are tested: options of `panic_test`."""

    trend: str
    lags: int | str
    limits: tuple[int, int | None]
    kernel: str
    bandwidth: float | str
    factors: int | None
    criterion: str
    max_factors: int | None


def _regress(series: PanelSeries, own: Array, how: _How) -> tuple[LevelRegressions, str]:
    """Regressions of own parts (..., T - 1, N) of the entities of one panel, or of several one after another."""
    values = tuple(own.swapaxes(-2, -1).reshape(-1, own.shape[-2]))
    apart = replace(series, values=values, starts=series.starts + 1)
    return entity_regressions(apart, "n", how.lags, how.limits, "all", "default")


def _statistics(series: PanelSeries, panels: int, how: _How) -> Array:
    """The statistics of own parts (panels, 6) of so many panels."""
    values = np.stack(series.values)
    stack = values.reshape(panels, -1, values.shape[1]).swapaxes(1, 2)
    differences = changes(np.ldexp(stack, -exponents(stack)), how.trend)
    rank = min(differences.shape[1] - (how.trend == "ct"), differences.shape[2])
    counts, _ = numbers_of_factors(differences, rank, how.factors, how.criterion, how.max_factors)
    own = np.empty_like(differences)
    for number, same in alike(counts):
        own[same] = cumulated_components(differences[same], number).idiosyncratic
    pvalues, _ = _pvalues(_regress(series, own, how)[0].ratios, how.trend)
    combined = combined_statistics(pvalues.reshape(panels, -1), ("Pm", "P", "Z"))
    return np.concatenate(
        [combined, _statistics_of_2010(pooled_root(own, how.kernel, how.bandwidth), own, how.trend)], axis=1
    )


def _pvalues(ratios: Array, trend: str) -> tuple[Array, tuple[Note, ...]]:
    """P-values of the own parts' ratios, and a note where a ratio lies beyond the published ends."""
    if trend == "ct":
        return bridge_tau_pvalue(ratios), ()
    found, beyond = bounded_tau_pvalue(ratios, "n")
    return found, end_notes(beyond)


def _statistics_of_2010(root: PooledRoot, own: Array, trend: str) -> Array:
    """The statistics of 2010 (..., 3) of own parts (..., T - 1, N): of a pooled root, and of the levels' squares."""
    squares = np.square(own[..., 1:, :]).sum(axis=(-2, -1)) / (root.entities * root.rows**2)
    ratio = root.fourth / root.long**2
    if trend == "c":
        corrected = root.less(root.one_sided)
        values = (
            root.by_variance(corrected, 2.0 * ratio),
            root.by_squares(corrected, root.long / root.fourth),
            np.sqrt(3.0 * root.entities / root.fourth) * (squares - root.long / 2.0),
        )
    else:
        share = root.short / root.long
        corrected = root.root + 3.0 * share / root.rows
        values = (
            root.by_variance(corrected, 7.2 * ratio * share**2),
            root.by_squares(corrected, root.long / root.fourth / share**2 / 1.2),
            np.sqrt(45.0 * root.entities / root.fourth) * (squares - root.long / 6.0),
        )
    return np.stack(values, axis=-1)


def _of_factors(
    factors: Array, trend: str, lags: int | str, limits: tuple[int, int | None], fixed: int
) -> tuple[tuple[TestResult, ...], int]:
    """Tests of the factors, and how many of them are stochastic trends."""
    count = factors.shape[1]
    if count == 0:
        return (), 0
    if count == 1:
        found, _ = stack_regressions(factors.T, trend, lags, limits, "all", "default")
        if found.status[0] != ESTIMATED:
            raise InsufficientDataError("The factor has too few periods for the lags and terms of its test.")
        pvalue = float(tau_pvalue(found.ratios, trend)[0])
        name = f"Factor, augmented Dickey-Fuller (lags: {found.orders[0]})"
        return (own_test(name, float(found.ratios[0]), pvalue, "the factor has a unit root"),), int(pvalue >= LEVEL)
    about = detrend(factors.T, POWERS[trend]).T
    corrected = _in_sequence("MQ_c", about, trend, lambda paths: corrected_trend_statistic(paths, fixed))
    filtered = _in_sequence("MQ_f", about, trend, lambda paths: filtered_trend_statistic(paths, _order(paths, fixed)))
    return (*corrected[0], *filtered[0]), corrected[1]


def _in_sequence(
    name: str, about: Array, trend: str, statistic: Callable[[Array], float]
) -> tuple[tuple[TestResult, ...], int]:
    """Tests that all of m directions are stochastic trends, from all factors down to the first not rejected."""
    tests: list[TestResult] = []
    for trends in range(about.shape[1], 0, -1):
        value = statistic(main_directions(about, trends))
        critical = _critical_values(trend)[trends]
        pvalue, bound = lower_tail_pvalue(value, critical)
        null = f"{trends} of the factors {'are stochastic trends' if trends > 1 else 'is a stochastic trend'}"
        tests.append(own_test(f"{name} ({trends})", value, pvalue, null, bound_notes(pvalue, bound)))
        if value > critical[LEVEL]:
            return tuple(tests), trends
    return tuple(tests), 0


def _order(paths: Array, lags: int) -> int:
    """Lags of the autoregression of the changes of m paths: fewer where rows are not twice its coefficients."""
    periods, width = paths.shape
    return next(order for order in range(lags, -1, -1) if periods - 1 - order >= 2 * width * order)


@cache
def _critical_values(trend: str) -> dict[int, dict[float, float]]:
    """Of MQ_c and MQ_f by the number of stochastic trends, and by level."""
    found: dict[int, dict[float, float]] = {}
    for row in constants("nonstationary/panel_unit_roots", "bai_ng_trends"):
        if row.pop("trend") == trend:
            trends = int(row.pop("trends"))
            found[trends] = {float(level): float(value) for level, value in row.items()}
    return found
