"""What whitening must do for any panel: turn a quadratic form in the inverse covariance into a sum of squares."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from panelvar.kernels.linear.groups import Grouping
from panelvar.panels.gls.autoregression import METHODS, estimate_coefficients, find_runs, remove_autoregression
from panelvar.panels.gls.error_covariance import contrasts, whiten


@st.composite
def panels(draw):
    """Codes and positions of an unbalanced panel with gaps, sorted, and a generator of numbers."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    units, dates = draw(st.integers(2, 6)), draw(st.integers(2, 12))
    present = rng.random((units, dates)) < draw(st.sampled_from([0.5, 0.8, 1.0]))
    present[:, 0] |= ~present.any(axis=1)
    codes, positions = np.nonzero(present)
    return codes, positions, rng


def grouped(codes):
    _, compact = np.unique(codes, return_inverse=True)
    return Grouping.from_codes(compact.astype(np.int64), int(compact.max()) + 1)


@given(panels(), st.floats(-0.95, 0.95))
@settings(max_examples=60, deadline=None)
def test_freed_rows_are_the_inverse_of_the_autocovariances(panel, rho):
    codes, positions, rng = panel
    e = rng.standard_normal(len(codes))
    runs = find_runs(codes, positions, "exact")
    (freed,), rows, logs = remove_autoregression([e], runs, np.full(len(e), rho), keep_starts=True)
    apart = np.abs(np.subtract.outer(positions, positions)).astype(float)
    omega = np.where(np.equal.outer(codes, codes), np.power(rho, apart) / (1 - rho**2), 0.0)
    np.testing.assert_allclose(freed @ freed, e @ np.linalg.solve(omega, e), rtol=1e-9)
    np.testing.assert_allclose(-2.0 * logs, np.linalg.slogdet(omega)[1], rtol=1e-9, atol=1e-9)
    assert len(rows) == len(e)


@given(panels(), st.floats(-0.95, 0.95))
@settings(max_examples=30, deadline=None)
def test_a_run_that_restarts_is_an_entity_of_its_own(panel, rho):
    codes, positions, rng = panel
    e = rng.standard_normal(len(codes))
    broken = np.cumsum((np.diff(codes, prepend=-1) != 0) | (np.diff(positions, prepend=-9) != 1))
    one = remove_autoregression([e], find_runs(codes, positions, "restart"), np.full(len(e), rho), keep_starts=True)
    other = remove_autoregression([e], find_runs(broken, positions, "exact"), np.full(len(e), rho), keep_starts=True)
    np.testing.assert_allclose(one[0][0], other[0][0], rtol=1e-14)


@given(panels(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_whitened_rows_are_the_inverse_of_the_covariance(panel, centred):
    codes, positions, rng = panel
    units, dates = grouped(codes), grouped(positions)
    root = rng.standard_normal((units.n_groups, units.n_groups + 2))
    sigma = root @ root.T + np.eye(units.n_groups)
    e = rng.standard_normal(len(codes))
    if centred:
        e = e - dates.means(e)[dates.codes]
    (moved,), logs, dropped = whiten([e], sigma, units, dates, centred=centred)
    total, log_determinant = 0.0, 0.0
    for t in range(dates.n_groups):
        rows = np.flatnonzero(dates.codes == t)
        block = sigma[np.ix_(units.codes[rows], units.codes[rows])]
        basis = contrasts(len(rows)) if centred else np.eye(len(rows))
        inner = basis.T @ block @ basis
        total += e[rows] @ basis @ np.linalg.solve(inner, basis.T @ e[rows])
        log_determinant += np.linalg.slogdet(inner)[1] if inner.size else 0.0
    np.testing.assert_allclose(moved @ moved, total, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(logs, log_determinant, rtol=1e-9, atol=1e-9)
    assert dropped == 0


@given(panels(), st.sampled_from(METHODS), st.floats(1e-3, 1e3))
@settings(max_examples=40, deadline=None)
def test_coefficients_do_not_depend_on_units_of_residuals(panel, method, factor):
    codes, positions, rng = panel
    e = rng.standard_normal(len(codes))
    runs, units = find_runs(codes, positions, "restart"), grouped(codes)
    one = estimate_coefficients(e, runs, units, method, 2)
    other = estimate_coefficients(factor * e, runs, units, method, 2)
    np.testing.assert_allclose(other, one, rtol=1e-10)
    if method == "tscorr":
        assert (np.abs(one[~np.isnan(one)]) < 1.0).all()
