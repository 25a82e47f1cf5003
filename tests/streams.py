"""The random numbers that the library draws from a seed: a loop that draws the same ones repeats its results."""

from __future__ import annotations

import numpy as np


def stream(seed: int) -> np.random.Generator:
    """The generator behind ``seed=``: the seed beside the letters "panelvar" in ASCII."""
    return np.random.default_rng([seed, int.from_bytes(b"panelvar", "big")])
