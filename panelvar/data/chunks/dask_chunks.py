"""Chunks of a Dask frame: its partitions one after another, or, with a client, worked on where they lie."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, TypeAlias, TypeVar

from panelvar.core.base.errors import DataError
from panelvar.data.chunks.chunks import Chunks, FrameChunk, chunks_of
from panelvar.data.chunks.partitions import SentWork, Share, in_pairs

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
        self._n_shares = 0

    def read(self, columns: Sequence[str]) -> Iterator[FrameChunk]:
        """Read columns of all partitions, and bring them here."""
        for number, part in enumerate(self._parts(columns)):
            with _naming_partition(_name(number)):
                frame = part.compute()
            yield from chunks_of(frame, _name(number), columns)

    def gather(
        self, client: Any, columns: Sequence[str], work: SentWork[Found], merge: Callable[[Found, Found], Found]
    ) -> Found:
        """Do work on shares of the partitions on the workers; what a worker that is lost had done is done again.

        Raises
        ------
        DataError
            If no worker is left, and none comes for `_PATIENCE` seconds.
        """
        from dask.base import annotate
        from dask.delayed import delayed

        # Part of the graph, which outlives every worker, and no data that one of them holds.
        sent = delayed(work, traverse=False)
        on_partition, on_share = delayed(_on_partition, pure=False), delayed(_on_share, pure=False)
        parts = self._parts(columns)
        graphs = _graphs_of_their_own(parts)
        left: list[Found] | None = None
        while left is None:
            named: set[str] = set()
            if graphs is None:
                found = [on_partition(sent, part, number, columns) for number, part in enumerate(parts)]
            else:
                found = []
                for where, share in self._shares(graphs, client):
                    named.update(where.get("workers", ()))
                    with annotate(**where):
                        found.append(on_share(sent, share, columns))
            # The last two meet here, where what became of them is wanted.
            left = _gathered(client, in_pairs(found, delayed(merge, pure=False), 2), named)
        (last,) = in_pairs(left, merge)
        result: Found = last
        return result

    def _parts(self, columns: Sequence[str]) -> list[Any]:
        parts: list[Any] = self._frame[list(dict.fromkeys(columns))].to_delayed()
        return parts

    def _shares(self, graphs: list[_Graph], client: Any) -> Iterator[tuple[dict[str, Any], _Reads]]:
        """Give each thread that there is at the first reading neighbouring partitions, the same in every reading."""
        workers = sorted(worker for worker, threads in client.nthreads().items() for _ in range(threads))
        self._n_shares = self._n_shares or len(workers) or len(graphs)
        count = min(self._n_shares, len(graphs))
        bounds = [len(graphs) * share // count for share in range(count + 1)]
        for place, (first, stop) in enumerate(pairwise(bounds)):
            # Left to itself the scheduler may have one worker do all, which has the work already.
            where = {"workers": [workers[place % len(workers)]], "allow_other_workers": True} if workers else {}
            yield where, _Reads(graphs[first:stop], first)


def gather(
    chunks: Chunks,
    columns: Sequence[str],
    work: Callable[[], Found],
    merge: Callable[[Found, Found], Found],
    left_out: Sequence[object] = (),
) -> Found:
    """Do work that reads columns of all chunks: here, or on shares of the partitions where they lie.

    Parameters
    ----------
    chunks : Chunks
    columns : sequence of str
    work : callable
        See `panelvar.data.chunks.partitions.SentWork`, as for ``left_out``.
    merge : callable
        Makes one of what was found in two neighbours.
    left_out : sequence of object
    """
    if isinstance(chunks, DaskChunks) and (client := _client()) is not None:
        return chunks.gather(client, columns, SentWork(work, chunks, left_out), merge)
    return work()


_LOOK = 1.0
_PATIENCE = 60.0
"""Seconds between two looks at whether workers are left, and without any before the work is given up."""


def _gathered(client: Any, tasks: Sequence[Any], named: set[str]) -> list[Any] | None:
    """Do tasks; return None where all workers that they name are lost and others have come.

    A scheduler keeps such tasks for workers that are lost, although it may give them to others.
    """
    distributed: Any = sys.modules["distributed"]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sending large graph")
        futures = client.compute(tasks)
    alone_since: float | None = None
    while True:
        try:
            distributed.wait(futures, timeout=_LOOK)
            with _naming_partition("A chunk"):
                found: list[Any] = client.gather(futures)
            return found
        except distributed.TimeoutError:
            alive = set(client.nthreads())
        if alive:
            alone_since = None
            if named and not named & alive:
                client.cancel(futures)
                return None
            continue
        alone_since = time.monotonic() if alone_since is None else alone_since
        if time.monotonic() - alone_since > _PATIENCE:
            client.cancel(futures)
            raise DataError(
                f"All workers of the Dask cluster are lost, and none has come for {_PATIENCE:.0f} seconds. Start "
                "workers, and fit again."
            )


_Graph: TypeAlias = tuple[dict[Any, Any], Any]
"""Tasks that make a partition, and the key of the last."""


class _Reads:
    """Partitions that are made where they are asked for, one after another: one is in memory at a time.

    Parameters
    ----------
    graphs : list of pairs
        Tasks of each, and the key of the last.
    first : int
        Number of the first among all partitions.
    """

    def __init__(self, graphs: list[_Graph], first: int) -> None:
        self.graphs = graphs
        self.first = first

    def __call__(self) -> Iterator[tuple[Any, str]]:
        from dask.local import get_sync

        for number, (graph, key) in enumerate(self.graphs, self.first):
            yield get_sync(graph, key), _name(number)


def _graphs_of_their_own(parts: Sequence[Any]) -> list[_Graph] | None:
    """Return the tasks of each partition, None where two have a task in common or workers hold what it made.

    What is common, such as a shuffle, would be done again for each.
    """
    from dask import optimization

    cull: Callable[..., Any] = optimization.cull
    whole: dict[int, dict[Any, Any]] = {}
    graphs: list[_Graph] = []
    for part in parts:
        if id(part.dask) not in whole:
            whole[id(part.dask)] = dict(part.dask)
        graphs.append((cull(whole[id(part.dask)], [part.key])[0], part.key))
    if len({key for tasks, _ in graphs for key in tasks}) < sum(len(tasks) for tasks, _ in graphs):
        return None
    # Nobody has a future without having imported it.
    futures = getattr(sys.modules.get("distributed"), "Future", ())
    if any(isinstance(task, futures) for tasks, _ in graphs for task in tasks.values()):
        return None
    return graphs


def _on_share(work: SentWork[Found], frames: _Reads, columns: Sequence[str]) -> Found:
    """Do work on a share of the partitions, on the worker that makes them."""
    return work.on(Share(frames, list(columns)))


def _on_partition(work: SentWork[Found], frame: Any, number: int, columns: Sequence[str]) -> Found:
    """Do work on a partition, on its worker."""
    return work.on(Share(lambda: [(frame, _name(number))], list(columns)))


@contextmanager
def _naming_partition(what: str) -> Iterator[None]:
    """Say which partition lacks a column that the frame announces."""
    try:
        yield
    except KeyError as error:
        raise DataError(f"{what} of the Dask frame lacks the column {error.args[0]}, which the model needs.") from None


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
