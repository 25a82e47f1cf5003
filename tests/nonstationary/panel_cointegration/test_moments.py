"""Moments of panel cointegration statistics: printed cells, those that draws replace, and closed forms."""

from __future__ import annotations

import numpy as np
import pytest

import panelvar as pv
from panelvar.nonstationary.panel_cointegration.moments import (
    error_correction_moments,
    kao_moments,
    pedroni_moments,
    variance_ratio_moments,
)


def test_pedroni_by_number_of_regressors():
    """The table of 1999 begins at two regressors: its first block is not that of one."""
    one, two = (pedroni_moments("c", m) for m in (1, 2))
    assert one["panel_v"] == (8.62, 60.75) and one["group_t"] == (-2.03, 0.66)
    assert two["panel_v"] == (11.754, 104.546) and two["group_t"] == (-2.453, 0.618)
    # What a program computes for 25 countries, rightly standardised: 2.81, where the moments of two make it 0.61.
    assert (64.99113 - 5.0 * one["panel_v"].mean) / one["panel_v"].variance ** 0.5 == pytest.approx(2.81, abs=0.005)
    assert pedroni_moments("ct", 7)["panel_rho"] == (-32.756, 154.378)


def test_printed_moments_that_draws_refute():
    published, settled = (pedroni_moments("ct", 1, convention) for convention in ("published", "default"))
    assert published["panel_v"].variance == 101.68 and published["panel_rho"].variance == 39.52
    assert settled["panel_v"].variance == pytest.approx(122.5, abs=1.5)
    assert settled["panel_rho"].variance == pytest.approx(44.2, abs=0.5)
    assert pedroni_moments("n", 1, "published")["group_rho"].mean == -6.84
    assert pedroni_moments("n", 1)["group_rho"].mean == pytest.approx(-5.84, abs=0.05)
    # Not refuted: heavy tails made few draws fall short of it.
    assert pedroni_moments("n", 2)["panel_rho"].variance == 64.288


def test_westerlund():
    assert error_correction_moments("c", 1, "published")["Gt"] == (-1.7776, 0.8071)
    assert error_correction_moments("ct", 6, "published")["Pa"] == (-17.6515, 91.2392)
    for trend in ("n", "c", "ct"):
        for regressors in range(1, 7):
            drawn, printed = (error_correction_moments(trend, regressors, how) for how in ("default", "published"))
            for name, found in drawn.items():
                assert found.mean == pytest.approx(printed[name].mean, rel=0.03)
                assert found.variance == pytest.approx(printed[name].variance, rel=0.12)
    assert error_correction_moments("n", 1)["Pt"].variance == pytest.approx(1.51, abs=0.02)


def test_variance_ratios():
    """Hlouskova and Wagner (2009, tables 20 to 25): 100,000 walks of 500 steps."""
    printed = {
        ("n", 1): (0.126553, 0.092833),
        ("c", 1): (0.044387, 0.030787),
        ("ct", 1): (0.010391, 0.008437),
        ("n", 7): (0.015524, 0.011953),
        ("c", 7): (0.004891, 0.003747),
        ("ct", 7): (0.002740, 0.002277),
    }
    for cell, (panel, group) in printed.items():
        found = variance_ratio_moments(*cell)
        assert found["panel"].mean == pytest.approx(panel, rel=0.02)
        assert found["group"].mean == pytest.approx(group, rel=0.01)
    assert variance_ratio_moments("c", 1)["group"].variance == pytest.approx(0.000517, rel=0.01)
    assert variance_ratio_moments("ct", 1)["panel"].variance == pytest.approx(0.000046, rel=0.03)


def test_kao_by_quadratic_forms():
    """Exact moments of sums over a demeaned walk, by traces: means, variances, and the covariance that is nil."""
    exact = []
    for n in (200, 400):
        level = np.tril(np.ones((n, n)), -1)
        level = level - level.mean(axis=0)
        cross, squares = (level + level.T) / (2.0 * n), level.T @ level / n**2
        exact.append(
            [
                np.trace(cross),
                np.trace(squares),
                *(2.0 * (a * b).sum() for a in (cross, squares) for b in (cross, squares)),
            ]
        )
    top, bottom, own, shared, _, other = 2.0 * np.array(exact[1]) - np.array(exact[0])
    assert [top, bottom, own, shared, other] == pytest.approx([-1 / 2, 1 / 6, 1 / 12, 0.0, 1 / 45], abs=2e-5)
    plain = kao_moments()
    assert plain["rho"] == pytest.approx((top / bottom, own / bottom**2 + top**2 * other / bottom**4), rel=1e-3)
    assert plain["t"] == pytest.approx((top / bottom**0.5, own / bottom + top**2 * other / bottom**3 / 4.0), rel=1e-3)


def test_kao_as_printed():
    """Kao (1999): 3 and 10.2; sqrt(1.25) t + sqrt(1.875 N); the starred forms."""
    plain, starred = kao_moments(), kao_moments(0.5)
    assert plain["rho"] == pytest.approx((-3.0, 10.2))
    assert plain["t"].variance ** -0.5 == pytest.approx(1.25**0.5)
    assert -plain["t"].mean * plain["t"].variance ** -0.5 == pytest.approx(1.875**0.5)
    assert starred["rho"] == pytest.approx((-3.0 * 0.5, 3.0 + 36.0 * 0.25 / 5.0))
    assert starred["t"] == pytest.approx((-(6.0**0.5) / 2.0 * 0.5**0.5, 1.0 / (2.0 * 0.5) + 3.0 * 0.5 / 10.0))


def test_what_has_no_moments_is_refused():
    for read, most in ((pedroni_moments, 7), (error_correction_moments, 6), (variance_ratio_moments, 7)):
        with pytest.raises(pv.SpecificationError, match=f"up to {most} regressors; there are {most + 1}"):
            read("c", most + 1)
        with pytest.raises(pv.SpecificationError, match="regressors=0"):
            read("c", 0)
        with pytest.raises(pv.SpecificationError, match="trend='ctt'"):
            read("ctt", 1)
    with pytest.raises(pv.SpecificationError, match="must be positive"):
        kao_moments(0.0)
