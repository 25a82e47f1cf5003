"""Against sums entity by entity, what decides nothing, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from nonstationary.panel_cointegration.systems import frame_of, panel_of, system

import panelvar as pv
from panelvar.nonstationary.panel_cointegration.moments import variance_ratio_moments

POWERS = {"n": 0, "c": 1, "ct": 2}


def slow(panel, trend: str) -> tuple[list[float], float]:
    """Each entity's ratio, and the pooled one."""
    ratios, above, below = [], 0.0, 0.0
    for values in panel:
        periods = len(values)
        columns = np.column_stack([np.arange(float(periods)) ** k for k in range(POWERS[trend])] + [values[:, 1:]])
        e = values[:, 0] - columns @ np.linalg.lstsq(columns, values[:, 0], rcond=None)[0]
        sums = [e[: t + 1].sum() for t in range(periods)]
        ratios.append(np.square(sums).sum() / periods**2 / (e @ e))
        above += np.square(sums).sum() / periods**4
        below += e @ e / periods**2
    return ratios, above / below


def statistics(result: pv.PanelTestResult) -> list[float]:
    return [test.statistic for test in (result, *result.parts)]


def check(found: pv.PanelTestResult, panel, trend: str, regressors: int) -> None:
    ratios, pooled = slow(panel, trend)
    np.testing.assert_allclose(found.individual["ratio"], ratios, rtol=1e-9)
    moments = variance_ratio_moments(trend, regressors)
    for statistic, ratio, name in zip(statistics(found), (np.mean(ratios), pooled), ("group", "panel"), strict=True):
        expected = np.sqrt(len(panel)) * (ratio - moments[name].mean) / np.sqrt(moments[name].variance)
        assert statistic == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("trend", ["n", "c", "ct"])
@pytest.mark.parametrize("regressors", [1, 7])
def test_sums_entity_by_entity(trend, regressors):
    values = system(6, 40, regressors, root=0.9, seed=2) * np.array([1.0, 3.0, 0.1, 1.0, 7.0, 1e-3])[:, None, None]
    names = [f"x{place}" for place in range(1, regressors + 1)]
    check(pv.westerlund_variance_ratio_test(panel_of(values), "y", names, trend=trend), values, trend, regressors)


def test_entities_of_unequal_lengths():
    values = system(5, 40, root=0.9, seed=11)
    frame = frame_of(values)
    frame = frame[~((frame.i == "e1") & (frame.t < 2009)) & ~((frame.i == "e3") & (frame.t > 2030))]
    found = pv.westerlund_variance_ratio_test(pv.Panel(frame, "i", "t"), "y", "x1")
    check(found, [values[0], values[1, 9:], values[2], values[3, :31], values[4]], "c", 1)
    assert (found.n_periods, found.nobs) == (40, 5 * 40 - 18)


def test_the_lower_tail_rejects():
    related = pv.westerlund_variance_ratio_test(panel_of(system(20, 60, root=0.5, seed=2)), "y", "x1")
    assert all(test.statistic < -3.0 and test.pvalue < 0.001 for test in (related, *related.parts))
    assert "some entities are cointegrated" in related.reading()
    walks = pv.westerlund_variance_ratio_test(panel_of(system(20, 60, root=1.0, seed=2)), "y", "x1")
    assert all(test.pvalue > 0.05 for test in (walks, *walks.parts))


def test_units_orders_and_drifts_decide_nothing():
    values = system(6, 30, 2, root=0.9, seed=7)
    found = statistics(pv.westerlund_variance_ratio_test(panel_of(values), "y", ["x1", "x2"], trend="ct"))
    turned = values[::-1, :, [0, 2, 1]] * np.array([-1e-6, 1e5, -3.0])
    turned = turned + np.arange(30.0)[:, None] * np.array([1e-6, -2.0, 0.5])
    again = statistics(pv.westerlund_variance_ratio_test(panel_of(turned), "y", ["x1", "x2"], trend="ct"))
    np.testing.assert_allclose(again, found, rtol=1e-7)


def test_a_time_effect_is_taken_out():
    values = system(8, 40, seed=9)
    shocked = values + 10.0 * system(1, 40, seed=10)
    found, moved = (
        pv.westerlund_variance_ratio_test(panel_of(each), "y", "x1", demean=True) for each in (values, shocked)
    )
    np.testing.assert_allclose(statistics(moved), statistics(found), rtol=1e-8)


@pytest.mark.parametrize(
    ("values", "options", "error", "match"),
    [
        (system(4, 30, 8), {}, pv.SpecificationError, "up to 7 regressors; there are 8"),
        (system(4, 30), {"trend": "ctt"}, pv.SpecificationError, "trend"),
        (system(4, 4), {"trend": "ct"}, pv.InsufficientDataError, "'e0' has 4 complete rows for 3 coefficients"),
    ],
)
def test_panels_that_cannot_be_tested_are_refused(values, options, error, match):
    names = [f"x{place}" for place in range(1, values.shape[2])]
    with pytest.raises(error, match=match):
        pv.westerlund_variance_ratio_test(panel_of(values), "y", names, **options)
