"""Weights of effects in two-way event studies, a second time: a dense regression for each effect's indicator."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from panels.treatments.test_cell_regressions import staggered, with_dummies

import panelvar as pv

pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")


def rows(never=True):
    frame = staggered(never=never)
    # Nobody is treated in all periods.
    return frame[frame["year"] >= 2000].reset_index(drop=True)


def indicators(frame, since):
    relative = (frame["year"] - frame["first"]).to_numpy()
    return np.column_stack([(relative == each).astype(float) for each in since])


@pytest.mark.parametrize("formula", ["y | unit + year", "y ~ x | unit + year"])
@pytest.mark.parametrize("never", [True, False])
@pytest.mark.parametrize("anticipation", [0, 1])
def test_weights_by_regressions_of_indicators(never, formula, anticipation):
    frame = rows(never)
    found = pv.weigh_event_study(frame, formula, cohort="first", anticipation=anticipation)
    fit = pv.fit_two_way_event_study(frame, formula, cohort="first", anticipation=anticipation)
    assert list(fit.params.index) == [f"since[{each}]" for each in found.since]
    np.testing.assert_allclose(found.coefficients, fit.params, rtol=1e-13)
    table = found.to_frame()
    expected = frame.dropna(subset="first")[["first", "year"]].drop_duplicates()
    assert set(table.index) == set(zip(expected["first"], expected["year"] - expected["first"], strict=True))
    cells = indicators(frame, found.since)
    for (cohort, since), weights in table.iterrows():
        own = ((frame["first"] == cohort) & (frame["year"] - frame["first"] == since)).astype(float)
        dense, _ = with_dummies(frame.assign(y=own), cells, ["x"] if "x" in formula else [])
        np.testing.assert_allclose(weights, dense, atol=1e-11)
    sums = table.groupby(level="since").sum()
    left_out = sums.index.isin(found.references)
    np.testing.assert_allclose(sums[~left_out], np.eye(len(found.since)), atol=1e-12)
    np.testing.assert_allclose(sums[left_out].sum(), -1.0, atol=1e-11)
    others = found.by_coefficient()
    inside = table.index.get_level_values("since")
    for since in found.since:
        size = table[since][(inside != since) & ~inside.isin(found.references)].abs().sum()
        np.testing.assert_allclose(others.loc[since, "others"], size, rtol=1e-12)


def test_coefficients_are_weighted_sums_of_effects():
    """Without errors, whatever the effects of cohorts in their periods are, before treatment too."""
    frame = rows()
    found = pv.weigh_event_study(frame, "y ~ x | unit + year", cohort="first")
    effects = pd.Series(np.random.default_rng(6).standard_normal(len(found.cohort)), index=found.to_frame().index)
    key = pd.MultiIndex.from_arrays([frame["first"], frame["year"] - frame["first"]])
    frame["y"] = effects.reindex(key).fillna(0.0).to_numpy() + 0.3 * frame["unit"] + np.sin(frame["year"]) + frame["x"]
    exact = pv.weigh_event_study(frame, "y ~ x | unit + year", cohort="first")
    np.testing.assert_allclose(exact.weights.T @ effects.to_numpy(), exact.coefficients, atol=1e-10)


def test_tables_figures_and_bad_input():
    frame = rows()
    found = pv.weigh_event_study(frame, "y | unit + year", cohort="first")
    assert max(map(len, str(found).splitlines())) <= 80
    np.testing.assert_array_equal(found.summary().to_frame()["Estimate"], found.coefficients)
    (panel,) = found.plot(since=1).axes
    drawn = {tuple(spot) for line in panel.lines for spot in np.round(line.get_xydata(), 12)}
    column = found.to_frame()[1].reset_index("since").round(12)
    assert set(column.itertuples(index=False, name=None)) <= drawn
    for since in (-1, 77, "all", 0.5):
        with pytest.raises(pv.SpecificationError, match=r"has no coefficient\. These have"):
            found.plot(since=since)
    with pytest.raises(pv.InsufficientDataError, match="do not differ in the periods since their treatment"):
        pv.weigh_event_study(frame[frame["first"] == 2005], "y | unit + year", cohort="first")
    with pytest.raises(pv.InsufficientDataError, match="No entity is observed"):
        pv.weigh_event_study(frame[frame["year"] >= frame["first"].fillna(0)], "y | unit + year", cohort="first")
