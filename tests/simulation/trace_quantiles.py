"""Quantiles of Johansen's trace statistic for data without a drift, a constant in the model: the design of the table.

``PYTHONPATH=tests python -m simulation.trace_quantiles 6`` prints the 0.8, 0.9, 0.95 and 0.99 quantiles for six
variables less the rank (ten seconds), beside what ``johansen_critical.csv`` has from Osterwald-Lenum (1992).
"""

from __future__ import annotations

import sys

import numpy as np

PERIODS, CHUNK = 400, 500
LEVELS = (0.8, 0.9, 0.95, 0.99)


def trace_statistics(directions: int, draws: int, seed: int) -> np.ndarray:
    """Limits of the trace from random walks of 400 periods, as the paper drew them: levels and changes about means."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws // CHUNK):
        changes = rng.standard_normal((CHUNK, PERIODS, directions))
        levels = np.zeros_like(changes)
        np.cumsum(changes[:, :-1], axis=1, out=levels[:, 1:])
        levels -= levels.mean(axis=1, keepdims=True)
        cross = levels.transpose(0, 2, 1) @ changes
        squares = levels.transpose(0, 2, 1) @ levels
        found.append(np.einsum("nij,nij->n", cross, np.linalg.solve(squares, cross)))
    return np.concatenate(found)


def main() -> None:
    """Print the quantiles."""
    from panelvar.nonstationary.cointegration.johansen_distribution import critical_values

    directions = int(sys.argv[1])
    drawn = np.quantile(trace_statistics(directions, 20_000, 1), LEVELS)
    for level, value in zip(LEVELS, drawn, strict=True):
        published = "" if level == 0.8 else critical_values("osterwald-lenum", "trace", "c", directions, level)[0]
        print(f"{level:g}  {value:.2f}  {published}")


if __name__ == "__main__":
    main()
