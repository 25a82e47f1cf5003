"""What all results that average over entities have: sample, fit statistics, rows, questions, summary."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.quoting import one_line
from panelvar.core.faces.layout import Fact
from panelvar.core.faces.number_format import check_digits, format_count, format_degrees, format_number
from panelvar.core.tables.coefficients import coefficient_header
from panelvar.core.tables.table import Presented, Table
from panelvar.core.tables.test_result import TestResult, tests_in_lines
from panelvar.data.formulas.design import Design
from panelvar.estimates.coefficients.coefficients import coefficient_rows
from panelvar.estimates.coefficients.linear_combinations import Coefficients
from panelvar.estimates.coefficients.questions import Augmented
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit_checks import rounding_of
from panelvar.kernels.linear.groups import Grouping
from panelvar.panels.static.summary import rows_per_entity

if TYPE_CHECKING:
    import pandas as pd


class AveragedFit(Coefficients, Protocol):
    """What a fit must have beside coefficients: the rows of the regressions."""

    @property
    def design(self) -> Design:
        """Rows of the regressions."""


class AveragedResult(Augmented, Presented, ABC):
    """A result over regressions of entities, with a ``fit`` (`AveragedFit`) and a ``convention``."""

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
    def f_slopes(self) -> TestResult | None:
        """The model's joint test."""

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
    def design(self) -> Design:
        """The rows of the regressions."""
        return self.fit.design

    @property
    def dependent(self) -> str:
        """Name of the dependent variable."""
        return self.fit.design.dependent

    @property
    def nobs(self) -> int:
        """Rows of the entities in use."""
        return self.fit.design.nobs

    @property
    def _sides(self) -> tuple[Grouping, Grouping]:
        """Rows by entity, and by period."""
        return self.fit.design.entities, self.fit.design.times

    @property
    def n_entities(self) -> int:
        """Entities in use."""
        return self._sides[0].n_groups

    @property
    def n_periods(self) -> int:
        """Distinct periods in use."""
        return self._sides[1].n_groups

    @property
    def periods_per_entity(self) -> tuple[int, float, int]:
        """Fewest, average and most rows of an entity."""
        sizes = self._sides[0].sizes
        return int(sizes.min()), float(sizes.mean()), int(sizes.max())

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
    def s2(self) -> float:
        """Residual variance, ``rss / df_resid``; NaN where every entity fits exactly."""
        return self.fit.rss / self.df_resid if self.df_resid > 0 else float("nan")

    @property
    def rmse(self) -> float:
        """Root of the residual variance."""
        return float(np.sqrt(self.s2))

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
    def f_statistic(self) -> TestResult | None:
        """The model's joint test: `f_slopes`."""
        return self.f_slopes

    @property
    def effects(self) -> tuple[str, ...]:
        """No effect is absorbed: entities have constants and slopes."""
        return ()

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

    def summary(self, *, level: float = 0.95, digits: int = 4) -> Table:
        """Return the summary table (text in a terminal, HTML in a notebook, Markdown, LaTeX, DataFrame).

        Parameters
        ----------
        level : float
            Coverage of the confidence limits.
        digits : int
            Digits after the point.

        Returns
        -------
        Table
        """
        check_digits(digits)
        df = self.df_inference
        return Table(
            title=f"{self.estimator}: {self.dependent}",
            facts=(
                Fact("Dependent", self.dependent),
                Fact("Observations", format_count(self.nobs)),
                Fact("Convention", self.convention.name),
                Fact("Entities", format_count(self.n_entities)),
                Fact("Std. errors", self.cov_label),
                Fact("Periods", format_count(self.n_periods)),
                Fact("Inference", "normal" if df is None else f"t({format_degrees(df)})"),
                Fact("Rows per entity", rows_per_entity(self.periods_per_entity)),
                *self._facts,
            ),
            header=(coefficient_header(self.distribution, level),),
            body=coefficient_rows(self, level, digits),
            statistics=(
                *self._statistics(digits),
                Fact("Root MSE", format_number(self.rmse, digits)),
                *tests_in_lines(self._tests, digits),
            ),
            notes=tuple(dict.fromkeys(note.text for note in self.notes)),
        )

    def __repr__(self) -> str:
        return one_line(f"<{self.estimator}: {self.dependent} on {', '.join(self.names)}; N = {self.n_entities}>")
