"""The rows of an autoregression of a panel, and what fixed effects leave of them, entity by period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from panelvar.core.base.arguments import (
    DROP_OR_RAISE,
    read_flag,
    read_names,
    read_whole,
    refuse_beyond,
    refuse_cells,
)
from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.counting import grouped
from panelvar.core.base.errors import CollinearityError, InsufficientDataError, Note, SpecificationError, choose
from panelvar.core.base.labels import listed, repeated
from panelvar.core.base.scaling import exponents, in_own_units
from panelvar.data.formulas.design import Design, complete, dated_panel, make_design
from panelvar.data.formulas.effects_after_bar import read_period_effects
from panelvar.estimates.fit.presets import as_convention
from panelvar.kernels.linear.columns import whole
from panelvar.kernels.linear.qr import ROUNDING
from panelvar.panels.dynamic.cube import read_columns
from panelvar.panels.dynamic.lag_instruments import lag_names
from panelvar.panels.static.finish import finish
from panelvar.panels.static.fixed import within_model
from panelvar.panels.static.result import LinearResult

_TABLES = 10
"""Tables of periods by periods that a bias is computed with."""


@dataclass(frozen=True, eq=False)
class LaggedRows:
    """Rows whose lags and regressors were observed, and their least-squares fit with fixed effects.

    Attributes
    ----------
    design : Design
        Lags of the dependent variable first, then the regressors that vary within entities.
    lags : int
    time_effects : bool
    within : LinearResult
        Least squares with dummies of the entities, and of the periods where asked for.
    outcome : (n,) array
        The dependent variable in every row of the panel, NaN where it is missing.
    regressors : tuple of (n,) arrays
        The regressors in every row of the panel.
    """

    design: Design
    lags: int
    time_effects: bool
    within: LinearResult
    outcome: Array
    regressors: tuple[Array, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients: lags, then regressors."""
        return self.design.names


def lagged_rows(
    data: object, y: str, x: Sequence[str] | str | None, *, lags: int, time_effects: bool, missing: str
) -> LaggedRows:
    """Read an autoregression; a row needs its own values and the lags, none of which reaches across a gap.

    Raises
    ------
    CollinearityError
        If a lag depends on the regressors and effects.
    InsufficientDataError
        If no row has its lags, or every entity has one row only.
    """
    lags = read_whole("lags", lags, 1)
    panel = dated_panel(data)
    _, y, time_effects = read_period_effects(panel, y, x, read_flag("time_effects", time_effects))
    effects = "twoway" if time_effects else "entity"
    refuse_beyond("lags", lags, panel.calendar.n_positions)
    if not isinstance(y, str):
        raise SpecificationError(f"y must be a column name or a formula; got {type(y).__name__}.")
    formula = y if x is None and "~" in y else None
    if formula is not None:
        from panelvar.data.formulas.formula import parse

        # The levels of categories are those of the rows that have their lags.
        lags_of = whole(parse(f"{formula.partition('~')[0]} ~ 1", panel).y)
        good = np.all([np.isfinite(panel.lag(lags_of, lag)) for lag in range(1, lags + 1)], axis=0)
        parsed = parse(formula, panel, left_out=~good)
        dependent, names = parsed.y_name, tuple(parsed.x_names)
        columns, outcome = parsed.arrays[:-1], np.array(parsed.arrays[-1])
    else:
        dependent, names = y, read_names("x", x)
        outcome, *found = read_columns(panel, (y, *names))
        columns = tuple(found)
    own = lag_names(dependent, lags)
    every = (dependent, *own, *names)
    twice = repeated(every)
    if twice:
        raise SpecificationError(
            f"You named {listed(twice)} twice. Leave the lags of {dependent!r} out of x, because lags= adds them."
        )
    # Lags that no row can have are no missing values.
    stored = [place for place, name in enumerate(names) if name in panel.names]
    regressors = tuple(columns[place] for place in stored)
    source = make_design(
        panel, dependent, tuple(names[place] for place in stored), outcome, regressors, not stored, None, formula
    )
    source = complete(source, choose("missing", missing, DROP_OR_RAISE))
    lagged = tuple(panel.lag(outcome, lag) for lag in range(1, lags + 1))
    good = np.all([np.isfinite(column) for column in (outcome, *lagged, *columns)], axis=0)
    if source.kept is not None:
        inside = np.zeros(panel.nobs, dtype=bool)
        inside[source.kept] = True
        good &= inside
    kept = np.flatnonzero(good)
    if not len(kept):
        raise InsufficientDataError(
            f"A row with lags={lags} needs {lags + 1} consecutive periods with all variables observed. None of the "
            f"{panel.n_entities} entities has that many."
        )
    design = Design(
        panel,
        dependent,
        (*own, *names),
        outcome[kept],
        tuple(column[kept] for column in (*lagged, *columns)),
        constant=False,
        kept=kept,
        notes=(*source.notes, *_lost_notes(source.nobs, len(kept))),
        formula=source.formula,
    )
    if design.entities.sizes.max() < 2:
        raise InsufficientDataError(
            f"With lags={lags}, each of the {design.entities.n_groups} entities has only one row left, and its "
            "entity effect fits that row exactly. At least one entity must have two rows."
        )
    _refuse_constant(design, own)
    convention = as_convention("default")
    within = finish(within_model(design, effects, convention), "classical", convention, "drop")
    absent = [name for name in own if name not in within.names]
    if absent:
        raise CollinearityError(
            f"Given the other regressors, {absent[0]!r} does not vary within entities, so there is nothing to "
            "estimate the autoregression from."
        )
    places = [design.names.index(name) for name in within.names]
    left = replace(
        design, names=tuple(within.names), x=tuple(design.x[place] for place in places), notes=tuple(within.notes)
    )
    regressors = tuple(columns[names.index(name)] for name in left.names[lags:])
    return LaggedRows(left, lags, effects == "twoway", within, outcome, regressors)


def _refuse_constant(design: Design, lags: Sequence[str]) -> None:
    """Refuse lags that the effects of entities leave nothing of."""
    groups = design.entities
    for name, raw in zip(lags, design.x, strict=False):
        column = in_own_units(raw)
        left = column - groups.means(column)[groups.codes]
        if np.linalg.norm(left) <= 10.0 * ROUNDING * np.linalg.norm(column):
            raise CollinearityError(
                f"{name!r} does not vary within entities, so there is no autoregression to estimate."
            )


def _lost_notes(before: int, used: int) -> tuple[Note, ...]:
    """Say how many complete rows serve as lags alone."""
    if used == before:
        return ()
    text = (
        f"{grouped(before - used)} of {grouped(before)} rows are not in the regression, because they only serve as "
        "lags or follow a gap in time. No lag reaches across a gap."
    )
    return (Note("rows-lost-to-lags", text),)


@dataclass(frozen=True, eq=False)
class WithinCube:
    r"""What the means of entities leave of an autoregression's rows, by entity and period; zero where there is no row.

    Dummies of periods and regressors are a basis of orthonormal columns, so that nothing is lost to their units or to
    how near they are to one another. The dependent variable is in units of a power of two.

    Attributes
    ----------
    mask : (N, T) bool array
        Which entity has a row in which period, of those that lie between two rows of some entity or have one.
    y : (N, T) array
    lagged : (N, T, p) array
    basis : (N, T, k) array
        Dummies first; the last columns times `triangle` are the regressors, less what dummies explain.
    triangle : (m, m) array
        Upper; m regressors.
    unit : int
        Exponent of the dependent variable's unit.
    where : tuple of (n,) integer arrays
        Entity and period of each row.
    """

    mask: Mask
    y: Array
    lagged: Array
    basis: Array
    triangle: Array
    unit: int
    where: tuple[Positions, Positions]

    @property
    def free(self) -> int:
        """Rows less effects and all coefficients."""
        counts = self.mask.sum(axis=1)
        spare = int((counts - 1)[counts > 0].sum())
        return spare - int(self.lagged.shape[2]) - int(self.basis.shape[2])

    @property
    def flat_basis(self) -> Array:
        """The basis, (N T, k)."""
        return self.basis.reshape(self.mask.size, self.basis.shape[2])

    def in_basis(self, y: Array, lagged: Array, coefficients: Array) -> Array:
        """Coefficients of a lag and of the basis, (..., 1 + k), for those of a lag and slopes in the caller's units.

        Those of dummies are the best there are for a dependent variable and its lag, (..., N, T).
        """
        dummies = self.basis.shape[2] - len(self.triangle)
        left = (y - coefficients[..., :1, None] * lagged).reshape(*y.shape[:-2], self.mask.size)
        slopes = np.ldexp(coefficients[..., 1:] @ self.triangle.T, -self.unit)
        return np.concatenate((coefficients[..., :1], left @ self.flat_basis[:, :dummies], slopes), axis=-1)

    def slopes(self, coefficients: Array) -> Array:
        """Slopes in the caller's units from coefficients of the basis, (..., k)."""
        m = len(self.triangle)
        found = np.linalg.solve(self.triangle, coefficients[..., coefficients.shape[-1] - m :, None])[..., 0]
        return np.asarray(np.ldexp(found, self.unit))


def less_means(mask: Mask, values: Array) -> Array:
    """Subtract from each entity's values (..., N, T) their mean over its rows; zero where there is no row."""
    counts = np.maximum(mask.sum(axis=1), 1)
    inside = np.where(mask, values, 0.0)
    means = inside.sum(axis=-1) / counts
    out: Array = np.where(mask, inside - means[..., None], 0.0)
    return out


def within_cube(rows: LaggedRows, *, whole: bool = False) -> WithinCube:
    """Lay out the rows of an autoregression, on the whole calendar if asked for."""
    design = rows.design
    first = int(design.panel.time_positions.min()) + rows.lags
    dates = (design.time_positions - first).astype(np.intp)
    if not whole:
        # Only distances between rows of one entity count, so that periods within no entity's rows are left out.
        starts, stops = design.entity_starts[:-1], design.entity_starts[1:] - 1
        begun = np.bincount(dates[starts], minlength=int(dates.max()) + 2)
        ended = np.bincount(dates[stops] + 1, minlength=len(begun))
        inside = np.cumsum(begun - ended)[:-1] > 0
        inside[: int(dates.min())] = True
        dates = (np.cumsum(inside) - 1)[dates]
    where = design.entities.codes.astype(np.intp), dates
    periods = int(dates.max()) + 1
    refuse_cells("A panel laid out by period", design.entities.n_groups, periods)
    refuse_cells(f"The response of {periods} periods to the errors of each", periods, periods, _TABLES)
    mask = np.zeros((design.entities.n_groups, int(where[1].max()) + 1), dtype=bool)
    mask[where] = True
    unit = int(np.frexp(np.abs(design.y).max())[1])

    def laid(column: Array) -> Array:
        out = np.zeros(mask.shape)
        out[where] = column
        return less_means(mask, out)

    y = laid(np.ldexp(design.y, -unit))
    lagged = np.stack([laid(np.ldexp(column, -unit)) for column in design.x[: rows.lags]], axis=2)
    dummies = np.zeros((design.nobs, 0))
    if rows.time_effects:
        codes = design.times.codes
        columns = [laid((codes == code).astype(np.float64))[where] for code in range(1, design.times.n_groups)]
        dummies = _orthonormal(np.stack(columns, axis=1)) if columns else dummies
    regressors = (
        np.stack([laid(column)[where] for column in design.x[rows.lags :]], axis=1)
        if (len(design.x) > rows.lags)
        else np.zeros((design.nobs, 0))
    )
    basis, triangle = _orthonormal_beside(dummies, regressors)
    cube = np.zeros((*mask.shape, basis.shape[1]))
    cube[where] = basis
    return WithinCube(mask, y, lagged, cube, triangle, unit, where)


def _orthonormal(columns: Array) -> Array:
    """Orthonormal columns that span dummies, of which some may depend on the others (periods that no entity joins)."""
    norms = np.linalg.norm(columns, axis=0)
    scaled = columns / np.where(norms > 0.0, norms, 1.0)
    sizes, vectors = np.linalg.eigh(scaled.T @ scaled)
    # Of a product: its roundings are those of squares.
    kept = sizes > len(sizes) * ROUNDING * sizes[-1]
    return np.asarray(scaled @ (vectors[:, kept] / np.sqrt(sizes[kept])))


def _orthonormal_beside(dummies: Array, regressors: Array) -> tuple[Array, Array]:
    """Orthonormal columns for what dummies leave of regressors, beside the dummies, and the regressors' triangle."""
    units = exponents(regressors, axis=0)
    left = np.ldexp(regressors, -units)
    # Twice: what cancels the first time would leave the columns of the basis at an angle.
    for _ in range(2):
        left = left - dummies @ (dummies.T @ left)
    columns, triangle = np.linalg.qr(left)
    return np.concatenate((dummies, columns), axis=1), np.ldexp(triangle, units)
