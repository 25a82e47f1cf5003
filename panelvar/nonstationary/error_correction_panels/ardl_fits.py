"""An unrestricted error-correction regression for each entity, with orders that are given or chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import read_flag, read_names
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, SpecificationError, choose
from panelvar.data.formulas.design import CONSTANT, Design
from panelvar.kernels.dynamics.criteria import CRITERIA
from panelvar.kernels.linear.unit_regressions import UnitRegressions, unit_regressions
from panelvar.nonstationary.error_correction_panels.ardl_rows import (
    SPEED,
    ArdlRows,
    Lags,
    Orders,
    criterion_values,
    grid,
    lost_rows,
    panel_positions,
    read_orders,
)
from panelvar.panels.heterogeneous.unit_fits import UnitFits, fit_units


@dataclass(frozen=True, eq=False)
class ArdlFits:
    """Triangles of all entities in one layout: own short run, shared short run, levels, lagged dependent variable.

    A lag that an entity's order leaves out has a unit column and a zero target in its triangle, so that its
    coefficient is zero.

    Attributes
    ----------
    rows : ArdlRows
    design : Design
        The rows in use, all entities together; its regressors are the levels and the lagged dependent variable.
    blocks : tuple of (Design, (n_b,) array)
        Rows of the entities that share an order, and the numbers of those entities.
    orders : tuple of Orders
        By entity.
    own, pooled : tuple of str
        Labels of the short-run regressors, the constant first among the own.
    present : (N, w) array of bool
        Whether an entity has each of the own regressors.
    units : UnitRegressions
        In this layout.
    notes : tuple of Note
    """

    rows: ArdlRows
    design: Design
    blocks: tuple[tuple[Design, NDArray[np.intp]], ...]
    orders: tuple[Orders, ...]
    own: tuple[str, ...]
    pooled: tuple[str, ...]
    present: NDArray[np.bool_]
    units: UnitRegressions
    notes: tuple[Note, ...]

    @property
    def k(self) -> int:
        """Number of long-run regressors."""
        return len(self.rows.long_run)

    @property
    def loglik(self) -> float:
        """Gaussian log-likelihood of the regressions, each with its own variance; NaN where one fits exactly."""
        if not self.units.rss.all():
            return float("nan")
        return -0.5 * float(self.sizes @ (np.log(2.0 * np.pi * self.units.rss / self.sizes) + 1.0))

    @cached_property
    def sizes(self) -> Array:
        """Rows of the entities."""
        return self.design.entities.sizes.astype(np.float64)

    @cached_property
    def short(self) -> tuple[str, ...]:
        """Names of the result's short-run part, the constant last; terms that no entity's order has are left out."""
        xs = zip(*(each.x for each in self.orders), strict=True)
        most = Orders(max(each.y for each in self.orders), tuple(map(max, xs)))
        used = {*self.pooled, *(name for name, has in zip(self.own, self.present.T, strict=True) if has.any())}
        short = [name for name in self.rows.short_names(most) if name in used]
        return (*short, *((CONSTANT,) if CONSTANT in self.own else ()))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the result: long run, speed, short run, constant."""
        return (*self.rows.long_run, SPEED, *self.short)

    def short_run(self, own: Array, pooled: Array) -> Array:
        """Arrange own (N, w) and shared (N, c) values as the result's short-run part."""
        labels = (*self.own, *self.pooled)
        return np.concatenate((own, pooled), axis=1)[:, [labels.index(name) for name in self.short]]

    def residuals(self, own: Array, pooled: Array, levels: Array, lagged: Array) -> Array:
        """Residuals of all rows, in the order of ``design``, from coefficients by entity."""
        out = np.empty(self.design.nobs)
        table = np.concatenate((own, pooled, levels, lagged[:, None]), axis=1)
        labels = (*self.own, *self.pooled, *self.rows.long_run, self.rows.lagged)
        for design, members in self.blocks:
            mine = table[members][design.entities.codes]
            left = design.y.copy()
            for j, name in enumerate(labels):
                if name == CONSTANT:
                    left -= mine[:, j]
                elif name in design.names:
                    left -= mine[:, j] * design.x[design.names.index(name)]
            out[np.searchsorted(panel_positions(self.design), panel_positions(design))] = left
        return out


def fit_ardl(
    rows: ArdlRows,
    lags: Lags,
    *,
    max_lags: int | Sequence[int],
    common_orders: bool,
    pooled: Sequence[str] | str,
    min_rows: int | None,
    unusable: str,
) -> ArdlFits:
    """Choose orders if asked to, and regress entity by entity."""
    dependent = rows.source.dependent
    common_orders = read_flag("common_orders", common_orders)
    criterion, candidates = choose("lags", lags, CRITERIA) if isinstance(lags, str) else None, []
    most = read_orders("max_lags", max_lags, dependent, rows.long_run)
    if criterion is None:
        most = read_orders("lags", lags, dependent, rows.long_run)
        rows.refuse_beyond("lags", most)
    else:
        rows.refuse_beyond("max_lags", most)
        candidates = grid(most)
    shared = _read_common(pooled, rows, most, criterion)
    largest = _order_columns(rows.design(most), shared, rows)
    usable = fit_units(largest, min_rows=min_rows, unusable=unusable, instead="")
    if criterion is None:
        chosen = [most] * len(usable.units.rss)
    else:
        chosen = _choose_orders(usable, rows, candidates, criterion, common_orders)
    return _lay_out(rows, usable, most, tuple(chosen), shared, criterion)


def _read_common(pooled: Sequence[str] | str, rows: ArdlRows, most: Orders, criterion: str | None) -> tuple[str, ...]:
    names = read_names("common", pooled, "short-run terms")
    available = rows.short_names(most)
    for name in names:
        choose("common", name, available)
    if names and criterion is not None:
        raise SpecificationError(
            "common= needs lags= to give the orders. Orders chosen by a criterion may leave an entity without the term."
        )
    if len(set(names)) < len(names):
        raise SpecificationError(f"common={list(names)!r} names a term twice.")
    return tuple(name for name in available if name in names)


def _order_columns(design: Design, shared: tuple[str, ...], rows: ArdlRows) -> Design:
    """Put the shared short-run columns after the own ones, before the levels."""
    if not shared:
        return design
    tail = (*rows.long_run, rows.lagged)
    own = [name for name in design.names if name not in shared and name not in tail]
    names = (*own, *shared, *tail)
    return replace(design, names=names, x=tuple(design.x[design.names.index(name)] for name in names))


def _choose_orders(
    usable: UnitFits, rows: ArdlRows, candidates: Sequence[Orders], criterion: str, common: bool
) -> list[Orders]:
    """Compare all orders on the rows of the largest order, entity by entity or for all at once."""
    design = usable.design
    sizes = design.entities.sizes.astype(np.float64)
    values = []
    for orders in candidates:
        names = (*rows.short_names(orders), *rows.long_run, rows.lagged)
        columns = [design.x[design.names.index(name)] for name in names]
        units = unit_regressions((*columns, design.y), design.entity_starts, constant=design.constant)
        values.append(criterion_values(criterion, units.rss, sizes, len(names) + int(design.constant)))
    table = np.array(values)
    if common:
        return [candidates[int(np.argmin(table.sum(axis=1)))]] * len(sizes)
    return [candidates[best] for best in np.argmin(table, axis=0)]


def _lay_out(
    rows: ArdlRows,
    usable: UnitFits,
    most: Orders,
    chosen: tuple[Orders, ...],
    shared: tuple[str, ...],
    criterion: str | None,
) -> ArdlFits:
    """Regress each group of entities on its own rows and write the triangles in the layout of the largest order."""
    constant = usable.design.constant
    first = (CONSTANT,) if constant else ()
    own = (*first, *(name for name in rows.short_names(most) if name not in shared))
    labels = (*own, *shared, *rows.long_run, rows.lagged)
    n, p = len(chosen), len(labels)
    triangles = np.tile(np.eye(p), (n, 1, 1))
    targets, coefficients = np.zeros((n, p)), np.zeros((n, p))
    rss, df = np.empty(n), np.empty(n, dtype=np.intp)
    blocks = []
    codes = np.unique(usable.design.panel.entity_codes[panel_positions(usable.design)])
    for orders in dict.fromkeys(chosen):
        members = np.flatnonzero([each == orders for each in chosen])
        design, units = usable.design, usable.units
        if orders != most or len(members) < n:
            design = _order_columns(rows.design(orders), shared, rows)
            inside = np.isin(design.panel.entity_codes[panel_positions(design)], codes[members])
            design = design.take(np.flatnonzero(inside))
            units = unit_regressions(design.arrays, design.entity_starts, constant=design.constant)
        at = np.array([labels.index(name) for name in (*first, *design.names)])
        triangles[np.ix_(members, at, at)] = units.triangles
        targets[np.ix_(members, at)] = units.targets
        coefficients[np.ix_(members, at)] = units.coefficients
        rss[members], df[members] = units.rss, units.df
        blocks.append((design, members))
    present = np.array([[name in (*first, *rows.short_names(each)) for name in own] for each in chosen], dtype=bool)
    design = _join_blocks(rows, blocks)
    notes = [*rows.source.notes, *usable.notes, *lost_rows(rows, design.nobs)]
    if criterion is not None:
        counts = {orders: chosen.count(orders) for orders in dict.fromkeys(chosen)}
        listing = ", ".join(f"{orders} {count}" for orders, count in sorted(counts.items(), key=lambda item: -item[1]))
        notes.append(Note("orders-chosen", f"Orders chosen by {criterion}, with the number of entities: {listing}."))
    laid_out = UnitRegressions(coefficients, triangles, targets, rss, df, np.zeros(n, dtype=np.int8))
    return ArdlFits(rows, design, tuple(blocks), chosen, own, shared, present, laid_out, tuple(notes))


def _join_blocks(rows: ArdlRows, blocks: Sequence[tuple[Design, NDArray[np.intp]]]) -> Design:
    """Rows of all blocks as one design in the order of the panel, with the columns that all of them have."""
    names = (*rows.long_run, rows.lagged)
    positions = np.concatenate([panel_positions(design) for design, _ in blocks])
    order = np.argsort(positions, kind="stable")

    return replace(
        blocks[0][0],
        names=names,
        x=tuple(np.concatenate([each.x[each.names.index(name)] for each, _ in blocks])[order] for name in names),
        y=np.concatenate([each.y for each, _ in blocks])[order],
        kept=positions[order],
    )
