"""linearmodels; setting its index is not in its time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
from linearmodels.panel import FirstDifferenceOLS, PanelOLS, PooledOLS, RandomEffects

from benchmarks.programs.answers import Call, Told, estimates, regressors_of

ENTITY = {"entity_effects": True}
CLUSTERED = {"cov_type": "clustered", "cluster_entity": True, "group_debias": True}
KRAAY = {
    "cov_type": "kernel",
    "kernel": "bartlett",
    "bandwidth": 3,
    "debiased": False,
    "auto_df": False,
    "count_effects": False,
}


def fit(
    model: Any, constant: bool, options: dict[str, Any], covariance: dict[str, Any]
) -> Callable[[pd.DataFrame], Call]:
    def prepare(frame: pd.DataFrame) -> Call:
        names = regressors_of(frame)
        indexed = frame.set_index(["entity", "time"]).assign(const=1.0)
        columns = ["const", *names] if constant else names

        def run() -> Told:
            result = model(indexed["y"], indexed[columns], **options).fit(**covariance)
            result.params, result.std_errors, result.pvalues, result.rsquared, result.f_statistic.pval  # noqa: B018
            return lambda: estimates(result.params, result.std_errors, names)

        return run

    return prepare


def differences_of_factor(frame: pd.DataFrame) -> Call:
    """First differences with an indicator of every level of ``factor`` but the first."""
    names = regressors_of(frame)
    indexed = frame.set_index(["entity", "time"])

    def run() -> Told:
        levels = pd.get_dummies(indexed["factor"].astype(str), prefix="factor", drop_first=True, dtype=float)
        result = FirstDifferenceOLS(indexed["y"], indexed[names].join(levels)).fit()
        result.params, result.std_errors, result.pvalues, result.rsquared, result.f_statistic.pval  # noqa: B018
        return lambda: estimates(result.params, result.std_errors, names)

    return run


JOBS: dict[str, Callable[[Any], Call]] = {
    "pooled": fit(PooledOLS, True, {}, {}),
    "fixed effects": fit(PanelOLS, True, ENTITY, {}),
    "fixed effects, clustered": fit(PanelOLS, True, ENTITY, CLUSTERED),
    "fixed effects, Driscoll-Kraay": fit(PanelOLS, True, ENTITY, KRAAY),
    "factor columns, differences": differences_of_factor,
    "random effects": fit(RandomEffects, True, {}, {}),
    "two-way": fit(PanelOLS, False, ENTITY | {"time_effects": True}, {}),
}
