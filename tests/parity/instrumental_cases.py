"""Instrumental variables: plm, AER, sandwich and clubSandwich; linearmodels; pyfixest; Stata's ivreg2."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
from parity.runner import DEFAULT, Case, Comparison, Exclusion, expected_tree, load, within
from reference_data import table

import panelvar as pv
from panelvar.estimates.fit.presets import as_convention

R_NAMES = {
    "(Intercept)": "const",
    "factor(region)other": "C(region)[T.other]",
    "factor(region)west": "C(region)[T.west]",
    "smsayes": "smsa[T.yes]",
    "lag(lwage, 1)": "L(lwage)",
    **{f"factor(year){year}": f"C(year)[T.{year}]" for year in range(82, 88)},
}
CRIME = (
    "lcrmrte ~ lprbconv + lprbpris + lavgsen + ldensity + lwcon + lwmfg + lpctymle + lpctmin + C(region) + smsa "
    "+ C(year) + [lprbarr + lpolpc ~ ltaxpc + lmix]"
)
SHORT = "lcrmrte ~ lprbconv + lprbpris + lavgsen + ldensity + [lprbarr + lpolpc ~ ltaxpc + lmix + lwfed + lwsta]"
EMPLUK = "lemp ~ lcapital + loutput + [lwage ~ L(lwage) + L(lwage, 2)]"
PANELS = {"crime": ("county", "year", CRIME), "empluk": ("firm", "year", EMPLUK), "short": ("county", "year", SHORT)}
FITS = {
    "pooling": pv.fit_iv_pooled,
    "within": pv.fit_iv_fixed_effects,
    "between": pv.fit_iv_between,
    "fd": pv.fit_iv_first_difference,
    "bvk": pv.fit_iv_random_effects,
    "baltagi": pv.fit_iv_random_effects,
}


@cache
def fitted(case, name, convention="plm", cov="classical", **options):
    entity, time, formula = PANELS[case]
    file = "crime" if case == "short" else case
    panel = pv.Panel(table(file), entity, time)
    if name == "baltagi":
        options["method"] = "ec2sls"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return FITS[name](panel, formula, convention=convention, cov=cov, **options)


def plm_case(file):
    case = file.split("_")[0]
    comparisons = []
    for name, node in expected_tree(file).items():
        if name in ("ivreg", "overidentified"):
            continue

        def result(cov="classical", name=name):
            return fitted(case, name, cov=cov)

        comparisons += [
            Comparison(f"{name}/coef", lambda r=result: r().params),
            Comparison(f"{name}/se", lambda r=result: r().std_errors),
            Comparison(f"{name}/df", lambda r=result: r().df_resid),
            *([] if name == "baltagi" else [Comparison(f"{name}/rss", lambda r=result: r().rss)]),
            Comparison(f"{name}/r2", lambda r=result: r().rsquared),
            Comparison(f"{name}/adjusted", lambda r=result: r().rsquared_adjusted),
            Comparison(f"{name}/wald", lambda r=result: r().f_slopes.statistic),
        ]
        if "sigma2" in node:
            comparisons.append(Comparison(f"{name}/sigma2", lambda r=result: components(r())))
        if "arellano" in node:
            comparisons.append(Comparison(f"{name}/arellano", lambda r=result: r("cluster").std_errors))
            comparisons.append(Comparison(f"{name}/white1", lambda r=result: r("HC0").std_errors))
    return comparisons


def components(result):
    found = result.variance_components
    return {"idios": found.idiosyncratic, "id": found.effect}


def aer(cov="classical"):
    return fitted("crime", "pooling", "default", cov)


def short(cov="classical", convention="default", **options):
    return fitted("short", "pooling", convention, cov, **options)


AER = [
    Comparison("ivreg/coef", lambda: aer().params),
    Comparison("ivreg/se", lambda: aer().std_errors),
    Comparison("ivreg/r2", lambda: aer().rsquared),
    Comparison("ivreg/weak_lprbarr", lambda: aer().first_stage.loc["lprbarr", "f"]),
    Comparison("ivreg/weak_lpolpc", lambda: aer().first_stage.loc["lpolpc", "f"]),
    Comparison("ivreg/wu_hausman", lambda: aer().wu_hausman.statistic),
    *(Comparison(f"ivreg/{kind}", lambda k=kind: aer(k).std_errors) for kind in ("HC0", "HC1")),
    *(
        Comparison(f"ivreg/{kind}", lambda k=kind: aer(pv.BiasReduced("county", kind=k)).std_errors)
        for kind in ("CR0", "CR1", "CR2", "CR3")
    ),
    Comparison("ivreg/CR2_df", lambda: aer(pv.BiasReduced("county")).df_coefficients),
    Comparison("overidentified/coef", lambda: short().params),
    Comparison("overidentified/se", lambda: short().std_errors),
    Comparison("overidentified/weak_lprbarr", lambda: short().first_stage.loc["lprbarr", "f"]),
    Comparison("overidentified/weak_lpolpc", lambda: short().first_stage.loc["lpolpc", "f"]),
    Comparison("overidentified/wu_hausman", lambda: short().wu_hausman.statistic),
    Comparison("overidentified/sargan", lambda: short().sargan.statistic),
    Comparison("overidentified/robust_weak_lprbarr", lambda: short("HC1").first_stage.loc["lprbarr", "f"]),
    Comparison("overidentified/robust_weak_lpolpc", lambda: short("HC1").first_stage.loc["lpolpc", "f"]),
    Comparison("overidentified/robust_wu_hausman", lambda: short("HC1").wu_hausman.statistic),
]

# linearmodels: debiased=True counts coefficients everywhere, debiased=False nowhere.
DEBIASED = as_convention("linearmodels").but(cluster_group_factor=True, cluster_dof_factor="(n-1)/(n-k)")
LARGE = DEBIASED.but(classical_counts="none", hc1_counts="none", cluster_group_factor=False, cluster_dof_factor="none")


def linearmodels_comparisons(file):
    out = []
    for key, node in expected_tree(file).items():
        if key in ("tests", "first_stage"):
            continue
        name, _, kind = key.removesuffix("_large").partition("_")
        cov = {"unadjusted": "classical", "robust": "HC1", "clustered": pv.Clustered("county")}[kind]
        method = name
        if name == "gmm":
            method = pv.TwoStepGMM("HC0" if kind == "robust" else pv.Clustered("county"))

        def result(cov=cov, method=method, key=key):
            return short(cov, LARGE if key.endswith("_large") else DEBIASED, method=method)

        out += [
            Comparison(f"{key}/coef", lambda r=result: r().params),
            Comparison(f"{key}/se", lambda r=result: r().std_errors),
        ]
        if "kappa" in node:
            out.append(Comparison(f"{key}/kappa", lambda r=result: r().kappa))
        if "J" in node:
            out.append(Comparison(f"{key}/J", lambda r=result: r().hansen_j.statistic))
    for name in ("lprbarr", "lpolpc"):
        for column in ("partial_r2", "shea_r2"):
            out.append(
                Comparison(f"first_stage/{name}/{column}", lambda n=name, c=column: short().first_stage.loc[n, c])
            )
    return [
        *out,
        Comparison("tests/sargan", lambda: short().sargan.statistic),
        Comparison("tests/basmann_f", lambda: short(method="liml").basmann.statistic),
        Comparison("tests/anderson_rubin_lr", lambda: 630 * np.log(short(method="liml").kappa)),
        Comparison(
            "tests/durbin_lprbarr", lambda: short().endogeneity_test("lprbarr", statistic="difference").statistic
        ),
        Comparison("tests/durbin", lambda: short().endogeneity_test(statistic="difference").statistic),
        Comparison("tests/wu_hausman", lambda: short().wu_hausman.statistic),
    ]


DEMEANED = within(1e-6, reason="pyfixest takes two effects out by iteration, to its tolerance")


@cache
def absorbed(effects, cov):
    panel = pv.Panel(table("empluk"), "firm", "year")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_iv_fixed_effects(panel, EMPLUK, effects=effects, cov=cov, convention="pyfixest")


def pyfixest_comparisons(file):
    out = []
    for key in expected_tree(file):
        effects, _, name = key.rpartition("_")
        cov = {"iid": "classical", "hetero": "HC1", "cluster": "cluster"}[name]

        def result(effects=effects, cov=cov):
            return absorbed(tuple(effects.split("_")), cov)

        close = DEFAULT if effects == "firm" else DEMEANED
        out += [
            Comparison(f"{key}/coef", lambda r=result: r().params, close),
            Comparison(f"{key}/se", lambda r=result: r().std_errors, close),
            Comparison(f"{key}/n", lambda r=result: r().nobs),
            Comparison(f"{key}/first_stage_f", lambda r=result: r().first_stage.loc["lwage", "f"], close),
        ]
    return out


# ---- ivreg2

# ivreg2 leaves a two-way matrix that is not positive semi-definite as it is.
SMALL = as_convention("stata").but(repair_multiway=False)
IVREG2_LARGE = SMALL.but(
    classical_counts="none", hc1_counts="none", cluster_group_factor=False, cluster_dof_factor="none"
)
SINGLE = within(5e-6, reason="the data are in single precision, exported with 8 digits")
MODELS = {
    "card": ("card", ["exper", "expersq", "black", "south"], ["educ"], ["nearc2", "nearc4"], "lwage"),
    "two": ("ivreg2_two", ["x1", "x2"], ["endo1", "endo2"], ["z1", "z2", "z3", "z4"], "y"),
    "panel": ("ivreg2_panel", ["x1"], ["endo1"], ["z1", "z2"], "y"),
    "series": ("ivreg2_series", ["w"], ["x"], ["z1", "z2"], "y"),
    "series_gaps": ("ivreg2_series_gaps", ["w"], ["x"], ["z1", "z2"], "y"),
}


@cache
def ivreg2(case, small):
    """The model of a group, its name says which."""
    data, x, endogenous, instruments, y = MODELS[case if case.startswith("series") else case.split("_")[0]]
    frame = table(data)
    frame["row"], frame["once"] = range(len(frame)), 0
    panel = pv.Panel(frame, None, "t") if case.startswith("series") else pv.Panel(frame, "row", "once")
    method: object = "2sls"
    for word, chosen in {
        "liml": "liml",
        "fuller1": pv.Fuller(1),
        "fuller4": pv.Fuller(4),
        "kclass": pv.KClass(0.5),
    }.items():
        if word in case:
            method = chosen
    cov: object = "HC1" if "hc1" in case or "robust" in case else "classical"
    if data == "ivreg2_panel":
        cov = pv.Clustered("firm_id", "year_id")
    if case.startswith("series"):
        cov = pv.PanelNeweyWest(2, factor="n/(n-k)" if small else "none")
    if case.startswith("card_gmm"):
        cov = "HC1" if "robust" in case else pv.Clustered("age")
        method = pv.TwoStepGMM(cov)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_iv_pooled(
            panel,
            y,
            x,
            endogenous=endogenous,
            instruments=instruments,
            method=method,
            cov=cov,
            weights="wt" if case.endswith("wt") else None,
            convention=SMALL if small else IVREG2_LARGE,
        )


TESTS = {
    "J": lambda large, small: large.overidentification.statistic,
    "underidentification": lambda large, small: large.underidentification.statistic,
    "cragg_donald": lambda large, small: small.cragg_donald,
    "kleibergen_paap": lambda large, small: small.kleibergen_paap,
    "anderson_rubin_f": lambda large, small: as_f(small.anderson_rubin()),
    "anderson_rubin_chi2": lambda large, small: as_chi2(large.anderson_rubin()),
    "endogeneity": lambda large, small: large.endogeneity_test(statistic="difference").statistic,
    "rss": lambda large, small: large.rss,
    "r2": lambda large, small: large.rsquared,
}


def liml_root(case, result):
    """LIML's k, which ivreg2 keeps also where Fuller's is used."""
    alpha = {"card_fuller1": 1.0, "card_fuller4": 4.0}.get(case[:12], 0.0)
    return result.kappa + alpha / (result.nobs - 7)


def as_f(test):
    return test.statistic if test.distribution == "f" else test.statistic / test.df


def as_chi2(test):
    return test.statistic * (test.df if test.distribution == "f" else 1.0)


def ivreg2_comparisons(file):
    out = []
    for group in load(file)["groups"]:
        case = group["case"]
        if case == "panel_orthog":
            out.append(
                Comparison(
                    f"{case}/difference",
                    lambda: ivreg2("panel_cl2", False).difference_in_sargan("z1").statistic,
                    SINGLE,
                )
            )
            continue
        for name in group["expected"]["params"]:

            def cell(case=case, name=name):
                result = ivreg2(case, "small" in case)
                return {"b": result.params[name], "se": result.std_errors[name]}

            if case.startswith("card_gmm"):
                out.append(
                    Comparison(f"{case}/params/{name}/b", lambda c=case, n=name: ivreg2(c, False).params[n], SINGLE)
                )
            else:
                out.append(Comparison(f"{case}/params/{name}", cell, SINGLE))
        for test in group["expected"]["tests"]:
            if (case, test) in LEFT_OUT:
                continue

            def value(case=case, test=test):
                if test == "kappa":
                    return liml_root(case, ivreg2(case, False))
                return TESTS[test](ivreg2(case, False), ivreg2(case, True))

            out.append(Comparison(f"{case}/tests/{test}", value, SINGLE))
        for name, columns in group["expected"].get("first_stage", {}).items():
            for column in columns:

                def stage(case=case, name=name, column=column):
                    return ivreg2(case, True).first_stage.loc[name, column]

                out.append(Comparison(f"{case}/first_stage/{name}/{column}", stage, SINGLE))
    return out


LEFT_OUT: dict[tuple[str, str], str] = {}

CASES = [
    Case(
        "crime_plm_iv",
        preset="plm",
        names=R_NAMES,
        comparisons=[*plm_case("crime_plm_iv"), *AER],
        exclusions=[
            Exclusion(
                "baltagi/rss",
                "plm's residuals of this method are not those of its coefficients on the quasi-demeaned rows, from "
                "which its errors and R2 follow",
            ),
            *(
                Exclusion(
                    f"ivreg/{kind}",
                    "AER's leverage is x'(X'P X)^-1 x_hat, with the regressor on the left; ours (and clubSandwich's in "
                    "CR2) is that of the second stage, x_hat on both sides",
                )
                for kind in ("HC2", "HC3")
            ),
        ],
    ),
    Case("empluk_plm_iv", preset="plm", names=R_NAMES, comparisons=plm_case("empluk_plm_iv")),
    Case(
        "crime_linearmodels_iv",
        preset="linearmodels",
        comparisons=linearmodels_comparisons("crime_linearmodels_iv"),
    ),
    Case(
        "empluk_pyfixest_iv",
        preset="pyfixest",
        comparisons=pyfixest_comparisons("empluk_pyfixest_iv"),
        exclusions=[
            Exclusion(
                "*/effective_f",
                "pyfixest weights by the instruments' own cross product, from which the exogenous regressors are not "
                "taken out, and uses heteroskedastic errors where classical ones are asked for",
            )
        ],
    ),
    Case(
        "published_stata_ivreg2",
        preset="stata",
        comparisons=ivreg2_comparisons("published_stata_ivreg2"),
        exclusions=[
            Exclusion(
                "card_gmm_*/params/*/se",
                "gmm2s errors take the first step's weights for the covariance of the moments; ours, like "
                "linearmodels' and ivregress gmm's, estimate it again at the final residuals",
            ),
            *(Exclusion(f"{case}/tests/{test}", reason) for (case, test), reason in LEFT_OUT.items()),
        ],
    ),
]
