"""A dynamic panel as equations and instruments: rows transformed, lags taken, moments collected."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from panelvar.base.arrays import Array, Mask, Positions
from panelvar.base.errors import (
    CollinearityError,
    DataError,
    InsufficientDataError,
    Note,
    SpecificationError,
)
from panelvar.base.expressions import syntax_tree
from panelvar.base.labels import listed
from panelvar.data.categories import Categories
from panelvar.data.design import CONSTANT
from panelvar.data.factors import Factor, Factors, Several
from panelvar.data.panel import Panel
from panelvar.dynamic_panels.cube import Laid, PanelCube
from panelvar.dynamic_panels.instrument_moments import InstrumentMatrix, LagWindow, Moments, Origin
from panelvar.dynamic_panels.lag_instruments import Instruments, LagInstruments, StandardInstruments
from panelvar.dynamic_panels.transforms import WORDS, EquationRows, levels, transformed
from panelvar.kernels.qr import ROUNDING

if TYPE_CHECKING:
    import pandas as pd

_ANY = 10**9
"""A last lag that no calendar reaches."""


@dataclass(frozen=True)
class Specification:
    """What a dynamic panel model is, before any data.

    Attributes
    ----------
    dependents : tuple of str
    lag_names : tuple of str
        Names of the lags of the dependent variables, the first lag of all of them first.
    lags : int
    regressors : tuple of str
        The others, columns or expressions such as ``"L(w)"``.
    sets : tuple of LagInstruments or StandardInstruments
        All instruments but those of the constant and the periods.
    transform : {"fd", "fod"}
    level_equation : bool
        Whether the levels are rows too.
    constant, time_effects : bool
    """

    dependents: tuple[str, ...]
    lag_names: tuple[str, ...]
    lags: int
    regressors: tuple[str, ...]
    sets: tuple[Instruments, ...]
    transform: str = "fd"
    level_equation: bool = False
    constant: bool = False
    time_effects: bool = False


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
    periods: Positions
    notes: tuple[Note, ...]

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
        return len(self.entities)

    @property
    def n_regressors(self) -> int:
        """Regressors of an equation, m."""
        return len(self.regressors)

    @property
    def nobs(self) -> int:
        """Rows of the transformed equation, or of the levels where these are estimated too."""
        return int(self.equations[-1].used.sum()) if self.specification.level_equation else self.n_transformed

    @property
    def n_transformed(self) -> int:
        """Rows of the transformed equation."""
        return int(self.transformed.used.sum())

    @property
    def entity_labels(self) -> pd.Index:
        """Labels of the entities in use."""
        return self.panel.entity_labels[self.entities]

    def residuals(self, rows: EquationRows, params: Array) -> Array:
        """Errors (R, N, K) of rows at given coefficients (m, K), zero where a row does not exist."""
        m = self.n_regressors
        return rows.values[:, :, m:] - rows.values[:, :, :m] @ params


def read_columns(panel: Panel, names: Sequence[str], known: Mapping[str, Array] | None = None) -> list[Array]:
    """Columns of a panel, or expressions of them such as ``"L(w)"``, in the panel's order; those known as they are.

    Raises
    ------
    DataError, SpecificationError
        Unknown or unsuitable columns.
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
        _refuse_arithmetic(name)
        found = factors[Factor(name, not any(sign in name for sign in "()+-*/"))]
        if isinstance(found, Categories):
            raise DataError(f"{name!r} is not numeric: a regressor or instrument must be a column of numbers.")
        if isinstance(found, Several):
            raise SpecificationError(f"{name!r} makes {len(found.marks)} columns: a regressor or instrument is one.")
        out.append(np.broadcast_to(found, panel.nobs))
    return out


def _refuse_arithmetic(name: str) -> None:
    """Refuse ``w + k``, which is two regressors in a formula and would be their sum here."""
    if isinstance(syntax_tree(name, name), ast.BinOp):
        raise SpecificationError(
            f"{name!r} is one column: name several as a list, or write a formula 'y ~ ...'. I({name}) is the "
            "arithmetic of columns."
        )


def build_model(
    panel: Panel, specification: Specification, missing: str, known: Mapping[str, Array] | None = None
) -> DynamicModel:
    """Lay out the panel, transform its rows and collect the instruments; columns ``known`` are not read.

    Raises
    ------
    InsufficientDataError
        Too few periods for the lags, no entity with a row, a window of lags that no row has.
    CollinearityError
        A regressor that the transform leaves nothing of.
    DataError
        Missing values that are to be refused; infinite ones.
    """
    spec = specification
    own = tuple(
        dict.fromkeys((*spec.dependents, *spec.regressors, *(name for each in spec.sets for name in each.names)))
    )
    columns = read_columns(panel, own, known)
    notes = [*panel.notes]
    _missing(panel, own[: len(spec.dependents) + len(spec.regressors)], columns, missing, notes)
    cube = PanelCube.of(panel, own, columns)
    if cube.n_periods < spec.lags + 2:
        raise InsufficientDataError(
            f"The panel spans {cube.n_periods} period(s); {spec.lags} lag(s) of the dependent variable and a "
            f"transformed equation need at least {spec.lags + 2}."
        )
    places = [cube.place(name) for name in spec.dependents]
    dependents = cube.laid.only(places)
    lagged = [dependents.lagged(lag) for lag in range(1, spec.lags + 1)]
    others = cube.laid.only([cube.place(name) for name in spec.regressors])
    parts, names = [*lagged, others], (*spec.lag_names, *spec.regressors)
    standard = [each for each in spec.sets if isinstance(each, StandardInstruments)]
    complete = dependents.complete & np.logical_and.reduce([part.complete for part in parts])
    for each in standard:
        complete = complete & cube.laid.only([cube.place(name) for name in each.names]).complete
    rows = transformed(spec.transform, np.zeros((*complete.shape, 0)), complete).used
    entities = np.flatnonzero(rows.any(axis=0) | (complete.any(axis=0) if spec.level_equation else False))
    if not rows.any():
        raise InsufficientDataError(
            f"None of the {panel.n_entities} entities has a row in {WORDS[spec.transform]} of {spec.lags} lag(s): each "
            f"needs {spec.lags + 2} consecutive periods without missing values."
        )
    left_out = panel.n_entities - len(entities)
    if left_out:
        text = f"{left_out} of {panel.n_entities} entities have too few consecutive periods and are left out."
        notes.append(Note("entities-left-out", text))
    complete = complete[:, entities]
    begun = np.diff(complete.astype(np.int8), axis=0, prepend=0) == 1
    pausing = int((begun.sum(axis=0) > 1).sum())
    if pausing:
        text = f"{pausing} of {len(entities)} entities have gaps: no lag and no difference reaches across one."
        notes.append(Note("gaps", text))
    everything = Laid(cube.laid.values[:, entities], cube.laid.observed[:, entities])
    values = [np.take(part.values, entities, axis=1) for part in parts]
    labels = [str(label) for label in panel.calendar.labels_at(np.arange(cube.n_periods))]
    deterministic, words, periods = _deterministic(spec, complete, labels)
    stacked = np.concatenate([*values, deterministic, dependents.values[:, entities]], axis=2)
    regressors = (*names, *words)
    twice = [name for name in words if name in names]
    if twice:
        raise SpecificationError(f"Regressors would share the name(s) {twice}: rename a column.")
    instruments_in = [everything.only([cube.place(name) for name in each.names]) for each in standard]
    wide = np.concatenate([stacked, *(part.values for part in instruments_in)], axis=2)
    width = stacked.shape[2]
    equations = [transformed(spec.transform, wide, complete)]
    if spec.level_equation or spec.constant:
        equations.append(levels(wide, complete))
    _refuse_constant(spec, regressors, equations, complete)
    moments = Moments(equations)
    _add_lags(moments, spec, equations, cube, everything, labels, notes)
    _add_standard(moments, spec, equations, everything, cube, width)
    _add_deterministic(moments, spec, equations, words)
    matrix = moments.matrix()
    if matrix.count < len(regressors):
        raise InsufficientDataError(
            f"{matrix.count} instrument(s) do not identify {len(regressors)} coefficient(s): allow longer lags, or add "
            "instruments."
        )
    narrow = tuple(_narrow(equation, width) for equation in equations)
    level_rows = narrow[1] if len(narrow) == 2 else _narrow(levels(stacked, complete), width)
    return DynamicModel(panel, spec, regressors, narrow, level_rows, matrix, entities, periods, tuple(notes))


def _narrow(rows: EquationRows, width: int) -> EquationRows:
    return EquationRows(
        rows.kind, rows.labels, np.ascontiguousarray(rows.values[:, :, :width]), rows.used, rows.complete
    )


def _missing(panel: Panel, names: Sequence[str], columns: Sequence[Array], missing: str, notes: list[Note]) -> None:
    """Count the rows that miss a variable of the model, or refuse them. Lags that no row can have do not count."""
    own = set(panel.names)
    raw = [(name, np.isnan(column)) for name, column in zip(names, columns, strict=False) if name in own]
    bad = np.logical_or.reduce([absent for _, absent in raw]) if raw else np.zeros(panel.nobs, dtype=bool)
    if not bad.any():
        return
    listing = ", ".join(f"{name} ({int(absent.sum())})" for name, absent in raw if absent.any())
    if missing == "raise":
        raise DataError(
            f"{int(bad.sum())} of {panel.nobs} rows have missing values: {listing}. missing='drop' leaves them out."
        )
    text = (
        f"{int(bad.sum())} of {panel.nobs} rows miss values and leave the equation: {listing}. What they have serves "
        "as lags."
    )
    notes.append(Note("rows-dropped", text, warn=True))


def _deterministic(
    spec: Specification, complete: Mask, labels: Sequence[str]
) -> tuple[Array, tuple[str, ...], Positions]:
    """Columns (T, N, d) of the constant and of the periods, the first one left out; their names; the periods."""
    shape, loaded = complete.shape, np.zeros(0, dtype=np.intp)
    columns, names = [], []
    if spec.constant:
        columns.append(np.ones(shape))
        names.append(CONSTANT)
    if spec.time_effects:
        used = transformed(spec.transform, np.zeros((*shape, 0)), complete)
        loaded = np.flatnonzero(complete.any(axis=1))
        if not spec.level_equation and used.kind == "fd":
            touched = used.used.any(axis=1)
            loaded = np.flatnonzero(np.append(touched, False) | np.insert(touched, 0, False))
        for period in loaded[1:]:
            column = np.zeros(shape)
            column[period] = 1.0
            columns.append(column)
            names.append(f"time[{labels[period]}]")
    if not columns:
        return np.zeros((*shape, 0)), (), loaded
    return np.stack(columns, axis=2), tuple(names), loaded


def _refuse_constant(
    spec: Specification, regressors: Sequence[str], equations: Sequence[EquationRows], complete: Mask
) -> None:
    """Name the regressors that the transform leaves nothing of, where no level tells of them."""
    if spec.level_equation:
        return
    rows = equations[0].values[:, :, : len(regressors)]
    left = np.sqrt(np.einsum("tnj,tnj->j", rows, rows))
    raw = levels(rows, equations[0].used).values if len(equations) == 1 else equations[1].values
    sizes = np.sqrt(np.einsum("tnj,tnj->j", raw[:, :, : len(regressors)], raw[:, :, : len(regressors)]))
    gone = [
        name
        for name, length, size in zip(regressors, left, sizes, strict=True)
        if not (spec.constant and name == CONSTANT) and length <= ROUNDING * size
    ]
    if not gone:
        return
    lags = [name for name in gone if name in spec.lag_names]
    words = f"{listed([repr(name) for name in lags or gone])} {'does' if len(lags or gone) == 1 else 'do'} not vary"
    if lags:
        raise CollinearityError(f"{words} within entities: there is no autoregression to estimate.")
    raise CollinearityError(
        f"{words} within entities, and {WORDS[spec.transform]} leave nothing: leave out what does not vary, or "
        "estimate the levels too (fit_blundell_bond; level_equation=True of fit_panel_var)."
    )


def _add_lags(
    moments: Moments,
    spec: Specification,
    equations: Sequence[EquationRows],
    cube: PanelCube,
    everything: Laid,
    labels: Sequence[str],
    notes: list[Note],
) -> None:
    start = len(equations[0].labels)
    for number, each in enumerate(spec.sets):
        if not isinstance(each, LagInstruments):
            continue
        first = 2 if each.first is None else each.first
        last = _ANY if each.last is None else each.last
        if last < first:
            raise SpecificationError(f"The window of lags of {listed(each.names)} is empty: {first} to {last}.")
        places = [cube.place(name) for name in each.names]
        equation = each.equation or ("both" if spec.level_equation else "transformed")
        if equation != "transformed" and not spec.level_equation:
            raise SpecificationError(
                f"equation={equation!r}: this estimator has no level equation; fit_blundell_bond has one."
            )
        if equation != "level":
            window = LagWindow(each.names, everything.only(places), first, last, each.collapse)
            if first > int(equations[0].labels[equations[0].used.any(axis=1)].max(initial=0)):
                raise InsufficientDataError(
                    f"No row has lag {first} of {listed(each.names)}: the panel spans {cube.n_periods} periods."
                )
            moments.add_window(0, equations[0], window, Origin("lags", number), labels)
        if equation != "transformed":
            least, most = (max(first - 1, 0), max(first - 1, 0)) if equation == "both" else (first, last)
            window = LagWindow(each.names, _changes(everything.only(places)), least, most, each.collapse)
            moments.add_window(start, equations[1], window, Origin("changes", number), labels, "D.")


def _changes(laid: Laid) -> Laid:
    """First differences, where both periods are observed."""
    before = laid.lagged(1)
    both = laid.observed & before.observed
    return Laid(np.where(both, laid.values - before.values, 0.0), both)


def _add_standard(
    moments: Moments,
    spec: Specification,
    equations: Sequence[EquationRows],
    everything: Laid,
    cube: PanelCube,
    width: int,
) -> None:
    start, place = len(equations[0].labels), width
    for number, each in enumerate(spec.sets):
        if not isinstance(each, StandardInstruments):
            continue
        equation = each.equation or "transformed"
        if equation != "transformed" and not spec.level_equation:
            raise SpecificationError(
                f"equation={equation!r}: this estimator has no level equation; fit_blundell_bond has one."
            )
        origin, keys = Origin("standard", number), [(name,) for name in each.names]
        columns = slice(place, place + len(each.names))
        place += len(each.names)
        if equation != "level":
            words = [f"{'D.' if equations[0].kind == 'fd' and each.transform else ''}{name}" for name in each.names]
            plain = everything.only([cube.place(name) for name in each.names]).values
            for row, label in enumerate(equations[0].labels):
                values = equations[0].values[row, :, columns] if each.transform else plain[label]
                moments.add(row, origin, keys, words if equation == "transformed" else each.names, values)
        if equation != "transformed":
            for row in range(len(equations[1].labels)):
                moments.add(start + row, origin, keys, each.names, equations[1].values[row, :, columns])


def _add_deterministic(
    moments: Moments,
    spec: Specification,
    equations: Sequence[EquationRows],
    words: Sequence[str],
) -> None:
    """The constant and the periods are their own instruments: in the levels where these are rows, else transformed."""
    start = len(equations[0].labels)
    begin = len(spec.lag_names) + len(spec.regressors)
    if CONSTANT in words:
        ones = np.ones((equations[0].used.shape[1], 1))
        for row in range(len(equations[1].labels)):
            moments.add(start + row, Origin("constant"), [()], [CONSTANT], ones)
    periods = [(place, word) for place, word in enumerate(words) if word != CONSTANT]
    if not periods:
        return
    rows, offset = (equations[1], start) if spec.level_equation else (equations[0], 0)
    chosen = [begin + place for place, _ in periods]
    names = [word for _, word in periods]
    for row in range(len(rows.labels)):
        moments.add(offset + row, Origin("period"), [(name,) for name in names], names, rows.values[row][:, chosen])
