"""Vector autoregressions with zero restrictions: given, or found by sequential elimination."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_number, refuse_other
from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.errors import Note, NumericalError, SpecificationError, choose, emit
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.core.tables.test_result import TestResult, chi2_test
from panelvar.estimates.coefficients.coefficient_plot import DrawnCoefficients
from panelvar.estimates.covariance.covariances import Classical, ScoredCovariance
from panelvar.kernels.dynamics.criteria import penalty
from panelvar.kernels.dynamics.restricted_lags import RestrictedLagProblem, restricted_least_squares
from panelvar.systems.var import system_tests
from panelvar.systems.var.equation_columns import equation_columns
from panelvar.systems.var.fitted_system import FittedSystem
from panelvar.systems.var.var import fit_var
from panelvar.systems.var.var_convention import VarConvention
from panelvar.systems.var.var_result import VarResult

if TYPE_CHECKING:
    import pandas as pd


STRATEGIES = ("t", "aic", "bic", "hqic")


@documented
def fit_restricted_var(
    data: pd.DataFrame | npt.ArrayLike | Any,
    columns: Sequence[Hashable] | None = None,
    *,
    restrictions: str | pd.DataFrame | Mapping[str, Sequence[str]],
    lags: int | str = 1,
    threshold: float = 2.0,
    method: str = "fgls",
    max_lags: int | None = None,
    min_lags: int | None = None,
    trend: str = "c",
    seasons: int = 0,
    exogenous: Any = None,
    exogenous_lags: int = 0,
    missing: str = "drop",
    convention: str | VarConvention = "default",
) -> RestrictedVarResult:
    r"""Estimate a vector autoregression some of whose coefficients are zero, by feasible generalised least squares.

    Parameters
    ----------
    {data (system), columns (system)}
    restrictions : mapping, DataFrame or {"t", "aic", "bic", "hqic"}
        Equations to the regressors that are left out of them (``{"income": ["L1.price", "const"]}``); a table of 1
        (estimated) and 0 (zero) with regressors and equations as its labels, either way round; or how to find them,
        equation by equation: leave out the regressor of the smallest t statistic until all are at least
        ``threshold`` (R's ``restrict(method="ser")``), or as long as the criterion falls
        (sequential elimination; Luetkepohl 2005, chapter 5).
    {lags (system)}
    threshold : float
        Smallest absolute t statistic kept by ``"t"``.
    method : {"fgls", "ols", "ml"}
        Feasible GLS with the residual covariance of the unrestricted system (Luetkepohl 2005, chapter 5); ordinary
        least squares equation by equation (R's vars; consistent but less efficient); or GLS iterated until it is
        maximum likelihood.
    {max_lags (system), min_lags (system), trend (system), seasons, exogenous, exogenous_lags, missing (system)}
    {convention (system)}

    Returns
    -------
    RestrictedVarResult
        Responses, bands and forecasts keep the restrictions; bootstraps re-estimate under them.

    Raises
    ------
    SpecificationError
        A name does not exist, a table has another shape, or an equation has no regressor left.

    See Also
    --------
    fit_var : the same system without restrictions.
    RestrictedVarResult.restriction_test : tests the restrictions.
    granger_table : which variables help to forecast which.

    Notes
    -----
    Errors and bands take the restrictions as given. If the data chose them, errors and bands are too small.

    Examples
    --------
    >>> import panelvar as pv
    >>> macro = pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]]
    >>> model = pv.fit_restricted_var(macro, restrictions={"unemp": ["L1.infl"], "infl": ["L1.unemp"]}, lags=1)
    >>> model.params.round(3)
                  infl  unemp  tbilrate
    const        0.532  0.071     0.161
    L1.infl      0.505  0.000     0.033
    L1.unemp     0.000  0.981     0.009
    L1.tbilrate  0.271  0.011     0.933
    """
    choose("method", method, ("fgls", "ols", "ml"))
    full = fit_var(
        data,
        columns,
        lags=lags,
        max_lags=max_lags,
        min_lags=min_lags,
        trend=trend,
        seasons=seasons,
        exogenous=exogenous,
        exogenous_lags=exogenous_lags,
        missing=missing,
        convention=convention,
    )
    free = (
        _search_free(full, restrictions, threshold) if isinstance(restrictions, str) else _read_free(full, restrictions)
    )
    empty = [name for name, count in zip(full.names, free.sum(axis=0), strict=True) if count == 0]
    if empty:
        raise SpecificationError(
            f"{'The equation' if len(empty) == 1 else 'Equations'} of {empty} would have no regressor left. Leave out "
            "fewer."
        )
    base = full._problem
    problem = RestrictedLagProblem(
        base.design, base.n_deterministic, base.lags, base.n_vars, base.run_starts, free=free, method=method
    )
    notes = full.notes
    if isinstance(restrictions, str):
        text = (
            f"{restrictions!r} left out {int((~free).sum())} of {free.size} coefficients. Standard errors take this "
            "choice as given."
        )
        note = Note("restrictions-chosen", text)
        emit([note])
        notes = (*notes, note)
    return RestrictedVarResult(problem, full.data, full.periods, full.terms, full.convention, notes)


def _read_free(model: VarResult, restrictions: Any) -> Mask:
    """Read a table of ones and zeros, or the regressors left out of each equation."""
    rows, columns = list(model.regressor_names), list(model.names)
    if isinstance(restrictions, Mapping) and not hasattr(restrictions, "iloc"):
        free = np.ones((len(rows), len(columns)), dtype=bool)
        for equation, left_out in restrictions.items():
            if str(equation) not in columns:
                raise SpecificationError(f"{shown(equation)} is not an equation. The equations are {columns}.")
            for name in [left_out] if isinstance(left_out, str) else left_out:
                if name not in rows:
                    raise SpecificationError(f"{shown(name)} is not a regressor. The regressors are {rows}.")
                free[rows.index(name), columns.index(str(equation))] = False
        return free
    if not hasattr(restrictions, "iloc"):
        raise SpecificationError(
            f"restrictions={shown(restrictions)}: expected a mapping of equations to the regressors left out, a table "
            f"of 0 and 1, or one of {', '.join(STRATEGIES)}."
        )
    table = restrictions
    if list(map(str, table.index)) != rows and set(map(str, table.index)) == set(columns):
        table = table.T
    if set(map(str, table.index)) != set(rows) or set(map(str, table.columns)) != set(columns):
        raise SpecificationError(
            f"The table of restrictions must be labelled by the regressors {rows} and the equations {columns}."
        )
    values = table.loc[rows, columns].to_numpy()
    if not np.isin(values, (0, 1)).all():
        raise SpecificationError("The table of restrictions must hold 1 (estimated) and 0 (zero) only.")
    return np.asarray(values == 1)


def _search_free(model: VarResult, strategy: str, threshold: float) -> Mask:
    """Leave out regressors one at a time, equation by equation."""
    choose("restrictions", strategy, STRATEGIES)
    if not read_number("threshold", threshold) > 0.0:
        raise SpecificationError(f"threshold={shown(threshold)}: expected a positive number.")
    problem, m = model._problem, model.n_regressors
    if problem.dependent_columns:
        raise NumericalError("An equation fits exactly, so it has no criterion or t ratio to choose its regressors by.")
    top = problem.factor[:m, :m]
    free = np.ones((m, model.n_vars), dtype=bool)
    weight = 0.0 if strategy == "t" else penalty(strategy, model.nobs)
    for place in range(model.n_vars):
        right = problem.factor[:m, [m + place]]
        below = float(np.square(problem.factor[m:, m + place]).sum())

        def fit(mask: Mask, right: Any = right, below: float = below) -> tuple[Any, float]:
            params, moves = restricted_least_squares(top, right, np.eye(1), mask[:, None])
            rss = below + float(np.square(right - top @ params).sum())
            ratios = np.abs(params[:, 0]) / np.sqrt(rss / (model.nobs - mask.sum()) * np.square(moves[..., 0]).sum(0))
            return np.where(mask, ratios, np.inf), rss

        mask = free[:, place]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios, rss = fit(mask)
            while mask.sum() > 1:
                weakest = int(np.argmin(ratios))
                if strategy == "t" and ratios[weakest] >= threshold:
                    break
                trial = mask.copy()
                trial[weakest] = False
                found, left = fit(trial)
                if strategy != "t" and np.log(left / rss) - weight / model.nobs >= 0.0:
                    break
                mask, ratios, rss = trial, found, left
        free[:, place] = mask
    return free


@dataclass(frozen=True, init=False, eq=False, repr=False)
class RestrictedVarResult(FittedSystem):
    r"""A vector autoregression with zero restrictions, estimated by feasible GLS; made by `fit_restricted_var`.

    Restricted coefficients are zero, with standard error zero; their t statistics and p-values are missing. Degrees of
    freedom are each equation's own, and the df-corrected residual covariance divides by the geometric mean of two
    equations'. Tests of exclusions are of the coefficients that are not zero already.

    See Also
    --------
    fit_restricted_var : makes it.
    VarResult : the result without restrictions.

    Examples
    --------
    >>> import panelvar as pv
    >>> macro = pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]]
    >>> model = pv.fit_restricted_var(macro, restrictions={"unemp": ["L1.infl"]}, lags=1)
    >>> model.restriction_test(pv.fit_var(macro, lags=1)).in_a_line()
    'chi2(1) = 1.1242, p = 0.2890'

    The coefficients that are free, with their 95 percent intervals:

    >>> figure = model.plot()
    """

    granger_causality = system_tests.granger_causality
    lag_exclusion_tests = system_tests.lag_exclusion_tests
    _table_columns = equation_columns

    _problem: RestrictedLagProblem

    @cached_property
    def free(self) -> pd.DataFrame:
        """Which coefficients are estimated, arranged like `params`."""
        return self._by_equation(self._problem.free)

    @property
    def _free(self) -> Mask:
        return self._problem.free

    @property
    def _drawn_coefficients(self) -> DrawnCoefficients:
        every = super()._drawn_coefficients
        return replace(every, estimates=every.estimates[self._free.T.ravel()])

    def _under(self, specification: Classical | ScoredCovariance) -> Self:
        kind = getattr(specification, "kind", getattr(specification, "residuals", "HC0"))
        if kind not in ("HC0", "HC1"):
            raise SpecificationError(
                f"{kind} adjusts residuals for the leverage of their rows, and equations with different regressors "
                "have no leverage in common. Use with_cov('HC1')."
            )
        return super()._under(specification)

    @cached_property
    def _ratios(self) -> Array:
        free, errors = self._problem.free, self._errors
        if not errors[free].all():
            raise NumericalError(
                "An equation fits exactly. Its standard errors are zero, and its t statistics do not exist."
            )
        with np.errstate(invalid="ignore"):
            return np.where(free, self._problem.params / errors, np.nan)

    def restriction_test(self, unrestricted: VarResult) -> TestResult:
        r"""Likelihood-ratio test of the restrictions against the same system without them.

        :math:`n (\ln|\tilde\Sigma_r| - \ln|\tilde\Sigma_u|) \sim \chi^2` with as many degrees of freedom as
        restrictions (Luetkepohl 2005, chapter 4); chosen restrictions bias it towards acceptance.

        Parameters
        ----------
        unrestricted : VarResult
            The system without the restrictions, as `fit_var` fits it.

        Returns
        -------
        TestResult

        Raises
        ------
        SpecificationError
            The other model has other rows, lags or terms.
        """
        refuse_other("restriction_test()", unrestricted, VarResult, "the unrestricted model, a result of fit_var")
        same = unrestricted.nobs == self.nobs and unrestricted.regressor_names == self.regressor_names
        if not same or unrestricted.names != self.names:
            raise SpecificationError("The unrestricted model must have the same variables, lags, terms and rows.")
        value = 2.0 * (unrestricted.loglik - self.loglik)
        df = int((~self._problem.free).sum())
        return chi2_test("Likelihood ratio", value, df, f"the {df} restricted coefficients are zero")
