"""Against single tests entity by entity, combined by the caller, and plm's procedure."""

from __future__ import annotations

import numpy as np
import pytest
from nonstationary.panel_unit_roots.panels import panel_of, walks
from parity.runner import expected_tree
from reference_data import table
from scipy import stats

import panelvar as pv
from panelvar.nonstationary.unit_roots.distributions import simulated_tau_pvalue

# What the statistics are is tested here, in panels in which the tests reject too often.
pytestmark = pytest.mark.filterwarnings("ignore:.*of true nulls at 5%")


@pytest.mark.parametrize("trend", ["n", "c", "ct"])
@pytest.mark.parametrize("lags", [0, 2, "hqic", "t-stat"])
@pytest.mark.parametrize("statistic", ["Z", "P", "Pm", "L*", "hartung"])
def test_entities_have_the_tests_of_single_series(trend, lags, statistic):
    values = walks(6, 40, seed=2)
    options = {"lags": lags, "trend": trend} | ({"max_lags": 4} if isinstance(lags, str) else {})
    own = [pv.adf_test(series, **options) for series in values]
    for convention in ("default", "plm", "gretl", "stata"):
        found = pv.fisher_test(panel_of(values), "y", statistic=statistic, convention=convention, **options)
        table = found.individual
        if convention != "plm":
            np.testing.assert_allclose(table["ratio"], [each.statistic for each in own], rtol=1e-10)
            assert table["lags"].tolist() == [each.lags for each in own]
        rows = {
            "default": table["rows"],
            "gretl": np.where(table["lags"] == 0, table["rows"], np.inf),
        }.get(convention, np.full(6, np.inf))
        pvalues = [each.pvalue for each in own]
        if convention != "stata":
            pvalues = [
                simulated_tau_pvalue(np.array([one]), trend, np.array([n]))[0]
                for one, n in zip(table["ratio"], rows, strict=True)
            ]
        np.testing.assert_allclose(table["pvalue"], pvalues, rtol=1e-9)
        expected = pv.combine_pvalues(pvalues, statistic=statistic)
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
    found = pv.fisher_test(panel_of(values), "y", test="pp", trend=trend, convention="stata", **options)
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
    found = pv.fisher_test(panel_of(values), "y", lags="aic", max_lags=3, convention="stata")
    own = [pv.adf_test(y[~np.isnan(y)], lags="aic", max_lags=3) for y in values]
    assert found.statistic == pytest.approx(pv.combine_pvalues([each.pvalue for each in own]).statistic, rel=1e-8)


def test_ratios_beyond_the_ends_of_the_polynomials():
    values = np.vstack([walks(3, 60, seed=1), 1.08 ** np.arange(60) + 0.01 * walks(1, 60, root=0.0)[0]])
    found = pv.fisher_test(panel_of(values), "y", lags=0, convention="stata")
    assert found.individual["ratio"].iloc[3] > 2.74
    assert 0.998 < found.individual["pvalue"].iloc[3] < 1.0
    assert np.isfinite([found.statistic, *(part.statistic for part in found.parts)]).all()
    assert "1 of 4 ratios are beyond the ends" in " ".join(str(found.summary()).split())
    simulated = pv.fisher_test(panel_of(values), "y", lags=0)
    assert simulated.individual["pvalue"].iloc[3] == pytest.approx(stats.norm.cdf(3.6))
    assert "1 of 4 ratios are beyond the ends of the simulated quantiles" in simulated.notes[0].text
    assert np.isfinite([simulated.statistic, *(part.statistic for part in simulated.parts)]).all()


def test_simes_prints_a_bound_where_its_ratio_is_beyond_the_quantiles():
    values = np.vstack([walks(3, 60, seed=1), walks(1, 60, root=0.0, seed=2)])
    found = pv.simes_test(panel_of(values), "y", lags=0)
    assert found.individual["ratio"].iloc[3] < -5.0
    assert found.bound == "<" and found.pvalue == pytest.approx(4 * stats.norm.cdf(-3.6))
    assert "p < 0.000636" in found.in_a_line() and found.rejects(0.001)
    # Other programs print numbers there.
    assert pv.simes_test(panel_of(values), "y", lags=0, convention="plm").bound == ""


def test_phillips_perron_tests_of_few_periods_say_so():
    with pytest.warns(pv.PanelVarWarning, match="Phillips-Perron tests of so few periods"):
        pv.fisher_test(panel_of(walks(6, 9)), "y", test="pp")
    assert pv.fisher_test(panel_of(walks(6, 9)), "y", test="pp", bootstrap=pv.PanelBootstrap(draws=9)).notes == ()


def test_stationary_entities_are_found():
    for test in ("adf", "pp"):
        found = pv.fisher_test(panel_of(walks(12, 60, root=0.6)), "y", test=test, lags=1)
        assert max(found.pvalue, *(part.pvalue for part in found.parts)) < 1e-3
        assert "some entities are stationary" in found.reading()


def test_simes_names_the_entities_that_are_stationary():
    values = np.vstack([walks(8, 80, seed=5), walks(2, 80, seed=6, root=0.2)])
    found = pv.simes_test(panel_of(values), "y", lags=1, convention="stata")
    own = [pv.adf_test(series, lags=1).pvalue for series in values]
    expected = pv.combine_pvalues(own, statistic="simes")
    assert found.pvalue == pytest.approx(expected.pvalue, rel=1e-8)
    np.testing.assert_allclose(found.individual["adjusted_pvalue"], expected.individual["adjusted_pvalue"], rtol=1e-8)
    assert found.individual.index[found.individual["adjusted_pvalue"] <= 0.05].tolist() == ["e8", "e9"]
    assert found.choices["Entities stationary at 5 percent"] == "2"
    assert found.parts == ()


def grunfeld() -> pv.Panel:
    return pv.Panel(table("grunfeld"), "firm", "year")


@pytest.mark.parametrize("model", sorted(expected_tree("grunfeld_fisher")))
def test_plm_with_the_pvalues_of_mackinnon(model):
    """His surfaces of 1996 and the limit simulated here: the same firms, but one that is at 5.02 and 4.99 percent."""
    variable, terms = model.split("_")
    trend = {"none": "n", "intercept": "c", "trend": "ct"}[terms]
    expected = expected_tree("grunfeld_fisher")[model]["lags1"]
    found = pv.fisher_test(grunfeld(), variable, lags=1, trend=trend, convention="plm")
    np.testing.assert_allclose(found.individual["pvalue"], expected["individual_adf_p"], rtol=0.05, atol=5e-4)
    assert found.statistic == pytest.approx(expected["invnormal"]["statistic"], rel=0.01)
    firms = pv.simes_test(grunfeld(), variable, lags=1, trend=trend, convention="plm").individual
    decided = firms["adjusted_pvalue"].sub(0.05).abs() > 5e-4
    rejected = np.array(expected["phansitest"]["rejected"])
    assert (firms["adjusted_pvalue"] <= 0.05)[decided].tolist() == rejected[decided].tolist()
    assert (~decided).sum() == (model == "value_trend")


@pytest.mark.parametrize(
    ("trend", "lags", "fisher", "normal", "logit"),
    [
        ("c", 0, 12.8312, 2.3992, 3.03374),
        ("c", 1, 13.859948, 2.709760, 3.612239),
        ("c", 2, 3.565918, 5.479736, 6.508539),
        ("ct", 0, 22.3106, 0.126228, 0.424329),
        ("ct", 1, 55.96935, -1.765778, -2.514804),
    ],
)
def test_gretl(trend, lags, fisher, normal, logit):
    """Gretl 2025a, Grunfeld's investment, by MacKinnon's (1996) p-values; with lags plm's with ``dfcor``."""
    found = {
        name: pv.fisher_test(grunfeld(), "inv", statistic=name, lags=lags, trend=trend, convention="gretl").statistic
        for name in ("P", "Z", "L*")
    }
    assert found["P"] == pytest.approx(fisher, rel=3e-3)
    assert found["Z"] == pytest.approx(normal, abs=0.01)
    assert found["L*"] == pytest.approx(logit, abs=0.015)


@pytest.mark.parametrize(("entities", "periods"), [(10, 25), (25, 25), (20, 50)])
@pytest.mark.parametrize("trend", ["c", "ct"])
def test_true_nulls_are_rejected_as_often_as_the_level_says(entities, periods, trend):
    rejected = {}
    for seed in range(400):
        found = pv.fisher_test(walks(entities, periods, seed=seed).T, lags=0, trend=trend)
        for each in (found, *found.parts):
            key = each.name.split(" of ")[0]
            rejected[key] = rejected.get(key, 0) + (each.pvalue < 0.05) / 400
        simes = pv.simes_test(walks(entities, periods, seed=seed).T, lags=0, trend=trend)
        rejected["Simes"] = rejected.get("Simes", 0) + (simes.pvalue < 0.05) / 400
    hartung = rejected.pop("Hartung's t (correlated tests)")
    assert hartung < 0.05
    assert all(0.02 < share < 0.085 for share in rejected.values()), rejected


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
