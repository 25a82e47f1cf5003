"""Another program's names are answered with this library's, and what a bare system lacks with what it lacks."""

from __future__ import annotations

import copy
import pickle
import re

import numpy as np
import pytest

import panelvar as pv
from panelvar.errors import MissingInformationError
from panelvar.results.hints import FOREIGN_NAMES, HintsAtNames, name_here

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
        ("loglik", "llf"),
    ],
)
def test_the_name_here_is_given(model, foreign, ours):
    assert not hasattr(model, foreign)
    with pytest.raises(AttributeError, match=re.escape(ours)):
        getattr(model, foreign)


def test_a_name_of_nobody_is_an_ordinary_error(model):
    with pytest.raises(AttributeError, match=r"^'VarResult' object has no attribute 'nonsense'\.$"):
        model.nonsense  # noqa: B018


def test_every_hint_names_an_attribute_of_some_result():
    owners = (pv.LinearResult, pv.VarResult, pv.System, pv.JohansenResult, pv.VecmResult)
    for foreign in FOREIGN_NAMES:
        assert any(name_here(foreign, owner) for owner in owners), foreign
        assert not all(hasattr(owner, foreign) for owner in owners), foreign


@pytest.mark.parametrize(
    "name",
    "std_errors tstats pvalues resids fitted_values rsquared rsquared_adjusted aic bic hqic fpe nobs cov llf conf_int "
    "df_resid sigma_df sigma_ml residual_correlation notes data convention bse resid cov_params sigma_u".split(),
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
