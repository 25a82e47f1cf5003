"""The user's labels on results: arrays become labelled pandas objects on first access, names become a line of text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd


Labelled = TypeVar("Labelled")


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


def listed(names: Sequence[str], most: int = 6) -> str:
    """Names in a line, the first few of many."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[: most - 1])}, ... ({len(names)} variables)"
