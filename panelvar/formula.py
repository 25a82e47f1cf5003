"""Formulas such as ``"y ~ x + L(z) + C(region)"``: read with formulaic's grammar, computed without running code.

formulaic turns the formula into terms. Each factor of a term is then parsed, checked node by node, and computed here:
only columns, numbers, arithmetic and the functions below are understood, and nothing is ever handed to ``eval``.

=============================== ======================================================================================
``L(x)``, ``L(x, 2)``           value one, two periods earlier on the calendar
``F(x)``, ``F(x, 2)``           value one, two periods later
``D(x)``, ``D(x, 2)``           ``x - L(x)``, ``x - L(x, 2)``
``log`` ``log2`` ``log10``      logarithms; ``log1p(x)`` is ``log(1 + x)``
``exp`` ``sqrt`` ``abs``
``I(x ** 2 + z)``               arithmetic ``+ - * / **`` and comparisons, which give 0 or 1
``C(x)``, ``C(x, ref="b")``     an indicator for each category, less the first (or ``ref``) where a constant is present
=============================== ======================================================================================

``a:b`` is a product, ``a*b`` is ``a + b + a:b``; ``- 1`` and ``+ 0`` leave the constant out; a name in backticks may
hold any characters. A column of texts or categories stands for its indicators without ``C``.
"""

from __future__ import annotations

import ast
import itertools
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.errors import DataError, SpecificationError, choose
from panelvar.kernels.full_rank_coding import full_rank_codings
from panelvar.panel import Panel

FloatArray = NDArray[np.float64]

_MATH: dict[str, Callable[[FloatArray], FloatArray]] = {
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
_MOST_CELLS = 500_000_000
"""Indicator values a term may have, 4 GB of them."""
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


@dataclass(frozen=True, eq=False)
class FormulaColumns:
    """What a formula says of a panel.

    Attributes
    ----------
    y_name, x_names : str, tuple of str
        The terms as written; ``C(region)[T.Asia]`` is the indicator of Asia.
    y, x : (n,) array, tuple of (n,) arrays
        In the panel's order, NaN where a value or a lag is missing.
    constant : bool
        Whether the formula has a constant (it is not among ``x``).
    """

    y_name: str
    y: FloatArray
    x_names: tuple[str, ...]
    x: tuple[FloatArray, ...]
    constant: bool


class Factor(NamedTuple):
    """A factor of a term: a column's name, or an expression."""

    text: str
    is_column: bool


Term = tuple[Factor, ...]
"""Factors to be multiplied; the constant has none."""


@dataclass(frozen=True, eq=False)
class Categories:
    """A categorical factor: the level of each row, -1 where missing, and the levels, the reference first."""

    codes: NDArray[np.int64]
    levels: tuple[str, ...]

    def indicator(self, level: int) -> FloatArray:
        """Return 1 where a row has the level, else 0; NaN where it is missing."""
        column: FloatArray = (self.codes == level).astype(np.float64)
        column[self.codes < 0] = np.nan
        return column


def parse(formula: str, panel: Panel) -> FormulaColumns:
    """Compute the columns of a formula.

    Lags and differences use every row of the panel, before any is dropped for missing values.

    Parameters
    ----------
    formula : str
        ``"y ~ x + L(z)"``; see the module for what may stand in it.
    panel : Panel

    Raises
    ------
    SpecificationError
        A formula that cannot be read, or reaches for anything but columns and the documented functions; formulaic not
        installed.
    DataError
        An unknown or unsuitable column, or an operation without a finite result, such as the logarithm of zero: the
        term, the number of rows and the first of them are named.
    """
    left, right = _terms(formula)
    if len(left) != 1 or len(left[0]) != 1:
        written = " + ".join(":".join(factor.text for factor in term) or "1" for term in left) or "nothing"
        raise SpecificationError(f"A formula has one dependent variable left of '~'; got {written} in {formula!r}.")
    computed = _Computed(panel)
    y = computed[left[0][0]]
    name = left[0][0].text
    if isinstance(y, Categories):
        raise DataError(f"The dependent variable {name!r} is not numeric; expected numbers.")
    names, columns, constant = _columns(right, computed)
    return FormulaColumns(name, np.broadcast_to(y, panel.nobs), names, columns, constant)


def regressors(
    formula: str, panel: Panel, like: Panel | None = None
) -> tuple[tuple[str, ...], tuple[FloatArray, ...], bool]:
    """Compute the right side of a formula alone, for data that need not hold the dependent variable.

    Parameters
    ----------
    formula : str
    panel : Panel
    like : Panel, optional
        Take the categories, and which of them is the reference, from this panel: the one the model was fitted on.

    Returns
    -------
    names : tuple of str
    columns : tuple of (n,) arrays
    constant : bool

    Raises
    ------
    SpecificationError, DataError
        As for `parse`; a category that ``like`` does not have.
    """
    return _columns(_terms(formula)[1], _Computed(panel, like))


def _terms(formula: str) -> tuple[list[Term], list[Term]]:
    """Return the terms left and right of the tilde."""
    try:
        from formulaic import Formula
    except ImportError:
        raise SpecificationError(
            "A formula needs formulaic, which is not installed: pip install 'panelvar[formula]', or name y and x."
        ) from None
    try:
        structure = Formula(formula)
    except Exception as error:  # its versions differ in what they raise for a formula they cannot read
        # formulaic underlines the culprit with terminal codes; its first line says what is wrong.
        reason = re.sub(r"⧛.*?⧚|\x1b\[[0-9;]*m", "", str(error)).strip().split("\n")[0]
        if re.search(r"(?<![\w.`)])\.(?![\w.])", formula):
            reason = "'.' has no meaning here; name the regressors."
        raise SpecificationError(f"The formula {formula[:200]!r} cannot be read: {reason}") from None
    left, right = getattr(structure, "lhs", None), getattr(structure, "rhs", None)
    if left is None or right is None or not all(hasattr(term, "factors") for side in (left, right) for term in side):
        raise SpecificationError(f"A formula is 'y ~ x1 + x2', with one '~' and no '|'; got {formula!r}.")
    return _read_side(left), _read_side(right)


def _read_side(side: Any) -> list[Term]:
    terms = [tuple(Factor(str(f.expr), f.eval_method.value == "lookup") for f in term.factors) for term in side]
    return [() if term == (Factor("1", False),) else term for term in terms]


def _columns(terms: Sequence[Term], computed: _Computed) -> tuple[tuple[str, ...], tuple[FloatArray, ...], bool]:
    """Multiply the factors of each term, categorical ones by their indicators."""
    split = []
    for term in terms:
        categorical = tuple(factor for factor in term if isinstance(computed[factor], Categories))
        split.append((frozenset(term) - frozenset(categorical), categorical))
    columns: dict[str, FloatArray] = {}
    for term, products in zip(terms, full_rank_codings(split), strict=True):
        if not term:
            continue
        for product in products:
            for name, column in _product(term, dict(product), computed):
                if name in columns:
                    raise SpecificationError(f"Two terms of the formula are called {name!r}; rename a column.")
                columns[name] = column
    return tuple(columns), tuple(columns.values()), () in terms


def _product(term: Term, full: dict[Any, bool], computed: _Computed) -> list[tuple[str, FloatArray]]:
    """Return the named columns of one product; ``full`` says which categorical factors keep all their levels."""
    numeric: Any = np.ones(computed.panel.nobs)
    choices: list[list[tuple[Factor, int]]] = []
    n_columns = 1
    for factor in term:
        value = computed[factor]
        if not isinstance(value, Categories):
            numeric = numeric * value
        elif factor in full:
            levels = range(0 if full[factor] else 1, len(value.levels))
            choices.append([(factor, level) for level in levels])
            n_columns *= len(levels)
    if n_columns * computed.panel.nobs > _MOST_CELLS:
        raise SpecificationError(
            f"{':'.join(factor.text for factor in term)} would make {n_columns} columns of {computed.panel.nobs} rows; "
            "effects that many are absorbed, not estimated (effects=)."
        )
    columns = []
    # The levels of the first factor run fastest, as formulaic and patsy order them.
    for combination in itertools.product(*reversed(choices)):
        column, chosen = numeric, dict(combination)
        pieces = []
        for factor in term:
            value = computed[factor]
            if not isinstance(value, Categories):
                pieces.append(factor.text)
            elif factor in chosen:
                column = column * value.indicator(chosen[factor])
                mark = "" if full[factor] else "T."
                pieces.append(f"{factor.text}[{mark}{value.levels[chosen[factor]]}]")
        columns.append((":".join(pieces), column))
    return columns


class _Computed:
    """Factors of a formula by what they are computed to: numbers, or categories."""

    def __init__(self, panel: Panel, like: Panel | None = None) -> None:
        self.panel = panel
        self.like = panel if like is None else like
        self._known: dict[Factor, FloatArray | Categories] = {}

    def __getitem__(self, factor: Factor) -> FloatArray | Categories:
        if factor not in self._known:
            with np.errstate(all="ignore"):
                try:
                    self._known[factor] = self._compute(factor)
                except RecursionError:
                    raise SpecificationError(f"{factor.text[:40]!r}... is nested too deeply.") from None
        return self._known[factor]

    def _compute(self, factor: Factor) -> FloatArray | Categories:
        if factor.is_column:
            return self._categories(factor.text) if self._is_categorical(factor.text) else self._column(factor.text)
        # Python has no backticks: quoted names become identifiers that stand for them.
        self._quoted: dict[str, str] = {}
        text = re.sub(r"`([^`]*)`", self._unquote, factor.text)
        try:
            node = ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError):
            raise SpecificationError(f"{factor.text!r} cannot be read.") from None
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

    def _column(self, name: str) -> FloatArray:
        values = self.panel.column(name)
        infinite = np.isinf(values)
        if infinite.any():
            raise DataError(f"Column {name!r} is infinite in {self._rows(infinite)}.")
        return values

    def _categories(self, name: str, reference: object = None) -> Categories:
        import pandas as pd

        values: Any = self.like.raw_column(name)
        if str(values.dtype) == "category":
            values = values.remove_unused_categories()
            codes, levels = values.codes, values.categories.tolist()
        else:
            codes, distinct = pd.factorize(values, sort=True)
            levels = list(distinct)
        if self.like is not self.panel:
            values = pd.Series(self.panel.raw_column(name)).astype(object)
            codes = pd.Index(levels, dtype=object).get_indexer(values)
            unseen = (codes < 0) & values.notna().to_numpy()
            if unseen.any():
                new = ", ".join(repr(value) for value in values[unseen].unique()[:3].tolist())
                raise DataError(f"{name!r} has categories the model has not seen ({new}) in {self._rows(unseen)}.")
        codes = np.asarray(codes, dtype=np.int64)
        texts = [str(level) for level in levels]
        if reference is not None:
            first = texts.index(choose("ref", str(reference), texts))
            order = [first, *(level for level in range(len(texts)) if level != first)]
            rank = np.empty(len(order) + 1, dtype=np.int64)
            rank[order] = np.arange(len(order))
            rank[-1] = -1
            codes, texts = rank[codes], [texts[level] for level in order]
        return Categories(codes, tuple(texts))

    def _categorical_call(self, node: ast.Call) -> Categories:
        name = self._name(node.args[0]) if len(node.args) == 1 else None
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        reference = keywords.pop("ref", None)
        if name is None or keywords or not (reference is None or isinstance(reference, ast.Constant)):
            raise SpecificationError(f"{self._text(node)} is not understood: C takes a column, and ref='level' or not.")
        return self._categories(name, None if reference is None else reference.value)

    def _name(self, node: ast.AST) -> str | None:
        """Return the column a node names, dots in it included, or None if it is no name."""
        if isinstance(node, ast.Name):
            return self._quoted.get(node.id, node.id)
        text = ast.unparse(node) if isinstance(node, ast.Attribute) else None
        return text if text in self.panel.names else None

    def _value(self, node: ast.AST) -> FloatArray:
        """Compute an expression of columns, numbers, arithmetic and known functions; refuse anything else."""
        name = self._name(node)
        if name is not None:
            return self._column(name)
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            return self._finite(node, np.array(_as_float(node.value)), ())
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            value = self._value(node.operand)
            return -value if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
            left, right = self._value(node.left), self._value(node.right)
            return self._finite(node, _ARITHMETIC[type(node.op)](left, right), (left, right))
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARISONS:
            left, right = self._value(node.left), self._value(node.comparators[0])
            held = np.asarray(_COMPARISONS[type(node.ops[0])](left, right), dtype=np.float64)
            # A comparison with a missing value is missing, not false.
            return np.where(np.isnan(left) | np.isnan(right), np.nan, held)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._call(node, node.func.id)
        raise SpecificationError(
            f"{self._text(node)} is not allowed in a formula: only columns, numbers, arithmetic and the functions "
            f"{', '.join(FUNCTIONS)} are."
        )

    def _call(self, node: ast.Call, function: str) -> FloatArray:
        choose("function", function, FUNCTIONS)
        if function == "C":
            raise SpecificationError(f"{self._text(node)} must stand alone or in a product ':', not in an expression.")
        if function in _SHIFTS:
            return self._shift(node, function)
        if len(node.args) != 1 or node.keywords or isinstance(node.args[0], ast.Starred):
            raise SpecificationError(f"{self._text(node)}: {function} takes one argument.")
        value = self._value(node.args[0])
        return self._finite(node, _MATH[function](value), (value,), _FAILURES.get(function))

    def _shift(self, node: ast.Call, function: str) -> FloatArray:
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

    def _finite(
        self, node: ast.AST, result: FloatArray, inputs: tuple[FloatArray, ...], failure: str | None = None
    ) -> FloatArray:
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
        text = ast.unparse(node)
        for placeholder, name in self._quoted.items():
            text = text.replace(placeholder, f"`{name}`")
        return repr(text if len(text) <= 60 else f"{text[:57]}...")

    def _rows(self, mask: NDArray[np.bool_]) -> str:
        where = np.flatnonzero(mask)
        listing = ", ".join(repr(label) for label in self.panel.index[where[:3]].tolist())
        return f"{len(where)} of {self.panel.nobs} rows, first in row(s) {listing}"


def _as_float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return float("inf")
