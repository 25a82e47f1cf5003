"""Mundlak's regression and test: fixed-effects slopes on any panel, and a Wald test by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from twins import X, gappy_frame

import panelvar as pv


def sample(kept=0.7):
    frame = gappy_frame(seed=2, entities=14, periods=9, kept=kept)
    frame["size"] = np.random.default_rng(0).standard_normal(14)[frame["number"]]
    frame["late"] = (frame["year"] > 2004).astype(float)
    return frame


def panel_of(frame):
    return pv.Panel(frame, "entity", "year")


@pytest.mark.parametrize("kept", [0.7, 1.0])
@pytest.mark.parametrize("method", ["swamy-arora", "wallace-hussain", "nerlove", "ml"])
@pytest.mark.filterwarnings("ignore:Regressors that do not vary", "ignore:.*do not vary within")
def test_slopes_are_those_of_fixed_effects(kept, method):
    """Balanced and unbalanced, whatever the variance components, beside time-invariant and time-only regressors."""
    panel = panel_of(sample(kept))
    fixed = pv.fit_fixed_effects(panel, "y", [*X, "late"])
    result = pv.fit_correlated_random_effects(panel, "y", [*X, "late", "size"], variance_components=method)
    np.testing.assert_allclose(result.params[[*X, "late"]], fixed.params[[*X, "late"]], rtol=1e-9)
    assert "mean(size)" not in result.params.index
    # On a balanced panel the mean of a time dummy is a constant.
    assert ("mean(late)" in result.params.index) == (kept < 1.0)
    assert any(note.code == "mean-redundant" for note in result.notes) == (kept == 1.0)


def test_by_time():
    panel = panel_of(sample())
    fixed = pv.fit_fixed_effects(panel, "y", X, effects="time")
    result = pv.fit_correlated_random_effects(panel, "y", X, effects="time")
    np.testing.assert_allclose(result.params[X], fixed.params[X], rtol=1e-9)


def test_means_are_over_the_rows_of_the_model():
    frame = sample()
    frame.loc[frame.index[::7], "y"] = np.nan
    with pytest.warns(pv.PanelVarWarning, match="missing"):
        result = pv.fit_correlated_random_effects(panel_of(frame), "y", X)
    complete = frame.dropna()
    fixed = pv.fit_fixed_effects(panel_of(complete), "y", X)
    np.testing.assert_allclose(result.params[X], fixed.params[X], rtol=1e-9)


def test_it_is_random_effects_with_columns_of_means():
    frame = sample()
    for name in X:
        frame[f"mean({name})"] = frame.groupby("entity")[name].transform("mean")
    by_hand = pv.fit_random_effects(panel_of(frame), "y", [*X, "mean(x1)", "mean(x2)"])
    result = pv.fit_correlated_random_effects(panel_of(frame), "y", X)
    pd.testing.assert_series_equal(result.params, by_hand.params, rtol=1e-9)
    pd.testing.assert_frame_equal(result.cov, by_hand.cov, rtol=1e-9)
    assert result.estimator.startswith("Correlated random effects (entity")
    new = frame.head(5)
    np.testing.assert_allclose(result.predict(new), by_hand.predict(new), rtol=1e-9)


def test_formula():
    panel = panel_of(sample())
    ours = pv.fit_correlated_random_effects(panel, "y ~ x1 + x2")
    np.testing.assert_allclose(ours.params, pv.fit_correlated_random_effects(panel, "y", X).params, rtol=1e-12)


@pytest.mark.filterwarnings("ignore:Only .* clusters")
@pytest.mark.parametrize("convention", ["stata", "eviews"])
def test_mundlak_by_hand(convention):
    """The Wald statistic of the means on rows quasi-demeaned with the random-effects theta, clustered by entity."""
    frame = sample()
    result = pv.fit_random_effects(panel_of(frame), "y", X, convention=convention)
    test = pv.mundlak_test(result, cov=pv.Clustered("entity", group_factor=True, dof_factor="(n-1)/(n-k)"))
    data = frame[["y", *X]].assign(const=1.0)
    data[["m1", "m2"]] = data[X].groupby(frame["entity"]).transform("mean")
    order = np.unique(frame["entity"], return_inverse=True)[1]
    theta = result.variance_components.theta[order]
    moved = data - data.groupby(frame["entity"]).transform("mean").mul(theta, axis=0)
    z, y = moved[["const", *X, "m1", "m2"]].to_numpy(), moved["y"].to_numpy()
    bread = np.linalg.inv(z.T @ z)
    beta = bread @ z.T @ y
    scores = z * (y - z @ beta)[:, None]
    sums = pd.DataFrame(scores).groupby(frame["entity"].to_numpy()).sum().to_numpy()
    n, groups = len(frame), len(sums)
    cov = bread @ sums.T @ sums @ bread * groups / (groups - 1) * (n - 1) / (n - 5)
    wald = beta[3:] @ np.linalg.solve(cov[3:, 3:], beta[3:])
    if test.distribution == "f":
        assert convention == "eviews"
        assert test.statistic == pytest.approx(wald / 2, rel=1e-9)
    else:
        assert test.statistic == pytest.approx(wald, rel=1e-9)
        assert test.pvalue == pytest.approx(stats.chi2.sf(wald, 2), rel=1e-8)


def test_classical_mundlak_is_hausmans_contrast():
    """(b_F - b_R)' [A_F - A_R]^-1 (b_F - b_R) / s^2, A the inverse cross products, s^2 of the larger regression."""
    panel = panel_of(sample())
    random, fixed = pv.fit_random_effects(panel, "y", X), pv.fit_fixed_effects(panel, "y", X)
    gap = (fixed.params - random.params)[X].to_numpy()
    spread = (fixed.cov / fixed.sigma2 - random.cov / random.sigma2).loc[X, X].to_numpy()
    contrast = gap @ np.linalg.solve(spread, gap)
    # What the means take off the residual sum of squares is the contrast itself.
    s2 = (random.rss - contrast) / (random.df_resid - 2)
    assert pv.mundlak_test(random, cov="classical").statistic == pytest.approx(contrast / s2, rel=1e-8)


def test_refusals():
    frame = sample()
    panel = panel_of(frame)
    with pytest.raises(pv.SpecificationError, match="There is no mean over"):
        pv.fit_correlated_random_effects(panel, "y", ["size"])
    with pytest.raises(pv.SpecificationError, match="effects"):
        pv.fit_correlated_random_effects(panel, "y", X, effects="twoway")
    with pytest.raises(pv.SpecificationError, match="weights"):
        pv.fit_correlated_random_effects(panel, "y", X, weights="w")
    with pytest.raises(pv.SpecificationError, match="one-way random effects"):
        pv.mundlak_test(pv.fit_pooled(panel, "y", X))
    with pytest.raises(pv.SpecificationError, match="There is no mean over"):
        pv.mundlak_test(pv.fit_correlated_random_effects(panel, "y", X))
    frame["mean(x1)"] = 1.0 + np.arange(len(frame))
    with pytest.raises(pv.SpecificationError, match="already called 'mean\\(x1\\)'"):
        pv.fit_correlated_random_effects(panel_of(frame), "y", [*X, "mean(x1)"])
