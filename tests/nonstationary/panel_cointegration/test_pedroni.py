"""Against every step taken entity by entity with least squares, what decides nothing, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from nonstationary.panel_cointegration.systems import frame_of, panel_of, system

import panelvar as pv
from panelvar.nonstationary.panel_cointegration.moments import pedroni_moments
from panelvar.nonstationary.panel_cointegration.pedroni import STATISTICS

POWERS = {"n": 0, "c": 1, "ct": 2}


def left(columns: np.ndarray, y: np.ndarray) -> np.ndarray:
    return y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0] if columns.shape[1] else y


def time_powers(count: int, powers: int) -> np.ndarray:
    return np.arange(count, dtype=float)[:, None] ** np.arange(powers)


def bartlett(series: np.ndarray, lags: int) -> float:
    """Long-run variance, over the number of periods."""
    sums = [series[j:] @ series[: len(series) - j] for j in range(lags + 1)]
    return (sums[0] + 2.0 * sum((1.0 - j / (lags + 1)) * sums[j] for j in range(1, lags + 1))) / len(series)


def slow(panel, trend, orders, width, *, weighted=True):
    """The seven statistics before they are standardised: Pedroni (1999, table 1), in loops."""
    n = len(panel)
    weights, rows = [], []
    for values, p in zip(panel, orders, strict=True):
        periods = len(values)
        e = left(np.hstack([time_powers(periods, POWERS[trend]), values[:, 1:]]), values[:, 0])
        changes = np.diff(values, axis=0)
        eta = left(np.hstack([time_powers(periods - 1, int(trend == "ct")), changes[:, 1:]]), changes[:, 0])
        before, change = e[:-1], np.diff(e)
        mu = left(before[:, None], e[1:])
        long_run = bartlett(mu, width)
        one_sided = (long_run - mu @ mu / len(mu)) / 2.0
        lagged = np.column_stack(
            [np.empty((len(change) - p, 0)), *(change[p - j : len(change) - j] for j in range(1, p + 1))]
        )
        level, moved = left(lagged, before[p:]), left(lagged, change[p:])
        error = left(level[:, None], moved)
        variance = error @ error / (len(error) - p - 1)
        weights.append(1.0 / bartlett(eta, width) if weighted else 1.0)
        rows.append(
            [
                before @ before / periods**2,
                sum(before * change - one_sided) / periods,
                long_run,
                level @ level / periods**2,
                level @ moved / periods,
                variance,
                bartlett(eta, width),
            ]
        )
    w, (a, b, s, a_star, b_star, s_star, own) = np.array(weights), np.array(rows).T
    return {
        "panel_v": n**1.5 * (1.0 if weighted else own.mean()) / (w @ a),
        "panel_rho": np.sqrt(n) * (w @ b) / (w @ a),
        "panel_t": (w @ b) / np.sqrt((w @ s) / n * (w @ a)),
        "panel_adf": (w @ b_star) / np.sqrt((w @ s_star) / n * (w @ a_star)),
        "group_rho": sum(b / a) / np.sqrt(n),
        "group_t": sum(b / np.sqrt(s * a)) / np.sqrt(n),
        "group_adf": sum(b_star / np.sqrt(s_star * a_star)) / np.sqrt(n),
    }


def standardised(raw, trend, regressors, entities, convention="default"):
    moments = pedroni_moments(trend, regressors, convention)
    return [
        (raw[name] - np.sqrt(entities) * moments[like].mean) / np.sqrt(moments[like].variance)
        for name, like in STATISTICS.items()
    ]


def statistics(result: pv.PanelTestResult) -> list[float]:
    return [test.statistic for test in (result, *result.parts)]


def varied(entities: int, periods: int, regressors: int, seed: int) -> np.ndarray:
    """Entities of other sizes and levels."""
    rng = np.random.default_rng(seed)
    values = system(entities, periods, regressors, root=0.9, seed=seed)
    return values * rng.uniform(0.2, 5.0, (entities, 1, regressors + 1)) + rng.normal(
        0.0, 9.0, (entities, 1, regressors + 1)
    )


@pytest.mark.parametrize("trend", ["n", "c", "ct"])
@pytest.mark.parametrize("regressors", [1, 2, 7])
@pytest.mark.parametrize("weighted", [True, False])
def test_every_step_entity_by_entity(trend, regressors, weighted):
    values = varied(6, 40, regressors, seed=regressors)
    names = [f"x{place}" for place in range(1, regressors + 1)]
    found = pv.pedroni_test(panel_of(values), "y", names, trend=trend, lags=2, bandwidth=3, weighted=weighted)
    expected = standardised(slow(values, trend, [2] * 6, 3, weighted=weighted), trend, regressors, 6)
    np.testing.assert_allclose(statistics(found), expected, rtol=1e-9)


@pytest.mark.parametrize("weighted", [True, False])
def test_entities_of_unequal_lengths_and_lags(weighted):
    values = varied(5, 40, 1, seed=11)
    frame = frame_of(values)
    frame = frame[~((frame.i == "e1") & (frame.t < 2009)) & ~((frame.i == "e3") & (frame.t > 2030))]
    found = pv.pedroni_test(
        pv.Panel(frame, "i", "t"), "y", "x1", lags="aic", max_lags=4, bandwidth=2, weighted=weighted
    )
    own = [values[0], values[1, 9:], values[2], values[3, :31], values[4]]
    orders = found.individual["lags"].tolist()
    assert len(set(orders)) > 1
    expected = standardised(slow(own, "c", orders, 2, weighted=weighted), "c", 1, 5)
    np.testing.assert_allclose(statistics(found), expected, rtol=1e-9)
    assert (found.n_periods, found.nobs) == (40, 5 * 40 - 9 - 9)
    residuals = [left(np.column_stack([np.ones(len(each)), each[:, 1]]), each[:, 0]) for each in own]
    alone = [pv.adf_test(each, lags="aic", trend="n", max_lags=4) for each in residuals]
    assert orders == [each.lags for each in alone]
    np.testing.assert_allclose(found.individual["ratio"], [each.statistic for each in alone], rtol=1e-9)


def test_every_statistic_has_its_own_tail():
    """Panel v rejects on the right, the others on the left: the wrong tail would make nothing of all."""
    related = pv.pedroni_test(panel_of(system(20, 60, root=0.7, seed=3)), "y", "x1", lags=1)
    tests = {test.name.removeprefix("Pedroni ").split(" (")[0]: test for test in (related, *related.parts)}
    assert set(tests) == {
        "group ADF t", "group PP t", "group rho", "panel ADF t", "panel PP t", "panel rho", "panel v",
    }  # fmt: skip
    assert tests.pop("panel v").statistic > 2.0
    assert all(test.statistic < -2.0 for test in tests.values())
    assert all(test.pvalue < 0.02 for test in (related, *related.parts))
    assert "some entities are cointegrated" in related.reading()
    # Roots far above one: what speaks against cointegration is not significant, however far out it is.
    apart = system(20, 60, root=1.1, seed=3)
    wide = pv.pedroni_test(panel_of(apart), "y", "x1", lags=1)
    assert all(test.pvalue > 0.95 for test in (wide, *wide.parts))


def test_moments_as_printed():
    values = system(6, 40, seed=5)
    found = pv.pedroni_test(panel_of(values), "y", "x1", trend="ct", lags=1, bandwidth=3, convention="published")
    expected = standardised(slow(values, "ct", [1] * 6, 3), "ct", 1, 6, "published")
    np.testing.assert_allclose(statistics(found), expected, rtol=1e-9)
    drawn = pv.pedroni_test(panel_of(values), "y", "x1", trend="ct", lags=1, bandwidth=3)
    assert [a == b for a, b in zip(statistics(found), statistics(drawn), strict=True)] == [True] * 5 + [False] * 2


@pytest.mark.parametrize("weighted", [True, False])
def test_orders_and_units_of_entities_decide_nothing(weighted):
    values = varied(6, 30, 2, seed=7)
    options = {"lags": 1, "trend": "ct", "weighted": weighted}
    found = statistics(pv.pedroni_test(panel_of(values), "y", ["x1", "x2"], **options))
    turned = values[::-1, :, [0, 2, 1]] * np.array([1e-6, 1e5, -3.0]) + np.arange(30.0)[:, None] * np.array(
        [0.0, 1.0, 0.5]
    )
    np.testing.assert_allclose(
        statistics(pv.pedroni_test(panel_of(turned), "y", ["x1", "x2"], **options)), found, rtol=1e-7
    )
    own = values * np.array([1.0, 1e-4, 1e3, 5.0, 1.0, 2.0])[:, None, None]
    again = statistics(pv.pedroni_test(panel_of(own), "y", ["x1", "x2"], **options))
    if weighted:
        np.testing.assert_allclose(again, found, rtol=1e-9)
    else:
        np.testing.assert_allclose(again[:3], found[:3], rtol=1e-9)
        assert abs(again[6] - found[6]) > 0.1


def test_a_drift_decides_nothing_with_a_trend():
    values = system(6, 40, seed=8)
    drifting = values + np.arange(40.0)[:, None] * np.array([2.0, -1.0])
    found, moved = (pv.pedroni_test(panel_of(each), "y", "x1", trend="ct", lags=1) for each in (values, drifting))
    np.testing.assert_allclose(statistics(moved), statistics(found), rtol=1e-9)


def test_a_time_effect_is_taken_out():
    values = system(8, 40, seed=9)
    shocked = values + 10.0 * system(1, 40, seed=10)
    found, moved = (pv.pedroni_test(panel_of(each), "y", "x1", lags=1, demean=True) for each in (values, shocked))
    np.testing.assert_allclose(statistics(moved), statistics(found), rtol=1e-8)


def test_bandwidths_by_rule():
    found = pv.pedroni_test(panel_of(system(6, 60, root=0.9, seed=2)), "y", "x1", lags=1, kernel="quadratic-spectral")
    assert found.individual["bandwidth"].nunique() > 1
    assert found.choices["Bandwidth"].endswith("(newey-west)")
    text = str(found.summary())
    assert "Pedroni panel v" in text
    assert "weighted by long-run variances" in text


def test_an_entity_left_out_is_counted():
    frame = frame_of(system(5, 30, seed=4))
    frame.loc[frame.i == "e2", "x1"] = 1.0
    with pytest.warns(UserWarning, match="1 of 5 entities are left out"):
        found = pv.pedroni_test(pv.Panel(frame, "i", "t"), "y", "x1", lags=1, unusable="drop")
    assert found.n_entities == 4
    assert found.labels == ("e0", "e1", "e3", "e4")


def with_last(values: np.ndarray, last: np.ndarray) -> np.ndarray:
    out = values.copy()
    out[-1] = last
    return out


T30 = np.arange(30.0)
WALKS = system(4, 30, seed=6)


@pytest.mark.parametrize(
    ("values", "options", "error", "match"),
    [
        (system(4, 30, 8), {}, pv.SpecificationError, "up to 7 regressors; there are 8"),
        (WALKS, {"trend": "ctt"}, pv.SpecificationError, "trend"),
        (WALKS, {"kernel": "square"}, pv.SpecificationError, "kernel"),
        (WALKS, {"bandwidth": 40}, pv.PanelVarError, "bandwidth"),
        (WALKS, {"convention": "pco"}, pv.SpecificationError, "convention"),
        (WALKS, {"lags": 40}, pv.InsufficientDataError, "residual of y.*'e0' has too few periods"),
        (system(4, 4), {}, pv.InsufficientDataError, "'e0' has 4 complete rows for 3 coefficients"),
        (with_last(WALKS, np.column_stack([WALKS[0, :, 0], T30])), {}, pv.CollinearityError, "'x1' of 'e3' is a comb"),
        (
            with_last(WALKS, np.column_stack([WALKS[0, :, 1] + T30, WALKS[0, :, 1]])),
            {},
            pv.NumericalError,
            "'y' of 'e3' follows its regressors and terms",
        ),
        (with_last(WALKS, np.column_stack([WALKS[0, :, 1] + 1.0, WALKS[0, :, 1]])), {}, pv.CollinearityError, "'e3'"),
        (
            with_last(WALKS, np.column_stack([np.eye(30)[29], np.eye(30)[0]])),
            {"trend": "n", "lags": 0},
            pv.CollinearityError,
            "'e3' is a combination of its lags",
        ),
    ],
)
def test_panels_that_cannot_be_tested_are_refused(values, options, error, match):
    names = [f"x{place}" for place in range(1, values.shape[2])]
    with pytest.raises(error, match=match):
        pv.pedroni_test(panel_of(values), "y", names, **{"trend": "ct"} | options)
