"""Races on panels: one-way models, two effects, memory, many fits in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.race import OURS, Entry, Race
from benchmarks.samples import (
    factor_frame,
    outcomes_frame,
    panel_frame,
    panel_sets,
    staggered_frame,
    three_effects_frame,
    worker_frame,
)
from benchmarks.sizes import Size, entries_of, number, of_profile

ITERATED = 1e-5
"""What programs may differ by that iterate until a tolerance of their own."""
TEXTBOOK = 1e-6
"""What normal equations and unrefined means may cost."""
STATIC = ("pooled", "fixed effects", "fixed effects, clustered", "fixed effects, Driscoll-Kraay", "random effects")

SIZES = (
    Size(3, 19, 2, "smoke"),
    Size(1_000, 10, 10),
    Size(10_000, 10, 10),
    Size(100_000, 10, 10),
    Size(1_000_000, 10, 2),
    Size(1_000_000, 10, 10, "full"),
    Size(3_000_000, 10, 10, "full"),
)
HEAVY = 50_000_000
"""Bytes of columns from which memory is weighed."""
SLOW_TO_READ = 100_000
"""Rows from which R is left out: handing them over would take longer than everything else."""
LONG = 100_000_000
"""Rows times periods from which linearmodels, which takes a minute for two effects, is run in the full profile only."""
LARGEST_PEER = 900_000_000
"""Bytes of columns up to which linearmodels is run: it takes some fifteen times as much."""


def static(profile: str) -> Iterator[Race]:
    """One-way models by size, with the floors where they are no more than passes over the columns."""
    for size in of_profile(profile, SIZES):
        make = partial(panel_frame, *size[:3])
        for job in STATIC:
            if size.entities == 3 and job in ("random effects", "fixed effects, Driscoll-Kraay"):
                # Three entities tell nothing of the variance of effects, nor of cross-section dependence.
                continue
            peers = ["linearmodels"] if size.bytes <= LARGEST_PEER else []
            if size.rows > 1_000_000 and job != "fixed effects" and profile != "full":
                # Twenty seconds a call, and eighteen times the columns in memory.
                peers = []
            if job != "random effects":
                peers.append("pyfixest")
            if job == "pooled":
                peers.append("statsmodels")
            if job in ("pooled", "fixed effects"):
                peers.append("lstsq")
                if size.rows < SLOW_TO_READ:
                    peers.append("plm")
            if size.rows < SLOW_TO_READ and job in ("pooled", "fixed effects", "fixed effects, clustered"):
                peers.append("fixest")
            entries = entries_of(job, *peers, lstsq=TEXTBOOK, statsmodels=TEXTBOOK)
            if size.rows >= 10_000 and job.startswith("fixed effects"):
                entries |= {name: Entry("floors", name) for name in ("read", "Gram matrix", "QR")}
            yield Race(
                job,
                size.label,
                size.rows,
                make,
                partial(panel_frame, 50, 10, size.regressors),
                entries,
                columns=size.bytes,
                weigh=size.bytes >= HEAVY,
                budget=3.0,
            )


def two_way(profile: str) -> Iterator[Race]:
    """Two effects, a tenth of the rows missing: few and many of each."""
    sizes = (
        Size(200, 12, 3, "smoke"),
        Size(11_000, 10, 3),
        Size(11_000, 100, 3),
        Size(110_000, 10, 3),
        Size(1_000_000, 10, 3, "full"),
    )
    for size in of_profile(profile, sizes):
        peers = ["linearmodels", "pyfixest"]
        if size.entities * size.periods**2 > LONG and profile != "full":
            peers.remove("linearmodels")
        if size.rows < SLOW_TO_READ:
            peers.append("fixest")
        yield Race(
            "two-way",
            f"{size.entities:,} entities, {size.periods} periods, unbalanced",
            size.rows,
            partial(panel_frame, *size[:3], keep=0.9),
            partial(panel_frame, 50, 10, size.regressors, keep=0.9),
            entries_of("two-way", *peers, linearmodels=TEXTBOOK, pyfixest=ITERATED, fixest=ITERATED),
            columns=size.bytes,
            budget=6.0,
        )


def workers(profile: str) -> Iterator[Race]:
    """Workers who change firms: anywhere, which connects all of them well, or seldom and to near firms."""
    count, firms_, years = (500, 40, 10) if profile == "smoke" else (100_000, 5_000, 10)
    tiny = partial(worker_frame, 200, 20, 5, moves=0.5, reach=None)
    for connection, options in (
        ("well connected", {"moves": 0.5, "reach": None}),
        ("poorly connected", {"moves": 0.1, "reach": 2}),
    ):
        name, job = {
            "well connected": ("pyfixest", "workers and firms"),
            "poorly connected": ("pyfixest, LSMR", "workers and firms, LSMR"),
        }[connection]
        make: Callable[[], pd.DataFrame] = partial(worker_frame, count, firms_, years, **options)
        # Alternating projections take minutes for a million rows, and do not end where levels are poorly connected.
        fewer = 1 if profile != "standard" else 10
        yield Race(
            "workers and firms",
            connection,
            count * years // fewer,
            partial(worker_frame, count // fewer, firms_ // fewer, years, **options),
            tiny,
            {OURS: Entry(OURS, "workers and firms"), name: Entry("pyfixest", job, ITERATED)},
            budget=4.0,
        )
        for threads in (1, 2):
            yield Race(
                "projection",
                f"{connection}, within-py with {threads} thread{'s' * (threads > 1)}",
                count * years,
                make,
                tiny,
                entries_of("projection", "within", within=ITERATED),
                threads=threads,
                budget=4.0,
            )


def three_effects(profile: str) -> Iterator[Race]:
    """Three effects of many levels each: any meets any other, or those nearby alone."""
    shapes = {
        "smoke": ((2_000, (100, 60, 40)),),
        "standard": (
            (100_000, (10_000, 10_000, 10_000)),
            (1_000_000, (100_000, 30_000, 30_000)),
            (1_000_000, (100_000, 100_000, 50_000)),
            (1_000_000, (100_000, 100_000, 100_000)),
        ),
    }
    for rows_, levels in shapes["smoke" if profile == "smoke" else "standard"]:
        for connection, reach in (("well connected", None), ("poorly connected", 2)):
            name, job = {
                "well connected": ("pyfixest", "three effects"),
                "poorly connected": ("pyfixest, LSMR", "three effects, LSMR"),
            }[connection]
            peers = {name: Entry("pyfixest", job, ITERATED)}
            if reach is None and rows_ <= 100_000:
                # Half a minute for a million rows.
                peers["pyfixest, LSMR"] = Entry("pyfixest", "three effects, LSMR", ITERATED)
            yield Race(
                "three effects",
                f"{number(rows_)} rows, {' / '.join(number(count) for count in levels)} levels, {connection}",
                rows_,
                partial(three_effects_frame, rows_, levels, reach=reach),
                partial(three_effects_frame, 500, (50, 20, 10), reach=reach),
                {OURS: Entry(OURS, "three effects")} | peers,
                budget=4.0,
            )


def _as_kind(kind: str, size: Size) -> pd.DataFrame:
    frame = panel_frame(*size[:3])
    columns = [name for name in frame if name not in ("entity", "time")]
    if kind == "float32":
        return frame.astype(dict.fromkeys(columns, np.float32))
    if kind == "integers":
        return frame.assign(**{name: (frame[name] * 1000).round().astype(np.int64) for name in columns})
    if kind == "nullable":
        return frame.astype(dict.fromkeys(columns, "Float64"))
    if kind.startswith("shuffled"):
        frame = frame.sample(frac=1.0, random_state=0).reset_index(drop=True)
        return frame.assign(entity="e" + frame["entity"].astype(str)) if kind.endswith("text") else frame
    return frame


def factors(profile: str) -> Iterator[Race]:
    """Columns of a factor's levels, with instruments and in differences too, and those of an event study."""
    jobs: tuple[tuple[str, str, tuple[tuple[int, int], ...]], ...] = (
        ("factor columns", "pyfixest", ((10_000, 100), (10_000, 300), (100_000, 100))),
        ("factor columns, in chunks", "in memory", ((10_000, 100), (10_000, 300), (100_000, 100), (100_000, 300))),
        ("factor columns, instruments", "pyfixest", ((10_000, 300),)),
        ("factor columns, differences", "linearmodels", ((10_000, 300),)),
        ("event study", "pyfixest", ((10_000, 10), (100_000, 10))),
    )
    for job, peer, shapes in jobs:
        for entities, levels in ((100, 10),) if profile == "smoke" else shapes:
            size = Size(entities, 10, 3)
            if peer == "in memory":
                entries = entries_of(job) | {peer: Entry(OURS, "factor columns", 1e-11)}
            else:
                # Ten seconds and more than a gigabyte for a million rows.
                entries = entries_of(job, *((peer,) if entities <= 10_000 else ()), pyfixest=ITERATED)
            yield Race(
                job,
                f"{number(size.rows)} rows" + f", {levels} levels" * job.startswith("factor columns"),
                size.rows,
                partial(factor_frame, entities, 10, levels),
                partial(factor_frame, 50, 10, 5),
                entries,
                columns=size.bytes,
                weigh=profile != "smoke",
                budget=4.0,
            )


def treatments(profile: str) -> Iterator[Race]:
    """Effects of staggered treatment by cohort and period, with errors clustered by entity."""
    for job in (
        "effects by cohort",
        "effects by cohort, imputed",
        "effects by cohort, compared in pairs",
        "effects by cohort, in two stages",
        "effects by cohort, extended regression",
    ):
        for entities in (100,) if profile == "smoke" else (2_000, 10_000, 20_000):
            size = Size(entities, 12, 1)
            peers = ("pyfixest",) if job == "effects by cohort" and entities <= 10_000 else ()
            yield Race(
                job,
                f"{number(size.rows)} rows, 8 cohorts",
                size.rows,
                partial(staggered_frame, entities, 12),
                partial(staggered_frame, 50, 12),
                {OURS: Entry(OURS, job), **{peer: Entry(peer, job) for peer in peers}},
                columns=size.bytes,
            )


def keys(profile: str) -> Iterator[Race]:
    """Rows in no order, by keys that are whole numbers or text."""
    size = Size(200, 10, 3) if profile == "smoke" else Size(100_000, 10, 10)
    for kind in ("shuffled", "shuffled text"):
        for job in ("fixed effects", "fixed effects, clustered"):
            yield Race(
                f"{job}, shuffled",
                f"{size.label}, {'text' if kind.endswith('text') else 'integers'}",
                size.rows,
                partial(_as_kind, kind, size),
                partial(_as_kind, kind, Size(50, 10, size.regressors)),
                {OURS: Entry(OURS, job), "pyfixest": Entry("pyfixest", job)},
                columns=size.bytes,
                budget=4.0,
            )


def memory_by_kind(profile: str) -> Iterator[Race]:
    """What a fit adds to columns of every kind."""
    size = Size(200, 10, 10) if profile == "smoke" else Size(100_000, 10, 10)
    for kind in ("doubles", "float32", "integers", "nullable", "shuffled"):
        for job in ("fixed effects", "fixed effects, clustered")[: 1 if profile == "smoke" else 2]:
            yield Race(
                f"{job}, memory",
                f"{size.label}, {kind}",
                size.rows,
                partial(_as_kind, kind, size),
                partial(_as_kind, kind, Size(50, 10, 10)),
                {OURS: Entry(OURS, job)},
                columns=size.bytes,
                weigh=True,
            )


def wild_draws(profile: str) -> Iterator[Race]:
    """999 draws of the wild bootstrap where a further effect cuts across the clusters."""
    sizes = ((50, 10),) if profile == "smoke" else ((5_000, 500), (50_000, 500), (50_000, 5_000))
    for clusters, levels in sizes:
        yield Race(
            "wild bootstrap, crossed effects",
            f"{number(clusters)} clusters, {number(levels)} levels",
            clusters,
            partial(worker_frame, clusters, levels, 10, moves=1.0, reach=None),
            partial(worker_frame, 50, 10, 5, moves=1.0, reach=None),
            {OURS: Entry(OURS, "wild bootstrap, crossed effects")},
            budget=4.0,
        )


def small_samples(profile: str) -> Iterator[Race]:
    """The array entry, and bias-reduced errors beside plain ones."""
    make = partial(panel_frame, 3, 19, 2)
    yield Race("arrays", "57 x 2", 57, make, make, entries_of("arrays", "statsmodels"), budget=2.0)
    size = Size(100, 5, 3) if profile == "smoke" else Size(100_000, 5, 10)
    yield Race(
        "CR2",
        f"{number(size.entities)} clusters of {size.periods} rows, {size.regressors} regressors",
        size.entities,
        partial(panel_frame, *size[:3]),
        partial(panel_frame, 20, 5, size.regressors),
        {"CR2": Entry(OURS, "CR2"), "CR1": Entry(OURS, "CR1")},
        budget=4.0,
    )


def batches(profile: str) -> Iterator[Race]:
    """Many outcomes of the same regressors, and many specifications on one panel, each beside a loop."""
    small = profile == "smoke"
    count, size = (10, Size(30, 10, 3)) if small else (1_000, Size(10_000, 10, 10))
    wide = Size(30, 10, 8) if small else Size(100_000, 10, 20)
    coded, levels = (Size(30, 10, 3), 10) if small else (Size(10_000, 10, 3), 300)
    for what, label, make, tiny, rows in (
        (
            "outcomes",
            f"{count:,} outcomes on {size.label}",
            partial(outcomes_frame, *size[:3], count),
            partial(outcomes_frame, 20, 5, 3, 10),
            size.rows,
        ),
        (
            "specifications",
            f"100 specifications on {wide.label}",
            partial(panel_frame, *wide[:3]),
            partial(panel_frame, 20, 5, 8),
            wide.rows,
        ),
        (
            "specifications with levels",
            f"7 specifications on {number(coded.rows)} rows, {levels} levels",
            partial(factor_frame, *coded[:2], levels),
            partial(factor_frame, 20, 5, 5),
            coded.rows,
        ),
    ):
        for word in ("", ", clustered"):
            job = f"{what}{word}"
            entries = {OURS: Entry("batches", job), "one by one": Entry("batches", f"{job}, one by one")}
            yield Race(f"many {job}", label, rows, make, tiny, entries, budget=4.0)


def many_panels(profile: str) -> Iterator[Race]:
    """One model fitted to the panels of a simulation in one call, beside a loop."""
    shape = (20, 20, 5) if profile == "smoke" else (1_000, 50, 10)
    make = partial(panel_sets, *shape, 3)
    for word in ("", ", clustered"):
        job = f"panels{word}"
        entries = {OURS: Entry("batches", job), "one by one": Entry("batches", f"{job}, one by one")}
        label = f"{shape[0]:,} panels of {shape[1]} x {shape[2]}, 3 regressors"
        yield Race(f"many {job}", label, shape[0] * shape[1] * shape[2], make, make, entries, budget=4.0)
