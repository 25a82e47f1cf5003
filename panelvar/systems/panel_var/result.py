"""The result of `fit_panel_var`: a system, and the panel it is of, with its effects, entities and forecasts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import MissingAttributeError, Note, SpecificationError, check_level, emit
from panelvar.core.base.labels import listed
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.layout import Fact, Row
from panelvar.core.faces.number_format import Stars, format_count
from panelvar.core.tables.coefficients import equation_rows, limits_side_by_side, value_row
from panelvar.core.tables.test_result import TestResult, test_or_reason
from panelvar.estimates.bands.delta_coverage import told_of_delta
from panelvar.estimates.bands.delta_method import DeltaMethod
from panelvar.estimates.bands.target import BandSource, Target
from panelvar.estimates.coefficients.result_column import ResultColumn
from panelvar.estimates.coefficients.stacked_estimates import StackedCoefficients, StackedInference
from panelvar.estimates.coefficients.wald import wald
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.kernels.dynamics.lag_problem import lag_matrices
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.kernels.dynamics.terms import stacked_labels
from panelvar.panels.dynamic.gmm_estimate import GmmEstimate
from panelvar.panels.dynamic.moment_selection import HANNAN_QUINN, MomentSelection
from panelvar.panels.dynamic.moment_tests import TESTS_OF_MOMENTS, MomentTests, place_of_equation
from panelvar.panels.static.summary import rows_per_entity
from panelvar.systems.identification.scheme import Estimates
from panelvar.systems.panel_var.drawable_panel import DrawablePanel, RegeneratedPanel, ReweightedPanel
from panelvar.systems.panel_var.fit import PanelVarFit
from panelvar.systems.panel_var.forecasts import condition_entities, forecast_entities
from panelvar.systems.panel_var.granger_sizes import granger_notes
from panelvar.systems.panel_var.lag_choice import compare_shorter
from panelvar.systems.panel_var.serial_tests import serial_correlation, serial_portmanteau
from panelvar.systems.responses.sigma_moves import SigmaMoves
from panelvar.systems.var import system_tests
from panelvar.systems.var.estimated_system import NOT_OF_SYSTEMS, EstimatedSystem
from panelvar.systems.var.exclusion import Exclusion
from panelvar.systems.var.lag_selection import LagSelection
from panelvar.systems.var.scored_system import RULES, equation_labels

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.systems.responses.panel_forecast import PanelForecast


@dataclass(frozen=True, init=False, eq=False, repr=False)
class PanelVarResult(MomentTests, EstimatedSystem):
    r"""A panel vector autoregression: one system for all entities, each with its own effect.

    .. math:: y_{it} = \alpha_i + A_1 y_{i,t-1} + \dots + A_p y_{i,t-p} + B x_{it} + u_{it}

    Made by `panelvar.fit_panel_var`. All of `System` is here too (``roots``, ``moduli``, ``is_stable``,
    ``equations()``, ``long_run_effects()``).

    Parameters
    ----------
    fit : PanelVarFit
        The estimates, whatever the estimator.

    Attributes
    ----------
    sigma : DataFrame (K, K)
        Residual covariance: behind responses, decompositions and forecast intervals.
    notes : tuple of Note
        Rows dropped, and whatever else a reader should know.

    See Also
    --------
    fit_panel_var : Makes one.
    VarResult : Of one series.
    System : What all systems have.

    Examples
    --------
    >>> import panelvar as pv
    >>> import numpy as np
    >>> states = pv.load_data("public_capital")
    >>> growth = np.log(states[["gsp", "emp"]]).groupby("state").diff().dropna()
    >>> model = pv.fit_panel_var(growth, ["emp", "gsp"], method="corrected-moments")
    >>> model.params.round(4).to_dict("list")
    {'emp': [0.2548, 0.2306], 'gsp': [-0.0894, 0.3818]}
    >>> model.granger_causality("emp", "gsp")
    <Granger causality: F(1, 47) = 11.7439, p = 0.0013>
    >>> model.moduli.round(3).tolist()
    [0.343, 0.343]

    The responses of each variable to each shock:

    >>> figure = model.impulse_responses(6).plot()
    """

    fit: PanelVarFit

    _title: ClassVar[str] = "Panel vector autoregression"

    _not_offered: ClassVar[Mapping[str, str]] = {
        **NOT_OF_SYSTEMS,
        "loglik": "Panel vector autoregressions are estimated by least squares or moments, without a likelihood.",
        "aic": "Panel vector autoregressions are estimated by least squares or moments, without a likelihood.",
        "historical_decomposition": "A history of shocks is of one entity. Use fit_var on its rows, or fit_var_batch.",
        "structural_shocks": "A history of shocks is of one entity. Use fit_var on its rows, or fit_var_batch.",
    }

    granger_causality = system_tests.granger_causality
    lag_exclusion_tests = system_tests.lag_exclusion_tests

    def __init__(self, fit: PanelVarFit) -> None:
        rows = fit.rows
        count = rows.terms.count
        self._set(
            coefficients=lag_matrices(fit.params, count),
            names=rows.names,
            terms=rows.terms,
            deterministics=fit.params[:count],
            _sigma=fit.sigma,
            fit=fit,
            notes=(*fit.notes, *fit.covariance.notes),
        )

    def _in_short(self) -> str:
        return (
            f"Panel VAR({self.lags}) of {listed(self.names)}; {self.fit.method}; {self.n_entities} entities, "
            f"n = {self.nobs}"
        )

    def _table_columns(self) -> list[ResultColumn]:
        """Give a column of a table of results, with the equations one below another.

        What is of one equation (its R-squared, its F) is not in it.
        """
        names = list(equation_labels(self.names, self.regressor_names))
        fit = self.fit
        panel = fit.rows.panel
        effects = ((panel.entity_name or "entity", fit.effects), (panel.time_name or "time", fit.period_effects))
        in_foot = {
            "nobs": self.nobs,
            "n_entities": self.n_entities,
            "n_periods": self.n_periods,
            "df_resid": self.df_resid,
        }

        def statistic(name: str) -> Any:
            if fit.gmm is not None and name == "n_instruments":
                return self.n_instruments
            if name in TESTS_OF_MOMENTS:
                return None if fit.gmm is None else self._test_of_moments(name)
            return in_foot.get(name)

        def stacked(table: pd.DataFrame) -> pd.Series:
            import pandas as pd

            return pd.Series(table.to_numpy().T.ravel(), index=names)

        return [
            ResultColumn(
                self,
                ", ".join(self.names),
                self.method,
                stacked(self.params),
                stacked(self.std_errors),
                stacked(self.tstats),
                stacked(self.pvalues),
                lambda level: self.conf_int(level=level).set_axis(names),
                self.distribution,
                self.cov_label,
                RULES.name,
                self.notes,
                statistic,
                tuple(name for name, values in effects if values is not None),
            )
        ]

    @property
    def _gmm(self) -> GmmEstimate:
        if self.fit.gmm is None:
            raise MissingAttributeError(
                f"method={self.method!r} is least squares and has no moments to test. Use method='gmm'."
            )
        return self.fit.gmm

    # ---- lags

    def lag_selection(self, hq: float = HANNAN_QUINN) -> LagSelection | MomentSelection:  # type: ignore[override]
        """Compare all numbers of lags up to those of this model, on its rows.

        By moments they are compared with this model's instruments, by Andrews and Lu's (2001) criteria; otherwise by
        the criteria of least squares, as in `select_lags`.

        Parameters
        ----------
        hq : float
            Factor of HQIC's penalty of moments, above two.

        Returns
        -------
        LagSelection or MomentSelection
            Both have ``order(criterion)``, ``selected`` and a ``table``.

        Raises
        ------
        SpecificationError
            The model has one lag: fit it with the most lags to consider. Or entities have different coefficients, or
            the rows are those of a stream by least squares.
        """
        fit = self.fit
        if fit.gmm is not None:
            return super().lag_selection(hq)
        if fit.individual is not None:
            raise SpecificationError(
                "Each entity has its own coefficients here. fit_var_batch(data, columns, lags='bic') chooses the "
                "lags of each, and select_lags(data, columns) those of one system for all."
            )
        return compare_shorter(fit.rows, effects=fit.effects is not None, time_effects=fit.period_effects is not None)

    # ---- serial correlation

    def _serial_correlation(self, order: int, place: int) -> TestResult:
        return super()._serial_correlation(order, place) if self.fit.gmm else serial_correlation(self.fit, order, place)

    def _serial_portmanteau(self, place: int, max_order: int | None, collapse: bool) -> TestResult:
        if self.fit.gmm:
            return super()._serial_portmanteau(place, max_order, collapse)
        return serial_portmanteau(self.fit, place, max_order=max_order, collapse=collapse)

    def _place_of(self, equation: object) -> int:
        return place_of_equation(self.names, equation)

    # ---- counts

    @property
    def method(self) -> str:
        """How it was estimated, as ``method=`` names it."""
        return self.fit.method

    @property
    def nobs(self) -> int:
        """Rows estimated, of all entities together; those of the levels where moments have a level equation."""
        return self.fit.row_counts.total

    @property
    def n_entities(self) -> int:
        """Entities in use, N."""
        return self.fit.rows.n_entities

    @property
    def n_periods(self) -> int:
        """Number of different periods estimated."""
        fit = self.fit
        if fit.kept is not None:
            return len(np.unique(fit.kept.periods))
        if fit.gmm is not None:
            census = fit.gmm.model.census
            level = fit.gmm.model.specification.level_equation
            return int((census.complete if level else census.touched).sum())
        return fit.rows.n_periods

    @property
    def n_regressors(self) -> int:
        """Coefficients in each equation, m; effects are not counted."""
        return self.fit.rows.n_regressors

    @property
    def periods_per_entity(self) -> tuple[int, float, int]:
        """Fewest, average and most rows of an entity, of those that `nobs` counts."""
        counts = self.fit.row_counts
        return counts.fewest, counts.total / self.n_entities, counts.most

    @property
    def df_resid(self) -> int:
        """Rows less all coefficients of an equation, effects among them: behind `sigma`."""
        return self.fit.df_resid

    @property
    def distribution(self) -> str:
        """Reference distribution of `tstats`: ``"t"`` or ``"normal"``."""
        return "normal" if np.isinf(self.fit.covariance.df) else "t"

    @property
    def df_inference(self) -> float | None:
        """Degrees of freedom of t tests, and of the denominator of F tests; None with the normal."""
        df = self.fit.covariance.df
        return None if np.isinf(df) else df

    # ---- coefficients

    @cached_property
    def _inference(self) -> StackedInference:
        names = equation_labels(self.names, self.regressor_names)
        exact = not self._sigma.diagonal().any()
        return StackedInference(StackedCoefficients(names, self.fit.params.T.ravel(), exact), self.fit.covariance)

    def _arranged(self, values: Array) -> pd.DataFrame:
        return self._by_equation(values.reshape(self.n_vars, -1).T)

    @cached_property
    def std_errors(self) -> pd.DataFrame:
        """Standard errors, arranged like `params`: square roots of the diagonal of `cov`."""
        return self._arranged(self._inference.std_errors.to_numpy())

    @cached_property
    def tstats(self) -> pd.DataFrame:
        """Coefficients over their standard errors."""
        return self._arranged(self._inference.tstats.to_numpy())

    @cached_property
    def pvalues(self) -> pd.DataFrame:
        """Two-sided tail probabilities of `tstats`."""
        return self._arranged(self._inference.pvalues.to_numpy())

    @documented
    def conf_int(
        self,
        *,
        level: float | Sequence[float] = 0.95,
        of: str | re.Pattern[str] | Sequence[str | re.Pattern[str]] | None = None,
        joint: str | None = None,
        draws: int = 10_000,
        seed: int | np.random.Generator = 0,
    ) -> pd.DataFrame:
        """Confidence intervals of the coefficients, each by itself or several at once.

        Parameters
        ----------
        {level (coefficients), of (equations), joint (coefficients), draws (sup-t), seed (sup-t)}

        Returns
        -------
        DataFrame
            Rows (equation, regressor), columns lower and upper at the highest level; lower_68, upper_68 at another.

        Raises
        ------
        SpecificationError
            If a level is below 0.5, a name or pattern fits no coefficient, or an option is unknown.
        """
        limits = self._inference.conf_int(level=level, of=of, joint=joint, draws=draws, seed=seed)
        places = [self._inference.names.index(name) for name in limits.index]
        return limits.set_axis(stacked_labels(self.names, self.regressor_names)[places])

    @cached_property
    def cov(self) -> pd.DataFrame:
        """Covariance of all coefficients; labels (equation, regressor)."""
        import pandas as pd

        index = stacked_labels(self.names, self.regressor_names)
        return pd.DataFrame(self.fit.covariance.matrix, index=index, columns=index)

    @property
    def cov_label(self) -> str:
        """How the errors of the coefficients were estimated."""
        return self.fit.covariance.label

    def with_cov(self, cov: str | Covariance) -> Self:
        """Return the same estimates with other errors of the coefficients, and of tests of them.

        Parameters
        ----------
        cov : str or covariance object
            ``"cluster"`` (by entity), ``"classical"``, ``"HC0"`` to ``"HC5"``, ``"driscoll-kraay"``,
            ``"newey-west"``, or an object such as ``Clustered("entity", "time")``. By moments: ``"robust"``,
            ``"classical"`` after one step, ``"uncorrected"`` after two.

        Returns
        -------
        PanelVarResult
            The same estimates.

        Raises
        ------
        SpecificationError
            The estimator does not have this covariance.
        """
        if self.fit.covariances is None:
            raise SpecificationError(
                f"method={self.method!r} has only one covariance, {self.cov_label}. with_cov cannot change it."
            )
        changed = replace(self.fit, covariance=self.fit.covariances(cov), cov=cov)
        emit(changed.covariance.notes)
        return type(self)(changed)

    @property
    def _joint_df(self) -> float:
        return self.fit.covariance.df

    _single_df = _joint_df

    def _stacked_with(self, df: float) -> StackedInference:
        del df
        return self._inference

    def _excluded(self, hypothesis: Exclusion) -> TestResult:
        rows = hypothesis.regressors(self.names, self.terms.count)
        places = [column * self.n_regressors + row for column in hypothesis.columns(self.names) for row in rows]
        matrix = np.eye(self.fit.params.size)[places]
        test = wald(self._inference, matrix, np.zeros(len(places)), hypothesis.name, hypothesis.null)
        if not set(hypothesis.equations) & set(hypothesis.variables):
            told = granger_notes(self.method, self.n_entities, self.fit.rows.average_periods)
            test = replace(test, notes=(*test.notes, *told))
        emit(test.notes)
        return test

    # ---- bands

    @property
    def _drawable(self) -> DrawablePanel:
        """The system as the sources of bands see it."""
        refits, recursion = self.fit.refits, self.fit.recursion
        if refits is None:
            return DrawablePanel(self.fit)
        return ReweightedPanel(self.fit, refits) if recursion is None else RegeneratedPanel(self.fit, refits, recursion)

    @property
    def _sigma_moves(self) -> SigmaMoves | None:
        return self.fit.sigma_moves

    def _told_of_responses(self, bands: BandSource, target: Target) -> tuple[Note, ...]:
        return told_of_delta(target) if self.method == "gmm" and isinstance(bands, DeltaMethod) else ()

    def _estimates(self, factor: Array) -> Estimates:
        return self.fit.estimates(ReducedForm(self.coefficients, factor))

    # ---- rows

    @cached_property
    def resids(self) -> pd.DataFrame:
        """Residuals of the rows estimated, less their entity's mean where it has an effect, by entity and period.

        They are a panel, and can be given to whatever takes one: `plot_series`, `cross_section_dependence_test`.
        """
        import pandas as pd

        estimated = self.fit.estimated
        index = self.fit.labels_of(estimated.entities, estimated.periods)
        return pd.DataFrame(self.fit.residuals, index=index, columns=self._axes[1])

    @cached_property
    def fitted_values(self) -> pd.DataFrame:
        """Fitted values of the rows that have all their lags, effects included; a mean group fits each entity."""
        import pandas as pd

        fit, rows = self.fit, self.fit.rows
        left = fit.residuals if fit.individual is not None else fit.level_residuals
        index = self.fit.labels_of(rows.entities.codes, rows.design.time_positions)
        return pd.DataFrame(rows.y - left, index=index, columns=self._axes[1])

    @property
    def _explained(self) -> Array:
        return self.fit.rows.y

    def estimated_effects(self) -> pd.DataFrame:
        r"""Effects of the entities: means of :math:`y_{it} - \sum_j A_j y_{i,t-j} - B x_{it}` over each one's rows.

        Returns
        -------
        DataFrame
            A row for each entity, a column for each variable. Where periods have effects, these have mean zero.

        Raises
        ------
        SpecificationError
            The model has no entity effects.
        """
        import pandas as pd

        effects = self.fit.effects
        if effects is None:
            raise SpecificationError(f"method={self.method!r} has no entity effects.")
        return pd.DataFrame(effects, index=self.fit.rows.entity_labels, columns=self._axes[1])

    def period_effects(self) -> pd.DataFrame:
        """Effects of the periods, of mean zero over the rows: a row for each period, a column for each variable.

        Raises
        ------
        SpecificationError
            The model has no time effects.
        """
        import pandas as pd

        fit = self.fit
        if fit.period_effects is None or fit.periods is None:
            raise SpecificationError("The model has no effects of the periods. Fit it with time_effects=True.")
        index = fit.rows.panel.calendar.labels_at(fit.periods)
        return pd.DataFrame(fit.period_effects, index=index, columns=self._axes[1])

    def _no_intercept(self) -> Array:
        """The effect of an average entity."""
        effects = self.fit.effects
        return np.zeros(self.n_vars) if effects is None else effects.mean(axis=0)

    def _deterministic_part(self, periods: int, exogenous: npt.ArrayLike | None) -> Array:
        part = super()._deterministic_part(periods, exogenous)
        return part + self._no_intercept() if self.terms.exogenous else part

    # ---- entities' own coefficients

    @property
    def individual(self) -> pd.DataFrame:
        """Each entity's own coefficients in a mean group: a row for each entity, columns (equation, regressor).

        Raises
        ------
        SpecificationError
            If the model is no mean group, so that all entities have the same coefficients.
        """
        import pandas as pd

        own = self._of_entities("their own coefficients")
        columns = stacked_labels(self.names, self.regressor_names)
        values = own.swapaxes(1, 2).reshape(len(own), -1)
        return pd.DataFrame(values, index=self.fit.rows.entity_labels, columns=columns)

    def dispersion(self) -> pd.DataFrame:
        r"""How far the entities' coefficients of a mean group lie apart, and how much of it their own errors explain.

        Returns
        -------
        DataFrame
            Rows (equation, regressor). ``mean``; ``std_dev`` over entities, s; ``sampling``, the root of the average
            variance :math:`\bar v` of an entity's estimate; ``between``, :math:`\sqrt{\max(s^2 - \bar v, 0)}`, the
            standard deviation of the coefficients themselves (Swamy 1970); the smallest, the median and the largest.

        Raises
        ------
        SpecificationError
            If the model is no mean group, so that all entities have the same coefficients.
        """
        import pandas as pd

        own = self._of_entities("a dispersion")
        variances = self.fit.individual_variances
        assert variances is not None
        spread = own.var(axis=0, ddof=1)
        parts = {
            "mean": own.mean(axis=0),
            "std_dev": np.sqrt(spread),
            "sampling": np.sqrt(variances.mean(axis=0)),
            "between": np.sqrt(np.maximum(spread - variances.mean(axis=0), 0.0)),
            "smallest": own.min(axis=0),
            "median": np.median(own, axis=0),
            "largest": own.max(axis=0),
        }
        index = stacked_labels(self.names, self.regressor_names)
        return pd.DataFrame({name: values.T.ravel() for name, values in parts.items()}, index=index)

    def _of_entities(self, what: str) -> Array:
        """Each entity's own coefficients (N, m, K), or a refusal where all have the same."""
        if self.fit.individual is None:
            raise SpecificationError(
                f"method={self.method!r} gives all entities the same coefficients. Only method='mean-group' has {what}."
            )
        return self.fit.individual

    def forecast(
        self,
        steps: int = 8,
        *,
        level: float | Sequence[float] = 0.95,
        exogenous: pd.DataFrame | None = None,
        bands: DeltaMethod | None = None,
    ) -> PanelForecast:
        """Forecast every entity from the end of its rows.

        Parameters
        ----------
        steps : int
            Periods ahead.
        level : float or sequence of float
            Probability of each interval, at least 0.5; or several, such as ``(0.68, 0.95)``.
        exogenous : DataFrame, optional
            Future values of exogenous variables, taken as known: an index (entity, period) and a column for each.
        bands : DeltaMethod, optional
            Count what the errors of coefficients and of an entity's effect add to first order. By default intervals are
            normal and take both as known; with few periods an effect is not, and such intervals are too narrow.

        Returns
        -------
        PanelForecast
            ``to_frame()`` is the table by entity and period, ``member(entity)`` the `Forecast` of one entity,
            ``plot(entity)`` draws it.

        Raises
        ------
        SpecificationError
            Periods have effects, whose future is not known; or entities have different coefficients.
        MissingInformationError
            The future of exogenous variables was not given, or not of all entities.
        NumericalError
            No entity's last p periods are all observed; values overflow.

        Examples
        --------
        >>> import panelvar as pv
        >>> import numpy as np
        >>> states = pv.load_data("public_capital")
        >>> growth = np.log(states[["gsp", "emp"]]).groupby("state").diff().dropna()
        >>> model = pv.fit_panel_var(growth, ["emp", "gsp"], method="corrected-moments")
        >>> known, estimated = model.forecast(4), model.forecast(4, bands=pv.DeltaMethod())
        >>> [round(float(each.std_errors[0, -1, 0]), 4) for each in (known, estimated)]
        [0.0309, 0.0333]
        """
        found = forecast_entities(self.fit, steps, level, exogenous, bands)
        found = replace(found, notes=(*self._stability_notes(), *found.notes))
        emit(found.notes)
        return found

    def conditional_forecast(
        self,
        conditions: Mapping[str, Any] | pd.DataFrame | npt.ArrayLike,
        *,
        steps: int | None = None,
        level: float | Sequence[float] = 0.95,
        exogenous: pd.DataFrame | None = None,
    ) -> PanelForecast:
        """Forecast every entity given the future of some variables (Waggoner and Zha 1999).

        Parameters
        ----------
        conditions : dict, DataFrame, Series or array (steps, K)
            The same for all entities, as in `VarResult.conditional_forecast`; or a DataFrame with an index (entity,
            period), whose rows are an entity's own. Entities without rows have no conditions.
        steps : int, optional
            Periods ahead, at least as many as have conditions; those after the last are free. By default as many.
        level : float or sequence of float
            Probability of each interval, at least 0.5; or several, such as ``(0.68, 0.95)``.
        exogenous : DataFrame, optional
            Future values of exogenous variables, taken as known: an index (entity, period) and a column for each.

        Returns
        -------
        PanelForecast
            Means and normal intervals of what is free, coefficients and effects taken as known; given values have no
            width.

        Raises
        ------
        SpecificationError
            Conditions have the wrong shape, infinite values or other periods, are on more periods than ``steps``, or on
            nothing; or there are no forecasts.
        NumericalError
            The conditions cannot hold together.
        """
        found = condition_entities(self.fit, conditions, steps, level, exogenous)
        found = replace(found, notes=(*self._stability_notes(), *found.notes))
        emit(found.notes)
        return found

    # ---- presentation

    @property
    def _deterministic(self) -> str:
        own = "constant" if self.fit.effects is None else "entity effects"
        return own if self.fit.period_effects is None else f"{own}, time effects"

    def _facts(self, digits: int) -> tuple[Fact, ...]:
        return (
            Fact("Estimator", self.fit.words),
            Fact("Observations", format_count(self.nobs)),
            Fact("Entities", format_count(self.n_entities)),
            Fact("Rows per entity", rows_per_entity(self.periods_per_entity)),
            Fact("Standard errors", self.cov_label),
            *self.fit.choices,
            *(() if self.fit.gmm is None else self._lines_of_moments(self._shown_tests, digits)),
        )

    def _table_notes(self, levels: Stars, level: float | None) -> tuple[str, ...]:
        reasons = () if self.fit.gmm is None else self._why_no_test
        return (*super()._table_notes(levels, level), *(note.text for note in reasons))

    @cached_property
    def _shown_tests(self) -> dict[str, TestResult | str | None]:
        """Hansen's test, or why the data do not have it."""
        return {"Hansen": test_or_reason(lambda: self.hansen_j)}

    def _rows(self, levels: Stars, digits: int, level: float | None) -> tuple[Row, ...]:
        errors = self.std_errors.to_numpy()
        pvalues = self.pvalues.to_numpy()
        limits = None if level is None else limits_side_by_side(self.conf_int(level=check_level(level)), self.n_vars)
        return equation_rows(self.regressor_names, self.fit.params, errors, pvalues, levels, digits, limits=limits)

    def _foot(self, digits: int) -> tuple[Row, ...]:
        return (value_row("Root MSE", np.sqrt(self._sigma.diagonal()), digits),)
