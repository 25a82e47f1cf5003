r"""Whether the moments of dynamic-panel GMM identify the coefficients at all.

If they do not, some combination of the regressors is unrelated to every instrument: :math:`\mathrm E[Z_i'X_i]\,\delta =
0`. These are the moments of a regression of one regressor on the others with the same instruments. The test of
overidentification of that regression is therefore a test of underidentification of the model (Windmeijer 2021, Journal
of Econometrics; Arellano, Hansen and Sentana 2012). The smallest value over all normalisations,

.. math:: \min_\delta\; \bar g(\delta)'\Big[\sum_i g_i(\delta)g_i(\delta)'\Big]^{-1}\bar g(\delta), \qquad
          g_i(\delta) = Z_i'X_i\delta,

is the robust statistic of Cragg and Donald (1993): chi-squared with one degree of freedom more than there are moments
beyond the coefficients. The form has many minima where entities are few for the moments, so it is searched from many
starts, none of which depends on units, on the order of entities or on the last digits of their moments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, islice, product
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import InsufficientDataError, NumericalError
from panelvar.core.tables.joint_tests import JointTests
from panelvar.core.tables.table import Table
from panelvar.core.tables.test_result import TestResult, chi2_test
from panelvar.kernels.linear.qr import triangularize
from panelvar.panels.dynamic.gmm import GmmProblem
from panelvar.panels.dynamic.gmm_estimate import GmmEstimate
from panelvar.panels.dynamic.weighting import Root, positive, root_of_moments, triangular

NULL = "the moments do not identify the coefficients"
_SEARCHES = 150
"""Most starts from which the least form is searched."""
_MET = 15
"""Searches that end at the least of all, after which there are no more: a lower minimum that half as many searches
would meet has been missed with a probability of exp(-7.5)."""
_SAME = 1e-7
"""Share of the criterion up to which two minima are one."""
_STEPS, _FALL = 100, 1e-11
"""Steps of a search, and the share of the criterion by which another step would lower it, at a minimum."""
_SMOOTHED, _PATH = 3, (0.25, 0.5, 0.7, 0.85, 0.95, 1.0)
"""Searches that begin in the smooth criterion of the one-step weights, and shares of its own weights they pass."""


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

    See Also
    --------
    DynamicPanelResult.underidentification : where it is.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("employment")
    >>> few = pv.LagInstruments(collapse=True)
    >>> fit = pv.fit_arellano_bond(firms, "log(emp) ~ log(wage) + log(capital)", lags=2, instruments=few)
    >>> fit.underidentification.joint.in_a_line()
    'chi2(6) = 15.5252, p = 0.0165'
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
        There are as many moments as entities (or clusters of them), or so many that the criterion jumps.
    NumericalError
        No search ends at a minimum.
    """
    problem = estimate.problem.linear
    clusters, moments, m = problem.n_clusters, problem.n_moments, problem.n_regressors
    if moments >= clusters:
        raise InsufficientDataError(
            "A test of underidentification needs fewer moments than entities (or clusters of them); there are "
            f"{moments} for {clusters}. Use LagInstruments(collapse=True), or last=, to have fewer."
        )
    # For moments (clusters, moments) to be of deficient rank takes clusters - moments + 1 conditions, and combinations
    # have m - 1 directions to meet them: where these are as many, some have a singular covariance. The criterion jumps
    # there, and searches do not end.
    if moments + m - 1 > clusters:
        raise InsufficientDataError(
            f"A test of underidentification of {m} coefficients takes at most {clusters - m + 1} moments from "
            f"{clusters} entities (or clusters of them), and there are {moments}. With so many, the covariance of the "
            "moments is singular for some combinations of the regressors. Use LagInstruments(collapse=True), or last=, "
            "to have fewer."
        )
    df = problem.initial_root.rank - m + 1
    spec = estimate.model.specification
    places = range(len(spec.lag_names) + len(spec.regressors)) if m > 1 else ()
    tests = []
    for place in places:
        # One regressor explained by the others, with the same instruments.
        others = [other for other in range(m) if other != place]
        auxiliary = problem.of_columns([*others, place], tuple(problem.regressors[other] for other in others))
        step = auxiliary.two_step(auxiliary.one_step.params)
        tests.append(chi2_test(problem.regressors[place], step.criterion, df, NULL))
    return UnderidentificationTest(chi2_test("Underidentification", _least(problem), df, NULL), tuple(tests))


def _least(problem: GmmProblem) -> float:
    """The least criterion of all combinations of the regressors."""
    form = _Form.of(problem)
    if form.n_combined == 1:
        return form.at(np.ones(1)).value
    followed = [form.followed(start) for start in np.eye(form.n_combined)[::-1][:_SMOOTHED]]
    found: list[float] = []
    least = min((end.value for end in followed if end.settled), default=np.inf)
    for start in _starts(form.n_combined):
        end = form.descended(start)
        if end.settled:
            found.append(end.value)
            least = min(least, end.value)
        if sum(value <= least * (1.0 + _SAME) for value in found) >= _MET:
            break
    if not np.isfinite(least):
        raise NumericalError("The test of underidentification found no minimum. Use fewer lags as instruments.")
    return float(least)


def _starts(width: int) -> Iterator[Array]:
    """Axes, sums and differences of two and of three, the lowest first: no axis's sign changes what is searched.

    Where axes are few, also such that weigh them unequally: the angles between starts are even.
    """
    axes = np.eye(width)[::-1]
    sums = (
        axes[list(places)].T @ np.array([1.0, *factors])
        for ratios, sizes in (((1.0,), (1, 2, 3)), ((1 / 3, 3.0), (2, 3)), ((1 / 7, 2 / 3, 3 / 2, 7.0), (2, 3)))
        for size in sizes
        for places in sorted(combinations(range(width), size), key=sum)
        for factors in product([sign * ratio for ratio in ratios for sign in (1.0, -1.0)], repeat=size - 1)
    )
    return islice(sums, _SEARCHES)


class _Point(NamedTuple):
    """A combination of unit length, its criterion, and what its derivatives are made of."""

    combination: Array
    value: float
    errors: Array
    root: Root
    half: Array


class _End(NamedTuple):
    """Where a search ended, and whether at a minimum."""

    combination: Array
    value: float
    settled: bool


@dataclass(frozen=True, eq=False)
class _Form:
    """The criterion of combinations of the regressors.

    Moments are those of unit one-step weight, and regressors the axes of the one-step criterion, longest first, in
    which the entities' moments have unit size: neither units nor the order of entities steer a search.

    Attributes
    ----------
    slopes : (G, L, m) array
        Moments of the clusters, times the root of ``share``.
    total : (L, m) array
    share : float
        Share of the moments' own weights: the rest is that of the one-step weights, under which the axes are the
        criterion's only stationary points.
    """

    slopes: Array
    total: Array
    share: float = 1.0

    @classmethod
    def of(cls, problem: GmmProblem) -> _Form:
        """The criterion of a problem's regressors."""
        m = problem.n_regressors
        slopes = problem.initial_root.divided(problem.products[:, :m]).transpose(2, 0, 1)
        total = problem.initial_root.divided(problem.total[:, :m])
        sizes = positive(np.sqrt(np.einsum("glj,glj->j", slopes, slopes)))
        upper = triangularize((slopes / sizes).reshape(-1, m))
        inverse = triangular(upper, np.eye(m)) / sizes[:, None]
        axes = inverse @ np.linalg.svd(total @ inverse)[2].T
        return cls(slopes @ axes, total @ axes)

    @property
    def n_combined(self) -> int:
        """Regressors, m."""
        return int(self.total.shape[1])

    @property
    def _smooth(self) -> float:
        """The one-step weights' part of the covariance."""
        return (1.0 - self.share) / len(self.total)

    def smoothed(self, share: float) -> _Form:
        """The criterion with a share of its own weights."""
        return replace(self, slopes=self.slopes * share**0.5, share=share)

    def at(self, combination: Array) -> _Point:
        """The criterion of a combination of unit length."""
        errors = (self.slopes.reshape(-1, self.n_combined) @ combination).reshape(self.slopes.shape[:2])
        smooth = self._smooth
        rows = np.concatenate([errors, smooth**0.5 * np.eye(len(self.total))]) if smooth else errors
        root = root_of_moments(rows)
        half = root.divided(self.total @ combination)
        return _Point(combination, float(half @ half), errors, root, half)

    def derivatives(self, point: _Point) -> tuple[Array, Array]:
        r"""Half the slope and half the curvature among combinations of one length.

        With :math:`s = S^{-1}\bar g`, :math:`B = \sum_i (1 - g_i's)Z_i'X_i` and :math:`W_i = s'Z_i'X_i` they are
        :math:`B's` and :math:`(B - \sum_i g_iW_i)'S^{-1}(B - \sum_i g_iW_i) - W'W`.
        """
        solved = point.root.undivided(point.half)
        shares = point.errors @ solved
        left = self.total - (shares @ self.slopes.reshape(len(shares), -1)).reshape(self.total.shape)
        own = solved @ self.slopes
        across = point.root.divided(left - point.errors.T @ own)
        curvature = across.T @ across - own.T @ own - self._smooth * (solved @ solved) * np.eye(self.n_combined)
        return left.T @ solved, curvature

    def followed(self, start: Array) -> _End:
        """A search from the smooth criterion on, to minima of ones that are ever less smooth."""
        for share in _PATH:
            end = self.smoothed(share).descended(start)
            start = end.combination
        return end

    def descended(self, start: Array) -> _End:
        """Newton's steps on the sphere, damped until the criterion falls as it should."""
        point = self.at(start / np.linalg.norm(start))
        damping = 0.1
        slope, curvature, basis = self._tangent(point)
        for _ in range(_STEPS):
            size = np.abs(curvature).max()
            steep = np.abs(curvature)
            # A descent also where the form is not convex: along each axis of its curvature, by its size.
            if curvature[0] > 0.0 and (slope**2 / steep).sum() <= _FALL * max(1.0, point.value):
                return _End(point.combination, point.value, settled=True)
            step = -slope / (steep + damping * size)
            moved = point.combination + basis @ step
            tried = self.at(moved / np.linalg.norm(moved))
            expected = 2.0 * slope @ step + curvature @ step**2
            gained = (tried.value - point.value) / expected
            if gained > 1e-4:
                point = tried
                slope, curvature, basis = self._tangent(point)
            damping = damping / 3.0 if gained > 0.5 else damping * 10.0 if gained < 0.25 else damping
        return _End(point.combination, point.value, settled=False)

    def _tangent(self, point: _Point) -> tuple[Array, Array, Array]:
        """Half the slope and curvature along the axes of the curvature, and these axes, at right angles to a point."""
        slope, curvature = self.derivatives(point)
        along = np.outer(point.combination, point.combination)
        plane = np.eye(self.n_combined) - along
        # The point itself is the last axis, and left out.
        values, vectors = np.linalg.eigh(plane @ curvature @ plane + 2.0 * np.linalg.norm(curvature) * along)
        return slope @ vectors[:, :-1], values[:-1], vectors[:, :-1]
