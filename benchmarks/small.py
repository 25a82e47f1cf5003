"""A model of 57 rows and two regressors, from a DataFrame; and the array entry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

import panelvar as pv
from benchmarks.harness import Row, equal, human, limit, median_seconds, ratio
from benchmarks.kernels import kernel
from benchmarks.samples import panel_frame

REGRESSORS = ["x0", "x1"]
FITS = {"pooled": pv.fit_pooled, "fixed effects": pv.fit_fixed_effects}


def _frame() -> pd.DataFrame:
    frame = panel_frame(3, 19, 2)
    frame["entity"] = frame["entity"].map({0: "Aba", 1: "Ganzi", 2: "Liangshan"})
    return frame


def _ours(frame: pd.DataFrame, fit: Any) -> list[float]:
    """Read everything a table needs: estimates, errors, p-values, R2 and F."""
    panel = pv.Panel(frame, "entity", "time")
    result = fit(panel, "y", REGRESSORS)
    joint = result.f_statistic
    result.params, result.std_errors, result.pvalues  # noqa: B018
    return [result.rsquared, joint.statistic]


def _arrays(x: Any, y: Any) -> list[Any]:
    result = kernel("kernels.linear.ols").ols(x, y)
    return [result.coefficients, result.std_errors, result.pvalues, [result.rsquared, result.f_statistic]]


def rows(*, smoke: bool = False) -> Iterator[Row]:
    """List our side of each timing."""
    frame = _frame()
    for name, fit in FITS.items():
        yield Row(f"57 x 2 {name}", lambda fit=fit: lambda: _ours(frame, fit))
    x, y = frame[REGRESSORS].to_numpy(), frame["y"].to_numpy()
    yield Row("57 x 2 from arrays", lambda: lambda: _arrays(x, y))


def main(*, smoke: bool = False) -> None:
    """Time pooled and fixed effects, frame to numbers, then OLS from arrays."""
    from linearmodels.panel import PanelOLS, PooledOLS
    from pyfixest import feols
    from statsmodels.regression.linear_model import OLS

    budget = 0.05 if smoke else 2.0
    frame, regressors = _frame(), REGRESSORS
    indexed = frame.set_index(["entity", "time"]).assign(const=1.0)

    def peer(model: Any, **options: Any) -> list[float]:
        result = model(indexed["y"], indexed[["const", *regressors]], **options).fit()
        joint = result.f_statistic
        result.params, result.std_errors, result.pvalues  # noqa: B018
        return [result.rsquared, joint.stat]

    def fixest(formula: str) -> None:
        result = feols(formula, frame)
        result.coef(), result.se(), result.pvalue(), result._r2

    for name, fit, model, options, formula in (
        ("pooled", FITS["pooled"], PooledOLS, {}, "y ~ x0 + x1"),
        ("fixed effects", FITS["fixed effects"], PanelOLS, {"entity_effects": True}, "y ~ x0 + x1 | entity"),
    ):
        theirs = model(indexed["y"], indexed[["const", *regressors]], **options).fit()
        mine = fit(pv.Panel(frame, "entity", "time"), "y", regressors)
        equal(name, mine.params, theirs.params)
        equal(name, mine.std_errors, theirs.std_errors)
        equal(name, mine.pvalues, theirs.pvalues)
        equal(name, _ours(frame, fit), peer(model, **options))
        equal(name, mine.params[regressors], feols(formula, frame, vcov="iid").coef()[regressors])
        seconds = median_seconds(lambda fit=fit: _ours(frame, fit), budget=budget)
        limit(f"57 x 2 {name}", seconds, f"{human(seconds)} of at most 400 us", 400e-6)
        ratio(
            f"57 x 2 {name}",
            seconds,
            "linearmodels",
            median_seconds(lambda model=model, options=options: peer(model, **options), budget=budget),
            30,
        )
        ratio(
            f"57 x 2 {name}",
            seconds,
            "pyfixest",
            median_seconds(lambda formula=formula: fixest(formula), budget=budget),
            20,
        )

    x = frame[regressors].to_numpy()
    y = frame["y"].to_numpy()
    design = np.column_stack((np.ones(len(y)), x))

    def statsmodels() -> list[Any]:
        result = OLS(y, design).fit()
        return [result.params, result.bse, result.pvalues, [result.rsquared, result.fvalue]]

    for mine, theirs in zip(_arrays(x, y), statsmodels(), strict=True):
        equal("array entry", mine, theirs)
    ratio(
        "57 x 2 from arrays",
        median_seconds(lambda: _arrays(x, y), budget=budget, most=4000),
        "statsmodels OLS",
        median_seconds(statsmodels, budget=budget, most=4000),
        4,
    )
