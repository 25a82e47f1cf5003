"""Quantiles of the Dickey-Fuller ratio under a random walk, by rows of its regression, and of its limit.

The table is ``panelvar/nonstationary/unit_roots/constants/dickey_fuller_quantiles.csv``; this makes it anew (two
minutes): ``PYTHONPATH=tests python -m simulation.dickey_fuller_quantiles >
panelvar/nonstationary/unit_roots/constants/dickey_fuller_quantiles.csv``.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

SCORES = np.arange(-36, 37) / 10.0
"""Standard normal scores of the probabilities of the quantiles."""

# Rows, and thousands of random walks drawn of each length.
GRID = (
    *((rows, 4000) for rows in range(3, 10)),
    (10, 4000),
    (12, 4000),
    (15, 4000),
    (20, 4000),
    (25, 4000),
    (35, 3000),
    (50, 3000),
    (75, 3000),
    (100, 2000),
    (150, 2000),
    (250, 1000),
    (500, 600),
)
STEPS, LIMITS = 32, 8000
"""Steps between which a Wiener process is drawn, and thousands of them."""

TERMS = {"n": 0, "c": 1, "ct": 2}
FEWEST_DF = 2
"""Rows less coefficients that a regression has at least."""
CHUNK = 4000


def ratios(rows: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Dickey-Fuller ratios without lags of so many random walks, by terms, (3, count); NaN where rows are too few."""
    terms = np.linalg.qr(np.arange(rows)[:, None] ** np.arange(2.0))[0]
    found = []
    for first in range(0, count, CHUNK):
        change = rng.standard_normal((min(CHUNK, count - first), rows))
        # From zero: constants take the start out, and without terms it is known.
        level = np.cumsum(change, axis=1) - change
        squares, products, changes = (
            np.einsum("it,it->i", one, other) for one, other in ((level, level), (level, change), (change, change))
        )
        of_level, of_change = level @ terms, change @ terms
        parts = []
        for place, powers in enumerate(TERMS.values()):
            if powers:
                squares = squares - of_level[:, powers - 1] ** 2
                products = products - of_level[:, powers - 1] * of_change[:, powers - 1]
                changes = changes - of_change[:, powers - 1] ** 2
            df = rows - powers - 1
            assert place == powers
            if df < FEWEST_DF:
                parts.append(np.full(len(change), np.nan))
                continue
            left = changes - products**2 / squares
            parts.append(products / np.sqrt(squares * left / df))
        found.append(parts)
    return np.concatenate(found, axis=1)


def limits(count: int, rng: np.random.Generator) -> np.ndarray:
    r"""Limits of the ratios, functionals of so many Wiener processes W, (3, count).

    :math:`\int W dW = (W(1)^2 - 1) / 2`. Between two steps h apart W is a line and a bridge B. :math:`\int B` and the
    integral of B times the time from the middle are normal and independent, with variances :math:`h^3 / 12` and
    :math:`h^5 / 720`; all but a hundredth of the variance of the first is from the first sine of B, of the second from
    the second, whose squares are in :math:`\int B^2`; of the other sines it has the mean.
    """
    h = 1.0 / STEPS
    middle = (np.arange(STEPS) + 0.5) * h
    # Mean of the integrated square of a bridge, without the first two sines.
    other = 1.0 / 6.0 - 1.25 / np.pi**2
    found = []
    for first in range(0, count, CHUNK):
        steps, even, odd = rng.standard_normal((3, min(CHUNK, count - first), STEPS))
        steps *= np.sqrt(h)
        ends = np.cumsum(steps, axis=1)
        halfway, last = ends - 0.5 * steps, ends[:, -1]
        bridge, moment = np.sqrt(h**3 / 12.0) * even, np.sqrt(h**5 / 720.0) * odd
        area = h * halfway + bridge
        own = h**2 * ((even**2 + 0.25 * odd**2) / np.pi**2 + other)
        squares = (h * (halfway**2 + steps**2 / 12.0) + 2.0 * (halfway * bridge + steps / h * moment) + own).sum(axis=1)
        constant = area.sum(axis=1)
        slope = np.sqrt(12.0) * ((area * (middle - 0.5) + moment).sum(axis=1) + h**2 / 12.0 * last)
        products = 0.5 * (last**2 - 1.0)
        parts = [products / np.sqrt(squares)]
        for of_level, of_change in ((constant, last), (slope, np.sqrt(12.0) * (0.5 * last - constant))):
            squares, products = squares - of_level**2, products - of_level * of_change
            parts.append(products / np.sqrt(squares))
        found.append(parts)
    return np.concatenate(found, axis=1)


def table() -> dict[str, list[tuple[str, np.ndarray]]]:
    """Quantiles by terms, for each number of rows, and of the limit."""
    probabilities = ndtr(SCORES)
    drawn = {
        str(rows): np.quantile(ratios(rows, 1000 * thousands, np.random.default_rng([2, rows])), probabilities, axis=1)
        for rows, thousands in GRID
    }
    drawn["inf"] = np.quantile(limits(1000 * LIMITS, np.random.default_rng(2)), probabilities, axis=1)
    return {trend: [(rows, found[:, place]) for rows, found in drawn.items()] for place, trend in enumerate(TERMS)}


def main() -> None:
    """Print the table."""
    print(
        "# Quantiles of the Dickey-Fuller ratio (no lags) under a Gaussian random walk, by rows of the regression and"
    )
    print("# by the standard normal score of the probability; PYTHONPATH=tests python -m")
    print("# simulation.dickey_fuller_quantiles made them. Standard errors are 0.001 within two, 0.01 at the ends, and")
    print("# twice that from 250 rows on; with few rows the ends have larger ones.")
    print("trend,rows," + ",".join(f"{score:g}" for score in SCORES))
    for trend, quantiles in table().items():
        for rows, found in quantiles:
            if not np.isnan(found[0]):
                print(f"{trend},{rows}," + ",".join(f"{each:.4f}" for each in found))


if __name__ == "__main__":
    main()
