"""The result of least squares with dummies, freed of its bias, in an autoregression of a panel."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.core.base.arrays import Array, ComplexArray
from panelvar.core.base.errors import Note, SpecificationError, emit
from panelvar.core.base.labels import labelled
from panelvar.core.base.quoting import one_line
from panelvar.core.faces.layout import Fact
from panelvar.core.faces.number_format import format_count, format_number
from panelvar.core.tables.test_result import TestResult, tests_in_lines
from panelvar.data.formulas.design import Design
from panelvar.estimates.coefficients import equation_estimates
from panelvar.estimates.coefficients.equation_estimates import EquationEstimates
from panelvar.estimates.coefficients.wald import zero_test
from panelvar.estimates.covariance.covariances import Covariance, CovarianceEstimate
from panelvar.estimates.fit.fit import Fit
from panelvar.estimates.fit.sample import Sample, sample_of
from panelvar.kernels.dynamics.dynamics import companion_roots
from panelvar.panels.bias_corrected.lagged_rows import LaggedRows, WithinCube
from panelvar.panels.dynamic.level_rows import in_formula, lag_terms
from panelvar.panels.static import adjusted_predictions as adjusted
from panelvar.panels.static import marginal_effects as marginal
from panelvar.panels.static.result import LinearResult
from panelvar.panels.static.summary import rows_per_entity

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class CorrectedFit:
    """Corrected coefficients and the rows they were estimated from.

    Attributes
    ----------
    rows : LaggedRows
    coefficients : (p + m,) array
        Coefficients of the lags, then of the regressors.
    errors : (n,) array
        Errors of the rows, less their entity's mean and the periods' effects.
    effects : (N,) array
        Effects of the entities: means of what lags and regressors leave.
    sigma2 : float
        Variance of the errors.
    choices : tuple of Fact
        What the summary says of the estimation.
    notes : tuple of Note
    covariances : callable or None
        Other covariances of the same estimates; None where there are none.
    """

    rows: LaggedRows
    coefficients: Array
    errors: Array
    effects: Array
    sigma2: float
    choices: tuple[Fact, ...]
    notes: tuple[Note, ...]
    covariances: Callable[[object], CovarianceEstimate] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients."""
        return self.rows.names

    @property
    def design(self) -> Design:
        """The rows."""
        return self.rows.design

    @property
    def rss(self) -> float:
        """Sum of squared errors."""
        return float(self.errors @ self.errors)

    @property
    def exact(self) -> bool:
        """Whether the errors are zero."""
        return self.rss == 0.0


def corrected_fit(
    rows: LaggedRows,
    cube: WithinCube,
    lags: Array,
    basis_coefficients: Array,
    *,
    sigma2: float | None,
    choices: tuple[Fact, ...],
    notes: tuple[Note, ...],
) -> CorrectedFit:
    """Take errors and effects of corrected coefficients, of lags and of the cube's basis."""
    design = rows.design
    coefficients = np.concatenate((lags, cube.slopes(basis_coefficients)))
    left = np.ldexp(cube.y - cube.lagged @ lags - cube.basis @ basis_coefficients, cube.unit)
    errors = left[cube.where]
    level = design.y - sum(value * column for value, column in zip(coefficients, design.x, strict=True))
    variance = float(errors @ errors) / cube.free if sigma2 is None else sigma2
    return CorrectedFit(rows, coefficients, errors, design.entities.means(level), variance, choices, notes)


@dataclass(frozen=True, eq=False, repr=False)
class CorrectedResult(EquationEstimates):
    r"""An autoregression of a panel with fixed effects, estimated with its bias corrected.

    Attributes
    ----------
    fit : CorrectedFit
    covariance : CovarianceEstimate
    estimator : str
        What was estimated, in words.
    convention : str
        Name of the convention.

    See Also
    --------
    fit_lsdvc : Makes one.
    fit_bias_corrected_moments : Makes one.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("employment")
    >>> fit = pv.fit_bias_corrected_moments(firms, "log(emp) ~ log(wage) + log(capital)")
    >>> fit.params.round(4).to_dict()
    {'L(log(emp))': 0.7796, 'log(wage)': -0.461, 'log(capital)': 0.2429}
    >>> fit.bias.round(4).to_dict()
    {'L(log(emp))': -0.2515, 'log(wage)': -0.0404, 'log(capital)': 0.1265}
    >>> fit.is_stable
    True

    The corrected coefficients with their intervals of 95%:

    >>> figure = fit.plot()
    """

    fit: CorrectedFit
    covariance: CovarianceEstimate
    estimator: str
    convention: str = "default"

    # ---- counts and labels

    @property
    def _design(self) -> Design:
        """The rows: lags first, then regressors."""
        return self.fit.design

    @property
    def lags(self) -> int:
        """Lags of the dependent variable."""
        return self.fit.rows.lags

    @property
    def _explained(self) -> Design:
        """The rows that residuals and fitted values belong to."""
        return self.fit.design

    augment = equation_estimates.augment

    @property
    def _sample(self) -> Sample:
        return sample_of(self._design.dependent, self._design.nobs, self._design.entities)

    @property
    def n_periods(self) -> int:
        """Distinct periods in use."""
        return self._design.times.n_groups

    # ---- least squares and its bias

    @property
    def within(self) -> LinearResult:
        """Least squares with the same dummies, not corrected."""
        return self.fit.rows.within

    @labelled["pd.Series"]
    def bias(self) -> Array:
        """Least squares less the corrected coefficients."""
        return self.within.fit.coefficients - self.fit.coefficients

    # ---- dynamics

    @cached_property
    def roots(self) -> ComplexArray:
        """Roots of the autoregression, largest modulus first; all inside the unit circle means stable."""
        return np.asarray(companion_roots(self.fit.coefficients[: self.lags][:, None, None]))

    @cached_property
    def moduli(self) -> Array:
        """Moduli of `roots`."""
        return np.abs(self.roots)

    @property
    def is_stable(self) -> bool:
        """Whether all roots lie inside the unit circle."""
        return bool(self.moduli[0] < 1.0)

    # ---- rows

    @property
    def sigma2(self) -> float:
        """Variance of the errors."""
        return self.fit.sigma2

    def estimated_effects(self) -> pd.Series:
        """Effects of the entities: the mean of what lags and regressors leave of their rows."""
        import pandas as pd

        return pd.Series(self.fit.effects, index=self._design.entity_labels, name="estimated_effects")

    @cached_property
    def resids(self) -> pd.Series:
        """Errors without the effects of entities, and of periods where the model has them, labelled by the rows."""
        import pandas as pd

        return pd.Series(self.fit.errors, index=self._design.index, name="resids")

    @cached_property
    def fitted_values(self) -> pd.Series:
        """Dependent variable less `resids`: effects are included."""
        import pandas as pd

        return pd.Series(self._design.y - self.fit.errors, index=self._design.index, name="fitted_values")

    # ---- questions

    @cached_property
    def _linear(self) -> LinearResult:
        """The least-squares fit of the same rows with the corrected coefficients in the place of its own."""
        from panelvar.data.formulas.formula import regressors, written_terms

        fit, design, panel = self.within.fit, self.within.fit.source, self._design.panel
        lags = lag_terms(panel, design.dependent, self.lags)
        if design.formula is None:
            constant, others = "0", tuple(in_formula(panel, name) for name in design.names[self.lags :])
            names = tuple(regressors(f"y ~ 0 + {text}", panel)[0][0] for text in (*lags, *others))
        else:
            written = written_terms(design.formula)
            # A factor has a reference where the formula has a constant, whether the model keeps that or not.
            constant, others = ("1" if "1" in written else "0"), tuple(term for term in written if term != "1")
            own = tuple(regressors(f"y ~ 0 + {text}", panel)[0][0] for text in lags)
            names = (*own, *design.names[self.lags :])
        source = replace(design, names=names, formula=f"y ~ {' + '.join((constant, *lags, *others))}")
        coefficients = np.zeros(len(design.names))
        coefficients[fit.kept] = self.fit.coefficients
        plugged = replace(
            fit,
            model=replace(fit.model, source=source, design=source),
            solution=fit.solution._replace(coefficients=coefficients),
        )
        return replace(self.within, fit=plugged, covariance=self.covariance, estimator=self.estimator)

    @property
    def _fit_in_levels(self) -> Fit:
        """The coefficients and their rows, as margins see them."""
        return self._linear.fit

    @property
    def _explains_changes(self) -> bool:
        """Whether differences are explained: the coefficients are those of the levels."""
        return False

    marginal_effects = marginal.marginal_effects
    adjusted_predictions = adjusted.adjusted_predictions

    def predict(self, data: object = None, *, effects: bool = False, unseen: str = "zero") -> pd.Series:
        r"""Predict the dependent variable, :math:`\sum_j \hat\rho_j y_{i,t-j} + x_{it}'\hat\beta`.

        Without the effects of entities (and periods) its level means nothing, since the model has no constant.

        Parameters
        ----------
        data : Panel or DataFrame, optional
            New rows, with entity and time, the dependent variable (for its lags) and the regressors. By default the
            model's own rows.
        effects : bool
            Add the estimated effects: of the model's own rows, these are the `fitted_values`.
        unseen : {"zero", "missing", "raise"}
            Levels that the model has not seen have the average effect, or no prediction, or are refused.

        Returns
        -------
        Series
            A value for each row.

        Raises
        ------
        DataError
            New rows lack a column, or do not say their entity and time; or levels are unseen under ``unseen="raise"``.

        Examples
        --------
        >>> import panelvar as pv
        >>> firms = pv.load_data("employment")
        >>> fit = pv.fit_bias_corrected_moments(firms, "log(emp) ~ log(wage) + log(capital)")
        >>> fit.predict(effects=True).head(2).round(3).to_list()
        [1.593, 1.673]
        """
        return self._linear.predict(data, effects=effects, unseen=unseen)

    def with_cov(self, cov: str | Covariance) -> CorrectedResult:
        """Return the same estimates with other standard errors (`fit_bias_corrected_moments`).

        Parameters
        ----------
        cov : {"robust"} or Clustered
            Sandwich of the moments summed by entity, or by coarser clusters: ``Clustered("sector")``.

        Returns
        -------
        CorrectedResult
            The same estimates.

        Raises
        ------
        SpecificationError
            The estimates do not have these errors: those of `fit_lsdvc` are drawn.

        Examples
        --------
        >>> import panelvar as pv
        >>> firms = pv.load_data("employment")
        >>> fit = pv.fit_bias_corrected_moments(firms, "log(emp) ~ log(wage) + log(capital)")
        >>> fit.with_cov("robust").std_errors.equals(fit.std_errors)
        True
        """
        if self.fit.covariances is None:
            raise SpecificationError(
                f"The errors of {self.estimator} are {self.cov_label}: there are no scores that another covariance "
                "could be made of. Fit again with draws= for errors of fit_lsdvc, or use fit_bias_corrected_moments."
            )
        found = self.fit.covariances(cov)
        emit(found.notes)
        return replace(self, covariance=found)

    # ---- reading

    @cached_property
    def f_slopes(self) -> TestResult | None:
        """Wald test that all slopes of the regressors are zero; None without regressors."""
        slopes = self.names[self.lags :]
        return zero_test(self, slopes, "Joint significance", "all slopes are zero") if slopes else None

    @property
    def _head_facts(self) -> tuple[Fact, ...]:
        return (
            Fact("Dependent", self.dependent),
            Fact("Observations", format_count(self.nobs)),
            Fact("Effects", "entity, time" if self.fit.rows.time_effects else "entity"),
            Fact("Entities", format_count(self.n_entities)),
            Fact("Std. errors", self.cov_label),
            Fact("Periods", format_count(self.n_periods)),
            Fact("Inference", self._inference_in_words),
            Fact("Rows per entity", rows_per_entity(self.periods_per_entity)),
            *self.fit.choices,
        )

    def _statistic(self, name: str) -> Any:
        own = {
            "rmse": math.sqrt(self.sigma2),
            "convention.name": self.convention,
            "effects": self.within.effects,
        }
        # There is no joint test of estimates without errors.
        if name in own or (name == "f_statistic" and not self.std_errors.notna().all()):
            return own.get(name)
        return super()._statistic(name)

    def _foot_facts(self, digits: int) -> tuple[Fact, ...]:
        known = bool(np.isfinite(self.covariance.matrix).all())
        return (
            Fact("Largest root", format_number(float(self.moduli[0]), digits)),
            Fact("Error std. dev.", format_number(float(np.sqrt(self.sigma2)), digits)),
            *tests_in_lines({"All slopes zero": self.f_slopes if known else None}, digits),
        )

    def __repr__(self) -> str:
        return one_line(f"<{self.estimator}: {self.dependent} on {', '.join(self.names)}; n = {self.nobs}>")


def exact_result(rows: LaggedRows, estimator: str, choices: tuple[Fact, ...]) -> CorrectedResult:
    """Least squares that fit exactly: they have no error, and so no bias."""
    design, p = rows.design, len(rows.names)
    coefficients, errors = rows.within.fit.coefficients, np.zeros(design.nobs)
    level = design.y - sum(value * column for value, column in zip(coefficients, design.x, strict=True))
    fit = CorrectedFit(rows, coefficients, errors, design.entities.means(level), 0.0, choices, design.notes)
    return CorrectedResult(fit, CovarianceEstimate(np.zeros((p, p)), "none (exact fit)", np.inf), estimator)
