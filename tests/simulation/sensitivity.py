"""Coverage of intervals for trends that are not parallel. ``python tests/simulation/sensitivity.py`` makes the table.

Estimates of five periods before and five after are drawn from a normal distribution about a difference in trends that
is as large as the bound allows, so that the effect, of the last period, is at an end of what is possible; with errors
of .1, correlated by one half through the reference. It is asked whether the interval has the effect in it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from panelvar.estimates.sensitivity.conditional_intervals import ConditionalTest, moments_of
from panelvar.estimates.sensitivity.fixed_length import find_fixed_length
from panelvar.estimates.sensitivity.trend_restrictions import RESTRICTIONS, bound_trends, difference_rows

TABLE = Path(__file__).with_suffix(".md")
REPLICATIONS = 2000
SEED = 523
PERIODS = 5
COVARIANCE = 0.01 * (0.5 + 0.5 * np.eye(2 * PERIODS))
EFFECT = np.eye(PERIODS)[-1]
DRAWS = 2000
CASES = [
    (restriction, method, bound)
    for restriction in RESTRICTIONS
    for method in ("conditional-least-favorable", "conditional", "fixed-length")
    for bound in (0.5, 1.0)
    if method != "fixed-length" or restriction == "smoothness"
]


def worst(restriction: str, bound: float) -> tuple[np.ndarray, float]:
    """A difference in trends that changes as much as it may after the reference, and the bound in its units."""
    order = 1 if restriction == "relative magnitudes" else 2
    before = np.array([0.3, -0.1, 0.1, 0.2, 0.05])[: PERIODS + 1 - order]
    size = bound * (0.1 if restriction == "smoothness" else np.abs(before).max())
    if restriction == "smoothness":
        before = np.array([0.5, -1.0, 0.5, 1.0]) * size
    changes = np.concatenate([before, np.full(PERIODS, size)])
    rows = difference_rows(PERIODS, PERIODS, order)
    # Second differences leave the slope of a line open: the shortest path has none.
    path = np.linalg.lstsq(rows, changes, rcond=None)[0]
    return path, size if restriction == "smoothness" else bound


def covers(rng: np.random.Generator, restriction: str, method: str, bound: float, count: int) -> float:
    """Share of samples whose interval has the effect, which is zero, in it."""
    path, bound = worst(restriction, bound)
    root = np.linalg.cholesky(COVARIANCE)
    drawn = rng.standard_normal((DRAWS, len(root))) @ root.T
    sets = bound_trends(PERIODS, PERIODS, restriction, bound)
    moments = [moments_of(each, EFFECT, COVARIANCE) for each in sets]
    inside = 0
    for _ in range(count):
        estimates = path + root @ rng.standard_normal(len(root))
        if method == "fixed-length":
            found = find_fixed_length(estimates, COVARIANCE, EFFECT, bound, 0.95)
            inside += abs(found.centre) <= found.half_length
            continue
        draws = drawn if method == "conditional-least-favorable" else None
        inside += any(
            ConditionalTest(each, estimates, COVARIANCE, 0.95, draws).accept(np.zeros(1))[0] for each in moments
        )
    return inside / count


def study_of(case: tuple[str, str, float], count: int = REPLICATIONS, seed: int = SEED) -> float:
    """The share of one case."""
    return covers(np.random.default_rng([seed, CASES.index(case)]), *case, count)


def read() -> dict[tuple[str, str, float], float]:
    """The committed table."""
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]
    return {(row[0], row[1], float(row[2])): float(row[3]) for row in rows}


def main() -> int:
    """Compute the table and write it."""
    lines = [
        "Coverage of intervals of 95% where the difference in trends is as large as the bound allows.",
        f"{REPLICATIONS} samples a row (Monte Carlo standard error 0.005).",
        "Made by `python tests/simulation/sensitivity.py`.",
        "",
        "| restriction | intervals | bound | coverage |",
        "|---|---|---|---|",
    ]
    for case in CASES:
        lines.append(f"| {' | '.join(map(str, case))} | {study_of(case):.3f} |")
        print(lines[-1], flush=True)
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
