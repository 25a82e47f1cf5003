"""pyfixest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
from pyfixest import feols, ssc
from pyfixest.demeaners import LsmrDemeaner

from benchmarks.programs.answers import Answer, Call, Told, estimates, regressors_of


def fit(effects: str, vcov: Any, *, exogenous: slice = slice(None), **options: Any) -> Callable[[pd.DataFrame], Call]:
    def prepare(frame: pd.DataFrame) -> Call:
        names = regressors_of(frame)
        formula = f"y ~ {' + '.join(names[exogenous])}{effects}"

        def run() -> Told:
            result = feols(formula, frame, vcov=vcov, **options)
            result.coef(), result.se(), result.pvalue()
            return lambda: estimates(result.coef(), result.se(), names)

        return run

    return prepare


def saturated(frame: pd.DataFrame) -> Call:
    """A column for each cohort and period."""

    def run() -> Answer:
        result = feols("y ~ C(cell) | entity + time", frame, vcov={"CRV1": "entity"})
        return {"params": result.coef().to_numpy(), "std_errors": result.se().to_numpy()}

    return run


JOBS: dict[str, Callable[[Any], Call]] = {
    "pooled": fit("", "iid"),
    "fixed effects": fit(" | entity", "iid"),
    "fixed effects, clustered": fit(" | entity", {"CRV1": "entity"}),
    "fixed effects, Driscoll-Kraay": fit(
        " | entity",
        "DK",
        vcov_kwargs={"time_id": "time", "panel_id": "entity", "lag": 3},
        ssc=ssc(k_adj=False, G_adj=False),
    ),
    "factor columns": fit(" + C(factor) | entity", "iid"),
    "factor columns, instruments": fit(" + C(factor) | entity | x0 ~ instrument", "iid", exogenous=slice(1, None)),
    "event study": fit(" + i(event, ref=-1) | entity + time", "iid"),
    "effects by cohort": saturated,
    "two-way": fit(" | entity + time", "iid"),
    "workers and firms": fit(" | worker + firm", "iid"),
    "workers and firms, LSMR": fit(" | worker + firm", "iid", demeaner=LsmrDemeaner()),
    "three effects": fit(" | worker + firm + year", "iid"),
    "three effects, LSMR": fit(" | worker + firm + year", "iid", demeaner=LsmrDemeaner()),
}
