"""Panels of random walks and of stationary series, for the tests of this room."""

from __future__ import annotations

import numpy as np
import pandas as pd

import panelvar as pv


def walks(entities: int, periods: int, seed: int = 0, root: float = 1.0) -> np.ndarray:
    """Autoregressions of one root, (N, T)."""
    errors = np.random.default_rng(seed).standard_normal((entities, periods))
    out = errors.copy()
    for t in range(1, periods):
        out[:, t] += root * out[:, t - 1]
    return out


def panel_of(values: np.ndarray, *, first: int = 2000) -> pv.Panel:
    """A panel with the column ``y``."""
    entities, periods = values.shape
    frame = pd.DataFrame(
        {
            "i": np.repeat([f"e{place}" for place in range(entities)], periods),
            "t": np.tile(np.arange(first, first + periods), entities),
            "y": values.ravel(),
        }
    )
    return pv.Panel(frame, "i", "t")
