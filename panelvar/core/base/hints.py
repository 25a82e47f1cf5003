"""Results that answer other programs' names, brackets and calls that do not fit with what they have."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar

from panelvar.core.base.elsewhere import answers, attribute_hint, has_attribute, name_here
from panelvar.core.base.errors import CallError, DataError, NotOfferedError
from panelvar.core.base.quoting import shown
from panelvar.core.base.unknown_arguments import answer_misfits

_VERSION, _STATE = "panelvar", "state"
"""What a pickle holds: the version that wrote it, and the object."""


def _version() -> str:
    return str(import_module("panelvar").__version__)


class HintsAtNames:
    """A class that answers names and arguments of other programs with its own, in its public methods too.

    Only attributes that do not exist come here: nothing is slower, and ``hasattr`` still says no. What is pickled of it
    carries the version of the library, and another version refuses it.
    """

    __slots__ = ()

    # What results of this kind do not offer, and why: the answer where it is asked for.
    _not_offered: ClassVar[Mapping[str, str]] = {}

    # What is meant by brackets, which results do not take: a sentence, with {key} for what stood in them.
    _in_brackets: ClassVar[str] = ""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for owner in cls.__mro__:
            if owner.__module__.partition(".")[0] == "panelvar":
                for name, method in list(vars(owner).items()):
                    # Once: another class may have inherited it before.
                    if isinstance(method, FunctionType) and name[0] != "_" and not hasattr(method, "__wrapped__"):
                        setattr(owner, name, answer_misfits(method, name, method))

    def __getstate__(self) -> dict[str, Any]:
        return {_VERSION: _version(), _STATE: object.__getstate__(self)}

    def __setstate__(self, state: object) -> None:
        written = state.get(_VERSION) if isinstance(state, dict) and _STATE in state else None
        if not isinstance(state, dict) or written != _version():
            by = f"version {written} of panelvar" if written else "a version of panelvar that did not say which"
            raise DataError(
                f"This {type(self).__name__} was pickled by {by}, and this is version {_version()}, which may keep "
                "other things under other names. Make it again from the data, or read it where it was written."
            )
        self.__dict__.update(state[_STATE] or {})

    # Hidden from the type checker, which would otherwise believe every attribute exists.
    if not TYPE_CHECKING:
        # Brackets that answer in words make nothing iterable.
        __iter__ = None

        def __getitem__(self, key: Any) -> Any:
            owner = type(self)
            raise CallError(f"{owner.__name__!r} object takes no brackets. {self._without_brackets(key)}".rstrip())

        def __getattr__(self, name: str) -> Any:
            owner = type(self)
            if hasattr(owner, name):
                # A property failed with an AttributeError of its own: let it say so itself.
                return object.__getattribute__(self, name)
            raise self._no_attribute(name)

    def _without_brackets(self, key: object) -> str:
        owner: type = type(self)
        if isinstance(key, str):
            name = key if has_attribute(owner, key) else name_here(key, owner)
            if name is not None and not key.startswith("_"):
                return f"Here it is an attribute: {name}."
        if not self._in_brackets and has_attribute(owner, "to_frame"):
            return "Its numbers are in a table: to_frame()."
        return self._in_brackets.format(key=shown(key))

    def _no_attribute(self, name: str) -> AttributeError:
        here = name_here(name, type(self))
        if here is None and self._not_offered:
            meant = (name, *(needs for _, needs in answers().get(("attribute", "", name), ())))
            refused = next((each for each in meant if each in self._not_offered), None)
            if refused is not None:
                return NotOfferedError(self._not_offered[refused])
        owner: type = type(self)
        hint = attribute_hint(name, owner)
        text = f"{owner.__name__!r} object has no attribute {name!r}"
        # With the object at hand, Python adds a guess of its own, and the point before it.
        return AttributeError(f"{text}. {hint}", name=name) if hint else AttributeError(text, name=name, obj=self)
