"""In which table of a class's page a member stands: one rule, from its name and from what kind of member it is.

A result has four tables: what was estimated, tests, what else can be asked, and how it is written and drawn. Any other
class has two, of attributes and of methods.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

RESULTS, TESTS, AFTER, OUTPUT = "Results", "Tests", "After estimation", "Output"
ATTRIBUTES, METHODS = "Attributes", "Methods"
ORDER = (RESULTS, TESTS, AFTER, OUTPUT, ATTRIBUTES, METHODS)

# What most readers want of a table; the rest follows in the order of the code.
FIRST = {
    RESULTS: (
        "params",
        "std_errors",
        "tstats",
        "pvalues",
        "conf_int",
        "cov",
        "cov_label",
        "statistic",
        "pvalue",
        "values",
    ),
    TESTS: ("wald_test", "joint_test", "joint_tests", "f_statistic", "hansen_j", "sargan"),
    AFTER: ("with_cov", "lincom", "nonlinear", "predict", "impulse_responses", "variance_decomposition", "forecast"),
    OUTPUT: ("summary", "tidy", "glance", "augment", "save", "plot"),
}
# What the others are made from.
LAST = ("fit", "covariance", "convention", "estimator", "specification", "influence", "inner")

# Tests whose names do not end in test or tests.
NAMED_TESTS = frozenset(
    "anderson_rubin anderson_rubin_set basmann constancy cragg_donald diebold_mariano difference_in_hansen "
    "difference_in_sargan effective_f f_classical f_poolability f_slopes f_statistic f_with_dummies granger_causality "
    "hansen_j homogeneity kleibergen_paap likelihood_ratio overidentification sargan serial_portmanteau "
    "stock_yogo underidentification wu_hausman".split()
)
# Methods that state what was estimated, rather than compute something else from it.
NAMED_RESULTS = frozenset(
    "boundary chosen_rank conf_int critical_values dispersion equations estimated_effects long_run_impact mean "
    "period_effects reading rejects relations response".split()
)
NAMED_OUTPUT = frozenset("augment glance in_a_line in_words save summary tidy".split())


def is_result(of: type) -> bool:
    """Whether it is shown as a table: what estimators, tests and their results give."""
    from panelvar.core.tables.table import Presented

    return issubclass(of, Presented)


def is_made_by_functions(of: type) -> bool:
    """Whether its constructor is of little use to a reader, who gets it from a function or from a result."""
    from panelvar import System
    from panelvar.core.tables.table import Presented

    return issubclass(of, Presented) and of not in (System, Presented)


def makers_of(of: type) -> list[str]:
    """What returns such a result, by the annotations: functions of the package, else members of its classes.

    A member that several classes have is named once, in the class that the most functions make; of `VarResult` and
    `PanelVarResult` the shorter name is the more common case.
    """
    if functions := functions_that_make(of):
        return functions
    found: dict[str, str] = {}
    owners = [(name, each) for name, each in public() if inspect.isclass(each) and each is not of]
    owners.sort(key=lambda pair: (-len(functions_that_make(pair[1])), len(pair[0])))
    for owner, each in owners:
        for name, member in functions_of(each):
            if returns(member, of):
                found.setdefault(name, f"{owner}.{name}")
    return list(found.values())


@cache
def functions_that_make(of: type) -> list[str]:
    """The functions of the package whose annotation names the class as what they return."""
    return [name for name, each in public() if inspect.isfunction(each) and returns(each, of)]


def public() -> list[tuple[str, Any]]:
    """The names of the package, and what they stand for."""
    import panelvar

    return [(name, getattr(panelvar, name)) for name in panelvar.__all__]


def functions_of(of: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The functions behind the methods and the computed attributes of a class."""
    for name in public_members(of):
        member = inspect.getattr_static(of, name, None)
        behind = getattr(member, "fget", None) or getattr(member, "func", None) or member
        if inspect.isfunction(behind):
            yield name, behind


def returns(function: Callable[..., Any], of: type) -> bool:
    """Whether a function's annotation names the class as what it returns."""
    return re.search(rf"\b{of.__name__}\b", str(inspect.signature(function).return_annotation)) is not None


def public_members(of: type) -> dict[str, bool]:
    """Names of members by the alphabet -> whether they are methods; fields without a default are members, too."""
    names = {name for name in dir(of) if not name.startswith("_")}
    if dataclasses.is_dataclass(of):
        names |= {field.name for field in dataclasses.fields(of) if not field.name.startswith("_")}
    return {name: inspect.isfunction(inspect.getattr_static(of, name, None)) for name in sorted(names)}


def group_of(name: str, is_method: bool, of_result: bool) -> str:
    """The table in which a member stands."""
    if not of_result:
        return METHODS if is_method else ATTRIBUTES
    if name in NAMED_OUTPUT or name.startswith(("to_", "plot")):
        return OUTPUT
    if name in NAMED_TESTS or name.endswith(("_test", "_tests")):
        return TESTS
    return AFTER if is_method and name not in NAMED_RESULTS else RESULTS


def in_groups(members: dict[str, bool], of_result: bool) -> dict[str, list[str]]:
    """The tables of a class that are not empty, each in the order in which it is read."""
    groups: dict[str, list[str]] = {}
    for name, is_method in members.items():
        groups.setdefault(group_of(name, is_method, of_result), []).append(name)
    for group, names in groups.items():
        first = FIRST.get(group, ())
        names.sort(key=lambda name: (name in LAST, first.index(name) if name in first else len(first)))
    return {group: groups[group] for group in ORDER if group in groups}
