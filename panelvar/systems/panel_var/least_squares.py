r"""Least squares of a panel vector autoregression, and corrections of its bias in short panels.

.. math:: \hat B = (\dot X'\dot X)^{-1} \dot X'\dot Y

on rows less their entities' means. The mean of an entity's lags holds the errors of earlier periods, so that
:math:`\hat B` is biased by a term of order 1/T (Nickell 1981). Every estimator here is a function of the entities'
cross products, of all their rows or of a half of them: a bootstrap of entities gives these other weights. What a row
adds to the estimates is the function's derivative, that of the correction included.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import InsufficientDataError, Note, NumericalError
from panelvar.kernels.dynamics.lag_problem import lag_matrices
from panelvar.kernels.dynamics.unit_free_solves import summed_solve
from panelvar.systems.panel_var.blocks import Block, Refitted, Totals, block_of
from panelvar.systems.panel_var.rows import PanelVarRows, SystemRows


@dataclass(frozen=True, eq=False)
class PanelLeastSquares(ABC):
    """An estimator that is a function of entities' cross products.

    Attributes
    ----------
    rows : SystemRows
    blocks : tuple of Block
        The first has all rows.
    """

    rows: SystemRows
    blocks: tuple[Block, ...]

    @abstractmethod
    def combined(self, totals: Sequence[Totals]) -> Array:
        """Coefficients (B, m, K) from each block's least squares."""

    @abstractmethod
    def influence(self) -> Array:
        """What each row adds to the coefficients, (n, m, K)."""

    @property
    def effects(self) -> bool:
        """Whether entities have effects."""
        return self.blocks[0].effects

    @property
    def df_resid(self) -> int:
        """Rows less all coefficients of an equation, effects among them."""
        return self.blocks[0].df_resid

    @cached_property
    def sample(self) -> tuple[Totals, ...]:
        """Least squares of each block."""
        return tuple(block.weighted(np.ones((1, self.rows.n_entities))) for block in self.blocks)

    @cached_property
    def params(self) -> Array:
        """Coefficients, (m, K)."""
        return np.asarray(self.combined(self.sample)[0])

    @cached_property
    def residuals(self) -> Array:
        """Residuals (n, K), less their entities' means where there are effects."""
        return self.blocks[0].residuals(self.params)

    @cached_property
    def sigma(self) -> Array:
        """Residual covariance over the degrees of freedom, (K, K)."""
        return np.asarray(self.residuals.T @ self.residuals / self.df_resid)

    def sigma_influence(self, influence: Array) -> Array:
        r"""What each row adds to sigma (n, K, K), given what it adds to the coefficients, (n, m, K).

        .. math:: \frac{1}{d}\Big[\hat e_{it}\hat e_{it}' - \frac{T_i - 1}{T_i}\hat\Sigma
            - \psi_{it}' \dot X'\hat e - \hat e'\dot X\psi_{it}\Big]

        with d degrees of freedom. Corrected coefficients leave residuals that are not orthogonal to the regressors.
        """
        block, residuals = self.blocks[0], self.residuals
        counted = 1.0 - 1.0 / block.sizes[block.codes] if self.effects else np.ones(len(residuals))
        through = influence.swapaxes(1, 2) @ (block.root.T @ (block.coordinates.T @ residuals))
        own = residuals[:, :, None] * residuals[:, None, :] - counted[:, None, None] * self.sigma
        return np.asarray((own - through - through.swapaxes(1, 2)) / self.df_resid)

    def refits(self, weights: Array) -> Refitted:
        """Estimates with weights (B, N) of the entities.

        Whole weights make a panel in which an entity occurs so often, each time as a separate entity.
        """
        return self.estimates([block.weighted(weights) for block in self.blocks])

    def estimates(self, totals: Sequence[Totals]) -> Refitted:
        """Estimates from each block's least squares."""
        params = self.combined(totals)
        return Refitted(params, self._sigmas(totals[0], params))

    def _sigmas(self, total: Totals, params: Array) -> Array:
        """Residual covariances (B, K, K) of coefficients (B, m, K)."""
        block = self.blocks[0]
        return np.asarray(block.scatter(total, params) / block.degrees(total)[:, None, None])


class LeastSquares(PanelLeastSquares):
    """Least squares as it is: of demeaned rows, or of pooled ones."""

    def combined(self, totals: Sequence[Totals]) -> Array:
        """Return the coefficients."""
        return totals[0].params

    def influence(self) -> Array:
        """Return the rows' influences."""
        return self.blocks[0].influence


class HahnKuersteiner(PanelLeastSquares):
    r"""Least squares with entity effects less its bias of order 1/T (Hahn and Kuersteiner 2002), of any order p.

    In companion form :math:`z_{it} = \alpha_i + F z_{i,t-1} + E u_{it}`, an error moves the later lags of its entity by
    :math:`(I - F)^{-1} E \Omega` in all, 1/T of which is in their mean:

    .. math:: \tilde B = \hat B + N (\dot X'\dot X)^{-1} (I - F)^{-1} E\, \Omega.

    The p blocks of the last factors are :math:`(I - A_1 - \dots - A_p)^{-1}\Omega`, all alike. As in the paper
    :math:`\Omega` is what a stationary process implies, :math:`\Upsilon - F \Upsilon F'` with the moments
    :math:`\Upsilon` of the demeaned lags (its first block); beside exogenous variables, whose own dynamics are not
    modelled, the residuals' covariance.
    """

    @property
    def _lags(self) -> slice:
        return slice(self.rows.terms.count, self.rows.n_regressors)

    def _moments(self, total: Totals) -> Array:
        """Moments (B, pK, pK) of the demeaned lags."""
        root = self.blocks[0].root[self._lags, self._lags]
        inner = np.linalg.inv(total.inverse[:, self._lags, self._lags])
        return np.asarray(root.T @ inner @ root / total.rows[:, None, None])

    def _pieces(self, total: Totals) -> tuple[Array, Array]:
        """What a unit of each error adds to a variable in all (B, K, K), and the errors' covariance (B, K, K)."""
        k, side = self.rows.n_vars, total.params[:, self._lags].swapaxes(1, 2)
        if self.rows.terms.exogenous:
            sigma = self.blocks[0].scatter(total, total.params) / (total.rows - total.entities)[:, None, None]
        else:
            moments = self._moments(total)
            sigma = moments[:, :k, :k] - side @ moments @ side.swapaxes(1, 2)
        gap = np.eye(k) - lag_matrices(total.params[:, self._lags], 0).sum(axis=1)
        sizes = np.broadcast_to(np.sqrt(self.blocks[0].problem.residual_covariance("ml").diagonal()), gap.shape[:2])
        try:
            return summed_solve(gap, np.broadcast_to(np.eye(k), gap.shape), sizes), sigma
        except np.linalg.LinAlgError:
            raise NumericalError(
                "The bias cannot be corrected, because least squares finds a root of exactly one. Use "
                "method='half-panel-jackknife'."
            ) from None

    def _spread(self, total: Totals, shift: Array) -> Array:
        """:math:`(X'X)^{-1}` times p copies of (..., K, K) in the rows of the lags."""
        inverse = self.blocks[0].root_inverse
        stacked = np.concatenate([shift] * self.rows.lags, axis=-2)
        turned = total.inverse[:, :, self._lags] @ (inverse[self._lags, self._lags].T @ stacked)
        return np.asarray(inverse @ turned)

    def combined(self, totals: Sequence[Totals]) -> Array:
        """Return the corrected coefficients."""
        total = totals[0]
        effect, sigma = self._pieces(total)
        return np.asarray(total.params + total.entities[:, None, None] * self._spread(total, effect @ sigma))

    def influence(self) -> Array:
        r"""Return the derivative of the corrected coefficients along each row's weight.

        Of :math:`\hat B + N S^{-1} C` with :math:`C = L\Omega` in each block of lags: a row adds to :math:`\hat B`, to
        S, to :math:`L = (I - \sum A_j)^{-1}` by :math:`L\, d(\sum A_j)\, L`, to :math:`\Omega`, and it is a share of
        an entity.
        """
        block, total, k = self.blocks[0], self.sample[0], self.rows.n_vars
        effect, sigma = (each[0] for each in self._pieces(total))
        own = block.influence
        n_entities, shares = self.rows.n_entities, 1.0 / block.sizes[block.codes]
        moves = own[:, self._lags].swapaxes(1, 2)
        summed = lag_matrices(own[:, self._lags], 0).sum(axis=1)
        if self.rows.terms.exogenous:
            residuals = block.problem.residuals
            steps = residuals[:, :, None] * residuals[:, None, :] - (1.0 - shares)[:, None, None] * sigma
            steps /= self.rows.nobs - n_entities
        else:
            lags = block.coordinates[:, self._lags] @ block.root[self._lags, self._lags]
            moments, side = self._moments(total)[0], total.params[0, self._lags].T
            turned = lags @ side.T
            steps = lags[:, :k, None] * lags[:, None, :k] - turned[:, :, None] * turned[:, None, :]
            steps = (steps - sigma) / self.rows.nobs
            cross = moves @ (moments @ side.T)
            steps -= cross + cross.swapaxes(1, 2)
        shift = effect @ sigma
        change = n_entities * (effect @ (summed @ shift + steps)) + shares[:, None, None] * shift
        bias = self._spread(total, shift[None])[0]
        # The row's own part of S, in its orthonormal coordinates.
        turned = block.coordinates @ block.root_inverse.T
        lost = block.coordinates @ (block.root @ bias)
        out = own + self._spread(total, change) - n_entities * turned[:, :, None] * lost[:, None, :]
        return np.asarray(out)


class HalfPanelJackknife(PanelLeastSquares):
    r"""Twice least squares with entity effects less the average of that on both halves (Dhaene and Jochmans 2015).

    .. math:: \tilde B = 2\hat B - \sum_h \frac{n_h}{n} \hat B_h

    Each entity's rows are halved where they are: a half of :math:`T_i/2` rows has twice the bias. Of an odd number the
    middle row is in the first half, then in the second, and the average is taken of both; blocks after the first are
    the first and second halves of one way, then of the other. Weights are the halves' shares of the rows, which takes
    out a bias of order 1/T from entities with rows of any number.
    """

    @property
    def _ways(self) -> int:
        return (len(self.blocks) - 1) // 2

    def combined(self, totals: Sequence[Totals]) -> Array:
        """Return the corrected coefficients."""
        whole, *halves = totals
        out: Array = 2.0 * whole.params
        for half in halves:
            out = out - (half.rows / whole.rows / self._ways)[:, None, None] * half.params
        return out

    def influence(self) -> Array:
        """Return the derivative of the corrected coefficients along each row's weight."""
        whole, *halves = self.blocks
        nobs, ways = self.rows.nobs, self._ways
        out = 2.0 * whole.influence
        for half in halves:
            share = half.problem.nobs / nobs
            out += share / nobs / ways * half.params
            out[half.places] -= (share * half.influence + half.params / nobs) / ways
        return out


def within(rows: PanelVarRows, time_effects: bool) -> LeastSquares:
    """Least squares with entity effects."""
    return LeastSquares(rows, (block_of(rows, effects=True, time_effects=time_effects),))


def pooled(rows: PanelVarRows, time_effects: bool) -> LeastSquares:
    """Least squares without them; the constant is a regressor."""
    return LeastSquares(rows, (block_of(rows, effects=False, time_effects=time_effects),))


def hahn_kuersteiner(rows: PanelVarRows, time_effects: bool) -> HahnKuersteiner:
    """Least squares with entity effects, less its bias by formula."""
    return HahnKuersteiner(rows, (block_of(rows, effects=True, time_effects=time_effects),))


def half_panel_jackknife(rows: PanelVarRows, time_effects: bool) -> HalfPanelJackknife:
    """Least squares with entity effects, less its bias by that of halves.

    Raises
    ------
    InsufficientDataError
        There are no two entities with four rows. A half of fewer says nothing.
    """
    enough = rows.entities.sizes >= 4
    if enough.sum() < 2:
        raise InsufficientDataError(
            "A half-panel jackknife needs at least two entities with four rows, two in each half; "
            f"{int(enough.sum())} of {rows.n_entities} entities have so many. Use fewer lags, or another method."
        )
    if not enough.all():
        few = int((~enough).sum())
        text = (
            f"{few} of {rows.n_entities} entities are left out, because a half-panel jackknife needs four rows of each."
        )
        rows = rows.take(np.flatnonzero(enough[rows.entities.codes]), Note("entities-left-out", text, warn=True))
    parts: list[Positions | None] = [None, *halves(rows.entities.sizes)]
    return HalfPanelJackknife(
        rows, tuple(block_of(rows, places, effects=True, time_effects=time_effects) for places in parts)
    )


def halves(sizes: Positions) -> list[Positions]:
    """Rows of the first and second halves of entities with so many rows; of both ways where some number is odd."""
    starts = np.cumsum(sizes) - sizes
    place = np.arange(int(sizes.sum())) - np.repeat(starts, sizes)
    middles = [sizes // 2] if (sizes % 2 == 0).all() else [(sizes + 1) // 2, sizes // 2]
    found = []
    for middle in middles:
        first = place < np.repeat(middle, sizes)
        found += [np.flatnonzero(first), np.flatnonzero(~first)]
    return found
