"""Every public name explains its parameters, what it returns and raises, what is near it, and has an example."""

from __future__ import annotations

import builtins
import importlib
import inspect
import pkgutil
import re

import pytest

import panelvar as pv
from panelvar.core.tables.table import Presented, Table

FUNCTIONS = [name for name in pv.__all__ if inspect.isfunction(getattr(pv, name))]
CLASSES = [name for name in pv.__all__ if inspect.isclass(getattr(pv, name))]

SECTIONS = ("Parameters", "Returns", "Raises", "See Also", "Examples")


def sections(thing: object) -> dict[str, str]:
    """Return the sections of a docstring in numpydoc's form."""
    text = inspect.getdoc(thing) or ""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def lacks(name: str) -> list[str]:
    """Return what the docstring of a public function or class is without."""
    thing = getattr(pv, name)
    found = sections(thing)
    if inspect.isclass(thing):
        return [] if ">>> " in found.get("Examples", "") else ["Examples"]
    # A function without parameters has none to explain; that all of them are is tested where they are shared.
    wanted = [section for section in SECTIONS if section != "Parameters" or inspect.signature(thing).parameters]
    return [section for section in wanted if not found.get(section, "").strip()]


@pytest.mark.parametrize("name", FUNCTIONS + CLASSES)
def test_a_public_docstring_is_whole(name):
    assert lacks(name) == []


@pytest.mark.parametrize("name", FUNCTIONS + CLASSES)
def test_what_is_raised_exists_and_stands_by_itself(name):
    section = sections(getattr(pv, name)).get("Raises", "")
    margins = re.findall(r"^\S.*", section, re.MULTILINE)
    raised = [each.strip() for line in margins for each in line.split(",")]
    assert [each for each in raised if not hasattr(pv, each) and not hasattr(builtins, each)] == []
    # An error that is named in the text of another has lost its line.
    assert re.findall(r"^ .*\b(\w+Error) [A-Z]", section, re.MULTILINE) == []


def results() -> list[type]:
    """Return the classes of what functions and methods return: nothing derives from them."""
    for module in pkgutil.walk_packages(pv.__path__, "panelvar."):
        importlib.import_module(module.name)
    found, waiting = [], [Presented]
    while waiting:
        derived = [each for each in waiting.pop().__subclasses__() if each.__module__.startswith("panelvar.")]
        waiting += derived
        found += [each for each in derived if not each.__subclasses__() and each not in found]
    return found


def test_every_result_has_an_example():
    assert len(results()) > 50
    assert [each.__name__ for each in results() if ">>> " not in sections(each).get("Examples", "")] == []


def asked(owner: type) -> list[object]:
    """Return the public methods of a class, inherited ones too, that take something and return something."""
    return [
        method
        for name, method in inspect.getmembers(owner, inspect.isfunction)
        if not name.startswith("_")
        and method.__module__.startswith("panelvar.")
        and len(inspect.signature(method).parameters) > 1
        and inspect.signature(method).return_annotation != "None"
    ]


# The layout of a table is for those who render it.
ASKED = {getattr(pv, name) for name in CLASSES if issubclass(getattr(pv, name), Presented)} | {*results()} - {Table}
LISTED = {getattr(pv, name) for name in FUNCTIONS + CLASSES} | {*results()}


@pytest.mark.parametrize("thing", sorted(LISTED, key=lambda each: each.__name__), ids=lambda each: each.__name__)
def test_names_in_see_also_exist(thing):
    lost = []
    for entry in re.findall(r"^(\S[^:\n]*?) : ", sections(thing).get("See Also", ""), re.MULTILINE):
        for target in entry.split(","):
            found: object = pv
            for part in target.strip().removeprefix("panelvar.").split("."):
                found = getattr(found, part, None)
            if found is None or target.strip() == thing.__name__:
                lost.append(target.strip())
    assert lost == []


@pytest.mark.parametrize("result", sorted(ASKED, key=lambda each: each.__name__), ids=lambda each: each.__name__)
def test_methods_of_results_explain_what_they_take_and_return(result):
    silent = [method for method in asked(result) if not {"Parameters", "Returns"} <= set(sections(method))]
    assert [method.__qualname__ for method in silent] == []


def test_estimators_and_tests_give_their_formula():
    """As the page of all names says; fits of many models run an estimator that does."""
    named = [name for name in pv.__all__ if name.startswith("fit_") or name.endswith("_test")]
    without = {
        name for name in named if ":math:" not in (text := getattr(pv, name).__doc__) and ".. math::" not in text
    }
    assert without == {"fit_many", "fit_panel_batch"}
