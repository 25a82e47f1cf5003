"""Hausman's test against its formula, and the cases in which it cannot be read."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from quiet import quietly
from scipy import stats
from twins import X, gappy_frame

import panelvar as pv


@pytest.fixture(scope="module")
def fits():
    panel = pv.Panel(gappy_frame(seed=2, entities=14, periods=9), "entity", "year")
    return {
        "fixed": pv.fit_fixed_effects(panel, "y", X),
        "random": pv.fit_random_effects(panel, "y", X),
        "between": pv.fit_between(panel, "y", X),
        "pooled": pv.fit_pooled(panel, "y", X),
    }


def turned_round():
    return pytest.warns(pv.PanelVarWarning, match=r"consistent estimator comes first.*hausman_test\(fixed, random\)")


def by_hand(first, second, scale_first, scale_second, sign=-1.0):
    gap = (first.params[X] - second.params[X]).to_numpy()
    unit_first, unit_second = (fit.cov.loc[X, X] / fit.sigma2 for fit in (first, second))
    return gap @ np.linalg.solve(scale_first * unit_first + sign * scale_second * unit_second, gap)


@pytest.mark.filterwarnings("ignore:The difference of the covariances")
@pytest.mark.parametrize("sigma", ["own", "efficient", "consistent"])
def test_fixed_against_random(fits, sigma):
    fixed, random = fits["fixed"], fits["random"]
    scales = {
        "own": (fixed.sigma2, random.sigma2),
        "efficient": (random.sigma2, random.sigma2),
        "consistent": (fixed.sigma2, fixed.sigma2),
    }[sigma]
    test = pv.hausman_test(fixed, random, sigma=sigma)
    expected = by_hand(fixed, random, *scales)
    assert test.statistic == pytest.approx(expected, rel=1e-9)
    assert test.df == 2
    if expected >= 0:
        assert test.pvalue == pytest.approx(stats.chi2.sf(expected, 2), rel=1e-9)


def test_one_variance_for_both_unless_a_program_says_otherwise():
    """The form that holds its size is the default; presets of programs that print the other keep theirs."""
    panel = pv.Panel(gappy_frame(seed=2, entities=14, periods=9), "entity", "year")
    forms = {}
    for name in ("default", "pyfixest", "linearmodels", "stata", "plm", "gretl", "eviews"):
        fixed = pv.fit_fixed_effects(panel, "y", X, convention=name)
        random = pv.fit_random_effects(panel, "y", X, convention=name)
        statistic = quietly(pv.hausman_test, fixed, random).statistic
        own, efficient = (
            abs(quietly(pv.hausman_test, fixed, random, sigma=sigma).statistic) for sigma in ("own", "efficient")
        )
        assert own != pytest.approx(efficient, rel=1e-3)
        assert abs(statistic) in (own, efficient)
        forms[name] = "own" if abs(statistic) == own else "efficient"
    assert forms == {
        **dict.fromkeys(("default", "pyfixest", "linearmodels"), "efficient"),
        **dict.fromkeys(("stata", "plm", "gretl", "eviews"), "own"),
    }


@pytest.mark.parametrize("other", ["between", "difference", "whitened"])
def test_variances_of_different_things_are_not_exchanged(fits, other):
    """Means, differences and whitened rows have residual variances that no other covariance can be scaled by."""
    panel = pv.Panel(gappy_frame(seed=2, entities=14, periods=9), "entity", "year")
    first = {
        "between": lambda: fits["between"],
        "difference": lambda: pv.fit_first_difference(panel, "y", X),
        "whitened": lambda: pv.fit_fgls(panel, "y", X, panels="heteroskedastic"),
    }[other]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        first = first()
    second = fits["random"]
    assert (
        quietly(pv.hausman_test, first, second).statistic
        == quietly(pv.hausman_test, first, second, sigma="own").statistic
    )
    for sigma in ("efficient", "sigmaless"):
        with pytest.raises(pv.SpecificationError, match="are of different things"):
            pv.hausman_test(first, second, sigma=sigma)


def test_effects_with_autoregressive_errors_share_the_variance_of_their_innovations():
    panel = pv.Panel(gappy_frame(seed=2, entities=14, periods=9), "entity", "year")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        fixed, random = pv.fit_fixed_effects_ar1(panel, "y", X), pv.fit_random_effects_ar1(panel, "y", X)
    statistic = quietly(pv.hausman_test, fixed, random).statistic
    assert statistic == quietly(pv.hausman_test, fixed, random, sigma="efficient").statistic
    assert statistic == pytest.approx(by_hand(fixed, random, random.sigma2, random.sigma2), rel=1e-9)


@pytest.mark.parametrize("order", [("between", "fixed"), ("fixed", "between")])
def test_fixed_and_between_are_uncorrelated(fits, order):
    """The rows less their means and the means are orthogonal: the variance of the gap is the sum."""
    first, second = (fits[name] for name in order)
    expected = by_hand(first, second, first.sigma2, second.sigma2, sign=1.0)
    test = pv.hausman_test(first, second)
    assert test.statistic == pytest.approx(expected, rel=1e-9)
    assert test.pvalue == pytest.approx(stats.chi2.sf(expected, 2), rel=1e-9)
    with pytest.raises(pv.SpecificationError, match="are of different things"):
        pv.hausman_test(first, second, sigma="efficient")


def test_three_equal_forms_on_a_balanced_panel():
    """Hausman and Taylor (1981, prop. 2.3): with common variances all three gaps give one statistic."""
    frame = gappy_frame(seed=5, entities=12, periods=5, kept=1.0)
    panel = pv.Panel(frame, "entity", "year")
    fixed, between = pv.fit_fixed_effects(panel, "y", X), pv.fit_between(panel, "y", X)
    v_fixed, v_between = (fit.cov.loc[X, X].to_numpy() for fit in (fixed, between))
    random = np.linalg.inv(np.linalg.inv(v_fixed) + np.linalg.inv(v_between))
    gls = random @ (np.linalg.solve(v_fixed, fixed.params[X]) + np.linalg.solve(v_between, between.params[X]))
    statistic = pv.hausman_test(between, fixed).statistic
    for fit, variance in ((fixed, v_fixed), (between, v_between)):
        gap = fit.params[X].to_numpy() - gls
        assert gap @ np.linalg.solve(variance - random, gap) == pytest.approx(statistic, rel=1e-9)


def test_units_do_not_matter():
    frame = gappy_frame(seed=2, entities=14, periods=9)
    statistics = []
    for unit in (1.0, 1e-9, 1e9):
        panel = pv.Panel(frame.assign(x1=frame["x1"] * unit), "entity", "year")
        test = pv.hausman_test(
            pv.fit_fixed_effects(panel, "y", X), pv.fit_random_effects(panel, "y", X), sigma="efficient"
        )
        statistics.append((test.statistic, test.df))
    assert statistics[1] == pytest.approx(statistics[0], rel=1e-9)
    assert statistics[2] == pytest.approx(statistics[0], rel=1e-9)


def test_a_negative_statistic_is_reported_without_a_pvalue(fits):
    """The efficient estimator given as the consistent one turns the sign."""
    with turned_round(), pytest.warns(pv.PanelVarWarning, match="statistic is negative"):
        test = pv.hausman_test(fits["random"], fits["fixed"], sigma="efficient")
    assert test.statistic < 0.0
    assert np.isnan(test.pvalue)
    assert any(note.code == "hausman-not-positive" for note in test.notes)


def test_plm_gives_the_absolute_value():
    panel = pv.Panel(gappy_frame(seed=2, entities=14, periods=9), "entity", "year")
    plm = {"convention": "plm"}
    fixed = pv.fit_fixed_effects(panel, "y", X, **plm)
    random = pv.fit_random_effects(panel, "y", X, **plm)
    with turned_round(), pytest.warns(pv.PanelVarWarning, match="absolute value, as plm does"):
        test = pv.hausman_test(random, fixed, sigma="efficient")
    with turned_round(), pytest.warns(pv.PanelVarWarning, match="statistic is negative"):
        signed = pv.hausman_test(random, replace(fixed, convention=pv.Convention("signed")), sigma="efficient")
    assert test.statistic == -signed.statistic
    assert test.pvalue == pytest.approx(stats.chi2.sf(test.statistic, test.df), rel=1e-10)


def test_robust_covariances_do_not_enter(fits):
    robust = fits["fixed"].with_cov("HC1")
    with pytest.warns(pv.PanelVarWarning, match="classical covariances"):
        test = pv.hausman_test(robust, fits["random"], sigma="efficient")
    assert test.statistic == pv.hausman_test(fits["fixed"], fits["random"], sigma="efficient").statistic


def test_what_cannot_be_compared(fits):
    panel = pv.Panel(gappy_frame(seed=2, entities=14, periods=9), "entity", "year")
    with pytest.raises(pv.SpecificationError, match="share no slope"):
        pv.hausman_test(pv.fit_fixed_effects(panel, "y", ["x1"]), pv.fit_random_effects(panel, "y", ["x2"]))
    with pytest.raises(pv.SpecificationError, match="different variables"):
        pv.hausman_test(pv.fit_fixed_effects(panel, "x1", ["x2"]), fits["random"])
    with pytest.raises(pv.SpecificationError, match="sigma"):
        pv.hausman_test(fits["fixed"], fits["random"], sigma="both")


def codes(test):
    return [note.code for note in test.notes]


def test_different_samples_are_warned_about():
    frame = gappy_frame(seed=2, entities=14, periods=9)
    panel = pv.Panel(frame, "entity", "year")
    fixed = pv.fit_fixed_effects(panel, "y", X)
    fewer = pv.fit_random_effects(pv.Panel(frame[frame["year"] > 2001], "entity", "year"), "y", X)
    for results in ((fixed, fewer), (fixed.without_rows(), fewer.without_rows())):
        note = quietly(pv.hausman_test, *results).notes[0]
        assert (note.code, note.warn) == ("compared-samples", True)
        assert f"on {fixed.nobs} and {fewer.nobs} rows" in note.text
    # As many rows, of other entities.
    renamed = frame.assign(entity=frame["entity"].replace("e03", "other"))
    others = pv.fit_random_effects(pv.Panel(renamed, "entity", "year"), "y", X)
    with pytest.warns(pv.PanelVarWarning, match=f"different {fixed.nobs} rows"):
        assert "compared-samples" in codes(pv.hausman_test(fixed, others, sigma="efficient"))
    # The same rows, whatever panel, order and missing values brought them.
    padded = frame.assign(spare=np.nan).sort_values(["year", "entity"])
    same = pv.fit_random_effects(pv.Panel(padded, "entity", "year"), "y", X)
    assert codes(pv.hausman_test(fixed, same, sigma="efficient")) == []


def test_different_regressors_are_warned_about():
    frame = gappy_frame(seed=2, entities=14, periods=9).assign(size=lambda f: f["number"] % 4.0)
    frame["year_too"] = frame["year"] - 2000.0
    panel = pv.Panel(frame, "entity", "year")
    fixed = pv.fit_fixed_effects(panel, "y", ["x1"])
    with pytest.warns(pv.PanelVarWarning, match="'x2' only in Random effects"):
        test = pv.hausman_test(fixed, pv.fit_random_effects(panel, "y", X), sigma="efficient")
    assert "compared-regressors" in codes(test)
    # What the effects absorb cannot be in both.
    assert codes(pv.hausman_test(fixed, pv.fit_random_effects(panel, "y", ["x1", "size"]), sigma="efficient")) == []
    difference = pv.fit_first_difference(panel, "y", ["x1"])
    assert "compared-regressors" not in codes(
        quietly(pv.hausman_test, difference, pv.fit_random_effects(panel, "y", ["x1", "size"]))
    )
    with pytest.warns(pv.PanelVarWarning, match="'year_too' only in Random effects"):
        pv.hausman_test(fixed, pv.fit_random_effects(panel, "y", ["x1", "year_too"]), sigma="efficient")


@pytest.mark.parametrize("other", ["re", None, 3])
def test_only_results_are_compared(fits, other):
    with pytest.raises(pv.SpecificationError, match=r"compares two fitted results.*got"):
        pv.hausman_test(fits["fixed"], other)


def test_arguments_turned_round_are_told_so(fits):
    with turned_round(), pytest.warns(pv.PanelVarWarning, match="statistic is negative"):
        test = pv.hausman_test(fits["random"], fits["fixed"])
    assert "hausman-order" in codes(test)
    assert "hausman-order" not in codes(quietly(pv.hausman_test, fits["fixed"], fits["random"]))


def test_a_result_compared_with_itself_has_nothing_to_test(fits):
    with pytest.warns(pv.PanelVarWarning, match="nothing to test"):
        test = pv.hausman_test(fits["random"], fits["random"])
    assert test.statistic == 0.0 and test.df == 0.0 and np.isnan(test.pvalue)
