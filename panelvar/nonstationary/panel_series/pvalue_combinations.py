r"""P-values of several tests, combined into one test of all their null hypotheses.

With :math:`p_i` of N tests, :math:`z_i = \Phi^{-1}(p_i)`, each uniform under its null:

====== =============================================================================== ======================
Z      :math:`N^{-1/2} \sum_i z_i`                                                     N(0, 1), lower tail
P      :math:`-2 \sum_i \ln p_i`                                                       chi2(2N), upper
Pm     :math:`(P - 2N) / (2\sqrt N)`                                                   N(0, 1), upper; large N
L*     :math:`\sqrt k \sum_i \ln(p_i / (1 - p_i))`,                                    t(5N + 4), lower
       :math:`k = 3 (5N + 4) / (\pi^2 N (5N + 2))`
====== =============================================================================== ======================

They need independent tests. Two do not: Simes's :math:`\min_j N p_{(j)} / j`, a p-value where tests are independent or
positively dependent, and Hartung's, for equally correlated :math:`z_i`,

.. math:: t = \sum_i z_i \Big/
    \sqrt{N + N(N-1)\bigl(\hat\rho + \kappa \sqrt{\tfrac{2}{N+1}}\,(1-\hat\rho)\bigr)}, \qquad
    \hat\rho = \max\bigl(-\tfrac{1}{N-1},\ 1 - s_z^2\bigr)

with :math:`s_z^2` their sample variance and :math:`\kappa = 0.2`.

References: Maddala and Wu (1999), Oxford Bulletin of Economics and Statistics 61; Choi (2001), Journal of International
Money and Finance 20; Hartung (1999), Biometrical Journal 41; Simes (1986), Biometrika 73; Hommel (1988), Biometrika 75.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np

from panelvar.core.base.arguments import finite_array
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import InsufficientDataError, SpecificationError, choose
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.tables.test_result import TestResult, chi2_test, own_test, z_test
from panelvar.nonstationary.panel_series.result import PanelTestResult, lower_test

KAPPA = 0.2
"""How far Hartung's test guards against the error of an estimated correlation."""


@answering
def combine_pvalues(
    pvalues: Any,
    *,
    statistic: str = "Z",
) -> PanelTestResult:
    r"""Combine p-values of tests of one kind into a test that all their null hypotheses are true.

    See `panelvar.nonstationary.panel_series.pvalue_combinations` for the formulas.

    Parameters
    ----------
    pvalues : Series, mapping or sequence of float
        Between zero and one, one of each test. Labels of a Series or a mapping name them.
    statistic : {"Z", "P", "Pm", "L*", "hartung", "simes"}
        Which statistic is the result; the others are its ``parts``. They are Choi's inverse normal Z (also called
        Stouffer's), Maddala and Wu's P (Fisher's), its standardised form Pm for many tests, Choi's logit L*, Hartung's
        for correlated tests, and Simes's.

    Returns
    -------
    PanelTestResult
        ``individual`` has each p-value, and the one adjusted for their number (Hommel 1988): rejecting where that is
        no larger than a level rejects a true hypothesis, any one, no more often than the level says.

    Raises
    ------
    SpecificationError
        A p-value is no number strictly between zero and one. One of exactly 0 or 1 was rounded, or is beyond the end of
        a table.
    InsufficientDataError
        There are fewer than two p-values.

    See Also
    --------
    fisher_test, simes_test : unit roots of a panel, by p-values.
    johansen_fisher_test : cointegration of a panel, by p-values.

    Notes
    -----
    Z, P, Pm and L* are for independent tests. P is moved by the smallest p-values, Z by all of them.

    Examples
    --------
    >>> import panelvar as pv
    >>> test = pv.combine_pvalues({"Austria": 0.04, "Belgium": 0.11, "Chile": 0.62, "Denmark": 0.03})
    >>> round(test.statistic, 3)
    -2.276
    """
    choose("statistic", statistic, tuple(COMBINATIONS))
    labels, values = _read_pvalues(pvalues)
    headline, *others = combine(values, statistic, tuple(COMBINATIONS), "every hypothesis is true")
    return PanelTestResult(
        **vars(headline),
        alternative="some of them are not true",
        parts=tuple(others),
        columns={"pvalue": values, "adjusted_pvalue": hommel_adjusted(values)},
        labels=labels,
        n_entities=len(values),
    )


def combine(pvalues: Array, statistic: str, among: tuple[str, ...], null: str) -> list[TestResult]:
    """The test by one statistic, and after it those by the others among some."""
    others = (each for each in among if each != statistic)
    return [COMBINATIONS[each](pvalues, null) for each in (statistic, *others)]


def _inverse_normal(pvalues: Array, null: str) -> TestResult:
    statistic = float(normal_scores(pvalues).sum() / math.sqrt(len(pvalues)))
    return lower_test("Choi's Z (inverse normal)", statistic, null)


def _sum_of_logarithms(pvalues: Array) -> float:
    return float(-2.0 * np.log(pvalues).sum())


def _fisher(pvalues: Array, null: str) -> TestResult:
    return chi2_test("Maddala-Wu P (Fisher)", _sum_of_logarithms(pvalues), 2 * len(pvalues), null)


def _modified_fisher(pvalues: Array, null: str) -> TestResult:
    count = len(pvalues)
    statistic = (_sum_of_logarithms(pvalues) - 2.0 * count) / (2.0 * math.sqrt(count))
    return z_test("Choi's Pm (modified P)", statistic, null, sides=1)


def _logit(pvalues: Array, null: str) -> TestResult:
    from scipy.special import stdtr

    count = len(pvalues)
    df = 5 * count + 4
    scale = math.sqrt(3.0 * df / (math.pi**2 * count * (5 * count + 2)))
    statistic = float(scale * (np.log(pvalues) - np.log1p(-pvalues)).sum())
    return TestResult("Choi's L* (logit)", statistic, float(stdtr(df, statistic)), "t", df, null=null)


def _hartung(pvalues: Array, null: str) -> TestResult:
    scores, count = normal_scores(pvalues), len(pvalues)
    correlation = max(-1.0 / (count - 1), 1.0 - float(scores.var(ddof=1)))
    guarded = correlation + KAPPA * math.sqrt(2.0 / (count + 1)) * (1.0 - correlation)
    statistic = float(scores.sum()) / math.sqrt(count + count * (count - 1) * guarded)
    return lower_test("Hartung's t (correlated tests)", statistic, null)


def _simes(pvalues: Array, null: str) -> TestResult:
    smallest = float((len(pvalues) * np.sort(pvalues) / np.arange(1, len(pvalues) + 1)).min())
    return own_test("Simes", smallest, smallest, null)


COMBINATIONS: Mapping[str, Callable[[Array, str], TestResult]] = {
    "Z": _inverse_normal,
    "P": _fisher,
    "Pm": _modified_fisher,
    "L*": _logit,
    "hartung": _hartung,
    "simes": _simes,
}
"""By name, what tests p-values (N,) of one null hypothesis in words."""


def normal_scores(pvalues: Array) -> Array:
    """Standard normal quantiles."""
    from scipy.special import ndtri

    return np.asarray(ndtri(pvalues))


def hommel_adjusted(pvalues: Array) -> Array:
    r"""P-values adjusted for there being N of them (Hommel 1988): the largest of Simes's over all sets with the test.

    Among the sets of m tests that include test i, the set with the m - 1 largest others has the largest p-value.
    """
    count = len(pvalues)
    order = np.argsort(pvalues)
    ordered = pvalues[order]
    adjusted = np.zeros(count)
    for size in range(1, count + 1):
        largest = ordered[count - size + 1 :]
        others = (size * largest / np.arange(2, size + 1)).min(initial=np.inf)
        # A test among the m largest stands in the set of these, whose smallest is first.
        own = size * np.minimum(ordered, ordered[count - size])
        np.maximum(adjusted, np.minimum(own, others), out=adjusted)
    out = np.empty(count)
    out[order] = adjusted
    return out


def _read_pvalues(pvalues: Any) -> tuple[tuple[Hashable, ...], Array]:
    """Labels and values, or an answer that says what is no p-value."""
    if isinstance(pvalues, Mapping):
        labels, given = tuple(pvalues), list(pvalues.values())
    else:
        given = pvalues
        labels = tuple(pvalues.index) if hasattr(pvalues, "to_frame") and hasattr(pvalues, "index") else ()
    values = finite_array("pvalues", given)
    if values.ndim != 1:
        raise SpecificationError(f"pvalues must be one list of numbers; got an array of shape {values.shape}.")
    labels = labels or tuple(range(len(values)))
    outside = np.flatnonzero(~((values > 0.0) & (values < 1.0)))
    if len(outside):
        value, label = values[outside[0]], labels[int(outside[0])]
        why = (
            "was rounded, or is beyond the end of a table. Give the bound that it stands for, such as 0.0005 or 0.9995"
            if value in (0.0, 1.0)
            else "is no p-value"
        )
        raise SpecificationError(
            f"{len(outside)} of {len(values)} p-values are not strictly between 0 and 1. The first, {value:g} of "
            f"{label!r}, {why}."
        )
    if len(values) < 2:
        raise InsufficientDataError(f"A combination needs at least two p-values; got {len(values)}.")
    return labels, values
