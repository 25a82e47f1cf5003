"""What all results that average over entities have: sample, fit statistics, rows, questions, summary."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.quoting import one_line
from panelvar.core.faces.layout import Fact
from panelvar.core.faces.number_format import format_count, format_number
from panelvar.core.tables.test_result import TestResult, tests_in_lines
from panelvar.data.formulas.design import Design
from panelvar.estimates.coefficients import equation_estimates
from panelvar.estimates.coefficients.equation_estimates import EquationEstimates
from panelvar.estimates.coefficients.linear_combinations import Coefficients
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit_checks import rounding_of
from panelvar.estimates.fit.sample import Sample, sample_of
from panelvar.kernels.linear.groups import Grouping
from panelvar.panels.static.summary import rows_per_entity

if TYPE_CHECKING:
    import pandas as pd


class AveragedFit(Coefficients, Protocol):
    """What a fit must have beside coefficients: the rows of the regressions."""

    @property
    def design(self) -> Design:
        """Rows of the regressions."""

    @property
    def rss(self) -> float:
        """Sum of squared residuals of the regressions."""


class AveragedResult(EquationEstimates):
    """A result over regressions of entities, with a ``fit`` (`AveragedFit`) and a ``convention``."""

    _not_offered: ClassVar[Mapping[str, str]] = {
        "predict": (
            "Regressions of entities predict with their own coefficients: `fitted_values` are of the rows in use, "
            "and `individual` has the coefficients for other rows."
        ),
        "marginal_effects": (
            "Entities have different coefficients, and an average of products of these and of the regressors is no "
            "function of the average coefficients. `individual` has the entities' own; `nonlinear` computes functions "
            "of the averages."
        ),
        "with_cov": (
            "The errors of these averages come from how much the regressions differ, or from the estimator itself, not "
            "from scores of rows, so there is no other covariance. Its options belong to the estimator."
        ),
    }

    fit: AveragedFit
    convention: Convention
    estimator: str

    @property
    @abstractmethod
    def df_resid(self) -> int:
        """Rows less all coefficients."""

    @property
    @abstractmethod
    def _residuals(self) -> Array:
        """Residuals of the entities' own regressions."""

    @property
    @abstractmethod
    def _tests(self) -> dict[str, TestResult | None]:
        """The tests that the summary shows, by their names in it."""

    @abstractmethod
    def _statistics(self, digits: int) -> tuple[Fact, ...]:
        """What the summary says about the fit."""

    @property
    def _facts(self) -> tuple[Fact, ...]:
        """What the summary says about this model beyond what it says about all models."""
        return ()

    # ---- counts and labels

    @property
    def _design(self) -> Design:
        """The rows of the regressions."""
        return self.fit.design

    @property
    def _explained(self) -> Design:
        """The rows that residuals and fitted values belong to."""
        return self.fit.design

    augment = equation_estimates.augment

    @property
    def _sample(self) -> Sample:
        return sample_of(self.fit.design.dependent, self.fit.design.nobs, self._sides[0])

    @property
    def _sides(self) -> tuple[Grouping, Grouping]:
        """Rows by entity, and by period."""
        return self.fit.design.entities, self.fit.design.times

    @property
    def n_periods(self) -> int:
        """Distinct periods in use."""
        return self._sides[1].n_groups

    # ---- entities

    def _by_entity(self, values: Array, names: tuple[str, ...]) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(values, index=self.fit.design.entity_labels, columns=list(names))

    # ---- fit statistics

    @property
    def rss(self) -> float:
        """Sum of squared residuals of the entities' own regressions."""
        return self.fit.rss

    @property
    def sigma2(self) -> float:
        """Residual variance, ``rss / df_resid``; NaN where every entity fits exactly."""
        return self.fit.rss / self.df_resid if self.df_resid > 0 else float("nan")

    @property
    def rmse(self) -> float:
        """Root of the residual variance."""
        return float(np.sqrt(self.sigma2))

    @cached_property
    def tss(self) -> float:
        """Total sum of squares of the dependent variable, about its mean where entities have constants."""
        y = self.fit.design.y
        total = float(np.square(y - y.mean() if self.fit.design.constant else y).sum())
        return total if total > rounding_of(float(np.sqrt(y @ y))) else 0.0

    @property
    def rsquared(self) -> float:
        """Share of the dependent variable's variation that the entities' own regressions explain (NaN: none)."""
        return 1.0 - self.rss / self.tss if self.tss > 0.0 else float("nan")

    @property
    def rsquared_adjusted(self) -> float:
        """`rsquared` adjusted for the coefficients of all entities; NaN where every entity fits exactly."""
        if self.df_resid <= 0:
            return float("nan")
        return 1.0 - (1.0 - self.rsquared) * (self.nobs - int(self.fit.design.constant)) / self.df_resid

    @property
    def rsquared_label(self) -> str:
        """Which R2 `rsquared` is."""
        return "R2 by entity"

    @property
    def effects(self) -> tuple[str, ...]:
        """No effect is absorbed: entities have constants and slopes."""
        return ()

    @property
    def _own_constants(self) -> tuple[str, ...]:
        """The dimension whose members have constants of their own, which a table of results counts as effects."""
        panel = self.fit.design.panel
        own = self.fit.design.constant and self._sides[0].n_groups > 1
        return (str(panel.entity_name or "entity"),) if own else ()

    @property
    def variance_components(self) -> None:
        """None: see `dispersion`."""
        return None

    @cached_property
    def resids(self) -> pd.Series:
        """Residuals of the entities' own regressions, labelled by the caller's rows."""
        import pandas as pd

        return pd.Series(self._residuals, index=self.fit.design.index, name="resids")

    @cached_property
    def fitted_values(self) -> pd.Series:
        """Dependent variable of the regressions less residuals."""
        import pandas as pd

        return pd.Series(self.fit.design.y - self._residuals, index=self.fit.design.index, name="fitted_values")

    # ---- reading

    @property
    def _head_facts(self) -> tuple[Fact, ...]:
        return (
            Fact("Dependent", self.dependent),
            Fact("Observations", format_count(self.nobs)),
            Fact("Convention", self.convention.name),
            Fact("Entities", format_count(self.n_entities)),
            Fact("Std. errors", self.cov_label),
            Fact("Periods", format_count(self.n_periods)),
            Fact("Inference", self._inference_in_words),
            Fact("Rows per entity", rows_per_entity(self.periods_per_entity)),
            *self._facts,
        )

    def _statistic(self, name: str) -> Any:
        if name == "effects":
            return self.effects or self._own_constants
        return self.fit.design.y if name == "dependent_values" else super()._statistic(name)

    def _foot_facts(self, digits: int) -> tuple[Fact, ...]:
        return (
            *self._statistics(digits),
            Fact("Root MSE", format_number(self.rmse, digits)),
            *tests_in_lines(self._tests, digits),
        )

    def __repr__(self) -> str:
        return one_line(f"<{self.estimator}: {self.dependent} on {', '.join(self.names)}; N = {self.n_entities}>")
