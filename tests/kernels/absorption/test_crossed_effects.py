"""Henderson's equations and the symmetric root against the explicit covariance matrix, by every path of the solver."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import indicator

from panelvar.core.base.errors import NumericalError
from panelvar.kernels.absorption import crossed_effects, level_system
from panelvar.kernels.absorption.crossed_effects import Crossing
from panelvar.kernels.absorption.crossed_rows import CrossedRows, symmetric_root
from panelvar.kernels.absorption.level_system import LevelSystem
from panelvar.kernels.linear.groups import Grouping

RATIOS = [(0.5, 2.0), (0.0, 1.0), (1.0, 0.0), (0.0, 0.0), (1e-6, 3.0), (40.0, 900.0)]


def pair(seed=0, shape=(14, 9), kept=0.6):
    """Codes of two effects, each level present, shuffled."""
    rng = np.random.default_rng(seed)
    met = rng.random(shape) < kept
    met[:, 0] |= ~met.any(axis=1)
    met[0] |= ~met.any(axis=0)
    codes = np.argwhere(met)
    return codes[rng.permutation(len(codes))].T


def dense(codes, ratios):
    dummies = [indicator(c) for c in codes]
    return np.eye(len(codes[0])) + sum(r * d @ d.T for r, d in zip(ratios, dummies, strict=True))


def crossing_of(codes):
    return Crossing([Grouping.from_codes(c) for c in codes])


def path(monkeypatch, name):
    """Force a way of solving: the factor, iterations where the factor would do, iterations alone."""
    if name == "iterations":
        monkeypatch.setattr(level_system, "_CHEAP_FACTOR", 0.0)
        monkeypatch.setattr(level_system, "_MIN_ITERATIONS", 0)
        monkeypatch.setattr(level_system.LevelSystem, "worthwhile_iterations", lambda self, n_columns: 100)
    elif name == "only iterations":
        monkeypatch.setattr(level_system, "DIRECT_LIMIT", 5)


@pytest.mark.parametrize("way", ["factor", "iterations", "only iterations"])
@pytest.mark.parametrize("kept", [0.6, 1.0])
@pytest.mark.parametrize("shape", [(14, 9), (9, 14)])
@pytest.mark.parametrize("ratios", RATIOS)
def test_inverse_and_root(monkeypatch, ratios, shape, kept, way):
    path(monkeypatch, way)
    codes = pair(1, shape, kept)
    v = np.random.default_rng(2).standard_normal((len(codes[0]), 3)) + 4.0
    crossing = crossing_of(codes)
    equations = crossing.equations(np.array(ratios))
    levels = crossing.levels_of(list(v.T), np.zeros(3))
    large, small = equations.solve(*levels)
    omega = dense(codes, ratios)
    inverse = np.linalg.solve(omega, v)
    first, second = crossing.ordered(large, small)
    rows = v - first[codes[0]] - second[codes[1]]
    np.testing.assert_allclose(rows, inverse, atol=1e-11)
    stacked = np.vstack((rows, equations.penalty_rows(large, small)))
    np.testing.assert_allclose(stacked.T @ stacked, v.T @ inverse, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(equations.total(large, small, levels[0]), inverse.sum(axis=0), rtol=1e-9, atol=1e-10)
    assert equations.log_determinant == pytest.approx(np.linalg.slogdet(omega)[1], rel=1e-11, abs=1e-12)
    first, second = symmetric_root(crossing, np.array(ratios), *levels)
    values, vectors = np.linalg.eigh(omega)
    root = vectors @ np.diag(values**-0.5) @ vectors.T @ v
    np.testing.assert_allclose(v - first[codes[0]] - second[codes[1]], root, atol=1e-11)


@given(st.integers(0, 2**32), st.floats(-4, 4), st.floats(-4, 4), st.sampled_from([0.3, 0.6, 1.0]))
@settings(max_examples=40, deadline=None)
def test_the_root_is_symmetric_and_squares_to_the_inverse(seed, first, second, kept):
    """Over eight decades of either ratio; applied to the identity it is the matrix itself."""
    codes = pair(seed, (8, 6), kept)
    ratios = np.array([10.0**first, 10.0**second])
    crossing = crossing_of(codes)
    eye = np.eye(len(codes[0]))
    one, two = symmetric_root(crossing, ratios, *crossing.levels_of(list(eye), np.zeros(len(eye))))
    root = eye - one[codes[0]] - two[codes[1]]
    condition = 1.0 + float(ratios @ [8.0, 8.0])
    np.testing.assert_allclose(root, root.T, atol=1e-14 * condition)
    np.testing.assert_allclose(root @ root @ dense(codes, ratios), eye, atol=1e-13 * condition)


def test_a_wide_cross_table_is_sparse():
    """Two effects of which few pairs meet."""
    rng = np.random.default_rng(0)
    large = np.repeat(np.arange(700), 2)
    small = np.concatenate([rng.choice(200, 2, replace=False) for _ in range(700)])
    small[:200] = np.arange(200)
    keep = np.unique(np.column_stack((large, small)), axis=0, return_index=True)[1]
    codes = large[keep], np.unique(small[keep], return_inverse=True)[1]
    v = rng.standard_normal((len(keep), 2))
    crossing = crossing_of(codes)
    assert not isinstance(crossing.system.cross, np.ndarray)
    equations = crossing.equations(np.array([0.7, 1.3]))
    first, second = crossing.ordered(*equations.solve(*crossing.levels_of(list(v.T), np.zeros(2))))
    omega = dense(codes, (0.7, 1.3))
    np.testing.assert_allclose(v - first[codes[0]] - second[codes[1]], np.linalg.solve(omega, v), atol=1e-11)
    assert equations.log_determinant == pytest.approx(np.linalg.slogdet(omega)[1], rel=1e-11)


@pytest.mark.parametrize("constant", [True, False])
def test_products_in_extended_precision_are_those_of_gls(constant):
    codes = pair(3)
    v = np.random.default_rng(4).standard_normal((len(codes[0]), 3)) + 2.0
    near = v.mean(axis=0) if constant else np.zeros(3)
    rows = CrossedRows(list(v.T), crossing_of(codes), np.array([0.5, 2.0]), near, constant=constant)
    z = np.column_stack(([np.ones(len(v))] if constant else []) + list((v - rows.centre).T))
    expected = z.T @ np.linalg.solve(dense(codes, (0.5, 2.0)), z)
    mapping = np.eye(z.shape[1], dtype=np.longdouble)
    cross, squares = rows.products()(mapping)
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    np.testing.assert_allclose(cross.astype(float), expected, atol=1e-13 * scale.max())
    np.testing.assert_allclose(squares.astype(float), np.diag(expected), rtol=1e-12)
    triangle = rows.triangle()
    lead = int(constant)
    np.testing.assert_allclose(triangle.T @ triangle, expected[lead:, lead:], rtol=1e-11, atol=1e-12)
    if constant:
        assert rows.constant_mass == pytest.approx(expected[0, 0], rel=1e-12)
        whole = np.column_stack([rows.column(j) for j in range(3)])
        np.testing.assert_allclose(whole.T @ np.asarray(rows.constant), 0.0, atol=1e-11)


def test_what_has_no_answer_is_refused(monkeypatch):
    codes = pair()
    crossing = crossing_of(codes)
    levels = crossing.levels_of([np.arange(len(codes[0]), dtype=float)], np.zeros(1))
    with monkeypatch.context() as patch:
        patch.setattr(LevelSystem, "weighted_gram", lambda self, _: np.diag(3.0 * self.small_mass))
        with pytest.raises(NumericalError, match="no inverse in double precision"):
            crossing.equations(np.ones(2)).solve(*levels)
    monkeypatch.setattr(crossed_effects, "DETERMINANT_LIMIT", 5)
    with pytest.raises(NumericalError, match="9 levels; the limit is 5"):
        crossing.equations(np.ones(2)).log_determinant  # noqa: B018
    monkeypatch.setattr(level_system, "DIRECT_LIMIT", 5)
    monkeypatch.setattr(level_system, "MAX_ITERATIONS", 1)
    with pytest.raises(NumericalError, match=r"did not reach.*in 1 iterations.*weakly connected"):
        crossing.equations(np.ones(2)).solve(*levels)
