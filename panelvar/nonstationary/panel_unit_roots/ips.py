r"""Im, Pesaran and Shin's test: Dickey-Fuller t ratios averaged over entities.

Reference: Im, Pesaran and Shin (2003), Journal of Econometrics 115.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from panelvar.core.base.arguments import read_whole
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import PanelVarError, choose
from panelvar.core.base.shared_parameters import documented
from panelvar.core.tables.test_result import TestResult, own_test
from panelvar.estimates.sizes.panel_sizes import PanelCase
from panelvar.nonstationary.panel_series.bootstrap import PanelBootstrap, draw_statistics, read_bootstrap
from panelvar.nonstationary.panel_series.entity_regressions import entity_regressions, lags_in_words
from panelvar.nonstationary.panel_series.panel_series import PanelSeries, panel_series
from panelvar.nonstationary.panel_series.result import PanelTestResult, lower_test, panel_test
from panelvar.nonstationary.panel_series.terms import NULL, SOME, check_terms
from panelvar.nonstationary.panel_unit_roots.critical_values import lower_tail_pvalue, t_bar_critical_values
from panelvar.nonstationary.panel_unit_roots.moments import CONVENTIONS, Moments, augmented_ratio_moments, ratio_moments
from panelvar.nonstationary.unit_roots.lag_orders import SHORTER, default_longest
from panelvar.nonstationary.unit_roots.one_series import POWERS
from panelvar.nonstationary.unit_roots.regressions import LevelRegressions
from panelvar.nonstationary.unit_roots.result import bound_notes


@documented
def ips_test(
    data: Any,
    column: Hashable | None = None,
    *,
    lags: int | str = "bic",
    trend: str = "c",
    max_lags: int | None = None,
    min_lags: int = 0,
    rows: str = "all",
    bootstrap: PanelBootstrap | None = None,
    demean: bool = False,
    unusable: str = "raise",
    convention: str = "default",
) -> PanelTestResult:
    r"""Test a unit root in every entity by the average of their Dickey-Fuller ratios (Im, Pesaran and Shin 2003).

    With :math:`\tau_i` the t ratio of entity i's augmented Dickey-Fuller regression on :math:`T_i` rows with
    :math:`p_i` lags,

    .. math:: \bar t = \frac1N\sum_i \tau_i, \qquad
        W = \frac{\sqrt N\,\bigl(\bar t - \frac1N\sum_i E[\tau_{T_i p_i}]\bigr)}
                 {\sqrt{\frac1N\sum_i \mathrm{Var}[\tau_{T_i p_i}]}} \to N(0, 1)

    with the moments under the null of their table 3. :math:`Z_{\bar t}` takes those of ratios without lags
    on as many rows. Without lags, :math:`\tilde\tau_i` has the error variance of the null,
    :math:`\Delta y_i' M \Delta y_i / (T_i - 1)` with M taking out the mean, and :math:`Z_{\tilde t}` its
    moments (table 1).

    Parameters
    ----------
    {data (panel variable), column (panel variable), lags (Dickey-Fuller)}
    trend : {"c", "ct"}
        Terms of each entity: a constant, or a constant and a trend.
    {max_lags (panel Dickey-Fuller), min_lags, rows, bootstrap (panel), demean, unusable (panel variable)}
    convention : {"default", "plm", "gretl"}
        How moments are read between and beyond the printed sizes. Under ``"plm"`` the error variance of each
        regression is divided by its rows, as ``purtest`` does unless ``dfcor = TRUE``, and lags stay by a t ratio of
        1.96 made so.

    Returns
    -------
    PanelTestResult
        W, standard normal, lower tail. ``parts`` has :math:`Z_{\bar t}`, and without lags :math:`\bar t` with the
        critical values for the numbers of entities and rows (table 2), and with a constant :math:`Z_{\tilde t}`.
        ``individual`` has each entity's ratio, lags and rows.

    Raises
    ------
    DataError, CollinearityError, NumericalError
        An entity has gaps, does not vary, or follows its regression exactly.
    InsufficientDataError
        There are fewer than two entities, or fewer rows than the tables have.

    See Also
    --------
    llc_test : one root for all entities.
    fisher_test : p-values in place of ratios.
    cips_test : entities with a common factor.

    Notes
    -----
    Lags, roots and periods may differ between entities; the alternative is that a share of them is stationary, and
    a rejection does not say which. Entities must be independent: common shocks make it reject too often
    (``demean=True`` takes out a time effect of the same size for all). With many lags and few rows the table has no
    moments: rules that are not told ``max_lags`` try no more lags than it has. If a rule chooses lags from few periods
    the test rejects too often; with lags given beforehand it does not.

    Examples
    --------
    >>> import panelvar as pv
    >>> pv.ips_test(pv.load_data("grunfeld"), "value", lags=1).in_a_line()
    'z = -0.8042, p = 0.2106'
    """
    check_terms(trend, ("c", "ct"))
    choose("convention", convention, CONVENTIONS)
    series = panel_series(data, column, demean=demean, unusable=unusable)
    if isinstance(lags, str) and max_lags is None:
        shortest = read_whole("min_lags", min_lags, 0)
        max_lags = _longest_with_moments(trend, int(series.periods.min()), shortest)

    def regress(panel: PanelSeries) -> tuple[LevelRegressions, Array, str]:
        found, rule = entity_regressions(panel, trend, lags, (min_lags, max_lags), rows, convention)
        return found, found.ratios * np.sqrt(found.nobs / found.df) if convention == "plm" else found.ratios, rule

    found, ratios, rule = regress(series)
    average = float(ratios.mean())
    # Draws may choose lags where the data have none: what is for ratios without lags is then left out.
    plain = lags == 0 if bootstrap is not None else not found.orders.any()
    exact = _exact(series, found, average, trend, convention) if plain else ()
    names = ("W", *("t-bar",) * len(exact), "Z-t-bar", *("Z-t-tilde-bar",) * (plain and trend == "c"))
    try:
        values = _statistics(names, found, ratios, trend, convention, series.labels)
    except PanelVarError:
        if bootstrap is None:
            raise
        # Draws need no table of moments.
        names, values = ("t-bar",), np.array([[average]])
    drawn = draw_statistics(
        series,
        trend,
        read_bootstrap(bootstrap),
        lambda panel, panels: _statistics(names, *regress(panel)[:2], trend, convention, panel.labels, panels),
        upper=(False,) * len(names),
        demean=demean,
    )
    unknown = own_test("Average ratio (t-bar)", average, math.nan, NULL)
    titled = {"W": "Im-Pesaran-Shin W"}
    headline, *parts = (
        (exact or (unknown,))[0] if name == "t-bar" else lower_test(titled.get(name, name), float(value), NULL)
        for name, value in zip(names, values[0], strict=True)
    )
    return panel_test(
        headline,
        series,
        SOME,
        trend=trend,
        parts=parts,
        choices={"Lags": lags_in_words(found.orders, rule), "Average ratio": f"{average:.4f}"},
        columns={"ratio": ratios, "lags": found.orders, "rows": found.nobs, "coefficient": found.coefficient},
        nobs=int(found.nobs.sum()),
        size=PanelCase("ips", {"lags": lags, "trend": trend}),
        drawn=drawn,
    )


def _longest_with_moments(trend: str, periods: int, shortest: int) -> int | None:
    """Fewer lags than a rule tries by default, where the table has no moments for so many; None where it has."""
    usual = default_longest(periods, POWERS[trend], SHORTER)
    for longest in range(usual, shortest - 1, -1):
        try:
            augmented_ratio_moments(trend, periods - 1 - longest, longest)
        except PanelVarError:
            continue
        return None if longest == usual else longest
    return None


def _statistics(
    names: Sequence[str],
    found: LevelRegressions,
    ratios: Array,
    trend: str,
    convention: str,
    labels: Sequence[object],
    panels: int = 1,
) -> Array:
    """Statistics (panels, S) of so many panels, by name: averages of ratios, as they are or standardised."""
    rows = found.nobs

    def value(name: str) -> Array:
        if name == "t-bar":
            return np.asarray(ratios.reshape(panels, -1).mean(axis=1))
        if name == "W":
            moments = augmented_ratio_moments(trend, rows, found.orders, convention=convention, labels=labels)
        elif name == "Z-t-tilde-bar":
            # Of a regression with the partial correlation r, tau^2 = df r^2 / (1 - r^2), and under the null
            # (T - 1) r^2.
            restricted = found.ratios * np.sqrt((rows - 1) / (found.df + np.square(found.ratios)))
            moments = ratio_moments(rows, tilde=True, convention=convention, labels=labels)
            return _standardise(restricted, moments, panels)
        elif trend == "ct":
            moments = augmented_ratio_moments(trend, rows, 0, convention=convention, labels=labels)
        else:
            moments = ratio_moments(rows, convention=convention, labels=labels)
        return _standardise(ratios, moments, panels)

    return np.stack([value(name) for name in names], axis=1)


def _standardise(ratios: Array, moments: Moments, panels: int) -> Array:
    """The average ratio of each panel, less its mean over its standard deviation."""
    own, mean, variance = (each.reshape(panels, -1) for each in (ratios, moments.mean, moments.variance))
    gap = own.mean(axis=1) - mean.mean(axis=1)
    return np.asarray(math.sqrt(own.shape[1]) * gap / np.sqrt(variance.mean(axis=1)))


def _exact(
    series: PanelSeries, found: LevelRegressions, average: float, trend: str, convention: str
) -> tuple[TestResult, ...]:
    """The average ratio without lags with its critical values, where the table has these sizes."""
    if not series.balanced:
        return ()
    try:
        critical = t_bar_critical_values(trend, series.n_entities, int(found.nobs[0]), convention)
    except PanelVarError:
        return ()
    pvalue, bound = lower_tail_pvalue(average, critical)
    return (own_test("Average ratio (t-bar)", average, pvalue, NULL, bound_notes(pvalue, bound)),)
