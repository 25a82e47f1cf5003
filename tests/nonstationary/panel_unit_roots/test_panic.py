"""Against factors, regressions and eigenvalues written out, and what factors and own parts with unit roots give."""

from __future__ import annotations

import math

import numpy as np
import pytest
from nonstationary.panel_unit_roots.panels import driven, panel_of, quadratic_spectral, walks

import panelvar as pv
from panelvar.nonstationary.unit_roots.distributions import bridge_tau_pvalue, tau_pvalue


def parts(values: np.ndarray, count: int, trend: str) -> tuple[np.ndarray, np.ndarray]:
    """Cumulated factors (T - 1, r) and own parts (T - 1, N), from eigenvectors of a cross-product matrix."""
    changes = np.diff(values.T, axis=0)
    if trend == "ct":
        changes = changes - changes.mean(axis=0)
    vectors = np.linalg.eigh(changes @ changes.T)[1][:, ::-1][:, :count]
    left = changes - vectors @ (vectors.T @ changes)
    return np.cumsum(math.sqrt(len(changes)) * vectors, axis=0), np.cumsum(left, axis=0)


def ratio(series: np.ndarray, lags: int) -> float:
    """Dickey and Fuller's, without terms, row by row."""
    rows = [
        [series[t - 1], *(series[t - j] - series[t - j - 1] for j in range(1, lags + 1))]
        for t in range(lags + 1, len(series))
    ]
    x, y = np.array(rows), np.diff(series)[lags:]
    slopes = np.linalg.lstsq(x, y, rcond=None)[0]
    variance = np.sum((y - x @ slopes) ** 2) / (len(y) - x.shape[1])
    return float(slopes[0] / np.sqrt(variance * np.linalg.inv(x.T @ x)[0, 0]))


def of_2010(own: np.ndarray, trend: str) -> list[float]:
    """P_a, P_b and PMSB, entity by entity."""
    before, now = own[:-1], own[1:]
    rows, entities = now.shape
    bottom = np.trace(before.T @ before)
    root = np.trace(before.T @ now) / bottom
    pairs = np.array([quadratic_spectral(now[:, i] - root * before[:, i]) for i in range(entities)])
    short, long, fourth = pairs[:, 0].mean(), pairs[:, 1].mean(), (pairs[:, 1] ** 2).mean()
    scale, squares = math.sqrt(entities) * rows, np.trace(now.T @ now) / (entities * rows**2)
    if trend == "c":
        bias = np.mean((pairs[:, 1] - pairs[:, 0]) / 2.0)
        distance = scale * ((np.trace(before.T @ now) - entities * rows * bias) / bottom - 1.0)
        return [
            distance / math.sqrt(2.0 * fourth / long**2),
            distance * math.sqrt(bottom / (entities * rows**2) * long / fourth),
            math.sqrt(entities) * (squares - long / 2.0) / math.sqrt(fourth / 3.0),
        ]
    distance = scale * (root + 3.0 / rows * short / long - 1.0)
    return [
        distance / math.sqrt(36.0 / 5.0 * fourth * short**2 / long**4),
        distance * math.sqrt(bottom / (entities * rows**2) * (5.0 / 6.0) * long**3 / (fourth * short**2)),
        math.sqrt(entities) * (squares - long / 6.0) / math.sqrt(fourth / 45.0),
    ]


def named(found: pv.PanelTestResult) -> dict[str, float]:
    return {part.name: part.statistic for part in found.parts}


@pytest.mark.parametrize("trend", ["c", "ct"])
@pytest.mark.parametrize("lags", [0, 2])
def test_own_parts_are_tested_as_written_out(trend, lags):
    values = driven(8, 40, (1.0, 0.5), 1.0, seed=3) + 7.0
    found = pv.panic_test(panel_of(values), "y", factors=2, trend=trend, lags=lags)
    factors, own = parts(values, 2, trend)
    np.testing.assert_allclose(found.idiosyncratic, own, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(np.abs(found.factors), np.abs(factors), rtol=1e-8, atol=1e-8)
    changes = np.diff(found.factors @ found.loadings.T + found.idiosyncratic, axis=0)
    whole = np.diff(values.T, axis=0)[1:] - (np.diff(values.T, axis=0).mean(axis=0) if trend == "ct" else 0.0)
    np.testing.assert_allclose(changes, whole, rtol=1e-9, atol=1e-9)
    ratios = np.array([ratio(own[:, i], lags) for i in range(8)])
    np.testing.assert_allclose(found.individual["ratio"], ratios, rtol=1e-7)
    pvalues = tau_pvalue(ratios, "n") if trend == "c" else bridge_tau_pvalue(ratios)
    total = -2.0 * sum(math.log(each) for each in pvalues)
    assert found.statistic == pytest.approx((total - 16.0) / math.sqrt(32.0), rel=1e-6)
    assert found.parts[0].statistic == pytest.approx(total, rel=1e-7)
    assert (found.parts[0].df, found.distribution) == (16.0, "normal")


@pytest.mark.parametrize("trend", ["c", "ct"])
def test_the_pooled_tests_of_2010_as_written_out(trend):
    values = driven(6, 30, (1.0,), 1.0, seed=4) * 3.0
    found = named(pv.panic_test(panel_of(values), "y", factors=1, trend=trend))
    own = parts(values, 1, trend)[1]
    expected = of_2010(own, trend)
    assert [found[name] for name in ("P_a", "P_b", "PMSB")] == pytest.approx(expected, rel=1e-6)


def trend_statistics(paths: np.ndarray, lags: int) -> tuple[float, float]:
    """MQ_c and MQ_f, with the matrices of Bai and Ng (2004, page 1134)."""
    periods, m = paths.shape
    now, before = paths[1:], paths[:-1]
    residuals = now - before @ np.linalg.solve(before.T @ before, before.T @ now)
    past = (
        sum(
            (1.0 - j / (lags + 1.0)) * sum(np.outer(residuals[t - j], residuals[t]) for t in range(j, len(residuals)))
            for j in range(1, lags + 1)
        )
        / periods
    )
    root = 0.5 * (now.T @ before + before.T @ now - periods * (past + past.T)) @ np.linalg.inv(before.T @ before)
    corrected = periods * (min(np.linalg.eigvals(root).real) - 1.0)
    steps = np.diff(paths, axis=0)
    x = np.array([np.concatenate([steps[t - j] for j in range(1, lags + 1)]) for t in range(lags, len(steps))])
    weights = np.linalg.lstsq(x, steps[lags:], rcond=None)[0]
    filtered = np.array(
        [
            paths[t] - sum(weights[(j - 1) * m : j * m].T @ paths[t - j] for j in range(1, lags + 1))
            for t in range(lags, periods)
        ]
    )
    now, before = filtered[1:], filtered[:-1]
    root = 0.5 * (now.T @ before + before.T @ now) @ np.linalg.inv(before.T @ before)
    return corrected, periods * (min(np.linalg.eigvals(root).real) - 1.0)


@pytest.mark.parametrize(("trend", "powers"), [("c", 1), ("ct", 2)])
def test_several_factors_are_tested_one_after_another(trend, powers):
    values = driven(20, 80, (1.0, 0.2, 0.2), 1.0, seed=6)
    found = pv.panic_test(panel_of(values), "y", factors=3, trend=trend, lags=2)
    factors = parts(values, 3, trend)[0]
    terms = np.linspace(-1.0, 1.0, 79)[:, None] ** np.arange(powers)
    about = factors - terms @ np.linalg.lstsq(terms, factors, rcond=None)[0]
    order = np.linalg.eigh(about.T @ about)[1][:, ::-1]
    for name, statistic in named(found).items():
        if name.startswith("MQ"):
            corrected, filtered = trend_statistics(about @ order[:, : int(name[6])], 2)
            assert statistic == pytest.approx(corrected if name.startswith("MQ_c") else filtered, rel=1e-6)
    tested = [part for part in found.parts if part.name.startswith("MQ_c")]
    assert found.n_trends == 3 - sum(part.pvalue < 0.05 for part in tested)
    assert "MQ_c (3)" in named(found) and "MQ_f (3)" in named(found)
    assert "Null hypothesis of MQ_c (3): 3 of the factors are stochastic trends." in found.summary().to_text(width=200)


def test_stationary_factors_are_no_trends_and_random_walks_are():
    trends = [
        pv.panic_test(driven(30, 300, roots, 1.0, seed=8).T, factors=len(roots)).n_trends
        for roots in ((0.3,), (1.0,), (0.3, 0.2), (1.0, 0.2), (1.0, 1.0))
    ]
    assert trends == [0, 1, 0, 1, 2]


def test_one_factor_has_the_test_of_a_series():
    values = driven(15, 60, (0.8,), 1.0, seed=9)
    found = pv.panic_test(panel_of(values), "y", factors=1, lags=1)
    alone = pv.adf_test(found.factors[:, 0], lags=1, trend="c")
    assert named(found)["Factor, augmented Dickey-Fuller (lags: 1)"] == pytest.approx(alone.statistic)
    assert found.n_trends == int(alone.pvalue >= 0.05)


def test_without_factors_entities_are_tested_as_they_are():
    values = walks(7, 30)
    found = pv.panic_test(panel_of(values), "y", factors=0, lags=0)
    np.testing.assert_allclose(found.idiosyncratic, (values[:, 1:] - values[:, :1]).T, rtol=1e-10, atol=1e-12)
    assert (found.n_factors, found.n_trends, found.factors.shape) == (0, 0, (29, 0))
    assert found.individual["own_share"].tolist() == pytest.approx([1.0] * 7, rel=1e-14)
    assert [part.name for part in found.parts] == [
        "Maddala-Wu P (Fisher)",
        "Choi's Z (inverse normal)",
        "P_a",
        "P_b",
        "PMSB",
    ]


def test_own_parts_are_told_from_factors():
    """Walks for factors with stationary own parts, and the other way round: tests of levels cannot tell them apart."""
    common, alone = driven(20, 100, (1.0,), 0.5, seed=1), driven(20, 100, (0.5,), 1.0, seed=1)
    first, second = (pv.panic_test(panel_of(each), "y") for each in (common, alone))
    assert (first.n_factors, second.n_factors) == (1, 1)
    assert first.pvalue < 1e-6 < 0.05 < second.pvalue
    assert all(part.pvalue < 0.01 for part in first.parts[:5])
    assert (first.n_trends, second.n_trends) == (1, 0)
    assert first.reading() == "Rejected at 5 percent: the own parts of some entities are stationary."


def test_the_number_of_factors_is_found_or_said():
    values = driven(24, 60, (1.0, 0.5), 1.0, seed=2)
    found = pv.panic_test(panel_of(values), "y")
    assert (found.n_factors, found.choices["Factors"]) == (2, "2 (BIC3, 0 to 5)")
    assert pv.panic_test(panel_of(values), "y", factors=2).statistic == found.statistic
    assert pv.panic_test(panel_of(values), "y", criterion="GR", max_factors=3).choices["Factors"] == "2 (GR, 0 to 3)"
    assert found.choices["Lags"] == "2 (bai-ng)"
    assert pv.panic_test(panel_of(values), "y", lags="bic", max_lags=1).choices["Lags"].endswith("(bic, 0 to 1)")


def test_the_ratio_of_a_bridge_has_the_probabilities_of_cramer_and_von_mises():
    """Anderson and Darling (1952, table 1) print quantiles of the integral, whose reciprocal root the ratio is."""
    printed = {0.50: 0.11888, 0.90: 0.34730, 0.95: 0.46136, 0.99: 0.74346, 0.999: 1.16786}
    for below, value in printed.items():
        low, high = bridge_tau_pvalue(-0.5 / np.sqrt(np.array([value - 6e-6, value + 6e-6])))
        assert low < below < high
    np.testing.assert_allclose(bridge_tau_pvalue(np.array([-0.1, 0.0, 3.0])), 1.0, rtol=1e-13)
    assert bridge_tau_pvalue(-60.0) == 1e-300


@pytest.mark.slow
def test_the_ratio_of_simulated_bridges_is_rejected_as_often_as_its_probabilities_say():
    steps = np.random.default_rng(1).standard_normal((4000, 400))
    bridges = np.cumsum(steps - steps.mean(axis=1, keepdims=True), axis=1)
    ratios = [ratio(each, 0) for each in bridges[:, :-1]]
    assert np.mean(bridge_tau_pvalue(np.array(ratios)) < 0.05) == pytest.approx(0.05, abs=0.012)


def followers() -> np.ndarray:
    values = driven(6, 30, (1.0,), 1.0)
    values[5] = 2.0 * values[4]
    return values


def unequal() -> np.ndarray:
    values = walks(6, 30)
    values[2, :3] = np.nan
    return values


@pytest.mark.parametrize(
    ("values", "options", "error", "match"),
    [
        (unequal(), {}, pv.DataError, "27 to 30 observations per entity, the fewest in 'e2'"),
        (np.vstack([walks(6, 30), np.arange(30.0)]), {"trend": "ct"}, pv.NumericalError, "'e6' changes by its terms"),
        (followers()[4:], {"factors": 1}, pv.CollinearityError, "'e0' is a combination of 1 factor"),
        (walks(6, 30), {"factors": 6}, pv.InsufficientDataError, "factors=6 is too many"),
        (walks(6, 30), {"max_factors": 9}, pv.InsufficientDataError, "max_factors=9"),
        (walks(20, 40), {"factors": 13}, pv.SpecificationError, "known for up to 12 factors"),
        (walks(6, 30), {"factors": 1, "max_factors": 2}, pv.SpecificationError, "You gave the number by factors="),
        (walks(6, 30), {"factors": -1}, pv.SpecificationError, "factors=-1"),
        (walks(6, 30), {"criterion": "ic"}, pv.SpecificationError, "criterion"),
        (walks(6, 30), {"trend": "n"}, pv.SpecificationError, "trend"),
        (walks(6, 30), {"lags": "schwert"}, pv.SpecificationError, "lags"),
        (walks(6, 30), {"lags": np.ones(3)}, pv.SpecificationError, "lags"),
        (walks(6, 30), {"kernel": "flat"}, pv.SpecificationError, "kernel"),
        (walks(6, 30), {"bandwidth": "best"}, pv.SpecificationError, "bandwidth"),
        (walks(6, 30), {"bandwidth": 40}, pv.PanelVarError, "bandwidth"),
        (walks(6, 8), {"lags": 4}, pv.InsufficientDataError, "too few periods"),
        (walks(6, 3), {}, pv.InsufficientDataError, "too few|leave nothing"),
    ],
)
def test_panels_that_cannot_be_tested_are_refused(values, options, error, match):
    with pytest.raises(error, match=match):
        pv.panic_test(panel_of(values), "y", **options)
