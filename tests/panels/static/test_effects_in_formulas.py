"""Effects after a formula's bar: those that ``effects=`` would name, pairs of levels, slopes, and with instruments."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import panelvar as pv


@pytest.fixture
def frame():
    """Twenty firms of four regions in eight years, unbalanced, with an endogenous regressor."""
    rng = np.random.default_rng(5)
    n = 160
    frame = pd.DataFrame({"firm": np.repeat(np.arange(20), 8), "year": np.tile(np.arange(2000, 2008), 20)})
    frame["region"] = np.array(list("nsew"))[frame["firm"] % 4]
    frame["x"], frame["z"], frame["trend"] = rng.normal(size=(3, n))
    error = rng.normal(size=n)
    frame["p"] = frame["z"] + 0.5 * error + rng.normal(size=n)
    frame["y"] = frame["x"] + frame["p"] + error + frame["firm"] % 3 + 0.1 * frame["year"]
    return frame.drop([3, 17, 60, 61])


@pytest.fixture
def panel(frame):
    return pv.Panel(frame, "firm", "year")


@pytest.mark.parametrize(
    ("written", "effects"),
    [
        ("firm", "entity"),
        ("entity", "entity"),
        ("twoway", "twoway"),
        ("firm + year", ["firm", "year"]),
        ("firm+`year`", ["firm", "year"]),
        ("region + year", ["region", "year"]),
        ("firm[trend] + year", ["firm[trend]", "year"]),
        ("firm[trend, z] + year", ["firm[trend, z]", "year"]),
        ("firm + year[[trend]]", ["firm", "year[[trend]]"]),
        ("firm + region^year", ["firm", "region^year"]),
    ],
)
def test_effects_after_the_bar_are_those_of_the_argument(panel, written, effects):
    inside = pv.fit_fixed_effects(panel, f"y ~ x + p | {written}", cov="cluster")
    beside = pv.fit_fixed_effects(panel, "y ~ x + p", effects=effects, cov="cluster")
    assert inside.fit.effects == beside.fit.effects
    pd.testing.assert_series_equal(inside.params, beside.params)
    pd.testing.assert_series_equal(inside.std_errors, beside.std_errors)
    assert inside.fit.source.formula == "y ~ x + p"


def test_pairs_of_levels_are_those_of_a_column_of_pairs(frame, panel):
    joined = frame.assign(pair=frame["region"] + "^" + frame["year"].astype(str))
    by_column = pv.fit_fixed_effects(pv.Panel(joined, "firm", "year"), "y ~ x + p | firm + pair")
    crossed = pv.fit_fixed_effects(panel, "y ~ x + p | firm + region ^ year")
    assert crossed.fit.effects == ("firm", "region^year")
    np.testing.assert_allclose(crossed.params, by_column.params, rtol=1e-12)
    np.testing.assert_allclose(crossed.std_errors, by_column.std_errors, rtol=1e-12)
    one, other = (fit.estimated_effects(errors=True) for fit in (crossed, by_column))
    np.testing.assert_allclose(
        one.loc["region^year"].sort_index(), other.loc["pair"].sort_index(), rtol=1e-9, atol=1e-9
    )
    assert set(one.loc["region^year"].index) == set(joined["pair"])
    assert crossed.df_resid == by_column.df_resid


def test_clusters_may_be_pairs(frame, panel):
    joined = pv.Panel(frame.assign(pair=frame["region"] + "^" + frame["year"].astype(str)), "firm", "year")
    one = pv.fit_fixed_effects(panel, "y ~ x | firm", cov=pv.Clustered("region^year"))
    other = pv.fit_fixed_effects(joined, "y ~ x | firm", cov=pv.Clustered("pair"))
    np.testing.assert_allclose(one.std_errors, other.std_errors, rtol=1e-13)


@pytest.mark.parametrize("written", ["firm", "firm + year", "firm + region^year", "region^year", "firm[trend] + year"])
@pytest.mark.parametrize("as_panel", [False, True])
@pytest.mark.filterwarnings("ignore:.*belong to unseen levels")  # the first year, lost to the lag
@pytest.mark.filterwarnings("ignore:.*dropped for missing")
def test_new_rows_find_the_effects_they_belong_to(frame, panel, written, as_panel):
    result = pv.fit_fixed_effects(panel, f"y ~ x + L(p, 0:1) + i(region, x, ref='n') | {written}", missing="drop")
    own = result.predict(effects=True)
    new = frame.loc[own.index[40:90]]
    new = frame[frame["firm"].isin(new["firm"])]
    predicted = result.predict(pv.Panel(new, "firm", "year") if as_panel else new, effects=True).dropna()
    rows = predicted.index.intersection(own.index)
    assert len(rows) > 30
    np.testing.assert_allclose(predicted[rows], own[rows], rtol=1e-9)


def test_an_unseen_pair_has_no_effect_of_its_own(frame, panel):
    result = pv.fit_fixed_effects(panel, "y ~ x | region^year")
    new = frame.head(3).assign(year=[2000, 1999, 2001], region=["n", "n", "unknown"])
    with pytest.warns(pv.PanelVarWarning, match=r"2 rows belong to unseen levels"):
        result.predict(new, effects=True)
    assert result.predict(new, effects=True, unseen="missing").isna().tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("written", "effects"),
    [
        ("y ~ x | firm + year | p ~ z + L(z)", ["firm", "year"]),
        ("y ~ x + [p ~ z + L(z)] | firm + year", ["firm", "year"]),
        ("y ~ x | p ~ z + L(z)", "entity"),
        ("y ~ 1 | firm + region^year | p ~ z + L(z, 1:2)", ["firm", "region^year"]),
    ],
)
@pytest.mark.filterwarnings("ignore:.*dropped for missing")
def test_instruments_stand_in_the_last_part(panel, written, effects):
    inside = pv.fit_iv_fixed_effects(panel, written)
    plain = "y ~ x + [p ~ z + L(z)]" if "y ~ x" in written else "y ~ 1 + [p ~ z + L(z) + L(z, 2)]"
    beside = pv.fit_iv_fixed_effects(panel, plain, effects=effects)
    pd.testing.assert_series_equal(inside.params, beside.params)
    pd.testing.assert_series_equal(inside.std_errors, beside.std_errors)
    predicted = inside.predict(panel).dropna()
    np.testing.assert_allclose(predicted[inside.fitted_values.index], inside.predict(), rtol=1e-12)


@pytest.mark.filterwarnings("ignore:.*dropped for missing")
def test_instruments_after_a_bar_are_those_in_brackets(panel):
    inside, outside = (pv.fit_iv_pooled(panel, f"y ~ x {part}") for part in ("| p ~ z + L(z)", "+ [p ~ z + L(z)]"))
    pd.testing.assert_series_equal(inside.params, outside.params)
    pd.testing.assert_series_equal(inside.std_errors, outside.std_errors)


def test_all_exogenous_variables_may_still_stand_after_one_bar(panel):
    one = pv.fit_iv_fixed_effects(panel, "y ~ x + p | x + z", effects="twoway")
    other = pv.fit_iv_fixed_effects(panel, "y ~ x | twoway | p ~ z")
    np.testing.assert_allclose(one.params, other.params, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda p: pv.fit_fixed_effects(p, "y ~ x | firm", effects="time"),
            r"after its bar \(firm\), and effects='time'",
        ),
        (lambda p: pv.fit_fixed_effects(p, "y ~ x | firm", effects="entity"), "Give them once"),
        (lambda p: pv.fit_fixed_effects(p, "y ~ x | firm | p ~ z"), "'p ~ z' are instruments. fit_iv_fixed_effects"),
        (lambda p: pv.fit_fixed_effects(p, "y ~ x | Firm"), "'Firm' is not in the data. Did you mean 'firm'"),
        (lambda p: pv.fit_fixed_effects(p, "y ~ x | 0"), "names no effects after the bar.*fit_pooled"),
        (lambda p: pv.fit_fixed_effects(p, "y ~ x | firm +"), "names no effects after the bar"),
        (lambda p: pv.fit_fixed_effects(p, "y ~ x |"), "names no effects after the bar"),
        (lambda p: pv.fit_fixed_effects(p, "y ~ x | firm + firm"), "the same effect twice"),
        (
            lambda p: pv.fit_fixed_effects(p, "y ~ x | firm + Fiscal-Year"),
            "'Fiscal-Year' is no effect. If it is the name of a column, write it in backticks: `Fiscal-Year`. Effects",
        ),
        (lambda p: pv.fit_fixed_effects(p, "y ~ x | C(firm)"), "'C\\(firm\\)' is no effect. Effects are names"),
        (
            lambda p: pv.fit_fixed_effects(p, "y ~ x | firm*year"),
            "'firm\\^year' (for an effect of|has a level for) each pair",
        ),
        (lambda p: pv.fit_fixed_effects(p, "y ~ x | firm, cluster=year"), "choose the standard errors with cov="),
        (
            lambda p: pv.fit_iv_fixed_effects(p, "y ~ x | firm + year"),
            "no instruments, because 'firm' after a bar",
        ),
        (lambda p: pv.fit_iv_pooled(p, "y ~ x | x + year"), "no instruments, because 'year' after a bar is an effect"),
        (lambda p: pv.fit_fixed_effects(p, "y ~ x | frm"), "'frm' is not in the data. Did you mean 'firm'"),
        (lambda p: pv.fit_fixed_effects(p, "y ~ x | firm^frm"), "'frm' is not in the data. Did you mean 'firm'"),
        (
            lambda p: pv.fit_fixed_effects(p, "y ~ x | firm^firm"),
            "'firm\\^year' (for an effect of|has a level for) each pair",
        ),
        (
            lambda p: pv.fit_fixed_effects(p, "y ~ x | firm^"),
            "'firm\\^year' (for an effect of|has a level for) each pair",
        ),
        (lambda p: pv.fit_fixed_effects(p, "y ~ x | firm^year"), "cannot identify"),
        (lambda p: pv.fit_fixed_effects(p, "y ~ x | firm[t"), "cannot be read"),
        (lambda p: pv.fit_pooled(p, "y ~ x | firm"), "'firm' after the bar are effects.*fit_fixed_effects"),
        (lambda p: pv.fit_random_effects(p, "y ~ x | region"), "'region' after the bar is neither the entity nor"),
        (lambda p: pv.fit_pooled(p, "y ~ x | p ~ z"), "are instruments.*fit_iv_pooled"),
        (lambda p: pv.fit_iv_fixed_effects(p, "y ~ x | firm | p ~ z", effects="time"), "Give them once"),
    ],
)
def test_what_is_wrong_with_the_parts_is_said(panel, call, message):
    with pytest.raises(pv.PanelVarError, match=message):
        call(panel)


def test_a_fit_of_effects_in_a_formula_needs_no_more_warnings(panel):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "Fixed effects (firm, region^year)" in str(pv.fit_fixed_effects(panel, "y ~ x | firm + region^year"))
