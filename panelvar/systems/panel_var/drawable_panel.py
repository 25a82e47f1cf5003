"""A panel vector autoregression as the sources of bands see it (`panelvar.estimates.bands.drawable`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, NumericalError, SpecificationError
from panelvar.estimates.bands.drawable import Draws, Resampled
from panelvar.kernels.dynamics.autoregressive_bias import corrected
from panelvar.kernels.dynamics.lag_problem import CHUNK_BYTES, lag_matrices
from panelvar.kernels.dynamics.orthonormal_instruments import own_rows
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.kernels.linear.least_squares import covariance_root
from panelvar.systems.panel_var.blocks import entity_products
from panelvar.systems.panel_var.fit import PanelVarFit, Refits
from panelvar.systems.panel_var.recursion import Recursion
from panelvar.systems.responses.shocks import factor_of_root, positive_factor
from panelvar.systems.responses.sigma_moves import SigmaMoves
from panelvar.systems.var.drawable_system import inverse_wishart_factors


@dataclass(frozen=True, eq=False)
class DrawablePanel:
    """Estimates with a covariance of all coefficients, of any form, that offers draws about them."""

    fit: PanelVarFit

    @property
    def restriction(self) -> str:
        """Nothing is restricted."""
        return ""

    @property
    def nobs(self) -> int:
        """Rows estimated."""
        return self.fit.n_estimated

    @property
    def n_free(self) -> int:
        """Coefficients of all equations."""
        return self.fit.params.size

    @property
    def n_entities(self) -> int:
        """Entities, N."""
        return self.fit.rows.n_entities

    def chunk_size(self) -> int:
        """Draws made at once."""
        width = self.fit.params.shape[0] + self.fit.sigma.shape[0]
        return int(max(1, CHUNK_BYTES // (8 * (width**2 + self.n_entities))))

    def form(self, params: Array, factor: Array) -> ReducedForm:
        """Arrange coefficients (..., m, K) and factors of sigma as a reduced form."""
        d = self.fit.rows.terms.count
        return ReducedForm(lag_matrices(params, d), factor, params[..., :d, :])

    @cached_property
    def estimate(self) -> ReducedForm:
        """The reduced form at the estimates."""
        return self.form(self.fit.params, positive_factor(self.fit.sigma))

    @cached_property
    def _root(self) -> Array:
        return covariance_root(self.fit.covariance.matrix)

    def directions(self, form: ReducedForm, spread: Array | None = None) -> Array:
        """Directions (..., D, m, K) whose outer products add up to the covariance of the coefficients.

        That covariance is one matrix for all coefficients, not a product with sigma, so it is the same for every form.
        """
        del spread
        m, n_vars = self.fit.params.shape
        moves = self._root.T.reshape(-1, n_vars, m).swapaxes(1, 2)
        return np.broadcast_to(moves, (*form.factor.shape[:-2], *moves.shape))

    @property
    def distribution(self) -> str:
        """What parameters are drawn from, in words."""
        return "normal, inverse Wishart" if self.fit.sigma_moves is None else "normal, jointly with sigma"

    def posterior(self, draws: int, future_steps: int, rng: np.random.Generator) -> Draws:
        """Coefficients from the normal distribution of the estimates; sigma with them, where they vary together.

        Otherwise it is drawn independently of them, from inverse Wishart's distribution.
        """
        m, n_vars = self.fit.params.shape
        if self.fit.sigma_moves is None:
            scale = self.estimate.factor * np.sqrt(self.fit.df_resid)
            factor = inverse_wishart_factors(scale, self.fit.df_resid, draws, rng)
        moves = (rng.standard_normal((draws, m * n_vars)) @ self._root.T).reshape(draws, n_vars, m).swapaxes(1, 2)
        if self.fit.sigma_moves is not None:
            factor = self._moved_factors(self.fit.sigma_moves, moves, rng)
        future = rng.standard_normal((draws, future_steps, n_vars)) @ factor.swapaxes(1, 2) if future_steps else None
        return Draws(self.form(self.fit.params + moves, factor), None, future)

    def _moved_factors(self, joint: SigmaMoves, moves: Array, rng: np.random.Generator) -> Array:
        r"""Factors (B, K, K) of sigmas drawn with moves (B, m, K) of the coefficients.

        :math:`\Sigma^* = P \exp(P^{-1} \Delta P'^{-1}) P'` with :math:`\Sigma = PP'` and normal :math:`\Delta`: like
        :math:`\Sigma + \Delta` but for terms of second order, and a covariance however large the step is.
        """
        steps = joint.along(moves) + np.tensordot(rng.standard_normal((len(moves), len(joint.alone))), joint.alone, 1)
        factor = self.estimate.factor
        half = np.linalg.solve(factor, steps)
        values, vectors = np.linalg.eigh(np.linalg.solve(factor, half.swapaxes(1, 2)))
        # Nearly dependent errors have directions in which any step is vast: what is not finite is refused in words.
        with np.errstate(over="ignore", invalid="ignore"):
            root = factor @ vectors * np.exp(0.5 * values)[:, None, :]
        return factor_of_root(root)


@dataclass(frozen=True, eq=False)
class ReweightedPanel(DrawablePanel):
    """Estimates that can be made again with other weights of the entities."""

    refits: Refits

    @property
    def residuals(self) -> Array:
        """Residuals of the rows estimated."""
        return self.fit.residuals

    @property
    def doubts(self) -> tuple[Note, ...]:
        """What a reader of bands from draws of entities should know."""
        return self.fit.refit_notes

    def entities_at_once(self) -> int:
        """Draws of entities made at once."""
        return DrawablePanel.chunk_size(self)

    def reweighted(
        self, weights: Array, future_steps: int, rng: np.random.Generator, carried: Array | None = None
    ) -> Draws:
        """Estimates with weights (B, N) of the entities; errors of later periods are residuals of rows drawn."""
        params, sigma, unsolved = self.refits(weights)
        form = self.form(params, positive_factor(sigma))
        if carried is not None:
            form = form._replace(carried=self._products(weights, params, carried))
        future = None
        if future_steps:
            future = self.residuals[rng.integers(0, self.nobs, (len(weights), future_steps))]
        return Draws(form, None, future, unsolved)

    def _products(self, weights: Array, params: Array, carried: Array) -> Array:
        """Cross products (B, K, k) of each draw's residuals with its series, demeaned and orthonormal.

        The residuals are those of the rows less their entity's mean, whatever the estimator of the coefficients.
        """
        fit, rows = self.fit, self.fit.rows
        if fit.individual is not None or fit.period_effects is not None:
            raise SpecificationError(
                "A bootstrap of entities cannot carry an instrument in a model with time effects, or in one whose "
                "entities have different coefficients. Use another source of bands."
            )
        columns = rows.columns
        if fit.effects is not None:
            columns = columns - rows.entities.means_of(columns)[rows.entities.codes]
        seen = own_rows(carried)
        series = np.where(seen[:, None], carried - carried[seen].mean(axis=0), 0.0)
        series = series / np.sqrt(np.square(series).sum(axis=0))
        whole = np.concatenate([seen[:, None], series, columns * seen[:, None]], axis=1)
        width, k = whole.shape[1], series.shape[1]
        total = (weights @ entity_products(whole, rows.entities.sizes)).reshape(-1, width, width)
        side = total[:, :1, 1:] / total[:, :1, :1]
        centred = total[:, 1:, 1:] - total[:, 1:, :1] @ side
        try:
            lower = np.linalg.cholesky(centred[:, :k, :k])
        except np.linalg.LinAlgError:
            raise NumericalError(
                "In a draw of entities the instrument does not vary, because too few of them have it. Use another "
                "source of bands."
            ) from None
        m = rows.n_regressors
        cross = centred[:, :k, k + m :] - centred[:, :k, k : k + m] @ params
        return np.asarray(np.linalg.solve(lower, cross).swapaxes(1, 2))


@dataclass(frozen=True, eq=False)
class RegeneratedPanel(ReweightedPanel):
    """Estimates that can be made again of data generated from other errors, too.

    Attributes
    ----------
    recursion : Recursion
    bias : array (pK, K) or None
        What is taken out of the lag coefficients that generate data, and of those of every refit.
    """

    recursion: Recursion
    bias: Array | None = None

    @property
    def df_resid(self) -> int:
        """Degrees of freedom of the residuals."""
        return self.fit.df_resid

    @cached_property
    def params(self) -> Array:
        """Coefficients (m, K) that generate data: the estimates, less their bias if it is known."""
        params = self.fit.params
        return params if self.bias is None else np.asarray(corrected(params[None], self.bias)[0])

    @property
    def residuals(self) -> Array:
        """Residuals (n, K) at `params`."""
        return self.recursion.residuals(self.params)

    def chunk_size(self) -> int:
        """Data sets made at once."""
        return int(max(1, min(super().chunk_size(), CHUNK_BYTES // self.fit.rows.columns.nbytes)))

    def redrawn(self, drawn: Resampled, *, spreads: bool = False) -> Draws:
        """Fits to the data sets of these errors."""
        if spreads:
            raise SpecificationError(
                "Studentised intervals would need the covariance of every data set, which panels do not compute. Use "
                "interval='hall'."
            )
        data = self.recursion.data(drawn.innovations, self.params)
        params, sigma, unsolved = self.recursion.refit(data)
        if self.bias is not None:
            params = corrected(params, self.bias)
        form = self.form(params, positive_factor(sigma))
        if drawn.carried is not None:
            form = form._replace(carried=self.recursion.left(data, params).swapaxes(1, 2) @ drawn.carried)
        return Draws(form, None, drawn.future, unsolved)

    def asymptotic_bias(self) -> Array:
        """Refuse: the formula is for one series."""
        raise SpecificationError("bias='pope' is for one entity's series, not for a panel. Use bias='bootstrap'.")

    def without_bias(self, bias: Array) -> RegeneratedPanel:
        """The panel less a bias (p, K, K) of its lag coefficients."""
        if self.fit.rows.terms.count:
            raise SpecificationError(
                "A bootstrap after a bootstrap is for panels with lags and effects only. Use another source of bands, "
                "or leave out the constant and the exogenous variables."
            )
        return replace(self, bias=bias.swapaxes(1, 2).reshape(-1, bias.shape[2]))
