"""Frequency weights: the fit is that of rows repeated."""

import numpy as np
import pandas as pd
import pytest

import panelvar as pv


def people(n=240):
    rng = np.random.default_rng(5)
    state, year = rng.integers(0, 40, n), rng.integers(2001, 2005, n)
    z = rng.normal(size=n)
    x = z + rng.normal(size=n)
    y = x + rng.normal(size=40)[state] + rng.normal(size=n) * (1 + abs(x))
    return pd.DataFrame({"y": y, "x": x, "z": z, "state": state, "year": year, "count": rng.integers(0, 4, n)})


@pytest.mark.parametrize("cov", [None, "classical", "HC3", pv.Clustered("state")])
@pytest.mark.parametrize(
    ("fit", "formula"),
    [
        (pv.fit_pooled, "y ~ x"),
        (pv.fit_fixed_effects, "y ~ x | state + year"),
        (pv.fit_iv_pooled, "y ~ [x ~ z]"),
        (pv.fit_iv_fixed_effects, "y ~ [x ~ z] | state + year"),
    ],
)
def test_frequencies_are_rows_repeated(fit, formula, cov):
    frame = people()
    again = frame.loc[frame.index.repeat(frame["count"])].reset_index(drop=True)
    ours = fit(frame, formula, weights="count", weights_are="frequency", cov=cov)
    repeated = fit(again, formula, cov=cov)
    np.testing.assert_allclose(ours.params, repeated.params, rtol=1e-12)
    np.testing.assert_allclose(ours.cov, repeated.cov, rtol=1e-11)
    assert (ours.nobs, ours.df_resid, ours.cov_label) == (repeated.nobs, repeated.df_resid, repeated.cov_label)
    assert ours.rsquared == pytest.approx(repeated.rsquared, rel=1e-12)
    assert f"240 rows stand for {len(again)}." in str(ours)
    by_series = fit(frame, formula, weights=frame["count"][::-1], weights_are="frequency", cov=cov)
    np.testing.assert_allclose(by_series.cov, ours.cov, rtol=1e-12)


def test_analytic_weights_are_others():
    frame = people().query("count > 0")
    analytic = pv.fit_pooled(frame, "y ~ x", weights="count", cov="classical")
    frequency = pv.fit_pooled(frame, "y ~ x", weights="count", weights_are="frequency", cov="classical")
    np.testing.assert_allclose(analytic.params, frequency.params, rtol=1e-12)
    assert analytic.nobs == len(frame) and frequency.nobs == frame["count"].sum()
    assert (frequency.std_errors < analytic.std_errors).all()


def test_what_cannot_be_frequencies():
    frame = people()
    with pytest.raises(pv.DataError, match=r"whole numbers of at least 0; those of \d+ of 240 rows"):
        pv.fit_pooled(frame, "y ~ x", weights="z", weights_are="frequency")
    with pytest.raises(pv.SpecificationError, match="Give weights=, or leave it out"):
        pv.fit_pooled(frame, "y ~ x", weights_are="frequency")
    with pytest.raises(pv.SpecificationError, match="stands for itself alone"):
        pv.fit_pooled(pv.load_data("grunfeld"), "invest ~ value", weights="capital", weights_are="frequency")
    with pytest.raises(pv.InsufficientDataError, match="All frequency weights are zero"):
        pv.fit_pooled(frame, "y ~ x", weights=np.zeros(240), weights_are="frequency")
    with pytest.raises(pv.SpecificationError, match="the limit is"):
        pv.fit_pooled(frame, "y ~ x", weights=np.full(240, 1e9), weights_are="frequency")
    with pytest.raises(TypeError, match="with weights_are='frequency'"):
        pv.fit_pooled(frame, "y ~ x", fweights="count")


def test_words_of_other_programs_in_formulas_and_errors():
    frame = people()
    panel = pv.load_data("grunfeld")
    for call, words in (
        (lambda: pv.fit_pooled(frame, "y ~ i(year, ref=c(2001, -8))"), r"Several levels are a list: ref=\[2001, -8\]"),
        (lambda: pv.fit_pooled(panel, "invest ~ l(value)"), "Did you mean 'L'"),
        (lambda: pv.fit_pooled(panel, "invest ~ f(value, 2)"), "Did you mean 'F'"),
        (lambda: pv.fit_pooled(panel, "invest ~ d(value)"), "Did you mean 'D'"),
        (lambda: pv.fit_pooled(frame, "y ~ I(x^2)"), r"Write I\(x \*\* 2\)"),
        (lambda: pv.fit_pooled(frame, "y ~ sunab(state, year)"), r"i\(since, i\.cohort, ref=-1\)"),
        (lambda: pv.fit_pooled(frame, "y ~ x", cov={"CRV1": "state"}), r"Write Clustered\('state'\)\."),
        (lambda: pv.fit_pooled(frame, "y ~ x", cov={"CRV3": "state"}), r"Write BiasReduced\('state', kind='CR3'\)\."),
        (
            lambda: pv.fit_pooled(frame, "y ~ x", cov="~state"),
            r"not known\. For clusters .* Clustered\('state'\)",
        ),
        (lambda: pv.fit_random_effects(panel, "invest ~ value", method="mle"), "write variance_components='ml'"),
    ):
        with pytest.raises((pv.SpecificationError, TypeError), match=words):
            call()
    with pytest.raises(pv.DataError, match="For effects of periods pass time_effects=True"):
        pv.fit_arellano_bond(panel, "invest ~ value + C(year)")


def test_columns_with_numbers_for_names():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(20, 3)))
    for call in (
        lambda: pv.fit_pooled(frame, 0, [1, 2]),
        lambda: pv.fit_pooled(frame, "0", ["1"]),
        lambda: pv.fit_pooled(frame.rename(columns={0: "y"}), "y", [1, 2]),
    ):
        with pytest.raises(pv.PanelVarError, match=r"data\.rename\(columns=str\)"):
            call()
    assert pv.fit_pooled(frame.rename(columns=str), "0", ["1", "2"]).nobs == 20
