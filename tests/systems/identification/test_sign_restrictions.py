"""Sign restrictions: a slow twin, what every model promises, sets known in closed form, seeds and messages."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import panelvar as pv
from panelvar import MonteCarlo, NumericalError, ResidualBootstrap, SignRestrictions, SpecificationError
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.linear.draws import constrained_columns, haar_columns

NAMES = ("output", "prices", "rate")
DEMAND_SUPPLY = {
    ("output", "demand"): "+",
    ("prices", "demand"): "+",
    ("output", "supply"): "+",
    ("prices", "supply"): "-",
}


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(4)
    y = np.zeros((200, 3))
    first = np.array([[0.5, 0.1, 0.0], [0.2, 0.3, 0.1], [0.0, 0.2, 0.4]])
    mix = np.array([[1.0, 0.8, -0.4], [0.9, -0.7, -0.2], [0.3, 0.1, 0.6]])
    for t in range(1, 200):
        y[t] = 0.3 + first @ y[t - 1] + mix @ rng.standard_normal(3)
    return pv.fit_var(y, NAMES, lags=2)


def test_every_model_reproduces_sigma_and_has_the_signs(model):
    signs = DEMAND_SUPPLY | {("rate", "policy"): ("+", 2), ("output", "policy"): ("-", (1, 3))}
    responses = model.impulse_responses(6, identification=SignRestrictions(signs, models=200, seed=1), level=0.68)
    assert responses.shocks == ("demand", "supply", "policy")
    draws = responses.draws
    impact = draws[:, 0]
    assert_allclose(impact @ impact.swapaxes(1, 2), np.broadcast_to(model.sigma, impact.shape), atol=1e-12)
    demand, supply, policy = (draws[..., shock] for shock in range(3))
    assert (demand[:, 0, :2] >= 0).all()
    assert (supply[:, 0, 0] >= 0).all()
    assert (supply[:, 0, 1] <= 0).all()
    assert (policy[:, :3, 2] >= 0).all()
    assert (policy[:, 1:4, 0] <= 0).all()
    assert ((responses.lower <= responses.median) & (responses.median <= responses.upper)).all()
    assert responses.std_errors is None


def test_the_model_shown_is_closest_to_the_medians(model):
    scheme = SignRestrictions(DEMAND_SUPPLY, models=150, target_horizon=8, seed=3)
    responses = model.impulse_responses(8, identification=scheme)
    draws = responses.draws
    scaled = (draws - np.median(draws, axis=0)) / draws.std(axis=0)
    closest = np.argmin([np.sum(one**2) for one in scaled])
    assert_allclose(responses.values, draws[closest], atol=1e-14)
    shorter = model.impulse_responses(3, identification=scheme)
    assert_allclose(shorter.values, responses.values[:4], atol=1e-14)
    assert "Fry and Pagan" in responses.notes[0].text
    assert "rotations have the signs you asked for" in responses.notes[0].text


def test_against_rejection_one_rotation_at_a_time(model):
    """The same distribution from the definition: draw, look, keep (a quantile of each response, and the share kept)."""
    scheme = SignRestrictions(DEMAND_SUPPLY, periods=1, models=4000, seed=5)
    responses = model.impulse_responses(2, identification=scheme)
    rng = np.random.default_rng(6)
    factor, phi = np.linalg.cholesky(model.sigma), dynamics.moving_average(model.coefficients, 2)
    kept, tried = [], 0
    wanted = np.array([[1.0, 1.0], [1.0, -1.0]])
    while len(kept) < 4000:
        tried += 1
        q, r = np.linalg.qr(rng.standard_normal((3, 3)))
        q = q * np.sign(np.diagonal(r))
        paths = phi @ factor @ q[:, :2]
        turn = np.sign(paths[0, 0])
        if (paths[:2, :2] * turn * wanted >= 0.0).all():
            kept.append(paths * turn)
    slow = np.array(kept)
    quantiles = [0.1, 0.5, 0.9]
    spread = slow.std(axis=0)
    gap = np.abs(np.quantile(slow, quantiles, axis=0) - np.quantile(responses.draws, quantiles, axis=0)) / spread
    # Standard errors of the difference of two quantiles of 4000 draws are about 0.04 standard deviations.
    assert gap.max() < 0.16
    accepted, total = (int(word) for word in responses.notes[0].text.split()[:3:2])
    assert_allclose(accepted / total, 4000 / tried, rtol=0.1)


def test_the_set_of_two_variables_is_known():
    """With sigma = I a demand shock is an angle in the first quadrant: every response of 0 to 1 is in the set."""
    system = pv.System(np.zeros((2, 2)), ["q", "p"], sigma=np.eye(2))
    signs = {("q", "demand"): "+", ("p", "demand"): "+"}
    responses = system.impulse_responses(0, identification=SignRestrictions(signs, models=4000, seed=1), level=0.9)
    angle = 0.9 * np.pi / 4
    assert_allclose(responses.lower[0, :, 0], np.sin(np.pi / 4 - angle), atol=0.02)
    assert_allclose(responses.upper[0, :, 0], np.cos(np.pi / 4 - angle), atol=0.02)
    assert_allclose(responses.draws.min(), 0.0, atol=0.01)
    assert_allclose(responses.draws.max(), 1.0, atol=0.01)


def test_zeros_hold(model):
    signs = {("rate", "policy"): "+", ("output", "demand"): "+", ("prices", "demand"): "+"}
    zero = {("output", "policy"): 0, ("prices", "policy"): "long-run"}
    responses = model.impulse_responses(400, identification=SignRestrictions(signs, zero=zero, models=50, seed=1))
    draws = responses.draws
    assert_allclose(draws[:, 0, 0, 0], 0.0, atol=1e-12)
    assert_allclose(draws[:, :, 1, 0].sum(axis=1), 0.0, atol=1e-9)
    later = model.impulse_responses(2, identification=SignRestrictions(signs, zero={("rate", "demand"): 1}, models=50))
    assert_allclose(later.draws[:, 1, 2, 1], 0.0, atol=1e-12)
    shocks = np.linalg.solve(np.linalg.cholesky(model.sigma), draws[:, 0])
    assert_allclose(shocks.swapaxes(1, 2) @ shocks, np.broadcast_to(np.eye(2), (50, 2, 2)), atol=1e-12)
    recursive = {("rate", "policy"): "+"}
    point = SignRestrictions(recursive, zero=[("output", "policy"), ("prices", "policy")], models=5, seed=1)
    exact = model.impulse_responses(5, identification=point)
    assert_allclose(exact.values[..., 0], model.impulse_responses(5).values[..., 2], atol=1e-12)
    assert_allclose(exact.lower, exact.upper, atol=1e-12)


def test_rotations_are_uniform():
    rng = np.random.default_rng(1)
    columns = haar_columns((40_000,), 3, 3, rng)
    assert_allclose(columns.mean(axis=0), 0.0, atol=0.02)
    assert_allclose((columns**2).mean(axis=0), 1 / 3, atol=0.01)
    free = constrained_columns([np.zeros((40_000, 0, 3))] * 2, rng)
    assert_allclose((free**4).mean(axis=0), 1 / 5, atol=0.01)
    assert_allclose((free[..., 0] * free[..., 1]).sum(axis=-1), 0.0, atol=1e-13)


@pytest.mark.parametrize("source", [MonteCarlo(draws=300, seed=2), ResidualBootstrap(draws=300, seed=2)])
def test_draws_of_the_reduced_form_have_a_model_each(model, source):
    scheme = SignRestrictions(DEMAND_SUPPLY, models=100, seed=1)
    responses = model.impulse_responses(4, identification=scheme, bands=source, level=0.68)
    assert responses.draws.shape == (300, 5, 3, 2)
    assert (responses.draws[:, 0, :, 0][:, :2] >= 0).all()
    again = model.impulse_responses(4, identification=scheme, bands=source, level=0.68)
    assert_allclose(again.draws, responses.draws)
    assert_allclose(again.values, responses.values)
    assert source.kind in responses.band_label
    assert responses.std_errors is None
    shares = model.variance_decomposition(3, identification=scheme, bands=source, level=0.68)
    assert shares.draws.shape == (300, 3, 3, 2)
    assert (shares.draws.sum(axis=-1) <= 1.0 + 1e-12).all()


def test_draws_without_a_model_are_counted(model):
    signs = DEMAND_SUPPLY | {("rate", "demand"): ("-", (0, 1))}
    scheme = SignRestrictions(signs, models=100, tries=8, seed=1)
    with pytest.warns(
        pv.PanelVarWarning, match=r"of 300 draws of the reduced form are left out, because none of 8 tries"
    ):
        responses = model.impulse_responses(3, identification=scheme, bands=MonteCarlo(300, seed=1), level=0.68)
    empty = int(next(note for note in responses.notes if note.code == "empty-sets").text.split()[0])
    assert responses.draws.shape[0] == 300 - empty
    assert 30 < empty < 300


def test_other_uses(model):
    scheme = SignRestrictions(DEMAND_SUPPLY, models=100, seed=1)
    shares = model.variance_decomposition(4, identification=scheme, level=0.68)
    assert ((shares.lower <= shares.upper) & (shares.values <= 1.0)).all()
    shocks = model.structural_shocks(identification=scheme).to_numpy()
    assert_allclose(shocks.T @ shocks / model.df_resid, np.eye(2), atol=1e-10)
    history = model.historical_decomposition(identification=scheme)
    assert history.contributions.shape == (model.nobs, 3, 2)
    cumulative = model.impulse_responses(4, identification=scheme, cumulative=True)
    assert_allclose(cumulative.draws, np.cumsum(model.impulse_responses(4, identification=scheme).draws, axis=1))
    named = SignRestrictions({("output", "output"): "+", ("prices", "output"): "+"}, models=50, seed=1)
    unit = model.impulse_responses(2, identification=named, shock_size="unit")
    assert_allclose(unit.draws[:, 0, 0, 0], 1.0)


def test_nothing_accepted_says_what_to_loosen():
    """Two variables that always move apart cannot both rise for three periods."""
    system = pv.System(-0.9 * np.eye(2), ["q", "p"], sigma=np.eye(2))
    signs = {("q", "demand"): "+", ("p", "demand"): ("+", 2)}
    with pytest.raises(NumericalError, match=r"violate 1 sign.*\('p', 'demand'\): '\+' in period"):
        system.impulse_responses(1, identification=SignRestrictions(signs, tries=50, models=20, seed=1))


def test_bad_input(model):
    def respond(signs, **options):
        return model.impulse_responses(2, identification=SignRestrictions(signs, **options))

    one = {("output", "demand"): "+"}
    with pytest.raises(SpecificationError, match="must be a mapping"):
        respond({})
    with pytest.raises(SpecificationError, match="not a pair"):
        respond({"output": "+"})
    with pytest.raises(SpecificationError, match=r"expected '\+', '-'"):
        respond({("output", "demand"): 1})
    with pytest.raises(SpecificationError, match="are not periods"):
        respond({("output", "demand"): ("+", (3, 1))})
    with pytest.raises(SpecificationError, match="'gdp' is not a variable"):
        respond({("gdp", "demand"): "+"})
    with pytest.raises(SpecificationError, match="4 shocks"):
        respond({("output", shock): "+" for shock in "abcd"})
    with pytest.raises(SpecificationError, match="both a sign and a zero"):
        respond(one, zero=[("output", "demand")])
    with pytest.raises(SpecificationError, match="leave no rotation"):
        respond(
            {("output", "a"): "+", ("rate", "b"): "+"},
            zero=[(n, "a") for n in NAMES[1:]] + [(n, "b") for n in NAMES[:2]],
        )
    with pytest.raises(SpecificationError, match="expected a period"):
        respond(one, zero={("rate", "demand"): "ever"})
    with pytest.raises(SpecificationError, match="models=1"):
        respond(one, models=1)
    with pytest.raises(SpecificationError, match="shock_size='unit' needs shocks named"):
        model.impulse_responses(2, identification=SignRestrictions(one, seed=1), shock_size="unit")
    with pytest.raises(SpecificationError, match="The delta method has no formula"):
        model.impulse_responses(2, identification=SignRestrictions(one, seed=1), bands=pv.DeltaMethod())
    with pytest.raises(SpecificationError, match="draws come from many models"):
        model.impulse_responses(
            2, identification=SignRestrictions(one, seed=1), bands=ResidualBootstrap(100, seed=1, interval="hall")
        )
    with pytest.raises(pv.MissingInformationError, match="no draws"):
        _ = model.impulse_responses(2).median
