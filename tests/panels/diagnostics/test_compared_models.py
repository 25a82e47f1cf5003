"""Tests that compare two models say where these are not models of the same thing."""

import warnings

import numpy as np
import pytest
from quiet import quietly
from twins import X, gappy_frame

import panelvar as pv


@pytest.fixture(scope="module")
def panel():
    frame = gappy_frame(seed=2, entities=14, periods=9)
    for year in sorted(frame["year"].unique())[1:]:
        frame[f"d{year}"] = (frame["year"] == year) * 1.0
    frame["half"] = np.where(frame["number"] % 2, "a", "b")
    return pv.Panel(frame.assign(w=1.0 + frame["number"] % 3), "entity", "year")


def codes(compare, *models):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return [note.code for note in compare(*models).notes if note.code.startswith(("compared", "classical"))]


def test_effects_of_two_dimensions_are_not_compared_with_those_of_one(panel):
    twoway = pv.fit_fixed_effects(panel, "y", X, effects="twoway")
    oneway = pv.fit_random_effects(panel, "y", X)
    words = r"different effects \(entity and year in Fixed .*; entity in Random .*Fit both with year effects"
    with pytest.warns(pv.PanelVarWarning, match=words):
        test = pv.hausman_test(twoway, oneway)
    assert "compared-effects" in [note.code for note in test.notes]
    both = quietly(pv.fit_random_effects, panel, "y", X, effects="twoway")
    assert codes(pv.hausman_test, twoway, both) == []
    assert codes(pv.hausman_test, pv.fit_fixed_effects(panel, "y", X), both) == ["compared-effects"]
    assert codes(pv.hausman_test, pv.fit_fixed_effects(panel, "y", X, effects="time"), oneway) == ["compared-effects"]
    # Beside a model without effects, the effects are what is tested.
    assert codes(pv.hausman_test, twoway, pv.fit_pooled(panel, "y", X)) == []
    assert "compared-effects" not in codes(pv.hausman_test, pv.fit_first_difference(panel, "y", X), oneway)
    assert "compared-effects" not in codes(pv.hausman_test, quietly(pv.fit_between, panel, "y", X), oneway)


def test_effects_written_as_dummies_are_the_same_effects(panel):
    dummies = [name for name in panel.names if str(name).startswith("d2")]
    twoway = pv.fit_fixed_effects(panel, "y", X, effects="twoway")
    oneway = quietly(pv.fit_random_effects, panel, "y", [*X, *dummies])
    assert "compared-effects" not in codes(pv.hausman_test, twoway, oneway)
    assert codes(pv.nested_f_test, pv.fit_pooled(panel, "y", [*X, *dummies]), twoway) == []


def test_weights_are_those_of_both(panel):
    plain, weighted = pv.fit_pooled(panel, "y", X), pv.fit_pooled(panel, "y", X, weights="w")
    fixed = pv.fit_fixed_effects(panel, "y", X, weights="w")
    assert codes(pv.hausman_test, fixed, plain) == ["compared-weights"]
    assert codes(pv.hausman_test, fixed, weighted) == []
    assert codes(pv.nested_f_test, weighted, fixed) == []


def test_what_is_within_what(panel):
    pooled, entity = pv.fit_pooled(panel, "y", X), pv.fit_fixed_effects(panel, "y", X)
    twoway = pv.fit_fixed_effects(panel, "y", X, effects="twoway")
    for pair in ((pooled, entity), (entity, twoway), (pooled, twoway), (pv.fit_pooled(panel, "y", X[:1]), entity)):
        assert codes(pv.nested_f_test, *pair) == []
    time = pv.fit_fixed_effects(panel, "y", X, effects="time")
    # Its levels are fewer, but no effect of time is an effect of entities.
    assert codes(pv.nested_f_test, time, entity) == ["compared-effects"]
    assert codes(pv.nested_f_test, pv.fit_pooled(panel, "y", X), pv.fit_fixed_effects(panel, "y", X[:1])) == [
        "compared-regressors"
    ]


def test_the_same_values_of_other_rows_are_not_the_same_rows(panel):
    frame = gappy_frame(seed=2, entities=14, periods=9)
    others = pv.Panel(frame.assign(entity=frame["entity"].replace("e03", "e03x")), "entity", "year")
    with pytest.raises(pv.SpecificationError, match="do not explain the same rows"):
        pv.nested_f_test(pv.fit_pooled(others, "y", X), pv.fit_fixed_effects(panel, "y", X))


def test_covariances_that_do_not_enter_are_named(panel):
    pooled = quietly(pv.fit_pooled, panel, "y", X, cov="cluster")
    fixed = pv.fit_fixed_effects(panel, "y", X)
    with pytest.warns(pv.PanelVarWarning, match="F test of nested models uses classical covariances"):
        pv.nested_f_test(pooled, fixed)
    with pytest.warns(pv.PanelVarWarning, match="poolability test uses classical covariances"):
        pv.slope_poolability_test(quietly(fixed.with_cov, "cluster"))
    robust = quietly(fixed.with_cov, "cluster")
    for test, own in ((robust.f_poolability, fixed.f_poolability), (robust.f_with_dummies, fixed.f_with_dummies)):
        assert test.statistic == own.statistic
        assert [note.code for note in test.notes] == ["classical-covariances"]
        assert own.notes == ()
