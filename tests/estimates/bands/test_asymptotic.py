"""Asymptotic bands of shares and forecasts: derivatives by differences, formulas written out, the book's numbers."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from reference_data import table

import panelvar as pv
from panelvar import DeltaMethod, ResidualBootstrap, SpecificationError
from panelvar.kernels.dynamics import dynamics
from panelvar.systems.var.drawable_system import DrawableSystem

NAMES = ["dl_investment", "dl_income", "dl_consumption"]


@pytest.fixture(scope="module")
def data():
    return table("wgmacro")[NAMES].iloc[:75].reset_index(drop=True)


def moved_systems(model, step):
    """Systems a step along each direction of the coefficients and of sigma, both ways."""
    problem = model._problem
    form = DrawableSystem(problem, model.df_resid).estimate
    for direction in problem.directions(form.factor):
        yield [(problem.params + sign * step * direction, model.sigma) for sign in (1.0, -1.0)]
    n_vars = model.n_vars
    for row in range(n_vars):
        for column in range(row + 1):
            unit = np.zeros((n_vars, n_vars))
            unit[row, column] = unit[column, row] = np.sqrt((2.0 if row == column else 1.0) / model.nobs)
            move = form.factor @ unit @ form.factor.T
            yield [(problem.params, model.sigma + sign * step * move) for sign in (1.0, -1.0)]


def system(model, params, sigma):
    d, lags, n_vars = model.terms.count, model.lags, model.n_vars
    matrices = params[d:].reshape(lags, n_vars, n_vars).swapaxes(1, 2)
    return pv.System(matrices, model.names, sigma=sigma)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"ordering": NAMES[::-1]},
        {"identification": "long_run"},
        {"identification": "generalised"},
        {"identification": "generalised", "normalised": True},
    ],
)
def test_errors_of_shares_by_differences(data, options):
    model, step = pv.fit_var(data, lags=2), 1e-4
    slopes = [
        (
            system(model, *ahead).variance_decomposition(5, **options).values
            - system(model, *back).variance_decomposition(5, **options).values
        )
        / (2 * step)
        for ahead, back in moved_systems(model, step)
    ]
    expected = np.sqrt(np.square(slopes).sum(axis=0))
    shares = model.variance_decomposition(5, bands=DeltaMethod(), level=0.9, **options)
    assert_allclose((shares.upper - shares.values) / 1.6448536269514722, expected, rtol=1e-6, atol=1e-9)
    assert_allclose(shares.upper - shares.values, shares.values - shares.lower, atol=1e-12)
    assert "delta method" in shares.band_label


def test_shares_of_fewer_shocks_than_variables_have_all_errors_below_them(data):
    """One shock by an instrument has no formula; sets neither: both say so."""
    model = pv.fit_var(data, lags=2)
    series = np.r_[np.nan, np.nan, model._problem.residuals[:, 0]]
    for scheme in (pv.ExternalInstrument(series, NAMES[0]), pv.SignRestrictions({(NAMES[0], "a"): "+"}, seed=1)):
        with pytest.raises(SpecificationError, match="The delta method has no formula"):
            model.variance_decomposition(3, identification=scheme, bands=DeltaMethod())


def test_studentised_shares_are_made_of_every_draw_s_error(data):
    model = pv.fit_var(data, lags=1)
    source = ResidualBootstrap(60, seed=2, interval="studentised")
    shares = model.variance_decomposition(3, bands=source, level=0.8)
    plain = model.variance_decomposition(3, bands=DeltaMethod(), level=0.8)
    assert_allclose(shares.lower[0, 0], [1.0, 0.0, 0.0], atol=1e-12)
    moving = (plain.upper - plain.lower) > 1e-9
    assert np.isfinite(shares.lower).all()
    assert (shares.upper - shares.lower)[moving].min() > 0.0


@pytest.mark.parametrize("options", [{"lags": 2}, {"lags": 1, "trend": "ct", "seasons": 4}, {"lags": 3, "trend": "n"}])
def test_errors_of_forecasts_by_differences(data, options):
    model, step, steps = pv.fit_var(data, **options), 1e-4, 4
    terms = model.terms.rows(len(data) + 1, steps)
    d, lags = terms.shape[1], model.lags
    history = data.to_numpy()[-lags:]

    def path(params):
        matrices = params[d:].reshape(lags, 3, 3).swapaxes(1, 2)
        return dynamics.forecast_path(matrices, history, terms @ params[:d])

    moves = model._problem.directions(np.linalg.cholesky(model.sigma))
    slopes = [
        (path(model._problem.params + step * move) - path(model._problem.params - step * move)) / (2 * step)
        for move in moves
    ]
    added = np.einsum("dsi,dsj->sij", slopes, slopes)
    forecast, plain = model.forecast(steps, bands=DeltaMethod(), level=0.9), model.forecast(steps)
    assert_allclose(forecast.covariance, plain.covariance + added, rtol=1e-7, atol=1e-12)
    assert_allclose(forecast.values, plain.values)
    assert_allclose(forecast.upper - forecast.values, 1.6448536269514722 * forecast.std_errors, rtol=1e-9)
    # One step ahead the contribution is z'(X'X)^-1 z sigma.
    row = np.concatenate([terms[0], history[::-1].ravel()])
    x = model._problem.design[:, : model.n_regressors]
    assert_allclose(added[0], row @ np.linalg.solve(x.T @ x, row) * model.sigma, rtol=1e-7)


def test_a_path_of_forecasts_is_wider_than_its_points_and_narrower_than_bonferroni(data):
    model = pv.fit_var(data, lags=2)
    widths = [
        (band.upper - band.lower)
        for joint in (None, "sup-t", "bonferroni")
        for band in [model.forecast(6, bands=DeltaMethod(joint=joint), level=0.9)]
    ]
    assert (widths[0] < widths[1]).all()
    assert (widths[1] < 1.01 * widths[2]).all()  # simulated, and nearly independent here


@pytest.mark.parametrize(("lags", "trend"), [(1, "c"), (2, "c"), (3, "n")])
def test_mean_squared_errors_from_an_average_origin(data, lags, trend):
    """Luetkepohl (3.5.11) and (3.5.12) with its own matrices."""
    model = pv.fit_var(data, lags=lags, trend=trend)
    x, n, steps = model._problem.design[:, : model.n_regressors], model.nobs, 5
    count, size = model.terms.count, x.shape[1]
    bold = np.zeros((size, size))
    bold[:count, :count] = 1.0
    bold[count : count + 3] = model._problem.params.T
    bold[count + 3 :, count:-3] = np.eye(size - count - 3)
    gamma, phi, sigma = x.T @ x / n, dynamics.moving_average(model.coefficients, steps), model.sigma.to_numpy()
    power = [np.linalg.matrix_power(bold, h) for h in range(steps)]
    for h in range(1, steps + 1):
        omega = sum(
            np.trace(power[h - 1 - i].T @ np.linalg.inv(gamma) @ power[h - 1 - j] @ gamma) * phi[i] @ sigma @ phi[j].T
            for i in range(h)
            for j in range(h)
        )
        expected = sum(phi[i] @ sigma @ phi[i].T for i in range(h)) + omega / n
        assert_allclose(model.approximate_mse(h)[-1], expected, rtol=1e-9)
    assert_allclose(model.approximate_mse(1)[0], model.sigma * (1 + size / n), rtol=1e-12)


def test_an_average_origin_needs_a_stationary_system(data):
    for model in (
        pv.fit_var(data, lags=1, trend="ct"),
        pv.fit_var(data, lags=1, seasons=4),
        pv.fit_var(data, NAMES[:2], lags=1, exogenous=NAMES[2:]),
        pv.fit_restricted_var(data, restrictions={NAMES[0]: [f"L1.{NAMES[1]}"]}, lags=1),
    ):
        with pytest.raises(SpecificationError, match="average origin"):
            model.approximate_mse(2)
    with pytest.raises(pv.NumericalError, match="average origin"):
        pv.fit_var(np.cumsum(np.cumsum(data.to_numpy(), axis=0), axis=0), lags=1).approximate_mse(2)
