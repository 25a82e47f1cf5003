"""Callaway and Sant'Anna a second time: loops over pairs of means, and averages as functions of weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from panels.treatments.test_cell_regressions import staggered

import panelvar as pv
from panelvar.core.base.arguments import read_generator
from panelvar.core.base.errors import InsufficientDataError, SpecificationError
from panelvar.kernels.linear.draws import wild_multipliers

pytestmark = pytest.mark.filterwarnings("ignore:Some cohorts have fewer", "ignore:.*that have no period before")
FORMULA = "y ~ 1 | unit + year"
DYNAMIC_CRITICAL_VALUE = 2.557


def by_definition(frame, control, base, anticipation):
    """Each effect and its influences from changes of the entities that have both periods."""
    wide = frame.pivot(index="unit", columns="year", values="y")
    first = frame.groupby("unit")["first"].first()
    years = list(wide.columns)
    rows = {}
    for cohort in sorted(first.dropna().unique()):
        before = [year for year in years if year + anticipation < cohort]
        for place, year in enumerate(years):
            if not before:
                continue
            other = before[-1]
            if year < cohort and base == "varying":
                if place == 0:
                    continue
                other = years[place - 1]
            if other == year:
                continue
            own = first == cohort
            late = first > max(year, other) + anticipation
            controls = first.isna() | (late & ~own if control == "not-yet" else False)
            change = (wide[year] - wide[other]).dropna()
            one, two = change[own[change.index]], change[controls[change.index]]
            influence = pd.Series(0.0, index=wide.index)
            influence[one.index] += (one - one.mean()) / len(one)
            influence[two.index] -= (two - two.mean()) / len(two)
            rows[int(cohort), year] = (one.mean() - two.mean(), np.sqrt((influence**2).sum()))
    return pd.DataFrame(rows, index=["estimate", "std_error"]).T


@pytest.mark.parametrize("control", ["never", "not-yet"])
@pytest.mark.parametrize("base", ["universal", "varying"])
@pytest.mark.parametrize("anticipation", [0, 1])
@pytest.mark.parametrize("gaps", [False, True])
def test_effects_and_errors_by_definition(control, base, anticipation, gaps):
    frame = staggered(units=60, gaps=gaps)
    found = pv.fit_callaway_santanna(
        frame, FORMULA, cohort="first", control=control, base=base, anticipation=anticipation
    ).to_frame()
    expected = by_definition(frame, control, base, anticipation)
    assert list(found.index) == list(expected.index)
    pd.testing.assert_frame_equal(
        found[["estimate", "std_error"]], expected, check_names=False, check_index_type=False, rtol=1e-10
    )


def test_it_is_sun_and_abraham_in_a_balanced_panel_without_regressors():
    frame = staggered(gaps=False)
    one = pv.fit_callaway_santanna(frame, FORMULA, cohort="first")
    other = pv.fit_sun_abraham(frame, FORMULA, cohort="first")
    pd.testing.assert_series_equal(one.params, other.params, rtol=1e-10)
    np.testing.assert_allclose(one.fit.influence, other.fit.influence, atol=1e-12)


@pytest.mark.parametrize("by", ["event", "cohort", "calendar", "overall", "of events", "of cohorts", "of periods"])
def test_averages_have_the_influence_of_the_shares(by):
    # The weights of an entity move its effects and the share of its cohort: averages are functions of them.
    frame = staggered(units=40, gaps=False)
    weights = pd.Series(np.random.default_rng(1).uniform(0.5, 1.5, 40))
    options = {"of events": "event", "of cohorts": "cohort", "of periods": "calendar"}

    def average(weights):
        rows = frame.assign(weight=weights[frame["unit"]].to_numpy())
        found = pv.fit_callaway_santanna(rows, FORMULA, cohort="first", weights="weight")
        if by in options:
            return found.aggregate("overall", weights=options[by])
        return found.aggregate(by)

    units = sorted(frame["unit"].unique())
    slopes = []
    for unit in units:
        up, down = weights.copy(), weights.copy()
        up[unit] += 1e-5
        down[unit] -= 1e-5
        slopes.append((average(up).params - average(down).params).to_numpy() / 2e-5 * weights[unit])
    np.testing.assert_allclose(average(weights).cov.to_numpy(), np.array(slopes).T @ np.array(slopes), atol=1e-9)


def test_overall_averages_are_averages_of_averages():
    found = pv.fit_callaway_santanna(staggered(units=60), FORMULA, cohort="first", control="not-yet")
    sizes = found.fit.cells.mass
    cells = found.fit.cells
    for weights in ("event", "calendar", "cohort"):
        inner = found.aggregate(weights, window=(0, 99)).params
        share = np.ones(len(inner))
        if weights == "cohort":
            share = np.array([sizes[cells.cohort == each][0] for each in np.unique(cells.cohort)])
        assert found.aggregate("overall", weights=weights).params["overall"] == pytest.approx(
            np.average(inner, weights=share), rel=1e-12
        )
    with pytest.raises(SpecificationError, match="averages averages to one number"):
        found.aggregate("event", weights="cohort")


def test_repeated_cross_sections_are_four_means():
    frame = staggered(units=200, gaps=False).drop(columns="unit")
    found = pv.fit_callaway_santanna(frame, "y ~ 1 | year", cohort="first", control="not-yet").to_frame()
    first = frame["first"]

    def mean(members, year):
        return frame.loc[members & (frame["year"] == year), "y"].mean()

    late = first.isna() | ((first > 2006) & (first != 2005))
    expected = mean(first == 2005, 2006) - mean(first == 2005, 2004) - mean(late, 2006) + mean(late, 2004)
    assert found.loc[(2005, 2006), "estimate"] == pytest.approx(expected, rel=1e-10)
    assert found.loc[(2004, 2006), "rows"] == (first == 2004).sum()


def test_rows_of_an_unbalanced_panel_are_compared_as_levels():
    frame = staggered(units=60)
    found = pv.fit_callaway_santanna(frame, FORMULA, cohort="first", unbalanced="cross-sections").to_frame()

    def mean(members, year):
        return frame.loc[members & (frame["year"] == year), "y"].mean()

    own, never = frame["first"] == 2004, frame["first"].isna()
    expected = mean(own, 2006) - mean(own, 2003) - mean(never, 2006) + mean(never, 2003)
    assert found.loc[(2004, 2006), "estimate"] == pytest.approx(expected, rel=1e-10)


def test_incomplete_entities_can_be_left_out():
    frame = staggered(units=200)
    with pytest.warns(pv.PanelVarWarning, match="left out for a lack of periods"):
        found = pv.fit_callaway_santanna(frame, FORMULA, cohort="first", unbalanced="drop")
    full = frame.groupby("unit")["year"].transform("size") == 8
    whole = pv.fit_callaway_santanna(frame[full], FORMULA, cohort="first")
    pd.testing.assert_series_equal(found.params, whole.params)
    short = frame.drop(frame.groupby("unit").sample(1, random_state=0).index)
    with pytest.raises(InsufficientDataError, match="No entity has all periods"):
        pv.fit_callaway_santanna(short, FORMULA, cohort="first", unbalanced="drop")


def test_the_cohort_treated_last_stands_in_for_the_never_treated():
    frame = staggered(units=60, never=False, gaps=False)
    with pytest.warns(pv.PanelVarWarning, match="The cohort treated last, 2006, is the comparison"):
        found = pv.fit_callaway_santanna(frame, FORMULA, cohort="first")
    early = frame[frame["year"] < 2006]
    expected = pv.fit_callaway_santanna(
        early.assign(first=early["first"].where(early["first"] < 2006)), FORMULA, cohort="first"
    )
    pd.testing.assert_series_equal(found.params, expected.params)
    with pytest.warns(pv.PanelVarWarning, match="treated last"):
        both = pv.fit_callaway_santanna(frame, FORMULA, cohort="first", control="not-yet")
    assert both.comparison == "cohort 2006, and those not treated yet"


def test_cohorts_treated_after_the_end_are_never_treated():
    frame = staggered(units=60, gaps=False)
    early = frame[frame["year"] < 2005]
    found = pv.fit_callaway_santanna(early, FORMULA, cohort="first")
    expected = pv.fit_callaway_santanna(
        early.assign(first=early["first"].where(early["first"] < 2005)), FORMULA, cohort="first"
    )
    pd.testing.assert_series_equal(found.params, expected.params)


def test_trends_differ_by_regressors_that_do_not_change():
    # A trend that grows with the covariate biases the plain comparison, and no adjusted one.
    rng = np.random.default_rng(5)
    units, years = 3000, np.arange(4)
    z = rng.standard_normal(units)
    treated = rng.random(units) < 1.0 / (1.0 + np.exp(-z))
    y = z[:, None] * years + 2.0 * (treated[:, None] & (years >= 2)) + 0.1 * rng.standard_normal((units, 4))
    frame = pd.DataFrame({
        "unit": np.repeat(np.arange(units), 4),
        "year": np.tile(years, units),
        "y": y.ravel(),
        "z": np.repeat(z, 4),
        "first": np.repeat(np.where(treated, 2.0, np.nan), 4),
    })  # fmt: skip
    plain = pv.fit_callaway_santanna(frame, FORMULA, cohort="first").params["cohort[2]:period[2]"]
    assert plain > 2.5
    for adjustment in ("dr", "ipw", "reg"):
        found = pv.fit_callaway_santanna(frame, "y ~ z | unit + year", cohort="first", adjustment=adjustment)
        name = "cohort[2]:period[2]"
        assert abs(found.params[name] - 2.0) < 3.0 * found.std_errors[name] < 0.3


def test_regressors_are_those_of_the_earlier_period():
    frame = staggered(units=80, gaps=False)
    found = pv.fit_callaway_santanna(frame, "y ~ x | unit + year", cohort="first", adjustment="reg").to_frame()
    wide = frame.pivot(index="unit", columns="year")
    own, never = wide["first"][2000] == 2005, wide["first"][2000].isna()
    for year in (2002, 2006):
        change, x = wide["y"][year] - wide["y"][2004], wide["x"][min(year, 2004)]
        slope, level = np.polyfit(x[never], change[never], 1)
        expected = (change - level - slope * x)[own].mean()
        assert found.loc[(2005, year), "estimate"] == pytest.approx(expected, rel=1e-9)


def test_an_effect_without_overlap_is_left_out_with_its_reason():
    frame = staggered(units=80, gaps=False)
    frame["z"] = np.where(frame["first"] == 2004, 1.0, 0.0) + 0.001 * frame["unit"]
    frame["z"] = frame.groupby("unit")["z"].transform("first")
    with pytest.warns(pv.PanelVarWarning, match=r"could not be estimated: cohort\[2004\].*no overlap"):
        found = pv.fit_callaway_santanna(frame, "y ~ z | unit + year", cohort="first", adjustment="ipw")
    assert set(found.to_frame().index.get_level_values("cohort")) == {2002, 2005, 2006}
    frame = frame[frame["first"].isna() | (frame["first"] == 2004)]
    with pytest.raises(InsufficientDataError, match="No effect can be estimated"):
        pv.fit_callaway_santanna(frame, "y ~ z | unit + year", cohort="first", adjustment="ipw")


def test_misuse_is_refused():
    frame = staggered(units=40, gaps=False)
    with pytest.raises(SpecificationError, match="control='everyone'"):
        pv.fit_callaway_santanna(frame, FORMULA, cohort="first", control="everyone")
    rows = frame.assign(on=(frame["year"] >= frame["first"]).astype(float))
    with pytest.raises(SpecificationError, match="give cohort="):
        pv.fit_callaway_santanna(rows, "y ~ 1 | year", treatment="on")
    with pytest.raises(SpecificationError, match="must be the entity and the period"):
        pv.fit_sun_abraham(rows, "y ~ 1 | year", cohort="first")


def test_the_door_passes_controls_on_and_keeps_a_window():
    frame = staggered(units=60, gaps=False)
    found = pv.fit_event_study(
        frame, FORMULA, cohort="first", method="callaway-santanna", control="not-yet", window=(-2, 1)
    )
    whole = pv.fit_callaway_santanna(frame, FORMULA, cohort="first", control="not-yet")
    assert set(found.fit.cells.since) == {-2, 0, 1}
    pd.testing.assert_series_equal(found.params, whole.params[list(found.names)])
    pd.testing.assert_series_equal(found.std_errors, whole.std_errors[list(found.names)])
    one, other = (each.aggregate("event", window=(-2, 1)) for each in (found, whole))
    pd.testing.assert_series_equal(one.std_errors, other.std_errors)
    np.testing.assert_allclose(found.with_cov("cluster").cov, found.cov)
    with pytest.raises(SpecificationError, match="compares with control='never' alone"):
        pv.fit_event_study(frame, FORMULA, cohort="first", control="not-yet")
    with pytest.raises(SpecificationError, match="has no group of controls"):
        pv.fit_event_study(frame, FORMULA, cohort="first", method="two-way", control="never")
    with pytest.raises(InsufficientDataError, match="No effect lies within"):
        whole.within((50, 60))


def test_methods_compared_have_the_shares_in_their_joint_covariance():
    frame = staggered(units=60, gaps=False)
    compared = pv.compare_methods(frame, FORMULA, cohort="first", methods=("callaway-santanna", "sun-abraham"))
    alone = compared.effects["callaway-santanna"].aggregate("overall").std_errors["overall"]
    assert compared.joint.std_errors["[callaway-santanna]overall"] == pytest.approx(alone, rel=1e-12)
    with pytest.raises(InsufficientDataError, match="there is nothing to test"):
        compared.difference_test("callaway-santanna", "sun-abraham")
    assert "equal" in str(compared)


@pytest.mark.parametrize("multipliers", ["rademacher", "mammen"])
def test_multiplier_bands_by_definition(multipliers):
    frame = staggered(units=60)
    frame["state"] = frame["unit"] % 12
    effects = pv.fit_callaway_santanna(frame, FORMULA, cohort="first", cov=pv.Clustered("state"))
    study = effects.event_study(multipliers=multipliers, draws=500, seed=7)
    averages = effects.aggregate("event")
    design = effects.fit.design
    clusters = design.group_by("state")[0].codes[design.entity_starts[:-1]]
    assert len(set(zip(design.entity_labels % 12, clusters, strict=True))) == 12
    sums = np.array([averages.influence[clusters == each].sum(axis=0) for each in range(12)])
    draws = wild_multipliers(multipliers, (500, 12), read_generator("seed", 7))
    largest = np.abs(draws @ sums / averages.std_errors.to_numpy()).max(axis=1)
    limits = study.conf_int(joint="sup-t")[~study.references]
    half = (limits["upper"] - limits["lower"]) / 2.0 / averages.std_errors.to_numpy()
    np.testing.assert_allclose(half, np.quantile(largest, 0.95), rtol=1e-10)
    assert f"500 draws of {multipliers.capitalize()} multipliers, seed 7" in " ".join(str(study).split())


def test_multipliers_need_clusters():
    frame = staggered(units=60)
    found = pv.fit_sun_abraham(frame, FORMULA, cohort="first", cov="classical")
    found.event_study()
    with pytest.raises(SpecificationError, match="so they are clustered"):
        found.event_study(multipliers="mammen")
    with pytest.raises(SpecificationError, match="multipliers='webb'"):
        found.event_study(multipliers="webb")
    effects = pv.fit_sun_abraham(frame, FORMULA, cohort="first")
    plain, drawn = (effects.event_study(multipliers=each) for each in ("normal", "rademacher"))
    # 60 clusters: what is drawn differs by little.
    np.testing.assert_allclose(plain.conf_int(joint="sup-t"), drawn.conf_int(joint="sup-t"), atol=0.1)


def test_the_critical_value_is_that_of_did():
    # did 2.5.1 with 25,000 Rademacher draws; the draws of both move it by some 0.02.
    counties = pv.load_data("minimum_wage").reset_index()
    effects = pv.fit_callaway_santanna(counties, "lemp ~ 1 | county + year", cohort="first_treat", base="varying")
    study = effects.event_study(multipliers="rademacher", draws=25_000)
    limits = study.conf_int(joint="sup-t").to_numpy()
    assert (limits[:, 1] - study.estimates) / study.std_errors == pytest.approx(DYNAMIC_CRITICAL_VALUE, abs=0.03)
