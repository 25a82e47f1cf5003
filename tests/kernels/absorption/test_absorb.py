"""Level tables and leverages of one and two effects against dense dummy variables."""

import numpy as np
import pytest

from panelvar.core.base.errors import DataError, NumericalError, SpecificationError
from panelvar.kernels.absorption import level_system
from panelvar.kernels.absorption.absorb import absorb
from panelvar.kernels.absorption.conjugate_gradients import conjugate_gradients
from panelvar.kernels.absorption.level_system import LevelSystem
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.rows import subtract_tables

EPS = np.finfo(float).eps


def compact(values):
    return np.unique(values, return_inverse=True)[1]


def dummies(*codes):
    return np.hstack([np.eye(c.max() + 1)[c] for c in codes])


def residuals(effects, columns, absorbed=None):
    absorbed = absorb([Grouping.from_codes(c) for c in effects]) if absorbed is None else absorbed
    levels = [(g.codes, table) for g, table in zip(absorbed.groupings, absorbed.tables(columns), strict=True)]
    return subtract_tables(columns, levels, slice(None))


def dense_residuals(effects, columns, weights=None):
    """The slow twin: weighted least squares on all dummies."""
    root = 1.0 if weights is None else np.sqrt(weights)[:, None]
    design = dummies(*effects)
    return columns - design @ np.linalg.lstsq(design * root, columns * root, rcond=None)[0]


def dense_leverage(effects, weights=None):
    root = 1.0 if weights is None else np.sqrt(weights)[:, None]
    design = dummies(*effects) * root
    return np.diagonal(design @ np.linalg.pinv(design, rcond=1e-10))


def random_panel(seed=0, n_entities=40, n_periods=12, share=0.4):
    rng = np.random.default_rng(seed)
    kept = rng.random(n_entities * n_periods) < share
    entity = np.repeat(np.arange(n_entities), n_periods)[kept]
    time = np.tile(np.arange(n_periods), n_entities)[kept]
    return compact(entity), compact(time)


def panels():
    rng = np.random.default_rng(1)
    entity, time = random_panel()
    order = rng.permutation(len(entity))
    return {
        "balanced": (np.repeat(np.arange(6), 4), np.tile(np.arange(4), 6)),
        "balanced, shuffled": (
            np.repeat(np.arange(6), 4)[::-1],
            rng.permuted(np.arange(24).reshape(6, 4) % 4, axis=1).ravel(),
        ),
        "unbalanced": (entity, time),
        "unsorted": (entity[order], time[order]),
        "time first": (time, entity),
        "two components": (np.concatenate([entity, entity + entity.max() + 1]), np.concatenate([time, time + 12])),
        "repeated pairs": (np.concatenate([entity, entity[:50]]), np.concatenate([time, time[:50]])),
        "nested": (np.repeat(np.arange(10), 3), np.repeat(np.arange(5), 6)),
        "same effect twice": (np.repeat(np.arange(5), 3), np.repeat(np.arange(5), 3)),
        "a chain": (np.repeat(np.arange(30), 2), (np.arange(60) + 1) // 2),
        "one period": (np.arange(8), np.zeros(8, dtype=np.int64)),
        "one row": (np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)),
    }


@pytest.fixture(params=["dense", "sparse", "iterative"])
def route(request, monkeypatch):
    """Every way to the solution: dense cross table, sparse one, conjugate gradients."""
    if request.param != "dense":
        monkeypatch.setattr(level_system, "_SMALL_CROSS", 0)
        monkeypatch.setattr(level_system, "_BLOCK_LEVELS", 3)
        monkeypatch.setattr(level_system, "_BLOCK_CELLS", 1)
    if request.param == "iterative":
        monkeypatch.setattr(level_system, "DIRECT_LIMIT", 0)
    return request.param


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("effects", panels().values(), ids=panels())
def test_residuals_equal_those_of_dummy_variables(effects, weighted, route):
    rng = np.random.default_rng(2)
    n = len(effects[0])
    weights = rng.uniform(0.2, 3.0, n) if weighted else None
    columns = rng.standard_normal((n, 3)) + 5.0 * effects[0][:, None]
    absorbed = absorb([Grouping.from_codes(c.astype(np.int32)) for c in effects], weights)
    expected = dense_residuals(effects, columns, weights)
    singular = np.linalg.svd(dummies(*effects), compute_uv=False)
    condition = singular[0] / singular[absorbed.rank - 1]
    tolerance = 100 * EPS * condition**2 * np.abs(columns).max()
    if route == "iterative":
        tolerance = max(tolerance, 10 * level_system.TOLERANCE * condition**2 * np.abs(columns).max())
    np.testing.assert_allclose(residuals(effects, columns, absorbed), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("route", ["dense", "sparse"], indirect=True)
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("effects", panels().values(), ids=panels())
def test_leverages_are_the_diagonal_of_the_projection(effects, weighted, route):
    weights = np.random.default_rng(3).uniform(0.2, 3.0, len(effects[0])) if weighted else None
    absorbed = absorb([Grouping.from_codes(c) for c in effects], weights)
    leverage = absorbed.leverage()
    np.testing.assert_allclose(leverage, dense_leverage(effects, weights), rtol=0, atol=1e4 * EPS)
    assert absorbed.rank == np.linalg.matrix_rank(dummies(*effects))
    assert leverage.sum() == pytest.approx(absorbed.rank, abs=1e5 * EPS)


@pytest.mark.parametrize("effects", panels().values(), ids=panels())
def test_the_second_table_sums_to_zero_in_every_component(effects, route):
    rng = np.random.default_rng(4)
    columns = rng.standard_normal((len(effects[0]), 2)) + 3.0
    absorbed = absorb([Grouping.from_codes(c) for c in effects])
    _, second = absorbed.tables(columns)
    system = LevelSystem(*absorbed.groupings, None)
    component = system.large_components[effects[0]]
    for c in range(absorbed.n_components):
        np.testing.assert_allclose(second[effects[1][component == c]].sum(axis=0), 0.0, atol=1e-9)


def test_balanced_effects_are_means_less_the_grand_mean():
    entity, time = panels()["balanced"]
    x = np.random.default_rng(5).standard_normal(24)
    first, second = absorb([Grouping.from_codes(entity), Grouping.from_codes(time)]).tables([x])
    square = x.reshape(6, 4)
    np.testing.assert_allclose(first[:, 0], square.mean(axis=1), atol=10 * EPS)
    np.testing.assert_allclose(second[:, 0], square.mean(axis=0) - square.mean(), atol=10 * EPS)


def test_one_effect_is_group_means_and_shares():
    codes, weights = np.array([0, 0, 1, 1, 1]), np.array([1.0, 3.0, 1.0, 1.0, 2.0])
    x = np.array([1.0, 5.0, 2.0, 4.0, 6.0])
    absorbed = absorb([Grouping.from_codes(codes)], weights)
    assert absorbed.tables([x])[0].ravel().tolist() == [4.0, 4.5]
    assert absorbed.leverage().tolist() == [0.25, 0.75, 0.25, 0.25, 0.5]
    assert (absorbed.rank, absorbed.n_components) == (2, 2)
    assert absorb([Grouping.from_codes(codes)]).leverage()[0] == 0.5


def test_nothing_given_is_written_to(route):
    effects = panels()["unbalanced"]
    weights = np.ones(len(effects[0]))
    columns = np.random.default_rng(6).standard_normal((len(weights), 2))
    for array in (*effects, weights, columns):
        array.flags.writeable = False
    absorbed = absorb([Grouping.from_codes(c) for c in effects], weights)
    absorbed.tables(columns)
    if route != "iterative":
        absorbed.leverage()


def test_blocks_add_up_to_the_whole():
    effects = panels()["unsorted"]
    columns = np.asfortranarray(np.random.default_rng(7).standard_normal((len(effects[0]), 2)))
    absorbed = absorb([Grouping.from_codes(c.astype(np.int32)) for c in effects])
    levels = [(g.codes, table) for g, table in zip(absorbed.groupings, absorbed.tables(columns), strict=True)]
    whole = subtract_tables(columns, levels, slice(None))
    out = np.full((7, 2), np.nan, order="F")
    assert subtract_tables([columns[:, 0], columns[:, 1]], levels, slice(5, 12), out) is out
    np.testing.assert_array_equal(out, whole[5:12])
    np.testing.assert_array_equal(subtract_tables(columns, [], slice(3, 6)), columns[3:6])
    slow = [
        [columns[i, j] - levels[0][1][effects[0][i], j] - levels[1][1][effects[1][i], j] for j in range(2)]
        for i in range(len(columns))
    ]
    np.testing.assert_array_equal(whole, slow)


def test_many_rows_go_through_in_blocks(monkeypatch):
    effects = panels()["unbalanced"]
    columns = np.random.default_rng(8).standard_normal((len(effects[0]), 2))
    whole = residuals(effects, columns)
    monkeypatch.setattr("panelvar.kernels.absorption.absorb._BLOCK_ROWS", 10)
    np.testing.assert_allclose(residuals(effects, columns), whole, rtol=0, atol=100 * EPS)


def test_a_cheap_iteration_comes_before_the_factor(monkeypatch):
    monkeypatch.setattr(level_system, "_SMALL_CROSS", 0)
    monkeypatch.setattr(level_system, "_CHEAP_FACTOR", 0)
    entity, time = random_panel(n_entities=300, n_periods=200, share=0.3)
    columns = np.random.default_rng(9).standard_normal((len(entity), 1))
    system = LevelSystem(Grouping.from_codes(entity), Grouping.from_codes(time), None)
    means = system.large.means_of(columns)
    sums = system.small.sums_of(columns - means[entity])
    iterated = system.solve(sums, means)
    assert "_factor" not in system.__dict__
    system.leverage()
    factored = system.solve(sums, means)
    assert not np.array_equal(iterated, factored)
    np.testing.assert_allclose(iterated, factored, rtol=0, atol=1e-12)


def test_a_slow_iteration_gives_way_to_the_factor(monkeypatch):
    monkeypatch.setattr(level_system, "_SMALL_CROSS", 0)
    monkeypatch.setattr(level_system, "_MIN_ITERATIONS", 1)
    monkeypatch.setattr(level_system, "_CHEAP_FACTOR", 0)
    effects = (np.repeat(np.arange(200), 3), np.repeat(np.arange(200), 3) + np.tile(np.arange(3), 200) // 2)
    columns = np.random.default_rng(10).standard_normal((600, 1))
    absorbed = absorb([Grouping.from_codes(c) for c in effects])
    result = residuals(effects, columns, absorbed)
    for c in effects:
        np.testing.assert_allclose(Grouping.from_codes(c).sums_of(result), 0.0, atol=1e-9)
    assert "_factor" in absorbed.pair.__dict__


def test_what_cannot_be_solved_is_refused(monkeypatch):
    effects = panels()["unbalanced"]
    groupings = [Grouping.from_codes(c) for c in effects]
    columns = np.random.default_rng(11).standard_normal((len(effects[0]), 1))
    with pytest.raises(SpecificationError, match="got none"):
        absorb([])
    monkeypatch.setattr(level_system, "DIRECT_LIMIT", 5)
    with pytest.raises(NumericalError, match="12 levels; the limit is 5"):
        absorb(groupings).leverage()
    for limit in ("_PLAIN_ITERATIONS", "_PRECONDITIONED_ITERATIONS", "MAX_ITERATIONS"):
        monkeypatch.setattr(level_system, limit, 2)
    with pytest.raises(NumericalError, match="did not reach a relative residual of 1e-13 in 2 iterations"):
        absorb(groupings).tables(columns)
    monkeypatch.setattr(level_system, "DIRECT_LIMIT", 100)
    monkeypatch.setattr(LevelSystem, "weighted_gram", lambda self, _: np.diag(3.0 * self.small_mass))
    with pytest.raises(NumericalError, match="too weakly connected"):
        absorb(groupings).tables(columns)


def test_conjugate_gradients_believe_only_the_residual_itself():
    matrix = np.diag([1.0, 0.5, 0.25])
    target = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    options = {"tolerance": 1e-14, "floor": np.zeros(2), "max_iterations": 20}
    solution, solved = conjugate_gradients(lambda z: matrix @ z, target, **options)
    assert solved
    np.testing.assert_allclose(solution, [[1.0, 0.0], [2.0, 0.0], [4.0, 0.0]], rtol=1e-13)
    # A matrix that changes its mind: the recursion converges, the residual does not.
    rng = np.random.default_rng(12)
    assert not conjugate_gradients(lambda z: (matrix + 0.1 * rng.random((3, 3))) @ z, target, **options)[1]
    # An indefinite one.
    assert not conjugate_gradients(lambda z: -z, target, **options)[1]


@pytest.mark.parametrize("effects", [1, 2])
def test_no_columns_have_empty_tables(effects):
    codes = [np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0])][:effects]
    tables = absorb([Grouping.from_codes(c) for c in codes]).tables([])
    assert [table.shape for table in tables] == [(3, 0), (2, 0)][:effects]


@pytest.mark.parametrize(
    ("lengths", "weights"), [((0,), None), ((0, 0), None), ((3, 4), None), ((3, 3), np.ones(2)), ((3,), np.ones(1))]
)
def test_no_rows_and_unequal_lengths_are_refused(lengths, weights):
    groupings = [Grouping.from_codes(np.arange(length)) for length in lengths]
    with pytest.raises(DataError, match="must have one length, which is not zero"):
        absorb(groupings, weights)


def test_conjugate_gradients_solve_for_whole_numbers():
    matrix, target = np.array([[0.4, 0.1], [0.1, 0.3]]), np.array([[1], [2]])
    options = {"tolerance": 1e-13, "floor": np.zeros(1)}
    solution, solved = conjugate_gradients(lambda v: matrix @ v, target, max_iterations=9, **options)
    assert solved
    np.testing.assert_allclose(solution, np.linalg.solve(matrix, target), rtol=1e-12)


def test_conjugate_gradients_go_on_from_where_they_were_and_give_up_when_slow():
    values = np.geomspace(1e-6, 1.0, 200)[:, None]
    target = np.random.default_rng(13).standard_normal((200, 2))
    options = {"tolerance": 1e-12, "floor": np.zeros(2)}
    tries = []

    def multiply(vectors):
        tries.append(1)
        return values * vectors

    partial, solved = conjugate_gradients(
        multiply, target, max_iterations=60, give_up=lambda _, left: left > 60, **options
    )
    assert not solved and len(tries) < 30
    solution, solved = conjugate_gradients(multiply, target, max_iterations=5000, start=partial, **options)
    assert solved
    np.testing.assert_allclose(values * solution, target, atol=1e-5)
    # The exact inverse as preconditioner: one step.
    tries.clear()
    exact, solved = conjugate_gradients(
        multiply, target, max_iterations=5, precondition=lambda rest: rest / values, **options
    )
    assert solved and len(tries) <= 3
    np.testing.assert_allclose(exact, target / values, rtol=1e-10)
