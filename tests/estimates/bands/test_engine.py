"""The band engine: seeds, chunks, rules, and each source against what it stands for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.special import ndtri
from streams import stream

import panelvar as pv
from panelvar import DeltaMethod, MonteCarlo, ResidualBootstrap
from panelvar.core.base.errors import NumericalError, SpecificationError, check_level
from panelvar.estimates.bands import simulated
from panelvar.estimates.bands.drawable import Draws
from panelvar.estimates.bands.target import Target
from panelvar.kernels.dynamics import dynamics, lag_problem
from panelvar.systems.var.drawable_system import DrawableSystem


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    y = np.zeros((120, 3))
    for row in range(1, 120):
        y[row] = np.array([[0.6, 0.1, 0.0], [0.0, 0.5, 0.2], [0.1, 0.0, 0.4]]) @ y[row - 1] + rng.standard_normal(3)
    return pv.fit_var(pd.DataFrame(y, columns=["x", "y", "z"]), lags=2)


def drawn(source, model) -> Draws:
    """The first chunk of a source's draws."""
    target = Target(DrawableSystem(model._problem, model.df_resid), np.zeros(1), lambda draws: draws.form.factor)
    return next(source.chunks(target, stream(source.seed)))


def test_the_same_seed_gives_the_same_band(model):
    first = model.impulse_responses(4, bands=ResidualBootstrap(200, seed=5))
    again = model.impulse_responses(4, bands=ResidualBootstrap(200, seed=5))
    other = model.impulse_responses(4, bands=ResidualBootstrap(200, seed=6))
    np.testing.assert_array_equal(first.draws, again.draws)
    assert not np.array_equal(first.lower, other.lower)


@pytest.mark.parametrize("source", [ResidualBootstrap(41, seed=2)])
def test_chunks_do_not_change_the_draws(model, source, monkeypatch):
    whole = model.impulse_responses(3, bands=source, level=0.5).draws
    monkeypatch.setattr(lag_problem, "CHUNK_BYTES", 7 * model._problem.design.nbytes)
    monkeypatch.setattr(lag_problem, "FEWEST_DRAWS", 1)
    assert model._problem.chunk_size() == 7
    np.testing.assert_allclose(model.impulse_responses(3, bands=source, level=0.5).draws, whole, atol=1e-12)


def test_bootstrap_draws_are_refits_of_resampled_data(model):
    """The slow twin: simulate a path for each draw, fit it through the public function, take its responses."""
    source = ResidualBootstrap(3, seed=9)
    with pytest.warns(pv.PanelVarWarning, match="draws"):
        draws = model.impulse_responses(5, bands=source).draws
    pool = model._problem.residuals - model._problem.residuals.mean(axis=0)
    pool = pool * np.sqrt(model.nobs / model.df_resid)
    chosen = stream(9).integers(0, model.nobs, (3, model.nobs), dtype=np.uint32)
    for draw in range(3):
        path = model.data.values.copy()
        for row in range(2, len(path)):
            path[row] = model.intercept + pool[chosen[draw, row - 2]]
            path[row] += model.coefficients[0] @ path[row - 1] + model.coefficients[1] @ path[row - 2]
        again = pv.fit_var(path, model.names, lags=2).impulse_responses(5)
        np.testing.assert_allclose(draws[draw], again.values, atol=1e-11)


def test_percentile_limits_are_quantiles_of_the_draws(model):
    responses = model.impulse_responses(4, bands=ResidualBootstrap(300, seed=1), level=0.8)
    np.testing.assert_allclose(responses.lower, np.quantile(responses.draws, 0.1, axis=0), atol=1e-15)
    np.testing.assert_allclose(responses.upper, np.quantile(responses.draws, 0.9, axis=0), atol=1e-15)
    np.testing.assert_allclose(responses.std_errors, responses.draws.std(axis=0, ddof=1))
    assert responses.level == 0.8
    assert "residual bootstrap, 300 draws" in responses.band_label
    assert list(responses.to_frame().columns) == ["value", "lower", "upper", "std_error"]


def test_a_wider_level_gives_a_wider_band(model):
    narrow = model.impulse_responses(4, bands=ResidualBootstrap(300, seed=1), level=0.6)
    wide = model.impulse_responses(4, bands=ResidualBootstrap(300, seed=1), level=0.9)
    assert (wide.lower <= narrow.lower).all()
    assert (wide.upper >= narrow.upper).all()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"shock_size": "unit"},
        {"ordering": ["z", "x", "y"]},
        {"cumulative": True},
        {"identification": "reduced_form"},
    ],
)
def test_draws_answer_the_question_asked(model, options):
    """Responses of each draw equal those of a system with the draw's parameters."""
    source = ResidualBootstrap(20, seed=3)
    draws = model.impulse_responses(4, bands=source, level=0.5, **options).draws
    chunk = drawn(source, model).form
    for place in (0, 19):
        factor = chunk.factor[place]
        system = pv.System(chunk.coefficients[place], model.names, sigma=factor @ factor.T)
        np.testing.assert_allclose(draws[place], system.impulse_responses(4, **options).values, atol=1e-12)


def test_decomposition_bands(model):
    shares = model.variance_decomposition(4, bands=ResidualBootstrap(50, seed=4), level=0.5)
    np.testing.assert_allclose(shares.draws.sum(axis=3), 1.0)
    assert ((shares.lower >= 0) & (shares.upper <= 1) & (shares.lower <= shares.upper)).all()
    np.testing.assert_array_equal(shares.values, model.variance_decomposition(4).values)


OPTIONS = [
    {"identification": identification, "shock_size": size, "cumulative": cumulative}
    for identification in ("cholesky", "reduced_form")
    for size in ("sd", "unit")
    for cumulative in (False, True)
]


@pytest.mark.parametrize("options", [*OPTIONS, {"ordering": ["z", "x", "y"], "shock_size": "unit"}])
def test_delta_method_is_the_numerical_delta_method(model, options):
    """Standard errors from numerical derivatives and the textbook covariances of coefficients and sigma."""
    exact = model.impulse_responses(3, bands=DeltaMethod(), **options)
    lags, n_vars = model.lags, model.n_vars
    x = model._problem.design[:, : model.n_regressors]
    inner = np.linalg.inv(x.T @ x)[1:, 1:]
    cov_coefficients = np.kron(model.sigma, inner)  # of vec(B), equation by equation
    duplication = np.zeros((n_vars**2, n_vars * (n_vars + 1) // 2))
    for place, (i, j) in enumerate(zip(*np.tril_indices(n_vars), strict=True)):
        duplication[[i * n_vars + j, j * n_vars + i], place] = 1.0
    left = np.linalg.pinv(duplication)
    cov_sigma = 2.0 / model.nobs * left @ np.kron(model.sigma, model.sigma) @ left.T

    def values(vector):
        count = lags * n_vars**2
        params = vector[:count].reshape(n_vars, lags * n_vars).T
        sigma = (duplication @ vector[count:]).reshape(n_vars, n_vars)
        coefficients = lag_problem.lag_matrices(params, 0)
        return pv.System(coefficients, model.names, sigma=sigma).impulse_responses(3, **options).values.ravel()

    start = np.concatenate([model._problem.params[1:].T.ravel(), model.sigma.to_numpy()[np.tril_indices(n_vars)]])
    steps = 1e-6 * np.eye(start.size)
    jacobian = np.array([(values(start + step) - values(start - step)) / 2e-6 for step in steps]).T
    covariance = np.zeros((start.size, start.size))
    count = lags * n_vars**2
    covariance[:count, :count], covariance[count:, count:] = cov_coefficients, cov_sigma
    variance = np.einsum("ij,jk,ik->i", jacobian, covariance, jacobian)
    np.testing.assert_allclose(exact.std_errors.ravel() ** 2, variance, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(exact.upper - exact.values, ndtri(0.975) * exact.std_errors)


def test_monte_carlo_has_the_moments_of_its_distribution(model):
    target = Target(DrawableSystem(model._problem, model.df_resid), np.zeros(1), lambda draws: draws.form.factor)
    chunks = [chunk.form for chunk in MonteCarlo(20_000, seed=7).chunks(target, np.random.default_rng(7))]
    coefficients = np.concatenate([chunk.coefficients for chunk in chunks])
    factors = np.concatenate([chunk.factor for chunk in chunks])
    sigma = factors @ factors.swapaxes(1, 2)
    # Mean of an inverse Wishart with n - m degrees of freedom: scatter / (n - m - K - 1).
    scatter = model.sigma_df.to_numpy() * model.df_resid
    mean = scatter / (model.df_resid - model.n_vars - 1)
    np.testing.assert_allclose(sigma.mean(axis=0), mean, rtol=0.02, atol=0.01)
    error = coefficients.std(axis=0) / np.sqrt(20_000)
    assert (np.abs(coefficients.mean(axis=0) - model.coefficients) < 5 * error).all()
    spread = model.std_errors.loc["L1.x", "y"] * np.sqrt(model.df_resid / (model.df_resid - model.n_vars - 1))
    assert coefficients[:, 0, 1, 0].std() == pytest.approx(spread, rel=0.03)


def test_monte_carlo_draws_are_impacts_with_the_ordering(model):
    responses = model.impulse_responses(2, bands=MonteCarlo(30, seed=1), level=0.5)
    np.testing.assert_array_equal(responses.draws[:, 0], np.tril(responses.draws[:, 0]))


def test_divisor_of_sigma_follows_the_convention(model):
    maximum = pv.fit_var(model.data.values, model.names, lags=2, convention="gretl")
    source = ResidualBootstrap(20, seed=3)
    ratio = np.sqrt(model.df_resid / model.nobs)
    first, second = (m.impulse_responses(2, bands=source, level=0.5).draws for m in (model, maximum))
    np.testing.assert_allclose(second, ratio * first)


def test_few_draws_are_noted(model):
    with pytest.warns(pv.PanelVarWarning, match="rests on"):
        responses = model.impulse_responses(1, bands=ResidualBootstrap(50))
    assert {note.code for note in responses.notes} == {"few-draws"}


@pytest.mark.parametrize(
    "arguments", [{"draws": 1}, {"draws": 10.5}, {"draws": True}, {"seed": -1}, {"seed": "a"}, {"interval": "basic"}]
)
def test_bad_sources_are_refused(arguments):
    with pytest.raises(SpecificationError, match=next(iter(arguments))):
        ResidualBootstrap(**arguments)


@pytest.mark.parametrize("level", [0.05, 0.0, 1.0, 1.5, -0.2, "high", float("nan"), None])
def test_levels_are_not_alphas(model, level):
    with pytest.raises(SpecificationError, match="level"):
        check_level(level)
    with pytest.raises(SpecificationError, match="level"):
        model.impulse_responses(1, level=level)


@pytest.mark.parametrize(("level", "meant"), [(0.05, "0.95"), (90, "0.9"), (97.5, "0.975"), (np.int64(68), "0.68")])
def test_levels_of_significance_and_in_percent_are_answered(level, meant):
    with pytest.raises(SpecificationError, match=rf"did you mean level={meant}\?$"):
        check_level(level)


def test_something_else_as_bands_is_refused(model):
    with pytest.raises(SpecificationError, match="bands="):
        model.impulse_responses(1, bands="bootstrap")


def test_draws_that_overflow_are_an_error(model):
    target = Target(
        DrawableSystem(model._problem, model.df_resid),
        np.zeros(1),
        lambda draws: np.full((len(draws.form.coefficients), 1), np.inf),
    )
    with pytest.raises(NumericalError, match="20 of 20 draws"):
        ResidualBootstrap(20, seed=1).band(target, 0.9)


def test_a_degenerate_bootstrap_says_so(model, monkeypatch):
    def fail(self, innovations, params=None, beside=None):
        raise np.linalg.LinAlgError

    monkeypatch.setattr(lag_problem.LagProblem, "refit", fail)
    with pytest.raises(NumericalError, match="fewer lags"):
        model.impulse_responses(1, bands=ResidualBootstrap(200, seed=1))


def test_impacts_use_a_triangular_factor_as_it_is(model):
    """The shortcut for draws in the natural order gives what the long way gives."""
    chunk = drawn(ResidualBootstrap(10, seed=3), model).form
    sigma = chunk.factor @ chunk.factor.swapaxes(1, 2)
    np.testing.assert_allclose(dynamics.cholesky_impact(sigma), chunk.factor, atol=1e-13)


@pytest.mark.parametrize("source", [DeltaMethod(), MonteCarlo(20, seed=1), ResidualBootstrap(20, seed=1)])
@pytest.mark.parametrize("cumulative", [False, True])
def test_variances_that_overflow_are_refused_without_a_runtime_warning(source, cumulative):
    rng = np.random.default_rng(0)
    y = np.ones((40, 1))
    for row in range(1, 40):
        y[row] = 2.0 * y[row - 1] + rng.standard_normal()
    explosive = pv.fit_var(y, trend="n")
    with pytest.raises(NumericalError, match="overflow, because the system is explosive"):
        explosive.impulse_responses(700, bands=source, level=0.5, cumulative=cumulative)


@pytest.mark.parametrize(
    "options", [{}, {"cumulative": True}, {"shock_size": "unit"}, {"identification": "generalised"}]
)
def test_errors_of_draws_are_those_of_their_derivatives(options):
    """The shorter way to studentised intervals and the general one, taken a few draws at a time."""
    rng = np.random.default_rng(3)
    y = np.cumsum(rng.standard_normal((80, 2)), axis=0) * 0.1 + rng.standard_normal((80, 2))
    model = pv.fit_var(y, lags=2)
    kept = {}

    class Keep(ResidualBootstrap):
        def band(self, target, level):
            kept["target"] = target
            return super().band(target, level)

    model.impulse_responses(5, bands=Keep(200, seed=1, interval="studentised"), **options)
    target = kept["target"]
    source = ResidualBootstrap(200, seed=1, interval="studentised")
    (chunk,) = source.chunks(target, np.random.default_rng(1))
    assert target.draw_errors is not None
    general = replace(target, draw_errors=None)
    shorter = simulated.drawn_errors(target, chunk.form, chunk.spread)
    assert_allclose(shorter, simulated.drawn_errors(general, chunk.form, chunk.spread), rtol=1e-9, atol=1e-12)
