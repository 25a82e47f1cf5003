r"""Functions of coefficients, linear or not: the delta method, and Fieller's sets of ratios.

The delta method takes :math:`g(b)` as normal with variance :math:`G V G'`, which fails where a denominator may be near
zero. Fieller (1954, J. Royal Statistical Society B 16(2), 175-185) inverts the test of :math:`n'b - t\,d'b = 0`, exact
where b is normal with a known V: :math:`\{t: (N - tD)^2 \le c^2 (v_{nn} - 2 t v_{nd} + t^2 v_{dd})\}`. The set is an
interval where the denominator differs from zero at the level; elsewhere it is the outside of an interval, or the whole
line.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from panelvar.core.base.arguments import refuse_other
from panelvar.core.base.arrays import Array
from panelvar.core.base.distributions import quantile
from panelvar.core.base.errors import Note, NumericalError, SpecificationError, check_level, emit
from panelvar.core.base.expressions import number, spine
from panelvar.core.base.labels import listed
from panelvar.core.base.quoting import one_line
from panelvar.core.base.scaling import columns_in_own_units
from panelvar.core.faces.layout import Fact
from panelvar.core.faces.number_format import check_digits, format_count
from panelvar.core.tables.coefficients import coefficient_header
from panelvar.core.tables.table import Presented, Table
from panelvar.core.tables.test_result import TestResult
from panelvar.data.formulas.derivatives import Sloped
from panelvar.estimates.bands.confidence_set import ConfidenceSet
from panelvar.estimates.coefficients.coefficient_plot import DrawnCoefficients
from panelvar.estimates.coefficients.coefficients import Inference, coefficient_rows
from panelvar.estimates.coefficients.linear_combinations import Coefficients, in_units_of_errors
from panelvar.estimates.coefficients.restrictions import coefficient_at, combined_forms, named_tree
from panelvar.estimates.coefficients.wald import wald
from panelvar.estimates.covariance.covariances import CovarianceEstimate

if TYPE_CHECKING:
    import pandas as pd

Form: TypeAlias = "tuple[Array, float]"
"""Weights of the coefficients, and a constant."""


class Ratio(NamedTuple):
    """A ratio of two linear combinations of coefficients."""

    above: Form
    below: Form


_ROUNDING = 16.0 * float(np.finfo(np.float64).eps)
"""A variance below this share of the sizes of its terms is the rounding of their sum."""

_FUNCTIONS: dict[str, Callable[[Any], Any]] = {"log": np.log, "exp": np.exp, "sqrt": np.sqrt, "abs": np.absolute}
_ARITHMETIC: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.true_divide,
    ast.Pow: np.power,
}


@dataclass(frozen=True, eq=False)
class FunctionValues:
    """Functions of a model's coefficients.

    Attributes
    ----------
    names : tuple of str
    coefficients : (q,) array
        Values of the functions.
    jacobian : (q, p) array
        Derivatives of the functions by the model's coefficients.
    arguments : tuple of str
        Names of the model's coefficients.
    exact : bool
        Whether the model fits exactly, so that errors are zero.
    notes : tuple of Note
    """

    names: tuple[str, ...]
    coefficients: Array
    jacobian: Array
    arguments: tuple[str, ...]
    exact: bool
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class DerivedEstimates(Inference, Presented):
    r"""Functions of a model's coefficients, with the errors of the delta method.

    Read like coefficients: ``params``, ``std_errors``, ``tstats``, ``pvalues``, ``conf_int()``, ``cov``,
    ``wald_test(...)``, ``lincom(...)``.

    Attributes
    ----------
    fit : FunctionValues
        Values and derivatives.
    covariance : CovarianceEstimate
        :math:`GVG'` with G the derivatives and V the covariance of the model's coefficients.
    title : str
        What was asked, in words.
    nobs : int
        Rows of the model.
    keys : tuple of mappings
        What each estimate is of, the columns of `to_frame` before its numbers.
    level : float
        Coverage of the limits in `summary` and `to_frame`.
    """

    fit: FunctionValues
    covariance: CovarianceEstimate
    title: str
    nobs: int
    keys: tuple[Mapping[str, Any], ...]
    level: float

    @property
    def _drawn_coefficients(self) -> DrawnCoefficients:
        return replace(super()._drawn_coefficients, title=self.title)

    @property
    def jacobian(self) -> pd.DataFrame:
        """Derivatives of the estimates by the coefficients of the model, a row for each estimate."""
        import pandas as pd

        return pd.DataFrame(self.fit.jacobian, index=list(self.names), columns=list(self.fit.arguments))

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each estimate: what it is of, its value, standard error, t or z, p-value and limits."""
        import pandas as pd

        numbers = {
            "estimate": self.params,
            "std_error": self.std_errors,
            "statistic": self.tstats,
            "pvalue": self.pvalues,
            **self.conf_int(level=self.level),
        }
        keys = pd.DataFrame(list(self.keys), index=list(self.names))
        return pd.concat([keys, pd.DataFrame(numbers, index=list(self.names))], axis=1)

    def summary(self, *, level: float | None = None, digits: int = 4) -> Table:
        """Return the estimates as a table.

        Parameters
        ----------
        level : float, optional
            Coverage of the limits; the one that was asked for by default.
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        check_digits(digits)
        coverage = self.level if level is None else check_level(level)
        return Table(
            title=self.title,
            facts=(
                Fact("Observations", format_count(self.nobs)),
                Fact("Std. errors", f"{self.cov_label}, delta method"),
            ),
            header=(coefficient_header(self.distribution, coverage),),
            body=coefficient_rows(self, coverage, digits),
            notes=tuple(dict.fromkeys(note.text for note in self.notes)),
        )

    def __repr__(self) -> str:
        return one_line(f"<{self.title}: {', '.join(self.names)}>")


def through(covariance: CovarianceEstimate, jacobian: Array) -> CovarianceEstimate:
    """Return the covariance of functions of the coefficients, by the delta method, with its degrees of freedom.

    Raises
    ------
    NumericalError
        If a variance leaves the range of floating-point numbers.
    """
    matrix = _sandwiched(covariance.matrix, jacobian)
    degrees = covariance.degrees
    if degrees is None:
        return replace(covariance, matrix=matrix, classical=False)
    mapped = partial(_degrees_through, degrees, jacobian)
    smallest = min((mapped(unit[:, None]) for unit in np.eye(len(matrix))), default=covariance.df)
    return replace(covariance, matrix=matrix, classical=False, degrees=mapped, df=float(smallest))


def _degrees_through(degrees: Callable[[Array], float], jacobian: Array, contrasts: Array) -> float:
    """Degrees of freedom of contrasts of functions: of the contrasts of coefficients that they are."""
    return degrees(columns_in_own_units(jacobian.T @ contrasts))


def _sandwiched(covariance: Array, jacobian: Array) -> Array:
    """Return :math:`GVG'`, computed in units in which nothing overflows or vanishes."""
    if not len(covariance):
        return np.zeros((len(jacobian), len(jacobian)))  # all coefficients were dropped
    rows, _, powers = in_units_of_errors(jacobian, np.zeros(len(jacobian)), covariance)
    scaled = rows @ covariance @ rows.T
    # The matrix is made symmetric to the last digit.
    scaled = 0.5 * (scaled + scaled.T)
    # Where the residuals of every cluster sum to zero, the mean has no variance; what is computed is rounding.
    weights = np.abs(rows)
    still = np.abs(scaled.diagonal()) <= _ROUNDING * ((weights @ np.abs(covariance)) * weights).sum(axis=1)
    scaled[still], scaled[:, still] = 0.0, 0.0
    with np.errstate(over="ignore"):
        matrix: Array = np.ldexp(scaled, powers + powers[:, None])
    before, after = scaled.diagonal(), matrix.diagonal()
    if (np.isfinite(before) & (~np.isfinite(after) | ((after == 0.0) & (before != 0.0)))).any():
        raise NumericalError(
            "The variance of a function of coefficients leaves the range of floating-point numbers in the units of "
            "these variables. Rescale the variables."
        )
    return matrix


@dataclass(frozen=True, eq=False, repr=False)
class NonlinearEstimates(DerivedEstimates):
    """Functions of coefficients with the errors of the delta method, and Fieller's sets of those that are ratios.

    Attributes
    ----------
    fieller : mapping of str to ConfidenceSet
        The confidence set of each ratio of two linear combinations, which is right however near zero the denominator
        is.
    equations : tuple of bool
        Which of the expressions are an equation's left side less its right.

    See Also
    --------
    LinearResult.nonlinear : makes it.

    Examples
    --------
    >>> import panelvar as pv
    >>> fit = pv.fit_fixed_effects(pv.load_data("grunfeld"), "invest ~ value + capital")
    >>> fit.nonlinear("value / capital").params.round(4).tolist()
    [0.3552]
    """

    fieller: Mapping[str, ConfidenceSet]
    equations: tuple[bool, ...]

    @cached_property
    def joint(self) -> TestResult:
        """Test that all of them are zero (of equations: that all hold)."""
        written = [
            name if equation else f"{name} = 0" for name, equation in zip(self.names, self.equations, strict=True)
        ]
        return wald(self, np.eye(len(written)), np.zeros(len(written)), "Wald", listed(written, 12))

    def summary(self, *, level: float | None = None, digits: int = 4) -> Table:
        """Return the estimates as a table, Fieller's sets below.

        Parameters
        ----------
        level : float, optional
            Coverage of the delta method's limits; the one that was asked for, which is that of the sets, by default.
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        table = super().summary(level=level, digits=digits)
        facts = [
            Fact(f"{100 * each.level:g}% Fieller set of {name}", f"{each.in_a_line} ({each.in_words})")
            for name, each in self.fieller.items()
        ]
        notes = table.notes
        if len(self.names) > 1:
            facts.append(Fact("All zero", self.joint.in_a_line(digits)))
            notes = (*notes, *(note.text for note in self.joint.notes))
        return replace(table, statistics=tuple(facts), notes=notes)


@dataclass(frozen=True, eq=False)
class ReadFunctions:
    """Functions of coefficients as they were written, with their values and derivatives at the estimates.

    Attributes
    ----------
    written : dict of str to str
        Labels, and what each stands for.
    values : (q,) array
    jacobian : (q, p) array
    ratios : dict of str to Ratio
        Those that are ratios of two linear combinations, by label.
    equations : tuple of bool
        Which of them are an equation's left side less its right.
    """

    written: dict[str, str]
    values: Array
    jacobian: Array
    ratios: dict[str, Ratio]
    equations: tuple[bool, ...]


def read_functions(expressions: str | Sequence[str] | Mapping[str, str], fit: Coefficients) -> ReadFunctions:
    """Read functions of coefficients, and evaluate them with their derivatives.

    Raises
    ------
    SpecificationError
        If a name is not a coefficient, or an expression holds something else that is not allowed.
    NumericalError
        If a value or a derivative is not finite.
    """
    written = _written(expressions)
    names, coefficients = fit.names, fit.coefficients
    values = np.empty(len(written))
    jacobian = np.zeros((len(written), len(names)))
    ratios: dict[str, Ratio] = {}
    equations = []
    for row, (label, text) in enumerate(written.items()):
        trees, aliases = named_tree(text, names)
        equations.append(len(trees) == 2)
        reader = _Reader(text, names, coefficients, aliases)
        with np.errstate(all="ignore"):
            sides = [reader.value(tree) for tree in trees]
            value = sides[0] if len(sides) == 1 else sides[0] - sides[1]
            form = reader.form(trees[0]) if len(trees) == 1 else None
        if not isinstance(value, Sloped) or not value.slopes:
            raise SpecificationError(f"{text!r} involves no coefficient. The model has: {listed(names, 20)}.")
        values[row] = value.value
        for place, slope in value.slopes.items():
            jacobian[row, place] = slope
        if not (math.isfinite(values[row]) and np.isfinite(jacobian[row]).all()):
            raise NumericalError(
                f"{text!r} has no finite value or no finite derivative at the estimates. It may divide by zero, or "
                "take the logarithm of a number that is not positive."
            )
        if isinstance(form, Ratio):
            ratios[label] = form
    return ReadFunctions(written, values, jacobian, ratios, tuple(equations))


def estimate_functions(result: Inference, read: ReadFunctions, level: float, nobs: int) -> NonlinearEstimates:
    """Build ``EquationEstimates.nonlinear``, and that of systems."""
    level = check_level(level)
    written, jacobian = read.written, read.jacobian
    known = np.isfinite(result.covariance.matrix).all()
    sets = {label: fieller_set(result, label, *ratio, level) for label, ratio in read.ratios.items() if known}
    covariance = through(result.covariance, jacobian)
    still = [label for label, variance in zip(written, covariance.matrix.diagonal(), strict=True) if variance == 0.0]
    notes = tuple(_weak_denominator(each) for each in sets.values() if not each.bounded)
    if still and not result.fit.exact:
        text = f"These have no sampling variation, so they have no t statistic: {listed(still)}."
        notes = (*notes, Note("no-variance", text, warn=True))
    emit(notes)
    if not known:
        notes = (*notes, *(note for note in result.fit.notes if note.code == "no-covariance"))
    functions = FunctionValues(tuple(written), read.values, jacobian, result.fit.names, result.fit.exact, notes)
    keys = tuple({"expression": text} for text in written.values())
    return NonlinearEstimates(
        functions, covariance, "Functions of coefficients", nobs, keys, level, sets, read.equations
    )


def _weak_denominator(found: ConfidenceSet) -> Note:
    text = (
        f"The denominator of {found.name!r} does not differ from zero at the {100 * found.level:g}% level. The delta "
        "method's limits therefore mean little, and Fieller's set is unbounded."
    )
    return Note("weak-denominator", text, warn=True)


def _written(expressions: str | Sequence[str] | Mapping[str, str]) -> dict[str, str]:
    if isinstance(expressions, str):
        found = {expressions.strip(): expressions}
    elif isinstance(expressions, Mapping):
        found = {str(label): text for label, text in expressions.items()}
    else:
        refuse_other("nonlinear", expressions, Sequence, "an expression such as 'x1 / x2', or several")
        found = {str(text).strip(): text for text in expressions}
    if not found:
        raise SpecificationError("nonlinear needs an expression such as 'x1 / x2'.")
    for text in found.values():
        refuse_other("nonlinear", text, str, "an expression such as 'x1 / x2'")
    return found


@dataclass(frozen=True, eq=False)
class _Reader:
    """Reads the tree of one expression: its value with slopes along the coefficients, or as a ratio."""

    text: str
    names: tuple[str, ...]
    coefficients: Array
    aliases: Mapping[str, str]

    def value(self, node: ast.expr) -> Any:
        """Compute a value that carries its derivatives by the coefficients."""
        first, chain = spine(node)
        value = self._single(first)
        for step in chain:
            if type(step.op) not in _ARITHMETIC:
                raise self._not_understood()
            value = _ARITHMETIC[type(step.op)](value, self.value(step.right))
        return value

    def _single(self, node: ast.expr) -> Any:
        constant = number(node)
        if constant is not None:
            return np.float64(constant)
        if isinstance(node, ast.Name):
            place = coefficient_at(node.id, self.aliases, self.names)
            return Sloped(self.coefficients[place], {place: 1.0})
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            value = self.value(node.operand)
            return -value if isinstance(node.op, ast.USub) else value
        called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS
        if called and len(node.args) == 1 and not node.keywords:  # type: ignore[attr-defined]
            return _FUNCTIONS[node.func.id](self.value(node.args[0]))  # type: ignore[attr-defined]
        raise self._not_understood()

    def _not_understood(self) -> SpecificationError:
        return SpecificationError(
            f"{self.text!r} is not understood. Write coefficients, numbers, + - * / **, and {', '.join(_FUNCTIONS)}. "
            f"The coefficients are: {listed(self.names, 20)}."
        )

    def form(self, node: ast.expr) -> Form | Ratio | None:
        """Return a linear combination, a ratio of two, or None for what is neither."""
        first, chain = spine(node)
        found = self._form_of_one(first)
        for step in chain:
            other = self.form(step.right)
            if found is None or other is None:
                return None
            found = _combine(step.op, found, other)
        return found

    def _form_of_one(self, node: ast.expr) -> Form | Ratio | None:
        constant = number(node)
        if constant is not None:
            return np.zeros(len(self.names)), constant
        if isinstance(node, ast.Name):
            weights = np.zeros(len(self.names))
            weights[coefficient_at(node.id, self.aliases, self.names)] = 1.0
            return weights, 0.0
        if isinstance(node, ast.UnaryOp):
            found, minus_one = self.form(node.operand), (np.zeros(len(self.names)), -1.0)
            return found if isinstance(node.op, ast.UAdd) or found is None else _combine(ast.Mult(), found, minus_one)
        return None


def _combine(operator: ast.operator, left: Form | Ratio, right: Form | Ratio) -> Form | Ratio | None:
    """Return what an operation makes of linear combinations and ratios of two, None for what is neither."""
    if isinstance(left, Ratio):
        return None if isinstance(right, Ratio) else _change_ratio(operator, left, right, first=True)
    if isinstance(right, Ratio):
        return _change_ratio(operator, right, left, first=False)
    linear = combined_forms(operator, left, right)
    if linear is None and isinstance(operator, ast.Div) and right[0].any():
        return Ratio(left, right)
    return linear


def _change_ratio(operator: ast.operator, ratio: Ratio, other: Form, *, first: bool) -> Ratio | None:
    """Return a ratio with a number added, taken off, multiplied or divided by; ``first`` if it stands at the left."""
    if other[0].any() or (isinstance(operator, ast.Div) and not first):
        return None
    if isinstance(operator, (ast.Add, ast.Sub)):
        # A number is so many times the denominator over it.
        other = other[1] * ratio.below[0], other[1] * ratio.below[1]
    above = combined_forms(operator, *((ratio.above, other) if first else (other, ratio.above)))
    return None if above is None else Ratio(above, ratio.below)


def fieller_set(result: Inference, name: str, above: Form, below: Form, level: float) -> ConfidenceSet:
    """Return the values of a ratio of linear combinations that the test of their difference does not reject."""
    covariance, coefficients = result.covariance, result.fit.coefficients
    top, bottom = (float(weights @ coefficients + constant) for weights, constant in (above, below))
    pair = np.array([above[0], below[0]])
    variances = pair @ covariance.matrix @ pair.T
    # In units of the errors of both sides, so that thresholds have no units; t is in units of their ratio.
    sizes = [
        math.sqrt(v) if v > 0.0 else abs(value) for v, value in zip(variances.diagonal(), (top, bottom), strict=True)
    ]
    if sizes[0] == 0.0:
        return ConfidenceSet(name, ((0.0, 0.0),), level, "Fieller")
    unit = sizes[0] / sizes[1]
    n, d = top / sizes[0], bottom / sizes[1]
    v = variances / np.outer(sizes, sizes)
    weights = above[0] - (top / bottom) * below[0]
    critical = quantile(level, covariance.df_of(weights)) ** 2
    square = d * d - critical * v[1, 1]
    half = n * d - critical * v[0, 1]
    rest = n * n - critical * v[0, 0]
    gap = half * half - square * rest
    if square == 0.0 and half != 0.0:
        end = float(unit * rest / (2.0 * half))
        return ConfidenceSet(name, ((end, math.inf) if half > 0.0 else (-math.inf, end),), level, "Fieller")
    # The estimate is always accepted, so a parabola that opens downwards and has no root is negative everywhere.
    if gap < 0.0 or (square <= 0.0 and gap == 0.0):
        return ConfidenceSet(name, ((-math.inf, math.inf),), level, "Fieller")
    root = math.sqrt(gap)
    # The larger root comes from addition and the other from their product, so that no digits cancel.
    far = half + math.copysign(root, half)
    ends = sorted(float(unit * end) for end in ((far / square, rest / far) if far != 0.0 else (0.0, 0.0)))
    if square > 0.0:
        return ConfidenceSet(name, ((ends[0], ends[1]),), level, "Fieller")
    return ConfidenceSet(name, ((-math.inf, ends[0]), (ends[1], math.inf)), level, "Fieller")
