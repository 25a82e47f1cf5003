"""Matrices of which some entries are known and others free, as users write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.labels import is_frame, places_of
from panelvar.core.base.quoting import shown
from panelvar.systems.identification.scheme import Names, position

Pattern = Any
"""A matrix (array, DataFrame) with NaN where an entry is free, or ``{(row, column): number}`` of those that are not.

Where labels are allowed, a text is a free entry that others may share: "x", "-x", "0.5 * x".
"""
Ties = dict[tuple[int, int], tuple[str, float]]
"""Label and factor of entries (row, column)."""

_LABEL = re.compile(r"\s*([+-]?)\s*(?:(\d+(?:\.\d+)?)\s*\*\s*)?([A-Za-z]\w*)\s*")
_RESERVED = ("nan", "na", "none", "inf")


def read_pattern(option: str, given: Pattern, rows: Names, columns: Names, kinds: tuple[str, str]) -> Array:
    """Return the matrix, NaN where entries are free.

    Parameters
    ----------
    option : str
        What the matrix is called.
    given : array, DataFrame or mapping
        A DataFrame is put in the order of the names; of a mapping, entries that are not named are free.
    rows, columns : tuple of str
    kinds : (str, str)
        What rows and columns are, for messages.

    Raises
    ------
    SpecificationError
        The shape does not fit, a name does not exist, or a number is infinite.
    """
    cells = _cells(option, given, rows, columns, kinds)
    try:
        matrix = np.array(cells, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise SpecificationError(
            f"{option} must hold numbers, and NaN where an entry is free; got {shown(given)}."
        ) from None
    if matrix.shape != (len(rows), len(columns)):
        raise SpecificationError(f"{option} has shape {matrix.shape}; expected {(len(rows), len(columns))}.")
    if np.isinf(matrix).any():
        raise SpecificationError(f"{option} has infinite entries: give numbers, and NaN where an entry is free.")
    return matrix


def read_tied_pattern(
    option: str, given: Pattern, rows: Names, columns: Names, kinds: tuple[str, str]
) -> tuple[Array, Ties]:
    """Return the matrix of `read_pattern`, and the labels of entries that are texts.

    Raises
    ------
    SpecificationError
        As in `read_pattern`, or a text is not a label.
    """
    cells = np.array(_cells(option, given, rows, columns, kinds), dtype=object)
    ties: Ties = {}
    if cells.ndim == 2:
        for row, column in np.ndindex(*cells.shape):
            text = cells[row, column]
            if not isinstance(text, str):
                continue
            found = _LABEL.fullmatch(text)
            if found is None or found[3].lower() in _RESERVED or float(found[2] or 1.0) == 0.0:
                raise SpecificationError(
                    f"{option} has the entry {text!r}: expected a number, NaN where it is free, or the label of an "
                    "entry that others share, such as 'x', '-x' or '0.5 * x'."
                )
            ties[row, column] = found[3], float(found[2] or 1.0) * (-1.0 if found[1] == "-" else 1.0)
            cells[row, column] = np.nan
    return read_pattern(option, cells, rows, columns, kinds), ties


def _cells(option: str, given: Pattern, rows: Names, columns: Names, kinds: tuple[str, str]) -> Any:
    """Entries in the order of the names, not yet numbers."""
    if isinstance(given, Mapping):
        cells = np.full((len(rows), len(columns)), np.nan, dtype=object)
        for pair, value in given.items():
            row, column = pair_of(option, pair, kinds)
            place = position(rows, row, kinds[0]), position(columns, column, kinds[1])
            cells[place] = np.nan if value is None else value
        return cells
    if is_frame(given):
        across = places_of(f"{option} has columns", given.columns, columns)
        return given.iloc[places_of(f"{option} has rows", given.index, rows), across]
    return given


def pair_of(option: str, pair: object, kinds: tuple[str, str]) -> tuple[str, str]:
    """Check a key such as ("output", "demand")."""
    if not isinstance(pair, tuple) or len(pair) != 2 or not all(isinstance(part, str) for part in pair):
        raise SpecificationError(f"{option}: {pair!r} is not a pair ({kinds[0]}, {kinds[1]}) of names.")
    return pair


def free_places(matrix: Array) -> npt.NDArray[np.intp]:
    """Rows and columns (n, 2) of free entries, column by column as vec has them."""
    return np.argwhere(np.isnan(matrix.T))[:, ::-1]
