"""Variables of data whose columns are numbered are asked for by their labels, as numbers or as texts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

import panelvar as pv


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(3)
    y = np.zeros((90, 3))
    for t in range(1, 90):
        y[t] = 0.5 * y[t - 1] + rng.standard_normal(3)
    return pd.DataFrame(y)


@pytest.fixture(scope="module")
def model(frame):
    return pv.fit_var(frame, lags=2)


@pytest.mark.parametrize(
    "ask",
    [
        lambda model, a, b: model.granger_causality(a, b),
        lambda model, a, b: model.granger_causality([a], (b,)),
        lambda model, a, b: model.exclusion_test(equations=a, variables=b, lags=2),
        lambda model, a, b: pv.instantaneous_causality_test(model, a, b),
        lambda model, a, b: pv.arch_test(model, lags=2, equation=b),
    ],
)
def test_tests(model, ask):
    by_number, by_text = ask(model, 0, 1), ask(model, "0", "1")
    assert by_number == by_text
    assert str(by_number) == str(by_text)


def test_tests_that_fit_a_model(frame):
    by_text = pv.toda_yamamoto_test(frame, "0", "1", lags=2)
    assert pv.toda_yamamoto_test(frame, 0, 1, lags=2) == by_text
    restricted = pv.fit_restricted_var(frame, restrictions={0: ["L1.1"]}, lags=1)
    assert restricted.params.loc["L1.1", "0"] == 0.0
    assert restricted.exclusion_test(equations=0, variables=2) == restricted.exclusion_test(
        equations="0", variables="2"
    )
    vecm = pv.fit_vecm(frame.cumsum(), rank=1, lags=2)
    assert vecm.weak_exogeneity_test(1).statistic == vecm.weak_exogeneity_test("1").statistic
    assert vecm.exclusion_test(equations=0, variables=[1]) == vecm.exclusion_test(equations="0", variables="1")


def test_responses_and_forecasts(model):
    reverse = model.impulse_responses(4, ordering=[2, 1, 0])
    assert reverse.ordering == ("2", "1", "0")
    assert_array_equal(reverse.values, model.impulse_responses(4, ordering=["2", "1", "0"]).values)
    assert_array_equal(reverse.response(0, shock=2), reverse.response("0", shock="2"))
    given = model.conditional_forecast(pd.DataFrame({1: [0.5, 0.5]}))
    assert_array_equal(given.values, model.conditional_forecast(pd.DataFrame({"1": [0.5, 0.5]})).values)


def test_future_values_of_exogenous_variables(frame):
    beside = pv.fit_var(frame[[0, 1]], lags=1, exogenous=frame[[2]])
    values = beside.forecast(2, exogenous=pd.DataFrame({2: [1.0, 2.0]})).values
    assert_array_equal(values, beside.forecast(2, exogenous=[1.0, 2.0]).values)


@pytest.mark.parametrize("ask", [(0, 7), ("0", "7"), (None, 1), ([], 1)])
def test_labels_that_are_none_are_refused(model, ask):
    with pytest.raises(pv.SpecificationError, match=r"not a variable of this system|is empty"):
        model.granger_causality(*ask)
