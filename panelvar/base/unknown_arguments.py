"""Keywords that a function does not have: what they are called here, or what was meant."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Collection
from typing import Any, TypeVar, cast

from panelvar.base.elsewhere import argument_here
from panelvar.base.errors import UnknownArgumentError
from panelvar.base.quoting import shown

F = TypeVar("F", bound=Callable[..., Any])


def answering(function: F) -> F:
    """Have a public function answer keywords it does not have; its signature, types and docstring stay what they are.

    Raises
    ------
    UnknownArgumentError
        By the function that is returned, for a keyword that it does not have: with the name that another program's
        argument has here, the closest of the parameters, or all of them.
    """
    code = function.__code__
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]

    @functools.wraps(function)
    def answered(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except TypeError as error:
            foreign = next((name for name in options if name not in parameters), None)
            # An error from inside the function is not about the call.
            if foreign is None or error.__traceback__ is None or error.__traceback__.tb_next is not None:
                raise
            raise UnknownArgumentError(_answer(function.__name__, foreign, parameters)) from None

    return cast(F, answered)


def _answer(function: str, foreign: str, parameters: Collection[str]) -> str:
    here = argument_here(foreign, parameters)
    if here is not None:
        hint = f"Here it is {here}."
    elif close := difflib.get_close_matches(foreign, parameters, n=1):
        hint = f"Did you mean {close[0]!r}?"
    else:
        hint = f"It has: {', '.join(name for name in parameters if name != 'self')}."
    return f"{function}() has no argument {shown(foreign)}. {hint}"
