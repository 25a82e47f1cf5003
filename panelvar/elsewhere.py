"""What other programs call the functions of this library: for the message of an unknown name, and nothing else."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

# The first part of a dotted R name is all that Python looks up: serial.test arrives as ``serial``.
ELSEWHERE: dict[str, str] = {
    # Vector autoregressions: statsmodels, vars, gretl, Stata, EViews
    "VAR": "fit_var",
    "var": "fit_var",
    "VARX": "fit_var(..., exogenous=...)",
    "VARMAX": "fit_var; moving-average terms are not offered",
    "varbasic": "fit_var and its impulse_responses()",
    "VARResults": "VarResult",
    "VARProcess": "System",
    "VARselect": "select_lags",
    "varsoc": "select_lags",
    "select_order": "select_lags",
    "laglen": "select_lags",
    "restrict": "fit_restricted_var",
    "DynamicVAR": "fit_rolling_var",
    "rolling": "fit_rolling_var",
    "irf": "VarResult.impulse_responses()",
    "IRAnalysis": "VarResult.impulse_responses()",
    "Phi": "VarResult.impulse_responses(identification='reduced_form', shock_size='unit')",
    "ma_rep": "VarResult.impulse_responses(identification='reduced_form', shock_size='unit')",
    "Psi": "VarResult.impulse_responses()",
    "orth_ma_rep": "VarResult.impulse_responses()",
    "fevd": "VarResult.variance_decomposition()",
    "FEVD": "VarResult.variance_decomposition()",
    "hd": "VarResult.historical_decomposition()",
    "Acoef": "VarResult.coefficients",
    "Bcoef": "VarResult.params",
    "roots": "VarResult.roots or root_table",
    "arroots": "VarResult.root_table",
    "varstable": "VarResult.root_table",
    "predict": "VarResult.forecast()",
    "fcast": "VarResult.forecast()",
    "fanchart": "plot_forecast",
    "causality": "VarResult.granger_causality(), granger_table or instantaneous_causality_test",
    "test_causality": "VarResult.granger_causality()",
    "grangercausalitytests": "VarResult.granger_causality()",
    "vargranger": "granger_table",
    "varwle": "VarResult.lag_exclusion_tests()",
    "testlags": "VarResult.lag_exclusion_tests()",
    "serial": "portmanteau_test or serial_lm_test",
    "test_whiteness": "portmanteau_test",
    "varlmar": "serial_lm_test, of all lags up to one; Stata's tests each alone",
    "arlm": "serial_lm_test",
    "qstats": "portmanteau_test",
    "normality": "normality_test",
    "test_normality": "normality_test",
    "varnorm": "normality_test",
    "jbera": "normality_test",
    "arch": "arch_test",
    "het_arch": "arch_test",
    "archlm": "arch_test",
    "stability": "cusum_test",
    "diebold_mariano_test": "evaluate_forecasts(...).diebold_mariano()",
    "dm": "evaluate_forecasts(...).diebold_mariano()",
    "SVAR": "fit_svar with ShortRun, or an identification= such as LongRun()",
    "svar": "fit_svar with ShortRun, or an identification= such as LongRun()",
    "BQ": "LongRun",
    "ivsvar": "ExternalInstrument",
    "SVEC": "fit_vecm and an identification= in its impulse_responses()",
    "LocalProjections": "fit_local_projections",
    "lpirf": "fit_local_projections",
    "lp_lin": "fit_local_projections",
    "lp_lin_panel": "fit_panel_local_projections",
    # Unit roots and cointegration
    "adfuller": "adf_test",
    "ADF": "adf_test",
    "adf": "adf_test",
    "dfuller": "adf_test",
    "dfgls": "dfgls_test",
    "DFGLS": "dfgls_test",
    "PhillipsPerron": "phillips_perron_test",
    "pperron": "phillips_perron_test",
    "pp": "phillips_perron_test",
    "kpss": "kpss_test",
    "KPSS": "kpss_test",
    "ur": "adf_test, dfgls_test, phillips_perron_test or kpss_test",
    "coint": "engle_granger_test",
    "coint_johansen": "johansen_test",
    "select_coint_rank": "johansen_test(...).chosen_rank()",
    "johansen": "johansen_test",
    "ca": "johansen_test or fit_vecm",
    "vecrank": "johansen_test",
    "coint2": "johansen_test",
    "VECM": "fit_vecm",
    "vecm": "fit_vecm",
    "vec": "fit_vecm",
    "cajorls": "fit_vecm",
    "vec2var": "fit_vecm, whose result is a system of the levels",
    # Panels: linearmodels, plm, pyfixest, Stata
    "PooledOLS": "fit_pooled",
    "BetweenOLS": "fit_between",
    "FirstDifferenceOLS": "fit_first_difference",
    "PanelOLS": "fit_fixed_effects",
    "RandomEffects": "fit_random_effects",
    "FamaMacBeth": "fit_fama_macbeth",
    "plm": "fit_pooled, fit_between, fit_first_difference, fit_fixed_effects or fit_random_effects",
    "xtreg": "fit_fixed_effects, fit_random_effects or fit_between",
    "areg": "fit_fixed_effects",
    "feols": "fit_fixed_effects",
    "reghdfe": "fit_fixed_effects",
    "xtivreg": "fit_iv_fixed_effects, fit_iv_random_effects, ...",
    "IV2SLS": "fit_iv_pooled",
    "ivreg": "fit_iv_pooled",
    "ivregress": "fit_iv_pooled",
    "xthtaylor": "fit_hausman_taylor",
    "xtgls": "fit_fgls",
    "pggls": "fit_general_fgls",
    "pmg": "fit_mean_group",
    "xtpmg": "fit_pooled_mean_group",
    "xtpcse": "fit_pooled(..., cov=PanelCorrected())",
    "phtest": "hausman",
    "plmtest": "effects_lm_test",
    "pcdtest": "cross_section_dependence_test",
    "pbgtest": "breusch_godfrey_test",
    "pgrangertest": "panel_granger_test",
    "vcovHC": "HC, or Clustered by entity",
    "vcovSCC": "DriscollKraay",
    "boottest": "wild_bootstrap",
}


def unknown(name: str, known: Iterable[str]) -> str:
    """Message for a name that the package does not have.

    Parameters
    ----------
    name : str
    known : iterable of str
        The public names.
    """
    here = ELSEWHERE.get(name)
    if here is not None:
        hint = f" Here it is {here}."
    else:
        close = difflib.get_close_matches(name, list(known), n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"module 'panelvar' has no attribute {name!r}.{hint}"
