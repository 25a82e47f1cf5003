"""Few-cluster inference: CR2 against CR1 at 1e6 rows with nested effects, and 9,999 wild bootstrap draws at 1e5."""

from __future__ import annotations

import numpy as np

import panelvar as pv
from benchmarks.harness import human, limit, median_seconds
from benchmarks.samples import panel_frame


def main(*, smoke: bool = False) -> None:
    """Time both; CR2 may take five times CR1, the bootstrap half a second."""
    budget = 0.05 if smoke else 3.0
    entities, size = (200, 10) if smoke else (100_000, 10)
    for k in (2, 10):
        frame = panel_frame(entities, 10, k)
        frame["cluster"] = frame["entity"] // size
        regressors = [f"x{j}" for j in range(k)]
        result = pv.fit_fixed_effects(pv.Panel(frame, "entity", "time"), "y", regressors)

        def seconds(cov: pv.Clustered | pv.BiasReduced, result: pv.LinearResult = result) -> float:
            return median_seconds(lambda: result.with_cov(cov).pvalues, budget=budget)

        plain = seconds(pv.Clustered("cluster"))
        for kind in ("CR2", "CR3"):
            adjusted = seconds(pv.BiasReduced("cluster", kind=kind))
            label = f"{entities * 10:.0e} x {k} {kind}, {entities // size} clusters".replace("e+0", "e")
            text = f"{human(adjusted)}, {adjusted / plain:.1f} times CR1"
            limit(label, 0.0 if smoke else adjusted / plain, text, 5.0)
    entities, draws = (500, 99) if smoke else (10_000, 9999)
    frame = panel_frame(entities, 10, 2)
    frame["cluster"] = frame["entity"] * 50 // entities
    result = pv.fit_fixed_effects(pv.Panel(frame, "entity", "time"), "y", ["x0", "x1"])
    for weights in ("rademacher", "webb"):

        def boot(weights: str = weights) -> pv.WildBootstrapResult:
            return pv.wild_bootstrap(result, "x0", cluster="cluster", weights=weights, draws=draws, seed=1)

        estimate = float(result.params["x0"])
        if not boot().lower < estimate < boot().upper or not np.isfinite(boot().pvalue):
            raise AssertionError("the confidence set does not hold the estimate")
        taken = median_seconds(boot, budget=budget)
        text = f"{human(taken)}, test and confidence set"
        limit(f"wild bootstrap, {draws} draws, 50 clusters, {weights}", taken, text, 0.5)
