r"""Estimates by moments of draws of the entities: problems in which each entity counts some times.

The slow part of a draw is the weight of two-step estimates, the covariance of the draw's own moments. An ordinary fit
takes its root from a QR decomposition of the entities' moments (see `panelvar.panels.dynamic.weighting`). For many
draws of one sample there is a faster way: in coordinates in which the moments of the sample are nearly uncorrelated,
those of a draw are too, and their cross products lose no digits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import Note
from panelvar.kernels.linear.qr import triangle_of
from panelvar.panels.dynamic.gmm import GmmProblem
from panelvar.panels.dynamic.gmm_estimate import GmmEstimate
from panelvar.panels.dynamic.instrument_moments import StackedMoments
from panelvar.panels.dynamic.weighting import SINGULAR, Root, reciprocal_condition
from panelvar.systems.panel_var.blocks import Refitted

DISTINCT = 1.0 - np.exp(-1.0)
"""Share of the entities that a draw of as many entities holds, on average."""
MOST_INFLATION = 1e4
"""Largest sum of variance inflation factors of whitened moments at which their cross products are factored.

Rounding moves estimates by about this sum times a unit of it, at most: some 1e-12 standard errors.
"""
_AT_ONCE = 1_000
"""Entities whose moments are multiplied at once: few enough to stay in a cache."""


@dataclass(frozen=True, eq=False)
class WhitenedMoments:
    r"""Products of the entities in coordinates in which their moments are nearly uncorrelated.

    With :math:`S = A'A` the one-step weight of the sample, those of entity i are :math:`A'^{-1}Z_i'[X_i, Y_i]`. In a
    draw of the entities the covariance of errors' moments is then near :math:`\Sigma \otimes I`. Its Cholesky factor U
    has the digits that a QR decomposition of the moments would have, and :math:`U(I \otimes A)` is the triangle of that
    decomposition in the coordinates of the sample.

    Attributes
    ----------
    products : (N, m + K, L) array
        Entities come first, because a draw leaves out a third of them.
    upper : (L, L) array
        A.
    """

    products: Array
    upper: Array

    @classmethod
    def of(cls, problem: GmmProblem) -> WhitenedMoments | None:
        """Whiten the moments of a sample, unless its one-step weight is singular."""
        root = problem.initial_root
        if root.upper is None:
            return None
        return cls(np.ascontiguousarray(root.divided(problem.products).transpose(2, 1, 0)), root.upper * root.sizes)

    def roots(self, counts: Array, params: Array, blocks: int) -> list[Root] | None:
        """Roots of the weights of errors in a draw, or None where these need the QR decomposition of their moments.

        Parameters
        ----------
        counts : (N,) array
            How often each entity counts.
        params : (m, K) array
            Coefficients that leave the errors.
        blocks : int
            Weights: 1, of all equations together, or K, one for each.
        """
        drawn, moments, equations = np.flatnonzero(counts), len(self.upper), params.shape[1]
        width = moments * equations // blocks
        if len(drawn) < width:
            return None
        combined = np.concatenate([-params.T, np.eye(equations)], axis=1)
        grams = np.zeros((blocks, width, width))
        for start in range(0, len(drawn), _AT_ONCE):
            places = drawn[start : start + _AT_ONCE]
            errors = combined @ self.products[places]
            errors *= np.sqrt(counts[places])[:, None, None]
            parts = errors.reshape(len(places), blocks, width).swapaxes(0, 1)
            grams += parts.swapaxes(1, 2) @ parts
        roots = []
        for gram in grams:
            root = self._root(gram)
            if root is None:
                return None
            roots.append(root)
        return roots

    def _root(self, gram: Array) -> Root | None:
        """The root of a covariance, if whitened moments are nearly uncorrelated, and the moments independent."""
        factor = triangle_of(gram, most=MOST_INFLATION)
        if factor is None:
            return None
        triangle = (factor.reshape(-1, len(self.upper)) @ self.upper).reshape(factor.shape)
        sizes = np.sqrt(np.einsum("ij,ij->j", triangle, triangle))
        upper = triangle / sizes
        return Root(sizes, upper) if reciprocal_condition(upper) ** 2 > SINGULAR else None


@dataclass(frozen=True, eq=False, kw_only=True)
class DrawnProblem(GmmProblem):
    """The problem of a draw of the entities.

    Attributes
    ----------
    counts : (N,) array
        How often each entity counts.
    whitened : WhitenedMoments or None
        The products of the sample in other coordinates.
    """

    counts: Array
    whitened: WhitenedMoments | None

    @classmethod
    def of(
        cls, sample: GmmProblem, counts: Array, total: Array, weight: Array, whitened: WhitenedMoments | None
    ) -> DrawnProblem:
        """The problem in which each entity counts so often, with the total and one-step weight that go with it."""
        return cls(
            sample.moments,
            total,
            weight,
            sample.labels,
            sample.origins,
            sample.regressors,
            sample.n_clusters,
            sample.clustered,
            counts=counts,
            whitened=whitened,
        )

    @cached_property
    def counted(self) -> StackedMoments:
        """The moments of each entity times the root of its count."""
        return StackedMoments(self.products * np.sqrt(self.counts))

    def roots(self, at: Array, *, joint: bool = True) -> list[Root]:
        """Roots of the weights of the errors at given estimates, from cross products where these are as good."""
        fast = self.whitened and self.whitened.roots(self.counts, at, 1 if joint else self.n_equations)
        return fast or super().roots(at, joint=joint)


class WeightedRefits:
    """Estimates with entities weighted: one entity drawn twice is two, since moments are sums over entities."""

    def __init__(self, found: GmmEstimate, order: Positions) -> None:
        self.found, self.order = found, order

    @cached_property
    def squares(self) -> Array:
        """Products of each entity's rows, (N, m + K, m + K)."""
        values = self.found.model.kept.transformed.values
        return np.asarray(np.einsum("tni,tnj->nij", values, values))

    @cached_property
    def counts(self) -> Array:
        """Rows of each entity."""
        return np.asarray(self.found.model.kept.transformed.used.sum(axis=0), dtype=np.float64)

    @cached_property
    def sample(self) -> GmmProblem:
        """The problem of the sample with its products, which every draw takes."""
        return replace(self.found.problem, moments=StackedMoments(self.found.problem.products))

    @cached_property
    def whitened(self) -> WhitenedMoments | None:
        """The products of the sample in other coordinates, if draws have weights of their own."""
        return None if self.found.steps == 1 else WhitenedMoments.of(self.sample)

    def __call__(self, weights: Array) -> Refitted:
        """Estimates with weights (B, N) of the entities."""
        found, model = self.found, self.found.model
        halved = 2.0 if model.kind == "fd" else 1.0
        instruments, covariances = model.kept.instruments, found.row_covariances()
        params = np.empty((len(weights), model.n_regressors, found.problem.n_equations))
        sigma = np.empty((len(weights), found.problem.n_equations, found.problem.n_equations))
        totals = np.tensordot(weights, self.sample.products, axes=(1, 2))
        squares = np.tensordot(weights, self.squares, axes=1)
        for draw, own in enumerate(weights):
            weight = instruments.weight(covariances, own)
            problem = DrawnProblem.of(self.sample, own, totals[draw], weight, self.whitened)
            params[draw] = replace(found, problem=problem).step.params
            left = np.concatenate([-params[draw], np.eye(params.shape[2])])
            rows = float(own @ self.counts) - model.n_regressors
            sigma[draw] = left.T @ squares[draw] @ left / rows / halved
        return Refitted(params[:, self.order], sigma)


def bootstrap_notes(found: GmmEstimate) -> tuple[Note, ...]:
    """Warn where a draw of entities holds fewer of them than there are moments."""
    every = found.n_instruments * (found.problem.n_equations if found.joint else 1)
    distinct = DISTINCT * found.model.n_entities
    if found.steps == 1 or every < distinct:
        return ()
    text = (
        f"A draw of {found.model.n_entities} entities holds about {distinct:.0f} different ones, fewer than the "
        f"{every} moments. Its weights estimate nothing, so do not trust the band. Use "
        "LagInstruments(collapse=True), or steps=1."
    )
    return (Note("bootstrap-moments", text, warn=True),)
