"""Fixed effects against the floor: reading the data once for one Gram matrix; and the memory a fit adds."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np

import panelvar as pv
from benchmarks.harness import human, limit, median_seconds
from benchmarks.samples import panel_frame


def main(*, smoke: bool = False) -> None:
    """Time and weigh fits of ten regressors."""
    k = 10
    entities = 500 if smoke else 50_000
    budget = 0.05 if smoke else 3.0
    frame = panel_frame(entities, 20, k)
    regressors = [f"x{j}" for j in range(k)]
    data = np.asfortranarray(frame[[*regressors, "y"]].to_numpy())
    panel = pv.Panel(frame, "entity", "time")

    def fit(**options: Any) -> Any:
        result = pv.fit_fixed_effects(panel, "y", regressors, **options)
        result.params, result.std_errors, result.pvalues, result.rsquared  # noqa: B018
        return result

    gram = median_seconds(lambda: data.T @ data, budget=budget)
    seconds = median_seconds(fit, budget=budget)
    limit(
        f"{len(frame):.0e} x {k} fixed effects",
        1.0 if smoke else seconds / gram,
        f"{human(seconds)}, Gram matrix {human(gram)}: {seconds / gram:.1f} times the floor, at most 4",
        4.0,
    )
    weight = data.nbytes
    for label, options in (
        ("fixed effects", {}),
        ("fixed effects, clustered", {"cov": "cluster"}),
        ("two-way", {"effects": "twoway"}),
    ):
        fit(**options)
        tracemalloc.start()
        fit(**options)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        limit(
            f"peak extra memory, {label}",
            1.0 if smoke else peak / weight,
            f"{peak / 2**20:.0f} MiB, {peak / weight:.2f} times the model's columns, at most 1.5",
            1.5,
        )
