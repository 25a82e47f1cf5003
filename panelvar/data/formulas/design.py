"""The rows of one model: dependent variable and regressors after lags, complete, finite, with compact codes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeGuard, cast

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import DROP_OR_RAISE, numbered, read_names
from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.counting import grouped
from panelvar.core.base.errors import DataError, InsufficientDataError, Note, SpecificationError, choose
from panelvar.core.base.labels import repeated
from panelvar.core.base.limits import MOST_COLUMNS
from panelvar.core.base.quoting import shown
from panelvar.data.calendar.time_labels import as_text
from panelvar.data.formulas.categories import RowsUsed
from panelvar.data.panel.dimensions import crossed_dimensions, joint_codes, places_among, undated, undated_groups
from panelvar.data.panel.model_rows import ModelRows, all_finite, arranged, name_of_groups
from panelvar.data.panel.panel import Panel, as_panel
from panelvar.data.panel.panel_rows import PanelRows, refuse_infinite, rows_where
from panelvar.data.panel.plain_rows import rows_of
from panelvar.data.sources.source import as_floats, refuse_text
from panelvar.kernels.linear.columns import Column, FactorColumn, StoredColumn, measured, taken, whole
from panelvar.kernels.linear.groups import Grouping, compact, distinct
from panelvar.kernels.linear.rows import TransformedRows, column_norms

if TYPE_CHECKING:
    from typing import Self

    import pandas as pd

    from panelvar.data.formulas.factors import Factors


CONSTANT = "const"
"""Label of the constant in every result."""


class ArraysOnDemand:
    """Columns of a design as arrays: where it was given stored ones, arrays are made when first asked for."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, design: Design | None, owner: type) -> Any:
        if design is None:
            # A field without a default.
            raise AttributeError(self.name)
        arrays = tuple(map(whole, design.columns))
        design.__dict__.update(x=arrays[:-1], y=arrays[-1])
        return design.__dict__[self.name]


@dataclass(frozen=True, eq=False, repr=False)
class Design(ModelRows):
    """One model's rows, in memory.

    The columns may be given as they are stored (`panelvar.kernels.linear.columns.StoredColumn`): `columns`, for passes
    over the rows, has them so, and ``y`` and ``x`` are arrays.

    Attributes
    ----------
    panel : Panel
        Where the rows came from.
    dependent : str
        Name of the dependent variable.
    names : tuple of str
        Names of the regressors, the constant not among them.
    y : (n,) array
        Dependent variable.
    x : tuple of (n,) arrays
        Regressors.
    constant : bool
        Whether the model has a constant.
    weights : (n,) array or None
        Analytic weights, scaled to mean one.
    kept : (n,) array of positions in the sorted panel, or None if every row is used
    notes : tuple of Note
        What was dropped and why.
    formula : str or None
        The formula the regressors came from.
    written : tuple of str
        The formulas that all columns came from, where it is not this one alone: instruments are in the others.
    weighted_by : str
        As of `ModelRows`.
    """

    panel: Panel
    dependent: str
    names: tuple[str, ...]
    y: Array = ArraysOnDemand()  # type: ignore[assignment]
    x: tuple[Array, ...] = ArraysOnDemand()  # type: ignore[assignment]
    constant: bool = True
    weights: Array | None = None
    kept: NDArray[np.intp] | None = None
    notes: tuple[Note, ...] = ()
    formula: str | None = None
    written: tuple[str, ...] = ()
    weighted_by: str = ""

    def __post_init__(self) -> None:
        held: tuple[Column, ...] = (*self.x, self.y)
        for column in held:
            if isinstance(column, StoredColumn):
                self.__dict__["columns"] = held
                del self.__dict__["x"], self.__dict__["y"]
                return

    @property
    def nobs(self) -> int:
        """Number of rows."""
        return int(self.columns[-1].shape[0])

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Regressors and, last, the dependent variable, for passes over the rows: a slice of one is an array."""
        return (*self.x, self.y)

    @property
    def arrays(self) -> tuple[Array, ...]:
        """Regressors and, last, the dependent variable, each an array of all rows."""
        return (*self.x, self.y)

    def with_columns(self, columns: Sequence[Column], **changes: Any) -> Self:
        """Return the design with other columns, the dependent variable last, and other changes."""
        *x, y = columns
        return replace(self, x=cast("tuple[Array, ...]", tuple(x)), y=cast(Array, y), **changes)

    def extent(self, place: int) -> tuple[float, float]:
        """Return the smallest and the largest value of a column."""
        column = self.columns[place][:]
        return float(column.min()), float(column.max())

    @cached_property
    def means(self) -> Array:
        """Weighted mean of each column, regressors first, shape (k + 1,)."""
        weights = self.weights
        sums = measured(
            self.columns,
            lambda factor: factor.along(weights),
            lambda values: float(values.sum() if weights is None else weights.dot(values)),
        )
        return sums / self.nobs

    def norms(self) -> Array:
        """Return the Euclidean norm of each (weighted) column, shape (k + 1,)."""
        return column_norms(self.columns, self.weights)

    def without_rows(self) -> Design:
        """Return the design's names and notes, its rows released."""
        light = replace(self, y=np.empty(0), x=(), weights=None, kept=None)
        object.__setattr__(light, "panel", None)
        return light

    def select(self, regressors: Positions) -> Design:
        """Return the design with some of its regressors, given by their places."""
        columns = [self.columns[i] for i in (*regressors, -1)]
        return self.with_columns(columns, names=tuple(self.names[i] for i in regressors))

    def of_rows(self, rows: TransformedRows, names: Sequence[str], dependent: str) -> Design:
        """Return the design whose columns are those of rows, not transformed."""
        return self.with_columns(rows.columns, dependent=dependent, names=tuple(names), formula=None)

    def take(self, rows: NDArray[np.intp]) -> Design:
        """Return the design on a subset of its rows."""
        kept = rows if self.kept is None else self.kept[rows]
        return self.with_columns(
            taken(self.columns, rows),
            weights=None if self.weights is None else self.weights[rows] / self.weights[rows].mean(),
            kept=kept,
        )

    @property
    def levels_in_use(self) -> RowsUsed:
        """The rows whose levels categorical regressors have."""
        return RowsUsed(self.panel, self.kept)

    def without_empty_levels(self) -> Design:
        """Return the design without the indicators of levels that its rows no longer have.

        If a reference has no row, the first level that has one takes its place.
        """
        gone = self.empty_levels()
        left = np.flatnonzero([name not in gone for name in self.names])
        return self.select(left) if gone else self

    def empty_levels(self) -> set[str]:
        """Return the columns of the formula that are none of it where levels are those of the rows in use."""
        formulas = self.written or ((self.formula,) if self.formula is not None else ())
        if not formulas or not any("[" in name for name in self.names):
            return set()
        from panelvar.data.formulas.formula import column_names

        every, left = (
            {name for formula in formulas for name in column_names(formula, rows)}
            for rows in (RowsUsed(self.panel), RowsUsed(self.panel, self.kept))
        )
        return every - left

    def with_notes(self, *notes: Note) -> Design:
        """Return the design with notes added."""
        return self.with_columns(self.columns, notes=(*self.notes, *notes))

    @property
    def plain(self) -> bool:
        """Whether each row is an entity of its own, since the data name none."""
        return self.panel.plain

    def _refuse_undated(self) -> None:
        if self.plain:
            raise undated("This")

    @cached_property
    def entities(self) -> Grouping:
        """Rows grouped by entity, codes compact."""
        self._refuse_undated()
        if self.kept is None:
            return Grouping.from_starts(self.panel.starts)
        bounds = self._entity_bounds
        if bounds is None:
            return Grouping.from_codes(*compact(self.panel.entity_codes[self.kept]))
        return Grouping.from_starts(bounds[np.append(True, bounds[1:] > bounds[:-1])])

    @cached_property
    def _entity_bounds(self) -> NDArray[np.intp] | None:
        """Offsets of the rows of all entities of the panel, of those without any too; None if rows are in no order."""
        kept = self.kept
        assert kept is not None
        return np.searchsorted(kept, self.panel.starts) if (kept[1:] > kept[:-1]).all() else None

    @property
    def entity_starts(self) -> NDArray[np.intp]:
        """Offsets of the entities' rows, which stand together, and the number of rows."""
        starts = self.entities.starts
        assert starts is not None
        return starts

    @cached_property
    def entity_labels(self) -> pd.Index:
        """Labels of the entities in use, in code order."""
        self._refuse_undated()
        if self.kept is None:
            return self.panel.entity_labels
        bounds = self._entity_bounds
        used = np.unique(self.panel.entity_codes[self.kept]) if bounds is None else np.flatnonzero(np.diff(bounds))
        return self.panel.entity_labels[used]

    @cached_property
    def time_positions(self) -> NDArray[np.int64]:
        """Calendar position of each row."""
        self._refuse_undated()
        positions = self.panel.time_positions
        return positions if self.kept is None else positions[self.kept]

    @property
    def period_positions(self) -> NDArray[np.int64]:
        """Calendar positions of the periods in use, ascending."""
        return distinct(self.time_positions)

    @cached_property
    def times(self) -> Grouping:
        """Rows grouped by period, codes compact (periods without a row do not count)."""
        return Grouping.from_codes(*compact(self.time_positions))

    @cached_property
    def time_labels(self) -> pd.Index:
        """Labels of the periods in use, in code order."""
        return self.panel.calendar.labels_at(self.period_positions)

    @cached_property
    def index(self) -> pd.Index:
        """The caller's row labels of the rows in use."""
        index = self.panel.index
        return index if self.kept is None else index[self.kept]

    def group_by(self, column: str | NDArray[Any] | Sequence[Any]) -> tuple[Grouping, str]:
        """Return the grouping and the label of a dimension, as every model's rows do."""
        if isinstance(column, str) and self.plain and (self._is_entity(column) or self._is_time(column)):
            raise undated_groups(column)
        return super().group_by(column)

    def _grouped(self, column: str | NDArray[Any] | Sequence[Any]) -> tuple[Grouping, str]:
        panel = self.panel
        if isinstance(column, str):
            values, label = panel.raw_column(column), column
        else:
            values = arranged(panel, column, "Groups")
            label = name_of_groups(panel, column, values) or "given groups"
        codes, uniques = self._factorize(values)
        missing = int((codes < 0).sum())
        if missing:
            raise DataError(f"{label!r} is missing in {missing} of the {len(codes)} rows of the model.")
        return Grouping.from_codes(codes.astype(np.int64, copy=False), len(uniques)), label

    def _factorize(self, values: Any) -> tuple[NDArray[np.intp], Any]:
        """Return codes and distinct values at the model's rows."""
        import pandas as pd

        return pd.factorize(np.asarray(values if self.kept is None else values[self.kept]))

    def _crossed(self, parts: tuple[str, ...]) -> Grouping:
        return Grouping.from_codes(*compact(self._joint(parts)))

    def column(self, name: str) -> Array:
        """Return a numeric column of the data at the model's rows, (n,), whether the model has it or not.

        Raises
        ------
        DataError
            If the name is unknown, or a value among the model's rows is missing, infinite or no number.
        """
        values = self.panel.column(name)
        return all_finite(name, values if self.kept is None else values[self.kept])

    def _joint(self, parts: tuple[str, ...]) -> NDArray[np.int64]:
        groups = [self.group_by(part)[0] for part in parts]
        return joint_codes([group.codes for group in groups], [group.n_groups for group in groups])

    def places_of(self, dimension: str, levels: Callable[[str], Any]) -> NDArray[np.intp]:
        """Return where levels of other rows stand among those of a dimension, -1 where the model has none."""
        parts = crossed_dimensions(dimension, self.panel.names) or (dimension,)
        places = [self.labels_of(part).get_indexer(levels(part)) for part in parts]
        if len(parts) == 1:
            return places[0].astype(np.intp)
        joint = joint_codes(places, [self.group_by(part)[0].n_groups for part in parts])
        return places_among(np.unique(self._joint(parts)), joint).astype(np.intp)

    def labels_of(self, dimension: str) -> pd.Index:
        """Return the labels, in code order, of a dimension named as `group_by` names it."""
        import pandas as pd

        panel = self.panel
        if self._is_entity(dimension):
            return self.entity_labels
        if self._is_time(dimension):
            return self.time_labels
        parts = crossed_dimensions(dimension, panel.names)
        if parts is not None:
            first = np.unique(self._joint(parts), return_index=True)[1]
            each = [self.labels_of(part)[self.group_by(part)[0].codes[first]] for part in parts]
            texts = ["^".join(map(as_text, pair)) for pair in zip(*each, strict=True)]
            return pd.Index(texts, dtype=object, name=dimension)
        labels: pd.Index = pd.Index(self._factorize(panel.raw_column(dimension))[1], name=dimension)
        return labels


def makes_designs(data: object) -> TypeGuard[Any]:
    """Whether data make designs themselves; asked of the type, since panels answer questions after attributes."""
    return hasattr(type(data), "design_of")


def build_design(
    data: object,
    y: str | None,
    x: Sequence[str] | str | None,
    *,
    constant: bool | None = None,
    weights: str | NDArray[Any] | None = None,
    missing: str = "drop",
    plain: bool = False,
) -> Design:
    """Collect the rows of a model.

    Parameters
    ----------
    data : Panel or DataFrame with a two-level (entity, time) index
        With ``plain`` also data that name neither: each of their rows is an entity of its own.
    y : str
        Dependent variable, or a formula ``"y ~ x1 + L(x2)"`` when ``x`` is None.
    x : sequence of str
        Regressors.
    constant : bool or None
        Add a constant. None means yes, or as the formula says.
    weights : column name or array of the data's length
        Analytic weights (inverse variances), strictly positive.
    missing : {"drop", "raise"}
        Rows with a missing value are dropped, counted and warned about, or refused.
    plain : bool
        Whether the model needs neither entities nor an order of time.

    Raises
    ------
    DataError
        If values are infinite or complex, values are missing with ``missing="raise"``, or weights are not positive.
    InsufficientDataError
        If no row is left.
    """
    if makes_designs(data):
        # What a stream's rows lack of those in memory they refuse in words.
        return cast(Design, data.design_of(y, x, constant=constant, weights=weights, missing=missing))
    choose("missing", missing, DROP_OR_RAISE)
    panel = rows_of(data) if plain else dated_panel(data)
    return complete(every_row(panel, y, x, constant, weights), missing)


def every_row(
    panel: Panel,
    y: str | None,
    x: Sequence[str] | str | None,
    constant: bool | None,
    weights: str | NDArray[Any] | None,
    factors: Factors | None = None,
) -> Design:
    """Return a model on all rows of the panel, the incomplete ones too (see `build_design`).

    ``factors`` hold what formulas read before this one have computed of the panel.
    """
    if not isinstance(y, str):
        raise SpecificationError(f"y must be a column name or a formula; got {type(y).__name__}.{numbered(y)}")
    outcome: Column
    columns: tuple[Column, ...]
    weight = read_weights(panel, weights)
    if x is None:
        if "~" not in y:
            raise SpecificationError("Regressors are missing. Give x, or a formula such as 'y ~ x1 + x2'.")
        from panelvar.data.formulas.formula import parse

        parsed = parse(y, panel, factors, without_weight(weight))
        dependent, names = parsed.y_name, tuple(parsed.x_names)
        outcome, columns = parsed.y, parsed.x
        if constant is None:
            constant = parsed.constant
    else:
        dependent = y
        names = read_names("x", x)
        _refuse_twice(dependent, names)
        read: Callable[[str], Column] = panel.stored_column if factors is None else factors.column
        outcome, columns = read(dependent), tuple(read(name) for name in names)
    formula = y if x is None else None
    by = name_weights(weights)
    return make_design(panel, dependent, names, outcome, columns, constant, weight, formula, by)


def dated_panel(data: object) -> Panel:
    """Return the panel of the data, or say that they do not tell who and when."""
    refuse_text(data)
    if makes_designs(data):
        raise SpecificationError("This needs all rows at once, and a stream reads one chunk at a time. Use a Panel.")
    if isinstance(data, Panel) or getattr(getattr(data, "index", None), "nlevels", 1) == 2:
        panel = as_panel(data)
        if not panel.plain:
            return panel
    raise SpecificationError(
        "The data do not say which column is the entity and which is the time. Pass Panel(data, entity=..., "
        "time=...), or a DataFrame with a two-level index."
    )


def read_weights(panel: Panel, weights: str | NDArray[Any] | None) -> Array | None:
    """Return weights, a column or an array of the data's length, in the panel's order."""
    if isinstance(weights, str):
        return panel.column(weights)
    return None if weights is None else as_floats(arranged(panel, weights, "Weights"), "weights")


def name_weights(weights: object) -> str:
    """Say which column weights are, or what they were given as."""
    if weights is None or isinstance(weights, str):
        return weights or ""
    name = getattr(weights, "name", None)
    return "an array" if name is None else str(name)


def without_weight(weights: Array | None) -> Mask | None:
    """Return the rows that miss a weight, None if none does."""
    absent = None if weights is None else np.isnan(weights)
    return absent if absent is not None and absent.any() else None


def make_design(
    panel: Panel,
    dependent: str,
    names: tuple[str, ...],
    outcome: Column,
    columns: tuple[Column, ...],
    constant: bool | None,
    weights: Array | None,
    formula: str | None,
    weighted_by: str = "",
) -> Design:
    """Return columns that have been read as a model, or say why they cannot be one."""
    constant = _read_constant(names, constant)
    y, x = cast(Array, outcome), cast("tuple[Array, ...]", columns)
    return Design(
        panel, dependent, names, y, x, constant, weights, notes=panel.notes, formula=formula, weighted_by=weighted_by
    )


def check_names(dependent: str, names: tuple[str, ...], constant: object) -> bool:
    """Refuse names of regressors that cannot be a model; return whether it has a constant.

    Raises
    ------
    SpecificationError
        If a regressor is named twice or is the dependent variable, there is neither a regressor nor a constant, there
        are too many, or one is called as the constant is.
    """
    _refuse_twice(dependent, names)
    return _read_constant(names, constant)


def _refuse_twice(dependent: str, names: tuple[str, ...]) -> None:
    if twice := repeated(names):
        raise SpecificationError(f"Some regressors are named twice: {', '.join(map(repr, twice))}.")
    if dependent in names:
        raise SpecificationError(f"{dependent!r} is both the dependent variable and a regressor.")


def _read_constant(names: tuple[str, ...], constant: object) -> bool:
    if constant is not None and not isinstance(constant, (bool, np.bool_)):
        raise SpecificationError(f"constant={shown(constant)} must be True, False or None.")
    constant = True if constant is None else bool(constant)
    if not names and not constant:
        raise SpecificationError("The model has neither regressors nor a constant.")
    if len(names) > MOST_COLUMNS:
        raise SpecificationError(
            f"The model has {len(names)} regressors; the limit is {MOST_COLUMNS}. Absorb effects with effects= "
            "instead of estimating them."
        )
    if CONSTANT in names and constant:
        raise SpecificationError(
            f"A regressor is called {CONSTANT!r}, as the constant is. Rename it, or pass constant=False where the "
            "function has that option."
        )
    return constant


# What stands between a factor of a formula and its level in the name of a column.
_LEVEL = "[T."
# Up to this share of the rows, first rows of all entities are lost to lags rather than to a variable that begins late.
_FEW = 0.25
# Columns of which a note says how many values they miss.
_NAMED = 10


def complete(design: Design, missing: str) -> Design:
    """Leave out the rows that miss a value, or refuse them, and scale the weights to mean one."""
    panel, weight = design.panel, design.weights
    *x, y = design.columns
    labelled = [(design.dependent, y), *zip(design.names, x, strict=True)]
    if weight is not None:
        labelled.append(("weights", weight))
    bad: NDArray[np.bool_] | None = None
    sums: list[float] = []
    counts: list[tuple[str, int]] = []
    for name, column in labelled:
        # A sum is finite unless something in the column is not, or the sum itself overflows: one cheap pass.
        with np.errstate(over="ignore", invalid="ignore"):
            sums.append(total := column.sum())
        if math.isfinite(total):
            continue
        if isinstance(column, FactorColumn) and column.factor.finite:
            # The columns of a factor miss the same rows, found once.
            absent = column.factor.absent
        else:
            refuse_infinite(panel, name, column[:])
            absent = np.isnan(column[:])
        if absent.any():
            counts.append((name, int(absent.sum())))
            bad = absent if bad is None else bad | absent
    if bad is not None:
        dropped = int(bad.sum())
        if missing == "raise":
            raise DataError(
                f"There are missing values in {rows_where(panel, bad)}: {_in_words(counts)}. missing='drop' drops "
                "these rows."
            )
        kept = np.flatnonzero(~bad)
        weight = None if weight is None else weight[kept]
        notes = (*design.notes, rows_dropped(dropped, panel.nobs, counts, first=only_first(panel, bad)))
        design = design.with_columns(taken(design.columns, kept), kept=kept, notes=notes)
    if design.nobs == 0:
        raise InsufficientDataError(
            f"No complete row is left for {design.dependent!r} on {', '.join(design.names) or 'a constant'}: every one "
            f"of the {panel.nobs} rows misses a value."
        )
    if weight is not None:
        if not (weight > 0.0).all():
            raise DataError(f"Weights must be strictly positive; {int((weight <= 0.0).sum())} are not.")
        design = design.with_columns(design.columns, weights=weight / weight.mean())
    elif bad is None:
        # The sums were needed anyway: a pass saved.
        design.__dict__["means"] = np.array([*sums[1:], sums[0]]) / panel.nobs
    return design


def only_first(panel: PanelRows, absent: NDArray[np.bool_]) -> bool:
    """Whether the rows left out are the first of every entity, as many of each, and few: those that a lag loses."""
    if not absent[0]:
        return False
    starts, places = panel.starts, np.flatnonzero(absent)
    before = places - starts[np.searchsorted(starts, places, side="right") - 1]
    lost = int(before.max()) + 1
    few = lost == 1 or len(places) <= _FEW * len(absent)
    return few and len(places) == int(np.minimum(np.diff(starts), lost).sum())


def rows_dropped(dropped: int, rows: int, counts: Sequence[tuple[str, int]], *, first: bool = False) -> Note:
    """Say how many rows of how many were left out for missing values, and in which columns these are.

    Those that every lag and every difference loses, ``first``, are worth a note and no warning.
    """
    text = f"{grouped(dropped)} of {grouped(rows)} rows dropped for missing values: {_in_words(counts)}."
    if levels := next((name.partition(_LEVEL)[0] for name, _ in counts if _LEVEL in name), ""):
        text += (
            f" A row without a level of {levels} is left out. If that means never treated, give these rows a "
            "number that no other row has, and name it among the references, as in i(since, ref=[-1, -1000])."
        )
    return Note("rows-dropped", text, warn=not first)


def _in_words(counts: Sequence[tuple[str, int]]) -> str:
    """Name columns and how many values each misses; the levels of a factor, which miss the same, are one."""
    factors: dict[str, int] = {}
    for name, count in counts:
        factor = name.partition(_LEVEL)[0]
        factors[factor] = max(count, factors.get(factor, 0))
    said = [f"{name} ({grouped(count)})" for name, count in factors.items()]
    more = [f"and {len(said) - _NAMED} more columns"] if len(said) > _NAMED + 1 else []
    return ", ".join([*(said[:_NAMED] if more else said), *more])
