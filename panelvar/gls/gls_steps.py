"""The steps of feasible generalised least squares: residuals, a covariance of the errors, whitened rows, and again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from panelvar.base.arrays import Array
from panelvar.base.errors import InsufficientDataError, Note, NumericalError
from panelvar.data.design import Design, compact
from panelvar.gls.ar1 import AR1, Transformed, coefficients, transform
from panelvar.gls.autoregression import Runs, find_runs
from panelvar.gls.error_covariance import unit_covariances, unit_variances, whiten
from panelvar.gls.whitened_model import coefficients_of, residuals_of
from panelvar.kernels.groups import Grouping

# Root mean square residuals of an entity this small beside those of its dependent variable are rounding.
_EXACT = 1e-13


@dataclass(frozen=True, eq=False)
class WhitenedRows:
    """Rows whose errors are uncorrelated and equally variable if the covariance is right.

    Attributes
    ----------
    columns : list of (m,) arrays
    ones : (m,) array
        The whitened constant.
    positions : (m,) array
        Rows of the source.
    complete : bool
        Whether these are all rows.
    variance : float
        Variance of their errors.
    variances : (N,) array
        Of each entity; NaN for one without rows.
    covariance : (N, N) array or None
    log_determinant : float or None
        Of the covariance of the source's errors; None where rows are missing or dependent.
    notes : tuple of Note
    """

    columns: list[Array]
    ones: Array
    positions: NDArray[np.intp]
    complete: bool
    variance: float
    variances: Array
    covariance: Array | None
    log_determinant: float | None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, eq=False)
class Steps:
    """The last whitened rows, and how they were arrived at.

    Attributes
    ----------
    rows : WhitenedRows
    rho : (N,) array or None
    rank : int
        Independent columns.
    log_likelihood : float or None
    iterations : int
    converged : bool
    notes : tuple of Note
    """

    rows: WhitenedRows
    rho: Array | None
    rank: int
    log_likelihood: float | None
    iterations: int
    converged: bool
    notes: tuple[Note, ...]


@dataclass(frozen=True, eq=False)
class ErrorModel:
    """What is assumed of the errors, and how it is estimated from residuals."""

    source: Design
    panels: str
    autocorrelation: AR1 | None
    pairwise: bool
    singular: str

    @cached_property
    def runs(self) -> Runs:
        """Which row each row follows."""
        gaps = "restart" if self.autocorrelation is None else self.autocorrelation.gaps
        return find_runs(self.source.entities.codes, self.source.time_positions, gaps)

    def freed(self, e: Array) -> tuple[Transformed, Array | None, list[Note]]:
        """Return rows without autocorrelation, the coefficients, and notes."""
        source = self.source
        if self.autocorrelation is None:
            n = source.nobs
            return Transformed(list(source.columns), np.ones(n), np.arange(n), 0.0), None, []
        k = len(source.names) + int(source.constant)
        rho, notes = coefficients(self.autocorrelation, e, self.runs, source.entities, k)
        rows = transform(self.autocorrelation, source.columns, self.runs, rho[source.entities.codes])
        return rows, rho, notes

    def weighted(self, rows: Transformed, u: Array) -> WhitenedRows:
        """Return rows whitened by the covariance that residuals u have."""
        columns, source = [*rows.columns, rows.ones], self.source
        n_entities, whole = source.entities.n_groups, rows.log_determinant is not None
        codes, count = compact(source.entities.codes[rows.rows])
        units = Grouping.from_codes(codes, count)
        members = np.unique(source.entities.codes[rows.rows]).astype(np.intp)
        own = unit_variances(u, units)
        variances = np.full(n_entities, np.nan)
        notes: list[Note] = []
        covariance: Array | None = None
        if self.panels == "homoskedastic":
            variance = float(u @ u) / len(u)
            variances[members] = variance
            logs = 2.0 * len(u) * math.log(math.sqrt(variance)) if variance > 0.0 else -math.inf
        else:
            variance = 1.0
            variances[members] = own
            self._refuse_exact(rows.columns[-1], own, units, members)
            if self.panels == "heteroskedastic":
                inverse = 1.0 / np.sqrt(own[codes])
                columns = [column * inverse for column in columns]
                logs = -2.0 * float(np.log(inverse).sum())
            else:
                columns, logs, covariance, dropped = self._across(columns, u, units, rows.rows)
                if dropped:
                    whole = False
                    text = f"The covariance of the errors is singular: {dropped} dependent rows carry no weight."
                    notes.append(Note("singular-errors", text, warn=True))
                full = np.full((n_entities, n_entities), np.nan)
                full[np.ix_(members, members)] = covariance
                covariance = full
        log_determinant = None
        if whole:
            assert rows.log_determinant is not None
            log_determinant = logs - 2.0 * rows.log_determinant
        return WhitenedRows(
            columns[:-1],
            columns[-1],
            rows.rows,
            rows.log_determinant is not None,
            variance,
            variances,
            covariance,
            log_determinant,
            tuple(notes),
        )

    def _across(
        self, columns: list[Array], u: Array, units: Grouping, rows: NDArray[np.intp]
    ) -> tuple[list[Array], float, Array, int]:
        dates = Grouping.from_codes(*compact(self.source.time_positions[rows]))
        if dates.n_groups < units.n_groups and self.singular == "refuse":
            raise InsufficientDataError(
                f"{dates.n_groups} periods cannot give an invertible covariance of the errors of {units.n_groups} "
                "entities: correlated panels need at least as many periods as entities, and far more for sensible "
                "standard errors. Use panels='homoskedastic' with cov='pcse', or cluster."
            )
        covariance = unit_covariances(u, units, dates, pairwise=self.pairwise)
        try:
            moved, logs, dropped = whiten(columns, covariance, units, dates, singular=self.singular)
        except NumericalError as error:
            hint = "pairwise=False, or " if self.pairwise else ""
            raise NumericalError(f"{error}: use {hint}panels='homoskedastic' with cov='pcse'.") from None
        return moved, logs, covariance, dropped

    def _refuse_exact(self, y: Array, own: Array, units: Grouping, members: NDArray[np.intp]) -> None:
        exact = np.flatnonzero(own <= _EXACT**2 * unit_variances(y, units))
        if len(exact):
            labels = ", ".join(map(str, self.source.entity_labels[members[exact[:3]]]))
            raise NumericalError(
                f"{len(exact)} entities fit exactly (first {labels}): their error variance is zero and their weight "
                "infinite. Leave entities with few rows out, or use panels='homoskedastic'."
            )


def weigh(errors: ErrorModel, *, iterate: bool, max_iterations: int, tolerance: float) -> Steps:
    """Run the steps: least squares, rho, least squares, covariance, least squares; once or until they settle."""
    source = errors.source
    columns = list(source.columns)
    one = np.ones(source.nobs) if source.constant else None
    b, scale = coefficients_of(columns, one)
    converged = not iterate
    count = 0
    while True:
        count += 1
        freed, rho, found = errors.freed(residuals_of(columns, one, b))
        ones = freed.ones if source.constant else None
        step = coefficients_of(freed.columns, ones)[0] if count == 1 and rho is not None else b
        rows = errors.weighted(freed, residuals_of(freed.columns, ones, step))
        ones = rows.ones if source.constant else None
        new, scale = coefficients_of(rows.columns, ones)
        used = np.isfinite(scale)
        change = float(np.abs((new - b)[used] / scale[used]).max(initial=0.0))
        settled = change <= tolerance * math.sqrt(rows.variance)
        b = new
        if not iterate or settled or count >= max_iterations:
            converged = converged or settled
            break
    notes = [*found, *rows.notes]
    if not converged:
        text = (
            f"The iterations have not settled after {count}: the last step changed a coefficient by "
            f"{change / math.sqrt(rows.variance):.1e} standard errors. Raise max_iterations, or do not iterate."
        )
        notes.append(Note("not-converged", text, warn=True))
    likelihood = None
    if rows.log_determinant is not None and math.isfinite(rows.log_determinant):
        left = residuals_of(rows.columns, ones, b)
        squares = float(left @ left) / rows.variance
        likelihood = -0.5 * (len(left) * math.log(2.0 * math.pi) + rows.log_determinant + squares)
    return Steps(rows, rho, int(used.sum()), likelihood, count, converged, tuple(notes))
