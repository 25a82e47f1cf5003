"""Methods beside one another."""

from __future__ import annotations

from quiet import quietly
from systems.panel_var.panel_var_twins import NAMES, panel_of

import panelvar as pv


def test_methods_stand_side_by_side():
    frame = panel_of(seed=41, entities=20, periods=16)
    methods = ["within", "hahn-kuersteiner", "half-panel-jackknife", "mean-group"]
    models = {method: quietly(pv.fit_panel_var, frame, NAMES, method=method) for method in methods}
    table = pv.compare(models, foot=("nobs", "entities", "periods", "effects", "rsquared", "f", "cov", "df_resid"))
    frame = table.to_frame()
    text = table.to_text()
    assert max(map(len, text.splitlines())) <= 80
    for method in methods:
        assert f"{models[method].params.loc['L1.x', 'y']:.4f}" in text
        assert f"({models[method].std_errors.loc['L1.x', 'y']:.4f})" in text
    assert "[y]L1.x" in text and "Entities" in text and "entity" in text and "R2" not in text
    assert len(frame) > 8
    limits = pv.compare(models["within"], models["mean-group"], below="conf_int", keep=["[x]L1.x"]).to_text()
    assert f"{models['within'].conf_int().loc[('x', 'L1.x'), 'lower']:.4f}" in limits
