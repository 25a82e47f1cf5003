r"""Moments that are quadratic in the coefficients: what uncorrelated errors say beyond lagged instruments.

With :math:`u_{it} = \eta_i + \varepsilon_{it}` the residuals of the levels, errors uncorrelated over time imply

.. math:: \mathrm E[u_{i,t+1}\,\Delta u_{it}] = 0

(Ahn and Schmidt 1995, Journal of Econometrics 68), and those whose variance is the same in all periods also
:math:`\mathrm E[(u_{it} + u_{i,t-1})\,\Delta u_{it}] = 0`. They identify where levels say little about later
differences, and ask nothing of the first observations. Both are products of two residuals, :math:`q_i(\beta) =
(a_i'\theta)(b_i'\theta)` with :math:`\theta = (1, -\beta)`; the criterion of these and the linear moments is
minimised by Newton's steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress

import numpy as np

from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.errors import InsufficientDataError, NumericalError
from panelvar.panels.dynamic.gmm import GmmProblem, Step
from panelvar.panels.dynamic.instrument_moments import Origin
from panelvar.panels.dynamic.transforms import EquationRows
from panelvar.panels.dynamic.weighting import Root, root_of_covariance, root_of_moments, sum_clusters

NONLINEAR = ("noserial", "iid")
_STEPS, _HALVINGS = 200, 40
_SEEN = 1e-6
"""Share of a standard error below which a step is the last, and taken without asking whether it leads down."""
_UNSETTLED = (
    "GMM with quadratic moments has not settled: the moments identify the coefficients weakly. Use nonlinear=None, or "
    "other instruments."
)


@dataclass(frozen=True, eq=False)
class QuadraticMoments:
    """Products of two residuals of every entity, D of them.

    Attributes
    ----------
    left, right : (N, D, 1 + m) arrays
        The factors a and b: dependent variable first, then the regressors; zero where an entity lacks a period.
    labels : tuple of str
    groups : (N,) integer array or None
        Clusters of entities, over which values and slopes are summed; None: each entity by itself.
    """

    left: Array
    right: Array
    labels: tuple[str, ...]
    groups: Positions | None = None

    def values(self, params: Array) -> Array:
        """The products (N, D) at coefficients (m, 1)."""
        theta = np.concatenate([np.ones(1), -params[:, 0]])
        return sum_clusters((self.left @ theta) * (self.right @ theta), self.groups)

    def slopes(self, params: Array) -> Array:
        """How the products fall as the coefficients rise, (N, D, m): their derivatives with a minus sign."""
        theta = np.concatenate([np.ones(1), -params[:, 0]])
        first = self.left[:, :, 1:] * (self.right @ theta)[:, :, None]
        return sum_clusters(first + self.right[:, :, 1:] * (self.left @ theta)[:, :, None], self.groups)

    def value_totals(self, params: Array) -> Array:
        """Sums (D,) of the products over the entities."""
        return np.asarray(self.values(params).sum(axis=0))

    def slope_totals(self, params: Array) -> Array:
        """How these fall as the coefficients rise, (D, m)."""
        return np.asarray(self.slopes(params).sum(axis=0))

    def curvature(self, weights: Array) -> Array:
        """Second derivative (m, m) of the weighted sum of all products; the coefficients do not change it."""
        half = np.einsum("d,ndj,ndk->jk", weights, self.left[:, :, 1:], self.right[:, :, 1:], optimize=True)
        return np.asarray(half + half.T)

    def only(self, kept: Mask) -> QuadraticMoments:
        """Some of the products."""
        labels = tuple(compress(self.labels, kept))
        return QuadraticMoments(self.left[:, kept], self.right[:, kept], labels, self.groups)

    def of_regressors(self, places: Sequence[int]) -> QuadraticMoments:
        """With some of the regressors."""
        columns = [0, *(place + 1 for place in places)]
        return QuadraticMoments(self.left[:, :, columns], self.right[:, :, columns], self.labels, self.groups)


@dataclass(frozen=True, eq=False)
class SummedQuadratics:
    r"""The same of entities that are not kept: rows with the cross products of all :math:`a_ib_i'`, and their sums.

    Attributes
    ----------
    products : (r, D, 1 + m, 1 + m) array
    sums : (D, 1 + m, 1 + m) array
    labels : tuple of str
    """

    products: Array
    sums: Array
    labels: tuple[str, ...]

    def values(self, params: Array) -> Array:
        """The products (r, D) at coefficients (m, 1)."""
        return _values_of(self.products, params)

    def slopes(self, params: Array) -> Array:
        """How the products fall as the coefficients rise, (r, D, m)."""
        return _slopes_of(self.products, params)

    def value_totals(self, params: Array) -> Array:
        """Sums (D,) of the products over the entities."""
        return _values_of(self.sums, params)

    def slope_totals(self, params: Array) -> Array:
        """How these fall as the coefficients rise, (D, m)."""
        return _slopes_of(self.sums, params)

    def curvature(self, weights: Array) -> Array:
        """Second derivative (m, m) of the weighted sum of all products."""
        half = np.einsum("d,djk->jk", weights, self.sums[:, 1:, 1:])
        return np.asarray(half + half.T)

    def only(self, kept: Mask) -> SummedQuadratics:
        """Some of the products."""
        return SummedQuadratics(self.products[:, kept], self.sums[kept], tuple(compress(self.labels, kept)))

    def of_regressors(self, places: Sequence[int]) -> SummedQuadratics:
        """With some of the regressors."""
        columns = [0, *(place + 1 for place in places)]
        products, sums = (each[..., columns, :][..., columns] for each in (self.products, self.sums))
        return SummedQuadratics(products, sums, self.labels)


def _values_of(products: Array, params: Array) -> Array:
    theta = np.concatenate([np.ones(1), -params[:, 0]])
    return np.asarray((products @ theta) @ theta)


def _slopes_of(products: Array, params: Array) -> Array:
    theta = np.concatenate([np.ones(1), -params[:, 0]])
    return np.asarray((products[..., 1:, :] @ theta) + (products[..., 1:].swapaxes(-1, -2) @ theta))


def _solved(matrix: Array, right: Array) -> Array:
    """Solve equations of the search.

    Raises
    ------
    NumericalError
        They are singular.
    """
    try:
        return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)
    except np.linalg.LinAlgError:
        raise NumericalError(_UNSETTLED) from None


def no_products(kind: str) -> InsufficientDataError:
    """Make the error for rows that have none."""
    return InsufficientDataError(
        f"nonlinear={kind!r} needs entities with three periods in a row, in addition to those that the lags take."
    )


def quadratic_factors(
    rows: EquationRows, periods: Sequence[str], m: int, kind: str, means: Array
) -> tuple[QuadraticMoments, Mask]:
    """The factors of all products that there can be, and which of these some entity has.

    Parameters
    ----------
    rows : EquationRows
        The levels: m regressors, then the dependent variable.
    periods : sequence of str
        What the periods are called.
    m : int
    kind : {"noserial", "iid"}
    means : (m + 1,) array
        Levels are those around their means, so that no constant changes anything.
    """
    complete = rows.complete
    values = np.concatenate([rows.values[:, :, m:], rows.values[:, :, :m]], axis=2)
    values = np.where(complete[:, :, None], values - np.concatenate([means[m:], means[:m]]), 0.0)
    changes = values[1:] - values[:-1]
    both = complete[1:] & complete[:-1]
    left, right, names, seen = [], [], [], []
    for place in range(len(changes) - 1):
        used = both[place] & complete[place + 2]
        left.append(np.where(used[:, None], values[place + 2], 0.0))
        right.append(np.where(used[:, None], changes[place], 0.0))
        names.append(f"u({periods[place + 2]}) D.u({periods[place + 1]})")
        seen.append(used.any())
    for place in range(len(changes) if kind == "iid" else 0):
        used = both[place]
        left.append(np.where(used[:, None], values[place + 1] + values[place], 0.0))
        right.append(np.where(used[:, None], changes[place], 0.0))
        names.append(f"D.u({periods[place + 1]})^2")
        seen.append(used.any())
    if not names:
        raise no_products(kind)
    return QuadraticMoments(np.stack(left, axis=1), np.stack(right, axis=1), tuple(names)), np.array(seen)


@dataclass(frozen=True, eq=False, kw_only=True)
class QuadraticProblem(GmmProblem):
    """Linear moments and quadratic ones, of one equation; the one-step estimates are those of the linear ones."""

    alone: GmmProblem
    quadratic: QuadraticMoments | SummedQuadratics
    kind: str

    @classmethod
    def of(cls, linear: GmmProblem, quadratic: QuadraticMoments | SummedQuadratics, kind: str) -> QuadraticProblem:
        """Add quadratic moments to a problem."""
        return cls(
            linear.moments,
            linear.total,
            linear.weight,
            linear.labels + quadratic.labels,
            linear.origins + (Origin("quadratic"),) * len(quadratic.labels),
            linear.regressors,
            linear.n_clusters,
            linear.clustered,
            alone=linear,
            quadratic=quadratic,
            kind=kind,
        )

    @property
    def linear(self) -> GmmProblem:
        """The problem of the linear moments alone."""
        return self.alone

    def without(self, doubted: Mask) -> GmmProblem:
        """The problem with fewer moments."""
        count = self.alone.n_moments
        linear = self.alone.without(doubted[:count])
        quadratic = self.quadratic.only(~doubted[count:])
        return self.of(linear, quadratic, self.kind) if quadratic.labels else linear

    def of_regressors(self, places: Sequence[int]) -> GmmProblem:
        """The problem with fewer regressors."""
        return self.of(self.alone.of_regressors(places), self.quadratic.of_regressors(places), self.kind)

    def errors(self, params: Array) -> Array:
        """Moments of the errors of each cluster, (G, L + D)."""
        return np.concatenate([self.alone.errors(params), self.quadratic.values(params)], axis=1)

    def residual_total(self, params: Array) -> Array:
        """Sums of the moments of the errors, (L + D,)."""
        return np.concatenate([self.alone.residual_total(params), self.quadratic.value_totals(params)])

    def summed_slopes(self, params: Array, shares: Array) -> Array:
        """How the moments of clusters fall as the coefficients rise, times shares (G,) of these, (L + D, m)."""
        own = np.tensordot(shares, self.quadratic.slopes(params), axes=1)
        return np.concatenate([self.alone.summed_slopes(params, shares), own])

    def combined_slopes(self, params: Array, weights: Array) -> Array:
        """How a combination (1, L + D) of each cluster's moments falls as the coefficients rise, (G, m)."""
        linear, own = np.split(weights, [self.alone.n_moments], axis=1)
        return np.asarray(self.alone.combined_slopes(params, linear) + own[0] @ self.quadratic.slopes(params))

    @property
    def initial_root(self) -> Root:
        """Root of the one-step weight, of the linear moments."""
        return self.alone.initial_root

    @cached_property
    def one_step(self) -> Step:
        """All moments, the quadratic ones weighed by themselves: both weights are those of the linear estimates."""
        linear, params = self.alone, self.alone.one_step.params
        count, last = linear.n_moments, self.n_moments
        covariance = np.zeros((last, last))
        errors = self.quadratic.values(params)
        covariance[count:, count:] = errors.T @ errors
        # What the linear moments are assumed to have in common, on the scale of what they have.
        own = linear.errors(params)
        half = linear.initial_root.divided(own.T)
        covariance[:count, :count] = linear.weight * (float(np.square(half).sum()) / linear.initial_root.rank)
        root = root_of_covariance(covariance)
        return min((self._least(root, start) for start in self._starts(params)), key=lambda step: step.criterion)

    def _starts(self, *params: Array) -> list[Array]:
        """Where a search begins: at given estimates, and where the first lag has a unit root beside them."""
        unit = params[0].copy()
        unit[0] = 1.0
        return [*params, unit]

    def two_step(self, at: Array, *, joint: bool = True) -> Step:
        """The least criterion under the weights of the errors at given estimates.

        Raises
        ------
        NumericalError
            The search does not settle.
        """
        root = root_of_moments(self.errors(at))
        starts = self._starts(at, self.alone.two_step(at, joint=joint).params)
        return min((self._least(root, start) for start in starts), key=lambda step: step.criterion)

    def _least(self, root: Root, start: Array) -> Step:
        """The minimum below a start: Newton's steps where they lead down, Gauss and Newton's elsewhere, halved."""
        params, half, settled = start, root.divided(self.residual_total(start)), False
        for _ in range(_STEPS):
            pull, bread, inner = self._local(root, params, half)
            sizes = np.sqrt(bread.diagonal())
            plain = pull @ self.residual_total(params)
            move = _solved(inner, plain)
            if not move @ _solved(bread, plain) > 0.0:
                move = plain
            if settled:
                break
            if (np.abs(move) < _SEEN * sizes).all():
                # Rounding hides what this step gains; it is the last.
                settled = True
                params = params + move[:, None]
                half = root.divided(self.residual_total(params))
                continue
            for halving in range(_HALVINGS):
                tried = params + move[:, None] / 2.0**halving
                new = root.divided(self.residual_total(tried))
                if new @ new < half @ half:
                    break
            else:
                raise NumericalError(_UNSETTLED)
            params, half = tried, new
        else:
            raise NumericalError(_UNSETTLED)
        curved = _solved(inner, pull)
        return Step(params, curved, bread, (root,), float(half @ half))

    def _local(self, root: Root, params: Array, half: Array) -> tuple[Array, Array, Array]:
        """Pull and bread as if the moments were linear, and what their curvature makes of the bread's inverse."""
        linear = self.total[:, : self.n_regressors]
        pull, bread = self._pull(root, np.concatenate([linear, self.quadratic.slope_totals(params)]))
        own = root.undivided(half)[self.alone.n_moments :]
        return pull, bread, np.eye(len(bread)) + bread @ self.quadratic.curvature(own)
