"""Critical values of panel unit-root statistics: printed tables by entities and rows, read as each program does."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.constants import constants
from panelvar.core.base.errors import SpecificationError, choose
from panelvar.nonstationary.panel_series.printed_sizes import PrintedSizes
from panelvar.nonstationary.panel_series.terms import check_terms

CIPS_BOUNDS = {"n": (-6.12, 4.16), "c": (-6.19, 2.61), "ct": (-6.42, 1.70)}
"""Bounds at which the ratios of a truncated CIPS are cut (Pesaran 2007)."""

TABLES = {
    "im_pesaran_shin_critical": ("Table 2 of Im, Pesaran and Shin (2003)", "rows"),
    "pesaran_critical": ("The table of Pesaran (2007)", "periods"),
}
"""Name of a table in messages, and what it counts beside entities."""


class Grid(NamedTuple):
    """Critical values (T, N, L) by rows or periods, entities, and level."""

    levels: tuple[float, ...]
    lengths: PrintedSizes
    entities: PrintedSizes
    values: Array


@cache
def _grid(table: str, trend: str, statistic: str = "", truncated: bool = False) -> Grid:
    found: dict[tuple[float, int], list[float]] = {}
    sizes: list[str] = []
    name, what = TABLES[table]
    for row in constants("nonstationary/panel_unit_roots", table):
        # Truncated values are printed only where they differ.
        kind = row.pop("statistic", ""), row.pop("truncated", "no") == "yes"
        key = row.pop("trend"), float(row.pop("level")), int(row.pop(what))
        if kind[0] == statistic and kind[1] <= truncated and key[0] == trend:
            sizes = list(row)
            found[key[1:]] = [float(value) for value in row.values()]
    levels, lengths = sorted({level for level, _ in found}), sorted({count for _, count in found})
    values = np.array([[found[level, count] for count in lengths] for level in levels]).transpose(1, 2, 0)
    return Grid(
        tuple(levels),
        PrintedSizes(name, what, np.array(lengths, dtype=np.float64)),
        PrintedSizes(name, "entities", np.array(sizes, dtype=np.float64)),
        values,
    )


def _by_level(grid: Grid, values: Array) -> dict[float, float]:
    return dict(zip(grid.levels, values.tolist(), strict=True))


def _linear(grid: Grid, entities: float, length: float) -> Array:
    """Values linear in both sizes; beyond the ends, those of the ends."""
    return grid.entities.between(grid.lengths.between(grid.values, length), entities)


def _by_distance(grid: Grid, entities: float, length: float) -> Array:
    """Averages of the printed neighbours, weighted by one over the Euclidean distance from them."""
    corners = [_neighbours(grid.entities.sizes, entities), _neighbours(grid.lengths.sizes, length)]
    total, weights = np.zeros(len(grid.levels)), 0.0
    for n in corners[0]:
        for t in corners[1]:
            distance = float(np.hypot(grid.entities.sizes[n] - entities, grid.lengths.sizes[t] - length))
            if distance == 0.0:
                return np.asarray(grid.values[t, n])
            total += grid.values[t, n] / distance
            weights += 1.0 / distance
    return total / weights


def _neighbours(sizes: Array, at: float) -> list[int]:
    """Positions of the printed sizes on both sides, of one where it is printed or beyond the last."""
    upper = int(np.searchsorted(sizes, at))
    if upper == len(sizes):
        return [upper - 1]
    return [upper] if sizes[upper] == at else [upper - 1, upper]


def _between_of_cipstest(sizes: Array, values: Array, at: float) -> Array:
    """Values (S, ...) as plm's cipstest places them: one size too low between printed ones, which are w apart.

    At s + k it takes the share (k - 1) / (w - 1) of the way instead of k / w.
    """
    places = _neighbours(sizes, at)
    if len(places) == 1:
        return np.asarray(values[places[0]])
    lower, upper = places
    share = (at - sizes[lower] - 1.0) / (sizes[upper] - sizes[lower] - 1.0)
    return np.asarray((1.0 - share) * values[lower] + share * values[upper])


def t_bar_critical_values(trend: str, entities: int, rows: int, convention: str = "default") -> dict[float, float]:
    """Critical values of the average of t ratios without lags (Im, Pesaran and Shin 2003, table 2), by level.

    The table prints 5 to 100 entities and 5 to 100 rows.

    Parameters
    ----------
    trend : {"c", "ct"}
    entities, rows : int
        Rows are those of an entity's regression.
    convention : {"default", "plm", "gretl"}
        Between printed sizes: linear interpolation in both; beyond 100 rows those of 100, since nothing changes there.
        ``"plm"`` and ``"gretl"``: averages of the printed neighbours weighted by one over their Euclidean distance,
        which are linear where one of the sizes is printed; beyond 100 entities or rows those of 100, whose distance
        gretl keeps counting. ``"plm"``: below 5 those of 5.

    Raises
    ------
    InsufficientDataError
        There are fewer than 5 entities or rows, and the convention is not ``"plm"``.
    SpecificationError
        Under the default, there are more than 100 entities. The standardised average is close to normal for so many.
    """
    check_terms(trend, ("c", "ct"))
    choose("convention", convention, ("default", "plm", "gretl"))
    grid = _grid("im_pesaran_shin_critical", trend)
    if convention == "plm":
        n, t = (float(np.clip(at, 5.0, 100.0)) for at in (entities, rows))
    else:
        n, t = float(grid.entities.check(entities)), float(grid.lengths.check(rows))
    if convention != "default":
        return _by_level(grid, _by_distance(grid, n, t))
    if n > grid.entities.sizes[-1]:
        raise SpecificationError(
            f"{grid.entities.table} ends at {grid.entities.sizes[-1]:g} entities; there are {n:g}. The standardised "
            "average is close to normal for so many."
        )
    return _by_level(grid, _linear(grid, n, t))


def cips_critical_values(
    trend: str, entities: int, periods: int, *, truncated: bool = False, convention: str = "default"
) -> dict[float, float]:
    """Critical values of CIPS (Pesaran 2007, tables II(a) to II(c)), by level.

    The tables print 10 to 200 entities and 10 to 200 periods.

    Parameters
    ----------
    trend : {"n", "c", "ct"}
        For ``"n"`` series begin near zero; pescadf has none.
    entities, periods : int
        Periods are one more than the rows of a regression without lags.
    truncated : bool
        Whether ratios are cut at `CIPS_BOUNDS`.
    convention : {"default", "plm", "stata"}
        Between printed sizes: linear interpolation in both; beyond 200 those of 200, which for more entities are a
        little too far out (conservative). ``"plm"``, which hands over the rows for the periods: linear, but one size
        too low between printed ones. ``"stata"``, which is pescadf: the next printed size, and beyond 200 those of 200.

    Raises
    ------
    InsufficientDataError
        There are fewer than 10 entities or periods, and the convention is not ``"stata"``.
    SpecificationError
        Under ``"plm"``, there are more than 200 entities or 199 periods. plm stops there.
    """
    choose("convention", convention, ("default", "plm", "stata"))
    check_terms(trend, ("c", "ct") if convention == "stata" else ("n", "c", "ct"))
    grid = _grid("pesaran_critical", trend, "cips", truncated)
    if convention == "stata":
        return _by_level(grid, grid.entities.next_up(grid.lengths.next_up(grid.values, periods), entities))
    n, t = float(grid.entities.check(entities)), float(grid.lengths.check(periods))
    if convention == "default":
        return _by_level(grid, _linear(grid, n, t))
    if n > grid.entities.sizes[-1] or t >= grid.lengths.sizes[-1]:
        raise SpecificationError(f"plm reads its table up to 200 entities and 199 periods; there are {n:g} and {t:g}.")
    by_length = _between_of_cipstest(grid.lengths.sizes, grid.values, t)
    return _by_level(grid, _between_of_cipstest(grid.entities.sizes, by_length, n))


def cadf_critical_values(trend: str, entities: int, periods: int) -> dict[float, float]:
    """Critical values of one entity's ratio (Pesaran 2007, tables I(a) to I(c)), by level.

    The tables print 10 to 200 entities and 10 to 200 periods. Between them values are linear in both, and beyond 200
    those of 200 hold.

    Parameters
    ----------
    trend : {"n", "c", "ct"}
    entities, periods : int

    Raises
    ------
    InsufficientDataError
        There are fewer than 10 entities or periods.
    """
    check_terms(trend)
    grid = _grid("pesaran_critical", trend, "cadf")
    return _by_level(grid, _linear(grid, float(grid.entities.check(entities)), float(grid.lengths.check(periods))))


def lower_tail_pvalue(statistic: float, critical: Mapping[float, float]) -> tuple[float, str]:
    """P-value of a statistic that rejects when it is low, and "<" or ">" where it is beyond the critical values.

    Between them normal scores are interpolated.

    Parameters
    ----------
    statistic : float
    critical : mapping
        Critical values by level.
    """
    from scipy.special import ndtr, ndtri

    levels, values = np.array(sorted(critical.items())).T
    if statistic < values[0]:
        return float(levels[0]), "<"
    if statistic > values[-1]:
        return float(levels[-1]), ">"
    return float(ndtr(np.interp(statistic, values, ndtri(levels)))), ""


def pvalue_of_cipstest(statistic: float, critical: Mapping[float, float]) -> float:
    """P-value between critical values as plm's cipstest has it: linear, in the middle of one of 200 steps."""
    levels, values = np.array(sorted(critical.items())).T
    points = np.linspace(values[0], values[-1], 200)
    place = int(np.clip(np.searchsorted(points, statistic, side="right"), 1, 199))
    return float(np.interp(points[place - 1 : place + 1], values, levels).mean())
