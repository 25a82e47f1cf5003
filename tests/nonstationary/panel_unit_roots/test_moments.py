"""Moments of panel unit-root statistics: printed cells, what programs make of them in between, and closed forms."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from reference_data import table

import panelvar as pv
from panelvar.nonstationary.panel_unit_roots.hadri import MOMENTS
from panelvar.nonstationary.panel_unit_roots.moments import (
    RATIO_LIMITS,
    augmented_ratio_moments,
    levin_lin_chu_adjustment,
    ratio_moments,
)


def ratio(series: np.ndarray, trend: str, lags: int) -> tuple[float, int]:
    """The t ratio of a lagged level by plain least squares, and its rows."""
    change = np.diff(series)
    n = len(change) - lags
    columns = [series[lags:-1], *(change[lags - j : len(change) - j] for j in range(1, lags + 1)), np.ones(n)]
    if trend == "ct":
        columns.append(np.arange(n))
    x, y = np.column_stack(columns), change[lags:]
    slopes = np.linalg.lstsq(x, y, rcond=None)[0]
    rest = y - x @ slopes
    spread = rest @ rest / (n - x.shape[1]) * np.linalg.inv(x.T @ x)[0, 0]
    return float(slopes[0] / np.sqrt(spread)), n


@pytest.mark.parametrize(
    ("trend", "lags", "expected"),
    [
        ("c", 0, 2.648701385162491),
        ("c", 1, 2.550190410175067),  # gretl 2.55019
        ("c", 2, 4.491940159986168),  # gretl 4.49194
        ("ct", 0, 0.2471816231984621),
        ("ct", 1, -1.452989777713419),  # gretl -1.45299
        ("ct", 2, -0.3575887879538032),
    ],
)
def test_programs_interpolate_between_rows(trend, lags, expected):
    """W of Grunfeld's investment, whose 17 to 19 rows are not printed: plm with its df correction, and gretl."""
    series = [part.to_numpy() for _, part in table("grunfeld").groupby("firm")["inv"]]
    found = [ratio(one, trend, lags) for one in series]
    for convention in ("default", "plm", "gretl"):
        moments = augmented_ratio_moments(trend, [n for _, n in found], lags, convention=convention)
        w = (
            np.sqrt(len(series))
            * (np.mean([t for t, _ in found]) - moments.mean.mean())
            / moments.variance.mean() ** 0.5
        )
        assert w == pytest.approx(expected, rel=1e-9)


def test_printed_cells_of_im_pesaran_and_shin():
    mean, variance = augmented_ratio_moments("ct", [10, 25, 100], [4, 8, 0])
    assert mean.tolist() == [-1.750, -1.761, -2.177] and variance.tolist() == [3.947, 1.208, 0.597]
    assert augmented_ratio_moments("c", 15, 4).mean.tolist() == -1.260  # next to a blank, but printed
    assert np.stack(ratio_moments([6, 2000])).tolist() == [[-1.520, -1.533], [1.745, 0.706]]
    assert np.stack(ratio_moments(8, tilde=True)).tolist() == [-1.214, 0.506]


def test_beyond_the_last_rows():
    """One over the rows toward the limit, or what programs keep."""
    assert augmented_ratio_moments("c", 200, 8).mean == pytest.approx((-1.456 + RATIO_LIMITS["c"][0]) / 2)
    for convention in ("plm", "gretl"):
        assert augmented_ratio_moments("c", 200, 8, convention=convention).mean == -1.456
    assert ratio_moments(1500, convention="gretl").mean == -1.529
    assert ratio_moments(1500).mean == pytest.approx(-1.531)
    assert ratio_moments(9000, convention="plm").variance == 0.706
    assert augmented_ratio_moments("ct", 10**9, 3).variance == pytest.approx(RATIO_LIMITS["ct"][1], abs=1e-6)


def test_short_and_blank_cells_are_refused_by_name():
    names = ["France", "Chile", "Peru"]
    with pytest.raises(pv.InsufficientDataError, match=r"begins at 10 rows; entity 'Chile' has 9 \(and 1 more entity"):
        augmented_ratio_moments("c", [20, 9, 8], 0, labels=names)
    with pytest.raises(pv.InsufficientDataError, match="no moments for 7 lags with so few rows; entity 'Peru' has 22"):
        augmented_ratio_moments("c", [25, 25, 22], 7, labels=names)
    with pytest.raises(pv.SpecificationError, match="ends at 8 lags; entity 'France' has 9"):
        augmented_ratio_moments("c", 50, [9, 1, 1], labels=names)
    with pytest.raises(pv.InsufficientDataError, match="begins at 6 rows; there are 5"):
        ratio_moments(5, convention="gretl")
    assert ratio_moments(5, convention="plm").mean == -1.520
    assert augmented_ratio_moments("c", 30, 12, convention="plm").mean == augmented_ratio_moments("c", 30, 8).mean
    with pytest.raises(pv.SpecificationError, match="finite"):
        ratio_moments(np.nan)
    with pytest.raises(pv.SpecificationError, match="trend='n'"):
        augmented_ratio_moments("n", 20, 0)


def test_adjustments_of_levin_lin_and_chu():
    assert [float(x) for x in levin_lin_chu_adjustment("c", 25)] == [-0.554, 0.919]
    assert np.stack(levin_lin_chu_adjustment("ct", [250, 1e12])).T.tolist()[0] == [-0.533, 0.603]
    # Between: linear, or the next printed size.
    assert levin_lin_chu_adjustment("c", 47).mean == pytest.approx(-0.533 + 0.4 * 0.002)
    assert levin_lin_chu_adjustment("c", 47, "plm").mean == pytest.approx(-0.533 + 0.4 * 0.002)
    assert levin_lin_chu_adjustment("c", 47, "gretl").mean == -0.531
    # Beyond: the limit is at infinity, at 500, or right after 250.
    assert levin_lin_chu_adjustment("c", 2000).sd == pytest.approx(0.707 + 0.25 * 0.035)
    assert levin_lin_chu_adjustment("c", 375, "plm").sd == pytest.approx((0.742 + 0.707) / 2)
    assert levin_lin_chu_adjustment("c", 251, "gretl").sd == 0.707
    stata = levin_lin_chu_adjustment("c", [12, 25, 47, 250, 251], "stata")
    assert stata.mean == pytest.approx([-0.554, -0.554, -0.533 + 0.4 * 0.002, -0.509, -0.5])
    assert levin_lin_chu_adjustment("ct", 40, "stata").sd == 0.971
    assert levin_lin_chu_adjustment("ct", 38, "stata").sd == pytest.approx(0.4 * 0.906 + 0.6 * 0.971)
    assert levin_lin_chu_adjustment("c", 40, "stata").sd == levin_lin_chu_adjustment("c", 40).sd
    # Below: drawn, refused from 8 rows down, or the first printed one.
    assert levin_lin_chu_adjustment("c", 13).sd > 1.0
    with pytest.raises(pv.InsufficientDataError, match=r"begins at 8 rows; there are 7\.$"):
        levin_lin_chu_adjustment("c", 7)
    # Of rows on average, no more digits than say it.
    with pytest.raises(pv.InsufficientDataError, match=r"there are 6\.67\.$"):
        levin_lin_chu_adjustment("c", 20 / 3)
    for convention in ("plm", "gretl"):
        assert levin_lin_chu_adjustment("c", 7, convention).mean == -0.554


def extrapolated(exact: list[np.ndarray]) -> np.ndarray:
    """What values for n, 2 n and 4 n steps tend to, whose errors are powers of 1 / n."""
    first, second = (2.0 * finer - coarser for coarser, finer in itertools.pairwise(exact))
    return (4.0 * second - first) / 3.0


def quadratic_forms(trend: str, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Matrices of the sums of level times change and of squared levels of a walk about its trend, over its length."""
    basis = np.linalg.qr(np.arange(steps, dtype=float)[:, None] ** np.arange(len(trend)))[0]
    level = np.tril(np.ones((steps, steps)), -1)
    level = level - basis @ (basis.T @ level)
    cross = (level + level.T) / (2.0 * steps)
    return cross, level.T @ level / steps**2


def limit(trend: str, steps: int) -> np.ndarray:
    """Mean and variance of cross / sqrt(squares) of normal steps, by the integrals that `RATIO_LIMITS` states."""
    cross, squares = quadratic_forms(trend, steps)
    values, axes = np.linalg.eigh(squares)
    turned = axes.T @ cross @ axes
    nodes, width = np.linspace(-44.0, 14.0, 900, retstep=True)  # theta = exp(node)
    mean = square = 0.0
    for node in nodes:
        damping = 1.0 + 2.0 * np.exp(node) * np.maximum(values, 0.0)
        density = np.exp(-0.5 * np.log(damping).sum())
        trace = (np.diag(turned) / damping).sum()
        mean += density * trace * np.exp(0.5 * node) / math.sqrt(math.pi)
        square += density * (trace**2 + 2.0 * (1.0 / damping) @ turned**2 @ (1.0 / damping)) * np.exp(node)
    return np.array([mean * width, square * width - (mean * width) ** 2])


@pytest.mark.parametrize("trend", ["c", "ct"])
def test_limits_of_ratios(trend):
    """Exact for steps of any number, extrapolated to very many."""
    exact = [limit(trend, steps) for steps in (75, 150, 300)]
    assert extrapolated(exact) == pytest.approx(np.array(RATIO_LIMITS[trend]), abs=1e-4)


@pytest.mark.parametrize("trend", ["c", "ct"])
def test_moments_of_hadri(trend):
    """Means and variances of sums of squared partial sums of residuals over n squared, exact for n rows."""
    exact = []
    for n in (100, 200, 400):
        basis = np.linalg.qr(np.arange(n, dtype=float)[:, None] ** np.arange(len(trend)))[0]
        sums = np.cumsum(np.eye(n) - basis @ basis.T, axis=0) / n
        form = sums.T @ sums
        exact.append(np.array([np.trace(form), 2.0 * (form**2).sum()]))
    assert extrapolated(exact) == pytest.approx(MOMENTS[trend], rel=1e-5)
