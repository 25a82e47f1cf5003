"""A Parquet file that is written a table at a time, and is there when it is whole, or not at all."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Any

from panelvar.core.base.errors import DataError, SpecificationError
from panelvar.core.base.quoting import shown
from panelvar.core.faces.whole_files import written_whole
from panelvar.data.chunks.files import Files

_ENDINGS = ("", ".parquet", ".parq", ".pq")
_WRITTEN = ("predicted", "residual")
"""Columns of files of predictions, behind the entity and the period."""


class ParquetTarget:
    """Where predictions are written: beside the place, and put there when all is written.

    Parameters
    ----------
    path : path
        A file of predictions that is there is replaced, and no other.
    sources : Files or None
        What the predictions are made of.

    Raises
    ------
    SpecificationError
        If it is not a path, is a file of another format, or is one of the files that are read.
    DataError
        If the file holds something else.
    """

    def __init__(self, path: str | os.PathLike[str], sources: Files | None) -> None:
        if not isinstance(path, (str, os.PathLike)):
            raise SpecificationError(f"path={shown(path)} must be the path of a file; got {type(path).__name__}.")
        self.path = os.path.expanduser(os.fspath(path))
        ending = os.path.splitext(self.path)[1]
        if ending.lower() not in _ENDINGS:
            raise SpecificationError(
                f"path={shown(self.path)} ends in {ending!r}, but the file of predictions is a Parquet file. Write "
                f"{shown(os.path.splitext(self.path)[0] + '.parquet')}."
            )
        if sources is not None and sources.read(self.path):
            what = "is a file that" if os.path.exists(self.path) else "would be one of the files that"
            raise SpecificationError(f"{self.path} {what} the stream reads. Write the predictions elsewhere.")
        if os.path.isfile(self.path) and not _of_predictions(self.path):
            raise DataError(
                f"{self.path} exists and is not a file of predictions. Remove it, or write the predictions elsewhere."
            )
        self._place = ExitStack()
        self._writer: Any = None

    def write(self, table: Any) -> None:
        """Write rows behind those that were written."""
        from pyarrow import parquet

        try:
            if self._writer is None:
                beside = self._place.enter_context(written_whole(self.path))
                self._writer = self._place.enter_context(parquet.ParquetWriter(beside, table.schema))
            self._writer.write_table(table.cast(self._writer.schema))
        except OSError as error:
            raise self._not_written(error) from None

    def __enter__(self) -> ParquetTarget:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: Any) -> None:
        self._writer = None
        try:
            self._place.__exit__(kind, *rest)
        except OSError as error:
            if kind is None:
                raise self._not_written(error) from None

    def _not_written(self, error: OSError) -> DataError:
        reason = error.strerror or (os.strerror(error.errno) if error.errno else type(error).__name__)
        return DataError(f"{self.path} cannot be written: {reason}.")


def _of_predictions(path: str) -> bool:
    """Whether a file is one that was written here: who, when, and predictions."""
    import pyarrow
    from pyarrow import parquet

    try:
        names = tuple(parquet.read_schema(path).names)
    except (OSError, pyarrow.ArrowInvalid):
        return False
    return names[2:] in (_WRITTEN[:1], _WRITTEN)
