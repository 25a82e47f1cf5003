"""Vector autoregressions of United States levels by JMulTi, the program of Luetkepohl and Kraetzig."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pandas as pd
from parity import jmulti_tests
from parity.runner import Case, Comparison, Exclusion, expected_tree, printed
from reference_data import table

import panelvar as pv

FILE = "us_levels_jmulti"
NAMES = ["realcons", "realgdp", "realinv"]
DUMMIES = ["S1(t)", "S2(t)", "S3(t)"]
TRENDS = {"nc": "n", "ncs": "n", "c": "c", "cs": "c", "ct": "ct", "cst": "ct"}
JMULTI = pv.VarConvention(
    "JMulTi",
    distribution="normal",
    rao_denominator="whole-pvalue",
    centred=("portmanteau", "arch", "jarque-bera", "doornik-hansen"),
)
LAGS = {f"{name}(t-{lag})": f"L{lag}.{name}" for lag in (1, 2, 3, 4) for name in NAMES}
TERMS = {"CONST": "const", "TREND(t)": "trend"} | {name: name for name in DUMMIES}
ROWS = 203
THREE, FOUR, SEVEN = printed(decimals=3), printed(decimals=4), printed(significant=7)
# Of levels in the thousands the cross products have a condition number of 1e12.
INVERTED = printed(
    decimals=4, units=1.4, reason="JMulTi is off by up to 2e-5; ours equal 60-digit arithmetic to 1e-10 of the level"
)


def dummies(first: int, last: int) -> pd.DataFrame:
    """Zeros and ones, as JMulTi has them also without a constant; seasons= would be about their means."""
    quarters = np.arange(first, last) % 4
    return pd.DataFrame({name: (quarters == place).astype(float) for place, name in enumerate(DUMMIES)})


def terms(case: str) -> dict:
    found = {"trend": TRENDS[case]}
    return found | {"exogenous": dummies(0, ROWS)} if "s" in case else found


@cache
def model(case: str) -> pv.VarResult:
    with warnings.catch_warnings():
        # Levels of national accounts: without a trend a root is explosive.
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_var(table("us_levels")[NAMES], lags=4, **terms(case), convention=JMULTI)


def rows(case: str, names: dict[str, str]) -> dict:
    m = model(case)
    parts = {"coef": m.params, "se": m.std_errors, "t": m.tstats, "p": m.pvalues}
    return {
        label: {part: values.loc[own].to_numpy() for part, values in parts.items()}
        for label, own in names.items()
        if own in m.params.index
    }


def forecast(case: str, place: int) -> np.ndarray:
    future = {"exogenous": dummies(ROWS, ROWS + 5)} if "s" in case else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        found = model(case).forecast(5, **future)
    middle, lower, upper = (values[:, place] for values in (found.values, found.lower, found.upper))
    return np.column_stack([middle, lower, upper, upper - middle])


def statistics(case: str) -> dict:
    m = model(case)
    return {
        # Its likelihood is of one row less than the sample.
        "llf": m.loglik * (m.nobs - 1) / m.nobs,
        "determinant": np.linalg.det(m.sigma_ml),
        "aic": m.aic,
        "fpe": m.fpe,
        "sc": m.bic,
        "hq": m.hqic,
    }


def correlation(case: str) -> np.ndarray:
    sigma = np.asarray(model(case).sigma)
    spread = np.sqrt(sigma.diagonal())
    return sigma / np.outer(spread, spread)


def responses(case: str) -> np.ndarray:
    """Of the first variable to the errors of all, of the second, of the third, by period."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        found = model(case).impulse_responses(20, identification="reduced_form", shock_size="unit")
    return found.values.reshape(21, 9)


def inverse_roots(case: str) -> np.ndarray:
    """Moduli in the order of the log, which is none."""
    found = np.sort(1.0 / model(case).moduli)
    return found[np.argsort(np.argsort(expected_tree(FILE)[case]["inverse_roots"], kind="stable"))]


def lag_order(case: str) -> dict:
    chosen = pv.select_lags(table("us_levels")[NAMES], max_lags=10, **terms(case))
    return {
        "aic": chosen.order("aic"),
        "fpe": chosen.order("fpe"),
        "hq": chosen.order("hqic"),
        "sc": chosen.order("bic"),
    }


def granger(case: str, cause: str) -> dict:
    causing = cause.split(",")
    found = model(case).granger_causality([name for name in NAMES if name not in causing], causing)
    return {"statistic": found.statistic, "df": found.df, "df2": found.df_denominator, "p": found.pvalue}


def instantaneous(case: str, cause: str) -> dict:
    found = pv.instantaneous_causality_test(model(case), cause.split(","))
    return {"statistic": found.statistic, "df": found.df, "p": found.pvalue}


def serial(case: str) -> dict:
    lm, rao = pv.serial_lm_test(model(case), lags=5), pv.serial_lm_test(model(case), lags=5, statistic="f")
    return {
        "statistic": lm.statistic,
        "p": lm.pvalue,
        "df": lm.df,
        "f": rao.statistic,
        "f_p": rao.pvalue,
        "df1": rao.df,
        "df2": rao.df_denominator,
    }


def multivariate_arch(case: str) -> dict:
    found = pv.arch_test(model(case), lags=5)
    return {"statistic": found.statistic, "p": found.pvalue, "df": found.df}


PARTS = {
    "lags": (lambda case: rows(case, LAGS), THREE),
    "terms": (lambda case: rows(case, TERMS), THREE),
    "inverse_roots": (inverse_roots, FOUR),
    "statistics": (statistics, SEVEN),
    "covariance": (lambda case: np.asarray(model(case).sigma), SEVEN),
    "correlation": (correlation, SEVEN),
    "responses": (responses, FOUR),
    "lag_order": (lag_order, FOUR),
    "portmanteau_16": (lambda case: jmulti_tests.portmanteau(model(case)), FOUR),
    "lm_5": (serial, INVERTED),
    "cholesky": (lambda case: jmulti_tests.cholesky(model(case)), FOUR),
    "jarque_bera": (lambda case: jmulti_tests.jarque_bera(model(case)), FOUR),
    "arch_16": (lambda case: jmulti_tests.arch(model(case)), FOUR),
    "multivariate_arch_5": (multivariate_arch, FOUR),
} | {
    f"forecast_{name}": (lambda case, place=place: forecast(case, place), INVERTED) for place, name in enumerate(NAMES)
}


def comparisons(case: str) -> list[Comparison]:
    tree = expected_tree(FILE)[case]
    found = [
        Comparison(f"{case}/{part}", lambda call=call: call(case), tolerance)
        for part, (call, tolerance) in PARTS.items()
        if part in tree
    ]
    for part, call in (("granger", granger), ("instantaneous", instantaneous)):
        found += [
            Comparison(f"{case}/{part}/{cause}", lambda call=call, cause=cause: call(case, cause), FOUR)
            for cause in tree[part]
        ]
    return found


CASES = [
    Case(
        FILE,
        comparisons=[part for case in TRENDS for part in comparisons(case)],
        exclusions=[
            Exclusion(
                "*/doornik_hansen",
                "moments of residuals standardised by the root of their covariance, not of their correlations, and not "
                "transformed: not the test of 2008",
            ),
        ],
        preset="default",
    )
]
