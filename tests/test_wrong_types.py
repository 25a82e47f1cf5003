"""Every argument of every public function of panel models, given things it does not take: refused by name, at once."""

from __future__ import annotations

import inspect
import warnings
from functools import cache
from pathlib import Path
from tempfile import gettempdir

import numpy as np
import pandas as pd
import pytest
from fuzz.rules import MAKER

import panelvar as pv


@cache
def frame():
    rng = np.random.default_rng(0)
    entities, periods = 16, 12
    data = pd.DataFrame({"i": np.repeat(np.arange(entities), periods), "t": np.tile(np.arange(periods), entities)})
    for name in ("x1", "x2", "z1", "z2"):
        data[name] = rng.standard_normal(len(data))
    data["x2"] += data["z1"]
    data["fixed"], data["fixed2"] = rng.standard_normal((2, entities))[:, data["i"]]
    data["y"] = (
        data["x1"] + 0.5 * data["x2"] + rng.standard_normal(entities)[data["i"]] + rng.standard_normal(len(data))
    )
    return data


@cache
def results():
    panel = pv.Panel(frame(), "i", "t")
    x = ["x1", "x2"]
    model = pv.fit_var(frame().loc[frame()["i"] < 4, ["x1", "x2"]].to_numpy(), lags=1)
    return {
        "panel": panel,
        "pooled": pv.fit_pooled(panel, "y", x),
        "fixed": pv.fit_fixed_effects(panel, "y", x),
        "margins": pv.fit_pooled(panel, "y", x).marginal_effects("x1", at={"x1": [0, 1]}),
        "random": pv.fit_random_effects(panel, "y", x),
        "difference": pv.fit_first_difference(panel, "y", x),
        "heterogeneous": pv.fit_mean_group(panel, "y", x),
        "model": model,
        "responses": model.impulse_responses(4),
        "shares": model.variance_decomposition(4),
        "history": model.historical_decomposition(),
        "forecast": model.forecast(4),
        "constancy": pv.cusum_test(model),
        "correlogram": pv.residual_correlogram(model, lags=4),
        "file": str(Path(gettempdir(), "panelvar_wrong_types.md")),
        "tables": [pv.cusum_test(model)],
    }


class Odd:
    """Nothing that any argument could be."""


ODD = {
    "number": lambda: 2.5,
    "numbers": lambda: [3],
    "bytes": lambda: b"x1",
    "set": lambda: {"x1"},
    "mapping": lambda: {"x9": "a"},
    "array": lambda: np.ones((5, 2)),
    "frame": frame,
    "object": Odd,
    "class": lambda: pv.Clustered,
    "unit": lambda: results()["panel"],
    "result": lambda: results()["fixed"],
    "another result": lambda: results()["heterogeneous"],
    "system": lambda: results()["model"],
    "test": lambda: results()["fixed"].f_slopes,
}

PLAIN = """fit_pooled fit_between fit_first_difference fit_fixed_effects fit_random_effects
    fit_correlated_random_effects fit_mean_group fit_fama_macbeth fit_common_correlated_effects fit_swamy fit_fgls
    fit_general_fgls fit_fixed_effects_ar1 fit_random_effects_ar1"""
INSTRUMENTAL = "fit_iv_pooled fit_iv_between fit_iv_first_difference fit_iv_fixed_effects fit_iv_random_effects"
ERROR_CORRECTION = "fit_pooled_mean_group fit_ardl_mean_group fit_dynamic_fixed_effects"
PANEL = {"data": "panel", "y": "y"}
ESTIMATORS = {
    **{name: {**PANEL, "x": ["x1", "x2"]} for name in PLAIN.split()},
    **{
        name: {**PANEL, "x": ["x1"], "endogenous": ["x2"], "instruments": ["z1", "z2"]} for name in INSTRUMENTAL.split()
    },
    **{name: {**PANEL, "x": ["x1"]} for name in ERROR_CORRECTION.split()},
    "fit_hausman_taylor": {**PANEL, "x": ["x1", "x2", "fixed", "fixed2"], "endogenous": ["fixed"]},
}
KINDS = {
    "fit_pooled": "pooled",
    "fit_fixed_effects": "fixed",
    "fit_random_effects": "random",
    "fit_first_difference": "difference",
}
TESTS = {
    name: {"result": KINDS[maker]}
    for name, maker in MAKER.items()
    if "." not in name and [*inspect.signature(getattr(pv, name)).parameters][:1] == ["result"]
}
OTHERS = {
    "hausman_test": {"consistent": "fixed", "efficient": "random"},
    "hausman_regression_test": {"random": "random"},
    "nested_f_test": {"restricted": "pooled", "full": "fixed"},
    "wild_bootstrap_test": {"result": "pooled", "restriction": "x1", "draws": 99, "seed": 1},
    "panel_granger_test": {"data": "panel", "caused": "y", "causing": "x1"},
    "compare": {"results": "pooled"},
    "save_tables": {"path": "file", "tables": "tables"},
}
SPECIFICATIONS = {
    name: {} for name in "Fuller TwoStepGMM AR1 HC DriscollKraay PanelNeweyWest PanelCorrected".split()
} | {"KClass": {"k": 1.0}}
PLOTS = {
    "plot_roots": {"system": "model"},
    "plot_responses": {"responses": "responses"},
    "plot_decomposition": {"decomposition": "shares"},
    "plot_historical": {"decomposition": "history"},
    "plot_forecast": {"forecast": "forecast"},
    "plot_constancy": {"tests": "constancy"},
    "plot_correlogram": {"correlogram": "correlogram"},
    "plot_system": {"model": "model"},
    "plot_scatter": {"source": "fixed", "x": "x1"},
    "plot_coefficients": {"results": "fixed"},
    "plot_event_study": {"source": "fixed", "term": {0: "x1"}, "reference": -1},
    "plot_margins": {"estimates": "margins"},
    "plot_residuals": {"result": "fixed"},
    "plot_effects": {"result": "fixed"},
    "plot_within_between": {"data": "panel", "y": "y", "x": "x1"},
    "plot_series": {"data": "panel", "column": "y"},
}
CALLS = ESTIMATORS | TESTS | OTHERS | SPECIFICATIONS | PLOTS
"""Each with arguments that work; names of `results` stand for these."""

# What is odd elsewhere and legal here.
TAKEN = {
    ("Fuller", "number"),
    ("KClass", "number"),
    ("fit_pooled", "frame"),
    ("fit_iv_pooled", "frame"),
    ("compare", "mapping"),
    ("compare", "system"),
    ("plot_roots", "system"),
    ("plot_coefficients", "system"),
    ("plot_system", "system"),
    ("plot_scatter", "unit"),
    ("plot_scatter", "result"),
    ("plot_event_study", "result"),
    ("plot_event_study", "number"),
    ("plot_event_study", "numbers"),
    ("plot_series", "numbers"),
}


@pytest.mark.parametrize("name", CALLS)
def test_wrong_types_are_refused_by_the_library_itself(name):
    if name in PLOTS:
        pytest.importorskip("matplotlib").use("Agg")
    function = getattr(pv, name)
    known = results()
    base = {
        option: known.get(value, value) if isinstance(value, str) else value for option, value in CALLS[name].items()
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        function(**base)
        surprises = []
        for option in inspect.signature(function).parameters:
            for label, make in ODD.items():
                value = make()
                if option == "more" or value is base.get(option):
                    continue
                try:
                    function(**{**base, option: value})
                except pv.PanelVarError as error:
                    if not str(error).strip():
                        surprises.append(f"{option}={label}: an error without words")
                except Exception as error:
                    surprises.append(f"{option}={label}: {type(error).__name__}: {error}")
                else:
                    if not _fits(name, option, label):
                        surprises.append(f"{option}={label}: taken")
    if name in PLOTS:
        from matplotlib import pyplot

        pyplot.close("all")
    assert not surprises, "\n".join(surprises)


def _fits(name: str, option: str, label: str) -> bool:
    """Whether a value that is odd for most arguments is a legal one of this."""
    results_taken = option in ("result", "results", "consistent", "efficient", "random", "restricted", "full")
    return (
        (results_taken and label in ("result", "another result"))
        or (name, label) in TAKEN
        or (name, option, label) == ("plot_event_study", "source", "another result")
        or (option == "lags" and label == "number" and name in ("DriscollKraay", "PanelNeweyWest"))
    )


@pytest.mark.parametrize(
    ("fit", "effects", "meant"),
    [
        (pv.fit_fixed_effects, "individual", "entity"),
        (pv.fit_fixed_effects, "twoways", "twoway"),
        (pv.fit_fixed_effects, "period", "time"),
        (pv.fit_between, "individual", "entity"),
        (pv.fit_random_effects, "twoways", "twoway"),
        (pv.fit_correlated_random_effects, "individual", "entity"),
    ],
)
def test_effects_by_another_programs_name_are_answered_with_ours(fit, effects, meant):
    with pytest.raises(pv.SpecificationError, match=f"effects='{effects}' is not known. Did you mean '{meant}'"):
        fit(results()["panel"], "y", ["x1"], effects=effects)


def test_an_effect_is_a_column_before_it_is_anything_else():
    panel = pv.Panel(frame().assign(firm=frame()["i"] // 2), "i", "t")
    assert pv.fit_fixed_effects(panel, "y", ["x1"], effects="firm").effects == ("firm",)
    year = pv.Panel(frame().rename(columns={"t": "year"}), "i", "year")
    assert pv.fit_fixed_effects(year, "y", ["x1"], effects="year").effects == ("year",)
