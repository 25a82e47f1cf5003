"""Error-correction models of German inflation and interest by JMulTi, the program of Luetkepohl and Kraetzig."""

from __future__ import annotations

from functools import cache

import numpy as np
from parity.runner import Case, Comparison, Exclusion, expected_tree, printed
from reference_data import table

import panelvar as pv

FILE = "german_interest_jmulti"
TRENDS = {"nc": "n", "ci": "rc", "co": "c", "colo": "ct", "cos": "c", "coslo": "ct"}
ML = pv.VarConvention("ml", sigma="ml", coefficient_sigma="ml", distribution="normal").but(
    centred=("portmanteau", "jarque-bera")
)
DIFFERENCES = {
    f"d({name})(t-{lag})": f"L(D({name}))" if lag == 1 else f"L(D({name}), {lag})"
    for lag in (1, 2, 3)
    for name in ("Dp", "R")
}
LEVELS = {f"{name}(t-{lag})": f"L{lag}.{name}" for lag in (1, 2, 3, 4) for name in ("Dp", "R")}


@cache
def model(case: str):
    seasons = 4 if "s" in case else 0
    frame = table("german_interest")[["Dp", "R"]]
    return pv.fit_vecm(frame, rank=1, lags=4, trend=TRENDS[case], seasons=seasons, convention=ML)


def rows(names: dict[str, str], values, errors) -> dict:
    return {
        label: {"coef": values.loc[own].to_numpy(), "se": errors.loc[own].to_numpy()} for label, own in names.items()
    }


def relation(case: str) -> dict:
    fit = model(case)
    names = {"Dp(t-1)": "Dp", "R(t-1)": "R"} | ({"CONST": "const"} if case == "ci" else {})
    return rows(names, fit.beta, fit.beta_std_errors)


def forecast(case: str, place: int) -> np.ndarray:
    found = model(case).forecast(5)
    middle, lower, upper = (values[:, place] for values in (found.values, found.lower, found.upper))
    return np.column_stack([middle, lower, upper, upper - middle])


def responses(case: str) -> np.ndarray:
    """Dp to Dp, Dp to R's shock, R to Dp's, R to R's, by period."""
    values = model(case).impulse_responses(20, identification="reduced_form", shock_size="unit").values
    return values.reshape(21, 4)


def residual_tests(case: str) -> dict:
    fit = model(case)
    plain, adjusted = (pv.portmanteau_test(fit, 16, kind=kind) for kind in ("plain", "adjusted"))
    lm = pv.serial_lm_test(fit, 5)
    normal = pv.normality_test(fit)
    return {
        "portmanteau_16": {"statistic": plain.statistic, "adjusted": adjusted.statistic, "df": plain.df},
        "lm_5": {"statistic": lm.statistic, "df": lm.df},
        "cholesky": [normal.statistic, normal.skewness.statistic, normal.kurtosis.statistic],
    }


def inverse_roots(case: str) -> np.ndarray:
    """Moduli in the order of the log, which is none."""
    found = np.sort(1.0 / model(case).moduli)
    return found[np.argsort(np.argsort(expected_tree(FILE)[case]["inverse_roots"], kind="stable"))]


def levels(case: str) -> dict:
    """Without the errors of the first lag, which JMulTi computes as if alpha and Gamma_1 were uncorrelated."""
    fit = model(case)
    found = rows(LEVELS, fit.params, fit.std_errors)
    alpha, gamma = fit.alpha_std_errors.to_numpy()[:, 0], fit.short_run_std_errors
    for name in ("Dp", "R"):
        moved = alpha * abs(fit.beta.loc[name, "ec1"])
        found[f"{name}(t-1)"]["se"] = np.hypot(moved, gamma.loc[f"L(D({name}))"].to_numpy())
    return found


THREE, FOUR = printed(decimals=3), printed(decimals=4)


def comparisons(case: str) -> list[Comparison]:
    own = {
        "differences": (lambda: rows(DIFFERENCES, model(case).short_run, model(case).short_run_std_errors), THREE),
        "loadings": (
            lambda: rows({"ec1(t-1)": "ec1"}, model(case).short_run, model(case).short_run_std_errors),
            THREE,
        ),
        "relation": (lambda: relation(case), THREE),
        "levels": (lambda: levels(case), THREE),
        "inverse_roots": (lambda: inverse_roots(case), FOUR),
        # Its likelihood is of 102 rows, where 103 are used.
        "llf": (lambda: model(case).llf * 102 / 103, FOUR),
        "sigma": (lambda: model(case).sigma, printed(significant=7)),
        "forecast_Dp": (lambda: forecast(case, 0), FOUR),
        "forecast_R": (lambda: forecast(case, 1), FOUR),
        "responses": (lambda: responses(case), FOUR),
    }
    parts = ("cholesky",) if case in ("nc", "ci") else ("portmanteau_16", "lm_5", "cholesky")
    for part in parts:
        own[part] = (lambda part=part: residual_tests(case)[part], FOUR)
    if case in ("co", "colo"):
        names = {"CONST": "const"} | ({"TREND(t)": "trend"} if case == "colo" else {})
        own["terms"] = (lambda: rows(names, model(case).short_run, model(case).short_run_std_errors), THREE)
    return [Comparison(f"{case}/{part}", computed, tolerance) for part, (computed, tolerance) in own.items()]


CASES = [
    Case(
        FILE,
        comparisons=[part for case in expected_tree(FILE) for part in comparisons(case)],
        exclusions=[
            Exclusion("*s*/terms", "its seasonal dummies are zeros and ones, ours less 1/4"),
            Exclusion(
                "*/doornik_hansen",
                "moments of residuals standardised by the root of their covariance, not of their correlations, and not "
                "transformed: not the test of 2008",
            ),
            *(
                Exclusion(
                    f"{case}/portmanteau_16",
                    "without a constant in the equations it takes the mean out of the autocovariances and not out of "
                    "their denominator, as statsmodels does",
                )
                for case in ("nc", "ci")
            ),
            *(
                Exclusion(
                    f"{case}/lm_5",
                    "without a constant in the equations its statistic is of no regression that was tried: with and "
                    "without a constant, residuals as they are and about their mean",
                )
                for case in ("nc", "ci")
            ),
        ],
    )
]
