"""A call must say the same in another order of rows, other labels, names and units, another run and another thread.

A case is run a second time in a world made over (`fuzz.worlds.Change`), and the two answers are compared: the same
numbers where only words changed; the same statistics, and coefficients in the new units, where variables were
multiplied by powers of two, each its own.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
from fuzz import case
from fuzz.case import Outcome, Program
from fuzz.checks import numbers_of, reading
from fuzz.worlds import NUMBERS, Change

import panelvar as pv
from panelvar.data.panel.description import PanelDescription
from panelvar.systems.responses.responses import Responses

Relation = Callable[[Program, Outcome, int, int], Iterator[str]]
RELATED_OF = 6
"""Of so many members of results, one is put to a relation; calls of public functions all are."""

UNITLESS = """statistic pvalue pvalues tstats rsquared rsquared_adjusted df df_denominator df_resid df_model nobs
    moduli roots trace max_eigenvalue eigenvalues mean mean_absolute shares lags trace_pvalues max_pvalues df_inference
    n_entities effective_f lr_statistic lr_pvalue theta rho f_statistic f_slopes critical_values n_periods""".split()
"""What has no units, by the name it has on every result."""
STATED = [*UNITLESS, *"params std_errors cov values lower upper loglik aic bic coefficients estimate sigma_e".split()]
"""What is the same under other words."""
NUMERIC = (float, int, complex, np.ndarray, pd.Series, pd.DataFrame)
HARMLESS = {"gaps", "singletons", "missing_values", "odd_labels", "integers_mostly_equal", "shuffled"}
"""Ailments that leave a problem as well conditioned as it was."""

BY_POSITION = re.compile(
    r"np\.arange|np\.sin|np\.cos|to_numpy|iloc|np\.stack|simulate|predict|resids|fitted|label|design|draws"
)
"""Programs that speak of rows by their number."""
IN_UNITS = re.compile(
    # Values at which variables are held.
    r"at=\{[^}]*\["
    r"|wald_test|lincom|nonlinear|restriction|values=|start=|tolerance|sigma|matrix|coefficients=|conditions|shock|\*\*|log\(|horizon"
    r"|simulate|errors=|threshold|initial|beta=|known=|signs|b=|intercept|foot|compare|plot|np\.arange|np\.sin|np\.cos|mean\(\)"
    r"|loglik|aic|bic|criteria|instruments=pd|\bI\(|summary|text|html|markdown|latex|_line|series=|evaluate"
    r"|l(ags|eads)=\(.*'stata'"
    # Coefficients of regressors of two units are equal in one choice of units alone.
    r"|equal=True"
    # That two coefficients are equal depends on the units of their variables.
    r"|equal=True"
    # N times the one-step criterion, which others divide by the error variance: plm's own, and a note says so.
    r"|fit_(arellano_bond|blundell_bond|anderson_hsiao)\(.*convention='plm'"
)
"""Programs that name numbers with units, or say something that has them."""
OF_RESPONSES = re.compile(
    r"ImpactMatrix|ShortRun|SignRestrictions|ExternalInstrument|System\(|exogenous|beta=|known=|np\."
)
"""Of programs that end in responses: those whose identification has units, or whose data are not the world's."""


def problems(program: Program, outcome: Outcome, seed: int, number: int) -> Iterator[str]:
    """Put a case that returned to one relation, and say how the answers differ."""
    if outcome.kind != "returned" or program.mistaken or program.target.draws:
        return
    always = isinstance(outcome.value, (pv.TestResult, Responses, PanelDescription))
    if program.target.owner is not None and number % RELATED_OF and not always:
        return
    body = "\n".join([*(expression for _, expression in program.lines), program.call])
    benign = set(program.world.ailments) <= HARMLESS
    of_units = OF_RESPONSES if type(outcome.value) is Responses else IN_UNITS
    names = [
        name
        for name, barred in RELATIONS.items()
        if (benign or name in BITS) and not (of_units if barred is IN_UNITS else barred).search(body)
    ]
    if not any(stated(program, outcome.value, STATED)) and not isinstance(outcome.value, PanelDescription):
        names = list(BITS)
    in_units = [name for name in names if RELATIONS[name] is IN_UNITS]
    if always and number % 3:
        names = in_units or names
    name = names[(number // RELATED_OF + number) % len(names)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = list(RELATED[name.split(" ")[0]](program, outcome, seed, number))
    for difference in found:
        yield f"{name.split(' ')[0]}: {type(outcome.value).__name__}{difference}"


def again(program: Program, outcome: Outcome, seed: int, number: int) -> Iterator[str]:
    """A second run gives the same bits."""
    world = program.world.over(Change())
    second = case.run(Program(world, program.target, program.lines, program.call, program.mistaken))
    yield from bits(outcome.value, second.value)


def threads(program: Program, outcome: Outcome, seed: int, number: int) -> Iterator[str]:
    """Runs at the same time give the same bits."""
    with ThreadPoolExecutor(3) as pool:
        for other in pool.map(case.value_of, [program] * 3):
            yield from bits(outcome.value, other)


def bits(first: Any, second: Any) -> Iterator[str]:
    """Where two answers are not the same to the last bit."""
    ours, theirs = list(numbers_of(first)), list(numbers_of(second))
    if len(ours) != len(theirs):
        yield f" has {len(ours)} numbers, then {len(theirs)}"
    for (path, mine), (_, other) in zip(ours, theirs, strict=False):
        if mine.shape != other.shape or mine.tobytes() != other.tobytes():
            yield f"{path} has other bits"
            return


def in_other_words(change: Change) -> Relation:
    """The relation of a change that leaves every number as it is."""

    def relation(program: Program, outcome: Outcome, seed: int, number: int) -> Iterator[str]:
        second = case.run(case.write(seed, number, change))
        yield from differences(program, outcome, second, STATED)

    return relation


def units(program: Program, outcome: Outcome, seed: int, number: int, widest: int = 40) -> Iterator[str]:
    """Variables times powers of two: statistics are the same, coefficients in the new units."""
    change = Change(powers=seed * 1000 + number, widest=widest)
    second = case.run(case.write(seed, number, change))
    if widest > 40 and isinstance(second.error, pv.PanelVarError):
        return
    if widest > 40 and isinstance(second.value, pv.VarBatch) and len(second.value.nobs) < len(outcome.value.nobs):
        # Members are refused one by one, in the words of a note.
        return
    yield from differences(program, outcome, second, UNITLESS)
    if type(outcome.value) is type(second.value):
        yield from IN_NEW_UNITS.get(type(outcome.value), coefficients)(program, outcome.value, second.value, change)


def extremes(program: Program, outcome: Outcome, seed: int, number: int) -> Iterator[str]:
    """As `units`, to the ends of what a float can hold: the same, or refused in words."""
    yield from units(program, outcome, seed, number, widest=300)


RELATED: dict[str, Relation] = {
    "units": units,
    "extremes": extremes,
    "rows": in_other_words(Change(shuffled=True)),
    "labels": in_other_words(Change(relabelled=True)),
    "names": in_other_words(Change(renamed=True)),
    "again": again,
    "threads": threads,
}
BITS = ("again", "threads")
"""Relations that hold of any data."""
NEVER_BARRED = re.compile(r"(?!)")
RELATIONS = {
    "units": IN_UNITS,
    "rows": BY_POSITION,
    "units again": IN_UNITS,
    "labels": re.compile("label|member|freq|predict"),
    "extremes": IN_UNITS,
    "names": NEVER_BARRED,
    "again": NEVER_BARRED,
    "units once more": IN_UNITS,
    "threads": NEVER_BARRED,
}
"""Relations in their turn, and the programs they do not hold of."""


def stated(program: Program, value: Any, names: list[str]) -> Iterator[tuple[str, np.ndarray]]:
    """Numbers of a result by their names; a single number has the name of the member that was read."""
    if isinstance(value, NUMERIC) and not isinstance(value, bool):
        last = program.target.name
        found = {last: value} if last in names else {}
    elif type(value).__module__.startswith("panelvar"):
        found = {name: reading(value, name) for name in names if hasattr(type(value), name) or name in fields(value)}
    else:
        found = {}
    for name, numbers in found.items():
        if not isinstance(numbers, NUMERIC):
            continue
        array = numbers.to_numpy() if isinstance(numbers, (pd.Series, pd.DataFrame)) else np.asarray(numbers)
        if array.dtype.kind in "fciu":
            yield name, array


def fields(value: Any) -> dict[str, Any]:
    return getattr(value, "__dataclass_fields__", {})


def differences(program: Program, first: Outcome, second: Outcome, names: list[str]) -> Iterator[str]:
    """Where two outcomes that should say the same do not."""
    if second.kind != "returned":
        error = second.error
        yield f" then {second.kind} ({type(error).__name__}: {str(error)[:90]})"
        return
    ours, theirs = dict(stated(program, first.value, names)), dict(stated(program, second.value, names))
    for name in ours.keys() | theirs.keys():
        if name not in ours or name not in theirs:
            yield f".{name} is there once"
        elif not close(ours[name], theirs[name]):
            yield f".{name} differs"


def close(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether each element agrees to six digits, or to seven of the largest one."""
    if first.shape != second.shape:
        return False
    size = np.abs(first[np.isfinite(first)]).max(initial=0.0)
    return bool(np.allclose(first, second, rtol=1e-6, atol=1e-7 * float(size) + 1e-12, equal_nan=True))


def coefficients(program: Program, first: Any, second: Any, change: Change) -> Iterator[str]:
    """Coefficients of a linear model in the new units."""
    if not isinstance(first, pv.LinearResult) or not isinstance(second, pv.LinearResult):
        return
    if not {*first.params.index, first.dependent} <= {"const", *program.world.names.values()}:
        return
    outcome = change.power(first.dependent)
    inside = [0 if name == "const" else change.power(name) for name in first.params.index]
    power = outcome - np.array(inside, dtype=int)
    if first.params.index.equals(second.params.index):
        for name in ("params", "std_errors"):
            ours, theirs = getattr(first, name).to_numpy(), np.ldexp(getattr(second, name).to_numpy(), -power)
            if not close(ours, theirs):
                yield f".{name} not in the new units"
    else:
        yield ".params of other regressors"


def responses(program: Program, first: Responses, second: Responses, change: Change) -> Iterator[str]:
    """Responses in the units of the variable that responds, and per unit of the shock where that is its size."""
    variables = program.world.variables
    if not {*first.names, *first.shocks} <= set(variables):
        return
    powers = {name: change.power(f"v{place}") for place, name in enumerate(variables)}
    shocks = [powers[name] if first.shock_size == "unit" else 0 for name in first.shocks]
    for name in ("values", "lower", "upper", "std_errors"):
        ours, theirs = getattr(first, name), getattr(second, name)
        for row, response in enumerate(first.names) if ours is not None else ():
            back = np.ldexp(theirs[:, row], np.array(shocks) - powers[response])
            if not close(ours[:, row], back):
                yield f".{name} not in the new units"
                return


def descriptions(program: Program, first: PanelDescription, second: PanelDescription, change: Change) -> Iterator[str]:
    """Standard deviations in the new units."""
    roles = {name: role for role, name in program.world.names.items()}
    for ours, theirs in zip(first.columns, second.columns, strict=True):
        power = change.power(roles[ours.name]) if roles.get(ours.name) in NUMBERS else 0
        for name in ("overall", "between", "within"):
            if not close(np.array(getattr(ours, name)), np.ldexp(getattr(theirs, name), -power)):
                yield f".{name} not in the new units"


IN_NEW_UNITS: dict[type, Callable[[Program, Any, Any, Change], Iterator[str]]] = {
    Responses: responses,
    PanelDescription: descriptions,
}
"""How results other than of linear models are written in new units."""
