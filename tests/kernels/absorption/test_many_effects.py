"""The level system of several effects with slopes: rank and its bound, normalisation, original coefficients."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panelvar.kernels.absorption import effect_iterations, many_effects, orthonormal_block
from panelvar.kernels.absorption.absorb import absorb
from panelvar.kernels.absorption.level_pairs import bipartite_components
from panelvar.kernels.absorption.orthonormal_block import Block, OrthonormalBlock, rank_bound
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.rows import subtract_tables

EPS = np.finfo(float).eps


@st.composite
def designs(draw):
    """Two to four effects, some with slopes, on unbalanced, possibly disconnected rows, with levels of few rows."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(st.integers(5, 60))
    trend = rng.integers(0, 5, n).astype(float)
    variables = [trend, rng.standard_normal(n), np.where(rng.random(n) < 0.5, 0.0, rng.standard_normal(n))]
    blocks = []
    for b in range(draw(st.integers(2, 4))):
        codes = rng.integers(0, draw(st.integers(1, 12)), n)
        if draw(st.booleans()) and b:
            # One effect nested in another, or the trend constant within it.
            codes = blocks[0].grouping.codes // 2 if draw(st.booleans()) else trend.astype(np.int64)
        codes = np.unique(codes, return_inverse=True)[1].ravel()
        slopes = tuple(v for v in variables if draw(st.integers(0, 3)) == 0)
        level = not slopes or draw(st.booleans()) or b == 0
        blocks.append(Block(Grouping.from_codes(codes), level, slopes))
    weights = rng.uniform(0.2, 3.0, n) if draw(st.booleans()) else None
    return blocks, weights, rng


def dense(blocks):
    parts = []
    for block in blocks:
        dummies = np.eye(block.grouping.n_groups)[block.grouping.codes]
        parts += [dummies] * block.level + [dummies * slope[:, None] for slope in block.slopes]
    return np.hstack(parts)


def matrix_rank(design):
    lengths = np.sqrt(np.square(design).sum(axis=0))
    return np.linalg.matrix_rank(design / np.where(lengths > 0, lengths, 1.0), tol=1e-9)


def project(absorbed, columns):
    tables = absorbed.tables(columns)
    levels = [(g.codes, table) for g, table in zip(absorbed.groupings, tables, strict=True)]
    return tables, subtract_tables(columns, levels, slice(None), slopes=absorbed.slopes)


@settings(max_examples=40)
@given(designs())
def test_the_rank_is_exact_and_its_bound_a_bound(drawn):
    blocks, weights, _ = drawn
    exact = matrix_rank(dense(blocks))
    assert absorb(blocks, weights).rank == exact
    orthonormal = [OrthonormalBlock(block, weights) for block in blocks]

    def components(a, b):
        table = np.zeros((blocks[a].grouping.n_groups, blocks[b].grouping.n_groups))
        table[blocks[a].grouping.codes, blocks[b].grouping.codes] = 1.0
        return bipartite_components(table)[0]

    assert rank_bound(orthonormal, components) >= exact


@settings(max_examples=40)
@given(designs())
def test_residuals_are_those_of_dense_least_squares(drawn):
    blocks, weights, rng = drawn
    columns = rng.standard_normal((len(blocks[0].grouping.codes), 2)) + 1.0
    absorbed = absorb(blocks, weights)
    tables, rest = project(absorbed, columns)
    root = np.ones((len(columns), 1)) if weights is None else np.sqrt(weights)[:, None]
    design = dense(blocks)
    scale = np.sqrt(np.square(root * design).sum(axis=0))
    scaled = root * design / np.where(scale > 0, scale, 1.0)
    expected = columns - (scaled @ np.linalg.lstsq(scaled, root * columns, rcond=1e-9)[0]) / root
    np.testing.assert_allclose(rest, expected, atol=1e-7)
    # The original coefficients say the same thing about the variables as they were given.
    again = sum(
        table[g.codes] * (1.0 if j is None else j[:, None])
        for g, table, j in zip(absorbed.groupings, absorbed.original(tables), raw_slopes(blocks), strict=True)
    )
    np.testing.assert_allclose(columns - again, rest, atol=1e-6)


def raw_slopes(blocks):
    return [slope for block in blocks for slope in [None] * block.level + list(block.slopes)]


def test_the_bound_is_the_rank_where_pairs_tell_all():
    rng = np.random.default_rng(0)
    firm, year, region = np.repeat(np.arange(40), 8), np.tile(np.arange(8), 40), rng.integers(0, 5, 320)
    blocks = [Block(Grouping.from_codes(c)) for c in (firm, year, region)]
    trends = [Block(blocks[0].grouping, True, (year.astype(float),)), blocks[1]]
    for effects in (blocks, trends):
        orthonormal = [OrthonormalBlock(block, None) for block in effects]
        assert rank_bound(orthonormal, lambda a, b: 1) == np.linalg.matrix_rank(dense(effects))


def test_effects_inside_the_largest_add_nothing():
    """The system is zero up to rounding, and its first pivot must not count."""
    firm = np.repeat(np.arange(12), 4)
    trend = np.tile(np.arange(4.0), 12) + np.random.default_rng(3).standard_normal(48)
    blocks = [Block(Grouping.from_codes(firm), True, (trend,)), Block(Grouping.from_codes(firm // 3), True, (trend,))]
    absorbed = absorb(blocks)
    assert absorbed.rank == 24 == np.linalg.matrix_rank(dense(blocks))
    assert absorbed.leverage().sum() == pytest.approx(24.0, abs=1e-10)
    columns = np.random.default_rng(4).standard_normal((48, 2))
    np.testing.assert_allclose(project(absorbed, columns)[1], project(absorb(blocks[:1]), columns)[1], atol=1e-13)


def test_components_where_flooding_gives_up():
    chain = np.zeros((40, 40))
    chain[np.arange(40), np.arange(40)] = chain[np.arange(1, 40), np.arange(39)] = 1.0
    assert bipartite_components(chain)[0] == 1
    chain[20, 19] = 0.0
    count, first, second = bipartite_components(chain)
    assert count == 2 and first[19] == second[0] != first[20]


@pytest.mark.parametrize("weighted", [False, True])
def test_iterations_agree_with_the_factor(monkeypatch, weighted):
    rng = np.random.default_rng(1)
    n = 3000
    blocks = [
        Block(Grouping.from_codes(np.unique(rng.integers(0, g, n), return_inverse=True)[1])) for g in (300, 90, 30)
    ]
    blocks.append(Block(Grouping.from_codes(rng.integers(0, 7, n)), False, (rng.standard_normal(n),)))
    weights = rng.uniform(0.2, 3.0, n) if weighted else None
    columns = rng.standard_normal((n, 3))
    factored = project(absorb(blocks, weights), columns)[1]
    monkeypatch.setattr(many_effects, "FACTOR_LIMIT", 0)
    monkeypatch.setattr(orthonormal_block, "DENSE_CELLS", 0)
    absorbed = absorb(blocks, weights)
    assert not absorbed.rank_is_exact
    np.testing.assert_allclose(project(absorbed, columns)[1], factored, atol=1e-11)


def test_sparse_and_dense_ways_to_the_system_agree(monkeypatch):
    rng = np.random.default_rng(2)
    n = 2000
    blocks = [
        Block(Grouping.from_codes(np.unique(rng.integers(0, g, n), return_inverse=True)[1])) for g in (200, 60, 20)
    ]
    columns = rng.standard_normal((n, 2))
    plain = absorb(blocks)
    monkeypatch.setattr(orthonormal_block, "DENSE_CELLS", -1)
    monkeypatch.setattr(many_effects, "_SPARSE_FACTOR", 1e-9)
    monkeypatch.setattr(many_effects, "_PIECE_CELLS", 700)
    other = absorb(blocks)
    np.testing.assert_allclose(project(other, columns)[1], project(plain, columns)[1], atol=100 * EPS)
    np.testing.assert_allclose(other.leverage(), plain.leverage(), atol=100 * EPS)
    assert plain.leverage().sum() == pytest.approx(plain.rank, abs=1e-9)


@pytest.mark.parametrize("iterated", [False, True])
@pytest.mark.parametrize("slopes", [False, True])
def test_nothing_given_to_several_effects_is_written_to(iterated, slopes, monkeypatch):
    rng = np.random.default_rng(5)
    codes = [np.repeat(np.arange(40), 5), rng.permutation(np.arange(200) % 30), rng.permutation(np.arange(200) % 7)]
    trend, weights, columns = rng.standard_normal(200), rng.uniform(0.2, 3.0, 200), rng.standard_normal((200, 2))
    for array in (*codes, trend, weights, columns):
        array.flags.writeable = False
    blocks = [Block(Grouping.from_codes(c)) for c in codes]
    if slopes:
        blocks[2] = Block(blocks[2].grouping, True, (trend,))
    expected = project(absorb(blocks, weights), columns)[1]
    if iterated:
        monkeypatch.setattr(many_effects, "FACTOR_LIMIT", 0)
    # Sparse tables of sorted rows could share the weights' memory.
    monkeypatch.setattr(orthonormal_block, "DENSE_CELLS", -200)
    np.testing.assert_allclose(project(absorb(blocks, weights), columns)[1], expected, atol=1e-11)


@pytest.mark.parametrize("cells", [-1000, 400, 10**6])
def test_cells_are_the_blocks_of_the_system(cells, monkeypatch):
    """Dense, mixed and sparse cross tables; multiplied cell by cell and through the eliminated block."""
    monkeypatch.setattr(orthonormal_block, "DENSE_CELLS", cells)
    rng = np.random.default_rng(6)
    n = 300
    codes = [rng.permutation(np.arange(n) % g) for g in (60, 40, 5)]
    blocks = [Block(Grouping.from_codes(c)) for c in codes[:2]]
    blocks.append(Block(Grouping.from_codes(codes[2]), True, (rng.standard_normal(n),)))
    weights = rng.uniform(0.2, 3.0, n)
    parts = [OrthonormalBlock(block, weights) for block in blocks]
    system = many_effects.EffectSystem(parts, weights)
    basis = [
        np.hstack([np.eye(b.block.grouping.n_groups)[b.block.grouping.codes] * z[:, None] for z in b.columns])
        for b in parts
    ]
    first, rest = basis[0], np.hstack(basis[1:])
    exact = rest.T @ (weights[:, None] * rest)
    coupled = first.T @ (weights[:, None] * rest)
    exact -= coupled.T @ coupled
    np.testing.assert_allclose(system.apply(np.eye(system.order)), exact, atol=1e-12)
    np.testing.assert_allclose(system.block(range(len(system.rest))), exact, atol=1e-12)
    system.list_wide_cells()
    np.testing.assert_allclose(system.apply(np.eye(system.order)), exact, atol=1e-12)


def connected(n, levels, rng):
    """Codes of effects of which every level meets levels of the others at random."""
    return [np.unique(rng.integers(0, count, n), return_inverse=True)[1] for count in levels]


def chained(count, rng):
    """Codes of three effects that pass from each level to the next, as a chain does, and never back."""
    place = np.arange(count)
    first, second = np.repeat(place, 3), np.repeat(place, 3) + np.tile([0, 0, 1], count)
    third = np.repeat(place, 3) // 2 + (rng.random(3 * count) < 0.3)
    return [np.unique(codes, return_inverse=True)[1] for codes in (first, second, third)]


def factors_made(monkeypatch):
    """List the preconditioners that are made from here on."""
    made = []

    class Counted(effect_iterations.BlockPreconditioner):
        def __init__(self, system):
            made.append(system)
            super().__init__(system)

    monkeypatch.setattr(effect_iterations, "BlockPreconditioner", Counted)
    return made


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("connection", ["well", "poorly"])
def test_either_way_of_iterating_equals_dummy_variables(connection, weighted, monkeypatch):
    """Sweeps are enough where levels are well connected; a chain goes the careful way."""
    rng = np.random.default_rng(7)
    codes = connected(1500, (150, 140, 130), rng) if connection == "well" else chained(400, rng)
    blocks = [Block(Grouping.from_codes(c)) for c in codes]
    n = len(codes[0])
    weights = rng.uniform(0.2, 3.0, n) if weighted else None
    columns = rng.standard_normal((n, 3)) + codes[0][:, None] / 100
    root = np.ones((n, 1)) if weights is None else np.sqrt(weights)[:, None]
    design = root * dense(blocks)
    design /= np.sqrt(np.square(design).sum(axis=0))
    left, singular, _ = np.linalg.svd(design, full_matrices=False)
    kept = singular > 1e-9 * singular[0]
    condition = singular[0] / singular[kept].min()
    basis = left[:, kept]
    expected = columns - basis @ (basis.T @ (root * columns)) / root
    monkeypatch.setattr(many_effects, "FACTOR_LIMIT", 0)
    monkeypatch.setattr(orthonormal_block, "DENSE_CELLS", -n)
    made, counted = factors_made(monkeypatch), []
    count = effect_iterations.count_links
    monkeypatch.setattr(effect_iterations, "count_links", lambda system: counted.append(system) or count(system))
    rest = project(absorb(blocks, weights), columns)[1]
    # Links are counted once, and only where sweeps are slow.
    assert len(made) == len(counted) == (connection == "poorly")
    assert condition < 10 if connection == "well" else condition > 100
    scale = np.abs(columns).max()
    np.testing.assert_allclose(rest, expected, atol=1e-12 * condition * scale)


@pytest.mark.parametrize("cells", [-400, 800, 10**6])
def test_sweeps_are_the_system_in_other_coordinates(cells, monkeypatch):
    """All effects coupled sparsely, the smallest left out of the sweep, and none swept over."""
    monkeypatch.setattr(orthonormal_block, "DENSE_CELLS", cells)
    rng = np.random.default_rng(8)
    n = 400
    blocks = [Block(Grouping.from_codes(c)) for c in connected(n, (60, 50, 20, 7), rng)]
    blocks[2] = Block(blocks[2].grouping, True, (rng.standard_normal(n),))
    parts = [OrthonormalBlock(block, None) for block in blocks]
    system = many_effects.EffectSystem(parts, None)
    sweeps = effect_iterations._Sweeps(system, np.ones(system.order, dtype=bool))
    lower = np.eye(system.order)
    for (a, b), matrix in sweeps._among:
        lower[system.part(b), system.part(a)] = np.asarray(matrix @ np.eye(matrix.shape[1])).T
    exact = np.linalg.solve(lower, np.linalg.solve(lower, system.apply(np.eye(system.order))).T)
    np.testing.assert_allclose(sweeps.multiply(np.eye(system.order)), exact, atol=1e-12)
    np.testing.assert_allclose(sweeps.up(lower.T), np.eye(system.order), atol=1e-12)
    np.testing.assert_allclose(sweeps.down(lower), np.eye(system.order), atol=1e-12)
    assert len(sweeps._among) == {-400: 5, 800: 2, 10**6: 0}[cells]
    if cells < 0:
        assert np.linalg.eigvalsh(exact).max() < 1.0 + 1e-12


def test_sweeps_leave_coefficients_inside_the_largest_effect_at_zero(monkeypatch):
    """Regions of firms add nothing to the firms: their coefficients have no part in the iterations."""
    monkeypatch.setattr(many_effects, "FACTOR_LIMIT", 0)
    rng = np.random.default_rng(9)
    codes = connected(900, (90, 80, 70), rng)
    blocks = [Block(Grouping.from_codes(c)) for c in (codes[0], codes[0] // 3, codes[1], codes[2])]
    columns = rng.standard_normal((900, 2))
    tables, rest = project(absorb(blocks), columns)
    np.testing.assert_allclose(rest, project(absorb([blocks[0], *blocks[2:]]), columns)[1], atol=1e-12)
    np.testing.assert_allclose(tables[1], 0.0, atol=1e-12)
