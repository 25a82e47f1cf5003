"""The user's labels on results: arrays become labelled pandas objects on first access, names become a line of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import numpy as np

from panelvar.core.base.errors import SpecificationError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd


Labelled = TypeVar("Labelled")
Named = TypeVar("Named", str, int)


@lru_cache(maxsize=256)
def _label_index(names: tuple[str, ...]) -> pd.Index:
    # Made once for all attributes and for all fits of one specification (an Index is immutable); as objects, because
    # inferring a string type costs more than a small fit.
    import pandas as pd

    return pd.Index(names, dtype=object)


class labelled(Generic[Labelled]):
    """A read-only attribute computed as an array and labelled by ``owner.names`` when first read.

    A vector becomes a Series, a square matrix a DataFrame; the array itself is not copied.
    """

    def __init__(self, compute: Callable[[Any], Any]) -> None:
        self.compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> labelled[Labelled]: ...

    @overload
    def __get__(self, instance: object, owner: type) -> Labelled: ...

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        import pandas as pd

        values = np.asarray(self.compute(instance))
        index = _label_index(instance.names)
        out: pd.Series | pd.DataFrame
        if values.ndim == 1:
            out = pd.Series(values, index=index, name=self.name, copy=False)
        else:
            out = pd.DataFrame(values, index=index, columns=index)
        instance.__dict__[self.name] = out
        return out


def repeated(names: Iterable[Named]) -> list[Named]:
    """Names that stand more than once, in their order; one pass over them, since lags make many."""
    listing = list(names)
    if len(set(listing)) == len(listing):
        return []
    return sorted(name for name, times in Counter(listing).items() if times > 1)


def listed(names: Sequence[str], most: int = 6) -> str:
    """Names in a line, the first few of many."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[: most - 1])}, ... ({len(names)} variables)"


def in_order(what: str, values: Any, names: Sequence[str], meaning: str = "") -> Any:
    """Take the labels off a DataFrame, a Series or a sequence of them, rows and columns in the order of the names.

    Anything else, and numbers without labels of their own (a default index), is returned as it stands.

    Parameters
    ----------
    what : str
        What the values are, the subject of messages.
    values : object
    names : sequence of str
    meaning : str
        What rows and columns stand for; ends the message.

    Raises
    ------
    SpecificationError
        If the labels are not the names.
    """
    if isinstance(values, (list, tuple)) and any(map(is_frame, values)):
        return [in_order(what, matrix, names, meaning) for matrix in values]
    if not hasattr(values, "iloc"):
        return values
    array = np.asarray(values)
    axes = [values.index, values.columns] if is_frame(values) else [values.index]
    for axis, labels in enumerate(axes):
        array = array.take(places_of(f"{what} has {('rows', 'columns')[axis]}", labels, names, meaning), axis=axis)
    return array


def places_of(what: str, labels: Any, names: Sequence[str], meaning: str = "") -> list[int]:
    """Where each name stands among labels, in any order; labels that only count are in the order of the names.

    Raises
    ------
    SpecificationError
        If the labels are not the names.
    """
    if only_counted(labels):
        return list(range(len(labels)))
    found = list(map(str, labels))
    if sorted(found) != sorted(names):
        raise SpecificationError(f"{what} {found}; expected {list(names)}, in any order{meaning}.")
    return [found.index(name) for name in names]


def is_frame(values: Any) -> bool:
    """Whether values are a DataFrame."""
    return hasattr(values, "iloc") and hasattr(values, "columns")


def only_counted(labels: Any) -> bool:
    """Whether labels only count, as those of a frame built from a bare array: they say nothing of the order."""
    return list(labels) == list(range(len(labels)))
