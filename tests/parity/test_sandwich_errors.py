"""Where sandwich is wrong: its numbers rebuilt by the algebra of the error, so that the exclusions are proved."""

from __future__ import annotations

import numpy as np
import pytest
from parity.panels import MODELS
from parity.runner import load
from parity.sandwich_cases import pooled
from reference_data import table

import panelvar as pv


@pytest.mark.parametrize("every_firm", [False, True])
@pytest.mark.parametrize("lags", [1, 8])
def test_newey_west_forgets_the_firms_after_that_of_the_last_row(lags, every_firm):
    y, x = MODELS["staggered"]
    frame = table("staggered").sort_values(["firm", "year"], ignore_index=True)
    design = np.column_stack([np.ones(len(frame)), frame[x]])
    inverse = np.linalg.pinv(design)
    scores = inverse.T * (frame[y].to_numpy() - design @ (inverse @ frame[y].to_numpy()))[:, None]
    cov = scores.T @ scores
    last = frame.sort_values("year", kind="stable")["firm"].iloc[-1]
    assert last < frame["firm"].max()
    for firm, rows in frame.groupby("firm").groups.items():
        if firm > last and not every_firm:
            continue
        years, own = frame.loc[rows, "year"].to_numpy(), scores[rows]
        apart = np.abs(years[:, None] - years)
        weights = np.where(apart > 0, np.maximum(1.0 - apart / (lags + 1.0), 0.0), 0.0)
        cov += own.T @ weights @ own
    if every_firm:
        expected = pooled("staggered", pv.PanelNeweyWest(lags, factor="none")).std_errors
    else:
        name = {1: "NW1987", 8: "max"}[lags]
        numbers = load("staggered_sandwich_lm")["expected"]["vcovPL"][f"aggregateFALSE_lag{name}_adjustFALSE"]
        expected = list(numbers.values())
    np.testing.assert_allclose(np.sqrt(np.diag(cov)), expected, rtol=1e-9)
