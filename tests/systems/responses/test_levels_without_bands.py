"""Levels say how much bands hold: several of them where there is no band are a misunderstanding."""

from __future__ import annotations

import pytest

import panelvar as pv

NAMES = ["infl", "unemp", "fedfunds"]


@pytest.fixture(scope="module")
def model():
    return pv.fit_var(pv.load_data("us_macro").loc["1985Q1":"1999Q4", NAMES], lags=1)


@pytest.mark.parametrize("name", ["impulse_responses", "variance_decomposition"])
def test_several_levels_without_a_band_are_refused(model, name):
    with pytest.raises(pv.SpecificationError, match="give bands="):
        getattr(model, name)(4, level=(0.68, 0.95))
    bands = pv.ResidualBootstrap(draws=200, seed=1)
    assert len(getattr(model, name)(4, level=(0.68, 0.95), bands=bands).limits) == 2
    # A published system has no bands= to give.
    published = pv.System(model.coefficients, sigma=model.sigma)
    with pytest.raises(pv.SpecificationError, match=r"coefficients that are given have no errors.*SignRestrictions"):
        getattr(published, name)(4, level=(0.68, 0.95))
