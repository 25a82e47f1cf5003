"""Factors of a formula: checked node by node and computed here, so that nothing is ever handed to ``eval``."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.base.arrays import Array
from panelvar.base.errors import DataError, SpecificationError, choose
from panelvar.base.expressions import number, source, spine, syntax_tree
from panelvar.base.limits import MOST_COLUMNS
from panelvar.data.panel import Panel
from panelvar.data.time_labels import as_text

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
FUNCTIONS = (*_SHIFTS, *_MATH, "C")
"""The functions a formula may call."""

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
class Categories:
    """A categorical factor: the level of each row, -1 where missing, and the levels, the reference first.

    A reference that the formula names is left out of every product, whatever else the model has.
    """

    codes: NDArray[np.int64]
    levels: tuple[str, ...]
    reference_named: bool = False

    def left_out(self, full: bool) -> int:
        """How many levels, the first, have no indicator in a product that keeps all of them or not."""
        return 0 if full and not self.reference_named else 1

    def indicator(self, level: int) -> Array:
        """Return 1 where a row has the level, else 0; NaN where it is missing."""
        column: Array = (self.codes == level).astype(np.float64)
        column[self.codes < 0] = np.nan
        return column


def shifts_rows(factor: Factor) -> bool:
    """Whether a factor takes values from other rows than its own."""
    text = re.sub(r"`[^`]*`", "name", factor.text)
    return not factor.is_column and re.search(rf"\b[{''.join(_SHIFTS)}]\s*\(", text) is not None


class Factors:
    """Factors of a formula by what they are computed to: numbers, or categories."""

    def __init__(self, panel: Panel, like: Panel | None = None) -> None:
        self.panel = panel
        self.like = panel if like is None else like
        self._known: dict[Factor, Array | Categories] = {}
        self._columns: dict[str, Array] = {}

    def __getitem__(self, factor: Factor) -> Array | Categories:
        if factor not in self._known:
            with np.errstate(all="ignore"):
                self._known[factor] = self._compute(factor)
        return self._known[factor]

    def _compute(self, factor: Factor) -> Array | Categories:
        if factor.is_column:
            if factor.text in _EFFECTS and factor.text not in self.like.names:
                raise SpecificationError(
                    f"{factor.text} is not a term here: effects are absorbed by "
                    f"fit_fixed_effects(..., effects={_EFFECTS[factor.text]!r})."
                )
            if not self._is_categorical(factor.text):
                return self._column(factor.text)
            return self._categories(factor.text, by_name=True)
        # Python has no backticks: quoted names become identifiers that stand for them.
        self._quoted: dict[str, str] = {}
        text = re.sub(r"`([^`]*)`", self._unquote, factor.text)
        node = syntax_tree(text, factor.text)
        if node is None:
            raise SpecificationError(f"{factor.text!r} cannot be read.")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "C":
            return self._categorical_call(node)
        return self._value(node)

    def _unquote(self, match: re.Match[str]) -> str:
        name = f"quoted_name_{len(self._quoted)}_"
        self._quoted[name] = match[1]
        return name

    def _is_categorical(self, name: str) -> bool:
        dtype: Any = self.like.raw_column(name).dtype
        return str(dtype).startswith(("category", "object", "str", "<U"))

    def _column(self, name: str) -> Array:
        if name in self._columns:
            return self._columns[name]
        values = self.panel.column(name)
        infinite = np.isinf(values)
        if infinite.any():
            raise DataError(f"Column {name!r} is infinite in {self._rows(infinite)}.")
        self._columns[name] = values
        return values

    def _categories(self, name: str, reference: object = None, *, by_name: bool = False) -> Categories:
        import pandas as pd

        values: Any = self.like.raw_column(name)
        if str(values.dtype) == "category":
            values = values.remove_unused_categories()
            codes, levels = values.codes, values.categories.tolist()
        else:
            codes, distinct = pd.factorize(values, sort=True)
            levels = list(distinct)
            if by_name:
                _refuse_numbers_as_text(name, levels)
        if len(levels) > MOST_COLUMNS + 1:
            raise SpecificationError(
                f"The categories of {name!r} would make {len(levels) - 1} columns of {self.panel.nobs} rows; a model "
                f"has at most {MOST_COLUMNS}. Effects that many are absorbed, not estimated (effects=)."
            )
        if self.like is not self.panel:
            values = pd.Series(self.panel.raw_column(name)).astype(object)
            codes = pd.Index(levels, dtype=object).get_indexer(values)
            unseen = (codes < 0) & values.notna().to_numpy()
            if unseen.any():
                new = ", ".join(repr(value) for value in values[unseen].unique()[:3].tolist())
                raise DataError(f"{name!r} has categories the model has not seen ({new}) in {self._rows(unseen)}.")
        codes = np.asarray(codes, dtype=np.int64)
        texts = [as_text(level) for level in levels]
        if reference is not None:
            same = [place for place, level in enumerate(levels) if level == reference and not isinstance(level, bool)]
            first = same[0] if same else texts.index(choose("ref", as_text(reference), texts))
            order = [first, *(level for level in range(len(texts)) if level != first)]
            rank = np.empty(len(order) + 1, dtype=np.int64)
            rank[order] = np.arange(len(order))
            rank[-1] = -1
            codes, texts = rank[codes], [texts[level] for level in order]
        return Categories(codes, tuple(texts), reference is not None)

    def _categorical_call(self, node: ast.Call) -> Categories:
        name = self._name(node.args[0]) if len(node.args) == 1 else None
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        reference = None
        try:
            if "ref" in keywords:
                reference = ast.literal_eval(keywords.pop("ref"))
        except ValueError:
            keywords["ref"] = node
        if name is None or keywords or isinstance(reference, (list, tuple, dict, set)):
            raise SpecificationError(f"{self._text(node)} is not understood: C takes a column, and ref='level' or not.")
        return self._categories(name, reference)

    def _name(self, node: ast.AST) -> str | None:
        """Return the column a node names, dots in it included, or None if it is no name."""
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
        """Compute what is no operation between two values."""
        name = self._name(node)
        if name is not None:
            return self._column(name)
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
        return SpecificationError(
            f"{self._text(node)} is not allowed in a formula: only columns, numbers, arithmetic and the functions "
            f"{', '.join(FUNCTIONS)} are."
        )

    def _call(self, node: ast.Call, function: str) -> Array:
        choose("function", function, FUNCTIONS)
        if function == "C":
            raise SpecificationError(f"{self._text(node)} must stand alone or in a product ':', not in an expression.")
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
                f"{self._text(node)}: {function} takes a column or expression and a whole number of periods."
            )
        values = np.broadcast_to(self._value(node.args[0]), self.panel.nobs)
        return _SHIFTS[function](self.panel, values, k)

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
                raise DataError(f"{what} in {self._rows(np.broadcast_to(bad, self.panel.nobs))}.")
        return result

    def _text(self, node: ast.AST) -> str:
        text = source(node)
        for placeholder, name in self._quoted.items():
            text = text.replace(placeholder, f"`{name}`")
        return repr(text if len(text) <= 60 else f"{text[:57]}...")

    def _rows(self, mask: NDArray[np.bool_]) -> str:
        where = np.flatnonzero(mask)
        listing = ", ".join(repr(label) for label in self.panel.index[where[:3]].tolist())
        return f"{len(where)} of {self.panel.nobs} rows, first in row(s) {listing}"


def _refuse_numbers_as_text(name: str, levels: list[Any]) -> None:
    """Refuse a column of numbers that is stored as text: it would become an indicator for each of them."""
    import pandas as pd

    distinct = [level for level in levels if not isinstance(level, bool)]
    known = pd.to_numeric(pd.Series(distinct, dtype=object), errors="coerce").notna().to_numpy()
    others = [level for level, number in zip(distinct, known, strict=True) if not number]
    # A few texts among many numbers are how a file writes what is missing.
    if not known.any() or len(others) > 0.1 * len(distinct):
        return
    but = f", but for {', '.join(map(repr, others[:3]))}" if others else ""
    coerce = ", errors='coerce'" if others else ""
    raise DataError(
        f"Column {name!r} holds numbers stored as {'text' if isinstance(distinct[0], str) else 'objects'}{but}: "
        f"pandas.to_numeric(data[{name!r}]{coerce}) makes numbers of it; C({name}) in the formula makes its "
        f"{len(distinct)} values categories."
    )
