"""Bias and coverage of corrected least squares: the page says what the table says, a part is found again."""

from __future__ import annotations

import re

import numpy as np
import pytest
from quiet import quietly
from simulation import bias_corrected_panels as study

import panelvar as pv

NAMES = ["within", *study.ESTIMATORS]
CELL = re.compile(r"(-?\d+) \((\d+)\)")
LAST = re.compile(r"(\d+)%, (\d+)%")
LAG, ENTITIES, PERIODS = np.array(study.DESIGNS).T


def table() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Bias and root mean squared error of each estimator, (designs, 2); shares with a zero, and coverage."""
    rows = [line for line in study.TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("| 0")]
    cells = [line.strip("| ").split(" | ")[1:] for line in rows]
    found = np.array([[CELL.fullmatch(cell).groups() for cell in line[:-1]] for line in cells], dtype=float)
    last = np.array([LAST.fullmatch(line[-1]).groups() for line in cells], dtype=float)
    return {name: found[:, place] for place, name in enumerate(NAMES)}, last


def test_the_table_says_what_the_page_says() -> None:
    found, last = table()
    assert len(last) == len(study.DESIGNS)
    within, moments, best = found["within"], found["corrected moments"], found['`"bb"`']
    assert (within[:, 0] < -60.0).all()
    many = ENTITIES == 100
    assert (np.abs(moments[many, 0]) <= 7.0).all()
    assert (last[many & (PERIODS >= 10), 1] >= 94.0).all() and (last[many, 1] <= 96.0).all()
    assert (best[~many & (PERIODS == 5), 1] < moments[~many & (PERIODS == 5), 1]).all()
    assert (best[~many, 1] <= moments[~many, 1]).all()
    assert ((last[~many & (LAG == 0.5), 1] >= 90.0) & (last[~many & (LAG == 0.5), 1] <= 93.0)).all()
    assert (last[LAG == 0.9, 0] <= 99.0).all() and (last[many & (LAG == 0.5), 0] == 100.0).all()
    # Whatever the initial estimates, the expansion takes most of the bias off.
    for name in list(study.ESTIMATORS)[:3]:
        assert (np.abs(found[name][:, 0]) < 0.5 * np.abs(within[:, 0])).all()


@pytest.mark.slow
@pytest.mark.parametrize("design", study.DESIGNS[1::3], ids=str)
def test_a_part_of_the_table_is_found_again(design) -> None:
    """Other panels, within four standard errors of the difference."""
    count = 60
    errors = quietly(study.draws, design, count, 100_000)
    apart, solved = 1000.0 * errors[:, :-1], np.isfinite(errors[:, -1])
    share = np.sqrt(1.0 / count + 1.0 / study.SAMPLES)
    committed, last = table()
    place = study.DESIGNS.index(design)
    gap = apart.mean(axis=0) - np.array([committed[name][place, 0] for name in NAMES])
    assert (np.abs(gap) < 4.0 * apart.std(axis=0) * share + 0.5).all()
    held = np.abs(errors[solved, -2]) < 1.96 * errors[solved, -1]
    for rate, expected in zip((solved.mean(), held.mean()), last[place] / 100.0, strict=True):
        assert abs(rate - expected) < 4.0 * np.sqrt(expected * (1.0 - expected) + 0.005) * share


@pytest.mark.slow
def test_drawn_errors_are_as_large_as_the_spread_of_the_estimates() -> None:
    found = []
    for sample in range(60):
        panel = study.Design(0.5, 20, 10).sample(np.random.default_rng([11, sample]))
        result = quietly(pv.fit_lsdvc, panel, "y", "x", initial="ab", draws=40, seed=1)
        found.append([result.params.iloc[0], result.std_errors.iloc[0]])
    estimates, errors = np.array(found).T
    assert 0.8 < np.median(errors) / estimates.std() < 1.2
