"""Chunks of what can be read once, such as an iterator: enough for what one reading tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from panelvar.core.base.errors import SpecificationError
from panelvar.data.chunks.chunks import CHUNK_ROWS, Chunk, Chunks
from panelvar.data.chunks.failures import not_pickled


class ReadOnce:
    """Chunks that can be read once, and again if they have no more rows than a chunk may have: those are kept.

    Parameters
    ----------
    chunks : Chunks

    Attributes
    ----------
    repeatable : bool
        Whether all rows are kept.
    """

    def __init__(self, chunks: Chunks) -> None:
        self.names = chunks.names
        self._rest: Iterator[Chunk] | None = iter(chunks.read(chunks.names))
        self._kept: list[Chunk] = []
        rows = 0
        for chunk in self._rest:
            self._kept.append(chunk)
            rows += chunk.n_rows
            if rows > CHUNK_ROWS:
                break
        self.repeatable = rows <= CHUNK_ROWS
        if self.repeatable:
            self._rest = None

    def __getstate__(self) -> dict[str, object]:
        if not self.repeatable:
            raise not_pickled("An iterator")
        return self.__dict__

    @property
    def first(self) -> Chunk | None:
        """The first chunk that has a row, if there is any. Looking at it does not count as a reading."""
        return next((chunk for chunk in self._kept if chunk.n_rows), None)

    def read(self, columns: Sequence[str]) -> Iterator[Chunk]:
        """Read all rows.

        Raises
        ------
        SpecificationError
            If rows that are not kept are read a second time.
        """
        if self.repeatable:
            yield from self._kept
            return
        rest, self._rest = self._rest, None
        if rest is None:
            raise SpecificationError(
                "These data can be read only once, and they are needed again. Give a function that returns a new "
                "iterator at each call, or a path, table or query."
            )
        kept, self._kept = self._kept, []
        yield from kept
        yield from rest
