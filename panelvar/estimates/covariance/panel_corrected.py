r"""Panel-corrected covariances: errors correlated across units at the same date, one covariance a pair for all dates.

.. math:: M = \sum_t \sum_i \sum_j \hat\sigma_{ij}\, x_{it} x_{jt}'

Residuals give the covariances: :math:`\hat\sigma_{ij} = \sum_t e_{it} e_{jt} / T_{ij}` over the dates that both units
have (pairwise), or over those that all have (casewise).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import read_flag
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import InsufficientDataError, Note, choose
from panelvar.core.base.unknown_arguments import answering
from panelvar.estimates.covariance.cluster_terms import mended
from panelvar.estimates.covariance.covariances import KINDS, CovarianceEstimate, inference_df, multiplier, symmetric
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit import Fit
from panelvar.estimates.fit.small_samples import heteroskedastic_factor
from panelvar.kernels.linear.groups import Grouping, equal_runs


@answering
@dataclass(frozen=True)
class PanelCorrected:
    r"""Panel-corrected covariance (PCSE): errors are correlated across entities in a period, not over time.

    .. math:: M = \sum_t X_t' \hat\Sigma X_t, \qquad
              \hat\sigma_{ij} = \frac{1}{T_{ij}} \sum_{t} \tilde e_{it} \tilde e_{jt}

    There is one covariance for each pair of entities, estimated over the periods that both have (``pairwise``) or over
    those that all entities have (casewise). ``cluster="entity"`` swaps the roles: there is one T x T covariance of the
    errors of an entity over time, the same for every entity, and none across entities.

    Parameters
    ----------
    pairwise : bool
        Use all the periods of each pair (``xtpcse, pairwise``; plm, gretl); False: the balanced periods only (Stata's
        ``xtpcse`` and R's pcse by default). Equal on balanced panels.
    cluster : {"time", "entity"}
        Errors are correlated within a period, or within an entity (plm's ``vcovBK(cluster=)``: "time" and "group").
    diagonal : bool
        Variances only: one for each entity (``xtpcse, hetonly``), or, with ``cluster="entity"``, for each period.
    residuals : {"HC0", "HC1", "HC2", "HC3", "HC4", "HC4m", "HC5"}
        Row-wise adjustment of the residuals; HC1 multiplies by n / (n - k) (plm's ``type``).

    Raises
    ------
    SpecificationError
        If an option is unknown, or the fit is a regression of entity means, which has no periods.
    InsufficientDataError
        If there are fewer than two periods or, casewise, no period has every entity.

    See Also
    --------
    fit_fgls : Estimates by the same covariance.
    DriscollKraay : Correlated over time too.

    Notes
    -----
    Errors must not be correlated over time: if they are, add a lagged dependent variable, or use `DriscollKraay`. T
    should exceed N, since N(N+1)/2 covariances come from T periods: a warning says where it does not. With many
    entities and few periods, cluster by entity.

    Pairwise covariances of an unbalanced panel need not form a positive semi-definite matrix. Negative eigenvalues of
    the result are set to zero with a warning (or left, by the convention's ``repair_multiway``).

    References
    ----------
    Beck and Katz (1995), American Political Science Review 89(3), 634-647; Bailey and Katz (2011), Journal of
    Statistical Software 42, Code Snippet 1, on unbalanced panels.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> fit = pv.fit_pooled(firms, "invest ~ value + capital", cov=pv.PanelCorrected())
    >>> fit.std_errors.round(4).to_dict()
    {'const': 5.9948, 'value': 0.0072, 'capital': 0.0282}
    """

    pairwise: bool = True
    cluster: str = "time"
    diagonal: bool = False
    residuals: str = "HC0"

    def __post_init__(self) -> None:
        """Refuse unknown options."""
        choose("cluster", self.cluster, ("time", "entity"))
        choose("residuals", self.residuals, KINDS)
        for name in ("pairwise", "diagonal"):
            read_flag(name, getattr(self, name))

    def __call__(self, fit: Fit, convention: Convention) -> CovarianceEstimate:
        """Estimate the covariance."""
        fit.dates("A panel-corrected covariance")
        x = _regressors(fit)
        e = fit.transformed_residuals
        weight = multiplier(fit, convention, self.residuals)
        if weight is not None:
            e = e * weight
        units, dates = fit.design.entities, fit.design.times
        if self.cluster == "entity":
            # The kernel wants rows sorted by unit, then date.
            order = np.argsort(dates.codes, kind="stable")
            units, dates = (Grouping.from_codes(g.codes[order], g.n_groups) for g in (dates, units))
            x, e = x[order], e[order]
        if self.diagonal:
            meat = diagonal_meat(x, e, units)
        else:
            meat = correlated_meat(x, e, units, dates, pairwise=self.pairwise)
        factor = heteroskedastic_factor(convention, fit.counts, "HC1") if self.residuals == "HC1" else 1.0
        matrix = symmetric(factor * fit.sandwich(meat))
        matrix, found = mended(fit, convention, matrix, "pairwise panel-corrected")
        balanced = fit.counts.rows == units.n_groups * dates.n_groups
        words = [
            "variances only" if self.diagonal else "",
            "" if balanced or self.diagonal else "pairwise" if self.pairwise else "casewise",
            "within entities" if self.cluster == "entity" else "",
        ]
        detail = ", ".join(word for word in words if word)
        notes = [Note("factor", f"Panel-corrected: small-sample factor {factor:.6g}."), *found]
        if not self.diagonal and units.n_groups > dates.n_groups:
            pair = ("entities", "periods") if self.cluster == "time" else ("periods", "entities")
            notes.append(
                Note(
                    "many-covariances",
                    f"The {units.n_groups * (units.n_groups + 1) // 2} covariances of {units.n_groups} {pair[0]} "
                    f"are estimated from {dates.n_groups} {pair[1]}, so panel-corrected errors are unreliable.",
                    warn=True,
                )
            )
        if convention.corrected_df == "normal":
            df = float("inf")
        elif convention.corrected_df == "entities":
            df = fit.design.entities.n_groups - 1
        else:
            df = fit.counts.residual_df
        return CovarianceEstimate(
            matrix,
            f"panel-corrected ({detail})" if detail else "panel-corrected",
            inference_df(fit, convention, df),
            factor,
            notes=tuple(notes),
        )


def _regressors(fit: Fit) -> Array:
    """Return the transformed regressors in the orthonormal basis, the constant's column first, shape (n, p)."""
    rows = fit.rows_or_refuse("A panel-corrected covariance")
    lead = int(fit.constant)
    out = np.empty((rows.n_rows, len(fit.kept) + lead))
    if lead:
        out[:, 0] = fit.constant_column
    for start, stop, block in rows.blocks():
        out[start:stop, lead:] = block[:, fit.kept] @ fit.solution.inverse_r
    return out


CHUNK = 1 << 21
"""Numbers in a slice of the units x units matrix, or of sums by pair of dates: all of them that exist at a time."""
A_SET = 2_000
"""What a set of dates costs beside its products, in products of units: calls of NumPy."""


def diagonal_meat(x: Array, e: Array, units: Grouping) -> Array:
    r"""Return :math:`\sum_i \hat\sigma_{ii} \sum_t x_{it} x_{it}'`: a variance for each unit, nothing between them.

    Parameters
    ----------
    x : (n, p) array
    e : (n,) array
    units : Grouping
    """
    variance = units.sums(e * e) / units.sizes
    return x.T @ (x * variance[units.codes][:, None])


def correlated_meat(x: Array, e: Array, units: Grouping, dates: Grouping, *, pairwise: bool) -> Array:
    """Return the meat with all covariances between units.

    On dates that all units share, the covariances are ``E'E / T``, of rank T: with fewer dates than units the meat is
    summed over pairs of dates instead of pairs of units. Pairwise, units that have the same dates share as many of them
    with any other unit: where there are few sets of dates, the meat is summed over pairs of these. Otherwise a slice of
    units at a time meets all others.

    Parameters
    ----------
    x : (n, p) array
    e : (n,) array
    units : Grouping
        Of the rows, which are sorted by unit.
    dates : Grouping
    pairwise : bool
        Estimate each covariance from the dates that its two units share, not from those that all units share.

    Raises
    ------
    InsufficientDataError
        If, casewise, no date has all units.
    """
    complete = dates.sizes == units.n_groups
    if not pairwise or complete.all():
        if not complete.any():
            raise InsufficientDataError(
                "The casewise covariance uses the periods in which every entity is observed, and there are none."
            )
        if units.n_groups > dates.n_groups:
            return _by_dates(x, e, units, dates, complete)
    else:
        complete = np.ones(dates.n_groups, dtype=bool)
        # Products for sums by set, and of pairs of sets, at most as many as of pairs of units.
        most = units.n_groups**2 - len(e)
        if most > 0:
            starts = np.concatenate(([0], np.cumsum(units.sizes)))
            sets = equal_runs(dates.codes, starts)
            if len(sets) * (len(sets) * dates.n_groups + A_SET) <= most:
                return _by_sets(
                    x, e, dates, [starts[alike][:, None] + np.arange(units.sizes[alike[0]]) for alike in sets]
                )
    return _by_units(x, e, units, dates, complete)


def _by_dates(x: Array, e: Array, units: Grouping, dates: Grouping, complete: NDArray[np.bool_]) -> Array:
    """Sum ``a_ts a_ts' / T`` with ``a_ts = sum_i x_it e_is`` over dates t and complete dates s."""
    count = int(complete.sum())
    used = complete[dates.codes]
    # Rows are sorted by unit, then date, and every unit has every complete date.
    residuals = e[used].reshape(units.n_groups, count)
    meat = np.zeros((x.shape[1],) * 2)
    order = np.argsort(dates.codes, kind="stable")
    edges = np.concatenate(([0], np.cumsum(dates.sizes)))
    for t in range(dates.n_groups):
        rows = order[edges[t] : edges[t + 1]]
        moved = x[rows].T @ residuals[units.codes[rows]]
        meat += moved @ moved.T
    return meat / count


def _by_sets(x: Array, e: Array, dates: Grouping, sets: Sequence[NDArray[np.intp]]) -> Array:
    r"""Sum over pairs of sets of dates, given the rows (units, dates) of the units that have each.

    .. math:: M = \sum_a \sum_b \frac{1}{T_{ab}} \sum_t \sum_s A_{ats} A_{bts}', \qquad
              A_{ats} = \sum_{i \in a} x_{it} e_{is}
    """
    count, n_dates, p = len(sets), dates.n_groups, x.shape[1]
    present = np.zeros((count, n_dates))
    for place, rows in enumerate(sets):
        present[place, dates.codes[rows[0]]] = 1.0
    shares = 1.0 / np.maximum(present @ present.T, 1.0)
    step = max(1, CHUNK // (count * n_dates * p))
    meat = np.zeros((p, p))
    for first in range(0, n_dates, step):
        sums = np.zeros((p, count, min(step, n_dates - first), n_dates))
        for place, rows in enumerate(sets):
            own = dates.codes[rows[0]]
            inside = slice(*np.searchsorted(own, (first, first + step)))
            moved = x[rows[:, inside]].reshape(len(rows), -1).T @ e[rows]
            where = np.ix_(np.arange(p), own[inside] - first, own)
            sums[:, place][where] = moved.reshape(-1, p, len(own)).swapaxes(0, 1)
        flat = sums.reshape(p, count, -1)
        meat += flat.reshape(p, -1) @ (shares @ flat).reshape(p, -1).T
    return meat


def _by_units(x: Array, e: Array, units: Grouping, dates: Grouping, used: NDArray[np.bool_]) -> Array:
    """Multiply a slice of the units' covariances with the regressors of all units at every date."""
    p = x.shape[1]
    starts = np.concatenate(([0], np.cumsum(units.sizes)))
    n_dates = dates.n_groups
    inside = used[dates.codes]
    present = _table(inside.astype(float)[:, None], starts, dates.codes, n_dates)
    residuals = _table(np.where(inside, e, 0.0)[:, None], starts, dates.codes, n_dates)
    regressors = _table(x, starts, dates.codes, n_dates)
    width = max(units.n_groups, n_dates * p)
    step = max(1, CHUNK // width)
    meat = np.zeros((p, p))
    for first in range(0, units.n_groups, step):
        last = min(first + step, units.n_groups)
        shared = _dense(present[first:last] @ present.T)
        covariance = _dense(residuals[first:last] @ residuals.T) / np.maximum(shared, 1.0)
        spread = (covariance @ regressors).reshape(last - first, n_dates, p)
        rows = slice(starts[first], starts[last])
        meat += x[rows].T @ spread[units.codes[rows] - first, dates.codes[rows]]
    return meat


def _table(values: Array, starts: NDArray[np.integer], codes: NDArray[np.integer], n_dates: int) -> Any:
    """Lay (n, p) rows sorted by unit out as units x (dates, p), sparse unless most dates are there."""
    import scipy.sparse

    p = values.shape[1]
    places = (codes[:, None] * p + np.arange(p)).ravel()
    table = scipy.sparse.csr_array((values.ravel(), places, starts * p), shape=(len(starts) - 1, n_dates * p))
    return table.toarray() if 4 * len(codes) >= n_dates * (len(starts) - 1) else table


def _dense(table: Any) -> Array:
    return table if isinstance(table, np.ndarray) else table.toarray()
