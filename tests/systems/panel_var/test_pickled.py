"""A panel vector autoregression that was pickled is the one that was estimated, its bands and other errors too."""

from __future__ import annotations

import pickle

import pytest
from numpy.testing import assert_allclose, assert_array_equal
from quiet import quietly
from systems.panel_var.panel_var_twins import NAMES, panel_of

import panelvar as pv
from panelvar.systems.panel_var.panel_var import METHODS

OTHER = {"gmm": "uncorrected", "mean-group": None}


@pytest.mark.parametrize("method", METHODS)
def test_a_pickled_result_is_the_same(method):
    model = quietly(pv.fit_panel_var, panel_of(entities=60), NAMES, method=method)
    again = pickle.loads(pickle.dumps(model))
    assert str(again) == str(model)
    bands = pv.EntityBootstrap(draws=20, seed=1)
    drawn = [quietly(each.impulse_responses, 3, bands=bands).to_frame() for each in (model, again)]
    # Pickling lays arrays out anew, and sums may be taken in another order.
    assert_allclose(*drawn, rtol=1e-10, atol=1e-13)
    other = OTHER.get(method, "HC1")
    if other is not None:
        assert_array_equal(again.with_cov(other).cov, model.with_cov(other).cov)
