"""Notes on the levels of factors: a line however many there are, and what to do about missing ones."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import panelvar as pv


@pytest.fixture(scope="module")
def states():
    rng = np.random.default_rng(0)
    states, years = 30, 15
    frame = pd.DataFrame({"state": np.repeat(np.arange(states), years), "year": np.tile(np.arange(years), states)})
    cohort = np.where(np.arange(states) % 3 == 0, 0, 4 + np.arange(states) % 8)[frame["state"]]
    frame["cohort"] = cohort
    frame["since"] = np.where(cohort > 0, frame["year"] - cohort, np.nan)
    frame["y"] = rng.standard_normal(len(frame)) + 0.3 * (frame["since"] >= 0)
    return frame


def fitted(frame, formula):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = pv.fit_fixed_effects(pv.Panel(frame, entity="state", time="year"), formula)
    return fit, [str(each.message) for each in caught]


def test_many_dropped_regressors_are_one_warning_that_counts_and_names_three(states):
    fit, said = fitted(states, "y ~ i(cohort, i.year) | state + year")
    (text,) = said
    dropped = (8 + 1) * 15 - len(fit.names)
    assert text.startswith(f"{dropped} regressors (") and f" and {dropped - 3} others) dropped: each equal to" in text
    assert text.count("i(cohort, i.year)") == 3
    assert len(text) < 300


def test_rows_without_a_level_are_counted_once_and_their_advice_works(states):
    fit, said = fitted(states, "y ~ i(since, ref=-1) | state + year")
    (rows,) = (text for text in said if "rows dropped" in text)
    missing = int(states["since"].isna().sum())
    assert rows.startswith(f"{missing} of 450 rows dropped for missing values: i(since, ref=-1) ({missing}). A row")
    assert fit.nobs == 450 - missing and len(rows) < 400
    # What the note advises keeps all rows, and leaves out the level of the never treated.
    kept, said = fitted(states.fillna({"since": -1000}), "y ~ i(since, ref=[-1, -1000]) | state + year")
    assert kept.nobs == 450 and said == []
    assert len(kept.names) - 1 == states["since"].nunique() - 1


def test_the_advice_on_missing_levels_works_for_pairs(states):
    untreated = states.assign(cohort=states["cohort"].where(states["cohort"] > 0))
    missing = int(untreated["cohort"].isna().sum())
    fit, said = fitted(untreated, "y ~ i(cohort, i.year, ref=4) | state + year")
    assert fit.nobs == 450 - missing
    (rows,) = (text for text in said if "rows dropped" in text)
    assert "A row without a level of i(cohort, i.year, ref=4) is left out. If that means never treated, give" in rows
    kept, said = fitted(untreated.fillna({"cohort": -1000}), "y ~ i(cohort, i.year, ref=[4, -1000]) | state + year")
    assert kept.nobs == 450 and not any("rows dropped" in text for text in said)
