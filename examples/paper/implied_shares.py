"""How many internet users each prefecture has on average, by the printed lines of GDP on CII and official GDP.

Slope, p-value and the sum of squares of GDP give the sum of squares of CII, over all rows and within prefectures; what
is left lies between the three means. With its product with mean GDP, which the two slopes give, the means are known
but for one reflection: two answers.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from panelvar.core.faces.layout import Row, interval, number, words
from panelvar.core.tables.table import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from paper.source import Paper


class Line(NamedTuple):
    """One printed line of GDP on CII."""

    constant: float
    slope: float
    pvalue: float


class Shares(NamedTuple):
    """Mean share of internet users by prefecture, both answers, lowest and highest over the printed rounding."""

    table: Table
    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]
    prefectures: tuple[str, ...]


def implied_shares(paper: Paper) -> Shares:
    """Solve for the three means, with every number of the two lines at both ends of its rounding."""
    lines = [_ends(paper, key) for key in ("pooled", "fixed_effects")]
    gdp = paper.frame.groupby("prefecture")["gdp"]
    means = gdp.mean()
    answers = np.array([means_of(paper, pooled, fixed) for pooled, fixed in product(*lines)])
    lowest, highest = answers.min(axis=0), answers.max(axis=0)
    prefectures = tuple(map(str, means.index))
    body = tuple(
        Row(name, (number(float(means[name]), 2), *(interval(*limits, 3) for limits in zip(low, high, strict=True))))
        for name, low, high in zip(prefectures, lowest.T, highest.T, strict=True)
    )
    heads = ("mean GDP", "share of users, one answer", "the other answer")
    table = Table(
        title="Mean shares of internet users that the lines of GDP on CII imply",
        header=(Row("", tuple(words(head) for head in heads)),),
        body=body,
        notes=(
            "From constants, slopes and p-values of the pooled and the fixed-effects line; limits from their rounding. "
            "Two sets of means give the same lines.",
        ),
    )
    return Shares(table, lowest, highest, prefectures)


def _ends(paper: Paper, key: str) -> list[Line]:
    """A printed line with every number half a unit of its last digit lower and higher."""
    block = paper.published["panel_gdp_on_cii"]
    digits = block["decimals"].get(key, {})
    ends = []
    for name in ("const", "cii", "p_cii"):
        half = 0.5 * 10.0 ** -digits.get(name, 4)
        ends.append((block[key][name] - half, block[key][name] + half))
    return [Line(*numbers) for numbers in product(*ends)]


def means_of(paper: Paper, pooled: Line, fixed: Line) -> NDArray[np.float64]:
    """Both answers, a row each: first the one with more users in Aba than in Ganzi."""
    gdp, entity = paper.frame["gdp"], paper.frame["prefecture"]
    by_prefecture = gdp.groupby(entity)
    means = by_prefecture.mean().to_numpy()
    years, entities = len(gdp) // len(means), len(means)
    total = float(((gdp - gdp.mean()) ** 2).sum())
    within = float(((gdp - by_prefecture.transform("mean")) ** 2).sum())
    variation = _variation(pooled, total, len(gdp) - 2), _variation(fixed, within, len(gdp) - entities - 1)
    # Sums over the prefectures of squared deviations of mean CII, and of their products with those of mean GDP.
    square = (variation[0] - variation[1]) / years
    cross = (pooled.slope * variation[0] - fixed.slope * variation[1]) / years
    away = means - means.mean()
    length = np.linalg.norm(away)
    along = away / length
    # Deviations sum to zero: what is not along those of GDP is along the one direction left.
    across = np.cross(along, np.ones(entities) / np.sqrt(entities))
    across *= np.sign(across[0] - across[1])
    part = cross / length
    rest = np.sqrt(square - part**2)
    # Both lines pass through the overall means: they cross there.
    overall = (pooled.constant - fixed.constant) / (fixed.slope - pooled.slope)
    return np.array([overall + part * along + sign * rest * across for sign in (1.0, -1.0)])


def _variation(line: Line, total: float, df: int) -> float:
    """Sum of squares S of CII at which the slope has its p-value: t^2 = b^2 S df / (total - b^2 S)."""
    from scipy import stats

    t2 = float(stats.t.isf(line.pvalue / 2.0, df)) ** 2
    return t2 * total / (line.slope**2 * (df + t2))
