"""The bootstrap of panel tests in short panels: the committed table keeps its promises, and a part is found again."""

import numpy as np
from simulation import panel_bootstrap as study


def test_true_nulls_are_rejected_as_often_as_the_level_says():
    table = study.read()
    assert {(entities, periods) for _, entities, periods in table} == {cell[:2] for cell in study.CELLS}
    white = np.array([[row[0], row[2]] for row in table.values()])
    autocorrelated = np.array([[row[1], row[3]] for row in table.values()])
    # Between 3 and 8 percent but for two errors of so many samples.
    assert white.max() <= 8.0 + 2 * 1.3
    assert white.min() >= 3.0 - 2 * 1.3
    assert 4.0 <= white.mean() <= 6.0
    assert autocorrelated.max() <= 10.0


def test_a_part_of_the_table_is_found_again():
    cell = study.Cell(30, 6, 60, ("fisher",))
    found = dict(study.rates(cell, "c", 0.0))
    assert set(found) == {"fisher", "fisher, P"}
    assert max(found.values()) <= 15.0
