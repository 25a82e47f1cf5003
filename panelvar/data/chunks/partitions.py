"""Work on the partitions of a source where they lie: what a pass makes of each, merged in one fixed order."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from panelvar.data.chunks.chunks import FrameChunk, chunks_of

if TYPE_CHECKING:
    from panelvar.data.chunks.chunks import Chunks

Found = TypeVar("Found")


@dataclass(frozen=True)
class Share:
    """Partitions that one worker reads, one after another: what is read of them is a part of the rows.

    Attributes
    ----------
    frames : callable
        Returns the frames and what each is, as often as it is called.
    names : list of str
    """

    frames: Callable[[], Iterable[tuple[Any, str]]]
    names: list[str]
    repeatable: bool = True

    def read(self, columns: Sequence[str]) -> Iterator[FrameChunk]:
        """Read columns of its rows."""
        for frame, where in self.frames():
            yield from chunks_of(frame, where, columns)


class SentWork(Generic[Found]):
    """Work that is sent to where partitions lie, a share of which takes the place of all chunks in it.

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

    def on(self, share: Chunks) -> Found:
        """Do the work on a share of the partitions."""
        # Each share has objects of its own, which have the arrays in common: workers run several at a time.
        views = [buffer.raw().toreadonly() for buffer in self._buffers]
        work: Callable[[], Found] = _Unpickler(io.BytesIO(self._packed), share, views).load()
        return work()

    def __getstate__(self) -> tuple[bytes, list[bytes]]:
        return self._packed, [bytes(buffer.raw()) for buffer in self._buffers]

    def __setstate__(self, state: tuple[bytes, list[bytes]]) -> None:
        self._packed, buffers = state
        self._buffers = [pickle.PickleBuffer(buffer) for buffer in buffers]


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
    """Puts a share of the partitions where the chunks were."""

    def __init__(self, file: io.BytesIO, share: Chunks, buffers: Sequence[memoryview]) -> None:
        super().__init__(file, buffers=buffers)
        self._share = share

    def persistent_load(self, pid: str) -> Any:
        return self._share if pid == "chunks" else None


def in_pairs(found: Sequence[Any], merge: Callable[[Any, Any], Any], leave: int = 1) -> Sequence[Any]:
    """Merge neighbours, and what they became, until few are left: the order does not tell who was ready first."""
    while len(found) > leave:
        pairs = [merge(*found[place : place + 2]) for place in range(0, len(found) - 1, 2)]
        found = [*pairs, *found[2 * len(pairs) :]]
    return found
