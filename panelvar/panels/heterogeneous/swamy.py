"""Swamy's random coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from panelvar.core.base.arguments import read_entity_terms
from panelvar.core.base.errors import Note, NumericalError, choose
from panelvar.core.base.shared_parameters import documented
from panelvar.core.tables.test_result import chi2_test
from panelvar.data.formulas.design import build_design
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.panels.heterogeneous.random_coefficients import random_coefficients
from panelvar.panels.heterogeneous.result import HeterogeneousResult
from panelvar.panels.heterogeneous.unit_fits import UnitFits, fit_units, refuse_exact, with_trend

# An excess of the constancy statistic over its chi-squared mean above this share is worth a note.
_EXCESS = 0.05


@documented
def fit_swamy(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    dispersion: str | None = None,
    trend: str | None = None,
    min_rows: int | None = None,
    unusable: str = "drop",
    convention: str | Convention = "default",
    missing: str = "drop",
) -> HeterogeneousResult:
    r"""Fit Swamy's random-coefficients model by generalised least squares.

    .. math:: y_{it} = z_{it}'\beta_i + u_{it}, \qquad \beta_i \sim (\beta, \Delta), \qquad
              b = \sum_i W_i b_i, \qquad W_i = \Big(\sum_j (\Delta + V_j)^{-1}\Big)^{-1} (\Delta + V_i)^{-1},

    with :math:`V_i = s_i^2 (Z_i'Z_i)^{-1}`, :math:`\Delta = S - \frac1N\sum_i V_i`, :math:`S` the sample covariance of
    the :math:`b_i`; the covariance of b is :math:`(\sum_j (\Delta + V_j)^{-1})^{-1}`.

    Parameters
    ----------
    {data, y, x}
        Each must vary within the entities.
    dispersion : {"unbiased", "sample"}, optional
        :math:`\Delta` as above; or :math:`S` itself, which is always positive semi-definite. Where the first is not,
        the second takes its place with a warning, as in plm's pvcm. The convention's ``coefficients_dispersion`` is the
        default (Stata's xtrchh, which became xtrc, always takes the second: Stata Technical Bulletin 33).
    {trend (entities), min_rows, unusable, convention (entities), missing}

    Returns
    -------
    HeterogeneousResult
        Beside the averages: ``dispersion`` (:math:`\Delta`), ``predicted`` (best linear unbiased predictions
        :math:`b + \Delta(\Delta + V_i)^{-1}(b_i - b)`), and ``constancy``, the test of equal coefficients
        :math:`\sum_i (b_i - b^*)'V_i^{-1}(b_i - b^*) \sim \chi^2(p(N - 1))`, :math:`b^*` the mean weighted by
        :math:`V_i^{-1}`.

    Raises
    ------
    NumericalError
        If an entity's regression fits exactly, so that it has no variance to weigh by.
    DataError, SpecificationError, CollinearityError, InsufficientDataError
        See `panelvar.core.base.errors`.

    See Also
    --------
    fit_mean_group : Equal weights, no assumption on errors within entities.
    slope_homogeneity_test : Tests equal slopes in panels of many entities.

    Notes
    -----
    The model is Swamy's (1970, Econometrica 38). Coefficients must be independent of the regressors, and errors
    homoskedastic and uncorrelated within an entity. If errors are serially correlated, :math:`V_i` is wrong, and with
    it the weights and above all the test: `fit_mean_group` does not need it and is safer. The test's chi-squared
    distribution holds for large T: with few rows per entity it rejects too often.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> fit = pv.fit_swamy(firms, "invest ~ value + capital", dispersion="sample")
    >>> fit.params.round(4).to_dict()
    {'const': -9.2264, 'value': 0.0835, 'capital': 0.1915}
    >>> fit.constancy
    <Parameter constancy: chi2(30) = 905.0631, p < 0.0001>
    """
    constant, trended = read_entity_terms(trend)
    chosen = as_convention(convention)
    rule = chosen.coefficients_dispersion if dispersion is None else dispersion
    choose("dispersion", rule, ("unbiased", "sample"))
    source = build_design(data, y, x, constant=constant, missing=missing)
    fits = fit_units(with_trend(source, trended), min_rows=min_rows, unusable=unusable)
    why = (
        "so there is no residual variance to weigh by. Leave such entities out, or use fit_mean_group, which weighs all"
    )
    refuse_exact(fits.design, fits.units.rss, f"{why} alike.")
    try:
        found = random_coefficients(fits.units, unbiased=rule == "unbiased")
    except np.linalg.LinAlgError:
        raise NumericalError(
            "The regressors of some entity are nearly collinear, and rounding hides whether the variance of its "
            "coefficients is singular. Leave out the entity or a regressor."
        ) from None
    n_units, p = len(fits.units.rss), len(fits.names)
    notes: list[Note] = []
    if found.fallback:
        text = (
            "The unbiased estimate of the coefficients' covariance over entities is not positive semi-definite. The "
            "sample covariance, which overstates it, takes its place, as in plm's pvcm."
        )
        notes.append(Note("dispersion-indefinite", text, warn=True))
    oversized = _oversized_notes(fits)
    df = p * (n_units - 1)
    constancy = chi2_test(
        "Parameter constancy", found.constancy, df, "all entities have the same coefficients", oversized
    )
    notes += oversized
    title, label = "Random coefficients (Swamy)", "GLS (Swamy 1970)"
    result = fits.average(source, found.mean, found.covariance, label, chosen, title, notes=notes)
    return replace(result, dispersion_matrix=found.dispersion, predictions=found.predictions, constancy=constancy)


def _oversized_notes(fits: UnitFits) -> tuple[Note, ...]:
    """Say by how much the constancy statistic exceeds its chi-squared mean when variances are estimated from few rows.

    An entity's term is p F(p, df), of mean p df / (df - 2).
    """
    df = fits.units.df
    excess = float(np.mean(2.0 / (df - 2.0))) if df.min() > 2 else np.inf
    if excess <= _EXCESS:
        return ()
    by = f"by about {100.0 * excess:.0f} percent" if np.isfinite(excess) else "without bound"
    spread = f"{df.min()}" if df.min() == df.max() else f"{df.min()} to {df.max()}"
    text = (
        f"With {spread} residual degrees of freedom per entity, the statistic of constancy exceeds its chi-squared "
        f"mean {by} even where coefficients are equal. The test rejects too often, and the more so the more entities "
        "there are."
    )
    return (Note("constancy-oversized", text),)
