"""Batches, windows and forecasts with exogenous variables, seasons, no lags, and orders of each member's own."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import panelvar as pv
from panelvar import SpecificationError

CRITERIA = ("aic", "bic", "hqic", "fpe", "lr")


def simulated(n_sets, n_periods, seed=0, n_vars=2):
    """Data sets of orders 0, 1 and 2 in turn, that move with the seasons and with two exogenous variables."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n_sets, n_periods, 2))
    y = np.zeros((n_sets, n_periods, n_vars))
    season = np.arange(n_periods) % 4
    for t in range(2, n_periods):
        own = np.arange(n_sets) % 3
        drift = 0.5 * season[t] + 0.7 * x[:, t, :1] - 0.4 * x[:, t - 1, 1:]
        first = np.where(own > 0, 0.6, 0.0)[:, None] * y[:, t - 1]
        second = np.where(own > 1, -0.5, 0.0)[:, None] * y[:, t - 2]
        y[:, t] = drift + first + second + rng.standard_normal((n_sets, n_vars))
    return y, x


def agrees(batch, place, one):
    """A member is the single fit: coefficients, errors, covariance, rows, roots, responses."""
    m = len(one.regressor_names)
    assert batch.orders[place] == one.lags
    assert batch.nobs[place] == one.nobs
    assert batch.df_resid[place] == one.df_resid
    assert_allclose(batch.fits.params[place, :m], one.params, rtol=0, atol=1e-11)
    assert not batch.fits.params[place, m:].any()
    assert_allclose(batch.sigma[place], one.sigma, rtol=1e-10)
    for name in one.names:
        whole = batch.std_errors.iloc[place][name]
        assert_allclose(whole[: len(one.params)], one.std_errors[name], rtol=1e-9)
        assert whole[len(one.params) :].isna().all()
        assert batch.params.iloc[place][name][len(one.params) :].isna().all()
        assert_allclose(batch.tstats.iloc[place][name][: len(one.params)], one.tstats[name], rtol=1e-8, atol=1e-9)
    if batch.lags:
        assert_allclose(batch.moduli[place, : len(one.moduli)], one.moduli, atol=1e-9)
    with warnings.catch_warnings():
        # An entity may be explosive.
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        assert_allclose(batch.impulse_responses(5)[place], one.impulse_responses(5).values, rtol=1e-9, atol=1e-10)
    assert batch.is_stable.iloc[place] == one.is_stable


@pytest.mark.parametrize("lags", [0, 1, 3, *CRITERIA])
@pytest.mark.parametrize("convention", ["default", "gretl", "eviews"])
def test_data_sets_with_everything_equal_a_loop(lags, convention):
    y, x = simulated(7, 90)
    beside = {"seasons": 4, "exogenous_lags": 1, "trend": "ct", "convention": convention}
    limits = {"max_lags": 4, "min_lags": 0} if isinstance(lags, str) else {}
    batch = pv.fit_var_batch(y, ["a", "b"], lags=lags, exogenous=x, **beside, **limits)
    for place in range(7):
        one = pv.fit_var(y[place], ["a", "b"], lags=lags, exogenous=x[place], **beside, **limits)
        agrees(batch, place, one)
        again = batch.member(place)
        assert_allclose(again.params, one.params, rtol=0, atol=0)
    if lags == "bic":
        assert set(batch.orders) >= {0, 1, 2}
        assert "of 0 to 2 lags of a, b" in repr(batch)
        assert "0 to 2 lags chosen by BIC, member by member" in batch.notes[0].text
    # The same exogenous variables for every data set are given once.
    common = pv.fit_var_batch(y, ["a", "b"], lags=lags, exogenous=x[0], **beside, **limits)
    agrees(common, 2, pv.fit_var(y[2], ["a", "b"], lags=lags, exogenous=x[0], **beside, **limits))
    assert pickle.loads(pickle.dumps(batch)).member(1).lags == batch.orders[1]


def panel():
    """Five entities with gaps, missing values and different lengths, one too short and one that does not vary."""
    y, x = simulated(5, 70, seed=4)
    frames = {}
    for unit in range(5):
        table = np.concatenate([y[unit], x[unit]], axis=1)[: 70 - 5 * unit]
        frames[f"u{unit}"] = pd.DataFrame(table, index=range(1950, 1950 + len(table)), columns=["a", "b", "x", "z"])
    frames["u1"] = frames["u1"].drop(index=[1951, 1970])
    frames["u2"].loc[1960, "b"] = np.nan
    frames["u3"].loc[1965, "x"] = np.nan
    frames["tiny"] = frames["u0"].iloc[:4]
    frames["flat"] = frames["u0"] * 0.0 + 1.0
    return pd.concat(frames, names=["unit", "year"]), frames


@pytest.mark.parametrize("lags", [0, 2, "bic", "lr"])
@pytest.mark.parametrize("limits", [{}, {"max_lags": 3}])
def test_entities_with_everything_equal_a_loop(lags, limits):
    frame, frames = panel()
    limits = {**limits, "min_lags": 0} if isinstance(lags, str) else {}
    beside = {"seasons": 4, "exogenous": ["x", "z"], "exogenous_lags": 1}
    with pytest.warns(pv.PanelVarWarning) as caught:
        batch = pv.fit_var_batch(frame, lags=lags, **beside, **limits)
    assert batch.names == ("a", "b")
    assert list(batch.labels) == ["u0", "u1", "u2", "u3", "u4"]
    lost = gaps = 0
    for place, unit in enumerate(batch.labels):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pv.PanelVarWarning)
            one = pv.fit_var(frames[unit], lags=lags, **beside, **limits)
        agrees(batch, place, one)
        for note in one.notes:
            lost += int(note.text.split(". ")[1].split()[0]) if note.code == "rows-missing" else 0
            gaps += int(note.text.split(". ")[1].split()[0]) if note.code == "rows-gaps" else 0
    said = " ".join(str(warning.message) for warning in caught)
    assert f"{lost} rows were dropped, because a value is missing there or in the lags" in said
    assert f"{gaps} rows after gaps have no lags and were dropped" in said


def test_rows_after_gaps_that_exogenous_lags_cannot_reach_are_counted_as_such():
    """A lag of an exogenous variable bridges a gap as little as one of the variables."""
    frame = panel()[1]["u0"].drop(index=[1970])
    with pytest.warns(pv.PanelVarWarning, match=r"1 period is absent from the data\. 2 rows after gaps have no lags"):
        model = pv.fit_var(frame, lags=0, exogenous=["x", "z"], exogenous_lags=2)
    assert model.nobs == 69 - 2 - 2


def sample(n=64):
    y, x = simulated(1, n, seed=2)
    index = pd.period_range("1990Q1", periods=n, freq="Q")
    return pd.DataFrame(np.concatenate([y[0], x[0]], axis=1), index=index, columns=["a", "b", "x", "z"])


@pytest.mark.parametrize("expanding", [False, True])
@pytest.mark.parametrize("lags", [0, 2, "aic", "bic", "lr"])
def test_windows_equal_fits_to_their_rows(expanding, lags):
    frame, window, limit = sample(), 36, 3
    limits = {"max_lags": limit, "min_lags": 0} if isinstance(lags, str) else {}
    beside = {"exogenous": ["x", "z"], "exogenous_lags": 1}
    batch = pv.fit_rolling_var(frame, window=window, expanding=expanding, lags=lags, **beside, **limits)
    start = max(limit if limits else lags, 1)
    assert len(batch) == 64 - start - window + 1
    for place, end in enumerate(batch.labels):
        last = frame.index.get_loc(end)
        section = frame.iloc[0 if expanding else last - window - start + 1 : last + 1]
        order = pv.select_lags(section, **beside, **limits).order(lags) if limits else lags
        own = section if expanding else frame.iloc[last - window - max(order, 1) + 1 : last + 1]
        one = pv.fit_var(own, lags=order, **beside)
        agrees(batch, place, one)
        assert one.nobs == (last + 1 - max(order, 1) if expanding else window)
        if expanding and limits:
            assert pv.fit_var(section, lags=lags, **beside, **limits).lags == order
        assert_allclose(batch.member(end).params, one.params, rtol=0, atol=0)


def test_seasons_keep_counting_in_windows():
    """Fitted values of a window do not depend on which season is called the first; its member may be asked for then."""
    frame = sample()[["a", "b"]]
    batch = pv.fit_rolling_var(frame, window=30, lags=1, seasons=4)
    for place, end in enumerate(batch.labels):
        last = frame.index.get_loc(end)
        own = frame.iloc[last - 30 : last + 1]
        assert_allclose(batch.sigma[place], pv.fit_var(own, lags=1, seasons=4).sigma, rtol=1e-10)
        if (last - 30) % 4:
            with pytest.raises(SpecificationError, match="would count the seasons from the first period of the window"):
                batch.member(end)
        else:
            assert_allclose(batch.member(end).params, batch.fits.params[place], atol=1e-11)


@pytest.mark.parametrize("expanding", [False, True])
@pytest.mark.parametrize("lags", [0, 2, "bic"])
def test_forecasts_are_those_of_single_fits(expanding, lags):
    frame, window = sample(), 40
    limits = {"max_lags": 3, "min_lags": 0} if isinstance(lags, str) else {}
    beside = {"exogenous": ["x", "z"], "exogenous_lags": 1}
    found = pv.evaluate_forecasts(frame, window=window, steps=3, expanding=expanding, lags=lags, **beside, **limits)
    batch = pv.fit_rolling_var(frame, window=window, expanding=expanding, lags=lags, **beside, **limits)
    assert list(found.origins) == list(batch.labels[:-1])
    for place, origin in enumerate(found.origins):
        last = frame.index.get_loc(origin)
        ahead = frame.iloc[last + 1 : last + 4]
        expected = batch.member(origin).forecast(len(ahead), exogenous=ahead[["x", "z"]])
        assert_allclose(
            found.errors[place, : len(ahead)], ahead[["a", "b"]].to_numpy() - expected.values, rtol=0, atol=1e-10
        )
        assert np.isnan(found.errors[place, len(ahead) :]).all()


def test_forecasts_with_seasons_and_trend_are_those_of_all_rows_up_to_the_origin():
    frame = sample()[["a", "b"]]
    found = pv.evaluate_forecasts(frame, window=40, steps=2, lags=1, seasons=4, trend="ct")
    for place, origin in enumerate(found.origins[:-1]):
        last = frame.index.get_loc(origin)
        expected = pv.fit_var(frame.iloc[: last + 1], lags=1, seasons=4, trend="ct").forecast(2)
        assert_allclose(found.errors[place], frame.iloc[last + 1 : last + 3] - expected.values, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda y, x: pv.fit_var_batch(y, max_lags=3), "max_lags= applies when lags= names a criterion"),
        (lambda y, x: pv.fit_var_batch(y, lags=0, trend="n"), "leaves nothing to estimate"),
        (lambda y, x: pv.fit_var_batch(y, lags="bic", min_lags=0, trend="n"), "leaves nothing to estimate"),
        (lambda y, x: pv.fit_var_batch(y, lags="bicc"), "Did you mean 'bic'"),
        (lambda y, x: pv.fit_var_batch(y, lags=[1, 2]), "a criterion"),
        (lambda y, x: pv.fit_var_batch(y, exogenous=x[:, 1:]), r"exogenous has shape \(7, 59, 2\).*60 periods"),
        (lambda y, x: pv.fit_var_batch(y, exogenous=["x"]), "expected an array of real numbers"),
        (lambda y, x: pv.fit_var_batch(y, exogenous_lags=1), "needs exogenous variables"),
        (lambda y, x: pv.fit_var_batch(y, seasons=1), "not a pattern"),
        (lambda y, x: pv.fit_var_batch(y, ["x2", "b"], exogenous=x), r"\['x2'\] are the names of exogenous variables"),
        (lambda y, x: pv.fit_var_batch([y[0], y[1, :9]]), "differ in their numbers of periods"),
        (lambda y, x: pv.fit_var_batch(y[:, :0]), r"shape \(7, 0, 2\) have no periods"),
        (lambda y, x: pv.fit_var_batch(panel()[0], exogenous="q"), "'q'"),
        (lambda y, x: pv.fit_var_batch(panel()[0], ["a", "x"], exogenous="x"), "both variables of the VAR and exog"),
        (
            lambda y, x: pv.fit_rolling_var(y[0], window=20, lags="aic", max_lags=12),
            "window=20 is too short: 25",
        ),
        (lambda y, x: pv.fit_rolling_var(y[0], window=20, exogenous_lags=1), "needs exogenous variables"),
        (lambda y, x: pv.evaluate_forecasts(y[0], window=20, max_lags=3), "max_lags= applies"),
    ],
)
def test_options_that_make_no_sense_are_refused(call, message):
    y, x = simulated(7, 60)
    with pytest.raises((SpecificationError, pv.DataError, pv.InsufficientDataError), match=message):
        call(y, x)


def test_exogenous_variables_with_holes_are_refused_where_rows_must_be_whole():
    y, x = simulated(3, 60)
    x[1, 5, 0] = np.nan
    with pytest.raises(pv.DataError, match="array of exogenous variables holds values that are missing"):
        pv.fit_var_batch(y, exogenous=x)
    with pytest.raises(pv.DataError, match="gaps or missing values"):
        pv.fit_rolling_var(y[1], window=20, exogenous=x[1])


def test_a_comparison_on_few_rows_is_warned_about():
    y, _ = simulated(3, 30)
    with pytest.warns(pv.PanelVarWarning, match="3 of 3 members compare lag orders on fewer rows than twice"):
        pv.fit_var_batch(y, lags="bic", max_lags=6)


@pytest.mark.parametrize("expanding", [False, True])
@pytest.mark.parametrize("lags", [2, "bic"])
def test_the_shortest_window_has_rows_for_its_coefficients_and_the_covariance(expanding, lags):
    """A window counts rows explained: its lags come before it."""
    y, _ = simulated(1, 30)
    limits = {"max_lags": 2} if lags == "bic" else {}
    with pytest.warns(pv.PanelVarWarning):
        batch = pv.fit_rolling_var(y[0], window=7, lags=lags, expanding=expanding, **limits)
    assert len(batch) == 30 - 2 - 7 + 1
    assert batch.nobs[0] == 7 + (2 - batch.orders[0]) * expanding
    with pytest.raises(pv.InsufficientDataError, match="window=6 is too short: 5 coefficients"):
        pv.fit_rolling_var(y[0], window=6, lags=lags, expanding=expanding, **limits)


def test_variables_of_one_name_are_refused():
    y, _ = simulated(2, 30)
    with pytest.raises(SpecificationError, match=r"Variable names repeat: \['a'\]"):
        pv.fit_var_batch(y, ["a", "a"])
    with pytest.raises(SpecificationError, match=r"Variable names repeat: \['a'\]"):
        pv.fit_var_batch(panel()[0], ["a", "b", "a"])


def test_responses_that_overflow_are_refused_and_the_member_is_named():
    y = np.random.default_rng(0).standard_normal((3, 40, 1))
    for t in range(1, 40):
        y[1, t] += 3.0 * y[1, t - 1]
    batch = pv.fit_var_batch(y)
    assert np.isfinite(batch.impulse_responses(100)).all()
    with pytest.raises(
        pv.NumericalError, match=r"Responses of 1 of 3 members overflow .*, such as those of 1, because"
    ):
        batch.impulse_responses(3000)
