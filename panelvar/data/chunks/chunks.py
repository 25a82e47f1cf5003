"""Chunks of named columns: what a stream reads of any source, and sources made of frames."""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import DataError, SpecificationError
from panelvar.data.sources.arrow import from_arrow
from panelvar.data.sources.source import Labels, Source, as_floats

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.kernels.linear.columns import Column

CHUNK_ROWS = 131_072
"""Rows of a chunk: a dozen columns of doubles are 12 MB."""


class Chunk(Protocol):
    """Some rows of a source."""

    @property
    def n_rows(self) -> int:
        """How many."""

    @property
    def where(self) -> str:
        """What they are rows of, for errors: a file, a partition."""

    def row(self, place: int) -> str:
        """Name one of them, for errors."""

    def numbers(self, name: str) -> Column:
        """Return a column as doubles, NaN where a value is missing; one of a factor's levels may be codes."""

    def labels(self, name: str) -> Labels:
        """Return a column as labels."""

    def frame(self) -> pd.DataFrame:
        """Return the columns that were read as a DataFrame."""


class Chunks(Protocol):
    """A source that hands out its rows a chunk at a time."""

    @property
    def names(self) -> list[str]:
        """Names of the columns."""

    @property
    def repeatable(self) -> bool:
        """Whether it can be read more than once."""

    def read(self, columns: Sequence[str]) -> Iterator[Chunk]:
        """Read columns of all rows, from the first chunk to the last."""


class DatedChunks(Chunks, Protocol):
    """Rows of a panel. Two columns say who each row is about, and when."""

    entity_name: str
    time_name: str
    freq: int | str | None

    def require(self, name: Hashable) -> None:
        """Refuse a column that is not there."""


@dataclass(frozen=True)
class FrameChunk:
    """Rows of a DataFrame or of a table that offers an Arrow stream."""

    source: Source
    where: str

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.source.n_rows

    def row(self, place: int) -> str:
        """Name a row by its label, and by its place where others have the same label."""
        index = self.source.index
        label = index[place]
        own = label.item() if isinstance(label, np.generic) else label
        twin = "" if index.is_unique else f" (number {place} from 0)"
        return f"row {own!r}{twin} of {self.where}"

    def numbers(self, name: str) -> Array:
        """Return a column as doubles."""
        with in_place(self.where):
            return as_floats(self.source.raw(name), name)

    def labels(self, name: str) -> Labels:
        """Return a column as labels."""
        return self.source.labels(name)

    def frame(self) -> pd.DataFrame:
        """Return all columns."""
        import pandas as pd

        frame = self.source.frame
        return pd.DataFrame(self.source.arrays) if frame is None else frame


class FrameChunks:
    """DataFrames one after another.

    Parameters
    ----------
    frames : callable
        Returns the frames, as often as it is called if ``repeatable``.
    repeatable : bool
    """

    def __init__(self, frames: Callable[[], Iterable[Any]], repeatable: bool) -> None:
        self._frames = frames
        self.repeatable = repeatable
        made = frames()
        # A frame's iterator is of the names of its columns.
        if not isinstance(made, Iterable) or is_frame(made):
            raise SpecificationError(
                f"The function must return an iterator or a list of DataFrames; it returned {type(made).__name__}."
            )
        rest = iter(made)
        first = next(rest, None)
        if first is None:
            raise DataError("The data have no chunk, so there are no rows to read.")
        # The first frame says what the columns are; of what can be read once it is kept for the reading.
        self._waiting = None if repeatable else chain((first,), rest)
        self.names = [str(name) for name in Source(first).names]

    def read(self, columns: Sequence[str]) -> Iterator[FrameChunk]:
        """Read columns of all frames."""
        for number, frame in enumerate(self._frames() if self._waiting is None else self._waiting):
            yield from chunks_of(frame, f"chunk {number}", columns)


def chunks_of(frame: Any, where: str, columns: Sequence[str]) -> Iterator[FrameChunk]:
    """Cut a frame that has the columns into chunks."""
    source = Source(from_arrow(frame))
    for name in columns:
        if name not in source:
            raise DataError(f"Column {name!r} is missing in {where}, whose columns are {source.names}.")
    step = CHUNK_ROWS
    if source.frame is None or source.n_rows <= step:
        yield FrameChunk(source, where)
        return
    for start in range(0, source.n_rows, step):
        yield FrameChunk(Source(source.frame.iloc[start : start + step]), where)


@contextmanager
def in_place(where: str) -> Iterator[None]:
    """Say where a column is that is refused, if the error does not: another chunk may hold what is expected of it."""
    try:
        yield
    except DataError as error:
        if where in str(error):
            raise
        raise DataError(f"In {where}: {error}") from None


def is_frame(data: Any) -> bool:
    """Whether data are a DataFrame of pandas."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(data, pandas.DataFrame)
