"""Mundlak's test: random against fixed effects by a Wald test of means, valid under any covariance."""

from __future__ import annotations

from dataclasses import replace

from panelvar.base.errors import SpecificationError
from panelvar.covariance.covariances import Covariance
from panelvar.kernels.variance_components import Components
from panelvar.panel_tests.auxiliary import linear_result
from panelvar.random_effects.correlated import with_means
from panelvar.random_effects.random import components_model
from panelvar.static_panels.finish import finish
from panelvar.static_panels.result import LinearResult
from panelvar.tables.test_result import TestResult


def mundlak_test(result: LinearResult, *, cov: str | Covariance = "cluster") -> TestResult:
    r"""Test that the effects are uncorrelated with the regressors, by the coefficients of the regressors' means.

    :math:`H_0: \delta = 0` in :math:`y_{it} = c + x_{it}'\beta + \bar x_i'\delta + u_{it}`, estimated with the result's
    variance components, by a Wald statistic under ``cov`` (Mundlak 1978; Arellano 1993). With the default it is the
    cluster-robust version of Hausman's test, and equals Stata's ``xtoverid`` after ``xtreg, re cluster()`` under
    ``convention="stata"``; unlike Hausman's it needs no efficiency of random
    effects and cannot be negative.

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

    Notes
    -----
    It says nothing about time-invariant regressors. With few clusters the Wald statistic rejects too often.

    Examples
    --------
    >>> import numpy as np, pandas as pd, panelvar as pv
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"i": np.repeat(np.arange(80), 5), "t": np.tile(np.arange(5), 80)})
    >>> effect = rng.standard_normal(80)[frame["i"]]
    >>> frame["x"] = effect + rng.standard_normal(400)
    >>> frame["y"] = frame["x"] + effect + rng.standard_normal(400)
    >>> random = pv.fit_random_effects(pv.Panel(frame, "i", "t"), "y", "x")
    >>> pv.mundlak_test(random).pvalue < 0.001
    True
    """
    linear_result("The Mundlak test", result)
    fit = result.fit
    if not isinstance(fit.components, Components):
        raise SpecificationError(f"The Mundlak test needs one-way random effects; this is {result.estimator}.")
    fit.rows_or_refuse("The Mundlak test")
    fit.refuse_instruments("The Mundlak test", "compare fit_iv_fixed_effects with fit_iv_random_effects by hausman.")
    (dimension,) = fit.effects
    effects = "entity" if fit.source.group_by(dimension)[0] is fit.source.entities else "time"
    if isinstance(cov, str) and cov == "cluster" and effects == "time":
        from panelvar.covariance.covariances import Clustered

        cov = Clustered("time")
    used = replace(
        fit.source,
        names=fit.slope_names,
        x=tuple(fit.source.x[i] for i in fit.kept),
        notes=(),
    )
    augmented, means = with_means(used, effects)
    model = components_model(augmented, effects, "swamy-arora", result.convention, "Mundlak regression", fit.components)
    larger = finish(model, cov, result.convention, "drop")
    test = larger.wald_test(list(means))
    notes = (*larger.covariance.notes, *test.notes)
    null = f"the {dimension} effects are uncorrelated with the regressors' means"
    return replace(test, name="Mundlak", null=null, notes=notes)
