"""Calls that once failed without words, or did not say why a number is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.unit_roots.regressions import lag_criteria, lagged_differences

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
        result = pv.fit_fixed_effects(panel, "y", ["x1", "x2"], cov=pv.Clustered("entity", "time"))
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
    plain, large = (pv.engle_granger_test(system() * unit, lags=1).statistic for unit in (1.0, 1e140))
    assert large == pytest.approx(plain, rel=1e-9)
    with pytest.raises(pv.NumericalError, match="Squares of 'y1' leave the range"):
        pv.engle_granger_test(system() * 1e160, lags=1)


def test_a_likelihood_of_exact_regressions_does_not_exist():
    data = frame(6, 14)
    for row in range(1, 14):
        data.loc[row, "y"] = 0.5 * data.loc[row - 1, "y"] + data.loc[row, "x1"]
    result = pv.fit_ardl_mean_group(pv.Panel(data, "i", "t"), "y", ["x1"])
    assert result.n_entities == 6
    assert np.isnan(result.loglik)


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


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: pv.fit_var(system(), lags=1).granger_causality("a", np.array(2.0)), "is not a variable"),
        (lambda: pv.fit_fixed_effects(pv.Panel(frame(), "i", "t"), "y", ["x1"], effects=[None]), "effects="),
        (lambda: pv.System([[[0.5]]], names=3.0), "names must be a sequence of names"),
        (lambda: pv.fit_rolling_var(system(), window=25).member(np.array(["a"])), "is not a member"),
        (lambda: pv.fit_fgls(pv.Panel(frame(), "i", "t"), "y", ["x1"]).predict(effects=np.array([])), "effects="),
        (
            lambda: pv.WildBootstrapResult("A test", 1.5, 0.25, "none", confidence_set=1j),
            "confidence_set=.*pairs of limits",
        ),
    ],
    ids=["granger", "effects", "system", "member", "predict", "confidence-set"],
)
def test_what_cannot_be_read_is_named(call, match):
    with pytest.raises(pv.SpecificationError, match=match):
        call()


def test_an_equation_that_fits_exactly_has_no_regressors_to_choose():
    whole = pd.DataFrame({"a": np.tile([0.0, 1.0, 2.0], 20), "b": np.random.default_rng(0).normal(size=60)})
    for strategy in ("aic", "bic", "hq", "t"):
        with pytest.raises(pv.NumericalError, match="fits exactly"):
            pv.fit_restricted_var(whole, strategy, lags=2)


def test_a_coefficient_that_is_restricted_has_no_t_statistic_and_says_so():
    model = pv.fit_restricted_var(system(), {"a": ["L1.b"]})
    with pytest.warns(pv.PanelVarWarning, match="has no sampling variation"):
        found = model.lincom("[a]L1.b")
    assert found.estimate == found.std_error == 0.0
    assert np.isnan(found.statistic)


def test_relations_that_fit_exactly_have_no_likelihood_ratio(monkeypatch):
    model = pv.fit_vecm(system(), rank=1, lags=1)
    monkeypatch.setattr("panelvar.cointegration.relation_test.likelihood_terms", lambda values: np.full(1, np.inf))
    with pytest.raises(pv.NumericalError, match="A relation fits exactly"):
        model.weak_exogeneity_test("b")


def test_swamys_weights_of_nearly_collinear_regressors_are_refused_in_words():
    """Rounding decides where the variance of one entity is singular; from some nearness on it is."""
    refused = 0
    for share in (1e-8, 1e-9, 1e-10):
        for seed in range(4):
            data = frame(seed=seed)
            first = data["i"] == 0
            data["twin"] = np.where(first, data["x1"] * (1.0 + share * data["z"]), data["x2"])
            try:
                result = pv.fit_swamy(pv.Panel(data, "i", "t"), "y", ["x1", "twin"])
            except pv.NumericalError as error:
                assert "so nearly collinear" in str(error)
                refused += 1
            else:
                assert np.isfinite(result.cov.to_numpy()).all()
    assert refused


def test_lags_that_fit_exactly_have_infinite_t_ratios():
    columns = lagged_differences(np.where(np.arange(40) == 3, 1.0, 0.0), 3, np.zeros((40, 0)))
    assert np.isinf(lag_criteria(columns, 3).ratios[1:]).all()


def test_a_last_value_that_dwarfs_all_others_is_refused_in_words():
    series = np.where(np.arange(40) == 39, 1e-100, 1e-310 * np.random.default_rng(0).normal(size=40))
    with pytest.raises(pv.NumericalError, match="'change' and 'lagged level' are of sizes"):
        pv.adf_test(series)
