"""What the guides to panel models say without a cell that shows it."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.core.base.errors import PanelVarWarning

DATA = Path(__file__).resolve().parents[2] / "examples" / "data"


@cache
def internet():
    data = pd.read_csv(DATA / "world_internet_income.csv")
    data["log_income"] = np.log(data["gdp_per_capita"])
    panel = pv.Panel(data, entity="iso3", time="year")
    return pv.fit_fixed_effects(panel, "log_income", ["internet_users"], effects="twoway", cov="cluster")


def error(cov):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PanelVarWarning)
        return internet().with_cov(cov).std_errors["internet_users"]


def test_more_lags_of_driscoll_kraay_need_not_give_larger_errors():
    """guide/covariances: with 8 lags the error is smaller than with 4, and none is clustering by period."""
    assert error(pv.DriscollKraay(8)) < error(pv.DriscollKraay(4))
    np.testing.assert_allclose(error(pv.DriscollKraay(0)), error(pv.Clustered("time")), rtol=1e-12)


def test_the_largest_error_is_five_times_the_smallest():
    """guide/covariances, "How to read it"."""
    assert 5.0 < error("cluster") / error("driscoll-kraay") < 5.5
    assert error("HC1") < 0.5 * error("cluster")


@pytest.mark.parametrize("preset", ["default", "plm", "gretl", "stata", "pyfixest", "linearmodels", "eviews"])
def test_robust_is_clustered_unless_the_preset_has_hc1(preset):
    """guide/covariances names the presets under which "robust" is HC1 after fit_pooled."""
    states = pv.load_data("fatalities")
    pooled = pv.fit_pooled(states, "frate ~ beertax", cov="robust", convention=preset)
    hc1 = preset in {"stata", "pyfixest", "linearmodels", "eviews"}
    assert ("HC1" in pooled.cov_label, "clustered" in pooled.cov_label) == (hc1, not hc1)


@pytest.mark.parametrize("firms", [3, 5])
def test_no_method_claims_to_be_reliable_with_five_clusters_or_fewer(firms):
    """guide/few_clusters, "When not to", and the smallest p-value of three clusters."""
    data = pv.load_data("grunfeld").reset_index()
    panel = pv.Panel(data[data["firm"].isin(sorted(data["firm"].unique())[:firms])], entity="firm", time="year")
    with pytest.warns(PanelVarWarning, match="No bootstrap does better"):
        fit = pv.fit_fixed_effects(panel, "invest ~ value", cov=pv.BiasReduced("entity"))
    with pytest.warns(PanelVarWarning, match="smallest possible p-value"):
        test = pv.wild_bootstrap_test(fit, "value", cluster="firm")
    assert test.pvalue >= 2.0 ** (1 - firms)
    assert any("reliable" in note for note in map(str, test.notes))
