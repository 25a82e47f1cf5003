"""Work on the partitions of a source where they lie: what a pass makes of each, merged in one fixed order."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, runtime_checkable

from panelvar.streams.chunks import FrameChunk, chunks_of

if TYPE_CHECKING:
    from panelvar.streams.chunks import Chunks

Found = TypeVar("Found")


@runtime_checkable
class Partitioned(Protocol):
    """A source whose partitions lie on workers."""

    def at_work(self) -> bool:
        """Whether there are workers now; without them the source is read a chunk at a time."""

    def gather(self, columns: Sequence[str], work: SentWork[Found], merge: Callable[[Found, Found], Found]) -> Found:
        """Do work on columns of every partition, and merge what it finds, neighbours first."""


@dataclass(frozen=True)
class Partition:
    """One partition, where it lies: what is read of it is a part of the rows."""

    frame: Any
    where: str
    names: list[str]
    repeatable: bool = True

    def read(self, columns: Sequence[str]) -> Iterator[FrameChunk]:
        """Read columns of its rows."""
        return chunks_of(self.frame, self.where, columns)


def gathered(
    chunks: Chunks,
    columns: Sequence[str],
    work: Callable[[], Found],
    merge: Callable[[Found, Found], Found],
    left_out: Sequence[object] = (),
) -> Found:
    """Do work that reads columns of all chunks: here, or on each partition where it lies.

    Parameters
    ----------
    chunks : Chunks
    columns : sequence of str
    work : callable
        See `SentWork`, as for ``left_out``.
    merge : callable
        Makes one of what was found in two neighbours.
    left_out : sequence of object
    """
    if isinstance(chunks, Partitioned) and chunks.at_work():
        return chunks.gather(columns, SentWork(work, chunks, left_out), merge)
    return work()


class SentWork(Generic[Found]):
    """Work that is sent to where a partition lies, which takes the place of all chunks in it.

    Parameters
    ----------
    work : callable
        A pass over the chunks, or a bound method of what passes over them; whatever it holds is sent along.
    chunks : Chunks
        What is read here, and is not sent.
    left_out : sequence of object
        What else is not sent: None stands for it there.
    """

    def __init__(self, work: Callable[[], Found], chunks: Chunks, left_out: Sequence[object] = ()) -> None:
        self._buffers: list[pickle.PickleBuffer] = []
        packed = io.BytesIO()
        _Pickler(packed, chunks, left_out, self._buffers).dump(work)
        self._packed = packed.getvalue()

    def on(self, partition: Chunks) -> Found:
        """Do the work on a partition."""
        # Each partition has objects of its own, which share the arrays: workers run several at a time.
        views = [buffer.raw().toreadonly() for buffer in self._buffers]
        work: Callable[[], Found] = _Unpickler(io.BytesIO(self._packed), partition, views).load()
        return work()

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self._packed, [bytes(buffer.raw()) for buffer in self._buffers])


def _again(packed: bytes, buffers: list[bytes]) -> SentWork[Any]:
    """Put together work that has arrived."""
    work: SentWork[Any] = SentWork.__new__(SentWork)
    work._packed, work._buffers = packed, [pickle.PickleBuffer(buffer) for buffer in buffers]
    return work


class _Pickler(pickle.Pickler):
    """Pickles all but the chunks, and arrays beside the rest."""

    def __init__(
        self, file: io.BytesIO, chunks: Chunks, left_out: Sequence[object], buffers: list[pickle.PickleBuffer]
    ) -> None:
        super().__init__(file, protocol=5, buffer_callback=buffers.append)
        self._stays = {id(one): "nothing" for one in left_out} | {id(chunks): "chunks"}

    def persistent_id(self, obj: object) -> str | None:
        return self._stays.get(id(obj))


class _Unpickler(pickle.Unpickler):
    """Puts a partition where the chunks were."""

    def __init__(self, file: io.BytesIO, partition: Chunks, buffers: Sequence[memoryview]) -> None:
        super().__init__(file, buffers=buffers)
        self._partition = partition

    def persistent_load(self, pid: str) -> Any:
        return self._partition if pid == "chunks" else None


def in_pairs(found: Sequence[Any], merge: Callable[[Any, Any], Any]) -> Any:
    """Merge neighbours, and what they became, until one is left: the order does not tell who was ready first."""
    while len(found) > 1:
        pairs = [merge(*found[place : place + 2]) for place in range(0, len(found) - 1, 2)]
        found = [*pairs, *found[2 * len(pairs) :]]
    return found[0]
