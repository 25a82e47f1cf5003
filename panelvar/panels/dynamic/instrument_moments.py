r"""Moments of lagged instruments, as products of pairs of periods.

An instrument of an equation's row is the level of some other period, and most moments have one row each. So Z is never
formed: each row r of the equation keeps the few instruments :math:`Z_r` (N, L_r) that it has, and

.. math:: Z_i'X_i = \sum_r z_{ir} x_{ir}', \qquad
          \sum_i Z_i'H_iZ_i = \sum_{r, r'} Z_r' \,\mathrm{diag}(h_{i,rr'})\, Z_{r'}

over the few pairs of rows whose errors are correlated: all entities at once, a product for each pair. The products
:math:`Z_i'X_i` take many times the memory of their factors, the instruments and the rows. What GMM takes from them is a
combination of columns (the moments of errors), of moments, or of entities: each is made from the factors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.errors import InsufficientDataError, SpecificationError
from panelvar.core.base.labels import listed
from panelvar.core.base.limits import MOST_MOMENTS
from panelvar.data.formulas.design import CONSTANT
from panelvar.panels.dynamic.cube import Laid, PanelCube
from panelvar.panels.dynamic.lag_instruments import LagInstruments, Specification, StandardInstruments
from panelvar.panels.dynamic.transforms import EquationRows, RowCovariances

_ANY = 10**9
"""A last lag that no calendar reaches."""
_FEW = 4
"""The last lag of the advice where there are too many."""
_NUMBERS = 2**20
"""Numbers of the products of entities that are there at once: 8 MB."""


class RowInstruments(NamedTuple):
    """Instruments of one row of the equation.

    Attributes
    ----------
    columns : (L_r,) integer array
        Which moments they belong to.
    values : (N, L_r) array, column-major
        Zero for entities that lack the row.
    """

    columns: Positions
    values: Array

    def only(self, kept: Mask) -> RowInstruments:
        """Some of the columns; of all of them no copy is made."""
        return self if kept.all() else RowInstruments(self.columns[kept], self.values.T[kept].T)


class Origin(NamedTuple):
    """Where a moment comes from.

    Attributes
    ----------
    kind : {"lags", "changes", "standard", "constant", "period", "quadratic"}
        Lagged levels in the transformed rows, lagged differences in the levels; columns that instrument themselves; the
        constant; a period; products of two residuals.
    place : int
        Which of the specification's sets of instruments it belongs to; -1: none of them.
    """

    kind: str
    place: int = -1


class LagWindow(NamedTuple):
    """Lags of variables, resolved: see `LagInstruments`."""

    names: tuple[str, ...]
    laid: Laid
    first: int
    last: int
    collapse: bool


@dataclass(frozen=True, eq=False)
class InstrumentMatrix:
    """All instruments of an equation, by row.

    Attributes
    ----------
    labels : tuple of str
        What each of the L moments is.
    rows : tuple of RowInstruments
        In the order of the equation's rows: those of the transformed equation, then of levels.
    origins : tuple of Origin
        Where each moment comes from.
    lifts : (L, L) array or None
        Where instruments are those less a number in each row, because they are far from zero: which combinations of
        these moments make up for it. Moments are then the same, in other coordinates: with ``I + lifts`` times these
        they are what their labels say.
    """

    labels: tuple[str, ...]
    rows: tuple[RowInstruments, ...]
    origins: tuple[Origin, ...]
    lifts: Array | None = None

    @property
    def count(self) -> int:
        """Moments of one equation, L."""
        return len(self.labels)

    def only(self, kept: Mask) -> InstrumentMatrix:
        """Some of the moments."""
        moved = np.cumsum(kept) - 1
        rows = []
        for row in self.rows:
            own = row.only(kept[row.columns])
            rows.append(own._replace(columns=moved[own.columns]))
        labels, origins = tuple(compress(self.labels, kept)), tuple(compress(self.origins, kept))
        lifts = None if self.lifts is None else self.lifts[np.ix_(kept, kept)]
        return InstrumentMatrix(labels, tuple(rows), origins, lifts)

    def dense(self) -> Array:
        """The instruments (R, L) of a single entity, row by row."""
        out = np.zeros((len(self.rows), self.count))
        for row, own in zip(out, self.rows, strict=True):
            row[own.columns] = own.values[0]
        return out

    def less(self, middles: Array, used: Sequence[Mask]) -> InstrumentMatrix:
        """The instruments less numbers (R, L) for all entities that have a row; lifts are not known yet."""
        rows = []
        for own, middle, there in zip(self.rows, middles, used, strict=True):
            columns = np.union1d(own.columns, np.flatnonzero(middle))
            values = np.zeros((len(there), len(columns)), order="F")
            values[:, np.searchsorted(columns, own.columns)] = own.values
            values -= there[:, None] * middle[columns]
            rows.append(RowInstruments(columns, values))
        return replace(self, rows=tuple(rows))

    def turned(self, turn: Array) -> InstrumentMatrix:
        """The instruments of combinations (L, L) of the moments, named as these."""
        rows = []
        for own in self.rows:
            part = turn[:, own.columns]
            columns = np.flatnonzero(part.any(axis=1))
            rows.append(RowInstruments(columns, (part[columns] @ own.values.T).T))
        return replace(self, rows=tuple(rows), lifts=None)

    def weight(self, covariances: RowCovariances, weights: Array | None = None) -> Array:
        r""":math:`\sum_i w_i Z_i'H_iZ_i`, (L, L)."""
        out = np.zeros((self.count, self.count))
        for (first, second), covariance in covariances.items():
            left, right = self.rows[first], self.rows[second]
            factor = covariance if weights is None else covariance * weights
            scaled = left.values * factor if np.ndim(factor) == 0 else left.values * np.asarray(factor)[:, None]
            block = scaled.T @ right.values
            out[left.columns[:, None], right.columns] += block
            if first != second:
                out[right.columns[:, None], left.columns] += block.T
        return out


@dataclass(frozen=True, eq=False)
class StackedMoments:
    """Products of entities, or of clusters of them, or rows with the same cross products as all of these.

    Attributes
    ----------
    products : (L, m + K, G) array
    """

    products: Array

    def only(self, kept: Mask) -> StackedMoments:
        """Those of some of the moments."""
        return StackedMoments(self.products[kept])

    def turned(self, turn: Array) -> StackedMoments:
        """Those of combinations (M, L) of the moments."""
        return StackedMoments(np.tensordot(turn, self.products, axes=1))

    def of_columns(self, columns: list[int]) -> StackedMoments:
        """Those of some of the regressors and dependent variables."""
        return StackedMoments(self.products[:, columns])

    def errors(self, params: Array) -> Array:
        """Moments of the errors at coefficients (m, K), equation by equation, (G, K L)."""
        left = np.concatenate([-params.T, np.eye(params.shape[1])], axis=1) @ self.products
        return np.asarray(left.T.reshape(self.products.shape[2], -1))

    def summed(self, shares: Array) -> Array:
        """Sum (L, m + K) of the products times shares (G,)."""
        return np.asarray(self.products @ shares)

    def combined(self, weights: Array) -> Array:
        """Sums (m + K, k, G) of the products of moments times weights (k, L)."""
        return np.asarray(weights @ self.products.swapaxes(0, 1))


@dataclass(frozen=True, eq=False)
class EntityMoments:
    """Instruments and rows of entities, and what `StackedMoments` has of their products.

    Attributes
    ----------
    instruments : InstrumentMatrix
    equations : tuple of EquationRows
    columns : list of int
        Which of the rows' columns are the m regressors and, after these, the K dependent variables.
    """

    instruments: InstrumentMatrix
    equations: tuple[EquationRows, ...]
    columns: list[int]

    @property
    def _rows(self) -> Iterator[tuple[RowInstruments, Array]]:
        """The instruments of each row, and its values (N, C)."""
        return zip(self.instruments.rows, (row for each in self.equations for row in each.values), strict=True)

    @property
    def _shape(self) -> tuple[int, int]:
        """Entities N and columns C."""
        _, entities, columns = self.equations[0].values.shape
        return entities, columns

    @property
    def few(self) -> bool:
        """Whether there are so few products that to keep them is the faster way."""
        return self.instruments.count * len(self.columns) * self._shape[0] <= _NUMBERS

    @property
    def products(self) -> Array:
        """All of them, (L, m + K, N).

        Entities come last: products of long vectors take half the time of many short ones, here and in all that is
        made of them.
        """
        return self._products_of(slice(0, self._shape[0]))

    @property
    def total(self) -> Array:
        """Their sum over the entities, (L, m + K)."""
        return np.asarray(sum(products.sum(axis=2) for _, products in self.blocks()))

    def blocks(self) -> Iterator[tuple[slice, Array]]:
        """Yield some of the entities after others, and their products (L, m + K, n)."""
        width, entities = self.instruments.count * len(self.columns), self._shape[0]
        # One block is made while the one before is still there.
        most = max(1, _NUMBERS // 2 // max(1, width))
        for start in range(0, entities, most):
            part = slice(start, min(start + most, entities))
            yield part, self._products_of(part)

    def only(self, kept: Mask) -> EntityMoments:
        """Those of some of the moments."""
        return replace(self, instruments=self.instruments.only(kept))

    def turned(self, turn: Array) -> EntityMoments:
        """Those of combinations (M, L) of the moments."""
        return replace(self, instruments=self.instruments.turned(turn))

    def of_columns(self, columns: list[int]) -> EntityMoments:
        """Those of some of the regressors and dependent variables."""
        return replace(self, columns=[self.columns[place] for place in columns])

    def errors(self, params: Array) -> Array:
        """Moments of the errors at coefficients (m, K), equation by equation, (N, K L)."""
        equations, entities = params.shape[1], self._shape[0]
        loadings = np.concatenate([-params, np.eye(equations)])
        out = np.zeros((equations, self.instruments.count, entities))
        self._write_products(loadings, slice(None), out.swapaxes(0, 1))
        return out.reshape(-1, entities).T

    def summed(self, shares: Array) -> Array:
        """Sum (L, m + K) of the products times shares (N,)."""
        out = np.zeros((self.instruments.count, self._shape[1]))
        for own, values in self._rows:
            out[own.columns] += (own.values * shares[:, None]).T @ values
        return out[:, self.columns]

    def combined(self, weights: Array) -> Array:
        """Sums (m + K, k, N) of the products of moments times weights (k, L)."""
        out = np.zeros((len(self.columns), len(weights), self._shape[0]))
        for own, values in self._rows:
            out += values.T[self.columns, None] * (weights[:, own.columns] @ own.values.T)
        return out

    def _products_of(self, part: slice) -> Array:
        out = np.zeros((self.instruments.count, len(self.columns), part.stop - part.start))
        self._write_products(np.eye(len(self.columns)), part, out)
        return out

    def _write_products(self, loadings: Array, part: slice, out: Array) -> None:
        """Write the products of some entities times loadings (m + K, q) into zeros ``out`` (L, q, n)."""
        of_all = np.zeros((self._shape[1], loadings.shape[1]))
        of_all[self.columns] = loadings
        written = np.zeros(len(out), dtype=bool)
        for own, values in self._rows:
            row = np.ascontiguousarray((values[part] @ of_all).T)
            for moment, instrument in zip(own.columns.tolist(), own.values[part].T, strict=True):
                if written[moment]:
                    out[moment] += instrument * row
                else:
                    np.multiply(instrument, row, out=out[moment])
                    written[moment] = True


Moments = EntityMoments | StackedMoments


class InstrumentCollector:
    """Instruments of a specification as they are collected, row by row.

    Parameters
    ----------
    spec : Specification
    equations : sequence of EquationRows
        Columns: regressors, dependent variables, and those of the sets of standard instruments.
    cube : PanelCube
        Cube of the entities in use.
    pairs : (T, T) bool array
        Whether some entity, of all there are, has a row in a period and a value in another one.
    periods : sequence of str
        What the periods are called.
    words : sequence of str
        Names of the constant and of the periods that are regressors.
    """

    def __init__(
        self,
        spec: Specification,
        equations: Sequence[EquationRows],
        cube: PanelCube,
        pairs: Mask,
        periods: Sequence[str],
        words: Sequence[str],
    ) -> None:
        self._spec, self._equations, self._cube, self._periods, self._words = spec, equations, cube, periods, words
        self._pairs, self._dates = pairs, cube.dates
        self._first_level = len(equations[0].labels)
        self._used = [used for equation in equations for used in equation.used]
        self._rows: list[list[tuple[list[int], Array]]] = [[] for _ in self._used]
        self._places: dict[tuple[object, ...], int] = {}
        self._labels: list[str] = []
        self._origins: list[Origin] = []

    def collect(self, latest: int) -> tuple[InstrumentMatrix, Mask]:
        """Every instrument that the specification asks for, and which of them are not zero for all entities.

        Parameters
        ----------
        latest : int
            The last period that has a transformed row.

        Raises
        ------
        InsufficientDataError
            No row has the lags of a window.
        SpecificationError
            A window is empty, there are instruments of levels that are not estimated, or there are too many.
        """
        self._refuse_many()
        self.add_lags(latest)
        self.add_standard()
        self.add_deterministic()
        return self.matrix()

    def add(
        self, row: int, origin: Origin, keys: Sequence[tuple[object, ...]], labels: Sequence[str], values: Array
    ) -> None:
        """Add instruments (N, count) to a row; equal keys of the same origin are the same moment."""
        places = []
        for own, label in zip(keys, labels, strict=True):
            key = (origin, *own)
            if key not in self._places:
                self._places[key] = len(self._labels)
                self._labels.append(label)
                self._origins.append(origin)
            places.append(self._places[key])
        self._rows[row].append((places, np.where(self._used[row][:, None], values, 0.0)))

    def add_window(
        self, start: int, equation: EquationRows, window: LagWindow, origin: Origin, prefix: str = ""
    ) -> None:
        """Add the lags of some variables to every row of an equation whose first row is ``start``."""
        values = window.laid.values
        for number, label in enumerate(equation.labels):
            for place in self._older(label, window.first, window.last):
                lag = int(self._dates[label] - self._dates[place])
                keys = [(name, lag, None if window.collapse else label) for name in window.names]
                words = [f"L{lag}.{prefix}{name}" if lag else f"{prefix}{name}" for name in window.names]
                if not window.collapse:
                    words = [f"{word} ({self._periods[label]})" for word in words]
                self.add(start + number, origin, keys, words, values[place])

    def _refuse_many(self) -> None:
        """Refuse more moments than weights can be made of, with the number that other choices would make."""
        sets = [each for each in self._spec.sets if isinstance(each, LagInstruments)]
        if sum(len(each.names) for each in sets) * len(self._dates) ** 2 <= MOST_MOMENTS:
            return
        every = sum(map(self._count_lags, sets))
        if every <= MOST_MOMENTS:
            return
        few, recent = (
            sum(self._count_lags(replace(each, **changes)) for each in sets)
            for changes in ({"collapse": True}, {"first": None, "last": _FEW})
        )
        raise SpecificationError(
            f"Lags as instruments make {every} moments here, one for each lag and period. The limit is {MOST_MOMENTS}, "
            "because their weights have the square of that many numbers. Use LagInstruments(collapse=True), which "
            f"makes one for each lag ({few} here), or last=, which leaves old lags out: last={_FEW} makes {recent}."
        )

    def _count_lags(self, each: LagInstruments) -> int:
        """Moments of a set of lags, before any is left out because it is zero for all entities."""
        first, last = _window(each)
        ages = [
            self._dates[label] - self._dates[self._older(label, first, last)] for label in self._equations[0].labels
        ]
        found = np.concatenate(ages) if ages else np.zeros(0)
        return len(each.names) * (len(np.unique(found)) if each.collapse else len(found))

    def _older(self, label: int, first: int, last: int) -> Positions:
        """Periods, the latest first, that are a lag of a window before a row's, and in which it has values."""
        ages = self._dates[label] - self._dates
        return np.flatnonzero((ages >= first) & (ages <= last) & self._pairs[label])[::-1]

    def add_lags(self, latest: int) -> None:
        """Add the sets of lags; ``latest`` is the last period that has a transformed row."""
        spec, equations = self._spec, self._equations
        for number, each in enumerate(spec.sets):
            if not isinstance(each, LagInstruments):
                continue
            first, last = _window(each)
            if last < first:
                raise SpecificationError(
                    f"The window of lags of {listed(each.names)} is empty: it goes from {first} to {last}."
                )
            own = self._cube.only(each.names)
            equation = each.equation or ("both" if spec.level_equation else "transformed")
            _refuse_levels(equation, spec)
            if equation != "level":
                window = LagWindow(each.names, own, first, last, each.collapse)
                if first > self._dates[latest]:
                    raise InsufficientDataError(
                        f"No row has lag {first} of {listed(each.names)}: the panel spans "
                        f"{self._cube.panel.calendar.n_positions} periods."
                    )
                self.add_window(0, equations[0], window, Origin("lags", number))
            if equation != "transformed":
                least, most = (max(first - 1, 0), max(first - 1, 0)) if equation == "both" else (first, last)
                before = own.lagged(1)
                both = own.observed & before.observed
                changes = Laid(np.where(both, own.values - before.values, 0.0), both, self._dates)
                window = LagWindow(each.names, changes, least, most, each.collapse)
                self.add_window(self._first_level, equations[1], window, Origin("changes", number), "D.")

    def add_standard(self) -> None:
        """Add the columns that instrument themselves, which stand after regressors and dependent variables."""
        spec, equations = self._spec, self._equations
        place = len(spec.lag_names) + len(spec.regressors) + len(self._words) + len(spec.dependents)
        for number, each in enumerate(spec.sets):
            if not isinstance(each, StandardInstruments):
                continue
            equation = each.equation or "transformed"
            _refuse_levels(equation, spec)
            origin, keys = Origin("standard", number), [(name,) for name in each.names]
            columns = slice(place, place + len(each.names))
            place += len(each.names)
            if equation != "level":
                words = [f"{'D.' if equations[0].kind == 'fd' and each.transform else ''}{name}" for name in each.names]
                plain = self._cube.only(each.names).values
                for row, label in enumerate(equations[0].labels):
                    values = equations[0].values[row, :, columns] if each.transform else plain[label]
                    self.add(row, origin, keys, words if equation == "transformed" else each.names, values)
            if equation != "transformed":
                for row in range(len(equations[1].labels)):
                    self.add(self._first_level + row, origin, keys, each.names, equations[1].values[row, :, columns])

    def add_deterministic(self) -> None:
        """Add constant and periods, their own instruments: in the levels if these are rows, or transformed."""
        spec, equations, words, start = self._spec, self._equations, self._words, self._first_level
        begin = len(spec.lag_names) + len(spec.regressors)
        if CONSTANT in words:
            ones = np.ones((equations[0].used.shape[1], 1))
            for row in range(len(equations[1].labels)):
                self.add(start + row, Origin("constant"), [()], [CONSTANT], ones)
        periods = [(place, word) for place, word in enumerate(words) if word != CONSTANT]
        if not periods:
            return
        rows, offset = (equations[1], start) if spec.level_equation else (equations[0], 0)
        chosen = [begin + place for place, _ in periods]
        names = [word for _, word in periods]
        for row in range(len(rows.labels)):
            self.add(offset + row, Origin("period"), [(name,) for name in names], names, rows.values[row][:, chosen])

    def matrix(self) -> tuple[InstrumentMatrix, Mask]:
        """What was collected, and which of the moments are not zero for every entity in all rows."""
        found = np.zeros(len(self._labels), dtype=bool)
        rows = []
        width = len(self._used[0]) if self._used else 0
        for row, parts in enumerate(self._rows):
            # What was collected is released row by row, so that it is not there twice.
            self._rows[row] = []
            places = np.array([place for own, _ in parts for place in own], dtype=np.intp)
            values = np.concatenate([each.T for _, each in parts]).T if parts else np.zeros((width, 0))
            there = np.asarray(values.any(axis=0))
            found[places[there]] = True
            rows.append(RowInstruments(places, values).only(there))
        return InstrumentMatrix(tuple(self._labels), tuple(rows), tuple(self._origins)), found


def _window(each: LagInstruments) -> tuple[int, int]:
    """The shortest and the longest lag of a set."""
    return 2 if each.first is None else each.first, _ANY if each.last is None else each.last


def _refuse_levels(equation: str, spec: Specification) -> None:
    """Refuse instruments of levels that are not estimated."""
    if equation != "transformed" and not spec.level_equation:
        raise SpecificationError(
            f"equation={equation!r} needs a level equation, which this model lacks. fit_blundell_bond has one, and "
            "fit_panel_var with level_equation=True."
        )
