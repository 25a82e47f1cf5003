"""The sample of an estimate: how many rows, of how many entities."""

from __future__ import annotations

from typing import NamedTuple

from panelvar.kernels.linear.groups import Grouping


class Sample(NamedTuple):
    """What coefficients are estimated from.

    Attributes
    ----------
    dependent : str
        Name of the dependent variable.
    rows : int
    entities : int
    fewest, average, most : int, float, int
        Rows of an entity.
    """

    dependent: str
    rows: int
    entities: int
    fewest: int
    average: float
    most: int


def sample_of(dependent: str, rows: int, entities: Grouping) -> Sample:
    """Count a sample whose rows are grouped by entity."""
    sizes = entities.sizes
    return Sample(dependent, rows, len(sizes), int(sizes.min()), float(sizes.mean()), int(sizes.max()))
