"""Matrices as printed in a paper, with the labels they bring along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from panelvar.errors import SpecificationError


def labels_of(coefficients: Any) -> tuple[str, ...] | None:
    """Variables named by the columns of a DataFrame, or of the first in a sequence of them; None for plain arrays."""
    first = coefficients[0] if isinstance(coefficients, (list, tuple)) and coefficients else coefficients
    return tuple(map(str, first.columns)) if _is_frame(first) and not _counted(first.columns) else None


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
        if _counted(labels):
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


def _counted(labels: Any) -> bool:
    """Whether labels only count, as those of a frame built from a bare array: they say nothing of the order."""
    return list(labels) == list(range(len(labels)))
