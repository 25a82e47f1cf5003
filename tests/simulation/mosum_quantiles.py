"""Quantiles of the largest absolute increment of a Brownian bridge and of a Brownian motion, by length.

The table is ``panelvar/systems/diagnostics/constants/mosum_quantiles.csv``; this makes it anew (two minutes):
``PYTHONPATH=tests python -m simulation.mosum_quantiles > panelvar/systems/diagnostics/constants/mosum_quantiles.csv``.
"""

from __future__ import annotations

import numpy as np

WINDOWS = tuple(round(0.05 * place, 2) for place in range(1, 11))
TAILS = (
    0.999,
    0.99,
    0.975,
    0.95,
    0.9,
    0.8,
    0.7,
    0.6,
    0.5,
    0.4,
    0.3,
    0.25,
    0.2,
    0.15,
    0.1,
    0.075,
    0.05,
    0.025,
    0.01,
    0.001,
)
CHECKED = (
    "# Checked: R's strucchange (Chu, Hornik and Kuan 1995) to 0.005 up to a window of 0.45, where its paths are",
    "# discrete too; over half the sample the limit is known, and 0.017 higher. Samples are shorter still.",
)
STEPS, DRAWS, CHUNK = 2000, 100_000, 2000


def largest_increments(draws: int, seed: int) -> dict[str, np.ndarray]:
    """Largest absolute increments (draws, windows) of paths of 2,000 steps."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[np.ndarray]] = {"bridge": [], "motion": []}
    for _ in range(draws // CHUNK):
        motion = np.zeros((CHUNK, STEPS + 1))
        np.cumsum(rng.standard_normal((CHUNK, STEPS)) / np.sqrt(STEPS), axis=1, out=motion[:, 1:])
        bridge = motion - motion[:, -1:] * np.linspace(0.0, 1.0, STEPS + 1)
        for name, paths in (("bridge", bridge), ("motion", motion)):
            lengths = [round(window * STEPS) for window in WINDOWS]
            found[name].append(np.stack([np.abs(paths[:, k:] - paths[:, :-k]).max(axis=1) for k in lengths], axis=1))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def main() -> None:
    """Print the table."""
    print(
        "# Quantiles of the largest absolute increment of a Brownian bridge (or motion) over windows of [0, 1], by tail"
    )
    print(
        "# probability: 100,000 paths of 2,000 steps; PYTHONPATH=tests python -m simulation.mosum_quantiles made them."
    )
    for line in CHECKED:
        print(line)
    print("process,window," + ",".join(f"{tail:g}" for tail in TAILS))
    for name, values in largest_increments(DRAWS, 1).items():
        for place, window in enumerate(WINDOWS):
            quantiles = np.quantile(values[:, place], [1.0 - tail for tail in TAILS])
            print(f"{name},{window:g}," + ",".join(f"{value:.4f}" for value in quantiles))


if __name__ == "__main__":
    main()
