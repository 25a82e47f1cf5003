"""Tests of residuals as JMulTi prints them, of a model of any kind."""

from __future__ import annotations

from scipy.special import fdtrc

import panelvar as pv


def portmanteau(model) -> dict:
    plain, adjusted = (pv.portmanteau_test(model, lags=16, statistic=kind) for kind in ("plain", "adjusted"))
    return {
        "statistic": plain.statistic,
        "p": plain.pvalue,
        "adjusted": adjusted.statistic,
        "adjusted_p": adjusted.pvalue,
        "df": plain.df,
    }


def cholesky(model) -> dict:
    found = pv.normality_test(model)
    return {
        "statistic": found.statistic,
        "p": found.pvalue,
        "df": found.df,
        "skewness": found.skewness.statistic,
        "skewness_p": found.skewness.pvalue,
        "kurtosis": found.kurtosis.statistic,
        "kurtosis_p": found.kurtosis.pvalue,
    }


def jarque_bera(model) -> dict:
    """Statistic, p-value, skewness and kurtosis, these of the residuals themselves."""
    tests, found = pv.normality_test(model).by_equation, {}
    for name in model.names:
        centred = model.resids[name].to_numpy() - model.resids[name].mean()
        standard = centred / centred.std()
        found[name] = [tests[name].statistic, tests[name].pvalue, (standard**3).mean(), (standard**4).mean()]
    return found


def arch(model) -> dict:
    """LM and F of the same regression; JMulTi takes its F with the rows where their degrees of freedom belong."""
    found, used = {}, model.nobs - 16
    for name in model.names:
        test = pv.arch_test(model, lags=16, equation=name)
        ratio = test.statistic / 16 / (1 - test.statistic / used)
        found[name] = [test.statistic, test.pvalue, ratio, float(fdtrc(16, used - 17, ratio))]
    return found
