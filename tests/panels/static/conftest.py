"""Rows that effects and predictions are asked of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv


@pytest.fixture(scope="module")
def gappy_panel():
    """Positive columns, gaps, categories; sorted by entity and time."""
    rng = np.random.default_rng(7)
    n, t = 12, 11
    rows = pd.DataFrame({"firm": np.repeat(np.arange(n), t), "year": np.tile(np.arange(2000, 2000 + t), n)})
    rows["x"], rows["z"] = rng.uniform(0.5, 3.0, (2, n * t))
    rows["region"] = np.array(["north", "south", "west"])[rows["firm"] % 3]
    rows["w"] = rng.uniform(0.5, 2.0, n * t)
    rows["y"] = np.log(rows["x"]) * rows["z"] + rng.standard_normal(n * t)
    return pv.Panel(rows.drop(index=[3, 40, 77]), "firm", "year")
