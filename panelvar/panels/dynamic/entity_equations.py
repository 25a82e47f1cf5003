"""The equations and instruments of some entities of a dynamic panel: rows transformed, lags taken, moments made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.errors import CollinearityError, SpecificationError
from panelvar.core.base.labels import listed
from panelvar.data.formulas.design import CONSTANT
from panelvar.kernels.linear.qr import ROUNDING
from panelvar.panels.dynamic.cube import Census, Laid, LaidRows, PanelCube, parts_of
from panelvar.panels.dynamic.gmm import GmmProblem
from panelvar.panels.dynamic.instrument_moments import EntityMoments, InstrumentCollector, InstrumentMatrix
from panelvar.panels.dynamic.lag_instruments import Specification, StandardInstruments
from panelvar.panels.dynamic.quadratic_moments import QuadraticMoments, QuadraticProblem, quadratic_factors
from panelvar.panels.dynamic.transforms import WORDS, EquationRows, levels, transformed


@dataclass(frozen=True, eq=False)
class EntityEquations:
    """Equations and instruments of some entities.

    Attributes
    ----------
    regressors : tuple of str
        All m of them, in the order of the columns.
    period_labels : tuple of str
        What the periods are called.
    dates : (T,) integer array
        Their calendar positions.
    equations : tuple of EquationRows
        The transformed rows, and the levels if they are there: m regressors and K dependent variables.
    levels : EquationRows
        The complete periods.
    instruments : InstrumentMatrix
    found : (L,) bool array
        Which of these are not zero for all of the entities.
    """

    regressors: tuple[str, ...]
    period_labels: tuple[str, ...]
    dates: Positions
    equations: tuple[EquationRows, ...]
    levels: EquationRows
    instruments: InstrumentMatrix
    found: Mask

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
        """How many entities these are, N."""
        return int(self.levels.used.shape[1])

    @property
    def n_regressors(self) -> int:
        """Regressors of an equation, m."""
        return len(self.regressors)

    @property
    def moments(self) -> EntityMoments:
        """Each entity's :math:`Z_i'[X_i, Y_i]`."""
        return EntityMoments(self.instruments, self.equations, list(range(self.transformed.values.shape[2])))

    @property
    def lengths(self) -> Lengths:
        """Squared lengths of the regressors."""
        m = self.n_regressors
        rows = [equation.values[:, :, :m] for equation in (self.equations[0], self.equations[-1])]
        return Lengths(*(np.einsum("tnj,tnj->j", own, own) for own in rows))

    def residuals(self, rows: EquationRows, params: Array) -> Array:
        """Errors (R, N, K) of rows at given coefficients (m, K), zero where a row does not exist."""
        m = self.n_regressors
        return rows.values[:, :, m:] - rows.values[:, :, :m] @ params

    def with_moments(self, kept: Mask) -> EntityEquations:
        """The same equations with some of the instruments."""
        return replace(self, instruments=self.instruments.only(kept), found=self.found[kept])

    def of_problem(self, problem: GmmProblem) -> EntityEquations:
        """The same equations with the instruments that are linear moments of a problem."""
        wanted = set(zip(problem.labels, problem.origins, strict=True))
        named = zip(self.instruments.labels, self.instruments.origins, strict=True)
        return self.with_moments(np.array([each in wanted for each in named]))

    def quadratic_factors(self, kind: str, means: Array) -> tuple[QuadraticMoments, Mask]:
        """The factors of all quadratic moments, and which of these some entity has (see `quadratic_factors`)."""
        return quadratic_factors(self.levels, self.period_labels, self.n_regressors, kind, means)

    def errors(self, problem: GmmProblem, means: Array, params: Array) -> Array:
        """Moments (N, K L) of the entities' errors at coefficients (m, K)."""
        linear = self.moments.errors(params)
        if not isinstance(problem, QuadraticProblem):
            return linear
        every, _ = self.quadratic_factors(problem.kind, means)
        quadratic = every.only(np.isin(every.labels, problem.quadratic.labels))
        return np.concatenate([linear, quadratic.values(params)], axis=1)


def equations_of(laid: LaidRows, spec: Specification, census: Census) -> EntityEquations:
    """Equations of the entities in use, with all instruments.

    Parameters
    ----------
    laid : LaidRows
    spec : Specification
    census : Census
        Counts of these rows, or of more rows that include them: they say which periods have effects.
    """
    panel, entities = laid.cube.panel, laid.entities
    complete = laid.complete[:, entities]
    cube = laid.cube.of_entities(entities)
    labels = tuple(map(str, panel.calendar.labels_at(cube.dates)))
    deterministic, words = _deterministic(
        spec, complete.shape, periods_with_effects(spec, census), labels, panel.time_name
    )
    names = (*spec.lag_names, *spec.regressors)
    twice = [name for name in words if name in names]
    if twice:
        raise SpecificationError(
            f"These names belong both to columns and to regressors that the model adds: {', '.join(map(repr, twice))}. "
            "Rename the columns."
        )
    wide, width = _side_by_side(laid, spec, deterministic)
    equations = [transformed(spec.transform, wide, complete)]
    beside: list[EquationRows] = []
    if spec.level_equation or spec.constant:
        equations.append(levels(wide, complete))
    else:
        beside.append(levels(wide[:, :, :width], complete))
    # Instruments take as much memory as all of these.
    del deterministic, wide
    latest = int(np.flatnonzero(census.touched).max(initial=0))
    instruments, found = InstrumentCollector(spec, equations, cube, census.pairs, labels, words).collect(latest)
    middles = census.high_levels
    if middles.any() and any(census.equal_rows(spec)):
        # An entity in the middle of all others: what its instruments are is taken out of theirs.
        here, there = np.ones((len(middles), 1, 1), dtype=bool), census.complete[:, None]
        laid_middles = Laid(middles[:, None], np.broadcast_to(here, middles[:, None].shape), cube.dates)
        entity = PanelCube(panel, cube.names, laid_middles)
        own = _deterministic(spec, there.shape, periods_with_effects(spec, census), labels, panel.time_name)[0]
        place = width - len(spec.dependents) - own.shape[2]
        columns = np.zeros((len(middles), 1, equations[0].values.shape[2]))
        columns[:, :, place : place + own.shape[2]] = own
        others = [entity.only(each.names).values for each in spec.sets if isinstance(each, StandardInstruments)]
        columns[:, :, width:] = np.concatenate([np.zeros((len(middles), 1, 0)), *others], axis=2)
        its = [transformed(spec.transform, columns, there), *(levels(columns, there) for _ in equations[1:])]
        of_entity, _ = InstrumentCollector(spec, its, entity, census.pairs, labels, words).collect(latest)
        used = [row for equation in equations for row in equation.used]
        instruments = _less_middles(instruments, of_entity, its, census.equal_rows(spec), used)
    for place, equation in enumerate(equations):
        equations[place] = _narrow(equation, width)
    in_levels = (*equations, *beside)[1]
    return EntityEquations((*names, *words), labels, cube.dates, tuple(equations), in_levels, instruments, found)


def _side_by_side(laid: LaidRows, spec: Specification, deterministic: Array) -> tuple[Array, int]:
    """Columns (T, N, C) of the entities in use, and how many of these are regressors and dependent variables.

    Columns that instrument themselves stand last.
    """
    regressors, dependents, standard = (
        [part.values.take(laid.entities, axis=1) for part in parts] for parts in parts_of(laid.cube, spec)
    )
    wide = np.concatenate([*regressors, deterministic, *dependents, *standard], axis=2)
    return wide, wide.shape[2] - sum(part.shape[2] for part in standard)


def _less_middles(
    instruments: InstrumentMatrix,
    middle: InstrumentMatrix,
    its: Sequence[EquationRows],
    equal: tuple[bool, bool],
    used: Sequence[Mask],
) -> InstrumentMatrix:
    """Take the instruments of one entity out of those of all, in rows whose sum of errors the period moments hold.

    At a level far from zero the products of instruments would lose the digits of all that varies between entities. The
    moments are the same in other coordinates: with c a number of row r, those of ``z - c`` are those of z less c times
    the row's sum of errors.
    """
    dense = middle.dense()
    first = len(its[0].labels)
    kinds = np.array([each.kind for each in middle.origins])
    periods = np.flatnonzero((kinds == "period") | ((kinds == "constant") & equal[1]))
    taken = dense.copy()
    taken[:, periods] = 0.0
    taken[:first] *= equal[0]
    taken[first:] *= equal[1]
    sums = np.zeros((len(dense), len(periods)))
    if equal[1]:
        sums[first:] = np.linalg.pinv(dense[first:, periods]).T
        sums[:first] = its[0].loadings()[:, :, 0] @ sums[first:]
    else:
        sums[:first] = np.linalg.pinv(dense[:first, periods]).T
    lifts = np.zeros((middle.count, middle.count))
    lifts[:, periods] = taken.T @ sums
    return replace(instruments.less(taken, used), lifts=lifts)


def _narrow(rows: EquationRows, width: int) -> EquationRows:
    return EquationRows(
        rows.kind, rows.labels, np.ascontiguousarray(rows.values[:, :, :width]), rows.used, rows.complete
    )


def periods_with_effects(spec: Specification, census: Census) -> tuple[Positions, Mask]:
    """Periods that have effects, and which of these are the ones that the others are compared with.

    Beside levels that is the first period, whose effect is the constant's, or none if there is no constant. Transformed
    rows compare the periods of an entity: periods that no entities connect, directly or through others, have a first
    one each.
    """
    if not spec.time_effects:
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=bool)
    if spec.level_equation:
        found = np.flatnonzero(census.complete)
        return found, (np.arange(len(found)) == 0) & spec.constant
    links = census.links
    if spec.transform == "fd":
        # Differences are of periods that stand together.
        links = links & np.eye(len(links), k=1, dtype=bool)
    found = np.flatnonzero(links.any(axis=0) | links.any(axis=1))
    from scipy.sparse.csgraph import connected_components

    groups = connected_components(links[np.ix_(found, found)], directed=False)[1]
    bases = np.zeros(len(found), dtype=bool)
    bases[np.unique(groups, return_index=True)[1]] = True
    return found, bases


def _deterministic(
    spec: Specification,
    shape: tuple[int, ...],
    periods: tuple[Positions, Mask],
    labels: Sequence[str],
    time: str | None,
) -> tuple[Array, tuple[str, ...]]:
    """Columns (T, N, d) of the constant and of the periods, without those that others are compared with.

    Names are as formulas have them. ``time`` is the column that the periods stand in.
    """
    columns, names = [], []
    if spec.constant:
        columns.append(np.ones(shape))
        names.append(CONSTANT)
    found, bases = periods
    for period in found[~bases]:
        column = np.zeros(shape)
        column[period] = 1.0
        columns.append(column)
        names.append(f"C({time or 'time'})[T.{labels[period]}]")
    if not columns:
        return np.zeros((*shape, 0)), ()
    return np.stack(columns, axis=2), tuple(names)


class Lengths(NamedTuple):
    """Squared lengths (m,) of the regressors in the transformed rows, and in levels where there are any."""

    transformed: Array
    levels: Array

    def merged(self, other: Lengths) -> Lengths:
        """Those of the rows of both."""
        return Lengths(self.transformed + other.transformed, self.levels + other.levels)

    def refuse_constant(self, spec: Specification, regressors: Sequence[str]) -> None:
        """Name the regressors that the transform leaves nothing of, where no level tells of them."""
        if spec.level_equation:
            return
        left, sizes = np.sqrt(self.transformed), np.sqrt(self.levels)
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
            raise CollinearityError(f"{words} within entities, so there is no autoregression to estimate.")
        them = "it" if len(gone) == 1 else "them"
        raise CollinearityError(
            f"{words} within entities, so {WORDS[spec.transform]} leave nothing of {them}. Leave {them} out, or "
            "estimate the levels too, with fit_blundell_bond or with level_equation=True of fit_panel_var."
        )
