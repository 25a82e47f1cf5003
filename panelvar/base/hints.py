"""Names that other programs' users type, and what the same thing is called here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

_SCHEME = "identification, which goes into impulse_responses(identification=...) and the like of the model"

# Foreign name -> candidates here, in words that begin with an attribute. The first whose attribute the class has is
# the hint, so that one entry serves results of several kinds.
FOREIGN_NAMES: dict[str, tuple[str, ...]] = {
    # Estimates
    "coef": ("params",),
    "coefs": ("coefficients", "params"),
    "coefs_exog": ("deterministics",),
    "beta": ("params",),
    "bse": ("std_errors",),
    "stderr": ("std_errors",),
    "se": ("std_errors",),
    "tvalues": ("tstats",),
    "zvalues": ("tstats",),
    "tstat": ("tstats",),
    "pvalue": ("pvalues",),
    "confint": ("conf_int()",),
    "cov_params": ("cov",),
    "vcov": ("cov, or with_cov() for another covariance", "cov"),
    "get_robustcov_results": ("with_cov()",),
    "endog_names": ("names",),
    "exog_names": ("regressor_names", "names"),
    # Fit
    "resid": ("resids",),
    "residuals": ("resids",),
    "fittedvalues": ("fitted_values",),
    "fitted": ("fitted_values",),
    "ssr": ("rss",),
    "resid_ss": ("rss",),
    "total_ss": ("tss",),
    "centered_tss": ("tss",),
    "mse_resid": ("s2",),
    "scale": ("s2",),
    "llf": ("loglik",),
    "llf_by_equation": ("loglik_by_equation",),
    "loglike": ("loglik",),
    "sbic": ("bic",),
    "sc": ("bic",),
    "hq": ("hqic",),
    "n": ("nobs",),
    "df": ("df_resid",),
    "r2_within": ("r2.within",),
    "rsquared_within": ("r2.within",),
    "rsquared_between": ("r2.between",),
    "rsquared_overall": ("r2.overall",),
    "rsquared_adj": ("rsquared_adjusted",),
    "rsquared_inclusive": ("r2.with_dummies",),
    "fvalue": ("f_statistic.statistic",),
    "f_pvalue": ("f_statistic.pvalue",),
    "f_statistic_robust": ("f_statistic",),
    "f_pooled": ("f_poolability",),
    "pooled_f": ("f_poolability",),
    "wald": ("wald_test()", "exclusion_test(), of lags"),
    "test": ("wald_test()",),
    "rsq": ("rsquared",),
    "adj_rsquared": ("rsquared_adjusted",),
    "r2_a": ("rsquared_adjusted",),
    "ll": ("loglik",),
    "n_obs": ("nobs",),
    "n_g": ("n_entities",),
    "cov_type": ("cov_label",),
    "model": ("estimator",),
    "ercomp": ("variance_components",),
    "sigma2": ("s2",),
    "idiosyncratic": ("resids",),
    "sargan": ("overidentification",),
    "j_stat": ("overidentification",),
    "wooldridge_overid": ("overidentification",),
    "durbin": ("endogeneity_test(form='difference')",),
    "wooldridge_score": ("endogeneity_test()",),
    "f_test": ("wald_test()", "exclusion_test()"),
    "t_test": ("lincom()",),
    "theta": ("variance_components.theta",),
    "rho": ("variance_components.rho",),
    "sigma_e": ("variance_components.sigma_e",),
    "sigma_u": ("variance_components.sigma_u", "sigma_df"),
    "fixef": ("estimated_effects()",),
    "ranef": ("estimated_effects()",),
    "entity_effects": ("estimated_effects()",),
    "get_prediction": ("predict()", "forecast()"),
    "tidy": ("summary().to_frame()",),
    "summary_frame": ("summary().to_frame()",),
    "to_latex": ("summary().to_latex()",),
    "to_markdown": ("summary().to_markdown()",),
    "to_html": ("summary().to_html()",),
    # Vector autoregressions
    "irf": ("impulse_responses()", "values", _SCHEME),
    "impulse_response": ("impulse_responses()",),
    "orth_ma_rep": ("impulse_responses()",),
    "ma_rep": ("impulse_responses(identification='reduced_form', shock_size='unit')",),
    "long_run": ("long_run_effects()",),
    "fevd": ("variance_decomposition()",),
    "test_causality": ("granger_causality()",),
    "causality": ("granger_causality()",),
    "forecast_interval": ("forecast(), which has intervals",),
    "predict": ("forecast()",),
    "plot_forecast": ("forecast().plot()",),
    "plot_irf": ("impulse_responses().plot()",),
    "plot": ("impulse_responses().plot(), variance_decomposition().plot() or plot_roots()",),
    "k_ar": ("lags",),
    "p": ("lags",),
    "neqs": ("n_vars",),
    "k_vars": ("n_vars",),
    "varnames": ("names",),
    "sigma_u_mle": ("sigma_ml",),
    "resid_corr": ("residual_correlation",),
    "resid_cov": ("sigma",),
    "eigenvalues": ("roots",),
    "historical": ("historical_decomposition()",),
    "hd": ("historical_decomposition()",),
    "shocks": ("structural_shocks()",),
    "structural_residuals": ("structural_shocks()",),
    "correlation": ("residual_correlation",),
    "bootstrap": ("impulse_responses(bands=...)",),
    "stable": ("is_stable",),
    "acf": ("autocovariances()",),
    "acorr": ("autocorrelations()",),
    "resid_acorr": ("residual_autocorrelations()",),
    "resid_acov": ("residual_autocorrelations()",),
    "simulate_var": ("simulate()",),
    "lr_effect_stderr": ("long_run_std_errors(), of the model",),
    "Acoef": ("coefficients",),
    "Bcoef": ("params",),
    "Phi": ("impulse_responses(identification='reduced_form', shock_size='unit')",),
    "Psi": ("impulse_responses()",),
    "svar_ma_rep": ("impulse_responses(identification=...)", "identification"),
    "irf_resim": ("impulse_responses(bands=...), whose draws are kept",),
    "irf_errband_mc": ("impulse_responses(bands=ParametricBootstrap(...))",),
    "sirf_errband_mc": ("impulse_responses(bands=...)",),
    "restrict": ("params; fit_restricted_var sets coefficients to zero",),
    "reorder": ("impulse_responses(ordering=[...])",),
    "mse": ("forecast().covariance", "covariance"),
    "forecast_cov": ("forecast().covariance",),
    "intercept_longrun": ("mean()",),
    "detomega": ("sigma_df, of which numpy.linalg.det is the determinant",),
    "varresult": ("params",),
    "n_totobs": ("nobs, rows explained", "nobs"),
    "totobs": ("nobs, rows explained", "nobs"),
    "obs": ("nobs",),
    "info_criteria": ("aic, bic, hqic and fpe", "aic"),
    "endog": ("data",),
    "y": ("data",),
    "datamat": ("data",),
    "exog": ("data",),
    "dates": ("resids.index", "index"),
    "k_trend": ("trend",),
    "k_exog": ("regressor_names",),
    "stderr_endog_lagged": ("std_errors",),
    "stderr_dt": ("std_errors",),
    "tvalues_endog_lagged": ("tstats",),
    "tvalues_dt": ("tstats",),
    "pvalues_endog_lagged": ("pvalues",),
    "pvalues_dt": ("pvalues",),
    # What they say: responses, decompositions, forecasts, lag orders
    "irfs": ("values", "impulse_responses().values"),
    "orth_irfs": ("values",),
    "svar_irfs": ("values",),
    "cum_effects": ("values, of impulse_responses(cumulative=True)", "values"),
    "orth_cum_effects": ("values, of impulse_responses(cumulative=True)", "values"),
    "errband_mc": ("lower and upper, of impulse_responses(bands=ParametricBootstrap(...))",),
    "cum_errband_mc": ("lower and upper, of impulse_responses(cumulative=True, bands=...)",),
    "err_band_sz1": ("lower and upper, of impulse_responses(bands=...)",),
    "cum_effect_stderr": ("std_errors, of impulse_responses(cumulative=True, bands=...)",),
    "plot_cum_effects": ("plot(), of impulse_responses(cumulative=True)",),
    "Lower": ("lower",),
    "Upper": ("upper",),
    "decomp": ("values",),
    "periods": ("horizon",),
    "fcst": ("values",),
    "predicted_mean": ("values",),
    "ics": ("table",),
    "selected_orders": ("selected",),
    "selection": ("selected",),
    "best": ("selected",),
    **{name: (f"order({name!r}), and the column {name!r} of table",) for name in ("aic", "bic", "hqic", "fpe")},
    "mape": ("rmse, mae and bias",),
    "theil": ("relative_rmse",),
    "summary": ("to_frame()",),
    # Structural forms
    "A": ("a",),
    "B": ("b",),
    "A_solve": ("a",),
    "B_solve": ("b",),
    "Ase": ("a_std_errors",),
    "Bse": ("b_std_errors",),
    "impulse_responses": (_SCHEME,),
    "variance_decomposition": (_SCHEME,),
    "LR": ("overidentification",),
    # Cointegration
    "ect": ("relations",),
    "lr_test": ("restriction_test()",),
    "test_granger_causality": ("granger_causality()",),
    "conf_int_alpha": ("alpha_std_errors",),
    "conf_int_beta": ("beta_std_errors",),
    "lr1": ("trace",),
    "lr2": ("max_eigenvalue",),
    "trace_stat": ("trace",),
    "max_eig_stat": ("max_eigenvalue",),
    "cvt": ("critical_values()",),
    "cvm": ("critical_values()",),
    "cval": ("critical_values()",),
    "trace_stat_crit_vals": ("critical_values()",),
    "max_eig_stat_crit_vals": ("critical_values()",),
    "eig": ("eigenvalues",),
    "evec": ("vectors",),
    "teststat": ("table",),
    "coint_rank": ("rank",),
    "stderr_alpha": ("alpha_std_errors",),
    "stderr_beta": ("beta_std_errors",),
    "stderr_gamma": ("short_run_std_errors",),
    "stderr_det_coef": ("short_run_std_errors",),
    "tvalues_alpha": ("short_run_tstats",),
    "tvalues_beta": ("beta_tstats",),
    "tvalues_gamma": ("short_run_tstats",),
    "pvalues_alpha": ("short_run_pvalues",),
    "pvalues_beta": ("beta_pvalues",),
    "pvalues_gamma": ("short_run_pvalues",),
    "det_coef": ("short_run",),
    "det_coef_coint": ("beta",),
    "const_coint": ("beta",),
    "lin_trend_coint": ("beta",),
    "var_rep": ("coefficients",),
    "k_ar_diff": ("lags, less one", "lags"),
}


# What is a function of a fitted system here.
FUNCTIONS_OF_SYSTEMS: dict[str, str] = {
    "test_whiteness": "panelvar.portmanteau_test(result)",
    "test_normality": "panelvar.normality_test(result)",
    "test_inst_causality": "panelvar.instantaneous_causality_test(result, ...)",
    "serial_test": "panelvar.portmanteau_test(result) or panelvar.serial_lm_test(result)",
    "normality": "panelvar.normality_test(result)",
    "arch": "panelvar.arch_test(result)",
    "stability": "panelvar.cusum_test(result), or is_stable",
    "portmanteau": "panelvar.portmanteau_test(result)",
    "jarque_bera": "panelvar.normality_test(result)",
    "plot_acorr": "panelvar.portmanteau_test(result)",
    "to_vecm": "panelvar.fit_vecm(data, ...)",
}


def name_here(foreign: str, owner: type) -> str | None:
    """What a class calls the thing that another program calls ``foreign``; None if it has nothing like it."""
    for candidate in FOREIGN_NAMES.get(foreign, ()):
        attribute = re.match(r"\w+", candidate)
        if attribute is not None and has_attribute(owner, attribute.group()):
            return candidate
    # Only what was fitted to data has a least-squares problem.
    return FUNCTIONS_OF_SYSTEMS.get(foreign) if has_attribute(owner, "problem") else None


def has_attribute(owner: type, name: str) -> bool:
    """Whether instances of a class have an attribute: a field of a dataclass is none of the class itself."""
    return hasattr(owner, name) or name in getattr(owner, "__dataclass_fields__", {})


class HintsAtNames:
    """A result that answers another program's attribute name with its own.

    Only attributes that do not exist come here: nothing is slower, and ``hasattr`` still says no.
    """

    __slots__ = ()

    # Hidden from the type checker, which would otherwise believe every attribute exists.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            owner = type(self)
            if hasattr(owner, name):
                # A property failed with an AttributeError of its own: let it say so itself.
                return object.__getattribute__(self, name)
            raise self._no_attribute(name)

    def _no_attribute(self, name: str) -> AttributeError:
        here = name_here(name, type(self))
        hint = "" if here is None else f" Here it is {here}."
        return AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}.{hint}", name=name, obj=self)
