"""The wild cluster bootstrap against one that draws residuals and refits every draw, dummies and all."""

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest
from reference_data import table
from streams import stream
from twins import X, dummy_twin, gappy_frame, pooled_twin

import panelvar as pv
from panelvar.panels.few_clusters import wild_cluster as kernel

pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")


def fitted(frame, model, **options):
    panel = pv.Panel(frame, "entity", "year")
    if model == "pooled":
        return pv.fit_pooled(panel, "y", X, **options)
    return pv.fit_fixed_effects(panel, "y", X, effects=model, **options)


def dense(frame, model, weights=None):
    if model == "pooled":
        return pooled_twin(frame, weights=weights)
    return dummy_twin(frame, {"entity": ["entity"], "time": ["year"], "twoway": ["entity", "year"]}[model], weights)


def slow(frame, model, restriction, value, by, signs, weights=None, impose_null=True):
    """Squared (Wald) statistics of the sample and of each draw, by drawing residuals and refitting."""
    twin = dense(frame, model, weights)
    z, inverse, report = twin.z, twin.inverse, restriction @ twin.report
    groups = np.asarray(frame[by])
    labels = pd.unique(groups)
    middle = np.linalg.inv(report @ np.linalg.pinv(z.T @ z, rcond=1e-11, hermitian=True) @ report.T)
    gap = report @ twin.coefficients - value
    beta = twin.coefficients
    if impose_null:
        beta = beta - np.linalg.pinv(z.T @ z, rcond=1e-11, hermitian=True) @ report.T @ middle @ gap
    residuals = twin.target - z @ beta
    centre = value if impose_null else report @ twin.coefficients

    def statistic(y, centre):
        b = inverse @ y
        e = y - z @ b
        moves = np.array([report @ inverse[:, groups == g] @ e[groups == g] for g in labels])
        distance = report @ b - centre
        return distance @ np.linalg.solve(moves.T @ moves, distance)

    draws = []
    for v in signs:
        factor = dict(zip(labels, v, strict=True))
        draws.append(statistic(z @ beta + residuals * np.array([factor[g] for g in groups]), centre))
    return statistic(twin.target, value), np.array(draws)


@pytest.mark.parametrize("impose_null", [True, False])
@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("by", ["entity", "batch", "year"])
@pytest.mark.parametrize("model", ["pooled", "entity", "time", "twoway"])
def test_every_enumerated_draw_is_a_refit(model, by, weights, impose_null):
    frame = gappy_frame(seed=5, entities=7, periods=6)
    result = fitted(frame, model, weights=weights)
    found = pv.wild_bootstrap_test(result, "x1 = 0.3", cluster=by, impose_null=impose_null)
    groups = frame[by].nunique()
    signs = [(1.0, *rest) for rest in itertools.product((1.0, -1.0), repeat=groups - 1)]
    given = None if weights is None else frame[weights]
    statistic, draws = slow(frame, model, np.array([[0.0, 1.0, 0.0]]), 0.3, by, signs, given, impose_null)
    assert (found.enumerated, found.draws) == (True, len(draws))
    assert found.pvalue == np.mean(draws >= statistic * (1 - 1e-7))
    strict = pv.wild_bootstrap_test(result, "x1 = 0.3", cluster=by, impose_null=impose_null, ties="strict")
    assert strict.pvalue == np.mean(draws > statistic * (1 + 1e-7))
    factor = result.with_cov(pv.Clustered(by)).covariance.factor
    assert found.statistic**2 == pytest.approx(statistic / factor, rel=1e-8)


@pytest.mark.parametrize("by", ["batch", "year", "region"])
def test_effects_without_a_basis_are_projected_cluster_by_cluster(by, monkeypatch):
    result = fitted(gappy_frame(seed=5, entities=7, periods=6), "twoway", weights="w")
    usual = [pv.wild_bootstrap_test(result, null, cluster=by) for null in ("x1", "x2 = 5", X)]
    monkeypatch.setattr("panelvar.panels.few_clusters.crossed_levels.MOST_LEVELS", 0)
    monkeypatch.setattr("panelvar.estimates.covariance.crossing_basis.LEVEL_LIMIT", 0)
    for null, one in zip(("x1", "x2 = 5", X), usual, strict=True):
        other = pv.wild_bootstrap_test(result, null, cluster=by)
        assert other.pvalue == one.pvalue
        assert other.statistic == pytest.approx(one.statistic, rel=1e-9)
        np.testing.assert_allclose((other.lower, other.upper), (one.lower, one.upper), rtol=1e-6)
    monkeypatch.setattr("panelvar.estimates.covariance.projected_blocks.WORK", 1)
    with pytest.raises(pv.NumericalError, match="can be projected one by one"):
        pv.wild_bootstrap_test(result, "x1", cluster=by)


@pytest.mark.parametrize("model", ["pooled", "twoway"])
@pytest.mark.parametrize("kind", ["rademacher", "webb", "mammen"])
def test_drawn_signs_and_several_restrictions(model, kind):
    frame = gappy_frame(seed=5, entities=12, periods=6)
    result = fitted(frame, model)
    found = pv.wild_bootstrap_test(result, {"x1": 0.5, "x2": -0.2}, weights=kind, draws=99, seed=3)
    count, enumerated, chunks = kernel.signs(kind, 12, 99, stream(3))
    assert (count, enumerated) == (99, False)
    # Codes follow the sorted labels; the twin takes the labels as they come.
    by_code = np.concatenate(list(chunks), axis=1)
    order = [sorted(frame["entity"].unique()).index(label) for label in frame["entity"].unique()]
    statistic, draws = slow(frame, model, np.eye(3)[1:], np.array([0.5, -0.2]), "entity", by_code[order].T)
    # A draw whose weights are all alike scales every residual: its statistic is the sample's, but for rounding.
    # The sample counts as one more draw.
    assert found.pvalue == pytest.approx((1 + np.sum(draws >= statistic * (1 - 1e-7))) / 100)
    assert found.df == 2
    assert np.isnan(found.lower)


def test_random_effects_are_bootstrapped_in_quasi_demeaned_rows():
    frame = gappy_frame(seed=2, entities=10, periods=8)
    result = pv.fit_random_effects(pv.Panel(frame, "entity", "year"), "y", X)
    found = pv.wild_bootstrap_test(result, "x2")
    ordered = frame.sort_values(["entity", "year"])
    theta = np.repeat(result.variance_components.theta, ordered.groupby("entity").size())
    columns = ordered[["y", *X]].assign(const=1.0)
    moved = columns - theta[:, None] * columns.groupby(ordered["entity"]).transform("mean")
    moved = moved.assign(entity=ordered["entity"], year=ordered["year"])
    same = pv.fit_pooled(pv.Panel(moved, "entity", "year"), "y", ["const", *X], constant=False)
    assert pv.wild_bootstrap_test(same, "x2").pvalue == found.pvalue


@pytest.mark.parametrize("impose_null", [True, False])
def test_the_confidence_set_is_the_test_inverted(impose_null):
    frame = gappy_frame(seed=5, entities=11, periods=6)
    result = fitted(frame, "entity")
    options = {"impose_null": impose_null, "seed": 1, "draws": 499}
    found = pv.wild_bootstrap_test(result, "x1", level=0.9, **options)
    assert found.lower < found.estimate == result.params["x1"] < found.upper
    width = found.upper - found.lower
    for limit, outward in ((found.lower, -1.0), (found.upper, 1.0)):
        inside, outside = (
            pv.wild_bootstrap_test(result, f"x1 = {limit + step * width!r}", **options).pvalue
            for step in (-1e-6 * outward, 1e-6 * outward)
        )
        assert inside > 0.1 >= outside


def test_boottest_limits_lie_on_the_step_of_five_percent():
    """Published to five digits; the p-value is a step function of 1/128, which boottest interpolates."""
    panel = pv.Panel(table("boottest_collapsed"), "selfemployed", "year")
    result = pv.fit_pooled(panel, "hasinsurance", ["selfemployed", "post", "post_self"])
    for name, limits in {"post_self": (0.03874, 0.07098), "post": (-0.02978, -0.01306)}.items():
        for limit in limits:
            pvalue = pv.wild_bootstrap_test(result, f"{name} = {limit}", cluster="year", ties="strict").pvalue
            assert abs(pvalue - 0.05) < 2 / 128


def test_three_clusters_have_four_values_and_no_finite_set():
    frame = gappy_frame(seed=5)
    result = fitted(frame, "pooled")
    with pytest.warns(pv.PanelVarWarning, match=r"4 distinct values of \|t\|.*0.25.*No bootstrap"):
        found = pv.wild_bootstrap_test(result, "x1 = 40", cluster="region")
    assert (found.draws, found.pvalue, found.lower, found.upper) == (4, 0.25, -np.inf, np.inf)
    with pytest.warns(pv.PanelVarWarning, match="no more information"):
        pv.wild_bootstrap_test(result, "x1", cluster="region", weights="webb", draws=99, seed=1)


@pytest.mark.parametrize("kind", ["rademacher", "webb", "mammen"])
def test_signs_have_mean_zero_and_variance_one(kind):
    _, _, chunks = kernel.signs(kind, 40, 20_000, np.random.default_rng(1))
    values = np.concatenate(list(chunks), axis=1)
    assert values.shape == (40, 20_000)
    assert abs(values.mean()) < 5 / np.sqrt(values.size)
    assert abs(np.square(values).mean() - 1.0) < 0.01
    if kind == "mammen":
        assert abs((values**3).mean() - 1.0) < 0.02
    assert len(np.unique(values)) == {"rademacher": 2, "webb": 6, "mammen": 2}[kind]


def test_chunks_do_not_change_the_draws(monkeypatch):
    result = fitted(gappy_frame(seed=5, entities=15), "twoway")
    whole = pv.wild_bootstrap_test(result, "x1", draws=999, seed=4)
    monkeypatch.setattr(kernel, "CHUNK", 1000)
    assert pv.wild_bootstrap_test(result, "x1", draws=999, seed=4) == whole
    assert pv.wild_bootstrap_test(result, "x1", draws=999, seed=5) != whole


def test_what_is_refused():
    frame = gappy_frame(seed=5).assign(all=1)
    result = fitted(frame, "entity")
    for options, message in (
        ({"weights": "uniform"}, "weights='uniform'"),
        ({"ties": "some"}, "ties='some'"),
        ({"draws": 0}, "draws=0"),
        ({"level": 0.05}, "level=0.05"),
    ):
        with pytest.raises(pv.SpecificationError, match=message):
            pv.wild_bootstrap_test(result, "x1", **options)
    with pytest.raises(pv.SpecificationError, match="mean of estimated effects"):
        pv.wild_bootstrap_test(result, "const")
    with pytest.raises(pv.InsufficientDataError, match="at least two clusters"):
        pv.wild_bootstrap_test(result, "x1", cluster="all")
    with pytest.raises(pv.MissingInformationError):
        pv.wild_bootstrap_test(result.without_rows(), "x1")


def test_the_result_reads_as_a_test():
    found = pv.wild_bootstrap_test(fitted(gappy_frame(seed=5), "pooled"), "x1 = 0.5")
    assert isinstance(found, pv.TestResult)
    assert str(found).startswith("Wild cluster bootstrap (rademacher, all 256 draws, 9 clusters by entity): t = ")
    assert "bootstrap" in str(found.summary())


def test_more_clusters_than_there_are_bits():
    result = fitted(gappy_frame(seed=5, entities=1200, periods=4), "twoway")
    found = pv.wild_bootstrap_test(result, "x1", draws=199, seed=1)
    assert (found.clusters, found.draws, found.enumerated, found.notes) == (1200, 199, False, ())
    width = found.upper - found.lower
    assert width == pytest.approx(3.92 * result.with_cov("cluster").std_errors["x1"], rel=0.25)


def test_a_pvalue_of_drawn_signs_is_never_zero():
    """The sample is one more draw: (1 + k) / (1 + B), as for all other bootstrap tests here."""
    frame = gappy_frame(seed=5, entities=20, periods=6)
    result = fitted(frame.assign(y=frame["y"] + 50.0 * frame["x1"]), "pooled")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        test = pv.wild_bootstrap_test(result, "x1", draws=999, seed=1)
        strict = pv.wild_bootstrap_test(result, "x1", draws=999, seed=1, ties="strict")
        joint = pv.wild_bootstrap_test(result, ["x1", "x2"], draws=999, seed=1)
        tail = pv.wild_bootstrap_test(result, "x1", draws=999, seed=1, alternative="equal-tailed")
    assert test.pvalue == joint.pvalue == 0.001
    assert tail.pvalue == 0.002
    assert "p = 0.0010" in str(test)
    assert strict.pvalue == 0.0
    assert "p < 0.0010" in str(strict)
    assert "0.0000" not in str(strict)


@pytest.mark.parametrize("null", [0.0, 0.4])
def test_drawn_signs_count_the_sample(null):
    result = fitted(gappy_frame(seed=5, entities=20, periods=6), "pooled")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        count = pv.wild_bootstrap_test(result, f"x1 = {null}", draws=199, seed=1)
        strict = pv.wild_bootstrap_test(result, f"x1 = {null}", draws=199, seed=1, ties="strict")
    assert count.pvalue == pytest.approx((1.0 + 199.0 * strict.pvalue) / 200.0)
