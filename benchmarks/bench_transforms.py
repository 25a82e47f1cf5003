"""Rows less their levels: within one effect, within two on unbalanced panels, quasi-demeaned for GLS."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.kernels import Twins, kernel
from benchmarks.samples import panel_frame

LAYOUTS = {"small": (3, 19), "medium": (1_000, 10), "large": (50_000, 10)}
REGRESSORS = 3
VARIANCES = (1.0, 0.5)
"""Of the idiosyncratic error and of the effect."""


def _panel(size: str, keep: float) -> tuple[Any, Any, Any]:
    """Columns, and codes of entities and times of which each occurs."""
    frame = panel_frame(*LAYOUTS[size], REGRESSORS, keep=keep)
    columns = np.asfortranarray(frame[[*(f"x{j}" for j in range(REGRESSORS)), "y"]].to_numpy())
    return columns, *(np.unique(frame[name].to_numpy(), return_inverse=True)[1] for name in ("entity", "time"))


def _transformed(columns: Any, groupings: Any, tables: Any) -> Any:
    rows = kernel("kernels.linear.rows").TransformedRows(list(columns.T), groupings=groupings, tables=tables)
    out = np.empty(columns.shape, order="F")
    rows.fill(0, len(out), out)
    return out


def _absorbed(columns: Any, *codes: Any) -> Any:
    absorb, groups = kernel("kernels.absorption.absorb").absorb, kernel("kernels.linear.groups")
    absorbed = absorb([groups.Grouping.from_codes(each) for each in codes])
    return _transformed(columns, absorbed.groupings, absorbed.tables(columns))


def _sums(columns: Any, codes: Any) -> Any:
    return np.array([np.bincount(codes, column) for column in columns.T]).T


def within(size: str) -> Twins:
    """One effect of a balanced panel."""
    columns, entity, _ = _panel(size, 1.0)

    def theirs() -> Any:
        return columns - (_sums(columns, entity) / np.bincount(entity)[:, None])[entity]

    return Twins(lambda: _absorbed(columns, entity), theirs, "NumPy", 1e-12)


def within_two(size: str) -> Twins:
    """Two effects of an unbalanced panel; the twin solves the normal equations of the times."""
    columns, entity, time = _panel(size, 0.9)

    def theirs() -> Any:
        entities, times = np.bincount(entity), np.bincount(time)
        pairs = np.bincount(entity * len(times) + time, minlength=len(entities) * len(times))
        cross = pairs.reshape(len(entities), len(times))
        shares = cross / entities[:, None]
        means = _sums(columns, entity) / entities[:, None]
        right = _sums(columns - means[entity], time)
        levels = np.linalg.lstsq(np.diag(times) - cross.T @ shares, right, rcond=1e-10)[0]
        return columns - (means - shares @ levels)[entity] - levels[time]

    return Twins(lambda: _absorbed(columns, entity, time), theirs, "NumPy", 1e-10)


def quasi_demeaned(size: str) -> Twins:
    """GLS of random effects of known variances, unbalanced."""
    columns, entity, _ = _panel(size, 0.9)
    idiosyncratic, effect = VARIANCES

    def ours() -> Any:
        grouping = kernel("kernels.linear.groups").Grouping.from_codes(entity)
        weight = kernel("kernels.linear.variance_components").quasi_demeaning_weight
        theta = weight(idiosyncratic, effect, grouping.sizes.astype(float))
        table = np.asfortranarray(theta[:, None] * grouping.means_of(columns))
        return _transformed(columns, (grouping,), (table,))

    def theirs() -> Any:
        counts = np.bincount(entity)
        theta = 1.0 - np.sqrt(idiosyncratic / (idiosyncratic + counts * effect))
        return columns - ((theta / counts)[:, None] * _sums(columns, entity))[entity]

    return Twins(ours, theirs, "NumPy", 1e-12)


KERNELS = {"within": within, "two-way within": within_two, "GLS transform": quasi_demeaned}


def test_speed(timed):
    timed()
