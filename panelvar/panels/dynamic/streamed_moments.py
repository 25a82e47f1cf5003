r"""Dynamic panels of streams: moments of whole entities, added up over readings of them.

GMM uses the entities' moments only through their sum and their cross products. At any coefficients these are linear and
quadratic in the products :math:`P_i = Z_i'[X_i, Y_i]`. So the triangle of the QR decomposition of all
:math:`\mathrm{vec}\,P_i` stands for the entities: weights, their corrections and every test of moments treat its rows
as so many entities, no digit is lost, and memory does not grow with the panel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.quoting import shown
from panelvar.data.panel.panel import Panel
from panelvar.data.streams.reading import NotKept
from panelvar.kernels.linear.qr import triangularize
from panelvar.panels.dynamic.cube import Census, lay_out, model_columns
from panelvar.panels.dynamic.dynamic_model import (
    DynamicModel,
    EntityRows,
    Lengths,
    equations_of,
    lengths,
    notes_of,
    refuse_clusters,
    refuse_few,
)
from panelvar.panels.dynamic.gmm import GmmProblem, moments_of_errors
from panelvar.panels.dynamic.instrument_moments import InstrumentMatrix, RowCovariances, row_covariances
from panelvar.panels.dynamic.lag_instruments import Specification
from panelvar.panels.dynamic.quadratic_moments import (
    QuadraticMoments,
    QuadraticProblem,
    SummedQuadratics,
    no_products,
    quadratic_factors,
    with_products,
)
from panelvar.panels.dynamic.weighting import StackedRows

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.data.streams.whole_entities import WholeEntities

_NUMBERS = 2**22
"""Numbers of the moments and rows of entities that are worked on at once: 32 MB."""


@dataclass(frozen=True, eq=False)
class SummedInstruments(InstrumentMatrix):
    """What is left of instruments whose rows are not kept: their names, and the one-step weight.

    Attributes
    ----------
    weight : (L, L) array
    """

    weight: Array

    def only(self, kept: Mask) -> SummedInstruments:
        """Some of the moments."""
        named = super().only(kept)
        return SummedInstruments(named.labels, (), named.origins, self.weight[np.ix_(kept, kept)])

    def weighted(self, covariances: RowCovariances, weights: Array | None = None) -> Array:
        """The one-step weight, which was summed when the rows were read."""
        return self.weight


@dataclass(frozen=True, eq=False, kw_only=True)
class StreamedProblem(GmmProblem):
    """Moments of entities that were read: the products are rows with the same cross products as those of all entities.

    Attributes
    ----------
    sums : (L, m + K) array
        Sums of the entities' products.
    count : int
        Number of entities, or of clusters of them.
    by_groups : bool
        Whether ``count`` counts clusters.
    kept : (C,) bool array
        Which of the instruments that can be are moments of the model.
    """

    sums: Array
    count: int
    by_groups: bool
    kept: Mask

    @property
    def n_clusters(self) -> int:
        """Clusters of entities."""
        return self.count

    @property
    def clustered(self) -> bool:
        """Whether clusters are of several entities."""
        return self.by_groups

    @property
    def total(self) -> Array:
        """:math:`Z'[X, Y]`, (L, m + K)."""
        return self.sums

    def without(self, doubted: Mask) -> GmmProblem:
        """The problem with fewer moments."""
        instruments = self.instruments.only(~doubted)
        return replace(self, products=self.products[~doubted], instruments=instruments, sums=self.sums[~doubted])

    def of_columns(self, columns: Sequence[int], names: tuple[str, ...]) -> GmmProblem:
        """The problem of some of the regressors and dependent variables, the regressors first."""
        chosen = list(columns)
        return replace(self, products=self.products[:, chosen], regressors=names, sums=self.sums[:, chosen])


@dataclass(frozen=True, eq=False, kw_only=True)
class StreamedQuadratics(QuadraticProblem):
    """Linear and quadratic moments of entities that were read.

    Attributes
    ----------
    streamed : StreamedProblem
        The linear moments.
    """

    streamed: StreamedProblem

    @classmethod
    def of(cls, linear: GmmProblem, quadratic: QuadraticMoments | SummedQuadratics) -> StreamedQuadratics:
        """Add quadratic moments to a problem, of the same rows."""
        assert isinstance(linear, StreamedProblem)
        instruments = with_products(linear.instruments, quadratic.labels)
        return cls(linear.products, instruments, {}, linear.regressors, quadratic=quadratic, streamed=linear)

    @property
    def linear(self) -> GmmProblem:
        """The problem of the linear moments alone."""
        return self.streamed

    @property
    def n_clusters(self) -> int:
        """Clusters of entities."""
        return self.streamed.n_clusters

    @property
    def clustered(self) -> bool:
        """Whether clusters are of several entities."""
        return self.streamed.clustered


class StreamedModel(DynamicModel):
    """A `DynamicModel` of which no row is kept: entities are read again for whatever depends on coefficients.

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

    equations = NotKept("A row of an equation")
    transformed = NotKept("A residual")
    levels = NotKept("A level")
    instruments = NotKept("An instrument")
    _source: WholeEntities
    _columns: tuple[str, ...]
    _known: Callable[[Panel], Mapping[str, Array]] | None
    _most: int
    _triangle: Array
    _groups: Positions | None
    _kind: str
    _seen: Mask

    def __init__(
        self,
        source: WholeEntities,
        specification: Specification,
        missing: str,
        known: Callable[[Panel], Mapping[str, Array]] | None = None,
        columns: Sequence[str] | None = None,
    ) -> None:
        columns = _columns_read(source, specification) if columns is None else tuple(columns)
        used: list[Positions] = []
        census: Census | None = None
        for panel in source.panels(columns):
            laid = lay_out(panel, specification, None if known is None else known(panel))
            used.append(laid.entities + panel.first)
            own = Census.of(laid)
            census = own if census is None else census.merged(own)
        assert census is not None
        notes = (*source.notes, *notes_of(census, specification, missing))
        # The class is frozen, and refuses some attributes of a model because their rows are not kept.
        self.__dict__.update(
            panel=source,
            _source=source,
            specification=specification,
            entities=np.concatenate(used),
            census=census,
            notes=notes,
            _columns=columns,
            _known=known,
        )
        first = next(self._read(1))[0]
        self.__dict__.update(regressors=first.regressors, periods=first.periods)
        numbers = first.instruments.count * first.equations[0].values.shape[2]
        numbers += sum(equation.values[:, 0].size for equation in first.equations)
        self.__dict__["_most"] = max(1, _NUMBERS // numbers)

    @property
    def entity_labels(self) -> pd.Index:
        """Labels of the entities in use, in their order."""
        order = self._source.order
        return self._source.labels.take(order[np.isin(order, self.entities)])

    def _read(self, most: int) -> Iterator[tuple[DynamicModel, Mask]]:
        """Read the equations and all instruments of the entities in use, and which of these are not zero for some."""
        for panel in self._source.panels(self._columns, most):
            laid = lay_out(panel, self.specification, None if self._known is None else self._known(panel))
            if len(laid.entities):
                yield equations_of(laid, self.specification, self.census, ())

    def _groups_read(self, groups: Positions | None) -> Iterator[tuple[DynamicModel, Mask, Positions | None]]:
        """Read the same, with the clusters of the entities."""
        start = 0
        for model, found in self._read(self._most):
            stop = start + len(model.entities)
            yield model, found, None if groups is None else groups[start:stop]
            start = stop

    def problem(self, h: str, *, balanced: bool, groups: Positions | None) -> GmmProblem:
        """Read the entities and add up their moments."""
        sums: Any = 0.0
        weight: Any = 0.0
        kept: Any = False
        levels: Any = 0.0
        size: Lengths | None = None
        n_clusters = self.n_entities if groups is None else int(groups.max()) + 1
        stacked, rows = _Stacked(n_clusters), StackedRows()
        for model, found, own in self._groups_read(groups):
            products = model.instruments.products(model.equations)
            named, shape = model.instruments, products.shape[:2]
            weight = weight + named.weighted(row_covariances(model.equations, h, balanced=balanced))
            kept = kept | found
            sums = sums + products.sum(axis=2)
            levels = levels + model.levels.values.sum(axis=(0, 1))
            length = lengths(model)
            size = length if size is None else size.merged(length)
            rows.add(model.transformed.values[model.transformed.used])
            stacked.add(products.reshape(-1, products.shape[2]).T, own)
        assert size is not None
        size.refuse_constant(self)
        refuse_few(int(kept.sum()), len(self.regressors))
        self.__dict__.update(
            _triangle=triangularize(rows.rows), _groups=groups, level_means=levels / self.census.levels.total
        )
        instruments = SummedInstruments(named.labels, (), named.origins, weight).only(kept)
        return StreamedProblem(
            np.ascontiguousarray(stacked.rows.T.reshape(*shape, -1)[kept]),
            instruments,
            {},
            self.regressors,
            sums=sums[kept],
            count=n_clusters,
            by_groups=groups is not None,
            kept=kept,
        )

    def quadratic_problem(self, linear: GmmProblem, kind: str) -> StreamedQuadratics:
        """Read the entities again, and add up the products of their residuals beside their linear moments."""
        assert isinstance(linear, StreamedProblem)
        stacked, sums, seen = _Stacked(linear.n_clusters), np.zeros(0), np.zeros(1, dtype=bool)
        shape: tuple[int, ...] = ()
        labels: tuple[str, ...] = ()
        for model, _, groups in self._groups_read(self._groups):
            own = model.instruments.only(linear.kept).products(model.equations)
            found, there = quadratic_factors(model, kind, self.level_means)
            products = found.left[:, :, :, None] * found.right[:, :, None, :]
            shape, labels, seen = products.shape[1:], found.labels, seen | there
            sums = products.sum(axis=0) if not len(sums) else sums + products.sum(axis=0)
            own = own.reshape(-1, own.shape[2]).T
            stacked.add(np.concatenate([own, products.reshape(len(own), -1)], axis=1), groups)
        if not seen.any():
            raise no_products(kind)
        width, rows = linear.products[:, :, 0].size, stacked.rows
        flat = np.ascontiguousarray(rows[:, :width].T.reshape(*linear.products.shape[:2], -1))
        quadratic = SummedQuadratics(rows[:, width:].reshape(-1, *shape), sums, labels).only(seen)
        self.__dict__.update(_kind=kind, _seen=seen)
        return StreamedQuadratics.of(replace(linear, products=flat), quadratic)

    def pieces(self, problem: GmmProblem) -> Iterator[EntityRows]:
        """Read the entities' rows, with what depends on coefficients."""
        linear = problem.linear
        assert isinstance(linear, StreamedProblem)
        for model, _, groups in self._groups_read(self._groups):
            own = replace(model, instruments=model.instruments.only(linear.kept))
            errors = partial(moments_of_errors, own.instruments.products(own.equations))
            if isinstance(problem, StreamedQuadratics):
                quadratic, _ = quadratic_factors(own, self._kind, self.level_means)
                errors = partial(_both, errors, quadratic.only(self._seen).values)
            yield EntityRows(own, errors, groups)

    def residual_products(self, params: Array) -> Array:
        """Cross products (K, K) of the errors of the transformed rows."""
        left = self._triangle @ np.concatenate([-params, np.eye(params.shape[1])])
        return np.asarray(left.T @ left)

    def clusters(self, column: object) -> tuple[Positions, str]:
        """Codes (N,) of a column that is constant in each entity, from a reading of it."""
        import pandas as pd

        if not isinstance(column, str):
            raise SpecificationError(
                f"The rows of a stream are clustered by a column that you name, such as 'region'; got {shown(column)}."
            )
        self._source.stream.require(column)
        codes: dict[object, int] = {}
        own: list[Positions] = []
        moving: list[pd.Index] = []
        absent = 0
        for panel in self._source.panels([column]):
            given = np.asarray(panel.raw_column(column))
            local, labels = pd.factorize(given)
            absent += int((local < 0).sum())
            first = local[panel.starts[:-1]]
            moving.append(panel.entity_labels[np.unique(panel.entity_codes[local != first[panel.entity_codes]])])
            places = np.array([codes.setdefault(label, len(codes)) for label in labels], dtype=np.intp)
            own.append(places[first] if len(places) else first)
        refuse_clusters(column, absent, moving[0].append(moving[1:]))
        return pd.factorize(np.concatenate(own)[self.entities])[0].astype(np.intp), column


class _Stacked:
    """Rows of entities of which only the cross products count, summed by cluster where there are any."""

    def __init__(self, n_clusters: int) -> None:
        self._rows, self._clusters, self._table = StackedRows(), n_clusters, np.zeros(0)

    def add(self, rows: Array, groups: Positions | None) -> None:
        """Take in rows (n, w) of entities."""
        if groups is None:
            self._rows.add(rows)
            return
        if not len(self._table):
            self._table = np.zeros((self._clusters, rows.shape[1]))
        np.add.at(self._table, groups, rows)

    @property
    def rows(self) -> Array:
        """Rows with the same cross products."""
        return self._table if len(self._table) else self._rows.rows


def _both(linear: Callable[[Array], Array], quadratic: Callable[[Array], Array], params: Array) -> Array:
    return np.concatenate([linear(params), quadratic(params)], axis=1)


def _columns_read(source: WholeEntities, spec: Specification) -> tuple[str, ...]:
    """The columns of a stream that a model's variables are, or are computed of."""
    wanted = model_columns(spec)
    for name in wanted:
        if name.isidentifier():
            source.stream.require(name)
    own = set(source.names)
    expressions = [name for name in wanted if name not in own]
    return tuple(name for name in source.names if name in wanted or any(name in text for text in expressions))
