"""Estimators at 1e5 and 1e6 rows, from a ready DataFrame to estimates, errors, p-values, R2 and F."""

from __future__ import annotations

from typing import Any

import panelvar as pv
from benchmarks.harness import equal, median_seconds, ratio
from benchmarks.samples import panel_frame


def main(*, smoke: bool = False) -> None:
    """Time fixed, random, and clustered fixed effects."""
    from linearmodels.panel import PanelOLS, PooledOLS, RandomEffects
    from pyfixest import feols

    budget = 0.05 if smoke else 3.0
    sizes = [(200, 10)] if smoke else [(10_000, 10), (100_000, 10)]
    for entities, periods in sizes:
        for k in (2, 10):
            frame = panel_frame(entities, periods, k)
            regressors = [f"x{j}" for j in range(k)]
            indexed = frame.set_index(["entity", "time"]).assign(const=1.0)
            size = f"{entities * periods:.0e} x {k}".replace("e+0", "e")
            formula = f"y ~ {' + '.join(regressors)}"

            def ours(fit: Any, frame: Any = frame, regressors: Any = regressors, **options: Any) -> Any:
                result = fit(pv.Panel(frame, "entity", "time"), "y", regressors, **options)
                joint = result.f_statistic
                result.params, result.std_errors, result.pvalues, result.rsquared, joint.pvalue  # noqa: B018
                return result

            def peer(model: Any, options: Any, fit: Any, indexed: Any = indexed, regressors: Any = regressors) -> Any:
                result = model(indexed["y"], indexed[["const", *regressors]], **options).fit(**fit)
                result.params, result.std_errors, result.pvalues, result.rsquared, result.f_statistic  # noqa: B018
                return result

            def fixest(right: str, vcov: Any, frame: Any = frame, formula: str = formula) -> Any:
                result = feols(formula + right, frame, vcov=vcov)
                result.coef(), result.se(), result.pvalue()
                return result

            cluster = {"cov_type": "clustered", "cluster_entity": True, "group_debias": True}
            entity = {"entity_effects": True}
            for label, fit, options, model, model_options, fit_options, right, vcov in (
                ("pooled", pv.fit_pooled, {}, PooledOLS, {}, {}, "", "iid"),
                ("fixed effects", pv.fit_fixed_effects, {}, PanelOLS, entity, {}, " | entity", "iid"),
                (
                    "fixed effects, clustered",
                    pv.fit_fixed_effects,
                    {"cov": "cluster"},
                    PanelOLS,
                    entity,
                    cluster,
                    " | entity",
                    {"CRV1": "entity"},
                ),
                (
                    "random effects",
                    pv.fit_random_effects,
                    {"convention": "linearmodels"},
                    RandomEffects,
                    {},
                    {},
                    None,
                    None,
                ),
            ):
                mine = ours(fit, **options)
                theirs = peer(model, model_options, fit_options)
                equal(label, mine.params, theirs.params)
                equal(label, mine.std_errors, theirs.std_errors)
                seconds = median_seconds(lambda fit=fit, options=options: ours(fit, **options), budget=budget)
                slow = median_seconds(
                    lambda m=model, o=model_options, f=fit_options: peer(m, o, f),
                    budget=budget,
                    least=1 if smoke else 3,
                )
                ratio(f"{size} {label}", seconds, "linearmodels", slow, None if smoke else 25)
                if right is not None:
                    equal(label, mine.params[regressors], fixest(right, vcov).coef()[regressors])
                    equal(label, mine.std_errors[regressors], fixest(right, vcov).se()[regressors])
                    slow = median_seconds(lambda right=right, vcov=vcov: fixest(right, vcov), budget=budget)
                    ratio(f"{size} {label}", seconds, "pyfixest", slow, None if smoke else 8)
