"""Estimators at 1e5 and 1e6 rows, from a ready DataFrame to estimates, errors, p-values, R2 and F."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pandas as pd

import panelvar as pv
from benchmarks.harness import Row, equal, median_seconds, ratio
from benchmarks.samples import panel_frame

FITS: dict[str, tuple[Any, dict[str, str]]] = {
    "pooled": (pv.fit_pooled, {}),
    "fixed effects": (pv.fit_fixed_effects, {}),
    "fixed effects, clustered": (pv.fit_fixed_effects, {"cov": "cluster"}),
    "random effects": (pv.fit_random_effects, {"convention": "linearmodels"}),
}
_frame = lru_cache(maxsize=1)(panel_frame)


def _sizes(smoke: bool) -> Iterator[tuple[str, tuple[int, int, int]]]:
    for entities, periods in [(200, 10)] if smoke else [(10_000, 10), (100_000, 10)]:
        for k in (2, 10):
            yield f"{entities * periods:.0e} x {k}".replace("e+0", "e"), (entities, periods, k)


def _ours(frame: pd.DataFrame, label: str) -> Any:
    fit, options = FITS[label]
    regressors = [name for name in frame if name.startswith("x")]
    result = fit(pv.Panel(frame, "entity", "time"), "y", regressors, **options)
    joint = result.f_statistic
    result.params, result.std_errors, result.pvalues, result.rsquared, joint.pvalue  # noqa: B018
    return result


def rows(*, smoke: bool = False) -> Iterator[Row]:
    """List our side of each timing."""

    def prepare(layout: tuple[int, int, int], label: str) -> Any:
        frame = _frame(*layout)
        return lambda: _ours(frame, label)

    for size, layout in _sizes(smoke):
        for label in FITS:
            yield Row(f"{size} {label}", lambda layout=layout, label=label: prepare(layout, label))


def main(*, smoke: bool = False) -> None:
    """Time fixed, random, and clustered fixed effects."""
    from linearmodels.panel import PanelOLS, PooledOLS, RandomEffects
    from pyfixest import feols

    budget = 0.05 if smoke else 3.0
    cluster = {"cov_type": "clustered", "cluster_entity": True, "group_debias": True}
    entity = {"entity_effects": True}
    for size, (entities, periods, k) in _sizes(smoke):
        frame = _frame(entities, periods, k)
        regressors = [f"x{j}" for j in range(k)]
        indexed = frame.set_index(["entity", "time"]).assign(const=1.0)
        formula = f"y ~ {' + '.join(regressors)}"

        def peer(model: Any, options: Any, fit: Any, indexed: Any = indexed, regressors: Any = regressors) -> Any:
            result = model(indexed["y"], indexed[["const", *regressors]], **options).fit(**fit)
            result.params, result.std_errors, result.pvalues, result.rsquared, result.f_statistic  # noqa: B018
            return result

        def fixest(right: str, vcov: Any, frame: Any = frame, formula: str = formula) -> Any:
            result = feols(formula + right, frame, vcov=vcov)
            result.coef(), result.se(), result.pvalue()
            return result

        for label, model, model_options, fit_options, right, vcov in (
            ("pooled", PooledOLS, {}, {}, "", "iid"),
            ("fixed effects", PanelOLS, entity, {}, " | entity", "iid"),
            ("fixed effects, clustered", PanelOLS, entity, cluster, " | entity", {"CRV1": "entity"}),
            ("random effects", RandomEffects, {}, {}, None, None),
        ):
            mine = _ours(frame, label)
            theirs = peer(model, model_options, fit_options)
            equal(label, mine.params, theirs.params)
            equal(label, mine.std_errors, theirs.std_errors)
            seconds = median_seconds(lambda frame=frame, label=label: _ours(frame, label), budget=budget)
            slow = median_seconds(
                lambda m=model, o=model_options, f=fit_options: peer(m, o, f), budget=budget, least=1 if smoke else 3
            )
            ratio(f"{size} {label}", seconds, "linearmodels", slow, None if smoke else 25)
            if right is not None:
                equal(label, mine.params[regressors], fixest(right, vcov).coef()[regressors])
                equal(label, mine.std_errors[regressors], fixest(right, vcov).se()[regressors])
                slow = median_seconds(lambda right=right, vcov=vcov: fixest(right, vcov), budget=budget)
                ratio(f"{size} {label}", seconds, "pyfixest", slow, None if smoke else 8)
