"""Against single tests entity by entity, combined by the caller, and plm's procedure."""

from __future__ import annotations

import numpy as np
import pytest
from panel_unit_roots.panels import panel_of, walks
from parity.runner import expected_tree
from reference_data import table

import panelvar as pv


@pytest.mark.parametrize("trend", ["n", "c", "ct"])
@pytest.mark.parametrize("lags", [0, 2, "hq", "t-stat"])
@pytest.mark.parametrize("statistic", ["Z", "P", "Pm", "L*", "hartung"])
def test_entities_have_the_pvalues_of_single_tests(trend, lags, statistic):
    values = walks(6, 40, seed=2)
    options = {"max_lags": 4} if isinstance(lags, str) else {}
    found = pv.fisher_test(panel_of(values), "y", statistic=statistic, lags=lags, trend=trend, **options)
    own = [pv.adf_test(series, lags, trend=trend, **options) for series in values]
    np.testing.assert_allclose(found.individual["ratio"], [each.statistic for each in own], rtol=1e-10)
    np.testing.assert_allclose(found.individual["pvalue"], [each.pvalue for each in own], rtol=1e-9)
    assert found.individual["lags"].tolist() == [each.lags for each in own]
    expected = pv.combine_pvalues([each.pvalue for each in own], statistic)
    assert (found.statistic, found.pvalue) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-8)
    assert (found.distribution, found.df, len(found.parts)) == (expected.distribution, expected.df, 4)


@pytest.mark.parametrize("trend", ["n", "c", "ct"])
@pytest.mark.parametrize(
    "options", [{}, {"bandwidth": 3, "kernel": "parzen"}, {"bandwidth": "andrews", "kernel": "quadratic-spectral"}]
)
def test_phillips_perron_tests_of_entities_of_unequal_lengths(trend, options):
    values = walks(5, 40, seed=3)
    values[1, :7] = np.nan
    values[3, 33:] = np.nan
    found = pv.fisher_test(panel_of(values), "y", test="pp", trend=trend, **options)
    own = [pv.phillips_perron_test(y[~np.isnan(y)], trend=trend, **options) for y in values]
    np.testing.assert_allclose(found.individual["ratio"], [each.statistic for each in own], rtol=1e-9)
    np.testing.assert_allclose(found.individual["bandwidth"], [each.lags for each in own], rtol=1e-10)
    assert found.individual["rows"].tolist() == [39, 32, 39, 32, 39]
    expected = pv.combine_pvalues([each.pvalue for each in own])
    assert found.statistic == pytest.approx(expected.statistic, rel=1e-7)
    assert (found.n_periods, found.nobs) == (40, 181)


def test_unequal_lengths_and_lags_of_their_own():
    values = walks(4, 40, seed=4)
    values[0, :9] = np.nan
    found = pv.fisher_test(panel_of(values), "y", lags="aic", max_lags=3)
    own = [pv.adf_test(y[~np.isnan(y)], "aic", max_lags=3) for y in values]
    assert found.statistic == pytest.approx(pv.combine_pvalues([each.pvalue for each in own]).statistic, rel=1e-8)


def test_ratios_beyond_the_ends_of_the_polynomials():
    values = np.vstack([walks(3, 60, seed=1), 1.08 ** np.arange(60) + 0.01 * walks(1, 60, root=0.0)[0]])
    found = pv.fisher_test(panel_of(values), "y", lags=0)
    assert found.individual["ratio"].iloc[3] > 2.74
    assert 0.998 < found.individual["pvalue"].iloc[3] < 1.0
    assert np.isfinite([found.statistic, *(part.statistic for part in found.parts)]).all()
    assert "1 of 4 ratios are beyond the ends" in " ".join(str(found.summary()).split())


def test_stationary_entities_are_found():
    for test in ("adf", "pp"):
        found = pv.fisher_test(panel_of(walks(12, 60, root=0.6)), "y", test=test, lags=1)
        assert max(found.pvalue, *(part.pvalue for part in found.parts)) < 1e-3
        assert "some entities are stationary" in found.reading()


def test_simes_names_the_entities_that_are_stationary():
    values = np.vstack([walks(8, 80, seed=5), walks(2, 80, seed=6, root=0.2)])
    found = pv.simes_test(panel_of(values), "y", lags=1)
    own = [pv.adf_test(series, 1).pvalue for series in values]
    expected = pv.combine_pvalues(own, "simes")
    assert found.pvalue == pytest.approx(expected.pvalue, rel=1e-8)
    np.testing.assert_allclose(found.individual["adjusted_pvalue"], expected.individual["adjusted_pvalue"], rtol=1e-8)
    assert found.individual.index[found.individual["adjusted_pvalue"] <= 0.05].tolist() == ["e8", "e9"]
    assert found.choices["Entities stationary at 5 percent"] == "2"
    assert found.parts == ()


@pytest.mark.parametrize("model", sorted(expected_tree("grunfeld_fisher")))
def test_the_firms_that_plm_finds_stationary(model):
    """MacKinnon's later p-values decide alike at 5 percent."""
    variable, terms = model.split("_")
    trend = {"none": "n", "intercept": "c", "trend": "ct"}[terms]
    panel = pv.Panel(table("grunfeld"), "firm", "year")
    found = pv.simes_test(panel, variable, lags=1, trend=trend, convention="plm")
    rejected = expected_tree("grunfeld_fisher")[model]["lags1"]["phansitest"]["rejected"]
    assert (found.individual["adjusted_pvalue"] <= 0.05).tolist() == rejected


def test_shocks_that_are_common():
    values = walks(8, 40, seed=7) + 10.0 * walks(1, 40, seed=8)
    for call in (pv.fisher_test, pv.simes_test):
        plain = call(panel_of(values - values.mean(axis=0)), "y", lags=1)
        assert call(panel_of(values), "y", lags=1, demean=True).statistic == pytest.approx(plain.statistic, rel=1e-9)


@pytest.mark.parametrize(
    ("values", "options", "error", "match"),
    [
        (walks(4, 30), {"lags": 40}, pv.InsufficientDataError, "too few periods"),
        (walks(4, 3), {"test": "pp"}, pv.InsufficientDataError, "e0"),
        (walks(4, 30), {"test": "kpss"}, pv.SpecificationError, "test"),
        (walks(4, 30), {"trend": "ctt"}, pv.SpecificationError, "trend"),
        (walks(4, 30), {"test": "pp", "bandwidth": 29}, pv.PanelVarError, "bandwidth"),
        (walks(4, 30), {"test": "pp", "kernel": "box"}, pv.SpecificationError, "kernel"),
        (walks(4, 30), {"convention": "eviews"}, pv.SpecificationError, "convention"),
        (np.vstack([walks(3, 30), 0.5 ** np.arange(30)]), {"lags": 1}, pv.PanelVarError, "e3"),
        (np.vstack([walks(3, 30), 0.5 ** np.arange(30)]), {"test": "pp"}, pv.PanelVarError, "e3"),
        (np.vstack([walks(3, 30), 1.0 + np.arange(30)]), {"test": "pp", "trend": "ct"}, pv.PanelVarError, "e3"),
    ],
)
def test_panels_that_cannot_be_tested_are_refused(values, options, error, match):
    for call in (pv.fisher_test, pv.simes_test):
        with pytest.raises(error, match=match):
            call(panel_of(values), "y", **options)


def test_statistics_that_there_are_not():
    with pytest.raises(pv.SpecificationError, match="hartung"):
        pv.fisher_test(panel_of(walks(4, 30)), "y", statistic="simes")
