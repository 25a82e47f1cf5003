"""A system whose parameters are uncertain: responses and shares with bands, long-run effects with errors."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from panelvar.core.base.arguments import read_flag, read_horizon, read_levels
from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.errors import Note, NumericalError, SpecificationError, emit
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.number_format import Stars
from panelvar.core.tables.coefficients import said_below
from panelvar.core.tables.test_result import TestResult
from panelvar.estimates.bands.drawable import Drawable, Draws
from panelvar.estimates.bands.target import Band, BandSource, Target, refuse_idle_levels
from panelvar.estimates.coefficients import stacked_estimates
from panelvar.estimates.coefficients.coefficient_plot import DrawnCoefficients, plot
from panelvar.estimates.coefficients.stacked_estimates import NUMBERS, StackedInference, TestedTerm
from panelvar.estimates.coefficients.wald import referred, zero_test
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.systems.identification.long_run import LongRun
from panelvar.systems.identification.scheme import Identification
from panelvar.systems.responses.decomposition import VarianceDecomposition, shares_of
from panelvar.systems.responses.gradients import (
    EVERY,
    long_run_errors,
    response_errors,
    response_gradients,
    share_gradients,
)
from panelvar.systems.responses.responses import Responses, describe_responses
from panelvar.systems.responses.shocks import cumulated, positive_factor, read_cumulative, said_cumulative
from panelvar.systems.responses.sigma_moves import SigmaMoves
from panelvar.systems.var.exclusion import Exclusion, lags_hypothesis
from panelvar.systems.var.persistence import (
    EXPLOSIVE,
    Persistence,
    on_bands,
    on_explosion,
    on_granger,
    on_long_run,
)
from panelvar.systems.var.system import System

if TYPE_CHECKING:
    import pandas as pd


NOT_OF_SYSTEMS = {
    "marginal_effects": (
        "What a variable changes in a system is traced by impulse_responses(), and what an exogenous one changes by "
        "multipliers(). Functions of coefficients are estimated by nonlinear()."
    ),
}
"""What single equations have and systems do not, and what is there for it."""


@dataclass(frozen=True, init=False, eq=False, repr=False)
class EstimatedSystem(System):
    """A `System` of estimates: they vary as its model for bands (`panelvar.estimates.bands.drawable`) says.

    Nothing here asks how they were estimated, or from what data. Where equations are regressions on lags, these can be
    tested one by one: such systems have the methods in `system_tests` too.
    """

    _sigma: Array

    _in_brackets: ClassVar[str] = (
        "An equation is a column of a table, as in params[{key}], std_errors[{key}] and resids[{key}], or an entry, as "
        "in rsquared[{key}]."
    )
    _not_offered: ClassVar[Mapping[str, str]] = NOT_OF_SYSTEMS
    _what_has_limits: ClassVar[str] = "give bands=, such as bands=ResidualBootstrap(draws=1000, seed=1)"

    @property
    def notes(self) -> tuple[Note, ...]:
        """What to know about the fit, such as rows left out and a root outside the unit circle."""
        # Roots are computed when they are asked for: they take as long as the fit of a large system.
        kept = (note for note in vars(self)["notes"] if note.code != EXPLOSIVE)
        return (*kept, *on_explosion(self.moduli))

    @property
    @abstractmethod
    def nobs(self) -> int:
        """Rows explained, n."""

    @property
    @abstractmethod
    def _drawable(self) -> Drawable:
        """The system as the sources of bands see it."""

    @property
    def _sigma_moves(self) -> SigmaMoves | None:
        """How sigma varies with the coefficients; None: independently of them, as that of normal errors."""
        return None

    @cached_property
    def sigma(self) -> pd.DataFrame:
        """Residual covariance, a row and a column for each variable."""
        return self._of_variables(self._sigma)

    @property
    def unit_roots(self) -> int:
        """Roots that are one by construction: K - r in an error-correction model of rank r, none in others."""
        return 0

    @property
    def _form(self) -> ReducedForm:
        return ReducedForm(self.coefficients, positive_factor(self._sigma))

    @documented
    def impulse_responses(
        self,
        horizon: int = 10,
        *,
        identification: str | Identification = "cholesky",
        shock_size: str = "sd",
        ordering: Sequence[str] | None = None,
        cumulative: bool | str | Sequence[str] = False,
        bands: BandSource | None = None,
        level: float | Sequence[float] = 0.95,
    ) -> Responses:
        """Responses of every variable to every shock, periods 0 to ``horizon``, with bands if asked for.

        Parameters
        ----------
        {horizon, identification, shock_size, ordering, cumulative, bands, level (band)}

        Returns
        -------
        Responses
            To be printed, drawn (``plot()``) or taken as a table (``to_frame()``).

        Raises
        ------
        SpecificationError
            The scheme does not fit the system, the source of bands has no formula for it, or a level is asked for
            without bands.
        NumericalError
            The responses overflow.

        See Also
        --------
        plot_responses : draws them.
        fit_local_projections : responses without a system.

        Examples
        --------
        >>> import panelvar as pv
        >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
        >>> irf = model.impulse_responses(8, ordering=["unemp", "infl", "tbilrate"])
        >>> irf.response("unemp", "tbilrate").round(3).tail(1)
                 value
        horizon
        8        0.114
        """
        levels = read_levels(level)
        shocks = self._shocks(identification, shock_size, ordering)
        horizon = read_horizon("horizon", horizon, 0, self.n_vars**2)
        summed = read_cumulative(cumulative, self.names)
        values = self._responses(shocks, horizon, summed)

        def statistic(draws: Draws) -> Array:
            paths = dynamics.responses(draws.form.coefficients, horizon, shocks.drawn(draws.form))
            return cumulated(paths, 1, summed)

        def gradients(form: ReducedForm, moves: Array, others: slice = EVERY) -> Array:
            return response_gradients(form, moves, self.nobs, shocks, horizon, summed, others, self._sigma_moves)

        def draw_errors(form: ReducedForm, spread: Array) -> Array:
            return response_errors(form, spread, self.nobs, shocks, horizon, summed)

        band = self._band(
            bands,
            levels,
            values,
            statistic,
            gradients,
            uses_sigma=shocks.uses_sigma,
            scheme=shocks.scheme,
            draw_errors=None if shocks.scheme.needs_coefficients else draw_errors,
            responses=True,
        )
        if bands is None:
            band = self._identified_set(shocks, horizon, summed, levels)
        notes = self._stability_notes()
        if isinstance(shocks.scheme, LongRun):
            notes += on_long_run(self._persistence)
        return describe_responses(values, shocks, summed, band, notes)

    @documented
    def variance_decomposition(
        self,
        horizon: int = 10,
        *,
        identification: str | Identification = "cholesky",
        ordering: Sequence[str] | None = None,
        normalised: bool = False,
        bands: BandSource | None = None,
        level: float | Sequence[float] = 0.95,
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
        {level (band)}

        Returns
        -------
        VarianceDecomposition

        See Also
        --------
        plot_decomposition : draws it.
        FittedSystem.historical_decomposition : period by period.

        Examples
        --------
        >>> import panelvar as pv
        >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
        >>> model.variance_decomposition(8).to_frame().loc["unemp"].round(3).tail(1)
        shock     infl  unemp  tbilrate
        horizon
        8        0.027  0.961     0.012
        """
        levels = read_levels(level)
        normalised = read_flag("normalised", normalised)
        shocks = self._decomposing_shocks(identification, ordering)
        nothing_summed = np.zeros(self.n_vars, dtype=np.bool_)
        plain = self._decomposed(shocks, horizon, normalised, levels)

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
            joint = self._sigma_moves
            slopes = response_gradients(form, moves, self.nobs, shocks, steps, nothing_summed, others, joint)
            if shocks.complete:
                return share_gradients(values, slopes, values, slopes, normalised)
            every = self._shocks("cholesky", "sd", None)
            whole = dynamics.responses(form.coefficients, steps, form.factor)
            whole_slopes = response_gradients(form, moves, self.nobs, every, steps, nothing_summed, others, joint)
            return share_gradients(values, slopes, whole, whole_slopes, normalised)

        band = self._band(bands, levels, plain.values, statistic, gradients, scheme=shocks.scheme)
        if band is None:
            if not plain.limits:
                refuse_idle_levels(levels, self._what_has_limits)
            emit(plain.notes)
            return plain
        notes = plain.notes + band.notes
        emit(notes)
        return replace(plain, **band.kept(), notes=notes)

    @documented
    def long_run_std_errors(
        self,
        *,
        identification: str | Identification = "reduced_form",
        shock_size: str = "unit",
        ordering: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Asymptotic standard errors of `long_run_effects` (Luetkepohl 2005, proposition 3.6).

        In an error-correction model they take the relations as known.

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
            The system is not stable, so that the effects do not exist.
        SpecificationError
            The scheme has no formula.
        """
        if not self.unit_roots:
            self._require_stable("long-run effects")
        shocks = self._shocks(identification, shock_size, ordering)
        form = self._form
        moves, joint = self._drawable.directions(form), self._sigma_moves
        errors = long_run_errors(form, moves, self.nobs, shocks, self.unit_roots, joint)
        return self._of_variables(errors, shocks.names)

    def multipliers(self, horizon: int = 10, *, cumulative: bool | str | Sequence[str] = False) -> Responses:
        """Responses of every variable to one unit of each exogenous variable in period 0 alone.

        Parameters
        ----------
        horizon : int
            Last period; the result has ``horizon + 1`` rows.
        cumulative : bool, or names of variables
            Sum the responses over periods, of all variables or of these: the effect of a lasting change.

        Returns
        -------
        Responses
            The exogenous variables stand in place of shocks.

        Raises
        ------
        SpecificationError
            The model has no exogenous variables.
        """
        names = self.terms.exogenous
        if not names:
            raise SpecificationError("The model has no exogenous variables. Add them with exogenous= when you fit it.")
        effects = self.deterministics[self.terms.n_deterministic :].reshape(-1, len(names), self.n_vars)
        values = dynamics.multipliers(
            self.coefficients, effects.swapaxes(1, 2), read_horizon("horizon", horizon, 0, self.n_vars * len(names))
        )
        summed = read_cumulative(cumulative, self.names)
        values = cumulated(values, 0, summed)
        if not np.isfinite(values).all():
            raise NumericalError("The multipliers overflow, because the system is explosive. Shorten the horizon.")
        notes = self._stability_notes()
        emit(notes)
        return Responses(
            values,
            self.names,
            names,
            "exogenous",
            "exogenous",
            "unit",
            None,
            said_cumulative(summed, self.names),
            notes=notes,
        )

    # ---- coefficients

    wald_test = stacked_estimates.wald_test
    lincom = stacked_estimates.lincom
    nonlinear = stacked_estimates.nonlinear
    joint_tests = stacked_estimates.joint_tests
    tidy = stacked_estimates.tidy
    glance = stacked_estimates.glance
    plot = plot

    @property
    @abstractmethod
    def _joint_df(self) -> float:
        """Degrees of freedom of the denominator of joint tests; infinite for chi-squared."""

    @property
    @abstractmethod
    def _single_df(self) -> float:
        """Degrees of freedom of the t of one combination of coefficients; infinite for the normal."""

    @abstractmethod
    def _stacked_with(self, df: float) -> StackedInference:
        """The coefficients of all equations with their covariance, and so many degrees of freedom."""

    @property
    def _stacked(self) -> StackedInference:
        return self._stacked_with(self._single_df)

    @property
    def _drawn_coefficients(self) -> DrawnCoefficients:
        stacked = self._stacked

        def limits(of: list[str], level: float, joint: str | None = None) -> pd.DataFrame:
            if joint is not None:
                return stacked.conf_int(of=of, level=level, joint=joint)
            return self.conf_int(level=level).set_axis(list(stacked.names)).loc[of]

        return DrawnCoefficients.of_system(stacked.params, limits, stacked.cov_label, self.names, self.regressor_names)

    def _df_for(self, weights: Array, df: float) -> float:
        return df

    @property
    @abstractmethod
    def n_periods(self) -> int:
        """Number of different periods explained."""

    @property
    @abstractmethod
    def std_errors(self) -> pd.DataFrame:
        """Standard errors, arranged like `params`."""

    @property
    @abstractmethod
    def tstats(self) -> pd.DataFrame:
        """Coefficients over their standard errors."""

    @property
    @abstractmethod
    def pvalues(self) -> pd.DataFrame:
        """Two-sided tail probabilities of `tstats`."""

    @abstractmethod
    def conf_int(self, *, level: float | Sequence[float] = 0.95) -> pd.DataFrame:
        """Confidence intervals of the coefficients."""

    @property
    @abstractmethod
    def fitted_values(self) -> pd.DataFrame:
        """Fitted values."""

    @property
    @abstractmethod
    def _explained(self) -> Array:
        """Values (n, K) that `fitted_values` are of."""

    def augment(self) -> pd.DataFrame:
        """Return the rows of the model: of each variable its value, ``.fitted`` and ``.resid``, as R's broom has them.

        Returns
        -------
        DataFrame
            Labelled as `fitted_values`, columns (variable, part). ``.resid`` is the value less what is fitted; a panel
            whose equations are differenced or centred has `resids` of those.

        Examples
        --------
        >>> import panelvar as pv
        >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
        >>> model.augment()["unemp"].round(2).tail(1).values.tolist()
        [[9.6, 9.67, -0.07]]
        """
        import pandas as pd

        fitted = self.fitted_values
        parts = np.stack([self._explained, fitted, self._explained - fitted], axis=-1)
        columns = pd.MultiIndex.from_product([self.names, ("value", ".fitted", ".resid")], names=["variable", None])
        return pd.DataFrame(parts.reshape(len(fitted), -1), fitted.index, columns)

    @property
    def _nobs(self) -> int:
        return self.nobs

    def _labels(self) -> dict[str, list[str]]:
        rows = self.regressor_names
        return {
            "equation": [name for name in self.names for _ in rows],
            "term": list(rows) * self.n_vars,
        }

    def _numbers(self, level: float) -> dict[str, Array]:
        tables = (self.params, self.std_errors, self.tstats, self.pvalues)
        columns = [table.to_numpy().T.ravel() for table in tables]
        limits = self.conf_int(level=level)
        return dict(zip(NUMBERS, (*columns, limits["lower"].to_numpy(), limits["upper"].to_numpy()), strict=True))

    def _tested_terms(self) -> list[TestedTerm]:
        stacked, found = self._stacked_with(self._joint_df), []
        near = on_granger(self._persistence)
        for label, equations in self._sets_of_equations():
            each = [(name, [name]) for name in self.names] + ([("all lags", list(self.names))] * (self.n_vars > 1))
            for term, variables in each if self.lags else ():
                hypothesis = lags_hypothesis(self.names, self.lags, equations, variables, None)
                test = self._tested_lags(hypothesis)
                if test is not None:
                    found.append(TestedTerm(label, term, replace(test, notes=(*test.notes, *near))))
            found += self._beside_lags(stacked, label, equations)
        if not found:
            raise SpecificationError("The model has no coefficient but constants, so there is no term to test.")
        return found

    def _sets_of_equations(self) -> list[tuple[str, list[str]]]:
        """Each equation by its name, and where there are several, all together."""
        return [(name, [name]) for name in self.names] + ([("joint", list(self.names))] * (self.n_vars > 1))

    def _beside_lags(self, stacked: StackedInference, label: str, equations: Sequence[str]) -> list[TestedTerm]:
        """Tests of trends, seasons and exogenous variables in some equations, as far as they are estimated."""
        found = []
        for term, regressors in self.terms.grouped.items():
            names = [
                f"[{equation}]{row}"
                for equation in equations
                for row in regressors
                if self._free is None or self._free[self.regressor_names.index(row), self.names.index(equation)]
            ]
            if names:
                found.append(TestedTerm(label, term, zero_test(stacked, names, "Joint test", f"{term} is zero")))
        return found

    def _tested_lags(self, hypothesis: Exclusion) -> TestResult | None:
        """Test that lags are absent; None where they are left out already, a missing one where it cannot be."""
        if self._free is not None:
            rows = hypothesis.regressors(self.names, self.terms.count)
            if not self._free[np.ix_(rows, hypothesis.columns(self.names))].any():
                return None
        try:
            return self._excluded(hypothesis)
        except NumericalError as error:
            count = len(hypothesis.lags) * len(hypothesis.variables) * len(hypothesis.equations)
            return referred(
                hypothesis.name, np.nan, count, self._joint_df, hypothesis.null, Note("no-test", str(error))
            )

    @abstractmethod
    def _excluded(self, hypothesis: Exclusion) -> TestResult:
        """Test that lags are absent."""

    def exclusion_test(
        self,
        *,
        equations: str | Sequence[str] | None = None,
        variables: str | Sequence[str] | None = None,
        lags: int | Sequence[int] | None = None,
    ) -> TestResult:
        """Wald test that lagged variables are absent from equations.

        Parameters
        ----------
        equations, variables : str or sequence of str, optional
            All by default. ``equations="x"`` alone is the joint test of every lag in the equation of x;
            ``variables="x"`` alone, of every lag of x in the whole system.
        lags : int or sequence of int, optional
            Lags tested; all by default. ``lags=p`` alone tests whether the last lag can go.

        Returns
        -------
        TestResult
            F or chi-squared, as `wald_test` has it.

        Examples
        --------
        >>> import panelvar as pv
        >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=3)
        >>> model.exclusion_test(lags=3).in_a_line()
        'F(9, 567) = 3.5815, p = 0.0002'
        """
        return self._excluded(lags_hypothesis(self.names, self.lags, equations, variables, lags))

    @property
    def _free(self) -> Mask | None:
        """Which coefficients have an error; None for all."""
        return None

    def _table_notes(self, levels: Stars, level: float | None) -> tuple[str, ...]:
        notes = [said_below(levels, level)]
        if self._free is not None and not self._free.all():
            notes.append("Coefficients without a standard error are restricted to zero.")
        return (*notes, *dict.fromkeys(note.text for note in self.notes))

    def _band(
        self,
        bands: BandSource | None,
        levels: Sequence[float],
        estimate: Array,
        statistic: Callable[[Draws], Array],
        gradients: Callable[..., Array] | None = None,
        *,
        uses_sigma: bool = True,
        future_steps: int = 0,
        scheme: Identification | None = None,
        draw_errors: Callable[[ReducedForm, Array], Array] | None = None,
        responses: bool = False,
    ) -> Band | None:
        if bands is None:
            return None
        if isinstance(bands, type):
            raise SpecificationError(f"bands={bands.__name__} is the class: call it, {bands.__name__}(...).")
        if not hasattr(bands, "band"):
            raise SpecificationError(
                f"bands={shown(bands)}: expected an object such as ResidualBootstrap(...), MonteCarlo(...), "
                "DeltaMethod() or None."
            )
        carried, many = (None, False) if scheme is None else (scheme.carried, scheme.set_valued)
        target = Target(
            self._drawable, estimate, statistic, gradients, future_steps, uses_sigma, carried, many, draw_errors
        )
        band = bands.band(target, levels if len(levels) > 1 else levels[0])
        told = on_bands(self._persistence, bands, len(estimate) - 1) if scheme is not None else ()
        if responses:
            told += self._told_of_responses(bands, target)
        return replace(band, notes=(*band.notes, *told))

    def _told_of_responses(self, bands: BandSource, target: Target) -> tuple[Note, ...]:
        """What else to know of bands of responses."""
        del bands, target
        return ()

    @property
    def _persistence(self) -> Persistence | None:
        """How near one the estimated roots are, where that spoils tests and bands."""
        return None
