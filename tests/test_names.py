"""One name for one thing: public signatures and the members of results, read against the rules of names."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest
from features.renames import PAGE, render

import panelvar as pv
from panelvar.core.base.elsewhere import has_attribute, renames
from panelvar.core.base.hints import HintsAtNames
from panelvar.core.faces.number_format import DEFAULT_STARS

FUNCTIONS = {name: getattr(pv, name) for name in pv.__all__ if inspect.isfunction(getattr(pv, name))}
CLASSES = {name: getattr(pv, name) for name in pv.__all__ if inspect.isclass(getattr(pv, name))}
RESULTS = {name: owner for name, owner in CLASSES.items() if issubclass(owner, HintsAtNames)}

# What a function is about: it comes first, and a function about two things has both without their names.
SUBJECTS = set(
    "data result model source results tests estimates responses decomposition correlogram forecast windows system "
    "pvalues path tables name fit consistent efficient random restricted full identification restriction".split()
)
# Variables of the subject: all else goes by name.
VARIABLES = {"y", "x", "columns", "column", "caused", "causing", "first", "second"}
RULES = {"aic", "bic", "hqic", "fpe", "t-stat"}

# (rule, function or class, name): why it stands.
EXCEPTIONS = {
    ("position", "fit_panel_local_projections", "shock"): "the variable whose shock it is",
    ("position", "plot_event_study", "term"): "the regressor that is drawn",
    ("position", "plot_effects", "effect"): "the variable whose levels are drawn",
    ("columns", "plot_within_between", "names"): "whether to name the points",
    ("rule", "panic_test", "bai-ng"): "the rule of Bai and Ng for the lags of a factor",
    ("rule", "fit_var", "lr"): "a sequence of likelihood-ratio tests of the system, which is no criterion",
    ("ending", "combine_pvalues", ""): "a verb: it combines what tests found",
    ("ending", "select_lags", ""): "a verb: it chooses",
    ("ending", "evaluate_forecasts", ""): "a verb: it compares forecasts with what came",
    ("ending", "compare", ""): "a verb: it puts results side by side",
    ("ending", "compare_methods", ""): "a verb: it puts methods side by side",
    ("ending", "decompose_two_way_effects", ""): "a verb: it takes a coefficient apart",
    ("ending", "weigh_event_study", ""): "a verb: it weighs what coefficients average",
    ("ending", "weigh_two_way_effects", ""): "a verb: it weighs what a coefficient averages",
    ("ending", "save_tables", ""): "a verb: it writes a file",
    ("ending", "load_data", ""): "a verb: it reads teaching data",
    ("ending", "describe_data", ""): "a verb: it says what teaching data hold",
    ("ending", "cluster_diagnostics", ""): "measures of clusters, no test, and numbers besides its table",
    ("ending", "cross_section_exponent", ""): "a number of the data, no model and no test",
    ("ending", "residual_correlations", ""): "averages of correlations, no table",
    ("ending", "trend_sensitivity", ""): "intervals by bound, no test",
    ("ending", "residual_correlogram", ""): "an object that draws and prints",
    ("statistic", "cross_section_exponent", "method"): "how the exponent is estimated",
    ("summary", "PanelBatch.summary", ""): "a row for each model, of which each has a summary",
    ("summary", "VarBatch.summary", ""): "a row for each entity, of which each has a summary",
    ("summary", "SvarResult.summary", ""): "entries of matrices with the limits that fit_svar was asked for",
    ("summary", "ProjectedResponses.summary", ""): "paths with the limits of their band",
    ("member", "SvarResult", "sigma"): "a matrix: the covariance of errors",
}
USED: set[tuple[str, str, str]] = set()


def system() -> pv.VarResult:
    return pv.fit_var(pv.load_data("us_macro")[["infl", "unemp"]], lags=1)


def stands(rule: str, where: str, name: str = "") -> bool:
    """Whether a name may stand although the rule says otherwise."""
    if (rule, where, name) in EXCEPTIONS:
        USED.add((rule, where, name))
        return True
    return False


def signatures() -> dict[str, inspect.Signature]:
    """Every public function, and every method of a public class, by its name."""
    found = {name: inspect.signature(function) for name, function in FUNCTIONS.items()}
    found |= {name: inspect.signature(owner) for name, owner in CLASSES.items() if not issubclass(owner, Exception)}
    for name, owner in RESULTS.items():
        for method, function in inspect.getmembers(owner, inspect.isfunction):
            if method[0] != "_":
                found[f"{name}.{method}"] = inspect.signature(function)
    return found


SIGNATURES = signatures()


def having(parameter: str) -> dict[str, inspect.Parameter]:
    return {where: found.parameters[parameter] for where, found in SIGNATURES.items() if parameter in found.parameters}


def members(owner: type) -> set[str]:
    """What tab completion shows of a result."""
    return {name for name in {*dir(owner), *getattr(owner, "__dataclass_fields__", ())} if name[0] != "_"}


def explained(function: object, parameter: str) -> str:
    """The type of a parameter in the documentation."""
    found = re.search(rf"^(?:\w+, )*{parameter}(?:, \w+)* : (.+)$", inspect.getdoc(function) or "", re.MULTILINE)
    return found[1] if found else ""


def test_the_subject_comes_first_then_variables_and_all_else_goes_by_name():
    wrong = []
    for name, function in FUNCTIONS.items():
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        placed = [each.name for each in inspect.signature(function).parameters.values() if each.kind in kinds]
        about = next((k for k, each in enumerate(placed) if each not in SUBJECTS), len(placed))
        wrong += [
            f"{name}({each})" for each in placed[about:] if each not in VARIABLES and not stands("position", name, each)
        ]
        if {"y", "x"} <= {*placed}:
            assert placed.index("y") < placed.index("x"), name
    assert wrong == []


def test_variables_of_a_system_are_columns():
    wrong = [(name, p) for p in ("names", "dependent") for name in having(p) if name in FUNCTIONS]
    assert [each for each in wrong if not stands("columns", *each)] == []


def test_lags_are_numbers_or_rules_of_one_spelling():
    wrong = []
    for name, function in FUNCTIONS.items():
        for parameter in ("lags", "leads", "criterion", "restrictions"):
            words = set(re.findall(r'"([\w-]+)"', explained(function, parameter)))
            assert "hq" not in words, name
            assert not words & {"calendar", "rows"}, name
            if parameter == "lags" and name.startswith(("fit_", "adf", "ips")):
                extra = words - RULES - ({"lr"} if stands("rule", "fit_var", "lr") else set())
                wrong += [(name, word) for word in extra if not stands("rule", name, word)]
    assert wrong == []
    assert stands("rule", "panic_test", "bai-ng") and "bai-ng" in explained(pv.panic_test, "lags")
    assert {name for name in having("order") if name in FUNCTIONS} == {"fit_lsdvc", "compare", "plot_coefficients"}
    for name in having("lag_by"):
        assert set(re.findall(r'"(\w+)"', explained(FUNCTIONS[name], "lag_by"))) >= {"calendar", "rows"}


def test_trend_is_a_word():
    terms = {"n", "c", "t", "rc", "rt", "ct", "ctt"}
    assert [name for name, p in having("trend").items() if p.default not in {None, p.empty, *terms}] == []
    assert [name for name, p in having("trend").items() if "bool" in str(p.annotation)] == []


def test_statistic_is_the_version_of_a_test():
    wrong = [
        (name, parameter)
        for parameter in ("kind", "form", "variant", "method")
        for name in having(parameter)
        if re.search(r"_(test|table|tests|exponent)$", name)
    ]
    assert [each for each in wrong if not stands("statistic", *each)] == []


@pytest.mark.parametrize("old", ["small", "df_correction", "time_demeaned"])
def test_words_that_are_gone(old):
    assert having(old) == {}


def test_seeds_are_zero_and_draws_three_numbers():
    # An event study keeps what it was asked with.
    own = {name: p for name, p in having("seed").items() if name != "EventStudy" and p.default is not p.empty}
    assert {name: p.default for name, p in own.items() if p.default != 0} == {}
    drawn = {name: p.default for name, p in having("draws").items() if p.default is not p.empty}
    of_results = {name for name, default in drawn.items() if default is None or default == 0}
    off = {"fit_lsdvc", "westerlund_test", "panel_cointegration_table"}
    assert {name for name in of_results if name in FUNCTIONS} == off
    for name, default in drawn.items():
        if name not in of_results:
            tests = name.endswith("_test") or name == "PanelBootstrap"
            null = name.rpartition(".")[2] in (
                "conf_int",
                "event_study",
                "DeltaMethod",
                "sensitivity",
                "trend_sensitivity",
            )
            assert default == (999 if tests else 10_000 if null else 1_000), name


def test_unusable_has_one_default_for_estimators_and_one_for_tests():
    for name, parameter in having("unusable").items():
        assert parameter.default == ("raise" if name.endswith("_test") else "drop"), name


def test_functions_say_by_their_name_what_they_are():
    named = re.compile(r"^fit_|^plot_|_test$|_table$")
    assert [name for name in FUNCTIONS if not named.search(name) and not stands("ending", name)] == []


def test_results_have_one_word_each():
    words = {"cov_kind", "entity_effects", "s2", "r2", "rsq", "residuals", "residual"}
    assert {name: members(owner) & words for name, owner in RESULTS.items() if members(owner) & words} == {}
    # sigma is the covariance matrix of a system's errors, never a variance.
    variances = [name for name, owner in RESULTS.items() if "sigma" in members(owner) and "fit" in members(owner)]
    assert [name for name in variances if name != "PanelVarResult"] == []
    assert stands("member", "SvarResult", "sigma")


def test_summaries_have_level_and_stars_of_one_meaning():
    """Equations one below the other have limits and p-values, side by side stars: what the switches show otherwise."""
    usual = {(0.95, False), (None, DEFAULT_STARS)}
    estimates = {f"{name}.summary" for name, owner in RESULTS.items() if {"params", "std_errors"} <= members(owner)}
    assert len(estimates) > 10
    for name in {name for name in estimates & SIGNATURES.keys() if not stands("summary", name)}:
        parameters = SIGNATURES[name].parameters
        level, stars = parameters["level"], parameters["stars"]
        assert (level.default, stars.default) in usual, name
        assert level.kind is stars.kind is level.KEYWORD_ONLY, name


@pytest.mark.parametrize("make", [lambda: pv.fit_pooled(pv.load_data("grunfeld"), "invest ~ value"), system])
def test_a_table_has_p_values_or_stars(make):
    result = make()
    starred, plain = (str(result.summary(level=0.9, stars=stars)) for stars in (True, False))
    assert "***" in starred and "<0.0001" not in starred.partition("All slopes")[0]
    assert "*" not in plain and "<0.0001" in plain
    low, high = result.conf_int(level=0.9).iloc[0]
    for text in (starred, plain):
        # Four decimals, or as many more as the error needs to show three digits.
        for limit in (low, high):
            assert any(f"{limit:.{decimals}f}" in text for decimals in range(4, 8))


def test_an_exact_fit_has_no_p_values():
    """Whatever the machine's rounding leaves of the errors."""
    y = np.zeros((14, 2))
    y[0] = 1024.0, 512.0
    for t in range(1, 14):
        y[t] = y[t - 1] * [-0.5, 0.5]
    with pytest.warns(pv.PanelVarWarning):
        table = str(pv.fit_var(y, lags=1, trend="n").summary(stars=False)).partition("L1.y1")[2].partition("R2")[0]
    assert {float(text.strip("()")) for text in table.split() if text.startswith("(")} == {0.0}
    assert table.split().count("n/a") == 4


def test_tab_completion_shows_what_may_be_called():
    inner = {"design", "explained", "explains_changes", "error_words", "problem", "scored", "stacked"}
    assert {name: members(owner) & inner for name, owner in RESULTS.items() if members(owner) & inner} == {}


def test_no_exception_is_out_of_use():
    # The tests above, in whatever order, have looked at them: each is looked at here if it was not run.
    for rule, where, name in EXCEPTIONS.keys() - USED:
        if rule in ("position", "columns", "statistic"):
            assert name in SIGNATURES[where].parameters, (rule, where, name)
        elif rule == "ending":
            assert where in FUNCTIONS, (rule, where)


def test_renames_are_done_and_answered():
    for row in renames():
        if row.kind == "function":
            assert row.old not in pv.__all__ and row.new in pv.__all__, row
        elif row.kind == "argument":
            places = [name for name in SIGNATURES if name == row.where or name.endswith(f".{row.where}")]
            assert places, row
            assert all(row.new in SIGNATURES[name].parameters for name in places), row
        elif row.kind in ("attribute", "private"):
            owner = CLASSES[row.where]
            assert has_attribute(owner, row.new) and not has_attribute(owner, row.old), row
        elif row.kind == "position":
            placed = [p.name for p in SIGNATURES[row.where].parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
            assert placed == row.new.split(", "), row
        elif row.kind == "default":
            where, _, parameter = row.where.rpartition(".")
            places = [name for name in having(parameter) if name == where or name.endswith(f".{where}")]
            assert places and all(str(SIGNATURES[name].parameters[parameter].default) == row.new for name in places), (
                row
            )


def test_the_page_of_renames_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == render(), "run python -m tests.features.renames"
