"""Coverage of event studies: the committed table keeps its promises, and a part of it is computed again."""

import numpy as np
import pytest
from simulation import treatments as study


def test_the_table_has_every_case_and_keeps_its_promises():
    table = study.read()
    assert list(table) == study.CASES
    for (method, effects, units), found in table.items():
        if method == "two-way" and effects == "different":
            # What is said of it: it is wrong where cohorts differ.
            assert found["each period"] < 0.93
        elif units == 400:
            assert abs(found["bias"]) < 0.01
            for share in ("overall", "each period", "sup-t band"):
                assert 0.92 <= found[share] <= 0.97
            assert method == "extended-two-way" or found["leads rejected"] < 0.08
        elif units == 40:
            # What the note on small cohorts says.
            assert method == "extended-two-way" or 0.18 < found["leads rejected"] < 0.34
            assert 0.77 <= found["sup-t band"] < 0.9


def test_differences_of_methods_are_found_about_as_often_as_they_should():
    shares = study.read_rejected()
    assert set(shares) == {400, 100, 40}
    assert 0.03 < shares[400] < 0.08


@pytest.mark.slow
@pytest.mark.parametrize(
    "case",
    [("sun-abraham", "different", 400), ("imputation", "different", 40), ("callaway-santanna", "the same", 400)],
)
def test_a_part_of_the_table_is_found_again(case):
    count = 200
    found = study.study_of(*case, count, seed=1)
    for name in study.COLUMNS[1:]:
        share = study.read()[case][name]
        # Four standard errors of the difference of two shares; 0.004 where a share is all but one.
        error = np.sqrt(max(share * (1 - share), 0.004) * (1 / count + 1 / study.REPLICATIONS))
        assert abs(found[name] - share) < 4 * error, name
