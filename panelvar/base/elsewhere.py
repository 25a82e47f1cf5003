"""Other programs' names, and what the same is called here: for messages, and nothing else.

A row of ``elsewhere.csv`` is an answer: to a ``kind`` of question (function, attribute, argument, or the value of an
``option``), about a name ``elsewhere`` (values of options in lower case), what it is ``here``. An answer stands where
its place has what it ``needs``: a public name, an attribute, a parameter, one of the choices. That is what the answer
begins with (of an option's value, the whole of it) unless the row says otherwise. The first that stands is given.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection
from functools import cache, partial


@cache
def answers() -> dict[tuple[str, str, str], list[tuple[str, str]]]:
    """Answers, each with what it needs, by kind, option and name; read when something is missed for the first time."""
    import csv
    from importlib.resources import files

    found: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    text = files("panelvar").joinpath("base", "elsewhere.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        here = row["here"]
        needs = row["needs"] or (here if row["kind"] == "option" else re.split(r"\W", here, maxsplit=1)[0])
        found.setdefault((row["kind"], row["option"], row["elsewhere"]), []).append((here, needs))
    return found


def answer(kind: str, name: str, has: Callable[[str], bool], option: str = "") -> str | None:
    """What another program's name is here, in words; None if nothing stands in a place that ``has`` so much."""
    return next((here for here, needs in answers().get((kind, option, name), ()) if has(needs)), None)


def argument_here(foreign: str, parameters: Collection[str]) -> str | None:
    """What a function with these parameters calls the argument that another program calls ``foreign``."""
    return answer("argument", foreign, parameters.__contains__)


def name_here(foreign: str, owner: type) -> str | None:
    """What a class calls the thing that another program calls ``foreign``; None if it has nothing like it."""
    # Copying, pickling and displaying ask for private names, which are nobody's.
    return None if foreign.startswith("_") else answer("attribute", foreign, partial(has_attribute, owner))


def has_attribute(owner: type, name: str) -> bool:
    """Whether instances of a class have an attribute: a field of a dataclass is none of the class itself."""
    return hasattr(owner, name) or name in getattr(owner, "__dataclass_fields__", {})


def unknown(name: str, known: Collection[str]) -> str:
    """Message for a name that is none of the ``known`` ones of the package."""
    here = answer("function", name, known.__contains__)
    public = {each.lower(): each for each in known}
    if here is not None:
        hint = f" Here it is {here}."
    else:
        close = difflib.get_close_matches(name.lower(), list(public), n=1)
        hint = f" Did you mean {public[close[0]]!r}?" if close else ""
    return f"module 'panelvar' has no attribute {name!r}.{hint}"
