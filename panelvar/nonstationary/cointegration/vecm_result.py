"""A fitted vector error-correction model: its relations and equations, what shocks leave behind, tests, its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.distributions import two_sided
from panelvar.core.base.errors import Note, NumericalError, SpecificationError, check_level
from panelvar.core.base.labels import listed
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.layout import Fact, Row, words
from panelvar.core.faces.number_format import (
    DEFAULT_STARS,
    Levels,
    check_digits,
    check_stars,
    format_count,
    format_estimates,
    format_number,
)
from panelvar.core.tables.coefficients import equation_rows, limits_side_by_side, said_below, value_row
from panelvar.core.tables.table import Table
from panelvar.core.tables.test_result import TestResult, f_test
from panelvar.data.panel.series import VarData
from panelvar.estimates.coefficients.coefficient_plot import DrawnCoefficients
from panelvar.estimates.coefficients.linear_combinations import LinearCombination
from panelvar.estimates.coefficients.stacked_estimates import (
    StackedCoefficients,
    StackedInference,
    TestedTerm,
    numbers_of,
)
from panelvar.estimates.coefficients.wald import zero_test
from panelvar.estimates.covariance.covariances import Classical, CovarianceEstimate, ScoredCovariance
from panelvar.estimates.covariance.influenced import Influenced
from panelvar.estimates.sizes.known_sizes import size_notes
from panelvar.kernels.dynamics.lag_problem import kronecker_wald
from panelvar.kernels.dynamics.lasting_effects import lasting_effects
from panelvar.kernels.dynamics.terms import Terms
from panelvar.kernels.linear.quadratic_form import quadratic_form
from panelvar.nonstationary.cointegration.cases import CASES
from panelvar.nonstationary.cointegration.relation_test import RelationTest, relation_test
from panelvar.nonstationary.cointegration.relations import Relations
from panelvar.nonstationary.cointegration.vecm_problem import VecmProblem
from panelvar.systems.identification.scheme import Identification, position, variables_of
from panelvar.systems.responses.shocks import Shocks, choose_shocks
from panelvar.systems.var.estimated_system import NOT_OF_SYSTEMS
from panelvar.systems.var.exclusion import lags_hypothesis
from panelvar.systems.var.fitted_system import CLASSICAL, FittedSystem
from panelvar.systems.var.scored_system import Periods, equation_labels, influenced
from panelvar.systems.var.var_convention import VarConvention

if TYPE_CHECKING:
    import pandas as pd


_UNIT = 1e-6
"""How far from one the modulus of a root may be that is one by construction."""

# What a vector autoregression has and its levels do not: asked for, this is the answer.
_NOT_OFFERED = {
    **NOT_OF_SYSTEMS,
    "lag_exclusion_tests": (
        "In an error-correction model you cannot leave out single lags of the levels. exclusion_test(lags=) tests "
        "lagged differences, and select_lags chooses the order."
    ),
    "granger_causality": (
        "Granger causality here depends on products of alpha and beta as well as on the lagged differences, so a "
        "Wald test has no chi-squared distribution in general (Toda and Phillips 1993). Use toda_yamamoto_test, "
        "which needs no rank. exclusion_test tests the lagged differences, and weak_exogeneity_test tests the "
        "reactions."
    ),
}


@dataclass(frozen=True, init=False, eq=False, repr=False)
class VecmResult(FittedSystem):
    r"""A vector error-correction model of a rank, estimated by maximum likelihood; made by `fit_vecm`.

    .. math:: \Delta y_t = \alpha\beta' z_{t-1} + \sum_{j=1}^{p-1} \Gamma_j \Delta y_{t-j} + \Phi d_t + u_t

    It is a `FittedSystem` of the **levels**: `params`, `coefficients`, `roots`, responses, decompositions, forecasts
    and their bands are those of the vector autoregression that the model implies, which has K - r roots of one.
    Bootstraps estimate the relations again in every draw, at the same rank. Errors of coefficients and of the delta
    method take the relations as known, since these converge faster than the rest (Luetkepohl 2005, section 7.2).
    Hypotheses (`wald_test`, `lincom`, `nonlinear`, `joint_tests`) and `tidy` are of the equations of the differences
    and of the relations.

    Parameters
    ----------
    problem : VecmProblem
    data, periods, terms, convention, notes
        As in `VarResult`; the terms are those of the levels model.
    case : str
        Deterministic case: "n", "rc", "c", "rt" or "ct".
    relation_names : tuple of str
        Rows of `beta`: the variables, then "const" or "trend" where that is confined to the relations.
    normalised_on : tuple of str or None
        Variables whose coefficients in the relations are an identity matrix; None for :math:`\beta'S_{11}\beta = I`.

    See Also
    --------
    fit_vecm : makes it.
    johansen_test : the rank.
    fit_svar : a structural form of it (SVEC).

    Examples
    --------
    >>> import panelvar as pv
    >>> money = pv.load_data("danish_money")[["lrm", "lry", "ibo", "ide"]]
    >>> model = pv.fit_vecm(money, rank=1, lags=2, trend="rc", seasons=4)
    >>> model.alpha.round(3)
           ec1
    lrm -0.213
    lry  0.115
    ibo  0.023
    ide  0.029
    >>> model.restriction_test(beta="lrm + lry = 0").in_a_line()
    'chi2(1) = 0.0432, p = 0.8354'

    What a shock to each variable does to real money:

    >>> figure = model.impulse_responses(20).plot(of="lrm")
    """

    _not_offered: ClassVar[Mapping[str, str]] = _NOT_OFFERED
    _in_brackets: ClassVar[str] = ""

    _problem: VecmProblem
    case: str
    relation_names: tuple[str, ...]
    normalised_on: tuple[str, ...] | None

    def __init__(
        self,
        problem: VecmProblem,
        data: VarData,
        periods: npt.NDArray[np.intp],
        terms: Terms,
        convention: VarConvention,
        notes: tuple[Note, ...],
        case: str,
        relation_names: tuple[str, ...],
        normalised_on: tuple[str, ...] | None,
        specification: Classical | ScoredCovariance = CLASSICAL,
    ) -> None:
        super().__init__(problem, data, periods, terms, convention, notes, specification)
        self._set(case=case, relation_names=relation_names, normalised_on=normalised_on)

    def _under(self, specification: Classical | ScoredCovariance) -> Self:
        of_levels = (self._problem, self.data, self.periods, self.terms, self.convention, self.notes)
        return type(self)(*of_levels, self.case, self.relation_names, self.normalised_on, specification)

    @property
    def rank(self) -> int:
        """Number of relations, r."""
        return self._problem.rank

    @property
    def unit_roots(self) -> int:
        """Roots that are one by construction, K - r."""
        return self.n_vars - self.rank

    # The relations

    @cached_property
    def _cointegration(self) -> Relations:
        return Relations(self._problem, self._error_sigma, self.names, self.normalised_on)

    @property
    def _counts_average(self) -> bool:
        return self.convention.relations == "average"

    @property
    def _error_divisor(self) -> int:
        if self._counts_average and self.convention.coefficient_sigma == "df":
            return self.nobs - self._problem.n_free // self.n_vars
        return super()._error_divisor

    @property
    def _coefficient_df(self) -> float | Array:
        found = super()._coefficient_df
        return float(self._error_divisor) if self._counts_average and np.isfinite(found).all() else found

    @property
    def _error_sigma(self) -> Array:
        return self._problem.residual_covariance("ml") * (self.nobs / self._error_divisor)

    @property
    def _criterion_parameters(self) -> int:
        if self._counts_average:
            return self.n_vars * (self._problem.n_short + self.n_vars)
        return super()._criterion_parameters

    def _of_relations(self, values: Array) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(values, index=list(self.relation_names), columns=self._cointegration.labels)

    @cached_property
    def beta(self) -> pd.DataFrame:
        """Coefficients of the relations, a column each."""
        return self._of_relations(self._cointegration.beta)

    @cached_property
    def beta_std_errors(self) -> pd.DataFrame:
        r"""Standard errors of `beta`, zero where it is normalised (Luetkepohl 2005, 7.2.21).

        :math:`\mathrm{Var}\,\mathrm{vec}(\hat\beta_f') = (R_f'R_f)^{-1} \otimes (\alpha'\Sigma^{-1}\alpha)^{-1}` for
        the free rows f, with :math:`R_f` those variables less their regression on the other terms. Ratios are normal,
        given the normalisation: a variable that a relation is normalised on must be part of it.
        """
        return self._of_relations(self._cointegration.beta_errors)

    @cached_property
    def beta_tstats(self) -> pd.DataFrame:
        """Coefficients of the relations over their errors, missing where normalised."""
        beta, errors = self._cointegration.beta, self._cointegration.beta_errors
        with np.errstate(divide="ignore", invalid="ignore"):
            return self._of_relations(np.where(errors > 0.0, beta / errors, np.nan))

    @cached_property
    def beta_pvalues(self) -> pd.DataFrame:
        """Two-sided normal tail probabilities of `beta_tstats`, missing where normalised."""
        return self._of_relations(two_sided(self.beta_tstats.to_numpy(), np.inf))

    @cached_property
    def relations(self) -> pd.DataFrame:
        r"""Values of the relations, :math:`\beta'z_t`, in every period of the data; missing where a variable is.

        An equation of period t reacts to the value of period t - 1.
        """
        import pandas as pd

        periods = self.data.observed_periods()
        levels = self.data.values[periods]
        if self.case == "rc":
            levels = np.column_stack([levels, np.ones(len(levels))])
        elif self.case == "rt":
            levels = np.column_stack([levels, periods + 1.0])
        return pd.DataFrame(
            levels @ self._cointegration.beta, index=self.data.labels(periods), columns=self._cointegration.labels
        )

    # The equations of the differences

    @cached_property
    def short_run_names(self) -> tuple[str, ...]:
        """Rows of `short_run`: "ec1", ..., the terms in the equations, then "L(D(x))", ..., "L(D(y), p - 1)"."""
        beside = [label for place, label in enumerate(self.terms.labels) if place not in self._problem.confined]
        differences = [
            f"L(D({name}))" if lag == 1 else f"L(D({name}), {lag})"
            for lag in range(1, self.lags)
            for name in self.names
        ]
        return (*self._cointegration.labels, *beside, *differences)

    def _of_short_run(self, values: Array) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(values, index=list(self.short_run_names), columns=self._axes[1])

    @cached_property
    def short_run(self) -> pd.DataFrame:
        """Coefficients of the equations of the differences, a column for each, the relations being regressors."""
        return self._of_short_run(self._cointegration.conditional[0])

    @cached_property
    def short_run_std_errors(self) -> pd.DataFrame:
        """Standard errors of `short_run`, the relations taken as known."""
        if self._robust is None:
            return self._of_short_run(self._cointegration.conditional_errors(self._error_sigma))
        return self._of_short_run(np.sqrt(self._robust.matrix.diagonal()).reshape(self.n_vars, -1).T)

    @cached_property
    def short_run_tstats(self) -> pd.DataFrame:
        """`short_run` over its errors."""
        return self.short_run / self.short_run_std_errors

    @cached_property
    def short_run_pvalues(self) -> pd.DataFrame:
        """Two-sided tail probabilities of `short_run_tstats`, from the distribution of the convention."""
        return self._of_short_run(two_sided(self.short_run_tstats.to_numpy(), self._coefficient_df))

    @cached_property
    def _scored(self) -> Influenced:
        """The equations of the differences as one model that covariances read, the relations taken as known."""
        names = equation_labels(self.names, self.short_run_names)
        influence, leverage = self._cointegration.influence()
        return influenced(names, influence, self.nobs - self.df_resid, leverage, Periods(self.data, self.periods))

    @cached_property
    def robust_covariance(self) -> Array | None:
        """Covariance of the coefficients of the levels, (K m, K m), the relations taken as known."""
        if self._robust is None:
            return super().robust_covariance
        levels = np.kron(np.eye(self.n_vars), self._cointegration.in_levels)
        return np.asarray(levels @ self._robust.matrix @ levels.T)

    def _differences_with(self, df: float) -> StackedInference:
        """`short_run` in a row, ``"[equation]ec1"``, the relations taken as known."""
        params, spread = self._cointegration.conditional
        names = equation_labels(self.names, self.short_run_names)
        fit = StackedCoefficients(names, params.T.ravel(), bool(self._error_sigma.trace() == 0.0))
        matrix = np.kron(self._error_sigma, spread @ spread.T) if self._robust is None else self._robust.matrix
        return StackedInference(fit, CovarianceEstimate(np.asarray(matrix, np.float64), self.cov_label, df))

    @property
    def _differences(self) -> StackedInference:
        """The same with the distribution of its t statistics, and joint limits."""
        return self._differences_with(self._single_df)

    @property
    def _drawn_coefficients(self) -> DrawnCoefficients:
        stacked = self._differences
        return DrawnCoefficients.of_system(
            stacked.params, stacked.conf_int, stacked.cov_label, self.names, self.short_run_names
        )

    @property
    def _single_df(self) -> float:
        return float(np.min(self._coefficient_df))

    def _stacked_with(self, df: float) -> StackedInference:
        """`short_run`, then the coefficients of the relations that are free, ``"[ec1]variable"``; both independent.

        Relations converge at the rate of the rows, the rest at its root, and their limits are independent, those of the
        relations mixed normal (Johansen 1995, chapter 13; Luetkepohl 2005, section 7.2).
        """
        found = self._differences_with(df)
        free = self._free_of_relations
        if not free:
            return found
        if set(self.names) & set(self._cointegration.labels):
            raise SpecificationError(
                'A variable has the name of a relation (ec1, ec2, ...), so "[ec1]x" may be either\'s. Rename the '
                "variable to test coefficients."
            )
        values, matrix = self._cointegration.free_rows(free)
        names = (*found.names, *self._names_of_relations)
        size, more = len(found.names), len(names)
        whole = np.zeros((more, more))
        whole[:size, :size], whole[size:, size:] = found.covariance.matrix, matrix
        fit = replace(found.fit, names=names, coefficients=np.concatenate([found.fit.coefficients, values]))
        return StackedInference(fit, replace(found.covariance, matrix=whole))

    @property
    def _free_of_relations(self) -> list[int]:
        """Rows of `beta` that are estimated: none without relations, or under the canonical normalisation."""
        fixed = self._cointegration.fixed
        return [] if fixed is None or not self.rank else [row for row in range(len(self.beta)) if row not in fixed]

    @property
    def _names_of_relations(self) -> tuple[str, ...]:
        rows = tuple(self.relation_names[row] for row in self._free_of_relations)
        return equation_labels(tuple(self._cointegration.labels), rows) if rows else ()

    def _df_for(self, weights: Array, df: float) -> float:
        """Combinations that coefficients of relations are part of are normal in the limit."""
        return np.inf if weights[:, self.n_vars * len(self.short_run_names) :].any() else df

    def _labels(self) -> dict[str, list[str]]:
        short, free = self.short_run_names, [self.relation_names[row] for row in self._free_of_relations]
        relations = self._cointegration.labels if free else []
        equations = [name for name in self.names for _ in short] + [name for name in relations for _ in free]
        return {"equation": equations, "term": [*(list(short) * self.n_vars), *(free * len(relations))]}

    def _numbers(self, level: float) -> dict[str, Array]:
        count = self.n_vars * len(self.short_run_names)
        inside = numbers_of(self._differences, level)
        if not self._free_of_relations:
            return inside
        whole = numbers_of(self._stacked_with(np.inf), level)
        return {name: np.concatenate([values, whole[name][count:]]) for name, values in inside.items()}

    def _tested_terms(self) -> list[TestedTerm]:
        found: list[TestedTerm] = []
        stacked = self._stacked_with(self._joint_df)
        relations = self._cointegration.labels

        def zero(label: str, term: str, names: Sequence[str]) -> None:
            found.append(TestedTerm(label, term, zero_test(stacked, names, "Joint test", f"{term} is zero")))

        for label, equations in self._sets_of_equations():
            if relations:
                zero(label, "relations", [f"[{name}]{each}" for name in equations for each in relations])
            for variable in self.names if self.lags > 1 else ():
                test = self.exclusion_test(equations=equations, variables=variable)
                found.append(TestedTerm(label, f"D({variable})", test))
            for term, rows in self.terms.grouped.items():
                inside = [row for row in rows if row in self.short_run_names]
                if inside:
                    zero(label, term, [f"[{name}]{row}" for name in equations for row in inside])
        normal = self._stacked_with(np.inf)
        for variable in (self.relation_names[row] for row in self._free_of_relations):
            names = [f"[{each}]{variable}" for each in relations]
            test = zero_test(normal, names, "Joint test", f"{variable} is in no relation")
            if np.isfinite(self._joint_df):
                # One table has one kind of statistic.
                test = f_test(test.name, test.statistic / len(names), len(names), np.inf, test.null, test.notes)
            found.append(TestedTerm("all relations", variable, test))
        if not found:
            raise SpecificationError("The model has no coefficient but constants, so there is no term to test.")
        return found

    @cached_property
    def alpha(self) -> pd.DataFrame:
        """Reactions of the variables (rows) to the relations (columns)."""
        return self.short_run.loc[self._cointegration.labels].T

    @cached_property
    def alpha_std_errors(self) -> pd.DataFrame:
        """Standard errors of `alpha`."""
        return self.short_run_std_errors.loc[self._cointegration.labels].T

    @property
    def gamma(self) -> Array:
        """Matrices of the lagged differences, (p - 1, K, K)."""
        stacked = self._cointegration.conditional[0][self._cointegration.first_difference :]
        return stacked.reshape(self.lags - 1, self.n_vars, self.n_vars).swapaxes(1, 2)

    @cached_property
    def pi(self) -> pd.DataFrame:
        r"""Long-run matrix :math:`\alpha\beta'`, equations by the variables of the relations."""
        return self._of_variables(self._cointegration.alpha @ self._cointegration.beta.T, self.relation_names)

    # Fit of the differences

    @property
    def _mean_removed(self) -> bool:
        return self.terms.has_constant and self.case != "rc"

    @cached_property
    def _squares(self) -> tuple[Array, Array]:
        """Residual and total sums of squares of the differences; about the mean if an equation has a constant."""
        scatter = self._problem.scatter_factor
        changes = self._problem.difference_rows[:, self._problem.n_regressors :]
        changes = changes - changes.mean(axis=0) if self._mean_removed else changes
        return np.einsum("ij,ij->i", scatter, scatter), np.einsum("ij,ij->j", changes, changes)

    # What shocks leave behind

    @cached_property
    def long_run_impact(self) -> pd.DataFrame:
        r"""Where errors of one unit take the levels: :math:`C = \beta_\perp (\alpha_\perp'\Gamma\beta_\perp)^{-1}
        \alpha_\perp'` with :math:`\Gamma = I - \sum_j \Gamma_j` (Johansen 1995); of rank K - r.
        """  # noqa: D205
        values = np.zeros((self.n_vars, self.n_vars))
        if self.unit_roots:
            values = lasting_effects(self.coefficients, self.unit_roots, np.sqrt(self._sigma.diagonal()))
        return self._of_variables(values)

    @documented
    def long_run_effects(
        self,
        *,
        identification: str | Identification = "reduced_form",
        shock_size: str = "unit",
        ordering: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Where shocks take the levels in the end: `long_run_impact` times the impact.

        A stationary system's responses die out, and its method sums them; here the responses of the levels themselves
        converge, and these are the sums of those of the differences.

        Parameters
        ----------
        {identification, shock_size, ordering}

        Returns
        -------
        DataFrame
            Levels by shocks.
        """
        shocks = self._shocks(identification, shock_size, ordering)
        effects = self.long_run_impact.to_numpy() @ shocks.system_impact(self.coefficients, self._sigma)
        return self._of_variables(effects, shocks.names)

    @property
    def is_stable(self) -> bool:
        """Whether every companion root lies inside the unit circle: at full rank only, whatever rounding says."""
        return self.rank == self.n_vars and super().is_stable

    def _shocks(
        self, identification: str | Identification, shock_size: str, ordering: Sequence[str] | None, purpose: str = ""
    ) -> Shocks:
        shocks = choose_shocks(self.names, self._sigma, identification, shock_size, ordering, purpose)
        if shocks.scheme.sums_responses and self.unit_roots and not shocks.scheme.takes_unit_roots:
            raise SpecificationError(
                f"{shocks.scheme.words} restrictions apply to sums of all responses. In an error-correction model "
                "the responses of the levels do not die out, so these sums do not exist. Use ShortRun(long_run=), "
                "which restricts where the responses lead."
            )
        return super()._shocks(identification, shock_size, ordering, purpose)

    @property
    def _persistence(self) -> None:
        """Nothing: its roots of one are known and imposed."""

    def _stability_notes(self) -> tuple[Note, ...]:
        """Roots of one are the model's own; others on or outside the unit circle are worth a warning."""
        unit = self.unit_roots
        rest = self.moduli[unit:]
        if self.moduli[0] > 1.0 + _UNIT:
            text = (
                f"The rank implies {count_of(unit, 'root')} of one, but another root has modulus "
                f"{self.moduli[0]:.4f}. The system is explosive, and values at long horizons grow without bound."
            )
        elif rest.size and rest[0] > 1.0 - _UNIT:
            text = (
                f"The rank implies {count_of(unit, 'root')} of one, but the system has more. The variables seem to be "
                "integrated of order two."
            )
        else:
            return ()
        return (Note("unstable", text, warn=True),)

    # Tests

    def wald_test(
        self,
        restrictions: str | Sequence[str] | Array | Mapping[str, float],
        values: Array | Sequence[float] | float | None = None,
    ) -> TestResult:
        r"""Test linear restrictions on the equations of the differences, on the relations, or on both.

        Parameters
        ----------
        restrictions : str, sequence of str, mapping or (q, k) array
            Coefficients of `short_run` are named by their equation, ``"[lrm]ec1"`` and ``"[lrm]L(D(lry))"``, those of
            `beta` by their relation, ``"[ec1]lry"``. Restrictions are written as in `VarResult.wald_test`; the columns
            of a matrix are in the order of `tidy`.
        values : array, optional
            q when a matrix is given.

        Returns
        -------
        TestResult
            F or chi-squared, as the convention says; chi-squared where coefficients of relations are among them.

        Raises
        ------
        SpecificationError
            If a name is not a coefficient, a restriction is not linear, or restrictions contradict or repeat one
            another.

        See Also
        --------
        VecmResult.restriction_test : likelihood ratios of the relations and the reactions to them.

        Notes
        -----
        Tests of the equations take the relations as known, which converge faster:
        :math:`\Sigma \otimes (Z'Z)^{-1}`, with Z the relations and the other regressors. Of reactions and lagged
        differences that is their limit. Relations are mixed normal in the limit, with the covariance of
        `beta_std_errors`, and independent of both (Johansen 1995, chapter 13; Luetkepohl 2005, section 7.2). A constant
        in the equations is different: the errors of the relations move it by as much as its own error, so that its
        errors here are too small.

        Examples
        --------
        >>> import panelvar as pv
        >>> money = pv.load_data("danish_money")[["lrm", "lry", "ibo", "ide"]]
        >>> model = pv.fit_vecm(money, rank=1, lags=2, trend="rc", seasons=4)
        >>> model.wald_test(["[ibo]ec1", "[ide]ec1"]).in_a_line()
        'F(2, 180) = 1.5850, p = 0.2078'
        >>> model.wald_test("[ec1]lry = -1").in_a_line()
        'chi2(1) = 0.0562, p = 0.8126'
        """
        self._refuse_levels(restrictions)
        return super().wald_test(restrictions, values)

    def lincom(self, expression: str, *, level: float = 0.95) -> LinearCombination:
        """Estimate a linear combination of coefficients of the equations and of the relations.

        Parameters
        ----------
        expression : str
            In names as `wald_test` has them: ``"[lrm]ec1 - [lry]ec1"``, ``"[ec1]ibo + [ec1]ide"``.
        level : float
            Confidence level, at least 0.5.

        Returns
        -------
        LinearCombination
            Estimate, error, limits and p-value; normal where coefficients of relations are among them.

        Raises
        ------
        SpecificationError
            If a name is not a coefficient, or the expression is not linear.

        Examples
        --------
        >>> import panelvar as pv
        >>> money = pv.load_data("danish_money")[["lrm", "lry", "ibo", "ide"]]
        >>> model = pv.fit_vecm(money, rank=1, lags=2, trend="rc", seasons=4)
        >>> combination = model.lincom("[ec1]ibo + [ec1]ide")
        >>> round(combination.estimate, 2), round(combination.std_error, 2)
        (0.99, 0.77)
        """
        self._refuse_levels(expression)
        return super().lincom(expression, level=level)

    def _refuse_levels(self, asked: object) -> None:
        """Say why coefficients of the levels are not tested, where they are asked for."""
        texts = [asked] if isinstance(asked, str) else asked if isinstance(asked, (Sequence, Mapping)) else []
        if any(f"]L{lag}." in text for text in texts if isinstance(text, str) for lag in range(1, self.lags + 1)):
            raise SpecificationError(
                "Coefficients of the levels are functions of alpha and beta, and a Wald test of them has no "
                "chi-squared distribution in general. Name coefficients of the differences, [x]ec1 and [x]L(D(y)), or "
                "of the relations, [ec1]y."
            )

    def restriction_test(self, *, beta: Any = None, alpha: Any = None, known: Any = None) -> RelationTest:
        r"""Likelihood-ratio test of restrictions on the relations, on the reactions to them, or of known relations.

        Parameters
        ----------
        beta : str, sequence of str, or array (c, q), optional
            Restrictions that **every** relation obeys: ``"lrm + lry = 0, trend = 0"``, or R with
            :math:`R\beta = 0`; r c degrees of freedom (Johansen 1995, chapter 7; :math:`\beta = H\varphi`).
        alpha : str, sequence of str, or array (c, K), optional
            Restrictions on the reactions: ``"ibo = 0"`` says that the bond rate does not react to any relation, and R
            that :math:`R\alpha = 0`; r c degrees of freedom (chapter 8; :math:`\alpha = A\psi`).
        known : mapping, sequence of mappings, or array (q, k), optional
            Relations known beforehand, ``{"ibo": 1, "ide": -1}``; the others, if any, are free: k (q - r) degrees of
            freedom (chapter 7). One variable alone, ``{"ibo": 1}``, is the hypothesis that it is stationary.

        Returns
        -------
        RelationTest
            Chi-squared, with the restricted estimates. In small samples it rejects too often.

        Raises
        ------
        SpecificationError
            You restrict nothing, names are unknown, or the restrictions leave fewer directions than the rank.

        Examples
        --------
        >>> import panelvar as pv
        >>> money = pv.load_data("danish_money")[["lrm", "lry", "ibo", "ide"]]
        >>> model = pv.fit_vecm(money, rank=1, lags=2, trend="rc", seasons=4)
        >>> model.restriction_test(beta="lrm + lry = 0, ibo + ide = 0").in_a_line()
        'chi2(2) = 0.9288, p = 0.6285'
        """
        on = self._cointegration.fixed
        return relation_test(self._problem, self.names, self.relation_names, on, beta, alpha, known)

    def weak_exogeneity_test(self, variables: str | Sequence[str]) -> RelationTest:
        """Likelihood-ratio test that variables do not react to any relation: their rows of alpha are zero.

        Such variables push the others and are not pulled back themselves; relations may then be estimated without
        their equations (Johansen 1995, chapter 8).

        Parameters
        ----------
        variables : str or sequence of str
            Those whose speeds of adjustment are zero under the null.

        Returns
        -------
        RelationTest
            Chi-squared, with the restricted estimates.

        Examples
        --------
        >>> import panelvar as pv
        >>> money = pv.load_data("danish_money")[["lrm", "lry", "ibo", "ide"]]
        >>> model = pv.fit_vecm(money, rank=1, lags=2, trend="rc", seasons=4)
        >>> model.weak_exogeneity_test(["ibo", "ide"]).in_a_line()
        'chi2(2) = 2.6503, p = 0.2658'
        """
        chosen = variables_of(self.names, "variables", variables)
        matrix = np.zeros((len(chosen), self.n_vars))
        for row, name in enumerate(chosen):
            matrix[row, position(self.names, name)] = 1.0
        test = self.restriction_test(alpha=matrix)
        verb, object_ = "does" if len(chosen) == 1 else "do", "relation" if self.rank == 1 else "relations"
        null = f"{', '.join(chosen)} {verb} not react to the {object_}"
        return replace(test, name="Weak exogeneity", null=null)

    def exclusion_test(
        self,
        *,
        equations: str | Sequence[str] | None = None,
        variables: str | Sequence[str] | None = None,
        lags: int | Sequence[int] | None = None,
    ) -> TestResult:
        """Wald test that lagged differences are absent from equations, the relations taken as known.

        Parameters
        ----------
        equations, variables : str or sequence of str, optional
            All by default.
        lags : int or sequence of int, optional
            Lags of the differences, 1 to p - 1; all by default.

        Returns
        -------
        TestResult
            F or chi-squared, as the convention says. It is about the short run alone: variables may matter through the
            relations all the same.
        """
        longest = self.lags - 1
        expected = f"a model of {count_of(self.lags, 'lag')} of the levels has {count_of(longest, 'lagged difference')}"
        tested = lags_hypothesis(self.names, longest, equations, variables, lags, "lagged difference", expected)
        rows = tested.regressors(self.names, self._cointegration.first_difference)
        columns = tested.columns(self.names)
        params, spread = self._cointegration.conditional
        if self._robust is None:
            sigma = self._error_sigma[np.ix_(columns, columns)]
            statistic = kronecker_wald(params[np.ix_(rows, columns)], spread[rows], sigma)
        else:
            places = [column * len(params) + row for column in columns for row in rows]
            form = quadratic_form(params.T.ravel()[places], self._robust.matrix[np.ix_(places, places)])
            if form.rank < len(places):
                raise NumericalError(
                    "The covariance of the tested coefficients is singular, because there are too few rows."
                )
            statistic = float(form.statistic)
        test = tested.result(statistic, len(rows) * len(columns), self._problem, self.convention)
        return replace(test, notes=(*test.notes, *size_notes("exclusion beside relations", self.nobs)))

    # Presentation

    def _in_short(self) -> str:
        return (
            f"Error-correction model of {listed(self.names)}: rank {self.rank}, {count_of(self.lags, 'lag')} of the "
            f"levels, case {self.case!r}; n = {self.nobs}"
        )

    def summary(self, *, level: float | None = None, stars: Levels = DEFAULT_STARS, digits: int = 4) -> Table:
        """Return a table of the relations and of the equations of the differences, side by side.

        Parameters
        ----------
        level : float, optional
            Coverage of confidence limits below each coefficient; none by default.
        stars : sequence of float, mapping of str to float, or bool
            Significance levels, one star each; or signs and their levels. False for p-values in their place.
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        check_digits(digits)
        levels = check_stars(stars)
        moduli = ", ".join(format_number(modulus, digits) for modulus in self.moduli)
        inside = self._differences
        limits = None if level is None else limits_side_by_side(inside.conf_int(level=check_level(level)), self.n_vars)
        return Table(
            title=f"Vector error-correction model: {', '.join(self.names)}",
            facts=(
                Fact("Observations", format_count(self.nobs)),
                Fact("Rank", format_count(self.rank)),
                Fact("Lags of the levels", format_count(self.lags)),
                Fact("Residual df", format_count(self.df_resid)),
                Fact("Deterministic", CASES[self.case].description),
                Fact("Log likelihood", format_number(self.loglik, digits)),
                Fact("AIC", format_number(self.aic, digits)),
                Fact("BIC", format_number(self.bic, digits)),
                Fact("Convention", self.convention.name),
                *self._errors_in_words,
            ),
            header=(Row("", tuple(words(f"D({name})") for name in self.names)),),
            body=equation_rows(
                self.short_run_names,
                self.short_run.to_numpy(),
                self.short_run_std_errors.to_numpy(),
                self.short_run_pvalues.to_numpy(),
                levels,
                digits,
                limits=limits,
            ),
            foot=(value_row("R2", self.rsquared, digits),),
            statistics=(
                *(Fact(name, self._relation(place, digits)) for place, name in enumerate(self.beta.columns)),
                Fact("Root moduli", moduli),
            ),
            notes=(
                "Standard errors of the equations take the relations as known; those of the relations follow their "
                "coefficients. "
                f"{said_below(levels, level)}",
                *dict.fromkeys(note.text for note in self.notes),
            ),
        )

    def _relation(self, place: int, digits: int) -> str:
        """One relation as a paper would write it: ``lrm - 0.9691 (0.1445) lry + ...``."""
        values = self.beta.to_numpy()[:, place]
        errors = np.zeros(len(values)) if self.normalised_on is None else self.beta_std_errors.to_numpy()[:, place]
        texts = format_estimates(np.column_stack([np.abs(values), errors]), errors, digits)
        text = ""
        for name, value, error, (size, spread) in zip(self.relation_names, values, errors, texts, strict=True):
            if value == 0.0 and error == 0.0:
                continue
            joint = (" - " if value < 0 else " + ") if text else ("-" if value < 0 else "")
            size = "" if value == 1.0 and error == 0.0 else f"{size} "
            spread = f"({spread}) " if error else ""
            text += f"{joint}{size}{spread}{name}"
        return text
