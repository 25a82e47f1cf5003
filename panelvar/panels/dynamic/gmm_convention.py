"""Conventions of dynamic-panel GMM: the choices on which programs disagree, and presets as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from panelvar.core.base.errors import SpecificationError, choose
from panelvar.core.base.quoting import shown


@dataclass(frozen=True, slots=True)
class GmmConvention:
    """How a program weighs and reports.

    Which rows there are is no part of it: gretl's dpanel differences consecutive usable rows of an entity, however far
    apart, and here no difference reaches across a gap. A warning says so where that matters.

    Parameters
    ----------
    name : str
        The preset's name, shown in summaries.
    h : {"cross", "block"}
        One-step weight of a system: with the covariance between the errors of transformed rows and of levels, or
        without it (xtdpd, xtdpdsys).
    balanced_deviations : bool
        Take that covariance from the weights of an entity without gaps, for all entities (xtabond2).
    sigma : {"df", "rows", "printed"}
        What divides the squares of the transformed rows in the error variance: their number less the coefficients
        (xtabond), their number (xtabond2), or the rows of the equation that is counted (gretl). The variance is halved
        for differences.
    classical_scale : {"sigma", "entities"}
        Whether the error variance multiplies the classical covariance and divides Sargan's statistic; or whether the
        covariance is multiplied by 1 / N, and the statistic by N (plm).
    classical_ar : {"homoskedastic", "robust"}
        Variance of m1 and m2 under classical errors: with the covariance that the one-step weight assumes, or from the
        entities' own products (plm).
    clustered_ar : bool
        Whether m1 and m2 let errors be correlated within clusters of entities, as the coefficients' errors do; xtabond2
        clusters the part that comes from the coefficients alone.
    """

    name: str
    h: Literal["cross", "block"] = "cross"
    balanced_deviations: bool = False
    sigma: Literal["df", "rows", "printed"] = "df"
    classical_scale: Literal["sigma", "entities"] = "sigma"
    classical_ar: Literal["homoskedastic", "robust"] = "homoskedastic"
    clustered_ar: bool = True


PRESETS = {
    preset.name: preset
    for preset in (
        GmmConvention("default"),
        GmmConvention("stata", balanced_deviations=True, sigma="rows", clustered_ar=False),
        GmmConvention("xtabond", h="block"),
        GmmConvention("plm", classical_scale="entities", classical_ar="robust"),
        GmmConvention("gretl", sigma="printed"),
    )
}


def gmm_convention(name: object) -> GmmConvention:
    """The preset of a name; ``"stata"`` is xtabond2, ``"xtabond"`` is xtabond, xtdpd and xtdpdsys.

    Raises
    ------
    SpecificationError
        There is no such preset.
    """
    if not isinstance(name, str):
        raise SpecificationError(f"convention={shown(name)} must be one of: {', '.join(map(repr, PRESETS))}.")
    return PRESETS[choose("convention", name, tuple(PRESETS))]
