"""Sums by group, of rows laid out as a balanced panel and of rows in no order."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.kernels import Twins, kernel

COLUMNS = 4
LAYOUTS = {"small": (3, 19), "medium": (1_000, 10), "large": (50_000, 10)}


def _twins(codes: Any, groups: int) -> Twins:
    columns = np.asfortranarray(np.random.default_rng(0).normal(size=(len(codes), COLUMNS)))
    grouping = kernel("kernels.linear.groups").Grouping.from_codes(codes, groups)
    return Twins(
        lambda: grouping.sums_of(columns),
        lambda: np.array([np.bincount(codes, column, groups) for column in columns.T]).T,
        "NumPy",
        1e-12,
    )


def blocks(size: str) -> Twins:
    """Entities of equal length, one after another."""
    entities, periods = LAYOUTS[size]
    return _twins(np.repeat(np.arange(entities), periods), entities)


def cycles(size: str) -> Twins:
    """The periods of a balanced panel."""
    entities, periods = LAYOUTS[size]
    return _twins(np.tile(np.arange(periods), entities), periods)


def scattered(size: str) -> Twins:
    """Rows in no order."""
    entities, periods = LAYOUTS[size]
    return _twins(np.random.default_rng(1).permutation(np.repeat(np.arange(entities), periods)), entities)


KERNELS = {"sums of blocks": blocks, "sums of cycles": cycles, "sums of scattered rows": scattered}


def test_speed(timed):
    timed()
