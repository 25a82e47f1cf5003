"""The committed coverage of intervals for trends that are not parallel."""

from __future__ import annotations

import pytest
from simulation import sensitivity


def test_the_table_has_every_case_and_keeps_its_promise():
    table = sensitivity.read()
    assert list(table) == sensitivity.CASES
    for (restriction, _, _), share in table.items():
        # Unions of intervals, one for each change before the event that may be the largest, cover more often.
        assert 0.94 <= share <= (0.97 if restriction == "smoothness" else 1.0)


@pytest.mark.parametrize("case", sensitivity.CASES[::3], ids=str)
def test_the_table_can_be_made_again(case):
    assert sensitivity.study_of(case, 400, seed=7) == pytest.approx(sensitivity.read()[case], abs=0.035)
