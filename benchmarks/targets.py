"""The numbers to reach: what is read off which race, what was tried where one is missed, and what limits others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from benchmarks.race import OURS

Found = dict[str, Any]
"""What `benchmarks.race.run` returns."""


class Number(NamedTuple):
    """A number to reach, on every race of a job.

    ``read`` gives the value, or None where a race lacks what it needs. ``shapes`` says which samples count. ``tried``
    is what was tried where it is missed, and ``limit`` why it was given up as a target.
    """

    text: str
    job: str
    read: Callable[[Found], float | None]
    target: float
    most: bool
    unit: str
    shapes: Callable[[Found], bool] = lambda found: True
    tried: str = ""
    limit: str = ""

    def met(self, value: float) -> bool:
        """Whether a value reaches the target."""
        return value <= self.target if self.most else value >= self.target

    def goal(self) -> str:
        """Print the target."""
        return f"{'at most' if self.most else 'at least'} {quantity(self.target, self.unit)}"


def quantity(value: float, unit: str) -> str:
    """Print a value with its unit."""
    if unit == "us":
        return f"{value * 1e6:.3g} µs"
    if unit == "ms":
        return f"{value * 1e3:.3g} ms"
    if unit == "rows/s":
        return f"{value / 1e6:.3g} million rows/s"
    if unit in ("MB", "GB"):
        return f"{value / {'MB': 1e6, 'GB': 1e9}[unit]:.3g} {unit}"
    return f"{value:.3g}{'x' if unit == 'x' else ' ' + unit}"


def _of(found: Found, program: str, what: str) -> float | None:
    value: float | None = found["programs"].get(program, {}).get(what)
    return value


def ratio(top: str, bottom: str, what: str = "seconds") -> Callable[[Found], float | None]:
    """Divide what one program took by what another did."""

    def read(found: Found) -> float | None:
        over, under = _of(found, top, what), _of(found, bottom, what)
        return None if over is None or not under else over / under

    return read


def seconds(found: Found) -> float | None:
    """Return our time."""
    return _of(found, OURS, "seconds")


def per_second(found: Found) -> float | None:
    """Return how many rows we read in a second."""
    taken = seconds(found)
    return None if taken is None else found["size"] / taken


def peak(found: Found) -> float | None:
    """Return the bytes that we add to memory."""
    return _of(found, OURS, "peak")


def share(found: Found) -> float | None:
    """Return what a fit adds to memory, as a share of the model's columns in doubles."""
    added = peak(found)
    return None if added is None else added / found["columns"]


def rows(least: int, most: int = 10**12) -> Callable[[Found], bool]:
    """Samples of some sizes."""
    return lambda found: least <= found["size"] <= most


def _named(part: str) -> Callable[[Found], bool]:
    return lambda found: part in found["shape"]


def faster(
    text: str, job: str, peer: str, times: float, shapes: Callable[[Found], bool] = lambda found: True
) -> Number:
    """So many times as fast as a peer."""
    return Number(text, job, ratio(peer, OURS), times, False, "x", shapes)


_MANY = rows(100_000, 10_000_000)
_LARGE = ("fixed effects", "random effects", "fixed effects, clustered", "fixed effects, Driscoll-Kraay")


def _numbers() -> Iterator[Number]:
    for job in _LARGE:
        yield faster(f"{job}, beside linearmodels", job, "linearmodels", 30.0, _MANY)
        if job != "random effects":
            yield faster(f"{job}, beside pyfixest", job, "pyfixest", 10.0, _MANY)
    for peer, times in (("linearmodels", 20.0), ("pyfixest", 6.0)):
        yield faster(f"two-way, unbalanced, beside {peer}", "two-way", peer, times)
    for connection, times in (("well connected", 2.0), ("poorly connected", 4.0)):
        yield faster(
            f"projection, {connection}, our one thread beside within-py's two",
            "projection",
            "within",
            times,
            _named(f"{connection}, within-py with 2"),
        )
    for connection, peer in (("well connected", "pyfixest"), ("poorly connected", "pyfixest, LSMR")):
        yield faster(f"three effects, {connection}, beside {peer}", "three effects", peer, 1.0, _named(connection))
    for key, times in (("integers", 10.0), ("text", 8.0)):
        for job in ("fixed effects", "fixed effects, clustered"):
            yield faster(f"{job}, shuffled, beside pyfixest", f"{job}, shuffled", "pyfixest", times, _named(key))
    for shape, most in (("1e5 rows, 100 levels", 0.02), ("1e5 rows, 300 levels", 0.03), ("1e6 rows, 100 levels", 0.23)):
        yield Number("factor columns", "factor columns", seconds, most, True, "s", _named(shape))
    yield Number("factor columns, instruments", "factor columns, instruments", seconds, 0.08, True, "s")
    yield Number("factor columns, differences", "factor columns, differences", seconds, 0.03, True, "s")
    for job, most in (
        ("effects by cohort", (0.2, 1.0, 2.0)),
        ("effects by cohort, imputed", (0.05, 0.3, 2.0)),
        ("effects by cohort, compared in pairs", (0.05, 0.3, 2.0)),
        ("effects by cohort, in two stages", (0.1, 0.5, 2.0)),
        ("effects by cohort, extended regression", (0.2, 1.0, 2.0)),
    ):
        for shape, limit in zip(("24,000", "120,000", "240,000"), most, strict=True):
            yield Number(job, job, seconds, limit, True, "s", _named(f"{shape} rows, 8 cohorts"))
    yield Number("event study, memory", "event study", peak, 60e6, True, "MB")
    for shape, most in (
        ("5,000 clusters, 500 levels", 0.14),
        ("5e4 clusters, 500 levels", 1.8),
        ("5e4 clusters, 5,000 levels", 4.3),
    ):
        job = "wild bootstrap, crossed effects"
        yield Number(job, job, seconds, most, True, "s", _named(shape))
    million = rows(1_000_000, 1_000_000)
    for job, times in (("fixed effects", 2.0), ("fixed effects, clustered", 3.0)):
        yield Number(
            f"{job}, times the floor",
            job,
            ratio(OURS, "Gram matrix"),
            times,
            True,
            "x",
            lambda found: million(found) and found["shape"].endswith("x 10"),
        )
    yield Number("tiny full result", "fixed effects", seconds, 350e-6, True, "us", rows(57, 57))
    yield Number("array entry", "arrays", seconds, 60e-6, True, "us")
    for job in ("fixed effects", "fixed effects, clustered"):
        yield Number(f"{job}, extra memory", f"{job}, memory", share, 0.5, True, "of the columns")
    for kernel in ("np.dot", "dgeqrf", "bincount"):
        yield Number(
            f"a second thread, {kernel}",
            "second thread",
            ratio("one thread", "two threads"),
            1.3,
            False,
            "x",
            lambda found, kernel=kernel: found["shape"] == kernel,
        )
    yield Number("CR2 beside CR1", "CR2", ratio("CR2", "CR1"), 5.0, True, "x")
    yield faster("VAR", "VAR", "statsmodels", 12.0, _named("K = 2, T = 100"))
    yield faster("bands of responses", "bands", "statsmodels", 12.0)
    largest = rows(10_000_000)
    yield faster("largest of linearmodels, time", "fixed effects", "linearmodels", 10.0, largest)
    yield Number(
        "largest of linearmodels, memory",
        "fixed effects",
        ratio("linearmodels", OURS, "peak"),
        5.0,
        False,
        "x",
        largest,
    )
    for what, loop, clustered in (("specifications", 25.0, 6.0), ("outcomes", 15.0, 5.0)):
        yield faster(f"many {what}, beside the loop", f"many {what}", "one by one", loop)
        yield faster(f"many {what}, clustered, beside the loop", f"many {what}, clustered", "one by one", clustered)
    yield Number("many outcomes", "many outcomes", seconds, 0.5, True, "s")
    for job in ("two Dask workers", "two Dask workers, clustered"):
        yield Number(f"{job}, beside one process", job, ratio(OURS, "one process"), 0.7, True, "x")
    yield from _streams()
    yield Number("import, beyond NumPy", "import", seconds, 20e-3, True, "ms")
    yield Number("wheel", "wheel", lambda found: _of(found, OURS, "bytes"), 1.5e6, True, "MB")


def _streams() -> Iterator[Number]:
    large = rows(1_000_001)
    for order, job, rate in (
        ("unsorted", "fixed effects", 5e6),
        ("unsorted", "fixed effects", 8e6),
        ("unsorted", "fixed effects, clustered", 4e6),
        ("sorted", "fixed effects", 12e6),
        ("unsorted, Snappy", "fixed effects", 3e6),
    ):
        yield Number(
            f"Parquet, {order}, {job}{', read once' if rate == 8e6 else ''}",
            f"Parquet, {job}",
            per_second,
            rate,
            False,
            "rows/s",
            lambda found, order=order: large(found) and found["shape"].endswith(f"x 10, {order}"),
        )
    for job in ("fixed effects", "fixed effects, clustered"):
        yield Number(f"Parquet, {job}, memory", f"Parquet, {job}", peak, 0.5e9, True, "MB")
        yield faster(f"Parquet, {job}, beside duckreg", f"Parquet, {job}", "duckreg", 10.0)


_GATHERED = (
    "columns are read as they are stored, and sums by entity are scattered: three fifths of what a gather of each "
    "column in the order of entities took. Labels of text are hashed by pandas, and put in order by Arrow."
)
_WORKERS = (
    "each of two workers takes some .6 of the time of one process for its half of the rows, because rows in no order "
    "are of nearly all entities: what is done once an entity is done twice, and then merged. Workers help where rows "
    "are sorted or hashed by entity, and where they hold their partitions in memory already."
)
LIMITS = {
    "tiny full result": (
        "430 to 480 µs. A quarter is pandas' own: a copy of the frame, five columns out of it and three Series. The "
        "rest is spread over some 200 calls of NumPy, no piece of it large. The array entry makes none of this."
    ),
    "fixed effects, Driscoll-Kraay, beside linearmodels": (
        "the fit is half of the time at 1e5 rows; the other half is a second reading of the rows, for their scores."
    ),
    "projection, poorly connected, our one thread beside within-py's two": (
        "two threads of a compiled program beside one of ours. Columns shared out to two threads took 1.0 to 1.4 times "
        "what one takes, since sums by level hold the interpreter's lock."
    ),
    "Parquet, unsorted, fixed effects, read once": (
        "decoding is a third of the time, and so is the table of sums by entity, which is larger than the cache. Sums "
        "column by column, rows put in order a chunk at a time, smaller chunks and fetching the table's rows ahead "
        "were no faster."
    ),
    "Parquet, unsorted, fixed effects, clustered": (
        "a second reading takes each row its entity's means and adds its scores to a table. Scores of rows about one "
        "number a column, with residuals alone demeaned, saved a fortieth."
    ),
    "Parquet, sorted, fixed effects": (
        "chunks are whole groups of rows of the file, and labels of runs are looked up. Decoding is two fifths of what "
        "is left."
    ),
    "two Dask workers, beside one process": _WORKERS,
    "two Dask workers, clustered, beside one process": _WORKERS,
    "a second thread, bincount": (
        "it holds the interpreter's lock. A reading of all rows in parts on two threads took .9 to 1.1 times what one "
        "takes, since the lock goes to and fro between its products; two processes halve it. Fits keep one thread."
    ),
    "wheel": (
        "2 MB. Constants and data take 190 kB, the files' own names and hashes 100 kB, and all else is code, three "
        "tenths of it documentation. Teaching data turned on their side and packed by LZMA would save 37 kB."
    ),
}
"""Why a number is no target any more, by its text: what is left is another program's, or the machine's."""
TRIED = {
    "CR2 beside CR1": (
        "one kernel serves clusters of any size and takes powers of matrices as wide as the regressors. In the same "
        "pass it sums what every later test needs for its degrees of freedom. A kernel for clusters of one size, with "
        "matrices as wide as their rows, took a third of the time here, and was given up for being four hundred lines "
        "beside the one that all need."
    ),
    "three effects, poorly connected, beside pyfixest, LSMR": (
        "conjugate gradients with factors of each effect, which are exact for as long as they stay sparse. Two fifths "
        "of the time are solves with these factors, and a quarter is making them."
    ),
    "many outcomes": (
        "the pass over the outcomes takes two thirds of the time, solving and checking each model a sixth, and the "
        "three Series that the race asks of each model another sixth. At a level of zero it takes as long."
    ),
    "fixed effects, shuffled, beside pyfixest": _GATHERED,
    "fixed effects, clustered, shuffled, beside pyfixest": _GATHERED,
    "wild bootstrap, crossed effects": (
        "the signs, three products with sparse tables and their squares; with 5,000 levels also the factor of their "
        "system and its solves, more than half of the time. Batches larger still, and one product for both columns of "
        "residuals, were no faster."
    ),
    "VAR": (
        "a quarter of the time is the fit, and no part of that is large: it is some two hundred small calls of NumPy, "
        "pandas and Python. The rest is p-values and the Series and tables that the race asks for."
    ),
    "fixed effects, Driscoll-Kraay, beside pyfixest": (
        "two thirds of the time are the fit. The rest is a second pass over the rows, which sums scores by period."
    ),
    "fixed effects, clustered, times the floor": (
        "the floor reads the rows once. Scores by entity need residuals, so the rows are read a second time, from "
        "where the first pass left them. Other measurements of it reached 2.6."
    ),
    "projection, well connected, our one thread beside within-py's two": (
        "conjugate gradients, each step sums of all rows by both effects. Nothing more was tried: other measurements "
        "of it reached 2.1 and 2.6."
    ),
    "many outcomes, clustered, beside the loop": (
        "two thirds of the time are sums of scores by entity, one set for each model."
    ),
    "many outcomes, beside the loop": (
        "outcomes are read once, multiplied as they lie in the cache and solved as columns of one system. What is left "
        "is reading a gigabyte of them, sums by entity and products, and the loop has become faster too."
    ),
}
"""What was tried for a number that is missed, by its text."""

NUMBERS = tuple(
    number._replace(tried=TRIED.get(number.text, ""), limit=LIMITS.get(number.text, "")) for number in _numbers()
)
