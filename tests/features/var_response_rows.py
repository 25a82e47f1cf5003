"""Rows of roots, identification, responses and decompositions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from features.feature import Feature, reference
from features.var_names import (
    EXPERIMENT,
    IDENTIFICATION,
    NAMES,
    RESPONSES,
    at,
    instrument,
    model,
    moving_average,
    statistic,
)

import panelvar as pv

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SYSTEM = "tests/systems/var/test_system.py"
PROCESS = "tests/systems/var/test_process.py"
SCHEMES = "tests/systems/identification/test_schemes.py"
SHORT = "tests/systems/identification/test_short_run.py"
SIGNS = "tests/systems/identification/test_sign_restrictions.py"
PROXY = "tests/systems/identification/test_external_instrument.py"
TIED = "tests/systems/identification/test_tied_entries.py"
GIVEN = "tests/systems/identification/test_impact_matrix.py"
DYNAMICS = "tests/kernels/dynamics/test_dynamics.py"
ENGINE = "tests/estimates/bands/test_engine.py"
PLOTS = "tests/reporting/plots_of_panels/test_plots.py"
FUTURES = "tests/systems/var/test_futures.py"
SVAR = "svar_vars"

ROOTS = (f"{DYNAMICS}::test_roots_solve_the_characteristic_equation",)


def sigma() -> np.ndarray:
    u = model().resids.to_numpy()
    return u.T @ u / 193


def cholesky() -> np.ndarray:
    return np.linalg.cholesky(sigma())


def period() -> float:
    """Of the first complex pair, from its angle."""
    roots = np.linalg.eigvals(companion())
    pair = sorted((r for r in roots if r.imag > 1e-9), key=lambda r: -abs(r))[0]
    return float(2 * np.pi / np.arccos(pair.real / abs(pair)))


def companion() -> np.ndarray:
    first, second = model().coefficients
    return np.block([[first, second], [np.eye(3), np.zeros((3, 3))]])


def last_first() -> float:
    """Response of output to investment where investment comes first."""
    order = [2, 0, 1]
    factor = np.linalg.cholesky(sigma()[np.ix_(order, order)])
    impact = np.zeros((3, 3))
    impact[np.ix_(order, order)] = factor
    return float((moving_average(4) @ impact)[4, 0, 2])


def generalised_response() -> float:
    """Pesaran and Shin: the moving average times a column of sigma over the root of its variance."""
    return float((moving_average(3)[3] @ sigma()[:, 1])[0] / np.sqrt(sigma()[1, 1]))


def generalised_share(normalised: bool) -> float:
    """Generalised shares by a double loop."""
    paths, covariance = moving_average(5), sigma()
    shares = np.zeros(3)
    for k in range(3):
        top = sum((paths[h] @ covariance[:, k])[0] ** 2 for h in range(6)) / covariance[k, k]
        shares[k] = top / sum((paths[h] @ covariance @ paths[h].T)[0, 0] for h in range(6))
    return float(shares[1] / (shares.sum() if normalised else 1.0))


def contribution() -> float:
    """What shocks to consumption have contributed to output by row 50: every response times every shock."""
    shocks = np.linalg.solve(cholesky(), model().resids.to_numpy().T).T
    paths = moving_average(50) @ cholesky()
    return float(sum(paths[h, 0, 1] * shocks[50 - h, 1] for h in range(51)))


def long_run_variance() -> float:
    """The one shock with lasting effects on output carries all of its long-run variance."""
    total = np.linalg.inv(np.eye(3) - model().coefficients.sum(axis=0))
    return float((total @ sigma() @ total.T)[0, 0])


def proxy_ratio() -> float:
    """Covariances of residuals with the instrument, the second over the first."""
    u = model().resids.to_numpy()
    z = instrument().to_numpy()
    seen = np.isfinite(z)
    covariance = u[seen].T @ (z[seen] - z[seen].mean())
    return float(covariance[1] / covariance[0])


def first_stage() -> float:
    """Robust F of the first residual on the instrument."""
    z = instrument().to_numpy()
    seen = np.isfinite(z)
    x = np.column_stack([np.ones(seen.sum()), z[seen]])
    y = model().resids.to_numpy()[seen, 0]
    b = np.linalg.lstsq(x, y, rcond=None)[0]
    inverse = np.linalg.inv(x.T @ x)
    scores = x * (y - x @ b)[:, None]
    cov = inverse @ (scores.T @ scores) @ inverse * len(y) / (len(y) - 2)
    return float(b[1] ** 2 / cov[1, 1])


def signed(responses: pv.Responses) -> float:
    """A response of the model shown, if every model kept is what it should be.

    Two shocks b of variance one and no correlation: b' sigma^{-1} b is an identity matrix; and the signs hold.
    """
    impacts = responses.draws[:, 0]
    rotations = np.linalg.solve(cholesky(), impacts)
    orthonormal = np.abs(rotations.swapaxes(1, 2) @ rotations - np.eye(2)).max() < 1e-10
    demand, thrift = responses.draws[..., 0], responses.draws[..., 1]
    signs = [demand[:, :3, 0], demand[:, :1, 1], thrift[:, :1, 0], -thrift[:, :1, 1]]
    kept = len(impacts) == 1000 and orthonormal and all((response > 0).all() for response in signs)
    return float(responses.values[3, 1, 0]) if kept else np.nan


def closest_to_medians() -> float:
    """The model closest to the medians of all over twelve periods, in standard deviations: a loop over models."""
    scheme = NAMES["signs"]()
    impacts = model().impulse_responses(0, identification=scheme).draws[:, 0]
    paths = np.array([moving_average(12) @ impact for impact in impacts])
    middle, spread = np.median(paths, axis=0), paths.std(axis=0)
    distances = [float((((path - middle) / spread) ** 2).sum()) for path in paths]
    return float(paths[int(np.argmin(distances))][3, 1, 0])


def shaded(figure: Figure) -> float:
    """Lower edge of one panel's shade, if all nine panels hold their response and its limits."""
    responses = model().impulse_responses(10, bands=pv.DeltaMethod())
    edge = np.nan
    if len(figure.axes) != 9:
        return edge
    for place, ax in enumerate(figure.axes):
        row, column = divmod(place, 3)
        lines = [np.asarray(line.get_ydata()) for line in ax.lines if len(line.get_ydata()) == 11]
        (shade,) = ax.collections
        corners = shade.get_paths()[0].vertices
        limits = [[corners[corners[:, 0] == h, 1].min(), corners[corners[:, 0] == h, 1].max()] for h in range(11)]
        expected = np.column_stack([responses.lower[:, row, column], responses.upper[:, row, column]])
        if not (
            len(lines) == 1 and (lines[0] == responses.values[:, row, column]).all() and (limits == expected).all()
        ):
            return np.nan
        if place == 1:
            edge = float(limits[3][0])
    return edge


def lower_limit() -> float:
    """Response less 1.96 errors, with statsmodels' error."""
    error = reference("us_macro_statsmodels/var2_c/orth_irf_stderr/3/0/1")()
    return float((moving_average(3)[3] @ cholesky())[0, 1] - 1.959963984540054 * error)


def everywhere(sm: str | None, vars_: str | None, gretl: str | None) -> dict:
    found = {}
    if sm:
        found["statsmodels"] = tuple(f"{file}_statsmodels/*/{sm}" for file in ("us_macro", "wgmacro", "canada"))
    if vars_:
        found["vars"] = tuple(f"{file}_vars/*/{vars_}" for file in ("us_macro", "wgmacro", "canada"))
    if gretl:
        found["gretl"] = tuple(f"{file}_gretl/*/{gretl}" for file in ("us_macro", "wgmacro", "canada"))
    return found


def autocovariance() -> float:
    """By the sum of products of moving-average matrices."""
    paths, covariance = moving_average(300), sigma()
    return float(sum(paths[h + 2] @ covariance @ paths[h].T for h in range(299))[0, 1])


def last_value() -> float:
    """Of consumption in the data, which the model's own residuals must lead to."""
    return float((model().fitted_values + model().resids).iloc[-1, 1])


def lasting_error() -> float:
    """Where the errors of cumulative responses end."""
    bands = pv.DeltaMethod()
    ended = model().impulse_responses(
        200, identification="reduced_form", shock_size="unit", cumulative=True, bands=bands
    )
    return float(ended.std_errors[-1, 0, 1])


IDENTIFICATION_ROWS = [
    Feature(
        IDENTIFICATION,
        "Autocovariances and autocorrelations of the process",
        "model.autocovariances(4)",
        lambda frame: frame.loc[2].iloc[0, 1],
        autocovariance,
        (
            f"{PROCESS}::test_autocovariances_of_a_textbook_system",
            f"{PROCESS}::test_autocovariances_are_sums_of_products_of_responses",
        ),
        {"statsmodels": "acf(), acorr()"},
        remark="those of the residuals: residual_autocorrelations",
    ),
    Feature(
        IDENTIFICATION,
        "Simulation of the process",
        "model.simulate(model.nobs, errors=model.resids, initial=growth[:2])",
        lambda path: path.iloc[-1, 1],
        last_value,
        (
            f"{PROCESS}::test_a_simulated_path_follows_the_equations",
            f"{PROCESS}::test_a_long_simulation_has_the_moments_of_the_process",
        ),
        {"statsmodels": "simulate_var()", "vars": "tsDyn† VAR.sim()"},
        remark="begins in the stationary distribution, with normal or given errors",
    ),
    Feature(
        IDENTIFICATION,
        "Errors of long-run effects",
        "model.long_run_std_errors()",
        lambda frame: frame.iloc[0, 1],
        lasting_error,
        (f"{PROCESS}::test_errors_of_long_run_effects_are_the_numerical_delta_method",),
        {"statsmodels": "irf().lr_effect_stderr()"},
    ),
    Feature(
        IDENTIFICATION,
        "Roots and their moduli",
        "model.moduli",
        lambda moduli: moduli[0],
        reference("us_macro_vars/var2_const/roots_modulus/0"),
        ROOTS,
        {
            "statsmodels": "roots",
            "vars": "roots()",
            "gretl": "eigen($compan)",
            "Stata": "varstable",
            "EViews": "arroots",
        },
        everywhere("roots_modulus", "roots_modulus", "companion_eig_modulus"),
        remark="companion eigenvalues, stable inside the circle; statsmodels prints their reciprocals",
    ),
    Feature(
        IDENTIFICATION,
        "Periods of cycles and half-lives",
        "model.root_table",
        lambda frame: frame.loc[frame["imaginary"] > 0, "period"].iloc[0],
        period,
        (f"{DYNAMICS}::test_a_root_cycles_and_halves_as_its_powers_do",),
    ),
    Feature(
        IDENTIFICATION,
        "Recursive, any ordering",
        'model.impulse_responses(4, ordering=["dl_realinv", "dl_realgdp", "dl_realcons"])',
        at(4, 0, 2),
        last_first,
        (f"{DYNAMICS}::test_cholesky_in_an_ordering_is_the_factor_of_the_permuted_matrix",),
        {
            "statsmodels": "irf(var_order)",
            "vars": "order of y",
            "gretl": "order of ylist",
            "Stata": "irf create, order()",
            "EViews": "impulse @order",
        },
    ),
    Feature(
        IDENTIFICATION,
        "Generalised (Pesaran and Shin)",
        'model.impulse_responses(4, identification="generalised")',
        at(3, 0, 1),
        generalised_response,
        (f"{SCHEMES}::test_a_generalised_response_is_the_cholesky_response_with_the_variable_first",),
        {"EViews": "impulse(imp=gen)", "vars": "tsDyn† irf, frequencyConnectedness†"},
    ),
    Feature(
        IDENTIFICATION,
        "A given impact matrix",
        "model.impulse_responses(4, identification=ImpactMatrix(experiment))",
        at(3, 0, 1),
        lambda: moving_average(3)[3, 0] @ EXPERIMENT[:, 1],
        (f"{GIVEN}::test_responses_are_moving_averages_times_the_matrix", f"{GIVEN}::test_against_statsmodels"),
        {"statsmodels": "orth_ma_rep(P=)", "EViews": "impulse(imp=user)"},
        remark="shares and histories too where it reproduces sigma",
    ),
    Feature(
        IDENTIFICATION,
        "Long-run (Blanchard and Quah)",
        'model.impulse_responses(8, identification="long_run")',
        at(0, 0, 0),
        reference(f"{SVAR}/us_bq/B/0/0"),
        (f"{SCHEMES}::test_long_run_shocks_have_triangular_lasting_effects",),
        {"vars": "BQ()", "Stata": "svar, lreq()", "EViews": "svar, @lr", "gretl": "SVAR†"},
        {"vars": (f"{SVAR}/us_bq",), "gretl": ("svar_gretl/lasting/C", "svar_gretl/two/C")},
    ),
    Feature(
        IDENTIFICATION,
        "Short-run A and B by maximum likelihood",
        "fit_svar(fit_var(growth, lags=3), triangle)",
        lambda result: result.a.iloc[1, 0],
        reference(f"{SVAR}/us_ab/A/1/0"),
        (
            f"{SHORT}::test_a_triangular_form_is_the_cholesky_factor",
            f"{SHORT}::test_against_a_general_optimiser",
        ),
        {
            "statsmodels": 'SVAR(svar_type="AB")',
            "vars": "SVAR(Amat, Bmat)",
            "gretl": "SVAR†",
            "Stata": "svar, aeq() beq()",
            "EViews": "svar",
        },
        {
            "vars": (f"{SVAR}/us_ab/A", f"{SVAR}/canada_ab/A", f"{SVAR}/us_a/A", f"{SVAR}/us_b/B"),
            "gretl": ("svar_gretl/ab/A", "svar_gretl/ab/B", "svar_gretl/over/C"),
            "Stata": ("published_stata_var_us_macro/results_svar1_small/A_rows",),
        },
    ),
    Feature(
        IDENTIFICATION,
        "Equal, opposite and proportional entries of A and B",
        'fit_svar(model, ShortRun([[1, 0, 0], ["react", 1, 0], [nan, "react", 1]], '
        "[[nan, 0, 0], [0, nan, 0], [0, 0, nan]]))",
        lambda result: result.a.iloc[1, 0] - result.a.iloc[2, 1] + result.overidentification.df,
        1.0,
        (f"{TIED}::test_against_a_general_optimiser", f"{TIED}::test_two_ways_to_fit_are_announced"),
        {"Stata": "svar, acns() bcns()", "EViews": "svar"},
    ),
    Feature(
        IDENTIFICATION,
        "Standard errors of A and B",
        "fit_svar(fit_var(growth, lags=3), triangle)",
        lambda result: result.a_std_errors.iloc[1, 0],
        reference(f"{SVAR}/us_ab/A_se/1/0"),
        (f"{SHORT}::test_against_a_general_optimiser",),
        {"statsmodels": "A_se, B_se", "vars": "SVAR()$Ase", "Stata": "svar", "EViews": "svar", "gretl": "SVAR†"},
        {
            "vars": (f"{SVAR}/us_ab/A_se", f"{SVAR}/us_ab/B_se", f"{SVAR}/canada_ab/B_se"),
            "gretl": ("svar_gretl/ab/A_se", "svar_gretl/ab/B_se", "svar_gretl/over/C_se"),
            "Stata": ("published_stata_var_us_macro/results_svar1_small/B_se_rows",),
        },
    ),
    Feature(
        IDENTIFICATION,
        "Test of overidentifying restrictions",
        "fit_svar(fit_var(growth, lags=3), restricted)",
        lambda result: result.overidentification.statistic,
        reference(f"{SVAR}/us_over/LR"),
        (f"{SHORT}::test_the_likelihood_ratio_of_a_restriction",),
        {"vars": "SVAR()$LR", "Stata": "header of svar", "EViews": "svar", "gretl": "SVAR†"},
        {
            "vars": (f"{SVAR}/us_over/LR", f"{SVAR}/canada_over/LR", f"{SVAR}/us_b/LR"),
            "gretl": ("svar_gretl/over/LR", "svar_gretl/mixed_over/LR"),
        },
    ),
    Feature(
        IDENTIFICATION,
        "Short-run and long-run zeros together",
        'model.long_run_effects(identification=ShortRun(b={("dl_realgdp", "dl_realinv"): 0}, '
        'long_run={("dl_realgdp", "dl_realcons"): 0, ("dl_realgdp", "dl_realinv"): 0}), shock_size="sd")',
        lambda frame: frame.iloc[0, 0] ** 2,
        long_run_variance,
        (f"{SHORT}::test_restrictions_of_both_kinds_hold",),
        {"EViews": "svar, S and F patterns", "gretl": "SVAR†"},
        {"gretl": ("svar_gretl/mixed/C", "svar_gretl/mixed/lasting", "svar_gretl/mixed_over/C_se")},
    ),
    Feature(
        IDENTIFICATION,
        "Sign restrictions",
        "model.impulse_responses(4, identification=signs)",
        signed,
        closest_to_medians,
        (
            f"{SIGNS}::test_every_model_reproduces_sigma_and_has_the_signs",
            f"{SIGNS}::test_the_set_of_two_variables_is_known",
            f"{SIGNS}::test_against_rejection_one_rotation_at_a_time",
        ),
        {"vars": "VARsignR†", "EViews": "srvar add-in†", "gretl": "SVAR†"},
        {"vars": ("signs_varsignr/rwz/*/shares",), "gretl": ("signs_gretl/posterior/*/shares",)},
        remark="and zeros on impact or in the long run; the model closest to the medians is shown",
    ),
    Feature(
        IDENTIFICATION,
        "External instrument (proxy)",
        'model.impulse_responses(4, identification=proxy, shock_size="unit")',
        at(0, 1, 0),
        proxy_ratio,
        (f"{PROXY}::test_one_instrument_is_a_vector_of_covariances", f"{PROXY}::test_the_impact_is_recovered"),
        {"vars": "varexternalinstrument†, pvars† id.iv()", "Stata": "ivsvar"},
        {"vars": ("proxy_r/*/*/impact",)},
        remark="the VAR Toolbox for Matlab too, with several instruments ([✓](parity/others.md#var-toolbox))",
    ),
    Feature(
        IDENTIFICATION,
        "Strength of an external instrument",
        "instrument_relevance_test(model, proxy)",
        statistic,
        first_stage,
        (f"{PROXY}::test_the_first_stage_against_least_squares",),
    ),
    Feature(
        IDENTIFICATION,
        "Structural shocks",
        "model.structural_shocks()",
        lambda frame: frame.iloc[7, 1],
        lambda: np.linalg.solve(cholesky(), model().resids.to_numpy()[7])[1],
        (f"{PROXY}::test_the_shock_itself", f"{FUTURES}::test_contributions_are_responses_times_shocks"),
        {"EViews": "makeresids, structural"},
    ),
]


RESPONSE_ROWS = [
    Feature(
        RESPONSES,
        "Moving-average responses",
        'model.impulse_responses(10, identification="reduced_form", shock_size="unit")',
        at(2, 0, 1),
        reference("us_macro_vars/var2_const/irf/dl_realcons/values/2/0"),
        (f"{DYNAMICS}::test_moving_average_is_the_corner_of_companion_powers",),
        {
            "statsmodels": "ma_rep(), irf().irfs",
            "vars": "Phi(), irf(ortho = FALSE)",
            "Stata": "irf graph irf",
            "EViews": "impulse(imp=unit)",
        },
        everywhere("irf", "irf", None),
    ),
    Feature(
        RESPONSES,
        "Cumulative responses",
        'model.impulse_responses(10, identification="reduced_form", shock_size="unit", cumulative=True)',
        at(2, 0, 1),
        lambda: moving_average(2).sum(axis=0)[0, 1],
        (f"{SYSTEM}::test_cumulative_responses_are_sums_and_reach_the_long_run",),
        {
            "statsmodels": "cum_effects",
            "vars": "cumulative = TRUE",
            "Stata": "irf graph cirf",
            "EViews": "impulse(a, imp=unit)",
        },
        everywhere("cum_effects", "irf_cumulative", None),
    ),
    Feature(
        RESPONSES,
        "Orthogonalised responses",
        "model.impulse_responses(10)",
        at(2, 0, 1),
        lambda: (moving_average(2)[2] @ cholesky())[0, 1],
        (f"{DYNAMICS}::test_responses_are_moving_averages_times_the_impact",),
        {
            "statsmodels": "orth_ma_rep(), irf().orth_irfs",
            "vars": "Psi(), irf()",
            "gretl": "irf(), --impulse-responses",
            "Stata": "irf graph oirf",
            "EViews": "impulse(imp=chol)",
        },
        everywhere("orth_irf", "oirf", "irf"),
        remark="sigma with degrees of freedom in all but gretl and Stata, which divide by n",
    ),
    Feature(
        RESPONSES,
        "Orthogonalised cumulative responses",
        "model.impulse_responses(10, cumulative=True)",
        at(2, 0, 1),
        lambda: (moving_average(2) @ cholesky()).sum(axis=0)[0, 1],
        (f"{SYSTEM}::test_cumulative_responses_are_sums_and_reach_the_long_run",),
        {
            "statsmodels": "orth_cum_effects",
            "vars": "irf(cumulative = TRUE)",
            "Stata": "irf graph coirf",
            "EViews": "impulse(a)",
        },
        everywhere("orth_cum_effects", "oirf_cumulative", None),
    ),
    Feature(
        RESPONSES,
        "Orthogonalised shocks of one unit",
        'model.impulse_responses(10, shock_size="unit")',
        at(2, 0, 1),
        lambda: (moving_average(2)[2] @ cholesky())[0, 1] / cholesky()[1, 1],
        (f"{SYSTEM}::test_sizes_and_identifications",),
    ),
    Feature(
        RESPONSES,
        "Long-run effects",
        "model.long_run_effects()",
        lambda frame: frame.iloc[0, 1],
        lambda: np.linalg.inv(np.eye(3) - model().coefficients.sum(axis=0))[0, 1],
        (f"{SYSTEM}::test_cumulative_responses_are_sums_and_reach_the_long_run",),
        {"statsmodels": "long_run_effects()", "vars": "BQ()$LRIM", "Stata": "svar's C"},
        {
            "statsmodels": (
                "us_macro_statsmodels/var2_c/long_run_effects",
                "us_macro_statsmodels/var4_c/long_run_effects",
            ),
            "vars": (f"{SVAR}/us_bq/LRIM",),
        },
    ),
    Feature(
        RESPONSES,
        "Asymptotic errors of responses",
        'model.impulse_responses(10, identification="reduced_form", shock_size="unit", bands=DeltaMethod())',
        lambda responses: responses.std_errors[3, 0, 1],
        reference("us_macro_statsmodels/var2_c/irf_stderr/3/0/1"),
        (f"{ENGINE}::test_delta_method_is_the_numerical_delta_method",),
        {"statsmodels": "irf().stderr()", "Stata": "irf create", "EViews": "impulse(se=a)"},
        everywhere("irf_stderr", None, None),
    ),
    Feature(
        RESPONSES,
        "Asymptotic errors of orthogonalised responses",
        "model.impulse_responses(10, bands=DeltaMethod())",
        lambda responses: responses.std_errors[3, 0, 1],
        reference("us_macro_statsmodels/var2_c/orth_irf_stderr/3/0/1"),
        (f"{ENGINE}::test_delta_method_is_the_numerical_delta_method",),
        {"statsmodels": "irf().stderr(orth=True)", "Stata": "irf create", "EViews": "impulse(se=a)"},
        everywhere("orth_irf_stderr", None, None),
    ),
    Feature(
        RESPONSES,
        "Asymptotic errors of cumulative responses",
        "model.impulse_responses(10, cumulative=True, bands=DeltaMethod())",
        lambda responses: responses.std_errors[3, 0, 1],
        reference("us_macro_statsmodels/var2_c/orth_cum_irf_stderr/3/0/1"),
        (f"{ENGINE}::test_delta_method_is_the_numerical_delta_method",),
        {"statsmodels": "irf().cum_effect_stderr()", "Stata": "irf create", "EViews": "impulse(a, se=a)"},
        everywhere("orth_cum_irf_stderr", None, None),
    ),
    Feature(
        RESPONSES,
        "Table with errors",
        "model.impulse_responses(4, bands=DeltaMethod()).to_frame()",
        lambda frame: frame.loc[("dl_realcons", "dl_realgdp", 3), "std_error"],
        reference("us_macro_statsmodels/var2_c/orth_irf_stderr/3/0/1"),
        (f"{SYSTEM}::test_responses_as_tables", "tests/systems/var/test_summaries.py::test_responses"),
        {"Stata": "irf table, irf ctable", "EViews": "impulse(t)", "gretl": "--impulse-responses"},
        remark="as text, Markdown, HTML, LaTeX or a DataFrame",
    ),
    Feature(
        RESPONSES,
        "Grid plot",
        "plot_responses(model.impulse_responses(10, bands=DeltaMethod()))",
        shaded,
        lower_limit,
        (f"{PLOTS}::test_every_panel_shows_its_response", f"{PLOTS}::test_titles_name_shock_and_response"),
        {
            "statsmodels": "irf().plot()",
            "vars": "plot(irf())",
            "gretl": "GUI",
            "Stata": "irf graph, irf cgraph",
            "EViews": "impulse(m)",
        },
    ),
    Feature(
        RESPONSES,
        "Variance decomposition",
        "model.variance_decomposition(10)",
        at(5, 0, 1),
        reference("us_macro_vars/var2_const/fevd/dl_realgdp/values/5/1"),
        (f"{DYNAMICS}::test_variance_shares_by_loops",),
        {"statsmodels": "fevd()", "vars": "fevd()", "gretl": "fevd()", "Stata": "irf graph fevd", "EViews": "decomp"},
        everywhere("fevd", "fevd", "fevd"),
    ),
    Feature(
        RESPONSES,
        "Variance decomposition, structural",
        "fit_var(growth, lags=3).variance_decomposition(8, identification=triangle)",
        at(5, 0, 1),
        reference(f"{SVAR}/us_ab/fevd/0/5/1"),
        (f"{SHORT}::test_every_source_of_bands", f"{DYNAMICS}::test_variance_shares_by_loops"),
        {"vars": "fevd(SVAR())", "Stata": "irf graph sfevd", "EViews": "decomp(imp=struct)", "gretl": "SVAR†"},
        {"vars": (f"{SVAR}/us_ab/fevd", f"{SVAR}/canada_over/fevd"), "gretl": ("svar_gretl/ab/shares",)},
    ),
    Feature(
        RESPONSES,
        "Variance decomposition, generalised",
        'model.variance_decomposition(6, identification="generalised")',
        at(5, 0, 1),
        lambda: generalised_share(normalised=False),
        (f"{SCHEMES}::test_generalised_shares",),
        {"vars": "frequencyConnectedness†"},
    ),
    Feature(
        RESPONSES,
        "Variance decomposition, generalised, rows that sum to one",
        'model.variance_decomposition(6, identification="generalised", normalised=True)',
        at(5, 0, 1),
        lambda: generalised_share(normalised=True),
        (f"{SCHEMES}::test_generalised_shares",),
        {"vars": "frequencyConnectedness†"},
        remark="Diebold and Yilmaz's (2012) table",
    ),
    Feature(
        RESPONSES,
        "Historical decomposition",
        "model.historical_decomposition()",
        lambda parts: parts.contributions[50, 0, 1],
        contribution,
        (
            f"{FUTURES}::test_contributions_are_responses_times_shocks",
            f"{FUTURES}::test_the_baseline_runs_without_shocks",
        ),
        {"EViews": "hdecomp", "vars": "svars† hd()", "gretl": "SVAR†"},
    ),
]

ROWS = [*IDENTIFICATION_ROWS, *RESPONSE_ROWS]
