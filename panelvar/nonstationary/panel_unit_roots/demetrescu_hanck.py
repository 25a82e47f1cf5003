r"""Demetrescu and Hanck's test and its kin: unit roots in panels with changing variances and correlated entities.

References: Demetrescu and Hanck (2012), Economics Letters 117, 10-13; Herwartz and Siedenburg (2008), Computational
Statistics and Data Analysis 53, 137-150; Herwartz, Maxand and Walle (2019), Journal of Time Series Analysis 40,
649-664; Chang (2002), Journal of Econometrics 110, 261-292.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, Note, NumericalError, SpecificationError, choose
from panelvar.core.base.scaling import in_own_units
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.sizes.panel_sizes import PanelCase
from panelvar.nonstationary.panel_series.entity_regressions import (
    REASONS,
    lags_in_words,
    orders_of_changes,
    prewhiten,
)
from panelvar.nonstationary.panel_series.panel_series import panel_series
from panelvar.nonstationary.panel_series.result import PanelTestResult, lower_test, panel_test
from panelvar.nonstationary.panel_series.terms import NULL, SOME, check_terms
from panelvar.nonstationary.panel_unit_roots.pooled_roots import refuse_without_changes
from panelvar.nonstationary.unit_roots.lag_orders import SHORTER, read_lags
from panelvar.nonstationary.unit_roots.one_series import POWERS
from panelvar.nonstationary.unit_roots.regressions import lagged_differences, level_regressions

KINDS = {"dh": "Demetrescu-Hanck", "hs": "Herwartz-Siedenburg", "hmw": "Herwartz-Maxand-Walle"}
FEWEST_CHANGES = 4
"""The fewest changes that prewhitening must leave."""


@documented
def demetrescu_hanck_test(
    data: Any,
    column: Hashable | None = None,
    *,
    statistic: str | None = None,
    lags: int | str = "bic",
    trend: str = "c",
    max_lags: int | None = None,
    min_lags: int = 0,
    unusable: str = "raise",
) -> PanelTestResult:
    r"""Test a unit root in every entity where variances change over time and entities are correlated.

    With levels :math:`y_t` (N,) less their first, prewhitened, the sign of the level is an instrument for it
    (Demetrescu and Hanck 2012),

    .. math:: t_{DH} = \frac{\sum_t \mathrm{sgn}(y_{t-1})'\Delta y_t}
        {\sqrt{\sum_t (\mathrm{sgn}(y_{t-1})'\Delta y_t)^2}} \to N(0, 1),

    and with the level itself for its sign it is :math:`t_{HS}` (Herwartz and Siedenburg 2008). The sum below takes
    variances and correlations as they are in each period. With a trend, levels are detrended recursively
    (Chang 2002), :math:`\tilde y_t = y_t + \frac2t\sum_{s\le t} y_s - \frac{6}{t(t+1)}\sum_{s\le t} s\,y_s`, changes
    are centred, and :math:`t_{HMW}` takes from the sum the mean that this gives it, and its deviation from the changes'
    products (Herwartz, Maxand and Walle 2019).

    Parameters
    ----------
    {data (panel variable), column (panel variable)}
    statistic : {"dh", "hs", "hmw"}, optional
        Which statistic is the result: by default "dh", or with a trend "hmw", which is for a trend only. The others are
        ``parts``.
    lags : int or {"aic", "bic", "hqic", "t-stat"}
        Lags in a regression of each entity's change on itself. They are taken out of levels and changes first.
    trend : {"n", "c", "ct"}
        Terms of each entity: none, a constant, or a constant and a trend.
    {max_lags (panel Dickey-Fuller), min_lags, unusable (panel variable)}

    Returns
    -------
    PanelTestResult
        Standard normal, lower tail; ``individual`` has each entity's lags, and the sum of products of its instrument
        with its changes.

    Raises
    ------
    DataError, CollinearityError, NumericalError
        Periods are not the same for all entities, or an entity has gaps, does not vary, or follows its regression
        exactly.
    InsufficientDataError
        There are too few periods for the lags and terms.

    See Also
    --------
    cips_test, panic_test : entities with common factors.
    breitung_test : one variance for each entity.

    Notes
    -----
    Entities may be correlated, weakly for "hmw": under a factor that moves all of them it hardly ever rejects a true
    null, and a false one less often. With a trend, "dh" and "hs" reject true nulls too often if variances change. Where
    errors are autocorrelated, taking out their lags makes all of them reject less often than the level says. Signs cost
    power, but need no moments of the levels. Entities with a large variance count for more: give logarithms, not levels
    of different sizes. All entities keep the periods that the most lags leave, less one, as in Stata's
    ``xtpurt``.

    Examples
    --------
    >>> import numpy as np
    >>> import panelvar as pv
    >>> capital = np.log(pv.load_data("public_capital")["pcap"]).unstack(0)
    >>> pv.demetrescu_hanck_test(capital, lags=1).in_a_line()
    'z = -1.0080, p = 0.1567'
    """
    check_terms(trend)
    used = statistic if statistic is not None else ("hmw" if trend == "ct" else "dh")
    choose("statistic", used, tuple(KINDS))
    if used == "hmw" and trend != "ct":
        raise SpecificationError(f"statistic='hmw' is for trend='ct'. Use statistic='dh' or 'hs' with trend={trend!r}.")
    series = panel_series(data, column, unusable=unusable)
    values = in_own_units(series.stack("This test"))
    entities, periods = values.shape
    powers = POWERS["c" if trend == "ct" else "n"]
    choice = read_lags(lags, (min_lags, max_lags), periods, powers, reach=SHORTER)
    columns = lagged_differences(values, powers)
    series.refuse_untested(level_regressions(columns, choice.longest).status, REASONS)
    orders = orders_of_changes(columns, choice)
    starts, changes = prewhiten(values, orders, trend)
    rows = changes.shape[1]
    if rows < FEWEST_CHANGES:
        raise InsufficientDataError(
            f"{count_of(periods, 'period')} leave {count_of(rows, 'change')} after the lags, and at least "
            f"{FEWEST_CHANGES} are needed."
        )
    centred = changes - changes.mean(axis=1, keepdims=True) if trend == "ct" else changes
    refuse_without_changes(series, centred.T, values.T)
    levels = np.cumsum(changes, axis=1) - changes[:, :1]
    if trend == "n":
        levels += (starts + changes[:, 0])[:, None]
    elif trend == "ct":
        levels = _detrend_recursively(levels)
    found = {"dh": _test_by_instrument(np.sign(levels), centred), "hs": _test_by_instrument(levels, centred)}
    if trend == "ct":
        found["hmw"] = _centre_and_scale(levels, centred), found["hs"][1]
    notes: tuple[Note, ...] = ()
    if trend == "ct" and used != "hmw":
        text = (
            "With a trend, this test rejects true nulls too often where variances change over time. "
            "statistic='hmw' does not."
        )
        notes = (Note("changing-variances", text),)
    tests = {name: lower_test(KINDS[name], value, NULL) for name, (value, _) in found.items()}
    return panel_test(
        tests.pop(used),
        series,
        SOME,
        trend=trend,
        parts=tests.values(),
        choices={"Lags": lags_in_words(orders, choice.words)},
        columns={"lags": orders, "rows": np.full(entities, rows - 1), "product": found[used][1]},
        nobs=entities * (rows - 1),
        notes=notes,
        size=PanelCase("demetrescu_hanck", {"lags": lags, "trend": trend}),
    )


def _detrend_recursively(levels: Array) -> Array:
    """Residual of each period on the trend of the periods up to it, (N, T); the first two have none."""
    time = np.arange(1.0, levels.shape[1] + 1.0)
    sums, weighted = np.cumsum(levels, axis=1), np.cumsum(time * levels, axis=1)
    left = levels + 2.0 / time * sums - 6.0 / (time * (time + 1.0)) * weighted
    left[:, :2] = 0.0
    return np.asarray(left)


def _test_by_instrument(instrument: Array, changes: Array) -> tuple[float, Array]:
    """Products (N,) of changes (N, T) with instruments a period earlier; before them their sum over its deviation."""
    products = instrument[:, :-1] * changes[:, 1:]
    by_period = products.sum(axis=0)
    variance = float(np.square(by_period).sum())
    if variance == 0.0:
        raise NumericalError("The levels keep their first values until the last period, so there is nothing to test.")
    return float(by_period.sum()) / math.sqrt(variance), products.sum(axis=1)


def _centre_and_scale(levels: Array, changes: Array) -> float:
    r"""The statistic of Herwartz, Maxand and Walle.

    A detrended level is :math:`\tilde y_{t-1} = \sum_{i<t} a_{it} \Delta y_i`. The sum of its products with T changes
    about their means has the mean :math:`-\sum_t \sum_{i<t} \frac{a_{it}}T E[\Delta y_i'\Delta y_i]`. Its variance adds
    up, over pairs of periods, squares of :math:`\Delta y_i'\Delta y_j` by the weights with which they stand there.
    """
    periods = changes.shape[1]
    earlier, later = np.arange(1, periods)[:, None], np.arange(2, periods + 1)
    weights = 1.0 + 2.0 * (later - earlier) / (later - 1.0)
    weights = weights - 3.0 * (1.0 - (earlier - 1.0) * earlier / ((later - 1.0) * later))
    weights = np.triu(weights)
    means = weights / periods
    rest = weights - means
    products = changes.T @ changes
    squares = np.square(products)
    pairs, own = squares[:-1, 1:], squares.diagonal()[:-1]
    total = means.sum(axis=1)
    # Of changes that stand in the mean of another period than theirs, with those beside them.
    others = squares.sum(axis=1)[:-1] - own
    both = total[:, None] * total * np.triu(squares[:-1, :-1], 1)
    variance = (
        2.0 * both.sum()
        - 2.0 * (rest * pairs * total[:, None]).sum()
        + (np.square(rest) * pairs).sum()
        + (others * np.square(total)).sum()
        - (np.square(means) * pairs).sum()
        - 2.0 * (total * (means * pairs).sum(axis=1) - (np.square(means) * pairs).sum(axis=1)).sum()
    )
    if variance <= 0.0:
        raise NumericalError(
            "The variance of Herwartz, Maxand and Walle's statistic is not positive in so few periods."
        )
    mean = -float((means.sum(axis=1) * products.diagonal()[:-1]).sum())
    return (float((levels[:, :-1] * changes[:, 1:]).sum()) - mean) / math.sqrt(variance)
