"""Fixed effects: the within (least-squares dummy-variable) estimator."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import ONE_WAY, read_names
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.elsewhere import answer
from panelvar.core.base.errors import DataError, InsufficientDataError, Note, SpecificationError, needing_rows
from panelvar.core.base.nearest import nearest
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.data.formulas.design import Design, build_design
from panelvar.data.formulas.formula_parts import with_effects
from panelvar.data.formulas.frequencies import Frequencies
from panelvar.data.panel.panel import Panel
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.estimates.fit.transformed_model import TransformedModel, ones_column
from panelvar.kernels.absorption.absorb import Absorbed, absorb
from panelvar.kernels.absorption.factor_rows import FactorRows, factor_rows
from panelvar.kernels.absorption.orthonormal_block import Block
from panelvar.kernels.linear.columns import Column
from panelvar.kernels.linear.demeaned import demeaned_rows
from panelvar.kernels.linear.moments import PanelMoments
from panelvar.kernels.linear.rows import MakesRows, TransformedRows, column_norms, restored_norms, transformed_rows
from panelvar.panels.static.finish import finish
from panelvar.panels.static.result import LinearResult


@documented
def fit_fixed_effects(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    effects: str | Sequence[str] | None = None,
    constant: bool | None = None,
    weights: str | NDArray[Any] | None = None,
    weights_are: str = "analytic",
    cov: str | Covariance | None = None,
    convention: str | Convention = "default",
    missing: str = "drop",
    collinear: str = "drop",
) -> LinearResult:
    r"""Fit fixed effects, :math:`y_{it} = c + \alpha_i + \lambda_t + x_{it}'\beta + u_{it}`.

    The slopes are those of a (weighted) regression with a dummy for every level of every effect and, where you ask for
    it, a slope for every level, :math:`\alpha_i + \delta_i t`. The dummy matrix is never built. The constant is the
    mean effect, :math:`\hat c = \bar y - \bar x'\hat\beta` (Baltagi 2013), and has a standard error under every
    covariance.

    Parameters
    ----------
    {data (rows), y, x, effects, constant (within), weights, weights_are, cov (rows), convention, missing, collinear}

    Returns
    -------
    LinearResult

    Raises
    ------
    SpecificationError
        If effects cannot be read, or both a formula and ``effects`` name them.
    DataError, InsufficientDataError, NumericalError
        See `panelvar.core.base.errors`.

    See Also
    --------
    fit_first_difference : Takes the effects out by differences.
    fit_random_effects : More precise if the effects are uncorrelated with the regressors.
    fit_iv_fixed_effects : With instruments.
    fit_correlated_random_effects : The same slopes, and coefficients of time-invariant regressors.

    Notes
    -----
    Use ``cov="cluster"`` in most panels: classical and HC standard errors ignore that errors are correlated within
    entities. A regressor that does not vary within the effects is dropped with a warning.

    Residual degrees of freedom are n minus the slopes minus the rank of the absorbed effects. That rank is exact for
    one and two effects. With more effects, or with slopes by level, it is exact while the effects besides the largest
    have at most 1,500 coefficients. Beyond that it is the bound of
    `panelvar.kernels.absorption.orthonormal_block.rank_bound`, and a note says so. The bound can only be too large,
    which makes standard errors conservative.

    One and two effects are projected out exactly. Larger systems are solved by preconditioned conjugate gradients to a
    relative residual of 1e-13; a `NumericalError` says where they do not get there. HC2 and above need leverages, which
    are defined only where the system is factored.

    Each slope by level costs a row of every level. With few rows per level, little is left to estimate from.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> fit = pv.fit_fixed_effects(states, "frate ~ beertax", effects="twoway", cov="cluster")
    >>> print(f"{fit.params['beertax']:.4f} ({fit.std_errors['beertax']:.4f})")
    -0.6400 (0.3571)
    >>> fit.f_poolability
    <Poolability: F(53, 281) = 47.4785, p < 0.0001>
    """
    chosen = as_convention(convention)
    y, effects = with_effects(y, x, effects)
    counts = Frequencies(data, weights, weights_are)
    design = build_design(counts.data, y, x, constant=constant, weights=counts.weights, missing=missing, plain=True)
    design = counts.repeated(design)
    return finish(within_model(design, effects, chosen), cov, chosen, collinear)


def within_model(
    design: Design,
    effects: str | Sequence[str],
    convention: Convention,
    factor: Callable[[TransformedRows], Array] | None = None,
) -> TransformedModel:
    """Take the effects out of a design (see `fit_fixed_effects`).

    ``factor`` computes the triangle of the rows in another way.
    """
    source = design
    terms = _terms(design, effects)
    notes: list[Note] = []
    if convention.singletons == "drop":
        with needing_rows(f"The convention {convention.name!r}, which drops singletons,"):
            design, dropped = _without_singletons(design, terms)
        source = design
        if dropped:
            text = f"{count_of(dropped, 'singleton row')} dropped ({convention.name} convention)."
            notes.append(Note("singletons-dropped", text))
    blocks, labels = _blocks(design, terms)
    alone = sum(int(np.count_nonzero(block.grouping.sizes == 1)) for block in blocks)
    if alone:
        text = (
            f"{count_of(alone, 'effect level has', 'effect levels have')} a single row (a singleton). Such a row fits "
            "exactly and says nothing about the slopes, but it counts as a row."
        )
        notes.append(Note("singletons-kept", text))
    columns, weight = design.columns, design.weights
    with needing_rows(f"effects={effects!r}"):
        absorbed = absorb(blocks, weight)
    groupings = absorbed.groupings
    rows: TransformedRows | None = None
    if factor is None and not isinstance(columns, MakesRows):
        rows = _by_levels(columns, absorbed, weight, ones_column(design))
    if rows is not None:
        triangle = rows.triangle()
    elif factor is None and len(groupings) == 1 and absorbed.slopes[0] is None:
        rows, triangle = demeaned_rows(columns, groupings[0], weight, ones_column(design))
    else:
        tables, found = absorbed.projected(columns) if factor is None else (absorbed.tables(columns), None)
        rows = transformed_rows(
            columns,
            groupings=groupings,
            tables=tables,
            slopes=absorbed.slopes,
            weights=weight,
            constant=ones_column(design),
        )
        if factor is not None:
            triangle = factor(rows)
        else:
            triangle = rows.triangle() if found is None else found
    if isinstance(rows, FactorRows):
        # Tables of every level of a factor are made for who asks for them.
        raw_norms = rows.raw_norms
    elif any(slope is not None for slope in absorbed.slopes):
        raw_norms = column_norms(columns, weight)
    else:
        tables = rows.tables
        masses = [(grouping.mass(weight), table) for grouping, table in zip(groupings, tables, strict=True)]
        raw_norms = restored_norms(triangle, masses)
    moments = None
    if not isinstance(rows, FactorRows) and not design.plain and groupings == (design.entities,):
        counts = design.entities.sizes.astype(np.float64)
        moments = PanelMoments(counts, design.entities.mass(weight), rows.tables[0], triangle)
    notes += _rank_notes(absorbed)
    rank = absorbed.rank if convention.effects_rank == "exact" else sum(count - 1 for count in absorbed.counts) + 1
    return TransformedModel(
        family="fixed",
        estimator=f"Fixed effects ({', '.join(labels)})",
        source=source,
        design=design,
        rows=rows,
        triangle=triangle,
        raw_norms=raw_norms,
        centre=design.means,
        constant_mass=float(design.nobs),
        absorbed_rank=rank - 1,
        effects=tuple(labels),
        absorbed=absorbed,
        moments=moments,
        notes=tuple(notes),
    )


def _by_levels(
    columns: Sequence[Column], absorbed: Absorbed, weights: Array | None, constant: Array | float | None
) -> FactorRows | None:
    """The rows of a design with factors less one effect, or two that are connected; None where others serve."""
    groupings = absorbed.groupings
    if any(slope is not None for slope in absorbed.slopes) or len(groupings) > 2:
        return None
    by, second = groupings[0], None
    if len(groupings) == 2:
        by, second = sorted(groupings, key=lambda grouping: -grouping.n_groups)
        if absorbed.n_components != 1 or second.n_groups > _MOST_SECOND:
            return None
    return factor_rows(
        columns,
        by,
        second=second,
        make=partial(absorbed.tables, columns),
        groupings=groupings,
        weights=weights,
        constant=constant,
    )


@dataclass(frozen=True)
class _Term:
    """An effect as it was written: a dimension, whether it has levels, and the columns it has slopes on."""

    name: str
    level: bool
    slopes: tuple[str, ...] = ()


# Most levels of a second effect that are eliminated as columns are.
_MOST_SECOND = 500

# "firm[t]", "firm[[t]]", "firm[t, z]".
_SLOPES = re.compile(r"(?P<name>[^\[\]]+?)\s*(?P<open>\[\[?)(?P<slopes>[^\[\]]+)(?P<close>\]\]?)")


def _terms(design: Design, effects: str | Sequence[str]) -> tuple[_Term, ...]:
    """Read the effects asked for; a level and slopes of the same dimension become one term."""
    names = read_names("effects", effects, "'entity', 'time', 'twoway', or column names")
    panel = design.panel
    if names == ("twoway",):
        names = ("entity", "time")
    elif len(names) == 1 and names[0] not in ONE_WAY and names[0] not in _columns(panel):
        columns = [str(name) for name in _columns(panel) if name is not None]
        # A misspelt column is refused as such, with the nearest name.
        words = () if nearest(names[0], columns) else ("entity", "time", "twoway")
        meant = answer("option", names[0].lower(), words.__contains__, "effects")
        if meant is not None:
            raise SpecificationError(
                f"effects={names[0]!r} is not known. Did you mean {meant!r}? Choose 'entity', 'time', 'twoway', or "
                "column names."
            )
    if not names or not all(names):
        raise SpecificationError(
            f"effects={shown(effects)} names no effect. Give one or more of 'entity', 'time', 'twoway', columns, or "
            "'firm[t]' (slopes)."
        )
    found: dict[str, _Term] = {}
    for name in names:
        term = _term(design, name)
        other = found.get(term.name)
        if other is not None:
            if (other.level and term.level) or set(other.slopes) & set(term.slopes):
                raise SpecificationError(f"effects={shown(effects)} names the same effect twice.")
            term = _Term(term.name, True, (*other.slopes, *term.slopes))
        found[term.name] = term
    if not any(term.level for term in found.values()):
        raise SpecificationError(
            f"effects={shown(effects)} has slopes but no levels. Write 'firm[t]' for both, or add an effect with "
            "levels."
        )
    return tuple(found.values())


def _columns(panel: Panel) -> tuple[Hashable, ...]:
    return (*panel.names, panel.entity_name, panel.time_name)


def _term(design: Design, name: str) -> _Term:
    if name in ONE_WAY or name in design.panel.names:
        return _Term(name, True)
    match = _SLOPES.fullmatch(name.strip())
    if match is None:
        if "[" in name:
            raise SpecificationError(
                f"The effect {name!r} cannot be read. Write 'firm[t]' (level and slope) or 'firm[[t]]' (slope alone)."
            )
        return _Term(name, True)
    if len(match["open"]) != len(match["close"]):
        raise SpecificationError(f"The brackets of the effect {name!r} do not match.")
    slopes = tuple(part.strip() for part in match["slopes"].split(","))
    if len(set(slopes)) < len(slopes) or not all(slopes):
        raise SpecificationError(f"The effect {name!r} has an empty slope, or the same slope twice.")
    return _Term(match["name"], len(match["open"]) == 1, slopes)


def _blocks(design: Design, terms: tuple[_Term, ...]) -> tuple[tuple[Block, ...], tuple[str, ...]]:
    """Return the effects and the labels of their tables."""
    blocks, labels = [], []
    for term in terms:
        grouping, label = design.group_by(term.name)
        slopes = []
        for name in term.slopes:
            column = design.panel.column(name)
            column = column if design.kept is None else column[design.kept]
            if not np.isfinite(column).all():
                wrong = int((~np.isfinite(column)).sum())
                raise DataError(
                    f"{name!r}, on which {label!r} has slopes, is missing or infinite in {count_of(wrong, 'row')}."
                )
            slopes.append(column)
        blocks.append(Block(grouping, term.level, tuple(slopes)))
        labels += [label] * term.level + [f"{label}[{name}]" for name in term.slopes]
    return tuple(blocks), tuple(labels)


def _rank_notes(absorbed: Absorbed) -> list[Note]:
    if not absorbed.rank_is_exact:
        text = (
            f"The rank of the absorbed effects is at most {absorbed.rank}, counted from the connected components of "
            "pairs of effects. Other dependencies are not searched for, so there may be more residual degrees of "
            "freedom."
        )
        return [Note("rank-bound", text)]
    blocks = absorbed.n_components
    if len(absorbed.groupings) > 1 and blocks is not None and blocks > 1:
        text = f"The two effects form {blocks} unconnected blocks, so their rank is {absorbed.rank}."
        return [Note("disconnected", text)]
    spare = sum(count - 1 for count in absorbed.counts) + 1 - absorbed.rank
    if blocks is None and spare:
        text = (
            f"The absorbed effects have {count_of(spare, 'linear dependency', 'linear dependencies')} beyond the "
            f"constant they share, so their rank is {absorbed.rank}."
        )
        return [Note("effects-dependent", text)]
    return []


def _without_singletons(design: Design, terms: tuple[_Term, ...]) -> tuple[Design, int]:
    """Drop rows that are alone in a level of any effect, repeatedly until there are none."""
    before = design.nobs
    while True:
        groupings = [design.group_by(term.name)[0] for term in terms]
        single = [grouping for grouping in groupings if (grouping.sizes == 1).any()]
        if not single:
            dropped = before - design.nobs
            return design.without_empty_levels() if dropped else design, dropped
        alone = np.any([(grouping.sizes == 1)[grouping.codes] for grouping in single], axis=0)
        if alone.all():
            raise InsufficientDataError("Every row is a singleton of an effect, so nothing is left to estimate.")
        design = design.take(np.flatnonzero(~alone))
