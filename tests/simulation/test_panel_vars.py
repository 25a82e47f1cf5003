"""Bias and coverage of vector autoregressions of panels: the page says what the table says, a part is found again."""

from __future__ import annotations

import re

import numpy as np
import pytest
from quiet import quietly
from simulation import panel_vars as study

NAMES = list(study.ESTIMATORS)
CELL = re.compile(r"(-?\d+) \((\d+)\)<br>(\d+)% / (\d+)%(?:<br>of (\d+)%)?")


def table() -> dict[str, np.ndarray]:
    """Bias, root mean squared error, coverage of own lags and of others, share estimated, of each, (designs, 5)."""
    rows = [line for line in study.TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("| 0")]
    cells = [line.strip("| ").split(" | ")[1:] for line in rows]
    found = np.array([[CELL.fullmatch(cell).groups("100") for cell in line] for line in cells], dtype=float)
    return {name: found[:, place] for place, name in enumerate(NAMES)}


def test_the_table_says_what_the_page_says() -> None:
    found = table()
    assert {rows.shape for rows in found.values()} == {(len(study.DESIGNS), 5)}
    root = np.array([design.root for design in study.DESIGNS])
    entities = np.array([design.entities for design in study.DESIGNS])
    periods = np.array([design.periods for design in study.DESIGNS])
    within, formula, jackknife = (found[name] for name in NAMES[:3])
    # About (1 + root) / T.
    expected = 1000.0 * (1.0 + root) / periods
    assert (np.abs(-within[:, 0] / expected - 1.0) < 0.25).all()
    assert (within[:, 2] < 67.0).all()
    assert (found["mean-group"][:, 0] < 1.2 * within[:, 0]).all()
    # A twentieth to a fifth of the bias is left of moderate persistence, a seventh to a third of high.
    left = formula[:, 0] / within[:, 0]
    assert (left[root == 0.5] <= 0.2).all() and (left[root == 0.9] <= 0.34).all()
    assert (formula[(root == 0.5) & (periods >= 20), 2] >= 93.0).all()
    assert formula[(root == 0.9) & (entities == 200) & (periods == 8), 2] < 20.0
    # The jackknife covers everywhere but where persistence is high and T is eight.
    hard = (root == 0.9) & (periods == 8)
    assert (jackknife[~hard, 2:4] >= 93.0).all() and (jackknife[:, 2:4] <= 97.0).all()
    assert ((jackknife[hard, 2] >= 88.0) & (jackknife[hard, 2] <= 92.0)).all()
    # Corrected moments have no bias and the smallest errors of all, where they have a zero.
    moments = found["corrected-moments"]
    assert (np.abs(moments[~hard, 0]) <= 6.0).all() and (moments[:, 1] <= jackknife[:, 1]).all()
    assert (moments[~hard, 2:4] >= 94.0).all() and (moments[:, 2:4] <= 96.0).all()
    assert (
        (moments[root == 0.5, 4] == 100.0).all()
        and (moments[hard, 4] < 60.0).all()
        and (moments[hard, 2] == 89.0).all()
    )
    classical = found['half-panel-jackknife, `cov="classical"`']
    assert classical[:, 2].min() == 62.0 and (classical[:, 2] <= jackknife[:, 2] - 3.0).all()


@pytest.mark.slow
@pytest.mark.parametrize("design", study.DESIGNS[::3], ids=str)
def test_a_part_of_the_table_is_found_again(design) -> None:
    """Other panels, within four standard errors of the difference."""
    count = 30
    apart, covered = quietly(study.draws, design, count, 100_000)
    committed = np.array([rows[study.DESIGNS.index(design)] for rows in table().values()])
    made = np.isfinite(apart[:, :, 0, 0]).mean(axis=0)
    assert (np.abs(made - committed[:, 4] / 100.0) < 4.0 * np.sqrt(0.25 / count)).all()
    share = np.sqrt((1.0 / count + 1.0 / study.SAMPLES) / made)
    own = np.eye(2, dtype=bool)
    errors = 1000.0 * apart[:, :, own]
    gap = np.nanmean(errors, axis=(0, 2)) - committed[:, 0]
    assert (np.abs(gap) < 4.0 * np.nanstd(errors.mean(axis=2), axis=0) * share + 0.5).all()
    for column, mask in ((2, own), (3, ~own)):
        chance = committed[:, column] / 100.0
        found = np.nanmean(covered[:, :, mask], axis=(0, 2))
        assert (np.abs(found - chance) < 4.0 * np.sqrt(chance * (1.0 - chance) + 0.005) * share).all()
