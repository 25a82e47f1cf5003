"""Linear restrictions and combinations of coefficients: how they are written, tested and estimated."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from panelvar.base.arguments import read_number, refuse_other
from panelvar.base.arrays import Array
from panelvar.base.distributions import quantile, t_tail
from panelvar.base.errors import Note, SpecificationError
from panelvar.tables.test_result import TestResult, chi2_test, f_test

if TYPE_CHECKING:
    from panelvar.static_panels.inference import Inference


@dataclass(frozen=True)
class LinearCombination:
    """A linear combination of coefficients.

    Attributes
    ----------
    expression : str
    estimate, std_error, statistic, pvalue : float
    lower, upper : float
        Confidence limits.
    level : float
        Their coverage.
    df : float or None
        Degrees of freedom of the t distribution; None for the normal.
    """

    expression: str
    estimate: float
    std_error: float
    statistic: float
    pvalue: float
    lower: float
    upper: float
    level: float
    df: float | None

    def __str__(self) -> str:
        return (
            f"{self.expression} = {self.estimate:.6g} (s.e. {self.std_error:.6g}, "
            f"{'z' if self.df is None else 't'} = {self.statistic:.4g}, p = {self.pvalue:.4g}, "
            f"{100 * self.level:g}% [{self.lower:.6g}, {self.upper:.6g}])"
        )


def linear_combination(result: Inference, expression: str, level: float) -> LinearCombination:
    """Estimate ``expression`` with its standard error under the result's covariance."""
    weights, constant = parse_expression(expression, result.names)
    estimate = float(weights @ result.fit.coefficients) + constant
    error = float(np.sqrt(weights @ result.covariance.matrix @ weights))
    df = result.covariance.df_of(weights)
    ratio = estimate / error if error > 0.0 else float("nan")
    half = quantile(level, df) * error
    return LinearCombination(
        expression,
        estimate,
        error,
        ratio,
        t_tail(ratio, df),
        estimate - half,
        estimate + half,
        level,
        None if np.isinf(df) else float(df),
    )


def wald(result: Inference, matrix: Array, target: Array, name: str, null: str) -> TestResult:
    r"""Test :math:`R\beta = q` by :math:`(R b - q)'(R V R')^{-1}(R b - q)`, over its rank as F when V's df are finite.

    A rank-deficient :math:`RVR'` (fewer clusters than restrictions, say) is inverted on its range and its rank is
    the numerator's degrees of freedom, with a note. An indefinite one (a multi-way matrix that the convention leaves
    unrepaired) is inverted as it is, as the programs that leave it do, with a note.
    """
    gap = matrix @ result.fit.coefficients - target
    variance = matrix @ result.covariance.matrix @ matrix.T
    scale = np.sqrt(np.abs(np.diagonal(variance)))
    safe = np.where(scale > 0.0, scale, 1.0)
    values, vectors = np.linalg.eigh(variance / np.outer(safe, safe))
    used = np.abs(values) > 1e-12 * float(np.abs(values).max(initial=0.0))
    projected = vectors.T @ (gap / safe)
    rank = int(used.sum())
    notes: tuple[Note, ...] = ()
    if (values[used] < 0.0).any():
        notes = (
            Note(
                "indefinite-test",
                "The covariance of the restrictions is not positive definite: the statistic has no valid p-value.",
            ),
        )
    if rank < len(gap):
        notes = (
            Note(
                "rank-deficient-test",
                f"The covariance of the {len(gap)} restrictions has rank {rank} (too few clusters, or a repaired "
                f"multi-way matrix): only {rank} of them can be tested.",
            ),
            *notes,
        )
    if rank == 0:
        return chi2_test(name, float("nan"), 0.0, null, notes)
    if result.fit.rss == 0.0:
        statistic = float("inf")
    else:
        statistic = float(np.sum(projected[used] ** 2 / values[used]))
    if result.covariance.degrees is not None:
        contrasts = (matrix.T / safe) @ vectors[:, used]
        return _hotelling(statistic, rank, result.covariance.degrees(contrasts), name, null, notes)
    df = result.covariance.df
    if np.isinf(df):
        return chi2_test(name, statistic, rank, null, notes)
    return f_test(name, statistic / rank, rank, df, null, notes)


def _hotelling(statistic: float, rank: int, eta: float, name: str, null: str, notes: tuple[Note, ...]) -> TestResult:
    r"""HTZ: :math:`\frac{\eta - r + 1}{\eta r} Q \sim F(r, \eta - r + 1)` (Pustejovsky and Tipton 2018, section 3)."""
    denominator = eta - rank + 1.0
    if not denominator > 0.0:
        text = (
            f"HTZ's eta is {eta:.4g}, too small for {rank} restrictions at once: there is no p-value. Test fewer "
            "restrictions, or use wild_bootstrap."
        )
        return TestResult(name, statistic / rank, float("nan"), "f", rank, None, null, (*notes, Note("no-df", text)))
    value = denominator / (eta * rank) * statistic
    return f_test(name, value, rank, denominator, null, notes)


def restriction_matrix(
    restrictions: str | Sequence[str] | Array | Mapping[str, float],
    values: Array | Sequence[float] | float | None,
    names: tuple[str, ...],
) -> tuple[Array, Array, str]:
    """Turn any way of writing restrictions into R, q and words.

    Raises
    ------
    SpecificationError
        A name that is not a coefficient, an expression that is not linear, a matrix of the wrong shape, or redundant
        restrictions.
    """
    if isinstance(restrictions, Mapping) and restrictions:
        restrictions = {name: read_number(f"restriction[{name!r}]", value) for name, value in restrictions.items()}
        written = [f"{name} = {value:g}" for name, value in restrictions.items()]
        rows = [(_unit(name, names), float(value)) for name, value in restrictions.items()]
    elif isinstance(restrictions, str) or (
        isinstance(restrictions, Sequence) and restrictions and all(isinstance(r, str) for r in restrictions)
    ):
        listed = [restrictions] if isinstance(restrictions, str) else [str(r) for r in restrictions]
        written = [piece.strip() for line in listed for piece in _split(line, names)]
        rows = [_equation(piece, names) for piece in written]
        written = [piece if "=" in piece else f"{piece} = 0" for piece in written]
    else:
        try:
            matrix = np.atleast_2d(np.asarray(restrictions, dtype=np.float64))
        except (TypeError, ValueError):
            refuse_other("A test of restrictions", restrictions, str, "'x1 = x2', a mapping of names, or a matrix")
            raise
        if not np.isfinite(matrix).all():
            raise SpecificationError("The restriction matrix must be finite.")
        if matrix.ndim != 2 or matrix.shape[1] != len(names):
            raise SpecificationError(
                f"The restriction matrix has {matrix.shape[1]} columns; the model has {len(names)} coefficients: "
                f"{', '.join(names)}."
            )
        try:
            target = (
                np.zeros(len(matrix)) if values is None else np.broadcast_to(np.asarray(values, float), len(matrix))
            )
        except (TypeError, ValueError):
            raise SpecificationError(
                f"values must be one number, or one for each of the {len(matrix)} restrictions."
            ) from None
        _independent(matrix)
        return matrix, np.asarray(target, dtype=np.float64), "R b = q"
    if values is not None:
        raise SpecificationError("values belongs to a restriction matrix; write 'x1 = 2' in a named restriction.")
    matrix = np.array([row for row, _ in rows])
    _independent(matrix)
    return matrix, np.array([value for _, value in rows]), ", ".join(written)


def parse_expression(expression: str, names: tuple[str, ...]) -> tuple[Array, float]:
    """Return coefficients and constant of a linear expression in coefficient names.

    Names that are not Python identifiers, such as ``L(gdp, 1)``, are recognised as written or in backticks.
    """
    if expression.strip() in names:
        return _unit(expression.strip(), names), 0.0
    text = expression
    aliases: dict[str, str] = {}
    # Longest first, so that a name inside another is not taken for it; what has been replaced is not searched again.
    for i, name in enumerate(sorted(names, key=len, reverse=True)):
        alias = f"__coefficient_{i}__"
        aliases[alias] = name
        text = text.replace(f"`{name}`", alias)
        if not name.isidentifier():
            text = text.replace(name, alias)
        else:
            text = re.sub(rf"(?<![\w.]){re.escape(name)}(?![\w(.])", alias, text)
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        raise SpecificationError(f"{expression!r} is not an expression in coefficient names and numbers.") from None
    return _linear(tree, aliases, names, expression)


def _linear(node: ast.expr, aliases: Mapping[str, str], names: tuple[str, ...], text: str) -> tuple[Array, float]:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return np.zeros(len(names)), float(node.value)
    if isinstance(node, ast.Name):
        return _unit(aliases.get(node.id, node.id), names), 0.0
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        sign = -1.0 if isinstance(node.op, ast.USub) else 1.0
        weights, constant = _linear(node.operand, aliases, names, text)
        return sign * weights, sign * constant
    if isinstance(node, ast.BinOp):
        left, left_constant = _linear(node.left, aliases, names, text)
        right, right_constant = _linear(node.right, aliases, names, text)
        if isinstance(node.op, ast.Add):
            return left + right, left_constant + right_constant
        if isinstance(node.op, ast.Sub):
            return left - right, left_constant - right_constant
        if isinstance(node.op, ast.Mult) and (not left.any() or not right.any()):
            return left * right_constant + right * left_constant, left_constant * right_constant
        if isinstance(node.op, ast.Div) and not right.any() and right_constant != 0.0:
            return left / right_constant, left_constant / right_constant
    raise SpecificationError(f"{text!r} is not linear in the coefficients, which are: {', '.join(names)}.")


def _equation(piece: str, names: tuple[str, ...]) -> tuple[Array, float]:
    left, _, right = piece.partition("=")
    weights, constant = parse_expression(left, names)
    if right.strip():
        other, other_constant = parse_expression(right, names)
        weights, constant = weights - other, constant - other_constant
    if not weights.any():
        raise SpecificationError(f"The restriction {piece!r} involves no coefficient.")
    return weights, -constant


def _split(line: str, names: tuple[str, ...]) -> list[str]:
    """Split at commas outside brackets, leaving names such as ``L(gdp, 1)`` whole."""
    if line.strip() in names:
        return [line]
    return re.split(r",(?![^(\[]*[)\]])", line)


def _unit(name: str, names: tuple[str, ...]) -> Array:
    if name not in names:
        raise SpecificationError(f"{name!r} is not a coefficient of the model; it has: {', '.join(names)}.")
    unit = np.zeros(len(names))
    unit[names.index(name)] = 1.0
    return unit


def _independent(matrix: Array) -> None:
    if np.linalg.matrix_rank(matrix) < len(matrix):
        raise SpecificationError("The restrictions are redundant or contradict each other.")
