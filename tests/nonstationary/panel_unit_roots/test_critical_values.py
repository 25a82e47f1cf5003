"""Critical values of panel unit-root statistics: printed cells, and what programs make of them in between."""

from __future__ import annotations

import numpy as np
import pytest

import panelvar as pv
from panelvar.nonstationary.panel_unit_roots.critical_values import (
    cadf_critical_values,
    cips_critical_values,
    lower_tail_pvalue,
    t_bar_critical_values,
)


def test_printed_cells():
    assert t_bar_critical_values("c", 10, 20) == {0.01: -2.21, 0.05: -1.99, 0.10: -1.89}
    assert t_bar_critical_values("ct", 5, 5) == {0.01: -8.12, 0.05: -4.66, 0.10: -3.73}
    assert cips_critical_values("c", 20, 30) == {0.01: -2.38, 0.05: -2.20, 0.10: -2.11}
    assert cips_critical_values("ct", 10, 10) == {0.01: -3.88, 0.05: -3.27, 0.10: -2.98}
    assert cips_critical_values("ct", 10, 10, truncated=True) == {0.01: -3.51, 0.05: -3.10, 0.10: -2.87}
    assert cips_critical_values("ct", 30, 50, truncated=True) == cips_critical_values("ct", 30, 50)
    assert cadf_critical_values("n", 100, 15) == {0.01: -3.70, 0.05: -2.75, 0.10: -2.32}


def test_between_printed_sizes_of_t_bar():
    """Linear in both, or by the distance of the neighbours: 12 entities lie at 2 and 3, 19 rows at 4 and 1."""
    corners = {(10, 15): -2.24, (10, 20): -2.21, (15, 15): -2.10, (15, 20): -2.08}
    linear = sum((3 if n == 10 else 2) / 5 * (1 if t == 15 else 4) / 5 * value for (n, t), value in corners.items())
    weights = {(n, t): 1.0 / np.hypot(n - 12, t - 19) for n, t in corners}
    distance = sum(weights[at] * value for at, value in corners.items()) / sum(weights.values())
    assert t_bar_critical_values("c", 12, 19)[0.01] == pytest.approx(linear)
    for convention in ("plm", "gretl"):
        assert t_bar_critical_values("c", 12, 19, convention)[0.01] == pytest.approx(distance)
        assert t_bar_critical_values("c", 10, 19, convention)[0.01] == pytest.approx(-2.24 + 0.8 * 0.03)


def test_beyond_the_ends_of_t_bar():
    assert t_bar_critical_values("c", 7, 400) == t_bar_critical_values("c", 7, 100)
    with pytest.raises(pv.SpecificationError, match="ends at 100 entities; there are 101"):
        t_bar_critical_values("c", 101, 50)
    for convention in ("default", "gretl"):
        with pytest.raises(pv.InsufficientDataError, match="begins at 5 entities; there are 4"):
            t_bar_critical_values("c", 4, 50, convention)
    assert t_bar_critical_values("c", 4, 3, "plm")[0.01] == -3.79
    # Beyond 100 entities gretl's distances still count them; the values differ in 12 rows by 0.01.
    far, near = (t_bar_critical_values("c", 200, 12, convention)[0.01] for convention in ("gretl", "plm"))
    assert near == pytest.approx(-1.75 + 0.4 * 0.01) and far == pytest.approx(-1.745, abs=1e-4)


@pytest.mark.parametrize(
    ("trend", "lags", "statistic", "expected"),
    [
        ("n", 1, -1.724336887857497, 0.02097635416345532),
        ("n", 2, -1.667372933653884, 0.03338440669605697),
        ("c", 1, -2.219731685998292, 0.04006981584327785),
        ("c", 2, -2.162286104718248, 0.05982432669155784),
        ("ct", 1, -2.776062307737007, 0.02638698260779253),
        ("ct", 2, -2.682501028956834, 0.05446105527638188),
    ],
)
def test_plm_between_printed_sizes(trend, lags, statistic, expected):
    """P-values of its cipstest, midpoints of 200 steps between three critical values: 25 entities, 41 periods."""
    critical = cips_critical_values(trend, 25, 40 - lags, convention="plm")
    grid = np.linspace(critical[0.01], critical[0.10], 200)
    steps = np.interp(grid, list(critical.values()), list(critical))
    place = np.searchsorted(grid, statistic, side="right")
    assert (steps[place - 1] + steps[place]) / 2.0 == pytest.approx(expected, rel=1e-12)


def test_between_and_beyond_printed_sizes_of_cips():
    assert cips_critical_values("c", 12, 10)[0.01] == pytest.approx(-2.97 + 0.4 * 0.21)
    assert cips_critical_values("c", 12, 10, convention="plm")[0.01] == pytest.approx(-2.97 + 0.25 * 0.21)
    assert cips_critical_values("c", 12, 11, convention="stata")[0.01] == -2.52
    assert cips_critical_values("c", 900, 300) == cips_critical_values("c", 200, 200)
    assert cips_critical_values("c", 4, 4, convention="stata")[0.01] == -2.97
    with pytest.raises(pv.InsufficientDataError, match="begins at 10 periods; there are 9"):
        cips_critical_values("c", 20, 9)
    with pytest.raises(pv.InsufficientDataError, match="begins at 10 entities; there are 3"):
        cadf_critical_values("c", 3, 20)
    with pytest.raises(pv.SpecificationError, match="up to 200 entities and 199 periods"):
        cips_critical_values("c", 201, 30, convention="plm")
    with pytest.raises(pv.SpecificationError, match="trend='n'"):
        cips_critical_values("n", 20, 20, convention="stata")


def test_pvalues_end_in_bounds():
    critical = {0.01: -2.38, 0.05: -2.20, 0.10: -2.11}
    assert lower_tail_pvalue(-2.20, critical) == (pytest.approx(0.05), "")
    assert lower_tail_pvalue(-3.0, critical) == (pytest.approx(0.01), "<")
    assert lower_tail_pvalue(0.0, critical) == (pytest.approx(0.10), ">")
    assert 0.01 < lower_tail_pvalue(-2.25, critical)[0] < 0.05
