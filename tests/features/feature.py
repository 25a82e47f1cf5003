"""What a feature table is made of: rows that run, programs that have the feature, and where its number is checked.

A `FeatureTable` brings its own programs and groups, so that a second table (vector autoregressions, say) is one more
``*_table.py`` beside ``panel_table.py`` and nothing else. The page (``report.py``) and the tests
(``test_features.py``) find tables by that name.

How to add a row
----------------
A row is a `Feature` in one of the ``*_rows.py``::

    Feature(
        RANDOM,                                                       # one of the table's groups
        "Wallace-Hussain, by entity",
        'fit_random_effects(*grunfeld, variance_components="wallace-hussain")',   # shown on the page, and evaluated
        params("value"),                                              # a number of the result ...
        reference("grunfeld_plm_fits/random_individual_walhus/coef/value"),       # ... and what it must equal
        checked=("tests/panels/random_effects/test_variance_components.py::test_balanced_denominators_count_effects_only",),
        programs={"plm": 'random.method = "walhus"', "EViews": "random effects, Wallace-Hussain"},
        matches={"plm": ("*_plm_fits/random_individual_walhus/coef",)},
    )

``call`` is a Python expression; its names are panelvar's and those of the table's ``names``. ``equals`` is a number, or
a function without arguments that gets the same number another way: from a reference file, from a published table, or
by an identity. It should not repeat the call. ``programs`` says, for each program that has the feature, how it is asked
for there (a dagger marks what does not come with the program itself). ``matches`` says whose numbers are compared:
patterns over the leaves of ``tests/reference/json`` (``file/path``, shell wildcards within a segment, everything below
counts), each of which must be compared in ``tests/parity``, none excluded. ``checked`` names the tests that derive the
number here, whatever a program says.

Then ``python -m tests.features.report`` writes the pages, one a table.
"""

from __future__ import annotations

import ast
import functools
import importlib
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from parity.runner import all_cases, expected_tree, leaves, number

import panelvar as pv

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Feature:
    """One row of a feature table (see the module's docstring)."""

    group: str
    name: str
    call: str
    number: Callable[[Any], float]
    equals: Callable[[], float] | float
    checked: Sequence[str]
    programs: Mapping[str, str] = field(default_factory=dict)
    matches: Mapping[str, Sequence[str]] = field(default_factory=dict)
    remark: str = ""
    tolerance: float = 1e-8


@dataclass(frozen=True)
class FeatureTable:
    """Rows, and what they are compared with.

    Parameters
    ----------
    page : str
        Name of its page in ``docs/``.
    title : str
        What the features are of, for the heading of the page.
    introduction : str
        Markdown.
    programs : mapping
        Name (the heading of its column) -> which version, and how its column was filled.
    groups : mapping
        Name -> a sentence about it; the order of the page.
    features : sequence of Feature
    names : mapping
        What calls may use besides panelvar's names: name -> function without arguments that makes it.
    shown : mapping
        Name -> how the page explains it.
    """

    page: str
    title: str
    introduction: str
    programs: Mapping[str, str]
    groups: Mapping[str, str]
    features: Sequence[Feature]
    names: Mapping[str, Callable[[], Any]]
    shown: Mapping[str, str]


class Namespace(dict[str, Any]):
    """panelvar's names, and a table's own, each made when first used."""

    def __init__(self, makers: Mapping[str, Callable[[], Any]]) -> None:
        super().__init__()
        self.makers = makers

    def __missing__(self, name: str) -> Any:
        if name not in self.makers and name not in pv.__all__:
            raise KeyError(name)
        self[name] = self.makers[name]() if name in self.makers else getattr(pv, name)
        return self[name]


def evaluate(feature: Feature, names: Namespace) -> float:
    """The number that the row's call gives; what it warns of is tested elsewhere."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        found = feature.number(eval(feature.call, {"__builtins__": {}}, names))
    return float(found)


def expected(feature: Feature) -> float:
    """The same number by another way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return float(feature.equals() if callable(feature.equals) else feature.equals)


def disagreement(feature: Feature, names: Namespace) -> str:
    """What is wrong with the row's number, or nothing."""
    ours, theirs = evaluate(feature, names), expected(feature)
    if math.isfinite(theirs) and abs(ours - theirs) <= feature.tolerance * abs(theirs):
        return ""
    return f"{feature.name}: {feature.call} gives {ours!r}, expected {theirs!r}"


def reference(path: str) -> Callable[[], float]:
    """A leaf of a reference file: ``file/path``."""

    def look_up() -> float:
        file, *steps = path.split("/")
        node: Any = expected_tree(file)
        for step in steps:
            node = node[int(step)] if isinstance(node, list) else node[step]
        found = number(node)
        if found is None:
            raise LookupError(f"{path} is not a number")
        return found

    return look_up


@functools.cache
def matched(pattern: str) -> tuple[dict[str, int], list[str]]:
    """Compared leaves of each file under a pattern, and what is wrong with the pattern.

    A leaf that no exclusion covers is compared: the parity tests fail where it is neither (``runner.audit``). Of
    several files under a pattern, one in which a leaf is excluded says nothing and is left out; one must be whole.
    """
    counts: dict[str, int] = {}
    wrong = []
    file_pattern, _, rest = pattern.partition("/")
    segments = tuple(rest.split("/")) if rest else ()
    for file, case in all_cases().items():
        if not fnmatchcase(file, file_pattern):
            continue
        found = [path for path, _ in leaves(expected_tree(file)) if _begins(path, segments)]
        excluded = ["/".join(path) for path in found if any(item.matches(path) for item in case.exclusions)]
        wrong += [f"{pattern}: {file}/{path} is excluded from the comparison" for path in excluded]
        if found and not excluded:
            counts[file] = len(found)
    return counts, [] if counts else wrong or [f"{pattern} matches no number"]


def _begins(path: tuple[str, ...], segments: tuple[str, ...]) -> bool:
    return len(path) >= len(segments) and all(
        fnmatchcase(step, segment) for step, segment in zip(path, segments, strict=False)
    )


@functools.cache
def _tests_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def missing_checks(feature: Feature) -> Iterator[str]:
    """Tests the row names that do not exist."""
    for check in feature.checked:
        file, _, function = check.partition("::")
        path = ROOT / file
        if not path.exists():
            yield f"{feature.name}: no file {file}"
        elif not function.startswith("test_") or function not in _tests_of(path):
            yield f"{feature.name}: no {function} in {file}"


def tables() -> list[FeatureTable]:
    """The table of every ``*_table.py`` beside this file."""
    modules = sorted(Path(__file__).parent.glob("*_table.py"))
    return [importlib.import_module(f"features.{module.stem}").TABLE for module in modules]
