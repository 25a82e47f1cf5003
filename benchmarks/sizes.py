"""Sizes of samples, and the profile from which each is run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.race import OURS, Entry

PROFILES = ("smoke", "standard", "full")


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


def of_profile(profile: str, sizes: tuple[Size, ...]) -> Iterator[Size]:
    """List the sizes that a profile runs."""
    for size in sizes:
        if PROFILES.index(size.profile) <= PROFILES.index(profile):
            yield size


def entries_of(job: str, *programs: str, **tolerances: float) -> dict[str, Entry]:
    """Give a job to us and to other programs, each with what its answer may differ by."""
    return {name: Entry(name, job, tolerances.get(name, 1e-7)) for name in (OURS, *programs)}
