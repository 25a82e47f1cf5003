"""Keywords that a call does not have: what they are called here, or what was meant."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from types import FunctionType
from typing import Any, TypeVar, cast

from panelvar.base.elsewhere import argument_hint
from panelvar.base.errors import UnknownArgumentError
from panelvar.base.quoting import shown

F = TypeVar("F", bound=Callable[..., Any])


def answering(thing: F) -> F:
    """Have a function, or the constructor of a class, answer keywords it does not have.

    Its signature, types and docstring stay what they are. A keyword that it has costs no more than the call of a
    function: an unknown one is found when Python has refused it.

    Raises
    ------
    UnknownArgumentError
        By what is returned, for every keyword that it does not have: with what another program's argument is here, the
        parameter that was meant, or all of them.
    """
    if isinstance(thing, type):
        owner: Any = thing
        # An inherited constructor answers already, in the name of another class.
        owner.__init__ = _answering(getattr(owner.__init__, "__wrapped__", owner.__init__), thing.__name__)
        return thing
    return cast(F, _answering(thing, thing.__name__))


class AnswersArguments:
    """A class whose public methods, inherited ones too, answer keywords they do not have."""

    __slots__ = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for owner in cls.__mro__:
            if owner.__module__.partition(".")[0] == "panelvar":
                for name, method in list(vars(owner).items()):
                    # Once: another class may have inherited it before.
                    if isinstance(method, FunctionType) and name[0] != "_" and not hasattr(method, "__wrapped__"):
                        setattr(owner, name, _answering(method, name))


def _answering(function: Any, name: str) -> Any:
    code = function.__code__
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]

    @functools.wraps(function)
    def answered(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except TypeError as error:
            foreign = [option for option in options if option not in parameters]
            # An error from inside the function is not about the call.
            if not foreign or error.__traceback__ is None or error.__traceback__.tb_next is not None:
                raise
            raise UnknownArgumentError(" ".join(_answer(name, each, parameters) for each in foreign)) from None

    return answered


def _answer(function: str, foreign: str, parameters: Collection[str]) -> str:
    hint = argument_hint(foreign, parameters, function)
    listed = f"It has: {', '.join(name for name in parameters if name != 'self')}."
    return f"{function}() has no argument {shown(foreign)}. {hint or listed}"
