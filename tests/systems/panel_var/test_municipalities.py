"""Corrected least squares on Swedish municipalities: numbers computed by another program, to the digits it printed."""

from __future__ import annotations

import pytest
from numpy.testing import assert_allclose
from quiet import quietly
from reference_data import table

import panelvar as pv

NAMES = ["expenditures", "revenues", "grants"]
PRINTED = {
    "within": [
        [0.28002386, 0.09912369, -0.28137956],
        [0.31406914, 0.09809507, -0.90731914],
        [0.02438472, -0.03367013, 0.31179847],
    ],
    "hahn-kuersteiner": [
        [0.42891855, 0.12234779, -0.25074682],
        [0.33810076, 0.24665054, -0.93233943],
        [0.02767497, -0.04264826, 0.47203223],
    ],
    "half-panel-jackknife": [
        [0.49961659, 0.18403113, -0.41769456],
        [0.44690802, 0.42167399, -1.22634356],
        [0.00082509, -0.08006975, 0.59183408],
    ],
}


@pytest.mark.parametrize("method", PRINTED)
def test_printed_digits(method):
    model = quietly(pv.fit_panel_var, table("dahlberg").set_index(["id", "year"]), NAMES, method=method)
    assert (model.nobs, model.n_entities) == (2120, 265)
    assert_allclose(model.params.T, PRINTED[method], rtol=0, atol=5.1e-9)
