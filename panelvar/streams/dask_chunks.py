"""Chunks of a Dask frame: its partitions one after another, or, with a client, worked on where they lie."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from panelvar.streams.chunks import FrameChunk, chunks_of
from panelvar.streams.partitions import Partition, SentWork, in_pairs

Found = TypeVar("Found")


class DaskChunks:
    """The partitions of a Dask frame.

    Parameters
    ----------
    frame : dask.dataframe.DataFrame
    """

    def __init__(self, frame: Any) -> None:
        self._frame = frame
        self.names = [str(name) for name in frame.columns]
        self.repeatable = True

    def read(self, columns: Sequence[str]) -> Iterator[FrameChunk]:
        """Read columns of all partitions, and bring them here."""
        for number, part in enumerate(self._parts(columns)):
            yield from chunks_of(part.compute(), _name(number), columns)

    def at_work(self) -> bool:
        """Whether a client of `distributed` is active."""
        return _client() is not None

    def gather(self, columns: Sequence[str], work: SentWork[Found], merge: Callable[[Found, Found], Found]) -> Found:
        """Do work on every partition on the workers; what a worker that is lost had done is done again."""
        from dask.delayed import delayed

        client = _client()
        # Part of the graph, which outlives every worker, and no data that one of them holds.
        sent = delayed(work, traverse=False)
        on_partition, merged = delayed(_on_partition, pure=False), delayed(merge, pure=False)
        found = [on_partition(sent, part, number, columns) for number, part in enumerate(self._parts(columns))]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sending large graph")
            future = client.compute(in_pairs(found, merged))
        result: Found = future.result()
        return result

    def _parts(self, columns: Sequence[str]) -> list[Any]:
        parts: list[Any] = self._frame[list(dict.fromkeys(columns))].to_delayed()
        return parts


def _on_partition(work: SentWork[Found], frame: Any, number: int, columns: Sequence[str]) -> Found:
    """Do work on a partition, on its worker."""
    return work.on(Partition(frame, _name(number), list(columns)))


def _name(number: int) -> str:
    return f"chunk {number}"


def _client() -> Any:
    """The client that is active, None without one that can be waited for."""
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return None
    try:
        client = distributed.default_client()
    except ValueError:
        return None
    return None if client.asynchronous else client
