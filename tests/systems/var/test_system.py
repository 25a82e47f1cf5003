"""A system from coefficients: what it answers, and how it says what it lacks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.core.base.errors import MissingInformationError, NumericalError, SpecificationError

# The two-variable VAR(2) published for Liangshan, in logs: coefficients only.
FIRST = [[1.0331, -0.7111], [0.1318, 0.8602]]
SECOND = [[-0.2074, 0.8242], [-0.1517, -0.0077]]
SIGMA = [[2.0, 0.6], [0.6, 1.0]]


@pytest.fixture
def published() -> pv.System:
    return pv.System([FIRST, SECOND], ["log_cii", "log_gdp"], intercept=[-1.0694, 1.0322])


@pytest.fixture
def complete() -> pv.System:
    return pv.System([FIRST, SECOND], ["log_cii", "log_gdp"], intercept=[-1.0694, 1.0322], sigma=SIGMA)


def test_equations_read_as_printed(published):
    assert published.equations().splitlines() == [
        "log_cii = -1.0694 + 1.0331 log_cii(-1) - 0.2074 log_cii(-2) - 0.7111 log_gdp(-1) + 0.8242 log_gdp(-2)",
        "log_gdp = 1.0322 + 0.1318 log_cii(-1) - 0.1517 log_cii(-2) + 0.8602 log_gdp(-1) - 0.0077 log_gdp(-2)",
    ]
    assert published.equations(digits=1).startswith("log_cii = -1.1 + 1.0 log_cii(-1)")


def test_equations_with_trends_and_without_a_constant():
    system = pv.System([[[-0.5]]], ["x"], intercept=[1.0], trend_slopes=[[0.25], [-0.5]])
    assert system.equations(2) == "x = 1.00 + 0.25 t - 0.50 t^2 - 0.50 x(-1)"
    assert pv.System([[[-0.5]]], ["x"]).equations(2) == "x = -0.50 x(-1)"


def test_roots_and_stability(published):
    assert published.is_stable
    assert published.moduli[0] == pytest.approx(0.8774, abs=5e-5)
    # The other reading of the ambiguous sign in print.
    assert not pv.System([[[1.0331, 0.7111], [0.1318, 0.8602]], SECOND]).is_stable


def test_roots_as_a_table(published):
    table = published.root_table
    assert table.index.tolist() == [1, 2, 3, 4]
    assert table["modulus"].tolist() == published.moduli.tolist()
    root = complex(table["real"].iloc[0], table["imaginary"].iloc[0])
    assert root == published.roots[0]
    # After its period the root is real again, after its half-life half of it is left.
    assert (root ** table["period"].iloc[0]).imag == pytest.approx(0.0, abs=1e-12)
    assert abs(root) ** table["half_life"].iloc[0] == pytest.approx(0.5)


def test_params_are_arranged_like_those_of_a_fit(published):
    assert list(published.params.index) == ["const", "L1.log_cii", "L1.log_gdp", "L2.log_cii", "L2.log_gdp"]
    assert published.params.loc["L1.log_gdp", "log_cii"] == -0.7111
    assert published.params.loc["const", "log_gdp"] == 1.0322


@pytest.mark.parametrize(
    ("intercept", "slopes", "trend"),
    [
        (None, None, "n"),
        ([1, 2], None, "c"),
        (None, [1, 2], "t"),
        ([1, 2], [1, 2], "ct"),
        ([1, 2], np.ones((2, 2)), "ctt"),
    ],
)
def test_trend_follows_from_what_is_given(intercept, slopes, trend):
    system = pv.System([FIRST], intercept=intercept, trend_slopes=slopes)
    assert system.trend == trend
    assert system.names == ("y1", "y2")
    assert len(system.params) == len(system.regressor_names)


def test_unit_responses_need_no_sigma(published):
    responses = published.impulse_responses(2, identification="reduced_form", shock_size="unit")
    np.testing.assert_array_equal(responses.values[0], np.eye(2))
    np.testing.assert_allclose(responses.values[1], FIRST)
    np.testing.assert_allclose(responses.values[2], np.array(FIRST) @ FIRST + SECOND)


@pytest.mark.parametrize(
    ("call", "missing"),
    [
        (lambda s: s.impulse_responses(), "residual covariance"),
        (lambda s: s.impulse_responses(identification="reduced_form"), "residual covariance"),
        (lambda s: s.variance_decomposition(), "residual covariance"),
        (lambda s: s.forecast(3), "data"),
        (lambda s: s.granger_causality("log_gdp", "log_cii"), "data"),
        (lambda s: s.exclusion_test(lags=2), "data"),
        (lambda s: s.std_errors, "data"),
        (lambda s: s.tstats, "data"),
        (lambda s: s.pvalues, "data"),
        (lambda s: s.resids, "data"),
        (lambda s: s.fitted_values, "data"),
        (lambda s: s.rsquared, "data"),
    ],
)
def test_what_is_missing_is_named(published, call, missing):
    with pytest.raises(MissingInformationError, match=missing):
        call(published)


def test_sizes_and_identifications(complete):
    deviations = np.sqrt(np.diag(SIGMA))
    lower = np.linalg.cholesky(np.array(SIGMA))

    def impact(**options):
        return complete.impulse_responses(0, **options).values[0]

    np.testing.assert_allclose(impact(), lower)
    np.testing.assert_allclose(impact(shock_size="unit"), lower / np.diag(lower))
    np.testing.assert_allclose(impact(identification="reduced_form"), np.diag(deviations))
    np.testing.assert_array_equal(impact(identification="reduced_form", shock_size="unit"), np.eye(2))
    other = impact(ordering=["log_gdp", "log_cii"])
    np.testing.assert_allclose(other @ other.T, SIGMA)
    assert other[1, 0] == 0.0


def test_cumulative_responses_are_sums_and_reach_the_long_run(complete):
    plain = complete.impulse_responses(300)
    total = complete.impulse_responses(300, cumulative=True)
    np.testing.assert_allclose(total.values, np.cumsum(plain.values, axis=0))
    long_run = complete.long_run_effects(identification="cholesky", shock_size="sd")
    np.testing.assert_allclose(total.values[-1], long_run, atol=1e-10)


def test_mean_is_a_rest_point(published):
    mean = published.mean()
    again = np.array([-1.0694, 1.0322]) + (np.array(FIRST) + SECOND) @ mean
    np.testing.assert_allclose(again, mean, rtol=1e-12)


def test_an_intercept_that_was_not_published_is_not_zero():
    with pytest.raises(MissingInformationError, match=r"intercept=\[0, 0\]"):
        pv.System([FIRST, SECOND]).mean()
    assert pv.System([FIRST, SECOND], intercept=[0, 0]).mean().tolist() == [0.0, 0.0]


def test_an_unstable_system_has_no_mean_and_no_long_run():
    system = pv.System([[[1.1, 0.0], [0.0, 0.5]]], intercept=[1.0, 1.0], sigma=SIGMA)
    with pytest.raises(NumericalError, match=r"modulus 1\.1"):
        system.mean()
    with pytest.raises(NumericalError, match="not stable"):
        system.long_run_effects()
    with pytest.warns(pv.PanelVarWarning, match="not stable"):
        responses = system.impulse_responses(2)
    assert [note.code for note in responses.notes] == ["unstable"]
    # No RuntimeWarning before the error: warnings are errors here.
    for call in (
        lambda: system.impulse_responses(10_000),
        lambda: system.impulse_responses(7_430, cumulative=True),
        lambda: system.variance_decomposition(5_000),
    ):
        with pytest.raises(NumericalError, match="overflow"):
            call()


def test_a_trend_has_no_mean():
    with pytest.raises(NumericalError, match="trend 'ct'"):
        pv.System([[[0.5]]], intercept=[1.0], trend_slopes=[0.1]).mean()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"coefficients": [[1.0, 2.0]]}, "square"),
        ({"coefficients": []}, "shape"),
        ({"coefficients": [[[np.nan]]]}, "NaN"),
        ({"coefficients": [[["x"]]]}, "real numbers"),
        ({"coefficients": [[[1.0 + 2.0j]]]}, "real numbers"),
        ({"coefficients": np.array([[[1.0 + 2.0j]]])}, "real numbers"),
        ({"coefficients": [[[1.0, 2.0], [3.0]]]}, "rectangular"),
        ({"coefficients": [FIRST], "names": ["a"]}, "1 names for 2"),
        ({"coefficients": [FIRST], "names": ["a", "a"]}, "repeat"),
        ({"coefficients": [FIRST], "intercept": [1.0]}, "intercept"),
        ({"coefficients": [FIRST], "trend_slopes": np.ones((2, 2))}, "trend_slopes"),
        ({"coefficients": [FIRST], "sigma": [[1.0]]}, "sigma has shape"),
        ({"coefficients": [FIRST], "sigma": [[1.0, 0.5], [0.4, 1.0]]}, "not symmetric"),
        ({"coefficients": [FIRST], "sigma": [[1.0, 2.0], [2.0, 1.0]]}, "not positive definite"),
    ],
)
def test_bad_systems_are_refused(arguments, message):
    with pytest.raises(SpecificationError, match=message):
        pv.System(**arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizon": -1}, "horizon=-1"),
        ({"horizon": 2.5}, "horizon=2.5"),
        ({"horizon": True}, "horizon=True"),
        ({"identification": "choleski"}, "Did you mean 'cholesky'"),
        ({"shock_size": "SD"}, "shock_size"),
        ({"ordering": ["log_cii"]}, "every variable once"),
        ({"ordering": ["log_cii", "log_cii"]}, "every variable once"),
        ({"ordering": "log_cii"}, "sequence"),
        ({"ordering": ["log_cii", "gdp"]}, "not a variable"),
        ({"ordering": ["log_gdp", "log_cii"], "identification": "reduced_form"}, "cholesky"),
    ],
)
def test_bad_requests_are_refused(complete, options, message):
    with pytest.raises(SpecificationError, match=message):
        complete.impulse_responses(**options)


def test_a_system_is_frozen_and_leaves_its_arguments_alone():
    coefficients = np.array([FIRST])
    system = pv.System(coefficients)
    coefficients[0, 0, 0] = 9.0
    assert system.coefficients[0, 0, 0] == 1.0331
    with pytest.raises(AttributeError):
        system.sigma = np.eye(2)
    with pytest.raises(ValueError, match="read-only"):
        system.coefficients[0] = 0.0


def test_responses_as_tables(complete):
    responses = complete.impulse_responses(3)
    frame = responses.to_frame()
    assert frame.loc[("log_gdp", "log_cii", 2), "value"] == responses.values[2, 0, 1]
    assert list(frame.columns) == ["value"]
    np.testing.assert_array_equal(responses.response("log_cii", "log_gdp")["value"], responses.values[:, 0, 1])
    with pytest.raises(SpecificationError, match="'gdp' is not a shock"):
        responses.response("log_cii", "gdp")
    with pytest.raises(SpecificationError, match="'gdp' is not a variable"):
        responses.response("gdp", "log_cii")


def test_decomposition_as_a_table(complete):
    shares = complete.variance_decomposition(4, ordering=["log_gdp", "log_cii"])
    frame = shares.to_frame()
    np.testing.assert_allclose(frame.sum(axis=1), 1.0)
    assert frame.loc[("log_gdp", 1), "log_gdp"] == 1.0
    assert shares.horizon == 4
    np.testing.assert_allclose(shares.forecast_std_errors[0], np.sqrt(np.diag(SIGMA)))
    # Shares have sampling errors of their own, which these are not.
    with pytest.raises(AttributeError, match="forecast_std_errors are those of forecasts; ask for bands="):
        _ = shares.std_errors
    with pytest.raises(SpecificationError, match="horizon=0"):
        complete.variance_decomposition(0)


def test_frames_bring_their_names_and_are_put_in_one_order():
    names = ["x", "y"]
    first, second = (pd.DataFrame(matrix, names, names) for matrix in (FIRST, SECOND))
    plain = pv.System([FIRST, SECOND], names, intercept=[1.0, 2.0], sigma=SIGMA)
    sigma = pd.DataFrame(SIGMA, names, names)
    for system in (
        pv.System([first, second], intercept=[1.0, 2.0], sigma=SIGMA),
        pv.System(
            [first, second.loc[["y", "x"], ["y", "x"]]],
            intercept=pd.Series({"y": 2.0, "x": 1.0}),
            sigma=sigma.loc[["y", "x"], ["y", "x"]],
        ),
        # Rows that are only counted are equations in turn.
        pv.System([first.reset_index(drop=True), second], intercept=[1.0, 2.0], sigma=sigma.to_numpy()),
        pv.System([FIRST, second], names, intercept=[1.0, 2.0], sigma=SIGMA),
    ):
        assert system.names == ("x", "y")
        np.testing.assert_array_equal(system.coefficients, plain.coefficients)
        np.testing.assert_array_equal(system.deterministics, plain.deterministics)
        np.testing.assert_array_equal(system.sigma, plain.sigma)
    assert pv.System(first).names == ("x", "y")
    assert pv.System(pd.DataFrame(FIRST)).names == ("y1", "y2")
    turned = pv.System(first, ["y", "x"])
    assert turned.params.loc["L1.y", "x"] == FIRST[0][1]
    assert turned.names == ("y", "x")


def test_sigma_is_labelled_checked_and_brings_names_where_coefficients_have_none(published, complete):
    assert published.sigma is None
    assert complete.sigma.loc["log_cii", "log_gdp"] == 0.6
    np.testing.assert_array_equal(complete.sigma.index, complete.names)
    # The sigma of a system is what another one takes, by its labels.
    turned = complete.sigma.loc[["log_gdp", "log_cii"], ["log_gdp", "log_cii"]]
    again = pv.System([FIRST, SECOND], complete.names, sigma=turned)
    pd.testing.assert_frame_equal(again.sigma, complete.sigma)
    assert pv.System(complete.coefficients, sigma=complete.sigma).names == complete.names
    assert pv.System(complete.coefficients, sigma=pd.DataFrame(SIGMA)).names == ("y1", "y2")
    with pytest.raises(SpecificationError, match=r"sigma has rows \['log_cii', 'log_gdp'\]; expected \['a', 'b'\]"):
        pv.System([FIRST], ["a", "b"], sigma=complete.sigma)
    with pytest.raises(SpecificationError, match=r"sigma has columns \['a', 'b'\]; expected \['log_cii', 'log_gdp'\]"):
        pv.System([FIRST], complete.names, sigma=complete.sigma.set_axis(["a", "b"], axis=1))


def test_a_table_of_estimates_is_not_taken_for_a_lag_matrix():
    """Its rows are regressors: read as equations it would be the transpose."""
    model = pv.fit_var(np.random.default_rng(3).standard_normal((40, 2)), trend="n")
    with pytest.raises(SpecificationError, match="a row for each equation"):
        pv.System(model.params)
    with pytest.raises(SpecificationError, match="columns"):
        pv.System([pd.DataFrame(FIRST, columns=["x", "y"]), pd.DataFrame(SECOND, columns=["x", "z"])])


@pytest.mark.parametrize("digits", [-1, 2.0, True, "3", None])
def test_decimals_of_equations_are_whole_numbers(published, digits):
    with pytest.raises(SpecificationError, match=f"digits={digits!r} must be a whole number from 0 to 15"):
        published.equations(digits)
