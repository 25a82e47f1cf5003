"""Event studies and joint limits of coefficients, against slow simulations and the coefficients themselves."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import panelvar as pv
from panelvar.estimates.bands.limits import sup_t_quantile

TERM = "C(since, ref=-1):treated"


@cache
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = pd.DataFrame([(i, 2000 + t) for i in range(24) for t in range(8)], columns=["firm", "year"])
    rows["treated"] = (rows["firm"] < 12).astype(float)
    rows["since"] = rows["year"] - 2004
    rows["x"] = rng.normal(size=len(rows))
    after = rows["since"] >= 0
    rows["y"] = 0.4 * rows["x"] + rows["treated"] * after * 0.8 + 0.1 * rows["firm"] + rng.normal(size=len(rows))
    return rows


@cache
def fitted(cov: str = "cluster") -> pv.LinearResult:
    panel = pv.Panel(frame(), "firm", "year")
    return pv.fit_fixed_effects(panel, f"y ~ {TERM} + x", effects="twoway", cov=cov)


# ---- joint limits


@pytest.mark.parametrize("df", [np.inf, 6.0])
def test_sup_t_is_the_quantile_of_the_largest_ratio(df):
    """Against a loop that draws one vector of ratios at a time."""
    rng = np.random.default_rng(0)
    root = np.tril(rng.normal(size=(5, 5)))
    errors = np.sqrt((root**2).sum(axis=1))
    largest = []
    for _ in range(40_000):
        estimate = root @ rng.standard_normal(5)
        scale = 1.0 if np.isinf(df) else np.sqrt(rng.chisquare(df) / df)
        largest.append(np.abs(estimate / errors / scale).max())
    found = sup_t_quantile(root.T, 0.9, 100_000, 1, "all", df)
    assert found == pytest.approx(np.quantile(largest, 0.9), abs=0.03)


def test_sup_t_of_one_ratio_is_its_t_quantile():
    found = sup_t_quantile(np.ones((1, 1)), 0.95, 400_000, 1, "all", 5.0)
    assert found[0] == pytest.approx(stats.t.ppf(0.975, 5), abs=0.03)


def test_joint_limits_use_one_critical_value():
    result, names = fitted(), [name for name in fitted().names if ":treated" in name]
    own = result.conf_int(of=TERM)
    joint = result.conf_int(of=TERM, joint="sup-t", draws=100_000)
    bonferroni = result.conf_int(of="*:treated", joint="bonferroni")
    assert list(own.index) == list(joint.index) == list(bonferroni.index) == names
    pd.testing.assert_frame_equal(own, result.conf_int().loc[names])
    ratios = (joint["upper"] - result.params[names]) / result.std_errors[names]
    np.testing.assert_allclose(ratios, ratios.iloc[0], rtol=1e-12)
    widest = stats.t.ppf(1.0 - 0.05 / 2 / len(names), result.df_inference)
    np.testing.assert_allclose((bonferroni["upper"] - result.params[names]) / result.std_errors[names], widest)
    assert stats.t.ppf(0.975, result.df_inference) < ratios.iloc[0] < widest
    correlation = result.cov.loc[names, names].to_numpy()
    scale = np.sqrt(np.diagonal(correlation))
    drawn = stats.multivariate_t(shape=correlation / np.outer(scale, scale), df=result.df_inference, seed=7).rvs(40_000)
    assert ratios.iloc[0] == pytest.approx(np.quantile(np.abs(drawn).max(axis=1), 0.95), abs=0.03)


def test_joint_limits_of_one_coefficient_are_its_own():
    result = fitted()
    near = result.conf_int(of="x", joint="sup-t", draws=400_000)
    np.testing.assert_allclose(near, result.conf_int(of="x"), atol=0.02 * result.std_errors["x"])
    pd.testing.assert_frame_equal(result.conf_int(of="x", joint="bonferroni"), result.conf_int(of="x"))


def test_joint_limits_refuse_what_makes_no_sense():
    with pytest.raises(pv.SpecificationError, match="joint='scheffe' is not known"):
        fitted().conf_int(joint="scheffe")
    with pytest.raises(pv.SpecificationError, match="of='z' matches none of the names"):
        fitted().conf_int(of="z")


# ---- event studies


def test_an_event_study_holds_the_coefficients_in_time():
    study = fitted().event_study(TERM)
    assert list(study.periods) == list(range(-4, 4))
    assert list(study.references) == [period == -1 for period in study.periods]
    assert list(study.before) == [period < 0 for period in study.periods]
    for period, name, estimate in zip(study.periods, study.names, study.estimates, strict=True):
        assert name == ("" if period == -1 else f"C(since, ref=-1)[T.{period}]:treated")
        assert estimate == (0.0 if period == -1 else fitted().params[name])
    table = study.to_frame()
    names = [name for name in study.names if name]
    np.testing.assert_array_equal(table.loc[~table["reference"], ["lower", "upper"]], fitted().conf_int(of=names))
    joint = fitted().conf_int(of=names, joint="sup-t")
    np.testing.assert_array_equal(table.loc[~table["reference"], ["joint_lower", "joint_upper"]], joint)
    assert not table.loc[-1, ["estimate", "std_error", "lower", "upper", "joint_lower", "joint_upper"]].any()


def test_leads_and_effects_are_tested_together():
    study = fitted().event_study(TERM)
    leads = [f"C(since, ref=-1)[T.{period}]:treated" for period in (-4, -3, -2)]
    effects = [f"C(since, ref=-1)[T.{period}]:treated" for period in range(4)]
    assert study.leads_test.statistic == fitted().wald_test(leads).statistic
    assert study.effects_test.statistic == fitted().wald_test(effects).statistic
    average = study.average_effect
    assert average.estimate == pytest.approx(fitted().params[effects].mean(), rel=1e-12)
    weights = np.full(4, 0.25)
    assert average.std_error == pytest.approx(
        np.sqrt(weights @ fitted().cov.loc[effects, effects] @ weights), rel=1e-10
    )


def test_indicators_of_the_users_own():
    since, treated = frame()["since"], frame()["treated"]
    rows = frame().assign(lead2=(since == -2) * treated, lag0=(since >= 0) * treated)
    result = pv.fit_pooled(pv.Panel(rows, "firm", "year"), "y", ["lead2", "lag0", "treated"], cov="cluster")
    study = result.event_study({0: "lag0", -2: "lead2"}, reference=-1)
    assert list(study.periods) == [-2, -1, 0]
    assert study.names == ("lead2", "", "lag0")
    with pytest.raises(pv.SpecificationError, match="'lag0' does not say which period was left out"):
        result.event_study({0: "lag0", -2: "lead2"})


def test_years_dates_and_texts_come_in_their_order():
    rows = frame().assign(
        quarter=lambda f: [f"{2000 + (y - 2000) // 4}Q{(y - 2000) % 4 + 1}" for y in f["year"]],
        day=lambda f: pd.to_datetime(f["year"].astype(str) + "-07-01"),
    )
    panel = pv.Panel(rows, "firm", "year")
    years = pv.fit_fixed_effects(panel, "y ~ C(year, ref=2003):treated", effects="twoway")
    study = years.event_study("C(year, ref=2003):treated")
    assert list(study.periods) == list(range(2000, 2008))
    assert list(study.periods[study.before]) == [2000, 2001, 2002, 2003]
    assert list(years.event_study("C(year, ref=2003):treated", event=2003).before) == [True] * 3 + [False] * 5
    quarters = pv.fit_fixed_effects(panel, "y ~ C(quarter, ref='2001Q1'):treated", effects="twoway")
    study = quarters.event_study("C(quarter, ref='2001Q1'):treated")
    assert list(study.periods) == [f"{year}Q{quarter}" for year in (2000, 2001) for quarter in (1, 2, 3, 4)]
    assert list(study.references).index(True) == 4


def test_a_code_of_the_never_treated_is_no_period():
    result = fitted()
    for code in (-1000, 1000, "never"):
        study = result.event_study(TERM, reference=[-1, code])
        assert list(study.periods) == list(range(-4, 4))
        assert study.references.sum() == 1


def test_an_event_study_prints_and_draws():
    text = str(fitted().event_study(TERM))
    assert max(map(len, text.splitlines())) <= 80
    assert "reference" in text
    assert "95% sup-t" in text
    assert re.search(r"No effects before +F\(3, 23\)", text)
    average = fitted().event_study(TERM).average_effect
    assert re.search(rf"Average effect +{average.estimate:.4f} \({average.std_error:.4f}\), p = 0\.", text)


def test_the_mean_of_hundreds_of_effects_needs_no_expression():
    """Written as a sum of names it would be longer than an expression may be."""
    rng = np.random.default_rng(5)
    rows = pd.DataFrame([(i, t) for i in range(4) for t in range(420)], columns=["firm", "t"])
    rows["treated"] = rows["firm"] < 2
    rows["y"] = rng.normal(size=len(rows))
    result = pv.fit_fixed_effects(pv.Panel(rows, "firm", "t"), "y ~ i(t, treated, ref=9)", effects="twoway")
    study = result.event_study("i(t*")
    later = [name for name, early in zip(study.names, study.before, strict=True) if name and not early]
    average = study.average_effect
    assert len(later) == 410
    assert average.estimate == pytest.approx(result.params[later].mean(), rel=1e-12)
    assert average.std_error == pytest.approx(np.sqrt(result.cov.loc[later, later].to_numpy().sum()) / 410, rel=1e-10)


@pytest.mark.parametrize("step", [0.5, 1e-5])
def test_levels_may_be_fractions(step):
    """Also those that are written with an exponent."""
    rows = frame().assign(since=[value * step for value in frame()["since"]])
    result = pv.fit_fixed_effects(pv.Panel(rows, "firm", "year"), f"y ~ C(since, ref={-step}):treated + x")
    study = result.event_study(f"C(since, ref={-step}):treated")
    assert list(study.periods) == pytest.approx([step * since for since in range(-4, 4)])
    assert list(study.before) == [True] * 4 + [False] * 4
    assert list(study.references) == [since == -1 for since in range(-4, 4)]
    early = result.joint_test("C(since*", below=-step)
    assert early.statistic == pytest.approx(study.leads_test.statistic, rel=1e-12)


@pytest.mark.parametrize(
    ("term", "options", "message"),
    [
        ("z", {}, "term='z' matches none of the names"),
        ("x", {}, "'x' has no level in brackets"),
        ({}, {}, "empty mapping"),
        ({0: "*"}, {}, r"fits \d+ coefficients; name one"),
        ({0: 3}, {}, "the name of a coefficient"),
        ({0: "x", 1: "x"}, {}, "gives two periods the same coefficient: 'x'"),
        (TERM, {"reference": 2}, "reference=2 has a coefficient"),
        (TERM, {"level": 0.05}, "level"),
        (TERM, {"event": "treatment"}, "event='treatment' is not a period here: the periods are numbers"),
        (TERM, {"reference": object()}, "expected a number, a text or a date"),
        (3, {}, "a term, a pattern, or a mapping"),
    ],
)
def test_event_studies_refuse_in_words(term, options, message):
    with pytest.raises(pv.SpecificationError, match=message):
        fitted().event_study(term, **options)


def test_a_reference_that_no_name_tells_is_asked_for():
    result = pv.fit_pooled(pv.Panel(frame(), "firm", "year"), "y ~ C(since):treated + x")
    with pytest.raises(pv.SpecificationError, match=r"does not say which period was left out\. Give reference="):
        result.event_study("C(since):treated")
    assert not result.event_study("C(since):treated", reference=()).references.any()


def test_an_event_that_nothing_tells_is_asked_for():
    """Of calendar years without a reference no effect would be before it."""
    result = pv.fit_pooled(pv.Panel(frame(), "firm", "year"), "y ~ C(year):treated + x")
    with pytest.raises(pv.SpecificationError, match=r"The periods do not say when the event is\. Give event="):
        result.event_study("C(year):treated", reference=())
    assert result.event_study("C(year):treated", reference=(), event=2004).before.sum() == 4


def test_those_never_treated_are_no_quarter():
    """A text among dates would make all of them texts, in their order as texts."""
    result = pv.fit_pooled(pv.Panel(frame().assign(z=frame()["x"] ** 2), "firm", "year"), "y ~ x + z")
    terms = {"2000Q1": "x", "2000Q3": "z"}
    study = result.event_study(terms, reference=["never", "2000Q2"])
    assert list(study.periods) == ["2000Q1", "2000Q2", "2000Q3"]
    with pytest.raises(
        pv.SpecificationError, match="event='treatment' is not a period here: the periods are dates, such as 2000Q1"
    ):
        result.event_study(terms, reference="2000Q2", event="treatment")


def test_a_reference_that_is_named_twice_is_one():
    study = fitted().event_study(TERM, reference=[-1, -1.0, "-1"])
    assert list(study.periods) == list(range(-4, 4))


def test_the_one_term_of_periods_need_not_be_named():
    assert fitted().event_study().term == TERM
    rows = frame().assign(
        region=np.array(["north", "south", "west"])[frame()["firm"] % 3],
        quarter=frame()["year"].map(lambda year: f"{year}Q1"),
    )
    panel = pv.Panel(rows, "firm", "year")

    def of(formula, **options):
        return pv.fit_pooled(panel, f"y ~ {formula}").event_study(**options).term

    # Neither effects of periods without a reference nor groups, or powers, are in question.
    assert (
        of("C(year) + i(region, ref='west'):x + C(quarter, ref='2003Q1'):treated") == "C(quarter, ref='2003Q1'):treated"
    )
    assert of("poly(x, 2) + i(since, treated)", reference=()) == "i(since, treated)"
    with pytest.raises(
        pv.SpecificationError, match=rf"several terms .*: 'C\(year, ref=2003\)', {re.escape(repr(TERM))}\."
    ):
        of(f"C(year, ref=2003) + {TERM}")
    with pytest.raises(pv.SpecificationError, match=r"needs term=: no term has a column .* are 'const', 'x', "):
        of("x + C(region)")


def test_a_joint_band_holds_all_coefficients_as_often_as_it_says():
    """With normal errors of one variance ratios are jointly t: coverage is exact but for the draws of the value."""
    rng = np.random.default_rng(11)
    x = rng.normal(size=(30, 4)) + rng.normal(size=(30, 1))
    names, hits, repetitions = list("abcd"), 0, 500
    rows = pd.DataFrame(x, columns=names).assign(i=np.arange(30) // 5, t=np.arange(30) % 5)
    for _ in range(repetitions):
        result = pv.fit_pooled(pv.Panel(rows.assign(y=rng.normal(size=30)), "i", "t"), "y", names)
        limits = result.conf_int(level=0.8, of=names, joint="sup-t", draws=4_000)
        hits += bool((limits["lower"] <= 0.0).all() and (limits["upper"] >= 0.0).all())
    assert hits / repetitions == pytest.approx(0.8, abs=3.0 * np.sqrt(0.16 / repetitions))


def test_joint_limits_at_several_levels_are_those_of_each():
    both = fitted().conf_int(of=TERM, joint="sup-t", level=(0.68, 0.95))
    one = fitted().conf_int(of=TERM, joint="sup-t", level=0.68)
    np.testing.assert_array_equal(both[["lower_68", "upper_68"]], one)
