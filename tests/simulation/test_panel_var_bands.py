"""Coverage of bands of panel VARs by moments: the page says what the table says, and a part of it is found again."""

from __future__ import annotations

import numpy as np
import pytest
from quiet import quietly
from simulation import delta_coverage as delta
from simulation import panel_granger_sizes as granger
from simulation import panel_var_bands as study
from simulation import panel_var_checks as checks

from panelvar.systems.panel_var import result

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
    # What is said of the bands takes longer than they do, and has a test of its own.
    monkeypatch.setattr(result, "told_of_delta", lambda target: ())
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


NOTED = {
    what: {(study.cell_of(row), row["estimator"]): study.shares_of(row) for row in delta.read() if row["what"] == what}
    for what in (delta.HELD, delta.TOLD)
}


def test_the_page_of_notes_on_the_delta_method_is_that_of_its_table() -> None:
    assert set(NOTED[delta.HELD]) == set(NOTED[delta.TOLD]) == {(c, e) for c in study.CELLS for e in study.ESTIMATORS}
    assert delta.PAGE.read_text(encoding="utf-8") == delta.page(delta.read())


@pytest.mark.parametrize("estimator", study.ESTIMATORS)
@pytest.mark.parametrize("cell", LARGE, ids=str)
def test_notes_on_the_delta_method_are_where_its_bands_fail(cell, estimator) -> None:
    held, noted = shares(cell, estimator, study.DELTA), NOTED[delta.TOLD][cell, estimator]
    assert (noted[held >= 0.925] <= 0.1).all()
    if held.min() >= 0.925:
        assert not noted.any()
    if held.min() < 0.88:
        assert noted[8] >= 0.6
    above = NOTED[delta.HELD][cell, estimator] - held
    assert np.abs(above[held >= 0.925]).max() < 0.025 and (above[held < 0.925] < 0.05).all() and above.min() > -0.025


@pytest.mark.slow
def test_notes_on_the_delta_method_are_found_again(monkeypatch) -> None:
    monkeypatch.setattr(delta, "SEED", 77)
    cell, count = study.Cell(200, 7, 0.7), 8
    for row in quietly(delta.simulated, cell, count):
        named = dict(zip(delta.HEAD, row, strict=True))
        known, found = NOTED[named["what"]][cell, named["estimator"]], study.shares_of(named)
        spread = 0.06 if named["what"] == delta.HELD else 4.0 * np.sqrt(0.25 / count)
        assert (np.abs(found - known) < spread).all(), named


def test_the_page_of_serial_tests_and_forecasts_is_that_of_its_table() -> None:
    rows = checks.read()
    assert len(rows) == len(checks.METHODS) * len(checks.CELLS)
    assert checks.PAGE.read_text(encoding="utf-8") == checks.page(rows)


@pytest.mark.parametrize("row", checks.read(), ids=lambda row: "-".join(list(row.values())[:3]))
def test_serial_tests_keep_their_size_and_forecasts_say_what_they_hold(row) -> None:
    """Within three standard errors of the nominal rates, but for what is left of the bias of "within"."""
    error = 100.0 * np.sqrt(0.05 * 0.95 / checks.SAMPLES)
    within = row["method"] == "within"
    for name in ("m2", "portmanteau"):
        assert float(row[name]) < 5.0 + (3.0 if within else 2.0) * error
    for ahead in checks.AHEAD:
        known, counted = (float(row[f"{name}_{ahead}"]) for name in ("known", "delta"))
        assert known < counted
        assert 90.0 < counted < 97.0 if within else 93.0 < counted < 97.5


@pytest.mark.slow
def test_a_part_of_the_serial_tests_is_found_again(monkeypatch) -> None:
    monkeypatch.setattr(checks, "SEED", 77)
    monkeypatch.setattr(checks, "METHODS", {"within": checks.METHODS["within"]})
    cell, count = checks.Cell(50, 8, 0.5), 20
    (found,) = quietly(checks.simulated, cell, count).values()
    (known,) = (
        row for row in checks.read() if (row["method"], row["entities"], row["periods"]) == ("within", "50", "8")
    )
    for name, share in zip(checks.CHECKS, found, strict=True):
        many = count if name in ("m2", "portmanteau") else 50
        then = float(known[name]) / 100.0
        assert abs(share - then) < 4.0 * np.sqrt((then * (1.0 - then) + 0.005) / many), name
