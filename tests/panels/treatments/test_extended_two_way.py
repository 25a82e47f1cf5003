"""The extended two-way regression a second time, with a column for every dummy and product."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
from panels.treatments.test_cell_regressions import check, staggered

import panelvar as pv

pytestmark = pytest.mark.filterwarnings("ignore:Some cohorts have fewer")


def by_definition(frame, cells, changing=(), constant=(), weights=None):
    """Coefficients of the cells and their clustered covariance without factor, by pseudoinverse.

    Regressors that are constant within units are given apart: their products with cohorts are those of units.
    """
    omega = np.ones(len(frame)) if weights is None else frame[weights].to_numpy(float)
    first, year = frame["first"].fillna(0.0), frame["year"]
    inside = np.array([((first == g) & (year == t)).to_numpy(float) for g, t in cells]).T
    columns = [inside, pd.get_dummies(frame["unit"]).to_numpy(float), pd.get_dummies(year).to_numpy(float)[:, 1:]]
    for name in (*changing, *constant):
        x = frame[name].to_numpy()
        means = (inside * omega[:, None]).T @ x / (inside * omega[:, None]).sum(axis=0)
        columns += [inside * (x[:, None] - means), pd.get_dummies(year).to_numpy(float)[:, 1:] * x[:, None]]
        if name in changing:
            columns.append(pd.get_dummies(first).to_numpy(float) * x[:, None])
    design = np.column_stack(columns) * np.sqrt(omega)[:, None]
    y = frame["y"].to_numpy() * np.sqrt(omega)
    # The cells' coefficients are identified: none of their columns is a combination of others.
    assert np.linalg.matrix_rank(design) - np.linalg.matrix_rank(design[:, len(cells) :]) == len(cells)
    inverse = np.linalg.pinv(design.T @ design, rcond=1e-12, hermitian=True)
    coefficients = inverse @ (design.T @ y)
    scores = design * (y - design @ coefficients)[:, None]
    sums = np.array([scores[(frame["unit"] == unit).to_numpy()].sum(axis=0) for unit in frame["unit"].unique()])
    covariance = inverse @ sums.T @ sums @ inverse
    count = len(cells)
    return coefficients[:count], covariance[:count, :count]


def sample(*, units=80, gaps=True, seed=3, never=True):
    """Rows with a regressor that is constant within units, on which effects and trends depend."""
    frame = staggered(seed=seed, units=units, gaps=gaps, never=never)
    rng = np.random.default_rng(seed)
    frame["z"] = 7.0 + rng.standard_normal(units)[frame["unit"]]
    on = frame["year"] >= frame["first"]
    frame["y"] += frame["z"] * (0.1 * (frame["year"] - 2000) + 0.2 * on)
    return frame


def cells_of(frame, control, anticipation=0):
    """Cohorts and periods with an effect."""
    seen = frame[["first", "year"]].dropna().drop_duplicates().sort_values(["first", "year"])
    since = seen["year"] - seen["first"]
    kept = since != -1 - anticipation if control == "never" else since >= -anticipation
    return [tuple(pair) for pair in seen[kept].to_numpy()]


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("regressors", [(), ("x",), ("z",), ("x", "z")])
@pytest.mark.parametrize("control", ["not-yet", "never"])
@pytest.mark.parametrize("anticipation", [0, 1])
def test_effects_and_errors_by_definition(control, regressors, weights, anticipation):
    frame = sample()
    formula = f"y ~ {' + '.join(regressors) or '1'} | unit + year"
    result = pv.fit_extended_two_way(
        frame, formula, cohort="first", control=control, weights=weights, anticipation=anticipation
    )
    cells = cells_of(frame, control, anticipation)
    assert list(result.to_frame().index) == cells
    changing, constant = ([name for name in regressors if name == each] for each in "xz")
    check(result, *by_definition(frame, cells, changing, constant, weights))
    assert result.fit.references.tolist() == ([-1 - anticipation] if control == "never" else [])
    assert not [note for note in result.fit.notes if "collinear" in note.code]


@pytest.mark.parametrize("weights", [None, "w"])
def test_an_effect_is_the_mean_over_the_rows_of_its_cell(weights):
    """Effects that are linear in a regressor, without errors."""
    frame = sample()
    gone = frame["first"].fillna(0.0)
    on = frame["year"] >= frame["first"]
    effect = np.where(on, 1.0 + 0.3 * (frame["year"] - gone) + (0.5 + 0.1 * (frame["year"] - gone)) * frame["x"], 0.0)
    frame["y"] = frame["unit"] * 0.1 + frame["x"] * (frame["year"] - 2000 + 0.2 * (gone == 2004)) + effect
    with pytest.warns(pv.PanelVarWarning, match="fits exactly"):
        found = pv.fit_extended_two_way(frame, "y ~ x | unit + year", cohort="first", weights=weights)
    rows = frame.assign(effect=effect, mass=1.0 if weights is None else frame["w"])[on]
    expected = rows.groupby(["first", "year"])[["effect", "mass"]].apply(
        lambda own: np.average(own["effect"], weights=own["mass"])
    )
    np.testing.assert_allclose(found.to_frame()["estimate"], expected, atol=1e-10)
    overall = np.average(rows["effect"], weights=rows["mass"])
    np.testing.assert_allclose(found.aggregate("overall").params["overall"], overall, atol=1e-10)


@pytest.mark.parametrize("never", [False, True])
def test_without_regressors_the_effects_are_those_of_imputation(never):
    frame = sample(gaps=False, never=never)
    if not never:
        # Imputation takes rows of the last cohort after its treatment too, but compares none with them.
        frame = frame[frame["year"] < 2006]
    with nullcontext() if never else pytest.warns(pv.PanelVarWarning, match="the comparison|left out"):
        one = pv.fit_extended_two_way(frame, "y | unit + year", cohort="first").to_frame()["estimate"]
        other = pv.fit_imputation(frame, "y | unit + year", cohort="first").to_frame()["estimate"]
    pd.testing.assert_series_equal(one, other, rtol=1e-10)


@pytest.mark.parametrize("gaps", [False, True])
def test_without_regressors_and_with_the_never_treated_they_are_sun_and_abraham(gaps):
    frame = sample(gaps=gaps)
    one = pv.fit_extended_two_way(frame, "y | unit + year", cohort="first", control="never")
    other = pv.fit_sun_abraham(frame, "y | unit + year", cohort="first")
    np.testing.assert_array_equal(one.params, other.params)
    np.testing.assert_array_equal(one.cov, other.cov)


@pytest.mark.parametrize("control", ["not-yet", "never"])
def test_effects_of_cohorts_in_place_of_entities_give_the_same_estimates(control):
    """What etwfe does by default: in a balanced panel, if no regressor changes in time."""
    frame = sample(gaps=False)
    found = pv.fit_extended_two_way(frame, "y ~ z | unit + year", cohort="first", control=control)
    first = frame["first"].fillna(0.0)
    cells = cells_of(frame, control)
    inside = np.array([((first == g) & (frame["year"] == t)).to_numpy(float) for g, t in cells]).T
    z = frame["z"].to_numpy()[:, None]
    of_cohorts = frame.groupby(first)["z"].transform("mean").to_numpy()[:, None]
    cohorts, years = pd.get_dummies(first).to_numpy(float), pd.get_dummies(frame["year"]).to_numpy(float)[:, 1:]
    design = np.column_stack([inside, inside * (z - of_cohorts), cohorts, cohorts * z, years, years * z])
    expected = np.linalg.lstsq(design, frame["y"].to_numpy(), rcond=None)[0][: len(cells)]
    np.testing.assert_allclose(found.params, expected, rtol=0, atol=1e-9)


def test_a_cell_of_one_entity_has_an_effect_and_no_slope():
    frame = sample(gaps=False)
    alone = frame.loc[frame["first"] == 2005, "unit"].min()
    frame = frame[(frame["first"] != 2005) | (frame["unit"] == alone)].reset_index(drop=True)
    frame["z"] /= 3.0
    found = pv.fit_extended_two_way(frame, "y ~ z | unit + year", cohort="first", weights="w")
    assert not [name for name in found.fit.design.names if name.startswith("cohort[2005]") and name.endswith(":z")]
    check(found, *by_definition(frame, cells_of(frame, "not-yet"), (), ("z",), "w"))


def test_a_regressor_far_from_zero_loses_no_digits():
    frame = sample(gaps=False)
    # Exact in binary, so that both are the same regressors.
    for name in "xz":
        frame[name] = np.round(frame[name] * 2.0**20) / 2.0**20
    near = pv.fit_extended_two_way(frame, "y ~ x + z | unit + year", cohort="first")
    far = pv.fit_extended_two_way(
        frame.assign(x=frame["x"] + 2.0**30, z=frame["z"] - 2.0**30), "y ~ x + z | unit + year", cohort="first"
    )
    np.testing.assert_allclose(far.params, near.params, rtol=1e-7)
    np.testing.assert_allclose(far.std_errors, near.std_errors, rtol=1e-7)


def test_regressors_of_levels_are_those_of_their_indicators():
    frame = sample(gaps=False)
    frame["kind"] = np.where(frame["unit"] % 3 == 0, "a", "b")
    frame["is_b"] = (frame["kind"] == "b").astype(float)
    one = pv.fit_extended_two_way(frame, "y ~ C(kind) | unit + year", cohort="first")
    other = pv.fit_extended_two_way(frame, "y ~ is_b | unit + year", cohort="first")
    np.testing.assert_allclose(one.params, other.params, rtol=1e-11)


def test_last_cohort_compares_where_none_is_never_treated():
    frame = sample(never=False)
    with pytest.warns(pv.PanelVarWarning, match="cohort treated last, 2006, is the comparison"):
        found = pv.fit_extended_two_way(frame, "y ~ x | unit + year", cohort="first")
    rows = frame[frame["year"] < 2006].reset_index(drop=True)
    cells = [(g, t) for g, t in cells_of(rows, "not-yet") if g < 2006]
    assert list(found.to_frame().index) == cells
    rows.loc[rows["first"] == 2006, "first"] = np.nan
    check(found, *by_definition(rows, cells, ("x",)))


def test_it_is_a_method_of_event_studies_and_is_compared_with_others():
    frame = sample(gaps=False)
    for control in ("not-yet", "never"):
        one = pv.fit_event_study(
            frame, "y ~ z | unit + year", cohort="first", method="extended-two-way", control=control
        )
        other = pv.fit_extended_two_way(frame, "y ~ z | unit + year", cohort="first", control=control)
        np.testing.assert_array_equal(one.params, other.params)
    study = other.event_study()
    assert study.leads_test is not None
    assert pv.fit_extended_two_way(frame, "y | unit + year", cohort="first").event_study().leads_test is None
    compared = pv.compare_methods(frame, "y | unit + year", cohort="first", methods=("imputation", "extended-two-way"))
    with pytest.raises(pv.InsufficientDataError, match="are equal in every period"):
        compared.difference_test("imputation", "extended-two-way")


def test_what_is_refused():
    frame = sample()
    with pytest.raises(pv.SpecificationError, match="control='later'"):
        pv.fit_extended_two_way(frame, "y | unit + year", cohort="first", control="later")
    with pytest.raises(pv.InsufficientDataError, match="Nobody is left to compare"):
        pv.fit_extended_two_way(frame[frame["first"] == 2004], "y | unit + year", cohort="first")
    with pytest.raises(pv.SpecificationError, match="Say who is treated when"):
        pv.fit_extended_two_way(frame, "y | unit + year")
