"""Two-way fixed effects on unbalanced panels."""

from __future__ import annotations

from typing import Any

import panelvar as pv
from benchmarks.harness import equal, median_seconds, ratio
from benchmarks.samples import panel_frame


def main(*, smoke: bool = False) -> None:
    """Time the exact solve against linearmodels' and pyfixest's iterations."""
    from linearmodels.panel import PanelOLS
    from pyfixest import feols

    budget = 0.05 if smoke else 3.0
    layouts = [(200, 12)] if smoke else [(11_000, 10), (110_000, 10), (11_000, 100)]
    for entities, periods in layouts:
        k = 3
        frame = panel_frame(entities, periods, k, keep=0.9)
        regressors = [f"x{j}" for j in range(k)]
        indexed = frame.set_index(["entity", "time"])
        size = f"{entities} entities, {periods} periods"
        formula = f"y ~ {' + '.join(regressors)} | entity + time"

        def ours(frame: Any = frame, regressors: Any = regressors) -> Any:
            result = pv.fit_fixed_effects(pv.Panel(frame, "entity", "time"), "y", regressors, effects="twoway")
            joint = result.f_statistic
            result.params, result.std_errors, result.pvalues, result.rsquared, joint.pvalue  # noqa: B018
            return result

        def peer(indexed: Any = indexed, regressors: Any = regressors) -> Any:
            model = PanelOLS(indexed["y"], indexed[regressors], entity_effects=True, time_effects=True)
            result = model.fit()
            result.params, result.std_errors, result.pvalues, result.rsquared, result.f_statistic  # noqa: B018
            return result

        def fixest(frame: Any = frame, formula: str = formula) -> Any:
            result = feols(formula, frame, vcov="iid")
            result.coef(), result.se(), result.pvalue()
            return result

        mine, theirs, third = ours(), peer(), fixest()
        equal("two-way", mine.params[regressors], theirs.params[regressors], 1e-6)
        equal("two-way", mine.std_errors[regressors], theirs.std_errors[regressors], 1e-6)
        equal("two-way", mine.params[regressors], third.coef()[regressors], 1e-6)
        seconds = median_seconds(ours, budget=budget)
        ratio(size, seconds, "linearmodels", median_seconds(peer, budget=budget), None if smoke else 20)
        ratio(size, seconds, "pyfixest", median_seconds(fixest, budget=budget), None if smoke else 3)
