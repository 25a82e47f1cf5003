"""Coverage of bands of panel VARs by moments: the page says what the table says, and a part of it is found again."""

from __future__ import annotations

import numpy as np
import pytest
from quiet import quietly
from simulation import panel_granger_sizes as granger
from simulation import panel_var_bands as study

ROWS = {
    (study.cell_of(row), row["estimator"], row["band"]): (study.shares_of(row), float(row["path"]), int(row["samples"]))
    for row in study.read()
}
LARGE = [cell for cell in study.CELLS if cell.entities >= 200]


def shares(cell, estimator, band):
    return ROWS[cell, estimator, band][0]


def test_the_page_is_that_of_the_table() -> None:
    assert len(ROWS) == len(study.CELLS) * len(study.ESTIMATORS) * len(study.BANDS)
    assert study.PAGE.read_text(encoding="utf-8") == study.page(study.read())


@pytest.mark.parametrize("estimator", study.ESTIMATORS)
@pytest.mark.parametrize("cell", LARGE, ids=str)
def test_joint_bands_cover(cell, estimator) -> None:
    """By draws at all horizons, and whole paths; by the delta method where responses are no high powers."""
    drawn, path, _ = ROWS[cell, estimator, study.DRAWN]
    assert (drawn >= 0.925).all() and (drawn <= 0.965).all()
    assert 0.925 <= path <= 0.965
    delta = shares(cell, estimator, study.DELTA)
    last = 8 if cell.entities == 800 or cell.periods == 12 else 3
    assert (delta[: last + 1] >= 0.92).all() and (delta <= 0.97).all()


def test_the_guide_says_what_the_table_says() -> None:
    near, persistent = study.Cell(200, 7, 0.7), study.Cell(200, 7, 0.9)
    impact = {
        (cell.persistence, band): [round(100.0 * shares(cell, name, band)[0]) for name in study.ESTIMATORS]
        for cell in (near, persistent)
        for band in study.BANDS
    }
    assert impact[0.7, study.APART] == [77, 86, 87]
    assert impact[0.9, study.APART] == [66, 73, 85]
    joint = [impact[root, band] for root in (0.7, 0.9) for band in (study.DELTA, study.DRAWN)]
    assert {percent for row in joint for percent in row} == {94, 95}
    assert [round(100.0 * shares(near, name, study.DELTA)[8]) for name in study.ESTIMATORS][:2] == [87, 87]
    drawn = np.concatenate([shares(cell, name, study.DRAWN) for cell in LARGE for name in study.ESTIMATORS])
    assert (round(100.0 * drawn.min()), round(100.0 * drawn.max())) == (93, 96)
    many = [shares(study.Cell(n, 7, 0.7), "differences (FD)", study.APART)[0] for n in (50, 200, 800)]
    assert max(many) < 0.8


@pytest.mark.slow
def test_a_part_of_the_table_is_found_again(monkeypatch) -> None:
    monkeypatch.setattr(study, "SEED", 77)
    cell, count = study.Cell(200, 7, 0.7), 40
    for found in quietly(lambda: list(study.simulated(cell, count))):
        known = shares(cell, found.estimator, found.band)
        error = np.sqrt((known * (1.0 - known) + 0.005) / count)
        assert (np.abs(found.shares - known) < 4.0 * error).all(), (found.estimator, found.band)


def test_the_page_of_granger_tests_is_that_of_its_table() -> None:
    rows = granger.read()
    assert len(rows) == len(granger.METHODS) * len(granger.ENTITIES) * len(granger.PERIODS)
    assert granger.PAGE.read_text(encoding="utf-8") == granger.page(rows)


@pytest.mark.slow
def test_a_part_of_the_sizes_is_found_again(monkeypatch) -> None:
    monkeypatch.setattr(granger, "SEED", 77)
    known = {(row["method"], int(row["entities"]), int(row["periods"])): int(row["percent"]) for row in granger.read()}
    for method, percent in quietly(granger.simulated, 100, 8, 100).items():
        then = known[method, 100, 8] / 100.0
        assert abs(percent / 100.0 - then) < 4.0 * np.sqrt((then * (1.0 - then) + 0.005) * (1 / 100 + 1 / 200))
