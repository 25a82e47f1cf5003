r"""Tests that the errors of a vector autoregression are normal, by third and fourth moments of standardised residuals.

Urzua's test is of all of them, each about its exact mean over its exact variance. n rows of K independent normal
series, about their means and standardised by the symmetric root of their correlations (or of their covariance), are a
frame of K orthogonal directions drawn at random among those orthogonal to a one. The moments below follow from
those of a random direction q of n - 1 dimensions and, given it, of a second one of n - 2:
:math:`E(w'q)^2 = |w|^2/d` and :math:`E(q'Aq)^2 = (\mathrm{tr}^2 A + 2\,\mathrm{tr}A^2) / (d (d + 2))`; and from the
symmetry of the tensor of moments under rotations, which leaves three numbers for all products of two fourth moments.

One series: Urzua (1996), On the correct use of omnibus tests for normality, Economics Letters 53, 247-251. Several:
Urzua (1997), Omnibus tests for multivariate normality based on a class of maximum entropy distributions, Advances in
Econometrics 12, 341-358.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, SpecificationError, choose
from panelvar.core.base.scaling import columns_in_own_units, in_own_units
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.tables.joint_tests import JointTests
from panelvar.core.tables.test_result import TestResult, chi2_test
from panelvar.estimates.sizes.known_sizes import size_notes
from panelvar.systems.diagnostics import residual_statistics as residual_tests
from panelvar.systems.diagnostics.tested_residuals import require_freedom, tested_residuals, warn_of_crowding
from panelvar.systems.identification.scheme import Identification
from panelvar.systems.var.fitted_system import FittedSystem, require_fit

_TITLES = {"jarque-bera": "Jarque-Bera", "doornik-hansen": "Doornik-Hansen", "urzua": "Urzua"}
_MOMENTS = {
    "jarque-bera": residual_tests.jarque_bera,
    "doornik-hansen": residual_tests.doornik_hansen,
    "shocks": residual_tests.standardised_moments,
}


@dataclass(frozen=True, repr=False)
class NormalityTests(JointTests):
    """A test of normality and its parts.

    Attributes
    ----------
    joint, skewness, kurtosis : TestResult
        Both moments, and each by itself.
    by_equation : dict of str to TestResult
        The joint test of each equation's residuals alone, or of each shock.

    See Also
    --------
    normality_test : makes it.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
    >>> tests = pv.normality_test(model, statistic="doornik-hansen")
    >>> tests.skewness.in_a_line()
    'chi2(2) = 10.4648, p = 0.0053'
    """

    skewness: TestResult
    kurtosis: TestResult
    by_equation: dict[str, TestResult]

    @property
    def parts(self) -> tuple[TestResult, ...]:
        """Both moments, then each equation."""
        return (self.skewness, self.kurtosis, *self.by_equation.values())


@answering
def normality_test(
    model: FittedSystem,
    *,
    statistic: str = "jarque-bera",
    identification: str | Identification | None = None,
) -> NormalityTests:
    r"""Test that errors are normal, by the third and fourth moments of standardised residuals.

    With :math:`b_1` the means of their third powers and :math:`b_2` of their fourth, Jarque and Bera's statistic is

    .. math:: n\, b_1'b_1 / 6 + n\, (b_2 - 3)'(b_2 - 3) / 24 \sim \chi^2(2K).

    Parameters
    ----------
    model : FittedSystem
        The system whose residuals are tested.
    statistic : {"jarque-bera", "doornik-hansen", "urzua"}
        How residuals are made uncorrelated, and what their moments are compared with. ``"jarque-bera"`` takes the
        Cholesky factor of their covariance, and compares moments with 0 and 3 (Luetkepohl 2005, section 4.5; R's vars,
        statsmodels); it depends on the order of the variables. ``"doornik-hansen"`` takes the symmetric root of their
        correlations, and transforms moments to be normal in small samples (Doornik and Hansen 2008; gretl, Stata's
        ``mvtest``). ``"urzua"`` takes the same root, and moments about their exact means over their exact variances
        under normality; its joint test is of all cross moments too (Urzua 1997). EViews and ``convention="eviews"``
        take the symmetric root of the covariance there, with which the statistic depends on units.
    identification : str or Identification, optional
        With ``"jarque-bera"`` it tests the shocks of a scheme, as in `VarResult.impulse_responses`, in place of
        residuals made uncorrelated by the Cholesky factor. Shocks are taken as they are, about zero, and
        `NormalityTests.by_equation` is then by shock.

    Returns
    -------
    NormalityTests
        Chi-squared with K degrees of freedom for skewness and kurtosis, 2 K together; of Urzua's test
        K (K + 1) (K + 2) (K + 7) / 24 together.

    Raises
    ------
    SpecificationError
        The scheme has fewer shocks than variables, or correlated ones; or ``statistic`` is another one.
    InsufficientDataError
        There are fewer than eight rows, where the transformation of Doornik and Hansen does not exist, or the residuals
        have no more than K degrees of freedom.

    See Also
    --------
    serial_lm_test : autocorrelation of the errors.
    arch_test : variances that change over time.

    Notes
    -----
    Jarque and Bera's statistic reaches its distribution slowly: prefer Doornik and Hansen's in samples under a few
    hundred rows. Urzua's sees errors that are normal one by one and not together. Its mean is that of the chi-squared
    in every sample, but its tail is not: with 40 rows of two variables it rejects a tenth of true nulls at 5 percent.
    Normality matters for forecast intervals and Monte Carlo bands, and hardly for estimates.

    Residuals are sums of errors, and the more coefficients there are, the more errors each one sums. Where coefficients
    take half of the rows, residuals are near normal whatever the errors are (White and MacDonald 1980); a warning says
    so.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
    >>> test = pv.normality_test(model, statistic="doornik-hansen").joint
    >>> test.in_a_line()
    'chi2(6) = 403.1828, p < 0.0001'
    """
    require_fit(model)
    choose("statistic", statistic, tuple(_TITLES))
    if identification is not None and statistic != "jarque-bera":
        raise SpecificationError(
            f"identification= belongs to statistic='jarque-bera'; {statistic!r} has its own standardisation."
        )
    if model.nobs < 8:
        raise InsufficientDataError(f"A test of normality needs at least 8 rows; there are {model.nobs}.")
    require_freedom("A test of normality", model.nobs, model.nobs - model.df_resid, model.n_vars + 1)
    notes = warn_of_crowding(
        model, 0.5, "Residuals are then near normal whatever the errors are, and nothing is rejected."
    )
    title, n_vars = _TITLES[statistic], model.n_vars
    tested, names = tested_residuals(model, statistic), model.names
    if identification is not None:
        (tested, names), statistic = _shocks(model, identification), "shocks"
    if statistic == "urzua":
        tested = in_own_units(tested)
        if model.convention.urzua_root == "correlation":
            tested = columns_in_own_units(tested)
            tested = tested / np.sqrt(np.square(tested - tested.mean(axis=0)).mean(axis=0))
    skewness, kurtosis, joint = _statistics(statistic, tested)
    df = n_vars * (n_vars + 1) * (n_vars + 2) * (n_vars + 7) // 24 if statistic == "urzua" else 2 * n_vars

    test = partial(chi2_test, notes=notes)
    few = size_notes("urzua", model.nobs) if statistic == "urzua" and n_vars > 1 else ()
    return NormalityTests(
        chi2_test(f"{title} normality", joint, df, "the errors are normal", (*notes, *few)),
        test(f"{title} skewness", skewness, n_vars, "the errors have no skewness"),
        test(f"{title} kurtosis", kurtosis, n_vars, "the errors have the kurtosis of the normal"),
        {
            name: test(
                f"{title} normality of {name}",
                _statistics(statistic, tested[:, [place]])[2],
                2,
                f"the {'errors of' if identification is None else 'shocks'} {name} are normal",
            )
            for place, name in enumerate(names)
        },
    )


def _statistics(kind: str, tested: Array) -> tuple[float, float, float]:
    """Skewness, kurtosis, and both."""
    if kind == "urzua":
        return urzua(tested)
    found = _MOMENTS[kind](tested)
    return found.skewness, found.kurtosis, sum(found)


def _shocks(model: FittedSystem, identification: str | Identification) -> tuple[Array, tuple[str, ...]]:
    """Shocks of a scheme, of variance one over the rows, and their names."""
    shocks = model.structural_shocks(identification=identification)
    if shocks.shape[1] < model.n_vars:
        raise SpecificationError(
            f"The scheme has {count_of(shocks.shape[1], 'shock')} for {model.n_vars} variables. The test of normality "
            "needs as many shocks as variables."
        )
    scale = math.sqrt(model._sigma[0, 0] / model._problem.residual_covariance("ml")[0, 0])
    return shocks.to_numpy() * scale, tuple(map(str, shocks.columns))


class UrzuaStatistics(NamedTuple):
    """Chi-squared statistics of K series' own third and fourth moments, K each, and of all K(K+1)(K+2)(K+7)/24."""

    skewness: float
    kurtosis: float
    joint: float


def exact_moments(n: int) -> dict[tuple[int, ...], tuple[float, float]]:
    """Mean and variance of each kind of moment; (2, 1) is the average of a square of one series times another."""
    third = 6.0 * (n - 2) / ((n + 1.0) * (n + 3))
    fourth = 3.0 * (n - 1) / (n + 1.0)
    spread = 24.0 * n * (n - 2) * (n - 3) / ((n + 1.0) ** 2 * (n + 3) * (n + 5))
    square = spread + fourth**2
    sixth = 15.0 * (n - 1.0) ** 2 / ((n + 1.0) * (n + 3))
    three_one = (sixth - third - square) / (n - 2)
    # Given the first series, the average of its squares times those of a second is a quadratic form in the second.
    c = 1.0 - 1.0 / n
    trace_squared = c**2 - 2.0 * c * fourth / n + square / n**2
    squared_trace = ((n - 2) * fourth + 1.0 - 2.0 * sixth + 2.0 * third + square) / n**2
    two_two = n**2 * (trace_squared + 2.0 * squared_trace) / ((n - 2.0) * n)
    # Pairs of indices all across the two moments, or one pair within each: what is left of the tensor's symmetry.
    across = (4.0 * three_one - (square - 9.0 * two_two)) / 36.0
    within = (three_one - 6.0 * across) / 9.0
    mean = (n - 1.0) / (n + 1.0)
    return {
        (3,): (0.0, third),
        (2, 1): (0.0, 2.0 * n / ((n + 1.0) * (n + 3))),
        (1, 1, 1): (0.0, 1.0 / (n + 3)),
        (4,): (fourth, spread),
        (3, 1): (0.0, three_one),
        (2, 2): (mean, two_two - mean**2),
        (2, 1, 1): (0.0, 2.0 * across + within),
        (1, 1, 1, 1): (0.0, across),
    }


def urzua(residuals: Array) -> UrzuaStatistics:
    """Statistics of residuals, about their means, standardised by a symmetric root as they are.

    That of their covariance depends on units; of residuals divided by their standard deviations it is the root of the
    correlations, and does not.
    """
    n, n_vars = residuals.shape
    white = residual_tests.symmetrically_standardised(residuals - residuals.mean(axis=0))
    known = exact_moments(n)
    own, joint = {3: 0.0, 4: 0.0}, 0.0
    for order in (3, 4):
        for places in combinations_with_replacement(range(n_vars), order):
            kind = tuple(sorted((places.count(place) for place in set(places)), reverse=True))
            mean, variance = known[kind]
            score = (float(white[:, list(places)].prod(axis=1).mean()) - mean) ** 2 / variance
            joint += score
            if kind == (order,):
                own[order] += score
    return UrzuaStatistics(own[3], own[4], joint)
