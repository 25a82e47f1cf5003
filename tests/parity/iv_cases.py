"""Instrumental variables on Grunfeld's data: plm and AER, linearmodels, pyfixest."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

from parity.runner import Case, Comparison, expected_tree
from reference_data import table

import panelvar as pv

COLUMNS: dict[str, Any] = {"endogenous": ["value"], "instruments": ["value1", "value2"]}


@cache
def panel() -> pv.Panel:
    """The rows with value known two years back."""
    frame = table("grunfeld")
    by_firm = frame.groupby("firm")["value"]
    return pv.Panel(frame.assign(value1=by_firm.shift(1), value2=by_firm.shift(2)).dropna(), "firm", "year")


@cache
def fit(model: str, convention: str) -> pv.InstrumentalResult:
    """A model of the files."""
    data = (panel(), "inv", ["capital"])
    options = {**COLUMNS, "convention": convention}
    makers: dict[str, Callable[[], pv.InstrumentalResult]] = {
        "pooling": lambda: pv.fit_iv_pooled(*data, **options),
        "liml": lambda: pv.fit_iv_pooled(*data, method="liml", **options),
        "gmm": lambda: pv.fit_iv_pooled(*data, method=pv.TwoStepGMM("HC0"), cov="HC0", **options),
        "within": lambda: pv.fit_iv_fixed_effects(*data, **options),
        "within_twoways": lambda: pv.fit_iv_fixed_effects(*data, effects="twoway", **options),
        "between": lambda: pv.fit_iv_between(*data, **options),
        "fd": lambda: pv.fit_iv_first_difference(*data, **options),
        "random_bvk": lambda: pv.fit_iv_random_effects(*data, **options),
        "random_baltagi": lambda: pv.fit_iv_random_effects(*data, method="ec2sls", **options),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return makers[model]()


def clustered(model: str, convention: str, **factors: Any) -> Any:
    """Standard errors clustered by firm."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return fit(model, convention).with_cov(pv.Clustered("entity", **factors)).std_errors


def of_plm() -> list[Comparison]:
    """Coefficients and errors of each model, and AER's tests."""
    out = []
    for model in expected_tree("grunfeld_iv_plm"):
        if model == "aer_tests":
            continue
        ours = "pooling" if model == "aer_pooled" else model
        out += [
            Comparison(f"{model}/coef", lambda m=ours: fit(m, "plm").params),
            Comparison(f"{model}/se", lambda m=ours: fit(m, "plm").std_errors),
        ]
    tests = {
        "weak": lambda: fit("pooling", "plm").first_stage.loc["value", "f"],
        "wu_hausman": lambda: fit("pooling", "plm").wu_hausman.statistic,
        "sargan": lambda: fit("pooling", "plm").sargan.statistic,
    }
    return [*out, *(Comparison(f"aer_tests/{key}", found) for key, found in tests.items())]


def of_python() -> list[Comparison]:
    """linearmodels without effects, pyfixest with those of firms."""
    lm = "linearmodels"
    return [
        Comparison("linearmodels_2sls/coef", lambda: fit("pooling", lm).params),
        Comparison("linearmodels_2sls/se", lambda: fit("pooling", lm).std_errors),
        Comparison(
            "linearmodels_2sls/se_clustered", lambda: clustered("pooling", lm, group_factor=False, dof_factor="none")
        ),
        Comparison("linearmodels_2sls/sargan", lambda: fit("pooling", lm).sargan.statistic),
        Comparison("linearmodels_2sls/basmann", lambda: fit("pooling", lm).basmann.statistic),
        Comparison("linearmodels_2sls/wu_hausman", lambda: fit("pooling", lm).wu_hausman.statistic),
        Comparison("linearmodels_2sls/first_stage_f", lambda: fit("pooling", lm).first_stage.loc["value", "f"]),
        Comparison("linearmodels_2sls/partial_r2", lambda: fit("pooling", lm).first_stage.loc["value", "partial_r2"]),
        Comparison("linearmodels_liml/coef", lambda: fit("liml", lm).params),
        Comparison("linearmodels_liml/se", lambda: fit("liml", lm).std_errors),
        Comparison("linearmodels_liml/kappa", lambda: fit("liml", lm).kappa),
        Comparison("linearmodels_gmm/coef", lambda: fit("gmm", lm).params),
        Comparison("linearmodels_gmm/se", lambda: fit("gmm", lm).std_errors),
        Comparison("linearmodels_gmm/j", lambda: fit("gmm", lm).hansen_j.statistic),
        Comparison("pyfixest_firm/coef", lambda: fit("within", "pyfixest").params),
        Comparison("pyfixest_firm/se", lambda: fit("within", "pyfixest").std_errors),
        Comparison("pyfixest_firm/se_clustered", lambda: clustered("within", "pyfixest")),
    ]


CASES = [
    Case("grunfeld_iv_plm", of_plm(), (), "plm", {"(Intercept)": "const"}),
    Case("grunfeld_iv_python", of_python(), (), "linearmodels, pyfixest"),
]
