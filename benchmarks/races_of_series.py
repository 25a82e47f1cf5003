"""Races on series and systems: vector autoregressions, unit roots, dynamic panels."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from benchmarks.dynamic_panels import firms, simulated_frame
from benchmarks.programs.drawn_entities import DRAWS
from benchmarks.race import OURS, Entry, Race
from benchmarks.samples import var_series
from benchmarks.sizes import entries_of, number


def systems(profile: str) -> Iterator[Race]:
    """Vector autoregressions."""
    shapes = [(2, 100), (3, 500)] if profile == "smoke" else [(2, 100), (3, 200), (3, 500), (10, 1_000)]
    for variables, periods in shapes:
        make = partial(var_series, variables, periods)
        for job in ("VAR", "lag selection", "responses"):
            yield Race(
                job,
                f"K = {variables}, T = {periods:,}",
                variables * periods,
                make,
                make,
                entries_of(job, "statsmodels", *["vars"] * (job == "VAR")),
                budget=2.0,
            )
    if profile != "smoke":
        make = partial(var_series, 20, 5_000)
        yield Race(
            "bands",
            "1,000 draws, K = 20, T = 5,000",
            100_000,
            make,
            make,
            entries_of("bands", "statsmodels"),
            budget=8.0,
        )


def walk(rows: int) -> np.ndarray:
    """Make a random walk."""
    return np.random.default_rng(0).standard_normal(rows).cumsum()


def walks(entities: int, periods: int) -> np.ndarray:
    """Make random walks (T, N)."""
    return np.random.default_rng(0).standard_normal((entities, periods)).cumsum(axis=1).T


def series(profile: str) -> Iterator[Race]:
    """Unit roots of one series and of many."""
    for rows in (200,) if profile == "smoke" else (200, 10_000, 1_000_000):
        make = partial(walk, rows)
        entries = entries_of("ADF", "statsmodels", "arch")
        yield Race("ADF", f"8 lags, T = {number(rows)}", rows, make, make, entries, budget=2.0)
    for job in ("ADF, lags by BIC", "DF-GLS", "KPSS", "Phillips-Perron"):
        for rows in (200,) if profile == "smoke" else (200, 10_000):
            make, shape = partial(walk, rows), f"T = {number(rows)}"
            yield Race(job, shape, rows, make, make, entries_of(job, "arch"), budget=1.0)
    for entities in (10,) if profile == "smoke" else (25, 250):
        shape = f"{entities} series of 100, lags by BIC"
        many = partial(walks, entities, 100)
        yield Race("IPS", shape, entities * 100, many, many, entries_of("IPS", "plm"), budget=2.0)


def dynamic(profile: str) -> Iterator[Race]:
    """Arellano and Bond's table 4, for their firms and copies; a panel VAR of three variables, and its draws."""
    for copies in (1,) if profile == "smoke" else (1, 8):
        make = partial(firms, copies)
        for peer in ("plm", "pydynpd"):
            job = f"Arellano-Bond as {peer}"
            yield Race(job, f"{140 * copies:,} firms", 1031 * copies, make, make, entries_of(job, peer), budget=2.0)
    for entities in (100,) if profile == "smoke" else (300, 3_000):
        job, make = "panel VAR as pydynpd", partial(simulated_frame, entities, 8)
        shape = f"K = 3, {entities:,} entities, 8 periods"
        yield Race(job, shape, 8 * entities, make, make, entries_of(job, "pydynpd"), budget=2.0)
    for entities in (400,) if profile == "smoke" else (500, 2_000, 8_000):
        job, make = "draws of entities", partial(simulated_frame, entities, 8)
        shape = f"{DRAWS} draws, K = 3, {entities:,} entities, 8 periods"
        entries = {
            OURS: Entry("drawn_entities", job, 1e-10),
            "QR of each": Entry("drawn_entities", f"{job}, by QR", 1e-10),
        }
        yield Race(job, shape, 8 * entities, make, make, entries, budget=2.0)
