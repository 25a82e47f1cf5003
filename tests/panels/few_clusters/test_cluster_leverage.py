"""Leverages of clusters, from the hat matrix and from regressions of one regressor on the others."""

import numpy as np
import pytest
from twins import X, dummy_twin, gappy_frame, indicator, pooled_twin

import panelvar as pv

pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")


@pytest.mark.parametrize("model", ["pooled", "entity", "twoway"])
def test_leverage_and_partial_leverage(model):
    frame = gappy_frame(seed=5, entities=12, periods=6)
    panel = pv.Panel(frame, "entity", "year")
    if model == "pooled":
        result, twin, others = pv.fit_pooled(panel, "y", X), pooled_twin(frame), np.ones((len(frame), 1))
    else:
        effects = {"entity": ["entity"], "twoway": ["entity", "year"]}[model]
        result = pv.fit_fixed_effects(panel, "y", X, effects=model)
        twin, others = dummy_twin(frame, effects), np.hstack([indicator(frame[effect]) for effect in effects])
    found = pv.cluster_diagnostics(result)
    nested = 0.0 if model == "pooled" else 1.0  # an entity's own dummy
    leverage = frame.assign(h=twin.leverage).groupby("entity")["h"].sum() - nested
    np.testing.assert_allclose(found.table["leverage"], leverage, rtol=1e-9)
    assert list(found.table.index) == sorted(frame["entity"].unique())
    assert found.table["rows"].sum() == len(frame)
    for name, other in (("x1", "x2"), ("x2", "x1")):
        design = np.column_stack((others, frame[other]))
        left = frame[name] - design @ np.linalg.pinv(design) @ frame[name]
        share = (left**2).groupby(frame["entity"]).sum() / (left**2).sum()
        np.testing.assert_allclose(found.table[name], share, rtol=1e-8)
        spread = np.mean((12 * share - 1) ** 2)
        assert found.effective_clusters[name] == pytest.approx(12 / (1 + spread), rel=1e-9)


def test_clusters_that_count_alike_all_count():
    frame = gappy_frame(seed=5, entities=1, periods=9, kept=1.0)
    copies = [frame.assign(entity=f"e{i}", y=frame["y"] + i**2) for i in range(12)]
    import pandas as pd

    result = pv.fit_pooled(pv.Panel(pd.concat(copies), "entity", "year"), "y", X)
    np.testing.assert_allclose(pv.cluster_diagnostics(result).effective_clusters, 12.0, rtol=1e-9)


def test_warnings_say_what_cannot_be_helped():
    frame = gappy_frame(seed=5, entities=12, periods=6).assign(all=1)
    frame["x2"] = np.where(frame["number"] == 0, frame["x2"], 0.0)
    result = pv.fit_pooled(pv.Panel(frame, "entity", "year"), "y", X)
    with pytest.warns(pv.PanelVarWarning, match=r"nearly all the partial leverage of x2"):
        found = pv.cluster_diagnostics(result)
    assert found.effective_clusters["x2"] < 1.3
    assert "Effective number" in str(found)
    with pytest.warns(pv.PanelVarWarning, match=r"4 distinct values of \|t\|, so the smallest p-value is 0.25"):
        pv.cluster_diagnostics(result, cluster="region")
    with pytest.raises(pv.InsufficientDataError, match="at least two clusters"):
        pv.cluster_diagnostics(result, cluster="all")
