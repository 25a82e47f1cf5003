r"""Whether the moments of dynamic-panel GMM identify the coefficients at all.

If they do not, some combination of the regressors is unrelated to every instrument: :math:`\mathrm E[Z_i'X_i]\,\delta =
0`. That is what the moments of a regression of one regressor on the others say, with the same instruments, and its test
of overidentification is a test of underidentification of the model (Windmeijer 2021, Journal of Econometrics; Arellano,
Hansen and Sentana 2012). The least over all normalisations,

.. math:: \min_\delta\; \bar g(\delta)'\Big[\sum_i g_i(\delta)g_i(\delta)'\Big]^{-1}\bar g(\delta), \qquad
          g_i(\delta) = Z_i'X_i\delta,

is the robust statistic of Cragg and Donald (1993): chi-squared with one degree of freedom more than there are moments
beyond the coefficients.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from panelvar.base.arrays import Array
from panelvar.base.errors import InsufficientDataError, NumericalError
from panelvar.dynamic_panels.gmm import GmmProblem
from panelvar.dynamic_panels.gmm_estimate import GmmEstimate
from panelvar.dynamic_panels.weighting import positive, root_of_moments
from panelvar.tables.joint_tests import JointTests
from panelvar.tables.table import Table
from panelvar.tables.test_result import TestResult, chi2_test

NULL = "the moments do not identify the coefficients"
_SEARCHES = 12
"""Starts from which the least form is searched, the lowest first."""
_SLOPE = 1e-4
"""Slope of the criterion, in coefficients of unit length, that is left at a minimum."""


@dataclass(frozen=True, repr=False)
class UnderidentificationTest(JointTests):
    """Test that the coefficients are not identified. A rejection is good news, and says nothing of how strongly.

    Attributes
    ----------
    joint : TestResult
        The robust statistic of Cragg and Donald: whatever combination of the regressors the instruments might miss.
    by_regressor : tuple of TestResult
        The same hypothesis, the regressor named being part of the combination, by two-step GMM: the small ones say
        which coefficients are in danger (Sanderson and Windmeijer 2016, made robust).
    """

    by_regressor: tuple[TestResult, ...]

    @property
    def parts(self) -> tuple[TestResult, ...]:
        """One test a regressor."""
        return self.by_regressor

    def summary(self) -> Table:
        """Return the tests as a table, the joint one first; they have one null hypothesis."""
        return replace(super().summary(), notes=(f"Null hypothesis: {NULL}.",))


def underidentification(estimate: GmmEstimate) -> UnderidentificationTest:
    """Test that the moments do not identify the coefficients of an equation; all equations have the same regressors.

    Raises
    ------
    InsufficientDataError
        As many moments as entities (or clusters of them).
    NumericalError
        The search finds no minimum.
    """
    problem = estimate.problem.linear
    clusters, moments, m = problem.n_clusters, problem.n_moments, problem.n_regressors
    if moments >= clusters:
        raise InsufficientDataError(
            "A test of underidentification needs fewer moments than entities (or clusters of them); there are "
            f"{moments} for {clusters}. LagInstruments(collapse=True), or last=, makes fewer."
        )
    df = problem.initial_root.rank - m + 1
    spec = estimate.model.specification
    places = range(len(spec.lag_names) + len(spec.regressors)) if m > 1 else ()
    starts, tests = [], []
    for place in places:
        auxiliary = _auxiliary(problem, place)
        step = auxiliary.two_step(auxiliary.one_step.params)
        starts.append(np.insert(-step.params[:, 0], place, 1.0))
        tests.append(chi2_test(problem.regressors[place], step.criterion, df, NULL))
    statistic = _least(problem, starts or [np.ones(m)])
    return UnderidentificationTest(chi2_test("Underidentification", statistic, df, NULL), tuple(tests))


def _auxiliary(problem: GmmProblem, place: int) -> GmmProblem:
    """One regressor explained by the others, with the same instruments."""
    others = [other for other in range(problem.n_regressors) if other != place]
    return problem.of_columns([*others, place], tuple(problem.regressors[other] for other in others))


def _least(problem: GmmProblem, starts: list[Array]) -> float:
    """The least criterion of all combinations of the regressors, searched from several; their length is free."""
    slopes = problem.cluster_products[:, : problem.n_regressors]
    if problem.weights is not None:
        slopes = slopes * np.sqrt(problem.weights)
    # In moments of unit size: no unit, of instrument or regressor, steers the search.
    unit = slopes / positive(np.sqrt(np.einsum("ljg,ljg->l", slopes, slopes)))[:, None, None]
    sizes = np.sqrt(np.einsum("ljg,ljg->j", unit, unit))
    total = problem.total[:, : problem.n_regressors]

    def value(scaled: Array) -> tuple[float, Array]:
        combination = scaled / sizes
        errors = (combination @ slopes).T
        root = root_of_moments(errors)
        half = root.divided(total @ combination)
        solved = root.undivided(half)
        shares = errors @ solved
        slope = 2.0 * (total - slopes @ shares).T @ solved
        return float(half @ half), slope / sizes

    begun = [start * sizes / np.linalg.norm(start * sizes) for start in starts]
    # The form has several minima where entities are few: it is also searched from the axes of its one-step weights.
    axes = problem.initial_root.divided(total / sizes)
    begun += list(np.linalg.eigh(axes.T @ axes)[1].T)
    if len(sizes) == 1:
        return value(begun[0])[0]
    from scipy.optimize import minimize

    begun.sort(key=lambda start: value(start)[0])
    found = [minimize(value, start, jac=True, method="BFGS", options={"gtol": 1e-8}) for start in begun[:_SEARCHES]]
    best = min(found, key=lambda each: float(each.fun))
    left = float(np.abs(best.jac).max() * np.linalg.norm(best.x))
    if not np.isfinite(best.fun) or left > _SLOPE * max(1.0, float(best.fun)):
        raise NumericalError("The test of underidentification found no minimum: use fewer lags as instruments.")
    return float(best.fun)
