"""Bias and coverage of vector autoregressions of panels: the guide says what the table says, a part is found again."""

from __future__ import annotations

import numpy as np
import pytest
from quiet import quietly
from simulation import panel_vars as study

ROWS = {study.Cell(int(row["entities"]), int(row["periods"]), float(row["persistence"])): {} for row in study.read()}
for row in study.read():
    cell = study.Cell(int(row["entities"]), int(row["periods"]), float(row["persistence"]))
    ROWS[cell][row["estimator"]] = {
        key: float(row[key]) for key in ("samples", "failed", "bias", "rmse", "coverage", "others", "hansen", "m2")
    }
FEW, SYSTEM = "GMM, collapsed, lags 2-4", "system GMM, collapsed, lags 2-4"
ADVICE = {
    (8, 0.5): ("corrected moments", "half-panel jackknife", FEW),
    (8, 0.9): (FEW, SYSTEM),
    (20, 0.5): ("corrected moments", "half-panel jackknife"),
    (20, 0.9): ("corrected moments", "half-panel jackknife"),
    (40, 0.5): ("corrected moments", "half-panel jackknife"),
    (40, 0.9): ("corrected moments", "half-panel jackknife"),
}
"""What the guide advises, by periods and persistence."""


def test_the_page_is_that_of_the_table() -> None:
    assert set(ROWS) == set(study.CELLS)
    assert all(set(rows) == set(study.ESTIMATORS) for rows in ROWS.values())
    assert study.PAGE.read_text(encoding="utf-8") == study.page(study.read())


@pytest.mark.parametrize("cell", [cell for cell in study.CELLS if cell.entities == 200], ids=str)
def test_what_is_advised_covers_with_many_entities(cell) -> None:
    for name in ADVICE[cell.periods, cell.persistence]:
        found = ROWS[cell][name]
        assert 0.92 <= found["coverage"] <= 0.97, name
        assert 0.92 <= found["others"] <= 0.97, name
    tests = ROWS[cell][SYSTEM]
    assert 0.03 <= tests["hansen"] <= 0.08
    assert 0.03 <= tests["m2"] <= 0.08


def test_the_guide_says_what_the_table_says() -> None:
    def of(name: str, what: str, **chosen: float) -> np.ndarray:
        cells = [cell for cell in study.CELLS if all(getattr(cell, key) == value for key, value in chosen.items())]
        return np.array([ROWS[cell][name][what] for cell in cells])

    assert of("within", "coverage").max() < 0.635
    assert (of("mean group", "coverage") <= of("within", "coverage")).all()
    left = {
        root: of("Hahn-Kuersteiner", "bias", persistence=root) / of("within", "bias", persistence=root)
        for root in (0.5, 0.9)
    }
    assert (left[0.5] < 0.25).all() and (left[0.9] < 0.345).all() and (left[0.9] > 0.14).all()
    hard = np.array([cell.persistence == 0.9 and cell.periods == 8 for cell in study.CELLS])
    jackknife = of("half-panel jackknife", "coverage")
    assert (jackknife[~hard] >= 0.925).all() and (jackknife[~hard] <= 0.955).all()
    assert sorted(np.round(100.0 * jackknife[hard])) == [82.0, 90.0]
    corrected = of("corrected moments", "coverage")
    assert (corrected[~hard] >= 0.945).all() and (corrected[~hard] <= 0.965).all()
    assert (0.4 < of("corrected moments", "failed")[hard] / 1000.0).all()
    few, system = of(FEW, "coverage"), of(SYSTEM, "coverage")
    assert (few >= 0.925).all() and (few <= 0.965).all() and (system >= 0.925).all() and (system <= 0.965).all()
    assert (of(FEW, "rmse")[~hard] > of("corrected moments", "rmse")[~hard]).all()
    assert (of(SYSTEM, "rmse") <= of(FEW, "rmse")).all()
    shorter = of(SYSTEM, "rmse", persistence=0.9, periods=8) / of(FEW, "rmse", persistence=0.9, periods=8)
    assert (shorter < 0.72).all()
    for root, share in ((0.5, 8.0), (0.9, 5.0)):
        every = of("GMM, all lags", "bias", entities=200, periods=8, persistence=root)
        assert every / of("within", "bias", entities=200, periods=8, persistence=root) == pytest.approx(
            1 / share, abs=0.02
        )
    made = of("GMM, collapsed", "samples") > 0
    assert (of("GMM, collapsed, one step", "rmse")[made] < of("GMM, collapsed", "rmse")[made]).all()


@pytest.mark.slow
@pytest.mark.parametrize("cell", [study.CELLS[0], study.CELLS[4], study.CELLS[9]], ids=str)
def test_a_part_of_the_table_is_found_again(cell, monkeypatch) -> None:
    """Other panels, within four standard errors of the difference."""
    count = 40
    monkeypatch.setattr(study, "SEED", 77)
    for found in quietly(lambda: list(study.simulated(cell, count))):
        known = ROWS[cell][found.name]
        if not found.samples:
            assert not known["samples"]
            continue
        error = known["rmse"] / np.sqrt(found.samples)
        assert abs(found.bias - known["bias"]) < 4.0 * error + 0.001, found.name
        for now, then in ((found.coverage, known["coverage"]), (found.others, known["others"])):
            assert abs(now - then) < 4.0 * np.sqrt((then * (1.0 - then) + 0.005) / found.samples), found.name
