"""Estimates of a vector error-correction model: relations, reactions, and what shocks leave behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.base.arrays import Array
from panelvar.base.errors import Note, NumericalError, SpecificationError, choose
from panelvar.base.shared_parameters import documented
from panelvar.cointegration.vecm_problem import VecmProblem
from panelvar.data.series import VarData
from panelvar.dynamics.dynamics import lasting_effects
from panelvar.dynamics.terms import Terms
from panelvar.identification.scheme import Identification
from panelvar.responses.shocks import Shocks, choose_shocks
from panelvar.var_models.fitted_system import FittedSystem
from panelvar.var_models.var_convention import VarConvention

if TYPE_CHECKING:
    import pandas as pd


CANONICAL = "canonical"
_UNIT = 1e-6
"""How far from one the modulus of a root may be that is one by construction."""


@dataclass(frozen=True, init=False, eq=False, repr=False)
class VecmEstimates(FittedSystem):
    """Estimates of a vector error-correction model; `VecmResult` adds the tests, and lists the parameters."""

    problem: VecmProblem
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
    ) -> None:
        super().__init__(problem, data, periods, terms, convention, notes)
        self._set(case=case, relation_names=relation_names, normalised_on=normalised_on)

    @property
    def rank(self) -> int:
        """Number of relations, r."""
        return self.problem.rank

    @property
    def unit_roots(self) -> int:
        """Roots that are one by construction, K - r."""
        return self.n_vars - self.rank

    @property
    def _relations(self) -> list[str]:
        return [f"ec{place + 1}" for place in range(self.rank)]

    @property
    def _mean_removed(self) -> bool:
        return self.terms.has_constant and self.case != "rc"

    # The relations

    @cached_property
    def _beta(self) -> Array:
        vectors = self.problem.vectors[:, : self.rank]
        if self.normalised_on is None or self.rank == 0:
            return vectors
        square = vectors[[self.names.index(name) for name in self.normalised_on]]
        # Units must not decide: each row is compared with the size that its variable's coefficients can have.
        sizes = np.linalg.norm(self.problem.vectors, axis=1)[[self.names.index(name) for name in self.normalised_on]]
        if np.linalg.cond(square / sizes[:, None]) > 1e8:
            raise NumericalError(
                f"The relations cannot be normalised on {list(self.normalised_on)}: these variables do not tell the "
                f"{self.rank} relation(s) apart. Give normalise= other variables, or 'canonical'."
            )
        scaled = np.asarray(np.linalg.solve(square.T, vectors.T).T, dtype=np.float64)
        scaled[[self.names.index(name) for name in self.normalised_on]] = np.eye(self.rank)
        return scaled

    def _of_relations(self, values: Array) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(values, index=list(self.relation_names), columns=self._relations)

    @cached_property
    def beta(self) -> pd.DataFrame:
        """Coefficients of the relations, a column each."""
        return self._of_relations(self._beta)

    @cached_property
    def _beta_errors(self) -> Array:
        if self.normalised_on is None:
            raise SpecificationError(
                "Relations normalised by their variance have no errors of their own: use normalise= with variables."
            )
        errors = np.zeros(self._beta.shape)
        fixed = [self.names.index(name) for name in self.normalised_on]
        free = [row for row in range(self.problem.n_levels) if row not in fixed]
        if free and self.rank:
            upper = np.linalg.qr(self.problem.blocks[0][:, free])[1]
            spread = np.linalg.solve(upper, np.eye(len(free)))
            white = np.linalg.solve(np.linalg.cholesky(self.sigma), self._alpha)
            precision = np.linalg.inv(white.T @ white)
            errors[free] = np.sqrt(np.outer((spread**2).sum(axis=1), precision.diagonal()))
        return errors

    @cached_property
    def beta_std_errors(self) -> pd.DataFrame:
        r"""Standard errors of `beta`, zero where it is normalised (Luetkepohl 2005, 7.2.21).

        :math:`\mathrm{Var}\,\mathrm{vec}(\hat\beta_f') = (R_f'R_f)^{-1} \otimes (\alpha'\Sigma^{-1}\alpha)^{-1}` for
        the free rows f, with :math:`R_f` those variables less their regression on the other terms. Ratios are normal,
        given the normalisation: a variable that a relation is normalised on must be part of it.
        """
        return self._of_relations(self._beta_errors)

    @cached_property
    def beta_tstats(self) -> pd.DataFrame:
        """Coefficients of the relations over their errors, missing where normalised."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self._of_relations(np.where(self._beta_errors > 0.0, self._beta / self._beta_errors, np.nan))

    @cached_property
    def beta_pvalues(self) -> pd.DataFrame:
        """Two-sided normal tail probabilities of `beta_tstats`, missing where normalised."""
        from scipy.special import ndtr

        return self._of_relations(2.0 * ndtr(-np.abs(self.beta_tstats.to_numpy())))

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
        return pd.DataFrame(levels @ self._beta, index=self.data.labels(periods), columns=self._relations)

    # The equations of the differences

    @cached_property
    def _conditional(self) -> tuple[Array, Array]:
        """Coefficients [ec, terms, differences] (r + short, K), and a root of the inverse moments in this order."""
        params, spread = self.problem.conditional(self._beta)
        short = self.problem.n_short
        order = [*range(short, short + self.rank), *range(short)]
        return params[order], spread[order]

    @property
    def _alpha(self) -> Array:
        return self._conditional[0][: self.rank].T

    @cached_property
    def short_run_names(self) -> tuple[str, ...]:
        """Rows of `short_run`: "ec1", ..., the terms in the equations, then "L(D(x))", ..., "L(D(y), p - 1)"."""
        beside = [label for place, label in enumerate(self.terms.labels) if place not in self.problem.confined]
        differences = [
            f"L(D({name}))" if lag == 1 else f"L(D({name}), {lag})"
            for lag in range(1, self.lags)
            for name in self.names
        ]
        return (*self._relations, *beside, *differences)

    def _of_short_run(self, values: Array) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(values, index=list(self.short_run_names), columns=self._axes[1])

    @cached_property
    def short_run(self) -> pd.DataFrame:
        """Coefficients of the equations of the differences, a column for each, the relations being regressors."""
        return self._of_short_run(self._conditional[0])

    @cached_property
    def _short_run_errors(self) -> Array:
        spread = (self._conditional[1] ** 2).sum(axis=1)
        errors: Array = np.sqrt(np.outer(spread, self._error_sigma.diagonal()))
        return errors

    @cached_property
    def short_run_std_errors(self) -> pd.DataFrame:
        """Standard errors of `short_run`, the relations taken as known."""
        return self._of_short_run(self._short_run_errors)

    @cached_property
    def short_run_tstats(self) -> pd.DataFrame:
        """`short_run` over its errors."""
        return self._of_short_run(self._conditional[0] / self._short_run_errors)

    @cached_property
    def short_run_pvalues(self) -> pd.DataFrame:
        """Two-sided tail probabilities of `short_run_tstats`, from the distribution of the convention."""
        from scipy.special import ndtr, stdtr

        below = -np.abs(self.short_run_tstats.to_numpy())
        return self._of_short_run(2.0 * (ndtr(below) if self.distribution == "normal" else stdtr(self.df_resid, below)))

    @cached_property
    def alpha(self) -> pd.DataFrame:
        """Reactions of the variables (rows) to the relations (columns)."""
        return self.short_run.loc[self._relations].T

    @cached_property
    def alpha_std_errors(self) -> pd.DataFrame:
        """Standard errors of `alpha`."""
        return self.short_run_std_errors.loc[self._relations].T

    @property
    def gamma(self) -> Array:
        """Matrices of the lagged differences, (p - 1, K, K)."""
        stacked = self._conditional[0][len(self.short_run_names) - (self.lags - 1) * self.n_vars :]
        return stacked.reshape(self.lags - 1, self.n_vars, self.n_vars).swapaxes(1, 2)

    @cached_property
    def pi(self) -> pd.DataFrame:
        r"""Long-run matrix :math:`\alpha\beta'`, equations by the variables of the relations."""
        import pandas as pd

        return pd.DataFrame(self._alpha @ self._beta.T, index=self._axes[1], columns=list(self.relation_names))

    # What shocks leave behind

    @cached_property
    def long_run_impact(self) -> pd.DataFrame:
        r"""Where errors of one unit take the levels: :math:`C = \beta_\perp (\alpha_\perp'\Gamma\beta_\perp)^{-1}
        \alpha_\perp'` with :math:`\Gamma = I - \sum_j \Gamma_j` (Johansen 1995, theorem 4.2); of rank K - r.
        """  # noqa: D205
        import pandas as pd

        values = np.zeros((self.n_vars, self.n_vars))
        if self.unit_roots:
            values = lasting_effects(self.coefficients, self.unit_roots, np.sqrt(self.sigma.diagonal()))
        return pd.DataFrame(values, index=self._axes[1], columns=self._axes[1])

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
        import pandas as pd

        shocks = self._shocks(identification, shock_size, ordering)
        effects = self.long_run_impact.to_numpy() @ shocks.system_impact(self.coefficients, self.sigma)
        return pd.DataFrame(effects, index=self._axes[1], columns=list(shocks.names))

    @property
    def is_stable(self) -> bool:
        """Whether every companion root lies inside the unit circle: at full rank only, whatever rounding says."""
        return self.rank == self.n_vars and super().is_stable

    def _shocks(
        self, identification: str | Identification, shock_size: str, ordering: Sequence[str] | None, purpose: str = ""
    ) -> Shocks:
        shocks = choose_shocks(self.names, self.sigma, identification, shock_size, ordering, purpose)
        if shocks.scheme.sums_responses and self.unit_roots and not shocks.scheme.takes_unit_roots:
            raise SpecificationError(
                f"{shocks.scheme.words} restrictions are on sums of all responses, and responses of the levels of an "
                "error-correction model do not die out. ShortRun(long_run=) restricts where they lead."
            )
        return super()._shocks(identification, shock_size, ordering, purpose)

    def _stability_notes(self) -> tuple[Note, ...]:
        """Roots of one are the model's own; others on or outside the unit circle are worth a warning."""
        unit = self.unit_roots
        rest = self.moduli[unit:]
        if self.moduli[0] > 1.0 + _UNIT:
            text = (
                f"A root has modulus {self.moduli[0]:.4f}: beside the {unit} root(s) of one that the rank implies the "
                "system is explosive, and values at long horizons grow without bound."
            )
        elif rest.size and rest[0] > 1.0 - _UNIT:
            text = (
                f"More roots are one than the {unit} that the rank implies: the variables seem to be integrated twice."
            )
        else:
            return ()
        return (Note("unstable", text, warn=True),)

    @cached_property
    def _squares(self) -> tuple[Array, Array]:
        """Residual and total sums of squares of the differences; about the mean if an equation has a constant."""
        scatter = self.problem.scatter_factor
        changes = self.problem.difference_rows[:, self.problem.n_regressors :]
        changes = changes - changes.mean(axis=0) if self._mean_removed else changes
        return np.einsum("ij,ij->i", scatter, scatter), np.einsum("ij,ij->j", changes, changes)


def check_normalisation(normalise: Any, names: tuple[str, ...], rank: int) -> tuple[str, ...] | None:
    """Variables that the relations are normalised on, or None for the canonical normalisation."""
    if normalise is None:
        return names[:rank]
    chosen = (normalise,) if isinstance(normalise, str) else tuple(map(str, normalise))
    if chosen == (CANONICAL,) and CANONICAL not in names:
        return None
    for name in chosen:
        choose("normalise", name, (*names, CANONICAL))
    if len(chosen) != rank or len(set(chosen)) != rank:
        raise SpecificationError(f"normalise={normalise!r}: expected {rank} different variable(s), one a relation.")
    return chosen
