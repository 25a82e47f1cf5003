"""Every answer about systems and series is the same in other units of the variables."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable
from functools import cached_property

import numpy as np
import pandas as pd
import pytest
from properties.units import OF_BOTH, SYSTEMS, Measured, answer, compare, functions, methods, numbered, numeric, turn
from quiet import quietly

import panelvar as pv
from panelvar.core.base.hints import HintsAtNames
from panelvar.systems.diagnostics.constancy import CusumTests
from panelvar.systems.diagnostics.correlogram import Correlogram
from panelvar.systems.responses.forecast_accuracy import ForecastAccuracy
from panelvar.systems.responses.responses import Responses
from panelvar.systems.var.lag_selection import LagSelection

NAMES = ("x", "y", "z", "w", "q")
"""Three variables, an exogenous one and an instrument."""
SYSTEM = ["x", "y", "z"]


def _stationary(seed: int, rows: int) -> np.ndarray:
    """Three variables that move together, an exogenous one, and an instrument of the first one's shock."""
    rng = np.random.default_rng(seed)
    lags = np.array([[0.5, 0.2, -0.1], [0.1, 0.4, 0.2], [0.2, -0.2, 0.3]])
    mixed = np.array([[1.0, 0.0, 0.0], [0.5, 0.8, 0.0], [-0.3, 0.4, 0.7]])
    shocks = rng.standard_normal((rows, 3))
    out = np.zeros((rows, 5))
    out[:, 3] = rng.standard_normal(rows) + 1.0
    out[:, 4] = shocks[:, 0] + rng.standard_normal(rows)
    for row in range(1, rows):
        out[row, :3] = 1.0 + out[row - 1, :3] @ lags.T + 0.4 * out[row, 3] + shocks[row] @ mixed.T
    return out


STATIONARY = _stationary(1, 160)
INTEGRATED = np.cumsum(_stationary(2, 160) - [1.0, 1.0, 1.0, 1.0, 0.0], axis=0)
INTEGRATED[:, 0] = 0.7 * INTEGRATED[:, 1] + _stationary(3, 160)[:, 0]
PANEL = np.concatenate([_stationary(10 + entity, 30) for entity in range(8)])


class World(Measured):
    """The same data in some units."""

    names, beside = NAMES, ("w", "q")

    def _frame(self, values: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(values * self.units, columns=list(NAMES))

    @cached_property
    def frame(self) -> pd.DataFrame:
        return self._frame(STATIONARY)

    @cached_property
    def levels(self) -> pd.DataFrame:
        return self._frame(INTEGRATED)

    @cached_property
    def panel(self) -> pv.Panel:
        frame = self._frame(PANEL)
        frame["firm"], frame["year"] = np.repeat(np.arange(8), 30), np.tile(np.arange(30), 8)
        return pv.Panel(frame, entity="firm", time="year")

    @cached_property
    def k(self) -> np.ndarray:
        """Units of the three variables."""
        return self.units[:3]

    @cached_property
    def var(self) -> pv.VarResult:
        return pv.fit_var(self.frame, SYSTEM, lags=2)

    @cached_property
    def with_exogenous(self) -> pv.VarResult:
        return pv.fit_var(self.frame, SYSTEM, lags=1, exogenous=["w"], exogenous_lags=1, trend="ct", seasons=4)

    @cached_property
    def robust(self) -> pv.VarResult:
        return self.var.with_cov("HC1")

    @cached_property
    def restricted(self) -> pv.RestrictedVarResult:
        return pv.fit_restricted_var(self.frame, restrictions={"x": ["const", "L1.x", "L1.y"]}, columns=SYSTEM, lags=2)

    @cached_property
    def vecm(self) -> pv.VecmResult:
        return pv.fit_vecm(self.levels, SYSTEM, rank=1, lags=2)

    @cached_property
    def system(self) -> pv.System:
        ratio = self.k[:, None] / self.k
        lags = np.array([[0.5, 0.2, -0.1], [0.1, 0.4, 0.2], [0.2, -0.2, 0.3]]) * ratio
        sigma = np.array([[1.0, 0.5, -0.3], [0.5, 0.9, 0.1], [-0.3, 0.1, 0.8]]) * np.outer(self.k, self.k)
        return pv.System([lags], names=SYSTEM, intercept=np.array([1.0, 2.0, -1.0]) * self.k, sigma=sigma)

    @cached_property
    def future(self) -> pd.DataFrame:
        """Exogenous values to come."""
        return pd.DataFrame({"w": np.array([1.0, 0.5, 2.0, 1.5]) * self.units[3]})

    @cached_property
    def conditions(self) -> np.ndarray:
        known = np.full((4, 3), np.nan)
        known[0, 1], known[2, 1], known[3, 0] = 4.0, 3.5, 5.0
        return known * self.k

    @cached_property
    def impact(self) -> pv.ImpactMatrix:
        return pv.ImpactMatrix(np.array([[1.0, 0.2, 0.1], [0.5, 0.8, 0.0], [-0.3, 0.4, 0.7]]) * self.k[:, None])

    @cached_property
    def proxy(self) -> pv.ExternalInstrument:
        return pv.ExternalInstrument(self.frame["q"], "x")

    @cached_property
    def svar(self) -> pv.SvarResult:
        return pv.fit_svar(self.var, AB)


NAN = np.nan
AB = pv.ShortRun(
    a=[[1.0, 0.0, 0.0], [NAN, 1.0, 0.0], [NAN, NAN, 1.0]],
    b=[[NAN, 0.0, 0.0], [0.0, NAN, 0.0], [0.0, 0.0, NAN]],
    starts=4,
)
MIXED = pv.ShortRun(
    long_run=[[NAN, 0.0, 0.0], [NAN, NAN, NAN], [NAN, NAN, NAN]],
    b=[[NAN, NAN, NAN], [NAN, NAN, 0.0], [NAN, NAN, NAN]],
    starts=4,
)
SVEC = pv.ShortRun(long_run={("x", "z"): 0.0, ("y", "z"): 0.0}, b={("x", "y"): 0.0}, starts=4)
SIGNS = pv.SignRestrictions({("x", "x"): "+", ("y", "x"): "+", ("z", "x"): "-"}, models=20, seed=1)
FEW = {"draws": 12, "seed": 3}
SOURCES = {
    "delta": pv.DeltaMethod(),
    "delta sup-t": pv.DeltaMethod(joint="sup-t", draws=200),
    "delta sup-t all": pv.DeltaMethod(joint="sup-t", over="all", draws=200),
    "delta bonferroni": pv.DeltaMethod(joint="bonferroni"),
    "residual": pv.ResidualBootstrap(**FEW),
    "residual sup-t": pv.ResidualBootstrap(**FEW, joint="sup-t"),
    "residual bonferroni": pv.ResidualBootstrap(**FEW, joint="bonferroni", interval="hall"),
    "studentised": pv.ResidualBootstrap(**FEW, interval="studentised", joint="sup-t", over="all"),
    "wild": pv.RecursiveWildBootstrap(**FEW),
    "block": pv.MovingBlockBootstrap(**FEW),
    "parametric": pv.ParametricBootstrap(**FEW),
    "after": pv.BootstrapAfterBootstrap(**FEW),
    "monte carlo": pv.MonteCarlo(**FEW),
}

Call = Callable[[World], object]

# A call of every public function of this side and of every public method of what they return.
FUNCTIONS: dict[str, list[Call]] = {
    "fit_var": [
        lambda w: w.var,
        lambda w: w.robust,
        lambda w: w.var.with_cov("HC3"),
        lambda w: w.var.with_cov(pv.Clustered(np.arange(160) // 8)),
        lambda w: w.with_exogenous,
        lambda w: pv.fit_var(w.frame, SYSTEM, lags="bic", max_lags=4),
        lambda w: pv.fit_var(w.frame, SYSTEM, lags=1, trend="n", convention="statsmodels"),
        lambda w: pv.fit_var(w.frame.drop(index=[40, 41]), SYSTEM, lags=1),
    ],
    "select_lags": [
        lambda w: pv.select_lags(w.frame, max_lags=4, columns=SYSTEM),
        lambda w: pv.select_lags(w.frame, max_lags=4, columns=SYSTEM, exogenous=["w"]),
    ],
    "System": [lambda w: w.system],
    "fit_restricted_var": [
        lambda w: w.restricted,
        lambda w: pv.fit_restricted_var(w.frame, restrictions={"x": ["const", "L1.x"]}, columns=SYSTEM, method="ols"),
        lambda w: pv.fit_restricted_var(w.frame, restrictions={"x": ["const", "L1.x"]}, columns=SYSTEM, method="ml"),
        *(
            lambda w, rule=rule: pv.fit_restricted_var(w.frame, restrictions=rule, columns=SYSTEM, lags=2)
            for rule in ("t", "bic")
        ),
    ],
    "fit_var_batch": [
        lambda w: pv.fit_var_batch(w.panel, SYSTEM),
        lambda w: pv.fit_var_batch(w.panel, SYSTEM, lags="bic", max_lags=3, min_lags=0, seasons=4),
        lambda w: pv.fit_var_batch(PANEL.reshape(8, 30, 5)[..., :3] * w.k),
    ],
    "fit_rolling_var": [
        lambda w: pv.fit_rolling_var(w.frame, SYSTEM, window=60),
        lambda w: pv.fit_rolling_var(w.frame, SYSTEM, window=60, expanding=True, trend="ct"),
    ],
    "evaluate_forecasts": [
        lambda w: pv.evaluate_forecasts(w.frame, SYSTEM, window=100),
        lambda w: pv.evaluate_forecasts(w.frame, SYSTEM, window=100, lags="aic", max_lags=3, exogenous=["w"]),
        lambda w: pv.evaluate_forecasts(w.frame, SYSTEM, window=100).diebold_mariano("x", 2),
    ],
    "fit_local_projections": [
        lambda w: pv.fit_local_projections(w.frame, SYSTEM, horizon=4),
        lambda w: pv.fit_local_projections(
            w.frame, SYSTEM, horizon=4, cov="newey-west", lag_augmented=False, cumulative=True
        ),
        lambda w: pv.fit_local_projections(w.frame, SYSTEM, horizon=4, cov="HC3", trend="ct", exogenous=["w"]),
        lambda w: pv.fit_local_projections(w.frame, SYSTEM, horizon=4, shock="x", shock_size="unit"),
        lambda w: pv.fit_local_projections(w.frame, SYSTEM, horizon=4, shock="x", shock_size="unit", instruments="q"),
        lambda w: pv.fit_local_projections(w.frame, SYSTEM, horizon=4, identification=w.proxy),
        lambda w: pv.fit_local_projections(w.frame, SYSTEM, horizon=4, identification="long_run"),
        lambda w: pv.fit_local_projections(w.frame, SYSTEM, horizon=4, impact="known", shock_size="unit"),
        *(
            lambda w, source=source: pv.fit_local_projections(w.frame, SYSTEM, horizon=4, cov="HC1", bands=source)
            for name, source in SOURCES.items()
            if name not in ("parametric", "monte carlo")
        ),
        lambda w: pv.fit_local_projections(
            w.frame, SYSTEM, horizon=4, cov="newey-west", bands=SOURCES["delta sup-t all"]
        ),
    ],
    "fit_panel_local_projections": [
        lambda w: pv.fit_panel_local_projections(w.panel, "y", "x", controls=["z"], horizon=3),
        lambda w: pv.fit_panel_local_projections(
            w.panel, "y", "x", horizon=3, cov="driscoll-kraay", effects=["entity", "time"]
        ),
        lambda w: pv.fit_panel_local_projections(w.panel, "y", "x", horizon=3, instruments="q", cumulative=True),
        lambda w: pv.fit_panel_local_projections(
            w.panel, "y", "x", horizon=3, weights=np.abs(PANEL[:, 3]) + 1.0, bands=SOURCES["delta sup-t"]
        ),
        lambda w: pv.fit_panel_local_projections(w.panel, "y", "x", horizon=3, long_difference=True, cov="hc1"),
    ],
    "fit_svar": [
        lambda w: w.svar,
        lambda w: pv.fit_svar(w.var, MIXED),
        lambda w: pv.fit_svar(
            w.var,
            pv.ShortRun(
                a={("x", "y"): 0.0, ("x", "z"): 0.0, ("y", "x"): 0.0, ("y", "z"): 0.0},
                b={
                    ("x", "y"): 0.0,
                    ("x", "z"): 0.0,
                    ("y", "x"): 0.0,
                    ("y", "z"): 0.0,
                    ("z", "x"): 0.0,
                    ("z", "y"): 0.0,
                },
                starts=4,
            ),
        ),
        lambda w: pv.fit_svar(w.vecm, SVEC),
        lambda w: pv.fit_svar(w.var, AB, bands=SOURCES["residual"]),
        lambda w: pv.fit_svar(w.var, AB, bands=SOURCES["delta sup-t all"]),
    ],
    "fit_vecm": [
        lambda w: w.vecm,
        *(
            lambda w, case=case: pv.fit_vecm(w.levels, SYSTEM, rank=2, lags=2, trend=case)
            for case in ("n", "rc", "rt", "ct")
        ),
        lambda w: pv.fit_vecm(w.levels, SYSTEM, rank=1, lags=2, normalise="canonical"),
        lambda w: pv.fit_vecm(w.levels, SYSTEM, rank=0, lags=1, trend="n"),
        lambda w: pv.fit_vecm(w.levels, SYSTEM, rank=1, lags=2, exogenous=["w"], seasons=4),
    ],
    "johansen_test": [
        *(
            lambda w, case=case: pv.johansen_test(w.levels, SYSTEM, lags=2, trend=case)
            for case in ("n", "rc", "c", "rt", "ct")
        ),
        lambda w: pv.johansen_test(w.levels, SYSTEM, lags="bic", max_lags=3),
        lambda w: pv.johansen_test(w.levels, SYSTEM, lags=2, bootstrap=SOURCES["residual"]),
    ],
    "engle_granger_test": [
        lambda w, trend=trend, lags=lags: pv.engle_granger_test(
            w.levels, y=SYSTEM[0], x=SYSTEM[1:], trend=trend, lags=lags
        )
        for trend, lags in (("n", 1), ("c", "aic"), ("ct", "bic"), ("ctt", 1))
    ],
    "adf_test": [
        *(
            lambda w, trend=trend: pv.adf_test(w.levels, lags="aic", column="x", trend=trend)
            for trend in ("n", "c", "ct", "ctt")
        ),
        lambda w: pv.adf_test(w.levels, lags="t-stat", column="x", rows="common"),
    ],
    "dfgls_test": [lambda w, trend=trend: pv.dfgls_test(w.levels, column="x", trend=trend) for trend in ("c", "ct")],
    "phillips_perron_test": [
        *(
            lambda w, trend=trend, kind=kind: pv.phillips_perron_test(w.levels, column="x", trend=trend, statistic=kind)
            for trend in ("n", "c", "ct")
            for kind in ("tau", "rho")
        ),
        *(
            lambda w, rules=rules: pv.phillips_perron_test(w.levels, column="x", trend="ct", convention=rules)
            for rules in ("urca", "tseries")
        ),
        lambda w: pv.phillips_perron_test(w.levels, bandwidth="andrews", column="x", kernel="quadratic-spectral"),
    ],
    "kpss_test": [
        *(lambda w, trend=trend: pv.kpss_test(w.levels, column="x", trend=trend) for trend in ("c", "ct")),
        lambda w: pv.kpss_test(w.levels, bandwidth="andrews", column="x", kernel="quadratic-spectral"),
    ],
    "unit_root_table": [
        lambda w: pv.unit_root_table(w.levels[SYSTEM], tests=("adf", "dfgls", "pp", "kpss"), trend="ct", differences=1)
    ],
    "granger_table": [lambda w: pv.granger_table(w.var), lambda w: pv.granger_table(w.robust)],
    "granger_bootstrap_test": [
        lambda w: pv.granger_bootstrap_test(w.var, "x", "y", draws=50, seed=1),
        lambda w: pv.granger_bootstrap_test(w.robust, ["x", "z"], "y", draws=50, seed=1),
    ],
    "instantaneous_causality_test": [
        lambda w: pv.instantaneous_causality_test(w.var, "x"),
        lambda w: pv.instantaneous_causality_test(w.vecm, ["x", "y"]),
    ],
    "toda_yamamoto_test": [lambda w: pv.toda_yamamoto_test(w.levels, "x", "y", lags=2, columns=SYSTEM)],
    "portmanteau_test": [
        lambda w, kind=kind: pv.portmanteau_test(w.var, lags=4, statistic=kind) for kind in ("plain", "adjusted")
    ],
    "serial_lm_test": [
        lambda w, form=form: pv.serial_lm_test(w.var, lags=2, statistic=form) for form in ("lm", "lr", "f")
    ],
    "residual_table": [lambda w: pv.residual_table(w.var, lags=2)],
    "serial_lm_table": [lambda w: pv.serial_lm_table(w.var), lambda w: pv.serial_lm_table(w.vecm)],
    "normality_test": [
        *(
            lambda w, kind=kind: pv.normality_test(w.var, statistic=kind)
            for kind in ("jarque-bera", "doornik-hansen", "urzua")
        ),
        lambda w: pv.normality_test(w.vecm),
        lambda w: pv.normality_test(w.var, identification="cholesky"),
        lambda w: pv.normality_test(w.var, identification=AB),
    ],
    "arch_test": [
        lambda w: pv.arch_test(w.var, lags=2),
        lambda w: pv.arch_test(w.var, lags=2, equation="y"),
        lambda w: pv.arch_test(pv.fit_var(w.frame, SYSTEM, lags=1, convention="gretl"), lags=1),
    ],
    "white_test": [lambda w: pv.white_test(w.var), lambda w: pv.white_test(w.with_exogenous, cross_terms=True)],
    "cusum_test": [lambda w, kind=kind: pv.cusum_test(w.var, statistic=kind) for kind in ("ols", "recursive")],
    "mosum_test": [lambda w, kind=kind: pv.mosum_test(w.var, statistic=kind) for kind in ("ols", "recursive")],
    "fluctuation_test": [
        lambda w, grows=grows: pv.fluctuation_test(pv.fit_rolling_var(w.frame, SYSTEM, window=60, expanding=grows))
        for grows in (False, True)
    ],
    "residual_correlogram": [
        lambda w: pv.residual_correlogram(w.var, lags=3),
        lambda w: pv.residual_correlogram(w.vecm, lags=3),
    ],
    "instrument_relevance_test": [
        lambda w: pv.instrument_relevance_test(w.var, w.proxy),
        lambda w: pv.instrument_relevance_test(w.var, w.proxy, cov="classical"),
    ],
}
OF_SYSTEMS: dict[str, list[Callable[[object, World], object]]] = {
    "autocorrelations": [lambda m, w: m.autocorrelations(3)],
    "autocovariances": [lambda m, w: m.autocovariances(3)],
    "equations": [],
    "impulse_responses": [
        *(
            lambda m, w, scheme=scheme, size=size: m.impulse_responses(
                4, identification=scheme, shock_size=size, cumulative=size == "unit"
            )
            for scheme in ("cholesky", "generalised", "long_run", "reduced_form", AB, MIXED, SIGNS)
            for size in ("sd", "unit")
        ),
        lambda m, w: m.impulse_responses(4, identification=w.impact),
        lambda m, w: m.impulse_responses(4, ordering=["z", "x", "y"]),
    ],
    "long_run_effects": [
        lambda m, w: m.long_run_effects(),
        lambda m, w: m.long_run_effects(identification="cholesky", shock_size="sd"),
    ],
    "mean": [lambda m, w: m.mean()],
    "simulate": [lambda m, w: m.simulate(30, seed=1)],
    "variance_decomposition": [
        lambda m, w, scheme=scheme: m.variance_decomposition(4, identification=scheme)
        for scheme in ("cholesky", "generalised", "long_run", AB, SIGNS)
    ],
}


def banded(*schemes: object) -> list[Callable[[object, World], object]]:
    """Responses with bands from every source."""
    return [
        lambda m, w, scheme=scheme, source=source: m.impulse_responses(4, identification=scheme, bands=source)
        for scheme in schemes
        for source in SOURCES.values()
    ]


OF_FITTED: dict[str, list[Callable[[object, World], object]]] = {
    **OF_SYSTEMS,
    "approximate_mse": [lambda m, w: m.approximate_mse(4)],
    "conditional_forecast": [
        lambda m, w: m.conditional_forecast(w.conditions, exogenous=w.future if m.terms.exogenous else None)
    ],
    "conf_int": [lambda m, w: m.conf_int()],
    "forecast": [
        lambda m, w: m.forecast(4, exogenous=w.future if m.terms.exogenous else None),
        *(
            lambda m, w, source=source: m.forecast(4, bands=source, exogenous=w.future if m.terms.exogenous else None)
            for source in SOURCES.values()
        ),
    ],
    "historical_decomposition": [
        lambda m, w: m.historical_decomposition(),
        lambda m, w: m.historical_decomposition(identification=w.proxy),
    ],
    "impulse_responses": [
        *OF_SYSTEMS["impulse_responses"],
        *banded("cholesky", AB),
        lambda m, w: m.impulse_responses(4, shock_size="unit", cumulative=True, bands=SOURCES["studentised"]),
        lambda m, w: m.impulse_responses(4, identification=w.proxy, bands=SOURCES["block"]),
        lambda m, w: m.impulse_responses(4, identification=SIGNS, bands=SOURCES["monte carlo"]),
    ],
    "long_run_std_errors": [
        lambda m, w: m.long_run_std_errors(),
        lambda m, w: m.long_run_std_errors(identification="cholesky", shock_size="sd"),
    ],
    "multipliers": [lambda m, w: m.multipliers(4)],
    "residual_autocorrelations": [lambda m, w: m.residual_autocorrelations(3)],
    "structural_shocks": [
        lambda m, w, scheme=scheme: m.structural_shocks(identification=scheme)
        for scheme in ("cholesky", "long_run", AB)
    ],
    "variance_decomposition": [
        *OF_SYSTEMS["variance_decomposition"],
        *(
            lambda m, w, scheme=scheme, source=source: m.variance_decomposition(4, identification=scheme, bands=source)
            for scheme in ("cholesky", "generalised")
            for source in SOURCES.values()
        ),
        lambda m, w: m.variance_decomposition(
            4, identification="generalised", normalised=True, bands=SOURCES["delta sup-t"]
        ),
    ],
}
OF_FRAMES: dict[str, list[Callable[[object, World], object]]] = {
    "glance": [lambda m, w: m.glance().drop(columns=["logLik", "AIC", "BIC", "HQIC"], errors="ignore")],
    "joint_tests": [lambda m, w: m.joint_tests().to_frame()],
    "tidy": [lambda m, w: m.tidy()],
}
OF_COEFFICIENTS: dict[str, list[Callable[[object, World], object]]] = {
    **OF_FRAMES,
    "augment": [lambda m, w: m.augment()],
    "nonlinear": [lambda m, w: m.nonlinear("[y]L1.y * [z]L1.z").to_frame().iloc[:, 1:]],
    "exclusion_test": [
        lambda m, w: m.exclusion_test(),
        lambda m, w: m.exclusion_test(equations=["y", "z"], lags=1),
        lambda m, w: m.exclusion_test(variables="z"),
    ],
    "granger_causality": [
        lambda m, w: m.granger_causality("x", "y"),
        lambda m, w: m.granger_causality(["y", "z"], "x"),
    ],
    "lag_exclusion_tests": [lambda m, w: m.lag_exclusion_tests()],
    "lincom": [lambda m, w: m.lincom("[y]L1.y + [z]L1.z")],
    "wald_test": [
        lambda m, w: m.wald_test(["[y]L1.x", "[z]L1.x"]),
        lambda m, w: m.wald_test("[y]L1.y = [z]L1.z"),
    ],
}
PRINTED = {"summary", "to_html", "to_latex", "to_markdown", "to_text", "to_frame", "save", "in_a_line"}
PRINTED |= {"plot", "plot_roots"}
"""Pictures and tables: they show numbers that are tested here, rounded."""
Table = dict[str, list[Callable[[object, World], object]]]
SOME = ("delta sup-t all", "residual sup-t", "after", "monte carlo")
WITH_EXOGENOUS: Table = {
    **OF_COEFFICIENTS,
    "conditional_forecast": OF_FITTED["conditional_forecast"],
    "conf_int": OF_FITTED["conf_int"],
    "forecast": [
        lambda m, w: m.forecast(4, exogenous=w.future),
        *(lambda m, w, name=name: m.forecast(4, bands=SOURCES[name], exogenous=w.future) for name in SOME),
    ],
    "historical_decomposition": OF_FITTED["historical_decomposition"],
    "impulse_responses": [
        lambda m, w, scheme=scheme, name=name: m.impulse_responses(4, identification=scheme, bands=SOURCES[name])
        for scheme in ("cholesky", AB)
        for name in SOME
    ],
    "long_run_std_errors": OF_FITTED["long_run_std_errors"],
    "multipliers": OF_FITTED["multipliers"],
    "simulate": [
        lambda m, w: m.simulate(
            30, seed=1, initial=STATIONARY[:1, :3] * w.k, exogenous=STATIONARY[:31, 3:4] * w.units[3]
        )
    ],
}
CALLS: list[tuple[type, Call, Table]] = [
    (pv.System, lambda w: w.system, OF_SYSTEMS),
    (pv.VarResult, lambda w: w.var, {**OF_FITTED, **OF_COEFFICIENTS, "with_cov": [lambda m, w: m.with_cov("HC2")]}),
    (pv.VarResult, lambda w: w.var, {"impulse_responses": banded("generalised", "long_run", MIXED)}),
    (pv.VarResult, lambda w: w.with_exogenous, WITH_EXOGENOUS),
    (pv.VarResult, lambda w: w.robust, {**OF_COEFFICIENTS, "conf_int": OF_FITTED["conf_int"]}),
    (
        pv.RestrictedVarResult,
        lambda w: w.restricted,
        {
            **OF_FITTED,
            **OF_COEFFICIENTS,
            "restriction_test": [lambda m, w: m.restriction_test(w.var)],
            "with_cov": [lambda m, w: m.with_cov("HC1")],
        },
    ),
    (
        pv.VecmResult,
        lambda w: w.vecm,
        {
            **OF_FITTED,
            **OF_FRAMES,
            "augment": OF_COEFFICIENTS["augment"],
            "lincom": [lambda m, w: m.lincom("[y]L(D(y)) + [z]L(D(z))")],
            "nonlinear": [lambda m, w: m.nonlinear("[y]L(D(y)) * [z]L(D(z))").to_frame().iloc[:, 1:]],
            "wald_test": [lambda m, w: m.wald_test(["[y]ec1", "[z]L(D(x))"]), lambda m, w: m.wald_test("[ec1]z")],
            "with_cov": [lambda m, w: m.with_cov("HC2")],
            "impulse_responses": [
                *OF_FITTED["impulse_responses"],
                *(
                    lambda m, w, name=name: m.impulse_responses(4, identification=SVEC, bands=SOURCES[name])
                    for name in ("delta", "delta sup-t", "residual")
                ),
            ],
            "simulate": [lambda m, w: m.simulate(30, seed=1, initial=INTEGRATED[:2, :3] * w.k)],
            "exclusion_test": [lambda m, w: m.exclusion_test(lags=1), lambda m, w: m.exclusion_test(equations="x")],
            "restriction_test": [
                lambda m, w: m.restriction_test(beta="z = 0"),
                # The text of the hypothesis holds the numbers that were given.
                lambda m, w: m.restriction_test(known={"x": 1.0 / w.k[0], "y": -0.7 / w.k[1]}).statistic,
                lambda m, w: m.restriction_test(alpha="y = 0"),
            ],
            "weak_exogeneity_test": [lambda m, w: m.weak_exogeneity_test("y")],
        },
    ),
    (
        pv.VarBatch,
        lambda w: pv.fit_var_batch(w.panel, SYSTEM),
        {
            "impulse_responses": [
                lambda m, w, scheme=scheme: m.impulse_responses(4, identification=scheme)
                for scheme in ("cholesky", "long_run", "generalised")
            ],
            "conf_int": [lambda m, w: m.conf_int()],
            "member": [lambda m, w: m.member(3)],
        },
    ),
    (
        pv.ProjectedResponses,
        lambda w: pv.fit_local_projections(w.frame, SYSTEM, horizon=4),
        {
            **OF_FRAMES,
            "conf_int": [lambda m, w: m.conf_int(of="[x]*")],
            "lincom": [lambda m, w: m.lincom("[y]h1.x + [y]h2.x")],
            "nonlinear": [lambda m, w: m.nonlinear("[y]h1.x / [y]h2.x").to_frame().iloc[:, 1:]],
            "wald_test": [lambda m, w: m.wald_test(["[y]h1.x", "[z]h2.x"])],
            "joint_covariance": [lambda m, w: m.joint_covariance("x", "y")],
            "response": [lambda m, w: m.response("x", "y")],
            "with_bands": [lambda m, w: m.with_bands(SOURCES["delta sup-t"])],
        },
    ),
    (
        pv.JohansenResult,
        lambda w: pv.johansen_test(w.levels, SYSTEM, lags=2),
        {"chosen_rank": [lambda m, w: m.chosen_rank("trace")], "critical_values": [lambda m, w: m.critical_values()]},
    ),
    (Responses, lambda w: w.var.impulse_responses(4), {"response": [lambda m, w: m.response("x", "y")]}),
    (
        ForecastAccuracy,
        lambda w: pv.evaluate_forecasts(w.frame, SYSTEM, window=100),
        {
            "diebold_mariano": [
                lambda m, w: m.diebold_mariano("x", 2),
                lambda m, w: m.diebold_mariano("y", loss="absolute"),
            ]
        },
    ),
    (
        LagSelection,
        lambda w: pv.select_lags(w.frame, max_lags=4, columns=SYSTEM),
        {"order": [lambda m, w: m.order("lr")]},
    ),
    (
        CusumTests,
        lambda w: pv.cusum_test(w.var),
        {"boundary": [lambda m, w: m.boundary()], "boundaries": [lambda m, w: m.boundaries()]},
    ),
    (
        pv.SvarResult,
        lambda w: pv.fit_svar(w.var, AB, bands=SOURCES["delta sup-t all"], level=(0.68, 0.95)),
        {
            "conf_int": [lambda m, w: m.conf_int(), lambda m, w: m.conf_int(level=0.68)],
            "glance": OF_FRAMES["glance"],
            "lincom": [lambda m, w: m.lincom(f"2 * {m._stacked.names[0]}")],
            "nonlinear": [lambda m, w: m.nonlinear(f"{m._stacked.names[0]} * 2").to_frame().iloc[:, 1:]],
            "tidy": [lambda m, w: m.tidy(level=0.95)],
            "wald_test": [lambda m, w: m.wald_test(list(m._stacked.names[:2]))],
        },
    ),
    (Correlogram, lambda w: pv.residual_correlogram(w.var, lags=3), {"limits": [lambda m, w: m.limits()[0].upper]}),
]
SLOW: list[tuple[type, Call, Table]] = [
    (pv.RestrictedVarResult, lambda w: w.restricted, {"impulse_responses": banded("generalised", "long_run", MIXED)}),
    (pv.VecmResult, lambda w: w.vecm, {"impulse_responses": banded("generalised", "long_run", MIXED)}),
]
"""What further systems do as a vector autoregression does."""
NO_NUMBERS = {"equations", "within", "but"}
"""A text of rounded numbers, a step inside another method, and a change of a convention."""


def _asked(word: str, asked: list[tuple[type, Call, Table]]) -> dict[str, Call]:
    return {
        f"{kind.__name__}[{word}{at}].{name} {place}": lambda w, model=model, call=call: call(w.made(model), w)
        for at, (kind, model, table) in enumerate(asked)
        for name, calls in table.items()
        for place, call in enumerate(calls)
    }


CASES = numbered(FUNCTIONS) | _asked("", CALLS)
MORE = _asked("slow ", SLOW)


def test_every_public_function_of_this_side_is_called():
    own = {name for name, room in functions().items() if room in SYSTEMS}
    assert own | OF_BOTH == set(FUNCTIONS) - {"System"}


def test_every_public_method_of_results_of_this_side_is_called():
    covered: dict[type, set[str]] = {}
    for kind, _, table in CALLS:
        covered.setdefault(kind, set()).update(name for name, calls in table.items() if calls)
    everywhere = set().union(*covered.values())
    missing = []
    for room in SYSTEMS:
        package = importlib.import_module(f"panelvar.{room}")
        for module in pkgutil.iter_modules(package.__path__):
            for name, kind in vars(importlib.import_module(f"{package.__name__}.{module.name}")).items():
                mine = inspect.isclass(kind) and kind.__module__ == f"{package.__name__}.{module.name}"
                if mine and name[0] != "_" and issubclass(kind, HintsAtNames):
                    left = methods(kind) - PRINTED - NO_NUMBERS - covered.get(kind, everywhere)
                    missing += [f"{name}.{method}" for method in sorted(left)]
    assert not missing


FAR = [
    dict(zip(NAMES, powers, strict=True))
    for powers in (
        (40, -40, 0, 40, -40),
        (-40, 0, 40, -40, 40),
        *np.random.default_rng(1).integers(-40, 41, (2, len(NAMES))).tolist(),
    )
]
EXTREME = [
    dict(zip(NAMES, powers, strict=True))
    for powers in ((300,) * 5, (-300,) * 5, (300, -300, 0, 300, -300), (-300, 0, 300, -300, 300))
]


NOT_OFFERED = re.compile(
    "[Ss]tudentised intervals|would undo a restriction|posterior of an unrestricted|has no exogenous variables"
    "|average origin|responses of the levels do not die out|is not stable|Values before the sample"
)
"""Words about what a kind of system does not offer."""


def check(case: str, far: list[dict[str, int]], extreme: list[dict[str, int]]) -> None:
    call = (CASES | MORE)[case]
    try:
        start = answer(call, World.within({}))
    except pv.PanelVarError as error:
        assert NOT_OFFERED.search(str(error)), error
        for units in far:
            with pytest.raises(type(error), match=NOT_OFFERED):
                answer(call, World.within(units))
    else:
        compare(call, World, start, far, extreme)


@pytest.mark.parametrize("case", CASES)
def test_other_units_give_the_same_answer(case):
    """In units up to 2^40, each variable its own; up to 2^300 the same or refused in words."""
    check(case, turn(case, FAR), turn(case, EXTREME))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES | MORE)
def test_all_other_units_give_the_same_answer(case):
    check(case, FAR, EXTREME)


def test_coefficients_are_in_units_of_what_they_explain_over_what_explains():
    """The powers that are learned above are these."""
    start, units = World({}), {"x": 7, "y": -20, "z": 3, "w": 11}
    moved = World(units)
    params = moved.with_exogenous.params / start.with_exogenous.params
    for regressor in params.index:
        beside = units.get(regressor.split(".")[-1], 0)
        for equation in params.columns:
            assert params.loc[regressor, equation] == pytest.approx(2.0 ** (units[equation] - beside), rel=1e-9)
    sigma = moved.var.sigma / start.var.sigma
    np.testing.assert_allclose(sigma, np.outer(moved.k, moved.k), rtol=1e-9)
    responses = moved.var.impulse_responses(3).values / moved.k[:, None]
    np.testing.assert_allclose(responses, start.var.impulse_responses(3).values, rtol=1e-9)


def _same_numbers(one: object, other: object) -> None:
    # What each row adds stands where the row stands.
    first, second = (
        {path: values for path, values in answer(lambda value: value, each).items() if "influence" not in path}
        for each in (one, other)
    )
    assert first.keys() == second.keys()
    for path, values in first.items():
        if numeric(values):
            np.testing.assert_allclose(second[path], values, rtol=1e-9, atol=1e-12, err_msg=path)


KEYED: dict[str, Callable[[pd.DataFrame], object]] = {
    "fit_var": lambda frame: pv.fit_var(frame, SYSTEM, lags=2),
    "select_lags": lambda frame: pv.select_lags(frame, max_lags=3, columns=SYSTEM),
    "fit_restricted_var": lambda frame: pv.fit_restricted_var(frame, restrictions={"x": ["L1.y"]}, columns=SYSTEM),
    "fit_rolling_var": lambda frame: pv.fit_rolling_var(frame, SYSTEM, window=60),
    "fit_vecm": lambda frame: pv.fit_vecm(frame, SYSTEM, rank=1, lags=2),
    "johansen_test": lambda frame: pv.johansen_test(frame, SYSTEM, lags=2),
    "engle_granger_test": lambda frame: pv.engle_granger_test(frame, y=SYSTEM[0], x=SYSTEM[1:]),
    "fit_local_projections": lambda frame: pv.fit_local_projections(frame, SYSTEM, horizon=3, shock="w"),
    "unit_root_table": lambda frame: pv.unit_root_table(frame),
    "toda_yamamoto_test": lambda frame: pv.toda_yamamoto_test(frame, "x", "y", lags=1, columns=SYSTEM),
}


@pytest.mark.parametrize("name", KEYED)
def test_the_order_of_dated_rows_does_not_matter(name):
    frame = World({}).frame
    frame.index = pd.date_range("1990-01-01", periods=len(frame), freq="MS")
    _same_numbers(KEYED[name](frame), KEYED[name](frame.sample(frac=1.0, random_state=1)))


@pytest.mark.parametrize("name", ["fit_var_batch", "fit_panel_local_projections"])
def test_the_order_of_the_rows_of_a_panel_does_not_matter(name):
    frame = pd.DataFrame(PANEL, columns=list(NAMES))
    frame["firm"], frame["year"] = np.repeat(np.arange(8), 30), np.tile(np.arange(30), 8)
    call = {
        "fit_var_batch": lambda panel: pv.fit_var_batch(panel, SYSTEM),
        "fit_panel_local_projections": lambda panel: pv.fit_panel_local_projections(panel, "y", "x", horizon=3),
    }[name]
    both = (pv.Panel(each, entity="firm", time="year") for each in (frame, frame.sample(frac=1.0, random_state=2)))
    _same_numbers(*(quietly(call, panel) for panel in both))


# Statistics of a system as a whole, which do not depend on the order of its variables.
OF_THE_WHOLE: dict[str, Callable[[pd.DataFrame, list[str]], object]] = {
    "roots": lambda frame, names: np.sort(pv.fit_var(frame, names).moduli),
    "criteria": lambda frame, names: pv.select_lags(frame, max_lags=3, columns=names).criteria,
    "exclusion": lambda frame, names: pv.fit_var(frame, names).exclusion_test().statistic,
    "robust exclusion": lambda frame, names: pv.fit_var(frame, names).with_cov("HC1").exclusion_test().statistic,
    "portmanteau": lambda frame, names: pv.portmanteau_test(pv.fit_var(frame, names), lags=4).statistic,
    "serial": lambda frame, names: pv.serial_lm_test(pv.fit_var(frame, names), lags=2).statistic,
    "arch": lambda frame, names: pv.arch_test(pv.fit_var(frame, names), lags=1).statistic,
    "white": lambda frame, names: pv.white_test(pv.fit_var(frame, names), cross_terms=True).statistic,
    "doornik-hansen": lambda frame, names: (
        pv.normality_test(pv.fit_var(frame, names), statistic="doornik-hansen").statistic
    ),
    "urzua": lambda frame, names: pv.normality_test(pv.fit_var(frame, names), statistic="urzua").statistic,
    "johansen": lambda frame, names: pv.johansen_test(frame, names, lags=2).table.to_numpy(),
    "vecm": lambda frame, names: pv.fit_vecm(frame, names, rank=1, lags=2).loglik,
    "causality": lambda frame, names: pv.fit_var(frame, names).granger_causality("x", ["y", "z"]).statistic,
    "bootstrap": lambda frame, names: (
        pv.granger_bootstrap_test(pv.fit_var(frame, names), "x", "y", draws=49, seed=1).pvalue
    ),
    "instantaneous": lambda frame, names: pv.instantaneous_causality_test(pv.fit_var(frame, names), "x").statistic,
}


@pytest.mark.parametrize("name", OF_THE_WHOLE)
def test_the_order_of_the_variables_does_not_matter_to_what_concerns_them_all(name):
    frame = World({}).frame
    expected = np.asarray(OF_THE_WHOLE[name](frame, SYSTEM), dtype=float)
    for order in (["z", "x", "y"], ["y", "x", "z"]):
        found = np.asarray(OF_THE_WHOLE[name](frame[[*order, "w", "q"]], order), dtype=float)
        np.testing.assert_allclose(found, expected, rtol=1e-8)


@pytest.mark.parametrize("names", [("a b", "x1", "Z"), ("c", "b", "a"), ("const", "L1.x", "trend2")])
def test_names_do_not_matter(names):
    frame = World({}).frame[SYSTEM]
    plain, renamed = pv.fit_var(frame, lags=2), pv.fit_var(frame.set_axis(list(names), axis=1), lags=2)
    np.testing.assert_array_equal(renamed.params.to_numpy(), plain.params.to_numpy())
    np.testing.assert_array_equal(renamed.impulse_responses(4).values, plain.impulse_responses(4).values)
    one, other = (model.variance_decomposition(3, bands=SOURCES["delta sup-t"]).lower for model in (plain, renamed))
    np.testing.assert_array_equal(other, one)
