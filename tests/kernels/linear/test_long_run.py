"""Long-run covariances: loops over t and j, other programs, the process itself, units."""

from __future__ import annotations

from fractions import Fraction
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from reference_data import table

import panelvar as pv
from panelvar.kernels.linear.lag_windows import (
    KERNELS,
    RULES,
    andrews_bandwidth,
    bandwidth_by_rule,
    kernel_weights,
    last_lag,
    newey_west_bandwidth,
)
from panelvar.kernels.linear.long_run import long_run_covariance, long_run_variance, prewhitened_covariance

PARTS = ("contemporaneous", "strictly_one_sided", "two_sided", "one_sided", "bandwidth")


def persistent(seed=0, shape=(5, 60, 3), root=0.6):
    """Stacks of series that depend on their past and on one another."""
    rng = np.random.default_rng(seed)
    out = rng.standard_normal(shape)
    mix = rng.standard_normal((shape[-1], shape[-1]))
    for t in range(1, shape[-2]):
        out[..., t, :] = root * out[..., t - 1, :] + out[..., t, :] @ mix
    return out


def weight(kernel, distance, bandwidth):
    if kernel == "quadratic-spectral":
        x = 6 * np.pi * distance / (5 * bandwidth)
        return 3 / x**2 * (np.sin(x) / x - np.cos(x))
    z = distance / (bandwidth + 1)
    if z >= 1:
        return 0.0
    if kernel == "bartlett":
        return 1 - z
    return 1 - 6 * z**2 + 6 * z**3 if z <= 0.5 else 2 * (1 - z) ** 3


def by_loops(u, kernel, bandwidth, divisor):
    """Sums over pairs of dates: of equal ones, of a later with an earlier one, of all."""
    n, k = u.shape
    present, past, both = np.zeros((k, k)), np.zeros((k, k)), np.zeros((k, k))
    for t in range(n):
        for s in range(n):
            w = 1.0 if s == t else weight(kernel, abs(t - s), bandwidth) if bandwidth else 0.0
            both += w * np.outer(u[t], u[s])
            if s < t:
                past += w * np.outer(u[t], u[s])
        present += np.outer(u[t], u[t])
    return present / divisor, past / divisor, both / divisor


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("bandwidth", [0.0, 1.0, 4.0, 3.7, 80.0])
def test_sums_over_pairs_of_dates(kernel, bandwidth):
    u = persistent(shape=(40, 3))
    found = long_run_covariance(u, kernel, bandwidth)
    present, past, both = by_loops(u, kernel, bandwidth, 40)
    scale = np.abs(both).max()
    assert_allclose(found.contemporaneous, present, rtol=1e-12, atol=1e-13 * scale)
    assert_allclose(found.strictly_one_sided, past, rtol=1e-12, atol=1e-13 * scale)
    assert_allclose(found.two_sided, both, rtol=1e-12, atol=1e-13 * scale)
    assert_allclose(found.one_sided, present + past, rtol=1e-12, atol=1e-13 * scale)
    adjusted = long_run_covariance(u, kernel, bandwidth, divisor=40 - 3)
    assert_allclose(adjusted.two_sided, both * 40 / 37, rtol=1e-11, atol=1e-12 * scale)
    assert_allclose(long_run_variance(u.T, kernel, bandwidth), np.diag(both), rtol=1e-11)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("estimate", [long_run_covariance, prewhitened_covariance])
def test_a_stack_is_its_parts_each_with_its_bandwidth(kernel, estimate):
    u, bandwidths = persistent(1), np.array([0.0, 2.0, 9.0, 3.0, 70.0])
    for asked in (bandwidths, 3.0, "newey-west", "andrews", "stata"):
        together = estimate(u, kernel, asked)
        for i, one in enumerate(u):
            alone = estimate(one, kernel, asked if np.ndim(asked) == 0 else asked[i])
            for part in PARTS:
                assert_allclose(getattr(together, part)[i], getattr(alone, part), rtol=1e-11, atol=1e-12)
    squared = estimate(u.reshape(1, 5, 60, 3), kernel, bandwidths[None])
    assert_allclose(squared.two_sided[0], estimate(u, kernel, bandwidths).two_sided, rtol=1e-12)


# arch 8.0.0, arch.covariance.kernel, center=False, of the changes of e and prod in canada.csv: long_run and one_sided
# at bandwidth 4, and the bandwidth chosen. Bartlett's long_run is also S_hac_simple(x, 4) / n of statsmodels 0.15.
IN_ARCH = {
    "bartlett": (
        [1.6406574245455108, 0.6740410201505608, 0.6740410201505607, 1.0208312926400835],
        [1.0639864111128663, 0.5414737688850991, 0.2671317570523023, 0.7797014504785758],
        7.02423747924308,
    ),
    "parzen": (
        [1.4023517653198319, 0.5471996439093822, 0.5471996439093822, 0.918619910951935],
        [0.9448335815000268, 0.4237751240806594, 0.25798902561556347, 0.7285957596345015],
        11.730985808558396,
    ),
    "quadratic-spectral": (
        [1.738337096353824, 0.716447785236789, 0.716447785236789, 1.0770456250055545],
        [1.112826247017023, 0.5637351172020463, 0.28727717382158346, 0.8078086166613113],
        5.827585608136716,
    ),
}
PILOTS = {"bartlett": 2 / 9, "parzen": 4 / 25, "quadratic-spectral": 2 / 25}


@pytest.mark.parametrize("kernel", KERNELS)
def test_as_in_arch_and_statsmodels(kernel):
    changes = np.diff(table("canada")[["e", "prod"]].to_numpy(), axis=0)
    two_sided, one_sided, chosen = IN_ARCH[kernel]
    found = long_run_covariance(changes, kernel, 4)
    assert_allclose(found.two_sided.ravel(), two_sided, rtol=1e-12)
    assert_allclose(found.one_sided.ravel(), one_sided, rtol=1e-12)
    pilot = int(np.ceil(4 * (len(changes) / 100) ** PILOTS[kernel]))
    width = newey_west_bandwidth(changes, kernel, np.ones(2), pilot=pilot, whole=False)
    assert width == pytest.approx(chosen, rel=1e-12)
    if kernel == "quadratic-spectral":
        assert_allclose(
            long_run_covariance(changes, kernel, chosen, divisor=len(changes) - 3).two_sided.ravel(),
            [2.171411589726219, 0.9355010823648928, 0.9355010823648928, 1.2738754127298149],
            rtol=1e-12,
        )


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.lists(st.integers(-400, 400), min_size=3, max_size=3),
    st.sampled_from(KERNELS),
    st.sampled_from([2.0, 6.5, "newey-west", "andrews"]),
)
def test_units_change_no_digit(seed, powers, kernel, bandwidth):
    """Squares of 2^400 are in range; the squares' sums of 2^600 below, which are not, are refused."""
    u = persistent(seed, (2, 25, 3))
    scaled = np.ldexp(u, powers)
    for estimate in (long_run_covariance, prewhitened_covariance):
        plain, moved = estimate(u, kernel, bandwidth), estimate(scaled, kernel, bandwidth)
        assert_array_equal(plain.bandwidth, moved.bandwidth)
        both = np.add.outer(powers, powers)
        for part in ("contemporaneous", "strictly_one_sided", "two_sided"):
            assert_array_equal(getattr(moved, part), np.ldexp(getattr(plain, part), both))


def test_covariances_out_of_range_are_refused():
    u = persistent(shape=(30, 2))
    for power in (600, -600):
        for estimate in (long_run_covariance, prewhitened_covariance):
            with pytest.raises(pv.NumericalError, match="Rescale the series"):
                estimate(np.ldexp(u, [0, power]), "bartlett", 2)
    assert_array_equal(long_run_covariance(np.zeros((9, 2)), "parzen", "newey-west").two_sided, np.zeros((2, 2)))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(KERNELS), st.floats(0.0, 12.0), st.booleans())
def test_two_sided_is_symmetric_and_not_negative(seed, kernel, bandwidth, whiten):
    u = persistent(seed, (3, 14, 4))
    found = (prewhitened_covariance if whiten else long_run_covariance)(u, kernel, bandwidth)
    assert_array_equal(found.two_sided, found.two_sided.swapaxes(1, 2))
    spread = np.sqrt(found.contemporaneous.diagonal(axis1=1, axis2=2))
    correlations = found.two_sided / spread[:, :, None] / spread[:, None, :]
    assert (np.linalg.eigvalsh(correlations) > -1e-11 * np.abs(correlations).max(axis=(1, 2))[:, None]).all()
    if not whiten:
        delta = found.one_sided
        assert_allclose(found.two_sided, delta + delta.swapaxes(1, 2) - found.contemporaneous, rtol=1e-10, atol=1e-10)


def test_backwards_in_time_the_past_is_the_future():
    u = persistent(3, (50, 3))
    forwards, backwards = (long_run_covariance(each, "parzen", 6) for each in (u, u[::-1]))
    assert_allclose(backwards.strictly_one_sided, forwards.strictly_one_sided.T, rtol=1e-10, atol=1e-12)
    assert_allclose(backwards.two_sided, forwards.two_sided, rtol=1e-10, atol=1e-12)


# ---- prewhitening


def whitened_by_loops(u, kernel, bandwidth, largest):
    n, k = u.shape
    own = np.linalg.solve(
        sum(np.outer(u[t - 1], u[t - 1]) for t in range(1, n)), sum(np.outer(u[t - 1], u[t]) for t in range(1, n))
    ).T
    size = np.diag(np.sqrt((u**2).mean(axis=0)))
    left, values, right = np.linalg.svd(np.linalg.inv(size) @ own @ size)
    own = size @ left @ np.diag(np.minimum(values, largest)) @ right @ np.linalg.inv(size)
    e = np.array([u[t] - own @ u[t - 1] for t in range(1, n)])
    present, past, both = by_loops(e, kernel, bandwidth, n)
    colour = np.linalg.inv(np.eye(k) - own)
    sigma = u.T @ u / n
    return sigma, colour @ (present + past) @ colour.T - sigma @ own.T @ colour.T, colour @ both @ colour.T


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("root", "largest"), [(0.5, 0.97), (0.999, 0.97), (0.9, 0.9999)])
def test_prewhitening_written_out(kernel, root, largest):
    u = persistent(4, (50, 2), root)
    found = prewhitened_covariance(u, kernel, 3, largest=largest)
    sigma, one_sided, two_sided = whitened_by_loops(u, kernel, 3, largest)
    assert_allclose(found.contemporaneous, sigma, rtol=1e-11)
    assert_allclose(found.one_sided, one_sided, rtol=1e-9, atol=1e-10 * np.abs(two_sided).max())
    assert_allclose(found.two_sided, two_sided, rtol=1e-9, atol=1e-10 * np.abs(two_sided).max())


@pytest.mark.parametrize("kernel", KERNELS)
def test_prewhitened_sums_fit_together_where_the_ends_are_zero(kernel):
    """The one thing that the two formulas leave out is the first and the last period."""
    u = persistent(5, (60, 3), 0.4)
    u[[0, -1]] = 0.0
    found = prewhitened_covariance(u, kernel, 4, largest=0.9999)
    delta = found.one_sided
    assert_allclose(delta + delta.T - found.contemporaneous, found.two_sided, rtol=1e-9, atol=1e-10)
    cut = u.copy()
    cut[-1] = 50.0
    found = prewhitened_covariance(cut, kernel, 4, largest=0.9999)
    delta = found.one_sided
    assert np.abs(delta + delta.T - found.contemporaneous - found.two_sided).max() > 1.0


def test_of_an_autoregression_both_estimates_are_its_own():
    """Omega = D S D', Delta = D Gamma_0 with D = (I - A)^{-1}; prewhitened, no lag is needed."""
    own, n = np.array([[0.5, 0.2], [-0.1, 0.3]]), 40_000
    e = np.random.default_rng(6).standard_normal((n, 2)) @ np.array([[1.0, 0.4], [0.0, 0.8]])
    u = e.copy()
    for t in range(1, n):
        u[t] += own @ u[t - 1]
    colour, spread = np.linalg.inv(np.eye(2) - own), np.array([[1.0, 0.4], [0.4, 0.8]])
    gamma = np.linalg.solve(np.eye(4) - np.kron(own, own), spread.ravel()).reshape(2, 2)
    two_sided = colour @ spread @ colour.T
    sizes = np.sqrt(np.outer(two_sided.diagonal(), two_sided.diagonal()))
    # Three standard errors of Parzen's kernel, sqrt(2 0.54 L / n), are 8 percent of these.
    for found in (prewhitened_covariance(u, "bartlett", 0), long_run_covariance(u, "parzen", 25)):
        assert np.abs((found.contemporaneous - gamma) / sizes).max() < 0.02
        assert np.abs((found.one_sided - colour @ gamma) / sizes).max() < 0.08
        assert np.abs((found.two_sided - two_sided) / sizes).max() < 0.08
        assert np.abs((found.one_sided.T - colour @ gamma) / sizes).max() > 0.08


def test_series_that_cannot_be_whitened_are_refused():
    u = persistent(shape=(30, 2))
    with pytest.raises(pv.CollinearityError, match="depend on one another"):
        prewhitened_covariance(np.column_stack([u, u[:, 0] + u[:, 1]]), "bartlett", 2)
    with pytest.raises(pv.InsufficientDataError, match="at least 4 periods; there are 3"):
        prewhitened_covariance(u[:3], "bartlett", 1)
    for largest in (0.0, 1.0, np.nan):
        with pytest.raises(pv.SpecificationError, match="must be between 0 and 1"):
            prewhitened_covariance(u, "bartlett", 1, largest=largest)
    assert prewhitened_covariance(np.ones((8, 1)), "bartlett", 0).two_sided == pytest.approx(7 / 8)


# ---- windows


@pytest.mark.parametrize("kernel", KERNELS)
def test_weights_of_every_lag_at_every_bandwidth(kernel):
    distance, lags = np.arange(1, 9)[:, None], np.array([0.0, 0.5, 3.0, 7.2])
    found = kernel_weights(distance, kernel, lags)
    for i, d in enumerate(distance[:, 0]):
        for j, bandwidth in enumerate(lags):
            assert found[i, j] == pytest.approx(weight(kernel, d, bandwidth) if bandwidth else 0.0, abs=1e-15)
    if kernel == "quadratic-spectral":
        assert np.abs(kernel_weights(distance, kernel, [5e-324, 1e-200])).max() < 1e-190
    for bandwidth in lags:
        beyond = last_lag(kernel, bandwidth, 9)
        weights = kernel_weights(np.arange(1, 9), kernel, bandwidth)
        assert (weights[beyond:] == 0.0).all()
        assert beyond == 0 or abs(weights[beyond - 1]) > 0.0


def exact_spectral_weight(x: float) -> float:
    """Three times (sin x / x - cos x) over the square of x, from both series in fractions."""
    x = Fraction(x)
    sine = sum((-1) ** k * x ** (2 * k + 1) / factorial(2 * k + 1) for k in range(60))
    cosine = sum((-1) ** k * x ** (2 * k) / factorial(2 * k) for k in range(60))
    return float(3 / x**2 * (sine / x - cosine))


@pytest.mark.parametrize("bandwidth", [2.0, 5.0, 12.5, 13.0, 100.0, 1e4, 1e8, 1e30, 1e300])
def test_weights_of_long_bandwidths_keep_their_digits(bandwidth):
    found = kernel_weights(np.arange(1, 9), "quadratic-spectral", bandwidth)
    exact = [exact_spectral_weight(1.2 * np.pi * d / bandwidth) if bandwidth < 1e200 else 1.0 for d in range(1, 9)]
    assert_allclose(found, exact, rtol=1e-14, atol=1e-15)


ORDERS = {"bartlett": (1, 1.1447), "parzen": (2, 2.6614), "quadratic-spectral": (2, 1.3221)}


def pilot_by_loops(u, kernel):
    """Newey and West's bandwidth of one series."""
    n = len(u)
    (order, constant), power = ORDERS[kernel], PILOTS[kernel]
    c = [sum(u[t] * u[t - j] for t in range(j, n)) / n for j in range(int(n**power) + 1)]
    top, bottom = 2 * sum(j**order * c[j] for j in range(1, len(c))), c[0] + 2 * sum(c[1:])
    width = constant * ((top / bottom) ** 2 * n) ** (1 / (2 * order + 1))
    return min(width if kernel == "quadratic-spectral" else int(width), n - 1)


def plugged_in_by_loops(u, kernel):
    """Andrews's bandwidth, eq. 6.2 and 6.4, with unit weights."""
    n = len(u)
    alpha, total = 0.0, 0.0
    for a in range(u.shape[1]):
        x = u[:, a]
        rho = min(max(x[1:] @ x[:-1] / (x[:-1] @ x[:-1]), -0.97), 0.97)
        fourth = ((x[1:] - rho * x[:-1]) ** 2).mean() ** 2
        total += fourth / (1 - rho) ** 4
        power = (1 - rho) ** 6 * (1 + rho) ** 2 if kernel == "bartlett" else (1 - rho) ** 8
        alpha += 4 * rho**2 * fourth / power
    order, constant = ORDERS[kernel]
    width = constant * (alpha / total * n) ** (1 / (2 * order + 1))
    return width if kernel == "quadratic-spectral" else min(int(width), n - 1)


@pytest.mark.parametrize("kernel", KERNELS)
def test_bandwidths_by_loops(kernel):
    stacks = persistent(7, (6, 90, 3))
    weights = np.array([0.5, 2.0, 0.0])
    found = newey_west_bandwidth(stacks, kernel, weights), andrews_bandwidth(stacks, kernel, weights)
    for i, u in enumerate(stacks):
        assert found[0][i] == pytest.approx(pilot_by_loops(u @ weights, kernel), rel=1e-10)
        assert found[1][i] == pytest.approx(plugged_in_by_loops(u[:, :2] * weights[:2], kernel), rel=1e-10)
    one = stacks[0, :, 0]
    assert newey_west_bandwidth(one, kernel) == pytest.approx(pilot_by_loops(one, kernel), rel=1e-12)
    assert andrews_bandwidth(one, kernel) == pytest.approx(plugged_in_by_loops(one[:, None], kernel), rel=1e-12)
    for rule in (newey_west_bandwidth, andrews_bandwidth):
        assert_allclose(rule(stacks * [1.0, 300.0, 0.07], kernel), rule(stacks, kernel), rtol=1e-10)
        assert_array_equal(rule(stacks, kernel, [1.0, 1.0, 0.0]), rule(stacks[..., :2], kernel, [1.0, 1.0]))
        far = np.ldexp(stacks, [0, 0, 900])
        assert_array_equal(rule(far, kernel, [1.0, 1.0, 0.0]), rule(stacks[..., :2], kernel, [1.0, 1.0]))
        assert_array_equal(rule(np.zeros((2, 9, 1)), kernel), [0.0, 0.0])


def test_bandwidths_by_rule():
    u = persistent(8, (4, 50, 2))
    expected = {
        "short": int(4 * 0.5**0.25),
        "long": int(12 * 0.5**0.25),
        "schwert": 11,
        "stata": int(4 * 0.5 ** (2 / 9)),
    }
    for rule in RULES:
        found = bandwidth_by_rule(u, rule, "bartlett")
        assert found.shape == (4,)
        if rule in expected:
            assert_array_equal(found, np.full(4, expected[rule]))
    assert_array_equal(bandwidth_by_rule(u, "andrews", "parzen"), andrews_bandwidth(u, "parzen"))
    assert bandwidth_by_rule(u[0, :5, 0], "long", "bartlett") == 4.0
    with pytest.raises(pv.SpecificationError, match="newey-west"):
        bandwidth_by_rule(u, "nw", "bartlett")
