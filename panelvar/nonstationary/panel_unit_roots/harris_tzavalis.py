r"""Harris and Tzavalis's test: the pooled autoregressive root, with exact moments for a fixed number of periods.

Reference: Harris and Tzavalis (1999), Journal of Econometrics 91.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.distributions import probability_below_zero
from panelvar.core.base.errors import InsufficientDataError, NumericalError, choose
from panelvar.core.base.scaling import in_own_units
from panelvar.core.base.shared_parameters import documented
from panelvar.core.tables.test_result import own_test
from panelvar.estimates.sizes.panel_sizes import PanelCase
from panelvar.nonstationary.panel_series.panel_series import panel_series
from panelvar.nonstationary.panel_series.result import PanelTestResult, lower_test, panel_test
from panelvar.nonstationary.panel_series.terms import ALL, NULL, check_terms, detrend
from panelvar.nonstationary.unit_roots.one_series import POWERS

FEWEST = {"n": 2, "c": 2, "ct": 3}
"""Fewest transitions for which the theorems have a variance."""

_EXACT = "The exact p-value among its parts is right for normal errors."

MOST_STEPS = 300
"""Transitions up to which the exact distribution is computed: its cost grows with their third power."""


@documented
def harris_tzavalis_test(
    data: Any,
    column: Hashable | None = None,
    *,
    trend: str = "c",
    demean: bool = False,
    unusable: str = "raise",
    convention: str = "default",
) -> PanelTestResult:
    r"""Test a unit root in all entities of a panel with few periods (Harris and Tzavalis 1999).

    :math:`y_{it} = d_t'\delta_i + \rho y_{i,t-1} + u_{it}` is fitted by least squares with one root for all entities.
    For any fixed number :math:`\tau` of transitions, as N grows,

    .. math:: \sqrt N (\hat\rho - 1 - b) / \sqrt v \to N(0, 1)

    under the null, with the mean b and variance v of

    =====  ==============================  ==========================================================
    terms  b                               v
    =====  ==============================  ==========================================================
    none   0                               :math:`2 / (\tau(\tau - 1))`
    c      :math:`-3 / (\tau + 1)`         :math:`3(17\tau^2 - 20\tau + 17) / (5(\tau - 1)(\tau + 1)^3)`
    ct     :math:`-15 / (2(\tau + 2))`     :math:`15(193\tau^2 - 728\tau + 1147) / (112(\tau + 2)^3(\tau - 2))`
    =====  ==============================  ==========================================================

    Parameters
    ----------
    {data (panel variable), column (panel variable)}
    trend : {"n", "c", "ct"}
        Terms of each entity: none, a constant, or a constant and a trend.
    {demean, unusable (panel variable)}
    convention : {"default", "stata"}
        What :math:`\tau` is: the transitions, one less than the periods, as in the theorems (the first observation is
        given), or the periods themselves, as ``xtunitroot ht`` has it, which rejects too often with few of them.

    Returns
    -------
    PanelTestResult
        Standard normal, lower tail; ``choices`` has the pooled root. With terms and up to 300 transitions, ``parts``
        has the root with its exact p-value for normal errors of one variance, whatever N (`exact_pvalue`): use it with
        few entities, where the normal limit rejects too often.

    Raises
    ------
    DataError
        Periods are not the same for all entities, or an entity has gaps or does not vary.
    NumericalError
        An entity follows its terms exactly.
    InsufficientDataError
        There are fewer than two entities, or too few periods for the terms.

    See Also
    --------
    llc_test, ips_test : errors with serial correlation.
    breitung_test : long series without a correction of bias.

    Notes
    -----
    The errors must be independent over entities and time, normal, and of one variance. The test does not correct for
    serial correlation (`llc_test` and `ips_test` do), nor for common shocks (`cips_test` does; ``demean=True`` takes
    out one common time effect).

    Examples
    --------
    >>> import panelvar as pv
    >>> pv.harris_tzavalis_test(pv.load_data("employment").query("1978 <= year <= 1982"), "wage").in_a_line()
    'z = -1.8108, p = 0.0351'
    """
    check_terms(trend)
    choose("convention", convention, ("default", "stata"))
    series = panel_series(data, column, demean=demean, unusable=unusable)
    values = in_own_units(series.stack("The Harris-Tzavalis test"))
    entities, periods = values.shape
    steps = periods - 1
    if steps < FEWEST[trend]:
        raise InsufficientDataError(
            f"{count_of(periods, 'period')} leave {count_of(steps, 'transition')}, and the Harris-Tzavalis test with "
            f"trend={trend!r} needs at least {FEWEST[trend]}."
        )
    if powers := POWERS[trend]:
        series.refuse_exact(detrend(values, powers), values)
    root = estimate_root(values, trend)
    mean, variance = moments(trend, steps if convention == "default" else periods)
    statistic = math.sqrt(entities / variance) * (root - 1.0 - mean)
    parts = []
    if trend != "n" and steps <= MOST_STEPS:
        parts.append(
            own_test("Pooled root, exact", root, exact_pvalue(root, trend, steps, entities - int(demean)), NULL)
        )
    return panel_test(
        lower_test("Harris-Tzavalis", statistic, NULL),
        series,
        ALL,
        trend=trend,
        parts=parts,
        choices={"Pooled root": f"{root:.4f}"},
        nobs=entities * steps,
        size=PanelCase("harris_tzavalis", {"trend": trend}, _EXACT if parts else ""),
    )


def exact_pvalue(root: float, trend: str, steps: int, entities: int) -> float:
    r"""Probability that the pooled root is smaller under the null, with normal errors of one variance.

    With L the matrix that sums the errors before each step and M what terms leave,
    :math:`\hat\rho - 1 = \sum_i u_i'L'Mu_i / \sum_i u_i'L'MLu_i`, so that

    .. math:: P(\hat\rho < r) = P\Bigl(\sum_j \lambda_j \chi^2_N < 0\Bigr)

    with :math:`\lambda_j` the eigenvalues of :math:`\frac12(L'M + ML) - (r - 1)L'ML`. Terms take the first
    observations out; without terms the distribution depends on them.

    Parameters
    ----------
    root : float
        r.
    trend : {"c", "ct"}
    steps : int
        Transitions.
    entities : int
        N; one less where the means of the periods were subtracted.
    """
    sums = np.tril(np.ones((steps, steps)), -1)
    # L'M: rows of L' with their terms taken out.
    left = detrend(sums.T, POWERS[trend])
    form = 0.5 * (left + left.T) - (root - 1.0) * (left @ sums)
    return probability_below_zero(np.asarray(np.linalg.eigvalsh(form), dtype=np.float64), entities)


def moments(trend: str, steps: int) -> tuple[float, float]:
    """Mean of the pooled root less one, and N times its variance, under the null, for a number of transitions."""
    t = float(steps)
    if trend == "n":
        return 0.0, 2.0 / (t * (t - 1.0))
    if trend == "c":
        return -3.0 / (t + 1.0), 3.0 * (17.0 * t**2 - 20.0 * t + 17.0) / (5.0 * (t - 1.0) * (t + 1.0) ** 3)
    square = 193.0 * t**2 - 728.0 * t + 1147.0
    return -15.0 / (2.0 * (t + 2.0)), 15.0 * square / (112.0 * (t + 2.0) ** 3 * (t - 2.0))


def estimate_root(values: Array, trend: str) -> float:
    """Least-squares root of (N, T), one for all entities, each with its own terms.

    Raises
    ------
    NumericalError
        Every entity follows its terms exactly.
    """
    before, after = values[:, :-1], values[:, 1:]
    if powers := POWERS[trend]:
        before, after = detrend(before, powers), detrend(after, powers)
    square = float(np.square(before).sum())
    if square <= 1e-26 * float(np.square(values).sum()):
        raise NumericalError("Every entity follows its terms exactly, so there is nothing to test.")
    return float((before * after).sum() / square)
