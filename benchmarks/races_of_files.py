"""Races on files: panels that are read a chunk at a time, here or by the workers of a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from benchmarks.large_files import parquet_panel
from benchmarks.race import OURS, Entry, Race
from benchmarks.sizes import Size


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
        yield _stream_of(size, "unsorted, Snappy", decode, "fixed effects", writer="Snappy")
        for writer in ("pandas", "polars"):
            yield _stream_of(size, f"unsorted, as {writer} writes it", decode, "fixed effects", writer=writer)
        disk = {"disk": Entry("streams", "disk, cold")}
        yield _stream_of(size, "unsorted, cold", disk, "fixed effects, cold")._replace(weigh=False)
    size = Size(200, 10, 2) if profile == "smoke" else Size(100_000, 10, 2)
    whole = {"read whole": Entry("streams", "Arellano-Bond, in memory")}
    yield _stream_of(size, "sorted", whole, "Arellano-Bond", ordered=True)
    entities, lengths = (200, (5, 10)) if profile == "smoke" else (50_000, (20, 60, 200, 600))
    for periods in lengths:
        # More rows of the same entities: memory is to stay what it is.
        size = Size(entities, periods, 3 if profile == "smoke" else 10)
        yield _stream_of(size, f"{entities:,} entities", {}, "fixed effects")


def workers_of_dask(profile: str) -> Iterator[Race]:
    """Two processes that make moments of partitions, beside one that reads the same file."""
    sizes = (Size(200, 10, 3),) if profile == "smoke" else (Size(150_000, 20, 10), Size(500_000, 20, 10))
    for size in sizes:
        make = partial(parquet_panel, *size[:3])
        tiny = partial(parquet_panel, 50, 10, size.regressors)
        for word in ("", ", clustered"):
            entries = {
                OURS: Entry("on_dask", f"two workers{word}"),
                "one process": Entry("streams", f"fixed effects{word}"),
            }
            yield Race(f"two Dask workers{word}", size.label, size.rows, make, tiny, entries, size.bytes, budget=8.0)
