"""The preconditioner of poorly connected graphs, and effects on such graphs against dense dummy variables."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from panelvar.kernels.absorption import (
    approximate_cholesky,
    block_preconditioner,
    conjugate_gradients,
    effect_iterations,
    level_system,
    many_effects,
    orthonormal_block,
)
from panelvar.kernels.absorption.absorb import absorb
from panelvar.kernels.absorption.approximate_cholesky import ApproximateCholesky, linked_levels
from panelvar.kernels.absorption.orthonormal_block import Block
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.rows import subtract_tables

EPS = np.finfo(float).eps
GRAPHS = ("path", "ring", "tree", "star", "grid", "barbell", "scattered", "random")


def edges_of(kind, n, rng):
    """Pairs of vertices 0, .., m - 1 (m near n), each of which occurs."""
    chain = np.column_stack([np.arange(n - 1), np.arange(1, n)])
    if kind == "path":
        return chain
    if kind == "ring":
        # Every vertex linked to the next two.
        return np.vstack([np.column_stack([np.arange(n), (np.arange(n) + step) % n]) for step in (1, 2)])
    if kind == "tree":
        return np.column_stack([(rng.random(n - 1) * np.arange(1, n)).astype(int), np.arange(1, n)])
    if kind == "star":
        return np.column_stack([np.zeros(n - 1, dtype=int), np.arange(1, n)])
    if kind == "grid":
        side = max(2, int(np.sqrt(n)))
        square = np.arange(side * side).reshape(side, side)
        across = np.column_stack([square[:, :-1].ravel(), square[:, 1:].ravel()])
        return np.vstack([across, np.column_stack([square[:-1].ravel(), square[1:].ravel()])])
    if kind == "barbell":
        # Two complete graphs, the ends of one chain.
        third = max(2, n // 3)
        full = np.array([(i, j) for i in range(third) for j in range(i)])
        return np.vstack([full, full + n - third, chain[third - 1 : n - third]])
    if kind == "scattered":
        # Several components, of one edge and of many.
        return np.vstack([chain[: n // 2][::2], chain[n // 2 + 1 :]])
    return np.vstack([chain, rng.integers(0, n, (2 * n, 2))])


def laplacian(links):
    dense = links.toarray()
    return np.diag(dense.sum(axis=1)) - dense


def links_of(kind, n, rng, *, spread=1.0):
    edges = edges_of(kind, n, rng)
    edges = edges[edges[:, 0] != edges[:, 1]]
    size = edges.max() + 1
    matrix = np.zeros((size, size))
    np.add.at(matrix, (edges[:, 0], edges[:, 1]), np.exp(spread * rng.standard_normal(len(edges))))
    return csr_array(matrix + matrix.T)


@pytest.fixture
def tiny(monkeypatch):
    """Elimination down to a handful of vertices, on graphs that could be factored at once."""
    monkeypatch.setattr(approximate_cholesky, "_CORE", 3)
    monkeypatch.setattr(approximate_cholesky, "_DENSE_SHARE", 2.0)


@pytest.mark.parametrize("kind", GRAPHS)
def test_elimination_that_is_not_sampled_is_the_pseudo_inverse(kind, tiny):
    rng = np.random.default_rng(0)
    links = links_of(kind, 60, rng)
    factor = ApproximateCholesky(links)
    assert factor.is_exact
    matrix = laplacian(links)
    target = matrix @ rng.standard_normal((len(matrix), 3))
    np.testing.assert_allclose(matrix @ factor.solve(target), target, atol=1e-11 * np.abs(matrix).max())


@pytest.mark.parametrize("kind", ["path", "tree", "star", "scattered"])
def test_no_links_are_added_to_trees(kind, tiny, monkeypatch):
    monkeypatch.setattr(approximate_cholesky, "_GROWTH", 0.0)
    monkeypatch.setattr(approximate_cholesky, "_ALLOWANCE", 4)
    assert ApproximateCholesky(links_of(kind, 300, np.random.default_rng(1))).is_exact


@pytest.mark.parametrize("kind", GRAPHS)
def test_a_sampled_factor_is_symmetric_positive_and_close(kind, tiny, monkeypatch):
    monkeypatch.setattr(approximate_cholesky, "_GROWTH", -1.0)
    monkeypatch.setattr(approximate_cholesky, "_ALLOWANCE", -1)
    rng = np.random.default_rng(2)
    links = links_of(kind, 80, rng)
    factor, matrix = ApproximateCholesky(links), laplacian(links)
    assert not factor.is_exact
    inverse = factor.solve(np.eye(len(matrix)))
    np.testing.assert_allclose(inverse, inverse.T, atol=1e-10 * np.abs(inverse).max())
    own, vectors = np.linalg.eigh(matrix)
    root = vectors * np.sqrt(np.where(own > 1e-12 * own[-1], own, 0.0))
    values = np.linalg.eigvalsh(root.T @ inverse @ root)
    values = values[values > 1e-6]
    assert len(values) == np.linalg.matrix_rank(matrix)
    assert values.max() / values.min() < 60.0


def test_sampled_links_have_the_exact_ones_as_their_mean():
    rng = np.random.default_rng(3)
    weights = csr_array(np.array([[0.0, 1.0, 2.0, 0.5, 3.0], [1.0, 1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 2.0, 0.0]]))
    total = weights.sum(axis=1)
    shares = csr_array(weights.toarray() / total[:, None])
    draws = 4000
    mean = sum(approximate_cholesky._sampled_links(weights, shares, rng).toarray() for _ in range(draws)) / draws
    exact = (shares.T @ weights).toarray()
    exact[np.diag_indices(5)] = 0.0
    # A link is absent or worth at most 3: its mean has a standard error below 3 / 2 / sqrt(draws).
    np.testing.assert_allclose(mean, exact, atol=5 * 1.5 / np.sqrt(draws))
    one = approximate_cholesky._sampled_links(weights, shares, rng)
    # Three links among four neighbours, one among two, none of a leaf; both directions of each.
    assert one.nnz == 2 * (3 + 1)


def test_a_well_connected_core_is_replaced_by_its_diagonal(monkeypatch):
    monkeypatch.setattr(approximate_cholesky, "_CORE", 3)
    monkeypatch.setattr(approximate_cholesky, "_DENSE_CORE", 5)
    monkeypatch.setattr(approximate_cholesky, "_DENSE_DEGREE", 5)
    rng = np.random.default_rng(4)
    full = rng.random((30, 30))
    block = np.zeros((80, 80))
    block[:30, :30] = np.triu(full, 1) + np.triu(full, 1).T
    block[np.arange(30, 80), np.arange(29, 79)] = block[np.arange(29, 79), np.arange(30, 80)] = 1.0
    links = csr_array(block)
    matrix = laplacian(links)
    factor = ApproximateCholesky(links)
    assert not factor.is_exact
    norm = np.abs(matrix).sum(axis=1).max()
    target = matrix @ rng.standard_normal((80, 2)) / norm
    solution, solved = conjugate_gradients.conjugate_gradients(
        lambda v: matrix @ v / norm,
        target,
        tolerance=1e-13,
        floor=np.zeros(2),
        max_iterations=60,
        precondition=factor.solve,
    )
    assert solved
    np.testing.assert_allclose(matrix @ solution / norm, target, atol=1e-12)


def test_linked_levels_are_the_schur_complement():
    rng = np.random.default_rng(5)
    table = rng.poisson(0.2, (40, 15)) + np.eye(40, 15) + (np.arange(15) == 3)
    cross = csr_array(table)
    mass = table.sum(axis=1)
    exact = table.T @ (table / mass[:, None])
    exact[np.diag_indices(15)] = 0.0
    np.testing.assert_allclose(linked_levels(cross, mass, 10_000).toarray(), exact, atol=1e-13)
    assert linked_levels(cross, mass, 10) is None


def force_preconditioning(monkeypatch, *, sampled):
    monkeypatch.setattr(level_system, "_SMALL_CROSS", 0)
    monkeypatch.setattr(level_system, "_CELLS_A_ROW", 0)
    monkeypatch.setattr(level_system, "DIRECT_LIMIT", 0)
    monkeypatch.setattr(level_system, "_PLAIN_ITERATIONS", 0)
    monkeypatch.setattr(level_system, "MAX_ITERATIONS", 0)
    monkeypatch.setattr(level_system, "_LINK_WORK", 1e9)
    monkeypatch.setattr(many_effects, "FACTOR_LIMIT", 0)
    monkeypatch.setattr(orthonormal_block, "DENSE_CELLS", 0)
    # Sweeps give up before the first.
    monkeypatch.setattr(conjugate_gradients, "_TRIAL", 0)
    monkeypatch.setattr(effect_iterations, "_SPARED_SWEEPS", -1)
    monkeypatch.setattr(effect_iterations, "_LINK_COST", 0)
    monkeypatch.setattr(effect_iterations, "MOST_ITERATIONS", 400)
    monkeypatch.setattr(block_preconditioner, "_SMALL_ORDER", 6)
    monkeypatch.setattr(block_preconditioner, "_LINK_WORK", 1e9)
    monkeypatch.setattr(approximate_cholesky, "_CORE", 3)
    monkeypatch.setattr(approximate_cholesky, "_DENSE_SHARE", 2.0)
    if sampled:
        monkeypatch.setattr(approximate_cholesky, "_GROWTH", -1.0)
        monkeypatch.setattr(approximate_cholesky, "_ALLOWANCE", -1)


@st.composite
def samples(draw):
    """Rows in which workers of a few rows each move along the edges of a poorly connected graph of firms."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    edges = edges_of(draw(st.sampled_from(GRAPHS)), draw(st.integers(6, 40)), rng)
    edges = np.repeat(edges, draw(st.integers(1, 2)), axis=0)
    worker = np.repeat(np.arange(len(edges)), 3)
    firm = np.column_stack([edges, edges[:, rng.integers(0, 2)]]).ravel()
    order = rng.permutation(len(worker)) if draw(st.booleans()) else np.arange(len(worker))
    worker, firm = worker[order], np.unique(firm, return_inverse=True)[1][order]
    weights = rng.uniform(0.1, 4.0, len(worker)) if draw(st.booleans()) else None
    return worker, firm, weights, rng


def dense_residuals(design, columns, weights):
    root = np.ones((len(columns), 1)) if weights is None else np.sqrt(weights)[:, None]
    scale = np.sqrt(np.square(root * design).sum(axis=0))
    scaled = root * design / np.where(scale > 0.0, scale, 1.0)
    singular = np.linalg.svd(scaled, compute_uv=False)
    condition = singular[0] / singular[singular > 1e-9 * singular[0]].min()
    return columns - (scaled @ np.linalg.lstsq(scaled, root * columns, rcond=1e-9)[0]) / root, condition


def residuals(absorbed, columns):
    levels = [(g.codes, table) for g, table in zip(absorbed.groupings, absorbed.tables(columns), strict=True)]
    return subtract_tables(columns, levels, slice(None), slopes=absorbed.slopes)


def dummies(codes):
    return np.eye(codes.max() + 1)[codes]


@pytest.mark.parametrize("sampled", [False, True])
@settings(max_examples=40, deadline=None)
@given(drawn=samples())
def test_two_poorly_connected_effects_equal_dummy_variables(sampled, drawn):
    worker, firm, weights, rng = drawn
    columns = rng.standard_normal((len(worker), 2)) + worker[:, None]
    expected, condition = dense_residuals(np.hstack([dummies(worker), dummies(firm)]), columns, weights)
    with pytest.MonkeyPatch.context() as patch:
        force_preconditioning(patch, sampled=sampled)
        absorbed = absorb([Grouping.from_codes(worker), Grouping.from_codes(firm)], weights)
        rest = residuals(absorbed, columns)
        assert "_factor" not in absorbed.pair.__dict__
    scale = np.abs(columns).max()
    np.testing.assert_allclose(rest, expected, atol=10 * level_system.TOLERANCE * condition**2 * scale)


@pytest.mark.parametrize("sampled", [False, True])
@settings(max_examples=40, deadline=None)
@given(drawn=samples(), slopes=st.booleans())
def test_three_poorly_connected_effects_equal_dummy_variables(sampled, drawn, slopes):
    worker, firm, weights, rng = drawn
    year = rng.integers(0, 4, len(worker))
    year = np.unique(year, return_inverse=True)[1]
    trend = rng.standard_normal(len(worker))
    blocks = [Block(Grouping.from_codes(c)) for c in (worker, firm, year)]
    design = [dummies(c) for c in (worker, firm, year)]
    if slopes:
        blocks[2] = Block(blocks[2].grouping, True, (trend,))
        design.append(dummies(year) * trend[:, None])
    columns = rng.standard_normal((len(worker), 2)) + worker[:, None]
    expected, condition = dense_residuals(np.hstack(design), columns, weights)
    with pytest.MonkeyPatch.context() as patch:
        force_preconditioning(patch, sampled=sampled)
        rest = residuals(absorb(blocks, weights), columns)
    scale = np.abs(columns).max()
    np.testing.assert_allclose(rest, expected, atol=10 * effect_iterations.PRECISION * condition**2 * scale)


@pytest.mark.parametrize("kind", ["path", "ring", "tree", "grid"])
def test_few_iterations_do_where_thousands_would_be_needed(kind, monkeypatch):
    """As installed, without lowered limits: more levels than are factored, on long thin graphs."""
    rng = np.random.default_rng(6)
    edges = edges_of(kind, 2_500, rng)
    firm = edges.ravel()
    worker = np.repeat(np.arange(len(edges)), 2)
    monkeypatch.setattr(level_system, "MAX_ITERATIONS", 0)
    monkeypatch.setattr(level_system, "_PRECONDITIONED_ITERATIONS", 80)
    columns = rng.standard_normal((len(firm), 2))
    absorbed = absorb([Grouping.from_codes(worker), Grouping.from_codes(firm)])
    rest = residuals(absorbed, columns)
    assert absorbed.pair.small.n_groups > level_system.DIRECT_LIMIT
    for grouping in absorbed.groupings:
        np.testing.assert_allclose(grouping.sums_of(rest), 0.0, atol=1e-8)
