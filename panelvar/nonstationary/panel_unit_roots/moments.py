"""Means and variances that standardise panel unit-root statistics: printed tables, read as each program does."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array
from panelvar.core.base.constants import constants
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, SpecificationError, choose
from panelvar.nonstationary.panel_series.printed_sizes import PrintedSizes, count_others, whose
from panelvar.nonstationary.panel_series.terms import check_terms

CONVENTIONS = ("default", "plm", "gretl")
"""Whose rules read the tables of moments: this library's, plm's, or gretl's."""

MOST_LAGS = 8
"""Lags up to which Im, Pesaran and Shin (2003, table 3) print moments."""

RATIO_LIMITS = {"c": (-1.53296, 0.70602), "ct": (-2.18135, 0.56236)}
r"""Mean and variance of the limit of a t ratio of Dickey and Fuller.

:math:`N / \sqrt{D}` with :math:`N = \int \tilde W dW` and :math:`D = \int \tilde W^2` has the mean
:math:`\pi^{-1/2} \int \theta^{-1/2} E[N e^{-\theta D}] d\theta` and the mean square
:math:`\int E[N^2 e^{-\theta D}] d\theta`, integrals over traces and determinants of quadratic forms in normals.
"""


STATAS_MISPRINT = ("ct", 40, 0.971)
"""Terms, rows and standard deviation in Stata's copy of the table of Levin, Lin and Chu, which prints 0.871 there."""


class Moments(NamedTuple):
    """Mean and variance of a statistic of an entity, each of one shape."""

    mean: Array
    variance: Array


class Adjustment(NamedTuple):
    """Mean and standard deviation that adjust the t ratio of Levin, Lin and Chu, each of one shape."""

    mean: Array
    sd: Array


@cache
def _read_table(table: str, columns: tuple[str, str], trend: str | None) -> tuple[Array, Array]:
    """Rows (S,) and values (S, 2) of a table, of one choice of terms where it has several."""
    rows = [row for row in constants("nonstationary/panel_unit_roots", table) if trend is None or row["trend"] == trend]
    values = np.array([[row[column] for column in columns] for row in rows], dtype=np.float64)
    return np.array([row["rows"] for row in rows], dtype=np.float64), values


def levin_lin_chu_adjustment(trend: str, rows: npt.ArrayLike, convention: str = "default") -> Adjustment:
    r"""Mean and standard deviation of Levin, Lin and Chu (2002, table 2), which prints 25 to 250 rows and the limit.

    Parameters
    ----------
    trend : {"n", "c", "ct"}
    rows : array_like
        Rows of the regressions of an entity (their average where lags differ), :math:`\tilde T`.
    convention : {"default", "plm", "gretl", "stata"}
        Between printed sizes: linear interpolation, and beyond 250 in :math:`T^{-2/3}`, as the lags of the long-run
        variance over T go. Below 25 (to 8): drawn as the table was. ``"plm"``, which hands over the periods and not
        the rows: linear interpolation, the limit taken for 500 periods; the ends' own beyond them. ``"gretl"``, which
        hands over the rows of the longest regression: the next printed size, and the limit beyond 250. ``"stata"``:
        linear interpolation, below 25 those of 25, the limit beyond 250; and a misprint, `STATAS_MISPRINT`.

    Raises
    ------
    InsufficientDataError
        Under the default, there are fewer than 8 rows.
    """
    check_terms(trend)
    choose("convention", convention, (*CONVENTIONS, "stata"))
    sizes, values = _read_table("levin_lin_chu", ("mean", "sd"), trend)
    name = "The table of Levin, Lin and Chu (2002)"
    if convention == "stata":
        terms, size, deviation = STATAS_MISPRINT
        misprinted = np.where((sizes == size) & (trend == terms), deviation, values[:, 1])
        printed = np.column_stack([values[:, 0], misprinted])
        inside = PrintedSizes(name, "rows", sizes[:-1]).between(printed[:-1], rows)
        found = np.where(np.asarray(rows)[..., None] > sizes[-2], printed[-1], inside)
    elif convention == "gretl":
        found = PrintedSizes(name, "rows", sizes).next_up(values, rows)
    elif convention == "plm":
        found = PrintedSizes(name, "periods", np.where(np.isfinite(sizes), sizes, 500.0)).between(values, rows)
    else:
        short, drawn = _read_table("levin_lin_chu_short", ("mean", "sd"), trend)
        table = PrintedSizes(name + " with its extension", "rows", np.append(short, sizes), rate=2.0 / 3.0)
        found = table.between(np.append(drawn, values, axis=0), table.check(rows))
    return Adjustment(found[..., 0], found[..., 1])


def ratio_moments(
    rows: npt.ArrayLike,
    *,
    tilde: bool = False,
    convention: str = "default",
    labels: Sequence[object] | None = None,
) -> Moments:
    """Mean and variance of t ratios with a constant and no lags (Im, Pesaran and Shin 2003, table 1).

    The table prints 6 to 2,000 rows; those with lags, and with a trend, are `augmented_ratio_moments`.

    Parameters
    ----------
    rows : array_like
        Rows of each entity's regression.
    tilde : bool
        The ratio whose error variance is that under the null.
    convention : {"default", "plm", "gretl"}
        Between printed sizes: linear interpolation; beyond the last, in one over the rows toward the limit. ``"plm"``:
        the ends' own beyond them. ``"gretl"``: from 1,000 rows on those of 1,000.
    labels : sequence, optional
        Labels of the entities, for messages.

    Raises
    ------
    InsufficientDataError
        There are fewer than 6 rows, and the convention is not ``"plm"``.
    """
    choose("convention", convention, CONVENTIONS)
    columns = ("tilde_mean", "tilde_variance") if tilde else ("mean", "variance")
    sizes, values = _read_table("im_pesaran_shin_ratios", columns, None)
    if convention == "gretl":
        sizes, values = sizes[:-1], values[:-1]
    elif convention == "default":
        sizes, values = np.append(sizes, np.inf), np.append(values, [RATIO_LIMITS["c"]], axis=0)
    table = PrintedSizes("Table 1 of Im, Pesaran and Shin (2003)", "rows", sizes)
    found = table.between(values, rows if convention == "plm" else table.check(rows, labels))
    return Moments(found[..., 0], found[..., 1])


@cache
def _augmented_ratios(trend: str) -> tuple[Array, Array]:
    """Rows (S,) and moments (S, lags, 2), NaN where the table is blank."""
    rows = [row for row in constants("nonstationary/panel_unit_roots", "im_pesaran_shin") if row["trend"] == trend]
    sizes = sorted({int(row["rows"]) for row in rows})
    values = np.full((len(sizes), MOST_LAGS + 1, 2), np.nan)
    for row in rows:
        values[sizes.index(int(row["rows"])), int(row["lags"])] = float(row["mean"]), float(row["variance"])
    return np.array(sizes, dtype=np.float64), values


def augmented_ratio_moments(
    trend: str,
    rows: npt.ArrayLike,
    lags: npt.ArrayLike,
    *,
    convention: str = "default",
    labels: Sequence[object] | None = None,
) -> Moments:
    """Mean and variance of t ratios of regressions with lags (Im, Pesaran and Shin 2003, table 3).

    The table prints 10 to 100 rows and 0 to 8 lags; few rows with many lags are blank.

    Parameters
    ----------
    trend : {"c", "ct"}
    rows : array_like
        Rows of each entity's regression, after its lags.
    lags : array_like of int
        Lags of each entity's regression; broadcast against ``rows``.
    convention : {"default", "plm", "gretl"}
        Between printed sizes: linear interpolation; beyond 100 rows, in one over the rows toward the limit, which is
        that without lags. ``"plm"`` and ``"gretl"``: beyond 100 rows those of 100. ``"plm"``: below 10 rows those of
        10, more lags than 8 as 8.
    labels : sequence, optional
        Labels of the entities, for messages.

    Raises
    ------
    InsufficientDataError
        There are fewer than 10 rows, and the convention is not ``"plm"``; or the table has a blank there.
    SpecificationError
        There are more than 8 lags, and the convention is not ``"plm"``.
    """
    check_terms(trend, ("c", "ct"))
    choose("convention", convention, CONVENTIONS)
    sizes, values = _augmented_ratios(trend)
    if convention == "default":
        sizes = np.append(sizes, np.inf)
        limit = np.broadcast_to(RATIO_LIMITS[trend], (1, *values.shape[1:]))
        values = np.append(values, limit, axis=0)
    name = "Table 3 of Im, Pesaran and Shin (2003)"
    table = PrintedSizes(name, "rows", sizes)
    orders, counts = np.broadcast_arrays(np.asarray(lags, dtype=np.int64), np.asarray(rows, dtype=np.float64))
    if convention == "plm":
        orders = np.minimum(orders, MOST_LAGS)
    else:
        table.check(counts, labels)
        many = np.flatnonzero(orders > MOST_LAGS)
        if len(many):
            raise SpecificationError(
                f"{name} ends at {MOST_LAGS} lags; {whose(many[0], labels)}{orders.flat[many[0]]}"
                f"{count_others(len(many), labels, 'more')}."
            )
    found = np.take_along_axis(table.between(values, counts), orders[..., None, None], axis=-2)[..., 0, :]
    blank = np.flatnonzero(np.isnan(found[..., 0]))
    if len(blank):
        raise InsufficientDataError(
            f"{name} has no moments for {count_of(orders.flat[blank[0]], 'lag')} with so few rows; "
            f"{whose(blank[0], labels)}"
            f"{counts.flat[blank[0]]:g}{count_others(len(blank), labels)}."
        )
    return Moments(found[..., 0], found[..., 1])
