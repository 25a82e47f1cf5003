"""Against regressions entity by entity with the averages as columns, and what a common factor does."""

from __future__ import annotations

import numpy as np
import pytest
from nonstationary.panel_unit_roots.panels import panel_of, walks
from reference_data import table

import panelvar as pv
from panelvar.nonstationary.panel_unit_roots.critical_values import (
    CIPS_BOUNDS,
    cadf_critical_values,
    cips_critical_values,
)

# What the statistics are is tested here, in panels in which the tests reject too often.
pytestmark = pytest.mark.filterwarnings("ignore:.*of true nulls at 5%")


def shocked(entities: int, periods: int, seed: int = 0, root: float = 1.0) -> np.ndarray:
    """Autoregressions whose errors share a factor with loadings between 1 and 3."""
    rng = np.random.default_rng(seed)
    factor, loadings = rng.standard_normal(periods), rng.uniform(1.0, 3.0, (entities, 1))
    out = rng.standard_normal((entities, periods)) + loadings * factor
    for t in range(1, periods):
        out[:, t] += root * out[:, t - 1]
    return out


def fitted(values: np.ndarray, unit: int, lags: int, trend: str, first: int) -> tuple[float, float, int, int]:
    """Ratio, residual sum of squares, rows and columns of one entity's regression, row by row from a period on."""
    means = [float(np.mean(values[:, t])) for t in range(values.shape[1])]
    own, rows, target = values[unit], [], []
    for t in range(first, len(own)):
        row = [own[t - 1], means[t - 1]]
        row += [means[t - j] - means[t - j - 1] for j in range(lags + 1)]
        row += [own[t - j] - own[t - j - 1] for j in range(1, lags + 1)]
        row += [float(t) ** power for power in range({"n": 0, "c": 1, "ct": 2}[trend])]
        rows.append(row)
        target.append(own[t] - own[t - 1])
    x, y = np.array(rows), np.array(target)
    coefficients = np.linalg.lstsq(x, y, rcond=None)[0]
    rss = float(np.sum((y - x @ coefficients) ** 2))
    variance = rss / (len(y) - x.shape[1]) * np.linalg.inv(x.T @ x)[0, 0]
    return coefficients[0] / np.sqrt(variance), rss, *x.shape


@pytest.mark.parametrize("trend", ["n", "c", "ct"])
@pytest.mark.parametrize("lags", [0, 1, 3])
def test_ratios_are_those_of_regressions_with_the_averages_as_columns(trend, lags):
    values = shocked(10, 24, seed=3) * np.linspace(0.5, 4.0, 10)[:, None] + 30.0
    found = pv.cips_test(panel_of(values), "y", lags=lags, trend=trend)
    own = [fitted(values, unit, lags, trend, lags + 1) for unit in range(10)]
    np.testing.assert_allclose(found.individual["ratio"], [each[0] for each in own], rtol=1e-7)
    assert found.statistic == pytest.approx(np.mean([each[0] for each in own]), rel=1e-8)
    assert found.individual["rows"].tolist() == [23 - lags] * 10
    assert found.nobs == 10 * (23 - lags)


@pytest.mark.parametrize(("rule", "weight"), [("aic", lambda n: 2.0), ("bic", np.log)])
def test_a_rule_chooses_by_criteria_on_common_rows(rule, weight):
    values = shocked(10, 40, seed=4)
    for t in range(2, 40):
        values[:5, t] += 0.5 * (values[:5, t - 1] - values[:5, t - 2])
    found = pv.cips_test(values.T, lags=rule, max_lags=3)
    for unit in range(10):
        compared = [fitted(values, unit, lags, "c", 4) for lags in range(4)]
        criteria = [n * np.log(rss / n) + weight(n) * k for _, rss, n, k in compared]
        lags = int(np.argmin(criteria))
        assert found.individual["lags"].iloc[unit] == lags
        ratio = fitted(values, unit, lags, "c", lags + 1)[0]
        assert found.individual["ratio"].iloc[unit] == pytest.approx(ratio, rel=1e-7)
    assert len(set(found.individual["lags"])) > 1


def test_a_rule_without_a_longest_lag_leaves_degrees_of_freedom():
    found = pv.cips_test(panel_of(shocked(10, 14)), "y", lags="aic", trend="ct")
    assert found.choices["Lags"].endswith("(aic, 0 to 2)")


def test_lags_chosen_from_few_periods_are_noted():
    short, long = (pv.cips_test(shocked(10, periods).T, lags="bic", max_lags=2) for periods in (30, 60))
    assert any(note.code == "size" for note in short.notes)
    assert not any(note.code == "size" for note in long.notes)


def test_truncated_ratios_are_cut_at_the_bounds():
    values = shocked(10, 10)
    plain = pv.cips_test(panel_of(values), "y", lags=1)
    cut = pv.cips_test(panel_of(values), "y", lags=1, truncated=True)
    low, high = CIPS_BOUNDS["c"]
    ratios = plain.individual["ratio"].tolist()
    assert min(ratios) < low and max(ratios) > high
    assert cut.individual["ratio"].tolist() == ratios
    assert cut.statistic == pytest.approx(sum(max(low, min(high, each)) for each in ratios) / 10)
    assert cut.critical_values == cips_critical_values("c", 10, 10, truncated=True)


def test_critical_values_and_bounds():
    walking = pv.cips_test(panel_of(walks(10, 20)), "y")
    assert walking.critical_values == cips_critical_values("c", 10, 20)
    own = cadf_critical_values("c", 10, 20)
    assert {name: walking.individual[name].iloc[0] for name in ("1%", "5%", "10%")} == {
        f"{100 * level:g}%": value for level, value in own.items()
    }
    assert (walking.bound, walking.pvalue) == (">", 0.1)
    assert "p > 0.1" in repr(walking)
    assert "ends at 0.1, and the p-value is above it" in str(walking.summary())
    assert walking.reading(0.2) == "The published table ends at 10 percent, so the test says nothing at more."
    settled = pv.cips_test(panel_of(shocked(20, 60, root=0.5)), "y")
    assert (settled.bound, settled.pvalue) == ("<", 0.01)
    assert settled.reading(0.01).startswith("Rejected at 1 percent: some entities are stationary")
    assert settled.rejects(0.01) and settled.rejects() and not settled.rejects(0.005)
    assert settled.reading(0.005) == "The published table begins at 1 percent, so the test says nothing at less."
    with pytest.raises(pv.SpecificationError, match=r"level=0 must be a level of significance"):
        settled.reading(0)


@pytest.mark.parametrize("trend", ["n", "c", "ct"])
def test_neither_a_shock_for_all_nor_a_level_of_all_matters(trend):
    """What is the same for all entities is in the averages, up to the terms."""
    values = walks(10, 30, seed=5)
    shock = np.random.default_rng(6).standard_normal(30).cumsum()
    plain = pv.cips_test(panel_of(3.0 * values + shock), "y", trend=trend, lags=1)
    again = pv.cips_test(panel_of(-values - shock / 3.0), "y", trend=trend, lags=1)
    np.testing.assert_allclose(again.individual["ratio"], plain.individual["ratio"], rtol=1e-9)


def test_conventions_read_the_table_differently():
    values = panel_of(walks(12, 23))
    by = {each: pv.cips_test(values, "y", convention=each, lags=1) for each in ("default", "plm", "stata")}
    assert by["default"].critical_values == cips_critical_values("c", 12, 23)
    assert by["plm"].critical_values == cips_critical_values("c", 12, 21, convention="plm")
    assert by["stata"].critical_values == cips_critical_values("c", 12, 23, convention="stata")
    assert len({each.statistic for each in by.values()}) == 1


def unequal() -> np.ndarray:
    values = walks(10, 20)
    values[3, :2] = np.nan
    return values


@pytest.mark.parametrize(
    ("values", "options", "error", "match"),
    [
        (walks(9, 20), {}, pv.InsufficientDataError, "begins at 10 entities"),
        (walks(10, 9), {}, pv.InsufficientDataError, "begins at 10 periods"),
        (walks(10, 20), {"lags": 7}, pv.InsufficientDataError, "too few periods for the lags"),
        (unequal(), {}, pv.DataError, "18 to 20 observations per entity, the fewest in 'e3'"),
        (walks(10, 20) - walks(10, 20).mean(axis=0), {}, pv.CollinearityError, "zero in every period"),
        (np.vstack([walks(9, 20), np.arange(20.0)]), {"trend": "ct"}, pv.PanelVarError, "'e9'"),
        (walks(10, 20), {"convention": "stata", "trend": "n"}, pv.SpecificationError, "trend"),
        (walks(10, 20), {"convention": "gretl"}, pv.SpecificationError, "convention"),
    ],
)
def test_panels_that_cannot_be_tested_are_refused(values, options, error, match):
    with pytest.raises(error, match=match):
        pv.cips_test(panel_of(values), "y", **options)


def test_real_firms():
    """Statistics of R's plm, at two lags."""
    panel = pv.Panel(table("grunfeld"), "firm", "year")
    found = [pv.cips_test(panel, "inv", lags=2, trend=trend).statistic for trend in ("n", "c", "ct")]
    assert found == pytest.approx([-1.0877003397411933, -1.480173755457744, -1.3970355775938197], rel=1e-11)
