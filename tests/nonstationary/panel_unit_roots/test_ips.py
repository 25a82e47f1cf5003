"""Against single tests entity by entity, the moments of the table, and what gretl and plm agree on."""

from __future__ import annotations

import numpy as np
import pytest
from nonstationary.panel_unit_roots.panels import panel_of, walks
from reference_data import table
from scipy import stats

import panelvar as pv
from panelvar.nonstationary.panel_unit_roots.moments import augmented_ratio_moments, ratio_moments

# What the statistics are is tested here, in panels in which the tests reject too often.
pytestmark = pytest.mark.filterwarnings("ignore:.*of true nulls at 5%")


@pytest.mark.parametrize("trend", ["c", "ct"])
@pytest.mark.parametrize("lags", [0, 2, "aic", "t-stat"])
def test_entities_have_the_ratios_of_single_tests(trend, lags):
    values = walks(6, 40, seed=2)
    options = {"max_lags": 4} if isinstance(lags, str) else {}
    found = pv.ips_test(panel_of(values), "y", lags=lags, trend=trend, **options)
    own = [pv.adf_test(series, lags=lags, trend=trend, **options) for series in values]
    np.testing.assert_allclose(found.individual["ratio"], [each.statistic for each in own], rtol=1e-10)
    assert found.individual["lags"].tolist() == [each.lags for each in own]
    assert found.individual["rows"].tolist() == [each.nobs for each in own]
    moments = augmented_ratio_moments(trend, [each.nobs for each in own], [each.lags for each in own])
    gap = np.mean([each.statistic for each in own]) - moments.mean.mean()
    assert found.statistic == pytest.approx(np.sqrt(6 / moments.variance.mean()) * gap, rel=1e-10)


def test_entities_of_unequal_lengths():
    values = walks(4, 40, seed=3)
    y = values.copy()
    y[1, :7] = np.nan
    y[3, 33:] = np.nan
    found = pv.ips_test(panel_of(y), "y", lags=1)
    own = [pv.adf_test(series[~np.isnan(series)], lags=1).statistic for series in y]
    np.testing.assert_allclose(found.individual["ratio"], own, rtol=1e-10)
    assert [part.name for part in found.parts] == ["Z-t-bar"]
    assert (found.n_periods, found.nobs) == (40, sum(found.individual["rows"]))


@pytest.mark.parametrize(
    ("trend", "lags", "expected"),
    [("c", 1, 2.55019), ("c", 2, 4.49194), ("ct", 1, -1.45299)],
)
def test_gretl(trend, lags, expected):
    """Gretl 2025a, adf on panel data, Grunfeld's investment; six digits printed."""
    panel = pv.Panel(table("grunfeld"), "firm", "year")
    found = pv.ips_test(panel, "inv", lags=lags, trend=trend, convention="gretl")
    assert found.statistic == pytest.approx(expected, abs=6e-6)


def test_the_average_has_critical_values_without_lags():
    found = pv.ips_test(panel_of(walks(10, 25)), "y", lags=0)
    exact, *_ = found.parts
    assert exact.statistic == pytest.approx(found.individual["ratio"].mean())
    assert 0.0 < exact.pvalue <= 1.0
    text = str(found.summary())
    assert "Average ratio (t-bar)" in text
    assert ("Average ratio (t-bar): The published table ends" in text) == bool(exact.notes)
    wandering = pv.ips_test(panel_of(np.abs(walks(10, 25, root=1.05))), "y", lags=0)
    assert "the p-value is above it" in " ".join(str(wandering.summary()).split())


def test_stationary_entities_are_found():
    found = pv.ips_test(panel_of(walks(12, 60, root=0.6)), "y", lags=1)
    assert found.pvalue < 1e-6
    assert "some entities are stationary" in found.reading()


@pytest.mark.parametrize(
    ("values", "options", "error", "match"),
    [
        (walks(4, 8), {"lags": 1}, pv.InsufficientDataError, "begins at 10 rows"),
        (walks(4, 30), {"lags": 9}, pv.SpecificationError, "ends at 8 lags"),
        (walks(4, 30), {"lags": 40}, pv.InsufficientDataError, "too few periods"),
        (np.vstack([walks(3, 30), 0.5 ** np.arange(30)]), {"lags": 1}, pv.PanelVarError, "e3"),
        (np.vstack([walks(3, 30), 1.0 + np.arange(30)]), {"lags": 1, "trend": "ct"}, pv.PanelVarError, "e3"),
    ],
)
def test_panels_that_cannot_be_tested_are_refused(values, options, error, match):
    with pytest.raises(error, match=match):
        pv.ips_test(panel_of(values), "y", **options)


@pytest.mark.parametrize("trend", ["c", "ct"])
@pytest.mark.parametrize(("periods", "longest"), [(11, 0), (12, 1), (13, 2), (15, 3), (25, 3), (60, 4)])
def test_the_default_lags_are_lags_that_the_table_has(trend, periods, longest):
    found = pv.ips_test(walks(20, periods).T, trend=trend)
    assert found.individual["lags"].max() <= longest
    assert found.statistic == pv.ips_test(walks(20, periods).T, trend=trend, max_lags=longest).statistic


@pytest.mark.parametrize("trend", ["c", "ct"])
@pytest.mark.parametrize("lags", [0, 1])
def test_standardised_by_moments_without_lags(trend, lags):
    values = walks(8, 30, seed=11)
    values[2, :6] = np.nan
    found = pv.ips_test(panel_of(values), "y", lags=lags, trend=trend)
    own = found.individual
    mean, variance = ratio_moments(own["rows"]) if trend == "c" else augmented_ratio_moments(trend, own["rows"], 0)
    part = next(each for each in found.parts if each.name == "Z-t-bar")
    expected = np.sqrt(8) * (own["ratio"].mean() - mean.mean()) / np.sqrt(variance.mean())
    assert (part.statistic, part.pvalue) == pytest.approx((expected, stats.norm.cdf(expected)), rel=1e-12)
    assert any(each.name == "Z-t-tilde-bar" for each in found.parts) == (trend == "c" and lags == 0)


def test_ratios_with_the_variance_of_the_null():
    values = walks(8, 30, seed=12)
    values[5, 25:] = np.nan
    ratios, rows = [], []
    for own in values:
        y = own[~np.isnan(own)]
        change, level = np.diff(y) - np.diff(y).mean(), y[:-1] - y[:-1].mean()
        rows.append(len(change))
        ratios.append(change @ level / np.sqrt(change @ change / (rows[-1] - 1) * (level @ level)))
    mean, variance = ratio_moments(rows, tilde=True)
    expected = np.sqrt(8) * (np.mean(ratios) - mean.mean()) / np.sqrt(variance.mean())
    part = pv.ips_test(panel_of(values), "y", lags=0).parts[-1]
    assert (part.name, part.distribution) == ("Z-t-tilde-bar", "normal")
    assert part.statistic == pytest.approx(expected, rel=1e-10)


def test_entities_that_repeat_another_are_told():
    values = walks(5, 30)
    values[3] = values[1]
    with pytest.warns(pv.PanelVarWarning, match=r"'e3' has the same values as 'e1' \(1 of 5\)"):
        found = pv.ips_test(panel_of(values), "y")
    assert any("Keep one of each" in note.text for note in found.notes)
    values[4] = values[1]
    with pytest.warns(
        pv.PanelVarWarning, match=r"'e3' has the same values as 'e1', and 1 more entity repeats another \(2 of 5\)"
    ):
        pv.hadri_test(panel_of(values), "y")


def test_infinite_values_are_not_called_large_ones():
    values = walks(4, 30)
    values[2, 7] = np.inf
    with pytest.raises(pv.DataError, match=r"'y of e2' has 1 infinite value\. Remove"):
        pv.ips_test(panel_of(values), "y")


@pytest.mark.slow
@pytest.mark.parametrize(("entities", "periods"), [(10, 12), (20, 50)])
def test_sizes_of_the_standardised_ratios(entities, periods):
    rejected = {}
    for seed in range(400):
        for part in pv.ips_test(walks(entities, periods, seed=seed).T, lags=0).parts[1:]:
            rejected[part.name] = rejected.get(part.name, 0) + (part.pvalue < 0.05)
    assert sorted(rejected) == ["Z-t-bar", "Z-t-tilde-bar"]
    assert all(0.02 < count / 400 < 0.09 for count in rejected.values())
