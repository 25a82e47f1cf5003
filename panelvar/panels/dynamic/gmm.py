r"""GMM of K equations with the same regressors and instruments, from the moments of the entities.

With :math:`g_i(B) = \mathrm{vec}\,Z_i'(Y_i - X_iB)` and a weight S of the moments, the estimate minimises
:math:`\bar g'S^{-1}\bar g`. One-step weights are :math:`I_K \otimes \sum_i Z_i'H_iZ_i`; two-step weights
:math:`\sum_i g_ig_i'` at the one-step estimates, of all equations jointly or of each by itself (Hansen 1982; Arellano
and Bond 1991). A single equation is K = 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import compress

import numpy as np

from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import CollinearityError, InsufficientDataError, NumericalError
from panelvar.panels.dynamic.instrument_moments import Moments, Origin
from panelvar.panels.dynamic.weighting import Root, root_of_covariance, root_of_moments, triangular

RANK_TOLERANCE = 1e-11
"""Share of a regressor's instrumented length that may be left beside the others before it counts as dependent."""
_ITERATIONS, _SETTLED = 1_000, 1e-10
"""Most rounds of weights and estimates, and how far the last may move them, in standard errors."""
_ROUNDED = 1e-6
"""Standard errors below which a round that moves estimates no less than the one before only moves them by rounding."""
_NEWTON, _NEARBY = 20, 1e-2
"""Most of Newton's steps, and the distance at which what they find is where the rounds end, in standard errors."""

_ALONG, _AXES = np.sinh(np.linspace(-5.0, 5.0, 61)) / 2.0, 3
"""Where a criterion with several minima is looked at: standard errors from two-step estimates, along so many axes."""
_APART = 0.1
"""Standard errors within which two estimates are one."""
_RIVAL = 3.84
"""How much higher a second minimum may be and still be in doubt: a test of one coefficient at 5% accepts both."""
_LEVEL, _NEAR = 1e-4, 100.0
"""Slope of a criterion at its minimum, by standard error; standard errors from two-step estimates to updated ones."""


@dataclass(frozen=True, eq=False)
class Step:
    r"""Estimates under one weight.

    Attributes
    ----------
    params : (m, K) array
    pull : (K m, K L) array
        Estimates are this times the moments of Y: :math:`(X'ZS^{-1}Z'X)^{-1}X'ZS^{-1}`.
    bread : (K m, K m) array
        :math:`(X'ZS^{-1}Z'X)^{-1}`, equation by equation.
    roots : tuple of Root
        Of S: one of all moments together, or one for each equation.
    criterion : float
        :math:`\bar g'S^{-1}\\bar g`.
    rivals : tuple of Step
        Other minima of the criterion that are hardly higher, where weights move with the estimates.
    """

    params: Array
    pull: Array
    bread: Array
    roots: tuple[Root, ...]
    criterion: float
    rivals: tuple[Step, ...] = ()

    @property
    def rank(self) -> int:
        """Rank of the weight."""
        return sum(root.rank for root in self.roots)


@dataclass(frozen=True, eq=False)
class GmmProblem:
    """Moments of the entities, and the weight of the one-step estimates.

    Attributes
    ----------
    moments : EntityMoments or StackedMoments
        :math:`Z_i'[X_i, Y_i]` of all entities, or of clusters within which errors may be correlated, G of them; or rows
        with the same cross products as all of these.
    total : (L, m + K) array
        :math:`Z'[X, Y]`, their sum.
    weight : (L, L) array
        One-step weight.
    labels : tuple of str
        What each of the L moments is.
    origins : tuple of Origin
        Where each moment comes from.
    regressors : tuple of str
        Names of the m regressors.
    n_clusters : int
        Clusters of entities: the entities by themselves unless others were asked for.
    clustered : bool
        Whether clusters are of several entities.
    lifts : (L, L) array or None
        What the moments as they are named have beside these, as combinations of these (see `InstrumentMatrix`).
    """

    moments: Moments
    total: Array
    weight: Array
    labels: tuple[str, ...]
    origins: tuple[Origin, ...]
    regressors: tuple[str, ...]
    n_clusters: int
    clustered: bool
    lifts: Array | None = None

    @property
    def n_regressors(self) -> int:
        """Regressors of an equation, m."""
        return len(self.regressors)

    @property
    def n_equations(self) -> int:
        """Equations, K."""
        return int(self.total.shape[1]) - self.n_regressors

    @property
    def n_moments(self) -> int:
        """Moments of an equation, L."""
        return len(self.labels)

    @property
    def linear(self) -> GmmProblem:
        """The problem of the moments that are linear in the coefficients: of all of them here."""
        return self

    def without(self, doubted: Mask) -> GmmProblem:
        """The problem with fewer moments."""
        kept = ~doubted
        if self.lifts is not None and self.lifts[np.ix_(kept, doubted)].any():
            return self.lifted.without(doubted)
        return replace(
            self,
            moments=self.moments.only(kept),
            total=self.total[kept],
            weight=self.weight[np.ix_(kept, kept)],
            labels=tuple(compress(self.labels, kept)),
            origins=tuple(compress(self.origins, kept)),
            lifts=None if self.lifts is None else self.lifts[np.ix_(kept, kept)],
        )

    @property
    def lifted(self) -> GmmProblem:
        """The problem of the moments as they are named."""
        if self.lifts is None:
            return self
        turn = np.eye(self.n_moments) + self.lifts
        moments, weight = self.moments.turned(turn), turn @ self.weight @ turn.T
        return replace(self, moments=moments, total=turn @ self.total, weight=weight, lifts=None)

    def of_columns(self, columns: Sequence[int], names: tuple[str, ...]) -> GmmProblem:
        """The problem of some of the regressors and dependent variables, the regressors first."""
        chosen = list(columns)
        return replace(self, moments=self.moments.of_columns(chosen), total=self.total[:, chosen], regressors=names)

    def of_regressors(self, places: Sequence[int]) -> GmmProblem:
        """The problem with fewer regressors."""
        width = range(self.n_regressors, self.total.shape[1])
        return self.of_columns([*places, *width], tuple(self.regressors[place] for place in places))

    @property
    def products(self) -> Array:
        """The products themselves, (L, m + K, G), which entities that are kept have made when asked for."""
        return self.moments.products

    @property
    def counted(self) -> Moments:
        """The moments, as often as each cluster counts: once."""
        return self.moments

    def errors(self, params: Array) -> Array:
        """Moments of the errors of each cluster, equation by equation, (G, K L)."""
        return self.counted.errors(params)

    def summed_slopes(self, params: Array, shares: Array) -> Array:
        """How the moments of clusters fall as the coefficients rise, times shares (G,) of these, (L, m)."""
        return self.counted.summed(shares)[:, : self.n_regressors]

    def combined_slopes(self, params: Array, weights: Array) -> Array:
        """How combinations (k, L) of each cluster's moments fall as the coefficients rise, (G, k m)."""
        slopes = self.counted.combined(weights)[: self.n_regressors]
        return slopes.T.reshape(slopes.shape[2], -1)

    def residual_total(self, params: Array) -> Array:
        """:math:`Z'U`, equation by equation, (K L,)."""
        m = self.n_regressors
        return np.asarray((self.total[:, m:] - self.total[:, :m] @ params).T.ravel())

    @cached_property
    def initial_root(self) -> Root:
        """Root of the one-step weight."""
        return root_of_covariance(self.weight)

    @cached_property
    def one_step(self) -> Step:
        """The one-step estimates."""
        return self._by_equation([self.initial_root] * self.n_equations)

    def roots(self, at: Array, *, joint: bool = True) -> list[Root]:
        """Roots of the weights of the errors at given estimates: of all equations together, or one for each."""
        return [root_of_moments(part) for part in np.split(self.errors(at), 1 if joint else self.n_equations, axis=1)]

    def two_step(self, at: Array, *, joint: bool = True) -> Step:
        """Estimates under the weights of the errors at given estimates."""
        roots = self.roots(at, joint=joint)
        return self._joint(roots[0]) if joint and self.n_equations > 1 else self._by_equation(roots)

    def iterate(self, *, joint: bool = True) -> Step:
        """Two-step estimates under the weights of their own errors (Hansen, Heaton and Yaron 1996).

        There may be several such estimates. These are the ones that weights and estimates in turn come to, from the
        one-step estimates on. Newton's steps find them to the last digit, but from far away they may find others, so
        that they only count once the turns have come near, at estimates that attract them.

        Raises
        ------
        NumericalError
            The estimates do not settle.
        """
        at, goal, least, before = self.one_step.params, None, np.inf, np.inf
        for number in range(_ITERATIONS):
            step = self.two_step(at, joint=joint)
            gap = self._distance(step, at)
            # Where weights are nearly singular, rounding moves estimates by more than the rounds do.
            if gap < _SETTLED or before <= gap < _ROUNDED:
                return step
            before = gap
            if number and gap < least / 2.0:
                goal, least = self._settled(at, step, joint=joint), gap
            if goal is not None and self._distance(goal, at) < _NEARBY:
                return goal
            at = step.params
        raise NumericalError(
            f"Iterated GMM has not settled after {_ITERATIONS} rounds of weights and estimates: the moments identify "
            "the coefficients weakly. Use steps=2, or fewer lags as instruments."
        )

    def _distance(self, step: Step, at: Array) -> float:
        """The largest distance of estimates from others, in standard errors."""
        errors = np.sqrt(step.bread.diagonal()).reshape(self.n_equations, -1).T
        return float(np.abs((step.params - at) / errors).max())

    def _settled(self, at: Array, step: Step, *, joint: bool) -> Step | None:
        """Estimates under weights of their own errors that Newton's steps find, if they attract those around them."""
        for _ in range(_NEWTON):
            moved = self.correction(step, at)
            if self._distance(step, at) < _SETTLED:
                return step if np.abs(np.linalg.eigvals(moved)).max() < 1.0 else None
            try:
                ahead = np.linalg.solve(np.eye(len(moved)) - moved, (step.params - at).T.ravel())
            except np.linalg.LinAlgError:
                return None
            at = at + ahead.reshape(self.n_equations, -1).T
            if not np.isfinite(at).all():
                return None
            try:
                step = self.two_step(at, joint=joint)
            except (CollinearityError, InsufficientDataError, NumericalError):
                # So far away that the weights identify nothing.
                return None
        return None

    def update_continuously(self) -> Step:
        """The estimates that minimise the criterion with the weights of their own errors (Hansen, Heaton, Yaron 1996).

        The criterion may have several minima. It is searched from several starts, and these are the lowest found.

        Raises
        ------
        NumericalError
            No search ends at a minimum.
        """
        start = self.two_step(self.one_step.params)
        found: list[Step] = []
        for at in self._starts_around(start):
            end = self._least_from(at, start)
            if end is None:
                continue
            if all(self._distance(each, end.params) > _APART for each in found):
                found.append(end)
        if not found:
            raise NumericalError(
                "Continuously updated GMM found no minimum: the moments identify the coefficients weakly. Use steps=2, "
                "or fewer lags as instruments."
            )
        found.sort(key=lambda step: step.criterion)
        rivals = tuple(each for each in found[1:] if each.criterion < found[0].criterion + _RIVAL)
        return replace(found[0], rivals=rivals)

    def _starts_around(self, start: Step) -> list[Array]:
        """Estimates from which the least criterion is searched, each some way from the ones before.

        Two-step, one-step and iterated estimates, and then the lowest points of the criterion along the longest axes of
        the covariance of the first, where a criterion with several minima has them.
        """
        starts = [start.params, self.one_step.params]
        with suppress(CollinearityError, InsufficientDataError, NumericalError):
            starts.append(self.iterate().params)
        sizes = np.sqrt(start.bread.diagonal())
        values, axes = np.linalg.eigh(start.bread / sizes / sizes[:, None])
        for value, axis in list(zip(values, axes.T, strict=True))[: -_AXES - 1 : -1]:
            # The sign of an axis is arbitrary, and which of two searches comes first should not depend on it.
            along = (
                (axis * np.sign(axis[np.abs(axis).argmax()]) * np.sqrt(value) * sizes).reshape(self.n_equations, -1).T
            )
            points = [start.params + far * along for far in _ALONG]
            heights = np.array([self._criterion(point) for point in points])
            low = (heights[1:-1] < heights[:-2]) & (heights[1:-1] < heights[2:])
            starts += [points[place + 1] for place in np.flatnonzero(low)]
        kept: list[Array] = []
        for at in starts:
            moved = replace(start, params=at)
            if all(self._distance(moved, each) > _APART for each in kept):
                kept.append(at)
        return kept

    def _criterion(self, params: Array) -> float:
        """The criterion with the weights of the errors at the same coefficients."""
        half = self.roots(params)[0].divided(self.residual_total(params))
        return float(half @ half)

    def _least_from(self, at: Array, start: Step) -> Step | None:
        """The minimum of the criterion that a search from some estimates ends at, if it ends."""
        from scipy.optimize import minimize

        m, count = self.n_regressors, self.n_equations
        sizes = np.sqrt(start.bread.diagonal())

        def value(scaled: Array) -> tuple[float, Array]:
            params = (scaled * sizes).reshape(count, m).T
            errors = self.errors(params)
            root = root_of_moments(errors)
            total = self.residual_total(params)
            half = root.divided(total)
            solved = root.undivided(half)
            # The criterion's derivative: of the moments, and of the weight's own errors.
            own = solved.reshape(count, -1)
            first = -2.0 * (own @ self.total[:, :m]).ravel()
            drawn = self.summed_slopes(params, errors @ solved)
            second = 2.0 * (own @ drawn).ravel()
            return float(half @ half), (first + second) * sizes

        found = minimize(value, at.T.ravel() / sizes, jac=True, method="BFGS", options={"gtol": 1e-9})
        params = (found.x * sizes).reshape(count, m).T
        root = self.roots(params)[0]
        try:
            step = self._joint(root)
        except (CollinearityError, InsufficientDataError):
            return None
        # Where the moments say little the criterion falls for ever, ever more gently. So the slope is measured in units
        # of the errors there, and a point that far off is no minimum.
        slope = float(np.abs(found.jac / sizes * np.sqrt(step.bread.diagonal())).max())
        away = float(np.abs(found.x - start.params.T.ravel() / sizes).max())
        if not np.isfinite(found.fun) or slope > _LEVEL or away > _NEAR:
            return None
        criterion = float(np.square(root.divided(self.residual_total(params))).sum())
        return Step(params, step.pull, step.bread, step.roots, criterion)

    def correction(self, step: Step, at: Array) -> Array:
        r"""How estimates move with those that their weights were made at, D (K m, K m) (Windmeijer 2005).

        .. math:: D = P_2\sum_i\big[\partial_i\,(g_i'v) + g_i\,(\partial_i'v)\big], \qquad v = S^{-1}\bar g(\hat B_2)

        with :math:`\partial_i = I_K \otimes Z_i'X_i` and g the errors at ``at``.
        """
        m, count = self.n_regressors, self.n_equations
        total, errors = self.residual_total(step.params), self.errors(at)
        by_weight = zip(step.roots, np.split(total, len(step.roots)), strict=True)
        solved = np.concatenate([root.undivided(root.divided(part)) for root, part in by_weight])
        # Moments and coefficients of each weight: those of an equation, or of all.
        blocks = len(step.roots)
        widths = [count // blocks * width for width in (self.n_moments, m)]
        out = np.zeros((count * m, count * m))
        for block, v in enumerate(solved.reshape(blocks, count // blocks, -1)):
            own, places = (slice(block * width, (block + 1) * width) for width in widths)
            g = errors[:, own]
            first = np.kron(np.eye(len(v)), self.summed_slopes(at, g @ v.ravel()))
            out[places, places] = step.pull[places, own] @ (first + g.T @ self.combined_slopes(at, v))
        return out

    def _by_equation(self, roots: list[Root]) -> Step:
        """Estimates of each equation by itself, under a weight of its own."""
        from scipy.linalg import block_diag

        slopes, targets = self.total[:, : self.n_regressors], self.total[:, self.n_regressors :].T
        pairs = {root: self._pull(root, slopes) for root in dict.fromkeys(roots)}
        params = [_solve(pairs[root][0], slopes, target) for root, target in zip(roots, targets, strict=True)]
        halves = [root.divided(target - slopes @ own) for root, target, own in zip(roots, targets, params, strict=True)]
        pull, bread = (block_diag(*blocks) for blocks in zip(*(pairs[root] for root in roots), strict=True))
        return Step(np.stack(params, axis=1), pull, bread, tuple(roots), sum(float(half @ half) for half in halves))

    def _joint(self, root: Root) -> Step:
        """Estimates of all equations together, under one weight."""
        m, count = self.n_regressors, self.n_equations
        slopes = np.asarray(np.kron(np.eye(count), self.total[:, :m]), dtype=np.float64)
        pull, bread = self._pull(root, slopes)
        target = self.total[:, m:].T.ravel()
        params = _solve(pull, slopes, target).reshape(count, m).T
        half = root.divided(self.residual_total(params))
        return Step(params, pull, bread, (root,), float(half @ half))

    def _pull(self, root: Root, slopes: Array) -> tuple[Array, Array]:
        """Pull and bread of moments with such slopes under one weight (see `Step`)."""
        columns = root.divided(slopes)
        sizes = np.sqrt(np.einsum("ij,ij->j", columns, columns))
        self._refuse(columns, sizes, root)
        orthogonal, upper = np.linalg.qr(columns / sizes)
        inverse = triangular(upper, np.eye(len(upper))) / sizes[:, None]
        return inverse @ root.undivided(orthogonal).T, inverse @ inverse.T

    def _refuse(self, columns: Array, sizes: Array, root: Root) -> None:
        """Refuse what is not identified, naming it."""
        names = [self.regressors[place % self.n_regressors] for place in range(columns.shape[1])]
        if root.rank < columns.shape[1]:
            raise InsufficientDataError(
                f"{count_of(root.rank, 'independent moment')} cannot identify "
                f"{count_of(columns.shape[1], 'coefficient')}. Add lags as instruments, or entities."
            )
        if not sizes.all():
            raise CollinearityError(
                f"No instrument is related to {names[int(np.flatnonzero(sizes == 0.0)[0])]!r} in this sample. Add "
                "instruments, or leave it out."
            )
        from scipy.linalg import qr

        upper, order = qr(columns / sizes, mode="r", pivoting=True, check_finite=False)
        weak = np.abs(upper.diagonal()) < RANK_TOLERANCE
        if weak.any():
            dependent = sorted({names[place] for place in order[: len(weak)][weak]})
            raise CollinearityError(
                f"The instruments cannot tell {', '.join(map(repr, dependent))} from the other regressors. Leave "
                f"{'it' if len(dependent) == 1 else 'them'} out, or add instruments."
            )


def _solve(pull: Array, slopes: Array, target: Array) -> Array:
    """Estimates, refined once: what is left of the target is pulled again."""
    first = pull @ target
    return np.asarray(first + pull @ (target - slopes @ first))
