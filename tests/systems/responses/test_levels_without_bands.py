"""Levels say how much bands hold: naming them where there is no band is a misunderstanding."""

from __future__ import annotations

import pytest

import panelvar as pv

NAMES = ["infl", "unemp", "fedfunds"]


@pytest.fixture(scope="module")
def model():
    return pv.fit_var(pv.load_data("us_macro").loc["1985Q1":"1999Q4", NAMES], lags=1)


@pytest.mark.parametrize("name", ["impulse_responses", "variance_decomposition"])
@pytest.mark.parametrize(("level", "said"), [((0.68, 0.95), r"level=\(0\.95, 0\.68\)"), (0.9, r"level=0\.9 ")])
def test_levels_without_a_band_are_refused(model, name, level, said):
    with pytest.raises(pv.SpecificationError, match=f"{said}.*give bands="):
        getattr(model, name)(4, level=level)
    bands = pv.ResidualBootstrap(draws=200, seed=1)
    assert len(getattr(model, name)(4, level=level, bands=bands).limits) == (2 if isinstance(level, tuple) else 1)
    # A published system has no bands= to give.
    published = pv.System(model.coefficients, sigma=model.sigma)
    with pytest.raises(pv.SpecificationError, match=r"coefficients that are given have no errors.*SignRestrictions"):
        getattr(published, name)(4, level=level)


@pytest.mark.parametrize("name", ["impulse_responses", "variance_decomposition"])
def test_the_default_level_is_no_request(model, name):
    """It cannot be told from no level at all, so it is taken without a band even where it is written out."""
    assert getattr(model, name)(4, level=0.95).limits == []
