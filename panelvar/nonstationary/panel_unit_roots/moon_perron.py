r"""Moon and Perron's test: one autoregressive root for all entities, once the factors of their errors are out.

Reference: Moon and Perron (2004), Journal of Econometrics 122, 81-126.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np

from panelvar.core.base.arguments import read_flag
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import InsufficientDataError
from panelvar.core.base.scaling import in_own_units
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.sizes.panel_sizes import PanelCase
from panelvar.kernels.linear.principal_components import principal_components
from panelvar.nonstationary.panel_series.bandwidths import bandwidths_in_words
from panelvar.nonstationary.panel_series.bootstrap import PanelBootstrap, draw_statistics, read_bootstrap
from panelvar.nonstationary.panel_series.panel_series import PanelSeries, panel_series
from panelvar.nonstationary.panel_series.result import PanelTestResult, lower_test, panel_test
from panelvar.nonstationary.panel_series.terms import NULL, SOME, check_terms, detrend
from panelvar.nonstationary.panel_unit_roots.pooled_roots import (
    PooledRoot,
    check_long_run,
    numbers_of_factors,
    plain_root,
    pooled_root,
    refuse_without_changes,
    refuse_without_own_part,
)
from panelvar.nonstationary.unit_roots.regressions import alike

FEWEST_ROWS = 5
"""Rows that the regressions need, for prewhitened variances of residuals on a trend and a root."""


@documented
def moon_perron_test(
    data: Any,
    column: Hashable | None = None,
    *,
    factors: int | None = None,
    criterion: str = "BIC3",
    max_factors: int | None = None,
    trend: str = "c",
    kernel: str = "quadratic-spectral",
    bandwidth: float | str = "andrews",
    small_sample: bool = True,
    bootstrap: PanelBootstrap | None = None,
    unusable: str = "raise",
) -> PanelTestResult:
    r"""Test a unit root in every entity of a panel whose errors have factors (Moon and Perron 2004).

    With :math:`\hat\Lambda` the loadings of the factors of :math:`Y - \hat\rho Y_{-1}`, of the pooled root, and
    :math:`Q = I - \hat\Lambda(\hat\Lambda'\hat\Lambda)^{-1}\hat\Lambda'`, the root of what is left is corrected by
    the average one-sided long-run covariance :math:`\hat\lambda` of the residuals,

    .. math:: \hat\rho^* = \frac{tr(Y_{-1}QY') - NT\hat\lambda}{tr(Y_{-1}QY_{-1}')}, \qquad
        t_a = \frac{\sqrt N T(\hat\rho^* - 1)}{\sqrt{2\hat\phi^4/\hat\omega^4}}, \qquad
        t_b = \sqrt N T(\hat\rho^* - 1)\sqrt{\frac{tr(Y_{-1}QY_{-1}')}{NT^2}\frac{\hat\omega^2}{\hat\phi^4}},

    :math:`\hat\omega^2` and :math:`\hat\phi^4` being averages of long-run variances and of their squares. With a trend,
    of the residuals on it, :math:`-\hat\sigma^2/2` stands for :math:`\hat\lambda`, 15/4 for 2 in :math:`t_a`, and
    :math:`4\hat\omega^2` for :math:`\hat\omega^2` in :math:`t_b`.

    Parameters
    ----------
    {data (panel variable), column (panel variable)}
    factors : int, optional
        Number of factors of the errors, if it is known; zero leaves entities as they are.
    criterion : {"PC1", "PC2", "PC3", "IC1", "IC2", "IC3", "BIC3", "ER", "GR"}
        What finds the number of factors if you do not give it: Bai and Ng (2002), or Ahn and Horenstein (2013).
    max_factors : int, optional
        The most factors that the criterion may find: by default five, or a third of the entities or periods if that is
        less.
    trend : {"n", "c", "ct"}
        Terms of each entity: none, a constant, which is taken out with the first observation, or a constant and a
        trend, on which it is regressed.
    kernel, bandwidth : {"quadratic-spectral", "bartlett", "parzen"}, float or str
        How long-run variances of prewhitened residuals are estimated (Andrews and Monahan 1992). For the rules see
        `kpss_test`.
    small_sample : bool
        Divide squares of residuals by the rows less the root, and less the terms of a trend, not by rows as the paper
        does. By rows, the test with a trend rejects true nulls too often in short panels.
    {bootstrap (panel), unusable (panel variable)}

    Returns
    -------
    PanelTestResult
        :math:`t_b`, standard normal, lower tail; ``parts`` has :math:`t_a`. ``individual`` has each entity's variance,
        long-run variance, and its own share of the squares of its residuals.

    Raises
    ------
    DataError, CollinearityError, NumericalError
        Periods are not the same for all entities, or an entity has gaps, does not vary, or has no part but the factors.
    InsufficientDataError
        There are too few periods or entities for the factors.

    See Also
    --------
    panic_test : tests factors and own parts apart.
    cips_test : one factor.

    Notes
    -----
    Factors are in the errors: under the null factors and own parts have unit roots together. Where a factor alone has
    the unit root, or the own parts alone, use `panic_test`, which tests both. With a trend the test has next to no
    power against roots near one. :math:`t_a` rejects too often in small panels. :math:`t_b` does so less, except with a
    trend and ten entities. With a trend and few periods the criteria find factors that are not there, and the test
    rejects true nulls far too often; ``factors=0`` helps where there are none. Entities with a large variance lead the
    factors: give logarithms, not levels of different sizes.

    Examples
    --------
    >>> import numpy as np
    >>> import panelvar as pv
    >>> capital = np.log(pv.load_data("public_capital")["pcap"]).unstack(0)
    >>> pv.moon_perron_test(capital, factors=1).in_a_line()
    'z = -1.7040, p = 0.0442'
    """
    check_terms(trend)
    check_long_run(kernel, bandwidth)
    small_sample = read_flag("small_sample", small_sample)
    series = panel_series(data, column, unusable=unusable)
    entities, periods = series.stack("The Moon-Perron test").shape
    rows = periods - 1
    if rows < FEWEST_ROWS:
        raise InsufficientDataError(f"{periods} periods are too few. At least {FEWEST_ROWS + 1} are needed.")
    lost = (3 if trend == "ct" else 1) * small_sample

    def test(panel: PanelSeries, panels: int) -> _Tested:
        values = in_own_units(np.stack(panel.values))
        left = detrend(values, 2) if trend == "ct" else values - values[:, :1] * (trend == "c")
        refuse_without_changes(panel, left.T, values.T)
        levels = left.reshape(panels, entities, periods).swapaxes(1, 2)
        whole = plain_root(levels)
        errors = levels[:, 1:] - whole[:, None, None] * levels[:, :-1]
        counts, how = numbers_of_factors(errors, min(rows, entities), factors, criterion, max_factors)
        own, own_errors = np.empty_like(levels), np.empty_like(errors)
        for number, same in alike(counts):
            found = principal_components(errors[same], number, normalisation="loadings")
            loadings = np.linalg.qr(found.loadings)[0]
            turned = loadings.swapaxes(1, 2)
            own[same] = levels[same] - (levels[same] @ loadings) @ turned
            own_errors[same] = errors[same] - (errors[same] @ loadings) @ turned
        pooled = pooled_root(own, kernel, bandwidth, root=whole, lost=lost)
        return _Tested(pooled, counts, how, errors, own_errors)

    drawn = draw_statistics(
        series,
        trend,
        read_bootstrap(bootstrap),
        lambda panel, panels: _statistics(test(panel, panels).pooled, trend),
        upper=(False, False),
    )
    tested = test(series, 1)
    found, count, (errors,), (own_errors,) = tested.pooled, int(tested.counts[0]), tested.errors, tested.own_errors
    refuse_without_own_part(series, own_errors, errors, count)
    statistic, first = _statistics(found, trend)[0].tolist()
    return panel_test(
        lower_test("Moon-Perron t_b", statistic, NULL),
        series,
        SOME,
        trend=trend,
        parts=(lower_test("t_a", first, NULL),),
        choices={
            "Factors": f"{count}{tested.how}",
            "Kernel": kernel,
            "Bandwidth": bandwidths_in_words(found.bandwidths[0], bandwidth),
            "Pooled root": f"{found.less(_bias(found, trend))[0]:.4f}",
        },
        columns={
            "variance": found.variances[0],
            "long_run_variance": found.long_run[0],
            "bandwidth": found.bandwidths[0],
            "own_share": np.square(own_errors).sum(axis=0) / np.square(errors).sum(axis=0),
        },
        nobs=entities * rows,
        size=PanelCase("moon_perron", {"trend": trend, "factors": factors and None}),
        drawn=drawn,
    )


class _Tested(NamedTuple):
    """Of panels the pooled root, numbers of factors and how they were found, and errors with them and without."""

    pooled: PooledRoot
    counts: Positions
    how: str
    errors: Array
    own_errors: Array


def _bias(found: PooledRoot, trend: str) -> Array:
    return -0.5 * found.short if trend == "ct" else found.one_sided


def _statistics(found: PooledRoot, trend: str) -> Array:
    """t_b and t_a (panels, 2)."""
    variance, precision = (3.75, 4.0) if trend == "ct" else (2.0, 1.0)
    root = found.less(_bias(found, trend))
    first = found.by_variance(root, variance * found.fourth / found.long**2)
    return np.stack([found.by_squares(root, precision * found.long / found.fourth), first], axis=1)
