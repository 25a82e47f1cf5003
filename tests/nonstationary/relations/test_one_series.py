"""Cointegrating regressions of one series, from a table without an entity."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv

ESTIMATORS = [pv.fit_fmols, pv.fit_dols, pv.fit_ccr]


def series(periods=90):
    rng = np.random.default_rng(12)
    x = rng.standard_normal((periods, 2)).cumsum(axis=0)
    y = 1.0 + x @ [1.0, 0.5] + rng.standard_normal(periods)
    index = pd.period_range("1990Q1", periods=periods, freq="Q", name="quarter")
    return pd.DataFrame({"y": y, "a": x[:, 0], "b": x[:, 1]}, index)


@pytest.mark.parametrize("fit", ESTIMATORS)
@pytest.mark.parametrize("options", [{}, {"trend": "ct"}, {"kernel": "bartlett"}])
def test_a_table_is_a_panel_of_one_entity(fit, options):
    frame = series()
    if fit is not pv.fit_dols and options.get("cov"):
        options = {"kernel": "bartlett"}
    one, panel = fit(frame, "y ~ a + b", **options), fit(pv.Panel(frame), "y ~ a + b", **options)
    pd.testing.assert_series_equal(one.params, panel.params)
    pd.testing.assert_series_equal(one.std_errors, panel.std_errors)
    shuffled = frame.sample(frac=1.0, random_state=3)
    pd.testing.assert_series_equal(fit(shuffled, "y", ["a", "b"], **options).params, one.params)


@pytest.mark.parametrize("fit", ESTIMATORS)
def test_rows_that_are_only_counted_are_warned_of(fit):
    frame = series().reset_index(drop=True)
    with pytest.warns(pv.PanelVarWarning, match=r"periods of one series.*Panel\(data, entity=..., time=...\)"):
        counted = fit(frame, "y ~ a + b")
    pd.testing.assert_series_equal(counted.params, fit(series(), "y ~ a + b").params)


@pytest.mark.parametrize("fit", ESTIMATORS)
def test_what_is_refused_is_said_of_the_series(fit):
    with pytest.raises(
        pv.InsufficientDataError, match=r"^The series has 4 periods, but \d+ are needed [^:]*adjustment\.$"
    ):
        fit(series(4), "y ~ a + b")
    with pytest.raises(pv.DataError, match="The series lacks 1 period"):
        fit(series().drop(series().index[40]), "y ~ a + b")
