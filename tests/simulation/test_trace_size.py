"""Size of the trace test: the committed table, and a part of it computed again."""

import numpy as np
import pytest
from simulation import trace_size as study

import panelvar as pv


def test_the_table_has_every_cell_and_says_what_the_guide_says():
    table = study.read()
    expected = {
        (trend, n_vars, periods)
        for trend, n_vars in study.DESIGNS
        for periods in study.PERIODS
        if study.possible(n_vars, periods)
    }
    assert set(table) == expected
    for (_, _, periods), shares in table.items():
        # Corrections help wherever the plain test is off, and nothing is wrong in long samples.
        assert abs(shares["doornik"] - 0.05) <= abs(shares["plain"] - 0.05) + 0.005
        if periods == 400:
            assert 0.045 < shares["plain"] < 0.065


def test_a_sample_is_what_the_test_computes():
    rng = np.random.default_rng(3)
    copy = np.random.default_rng(3)
    raw = study.traces(rng, "c", 2, 60, 1)[0]
    y = np.cumsum(copy.standard_normal((1, 60, 2)), axis=1)[0] + 0.5 * np.arange(60)[:, None]
    result = pv.johansen_test(y, lags=2, trend="c")
    assert result.trace[0] == pytest.approx(58 * raw, rel=1e-9)


def test_the_bootstrap_has_the_size_it_should():
    """Within four standard errors of 2,000 samples, in every cell."""
    rows = study.BOOTSTRAP_TABLE.read_text(encoding="utf-8").splitlines()[2:]
    found = {}
    for row in rows:
        n_vars, periods, share = row.strip("| ").split("|")
        found[int(n_vars), int(periods)] = float(share)
    assert tuple(found) == study.BOOTSTRAP_CELLS
    assert all(abs(share - 0.05) < 4 * np.sqrt(0.05 * 0.95 / study.BOOTSTRAP_REPLICATIONS) for share in found.values())


@pytest.mark.slow
@pytest.mark.parametrize(("trend", "n_vars", "periods"), [("rc", 2, 13), ("c", 4, 50), ("rt", 2, 400)])
def test_a_part_of_the_table_is_found_again(trend, n_vars, periods):
    count = 4000
    found = study.rejected(trend, n_vars, periods, count, seed=1)
    for method, share in study.read()[trend, n_vars, periods].items():
        error = np.sqrt(max(share * (1 - share), 0.01) * (1 / count + 1 / study.REPLICATIONS))
        assert abs(found[method] - share) < 4 * error, method
