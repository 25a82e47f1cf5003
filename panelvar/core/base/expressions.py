"""Expressions that the caller writes: read as a tree that is short and shallow enough to walk, and never run."""

from __future__ import annotations

import ast
import math
import re
from functools import lru_cache

from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.limits import DEEPEST_EXPRESSION, LONGEST_EXPRESSION


@lru_cache(maxsize=256)
def syntax_tree(text: str, written: str) -> ast.expr | None:
    """Return the tree of an expression; None if the text is not an expression.

    A sum or product of many terms leans to the left and counts as one level: walk it down by `spine`.

    Parameters
    ----------
    text : str
        The expression as Python reads it.
    written : str
        As the caller wrote it, for messages.

    Raises
    ------
    SpecificationError
        If there are more than `LONGEST_EXPRESSION` characters, or `DEEPEST_EXPRESSION` levels.
    """
    if len(written) > LONGEST_EXPRESSION:
        raise SpecificationError(
            f"An expression of {len(written)} characters is too long to read ({written!r}); the limit is "
            f"{LONGEST_EXPRESSION} characters."
        )
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (RecursionError, MemoryError):
        raise _too_deep(written) from None
    except (SyntaxError, ValueError) as error:  # of a null character, a lone surrogate, too many digits
        if "nested parentheses" in str(error):
            raise _too_deep(written) from None
        return None
    nodes: list[tuple[ast.AST, int]] = [(tree, 1)]
    while nodes:
        node, level = nodes.pop()
        if level > DEEPEST_EXPRESSION:
            raise _too_deep(written)
        lean = node.left if isinstance(node, ast.BinOp) else None
        nodes += [(child, level + (child is not lean)) for child in ast.iter_child_nodes(node)]
    return tree


def quoted_tree(text: str) -> tuple[ast.expr | None, dict[str, str]]:
    """Return the tree of an expression with names in backticks, and the name that each identifier in it stands for.

    Python has no backticks: the names become identifiers.
    """
    names: dict[str, str] = {}

    def stand_in(quoted: re.Match[str]) -> str:
        identifier = f"quoted_name_{len(names)}_"
        names[identifier] = quoted[1]
        return identifier

    return syntax_tree(re.sub(r"`([^`]*)`", stand_in, text), text), names


def spine(node: ast.expr) -> tuple[ast.expr, list[ast.BinOp]]:
    """Return the first term of a chain of operations and the operations in their order."""
    chain = []
    while isinstance(node, ast.BinOp):
        chain.append(node)
        node = node.left
    return node, chain[::-1]


def number(node: ast.expr) -> float | None:
    """Return the value of a node that is a number, infinite where it is too large; None of any other."""
    value = node.value if isinstance(node, ast.Constant) else None
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def source(node: ast.AST) -> str:
    """Write a node as Python would."""
    try:
        return ast.unparse(node)
    except RecursionError:  # a sum of hundreds of terms
        return "a long expression"


def _too_deep(written: str) -> SpecificationError:
    return SpecificationError(
        f"{written!r} is too long or too deeply nested (brackets, signs, functions, terms of a sum); the limit is "
        f"{DEEPEST_EXPRESSION} levels."
    )
