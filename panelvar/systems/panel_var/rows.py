"""The rows of a panel vector autoregression: each entity's periods whose values and lags are all observed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from panelvar.core.base.arguments import read_labels, read_whole, refuse_beyond
from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, Note, SpecificationError
from panelvar.core.base.labels import repeated
from panelvar.core.base.limits import MOST_COLUMNS
from panelvar.data.formulas.design import Design
from panelvar.data.panel.panel import Panel
from panelvar.data.panel.panel_rows import refuse_infinite
from panelvar.kernels.dynamics.gaps import lag_positions, rows_with_lags
from panelvar.kernels.dynamics.terms import Terms, regressor_labels
from panelvar.kernels.linear.groups import Grouping
from panelvar.panels.dynamic.cube import RowCounts
from panelvar.panels.dynamic.dynamic_model import DynamicModel, build_model
from panelvar.panels.dynamic.lag_instruments import Specification
from panelvar.systems.var.var import lag_order, values_missing

if TYPE_CHECKING:
    import pandas as pd


class SystemRows(ABC):
    """Rows of a panel vector autoregression, in memory or of a stream.

    Attributes
    ----------
    names : tuple of str
        Variables of the system.
    lags : int
    terms : Terms
        What stands beside the lags: a constant, exogenous variables.
    sources : tuple
        Labels of the panel's columns that the variables, and then the exogenous variables, are.
    design : Design
        Who and when the rows are; its dependent variable is the first of the system.
    columns : (n, m + K) array
        [terms, lag 1, ..., lag p, Y] of the rows.
    panel_rows : (n,) integer array
        Positions of the rows in the sorted panel.
    entities : Grouping
        Rows by entity.
    panel
        The panel or the stream that the rows are of.
    notes : tuple of Note
        What was left out and why.
    periods : integer array
        Calendar positions of the periods with a row.
    """

    names: tuple[str, ...]
    lags: int
    terms: Terms
    sources: tuple[Hashable, ...]
    design: Any
    columns: Any
    panel_rows: Any
    entities: Any
    panel: Any
    notes: Any
    periods: Any

    @property
    @abstractmethod
    def entity_labels(self) -> pd.Index:
        """Labels of the entities in use."""

    @property
    @abstractmethod
    def used_entities(self) -> Positions:
        """Places of the entities in use among the panel's, (N,), in the order of their labels."""

    @property
    @abstractmethod
    def sizes(self) -> Positions:
        """Rows of each entity that has one, (N,)."""

    @property
    def nobs(self) -> int:
        """Rows explained, n."""
        return int(self.sizes.sum())

    @property
    def n_vars(self) -> int:
        """Variables, K."""
        return len(self.names)

    @property
    def n_regressors(self) -> int:
        """Coefficients of an equation, m."""
        return len(self.regressor_names)

    @cached_property
    def regressor_names(self) -> tuple[str, ...]:
        """Names of an equation's regressors."""
        return regressor_labels(self.names, self.lags, self.terms)

    @property
    def n_entities(self) -> int:
        """Entities with a row, N."""
        return len(self.sizes)

    @property
    def row_counts(self) -> RowCounts:
        """Rows of the entities: all, fewest and most."""
        sizes = self.sizes
        return RowCounts(int(sizes.sum()), int(sizes.min()), int(sizes.max()))

    @property
    def n_periods(self) -> int:
        """Periods with a row."""
        return len(self.periods)

    @property
    def average_periods(self) -> float:
        """Rows of an entity on average, T."""
        return self.nobs / self.n_entities

    @property
    def x(self) -> Array:
        """Regressors (n, m)."""
        return np.asarray(self.columns[:, : self.n_regressors])

    @property
    def y(self) -> Array:
        """Variables explained (n, K)."""
        return np.asarray(self.columns[:, self.n_regressors :])

    @abstractmethod
    def ends(self) -> Ends:
        """Return the last periods of the entities."""

    @abstractmethod
    def moment_model(self, specification: Specification, known: Callable[[Panel], Mapping[str, Array]]) -> DynamicModel:
        """Return the rows' model by moments, whose columns are known of a panel."""

    @abstractmethod
    def parts(self) -> Iterator[tuple[Positions, Positions, Array]]:
        """Yield rows: number of each one's entity in the panel, its period, its columns [terms, lags, Y]."""

    @abstractmethod
    def only(self, entities: Mask, periods: Positions | None, sizes: Positions) -> SystemRows:
        """Return the rows of some of the entities in some periods, which leaves each of all entities so many."""


@dataclass(frozen=True, eq=False)
class PanelVarRows(SystemRows):
    """Rows of a panel, sorted by entity, then time; their columns are in Fortran order."""

    design: Design
    names: tuple[str, ...]
    lags: int
    terms: Terms
    columns: Array
    sources: tuple[Hashable, ...]

    @cached_property
    def panel(self) -> Panel:
        """The panel the rows are of."""
        return self.design.panel

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """What was left out and why."""
        return self.design.notes

    @cached_property
    def entities(self) -> Grouping:
        """Rows by entity."""
        return self.design.entities

    @property
    def entity_labels(self) -> pd.Index:
        """Labels of the entities in use."""
        return self.design.entity_labels

    @property
    def sizes(self) -> Positions:
        """Rows of each entity that has one, (N,)."""
        return self.entities.sizes

    @cached_property
    def periods(self) -> Positions:
        """Calendar positions of the periods with a row."""
        return np.unique(self.design.time_positions)

    @cached_property
    def used_entities(self) -> Positions:
        """Places of the entities in use among the panel's, (N,)."""
        return np.unique(self.panel.entity_codes[self.panel_rows])

    @cached_property
    def panel_rows(self) -> Positions:
        """Positions of the rows in the sorted panel."""
        return np.arange(self.panel.nobs) if self.design.kept is None else self.design.kept

    def in_panel(self) -> Array:
        """Variables (r, K) in all rows of the panel."""
        return np.column_stack([self.panel.column(name) for name in self.sources[: self.n_vars]])

    def ends(self) -> Ends:
        """Return the last periods of the panel's entities."""
        in_use = np.zeros(self.panel.n_entities, dtype=bool)
        in_use[self.used_entities] = True
        return ends_of(self.panel, self, in_use)

    def moment_model(self, specification: Specification, known: Callable[[Panel], Mapping[str, Array]]) -> DynamicModel:
        """Return the rows' model by moments, whose columns are known of a panel."""
        return build_model(self.panel, specification, "drop", known(self.panel))

    def take(self, chosen: Positions, *notes: Note) -> PanelVarRows:
        """Some of the rows, with notes that say why."""
        design = self.design.take(chosen).with_notes(*notes)
        return replace(self, design=design, columns=np.asfortranarray(self.columns[chosen]))

    def parts(self) -> Iterator[tuple[Positions, Positions, Array]]:
        """Yield all rows at once (see `SystemRows.parts`)."""
        yield self.panel.entity_codes[self.panel_rows], self.design.time_positions, self.columns

    def only(self, entities: Mask, periods: Positions | None, sizes: Positions) -> PanelVarRows:
        """Return the rows of some of the panel's entities in some periods."""
        del sizes
        used = entities[self.panel.entity_codes[self.panel_rows]]
        if periods is not None:
            used &= np.isin(self.design.time_positions, periods)
        return self if used.all() else self.take(np.flatnonzero(used))


def estimate_effects(
    rows: SystemRows, entities_used: Mask, periods_used: Positions, params: Array, of_periods: Array | None
) -> tuple[SystemRows, Array, Array | None]:
    """Rows in use, effects of their entities, and of periods, of mean zero over the rows; from one reading of them.

    Parameters
    ----------
    rows : SystemRows
    entities_used : bool array
        Which of all entities of the panel are in use.
    periods_used : (q,) integer array
        Periods that have effects.
    params : (m, K) array
    of_periods : (q, K) array or None
        Effects of the periods beside that of the first.
    """
    m, count = rows.n_regressors, len(entities_used)
    sums, sizes = np.zeros((count, rows.n_vars)), np.zeros(count, dtype=np.intp)
    mean: Array = np.zeros(rows.n_vars)
    for entities, periods, columns in rows.parts():
        kept = entities_used[entities]
        if of_periods is not None:
            kept &= np.isin(periods, periods_used)
        if not kept.all():
            entities, periods, columns = entities[kept], periods[kept], columns[kept]
        left = columns[:, m:] - columns[:, :m] @ params
        if of_periods is not None:
            own = of_periods[np.searchsorted(periods_used, periods)]
            left = left - own
            mean = mean + own.sum(axis=0)
        for place, values in enumerate(left.T):
            sums[:, place] += np.bincount(entities, values, minlength=count)
        sizes += np.bincount(entities, minlength=count)
    rows = rows.only(entities_used, None if of_periods is None else periods_used, sizes)
    effects = sums[rows.used_entities] / rows.sizes[:, None]
    if of_periods is None:
        return rows, effects, None
    mean = mean / rows.nobs
    return rows, effects + mean, of_periods - mean


class Ends(NamedTuple):
    """The last periods of all entities.

    Attributes
    ----------
    labels : Index
        Labels of the entities.
    last : (N,) integer array
        Calendar position of their last row.
    history : (N, p, K) array
        Variables of the last p periods, oldest first; missing where they were not observed.
    known : (N, q, M) array
        Exogenous variables of as many periods as have lags.
    in_use : (N,) bool array
        Which of the entities have rows in the model.
    """

    labels: pd.Index
    last: Positions
    history: Array
    known: Array
    in_use: Mask


def ends_of(panel: Panel, rows: SystemRows, in_use: Mask) -> Ends:
    """The last periods of a panel's entities, of the variables that the rows have."""
    ends = panel.starts[1:] - 1
    values = np.column_stack([panel.column(name) for name in rows.sources])
    longest = max(rows.lags, rows.terms.exogenous_lags)
    where = np.stack(
        [lag_positions(panel.entity_codes, panel.time_positions, lag)[ends] for lag in reversed(range(longest))], axis=1
    )
    last = np.where((where >= 0)[:, :, None], values[where], np.nan)
    return Ends(
        panel.entity_labels,
        panel.time_positions[ends].astype(np.intp),
        last[:, longest - rows.lags :, : rows.n_vars],
        last[:, longest - rows.terms.exogenous_lags :, rows.n_vars :],
        in_use,
    )


def select_rows(panel: Panel, system: AskedSystem, missing: str) -> PanelVarRows:
    """Lay out the rows of a panel that have all their lags.

    Raises
    ------
    DataError
        A column is unknown or infinite, or has missing values under ``missing="raise"``.
    InsufficientDataError
        No row has its lags, or only one entity's have.
    """
    kept, laid, lost = laid_out(panel, system)
    if not len(kept):
        raise no_row(system, panel.n_entities, int(np.diff(panel.starts).max()))
    whole = len(kept) == panel.nobs
    width = len(system.labels)
    design = Design(
        panel,
        system.names[0],
        system.labels,
        laid[:, width],
        tuple(laid.T[:width]),
        constant=system.terms.has_constant,
        kept=None if whole else kept,
        notes=(*panel.notes, *lost.notes(system, missing)),
    )
    refuse_one(system, design.entities.n_groups, panel.n_entities)
    return PanelVarRows(design, system.names, system.lags, system.terms, laid, system.sources)


class AskedSystem(NamedTuple):
    """A system before any data.

    Attributes
    ----------
    names : tuple of str
        Variables of the system.
    lags : int
    terms : Terms
        What stands beside the lags.
    labels : tuple of str
        Names of an equation's regressors.
    sources : tuple
        Labels of the columns that the variables, and then the exogenous variables, are.
    """

    names: tuple[str, ...]
    lags: int
    terms: Terms
    labels: tuple[str, ...]
    sources: tuple[Hashable, ...]


def read_system(
    n_positions: int, columns: object, lags: object, exogenous: object, exogenous_lags: int, trend: str
) -> AskedSystem:
    """Read what a caller asks for, of data with so many periods.

    Raises
    ------
    SpecificationError
        No column is named, one is named twice, or one has the name of a regressor.
    """
    order = lag_order(lags)
    chosen, beside = read_labels("columns", columns), read_labels("exogenous", exogenous)
    if not chosen:
        raise SpecificationError("columns= is empty. Name the variables of the system.")
    if twice := repeated(map(str, (*chosen, *beside))):
        raise SpecificationError(f"Columns are named twice: {twice}.")
    read_whole("exogenous_lags", exogenous_lags, 0)
    if exogenous_lags and not beside:
        raise SpecificationError("exogenous_lags= needs exogenous variables. Name them in exogenous=.")
    for option, value in (("lags", order), ("exogenous_lags", exogenous_lags)):
        refuse_beyond(option, value, n_positions)
    names = tuple(map(str, chosen))
    terms = Terms(trend, 0, tuple(map(str, beside)), int(exogenous_lags))
    labels = regressor_labels(names, order, terms)
    if twice := repeated(labels):
        raise SpecificationError(
            f"Two regressors would have the same name: {', '.join(map(repr, twice))}. Rename an exogenous variable."
        )
    if len(labels) > MOST_COLUMNS:
        raise SpecificationError(f"An equation has {len(labels)} coefficients; the limit is {MOST_COLUMNS}.")
    return AskedSystem(names, order, terms, labels, (*chosen, *beside))


def no_row(system: AskedSystem, entities: int, longest: int) -> InsufficientDataError:
    """Make the error for data of which no row has its lags."""
    return InsufficientDataError(
        f"None of the {entities} entities has a row with {count_of(system.lags, 'lag')} of "
        f"{', '.join(system.names)}; the longest has {count_of(longest, 'row')}. Use fewer lags, or look for gaps and "
        "missing values."
    )


def refuse_one(system: AskedSystem, found: int, entities: int) -> None:
    """Refuse rows of one entity."""
    if found < 2:
        raise InsufficientDataError(
            "A panel vector autoregression needs at least two entities that have rows with "
            f"{count_of(system.lags, 'lag')}; {found} of {entities} has. For one entity use fit_var."
        )


class LostRows(NamedTuple):
    """Why rows are left out.

    Attributes
    ----------
    holes : (V,) integer array
        Missing values of each variable, exogenous ones last.
    missing : int
        Rows lost for these.
    gaps : int
        Rows lost for periods that are absent from the data.
    """

    holes: Positions
    missing: int
    gaps: int

    def merged(self, other: LostRows) -> LostRows:
        """Those of both."""
        return LostRows(self.holes + other.holes, self.missing + other.missing, self.gaps + other.gaps)

    def notes(self, system: AskedSystem, missing: str) -> tuple[Note, ...]:
        """Say it, or refuse missing values."""
        notes = values_missing(self.holes, (*system.names, *system.terms.exogenous), self.missing, missing)
        if self.gaps <= 0:
            return notes
        text = (
            f"Periods are absent from the data, so {count_of(self.gaps, 'row')} without lags "
            f"{'was' if self.gaps == 1 else 'were'} dropped."
        )
        return (*notes, Note("rows-gaps", text, warn=True))


def laid_out(panel: Panel, system: AskedSystem) -> tuple[Positions, Array, LostRows]:
    """Positions of the rows that have all their lags, their columns [terms, lags, Y], and what was left out and why.

    Raises
    ------
    DataError
        A column is unknown or infinite.
    """
    values = np.column_stack([panel.column(name) for name in system.sources])
    for name, column in zip(system.sources, values.T, strict=True):
        refuse_infinite(panel, name, column)
    terms, n_vars = system.terms, len(system.names)
    longest = max(system.lags, terms.exogenous_lags)
    where = [lag_positions(panel.entity_codes, panel.time_positions, lag) for lag in range(longest + 1)]
    own, others = slice(0, n_vars), slice(n_vars, None)
    parts = [(lag, others) for lag in range(terms.exogenous_lags + 1 if terms.exogenous else 0)]
    parts += [(lag, own) for lag in (*range(1, system.lags + 1), 0)]
    usable = np.ones(panel.nobs, dtype=bool)
    for lag, columns in parts:
        finite = np.asarray(np.isfinite(values[:, columns]).all(axis=1))
        usable &= (where[lag] >= 0) & finite[where[lag]]
    kept = np.flatnonzero(usable)
    laid = [values[where[lag][kept]][:, columns] for lag, columns in parts]
    if terms.has_constant:
        laid.insert(0, np.ones((len(kept), 1)))
    # Rows whose lags the calendar has, whatever the values.
    dated = rows_with_lags(panel.time_positions, longest, panel.entity_codes)
    lost = LostRows(
        (~np.isfinite(values)).sum(axis=0),
        len(dated) - int(usable[dated].sum()),
        int(np.maximum(np.diff(panel.starts) - longest, 0).sum()) - len(dated),
    )
    return kept, np.asfortranarray(np.concatenate(laid, axis=1)), lost
