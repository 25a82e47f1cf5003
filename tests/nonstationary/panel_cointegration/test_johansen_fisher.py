"""Against Johansen's test of every entity, output that EViews printed, and what the test refuses."""

from __future__ import annotations

import numpy as np
import pytest
from nonstationary.panel_cointegration.systems import frame_of, panel_of, system

import panelvar as pv
from panelvar.nonstationary.cointegration.johansen_distribution import gamma_moments, gamma_pvalues
from panelvar.nonstationary.panel_cointegration.rank_regressions import choose_lags

# What the statistics are is tested here, in panels in which the tests reject too often.
pytestmark = pytest.mark.filterwarnings("ignore:.*of true nulls at 5%")

TRENDS = ["n", "rc", "c", "rt", "ct"]


def one_by_one(values, lags, **options):
    return [pv.johansen_test(own, lags=lag, **options) for own, lag in zip(values, lags, strict=True)]


@pytest.mark.parametrize("trend", TRENDS)
@pytest.mark.parametrize(("lags", "regressors", "correction"), [(1, 1, None), (3, 2, "reinsel-ahn"), (2, 2, "doornik")])
@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_every_entity_has_johansens_tests(trend, lags, regressors, correction):
    values = system(5, 40, regressors, root=0.6, seed=2) * np.array([1.0, *[1e3] * regressors]) + 5.0
    x = [f"x{j + 1}" for j in range(regressors)]
    found = pv.johansen_fisher_test(panel_of(values), "y", x, trend=trend, lags=lags, correction=correction)
    single = one_by_one(values, [lags] * 5, trend=trend, correction=correction)
    for name, attribute in (("trace", "trace"), ("max", "max_eigenvalue")):
        for rank in range(1 + regressors):
            statistics = [getattr(each, attribute)[rank] for each in single]
            pvalues = [getattr(each, f"{name}_pvalues")[rank] for each in single]
            np.testing.assert_allclose(found.individual[f"{name}_{rank}"], statistics, rtol=1e-8)
            np.testing.assert_allclose(found.individual[f"{name}_{rank}_pvalue"], pvalues, rtol=1e-6, atol=1e-12)
    again = pv.combine_pvalues([each.trace_pvalues[0] for each in single], statistic="P")
    assert (found.statistic, found.df) == (pytest.approx(again.statistic, rel=1e-7), 10)
    assert found.nobs == 5 * (40 - lags)


@pytest.mark.parametrize("criterion", ["aic", "bic", "hqic"])
@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_lags_by_a_criterion_are_those_of_the_levels(criterion):
    values = system(9, 60, 1, root=0.6, seed=4)
    values[:4, 2:, 0] += 0.8 * values[:4, :-2, 1]
    found = pv.johansen_fisher_test(panel_of(values), "y", "x1", lags=criterion, max_lags=4, trend="c")
    expected = [pv.fit_var(own, lags=criterion, max_lags=4, trend="c").lags for own in values]
    assert found.individual["lags"].tolist() == expected
    assert len(set(expected)) > 1
    assert found.individual["rows"].tolist() == [60 - lag for lag in expected]
    assert f"({criterion})" in found.choices["Lags of the levels"]


def test_the_longest_lag_that_is_tried_leaves_rows_enough():
    values = system(4, 14, 2, root=0.5, seed=1)
    # Three of 14 periods, by the rule; two leave 12 rows for seven coefficients and three variables, three too few.
    found = pv.johansen_fisher_test(panel_of(values), "y ~ x1 + x2", lags="aic", trend="c")
    expected = choose_lags(values, "c", "aic", 2)
    assert found.individual["lags"].tolist() == expected.tolist()


@pytest.mark.parametrize("statistic", ["P", "Z", "Pm", "L*", "lr-bar"])
@pytest.mark.parametrize("test", ["trace", "max"])
def test_every_statistic_of_every_rank(statistic, test):
    if (statistic, test) == ("lr-bar", "max"):
        return
    values = system(6, 50, 2, root=0.6, seed=3)
    found = pv.johansen_fisher_test(panel_of(values), "y ~ x1 + x2", statistic=statistic, test=test, trend="c")
    tests = [found, *found.parts]
    assert len(tests) == 9
    own = "P" if statistic == "lr-bar" else statistic
    columns = found.individual
    for rank in range(3):
        where = "r = 0" if rank == 0 else f"r <= {rank}"
        for kind in ("trace", "max"):
            (one,) = [each for each in tests if each.name.endswith(f"{own} ({where}, {kind})")]
            again = pv.combine_pvalues(columns[f"{kind}_{rank}_pvalue"], statistic=own)
            assert (one.statistic, one.pvalue) == (pytest.approx(again.statistic), pytest.approx(again.pvalue))
        (average,) = [each for each in tests if each.name.endswith(f"LR-bar ({where}, trace)")]
        mean, variance = (float(each[0]) for each in gamma_moments("trace", "c", [3 - rank]))
        expected = np.sqrt(6.0) * (columns[f"trace_{rank}"].mean() - mean) / np.sqrt(variance)
        assert average.statistic == pytest.approx(expected)
    assert tests[0].name.startswith("Johansen-Fisher")
    assert f"{test if statistic != 'lr-bar' else 'trace'})" in tests[0].name


def test_the_rank_is_the_first_that_is_not_rejected():
    found = pv.johansen_fisher_test(panel_of(system(10, 60, 2, root=0.2, seed=3)), "y ~ x1 + x2", lags=1)
    assert found.pvalue < 1e-6
    assert found.choices["Rank by P of trace tests at 5 percent"] == "1"
    assert "Null hypothesis of P (r <= 2, trace): no entity has more than 2 relations" in " ".join(
        str(found.summary()).split()
    )


def test_the_order_of_the_variables_does_not_matter():
    values = system(4, 40, 2, root=0.6, seed=3)
    first = pv.johansen_fisher_test(panel_of(values), "y ~ x1 + x2")
    other = pv.johansen_fisher_test(panel_of(values), "x2 ~ y + x1")
    assert [part.statistic for part in other.parts] == pytest.approx([part.statistic for part in first.parts], rel=1e-8)


def test_entities_may_have_periods_of_their_own():
    frame = frame_of(system(3, 40, 1, root=0.5, seed=1)).drop(index=[0, 1, 2, 79])
    found = pv.johansen_fisher_test(pv.Panel(frame, "i", "t"), "y", "x1", correction="doornik", trend="c")
    groups = [own[["y", "x1"]].to_numpy() for _, own in frame.groupby("i")]
    single = one_by_one(groups, [2] * 3, trend="c", correction="doornik")
    np.testing.assert_allclose(
        found.individual["trace_0_pvalue"], [each.trace_pvalues[0] for each in single], rtol=1e-7
    )
    assert found.individual["rows"].tolist() == [35, 37, 38]


def test_statistics_beyond_the_range_of_their_pvalues_count_as_the_smallest():
    values = system(3, 4000, 1, root=0.0, seed=1)
    found = pv.johansen_fisher_test(panel_of(values), "y", "x1", lags=1, statistic="Z")
    assert found.individual["trace_0_pvalue"].eq(np.finfo(float).tiny).all()
    assert np.isfinite(found.statistic)
    assert found.pvalue < 1e-100


# EViews 8, three variables of four regions, 17 years, no lagged differences, a constant: statistics with p-values.
EVIEWS = {
    "trace": [
        [(35.7434, 0.0092), (37.8191, 0.0048), (27.5832, 0.0882), (24.1658, 0.1935)],
        [(14.2220, 0.0770), (8.9877, 0.3665), (11.5180, 0.1816), (4.7763, 0.8321)],
        [(0.4450, 0.5047), (0.6388, 0.4241), (2.6358, 0.1045), (0.1019, 0.7496)],
    ],
    "max": [
        [(21.5215, 0.0441), (28.8314, 0.0034), (16.0652, 0.2211), (19.3894, 0.0861)],
        [(13.7769, 0.0596), (8.3489, 0.3444), (8.8822, 0.2961), (4.6745, 0.7822)],
        [(0.4450, 0.5047), (0.6388, 0.4241), (2.6358, 0.1045), (0.1019, 0.7496)],
    ],
}
PANEL = {
    "trace": [(28.19, 0.0004), (10.91, 0.2066), (8.177, 0.4164)],
    "max": [(25.54, 0.0013), (10.70, 0.2194), (8.177, 0.4164)],
}


@pytest.mark.parametrize("kind", ["trace", "max"])
def test_eviews_combines_its_pvalues_so_and_ours_are_near_them(kind):
    for rank, cells in enumerate(EVIEWS[kind]):
        combined = pv.combine_pvalues([pvalue for _, pvalue in cells], statistic="P")
        # P-values are printed to four decimals: half a unit of a small one is a percent of it.
        assert combined.statistic == pytest.approx(PANEL[kind][rank][0], abs=0.03)
        assert combined.pvalue == pytest.approx(PANEL[kind][rank][1], abs=0.001)
        statistics = np.zeros((4, 3))
        statistics[:, rank] = [statistic for statistic, _ in cells]
        ours = gamma_pvalues(kind, "c", statistics)[:, rank]
        np.testing.assert_allclose(ours, [pvalue for _, pvalue in cells], rtol=0, atol=0.012)


def _short(values):
    return pv.Panel(frame_of(values).drop(index=range(60, 85)), "i", "t")


def _follows(values):
    """A variable of the second entity is one of the past of another, exactly."""
    out = values.copy()
    out[1, 1:, 1] = out[1, :-1, 0]
    return panel_of(out)


def _twice(values):
    """Changes of two variables are the same but for a trend."""
    out = values.copy()
    out[2, :, 1] = out[2, :, 0] + np.arange(out.shape[1])
    return panel_of(out)


@pytest.mark.parametrize(
    ("change", "options", "error", "match"),
    [
        (panel_of, {"trend": "ctt"}, pv.SpecificationError, "trend"),
        (panel_of, {"lags": 0}, pv.SpecificationError, "at least 1"),
        (panel_of, {"lags": "t-stat"}, pv.SpecificationError, "lags"),
        (panel_of, {"max_lags": 3}, pv.SpecificationError, "when lags= names a criterion"),
        (panel_of, {"lags": "aic", "max_lags": 0}, pv.SpecificationError, "max_lags"),
        (panel_of, {"test": "eigen"}, pv.SpecificationError, "test"),
        (panel_of, {"statistic": "simes"}, pv.SpecificationError, "statistic"),
        (panel_of, {"statistic": "lr-bar", "test": "max"}, pv.SpecificationError, "averages trace statistics"),
        (panel_of, {"correction": "bartlett"}, pv.SpecificationError, "correction"),
        (panel_of, {"lags": 20}, pv.InsufficientDataError, "'e0' has 30 periods, of which 20 lags leave 10 rows"),
        (_short, {}, pv.InsufficientDataError, "'e2' has 5 periods"),
        (_follows, {"lags": 1}, pv.NumericalError, "'e1' has a combination"),
        (_twice, {"trend": "ct"}, pv.PanelVarError, "'e2' has"),
    ],
)
def test_what_cannot_be_tested_is_refused(change, options, error, match):
    panel = change(system(4, 30, 1, root=0.5, seed=9))
    with pytest.raises(error, match=match):
        pv.johansen_fisher_test(panel, "y", "x1", **options)


@pytest.mark.parametrize(("lags", "fewest"), [(1, 9), (2, 12)])
def test_entities_with_hardly_more_rows_than_coefficients_are_warned_of(lags, fewest):
    """Below four rows more than coefficients of two variables, unrelated ones are rejected far too often."""
    with pytest.warns(
        pv.PanelVarWarning, match="'e0' has only 3 more rows than coefficients in each of its 2 equations"
    ):
        pv.johansen_fisher_test(panel_of(system(12, fewest - 1, root=1.0)), "y", "x1", lags=lags)
    rejected = 0
    for seed in range(30):
        panel = panel_of(system(12, fewest, root=1.0, seed=seed))
        rejected += pv.johansen_fisher_test(panel, "y", "x1", lags=lags).pvalue < 0.05
    assert rejected <= 5
