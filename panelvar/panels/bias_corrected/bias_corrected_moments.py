"""Autoregressions of a panel by moments of least squares that are freed of their bias."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import Note, SpecificationError, emit
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.layout import Fact
from panelvar.estimates.covariance.covariances import Clustered, CovarianceEstimate
from panelvar.kernels.dynamics.profile_moments import ProfileMoments, bias_weights, row_moments
from panelvar.panels.bias_corrected.corrected_result import CorrectedResult, corrected_fit, exact_result
from panelvar.panels.bias_corrected.lagged_rows import LaggedRows, WithinCube, lagged_rows, within_cube

FEW_ENTITIES = 20
"""Sums over fewer entities or clusters are a poor guide to the moments' variance."""


@documented
def fit_bias_corrected_moments(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    lags: int = 1,
    time_effects: bool = False,
    cov: str | Clustered = "robust",
    missing: str = "drop",
) -> CorrectedResult:
    r"""Fit an autoregression of a panel with fixed effects by moments that are corrected for their bias.

    .. math:: y_{it} = \sum_{j=1}^p \rho_j y_{i,t-j} + x_{it}'\beta + \alpha_i + \varepsilon_{it}, \qquad
              \sum_i\left[\begin{pmatrix} y_{i,-j}' \\ x_i' \end{pmatrix} M_ie_i(\theta)
              - \begin{pmatrix} b_{ij}(\rho) \\ 0 \end{pmatrix} \frac{e_i(\theta)'M_ie_i(\theta)}{T_i - 1}\right] = 0

    Here :math:`M_i` takes an entity's means out, and :math:`b_{ij}(\rho) = \operatorname{tr}(M_iC_j(\rho))` is the
    covariance of the j-th lag with the errors' deviations from their mean, for errors of variance one. Least squares
    leaves this second term out, which biases it in proportion to 1/T.

    Parameters
    ----------
    {data, y (dynamic)}
    x : str or sequence of str, optional
        Regressors, columns or expressions such as ``"L(w)"``, strictly exogenous: independent of the errors of all
        periods.
    {lags (dynamic)}
    time_effects : bool
        Effects of the periods beside those of the entities.
    cov : {"robust"} or Clustered
        Sandwich of the moments summed by entity, or by coarser clusters: ``Clustered("sector")``.
    {missing}

    Returns
    -------
    CorrectedResult

    Raises
    ------
    InsufficientDataError
        No entity has two rows, or there are fewer rows than coefficients.
    CollinearityError
        A lag does not vary beside the regressors.
    SpecificationError
        You asked for another covariance, or for clusters that entities move between.

    See Also
    --------
    fit_lsdvc : Few entities, errors by bootstrap.
    fit_arellano_bond : Regressors that past errors move.
    fit_panel_var : Systems: ``method="corrected-moments"``.

    Notes
    -----
    See Bun and Carree (2005), Dhaene and Jochmans (2016) and Breitung, Kripfganz and Hayakawa (2022, Econometrics and
    Statistics; Stata's ``xtdpdbc, fe``). The estimator is consistent for many entities however few their periods, and
    uses no instruments. It needs exogenous regressors, and errors that are uncorrelated over time and have the same
    variance in all periods of an entity (entities may differ). It assumes nothing about first periods or effects. Gaps
    may stay: pairs of rows count by their distance on the calendar. If past errors move a regressor (predetermined,
    endogenous), use `fit_arellano_bond`.

    The moments have several zeros. The estimate is the one reached from least squares as the correction grows from none
    to all of it, with moments that fall in every direction on the way. Where series are persistent and entities few,
    there may be no such zero: the coefficients are then where the moments are nearest to zero, a warning says so, and
    there are no standard errors. Without regressors a root of one is the limit: the moments do not identify it to the
    first order (Dhaene and Jochmans 2016).

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("employment")
    >>> fit = pv.fit_bias_corrected_moments(firms, "log(emp) ~ log(wage) + log(capital)")
    >>> fit.params.round(4).to_dict()
    {'L(log(emp))': 0.7796, 'log(wage)': -0.461, 'log(capital)': 0.2429}
    >>> fit.std_errors.round(4).to_dict()
    {'L(log(emp))': 0.1171, 'log(wage)': 0.1117, 'log(capital)': 0.058}
    """
    rows = lagged_rows(data, y, x, lags=lags, time_effects=time_effects, missing=missing)
    estimator = "Bias-corrected method of moments"
    choices = (Fact("Correction", "moments"), Fact("Lags", str(rows.lags)))
    if rows.within.rss == 0.0:
        return exact_result(rows, estimator, choices)
    cube = within_cube(rows)
    moments = profile(cube)
    root = moments.root()
    own = (root.lags if root.found else moments.nearest(root.lags))[:, 0]
    slopes = cube.flat_basis.T @ (cube.y - cube.lagged @ own).ravel()
    notes: list[Note] = []
    if not root.found:
        text = (
            "The corrected moments have no zero that the search can reach from least squares, because the series are "
            f"too persistent for {count_of(rows.design.entities.n_groups, 'entity', 'entities')}. The reported "
            "coefficients are where the moments come nearest to zero, and they have no standard errors. More periods "
            "or regressors may help, or fit_blundell_bond."
        )
        notes.append(Note("no-root", text, warn=True))
    covariances = partial(_covariance, rows, cube, np.concatenate((own, slopes)), found=root.found)
    estimate = covariances(cov)
    fit = corrected_fit(
        rows,
        cube,
        own,
        slopes,
        sigma2=None,
        choices=choices,
        notes=(*rows.design.notes, *notes),
    )
    fit = replace(fit, covariances=covariances)
    result = CorrectedResult(fit, estimate, estimator)
    emit((*notes, *estimate.notes))
    return result


def profile(cube: WithinCube) -> ProfileMoments:
    """The moments of the lags with all else at its best."""
    columns = np.concatenate((cube.y[..., None], cube.lagged), axis=2)
    flat, basis = columns.reshape(cube.mask.size, columns.shape[2]), cube.flat_basis
    left = (flat - basis @ (basis.T @ flat)).reshape(columns.shape)
    return ProfileMoments.of(np.swapaxes(left, 1, 2) @ left, bias_weights(cube.mask), 1)


def _influence(cube: WithinCube, coefficients: Array) -> Array:
    """What each entity adds to the coefficients of lags and basis, (N, p + k)."""
    p = cube.lagged.shape[2]
    columns = np.concatenate((cube.lagged, cube.basis), axis=2)[cube.where]
    errors = cube.y[cube.where] - columns @ coefficients
    found = row_moments(columns, errors[:, None], cube.where[0], bias_weights(cube.mask), coefficients[:p, None])
    own = np.zeros((len(cube.mask), len(coefficients)))
    np.add.at(own, cube.where[0], found.influence()[:, :, 0])
    return own


def _covariance(
    rows: LaggedRows, cube: WithinCube, coefficients: Array, cov: object, *, found: bool
) -> CovarianceEstimate:
    """The sandwich of the moments by entity or cluster, for lags and regressors in the caller's units."""
    design = rows.design
    own = _influence(cube, coefficients) if found else np.zeros((design.entities.n_groups, len(coefficients)))
    label, count = "Robust, entity moments", design.entities.n_groups
    by: tuple[object, ...] = ()
    if isinstance(cov, Clustered):
        own, label, count = _sum_by_cluster(rows, own, cov)
        by = cov.by
    elif not (isinstance(cov, str) and cov in ("robust", "cluster")):
        raise SpecificationError(
            f"cov={shown(cov)} is not available for corrected moments. Use 'robust', which sums them by entity, or "
            "Clustered(column), which sums them by coarser clusters."
        )
    notes = []
    if count < FEW_ENTITIES:
        text = (
            f"The moments are sums over only {count} entities or clusters, so the estimate of their variance is rough."
        )
        notes.append(Note("few-clusters", text, warn=True))
    size = len(rows.names)
    if not found:
        return CovarianceEstimate(np.full((size, size), np.nan), "none", np.inf, notes=tuple(notes), by=by)
    chosen = np.concatenate((own[:, : rows.lags], cube.slopes(own[:, rows.lags :])), axis=1)
    return CovarianceEstimate(chosen.T @ chosen, label, np.inf, notes=tuple(notes), by=by)


def _sum_by_cluster(rows: LaggedRows, own: Array, cov: Clustered) -> tuple[Array, str, int]:
    """Sum what the entities add by cluster."""
    design = rows.design
    if len(cov.by) > 1:
        raise SpecificationError(
            "Give Clustered one dimension here: the moments are summed within one dimension of clusters."
        )
    groups, label = design.group_by(cov.by[0])
    first = groups.codes[design.entity_starts[:-1]]
    moving = np.unique(design.entities.codes[groups.codes != first[design.entities.codes]])
    if len(moving):
        raise SpecificationError(
            f"{label!r} changes within {count_of(len(moving), 'entity', 'entities')}, such as "
            f"{design.entity_labels[moving[0]]!r}. Each entity must lie in one cluster, because its moments are summed "
            "there."
        )
    summed = np.zeros((groups.n_groups, own.shape[1]))
    np.add.at(summed, first, own)
    return summed, f"Clustered by {label}", groups.n_groups
