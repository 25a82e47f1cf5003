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
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple

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
    found = [COMBINATIONS[each] for each in (statistic, *others)]
    return [own.test(own.name, float(own.statistic(pvalues)), len(pvalues), null) for own in found]


def combined_statistics(pvalues: Array, among: Sequence[str]) -> Array:
    """Statistics (..., S) of p-values (..., N)."""
    return np.stack([COMBINATIONS[each].statistic(pvalues) for each in among], axis=-1)


def _inverse_normal(pvalues: Array) -> Array:
    return np.asarray(normal_scores(pvalues).sum(axis=-1) / math.sqrt(pvalues.shape[-1]))


def _sum_of_logarithms(pvalues: Array) -> Array:
    return np.asarray(-2.0 * np.log(pvalues).sum(axis=-1))


def _modified_fisher(pvalues: Array) -> Array:
    count = pvalues.shape[-1]
    return np.asarray((_sum_of_logarithms(pvalues) - 2.0 * count) / (2.0 * math.sqrt(count)))


def _logit(pvalues: Array) -> Array:
    count = pvalues.shape[-1]
    scale = math.sqrt(3.0 * (5 * count + 4) / (math.pi**2 * count * (5 * count + 2)))
    return np.asarray(scale * (np.log(pvalues) - np.log1p(-pvalues)).sum(axis=-1))


def _test_logit(name: str, statistic: float, count: int, null: str) -> TestResult:
    from scipy.special import stdtr

    df = 5 * count + 4
    return TestResult(name, statistic, float(stdtr(df, statistic)), "t", df, null=null)


def _hartung(pvalues: Array) -> Array:
    scores, count = normal_scores(pvalues), pvalues.shape[-1]
    correlation = np.maximum(-1.0 / (count - 1), 1.0 - scores.var(axis=-1, ddof=1))
    guarded = correlation + KAPPA * math.sqrt(2.0 / (count + 1)) * (1.0 - correlation)
    return np.asarray(scores.sum(axis=-1) / np.sqrt(count + count * (count - 1) * guarded))


def _simes(pvalues: Array) -> Array:
    count = pvalues.shape[-1]
    return np.asarray((count * np.sort(pvalues, axis=-1) / np.arange(1, count + 1)).min(axis=-1))


class _Combination(NamedTuple):
    """A statistic.

    Attributes
    ----------
    name : str
    statistic : callable
        Of p-values (..., N), (...).
    test : callable
        Refers it to its distribution: of its name, its value, the number of p-values, and the null.
    """

    name: str
    statistic: Callable[[Array], Array]
    test: Callable[[str, float, int, str], TestResult]


COMBINATIONS: Mapping[str, _Combination] = {
    "Z": _Combination(
        "Choi's Z (inverse normal)", _inverse_normal, lambda name, value, _, null: lower_test(name, value, null)
    ),
    "P": _Combination(
        "Maddala-Wu P (Fisher)",
        _sum_of_logarithms,
        lambda name, value, count, null: chi2_test(name, value, 2 * count, null),
    ),
    "Pm": _Combination(
        "Choi's Pm (modified P)", _modified_fisher, lambda name, value, _, null: z_test(name, value, null, sides=1)
    ),
    "L*": _Combination("Choi's L* (logit)", _logit, _test_logit),
    "hartung": _Combination(
        "Hartung's t (correlated tests)", _hartung, lambda name, value, _, null: lower_test(name, value, null)
    ),
    "simes": _Combination("Simes", _simes, lambda name, value, _, null: own_test(name, value, value, null)),
}
"""By name, what combines p-values, and the test that does."""

UPPER = ("P", "Pm")
"""Statistics that are high where a null is not true; the others are low."""


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
