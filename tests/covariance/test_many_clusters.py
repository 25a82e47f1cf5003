"""Very many clusters, wherever their rows stand: the same numbers, in one pass; or a refusal before the work."""

from __future__ import annotations

import time

import numpy as np
import pytest

import panelvar as pv
from panelvar.covariance import cluster_adjustment


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
    with pytest.raises(pv.NumericalError, match=r"about 4e.10, and 5e.07 is the limit"):
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
