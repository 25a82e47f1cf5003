"""`fit_var` and `select_lags`: kinds of data, gaps, missing values, lag choice, and every refusal."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.core.base.errors import (
    CollinearityError,
    DataError,
    InsufficientDataError,
    NumericalError,
    SpecificationError,
)


@pytest.fixture
def frame() -> pd.DataFrame:
    values = np.random.default_rng(0).standard_normal((60, 2)).cumsum(axis=0)
    return pd.DataFrame(values, columns=["a", "b"], index=pd.Index(range(1950, 2010), name="year"))


def same(left, right):
    np.testing.assert_allclose(left.params, right.params, rtol=1e-12)
    assert left.names == right.names
    assert left.nobs == right.nobs


def test_kinds_of_data_agree(frame):
    model = pv.fit_var(frame, lags=2)
    assert model.nobs == 58
    assert model.notes == ()
    same(model, pv.fit_var(frame.to_numpy(), ["a", "b"], lags=2))
    same(model, pv.fit_var(frame.to_numpy().tolist(), ["a", "b"], lags=2))
    same(model, pv.fit_var(pv.Panel(frame), lags=2))
    same(model, pv.fit_var(pv.Panel(frame.reset_index(), time="year"), lags=2))
    same(model, pv.fit_var(frame.assign(c="text"), ["a", "b"], lags=2))
    same(model, pv.fit_var(frame.astype("Float64"), lags=2))
    same(model, pv.fit_var(frame.sample(frac=1.0, random_state=3), lags=2))
    assert pv.fit_var(frame.to_numpy(), lags=2).names == ("y1", "y2")
    assert pv.fit_var(frame["a"].to_numpy(), ["a"], lags=1).names == ("a",)


def test_integers_are_numbers():
    values = np.random.default_rng(1).integers(0, 50, (40, 2))
    same(pv.fit_var(values, ["a", "b"]), pv.fit_var(values.astype(float), ["a", "b"]))


def test_names_choose_and_order_columns(frame):
    model = pv.fit_var(frame, ["b", "a"], lags=1)
    other = pv.fit_var(frame, lags=1)
    assert model.names == ("b", "a")
    np.testing.assert_allclose(model.params.loc["L1.b", "a"], other.params.loc["L1.b", "a"])


@pytest.mark.parametrize(
    ("index", "ahead"),
    [
        (pd.RangeIndex(5, 65), 65),
        (pd.Index(range(1950, 2010)), 2010),
        (pd.period_range("1990-01", periods=60, freq="M"), pd.Period("1995-01")),
        (pd.date_range("1990-01-01", periods=60, freq="QS"), pd.Timestamp("2005-01-01")),
        (pd.date_range("1990-01-01", periods=60, freq="D"), pd.Timestamp("1990-03-02")),
    ],
)
def test_forecasts_are_labelled_by_the_calendar(frame, index, ahead):
    model = pv.fit_var(frame.set_axis(index), lags=1)
    assert model.forecast(2).labels[0] == ahead
    assert model.resids.index[0] == index[1]
    assert model.nobs == 59


def test_a_gap_is_not_bridged(frame):
    broken = frame.drop([1970, 1971])
    with pytest.warns(pv.PanelVarWarning, match=r"2 periods are absent from the data\. 2 rows after gaps have no lags"):
        model = pv.fit_var(broken, lags=2)
    # 58 periods, two serve as first lags, two after the gap lack lags.
    assert model.nobs == 54
    assert [note.code for note in model.notes if note.code == "rows-gaps"] == ["rows-gaps"]
    assert "2 periods are absent" in str(model.notes[-1])
    assert "2 rows after" in str(model.notes[-1])
    assert 1972 not in model.resids.index
    assert 1974 in model.resids.index
    y = frame.to_numpy()
    rows = [place for place in range(2, 60) if not {place, place - 1, place - 2} & {20, 21}]
    x = np.column_stack([np.ones(len(rows)), y[[r - 1 for r in rows]], y[[r - 2 for r in rows]]])
    np.testing.assert_allclose(model.params, np.linalg.lstsq(x, y[rows], rcond=None)[0], rtol=1e-10)
    assert model._problem.run_starts == (0, 18)
    assert model.forecast(1).labels[0] == 2010


def test_the_trend_follows_the_calendar_through_a_gap(frame):
    broken = frame.drop([1970, 1971])
    with pytest.warns(pv.PanelVarWarning, match="absent"):
        model = pv.fit_var(broken, lags=1, trend="ct")
    assert model._problem.design[:, 1].tolist() == [t for t in range(2, 61) if t not in (21, 22, 23)]


def test_bootstrap_runs_across_gaps(frame):
    broken = frame.diff().iloc[1:].drop([1970, 1985])
    with pytest.warns(pv.PanelVarWarning, match="absent"):
        model = pv.fit_var(broken, lags=2)
    responses = model.impulse_responses(3, bands=pv.ResidualBootstrap(200, seed=1))
    assert np.isfinite(responses.draws).all()


def test_missing_values_are_dropped_after_lags_and_counted(frame):
    frame.loc[1960, "a"] = np.nan
    with pytest.warns(pv.PanelVarWarning, match=r"1 missing value in \['a'\]\. 3 rows were dropped"):
        model = pv.fit_var(frame, lags=2)
    assert model.nobs == 55
    assert model.resids.index.tolist() == [year for year in range(1952, 2010) if year not in (1960, 1961, 1962)]
    with pytest.raises(DataError, match="missing='raise'"):
        pv.fit_var(frame, lags=2, missing="raise")


def test_leading_missing_values_cost_their_lags_only(frame):
    with pytest.warns(pv.PanelVarWarning, match="missing"):
        model = pv.fit_var(frame.diff(), lags=1)
    same(model, pv.fit_var(frame.diff().iloc[1:], lags=1))


def test_the_warning_points_here(frame):
    frame.iloc[3, 0] = np.nan
    with pytest.warns(pv.PanelVarWarning) as caught:
        pv.fit_var(frame, lags=1)
    assert caught[0].filename == __file__


def test_a_criterion_selects_on_a_common_sample_and_fits_on_all_rows(frame):
    selection = pv.select_lags(frame, max_lags=6)
    for criterion in ("aic", "bic", "hqic", "fpe"):
        model = pv.fit_var(frame, lags=criterion, max_lags=6)
        assert model.lags == selection.order(criterion)
        assert model.nobs == 60 - model.lags
        assert [note.code for note in model.notes] == ["lags-selected"]
    same(model, pv.fit_var(frame, lags=model.lags))


@pytest.mark.parametrize("trend", ["n", "c", "ct", "ctt"])
def test_selection_equals_fits_on_the_common_rows(frame, trend):
    selection = pv.select_lags(frame, max_lags=4, trend=trend)
    assert selection.nobs == 56
    table = selection.table
    from panelvar.kernels.dynamics.terms import TREND_POWERS

    time = np.arange(5.0, 61.0)
    terms = [time**power for power in TREND_POWERS[trend]]
    y = frame.to_numpy()
    for order in range(1, 5):
        x = np.column_stack([*terms, *(y[4 - lag : 60 - lag] for lag in range(1, order + 1))])
        residuals = y[4:] - x @ np.linalg.lstsq(x, y[4:], rcond=None)[0]
        log_det = np.linalg.slogdet(residuals.T @ residuals / 56)[1]
        count = 2 * x.shape[1]
        assert table.loc[order, "aic"] == pytest.approx(log_det + 2 * count / 56, rel=1e-9)
        assert table.loc[order, "bic"] == pytest.approx(log_det + np.log(56) * count / 56, rel=1e-9)
        fpe = ((56 + x.shape[1]) / (56 - x.shape[1])) ** 2 * np.exp(log_det)
        assert table.loc[order, "fpe"] == pytest.approx(fpe, rel=1e-8)
    np.testing.assert_allclose(table["lr"].iloc[1:], 2 * np.diff(table["loglik"]))
    assert np.isnan(table["lr"].iloc[0])


def test_order_zero_on_request(frame):
    noise = frame.diff().iloc[1:]
    assert pv.select_lags(noise, max_lags=3).table.index.tolist() == [1, 2, 3]
    assert pv.select_lags(noise, max_lags=3, min_lags=0).table.index.tolist() == [0, 1, 2, 3]
    assert pv.select_lags(noise, max_lags=3, convention="statsmodels").orders[0] == 0
    assert pv.select_lags(noise, max_lags=3, trend="n", convention="statsmodels").orders[0] == 1
    assert pv.fit_var(noise, lags="bic").lags == 1
    assert pv.fit_var(noise, lags="bic", convention="statsmodels").lags == 0


def test_the_default_longest_order_leaves_room(frame):
    assert pv.select_lags(frame).orders[-1] == 10
    with pytest.warns(pv.PanelVarWarning, match="longest order compared"):
        short = pv.select_lags(frame.iloc[:12])
    assert short.nobs - (1 + 2 * short.orders[-1]) >= 2
    with pytest.raises(InsufficientDataError):
        pv.select_lags(frame.iloc[:12], max_lags=short.orders[-1] + 1)


def test_selection_prints_and_refuses(frame):
    selection = pv.select_lags(frame, max_lags=3)
    assert "AIC" in str(selection)
    assert set(selection.selected) == {"aic", "bic", "hqic", "fpe"}
    with pytest.raises(SpecificationError, match="Did you mean 'aic'"):
        selection.order("aicc")
    with pytest.raises(SpecificationError, match="below"):
        pv.select_lags(frame, max_lags=2, min_lags=3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.assign(b=np.where(f.index == 1953, np.inf, f["b"])), "infinite values in the column 'b': "),
        (lambda f: f.astype(complex), "'a' has dtype complex128"),
        (lambda f: f.astype(object), "'a' has dtype object"),
        (lambda f: f.assign(c="text"), "Column 'c'"),
        (lambda f: f.assign(c=pd.Timestamp("2000-01-01")), "Column 'c'"),
        (lambda f: pd.concat([f, f.iloc[[5]]]), "1 row repeats a period, such as 1955"),
        (lambda f: f.iloc[:0], "0 rows"),
        (lambda f: f[[]], "0 columns"),
        (lambda f: f.set_index([f.index, f.index]), "several levels"),
        (lambda f: f.set_axis([np.nan, *f.index[1:]]), "1 missing labels"),
        (lambda f: pv.Panel(f.reset_index().assign(firm=np.arange(60) % 2), "firm", "year"), "2 entities"),
    ],
)
def test_bad_data_are_refused(frame, change, message):
    with pytest.raises(DataError, match=message):
        pv.fit_var(change(frame))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("text", "is a text. Give the data first"),
        (None, "got NoneType"),
        ([[1.0, 2.0], [3.0]], "got list"),
        (np.zeros((3, 3, 3)), "shape"),
    ],
)
def test_other_types_are_refused(data, message):
    with pytest.raises(SpecificationError, match=message):
        pv.fit_var(data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lags": -1}, "lags=-1"),
        ({"lags": 2.0}, "lags=2.0"),
        ({"lags": True}, "lags=True"),
        ({"lags": None}, "lags=None"),
        ({"lags": "bci"}, "Did you mean 'bic'"),
        ({"lags": 2, "max_lags": 5}, "max_lags"),
        ({"lags": "bic", "max_lags": 0}, "max_lags"),
        ({"trend": "const"}, "trend='const'"),
        ({"missing": "ignore"}, "missing='ignore'"),
        ({"convention": "Stata"}, "Did you mean 'stata'"),
        ({"columns": ["a", "q"]}, r"\['q'\] are not in the data"),
        ({"columns": ["a", "a"]}, "repeat"),
    ],
)
def test_bad_options_are_refused(frame, options, message):
    with pytest.raises(SpecificationError, match=message):
        pv.fit_var(frame, **options)


def test_arrays_with_the_wrong_number_of_names(frame):
    with pytest.raises(SpecificationError, match="1 names for 2 columns"):
        pv.fit_var(frame.to_numpy(), ["a"])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda f: f.assign(c=1.0), "'L1.c' is a linear combination of const"),
        (lambda f: f.assign(c=2 * f["a"] - f["b"]), "'L1.c' is a linear combination of L1.a, L1.b"),
        (lambda f: f.assign(c=1e-9 * f["a"]), "'L1.c' is a linear combination of L1.a"),
        (lambda f: f.assign(c=f["a"].shift(1, fill_value=0.0)), "'L2.a' is a linear combination of L1.c"),
        (lambda f: f.assign(c=0.0), "'L1.c' is zero in every row"),
    ],
)
def test_collinear_regressors_are_named(frame, change, named):
    with pytest.raises(CollinearityError, match=named):
        pv.fit_var(change(frame), lags=2)


def test_a_trending_variable_beside_a_trend(frame):
    with pytest.raises(CollinearityError, match=r"'L1\.c' is a linear combination of const, trend"):
        pv.fit_var(frame.assign(c=np.arange(60.0)), trend="ct")


def test_too_few_rows_say_how_many_are_needed(frame):
    # Two lags of two variables and a constant: five coefficients and two errors, so seven rows after two for lags.
    with pytest.raises(InsufficientDataError, match=r"6 usable rows are too few for 5 coefficients.*at least 7"):
        pv.fit_var(frame.iloc[:8], lags=2)
    with pytest.warns(pv.PanelVarWarning, match="leave 2 degrees"):
        pv.fit_var(frame.iloc[:9], lags=2)
    with pytest.raises(InsufficientDataError, match="0 usable rows"):
        pv.fit_var(frame.iloc[:2], lags=5)


def test_few_rows_for_the_coefficients_warn(frame):
    with pytest.warns(pv.PanelVarWarning, match="14 rows less 5 coefficients in each equation"):
        model = pv.fit_var(frame.iloc[:16], lags=2)
    assert [note.code for note in model.notes] == ["few-rows"]
    assert pv.fit_var(frame.iloc[:17], lags=2).notes == ()


def test_an_exact_fit_is_announced_and_has_no_likelihood():
    growth = pd.DataFrame({"a": 2.0 ** np.arange(20)})
    with pytest.warns(pv.PanelVarWarning, match=r"The equation of a fits exactly"):
        model = pv.fit_var(growth, trend="n")
    assert model.params.loc["L1.a", "a"] == pytest.approx(2.0)
    with pytest.raises(NumericalError, match="singular"):
        model.loglik  # noqa: B018
    with pytest.raises(NumericalError, match="singular"):
        model.aic  # noqa: B018
    with pytest.raises(NumericalError, match="fits exactly"):
        pv.select_lags(growth, max_lags=1, trend="n")


@pytest.mark.parametrize("factor", [1e200, 1e-200])
def test_squares_out_of_range_are_refused(frame, factor):
    with pytest.raises(NumericalError, match="Rescale"):
        pv.fit_var(frame * factor)


def test_units_change_nothing_but_units(frame):
    model, scaled = pv.fit_var(frame, lags=2), pv.fit_var(frame * [1e9, 1e-9], lags=2)
    np.testing.assert_allclose(scaled.tstats, model.tstats, rtol=1e-9)
    np.testing.assert_allclose(scaled.rsquared, model.rsquared, rtol=1e-11)
    np.testing.assert_allclose(scaled.roots, model.roots, rtol=1e-9)
    np.testing.assert_allclose(
        scaled.variance_decomposition(5).values, model.variance_decomposition(5).values, atol=1e-11
    )


def test_an_explosive_fit_warns_where_it_matters():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"a": 1.05 ** np.arange(80) + rng.normal(scale=0.01, size=80), "b": rng.standard_normal(80)})
    model = pv.fit_var(frame)
    assert not model.is_stable
    with pytest.warns(pv.PanelVarWarning, match="not stable"):
        model.impulse_responses(2)
    with pytest.warns(pv.PanelVarWarning, match="not stable"):
        model.forecast(2)
    with pytest.raises(NumericalError, match="mean does not exist"):
        model.mean()


def test_orders_compared_on_few_rows_are_warned_about(frame):
    """K = 2 and a constant: order 3 has 7 coefficients, so that 17 periods leave 14 rows, enough, and 16 do not."""
    assert "few-rows-compared" not in {note.code for note in pv.select_lags(frame.iloc[:17], max_lags=3).notes}
    with pytest.warns(pv.PanelVarWarning, match="order compared, 3, has 7 coefficients .* the 13 rows that it leaves"):
        selection = pv.select_lags(frame.iloc[:16], max_lags=3)
    assert [note.code for note in selection.notes] == ["few-rows-compared"]
    with pytest.warns(pv.PanelVarWarning) as caught:
        model = pv.fit_var(frame.iloc[:16], lags="bic", max_lags=3)
    assert "few-rows-compared" in {note.code for note in model.notes}
    assert sum("longest order compared" in str(warning.message) for warning in caught) == 1


@pytest.mark.parametrize(
    ("options", "meant"),
    [
        ({"trend": "none"}, "'n'"),
        ({"trend": None}, "'n'"),
        ({"trend": "const"}, "'c'"),
        ({"trend": "both"}, "'ct'"),
        ({"lags": "sic"}, "'bic'"),
        ({"lags": "hqc"}, "'hqic'"),
    ],
)
def test_other_programs_words_are_refused_with_ours(frame, options, meant):
    with pytest.raises(SpecificationError, match=f"Did you mean {meant}"):
        pv.fit_var(frame, **options)


def test_masked_values_are_missing(frame):
    values = frame.to_numpy().copy()
    masked = np.ma.masked_array(values, mask=False)
    same(pv.fit_var(masked, ["a", "b"]), pv.fit_var(values, ["a", "b"]))
    masked[20, 0] = np.ma.masked
    values[20, 0] = np.nan
    for array in (masked, values):
        with pytest.warns(pv.PanelVarWarning, match="1 missing value"):
            model = pv.fit_var(array, ["a", "b"])
        assert model.nobs == 57
