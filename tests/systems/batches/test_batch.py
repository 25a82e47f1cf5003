"""Many vector autoregressions at once, against one at a time."""

from __future__ import annotations

import pickle
import re
from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import panelvar as pv
from panelvar import DataError, InsufficientDataError, SpecificationError


def simulated(n_sets, n_periods, n_vars=2, seed=0):
    rng = np.random.default_rng(seed)
    y = np.zeros((n_sets, n_periods, n_vars))
    for t in range(1, n_periods):
        y[:, t] = 0.2 + 0.6 * y[:, t - 1] + rng.standard_normal((n_sets, n_vars))
    return y


@pytest.mark.parametrize(("lags", "trend"), [(1, "n"), (2, "c"), (3, "ct")])
@pytest.mark.parametrize("convention", ["default", "gretl"])
def test_an_array_of_data_sets_equals_a_loop(lags, trend, convention):
    data = simulated(7, 60)
    batch = pv.fit_var_batch(data, ["a", "b"], lags=lags, trend=trend, convention=convention)
    assert len(batch) == 7
    responses = batch.impulse_responses(6, cumulative=True)
    for place in range(7):
        one = pv.fit_var(data[place], ["a", "b"], lags=lags, trend=trend, convention=convention)
        assert_allclose(batch.fits.params[place], one.params, rtol=0, atol=1e-12)
        assert_allclose(batch.sigma[place], one.sigma, rtol=1e-11)
        assert_allclose(batch.std_errors.loc[place, "b"], one.std_errors["b"], rtol=1e-10)
        assert_allclose(batch.tstats.loc[place, "a"], one.tstats["a"], rtol=1e-8, atol=1e-9)
        assert_allclose(batch.moduli[place], one.moduli, atol=1e-11)
        assert_allclose(responses[place], one.impulse_responses(6, cumulative=True).values, atol=1e-11)
        assert batch.is_stable[place] == one.is_stable
    assert batch.member(3).nobs == one.nobs
    assert "7 vector autoregressions" in repr(batch)


def unbalanced():
    data = simulated(5, 40, seed=3)
    rows = [
        {"unit": f"u{unit}", "year": 1960 + t, "a": data[unit, t, 0], "b": data[unit, t, 1]}
        for unit in range(5)
        for t in range(40 - 4 * unit)
    ]
    frame = pd.DataFrame(rows)
    frame = frame[~((frame["unit"] == "u1") & (frame["year"] == 1975))]
    frame.loc[(frame["unit"] == "u2") & (frame["year"] == 1970), "b"] = np.nan
    short = pd.DataFrame({"unit": "tiny", "year": [1960, 1961, 1962], "a": [1.0, 2.0, 1.5], "b": [0.0, 1.0, 0.3]})
    flat = pd.DataFrame({"unit": "flat", "year": range(1960, 1990), "a": 1.0, "b": 2.0})
    return pd.concat([frame, short, flat]).sample(frac=1.0, random_state=1)


def test_entities_of_a_gappy_panel():
    frame = unbalanced()
    with pytest.warns(pv.PanelVarWarning) as caught:
        batch = pv.fit_var_batch(pv.Panel(frame, entity="unit", time="year"), lags=2)
    for words in ("2 of 7 members are left out.*'flat', 'tiny'", "missing value", "have no lags and were dropped"):
        assert any(re.search(words, str(warning.message)) for warning in caught)
    assert list(batch.labels) == ["u0", "u1", "u2", "u3", "u4"]
    for unit in batch.labels:
        own = frame[frame["unit"] == unit].set_index("year")[["a", "b"]]
        with pytest.warns(pv.PanelVarWarning) if unit in ("u1", "u2") else nullcontext():
            one = pv.fit_var(own, lags=2)
        place = list(batch.labels).index(unit)
        assert batch.nobs[place] == one.nobs
        assert_allclose(batch.fits.params[place], one.params, rtol=0, atol=1e-12)
        assert_allclose(batch.params.loc[unit, ("a", "L1.b")], one.params.loc["L1.b", "a"], atol=1e-12)
    assert batch.member("u3").names == ("a", "b")
    with pytest.raises(SpecificationError, match="'zz' is not a member"):
        batch.member("zz")


@pytest.mark.parametrize("expanding", [False, True])
@pytest.mark.parametrize("trend", ["n", "c"])
def test_windows_equal_fits_to_their_rows(expanding, trend):
    frame = pd.DataFrame(simulated(1, 50)[0], index=pd.period_range("1990Q1", periods=50, freq="Q"), columns=["a", "b"])
    batch = pv.fit_rolling_var(frame, window=20, expanding=expanding, lags=2, trend=trend)
    assert len(batch) == 48 - 20 + 1
    for place, end in enumerate(batch.labels):
        last = frame.index.get_loc(end)
        own = frame.iloc[0 if expanding else last - 21 : last + 1]
        one = pv.fit_var(own, lags=2, trend=trend)
        assert batch.nobs[place] == one.nobs == (20 + place if expanding else 20)
        assert_allclose(batch.fits.params[place], one.params, rtol=0, atol=1e-11)
        assert_allclose(batch.sigma[place], one.sigma, rtol=1e-10)
    pd.testing.assert_frame_equal(
        batch.member(batch.labels[5]).params,
        pv.fit_var(frame.iloc[: batch.nobs[5] + 2] if expanding else frame.iloc[5:27], lags=2, trend=trend).params,
    )


def test_what_cannot_be_is_refused():
    data = simulated(3, 30)
    with pytest.raises(InsufficientDataError, match="None of the 3 members"):
        pv.fit_var_batch(data, lags=12)
    with pytest.raises(DataError, match="missing or infinite"):
        pv.fit_var_batch(np.where(data > 2, np.nan, data))
    with pytest.raises(SpecificationError, match="expected a Panel"):
        pv.fit_var_batch(data[0])
    with pytest.raises(SpecificationError, match="3 names for 2"):
        pv.fit_var_batch(data, ["a", "b", "c"])
    with pytest.raises(InsufficientDataError, match="window=40 is too long"):
        pv.fit_rolling_var(data[0], window=40)
    with pytest.raises(InsufficientDataError, match="at least 5 rows"):
        pv.fit_rolling_var(data[0], window=4)
    with pytest.raises(SpecificationError, match="window="):
        pv.fit_rolling_var(data[0], window=0)
    holed = pd.DataFrame(data[0].copy())
    holed.iloc[4, 0] = np.nan
    with pytest.raises(DataError, match="gaps or missing"):
        pv.fit_rolling_var(holed, window=10)
    trended = pv.fit_rolling_var(data[0], window=20, trend="ct")
    with pytest.raises(SpecificationError, match="count the trend"):
        trended.member(trended.labels[-1])


def test_members_that_cannot_be_estimated_say_why():
    y = np.random.default_rng(4).standard_normal((60, 2))
    with pytest.raises(pv.CollinearityError, match=r"None of the 40 members can be estimated\. Their regressors are"):
        pv.fit_rolling_var(np.column_stack([y, np.ones(60)]), window=20, lags=1)
    with pytest.raises(pv.InsufficientDataError, match="window=6 is too short: 5 coefficients"):
        pv.fit_rolling_var(y, window=6, lags=2)
    with pytest.warns(pv.PanelVarWarning, match=r"(\d+) of \1 members have fewer than 15 rows"):
        batch = pv.fit_rolling_var(y, window=10, lags=2)
    assert [note.code for note in batch.notes] == ["few-rows"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda data: pv.fit_var(data, 3), "columns=3 must be a column name"),
        (lambda data: pv.fit_var(data, 3.0), "columns must be column names"),
        (lambda data: pv.fit_var(data, {"a", "b"}), "no order"),
        (lambda data: pv.fit_var(data, exogenous=3), "exogenous must be column names or a table"),
        (lambda data: pv.fit_rolling_var(data, window=20, expanding="x"), "expanding='x' must be True or False"),
    ],
)
def test_arguments_of_the_wrong_type_are_named(call, message):
    with pytest.raises(SpecificationError, match=message):
        call(simulated(3, 30)[0])


def test_batches_can_be_stored_and_members_asked_for_by_text():
    frame = pd.DataFrame(simulated(1, 50)[0], index=pd.period_range("2000Q1", periods=50, freq="Q"), columns=["a", "b"])
    long = pd.concat({"x": frame, "y": frame + 1.0}, names=["who", "when"])
    for batch, label in (
        (pv.fit_rolling_var(frame, window=30), "2012Q2"),
        (pv.fit_rolling_var(frame, window=30, expanding=True), pd.Period("2012Q2")),
        (pv.fit_var_batch(long), "y"),
        (pv.fit_var_batch(simulated(2, 40)), 1),
    ):
        again = pickle.loads(pickle.dumps(batch))
        assert_allclose(again.member(label).params, batch.member(label).params, rtol=0, atol=0)
        place = batch.labels.get_loc(label)
        assert_allclose(batch.member(label).params.to_numpy(), batch.fits.params[place], atol=1e-12)
    for label in ("2013Q1", "nonsense", 3, None):
        with pytest.raises(SpecificationError, match="is not a member"):
            pv.fit_rolling_var(frame, window=30).member(label)


def test_batches_without_columns_or_with_endless_lags_are_refused_in_words():
    frame = pd.DataFrame({"i": np.repeat([1, 2], 20), "t": np.tile(np.arange(20), 2), "x": np.arange(40.0)})
    panel = pv.Panel(frame, entity="i", time="t")
    with pytest.raises(pv.DataError, match="No columns"):
        pv.fit_var_batch(panel, [])
    with pytest.raises(pv.DataError, match="no variables"):
        pv.fit_var_batch(np.zeros((3, 20, 0)))
    for data in (panel, np.zeros((3, 20, 2))):
        with pytest.raises(pv.InsufficientDataError, match="longest member has 0 usable rows"):
            pv.fit_var_batch(data, lags=100_000)


@pytest.mark.parametrize("units", [1e-310, [1.0, 1e-200], [1e-100, 1e100]])
def test_units_that_a_single_fit_refuses_are_no_member_of_a_batch(units):
    y = np.random.default_rng(9).standard_normal((2, 40, 2))
    with pytest.raises(pv.NumericalError):
        pv.fit_var(y[0] * units, lags=1)
    with pytest.warns(pv.PanelVarWarning, match="1 of 2 members are left out"):
        batch = pv.fit_var_batch(np.stack([y[0] * units, y[1]]))
    assert np.isfinite(batch.params.to_numpy()).all()
    with pytest.raises(pv.CollinearityError, match="out of range or too far apart"):
        pv.fit_var_batch(y * units)
