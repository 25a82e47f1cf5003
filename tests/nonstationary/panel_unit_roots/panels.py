"""Panels of random walks, of stationary series and of factors, and long-run variances, for the tests of this room."""

from __future__ import annotations

import math

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


def driven(entities: int, periods: int, roots: tuple[float, ...], own: float, seed: int = 0) -> np.ndarray:
    """Panels (N, T) of factors and own parts with these roots."""
    rng = np.random.default_rng(seed)
    loadings = rng.standard_normal((entities, len(roots))) + 1.0
    factors = np.vstack([walks(1, periods, seed + 100 + place, root) for place, root in enumerate(roots)])
    return loadings @ factors + walks(entities, periods, seed + 50, own)


def quadratic_spectral(residuals: np.ndarray) -> tuple[float, float]:
    """Variance, and long-run variance by Andrews and Monahan (1992), of one series."""
    n = len(residuals)
    root = float(residuals[1:] @ residuals[:-1] / (residuals[:-1] @ residuals[:-1]))
    white = residuals[1:] - root * residuals[:-1]
    again = float(white[1:] @ white[:-1] / (white[:-1] @ white[:-1]))
    width = 1.3221 * (4.0 * again**2 / (1.0 - again) ** 4 * len(white)) ** 0.2
    total = white @ white / n
    for lag in range(1, len(white)):
        x = 1.2 * math.pi * lag / width
        weight = 3.0 / x**2 * (math.sin(x) / x - math.cos(x))
        total += 2.0 * weight * (white[lag:] @ white[:-lag]) / n
    return float(residuals @ residuals / n), float(total / (1.0 - root) ** 2)
