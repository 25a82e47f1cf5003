"""Calls that leave out what a function needs, or give what has no place in it: what it takes, in its own words.

The words are the function's documentation: the type and the first sentence of a parameter, and as its example the first
code in its explanation that is written out.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Any

from panelvar.core.base.elsewhere import moved_arguments
from panelvar.core.base.quoting import shown

_CODE = re.compile(r"``(.+?)``")
_MARKED = re.compile(r"``(.+?)``|\*\*(.+?)\*\*|(?::\w+:)?`(.+?)`")
_SENTENCE = re.compile(r"(?:\([^()]*\)|.)*?(?=\.(?: |$))")
_LITERALS: dict[type, set[str]] = {
    str: {"str"},
    dict: {"mapping", "dict"},
    list: {"sequence", "list"},
    tuple: {"sequence", "tuple"},
}
"""Types that are written out in explanations, and the words for them in the types of parameters."""
_WRITTEN = {
    "ExternalInstrument": 'pv.ExternalInstrument(series, "y")',
    "ShortRun": 'pv.ShortRun(a={("x", "y"): 0})',
    "caused": '"y"',
    "causing": '"x"',
    "column": '"x"',
    "condition": 'panel["x"] > 0',
    "endogenous": '"x1"',
    "fit": "pv.fit_pooled",
    "float": "1.0",
    "int": "2",
    "label": '"x"',
    "of": '"y"',
    "path": '"table.tex"',
    "rank": "1",
    "str": '"x"',
    "variable": '"y"',
    "window": "60",
    "y": '"y"',
}
"""Examples of parameters, or else of their types, whose documentation has none."""


def misfit(function: Any, name: str, documentation: str | None, args: Sequence[Any], options: Mapping[str, Any]) -> str:
    """Say what does not fit in the call of a function whose keywords are all its own; nothing if all does.

    Parameters
    ----------
    function : function
    name : str
        What the caller calls it: of a constructor, the class.
    documentation : str or None
        Where its parameters are explained.
    args, options : sequence and mapping
        What it was called with.
    """
    code = function.__code__
    by_place = code.co_varnames[: code.co_argcount]
    by_name = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    placed = by_place[: len(args)]
    if twice := [each for each in placed if each in options]:
        given = shown(args[by_place.index(twice[0])])
        return f"{name}() was given {twice[0]} twice, as {given} and by name. It {_say_order(by_place)}."
    if len(args) > len(by_place) and not code.co_flags & inspect.CO_VARARGS:
        rest = f", and all else by name: {', '.join(f'{each}=' for each in by_name)}" if by_name else ""
        moved = moved_arguments(name, args) or f"Which one is {shown(args[len(by_place)])}?"
        return f"{name}() {_say_order(by_place)}{rest}. {moved}"
    needed = [*by_place[: len(by_place) - len(function.__defaults__ or ())]]
    needed += [each for each in by_name if each not in (function.__kwdefaults__ or {})]
    missing = [each for each in needed if each not in placed and each not in options]
    if not missing or missing[0] == "self":
        return ""
    explained = {each: _explanation(each, inspect.cleandoc(documentation or "")) for each in needed}
    alike = {explained[each]: [other for other in missing if explained[other] == explained[each]] for each in missing}
    what = "; and ".join(_description(" and ".join(names), *words) for words, names in alike.items())
    if needed[0] != "self" or function.__name__ == "__init__":
        owner = "pv"
    else:
        owner = "panel" if type(args[0]).__name__ == "Panel" else "result"
    example = _example([each for each in needed if each != "self"], by_name, explained)
    moved = moved_arguments(name, args)
    return f"{name}() needs {what}. For example: {owner}.{name}({example}).{moved and f' {moved}'}"


def _say_order(by_place: Sequence[str]) -> str:
    own = [each for each in by_place if each != "self"]
    return f"takes {', '.join(own) or 'nothing'} without {'its name' if len(own) < 2 else 'their names'}"


def _explanation(parameter: str, documentation: str) -> tuple[str, str]:
    """A parameter's type and explanation; empty where the documentation has none."""
    names = rf"(?:\*?\w+, )*{parameter}(?:, \w+)*"
    found = re.search(rf"^{names} : (.+)\n((?:(?: .*)?\n)*)", documentation + "\n", re.MULTILINE)
    return (found[1], " ".join(found[2].split())) if found else ("", "")


def _description(names: str, kind: str, explanation: str) -> str:
    plain = _MARKED.sub(lambda found: next(filter(None, found.groups())), explanation)
    sentence = _SENTENCE.match(plain)
    return f"{names}{kind and f' ({kind})'}{f': {sentence[0]}' if sentence and sentence[0] else ''}"


def _example(needed: Sequence[str], by_name: Sequence[str], explained: Mapping[str, tuple[str, str]]) -> str:
    """All that is needed, as it is written in a call: numbers, and what follows them, with their names."""
    values: list[str] = []
    named = False
    for each in needed:
        value = _value(each, *explained[each])
        named = named or each in by_name or value[0].isdigit()
        values.append(f"{each}={value}" if named else value)
    return ", ".join(values)


def _value(parameter: str, kind: str, explanation: str) -> str:
    """How a parameter may be written: as its explanation does, or else as one of its type; at last by its own name."""
    words = set(re.findall(r"\w+", kind))
    for code in _CODE.findall(explanation):
        try:
            literal = ast.literal_eval(code)
        except (ValueError, SyntaxError):
            continue
        if words & _LITERALS.get(type(literal), set[str]()):
            return str(code)
    if kind.startswith("{"):
        return kind[1:].partition(",")[0].rstrip("}")
    first = re.match(r"\w*", kind)
    return _WRITTEN.get(parameter) or _WRITTEN.get(first[0] if first else "", parameter)
