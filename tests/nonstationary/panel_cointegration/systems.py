"""Panels of cointegrated and of unrelated random walks, for the tests of this room."""

from __future__ import annotations

import numpy as np
import pandas as pd

import panelvar as pv


def system(entities: int, periods: int, regressors: int = 1, *, root: float = 0.0, seed: int = 0) -> np.ndarray:
    """Walks x and y = sum of x + an error of one root (1: not cointegrated), (N, T, 1 + m), the dependent first."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((entities, periods, regressors)).cumsum(axis=1)
    error = rng.standard_normal((entities, periods))
    for t in range(1, periods):
        error[:, t] += root * error[:, t - 1]
    return np.concatenate([x.sum(axis=2, keepdims=True) + error[..., None], x], axis=2)


def frame_of(values: np.ndarray, *, first: int = 2000) -> pd.DataFrame:
    """Long form with columns i, t, y, x1, x2, ..."""
    entities, periods, width = values.shape
    columns = {
        "i": np.repeat([f"e{place}" for place in range(entities)], periods),
        "t": np.tile(np.arange(first, first + periods), entities),
        "y": values[..., 0].ravel(),
    }
    return pd.DataFrame(columns | {f"x{place}": values[..., place].ravel() for place in range(1, width)})


def panel_of(values: np.ndarray) -> pv.Panel:
    """A panel with columns y, x1, x2, ..."""
    return pv.Panel(frame_of(values), "i", "t")
