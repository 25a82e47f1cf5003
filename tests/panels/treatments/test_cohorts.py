"""Who is treated when, where the data do not say it as they should; and windows, averages and tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv

FRAME = pv.load_data("minimum_wage").reset_index()
FORMULA = "lemp | county + year"


def fails(frame, match, error=pv.DataError, **options):
    with pytest.raises(error, match=match):
        pv.fit_event_study(frame, FORMULA, **options)


def test_one_of_two_says_who_is_treated_when():
    fails(FRAME, "Give one of the two", pv.SpecificationError)
    fails(FRAME, "Give one of the two", pv.SpecificationError, cohort="first_treat", treatment="treat")


def test_the_outcome_is_a_name_or_a_formula():
    for function in (pv.fit_event_study, pv.compare_methods):
        with pytest.raises(pv.SpecificationError, match="name of the outcome, or a formula"):
            function(FRAME, 3, cohort="first_treat")


def test_effects_are_the_entity_and_the_period():
    """Another effect would be left out in silence."""
    panel = pv.Panel(FRAME, "county", "year")
    for data, formula in (
        (FRAME, "lemp | county + year + treat"),
        (FRAME, "lemp | county"),
        (panel, "lemp | treat + year"),
    ):
        with pytest.raises(pv.SpecificationError, match="not taken out here"):
            pv.fit_event_study(data, formula, cohort="first_treat")
    named = pv.fit_event_study(panel, "lemp | county + year", cohort="first_treat")
    np.testing.assert_array_equal(named.params, pv.fit_event_study(panel, "lemp", cohort="first_treat").params)


def test_a_cohort_does_not_change():
    frame = FRAME.copy()
    frame.loc[[0, 7], "first_treat"] = 2005
    fails(frame, "changes over time for 2 entities: 8001, 8019", cohort="first_treat")


def test_a_cohort_is_a_period():
    fails(
        FRAME.assign(first_treat=FRAME["first_treat"] + 0.5 * (FRAME["first_treat"] > 0)),
        "2004.5",
        cohort="first_treat",
    )
    dates = pd.to_datetime(FRAME["first_treat"].replace(0, 2010).astype(str), format="%Y")
    fails(FRAME.assign(first_treat=dates), "not written as the periods are", cohort="first_treat")


def test_treatment_is_an_indicator_that_lasts():
    on = (FRAME["year"] >= FRAME["first_treat"]) & (FRAME["first_treat"] > 0)
    fails(FRAME.assign(on=2 * on), "it is 2 in 291 rows", treatment="on")
    fails(FRAME.assign(on=on.astype(float).replace(0.0, np.nan)), "it is missing in", treatment="on")
    off = on & (FRAME["year"] != 2006)
    fails(FRAME.assign(on=off.astype(int)), "switched off again for 20 entities", treatment="on")


def test_somebody_must_be_compared():
    fails(FRAME.assign(g=np.nan), "By 'g' nobody is treated", pv.InsufficientDataError, cohort="g")
    fails(FRAME.assign(g=2003), "Nobody is left to compare", pv.InsufficientDataError, cohort="g")
    fails(
        FRAME.assign(g=2003),
        "observed 1 or more periods before",
        pv.InsufficientDataError,
        cohort="g",
        method="two-way",
    )
    fails(FRAME.assign(g=2005), "Nobody is left to compare", pv.InsufficientDataError, cohort="g")


@pytest.mark.parametrize("anticipation", [-1, 1.5, "2", True])
def test_anticipation_is_a_number_of_periods(anticipation):
    fails(FRAME, "anticipation", pv.SpecificationError, cohort="first_treat", anticipation=anticipation)


def test_windows_and_averages():
    effects = pv.fit_event_study(FRAME, FORMULA, cohort="first_treat")
    study = effects.aggregate("event", window=(-2, 1)).event_study()
    assert study.periods.tolist() == [-2, -1, 0, 1]
    whole = effects.event_study()
    np.testing.assert_array_equal(study.estimates, whole.estimates[2:6])
    cells = effects.to_frame()
    late = cells[cells["since"].between(0, 1)]
    overall = effects.aggregate("overall", window=(0, 1))
    np.testing.assert_allclose(
        overall.params["overall"], np.average(late["estimate"], weights=late["rows"]), rtol=1e-12
    )
    by_year = effects.aggregate("calendar")
    assert by_year.params.index.tolist() == [f"period[{year}]" for year in (2004, 2005, 2006, 2007)]
    after = cells[cells["since"] >= 0]
    for name, estimate in by_year.params.items():
        own = after.xs(int(name[7:-1]), level="period")
        np.testing.assert_allclose(estimate, np.average(own["estimate"], weights=own["rows"]), rtol=1e-12)
    for window in ((2, 1), 3, (0.5, 1), "ab", (0,)):
        with pytest.raises(pv.SpecificationError, match="window"):
            effects.aggregate("event", window=window)
    with pytest.raises(pv.InsufficientDataError, match="No effect is estimated"):
        effects.aggregate("event", window=(7, 9))


def test_the_table_fits_eighty_columns_and_says_what_matters():
    effects = pv.fit_event_study(FRAME, FORMULA, cohort="first_treat")
    text = str(effects)
    assert max(map(len, text.splitlines())) <= 80
    for words in (
        "Never treated    309",
        "2004: 20, 2006: 40, 2007: 131",
        "Average over treated rows",
        "No effects before",
    ):
        assert words in text
    assert "12 effects by cohort and period" in repr(effects)
    with pytest.raises(pv.SpecificationError, match="compare"):
        effects.summary(stars=True)
    assert "***" in str(pv.compare(effects.aggregate("event")))
    assert "overall" in str(pv.compare(effects.aggregate("overall")))


def test_coefficients_are_asked_as_those_of_any_result():
    effects = pv.fit_event_study(FRAME, FORMULA, cohort="first_treat")
    test = effects.wald_test("cohort[2004]:period[2004] = cohort[2006]:period[2006]")
    difference = effects.lincom("cohort[2004]:period[2004] - cohort[2006]:period[2006]")
    np.testing.assert_allclose(test.statistic, difference.statistic**2, rtol=1e-10)
    assert effects.tidy()["term"].tolist() == list(effects.names)
    assert effects.glance()["nobs"].item() == 2500
    study = effects.event_study()
    leads = effects.aggregate("event").joint_test("since", below=-1)
    np.testing.assert_allclose(leads.statistic, study.leads_test.statistic, rtol=1e-12)


@pytest.mark.parametrize("method", ["sun-abraham", "imputation", "two-way"])
def test_small_cohorts_are_warned_of(method):
    early = FRAME["first_treat"] == 2004
    kept = FRAME[~early | FRAME["county"].isin(FRAME.loc[early, "county"].unique()[:9])]
    with pytest.warns(pv.PanelVarWarning, match=r"fewer than 20 entities \(2004: 9\)"):
        pv.fit_event_study(kept, FORMULA, cohort="first_treat", method=method)
