"""Historical decompositions, conditional forecasts and the evaluation of forecasts, each the slow way as well."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import panelvar as pv
from panelvar import InsufficientDataError, LongRun, SpecificationError
from panelvar.kernels.dynamics import dynamics

NAMES = ["x", "y", "z"]


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(11)
    y = np.zeros((80, 3))
    for t in range(1, 80):
        y[t] = [0.2, 0.0, 0.1] + np.array([[0.6, 0.1, 0], [0.1, 0.5, 0.1], [0, 0.2, 0.4]]) @ y[t - 1]
        y[t] += rng.standard_normal(3)
    return pd.DataFrame(y, index=pd.period_range("2000Q1", periods=80, freq="Q"), columns=NAMES)


@pytest.fixture(scope="module")
def model(frame):
    return pv.fit_var(frame, lags=2)


@pytest.mark.parametrize("scheme", ["cholesky", "long_run", pv.Cholesky(["z", "y", "x"])])
def test_contributions_are_responses_times_shocks(model, scheme):
    parts = model.historical_decomposition(identification=scheme)
    shocks = model.structural_shocks(identification=scheme)
    theta = model.impulse_responses(len(shocks) - 1, identification=scheme).values
    for t in (0, 5, 40, len(shocks) - 1):
        expected = sum(theta[h] * shocks.iloc[t - h].to_numpy() for h in range(t + 1))
        assert_allclose(parts.contributions[t], expected, atol=1e-10)
    assert_allclose(parts.actual, model.fitted_values + model.resids, atol=1e-10)
    frame = parts.to_frame()
    assert list(frame.columns.get_level_values(1).unique()) == ["baseline", *NAMES]
    assert_allclose(frame["y"].sum(axis=1), model.data.values[2:, 1], atol=1e-10)
    assert_allclose(shocks.T @ shocks / model.df_resid, np.eye(3), atol=1e-10)


def test_the_baseline_runs_without_shocks(model):
    parts = model.historical_decomposition()
    path = list(model.data.values[:2])
    for _ in range(10):
        path.append(model.intercept + model.coefficients[0] @ path[-1] + model.coefficients[1] @ path[-2])
    assert_allclose(parts.baseline[:10], path[2:], atol=1e-11)


def test_a_gap_starts_the_decomposition_anew(frame):
    with pytest.warns(pv.PanelVarWarning):
        model = pv.fit_var(frame.drop(index=frame.index[40]), lags=2)
    parts = model.historical_decomposition()
    start = model._problem.run_starts[1]
    impact = model.impulse_responses(0).values[0]
    assert_allclose(parts.contributions[start], impact * parts.shock_values[start], atol=1e-12)


def test_incomplete_schemes_are_refused(model):
    for scheme in ("generalised", "reduced_form"):
        with pytest.raises(SpecificationError, match="shocks are correlated"):
            model.historical_decomposition(identification=scheme)


def test_contributions_are_drawn(model):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure = model.historical_decomposition(identification=LongRun()).plot(of=["x", "z"])
    assert len(figure.axes) == 2
    plt.close(figure)


def test_conditional_forecasts_are_conditional_normal_means(model):
    """Against the joint normal distribution of the stacked future, with a dense covariance matrix."""
    steps = 4
    plain = model.forecast(steps)
    given = pd.DataFrame({"y": [0.5, np.nan, 1.0, np.nan], "x": [np.nan, 0.3, np.nan, np.nan]})
    found = model.conditional_forecast(given)
    phi = dynamics.moving_average(model.coefficients, steps - 1)
    dense = np.zeros((steps * 3, steps * 3))
    for i in range(steps):
        for j in range(steps):
            dense[3 * i : 3 * i + 3, 3 * j : 3 * j + 3] = sum(
                phi[i - s] @ model.sigma.to_numpy() @ phi[j - s].T for s in range(min(i, j) + 1)
            )
    flat = np.array([[np.nan, 0.5, np.nan], [0.3, np.nan, np.nan], [np.nan, 1.0, np.nan], [np.nan] * 3]).ravel()
    known = ~np.isnan(flat)
    gain = dense[:, known] @ np.linalg.inv(dense[np.ix_(known, known)])
    mean = plain.values.ravel() + gain @ (flat - plain.values.ravel())[known]
    variance = dense - gain @ dense[known]
    assert_allclose(found.values.ravel(), mean, atol=1e-10)
    assert_allclose(found.std_errors.ravel() ** 2, np.diagonal(variance), atol=1e-10)
    width = (found.upper - found.lower).ravel()
    assert_allclose(width[known], 0.0)
    assert (width[~known] > 0).all()
    assert_allclose(model.conditional_forecast(given[["y", "x"]]).values, found.values)


def test_impossible_conditions_are_refused(model):
    with pytest.raises(SpecificationError, match="not variables"):
        model.conditional_forecast(pd.DataFrame({"w": [1.0]}))
    with pytest.raises(SpecificationError, match="expected"):
        model.conditional_forecast(np.zeros((2, 2)))
    with pytest.raises(SpecificationError, match="finite value"):
        model.conditional_forecast(np.full((2, 3), np.nan))
    one = pv.System(model.coefficients, NAMES, sigma=model.sigma)
    with pytest.raises(pv.MissingInformationError):
        one.forecast(2)


@pytest.mark.parametrize("expanding", [True, False])
def test_forecasts_are_evaluated_as_time_goes_by(frame, expanding):
    found = pv.evaluate_forecasts(frame, window=50, steps=3, expanding=expanding, lags=2)
    assert len(found.origins) == 80 - 2 - 50
    place = 7
    last = frame.index.get_loc(found.origins[place])
    past = frame.iloc[: last + 1] if expanding else frame.iloc[last - 51 : last + 1]
    ahead = pv.fit_var(past, lags=2).forecast(3)
    assert_allclose(found.errors[place], frame.to_numpy()[last + 1 : last + 4] - ahead.values, atol=1e-10)
    assert_allclose(found.benchmark_errors[place], frame.to_numpy()[last + 1 : last + 4] - frame.to_numpy()[last])
    assert np.isnan(found.errors[-1, 1:]).all()
    assert found.rmse.loc[1, "x"] == pytest.approx(np.sqrt((found.errors[:, 0, 0] ** 2).mean()))
    assert (found.mae.to_numpy() <= found.rmse.to_numpy()).all()
    relative = found.rmse / np.sqrt(np.nanmean(found.benchmark_errors**2, axis=0))
    assert_allclose(found.relative_rmse, relative)
    assert found.bias.shape == (3, 3)


def test_diebold_mariano_written_out(frame):
    found = pv.evaluate_forecasts(frame, window=40, steps=2, lags=1, benchmark="mean")
    test = found.diebold_mariano("y", 2)
    gap = (found.errors[:, 1, 1] ** 2 - found.benchmark_errors[:, 1, 1] ** 2)[:-1]
    n = len(gap)
    c = gap - gap.mean()
    spread = (c @ c + 2 * c[1:] @ c[:-1]) / n
    factor = np.sqrt((n + 1 - 4 + 2 / n) / n)
    assert test.statistic == pytest.approx(factor * gap.mean() / np.sqrt(spread / n))
    assert (test.distribution, test.df) == ("t", n - 1)
    with pytest.raises(SpecificationError, match="1 to 2"):
        found.diebold_mariano("y", 3)
    with pytest.raises(SpecificationError, match="loss="):
        found.diebold_mariano("y", loss="linex")
    with pytest.raises(InsufficientDataError, match="reaches the end"):
        pv.evaluate_forecasts(frame, window=79, lags=1)


@pytest.mark.parametrize("start", ["2019Q3", "2020Q2", "2000Q1"])
def test_future_values_of_other_periods_are_refused(frame, model, start):
    elsewhere = pd.DataFrame({"y": [0.1, 0.2]}, index=pd.period_range(start, periods=2, freq="Q"))
    with pytest.raises(SpecificationError, match=r"rows of conditions are labelled .*2020Q1"):
        model.conditional_forecast(elsewhere)
    beside = pv.fit_var(frame[["x", "z"]], lags=1, exogenous=frame[["y"]])
    with pytest.raises(SpecificationError, match=r"rows of exogenous are labelled .*2020Q1"):
        beside.forecast(2, exogenous=elsewhere)
    with pytest.raises(SpecificationError, match="rows of exogenous"):
        beside.forecast(2, exogenous=elsewhere["y"])


def test_future_values_of_the_right_periods_or_without_any(frame, model):
    right = pd.DataFrame({"y": [0.1, 0.2]}, index=pd.period_range("2020Q1", periods=2, freq="Q"))
    expected = model.conditional_forecast([[np.nan, 0.1, np.nan], [np.nan, 0.2, np.nan]]).values
    for given in (right, right.reset_index(drop=True), right["y"]):
        assert_allclose(model.conditional_forecast(given).values, expected, rtol=0, atol=0)
    stamps = pd.DataFrame(model.data.values, index=frame.index.to_timestamp(), columns=NAMES)
    beside = pv.fit_var(stamps, ["x", "z"], lags=1, exogenous=["y"])
    ahead = pd.DataFrame({"y": [0.1, 0.2]}, index=pd.to_datetime(["2020-01-01", "2020-04-01"]))
    assert_allclose(beside.forecast(2, exogenous=ahead).values, beside.forecast(2, exogenous=[0.1, 0.2]).values)
    counted = pv.fit_var(frame.reset_index(drop=True), ["x", "z"], lags=1, exogenous=["y"])
    assert counted.forecast(2, exogenous=frame.reset_index(drop=True).tail(2)).values.shape == (2, 2)
    array = pv.fit_var(model.data.values[:, :2], lags=1, exogenous=model.data.values[:, 2])
    assert array.forecast(2, exogenous=right.set_axis(["x1"], axis=1)).values.shape == (2, 2)


@pytest.mark.parametrize("given", [pd.DataFrame({"y": ["a", "b"]}), "y"])
def test_conditions_that_are_no_numbers_are_refused(model, given):
    with pytest.raises(SpecificationError, match="conditions must be a dict, a DataFrame or an array"):
        model.conditional_forecast(given)


def test_conditions_by_name_are_those_of_a_table(frame, model):
    table = pd.DataFrame({"y": [0.1, 0.2, np.nan, np.nan], "x": [0.5, 0.5, 0.5, 0.5]})
    expected = model.conditional_forecast(table)
    labelled = pd.Series([0.1, 0.2], index=pd.period_range("2020Q1", periods=2, freq="Q"))
    for given in ({"y": [0.1, 0.2], "x": 0.5}, {"x": [0.5] * 4, "y": labelled}, {"y": (0.1, 0.2, np.nan), "x": 0.5}):
        assert_allclose(model.conditional_forecast(given, steps=4).values, expected.values, rtol=0, atol=1e-14)
    assert_allclose(model.conditional_forecast({"x": [0.5] * 4, "y": labelled}).upper, expected.upper, atol=1e-14)
    # Tables and arrays too may end before the forecast does.
    short = table[["y"]].iloc[:2]
    assert_allclose(
        model.conditional_forecast(short, steps=4).values, model.conditional_forecast(table[["y"]]).values, atol=1e-14
    )


def test_conditions_may_be_on_later_periods_alone(model):
    """Labels say which periods of the forecast they are on; the others are free."""
    third = pd.Series([0.2], index=pd.period_range("2020Q3", periods=1, freq="Q"), name="y")
    expected = model.conditional_forecast({"y": [np.nan, np.nan, 0.2, np.nan]})
    assert expected.values[2, 1] == 0.2
    for given in (third, third.to_frame(), {"y": third}):
        found = model.conditional_forecast(given, steps=4)
        assert_allclose(found.values, expected.values, rtol=0, atol=0)
        assert_allclose(found.upper, expected.upper, rtol=0, atol=0)
    with pytest.raises(SpecificationError, match=r"labelled .*2020Q3.*, but the forecast is of .*2020Q1.* to .*2020Q2"):
        model.conditional_forecast(third, steps=2)


@pytest.mark.parametrize(
    ("given", "steps", "message"),
    [
        ({"w": [1.0]}, None, r"\['w'\] are not variables of this system: \['x', 'y', 'z'\]"),
        ({"y": 1.0}, None, "Give steps= to say how many there are"),
        (
            {"y": "high"},
            None,
            "a number, or a list with one number for each period; got 'high'",
        ),
        ({"y": [[1.0]]}, None, "conditions of 'y' must be a number"),
        ({"y": []}, None, "conditions of 'y' must be a number"),
        ({}, None, "finite value somewhere"),
        ({"y": [1.0, 2.0]}, 1, "conditions cover 2 periods, and steps=1 ends before the last"),
        ({"y": pd.Series([1.0], index=pd.period_range("2019Q1", periods=1, freq="Q"))}, None, "are labelled .*2020Q1"),
    ],
)
def test_conditions_by_name_that_say_nothing_are_refused(model, given, steps, message):
    with pytest.raises(SpecificationError, match=message):
        model.conditional_forecast(given, steps=steps)


def test_accuracy_is_a_table(frame):
    accuracy = pv.evaluate_forecasts(frame, window=40, lags=1, steps=2)
    shown = accuracy.summary().to_frame()
    assert list(shown.columns) == [(name, kind) for name in accuracy.names for kind in ("RMSE", "relative")]
    assert shown.columns.names == ["Variable", "Measure"]
    assert_allclose(shown.to_numpy(dtype=float)[:, ::2], accuracy.rmse, rtol=1e-12)
    assert_allclose(shown.to_numpy(dtype=float)[:, 1::2], accuracy.relative_rmse, rtol=1e-12)
    assert "random walk" in str(accuracy)
    assert "<table" in accuracy._repr_html_()
    with pytest.raises(SpecificationError, match="Did you mean 'random walk'"):
        pv.evaluate_forecasts(frame, window=40, benchmark="rw")
    with pytest.raises(SpecificationError, match="Did you mean 'absolute'"):
        accuracy.diebold_mariano("x", loss="abs")


def test_a_benchmark_of_the_callers_takes_its_place_as_the_refusal_says(frame):
    accuracy = pv.evaluate_forecasts(frame, window=40, lags=1, steps=2)
    with pytest.raises(SpecificationError, match=r"dataclasses\.replace\(accuracy, benchmark_errors="):
        pv.evaluate_forecasts(frame, window=40, benchmark="ARIMA")
    own = dataclasses.replace(accuracy, benchmark_errors=2.0 * accuracy.errors, benchmark="ARIMA")
    assert_allclose(own.relative_rmse, 0.5, rtol=1e-12)
    test = own.diebold_mariano(accuracy.names[0])
    assert test.statistic < 0.0 and "the ARIMA forecast" in test.null


def test_forecasts_keep_the_name_of_the_index_or_none(frame):
    stamps = frame.set_axis(pd.DatetimeIndex(frame.index.to_timestamp().tolist()))
    assert stamps.index.freq is None
    for name in (None, "quarter"):
        labels = pv.fit_var(stamps.rename_axis(name), lags=1).forecast(2).labels
        assert labels.name == name
        assert [str(label.date()) for label in labels] == ["2020-01-01", "2020-04-01"]


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.impulse_responses(2, cumulative="no"),
        lambda model: model.variance_decomposition(2, normalised="no"),
        lambda model: pv.fit_rolling_var(model.resids, window=30).impulse_responses(2, cumulative="no"),
        lambda model: pv.fit_local_projections(model.resids, horizon=2, cumulative="no"),
        lambda model: pv.fit_local_projections(model.resids, horizon=2, lag_augmented="no"),
    ],
)
def test_switches_that_are_texts_are_refused(model, ask):
    with pytest.raises(SpecificationError, match=r"must be True(, False)? or "):
        ask(model)


def test_a_nearly_singular_system_has_a_conditional_forecast_or_words():
    rng = np.random.default_rng(6)
    x = rng.standard_normal(80)
    model = pv.fit_var(np.column_stack([x, x + 1e-9 * rng.standard_normal(80)]), lags=1)
    # Rounding, and so the LAPACK at hand, decides whether the covariance has a root, and whether a note warns of it.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        try:
            found = model.conditional_forecast([[1.0, np.nan]])
        except pv.NumericalError as error:
            assert "not positive definite" in str(error)
        else:
            assert np.isfinite(found.values).all()


def test_conditions_in_any_units_hold_together():
    y = np.random.default_rng(7).standard_normal((80, 2))
    given = np.array([[1.0, 2.0], [np.nan, 0.5]])
    units = np.array([1e-14, 1e14])
    plain, moved = (pv.fit_var(y * unit, lags=1).conditional_forecast(given * unit) for unit in (1.0, units))
    np.testing.assert_allclose(moved.values / units, plain.values, rtol=1e-9)
    np.testing.assert_allclose(moved.upper / units, plain.upper, rtol=1e-9)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
@pytest.mark.parametrize(
    "fit",
    [
        lambda data: pv.fit_var(data),
        lambda data: pv.fit_restricted_var(data, restrictions={"a": ["L1.b"]}),
        lambda data: pv.fit_vecm(data, rank=1, lags=1),
    ],
    ids=["var", "restricted", "vecm"],
)
def test_contributions_that_overflow_are_refused(fit):
    data = pd.DataFrame(np.random.default_rng(4).standard_normal((60, 2)), columns=["a", "b"])
    data.loc[59, "a"] = 1e9
    model = fit(data)
    with pytest.raises(pv.NumericalError, match=r"Contributions of shocks overflow within .* explosive"):
        model.historical_decomposition()
