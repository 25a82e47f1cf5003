"""The races of each profile: which job, on which sample, by which programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.programs.second_thread import Sample
from benchmarks.race import OURS, Entry, Race
from benchmarks.races_of_files import streams, workers_of_dask
from benchmarks.races_of_panels import (
    batches,
    factors,
    keys,
    many_panels,
    memory_by_kind,
    small_samples,
    static,
    three_effects,
    treatments,
    two_way,
    wild_draws,
    workers,
)
from benchmarks.races_of_series import dynamic, series, systems


def races(profile: str) -> Iterator[Race]:
    """List the races of a profile; those of a lesser one are in a greater one, but for smoke's small samples."""
    for kind in KINDS:
        for race in kind(profile):
            yield race._replace(budget=0.0 if profile == "smoke" else race.budget)


def second_thread(profile: str) -> Iterator[Race]:
    """What a second thread gains kernel by kernel, beside a second process: some hold the interpreter's lock."""
    shape = (500, 4) if profile == "smoke" else (16_384, 12)
    for kernel in ("np.dot", "dgeqrf", "bincount", "@", "add.at", "repeat"):
        entries = {
            how: Entry("second_thread", f"{kernel}, {how}") for how in ("one thread", "two threads", "two processes")
        }
        make = partial(Sample, *shape)
        yield Race("second thread", kernel, shape[0], make, make, entries, budget=2.0)


def installation(profile: str) -> Iterator[Race]:
    """What it takes to have and to import the package."""
    imports = {OURS: Entry("fresh", "import panelvar"), "numpy": Entry("fresh", "import numpy")}
    yield Race("import", "beyond numpy", 0, tuple, tuple, imports, budget=5.0)
    yield Race("wheel", "packed", 0, tuple, tuple, {OURS: Entry("fresh", "wheel")}, budget=0.0)


KINDS: tuple[Callable[[str], Iterator[Race]], ...] = (
    static,
    two_way,
    workers,
    three_effects,
    factors,
    keys,
    memory_by_kind,
    small_samples,
    treatments,
    wild_draws,
    systems,
    series,
    dynamic,
    streams,
    workers_of_dask,
    batches,
    many_panels,
    second_thread,
    installation,
)
