"""Seasons, exogenous variables and their lags in a vector autoregression."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import panelvar as pv
from panelvar import DataError, MissingInformationError, NumericalError, ResidualBootstrap, SpecificationError


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(8)
    n = 90
    x = rng.standard_normal((n, 2)).cumsum(axis=0)
    season = np.arange(n) % 4
    y = np.zeros((n, 2))
    for t in range(2, n):
        mean = np.array([1.0, 0.5]) + np.array([0.8, -0.4]) * (season[t] == 1) + 0.3 * x[t, 0] - 0.2 * x[t - 1, 1]
        y[t] = mean + [[0.5, 0.1], [0.2, 0.3]] @ y[t - 1] - 0.1 * y[t - 2] + rng.standard_normal(2)
    index = pd.period_range("1990Q1", periods=n, freq="Q")
    return pd.DataFrame(np.column_stack([y, x]), index=index, columns=["a", "b", "oil", "rate"])


def by_hand(frame, lags, exogenous_lags, seasons):
    """Regressors written out a row at a time."""
    values, beside = frame[["a", "b"]].to_numpy(), frame[["oil", "rate"]].to_numpy()
    rows, left = [], []
    for t in range(max(lags, exogenous_lags), len(frame)):
        dummies = [float(t % seasons == s) - 1.0 / seasons for s in range(seasons - 1)] if seasons else []
        exogenous = [value for lag in range(exogenous_lags + 1) for value in beside[t - lag]]
        past = [value for lag in range(1, lags + 1) for value in values[t - lag]]
        rows.append([1.0, *dummies, *exogenous, *past])
        left.append(values[t])
    return np.array(rows), np.array(left)


@pytest.mark.parametrize(("lags", "exogenous_lags", "seasons"), [(2, 0, 0), (1, 3, 4), (2, 1, 4), (3, 3, 12)])
def test_estimates_equal_least_squares_written_out(frame, lags, exogenous_lags, seasons):
    model = pv.fit_var(frame, lags=lags, exogenous=["oil", "rate"], exogenous_lags=exogenous_lags, seasons=seasons)
    x, y = by_hand(frame, lags, exogenous_lags, seasons)
    params, *_ = np.linalg.lstsq(x, y, rcond=None)
    assert_allclose(model.params, params, rtol=0, atol=1e-11 * abs(params).max())
    assert model.nobs == len(y)
    assert model.regressor_names[0] == "const"
    assert "oil" in model.regressor_names
    assert ("L1.rate" in model.regressor_names) == (exogenous_lags > 0)
    resid = y - x @ params
    sigma = resid.T @ resid / (len(y) - x.shape[1])
    errors = np.sqrt(np.outer(np.diagonal(np.linalg.inv(x.T @ x)), np.diagonal(sigma)))
    assert_allclose(model.std_errors, errors, rtol=1e-9)


def test_the_exogenous_table_may_stand_apart(frame):
    named = pv.fit_var(frame, lags=2, exogenous=["oil", "rate"], exogenous_lags=1)
    apart = pv.fit_var(frame[["a", "b"]], lags=2, exogenous=frame[["oil", "rate"]], exogenous_lags=1)
    arrays = pv.fit_var(
        frame[["a", "b"]].to_numpy(), lags=2, exogenous=frame[["oil", "rate"]].to_numpy(), exogenous_lags=1
    )
    series = pv.fit_var(frame[["a", "b"]], lags=2, exogenous=frame["oil"])
    panel = pv.fit_var(
        pv.Panel(frame.reset_index(names="t"), time="t"), lags=2, exogenous=["oil", "rate"], exogenous_lags=1
    )
    pd.testing.assert_frame_equal(named.params, apart.params)
    pd.testing.assert_frame_equal(named.params, panel.params)
    assert_allclose(named.params, arrays.params, rtol=1e-13)
    assert series.terms.exogenous == ("oil",)


def test_rows_without_exogenous_values_are_left_out(frame):
    holed = frame.copy()
    holed.iloc[40, 2] = np.nan
    with pytest.warns(pv.PanelVarWarning, match=r"'oil'.*2 row"):
        model = pv.fit_var(holed, lags=1, exogenous=["oil"], exogenous_lags=1, columns=["a", "b"])
    assert model.nobs == len(frame) - 1 - 2
    with pytest.raises(DataError, match="oil"):
        pv.fit_var(holed, ["a", "b"], lags=1, exogenous=["oil"], missing="raise")


def test_forecasts_run_the_recursion_with_the_future_given(frame):
    model = pv.fit_var(frame, lags=2, exogenous=["oil", "rate"], exogenous_lags=1, seasons=4)
    future = np.random.default_rng(0).standard_normal((6, 2))
    forecast = model.forecast(6, exogenous=future)
    longer = pd.concat(
        [frame, pd.DataFrame(np.column_stack([np.zeros((6, 2)), future]), forecast.labels, frame.columns)]
    )
    values = longer.to_numpy().copy()
    params = model.params.to_numpy()
    for t in range(len(frame), len(longer)):
        x, _ = by_hand(pd.DataFrame(values[: t + 1], columns=frame.columns), 2, 1, 4)
        values[t, :2] = x[-1] @ params
    assert_allclose(forecast.values, values[-6:, :2], rtol=1e-10)
    named = model.forecast(6, exogenous=pd.DataFrame(future[:, ::-1], columns=["rate", "oil"]))
    assert_allclose(named.values, forecast.values, rtol=1e-13)
    assert forecast.labels[0] == frame.index[-1] + 1


def test_forecasts_say_what_they_need(frame):
    model = pv.fit_var(frame, lags=1, exogenous=["oil", "rate"])
    with pytest.raises(MissingInformationError, match=r"next 4 values of \['oil', 'rate'\]"):
        model.forecast(4)
    with pytest.raises(SpecificationError, match=r"shape \(3, 2\); expected \(4, 2\)"):
        model.forecast(4, exogenous=np.zeros((3, 2)))
    with pytest.raises(SpecificationError, match="no column"):
        model.forecast(1, exogenous=pd.DataFrame({"oil": [1.0]}))
    with pytest.raises(SpecificationError, match="no exogenous"):
        pv.fit_var(frame[["a", "b"]]).forecast(1, exogenous=np.zeros((1, 1)))
    with pytest.raises(NumericalError, match="no constant mean"):
        model.mean()


def test_multipliers_are_differences_of_forecasts(frame):
    """One unit more of oil in the first future period only."""
    model = pv.fit_var(frame, lags=2, exogenous=["oil", "rate"], exogenous_lags=2)
    base = np.zeros((9, 2))
    pulse = base.copy()
    pulse[0, 0] = 1.0
    effect = model.forecast(9, exogenous=pulse).values - model.forecast(9, exogenous=base).values
    multipliers = model.multipliers(8)
    assert multipliers.shocks == ("oil", "rate")
    assert_allclose(multipliers.values[:, :, 0], effect, atol=1e-12)
    step = model.forecast(9, exogenous=base + np.array([1.0, 0.0])).values - model.forecast(9, exogenous=base).values
    assert_allclose(model.multipliers(8, cumulative=True).values[:, :, 0], step, atol=1e-12)
    assert "Response of" in str(multipliers)
    with pytest.raises(SpecificationError, match="no exogenous"):
        pv.fit_var(frame[["a", "b"]]).multipliers()


def test_bootstrap_holds_the_exogenous_path(frame):
    """A draw equals a fit to data generated by hand with the same shocks."""
    model = pv.fit_var(frame, lags=2, exogenous=["oil", "rate"], exogenous_lags=1)
    rng = np.random.default_rng(5)
    shocks = rng.standard_normal((3, model.nobs, 2))
    refits = model._problem.refit(shocks)
    for draw in range(3):
        values = frame.to_numpy().copy()
        for t in range(2, len(frame)):
            x, _ = by_hand(pd.DataFrame(values[: t + 1], columns=frame.columns), 2, 1, 0)
            values[t, :2] = x[-1] @ model.params.to_numpy() + shocks[draw, t - 2]
        again = pv.fit_var(
            pd.DataFrame(values, frame.index, frame.columns), lags=2, exogenous=["oil", "rate"], exogenous_lags=1
        )
        assert_allclose(refits.params[draw], again.params, rtol=0, atol=1e-9)
    assert model.impulse_responses(3, bands=ResidualBootstrap(200, seed=1)).lower is not None


def test_selection_counts_the_terms(frame):
    selection = pv.select_lags(frame, max_lags=3, exogenous=["oil", "rate"], seasons=4, columns=["a", "b"])
    fits = [pv.fit_var(frame.iloc[3 - p :], ["a", "b"], lags=p, exogenous=["oil", "rate"]) for p in (1, 2, 3)]
    assert selection.nobs == fits[0].nobs
    plain = pv.select_lags(frame, max_lags=3, exogenous=["oil", "rate"], columns=["a", "b"])
    assert_allclose(plain.table["bic"], [fit.bic for fit in fits], rtol=1e-11)


def test_what_cannot_be_is_refused(frame):
    with pytest.raises(SpecificationError, match="both variables"):
        pv.fit_var(frame, ["a", "oil"], exogenous=["oil"])
    with pytest.raises(SpecificationError, match="not in the data"):
        pv.fit_var(frame, exogenous=["gas"])
    with pytest.raises(SpecificationError, match="no variable is left"):
        pv.fit_var(frame[["oil"]], exogenous=["oil"])
    with pytest.raises(SpecificationError, match="seasons=1"):
        pv.fit_var(frame[["a"]], seasons=1)
    with pytest.raises(SpecificationError, match="needs exogenous"):
        pv.fit_var(frame[["a"]], exogenous_lags=2)
    with pytest.warns(pv.PanelVarWarning, match=r"missing"):
        pv.fit_var(frame[["a"]], exogenous=frame["oil"].iloc[3:])
    with pytest.raises(DataError, match="No label of exogenous"):
        pv.fit_var(frame[["a"]], exogenous=frame["oil"].set_axis(frame.index + 500))
    with pytest.raises(DataError, match="3 rows"):
        pv.fit_var(frame[["a"]].to_numpy(), exogenous=np.zeros(3))
    with pytest.raises(pv.CollinearityError, match="dummy"):
        pv.fit_var(frame[["a"]], exogenous=pd.DataFrame({"one": 1.0}, index=frame.index))


def test_equations_spell_the_terms(frame):
    model = pv.fit_var(frame, ["a"], lags=1, exogenous=["oil"], exogenous_lags=1, seasons=4)
    assert "season1" in model.equations()
    assert "oil(-1)" in model.equations()
    assert "L1.oil" in str(model)


@pytest.mark.parametrize("name", ["const", "trend", "season2", "L1.x"])
def test_names_of_other_regressors_are_refused(name):
    y = np.random.default_rng(8).standard_normal((60, 3))
    frame = pd.DataFrame(y, columns=["x", "y", name])
    options = {"trend": "ct", "seasons": 4, "exogenous": [name]}
    with pytest.raises(SpecificationError, match=f"Several regressors would be named '{name}'"):
        pv.fit_var(frame, lags=1, **options)
    assert pv.fit_var(frame.rename(columns={name: "z"}), lags=1, **(options | {"exogenous": ["z"]})).nobs == 59


def test_a_variable_named_as_a_term_of_the_relations_is_refused():
    walks = np.random.default_rng(8).standard_normal((60, 2)).cumsum(axis=0)
    with pytest.raises(SpecificationError, match="Rename the variable"):
        pv.fit_vecm(walks, ["const", "y"], rank=1, lags=1, trend="rc")
    assert pv.fit_vecm(walks, ["const", "y"], rank=1, lags=1, trend="n").rank == 1


def test_local_projections_choose_the_order_beside_exogenous_variables():
    rng = np.random.default_rng(12)
    x = rng.standard_normal(160)
    y = np.zeros((160, 2))
    for t in range(3, 160):
        y[t] = 0.2 * y[t - 3] + 3.0 * x[t] + rng.standard_normal(2)
    frame = pd.DataFrame(np.column_stack([y, x]))
    order = pv.select_lags(frame[[0, 1]], seasons=4, exogenous=frame[[2]]).order("bic")
    projected = pv.fit_local_projections(frame[[0, 1]], lags="bic", horizon=1, seasons=4, exogenous=frame[[2]])
    assert projected.var.lags == order
    assert order != pv.select_lags(frame[[0, 1]], seasons=4).order("bic")
    with pytest.raises(SpecificationError, match="Did you mean 'bic'"):
        pv.fit_local_projections(frame, lags="SC")
    with pytest.raises(SpecificationError, match="shock=7 must be column names or values"):
        pv.fit_local_projections(frame, shock=7)
