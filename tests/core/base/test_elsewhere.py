"""Another program's names are answered with this library's, and what a bare system lacks with what it lacks."""

from __future__ import annotations

import copy
import inspect
import pickle
import re

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.core.base.elsewhere import answer, answers, has_attribute, name_here
from panelvar.core.base.errors import MissingInformationError
from panelvar.core.base.hints import HintsAtNames
from panelvar.estimates.coefficients.linear_combinations import LinearCombination
from panelvar.systems.responses.decomposition import HistoricalDecomposition, VarianceDecomposition
from panelvar.systems.responses.forecast import Forecast
from panelvar.systems.responses.forecast_accuracy import ForecastAccuracy
from panelvar.systems.responses.responses import Responses
from panelvar.systems.var.lag_selection import LagSelection

RESULTS = (pv.LinearResult, pv.InstrumentalResult, pv.DynamicPanelResult, pv.VarResult)
ANSWERS = (Responses, VarianceDecomposition, Forecast, LagSelection)
SYSTEM = pv.System([[[0.5, 0.1], [0.0, 0.4]]], ["x", "y"])


@pytest.fixture(scope="module")
def model() -> pv.VarResult:
    return pv.fit_var(np.random.default_rng(2).standard_normal((60, 2)), ["x", "y"])


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        ("irf", "impulse_responses()"),
        ("fevd", "variance_decomposition()"),
        ("test_causality", "granger_causality()"),
        ("ma_rep", "impulse_responses(identification='reduced_form', shock_size='unit')"),
        ("bse", "std_errors"),
        ("tvalues", "tstats"),
        ("resid", "resids"),
        ("sigma_u", "sigma_df"),
        ("k_ar", "lags"),
        ("llf", "loglik"),
        ("llf_by_equation", "loglik_by_equation"),
        ("orth_ma_rep", "impulse_responses()"),
        ("test_whiteness", "panelvar.portmanteau_test(result)"),
        ("test_normality", "panelvar.normality_test(result)"),
        ("test_inst_causality", "panelvar.instantaneous_causality_test(result, ...)"),
        ("reorder", "impulse_responses(ordering=[...])"),
        ("stderr_endog_lagged", "std_errors"),
        ("Phi", "impulse_responses(identification='reduced_form', shock_size='unit')"),
        ("mse", "forecast().covariance"),
    ],
)
def test_the_name_here_is_given(model, foreign, ours):
    assert not hasattr(model, foreign)
    with pytest.raises(AttributeError, match=re.escape(ours)):
        getattr(model, foreign)


def test_what_a_system_answers_has_hints_too(model):
    irf, shares = model.impulse_responses(2), model.variance_decomposition(2)
    asked = [
        (irf, "orth_irfs", "values"),
        (irf, "irf", "values"),
        (irf, "cum_effects", "values, of impulse_responses(cumulative=True)"),
        (irf, "stderr", "std_errors"),
        (irf, "Lower", "lower"),
        (shares, "decomp", "values"),
        (model.forecast(2), "fcst", "values"),
        (model.forecast(2), "mse", "covariance"),
        (pv.select_lags(np.random.default_rng(2).standard_normal((60, 2)), max_lags=2), "selection", "selected"),
    ]
    for result, foreign, ours in asked:
        assert not hasattr(result, foreign)
        with pytest.raises(AttributeError, match=re.escape(f"Here it is {ours}.")):
            getattr(result, foreign)
        assert copy.copy(result).values is result.values if hasattr(result, "values") else True


def given(kind):
    """Answers of a kind with what they need, by the name elsewhere."""
    return {name: found for (asked, _, name), found in answers().items() if asked == kind}


def test_functions_that_hints_name_exist():
    for found in given("attribute").values():
        for name in re.findall(r"panelvar\.(\w+)", " ".join(text for text, _ in found)):
            assert callable(getattr(pv, name))
    for foreign, [(text, first)] in given("function").items():
        assert foreign not in pv.__all__
        for name in re.findall(r"\b\w+_test\b|\bfit_\w+", text):
            assert name in pv.__all__ or any(hasattr(owner, name) for owner in RESULTS), text
        if first == "*":
            continue
        assert first in pv.__all__, text
        owner = getattr(pv, first)
        for attribute in re.findall(r"\.(\w+)", text.replace("(...)", "").replace("...", "")):
            if isinstance(owner, type):
                assert has_attribute(owner, attribute), text


def test_answers_say_what_they_need():
    public = [getattr(pv, name) for name in pv.__all__]
    methods = [each for owner in public if isinstance(owner, type) for _, each in inspect.getmembers(owner)]
    functions = list(filter(inspect.isfunction, public + methods))
    every = {name for function in functions for name in inspect.signature(function).parameters}
    every |= {f"{function.__name__}()" for function in functions}
    for foreign, found in given("argument").items():
        assert {each for _, needs in found if needs != "*" for each in needs.split("&")} <= every, foreign
        # What stands anywhere is the last resort, and a sentence.
        assert [text.endswith(".") for text, needs in found if needs == "*"] in ([], [True])
    for (kind, option, foreign), found in answers().items():
        assert kind in ("function", "attribute", "argument", "option")
        assert bool(option) == (kind == "option")
        assert kind != "option" or foreign == foreign.lower()
        # A sentence is no choice, so that it must say which it needs.
        assert kind != "option" or not any(text.endswith(".") and needs == text for text, needs in found), foreign


@pytest.mark.parametrize(
    ("function", "foreign", "ours"),
    [
        (pv.select_lags, "maxlags", "max_lags"),
        (pv.portmanteau_test, "maxlags", "lags"),
        (pv.fit_fixed_effects, "entity_effects", "effects='entity'"),
        (pv.fit_pooled, "entity_effects", None),
        (pv.fit_pooled, "vcov", "cov"),
        (pv.VarResult.impulse_responses, "periods", "horizon"),
        (pv.VarResult.forecast, "periods", "steps"),
        (pv.fit_var, "nonsense", None),
    ],
)
def test_arguments_elsewhere_are_answered_with_those_of_the_function(function, foreign, ours):
    assert answer("argument", foreign, inspect.signature(function).parameters.__contains__) == ours


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda y: pv.johansen_test(y, lags=2, trend="const"), "Did you mean 'rc'"),
        (lambda y: pv.fit_var(y, trend="const"), "Did you mean 'c'"),
        (lambda y: pv.johansen_test(y, lags=2, trend="none"), "In urca 'none' is case 'c' here"),
        (lambda y: pv.fit_var(y, trend="none"), "Did you mean 'n'"),
        (lambda y: pv.kpss_test(y[:, 0], trend="none"), r"not known\. Choose one of: 'c', 'ct'"),
        (lambda y: pv.llc_test(y, trend="trend"), "Did you mean 'ct'"),
        (lambda y: pv.johansen_test(y, lags=2, trend="trend"), "Did you mean 'rt'"),
        (lambda y: pv.ips_test(y, lags="Hall"), "Did you mean 't-stat'"),
        (lambda y: pv.ips_test(y, lags="MAIC"), "Modified criteria are not offered"),
        (lambda y: pv.fisher_test(y, statistic="invnormal"), "Did you mean 'Z'"),
        (lambda y: pv.fisher_test(y, test="pperron"), "Did you mean 'pp'"),
        (lambda y: pv.panel_unit_root_table(y, tests="ht"), "Did you mean 'harris-tzavalis'"),
        (lambda y: pv.unit_root_table(y, tests="df"), "Did you mean 'adf'"),
    ],
)
def test_an_option_is_answered_with_a_choice_of_its_place(call, message):
    with pytest.raises(pv.SpecificationError, match=message):
        call(np.random.default_rng(2).standard_normal((60, 2)))


def test_the_names_are_read_when_one_is_missed_and_once(model):
    answers.cache_clear()
    frame = pd.DataFrame(
        {"i": [1, 1, 1, 2, 2, 2], "t": [1, 2, 3] * 2, "x": [1, 2, 4, 3, 5, 4], "y": [1, 3, 4, 3, 6, 5]}
    )
    pv.fit_fixed_effects(pv.Panel(frame, "i", "t"), "y", "x", effects="entity")
    assert copy.copy(model).lags == pv.fit_var(np.asarray(model.resids), lags=1).lags
    assert answers.cache_info().currsize == 0
    assert not hasattr(model, "coef")
    assert not hasattr(model, "coefs")
    assert answers.cache_info().misses == 1


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        ("VAR", "fit_var"),
        ("llc", "llc_test"),
        ("IPS", "ips_test"),
        ("cadf_test", "cips_test"),
        ("cd_test", "cross_section_dependence_test"),
        ("westerlund", "westerlund_test, or westerlund_variance_ratio_test for the test of 2005"),
        ("VARselect", "select_lags"),
        ("varsoc", "select_lags"),
        ("serial_test", "portmanteau_test, or serial_lm_test"),
        ("ur_df", "adf_test"),
        ("ur_ers", "dfgls_test"),
        ("ur_pp", "phillips_perron_test"),
        ("ur_kpss", "kpss_test"),
        ("coint_johansen", "johansen_test"),
        ("adfuller", "adf_test"),
        ("PanelOLS", "fit_fixed_effects"),
        ("causality", "VarResult.granger_causality()"),
        ("granger_causality", "VarResult.granger_causality()"),
        ("historical_decomposition", "VarResult.historical_decomposition()"),
        ("WildBootstrap", "RecursiveWildBootstrap"),
        ("doornik_hansen_test", "normality_test"),
    ],
)
def test_the_package_answers_to_names_of_functions_elsewhere(foreign, ours):
    assert not hasattr(pv, foreign)
    with pytest.raises(AttributeError, match=re.escape(f"Here it is {ours}")):
        getattr(pv, foreign)


def test_the_package_guesses_misspelt_names_and_no_others():
    with pytest.raises(AttributeError, match="Did you mean 'fit_var'"):
        pv.fitvar  # noqa: B018
    with pytest.raises(AttributeError, match="Did you mean 'fit_var'"):
        pv.fit_VAR  # noqa: B018
    with pytest.raises(AttributeError, match=r"has no attribute 'xyzzy'\.$"):
        pv.xyzzy  # noqa: B018


def test_a_name_of_nobody_is_an_ordinary_error(model):
    with pytest.raises(AttributeError, match=r"^'VarResult' object has no attribute 'nonsense'$"):
        model.nonsense  # noqa: B018


def test_every_hint_names_an_attribute_of_some_result():
    owners = (
        pv.LinearResult,
        pv.InstrumentalResult,
        pv.VarResult,
        pv.System,
        pv.JohansenResult,
        pv.DynamicPanelResult,
        pv.CorrectedResult,
        pv.VecmResult,
        pv.SvarResult,
        pv.VarBatch,
        pv.PanelBatch,
        LinearCombination,
        ForecastAccuracy,
        HistoricalDecomposition,
        pv.Panel,
        *ANSWERS,
    )
    for foreign in given("attribute"):
        assert any(name_here(foreign, owner) for owner in owners), foreign
        assert not all(hasattr(owner, foreign) for owner in owners), foreign


@pytest.mark.parametrize(
    "name",
    "std_errors tstats pvalues resids fitted_values rsquared rsquared_adjusted aic bic hqic fpe nobs cov loglik "
    "conf_int df_resid sigma_df sigma_ml residual_correlation notes data convention bse resid cov_params "
    "sigma_u".split(),
)
def test_what_a_bare_system_lacks_is_missing_information_and_no_attribute(name):
    assert not hasattr(SYSTEM, name)
    assert getattr(SYSTEM, name, None) is None
    with pytest.raises(MissingInformationError, match="data"):
        getattr(SYSTEM, name)


def test_an_error_inside_a_property_is_not_hidden():
    class Odd(HintsAtNames):
        @property
        def bse(self):
            return self.inner

        @property
        def inner(self):
            raise AttributeError("the cause")

    with pytest.raises(AttributeError, match="the cause"):
        Odd().bse  # noqa: B018


def test_copies_and_pickles_survive(model):
    for result in (SYSTEM, model):
        np.testing.assert_array_equal(copy.deepcopy(result).roots, result.roots)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(result)).roots, result.roots)


def test_what_a_kind_of_result_does_not_offer_is_no_attribute_and_says_why(model):
    levels = np.random.default_rng(0).standard_normal((80, 2)).cumsum(axis=0)
    vecm = pv.fit_vecm(levels, ["x", "y"], rank=1, lags=2)
    restricted = pv.fit_restricted_var(levels, restrictions={"x": ["L1.y"]}, columns=["x", "y"])
    asked = [
        (vecm, "granger_causality", "toda_yamamoto_test"),
        (vecm, "test_granger_causality", "toda_yamamoto_test"),
        (vecm, "lag_exclusion_tests", "select_lags"),
        (restricted, "marginal_effects", "impulse_responses"),
    ]
    for result, name, words in asked:
        assert not hasattr(result, name)
        assert name not in dir(result)
        with pytest.raises(pv.SpecificationError, match=words):
            getattr(pickle.loads(pickle.dumps(result)), name)
    assert not isinstance(vecm, pv.VarResult)
    assert not isinstance(restricted, pv.VarResult)
    for result in (model, vecm, restricted):
        assert isinstance(result, pv.FittedSystem)
        assert isinstance(result, pv.System)
    with pytest.raises(AttributeError, match=r"'VecmResult' object has no attribute 'nonsense'$"):
        vecm.nonsense  # noqa: B018
    with pytest.raises(MissingInformationError, match="needs the data"):
        SYSTEM.forecast  # noqa: B018


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("TVAR", "Threshold models are not offered; R's tsDyn has them"),
        ("threshold_var", "Threshold models are not offered; R's tsDyn has them"),
        ("TVECM", "Threshold models are not offered; R's tsDyn has them"),
        ("BVAR", "Priors are not offered; MonteCarlo draws bands under a flat one."),
        ("bayesian_var", "Priors are not offered; MonteCarlo draws bands under a flat one."),
        ("csdid", "Here it is fit_callaway_santanna"),
        ("etwfe", "Here it is fit_extended_two_way"),
        ("jwdid", "Here it is fit_extended_two_way"),
        ("emfx", "TreatmentEffects.aggregate averages effects"),
        ("aggte", "TreatmentEffects.aggregate averages effects"),
        ("did_multiplegt", "It is not offered. fit_event_study lets effects of a lasting treatment differ by cohort."),
        ("connectedness", "Its shares are those of variance_decomposition("),
        ("MIDAS", "Regressions that mix frequencies are not offered; R's midasr"),
        ("STAR", "Threshold and smooth transition models are not offered; R's tsDyn"),
        ("MarkovSwitching", "Models that switch between regimes are not offered; statsmodels has MarkovAutoregression"),
        ("breakpoints", "cusum_test, mosum_test and fluctuation_test ask"),
        ("NARDL", "Nonlinear ARDL models are not offered; R's nardl"),
        ("pesaran_bounds", "Bounds tests are not offered; engle_granger_test"),
        ("ARDL", "ARDL models of one series are not offered, and statsmodels and R's ARDL have them"),
        ("state_dependent", "Responses in two states are fit_local_projections("),
        ("VARMA", "Moving averages are not offered, and fit_var has autoregressions; statsmodels has VARMAX."),
        ("DCC", "Models of changing variances are not offered; arch_test asks"),
        ("hp_filter", "Filters of trends and cycles are not offered; statsmodels has hpfilter"),
        ("narrative_sign_restrictions", "SignRestrictions has signs and zeros of responses"),
        ("max_share", "Shocks that explain most of a variance are not offered; ImpactMatrix takes"),
        ("acf", "residual_correlogram has the correlations"),
        ("panel_vecm", "Several relations at once are not estimated in panels; one is by fit_pooled_mean_group"),
        ("bacon", "Here it is decompose_two_way_effects"),
        ("twowayfeweights", "Here it is weigh_two_way_effects"),
        ("eventstudyweights", "Here it is weigh_event_study"),
        ("borusyak", "Here it is fit_imputation"),
        ("honest_did", "Here it is trend_sensitivity, for estimates and their covariance"),
        ("stacked", "Stacked differences-in-differences are not offered as one call"),
        ("fit_did2s", "Here it is fit_two_stage"),
        ("did2s", "Here it is fit_two_stage"),
        ("gardner", "Here it is fit_two_stage"),
        ("feglm", "Models are linear: those of limited or counted outcomes are not offered. pyfixest"),
        ("estout", "Here it is compare"),
        ("heckman", "Models of selected samples are not offered; R's sampleSelection"),
        ("GVAR", "Global VARs, whose countries are linked by weights, are not offered; R's BGVAR"),
        ("sunab", "Here it is fit_sun_abraham"),
        ("did", "Here it is fit_event_study"),
    ],
)
def test_what_is_not_here_is_said_not_to_be(name, said):
    with pytest.raises(AttributeError, match=re.escape(f"has no attribute {name!r}. {said}")):
        getattr(pv, name)


@pytest.mark.parametrize("name", ["joint", "sup_t", "simultaneous"])
def test_joint_statements_belong_in_the_bands(model, name):
    with pytest.raises(pv.SpecificationError, match=r"in the bands: bands=ResidualBootstrap\(joint='sup-t'\)"):
        model.impulse_responses(4, **{name: "sup-t"})
    assert model.impulse_responses(4, bands=pv.ResidualBootstrap(joint="sup-t", draws=200, seed=1)).lower is not None


def test_what_is_not_known_has_single_blanks_and_points():
    data = pv.load_data("grunfeld")
    for option in ({"cov": "abc"}, {"missing": "abc"}, {"cov": "HAC"}):
        with pytest.raises(pv.SpecificationError) as caught:
            pv.fit_fixed_effects(data, "invest ~ value", **option)
        assert "  " not in str(caught.value) and ".." not in str(caught.value)
