"""A panel by period and entity: every variable of every entity in every period in use, and which were observed."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arguments import refuse_cells
from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.chosen_names import factors_of
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import DataError, InsufficientDataError, NumericalError, SpecificationError
from panelvar.core.base.expressions import syntax_tree
from panelvar.data.formulas.categories import Categories
from panelvar.data.formulas.factors import Factor, Factors, NumericColumns
from panelvar.data.panel.panel import Panel
from panelvar.data.panel.panel_rows import refuse_infinite
from panelvar.kernels.linear.columns import whole
from panelvar.panels.dynamic.lag_instruments import Specification, StandardInstruments
from panelvar.panels.dynamic.transforms import deviation_weights, transformed

LARGEST = 1e35
"""Largest size of a variable for which products of eight factors (instruments, errors, weights) stay in range."""
_ROWS = 1_000
"""Periods whose meetings with others are counted at once."""
HIGH = 100.0
"""Level beside the spread of a period from which the products of instruments lose half a dozen digits, or more."""


class Laid(NamedTuple):
    """Columns laid out by period.

    Attributes
    ----------
    values : (T, N, V) array
        Zero where nothing was observed.
    observed : (T, N, V) bool array
    dates : (T,) integer array
        Calendar positions of the periods, increasing: empty stretches of the calendar are left out.
    """

    values: Array
    observed: Mask
    dates: Positions

    def only(self, places: Sequence[int]) -> Laid:
        """Some of the columns."""
        return Laid(self.values[:, :, list(places)], self.observed[:, :, list(places)], self.dates)

    def lagged(self, lag: int) -> Laid:
        """The columns some periods earlier (later, if the lag is negative); nothing is observed beyond the periods."""
        values, observed = np.zeros_like(self.values), np.zeros_like(self.observed)
        start = np.searchsorted(self.dates, self.dates - lag)
        to = np.flatnonzero(start < len(values))
        to = to[self.dates[start[to]] == self.dates[to] - lag]
        values[to], observed[to] = self.values[start[to]], self.observed[start[to]]
        return Laid(values, observed, self.dates)

    @property
    def complete(self) -> Mask:
        """Which entities have all columns, period by period, (T, N)."""
        # Column by column: along a last axis of few, NumPy takes twenty times as long.
        found = np.ones(self.observed.shape[:2], dtype=bool)
        for place in range(self.observed.shape[2]):
            found &= self.observed[:, :, place]
        return found

    @property
    def seen(self) -> Mask:
        """Which entities have any column, period by period, (T, N)."""
        found = np.zeros(self.observed.shape[:2], dtype=bool)
        for place in range(self.observed.shape[2]):
            found |= self.observed[:, :, place]
        return found

    def extremes(self) -> tuple[Array, Array]:
        """Least and largest value of each column in each period, (T, V) both, infinite where none was observed."""
        lows, highs = np.full((2, len(self.values), self.values.shape[2]), np.inf)
        for place in range(self.values.shape[2]):
            own, there = self.values[:, :, place], self.observed[:, :, place]
            lows[:, place] = np.min(own, axis=1, where=there, initial=np.inf)
            highs[:, place] = np.max(own, axis=1, where=there, initial=-np.inf)
        return lows, highs


@dataclass(frozen=True, eq=False)
class PanelCube:
    """Variables of a panel, laid out by period and entity.

    The periods are those that have rows, and the one after each, so that memory does not grow with a calendar's empty
    stretches. Periods that stand together and both have rows follow one another on the calendar too. No lag reaches
    across a gap or into another entity.

    Attributes
    ----------
    panel : Panel
    names : tuple of str
        Variables, in the order of the last axis.
    laid : Laid
    """

    panel: Panel
    names: tuple[str, ...]
    laid: Laid

    @classmethod
    def of(cls, panel: Panel, names: Sequence[str], columns: Sequence[Array], dates: Positions) -> PanelCube:
        """Lay out columns of a panel, in periods with such calendar positions.

        Raises
        ------
        DataError
            A column has infinite values.
        SpecificationError
            There are more numbers than are laid out at once, mostly because entities have rows in few of all periods.
        """
        refuse_cells(f"A dynamic panel of {len(dates)} periods", len(dates), panel.n_entities, max(len(names), 1))
        values = np.zeros((len(dates), panel.n_entities, len(names)))
        observed = np.zeros(values.shape, dtype=bool)
        where = np.searchsorted(dates, panel.time_positions), panel.entity_codes
        for place, (name, column) in enumerate(zip(names, columns, strict=True)):
            refuse_infinite(panel, name, column)
            missing = np.isnan(column)
            values[(*where, place)] = np.where(missing, 0.0, column)
            observed[(*where, place)] = ~missing
        return cls(panel, tuple(names), Laid(values, observed, dates))

    @property
    def dates(self) -> Positions:
        """Calendar positions (T,) of the periods."""
        return self.laid.dates

    def of_entities(self, places: Positions) -> PanelCube:
        """The variables of some of the entities; of all of them no copy is made."""
        if len(places) == self.panel.n_entities:
            return self
        laid = Laid(self.laid.values[:, places], self.laid.observed[:, places], self.dates)
        return PanelCube(self.panel, self.names, laid)

    def only(self, names: Sequence[str]) -> Laid:
        """Some of the variables."""
        return self.laid.only([self.names.index(name) for name in names])


@dataclass(frozen=True, eq=False)
class LaidRows:
    """A model's variables, and which periods of its entities are complete.

    Attributes
    ----------
    cube : PanelCube
    complete : (T, N) bool array
        Periods in which all of these were observed.
    used : (R, N) bool array
        Which transformed rows there are.
    entities : (n,) integer array
        Entities in use.
    absent : dict of str to (rows,) bool array
        Rows of the panel that miss a variable, those of columns that some miss.
    """

    cube: PanelCube
    complete: Mask
    used: Mask
    entities: Positions
    absent: dict[str, Mask]


def dates_in_use(positions: Positions, n_positions: int) -> Positions:
    """Calendar positions of the periods that rows are laid out in: those of rows, and the ones after them."""
    own = np.unique(np.asarray(positions, dtype=np.intp))
    return np.union1d(own, np.minimum(own + 1, n_positions - 1))


def lay_out(panel: Panel, spec: Specification, dates: Positions, known: Mapping[str, Array] | None = None) -> LaidRows:
    """Lay out the variables of a model in periods with such calendar positions; columns ``known`` are not read.

    Raises
    ------
    InsufficientDataError
        There are too few periods for the lags.
    DataError
        A column is unknown, unsuitable or infinite.
    """
    names = model_columns(spec)
    columns = read_columns(panel, names, known)
    raw = set(panel.names)
    # Lags that no row can have do not count as missing.
    own = names[: len(spec.dependents) + len(spec.regressors)]
    absent = {name: np.isnan(column) for name, column in zip(own, columns, strict=False) if name in raw}
    cube = PanelCube.of(panel, names, columns, dates)
    if panel.calendar.n_positions < spec.lags + 2:
        raise InsufficientDataError(
            f"The panel spans {count_of(panel.calendar.n_positions, 'period')}. A transformed equation with "
            f"{count_of(spec.lags, 'lag')} of the dependent variable needs at least {spec.lags + 2}."
        )
    complete = np.logical_and.reduce([laid.complete for part in parts_of(cube, spec) for laid in part])
    used = transformed(spec.transform, np.zeros((*complete.shape, 0)), complete).used
    entities = np.flatnonzero(used.any(axis=0) | (complete.any(axis=0) if spec.level_equation else False))
    absent = {name: mask for name, mask in absent.items() if mask.any()}
    return LaidRows(cube, complete, used, entities, absent)


def parts_of(cube: PanelCube, spec: Specification) -> tuple[list[Laid], list[Laid], list[Laid]]:
    """Lay out the regressors, the dependent variables, and columns that instrument themselves, a set each.

    Regressors are lags of the dependent variables, the first ones first, and the others.
    """
    dependents = cube.only(spec.dependents)
    regressors = [*(dependents.lagged(lag) for lag in range(1, spec.lags + 1)), cube.only(spec.regressors)]
    return (
        regressors,
        [dependents],
        [cube.only(each.names) for each in spec.sets if isinstance(each, StandardInstruments)],
    )


def model_columns(spec: Specification) -> tuple[str, ...]:
    """All variables of a model: those explained, regressors, instruments."""
    return tuple(
        dict.fromkeys((*spec.dependents, *spec.regressors, *(name for each in spec.sets for name in each.names)))
    )


class RowCounts(NamedTuple):
    """Numbers of rows: of all entities together, and the fewest and the most of one."""

    total: int
    fewest: int
    most: int

    @classmethod
    def of(cls, used: Mask) -> RowCounts:
        """Count the rows (R, N) that are used."""
        counts = used.sum(axis=0)
        return cls(int(counts.sum()), int(counts.min(initial=used.shape[0])), int(counts.max(initial=0)))

    def merged(self, other: RowCounts) -> RowCounts:
        """Those of both."""
        return RowCounts(self.total + other.total, min(self.fewest, other.fewest), max(self.most, other.most))


@dataclass(frozen=True, eq=False)
class Census:
    """What the rows of a model hold, counted before there are equations; the counts of other entities can be added.

    Attributes
    ----------
    rows, absent_rows : int
        Rows of the panel, and those that miss a variable.
    absent : dict of str to int
        Rows that miss it.
    entities, in_use, pausing : int
        All entities, those with enough rows, and those among the latter that have gaps.
    sizes : dict of str to float
        Largest absolute value of each variable.
    transformed, levels, differences : RowCounts
        Rows of the entities in use.
    complete, everywhere, touched : (T,) bool arrays
        Periods that are complete for some entity in use, and for all of them; periods of transformed rows.
    fewest_later : (T,) integer array
        Complete periods after each period, the fewest of the entities that are complete in it.
    links : (T, T) bool array
        Whether two periods follow one another among the complete periods of some entity.
    pairs : (T, T) bool array
        Whether some entity has a row of the model in a period and a value in another one, [row, value].
    dates : (T,) integer array
        Calendar positions of the periods.
    lows, highs : (T, V) arrays
        Least and largest value of each variable in each period, infinite where none was observed.
    """

    rows: int
    absent_rows: int
    absent: dict[str, int]
    entities: int
    in_use: int
    pausing: int
    sizes: dict[str, float]
    transformed: RowCounts
    levels: RowCounts
    differences: RowCounts
    complete: Mask
    everywhere: Mask
    touched: Mask
    fewest_later: Positions
    links: Mask
    pairs: Mask
    dates: Positions
    lows: Array
    highs: Array

    @classmethod
    def of(cls, laid: LaidRows) -> Census:
        """Count what was laid out."""
        panel, complete = laid.cube.panel, laid.complete[:, laid.entities]
        later = deviation_weights(complete)[0].astype(np.intp)
        used = laid.used[:, laid.entities]
        rows = complete.copy()
        rows[1:] |= used
        begun = np.diff(complete.astype(np.int8), axis=0, prepend=0) == 1
        lows, highs = laid.cube.laid.extremes()
        sizes = np.maximum(highs.max(axis=0, initial=0.0), -lows.min(axis=0, initial=0.0))
        return cls(
            panel.nobs,
            int(np.logical_or.reduce(list(laid.absent.values())).sum()) if laid.absent else 0,
            {name: int(mask.sum()) for name, mask in laid.absent.items()},
            panel.n_entities,
            len(laid.entities),
            int((begun.sum(axis=0) > 1).sum()),
            dict(zip(laid.cube.names, sizes.tolist(), strict=True)),
            RowCounts.of(used),
            RowCounts.of(complete),
            RowCounts.of(complete[1:] & complete[:-1]),
            np.asarray(complete.any(axis=1)),
            np.asarray(complete.all(axis=1)),
            np.insert(used.any(axis=1), 0, False),
            np.where(complete, later, len(complete)).min(axis=1, initial=len(complete)),
            _links(complete),
            _meetings(rows, laid.cube.laid.seen[:, laid.entities]),
            laid.cube.dates,
            lows,
            highs,
        )

    def merged(self, other: Census) -> Census:
        """What there is in the rows of both."""
        absent = {name: self.absent.get(name, 0) + other.absent.get(name, 0) for name in self.sizes}
        return Census(
            self.rows + other.rows,
            self.absent_rows + other.absent_rows,
            {name: count for name, count in absent.items() if count},
            self.entities + other.entities,
            self.in_use + other.in_use,
            self.pausing + other.pausing,
            {name: max(size, other.sizes[name]) for name, size in self.sizes.items()},
            self.transformed.merged(other.transformed),
            self.levels.merged(other.levels),
            self.differences.merged(other.differences),
            self.complete | other.complete,
            self.everywhere & other.everywhere,
            self.touched | other.touched,
            np.minimum(self.fewest_later, other.fewest_later),
            self.links | other.links,
            self.pairs | other.pairs,
            self.dates,
            np.minimum(self.lows, other.lows),
            np.maximum(self.highs, other.highs),
        )

    @property
    def high_levels(self) -> Array:
        """The middle (T, V) of each variable in each period, where it is far from zero beside the spread, else zero."""
        seen = self.lows <= self.highs
        middles, spreads = np.zeros(seen.shape), np.zeros(seen.shape)
        middles[seen] = self.lows[seen] / 2.0 + self.highs[seen] / 2.0
        spreads[seen] = self.highs[seen] - self.lows[seen]
        spread = spreads.max(axis=0, initial=0.0)
        high = (spread > 0.0) & (np.abs(middles).max(axis=0, initial=0.0) > HIGH * spread)
        return np.where(high, middles, 0.0)

    def equal_rows(self, spec: Specification) -> tuple[bool, bool]:
        """Whether the period moments hold the sum of the errors of every transformed row, and of every level row.

        A row of a difference is the same combination of periods for all entities. A deviation is, if all that have it
        have all later periods. Where periods are instruments of the levels, the errors of transformed rows are
        combinations of those of levels, if the same periods are complete for every entity and the one-step weight knows
        of it.
        """
        if not spec.time_effects:
            return False, False
        if spec.level_equation:
            return spec.h == "cross" and bool((self.everywhere == self.complete).all()), True
        behind = np.append(np.cumsum(self.complete[:0:-1])[::-1], 0)
        return spec.transform == "fd" or bool((self.fewest_later >= behind)[self.complete].all()), False

    def refuse_sizes(self) -> None:
        """Refuse variables whose powers leave the range of numbers.

        Raises
        ------
        NumericalError
            A variable is larger than `LARGEST`, or all of its values are smaller than one over that.
        """
        for name, size in self.sizes.items():
            if size and not 1.0 / LARGEST < size < LARGEST:
                raise NumericalError(
                    f"{name!r} has values of the size {size:.0e}. The weights of the moments use its powers, which "
                    "leave the range of floating-point numbers. Rescale it, say by a power of ten."
                )


def _links(complete: Mask) -> Mask:
    """Whether two periods (T, T) follow one another among those (T, N) of some entity."""
    entities, periods = np.nonzero(complete.T)
    same = entities[1:] == entities[:-1]
    out = np.zeros((len(complete), len(complete)), dtype=bool)
    out[periods[:-1][same], periods[1:][same]] = True
    return out


def _meetings(rows: Mask, there: Mask) -> Mask:
    """Whether some entity is in both, for each pair of periods (T, T) of two masks (T, N)."""
    values = there.T.astype(np.float32)
    out = np.zeros((len(rows), len(rows)), dtype=bool)
    for start in range(0, len(rows), _ROWS):
        part = slice(start, start + _ROWS)
        out[part] = rows[part].astype(np.float32) @ values > 0.0
    return out


def read_columns(panel: Panel, names: Sequence[str], known: Mapping[str, Array] | None = None) -> list[Array]:
    """Columns of a panel, or expressions of them such as ``"L(w)"``, in the panel's order; those known as they are.

    Raises
    ------
    DataError, SpecificationError
        A column is unknown or unsuitable.
    """
    factors, own = Factors(panel), set(panel.names)
    out = []
    for name in names:
        if known is not None and name in known:
            out.append(known[name])
            continue
        if name in own:
            out.append(panel.column(name))
            continue
        parts = [_read_factor(factors, own, part) for part in factors_of(name)]
        with np.errstate(over="ignore"):  # infinite values are refused by the column's name
            product = np.prod(parts, axis=0) if len(parts) > 1 else parts[0]
        out.append(np.broadcast_to(product, panel.nobs))
    return out


def _read_factor(factors: Factors, columns: Collection[object], name: str) -> Array:
    """Compute one factor of a product: a column, or an expression of columns."""
    bare = name.strip("`")
    if bare in columns:
        return factors.panel.column(bare)
    _refuse_arithmetic(name)
    found = factors[Factor(name, not any(sign in name for sign in "()+-*/"))]
    if isinstance(found, Categories):
        effects = " For effects of periods pass time_effects=True." if name.startswith(("C(", "i(")) else ""
        raise DataError(f"{name!r} is not numeric: a regressor or instrument must be a column of numbers.{effects}")
    if isinstance(found, NumericColumns):
        raise SpecificationError(
            f"{name!r} makes {len(found.marks)} columns, but a regressor or instrument must be one column."
        )
    return np.asarray(whole(found), dtype=np.float64)


def _refuse_arithmetic(name: str) -> None:
    """Refuse ``w + k``, which is two regressors in a formula and would be their sum here."""
    if isinstance(syntax_tree(name, name), ast.BinOp):
        raise SpecificationError(
            f"{name!r} would be read as one column. To name several columns, give a list or write a formula "
            f"'y ~ ...'. To compute one column from them, write I({name})."
        )
