"""Coverage with few clusters: the committed table keeps its promises, and a part of it is computed again."""

import numpy as np
import pytest
from simulation import few_clusters as study


def test_the_table_has_every_design_and_keeps_its_promises():
    table = study.read()
    assert tuple(table) == study.DESIGNS
    for design in ("balanced 10", "balanced 20"):
        assert table[design]["CR1 normal"] < 0.92
        for method in ("CR2 Satterthwaite", "wild"):
            assert 0.93 <= table[design][method] <= 0.97
    for design in ("2 of 10 treated", "lognormal 10", "lognormal 20"):
        for method in ("CR2 Satterthwaite", "wild"):
            assert table[design][method] >= 0.93


@pytest.mark.slow
@pytest.mark.parametrize("design", ["balanced 10", "lognormal 10"])
def test_a_part_of_the_table_is_found_again(design):
    count = 400
    found = study.coverage(design, count, seed=1)
    for method, share in study.read()[design].items():
        # Four standard errors of the difference of two shares; 0.002 where a share is all but one.
        error = np.sqrt(max(share * (1 - share), 0.004) * (1 / count + 1 / study.REPLICATIONS))
        assert abs(found[method] - share) < 4 * error, method
