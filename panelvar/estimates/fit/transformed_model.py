"""A model brought to least squares of transformed rows: what every linear estimator makes of a design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note
from panelvar.data.formulas.design import Design
from panelvar.estimates.fit.small_samples import Counts
from panelvar.kernels.linear.moments import PanelMoments
from panelvar.kernels.linear.rows import TransformedRows

if TYPE_CHECKING:
    from panelvar.kernels.absorption.absorb import Absorbed
    from panelvar.kernels.absorption.crossed_components import CrossedComponents
    from panelvar.kernels.linear.variance_components import Components


Family = Literal["pooled", "between", "difference", "fixed", "random", "gls", "gls-within"]


@dataclass(frozen=True, eq=False)
class TransformedModel:
    """Transformed rows of a design and what an estimator knows about them; `finish` makes a result of it.

    Attributes
    ----------
    family : {"pooled", "between", "difference", "fixed", "random", "gls", "gls-within"}
        What is estimated; "gls" for rows transformed by an estimated error covariance, "gls-within" where entity
        effects were taken out as well.
    estimator : str
        The same in words.
    source : Design
        The model's rows as the caller gave them.
    design : Design
        The rows of the regression: the source, entity means, or differences.
    rows : TransformedRows or None
        Its columns, transformed, orthogonal to the transformed constant where there is one; None once released.
    triangle : (k + 1, k + 1) array
        R factor of the rows.
    raw_norms : (k + 1,) array
        Size of each column before the transform, against which rank is judged.
    centre : (k + 1,) array
        Coefficient of each column on the transformed constant.
    constant_mass : float
        Sum of squares of the transformed constant.
    absorbed_rank : int
        Rank of the absorbed effects, less the one that the constant has already.
    effects : tuple of str
        Labels of the absorbed or random dimensions.
    absorbed : Absorbed or None
        The projection on the absorbed effects.
    components : Components, CrossedComponents or None
        Variance components of random effects, one or two.
    moments : PanelMoments or None
        Moments of the source by entity (or by the random dimension), when the fit computed them.
    error_variance : float or None
        Variance of the transformed errors where the transform has fixed it (generalised least squares); None leaves it
        to the residuals.
    mixed : str or None
        Dimension, ``"time"`` or ``"entity"``, whose rows the transform mixes with one another: a transformed row then
        belongs to all of them, and only sums over the dimension are uncorrelated.
    generalised : bool
        Whether rows were transformed by a covariance of the errors.
    asymptotic : bool
        Whether ratios of coefficients to their errors are distributed as the convention says of random effects and of
        generalised least squares, which only asymptotic results are known of.
    tss : float or None
        Total sum of squares where it is not that of the last column of the triangle.
    notes : tuple of Note
    """

    family: Family
    estimator: str
    source: Design
    design: Design
    rows: TransformedRows | None
    triangle: Array
    raw_norms: Array
    centre: Array
    constant_mass: float
    absorbed_rank: int = 0
    effects: tuple[str, ...] = ()
    absorbed: Absorbed | None = None
    components: Components | CrossedComponents | None = None
    moments: PanelMoments | None = None
    error_variance: float | None = None
    mixed: str | None = None
    generalised: bool = False
    asymptotic: bool = False
    tss: float | None = None
    notes: tuple[Note, ...] = ()

    def counts(self, slopes: int) -> Counts:
        """Return what small-sample rules count when that many slopes are estimated."""
        return Counts(
            rows=self.design.nobs,
            slopes=slopes,
            constant=self.design.constant or self.absorbed is not None,
            absorbed=self.absorbed_rank,
            effect_levels=() if self.absorbed is None else self.absorbed.counts,
            reported_constant=self.absorbed is None,
            coefficients=slopes + int(self.design.constant),
        )


def ones_column(design: Design) -> Array | float | None:
    """Return the constant of rows that are weighted at most, None where the design has none."""
    if not design.constant:
        return None
    return 1.0 if design.weights is None else np.sqrt(design.weights)
