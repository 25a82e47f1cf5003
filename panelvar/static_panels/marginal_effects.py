"""Marginal effects: how the dependent variable moves with one variable, through every term that holds it."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from panelvar.base.arguments import is_number, read_flag, read_names, refuse_other
from panelvar.base.arrays import Array
from panelvar.base.errors import DataError, Note, SpecificationError, check_level
from panelvar.base.labels import listed
from panelvar.base.limits import MOST_EFFECTS
from panelvar.base.quoting import shown
from panelvar.data.derivatives import MEAN, Sloped, SlopedFactors
from panelvar.data.time_labels import as_text
from panelvar.inference.nonlinear import DerivedEstimates, Functions, through

if TYPE_CHECKING:
    from panelvar.static_panels.fit_statistics import FitStatistics

At = Mapping[str, Any] | str | None


@dataclass(frozen=True, eq=False, repr=False)
class MarginalEffects(DerivedEstimates):
    """Marginal effects of variables, averaged over rows or at values, with the errors of the delta method.

    Attributes
    ----------
    dependent : str
        The variable that moves.
    """

    dependent: str = ""


_SAME = 1e-8
"""Share of its size by which the derivative of a dropped column may differ from what makes up for it."""

_SHIFTED = re.compile(r"\s*([LF])\s*\(\s*(.*?)\s*(?:,\s*(?:k\s*=\s*)?(-?\d+)\s*)?\)\s*", re.DOTALL)


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


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows that an effect is averaged over: their label, positions in the panel, and weights."""

    label: Any
    positions: NDArray[np.intp] | None
    weights: Array | None

    def average(self, values: Any) -> float:
        """Average a panel's column, or return a number as it is."""
        if np.ndim(values) == 0:
            return float(values)
        own = values if self.positions is None else values[self.positions]
        return float(np.average(own, weights=self.weights))


class _Model:
    """A model whose columns are computed again, with slopes or with values changed."""

    def __init__(self, result: FitStatistics) -> None:
        fit = result.fit
        fit.rows_or_refuse("A marginal effect")
        self.fit = fit
        self.source = fit.source
        self.everyone = _Rows(None, self.source.kept, self.source.weights)
        # The means that a model of correlated effects adds to its regressors stay what they are.
        self.held = tuple(name for name in self.source.names if self._is_mean(name))
        use = self._factors(None, {}, False, self.everyone)
        self._columns(use)
        self.categorical = use.references
        self.levels = use.categorical
        self.numeric = tuple(use.numeric)
        self.variables = tuple(dict.fromkeys((*use.numeric, *use.categorical)))

    def _is_mean(self, name: str) -> bool:
        if self.source.formula is not None or name in self.source.panel.names:
            return False
        return name.startswith("mean(") and name[len("mean(") : -1] in self.source.names

    def _factors(self, variable: str | None, at: Mapping[str, Any], at_means: bool, rows: _Rows) -> SlopedFactors:
        return SlopedFactors(
            self.source.panel, variable, at, at_means=at_means, rows=rows.positions, weights=rows.weights
        )

    def _columns(self, factors: SlopedFactors) -> dict[str, Any]:
        """Compute the regressors by name."""
        formula, known = self.source.formula, self.source.panel.names
        found = {}
        if formula is None:
            found = {name: factors.column_with_slope(name) for name in self.source.names if name in known}
            terms = [name for name in self.source.names if name not in known and name not in self.held]
            if any("[" in name for name in terms):
                raise SpecificationError(
                    "Marginal effects need the formula of the regressors, which this model does not keep where it has "
                    "categories: fit it on columns that hold the indicators and their products."
                )
            formula = f"y ~ {' + '.join(terms)}" if terms else None
        if formula is not None:
            from panelvar.data.formula import columns_by

            found |= columns_by(formula, factors)
        return found

    def slopes(
        self, asked: _Asked, at: Mapping[str, Any], at_means: bool, rows: _Rows, change: tuple[str, str] | None = None
    ) -> dict[str, Any]:
        """Return the derivatives of the columns that a variable moves, or their changes between two categories."""
        if change is None:
            columns = self._columns(self._factors(asked.column, at, at_means, rows))
            found = {name: asked.slope(column) for name, column in columns.items()}
            return {name: slope for name, slope in found.items() if slope is not None}
        after, before = (
            self._columns(self._factors(None, {**at, asked.column: level}, at_means, rows)) for level in change
        )
        return {
            name: after[name] - before[name]
            for name in after
            if not np.array_equal(after[name], before[name], equal_nan=True)
        }


def marginal_effects(
    result: FitStatistics,
    variables: str | Sequence[str] | None,
    *,
    at: At,
    over: str | None,
    lags: bool,
    level: float,
) -> MarginalEffects:
    """Build ``LinearResult.marginal_effects``."""
    level, lags = check_level(level), read_flag("lags", lags)
    model = _Model(result)
    asked = _asked(model, variables, lags)
    grid, at_means = _grid(at, model, asked)
    groups = _groups(model, over)
    names: list[str] = []
    keys: list[dict[str, Any]] = []
    rows: list[Array] = []
    for each, point in itertools.product(asked, grid):
        for name, key, weights in _effects(model, each, point, at_means, groups, over):
            names.append(name)
            keys.append(key)
            rows.append(weights)
        if len(rows) > MOST_EFFECTS:
            raise SpecificationError(
                f"More than {MOST_EFFECTS} marginal effects are asked for at once: ask for fewer values in at=, fewer "
                "variables, or groups over a column of fewer values."
            )
    jacobian = np.array(rows)
    notes = tuple(_notes(model, asked, names, jacobian))
    fit = result.fit
    functions = Functions(tuple(names), jacobian @ fit.coefficients, jacobian, fit.names, fit.rss, notes)
    how = "at the means" if at_means else "at given values" if at is not None else "averaged over rows"
    return MarginalEffects(
        functions,
        through(result.covariance, jacobian),
        f"Marginal effects on {result.dependent}, {how}",
        result.nobs,
        tuple(keys),
        level,
        result.dependent,
    )


def _notes(model: _Model, asked: Sequence[_Asked], names: Sequence[str], jacobian: Array) -> Iterator[Note]:
    if any(each.column in model.categorical for each in asked):
        yield Note("discrete-change", "Effects of categories are changes from the reference, all else as it is.")
    if any(each.back is None for each in asked):
        text = "Effects of a change that lasts: summed over the variable and its lags and leads."
        yield Note("all-lags", text)
    if model.held:
        yield Note("held-fixed", f"Held fixed while a variable moves: {listed(model.held)}.")
    still = [name for name, row in zip(names, jacobian, strict=True) if not row.any()]
    if still:
        yield Note("no-variance", f"Zero whatever the coefficients are, and without an error: {listed(still)}.")


def _asked(model: _Model, variables: str | Sequence[str] | None, lags: bool) -> tuple[_Asked, ...]:
    """Read which variables are meant, by name or as lags; all of them if none is named."""
    if variables is not None:
        names = read_names("variables", variables)
        for name in names:
            refuse_other("variables", name, str, "names of columns")
        if not names:
            raise SpecificationError(f"variables names none; the model has {_listed(model.variables)}.")
        return tuple(_Asked(name, *_lagged(name, model, lags)) for name in dict.fromkeys(names))
    every = [_Asked(name, name, None if lags and name not in model.categorical else 0) for name in model.variables]
    # A variable that enters through lags alone moves nothing now, and what was dropped has no effect to show.
    found = []
    for each in every:
        levels = model.categorical.get(each.column, ())
        moved = model.slopes(each, {}, False, model.everyone, (levels[-1], levels[0]) if levels[1:] else None)
        if moved and moved.keys() <= set(model.fit.slope_names):
            found.append(each)
    if not found:
        raise SpecificationError(f"No variable moves the model in the same period; it has {_listed(model.variables)}.")
    return tuple(found)


def _lagged(written: str, model: _Model, lags: bool) -> tuple[str, int | None]:
    """Return the column and the periods back that ``x``, ``L(x)``, ``L(x, 2)`` or ``F(x)`` mean."""
    bare = written.strip().strip("`")
    if bare in model.categorical or bare in model.numeric:
        return bare, None if lags and bare not in model.categorical else 0
    shifted = _SHIFTED.fullmatch(written)
    if shifted is not None and (name := shifted[2].strip("`")) in model.numeric:
        if lags:
            raise SpecificationError(f"lags=True sums over all lags of a variable: ask for {name!r}, not {written!r}.")
        k = int(shifted[3] or 1)
        return name, k if shifted[1] == "L" else -k
    raise SpecificationError(
        f"{shown(written)} is in no term of the model, whose variables are {_listed(model.variables)}."
    )


def _listed(names: Sequence[str]) -> str:
    return listed([repr(name) for name in names], 12) or "none"


def _grid(at: At, model: _Model, asked: Sequence[_Asked]) -> tuple[list[dict[str, Any]], bool]:
    """Return the points at which effects are taken, a value a column at each, and whether the rest is at its mean."""
    if at is None or (isinstance(at, str) and at == MEAN):
        return [{}], at is not None
    if not isinstance(at, Mapping):
        raise SpecificationError(
            f"at={shown(at)} is not understood: give a mapping of columns to values, such as {{'x': 1.0}} or "
            f"{{'x': [1, 2, 3]}}, or {MEAN!r}."
        )
    values: list[list[Any]] = []
    for name, value in at.items():
        if name not in model.variables:
            raise SpecificationError(
                f"at={{{shown(name)}: ...}}: the model's variables are {_listed(model.variables)}."
            )
        if name in model.categorical and name in [each.column for each in asked]:
            raise SpecificationError(f"at= holds {name!r}, whose change from category to category is asked for.")
        several = isinstance(value, (Sequence, np.ndarray)) and not isinstance(value, str)
        values.append(list(value) if several else [value])
        if not values[-1]:
            raise SpecificationError(f"at={{{name!r}: ...}} names no value.")
        for each in values[-1]:
            _refuse_value(name, each, model)
    if math.prod(map(len, values)) > MOST_EFFECTS:
        raise SpecificationError(f"at= asks for effects at more than {MOST_EFFECTS} points.")
    return [dict(zip(at, point, strict=True)) for point in itertools.product(*values)], False


def _refuse_value(name: str, value: Any, model: _Model) -> None:
    """Refuse a value that a column cannot be held at: no number, or no level of its categories."""
    if isinstance(value, str) and value == MEAN:
        return
    truth = isinstance(value, (bool, np.bool_))
    if name in model.numeric and not (truth or (is_number(value) and math.isfinite(value))):
        raise SpecificationError(
            f"at={{{name!r}: {shown(value)}}}: {name!r} is numeric; its value is a finite number, or {MEAN!r}."
        )
    if name in model.levels:
        model.levels[name].places(f"at[{name!r}]", value)


def _groups(model: _Model, over: str | None) -> list[_Rows]:
    """Return the groups of rows that effects are averaged over."""
    if over is None:
        return [model.everyone]
    refuse_other("over", over, str, "the name of a column, 'entity' or 'time'")
    source = model.source
    grouping, _ = source.group_by(over)
    if grouping.n_groups > MOST_EFFECTS:
        raise SpecificationError(
            f"over={over!r} has {grouping.n_groups} values; {MOST_EFFECTS} are the most. Give a column of fewer values."
        )
    labels = source.labels_of(over)
    found = []
    for group in range(grouping.n_groups):
        own = np.flatnonzero(grouping.codes == group)
        places = own if source.kept is None else source.kept[own]
        found.append(_Rows(labels[group], places, None if source.weights is None else source.weights[own]))
    with suppress(TypeError):  # of labels that have no order
        found.sort(key=lambda rows: rows.label)
    return found


def _effects(
    model: _Model, asked: _Asked, point: Mapping[str, Any], at_means: bool, groups: Sequence[_Rows], over: str | None
) -> Iterator[tuple[str, dict[str, Any], Array]]:
    """Yield each effect of a variable at a point: its name, what it is of, and its weights on the coefficients."""
    _refuse_absorbed(model, asked)
    levels = model.categorical.get(asked.column, ())
    changes: list[tuple[str, str] | None] = [(level, levels[0]) for level in levels[1:]] if levels else [None]
    by_group = at_means or any(isinstance(value, str) and value == MEAN for value in point.values())
    computed: list[dict[str, Any]] | None = None
    for rows in groups:
        if computed is None or by_group:
            # Means are those of the group's own rows; derivatives are the same for all groups.
            computed = [model.slopes(asked, point, at_means, rows, change) for change in changes]
        if not any(computed):
            raise _moves_nothing(model, asked)
        for change, slopes in zip(changes, computed, strict=True):
            if not slopes:
                continue  # a second reference
            key: dict[str, Any] = {"variable": asked.written}
            if change is not None:
                key["contrast"] = f"{change[0]} - {change[1]}"
            where = ({} if over is None else {over: rows.label}) | dict(point)
            name = asked.written + ("" if change is None else f": {key['contrast']}")
            if where:
                name += f" [{', '.join(f'{each} = {as_text(value)}' for each, value in where.items())}]"
            yield name, key | where, _weights(model, asked, slopes, rows)


def _weights(model: _Model, asked: _Asked, slopes: Mapping[str, Any], rows: _Rows) -> Array:
    """Average the derivatives of the columns over rows: the weights of the coefficients in the effect."""
    fit = model.fit
    values = {name: rows.average(slope) for name, slope in slopes.items()}
    for name, value in values.items():
        if not math.isfinite(value):
            raise DataError(
                f"{name!r} has no finite derivative by {asked.written!r} in some rows (a root at zero, say): there is "
                "no average of it. Take the effect at values, with at=."
            )
    lost = [name for name in values if name not in fit.slope_names and not _made_up_for(model, name, values)]
    if lost:
        raise SpecificationError(
            f"The effect of {asked.written!r} is not estimated: {_listed(lost)} was dropped from the model, as "
            f"collinear or absorbed. Estimated are {_listed(fit.slope_names)}."
        )
    weights = np.zeros(len(fit.names))
    for name in values.keys() & set(fit.slope_names):
        weights[fit.names.index(name)] = values[name]
    return weights


def _made_up_for(model: _Model, name: str, values: Mapping[str, float]) -> bool:
    """Whether a dropped column moves as the columns that it depends on do, whose coefficients then hold its own."""
    names = model.fit.design.names
    for item in model.fit.solution.dropped:
        if names[item.index] == name:
            terms = [factor * values.get(names[place], 0.0) for place, factor in item.on]
            scale = abs(values[name]) + sum(map(abs, terms))
            return abs(values[name] - sum(terms)) <= _SAME * scale
    return False


def _moves_nothing(model: _Model, asked: _Asked) -> SpecificationError:
    return SpecificationError(
        f"{asked.written!r} is in no term of the model in that period; the terms are {_listed(model.source.names)}. "
        f"A lag is asked for as 'L({asked.column})', and lags=True sums the effects of all of them."
    )


def _refuse_absorbed(model: _Model, asked: _Asked) -> None:
    for effect in model.fit.effects:
        if effect.endswith(f"[{asked.column}]"):
            raise SpecificationError(
                f"The slope of {asked.column!r} differs by {effect[: effect.index('[')]!r} and is absorbed, not "
                "estimated: estimated_effects() gives the slopes."
            )
