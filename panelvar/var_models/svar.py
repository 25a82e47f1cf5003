"""The structural form of a vector autoregression by maximum likelihood: A, B, their errors, and the test of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from panelvar.bands.drawable import Draws
from panelvar.bands.limits import normal_limits
from panelvar.bands.target import Band, BandSource, Limits, limit_columns, nested, said_levels
from panelvar.base.arguments import read_levels
from panelvar.base.arrays import Array
from panelvar.base.errors import Note, SpecificationError, emit
from panelvar.base.hints import HintsAtNames
from panelvar.base.labels import listed
from panelvar.base.quoting import one_line, shown
from panelvar.base.unknown_arguments import answering
from panelvar.dynamics.lasting_effects import lasting_derivatives, lasting_effects
from panelvar.dynamics.unit_free_solves import impact_solve
from panelvar.identification.scheme import Names, ReducedForm
from panelvar.identification.short_run import ShortRun, ShortRunFit
from panelvar.responses.gradients import EVERY, parameter_steps
from panelvar.responses.shocks import positive_factor
from panelvar.tables.layout import Cell, Fact, Row, interval, number, words
from panelvar.tables.number_format import check_digits, format_count, format_number
from panelvar.tables.table import Presented, Table
from panelvar.tables.test_result import TestResult, chi2_test
from panelvar.var_models.fitted_system import FittedSystem, require_fit

if TYPE_CHECKING:
    import pandas as pd

_MATRICES = ("A", "B", "Long run")


@answering
def fit_svar(
    model: FittedSystem,
    identification: ShortRun,
    *,
    bands: BandSource | None = None,
    level: float | Sequence[float] = 0.95,
) -> SvarResult:
    r"""Estimate A and B of :math:`A u_t = B \varepsilon_t` and test what they restrict beyond need.

    .. math:: \ln L = -\frac{nK}{2} \ln 2\pi + n\left[\ln|\det W| - \tfrac12 \operatorname{tr}(W\Sigma W')\right],
        \qquad W = B^{-1} A

    Standard errors are roots of the diagonal of :math:`N (n N' I N)^{-1} N'`, with I the information of one observation
    and N what the restrictions leave free. The likelihood-ratio statistic :math:`2n[\ell(\Sigma) - \ell(A, B)]` is
    chi-squared with as many degrees of freedom as there are restrictions beyond K(K + 1)/2 free entries
    (Luetkepohl 2005, proposition 9.5 and section 9.3.2; of an error-correction model, section 9.2).

    Parameters
    ----------
    model : FittedSystem
        Its residual covariance is fitted: divided by n - m by default (also R's vars and, with ``dfk``, Stata), by n
        under a convention that says so. A `VecmResult` gives the structural error-correction model (SVEC), where
        ``long_run=`` restricts where shocks lead.
    identification : ShortRun
        What A and B are restricted to.
    bands : ResidualBootstrap, MovingBlockBootstrap, DeltaMethod, ..., optional
        Where errors and limits come from, instead of the information.
    level : float or sequence of float
        Confidence level of the limits; or several, such as ``(0.68, 0.95)``.

    Returns
    -------
    SvarResult

    Raises
    ------
    SpecificationError
        Restrictions that do not identify A and B.
    NumericalError
        No start of the search converged.

    Notes
    -----
    The residual covariance is taken as what the reduced form gave; the coefficients are not restricted. Without
    ``bands=`` the errors under long-run restrictions, and those of long-run effects, take the coefficients as known, as
    if :math:`\Xi` had no error: they are too small where it has. `DeltaMethod` and the bootstraps count it.
    """
    require_fit(model, "responses and variance decompositions of a panel's take the scheme itself, identification=")
    if not isinstance(identification, ShortRun):
        raise SpecificationError(f"identification={shown(identification)}: expected ShortRun(a=..., b=...).")
    names = model.names
    identification.check(names)
    bound, fit = identification.fitted(model._estimates(positive_factor(model.sigma)), names)
    structure = _Structure(bound, fit, model)
    levels = read_levels(level)
    band = structure.band(bands, levels)
    errors = structure.errors(band)
    notes = fit.notes + (band.notes if band else ())
    emit(notes)
    return SvarResult(
        bound,
        names,
        identification.shocks(names),
        fit.pair,
        errors[:2],
        model.nobs,
        float(model.nobs * (fit.value - 0.5 * len(names) * np.log(2.0 * np.pi))),
        _overidentification(fit, model),
        fit.iterations,
        structure.estimate[2] if structure.has_lasting else None,
        errors[2] if structure.has_lasting else None,
        band,
        notes,
        levels,
    )


def _overidentification(fit: ShortRunFit, model: FittedSystem) -> TestResult | None:
    size, nobs = model.n_vars, model.nobs
    spare = size * (size + 1) // 2 - len(fit.basis)
    if not spare:
        return None
    unrestricted = -np.log(positive_factor(model.sigma).diagonal()).sum() - 0.5 * size
    statistic = max(0.0, 2.0 * nobs * (unrestricted - fit.value))
    return chi2_test("Over-identification (LR)", statistic, spare, "the restrictions beyond those needed hold")


@dataclass(frozen=True, eq=False)
class _Structure:
    """A, B and the long-run effects of the shocks, (..., 3, K, K), as functions of the reduced form."""

    scheme: ShortRun
    fit: ShortRunFit
    model: FittedSystem

    @property
    def names(self) -> Names:
        return self.model.names

    @property
    def has_lasting(self) -> bool:
        """Whether long-run effects are part of the model: it restricts them, or the system's unit roots do."""
        return self.scheme.long_run is not None or self.model.unit_roots > 0

    def at(self, form: ReducedForm, pair: Array) -> Array:
        lasting = np.zeros_like(pair[..., 0, :, :])
        if self.has_lasting:
            impact = impact_solve(pair[..., 0, :, :], pair[..., 1, :, :], self.fit.units)
            lasting = self._effects(form) @ impact
            if self._held is not None:
                lasting = np.where(np.isfinite(self._held), self._held, lasting)
        return np.concatenate([pair, lasting[..., None, :, :]], axis=-3)

    @property
    def _held(self) -> Array | None:
        """Long-run effects that are known."""
        return self.scheme.restrictions(self.names).lasting

    @property
    def estimate(self) -> Array:
        return self.at(self.model._form, self.fit.pair)

    def band(self, bands: BandSource | None, levels: Sequence[float]) -> Band | None:
        """Limits of the entries, found in the units of the search: what a joint band covers must be of like size."""
        assert self.fit.restrictions.scale is not None
        by_variable = np.broadcast_to(1.0 / self.fit.units[:, None], self.fit.pair.shape[1:])
        scale = np.concatenate([self.fit.restrictions.scale, by_variable[None]])
        band = self.model._band(
            bands,
            levels,
            self.estimate * scale,
            lambda draws: self.statistic(draws) * scale,
            lambda form, moves, others=EVERY: self.gradients(form, moves, others) * scale,
        )
        if band is None:
            return None
        return replace(
            band,
            limits=[Limits(lower / scale, upper / scale, level) for lower, upper, level in band.limits],
            std_errors=None if band.std_errors is None else band.std_errors / scale,
            draws=None if band.draws is None else band.draws / scale,
        )

    def _effects(self, form: ReducedForm) -> Array:
        return lasting_effects(form.coefficients, self.scheme.unit_roots, form.sizes)

    def statistic(self, draws: Draws) -> Array:
        return self.at(draws.form, self.scheme.pairs(draws.form, self.names))

    def gradients(self, form: ReducedForm, moves: Array, others: slice = EVERY) -> Array:
        steps, sigma_steps = parameter_steps(form, moves, self.model.nobs, others)
        change = self.scheme.pair_derivatives(form, self.names, steps, sigma_steps)
        lasting = np.zeros_like(change[..., 0, :, :])
        if self.has_lasting:
            effects, roots = self._effects(form), self.scheme.unit_roots
            moved = lasting_derivatives(form.coefficients, effects, steps, roots, form.sizes)
            impact = self.scheme.impact(form, self.names)
            turned = self.scheme.derivatives(form, self.names, steps, sigma_steps)
            lasting = moved @ impact[..., None, :, :] + effects[..., None, :, :] @ turned
            if self._held is not None:
                lasting = np.where(np.isfinite(self._held), 0.0, lasting)
        return np.concatenate([change, lasting[..., None, :, :]], axis=-3)

    def errors(self, band: Band | None) -> Array:
        """Standard errors (3, K, K), zero where an entry is known."""
        if band is None:
            basis = self.fit.basis
            a, b = self.fit.pair
            impact = impact_solve(a, b, self.fit.units)
            turned = impact_solve(a, basis[:, 1] - basis[:, 0] @ impact, self.fit.units)
            lasting = self._effects(self.model._form) @ turned if self.has_lasting else np.zeros_like(turned)
            moves = np.concatenate([basis, lasting[:, None]], axis=1)
            errors: Array = np.sqrt(np.einsum("ducv,de,eucv->ucv", moves, self.fit.covariance, moves) / self.model.nobs)
        else:
            assert band.std_errors is not None
            errors = band.std_errors.copy()
        given = self.scheme.restrictions(self.names)
        errors[:2][np.isfinite(given.known)] = 0.0
        if given.lasting is not None:
            errors[2][np.isfinite(given.lasting)] = 0.0
        return errors


@dataclass(frozen=True, eq=False, repr=False)
class SvarResult(HintsAtNames, Presented):
    r"""Structural form :math:`A u_t = B \varepsilon_t` at the maximum of its likelihood.

    Parameters
    ----------
    identification : ShortRun
        The scheme with its estimates: pass it on to `VarResult.impulse_responses` and the like.
    names, shocks : tuple of str
        Variables and shocks.
    pair : array (2, K, K)
        A and B.
    pair_errors : array (2, K, K)
        Their standard errors, from the information matrix or the source of the band; zero where an entry is known.
    nobs : int
    loglik : float
        Gaussian log likelihood, at the residual covariance of the convention.
    overidentification : TestResult or None
        Likelihood-ratio test against an unrestricted residual covariance; None if the model is just identified.
    iterations : int
        Steps of the longest search.
    lasting, lasting_errors : array (K, K) or None
        Long-run effects of the shocks and their errors, where they are restricted or the system has unit roots.
    band : Band or None
        Limits, draws (if any) and label of A, B and the long-run effects, (3, K, K).
    notes : tuple of Note
    levels : tuple of float
        Confidence levels of the limits, the highest first.
    """

    identification: ShortRun
    names: tuple[str, ...]
    shocks: tuple[str, ...]
    pair: Array
    pair_errors: Array
    nobs: int
    loglik: float
    overidentification: TestResult | None
    iterations: int
    lasting: Array | None = None
    lasting_errors: Array | None = None
    band: Band | None = None
    notes: tuple[Note, ...] = ()
    levels: tuple[float, ...] = (0.95,)

    def _frame(self, values: Array, columns: tuple[str, ...]) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(values, index=list(self.names), columns=list(columns))

    @property
    def a(self) -> pd.DataFrame:
        """A, equations by variables."""
        return self._frame(self.pair[0], self.names)

    @property
    def b(self) -> pd.DataFrame:
        """B, equations by shocks."""
        return self._frame(self.pair[1], self.shocks)

    @property
    def a_std_errors(self) -> pd.DataFrame:
        """Standard errors of A; zero where an entry is known."""
        return self._frame(self.pair_errors[0], self.names)

    @property
    def b_std_errors(self) -> pd.DataFrame:
        """Standard errors of B; zero where an entry is known."""
        return self._frame(self.pair_errors[1], self.shocks)

    @property
    def long_run(self) -> pd.DataFrame:
        r"""Long-run effects :math:`\Xi B` of one standard deviation of each shock, variables by shocks.

        Where the shocks lead in an error-correction model; elsewhere the sum of all responses.

        Raises
        ------
        SpecificationError
            Nothing is said of them: `VarResult.long_run_effects` has those of a stable system.
        """
        return self._frame(self._of_the_long_run(self.lasting), self.shocks)

    @property
    def long_run_std_errors(self) -> pd.DataFrame:
        """Standard errors of `long_run`; zero where an entry is known."""
        return self._frame(self._of_the_long_run(self.lasting_errors), self.shocks)

    def _of_the_long_run(self, values: Array | None) -> Array:
        if values is None:
            raise SpecificationError(
                "This structural form says nothing of the long run: long_run_effects(identification=...) of a stable "
                "model has the sums of its responses."
            )
        return values

    @property
    def impact(self) -> pd.DataFrame:
        """Responses on impact to one standard deviation of each shock: the inverse of A times B."""
        units = self.identification.units
        assert units is not None
        return self._frame(impact_solve(self.pair[0], self.pair[1], units), self.shocks)

    @property
    def sigma(self) -> pd.DataFrame:
        """Residual covariance that the structural form implies."""
        impact = self.impact.to_numpy()
        return self._frame(impact @ impact.T, self.names)

    # Entries that are estimated, column by column of each matrix

    @property
    def _matrices(self) -> tuple[Array, Array]:
        """A, B and, where they are part of the model, long-run effects, columns by rows; and their errors."""
        values, errors = self.pair, self.pair_errors
        if self.lasting is not None and self.lasting_errors is not None:
            values, errors = np.append(values, self.lasting[None], 0), np.append(errors, self.lasting_errors[None], 0)
        return values.swapaxes(1, 2), errors.swapaxes(1, 2)

    def _limits(self, levels: Sequence[float]) -> list[Limits]:
        """Limits of `_matrices` at levels: the band's, or normal ones about the estimates."""
        values, errors = self._matrices
        if self.band is None:
            return nested(levels, lambda each: normal_limits(values, errors, each))
        known = {each.level: each for each in self.band.limits}
        absent = [each for each in levels if each not in known]
        if absent:
            raise SpecificationError(
                f"level={absent[0]:g}: the band was made at {said_levels(self.band.limits)}. Give fit_svar level="
                f"{shown((*sorted(known), absent[0]))}."
            )
        found = (known[each] for each in levels)
        return [
            Limits(each.lower[: len(values)].swapaxes(1, 2), each.upper[: len(values)].swapaxes(1, 2), each.level)
            for each in found
        ]

    def _label(self, matrix: int, column: int, row: int) -> tuple[str, str, str]:
        return _MATRICES[matrix], self.names[row], (self.names if matrix == 0 else self.shocks)[column]

    def _by_entry(self, columns: Mapping[str, Array]) -> pd.DataFrame:
        import pandas as pd

        free = self._matrices[1] > 0.0
        labels = [self._label(*map(int, place)) for place in np.argwhere(free)]
        index = pd.MultiIndex.from_tuples(labels, names=["matrix", "equation", "column"])
        return pd.DataFrame({name: values[free] for name, values in columns.items()}, index=index)

    @property
    def entries(self) -> pd.DataFrame:
        """Entries that are estimated, "estimate" and "std_error".

        Rows (matrix, equation, column), where matrix is "A", "B" or "Long run".
        """
        values, errors = self._matrices
        return self._by_entry({"estimate": values, "std_error": errors})

    def conf_int(self, *, level: float | Sequence[float] | None = None) -> pd.DataFrame:
        """Confidence limits of the entries that are estimated: of the band, or normal ones without a band.

        Parameters
        ----------
        level : float or sequence of float, optional
            One level or several; by default those of `fit_svar`. A band has no others.

        Returns
        -------
        DataFrame
            Rows as of `entries`, columns lower and upper at the highest level; lower_68, upper_68 at another.

        Raises
        ------
        SpecificationError
            A level that the band was not made at.
        """
        return self._by_entry(limit_columns(self._limits(self.levels if level is None else read_levels(level))))

    def summary(self, *, digits: int = 4) -> Table:
        """Return a table of the free entries of A, B and long-run effects with their errors and limits.

        Parameters
        ----------
        digits : int
            Decimals.
        """
        check_digits(digits)
        values, errors = self._matrices
        limits = self._limits(self.levels)
        given = (errors == 0.0) & np.isin(values, (0.0, 1.0))
        body = []
        for place in map(tuple, np.argwhere(~given)):
            cells = [number(values[place], digits)]
            if errors[place] > 0.0:
                ends = [interval(each.lower[place], each.upper[place], digits) for each in limits]
                cells += [number(errors[place], digits), *ends]
            letter, name, of = self._label(*map(int, place))
            cells += [Cell()] * (2 + len(limits) - len(cells))
            body.append(Row(f"{letter}[{name}, {of}]", tuple(cells)))
        test = self.overidentification
        facts = [
            Fact("Observations", format_count(self.nobs)),
            Fact("Log likelihood", format_number(self.loglik, digits)),
            Fact("Over-identification", "just identified" if test is None else test.in_a_line(digits)),
        ]
        if self.band is not None:
            facts.append(Fact("Errors and limits", self.band.label))
        heads = ("Estimate", "Std. error", *(f"{100.0 * each:g}% limits" for each in self.levels))
        return Table(
            title="Structural form A u = B e",
            facts=tuple(facts),
            header=(Row("", tuple(words(head, "right") for head in heads)),),
            body=tuple(body),
            notes=(f"{given.sum()} entries known to be 0 or 1 are left out.", *(note.text for note in self.notes)),
        )

    def __repr__(self) -> str:
        return one_line(f"<Structural form of {listed(self.names)}: log likelihood {self.loglik:.4f}, n = {self.nobs}>")
