"""Averages over periods against regressions in a loop, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from twins import X, gappy_frame

import panelvar as pv


def loop(frame):
    """Coefficients of each year's regression, constant first."""
    out = {}
    for year, rows in frame.groupby("year"):
        design = np.column_stack([np.ones(len(rows)), rows[X]])
        if len(rows) > design.shape[1]:
            out[year] = np.linalg.lstsq(design, rows["y"], rcond=None)[0]
    return pd.DataFrame(out).T


@pytest.mark.parametrize(
    ("kernel", "lags", "weight"),
    [
        ("bartlett", 0, lambda d: float(d == 0)),
        ("bartlett", 3, lambda d: max(0.0, 1.0 - d / 4.0)),
        ("parzen", 1, lambda d: {0: 1.0, 1: 0.25}.get(d, 0.0)),
    ],
)
def test_average_and_covariance(kernel, lags, weight):
    frame = gappy_frame(5, 20, 9, 0.8)
    frame = frame[frame["year"] != 2004]
    result = pv.fit_fama_macbeth(pv.Panel(frame, "entity", "year"), "y", X, kernel=kernel, lags=lags)
    years = loop(frame)
    gaps = years - years.mean()
    count = len(years)
    cov = sum(weight(abs(t - s)) * np.outer(gaps.loc[t], gaps.loc[s]) for t in years.index for s in years.index) / (
        count * (count - 1)
    )
    np.testing.assert_allclose(result.params, years.mean(), rtol=1e-11)
    np.testing.assert_allclose(result.cov, cov, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(result.individual, years, rtol=1e-10)
    assert list(result.individual.index) == sorted(frame["year"].unique())
    assert (result.n_periods, result.n_entities, result.df_inference) == (8, 20, 7)
    own = years.loc[frame["year"]].to_numpy()
    residuals = frame["y"] - own[:, 0] - (own[:, 1:] * frame[X]).sum(axis=1)
    pd.testing.assert_series_equal(result.resids.sort_index(), residuals.sort_index(), check_names=False, rtol=1e-9)
    assert result.df_resid == len(frame) - 3 * 8
    sizes = frame["entity"].value_counts()
    assert result.periods_per_entity == (sizes.min(), sizes.mean(), sizes.max())
    text = str(result)
    assert "Fama-MacBeth" in text and "R2 by period" in text


def test_lags_may_count_the_periods_there_are():
    frame = gappy_frame(5, 20, 9, 0.8)
    frame = frame[frame["year"] != 2004]
    closed = frame.assign(year=frame["year"].where(frame["year"] < 2004, frame["year"] - 1))
    rows = pv.Convention("rows", kernel_distance="rows")
    one = pv.fit_fama_macbeth(pv.Panel(frame, "entity", "year"), "y", X, lags=2, convention=rows)
    two = pv.fit_fama_macbeth(pv.Panel(closed, "entity", "year"), "y", X, lags=2)
    calendar = pv.fit_fama_macbeth(pv.Panel(frame, "entity", "year"), "y", X, lags=2)
    np.testing.assert_allclose(one.cov, two.cov, rtol=1e-10)
    assert abs(calendar.std_errors / one.std_errors - 1.0).max() > 1e-3


def test_lags_of_regressors_are_taken_on_the_calendar_first():
    frame = gappy_frame(5, 20, 9, 0.8)
    panel = pv.Panel(frame, "entity", "year")
    lagged = frame.assign(before=pd.Series(panel.lag("x1"), index=panel.index))
    with pytest.warns(pv.PanelVarWarning, match="missing|lost|dropped"):
        one = pv.fit_fama_macbeth(panel, "y ~ L(x1)")
    two = pv.fit_fama_macbeth(pv.Panel(lagged.dropna(subset=["before"]), "entity", "year"), "y", ["before"])
    np.testing.assert_allclose(one.params, two.params, rtol=1e-11)
    np.testing.assert_allclose(one.std_errors, two.std_errors, rtol=1e-10)


def test_periods_without_a_regression():
    frame = gappy_frame(5, 20, 9, 0.8)
    thin = frame[(frame["year"] != 2003) | frame["entity"].isin(["e01", "e05"])]
    panel = pv.Panel(thin, "entity", "year")
    with pytest.warns(pv.PanelVarWarning, match=r"1 of 9 periods left out .first 3.: 1 with fewer than 4 rows"):
        result = pv.fit_fama_macbeth(panel, "y", X)
    np.testing.assert_allclose(result.params, loop(thin[thin["year"] != 2003]).mean(), rtol=1e-11)
    assert 2003 not in result.individual.index
    with pytest.raises(pv.InsufficientDataError, match="1 of 9 periods have no regression"):
        pv.fit_fama_macbeth(panel, "y", X, unusable="raise")
    constant = frame.assign(x2=frame["year"] * 1.0)
    with pytest.raises(pv.CollinearityError, match="within the period"):
        pv.fit_fama_macbeth(pv.Panel(constant, "entity", "year"), "y", X)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lags": 9}, "less than the 9 periods"),
        ({"lags": 1.5}, "whole number"),
        ({"lags": True}, "whole number"),
        ({"lags": -1, "kernel": "quadratic-spectral"}, "bandwidth"),
        ({"kernel": "bartlet"}, "bartlett"),
        ({"min_rows": 2}, "each period has"),
    ],
)
def test_refusals(options, message):
    panel = pv.Panel(gappy_frame(5, 20, 9, 0.8), "entity", "year")
    with pytest.raises(pv.SpecificationError, match=message):
        pv.fit_fama_macbeth(panel, "y", X, **options)
