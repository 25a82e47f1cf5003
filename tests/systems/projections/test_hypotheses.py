"""Hypotheses on projected responses, against the covariance of each path and the errors of each horizon."""

import numpy as np
import pandas as pd
import pytest
from quiet import quietly

import panelvar as pv

OPTIONS = ({}, {"lag_augmented": False, "cov": "newey-west"})


def projected(**options):
    data = pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]].iloc[-120:]
    return pv.fit_local_projections(data, lags=2, horizon=3, **options)


@pytest.mark.parametrize("options", OPTIONS)
def test_hypotheses_on_a_path_have_its_joint_covariance(options):
    lp = projected(**options)
    path = lp.joint_covariance("unemp", "tbilrate").to_numpy()[1:, 1:]
    errors = lp.std_errors[1:, 1, 2]
    v = path / np.sqrt(np.outer(path.diagonal(), path.diagonal())) * np.outer(errors, errors)
    b = lp.values[1:, 1, 2]
    test = lp.joint_tests().loc[("unemp", "tbilrate")]
    assert test["df"] == 3 and test["statistic"] == pytest.approx(b @ np.linalg.solve(v, b), rel=1e-8)
    weights = np.array([1.0, -2.0, 1.0])
    combined = lp.lincom("[unemp]h1.tbilrate - 2 * [unemp]h2.tbilrate + [unemp]h3.tbilrate")
    assert combined.estimate == pytest.approx(weights @ b)
    assert combined.std_error == pytest.approx(np.sqrt(weights @ v @ weights), rel=1e-8)
    ratio = lp.nonlinear("[infl]h0.infl * [unemp]h3.tbilrate")
    assert ratio.params.iloc[0] == pytest.approx(lp.values[0, 0, 0] * lp.values[3, 1, 2])


def test_limits_are_those_of_each_horizon_and_known_responses_have_none():
    lp = projected()
    limits = lp.conf_int(of="[unemp]*.tbilrate")
    np.testing.assert_allclose(limits["lower"], lp.lower[:, 1, 2], rtol=1e-12)
    np.testing.assert_allclose(limits["upper"], lp.upper[:, 1, 2], rtol=1e-12)
    together = lp.conf_int(of="[unemp]*.tbilrate", joint="sup-t")
    path = lp.with_bands(pv.DeltaMethod(joint="sup-t", seed=0))
    assert together.iloc[0].tolist() == [0.0, 0.0]
    np.testing.assert_allclose(together["upper"], path.upper[:, 1, 2], rtol=0.03, atol=1e-12)
    tidy = lp.tidy().set_index(["response", "shock", "horizon"])
    np.testing.assert_allclose(tidy["std.error"].to_numpy().reshape(3, 3, 4).transpose(2, 0, 1), lp.std_errors)
    pd.testing.assert_series_equal(lp.params, tidy["estimate"].rename(None))
    np.testing.assert_allclose(np.sqrt(np.diag(lp.cov)), tidy["std.error"], atol=1e-12)
    assert lp.cov_label == lp.covariance and lp.glance()["nobs"].item() == lp.nobs == lp.nobs_by_horizon[0]


def test_few_degrees_of_freedom_refer_to_t():
    data = pv.load_data("us_macro")[["infl", "unemp"]].iloc[-28:]
    lp = quietly(pv.fit_local_projections, data, lags=1, horizon=2)
    few = lp.df_by_horizon[2]
    assert lp.lincom("[infl]h1.unemp + [infl]h2.unemp").df == min(lp.df_by_horizon[1:])
    assert lp.wald_test("[infl]h2.unemp = 0").df_denominator == few
    limits = lp.conf_int(of="[infl]h2.unemp")
    assert limits["lower"].item() == pytest.approx(lp.lower[2, 0, 1])
    tidy = lp.tidy().set_index(["response", "shock", "horizon"])
    assert tidy.loc[("infl", "unemp", 2), "p.value"] == pytest.approx(lp.lincom("[infl]h2.unemp").pvalue)


def test_panels_and_other_covariances():
    panel = pv.load_data("employment")
    lp = quietly(pv.fit_panel_local_projections, np.log(panel[["emp", "wage"]]), "emp", "wage", horizon=2)
    combined = lp.lincom("[emp]h0.wage - [emp]h1.wage")
    assert combined.std_error > 0.0
    assert lp.wald_test("[emp]h0.wage = [emp]h1.wage").statistic == pytest.approx(combined.statistic**2)
    with pytest.raises(pv.SpecificationError, match="Say cov= when you fit"):
        lp.with_cov("HC1")
