"""Lags and leads of error-correction regressions, given or chosen for each system by a criterion."""

from __future__ import annotations

import math
from itertools import product
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arguments import is_whole, read_whole
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.quoting import shown
from panelvar.kernels.linear.unit_regressions import stacked_triangles
from panelvar.nonstationary.panel_cointegration.error_correction_models import error_correction_columns, width
from panelvar.nonstationary.unit_roots.one_series import POWERS
from panelvar.nonstationary.unit_roots.regressions import pieces

CRITERIA = ("aic", "bic", "hq")

SAMPLES = ("common", "own", "westerlund")
"""Rows on which criteria are compared: the same for all choices; those that each has, as xtwest does, so that units of
y matter; those that each has, by Westerlund's own criterion."""


class Range(NamedTuple):
    """The fewest and the most of lags or leads."""

    fewest: int
    most: int

    @property
    def open(self) -> bool:
        """Whether there is anything to choose."""
        return self.most > self.fewest

    @property
    def numbers(self) -> range:
        """All of them."""
        return range(self.fewest, self.most + 1)


def read_range(option: str, value: object) -> Range:
    """Return a number, or the fewest and the most, as a range.

    Raises
    ------
    SpecificationError
        The value is neither a whole number nor two of them, the smaller first.
    """
    if is_whole(value):
        number = read_whole(option, value, 0)
        return Range(number, number)
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise SpecificationError(
            f"{option}={shown(value)} must be a whole number, or the fewest and the most, such as (0, 3)."
        )
    fewest, most = (read_whole(option, each, 0) for each in value)
    if fewest > most:
        raise SpecificationError(f"{option}={shown(value)} must have the smaller number first.")
    return Range(fewest, most)


class Choice(NamedTuple):
    """How lags and leads are chosen.

    Attributes
    ----------
    lags, leads : Range
    criterion : {"aic", "bic", "hq"}
    sample : str
        One of `SAMPLES`.
    unit : int
        Power of two that the unit of y is, which matters where numbers of rows differ.
    """

    lags: Range
    leads: Range
    criterion: str
    sample: str
    unit: int = 0

    @property
    def open(self) -> bool:
        """Whether there is anything to choose."""
        return self.lags.open or self.leads.open


def orders(stack: Array, trend: str, choice: Choice, *, levels: bool = True) -> tuple[Positions, Positions]:
    """Lags and leads (M,) of systems (M, T, 1 + m), of regressions with lagged levels or without."""
    pairs = list(product(choice.leads.numbers, choice.lags.numbers))
    if len(pairs) > 1:
        by_leads = [_criteria(stack, trend, choice, leads, levels) for leads in choice.leads.numbers]
        best = np.concatenate(by_leads, axis=1).argmin(axis=1)
    else:
        best = np.zeros(len(stack), dtype=np.intp)
    found = np.array(pairs, dtype=np.intp)[best]
    return found[:, 1], found[:, 0]


def _criteria(stack: Array, trend: str, choice: Choice, leads: int, levels: bool) -> Array:
    """Criteria (M, numbers of lags) of the regressions with so many leads."""
    periods, m = stack.shape[1], stack.shape[2] - 1
    numbers = np.array(choice.lags.numbers)
    ends = periods - choice.leads.most if choice.sample == "common" else periods - leads
    if choice.sample == "common":
        start = choice.lags.most + 1
        left = _squares_left(stack, trend, choice.lags.most, leads, (start, ends), levels)[:, numbers]
        rows = np.full(len(numbers), ends - start)
    else:
        left = np.stack(
            [_squares_left(stack, trend, lags, leads, (lags + 1, ends), levels)[:, -1] for lags in numbers.tolist()],
            axis=1,
        )
        rows = ends - 1 - numbers
    with np.errstate(divide="ignore"):
        fit = np.log(left / rows)
    if choice.sample == "westerlund":
        longest = periods - choice.lags.most - choice.leads.most
        return np.asarray(fit + 2.0 * (numbers + leads + POWERS[trend] + 1) / longest)
    size = np.log(rows)
    penalty = {"aic": 2.0 + 0.0 * size, "bic": size, "hq": 2.0 * np.log(size)}[choice.criterion]
    count = np.array([width(trend, m, lags, leads) for lags in numbers.tolist()]) - (0 if levels else 1 + m)
    # The constant counts where rows differ.
    constant = 1.0 + math.log(2.0 * math.pi) + 2.0 * math.log(2.0) * choice.unit
    return np.asarray(rows * (fit + constant) + penalty * count)


def _squares_left(stack: Array, trend: str, lags: int, leads: int, span: tuple[int, int], levels: bool) -> Array:
    """Sums of squares (M, lags + 1) that 0, 1, ..., lags leave of the change of y, on the same rows."""
    m, powers = stack.shape[2] - 1, POWERS[trend]
    fixed = width(trend, m, 0, leads)
    kept = [place for place in range(width(trend, m, lags, leads) + 1) if levels or not 0 <= place - powers <= m]
    ends = (fixed if levels else fixed - 1 - m) + (m + 1) * np.arange(lags + 1)
    parts = []
    for units in pieces(np.arange(len(stack)), (span[1] - span[0]) * len(kept)):
        block = error_correction_columns(stack[units], trend, lags, leads, span, compared=True)
        last = stacked_triangles(block if levels else block[:, :, kept])[:, :, -1]
        parts.append(np.square(last)[:, ::-1].cumsum(axis=1)[:, ::-1][:, ends])
    return np.concatenate(parts)
