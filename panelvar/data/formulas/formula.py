"""Formulas such as ``"y ~ x + L(z) + C(region)"``: read with formulaic's grammar, computed without running code.

formulaic turns the formula into terms. Each factor of a term is then parsed, checked node by node, and computed here:
only columns, numbers, arithmetic and the functions below are understood, and nothing is ever handed to ``eval``.

=============================== ======================================================================================
``L(x)``, ``L(x, 2)``           value one, two periods earlier on the calendar
``F(x)``, ``F(x, 2)``           value one, two periods later
``D(x)``, ``D(x, 2)``           ``x - L(x)``, ``x - L(x, 2)``
``log`` ``log2`` ``log10``      logarithms; ``log1p(x)`` is ``log(1 + x)``
``exp`` ``sqrt`` ``abs``        ``np.log(x)`` is read as ``log(x)``
``I(x ** 2 + z)``               arithmetic ``+ - * / **`` and comparisons, which give 0 or 1
``C(x)``                        an indicator for each category, less the first where a constant is present
``C(x, ref="b")``               the same less ``ref``, whether a constant is present or not: an event study's
                                ``C(since, ref=-1):treated``; several, ``ref=[-1, 5]``, are left out together
``i(f)``, ``i(f, ref=-1)``      as ``C``, in fixest's notation
``i(f, x, ref=-1)``             x times an indicator of each level but ``ref``; without ``ref`` of each level
``i(f, g)``                     an indicator of each pair of levels that occurs, where g holds texts or categories
                                (``i.g`` makes categories of numbers)
``L(x, 1:3)``, ``L(x, [1, 4])`` several lags: ``L(x) + L(x, 2) + L(x, 3)``; lag 0 is ``x``
``poly(x, 2)``                  orthogonal polynomials over the rows that have x, as R's; ``raw=True`` for powers
=============================== ======================================================================================

``a:b`` is a product, ``a*b`` is ``a + b + a:b``; ``- 1`` and ``+ 0`` leave the constant out; a name in backticks may
hold any characters. A column of texts or categories stands for its indicators without ``C``. ``**`` and ``^`` cross
terms and ``-`` takes one out, so ``x**2`` and ``-x`` by themselves would be ``x`` and nothing. They are refused;
``I(x**2)`` and ``I(-x)`` are what they mean. The terms before a term decide which of its categorical factors lose a
reference level (`full_rank_codings`), so that no column is redundant by design. A reference that ``ref`` names is
always left out. Levels are those of the rows in use: what only incomplete rows have is no level, and the first that has
a row is the reference (`Factors.in_use`).

Effects to absorb and instruments stand after bars, ``y ~ x | firm + year | p ~ z``.
`panelvar.data.formulas.formula_parts` splits them off for the functions that take them.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, cast

import numpy as np

from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.errors import DataError, SpecificationError, not_installed
from panelvar.core.base.limits import LONGEST_FORMULA, MOST_CATEGORICAL, MOST_CELLS, MOST_COLUMNS
from panelvar.core.base.quoting import in_backticks
from panelvar.data.formulas.categories import Categories, HasLevels, RowsUsed, full_rank_codings
from panelvar.data.formulas.factors import Factor, Factors, NumericColumns, Value, shifts_rows
from panelvar.data.formulas.formula_parts import (
    FormulaParts,
    advising_backticks,
    masked,
    plain,
    refuse_costly,
    refuse_slips,
    split_formula,
    unmasked,
)
from panelvar.data.panel.panel import Panel
from panelvar.kernels.linear.columns import FEW_ROWS, Column, FactorCodes, FactorColumn, StoredColumn, whole

Term = tuple[Factor, ...]
"""Factors to be multiplied; the constant has none."""

# Below so many levels, arrays of indicators take less time than codes.
_FEW_LEVELS = 8


@dataclass(frozen=True, eq=False)
class FormulaColumns:
    """What a formula says of a panel.

    Attributes
    ----------
    y_name, x_names : str, tuple of str
        The terms as written; ``C(region)[T.Asia]`` is the indicator of Asia.
    y, x : (n,) column, tuple of (n,) columns
        In the panel's order, NaN where a value or a lag is missing. What is a column of the data may be as it is stored
        there; `arrays` returns it as an array.
    constant : bool
        Whether the formula has a constant (it is not among ``x``).
    """

    y_name: str
    y: Column
    x_names: tuple[str, ...]
    x: tuple[Column, ...]
    constant: bool

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The columns of ``x`` and, last, ``y``, each an array."""
        return (*map(whole, self.x), whole(self.y))


def parse(formula: str, panel: Panel, factors: Factors | None = None, left_out: Mask | None = None) -> FormulaColumns:
    """Compute the columns of a formula.

    Lags and differences use every row of the panel, before any is dropped for missing values. The levels of
    categorical factors are those of the rows that miss no value.

    Parameters
    ----------
    formula : str
        ``"y ~ x + L(z)"``; see the module for what may stand in it.
    panel : Panel
    factors : Factors, optional
        What formulas read before have computed of the panel; it takes in what this one computes. Levels that they
        were given are kept.
    left_out : (n,) mask, optional
        Rows that the model does not use whatever the formula has there: those without a weight, say.

    Raises
    ------
    SpecificationError
        If the formula cannot be read, it uses anything but columns and the documented functions, or formulaic is not
        installed.
    DataError
        If a column is unknown or unsuitable, or an operation has no finite result, such as the logarithm of zero. The
        message names the term, the number of rows and the first of them.
    """
    with advising_backticks(formula, (*panel.names, panel.entity_name, panel.time_name)):
        left, right = _terms(formula)
        if len(left) != 1 or len(left[0]) != 1:
            written = " + ".join(map(_joined_texts, left)) or "nothing"
            raise SpecificationError(f"A formula has one dependent variable left of '~'; got {written} in {formula!r}.")
        computed = Factors(panel) if factors is None else factors
        y = computed[left[0][0]]
        name = left[0][0].text
        if isinstance(y, Categories):
            raise DataError(f"The dependent variable {name!r} is not numeric. It must hold numbers.")
        if isinstance(y, NumericColumns):
            raise SpecificationError(
                f"A formula has one dependent variable left of '~', and {name} makes several columns."
            )
        used = _factors_in((*left, *right))
        computed = computed.in_use(used, left_out)
        names, columns, constant = _columns(right, computed)
        computed.refuse_unknown(used, left_out)
        if not isinstance(y, StoredColumn) and np.shape(y) != (panel.nobs,):
            y = np.broadcast_to(y, panel.nobs)
        return FormulaColumns(name, y, names, columns, constant)


def regressors(
    formula: str, panel: Panel, like: HasLevels | None = None
) -> tuple[tuple[str, ...], tuple[Array, ...], bool]:
    """Compute the right side of a formula alone, for data that need not hold the dependent variable.

    Parameters
    ----------
    formula : str
    panel : Panel
    like : RowsUsed or levels of a stream, optional
        Take the categories, and which of them is the reference, from these rows: those the model was fitted on.

    Returns
    -------
    names : tuple of str
    columns : tuple of (n,) arrays
    constant : bool

    Raises
    ------
    SpecificationError, DataError
        As for `parse`, and if ``like`` does not have a category of a row that misses no value.
    """
    terms = _terms(formula)[1]
    used = _factors_in(terms)
    factors = Factors(panel, like).in_use(used)
    names, columns, constant = _columns(terms, factors)
    factors.refuse_unknown(used)
    return names, tuple(map(whole, columns)), constant


def _factors_in(terms: Sequence[Term]) -> tuple[Factor, ...]:
    return tuple(dict.fromkeys(factor for term in terms for factor in term))


def absent_rows(formulas: Sequence[str], factors: Factors, left_out: Mask | None = None) -> Mask | None:
    """Return the rows that are left out, or miss a variable on any side of formulas; None if there is none.

    Where no variable has levels, which are all that depends on these rows, it is not looked for missing values.
    """
    used = _factors_in([term for formula in formulas for side in _terms(formula) for term in side])
    return factors.absent_rows(used, left_out) if any(map(factors.has_levels, used)) else left_out


def column_names(formula: str, like: RowsUsed) -> tuple[str, ...]:
    """Return the names of the columns that a formula makes of the levels of some rows."""
    return _columns(_terms(formula)[1], Factors(like.panel, like))[0]


def terms_of(formula: str) -> tuple[Term, ...]:
    """Return the terms right of the tilde as tuples of factors, the constant as none."""
    return _terms(formula)[1]


def columns_by(formula: str, factors: Factors) -> dict[str, Any]:
    """Compute the columns right of the tilde from factors that are more than numbers: that carry slopes, say."""
    names, columns, _ = _columns(_terms(formula)[1], factors)
    return dict(zip(names, columns, strict=True))


def shifts(formula: str) -> bool:
    """Whether a lag, lead or difference stands right of the tilde, so that rows depend on one another."""
    return any(shifts_rows(factor) for term in terms_of(formula) for factor in term)


def written_terms(formula: str) -> tuple[str, ...]:
    """Return the terms right of the tilde as a formula would write them, ``"1"`` for the constant."""
    return tuple(
        ":".join(in_backticks(factor.text) if factor.is_column else factor.text for factor in term) or "1"
        for term in terms_of(formula)
    )


def _terms(formula: str) -> tuple[tuple[Term, ...], tuple[Term, ...]]:
    """Return the terms left and right of the tilde."""
    try:
        import formulaic  # noqa: F401
    except ImportError:
        raise SpecificationError(not_installed("A formula needs", "formulaic", "Name y and x instead")) from None
    return _read(formula)


@lru_cache(maxsize=128)
def _read(formula: str) -> tuple[tuple[Term, ...], tuple[Term, ...]]:
    """Read the terms of a formula: its grammar takes longer than a small fit, and predictions read it again."""
    from formulaic import Formula
    from formulaic.parser import DefaultFormulaParser

    if len(formula) > LONGEST_FORMULA:
        raise SpecificationError(
            f"A formula of {len(formula)} characters is too long to read; the limit is {LONGEST_FORMULA}. Give y "
            "and x instead."
        )
    _refuse_parts(split_formula(formula))
    formula = plain(formula)
    operators, names = masked(formula)
    try:
        tree = DefaultFormulaParser().get_ast(operators)
        refuse_costly(tree, formula)
        structure = Formula(operators)
    except SpecificationError:
        raise
    except Exception as error:  # its versions differ in what they raise for a formula they cannot read
        # formulaic underlines the culprit with terminal codes; its first line says what is wrong.
        reason = unmasked(re.sub(r"⧛.*?⧚|\x1b\[[0-9;]*m", "", str(error)).strip().split("\n")[0], names)
        if isinstance(error, RecursionError):
            reason = "its expressions are too long or nested too deeply."
        if re.search(r"(?<![\w.`)])\.(?![\w.])", formula):
            reason = "'.' has no meaning here; name the regressors."
        if "#" in formula:
            reason = "interactions are written x:z, or x*z with the variables themselves, and powers I(x**2)."
        raise SpecificationError(f"The formula {formula[:200]!r} cannot be read: {reason}") from None
    left, right = getattr(structure, "lhs", None), getattr(structure, "rhs", None)
    if left is None or right is None or not all(hasattr(term, "factors") for side in (left, right) for term in side):
        raise SpecificationError(f"A formula has one '~', as in 'y ~ x1 + x2'; got {formula!r}.")
    if not formula.rpartition("~")[2].strip():
        raise SpecificationError(f"{formula!r} has no regressors. For a constant alone, write 'y ~ 1'.")
    refuse_slips(tree, formula, names)
    dependent, terms = _read_side(left, names), _read_side(right, names)
    if any(term in dependent for term in terms if term):
        raise SpecificationError(f"The dependent variable is among the regressors of {formula!r}.")
    return dependent, terms


def _refuse_parts(parts: FormulaParts) -> None:
    """Refuse what only other functions take: effects and instruments after a bar."""
    if parts.instruments is not None:
        raise SpecificationError(
            f"{' ~ '.join(parts.instruments)!r} after the bar are instruments, and this function takes none. Use "
            "fit_iv_pooled, fit_iv_fixed_effects or another of the fit_iv_ functions."
        )
    if parts.effects is not None:
        raise SpecificationError(
            f"{parts.effects!r} after the bar are effects, and this function takes none. fit_fixed_effects and "
            "fit_iv_fixed_effects absorb them, as in 'y ~ x | firm + year'."
        )


def _read_side(side: Any, masks: Mapping[str, str]) -> tuple[Term, ...]:
    def factor(read: Any) -> Factor:
        text = str(read.expr)
        return Factor(masks[text], False) if text in masks else Factor(text, read.eval_method.value == "lookup")

    terms = [tuple(factor(read) for read in term.factors) for term in side]
    return tuple(() if term == (Factor("1", False),) else term for term in terms)


def _columns(terms: Sequence[Term], computed: Factors) -> tuple[tuple[str, ...], tuple[Column, ...], bool]:
    """Multiply the factors of each term, categorical ones by their indicators."""
    split = []
    for term in terms:
        categorical = tuple(factor for factor in term if isinstance(computed[factor], Categories))
        if len(categorical) > MOST_CATEGORICAL:
            raise SpecificationError(
                f"{_joined_texts(term)!r} crosses {len(categorical)} categorical variables; the limit is "
                f"{MOST_CATEGORICAL}."
            )
        split.append((frozenset(term) - frozenset(categorical), categorical))
    codings = full_rank_codings(split)
    _refuse_too_many(terms, codings, computed)
    columns: dict[str, Column] = {}
    for term, products in zip(terms, codings, strict=True):
        if not term:
            continue
        for product in products:
            key = (term, *product, *map(computed.marks, filter(computed.has_levels, term)))
            if key not in computed.products:
                computed.products[key] = _multiply(term, dict(product), computed)
            for name, column in computed.products[key]:
                if name in columns:
                    raise SpecificationError(f"Two terms of the formula are called {name!r}. Rename a column.")
                columns[name] = column
    return tuple(columns), tuple(columns.values()), () in terms


def _refuse_too_many(terms: Sequence[Term], codings: Sequence[Sequence[Any]], computed: Factors) -> None:
    """Count the columns of all terms, before any is made, and refuse more than a model or the memory can hold."""
    n_rows, total = computed.panel.nobs, 0
    for term, products in zip(terms, codings, strict=True):
        if not term:
            continue
        width = sum(
            math.prod(_width(computed[factor], dict(product).get(factor)) for factor in term) for product in products
        )
        total += width
        if total > MOST_COLUMNS or total * n_rows > MOST_CELLS:
            raise SpecificationError(
                f"{_joined_texts(term)!r} would make {width} columns of {n_rows} rows, {total} with the terms before "
                f"it; the limits are {MOST_COLUMNS} columns and {MOST_CELLS} numbers. Absorb so many effects, with "
                "effects=, instead of estimating them."
            )


def _width(value: Value, full: bool | None) -> int:
    """How many columns a factor has in a product; ``full`` says whether a categorical one keeps all levels."""
    if isinstance(value, NumericColumns):
        return len(value.marks)
    return len(value.levels) - value.left_out(full) if isinstance(value, Categories) and full is not None else 1


def _joined_texts(term: Term) -> str:
    return ":".join(factor.text for factor in term) or "1"


def _multiply(term: Term, full: dict[Any, bool], computed: Factors) -> list[tuple[str, Column]]:
    """Return the named columns of one product; ``full`` says which categorical factors keep all their levels."""
    # A column by itself is not copied.
    alone = computed[term[0]] if len(term) == 1 else None
    if isinstance(alone, StoredColumn):
        return [(term[0].text, alone)]
    if isinstance(alone, np.ndarray) and alone.shape == (computed.panel.nobs,):
        return [(term[0].text, alone.astype(np.float64, copy=False))]
    together = _by_codes(term, full, computed)
    if together is not None:
        return together
    numeric: Any = np.ones(computed.panel.nobs)
    # What each factor may be in a column: its name there, and what makes its numbers unless they are in all columns.
    choices: list[list[tuple[str, Callable[[], Array] | None]]] = []
    for factor in term:
        value = computed[factor]
        if isinstance(value, NumericColumns):
            choices.append([
                (factor.text + mark, partial(value.column, place)) for place, mark in enumerate(value.marks)
            ])  # fmt: skip
        elif not isinstance(value, Categories):
            with np.errstate(over="ignore"):  # infinite values are refused by the column's name
                numeric = numeric * (value[:] if isinstance(value, StoredColumn) else value)
            choices.append([(factor.text, None)])
        elif factor in full:
            levels = range(value.left_out(full[factor]), len(value.levels))
            if not levels:
                raise _without_contrast(factor, value)
            mark = "T." if levels[0] else ""
            choices.append([
                (f"{factor.text}[{mark}{value.levels[level]}]", partial(value.indicator, level)) for level in levels
            ])  # fmt: skip
    columns = []
    # The levels of the first factor run fastest, as formulaic and patsy order them.
    for combination in itertools.product(*reversed(choices)):
        column = numeric
        for _, make in reversed(combination):
            if make is not None:
                with np.errstate(over="ignore", invalid="ignore"):
                    column = column * make()
        columns.append((":".join(name for name, _ in reversed(combination)), column))
    return columns


def _by_codes(term: Term, full: dict[Any, bool], computed: Factors) -> list[tuple[str, Column]] | None:
    """Return the columns of a product of levels and numbers as codes that they share; None where arrays are as good.

    Those are few rows, few levels, and values that are more than numbers.
    """
    n_rows = computed.panel.nobs
    if n_rows <= FEW_ROWS or type(computed) is not Factors:
        return None
    codes, width = np.zeros(n_rows, dtype=np.intp), 1
    outside, absent = np.zeros((2, n_rows), dtype=bool)
    numeric: Array | None = None
    choices: list[list[str]] = []
    for factor in term:
        value = computed[factor]
        levels = value.levels if isinstance(value, NumericColumns) else value
        numbers = value.numbers if isinstance(value, NumericColumns) else None
        if isinstance(levels, Categories):
            if isinstance(value, NumericColumns):
                first, names = len(levels.levels) - len(value.marks), [factor.text + mark for mark in value.marks]
            elif factor in full:
                first = levels.left_out(full[factor])
                mark = "T." if first else ""
                names = [f"{factor.text}[{mark}{level}]" for level in levels.levels[first:]]
            else:
                continue
            choices.append(names)
            absent |= levels.codes < 0
            outside |= (levels.codes < first) | levels.unknown
            codes += (levels.codes - first) * width
            width *= len(names)
        elif isinstance(value, NumericColumns):
            return None
        else:
            numbers = value[:] if isinstance(value, StoredColumn) else np.broadcast_to(cast(Array, value), n_rows)
            choices.append([factor.text])
        if numbers is not None:
            with np.errstate(over="ignore"):  # infinite values are refused by the column's name
                numeric = numbers if numeric is None else numeric * numbers
    if width < _FEW_LEVELS:
        return None
    codes[outside] = width
    codes[absent] = -1
    together = FactorCodes(codes, width, numeric)
    # The levels of the first factor run fastest, as formulaic and patsy order them.
    names = [":".join(reversed(combination)) for combination in itertools.product(*reversed(choices))]
    return [(name, FactorColumn(together, level)) for level, name in enumerate(names)]


def _without_contrast(factor: Factor, value: Categories) -> DataError:
    """Make the error for a categorical factor that would leave the model, and leave no word."""
    if 1 < len(value.levels) == value.n_named:
        return DataError(f"{factor.text!r} leaves out all of its {value.n_named} levels. It adds nothing to the model.")
    only = f"one category only, {value.levels[0]!r}" if value.levels else "no category"
    absent = int((value.codes < 0).sum())
    missing = f", and is missing in {absent} of {len(value.codes)} rows" if absent else ""
    return DataError(f"{factor.text!r} has {only}{missing}. It adds nothing to the model. Leave it out of the formula.")
