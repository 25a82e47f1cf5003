r"""A dynamic panel before its estimation: the entities in use, their equations, the moments of all of them.

Entities' equations are kept, or read again from a stream whenever they are asked for. GMM uses the entities' moments
only through their sum and their cross products. At any coefficients these are linear and quadratic in the products
:math:`P_i = Z_i'[X_i, Y_i]`. So the triangle of the QR decomposition of all :math:`\mathrm{vec}\,P_i` stands for the
entities of a stream: weights, their corrections and every test of moments treat its rows as so many entities, no digit
is lost, and memory does not grow with the panel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.counting import count_of, grouped
from panelvar.core.base.errors import DataError, InsufficientDataError, Note, SpecificationError
from panelvar.core.base.quoting import shown
from panelvar.data.formulas.design import dated_panel, makes_designs
from panelvar.data.panel.panel import Panel
from panelvar.data.streams.reading import no_rows
from panelvar.panels.dynamic.cube import Census, RowCounts, dates_in_use, lay_out, model_columns
from panelvar.panels.dynamic.entity_equations import EntityEquations, Lengths, equations_of, periods_with_effects
from panelvar.panels.dynamic.gmm import GmmProblem
from panelvar.panels.dynamic.instrument_moments import StackedMoments
from panelvar.panels.dynamic.lag_instruments import Specification
from panelvar.panels.dynamic.quadratic_moments import (
    QuadraticProblem,
    SummedQuadratics,
    no_products,
)
from panelvar.panels.dynamic.transforms import WORDS, row_covariances
from panelvar.panels.dynamic.weighting import StackedRows

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.data.streams.whole_entities import WholeEntities

_NUMBERS = 2**22
"""Numbers of the moments and rows of entities that are worked on at once: 32 MB."""
KnownColumns = Callable[[Panel], Mapping[str, Array]]
"""Computes columns of a panel, by name."""


class RowSums(NamedTuple):
    """Sums over the rows of a model.

    Attributes
    ----------
    rows : (r, m + K) array
        The transformed rows, or rows with the same cross products.
    level_means : (m + K,) array
        Means of the columns over the complete periods.
    """

    rows: Array
    level_means: Array

    def residual_products(self, params: Array) -> Array:
        """Cross products (K, K) of the errors of the transformed rows."""
        left = self.rows @ np.concatenate([-params, np.eye(params.shape[1])])
        return np.asarray(left.T @ left)


@dataclass(frozen=True, eq=False)
class DynamicModel:
    """Equations and instruments of the entities in use.

    Attributes
    ----------
    panel : Panel or WholeEntities
    specification : Specification
    regressors : tuple of str
        All m of them.
    entities : (N,) integer array
        Which of the panel's entities these are.
    census : Census
    notes : tuple of Note
    parts : iterable of EntityEquations
        Entities' equations: a tuple of all of them, or what reads them again.
    """

    panel: Panel | WholeEntities
    specification: Specification
    regressors: tuple[str, ...]
    entities: Positions
    census: Census
    notes: tuple[Note, ...]
    parts: Iterable[EntityEquations]

    @property
    def kept(self) -> EntityEquations:
        """The equations of all entities, which a stream does not keep."""
        if not isinstance(self.parts, tuple):
            raise no_rows("A residual")
        whole: EntityEquations = self.parts[0]
        return whole

    @property
    def kind(self) -> str:
        """How the rows are freed of effects: ``"fd"`` or ``"fod"``."""
        return self.specification.transform

    @property
    def periods(self) -> Positions:
        """Calendar positions (q,) of the periods that have effects; empty without effects."""
        return self.census.dates[periods_with_effects(self.specification, self.census)[0]]

    @property
    def bases(self) -> Mask:
        """Which of these (q,) the others are compared with, so that they have no coefficient."""
        return periods_with_effects(self.specification, self.census)[1]

    @property
    def effects(self) -> tuple[str, ...]:
        """What there are effects of, as the caller's data call it."""
        entity, time = self.panel.entity_name or "entity", self.panel.time_name or "time"
        return (entity, time) if self.specification.time_effects else (entity,)

    @property
    def n_entities(self) -> int:
        """Entities in use, N."""
        return self.census.in_use

    @property
    def n_regressors(self) -> int:
        """Regressors of an equation, m."""
        return len(self.regressors)

    @property
    def rows(self) -> RowCounts:
        """Rows of the transformed equation, or of the levels where these are estimated too."""
        return self.census.levels if self.specification.level_equation else self.census.transformed

    @property
    def nobs(self) -> int:
        """Number of `rows`."""
        return self.rows.total

    @property
    def n_transformed(self) -> int:
        """Rows of the transformed equation."""
        return self.census.transformed.total

    @property
    def entity_labels(self) -> pd.Index:
        """Labels of the entities in use, in their order."""
        if isinstance(self.panel, Panel):
            return self.panel.entity_labels[self.entities]
        order = self.panel.order
        return self.panel.labels.take(order[np.isin(order, self.entities)])

    def by_part(self, groups: Positions | None) -> Iterator[tuple[EntityEquations, Positions | None]]:
        """The equations with the clusters of their entities."""
        start = 0
        for part in self.parts:
            stop = start + part.n_entities
            yield part, None if groups is None else groups[start:stop]
            start = stop

    def sum_moments(self, *, balanced: bool, groups: Positions | None) -> tuple[GmmProblem, RowSums]:
        """Add up the moments of the entities, and their rows.

        Parameters
        ----------
        balanced : bool
            Deviations of an entity without gaps, for all of them.
        groups : (N,) integer array or None
            Clusters of entities.
        """
        total: Any = 0.0
        weight: Any = 0.0
        found: Any = False
        levels: Any = 0.0
        lengths: Any = None
        n_clusters = self.n_entities if groups is None else int(groups.max()) + 1
        by_cluster, rows = StackedRows(n_clusters), StackedRows()
        for part, clusters in self.by_part(groups):
            moments, instruments = part.moments, part.instruments
            in_factors = isinstance(self.parts, tuple) and groups is None and not moments.few
            if in_factors:
                total = moments.total
            elif clusters is None:
                products = moments.products
                total = total + products.sum(axis=2)
                by_cluster.add(products.reshape(-1, part.n_entities).T)
            else:
                for own, products in moments.blocks():
                    total = total + products.sum(axis=2)
                    by_cluster.add(products.reshape(-1, products.shape[2]).T, clusters[own])
            weight = weight + instruments.weight(
                row_covariances(part.equations, self.specification.h, balanced=balanced)
            )
            found = found | part.found
            levels = levels + np.array([column.sum() for column in part.levels.values.reshape(-1, total.shape[1]).T])
            if not isinstance(self.parts, tuple):
                lengths = part.lengths if lengths is None else lengths.merged(part.lengths)
            rows.add(part.transformed.values.reshape(-1, total.shape[1]))
        if lengths is not None:
            refuse_unidentified(self.specification, self.regressors, lengths, int(found.sum()))
        labels, origins = instruments.labels, instruments.origins
        problem = GmmProblem(
            moments if in_factors else _unstacked(by_cluster.rows, total.shape),
            total,
            weight,
            labels,
            origins,
            self.regressors,
            n_clusters,
            clustered=groups is not None,
            lifts=instruments.lifts,
        )
        sums = RowSums(rows.rows, levels / self.census.levels.total)
        return problem if found.all() else problem.without(~found), sums

    def add_quadratic_moments(
        self, linear: GmmProblem, kind: str, groups: Positions | None, means: Array
    ) -> QuadraticProblem:
        """Add the quadratic moments of some kind to the linear ones; levels are those around their means."""
        if isinstance(self.parts, tuple):
            every, seen = self.kept.quadratic_factors(kind, means)
            if not seen.any():
                raise no_products(kind)
            return QuadraticProblem.of(linear, replace(every.only(seen), groups=groups), kind)
        stacked, sums, seen = StackedRows(linear.n_clusters), np.zeros(0), np.zeros(1, dtype=bool)
        shape: tuple[int, ...] = ()
        labels: tuple[str, ...] = ()
        for part, clusters in self.by_part(groups):
            moments = part.of_problem(linear).moments.products
            factors, there = part.quadratic_factors(kind, means)
            products = factors.left[:, :, :, None] * factors.right[:, :, None, :]
            shape, labels, seen = products.shape[1:], factors.labels, seen | there
            sums = products.sum(axis=0) if not len(sums) else sums + products.sum(axis=0)
            flat = moments.reshape(-1, moments.shape[2]).T
            stacked.add(np.concatenate([flat, products.reshape(len(flat), -1)], axis=1), clusters)
        if not seen.any():
            raise no_products(kind)
        width, rows = linear.total.size, stacked.rows
        own = _unstacked(rows[:, :width], linear.total.shape)
        quadratic = SummedQuadratics(rows[:, width:].reshape(-1, *shape), sums, labels).only(seen)
        return QuadraticProblem.of(replace(linear, moments=own), quadratic, kind)

    def clusters(self, column: object) -> tuple[Positions, str]:
        """Codes (N,) of a column that is constant in each entity, and what it is called.

        Raises
        ------
        SpecificationError
            The column has missing values, or entities move between its groups; or a stream is given no name of one.
        """
        import pandas as pd

        if isinstance(self.panel, Panel):
            panels: Iterable[Panel] = (self.panel,)
        elif isinstance(column, str):
            self.panel.stream.require(column)
            panels = self.panel.panels([column])
        else:
            raise SpecificationError(
                f"The rows of a stream are clustered by a column that you name, such as 'region'; got {shown(column)}."
            )
        codes: dict[object, int] = {}
        of_entities: list[Positions] = []
        moving: list[pd.Index] = []
        absent = 0
        for panel in panels:
            values = panel.raw_column(column) if isinstance(column, str) else panel.arrange(column)
            local, labels = pd.factorize(np.asarray(values))
            absent += int((local < 0).sum())
            first = local[panel.starts[:-1]]
            moving.append(panel.entity_labels[np.unique(panel.entity_codes[local != first[panel.entity_codes]])])
            places = np.array([codes.setdefault(label, len(codes)) for label in labels], dtype=np.intp)
            of_entities.append(places[first] if len(places) else first)
        name = column if isinstance(column, str) else "given groups"
        movers = moving[0].append(moving[1:])
        if absent:
            raise SpecificationError(f"{name!r} is missing in {count_of(absent, 'row')}.")
        if len(movers):
            raise SpecificationError(
                f"{name!r} changes within {count_of(len(movers), 'entity', 'entities')}, such as {movers[0]!r}. Each "
                "entity must lie in one cluster, because its moments are summed there."
            )
        return pd.factorize(np.concatenate(of_entities)[self.entities])[0].astype(np.intp), name


def _unstacked(rows: Array, shape: tuple[int, ...]) -> StackedMoments:
    """Products of such a shape (L, m + K) from the rows (G, L (m + K)) that hold them."""
    return StackedMoments(np.ascontiguousarray(rows.T).reshape(*shape, -1))


def read_entities(data: object) -> Panel | WholeEntities:
    """Return the panel of the data, or the entities of a stream."""
    if not makes_designs(data):
        return dated_panel(data)
    from panelvar.data.streams.panel_stream import PanelStream
    from panelvar.data.streams.whole_entities import WholeEntities

    assert isinstance(data, PanelStream)
    return WholeEntities(data)


def build_model(
    panel: Panel, specification: Specification, missing: str, known: Mapping[str, Array] | None = None
) -> DynamicModel:
    """Lay out the panel, transform its rows and collect the instruments; columns ``known`` are not read.

    Raises
    ------
    InsufficientDataError
        There are too few periods for the lags, no entity has a row, or no row has a window of lags.
    CollinearityError
        The transform leaves nothing of a regressor.
    DataError
        Values are infinite, or missing under ``missing="raise"``.
    NumericalError
        Powers of a variable leave the range of numbers.
    """
    dates = dates_in_use(panel.time_positions, panel.calendar.n_positions)
    laid = lay_out(panel, specification, dates, known)
    census = Census.of(laid)
    notes = (*panel.notes, *notes_of(census, specification, missing))
    whole = equations_of(laid, specification, census)
    refuse_unidentified(specification, whole.regressors, whole.lengths, int(whole.found.sum()))
    parts = (whole.with_moments(whole.found),)
    return DynamicModel(panel, specification, whole.regressors, laid.entities, census, notes, parts)


@dataclass(frozen=True, eq=False)
class EntitiesRead:
    """The equations of a stream's entities, read again whenever they are asked for.

    Attributes
    ----------
    source : WholeEntities
    specification : Specification
    columns : tuple of str
        The columns that the model's variables are, or are computed of.
    known : callable or None
    census : Census
    most : int
        Entities read at once.
    """

    source: WholeEntities
    specification: Specification
    columns: tuple[str, ...]
    known: KnownColumns | None
    census: Census
    most: int = 1

    def __iter__(self) -> Iterator[EntityEquations]:
        for panel in self.source.panels(self.columns, self.most):
            known = None if self.known is None else self.known(panel)
            laid = lay_out(panel, self.specification, self.census.dates, known)
            if len(laid.entities):
                yield equations_of(laid, self.specification, self.census)


def stream_model(
    source: WholeEntities,
    specification: Specification,
    missing: str,
    known: KnownColumns | None = None,
    columns: Sequence[str] | None = None,
) -> DynamicModel:
    """Count the rows of a stream; its entities are read again for whatever depends on coefficients.

    Parameters
    ----------
    source : WholeEntities
    specification : Specification
    missing : {"drop", "raise"}
    known : callable, optional
        Computes columns of a panel, by name.
    columns : sequence of str, optional
        The columns that it needs for this; by default the variables of the model.
    """
    needed = _columns_to_read(source, specification) if columns is None else tuple(columns)
    used: list[Positions] = []
    census: Census | None = None
    dates = dates_in_use(source.positions_in_use, source.calendar.n_positions)
    for panel in source.panels(needed):
        laid = lay_out(panel, specification, dates, None if known is None else known(panel))
        used.append(laid.entities + panel.first)
        counted = Census.of(laid)
        census = counted if census is None else census.merged(counted)
    assert census is not None
    notes = (*source.notes, *notes_of(census, specification, missing))
    one_by_one = EntitiesRead(source, specification, needed, known, census)
    first = next(iter(one_by_one))
    numbers = first.instruments.count * first.levels.values.shape[2]
    numbers += sum(equation.values[:, 0].size for equation in first.equations)
    parts = replace(one_by_one, most=max(1, _NUMBERS // numbers))
    return DynamicModel(source, specification, first.regressors, np.concatenate(used), census, notes, parts)


def _columns_to_read(source: WholeEntities, spec: Specification) -> tuple[str, ...]:
    """The columns of a stream that a model's variables are, or are computed of."""
    wanted = model_columns(spec)
    for name in wanted:
        if name.isidentifier():
            source.stream.require(name)
    own = set(source.names)
    expressions = [name for name in wanted if name not in own]
    return tuple(name for name in source.names if name in wanted or any(name in text for text in expressions))


def notes_of(census: Census, spec: Specification, missing: str) -> tuple[Note, ...]:
    """Say what is left out of a model's rows and why, or refuse it (see `build_model`)."""
    notes = []
    listing = ", ".join(f"{name} ({count})" for name, count in census.absent.items())
    if listing and missing == "raise":
        raise DataError(
            f"{census.absent_rows} of {census.rows} rows have missing values: {listing}. missing='drop' leaves them "
            "out."
        )
    if listing:
        text = (
            f"{grouped(census.absent_rows)} of {grouped(census.rows)} rows have missing values and leave the equation: "
            f"{listing}. Their other values still serve as lags."
        )
        notes.append(Note("rows-dropped", text, warn=True))
    census.refuse_sizes()
    if not census.touched.any():
        raise InsufficientDataError(
            f"None of the {census.entities} entities has a row in {WORDS[spec.transform]} with "
            f"{count_of(spec.lags, 'lag')}. A row needs {spec.lags + 2} consecutive periods without missing values."
        )
    left_out = census.entities - census.in_use
    if left_out:
        text = f"{left_out} of {census.entities} entities have too few consecutive periods and are left out."
        notes.append(Note("entities-left-out", text))
    if census.pausing:
        text = (
            f"{census.pausing} of {census.in_use} entities have gaps. Lags and differences do not reach across a gap."
        )
        notes.append(Note("gaps", text))
    return tuple(notes)


def refuse_unidentified(spec: Specification, regressors: Sequence[str], lengths: Lengths, moments: int) -> None:
    """Refuse regressors that the transform leaves nothing of, and fewer moments than coefficients."""
    lengths.refuse_constant(spec, regressors)
    if moments < len(regressors):
        raise InsufficientDataError(
            f"{count_of(moments, 'instrument')} cannot identify {count_of(len(regressors), 'coefficient')}. Allow "
            "longer lags, or add instruments."
        )
