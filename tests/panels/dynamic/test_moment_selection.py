"""Criteria of Andrews and Lu: by the formula, on one sample, and how often they find the lags."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from panels.dynamic.test_arellano_bond import FRAME

import panelvar as pv

COLLAPSED = pv.LagInstruments(collapse=True)
SETS = [pv.LagInstruments("y", 2, 5), pv.StandardInstruments("x")]


def test_the_criteria_are_the_formulas_with_n_the_entities():
    found = pv.fit_arellano_bond(FRAME, "y", "x", instruments=COLLAPSED)
    test, spare = found.hansen_j, found.n_instruments - 2
    criteria = found.moment_criteria()
    assert criteria.bic == pytest.approx(test.statistic - spare * np.log(60))
    assert criteria.aic == pytest.approx(test.statistic - 2 * spare)
    assert criteria.hqic == pytest.approx(test.statistic - 2.1 * spare * np.log(np.log(60)))
    assert found.moment_criteria(hq=3.0).hqic == pytest.approx(test.statistic - 3.0 * spare * np.log(np.log(60)))
    coarse = pv.fit_arellano_bond(FRAME, "y", "x", instruments=COLLAPSED, cov=pv.Clustered("region"))
    assert coarse.moment_criteria().bic == pytest.approx(coarse.hansen_j.statistic - spare * np.log(20))


@pytest.mark.parametrize("fit", [pv.fit_arellano_bond, pv.fit_blundell_bond])
def test_every_number_of_lags_has_the_rows_of_the_longest(fit):
    """A shorter model by hand: x is missing wherever the third lag is."""
    longest = fit(FRAME, "y", "x", lags=3, instruments=SETS)
    frame = FRAME.assign(x=FRAME["x"] + FRAME["y"].groupby("i").shift(3) * 0.0)
    selection = longest.lag_selection()
    for lags in (1, 2, 3):
        with pytest.warns(pv.PanelVarWarning, match="180 of 480 rows have missing values"):
            shorter = fit(frame, "y", "x", lags=lags, instruments=SETS)
        assert shorter.nobs == longest.nobs
        row = selection.table.loc[lags]
        assert row["hansen"] == pytest.approx(shorter.hansen_j.statistic, rel=1e-8)
        assert (row["df"], row["pvalue"]) == (shorter.hansen_j.df, pytest.approx(shorter.hansen_j.pvalue, rel=1e-7))
        assert row["bic"] == pytest.approx(shorter.moment_criteria().bic, rel=1e-8)
    assert selection.n_instruments == longest.n_instruments


def test_the_smallest_is_chosen_and_starred():
    found = pv.fit_arellano_bond(FRAME, "y", "x", lags=3, instruments=COLLAPSED)
    selection = found.lag_selection()
    assert selection.selected == {name: int(selection.table[name].idxmin()) for name in ("bic", "aic", "hqic")}
    assert selection.order("bic") == selection.selected["bic"]
    text = str(selection)
    assert text.count("*") == 4
    assert max(map(len, text.splitlines())) <= 80
    assert "n = 60" in repr(selection)


def test_units_decide_nothing():
    plain = pv.fit_arellano_bond(FRAME, "y", "x", lags=3, instruments=COLLAPSED).lag_selection()
    scaled = FRAME.assign(y=FRAME["y"] * 1e6, x=FRAME["x"] * 1e-4)
    scaled = pv.fit_arellano_bond(scaled, "y", "x", lags=3, instruments=COLLAPSED).lag_selection()
    np.testing.assert_allclose(scaled.table, plain.table, rtol=1e-7)


def test_what_cannot_be_is_refused_in_words():
    found = pv.fit_arellano_bond(FRAME, "y", "x", instruments=COLLAPSED)
    with pytest.raises(pv.SpecificationError, match="one lag, so there is nothing to choose"):
        found.lag_selection()
    with pytest.raises(pv.SpecificationError, match=r"hq=1.0 must be above 2"):
        found.moment_criteria(hq=1.0)
    longer = pv.fit_arellano_bond(FRAME, "y", "x", lags=2, instruments=COLLAPSED)
    with pytest.raises(pv.SpecificationError, match="criterion='sic'"):
        longer.lag_selection().order("sic")


@pytest.mark.slow
def test_bic_finds_two_lags():
    rng = np.random.default_rng(8)
    right, draws, entities = 0, 200, 300
    for _ in range(draws):
        effect = rng.standard_normal(entities)
        rows = [effect, effect]
        for _ in range(30):
            rows.append(0.4 * rows[-1] + 0.3 * rows[-2] + 0.3 * effect + rng.standard_normal(entities))
        index = pd.MultiIndex.from_product([range(entities), range(10)], names=["i", "t"])
        frame = pd.DataFrame({"y": np.array(rows[-10:]).T.ravel()}, index=index)
        found = pv.fit_arellano_bond(frame, "y", lags=4, instruments=COLLAPSED)
        right += found.lag_selection().order("bic") == 2
    assert right / draws > 0.75
