"""Systems with roots near one: the page says what the table says, and a part of it is found again."""

from __future__ import annotations

import numpy as np
import pytest
from quiet import quietly
from simulation import persistent_systems as study

import panelvar as pv

ROWS = {study.cell_of(row): row for row in study.read()}


def test_the_page_is_that_of_the_table() -> None:
    assert list(ROWS) == list(study.CELLS)
    assert study.PAGE.read_text(encoding="utf-8") == study.page(study.read())


@pytest.mark.parametrize("cell", [study.Cell("one", 1, 50, 0.95), study.Cell("both", 2, 50, 1.0)], ids=str)
def test_tests_of_many_samples_are_those_of_each(cell) -> None:
    samples = np.array([cell.sample(np.random.default_rng(seed)) for seed in range(2)])
    for series, moduli, pvalues in zip(samples, *study.tested(samples, cell.lags), strict=True):
        model = pv.fit_var(series, ["a", "b"], lags=cell.lags)
        np.testing.assert_allclose(moduli, model.moduli[:2], rtol=1e-8)
        expected = [model.granger_causality(*pair).pvalue for pair in (("b", "a"), ("a", "b"))]
        np.testing.assert_allclose(pvalues, expected, rtol=1e-8)


def test_the_truth_is_that_of_a_system_of_known_coefficients() -> None:
    cell = study.Cell("one", 2, 100, 0.9)
    own = np.array([-polynomial[1:] for polynomial in cell.polynomials])
    mixed = [study.MIXED @ np.diag(lag) @ np.linalg.inv(study.MIXED) for lag in own.T]
    root = study.MIXED @ study.FACTOR
    system = pv.System(np.array(mixed), ["x", "y"], sigma=root @ root.T)
    responses = system.impulse_responses(study.SHOWN[-1]).values[list(study.SHOWN)]
    np.testing.assert_allclose(cell.truth, responses, rtol=1e-10)


@pytest.mark.slow
def test_a_part_of_the_table_is_found_again(monkeypatch) -> None:
    """By other samples, within four standard errors of the difference."""
    monkeypatch.setattr(study, "SEED", 77)
    cell, count = study.Cell("one", 1, 100, 0.98), 16
    found = dict(zip(study.HEAD, map(str, quietly(study.simulated, cell, count, 400)), strict=True))
    for name in study.HEAD[6:]:
        then, now = (float(row[name]) / 100.0 for row in (ROWS[cell], found))
        many = 400 if name in ("first", "second") else count
        assert abs(now - then) < 4.0 * np.sqrt((then * (1.0 - then) + 0.005) / many), name
