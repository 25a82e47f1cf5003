"""Hausman's test as a regression: classical, or robust to correlation within entities."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from panelvar.base.arguments import read_names
from panelvar.base.distributions import chi2_tail
from panelvar.base.errors import PanelVarWarning, SpecificationError, choose
from panelvar.covariance.covariances import Covariance
from panelvar.panel_tests.auxiliary import regress, unweighted
from panelvar.static_panels.result import LinearResult
from panelvar.tables.test_result import TestResult

_PREFIX = "within "


def hausman_regression(
    random: LinearResult,
    *,
    regressors: Sequence[str] | None = None,
    cov: str | Covariance = "classical",
    scale: str | None = None,
) -> TestResult:
    r"""Test fixed against random effects by a regression (plm ``phtest(method = "aux")``, gretl's default).

    Quasi-demeaned y is regressed on the quasi-demeaned regressors and, added, the within-demeaned ones:

    .. math:: y_{it} - \theta_i \bar y_i = (1 - \theta_i) c + (x_{it} - \theta_i \bar x_i)'\beta
              + (x_{it} - \bar x_i)'\gamma + e_{it};

    the Wald test of :math:`\gamma = 0` is Hausman's test (Hausman 1978; Baltagi 2013, section 4.3). Adding
    the quasi-demeaned entity means instead (Mundlak 1978) spans the same space and gives the same statistic.

    Parameters
    ----------
    random : LinearResult
        Random effects of one dimension.
    regressors : sequence of str, optional
        Which regressors are compared; all by default. gretl leaves its time dummies out.
    cov : str or covariance object
        Covariance of the auxiliary regression. Anything but ``"classical"`` makes the test robust.
    scale : {"residual", "rows"}, optional
        What the classical statistic multiplies :math:`(RSS_r - RSS_u) / RSS_u` by: the residual degrees of freedom
        (plm, a Wald statistic) or the rows (gretl). Default: as the convention says. Robust statistics do not use it.

    Returns
    -------
    TestResult
        chi2 with one degree of freedom for each regressor that varies within the dimension.

    Raises
    ------
    SpecificationError
        If the result is not one-way random effects, or no regressor varies within.

    Notes
    -----
    Unlike the matrix form it cannot be negative. The two are not equal in samples; neither is better. The classical
    version needs homoskedastic, serially uncorrelated errors; with others pass
    ``cov="cluster"`` or use `panelvar.panel_tests.mundlak.mundlak_test`. On unbalanced panels plm gives the
    auxiliary regression a plain constant where the model has :math:`1 - \theta_i`, and another statistic.
    """
    design = unweighted(random, "The Hausman regression", ("random",))
    scale = choose("scale", random.convention.hausman_scale if scale is None else scale, ("residual", "rows"))
    fit = random.fit
    rows = fit.rows_or_refuse("The Hausman regression")
    if len(rows.groupings) != 1:
        raise SpecificationError("The Hausman regression is derived here for random effects of one dimension.")
    grouping = rows.groupings[0]
    columns, names, added = [], [], []
    if fit.constant and fit.constant_column is not None:
        columns.append(np.broadcast_to(np.asarray(fit.constant_column, dtype=np.float64), design.nobs).copy())
        names.append("transformed constant")
    for i, name in zip(fit.kept, fit.slope_names, strict=True):
        columns.append(rows.column(int(i)).copy())
        names.append(name)
    chosen = fit.slope_names if regressors is None else read_names("regressors", regressors)
    unknown = [name for name in chosen if name not in fit.slope_names]
    if unknown:
        raise SpecificationError(f"{unknown[0]!r} is not a regressor of the model: {', '.join(fit.slope_names)}.")
    for i, name in zip(fit.kept, fit.slope_names, strict=True):
        if name not in chosen:
            continue
        column = design.x[int(i)]
        within = column - grouping.means(column)[grouping.codes]
        if np.linalg.norm(within) > 1e-9 * np.linalg.norm(column):
            added.append(_PREFIX + name)
            columns.append(within)
            names.append(_PREFIX + name)
    if not added:
        raise SpecificationError("No regressor varies within the random dimension: there is nothing to compare.")
    y = rows.column(rows.n_columns - 1).copy()
    with warnings.catch_warnings():
        # A regressor without variation between loses one of its two columns, which is what the test wants.
        warnings.simplefilter("ignore", PanelVarWarning)
        full = regress(design, y, columns, names, cov=cov, convention=random.convention)
        tested = [name for name in added if name in full.names]
        if full.covariance.classical:
            short = [i for i, name in enumerate(names) if name not in tested]
            part = [columns[i] for i in short]
            less = regress(design, y, part, [names[i] for i in short], cov="classical", convention=random.convention)
            size = full.df_resid if scale == "residual" else full.nobs
            statistic = (less.rss - full.rss) / full.rss * size
        else:
            selection = np.eye(len(full.names))[[full.names.index(name) for name in tested]]
            gap = selection @ full.fit.coefficients
            statistic = float(gap @ np.linalg.solve(selection @ full.covariance.matrix @ selection.T, gap))
    df = float(len(tested))
    label = "Hausman (regression)" if full.covariance.classical else f"Hausman (regression, {full.cov_label})"
    null = "the effects are uncorrelated with the regressors"
    return TestResult(label, float(statistic), chi2_tail(float(statistic), df), "chi2", df, None, null)
