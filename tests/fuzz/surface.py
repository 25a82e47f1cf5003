"""The public surface, found by looking: every public function, what can be constructed, every member of every result.

Nothing is listed here. Functions and classes are the names of ``panelvar.__all__``; results are the classes that their
return annotations name, and those that the members of these return, and so on. A new public name is fuzzed by being
public.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import importlib
import inspect
import re
import sys
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import panelvar as pv
from panelvar.core.tables.table import Presented

FOUNDATION = set(
    "core.base core.faces core.tables kernels.linear kernels.dynamics kernels.absorption "
    "data.sources data.calendar data.panel data.formulas "
    "estimates.fit estimates.bands estimates.covariance systems.identification".split()
)
"""Rooms whose classes serve other rooms: walked into where they are public or presented, and handed on otherwise."""
PLAIN_TYPES = {"str", "float", "int", "bool", "None", "tuple", "dict", "Note"}


@dataclass(frozen=True)
class Target:
    """Something public that can be called or read.

    Attributes
    ----------
    name : str
        Of the function, the class, or the member.
    owner : type or None
        Class of a member.
    call : callable or None
        What is called; None for what is read.
    """

    name: str
    owner: type | None
    call: Callable[..., Any] | None

    @property
    def label(self) -> str:
        return self.name if self.owner is None else f"{self.owner.__name__}.{self.name}"

    @property
    def function(self) -> Callable[..., Any] | None:
        """What computes it: the function, or that behind a property."""
        return self.call if self.owner is None else getter(self.owner, self.name)

    @property
    def draws(self) -> bool:
        """Whether it makes a figure, which is slow."""
        return self.name.startswith("plot")


@cache
def public() -> dict[str, Any]:
    """Public names but the version and the errors."""
    found = {name: getattr(pv, name) for name in pv.__all__ if not name.startswith("__")}
    return {
        name: value
        for name, value in found.items()
        if not (inspect.isclass(value) and issubclass(value, BaseException))
    }


@cache
def functions() -> dict[str, Callable[..., Any]]:
    """Public functions."""
    return {name: value for name, value in public().items() if not inspect.isclass(value)}


@cache
def results() -> tuple[type, ...]:
    """Classes of what calls return."""
    found: list[type] = []
    pending = [returned(function) for function in functions().values()]
    while pending:
        for kind in pending.pop():
            if kind not in found and walked(kind):
                found.append(kind)
                pending.extend(returned(getter(kind, name)) for name in members(kind))
    return tuple(found)


def walked(kind: type) -> bool:
    """Whether what a class offers is for users."""
    room = ".".join(kind.__module__.split(".")[1:3])
    return issubclass(kind, Presented) or kind in public().values() or room not in FOUNDATION


@cache
def constructed() -> dict[str, type]:
    """Public classes that users call: specifications, panels, systems, and results of plain numbers and texts."""
    return {
        name: value
        for name, value in public().items()
        if inspect.isclass(value) and (plain(value) or not any(issubclass(result, value) for result in results()))
    } | {"System": pv.System}


def plain(kind: type) -> bool:
    """Whether all that a class is made of are plain values."""
    words = " ".join(str(parameter.annotation) for parameter in parameters(kind).values())
    return set(re.findall(r"[A-Za-z]\w*", words)) <= PLAIN_TYPES


def members(kind: type) -> list[str]:
    """Public attributes and methods of a class, fields of its instances among them."""
    fields = [field.name for field in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else []
    names = dict.fromkeys([*dir(kind), *fields])
    return [name for name in names if not name.startswith("_") and not hasattr(tuple, name)]


def getter(kind: type, name: str) -> Callable[..., Any] | None:
    """The function behind a member, if there is one."""
    found = inspect.getattr_static(kind, name, None)
    if isinstance(found, property):
        return found.fget
    if isinstance(found, functools.cached_property):
        return found.func
    if isinstance(found, (classmethod, staticmethod)):
        return found.__func__
    return found if inspect.isfunction(found) else None


def is_method(kind: type, name: str) -> bool:
    """Whether a member is called, not read."""
    return inspect.isfunction(inspect.getattr_static(kind, name, None))


@cache
def targets() -> tuple[Target, ...]:
    """All that is fuzzed."""
    return (
        *(Target(name, None, function) for name, function in functions().items()),
        *(Target(name, None, kind) for name, kind in constructed().items()),
        *(
            Target(name, kind, getter(kind, name) if is_method(kind, name) else None)
            for kind in (pv.Panel, pv.System, *results())
            for name in members(kind)
        ),
    )


@cache
def producers(kind: type) -> tuple[Target, ...]:
    """What returns a result of a class, or of one derived from it."""
    made = [
        *(Target(name, None, function) for name, function in functions().items()),
        *(
            Target(name, owner, getter(owner, name) if is_method(owner, name) else None)
            for owner in results()
            if owner is not kind
            for name in members(owner)
            if name != "summary"
        ),
    ]
    direct = [
        target
        for target in made
        if any(
            issubclass(found, kind)
            for found in returned(getter(target.owner, target.name) if target.owner else target.call)
        )
    ]
    return tuple(direct)


def parameters(call: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Parameters without ``self``."""
    return {name: found for name, found in _signature(call).items() if name != "self"}


@cache
def _signature(call: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(call).parameters)


@cache
def returned(call: Callable[..., Any] | None) -> tuple[type, ...]:
    """Classes of the package that a return annotation names; what containers hold is not returned itself."""
    if call is None:
        return ()
    annotation = re.sub(r"\w+\[.*\]", "", str(inspect.signature(call).return_annotation))
    return tuple(named(annotation, inspect.unwrap(call).__module__))


def named(annotation: str, module: str) -> Iterator[type]:
    """Classes of the package that an annotation names, as its module understands the names."""
    for word in dict.fromkeys(re.findall(r"[A-Za-z_]\w*", annotation)):
        found = vars(sys.modules[module]).get(word)
        if found is None and (origin := imported(module).get(word)):
            found = getattr(importlib.import_module(origin), word, None)
        if inspect.isclass(found) and found.__module__.startswith("panelvar."):
            yield found


@cache
def imported(module: str) -> dict[str, str]:
    """Name to module of what a module imports from the package, for the type checker too."""
    return {
        alias.asname or alias.name: node.module
        for node in ast.walk(ast.parse(inspect.getsource(sys.modules[module])))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("panelvar")
        for alias in node.names
    }


@cache
def choices(call: Callable[..., Any], parameter: str) -> tuple[Any, ...]:
    """What the docstring, or a `Literal` annotation, gives as values of a parameter."""
    annotation = str(parameters(call)[parameter].annotation)
    literal = [value for listed in re.findall(r"Literal(\[[^\]]*\])", annotation) for value in ast.literal_eval(listed)]
    known = vars(sys.modules[inspect.unwrap(call).__module__])
    for word in re.findall(r"[A-Z]\w+", annotation):
        if typing.get_origin(known.get(word)) is typing.Literal:
            literal += typing.get_args(known[word])
    kind, text = documented(call).get(parameter, ("", ""))
    quoted = re.findall(r'"([^"]*)"', kind) or (re.findall(r'``"([^"]*)"``', text) if "str" in kind else [])
    return tuple(dict.fromkeys([*literal, *quoted]))


@cache
def documented(call: Callable[..., Any]) -> dict[str, tuple[str, str]]:
    """Parameter to its type and its explanation, in the docstring."""
    entry = re.compile(r"^(\*?\w+(?:, \w+)*) : (.*)\n((?:    .*\n|\n)*)", re.MULTILINE)
    return {
        name.strip().lstrip("*"): (kind, text)
        for names, kind, text in entry.findall((inspect.getdoc(call) or "") + "\n")
        for name in names.split(",")
    }
