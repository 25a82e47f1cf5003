"""Error-correction models of German inflation and interest by JMulTi, the program of Luetkepohl and Kraetzig."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from parity import jmulti_tests
from parity.runner import Case, Comparison, Exclusion, expected_tree, printed
from reference_data import table
from scipy.special import ndtr

import panelvar as pv

FILE = "german_interest_jmulti"
NAMES = ("Dp", "R")
TRENDS = {"nc": "n", "ci": "rc", "co": "c", "colo": "ct", "ncs": "n", "cis": "rc", "cos": "c", "coslo": "ct"}
# A constant and a trend inside the relation and neither outside, which is not one of the five cases.
INSIDE = {"cili": "ct", "cisli": "ct"}
DUMMIES = ("S1(t)", "S2(t)", "S3(t)")
ML = pv.VarConvention("ml", sigma="ml", coefficient_sigma="ml", distribution="normal").but(
    centred=("portmanteau", "jarque-bera", "arch")
)
DIFFERENCES = {f"d({name})(t-1)": f"L(D({name}))" for name in NAMES} | {
    f"d({name})(t-{lag})": f"L(D({name}), {lag})" for lag in (2, 3) for name in NAMES
}
LEVELS = {f"{name}(t-{lag})": f"L{lag}.{name}" for lag in (1, 2, 3, 4) for name in NAMES}
THREE, FOUR, SEVEN = printed(decimals=3), printed(decimals=4), printed(significant=7)


def frame() -> pd.DataFrame:
    return table("german_interest")[list(NAMES)]


def dummies(first: int, last: int) -> pd.DataFrame:
    """Of the first three quarters of the year, less 1/4; the data begin with a second quarter."""
    quarters = np.arange(first + 1, last + 1) % 4
    return pd.DataFrame({name: (quarters == place) - 0.25 for place, name in enumerate(DUMMIES)})


def seasonal(case: str) -> dict:
    return {"exogenous": dummies(0, 107)} if "s" in case else {}


@cache
def model(case: str):
    return pv.fit_vecm(frame(), rank=1, lags=4, trend=TRENDS[case], **seasonal(case), convention=ML)


def levels_trend(case: str) -> str:
    """Terms of an autoregression of the levels in which nothing is confined to the relation."""
    trend = (TRENDS | INSIDE)[case]
    return "c" if trend == "rc" else trend


@cache
def levels_model(case: str, lags: int):
    return pv.fit_var(frame(), lags=lags, trend=levels_trend(case), **seasonal(case), convention=ML)


def rows(names: dict[str, str], values, errors) -> dict:
    found = {}
    for label, own in names.items():
        coef, se = values.loc[own].to_numpy(), errors.loc[own].to_numpy()
        found[label] = {"coef": coef, "se": se}
        if (se > 0).all():
            found[label] |= {"t": coef / se, "p": 2 * ndtr(-np.abs(coef / se))}
    return found


def short_run(case: str, names: dict[str, str]) -> dict:
    fit = model(case)
    found = rows(names, fit.short_run, fit.short_run_std_errors)
    for label, own in names.items():
        found[label]["p"] = fit.short_run_pvalues.loc[own].to_numpy()
    return found


def terms(case: str) -> dict:
    labels = model(case).short_run.index
    names = {"CONST": "const", "TREND(t)": "trend"} | {name: name for name in DUMMIES}
    return short_run(case, {label: own for label, own in names.items() if own in labels})


def relation(case: str) -> dict:
    fit = model(case)
    names = {"Dp(t-1)": "Dp", "R(t-1)": "R"} | ({"CONST": "const"} if case in ("ci", "cis") else {})
    return rows(names, fit.beta, fit.beta_std_errors)


def forecast(case: str, place: int) -> np.ndarray:
    found = model(case).forecast(5, **({"exogenous": dummies(107, 112)} if "s" in case else {}))
    middle, lower, upper = (values[:, place] for values in (found.values, found.lower, found.upper))
    return np.column_stack([middle, lower, upper, upper - middle])


def responses(case: str) -> np.ndarray:
    """Dp to Dp, Dp to R's shock, R to Dp's, R to R's, by period."""
    values = model(case).impulse_responses(20, identification="reduced_form", shock_size="unit").values
    return values.reshape(21, 4)


def correlation(case: str) -> np.ndarray:
    sigma = np.asarray(model(case).sigma)
    spread = np.sqrt(sigma.diagonal())
    return sigma / np.outer(spread, spread)


def in_short(test) -> dict:
    return {"statistic": test.statistic, "p": test.pvalue, "df": test.df}


def inverse_roots(case: str) -> np.ndarray:
    """Moduli in the order of the log, which is none."""
    found = np.sort(1.0 / model(case).moduli)
    return found[np.argsort(np.argsort(expected_tree(FILE)[case]["inverse_roots"], kind="stable"))]


def levels(case: str) -> dict:
    """With JMulTi's errors of the first lag, which are as if alpha and Gamma_1 were uncorrelated."""
    fit = model(case)
    errors = fit.std_errors.copy()
    alpha = fit.alpha_std_errors.to_numpy()[:, 0]
    for name in NAMES:
        moved = alpha * abs(fit.beta.loc[name, "ec1"])
        errors.loc[f"L1.{name}"] = np.hypot(moved, fit.short_run_std_errors.loc[f"L(D({name}))"].to_numpy())
    return rows(LEVELS, fit.params, errors)


def lag_order(case: str) -> dict:
    chosen = pv.select_lags(frame(), max_lags=11, trend=levels_trend(case), **seasonal(case))
    names = {"aic": "aic", "fpe": "fpe", "hq": "hqic", "sc": "bic"}
    return {label: chosen.order(own) - 1 for label, own in names.items()}


def causality(case: str, lags: int) -> dict:
    """Lags but the last of one variable in the equation of the other, and the correlation of the errors."""
    fit, found = levels_model(case, lags), {}
    for cause, other in (NAMES, NAMES[::-1]):
        test = fit.exclusion_test(equations=other, variables=cause, lags=list(range(1, lags)))
        found[cause] = {
            "granger": in_short(test) | {"df2": test.df_denominator},
            "instantaneous": in_short(pv.instantaneous_causality_test(fit, cause)),
        }
    return found


PARTS = {
    "differences": (lambda case: short_run(case, DIFFERENCES), THREE),
    "loadings": (lambda case: short_run(case, {"ec1(t-1)": "ec1"}), THREE),
    "terms": (terms, THREE),
    "relation": (relation, THREE),
    "levels": (levels, THREE),
    "inverse_roots": (inverse_roots, FOUR),
    # Its likelihood is of 102 rows, where 103 are used.
    "llf": (lambda case: model(case).loglik * 102 / 103, printed(significant=7)),
    "determinant": (lambda case: np.linalg.det(model(case).sigma), SEVEN),
    "sigma": (lambda case: model(case).sigma, SEVEN),
    "correlation": (correlation, SEVEN),
    "forecast_Dp": (lambda case: forecast(case, 0), FOUR),
    "forecast_R": (lambda case: forecast(case, 1), FOUR),
    "responses": (responses, FOUR),
    "portmanteau_16": (lambda case: jmulti_tests.portmanteau(model(case)), FOUR),
    "lm_5": (lambda case: in_short(pv.serial_lm_test(model(case), lags=5)), FOUR),
    "cholesky": (lambda case: jmulti_tests.cholesky(model(case)), FOUR),
    "jarque_bera": (lambda case: jmulti_tests.jarque_bera(model(case)), FOUR),
    "arch_16": (lambda case: jmulti_tests.arch(model(case)), FOUR),
    "multivariate_arch_5": (lambda case: in_short(pv.arch_test(model(case), lags=5)), FOUR),
    "lag_order": (lag_order, FOUR),
    "causality_4": (lambda case: causality(case, 4), FOUR),
    "causality_5": (lambda case: causality(case, 5), FOUR),
}
OF_LEVELS = ("lag_order", "causality_4", "causality_5")
UNCENTRED = ("nc", "ci", "ncs", "cis")


def comparisons(case: str) -> list[Comparison]:
    tree = expected_tree(FILE)[case]
    split = {"portmanteau_16": ("df",), "lm_5": ("df",)} if case in UNCENTRED else {}
    found = []
    for part, (call, tolerance) in PARTS.items():
        if part in split:
            found += [
                Comparison(f"{case}/{part}/{leaf}", lambda call=call, leaf=leaf: call(case)[leaf], tolerance)
                for leaf in split[part]
            ]
        elif part in tree and (case in TRENDS or part in OF_LEVELS):
            found.append(Comparison(f"{case}/{part}", lambda call=call: call(case), tolerance))
    return found


CASES = [
    Case(
        FILE,
        comparisons=[part for case in (*TRENDS, *INSIDE) for part in comparisons(case)],
        exclusions=[
            *(
                Exclusion(
                    f"{case}/{part}",
                    "a constant and a trend in the relation and neither outside: not one of the five cases",
                )
                for case in INSIDE
                for part in expected_tree(FILE)[case]
                if part not in OF_LEVELS
            ),
            *(
                Exclusion(f"{case}/relation/Dp(t-1)/{part}", "of a coefficient that is 1 by normalisation")
                for case in TRENDS
                for part in ("p", "t")
            ),
            *(
                Exclusion(
                    f"{case}/doornik_hansen",
                    "moments of residuals standardised by the root of their covariance, not of their correlations, and "
                    "not transformed: not the test of 2008",
                )
                for case in TRENDS
            ),
            *(
                Exclusion(
                    f"{case}/portmanteau_16/{part}",
                    "without a constant in the equations it takes the mean out of the autocovariances and not out of "
                    "their denominator, as statsmodels does",
                )
                for case in UNCENTRED
                for part in ("statistic", "p", "adjusted", "adjusted_p")
            ),
            *(
                Exclusion(
                    f"{case}/lm_5/{part}",
                    "without a constant in the equations its statistic is of no regression that was tried: other "
                    "regressors, residuals about their mean or not, other denominators, other rows",
                )
                for case in UNCENTRED
                for part in ("statistic", "p")
            ),
        ],
    )
]
