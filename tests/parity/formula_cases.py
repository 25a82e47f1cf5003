"""pyfixest 0.60 on formulas: i() with references, effects and instruments after bars, pairs of levels, polynomials."""

from __future__ import annotations

import re
import warnings
from functools import cache

import pandas as pd
from parity.runner import Case, Comparison, load
from reference_data import table

import panelvar as pv


@cache
def panel(name: str) -> pv.Panel:
    """The data as the reference was made of them."""
    if name == "fatalities":
        return pv.Panel(table("fatalities"), "state", "year")
    if name == "empluk":
        frame = table("empluk")
        frame["size"] = (frame["capital"] > 1.0).map({True: "large", False: "small"})
        return pv.Panel(frame, "firm", "year")
    frame = pv.load_data("minimum_wage").reset_index()
    treated = frame["first_treat"] > 0
    frame["since"] = (frame["year"] - frame["first_treat"]).where(treated, 0)
    return pv.Panel(frame.assign(treated=treated.astype(float)), "county", "year")


@cache
def fit(name: str, model: str, cov: str) -> pv.LinearResult:
    """The formula as pyfixest read it; a pair of numbers and texts is what ``i.`` says there."""
    formula = load(f"{name}_pyfixest_formulas")["model"][model]
    options = {"cov": {"iid": "classical", "hetero": "HC1", "CRV1": "cluster"}[cov], "convention": "pyfixest"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        if "|" not in formula:
            return pv.fit_pooled(panel(name), formula, **options)
        estimator = pv.fit_iv_fixed_effects if formula.count("~") > 1 else pv.fit_fixed_effects
        return estimator(panel(name), formula, constant=False, **options)


def theirs(column: str) -> str:
    """Our name of a column as fixest writes it: ``i(year, x, ref=1)[T.2]`` is ``year::2:x``."""
    found = re.fullmatch(r"i\((\w+)(?:, (\w+))?(?:, ref=-?\d+)?\)\[(?:T\.)?([^\]]*)\]", column)
    if found is None:
        return {"const": "Intercept"}.get(column, column)
    factor, second, level = found.groups()
    if second is None:
        return f"{factor}::{level}"
    first, _, other = level.partition(":")
    return f"{factor}::{first}:{second}" + (f"::{other}" if other else "")


def renamed(values: pd.Series) -> pd.Series:
    """Values by the names that pyfixest gives them."""
    return values.rename(index=theirs)


def comparisons(name: str) -> list[Comparison]:
    """Coefficients, errors and rows of every formula, under three covariances."""
    out = []
    for model in load(f"{name}_pyfixest_formulas")["model"]:
        for cov in ("iid", "hetero", "CRV1"):
            at, given = f"{model}/{cov}", (name, model, cov)
            out.append(Comparison(f"{at}/coef", lambda a=given: renamed(fit(*a).params)))
            out.append(Comparison(f"{at}/se", lambda a=given: renamed(fit(*a).std_errors)))
            out.append(Comparison(f"{at}/nobs", lambda a=given: fit(*a).nobs))
    return out


CASES = [
    Case(f"{name}_pyfixest_formulas", comparisons(name), (), "pyfixest")
    for name in ("fatalities", "empluk", "minimum_wage")
]
