"""Identification schemes: what each promises of its impact matrix, and their derivatives."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import panelvar as pv
from panelvar import (
    Cholesky,
    DeltaMethod,
    Generalised,
    LongRun,
    ReducedFormErrors,
    ResidualBootstrap,
    SpecificationError,
)
from panelvar.estimates.bands.target import Target
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.systems.var.drawable_system import DrawableSystem

NAMES = ("x", "y", "z")


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(4)
    y = np.zeros((160, 3))
    first = np.array([[0.5, 0.1, 0.0], [0.2, 0.3, 0.1], [0.0, 0.2, 0.4]])
    mix = np.array([[1.0, 0.0, 0.0], [0.5, 0.8, 0.0], [-0.3, 0.4, 0.6]])
    for t in range(1, 160):
        y[t] = 0.3 + first @ y[t - 1] + mix @ rng.standard_normal(3)
    return pv.fit_var(y, NAMES, lags=2)


def form_of(model):
    return ReducedForm(model.coefficients, np.linalg.cholesky(model.sigma))


def test_a_generalised_response_is_the_cholesky_response_with_the_variable_first(model):
    generalised = model.impulse_responses(8, identification="generalised")
    for place, name in enumerate(NAMES):
        first = [name, *(other for other in NAMES if other != name)]
        alone = model.impulse_responses(8, ordering=first)
        assert_allclose(generalised.values[:, :, place], alone.values[:, :, place], atol=1e-13)


@pytest.mark.parametrize("ordering", [None, ("z", "x", "y")])
def test_long_run_shocks_have_triangular_lasting_effects(model, ordering):
    scheme = LongRun(ordering)
    impact = scheme.impact(form_of(model), NAMES)
    assert_allclose(impact @ impact.T, model.sigma, rtol=1e-12)
    lasting = model.long_run_effects(identification=scheme, shock_size="sd")
    arranged = lasting.loc[list(ordering or NAMES), list(ordering or NAMES)].to_numpy()
    assert_allclose(np.triu(arranged, 1), 0.0, atol=1e-12)
    assert (np.diagonal(arranged) > 0.0).all()
    far = model.impulse_responses(400, identification=scheme, cumulative=True)
    assert_allclose(far.values[-1], lasting.to_numpy(), atol=1e-10)


@pytest.mark.parametrize(
    "scheme",
    [Cholesky(), Cholesky(["y", "z", "x"]), ReducedFormErrors(), Generalised(), LongRun(), LongRun(["z", "y", "x"])],
)
@pytest.mark.parametrize("size", ["sd", "unit"])
def test_derivatives_equal_differences(model, scheme, size):
    from panelvar.systems.responses.shocks import choose_shocks

    shocks = choose_shocks(NAMES, model.sigma.to_numpy(), scheme, size, None)
    rng = np.random.default_rng(2)
    steps = rng.standard_normal((4, *model.coefficients.shape))
    sigma_steps = rng.standard_normal((4, 3, 3))
    sigma_steps = sigma_steps + sigma_steps.swapaxes(1, 2)
    exact = shocks.derivatives(form_of(model), steps, sigma_steps)
    h = 1e-6
    for d in range(4):
        ends = [
            shocks.impact(
                ReducedForm(
                    model.coefficients + sign * h * steps[d],
                    np.linalg.cholesky(model.sigma + sign * h * sigma_steps[d]),
                )
            )
            for sign in (1.0, -1.0)
        ]
        assert_allclose(exact[d], (ends[0] - ends[1]) / (2 * h), atol=2e-8)


@pytest.mark.parametrize("scheme", [Cholesky(["y", "z", "x"]), Generalised(), LongRun(), ReducedFormErrors()])
def test_batches_equal_single_forms(model, scheme):
    target = Target(DrawableSystem(model._problem, model.df_resid), np.zeros(1), lambda draws: draws.form.factor)
    chunk = next(ResidualBootstrap(6, seed=3).chunks(target, np.random.default_rng(3))).form
    together = scheme.impact(chunk, NAMES)
    for draw in range(6):
        alone = scheme.impact(ReducedForm(chunk.coefficients[draw], chunk.factor[draw]), NAMES)
        assert_allclose(together[draw], alone, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", ["cholesky", "generalised", "long_run"])
def test_every_scheme_takes_the_same_bands(model, name):
    for source in (DeltaMethod(), ResidualBootstrap(200, seed=1), pv.MonteCarlo(200, seed=1)):
        responses = model.impulse_responses(5, identification=name, bands=source, level=0.9)
        assert (responses.lower <= responses.upper).all()
    assert name.split("_")[0] in str(responses).lower()


def test_generalised_shares(model):
    """Raw shares against the formula written out, normalised ones summing to one (Diebold and Yilmaz 2012)."""
    raw = model.variance_decomposition(6, identification="generalised")
    phi = dynamics.moving_average(model.coefficients, 5)
    sigma = model.sigma.to_numpy()
    top, bottom = np.zeros((3, 3)), np.zeros(3)
    for h in range(6):
        top += (phi[h] @ sigma) ** 2 / np.diagonal(sigma)
        bottom += np.diagonal(phi[h] @ sigma @ phi[h].T)
        assert_allclose(raw.values[h], top / bottom[:, None], rtol=1e-12)
    scaled = model.variance_decomposition(6, identification="generalised", normalised=True)
    assert_allclose(scaled.values.sum(axis=2), 1.0)
    assert_allclose(scaled.values, raw.values / raw.values.sum(axis=2, keepdims=True))
    band = model.variance_decomposition(4, identification="generalised", bands=ResidualBootstrap(200, seed=2))
    assert_allclose(band.draws.shape, (200, 4, 3, 3))
    with pytest.raises(SpecificationError, match="no share"):
        model.variance_decomposition(3, identification="reduced_form")


def test_misnamed_schemes_are_answered(model):
    with pytest.raises(SpecificationError, match="call it"):
        model.impulse_responses(2, identification=LongRun)
    with pytest.raises(SpecificationError, match="goes into the identification object"):
        model.impulse_responses(2, identification=Cholesky(), ordering=NAMES)
    with pytest.raises(SpecificationError, match="name every variable once"):
        model.impulse_responses(2, identification=LongRun(["x", "y"]))
    with pytest.raises(SpecificationError, match="'long_run'"):
        model.impulse_responses(2, identification="blanchard-quah")
    with pytest.raises(SpecificationError, match="expected a sequence"):
        Cholesky("xyz")
    with pytest.raises(pv.MissingInformationError):
        pv.System(model.coefficients).impulse_responses(2, identification="generalised")


@pytest.mark.filterwarnings("ignore:The system is not stable")
def test_long_run_shocks_of_any_size_have_the_long_run_effect_they_are_to_have():
    """The square of the long-run effect has left the range of numbers."""
    system = pv.System(np.array([[[1e100]]]), sigma=np.array([[1e-300]]))
    values = system.impulse_responses(1, identification=pv.LongRun()).values
    # Of (1 - 1e100)^{-1} 1e-150 the long-run effect is positive, so that the impact is negative.
    np.testing.assert_allclose(np.ravel(values), [-1e-150, -1e-50], rtol=1e-12)


def test_short_run_patterns_of_a_system_without_lags():
    data = np.random.default_rng(0).standard_normal((60, 2))
    model = pv.fit_var(data, lags=0)
    below, scales = np.array([[1.0, 0.0], [np.nan, 1.0]]), np.diag([np.nan, np.nan])
    own = model.impulse_responses(3, identification=pv.ShortRun(below, scales)).values
    np.testing.assert_allclose(np.asarray(own)[0], np.asarray(model.impulse_responses(3).values)[0], atol=1e-8)
