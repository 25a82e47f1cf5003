"""What the calls of the panel table use: two panels, their models, and numbers of results."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import polars
from reference_data import table

import panelvar as pv

RANDOM = "Random effects"
FIXED = "Fixed effects"
FORMULA = "Formulas and names"
COVARIANCE = "Covariances and few clusters"
OTHER = "Other estimators"
TEST = "Tests"
PICTURE = "Pictures"
SIDE_BY_SIDE = "Tables of results"
QUESTION = "Questions after a fit"
DATA = "Data"


@cache
def grunfeld() -> tuple[pv.Panel, str, list[str]]:
    """Investment of 10 firms in 20 years, balanced."""
    return pv.Panel(table("grunfeld"), "firm", "year"), "inv", ["value", "capital"]


@cache
def empluk() -> tuple[pv.Panel, str, list[str]]:
    """Employment in 140 British firms, 7 to 9 years each."""
    return pv.Panel(table("empluk"), "firm", "year"), "lemp", ["lwage", "lcapital", "loutput"]


@cache
def sized_firms() -> pv.Panel:
    """The British firms with a text: large where capital is above one."""
    frame = table("empluk")
    frame["size"] = (frame["capital"] > 1.0).map({True: "large", False: "small"})
    return pv.Panel(frame, "firm", "year")


@cache
def women() -> tuple[pv.Panel, str, list[str]]:
    """Wages of 4,697 women, 1968 to 1988, with gaps and women seen once."""
    return pv.Panel(table("nlswork"), "idcode", "year"), "ln_wage", ["ttl_exp", "tenure"]


@cache
def lagged() -> tuple[pv.Panel, str, list[str]]:
    """Grunfeld's rows with value known two years back; value itself is to be instrumented."""
    frame = table("grunfeld")
    by_firm = frame.groupby("firm")["value"]
    frame = frame.assign(value1=by_firm.shift(1), value2=by_firm.shift(2)).dropna()
    return pv.Panel(frame, "firm", "year"), "inv", ["capital"]


INSTRUMENTS: dict[str, Any] = {"endogenous": ["value"], "instruments": ["value1", "value2"]}


@cache
def wages() -> tuple[pv.Panel, str, list[str]]:
    """Wages of 595 men and women in 7 years, balanced."""
    frame = table("wages")
    regressors = ["wks", "south", "smsa", "married", "exp", "exp2", "bluecol", "ind", "union", "female", "black", "ed"]
    return pv.Panel(frame.assign(exp2=frame["exp"] ** 2), "id", "year"), "lwage", regressors


def thirds() -> tuple[pv.Panel, str, list[str]]:
    """Grunfeld's data with a third way to group rows."""
    frame = table("grunfeld")
    return pv.Panel(frame.assign(block=frame["firm"] % 3 * 10 + frame["year"] // 10), "firm", "year"), *grunfeld()[1:]


@cache
def traffic() -> pv.LinearResult:
    """Deaths in traffic by pooled least squares, with a product, a power and dummies of years."""
    formula = "fatal ~ beertax * unrate + I(perinck ** 2) + C(year)"
    return pv.fit_pooled(pv.Panel(table("fatalities"), "state", "year"), formula)


@cache
def lagged_traffic() -> pv.LinearResult:
    """The same with a lag of the tax."""
    return pv.fit_pooled(pv.Panel(table("fatalities"), "state", "year"), "fatal ~ beertax + L(beertax) + unrate")


NAMES: dict[str, Callable[[], Any]] = {
    "grunfeld": grunfeld,
    "grunfeld_panel": lambda: grunfeld()[0],
    "grunfeld_polars": lambda: polars.DataFrame(table("grunfeld").to_dict("list")),
    "empluk": empluk,
    "empluk_panel": lambda: empluk()[0],
    "sized_firms": sized_firms,
    "castle": lambda: pv.Panel(table("castle"), "state", "year"),
    "deaths": lambda: pv.Panel(table("fatalities"), "state", "year"),
    "women": women,
    "lagged": lagged,
    "iv": lambda: INSTRUMENTS,
    "four_firms": lambda: (pv.Panel(table("grunfeld").query("firm < 5"), "firm", "year"), *grunfeld()[1:]),
    "wages": wages,
    "insured": lambda: pv.fit_pooled(
        pv.Panel(table("boottest_collapsed"), "selfemployed", "year"),
        "hasinsurance",
        ["selfemployed", "post", "post_self"],
        cov=pv.Clustered("year"),
    ),
    "thirds": thirds,
    "three_firms": lambda: pv.fit_pooled(
        pv.Panel(table("grunfeld").query("firm < 4"), "firm", "year"), "inv", ["value", "capital"]
    ),
    "pooled": lambda: pv.fit_pooled(*grunfeld()),
    "within": lambda: pv.fit_fixed_effects(*grunfeld()),
    "twoway": lambda: pv.fit_fixed_effects(*grunfeld(), effects="twoway"),
    "random": lambda: pv.fit_random_effects(*grunfeld()),
    "between": lambda: pv.fit_between(*grunfeld()),
    "differenced": lambda: pv.fit_first_difference(*grunfeld()),
    "traffic": traffic,
    "lagged_traffic": lagged_traffic,
    "uk_pooled": lambda: pv.fit_pooled(*empluk()),
    "uk_within": lambda: pv.fit_fixed_effects(*empluk()),
    "uk_random": lambda: pv.fit_random_effects(*empluk()),
}

SHOWN = {
    "grunfeld": '`(panel, "inv", ["value", "capital"])`: investment of 10 firms in 20 years, balanced',
    "empluk": '`(panel, "lemp", ["lwage", "lcapital", "loutput"])`: employment in 140 British firms, 7 to 9 years each',
    "women": '`(panel, "ln_wage", ["ttl_exp", "tenure"])`: wages of 4,697 women, with gaps, some seen once',
    "wages": '`(panel, "lwage", [...])`: wages of 595 people in 7 years, on 12 regressors',
    "pooled, within, twoway, random, between, differenced": "the models of Grunfeld's data with every default",
    "insured": "`fit_pooled` of health insurance on 8 years and two groups, the data of Stata's boottest",
    "grunfeld_panel, empluk_panel": "the panels alone",
    "grunfeld_polars": "Grunfeld's data as a DataFrame of polars",
    "sized_firms, deaths": "the British firms with a column of two sizes; traffic deaths in 48 states, 1982 to 1988",
    "castle": "homicides in 50 US states, 2000 to 2010, and the year of a law on self-defence (0: none)",
    "lagged, iv": '`(panel, "inv", ["capital"])` and `endogenous=["value"]`, with its two lags as instruments',
    "four_firms": "Grunfeld's data, the first four firms",
    "thirds, three_firms": "Grunfeld's data with one more column of groups; pooled OLS of its first three firms",
    "traffic, lagged_traffic": (
        "traffic deaths in 48 US states, pooled, `fatal ~ beertax * unrate + I(perinck ** 2) + C(year)`; on "
        "`beertax + L(beertax) + unrate`"
    ),
    "uk_pooled, uk_within, uk_random": "those of the British firms",
}


def params(name: str) -> Callable[[Any], float]:
    """A coefficient."""
    return lambda result: result.params[name]


def error(name: str) -> Callable[[Any], float]:
    """A standard error."""
    return lambda result: result.std_errors[name]


def statistic(test: Any) -> float:
    """A test's statistic."""
    return test.statistic


def indicators(labels: Any) -> np.ndarray:
    """A column for each label."""
    labels = np.asarray(labels)
    return (labels[:, None] == np.unique(labels)[None, :]).astype(float)


def least_squares(y: Any, *columns: Any, weights: Any = None) -> np.ndarray:
    """Coefficients of dense, possibly rank deficient, weighted least squares; those of the first columns count."""
    design = np.column_stack([np.asarray(column, dtype=float) for column in columns])
    root = np.sqrt(np.ones(len(design)) if weights is None else np.asarray(weights, dtype=float))
    return np.linalg.lstsq(root[:, None] * design, root * np.asarray(y, dtype=float), rcond=None)[0]


def dummy_regression(*by: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Dense dummy-variable regression of Grunfeld's data: influence of each row on value, residuals, leverages."""
    frame = table("grunfeld")
    design = np.column_stack([frame[["value", "capital"]], *(indicators(frame[name]) for name in by)])
    inverse = np.linalg.pinv(design, rcond=1e-11)
    residuals = frame["inv"].to_numpy() - design @ (inverse @ frame["inv"].to_numpy())
    return inverse[0], residuals, np.einsum("ij,ji->i", design, inverse)


def within_residuals() -> np.ndarray:
    """Residuals of firms' effects in Grunfeld's data, a row a firm."""
    return dummy_regression("firm")[1].reshape(10, 20)


def generalized_least_squares(result: pv.LinearResult) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and covariance by dense GLS with the variances of a random-effects result."""
    design, components = result._design, result.variance_components
    x = np.column_stack([np.ones(len(design.y)), *design.x])
    omega = components.idiosyncratic * np.eye(len(design.y))
    labels = {"entity": design.entities.codes, "time": design.times.codes}
    parts = getattr(components, "dimensions", None)
    variances = [each.variance for each in parts] if parts else [components.effect]
    for codes, variance in zip(labels.values(), variances, strict=False):
        omega += variance * (codes[:, None] == codes[None, :])
    weighted = np.linalg.solve(omega, x)
    inverse = np.linalg.inv(x.T @ weighted)
    return inverse @ (weighted.T @ design.y), inverse
