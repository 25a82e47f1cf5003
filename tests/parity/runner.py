"""The one parity runner: every number another program printed is compared with ours, or left out for a stated reason.

A reference file (``tests/reference/json/NAME.json``) holds a tree of numbers under ``expected`` (for published logs:
one tree per entry of ``groups``, under the group's ``case``). A `Case` says how to reproduce the file: a list of
`Comparison` and a list of `Exclusion`. The runner walks **every numeric leaf** of the tree. A leaf is a number, or
one of the strings ``"Inf"``, ``"-Inf"``, ``"NaN"``; booleans, nulls and other strings are not leaves. Each leaf must
be reached by a comparison or matched by an exclusion: not neither, and not both. An exclusion that matches nothing
fails, and so does a comparison that reaches nothing. A reference p-value of exactly 0, or below 1e-300 on both sides,
is skipped by rule and counted.

How to write a case module
--------------------------
Make ``tests/parity/PROGRAM_cases.py`` with a module-level ``CASES: list[Case]``; the test and the report find it by
its name. Fits belong in functions under `functools.cache`, so that collecting the tests computes nothing and each
model is fitted once::

    from functools import cache
    import panelvar as pv
    from parity.runner import Case, Comparison, Exclusion, printed, within
    from reference_data import table

    R_NAMES = {"(Intercept)": "const"}                       # reference label -> our label

    @cache
    def pooled(cov="classical"):
        return pv.fit_pooled(pv.Panel(table("grunfeld"), "firm", "year"), "inv", ["value", "capital"], cov=cov)

    CASES = [
        Case(
            "grunfeld_sandwich_lm",
            preset="default",
            names=R_NAMES,
            comparisons=[
                Comparison("coef", lambda: pooled().params),  # a Series against {"(Intercept)": ..., "value": ...}
                Comparison("sigma2", lambda: pooled().sigma2),  # number against number
                Comparison("vcovHC/HC0", lambda: pooled("HC0").std_errors),
                Comparison("F", lambda: {"value": pooled().f_statistic.statistic, "numdf": 2, "dendf": 197}),
                Comparison("p", lambda: pooled().pvalues, within(1e-4, absolute=1e-15, reason="R computes 1 - pchisq")),
                Comparison("r2", lambda: pooled().rsquared, printed(decimals=4)),  # a published log
            ],
            exclusions=[
                Exclusion("vcovHC/HC4*", "HC4 is not offered"),
            ],
        ),
    ]

``tests/parity/sandwich_cases.py`` is one of the complete ones.

Paths join keys and list positions with ``/``. A comparison's path names a node; what is under it is matched with the
value by structure:

========================================  =====================================================================
node of the reference                     value
========================================  =====================================================================
number                                    a number
object                                    a mapping, Series, or DataFrame (column by column); keys go through
                                          ``names``. A key that the value lacks is not reached: exclude it.
list, list of lists                       a sequence or array of the same length (a DataFrame: its values)
``{rows, cols, values}``,                 a DataFrame, by label through ``names``, or an array, by position
``{names, values}``
========================================  =====================================================================

An exclusion's pattern is matched segment by segment (shell wildcards within a segment; ``**`` for any number of
segments) against the beginning of a leaf's path, so ``"random*/theta"`` covers everything below.

Tolerances
----------
Every entry is judged by its own size: by default ``|a - b| <= 1e-8 |b| + 1e-11 scale``, so that a wrong entry cannot
hide behind a large neighbour. The scale of an entry of a list is the largest absolute value of its innermost list; of
an entry of a covariance matrix (symmetric, positive diagonal) ``sqrt(v_ii v_jj)``; of anything else ``|b|`` itself.
`printed` asks for every printed digit. `within` is looser and must say why.

That the runner would notice a wrong number is tested too: `unnoticed` changes every reference number, one at a time,
by 3e-7 of the same size, aligns it anew with the answer at hand, and returns those that still agree.
"""

from __future__ import annotations

import functools
import importlib
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).resolve().parent.parent / "reference" / "json"
DEFAULT_TOLERANCE = 1e-8
SHARE_OF_SCALE = 1e-3  # how much of its list's scale counts as an entry's own size
CHANGE = 3e-7
UNDERFLOW = 1e-300


@dataclass(frozen=True)
class Tolerance:
    """How far ours may be from the reference. Use `printed` and `within` to make one."""

    relative: float = DEFAULT_TOLERANCE
    absolute: float = 0.0
    decimals: int | None = None
    significant: int | None = None
    units: float = 1.0
    reason: str = ""

    def allowed(self, expected: float, scale: float) -> float:
        """The largest difference that passes."""
        if self.decimals is not None:
            return 0.5 * self.units * 10.0**-self.decimals * (1 + 1e-6)
        if self.significant is not None:
            exponent = math.floor(math.log10(abs(expected))) if expected else 0
            return 0.5 * self.units * 10.0 ** (exponent - self.significant + 1) * (1 + 1e-6)
        return max(self.relative * own_size(expected, scale), self.absolute)

    @property
    def is_printed(self) -> bool:
        """Whether agreement means agreement to the printed digits."""
        return self.decimals is not None or self.significant is not None


DEFAULT = Tolerance()


def own_size(expected: float, scale: float) -> float:
    """What a difference is relative to: the entry, and a thousandth of its list's scale where it is near zero."""
    return abs(expected) + SHARE_OF_SCALE * scale


def printed(
    *, decimals: int | None = None, significant: int | None = None, units: float = 1.0, reason: str = ""
) -> Tolerance:
    """Every printed digit: ours rounds to the reference at so many decimals, or significant digits.

    ``units`` > 1 allows that many units of the last digit, and needs a reason. (JSON drops trailing zeros, so the
    count of digits cannot be read off the number: say how the program prints.)
    """
    if (decimals is None) == (significant is None):
        raise ValueError("printed() takes decimals or significant, one of them")
    if units != 1.0 and not reason:
        raise ValueError("printed(units=...) needs a reason")
    return Tolerance(decimals=decimals, significant=significant, units=units, reason=reason)


def within(relative: float, *, absolute: float = 0.0, reason: str) -> Tolerance:
    """A tolerance other than the default, with the reason for it."""
    if not reason:
        raise ValueError("within() needs a reason")
    return Tolerance(relative=relative, absolute=absolute, reason=reason)


@dataclass(frozen=True)
class Comparison:
    """A node of the reference tree, and what we make of it (computed when first needed)."""

    path: str
    computed: Callable[[], Any]
    tolerance: Tolerance = DEFAULT
    names: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Exclusion:
    """Leaves that are not compared, and why."""

    pattern: str
    reason: str

    def matches(self, path: tuple[str, ...]) -> bool:
        """Whether the pattern covers the beginning of the path."""
        return _covers(tuple(self.pattern.split("/")), path)


@dataclass(frozen=True)
class Case:
    """How one reference file is reproduced.

    Parameters
    ----------
    file : str
        Name of the JSON file without its ending.
    comparisons, exclusions : sequences
        Together they account for every numeric leaf of the file.
    preset : str
        The convention under which the numbers are claimed; printed in the report.
    names : mapping
        Reference label -> our label, for every comparison that does not bring its own.
    """

    file: str
    comparisons: Sequence[Comparison]
    exclusions: Sequence[Exclusion] = ()
    preset: str = ""
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """One leaf after the comparison."""

    path: tuple[str, ...]
    expected: float
    computed: float
    scale: float
    tolerance: Tolerance
    skipped: bool = False

    @property
    def difference(self) -> float:
        """Difference relative to the entry's own size; infinite where only one side is finite."""
        if self.expected == self.computed or (math.isnan(self.expected) and math.isnan(self.computed)):
            return 0.0
        if not (math.isfinite(self.expected) and math.isfinite(self.computed)):
            return math.inf
        size = own_size(self.expected, self.scale)
        return abs(self.computed - self.expected) / size if size else math.inf

    @property
    def agrees(self) -> bool:
        """Whether the difference is allowed."""
        if self.skipped or self.difference == 0.0:
            return True
        if not (math.isfinite(self.expected) and math.isfinite(self.computed)):
            return False
        return abs(self.computed - self.expected) <= self.tolerance.allowed(self.expected, self.scale)

    def __str__(self) -> str:
        allowed = self.tolerance.allowed(self.expected, self.scale)
        return (
            f"{'/'.join(self.path)}: reference {self.expected!r}, ours {self.computed!r}, "
            f"difference {abs(self.computed - self.expected):.3g}, allowed {allowed:.3g}"
        )


@dataclass(frozen=True)
class Answer:
    """A comparison after the computation: the value, and which labels it meets."""

    path: tuple[str, ...]
    value: Any
    names: Mapping[str, str]
    tolerance: Tolerance

    def outcomes(self, tree: dict[str, Any], only: tuple[str, ...] | None = None) -> list[Outcome]:
        """Its leaves, judged; or one of them alone."""
        rest = None if only is None else only[len(self.path) :]
        found = _align(descend(tree, self.path), self.value, self.path, self.names, None, rest)
        return [
            Outcome(leaf, expected, computed, scale, self.tolerance, _is_skipped(leaf, expected, computed))
            for leaf, expected, computed, scale in found
        ]


@dataclass
class Account:
    """What became of the leaves of one model group (the first segment of the path) of a file."""

    outcomes: list[Outcome] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    excluded: dict[str, int] = field(default_factory=dict)  # reason -> leaves
    unaccounted: list[str] = field(default_factory=list)
    both: list[str] = field(default_factory=list)  # compared and excluded
    errors: list[str] = field(default_factory=list)

    @property
    def failures(self) -> list[str]:
        """Everything that is wrong with the group, a line each."""
        return (
            self.errors
            + [str(outcome) for outcome in self.outcomes if not outcome.agrees]
            + [f"{path}: unaccounted leaf (neither compared nor excluded)" for path in self.unaccounted]
            + [f"{path}: both compared and excluded" for path in self.both]
        )


@functools.cache
def load(file: str) -> dict[str, Any]:
    """The reference file as it stands."""
    with (FOLDER / f"{file}.json").open(encoding="utf-8") as stream:
        document: dict[str, Any] = json.load(stream)
    return document


def expected_tree(file: str) -> dict[str, Any]:
    """The tree of expected numbers; for a published log, one subtree per group."""
    document = load(file)
    if "groups" in document:
        return {group["case"]: group["expected"] for group in document["groups"]}
    tree: dict[str, Any] = document["expected"]
    return tree


def groups(file: str) -> list[str]:
    """The model groups of a file: the first segments of its paths."""
    return [name for name, node in expected_tree(file).items() if any(True for _ in leaves(node))]


def number(node: object) -> float | None:
    """The node as a float if it is a numeric leaf, else None."""
    if isinstance(node, bool):
        return None
    if isinstance(node, (int, float)):
        return float(node)
    if isinstance(node, str) and node in {"Inf", "-Inf", "NaN"}:
        return float(node)
    return None


def leaves(node: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], float]]:
    """Every numeric leaf under a node, with its path."""
    if isinstance(node, dict):
        for key, child in node.items():
            yield from leaves(child, (*path, key))
    elif isinstance(node, list):
        for position, child in enumerate(node):
            yield from leaves(child, (*path, str(position)))
    else:
        value = number(node)
        if value is not None:
            yield path, value


def audit(case: Case, group: str) -> Account:
    """Run the comparisons of one group and account for each of its leaves."""
    account = Account()
    tree = expected_tree(case.file)
    compared: set[tuple[str, ...]] = set()
    for comparison in case.comparisons:
        path = tuple(comparison.path.split("/"))
        if path[0] != group:
            continue
        try:
            descend(tree, path)
            names = case.names if comparison.names is None else comparison.names
            answer = Answer(path, comparison.computed(), names, comparison.tolerance)
            found = answer.outcomes(tree)
        except Exception as error:
            account.errors.append(f"{comparison.path}: {type(error).__name__}: {error}")
            continue
        if not found:
            account.errors.append(f"{comparison.path}: the comparison reaches no number (labels do not meet?)")
        compared.update(outcome.path for outcome in found)
        account.answers.append(answer)
        account.outcomes += found
    for leaf, _ in leaves(tree[group], (group,)):
        exclusion = next((item for item in case.exclusions if item.matches(leaf)), None)
        if exclusion is not None and leaf in compared:
            account.both.append("/".join(leaf))
        elif exclusion is not None:
            account.excluded[exclusion.reason] = account.excluded.get(exclusion.reason, 0) + 1
        elif leaf not in compared:
            account.unaccounted.append("/".join(leaf))
    return account


def unnoticed(case: Case, account: Account) -> Iterator[Outcome]:
    """Change the reference numbers of a group, one at a time, by 3e-7 of their size; yield those that still agree."""
    tree = expected_tree(case.file)
    for answer in account.answers:
        for outcome in answer.outcomes(tree):
            holder, last = descend(tree, outcome.path[:-1]), outcome.path[-1]
            place = int(last) if isinstance(holder, list) else last
            original = holder[place]
            change = CHANGE * own_size(outcome.expected, outcome.scale)
            # Away from ours, which may differ by what is allowed.
            away = change if outcome.expected >= outcome.computed else -change
            holder[place] = outcome.expected + (away or CHANGE) if math.isfinite(outcome.expected) else 0.0
            try:
                yield from (again for again in answer.outcomes(tree, outcome.path) if again.agrees)
            finally:
                holder[place] = original


def idle(case: Case) -> list[str]:
    """Exclusions that match no leaf, and comparisons whose group does not exist."""
    tree = expected_tree(case.file)
    paths = [path for path, _ in leaves(tree)]
    lines = [
        f"exclusion {item.pattern!r} matches no leaf" for item in case.exclusions if not any(map(item.matches, paths))
    ]
    lines += [
        f"comparison {item.path!r}: no such group" for item in case.comparisons if item.path.split("/")[0] not in tree
    ]
    lines += [f"exclusion {item.pattern!r} has no reason" for item in case.exclusions if not item.reason.strip()]
    return lines


@functools.cache
def all_cases() -> dict[str, Case]:
    """Every case of every ``*_cases.py`` beside this file, by the name of its reference file."""
    cases: dict[str, Case] = {}
    for module in sorted(Path(__file__).parent.glob("*_cases.py")):
        for case in importlib.import_module(f"parity.{module.stem}").CASES:
            if case.file in cases:
                raise ValueError(f"{case.file}.json has two cases; the second is in {module.name}")
            cases[case.file] = case
    return cases


def _covers(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    if not pattern:
        return True
    if pattern[0] == "**":
        return any(_covers(pattern[1:], path[start:]) for start in range(len(path) + 1))
    return bool(path) and fnmatchcase(path[0], pattern[0]) and _covers(pattern[1:], path[1:])


def _is_skipped(path: tuple[str, ...], expected: float, computed: float) -> bool:
    return _is_pvalue(path) and (expected == 0.0 or max(abs(expected), abs(computed)) < UNDERFLOW)


def _is_pvalue(path: tuple[str, ...]) -> bool:
    return any(part.lower() in {"p", "pval"} or part.lower().startswith(("pvalue", "p.value")) for part in path)


def descend(tree: Any, path: tuple[str, ...]) -> Any:
    """The node at a path, through objects and lists."""
    node = tree
    for depth, part in enumerate(path):
        try:
            node = node[int(part)] if isinstance(node, list) else node[part]
        except (KeyError, IndexError, TypeError, ValueError):
            available = ", ".join(list(node)[:12]) if isinstance(node, dict) else type(node).__name__
            raise LookupError(
                f"no {part!r} under {'/'.join(path[:depth]) or 'the root'} (there: {available})"
            ) from None
    return node


Found = Iterator[tuple[tuple[str, ...], float, float, float]]
Rest = tuple[str, ...] | None


def _align(
    node: Any, value: Any, path: tuple[str, ...], names: Mapping[str, str], scale: float | None, only: Rest = None
) -> Found:
    """Match a node with a value by structure; yield path, expected, computed, scale for each numeric leaf reached.

    ``only`` is the way down to a single leaf.
    """
    if isinstance(node, dict):
        yield from _align_object(node, value, path, names, only)
    elif isinstance(node, list):
        yield from _align_list(node, value, path, names, only)
    else:
        expected = number(node)
        if expected is not None:
            yield path, expected, float(value), abs(expected) if scale is None else scale


def _below(only: Rest, key: str) -> tuple[bool, Rest]:
    """Whether a child is on the way, and what is left of the way."""
    return (True, None) if only is None else (only[0] == key, only[1:])


def _align_object(
    node: dict[str, Any], value: Any, path: tuple[str, ...], names: Mapping[str, str], only: Rest
) -> Found:
    if isinstance(node.get("values"), list) and not _is_mapping(value, "values"):
        rest = _below(only, "values")[1]
        yield from _align(node["values"], _ordered(node, value, names), (*path, "values"), names, None, rest)
        return
    if not hasattr(value, "keys"):
        if len(leaf := list(leaves(node))) == 1:  # {"values": x}-like wrappers around one number
            yield (*path, *leaf[0][0]), leaf[0][1], float(value), abs(leaf[0][1])
            return
        raise TypeError(
            f"{'/'.join(path)} is an object with keys {list(node)[:8]}; a mapping is needed, not {value!r:.60}"
        )
    known = set(value.keys())
    for key, child in node.items():
        ours = names.get(key, key)
        wanted, rest = _below(only, key)
        if wanted and ours in known:
            yield from _align(child, value[ours], (*path, key), names, None, rest)


def _align_list(node: list[Any], value: Any, path: tuple[str, ...], names: Mapping[str, str], only: Rest) -> Found:
    entries = list(value) if isinstance(value, (list, tuple)) else list(_plain(value))
    if len(entries) != len(node):
        raise ValueError(f"{'/'.join(path)} has {len(node)} entries, ours {len(entries)}")
    scales = _covariance_scales(node)
    sizes = [abs(item) for item in map(number, node) if item is not None and math.isfinite(item)]
    for position, (child, entry) in enumerate(zip(node, entries, strict=True)):
        here = (*path, str(position))
        wanted, rest = _below(only, str(position))
        if not wanted:
            continue
        if scales is None:
            yield from _align(child, entry, here, names, max(sizes, default=0.0) if sizes else None, rest)
        else:
            row = list(_plain(entry))
            if len(row) != len(child):
                raise ValueError(f"{'/'.join(here)} has {len(child)} entries, ours {len(row)}")
            for column, item in enumerate(row):
                if _below(rest, str(column))[0]:
                    yield (*here, str(column)), float(child[column]), float(item), float(scales[position, column])


def _ordered(node: dict[str, Any], value: Any, names: Mapping[str, str]) -> Any:
    """A DataFrame or Series put in the order of a labelled matrix; anything else as it is."""
    rows = node.get("rows", node.get("names"))
    columns = node.get("cols", node.get("names"))
    ours = [[names.get(label, label) for label in labels or ()] for labels in (rows, columns)]
    if hasattr(value, "columns"):
        value = value.loc[ours[0]] if ours[0] else value
        return value[ours[1]].to_numpy() if ours[1] else value.to_numpy()
    if hasattr(value, "index") and not isinstance(value, (list, tuple)):
        return value[ours[0]].to_numpy() if ours[0] else value.to_numpy()
    return value


def _covariance_scales(node: list[Any]) -> np.ndarray | None:
    """sqrt(v_ii v_jj) if the lists make a covariance matrix, else None."""
    if not all(isinstance(row, list) and len(row) == len(node) for row in node):
        return None
    if not all(isinstance(item, (int, float)) and not isinstance(item, bool) for row in node for item in row):
        return None
    matrix = np.array(node, dtype=float)
    diagonal = np.diag(matrix)
    if len(node) < 2 or (diagonal <= 0).any():
        return None
    scales = np.sqrt(np.outer(diagonal, diagonal))
    return scales if np.allclose(matrix / scales, matrix.T / scales, rtol=0.0, atol=1e-6) else None


def _is_mapping(value: Any, key: str) -> bool:
    return isinstance(value, Mapping) and key in value


def _plain(value: Any) -> Any:
    return value.to_numpy() if hasattr(value, "to_numpy") else np.asarray(value)
