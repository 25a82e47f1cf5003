"""Conventions: an explicit argument beats them, every preset fits every model, changes are checked."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest
from twins import X, gappy_frame

import panelvar as pv
from panelvar.estimates.fit.presets import PRESETS, as_convention
from panelvar.estimates.fit.small_samples import Counts, clustered_factor, counted, heteroskedastic_factor

FITS = {
    "pooled": pv.fit_pooled,
    "between": pv.fit_between,
    "difference": pv.fit_first_difference,
    "fixed": pv.fit_fixed_effects,
    "random": pv.fit_random_effects,
}


@cache
def panel():
    frame = gappy_frame(entities=25)
    # Two entities with a single row.
    alone = frame.iloc[:2].assign(entity=["z1", "z2"])
    return pv.Panel(pd.concat([frame, alone], ignore_index=True), "entity", "year")


def fit(name, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return FITS[name](panel(), "y", X, **options)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("name", FITS)
def test_every_preset_fits_every_model(name, preset):
    result = fit(name, convention=preset)
    assert result.convention is PRESETS[preset]
    assert np.isfinite(result.std_errors).all()
    assert 0.0 <= result.rsquared <= 1.0
    assert np.isfinite(result.f_statistic.statistic)
    for cov in ("robust", "cluster"):
        assert np.isfinite(fit(name, convention=preset, cov=cov).std_errors).all()


def test_a_preset_is_named_after_itself():
    assert all(convention.name == name for name, convention in PRESETS.items())
    assert {"default", "stata", "plm", "pyfixest", "linearmodels", "gretl", "eviews"} <= set(PRESETS)


def test_default_is_the_default():
    assert fit("fixed").convention is PRESETS["default"]
    assert as_convention(PRESETS["plm"]) is PRESETS["plm"]


# ---- an explicit argument beats the convention


def test_variance_components_beat_the_convention():
    harmonic = fit("random", convention="stata")
    chosen = fit("random", convention="stata", variance_components="baltagi-chang")
    default = fit("random")
    assert chosen.variance_components.effect == default.variance_components.effect
    assert chosen.variance_components.effect != harmonic.variance_components.effect


def test_a_constant_beats_the_convention():
    assert fit("difference", convention="plm").names[0] == "const"
    assert fit("difference", convention="plm", constant=False).names == ("x1", "x2")
    assert fit("difference", constant=True).names[0] == "const"
    assert fit("difference").names == ("x1", "x2")


def test_a_covariance_beats_the_meaning_of_robust():
    assert "clustered" in fit("fixed", cov="robust").cov_label
    assert "HC1" in fit("fixed", cov="robust", convention="pyfixest").cov_label
    assert "clustered" in fit("fixed", cov="cluster", convention="pyfixest").cov_label
    assert "HC1" in fit("pooled", cov="robust", convention="stata").cov_label
    assert "clustered" in fit("fixed", cov="robust", convention="stata").cov_label


def test_factors_of_a_covariance_beat_the_convention():
    plain = fit("pooled", cov=pv.Clustered(group_factor=False, dof_factor="none"))
    plm = fit("pooled", cov="cluster", convention="plm")
    np.testing.assert_allclose(plain.cov, plm.cov, rtol=1e-12)
    both = fit("pooled", cov=pv.Clustered(group_factor=True, dof_factor="(n-1)/(n-k)"), convention="plm")
    np.testing.assert_allclose(both.cov, fit("pooled", cov="cluster").cov, rtol=1e-12)
    assert plain.covariance.factor == 1.0


# ---- what the fields do


def test_singletons():
    kept, dropped = fit("fixed"), fit("fixed", convention="pyfixest")
    assert kept.nobs - dropped.nobs == 2
    assert kept.n_entities - dropped.n_entities == 2
    np.testing.assert_allclose(kept.params[X], dropped.params[X], rtol=1e-12)
    assert "singletons-kept" in {note.code for note in kept.notes}
    assert any(note.code == "singletons-dropped" and "2 singleton" in note.text for note in dropped.notes)


def test_differences_across_gaps():
    adjacent, consecutive = fit("difference"), fit("difference", convention="plm")
    assert consecutive.nobs == panel().nobs - panel().n_entities > adjacent.nobs
    gaps = consecutive.nobs - adjacent.nobs
    assert any(note.code == "gaps" and note.text.startswith(f"{gaps} row") for note in adjacent.notes)
    assert any(note.code == "gaps-bridged" and note.warn for note in consecutive.notes)


def test_eviews_takes_the_within_variance():
    plain, eviews = fit("random"), fit("random", convention="eviews")
    np.testing.assert_allclose(eviews.params, plain.params)
    ratio = plain.variance_components.idiosyncratic / plain.sigma2
    np.testing.assert_allclose(eviews.cov, plain.cov * ratio, rtol=1e-11)
    assert (plain.distribution, eviews.distribution) == ("normal", "t")


def test_normal_inference():
    normal = fit("pooled", convention=PRESETS["default"].but(distribution="normal"))
    assert (normal.distribution, normal.df_inference, normal.f_slopes.distribution) == ("normal", None, "chi2")
    np.testing.assert_allclose(normal.std_errors, fit("pooled").std_errors)
    assert (normal.pvalues < fit("pooled").pvalues).all()


@pytest.mark.parametrize(
    ("counts", "divisor"), [("all", "df"), ("slopes", 2), ("absorbed", 26), ("constant", 1), ("none", 0)]
)
def test_what_the_residual_variance_counts(counts, divisor):
    result = fit("fixed", convention=PRESETS["default"].but(classical_counts=counts))
    df = result.df_resid if divisor == "df" else result.nobs - divisor
    assert result.sigma2 == pytest.approx(result.rss / df, rel=1e-14)
    np.testing.assert_allclose(result.cov, fit("fixed").cov * result.df_resid / df, rtol=1e-12)


# 100 rows, 2 slopes, a reported constant, effects of 10 and 5 levels.
ONE = Counts(100, 2, True, 9, (10,), False, 3)
TWO = Counts(100, 2, True, 13, (10, 5), False, 3)
POOLED = Counts(100, 2, True, 0, (), True, 3)
INSIDE, OUTSIDE = (True,), (False,)


@pytest.mark.parametrize(
    ("rule", "counts", "nested", "k"),
    [
        ("nonnested", POOLED, (), 3),
        ("nonnested", ONE, (INSIDE,), 3),
        ("nonnested", ONE, (OUTSIDE,), 12),
        ("nonnested", ONE, ((False, True),), 3),
        ("nonnested", TWO, (INSIDE, OUTSIDE), 7),
        ("nonnested", TWO, (OUTSIDE, INSIDE), 12),
        ("nonnested", TWO, (INSIDE, INSIDE), 3),
        ("nonnested", TWO, (OUTSIDE, OUTSIDE), 16),
        ("slopes", POOLED, (), 3),
        ("slopes", ONE, (OUTSIDE,), 2),
        ("all", ONE, (INSIDE,), 12),
        ("all", TWO, (INSIDE, INSIDE), 16),
        ("unless-nested", POOLED, (), 3),
        ("unless-nested", ONE, (INSIDE,), 3),
        ("unless-nested", ONE, (OUTSIDE,), 12),
        ("unless-nested", ONE, ((True, False),), 12),
        ("unless-nested", ONE, ((True, True),), 3),
        ("unless-nested", ONE._replace(coefficients=2), (INSIDE,), 2),
        ("unless-nested", TWO, (INSIDE, INSIDE), 16),
        ("absorbed-unless-nested", POOLED, (), 0),
        ("absorbed-unless-nested", ONE, (INSIDE,), 0),
        ("absorbed-unless-nested", ONE, (OUTSIDE,), 9),
        ("absorbed-unless-nested", ONE._replace(coefficients=2), (OUTSIDE,), 10),
    ],
)
def test_coefficients_that_a_clustered_covariance_counts(rule, counts, nested, k):
    assert counted(PRESETS["default"].but(cluster_counts=rule), counts, nested) == k


def test_disconnected_effects_have_the_exact_rank_or_their_levels():
    frame = gappy_frame(entities=20, kept=1.0)
    # Even and odd entities never share a year.
    frame = frame[(frame["number"] % 2 == 0) == (frame["year"] < 2004)]
    panel = pv.Panel(frame, "entity", "year")
    exact = pv.fit_fixed_effects(panel, "y", X, effects="twoway")
    levels = pv.fit_fixed_effects(panel, "y", X, effects="twoway", convention="linearmodels")
    assert exact.df_resid == len(frame) - 2 - (20 + 7 - 2)
    assert levels.df_resid == exact.df_resid - 1


def test_factors():
    assert heteroskedastic_factor(PRESETS["default"], ONE, "HC0") == 1.0
    assert heteroskedastic_factor(PRESETS["default"], ONE, "HC1") == 100 / 88
    assert heteroskedastic_factor(PRESETS["plm"], ONE, "HC1") == 100 / 98
    assert heteroskedastic_factor(PRESETS["default"], POOLED, "HC3") == 1.0
    assert heteroskedastic_factor(PRESETS["pyfixest"], POOLED, "HC3") == 100 / 97
    for dof, expected in [("none", 1.0), ("n/(n-k)", 100 / 97), ("(n-1)/(n-k)", 99 / 97), ("(n-1)/n", 99 / 100)]:
        assert clustered_factor(POOLED, 3, 8, group_factor=False, dof_factor=dof) == pytest.approx(expected)
        assert clustered_factor(POOLED, 3, 8, group_factor=True, dof_factor=dof) == pytest.approx(expected * 8 / 7)
    with pytest.raises(pv.InsufficientDataError, match="degrees of freedom are 0"):
        clustered_factor(POOLED, 3, 1, group_factor=True, dof_factor="none")


def test_multiway_factors():
    smallest = fit("pooled", cov=pv.Clustered("entity", "time"))
    each = fit("pooled", cov=pv.Clustered("entity", "time"), convention=PRESETS["default"].but(multiway_factor="each"))
    parts = [
        fit("pooled", cov=pv.Clustered(*by, group_factor=False, dof_factor="none")).cov
        for by in (("entity",), ("time",), (np.arange(panel().nobs),))
    ]
    groups = panel().n_entities, panel().n_periods, panel().nobs
    n, k = panel().nobs, 3
    factor = (n - 1) / (n - k)
    low = min(groups) / (min(groups) - 1)
    expected = factor * low * (parts[0] + parts[1] - parts[2])
    np.testing.assert_allclose(smallest.cov, expected, rtol=1e-10)
    expected = factor * sum(sign * g / (g - 1) * part for sign, g, part in zip((1, 1, -1), groups, parts, strict=True))
    np.testing.assert_allclose(each.cov, expected, rtol=1e-10)


# ---- changing and naming


def test_but_changes_a_copy():
    stata = PRESETS["stata"]
    mine = stata.but(cluster_df="residual")
    assert (mine.name, mine.cluster_df, stata.cluster_df) == ("stata (modified)", "residual", "groups")
    assert mine.but(name="house style").name == "house style"
    assert stata.but(name="stata") == stata
    result = fit("pooled", cov="cluster", convention=mine)
    assert result.df_inference == result.df_resid
    with pytest.raises(AttributeError):
        stata.cluster_df = "residual"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cluster_dof": "groups"}, "field='cluster_dof' is not known. Did you mean 'cluster_df'"),
        ({"cluster_df": "group"}, "cluster_df='group' is not known. Did you mean 'groups'"),
        ({"singletons": True}, "singletons=True is not known.*'keep', 'drop'"),
        ({"repair_multiway": "no"}, "repair_multiway='no'.*True or False"),
    ],
)
def test_but_refuses_what_is_not_a_choice(change, message):
    with pytest.raises(pv.SpecificationError, match=message):
        PRESETS["default"].but(**change)


def test_a_convention_of_ones_own_is_checked_too():
    assert pv.Convention("mine", random_scale="within").random_scale == "within"
    with pytest.raises(pv.SpecificationError, match="random_scale='both' is not known"):
        pv.Convention("mine", random_scale="both")


@pytest.mark.parametrize("name", FITS)
def test_unknown_presets_are_named(name):
    with pytest.raises(pv.SpecificationError, match=r"convention='Stata' is not known. Did you mean 'stata'.*'eviews'"):
        FITS[name](panel(), "y", X, convention="Stata")
    with pytest.raises(pv.SpecificationError, match="convention=3 is not known"):
        FITS[name](panel(), "y", X, convention=3)
