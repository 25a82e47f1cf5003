"""Marginal effects and elasticities: how the dependent variable moves with one variable, through every term with it."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from panelvar.core.base.arguments import read_flag, read_names
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import DataError, Note, SpecificationError, check_level, choose, emit
from panelvar.core.base.labels import listed
from panelvar.core.base.limits import MOST_EFFECTS
from panelvar.core.base.quoting import shown
from panelvar.data.formulas.derivatives import Sloped
from panelvar.estimates.coefficients.nonlinear import FunctionValues, through
from panelvar.panels.static.fitted_model import HasMargins
from panelvar.panels.static.margins import Margins
from panelvar.panels.static.model_columns import At, Grid, ModelColumns, Rows, place_in_words, quoted

_TITLES = {
    None: "Marginal effects on {}",
    "eyex": "Elasticities of {} (ey/ex)",
    "dyex": "Semielasticities of {} (dy/ex)",
    "eydx": "Semielasticities of {} (ey/dx)",
}
_RELATIVE = ("eyex", "eydx")
"""Elasticities that are divided by the fitted mean."""

_PROPORTIONAL = ("eyex", "dyex")
"""Elasticities of a proportional change."""

_ROUNDING = 1e-12
"""A fitted mean below this share of the sizes of its terms is zero."""

_SHIFTED = re.compile(r"\s*([LF])\s*\(\s*(.*?)\s*(?:,\s*(?:k\s*=\s*)?(-?\d+)\s*)?\)\s*", re.DOTALL)


@dataclass(frozen=True, eq=False, repr=False)
class MarginalEffects(Margins):
    """Marginal effects of variables, averaged over rows or at values, with the errors of the delta method.

    Attributes
    ----------
    elasticity : {"eyex", "dyex", "eydx"} or None
        Which elasticities they are; None for effects.

    See Also
    --------
    LinearResult.marginal_effects : Makes it.
    plot_margins : Draws it.

    Examples
    --------
    >>> import panelvar as pv
    >>> fit = pv.fit_pooled(pv.load_data("wage_panel"), "lwage ~ union * exper + educ")
    >>> fit.marginal_effects("union").params.round(4).tolist()
    [0.1783]

    What union membership adds to the log wage, by years of experience:

    >>> figure = fit.marginal_effects("union", at={"exper": [0, 5, 10, 15]}).plot()
    """

    elasticity: str | None = None


@dataclass(frozen=True)
class _Asked:
    """A variable of which an effect is wanted: a column some periods back, or in all periods (None)."""

    written: str
    column: str
    back: int | None

    def slope(self, column: Any) -> Any:
        """Return the derivative of a column by the variable, None where it does not depend on it."""
        slopes = column.slopes if isinstance(column, Sloped) else {}
        if self.back is not None:
            return slopes.get(self.back)
        return sum(slopes.values()) if slopes else None

    def slopes(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        """Return the derivatives of the columns that it moves."""
        found = {name: self.slope(column) for name, column in columns.items()}
        return {name: slope for name, slope in found.items() if slope is not None}


@dataclass(frozen=True, eq=False)
class _Effect:
    """An effect: its name, what it is of, its value, and its derivatives by the coefficients.

    ``negative`` says whether the fitted mean that an elasticity divides by is negative in some rows.
    """

    name: str
    key: Mapping[str, Any]
    value: float
    gradient: Array
    negative: bool = False


def marginal_effects(
    self: HasMargins,
    variables: str | Sequence[str] | None = None,
    *,
    at: At = None,
    over: str | None = None,
    lags: bool = False,
    elasticity: str | None = None,
    level: float = 0.95,
) -> MarginalEffects:
    r"""Return how the dependent variable moves with a variable, through every term that holds it.

    :math:`\frac{1}{n}\sum_i \partial x_i'\hat\beta / \partial v_i`, by exact derivatives of the terms (products,
    powers, logarithms, lags, polynomials), with the errors of the delta method.

    Parameters
    ----------
    variables : str or sequence of str, optional
        Columns, or lags of them such as ``"L(x)"``; all that move the model in the same period by default. Of a
        column of categories, the effect of each is the change from the reference.
    at : mapping or "mean", optional
        Hold columns at values in every row and period, ``{"x": 1.0}``; at several, ``{"x": [1, 2, 3]}``, one effect
        for each; at their mean, ``{"x": "mean"}``. ``"mean"`` holds all columns at theirs (a share, for
        categories). By default all rows are as they are.
    over : str, optional
        Average by group: a column, ``"entity"`` or ``"time"``. Means are then the groups' own.
    lags : bool
        Sum over a variable and all its lags and leads: the effect of a change that lasts. By default a variable
        moves in one period, and its lags are separate variables.
    elasticity : {"eyex", "dyex", "eydx"}, optional
        Per cent by per cent, :math:`(v / \hat y)\, d\hat y / dv`; by a proportional change of the variable,
        :math:`v\, d\hat y / dv`; or proportional by a change of one, :math:`(1 / \hat y)\, d\hat y / dv`.
    level : float
        Coverage of the limits that are printed.

    Returns
    -------
    MarginalEffects
        Read and tested like coefficients: ``params``, ``std_errors``, ``conf_int()``, ``wald_test(...)``,
        ``to_frame()``.

    Raises
    ------
    SpecificationError
        If a variable is in no term (the error lists those that are) or its term was dropped, a column cannot have a
        value, a term is a comparison, which has no derivative, or you ask for an elasticity of categories.
    DataError
        If a derivative is infinite, as of a root at zero, or the fitted mean is zero and you ask for an elasticity.
    MissingInformationError
        If rows were released.

    Notes
    -----
    The average is over the rows of the model (of its levels, after first differences), weighted as in the fit. The
    columns are taken as given, as Stata's ``margins`` does, so that standard errors count the coefficients alone.
    ``lags=True`` follows a change through lags of regressors, not through lags of the dependent variable: with such
    a lag, the long-run effect is ``nonlinear("x / (1 - `L(y)`)")``. At zero, ``abs`` has the mean of its two
    slopes.

    Elasticities are computed row by row and averaged. They divide by the fitted mean that `predict` gives without
    effects, as Stata's ``margins`` does after ``xtreg``: every row has the average effect. Their standard errors
    count that this mean depends on the coefficients. A warning says where it is negative; the variable itself may
    have any sign.

    Examples
    --------
    >>> import panelvar as pv
    >>> men = pv.load_data("wage_panel")
    >>> fit = pv.fit_pooled(men, "lwage ~ educ + exper + I(exper**2)", cov="cluster")
    >>> fit.marginal_effects("exper", at={"exper": [1, 10]}).params.round(4).to_list()
    [0.0979, 0.0335]
    """
    fit = self._fit_in_levels
    level, lags = check_level(level), read_flag("lags", lags)
    if elasticity is not None:
        choose("elasticity", elasticity, [kind for kind in _TITLES if kind is not None])
    model = ModelColumns(fit, self._explains_changes, "A marginal effect")
    if elasticity in _RELATIVE:
        model.refuse_without_level("An elasticity of the dependent variable")
    asked = _asked(model, variables, lags, elasticity)
    changed = [each.column for each in asked if each.column in model.categorical]
    for name in at if isinstance(at, Mapping) else ():
        if name in changed:
            raise SpecificationError(
                f"at= holds {name!r} at a value, but its effect is a change from category to category. Leave it out of "
                "at= or of variables."
            )
    grid = model.grid(at, "effects")
    groups = model.groups(over, grid)
    effects: list[_Effect] = []
    for each, point in itertools.product(asked, grid.points):
        effects += _effects(model, each, point, grid, groups, over, elasticity)
        if len(effects) > MOST_EFFECTS:
            raise SpecificationError(
                f"You asked for more than {MOST_EFFECTS} marginal effects at once. Ask for fewer values in at=, fewer "
                "variables, or groups over a column of fewer values."
            )
    jacobian = np.array([effect.gradient for effect in effects])
    notes = tuple(_notes(model, asked, effects, elasticity, variables is None))
    emit(notes)
    names = tuple(effect.name for effect in effects)
    values = np.array([effect.value for effect in effects])
    functions = FunctionValues(names, values, jacobian, fit.names, fit.exact, notes)
    return MarginalEffects(
        functions,
        through(self.covariance, jacobian),
        f"{_TITLES[elasticity].format(fit.design.dependent)}, {grid.in_words}",
        fit.sample.rows,
        tuple(effect.key for effect in effects),
        level,
        fit.design.dependent,
        (*(() if over is None else (over,)), *grid.points[0]),
        elasticity,
    )


def _notes(
    model: ModelColumns, asked: Sequence[_Asked], effects: Sequence[_Effect], elasticity: str | None, every: bool
) -> Iterator[Note]:
    if any(each.column in model.categorical for each in asked):
        yield Note(
            "discrete-change", "Effects of categories are changes from the reference, with everything else as it is."
        )
    if elasticity is not None and every and model.categorical:
        yield Note(
            "no-elasticity", f"Categories have no elasticity, so these are left out: {listed([*model.categorical])}."
        )
    if any(each.back is None for each in asked):
        text = "The effects are of a change that lasts, summed over the variable and its lags and leads."
        yield Note("all-lags", text)
    if model.means:
        yield Note("held-fixed", f"These are held fixed while a variable moves: {listed(model.means)}.")
    still = [effect.name for effect in effects if not effect.gradient.any()]
    if still:
        text = f"These are zero whatever the coefficients are, so they have no standard error: {listed(still)}."
        yield Note("no-variance", text)
    negative = [effect.name for effect in effects if effect.negative]
    if negative:
        text = (
            "The fitted mean is negative in some rows. There an elasticity is only the ratio x/y dy/dx, not the slope "
            f"of a logarithm, and an average over both signs means little: {listed(negative)}."
        )
        yield Note("negative-mean", text, warn=True)


def _asked(
    model: ModelColumns, variables: str | Sequence[str] | None, lags: bool, elasticity: str | None
) -> tuple[_Asked, ...]:
    """Read which variables are meant, by name or as lags; all of them if none is named."""
    if variables is not None:
        names = read_names("variables", variables)
        if not names:
            raise SpecificationError(f"variables names no variable. The model has {quoted(model.variables)}.")
        named = tuple(_Asked(name, *_lagged(name, model, lags)) for name in dict.fromkeys(names))
        for each in named:
            if elasticity is not None and each.column in model.categorical:
                raise SpecificationError(
                    f"{each.column!r} is a column of categories, which have no elasticity. Leave out elasticity= for "
                    "the changes from the reference."
                )
        return named
    every = [_Asked(name, name, None if lags and name not in model.categorical else 0) for name in model.variables]
    # A variable that enters only through lags moves nothing now, and a dropped one has no effect to show.
    found = []
    for each in every:
        levels = model.categorical.get(each.column, ())
        if levels and elasticity is not None:
            continue
        change = (levels[-1], levels[0]) if levels[1:] else None
        moved = _moves(model, each, {}, False, model.everyone, change, False)[1]
        if moved and moved.keys() <= set(model.fit.slope_names):
            found.append(each)
    if not found:
        raise SpecificationError(
            f"No variable moves the model in the same period. Its variables are {quoted(model.variables)}."
        )
    return tuple(found)


def _lagged(written: str, model: ModelColumns, lags: bool) -> tuple[str, int | None]:
    """Return the column and the periods back that ``x``, ``L(x)``, ``L(x, 2)`` or ``F(x)`` mean."""
    bare = written.strip().strip("`")
    if bare in model.categorical or bare in model.numeric:
        return bare, None if lags and bare not in model.categorical else 0
    shifted = _SHIFTED.fullmatch(written)
    if shifted is not None and (name := shifted[2].strip("`")) in model.numeric:
        if lags:
            raise SpecificationError(f"lags=True sums over all lags of a variable. Ask for {name!r}, not {written!r}.")
        k = int(shifted[3] or 1)
        return name, k if shifted[1] == "L" else -k
    hint = " Leave out variables for all of them." if written.strip() in ("*", "_all") else ""
    raise SpecificationError(
        f"{shown(written)} is in no term of the model, whose variables are {quoted(model.variables)}.{hint}"
    )


def _moves(
    model: ModelColumns,
    asked: _Asked,
    point: Mapping[str, Any],
    at_means: bool,
    rows: Rows,
    change: tuple[str, str] | None,
    proportional: bool,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns at a point, and the derivatives of those that a variable moves, or their changes."""
    if change is None:
        columns = model.columns(rows, point, at_means, asked.column, proportional=proportional)
        return columns, asked.slopes(columns)
    after, before = (model.columns(rows, {**point, asked.column: level}, at_means) for level in change)
    return before, {
        name: after[name] - before[name]
        for name in after
        if not np.array_equal(after[name], before[name], equal_nan=True)
    }


def _effects(
    model: ModelColumns,
    asked: _Asked,
    point: Mapping[str, Any],
    grid: Grid,
    groups: Sequence[Rows],
    over: str | None,
    elasticity: str | None,
) -> Iterator[_Effect]:
    """Yield each effect of a variable at a point."""
    _refuse_absorbed(model, asked)
    levels = model.categorical.get(asked.column, ())
    changes: list[tuple[str, str] | None] = [(level, levels[0]) for level in levels[1:]] if levels else [None]
    proportional = elasticity in _PROPORTIONAL
    computed: list[tuple[dict[str, Any], dict[str, Any]]] | None = None
    for rows in groups:
        if computed is None or grid.by_group(point):
            # Means are of the group's own rows; derivatives are the same for all groups.
            computed = [_moves(model, asked, point, grid.at_means, rows, change, proportional) for change in changes]
        if not any(slopes for _, slopes in computed):
            raise SpecificationError(
                f"{asked.written!r} is in no term of the model in that period. The terms are "
                f"{quoted(model.source.names)}. Write 'L({asked.column})' for the effect of a lag, or lags=True for "
                "the sum of all of them."
            )
        for change, (columns, slopes) in zip(changes, computed, strict=True):
            if not slopes:
                continue  # a second reference
            key: dict[str, Any] = {"variable": asked.written}
            if change is not None:
                key["contrast"] = f"{change[0]} - {change[1]}"
            where = ({} if over is None else {over: rows.label}) | dict(point)
            name = asked.written + ("" if change is None else f": {key['contrast']}")
            if where:
                name += f" [{place_in_words(where)}]"
            own = {each: rows.of(slope) for each, slope in slopes.items()}
            if elasticity in _RELATIVE:
                value, gradient, negative = _relative(model, asked, columns, own, rows, grid.at_means)
                yield _Effect(name, key | where, value, gradient, negative)
            else:
                weights = _weights(model, asked, own, rows)
                yield _Effect(name, key | where, float(weights @ model.fit.coefficients), weights)


def _relative(
    model: ModelColumns,
    asked: _Asked,
    columns: Mapping[str, Any],
    slopes: Mapping[str, Any],
    rows: Rows,
    at_means: bool,
) -> tuple[float, Array, bool]:
    r"""Return an elasticity, its derivatives, and whether the fitted mean it divides by is negative in some rows.

    The elasticity is the mean of :math:`e = s'b / z'b` over rows, with s the derivatives of the columns z. Its
    derivative by b is the mean of :math:`s / z'b - e z / z'b`, because the fitted mean depends on the coefficients too.
    """
    fit = model.fit
    regressors = model.in_use(columns, rows, at_means)
    mean, size = np.zeros(()), np.zeros(())
    for column, coefficient in zip(regressors, fit.coefficients, strict=True):
        mean, size = mean + coefficient * column, size + abs(coefficient) * np.abs(column)
    model.refuse_unidentified(columns, rows, each=mean.ndim > 0)
    zero = int(np.sum(np.abs(mean) <= _ROUNDING * size))
    if zero:
        where = f"in {zero} of {mean.size} rows" if mean.ndim else "there"
        raise DataError(
            f"The fitted mean is zero {where}, so no elasticity of the dependent variable exists. Take it at other "
            "values with at=, use elasticity='dyex', or leave out elasticity=."
        )
    weights = _weights(model, asked, {name: slope / mean for name, slope in slopes.items()}, rows)
    used = [name for name in slopes if name in fit.slope_names]
    share = sum(fit.coefficients[fit.names.index(name)] * slopes[name] for name in used) / mean
    gradient = weights - np.array([rows.mean(share * column / mean) for column in regressors])
    return float(weights @ fit.coefficients), gradient, bool(np.any(mean < 0.0))


def _weights(model: ModelColumns, asked: _Asked, slopes: Mapping[str, Any], rows: Rows) -> Array:
    """Average derivatives of the columns over rows: the weights of the coefficients in the effect."""
    fit = model.fit
    values = {name: rows.mean(slope) for name, slope in slopes.items()}
    for name, value in values.items():
        if not math.isfinite(value):
            raise DataError(
                f"{name!r} has no finite derivative by {asked.written!r} in some rows (as a root at zero has none), so "
                "it has no average. Take the effect at values with at=."
            )
    lost = [name for name in values if name not in fit.slope_names and not model.made_up_for(name, values)]
    if lost:
        raise SpecificationError(
            f"The effect of {asked.written!r} is not estimated, because {quoted(lost)} "
            f"{'was' if len(lost) == 1 else 'were'} dropped from the model as collinear or absorbed. The model "
            f"estimates {quoted(fit.slope_names)}."
        )
    weights = np.zeros(len(fit.names))
    for name in values.keys() & set(fit.slope_names):
        weights[fit.names.index(name)] = values[name]
    return weights


def _refuse_absorbed(model: ModelColumns, asked: _Asked) -> None:
    for effect in model.fit.effects:
        if effect.endswith(f"[{asked.column}]"):
            raise SpecificationError(
                f"The slope of {asked.column!r} differs by {effect[: effect.index('[')]!r} and is absorbed, not "
                "estimated. estimated_effects() returns the slopes."
            )
