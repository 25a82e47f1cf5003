"""Published Stata output: regress, ivreg2, xtreg (fe, be, re, sa), hausman, predict.

Stata cannot be run here; every digit its logs print is asked for. Its copies of the Grunfeld and NLS data are stored in
single precision, and so are ours here.
"""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pandas as pd
from parity.runner import DEFAULT, Case, Comparison, Exclusion, expected_tree, leaves, printed, within
from reference_data import table

import panelvar as pv
from panelvar.estimates.fit.presets import as_convention

NAMES = {"mvalue": "value", "kstock": "capital", "_cons": "const"}
STATA = as_convention("stata")
# ivreg2 without "small": no factor, z, and RSS / n.
LARGE = STATA.but(classical_counts="none", cluster_group_factor=False, cluster_dof_factor="none", distribution="normal")


def single(frame):
    """The real numbers as Stata's float type stores them."""
    real = frame.select_dtypes("float").columns
    return frame.assign(**{name: frame[name].astype("float32").astype("float64") for name in real})


def quietly(function, *args, **options):
    """Call without the warnings about few clusters and dropped regressors: the logs are what they are."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Only .* clusters|Regressors? .* dropped", pv.PanelVarWarning)
        return function(*args, **options)


def display(value, **options):
    """Tolerance of Stata's %9.0g: 7 decimals below one, 7 digits above, 3 digits of tiny numbers."""
    if abs(value) >= 1.0:
        return printed(significant=7, **options)
    return printed(decimals=7, **options) if abs(value) >= 1e-4 else printed(significant=3, **options)


def estimates(result):
    """The coefficient table of a result."""
    limits = result.conf_int().to_numpy()
    return {
        name: {"b": b, "se": se, "t": t, "z": t, "p": p, "ci": ci}
        for name, b, se, t, p, ci in zip(
            result.names, result.params, result.std_errors, result.tstats, result.pvalues, limits, strict=True
        )
    }


def coefficient_table(file, path, computed, override=None, **options):
    """Yield a comparison for each cell of a printed coefficient table, in the format of its column."""
    node = expected_tree(file)
    for part in path.split("/"):
        node = node[part]
    for leaf, value in leaves(node):

        def cell(leaf=leaf):
            found = estimates(computed())[NAMES.get(leaf[0], leaf[0])][leaf[1]]
            return found[int(leaf[2])] if leaf[2:] else found

        tolerance = printed(decimals=2) if leaf[1] in ("t", "z") else override or display(value, **options)
        yield Comparison("/".join((path, *leaf)), cell, tolerance)


def statistics(path, values):
    """Yield a comparison for each printed statistic: name -> (value, tolerance)."""
    for name, (value, tolerance) in values.items():
        yield Comparison(f"{path}/{name}", value, tolerance)


# ---- Grunfeld, pooled


@cache
def pooled(cov="classical", convention=STATA, weighted=False, regressors=("value", "capital")):
    data = single(table("grunfeld"))
    weights = 1.0 / data["value"].to_numpy() if weighted else None
    panel = pv.Panel(data, "firm", "year")
    return quietly(pv.fit_pooled, panel, "inv", list(regressors), weights=weights, cov=cov, convention=convention)


@cache
def grunfeld_y():
    return single(table("grunfeld"))["inv"].to_numpy()


def pooled_stats(result, weighted=False):
    """What regress and ivreg2 store in e()."""
    result = result()
    clusters = [count for _, count in result.covariance.clusters]
    n, rss, r2 = result.nobs, result.rss, result.rsquared
    weight = result._design.weights if weighted else np.ones(n)
    uncentred = 1.0 - rss / (weight @ result._design.y**2)
    small = result.convention.distribution == "t"
    # ivreg2's F always has the small-sample factor and G - 1.
    test = (result if small else pooled(pv.Clustered(*result_by(result)), STATA, weighted)).f_slopes
    tree = {
        "N": n,
        "df_m": test.df,
        "df_r": result.df_inference,
        "F": test.statistic,
        "Fp": test.pvalue,
        "Fdf1": test.df,
        "Fdf2": test.df_denominator,
        "r2": r2,
        "r2_a": result.rsquared_adjusted,
        "r2c": r2,
        "r2u": uncentred,
        "rmse": result.rmse,
        "mss": result.tss - rss,
        "rss": rss,
        "ll": result.loglik,
        "ll_0": pooled(weighted=weighted, regressors=()).loglik,
    }
    if clusters:
        tree |= {"N_clust": min(clusters)} | {f"N_clust{i + 1}": count for i, count in enumerate(clusters)}
    return tree


def result_by(result):
    return tuple({"firm": "entity", "year": "time"}[label] for label, _ in result.covariance.clusters)


def full_log(group, result, weighted=False):
    yield Comparison(f"{group}/params", lambda: estimates(result()))
    yield Comparison(f"{group}/vcov", lambda: result().cov)
    yield Comparison(f"{group}/stats", lambda: pooled_stats(result, weighted))


def hac_log(group, cov, convention):
    """A log with an autocorrelation-consistent covariance: coefficients, covariance, and e()."""

    def result():
        return pooled(cov, convention)

    def stats():
        # ivreg2's F always has the small-sample factor and T - 1.
        test = (result() if convention is not LARGE else pooled(cov, SMALL)).f_slopes
        tree = pooled_stats(lambda: pooled("classical", LARGE if convention is LARGE else STATA))
        found = {"F": test.statistic, "Fp": test.pvalue, "Fdf1": test.df, "Fdf2": test.df_denominator}
        return tree | found | {"df_r": result().df_inference, "N_g": result().n_entities, "N_clust": result().n_periods}

    yield Comparison(f"{group}/params", lambda: estimates(result()))
    yield Comparison(f"{group}/vcov", lambda: result().cov)
    for name in expected_tree("published_stata_grunfeld_pooled")[group]["stats"]:
        if name not in ("lag", "bw"):
            yield Comparison(f"{group}/stats/{name}", lambda n=name: stats()[n])


@cache
def double():
    """The same data in double precision, as in Baltagi's own file."""
    panel = pv.Panel(table("grunfeld"), "firm", "year")
    return pv.fit_pooled(panel, "inv", ["value", "capital"], convention="stata")


# ivreg2, dkraay() small: the factor of clusters by period, and T - 1.
SMALL = STATA.but(kraay_factor="clustered", kraay_df="periods")
KRAAY, NEWEY = pv.DriscollKraay(4), pv.PanelNeweyWest(4)
HAC_LOGS = {
    "nw_groupsum4": (KRAAY, STATA),
    "nw_panel4": (NEWEY, STATA),
    "nw_groupsum4_ivreg_large": (KRAAY, LARGE),
    "nw_groupsum4_ivreg_small": (KRAAY, SMALL),
}
OLS = "regress_ols"
POOLED = Case(
    "published_stata_grunfeld_pooled",
    preset="stata",
    names=NAMES,
    comparisons=[
        *full_log("cluster", lambda: pooled(pv.Clustered("entity"))),
        *full_log("cluster_large", lambda: pooled(pv.Clustered("entity"), LARGE)),
        *full_log("cluster_2groups_small", lambda: pooled(pv.Clustered("entity", "time"))),
        *full_log("cluster_2groups_large", lambda: pooled(pv.Clustered("entity", "time"), LARGE)),
        *full_log("hc1_wls_small", lambda: pooled("HC1", weighted=True), weighted=True),
        *full_log("cluster_wls_small", lambda: pooled(pv.Clustered("entity"), weighted=True), weighted=True),
        *full_log("cluster_wls_large", lambda: pooled(pv.Clustered("entity"), LARGE, weighted=True), weighted=True),
        *(item for group, (cov, convention) in HAC_LOGS.items() for item in hac_log(group, cov, convention)),
        *(Comparison(f"xtscc_lag{lags}/vcov", lambda n=lags: pooled(pv.DriscollKraay(n)).cov) for lags in (0, 1)),
        *(
            Comparison(f"newey_panel_lag{lags}/vcov", lambda n=lags: pooled(pv.PanelNeweyWest(n)).cov)
            for lags in (0, 1)
        ),
        *coefficient_table("published_stata_grunfeld_pooled", f"{OLS}/params", double),
        *statistics(
            f"{OLS}/stats",
            {
                "N": (lambda: double().nobs, DEFAULT),
                "F(2,197)": (lambda: double().f_statistic.statistic, printed(decimals=2)),
                "mss": (lambda: double().tss - double().rss, printed(decimals=2)),
                "rss": (lambda: double().rss, printed(decimals=2)),
                "tss": (lambda: double().tss, printed(decimals=2)),
                "r2": (lambda: double().rsquared, printed(decimals=4)),
                "r2_a": (lambda: double().rsquared_adjusted, printed(decimals=4)),
                "rmse": (lambda: double().rmse, printed(decimals=3)),
            },
        ),
    ],
    exclusions=[
        Exclusion("nw_*/stats/lag", "a setting"),
        Exclusion("nw_*/stats/bw", "a setting"),
    ],
)


# ---- Grunfeld, xtreg


@cache
def grunfeld(model):
    estimator = {"fe": pv.fit_fixed_effects, "be": pv.fit_between}[model]
    panel = pv.Panel(single(table("grunfeld")), "firm", "year")
    return estimator(panel, "inv", ["value", "capital"], convention="stata")


def r_squared(result):
    """The three R2 that xtreg prints."""
    return {
        "r2_w": (lambda: result().rsquared_table.within, printed(decimals=4)),
        "r2_b": (lambda: result().rsquared_table.between, printed(decimals=4)),
        "r2_o": (lambda: result().rsquared_table.overall, printed(decimals=4)),
    }


def components(result, tolerance=printed(significant=8)):  # noqa: B008
    """sigma_u, sigma_e, rho."""
    return {
        name: (lambda n=name: getattr(result().variance_components, n), tolerance)
        for name in ("sigma_u", "sigma_e", "rho")
    }


def fe_stats(result, slope_f, effect_f):
    return {
        "N": (lambda: result().nobs, DEFAULT),
        "N_g": (lambda: result().n_entities, DEFAULT),
        slope_f: (lambda: result().f_statistic.statistic, printed(decimals=2)),
        effect_f: (lambda: result().f_poolability.statistic, printed(decimals=2)),
        "corr(u_i,Xb)": (lambda: result().variance_components.correlation, printed(decimals=4)),
        **r_squared(result),
        **components(result),
    }


def grunfeld_fe():
    return grunfeld("fe")


def grunfeld_be():
    return grunfeld("be")


XTREG = Case(
    "published_stata_grunfeld_xtreg",
    preset="stata",
    names=NAMES,
    comparisons=[
        *coefficient_table("published_stata_grunfeld_xtreg", "xtreg_fe/params", grunfeld_fe),
        *statistics("xtreg_fe/stats", fe_stats(grunfeld_fe, "F(2,188)", "F_u(9,188)")),
        *statistics(
            "xtreg_be_header/stats",
            {
                "N": (lambda: grunfeld_be()._design.nobs, DEFAULT),
                "N_g": (lambda: grunfeld_be().n_entities, DEFAULT),
                "F(2,7)": (lambda: grunfeld_be().f_statistic.statistic, printed(decimals=2)),
                "sd(u_i+avg(e_i.))": (lambda: grunfeld_be().rmse, printed(significant=7)),
                "p": (lambda: grunfeld_be().f_statistic.pvalue, printed(decimals=4)),
                **r_squared(grunfeld_be),
            },
        ),
    ],
)


# ---- NLS women


LONG = "grade age age2 ttl_exp ttl_exp2 tenure tenure2 black not_smsa south".split()
SHORT = "grade age ttl_exp tenure black not_smsa south".split()


@cache
def women():
    data = single(table("nlswork"))
    squares = {f"{name}2": data[name] ** 2 for name in ("age", "ttl_exp", "tenure")}
    return pv.Panel(data.assign(black=(data["race"] == 2).astype(float), **squares), "idcode", "year")


@cache
def nls(model, regressors="long"):
    x = LONG if regressors == "long" else SHORT
    if model == "be_wls":
        return pv.fit_between(women(), "ln_wage", x, wls=True, convention="stata")
    if model == "fe":
        return quietly(pv.fit_fixed_effects, women(), "ln_wage", x, convention="stata")
    version = "stata-sa" if model == "re_sa" else "swamy-arora"
    return pv.fit_random_effects(women(), "ln_wage", x, variance_components=version, convention="stata")


def nls_be():
    return nls("be_wls")


def nls_fe():
    return nls("fe")


def nls_re():
    return nls("re")


def nls_sa_short():
    return nls("re_sa", "short")


def nls_sa_long():
    return nls("re_sa")


def theta_summary(result):
    """Smallest, 5 %, median, 95 % and largest theta over the panels, as xtreg's theta option prints them."""
    theta = result().variance_components.theta
    return np.quantile(theta, [0.0, 0.05, 0.5, 0.95, 1.0], method="averaged_inverted_cdf")


@cache
def residuals():
    """What predict stores after fe and re, in single precision: e, ue and u, a value a row."""
    fe, re = nls_fe(), nls_re()
    y = pd.Series(re._design.y, index=re._design.index)
    ue_re = y - re.predict()
    e_re = y - re.predict(effects=True)
    found = {"e_fe": fe.resids, "ue_fe": y - fe.predict(), "e_re": e_re, "ue_re": ue_re, "u_re": ue_re - e_re}
    return {name: values.astype("float32").astype("float64") for name, values in found.items()}


def first_rows():
    return {name: values.to_numpy()[:10] if name != "u_re" else values.iloc[0] for name, values in residuals().items()}


def hausman_table():
    """Differences of the shared slopes and the roots of the differences of their variances."""
    fe, re = nls_fe(), nls_sa_long()
    shared = [name for name in fe.names if name != "const"]
    error = np.sqrt(np.diag(fe.cov.loc[shared, shared] - re.cov.loc[shared, shared]))
    return {
        "differences": (fe.params - re.params)[shared],
        "sqrt_diag_V_b_minus_V_B": pd.Series(error, shared),
    }


NLS = "published_stata_nlswork"
VERSION_8 = within(
    7e-5,
    absolute=6e-7,
    reason="Stata 8 divided the within RSS by N - G - K - 1 for the K = 8 that vary, where version 10 (re_sa_7) and we "
    "take N - G - K: sigma_e^2 is 1/23386 = 4.3e-5 larger, and everything after it moves by as much",
)
SEVEN = printed(decimals=7)
NLSWORK = Case(
    NLS,
    preset="stata",
    names=NAMES,
    comparisons=[
        *coefficient_table(NLS, "be_wls/params", nls_be),
        *statistics(
            "be_wls/stats",
            {
                "F(10,4686)": (lambda: nls_be().f_statistic.statistic, printed(decimals=2)),
                "sd(u_i+avg(e_i.))": (lambda: nls_be().rmse, SEVEN),
                **r_squared(nls_be),
            },
        ),
        *coefficient_table(NLS, "fe/params", nls_fe),
        *statistics("fe/stats", fe_stats(nls_fe, "F(8,23386)", "F_u(4696,23386)_later")),
        *statistics(
            "fe/stats",
            {
                "T_min": (lambda: nls_fe().periods_per_entity[0], DEFAULT),
                "T_avg": (lambda: nls_fe().periods_per_entity[1], printed(decimals=1)),
                "T_max": (lambda: nls_fe().periods_per_entity[2], DEFAULT),
            },
        ),
        *coefficient_table(NLS, "re/params", nls_re),
        *statistics(
            "re/stats",
            {
                "Wald chi2(10)": (lambda: nls_re().f_statistic.statistic, printed(decimals=2)),
                **r_squared(nls_re),
                **components(nls_re),
            },
        ),
        *coefficient_table(NLS, "re_sa_7/params", nls_sa_short),
        *statistics(
            "re_sa_7/stats",
            {
                "Wald chi2(7)": (lambda: nls_sa_short().f_statistic.statistic, printed(decimals=2)),
                "theta_min_5_median_95_max": (lambda: theta_summary(nls_sa_short), printed(decimals=4)),
                **r_squared(nls_sa_short),
                **components(nls_sa_short),
            },
        ),
        *coefficient_table(NLS, "re_sa_10/params", nls_sa_long, VERSION_8),
        *statistics(
            "re_sa_10/stats",
            {
                "Wald chi2(10)": (lambda: nls_sa_long().f_statistic.statistic, VERSION_8),
                "theta_min_5_median_95_max": (lambda: theta_summary(nls_sa_long), printed(decimals=4)),
                **r_squared(nls_sa_long),
                **components(nls_sa_long, VERSION_8),
            },
        ),
        Comparison("hausman_fe_re_sa/chi2(8)", lambda: pv.hausman_test(nls_fe(), nls_sa_long()).statistic, VERSION_8),
        *(
            Comparison(f"hausman_fe_re_sa/{part}/{name}", lambda p=part, n=name: hausman_table()[p][n], VERSION_8)
            for part in ("differences", "sqrt_diag_V_b_minus_V_B")
            for name, value in expected_tree(NLS)["hausman_fe_re_sa"][part].items()
        ),
        Comparison("predictions_re_fe/first_10_rows", first_rows, SEVEN),
        Comparison("predictions_re_fe/sd", lambda: {k: v.std(ddof=1) for k, v in residuals().items()}, SEVEN),
        Comparison("predictions_re_fe/mean_u_re", lambda: residuals()["u_re"].mean(), SEVEN),
    ],
    exclusions=[
        Exclusion(
            "fe/stats/F_u(4696,23386)_version_8",
            "version 8 kept the dropped time-invariant grade and black in the restricted model; later versions take "
            "pooled OLS of the regressors that survive, as we do (6.65)",
        ),
    ],
)


# ---- Traffic fatalities

FATAL = "published_stata_fatalities"
ROUNDED = {
    "units": 5,
    "reason": "the log generated fatal and perinck in single precision from variables that the CSV does not hold: "
    "rounding either, both or none moves these numbers by up to 2.5 units of the last printed digit",
}
DRINK = ["beertax", "spircons", "unrate", "perinck"]


@cache
def states():
    data = single(table("fatalities"))
    years = {f"year{i + 1}": (data["year"] == 1982 + i).astype(float) for i in range(1, 7)}
    return pv.Panel(data.assign(**years), "state", "year")


@cache
def fatalities(model, cov="classical"):
    x = DRINK + [f"year{i}" for i in range(2, 8)] if model == "fe years" else DRINK
    estimator = {
        "pooled": pv.fit_pooled,
        "fd": pv.fit_first_difference,
        "fe": pv.fit_fixed_effects,
        "fe years": pv.fit_fixed_effects,
        "re": pv.fit_random_effects,
    }[model]
    return estimator(states(), "fatal", x, cov=cov, convention="stata")


def fatal_pooled():
    return fatalities("pooled", "cluster")


def fatal_fe_robust():
    return fatalities("fe", "robust")


def fatal_fd():
    return fatalities("fd", "cluster")


def regress_stats(result):
    return {
        "N": (lambda: result().nobs, DEFAULT),
        "F(4,47)": (lambda: result().f_statistic.statistic, printed(decimals=2)),
        "r2": (lambda: result().rsquared, printed(decimals=4)),
        "rmse": (lambda: result().rmse, printed(decimals=5)),
    }


def sigmamore():
    """hausman's table: b, B, the difference, and its errors with the random-effects variance in both."""
    fe, re = fatalities("fe"), fatalities("re")
    error = np.sqrt(np.diag(fe.cov * (re.sigma2 / fe.sigma2) - re.cov))
    return {
        "b": fe.params,
        "B": re.params,
        "difference": fe.params - re.params,
        "se": pd.Series(error, index=fe.params.index),
    }


@cache
def sigmamore_statistic():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.hausman_test(fatalities("fe"), fatalities("re"), sigma="efficient").statistic


FATALITIES = Case(
    FATAL,
    preset="stata",
    names=NAMES,
    comparisons=[
        *coefficient_table(FATAL, "pooled_cluster/params", fatal_pooled),
        *statistics("pooled_cluster/stats", regress_stats(fatal_pooled)),
        *statistics(
            "fe_robust_components/stats",
            components(lambda: fatalities("fe", "robust"), printed(significant=8, **ROUNDED)),
        ),
        *coefficient_table(FATAL, "xtserial/first_difference_regression/params", fatal_fd, **ROUNDED),
        *statistics("xtserial/first_difference_regression/stats", regress_stats(fatal_fd)),
        Comparison(
            "two_way_fe_year_test/F(6,47)",
            lambda: fatalities("fe years", "robust").wald_test([f"year{i}" for i in range(2, 8)]).statistic,
            printed(decimals=2),
        ),
        *statistics(
            "xttest0/variances",
            {
                "fatal": (lambda: fatalities("re")._design.y.var(ddof=1), SEVEN),
                "e": (lambda: fatalities("re").variance_components.idiosyncratic, SEVEN),
                "u": (lambda: fatalities("re").variance_components.effect, SEVEN),
            },
        ),
        *statistics(
            "xttest0/sd",
            {
                "fatal": (lambda: fatalities("re")._design.y.std(ddof=1), SEVEN),
                "e": (lambda: fatalities("re").variance_components.sigma_e, SEVEN),
                "u": (lambda: fatalities("re").variance_components.sigma_u, SEVEN),
            },
        ),
        *(
            Comparison(
                f"hausman_constant_sigmamore/{part}/{name}",
                lambda p=part, n=name: sigmamore()[p][NAMES.get(n, n)],
                display(value, **ROUNDED),
            )
            for part in ("b", "B", "difference", "se")
            for name, value in expected_tree(FATAL)["hausman_constant_sigmamore"][part].items()
        ),
        Comparison("hausman_constant_sigmamore/chi2(5)", sigmamore_statistic, printed(decimals=2)),
        Comparison(
            "xtserial/F(1,47)", lambda: pv.wooldridge_serial_test(fatalities("fe")).statistic, printed(decimals=3)
        ),
        Comparison("xtserial/p", lambda: pv.wooldridge_serial_test(fatalities("fe")).pvalue, printed(decimals=4)),
        Comparison("xttest0/chibar2(01)", lambda: pv.effects_lm_test(fatalities("re")).statistic, printed(decimals=2)),
        Comparison(
            "xtoverid/Sargan-Hansen chi2(4)", lambda: pv.mundlak_test(fatalities("re")).statistic, printed(decimals=3)
        ),
        Comparison("xtoverid/p", lambda: pv.mundlak_test(fatalities("re")).pvalue, printed(decimals=4)),
    ],
)

CASES = [POOLED, XTREG, NLSWORK, FATALITIES]
