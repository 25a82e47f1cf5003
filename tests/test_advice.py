"""What messages and notes advise can be followed: every name in them exists where it is said to be."""

from __future__ import annotations

import ast
import inspect
import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fuzz import surface
from quiet import quietly

import panelvar as pv
from panelvar.estimates.covariance.named import specification_of

PACKAGE = Path(pv.__file__).parent
NOT_OURS = {
    # Of pandas and numpy, and Python's own.
    "reset_index",
    "set_index",
    "map",
    "astype",
    "dropna",
    "items",
    "asfreq",
    "head",
    "load",
    "loads",
    "dumps",
    "sort_values",
    "drop_duplicates",
    "int",
    "float",
    "max",
    "log",
    "list",
    "default_rng",
    "compile",
    "read_csv",
    "collect",
}


def texts_of(node: ast.AST) -> str:
    """The words of a string, literal or formatted; what is filled in is left out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            texts_of(each) if isinstance(each, ast.Constant) else "\N{HORIZONTAL ELLIPSIS}" for each in node.values
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return texts_of(node.left) + texts_of(node.right)
    return ""


@cache
def messages() -> dict[str, str]:
    """Sentences of the package outside docstrings, by where they stand."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        left: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
        while left:
            node = left.pop()
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                continue
            if isinstance(node, (ast.Constant, ast.JoinedStr)):
                text = texts_of(node)
                if " " in text:
                    found[f"{path.relative_to(PACKAGE)}:{node.lineno}:{node.col_offset}"] = text
                continue
            left += ast.iter_child_nodes(node)
    return found


@cache
def known() -> set[str]:
    """Public names, and members of everything public."""
    names = set(pv.__all__)
    for kind in surface.results():
        names |= {name for name in dir(kind) if not name.startswith("_")}
    for name in pv.__all__:
        if inspect.isclass(getattr(pv, name)):
            names |= {member for member in dir(getattr(pv, name)) if not member.startswith("_")}
    return names


def test_functions_and_methods_that_messages_name_exist():
    unknown = {}
    for where, text in messages().items():
        for name in re.findall(r"(?<![\w.'])((?:fit|plot)_\w+)|(?<![\w.'])(\w+_(?:test|table))\b", text):
            called = next(filter(None, name))
            if called not in known() and not called.endswith("_"):
                unknown[where] = (called, text)
        for called in re.findall(r"(?<![\w'\"])\.?([a-z]\w+)\((?:\)|\.\.\.)", text):
            if called not in known() | NOT_OURS:
                unknown[where] = (called, text)
    assert unknown == {}


def test_classes_that_messages_name_exist():
    unknown = {}
    for where, text in messages().items():
        for called in re.findall(r"(?<![\w.'\"])([A-Z][a-z]+[A-Z]\w+)\(", text):
            if not hasattr(pv, called):
                unknown[where] = (called, text)
    assert unknown == {}


def test_covariances_that_messages_name_are_known():
    unknown = {}
    for where, text in messages().items():
        for called in re.findall(r"\bcov='([\w-]+)'", text):
            if called not in ("uncorrected", "heterogeneous", "estimated", "sandwich"):
                try:
                    quietly(specification_of, called)
                except pv.PanelVarError as error:
                    unknown[where] = (called, str(error))
    assert unknown == {}


# ---- the notes of results, followed where they stand


def frame(entities=30, periods=20, seed=1):
    rng = np.random.default_rng(seed)
    index = pd.MultiIndex.from_product([range(entities), range(2000, 2000 + periods)], names=["unit", "year"])
    return pd.DataFrame(rng.standard_normal((len(index), 3)), index, ["y", "s", "z"])


def series():
    return pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]]


RESULTS = {
    "projections of a weak instrument": (
        pv.fit_panel_local_projections,
        lambda: quietly(pv.fit_panel_local_projections, frame(), "y", "s", instruments="z", horizon=1),
    ),
    "pooled projections of a weak instrument": (
        pv.fit_panel_local_projections,
        lambda: quietly(pv.fit_panel_local_projections, frame(), "y", "s", instruments="z", horizon=1, effects=None),
    ),
    "a panel VAR of few clusters": (
        pv.fit_panel_var,
        lambda: quietly(pv.fit_panel_var, frame(8), ["y", "s"], method="within"),
    ),
    "an instrument that is weak": (
        pv.fit_iv_fixed_effects,
        lambda: quietly(pv.fit_iv_fixed_effects, frame(), "y", [], endogenous=["s"], instruments=["z"]),
    ),
    "few clusters": (pv.fit_fixed_effects, lambda: quietly(pv.fit_fixed_effects, frame(8), "y", ["s"], cov="cluster")),
    "projections": (pv.fit_local_projections, lambda: quietly(pv.fit_local_projections, series(), lags=2, horizon=2)),
    "an observed shock": (
        pv.fit_local_projections,
        lambda: quietly(
            pv.fit_local_projections, series(), shock="tbilrate", shock_lags=0, cov="HC1", lags=2, horizon=2
        ),
    ),
    "projections without augmentation": (
        pv.fit_local_projections,
        lambda: quietly(pv.fit_local_projections, series(), lags=2, horizon=3, lag_augmented=False, cov="HC1"),
    ),
    "lags chosen": (
        pv.fit_panel_var,
        lambda: quietly(pv.fit_panel_var, frame(30, 21), ["y", "s"], method="within", lags="aic", max_lags=2),
    ),
}


def members(owner: object) -> set[str]:
    return {name for name in dir(owner) if not name.startswith("_")}


@pytest.mark.parametrize("name", RESULTS)
def test_notes_name_what_their_result_has(name):
    maker, fit = RESULTS[name]
    result = fit()
    arguments = set(inspect.signature(maker).parameters)
    for note in result.notes:
        for sentence in re.split(r"(?<=[.:;]) ", note.text):
            makers = [getattr(pv, each) for each in re.findall(r"\bfit_\w+", sentence)]
            has = members(result) | set(pv.__all__)
            takes = set(arguments)
            for other in makers:
                takes |= set(inspect.signature(other).parameters)
                kind = getattr(inspect.getmodule(other), str(other.__annotations__["return"]), None)
                has |= members(kind) if kind else set()
            for method in re.findall(r"(?<![\w.])(\w+)\(\)", sentence):
                assert method in has, note.text
            for argument in re.findall(r"\b([a-z]\w+)=", sentence):
                assert argument in takes, note.text
            for called in re.findall(r"\b(BiasReduced|wild_bootstrap_test|PanelNeweyWest)\b", sentence):
                assert called in pv.__all__


def test_what_notes_advise_runs():
    data = frame()
    (weak,) = (note.text for note in RESULTS["projections of a weak instrument"][1]().notes if "weak" in note.code)
    assert "fit_iv_fixed_effects of one horizon has anderson_rubin()" in weak
    options = {"endogenous": ["s"], "instruments": ["z"]}
    assert quietly(quietly(pv.fit_iv_fixed_effects, data, "y", [], **options).anderson_rubin).pvalue >= 0.0
    assert quietly(pv.fit_iv_fixed_effects, data, "y", [], method="liml", **options).nobs
    (few,) = (note.text for note in RESULTS["a panel VAR of few clusters"][1]().notes if note.code == "few-clusters")
    assert "use fit_fixed_effects with cov=BiasReduced(), or wild_bootstrap_test." in few
    one = quietly(pv.fit_fixed_effects, frame(8), "y ~ L(y) + L(s)", cov=pv.BiasReduced())
    assert quietly(pv.wild_bootstrap_test, one, "L(s) = 0", draws=99).pvalue >= 0.0
    with pytest.raises(TypeError, match=r"with_cov\(...\) of the result"):
        pv.fit_var(series(), cov="HC1")
    assert pv.fit_var(series()).with_cov("HC1").cov_label


@pytest.mark.parametrize("argument", ["cov", "vcov", "robust", "cluster"])
def test_a_covariance_is_not_promised_where_there_is_none(argument):
    for name in pv.__all__:
        function = getattr(pv, name)
        if not name.startswith("fit_") or "cov" in inspect.signature(function).parameters:
            continue
        with pytest.raises(TypeError) as error:
            function(**{argument: "HC1"})
        assert "cov= of the estimator" not in str(error.value), name
