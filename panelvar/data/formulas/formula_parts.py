"""Parts of a formula as it is typed: effects and instruments after bars, several lags in a call, functions of columns.

What stands here is notation alone, and what it may not ask for. Columns are computed from what is left, ``y ~ x``, by
`panelvar.data.formulas.formula`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from panelvar.core.base.errors import DataError, SpecificationError
from panelvar.core.base.expressions import quoted_tree
from panelvar.core.base.lag_ranges import each_lag
from panelvar.core.base.limits import MOST_TERMS
from panelvar.core.base.quoting import in_backticks, shown

_NUMPY = re.compile(r"(?<![\w.])(?:np|numpy)\.(?=(?:log|log2|log10|log1p|exp|sqrt|abs)\s*\()")
_SHIFT = re.compile(r"(?<![\w.])[LFD]\(")
_PIECE = re.compile(r"""`[^`]*`|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_PIECES = re.compile(f"({_PIECE.pattern})", re.DOTALL)
_OPENING, _CLOSING = "([{", ")]}"


_CROSSING = (":", "*", "/", "in", "**", "^")
_COUNTLESS = 10**18
_OPERATOR = re.compile(r"%[^%]*%")
_WORD = re.compile(r"[\w.]+")


_IN_BACKTICKS = "in backticks"


@contextmanager
def advising_backticks(formula: str, names: Iterable[Hashable]) -> Iterator[None]:
    """Say, where a formula cannot be read, which columns in it must be written in backticks.

    Parameters
    ----------
    formula : str
    names : iterable
        Of the columns that may be meant, those of the entity and time among them.
    """
    try:
        yield
    except (SpecificationError, DataError) as error:
        bare = () if _IN_BACKTICKS in str(error) else _bare_names(formula, names)
        if not bare:
            raise
        said = str(error) if str(error).endswith(".") else f"{error}."
        columns = f"{' and '.join(map(repr, bare))} {'is a column' if len(bare) == 1 else 'are columns'} of the data"
        raise type(error)(
            f"{said} {columns}. Write the name {_IN_BACKTICKS}: {', '.join(map(in_backticks, bare))}."
        ) from None


def _bare_names(formula: str, names: Iterable[Hashable]) -> tuple[str, ...]:
    """Names of columns that stand in a formula without the backticks which they need."""
    text = "`".join(piece for piece, quoted in _pieces(formula) if not quoted)
    found: dict[str, int] = {}
    # A name may hold another one: the longer is meant.
    for name in sorted((name for name in names if isinstance(name, str) and _needs_backticks(name)), key=len)[::-1]:
        start = r"(?<![\w.])" if re.match(r"\w", name) else ""
        end = r"(?!\w)" if re.search(r"\w$", name) else ""
        match = re.search(f"{start}{re.escape(name)}{end}", text)
        if match is not None:
            found[name] = match.start()
            text = text.replace(name, "`" * len(name))
    return tuple(sorted(found, key=lambda name: found[name]))


def _needs_backticks(name: str) -> bool:
    """Whether the grammar takes a name for something else: it holds blanks or signs."""
    return re.fullmatch(r"[\w.]*", name.strip()) is None and "`" not in name


class FormulaParts(NamedTuple):
    """A formula at its bars.

    Attributes
    ----------
    model : str
        ``"y ~ x"``.
    effects : str or None
        ``"firm + year"``.
    instruments : tuple of two str, or None
        Endogenous regressors and instruments, left and right of the tilde of ``| p ~ z``.
    """

    model: str
    effects: str | None = None
    instruments: tuple[str, str] | None = None


def split_formula(formula: str) -> FormulaParts:
    """Split ``y ~ x | firm + year | p ~ z`` at its bars; either part may be absent.

    Raises
    ------
    SpecificationError
        If the parts are in another order, or there are more of them.
    """
    model, *others = _split(formula, "|")
    effects = instruments = None
    for text in others:
        pieces = _split(text, "~")
        if len(pieces) == 1 and effects is None and instruments is None:
            effects = text.strip()
        elif len(pieces) == 2 and instruments is None and all(piece.strip() for piece in pieces):
            instruments = pieces[0].strip(), pieces[1].strip()
        else:
            raise SpecificationError(
                f"{formula!r} cannot be read. Put the effects after the first bar, and the endogenous regressors "
                "with their instruments after the last: 'y ~ x | firm + year | p ~ z'."
            )
    return FormulaParts(model.strip(), effects, instruments)


def with_effects(
    y: str, x: object, effects: str | Sequence[str] | None, *, instrumented: bool = False
) -> tuple[str, str | Sequence[str]]:
    """Take the effects out of a formula: return it without them, and them, or those given beside it, or the entity's.

    Parameters
    ----------
    y, x
        As the caller gave them: a formula is y alone.
    effects : str, sequence of str, or None
    instrumented : bool
        Whether the function reads instruments: these are then left in the formula, and so is a part after a bar that
        names all exogenous variables, ``y ~ x + p | x + z``.

    Raises
    ------
    SpecificationError
        If effects are named in both places, or there are none after a bar.
    """
    if isinstance(y, str) and "|" in y and x is None:
        parts = split_formula(y)
        exogenous = instrumented and parts.instruments is None and not has_bracket(parts.model)
        if parts.effects is not None and not exogenous:
            if effects is not None:
                raise SpecificationError(
                    f"The formula has effects after its bar ({parts.effects}), and effects={shown(effects)} names "
                    "them too. Give them once."
                )
            effects = tuple(_effect(piece, y) for piece in _split(parts.effects, "+"))
            y = parts.model if parts.instruments is None else f"{parts.model} | {' ~ '.join(parts.instruments)}"
        if parts.instruments is not None and not instrumented:
            raise SpecificationError(
                f"{' ~ '.join(parts.instruments)!r} are instruments. fit_iv_fixed_effects takes them, together with "
                "effects."
            )
    return y, "entity" if effects is None else effects


def has_bracket(model: str) -> bool:
    """Whether endogenous regressors stand in brackets, ``y ~ x + [p ~ z]``."""
    return any(character == "~" and brackets == "[" for _, character, brackets in characters(model))


def plain(formula: str) -> str:
    """Return a formula in which each call has one lag and functions have no ``np.`` before them.

    ``L(x, 1:3)`` becomes ``(L(x) + L(x, 2) + L(x, 3))``, so that products go through them.
    """
    return _lagged("".join(_NUMPY.sub("", piece) if not quoted else piece for piece, quoted in _pieces(formula)))


def masked(formula: str) -> tuple[str, dict[str, str]]:
    """Put a name in the place of each call and each expression in braces; return also what the names stand for.

    The grammar of formulas is formulaic's, whose parser evaluates the arguments of functions that it knows: it is shown
    names and operators alone.

    Raises
    ------
    SpecificationError
        If an expression cannot be read.
    """
    name = "expression"
    while name in formula:
        name += "_"
    names: dict[str, str] = {}
    out, at = [], 0
    while at < len(formula):
        kept = _PIECE.match(formula, at) or _OPERATOR.match(formula, at)
        word = None if kept else _WORD.match(formula, at)
        end = kept.end() if kept else word.end() if word else at + 1
        if formula[at] == "{":
            end = closed(formula, at)
            text = written(formula[at + 1 : end - 1], formula)
        elif word and not re.fullmatch(r"[\d.]+", word[0]) and formula[end : end + 1] in ("(", "["):
            end = closed(formula, end)
            text = written(formula[at:end], formula)
        else:
            text = ""
        # It has blanks about it, so that it is not part of another name.
        out.append(f" {names.setdefault(text, f'{name}{len(names)}_')} " if text else formula[at:end])
        at = end
    return "".join(out), {placeholder: text for text, placeholder in names.items()}


def closed(formula: str, at: int) -> int:
    """Return where the brackets that open at a place, and those that follow them at once, have been closed."""
    depth = 0
    while at < len(formula):
        quoted = _PIECE.match(formula, at)
        if quoted:
            at = quoted.end()
            continue
        depth += (formula[at] in _OPENING) - (formula[at] in _CLOSING)
        at += 1
        if depth == 0 and formula[at : at + 1] not in ("(", "["):
            return at
    raise SpecificationError(f"The formula {formula[:200]!r} cannot be read: a bracket is not closed.")


def written(text: str, formula: str) -> str:
    """Return an expression as Python would write it, names in backticks kept.

    Raises
    ------
    SpecificationError
        If the text is not an expression.
    """
    tree, names = quoted_tree(text)
    if tree is None:
        advice = " Several lags are written L(x, 1:3)." if re.search(r"\w\(.*\d\s*:\s*\d", text) else ""
        if re.match(r"as\.\w+\(", text):
            advice = " Categories are written C(x)."
        raise SpecificationError(
            f"The formula {formula[:200]!r} cannot be read: {text!r} is not an expression.{advice}"
        )
    try:
        whole = ast.unparse(tree)
    except RecursionError:  # a sum of hundreds of terms
        return text
    return unmasked(whole, {identifier: f"`{name}`" for identifier, name in names.items()})


def unmasked(text: str, names: Mapping[str, str]) -> str:
    """Put what they stand for in the place of names in a text."""
    return re.sub(r"\w+", lambda match: names.get(match[0], match[0]), text) if names else text


def characters(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield places and characters of a text with the brackets open there, those within quotes or backticks left out.

    A bracket that follows a name is a call's, and is yielded as ``c``.
    """
    brackets: list[str] = []
    place = 0
    for piece, quoted in _pieces(text):
        for offset, character in enumerate("" if quoted else piece):
            at = place + offset
            if character in _CLOSING and brackets:
                brackets.pop()
            yield at, character, "".join(brackets)
            if character in _OPENING:
                called = character == "(" and re.match(r"[\w.`\])]", text[at - 1 : at]) is not None
                brackets.append("c" if called else character)
        place += len(piece)


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of a text, and whether each is quoted."""
    for number, piece in enumerate(_PIECES.split(text)):
        yield piece, number % 2 == 1


def _split(text: str, mark: str) -> list[str]:
    """Split a text where a mark stands outside of all brackets."""
    places = [at for at, character, brackets in characters(text) if character == mark and not brackets]
    return [text[start + 1 : end] for start, end in zip([-1, *places], [*places, len(text)], strict=True)]


def _effect(text: str, formula: str) -> str:
    name = text.strip().replace("`", "")
    if name in ("", "0", "1"):
        raise SpecificationError(
            f"{formula!r} names no effects after the bar. Write 'y ~ x | firm + year', or 'y ~ x' in fit_pooled."
        )
    wrong = {character for _, character, brackets in characters(text) if not brackets} & set("(*:,/-=")
    if wrong:
        called = "=" in wrong or re.search(r"[\w.]\(", text)
        quoted = "" if called else f" If it is the name of a column, write it {_IN_BACKTICKS}: `{name}`."
        raise SpecificationError(
            f"{name!r} is no effect.{quoted} Effects are names of columns with '+' between them; 'firm^year' has a "
            "level for each pair, and 'firm[t]' has a level and a slope for each firm. You choose the standard errors "
            "with cov=."
        )
    return name


def _lagged(text: str, called: bool = False) -> str:
    """Write out the calls of several lags, which stand as terms or factors, not within other calls."""
    if not _SHIFT.search(text):
        return text
    out, last = [], 0
    for at, character, brackets in characters(text):
        if at < last or character != "(" or not re.search(r"(?<![\w.])[LFD]$", text[max(at - 2, 0) : at]):
            continue
        end = closed(text, at)
        call = text[at - 1 : end]
        lags = each_lag(call)
        if lags is None:
            continue
        if called or "c" in brackets or "{" in brackets:
            raise SpecificationError(
                f"{call!r} makes several columns. It stands alone or in a product, and not inside a call."
            )
        for lag in lags:
            _lagged(lag[2:-1] if lag.endswith(")") else "", called=True)
        out += [text[last : at - 1], f"({' + '.join(lags)})"]
        last = end
    return "".join([*out, text[last:]])


def refuse_costly(tree: Any, formula: str) -> None:
    """Count, before anything is crossed or compared, how many terms an operator goes through; refuse too many."""
    order, nodes = [], [tree]
    while nodes:
        node = nodes.pop()
        order.append(node)
        nodes += getattr(node, "args", ())
    counts: dict[int, int] = {}
    # Parents come before what they join, which is counted first.
    for node in reversed(order):
        each = [counts[id(part)] for part in getattr(node, "args", ())] or [1]
        operator = str(getattr(node, "operator", ""))
        count = sum(each)
        if operator in (":", "*") and len(each) == 2:
            count = each[0] * each[1] + (count if operator == "*" else 0)
        elif operator in ("**", "^"):
            count = _power(each[0], str(node.args[1]))
        counts[id(node)] = count = min(count, _COUNTLESS)
        if operator in _CROSSING and count > MOST_TERMS:
            number = str(count) if count < _COUNTLESS else f"more than {_COUNTLESS:.0e}"
            raise SpecificationError(
                f"'{operator}' in {formula!r} would make {number} products of variables; the limit is "
                f"{MOST_TERMS}. Write out the terms you mean; I(x**2) is the power of a number."
            )
        if count > MOST_TERMS:
            raise SpecificationError(
                f"The formula has more than {MOST_TERMS} terms, and the time to read one grows with their square. Give "
                "y and x as names of columns instead, or a categorical column as C(column) for its indicators."
            )


def _power(terms: int, exponent: str) -> int:
    """Products that a power of some terms goes through."""
    if not exponent.isdecimal():
        return 1  # refused by the grammar
    power = int(exponent[:18])
    products: int = terms ** min(power, 64)
    return max(power, products)


def refuse_slips(tree: Any, formula: str, masks: Mapping[str, str]) -> None:
    """Refuse what the grammar lets pass without effect: a power of one variable, the removal of a term never added."""
    nodes = [tree]
    while nodes:
        node = nodes.pop()
        if not hasattr(node, "operator"):
            continue
        nodes += node.args
        operator = str(node.operator)
        if operator not in ("**", "^", "-"):
            continue
        before, after = ({} if len(node.args) == 1 else _written(node.args[0], masks)), node.args[-1]
        if operator == "-":
            never = [
                name for term, name in _written(after, masks).items() if term not in before and name not in ("0", "1")
            ]
            if never:
                raise SpecificationError(
                    f"{never[0]} is taken out of {formula!r} but was never put in. A '-' removes a term; write "
                    f"I(-{never[0]}) for the negative of a variable."
                )
        elif len(before) == 1:
            (name,) = before.values()
            raise SpecificationError(
                f"{name}{operator}{after} in {formula!r} is the same as {name}, because '{operator}' crosses terms. "
                f"Write I({name}**{after}) for the power."
            )


def _written(node: Any, masks: Mapping[str, str]) -> dict[frozenset[str], str]:
    """Return the terms below a node of the grammar, and how they are written."""
    terms: dict[frozenset[str], str] = {}
    for term in node.to_terms():
        names = {str(factor.expr): factor.eval_method.value == "lookup" for factor in term.factors}
        plain = [
            masks.get(name, f"`{name}`" if column and not name.isidentifier() else name)
            for name, column in names.items()
        ]
        terms[frozenset(names)] = ":".join(plain)
    return terms
