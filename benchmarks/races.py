"""The races of each profile: which job, on which sample, by which programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from benchmarks.dynamic_panels import firms
from benchmarks.large_files import parquet_panel
from benchmarks.race import OURS, Entry, Race
from benchmarks.samples import outcomes_frame, panel_frame, var_series, worker_frame

PROFILES = ("smoke", "standard", "full")
ITERATED = 1e-5
"""What programs may differ by that iterate until a tolerance of their own."""
TEXTBOOK = 1e-6
"""What normal equations and unrefined means may cost."""
STATIC = ("pooled", "fixed effects", "fixed effects, clustered", "fixed effects, Driscoll-Kraay", "random effects")


class Size(NamedTuple):
    """A balanced panel, and the profile from which it is run."""

    entities: int
    periods: int
    regressors: int
    profile: str = "standard"

    @property
    def rows(self) -> int:
        return self.entities * self.periods

    @property
    def label(self) -> str:
        return f"{number(self.rows)} x {self.regressors}"

    @property
    def bytes(self) -> int:
        """The model's columns in doubles."""
        return 8 * self.rows * (self.regressors + 1)


def number(rows: int) -> str:
    """Print a count as people say it."""
    return f"{rows:.0e}".replace("e+0", "e") if rows >= 10_000 and rows == float(f"{rows:.0e}") else f"{rows:,}"


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


def races(profile: str) -> Iterator[Race]:
    """List the races of a profile; those of a lesser one are in a greater one, but for smoke's small samples."""
    for kind in KINDS:
        for race in kind(profile):
            yield race._replace(budget=0.0 if profile == "smoke" else race.budget)


def _of(profile: str, sizes: tuple[Size, ...]) -> Iterator[Size]:
    for size in sizes:
        if PROFILES.index(size.profile) <= PROFILES.index(profile):
            yield size


def _entries(job: str, *programs: str, **tolerances: float) -> dict[str, Entry]:
    return {name: Entry(name, job, tolerances.get(name, 1e-7)) for name in (OURS, *programs)}


def static(profile: str) -> Iterator[Race]:
    """One-way models by size, with the floors where they are no more than passes over the columns."""
    for size in _of(profile, SIZES):
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
            entries = _entries(job, *peers, lstsq=TEXTBOOK, statsmodels=TEXTBOOK)
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
    for size in _of(profile, sizes):
        peers = ["linearmodels", "pyfixest"]
        if size.entities * size.periods**2 > LONG and profile != "full":
            peers.remove("linearmodels")
        yield Race(
            "two-way",
            f"{size.entities:,} entities, {size.periods} periods, unbalanced",
            size.rows,
            partial(panel_frame, *size[:3], keep=0.9),
            partial(panel_frame, 50, 10, size.regressors, keep=0.9),
            _entries("two-way", *peers, linearmodels=TEXTBOOK, pyfixest=ITERATED),
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
                _entries("projection", "within", within=ITERATED),
                threads=threads,
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
    if kind == "shuffled":
        return frame.sample(frac=1.0, random_state=0).reset_index(drop=True)
    return frame


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


def small_samples(profile: str) -> Iterator[Race]:
    """The array entry, and bias-reduced errors beside plain ones."""
    make = partial(panel_frame, 3, 19, 2)
    yield Race("arrays", "57 x 2", 57, make, make, _entries("arrays", "statsmodels"), budget=2.0)
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
                _entries(job, "statsmodels"),
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
            _entries("bands", "statsmodels"),
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
        entries = _entries("ADF", "statsmodels", "arch")
        yield Race("ADF", f"8 lags, T = {number(rows)}", rows, make, make, entries, budget=2.0)
    for entities in (10,) if profile == "smoke" else (25, 250):
        shape = f"{entities} series of 100, lags by BIC"
        many = partial(walks, entities, 100)
        yield Race("IPS", shape, entities * 100, many, many, _entries("IPS", "plm"), budget=2.0)


def dynamic(profile: str) -> Iterator[Race]:
    """Arellano and Bond's table 4, for their firms and for copies of them."""
    for copies in (1,) if profile == "smoke" else (1, 8):
        make = partial(firms, copies)
        for peer in ("plm", "pydynpd"):
            job = f"Arellano-Bond as {peer}"
            yield Race(job, f"{140 * copies:,} firms", 1031 * copies, make, make, _entries(job, peer), budget=2.0)


def _stream_of(size: Size, name: str, peers: dict[str, Entry], job: str, **options: Any) -> Race:
    fits = {OURS: Entry("streams", job)} | peers
    return Race(
        f"Parquet, {job}",
        f"{size.label}, {name}",
        size.rows,
        partial(parquet_panel, *size[:3], **options),
        partial(parquet_panel, 50, 10, size.regressors, **options),
        fits,
        columns=size.bytes,
        weigh=True,
        budget=8.0,
    )


def streams(profile: str) -> Iterator[Race]:
    """Files larger than one would hold, beside the file read whole, and what decoding alone takes."""
    sizes = {
        "smoke": (Size(200, 10, 3), Size(200, 10, 3)),
        "standard": (Size(50_000, 20, 10), Size(150_000, 20, 10)),
        "full": (Size(50_000, 20, 10), Size(150_000, 20, 10), Size(500_000, 20, 10), Size(1_500_000, 20, 10)),
    }[profile]
    decode = {"decode": Entry("streams", "decode")}
    for size in sizes:
        small = size is sizes[0]
        duckreg = {"duckreg": Entry("duckreg", "fixed effects, clustered")} if small else {}
        whole = {"read whole": Entry("streams", "in memory, clustered")}
        yield _stream_of(size, "unsorted", decode | whole | duckreg, "fixed effects, clustered")
        duckreg = {"duckreg": Entry("duckreg", "fixed effects")} if small else {}
        whole = {"read whole": Entry("streams", "in memory")}
        yield _stream_of(size, "unsorted", decode | whole | duckreg, "fixed effects")
        if small and profile != "smoke":
            continue
        yield _stream_of(size, "sorted", decode, "fixed effects", ordered=True)
        yield _stream_of(size, "unsorted, Snappy", decode, "fixed effects", compression="snappy")
        disk = {"disk": Entry("streams", "disk, cold")}
        yield _stream_of(size, "unsorted, cold", disk, "fixed effects, cold")._replace(weigh=False)


def workers_of_dask(profile: str) -> Iterator[Race]:
    """Two processes that make moments of partitions, beside one that reads the same file."""
    size = Size(200, 10, 3) if profile == "smoke" else Size(150_000, 20, 10)
    entries = {OURS: Entry("on_dask", "two workers"), "one process": Entry("streams", "fixed effects")}
    make = partial(parquet_panel, *size[:3])
    tiny = partial(parquet_panel, 50, 10, size.regressors)
    yield Race("two Dask workers", size.label, size.rows, make, tiny, entries, size.bytes, budget=8.0)


def batches(profile: str) -> Iterator[Race]:
    """Many outcomes of the same regressors, and many specifications on one panel, each beside a loop."""
    small = profile == "smoke"
    count, size = (10, Size(30, 10, 3)) if small else (1_000, Size(10_000, 10, 10))
    wide = Size(30, 10, 8) if small else Size(100_000, 10, 20)
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
    ):
        for word in ("", ", clustered"):
            job = f"{what}{word}"
            entries = {OURS: Entry("batches", job), "one by one": Entry("batches", f"{job}, one by one")}
            yield Race(f"many {job}", label, rows, make, tiny, entries, budget=4.0)


def installation(profile: str) -> Iterator[Race]:
    """What it takes to have and to import the package."""
    imports = {OURS: Entry("fresh", "import panelvar"), "numpy": Entry("fresh", "import numpy")}
    yield Race("import", "beyond numpy", 0, tuple, tuple, imports, budget=5.0)
    yield Race("wheel", "packed", 0, tuple, tuple, {OURS: Entry("fresh", "wheel")}, budget=0.0)


KINDS: tuple[Callable[[str], Iterator[Race]], ...] = (
    static,
    two_way,
    workers,
    memory_by_kind,
    small_samples,
    systems,
    series,
    dynamic,
    streams,
    workers_of_dask,
    batches,
    installation,
)
