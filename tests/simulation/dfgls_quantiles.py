"""Quantiles of the DF-GLS ratio under a random walk, by sample size.

The table is ``panelvar/nonstationary/unit_roots/constants/dfgls_quantiles.csv``; this makes it anew (a minute):
``PYTHONPATH=tests python -m simulation.dfgls_quantiles >
panelvar/nonstationary/unit_roots/constants/dfgls_quantiles.csv``.
"""

from __future__ import annotations

import numpy as np

PROBABILITIES = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999)
# Periods, and random walks drawn of each length.
GRID = (
    (20, 400),
    (25, 400),
    (35, 400),
    (50, 400),
    (75, 400),
    (100, 300),
    (150, 240),
    (250, 160),
    (500, 100),
    (1000, 60),
)
DISTANCE = {"c": -7.0, "ct": -13.5}
CHUNK = 4000


def ratios(periods: int, count: int, trend: str, rng: np.random.Generator) -> np.ndarray:
    """DF-GLS ratios without lags of so many independent random walks."""
    terms = np.arange(1.0, periods + 1.0)[:, None] ** np.arange(len(trend))
    root = 1.0 + DISTANCE[trend] / periods
    moved = terms.copy()
    moved[1:] -= root * terms[:-1]
    inverse = np.linalg.pinv(moved).T
    found = []
    for first in range(0, count, CHUNK):
        walks = np.cumsum(rng.standard_normal((min(CHUNK, count - first), periods)), axis=1)
        differenced = walks.copy()
        differenced[:, 1:] -= root * walks[:, :-1]
        left = walks - differenced @ inverse @ terms.T
        level, change = left[:, :-1], np.diff(left, axis=1)
        squares = (level**2).sum(axis=1)
        slope = (level * change).sum(axis=1) / squares
        rest = (change**2).sum(axis=1) - slope**2 * squares
        found.append(slope / np.sqrt(rest / (periods - 2) / squares))
    return np.concatenate(found)


def main() -> None:
    """Print the table."""
    print("# Quantiles of the DF-GLS ratio (no lags) under a Gaussian random walk; PYTHONPATH=tests python -m")
    print("# simulation.dfgls_quantiles made them. Standard errors are 0.01 at most.")
    print("trend,periods," + ",".join(f"{p:g}" for p in PROBABILITIES))
    for place, trend in enumerate(DISTANCE):
        for periods, thousands in GRID:
            found = ratios(periods, 1000 * thousands, trend, np.random.default_rng([place, periods]))
            print(f"{trend},{periods}," + ",".join(f"{q:.3f}" for q in np.quantile(found, PROBABILITIES)))


if __name__ == "__main__":
    main()
