"""The columns of a fitted model, computed again with variables held at values or means, or with derivatives."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import is_number, refuse_other
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.labels import listed
from panelvar.core.base.limits import MOST_EFFECTS
from panelvar.core.base.quoting import shown
from panelvar.data.calendar.time_labels import as_text
from panelvar.data.formulas.derivatives import MEAN, SlopedFactors, value_of
from panelvar.data.formulas.design import CONSTANT
from panelvar.panels.static.fitted_model import FitInLevels

At: TypeAlias = "Mapping[str, Any] | str | None"

_SAME = 1e-8
"""A dropped column's move may differ from what makes up for it by this share of its size."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows to average over.

    Attributes
    ----------
    label : object
        The value they have in common, None for all rows.
    members : (m,) array or None
        Places of the rows among the model's rows; None for all.
    positions : (m,) array or None
        Places of the rows in the panel; None where the model has all of its rows.
    weights : (m,) array or None
    """

    label: Any
    members: NDArray[np.intp] | None
    positions: NDArray[np.intp] | None
    weights: Array | None

    def of(self, values: Any) -> Any:
        """Return these rows of a panel's column, or a number as it is."""
        return values if np.ndim(values) == 0 or self.positions is None else values[self.positions]

    def mean(self, own: Any) -> float:
        """Average values of these rows, or return a number as it is."""
        return float(own) if np.ndim(own) == 0 else float(np.average(own, weights=self.weights))


@dataclass(frozen=True)
class Grid:
    """Points to evaluate at: a value for each column, and whether all other columns are at their means.

    Attributes
    ----------
    points : tuple of mappings
    at_means : bool
    """

    points: tuple[Mapping[str, Any], ...]
    at_means: bool = False

    @property
    def in_words(self) -> str:
        """Where the points are, as titles say it."""
        if self.at_means:
            return "at the means"
        return "at given values" if any(self.points) else "averaged over rows"

    def by_group(self, point: Mapping[str, Any]) -> bool:
        """Whether the columns at a point depend on the rows to average over, because means are the rows' own."""
        return self.at_means or any(_is_mean(value) for value in point.values())


class ModelColumns:
    """The columns of a fitted model, to be computed again.

    Parameters
    ----------
    fit : FitInLevels
    of_changes : bool
        Whether differences are explained.
    what : str
        Name of what is asked for, with its article: "A marginal effect".

    Attributes
    ----------
    everyone : Rows
        The model's rows.
    means, held : tuples of str
        Regressors that stay what they are: means that a model of correlated effects adds, dummies of periods.
    numeric, variables : tuple of str
        The columns of numbers, and all columns, that the regressors are made of.
    levels : mapping of str to Levels
        The columns of categories.
    categorical : mapping of str to tuple of str
        Levels of these columns as text, references first.
    """

    def __init__(self, fit: FitInLevels, of_changes: bool, what: str) -> None:
        fit.rows_or_refuse(what)
        self.fit = fit
        self.source = fit.source
        self.of_changes = of_changes
        self.everyone = Rows(None, None, self.source.kept, self.source.weights)
        self.means = tuple(name for name in self.source.names if self._is_mean_of_another(name))
        self.held = (*self.means, *fit.added)
        use = self._factors(self.everyone, {}, False, None, False)
        self._computed(use)
        self.categorical = use.references
        self.levels = use.categorical
        self.numeric = tuple(use.numeric)
        self.variables = tuple(dict.fromkeys((*use.numeric, *use.categorical)))

    def _is_mean_of_another(self, name: str) -> bool:
        if self.source.formula is not None or name in self.source.panel.names:
            return False
        return name.startswith("mean(") and name[len("mean(") : -1] in self.source.names

    def _factors(
        self, rows: Rows, at: Mapping[str, Any], at_means: bool, variable: str | None, proportional: bool
    ) -> SlopedFactors:
        return SlopedFactors(
            self.source.levels_in_use,
            variable,
            at,
            at_means=at_means,
            rows=rows.positions,
            weights=rows.weights,
            proportional=proportional,
        )

    def _computed(self, factors: SlopedFactors) -> dict[str, Any]:
        formula, known = self.source.formula, self.source.panel.names
        found = {}
        if formula is None:
            found = {name: factors.column(name) for name in self.source.names if name in known}
            terms = [name for name in self.source.names if name not in known and name not in self.held]
            if any("[" in name for name in terms):
                raise SpecificationError(
                    "Marginal effects and adjusted predictions need the formula of the regressors, which this model "
                    "does not keep where it has categories. Fit it on columns that hold the indicators and their "
                    "products."
                )
            formula = f"y ~ {' + '.join(terms)}" if terms else None
        if formula is not None:
            from panelvar.data.formulas.formula import columns_by

            found |= columns_by(formula, factors)
        return found

    def columns(
        self,
        rows: Rows,
        at: Mapping[str, Any],
        at_means: bool,
        variable: str | None = None,
        *,
        proportional: bool = False,
    ) -> dict[str, Any]:
        """Compute the regressors by name, except those that stay: panel columns, or numbers where everything is held.

        Parameters
        ----------
        rows : Rows
            The rows whose means ``"mean"`` stands for.
        at : mapping of str to value
        at_means : bool
        variable : str, optional
            The column along which values carry slopes.
        proportional : bool
            Whether slopes are those of a proportional change.
        """
        return self._computed(self._factors(rows, at, at_means, variable, proportional))

    # ---- the fitted mean

    def refuse_without_level(self, what: str) -> None:
        """Refuse what needs the fitted mean where the model does not know its level."""
        fit = self.fit
        slopes = [effect for effect in fit.effects if effect.endswith("]")]
        reason = ""
        if self.of_changes:
            reason = "first differences say how the dependent variable changes, not what it is"
        elif slopes:
            reason = f"the slopes of {listed(slopes)} are absorbed, and a prediction without them means nothing"
        elif not fit.constant and fit.family in ("fixed", "gls-within"):
            reason = "without a constant the level is in the absorbed effects. Fit with constant=True"
        elif not fit.constant and self.source.constant:
            reason = "the level was in the means that were taken out of the rows"
        if reason:
            raise SpecificationError(f"{what} needs the fitted mean, which this model does not have: {reason}.")

    def in_use(self, columns: Mapping[str, Any], rows: Rows, at_means: bool) -> list[Any]:
        """Return the columns of the coefficients in their order, with a one for the constant, in some rows."""
        found: list[Any] = []
        constant = self.fit.names.index(CONSTANT) if self.fit.constant else -1
        for place, name in enumerate(self.fit.names):
            if place == constant:
                found.append(1.0)
            elif name in self.held:
                own = self.source.x[self.source.names.index(name)]
                own = own if rows.members is None else own[rows.members]
                found.append(rows.mean(own) if at_means else own)
            else:
                found.append(rows.of(value_of(columns[name])))
        return found

    def refuse_unidentified(self, columns: Mapping[str, Any], rows: Rows, *, each: bool) -> None:
        """Refuse a fitted mean that would need the coefficient of a dropped column.

        Parameters
        ----------
        columns : mapping of str to column
            At the point asked for.
        rows : Rows
        each : bool
            Whether the means of all rows are needed, or their average alone.
        """
        dropped = [item for item in self.fit.dropped if self.fit.design.names[item.index] in columns]
        if not dropped:
            return
        before = self.columns(rows, {}, False)
        names = self.fit.design.names
        for item in dropped:
            move, size = np.zeros(()), 0.0
            for place, factor in ((item.index, 1.0), *((place, -factor) for place, factor in item.on)):
                if names[place] in columns:
                    step = factor * (rows.of(value_of(columns[names[place]])) - rows.of(before[names[place]]))
                    move, size = move + step, size + rows.mean(np.abs(step))
            left = rows.mean(np.abs(move)) if each else abs(rows.mean(move))
            if left > _SAME * size:
                raise SpecificationError(
                    "The fitted mean at that point is not estimated. It would need the coefficient of "
                    f"{names[item.index]!r}, which was dropped from the model as collinear or absorbed. The model "
                    f"estimates {quoted(self.fit.slope_names)}."
                )

    def made_up_for(self, name: str, moves: Mapping[str, float]) -> bool:
        """Whether a dropped column moves with the columns it depends on, so that their coefficients hold its own."""
        names = self.fit.design.names
        for item in self.fit.dropped:
            if names[item.index] == name:
                terms = [factor * moves.get(names[place], 0.0) for place, factor in item.on]
                scale = abs(moves[name]) + sum(map(abs, terms))
                return abs(moves[name] - sum(terms)) <= _SAME * scale
        return False

    # ---- where it is asked for

    def grid(self, at: At, what: str, gone_through: Mapping[str, Sequence[Any]] | None = None) -> Grid:
        """Read the points that are asked for.

        Parameters
        ----------
        at : mapping, "mean" or None
        what : str
            Name of what is asked for, in the plural.
        gone_through : mapping of str to sequence, optional
            Columns whose values are known, crossed with those of ``at``.
        """
        values = {name: list(each) for name, each in (gone_through or {}).items()}
        at_means = at is not None and _is_mean(at)
        if at is not None and not at_means:
            if not isinstance(at, Mapping):
                raise SpecificationError(
                    f"at={shown(at)} is not understood. Give a mapping of columns to values, such as {{'x': 1.0}} or "
                    f"{{'x': [1, 2, 3]}}, or {MEAN!r}."
                )
            values |= {name: self._values_at(name, value) for name, value in at.items()}
        if math.prod(map(len, values.values())) > MOST_EFFECTS:
            raise SpecificationError(f"at= asks for {what} at more than {MOST_EFFECTS} points. Give fewer values.")
        points = tuple(dict(zip(values, point, strict=True)) for point in itertools.product(*values.values()))
        return Grid(points, at_means)

    def _values_at(self, name: Any, value: Any) -> list[Any]:
        if name not in self.variables:
            raise SpecificationError(
                f"at={{{shown(name)}: ...}} names no variable of the model, which has {quoted(self.variables)}."
            )
        several = isinstance(value, (Sequence, np.ndarray)) and not isinstance(value, str)
        values = list(value) if several else [value]
        if not values:
            raise SpecificationError(f"at={{{name!r}: ...}} names no value.")
        for each in values:
            self._refuse_value(name, each)
        return list(dict.fromkeys(values))

    def _refuse_value(self, name: str, value: Any) -> None:
        """Refuse a value that a column cannot have: it must be a number, or a level of its categories."""
        if _is_mean(value):
            return
        truth = isinstance(value, (bool, np.bool_))
        if name in self.numeric and not (truth or (is_number(value) and math.isfinite(value))):
            raise SpecificationError(
                f"at={{{name!r}: {shown(value)}}} must be a finite number or {MEAN!r}, because {name!r} is numeric."
            )
        if name in self.levels:
            self.levels[name].places(f"at[{name!r}]", value)

    def groups(self, over: str | None, grid: Grid) -> list[Rows]:
        """Return the groups of rows to average over, which no point of the grid may hold at a value."""
        if over is None:
            return [self.everyone]
        refuse_other("over", over, str, "the name of a column, 'entity' or 'time'")
        if over in grid.points[0]:
            raise SpecificationError(
                f"over={over!r} groups the rows by a column that at= or variables holds at a value. Leave out one of "
                "the two."
            )
        source = self.source
        grouping, _ = source.group_by(over)
        if grouping.n_groups > MOST_EFFECTS:
            raise SpecificationError(
                f"over={over!r} has {grouping.n_groups} values, and the limit is {MOST_EFFECTS}. Give a column of "
                "fewer values."
            )
        labels = source.labels_of(over)
        found = []
        for group in range(grouping.n_groups):
            own = np.flatnonzero(grouping.codes == group)
            places = own if source.kept is None else source.kept[own]
            weights = None if source.weights is None else source.weights[own]
            found.append(Rows(labels[group], own, places, weights))
        with suppress(TypeError):  # labels may have no order
            found.sort(key=lambda rows: rows.label)
        return found


def place_in_words(where: Mapping[str, Any]) -> str:
    """Write a group and a point, ``x = 1, z = mean``."""
    return ", ".join(f"{name} = {as_text(value)}" for name, value in where.items())


def quoted(names: Sequence[str]) -> str:
    """List names in quotes, or say that there are none."""
    return listed([repr(name) for name in names], 12) or "none"


def _is_mean(value: Any) -> bool:
    return isinstance(value, str) and value == MEAN
