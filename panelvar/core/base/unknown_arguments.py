"""Calls that do not fit: what a keyword that a function does not have is called here, and what else is wrong."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from inspect import CO_VARKEYWORDS
from typing import Any, TypeVar, cast

from panelvar.core.base.elsewhere import argument_hint, moved_arguments
from panelvar.core.base.errors import CallError, PanelVarError, RowsNotKeptError, UnknownArgumentError, needing_rows
from panelvar.core.base.misfit_calls import misfit
from panelvar.core.base.quoting import shown

F = TypeVar("F", bound=Callable[..., Any])


def answering(thing: F) -> F:
    """Have a function, or the constructor of a class, answer calls that do not fit it.

    Its signature, types and docstring stay what they are. A call that fits costs no more than the call of a function:
    what does not is found when Python has refused it.

    Raises
    ------
    UnknownArgumentError
        By what is returned, for every keyword that it does not have: with what another program's argument is here, the
        parameter that was meant, or all of them.
    CallError
        By what is returned, for an argument that is missing, given twice, or one too many: with what the function
        takes.
    """
    if isinstance(thing, type):
        owner: Any = thing
        # An inherited constructor answers already, in the name of another class.
        owner.__init__ = answer_misfits(getattr(owner.__init__, "__wrapped__", owner.__init__), thing.__name__, thing)
        return thing
    return cast(F, answer_misfits(thing, thing.__name__, thing))


def answer_misfits(function: Any, name: str, explained: Any) -> Any:
    """Wrap a function, called ``name`` by callers, to answer calls that do not fit in the words of ``explained``."""
    code = function.__code__
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    any_keyword = bool(code.co_flags & CO_VARKEYWORDS)

    @functools.wraps(function)
    def answered(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except RowsNotKeptError:
            with needing_rows(f"{name}()"):
                raise
        except PanelVarError as error:
            # A value may stand where another argument stood in an earlier version.
            if what := moved_arguments(name, args, str(error), explained.__doc__ or ""):
                error.args = (f"{error.args[0]} {what}", *error.args[1:])
            raise
        except TypeError as error:
            # An error from inside the function is not about the call.
            if error.__traceback__ is None or error.__traceback__.tb_next is not None:
                raise
            foreign = [] if any_keyword else [option for option in options if option not in parameters]
            if foreign:
                raise UnknownArgumentError(" ".join(_answer(name, each, parameters) for each in foreign)) from None
            if what := misfit(function, name, explained.__doc__, args, options):
                raise CallError(what) from None
            raise

    return answered


def _answer(function: str, foreign: str, parameters: Collection[str]) -> str:
    hint = argument_hint(foreign, parameters, function)
    listed = f"It has: {', '.join(name for name in parameters if name != 'self')}."
    return f"{function}() has no argument {shown(foreign)}. {hint or listed}"
