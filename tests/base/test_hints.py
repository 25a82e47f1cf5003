"""Another program's names are answered with this library's, and what a bare system lacks with what it lacks."""

from __future__ import annotations

import copy
import pickle
import re

import numpy as np
import pytest

import panelvar as pv
from panelvar.base.elsewhere import ELSEWHERE
from panelvar.base.errors import MissingInformationError
from panelvar.base.hints import FOREIGN_NAMES, FUNCTIONS_OF_SYSTEMS, HintsAtNames, has_attribute, name_here
from panelvar.responses.decomposition import HistoricalDecomposition, VarianceDecomposition
from panelvar.responses.forecast import Forecast
from panelvar.responses.forecast_accuracy import ForecastAccuracy
from panelvar.responses.responses import Responses
from panelvar.var_models.lag_selection import LagSelection

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
        ("plot", "plot_roots()"),
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
        (pv.select_lags(np.random.default_rng(2).standard_normal((60, 2)), 2), "selection", "selected"),
    ]
    for result, foreign, ours in asked:
        assert not hasattr(result, foreign)
        with pytest.raises(AttributeError, match=re.escape(f"Here it is {ours}.")):
            getattr(result, foreign)
        assert copy.copy(result).values is result.values if hasattr(result, "values") else True


def test_functions_that_hints_name_exist():
    for text in FUNCTIONS_OF_SYSTEMS.values():
        for name in re.findall(r"panelvar\.(\w+)", text):
            assert callable(getattr(pv, name))
    for foreign, text in ELSEWHERE.items():
        assert foreign not in pv.__all__
        words = re.findall(r"\w+", text)
        assert words[0] in pv.__all__, text
        owner = getattr(pv, words[0])
        for attribute in re.findall(r"\.(\w+)", text.replace("(...)", "").replace("...", "")):
            if isinstance(owner, type):
                assert has_attribute(owner, attribute), text


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        ("VAR", "fit_var"),
        ("VARselect", "select_lags"),
        ("varsoc", "select_lags"),
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
    with pytest.raises(AttributeError, match=r"^'VarResult' object has no attribute 'nonsense'\.$"):
        model.nonsense  # noqa: B018


def test_every_hint_names_an_attribute_of_some_result():
    owners = (
        pv.LinearResult,
        pv.InstrumentalResult,
        pv.VarResult,
        pv.System,
        pv.JohansenResult,
        pv.VecmResult,
        pv.SvarResult,
        ForecastAccuracy,
        HistoricalDecomposition,
        *ANSWERS,
    )
    for foreign in FOREIGN_NAMES:
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
