"""What a two-way coefficient averages, a second time: means by loops, and dense regressions pair by pair."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from panels.treatments.test_cell_regressions import staggered

import panelvar as pv


def balanced(always=True, never=True, seed=3):
    frame = staggered(units=40, gaps=False, never=never, seed=seed)
    if always:
        frame.loc[frame["first"] == 2002, "first"] = 1990.0
    frame["z"] = np.random.default_rng(5).standard_normal(len(frame)) + 0.2 * (frame["year"] >= frame["first"])
    return frame


def residual(values, frame, regressors=()):
    """What is left of values after both effects and the regressors, with a column for every dummy."""
    columns = [pd.get_dummies(frame["unit"]).to_numpy(float), pd.get_dummies(frame["year"]).to_numpy(float)]
    dense = np.column_stack([*columns, frame[list(regressors)].to_numpy(float)])
    return values - dense @ np.linalg.lstsq(dense, values, rcond=None)[0]


def coefficient(frame, treated, regressors=()):
    left = residual(treated, frame, regressors)
    return left @ frame["y"].to_numpy() / (left @ left), left


def starts(frame):
    """First period with treatment; minus infinity for the always treated, infinity for the never treated."""
    first = frame["first"].fillna(np.inf)
    return first.where(first > frame["year"].min(), -np.inf).to_numpy()


def label(start):
    return {np.inf: "never", -np.inf: "always"}.get(start, start)


@pytest.mark.parametrize(("always", "never"), [(True, True), (False, True), (True, False), (False, False)])
def test_comparisons_are_differences_of_means(always, never):
    frame = balanced(always, never)
    parts = pv.decompose_two_way_effects(frame, "y | unit + year", cohort="first")
    table = parts.to_frame().set_index(["treated", "compared_with"])
    first, year, y = starts(frame), frame["year"].to_numpy(), frame["y"].to_numpy()
    treated = (year >= first).astype(float)
    expected = {}
    for k in np.unique(first):
        for other in np.unique(first):
            if k == other or not np.isfinite(k):
                continue
            # Periods in which the other does not change its treatment.
            window = (year < other) if k < other else (year >= other)
            rows = window & ((first == k) | (first == other))
            mean = {(g, on): y[rows & (first == g) & ((year >= k) == on)].mean() for g in (k, other) for on in (0, 1)}
            gap = mean[k, 1] - mean[k, 0] - mean[other, 1] + mean[other, 0]
            # The weight is the share of treatment's variation, squared by the share of rows.
            left = residual(treated[rows], frame[rows])
            expected[label(k), label(other)] = (gap, rows.sum() * (left @ left))
    total = sum(weight for _, weight in expected.values())
    assert set(table.index) == set(expected)
    for key, (gap, weight) in expected.items():
        np.testing.assert_allclose(
            table.loc[key, ["estimate", "weight"]].astype(float), [gap, weight / total], rtol=1e-9
        )
    whole, _ = coefficient(frame, treated)
    np.testing.assert_allclose(parts.coefficient, whole, rtol=1e-11)
    np.testing.assert_allclose(table["weight"].sum(), 1.0, rtol=1e-14)
    np.testing.assert_allclose((table["weight"] * table["estimate"]).sum(), parts.coefficient, rtol=1e-12)
    kinds = parts.by_kind()
    np.testing.assert_allclose((kinds["weight"] * kinds["estimate"]).sum(), parts.coefficient, rtol=1e-12)
    assert kinds["comparisons"].sum() == len(table)


@pytest.mark.parametrize("always", [True, False])
def test_with_regressors_by_dense_regressions(always):
    frame = balanced(always)
    parts = pv.decompose_two_way_effects(frame, "y ~ x + z | unit + year", cohort="first")
    table = parts.to_frame()
    first, year = starts(frame), frame["year"].to_numpy()
    whole, left = coefficient(frame, (year >= first).astype(float), ["x", "z"])
    np.testing.assert_allclose(parts.coefficient, whole, rtol=1e-11)
    np.testing.assert_allclose((table["weight"] * table["estimate"]).sum(), whole, rtol=1e-11)
    np.testing.assert_allclose(table["weight"].sum(), 1.0, rtol=1e-14)
    average = pd.Series(left).groupby([first, year]).transform("mean").to_numpy()
    inside = left - average
    within = table[table["kind"] == "within cohorts"].iloc[0]
    assert {type(each) for each in table["treated"]} <= {int, np.int64, str, type(None)}
    expected = [inside @ frame["y"] / (inside @ inside), inside @ inside / (left @ left)]
    np.testing.assert_allclose([within["estimate"], within["weight"]], expected, rtol=1e-9)
    cohorts = np.unique(first)
    pairs = table[table["kind"] != "within cohorts"]
    assert len(pairs) == len(cohorts) * (len(cohorts) - 1) // 2
    named = {frozenset((a, b)): (e, w) for a, b, _, e, w in pairs.itertuples(index=False)}
    for place, k in enumerate(cohorts):
        for other in cohorts[place + 1 :]:
            rows = (first == k) | (first == other)
            # The treatment's cohort means, in the pair's rows alone.
            own = residual(average[rows], frame[rows])
            estimate, weight = named[frozenset((label(k), label(other)))]
            np.testing.assert_allclose(estimate, own @ frame["y"].to_numpy()[rows] / (own @ own), rtol=1e-8)
            share = rows.sum() * (own @ own) / (len(frame) * (left @ left))
            np.testing.assert_allclose(weight, share, rtol=1e-8)


def test_regressors_that_cohorts_share_leave_nothing_within_cohorts():
    frame = balanced()
    frame["trend"] = frame["first"].fillna(2003.0) * (frame["year"] - 2003) ** 2
    parts = pv.decompose_two_way_effects(frame, "y ~ trend | unit + year", cohort="first")
    table = parts.to_frame()
    assert "within cohorts" not in set(table["kind"])
    np.testing.assert_allclose((table["weight"] * table["estimate"]).sum(), parts.coefficient, rtol=1e-9)


def test_effects_that_grow_make_late_comparisons_too_low():
    """Without errors, late comparisons subtract growth; the table says how much weight they have."""
    unit, year = np.repeat(np.arange(20), 10), np.tile(np.arange(2000, 2010), 20)
    first = np.where(unit < 10, 2002, 2006)
    on = year >= first
    frame = pd.DataFrame({"unit": unit, "year": year, "y": on * (1.0 + year - first), "on": on * 1.0})
    parts = pv.decompose_two_way_effects(frame, "y | unit + year", treatment="on")
    kinds = parts.by_kind()
    # From 2002 to 2005 to 2006 to 2009 the effect on the early rises by 4, that on the late is 2.5 on average.
    assert kinds.loc["later vs earlier treated", "estimate"] == pytest.approx(2.5 - 4.0)
    assert kinds.loc["earlier vs later treated", "estimate"] == pytest.approx(2.5)
    text = " ".join(str(parts).split())
    share = 100 * kinds.loc["later vs earlier treated", "weight"]
    assert f"{share:.1f}% of the weight lies on comparisons with entities that are treated already" in text
    assert "Without them the weighted mean is 2.5000" in text


def test_tables_and_figures():
    frame = balanced()
    plain = pv.decompose_two_way_effects(frame, "y | unit + year", cohort="first")
    two = frame[frame["first"].isna() | (frame["first"] == 2005)]
    clean = pv.decompose_two_way_effects(two, "y | unit + year", cohort="first")
    assert "No comparison is with entities that are treated already." in str(clean)
    assert clean.to_frame()["weight"].tolist() == [1.0]
    controlled = pv.decompose_two_way_effects(frame, "y ~ x | unit + year", cohort="first")
    assert "differences within cohorts" in " ".join(str(controlled).split())
    for parts in (plain, clean, controlled):
        assert max(map(len, str(parts).splitlines())) <= 80
        table = parts.summary().to_frame()
        assert table.loc["Two-way coefficient", "Estimate"] == parts.coefficient
        (panel,) = parts.plot().axes
        spots = {tuple(spot) for line in panel.lines if line.get_linestyle() == "None" for spot in line.get_xydata()}
        assert spots == set(parts.to_frame()[["weight", "estimate"]].itertuples(index=False, name=None))


def test_bad_input_is_named():
    frame = balanced()
    call = pv.decompose_two_way_effects
    gaps = frame.drop(frame.index[(frame["unit"] == 7) & (frame["year"] == 2003)])
    with pytest.raises(pv.DataError, match=re.escape("1 entity lacks periods (7: 2003).")):
        call(gaps, "y | unit + year", cohort="first")
    missing = frame.assign(y=frame["y"].where((frame["unit"] != 7) | (frame["year"] != 2003)))
    with pytest.raises(pv.DataError, match=re.escape("1 entity lacks periods (7: 2003).")):
        call(missing, "y | unit + year", cohort="first")
    with pytest.raises(pv.InsufficientDataError, match=r"are treated from 2004 on.*treated later, or never"):
        call(frame[frame["first"] == 2004], "y | unit + year", cohort="first")
    with pytest.raises(pv.InsufficientDataError, match="Every entity is always treated and never treated"):
        call(frame[frame["first"].isna() | (frame["first"] == 1990)], "y | unit + year", cohort="first")
    copied = frame.assign(copy=2.0 * (frame["year"] >= frame["first"]))
    with pytest.raises(pv.InsufficientDataError, match=r"regressors \(copy\) explain the treatment"):
        call(copied, "y ~ copy | unit + year", cohort="first")
