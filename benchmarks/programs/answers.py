"""What a program answers: named arrays that are compared before its time counts, or seconds that it clocked itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

Answer = dict[str, np.ndarray]
Told = Callable[[], Answer]
"""An answer that is put together when somebody asks for it, which is in nobody's time."""
Call = Callable[[], Answer | Told | float | None]
"""One run: what it found, the seconds that it clocked itself, or nothing (a floor)."""


def regressors_of(frame: pd.DataFrame) -> list[str]:
    """Name the regressors of a sample."""
    return [name for name in frame if name.startswith("x")]


def estimates(params: pd.Series, errors: pd.Series, names: list[str]) -> Answer:
    """Return the slopes and their errors; constants are defined in several ways and are left out."""
    return {"params": params[names].to_numpy(float), "std_errors": errors[names].to_numpy(float)}


def accuracy(ours: Answer, theirs: Answer) -> float:
    """Return the largest difference, relative to the largest entry of its array, over what both answer."""
    shared = ours.keys() & theirs.keys()
    if not shared:
        raise ValueError("two programs that answer nothing in common cannot be compared")
    worst = []
    for name in shared:
        mine, other = np.asarray(ours[name], float), np.asarray(theirs[name], float)
        if mine.shape != other.shape:
            raise ValueError(f"{name} has shapes {mine.shape} and {other.shape}")
        worst.append(np.abs(mine - other).max() / np.abs(mine).max())
    # Unlike Python's, NumPy's maximum of numbers and NaN is NaN.
    return float(np.max(worst))
