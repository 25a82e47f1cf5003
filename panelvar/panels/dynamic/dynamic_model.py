"""A dynamic panel as equations and instruments: rows transformed, lags taken, moments collected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import (
    CollinearityError,
    DataError,
    InsufficientDataError,
    Note,
    SpecificationError,
)
from panelvar.core.base.labels import listed
from panelvar.data.formulas.design import CONSTANT
from panelvar.data.panel.panel import Panel
from panelvar.kernels.linear.qr import ROUNDING
from panelvar.panels.dynamic.cube import Census, LaidRows, RowCounts, lay_out
from panelvar.panels.dynamic.gmm import GmmProblem
from panelvar.panels.dynamic.instrument_moments import InstrumentMatrix, collected, row_covariances
from panelvar.panels.dynamic.lag_instruments import Specification
from panelvar.panels.dynamic.transforms import WORDS, EquationRows, levels, transformed

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class DynamicModel:
    """Equations and instruments of the entities in use.

    Attributes
    ----------
    panel : Panel
    specification : Specification
    regressors : tuple of str
        All m of them, in the order of the columns.
    equations : tuple of EquationRows
        The transformed rows, and the levels if they are there: m regressors and K dependent variables.
    levels : EquationRows
        The complete periods.
    instruments : InstrumentMatrix
    entities : (N,) integer array
        Which of the panel's entities these are.
    census : Census
    periods : (q,) integer array
        Calendar positions of the periods that have effects, the first being the base; empty without effects.
    notes : tuple of Note
    """

    panel: Panel
    specification: Specification
    regressors: tuple[str, ...]
    equations: tuple[EquationRows, ...]
    levels: EquationRows
    instruments: InstrumentMatrix
    entities: Positions
    census: Census
    periods: Positions
    notes: tuple[Note, ...]

    @property
    def kind(self) -> str:
        """How the rows are freed of effects: ``"fd"`` or ``"fod"``."""
        return self.specification.transform

    @property
    def transformed(self) -> EquationRows:
        """The rows without effects."""
        return self.equations[0]

    @cached_property
    def differences(self) -> EquationRows:
        """First differences of the complete periods, whatever the rows of the model are."""
        if self.transformed.kind == "fd":
            return self.transformed
        return transformed("fd", self.levels.values, self.levels.complete)

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
        """Labels of the entities in use."""
        return self.panel.entity_labels[self.entities]

    def residuals(self, rows: EquationRows, params: Array) -> Array:
        """Errors (R, N, K) of rows at given coefficients (m, K), zero where a row does not exist."""
        m = self.n_regressors
        return rows.values[:, :, m:] - rows.values[:, :, :m] @ params

    def residual_products(self, params: Array) -> Array:
        """Cross products (K, K) of the errors of the transformed rows."""
        left = self.residuals(self.transformed, params).reshape(-1, params.shape[1])
        return np.asarray(left.T @ left)

    @cached_property
    def level_means(self) -> Array:
        """Means (m + K,) of the columns over the complete periods."""
        return np.asarray(self.levels.values[self.levels.complete].mean(axis=0))

    def problem(self, h: str, *, balanced: bool, groups: Positions | None) -> GmmProblem:
        """The moments of the entities, and how their one-step weight is made.

        Parameters
        ----------
        h : {"cross", "block", "identity"}
        balanced : bool
            Deviations of an entity without gaps, for all of them.
        groups : (N,) integer array or None
            Clusters of entities.
        """
        covariances = row_covariances(self.equations, h, balanced=balanced)
        products = self.instruments.products(self.equations)
        return GmmProblem(products, self.instruments, covariances, self.regressors, groups)

    def pieces(self, problem: GmmProblem) -> Iterator[EntityRows]:
        """The entities' rows with what depends on coefficients: all at once here."""
        yield EntityRows(self, problem.entity_errors, problem.groups)

    def clusters(self, column: object) -> tuple[Positions, str]:
        """Codes (N,) of a column that is constant in each entity, and what it is called.

        Raises
        ------
        SpecificationError
            The column has missing values, or entities move between its groups.
        """
        import pandas as pd

        panel = self.panel
        if isinstance(column, str):
            values, label = panel.raw_column(column), column
        else:
            values, label = panel.arrange(column), "given groups"
        codes, _ = pd.factorize(np.asarray(values))
        first = codes[panel.starts[:-1]]
        moving = np.unique(panel.entity_codes[codes != first[panel.entity_codes]])
        refuse_clusters(label, int((codes < 0).sum()), panel.entity_labels[moving])
        return pd.factorize(first[self.entities])[0].astype(np.intp), label


class EntityRows(NamedTuple):
    """Rows of some of a model's entities.

    Attributes
    ----------
    model : DynamicModel
    errors : callable
        Moments of their errors (N, K L) at coefficients (m, K), equation by equation.
    groups : (N,) integer array or None
        Their clusters.
    """

    model: DynamicModel
    errors: Callable[[Array], Array]
    groups: Positions | None


def refuse_clusters(label: str, absent: int, moving: pd.Index) -> None:
    """Refuse clusters that are missing in some rows, or that entities move between."""
    if absent:
        raise SpecificationError(f"{label!r} is missing in {count_of(absent, 'row')}.")
    if len(moving):
        raise SpecificationError(
            f"{label!r} changes within {count_of(len(moving), 'entity', 'entities')}, such as {moving[0]!r}. Each "
            "entity must lie in one cluster, because its moments are summed there."
        )


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
    laid = lay_out(panel, specification, known)
    census = Census.of(laid)
    notes = (*panel.notes, *notes_of(census, specification, missing))
    model, found = equations_of(laid, specification, census, notes)
    lengths(model).refuse_constant(model)
    refuse_few(int(found.sum()), len(model.regressors))
    return replace(model, instruments=model.instruments.only(found))


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
            f"{census.absent_rows} of {census.rows} rows have missing values and leave the equation: {listing}. "
            "Their other values still serve as lags."
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


def equations_of(
    laid: LaidRows, spec: Specification, census: Census, notes: tuple[Note, ...]
) -> tuple[DynamicModel, Mask]:
    """Equations and all instruments of the entities in use, and which of these are not zero for all of them.

    Parameters
    ----------
    laid : LaidRows
    spec : Specification
    census : Census
        Counts of these rows, or of more rows that include them: they say which periods have effects.
    notes : tuple of Note
    """
    panel, entities = laid.cube.panel, laid.entities
    complete = laid.complete[:, entities]
    cube = laid.cube.of_entities(entities)
    labels = [str(label) for label in panel.calendar.labels_at(np.arange(cube.n_periods))]
    periods = _periods(spec, census)
    deterministic, words = _deterministic(spec, complete.shape, periods, labels)
    names = (*spec.lag_names, *spec.regressors)
    twice = [name for name in words if name in names]
    if twice:
        raise SpecificationError(
            f"These names belong both to columns and to regressors that the model adds: {', '.join(map(repr, twice))}. "
            "Rename the columns."
        )
    values, dependents, standard = (
        [np.take(part.values, entities, axis=1) for part in parts]
        for parts in (laid.regressors, (laid.dependents,), laid.standard)
    )
    stacked = np.concatenate([*values, deterministic, *dependents], axis=2)
    wide = np.concatenate([stacked, *standard], axis=2)
    equations = [transformed(spec.transform, wide, complete)]
    if spec.level_equation or spec.constant:
        equations.append(levels(wide, complete))
    matrix, found = collected(spec, equations, cube, labels, int(np.flatnonzero(census.touched).max(initial=0)), words)
    width = stacked.shape[2]
    narrow = tuple(_narrow(equation, width) for equation in equations)
    level_rows = narrow[1] if len(narrow) == 2 else _narrow(levels(stacked, complete), width)
    model = DynamicModel(panel, spec, (*names, *words), narrow, level_rows, matrix, entities, census, periods, notes)
    return model, found


def _narrow(rows: EquationRows, width: int) -> EquationRows:
    return EquationRows(
        rows.kind, rows.labels, np.ascontiguousarray(rows.values[:, :, :width]), rows.used, rows.complete
    )


def _periods(spec: Specification, census: Census) -> Positions:
    """The periods that have effects."""
    if not spec.time_effects:
        return np.zeros(0, dtype=np.intp)
    loaded = census.complete
    if not spec.level_equation and spec.transform == "fd":
        loaded = census.touched | np.append(census.touched[1:], False)
    return np.flatnonzero(loaded)


def _deterministic(
    spec: Specification, shape: tuple[int, ...], periods: Positions, labels: Sequence[str]
) -> tuple[Array, tuple[str, ...]]:
    """Columns (T, N, d) of the constant and of the periods, the first one left out; their names."""
    columns, names = [], []
    if spec.constant:
        columns.append(np.ones(shape))
        names.append(CONSTANT)
    for period in periods[1:]:
        column = np.zeros(shape)
        column[period] = 1.0
        columns.append(column)
        names.append(f"time[{labels[period]}]")
    if not columns:
        return np.zeros((*shape, 0)), ()
    return np.stack(columns, axis=2), tuple(names)


def refuse_few(moments: int, regressors: int) -> None:
    """Refuse fewer moments than coefficients."""
    if moments < regressors:
        raise InsufficientDataError(
            f"{count_of(moments, 'instrument')} cannot identify {count_of(regressors, 'coefficient')}. Allow longer "
            "lags, or add instruments."
        )


class Lengths(NamedTuple):
    """Squared lengths (m,) of the regressors in the transformed rows, and in levels where there are any."""

    transformed: Array
    levels: Array

    def merged(self, other: Lengths) -> Lengths:
        """Those of the rows of both."""
        return Lengths(self.transformed + other.transformed, self.levels + other.levels)

    def refuse_constant(self, model: DynamicModel) -> None:
        """Name the regressors that the transform leaves nothing of, where no level tells of them."""
        spec = model.specification
        if spec.level_equation:
            return
        left, sizes = np.sqrt(self.transformed), np.sqrt(self.levels)
        gone = [
            name
            for name, length, size in zip(model.regressors, left, sizes, strict=True)
            if not (spec.constant and name == CONSTANT) and length <= ROUNDING * size
        ]
        if not gone:
            return
        lags = [name for name in gone if name in spec.lag_names]
        words = f"{listed([repr(name) for name in lags or gone])} {'does' if len(lags or gone) == 1 else 'do'} not vary"
        if lags:
            raise CollinearityError(f"{words} within entities, so there is no autoregression to estimate.")
        them = "it" if len(gone) == 1 else "them"
        raise CollinearityError(
            f"{words} within entities, so {WORDS[spec.transform]} leave nothing of {them}. Leave {them} out, or "
            "estimate the levels too, with fit_blundell_bond or with level_equation=True of fit_panel_var."
        )


def lengths(model: DynamicModel) -> Lengths:
    """Squared lengths of a model's regressors."""
    m = model.n_regressors
    rows = [equation.values[:, :, :m] for equation in (model.equations[0], model.equations[-1])]
    return Lengths(*(np.einsum("tnj,tnj->j", own, own) for own in rows))
