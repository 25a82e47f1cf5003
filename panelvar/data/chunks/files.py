"""Paths of Parquet files that were given: files, folders and patterns, what they find, and what they would find."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from fnmatch import fnmatch
from functools import cached_property
from pathlib import PurePath
from typing import Any

from panelvar.core.base.errors import DataError
from panelvar.core.base.quoting import shown


def are_paths(data: Any) -> bool:
    """Whether data are a path, or a list of them."""
    several = (
        isinstance(data, (list, tuple)) and bool(data) and all(isinstance(one, (str, os.PathLike)) for one in data)
    )
    return several or isinstance(data, (str, os.PathLike))


class Files:
    """Files that were named, those that fit a pattern, those in a folder.

    Parameters
    ----------
    given : path or sequence of paths
        A tilde at the beginning is the home folder.
    """

    def __init__(self, given: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> None:
        each = [given] if isinstance(given, (str, os.PathLike)) else given
        self.given = [os.path.expanduser(os.fspath(one)) for one in each]

    @cached_property
    def found(self) -> list[str]:
        """Paths of the files, in order.

        Raises
        ------
        DataError
            If there is nothing, or one file is given twice.
        """
        found = [path for one in self.given for path in _files_of(one)]
        met: set[str] = set()
        for path in found:
            whole = os.path.realpath(path)
            if whole in met:
                raise DataError(f"{path} is given twice, so its rows would count twice.")
            met.add(whole)
        return found

    def read(self, path: str) -> bool:
        """Whether a file is one of these, or would be if it were written."""
        whole = _resolved(path)
        if whole in {_resolved(one) for one in self.found}:
            return True
        return any(_fits(whole, one) for one in self.given)


def _resolved(path: str) -> str:
    return os.path.realpath(os.path.expanduser(path))


def _fits(path: str, given: str) -> bool:
    """Whether a folder or a pattern takes in a file that may not be there."""
    if os.path.isdir(given):
        return path.endswith(".parquet") and PurePath(path).is_relative_to(os.path.realpath(given))
    # A folder that is a link is one place, whatever its name.
    folder, name = os.path.split(os.path.abspath(given))
    pattern = os.path.join(folder if glob.has_magic(folder) else os.path.realpath(folder), name)
    return fnmatch(path, pattern) if "**" in pattern else PurePath(path).match(pattern)


def _files_of(path: str) -> list[str]:
    found = _paths_of(path)
    for one in found:
        if not os.path.isfile(one):
            raise DataError(
                f"{one} is no file that can be read twice: a pipe, perhaps. Write the data to a Parquet file, or give "
                "a function that returns the rows."
            )
    return found


def _paths_of(path: str) -> list[str]:
    if os.path.isdir(path):
        inside = sorted(glob.glob(os.path.join(glob.escape(path), "**", "*.parquet"), recursive=True))
        # Of a folder that is called like a file, the files are listed too.
        inside = [one for one in inside if not os.path.isdir(one)]
        if not inside:
            raise DataError(f"The folder {path} has no file whose name ends in .parquet.")
        return inside
    if os.path.exists(path):
        return [path]
    fitting = sorted(glob.glob(path, recursive=True))
    if not fitting and "://" in path:
        raise DataError(
            f"{shown(path)} is an address, and panelvar reads files from folders only. Give an object that reads "
            "the address, such as a data set of pyarrow, polars.scan_parquet, a query of DuckDB or "
            "dask.dataframe.read_parquet."
        )
    if not fitting:
        raise DataError(f"{path} does not exist. Give a Parquet file, a folder of such files, or a pattern.")
    return fitting
