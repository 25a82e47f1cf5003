"""Within and between lines against the estimators."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.panels.static.within_between import least_squares_line, within_between


def panel(level: float = 0.0) -> pv.Panel:
    rng = np.random.default_rng(5)
    rows = [(f"e{i}", t) for i in range(9) for t in range(i % 4 + 3)]
    frame = pd.DataFrame(rows, columns=["entity", "time"])
    own = frame["entity"].str[1:].astype(float)
    frame["x"] = own + rng.normal(size=len(frame)) + level
    frame["y"] = 2.0 * own - 0.7 * frame["x"] + rng.normal(size=len(frame))
    return pv.Panel(frame, "entity", "time")


def test_slopes_are_the_estimators():
    found = within_between(panel(), "y", "x")
    for line, fit in (
        (found.within, pv.fit_fixed_effects),
        (found.between, pv.fit_between),
        (found.pooled, pv.fit_pooled),
    ):
        assert line.slope == pytest.approx(fit(panel(), "y", "x").params["x"], rel=1e-10)
    pooled = pv.fit_pooled(panel(), "y", "x")
    assert found.pooled(np.zeros(1))[0] == pytest.approx(pooled.params["const"], rel=1e-10)


def test_parts_are_deviations_and_means():
    found, data = within_between(panel(), "y", "x"), panel()
    x = pd.Series(data.column("x"))
    means = x.groupby(data.entity_codes).mean()
    np.testing.assert_allclose(found.mean_x, means, rtol=1e-13)
    np.testing.assert_allclose(found.within_x, x - means[data.entity_codes].to_numpy() + x.mean(), rtol=1e-12)
    assert list(found.labels) == list(data.entity_labels)


def test_slopes_do_not_lose_digits_at_a_level():
    near, far = within_between(panel(), "y", "x"), within_between(panel(1e7), "y", "x")
    assert far.within.slope == pytest.approx(near.within.slope, rel=1e-6)


def test_what_does_not_vary_within_has_no_line():
    data = panel()
    fixed = data.with_columns(panel_order=True, f=np.sqrt(2.0 + data.entity_codes))
    found = within_between(fixed, "y", "f")
    assert found.within is None
    assert found.between is not None
    assert least_squares_line(np.full(4, 0.1), np.arange(4.0)) is None


def test_rows_without_both_are_left_out_with_a_warning():
    data = panel()
    gappy = data.with_columns(panel_order=True, z=np.where(np.arange(data.nobs) == 3, np.nan, data.column("x")))
    with pytest.warns(pv.PanelVarWarning, match="1 of 39 rows lack 'z' or 'y'"):
        assert len(within_between(gappy, "y", "z").x) == data.nobs - 1


def test_a_slope_may_leave_the_range_of_numbers_and_the_line_does_not():
    x, y = 2.0 * np.arange(5.0), np.array([1.0, 3.0, 2.0, 5.0, 4.0])
    plain = least_squares_line(x, y)
    for unit in (1e-310, 5e-324):
        steep = least_squares_line(x * unit, y)
        assert steep.slope == np.inf
        np.testing.assert_allclose(steep(x * unit), plain(x), rtol=1e-12)
