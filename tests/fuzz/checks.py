"""What must hold of every call, whatever it was given."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from warnings import WarningMessage

import numpy as np
import pandas as pd
from fuzz import surface
from fuzz.case import SLOW, Outcome, Program, TooSlow, place

import panelvar as pv
from panelvar.core.base.limits import LONGEST_MESSAGE
from panelvar.core.tables.frame_table import FrameTable
from panelvar.data.panel.description import PanelDescription

PACKAGE = str(Path(pv.__file__).resolve().parent)
INTERNAL = re.compile(
    r"object is not|object has no attribute|has no attribute '|unhashable|unsupported operand|not subscriptable"
    r"|not iterable|could not broadcast|out of bounds|dimension mismatch|truth value|setting an array element"
    r"|'NoneType'|ufunc|cannot unpack|invalid literal|Traceback|list index|KeyError|got multiple values"
)
PVALUE = re.compile(r"^(pvalue|pvalues|p|p-value|.*_pvalues?)$")


def problems(program: Program, outcome: Outcome) -> Iterator[str]:
    """Say what is wrong with an outcome, a line for each cause."""
    yield from of_error(outcome)
    yield from of_warnings(outcome.warned)
    if outcome.seconds > SLOW + allowance(outcome.value):
        yield f"slow: more than {SLOW:g} s"
    if outcome.kind == "returned" and not handmade(program):
        yield from of_value(program, outcome)


def allowance(value: object) -> float:
    """Seconds more for an array: writing each 100 MB takes about half of one."""
    return 5e-9 * value.nbytes if isinstance(value, np.ndarray) else 0.0


def handmade(program: Program) -> bool:
    """Whether a result was put together from the caller's own numbers."""
    return program.target.owner is None and inspect.isclass(program.target.call) and surface.plain(program.target.call)


def of_error(outcome: Outcome) -> Iterator[str]:
    """Only the library's own errors leave, with words for a person."""
    error = outcome.error
    if error is None:
        return
    where = place(error)
    at = f"{where.filename.removeprefix(PACKAGE)}:{where.lineno}"
    if isinstance(error, TooSlow):
        yield f"slow: not done at {at}"
    elif isinstance(error, TypeError) and (not inside(where.filename) or (where.line or "").startswith("raise")):
        # A call that does not fit the signature, refused by Python before the function begins.
        pass
    elif isinstance(error, TypeError) and "**" in (where.line or "") and "unexpected keyword" in str(error):
        # Likewise, of options that a method hands on.
        pass
    elif not isinstance(error, pv.PanelVarError):
        yield f"bare {type(error).__name__} at {at}: {str(error)[:80]}"
        return
    text = str(error)
    if not text.strip():
        yield f"no words: {type(error).__name__} at {at}"
    if len(text) > LONGEST_MESSAGE:
        yield f"long message ({type(error).__name__} at {at})"
    if isinstance(error, pv.PanelVarError) and INTERNAL.search(text):
        yield f"Python's own words at {at}: {text[:100]}"
    try:
        text.encode()
    except UnicodeEncodeError:
        yield f"message that cannot be printed, at {at}"


def inside(filename: str) -> bool:
    """Whether a file belongs to the library, or to what it calls."""
    return filename.startswith(PACKAGE) or "site-packages" in filename or "/lib/python" in filename


def of_warnings(warned: Sequence[WarningMessage]) -> Iterator[str]:
    """Only the library's own warnings are given."""
    for warning in warned:
        if not issubclass(warning.category, pv.PanelVarWarning):
            at = f"{warning.filename.removeprefix(PACKAGE)}:{warning.lineno}"
            yield f"{warning.category.__name__} at {at}: {str(warning.message)[:80]}"


def of_value(program: Program, outcome: Outcome) -> Iterator[str]:
    """No number is missing without a note; p-values are probabilities; variances are at least zero."""
    value = outcome.value
    notes = [str(warning.message) for warning in outcome.warned] + [str(note) for note in notes_of(outcome)]
    asked = (program.target.name, program.target.label) if program.target.owner else ()
    if any("first_difference" in expression for _, expression in program.lines):
        asked += (f"{program.target.name} after first_difference",)
    for path, numbers in numbers_of(value):
        last = path.rsplit(".", 1)[-1] or program.target.name
        if path.endswith(".reading.lasting"):  # a pattern, whose free entries are NaN
            continue
        named = (*path.split("."), last, f"{type(value).__name__}.{last}", *asked)
        if not notes and not np.isfinite(numbers).all() and EMPTY_BY_DESIGN.keys().isdisjoint(named):
            found = "nan" if np.isnan(numbers).any() else "inf"
            yield f"silent {found}: {type(value).__name__}.{last}"
        if PVALUE.match(last) and np.any((numbers < 0) | (numbers > 1)):
            yield f"p outside [0, 1]: {type(value).__name__}{path}"
    if isinstance(value, PanelDescription):
        for column in value.columns:
            if column.overall == 0.0 and column.minimum < column.maximum:
                yield f"no standard deviation of numbers that differ: {type(value).__name__}"
    yield from of_covariance(value, notes)


EMPTY_BY_DESIGN = {
    "df": "infinite degrees of freedom are the normal distribution",
    "df_coefficients": "likewise",
    "df_inference": "likewise",
    "df_denominator": "likewise",
    "period": "a real root does not oscillate",
    "b": "free entries of a pattern",
    "a": "likewise",
    "known": "likewise",
    "long_run": "likewise",
    "half_life": "what does not decay has none",
    "lr_statistic": "the longest order is compared with no longer one",
    "lr_pvalue": "likewise",
    "lr": "likewise",
    "errors": "the last forecasts reach past the data",
    "benchmark_errors": "likewise",
    "lag": "first rows have no predecessor",
    "lead": "last rows have no successor",
    "difference": "first rows have no predecessor",
    "predict after first_difference": "likewise",
    "predict_interval after first_difference": "likewise",
    "series": "the caller's own numbers",
    "by": "likewise",
    "column": "likewise",
    "raw_column": "likewise",
    "stored_column": "likewise",
    "Panel.to_frame": "likewise",
    "Panel.head": "likewise",
    "arrange": "likewise",
    "beta_tstats": "coefficients that a normalisation sets have no errors",
    "beta_pvalues": "likewise",
    "RestrictedVarResult.tstats": "coefficients that are left out have no errors",
    "RestrictedVarResult.pvalues": "likewise",
    "RestrictedVarResult.tidy": "likewise",
    "StackedInference.tstats": "likewise, in one vector",
    "StackedInference.pvalues": "likewise, in one vector",
    "estimate": "several restrictions have no one estimate",
    "lower": "likewise; a confidence set may have no end",
    "upper": "likewise",
    "confidence_set": "may have no end",
    "intervals": "likewise",
    **dict.fromkeys(
        ("RSquared.within", "RSquared.between", "RSquared.overall"), "a dimension without variation has none"
    ),
    "VarBatch.tstats": "an equation that fits exactly has no errors",
    "EffectVariances.rho": "effects of one entity have no variance",
    "EffectVariances.sigma_u": "likewise",
    "EffectVariances.effect": "likewise",
    "coefficient": "tests other than of Dickey and Fuller have none",
}
"""Numbers that are missing or infinite by what they are, and why."""


def notes_of(outcome: Outcome) -> Iterator[Any]:
    """Notes of what was returned, and of the results it was asked of."""
    for value in (outcome.value, *outcome.space.values()):
        if not isinstance(value, (type, pd.DataFrame)):
            found = reading(value, "notes") if type(value).__module__.startswith("panelvar") else ()
            if isinstance(found, tuple):
                yield from found


def reading(value: Any, name: str) -> Any:
    """An attribute; None where the result has none, or refuses it (that it fails is a case of its own)."""
    try:
        found = getattr(value, name, None)
    except Exception:
        return None
    return None if callable(found) else found


def numbers_of(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, np.ndarray]]:
    """Every number of a result, with the path to it."""
    if isinstance(value, FrameTable):
        value = value.frame
    if depth > 3 or isinstance(value, (str, bytes, type(None), bool, pv.Panel, pv.Note)):
        return
    if isinstance(value, int) and value.bit_length() > 1000:
        return
    if isinstance(value, (int, float, complex, np.number)):
        yield path, np.atleast_1d(np.asarray(value, dtype=complex if isinstance(value, complex) else float))
    elif isinstance(value, np.ndarray):
        if value.dtype.kind in "fc":
            yield path, value
    elif isinstance(value, pd.DataFrame):
        for name in value.columns:
            column = value[name]
            if isinstance(column, pd.Series) and column.dtype.kind in "fc":
                yield f"{path}.{name}" if isinstance(name, str) else path, column.to_numpy()
    elif isinstance(value, pd.Series):
        if value.dtype.kind in "fc":
            yield path, value.to_numpy()
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from numbers_of(item, f"{path}[{key}]" if isinstance(key, str) else path, depth + 1)
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        for name in value._fields:
            yield from numbers_of(getattr(value, name), f"{path}.{name}", depth + 1)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from numbers_of(item, path, depth + 1)
    elif dataclasses.is_dataclass(value) and type(value).__module__.startswith("panelvar"):
        for field in dataclasses.fields(value):
            if not field.name.startswith("_"):
                yield from numbers_of(getattr(value, field.name, None), f"{path}.{field.name}", depth + 1)


def of_covariance(value: Any, notes: list[str]) -> Iterator[str]:
    """A covariance has no negative direction, or a note says that it has."""
    if not isinstance(value, (pv.LinearResult, pv.FittedSystem)):
        return
    try:
        found = value.cov
    except pv.PanelVarError:
        return
    except Exception as error:
        yield f"bare {type(error).__name__} in cov of {type(value).__name__}: {str(error)[:80]}"
        return
    if not isinstance(found, pd.DataFrame) or not np.isfinite(found.to_numpy()).all():
        return
    matrix = found.to_numpy()
    scale = np.sqrt(np.abs(np.diag(matrix)))
    scale[scale == 0] = 1.0
    smallest = float(np.linalg.eigvalsh(matrix / scale[:, None] / scale)[0]) if len(matrix) else 0.0
    if smallest < -1e-8 and not any("semi-definite" in note or "semidefinite" in note for note in notes):
        yield f"covariance not positive semi-definite, without a note: {getattr(value, 'cov_label', '')}"


def readable(value: Any) -> Iterator[str]:
    """Whatever a result offers can be read, or is refused in words."""
    kind = type(value)
    if kind not in surface.results():
        return
    for name in surface.members(kind):
        if not surface.is_method(kind, name):
            try:
                getattr(value, name)
            except pv.PanelVarError:
                pass
            except Exception as error:
                yield f"bare {type(error).__name__} in {kind.__name__}.{name}: {str(error)[:80]}"


def printed(value: Any) -> Iterator[str]:
    """Whatever the library returns can be printed, in every form."""
    if not type(value).__module__.startswith("panelvar"):
        return
    for form in ("__repr__", "__str__", "_repr_html_", "to_text", "to_latex", "to_markdown", "to_html"):
        method = getattr(value, form, None)
        if method is not None and not isinstance(value, type):
            try:
                str(method()).encode()
            except pv.PanelVarError:
                pass
            except Exception as error:
                yield f"bare {type(error).__name__} in {form} of {type(value).__name__}: {str(error)[:80]}"
                return
