"""Linear restrictions and combinations of coefficients: how they are written."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping, Sequence

import numpy as np

from panelvar.core.base.arguments import read_number, refuse_other
from panelvar.core.base.arrays import Array
from panelvar.core.base.chosen_names import fitting_names, in_a_text, split_outside, written_otherwise
from panelvar.core.base.elsewhere import answer
from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.expressions import number, source, spine, syntax_tree
from panelvar.core.base.labels import listed, places_of
from panelvar.core.base.quoting import shown
from panelvar.core.base.scaling import equilibrated
from panelvar.data.formulas.design import CONSTANT

_OF_STATA = re.compile(r"(?<![\w.`])(?:\[([^\[\]]*)\])?_(?:b|coef)\[")
"""Where a coefficient in Stata's notation begins: ``_b[x]``, or ``[y]_b[x]`` and ``_b[y:x]`` of an equation."""

_NUMERAL = re.compile(r"[\d.]+(?:[eE][+-]?\d+)?[jJ]?")
_BESIDE = re.compile(r"(?<=[\w)])\s+(?=[\w(])")
"""Between two names or brackets that nothing joins."""
_IN_BRACKETS = re.compile(r"\(([^()]*=[^()]*)\)")


def restriction_matrix(
    restrictions: str | Sequence[str] | Array | Mapping[str, float],
    values: Array | Sequence[float] | float | None,
    names: tuple[str, ...],
) -> tuple[Array, Array, str]:
    """Turn any way of writing restrictions into R, q and words.

    Raises
    ------
    SpecificationError
        If a name is not a coefficient, an expression is not linear, a matrix has the wrong shape, or restrictions are
        redundant.
    """
    if isinstance(restrictions, (Sequence, Mapping)) and not restrictions:
        raise SpecificationError("No restriction is given. Write 'x1 = x2', or several in a list.")
    if isinstance(restrictions, Mapping):
        restrictions = {name: read_number(f"restriction[{name!r}]", value) for name, value in restrictions.items()}
        written = [f"{name} = {value:g}" for name, value in restrictions.items()]
        rows = [(_unit(name, names), float(value)) for name, value in restrictions.items()]
    elif isinstance(restrictions, str) or _are_texts(restrictions):
        written, rows = [], []
        for line in [restrictions] if isinstance(restrictions, str) else restrictions:
            text, aliases = _aliased(line, names)
            for piece in split_outside(text, ","):
                spelled = _restored(piece, aliases).strip()
                several = _several(piece, spelled, names)
                if several:
                    rows += [(_unit(name, names), 0.0) for name in several]
                    written.append(f"all {len(several)} of {spelled} = 0" if several[1:] else f"{several[0]} = 0")
                    continue
                sides = _sides(piece, spelled)
                rows += _equations(sides, aliases, names, spelled)
                written.append(spelled if len(sides) > 1 else f"{spelled} = 0")
    else:
        labels = getattr(restrictions, "columns", getattr(restrictions, "index", None))
        try:
            matrix = np.atleast_2d(np.asarray(restrictions, dtype=np.float64))
        except (TypeError, ValueError, OverflowError):
            matrix = np.empty((0, 0))
        if restrictions is None or not matrix.size:
            refuse_other("A test of restrictions", restrictions, str, "'x1 = x2', a mapping of names, or a matrix")
        if hasattr(restrictions, "iloc"):
            matrix = matrix[:, places_of("The restriction matrix has columns", labels, names)]
        if not np.isfinite(matrix).all():
            raise SpecificationError("The restriction matrix must be finite.")
        if matrix.ndim != 2 or matrix.shape[1] != len(names):
            raise SpecificationError(
                f"The restriction matrix has {matrix.shape[1]} columns, but the model has {len(names)} coefficients: "
                f"{listed(names, 20)}."
            )
        try:
            target = np.broadcast_to(np.asarray(0.0 if values is None else values, float), len(matrix))
        except (TypeError, ValueError, OverflowError):
            raise SpecificationError(
                f"values must be one number, or one for each of the {len(matrix)} restrictions."
            ) from None
        if not np.isfinite(target).all():
            raise SpecificationError("values must be finite numbers.")
        _independent(matrix)
        return matrix, np.asarray(target, dtype=np.float64), "R b = q"
    if values is not None:
        raise SpecificationError("values= belongs to a restriction matrix. In a named restriction, write 'x1 = 2'.")
    matrix = np.array([row for row, _ in rows])
    _independent(matrix)
    return matrix, np.array([value for _, value in rows]), ", ".join(written)


def named_tree(text: str, names: tuple[str, ...]) -> tuple[list[ast.expr], dict[str, str]]:
    """Return the trees of an expression in coefficients, of both sides of an equation, and what names mean in them."""
    aliased, aliases = _aliased(text, names)
    trees = []
    for side in _sides(aliased, text):
        tree = syntax_tree(side.strip(), text)
        if tree is None:
            raise SpecificationError(f"{text!r} is not an expression in coefficient names and numbers.")
        trees.append(tree)
    if len(trees) > 2:
        raise SpecificationError(f"{text!r} has more than one '='.")
    return trees, aliases


def coefficient_at(name: str, aliases: Mapping[str, str], names: tuple[str, ...]) -> int:
    """Return the position of the coefficient that an identifier of a tree stands for."""
    return int(_unit(aliases.get(name, name).strip("`"), names).argmax())


def _aliased(text: str, names: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """Replace coefficient names, which may hold any characters, by identifiers; and say what each stands for."""
    text = _without_stata(text, names)
    aliases: dict[str, str] = {}
    # Longest first, so that a name inside another is not replaced alone; what has been replaced is not searched again.
    for i, name in enumerate(sorted(names, key=len, reverse=True)):
        quoted, bare = f"__quoted_{i}__", f"__coefficient_{i}__"
        aliases[quoted], aliases[bare] = f"`{name}`", name
        text = text.replace(f"`{name}`", quoted)
        if _NUMERAL.fullmatch(name) or not re.search(r"\w", name):
            # Without backticks such a name reads as a number or an operator.
            continue
        if name.isidentifier():
            text = re.sub(rf"(?<![\w.]){re.escape(name)}(?![\w(.])", bare, text)
        elif loosely := in_a_text(name, text):
            text = loosely.sub(bare, text)
    return text, aliases


def _are_texts(restrictions: object) -> bool:
    """Say whether several restrictions are all written as texts; refuse a list in which only some are."""
    if not isinstance(restrictions, Sequence):
        return False
    others = [each for each in restrictions if not isinstance(each, str)]
    if others and len(others) < len(restrictions):
        raise SpecificationError(
            f"{shown(others[0])} is not a restriction. In a list, write each as a text, such as 'x1 = x2'."
        )
    return not others


def _sides(text: str, written: str) -> list[str]:
    """Split an equation, or a chain of them, at its equals signs; ``==`` means ``=``."""
    if any(len(split_outside(text, mark)) > 1 for mark in "<>!"):
        raise SpecificationError(f"{written!r} is not an equation. Write a restriction as 'x1 = x2'.")
    pieces = split_outside(text, "=")
    sides = [piece for at, piece in enumerate(pieces) if piece or at in (0, len(pieces) - 1)]
    if len(sides) > 1 and not all(side.strip() for side in sides):
        raise SpecificationError(f"{written!r} has nothing on one side of its '='.")
    return sides


def _without_stata(text: str, names: tuple[str, ...]) -> str:
    """Replace Stata's ``_b[x]`` by the coefficient it means, and ``_b[_cons]`` by the constant."""
    while (found := _OF_STATA.search(text)) is not None:
        depth, end = 1, found.end()
        while end < len(text) and depth:
            depth += {"[": 1, "]": -1}.get(text[end], 0)
            end += 1
        if depth:
            raise SpecificationError(f"{text!r} has a bracket that is not closed.")
        inside = text[found.end() : end - 1].strip().strip("`")
        # In Stata a colon separates an equation from its regressor; here it separates factors of a product.
        tried = [inside, re.sub(r"^([^:]*):", r"[\1]", inside)] if found[1] is None else [f"[{found[1]}]{inside}"]
        tried = [re.sub(r"(^|\])_cons$", rf"\1{CONSTANT}", name) for name in tried]
        meant = next((name for each in tried if (name := written_otherwise(each, names)) is not None), None)
        if meant is None:
            raise _no_coefficient(tried[0], names)
        text = f"{text[: found.start()]}`{meant}`{text[end:]}"
    return text


def _several(piece: str, spelled: str, names: tuple[str, ...]) -> list[str]:
    """Return the coefficients that a term or a pattern stands for; an expression stands for none."""
    if len(_sides(piece, spelled)) > 1 or re.fullmatch(r"__(quoted|coefficient)_\d+__", piece.strip()):
        return []
    pattern = "*" in spelled or "?" in spelled
    if pattern and syntax_tree(spelled, spelled) is not None:
        return []
    return fitting_names(spelled, names)


def _restored(text: str, aliases: Mapping[str, str]) -> str:
    """Put coefficient names back."""
    return re.sub(r"__(quoted|coefficient)_\d+__", lambda found: aliases.get(found[0], found[0]), text)


def _parsed(text: str, aliases: Mapping[str, str], names: tuple[str, ...], written: str) -> tuple[Array, float]:
    tree = syntax_tree(text, written)
    if tree is None:
        advice = ""
        if _BESIDE.search(text):
            apart = _restored(_IN_BRACKETS.sub(r"\1", _BESIDE.sub(", ", text)), aliases)
            advice = f" Separate several restrictions by commas: {apart!r}."
        raise SpecificationError(
            f"{written!r} is not an expression in numbers and the names of coefficients, which are: "
            f"{listed(names, 20)}.{advice}"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        weights, constant = _linear(tree, aliases, names, written)
    if not (np.isfinite(weights).all() and math.isfinite(constant)):
        raise SpecificationError(f"A number in {written!r} is too large.")
    return weights, constant


def combination(expression: str, names: tuple[str, ...]) -> tuple[Array, float]:
    """Return coefficients and constant of a linear expression that involves a coefficient.

    Names that are not Python identifiers, such as ``L(gdp, 1)``, are recognised as written or in backticks.
    """
    text, aliases = _aliased(expression, names)
    if len(split_outside(text, "=")) > 1:
        raise SpecificationError(
            f"{expression!r} is an equation, which wald_test tests. A combination has no '=', such as 'x1 - x2'."
        )
    weights, constant = _parsed(text, aliases, names, expression)
    if not weights.any():
        raise SpecificationError(f"{expression!r} involves no coefficient, so there is nothing to estimate.")
    return weights, constant


def _linear(node: ast.expr, aliases: Mapping[str, str], names: tuple[str, ...], text: str) -> tuple[Array, float]:
    first, chain = spine(node)
    value = _single(first, aliases, names, text)
    for step in chain:
        found = combined_forms(step.op, value, _linear(step.right, aliases, names, text))
        if found is None:
            raise _not_linear(text, names)
        value = found
    return value


def _single(node: ast.expr, aliases: Mapping[str, str], names: tuple[str, ...], text: str) -> tuple[Array, float]:
    """Return the weights and the constant of a number, a coefficient, or either with a sign."""
    value = number(node)
    if value is not None:
        return np.zeros(len(names)), value
    if isinstance(node, ast.Name):
        return _unit(aliases.get(node.id, node.id).strip("`"), names), 0.0
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        sign = -1.0 if isinstance(node.op, ast.USub) else 1.0
        weights, constant = _linear(node.operand, aliases, names, text)
        return sign * weights, sign * constant
    if isinstance(node, (ast.Call, ast.Subscript, ast.Attribute)):
        # The name of a coefficient may look like a function call, a level in brackets, or a lag in a system.
        _unit(_restored(source(node), aliases), names)
    raise _not_linear(text, names)


def combined_forms(
    operator: ast.operator, before: tuple[Array, float], after: tuple[Array, float]
) -> tuple[Array, float] | None:
    """Return the weights and the constant of a sum, difference, product or quotient; None where it is not linear."""
    (left, left_constant), (right, right_constant) = before, after
    if isinstance(operator, ast.Add):
        return left + right, left_constant + right_constant
    if isinstance(operator, ast.Sub):
        return left - right, left_constant - right_constant
    if isinstance(operator, ast.Mult) and (not left.any() or not right.any()):
        return left * right_constant + right * left_constant, left_constant * right_constant
    if isinstance(operator, ast.Div) and not right.any() and right_constant != 0.0:
        return left / right_constant, left_constant / right_constant
    return None


def _not_linear(text: str, names: tuple[str, ...]) -> SpecificationError:
    return SpecificationError(f"{text!r} is not linear in the coefficients, which are: {listed(names, 20)}.")


def _equations(
    sides: Sequence[str], aliases: Mapping[str, str], names: tuple[str, ...], written: str
) -> list[tuple[Array, float]]:
    """Return the weights and values of the restrictions that make all sides equal, or a single side zero."""
    (first, constant), *others = (_parsed(side, aliases, names, _restored(side, aliases).strip()) for side in sides)
    rows = [(first - weights, added - constant) for weights, added in others or [(0.0 * first, 0.0)]]
    if not all(weights.any() for weights, _ in rows):
        raise SpecificationError(f"The restriction {written!r} involves no coefficient.")
    return rows


def _unit(name: str, names: tuple[str, ...]) -> Array:
    refuse_other("A test of restrictions", name, str, "names of coefficients")
    meant = written_otherwise(name, names)
    if meant is None:
        raise _no_coefficient(name, names)
    unit = np.zeros(len(names))
    unit[names.index(meant)] = 1.0
    return unit


def _no_coefficient(name: str, names: tuple[str, ...]) -> SpecificationError:
    text = f"{name!r} is not a coefficient of the model, which has: {listed(names, 20)}."
    if meant := answer("option", name.lower(), names.__contains__, "coefficient"):
        text += f" Did you mean {meant!r}?"
    elif in_equations := [each for each in names if each.startswith("[") and each.partition("]")[2] == name]:
        text += f" Each equation has a coefficient of that name: {listed(in_equations, 5)}."
    return SpecificationError(text)


def _independent(matrix: Array) -> None:
    entries = matrix != 0.0
    if len(entries) == 1 and entries.any():
        return
    if (entries.sum(axis=1) == 1).all() and (entries.sum(axis=0) <= 1).all():
        # Each restriction is of one coefficient of its own.
        return
    # Neither the units of the coefficients nor a factor of a restriction may decide what is redundant.
    if np.linalg.matrix_rank(equilibrated(matrix)) < len(matrix):
        raise SpecificationError("The restrictions are redundant or contradict each other.")
