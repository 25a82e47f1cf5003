"""What every system fitted to data says of shocks: responses with bands, shares, the shocks themselves, histories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from panelvar.bands.drawable import Draws
from panelvar.bands.target import BandSource
from panelvar.base.arguments import read_flag, read_horizon
from panelvar.base.arrays import Array
from panelvar.base.errors import MissingInformationError, NumericalError, SpecificationError, check_level, emit
from panelvar.base.shared_parameters import documented
from panelvar.dynamics import dynamics
from panelvar.dynamics.unit_free_solves import lower_solve
from panelvar.identification.scheme import Identification, ReducedForm
from panelvar.responses.decomposition import HistoricalDecomposition, VarianceDecomposition, shares_of, within_limits
from panelvar.responses.gradients import EVERY, long_run_errors, response_errors, response_gradients, share_gradients
from panelvar.responses.responses import Responses, cumulated
from panelvar.responses.shocks import Shocks, positive_factor
from panelvar.var_models.forecasts import VarForecasts
from panelvar.var_models.system import System

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, init=False, eq=False, repr=False)
class FittedSystem(VarForecasts):
    r"""A `System` with the data it was fitted to: what `VarResult`, `RestrictedVarResult` and `VecmResult` share.

    All of `System` is here too (``roots``, ``moduli``, ``is_stable``, ``equations()``, ``mean()``,
    ``long_run_effects()``).

    Parameters
    ----------
    problem, data, periods, terms, convention, notes
        As in `VarResult`.
    """

    @documented
    def impulse_responses(
        self,
        horizon: int = 10,
        *,
        identification: str | Identification = "cholesky",
        shock_size: str = "sd",
        ordering: Sequence[str] | None = None,
        cumulative: bool = False,
        bands: BandSource | None = None,
        level: float = 0.95,
    ) -> Responses:
        """Responses of every variable to every shock, periods 0 to ``horizon``, with bands if asked for.

        Parameters
        ----------
        {horizon, identification, shock_size, ordering, cumulative, bands, level (band)}
        """
        check_level(level)
        shocks = self._shocks(identification, shock_size, ordering)
        horizon = read_horizon("horizon", horizon, 0, self.n_vars**2)
        cumulative = read_flag("cumulative", cumulative)
        values = self._responses(shocks, horizon, cumulative)

        def statistic(draws: Draws) -> Array:
            paths = dynamics.responses(draws.form.coefficients, horizon, shocks.drawn(draws.form))
            return cumulated(paths, 1) if cumulative else paths

        def gradients(form: ReducedForm, moves: Array, others: slice = EVERY) -> Array:
            return response_gradients(form, moves, self.nobs, shocks, horizon, cumulative, others)

        def draw_errors(form: ReducedForm, spread: Array) -> Array:
            return response_errors(form, spread, self.nobs, shocks, horizon, cumulative)

        shorter = None if shocks.scheme.needs_coefficients else draw_errors
        band = self._band(
            bands,
            level,
            values,
            statistic,
            gradients,
            uses_sigma=shocks.uses_sigma,
            scheme=shocks.scheme,
            draw_errors=shorter,
        )
        if bands is None:
            band = self._identified_set(shocks, horizon, cumulative, level)
        return self._described(values, shocks, cumulative, band)

    @documented
    def variance_decomposition(
        self,
        horizon: int = 10,
        *,
        identification: str | Identification = "cholesky",
        ordering: Sequence[str] | None = None,
        normalised: bool = False,
        bands: BandSource | None = None,
        level: float = 0.95,
    ) -> VarianceDecomposition:
        """Shares of the shocks in the forecast error variances, horizons 1 to ``horizon``.

        Parameters
        ----------
        horizon : int
            Longest forecast horizon.
        {identification}
            They are of one standard deviation.
        {ordering, normalised, bands}
            Limits of `DeltaMethod` are normal and may leave the range of a share; they do not exist where a share is
            zero or one for sure.
        level : float
            Confidence level of the band at each point, at least 0.5.
        """
        check_level(level)
        normalised = read_flag("normalised", normalised)
        shocks = self._decomposing_shocks(identification, ordering)
        plain = self._decomposed(shocks, horizon, normalised, level)

        def statistic(draws: Draws) -> Array:
            form, steps = draws.form, plain.horizon - 1
            values = dynamics.responses(form.coefficients, steps, shocks.drawn(form))
            if shocks.complete:
                return shares_of(values, None, normalised)
            whole = dynamics.responses(form.coefficients, steps, form.factor)
            return shares_of(values, np.cumsum((whole**2).sum(axis=-1), axis=-2), normalised)

        def gradients(form: ReducedForm, moves: Array, others: slice = EVERY) -> Array:
            steps = plain.horizon - 1
            values = dynamics.responses(form.coefficients, steps, shocks.impact(form))
            slopes = response_gradients(form, moves, self.nobs, shocks, steps, False, others)
            if shocks.complete:
                return share_gradients(values, slopes, values, slopes, normalised)
            every = self._shocks("cholesky", "sd", None)
            whole = dynamics.responses(form.coefficients, steps, form.factor)
            whole_slopes = response_gradients(form, moves, self.nobs, every, steps, False, others)
            return share_gradients(values, slopes, whole, whole_slopes, normalised)

        band = self._band(bands, level, plain.values, statistic, gradients, scheme=shocks.scheme)
        if band is None:
            emit(plain.notes)
            return plain
        notes = self._stability_notes() + shocks.scheme.notes + band.notes
        emit(notes)
        return within_limits(plain, band, notes)

    @documented
    def long_run_std_errors(
        self,
        *,
        identification: str | Identification = "reduced_form",
        shock_size: str = "unit",
        ordering: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Asymptotic standard errors of `long_run_effects` (Luetkepohl 2005, proposition 3.6).

        Of an error-correction model, the relations being taken as known.

        Parameters
        ----------
        {identification}
            The scheme must have a delta-method formula.
        {shock_size, ordering}

        Returns
        -------
        DataFrame
            Responses by shocks.

        Raises
        ------
        NumericalError
            The system is not stable: the effects do not exist.
        SpecificationError
            The scheme has no formula.
        """
        if not self.unit_roots:
            self._require_stable("long-run effects")
        shocks = self._shocks(identification, shock_size, ordering)
        form = self._form
        errors = long_run_errors(form, self.problem.directions(form.factor), self.nobs, shocks, self.unit_roots)
        return self._of_variables(errors, shocks.names)

    @documented
    def structural_shocks(
        self, *, identification: str | Identification = "cholesky", ordering: Sequence[str] | None = None
    ) -> pd.DataFrame:
        r"""Estimated shocks of variance one, by period: :math:`\hat\varepsilon_t = B^{-1}\hat u_t`.

        A scheme with fewer shocks than variables gives :math:`\hat\varepsilon_{st} = b_s'\Sigma^{-1}\hat u_t`, with
        :math:`b_s` the column of its impact matrix: the same numbers where the shocks are complete.

        Parameters
        ----------
        {identification, ordering}

        Raises
        ------
        SpecificationError
            The shocks are correlated.
        """
        shocks = self._shocks(identification, "sd", ordering)
        emit(shocks.scheme.notes)
        return self._by_period(self._shock_values(shocks), shocks.names)

    def _shock_values(self, shocks: Shocks) -> Array:
        if not shocks.scheme.orthogonal:
            raise SpecificationError(
                f"{shocks.scheme.words} shocks are correlated: the errors cannot be taken apart into them. Use "
                "'cholesky', 'long_run' or another scheme of orthogonal shocks."
            )
        impact = shocks.system_impact(self.coefficients, self.sigma)
        residuals = self.problem.residuals
        if shocks.complete:
            # Rows in units of the errors.
            sizes = np.sqrt(self.sigma.diagonal())
            solved = np.linalg.solve(impact / sizes[:, None], (residuals / sizes).T)
            return np.asarray(solved.T, dtype=np.float64)
        factor = positive_factor(self.sigma)
        return np.asarray(lower_solve(factor, residuals.T).T @ lower_solve(factor, impact))

    @documented
    def historical_decomposition(
        self, *, identification: str | Identification = "cholesky", ordering: Sequence[str] | None = None
    ) -> HistoricalDecomposition:
        """Take each variable apart into a baseline and what each shock has contributed since the start of the sample.

        Parameters
        ----------
        {identification}
            The shocks must be orthogonal. Where they are fewer than the variables, ``others`` holds what the other
            shocks contributed.
        {ordering}

        Returns
        -------
        HistoricalDecomposition

        Raises
        ------
        NumericalError
            Contributions overflow: the system is explosive.

        Notes
        -----
        Shocks before the sample are in the baseline, with the initial values: early periods say little. After a gap the
        decomposition starts again.
        """
        shocks = self._shocks(identification, "sd", ordering)
        values = self._shock_values(shocks)
        parts = values[:, None, :] * shocks.system_impact(self.coefficients, self.sigma)
        partial = parts.shape[2] < self.n_vars
        if partial:
            # What the identified shocks leave of the residuals is of all others together.
            rest = self.problem.residuals - parts.sum(axis=2)
            parts = np.concatenate([parts, rest[:, :, None]], axis=2)
        starts = np.array(self.problem.run_starts)
        actual = self.problem.design[:, self.n_regressors :]
        with np.errstate(over="ignore", invalid="ignore"):
            for row in range(len(parts)):
                first = starts[starts <= row].max()
                for lag in range(1, min(self.lags, row - first) + 1):
                    parts[row] += self.coefficients[lag - 1] @ parts[row - lag]
            baseline = actual - parts.sum(axis=2)
        if not (np.isfinite(parts).all() and np.isfinite(baseline).all()):
            raise NumericalError(
                f"Contributions of shocks overflow within {len(parts)} periods: the system is explosive. Look for "
                "outliers, or fit fewer periods."
            )
        notes = self._stability_notes() + shocks.scheme.notes
        emit(notes)
        count = len(shocks.names)
        return HistoricalDecomposition(
            parts[:, :, :count],
            baseline,
            self.names,
            shocks.names,
            values,
            self.data.labels(self.periods),
            shocks.scheme.words,
            notes,
            parts[:, :, count] if partial else None,
        )


def require_fit(model: object) -> None:
    """Say what was expected if something else than a fitted vector autoregression is to be tested.

    Raises
    ------
    MissingInformationError
        A system without data.
    SpecificationError
        Anything else.
    """
    if isinstance(model, FittedSystem):
        return
    if isinstance(model, System):
        raise MissingInformationError("A test needs the residuals, and this system has coefficients only: use fit_var.")
    raise SpecificationError(f"model is a {type(model).__name__}; expected the result of fit_var.")
