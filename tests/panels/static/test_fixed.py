"""Fixed effects against the regression on dense dummies."""

import numpy as np
import pandas as pd
import pytest
from reference_data import table
from scipy import stats
from twins import X, allowed, assert_matrix, dummy_twin, gappy_frame

import panelvar as pv

UNREPAIRED = pv.Convention("bare", repair_multiway=False, cluster_group_factor=False, cluster_dof_factor="none")
EFFECTS = {"entity": ["entity"], "time": ["year"], "twoway": ["entity", "year"], "region": ["region"]}
CASES = [(effects, weighted) for effects in EFFECTS for weighted in (True, False)]


def both(effects, weighted, frame=None, **options):
    frame = gappy_frame() if frame is None else frame
    panel = pv.Panel(frame, "entity", "year")
    result = pv.fit_fixed_effects(panel, "y", X, effects=effects, weights="w" if weighted else None, **options)
    return frame, result, dummy_twin(frame, EFFECTS[effects], frame["w"] if weighted else None)


def islands():
    """Two blocks of entities that share no period, one of them a singleton entity's."""
    frame = gappy_frame(seed=8, entities=10)
    late = frame["number"] >= 6
    frame.loc[late, "year"] += 50
    single = (frame["number"] == 9) & frame["number"].duplicated()
    return frame[~single].reset_index(drop=True)


@pytest.mark.parametrize(("effects", "weighted"), CASES)
def test_estimates(effects, weighted):
    frame, result, twin = both(effects, weighted)
    np.testing.assert_allclose(result.params, twin.params, rtol=allowed(twin))
    assert_matrix(result.cov, twin.classical())
    assert (result.nobs, result.df_resid) == (len(frame), twin.df)
    assert result.rss == pytest.approx(twin.rss, rel=1e-11)


@pytest.mark.parametrize("weighted", [True, False])
def test_unconnected_blocks_and_singletons(weighted):
    _, result, twin = both("twoway", weighted, islands())
    np.testing.assert_allclose(result.params, twin.params, rtol=allowed(twin))
    assert_matrix(result.cov, twin.classical())
    assert result.df_resid == twin.df
    codes = {note.code for note in result.notes}
    assert {"disconnected", "singletons-kept"} <= codes


@pytest.mark.parametrize(("effects", "weighted"), CASES)
@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
def test_robust_covariances_with_the_full_leverage(effects, weighted, kind):
    frame = gappy_frame(kept=0.9)
    _, result, twin = both(effects, weighted, frame, cov=kind)
    assert twin.leverage.max() < 0.999
    assert_matrix(result.cov, twin.hc(kind))


@pytest.mark.filterwarnings("ignore:Only .* clusters", "ignore:The multi-way clustered")
@pytest.mark.parametrize(("effects", "weighted"), CASES)
@pytest.mark.parametrize("by", [["entity"], ["year"], ["batch"], ["region", "year"]])
def test_clustered_covariances(effects, weighted, by):
    frame, result, twin = both(effects, weighted, cov=pv.Clustered(*by), convention=UNREPAIRED)
    expected = sum(twin.clustered(frame[column]) for column in by)
    if len(by) == 2:
        expected = expected - twin.clustered(frame[by[0]] + frame[by[1]].astype(str))
    ours = result.cov.to_numpy()
    scale = np.sqrt(np.abs(np.outer(np.diagonal(expected), np.diagonal(expected)))) + 1e-12
    np.testing.assert_array_less(np.abs(ours - expected), 1e-9 * scale)


@pytest.mark.parametrize(("effects", "weighted"), CASES)
def test_fitted_values_include_the_effects(effects, weighted):
    frame, result, twin = both(effects, weighted)
    plain = frame["y"] - twin.design @ twin.coefficients
    np.testing.assert_allclose(result.resids.loc[frame.index], plain, atol=1e-11)
    np.testing.assert_allclose((result.resids + result.fitted_values).loc[frame.index], frame["y"], atol=1e-12)


@pytest.mark.parametrize("effects", ["entity", "time", "region"])
@pytest.mark.parametrize("weighted", [True, False])
def test_estimated_effects_and_their_errors(effects, weighted):
    """Levels are the coefficients of the dummies, with their standard errors."""
    frame, result, twin = both(effects, weighted)
    table = result.estimated_effects()
    labels = sorted(frame[EFFECTS[effects][0]].unique())
    table = table.loc[labels]
    k = len(labels)
    np.testing.assert_allclose(table["level"], twin.coefficients[:k], rtol=1e-9)
    np.testing.assert_allclose(table["deviation"], twin.coefficients[:k] - result.params["const"], rtol=0, atol=1e-10)
    root = twin.inverse[:k]
    errors = np.sqrt(twin.rss / twin.df * np.einsum("ij,ij->i", root, root))
    np.testing.assert_allclose(table["std_error"], errors, rtol=1e-10)


@pytest.mark.parametrize("weighted", [True, False])
def test_two_way_effects_add_up(weighted):
    frame, result, twin = both("twoway", weighted)
    effects = result.estimated_effects()["deviation"]
    firms, years = effects.loc["entity"], effects.loc["year"]
    total = (
        result.params["const"]
        + firms.loc[frame["entity"]].to_numpy()
        + years.loc[frame["year"]].to_numpy()
        + frame[X].to_numpy() @ result.params[X].to_numpy()
    )
    np.testing.assert_allclose(total, twin.design @ twin.coefficients, atol=1e-10)
    w = frame["w"] if weighted else np.ones(len(frame))
    assert np.average(years.loc[frame["year"]], weights=w) == pytest.approx(0.0, abs=1e-12)
    assert np.average(firms.loc[frame["entity"]], weights=w) == pytest.approx(0.0, abs=1e-11)


@pytest.mark.parametrize(("effects", "weighted"), CASES)
def test_f_tests_and_r2(effects, weighted):
    frame, result, twin = both(effects, weighted)
    n = len(frame)
    w = np.asarray(frame["w"] / frame["w"].mean()) if weighted else np.ones(n)
    total = float(w @ (frame["y"] - np.average(frame["y"], weights=w)) ** 2)
    only = dummy_twin(frame.assign(x1=0.0, x2=0.0), EFFECTS[effects], frame["w"] if weighted else None)
    pooled = pv.fit_pooled(pv.Panel(frame, "entity", "year"), "y", X, weights="w" if weighted else None)

    def f_test(restricted, numerator):
        statistic = (restricted - twin.rss) / numerator / (twin.rss / twin.df)
        return statistic, stats.f.sf(statistic, numerator, twin.df)

    absorbed = twin.rank - 2 - 1
    for test, restricted, numerator in (
        (result.f_slopes, only.rss, 2),
        (result.f_with_dummies, total, 2 + absorbed),
        (result.f_poolability, pooled.rss, absorbed),
    ):
        statistic, pvalue = f_test(restricted, numerator)
        assert test.statistic == pytest.approx(statistic, rel=1e-9)
        assert test.pvalue == pytest.approx(pvalue, rel=1e-7)
        assert (test.df, test.df_denominator) == (numerator, twin.df)
    assert result.rsquared == pytest.approx(1 - twin.rss / only.rss, rel=1e-10)
    assert result.rsquared_table.with_dummies == pytest.approx(1 - twin.rss / total, rel=1e-10)
    adjusted = 1 - (twin.rss / twin.df) / (total / (n - 1))
    assert result.rsquared_table.with_dummies_adjusted == pytest.approx(adjusted, rel=1e-10)


@pytest.mark.parametrize("effects", ["entity", "time", "twoway"])
def test_effects_may_be_tested_against_all_regressors(effects):
    """plm and gretl leave what the effects absorb in the restricted model, and out of the null."""
    frame = gappy_frame(5, 9, 7)
    frame["size"] = frame.groupby("entity")["x1"].transform("mean").round(1)
    frame["trend"] = frame["year"] * 1.0
    x = [*X, "size", "trend"]
    panel = pv.Panel(frame, "entity", "year")
    for convention in ("plm", "gretl"):
        with pytest.warns(pv.PanelVarWarning, match="dropped|absorbed"):
            result = pv.fit_fixed_effects(panel, "y", x, effects=effects, convention=convention)
        pooled = pv.fit_pooled(panel, "y", x)
        numerator = pooled.df_resid - result.df_resid
        statistic = (pooled.rss - result.rss) / numerator / (result.rss / result.df_resid)
        assert result.f_poolability.statistic == pytest.approx(statistic, rel=1e-10)
        assert result.f_poolability.df == numerator
        nested = pv.nested_f_test(pooled, result)
        assert result.f_poolability.statistic == pytest.approx(nested.statistic, rel=1e-10)


def test_likelihood_counts_the_effects():
    frame, result, twin = both("twoway", False)
    n = len(frame)
    residuals = frame["y"] - twin.design @ twin.coefficients
    loglik = stats.norm.logpdf(residuals, scale=np.sqrt(twin.rss / n)).sum()
    assert result.loglik == pytest.approx(loglik, rel=1e-11)
    assert result.aic == pytest.approx(-2 * loglik + 2 * twin.rank, rel=1e-11)


def test_without_a_constant_only_the_constant_is_missing():
    _, result, _ = both("entity", False)
    _, bare, _ = both("entity", False, constant=False)
    pd.testing.assert_series_equal(bare.params, result.params[X], check_exact=True)
    pd.testing.assert_frame_equal(bare.cov, result.cov.loc[X, X], rtol=1e-14)
    assert bare.df_resid == result.df_resid


def test_between_variation_alone_is_absorbed():
    frame = gappy_frame()
    frame["size"] = frame["number"] * 1e5 + 0.1
    with pytest.warns(pv.PanelVarWarning, match="'size' dropped"):
        result = pv.fit_fixed_effects(pv.Panel(frame, "entity", "year"), "y", [*X, "size"])
    assert list(result.params.index) == ["const", *X]
    with pytest.raises(pv.CollinearityError, match="size"):
        pv.fit_fixed_effects(pv.Panel(frame, "entity", "year"), "y", [*X, "size"], collinear="raise")


def test_singletons_are_dropped_where_the_convention_says_so():
    frame = islands()
    lone = frame[frame["number"] != 9]
    panel, without = pv.Panel(frame, "entity", "year"), pv.Panel(lone, "entity", "year")
    dropped = pv.fit_fixed_effects(panel, "y", X, convention="pyfixest")
    expected = pv.fit_fixed_effects(without, "y", X, convention="pyfixest")
    assert dropped.nobs == len(lone)
    np.testing.assert_allclose(dropped.std_errors, expected.std_errors, rtol=1e-13)
    kept = pv.fit_fixed_effects(panel, "y", X)
    assert kept.nobs == len(frame)
    np.testing.assert_allclose(kept.params[X], dropped.params[X], rtol=1e-12)


@pytest.mark.parametrize("effects", ["entity", "time"])
def test_the_level_of_regressors_is_not_in_their_correlation_with_effects(effects):
    rng = np.random.default_rng(6)
    index = pd.MultiIndex.from_product([range(60), range(5)], names=["i", "t"])
    # Steps of 2^-20 are there at any level.
    frame = pd.DataFrame(np.round(rng.normal(size=(300, 2)) * 2.0**20) / 2.0**20, index=index, columns=["a", "b"])
    frame["y"] = frame["a"] - frame["b"] + np.repeat(rng.normal(size=60), 5) + rng.normal(size=300)
    expected = pv.fit_fixed_effects(frame, "y", ["a", "b"], effects=effects).variance_components.correlation
    for level, digits in ((1e6, 1e-7), (1e9, 1e-4)):
        high = frame.assign(a=frame["a"] + level, b=frame["b"] + level)
        streamed = pv.PanelStream(high.reset_index(), "i", "t")
        for data in (high, streamed):
            found = pv.fit_fixed_effects(data, "y", ["a", "b"], effects=effects).variance_components.correlation
            assert found == pytest.approx(expected, abs=digits)


def test_stata_counts_every_row_once_in_overall_r2():
    """Stata's xtreg weights the R2 within alone; overall R2 and corr(u, xb) are plain correlations over the rows."""
    grunfeld = table("grunfeld")
    weights = grunfeld.groupby("firm")["capital"].transform("mean")
    panel = pv.Panel(grunfeld.assign(w=weights), "firm", "year")
    options = {"weights": "w"}
    default = pv.fit_fixed_effects(panel, "inv", ["value", "capital"], **options)
    stata = pv.fit_fixed_effects(panel, "inv", ["value", "capital"], convention="stata", **options)
    fitted = grunfeld[["value", "capital"]] @ stata.params[["value", "capital"]]
    effects = grunfeld["firm"].map(stata.estimated_effects()["level"])
    assert stata.rsquared_table.overall == pytest.approx(np.corrcoef(grunfeld["inv"], fitted)[0, 1] ** 2, rel=1e-12)
    assert stata.variance_components.correlation == pytest.approx(np.corrcoef(effects, fitted)[0, 1], rel=1e-11)
    assert stata.rsquared_table.within == pytest.approx(default.rsquared_table.within, rel=1e-14)
    assert stata.rsquared_table.between == pytest.approx(default.rsquared_table.between, rel=1e-14)
    weighted = np.cov(np.stack([grunfeld["inv"], fitted]), aweights=weights)
    assert default.rsquared_table.overall == pytest.approx(
        weighted[0, 1] ** 2 / weighted[0, 0] / weighted[1, 1], rel=1e-11
    )
    light = stata.without_rows()
    assert light.rsquared_table == stata.rsquared_table
    assert light.variance_components.correlation == stata.variance_components.correlation
