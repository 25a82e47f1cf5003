"""Results that answer other programs' names with their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from panelvar.base.elsewhere import answers, attribute_hint, name_here
from panelvar.base.errors import NotOfferedError
from panelvar.base.unknown_arguments import AnswersArguments


class HintsAtNames(AnswersArguments):
    """A result that answers another program's attribute name with its own.

    Only attributes that do not exist come here: nothing is slower, and ``hasattr`` still says no.
    """

    __slots__ = ()

    # What results of this kind do not offer, and why: the answer where it is asked for.
    _not_offered: ClassVar[Mapping[str, str]] = {}

    # Hidden from the type checker, which would otherwise believe every attribute exists.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            owner = type(self)
            if hasattr(owner, name):
                # A property failed with an AttributeError of its own: let it say so itself.
                return object.__getattribute__(self, name)
            raise self._no_attribute(name)

    def _no_attribute(self, name: str) -> AttributeError:
        here = name_here(name, type(self))
        if here is None and self._not_offered:
            meant = (name, *(needs for _, needs in answers().get(("attribute", "", name), ())))
            refused = next((each for each in meant if each in self._not_offered), None)
            if refused is not None:
                return NotOfferedError(self._not_offered[refused])
        owner: type = type(self)
        hint = attribute_hint(name, owner)
        text = f"{owner.__name__!r} object has no attribute {name!r}."
        # With the object at hand, Python would add a guess of its own.
        return AttributeError(f"{text} {hint}", name=name) if hint else AttributeError(text, name=name, obj=self)
