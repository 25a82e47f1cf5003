"""Very many clusters, wherever their rows stand: the same numbers, in one pass; or a refusal before the work."""

from __future__ import annotations

import time

import numpy as np
import pytest

import panelvar as pv
from panelvar.estimates.covariance import bias_reduced, cluster_adjustment, summed_clusters
from panelvar.estimates.covariance.summed_clusters import CoefficientSums, ProductSums
from panelvar.estimates.covariance.symmetric_stacks import multiply_complement_power
from panelvar.kernels.linear import rows


def panel(n, seed=0):
    rng = np.random.default_rng(seed)
    values = dict(zip(["y", "x", "z"], rng.standard_normal((3, 2 * n)), strict=True))
    groups = rng.permutation(np.repeat(np.arange(n), 2))
    return pv.Panel({"i": np.repeat(np.arange(n), 2), "t": np.tile([0, 1], n), "g": groups, **values}, "i", "t")


@pytest.mark.parametrize("by", ["i", "g"])
@pytest.mark.parametrize("kind", ["CR2", "CR3", "CR0"])
@pytest.mark.parametrize("scattered", [10, 10**9])
def test_rows_gathered_or_summed_block_by_block(by, kind, scattered, monkeypatch):
    monkeypatch.setattr(cluster_adjustment, "SCATTERED", scattered)
    data = panel(60)
    fit = pv.fit_pooled(data, "y", ["x", "z"])
    result = fit.with_cov(
        pv.BiasReduced(by, kind=kind, factor="none") if kind != "CR0" else pv.BiasReduced(by, kind=kind)
    )
    design = np.column_stack([np.ones(120), *(data.column(name) for name in ("x", "z"))])
    residuals = data.column("y") - design @ np.linalg.lstsq(design, data.column("y"), rcond=None)[0]
    bread = np.linalg.inv(design.T @ design)
    meat = np.zeros((3, 3))
    power = {"CR2": -0.5, "CR3": -1.0, "CR0": 0.0}[kind]
    for group in range(60):
        rows = np.flatnonzero(data.column(by) == group)
        own = design[rows]
        values, vectors = np.linalg.eigh(np.eye(len(rows)) - own @ bread @ own.T)
        score = own.T @ ((vectors * values**power) @ vectors.T) @ residuals[rows]
        meat += np.outer(score, score)
    np.testing.assert_allclose(result.cov, bread @ meat @ bread, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("kind", ["CR2", "CR3"])
def test_one_row_clusters_that_an_effect_crosses(kind):
    """The projection of every cluster at once is that of each by itself."""
    n = 300
    rng = np.random.default_rng(2)
    values = dict(zip(["y", "x"], rng.standard_normal((2, n)), strict=True))
    data = pv.Panel(
        {"i": np.repeat([0, 1, 2], 100), "t": np.tile(np.arange(100), 3), "row": np.arange(n), **values}, "i", "t"
    )
    fit = pv.fit_fixed_effects(data, "y", ["x"], cov=pv.BiasReduced("row", kind=kind, factor="none"))
    robust = pv.fit_fixed_effects(data, "y", ["x"], cov="HC2" if kind == "CR2" else "HC3")
    assert fit.std_errors["x"] == pytest.approx(robust.std_errors["x"], rel=1e-10)


def test_degrees_of_freedom_that_will_be_refused_are_refused_before_the_work():
    n = 200_000
    rng = np.random.default_rng(1)
    values = dict(zip(["y", "x"], rng.standard_normal((2, n)), strict=True))
    data = pv.Panel({"i": np.zeros(n, dtype=int), "t": np.arange(n), **values}, "i", "t")
    fit = pv.fit_fixed_effects(data, "y", ["x"])
    with pytest.raises(pv.NumericalError, match=r"about 4e.10 such pairs; the limit is 5e.07"):
        fit.with_cov(pv.BiasReduced("time"))
    start = time.process_time()
    with pytest.raises(pv.NumericalError):
        fit.with_cov(pv.BiasReduced("time"))
    # The adjustment of 200,000 clusters takes seconds.
    assert time.process_time() - start < 0.5


def test_memory_of_very_many_clusters(peak_megabytes):
    """What each cluster leaves, and no more: 20,000 of two rows, three coefficients."""
    fit = pv.fit_pooled(panel(20_000), "y", ["x", "z"])
    assert peak_megabytes(lambda: fit.with_cov("CR2")) < 40.0


def uneven(seed=4):
    """Entities of 1 to 9 rows, one of 60 and one of much leverage; groups of any rows; states of whole entities."""
    rng = np.random.default_rng(seed)
    sizes = np.concatenate([rng.integers(1, 10, 150), [60, 3]])
    n = int(sizes.sum())
    columns = {"i": np.repeat(np.arange(len(sizes)), sizes), "t": np.concatenate([np.arange(size) for size in sizes])}
    columns |= {f"x{j}": rng.standard_normal(n) for j in range(4)}
    columns["x1"][-3:] *= 40.0
    columns["x2"] *= 1e-120
    columns |= {"g": rng.integers(0, 120, n), "state": columns["i"] // 2, "w": rng.uniform(0.2, 4.0, n)}
    y = columns["x0"] + rng.standard_normal(n) + 0.1 * columns["i"]
    return pv.Panel(columns | {"y": y}, "i", "t")


def fitted(model, cov):
    options = {"weights": "w"} if model.endswith("weighted") else {}
    fit = {"pooled": pv.fit_pooled, "effects": pv.fit_fixed_effects, "random": pv.fit_random_effects}
    return fit[model.split(",")[0]](uneven(), "y", ["x0", "x1", "x2", "x3"], cov=cov, **options)


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
@pytest.mark.parametrize("kept_sums", [ProductSums, CoefficientSums])
@pytest.mark.parametrize("block", [100, 8000])
@pytest.mark.parametrize("kind", ["CR1", "CR2", "CR3"])
@pytest.mark.parametrize(
    ("model", "by"),
    [
        ("pooled", "entity"),
        ("pooled", "g"),
        ("pooled, weighted", "state"),
        ("effects", "entity"),
        ("effects", "state"),
        ("effects, weighted", "entity"),
        ("random", "entity"),
        ("random", "g"),
    ],
)
def test_sums_over_clusters_are_those_of_what_each_adds(model, by, kind, block, kept_sums, monkeypatch):
    if kept_sums is CoefficientSums:
        monkeypatch.setattr(summed_clusters, "NARROW", 0)
    monkeypatch.setattr(rows, "BLOCK_ROWS", block)
    monkeypatch.setattr(cluster_adjustment, "BLOCK_ROWS", block)
    kept = fitted(model, pv.BiasReduced(by, kind=kind))
    monkeypatch.setattr(bias_reduced, "MANY", 2)
    summed = fitted(model, pv.BiasReduced(by, kind=kind))
    assert isinstance(summed.covariance.degrees.adjusted, kept_sums)
    assert isinstance(kept.covariance.degrees.adjusted, cluster_adjustment.Adjusted)
    np.testing.assert_allclose(summed.std_errors, kept.std_errors, rtol=1e-11)
    np.testing.assert_allclose(summed.df_coefficients, kept.df_coefficients, rtol=1e-9)
    assert summed.notes == kept.notes
    for restrictions in ("x0 = 2*x1", ["x0", "x3"]):
        one, other = summed.wald_test(restrictions), kept.wald_test(restrictions)
        np.testing.assert_allclose([one.statistic, one.pvalue], [other.statistic, other.pvalue], rtol=1e-9)


@pytest.mark.parametrize("periods", [2, 4, 9])
@pytest.mark.parametrize("kind", ["CR2", "CR3"])
def test_clusters_of_one_size_are_read_some_at_a_time(kind, periods, monkeypatch):
    """Whatever the level of the columns; the last block has fewer clusters than the others."""
    rng = np.random.default_rng(6)
    x = rng.standard_normal((3, 70 * periods)) + np.array([[0.0], [1e6], [-3.0]])
    columns = {"i": np.repeat(np.arange(70), periods), "t": np.tile(np.arange(periods), 70), "a": x[0], "b": x[1]}
    data = pv.Panel(columns | {"c": x[2], "y": x.sum(axis=0) + rng.standard_normal(70 * periods)}, "i", "t")
    kept = pv.fit_fixed_effects(data, "y", ["a", "b", "c"], cov=kind)
    monkeypatch.setattr(cluster_adjustment, "BLOCK_ROWS", 30 * periods)
    monkeypatch.setattr(bias_reduced, "MANY", 2)
    summed = pv.fit_fixed_effects(data, "y", ["a", "b", "c"], cov=kind)
    assert isinstance(summed.covariance.degrees.adjusted, ProductSums)
    np.testing.assert_allclose(summed.std_errors, kept.std_errors, rtol=1e-9)
    np.testing.assert_allclose(summed.df_coefficients, kept.df_coefficients, rtol=1e-8)
    one, other = summed.f_statistic, kept.f_statistic
    np.testing.assert_allclose([one.statistic, one.df_denominator], [other.statistic, other.df_denominator], rtol=1e-7)


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_an_exact_fit_and_a_cluster_alone_with_its_regressor(monkeypatch):
    monkeypatch.setattr(bias_reduced, "MANY", 2)
    data = panel(40)
    columns = {name: data.column(name) for name in ("i", "t", "x", "z", "y")}
    exact = pv.Panel(columns | {"y": 2.0 * columns["x"]}, "i", "t")
    assert (pv.fit_pooled(exact, "y", ["x", "z"], cov="CR2").std_errors == 0.0).all()
    alone = pv.Panel(columns | {"alone": np.where(columns["i"] == 0, columns["z"], 0.0)}, "i", "t")
    result = pv.fit_pooled(alone, "y", ["x", "alone"], cov="CR2")
    assert any("1 cluster alone identifies some coefficient" in note.text for note in result.notes)


@pytest.mark.parametrize("power", [-0.5, -1.0])
@pytest.mark.parametrize("norm", [1e-9, 1e-4, 6e-4, 5e-3, 0.099])
def test_power_series_of_stacks_are_powers(power, norm):
    rng = np.random.default_rng(3)
    roots = rng.standard_normal((50, 4, 5))
    blocks = roots @ roots.swapaxes(1, 2)
    blocks *= norm / np.linalg.norm(blocks, axis=(1, 2)).max()
    values, vectors = np.linalg.eigh(blocks)
    expected = (vectors * (values * (1.0 - values) ** power)[:, None, :]) @ vectors.swapaxes(1, 2)
    stack = np.ascontiguousarray(blocks.transpose(1, 2, 0))
    found = multiply_complement_power(stack, power, float(np.linalg.norm(blocks, axis=(1, 2)).max()))
    np.testing.assert_allclose(found.transpose(2, 0, 1), expected, rtol=0.0, atol=4e-15 * norm)
