"""Matrices as printed in a paper, with the labels they bring along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from panelvar.errors import SpecificationError


def labels_of(coefficients: Any) -> tuple[str, ...] | None:
    """Variables named by the columns of a DataFrame, or of the first in a sequence of them; None for plain arrays."""
    frames = (
        [coefficients] if _is_frame(coefficients) else coefficients if isinstance(coefficients, (list, tuple)) else []
    )
    return tuple(map(str, frames[0].columns)) if len(frames) and _is_frame(frames[0]) else None


def in_order(what: str, values: Any, names: Sequence[str]) -> Any:
    """Take the labels off a DataFrame, a Series or a sequence of them, rows and columns in the order of the names.

    Anything else, and numbers without labels of their own (a default index), is returned as it stands.

    Raises
    ------
    SpecificationError
        Labels that are not the names.
    """
    if isinstance(values, (list, tuple)) and any(map(_is_frame, values)):
        return [in_order(what, matrix, names) for matrix in values]
    if not hasattr(values, "iloc"):
        return values
    array = np.asarray(values)
    axes = [values.index, values.columns] if _is_frame(values) else [values.index]
    for axis, labels in enumerate(axes):
        # A frame built from a bare array counts its rows: no labels, hence no order of their own.
        if list(labels) == list(range(len(labels))):
            continue
        found = list(map(str, labels))
        if sorted(found) != sorted(names):
            raise SpecificationError(
                f"{what} has {('rows', 'columns')[axis]} {found}; expected the variables {list(names)}, a row for each "
                "equation and a column for each variable."
            )
        array = array.take([found.index(name) for name in names], axis=axis)
    return array


def _is_frame(values: Any) -> bool:
    return hasattr(values, "iloc") and hasattr(values, "columns")
