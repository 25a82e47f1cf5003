"""Event studies by regression, a second time with dummies for everything; and by hand where they are two by two."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv

PERIODS = 8
pytestmark = pytest.mark.filterwarnings("ignore:Some cohorts have fewer")


def staggered(seed=3, units=40, never=True, gaps=True, step=1):
    """A panel with cohorts 2 to 6, of which one is always treated, effects by cohort and period, and gaps."""
    rng = np.random.default_rng(seed)
    cohort = rng.choice([0, 2, 4, 5, 6] if never else [2, 4, 5, 6], units)
    unit, time = np.repeat(np.arange(units), PERIODS), np.tile(np.arange(PERIODS), units)
    first = cohort[unit]
    on = (first > 0) & (time >= first)
    x = rng.standard_normal(len(unit))
    y = rng.standard_normal(units)[unit] + 0.2 * time + 0.5 * x + on * (0.1 * first + 0.3 * (time - first))
    frame = pd.DataFrame({
        "unit": unit,
        "year": 2000 + step * time,
        "y": y + rng.standard_normal(len(unit)),
        "x": x,
        "first": np.where(first > 0, 2000.0 + step * first, np.nan),
        "w": rng.uniform(0.5, 2.0, len(unit)),
    })  # fmt: skip
    if gaps:
        frame = frame[rng.uniform(size=len(frame)) > 0.15]
    return frame.sample(frac=1.0, random_state=1).reset_index(drop=True)


def with_dummies(frame, cells, regressors=(), weights=None):
    """Coefficients of the cells and their clustered covariance without factor, with a column for every dummy."""
    columns = [
        pd.get_dummies(frame["unit"]).to_numpy(float),
        pd.get_dummies(frame["year"]).to_numpy(float)[:, 1:],
        frame[list(regressors)].to_numpy(float),
        cells,
    ]
    root = np.ones(len(frame)) if weights is None else np.sqrt(frame[weights].to_numpy(float))
    design = np.column_stack(columns) * root[:, None]
    y = frame["y"].to_numpy() * root
    assert np.linalg.matrix_rank(design) == design.shape[1]
    coefficients, *_ = np.linalg.lstsq(design, y, rcond=None)
    scores = design * (y - design @ coefficients)[:, None]
    sums = np.array([scores[(frame["unit"] == unit).to_numpy()].sum(axis=0) for unit in frame["unit"].unique()])
    inverse = np.linalg.pinv(design.T @ design)
    covariance = inverse @ sums.T @ sums @ inverse
    count = cells.shape[1]
    return coefficients[-count:], covariance[-count:, -count:]


def check(result, coefficients, covariance):
    np.testing.assert_allclose(result.params, coefficients, rtol=1e-10, atol=1e-11)
    expected = covariance * result.covariance.factor
    np.testing.assert_allclose(result.cov, expected, rtol=1e-8, atol=1e-10 * np.abs(expected).max())


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("formula", ["y ~ 1 | unit + year", "y ~ x | unit + year"])
@pytest.mark.parametrize("anticipation", [0, 1])
def test_sun_abraham_with_dummies(formula, weights, anticipation):
    frame = staggered()
    result = pv.fit_sun_abraham(frame, formula, cohort="first", weights=weights, anticipation=anticipation)
    since = frame["year"] - frame["first"]
    cells = []
    for cohort, period in result.to_frame().index:
        cells.append(((frame["first"] == cohort) & (frame["year"] == period)).to_numpy(float))
    expected = [
        (cohort, year)
        for cohort in sorted(frame["first"].dropna().unique())
        for year in sorted(frame.loc[frame["first"] == cohort, "year"].unique())
        if year - cohort != -1 - anticipation
    ]
    assert list(result.to_frame().index) == expected
    regressors = ["x"] if "x" in formula else []
    check(result, *with_dummies(frame, np.array(cells).T, regressors, weights))
    # Averages weigh by rows.
    rows = frame if weights is None else frame.assign(rows=frame["w"] / frame["w"].mean())
    by_cell = result.to_frame()
    for label, estimate in result.aggregate("event").params.items():
        own = by_cell[by_cell["since"] == int(label[6:-1])]
        counts = [
            (rows.loc[(frame["first"] == g) & (frame["year"] == t), "rows"].sum())
            if weights
            else ((frame["first"] == g) & (frame["year"] == t)).sum()
            for g, t in own.index
        ]
        np.testing.assert_allclose(estimate, np.average(own["estimate"], weights=counts), rtol=1e-12)
    assert (since.max(), len(by_cell)) == (5, len(expected))


@pytest.mark.parametrize("weights", [None, "w"])
def test_one_effect_for_all_cohorts_with_dummies(weights):
    frame = staggered()
    result = pv.fit_two_way_event_study(frame, "y ~ x | unit + year", cohort="first", weights=weights)
    since = frame["year"] - frame["first"]
    levels = [each for each in sorted(since.dropna().unique()) if each != -1]
    assert list(result.names) == [f"since[{int(each)}]" for each in levels]
    check(result, *with_dummies(frame, np.array([since == each for each in levels], float).T, ["x"], weights))
    with pytest.raises(pv.SpecificationError, match="one effect for each period since treatment"):
        result.aggregate("cohort")


def test_without_never_treated_two_periods_are_references():
    frame = staggered(never=False)
    with pytest.warns(pv.PanelVarWarning, match="known only up to a trend. Those of -6 and -1 are set to zero"):
        result = pv.fit_two_way_event_study(frame, "y | unit + year", cohort="first")
    since = frame["year"] - frame["first"]
    levels = [each for each in sorted(since.unique()) if each not in (-6, -1)]
    check(result, *with_dummies(frame, np.array([since == each for each in levels], float).T))
    assert result.event_study().references.sum() == 2


def test_without_never_treated_the_last_cohort_compares():
    frame = staggered(never=False)
    with pytest.warns(pv.PanelVarWarning, match="cohort treated last, 2006, is the comparison"):
        result = pv.fit_sun_abraham(frame, "y | unit + year", cohort="first")
    rows = frame[frame["year"] < 2006].reset_index(drop=True)
    cells = [((rows["first"] == g) & (rows["year"] == t)).to_numpy(float) for g, t in result.to_frame().index]
    assert {g for g, _ in result.to_frame().index} == {2002, 2004, 2005}
    check(result, *with_dummies(rows, np.array(cells).T))


def test_effects_are_differences_of_differences_of_means():
    frame = staggered(gaps=False)
    result = pv.fit_sun_abraham(frame, "y | unit + year", cohort="first")
    means = frame.assign(first=frame["first"].fillna(0)).groupby(["first", "year"])["y"].mean()
    for (cohort, year), estimate in result.to_frame()["estimate"].items():
        changed = means[cohort, year] - means[cohort, cohort - 1]
        np.testing.assert_allclose(estimate, changed - (means[0, year] - means[0, cohort - 1]), rtol=0, atol=1e-11)


def test_a_cohort_without_its_last_period_before_treatment_is_compared_with_the_one_before():
    """Fixest drops a column at random there, and an effect of treatment becomes the reference."""
    frame = staggered(gaps=False)
    frame = frame[(frame["first"] != 2005) | (frame["year"] != 2004)].reset_index(drop=True)
    result = pv.fit_sun_abraham(frame, "y | unit + year", cohort="first")
    cells = result.to_frame().loc[2005.0]
    assert -2 not in cells["since"].to_list()
    assert 2 in cells["since"].to_list()
    means = frame.assign(first=frame["first"].fillna(0)).groupby(["first", "year"])["y"].mean()
    change = means[2005, 2006] - means[2005, 2003] - (means[0, 2006] - means[0, 2003])
    np.testing.assert_allclose(cells.loc[2006, "estimate"], change, rtol=0, atol=1e-11)


def test_cohorts_without_a_period_before_treatment_are_left_out():
    frame = staggered(gaps=False)
    early = frame["first"] == 2002
    with pytest.warns(pv.PanelVarWarning, match="no period before treatment are left out: 2002"):
        result = pv.fit_sun_abraham(frame[frame["year"] >= 2002], "y | unit + year", cohort="first")
    rest = pv.fit_sun_abraham(frame[(frame["year"] >= 2002) & ~early], "y | unit + year", cohort="first")
    np.testing.assert_allclose(result.params, rest.params, rtol=1e-11)


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("method", ["sun-abraham", "two-way"])
def test_an_indicator_says_what_first_periods_say(method, step):
    frame = staggered(step=step)
    # The first row of treatment may be missing, and so the indicator is read as the data show it.
    seen = frame[frame["year"] >= frame["first"]].groupby("unit")["year"].min()
    frame["first"] = frame["unit"].map(seen)
    frame["on"] = (frame["year"] >= frame["first"]).astype(int)
    one = pv.fit_event_study(frame, "y | unit + year", cohort="first", method=method)
    other = pv.fit_event_study(frame, "y | unit + year", treatment="on", method=method)
    np.testing.assert_array_equal(one.fit.cells.since, other.fit.cells.since)
    np.testing.assert_array_equal(one.params, other.params)
    np.testing.assert_array_equal(one.cov, other.cov)
    # Counted as the labels are: the reference is the year two years before.
    assert one.fit.references.tolist() == [-step]
    assert set(one.fit.cells.since % step) == {0}


@pytest.mark.parametrize("never", [np.nan, np.inf, 0.0])
def test_never_is_missing_infinite_or_zero(never):
    frame = staggered()
    expected = pv.fit_sun_abraham(frame, "y | unit + year", cohort="first")
    result = pv.fit_sun_abraham(frame.fillna({"first": never}), "y | unit + year", cohort="first")
    np.testing.assert_array_equal(result.params, expected.params)
    assert any(note.code == "zero-is-never" for note in result.notes) == (never == 0.0)


def test_zero_is_a_period_where_there_is_one():
    frame = staggered().assign(year=lambda rows: rows["year"] - 2004, first=lambda rows: rows["first"] - 2004)
    result = pv.fit_sun_abraham(frame, "y | unit + year", cohort="first")
    assert 0 in result.to_frame().index.get_level_values("cohort")


def test_quarters_and_dates():
    frame = staggered()
    expected = pv.fit_sun_abraham(frame, "y | unit + year", cohort="first")
    start = pd.Period("1999Q4", "Q")
    as_quarters = frame.assign(
        year=[start + int(each - 2000) for each in frame["year"]],
        first=[pd.NaT if np.isnan(each) else start + int(each - 2000) for each in frame["first"]],
    )
    for data in (
        as_quarters,
        as_quarters.assign(
            year=as_quarters["year"].dt.to_timestamp(),
            first=pd.PeriodIndex(as_quarters["first"], freq="Q").to_timestamp(),
        ),
    ):
        result = pv.fit_sun_abraham(data, "y | unit + year", cohort="first")
        np.testing.assert_allclose(result.params, expected.params, rtol=1e-12)
        np.testing.assert_array_equal(result.fit.cells.since, expected.fit.cells.since)
    assert result.names[0].startswith("cohort[2000")


def test_other_covariances_and_panels():
    frame = staggered(units=160)
    frame["state"] = frame["unit"] // 4
    panel = pv.Panel(frame, "unit", "year")
    result = pv.fit_sun_abraham(panel, "y", cohort="first", cov=pv.Clustered("state"))
    assert dict(result.covariance.clusters) == {"state": 40}
    indexed = pv.fit_sun_abraham(frame.set_index(["unit", "year"]), "y", cohort="first", cov="HC1")
    np.testing.assert_allclose(indexed.params, result.params, rtol=1e-12)
    assert not np.allclose(indexed.std_errors, result.std_errors)


def test_errors_are_estimated_in_another_way_and_averages_have_their_degrees():
    frame = staggered(units=60, gaps=False).assign(first=lambda rows: rows["first"].replace(2002, np.nan))
    plain = pv.fit_sun_abraham(frame, "y | unit + year", cohort="first")
    reduced = plain.with_cov("CR2")
    whole = pv.fit_sun_abraham(frame, "y | unit + year", cohort="first", cov="CR2")
    np.testing.assert_array_equal(reduced.cov, whole.cov)
    # The overall effect as one combination of the effects.
    cells, late = reduced.to_frame(), reduced.to_frame()["since"] >= 0
    weights = np.where(late, cells["rows"], 0.0) / cells["rows"][late].sum()
    expression = " + ".join(f"{w!r} * `{name}`" for w, name in zip(weights.tolist(), reduced.names, strict=True) if w)
    one, other = reduced.lincom(expression), reduced.aggregate("overall")
    np.testing.assert_allclose(other.std_errors["overall"], one.std_error, rtol=1e-10)
    np.testing.assert_allclose(other.df_coefficients["overall"], one.df, rtol=1e-8)
    assert other.df_coefficients["overall"] < 59
    with pytest.raises(AttributeError, match="ask the effects"):
        other.with_cov("cluster")


def test_an_event_study_of_effects_is_drawn_beside_others():
    frame = staggered(gaps=False, units=80)
    one = pv.fit_sun_abraham(frame[frame["first"] != 2002], "y | unit + year", cohort="first")
    other = pv.fit_two_way_event_study(frame[frame["first"] != 2002], "y | unit + year", cohort="first")
    figure = pv.plot_event_study({"Sun-Abraham": one, "Two-way": other})
    assert len(figure.axes) == 1
    np.testing.assert_array_equal(one.event_study().result.params, one.aggregate("event").params)
    with pytest.raises(pv.SpecificationError, match="averages by period since treatment"):
        one.aggregate("cohort").event_study()
    with pytest.raises(pv.SpecificationError, match="has no use here"):
        one.event_study("x")
