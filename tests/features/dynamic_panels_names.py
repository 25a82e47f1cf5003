"""What the calls of the table of dynamic panels use: firms, municipalities, and the same numbers written out."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from panels.bias_corrected.corrected_twins import Cube
from panels.dynamic.abdata import abdata
from panels.dynamic.dense_gmm import Fit, LagColumns, Model, OwnColumns, fit
from panels.dynamic.test_arellano_bond import FRAME
from panels.dynamic.test_dense_gmm import firms as dense_firms
from reference_data import table
from systems.panel_var.panel_var_twins import rows_of

import panelvar as pv

ESTIMATOR = "Estimators by moments"
INSTRUMENT = "Transforms and instruments"
ERRORS = "Steps, weights and errors"
TEST = "Tests of the moments and errors"
CORRECTED = "Least squares freed of its bias"
SYSTEM = "Panel vector autoregressions"
QUESTION = "What is asked of a panel vector autoregression"

STATA = "published_stata_abdata_dynpanel"
TWIN = "tests/panels/dynamic/test_against_dense.py::test_the_kernel_is_the_dense_twin"
CLUSTERS = "tests/panels/dynamic/test_against_dense.py::test_clusters_of_entities_sum_their_moments"
BOND = "tests/panels/dynamic/test_arellano_bond.py"
PANEL_VAR = "tests/systems/panel_var/test_panel_var.py"
MOMENTS = "tests/systems/panel_var/test_moments.py"
GENERATED = "tests/systems/panel_var/test_regenerated_panels.py"

PURSE = ["grants", "revenues", "expenditures"]
TABLE_4 = ["lwage", "L(lwage)", "lcapital", "L(lcapital)", "L(lcapital, 2)", "loutput", "L(loutput)", "L(loutput, 2)"]
WITHOUT_OUTPUT = ["lwage", "L(lwage)", "lcapital", "L(lcapital)"]


def quietly(call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """What a call returns, without what it warns of: that is tested elsewhere."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return call(*arguments, **options)


# ---- the firms


@cache
def firms() -> pv.Panel:
    """Employment, wages, capital and output of 140 firms, as Stata stores them, with two more columns."""
    frame = abdata().assign(firm=lambda rows: rows["firm"].astype(int))
    return pv.Panel(frame, "firm", "year")


@cache
def employment() -> pv.Panel:
    """The same in double precision, as R and gretl have them."""
    return pv.Panel(table("empluk"), "firm", "year")


@cache
def twin(
    *instruments: LagColumns | OwnColumns,
    x: tuple[str, ...] = ("L1.n", "w", "k"),
    case: str = "",
    sectors: bool = False,
    **options: Any,
) -> Fit:
    """The firms' model with a dense matrix for every firm."""
    clusters = abdata(case).groupby("firm")["sector"].first().to_list() if sectors else None
    return fit(dense_firms(case), Model("n", x, instruments, **options), clusters)


N_LAGS = LagColumns("n", 2, equation="transformed")
OWN = OwnColumns(("w", "k"), "transformed")


def two_step(found: Fit, name: str = "L1.n") -> float:
    """A coefficient of the second step."""
    return float(found.second.coef[found.model.names.index(name)])


def one_step(found: Fit, name: str = "L1.n") -> float:
    """A coefficient of the first step."""
    return float(found.first.coef[found.model.names.index(name)])


def criterion(found: Fit, coefficients: np.ndarray) -> float:
    """Moments weighed by their own covariance at the same coefficients."""
    moments = np.array([rows.z.T @ (rows.y - rows.x @ coefficients) for rows in found.made])
    total = moments.sum(axis=0)
    return float(total @ np.linalg.solve(moments.T @ moments, total))


def settled(found: Fit) -> np.ndarray:
    """Steps repeated until they change nothing."""
    zx = sum(rows.z.T @ rows.x for rows in found.made)
    zy = sum(rows.z.T @ rows.y for rows in found.made)
    coefficients = found.second.coef
    for _ in range(2000):
        moments = np.array([rows.z.T @ (rows.y - rows.x @ coefficients) for rows in found.made])
        weighed = np.linalg.solve(moments.T @ moments, np.column_stack([zx, zy]))
        after = np.linalg.solve(zx.T @ weighed[:, :-1], zx.T @ weighed[:, -1])
        if np.abs(after - coefficients).max() < 1e-13:
            break
        coefficients = after
    return coefficients


@cache
def firms_cube(*x: str, lags: int = 1, case: str = "") -> Cube:
    """The firms as the twins of corrected least squares take them."""
    frame = abdata(case).rename(columns={"firm": "i", "year": "t", "n": "y"})
    return Cube(frame, list(x), lags)


# ---- the municipalities


@cache
def municipalities() -> pv.Panel:
    """Grants, revenues and expenditures of 265 Swedish municipalities in nine years."""
    return pv.Panel(table("dahlberg"), "id", "year")


@cache
def grants() -> pv.PanelVarResult:
    """StataNow's example: two lags, two steps, deviations, all lags as instruments."""
    return quietly(pv.fit_panel_var, municipalities(), PURSE, lags=2, transform="fod", steps=2)


@cache
def budget(method: str = "within", lags: int = 1) -> pv.PanelVarResult:
    """Least squares of the same."""
    return quietly(pv.fit_panel_var, municipalities(), PURSE, lags=lags, method=method)


@cache
def budget_rows(lags: int = 1) -> list[Any]:
    """Rows of the municipalities with their lags, for the twins."""
    return rows_of(table("dahlberg").rename(columns={"id": "firm"}).set_index(["firm", "year"])[PURSE], lags)


@cache
def without_means(lags: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Entity of each row, lags and variables less their means by entity."""
    rows = budget_rows(lags)
    codes = np.unique([row[0] for row in rows], return_inverse=True)[1]
    x, y = (np.array([row[place] for row in rows]) for place in (2, 3))
    counts = np.bincount(codes)[:, None]
    for values in (x, y):
        sums = np.zeros((len(counts), values.shape[1]))
        np.add.at(sums, codes, values)
        values -= (sums / counts)[codes]
    return codes, x, y


@cache
def slopes(lags: int = 1) -> np.ndarray:
    """Least squares of the deviations from means, a column an equation."""
    _, x, y = without_means(lags)
    return np.linalg.lstsq(x, y, rcond=None)[0]


def sigma_within(lags: int = 1) -> np.ndarray:
    """Residual covariance, effects counted."""
    codes, x, y = without_means(lags)
    left = y - x @ slopes(lags)
    return left.T @ left / (len(y) - x.shape[1] - codes.max() - 1)


def clustered_within(lags: int = 1) -> np.ndarray:
    """Covariance of the coefficients, equation by equation, from sums by entity."""
    codes, x, y = without_means(lags)
    left = y - x @ slopes(lags)
    bread = np.linalg.inv(x.T @ x)
    scores = np.concatenate([(x * left[:, [k]]) @ bread for k in range(y.shape[1])], axis=1)
    sums = np.zeros((codes.max() + 1, scores.shape[1]))
    np.add.at(sums, codes, scores)
    n, entities = len(y), codes.max() + 1
    return sums.T @ sums * entities / (entities - 1) * (n - 1) / (n - x.shape[1] - 1)


def responses(horizon: int, impact: np.ndarray | None = None) -> np.ndarray:
    """Of the least squares with one lag, (horizon + 1, K, K): powers of its matrix times an impact."""
    lag = slopes().T
    first = np.linalg.cholesky(sigma_within()) if impact is None else impact
    return np.array([np.linalg.matrix_power(lag, h) @ first for h in range(horizon + 1)])


def companion(model: pv.PanelVarResult) -> np.ndarray:
    """Moduli of the companion's eigenvalues, largest first."""
    k, p = len(model.names), model.lags
    matrix = np.eye(k * p, k=-k)
    matrix[:k] = np.concatenate(list(model.coefficients), axis=1)
    return np.sort(np.abs(np.linalg.eigvals(matrix)))[::-1]


def quadratic(model: pv.PanelVarResult, equation: str, cause: str, covariance: np.ndarray) -> float:
    """Wald's statistic that no lag of a variable stands in an equation."""
    width = len(model.params)
    column = list(model.names).index(equation)
    places = [row for row, label in enumerate(model.params.index) if label.endswith(f".{cause}")]
    values = model.params.to_numpy()[places, column]
    where = [column * width + row for row in places]
    return float(values @ np.linalg.solve(covariance[np.ix_(where, where)], values))


# ---- what calls use


def in_chunks():
    """The firms as a stream of three frames, which cut two of them in two."""
    rows = firms().to_frame().reset_index()
    return pv.PanelStream([rows[:400], rows[400:801], rows[801:]], entity="firm", time="year")


NAMES: dict[str, Callable[[], Any]] = {
    "firms": lambda: (firms(), "n", ["w", "k"]),
    "firms_alone": lambda: (firms(), "n"),
    "firms_in_chunks": lambda: (in_chunks(), "n", ["w", "k"]),
    "gapped": lambda: (pv.Panel(abdata("I"), "firm", "year"), "n", ["w", "k"]),
    "gapped_alone": lambda: (pv.Panel(abdata("I"), "firm", "year"), "n"),
    "table_4": lambda: (employment(), "lemp", TABLE_4),
    "without_output": lambda: (employment(), "lemp", WITHOUT_OUTPUT),
    "twelve": lambda: [pv.LagInstruments("lemp", 2), pv.LagInstruments("lwage", 2), pv.LagInstruments("lcapital", 2)],
    "simulated": lambda: FRAME,
    "purse": lambda: (municipalities(), PURSE),
    "grants_alone": lambda: (municipalities(), "grants"),
    "by_moments": grants,
    "by_least_squares": budget,
    "news": lambda: budget().resids["grants"],
    "with_rates": lambda: quietly(
        pv.fit_panel_var, municipalities(), PURSE[:1], method="within", exogenous=["revenues"], exogenous_lags=1
    ),
}

SHOWN = {
    "firms, firms_alone": '`(panel, "n", ["w", "k"])` and `(panel, "n")`: employment in 140 British firms, 7 to 9 '
    "years each, with wages and capital, in single precision as Stata stores them",
    "firms_in_chunks": "the same firms as a `PanelStream` of three DataFrames",
    "gapped, gapped_alone": "the same without 1980 of every third firm",
    "table_4": '`(panel, "lemp", [...])`: the same firms in double precision, with the regressors of Arellano and '
    "Bond's (1991) table 4, column a",
    "without_output, twelve": "the regressors of Blundell and Bond (1998), and lags 2 and older of all three variables",
    "simulated": "60 made-up entities in eight periods",
    "purse, grants_alone": '`(panel, ["grants", "revenues", "expenditures"])` and `(panel, "grants")`: 265 Swedish '
    "municipalities in nine years",
    "by_moments": '`fit_panel_var(*purse, lags=2, transform="fod", steps=2)`',
    "by_least_squares": '`fit_panel_var(*purse, method="within")`',
    "news": "its residuals of grants, as an instrument that sees everything",
    "with_rates": "grants on their lag, and on revenues of the same year and the year before",
}


def params(name: str) -> Callable[[Any], float]:
    """A coefficient."""
    return lambda result: result.params[name]


def error(name: str) -> Callable[[Any], float]:
    """A standard error."""
    return lambda result: result.std_errors[name]


def cell(column: str, row: str) -> Callable[[Any], float]:
    """A coefficient of a system: equation, regressor."""
    return lambda result: result.params.loc[row, column]


def error_cell(column: str, row: str) -> Callable[[Any], float]:
    """A standard error of a system: equation, regressor."""
    return lambda result: result.std_errors.loc[row, column]


def statistic(test: Any) -> float:
    """A test's statistic."""
    return test.statistic


def at(*place: int) -> Callable[[Any], float]:
    """A value of an array of responses or shares."""
    return lambda result: result.values[place]


def lower(*place: int) -> Callable[[Any], float]:
    """A lower limit of a band."""
    return lambda result: result.lower[place]


def entity_frame() -> pd.DataFrame:
    """The municipalities by entity and year."""
    return table("dahlberg").set_index(["id", "year"])[PURSE]
