"""Roots of covariances: of singular ones those of their parts, which share no moment and no entity; of many rows."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from panelvar.kernels.linear.rows import BLOCK_ROWS
from panelvar.panels.dynamic.weighting import root_of_covariance, root_of_moments, separate


def parted(seed: int = 0) -> np.ndarray:
    """Moments (14, 17) of three parts in an order of chance, of more moments than entities, and one that is zero."""
    rng = np.random.default_rng(seed)
    moments, rows, columns = np.zeros((14, 17)), rng.permutation(14), rng.permutation(17)
    for low, high, first, last in ((0, 3, 0, 5), (3, 5, 5, 9), (5, 14, 9, 16)):
        moments[np.ix_(rows[low:high], columns[first:last])] = rng.standard_normal((high - low, last - first))
    return moments


def walked(present: np.ndarray) -> set[tuple[frozenset[int], frozenset[int]]]:
    """The parts of a matrix that has entries there, by walking from each column to whatever it touches."""
    parts = set()
    for start in range(present.shape[1]):
        rows, columns, waiting = set(), {start}, [start]
        while waiting:
            for row in np.flatnonzero(present[:, waiting.pop()]).tolist():
                rows.add(row)
                new = set(np.flatnonzero(present[row]).tolist()) - columns
                columns |= new
                waiting += new
        parts.add((frozenset(rows), frozenset(columns)))
    return parts


@pytest.mark.parametrize("seed", range(20))
def test_parts_are_those_that_walking_finds(seed):
    rng = np.random.default_rng(seed)
    present = rng.random((12, 15)) < rng.uniform(0.02, 0.3)
    found = separate(present)
    assert {(frozenset(rows.tolist()), frozenset(columns.tolist())) for rows, columns in found} == walked(present)
    # A chain is one part, however long.
    chain = np.eye(200, dtype=bool) | np.eye(200, k=1, dtype=bool)
    order = rng.permutation(200)
    assert len(separate(chain[:, order])) == 1


def test_roots_of_parts_divide_as_that_of_the_whole():
    moments = parted()
    covariance = moments.T @ moments
    inverse = np.linalg.pinv(covariance, hermitian=True, rcond=1e-10)
    assert len(separate(moments != 0.0)) == 4
    for root in (root_of_moments(moments), root_of_covariance(covariance)):
        assert root.rank == np.linalg.matrix_rank(covariance) == 12
        # Of moments whose covariance is singular, what is divided lies in the space they span.
        spanned = moments.T @ np.arange(14.0)
        assert spanned @ root.undivided(root.divided(spanned)) == pytest.approx(spanned @ inverse @ spanned, rel=1e-9)
        assert_allclose(covariance @ root.undivided(root.divided(spanned)), spanned, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("least", [1.0, 1e-2, 1e-4])
def test_many_moments_are_decomposed_block_by_block(least):
    """As the decomposition of all rows at once, over a number of rows that is no multiple of a block's."""
    rng = np.random.default_rng(0)
    moments = rng.standard_normal((2 * BLOCK_ROWS + 77, 6)) @ rng.standard_normal((6, 6))
    moments[:, 5] = moments[:, 4] + least * moments[:, 5]
    moments *= np.geomspace(1e-20, 1e20, 6)
    root, sizes = root_of_moments(moments), np.sqrt(np.square(moments).sum(axis=0))
    expected = np.linalg.qr(moments / sizes, mode="r")
    assert_allclose(root.sizes, sizes, rtol=1e-13)
    signs = np.sign(expected.diagonal()) * np.sign(root.upper.diagonal())
    assert_allclose(root.upper, signs[:, None] * expected, atol=1e-13)
    dependent = np.concatenate([moments, moments[:, :1]], axis=1)
    assert root_of_moments(dependent).upper is None
    assert root_of_moments(dependent).rank == 6
