"""Columns that are no doubles, or whose rows are in no order, stay as they are stored, and give the same numbers."""

from __future__ import annotations

import pickle
import tracemalloc
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.data.formulas.design import build_design
from panelvar.kernels.linear.columns import FEW_ROWS, StoredColumn, taken

N_ENTITIES, N_PERIODS, N_REGRESSORS = 20_000, 10, 10
REGRESSORS = [f"x{j}" for j in range(N_REGRESSORS)]
DOUBLES = 8 * (N_REGRESSORS + 1) * N_ENTITIES * N_PERIODS


@cache
def frame_of_integers() -> pd.DataFrame:
    """Small whole numbers, which every kind of column holds exactly."""
    rng = np.random.default_rng(5)
    entity, time = np.repeat(np.arange(N_ENTITIES), N_PERIODS), np.tile(np.arange(N_PERIODS), N_ENTITIES)
    effect = np.repeat(rng.integers(-20, 20, N_ENTITIES), N_PERIODS)
    columns = {name: rng.integers(-50, 50, len(entity)) + effect for name in REGRESSORS}
    y = sum(columns.values()) + 3 * effect + rng.integers(-60, 60, len(entity))
    return pd.DataFrame({"entity": entity, "time": time, **columns, "y": y})


def numbers(dtype: Any) -> pd.DataFrame:
    return frame_of_integers().astype(dict.fromkeys([*REGRESSORS, "y"], dtype))


def strided() -> pd.DataFrame:
    """Columns of a row-major array."""
    return pd.DataFrame(np.ascontiguousarray(numbers(np.float64).to_numpy()), columns=[*frame_of_integers()])


def missing(dtype: Any) -> pd.DataFrame:
    frame = numbers(dtype)
    frame.loc[::7, "x3"] = pd.NA if dtype == "Int64" else np.nan
    return frame


KINDS: dict[str, Callable[[], pd.DataFrame]] = {
    "doubles": lambda: numbers(np.float64),
    "row-major": strided,
    "float32": lambda: numbers(np.float32),
    "int64": lambda: numbers(np.int64),
    "int16": lambda: numbers(np.int16),
    "Int64": lambda: numbers("Int64"),
    "Float64": lambda: numbers("Float64"),
    "shuffled": lambda: numbers(np.float64).sample(frac=1.0, random_state=1),
    "shuffled float32": lambda: numbers(np.float32).sample(frac=1.0, random_state=1),
    "shuffled Int64": lambda: numbers("Int64").sample(frac=1.0, random_state=1),
    "missing": lambda: missing(np.float64),
    "missing Int64": lambda: missing("Int64"),
    "shuffled missing": lambda: missing(np.float64).sample(frac=1.0, random_state=1),
}
FITS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "pooled": (pv.fit_pooled, {}),
    "fixed": (pv.fit_fixed_effects, {}),
    "fixed, clustered": (pv.fit_fixed_effects, {"cov": "cluster"}),
    "fixed, HC1": (pv.fit_fixed_effects, {"cov": "HC1"}),
    "random": (pv.fit_random_effects, {}),
}
MORE_FITS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "two-way": (pv.fit_fixed_effects, {"effects": "twoway", "cov": "cluster"}),
    "by time": (pv.fit_fixed_effects, {"effects": "time", "cov": "driscoll-kraay"}),
    "between": (pv.fit_between, {}),
    "differences": (pv.fit_first_difference, {}),
    "random, twoway": (pv.fit_random_effects, {"effects": "twoway", "variance_components": "wallace-hussain"}),
}


def fitted(frame: pd.DataFrame, model: str) -> Any:
    fit, options = {**FITS, **MORE_FITS}[model]
    result = fit(pv.Panel(frame, "entity", "time"), "y", REGRESSORS, **options)
    return result, [np.asarray(result.params), np.asarray(result.std_errors)]


@cache
def plainly(complete: bool, model: str) -> Any:
    result, found = fitted(missing(np.float64).dropna() if complete else numbers(np.float64), model)
    return [*found, result.rsquared]


WEIGHED = [
    (kind, model)
    for kind in KINDS
    for model in FITS
    # Places of the rows that are left, and entities of different sizes, add to what is kept.
    if kind != "shuffled missing" and not ("missing" in kind and model == "random")
]


@pytest.mark.filterwarnings("ignore:.*dropped for missing")
@pytest.mark.parametrize(("kind", "model"), WEIGHED)
def test_a_fit_adds_less_than_half_of_the_columns_in_doubles(kind: str, model: str) -> None:
    frame = KINDS[kind]()
    fitted(frame[: 4 * FEW_ROWS], model)
    tracemalloc.start()
    try:
        fitted(frame, model)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 0.5 * DOUBLES, f"{peak / DOUBLES:.2f} of the columns"


@pytest.mark.filterwarnings("ignore:.*dropped for missing", "ignore:Only 10 periods")
@pytest.mark.parametrize("model", [*FITS, *MORE_FITS])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "doubles"])
def test_the_numbers_are_those_of_doubles_in_order(kind: str, model: str) -> None:
    result, found = fitted(KINDS[kind](), model)
    for ours, theirs in zip([*found, result.rsquared], plainly("missing" in kind, model), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11)


@pytest.mark.parametrize("kind", ["float32", "shuffled", "shuffled Int64"])
def test_what_has_a_value_for_each_row_is_in_the_panels_order(kind: str) -> None:
    result, _ = fitted(KINDS[kind](), "fixed")
    plain, _ = fitted(numbers(np.float64), "fixed")
    for name in ("resids", "fitted_values"):
        np.testing.assert_allclose(getattr(result, name), getattr(plain, name), rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(result.fit.design.y, plain.fit.design.y)
    np.testing.assert_array_equal(result.fit.design.x[3], plain.fit.design.x[3])


def test_columns_of_a_formula_stay_too_where_they_are_terms_by_themselves() -> None:
    frame = numbers(np.float32)
    panel = pv.Panel(frame, "entity", "time")
    design = build_design(panel, "y ~ x0 + x1 + I(x2**2) + x3:x4", None)
    kinds = dict(zip((*design.names, "y"), map(type, design.columns), strict=True))
    stored = {name for name, kind in kinds.items() if kind is StoredColumn}
    assert stored == {"x0", "x1", "y"}
    doubles = frame.astype(np.float64)
    np.testing.assert_array_equal(design.x[2], doubles["x2"] ** 2)
    np.testing.assert_array_equal(design.x[3], doubles["x3"] * doubles["x4"])
    tracemalloc.start()
    try:
        result = pv.fit_fixed_effects(panel, "y ~ " + " + ".join(REGRESSORS))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 0.5 * DOUBLES
    np.testing.assert_allclose(result.params, plainly(False, "fixed")[0], rtol=1e-11)


@pytest.mark.parametrize("dtype", [np.float32, np.int16, "Int64"])
def test_sums_are_of_doubles(dtype: Any) -> None:
    """Single precision would lose the last digits of a sum of this size, and short integers overflow."""
    level = 1_000_001 if dtype == np.float32 else 30_001
    frame = frame_of_integers()[["entity", "time"]].assign(y=frame_of_integers()["y"].astype(np.float64))
    frame["x"] = level + frame["time"]
    found, expected = (
        pv.fit_fixed_effects(pv.Panel(frame.astype({"x": kind}), "entity", "time"), "y", ["x"])
        for kind in (dtype, np.float64)
    )
    np.testing.assert_allclose(found.params, expected.params, rtol=1e-12)
    assert found.fit.design.means[0] == level + (N_PERIODS - 1) / 2


def test_arrays_are_made_when_asked_for_and_then_stay() -> None:
    design = build_design(pv.Panel(numbers(np.float32), "entity", "time"), "y", REGRESSORS)
    assert "x" not in design.__dict__
    assert all(isinstance(column, StoredColumn) for column in design.columns)
    assert design.x[2] is design.x[2]
    assert design.y.dtype == np.float64
    assert not design.y.flags.writeable
    chosen = design.select(np.array([1, 4]))
    assert chosen.names == ("x1", "x4")
    assert chosen.y is design.y


def test_a_bad_column_is_named_as_any_other() -> None:
    frame = numbers(np.float32)
    frame.loc[123, "x1"] = np.inf
    with pytest.raises(pv.DataError, match="'x1' is infinite in 1 of 200,000 rows, first in row"):
        pv.fit_fixed_effects(pv.Panel(frame, "entity", "time"), "y", REGRESSORS)
    with pytest.raises(pv.DataError, match="dtype object; expected real numbers"):
        pv.fit_fixed_effects(pv.Panel(frame.astype({"x1": object}), "entity", "time"), "y", REGRESSORS)


def test_rows_taken_of_columns_share_their_places() -> None:
    values = np.arange(3 * FEW_ROWS, dtype=np.float32)
    order = np.random.default_rng(0).permutation(len(values))
    columns = [StoredColumn(values, _doubles, order), StoredColumn(2 * values, _doubles, order), values.astype(float)]
    rows = np.flatnonzero(np.arange(len(values)) % 3)
    first, second, third = taken(columns, rows)
    np.testing.assert_array_equal(first[:], values[order][rows])
    np.testing.assert_array_equal(second[10:20], 2 * first[10:20])
    np.testing.assert_array_equal(third[-5:], rows[-5:])
    assert isinstance(first, StoredColumn)
    assert isinstance(second, StoredColumn)
    assert first.order == second.order
    assert first.sum() == values[order][rows].sum(dtype=np.float64)
    (again,) = taken([first], np.arange(0, len(rows), 2))
    np.testing.assert_array_equal(again[:], first[::2])
    (few,) = taken([first], np.array([5, 5, 1]))
    np.testing.assert_array_equal(few, first[:][[5, 5, 1]])


def test_a_result_of_stored_columns_can_be_pickled() -> None:
    result, (params, *_) = fitted(KINDS["shuffled float32"](), "fixed, clustered")
    again = pickle.loads(pickle.dumps(result))
    np.testing.assert_array_equal(np.asarray(again.params), params)
    np.testing.assert_array_equal(again.resids, result.resids)


def _doubles(values: Any) -> Any:
    return values.astype(np.float64)
