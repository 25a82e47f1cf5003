"""Every batched bootstrap against a loop of single refits of data generated a period at a time."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from streams import stream

import panelvar as pv
from panelvar import (
    BootstrapAfterBootstrap,
    InsufficientDataError,
    MovingBlockBootstrap,
    NumericalError,
    ParametricBootstrap,
    RecursiveWildBootstrap,
    ResidualBootstrap,
    SpecificationError,
)
from panelvar.estimates.bands import simulated as draws_of_bands
from panelvar.estimates.bands.resampling import Pool
from panelvar.estimates.bands.target import Target
from panelvar.kernels.dynamics import autoregressive_bias as bias_of
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.lag_problem import lag_matrices
from panelvar.systems.var.drawable_system import DrawableSystem

EPSILON = np.finfo(float).eps


def series(root, n=90, seed=0, k=2):
    rng = np.random.default_rng(seed)
    y = np.zeros((n, k))
    first = root * np.eye(k) + 0.05 * np.triu(np.ones((k, k)), 1)
    for row in range(1, n):
        y[row] = 0.1 + first @ y[row - 1] + rng.standard_normal(k)
    return y


@pytest.fixture(scope="module", params=[0.5, 0.97, 1.0], ids=["stable", "near", "unit"])
def model(request):
    return pv.fit_var(series(request.param), ["x", "y"], lags=2, trend="ct")


def simulated(model, innovations, params=None):
    """One data set, a period at a time."""
    params = model._problem.params if params is None else params
    path = model.data.values.copy()
    d = model._problem.n_deterministic
    for t in range(2, len(path)):
        terms = [1.0, t + 1.0][:d]
        path[t] = np.concatenate([terms, path[t - 1], path[t - 2]]) @ params + innovations[t - 2]
    return path


def refitted(model, innovations, params=None):
    return pv.fit_var(simulated(model, innovations, params), model.names, lags=2, trend=model.trend)


def tolerance(model):
    return (
        100
        * EPSILON
        * np.linalg.cond(model._problem.design[:, : model.n_regressors] / model._problem.column_sizes[:-2])
    )


@pytest.mark.parametrize(
    "source",
    [
        ResidualBootstrap(5, seed=1),
        RecursiveWildBootstrap(5, seed=1),
        RecursiveWildBootstrap(5, seed=1, multiplier="mammen"),
        MovingBlockBootstrap(5, seed=1),
        ParametricBootstrap(5, seed=1),
        MovingBlockBootstrap(5, seed=1, block_length=7),
    ],
)
def test_draws_are_refits(model, source):
    target = Target(DrawableSystem(model._problem, model.df_resid), np.zeros(1), lambda draws: draws.form.factor)
    (chunk,) = source.chunks(target, np.random.default_rng(1))
    drawn = source.resample(Pool(model._problem.residuals, model.df_resid), 5, model.nobs, np.random.default_rng(1))[0]
    for draw in range(5):
        again = refitted(model, drawn[draw])
        scale = abs(again._problem.params).max()
        assert_allclose(chunk.form.coefficients[draw], again.coefficients, rtol=0, atol=tolerance(model) * scale)
        sigma = chunk.form.factor[draw] @ chunk.form.factor[draw].T
        assert_allclose(sigma, again.sigma, rtol=0, atol=tolerance(model) * np.abs(again.sigma.to_numpy()).max())


def test_moving_blocks_are_consecutive_and_centred():
    source = MovingBlockBootstrap(3, block_length=4)
    residuals = np.random.default_rng(0).standard_normal((22, 2))
    drawn = source.resample(Pool(residuals, 20), 3, 22, np.random.default_rng(5))[0]
    centres = [residuals[s : s + 19].mean(axis=0) for s in range(4)]
    for draw in range(3):
        for start in range(0, 22, 4):
            block = drawn[draw, start : start + 4] + np.array(centres)[: len(drawn[draw, start : start + 4])]
            places = [r for r in range(19) if np.allclose(residuals[r : r + len(block)], block)]
            assert places
    # Averaged over all blocks, every place has mean zero.
    every = np.array([residuals[r : r + 4] - centres for r in range(19)])
    assert_allclose(every.mean(axis=0), 0.0, atol=1e-14)
    assert MovingBlockBootstrap().length_for(100) == int(np.ceil(5.03 * 100**0.25))
    with pytest.raises(InsufficientDataError, match="block_length="):
        MovingBlockBootstrap(block_length=30).length_for(20)
    with pytest.raises(SpecificationError, match="block_length"):
        MovingBlockBootstrap(block_length=0)


def test_few_blocks_are_warned_about():
    model = pv.fit_var(series(0.5), ["x", "y"], lags=1)
    with pytest.warns(pv.PanelVarWarning, match=r"89 rows make only 5.6 blocks of 16"):
        model.impulse_responses(2, bands=MovingBlockBootstrap(200, seed=1))
    band = model.impulse_responses(2, bands=MovingBlockBootstrap(200, seed=1, block_length=8))
    assert "few-blocks" not in {note.code for note in band.notes}


def test_a_class_is_no_source():
    model = pv.fit_var(series(0.5), ["x", "y"], lags=1)
    with pytest.raises(SpecificationError, match=r"ResidualBootstrap is the class: call it"):
        model.impulse_responses(2, bands=ResidualBootstrap)


def test_parametric_errors_have_the_estimated_covariance_and_no_memory():
    residuals = np.random.default_rng(0).standard_t(3, (60, 2)) @ np.array([[1.0, 0.0], [0.8, 0.5]])
    drawn = ParametricBootstrap(2).resample(Pool(residuals, 50), 2000, 60, np.random.default_rng(1))[0]
    flat = drawn.reshape(-1, 2)
    sigma = residuals.T @ residuals / 50
    # Standard errors over 120,000 rows: 0.003 of a mean, 0.004 of a variance, in units of sigma.
    unit = flat / np.sqrt(sigma.diagonal())
    correlation = sigma[0, 1] / np.sqrt(sigma[0, 0] * sigma[1, 1])
    assert_allclose(unit.mean(axis=0), 0.0, atol=0.012)
    assert_allclose(unit.T @ unit / len(unit), [[1.0, correlation], [correlation, 1.0]], atol=0.016)
    assert_allclose((unit**4).mean(axis=0), 3.0, atol=0.12)
    assert abs((drawn[:, 1:, 0] * drawn[:, :-1, 0]).mean()) < 0.012 * sigma[0, 0]


def test_a_parametric_bootstrap_needs_a_density():
    source = ParametricBootstrap(2)
    with pytest.raises(NumericalError, match="singular"):
        source.resample(Pool(np.eye(30)[:, :2] * [1.0, 0.0], 25), 2, 30, np.random.default_rng(0))
    with pytest.raises(SpecificationError, match="no instrument"):
        source.resample(Pool(np.eye(30)[:, :2], 25, np.ones((30, 1))), 2, 30, np.random.default_rng(0))


@pytest.mark.parametrize("multiplier", ["rademacher", "normal", "mammen"])
def test_multipliers_have_mean_zero_and_variance_one(multiplier):
    source = RecursiveWildBootstrap(2, multiplier=multiplier)
    drawn = source.resample(Pool(np.ones((50, 1)), 40), 4000, 50, np.random.default_rng(2))[0]
    assert abs(drawn.mean()) < 0.01
    assert drawn.var() == pytest.approx(1.0, abs=0.02)
    if multiplier == "mammen":
        assert (drawn**3).mean() == pytest.approx(1.0, abs=0.05)


def test_a_wild_bootstrap_says_what_it_cannot_do():
    model = pv.fit_var(series(0.5), ["x", "y"], lags=1)
    with pytest.warns(pv.PanelVarWarning, match="MovingBlockBootstrap"):
        model.impulse_responses(3, bands=RecursiveWildBootstrap(200, seed=1))
    quiet = model.impulse_responses(
        3, identification="reduced_form", shock_size="unit", bands=RecursiveWildBootstrap(200, seed=1)
    )
    assert quiet.lower is not None
    with pytest.raises(SpecificationError, match="multiplier"):
        RecursiveWildBootstrap(multiplier="webb")


def kilian(estimate, bias):
    """The correction of one draw, in words of the paper."""

    def modulus(lags):
        return np.abs(np.linalg.eigvals(dynamics.companion(lag_matrices(lags, 0)))).max()

    if modulus(estimate) >= 1.0:
        return estimate
    share = 1.0
    while share > 0.0 and modulus(estimate - share * bias) >= 1.0:
        share -= 0.01
    return estimate - max(share, 0.0) * bias


def test_bootstrap_after_bootstrap_is_kilians_algorithm_in_a_loop(model):
    source = BootstrapAfterBootstrap(6, seed=3, bias_draws=8)
    problem, d = model._problem, model._problem.n_deterministic
    target = Target(DrawableSystem(problem, model.df_resid), np.zeros(1), lambda draws: draws.form.factor)
    chunk = next(source.chunks(target, np.random.default_rng(3)))
    rng = np.random.default_rng(3)
    first = ResidualBootstrap().resample(Pool(problem.residuals, model.df_resid), 8, model.nobs, rng)[0]
    bias = np.mean([refitted(model, first[b])._problem.params[d:] for b in range(8)], axis=0) - problem.params[d:]
    centre = kilian(problem.params[d:], bias)
    x, y = problem.design[:, : model.n_regressors], problem.design[:, model.n_regressors :]
    terms = np.linalg.lstsq(x[:, :d], y - x[:, d:] @ centre, rcond=None)[0]
    generating = np.concatenate([terms, centre])
    second = ResidualBootstrap().resample(Pool(y - x @ generating, model.df_resid), 6, model.nobs, rng)[0]
    allowed = 20 * tolerance(model) * abs(generating).max()
    for draw in range(6):
        again = refitted(model, second[draw], generating)
        lags = kilian(again._problem.params[d:], bias)
        assert_allclose(chunk.form.coefficients[draw], lag_matrices(lags, 0), rtol=0, atol=allowed)
        own = again._problem.design
        left = own[:, model.n_regressors :] - own[:, d : model.n_regressors] @ lags
        beside = np.linalg.lstsq(own[:, :d], left, rcond=None)[0]
        assert_allclose(chunk.form.beside[draw], beside, rtol=0, atol=allowed * 100)


@pytest.mark.parametrize("trend", ["c", "n"])
def test_popes_formula_takes_the_place_of_the_first_bootstrap(trend):
    model = pv.fit_var(series(0.8), ["x", "y"], lags=2, trend=trend)
    source = BootstrapAfterBootstrap(400, seed=3, bias="pope")
    problem = model._problem
    system = DrawableSystem(problem, model.df_resid)
    formula, drawn = (
        one.estimated_bias(system, np.random.default_rng(0)).swapaxes(1, 2).reshape(4, 2)
        for one in (source, BootstrapAfterBootstrap(bias_draws=4000))
    )
    variances = np.sum(problem.inverse_factor[problem.n_deterministic :] ** 2, axis=1)
    spread = np.sqrt(np.outer(variances, np.diag(model.sigma)))
    # Bias and simulation error are fractions of a standard error; what is of higher order is a fraction of that.
    assert np.abs(formula - drawn).max() < np.abs(drawn).max()
    assert (np.abs(formula - drawn) < 0.1 * spread).all()
    band = model.impulse_responses(3, bands=source, level=0.9)
    assert "Pope-corrected bootstrap (residual bootstrap), 400 draws" in band.band_label


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"trend": "ct"}, "beside a constant"), ({"trend": "n", "exogenous": ["w"]}, "beside a constant")],
)
def test_popes_formula_is_for_a_constant(options, reason):
    values = pd.DataFrame(np.random.default_rng(2).standard_normal((60, 3)), columns=["x", "y", "w"])
    columns = ["x", "y", "w"] if "exogenous" in options else ["x", "y"]
    fitted = pv.fit_var(values[columns], lags=1, **options)
    with pytest.raises(SpecificationError, match=f"bias='pope'.*{reason}.*bias='bootstrap'"):
        fitted.impulse_responses(3, bands=BootstrapAfterBootstrap(100, seed=1, bias="pope"))


def test_popes_formula_needs_stable_estimates_and_no_gaps():
    source = BootstrapAfterBootstrap(100, seed=1, bias="pope")
    explosive = pv.fit_var(1.1 ** np.arange(60.0)[:, None] + series(0.0, n=60, k=1), lags=1)
    assert not explosive.is_stable
    with pytest.raises(SpecificationError, match="not stable"):
        explosive.impulse_responses(3, bands=source)
    with pytest.warns(pv.PanelVarWarning, match="absent"):
        gappy = pv.fit_var(pd.DataFrame(series(0.0, n=60, k=1), columns=["x"]).drop(index=30), lags=1)
    with pytest.raises(SpecificationError, match="gaps"):
        gappy.impulse_responses(3, bands=source)
    with pytest.raises(SpecificationError, match="Did you mean 'pope'"):
        BootstrapAfterBootstrap(bias="popes")


def test_corrections_stop_at_the_unit_circle():
    lags = np.array([[[0.95]], [[1.02]], [[0.5]], [[0.99]]])
    bias = np.array([[-0.08]])
    out = bias_of.corrected(lags.copy(), bias)[:, 0, 0]
    assert out[1] == 1.02
    assert out[2] == pytest.approx(0.58)
    # 0.95 + 0.08 d < 1 first at d = 0.62; 0.99 + 0.08 d < 1 first at d = 0.12.
    assert out[0] == pytest.approx(0.95 + 0.08 * 0.62)
    assert out[3] == pytest.approx(0.99 + 0.08 * 0.12)
    assert (np.abs(out[[0, 2, 3]]) < 1.0).all()
    # An explosive draw stays, also where the correction would make it stable.
    assert bias_of.corrected(np.array([[[1.02]], [[0.99]]]), -bias)[:, 0, 0].tolist() == pytest.approx([1.02, 0.91])


def test_a_proof_of_stability_never_errs():
    rng = np.random.default_rng(6)
    lags = rng.standard_normal((500, 4, 2)) * 0.45
    roots = np.abs(dynamics.companion_roots(lag_matrices(lags, 0)))[:, 0]
    sure = bias_of._surely_stable(lags)
    assert (roots[sure] < 1.0).all()
    assert sure[roots < 0.95].all()


def test_bias_correction_moves_the_band_up():
    model = pv.fit_var(series(0.95, n=80, k=1), ["x"], lags=1)
    plain = model.impulse_responses(10, bands=ResidualBootstrap(400, seed=1), level=0.9)
    lifted = model.impulse_responses(10, bands=BootstrapAfterBootstrap(400, seed=1, bias_draws=400), level=0.9)
    assert (lifted.upper[3:] > plain.upper[3:]).all()
    assert "bootstrap after bootstrap" in lifted.band_label
    blocks = BootstrapAfterBootstrap(200, seed=1, bias_draws=200, base=MovingBlockBootstrap(block_length=7))
    assert "moving block" in model.impulse_responses(2, bands=blocks).band_label
    with pytest.raises(SpecificationError, match="base="):
        BootstrapAfterBootstrap(base="residual")
    with pytest.raises(SpecificationError, match="bias_draws"):
        BootstrapAfterBootstrap(bias_draws=0)


@pytest.mark.parametrize(
    "source",
    [
        ResidualBootstrap(400, seed=1),
        MovingBlockBootstrap(400, seed=1),
        RecursiveWildBootstrap(400, seed=1),
        BootstrapAfterBootstrap(400, seed=1, bias_draws=200),
        pv.MonteCarlo(400, seed=1),
    ],
)
@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_forecast_intervals(source):
    model = pv.fit_var(series(0.6, n=150), ["x", "y"], lags=2)
    plain = model.forecast(4)
    banded = model.forecast(4, bands=source)
    assert_allclose(banded.values, plain.values)
    assert banded.draws.shape == (400, 4, 2)
    width = (banded.upper - banded.lower) / (plain.upper - plain.lower)
    assert ((width > 0.8) & (width < 1.5)).all()
    assert banded.band_label == source.label
    assert source.kind.split()[0] in str(banded)
    joint = model.forecast(4, bands=ResidualBootstrap(400, seed=1, joint="sup-t"))
    alone = model.forecast(4, bands=ResidualBootstrap(400, seed=1))
    assert ((joint.upper - joint.lower) >= (alone.upper - alone.lower) - 1e-12).all()


def test_simulated_forecasts_are_the_recursion_of_each_draw():
    model = pv.fit_var(series(0.6), ["x", "y"], lags=2, trend="ct")
    source = ResidualBootstrap(5, seed=4)
    with pytest.warns(pv.PanelVarWarning, match="draws"):
        banded = model.forecast(3, bands=source)
    system = DrawableSystem(model._problem, model.df_resid)
    target = Target(system, np.zeros(1), lambda draws: draws.form.factor, future_steps=3)
    chunk = next(source.chunks(target, stream(4)))
    for draw in range(5):
        path = list(model.data.values[-2:])
        for h in range(3):
            terms = np.array([1.0, model.data.values.shape[0] + 1 + h]) @ chunk.form.beside[draw]
            moved = chunk.form.coefficients[draw, 0] @ path[-1] + chunk.form.coefficients[draw, 1] @ path[-2]
            path.append(terms + moved + chunk.future[draw, h])
        assert_allclose(banded.draws[draw], path[2:], rtol=1e-11)


def test_a_block_of_all_rows_is_refused():
    """Less its mean over the only place it can have, it is zero: bands of every statistic had no width but rounding."""
    frame = pd.DataFrame(np.random.default_rng(0).standard_normal((10, 2)), columns=["x", "y"])
    model = pv.fit_var(frame, lags=1)
    # By the usual rule, and asked for.
    for length in (None, 9):
        with pytest.raises(pv.InsufficientDataError, match="one block of all 9 periods"):
            model.impulse_responses(2, bands=pv.MovingBlockBootstrap(29, seed=1, block_length=length))


def test_a_progress_bar_is_not_written_among_the_output(monkeypatch, capsys):
    """Neither outside a notebook that is only imported, nor where draws take long."""
    pytest.importorskip("tqdm")
    kernel = SimpleNamespace(IPKernelApp=SimpleNamespace(initialized=lambda: False))
    monkeypatch.setitem(sys.modules, "ipykernel.kernelapp", kernel)
    monkeypatch.setattr(draws_of_bands, "_PATIENCE", 0.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    model = pv.fit_var(np.random.default_rng(0).standard_normal((60, 2)), lags=1)
    model.impulse_responses(3, bands=pv.ResidualBootstrap(draws=300))
    written = capsys.readouterr()
    assert written.out == ""
    assert "draws" in written.err
