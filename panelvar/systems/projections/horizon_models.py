"""The regressions of local projections: rows and controls of every horizon, and what each date adds to estimates."""

from __future__ import annotations

import numpy as np

from panelvar.core.base.arguments import refuse_beyond
from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import CollinearityError, DataError, InsufficientDataError, Note, SpecificationError
from panelvar.kernels.dynamics.column_ranges import measured_columns, require_range
from panelvar.kernels.dynamics.gaps import rows_with_lags, run_starts
from panelvar.kernels.dynamics.lag_problem import LagProblem, lag_matrices, stack_lags
from panelvar.kernels.dynamics.orthonormal_instruments import orthonormal_instruments
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.kernels.dynamics.terms import Terms, regressor_labels
from panelvar.systems.identification.instruments_of_shocks import first_stage, note_strength
from panelvar.systems.projections.bootstrap import ProjectionBootstrap
from panelvar.systems.projections.horizon_regressions import DependentColumn, Projection, project
from panelvar.systems.projections.projection_data import ProjectionData, without_shock_lags
from panelvar.systems.projections.projection_errors import ErrorRule
from panelvar.systems.projections.result import FEW_DEGREES
from panelvar.systems.responses.shocks import Shocks, positive_factor
from panelvar.systems.var.var import lag_order
from panelvar.systems.var.var_convention import VarConvention
from panelvar.systems.var.var_result import VarResult

CORRELATED = 2.0
"""Autocorrelation times the root of the rows beyond which a shock is said to be correlated over time."""


class HorizonRegressions:
    """The regressions of all horizons, and what they share."""

    def __init__(
        self,
        read: ProjectionData,
        terms: Terms,
        order: int,
        horizon: int,
        augmented: bool,
        shock_lags: int | None,
        common: bool,
        rule: ErrorRule,
    ) -> None:
        self.read, self.terms, self.order, self.horizon = read, terms, order, horizon
        self.augmented, self.rule, self.common = augmented, rule, common
        values = read.table.values
        self.values = values
        self.beside = terms.over(len(values), read.table.exogenous)
        past = order if read.shock is not None or augmented else order - 1
        own_lags = 0
        if read.shock is not None and not read.in_system:
            own_lags = lag_order(order if shock_lags is None else shock_lags, 0, "shock_lags")
            refuse_beyond("shock_lags", own_lags, len(values))
        elif shock_lags is not None:
            raise SpecificationError("shock_lags= is for an observed shock that is not a variable of the system.")
        self.shock_lags = past if read.in_system else own_lags
        fixed, names, own = terms.n_deterministic, read.table.names, (read.shock_name,)
        blocks = [self.beside[:, fixed:], *(_shift(values, lag) for lag in range(1, past + 1))]
        if own_lags and read.shock is not None:
            blocks += [_shift(read.shock, lag) for lag in range(1, own_lags + 1)]
        controls = np.concatenate(blocks, axis=1)
        labels = (*terms.labels[fixed:], *(f"L{lag}.{name}" for lag in range(1, past + 1) for name in names))
        labels += tuple(f"L{lag}.{read.shock_name}" for lag in range(1, own_lags + 1))
        units = (*terms.labels[fixed:], *names * past, *own * own_lags)
        self.impulses, impulses = (values, names) if read.shock is None else (read.shock, own)
        self.instruments, instruments = read.instruments, read.instrument_names
        units_of_impulses = instruments + impulses
        shared, shared_labels = [self.beside[:, :fixed]], terms.labels[:fixed]
        self.states: tuple[Mask, ...] = ()
        if read.state is not None:
            # Trends and seasons are the same in both states; a constant differs by the state itself.
            self.states = (read.state[:, 0] == 1.0, read.state[:, 0] == 0.0)
            if terms.has_constant:
                shared, shared_labels = [*shared, read.state], (*shared_labels, read.state_name)
            controls, self.impulses = _by_state(controls, self.states), _by_state(self.impulses, self.states)
            if self.instruments is not None:
                self.instruments = _by_state(self.instruments, self.states)
            labels, instruments, impulses = (_named_by_state(each) for each in (labels, instruments, impulses))
            units, units_of_impulses = units * 2, read.instrument_names * 2 + own * 2
        self.controls = np.concatenate([*shared, controls], axis=1)
        self.labels = (*shared_labels, *labels, *instruments, *impulses)
        self.measured = units + units_of_impulses
        self.usable: Mask = np.isfinite(np.concatenate([self.controls, self.impulses], axis=1)).all(axis=1)
        for beside in (read.instruments, read.state):
            if beside is not None:
                self.usable &= np.isfinite(beside).all(axis=1)
        self.whole: Mask = np.asarray(np.isfinite(values).all(axis=1))
        if common:
            for lead in range(horizon + 1):
                self.usable &= _ahead(self.whole, lead)
            if read.shock is None:
                # The vector autoregression has one lag more than projections without lag augmentation.
                self.usable &= np.isfinite(_shift(values, order)).all(axis=1)
        self.counts = np.zeros(horizon + 1, dtype=np.intp)
        self.degrees = np.zeros(horizon + 1)

    def missing_notes(self, missing: str) -> tuple[Note, ...]:
        """Say which values are missing, or refuse them."""
        table = self.read.table
        present = np.zeros(len(self.values), dtype=bool)
        present[table.observed_periods()] = True
        holes = int(np.count_nonzero(~np.isfinite(self.values[present])))
        absent = int(np.count_nonzero(~present))
        others = {
            self.read.shock_name: None if self.read.in_system else self.read.shock,
            "the instruments": self.read.instruments,
            "the state": self.read.state,
            "exogenous variables": table.exogenous,
        }
        there = {
            name: np.isfinite(values[present]).all(axis=1) for name, values in others.items() if values is not None
        }
        lacking = {name: int(np.count_nonzero(~own)) for name, own in there.items() if not own.all()}
        if (holes or lacking) and missing == "raise":
            raise DataError(
                f"The data have {count_of(holes + sum(lacking.values()), 'missing value')}, and missing='raise' "
                "refuses them."
            )
        notes = []
        if holes or absent:
            text = (
                f"{count_of(holes, 'value is', 'values are')} missing, and "
                f"{count_of(absent, 'period is', 'periods are')} absent from the data. Each horizon drops the rows "
                "whose lags, impulse or outcome are missing."
            )
            notes.append(Note("rows-missing", text, warn=True))
        for name, count in lacking.items():
            text = f"{name} is missing in {count} of {int(present.sum())} periods. These periods are left out."
            # A series that begins later or ends sooner is no surprise; a hole in it is.
            seen = np.flatnonzero(there[name])
            hole = bool(seen.size) and int(seen[-1] - seen[0]) >= seen.size
            notes.append(Note("beside-missing", text, warn=hole))
        return tuple(notes)

    def rows(self, lead: int) -> Positions:
        """Dates of the impulse in the regression of a horizon."""
        return np.flatnonzero(self.usable & _ahead(self.whole, lead))

    def vector_autoregression(self, rules: VarConvention) -> VarResult:
        """The vector autoregression whose impact is that of the shocks."""
        whole = np.flatnonzero(self.whole)
        rows = whole[rows_with_lags(whole, self.order)]
        rows = rows[np.isfinite(self.beside[rows]).all(axis=1)]
        if self.common:
            rows = rows[self.usable[rows]]
        width, n_vars = self.beside.shape[1] + self.order * self.values.shape[1], self.values.shape[1]
        if len(rows) < width + n_vars:
            raise InsufficientDataError(
                f"{len(rows)} usable rows are too few for {width} coefficients in each equation and the covariance "
                f"of {n_vars} errors."
            )
        design = stack_lags(self.values, self.order, self.beside, rows)
        problem = LagProblem(design, self.beside.shape[1], self.order, n_vars, run_starts(rows))
        names = measured_columns(self.read.table.names, self.terms, self.order)
        require_range(problem.factor, problem.column_sizes, names)
        if problem.dependent_columns:
            names = (*regressor_labels(self.read.table.names, self.order, self.terms), *self.read.table.names)
            raise CollinearityError(f"{names[problem.dependent_columns[0]]!r} is a linear combination of others.")
        return VarResult(problem, self.read.table, rows, self.terms, rules)

    def of_scheme(self, system: VarResult, shocks: Shocks, known: bool) -> tuple[Array, Array, tuple[Note, ...]]:
        """Responses (H + 1, K, S) and influences (H + 1, K, S, P) of a scheme's shocks."""
        impact = shocks.system_impact(system.coefficients, system._sigma)
        moves, notes = self._impact_moves(system, shocks, known)
        values = np.empty((self.horizon + 1, *impact.shape))
        influence = np.zeros((*values.shape, len(self.values)))
        values[0] = impact
        own = _span(system.periods)
        influence[0][..., own] = moves
        self.counts[0], self.degrees[0] = system.nobs, system.df_resid
        shared = self._projections(1)
        for lead in range(1, self.horizon + 1):
            rows, found = shared[lead]
            effects = found.coefficients.T
            values[lead] = effects @ impact
            self.counts[lead], self.degrees[lead] = len(rows), found.df_resid
            influence[lead][..., _span(rows)] = _products(self.rule.adjusted(found), found.gains @ impact)
            influence[lead][..., own] += np.tensordot(effects, moves, 1)
        return values, influence, notes

    def _impact_moves(self, system: VarResult, shocks: Shocks, known: bool) -> tuple[Array, tuple[Note, ...]]:
        """What each date adds to the estimated impact matrix, (K, S, n)."""
        problem = system._problem
        still = np.zeros((system.n_vars, len(shocks.names), problem.nobs))
        if known:
            text = (
                "The standard errors take the impact matrix as known, so bands are too narrow, above all at short "
                "horizons."
            )
            return still, (Note("impact-known", text),)
        residuals = problem.residuals
        gains = problem.design[:, : problem.n_regressors] @ problem.inverse_factor @ problem.inverse_factor.T
        steps = lag_matrices(gains[:, :, None] * residuals[:, None, :], problem.n_deterministic)
        squares = residuals[:, :, None] * residuals[:, None, :]
        sigma_steps = (squares - squares.mean(axis=0)) / system._drawable.divisor
        form = ReducedForm(system.coefficients, positive_factor(system._sigma))
        series = shocks.scheme.carried
        if series is None:
            moves = shocks.derivatives(form, steps, sigma_steps)
        else:
            controls = problem.design[:, : problem.n_regressors] @ problem.inverse_factor
            moves = shocks.date_moves(form, residuals, controls, orthonormal_instruments(series), sigma_steps)
        if moves is None:
            text = (
                f"There is no formula for the derivatives of {shocks.scheme.words} shocks, so standard errors take "
                "the impact matrix as known and bands are too narrow."
            )
            return still, (Note("impact-known", text, warn=True),)
        factor = np.sqrt(problem.nobs / problem.df_resid) if self.rule.corrects else 1.0
        return np.ascontiguousarray(np.moveaxis(moves, 0, -1)) * factor, ()

    def bootstrap(
        self, system: VarResult, shocks: Shocks, known: bool, values: Array, errors: Array, cumulative: Mask
    ) -> ProjectionBootstrap | None:
        """What makes a bootstrap of responses and errors; None where there is none."""
        whole = system.nobs + self.order == len(self.values) and not self.common
        if not (whole and self.augmented and self.rule.kernel is None and not self.rule.needs_leverages):
            return None
        before, factor = self.values[: self.order], self.rule.corrects
        return ProjectionBootstrap(
            system._drawable, before, self.beside, shocks, known, factor, values, errors, cumulative
        )

    def of_shock(self, standardised: bool) -> tuple[Array, Array, tuple[Note, ...]]:
        """Responses (H + 1, K, S) and influences (H + 1, K, S, P) of an observed shock in S states, or one."""
        read = self.read
        values = np.empty((self.horizon + 1, self.values.shape[1], self.impulses.shape[1]))
        influence = np.zeros((*values.shape, len(self.values)))
        shared = self._projections(0)
        scale = 1.0
        notes = self._notes_of_shock_lags(shared[0][0])
        rows = shared[0][0]
        if standardised or self.instruments is not None:
            left = _partial_out(self.controls[rows], self.impulses[rows])
            if standardised:
                # The shock given the controls has a degree of freedom more than the outcome; in two states it has one
                # size, so that responses can be compared.
                degrees = shared[0][1].df_resid + left.shape[1]
                scale = float(np.sqrt(np.square(left.sum(axis=1)).sum() / degrees))
            if self.instruments is not None:
                notes += self._first_stages(left, _partial_out(self.controls[rows], self.instruments[rows]), rows)
        for lead in range(self.horizon + 1):
            rows, found = shared[lead]
            self.counts[lead], self.degrees[lead] = len(rows), found.df_resid
            values[lead] = scale * found.coefficients.T
            influence[lead][..., _span(rows)] = scale * _products(self.rule.adjusted(found), found.gains)
        if read.in_system:
            own = read.table.names.index(read.shock_name)
            values[0, own], influence[0, own] = scale, 0.0
        return values, influence, notes

    def _first_stages(self, left: Array, tools: Array, rows: Positions) -> tuple[Note, ...]:
        """How strong the instruments are at horizon 0, in each state."""
        notes: tuple[Note, ...] = ()
        count = len(self.read.instrument_names)
        for place, name in enumerate(self.shock_names):
            own = self.states[place][rows] if self.states else slice(None)
            stage = first_stage(left[own, place], tools[own, place * count : (place + 1) * count])
            where = f"{name}: first" if self.states else "First"
            text = f"{where} stage at horizon 0: robust F = {stage.robust:.2f} over {stage.nobs} rows."
            notes += note_strength(text, stage.robust)
        return notes

    @property
    def shock_names(self) -> tuple[str, ...]:
        """What responses to an observed shock are called."""
        shock, state = self.read.shock_name, self.read.state_name
        return (f"{shock} ({state} = 1)", f"{shock} ({state} = 0)") if self.states else (shock,)

    def _projections(self, first: int) -> dict[int, tuple[Positions, Projection]]:
        """The regression of every horizon; one factor serves all where the rows are the same."""
        leads = range(first, self.horizon + 1)
        found = {}
        if self.common and len(leads):
            rows = self.rows(0)
            left = np.concatenate([self.values[rows + lead] for lead in leads], axis=1)
            every = self._project(rows, left, first)
            n_vars = self.values.shape[1]
            for lead in leads:
                part = slice((lead - first) * n_vars, (lead - first + 1) * n_vars)
                residuals = np.ascontiguousarray(every.residuals[:, part])
                own = every._replace(coefficients=every.coefficients[:, part], residuals=residuals)
                found[lead] = (rows, own)
            return found
        for lead in leads:
            rows = self.rows(lead)
            found[lead] = (rows, self._project(rows, self.values[rows + lead], lead))
        return found

    def _project(self, rows: Positions, left: Array, lead: int) -> Projection:
        tools = self.instruments
        width = self.controls.shape[1] + self.impulses.shape[1] + (0 if tools is None else tools.shape[1])
        if len(rows) <= width:
            raise InsufficientDataError(
                f"{len(rows)} usable rows are too few for {width} regressors at horizon {lead}. Use fewer lags, or "
                "a shorter horizon."
            )
        try:
            place = _span(rows)
            return project(
                self.controls[place],
                self.impulses[place],
                left,
                None if tools is None else tools[place],
                measured=self.measured + self.read.table.names * (left.shape[1] // self.values.shape[1]),
                leverages=self.rule.needs_leverages,
            )
        except DependentColumn as error:
            raise CollinearityError(
                f"At horizon {lead} the regressor {self.labels[error.place]!r} is a linear combination of others."
            ) from None

    def notes(self) -> tuple[Note, ...]:
        """What a reader should know of the rows and the errors."""
        shown = f"{self.counts[-1]} rows at horizon {self.horizon}, {self.counts[0]} at 0"
        rows = Note("rows", f"{shown}; errors: {self.rule.label}.")
        return (rows, *self._notes_of_errors())

    def notes_of_degrees(self) -> tuple[Note, ...]:
        """Say at which horizons limits are those of t, because few degrees of freedom are left."""
        few = np.flatnonzero(self.degrees < FEW_DEGREES)
        if not few.size:
            return ()
        where = f"At horizon {few[0]}" if len(few) == 1 else f"At {len(few)} horizons, the first of them {few[0]},"
        fewest = self.degrees.min()
        text = (
            f"{where} the regression has fewer than {FEW_DEGREES} degrees of freedom (the fewest: {fewest:g}), so the "
            "limits there are those of the t distribution. Standard errors from so few rows are themselves too small; "
            "fewer lags or a shorter horizon leave more."
        )
        return (Note("few-degrees", text, warn=bool(fewest < FEW_DEGREES / 3)),)

    def _notes_of_errors(self) -> tuple[Note, ...]:
        """What errors without a kernel take for granted."""
        if self.rule.kernel is not None:
            return ()
        label, text = self.rule.label, ""
        if self.read.instruments is not None:
            text = (
                f"{label} errors have no kernel. They hold if the controls say all that the past says of the "
                "instruments; where they do not, use cov='newey-west', or give lags of the instruments as exogenous=."
            )
            return (Note("no-kernel", text),)
        if self.read.shock is not None and self.shock_lags:
            text = (
                f"The controls have {count_of(self.shock_lags, 'lag')} of the shock. Where older ones do not help to "
                f"predict it, the scores are uncorrelated over time, so {label} errors need no kernel (Montiel Olea "
                "and Plagborg-Moller 2021)."
            )
            return (Note("lag-augmented", text),)
        if self.read.shock is None and self.augmented:
            text = (
                "With lag augmentation the scores are uncorrelated over time, so heteroskedasticity-consistent errors "
                "need no kernel (Montiel Olea and Plagborg-Moller 2021)."
            )
            return (Note("lag-augmented", text),)
        if self.read.shock is None and self.horizon > 1:
            text = (
                f"Residuals at horizon h are correlated over h - 1 periods. {label} errors without lag "
                "augmentation ignore this. Use lag_augmented=True or cov='newey-west'."
            )
            return (Note("serial-correlation-ignored", text, warn=True),)
        return ()

    def _notes_of_shock_lags(self, rows: Positions) -> tuple[Note, ...]:
        """Say what it takes to leave the shock's own lags out."""
        if self.shock_lags:
            return ()
        notes: tuple[Note, ...] = (without_shock_lags(self.read.shock_name),)
        if self.rule.kernel is None and self.read.instruments is None:
            series = np.zeros(len(self.values))
            series[rows] = _partial_out(self.controls[rows], self.impulses[rows]).sum(axis=1)
            correlation = float(series[1:] @ series[:-1] / (series @ series))
            text = (
                f"{self.rule.label} errors have no kernel, so they hold if the shock, less what the controls explain, "
                f"is uncorrelated over time; its correlation with the period before is {correlation:.2f}. Otherwise "
                "use cov='newey-west', or keep the shock's lags."
            )
            notes += (Note("no-kernel", text, warn=abs(correlation) * np.sqrt(len(rows)) > CORRELATED),)
        return notes


def _shift(values: Array, lag: int) -> Array:
    """Values so many periods earlier, NaN before the first."""
    out = np.full(values.shape, np.nan)
    out[lag:] = values[: len(values) - lag]
    return out


def _by_state(values: Array, states: tuple[Mask, ...]) -> Array:
    """Columns of each state, zero in the other."""
    # By selection: a product would make infinite values of the other state missing ones.
    return np.concatenate([np.where(state[:, None], values, 0.0) for state in states], axis=1)


def _named_by_state(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{name}:{state}" for state in (1, 0) for name in names)


def _span(rows: Positions) -> slice | Positions:
    """Rows as a slice, where they are consecutive: it is written to several times faster."""
    consecutive = len(rows) > 0 and int(rows[-1]) - int(rows[0]) == len(rows) - 1
    return slice(int(rows[0]), int(rows[-1]) + 1) if consecutive else rows


def _products(residuals: Array, gains: Array) -> Array:
    """Influences (K, S, n) of residuals (n, K) and gains (n, S)."""
    left, right = np.ascontiguousarray(residuals.T), np.ascontiguousarray(gains.T)
    return left[:, None, :] * right


def _ahead(there: Mask, lead: int) -> Mask:
    """Whether the period so many later is there."""
    out = np.zeros(len(there), dtype=bool)
    out[: len(there) - lead] = there[lead:]
    return out


def _partial_out(controls: Array, columns: Array) -> Array:
    """Residuals of regressions on the controls."""
    if controls.shape[1] == 0:
        return columns
    basis = np.linalg.qr(controls)[0]
    return columns - basis @ (basis.T @ columns)
