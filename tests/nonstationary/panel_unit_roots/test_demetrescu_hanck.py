"""Against sums written out period by period, and what variances that change and correlated entities do."""

from __future__ import annotations

import math

import numpy as np
import pytest
from nonstationary.panel_unit_roots.panels import panel_of, walks

import panelvar as pv


def prewhitened(series: np.ndarray, lags: int, constant: bool) -> tuple[np.ndarray, np.ndarray]:
    """Level and change of one series without lags of the change, NaN where there is none."""
    changes = np.diff(series)
    rows = range(lags, len(changes))
    x = np.array([[changes[t - j] for j in range(1, lags + 1)] + [1.0] * constant for t in rows])
    weights = np.linalg.lstsq(x, changes[lags:], rcond=None)[0][:lags] if lags else np.empty(0)
    level, change = np.full(len(series), np.nan), np.full(len(series), np.nan)
    for t in range(lags, len(series)):
        level[t] = series[t] - sum(weights[j - 1] * series[t - j] for j in range(1, lags + 1))
    for t in range(lags + 1, len(series)):
        change[t] = changes[t - 1] - sum(weights[j - 1] * changes[t - 1 - j] for j in range(1, lags + 1))
    return level, change


def written_out(values: np.ndarray, lags: list[int], trend: str) -> dict[str, float]:
    """All statistics, with levels and changes (T, N) of the kept periods."""
    both = [prewhitened(series, order, trend == "ct") for series, order in zip(values, lags, strict=True)]
    levels, changes = (np.column_stack(each)[max(lags) + 1 :] for each in zip(*both, strict=True))
    if trend == "c":
        levels = levels - levels[0]
    elif trend == "ct":
        changes = changes - changes.mean(axis=0)
        left = np.zeros_like(levels)
        for t in range(2, len(levels)):
            n = t + 1
            sums = sum(levels[s] for s in range(n))
            left[t] = levels[t] + 2.0 / n * sums - 6.0 / (n * (n + 1)) * sum((s + 1) * levels[s] for s in range(n))
        levels = left
    found = {}
    for kind, instrument in (("hs", levels), ("dh", np.sign(levels))):
        products = [float(instrument[t - 1] @ changes[t]) for t in range(1, len(levels))]
        found[kind] = sum(products) / math.sqrt(sum(each**2 for each in products))
    if trend == "ct":
        found["hmw"] = of_herwartz_maxand_walle(levels, changes)
    return found


def of_herwartz_maxand_walle(levels: np.ndarray, changes: np.ndarray) -> float:
    """With the five sums of the paper; periods from one on."""
    last = len(levels)
    products = changes @ changes.T

    def weight(i: int, t: int) -> float:
        return 1.0 + 2.0 * (t - i) / (t - 1) - 3.0 * (1.0 - (i - 1) * i / ((t - 1) * t))

    def mean(i: int, t: int) -> float:
        return weight(i, t) / last

    def rest(i: int, t: int) -> float:
        return weight(i, t) - mean(i, t)

    def square(i: int, j: int) -> float:
        return float(products[i - 1, j - 1] ** 2)

    def others(i: int, *left_out: int) -> float:
        return sum(square(i, j) for j in range(1, last + 1) if j not in (i, *left_out))

    firsts = range(1, last)
    variance = 2.0 * sum(
        mean(i, s) * mean(j, t) * square(i, j)
        for i in firsts
        for j in range(i + 1, last)
        for s in range(i + 1, last + 1)
        for t in range(j + 1, last + 1)
    )
    for i in firsts:
        after = range(i + 1, last + 1)
        variance -= 2.0 * sum(rest(i, s) * mean(i, t) * square(i, s) for s in after for t in after)
        variance += sum(rest(i, t) ** 2 * square(i, t) + mean(i, t) ** 2 * others(i, t) for t in after)
        variance += 2.0 * sum(mean(i, s) * mean(i, t) * others(i, s, t) for s in after for t in after if s < t)
    shift = sum(mean(i, t) * products[i - 1, i - 1] for t in range(2, last + 1) for i in range(1, t))
    return float(sum(levels[t - 1] @ changes[t] for t in range(1, last)) + shift) / math.sqrt(variance)


KINDS = {"Demetrescu-Hanck": "dh", "Herwartz-Siedenburg": "hs", "Herwartz-Maxand-Walle": "hmw"}


@pytest.mark.parametrize("trend", ["n", "c", "ct"])
@pytest.mark.parametrize("lags", [0, 2])
def test_the_statistics_as_written_out(trend, lags):
    values = walks(5, 16, seed=3) * np.linspace(1.0, 3.0, 5)[:, None] + 4.0
    expected = written_out(values, [lags] * 5, trend)
    for kind in expected:
        found = pv.demetrescu_hanck_test(panel_of(values), "y", statistic=kind, lags=lags, trend=trend)
        assert found.statistic == pytest.approx(expected[kind], rel=1e-8)
        others = {KINDS[part.name]: part.statistic for part in found.parts}
        assert others == pytest.approx({name: each for name, each in expected.items() if name != kind}, rel=1e-8)
        assert found.nobs == 5 * (16 - lags - 2)


@pytest.mark.parametrize(("rule", "weight"), [("aic", lambda n: 2.0), ("bic", np.log)])
@pytest.mark.parametrize("trend", ["c", "ct"])
def test_a_rule_chooses_lags_of_the_changes(rule, weight, trend):
    values = walks(6, 60, seed=4)
    for t in range(2, 60):
        values[:3, t] += 0.6 * (values[:3, t - 1] - values[:3, t - 2])
    chosen = []
    for series in values:
        changes, criteria = np.diff(series), []
        for order in range(5):
            x = np.array(
                [[changes[t - j] for j in range(1, order + 1)] + [1.0] * (trend == "ct") for t in range(4, 59)]
            ).reshape(55, -1)
            left = changes[4:] - x @ np.linalg.lstsq(x, changes[4:], rcond=None)[0] if x.size else changes[4:]
            criteria.append(55 * math.log(left @ left / 55) + weight(55) * x.shape[1])
        chosen.append(int(np.argmin(criteria)))
    found = pv.demetrescu_hanck_test(panel_of(values), "y", lags=rule, trend=trend)
    assert found.individual["lags"].tolist() == chosen
    assert len(set(chosen)) > 1
    assert found.choices["Lags"].endswith(f"({rule}, 0 to 4)")
    if trend == "c":
        assert found.statistic == pytest.approx(written_out(values, chosen, "c")["dh"], rel=1e-7)


def test_levels_and_trends_do_not_matter():
    values, steps = walks(6, 30), np.arange(6.0)[:, None]
    plain = pv.demetrescu_hanck_test(panel_of(values), "y")
    assert pv.demetrescu_hanck_test(panel_of(values + 9.0 * steps), "y").statistic == pytest.approx(plain.statistic)
    about = pv.demetrescu_hanck_test(panel_of(values), "y", trend="ct")
    sloped = pv.demetrescu_hanck_test(panel_of(values + steps * np.arange(30.0)), "y", trend="ct")
    assert sloped.statistic == pytest.approx(about.statistic, rel=1e-8)


def breaking(entities: int, periods: int, seed: int, root: float = 1.0) -> np.ndarray:
    """Autoregressions that share a shock, whose deviation falls to a third after a fifth of the periods."""
    rng = np.random.default_rng(seed)
    out = rng.standard_normal((entities, periods)) + rng.standard_normal(periods)
    out[:, periods // 5 :] /= 3.0
    for t in range(1, periods):
        out[:, t] += root * out[:, t - 1]
    return out


def test_changing_variances_and_common_shocks_leave_the_level():
    rates = {
        test: np.mean([test(breaking(10, 40, seed).T, lags=0).pvalue < 0.05 for seed in range(400)])
        for test in (pv.demetrescu_hanck_test, pv.ips_test)
    }
    assert rates[pv.demetrescu_hanck_test] == pytest.approx(0.05, abs=0.035)
    assert rates[pv.ips_test] > 0.5


def test_stationary_panels_are_rejected():
    for trend, kind in (("c", "dh"), ("c", "hs"), ("ct", "hmw")):
        found = pv.demetrescu_hanck_test(breaking(20, 80, 5, 0.6).T, statistic=kind, trend=trend, lags=0)
        assert found.pvalue < 0.05, kind
    assert found.reading() == "Rejected at 5 percent: some entities are stationary."


def test_statistics_without_a_trend_are_noted_with_one():
    noted = pv.demetrescu_hanck_test(panel_of(walks(6, 30)), "y", statistic="dh", trend="ct")
    assert [note.code for note in noted.notes] == ["changing-variances"]
    assert noted.name == "Demetrescu-Hanck (trend 'ct')"
    assert not pv.demetrescu_hanck_test(panel_of(walks(6, 30)), "y", trend="ct").notes


def unequal() -> np.ndarray:
    values = walks(6, 30)
    values[2, :3] = np.nan
    return values


def late() -> np.ndarray:
    values = np.full((3, 8), 2.0)
    values[:, 0] = 1.0
    values[:, -1] = [3.0, 4.0, 1.0]
    return values


@pytest.mark.parametrize(
    ("values", "options", "error", "match"),
    [
        (unequal(), {}, pv.DataError, "27 to 30 observations per entity, the fewest in 'e2'"),
        (np.vstack([walks(6, 30), np.arange(30.0)]), {"trend": "ct"}, pv.PanelVarError, "'e6'"),
        (
            walks(6, 4),
            {"lags": 0},
            pv.InsufficientDataError,
            "4 periods leave 3 changes after the lags, and at least 4 are needed",
        ),
        (walks(6, 12), {"lags": 6}, pv.InsufficientDataError, "'e0' has too few periods"),
        (late(), {"lags": 0, "statistic": "hs"}, pv.PanelVarError, "last period"),
        (walks(6, 30), {"statistic": "hmw"}, pv.SpecificationError, "for trend='ct'"),
        (walks(6, 30), {"statistic": "sign"}, pv.SpecificationError, "statistic"),
        (walks(6, 30), {"lags": "short"}, pv.SpecificationError, "lags"),
        (walks(6, 30), {"trend": "ctt"}, pv.SpecificationError, "trend"),
    ],
)
def test_panels_that_cannot_be_tested_are_refused(values, options, error, match):
    with pytest.raises(error, match=match):
        pv.demetrescu_hanck_test(panel_of(values), "y", **options)
