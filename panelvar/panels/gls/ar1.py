"""First-order autoregressive errors within entities: the specification, and its coefficients from residuals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import is_number, read_flag
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, Note, SpecificationError, choose
from panelvar.core.base.quoting import shown
from panelvar.core.base.unknown_arguments import answering
from panelvar.kernels.linear.groups import Grouping
from panelvar.panels.gls.autoregression import METHODS, Runs, estimate_coefficients, remove_autoregression

# With fewer pairs of adjacent rows than this share of all rows, estimators that divide by all squares warn.
_PAIRS_SHARE = 0.75


@answering
@dataclass(frozen=True)
class AR1:
    r"""Autoregressive errors of order one within entities, :math:`e_{it} = \rho_i e_{i,t-1} + v_{it}`.

    Parameters
    ----------
    by_entity : bool
        Estimate a coefficient for each entity (Stata's ``psar1``), or one for all (False, ``ar1``).
    rho : str or float
        How the coefficient is estimated from residuals (Stata's ``rhotype()``): ``"regress"``, ``"freg"``,
        ``"tscorr"``, ``"dw"``, ``"theil"``, ``"nagar"``, ``"onestep"``. The formulas are in
        `panelvar.panels.gls.autoregression.estimate_coefficients`. A number is taken as the coefficient.
    weights : {"pairs", "rows", "equal", "pooled"}
        How one coefficient is made from those of the entities. It is their mean, weighted by pairs of adjacent rows
        (``xtpcse``), by rows (``xtpcse, np1``) or equally (``xtgls``), or the estimate from all rows together
        (``prais``, ``xtregar``). The means are equal on a balanced panel without gaps.
    bounded : bool
        Set entities' estimates outside [-1, 1] to the nearest end before they are averaged (``xtpcse`` does, ``xtgls``
        does not).
    gaps : {"restart", "exact", "consecutive"}
        What happens at a gap in time. ``"restart"`` begins a new run, whose first row is transformed like an entity's
        first row. ``"exact"`` correlates a row with the one d periods before by :math:`\rho^d`, as the model implies
        (Baltagi and Wu 1999). ``"consecutive"`` takes the row as that of the next period (Stata's ``force``).
    starts : {"keep", "drop"}
        Keep the first rows of runs, times :math:`\sqrt{1 - \rho^2}` (Prais and Winsten 1954), or drop them (Cochrane
        and Orcutt 1949). Where :math:`|\rho| \ge 1` they are always dropped.

    Raises
    ------
    SpecificationError
        If an option is unknown, or a given coefficient lies outside (-1, 1).

    See Also
    --------
    fit_fgls : Takes it as ``autocorrelation``.
    fit_fixed_effects_ar1 : Likewise, with entity effects.

    Notes
    -----
    Where an entity has few rows, ``"regress"`` and ``"freg"`` can leave (-1, 1); ``"tscorr"`` cannot. All are biased
    towards zero by a term of order 1/T, the more so the more regressors there are. Gaps, or few rows per entity, add to
    the bias of four of them. If m of n rows follow another, ``"tscorr"`` and ``"theil"`` tend to :math:`\rho m /
    n`, ``"dw"`` and ``"nagar"`` to :math:`1 - (1 - \rho) m / n`.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> errors = pv.AR1(by_entity=True, rho="tscorr")
    >>> fit = pv.fit_fgls(firms, "invest ~ value + capital", panels="heteroskedastic", autocorrelation=errors)
    >>> fit.params.round(4).to_dict()
    {'const': -21.22, 'value': 0.1004, 'capital': 0.2049}
    """

    by_entity: bool = False
    rho: str | float = "regress"
    weights: str = "pairs"
    bounded: bool = False
    gaps: str = "restart"
    starts: str = "keep"

    def __post_init__(self) -> None:
        """Refuse unknown options."""
        for name in ("by_entity", "bounded"):
            read_flag(name, getattr(self, name))
        if not is_number(self.rho):
            choose("rho", self.rho, METHODS)
        elif not -1.0 < float(self.rho) < 1.0:
            raise SpecificationError(
                f"rho={shown(self.rho)} must be a number between -1 and 1, or the name of an estimator."
            )
        choose("weights", self.weights, ("pairs", "rows", "equal", "pooled"))
        choose("gaps", self.gaps, ("restart", "exact", "consecutive"))
        choose("starts", self.starts, ("keep", "drop"))

    @property
    def words(self) -> str:
        """The specification in words."""
        kind = "by entity" if self.by_entity else "common"
        how = "given" if not isinstance(self.rho, str) else self.rho
        return f"AR(1), {kind} ({how}; {'Prais-Winsten' if self.starts == 'keep' else 'Cochrane-Orcutt'})"


def as_ar1(autocorrelation: object) -> AR1 | None:
    """Return the specification that ``"none"``, ``"ar1"``, ``"psar1"`` or an `AR1` stands for."""
    if isinstance(autocorrelation, AR1):
        return autocorrelation
    name = choose("autocorrelation", autocorrelation, ("none", "ar1", "psar1"))
    return None if name == "none" else AR1(by_entity=name == "psar1")


def estimate_rho(model: AR1, e: Array, runs: Runs, entities: Grouping, k: int) -> tuple[Array, list[Note]]:
    """Estimate the coefficient of each entity, shape (N,), and say where there was nothing to estimate it from."""
    n_entities = entities.n_groups
    if not isinstance(model.rho, str):
        return np.full(n_entities, float(model.rho)), []
    if not runs.adjacent.any():
        raise InsufficientDataError(
            "No entity has rows of two adjacent periods, so no autoregressive coefficient can be estimated. "
            "AR1(gaps='consecutive') ignores gaps."
        )
    if model.weights == "pooled" and not model.by_entity:
        everything = Grouping.from_codes(np.zeros(len(e), dtype=np.intp), 1)
        rho = np.repeat(estimate_coefficients(e, runs, everything, model.rho, k), n_entities)
    else:
        rho = estimate_coefficients(e, runs, entities, model.rho, k)
    missing = np.isnan(rho)
    if missing.all():
        raise InsufficientDataError(
            f"The autoregressive coefficient cannot be estimated by {model.rho!r} from any entity. There are too few "
            f"rows for {count_of(k, 'coefficient')}, or all residuals are zero."
        )
    notes = _few_pairs(model.rho, runs)
    if model.bounded:
        rho = np.clip(rho, -1.0, 1.0)
    if model.by_entity:
        if missing.any():
            text = (
                f"{missing.sum()} of {count_of(n_entities, 'entity', 'entities')} have too few adjacent rows to "
                "estimate rho, which is set to 0 there."
            )
            notes.append(Note("rho-missing", text, warn=True))
        rho = np.where(missing, 0.0, rho)
    elif model.weights != "pooled":
        pairs = np.bincount(entities.codes[runs.adjacent], minlength=n_entities)
        size = {"pairs": pairs, "rows": entities.sizes, "equal": np.ones(n_entities)}[model.weights]
        used = ~missing
        rho = np.full(n_entities, float(np.average(rho[used], weights=size[used])))
    outside = np.abs(rho) >= 1.0
    if outside.any():
        text = f"rho is {rho[0]:.4g}, not inside (-1, 1)."
        if model.by_entity:
            text = f"rho is not inside (-1, 1) for {outside.sum()} of {count_of(n_entities, 'entity', 'entities')}."
        text += (
            " The first row of a run then has no stationary variance, so it is dropped. rho='tscorr' stays inside (-1, "
            "1), and fit_first_difference removes a unit root."
        )
        notes.append(Note("rho-outside", text, warn=True))
    return rho, notes


def _few_pairs(method: str, runs: Runs) -> list[Note]:
    """Say that an estimator which divides by the squares of all rows is biased when few rows follow another."""
    n, pairs = len(runs.adjacent), int(runs.adjacent.sum())
    towards = {"tscorr": "zero", "theil": "zero", "dw": "one", "nagar": "one"}.get(method)
    if towards is None or pairs >= _PAIRS_SHARE * n:
        return []
    text = (
        f"Only {pairs} of {n} rows follow another row by one period. rho={method!r} divides by the squares of all "
        f"rows, which draws the estimate towards {towards}. rho='onestep' and rho='regress' do not do this."
    )
    return [Note("few-pairs", text, warn=True)]


class FreedRows(NamedTuple):
    """Rows freed of autocorrelation.

    Attributes
    ----------
    columns : list of (m,) arrays
    ones : (m,) array
        The transformed constant.
    rows : (m,) array
        The rows that are left.
    log_determinant : float or None
        Log determinant of the transform; None where rows were dropped.
    """

    columns: list[Array]
    ones: Array
    rows: NDArray[np.intp]
    log_determinant: float | None


def transform(model: AR1, columns: Sequence[Array], runs: Runs, rho: Array) -> FreedRows:
    """Transform columns, and a column of ones, with the coefficient of each row."""
    n = len(columns[0])
    moved, rows, log_determinant = remove_autoregression(
        [*columns, np.ones(n)], runs, rho, keep_starts=model.starts == "keep"
    )
    if len(rows) == 0:
        raise InsufficientDataError(
            "No row follows another row of its entity, so nothing is left once first rows are dropped."
        )
    return FreedRows(moved[:-1], moved[-1], rows, log_determinant if len(rows) == n else None)
