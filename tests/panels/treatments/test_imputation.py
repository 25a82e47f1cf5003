"""Imputation a second time: dummies for everything, and the weights of every outcome in every effect."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from panels.treatments.test_cell_regressions import staggered

import panelvar as pv

pytestmark = pytest.mark.filterwarnings("ignore:Some cohorts have fewer")


def by_definition(frame, cells, regressors=(), weights=None, *, leave_out=False, anticipation=0):
    """Effects of cells and what each unit adds to them: v = (w on treated rows, -Z0 (Z0'Z0)^-1 Z1'w on the others)."""
    since = (frame["year"] - frame["first"]).to_numpy()
    treated = since >= -anticipation
    design = np.column_stack([
        pd.get_dummies(frame["unit"]).to_numpy(float),
        pd.get_dummies(frame["year"]).to_numpy(float),
        frame[list(regressors)].to_numpy(float).reshape(len(frame), -1),
    ])  # fmt: skip
    omega = np.ones(len(frame)) if weights is None else frame[weights].to_numpy()
    y = frame["y"].to_numpy()
    inverse = np.linalg.pinv((design[~treated] * omega[~treated, None]).T @ design[~treated])
    coefficients = inverse @ (design[~treated] * omega[~treated, None]).T @ y[~treated]
    errors = y - design @ coefficients
    units = frame["unit"].to_numpy()
    effects, influence = [], []
    for cohort, period in cells:
        own = ((frame["first"] == cohort) & (frame["year"] == period)).to_numpy()
        w = np.where(own, omega, 0.0) / omega[own].sum()
        v = w.copy()
        v[~treated] = -(design[~treated] * omega[~treated, None]) @ inverse @ (design[treated].T @ w[treated])
        np.testing.assert_allclose(v @ y, w @ errors, atol=1e-10)
        effects.append(v @ y)
        left = np.where(treated, 0.0, errors)
        for row in np.flatnonzero(own):
            others = own.copy()
            others[row] = not leave_out
            left[row] = errors[row] - (w[others] ** 2 @ errors[others]) / (w[others] ** 2).sum()
        influence.append([(v * left)[units == unit].sum() for unit in np.unique(units)])
    return np.array(effects), np.array(influence).T


def rows_of(anticipation=0):
    """Units with an untreated row."""
    frame = staggered(units=60)
    frame = frame[frame["first"] != 2002].reset_index(drop=True)
    return frame[frame["unit"].isin(frame.loc[~(frame["year"] - frame["first"] >= -anticipation), "unit"])]


@pytest.mark.parametrize("leave_out", [False, True])
@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("formula", ["y ~ 1 | unit + year", "y ~ x | unit + year"])
@pytest.mark.parametrize("anticipation", [0, 1])
def test_effects_and_errors_by_definition(formula, weights, leave_out, anticipation):
    frame = rows_of(anticipation)
    result = pv.fit_imputation(
        frame,
        formula,
        cohort="first",
        weights=weights,
        anticipation=anticipation,
        leads=0,
        errors="leave-out" if leave_out else "conservative",
    )
    cells = result.to_frame().index
    assert list(cells) == [
        (g, t)
        for g in (2004, 2005, 2006)
        for t in range(g - anticipation, 2008)
        if ((frame["first"] == g) & (frame["year"] == t)).any()
    ]
    effects, influence = by_definition(
        frame, cells, ["x"] if "x" in formula else [], weights, leave_out=leave_out, anticipation=anticipation
    )
    np.testing.assert_allclose(result.params, effects, rtol=1e-10, atol=1e-11)
    expected = influence.T @ influence
    np.testing.assert_allclose(result.cov, expected, rtol=1e-8, atol=1e-11 * np.abs(expected).max())
    # By clusters above the units.
    state = frame["unit"] // 3
    by_state = pv.fit_imputation(
        frame.assign(state=state),
        formula,
        cohort="first",
        weights=weights,
        anticipation=anticipation,
        leads=0,
        errors="leave-out" if leave_out else "conservative",
        cov=pv.Clustered("state"),
    )
    states = state.groupby(frame["unit"]).first().to_numpy()
    sums = np.array([influence[states == each].sum(axis=0) for each in np.unique(states)])
    np.testing.assert_allclose(by_state.cov, sums.T @ sums, rtol=1e-8, atol=1e-11 * np.abs(expected).max())


def test_leads_are_those_of_a_regression_of_untreated_rows():
    frame = rows_of()
    result = pv.fit_imputation(frame, "y ~ x | unit + year", cohort="first", leads=2)
    untreated = frame[~(frame["year"] >= frame["first"])].copy()
    untreated["since"] = (
        (untreated["year"] - untreated["first"]).where(lambda each: each >= -2, -9).fillna(-9).astype(int)
    )
    fit = pv.fit_fixed_effects(
        pv.Panel(untreated, "unit", "year"), "y ~ x + i(since, ref=-9)", effects="twoway", cov="cluster", constant=False
    )
    leads = [f"i(since, ref=-9)[T.{each}]" for each in (-2, -1)]
    names = ["since[-2]", "since[-1]"]
    np.testing.assert_allclose(result.params[names], fit.params[leads], rtol=1e-10)
    plain = fit.cov.loc[leads, leads] / fit.covariance.factor
    np.testing.assert_allclose(result.cov.loc[names, names], plain, rtol=1e-8)
    assert not result.event_study().references.any()
    every = pv.fit_imputation(frame, "y ~ x | unit + year", cohort="first", leads=99)
    assert every.event_study().periods[every.event_study().references].tolist() == [-6]


def test_covariances_of_leads_and_effects_are_joint():
    """A test of all is chi-squared: it is that of the influences of the units."""
    frame = rows_of()
    result = pv.fit_imputation(frame, "y | unit + year", cohort="first", leads=2)
    assert result.cov.shape == (len(result.names),) * 2
    assert np.abs(result.cov.iloc[:2, 2:].to_numpy()).max() > 0.0
    values = np.linalg.eigvalsh(result.cov.to_numpy())
    assert values[0] > -1e-12 * values[-1]
    study = result.event_study()
    assert study.leads_test.in_a_line().startswith("chi2(2)")


def test_what_cannot_be_imputed_is_left_out_and_said():
    frame = staggered(gaps=False, units=60)
    frame = frame[frame["year"] >= 2002]
    with pytest.warns(pv.PanelVarWarning, match=r"entities without an untreated row are left out"):
        result = pv.fit_imputation(frame, "y | unit + year", cohort="first", leads=0)
    rest = frame[frame["first"] != 2002]
    other = pv.fit_imputation(rest, "y | unit + year", cohort="first", leads=0)
    np.testing.assert_allclose(result.params, other.params, rtol=1e-12)
    never = rest[rest["first"].notna()]
    with pytest.warns(pv.PanelVarWarning, match=r"periods in which all are treated are left out: 2006, 2007"):
        last = pv.fit_imputation(never, "y | unit + year", cohort="first", leads=0)
    assert set(last.to_frame().index.get_level_values("cohort")) == {2004, 2005}


def test_what_has_no_answer_is_refused():
    frame = staggered(gaps=False, units=60).assign(state=lambda rows: rows["unit"] // 3 + (rows["year"] == 2003))
    frame = frame[frame["first"] != 2002]
    options = {"cohort": "first", "leads": 0}
    with pytest.raises(pv.SpecificationError, match="is not offered here"):
        pv.fit_imputation(frame, "y | unit + year", cov="HC1", **options)
    with pytest.raises(pv.DataError, match=r"cut across [45][0-9] entities"):
        pv.fit_imputation(frame, "y | unit + year", cov=pv.Clustered("state"), **options)
    with pytest.raises(pv.InsufficientDataError, match="nothing to impute from"):
        pv.fit_imputation(frame.assign(first=2000), "y | unit + year", **options)
    alone = frame[~((frame["first"] == 2005) & (frame["unit"] != frame.loc[frame["first"] == 2005, "unit"].min()))]
    with pytest.raises(pv.InsufficientDataError, match=r"have one entity\. Use errors='conservative'"):
        pv.fit_imputation(alone, "y | unit + year", errors="leave-out", **options)
    even = frame["unit"] % 2 == 0
    parts = frame[np.where(even, frame["year"] < 2004, frame["year"] >= 2004)]
    treated = frame[frame["unit"].isin(parts["unit"]) & (frame["first"] <= frame["year"])]
    with pytest.raises(pv.InsufficientDataError, match="share neither an entity nor a period"):
        pv.fit_imputation(pd.concat([parts, treated]).drop_duplicates(), "y | unit + year", **options)


@pytest.mark.parametrize("method", ["sun-abraham", "imputation", "two-way"])
def test_influences_are_derivatives_by_the_weight_of_an_entity(method):
    frame = rows_of().assign(w=1.0)
    result = pv.fit_event_study(frame, "y ~ x | unit + year", cohort="first", method=method, weights="w")
    influence = result.influence
    assert influence.shape == (frame["unit"].nunique(), len(result.names))
    step = 1e-5
    for unit in influence.index[[0, 7, 20, -1]]:
        moved = [
            pv.fit_event_study(
                frame.assign(w=np.where(frame["unit"] == unit, 1.0 + sign * step, 1.0)),
                "y ~ x | unit + year",
                cohort="first",
                method=method,
                weights="w",
            ).params
            for sign in (1, -1)
        ]
        np.testing.assert_allclose((moved[0] - moved[1]) / (2 * step), influence.loc[unit], rtol=0, atol=1e-7)
    if method != "imputation":
        squares = influence.to_numpy().T @ influence.to_numpy() * result.covariance.factor
        np.testing.assert_allclose(squares, result.cov, rtol=1e-9, atol=1e-12)
