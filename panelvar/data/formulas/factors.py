"""Factors of a formula: checked node by node and computed here, so that nothing is ever handed to ``eval``."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np

from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.errors import DataError, SpecificationError, choose
from panelvar.core.base.expressions import number, quoted_tree, source, spine
from panelvar.data.formulas.categories import Categories, HasLevels, Levels, RowsUsed, pairs
from panelvar.data.panel.panel import Panel
from panelvar.data.panel.panel_rows import refuse_infinite, rows_where
from panelvar.data.sources.source import as_labels, missing
from panelvar.kernels.linear.columns import Column, StoredColumn, whole
from panelvar.kernels.linear.orthogonal_polynomials import OrthogonalPolynomials

_MATH: dict[str, Callable[[Array], Array]] = {
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": np.log1p,
    "exp": np.exp,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "I": lambda values: values,
}
_SHIFTS = {"L": Panel.lag, "F": Panel.lead, "D": Panel.difference}
FUNCTIONS = (*_SHIFTS, *_MATH, "C", "i", "poly")
"""The functions a formula may call."""
_ALONE = ("C", "i", "poly")
"""Functions that make several columns; they stand alone or in a product."""
_HIGHEST_DEGREE = 20
_NOT_IN_I = {
    "bin": "bin is not offered. Put the levels together in a column of the data",
    "bin2": "bin2 is not offered. Put the levels together in a column of the data",
    "ref2": "ref2 is not offered. Write C(f, ref=...):C(g, ref=...), which names a reference of both factors",
    "keep2": "keep2 is not offered. Choose the rows, or make a column of what you mean",
}

_FAILURES = {
    "log": "zero or negative",
    "log2": "zero or negative",
    "log10": "zero or negative",
    "log1p": "-1 or less",
    "sqrt": "negative",
    "exp": "too large",
}
_ARITHMETIC: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_COMPARISONS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


_EFFECTS = {"EntityEffects": "entity", "TimeEffects": "time", "FixedEffects": "entity"}
"""Names that stand for effects in linearmodels' formulas."""


class Factor(NamedTuple):
    """A factor of a term: a column's name, or an expression."""

    text: str
    is_column: bool


@dataclass(frozen=True, eq=False)
class NumericColumns:
    """Numeric columns that one factor stands for: how each is marked after the factor's text, and how it is made.

    ``levels`` are what the columns are ``numbers`` by, where they are.
    """

    marks: tuple[str, ...]
    column: Callable[[int], Array]
    levels: Categories | None = None
    numbers: Array | None = None


Value: TypeAlias = "Array | StoredColumn | Categories | NumericColumns"


def shifts_rows(factor: Factor) -> bool:
    """Whether a factor takes values from other rows than its own."""
    text = re.sub(r"`[^`]*`", "name", factor.text)
    return not factor.is_column and re.search(rf"\b[{''.join(_SHIFTS)}]\s*\(", text) is not None


def is_categorical(column: Any) -> bool:
    """Whether a column stands for the indicators of its values: texts and categories do."""
    return str(column.dtype).startswith(("category", "object", "str", "<U"))


class Factors:
    """Factors of a formula by what they are computed to: numbers, categories, or several columns of numbers.

    Parameters
    ----------
    panel : Panel
    like : RowsUsed or levels of a stream, optional
        Whose levels categorical factors have; all rows of the panel if omitted.
    """

    def __init__(self, panel: Panel, like: HasLevels | None = None) -> None:
        self.panel = panel
        self.like: HasLevels = RowsUsed(panel) if like is None else like
        self.strict = like is not None
        """Whether the levels are given, so that a row with another one is refused."""
        self._shared: Factors | None = None
        self._by_rows: dict[bytes, Factors] = {}
        self._of_levels: dict[Factor, bool] = {}
        self._known: dict[Factor, Value] = {}
        self._columns: dict[str, Column] = {}
        self.sums: dict[int, float] = {}
        """Sums of the columns that were read, by their identity; finite where every value is."""
        self.products: dict[Any, list[tuple[str, Column]]] = {}
        """Products of factors, by their term and what is left out of it, for formulas that share them."""

    def __getitem__(self, factor: Factor) -> Value:
        if self._shared is not None and not self.has_levels(factor):
            return self._shared[factor]
        if factor not in self._known:
            with np.errstate(all="ignore"):
                self._known[factor] = self._compute(factor)
        return self._known[factor]

    def has_levels(self, factor: Factor) -> bool:
        """Whether a factor is made of the levels of a column."""
        if factor not in self._of_levels:
            self._of_levels[factor] = (
                factor.text not in _EFFECTS and self._is_categorical(factor.text)
                if factor.is_column
                else factor.text.startswith(("C(", "i("))
            )
        return self._of_levels[factor]

    def marks(self, factor: Factor) -> tuple[str, ...]:
        """Return what tells the columns of a factor of levels from those of the same factor in other rows."""
        value = self[factor]
        assert isinstance(value, (Categories, NumericColumns))
        return value.levels if isinstance(value, Categories) else value.marks

    def absent(self, factor: Factor) -> Mask | None:
        """Return the rows in which a factor is missing, whatever levels there are; None if it is in no row."""
        with np.errstate(all="ignore"):
            called = re.match(r"(C|i|poly)\(", factor.text)
            if factor.is_column or called is None:
                if self.has_levels(factor):
                    return self._without_level(factor.text)
                return self._not_numbers(cast(Column, self[factor]))
            node = self._parsed(factor)
            if not isinstance(node, ast.Call) or not _is_call_of(node, called[1]):
                # An expression that begins so is refused when it is computed.
                return self._not_numbers(cast(Column, self[factor]))
            if called[1] == "C":
                return self._without_level(self._read_categories(node)[0])
            if called[1] == "poly":
                return self._not_numbers(self._value(node.args[0])) if node.args else None
            name, _, second = self._read_interaction(node)
            other = None if second is None else self._name_of_levels(second)
            rows = [self._without_level(name), None if other is None else self._without_level(other)]
            if second is not None and other is None:
                rows.append(self._not_numbers(self._value(second)))
            return either(rows)

    def _without_level(self, name: str) -> Mask | None:
        return missing(as_labels(self.panel.raw_column(name)))

    def _not_numbers(self, value: Column) -> Mask | None:
        """Return where numbers are missing; infinite ones are refused elsewhere."""
        total = self.sums.get(id(value))
        with np.errstate(over="ignore", invalid="ignore"):
            total = float(value.sum()) if total is None else total
        if np.isfinite(total):
            return None
        return np.broadcast_to(np.isnan(value[:]), self.panel.nobs)

    def absent_rows(self, factors: Iterable[Factor], left_out: Mask | None = None) -> Mask | None:
        """Return the rows that are left out or in which a factor is missing; None if none is."""
        return either([left_out, *map(self.absent, factors)])

    def in_use(self, factors: Sequence[Factor], left_out: Mask | None = None) -> Factors:
        """Return factors whose levels are those given, or those of the rows in which none of these is missing."""
        if self.strict or not any(map(self.has_levels, factors)):
            return self
        absent = self.absent_rows(factors, left_out)
        # Where no row is left, whoever takes the columns says so.
        return self if absent is None or absent.all() else self._without_levels_of(absent)

    def _without_levels_of(self, absent: Mask) -> Factors:
        """Return factors whose levels are those of the other rows; numbers are not computed again."""
        key = np.packbits(absent).tobytes()
        if key not in self._by_rows:
            used = copy(self)
            used.like, used._known, used._shared = RowsUsed(self.panel, np.flatnonzero(~absent)), {}, self
            self._by_rows[key] = used
        return self._by_rows[key]

    def refuse_unknown(self, factors: Sequence[Factor], left_out: Mask | None = None) -> None:
        """Refuse rows whose level is none of those given, if that is all that is wrong with them.

        Raises
        ------
        DataError
            If a row that is not left out and misses no value has a level that the model does not have.
        """
        if not self.strict:
            return
        lacking: dict[Factor, Mask] = {}
        for factor in factors:
            value = self[factor]
            levels = value.levels if isinstance(value, NumericColumns) else value
            if isinstance(levels, Categories) and (unknown := levels.unknown).any():
                lacking[factor] = unknown
        if not lacking:
            return
        rows = self.absent_rows(factors, left_out)
        for factor, unknown in lacking.items():
            refused = unknown if rows is None else unknown & ~rows
            if refused.any():
                raise self._unseen(factor, refused)

    def _unseen(self, factor: Factor, rows: Mask) -> DataError:
        """Make the error for rows whose level is none of the model's."""
        import pandas as pd

        node = None if factor.is_column else self._parsed(factor)
        name, second = factor.text, None
        if isinstance(node, ast.Call):
            called = self._read_categories if _is_call_of(node, "C") else self._read_interaction
            name, _, *others = called(node)
            second = others[0] if others else None
        where = rows_where(self.panel, rows)
        if second is not None and self._name_of_levels(second) is not None:
            return DataError(f"{factor.text!r} has pairs of categories that the model has not seen, in {where}.")
        values = pd.Series(self.panel.raw_column(name)).astype(object)[rows]
        new = ", ".join(repr(value) for value in values.unique()[:3].tolist())
        return DataError(f"{name!r} has categories that the model has not seen ({new}) in {where}.")

    def _compute(self, factor: Factor) -> Value:
        if factor.is_column:
            if factor.text in _EFFECTS and factor.text not in self.like.names:
                raise SpecificationError(
                    f"{factor.text} is not a term of a formula here. fit_fixed_effects(..., "
                    f"effects={_EFFECTS[factor.text]!r}) absorbs these effects."
                )
            if self.has_levels(factor):
                return self._levels(factor.text).categories
            return cast(Value, self._by_itself(factor.text))
        node = self._parsed(factor)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _ALONE:
            return {"C": self._categorical_call, "i": self._interaction, "poly": self._polynomials}[node.func.id](node)
        return self._value(node)

    def _parsed(self, factor: Factor) -> ast.expr:
        node, self._quoted = quoted_tree(factor.text)
        if node is None:
            raise SpecificationError(f"{factor.text!r} cannot be read.")
        return node

    def _is_categorical(self, name: str) -> bool:
        return is_categorical(self.like.raw_column(name))

    def _by_itself(self, name: str) -> Any:
        """Return a column that is a factor as it is stored: alone in its term it need not be an array."""
        return self._stored(name)

    def column(self, name: str) -> Array:
        """Return a column as an array, read once."""
        stored = self._stored(name)
        values = whole(stored)
        self.sums[id(values)] = self.sums[id(stored)]
        return values

    def _stored(self, name: str) -> Column:
        if name in self._columns:
            return self._columns[name]
        values = self.panel.stored_column(name)
        # A sum is finite unless something in the column is not, or the sum itself overflows: one cheap pass.
        with np.errstate(over="ignore", invalid="ignore"):
            total = values.sum()
        if not np.isfinite(total):
            refuse_infinite(self.panel, name, values[:])
        self._columns[name], self.sums[id(values)] = values, float(total)
        return values

    def _levels(self, name: str, *, numbers_as_text: bool = False) -> Levels:
        return Levels(name, self.panel, self.like, numbers_as_text=numbers_as_text)

    def _read_categories(self, node: ast.Call) -> tuple[str, dict[str, Any]]:
        """Return the column and the options of ``C(...)``."""
        name = self._name(node.args[0]) if len(node.args) == 1 else None
        references = self._literals(node, ("ref",))
        if name is None or references is None:
            raise SpecificationError(
                f"{self._text(node)} is not understood. C takes a column, and optionally ref='level'."
            )
        return name, references

    def _categorical_call(self, node: ast.Call) -> Categories:
        name, references = self._read_categories(node)
        levels = self._levels(name, numbers_as_text=True)
        return levels.categories.without(levels.places("ref", references["ref"]) if references else [])

    def _literals(self, node: ast.Call, known: tuple[str, ...]) -> dict[str, Any] | None:
        """Return the keywords of a call, literals or lists of them; None where one is unknown or something else."""
        found = {}
        for keyword in node.keywords:
            if keyword.arg not in known:
                return None
            try:
                value = ast.literal_eval(keyword.value)
            except (ValueError, TypeError):  # no literal, or a set or dictionary of what cannot be in one
                return None
            parts = value if isinstance(value, (list, tuple)) else [value]
            if not parts or not all(isinstance(part, (str, int, float)) for part in parts):
                return None
            found[keyword.arg] = value
        return found

    def _read_interaction(self, node: ast.Call) -> tuple[str, dict[str, Any], ast.expr | None]:
        """Return the column, the options and the second variable of ``i(f)``, ``i(f, x)`` or ``i(f, g)``."""
        refused = next((_NOT_IN_I[k.arg] for k in node.keywords if k.arg in _NOT_IN_I), None)
        if refused is not None:
            raise SpecificationError(f"{self._text(node)}: {refused}.")
        positional = list(node.args)
        keywords = [keyword for keyword in node.keywords if keyword.arg != "var"]
        positional[1:1] = [keyword.value for keyword in node.keywords if keyword.arg == "var"]
        # In fixest's order the third is the reference, and so is the second where it names no variable.
        if 2 <= len(positional) <= 3 and _is_literal(positional[-1]):
            keywords.append(ast.keyword("ref", positional.pop()))
        call = ast.Call(node.func, positional, keywords)
        combined = next((k for k in keywords if _is_call_of(k.value, "c")), None)
        if combined is not None:
            values = ", ".join(map(source, cast(ast.Call, combined.value).args))
            raise SpecificationError(
                f"{self._text(node)} has R's c(...). Several levels are a list: {combined.arg}=[{values}]."
            )
        name = self._name(positional[0]) if len(positional) in (1, 2) else None
        options = self._literals(call, ("ref", "keep"))
        if name is None or options is None or len(keywords) > len(options):
            raise SpecificationError(
                f"{self._text(node)} is not understood. i takes a column and optionally a second variable, and ref= "
                "and keep=, which are levels or lists of levels."
            )
        return name, options, positional[1] if len(positional) == 2 else None

    def _interaction(self, node: ast.Call) -> Value:
        """Compute ``i(f)``, ``i(f, x)`` or ``i(f, g)`` as fixest means them."""
        name, options, second = self._read_interaction(node)
        levels = self._levels(name, numbers_as_text=True)
        named = levels.places("ref", options["ref"]) if "ref" in options else []
        if "keep" in options:
            kept = levels.places("keep", options["keep"])
            named += [place for place in range(len(levels.values)) if place not in {*kept, *named}]
        factor = levels.categories.without(named)
        if second is None:
            return factor
        other = self._second(second)
        if isinstance(other, Levels):
            return pairs(factor, other.categories)
        kept_levels = range(factor.left_out(full=True), len(factor.levels))
        if not kept_levels:
            raise SpecificationError(f"{self._text(node)} leaves out all levels of {name!r}.")
        numbers, mark = np.broadcast_to(other, self.panel.nobs), "T." if named else ""
        marks = tuple(f"[{mark}{factor.levels[level]}]" for level in kept_levels)
        return NumericColumns(marks, lambda place: factor.indicator(kept_levels[place]) * numbers, factor, numbers)

    def _second(self, node: ast.expr) -> Array | Levels:
        """Return what a factor is interacted with: numbers, or the levels of a column of texts or of ``i.column``."""
        name = self._name_of_levels(node)
        # A column by its own name is one of texts; ``i.column`` makes levels of whatever it holds.
        return self._value(node) if name is None else self._levels(name, numbers_as_text=self._name(node) is None)

    def _name_of_levels(self, node: ast.expr) -> str | None:
        """Return the column whose levels a factor is interacted with: one of texts, or ``i.column``."""
        name = self._name(node)
        if (
            name is None
            and isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "i"
        ):
            return self._quoted.get(node.attr, node.attr)
        return name if name is not None and self._is_categorical(name) else None

    def _of_all(self, node: ast.expr, own: Array) -> Array:
        """Return an expression, ``own`` in the rows here, in every row of the panel whose levels are taken."""
        if self.like.panel is self.panel:
            return own
        if self.like.panel is None:
            raise SpecificationError(
                f"{self._text(node)} is needed whole, and a stream reads one chunk at a time. Use a Panel, or compute "
                "the column in the source of the stream."
            )
        theirs = Factors(self.like.panel)
        theirs._quoted = self._quoted
        return np.broadcast_to(theirs._value(node), theirs.panel.nobs)

    def _polynomials(self, node: ast.Call) -> NumericColumns:
        """Compute ``poly(x, 2)``, orthogonal over the rows of the fit's data, or ``poly(x, 2, raw=True)``."""
        degree = node.args[1:] + [keyword.value for keyword in node.keywords if keyword.arg == "degree"]
        others = [keyword for keyword in node.keywords if keyword.arg != "degree"]
        raw = self._literals(ast.Call(node.func, [], others), ("raw",))
        k = degree[0].value if len(degree) == 1 and isinstance(degree[0], ast.Constant) else None
        if not node.args or raw is None or type(k) is not int or type(raw.get("raw", False)) is not bool:
            raise SpecificationError(
                f"{self._text(node)} is not understood. poly takes a column or expression and a degree, and "
                "optionally raw=True."
            )
        if not 1 <= k <= _HIGHEST_DEGREE:
            raise SpecificationError(
                f"{self._text(node)} has a degree out of range: it must be from 1 to {_HIGHEST_DEGREE}."
            )
        marks = tuple(f"[{power}]" for power in range(1, k + 1))
        values = np.broadcast_to(self._value(node.args[0]), self.panel.nobs)
        if raw.get("raw", False):
            powers = [self._finite(node, values**power, (values,)) for power in range(1, k + 1)]
            return NumericColumns(marks, powers.__getitem__)
        like = self._of_all(node.args[0], values)
        present = like[np.isfinite(like)]
        if len(np.unique(present)) <= k:
            raise DataError(
                f"{self._text(node)} needs more than {k} different values of {self._text(node.args[0])}; there are "
                f"{len(np.unique(present))}."
            )
        columns = OrthogonalPolynomials.over(present, k)(values)
        return NumericColumns(marks, columns.__getitem__)

    def _name(self, node: ast.AST) -> str | None:
        """Return the column that a node names, dots in it included, or None if it is not a name."""
        if isinstance(node, ast.Name):
            return self._quoted.get(node.id, node.id)
        text = source(node) if isinstance(node, ast.Attribute) else None
        return text if text is not None and text in self.panel.names else None

    def _value(self, node: ast.expr) -> Array:
        """Compute an expression of columns, numbers, arithmetic and known functions; refuse anything else."""
        first, chain = spine(node)
        value = self._single(first)
        for step in chain:
            if type(step.op) not in _ARITHMETIC:
                raise self._not_allowed(step)
            right = self._value(step.right)
            value = self._finite(step, _ARITHMETIC[type(step.op)](value, right), (value, right))
        return value

    def _single(self, node: ast.expr) -> Array:
        """Compute what is not an operation between two values."""
        name = self._name(node)
        if name is not None:
            return self.column(name)
        constant = number(node)
        if constant is not None:
            return self._finite(node, np.array(constant), ())
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            value = self._value(node.operand)
            return -value if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARISONS:
            left, right = self._value(node.left), self._value(node.comparators[0])
            held = np.asarray(_COMPARISONS[type(node.ops[0])](left, right), dtype=np.float64)
            # A comparison with a missing value is missing, not false.
            return np.where(np.isnan(left) | np.isnan(right), np.nan, held)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._call(node, node.func.id)
        raise self._not_allowed(node)

    def _not_allowed(self, node: ast.AST) -> SpecificationError:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor):
            power = f"{source(node.left)} ** {source(node.right)}"
            return SpecificationError(f"{self._text(node)} is no power here. Write I({power}).")
        return SpecificationError(
            f"{self._text(node)} is not allowed in a formula. A formula has columns, numbers, arithmetic and the "
            f"functions {', '.join(FUNCTIONS)}."
        )

    def _call(self, node: ast.Call, function: str) -> Array:
        choose("function", function, FUNCTIONS)
        if function in _ALONE:
            raise SpecificationError(
                f"{self._text(node)} must stand alone or in a product with ':'. It cannot be part of an expression."
            )
        if function in _SHIFTS:
            return self._shift(node, function)
        if len(node.args) != 1 or node.keywords or isinstance(node.args[0], ast.Starred):
            raise SpecificationError(f"{self._text(node)}: {function} takes one argument.")
        value = self._value(node.args[0])
        return self._finite(node, _MATH[function](value), (value,), _FAILURES.get(function))

    def _shift(self, node: ast.Call, function: str) -> Array:
        periods = [*node.args[1:], *(keyword.value for keyword in node.keywords if keyword.arg == "k")]
        given = len(node.args) + len(node.keywords)
        try:
            k = ast.literal_eval(periods[0]) if periods else 1
        except ValueError:
            k = None
        if not node.args or given != 1 + len(periods) or len(periods) > 1 or type(k) is not int:
            raise SpecificationError(
                f"{self._text(node)} is not understood. {function} takes a column or expression and a whole number "
                "of periods."
            )
        return self._shifted(function, node.args[0], k)

    def _shifted(self, function: str, node: ast.expr, k: int) -> Array:
        """Compute an expression some periods earlier or later, or its difference."""
        return _SHIFTS[function](self.panel, np.broadcast_to(self._value(node), self.panel.nobs), k)

    def _finite(self, node: ast.AST, result: Array, inputs: tuple[Array, ...], failure: str | None = None) -> Array:
        """Return a result, unless it is infinite or undefined where nothing was missing."""
        result = np.asarray(result)
        bad = ~np.isfinite(result)
        if bad.any():
            for value in inputs:
                bad = bad & ~np.isnan(value)
            if bad.any():
                what = f"{self._text(node)} has no finite value"
                if failure is not None and isinstance(node, ast.Call):
                    what += f": {self._text(node.args[0])} is {failure}"
                raise DataError(f"{what} in {rows_where(self.panel, np.broadcast_to(bad, self.panel.nobs))}.")
        return result

    def _text(self, node: ast.AST) -> str:
        text = source(node)
        for placeholder, name in self._quoted.items():
            text = text.replace(placeholder, f"`{name}`")
        return repr(text if len(text) <= 60 else f"{text[:57]}...")


def either(masks: Iterable[Mask | None]) -> Mask | None:
    """Return where one of several masks is true; None, which stands for nowhere, if all are None."""
    found = [mask for mask in masks if mask is not None]
    return None if not found else found[0] if len(found) == 1 else np.logical_or.reduce(found)


def _is_call_of(node: ast.expr, function: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function


def _is_literal(node: ast.expr) -> bool:
    """Whether a node is a text, a number or a list of them, and no variable."""
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError):
        return False
    return True
