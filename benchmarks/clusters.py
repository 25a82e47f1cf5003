"""Few-cluster inference: CR2 against CR1, nested and crossing effects; 9,999 wild bootstrap draws at 1e5 rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import panelvar as pv
from benchmarks.harness import human, limit, median_seconds
from benchmarks.samples import panel_frame


def nested(budget: float, *, smoke: bool) -> None:
    """Time 1e6 rows, 1e5 entities: 1e4 clusters may take five times CR1; of 1e5 the ratio is reported."""
    entities = 200 if smoke else 100_000
    for k in (2, 10):
        frame = panel_frame(entities, 10, k)
        frame["cluster"] = frame["entity"] // 10
        result = pv.fit_fixed_effects(pv.Panel(frame, "entity", "time"), "y", [f"x{j}" for j in range(k)])
        for by, count, bound in (("cluster", entities // 10, 5.0), ("entity", entities, np.inf)):
            plain = _seconds(result, pv.Clustered(by), budget)
            for kind in ("CR2", "CR3"):
                adjusted = _seconds(result, pv.BiasReduced(by, kind=kind), budget)
                label = f"{entities * 10:.0e} x {k} {kind}, {count} clusters".replace("e+0", "e")
                text = f"{human(adjusted)}, {adjusted / plain:.1f} times CR1"
                limit(label, 0.0 if smoke else adjusted / plain, text, bound)


def crossing(budget: float, *, smoke: bool) -> None:
    """Time two-way effects of 1e4 firms over 20 years: a second clustered by firm, by year, by region."""
    entities = 60 if smoke else 10_000
    frame = panel_frame(entities, 20, 3, keep=0.8)
    frame["region"] = frame["entity"] % 20
    panel = pv.Panel(frame, "entity", "time")
    result = pv.fit_fixed_effects(panel, "y", ["x0", "x1", "x2"], effects="twoway")
    for by in ("entity", "time", "region"):
        taken = _seconds(result, pv.BiasReduced(by), budget)
        limit(f"two-way effects, {len(frame)} rows, CR2 by {by}", taken, human(taken), np.inf if smoke else 2.0)


def bootstrap(budget: float, *, smoke: bool) -> None:
    """Time 9,999 draws, 1e5 rows, 50 clusters: half a second, whatever the kind."""
    entities, draws = (500, 99) if smoke else (10_000, 9999)
    frame = panel_frame(entities, 10, 2)
    frame["cluster"] = frame["entity"] * 50 // entities
    frame["other"] = np.arange(len(frame)) % 12
    result = pv.fit_fixed_effects(pv.Panel(frame, "entity", "time"), "y", ["x0", "x1"])
    estimate = float(result.params["x0"])

    def timed(label: str, run: Callable[[], pv.WildBootstrapResult]) -> None:
        found = run()
        if not found.lower < estimate < found.upper or not np.isfinite(found.pvalue):
            raise AssertionError("the confidence set does not hold the estimate")
        taken = median_seconds(run, budget=budget)
        limit(f"wild bootstrap, {draws} draws, {label}", taken, f"{human(taken)}, test and confidence set", 0.5)

    for weights in ("rademacher", "webb"):
        for variant in ("11", "33"):
            timed(
                f"50 clusters, {weights}, {variant}",
                lambda w=weights, v=variant: pv.wild_bootstrap_test(
                    result, "x0", cluster="cluster", weights=w, statistic=v, draws=draws, seed=1
                ),
            )
    timed(
        "two dimensions of 50 and 12",
        lambda: pv.wild_bootstrap_test(
            result, "x0", cluster=["cluster", "other"], bootstrap_cluster="cluster", draws=draws, seed=1
        ),
    )


def _seconds(result: pv.LinearResult, cov: pv.Clustered | pv.BiasReduced, budget: float) -> float:
    return median_seconds(lambda: result.with_cov(cov).pvalues, budget=budget)


def main(*, smoke: bool = False) -> None:
    """Time all of it."""
    budget = 0.05 if smoke else 2.0
    nested(budget, smoke=smoke)
    crossing(budget, smoke=smoke)
    bootstrap(budget, smoke=smoke)
