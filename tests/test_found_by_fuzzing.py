"""Calls that once failed without words, or did not say why a number is missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fuzz.worlds import World

import panelvar as pv
from panelvar.estimates.covariance.covariances import Classical
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.profile_moments import ProfileMoments, bias_weights, row_moments
from panelvar.kernels.dynamics.second_moments import correlations
from panelvar.nonstationary.cointegration.cases import CASES, problem_at_rank
from panelvar.nonstationary.cointegration.vecm_problem import VecmProblem
from panelvar.nonstationary.unit_roots.lag_orders import lag_orders
from panelvar.nonstationary.unit_roots.regressions import lagged_differences
from panelvar.panels.diagnostics.auxiliary import small_regression
from panelvar.systems.diagnostics.residual_statistics import doornik_hansen
from panelvar.systems.identification.scheme import ReducedForm
from panelvar.systems.projections import bootstrap

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
        ({"notes": np.array(["a note"])}, "notes"),
    ],
)
def test_a_test_made_by_hand_is_one_that_prints(changes, match):
    with pytest.raises(pv.SpecificationError, match=match):
        pv.TestResult(**{"name": "A test", "statistic": 1.0, "pvalue": 0.5, "distribution": "none", **changes})
    bootstrapped = {"estimate": 0.5, "confidence_set": (), "level": 0.95, "draws": 19}
    str(pv.WildBootstrapResult("A test", 1.0, 0.5, "none", null="\ud800", **bootstrapped)).encode()
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
    model = pv.fit_restricted_var(system(), restrictions={"a": ["L1.a", "L1.b"]}, lags=1)
    test = model.wald_test("[a]L1.a = [a]L1.b")
    assert np.isnan(test.statistic)
    assert "hold exactly" in test.notes[-1].text


def test_a_hypothesis_beyond_the_range_is_refused():
    result = pv.fit_pooled(pv.Panel(frame(), "i", "t"), "y", ["x1", "x2"])
    with pytest.raises(pv.NumericalError, match="so many standard errors"):
        pv.wild_bootstrap_test(result, {"x1": 1e300}, draws=19, seed=1)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: pv.fit_var(system(), lags=1).granger_causality("a", np.array(2.0)), "is not a variable"),
        (
            lambda: pv.fit_fixed_effects(pv.Panel(frame(), "i", "t"), "y", ["x1"], effects=[None]),
            "effects must be .*column names",
        ),
        (lambda: pv.System([[[0.5]]], names=3.0), "names must be a sequence of names"),
        (lambda: pv.fit_rolling_var(system(), window=25).member(np.array(["a"])), "is not a member"),
        (lambda: pv.fit_fgls(pv.Panel(frame(), "i", "t"), "y", ["x1"]).predict(effects=np.array([])), "effects="),
        (
            lambda: pv.WildBootstrapResult("A test", 1.5, 0.25, "none", confidence_set=1j),
            "confidence_set=.*pairs of limits",
        ),
        (lambda: pv.WildBootstrapResult("A test", 1.5, 0.25, "none", level="a"), "level='a' must be a number"),
        (lambda: pv.WildBootstrapResult("A test", 1.5, 0.0, "none", draws=None), "draws=None must be a number"),
    ],
    ids=["granger", "effects", "system", "member", "predict", "confidence-set", "wild-level", "wild-draws"],
)
def test_what_cannot_be_read_is_named(call, match):
    with pytest.raises(pv.SpecificationError, match=match):
        call()


def test_an_equation_that_fits_exactly_has_no_regressors_to_choose():
    whole = pd.DataFrame({"a": np.tile([0.0, 1.0, 2.0], 20), "b": np.random.default_rng(0).normal(size=60)})
    for strategy in ("aic", "bic", "hqic", "t"):
        with pytest.raises(pv.NumericalError, match="fits exactly"):
            pv.fit_restricted_var(whole, restrictions=strategy, lags=2)


def test_a_coefficient_that_is_restricted_has_no_t_statistic_and_says_so():
    model = pv.fit_restricted_var(system(), restrictions={"a": ["L1.b"]})
    with pytest.warns(pv.PanelVarWarning, match="has no sampling variation"):
        found = model.lincom("[a]L1.b")
    assert found.estimate == found.std_error == 0.0
    assert np.isnan(found.statistic)


def test_relations_that_fit_exactly_have_no_likelihood_ratio(monkeypatch):
    model = pv.fit_vecm(system(), rank=1, lags=1)
    monkeypatch.setattr(
        "panelvar.nonstationary.cointegration.relation_test.likelihood_terms", lambda values: np.full(1, np.inf)
    )
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
                assert "nearly collinear" in str(error)
                refused += 1
            else:
                assert np.isfinite(result.cov.to_numpy()).all()
    assert refused


def test_lags_that_fit_exactly_have_infinite_t_ratios():
    columns = lagged_differences(np.where(np.arange(40) == 3, 1.0, 0.0), 0)
    assert np.isinf(lag_orders(columns, 3).ratios()[1:]).all()


def test_a_last_value_that_dwarfs_all_others_is_refused_in_words():
    series = np.where(np.arange(40) == 39, 1e-100, 1e-310 * np.random.default_rng(0).normal(size=40))
    with pytest.raises(pv.NumericalError, match="The change and the lagged level of"):
        pv.adf_test(series)


MANY_DIGITS = 10**5000
"""A whole number that neither Python writes out nor a float holds."""


@pytest.mark.parametrize(
    "call",
    [
        lambda: pv.fit_var(system(), lags=MANY_DIGITS),
        lambda: pv.fit_var(system(), columns=[MANY_DIGITS]),
        lambda: pv.toda_yamamoto_test(system(), "a", "b", lags=1, integration=MANY_DIGITS),
        lambda: pv.engle_granger_test(system(), y=MANY_DIGITS),
        lambda: pv.fit_local_projections(MANY_DIGITS, exogenous=np.ones(60)),
        lambda: pv.fit_pooled(pv.Panel(frame(), "i", "t"), "y", ["x1"], constant=MANY_DIGITS),
        lambda: pv.fit_pooled(pv.Panel(frame(), "i", "t"), "y", ["x1"]).summary(digits=MANY_DIGITS),
        lambda: pv.compare(pv.fit_pooled(pv.Panel(frame(), "i", "t"), "y", ["x1"]), stars=MANY_DIGITS),
        lambda: pv.AR1(rho=MANY_DIGITS),
        lambda: pv.ShortRun(b=MANY_DIGITS).check(("a", "b")),
        lambda: pv.ResidualBootstrap(draws=9, seed=MANY_DIGITS),
        lambda: pv.Note("code", "A text.", MANY_DIGITS),
        lambda: pv.VarConvention(name=MANY_DIGITS),
        lambda: pv.ShortRun(b=MANY_DIGITS),
        lambda: pv.ShortRun(b=[[MANY_DIGITS, 0], [0, np.nan]]),
    ],
)
def test_numbers_of_thousands_of_digits_are_refused_in_words(call):
    with pytest.raises(pv.PanelVarError):
        call()


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: pv.fit_vecm(system(), rank=1, lags=1, normalise=np.array(2.0)), "normalise"),
        (lambda: pv.ExternalInstrument([1.0, 2.0], "a", shock=float("inf")), "shock=inf"),
        (lambda: pv.SignRestrictions({("a", "s"): "+"}, seed=float("nan")), "seed=nan"),
        (
            lambda: pv.fit_local_projections(system(), columns=["x", "x"], exogenous=np.ones(60)),
            r"Columns \['x', 'x'\]",
        ),
        (lambda: pv.select_lags(np.array(2.0), exogenous=np.ones(60)), "data must be a DataFrame"),
        (lambda: pv.fit_pooled(pv.Panel(frame(), "i", "t"), "y", ["x1"], cov=len), "is not a covariance"),
        (
            lambda: pv.fit_pooled(pv.Panel(frame(), "i", "t"), "y", ["x1"], cov=lambda fit, rules: 3),
            "it returned a int",
        ),
        (lambda: pv.fit_pooled(pv.Panel(frame(), "i", "t"), "y", ["x1"]).summary().to_frame(foot=[1, 2]), "foot"),
    ],
)
def test_options_of_another_kind_are_named(call, match):
    with pytest.raises(pv.SpecificationError, match=match):
        call()


def test_a_scatter_plot_without_rows_says_so():
    result = pv.fit_pooled(pv.Panel(frame(), "i", "t"), "y", ["x1"]).without_rows()
    with pytest.raises(pv.MissingInformationError, match="scatter plot needs the data rows"):
        pv.plot_scatter(result, x="x1")


def test_every_form_of_a_test_can_be_encoded():
    for form in (str, repr, pv.TestResult.to_text, pv.TestResult.to_html, pv.TestResult.to_latex):
        assert form(pv.TestResult("\ud800", 1.0, 0.5, "none", null="nothing \udfff")).encode()


def test_infinite_values_of_one_state_are_refused_by_name():
    """They once became missing in the other state, with a warning of NumPy's."""
    data = frame(12, 12)
    data["s"] = (np.arange(len(data)) % 2).astype(float)
    data.loc[40, "x1"] = np.inf
    with pytest.raises(pv.DataError, match="infinite"):
        pv.fit_panel_local_projections(pv.Panel(data, "i", "t"), "y", "x1", state="s", horizon=1)


def test_a_product_of_a_formula_that_overflows_is_refused_by_its_name():
    data = frame()
    data[["x1", "x2"]] *= 1e200
    with pytest.raises(pv.DataError, match="x1:x2"):
        pv.fit_pooled(pv.Panel(data, "i", "t"), "y ~ x1 * x2")


def test_slopes_of_regressors_that_are_tiny_in_one_period_are_refused_by_name():
    data = frame(8, 12)
    data.loc[data["t"] == 3, "x1"] *= 1e-160
    with pytest.raises(pv.NumericalError, match="coefficients of 'x1' or their squares leave"):
        pv.fit_fama_macbeth(pv.Panel(data, "i", "t"), "y", ["x1", "x2"])


def test_a_covariance_that_overflows_is_refused():
    def overflowing(fit, convention):
        found = Classical()(fit, convention)
        return replace(found, matrix=found.matrix * np.float64(1e200) * 1e200)

    with pytest.raises(pv.NumericalError, match="overflows"):
        pv.fit_pooled(pv.Panel(frame(), "i", "t"), "y", ["x1"], cov=overflowing)


def test_entities_that_all_fit_exactly_have_no_residual_variance():
    result = pv.fit_common_correlated_effects(
        pv.Panel(frame(9, 6), "i", "t"), "y", ["x1", "x2"], pooled=True, min_rows=6
    )
    assert result.df_resid == 0
    assert np.isnan(result.rmse) and np.isnan(result.rsquared_adjusted)
    assert "Root MSE" in str(result)


def test_members_that_fit_exactly_have_no_t_ratios():
    values = np.random.default_rng(3).standard_normal((3, 40, 2))
    values[1, :, 0] = 0.9 ** np.arange(40)
    batch = pv.fit_var_batch(values, lags=1)
    ratios, errors = batch.tstats.to_numpy(), batch.std_errors.to_numpy()
    np.testing.assert_array_equal(np.isnan(ratios), errors == 0.0)


def test_feasible_gls_of_an_equation_without_errors_is_refused():
    data = pd.DataFrame({"a": np.zeros(40), "b": np.random.default_rng(0).standard_normal(40)})
    data.loc[0, "a"] = 1.0
    with pytest.raises(pv.NumericalError, match="method='ols'"):
        pv.fit_restricted_var(data, restrictions={"a": ["L1.b", "const"]}, lags=1).params  # noqa: B018


def test_variances_of_forecasts_of_nearly_equal_variables_are_positive():
    """Large coefficients of opposite signs once left them below zero."""
    rng = np.random.default_rng(1)
    data = pd.DataFrame(rng.standard_normal((12, 2)), columns=["a", "b"])
    data["c"] = data["a"] + 1e-9 * rng.standard_normal(12)
    forecast = pv.fit_var(data, lags=1).forecast(8)
    assert (forecast.std_errors > 0.0).all()


def test_johansens_statistics_that_are_infinite_count_as_larger_than_any(monkeypatch):
    """Of draws in which a relation fits exactly; a quantile between two of them was once missing."""
    found = VecmProblem.drawn_eigenvalues

    def with_exact(self, innovations):
        values = found(self, innovations)
        values[:20] = 1.0
        return values

    monkeypatch.setattr(VecmProblem, "drawn_eigenvalues", with_exact)
    result = pv.johansen_test(system(4), lags=1, bootstrap=pv.ResidualBootstrap(draws=29, seed=7))
    assert np.isinf(result.critical_values(level=0.95).to_numpy()).all()
    assert (result.trace_pvalues >= 21 / 30).all()
    assert any(note.code == "exact-draws" and "40 of 58" in note.text for note in result.notes)


def test_bootstrap_samples_of_a_few_different_rows_count_as_exact_relations():
    """Three different rows leave a combination of three residuals zero; rounding once decided its correlation."""
    rng = np.random.default_rng(3)
    model = pv.fit_var(pd.DataFrame(rng.standard_normal((13, 3)).cumsum(axis=0), columns=list("abc")), lags=2)
    problem = problem_at_rank(model, CASES["c"], 0)
    several = model.resids.to_numpy()
    few = several[[0, 0, 1, 0, 2, 2, 1, 2, 1, 0, 0]]
    found = problem.drawn_eigenvalues(np.stack([several, few]))
    assert (found[0] < 1.0).all()
    assert (found[1] == 1.0).all()


def test_weights_of_a_bandwidth_next_to_nothing_are_zero():
    found = pv.phillips_perron_test(system()["a"], kernel="quadratic-spectral", bandwidth=1e-300).statistic
    assert found == pytest.approx(pv.phillips_perron_test(system()["a"], kernel="bartlett", bandwidth=0).statistic)


def test_slopes_of_nearly_collinear_regressors_are_compared_all_the_same():
    data = frame(10, 12)
    data["x2"] = 2.0 * data["x1"] + 1e-9 * data["x2"]
    result = pv.fit_fixed_effects(pv.Panel(data, "i", "t"), "y", ["x1", "x2"])
    rotated = data.assign(x2=(data["x2"] - 2.0 * data["x1"]) * 1e9)
    plain = pv.fit_fixed_effects(pv.Panel(rotated, "i", "t"), "y", ["x1", "x2"])
    statistic = pv.slope_homogeneity_test(result).statistic
    assert statistic == pytest.approx(pv.slope_homogeneity_test(plain).statistic, rel=1e-5)


def test_infinite_outcomes_do_not_become_missing_ones_by_cumulating():
    data = frame(12, 12)
    data.loc[[30, 31], "y"] = np.inf, -np.inf
    with pytest.raises(pv.DataError, match="infinite values"):
        pv.fit_panel_local_projections(pv.Panel(data, "i", "t"), "y", "x1", horizon=2, cumulative=True)


def test_names_of_thousands_of_digits_are_refused_in_words():
    with pytest.raises(pv.SpecificationError, match="very many digits"):
        pv.fit_var(system(), lags=1).granger_causality("a", MANY_DIGITS)
    with pytest.raises(pv.DataError, match="very many digits"):
        pv.Panel(frame(), "i", "t").lag(MANY_DIGITS)


def test_a_variance_that_rounds_to_less_than_zero_is_none():
    """Two periods and a constant's slope: the scores of one regressor add up to zero in both."""
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"i": np.repeat(range(6), 2), "t": np.tile([0, 1], 6)})
    data["x"] = np.where(data["t"] == 0, 1.0, 3.0)
    data["z"], data["y"] = rng.standard_normal(12), rng.standard_normal(12)
    data["z"] -= data.groupby("t")["z"].transform("mean")
    result = pv.fit_pooled(pv.Panel(data, "i", "t"), "y", ["x", "z"], cov=pv.DriscollKraay(lags=1))
    variances = np.diag(result.cov.to_numpy())
    assert (variances >= 0.0).all()
    assert variances[1] == 0.0
    assert any(note.code == "no-variance" for note in result.notes)


def test_own_errors_of_nearly_collinear_regressors_are_numbers():
    data = frame(8, 14)
    for row in range(1, len(data)):
        data.loc[row, "y"] += 0.4 * data.loc[row - 1, "y"]
    data["x2"] = 2.0 * data["x1"] + 1e-9 * data["x2"]
    result = pv.fit_pooled_mean_group(pv.Panel(data, "i", "t"), "y", ["x1", "x2"])
    assert (result.individual_std_errors.to_numpy() > 0.0).all()


def test_orderings_of_shocks_lose_no_digits_of_nearly_singular_covariances():
    """A Cholesky factor of the reordered covariance did not exist; a QR of the factor's rows does."""
    root = np.array([[1.0, 0.0], [1.0, 1e-9]])
    made = dynamics.ordered_impact(root, np.array([1, 0]))
    size = np.hypot(1.0, 1e-9)
    np.testing.assert_allclose(made, [[1e-9 / size, 1.0 / size], [0.0, size]], rtol=1e-12, atol=1e-25)
    with pytest.raises(pv.SpecificationError, match="criterion"):
        pv.select_lags(system(), max_lags=2).order(np.ones((2, 2)))


def test_errors_of_predictions_far_from_zero_are_numbers():
    data = frame(8, 10)
    data["x1"] += 1e9
    found = pv.fit_pooled(pv.Panel(data, "i", "t"), "y", ["x1"]).predict_interval()
    assert (found["std_error"] >= 0.0).all()


def test_a_series_with_other_levels_than_the_data_is_refused_in_words():
    with pytest.raises(pv.DataError, match="No label of"):
        pv.fit_pooled(pv.Panel(frame().set_index(["i", "t"])), "y", ["x1"], weights=pd.Series(1.0, range(70)))


def test_dummies_of_the_clusters_have_no_degrees_of_freedom():
    """Their scores add up to zero in every cluster; the degrees of freedom once divided by nothing."""
    data = frame(9, 6)
    data["g"] = np.array(["a", "b", "c"])[data["i"] % 3]
    result = pv.fit_pooled(pv.Panel(data, "i", "t"), "y ~ x1 + C(g)", cov=pv.BiasReduced("g", kind="CR3"))
    assert np.isfinite(result.std_errors["x1"])


def test_tiny_regressors_of_an_auxiliary_regression_are_refused_in_words():
    columns = np.random.default_rng(0).standard_normal((9, 2)) * [1.0, 1e-157]
    with pytest.raises(pv.NumericalError, match="too small"):
        small_regression(columns, columns[:, 0] + 1.0)


@pytest.mark.parametrize("convention", ["default", "urca"])
def test_a_level_that_hardly_varies_has_no_phillips_perron_test(convention):
    """The closed form of the level's mean square rounds to nothing."""
    values = np.full(40, 5.0)
    values[-1] = 6.0
    with pytest.raises(pv.PanelVarError):
        pv.phillips_perron_test(values, convention=convention)


def test_variables_without_variance_have_no_correlations():
    with pytest.raises(pv.NumericalError, match="no correlations"):
        correlations(np.array([np.diag([1.0, 0.0])] * 3))


def test_restricted_likelihood_without_a_degree_of_freedom():
    """As many rows as coefficients: it was a bare ZeroDivisionError."""
    index = pd.MultiIndex.from_tuples([(0, 0), (0, 1), (1, 0)], names=["i", "t"])
    frame = pd.DataFrame({"y": [1.0, 2.0, 4.0], "x1": [1.0, 0.0, 2.0], "x2": [0.0, 1.0, 5.0]}, index=index)
    with pytest.raises(pv.InsufficientDataError, match="3 rows for as many coefficients"):
        pv.fit_random_effects(frame, "y", ["x1", "x2"], variance_components="reml")


def test_least_lags_that_are_no_number_and_conditions_on_nothing():
    with pytest.raises(pv.SpecificationError, match="min_lags"):
        pv.ips_test(pv.load_data("grunfeld"), "value", lags="bic", min_lags=pv.Cholesky())
    model = pv.fit_var(pv.load_data("us_macro").loc["1985Q1":"1999Q4", ["infl", "unemp"]], lags=1)
    with pytest.raises(pv.SpecificationError, match="shape"):
        model.conditional_forecast(pd.DataFrame())


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("fit", [pv.fit_pooled, pv.fit_anderson_hsiao, pv.fit_arellano_bond])
def test_products_that_overflow_are_refused_by_their_name(fit):
    data = frame()
    data[["x1", "x2"]] *= 1e160
    with pytest.raises(pv.DataError, match=r"The product 'x1:x2' is infinite .* Rescale the variables"):
        fit(pv.Panel(data, "i", "t"), "y ~ x1:x2")


def test_the_likelihood_of_nearly_collinear_regressors_is_found():
    """Its steps end in rounding that is larger than that of other data; what was found is that of other coordinates."""
    data = frame(12, 11)
    data["x2"] = 2.0 * data["x1"] + 1e-9 * data["x2"]
    data["y"] += data["i"] % 5
    plain = data.assign(x2=(data["x2"] - 2.0 * data["x1"]) * 1e6)
    tests = [pv.baltagi_li_test(pv.fit_pooled(pv.Panel(each, "i", "t"), "y", ["x1", "x2"])) for each in (data, plain)]
    assert tests[0].statistic == pytest.approx(tests[1].statistic, rel=1e-5)


def test_the_factor_of_a_nearly_singular_covariance_has_derivatives_in_any_order():
    """The factor comes from the residuals; Cholesky's algorithm finds rounding below zero in their covariance."""
    form = ReducedForm(np.zeros((1, 2, 2)), np.array([[1.0, 0.0], [1.0, 1e-9]]))
    with pytest.raises(np.linalg.LinAlgError):
        np.linalg.cholesky(form.sigma)
    steps = np.array([[[2.0, 2.0], [2.0, 2.0]]])
    for ordering in (None, ["a", "b"], ["b", "a"]):
        change = pv.Cholesky(ordering).derivatives(form, ("a", "b"), np.zeros((1, 1, 2, 2)), steps)
        first = 0 if ordering is None else ["a", "b"].index(ordering[0])
        assert change[0, first, first] == pytest.approx(1.0)  # of the square root of 1 + 2h


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_draws_of_nearly_dependent_errors_are_refused_in_words():
    """Covariances drawn with the coefficients leave the range of numbers where errors nearly depend on one another.

    Or the drawn systems explode first: the machine's last digits decide.
    """
    table = World(147644, 751, True).frame
    model = pv.fit_panel_var(pv.Panel(table, "i", "t"), ["y", "x1"], method="hahn-kuersteiner")
    with pytest.raises(pv.NumericalError, match=r"errors are linearly dependent|the system is explosive"):
        model.variance_decomposition(bands=pv.MonteCarlo(draws=29, seed=7))


def test_tables_in_place_of_words_and_numbers_are_refused_in_words():
    panel = pv.Panel(frame(10, 20), "i", "t")
    with pytest.raises(pv.SpecificationError, match="lag_by"):
        pv.breusch_godfrey_test(pv.fit_fixed_effects(panel, "y", "x1"), lag_by=pd.DataFrame())
    with pytest.raises(pv.SpecificationError, match="min_leads"):
        pv.westerlund_test(panel, "y", "x1", min_leads=pd.Series([1.0, 2.0]))
    for table in (pv.panel_unit_root_table, pv.panel_cointegration_table):
        with pytest.raises(pv.SpecificationError, match="unusable=<DataFrame> is not known"):
            table(panel, *("y", "x1")[: 1 + (table is pv.panel_cointegration_table)], unusable=pd.DataFrame())


def test_the_likelihood_of_small_residuals_is_found():
    """They are rounding in their last digits, and the steps of the likelihood with them."""
    data = frame(12, 14)
    noise = np.random.default_rng(3).standard_normal(len(data)) + data["i"] % 4
    statistics = []
    for size in (1.0, 1e-8):
        data["y"] = 3.0 * data["x1"] + size * noise
        fit = pv.fit_pooled(pv.Panel(data, "i", "t"), "y", "x1")
        statistics.append(pv.baltagi_li_test(fit).statistic)
    assert statistics[1] == pytest.approx(statistics[0], rel=1e-5)


def test_tests_of_residuals_know_how_long_the_panel_is():
    model = pv.fit_panel_var(pv.Panel(frame(20, 9), "i", "t"), ["y", "x1"], method="within")
    with pytest.raises(pv.InsufficientDataError, match="lags=100000 reaches past the data, which span 8 periods"):
        pv.residual_table(model, lags=100_000)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_an_entity_that_is_the_average_of_all_has_no_residuals():
    table = pv.panel_unit_root_table(pv.Panel(World(111439, 235, True).frame, "i", "t"), "L1.y")
    assert any("exponent" in note.text for note in table.notes)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_weighted_ccr_leaves_out_entities_whose_covariances_at_pooled_slopes_have_no_inverse():
    """Prewhitened covariances of regressors depend on the errors, so those at pooled slopes are asked about, too."""
    panel = pv.Panel(World(111439, 411, True).frame, "i", "t")
    fit = pv.fit_ccr(panel, "y", "x1", method="weighted", trend="n")
    said = [note.text for note in fit.notes if "left out" in note.text]
    assert "The error of 2 and the changes of its regressors move as one" in said[1]
    assert fit.n_entities == 6


def test_a_label_that_is_a_number_is_not_the_first_word():
    panel = pv.Panel(frame(3, 4), "i", "t")
    with pytest.raises(pv.InsufficientDataError, match="Entity 0 has 4 periods"):
        pv.fit_fmols(panel, "y", "x1")
    with pytest.raises(pv.InsufficientDataError, match="The series has 4 periods"):
        pv.fit_fmols(frame(1, 4)[["y", "x1"]], "y", "x1")


def test_a_constant_explains_nothing():
    assert (pv.fit_vecm(system(), lags=1, rank=0).rsquared == 0.0).all()


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_variances_that_are_rounding_are_refused_with_what_helps():
    """A regressor of 1e12 with a standard deviation of one: the sandwich is a sum that cancels."""
    table = World(348430, 933, True).frame
    options = {"lags": 0, "leads": "bic", "max_leads": 1, "cov": "kernel", "small_sample": False}
    with pytest.raises(pv.NumericalError, match="Entity 0 has coefficients whose variances are rounding"):
        pv.fit_dols(pv.Panel(table, "i", "t"), "y", "x1", **options)
    around = table["x1"] - table["x1"].mean()
    assert np.isfinite(pv.fit_dols(pv.Panel(table.assign(x1=around), "i", "t"), "y", "x1", **options).std_errors).all()
    # Levels leave digits as long as their squares do.
    options |= {"bandwidth": 2.0, "prewhiten": False}
    low, high = (
        pv.fit_dols(pv.Panel(table.assign(x1=around + level), "i", "t"), "y", "x1", **options).std_errors["x1"]
        for level in (0.0, 1e5)
    )
    np.testing.assert_allclose(high, low, rtol=1e-4)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_residuals_that_do_not_vary_have_no_test_of_normality():
    """Without a constant a variable that does not vary is fitted exactly, or leaves what does not vary."""
    exact = np.column_stack([np.random.default_rng(0).standard_normal(60), np.zeros(60)])
    for residuals in (exact, np.full((60, 1), 2.0)):
        with pytest.raises(pv.NumericalError, match="linearly dependent"):
            doornik_hansen(residuals)


def test_draws_of_collinear_series_have_no_projections(monkeypatch):
    """Whether a Gram of nearly collinear series has an inverse depends on the machine's last digits."""

    def find_singular(*given):
        raise np.linalg.LinAlgError

    monkeypatch.setattr(bootstrap, "refit_projections", find_singular)
    with pytest.raises(pv.NumericalError, match="lags are linearly dependent in one data set of the bootstrap"):
        pv.fit_local_projections(system(), horizon=2, bands=pv.RecursiveWildBootstrap(draws=29, seed=1))


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_infinite_values_have_no_difference():
    panel = pv.Panel(frame(2, 4).assign(x1=np.inf), "i", "t")
    assert np.isnan(panel.difference("x1")).all()


@pytest.mark.parametrize(("rank", "lags"), [(0, 1), (1, 1)])
def test_a_series_that_does_not_change_has_no_error_correction(rank, lags):
    data = system().assign(still=0.1)
    with pytest.raises(pv.CollinearityError, match="'still' does not change"):
        pv.fit_vecm(data, rank=rank, lags=lags, trend="n")


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_horizons_that_no_origin_reaches_have_no_accuracy():
    accuracy = pv.evaluate_forecasts(system(), window=57, steps=4)
    for table in (accuracy.rmse, accuracy.mae, accuracy.bias, accuracy.relative_rmse):
        assert table.loc[:2].notna().all(axis=None) and table.loc[3:].isna().all(axis=None)
    errors = accuracy.errors[:, 0]
    np.testing.assert_allclose(accuracy.rmse.loc[1], np.sqrt((errors**2).mean(axis=0)), rtol=1e-14)


def test_moments_of_lags_longer_than_the_rows_of_an_entity():
    """Entities with few rows lack the correction of long lags; what they have of it is that of the lags they reach."""
    rng = np.random.default_rng(4)
    mask = np.ones((6, 3), dtype=bool)
    columns = rng.standard_normal((6, 3, 6))
    moments = ProfileMoments.of(columns.swapaxes(1, 2) @ columns, bias_weights(mask), 1)
    lags = 0.1 * rng.standard_normal((5, 1))
    value, slopes = moments.at(lags)
    assert value.shape == (5, 1) and slopes.shape == (5, 1, 5, 1)
    lagged, errors = columns[..., 1:].reshape(18, 5), (columns[..., :1] - columns[..., 1:] @ lags).reshape(18, 1)
    by_rows = row_moments(lagged, errors, np.repeat(np.arange(6), 3), bias_weights(mask), lags)
    np.testing.assert_allclose(by_rows.scores.sum(axis=0), value, rtol=1e-12)
    np.testing.assert_allclose(by_rows.derivatives, slopes, rtol=1e-12)
    step = 1e-6
    for place in range(5):
        moved = [moments.at(lags + sign * step * np.eye(5)[:, place : place + 1])[0] for sign in (1.0, -1.0)]
        np.testing.assert_allclose(slopes[:, 0, place, 0], (moved[0] - moved[1])[:, 0] / (2.0 * step), rtol=1e-6)


def test_an_entity_whose_relation_is_exact_but_for_rounding_has_no_rank():
    table = World(83904, 1149, True).frame
    with pytest.raises(pv.NumericalError, match=r"Entity 0 has .* exact function of their past"):
        pv.johansen_fisher_test(pv.Panel(table, "i", "t"), "y", "x1", trend="rt", lags=1)
    test = pv.johansen_fisher_test(pv.Panel(table[table["i"] != 0], "i", "t"), "y", "x1", trend="rt", lags=1)
    assert np.isfinite(test.statistic) and test.n_entities == 13


@pytest.mark.parametrize("test", [pv.cusum_test, pv.mosum_test])
@pytest.mark.parametrize("statistic", ["ols", "recursive"])
def test_sums_of_residuals_that_are_rounding_are_refused(test, statistic):
    model = pv.fit_var(system().assign(still=np.arange(60.0)), lags=1)
    with pytest.raises(pv.NumericalError, match="The equation of 'still' fits exactly"):
        test(model, statistic=statistic)


def test_entities_of_one_row_have_no_innovation_and_a_note_says_so():
    data = frame()
    panel = pv.Panel(data[(data["i"] != 3) | (data["t"] == 0)], "i", "t")
    fit = pv.fit_fgls(panel, "y", ["x1", "x2"], autocorrelation=pv.AR1(starts="drop"))
    assert fit.error_variances.isna().to_dict() == {entity: entity == 3 for entity in range(10)}
    assert [note.text for note in fit.notes if note.code == "entities-without-rows"] == [
        "1 entity has no row that follows another. starts='drop' leaves out first rows, so such entities are not in "
        "the model and have no variance."
    ]


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_slopes_of_a_regressor_near_nothing_are_refused_in_words():
    """Numbers of 1e-310 beside one of 1e12, which alone decides the units."""
    panel = pv.Panel(World(678865, 179, True).frame, "i", "t")
    with pytest.raises(pv.NumericalError, match="leave the range of numbers"):
        pv.fit_dols(panel, "y", ["x1", "x2"], leads=0, lags="bic", max_lags=1)


@pytest.mark.parametrize("given", [{"trend": pd.DataFrame()}, {"seasons": np.arange(4)}, {"min_lags": 2}])
def test_options_of_one_series_are_refused_for_panels_whatever_they_are(given):
    with pytest.raises(pv.SpecificationError, match=f"{next(iter(given))}= is for one series"):
        pv.select_lags(pv.Panel(frame(), "i", "t"), ["y", "x1"], max_lags=1, **given)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_errors_beyond_the_range_of_numbers_are_refused_by_name():
    panel = pv.Panel(World(947936, 1219, True).frame, "i", "t")
    with pytest.raises(pv.NumericalError, match="Coefficients of 0, or their squares, leave the range of numbers"):
        pv.fit_dols(panel, "y", ["x1", "x2"], leads=1, lags=0, method="group-mean", kernel="quadratic-spectral")


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_bandwidth_beyond_all_series_weighs_every_lag_alike():
    panel = pv.Panel(World(947936, 400, False).frame, "i", "t")
    found, alike = (pv.panic_test(panel, "x1", lags=2, bandwidth=bandwidth) for bandwidth in (1e300, 1e12))
    assert found.statistic == pytest.approx(alike.statistic, rel=1e-9)
    assert found.n_trends == alike.n_trends
