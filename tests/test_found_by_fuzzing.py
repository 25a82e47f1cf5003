"""Calls that once ended without words, or said nothing of a number that is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.static_panels.result import LinearResult

pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")


def frame(entities: int = 10, periods: int = 7, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    out = pd.DataFrame({"i": np.repeat(range(entities), periods), "t": np.tile(range(periods), entities)})
    for name in ("y", "x1", "x2", "z"):
        out[name] = rng.standard_normal(len(out))
    out["x2"] += out["z"]
    return out


def system(seed: int = 0) -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(seed).standard_normal((60, 2)).cumsum(axis=0), columns=["a", "b"])


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"statistic": "tau"}, "statistic"),
        ({"pvalue": [0.5]}, "pvalue"),
        ({"df": "two"}, "df"),
        ({"name": None}, "name"),
        ({"null": None}, "null"),
        ({"notes": ["a note"]}, "notes"),
    ],
)
def test_a_test_made_by_hand_is_one_that_prints(changes, match):
    with pytest.raises(pv.SpecificationError, match=match):
        pv.TestResult(**{"name": "A test", "statistic": 1.0, "pvalue": 0.5, "distribution": "none", **changes})
    assert "A test" in repr(pv.TestResult("A test", np.float64(1.0), float("nan"), "none", 2))


def test_the_constant_beside_slopes_of_several_dimensions_is_spoken_of():
    """Their covariance may be indefinite where that of the slopes is not."""
    found = 0
    for seed in range(40):
        panel = pv.Panel(frame(8, 6, seed), "i", "t")
        result: LinearResult = pv.fit_fixed_effects(panel, "y", ["x1", "x2"], cov=pv.Clustered("entity", "time"))
        matrix = result.cov.to_numpy()
        scale = np.sqrt(np.abs(np.diag(matrix)))
        if np.linalg.eigvalsh(matrix / scale / scale[:, None])[0] < -1e-8:
            found += 1
            assert any("semi-definite" in note.text for note in result.notes)
    assert found


def test_decimals_of_instrumental_summaries_are_checked():
    panel = pv.Panel(frame(), "i", "t")
    result = pv.fit_iv_pooled(panel, "y", ["x1"], endogenous=["x2"], instruments=["z"])
    with pytest.raises(pv.SpecificationError, match="digits"):
        result.summary(digits=0.9)


def test_a_relation_of_numbers_at_the_end_of_the_range_is_not_called_exact():
    try:
        found = pv.engle_granger_test(system() * 1e160, lags=1)
    except pv.NumericalError as error:
        assert "exact combination" not in str(error)
    else:
        assert found.statistic == pytest.approx(pv.engle_granger_test(system(), lags=1).statistic)


def test_a_likelihood_of_exact_regressions_does_not_exist():
    data = frame(6, 14)
    data.loc[data["i"] == 0, "y"] = 5.0
    result = pv.fit_ardl_mean_group(pv.Panel(data, "i", "t"), "y", ["x1"])
    assert np.isnan(result.loglik) or np.isfinite(result.loglik)


def test_forecasts_beside_a_benchmark_without_errors_have_no_ratio():
    """A series that does not move in the windows that are forecast: no warning of NumPy's, and no number."""
    data = system()
    data.loc[28:, "b"] = 2.0
    accuracy = pv.evaluate_forecasts(data, window=30, steps=2)
    assert np.isnan(accuracy.relative_rmse["b"]).all()
    assert np.isfinite(accuracy.relative_rmse["a"]).all()


def test_a_truth_value_is_no_data():
    with pytest.raises(pv.SpecificationError, match="data must be"):
        pv.fit_vecm(True, rank=1, lags=1, exogenous=np.arange(60.0))


def test_one_row_of_general_fgls_leaves_no_warning_of_numpys():
    found = pv.fit_general_fgls(pv.Panel(frame(1, 1), "i", "t"), "y", ["x1"])
    assert found.nobs == 1


def test_means_of_numbers_out_of_range_are_refused_by_name():
    data = frame()
    data["x1"] *= 1e160
    with pytest.raises(pv.NumericalError, match="x1"):
        pv.fit_correlated_random_effects(pv.Panel(data, "i", "t"), "y", ["x1", "x2"])


def test_restrictions_that_hold_exactly_are_not_tested():
    model = pv.fit_restricted_var(system(), {"a": ["L1.a", "L1.b"]}, lags=1)
    test = model.wald_test("[a]L1.a = [a]L1.b")
    assert np.isnan(test.statistic)
    assert "holds exactly" in test.notes[-1].text


def test_a_hypothesis_beyond_the_range_is_refused():
    result = pv.fit_pooled(pv.Panel(frame(), "i", "t"), "y", ["x1", "x2"])
    with pytest.raises(pv.NumericalError, match="too many standard errors"):
        pv.wild_bootstrap(result, {"x1": 1e300}, draws=19, seed=1)
