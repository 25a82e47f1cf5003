"""Many fits in one call, and the loop over some of them, whose time is scaled."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import combinations, islice
from typing import Any

import numpy as np
import pandas as pd

import panelvar as pv
from benchmarks.programs.answers import Answer, Call, regressors_of

LOOPED = 5
"""Fits of the loop that are timed."""


def _answer(results: list[Any]) -> Answer:
    return {
        "params": np.concatenate([each.params.to_numpy()[1:] for each in results]),
        "std_errors": np.concatenate([each.std_errors.to_numpy()[1:] for each in results]),
    }


def outcomes(frame: pd.DataFrame) -> tuple[list[str], list[str] | None]:
    """Name the outcomes, and their regressors."""
    return [name for name in frame if name.startswith("y")], regressors_of(frame)


def specifications(frame: pd.DataFrame, count: int = 100) -> tuple[list[str], list[str] | None]:
    """Write formulas of some ten regressors each, never the same twice."""
    rng = np.random.default_rng(0)
    names = np.array(regressors_of(frame))
    chosen: dict[str, None] = {}
    while len(chosen) < count:
        picked = names[rng.random(len(names)) < 0.5]
        if len(picked):
            chosen[f"y ~ {' + '.join(picked)}"] = None
    return list(chosen), None


def with_levels(frame: pd.DataFrame) -> tuple[list[str], list[str] | None]:
    """Write formulas of the levels of a factor and some of the regressors, or all."""
    names = regressors_of(frame)
    chosen = [each for k in range(1, len(names) + 1) for each in combinations(names, k)]
    return [f"y ~ {' + '.join(each)} + C(factor)" for each in chosen], None


def together(of: Callable[[pd.DataFrame], Any], cov: str) -> Callable[[pd.DataFrame], Call]:
    def prepare(frame: pd.DataFrame) -> Call:
        left, right = of(frame)

        def run() -> Answer:
            panel = pv.Panel(frame, "entity", "time")
            fits = pv.fit_many(pv.fit_fixed_effects, panel, left, right, options={"cov": cov})
            for each in fits.values():
                each.params, each.std_errors, each.pvalues  # noqa: B018
            return _answer(list(islice(fits.values(), LOOPED)))

        return run

    return prepare


def looped(of: Callable[[pd.DataFrame], Any], cov: str) -> Callable[[pd.DataFrame], Call]:
    """Fit a few one by one, all on one panel; what they find is told once."""

    def prepare(frame: pd.DataFrame) -> Call:
        left, right = of(frame)
        told = False

        def run() -> Answer | float:
            nonlocal told
            start = time.perf_counter()
            panel = pv.Panel(frame, "entity", "time")
            results = []
            for each in left[:LOOPED]:
                given = (each,) if right is None else (each, right)
                result = pv.fit_fixed_effects(panel, *given, cov=cov)
                result.params, result.std_errors, result.pvalues  # noqa: B018
                results.append(result)
            taken = time.perf_counter() - start
            if not told:
                told = True
                return _answer(results)
            return taken * len(left) / LOOPED

        return run

    return prepare


Sets = dict[str, np.ndarray]
"""Variables (R, N, T) of many panels of one shape."""


def panels_together(cov: str, sets: Sets) -> Call:
    """Fit one model to all panels in one call."""
    names = [name for name in sets if name != "y"]

    def run() -> Answer:
        batch = pv.fit_panel_batch(pv.fit_fixed_effects, sets, "y", names, options={"cov": cov})
        batch.pvalues  # noqa: B018
        tables = {"params": batch.params[names], "std_errors": batch.std_errors[names]}
        return {what: table.to_numpy()[:LOOPED] for what, table in tables.items()}

    return run


def panels_looped(cov: str, sets: Sets) -> Call:
    """Lay out and fit a few panels one by one; what they find is told once."""
    names = [name for name in sets if name != "y"]
    count, entities, periods = sets["y"].shape
    index = {"entity": np.repeat(np.arange(entities), periods), "time": np.tile(np.arange(periods), entities)}
    told = False

    def run() -> Answer | float:
        nonlocal told
        start = time.perf_counter()
        results = []
        for number in range(LOOPED):
            frame = pd.DataFrame(index | {name: values[number].ravel() for name, values in sets.items()})
            result = pv.fit_fixed_effects(pv.Panel(frame, "entity", "time"), "y", names, cov=cov)
            result.params, result.std_errors, result.pvalues  # noqa: B018
            results.append(result)
        taken = time.perf_counter() - start
        if told:
            return taken * count / LOOPED
        told = True
        return {
            "params": np.array([each.params[names] for each in results]),
            "std_errors": np.array([each.std_errors[names] for each in results]),
        }

    return run


JOBS: dict[str, Callable[[Any], Call]] = {
    f"{what}{word}{how}": way(of, cov)
    for what, of in (
        ("outcomes", outcomes),
        ("specifications", specifications),
        ("specifications with levels", with_levels),
    )
    for word, cov in (("", "classical"), (", clustered", "cluster"))
    for how, way in (("", together), (", one by one", looped))
} | {
    f"panels{word}{how}": partial(way, cov)
    for word, cov in (("", "classical"), (", clustered", "cluster"))
    for how, way in (("", panels_together), (", one by one", panels_looped))
}
