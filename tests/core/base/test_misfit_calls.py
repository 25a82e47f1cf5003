"""Calls that leave out what is needed, or give too much, are told what a function takes, with a call that works."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.core.base.errors import CallError
from panelvar.core.base.misfit_calls import misfit

RNG = np.random.default_rng(5)
WALKS = RNG.standard_normal((90, 2)).cumsum(axis=0)
NAMES = ["y", "x", "x1", "x2", "p", "z1", "output", "rate", "income", "price"]
INDEX = pd.MultiIndex.from_product([range(60), range(2000, 2020)], names=["firm", "year"])
PANEL = pd.DataFrame(RNG.standard_normal((len(INDEX), len(NAMES))).cumsum(axis=0), INDEX, NAMES)
PANEL["x2"] += 30.0 * (INDEX.get_level_values("firm") % 7)
PANEL["z1"] = np.repeat(RNG.standard_normal(60), 20)
MODEL = pv.fit_var(WALKS, ["x", "y"], lags=1)
POOLED = pv.fit_pooled(PANEL, "y", ["x1", "x2"], cov="classical")
FUNCTIONS = {name: getattr(pv, name) for name in pv.__all__ if inspect.isfunction(getattr(pv, name))}


def answered(call) -> str:
    with pytest.raises(CallError) as caught:
        call()
    # What Python calls it, and what the library calls a request that cannot be met.
    assert isinstance(caught.value, TypeError) and isinstance(caught.value, pv.SpecificationError)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    return str(caught.value)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: pv.johansen_test(WALKS),
            'johansen_test() needs lags (int or {"aic", "bic", "hqic", "fpe", "lr"}): '
            "Lags of the model of the levels, p"
            ": the error-correction form has p - 1 lagged differences. For example: pv.johansen_test(data, lags=2).",
        ),
        (
            lambda: pv.fit_svar(MODEL),
            "fit_svar() needs identification (ShortRun): What A and B are restricted to. For example: "
            'pv.fit_svar(model, pv.ShortRun(a={("x", "y"): 0})).',
        ),
        (
            lambda: MODEL.granger_causality(),
            "granger_causality() needs caused and causing (str or sequence of str): Disjoint sets of variables. "
            'For example: result.granger_causality("y", "x").',
        ),
        (
            lambda: MODEL.granger_causality("y"),
            "granger_causality() needs causing (str or sequence of str): Disjoint sets of variables. "
            'For example: result.granger_causality("y", "x").',
        ),
        (
            lambda: pv.Panel(PANEL.reset_index(), "firm", "year").lag(),
            "lag() needs column (column name, Series or (n,) array): An array is in the panel's order; a Series is "
            'matched by its labels. For example: panel.lag("x").',
        ),
        (
            lambda: pv.KClass(),
            "KClass() needs k (float): Zero or larger; values beyond LIML's may have no solution. For example: "
            "pv.KClass(k=1.0).",
        ),
        (
            lambda: pv.fit_between(PANEL, "y", "x", "entity"),
            "fit_between() takes data, y, x without their names, and all else by name: effects=, wls=, constant=, "
            "weights=, cov=, convention=, missing=, collinear=. Which one is 'entity'?",
        ),
        (
            lambda: MODEL.impulse_responses(10, "cholesky"),
            "impulse_responses() takes horizon without its name, and all else by name: identification=, shock_size=, "
            "ordering=, cumulative=, bands=, level=. Which one is 'cholesky'?",
        ),
        (lambda: POOLED.without_rows(3), "without_rows() takes nothing without its name. Which one is 3?"),
        (
            lambda: pv.fit_var(WALKS, ["x", "y"], columns=["a", "b"]),
            "fit_var() was given columns twice, as ['x', 'y'] and by name. It takes data, columns without their names.",
        ),
    ],
)
def test_a_call_that_does_not_fit_is_told_what_does(call, text):
    assert answered(call) == text


def test_every_parameter_that_is_needed_is_named_with_an_example():
    for name, function in FUNCTIONS.items():
        parameters = inspect.signature(function).parameters.values()
        needed = [
            each.name for each in parameters if each.default is each.empty and each.kind is not each.VAR_POSITIONAL
        ]
        if not needed:
            continue
        text = answered(function)
        assert text.startswith(f"{name}() needs {needed[0]}"), text
        call = ast.parse(text.rpartition(" For example: pv.")[2].rstrip("."), mode="eval").body
        by_name = {each.arg: None for each in call.keywords}
        # Exactly what is needed, and each in a place that Python accepts.
        assert list(inspect.signature(function).bind(*call.args, **by_name).arguments) == needed


def of_a_type(text: str):
    """What a variable of an example may be, by what the message calls it."""
    if "(Panel, DataFrame, array (T, N))" in text:
        return PANEL["y"].unstack("firm").to_numpy()
    if "mapping of name to array" in text:
        rng = np.random.default_rng(3)
        return {name: rng.normal(size=(2, 9, 5)) for name in ("y", "x1", "x2")}
    if "fit_var_batch" in text:
        return PANEL[["x", "y"]]
    if "balance_table" in text:
        return PANEL.assign(treated=PANEL["x"] > PANEL["x"].median())
    two_level = "DataFrame with a two-level"
    kinds = (f"(Panel or {two_level}", f"(Panel, {two_level}", "(Panel, DataFrame, Arrow", "(LinearResult, Panel")
    if any(kind in text for kind in kinds):
        return PANEL
    if "data (Series" in text:
        return WALKS[:, 0]
    names = ["income", "price"] if "restricted_var" in text else ["x", "y"]
    return pd.DataFrame(WALKS, columns=names)


SLOW = {"fit_lsdvc", "fit_arellano_bond", "fit_blundell_bond", "fit_bias_corrected_moments"}
ASK_FOR_MORE = {
    "cross_section_exponent": "a panel with column=",
    **dict.fromkeys(
        (
            "compare_methods",
            "fit_event_study",
            "fit_sun_abraham",
            "fit_callaway_santanna",
            "fit_imputation",
            "fit_two_stage",
            "fit_extended_two_way",
            "fit_two_way_event_study",
            "decompose_two_way_effects",
            "weigh_event_study",
            "weigh_two_way_effects",
            "plot_cohorts",
        ),
        "Say who is treated when",
    ),
}
"""What needs a column of a panel, or one of two, and asks for it by itself."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name",
    [
        name
        for name, function in FUNCTIONS.items()
        if name not in SLOW
        and (first := next(iter(inspect.signature(function).parameters.values()))).name in ("data", "fit")
        and first.default is first.empty
    ],
)
def test_examples_of_the_answers_run(name):
    text = answered(FUNCTIONS[name])
    example = text.rpartition("For example: ")[2].rstrip(".")
    names = {"pv": pv, "data": of_a_type(text)}
    if name in ASK_FOR_MORE:
        with pytest.raises(pv.SpecificationError, match=ASK_FOR_MORE[name]):
            eval(example, names)
    else:
        eval(example, names)


def test_examples_of_questions_about_a_result_run():
    for text, names in (
        (answered(lambda: pv.wild_bootstrap_test(POOLED)), {"result": POOLED}),
        (answered(POOLED.wald_test), {"result": POOLED}),
        (answered(POOLED.nonlinear), {"result": POOLED}),
        (answered(MODEL.wald_test), {"result": MODEL}),
        (answered(MODEL.lincom), {"result": pv.fit_var(WALKS, ["x", "y"], lags=2)}),
        (answered(lambda: pv.fit_svar(MODEL)), {"model": MODEL}),
        (answered(lambda: pv.describe_data()), {}),
    ):
        eval(text.rpartition("For example: ")[2].rstrip("."), {"pv": pv} | names)


def test_methods_called_on_their_class_are_python_s():
    with pytest.raises(TypeError, match="'self'") as caught:
        pv.VarResult.forecast()
    assert not isinstance(caught.value, pv.PanelVarError)


def test_a_method_of_any_keywords_answers_what_stands_without_one():
    panel = pv.Panel(PANEL.reset_index(), "firm", "year")
    text = answered(lambda: panel.with_columns(np.ones(panel.nobs), log_y=np.ones(panel.nobs)))
    assert text.startswith("with_columns() takes nothing without its name, and all else by name: panel_order=.")


def test_what_is_undocumented_is_named():
    def plain(first, *, second):
        """Nothing is said of them."""

    assert misfit(plain, "plain", None, (), {}) == (
        "plain() needs first and second. For example: pv.plain(first, second=second)."
    )
    assert misfit(plain, "plain", plain.__doc__, (1,), {"second": 2}) == ""


def test_answers_stand_without_docstrings():
    code = "import panelvar as pv\ntry: pv.johansen_test(1)\nexcept TypeError as error: print(error)"
    done = subprocess.run([sys.executable, "-P", "-OO", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "johansen_test() needs lags. For example: pv.johansen_test(data, lags=lags).\n"
