"""Against the definitions written out, published examples, and every set of tests that a closed procedure looks at."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import panelvar as pv
from panelvar.nonstationary.panel_series.pvalue_combinations import COMBINATIONS, combine, hommel_adjusted

# Oersal and Arsova (2016), tables 7 and 8: p-values of 19 countries for two ranks, and Pm and Z as printed.
ONE_RELATION = """0.829 0.404 0.878 0.565 0.478 0.621 0.776 0.897 0.284 0.736 0.837 0.351 0.417 0.049 0.975 0.998 0.845
0.075 0.153"""
THREE_RELATIONS = """0.256 0.94 0.557 0.9 0.442 0.828 0.563 0.612 0.906 0.543 0.374 0.875 0.694 0.907 0.147 0.851 0.609
0.958 0.338"""


def pvalues(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.001, 0.999, count)


@pytest.mark.parametrize(("text", "modified", "normal"), [(ONE_RELATION, -0.98, 1.49), (THREE_RELATIONS, -2.02, 2.12)])
def test_published_statistics(text, modified, normal):
    given = [float(each) for each in text.split()]
    assert round(pv.combine_pvalues(given, statistic="Pm").statistic, 2) == modified
    assert round(pv.combine_pvalues(given, statistic="Z").statistic, 2) == normal


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        ([0.02, 0.04, 0.02, 0.01, 0.04, 0.03, 0.15], 0.02),
        ([0.25, 0.4, 0.03, 0.06, 0.04, 0.1, 0.6], 0.07),
        ([0.43, 0.22, 0.67, 0.89, 0.79, 0.41, 0.73], 0.63),
    ],
)
def test_published_pvalues_of_correlated_tests(given, printed):
    """Oersal and Arsova (2017): seven countries, p-values of the panel by Hartung with kappa = 0.2."""
    assert round(pv.combine_pvalues(given, statistic="hartung").pvalue, 2) == printed


@pytest.mark.parametrize("count", [2, 3, 40])
def test_definitions(count):
    p = pvalues(count, seed=count)
    every = {name: pv.combine_pvalues(p, statistic=name) for name in COMBINATIONS}
    z = stats.norm.ppf(p)
    fisher = stats.combine_pvalues(p, method="fisher")
    assert (every["P"].statistic, every["P"].pvalue) == pytest.approx((fisher.statistic, fisher.pvalue), rel=1e-12)
    assert every["P"].df == 2 * count
    stouffer = z.sum() / np.sqrt(count)
    assert (every["Z"].statistic, every["Z"].pvalue) == pytest.approx((stouffer, stats.norm.cdf(stouffer)), rel=1e-10)
    modified = sum(-2 * np.log(each) - 2 for each in p) / (2 * np.sqrt(count))
    assert (every["Pm"].statistic, every["Pm"].pvalue) == pytest.approx((modified, stats.norm.sf(modified)), rel=1e-10)
    assert every["L*"].pvalue == pytest.approx(stats.combine_pvalues(p, method="mudholkar_george").pvalue, rel=1e-10)
    assert every["L*"].pvalue == pytest.approx(stats.t.cdf(every["L*"].statistic, 5 * count + 4), rel=1e-10)
    assert every["L*"].df == 5 * count + 4
    r = max(-1 / (count - 1), 1 - z.var(ddof=1))
    spread = count + count * (count - 1) * (r + 0.2 * np.sqrt(2 / (count + 1)) * (1 - r))
    assert every["hartung"].statistic == pytest.approx(z.sum() / np.sqrt(spread), rel=1e-10)
    simes = min(count * each / (rank + 1) for rank, each in enumerate(sorted(p)))
    assert every["simes"].statistic == every["simes"].pvalue == pytest.approx(simes, rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_adjusted_pvalues_are_those_of_the_closed_procedure(seed):
    p = pvalues(7, seed) ** 2
    slow = [
        max(
            stats.false_discovery_control(p[list(some)]).min()
            for size in range(1, 8)
            for some in combinations(range(7), size)
            if each in some
        )
        for each in range(7)
    ]
    np.testing.assert_allclose(hommel_adjusted(p), slow, rtol=1e-12)


def test_the_order_decides_nothing():
    p = pd.Series(pvalues(12), [f"e{place}" for place in range(12)])
    turned = p.iloc[::-1]
    one, other = pv.combine_pvalues(p), pv.combine_pvalues(turned)
    assert one.statistic == pytest.approx(other.statistic, rel=1e-13)
    pd.testing.assert_frame_equal(one.individual.sort_index(), other.individual.sort_index())
    mapped = pv.combine_pvalues(dict(p))
    assert mapped.individual.index.tolist() == p.index.tolist()
    assert pv.combine_pvalues(p.tolist()).individual.index.tolist() == list(range(12))


def test_one_is_the_result_and_the_others_are_its_parts():
    result = pv.combine_pvalues(pvalues(5), statistic="L*")
    assert (result.name, result.distribution, result.df) == ("Choi's L* (logit)", "t", 29)
    assert [each.name.split()[0] for each in result.parts] == ["Choi's", "Maddala-Wu", "Choi's", "Hartung's", "Simes"]
    text = str(result.summary())
    assert "Periods" not in text
    assert "every hypothesis is true" in " ".join(text.split())


def test_uniform_pvalues_reject_as_often_as_the_level_says():
    draws = np.random.default_rng(5).uniform(size=(2000, 12))
    rejected = {name: np.mean([combine(p, name, (), "")[0].pvalue < 0.05 for p in draws]) for name in COMBINATIONS}
    # Pm is for many tests, Hartung's guards against correlation that is not there.
    assert 0.05 < rejected.pop("Pm") < 0.08
    assert 0.01 < rejected.pop("hartung") < 0.05
    for name, share in rejected.items():
        assert share == pytest.approx(0.05, abs=0.015), name


@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        ([0.2, 1.0], pv.SpecificationError, "1 of 1, was rounded"),
        ({"a": 0.0, "b": 0.3}, pv.SpecificationError, "0 of 'a', was rounded"),
        ([0.2, 1.7], pv.SpecificationError, "no p-value"),
        ([0.2, -0.1], pv.SpecificationError, "no p-value"),
        ([0.2, np.nan], pv.SpecificationError, "NaN"),
        (["x", 0.1], pv.SpecificationError, "real numbers"),
        ([[0.1, 0.2]], pv.SpecificationError, "shape"),
        (0.3, pv.SpecificationError, "shape"),
        ([0.3], pv.InsufficientDataError, "at least two"),
        ([], pv.PanelVarError, "pvalues|two"),
    ],
)
def test_what_is_no_list_of_pvalues_is_refused(given, error, match):
    with pytest.raises(error, match=match):
        pv.combine_pvalues(given)


def test_labels_that_are_tuples_stay_labels():
    """pandas takes a list of tuples for the levels of an index."""
    labels = [("a", number) for number in range(10)]
    noise = np.random.default_rng(0).standard_normal((10, 30))
    rows = [(label, year, noise[label[1], year]) for label in labels for year in range(30)]
    panel = pv.Panel(pd.DataFrame(rows, columns=["unit", "year", "y"]), "unit", "year")
    found = pv.ips_test(panel, "y", lags=0).individual
    assert found.index.tolist() == labels
    assert found.index.nlevels == 1
