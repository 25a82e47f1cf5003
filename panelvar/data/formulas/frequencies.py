"""Frequency weights: how many rows, alike in everything, a row stands for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import DataError, InsufficientDataError, Note, SpecificationError, choose
from panelvar.core.base.limits import MOST_CELLS
from panelvar.data.formulas.design import Design
from panelvar.data.panel.model_rows import arranged
from panelvar.data.panel.panel import Panel
from panelvar.data.panel.panel_rows import rows_where
from panelvar.data.panel.plain_rows import rows_of
from panelvar.data.sources.source import as_floats

MEANINGS = ("analytic", "frequency")
"""What weights can be."""


class Frequencies:
    """How often each row of plain data counts; None of them where weights are analytic.

    Parameters
    ----------
    data : as an estimator takes it
    weights : column name, Series or array, or None
    weights_are : {"analytic", "frequency"}

    Attributes
    ----------
    data
        The caller's, read as rows where there are frequencies.
    weights
        What is left as analytic weights.

    Raises
    ------
    SpecificationError
        If there are frequencies without weights, or of the rows of a panel, each of which stands for itself.
    DataError
        If frequencies are no whole numbers, or negative.
    """

    def __init__(self, data: object, weights: str | NDArray[Any] | None, weights_are: str) -> None:
        self.data, self.weights, self._counts = data, weights, None
        if choose("weights_are", weights_are, MEANINGS) == "analytic":
            return
        if weights is None:
            raise SpecificationError("weights_are='frequency' says what weights= are. Give weights=, or leave it out.")
        rows = rows_of(data)
        if not rows.plain:
            raise SpecificationError(
                "A row of a panel is one entity in one period, so it stands for itself alone, and frequency weights "
                "cannot be used. Give the DataFrame without an index of entities and periods: each row is then a "
                "separate entity, and may be repeated."
            )
        self.data, self.weights, self._counts = rows, None, _counted(rows, weights)

    def repeated(self, design: Design) -> Design:
        """Return a design with its rows repeated, so that every count and error is that of all rows."""
        if self._counts is None:
            return design
        counts = self._counts if design.kept is None else self._counts[design.kept]
        total = int(counts.sum())
        if total == 0:
            raise InsufficientDataError("All frequency weights are zero, so no row is left.")
        if total * len(design.columns) > MOST_CELLS:
            raise SpecificationError(
                f"The frequency weights add up to {total} rows of {len(design.columns)} columns; the limit is "
                f"{MOST_CELLS} numbers."
            )
        text = f"Weights are frequencies: {count_of(design.nobs, 'row stands', 'rows stand')} for {total}."
        rows = np.repeat(np.arange(design.nobs), counts)
        repeated = design.take(rows)
        if not counts.all():
            repeated = repeated.without_empty_levels()
        return repeated.with_notes(Note("frequency-weights", text))


def _counted(rows: Panel, weights: str | NDArray[Any]) -> NDArray[np.int64]:
    """Return whole numbers of rows."""
    if isinstance(weights, str):
        counts = rows.column(weights)
    else:
        counts = as_floats(arranged(rows, weights, "Weights"), "weights")
    wrong = ~((counts >= 0.0) & (counts == np.floor(counts)) & (counts < 2.0**53))
    if wrong.any():
        raise DataError(
            "Frequency weights count rows, so they must be whole numbers of at least 0; those of "
            f"{rows_where(rows, wrong)} are not. Weights that are inverse variances are weights_are='analytic'."
        )
    return counts.astype(np.int64)
