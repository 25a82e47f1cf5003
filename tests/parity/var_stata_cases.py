"""Vector autoregressions: Stata's published output."""

from __future__ import annotations

import functools
from functools import cache

import numpy as np
from parity.runner import Case, Comparison, Exclusion, printed, within
from parity.var_cases import SETTING, by_equation, fit, sample

import panelvar as pv
from panelvar.systems.var.var_convention import VAR_PRESETS

STATA = VAR_PRESETS["stata"]
DFK_SMALL = STATA.but(sigma="df", coefficient_sigma="df", distribution="t", exclusion="f-equation")
LUTSTATS = STATA.but(criteria="lags-only")
DFK = LUTSTATS.but(sigma="df", coefficient_sigma="df")
ESTAT = STATA.but(criteria="total")
END = within(1e-7, reason="the end of a numerical maximisation in Stata")
SINGLE = "the data behind the published log were stored in single precision"


def single(relative: float, absolute: float = 0.0):
    return within(relative, absolute=absolute, reason=SINGLE)


def us_macro_stata() -> list[Comparison]:
    first, second = "var_lags_1_2", "results_svar1_small/underlying_var"

    def model():
        return fit("us_macro", 2, "c", STATA)

    def own():
        return fit("us_macro", 3, "c", DFK_SMALL)

    def equation_tests(m):
        return [m.exclusion_test(equations=name) for name in m.names]

    def equations():
        m = model()
        return {
            name: {
                "rmse": m.rmse[name],
                "r2": m.rsquared[name],
                "ll": m.loglik_by_equation[name],
                "chi2(6)": test.statistic,
            }
            for name, test in zip(m.names, equation_tests(m), strict=True)
        }

    def underlying():
        m = own()
        block = {
            "mlag_var": m.lags,
            "fpe_var": m.fpe,
            "aic_var": m.aic,
            "hqic_var": m.hqic,
            "sbic_var": m.bic,
            "tparms_var": m.n_regressors * m.n_vars,
            "k_var": m.n_regressors * m.n_vars,
            "df_eq_var": m.n_regressors,
            "k_eq_var": m.n_vars,
            "k_dv_var": m.n_vars,
            "neqs_var": m.n_vars,
            "df_r_var": m.df_resid,
            "ll_var": m.loglik,
            "detsig_ml_var": np.linalg.det(m.sigma_ml),
            "detsig_var": np.linalg.det(m.sigma),
            "T_var": m.nobs,
        }
        for place, (name, test) in enumerate(zip(m.names, equation_tests(m), strict=True), start=1):
            block |= {
                f"F_{place}_var": test.statistic,
                f"df_r{place}_var": test.df_denominator,
                f"df_m{place}_var": test.df,
                f"ll_{place}_var": m.loglik_by_equation[name],
                f"r2_{place}_var": m.rsquared[name],
                f"rmse_{place}_var": m.rmse[name],
                f"k_{place}_var": m.n_regressors,
                f"obs_{place}_var": m.nobs,
            }
        return block

    @cache
    def structural():
        a = [[1.0, 0.0, 0.0], [np.nan, 1.0, 0.0], [np.nan, np.nan, 1.0]]
        return pv.fit_svar(own(), pv.ShortRun(a, np.diag([np.nan] * 3)))

    return [
        Comparison(f"{first}/coef", lambda: by_equation(model().params), single(1e-3, 2e-4)),
        Comparison(f"{first}/se", lambda: by_equation(model().std_errors), single(1e-4)),
        Comparison(f"{first}/stats/N", lambda: model().nobs),
        Comparison(f"{first}/stats/ll", lambda: model().loglik, single(1e-6)),
        Comparison(f"{first}/stats/det_sigma_ml", lambda: np.linalg.det(model().sigma), single(1e-4)),
        Comparison(f"{first}/stats/aic", lambda: model().aic, single(1e-6)),
        Comparison(f"{first}/stats/hqic", lambda: model().hqic, single(1e-6)),
        Comparison(f"{first}/stats/sbic", lambda: model().bic, single(1e-6)),
        Comparison(f"{first}/equations", equations, single(1e-4)),
        Comparison(second, underlying),
        Comparison("results_svar1_small/A_rows", lambda: structural().a),
        Comparison("results_svar1_small/B_rows", lambda: structural().b, END),
        Comparison("results_svar1_small/A_se_rows", lambda: structural().a_std_errors, END),
        Comparison("results_svar1_small/B_se_rows", lambda: structural().b_std_errors, END),
        Comparison("results_svar1_small/svar/ll", lambda: structural().loglik),
        Comparison("results_svar1_small/svar/N", lambda: structural().nobs),
    ]


def wgmacro_stata() -> list[Comparison]:
    comparisons = []

    @cache
    def model(columns: int, trend: str, convention):
        return pv.fit_var(sample("wgmacro").iloc[:, :columns], lags=1, trend=trend, convention=convention)

    def scalars(columns: int, trend: str, convention):
        m, estat = model(columns, trend, convention), model(columns, trend, ESTAT)
        return {
            "loglike": m.loglik,
            "aic": m.aic,
            "bic": m.bic,
            "hqic": m.hqic,
            "fpe": m.fpe,
            "estat_aic": estat.aic,
            "estat_bic": estat.bic,
        }

    def univariate(convention):
        m = model(1, "c", convention)
        return {
            "intercept": m.params.loc["const"].item(),
            "L1": m.params.loc["L1.dl_investment"].item(),
            "sigma2": m.sigma.iloc[0, 0],
        }

    def lower(m):
        return np.linalg.cholesky(m.sigma)[np.tril_indices(3)]

    endings = {"": STATA, "_lustats": LUTSTATS, "_lustats_dfk": DFK}
    for ending, convention in endings.items():
        for group, columns, trend in ((f"lutkepohl_ar1{ending}", 1, "c"), (f"lutkepohl_var1{ending}", 3, "n")):
            call = functools.partial(scalars, columns, trend, convention)
            comparisons += [
                Comparison(f"{group}/{key}", lambda call=call, key=key: call()[key], single(1e-6))
                for key in ("loglike", "aic", "bic", "hqic", "fpe", "estat_aic", "estat_bic")
            ]
        comparisons += [
            Comparison(
                f"lutkepohl_ar1{ending}/{key}",
                lambda convention=convention, key=key: univariate(convention)[key],
                single(1e-6),
            )
            for key in ("intercept", "L1", "sigma2")
        ]
        comparisons += [
            Comparison(
                f"lutkepohl_var1{ending}/coef_rows",
                lambda convention=convention: model(3, "n", convention).coefficients[0],
                single(2e-5),
            ),
            Comparison(
                f"lutkepohl_var1{ending}/sigma_cholesky_lower",
                lambda convention=convention: lower(model(3, "n", convention)),
                single(5e-5),
            ),
        ]

    def trending():
        return model(3, "ct", STATA)

    def exogenous():
        # Their t is 2 in the first period, ours 1.
        constant, slope = trending().deterministics
        return np.column_stack([constant - slope, slope])

    def forecasts():
        last = sample("wgmacro").to_numpy()[-1:]
        return np.concatenate([last, trending().forecast(16).values])

    comparisons += [
        Comparison("lutkepohl_var1_exog2/coef_rows", lambda: trending().coefficients[0], single(5e-5)),
        Comparison("lutkepohl_var1_exog2/exog_rows", exogenous, single(1e-4)),
        Comparison("lutkepohl_var1_exog2/loglike", lambda: trending().loglik, single(1e-6)),
        Comparison("lutkepohl_var1_exog2/forecast_1978q4_then_16_steps", forecasts, single(1e-4)),
    ]
    return comparisons


def manual() -> list[Comparison]:
    """Examples of the manual on the same data: a VAR(2) with dfk and without, and the choice of its order."""

    @cache
    def model(convention):
        return pv.fit_var(sample("wgmacro"), lags=2, convention=convention)

    @cache
    def orders():
        return pv.select_lags(sample("wgmacro"), max_lags=4, convention=STATA)

    def alone(lag):
        return pv.serial_lm_test(model(STATA), lags=lag, statistic="lr", alone=True)

    def equations():
        m, tests = model(DFK), {name: model(DFK).exclusion_test(equations=name) for name in model(DFK).names}
        return {
            name: {
                "parms": m.n_regressors,
                "rmse": m.rmse[name],
                "r2": m.rsquared[name],
                "chi2": test.statistic,
                "p": test.pvalue,
            }
            for name, test in tests.items()
        }

    def chosen():
        names = {"lr": "lr", "fpe": "fpe", "aic": "aic", "hqic": "hqic", "sbic": "bic"}
        return {label: orders().order(own) for label, own in names.items()}

    first, basic, order = "manual_var_dfk", "manual_varbasic", "manual_varsoc"
    four = printed(decimals=4)
    return [
        Comparison(f"{first}/N", lambda: model(DFK).nobs),
        Comparison(f"{first}/ll", lambda: model(DFK).loglik, printed(decimals=3)),
        Comparison(f"{first}/fpe", lambda: model(DFK).fpe, printed(significant=3)),
        Comparison(f"{first}/det_sigma_ml", lambda: np.linalg.det(model(DFK).sigma_ml), printed(significant=3)),
        Comparison(f"{first}/coef", lambda: by_equation(model(DFK).params), single(1e-4, 5e-6)),
        Comparison(f"{first}/se", lambda: by_equation(model(DFK).std_errors), single(1e-5)),
        *(
            Comparison(f"{first}/equations/{name}/{part}", lambda name=name, part=part: equations()[name][part], digits)
            for name in sample("wgmacro").columns
            for part, digits in {
                "parms": four,
                "rmse": printed(decimals=6),
                "r2": four,
                "chi2": single(3e-5),
                "p": four,
            }.items()
        ),
        Comparison(f"{basic}/aic", lambda: model(STATA).aic, printed(decimals=5)),
        Comparison(f"{basic}/hqic", lambda: model(STATA).hqic, single(1e-6)),
        Comparison(f"{basic}/sbic", lambda: model(STATA).bic, printed(decimals=5)),
        Comparison(f"{basic}/rmse", lambda: model(STATA).rmse, printed(decimals=6)),
        Comparison(
            f"{basic}/chi2",
            lambda: {name: model(STATA).exclusion_test(equations=name).statistic for name in model(STATA).names},
            single(3e-5),
        ),
        Comparison(f"{order}/N", lambda: orders().nobs),
        Comparison(f"{order}/ll", lambda: orders().loglik, single(1e-6)),
        Comparison(f"{order}/lr", lambda: orders().lr_statistic[1:], single(5e-5)),
        Comparison(f"{order}/p", lambda: orders().lr_pvalue[1:], printed(decimals=3)),
        Comparison(f"{order}/fpe", lambda: orders().table["fpe"], printed(significant=2)),
        Comparison(f"{order}/chosen", chosen),
        *(
            Comparison(
                f"manual_varlmar/lag_{lag}/{label}", lambda lag=lag, part=part: getattr(alone(lag), part), digits
            )
            for lag in (1, 2)
            for label, part, digits in (("chi2", "statistic", single(3e-5)), ("p", "pvalue", single(2e-5)))
        ),
    ]


CASES = [
    Case(
        "published_stata_var_us_macro",
        us_macro_stata(),
        [
            Exclusion("results_svar1_small/svar/df_r", "n less the free entries of A and B: counted, not estimated"),
            Exclusion("results_svar1_small/underlying_var/N_gaps_var", SETTING),
        ],
        preset="stata",
    ),
    Case(
        "published_stata_var_wgmacro",
        [*wgmacro_stata(), *manual()],
        [
            Exclusion("*/loglike_dfk", "a likelihood evaluated at a sigma that does not maximise it is not offered"),
            Exclusion(
                "lutkepohl_var1_exog",
                "a trend without a constant that starts at 2; ours starts at 1, which is another model",
            ),
        ],
        preset="stata",
    ),
]
