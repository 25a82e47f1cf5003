"""Structural error-correction models: twins by a general optimiser, derivatives, what the rank implies."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from reference_data import table
from scipy.linalg import null_space
from scipy.optimize import minimize

import panelvar as pv
from panelvar import DeltaMethod, ResidualBootstrap, ShortRun, SpecificationError, fit_svar
from panelvar.estimates.bands.target import Target
from panelvar.kernels.dynamics.lasting_effects import lasting_derivatives, lasting_effects
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.systems.var.drawable_system import DrawableSystem

NAN = np.nan
CANADA = ("prod", "e", "U", "rw")
FINLAND = ("lrm1", "lny", "lnmr", "difp")


def zeros(*places):
    matrix = np.full((4, 4), NAN)
    for place in places:
        matrix[place] = 0.0
    return matrix


ALL = slice(None)
# Pfaff (2008): productivity is moved for good by its own shock only, and the shock to wages has no lasting effect.
LASTING = zeros((0, slice(1, 4)), (slice(1, 4), 3))
IMPACT = zeros((3, 1))
JUST = ShortRun(b=IMPACT, long_run=LASTING)
OVER = ShortRun(b=IMPACT, long_run=np.where(np.arange(16).reshape(4, 4) == 10, 0.0, LASTING))
# Two relations, two shocks without lasting effects.
TWO = ShortRun(b=zeros((3, 2)), long_run=zeros((ALL, 2), (ALL, 3), (1, 0)))
TWO_OVER = ShortRun(b=zeros((3, 2), (3, 0), (2, 1)), long_run=zeros((ALL, 2), (ALL, 3), (1, 0)))
# A size is known instead of a zero.
SIZED = ShortRun(b=zeros((3, 1)), long_run=np.where(np.arange(16).reshape(4, 4) == 0, 0.5, LASTING))


@pytest.fixture(scope="module")
def canada():
    return pv.fit_vecm(table("canada")[list(CANADA)], rank=1, lags=3, trend="rt")


@pytest.fixture(scope="module")
def finland():
    return pv.fit_vecm(table("finland")[list(FINLAND)], rank=2, lags=2, trend="c")


CASES = [("canada", JUST), ("canada", OVER), ("canada", SIZED), ("finland", TWO), ("finland", TWO_OVER)]


@pytest.fixture
def case(request, canada, finland):
    where, scheme = request.param
    return {"canada": canada, "finland": finland}[where], scheme


def limits_by_hand(model):
    """The matrix of long-run effects from alpha, beta and Gamma, with complements from scipy."""
    beta, alpha = model.beta.to_numpy()[: model.n_vars], model.alpha.to_numpy()
    across, beside = null_space(beta.T), null_space(alpha.T)
    gamma = np.eye(model.n_vars) - model.gamma.sum(axis=0)
    return across @ np.linalg.inv(beside.T @ gamma @ across) @ beside.T


def likelihood(b, sigma):
    w = np.linalg.inv(b)
    return np.linalg.slogdet(w)[1] - 0.5 * np.trace(w @ sigma @ w.T)


def zero_rows(model, scheme):
    """Every zero, those that others imply too, as a row against vec B."""
    effects, size = limits_by_hand(model), model.n_vars
    rows = []
    for matrix, turn in ((scheme.b, np.eye(size)), (scheme.long_run, effects)):
        for i, s in np.argwhere(np.isfinite(matrix)):
            row = np.zeros((size, size))
            row[:, s] = turn[i]
            rows.append(row.ravel())
    return np.array(rows)


@pytest.mark.parametrize("case", [CASES[0], CASES[1], CASES[3], CASES[4]], indirect=True)
def test_against_a_general_optimiser(case):
    """The same maximum by BFGS over scipy's null space of all the zeros, from a perturbed start."""
    model, scheme = case
    fit = fit_svar(model, scheme)
    sizes = np.sqrt(np.diag(model.sigma))
    rows = zero_rows(model, scheme) * np.repeat(sizes, 4)
    free = null_space(rows / np.linalg.norm(rows, axis=1)[:, None], rcond=1e-9)
    sigma = model.sigma.to_numpy() / np.outer(sizes, sizes)
    start = free.T @ (fit.pair[1] / sizes[:, None]).ravel()
    start = start + 0.05 * np.cos(np.arange(start.size))

    def loss(values):
        return -likelihood((free @ values).reshape(4, 4), sigma)

    other = minimize(loss, start, method="BFGS", options={"gtol": 1e-9})
    b = (free @ other.x).reshape(4, 4) * sizes[:, None]
    b *= np.where(b.diagonal() < 0.0, -1.0, 1.0)
    assert_allclose(b / sizes[:, None], fit.pair[1] / sizes[:, None], atol=3e-6)
    assert_allclose(limits_by_hand(model) @ b, fit.long_run, atol=1e-5 * np.abs(fit.lasting).max())
    # Errors of B and of its long-run effects: the curvature by differences, at the sigma that the form implies.
    point = free.T @ (fit.pair[1] / sizes[:, None]).ravel()
    implied = fit.pair[1] @ fit.pair[1].T / np.outer(sizes, sizes)
    step, moves = 1e-4, 1e-4 * np.eye(point.size)
    curvature = np.array(
        [
            [
                -sum(
                    i * j * likelihood((free @ (point + i * one + j * two)).reshape(4, 4), implied)
                    for i in (1.0, -1.0)
                    for j in (1.0, -1.0)
                )
                / (4 * step**2)
                for two in moves
            ]
            for one in moves
        ]
    )
    spread = free @ np.linalg.inv(curvature) @ free.T / model.nobs
    errors = np.sqrt(np.maximum(spread.diagonal(), 0.0)).reshape(4, 4) * sizes[:, None]
    assert_allclose(fit.b_std_errors, errors, rtol=1e-4, atol=1e-6 * errors.max())
    turn = np.kron(limits_by_hand(model), np.eye(4)) * np.repeat(sizes, 4)
    lasting = np.sqrt(np.maximum((turn @ spread @ turn.T).diagonal(), 0.0)).reshape(4, 4)
    assert_allclose(fit.long_run_std_errors, lasting, rtol=1e-4, atol=1e-6 * lasting.max())


@pytest.mark.parametrize("case", CASES, indirect=True)
def test_restrictions_hold_where_the_responses_end(case):
    model, scheme = case
    far = model.impulse_responses(3000, identification=scheme, shock_size="sd").values
    held = np.isfinite(scheme.long_run)
    scale = np.sqrt(np.diag(model.sigma))[:, None]
    assert_allclose((far[-1] / scale)[held], (np.nan_to_num(scheme.long_run) / scale)[held], atol=1e-9)
    assert_allclose(far[0][np.isfinite(scheme.b)], 0.0, atol=1e-12)
    assert_allclose(model.long_run_effects(identification=scheme, shock_size="sd") / scale, far[-1] / scale, atol=1e-9)
    fit = fit_svar(model, scheme)
    assert_allclose(fit.long_run / scale, far[-1] / scale, atol=1e-9)
    assert (fit.long_run.to_numpy()[held] == np.nan_to_num(scheme.long_run)[held]).all()


def test_the_likelihood_ratio_of_a_restriction(canada, finland):
    for model, just, over, spare in ((canada, JUST, OVER, 1), (finland, TWO, TWO_OVER, 2)):
        full, fewer = fit_svar(model, just), fit_svar(model, over)
        assert full.overidentification is None
        assert_allclose(full.sigma, model.sigma, rtol=1e-9, atol=1e-12)
        assert fewer.overidentification.df == spare
        assert_allclose(fewer.overidentification.statistic, 2 * (full.loglik - fewer.loglik), rtol=1e-8)
    ratio = np.linalg.slogdet(fewer.sigma)[1] - np.linalg.slogdet(model.sigma)[1]
    assert_allclose(fewer.overidentification.statistic, model.nobs * ratio, rtol=1e-8)


def test_lasting_effects_are_limits_whatever_the_units(canada, finland):
    for model in (canada, finland):
        effects = limits_by_hand(model)
        sizes = np.sqrt(np.diag(model.sigma))
        far = model.impulse_responses(3000, identification="reduced_form", shock_size="unit").values[-1]
        scale = np.outer(sizes, 1.0 / sizes)
        assert_allclose(effects / scale, far / scale, atol=1e-8)
        for units in (np.ones(4), np.array([1e6, 1.0, 1e-5, 10.0])):
            lags = model.coefficients * np.outer(units, 1.0 / units)
            found = lasting_effects(lags, model.unit_roots, sizes * units)
            assert_allclose(found / np.outer(units, 1.0 / units) / scale, effects / scale, atol=1e-9)
    several = lasting_effects(np.array([canada.coefficients] * 3), 3, np.ones((3, 4)))
    assert_allclose(several, np.array([limits_by_hand(canada)] * 3), atol=1e-10)


def moved(model, change_alpha, change_gamma):
    """Coefficients of the levels with other reactions and lagged differences, the relations as they are."""
    beta = model.beta.to_numpy()[: model.n_vars]
    alpha = model.alpha.to_numpy() + change_alpha
    gamma = model.gamma + change_gamma
    lags = np.zeros_like(model.coefficients)
    lags[0] = np.eye(model.n_vars) + alpha @ beta.T
    for place, matrix in enumerate(gamma):
        lags[place] += matrix
        lags[place + 1] -= matrix
    return lags


def directions(model, rng, count):
    sizes = np.sqrt(np.diag(model.sigma))
    ways = [
        (
            sizes[:, None] * rng.standard_normal((model.n_vars, model.rank)),
            sizes[:, None] / sizes * rng.standard_normal(model.gamma.shape),
        )
        for _ in range(count)
    ]
    turned = rng.standard_normal((count, model.n_vars, model.n_vars)) * np.outer(sizes, sizes)
    return ways, 0.1 * (turned + turned.swapaxes(1, 2))


@pytest.mark.parametrize("case", CASES, indirect=True)
def test_derivatives_equal_differences(case):
    model, scheme = case
    ways, sigma_steps = directions(model, np.random.default_rng(3), 3)
    base = moved(model, 0.0, 0.0)
    assert_allclose(base, model.coefficients, atol=1e-9)
    # The derivative is linear: what a whole unit adds is the direction.
    steps = np.array([moved(model, *way) - base for way in ways])
    bound = model._shocks(scheme, "sd", None).scheme
    form = ReducedForm(model.coefficients, np.linalg.cholesky(model.sigma))
    exact = bound.pair_derivatives(form, model.names, steps, sigma_steps)[:, 1]
    impacts = bound.derivatives(form, model.names, steps, sigma_steps)
    assert_allclose(impacts, exact, atol=1e-9 * np.abs(exact).max())
    effects = lasting_effects(model.coefficients, model.unit_roots, form.sizes)
    turned = lasting_derivatives(model.coefficients, effects, steps, model.unit_roots, form.sizes)
    h = 1e-6
    for place, way in enumerate(ways):
        ends = []
        for sign in (h, -h):
            lags = moved(model, sign * way[0], sign * way[1])
            factor = np.linalg.cholesky(model.sigma + sign * sigma_steps[place])
            other = lasting_effects(lags, model.unit_roots, form.sizes)
            ends.append((bound.impact(ReducedForm(lags, factor), model.names), other))
        slope = (ends[0][0] - ends[1][0]) / (2 * h)
        assert_allclose(exact[place], slope, atol=2e-6 * np.abs(slope).max())
        slope = (ends[0][1] - ends[1][1]) / (2 * h)
        assert_allclose(turned[place], slope, atol=2e-6 * np.abs(slope).max())


@pytest.mark.parametrize("case", CASES[:4], indirect=True)
def test_batches_equal_single_forms(case):
    model, scheme = case
    target = Target(DrawableSystem(model._problem, model.df_resid), np.zeros(1), lambda draws: draws.form.factor)
    chunk = next(ResidualBootstrap(5, seed=3).chunks(target, np.random.default_rng(3))).form
    bound = model._shocks(scheme, "sd", None).scheme
    together = bound.impact(chunk, model.names)
    scale = np.sqrt(np.diag(model.sigma))[:, None]
    for draw in range(5):
        one = ReducedForm(chunk.coefficients[draw], chunk.factor[draw])
        assert_allclose(together[draw] / scale, bound.impact(one, model.names) / scale, atol=1e-8)
        # The restrictions hold in the draw, the implied ones too.
        lasting = lasting_effects(one.coefficients, model.unit_roots, one.sizes) @ together[draw]
        held = np.isfinite(scheme.long_run)
        assert_allclose((lasting / scale)[held], (np.nan_to_num(scheme.long_run) / scale)[held], atol=1e-9)


def test_errors_that_count_the_reduced_form(canada):
    """Of B they are those of the responses in period 0; of the long run, those of the far end."""
    for source in (DeltaMethod(), ResidualBootstrap(120, seed=4)):
        fit = fit_svar(canada, JUST, bands=source, level=0.9)
        responses = canada.impulse_responses(2000, identification=JUST, bands=source, level=0.9)
        assert_allclose(fit.b_std_errors, responses.std_errors[0], atol=1e-9)
        assert_allclose(fit.long_run_std_errors, responses.std_errors[-1], rtol=1e-6, atol=1e-8)
        if isinstance(source, DeltaMethod):
            errors = canada.long_run_std_errors(identification=JUST, shock_size="sd")
            assert_allclose(errors, fit.long_run_std_errors, atol=1e-9)
            plain = canada.long_run_std_errors(identification="cholesky", shock_size="sd")
            far = canada.impulse_responses(2000, bands=source)
            assert_allclose(plain, far.std_errors[-1], rtol=1e-6)
        assert_allclose(fit.band.lower[1], responses.lower[0], atol=1e-9)
        assert (fit.b_std_errors.to_numpy()[np.isfinite(IMPACT)] == 0.0).all()
        assert source.label in str(fit)
    with pytest.raises(SpecificationError, match="bands="):
        fit_svar(canada, JUST, bands="bootstrap")


def test_a_stable_system_has_them_too(canada):
    model = pv.fit_var(table("us_macro")[["dl_realgdp", "dl_realcons", "dl_realinv"]], lags=2)
    scheme = ShortRun(
        b={("dl_realgdp", "dl_realinv"): 0},
        long_run={("dl_realgdp", "dl_realcons"): 0, ("dl_realgdp", "dl_realinv"): 0},
    )
    fit = fit_svar(model, scheme, bands=DeltaMethod())
    lasting = model.long_run_effects(identification=scheme, shock_size="sd")
    assert_allclose(fit.long_run, lasting, atol=1e-9)
    summed = model.impulse_responses(400, identification=scheme, cumulative=True, bands=DeltaMethod())
    assert_allclose(fit.long_run_std_errors, summed.std_errors[-1], rtol=1e-6, atol=1e-9)
    short = fit_svar(model, ShortRun(b=np.where(np.tri(3), NAN, 0.0)))
    with pytest.raises(SpecificationError, match="does not restrict the long run"):
        _ = short.long_run
    with pytest.raises(SpecificationError, match="does not restrict the long run"):
        _ = short.long_run_std_errors


def test_units_do_not_matter(canada):
    units = np.array([1e6, 1.0, 1e-5, 100.0])
    data = table("canada")[list(CANADA)] * units
    other = fit_svar(pv.fit_vecm(data, rank=1, lags=3, trend="rt"), OVER)
    plain = fit_svar(canada, OVER)
    assert_allclose(other.b / units[:, None], plain.b, atol=1e-7)
    assert_allclose(other.long_run / units[:, None], plain.long_run, atol=1e-7)
    assert_allclose(other.b_std_errors / units[:, None], plain.b_std_errors, atol=1e-7)


def test_no_relation_is_a_system_of_differences():
    data = table("us_macro")[["unemp", "infl"]]
    scheme = ShortRun(long_run={("unemp", "infl"): 0.0})
    none = pv.fit_vecm(data, rank=0, lags=2, trend="c")
    changes = pv.fit_var(data.diff().dropna(), lags=1)
    assert_allclose(
        none.impulse_responses(6, identification=scheme).values,
        changes.impulse_responses(6, identification=scheme, cumulative=True).values,
        atol=1e-8,
    )


def test_what_the_rank_implies_is_said(canada, finland):
    fit = fit_svar(canada, JUST)
    assert (
        fit.notes[0].text
        == "The long-run effects have rank 3, so of your 6 restrictions on them only 5 are independent."
    )
    with pytest.raises(SpecificationError, match=r"leaves 2 shocks .*\['U', 'rw'\].* 1 relation, at most 1 shock can"):
        fit_svar(canada, ShortRun(b=IMPACT, long_run=zeros((ALL, 2), (ALL, 3))))
    # Enough restrictions by their number, too few that count.
    with pytest.raises(SpecificationError, match=r"5 long-run restrictions of 9 .*have rank 2.*Restrict 1 more"):
        fit_svar(finland, ShortRun(b=zeros(), long_run=TWO.long_run))
    with pytest.raises(SpecificationError, match="'prod' on 'rw' contradicts"):
        values = zeros((slice(0, 3), 0))
        values[3, 0] = 1.0
        fit_svar(canada, ShortRun(b=zeros((0, 1), (0, 2), (1, 2)), long_run=values))
    # The direction of the one shock without lasting effects is known: another zero leaves nothing of it.
    with pytest.raises(SpecificationError, match="singular"):
        fit_svar(canada, ShortRun(b=zeros((1, 3)), long_run=LASTING))
    with pytest.raises(SpecificationError, match="singular"):
        fit_svar(finland, ShortRun(b=zeros((3, 2), (0, 2)), long_run=TWO.long_run))
    with pytest.raises(SpecificationError, match=r"ShortRun\(long_run=\)"):
        canada.impulse_responses(4, identification="long_run")


@pytest.mark.parametrize("unit_roots", [0, 1])
def test_lasting_effects_of_draws_that_explode_are_refused_in_words(unit_roots):
    lags = np.zeros((3, 1, 2, 2))
    lags[1] = np.nan
    with pytest.raises(pv.NumericalError, match="The system explodes"):
        lasting_effects(lags, unit_roots, np.ones((3, 2)))
