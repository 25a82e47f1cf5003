"""One reading gives the tables of two effects and the factor that several readings give."""

import numpy as np
import pytest

from panelvar.kernels.absorption.absorb import absorb
from panelvar.kernels.linear import demeaned
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.qr import triangularize
from panelvar.kernels.linear.rows import subtract_tables


def unbalanced(rng, n_entities=60, n_periods=12):
    kept = rng.random(n_entities * n_periods) < 0.8
    kept[:n_periods] = True
    entity, time = np.divmod(np.flatnonzero(kept), n_periods)
    return np.unique(entity, return_inverse=True)[1], time


def effects(name):
    rng = np.random.default_rng(0)
    entity, time = unbalanced(rng)
    if name == "balanced":
        return np.repeat(np.arange(60), 12), np.tile(np.arange(12), 60)
    if name == "two components":
        return np.concatenate([entity, entity + 60]), np.concatenate([time, time + 12])
    if name == "unsorted":
        order = rng.permutation(len(entity))
        return entity[order], time[order]
    if name == "many of both":
        return entity, rng.permutation(np.arange(len(entity)) % 55)
    return (entity, time) if name == "unbalanced" else (time, entity)


def positive(triangle):
    return triangle * np.sign(np.diagonal(triangle))[:, None]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("spread", [1.0, 100.0])
@pytest.mark.parametrize("name", ["balanced", "unbalanced", "two components", "time first", "unsorted", "many of both"])
def test_one_reading_is_many(name, spread, weighted, monkeypatch):
    monkeypatch.setattr(demeaned, "BLOCK_ROWS", 24)
    codes = effects(name)
    groupings = [Grouping.from_codes(each) for each in codes]
    rng = np.random.default_rng(1)
    n = len(codes[0])
    columns = rng.standard_normal((5, n)) + 7.0
    for grouping in groupings:
        columns += spread * rng.standard_normal((5, grouping.n_groups))[:, grouping.codes]
    weights = rng.uniform(0.2, 3.0, n) if weighted else None
    absorbed = absorb(groupings, weights)
    expected = absorbed.tables(list(columns))
    tables, triangle = absorbed.projected(list(columns))
    assert (triangle is not None) == (spread == 1.0 and name not in ("unsorted", "many of both"))
    for found, table in zip(tables, expected, strict=True):
        np.testing.assert_allclose(found, table, rtol=0, atol=1e-11 * spread)
    if triangle is None:
        return
    rest = subtract_tables(list(columns), list(zip(codes, expected, strict=True)), slice(None))
    rest *= 1.0 if weights is None else np.sqrt(weights)[:, None]
    length = np.sqrt(np.square(rest).sum(axis=0))
    factor = positive(triangularize(np.asfortranarray(rest / length)))
    np.testing.assert_allclose(positive(triangle) / length, factor, rtol=0, atol=1e-12)


def test_columns_that_the_effects_explain_are_left_to_real_subtraction(monkeypatch):
    monkeypatch.setattr(demeaned, "BLOCK_ROWS", 24)
    entity, time = unbalanced(np.random.default_rng(0))
    columns = np.random.default_rng(2).standard_normal((5, len(entity)))
    columns[2] = np.sqrt(entity) + time**2
    _, triangle = absorb([Grouping.from_codes(entity), Grouping.from_codes(time)]).projected(list(columns))
    assert triangle is None
