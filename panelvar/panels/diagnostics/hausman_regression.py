"""Random against fixed effects by a regression, under any covariance: of deviations (Hausman) or of means (Mundlak)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from panelvar.core.base.arguments import read_names
from panelvar.core.base.chosen_names import chosen_names
from panelvar.core.base.errors import Note, PanelVarWarning, SpecificationError, choose, emit
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.tables.test_result import TestResult, chi2_test
from panelvar.estimates.coefficients.wald import deficient_note
from panelvar.estimates.covariance.covariances import Clustered, Covariance
from panelvar.estimates.sizes.known_sizes import mundlak_size_notes
from panelvar.kernels.linear.quadratic_form import quadratic_form
from panelvar.kernels.linear.variance_components import Components
from panelvar.panels.diagnostics.auxiliary import (
    fit_auxiliary,
    level_rows,
    linear_result,
    transformed_columns,
)
from panelvar.panels.random_effects.correlated import with_means
from panelvar.panels.random_effects.random import components_model
from panelvar.panels.static.finish import finish
from panelvar.panels.static.result import LinearResult

_PREFIX = "within "


@answering
def hausman_regression_test(
    random: LinearResult,
    *,
    regressors: Sequence[str] | None = None,
    cov: str | Covariance = "classical",
    scale: str | None = None,
) -> TestResult:
    r"""Test fixed against random effects by a regression (plm ``phtest(method = "aux")``, gretl's default).

    Quasi-demeaned y is regressed on the quasi-demeaned regressors and on the within-demeaned ones:

    .. math:: y_{it} - \theta_i \bar y_i = (1 - \theta_i) c + (x_{it} - \theta_i \bar x_i)'\beta
              + (x_{it} - \bar x_i)'\gamma + e_{it};

    the Wald test of :math:`\gamma = 0` is Hausman's test (Hausman 1978; Baltagi 2013, section 4.3). Adding the
    quasi-demeaned entity means instead (Mundlak 1978) spans the same space and gives the same statistic.

    Parameters
    ----------
    random : LinearResult
        Random effects of one dimension.
    regressors : sequence of str, optional
        Which regressors are compared; all by default. gretl leaves its time dummies out.
    cov : str or covariance object
        Covariance of the auxiliary regression. Anything but ``"classical"`` makes the test robust.
    scale : {"residual", "rows"}, optional
        What multiplies :math:`(RSS_r - RSS_u) / RSS_u` in the classical statistic: the residual degrees of freedom
        (plm, a Wald statistic) or the rows (gretl). Default: the convention's. Robust statistics do not use it.

    Returns
    -------
    TestResult
        chi2 with one degree of freedom for each regressor that varies within the dimension; under `BiasReduced`, F
        with its degrees of freedom.

    Raises
    ------
    SpecificationError
        If the result is not one-way random effects, or no regressor varies within.

    See Also
    --------
    hausman_test : The matrix form, for any two estimators.
    mundlak_test : The same with the means, clustered.

    Notes
    -----
    Unlike the matrix form, this statistic cannot be negative. The two are not equal in samples; neither is better. The
    classical version needs homoskedastic, serially uncorrelated errors: otherwise pass ``cov="cluster"`` or use
    `mundlak_test`. On unbalanced panels plm has a plain constant in the auxiliary regression where the model has
    :math:`1 - \theta_i`, and another statistic.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> random = pv.fit_random_effects(states, "frate ~ beertax + unemp")
    >>> pv.hausman_regression_test(random)
    <Hausman (regression): chi2(2) = 21.3772, p < 0.0001>
    >>> pv.hausman_regression_test(random, cov="cluster")
    <Hausman (regression, clustered by state): chi2(2) = 23.3227, p < 0.0001>
    """
    design = level_rows(random, "The Hausman regression", ("random",))
    scale = choose("scale", random.convention.hausman_scale if scale is None else scale, ("residual", "rows"))
    fit = random.fit
    rows = fit.rows_or_refuse("The Hausman regression")
    if len(rows.groupings) != 1:
        raise SpecificationError("The Hausman regression needs random effects of one dimension.")
    grouping = rows.groupings[0]
    x, y, _ = transformed_columns(random)
    constant = ["transformed constant"] if x.shape[1] > len(fit.kept) else []
    columns, names, added = list(x.T), [*constant, *fit.slope_names], []
    wanted = fit.slope_names if regressors is None else read_names("regressors", regressors)
    chosen = chosen_names("regressors", wanted, fit.slope_names)
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
        raise SpecificationError("No regressor varies within the random dimension, so there is nothing to compare.")
    notes: tuple[Note, ...] = ()
    with warnings.catch_warnings():
        # A regressor without variation between loses one of its two columns, as it should for this test.
        warnings.simplefilter("ignore", PanelVarWarning)
        full = fit_auxiliary(design, y, columns, names, cov=cov, convention=random.convention)
        full.fit.refuse_exact("Hausman's test by a regression")
        tested = [name for name in added if name in full.names]
        if full.covariance.classical:
            short = [i for i, name in enumerate(names) if name not in tested]
            part = [columns[i] for i in short]
            less = fit_auxiliary(
                design, y, part, [names[i] for i in short], cov="classical", convention=random.convention
            )
            size = full.df_resid if scale == "residual" else full.nobs
            statistic = (less.rss - full.rss) / full.rss * size
        else:
            selection = np.eye(len(full.names))[[full.names.index(name) for name in tested]]
            if full.covariance.degrees is None:
                notes = mundlak_size_notes(len(tested), grouping.n_groups)
            gap = selection @ full.fit.coefficients
            form = quadratic_form(gap, selection @ full.covariance.matrix @ selection.T)
            statistic = float(form.statistic)
            if not form.determined:
                statistic, notes = float("nan"), (deficient_note(full.covariance, len(tested), int(form.rank)),)
    emit(notes)
    label = "Hausman (regression)" if full.covariance.classical else f"Hausman (regression, {full.cov_label})"
    null = "the effects are uncorrelated with the regressors"
    if full.covariance.degrees is not None:
        # A covariance that has its own degrees of freedom has its own F (HTZ).
        return replace(full.wald_test(selection), name=label, null=null)
    return chi2_test(label, float(statistic), len(tested), null, notes)


@answering
def mundlak_test(result: LinearResult, *, cov: str | Covariance = "cluster") -> TestResult:
    r"""Test that the effects are uncorrelated with the regressors, by the coefficients of the regressors' means.

    :math:`H_0: \delta = 0` in :math:`y_{it} = c + x_{it}'\beta + \bar x_i'\delta + u_{it}`, estimated with the result's
    variance components, by a Wald statistic under ``cov`` (Mundlak 1978; Arellano 1993). With the default it is the
    cluster-robust version of Hausman's test; under ``convention="stata"`` it equals Stata's ``xtoverid`` after
    ``xtreg, re cluster()``. Unlike Hausman's, it does not need random effects to be efficient, and cannot be negative.

    Parameters
    ----------
    result : LinearResult
        One-way random effects.
    cov : str or covariance
        Clustered by entity by default; by the random dimension if that is time.

    Returns
    -------
    TestResult
        chi2 with as many degrees of freedom as means, or F where the convention takes t for random effects.

    Raises
    ------
    SpecificationError
        If the result is not one-way random effects, or its means are among its regressors already.

    See Also
    --------
    hausman_test : Classical errors only.
    fit_correlated_random_effects : The model whose coefficients are tested.

    Notes
    -----
    It says nothing about time-invariant regressors. With few clusters the Wald statistic rejects too often.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> random = pv.fit_random_effects(states, "frate ~ beertax + unemp")
    >>> pv.mundlak_test(random)
    <Mundlak: chi2(2) = 23.3227, p < 0.0001>
    """
    linear_result("The Mundlak test", result)
    fit = result.fit
    if not isinstance(fit.components, Components):
        raise SpecificationError(f"The Mundlak test needs one-way random effects, but this is {result.estimator}.")
    fit.rows_or_refuse("The Mundlak test")
    fit.refuse_instruments("The Mundlak test", "compare fit_iv_fixed_effects with fit_iv_random_effects by hausman.")
    (dimension,) = fit.effects
    effects = "entity" if fit.source.group_by(dimension)[0] is fit.source.entities else "time"
    if isinstance(cov, str) and cov == "cluster" and effects == "time":
        cov = Clustered("time")
    used = replace(fit.source, names=fit.slope_names, x=tuple(fit.source.x[i] for i in fit.kept), notes=())
    augmented, means = with_means(used, effects)
    model = components_model(augmented, effects, "swamy-arora", result.convention, "Mundlak regression", fit.components)
    larger = finish(model, cov, result.convention, "drop")
    test = larger.wald_test(list(means))
    notes = (*larger.covariance.notes, *test.notes)
    if not larger.covariance.classical and larger.covariance.degrees is None:
        notes += mundlak_size_notes(len(means), fit.source.group_by(dimension)[0].n_groups)
    null = f"the {dimension} effects are uncorrelated with the regressors' means"
    return replace(test, name="Mundlak", null=null, notes=notes)
