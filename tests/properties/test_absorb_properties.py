"""What every projection on dummies must satisfy, on panels drawn with gaps, repeats, islands and weights."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from panelvar.kernels.absorption.absorb import absorb
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.rows import subtract_tables

EPS = np.finfo(float).eps


@st.composite
def panels(draw):
    """Entity and time codes and weights: unbalanced, possibly unsorted, with repeated pairs, in one or more islands."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    entities, times = [], []
    for island in range(draw(st.integers(1, 3))):
        n_entities, n_periods = draw(st.integers(1, 10)), draw(st.integers(1, 6))
        n_rows = draw(st.integers(1, 2 * n_entities * n_periods))
        entities.append(100 * island + rng.integers(0, n_entities, n_rows))
        times.append(100 * island + rng.integers(0, n_periods, n_rows))
    entity = np.unique(np.concatenate(entities), return_inverse=True)[1]
    time = np.unique(np.concatenate(times), return_inverse=True)[1]
    if draw(st.booleans()):
        order = np.lexsort((time, entity))
        entity, time = entity[order], time[order]
    if draw(st.booleans()):
        entity, time = time, entity
    weights = rng.uniform(0.1, 4.0, len(entity)) if draw(st.booleans()) else None
    return (entity, time), weights, rng


def project(effects, columns, weights):
    absorbed = absorb([Grouping.from_codes(codes) for codes in effects], weights)
    tables = absorbed.tables(columns)
    return subtract_tables(columns, list(zip(effects, tables, strict=True)), slice(None))


def dummies(effects):
    return np.hstack([np.eye(codes.max() + 1)[codes] for codes in effects])


def condition(matrix, rank):
    singular = np.linalg.svd(matrix, compute_uv=False)
    return singular[0] / singular[rank - 1]


@given(panels())
def test_residuals_sum_to_zero_over_every_level(panel):
    effects, weights, rng = panel
    columns = rng.standard_normal((len(effects[0]), 2))
    rest = project(effects, columns, weights)
    for codes in effects:
        grouping = Grouping.from_codes(codes)
        scale = grouping.sums_of(np.abs(columns), weights).max()
        np.testing.assert_allclose(grouping.sums_of(rest, weights), 0.0, atol=1000 * EPS * scale)


@given(panels())
def test_projecting_twice_is_projecting_once(panel):
    effects, weights, rng = panel
    once = project(effects, rng.standard_normal((len(effects[0]), 2)), weights)
    np.testing.assert_allclose(project(effects, once, weights), once, rtol=0, atol=1e4 * EPS)


@given(panels())
def test_row_order_and_the_order_of_effects_do_not_matter(panel):
    effects, weights, rng = panel
    columns = rng.standard_normal((len(effects[0]), 2))
    rest = project(effects, columns, weights)
    order = rng.permutation(len(columns))
    shuffled = project([c[order] for c in effects], columns[order], None if weights is None else weights[order])
    np.testing.assert_allclose(shuffled, rest[order], rtol=0, atol=1e4 * EPS)
    np.testing.assert_allclose(project(effects[::-1], columns, weights), rest, rtol=0, atol=1e4 * EPS)


@given(panels())
def test_relabelling_levels_permutes_their_tables(panel):
    effects, weights, rng = panel
    columns = rng.standard_normal((len(effects[0]), 2))
    labels = [rng.permutation(codes.max() + 1) for codes in effects]
    tables = absorb([Grouping.from_codes(c) for c in effects], weights).tables(columns)
    renamed_effects = [label[c] for label, c in zip(labels, effects, strict=True)]
    renamed = absorb([Grouping.from_codes(c) for c in renamed_effects], weights).tables(columns)
    for label, table, other in zip(labels, tables, renamed, strict=True):
        np.testing.assert_allclose(other[label], table, rtol=0, atol=1e5 * EPS)


@given(panels())
def test_rank_and_leverage_are_those_of_the_dummies(panel):
    effects, weights, _ = panel
    absorbed = absorb([Grouping.from_codes(c) for c in effects], weights)
    design = dummies(effects)
    assert absorbed.rank == np.linalg.matrix_rank(design)
    weighted = design if weights is None else design * np.sqrt(weights)[:, None]
    leverage = absorbed.leverage()
    # NumPy's own cut-off lets a singular value of rounding size through now and then.
    hat = weighted @ np.linalg.pinv(weighted, rcond=1e-10)
    np.testing.assert_allclose(leverage, np.diagonal(hat), rtol=0, atol=1e4 * EPS)
    assert leverage.sum() == pytest.approx(absorbed.rank, abs=1e5 * EPS)
    assert leverage.min() > 0.0
    assert leverage.max() < 1.0 + 1e4 * EPS


@given(panels(), st.sampled_from([0.0, 2.0**10, 2.0**20]))
def test_coefficients_equal_the_dummy_variable_regression(panel, level):
    """Within 100 eps times the condition of [D, X], whatever level is added to every entity."""
    effects, weights, rng = panel
    n = len(effects[0])
    # Multiples of 2^-20: adding the level is exact.
    x = np.round(2.0**20 * (rng.standard_normal((n, 2)) + effects[0][:, None] - 2.0 * effects[1][:, None])) / 2.0**20
    y = np.round(2.0**20 * (x @ [1.0, -0.5] + effects[0] + rng.standard_normal(n))) / 2.0**20
    absorbed = absorb([Grouping.from_codes(c) for c in effects], weights)
    assume(n > absorbed.rank + 4)
    root = np.ones(n) if weights is None else np.sqrt(weights)
    design = np.hstack([dummies(effects), x]) * root[:, None]
    cond = condition(design, absorbed.rank + 2)
    # Beyond, the dummy-variable regression itself has lost the digits to be compared.
    assume(cond < 1e4)
    expected = np.linalg.lstsq(design, y * root, rcond=None)[0][-2:]

    rest = project(effects, np.column_stack([x, y]) + level, weights) * root[:, None]
    coefficients = np.linalg.lstsq(rest[:, :2], rest[:, 2], rcond=None)[0]
    np.testing.assert_allclose(coefficients, expected, rtol=0, atol=100 * EPS * cond * np.abs(expected).max())
