"""Against a regression on dummies, and moments of quadratic forms in normal errors."""

from __future__ import annotations

import numpy as np
import pytest
from nonstationary.panel_unit_roots.panels import panel_of, walks

import panelvar as pv
from panelvar.nonstationary.panel_unit_roots.harris_tzavalis import estimate_root, exact_pvalue, moments


def terms(trend: str, periods: int) -> np.ndarray:
    return np.arange(periods, dtype=float)[:, None] ** np.arange({"n": 0, "c": 1, "ct": 2}[trend])


@pytest.mark.parametrize("trend", ["n", "c", "ct"])
def test_the_pooled_root_is_that_of_a_regression_on_dummies(trend):
    values = walks(4, 9) + 50.0
    own = terms(trend, 8)
    dummies = np.kron(np.eye(4), own)
    design = np.column_stack([values[:, :-1].ravel(), dummies])
    expected = np.linalg.lstsq(design, values[:, 1:].ravel(), rcond=None)[0][0]
    assert estimate_root(values, trend) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("trend", ["n", "c", "ct"])
@pytest.mark.parametrize("steps", [4, 5, 12])
def test_moments_are_those_of_quadratic_forms(trend, steps):
    """Of errors u: the root less one is u'Au / u'Cu summed over entities, and normals have Var(u'Bu) = 2 tr B^2."""
    sums = np.tril(np.ones((steps, steps)), -1)  # levels before each step, from zero
    own = terms(trend, steps)
    left = np.eye(steps) - own @ np.linalg.pinv(own)
    numerator = sums.T @ left
    numerator = 0.5 * (numerator + numerator.T)
    denominator = sums.T @ left @ sums
    mean = np.trace(numerator) / np.trace(denominator)
    spread = numerator - mean * denominator
    variance = 2.0 * np.trace(spread @ spread) / np.trace(denominator) ** 2
    assert moments(trend, steps) == pytest.approx((mean, variance), rel=1e-10, abs=1e-14)


def test_statistic_pvalue_and_conventions():
    values = walks(6, 10)
    found = pv.harris_tzavalis_test(panel_of(values), "y")
    mean, variance = moments("c", 9)
    root = estimate_root(values, "c")
    assert found.statistic == pytest.approx(np.sqrt(6 / variance) * (root - 1 - mean))
    by_stata = pv.harris_tzavalis_test(panel_of(values), "y", convention="stata")
    mean, variance = moments("c", 10)
    assert by_stata.statistic == pytest.approx(np.sqrt(6 / variance) * (root - 1 - mean))
    wide = pv.harris_tzavalis_test(values.T)
    assert wide.statistic == pytest.approx(found.statistic)
    assert "Not rejected at 5 percent" in str(found.summary())


def test_a_stationary_panel_is_rejected():
    found = pv.harris_tzavalis_test(panel_of(walks(30, 12, seed=1, root=0.3)), "y")
    assert found.pvalue < 1e-6
    assert found.reading().startswith("Rejected at 5 percent: all entities are stationary")


@pytest.mark.parametrize(
    ("values", "error", "match"),
    [
        (np.ones((3, 8)), pv.DataError, "e0.*does not vary"),
        (np.tile(np.arange(8.0), (3, 1)), pv.NumericalError, "'e0' follows its terms exactly, .* 3 of 3"),
        (
            np.vstack([walks(3, 8), np.arange(8.0)]),
            pv.NumericalError,
            "'e3' follows its terms exactly, .* 1 of 4 entities",
        ),
        (np.tile(np.arange(8.0) // 7, (3, 1)), pv.NumericalError, "Every entity follows its terms"),
        (walks(3, 3), pv.InsufficientDataError, "2 transitions"),
        (walks(1, 9), pv.InsufficientDataError, "at least two entities"),
    ],
)
def test_panels_that_cannot_be_tested_are_refused(values, error, match):
    with pytest.raises(error, match=match):
        pv.harris_tzavalis_test(panel_of(values), "y", trend="ct")


def test_unequal_periods_are_refused_by_name():
    values = walks(4, 9)
    panel = panel_of(values)
    frame = panel.with_columns(y=np.where(np.arange(36) < 2, np.nan, values.ravel()))
    with pytest.raises(pv.DataError, match="7 to 9 observations per entity, the fewest in 'e0'"):
        pv.harris_tzavalis_test(frame, "y")


def test_entities_without_values_are_left_out_when_asked():
    values = walks(4, 9)
    values[2] = np.nan
    with pytest.raises(pv.DataError, match="unusable='drop'"):
        pv.harris_tzavalis_test(panel_of(values), "y")
    with pytest.warns(pv.PanelVarWarning, match="1 of 4 entities are left out: e2"):
        found = pv.harris_tzavalis_test(panel_of(values), "y", unusable="drop")
    assert found.n_entities == 3 and found.labels == ("e0", "e1", "e3")


@pytest.mark.filterwarnings("ignore:demean=True takes out the average of only 5")
def test_a_common_time_effect_is_taken_out():
    values = walks(5, 12)
    shocks = np.random.default_rng(5).standard_normal(12).cumsum()
    plain = pv.harris_tzavalis_test(panel_of(values), "y", demean=True)
    moved = pv.harris_tzavalis_test(panel_of(values + shocks), "y", demean=True)
    assert moved.statistic == pytest.approx(plain.statistic, rel=1e-9)


@pytest.mark.parametrize("trend", ["c", "ct"])
@pytest.mark.parametrize("demean", [False, True])
def test_the_exact_p_value_is_the_share_of_smaller_roots_of_panels_with_a_unit_root(trend, demean):
    rng = np.random.default_rng(7)
    panels = rng.standard_normal((4000, 4, 9)).cumsum(axis=2)
    if demean:
        panels -= panels.mean(axis=1, keepdims=True)
    roots = np.sort([estimate_root(values, trend) for values in panels])
    for share in (0.05, 0.3, 0.8):
        found = exact_pvalue(float(np.quantile(roots, share)), trend, 8, 4 - demean)
        assert abs(found - share) < 4.0 * np.sqrt(share * (1.0 - share) / 4000)


def test_with_many_entities_the_exact_p_value_is_the_normal_one():
    found = pv.harris_tzavalis_test(walks(4000, 6).T)
    (exact,) = found.parts
    assert exact.pvalue == pytest.approx(found.pvalue, abs=2e-3)
    assert exact.statistic == pytest.approx(float(found.choices["Pooled root"]), abs=1e-4)
    assert pv.harris_tzavalis_test(walks(4, 6).T, trend="n").parts == ()
    assert pv.harris_tzavalis_test(walks(4, 400).T).parts == ()
