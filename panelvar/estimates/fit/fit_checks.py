"""What is refused before a fit is one: columns out of range, too few rows, regressors that cannot be estimated."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of, noun_after
from panelvar.core.base.errors import CollinearityError, InsufficientDataError, Note, NumericalError
from panelvar.core.base.scaling import NEAR_ONE, refuse_far_apart
from panelvar.data.formulas.design import Design
from panelvar.estimates.fit.small_samples import Counts
from panelvar.kernels.linear.qr import ROUNDING, Solution

SMALLEST_NORM = 1e-140
"""Squares of residuals of a column smaller than this lose digits to underflow."""
NEARLY_COLLINEAR = 1e7
"""Root of a variance inflation factor from which a warning is given. R's ``lm`` drops such a regressor."""
# Of many regressors, and of the terms of a long sum, a note names so many.
_NAMED = 3


def check_scale(design: Design, raw_norms: Array) -> None:
    """Refuse columns whose sum of squares overflows or underflows, and units too far apart for standard errors.

    Raises
    ------
    NumericalError
        If sums of squares leave the range of numbers. The message names the columns.
    """
    smallest, largest = NEAR_ONE
    if all(smallest < norm < largest for norm in raw_norms.tolist()):
        return
    if not np.isfinite(raw_norms).all():
        # A column out of range spoils the triangle of all: ask the columns themselves.
        own = design.norms()
        raw_norms = raw_norms if np.isfinite(own).all() else own
    names = (*design.names, design.dependent)
    for what, wrong in (("overflows", ~np.isfinite(raw_norms)), ("underflows", raw_norms < SMALLEST_NORM)):
        where = [i for i in np.flatnonzero(wrong) if what == "overflows" or design.extent(int(i)) != (0.0, 0.0)]
        if where:
            listing = ", ".join(repr(names[i]) for i in where)
            raise NumericalError(f"The sum of squares of {listing} {what}. Rescale the column.")
    refuse_far_apart(names, raw_norms)


def check_fit(design: Design, solution: Solution, counts: Counts, collinear: str) -> list[Note]:
    """Refuse a fit that does not exist and describe the regressors that were dropped.

    Raises
    ------
    CollinearityError
        If a regressor depends on others or is absorbed, and ``collinear="raise"``.
    InsufficientDataError
        If no residual degrees of freedom are left.
    """
    reasons: dict[tuple[str, str], list[str]] = {}
    several = sum(not item.absorbed for item in solution.dropped) > _NAMED
    for item in solution.dropped:
        if item.absorbed:
            key = ("regressor-absorbed", _why_absorbed(design.extent(item.index), item.share))
        else:
            on = combination([(design.names[place], value) for place, value in item.on])
            what = "each equal to a combination of others" if several else f"equal to {on}"
            key = ("regressor-collinear", f"{what}, up to the constant and the absorbed effects")
        reasons.setdefault(key, []).append(design.names[item.index])
    notes = []
    for (code, reason), names in reasons.items():
        subject = _subject(names)
        if collinear == "raise":
            raise CollinearityError(f"{subject} cannot be estimated: {reason}.")
        notes.append(Note(code, f"{subject} dropped: {reason}.", warn=True))
    if counts.residual_df <= 0:
        estimated = [count_of(counts.slopes, "slope")]
        if counts.constant:
            estimated.append("a constant")
        if counts.absorbed:
            estimated.append(count_of(counts.absorbed, "absorbed effect"))
        raise InsufficientDataError(
            f"{count_of(counts.rows, 'row')} cannot identify {' and '.join(estimated)}: {counts.residual_df} residual "
            "degrees of freedom."
        )
    if counts.slopes == 0:
        text = "The model has no slopes, so there is no joint test of them and no correlation with what they fit."
        notes.append(Note("no-slopes", text))
    return notes + _nearly_collinear(design, solution)


def combination(terms: Sequence[tuple[str, float]]) -> str:
    """Write a sum of columns times numbers, such as 2 * x1 - x2; of a long one, its first terms."""
    text = ""
    shown = terms[:_NAMED] if len(terms) > 2 * _NAMED else terms
    for name, value in shown:
        sign = (" - " if value < 0.0 else " + ") if text else "-" * (value < 0.0)
        size = f"{abs(value):.6g}"
        text += f"{sign}{name}" if size == "1" else f"{sign}{size} * {name}"
    return text + f" and {len(terms) - _NAMED} terms more" * (len(shown) < len(terms)) or "0"


def _subject(names: Sequence[str]) -> str:
    """Name regressors; of many, how many there are and the first of them."""
    if len(names) > 2 * _NAMED:
        return f"{len(names)} regressors ({', '.join(map(repr, names[:_NAMED]))} and {len(names) - _NAMED} others)"
    return f"{noun_after(len(names), 'Regressor')} {', '.join(map(repr, names))}"


def _nearly_collinear(design: Design, solution: Solution) -> list[Note]:
    """Warn of regressors that are so nearly a combination of others that R drops one."""
    if solution.condition * len(solution.kept) < NEARLY_COLLINEAR:
        return []
    # Roots of the variance inflation factors: lengths of the columns times those of the inverse's rows.
    units = np.linalg.norm(solution.r, axis=0)
    inflation = np.linalg.norm(units[:, None] * solution.inverse_r, axis=1)
    found = np.flatnonzero(inflation >= NEARLY_COLLINEAR)
    if len(found) == 0:
        return []
    names = ", ".join(repr(design.names[solution.kept[j]]) for j in found)
    worst = float(inflation.max())
    text = (
        f"Only {1.0 / worst:.0e} of the variation of {names} is independent of the other regressors (and of the "
        f"effects). The coefficients rest on that share alone, and {math.ceil(math.log10(worst))} digits of the "
        "data are lost. If the regressors add up to an identity, leave one out. If they are powers, centre them "
        "first."
    )
    return [Note("regressors-nearly-collinear", text, warn=True)]


def _why_absorbed(extent: tuple[float, float], share: float) -> str:
    """Say why nothing is left of a regressor: it does not vary, or by too few digits of its level."""
    smallest, largest = extent
    level = max(abs(smallest), abs(largest))
    swamped = share > 1e-15 and largest - smallest <= 1e-10 * level
    # Rounding alone leaves up to 1e-13 of a column (see panelvar.kernels.linear.qr).
    if not (swamped or share > 1e-13):
        return "no variation is left once the constant or the effects are taken out"
    digits = max(2, math.ceil(math.log10(share / np.finfo(np.float64).eps)))
    return (
        f"its variation is {share:.0e} of its level, so fewer than {digits} digits of it are left; subtract a "
        "constant from it first, which leaves the slopes as they are"
    )


def without_rounding(
    dependent: str, solution: Solution, tss: float, norms: Array
) -> tuple[Solution, float, list[Note]]:
    """Take residuals, slopes and a total sum of squares that are rounding for zero, and say so.

    Parameters
    ----------
    dependent : str
        Name of the dependent variable.
    solution : Solution
    tss : float
        Sum of squares of the transformed dependent variable.
    norms : (k + 1,) array
        Euclidean norms of the columns before any transform, the dependent variable last.
    """
    if tss <= rounding_of(float(norms[-1])):
        text = (
            f"{dependent!r} does not vary once the constant or the effects are taken out, so R2 is undefined. "
            "Slopes and residuals are zero; tests, likelihood and criteria do not exist."
        )
        zero = solution._replace(coefficients=np.zeros_like(solution.coefficients), rss=0.0)
        return zero, 0.0, [Note("no-variation", text, warn=True)]
    # Residuals round on the scale of the terms that cancel in them.
    if solution.rss <= rounding_of(float(norms[-1] + norms[:-1].dot(abs(solution.coefficients)))):
        text = (
            "The regression fits exactly. Its residuals are only rounding and are set to zero. Standard errors are "
            "zero; t tests, likelihood and criteria do not exist."
        )
        return solution._replace(rss=0.0), tss, [Note("exact-fit", text, warn=True)]
    return solution, tss, []


def rounding_of(norm: float) -> float:
    """Return the largest sum of squares that is rounding of a column of a given Euclidean norm."""
    return (ROUNDING * norm) ** 2
