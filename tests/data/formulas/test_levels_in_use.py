"""Levels of categorical factors are those of the rows in use; the truth is `pandas.get_dummies` on these rows."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import panelvar as pv

ENTITIES, YEARS = 24, 9
FIRST = 2000


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "firm": np.repeat(np.arange(ENTITIES), YEARS),
            "year": np.tile(np.arange(FIRST, FIRST + YEARS), ENTITIES),
        }
    )
    for name in ("x", "z", "v"):
        frame[name] = rng.standard_normal(len(frame))
    frame["w"] = frame["z"] + rng.standard_normal(len(frame))
    frame["group"] = rng.choice(["b", "c", "d"], len(frame))
    # A level that only rows of the first year have, and one that only rows without z have.
    frame.loc[frame["year"] == FIRST, "group"] = "a"
    frame.loc[3::29, "group"], frame.loc[3::29, "z"] = "e", np.nan
    frame["y"] = frame["x"] + frame["w"] + 0.3 * (frame["year"] - FIRST) + rng.standard_normal(len(frame))
    frame["lagged"] = frame.groupby("firm")["x"].shift()
    frame["weight"] = np.where(frame["year"] == FIRST + 1, np.nan, 1.0 + frame["x"] ** 2)
    return frame


@pytest.fixture(scope="module")
def panel(frame):
    return pv.Panel(frame, entity="firm", time="year")


def quietly(fit, *given, **options):
    """Fit; no warning may be given but that on dropped rows."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = fit(*given, **options)
    assert [text for each in caught if "rows dropped" not in (text := str(each.message))] == []
    return result


def dummies(rows, name, prefix, *, first=True):
    """Indicators as a formula names them, of the levels these rows have."""
    made = pd.get_dummies(rows[name], dtype=float)
    made = made.iloc[:, 1:] if first else made
    return made.rename(columns=lambda level: f"{prefix}[{'T.' if first else ''}{level}]")


def least_squares(rows, *columns, weights=None):
    design = pd.concat([pd.Series(1.0, rows.index, name="const"), *columns], axis=1)
    root = np.ones(len(rows)) if weights is None else np.sqrt(rows[weights])
    found = np.linalg.lstsq(design.to_numpy() * np.asarray(root)[:, None], rows["y"] * root, rcond=None)[0]
    return pd.Series(found, design.columns)


def assert_same(found, expected):
    assert list(found.index) == list(expected.index)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)


def test_lags_leave_no_level_of_the_first_year(frame, panel):
    rows = frame.dropna(subset="lagged")
    fit = quietly(pv.fit_pooled, panel, "y ~ L(x) + C(year) + group")
    expected = least_squares(
        rows, rows["lagged"].rename("L(x)"), dummies(rows, "year", "C(year)"), dummies(rows, "group", "group")
    )
    assert_same(fit.params, expected)
    assert "group[T.b]" not in fit.params and "C(year)[T.2001]" not in fit.params


def test_levels_whose_rows_miss_another_variable_are_left_out(frame, panel):
    rows = frame.dropna(subset="z")
    fit = quietly(pv.fit_pooled, panel, "y ~ z + C(group)")
    assert_same(fit.params, least_squares(rows, rows["z"], dummies(rows, "group", "C(group)")))
    assert not any("e]" in name for name in fit.names)
    # The same rows chosen by hand.
    assert_same(fit.params, pv.fit_pooled(rows, "y ~ z + C(group)").params)


def test_levels_whose_rows_miss_a_weight_or_the_outcome_are_left_out(frame, panel):
    rows = frame.dropna(subset="weight")
    fit = quietly(pv.fit_pooled, panel, "y ~ x + C(year)", weights="weight")
    assert_same(fit.params, least_squares(rows, rows["x"], dummies(rows, "year", "C(year)"), weights="weight"))
    rows = frame[frame["year"] > FIRST]
    short = pv.Panel(frame.assign(y=frame["y"].where(frame["year"] > FIRST)), entity="firm", time="year")
    fit = quietly(pv.fit_pooled, short, "y ~ x + i(year)")
    assert_same(fit.params, least_squares(rows, rows["x"], dummies(rows, "year", "i(year)")))


def test_products_are_of_the_levels_in_use(frame, panel):
    rows = frame.dropna(subset="lagged")
    for formula, prefix in (("y ~ L(x) + C(year):v", "C(year)[{}]:v"), ("y ~ L(x) + i(year, v)", "i(year, v)[{}]")):
        fit = quietly(pv.fit_pooled, panel, formula)
        slopes = dummies(rows, "year", "", first=False).mul(rows["v"], axis=0)
        slopes.columns = [prefix.format(year) for year in range(FIRST + 1, FIRST + YEARS)]
        assert_same(fit.params, least_squares(rows, rows["lagged"].rename("L(x)"), slopes))
    # A reference that is named stays what it is.
    fit = quietly(pv.fit_pooled, panel, "y ~ L(x) + i(year, v, ref=2003)")
    kept = slopes.drop(columns="i(year, v)[2003]").rename(columns=lambda name: name.replace("[", "[T."))
    kept.columns = [name.replace("v)", "v, ref=2003)") for name in kept]
    assert_same(fit.params, least_squares(rows, rows["lagged"].rename("L(x)"), kept))


def test_pairs_are_those_that_rows_in_use_have(frame, panel):
    rows = frame.dropna(subset="z")
    fit = quietly(pv.fit_pooled, panel, "y ~ z + i(group, i.year)")
    pair = (rows["group"] + ":" + rows["year"].astype(str)).rename("pair").to_frame()
    expected = least_squares(rows, rows["z"], dummies(pair, "pair", "i(group, i.year)"))
    assert_same(fit.params, expected)


def test_a_named_reference_needs_a_row(panel):
    with pytest.raises(pv.SpecificationError, match=r"ref=2000 names a level of 'year' that no row of the model has"):
        pv.fit_pooled(panel, "y ~ L(x) + C(year, ref=2000)")
    with pytest.raises(pv.SpecificationError, match=r"Levels with rows: 2001, 2002"):
        pv.fit_pooled(panel, "y ~ L(x) + i(year, v, ref=2000)")
    # Of several, those with rows are left out.
    both = quietly(pv.fit_pooled, panel, "y ~ L(x) + C(year, ref=[2000, 2004])")
    one = quietly(pv.fit_pooled, panel, "y ~ L(x) + C(year, ref=2004)")
    np.testing.assert_allclose(both.params, one.params)
    with pytest.raises(pv.SpecificationError, match="ref=1999 is not known"):
        pv.fit_pooled(panel, "y ~ L(x) + C(year, ref=1999)")


def test_one_level_in_use_is_refused(frame):
    rows = frame.assign(z=frame["z"].where(frame["group"] == "b"))
    with pytest.raises(pv.DataError, match=r"'group' has one category only, 'b'.* It adds nothing"):
        pv.fit_pooled(pv.Panel(rows, entity="firm", time="year"), "y ~ z + group")


SAME = {
    "fixed": lambda data, lag: pv.fit_fixed_effects(data, f"y ~ {lag} + C(year) + group"),
    "random": lambda data, lag: pv.fit_random_effects(data, f"y ~ {lag} + C(year)"),
    "correlated": lambda data, lag: pv.fit_correlated_random_effects(data, f"y ~ {lag} + group"),
    "difference": lambda data, lag: pv.fit_first_difference(data, f"y ~ {lag} + C(year)"),
    "fgls": lambda data, lag: pv.fit_fgls(data, f"y ~ {lag} + C(year)"),
    "general": lambda data, lag: pv.fit_general_fgls(data, f"y ~ {lag} + group"),
    "ar1": lambda data, lag: pv.fit_random_effects_ar1(data, f"y ~ {lag} + group"),
    "iv": lambda data, lag: pv.fit_iv_pooled(data, f"y ~ x + C(year) + [w ~ z + {lag}]"),
    "iv of levels": lambda data, lag: pv.fit_iv_fixed_effects(data, f"y ~ {lag} + [w ~ z + group]"),
    "iv random": lambda data, lag: pv.fit_iv_random_effects(data, f"y ~ {lag} + C(year) + [w ~ z]"),
    "Hausman-Taylor": lambda data, lag: pv.fit_hausman_taylor(data, f"y ~ {lag} + C(year) + x", endogenous=["x"]),
    "Fama-MacBeth": lambda data, lag: pv.fit_fama_macbeth(data, f"y ~ {lag} + group"),
}


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
@pytest.mark.parametrize("name", SAME)
def test_every_estimator_has_the_coefficients_of_the_rows_chosen_by_hand(frame, panel, name):
    fit = SAME[name]
    rows = pv.Panel(frame.dropna(subset="lagged"), entity="firm", time="year")
    found, expected = fit(panel, "L(x)"), fit(rows, "lagged")
    assert found.nobs == expected.nobs
    assert list(found.params.index) == [name.replace("lagged", "L(x)") for name in expected.params.index]
    np.testing.assert_allclose(found.params, expected.params, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(found.std_errors, expected.std_errors, rtol=1e-7, atol=1e-9)
    assert not any("no variation" in each.text for each in found.notes)


def test_levels_without_variation_after_a_transformation_are_reported_as_ever(frame, panel):
    fixed = frame.assign(kind=frame["firm"] % 3)
    with pytest.warns(pv.PanelVarWarning, match="no variation is left"):
        pv.fit_fixed_effects(pv.Panel(fixed, entity="firm", time="year"), "y ~ x + C(kind)")


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_dropped_singletons_leave_no_levels(frame):
    alone = frame[(frame["firm"] > 0) | (frame["year"] == FIRST + 3)].copy()
    alone.loc[alone["firm"] == 0, "group"] = "A"
    data, rows = (pv.Panel(each, entity="firm", time="year") for each in (alone, alone[alone["firm"] > 0]))
    found, expected = (pv.fit_fixed_effects(each, "y ~ x + group", convention="pyfixest") for each in (data, rows))
    assert_same(found.params, expected.params)
    found, expected = (
        pv.fit_iv_fixed_effects(each, "y ~ x + group + [w ~ v + C(group):v]", convention="pyfixest")
        for each in (data, rows)
    )
    assert_same(found.params, expected.params)


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_rows_that_frequency_weights_leave_out_have_no_levels(frame):
    counts = np.where(frame["group"] == "a", 0, 2)
    found = pv.fit_pooled(frame.assign(n=counts), "y ~ x + group", weights="n", weights_are="frequency")
    expected = pv.fit_pooled(frame[counts > 0].assign(n=2), "y ~ x + group", weights="n", weights_are="frequency")
    assert_same(found.params, expected.params)
    iv = pv.fit_iv_pooled(frame.assign(n=counts), "y ~ group + [w ~ v + z]", weights="n", weights_are="frequency")
    assert "group[T.c]" in iv.names and "group[T.b]" not in iv.names


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_predictions_have_the_levels_of_the_fit(frame, panel):
    fit = quietly(pv.fit_pooled, panel, "y ~ L(x) + C(year)")
    # Rows that cannot be predicted anyway may have any level; the others are predicted as they were fitted.
    predicted = fit.predict(panel)
    assert predicted.isna().sum() == ENTITIES
    np.testing.assert_allclose(predicted.dropna(), fit.fitted_values)
    plain = quietly(pv.fit_pooled, frame, "y ~ z + C(group)")
    b = plain.params
    one = pd.DataFrame({"z": [0.5, 0.5], "group": ["c", "c"]})
    np.testing.assert_allclose(plain.predict(one), b["const"] + 0.5 * b["z"] + b["C(group)[T.c]"])
    # "e" has rows in the data, but none that was used; "a" is the reference.
    for level in ("e", "new"):
        with pytest.raises(pv.DataError, match=rf"'group' has categories that the model has not seen \('{level}'\) in"):
            plain.predict(one.assign(group=["a", level]))
    assert plain.predict(one.assign(group=["a", "e"], z=[0.5, np.nan])).isna().tolist() == [False, True]
    with pytest.raises(pv.DataError, match=r"'i\(group, i.year\)' has pairs of categories that the model has not seen"):
        pv.fit_pooled(panel, "y ~ z + i(group, i.year)").predict(pd.DataFrame({"z": [1.0], "group": "a", "year": 2005}))


def test_margins_and_augment_have_the_levels_of_the_fit(frame, panel):
    fit = quietly(pv.fit_pooled, panel, "y ~ L(x) + C(year) * v")
    chosen = pv.fit_pooled(pv.Panel(frame.dropna(subset="lagged"), "firm", "year"), "y ~ lagged + C(year) * v")
    found, expected = fit.marginal_effects("year"), chosen.marginal_effects("year")
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame())
    found, expected = (each.adjusted_predictions("year") for each in (fit, chosen))
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame())
    with pytest.raises(pv.SpecificationError, match=r"names a level of 'year' that no row of the model has"):
        fit.adjusted_predictions(at={"year": 2000})
    assert len(fit.augment()) == fit.nobs


def test_fits_together_have_the_levels_of_each(frame):
    many = pd.concat([frame.assign(firm=frame["firm"] + ENTITIES * k) for k in range(85)], ignore_index=True)
    data = pv.Panel(many, entity="firm", time="year")
    formulas = ["y ~ x + C(year)", "y ~ L(x) + C(year)", "w ~ L(x) + C(year)", "y ~ z + C(group)", "w ~ z + C(group)"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        together = pv.fit_many(pv.fit_pooled, data, formulas)
        for formula, result in zip(formulas, together.values(), strict=True):
            assert_same(result.params, pv.fit_pooled(data, formula).params)


@pytest.mark.parametrize("term", ["{C(group) + 1}", "{i(year) * x}", "{C(group) ** 2}"])
def test_expressions_of_levels_are_refused_in_words(panel, term):
    with pytest.raises(pv.SpecificationError, match="must stand alone or in a product"):
        pv.fit_pooled(panel, f"y ~ x + {term}")
