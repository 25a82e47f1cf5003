"""What the calls of the VAR table use: data, models, and the same numbers written out in the slow way."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from reference_data import table
from streams import stream

import panelvar as pv

SPECIFICATION = "Specification and estimation"
LAGS = "Lag order"
IDENTIFICATION = "Roots and identification"
RESPONSES = "Responses and decompositions"
BANDS = "Bands"
FORECASTS = "Forecasts"
TESTS = "Tests of a fitted system"
UNIT_ROOTS = "Unit roots and cointegration"

EXPERIMENT = np.array([[1.0, 0.2], [0.5, -1.0], [3.0, 0.0]])
"""Two shocks and what they do at once to output, consumption and investment."""
US = ["dl_realgdp", "dl_realcons", "dl_realinv"]


@cache
def growth() -> pd.DataFrame:
    """Growth of United States output, consumption and investment, 202 quarters."""
    return table("us_macro")[US]


@cache
def german() -> pd.DataFrame:
    """West German investment, income and consumption, growth, 1960 to 1978: the data of Luetkepohl's book."""
    return table("wgmacro")[["dl_investment", "dl_income", "dl_consumption"]].iloc[:75]


@cache
def model() -> pv.VarResult:
    """VAR(2) of the American growth rates, every default."""
    return pv.fit_var(growth(), lags=2)


@cache
def instrument() -> pd.Series:
    """A made-up proxy of the shock to output: the shock and noise, missing at first."""
    shock = model().structural_shocks()[US[0]]
    noise = np.random.default_rng(1).standard_normal(len(shock))
    series = shock + noise
    series.iloc[:60] = np.nan
    return series


@cache
def two_countries() -> pv.Panel:
    """The American quarters cut into two entities."""
    frame = growth().reset_index(drop=True)
    half = len(frame) // 2
    frame = frame.assign(country=np.repeat(["a", "b"], half), quarter=np.tile(np.arange(half), 2))
    return pv.Panel(frame, "country", "quarter")


def short_run(over: bool = False) -> pv.ShortRun:
    """Lower triangular A, with one zero more than needed if asked for."""
    n = np.nan
    return pv.ShortRun([[1, 0, 0], [n, 1, 0], [0 if over else n, n, 1]], np.diag([n, n, n]))


def error_correction(over: bool = False) -> pv.ShortRun:
    """Pfaff's (2008) shocks to the Canadian labour market; unemployment without a lasting effect on itself if asked."""
    lasting = {("prod", name): 0 for name in ("e", "U", "rw")} | {(name, "rw"): 0 for name in ("e", "U", "rw")}
    return pv.ShortRun(b={("rw", "e"): 0}, long_run=lasting | ({("U", "U"): 0} if over else {}))


NAMES: dict[str, Callable[[], Any]] = {
    "growth": growth,
    "german": german,
    "model": model,
    "rates": lambda: table("us_macro")[["unemp", "infl", "tbilrate"]],
    "with_bills": lambda: table("us_macro")[[*US, "tbilrate"]],
    "denmark": lambda: table("denmark").iloc[:, 1:5],
    "money_demand": lambda: table("denmark")[["lrm", "lry", "ibo", "ide"]],
    "money": lambda: table("denmark")["lrm"],
    "countries": two_countries,
    "triangle": short_run,
    "restricted": lambda: short_run(over=True),
    "canada": lambda: table("canada")[["prod", "e", "U", "rw"]],
    "pfaff": error_correction,
    "pfaff_restricted": lambda: error_correction(over=True),
    "experiment": lambda: EXPERIMENT,
    "names": lambda: US,
    "nan": lambda: np.nan,
    "signs": lambda: pv.SignRestrictions(
        {(US[0], "demand"): ("+", 2), (US[1], "demand"): "+", (US[0], "thrift"): "+", (US[1], "thrift"): "-"}, seed=1
    ),
    "proxy": lambda: pv.ExternalInstrument(instrument(), US[0]),
}

SHOWN = {
    "growth, names": "growth of United States output, consumption and investment, 202 quarters, and their names",
    "german": "West German investment, income and consumption, growth, 75 quarters: the data of Lütkepohl (2005)",
    "rates": "United States unemployment, inflation and Treasury bill rate",
    "with_bills": "`growth` and the Treasury bill rate",
    "model": "`fit_var(growth, lags=2)`",
    "countries": "a panel of two entities: the quarters of `growth` cut in halves",
    "denmark, money": "Danish money, income, prices (logarithms) and a bond rate; money alone",
    "money_demand": "Danish money, income (logarithms), bond and deposit rates, 55 quarters",
    "triangle, restricted": "`ShortRun` with a triangular A; with one zero more",
    "canada, pfaff, pfaff_restricted": "Canadian productivity, employment, unemployment and real wages, 84 quarters; "
    "`ShortRun` of Pfaff (2008) with one zero on impact and six of lasting effects; with one more",
    "experiment": "a matrix of two shocks to the three variables",
    "signs, proxy": "`SignRestrictions` of two shocks; `ExternalInstrument` with a made-up series",
}


def layout(frame: pd.DataFrame, lags: int, beside: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Regressors [constant, lags, beside] and left sides, written out."""
    y = frame.to_numpy(dtype=float)
    columns = [np.ones((len(y) - lags, 1)), *(y[lags - j : len(y) - j] for j in range(1, lags + 1))]
    if beside is not None:
        columns.append(beside[lags:])
    return np.column_stack(columns), y[lags:]


def coefficients(frame: pd.DataFrame, lags: int, beside: np.ndarray | None = None) -> np.ndarray:
    """Least-squares coefficients of `layout`, (m, K)."""
    x, y = layout(frame, lags, beside)
    return np.linalg.lstsq(x, y, rcond=None)[0]


def moving_average(horizon: int) -> np.ndarray:
    """Moving-average matrices of `model` by their recursion, (horizon + 1, K, K)."""
    lags = model().coefficients
    out = [np.eye(3)]
    for step in range(1, horizon + 1):
        out.append(sum(lags[j] @ out[step - 1 - j] for j in range(min(2, step))))
    return np.array(out)


def wald(equations: list[int], regressors: list[int], covariance: np.ndarray | None = None) -> float:
    """Wald statistic of exclusions in `model` from its whole covariance."""
    params = model().params.to_numpy()
    cov = model().cov.to_numpy() if covariance is None else covariance
    places = [equation * len(params) + row for equation in equations for row in regressors]
    gap = params.T.ravel()[places]
    return float(gap @ np.linalg.solve(cov[np.ix_(places, places)], gap))


def data_sets(fit: pv.VarResult, source: Any) -> list[np.ndarray]:
    """The data sets of a bootstrap of a model with a constant or nothing beside the lags, by the recursion."""
    problem, known = fit._problem, fit.data.values
    rng = stream(source.seed)
    drawn = [chunk.innovations for chunk in source.innovations(problem, source.draws, rng)]
    intercept = fit.deterministics.sum(axis=0)
    found = []
    for innovations in np.concatenate(drawn):
        y = known.copy()
        for t in range(fit.lags, len(y)):
            past = sum(fit.coefficients[j] @ y[t - 1 - j] for j in range(fit.lags))
            y[t] = intercept + past + innovations[t - fit.lags]
        found.append(y)
    return found


def at(*place: int) -> Callable[[Any], float]:
    """One entry of a result's values."""
    return lambda result: result.values[place]


def statistic(test: Any) -> float:
    """A test's statistic."""
    return test.statistic


def pvalue(test: Any) -> float:
    """A test's p-value."""
    return test.pvalue
