"""The page that maps other programs' functions to ours names only what exists, and leaves out none of theirs."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

import panelvar as pv
from panelvar.core.base.elsewhere import has_attribute, name_here
from panelvar.systems.responses.responses import Responses

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "evidence" / "var_functions.md").read_text(encoding="utf-8")
CODE = re.findall(r"`([^`\n]+)`", PAGE)
OWNERS = {"m": pv.VarResult, "r": Responses, "v": pv.VecmResult}

# Exports of R's vars 1.6, from its NAMESPACE.
VARS = """
A Acoef arch arch.test B Bcoef BQ causality fanchart fevd irf normality normality.test Phi Psi restrict roots serial
serial.test stability SVAR SVEC VAR VARselect vec2var
""".split()
STATA = """
var varbasic varsoc vargranger varlmar varnorm varstable varwle svar lpirf ivsvar vec vecrank veclmar vecnorm vecstable
fcast irf
""".split()


def test_names_exist():
    names = set(re.findall(r"\bpv\.(\w+)", PAGE))
    assert len(names) > 30
    assert names <= set(pv.__all__)
    for code in CODE:
        for letter, attribute in re.findall(r"(?<![\w.])([mrv])\.(\w+)", code):
            assert has_attribute(OWNERS[letter], attribute), code


def calls(code: str):
    """Calls of ours in a span of code, in which an option may stand without a value."""
    try:
        tree = ast.parse(re.sub(r"=(?=[,)])", "=None", code))
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            base = node.func.value
            if isinstance(base, ast.Name) and base.id in ("pv", *OWNERS):
                owner = pv if base.id == "pv" else OWNERS[base.id]
                yield getattr(owner, node.func.attr), node, base.id


def test_options_exist():
    seen = 0
    for code in CODE:
        for function, node, base in calls(code):
            parameters = inspect.signature(function).parameters
            open_ended = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
            for keyword in node.keywords:
                seen += 1
                assert open_ended or keyword.arg in parameters, f"{code}: no {keyword.arg}="
            positional = [each for each in parameters.values() if each.kind is not each.KEYWORD_ONLY]
            given = [each for each in node.args if not (isinstance(each, ast.Constant) and each.value is ...)]
            assert len(given) <= len(positional) - (base != "pv"), code
    assert seen > 60


def test_an_option_that_does_not_exist_is_seen():
    ((function, node, _),) = calls("pv.fit_var(y, order=2)")
    assert node.keywords[0].arg not in inspect.signature(function).parameters


@pytest.mark.parametrize(("program", "names"), [("R: vars", VARS), ("Stata", STATA)])
def test_every_function_of_a_program_is_on_the_page(program, names):
    section = PAGE.split(f"## {program}\n")[1].split("\n## ")[0]
    left = {re.match(r"\| (.*?) \|", line)[1] for line in section.splitlines() if line.startswith("| `")}
    words = set(re.findall(r"[\w.]+", " ".join(left)))
    assert set(names) <= words


def test_every_method_of_statsmodels_has_a_row_or_a_hint():
    var_model = pytest.importorskip("statsmodels.tsa.vector_ar.var_model")
    names = {name for name in dir(var_model.VARResults) if not name.startswith("_")}
    words = set(re.findall(r"\w+", PAGE.split("## R: vars")[0]))
    left = {
        name
        for name in names - words
        if not has_attribute(pv.VarResult, name) and name_here(name, pv.VarResult) is None
    }
    # Counts and look-ups of columns.
    assert left <= {"get_eq_index", "df_model", "resid_acov", "resid_acorr"}
