"""Bias and coverage of cointegrating regressions: what the page says of the table, and a part of it found again."""

from __future__ import annotations

import re

import numpy as np
import pytest
from simulation import cointegrating_regressions as study

NAMES = list(study.ESTIMATORS)
CELL = re.compile(r"(-?[\d.]+) \(([\d.]+)\)<br>([\d.]+)%")


def table() -> dict[str, np.ndarray]:
    """Bias, root mean squared error and coverage of each estimator, (designs, 3)."""
    rows = [line for line in study.TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")][1:]
    cells = [line.strip("| ").split(" | ") for line in rows]
    return {name: np.array([CELL.fullmatch(cell).groups() for cell in rest], dtype=float) for name, *rest in cells}


def test_the_table_says_what_the_page_says() -> None:
    found = table()
    assert list(found) == NAMES
    assert {rows.shape for rows in found.values()} == {(len(study.DESIGNS), 3)}
    half, most, sizes, slopes = range(1, 5)
    means = [name for name in NAMES if "group mean" in name and "programs" not in name]
    shared = [name for name in NAMES if "pooled" in name and "programs" not in name and "fit_" not in name]
    for name in means:
        assert abs(found[name][half, 0]) < 0.4 * found["`fit_mean_group`"][half, 0]
        assert found[name][most, 2] < 95.0
    for name in shared:
        assert abs(found[name][half, 0]) < 0.2 * found["`fit_fixed_effects`, clustered"][half, 0]
    longest = found["DOLS, group mean, two leads, four lags"]
    assert longest[most, 2] == max(found[name][most, 2] for name in NAMES)
    programs = np.array([found[name][half : most + 1, 2] for name in NAMES if "programs" in name])
    ours = ("FMOLS, group mean", "FMOLS, pooled", "DOLS, group mean")
    assert programs.min() == pytest.approx(37.0)
    assert programs.max() < 85.0 - 0.5
    assert min(found[name][half : most + 1, 2].min() for name in ours) == pytest.approx(84.7)
    assert found["DOLS, group mean"][slopes, 2] > 94.0 > 81.0 > found['DOLS, group mean, `cov="estimated"`'][slopes, 2]
    assert found['DOLS, pooled, `cov="sandwich"`'][slopes, 2] > found["DOLS, pooled"][slopes, 2] + 15.0
    squared = np.square(found["DOLS, weighted"][sizes, 1] / found["DOLS, pooled"][sizes, 1])
    assert 0.2 < squared < 1.0 / 3.0
    assert all(found["DOLS, weighted"][:, 2] < found["DOLS, pooled"][:, 2])
    likelihood = found["`fit_pooled_mean_group`, ARDL(1, 1)"][:4, 2]
    assert (73.0 < likelihood).all()
    assert (likelihood < 84.0).all()


@pytest.mark.slow
@pytest.mark.parametrize("design", study.DESIGNS, ids=lambda design: design.words)
def test_a_part_of_the_table_is_found_again(design) -> None:
    """Other panels, within four standard errors of the difference."""
    count = 30
    estimates, _, covered = study.draws(design, count, first=100_000)
    share = np.sqrt(1.0 / count + 1.0 / study.SAMPLES)
    committed = np.array([rows[study.DESIGNS.index(design)] for rows in table().values()])
    apart = 1000.0 * (estimates.mean(axis=0) - 1.0) - committed[:, 0]
    assert (np.abs(apart) < 4.0 * 1000.0 * estimates.std(axis=0) * share).all()
    chance = committed[:, 2] / 100.0
    assert (np.abs(covered.mean(axis=0) - chance) < 4.0 * np.sqrt(chance * (1.0 - chance)) * share).all()
