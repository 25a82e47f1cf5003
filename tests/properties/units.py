"""Units: how an answer must change when variables are measured in others.

A change of units by a power of two changes no digit of the data. What an analysis reports is then a number times a
power of two as well: a coefficient of x in the equation of y is measured in units of y over units of x, a test
statistic in none. The powers are learned from changes by a factor of two, one variable at a time, and demanded of
changes by factors as far apart as 2^-40 and 2^40; what has no units by its name may have no power at all, and a
likelihood moves by a multiple of the logarithm.
"""

from __future__ import annotations

import inspect
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np
import pandas as pd

import panelvar as pv
from panelvar.core.tables.frame_table import FrameTable

# Attributes that hold what a result was made from, or how, and no answer.
INSIDE = frozenset(
    (
        "bootstrap calendar convention criteria data design explained fit fits identification in_a_line instrumented "
        "periods problem reduced_form sample scored specification terms var "
        # Hypotheses as they were written, in the units of the call; steps of a search that ends in rounding.
        "expression iterations null"
    ).split()
)
# The last part of a name that says that a number has no units.
UNIT_FREE = frozenset(
    "pvalue pvalues statistic df df_denominator df_resid df_model nobs rank lags tstats roots moduli rsquared "
    "rsquared_adjusted residual_correlation trace_pvalues max_pvalues level beta_tstats beta_pvalues "
    "short_run_tstats short_run_pvalues relative_rmse shock_values critical_values "
    "conditional_f cragg_donald f kappa partial_r2 r2 rho shea_r2 theta".split()
)
# Logarithms of what has units.
LOGARITHMS = frozenset("aic bic hq hqic log_fpe log_likelihood loglik loglik_by_equation pooled without".split())
# Numbers so far below their neighbours at the start, where all variables are of like size, are rounding.
NOISE = 1e-11

Leaves = dict[str, np.ndarray]


class Measured:
    """Data in some units of their variables: each variable times its power of two.

    Cases share the worlds that they are tried in, and what they make there.
    """

    names: ClassVar[tuple[str, ...]]
    beside: ClassVar[tuple[str, ...]]
    """Names of the variables that few answers use."""

    def __init__(self, units: Mapping[str, int]) -> None:
        self.units = np.array([2.0 ** units.get(name, 0) for name in self.names])
        self._made: dict[Callable[..., object], Any] = {}

    @classmethod
    def within(cls, units: Mapping[str, int]) -> Measured:
        """The one world in these units."""
        return _world(cls, tuple(sorted(units.items())))

    def made(self, call: Callable[..., object]) -> Any:
        """What a call makes of this world, made once."""
        if call not in self._made:
            self._made[call] = call(self)
        return self._made[call]


@cache
def _world(kind: type[Measured], units: tuple[tuple[str, int], ...]) -> Measured:
    return kind(dict(units))


def leaves(value: object, path: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Every number and every text that an answer holds, by where it is found."""
    if isinstance(value, FrameTable):
        yield from leaves(value.frame, path)
    elif isinstance(value, pd.DataFrame):
        for place, column in enumerate(value.columns):
            yield from leaves(value.iloc[:, place], f"{path}.{_text(column)}")
    elif isinstance(value, (pd.Series, pd.Index)):
        yield path, value.to_numpy()
    elif isinstance(value, np.ndarray):
        yield path, value
    elif value is None or isinstance(value, (str, bool, int, float, complex, np.generic, pd.Period, pd.Timestamp)):
        yield path, np.asarray([value])
    elif isinstance(value, pv.Note):
        yield path, np.asarray([value.code])
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from leaves(each, f"{path}[{key}]")
    elif isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
        for place, each in enumerate(value):
            yield from leaves(each, f"{path}[{place}]")
    elif type(value).__module__.startswith("panelvar"):
        for name in attributes(value):
            try:
                found = getattr(value, name)
            except pv.PanelVarError as error:
                yield f"{path}.{name}", np.asarray([f"refused: {type(error).__name__}"])
                continue
            yield from leaves(found, f"{path}.{name}")
    else:
        yield path, np.asarray([f"<{type(value).__name__}>"])


def _text(label: object) -> str:
    return ".".join(map(str, label)) if isinstance(label, tuple) else str(label)


def attributes(value: object) -> list[str]:
    """Public names that are no methods and hold an answer."""
    own = set(vars(value)) if hasattr(value, "__dict__") else set(getattr(value, "_fields", ()))
    return sorted(name for name in own | _of_class(type(value)) if not name.startswith("_") and name not in INSIDE)


@cache
def _of_class(kind: type) -> frozenset[str]:
    return frozenset(name for name in dir(kind) if not callable(getattr(kind, name, None)) or _is_lazy(kind, name))


def _is_lazy(kind: type, name: str) -> bool:
    return isinstance(inspect.getattr_static(kind, name), property)


def methods(kind: type) -> set[str]:
    """Public methods of a class."""
    return {
        name
        for name in dir(kind)
        if not name.startswith("_") and inspect.isfunction(inspect.getattr_static(kind, name))
    }


SYSTEMS = (
    "systems.var",
    "systems.batches",
    "systems.diagnostics",
    "systems.projections",
    "systems.responses",
    "nonstationary.cointegration",
    "nonstationary.unit_roots",
)
"""Rooms of systems and series; the others are of panels."""
OF_BOTH = frozenset(["select_lags"])
"""Functions that take either: both sides ask them about their own data."""


def functions() -> dict[str, str]:
    """Public functions, and the room of each."""
    found = {name: getattr(pv, name) for name in pv.__all__ if inspect.isfunction(getattr(pv, name))}
    return {name: ".".join(function.__module__.split(".")[1:3]) for name, function in found.items()}


def numbered(table: Mapping[str, list[Callable[..., object]]]) -> dict[str, Callable[..., object]]:
    """The calls of a table, each by its name and its place."""
    return {f"{name} {place}": call for name, calls in table.items() for place, call in enumerate(calls)}


@dataclass(frozen=True)
class Learned:
    """What a change of units does to an answer: the answer at the start, and for each leaf the power of each unit."""

    names: tuple[str, ...]
    start: Leaves
    powers: dict[str, np.ndarray]
    """Of shape (variables, ...); of a logarithm what it moves by."""


def answer(call: Callable[..., object], world: object) -> Leaves:
    """All leaves of an answer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return dict(leaves(call(world)))


def is_logarithm(path: str) -> bool:
    own = not LOGARITHMS.isdisjoint(path.replace("]", "").replace("[", ".").split("."))
    return own or path.endswith("likelihood.value")


def is_unit_free(path: str) -> bool:
    return not UNIT_FREE.isdisjoint(path.replace("]", "").replace("[", ".").split("."))


def numeric(values: np.ndarray) -> bool:
    return values.dtype.kind in "fc"


def learn(call: Callable[..., object], kind: type[Measured], start: Leaves) -> Learned:
    """Learn the powers from factors of two, one variable at a time; those beside only where they are used at all."""
    names = kind.names
    if _equal(start, answer(call, kind.within(dict.fromkeys(kind.beside, 1)))):
        names = tuple(name for name in names if name not in kind.beside)
    turned = {name: answer(call, kind.within({name: 1})) for name in names}
    powers = {}
    for path, values in start.items():
        if not numeric(values):
            for name, other in turned.items():
                same(path, values, other.get(path), name)
            continue
        found = np.zeros((len(names), *values.shape))
        for row, (name, other) in enumerate(turned.items()):
            assert path in other, f"{path} is gone with another unit of {name}"
            found[row] = _power(path, values, other[path], name)
        if is_unit_free(path):
            assert not found.any(), f"{path} has units: {found.reshape(len(names), -1).T[:3]}"
        powers[path] = found
    return Learned(names, start, powers)


def _equal(one: Leaves, other: Leaves) -> bool:
    return one.keys() == other.keys() and all(
        np.array_equal(values, other[path], equal_nan=numeric(values)) for path, values in one.items()
    )


def _power(path: str, values: np.ndarray, other: np.ndarray, name: str) -> np.ndarray:
    assert other.shape == values.shape, f"{path} has another shape with another unit of {name}"
    if is_logarithm(path):
        return np.where(np.isfinite(values), other - values, 0.0)
    known = loud(values)
    assert np.isfinite(other[known]).all(), f"{path} is not finite with another unit of {name}"
    with np.errstate(divide="ignore", invalid="ignore"):
        exact = np.where(known, np.log2(np.abs(np.where(known, other / np.where(known, values, 1.0), 1.0))), 0.0)
    whole = np.round(exact)
    worst = np.abs(exact - whole).max(initial=0.0)
    assert worst < 1e-7, f"{path} is off a power of two by {worst:.2g} with another unit of {name}"
    return whole


def loud(values: np.ndarray) -> np.ndarray:
    """Which numbers are finite and more than rounding."""
    finite = np.isfinite(values)
    largest = np.abs(values[finite]).max(initial=0.0)
    return finite & (np.abs(np.where(finite, values, 0.0)) > NOISE * largest)


def same(path: str, values: np.ndarray, other: np.ndarray | None, where: object) -> None:
    """Texts, labels and whole numbers do not depend on units."""
    assert other is not None, f"{path} is gone with {where}"
    assert len(values) == len(other), f"{path} has another length with {where}"
    assert (values == other).all() or (
        (pd.isna(values) == pd.isna(other)).all() and list(values[~pd.isna(values)]) == list(other[~pd.isna(other)])
    ), f"{path} is {other} instead of {values} with {where}"


def compare(
    call: Callable[..., object],
    kind: type[Measured],
    start: Leaves,
    far: list[dict[str, int]],
    extreme: list[dict[str, int]],
    tolerance: float = 1e-9,
) -> None:
    """Compare answers in other units with what is learned from the start: the same, or refused in extreme units."""
    learned = learn(call, kind, start)
    for units in far:
        assert mismatches(learned, answer(call, kind.within(units)), units, tolerance) == [], units
    for units in extreme:
        try:
            found = answer(call, kind.within(units))
        except pv.PanelVarError:
            continue
        assert mismatches(learned, found, units, tolerance, extreme=True) == [], units


def turn(case: str, units: list[dict[str, int]]) -> list[dict[str, int]]:
    """One of several units for a case: cases take turns."""
    return [units[zlib.crc32(case.encode()) % len(units)]]


def mismatches(
    learned: Learned, found: Leaves, units: Mapping[str, int], tolerance: float = 1e-9, *, extreme: bool = False
) -> list[str]:
    """Where an answer in other units is not the first one in these units.

    In extreme ones an attribute may refuse in words where its numbers leave the range, a number may be infinite where
    a note says that it has left it, and there may be other notes.
    """
    exponents = np.array([units.get(name, 0) for name in learned.names])
    refused = [path for path, values in found.items() if extreme and is_refusal(values)]
    noted = extreme and any(
        "-overflow" in str(code) for values in found.values() if not numeric(values) for code in values
    )
    wrong = [] if extreme else [f"{path} is there too" for path in found.keys() - learned.start.keys()]
    for path, values in learned.start.items():
        if not is_refusal(values) and any(
            path == each or path.startswith((f"{each}.", f"{each}[")) for each in refused
        ):
            continue
        other = found.get(path)
        try:
            assert other is not None, f"{path} is gone"
            if numeric(values):
                assert numeric(other), f"{path} is {other}"
                assert other.shape == values.shape, f"{path} has another shape"
                powers = np.tensordot(exponents, learned.powers[path], 1)
                _compare(path, values, other, powers, tolerance, noted)
            else:
                same(path, values, other, dict(units))
        except AssertionError as error:
            wrong.append(str(error))
    return wrong


def is_refusal(values: np.ndarray) -> bool:
    """Whether an attribute was refused."""
    return values.dtype.kind == "U" and values.shape == (1,) and values[0].startswith("refused:")


def _compare(
    path: str, values: np.ndarray, other: np.ndarray, powers: np.ndarray, tolerance: float, noted: bool
) -> None:
    finite = np.isfinite(values)
    if is_logarithm(path):
        expected = values + powers
        gap = np.abs(other - expected) / np.maximum(np.abs(expected), 1.0)
        excused = ~finite
    else:
        known = loud(values)
        sizes = np.log2(np.abs(np.where(known, values, 1.0))) + powers
        # In two steps, as a power alone may leave the range.
        half = np.trunc(powers / 2)
        with np.errstate(all="ignore"):
            scaled = other / np.exp2(half) / np.exp2(powers - half)
            gap = np.where(known, np.abs(scaled - values) / np.where(known, np.abs(values), 1.0), 0.0)
        # A number too small to be held is held as zero, or with fewer digits.
        excused = ~finite | ((sizes < -960) & (np.abs(other) < 1e-280))
        if noted:
            excused |= (sizes > 1020) & np.isinf(other)
    gap = np.where(np.isfinite(other) & np.isfinite(gap), gap, np.inf)
    gap = np.where(excused, 0.0, gap)
    if gap.size and gap.max() > tolerance:
        place = np.unravel_index(np.argmax(gap), gap.shape)
        where = list(map(int, place))
        raise AssertionError(f"{path}{where} is off by {gap.max():.2g}: {other[place]:.6g} for {values[place]:.6g}")
