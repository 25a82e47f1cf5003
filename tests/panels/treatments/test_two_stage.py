"""Two stages a second time: dummies for everything, and the stacked moments of both regressions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from panels.treatments.test_cell_regressions import staggered
from panels.treatments.test_imputation import rows_of

import panelvar as pv

pytestmark = pytest.mark.filterwarnings("ignore:Some cohorts have fewer")


def by_moments(frame, indicators, regressors=(), weights=None, anticipation=0, clusters=None):
    """Coefficients of the second regression and its influence: A^-1 m_c, with m the moments of both."""
    since = (frame["year"] - frame["first"]).to_numpy()
    untreated = ~(since >= -anticipation)
    z = np.column_stack([
        pd.get_dummies(frame["unit"]).to_numpy(float),
        pd.get_dummies(frame["year"]).to_numpy(float)[:, 1:],
        frame[list(regressors)].to_numpy(float).reshape(len(frame), -1),
    ])  # fmt: skip
    omega = np.ones(len(frame)) if weights is None else frame[weights].to_numpy()
    y, root, d = frame["y"].to_numpy(), np.sqrt(omega), indicators.astype(float)
    first = np.linalg.lstsq(z[untreated] * root[untreated, None], (y * root)[untreated], rcond=None)[0]
    left = y - z @ first
    second = np.linalg.lstsq(d * root[:, None], left * root, rcond=None)[0]
    moments = np.hstack([
        z * (omega * left * untreated)[:, None],
        d * (omega * (left - d @ second))[:, None],
    ])  # fmt: skip
    z0 = z * untreated[:, None]
    slopes = np.block([
        [z0.T @ (omega[:, None] * z0), np.zeros((z.shape[1], d.shape[1]))],
        [d.T @ (omega[:, None] * z), d.T @ (omega[:, None] * d)],
    ])  # fmt: skip
    clusters = frame["unit"].to_numpy() if clusters is None else clusters
    sums = np.array([moments[clusters == each].sum(axis=0) for each in np.unique(clusters)])
    influence = np.linalg.solve(slopes, sums.T)[z.shape[1] :].T
    return second, influence


def leads_of(frame, anticipation):
    """Indicators of the periods before treatment but the last."""
    since = (frame["year"] - frame["first"]).to_numpy()
    last = -1 - anticipation
    ahead = sorted(np.unique(since[since < last]).astype(int))
    return ahead, since[:, None] == np.array(ahead)


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("formula", ["y ~ 1 | unit + year", "y ~ x | unit + year"])
@pytest.mark.parametrize("anticipation", [0, 1])
def test_effects_and_errors_by_the_moments_of_both_stages(formula, weights, anticipation):
    frame = rows_of(anticipation)
    regressors = ["x"] if "x" in formula else []
    result = pv.fit_two_stage(frame, formula, cohort="first", weights=weights, anticipation=anticipation)
    ahead, leads = leads_of(frame, anticipation)
    cells = result.to_frame().index
    own = [((frame["first"] == cohort) & (frame["year"] == period)).to_numpy() for cohort, period in cells]
    assert result.names[: len(ahead)] == tuple(f"since[{each}]" for each in ahead)
    assert result.event_study().periods[result.event_study().references].tolist() == [-1 - anticipation]
    values, influence = by_moments(frame, np.column_stack([leads, *own]), regressors, weights, anticipation)
    np.testing.assert_allclose(result.params, values, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(result.influence, influence, rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(result.cov, influence.T @ influence, rtol=1e-8, atol=1e-13)
    state = (frame["unit"] // 3).to_numpy()
    by_state = pv.fit_two_stage(
        frame.assign(state=state),
        formula,
        cohort="first",
        weights=weights,
        anticipation=anticipation,
        cov=pv.Clustered("state"),
    )
    _, sums = by_moments(frame, np.column_stack([leads, *own]), regressors, weights, anticipation, state)
    np.testing.assert_allclose(by_state.cov, sums.T @ sums, rtol=1e-8, atol=1e-13)


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("by", ["event", "cohort", "calendar", "overall"])
def test_averages_are_regressions_on_the_indicators_of_many_cells(by, weights):
    """Their errors count what effects differ from the average."""
    frame = rows_of()
    average = pv.fit_two_stage(frame, "y ~ x | unit + year", cohort="first", weights=weights).aggregate(by)
    since = (frame["year"] - frame["first"]).to_numpy()
    on = since >= 0
    of_row = {"event": since, "cohort": frame["first"], "calendar": frame["year"], "overall": np.zeros(len(frame))}[by]
    of_row = np.where(on | ((by == "event") & (since < -1)), of_row, np.nan)
    levels = np.unique(of_row[~np.isnan(of_row)])
    values, influence = by_moments(frame, of_row[:, None] == levels, ["x"], weights)
    np.testing.assert_allclose(average.params, values, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(average.cov, influence.T @ influence, rtol=1e-8, atol=1e-13)


def test_effects_are_those_of_imputation_and_errors_of_averages_are_not():
    frame = rows_of()
    options = {"cohort": "first"}
    two, one = (fit(frame, "y ~ x | unit + year", **options) for fit in (pv.fit_two_stage, pv.fit_imputation))
    late = [name for name in one.names if name.startswith("cohort")]
    np.testing.assert_allclose(two.params[late], one.params[late], rtol=1e-12)
    # Without weights the departures from the means of cells are the same.
    np.testing.assert_allclose(two.std_errors[late], one.std_errors[late], rtol=1e-10)
    known, sampled = (each.aggregate("overall").std_errors["overall"] for each in (one, two))
    assert abs(known / sampled - 1.0) > 1e-3


@pytest.mark.parametrize("by", [None, "event", "calendar", "overall"])
def test_influences_are_derivatives_by_the_weight_of_an_entity(by):
    """Both stages are means of moments, so that each weight moves the effects by the influence, and shares too."""
    frame = rows_of()

    def fit(w):
        result = pv.fit_two_stage(frame.assign(w=w), "y ~ x | unit + year", cohort="first", weights="w")
        return result if by is None else result.aggregate(by)

    result = pv.fit_two_stage(frame, "y ~ x | unit + year", cohort="first", weights="w")
    influence = result.influence
    if by is not None:
        from panelvar.panels.treatments.group_time import average_cells, influence_of_average

        average = average_cells(result.fit, by, None)
        influence = pd.DataFrame(influence_of_average(result.fit, average), index=influence.index)
    step = 1e-5
    for unit in influence.index[[0, 7, 20, -1]]:
        moved = [
            fit(frame["w"] * np.where(frame["unit"] == unit, 1.0 + sign * step, 1.0)).params.to_numpy()
            for sign in (1, -1)
        ]
        np.testing.assert_allclose((moved[0] - moved[1]) / (2 * step), influence.loc[unit], rtol=0, atol=1e-7)


def test_leads_that_the_effects_explain_are_left_out_and_said():
    """Where one cohort alone is untreated in a period, the period's effect is its mean."""
    rng = np.random.default_rng(3)
    frame = pd.MultiIndex.from_product([range(60), range(2001, 2009)], names=["unit", "year"]).to_frame(index=False)
    frame["first"] = np.where(frame["unit"] < 30, 2004, 2008)
    frame["y"] = rng.standard_normal(len(frame))
    with pytest.warns(pv.PanelVarWarning, match="periods in which all are treated"):
        result = pv.fit_two_stage(frame, "y | unit + year", cohort="first")
    before = [name for name in result.names if name.startswith("since")]
    # Since -4 to -2 of the later cohort are 2004 to 2006; -3 and -2 of the earlier one are compared with it.
    assert before == ["since[-7]", "since[-6]", "since[-5]", "since[-3]", "since[-2]"]
    assert any(note.code == "leads-left-out" and "since[-4]" in note.text for note in result.notes)
    assert (result.std_errors > 1e-3).all()


def test_a_regressor_close_to_effects_of_periods_loses_no_digits_of_the_errors():
    """Periods and a regressor that is nearly one of their functions: dense algebra on what is left of it agrees."""
    frame = rows_of()
    steps = dict(zip(range(2000, 2009), np.random.default_rng(5).standard_normal(9) * 1e6, strict=True))
    plain = pv.fit_two_stage(frame, "y ~ x | unit + year", cohort="first")
    moved = frame.assign(x=frame["x"] + frame["year"].map(steps) + 1e6 * (frame["unit"] % 7))
    result = pv.fit_two_stage(moved, "y ~ x | unit + year", cohort="first")
    np.testing.assert_allclose(result.params, plain.params, rtol=0, atol=1e-8)
    np.testing.assert_allclose(result.std_errors, plain.std_errors, rtol=1e-8)


def test_what_has_no_answer_is_refused():
    frame = staggered(gaps=False, units=60).assign(state=lambda rows: rows["unit"] // 3 + (rows["year"] == 2003))
    frame = frame[frame["first"] != 2002]
    with pytest.raises(pv.SpecificationError, match="is not offered here"):
        pv.fit_two_stage(frame, "y | unit + year", cohort="first", cov="HC1")
    with pytest.raises(pv.DataError, match=r"cut across [45][0-9] entities"):
        pv.fit_two_stage(frame, "y | unit + year", cohort="first", cov=pv.Clustered("state"))
    with pytest.raises(pv.InsufficientDataError, match="nothing to impute from"):
        pv.fit_two_stage(frame.assign(first=2000), "y | unit + year", cohort="first")
    with pytest.raises(pv.SpecificationError, match=r"compares with control='not-yet' alone"):
        pv.fit_event_study(frame, "y | unit + year", cohort="first", method="two-stage", control="never")
    some = pv.fit_event_study(
        frame, "y | unit + year", cohort="first", method="two-stage", control="not-yet", window=(-2, 1)
    )
    assert set(some.fit.cells.since) == {-2, 0, 1}
    assert some.fit.shares.shape == some.fit.influence.shape
    whole = pv.fit_two_stage(frame, "y | unit + year", cohort="first").aggregate("event")
    np.testing.assert_allclose(
        some.aggregate("event").std_errors, whole.std_errors[["since[-2]", "since[0]", "since[1]"]]
    )
