"""The bootstrap of panel tests in short panels: the committed table keeps its promises, and a part is found again."""

import numpy as np
from simulation import panel_bootstrap as study


def test_true_nulls_are_rejected_as_often_as_the_level_says():
    table = study.read()
    assert {(entities, periods) for _, entities, periods in table} == {cell[:2] for cell in study.CELLS}
    white = np.array([[row[0], row[2]] for row in table.values()])
    autocorrelated = np.array([[row[1], row[3]] for row in table.values()])
    assert white.max() <= 8.0
    assert white.min() >= 2.5
    assert 4.0 <= white.mean() <= 6.0
    assert autocorrelated.max() <= 10.0


def test_a_part_of_the_table_is_found_again():
    cell = study.Cell(30, 6, 60, ("fisher",))
    found = dict(study.rates(cell, "c", 0.0))
    assert set(found) == {"fisher", "fisher, P"}
    assert max(found.values()) <= 15.0


def test_signs_hold_the_level_and_blocks_are_on_the_safe_side():
    rows = [line.strip("| ").split(" | ") for line in study.LONGER.read_text(encoding="utf-8").splitlines()]
    drawn = [row for row in rows if row[0].startswith(tuple(study.WAYS))]
    rates = {(row[0], *map(int, row[1:3])): np.array(row[3:], float) for row in drawn}
    expected = {(way, n, periods) for way, periods in study.WAYS.items() for n in study.ENTITIES}
    expected |= {
        (f"{study.way_of(periods)}, {kind}", 25, periods) for kind, each in study.MORE.items() for periods in each
    }
    assert set(rates) == expected
    for (way, *_), own in rates.items():
        assert own.max() <= (9.0 if way.endswith(study.ROOTS_BY_ENTITY) else 8.0)
        assert own.min() >= 2.5 or way.startswith("blocks")
