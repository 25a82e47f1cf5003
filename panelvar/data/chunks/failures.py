"""Errors that occur while a source is read, in the library's words and with the place."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from panelvar.core.base.errors import DataError, SpecificationError


@contextmanager
def naming_source(what: str, *kinds: type[BaseException]) -> Iterator[None]:
    """Turn a library's errors into one that names what could not be read."""
    try:
        yield
    except kinds as error:
        raise DataError(f"{what} cannot be read: {reason(error)}") from None


def reason(error: BaseException) -> str:
    """Return what an error says, in a line: without a number of the system's where this has words."""
    words = getattr(error, "strerror", None) or next(iter(str(error).splitlines()), "") or type(error).__name__
    return words if words.endswith((".", "!", "?")) else f"{words}."


class SourceFunction:
    """A function that returns what is read, with a word for who pickles a result that needs it again.

    Parameters
    ----------
    function : callable
    what : str
        What it is, to begin the message.
    """

    def __init__(self, function: Callable[..., Iterable[Any]], what: str) -> None:
        self.function = function
        self.what = what

    def __call__(self, *arguments: Any) -> Iterable[Any]:
        """Call it."""
        return self.function(*arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        try:
            pickle.dumps(self.function)
        except Exception:
            raise not_pickled(self.what) from None
        return SourceFunction, (self.function, self.what)


def not_pickled(what: str) -> SpecificationError:
    """Make the error for a source that lasts no longer than the session."""
    return SpecificationError(
        f"{what} cannot be pickled, because it reads its data again. Pickle result.without_rows(), which needs no data."
    )
