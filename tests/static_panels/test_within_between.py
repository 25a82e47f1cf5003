"""Within and between lines against the estimators, effects' intervals against their errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import panelvar as pv
from panelvar.static_panels.effects import effect_intervals
from panelvar.static_panels.within_between import least_squares_line, within_between


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
    # Of so little variation the slope is beyond the range of numbers.
    assert least_squares_line(5e-324 * np.arange(4.0), 10.0 * np.arange(4.0)) is None


def test_rows_without_both_are_left_out_with_a_warning():
    data = panel()
    gappy = data.with_columns(panel_order=True, z=np.where(np.arange(data.nobs) == 3, np.nan, data.column("x")))
    with pytest.warns(pv.PanelVarWarning, match="1 of 39 rows lack 'z' or 'y'"):
        assert len(within_between(gappy, "y", "z").x) == data.nobs - 1


@pytest.mark.parametrize("kind", ["deviation", "level"])
def test_effects_have_the_intervals_of_their_errors(kind):
    result = pv.fit_fixed_effects(panel(), "y", "x")
    found = effect_intervals(result.fit, result.estimator, result.covariance, None, kind, (0.9, 0.68))
    table = result.estimated_effects()
    errors = table["std_error_deviation" if kind == "deviation" else "std_error"]
    reach = stats.t.ppf(0.95, result.df_inference) * errors
    np.testing.assert_allclose(found.estimates, table[kind])
    np.testing.assert_allclose(found.limits[0].upper - table[kind], reach, rtol=1e-10)
    np.testing.assert_allclose(table[kind] - found.limits[0].lower, reach, rtol=1e-10)
    ratio = stats.t.ppf(0.84, result.df_inference) / stats.t.ppf(0.95, result.df_inference)
    np.testing.assert_allclose(table[kind] - found.limits[1].lower, ratio * reach, rtol=1e-10)


def test_predicted_random_effects_have_hendersons_errors():
    """Against the mixed-model equations, whose inverse holds the mean squared errors of the predictions."""
    result = pv.fit_random_effects(panel(), "y", "x")
    parts, data = result.variance_components, panel()
    x = np.column_stack([np.ones(data.nobs), data.column("x")])
    z = np.eye(data.n_entities)[data.entity_codes]
    w = np.hstack([x, z])
    lhs = w.T @ w / parts.idiosyncratic
    lhs[2:, 2:] += np.eye(data.n_entities) / parts.effect
    inverse = np.linalg.inv(lhs)
    scale = result.cov.to_numpy() / inverse[:2, :2]
    np.testing.assert_allclose(scale, scale[0, 0], rtol=1e-8)
    # The covariance of the coefficients may carry another estimate of the variance: its share is scaled accordingly.
    gamma = inverse[2:, :2] @ np.linalg.inv(inverse[:2, :2])
    shift = np.einsum("ij,jk,ik->i", gamma, inverse[:2, :2] * (scale[0, 0] - 1.0), gamma)
    expected = np.sqrt(np.diagonal(inverse)[2:] + shift)
    np.testing.assert_allclose(result.estimated_effects()["std_error"], expected, rtol=1e-8)
    assert list(result.estimated_effects(errors=False).columns) == ["effect"]
