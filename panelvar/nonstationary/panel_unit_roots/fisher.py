r"""Tests that combine p-values of unit-root tests of every entity.

References: Maddala and Wu (1999), Oxford Bulletin of Economics and Statistics 61; Choi (2001), Journal of International
Money and Finance 20; Hanck (2013), Econometric Reviews 32; Demetrescu, Hassler and Tarcolea (2006), Oxford Bulletin of
Economics and Statistics 68.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import Note, choose
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.sizes.panel_sizes import PanelCase
from panelvar.kernels.linear.lag_windows import KERNELS
from panelvar.kernels.linear.unit_regressions import ESTIMATED
from panelvar.nonstationary.panel_series.bandwidths import bandwidths_in_words
from panelvar.nonstationary.panel_series.bootstrap import PanelBootstrap, draw_statistics, read_bootstrap
from panelvar.nonstationary.panel_series.entity_regressions import entity_regressions, lags_in_words
from panelvar.nonstationary.panel_series.panel_series import PanelSeries, panel_series
from panelvar.nonstationary.panel_series.pvalue_combinations import (
    UPPER,
    combine,
    combined_statistics,
    hommel_adjusted,
)
from panelvar.nonstationary.panel_series.result import PanelTestResult, end_notes, panel_test
from panelvar.nonstationary.panel_series.terms import NULL, SOME, check_terms
from panelvar.nonstationary.unit_roots.distributions import at_an_end, bounded_tau_pvalue, simulated_tau_pvalue
from panelvar.nonstationary.unit_roots.long_run import phillips_perron_tests
from panelvar.nonstationary.unit_roots.one_series import refusal
from panelvar.nonstationary.unit_roots.regressions import join_by_length

TESTS = ("adf", "pp")
CONVENTIONS = ("default", "plm", "gretl", "stata")
FEW_FOR_PP = 15
"""Periods below which Phillips-Perron tests are far from their distribution."""
FEW_PERIODS = (
    "Phillips-Perron tests of so few periods are far from their distribution and reject true nulls far too often. "
    "bootstrap=PanelBootstrap() has p-values for so few."
)
STATISTICS = ("Z", "P", "Pm", "L*", "hartung")


@documented
def fisher_test(
    data: Any,
    column: Hashable | None = None,
    *,
    test: str = "adf",
    statistic: str = "Z",
    lags: int | str = "bic",
    trend: str = "c",
    max_lags: int | None = None,
    min_lags: int = 0,
    rows: str = "all",
    bandwidth: float | str = "short",
    kernel: str = "bartlett",
    bootstrap: PanelBootstrap | None = None,
    demean: bool = False,
    unusable: str = "raise",
    convention: str = "default",
) -> PanelTestResult:
    r"""Test a unit root in every entity by combining the p-values of their own tests (Maddala and Wu 1999; Choi 2001).

    The p-values :math:`p_i` of Dickey-Fuller or Phillips-Perron tests of the entities make

    .. math:: Z = \frac{1}{\sqrt N} \sum_i \Phi^{-1}(p_i) \to N(0, 1), \qquad
        P = -2 \sum_i \ln p_i \to \chi^2(2N)

    and others: see `panelvar.nonstationary.panel_series.pvalue_combinations`.

    Parameters
    ----------
    {data (panel variable), column (panel variable)}
    test : {"adf", "pp"}
        Test of each entity: `adf_test` or `phillips_perron_test`.
    statistic : {"Z", "P", "Pm", "L*", "hartung"}
        Which statistic is the result; the others are its ``parts``. Z (Choi's advice) has the best size. Hartung's
        allows for correlated entities, if all pairs are correlated alike.
    {lags (Dickey-Fuller)}
        For ``test="adf"`` alone, as are max_lags, min_lags and rows.
    trend : {"n", "c", "ct"}
        Terms of each entity: none, a constant, or a constant and a trend.
    {max_lags (panel Dickey-Fuller), min_lags, rows}
    bandwidth, kernel : float or str, {"bartlett", "parzen", "quadratic-spectral"}
        How the long-run variances are estimated, see `phillips_perron_test`; for ``test="pp"`` alone.
    {bootstrap (panel), demean, unusable (panel variable)}
    convention : {"default", "plm", "gretl", "stata"}
        Which p-values entities have. By default they are for the rows of each regression. Under ``"plm"`` they are for
        long series, under ``"gretl"`` for long series where there are lags, under ``"stata"`` MacKinnon's (1994). Under
        ``"plm"`` the error variance of each regression is divided by its rows, too, as in `ips_test`.

    Returns
    -------
    PanelTestResult
        ``individual`` has each entity's ratio, p-value, and lags or bandwidth.

    Raises
    ------
    DataError, CollinearityError, NumericalError
        An entity has gaps, does not vary, or follows its regression exactly.
    InsufficientDataError
        There are fewer than two entities, or too few periods for the lags.

    See Also
    --------
    simes_test : which entities reject.
    ips_test : averages the ratios instead of p-values.
    combine_pvalues : p-values of any tests.

    Notes
    -----
    Lags, roots and periods may differ between entities. P-values come from simulated distributions of the ratio
    without lags (``nonstationary/unit_roots/constants/dickey_fuller_quantiles.csv``), for the number of rows of each
    regression. Those of `adf_test` are for long series: with few periods P and Pm would reject far too often by them.
    If a rule chooses lags from few periods the test rejects too often. Entities must be independent (``demean=True``
    takes out a time effect of the same size for all), except for Hartung's statistic.

    Examples
    --------
    >>> import panelvar as pv
    >>> test = pv.fisher_test(pv.load_data("grunfeld"), "value", lags=1)
    >>> test.in_a_line()
    'z = -0.9017, p = 0.1836'
    >>> [part.name for part in test.parts]
    ['Maddala-Wu P (Fisher)', "Choi's Pm (modified P)", "Choi's L* (logit)", "Hartung's t (correlated tests)"]
    """
    choose("statistic", statistic, STATISTICS)
    _check_choices(test, trend, kernel, convention)
    series = panel_series(data, column, demean=demean, unusable=unusable)
    how = _Tests(test, trend, lags, (min_lags, max_lags), rows, bandwidth, kernel, convention)
    return _combine_tests(statistic, series, how, read_bootstrap(bootstrap), demean)


@documented
def simes_test(
    data: Any,
    column: Hashable | None = None,
    *,
    test: str = "adf",
    lags: int | str = "bic",
    trend: str = "c",
    max_lags: int | None = None,
    min_lags: int = 0,
    rows: str = "all",
    bandwidth: float | str = "short",
    kernel: str = "bartlett",
    bootstrap: PanelBootstrap | None = None,
    demean: bool = False,
    unusable: str = "raise",
    convention: str = "default",
) -> PanelTestResult:
    r"""Test a unit root in every entity by the ordered p-values of their own tests, and say which reject (Hanck 2013).

    With :math:`p_{(1)} \le \dots \le p_{(N)}` the p-values of the entities, all unit roots are rejected at level
    :math:`\alpha` where some :math:`p_{(j)} \le j \alpha / N`: :math:`\min_j N p_{(j)} / j` is the p-value (Simes).

    Parameters
    ----------
    {data (panel variable), column (panel variable)}
    test : {"adf", "pp"}
        Test of each entity: `adf_test` or `phillips_perron_test`.
    {lags (Dickey-Fuller)}
        For ``test="adf"`` alone, as are max_lags, min_lags and rows.
    trend : {"n", "c", "ct"}
        Terms of each entity: none, a constant, or a constant and a trend.
    {max_lags (panel Dickey-Fuller), min_lags, rows}
    bandwidth, kernel : float or str, {"bartlett", "parzen", "quadratic-spectral"}
        How the long-run variances are estimated, see `phillips_perron_test`; for ``test="pp"`` alone.
    {bootstrap (panel), demean, unusable (panel variable)}
    convention : {"default", "plm", "gretl", "stata"}
        Which p-values entities have, as in `fisher_test`.

    Returns
    -------
    PanelTestResult
        ``individual`` has each entity's ratio, its p-value, and the one adjusted for there being N of them (Hommel
        1988): entities where that is no larger than a level are those that are found stationary at it (plm's
        ``phansitest``).

    Raises
    ------
    DataError, CollinearityError, NumericalError, InsufficientDataError
        As in `fisher_test`.

    See Also
    --------
    fisher_test : many entities that are weakly stationary.
    combine_pvalues : p-values of any tests.

    Notes
    -----
    The test holds its level where entities are independent or positively dependent, as common shocks make them, and it
    needs no variance of the panel. A single entity that is clearly stationary suffices for a rejection. Many that are
    weakly stationary are found by `fisher_test`.

    Examples
    --------
    >>> import panelvar as pv
    >>> test = pv.simes_test(pv.load_data("grunfeld"), "value", lags=1)
    >>> round(test.pvalue, 3)
    0.106
    >>> test.individual.round(3).head(2)
                       ratio  pvalue  lags  rows  coefficient  adjusted_pvalue
    entity
    American Steel    -2.512   0.130     1    18       -0.745            0.849
    Atlantic Refining  0.060   0.953     1    18        0.009            0.999
    """
    _check_choices(test, trend, kernel, convention)
    series = panel_series(data, column, demean=demean, unusable=unusable)
    how = _Tests(test, trend, lags, (min_lags, max_lags), rows, bandwidth, kernel, convention)
    return _combine_tests("simes", series, how, read_bootstrap(bootstrap), demean)


_NAMES = {"adf": "Dickey-Fuller", "pp": "Phillips-Perron"}


def _check_choices(test: str, trend: str, kernel: str, convention: str) -> None:
    choose("test", test, TESTS)
    check_terms(trend)
    choose("kernel", kernel, KERNELS)
    choose("convention", convention, CONVENTIONS)


class _Tests(NamedTuple):
    """How the entities are tested: the options of `fisher_test`."""

    test: str
    trend: str
    lags: int | str
    limits: tuple[int, int | None]
    rows: str
    bandwidth: float | str
    kernel: str
    convention: str


class _Tested(NamedTuple):
    """What tests of the entities found; what depends on the test is in ``columns``, and in words in ``choices``."""

    ratios: Array
    pvalues: Array
    rows: Positions
    coefficients: Array
    columns: dict[str, NDArray[Any]]
    choices: dict[str, str]
    notes: tuple[Note, ...]


def _test_entities(series: PanelSeries, how: _Tests) -> _Tested:
    """Test each entity by itself."""
    if how.test == "pp":
        ratios, widths, nobs, coefficients = _phillips_perron(series, how.trend, how.bandwidth, how.kernel)
        sizes, columns = nobs, {"bandwidth": widths}
        choices = {"Kernel": how.kernel, "Bandwidth": bandwidths_in_words(widths, how.bandwidth)}
    else:
        regressions, rule = entity_regressions(series, how.trend, how.lags, how.limits, how.rows, how.convention)
        ratios, nobs, coefficients = regressions.ratios, regressions.nobs, regressions.coefficient
        if how.convention == "plm":
            ratios = ratios * np.sqrt(nobs / regressions.df)
        # Gretl takes the limit for regressions with lags, plm for all.
        long = regressions.orders > 0 if how.convention == "gretl" else how.convention == "plm"
        sizes, columns = np.where(long, np.inf, nobs), {"lags": regressions.orders}
        choices = {"Lags": lags_in_words(regressions.orders, rule)}
    notes: tuple[Note, ...] = ()
    if how.convention == "stata":
        pvalues, beyond = bounded_tau_pvalue(ratios, how.trend)
        notes = end_notes(beyond)
    else:
        bounded = how.convention == "default"
        pvalues = simulated_tau_pvalue(ratios, how.trend, sizes, bounded=bounded)
        notes = end_notes(at_an_end(pvalues), "the simulated quantiles") if bounded else ()
    if how.test == "pp" and np.median(series.periods) < FEW_FOR_PP:
        notes = (*notes, Note("few-periods", FEW_PERIODS, warn=True))
    return _Tested(ratios, pvalues, nobs, coefficients, columns, choices, notes)


def _combine_tests(
    statistic: str, series: PanelSeries, how: _Tests, bootstrap: PanelBootstrap | None, demean: bool
) -> PanelTestResult:
    """Test the entities and combine their p-values, by Simes's statistic or by the others, of which one comes first."""
    among = (statistic,) if statistic == "simes" else (statistic, *(each for each in STATISTICS if each != statistic))

    def combined(panel: PanelSeries, panels: int) -> Array:
        return combined_statistics(_test_entities(panel, how).pvalues.reshape(panels, -1), among)

    drawn = draw_statistics(
        series, how.trend, bootstrap, combined, upper=tuple(each in UPPER for each in among), demean=demean
    )
    found = _test_entities(series, how)
    columns = {"ratio": found.ratios, "pvalue": found.pvalues, **found.columns}
    columns |= {"rows": found.rows, "coefficient": found.coefficients}
    choices = found.choices
    if statistic == "simes":
        columns["adjusted_pvalue"] = hommel_adjusted(found.pvalues)
        stationary = np.count_nonzero(columns["adjusted_pvalue"] <= 0.05)
        choices["Entities stationary at 5 percent"] = f"{stationary}"
    own: dict[str, object] = {"test": "pp"} if how.test == "pp" else {"lags": how.lags}
    headline, *others = combine(found.pvalues, statistic, among, NULL)
    bound = ""
    simes = statistic == "simes" and how.convention == "default" and drawn is None
    if simes and at_an_end(found.pvalues[[_decisive(found.pvalues)]])[0]:
        # Ratios beyond the quantiles have the p-value of the end, and less is true.
        bound = "<" if headline.pvalue < 0.5 else ">"
    test = panel_test(
        replace(headline, name=f"{headline.name} of {_NAMES[how.test]} tests"),
        series,
        SOME,
        trend=how.trend,
        parts=others,
        choices=choices,
        columns=columns,
        nobs=int(found.rows.sum()),
        notes=found.notes,
        size=PanelCase("simes" if statistic == "simes" else "fisher", own | {"trend": how.trend}),
        drawn=drawn,
    )
    return replace(test, bound=bound)


def _decisive(pvalues: Array) -> int:
    """Place of the p-value that Simes's statistic is made of."""
    order = np.argsort(pvalues)
    return int(order[(pvalues[order] / np.arange(1, len(pvalues) + 1)).argmin()])


def _phillips_perron(series: PanelSeries, trend: str, bandwidth: float | str, kernel: str) -> tuple[NDArray[Any], ...]:
    """Statistics, bandwidths, rows and coefficients of every entity, (N,) each."""

    def test(places: Positions, stack: Array) -> tuple[NDArray[Any], ...]:
        tests = phillips_perron_tests(stack, trend, bandwidth, kernel)
        lost = np.flatnonzero(tests.status != ESTIMATED)
        if lost.size:
            raise refusal(tests, int(lost[0]), f"{series.name} of {series.labels[places[lost[0]]]}")
        return tests.statistic, np.asarray(tests.lags), tests.nobs, tests.coefficient

    return join_by_length(series.values, test)
