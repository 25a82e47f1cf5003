"""Rows of random effects: variance components by method, effect and panel shape; likelihood; correlated effects."""

from __future__ import annotations

import numpy as np
from features.feature import Feature, reference
from features.panel_names import (
    RANDOM,
    empluk,
    error,
    generalized_least_squares,
    grunfeld,
    params,
    statistic,
)

import panelvar as pv

ONE_WAY = "tests/panels/random_effects/test_random.py"
COMPONENTS = "tests/panels/random_effects/test_variance_components.py"
CROSSED = "tests/panels/random_effects/test_crossed.py"
CROSSED_LIKELIHOOD = "tests/panels/random_effects/test_crossed_likelihood.py"
CORRELATED = "tests/panels/random_effects/test_correlated.py"

PLM = {
    "swamy-arora": "swar",
    "wallace-hussain": "walhus",
    "amemiya": "amemiya",
    "nerlove": "nerlove",
}
TITLES = {
    "wallace-hussain": "Wallace-Hussain",
    "amemiya": "Amemiya",
    "nerlove": "Nerlove",
    "swamy-arora": "Swamy-Arora",
}
# EViews calls Amemiya's method by the name of its unbalanced version.
EVIEWS = {"swamy-arora": "Swamy-Arora", "wallace-hussain": "Wallace-Hussain", "amemiya": "Wansbeek-Kapteyn"}
EFFECTS = {"entity": "individual", "time": "time", "twoway": "twoways"}
SHAPES = {"grunfeld": "balanced", "empluk": "unbalanced"}
SLOPES = {"grunfeld": "value", "empluk": "lwage"}
IN_FITS = {
    "grunfeld": {
        *(f"individual_{method}" for method in PLM.values()),
        *("time_swar", "twoways_swar", "twoways_walhus", "twoways_amemiya"),
    },
    "empluk": {"individual_swar", "individual_walhus", "individual_amemiya", "time_swar", "twoways_swar"},
}
CHECKS = {
    ("entity", "grunfeld"): (f"{COMPONENTS}::test_balanced_denominators_count_effects_only",),
    ("entity", "empluk"): (f"{COMPONENTS}::test_unbalanced_components_make_both_forms_unbiased",),
    ("twoway", "grunfeld"): (f"{CROSSED}::test_balanced_denominators_are_the_textbook_ones",),
    ("twoway", "empluk"): (
        f"{CROSSED}::test_components_are_unbiased_on_unbalanced_panels",
        f"{CROSSED}::test_estimates_and_standard_errors_are_dense_gls",
    ),
}
NERLOVE = {
    "entity": (f"{COMPONENTS}::test_nerlove",),
    "time": (f"{COMPONENTS}::test_nerlove",),
    "twoway": (f"{CROSSED}::test_nerlove_takes_the_variance_of_the_fixed_effects",),
}
SWAMY = {
    "entity": (f"{ONE_WAY}::test_components_solve_the_moment_equations", f"{ONE_WAY}::test_estimates"),
    "time": (f"{ONE_WAY}::test_components_solve_the_moment_equations",),
    "twoway": (f"{CROSSED}::test_swamy_arora_is_unbiased_on_balanced_panels_too",),
}


def checks(method: str, effect: str, data: str) -> tuple[str, ...]:
    """The derivations behind a method."""
    if method == "nerlove":
        return NERLOVE[effect]
    own = SWAMY[effect] if method == "swamy-arora" else ()
    return tuple(dict.fromkeys((*own, *CHECKS["entity" if effect == "time" else effect, data])))


def programs(method: str, effect: str, data: str) -> dict[str, str]:
    """Who has a method."""
    option = f'random.method = "{PLM[method]}"'
    found = {"plm": option if effect == "entity" else f'{option}, effect = "{EFFECTS[effect]}"'}
    if method in EVIEWS and (effect, data) != ("twoway", "empluk"):
        dimension = {"entity": "cross-section", "time": "period", "twoway": "both"}[effect]
        found["EViews"] = f"random ({dimension}), {EVIEWS[method]}"
    if (method, effect) == ("nerlove", "entity"):
        found["gretl"] = "panel --random-effects --nerlove"
    return found


def matches(method: str, effect: str, data: str) -> dict[str, tuple[str, ...]]:
    """Whose numbers are compared."""
    name = f"{EFFECTS[effect]}_{PLM[method]}"
    if (method, effect, data) == ("nerlove", "twoway", "empluk"):
        return {}
    file = f"{data}_plm_{'fits' if name in IN_FITS[data] else 'components'}"
    # The covariance of plm's unbalanced two-way models is excluded.
    parts = ("coef", "ercomp/sigma2") if file.endswith("fits") else ("coef", "sigma2")
    if (effect, data) != ("twoway", "empluk"):
        parts = (*parts, "se")
    found = {"plm": tuple(f"{file}/random_{name}/{part}" for part in parts)}
    if (method, effect) == ("nerlove", "entity"):
        found["gretl"] = (f"{data}_gretl/re_nerlove/coeff", f"{data}_gretl/re_nerlove/stderr")
    return found


def remark(method: str, effect: str, data: str) -> str:
    """Where a program errs."""
    if (effect, data) != ("twoway", "empluk"):
        return ""
    if method == "nerlove":
        return "plm takes the variance of effects that it gets wrong on unbalanced panels; checked by dense GLS"
    return "plm's covariance leaves out the error variance (parity page); standard errors checked by dense GLS"


def component_row(method: str, effect: str, data: str) -> Feature:
    """One method, effect and shape of panel."""
    options = [f'effects="{effect}"'] if effect != "entity" else []
    options += [f'variance_components="{method}"'] if method != "swamy-arora" else []
    call = ", ".join(["fit_random_effects(*" + data, *options, 'convention="plm")'])
    slope = SLOPES[data]
    same = matches(method, effect, data)
    if same:
        file, group, *_ = same["plm"][0].split("/")
        equals = reference(f"{file}/{group}/coef/{slope}")
    else:

        def equals() -> float:
            return dense_slope(method, effect, data)

    by = {"entity": "by entity", "time": "by time", "twoway": "two-way"}[effect]
    return Feature(
        RANDOM,
        f"{TITLES[method]}, {by}, {SHAPES[data]}",
        call,
        params(slope),
        equals,
        checks(method, effect, data),
        programs(method, effect, data),
        same,
        remark(method, effect, data),
    )


def dense_slope(method: str, effect: str, data: str) -> float:
    """The first slope by dense GLS, given the variances."""
    assert data == "empluk"
    result = pv.fit_random_effects(*empluk(), effects=effect, variance_components=method, convention="plm")
    return generalized_least_squares(result)[0][1]


def dense_error() -> float:
    """The standard error of lwage by dense GLS with the exact covariance matrix."""
    result = pv.fit_random_effects(*empluk(), effects="twoway", convention="linearmodels")
    beta, inverse = generalized_least_squares(result)
    design, components = result._design, result.variance_components
    residual = design.y - np.column_stack([np.ones(design.nobs), *design.x]) @ beta
    omega = components.idiosyncratic * np.eye(design.nobs)
    for codes, part in zip((design.entities.codes, design.times.codes), components.dimensions, strict=True):
        omega += part.variance * (codes[:, None] == codes[None, :])
    scale = residual @ np.linalg.solve(omega, residual) / result.df_resid
    return float(np.sqrt(scale * inverse[1, 1]))


def likelihood_ratio() -> float:
    """Twice nlme's gain over R's pooled OLS."""
    return 2.0 * (reference("empluk_nlme_ml/ml/loglik")() - reference("empluk_sandwich_lm/logLik")())


def curvature_error() -> float:
    """The standard error of sigma_u from second differences of the profiled dense log-likelihood."""
    result = pv.fit_random_effects(*grunfeld(), variance_components="ml")
    design, parts = result._design, result.variance_components
    x = np.column_stack([np.ones(design.nobs), *design.x])
    same = design.entities.codes[:, None] == design.entities.codes[None, :]

    def loglik(log_u: float, log_e: float) -> float:
        omega = np.exp(2.0 * log_u) * same + np.exp(2.0 * log_e) * np.eye(design.nobs)
        weighted = np.linalg.solve(omega, np.column_stack([x, design.y]))
        beta = np.linalg.solve(x.T @ weighted[:, :-1], x.T @ weighted[:, -1])
        gap = design.y - x @ beta
        return -0.5 * (np.linalg.slogdet(omega)[1] + gap @ (weighted[:, -1] - weighted[:, :-1] @ beta))

    at, h = np.log([parts.sigma_u, parts.sigma_e]), 1e-3
    second = np.empty((2, 2))
    for i, a in enumerate(np.eye(2) * h):
        for j, b in enumerate(np.eye(2) * h):
            second[i, j] = loglik(*(at + a + b)) - loglik(*(at + a - b)) - loglik(*(at - a + b)) + loglik(*(at - a - b))
    information = -second / (4.0 * h * h)
    return float(parts.sigma_u * np.sqrt(np.linalg.inv(information)[0, 0]))


SWAMY_ARORA_EVERYWHERE = {
    "plm": 'plm(model = "random")',
    "Stata": "xtreg, re",
    "EViews": "random (cross-section), Swamy-Arora",
    "gretl": "panel --random-effects",
    "linearmodels": "RandomEffects",
}

SWAMY_ARORA = [
    Feature(
        RANDOM,
        "Swamy-Arora, by entity, balanced",
        "fit_random_effects(*grunfeld)",
        params("value"),
        reference("grunfeld_plm_fits/random_individual_swar/coef/value"),
        checks("swamy-arora", "entity", "grunfeld"),
        SWAMY_ARORA_EVERYWHERE,
        {
            "plm": ("grunfeld_plm_fits/random_individual_swar",),
            "Stata": ("published_stata_fatalities/xttest0/variances",),
            "gretl": ("grunfeld_gretl/re_swar/coeff", "grunfeld_gretl/re_swar/stderr"),
            "linearmodels": ("grunfeld_linearmodels/random/unadjusted_debiased*",),
        },
    ),
    Feature(
        RANDOM,
        "Swamy-Arora, by entity, unbalanced, of Baltagi and Chang (default)",
        "fit_random_effects(*empluk)",
        params("lwage"),
        reference("empluk_plm_fits/random_individual_swar/coef/lwage"),
        checks("swamy-arora", "entity", "empluk"),
        {
            "plm": 'random.method = "swar"',
            "gretl": "panel --random-effects --unbalanced=bc",
            "linearmodels": "RandomEffects.fit(small_sample=True)",
        },
        {
            "plm": ("empluk_plm_fits/random_individual_swar",),
            "gretl": ("empluk_gretl/re_unbalanced_baltagi_chang/coeff",),
            "linearmodels": ("empluk_linearmodels/random/small_sample_True",),
        },
    ),
    Feature(
        RANDOM,
        "Swamy-Arora, by entity, unbalanced, harmonic mean of T",
        'fit_random_effects(*empluk, convention="gretl")',
        params("lwage"),
        reference("empluk_gretl/re_swar/coeff/1"),
        (f"{ONE_WAY}::test_harmonic_and_stata_versions",),
        {"Stata": "xtreg, re", "gretl": "panel --random-effects", "linearmodels": "RandomEffects"},
        {
            "Stata": ("published_stata_nlswork/re",),
            "gretl": ("empluk_gretl/re_swar/coeff", "empluk_gretl/re_swar/stderr"),
            "linearmodels": ("empluk_linearmodels/random/unadjusted_debiased*",),
        },
    ),
    Feature(
        RANDOM,
        "Swamy-Arora, by entity, Stata's small-sample version",
        'fit_random_effects(*grunfeld, variance_components="stata-sa", convention="stata")',
        params("value"),
        reference("grunfeld_plm_fits/random_individual_swar/coef/value"),
        (f"{ONE_WAY}::test_harmonic_and_stata_versions", f"{ONE_WAY}::test_versions_agree_on_a_balanced_panel"),
        {"Stata": "xtreg, re sa", "gretl": "panel --random-effects --unbalanced=stata"},
        {"Stata": ("published_stata_nlswork/re_sa_7", "published_stata_nlswork/re_sa_10")},
        "differs in unbalanced panels alone: here, as in every balanced one, all versions agree",
    ),
    *(component_row("swamy-arora", "time", data) for data in SHAPES),
    *(component_row("swamy-arora", "twoway", data) for data in SHAPES),
]

LIKELIHOOD = [
    Feature(
        RANDOM,
        "Maximum likelihood, by entity",
        'fit_random_effects(*empluk, variance_components="ml")',
        params("lwage"),
        reference("empluk_nlme_ml/ml/coef/lwage"),
        (f"{COMPONENTS}::test_maximum_likelihood", f"{COMPONENTS}::test_profile_slope_is_its_derivative"),
        {"plm": 'nlme† lme(method = "ML")', "Stata": "xtreg, mle"},
        {
            "plm": ("*_nlme_ml", "*_lme4/entity_ml", "*_lme4/nlme_ml"),
            "Stata": ("published_stata_xtreg_mle/mle/params", "published_stata_xtreg_mle/mle/stats"),
        },
    ),
    Feature(
        RANDOM,
        "Maximum likelihood, two-way",
        'fit_random_effects(*empluk, effects="twoway", variance_components="ml")',
        params("lwage"),
        reference("empluk_lme4/twoway_ml/coef/lwage"),
        (f"{CROSSED_LIKELIHOOD}::test_nothing_is_more_likely",),
        {"plm": "lme4† lmer(REML = FALSE)", "Stata": "mixed, mle"},
        {"plm": ("*_lme4/twoway_ml", "*_lme4/tests_ml")},
        tolerance=1e-7,
    ),
    *(
        Feature(
            RANDOM,
            f"Restricted maximum likelihood, {title}",
            f'fit_random_effects(*empluk, effects="{effects}", variance_components="reml")',
            params("lwage"),
            reference(f"empluk_lme4/{effects}_reml/coef/lwage"),
            (test,),
            {"plm": "lme4† lmer(), nlme† lme()", "Stata": "mixed, reml"},
            {"plm": (f"*_lme4/{effects}_reml",)},
            tolerance=1e-7,
        )
        for effects, title, test in (
            ("entity", "by entity", f"{COMPONENTS}::test_restricted_maximum_likelihood"),
            ("time", "by time", f"{COMPONENTS}::test_restricted_maximum_likelihood"),
            ("twoway", "two-way", f"{CROSSED_LIKELIHOOD}::test_nothing_is_more_likely"),
        )
    ),
    Feature(
        RANDOM,
        "Standard errors of the variances",
        'fit_random_effects(*grunfeld, variance_components="ml").variance_components.std_errors()["sigma_u"]',
        float,
        curvature_error,
        (f"{COMPONENTS}::test_maximum_likelihood", f"{CROSSED_LIKELIHOOD}::test_standard_errors_of_the_variances"),
        {"plm": "nlme† intervals()", "Stata": "xtreg, mle"},
        {"plm": ("*_lme4/nlme_ml", "*_lme4/nlme_reml"), "Stata": ("published_stata_xtreg_mle/mle/ancillary",)},
        remark="compared with finite differences of the dense log-likelihood",
        tolerance=1e-5,
    ),
    Feature(
        RANDOM,
        "Likelihood-ratio test of no effect (chibar2)",
        'fit_random_effects(*empluk, variance_components="ml").variance_components.likelihood_ratio()',
        statistic,
        likelihood_ratio,
        (f"{COMPONENTS}::test_likelihood_ratio_is_half_a_chi2",),
        {"plm": "nlme† anova(gls, lme)", "Stata": "xtreg, mle"},
        {
            "plm": ("*_nlme_ml/ml/loglik", "*_sandwich_lm/logLik", "*_lme4/tests_ml/entity"),
            "Stata": ("published_stata_xtreg_mle/mle/stats/chibar2*",),
        },
    ),
    Feature(
        RANDOM,
        "Likelihood-ratio test of one of two effects, and of both",
        'fit_random_effects(*empluk, effects="twoway", variance_components="ml").variance_components'
        '.likelihood_ratio("year")',
        statistic,
        reference("empluk_lme4/tests_ml/twoway_time"),
        (f"{CROSSED_LIKELIHOOD}::test_likelihood_ratios",),
        {"plm": "lme4† anova()", "Stata": "lrtest"},
        {"plm": ("*_lme4/tests_ml", "*_lme4/tests_reml")},
        tolerance=1e-7,
    ),
]


EXACT = [
    Feature(
        RANDOM,
        "Standard errors of two-way effects, unbalanced, equal to dense GLS",
        'fit_random_effects(*empluk, effects="twoway", convention="linearmodels")',
        error("lwage"),
        dense_error,
        (
            f"{CROSSED}::test_estimates_and_standard_errors_are_dense_gls",
            f"{CROSSED}::test_the_error_variance_belongs_into_the_covariance",
        ),
        {"plm": 'effect = "twoways"'},
        remark="plm leaves out the error variance",
    ),
    Feature(
        RANDOM,
        "Predicted effects (best linear unbiased)",
        'fit_random_effects(*grunfeld).estimated_effects()["effect"]',
        lambda effects: effects.iloc[0],
        reference("grunfeld_plm_fits/random_individual_swar/ranef/1"),
        (
            f"{ONE_WAY}::test_effects_are_the_best_linear_unbiased_predictions",
            f"{CROSSED}::test_effects_are_the_best_linear_unbiased_predictions",
        ),
        {"plm": "ranef()", "Stata": "predict, u", "EViews": "cross-section effects view", "gretl": "$ahat"},
        {"plm": ("*_plm_fits/random_individual_swar/ranef",), "Stata": ("published_stata_nlswork/predictions_re_fe",)},
    ),
    Feature(
        RANDOM,
        "Correlated random effects (Mundlak)",
        "fit_correlated_random_effects(*empluk)",
        params("lwage"),
        reference("empluk_plm_fits/within_individual/coef/lwage"),
        (
            f"{CORRELATED}::test_slopes_are_those_of_fixed_effects",
            f"{CORRELATED}::test_it_is_random_effects_with_columns_of_means",
        ),
        {"Stata": "xtreg, cre (19); mundlak†"},
        remark="slopes are those of fixed effects",
    ),
]

COMPONENT_ROWS = [
    component_row(method, effect, data)
    for method in ("wallace-hussain", "amemiya", "nerlove")
    for effect in EFFECTS
    for data in SHAPES
]

ROWS = [*SWAMY_ARORA, *COMPONENT_ROWS, *LIKELIHOOD, *EXACT]
