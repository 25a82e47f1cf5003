"""Vector autoregressions: R vars, statsmodels and gretl."""

from __future__ import annotations

import functools
from functools import cache

import numpy as np
import pandas as pd
from parity.runner import DEFAULT, Case, Comparison, Exclusion, expected_tree, load, within
from quiet import quietly
from reference_data import table

import panelvar as pv
from panelvar import DeltaMethod

# What each file's models are fitted to.
SAMPLES = {
    "wgmacro": (slice(0, 75), ["dl_investment", "dl_income", "dl_consumption"]),
    "us_macro": (slice(None), ["dl_realgdp", "dl_realcons", "dl_realinv"]),
    "us_macro/levels": (slice(None), ["unemp", "infl", "tbilrate"]),
    "canada": (slice(None), ["e", "prod", "rw", "U"]),
    "klein_small/T13_K2": (slice(0, 13), ["C", "P"]),
    "klein_small/T13_K3": (slice(0, 13), ["C", "P", "I"]),
    "klein_small/Teff13_K2": (slice(0, 15), ["C", "P"]),
    "klein_small/Teff13_K3": (slice(0, 15), ["C", "P", "I"]),
}
TREND = {"const": "c", "none": "n", "both": "ct", "trend": "t", "c": "c", "n": "n", "ct": "ct"}
LONGEST = {"wgmacro": 8, "us_macro": 12, "canada": 8, "klein_small": 2}

# Differences that come from the other side, or from the conditioning of the question.
ONE_MINUS = within(1e-8, absolute=2e-16, reason="R computes the tail as one minus the distribution function")
NORMAL_EQUATIONS = within(
    2e-7,
    reason="statsmodels inverts Z'Z, here with a condition number of 5e12 (scaled); R vars agrees with ours to 1e-10",
)
INVERTED = within(
    1e-7,
    reason="sandwich inverts X'X, here with a condition number of 5e12 (scaled), and one minus the p-value is left",
)
CROSS_PRODUCTS = within(2e-8, reason="gretl factors X'X; with 50-digit arithmetic the p-value is ours to 1e-10")
LEVELS = within(5e-7, reason="gretl factors X'X, here of levels; in rational arithmetic coefficients are ours to 1e-10")
GRETL_PARTS = {
    **{(group, part): LEVELS for group in ("germanm1_var4_c", "ppp5_var2_c") for part in ("coeff", "compan", "irf")},
    **{(group, "system"): LEVELS for group in ("germanm1_var4_c", "ppp5_var2_c")},
    ("var3_both", "robust_stderr"): within(2e-8, reason="gretl factors X'X, here of levels (Canadian employment: 940)"),
}
SETTING = "a count or setting of the model, not a result"


def parse(file: str, group: str) -> tuple[str, int, str]:
    """Sample, lag order and terms of a group such as ``levels_var4_const``, ``T13_K2_var2`` or ``..._seasonal``."""
    if file == "varied":
        model = specification(group)
        return f"varied/{group}", model["lags"], model["trend"]
    head, _, tail = group.partition("var")
    head = head.rstrip("_")
    order, _, rest = tail.partition("_")
    trend, _, seasonal = rest.partition("_")
    return f"{file}/{head}" if head else file, int(order), TREND[trend or "const"] + seasonal


@cache
def specification(group: str) -> dict:
    """A model of the varied series, as the reference files describe it."""
    described = [load(f"varied_{program}")["model"] for program in ("vars", "statsmodels", "gretl")]
    return next(models[group] for models in described if group in models)


def variables(name: str) -> list[str]:
    """The variables of a system, in order."""
    return specification(name.split("/")[1])["variables"] if name.startswith("varied/") else SAMPLES[name][1]


def terms(name: str, trend: str) -> dict:
    """What stands beside the lags, as options of `fit_var`."""
    if not name.startswith("varied/"):
        return {"trend": trend.removesuffix("seasonal"), "seasons": 4 if trend.endswith("seasonal") else 0}
    model = specification(name.split("/")[1])
    found = {"trend": trend, "seasons": model["seasons"]}
    if model["exogenous"]:
        found |= {"exogenous": model["exogenous"], "exogenous_lags": model["exogenous_lags"]}
    return found


def longest(file: str, group: str) -> int:
    """Longest lag order compared."""
    return specification(group)["max_lags"] if file == "varied" else LONGEST[file]


@cache
def sample(name: str) -> pd.DataFrame:
    if name.startswith("varied/"):
        model = specification(name.split("/")[1])
        first, last = model["rows"]
        return table(model["data"]).iloc[first:last].reset_index(drop=True)
    rows, columns = SAMPLES[name]
    return table(name.split("/")[0].removesuffix("_small"))[columns].iloc[rows].reset_index(drop=True)


@cache
def fit(name: str, lags: int, trend: str, convention: str):
    return quietly(pv.fit_var, sample(name), variables(name), lags=lags, **terms(name, trend), convention=convention)


@cache
def responses(name: str, lags: int, trend: str, convention: str, orthogonal: bool, cumulative: bool):
    model = fit(name, lags, trend, convention)
    kind = {"identification": "cholesky"} if orthogonal else {"identification": "reduced_form", "shock_size": "unit"}
    bands = DeltaMethod() if convention == "statsmodels" else None
    return quietly(model.impulse_responses, 10, **kind, cumulative=cumulative, bands=bands)


@cache
def shares(name: str, lags: int, trend: str, convention: str, horizon: int):
    return quietly(fit(name, lags, trend, convention).variance_decomposition, horizon).values


@cache
def forecast(name: str, lags: int, trend: str, convention: str):
    known = terms(name, trend).get("exogenous")
    future = {"exogenous": sample(name)[known].iloc[-8:]} if known else {}
    return quietly(fit(name, lags, trend, convention).forecast, 8, **future)


def in_order_of(reference, ours: np.ndarray) -> np.ndarray:
    """Eigenvalues have no order: put ours in the program's, each one used once."""
    left = list(ours)
    return np.array([left.pop(int(np.argmin([abs(item - value) for item in left]))) for value in reference])


def complex_numbers(node) -> np.ndarray:
    return np.array(node["re"], dtype=float) + 1j * np.array(node["im"], dtype=float)


# R vars


def r_labels(names: list[str], lags: int) -> dict[str, str]:
    seasons = {f"sd{place}": f"season{place}" for place in range(1, 12)}
    return seasons | {f"{name}.l{lag}": f"L{lag}.{name}" for name in names for lag in range(1, lags + 1)}


def by_impulse(array: np.ndarray, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    return {name: array[:, :, place] for place, name in enumerate(names)}


def by_equation(frame: pd.DataFrame) -> dict[str, pd.Series]:
    return {name: frame[name] for name in frame}


def centred_sigma(model) -> pd.DataFrame:
    """What R's summary() prints as covariance: about the residuals' means, which are zero only with a constant."""
    return model.resids.cov() * (model.nobs - 1) / model.df_resid


def chi_squared(test) -> dict:
    return {"statistic": {"Chi-squared": test.statistic}, "parameter": {"df": test.df}, "p.value": test.pvalue}


def vars_comparisons(file: str, group: str):
    name, lags, trend = parse(file, group)
    most = longest(file, group)

    def model():
        return fit(name, lags, trend, "vars")

    def arrays(orthogonal, cumulative=False):
        return by_impulse(responses(name, lags, trend, "vars", orthogonal, cumulative).values, model().names)

    def equations():
        m = model()
        return {
            equation: {
                "coef": m.params[equation],
                "se": m.std_errors[equation],
                "t": m.tstats[equation],
                "p": m.pvalues[equation],
                "r2": m.rsquared[equation],
                "adj_r2": m.rsquared_adjusted[equation],
                "sigma": m.rmse[equation],
                "df": m.df_resid,
            }
            for equation in m.names
        }

    def granger(cause):
        m = model()
        return m.granger_causality([other for other in m.names if other != cause], cause)

    def granger_statistic(cause):
        test = granger(cause)
        return {
            "statistic": {"values": [[test.statistic]]},
            "parameter": {"df1": test.df, "df2": test.df_denominator},
        }

    def decomposition():
        values = shares(name, lags, trend, "vars", 10)
        return {variable: values[:, place] for place, variable in enumerate(model().names)}

    def forecasts():
        f = forecast(name, lags, trend, "vars")
        reach = f.upper - f.values
        parts = np.stack([f.values, f.lower, f.upper, reach], axis=2)
        return {variable: parts[:, place] for place, variable in enumerate(model().names)}

    def selection():
        chosen = quietly(
            pv.select_lags,
            sample(name),
            max_lags=most,
            columns=variables(name),
            **terms(name, trend),
            convention="vars",
        )
        codes = {"AIC(n)": "aic", "HQ(n)": "hqic", "SC(n)": "bic", "FPE(n)": "fpe"}
        return {
            "lag_max": most,
            "selection": {code: chosen.order(ours) for code, ours in codes.items()},
            "criteria": chosen.table[list(codes.values())].to_numpy().T,
        }

    def instant(cause):
        test = pv.instantaneous_causality_test(model(), cause)
        return {"statistic": {"values": [[test.statistic]]}, "parameter": {"df": test.df}}

    def robust(cause):
        m = model().with_cov("HC3")
        test = m.granger_causality([other for other in m.names if other != cause], cause)
        return {
            "statistic": {"values": [[test.statistic]]},
            "parameter": {"df1": test.df, "df2": test.df_denominator},
            "p.value": test.pvalue,
        }

    def serial(key):
        kind, _, count = key.partition("_lags")
        if kind.startswith("PT"):
            kinds = {"PT.asymptotic": "plain", "PT.adjusted": "adjusted"}
            return chi_squared(quietly(pv.portmanteau_test, model(), lags=int(count), statistic=kinds[kind]))
        if kind == "BG":
            return chi_squared(quietly(pv.serial_lm_test, model(), lags=int(count)))
        test = pv.serial_lm_test(model(), lags=int(count), statistic="f")
        return {
            "statistic": {"F statistic": test.statistic},
            "parameter": {"df1": test.df, "df2": test.df_denominator},
            "p.value": test.pvalue,
        }

    def arch(key):
        lags = int(key.removeprefix("lags"))
        alone = {name: chi_squared(quietly(pv.arch_test, model(), lags=lags, equation=name)) for name in model().names}
        return {"multivariate": chi_squared(quietly(pv.arch_test, model(), lags=lags)), "univariate": alone}

    def normality():
        tests = quietly(pv.normality_test, model())
        parts = {"JB": tests.joint, "Skewness": tests.skewness, "Kurtosis": tests.kurtosis}
        return {
            "multivariate": {
                key: {"statistic": {"values": [[t.statistic]]}, "parameter": {"df": t.df}, "p.value": t.pvalue}
                for key, t in parts.items()
            },
            "univariate": {name: chi_squared(test) for name, test in tests.by_equation.items()},
        }

    def cusum():
        found = quietly(pv.cusum_test, model())
        return {
            name: {
                "statistic": test.statistic,
                "p.value": test.pvalue,
                "last": found.paths[name].iloc[-6],
            }
            for name, test in found.tests.items()
        }

    @cache
    def eliminated():
        return quietly(
            pv.fit_restricted_var,
            sample(name),
            restrictions="t",
            columns=variables(name),
            lags=lags,
            method="ols",
            **terms(name, trend),
            convention="vars",
        )

    def restricted():
        m = eliminated()
        return {
            "matrix": [m.free[name].astype(float) for name in m.names],
            "equations": {equation: {"coef": m.params[equation], "se": m.std_errors[equation]} for equation in m.names},
        }

    present = expected_tree(f"{file}_vars")[group]
    return [
        *([Comparison(f"{group}/cusum", cusum, ONE_MINUS)] if "cusum" in present else []),
        *(
            [Comparison(f"{group}/restricted", restricted, names=r_labels(variables(name), lags))]
            if "restricted" in present
            else []
        ),
        *(
            Comparison(f"{group}/serial/{key}", functools.partial(serial, key), ONE_MINUS)
            for key in present.get("serial", {})
        ),
        *(
            Comparison(f"{group}/arch/{key}", functools.partial(arch, key), ONE_MINUS)
            for key in present.get("arch", {})
        ),
        Comparison(f"{group}/normality", normality, ONE_MINUS),
        *(
            Comparison(f"{group}/causality/{cause}/instant", functools.partial(instant, cause))
            for cause in variables(name)
        ),
        *(
            Comparison(
                f"{group}/causality/{cause}/instant/p.value",
                lambda cause=cause: pv.instantaneous_causality_test(model(), cause).pvalue,
                ONE_MINUS,
            )
            for cause in variables(name)
        ),
        *(
            Comparison(
                f"{group}/causality_granger_vcovHC_HC3/{cause}",
                functools.partial(robust, cause),
                INVERTED if file == "canada" or group.startswith("canada") else ONE_MINUS,
            )
            for cause in present.get("causality_granger_vcovHC_HC3", {})
        ),
        Comparison(f"{group}/nobs_total", lambda: model().nobs + lags),
        Comparison(f"{group}/nobs_eff", lambda: model().nobs),
        Comparison(f"{group}/n_regressors_per_eq", lambda: model().n_regressors),
        Comparison(f"{group}/equations", equations, names=r_labels(variables(name), lags)),
        Comparison(f"{group}/logLik", lambda: model().loglik),
        Comparison(f"{group}/AIC", lambda: model().aic),
        Comparison(f"{group}/BIC", lambda: model().bic),
        Comparison(
            f"{group}/sigma_u_df", lambda: model().sigma_df if trend.startswith("c") else centred_sigma(model())
        ),
        Comparison(f"{group}/sigma_u_ml", lambda: model().sigma_ml),
        Comparison(f"{group}/resid_corr", lambda: model().resids.corr()),
        Comparison(f"{group}/det_sigma_ml", lambda: np.linalg.det(model().sigma_ml)),
        Comparison(f"{group}/roots_modulus", lambda: model().moduli),
        Comparison(f"{group}/companion_roots/re", lambda: model().roots.real),
        Comparison(f"{group}/companion_roots/im", lambda: model().roots.imag),
        Comparison(f"{group}/irf", lambda: arrays(False)),
        Comparison(f"{group}/oirf", lambda: arrays(True)),
        Comparison(f"{group}/oirf_cumulative", lambda: arrays(True, True)),
        Comparison(f"{group}/irf_cumulative", lambda: arrays(False, True)),
        Comparison(f"{group}/fevd", decomposition),
        Comparison(f"{group}/forecast", forecasts),
        Comparison(f"{group}/varselect", selection),
        *(
            Comparison(f"{group}/causality/{cause}/granger", functools.partial(granger_statistic, cause))
            for cause in variables(name)
        ),
        *(
            Comparison(
                f"{group}/causality/{cause}/granger/p.value", lambda cause=cause: granger(cause).pvalue, ONE_MINUS
            )
            for cause in variables(name)
        ),
    ]


VARS_EXCLUSIONS: list[Exclusion] = []


# statsmodels


def statsmodels_comparisons(file: str, group: str):
    name, lags, trend = parse(file, group)
    most = longest(file, group)

    def model():
        return fit(name, lags, trend, "statsmodels")

    def paths(orthogonal, cumulative=False):
        return responses(name, lags, trend, "statsmodels", orthogonal, cumulative)

    def both_kinds(caused, causing):
        test = model().granger_causality(caused, causing)
        chi2 = fit(name, lags, trend, "eviews").granger_causality(caused, causing)
        return {
            "f": {"statistic": test.statistic, "df": [test.df, test.df_denominator], "pvalue": test.pvalue},
            "wald": {"statistic": chi2.statistic, "df": chi2.df, "pvalue": chi2.pvalue},
        }

    def pairs():
        names = model().names
        return {f"{b}->{a}": both_kinds(a, b) for a in names for b in names if a != b}

    def one_causes_rest():
        names = model().names
        return {b: both_kinds([a for a in names if a != b], b) for b in names}

    def root_numbers():
        reference = complex_numbers(expected_tree(f"{file}_statsmodels")[group]["roots"])
        return in_order_of(reference, 1.0 / model().roots)

    def selection():
        chosen = quietly(
            pv.select_lags,
            sample(name),
            max_lags=most,
            columns=variables(name),
            **terms(name, trend),
            convention="statsmodels",
        )
        return {
            "maxlags": most,
            "ics": {code: chosen.table[code] for code in ("aic", "bic", "hqic", "fpe")},
            "selected": chosen.selected,
        }

    def forecasts():
        f = forecast(name, lags, trend, "statsmodels")
        return {"point": f.values, "lower": f.lower, "upper": f.upper}

    def plain(test):
        return {"statistic": test.statistic, "df": test.df, "pvalue": test.pvalue}

    def whiteness(key):
        _, count, adjusted = key.split("_")
        kind = "adjusted" if adjusted == "adjustedTrue" else "plain"
        return plain(quietly(pv.portmanteau_test, model(), lags=int(count.removeprefix("nlags")), statistic=kind))

    def autocorrelations():
        residuals = model()._problem.residuals
        centred = residuals - residuals.mean(axis=0)
        size = np.sqrt((centred**2).sum(axis=0))
        count = len(expected_tree(f"{file}_statsmodels")[group]["acorr_resid"])
        return [centred[lag:].T @ centred[: len(centred) - lag] / np.outer(size, size) for lag in range(count)]

    loose = [NORMAL_EQUATIONS] if file == "canada" else []
    present = expected_tree(f"{file}_statsmodels")[group]
    comparisons = [
        *(
            Comparison(f"{group}/{key}", functools.partial(whiteness, key))
            for key in present
            if key.startswith("whiteness")
        ),
        Comparison(f"{group}/normality", lambda: plain(quietly(pv.normality_test, model()).joint)),
        Comparison(
            f"{group}/inst_causality",
            lambda: {name: plain(pv.instantaneous_causality_test(model(), name)) for name in model().names},
        ),
        Comparison(f"{group}/acorr_resid", autocorrelations),
        Comparison(f"{group}/nobs", lambda: model().nobs),
        Comparison(f"{group}/df_resid", lambda: model().df_resid),
        Comparison(f"{group}/df_model", lambda: model().df_model),
        Comparison(f"{group}/params", lambda: model().params),
        Comparison(f"{group}/stderr", lambda: model().std_errors),
        Comparison(f"{group}/tvalues", lambda: model().tstats),
        Comparison(f"{group}/pvalues", lambda: model().pvalues, NORMAL_EQUATIONS if file == "canada" else DEFAULT),
        Comparison(f"{group}/sigma_u", lambda: model().sigma),
        Comparison(f"{group}/sigma_u_mle", lambda: model().sigma_ml),
        Comparison(f"{group}/resid_corr", lambda: model().resids.corr()),
        Comparison(f"{group}/llf", lambda: model().loglik),
        Comparison(f"{group}/aic", lambda: model().aic),
        Comparison(f"{group}/bic", lambda: model().bic),
        Comparison(f"{group}/hqic", lambda: model().hqic),
        Comparison(f"{group}/fpe", lambda: model().fpe),
        Comparison(f"{group}/detomega", lambda: np.linalg.det(model().sigma)),
        Comparison(f"{group}/roots/re", lambda: root_numbers().real),
        Comparison(f"{group}/roots/im", lambda: root_numbers().imag),
        Comparison(f"{group}/roots_modulus", lambda: np.sort(1.0 / model().moduli)[::-1]),
        Comparison(f"{group}/irf", lambda: paths(False).values),
        Comparison(f"{group}/orth_irf", lambda: paths(True).values),
        Comparison(f"{group}/cum_effects", lambda: paths(False, True).values),
        Comparison(f"{group}/orth_cum_effects", lambda: paths(True, True).values),
        Comparison(f"{group}/irf_stderr", lambda: paths(False).std_errors),
        Comparison(f"{group}/orth_irf_stderr", lambda: paths(True).std_errors),
        Comparison(f"{group}/cum_irf_stderr", lambda: paths(False, True).std_errors),
        Comparison(f"{group}/orth_cum_irf_stderr", lambda: paths(True, True).std_errors),
        Comparison(f"{group}/fevd", lambda: shares(name, lags, trend, "statsmodels", 10).swapaxes(0, 1)),
        Comparison(f"{group}/causality_pairwise", pairs, *loose),
        Comparison(f"{group}/forecast", forecasts),
        Comparison(f"{group}/forecast_mse", lambda: forecast(name, lags, trend, "statsmodels").covariance[:4]),
        Comparison(f"{group}/select_order", selection),
    ]
    if "causality_one_causes_rest" in present:
        comparisons.append(Comparison(f"{group}/causality_one_causes_rest", one_causes_rest, *loose))
    if "mean" in present:
        comparisons.append(Comparison(f"{group}/mean", lambda: model().mean()))
        comparisons.append(Comparison(f"{group}/long_run_effects", lambda: model().long_run_effects()))
    return comparisons


STATSMODELS_EXCLUSIONS = [
    *(
        Exclusion(f"{where}/crit_value", "a critical value: a quantile of the distribution compared by its p-value")
        for where in ("*/causality_*/*/*", "*/inst_causality/*", "*/whiteness_*", "*/normality")
    ),
]


# gretl


def gretl_rows(model) -> list[str]:
    """gretl groups lags by variable, then come exogenous variables, seasonal dummies, and the trend last."""
    beside = model.terms
    rows = [f"L{lag}.{name}" for name in model.names for lag in range(1, model.lags + 1)]
    seasons = [f"season{place}" for place in range(1, beside.seasons)]
    later = [label for label in beside.labels if label not in {"const", "trend", *seasons}]
    return ["const"] * beside.has_constant + rows + later + seasons + ["trend"] * ("t" in beside.trend)


def gretl_estimates(model) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and errors; gretl's seasonal dummies are 0 and 1, so that its constant is the last season's."""
    rows = gretl_rows(model)
    turn = pd.DataFrame(np.eye(len(rows)), index=rows, columns=rows)
    seasons = [row for row in rows if row.startswith("season")]
    if seasons:
        turn.loc["const", seasons] = -1.0 / model.terms.seasons
    errors = {}
    for name in model.names:
        covariance = model.cov.loc[name, name].loc[rows, rows]
        errors[name] = np.sqrt((turn @ covariance @ turn.T).to_numpy().diagonal())
    return (turn @ model.params.loc[rows]).to_numpy(), np.column_stack(list(errors.values()))


def gretl_comparisons(file: str, group: str):
    name, lags, trend = parse(file, group)
    names = variables(name)

    def model():
        return fit(name, lags, trend, "gretl")

    def allowed(part: str):
        return GRETL_PARTS.get((group, part), DEFAULT)

    def companion():
        m = model()
        top = np.concatenate(list(m.coefficients), axis=1)
        below = np.eye((lags - 1) * len(names), lags * len(names))
        return np.concatenate([top, below])

    def eigenvalues():
        node = expected_tree(f"{file}_gretl")[group]
        reference = np.array(node["companion_eig_re"]) + 1j * np.array(node["companion_eig_im"])
        return in_order_of(reference, model().roots)

    def paths():
        values = responses(name, lags, trend, "gretl", True, False).values
        return {f"{target}_{shock}": values[:, i, j] for i, target in enumerate(names) for j, shock in enumerate(names)}

    def decomposition():
        values = shares(name, lags, trend, "gretl", 11)
        return {target: values[:, i] for i, target in enumerate(names)}

    def selection():
        most = int(expected_tree(f"{file}_gretl")[group]["lagselect"][-1][0])
        chosen = quietly(
            pv.select_lags,
            sample(name),
            max_lags=most,
            columns=variables(name),
            **terms(name, trend),
            convention="gretl",
        ).table
        columns = chosen[["loglik", "lr_pvalue", "aic", "bic", "hqic"]]
        return np.column_stack([chosen.index, columns]).tolist()

    def modtests():
        m, out = model(), {}
        for key in expected_tree(f"{file}_gretl")[group].get("modtest", {}):
            kind, what = key.rsplit("_", 1)
            if kind == "normality_DH":
                tests = [quietly(pv.normality_test, m, statistic="doornik-hansen").joint]
            elif kind.startswith("arch"):
                tests = [quietly(pv.arch_test, m, lags=lag) for lag in range(1, int(kind.removeprefix("arch")) + 1)]
            else:
                orders = range(1, int(kind.removeprefix("autocorr")) + 1)
                tests = [pv.serial_lm_test(m, lags=lag, statistic="f") for lag in orders]
            out[key] = [test.statistic if what == "stat" else test.pvalue for test in tests]
        return out

    def forecasts(target):
        """gretl forecasts the last eight rows from a model of the others."""
        shorter = quietly(
            pv.fit_var, sample(name).iloc[:-8], names, lags=lags, **terms(name, trend), convention="gretl"
        )
        ahead = quietly(shorter.forecast, 8)
        place = names.index(target)
        return np.column_stack([ahead.values[:, place], np.sqrt(ahead.covariance[:, place, place])])

    portmanteau = []
    if "Ljung_Box" in expected_tree(f"{file}_gretl")[group].get("system", {}):
        portmanteau = [
            Comparison(
                f"{group}/system/Ljung_Box",
                lambda: (
                    quietly(
                        pv.portmanteau_test, model(), lags=min(model().nobs // 4, 48), statistic="ljung-box"
                    ).statistic
                ),
            ),
            Comparison(f"{group}/system/LB_order", lambda: min(model().nobs // 4, 48)),
        ]
    return [
        *portmanteau,
        *(
            Comparison(f"{group}/forecast/{target}", functools.partial(forecasts, target))
            for target in expected_tree(f"{file}_gretl")[group].get("forecast", {})
        ),
        Comparison(f"{group}/modtest", modtests, *([CROSS_PRODUCTS] if group.startswith("germanm1") else [])),
        Comparison(
            f"{group}/robust_stderr", lambda: gretl_estimates(model().with_cov("HC1"))[1], allowed("robust_stderr")
        ),
        Comparison(f"{group}/coeff", lambda: gretl_estimates(model())[0], allowed("coeff")),
        Comparison(f"{group}/stderr", lambda: gretl_estimates(model())[1]),
        Comparison(f"{group}/lnl", lambda: model().loglik),
        Comparison(f"{group}/aic", lambda: model().aic),
        Comparison(f"{group}/bic", lambda: model().bic),
        Comparison(f"{group}/hqc", lambda: model().hqic),
        Comparison(f"{group}/sigma", lambda: model().sigma),
        Comparison(f"{group}/compan", companion, allowed("compan")),
        Comparison(f"{group}/T_eff", lambda: model().nobs),
        Comparison(f"{group}/companion_eig_re", lambda: eigenvalues().real),
        Comparison(f"{group}/companion_eig_im", lambda: eigenvalues().imag),
        Comparison(f"{group}/companion_eig_modulus", lambda: np.abs(eigenvalues())),
        Comparison(f"{group}/irf", paths, allowed("irf")),
        Comparison(f"{group}/fevd", decomposition),
        Comparison(f"{group}/lagselect", selection),
        Comparison(
            f"{group}/system",
            lambda: {
                "ncoeff": model().n_regressors,
                "coeff": gretl_estimates(model())[0],
                "sigma": model().sigma,
                "lnl": model().loglik,
                "T": model().nobs,
                "order": lags,
                "df": model().df_resid,
                "ldet": np.linalg.slogdet(model().sigma)[1],
                "neqns": len(names),
            },
            allowed("system"),
        ),
    ]


GRETL_EXCLUSIONS = [
    *(Exclusion(f"*/system/{flag}", SETTING) for flag in ("ifc", "detflags", "robust", "ecm")),
]

PROGRAMS = {
    "vars": (vars_comparisons, VARS_EXCLUSIONS),
    "statsmodels": (statsmodels_comparisons, STATSMODELS_EXCLUSIONS),
    "gretl": (gretl_comparisons, GRETL_EXCLUSIONS),
}


def case(file: str, program: str) -> Case:
    build, exclusions = PROGRAMS[program]
    return Case(
        f"{file}_{program}",
        [comparison for group in expected_tree(f"{file}_{program}") for comparison in build(file, group)],
        [] if (file, program) == ("varied", "statsmodels") else exclusions,
        preset=program,
        names={"trend**2": "trend_squared"},
    )


FILES = ("wgmacro", "us_macro", "canada", "klein_small", "varied")
CASES = [case(file, program) for file in FILES for program in PROGRAMS]
