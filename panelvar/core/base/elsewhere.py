"""Other programs' names, and what the same is called here: for messages, and nothing else.

A row of ``elsewhere.csv`` is an answer: to a ``kind`` of question (function, attribute, argument, or the value of an
``option``), about a name ``elsewhere`` (values of options in lower case), what it is ``here``. An answer stands where
its place has what it ``needs``: a public name, an attribute, a parameter (or, with brackets, is that function), one of
the choices; several, joined by ``&``; ``*`` stands anywhere. That is what the answer begins with (of an option's value,
the whole of it) unless the row says otherwise. The first that stands is given. An answer that ends with a full stop is
a sentence of its own.

A row of ``renamed.csv`` is what the library itself changed: a ``kind`` of thing (function, argument, value, attribute,
position, default, private), ``where`` (a function, a class, or * for all), what was ``old``, what is ``new``, and
``why``. It answers first. Changed defaults stand there for the documentation alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache, lru_cache, partial
from typing import NamedTuple

from panelvar.core.base.nearest import nearest
from panelvar.core.base.quoting import shown


@cache
def answers() -> dict[tuple[str, str, str], list[tuple[str, str]]]:
    """Answers, each with what it needs, by kind, option and name; read when something is missed for the first time."""
    import csv
    from importlib.resources import files

    found: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    text = files("panelvar").joinpath("core", "base", "elsewhere.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        here = row["here"]
        needs = row["needs"] or (here if row["kind"] == "option" else re.split(r"\W", here, maxsplit=1)[0])
        found.setdefault((row["kind"], row["option"], row["elsewhere"]), []).append((here, needs))
    return found


class Renamed(NamedTuple):
    """What has another name, another place or another default than it had."""

    kind: str
    where: str
    old: str
    new: str
    why: str


@cache
def renames() -> tuple[Renamed, ...]:
    """Every rename, as ``renamed.csv`` has them."""
    import csv
    from importlib.resources import files

    text = files("panelvar").joinpath("core", "base", "renamed.csv").read_text(encoding="utf-8")
    return tuple(Renamed(**row) for row in csv.DictReader(text.splitlines()))


def _renamed(kind: str, name: str, has: Callable[[str], bool]) -> str | None:
    """Say what is called otherwise now; None if a place that ``has`` so much did not know the name."""
    for row in renames():
        if row.old != name:
            continue
        if row.kind == "private" and kind == "attribute" and has(row.new):
            return "It is internal now, and nothing public takes its place."
        if row.kind == "argument" == kind and has(f"{row.where.rpartition('.')[2]}()"):
            return f"It is called {row.new} now: {row.why}."
        if row.kind == kind != "argument" and has(row.new):
            return f"It is called {row.new} now."
        if row.kind == "value" and kind == "option" and has(row.new):
            return f"It is called {row.new!r} now."
    return None


def moved_arguments(function: str, args: Sequence[object], message: str | None = None, documentation: str = "") -> str:
    """Say which of the values that a call gives by place are given by name now; "" if none is.

    With the ``message`` of an error of the call, only those that it quotes, and of texts only those that the
    function's ``documentation`` has as values of options: the others are meant for their place, misspelled perhaps.
    """

    def may_be_moved(value: object) -> bool:
        texts = [value] if isinstance(value, str) else list(value) if isinstance(value, (list, tuple)) else []
        return message is None or (shown(value) in message and all(f'"{text}"' in documentation for text in texts))

    found = []
    for row in renames():
        if row.kind == "position" and row.where == function:
            before, now = row.old.split(", "), row.new.split(", ")
            names = {each.old: each.new for each in renames() if each.kind == "argument" and each.where == function}
            for place, value in enumerate(args[: len(before)]):
                name = names.get(before[place], before[place])
                if name not in now[place : place + 1] and may_be_moved(value):
                    found.append(f"{name}={shown(value)}")
    return f"What stood in this place is given by name now: {', '.join(found)}." if found else ""


@cache
def _spelled_otherwise() -> dict[tuple[str, str, str], list[tuple[str, str]]]:
    """Answers by the letters of a name alone, if it has many: programs differ in capitals, dots and underscores."""
    found: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for (kind, option, name), here in answers().items():
        if len(letters := _letters(name)) > 3:
            found.setdefault((kind, option, letters), here)
    return found


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def answer(kind: str, name: str, has: Callable[[str], bool], option: str = "") -> str | None:
    """What another program's name is here, in words; None if nothing stands in a place that ``has`` so much."""
    return _standing(answers().get((kind, option, name), ()), has)


def _standing(found: Iterable[tuple[str, str]], has: Callable[[str], bool]) -> str | None:
    return next((here for here, needs in found if needs != "*" and all(map(has, needs.split("&")))), None)


def hint(kind: str, name: str, has: Callable[[str], bool], known: Collection[str], option: str = "") -> str:
    """Say in a sentence what to do about a name that is not among the ``known`` ones; "" if nothing is known of it.

    In this order: what it is called since an earlier version; what another program calls by that name; a known name
    that it misspells; a name of another program that it misspells; or what holds everywhere, such as that the library
    has no such thing.
    """
    if now := _renamed(kind, name, has):
        return now
    here = answer(kind, name, has, option)
    if here is None and (meant := nearest(name, known, functions=kind == "function")):
        return f"Did you mean {meant!r}?"
    if here is None:
        alike = _spelled_otherwise().get((kind, option, _letters(name)), [])
        anywhere = [*answers().get((kind, option, name), ()), *alike]
        here = _standing(alike, has) or next((text for text, needs in anywhere if needs == "*"), None)
    if here is None or here.endswith("."):
        return here or ""
    return f"Did you mean {here!r}?" if kind == "option" else f"Here it is {here}."


def argument_hint(foreign: str, parameters: Collection[str], function: str) -> str:
    """Say what to do about an argument that a function with these parameters does not have."""
    return hint("argument", foreign, {*parameters, f"{function}()"}.__contains__, parameters)


def name_here(foreign: str, owner: type) -> str | None:
    """What a class calls the thing that another program calls ``foreign``; None if it has nothing like it."""
    # Copying, pickling and displaying ask for private names, which are nobody's.
    return None if foreign.startswith("_") else answer("attribute", foreign, partial(has_attribute, owner))


@lru_cache(maxsize=1024)
def attribute_hint(foreign: str, owner: type) -> str:
    """Say what to do about an attribute that instances of a class do not have; remembered, since many ask for one."""
    if foreign.startswith("_"):
        return ""
    offered = {*dir(owner), *getattr(owner, "__dataclass_fields__", ())}
    public = [each for each in offered if each[0] != "_"]
    return hint("attribute", foreign, partial(has_attribute, owner), public) or _function_hint(foreign)


def _function_hint(name: str) -> str:
    """Say that a name is a function of the package, not a method, with what it takes first."""
    import inspect
    from importlib import import_module

    package = import_module("panelvar")
    found = getattr(package, name) if name in package.__all__ else None
    if not inspect.isfunction(found):
        return ""
    first = next(iter(inspect.signature(found).parameters))
    return f"It is a function: panelvar.{name}({first}, ...)."


def has_attribute(owner: type, name: str) -> bool:
    """Whether instances of a class have an attribute. A dataclass itself lacks its fields."""
    return hasattr(owner, name) or name in getattr(owner, "__dataclass_fields__", {})


def unknown(name: str, known: Collection[str]) -> str:
    """Message for a name that is not among the ``known`` ones of the package."""
    # Test runners and debuggers ask every module for private names.
    what = "" if name.startswith("_") else hint("function", name, known.__contains__, known)
    return f"module 'panelvar' has no attribute {name!r}.{what and ' '}{what}"
