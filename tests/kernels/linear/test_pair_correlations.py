"""Sums over pairs of entities are those of a plain loop, however they are reached, and need no matrix of pairs."""

from __future__ import annotations

import numpy as np
import pytest

import panelvar as pv
from panelvar.kernels.linear import pair_correlations
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.pair_correlations import pair_sums

BOUND = 1.7


def plain_loop(rows, observed, fewest):
    """Correlate the entities (N, T) two by two over their common periods."""
    total = absolute = signed = squared = 0.0
    pairs, large, leading = 0, 0, set()
    for i in range(len(rows)):
        for j in range(i + 1, len(rows)):
            common = observed[i] & observed[j]
            t = int(common.sum())
            if t < fewest:
                continue
            a, b = (rows[k, common] - rows[k, common].mean() for k in (i, j))
            length = np.sqrt((a @ a) * (b @ b))
            rho = a @ b / length if length > 0.0 else 0.0
            pairs += 1
            leading.add(i)
            total += rho
            absolute += abs(rho)
            signed += np.sqrt(t) * rho
            squared += t * rho**2
            large += np.sqrt(t) * abs(rho) > BOUND
    n = len(rows)
    return total, absolute, signed, squared, pairs, n * (n - 1) // 2 - pairs, len(leading), large


def sample(kind, n, periods, seed=0):
    rng = np.random.default_rng(seed)
    observed = np.ones((n, periods), dtype=bool)
    if kind == "spells":
        first, last = rng.integers(0, 3, n), rng.integers(periods - 3, periods + 1, n)
        observed = (np.arange(periods) >= first[:, None]) & (np.arange(periods) < last[:, None])
    elif kind == "scattered":
        observed = rng.random((n, periods)) < 0.7
    observed[:, 2] |= ~observed.any(axis=1)
    rows = rng.standard_normal((n, periods)) * np.exp(rng.standard_normal((n, 1))) + rng.standard_normal(periods)
    rows[3] = 0.0
    return rows, observed


def found(rows, observed, fewest, **options):
    entities, times = np.nonzero(observed)
    groups = Grouping.from_codes(entities, len(rows)), Grouping.from_codes(times, rows.shape[1])
    return pair_sums(rows[observed], *groups, fewest, **options)


@pytest.mark.parametrize("kind", ["balanced", "spells", "scattered"])
@pytest.mark.parametrize(("n", "periods"), [(40, 7), (9, 30), (150, 5)])
@pytest.mark.parametrize("fewest", [2, 3])
@pytest.mark.parametrize("sets", [0.001, 100])
def test_sums_over_pairs(kind, n, periods, fewest, sets, monkeypatch):
    monkeypatch.setattr(pair_correlations, "FEW_SETS", sets)
    monkeypatch.setattr(pair_correlations, "TILE", 64)
    rows, observed = sample(kind, n, periods)
    expected = plain_loop(rows, observed, fewest)
    # The roundings of as many terms, of order one, as there are pairs.
    sums = found(rows, observed, fewest, absolute=True, bound=BOUND)
    assert sums.large == expected[-1] > 0
    np.testing.assert_allclose(sums, expected, rtol=1e-12, atol=1e-12 * np.sqrt(expected[4]) * periods)
    without = found(rows, observed, fewest)
    assert (without.pairs, without.left_out, without.leading) == expected[4:-1]
    assert without.large == 0
    assert without.squared == pytest.approx(expected[3], rel=1e-12)


def panel(n, periods, share=1.0):
    rng = np.random.default_rng(3)
    keep = rng.random(n * periods) < share
    index = {"i": np.repeat(np.arange(n), periods)[keep], "t": np.tile(np.arange(periods), n)[keep]}
    values = dict(zip(["y", "x"], rng.standard_normal((2, int(keep.sum()))), strict=True))
    return pv.Panel({**index, **values}, "i", "t")


@pytest.mark.parametrize(("periods", "share"), [(40, 1.0), (10, 0.7)])
def test_memory_grows_with_the_rows_and_not_with_the_pairs(periods, share, peak_megabytes):
    """5,000 entities are 12 million pairs: 100 MB for one matrix of them."""
    fit = pv.fit_fixed_effects(panel(5000, periods, share), "y", ["x"])
    fit.fit.transformed_residuals  # noqa: B018
    assert peak_megabytes(lambda: pv.cross_section_dependence_test(fit)) < 30.0
    assert peak_megabytes(lambda: pv.residual_correlations(fit)) < 50.0


def test_a_panel_too_sparse_to_be_laid_out_is_refused():
    n = 25_000
    index = {"i": np.repeat(np.arange(n), 2), "t": np.arange(2 * n)}
    wave = np.arange(2.0 * n)
    fit = pv.fit_pooled(pv.Panel({**index, "y": np.sin(wave), "x": np.cos(wave)}, "i", "t"), "y", ["x"])
    with pytest.raises(pv.SpecificationError, match="25000 x 50000 = 1250000000 numbers"):
        pv.cross_section_dependence_test(fit)
