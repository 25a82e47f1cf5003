"""What the tour of panels says of pandas, polars, Arrow and plain arrays holds of every estimator of panels."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_errors_of_every_fit import DYNAMIC, FORMULA, INSTRUMENTED, ONE_EQUATION, SMALL

import panelvar as pv

PAGE = Path(__file__).resolve().parents[1] / "docs" / "start" / "panels.md"
GRUNFELD, FIRMS = pv.load_data("grunfeld"), pv.load_data("employment")
PLAIN = {"fit_pooled", "fit_fixed_effects", "fit_iv_pooled", "fit_iv_fixed_effects", "fit_many"}
"""Need neither entities nor an order of time."""
ONE_SERIES = {"fit_fmols", "fit_dols", "fit_ccr"}
"""Take a plain DataFrame for one series, whose index is time."""
KINDS = ["pandas", "polars", "Arrow", "arrays"]


def of_kind(frame: Any, kind: str) -> Any:
    """The rows of an indexed table as one without an index."""
    table = frame.reset_index()
    if kind == "polars":
        return pytest.importorskip("polars").DataFrame({name: table[name].to_numpy() for name in table})
    if kind == "Arrow":
        return pytest.importorskip("pyarrow").table({name: table[name].to_numpy() for name in table})
    return {name: table[name].to_numpy() for name in table} if kind == "arrays" else table


def calls() -> Iterator[tuple[str, Any, Callable[[Any], Any]]]:
    """A function, the data that it is given, and how."""
    for name in (*ONE_EQUATION, "fit_common_correlated_effects"):
        yield name, GRUNFELD, partial(called, name, y=FORMULA)
    for name in (*INSTRUMENTED, "fit_iv_random_effects"):
        given = {"x": ["capital"], "endogenous": ["wage"], "instruments": ["output"]}
        yield name, FIRMS, partial(called, name, y="emp", **given)
    for name in DYNAMIC:
        yield name, FIRMS, partial(called, name, y=SMALL)
    yield "fit_panel_var", FIRMS, partial(called, "fit_panel_var", columns=["emp", "wage"], lags=1)


def called(name: str, data: Any, **given: Any) -> Any:
    return getattr(pv, name)(data, **given)


def test_every_estimator_takes_a_panel_of_every_kind():
    """With the same numbers as from an indexed DataFrame."""
    panels = {
        (id(frame), kind): pv.Panel(of_kind(frame, kind), entity="firm", time="year")
        for frame in (GRUNFELD, FIRMS)
        for kind in KINDS
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        for name, frame, fit in calls():
            expected = fit(frame).params
            for kind in KINDS:
                np.testing.assert_allclose(fit(panels[id(frame), kind]).params, expected, rtol=1e-9, err_msg=name)


@pytest.mark.parametrize("kind", KINDS)
def test_plain_tables_are_taken_where_the_page_says_and_nowhere_else(kind):
    """Effects are named there, as no entity is known; what needs one says that a Panel is to be made."""
    plain = {id(frame): of_kind(frame, kind) for frame in (GRUNFELD, FIRMS)}
    taken = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        for name, frame, fit in calls():
            if name in ("fit_fixed_effects", "fit_iv_fixed_effects", *ONE_SERIES):
                continue
            try:
                fit(plain[id(frame)])
            except (pv.DataError, pv.SpecificationError) as refused:
                assert re.search(r"Panel\(|entity", str(refused)), (name, str(refused))
            else:
                taken.add(name)
        pv.fit_fixed_effects(plain[id(GRUNFELD)], f"{FORMULA} | firm + year")
        pv.fit_iv_fixed_effects(plain[id(FIRMS)], "emp ~ capital | firm | wage ~ output")
        pv.fit_many(pv.fit_pooled, plain[id(GRUNFELD)], FORMULA)
    assert taken | {"fit_fixed_effects", "fit_iv_fixed_effects", "fit_many"} == PLAIN


def test_the_page_names_the_functions_that_take_plain_tables():
    (paragraph,) = re.findall(r"^You need not make a `Panel`.*?\n\n", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert set(re.findall(r"`(fit_\w+)`", paragraph)) == PLAIN
