"""Feasible generalised least squares: errors heteroskedastic and correlated across entities, autoregressive within.

Residuals give a covariance of the errors, and that gives whitened rows: once, or again until they settle.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import is_number, read_flag, read_whole
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, Note, NumericalError, SpecificationError, choose
from panelvar.core.base.limits import MOST_DRAWS
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.data.formulas.design import Design, build_design
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.kernels.linear.groups import Grouping, compact
from panelvar.panels.gls.ar1 import AR1, FreedRows, as_ar1, estimate_rho, transform
from panelvar.panels.gls.autoregression import Runs, find_runs
from panelvar.panels.gls.error_covariance import mean_squares, unit_covariances, whiten
from panelvar.panels.gls.result import ErrorStructure, GLSResult
from panelvar.panels.gls.whitened_model import check_levels, coefficients_of, residuals_of, whitened_model
from panelvar.panels.static.finish import finish

_ACROSS = {"homoskedastic": "homoskedastic", "heteroskedastic": "a variance per entity", "correlated": "correlated"}
# With fewer periods than this times the entities, standard errors of correlated panels are far too small.
_PERIODS_PER_ENTITY = 3
# With fewer rows than this, an entity's own variance or coefficient is poorly estimated.
_FEW_ROWS = 10
# Root mean square residuals of an entity this small beside those of its dependent variable are rounding.
_EXACT = 1e-13


@documented
def fit_fgls(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    panels: str = "homoskedastic",
    autocorrelation: str | AR1 = "none",
    pairwise: bool = True,
    iterate: bool = False,
    max_iterations: int = 1000,
    tolerance: float = 1e-8,
    small_sample: bool = False,
    constant: bool | None = None,
    cov: str | Covariance = "classical",
    convention: str | Convention = "default",
    missing: str = "drop",
    collinear: str = "drop",
) -> GLSResult:
    r"""Fit by feasible generalised least squares (Stata's ``xtgls``; with ``cov="pcse"``, ``xtpcse``).

    .. math:: y_{it} = c + x_{it}'\beta + e_{it}, \qquad e_{it} = \rho_i e_{i,t-1} + v_{it}, \qquad
              E\,v_{it} v_{jt} = \sigma_{ij}

    There are three steps. Least squares gives residuals, and these :math:`\rho_i`. The rows are transformed,
    :math:`\tilde v_{it} = v_{it} - \rho_i v_{i,t-1}` (first rows: :math:`\sqrt{1-\rho_i^2}\,v_{i1}`), and their least
    squares gives :math:`\hat\sigma_{ij} = \sum_t \tilde u_{it} \tilde u_{jt} / T_{ij}`, hence :math:`\Omega`. Then

    .. math:: \hat\beta = (\tilde X'\Omega^{-1}\tilde X)^{-1}\tilde X'\Omega^{-1}\tilde y, \qquad
              \hat V = (\tilde X'\Omega^{-1}\tilde X)^{-1}.

    Parameters
    ----------
    {data, y, x}
    panels : {"homoskedastic", "heteroskedastic", "correlated"}
        One variance; one for each entity; a covariance for each pair of entities as well (Parks 1967).
    autocorrelation : {"none", "ar1", "psar1"} or AR1
        None; one coefficient for all entities; one for each; or an `AR1` with its estimator, treatment of gaps and of
        first rows.
    pairwise : bool
        Correlated, unbalanced panels: take covariances from the periods that each pair has, or (False) from those that
        all have.
    iterate : bool
        Repeat with the residuals of the last step until coefficients settle (``igls``): the maximum likelihood
        estimator without autocorrelation, on a balanced panel if correlated.
    max_iterations : int
        When to stop, with a warning.
    tolerance : float
        Largest change of a coefficient, in standard errors, that counts as settled.
    small_sample : bool
        Multiply the covariance by n / (n - k) (``nmk``).
    {constant}
    cov : str or covariance object
        ``"classical"`` is the GLS covariance above. ``"pcse"`` with homoskedastic panels makes Prais-Winsten estimates
        with panel-corrected errors. Any other is computed from the transformed rows. Correlated panels mix the rows of
        a period and allow ``Clustered("time")`` alone.
    convention : str or Convention
        ``random_distribution`` says whether inference is normal (default) or t; ``singular_errors`` what happens to a
        covariance without inverse.
    {missing, collinear}

    Returns
    -------
    GLSResult
        Beside the estimates: ``rho``, ``error_variances``, ``error_covariance``, ``loglik``, ``iterations``.

    Raises
    ------
    InsufficientDataError
        If correlated panels have fewer periods than entities, or no rows to estimate a covariance or coefficient from.
    NumericalError
        If the estimated error covariance is not positive definite.
    DataError, SpecificationError, CollinearityError
        See `panelvar.core.base.errors`.

    See Also
    --------
    fit_general_fgls : A free covariance within entities, for many entities.
    PanelCorrected : Least squares with errors that allow for the same.
    fit_fixed_effects_ar1 : With entity effects.
    AR1 : How rho is estimated.

    Notes
    -----
    Standard errors take the estimated covariance for the true one. With correlated panels and T not far above N they
    are too small by half and more, and tests mean nothing (Beck and Katz 1995): use pooled OLS or
    ``autocorrelation="ar1"`` with ``cov="pcse"``.

    Entity effects pass for autocorrelation here. If they are correlated with the regressors they bias all of these
    estimators: see `fit_fixed_effects_ar1`. With autocorrelated errors the coefficient of a lagged dependent variable
    is inconsistent.

    With a coefficient for each entity, the first rows of correlated panels are treated as if all :math:`\rho_i` were
    equal, as Stata does. Where there are gaps, or entities enter late, first rows are correlated across entities as the
    innovations are.

    References
    ----------
    Parks (1967), Journal of the American Statistical Association 62; Kmenta (1986), Elements of Econometrics;
    Beck and Katz (1995), American Political Science Review 89(3).

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> fit = pv.fit_fgls(firms, "invest ~ value + capital", panels="heteroskedastic", autocorrelation="ar1")
    >>> fit.params.round(4).to_dict()
    {'const': -4.0016, 'value': 0.0718, 'capital': 0.1367}
    >>> print(round(fit.rho.iloc[0], 4))
    0.9312
    """
    choose("panels", panels, tuple(_ACROSS))
    model = as_ar1(autocorrelation)
    for name, value in (("iterate", iterate), ("pairwise", pairwise), ("small_sample", small_sample)):
        read_flag(name, value)
    read_whole("max_iterations", max_iterations, 1, MOST_DRAWS)
    if not is_number(tolerance) or not 0.0 < tolerance < 1.0:
        raise SpecificationError(f"tolerance={shown(tolerance)} must be a number of standard errors between 0 and 1.")
    chosen = as_convention(convention)
    source = build_design(data, y, x, constant=constant, missing=missing)
    check_levels(source)
    errors = ErrorModel(source, panels, model, pairwise, chosen.singular_errors)
    whitened, rank, structure, notes = weigh(errors, iterate, max_iterations, tolerance)
    count = len(whitened.rows.ones)
    if count <= rank:
        raise InsufficientDataError(
            f"{count_of(count, 'row leaves', 'rows leave')} no degrees of freedom for {count_of(rank, 'coefficient')}."
        )
    within = () if model is None else ("AR(1) by entity",) if model.by_entity else ("AR(1)",)
    words = (panels, *within, *(("iterated",) if iterate else ()))
    transformed = whitened_model(
        source,
        whitened.rows,
        estimator=f"FGLS ({', '.join(words)})",
        total=chosen.transformed_total,
        error_variance=whitened.variance * (count / (count - rank) if small_sample else 1.0),
        mixed="time" if panels == "correlated" else None,
        notes=(*notes, *_warn_of_few_periods(source, panels, model)),
    )
    result = finish(transformed, cov, chosen, collinear)
    return GLSResult(result.fit, result.covariance, result.convention, result.estimator, structure)


def _warn_of_few_periods(source: Design, panels: str, model: AR1 | None) -> list[Note]:
    """Warn where there are too few periods for what is estimated."""
    notes: list[Note] = []
    n_entities, n_periods = source.entities.n_groups, source.times.n_groups
    if panels == "homoskedastic" and model is None:
        text = (
            "The errors are taken as homoskedastic and uncorrelated, so the estimates are pooled OLS. Choose panels= "
            "or autocorrelation=."
        )
        notes.append(Note("ols", text))
    if panels == "correlated" and n_periods < _PERIODS_PER_ENTITY * n_entities:
        text = (
            f"{n_entities * (n_entities + 1) // 2} error covariances are estimated from {n_periods} periods of "
            f"{n_entities} entities, so the standard errors are far too small (Beck and Katz 1995). Prefer "
            "panels='homoskedastic' with cov='pcse'."
        )
        notes.append(Note("few-periods", text, warn=True))
    mean = source.nobs / n_entities
    owned = [
        *(["error variance"] if panels == "heteroskedastic" else []),
        *(["autoregressive coefficient"] if model is not None and model.by_entity else []),
    ]
    if owned and mean < _FEW_ROWS:
        text = (
            f"Each entity has its own {' and its own '.join(owned)}, estimated from {mean:.3g} rows on average, so "
            "estimates and standard errors are unreliable. With few periods, cluster by entity instead."
        )
        notes.append(Note("few-rows", text, warn=True))
    return notes


class WhitenedRows(NamedTuple):
    """Rows whose errors are uncorrelated and equally variable if the covariance is right.

    Attributes
    ----------
    rows : FreedRows
        Its determinant is None where rows are missing or dependent.
    variance : float
        Variance of their errors.
    variances : (N,) array
        Variance of each entity; NaN for one without rows.
    covariance : (N, N) array or None
    notes : list of Note
    """

    rows: FreedRows
    variance: float
    variances: Array
    covariance: Array | None
    notes: list[Note]


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

    def free(self, e: Array) -> tuple[FreedRows, Array | None, list[Note]]:
        """Return rows without autocorrelation, the coefficients, and notes."""
        source = self.source
        if self.autocorrelation is None:
            n = source.nobs
            return FreedRows(list(source.arrays), np.ones(n), np.arange(n), 0.0), None, []
        k = len(source.names) + int(source.constant)
        rho, notes = estimate_rho(self.autocorrelation, e, self.runs, source.entities, k)
        rows = transform(self.autocorrelation, source.arrays, self.runs, rho[source.entities.codes])
        lost = source.entities.n_groups - len(np.unique(source.entities.codes[rows.rows]))
        if lost:
            text = (
                f"{count_of(lost, 'entity has', 'entities have')} no row that follows another. starts='drop' leaves "
                "out first rows, so such entities are not in the model and have no variance."
            )
            notes = [*notes, Note("entities-without-rows", text)]
        return rows, rho, notes

    def whiten_rows(self, rows: FreedRows, u: Array) -> WhitenedRows:
        """Return rows whitened by the covariance that residuals u have."""
        columns, source = [*rows.columns, rows.ones], self.source
        n_entities, determinant = source.entities.n_groups, rows.log_determinant
        present = source.entities.codes[rows.rows]
        units = Grouping.from_codes(*compact(present))
        members = np.unique(present).astype(np.intp)
        by_unit = mean_squares(u, units)
        variances = np.full(n_entities, np.nan)
        notes: list[Note] = []
        covariance: Array | None = None
        if self.panels == "homoskedastic":
            variance = float(u @ u) / len(u)
            variances[members] = variance
            logs = 2.0 * len(u) * math.log(math.sqrt(variance)) if variance > 0.0 else -math.inf
        else:
            variance = 1.0
            variances[members] = by_unit
            self._refuse_exact(rows.columns[-1], by_unit, units, members)
            if self.panels == "heteroskedastic":
                inverse = 1.0 / np.sqrt(by_unit[units.codes])
                columns = [column * inverse for column in columns]
                logs = -2.0 * float(np.log(inverse).sum())
            else:
                columns, logs, covariance, dropped = self._across(columns, u, units, rows.rows)
                if dropped:
                    determinant = None
                    text = (
                        "The covariance of the errors is not positive definite. "
                        f"{count_of(dropped, 'row carries', 'rows carry')} no weight, because they depend on the rows "
                        "before them or have a negative variance given those."
                    )
                    notes.append(Note("singular-errors", text, warn=True))
                full = np.full((n_entities, n_entities), np.nan)
                full[np.ix_(members, members)] = covariance
                covariance = full
        determinant = None if determinant is None else determinant - 0.5 * logs
        whitened = FreedRows(columns[:-1], columns[-1], rows.rows, determinant)
        return WhitenedRows(whitened, variance, variances, covariance, notes)

    def _across(
        self, columns: list[Array], u: Array, units: Grouping, rows: NDArray[np.intp]
    ) -> tuple[list[Array], float, Array, int]:
        dates = Grouping.from_codes(*compact(self.source.time_positions[rows]))
        if dates.n_groups < units.n_groups and self.singular == "refuse":
            raise InsufficientDataError(
                f"{count_of(dates.n_groups, 'period')} cannot give an invertible covariance of the errors of "
                f"{units.n_groups} entities. panels='correlated' needs at least as many periods as entities, and far "
                "more for sensible standard errors. Use panels='homoskedastic' with cov='pcse', or cov='cluster'."
            )
        covariance = unit_covariances(u, units, dates, pairwise=self.pairwise)
        try:
            moved, logs, dropped = whiten(columns, covariance, units, dates, singular=self.singular)
        except NumericalError as error:
            hint = "pairwise=False, or " if self.pairwise else ""
            raise NumericalError(f"{error} Use {hint}panels='homoskedastic' with cov='pcse'.") from None
        return moved, logs, covariance, dropped

    def _refuse_exact(self, y: Array, by_unit: Array, units: Grouping, members: NDArray[np.intp]) -> None:
        exact = np.flatnonzero(by_unit <= _EXACT**2 * mean_squares(y, units))
        if len(exact):
            labels = ", ".join(map(str, self.source.entity_labels[members[exact[:3]]]))
            raise NumericalError(
                f"{count_of(len(exact), 'entity fits', 'entities fit')} exactly (first {labels}), so the error "
                "variance is zero and the weight infinite. Leave out entities with few rows, or use "
                "panels='homoskedastic'."
            )


def weigh(
    errors: ErrorModel, iterate: bool, max_iterations: int, tolerance: float
) -> tuple[WhitenedRows, int, ErrorStructure, list[Note]]:
    """Run the steps: least squares, rho, least squares, covariance, least squares; once or until they settle.

    Returns the last whitened rows, how many of their columns are independent, what they say of the errors, and notes.
    """
    source = errors.source
    columns = list(source.arrays)
    one = np.ones(source.nobs) if source.constant else None
    b, _ = coefficients_of(columns, one)
    for count in range(1, (max_iterations if iterate else 1) + 1):
        freed, rho, rho_notes = errors.free(residuals_of(columns, one, b))
        ones = freed.ones if source.constant else None
        step = coefficients_of(freed.columns, ones)[0] if count == 1 and rho is not None else b
        whitened = errors.whiten_rows(freed, residuals_of(freed.columns, ones, step))
        rows = whitened.rows
        ones = rows.ones if source.constant else None
        new, scale = coefficients_of(rows.columns, ones)
        used = np.isfinite(scale)
        change = float(np.abs((new - b)[used] / scale[used]).max(initial=0.0))
        settled = change <= tolerance * math.sqrt(whitened.variance)
        b = new
        if settled:
            break
    converged = settled or not iterate
    notes = [*rho_notes, *whitened.notes]
    if not converged:
        text = (
            f"The estimates have not settled after {count_of(count, 'iteration')}: the last one changed a coefficient "
            f"by {change / math.sqrt(whitened.variance):.1e} standard errors. Raise max_iterations, or use "
            "iterate=False."
        )
        notes.append(Note("not-converged", text, warn=True))
    likelihood = None
    if rows.log_determinant is not None and math.isfinite(rows.log_determinant):
        left = residuals_of(rows.columns, ones, b)
        squares = float(left @ left) / whitened.variance
        likelihood = -0.5 * (len(left) * math.log(2.0 * math.pi) - 2.0 * rows.log_determinant + squares)
    words = [("Errors across entities", _ACROSS[errors.panels])]
    if errors.autocorrelation is not None:
        words.append(("Errors within entities", errors.autocorrelation.words))
    if iterate:
        words.append(("Estimation", "iterated"))
    structure = ErrorStructure(
        tuple(words),
        source.entity_labels,
        rho,
        whitened.variances,
        whitened.covariance,
        likelihood,
        count,
        converged,
    )
    return whitened, int(used.sum()), structure, notes
