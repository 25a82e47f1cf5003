r"""Bootstrap bands of lag-augmented local projections: a vector autoregression's data, projected again.

Data sets are generated as for the autoregression's own bootstrap, and the projections with their errors are estimated
in each. A studentised interval compares with the response that generated the data,

.. math:: t^* = \frac{\hat\theta_h^* - \theta_h(\hat A, \hat\Sigma)}{\mathrm{se}^*}, \qquad
    [\hat\theta_h - q_{1-\alpha/2}\,\mathrm{se},\ \hat\theta_h - q_{\alpha/2}\,\mathrm{se}]

(Montiel Olea and Plagborg-Moller 2021), so that what bias the projections have in data like these is in the
quantiles. With `BootstrapAfterBootstrap` the autoregression that generates the data is first corrected for its own
bias.

Thousands of data sets are projected at once, their regressors put into the coordinates :math:`z = x R^{-1}` of the
original data's triangle, in which cross products lose no digits to persistence (as in
`panelvar.kernels.dynamics.lag_problem`). A longer horizon has fewer rows; cross products are added up from the longest
horizon's on, never taken away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from panelvar.core.base.arguments import read_generator, say_draws
from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.errors import NumericalError
from panelvar.estimates.bands.bootstrap_after_bootstrap import BootstrapAfterBootstrap
from panelvar.estimates.bands.limits import limits
from panelvar.estimates.bands.resampling import Recursive, orthonormal
from panelvar.estimates.bands.simulated import described_limits, finite_errors
from panelvar.estimates.bands.target import Band, Target, nested
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.lag_problem import lag_matrices
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.systems.responses.shocks import Shocks, cumulated
from panelvar.systems.var.drawable_system import DrawableSystem
from panelvar.systems.var.simulation import run_forward


@dataclass(frozen=True, eq=False)
class ProjectionBootstrap:
    """What a bootstrap of projections needs to know.

    Parameters
    ----------
    model : DrawableSystem
        The vector autoregression, on data without gaps.
    before : array (p, K)
        The values before its first row.
    beside : array (n + p, d)
        Terms beside the lags, in every period of the data.
    shocks : Shocks
    known : bool
        Whether the impact counts as known.
    factor : bool
        Whether influences have the factor of HC1.
    values : array (H + 1, K, S)
        The projections' responses.
    errors : array (H + 1, K, S)
    cumulative : array of bool (K,)
        Which variables' responses are summed over periods.
    """

    model: DrawableSystem
    before: Array
    beside: Array
    shocks: Shocks
    known: bool
    factor: bool
    values: Array
    errors: Array
    cumulative: Mask

    @property
    def carried(self) -> Array | None:
        """Series (n, k) of the scheme, resampled along with the residuals."""
        return self.shocks.scheme.carried

    def band(self, source: Recursive | BootstrapAfterBootstrap, levels: Sequence[float]) -> Band:
        """Limits by the source's rule; of corrected data sets, studentised whatever the rule.

        Raises
        ------
        NumericalError
            Draws are not finite, because the system is explosive.
        """
        drawn, errors, truth = self.draws(source)
        if not np.isfinite(drawn).all():
            raise NumericalError(
                "The responses in some bootstrap data sets are not finite, because the system is explosive. Use fewer "
                "lags, differences, or bands=DeltaMethod()."
            )
        corrects = isinstance(source, BootstrapAfterBootstrap)
        interval = "studentised" if corrects else source.interval
        around = drawn if interval == "percentile" else drawn - truth + self.values
        pair = self.errors, errors
        found = nested(
            levels, lambda level: limits(self.values, around, level, interval, source.joint, source.over, pair)
        )
        uses_sigma = self.shocks.uses_sigma
        target = Target(self.model, self.values, lambda _: self.values, uses_sigma=uses_sigma, carried=self.carried)
        notes = (*source._doubts(levels[0]), *source.notes(target))
        label = (
            f"{source.kind}, {say_draws(source.draws, source.seed)}, "
            f"{described_limits(interval, source.joint, source.over)}"
        )
        return Band(found, label, finite_errors(drawn.std(axis=0, ddof=1)), drawn, notes)

    def draws(self, source: Recursive | BootstrapAfterBootstrap) -> tuple[Array, Array, Array]:
        """Responses and standard errors (draws, H + 1, K, S) of every data set, and what generated them."""
        rng = read_generator("seed", source.seed)
        if isinstance(source, BootstrapAfterBootstrap):
            model, base = source.centred(self.model, rng), source.base
        else:
            model, base = self.model, source
        d = model.problem.n_deterministic
        coefficients, beside = lag_matrices(model.params, d), self.beside[model.problem.lags :] @ model.params[:d]
        values, errors = [], []
        for chunk in base.innovations(model, source.draws, rng, carried=self.carried):
            with np.errstate(over="ignore", invalid="ignore"):
                data = run_forward(coefficients, self.before, chunk.innovations + beside)
                reach = np.einsum("btk,btk->", data, data)
            if not np.isfinite(reach):
                raise NumericalError(
                    "Data sets drawn from the estimates leave the range of numbers, because the system is explosive. "
                    "Use fewer lags, differences, or bands=DeltaMethod()."
                )
            try:
                own, spread = self._projected(data, chunk.carried)
            except np.linalg.LinAlgError:
                raise NumericalError(
                    "The lags are linearly dependent in one data set of the bootstrap. This happens when variables "
                    "nearly determine one another. Leave out a variable, or use bands=DeltaMethod()."
                ) from None
            values.append(own)
            errors.append(spread)
        return np.concatenate(values), np.concatenate(errors), self.truth(model)

    def truth(self, model: DrawableSystem) -> Array:
        """Responses (H + 1, K, S) of what generates data, with the data's sigma."""
        cross = None if self.carried is None else model.residuals.T @ orthonormal(self.carried)
        form = model.form(model.params, model.estimate.factor, cross)
        responses = dynamics.responses(form.coefficients, len(self.values) - 1, self.shocks.impact(form))
        return cumulated(responses, 0, self.cumulative)

    def _projected(self, data: Array, carried: Array | None) -> tuple[Array, Array]:
        """Responses and standard errors of data sets (B, n + p, K), with what is carried in their rows (B, n, k)."""
        problem = self.model.problem
        horizon = len(self.values) - 1
        refits = refit_projections(data, self.beside, problem.lags, horizon, problem.factor)
        n, m = refits.residuals.shape[1], problem.n_regressors
        scatter = refits.residuals.swapaxes(1, 2) @ refits.residuals
        cross = None if carried is None else refits.residuals.swapaxes(1, 2) @ carried
        factor = np.asarray(np.linalg.cholesky(scatter / self.model.divisor), dtype=np.float64)
        form = self.model.form(refits.params, factor, cross)
        impact = self.shocks.impact(form)
        moves = None if self.known else self._moves(form, refits, carried)
        if moves is not None and self.factor:
            moves = moves * np.sqrt(n / (n - m))
        values = np.empty((len(data), horizon + 1, *impact.shape[1:]))
        squares = np.empty(values.shape)
        total: Array | float = 0.0
        for lead in range(horizon + 1):
            influence = np.zeros((len(data), *impact.shape[1:], n))
            if lead == 0:
                values[:, 0] = impact
                influence += 0.0 if moves is None else moves
            else:
                effects, gains, residuals = refits.projection(lead)
                values[:, lead] = effects @ impact
                scaled = np.matmul(impact.swapaxes(1, 2), gains.swapaxes(1, 2))
                count = residuals.shape[1]
                adjust = np.sqrt(count / (count - m - problem.n_vars)) if self.factor else 1.0
                np.multiply(adjust * residuals.swapaxes(1, 2)[:, :, None], scaled[:, None], out=influence[..., :count])
                if moves is not None:
                    flat = moves.reshape(len(data), problem.n_vars, -1)
                    influence += (effects @ flat).reshape(influence.shape)
            total = influence + np.where(self.cumulative[:, None, None], total, 0.0)
            squares[:, lead] = np.einsum("...t,...t->...", total, total)
        return cumulated(values, 1, self.cumulative), np.sqrt(squares)

    def _moves(self, form: ReducedForm, refits: ProjectionRefits, carried: Array | None) -> Array | None:
        """What each date adds to the impact of every data set, (B, K, S, n)."""
        residuals = refits.residuals
        squares = residuals[..., :, None] * residuals[..., None, :]
        sigma_steps = (squares - squares.mean(axis=1, keepdims=True)) / self.model.divisor
        if carried is not None:
            controls = refits.rows[..., : self.model.problem.n_regressors]
            moves = self.shocks.date_moves(form, residuals, controls, carried, sigma_steps)
        else:
            products = refits.var_gains[..., :, None] * residuals[..., None, :]
            steps = lag_matrices(products, self.model.problem.n_deterministic)
            moves = self.shocks.derivatives(form, steps, sigma_steps)
        return None if moves is None else np.moveaxis(moves, 1, -1)


@dataclass(frozen=True, eq=False)
class ProjectionRefits:
    """Projections of a batch of data sets.

    Attributes
    ----------
    params : array (B, m, K)
        Coefficients of the vector autoregressions.
    residuals : array (B, n, K)
        Their residuals.
    var_gains : array (B, n, m)
        Rows of :math:`X (X'X)^{-1}`.
    rows : array (B, n, m + K)
        Regressors z of the projections, controls first.
    leads : array (B, n, K)
        Today's values.
    grams : array (H + 1, B, m + K, m + K)
        Cross products of z over the rows of each horizon.
    inverse : array (m + K, m + K)
        :math:`R^{-1}`.
    """

    params: Array
    residuals: Array
    var_gains: Array
    rows: Array
    leads: Array
    grams: Array
    inverse: Array

    def projection(self, lead: int) -> tuple[Array, Array, Array]:
        """Effects (B, K, K) of today's values, gains (B, n - h, K) and residuals (B, n - h, K) at a horizon."""
        n_vars = self.leads.shape[2]
        count = self.rows.shape[1] - lead
        rows, later = self.rows[:, :count], self.leads[:, lead:]
        cross = rows.swapaxes(1, 2) @ later
        width = self.inverse.shape[0]
        right = np.concatenate([cross, np.broadcast_to(self.inverse[-n_vars:].T, (len(rows), width, n_vars))], axis=2)
        solved = np.linalg.solve(self.grams[lead], right)
        coefficients, gaining = solved[..., :n_vars], solved[..., n_vars:]
        effects = (self.inverse[-n_vars:] @ coefficients).swapaxes(1, 2)
        return effects, rows @ gaining, later - rows @ coefficients


def refit_projections(data: Array, beside: Array, lags: int, horizon: int, factor: Array) -> ProjectionRefits:
    """Estimate autoregressions and lag-augmented projections of data sets.

    Parameters
    ----------
    data : array (B, T, K)
    beside : array (T, d)
    lags, horizon : int
    factor : array (m + K, m + K)
        Triangle of the original data's [terms, lags, Y].
    """
    n_draws, n_periods, n_vars = data.shape
    d, n = beside.shape[1], n_periods - lags
    m = d + lags * n_vars
    rows = np.empty((n_draws, n, m + n_vars))
    rows[..., :d] = beside[lags:]
    for lag in range(1, lags + 1):
        rows[..., d + (lag - 1) * n_vars : d + lag * n_vars] = data[:, lags - lag : n_periods - lag]
    rows[..., m:] = data[:, lags:]
    inverse = np.asarray(np.linalg.inv(factor), dtype=np.float64)
    rows = rows @ inverse
    grams = np.empty((horizon + 1, n_draws, m + n_vars, m + n_vars))
    shared = rows[:, : n - horizon]
    grams[horizon] = shared.swapaxes(1, 2) @ shared
    for lead in range(horizon - 1, -1, -1):
        last = rows[:, n - lead - 1]
        grams[lead] = grams[lead + 1] + last[:, :, None] * last[:, None, :]
    leads = np.ascontiguousarray(data[:, lags:])
    controls = rows[..., :m]
    cross = controls.swapaxes(1, 2) @ leads
    root = inverse[:m, :m]
    right = np.concatenate([cross, np.broadcast_to(root.T, (n_draws, m, m))], axis=2)
    solved = np.linalg.solve(grams[0][:, :m, :m], right)
    residuals = leads - controls @ solved[..., :n_vars]
    params = root @ solved[..., :n_vars]
    return ProjectionRefits(params, residuals, controls @ solved[..., n_vars:], rows, leads, grams, inverse)
