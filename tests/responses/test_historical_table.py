"""The table of a historical decomposition: every part of every variable in every period, in each form of a table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv

NAMES = ["infl", "unemp", "fedfunds"]


@pytest.fixture(scope="module")
def model():
    return pv.fit_var(pv.load_data("us_macro").loc["1985Q1":"1999Q4", NAMES], lags=1)


def test_parts_add_up_to_the_data(model):
    history = model.historical_decomposition(identification=pv.Cholesky(shocks=("price", "demand", "policy")))
    frame = history.to_frame()
    parts = ["baseline", "price", "demand", "policy"]
    assert list(frame.columns) == [(name, part) for name in NAMES for part in parts]
    np.testing.assert_allclose(frame.T.groupby(level=0, sort=False).sum().T, history.actual, rtol=1e-12)
    table = history.summary().to_frame()
    assert isinstance(table, pd.DataFrame) and table.shape == frame.shape
    np.testing.assert_array_equal(table.to_numpy(dtype=float), frame.to_numpy())
    text = str(history)
    assert max(map(len, text.splitlines())) <= 80
    assert "1999Q4" in text and "policy" in text and "Cholesky" in text
    assert "<table" in history.to_html() and r"\toprule" in history.to_latex()


def test_shocks_that_are_not_identified_have_a_column(model):
    signs = pv.ShortRun(b=[[None, 0, 0], [None, None, 0], [None, None, None]], shocks=["price", "demand", "policy"])
    whole = model.historical_decomposition(identification=signs)
    assert "other shocks" not in whole.to_text()
    generator = np.random.default_rng(3)
    proxy = pd.Series(generator.standard_normal(60), index=pd.period_range("1985Q1", periods=60, freq="Q"))
    with pytest.warns(pv.PanelVarWarning):
        partial = model.historical_decomposition(identification=pv.ExternalInstrument(proxy, "fedfunds"))
    assert "other shocks" in partial.to_text()
    np.testing.assert_allclose(
        partial.to_frame()["unemp"].sum(axis=1), partial.actual[:, NAMES.index("unemp")], rtol=1e-12
    )


@pytest.mark.parametrize("name", ["impulse_responses", "variance_decomposition"])
def test_several_levels_without_a_band_are_refused(model, name):
    with pytest.raises(pv.SpecificationError, match="give bands="):
        getattr(model, name)(4, level=(0.68, 0.95))
    bands = pv.ResidualBootstrap(draws=200, seed=1)
    assert len(getattr(model, name)(4, level=(0.68, 0.95), bands=bands).limits) == 2
