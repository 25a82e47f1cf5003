"""What grows with the square of something if it is done plainly: seconds, and peak memory besides the data."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

import panelvar as pv
from benchmarks.harness import human, limit, median_seconds
from benchmarks.samples import panel_frame


def _weigh(label: str, run: Callable[[], Any], seconds: float, megabytes: float, *, smoke: bool) -> None:
    """Time a call, then weigh another, against what it may take."""
    taken = median_seconds(run, budget=0.0, least=1)
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    limit(label, 0.0 if smoke else taken, f"{human(taken)}, at most {seconds:g} s", seconds)
    limit(f"{label}, memory", 0.0 if smoke else peak, f"{peak:.0f} MB, at most {megabytes:g} MB", megabytes)


def dependence(*, smoke: bool) -> None:
    """Weigh the test of cross-section dependence of 20,000 entities, balanced and not."""
    entities = 300 if smoke else 20_000
    for label, periods, keep, seconds in (("balanced, T = 40", 40, 1.0, 1.0), ("unbalanced, T = 10", 10, 0.8, 10.0)):
        frame = panel_frame(entities, periods, 1, keep=keep)
        result = pv.fit_fixed_effects(pv.Panel(frame, "entity", "time"), "y", ["x0"])
        result.fit.transformed_residuals  # noqa: B018
        _weigh(
            f"CD, N = {entities}, {label}",
            lambda result=result: pv.cross_section_dependence_test(result),
            seconds,
            200.0,
            smoke=smoke,
        )


def long_series(*, smoke: bool) -> None:
    """Weigh the augmented Dickey-Fuller test with a choice of lags, 1e6 rows."""
    rows = 2000 if smoke else 1_000_000
    walk = np.random.default_rng(0).standard_normal(rows).cumsum()
    _weigh(f"ADF by AIC, {rows} rows", lambda: pv.adf_test(walk), 15.0, 300.0, smoke=smoke)


def many_variables(*, smoke: bool) -> None:
    """Weigh delta-method bands of 50 variables."""
    n_vars = 4 if smoke else 50
    model = pv.fit_var(np.random.default_rng(0).standard_normal((400, n_vars)), lags=2)
    bands = pv.DeltaMethod()
    label = f"delta-method bands, K = {n_vars}, p = 2"
    _weigh(label, lambda: model.impulse_responses(10, bands=bands), 15.0, 500.0, smoke=smoke)


def many_clusters(*, smoke: bool) -> None:
    """Weigh CR2 with 1e6 entities of two rows."""
    entities = 300 if smoke else 1_000_000
    result = pv.fit_fixed_effects(pv.Panel(panel_frame(entities, 2, 2), "entity", "time"), "y", ["x0", "x1"])
    _weigh(f"CR2, {entities} entities of two rows", lambda: result.with_cov("CR2").pvalues, 2.0, 1000.0, smoke=smoke)


def main(*, smoke: bool = False) -> None:
    """Weigh all of it."""
    for weigh in (dependence, long_series, many_variables, many_clusters):
        weigh(smoke=smoke)
