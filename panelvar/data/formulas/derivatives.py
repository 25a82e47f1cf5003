"""Derivatives of a formula's columns, by the rule that computes the columns: values go through it with their slopes.

A variable is seeded with slope one, and every operation that `panelvar.data.formulas.factors` knows passes slopes on by
the chain rule (forward differentiation), so that derivatives are exact and no column is differentiated by another
reading of the formula than the one it is computed by. A value and its lags are different variables: slopes are kept by
lag.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import SpecificationError
from panelvar.data.formulas.categories import Categories, Levels, RowsUsed
from panelvar.data.formulas.factors import Factors

# Partial derivatives of each operation, one for each argument, of the arguments and the value.
_PARTIALS: dict[np.ufunc, tuple[Callable[..., Any], ...]] = {
    np.add: (lambda a, b, v: 1.0, lambda a, b, v: 1.0),
    np.subtract: (lambda a, b, v: 1.0, lambda a, b, v: -1.0),
    np.multiply: (lambda a, b, v: b, lambda a, b, v: a),
    np.true_divide: (lambda a, b, v: 1.0 / b, lambda a, b, v: -v / b),
    # A constant power of zero or less has slope zero there, not zero times the infinite power below it.
    np.power: (
        lambda a, b, v: np.where(np.asarray(b) == 0.0, 0.0, b * np.power(a, b - 1.0)),
        lambda a, b, v: v * np.log(a),
    ),
    np.ldexp: (lambda a, b, v: np.ldexp(1.0, b), lambda a, b, v: 0.0),
    np.negative: (lambda a, v: -1.0,),
    np.positive: (lambda a, v: 1.0,),
    np.log: (lambda a, v: 1.0 / a,),
    np.log2: (lambda a, v: 1.0 / (a * np.log(2.0)),),
    np.log10: (lambda a, v: 1.0 / (a * np.log(10.0)),),
    np.log1p: (lambda a, v: 1.0 / (1.0 + a),),
    np.exp: (lambda a, v: v,),
    np.sqrt: (lambda a, v: 0.5 / v,),
    # The mean of both sides at zero.
    np.absolute: (lambda a, v: np.sign(a),),
}
MEAN = "mean"
"""What a column is held at, in place of a value."""

_STEPS = (np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal)


class Sloped(NDArrayOperatorsMixin):
    """Numbers with their derivatives along some directions; arithmetic and functions of NumPy pass them on.

    Attributes
    ----------
    value : array or float
    slopes : mapping of direction to array or float
        Derivatives; a direction that is absent has none.
    """

    def __init__(self, value: Any, slopes: Mapping[Any, Any]) -> None:
        self.value = value
        self.slopes = dict(slopes)

    def __array_ufunc__(self, function: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        """Pass slopes through one operation by the chain rule."""
        if function in _STEPS:
            raise SpecificationError(
                "A comparison of the variable jumps between 0 and 1, so it has no derivative. Make a column of the "
                "comparison, and ask for the effect of that column."
            )
        if function not in _PARTIALS or method != "__call__" or options:
            return NotImplemented
        values = [value_of(each) for each in inputs]
        value = function(*values)
        slopes: dict[Any, Any] = {}
        for each, partial in zip(inputs, _PARTIALS[function], strict=True):
            if not isinstance(each, Sloped) or not each.slopes:
                continue
            weight = partial(*values, value)
            for direction, slope in each.slopes.items():
                slopes[direction] = slopes.get(direction, 0.0) + weight * slope
        return Sloped(value, slopes)

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        """Spread a number over rows with its slopes."""
        if function is not np.broadcast_to or options:
            return NotImplemented
        number, shape = arguments
        spread = {direction: np.broadcast_to(slope, shape) for direction, slope in number.slopes.items()}
        return Sloped(np.broadcast_to(number.value, shape), spread)


def value_of(number: Any) -> Any:
    """Return a number without its slopes."""
    return number.value if isinstance(number, Sloped) else number


@dataclass(frozen=True, eq=False)
class _Known(Categories):
    """A categorical factor that tells which levels are made its references, and may stand at its mean.

    Attributes
    ----------
    tell : callable
        Takes the factor with its references.
    mean : callable or None
        Takes an indicator, and returns the share of rows that have the level.
    """

    tell: Callable[[Categories], None] = lambda factor: None
    mean: Callable[[Array], Any] | None = None

    def indicator(self, level: int) -> Array:
        """Return the indicator of a level, or its share."""
        column = super().indicator(level)
        return column if self.mean is None else np.asarray(self.mean(column))

    def without(self, places: Sequence[int]) -> Categories:
        """Return the factor with the levels at these places as its references."""
        found = super().without(places)
        self.tell(found)
        return found


class SlopedFactors(Factors):
    """Factors of a formula with their slopes along one variable and its lags.

    Parameters
    ----------
    like : RowsUsed
        Those of the model, whose levels there are.
    variable : str or None
        The column along which slopes are taken; None for values alone.
    at : mapping of str to value
        Columns that are held at a value in every row and period, categories by level; ``"mean"`` is the mean over the
        rows, of which a lag has its own.
    at_means : bool
        Hold every other column at its mean.
    rows : (n,) array of positions or None
        The model's rows.
    weights : (n,) array or None
        Theirs.
    proportional : bool
        Take slopes along the logarithm of the variable: those of a proportional change, at zero and below it too.
    """

    def __init__(
        self,
        like: RowsUsed,
        variable: str | None,
        at: Mapping[str, Any],
        *,
        at_means: bool = False,
        rows: NDArray[np.intp] | None = None,
        weights: Array | None = None,
        proportional: bool = False,
    ) -> None:
        super().__init__(like.panel, like)
        self.variable = variable
        self.at = at
        self.at_means = at_means
        self.rows = rows
        self.weights = weights
        self.proportional = proportional
        self.numeric: dict[str, None] = {}
        self.categorical: dict[str, Levels] = {}
        self.references: dict[str, tuple[str, ...]] = {}
        self._periods_back = 0

    def _by_itself(self, name: str) -> Any:
        return self.column(name)

    def column(self, name: str) -> Any:
        """Return a column with its slope, held at a value or lagged."""
        self.numeric[name] = None
        column: Any
        if name in self.at and not self._at_mean(name):
            column = np.asarray(float(self.at[name]))
        else:
            column = super().column(name)
            if self._periods_back:
                column = self.panel.lag(column, self._periods_back)
            if self._at_mean(name):
                column = self._mean(column)
        if name != self.variable:
            return column
        return Sloped(column, {self._periods_back: column if self.proportional else 1.0})

    def _at_mean(self, name: str) -> bool:
        value = self.at.get(name)
        return self.at_means if value is None else isinstance(value, str) and value == MEAN

    def _mean(self, column: Array) -> Any:
        return np.average(column if self.rows is None else column[self.rows], weights=self.weights)

    def _levels(self, name: str, *, numbers_as_text: bool = False) -> Levels:
        found = super()._levels(name, numbers_as_text=numbers_as_text)
        self.categorical.setdefault(name, found)
        codes, levels = found.categories.codes, found.categories.levels
        fitted, used = found.categories.fitted, found.categories.used
        at_mean = self._at_mean(name) and MEAN not in levels
        if name in self.at and not at_mean:
            level = found.places(f"at[{name!r}]", self.at[name])[0]
            fitted, used = found.categories.codes_in_use, None
            codes = np.full(self.panel.nobs, level, dtype=np.int64)

        def tell(factor: Categories) -> None:
            if factor.n_named:
                self.references[name] = factor.levels

        self.references.setdefault(name, levels)
        found.categories = _Known(codes, levels, 0, fitted, used, tell, self._mean if at_mean else None)
        return found

    def _of_all(self, node: ast.expr, own: Array) -> Array:
        # A polynomial is orthogonal over the model's values, not over those that are set here.
        plain = Factors(self.panel)
        plain._quoted = self._quoted
        return np.broadcast_to(plain._value(node), self.panel.nobs)

    def _shifted(self, function: str, node: ast.expr, k: int) -> Any:
        # What is shifted is a function of shifted columns, whose slopes are those of other variables.
        if function == "D":
            return self._value(node) - self._shifted("L", node, k)
        back = k if function == "L" else -k
        self._periods_back += back
        try:
            return self._value(node)
        finally:
            self._periods_back -= back

    def _finite(self, node: ast.AST, result: Any, inputs: tuple[Any, ...], failure: str | None = None) -> Any:
        checked = super()._finite(node, value_of(result), tuple(map(value_of, inputs)), failure)
        return Sloped(checked, result.slopes) if isinstance(result, Sloped) else checked
