"""The AB model: recovery, twins by a general optimiser, derivatives, tests of what is identified."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from parity.runner import expected_tree, load
from quiet import quietly
from reference_data import table
from scipy.optimize import minimize

import panelvar as pv
from panelvar import DeltaMethod, ResidualBootstrap, ShortRun, SpecificationError, fit_svar
from panelvar.estimates.bands.target import Target
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.systems.var.drawable_system import DrawableSystem

NAMES = ("x", "y", "z")
NAN = np.nan
LOWER = np.array([[1.0, 0.0, 0.0], [NAN, 1.0, 0.0], [NAN, NAN, 1.0]])
DIAGONAL = np.diag([NAN, NAN, NAN])
# y does not move z at once: one restriction more than needed.
OVER = np.array([[1.0, 0.0, 0.0], [NAN, 1.0, 0.0], [NAN, 0.0, 1.0]])
# x and y move each other at once; one effect is known, as elasticities are from elsewhere.
LOOP = np.array([[1.0, 0.4, 0.0], [NAN, 1.0, 0.0], [NAN, NAN, 1.0]])
TRUE_A = np.array([[1.0, 0.4, 0.0], [-0.5, 1.0, 0.0], [0.3, 0.7, 1.0]])
TRUE_B = np.diag([0.5, 1.0, 2.0])


def generated(rows, seed, impact):
    rng = np.random.default_rng(seed)
    y = np.zeros((rows, 3))
    first = np.array([[0.5, 0.1, 0.0], [0.2, 0.3, 0.1], [0.0, 0.2, 0.4]])
    for t in range(1, rows):
        y[t] = 0.3 + first @ y[t - 1] + impact @ rng.standard_normal(3)
    return y


@pytest.fixture(scope="module")
def model():
    return pv.fit_var(generated(200, 4, np.linalg.solve(TRUE_A, TRUE_B)), NAMES, lags=2)


def form_of(model):
    return ReducedForm(model.coefficients, np.linalg.cholesky(model.sigma))


def likelihood(pair, sigma):
    w = np.linalg.solve(pair[1], pair[0])
    return np.linalg.slogdet(w)[1] - 0.5 * np.trace(w @ sigma @ w.T)


def filled(known, values):
    pair = known.copy()
    pair[np.isnan(pair)] = values
    return pair


@pytest.mark.parametrize("unit", [False, True])
def test_a_triangular_form_is_the_cholesky_factor(model, unit):
    size = "unit" if unit else "sd"
    ab = model.impulse_responses(6, identification=ShortRun(LOWER, DIAGONAL), shock_size=size)
    recursive = model.impulse_responses(6, shock_size=size)
    assert_allclose(ab.values, recursive.values, atol=1e-11)
    b_only = ShortRun(b=np.where(np.tri(3), NAN, 0.0))
    assert_allclose(
        model.impulse_responses(6, identification=b_only, shock_size=size).values, recursive.values, atol=1e-11
    )
    a_only = ShortRun(a=np.where(np.tri(3), NAN, 0.0))
    assert_allclose(
        model.impulse_responses(6, identification=a_only, shock_size=size).values, recursive.values, atol=1e-11
    )


@pytest.mark.parametrize(("a", "b"), [(OVER, DIAGONAL), (LOOP, DIAGONAL), (None, np.where(OVER == 1.0, NAN, OVER))])
def test_against_a_general_optimiser(model, a, b):
    """The same maximum by BFGS over the free entries, standard errors by differences of the likelihood."""
    fit, sigma = fit_svar(model, ShortRun(a, b)), model.sigma.to_numpy()
    known = np.array([np.eye(3) if a is None else a, b])
    start = fit.pair[np.isnan(known)] * (1.0 + 0.05 * np.cos(np.arange(np.isnan(known).sum())))
    other = minimize(
        lambda values: -likelihood(filled(known, values), sigma), start, method="BFGS", options={"gtol": 1e-9}
    )
    assert_allclose(fit.pair[np.isnan(known)], other.x, atol=2e-6)
    assert_allclose(fit.loglik, model.nobs * (-other.fun - 1.5 * np.log(2 * np.pi)), rtol=1e-12)
    # At the sigma that the form implies, the information is the curvature.
    point = fit.pair[np.isnan(known)]
    implied = fit.sigma.to_numpy()
    size, step = point.size, 1e-4
    curvature = np.zeros((size, size))
    moves = step * np.eye(size)
    for i in range(size):
        for j in range(size):
            corners = [
                si * sj * likelihood(filled(known, point + si * moves[i] + sj * moves[j]), implied)
                for si in (1.0, -1.0)
                for sj in (1.0, -1.0)
            ]
            curvature[i, j] = -sum(corners) / (4 * step**2)
    errors = np.sqrt(np.linalg.inv(curvature).diagonal() / model.nobs)
    assert_allclose(fit.pair_errors[np.isnan(known)], errors, rtol=1e-4)
    assert (fit.pair_errors[~np.isnan(known)] == 0.0).all()


def test_the_likelihood_ratio_of_a_restriction(model):
    fit = fit_svar(model, ShortRun(OVER, DIAGONAL))
    full = fit_svar(model, ShortRun(LOWER, DIAGONAL))
    assert full.overidentification is None
    assert_allclose(fit.overidentification.statistic, 2 * (full.loglik - fit.loglik), rtol=1e-9)
    assert fit.overidentification.df == 1
    ratio = np.linalg.slogdet(fit.sigma)[1] - np.linalg.slogdet(model.sigma)[1]
    assert_allclose(fit.overidentification.statistic, model.nobs * ratio, rtol=1e-9)
    assert_allclose(full.sigma.to_numpy(), model.sigma, rtol=1e-11)


def test_a_loop_is_recovered():
    y = generated(20_000, 8, np.linalg.solve(TRUE_A, TRUE_B))
    fit = fit_svar(pv.fit_var(y, NAMES, lags=1), ShortRun(LOOP, DIAGONAL))
    ratio = (fit.pair - np.array([TRUE_A, TRUE_B]))[fit.pair_errors > 0.0] / fit.pair_errors[fit.pair_errors > 0.0]
    assert np.abs(ratio).max() < 3.5
    assert "A[y, x]" in str(fit)


def test_mappings_and_frames_say_the_same(model):
    plain = fit_svar(model, ShortRun(LOOP, DIAGONAL))
    shocks = ["ex", "ey", "ez"]
    b = pd.DataFrame(DIAGONAL, index=NAMES, columns=shocks)
    zeros = {(NAMES[i], NAMES[j]): 0.0 for i in range(3) for j in range(3) if LOOP[i, j] == 0.0}
    zeros["x", "y"] = 0.4
    named = fit_svar(model, ShortRun(zeros, b.loc[["z", "x", "y"], ["ez", "ey", "ex"]], shocks=shocks))
    assert_allclose(named.pair, plain.pair, atol=1e-10)
    assert named.b.columns.tolist() == shocks
    responses = model.impulse_responses(3, identification=named.identification)
    assert responses.shocks == tuple(shocks)
    assert_allclose(responses.values, model.impulse_responses(3, identification=plain.identification).values, atol=1e-9)


LONG = {("x", "y"): 0.0, ("x", "z"): 0.0}


def test_only_long_run_restrictions_are_blanchard_and_quah(model):
    all_zero = {(NAMES[i], NAMES[j]): 0.0 for i in range(3) for j in range(3) if i < j}
    mixed = model.impulse_responses(5, identification=ShortRun(long_run=all_zero))
    signs = model.impulse_responses(5, identification="long_run")
    turned = signs.values * np.sign(signs.values[0].diagonal())
    assert_allclose(mixed.values, turned, atol=1e-10)


def test_restrictions_of_both_kinds_hold(model):
    scheme = ShortRun(b={("y", "z"): 0.0}, long_run=LONG)
    impact = model.impulse_responses(0, identification=scheme).values[0]
    assert_allclose(impact @ impact.T, model.sigma, rtol=1e-10)
    assert_allclose(impact[1, 2], 0.0, atol=1e-12)
    lasting = model.long_run_effects(identification=scheme, shock_size="sd")
    assert_allclose(lasting.loc["x", ["y", "z"]], 0.0, atol=1e-11)


SCHEMES = [
    ShortRun(LOWER, DIAGONAL),
    ShortRun(OVER, DIAGONAL),
    ShortRun(LOOP, DIAGONAL),
    ShortRun(b=np.where(OVER == 1.0, NAN, OVER)),
    ShortRun(b={("y", "z"): 0.0}, long_run=LONG),
    ShortRun(b={("y", "z"): 0.0, ("z", "y"): 0.0}, long_run=LONG),
]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", ["sd", "unit"])
def test_derivatives_equal_differences(model, scheme, size):
    shocks = model._shocks(scheme, size, None)
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
        assert_allclose(exact[d], (ends[0] - ends[1]) / (2 * h), atol=1e-7 * max(1.0, np.abs(exact[d]).max()))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_batches_equal_single_forms(model, scheme):
    target = Target(DrawableSystem(model._problem, model.df_resid), np.zeros(1), lambda draws: draws.form.factor)
    chunk = next(ResidualBootstrap(6, seed=3).chunks(target, np.random.default_rng(3))).form
    bound = model._shocks(scheme, "sd", None).scheme
    together = bound.impact(chunk, NAMES)
    for draw in range(6):
        one = ReducedForm(chunk.coefficients[draw], chunk.factor[draw])
        assert_allclose(together[draw], bound.impact(one, NAMES), rtol=1e-9, atol=1e-10)
        assert_allclose(together[draw], scheme.impact(one, NAMES), rtol=1e-9, atol=1e-10)


def test_every_source_of_bands(model):
    for source in (DeltaMethod(), ResidualBootstrap(200, seed=1, interval="studentised"), pv.MonteCarlo(200, seed=1)):
        responses = model.impulse_responses(4, identification=ShortRun(OVER, DIAGONAL), bands=source, level=0.9)
        assert (responses.lower <= responses.upper).all()
    recursive = model.impulse_responses(4, bands=DeltaMethod())
    same = model.impulse_responses(4, identification=ShortRun(LOWER, DIAGONAL), bands=DeltaMethod())
    assert_allclose(same.std_errors, recursive.std_errors, atol=1e-10)
    shares = model.variance_decomposition(4, identification=ShortRun(LOOP, DIAGONAL))
    assert_allclose(shares.values.sum(axis=2), 1.0)
    history = model.historical_decomposition(identification=ShortRun(LOOP, DIAGONAL))
    assert_allclose(history.actual, model._problem.design[:, model.n_regressors :], atol=1e-12)
    shocks = model.structural_shocks(identification=ShortRun(LOOP, DIAGONAL)).to_numpy()
    assert_allclose(shocks.T @ shocks / model.df_resid, np.eye(3), atol=1e-9)


def test_units_do_not_matter(model):
    scale = np.array([1e6, 1.0, 1e-5])
    y = generated(200, 4, np.linalg.solve(TRUE_A, TRUE_B)) * scale
    known = LOOP * scale[:, None] / scale
    other = fit_svar(pv.fit_var(y, NAMES, lags=2), ShortRun(known, DIAGONAL))
    plain = fit_svar(model, ShortRun(LOOP, DIAGONAL))
    assert_allclose(other.pair[0] * scale / scale[:, None], plain.pair[0], atol=1e-8)
    assert_allclose(other.pair[1] / scale[:, None], plain.pair[1], atol=1e-8)


def test_what_is_not_identified_is_said(model):
    with pytest.raises(SpecificationError, match="Restrict 3 more"):
        fit_svar(model, ShortRun(b=np.full((3, 3), NAN)))
    # Six entries as the order condition has it, but a rotation of the last two shocks is free.
    block = np.array([[NAN, 0.0, 0.0], [0.0, NAN, NAN], [0.0, NAN, NAN]])
    with pytest.raises(
        SpecificationError, match=r"fails by 1 .*B\[y, y\], B\[z, y\], B\[y, z\], B\[z, z\]\. Restrict 1"
    ):
        fit_svar(model, ShortRun(b=block))
    with pytest.raises(SpecificationError, match="nothing to estimate"):
        fit_svar(model, ShortRun(b=np.eye(3)))
    with pytest.raises(SpecificationError, match="B is singular"):
        fit_svar(model, ShortRun(b=np.array([[NAN, NAN, 0.0], [NAN, NAN, 0.0], [0.0, 0.0, 0.0]])))
    with pytest.raises(SpecificationError, match="leave A or B singular"):
        fit_svar(model, ShortRun(b={("y", "z"): 0.0, ("x", "z"): 0.0}, long_run=LONG))
    with pytest.raises(SpecificationError, match="repeat or contradict"):
        fit_svar(model, ShortRun(b=np.diag([NAN] * 3), long_run={(n, "x"): 0.0 for n in NAMES}))


def test_bad_input(model):
    with pytest.raises(SpecificationError, match="needs a= or b="):
        ShortRun()
    with pytest.raises(SpecificationError, match="Leave out a="):
        ShortRun(LOWER, long_run=LONG)
    with pytest.raises(SpecificationError, match="shape"):
        model.impulse_responses(2, identification=ShortRun(b=np.eye(2)))
    with pytest.raises(SpecificationError, match="'w' is not a variable"):
        model.impulse_responses(2, identification=ShortRun(b={("w", "x"): 0.0}))
    with pytest.raises(SpecificationError, match="not a pair"):
        model.impulse_responses(2, identification=ShortRun(b={"x": 0.0}))
    with pytest.raises(SpecificationError, match="infinite"):
        model.impulse_responses(2, identification=ShortRun(b=np.diag([NAN, NAN, np.inf])))
    with pytest.raises(SpecificationError, match="the label of an entry"):
        model.impulse_responses(2, identification=ShortRun(b=[["a b", "b", "c"]] * 3))
    with pytest.raises(SpecificationError, match="starts=0 must be a whole number from 1 to 1000000"):
        ShortRun(b=DIAGONAL, starts=0)
    with pytest.raises(SpecificationError, match="expected 3 different names"):
        model.impulse_responses(2, identification=ShortRun(b=DIAGONAL, shocks=["u", "u", "v"]))
    with pytest.raises(SpecificationError, match="expected ShortRun"):
        fit_svar(model, "cholesky")


def test_a_second_maximum_is_announced(model):
    """x on y, y on z, z on x: the loop run the other way fits as well."""
    cycle = np.array([[1.0, NAN, 0.0], [0.0, 1.0, NAN], [NAN, 0.0, 1.0]])
    with pytest.warns(pv.PanelVarWarning, match="identify the shocks only locally"):
        fit = fit_svar(model, ShortRun(cycle, DIAGONAL))
    assert_allclose(fit.sigma.to_numpy(), model.sigma, rtol=1e-9)


def test_a_lower_maximum_elsewhere():
    """R's SVAR ends its one search at a maximum (zero slope, negative curvature) that is lower than ours."""
    described = load("svar_more_vars")["model"]["money_loop"]
    data = table("germanm1")[described["variables"]]
    known = np.array([described["a"]["values"], described["b"]["values"]], dtype=float)
    known[known == 99.0] = NAN
    reduced = pv.fit_var(data, lags=described["lags"])
    ours = fit_svar(reduced, ShortRun(*known))
    theirs = np.array([expected_tree("svar_more_vars")["money_loop"][key]["values"] for key in ("A", "B")])
    free, sigma = np.isnan(known), reduced.sigma.to_numpy()

    def value(point):
        return likelihood(filled(known, point), sigma)

    for pair in (theirs, ours.pair):
        point, steps = pair[free], 1e-4 * np.diag(pair[free])
        slopes = [(value(point + step) - value(point - step)) / 2e-4 for step in steps]
        assert_allclose(slopes, 0.0, atol=2e-6)
        bend = np.array(
            [
                [
                    value(point + i + j) - value(point + i - j) - value(point - i + j) + value(point - i - j)
                    for j in steps
                ]
                for i in steps
            ]
        )
        assert np.linalg.eigvalsh(bend).max() < 0.0
    assert value(ours.pair[free]) > value(theirs[free]) + 0.004
    assert_allclose(ours.loglik / reduced.nobs + 2.0 * np.log(2 * np.pi), value(ours.pair[free]), rtol=1e-12)


def test_a_fitted_form_is_no_scheme_but_has_one():
    y = np.random.default_rng(1).standard_normal((60, 2))
    model = pv.fit_var(y, ["x", "y"], lags=1)
    form = pv.fit_svar(model, pv.ShortRun(b={("x", "y"): 0}))
    with pytest.raises(SpecificationError, match=r"SvarResult\.identification"):
        model.impulse_responses(2, identification=form)
    with pytest.raises(AttributeError, match="Here it is identification"):
        form.impulse_responses(2)


def cycle_of(sigma):
    """Entries A[1, 3] that make A Sigma A' diagonal for a cycle of effects: fixed points of a fractional map."""
    s = sigma
    second = np.array([[-s[2, 1], -s[0, 1]], [s[2, 0], s[0, 0]]])
    third = np.array([[-s[0, 2], -s[1, 2]], [s[0, 1], s[1, 1]]])
    first = np.array([[-s[1, 0], -s[2, 0]], [s[1, 2], s[2, 2]]])
    (a, b), (c, d) = first @ third @ second
    roots = np.roots([c, d - a, -b])
    return roots[np.isreal(roots)].real


@pytest.mark.filterwarnings("ignore:.*searches that reached the highest likelihood")
def test_a_cycle_of_effects_is_refused_where_it_cannot_reach_the_covariance():
    """Whether a cycle can give the covariance is a quadratic equation; the words say which of two things is wrong."""
    free = np.nan
    cycle = pv.ShortRun(a=[[1, 0, free], [free, 1, 0], [0, free, 1]], b=np.diag([free] * 3))
    reached = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        model = pv.fit_var(rng.normal(size=(100, 3)) @ rng.normal(size=(3, 3)), lags=1)
        solutions = cycle_of(model.sigma_ml.to_numpy())
        if len(solutions) == 0:
            with pytest.raises(pv.NumericalError, match="no A and B of this pattern have the residual covariance"):
                pv.fit_svar(model, cycle)
            continue
        reached += 1
        found = pv.fit_svar(model, cycle).a.to_numpy()[0, 2]
        assert np.abs(solutions - found).min() == pytest.approx(0.0, abs=1e-6 * np.abs(found))
    assert 0 < reached < 6


@pytest.mark.parametrize("scheme", SCHEMES[:2])
def test_draws_far_beyond_the_units_of_the_fit_are_fitted_in_their_own(model, scheme):
    """As explosive systems have them: slopes of the likelihood at the fit leave the range of numbers."""
    bound = model._shocks(scheme, "sd", None).scheme
    form, many = form_of(model), np.array([1.0, 2.0**415, 2.0**-3])
    draws = ReducedForm(np.stack([form.coefficients] * 3), form.factor * many[:, None, None])
    pair = bound.pairs(draws, NAMES)
    assert_allclose(pair[:, 0], np.stack([pair[0, 0]] * 3), rtol=1e-6)
    assert_allclose(pair[:, 1], pair[0, 1] * many[:, None, None], rtol=1e-6)


@pytest.mark.parametrize(
    "lost", [np.diag([0.0, 1.0, 1.0]), np.diag([1.0, 1e-15, 1.0]), np.array([[1.0, 0, 0], [1.0, 0, 0], [0, 0, 1.0]])]
)
def test_draws_whose_errors_depend_on_one_another_are_refused(model, lost):
    bound = model._shocks(SCHEMES[0], "sd", None).scheme
    form = form_of(model)
    draws = ReducedForm(
        np.stack([form.coefficients] * 3), np.stack([form.factor, lost @ form.factor, np.full((3, 3), NAN)])
    )
    with pytest.raises(pv.NumericalError, match="In 1 of 3 draws, errors are zero or combinations of others"):
        bound.impact(draws, NAMES)


def test_limits_are_of_the_entries_that_are_estimated(model):
    fit = fit_svar(model, ShortRun(LOOP, DIAGONAL), level=(0.68, 0.95))
    limits, entries = fit.conf_int(), fit.entries
    assert limits.index.equals(entries.index)
    assert len(entries) == (fit.pair_errors > 0.0).sum()
    for (matrix, row, column), (estimate, error) in entries.iterrows():
        values, errors = (fit.a, fit.a_std_errors) if matrix == "A" else (fit.b, fit.b_std_errors)
        assert (values.loc[row, column], errors.loc[row, column]) == (estimate, error)
        reach = [1.959963984540054 * error, 0.994457883209753 * error]
        expected = [estimate - reach[0], estimate + reach[0], estimate - reach[1], estimate + reach[1]]
        assert_allclose(limits.loc[(matrix, row, column)], expected, rtol=1e-13)
    assert "95% limits" in str(fit)
    assert "68% limits" in str(fit)


def test_limits_of_a_band_are_the_bands_and_long_run_effects_have_them_too(model):
    scheme = ShortRun(b={("x", "y"): 0.0}, long_run={("y", "x"): 0.0, ("x", "z"): 0.0})
    band = ResidualBootstrap(50, seed=2)
    fit = quietly(fit_svar, model, scheme, bands=band, level=(0.68, 0.9))
    limits = fit.conf_int()
    assert list(limits.columns) == ["lower", "upper", "lower_68", "upper_68"]
    own = limits.loc["Long run"]
    assert len(own) == 7
    for (row, column), each in own.iterrows():
        place = (2, NAMES.index(row), list(fit.shocks).index(column))
        assert each["lower"] == fit.band.limits[0].lower[place]
        assert each["upper_68"] == fit.band.limits[1].upper[place]
    assert fit.conf_int(level=0.9).equals(limits[["lower", "upper"]])
    with pytest.raises(SpecificationError, match=r"made at 68% and 90%. Call fit_svar with level=\(0.68, 0.9, 0.95\)"):
        fit.conf_int(level=0.95)


def test_other_schemes_are_told_where_they_go(model):
    for scheme in ("cholesky", pv.Cholesky()):
        with pytest.raises(SpecificationError, match=r"give them to impulse_responses\(identification=\.\.\.\)\.$"):
            fit_svar(model, scheme)


def test_sizes_that_are_fixed_for_want_of_b_are_warned_of():
    model = pv.fit_var(np.random.default_rng(3).standard_normal((80, 2)) * [1.0, 50.0], ["x", "y"])
    given = [[1.0, 0.0], [NAN, 1.0]]
    with pytest.warns(pv.PanelVarWarning, match=r"You left out b=.*rows of A of x, y then fix the sizes") as caught:
        structure = fit_svar(model, ShortRun(a=given))
    assert len(caught) == 1
    assert [note.code for note in structure.notes] == ["fixed-sizes"]
    assert structure.overidentification.df == 2
    # A zero fixes no size, and neither does a known number in another row.
    with pytest.warns(pv.PanelVarWarning, match=r"rows of A of y then"):
        fit_svar(model, ShortRun(a=[[NAN, 0.0], [NAN, 1.0]]))
    for free in (
        ShortRun(a=[[NAN, 0.0], [NAN, NAN]]),
        ShortRun(a={("x", "y"): 0}),
        ShortRun(a=given, b=np.diag([NAN] * 2)),
    ):
        assert fit_svar(model, free).notes == ()
