"""Our side of every job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

import panelvar as pv
from benchmarks import dynamic_panels
from benchmarks.programs.answers import Answer, Call, Told, estimates, regressors_of
from panelvar.kernels.absorption.absorb import absorb
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.ols import ols
from panelvar.kernels.linear.rows import subtract_tables

EFFECTS = ("worker", "firm")


def fit(
    function: Callable[..., Any],
    formula: str = "",
    *,
    index: tuple[str, ...] = ("entity", "time"),
    source: Callable[..., Any] = pv.Panel,
    **options: Any,
) -> Callable[[pd.DataFrame], Call]:
    """From the frame to everything that a table shows: estimates, errors, p-values, R2 and F."""

    def prepare(frame: pd.DataFrame) -> Call:
        names = regressors_of(frame)

        def run() -> Told:
            model = (formula,) if formula else ("y", names)
            result = function(source(frame, *index), *model, **options)
            result.params, result.std_errors, result.pvalues, result.rsquared, result.f_statistic.pvalue  # noqa: B018
            return lambda: estimates(result.params, result.std_errors, names)

        return run

    return prepare


def staggered(method: str) -> Callable[[pd.DataFrame], Call]:
    """Effects by cohort and period, with their errors."""

    def prepare(frame: pd.DataFrame) -> Call:
        def run() -> Answer:
            effects = pv.fit_event_study(pv.Panel(frame, "entity", "time"), "y", cohort="first", method=method)
            return {"params": effects.params.to_numpy(), "std_errors": effects.std_errors.to_numpy()}

        return run

    return prepare


def projection(effects: tuple[str, ...]) -> Callable[[pd.DataFrame], Call]:
    """Take the effects out of the regressors and the dependent variable, no more."""

    def prepare(frame: pd.DataFrame) -> Call:
        columns = np.asfortranarray(frame[[*regressors_of(frame), "y"]].to_numpy())
        codes = [frame[effect].to_numpy() for effect in effects]

        def run() -> Answer:
            tables = absorb([Grouping.from_codes(each) for each in codes]).tables(columns)
            return {"demeaned": subtract_tables(columns, list(zip(codes, tables, strict=True)), slice(None))}

        return run

    return prepare


def wild(frame: pd.DataFrame) -> Call:
    """Draw signs of workers for a fit that is there."""
    result = pv.fit_fixed_effects(pv.Panel(frame, "worker", "year"), "y", regressors_of(frame), effects=EFFECTS)
    return lambda: {"pvalue": np.array([pv.wild_bootstrap_test(result, "x0", cluster="worker", seed=1).pvalue])}


def arrays(frame: pd.DataFrame) -> Call:
    x, y = frame[regressors_of(frame)].to_numpy(), frame["y"].to_numpy()

    def run() -> Answer:
        result = ols(x, y)
        result.pvalues, result.rsquared, result.f_statistic  # noqa: B018
        return {"params": result.coefficients, "std_errors": result.std_errors}

    return run


def covariance(name: str) -> Callable[[pd.DataFrame], Call]:
    """Compute errors of a kind for a fit that is there."""

    def prepare(frame: pd.DataFrame) -> Call:
        names = regressors_of(frame)
        result = pv.fit_fixed_effects(pv.Panel(frame, "entity", "time"), "y", names)

        def run() -> None:
            result.with_cov(name).pvalues  # noqa: B018

        return run

    return prepare


def var(lags: int) -> Callable[[pd.DataFrame], Call]:
    def prepare(frame: pd.DataFrame) -> Call:
        def run() -> Answer:
            result = pv.fit_var(frame, lags=lags)
            result.params, result.std_errors, result.pvalues  # noqa: B018
            return {
                "params": result.params.to_numpy(),
                "std_errors": result.std_errors.to_numpy(),
                "sigma": np.asarray(result.sigma),
            }

        return run

    return prepare


def selection(frame: pd.DataFrame) -> Call:
    return lambda: {"aic": pv.select_lags(frame, max_lags=8).table["aic"].to_numpy()}


def responses(frame: pd.DataFrame) -> Call:
    model = pv.fit_var(frame, lags=2)
    return lambda: {"responses": model.impulse_responses(20).values}


def bands(lags: int, draws: int) -> Callable[[pd.DataFrame], Call]:
    """Draw bands; the responses are what programs can agree on."""

    def prepare(frame: pd.DataFrame) -> Call:
        model = pv.fit_var(frame, lags=lags)
        source = pv.ResidualBootstrap(draws, seed=1)
        return lambda: {"responses": model.impulse_responses(10, bands=source).values}

    return prepare


def augmented_dickey_fuller(lags: int) -> Callable[[np.ndarray], Call]:
    def prepare(series: np.ndarray) -> Call:
        return lambda: {"statistic": np.array([pv.adf_test(series, lags=lags).statistic])}

    return prepare


def im_pesaran_shin(series: np.ndarray) -> Call:
    return lambda: {"statistic": np.array([pv.ips_test(series, lags="bic", max_lags=8, convention="plm").statistic])}


def table_4(convention: str, *, tests: bool) -> Callable[[pd.DataFrame], Call]:
    """Fit table 4 in two steps; its ten slopes are what programs share, whatever dummies they take."""

    def prepare(frame: pd.DataFrame) -> Call:
        def run() -> Answer:
            result = dynamic_panels.table_4(pv.Panel(frame, "firm", "year"), convention=convention)
            if tests:
                result.params, result.std_errors, result.pvalues, result.hansen_j, result.ar_test(1), result.ar_test(2)
            return {"params": result.params.to_numpy()[:10], "std_errors": result.std_errors.to_numpy()[:10]}

        return run

    return prepare


def panel_var(frame: pd.DataFrame) -> Call:
    """Fit a panel VAR equation by equation, with Windmeijer's errors and the tests of its moments."""
    # The slopes of each equation in another program's order: the own lag first.
    order = [f"L1.{name}" for own in "abc" for name in (own, *(other for other in "abc" if other != own))]
    equations = [own for own in "abc" for _ in "abc"]

    def run() -> Told:
        data = pv.Panel(frame, "entity", "time")
        result = pv.fit_panel_var(data, ["a", "b", "c"], method="gmm", transform="fd", joint=False)
        tables = {"params": result.params, "std_errors": result.std_errors}
        result.hansen_j  # noqa: B018
        return lambda: {
            name: np.array([table.loc[lag, own] for lag, own in zip(order, equations, strict=True)])
            for name, table in tables.items()
        }

    return run


FACTORS = "y ~ x0 + x1 + x2 + C(factor) | entity"
KRAAY = pv.DriscollKraay(lags=3, factor="none")
JOBS: dict[str, Callable[[Any], Call]] = {
    "pooled": fit(pv.fit_pooled),
    "fixed effects": fit(pv.fit_fixed_effects),
    "fixed effects, clustered": fit(pv.fit_fixed_effects, cov="cluster"),
    "fixed effects, Driscoll-Kraay": fit(pv.fit_fixed_effects, cov=KRAAY),
    "random effects": fit(pv.fit_random_effects, convention="linearmodels"),
    "factor columns": fit(pv.fit_fixed_effects, FACTORS),
    "factor columns, in chunks": fit(pv.fit_fixed_effects, FACTORS, source=pv.PanelStream),
    "factor columns, instruments": fit(
        pv.fit_iv_fixed_effects, "y ~ x1 + x2 + C(factor) + [x0 ~ instrument]", cov="classical"
    ),
    "factor columns, differences": fit(pv.fit_first_difference, "y ~ x0 + x1 + x2 + C(factor)"),
    "event study": fit(pv.fit_fixed_effects, "y ~ x0 + x1 + x2 + i(event, ref=-1) | entity + time"),
    "effects by cohort": staggered("sun-abraham"),
    "effects by cohort, imputed": staggered("imputation"),
    "effects by cohort, compared in pairs": staggered("callaway-santanna"),
    "effects by cohort, in two stages": staggered("two-stage"),
    "effects by cohort, extended regression": staggered("extended-two-way"),
    "two-way": fit(pv.fit_fixed_effects, effects="twoway"),
    "workers and firms": fit(pv.fit_fixed_effects, index=("worker", "year"), effects=EFFECTS),
    "three effects": fit(pv.fit_fixed_effects, index=("worker",), effects=(*EFFECTS, "year")),
    "projection": projection(EFFECTS),
    "wild bootstrap, crossed effects": wild,
    "arrays": arrays,
    "CR1": covariance("cluster"),
    "CR2": covariance("CR2"),
    "VAR": var(2),
    "lag selection": selection,
    "responses": responses,
    "bands": bands(4, 1000),
    "ADF": augmented_dickey_fuller(8),
    "IPS": im_pesaran_shin,
    "DF-GLS": lambda series: lambda: {"statistic": np.array([pv.dfgls_test(series, lags=8).statistic])},
    "KPSS": lambda series: lambda: {"statistic": np.array([pv.kpss_test(series, bandwidth=8).statistic])},
    "Phillips-Perron": lambda series: (
        lambda: {"statistic": np.array([pv.phillips_perron_test(series, bandwidth=8).statistic])}
    ),
    "ADF, lags by BIC": lambda series: (
        lambda: {"statistic": np.array([pv.adf_test(series, lags="bic", max_lags=12).statistic])}
    ),
    "panel VAR as pydynpd": panel_var,
    "Arellano-Bond as plm": table_4("plm", tests=False),
    "Arellano-Bond as pydynpd": table_4("default", tests=True),
}
