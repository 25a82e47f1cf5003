"""Asymptotic normal bands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from panelvar.bands.limits import sup_t_quantile
from panelvar.bands.simulated import check_joint, estimated_gradients, finite_errors
from panelvar.bands.target import Band, Target
from panelvar.base.arguments import read_seed, read_whole
from panelvar.base.errors import SpecificationError


@dataclass(frozen=True)
class DeltaMethod:
    """Asymptotic normal bands: the estimate plus and minus a critical value times its delta-method standard error.

    Parameters
    ----------
    joint : {"sup-t", "bonferroni"} or None
        Cover many cells at once, or each by itself (None). The sup-t critical value is that of the largest of jointly
        normal ratios, found from ``draws`` normal vectors.
    over : {"path", "all"}
        What a joint band covers: the periods of one response, or all responses together.
    draws : int
        Normal vectors for the sup-t critical value.
    seed : int or None
        Their seed.

    Notes
    -----
    Luetkepohl (2005), proposition 3.6. Symmetric by construction; poor at long horizons of persistent systems, where
    `BootstrapAfterBootstrap` is to be preferred.
    """

    joint: str | None = None
    over: str = "path"
    draws: int = 10_000
    seed: int | None = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        check_joint(self.joint, self.over)
        read_whole("draws", self.draws, 2)
        read_seed(self.seed)

    @property
    def label(self) -> str:
        """One line for the foot of a table or figure."""
        if self.joint is None:
            return "asymptotic normal (delta method)"
        scope = "each path" if self.over == "path" else "all paths at once"
        return f"asymptotic normal (delta method), {'sup-t' if self.joint == 'sup-t' else 'Bonferroni'} over {scope}"

    def band(self, target: Target, level: float) -> Band:
        """Return symmetric limits.

        Raises
        ------
        SpecificationError
            No formula for this statistic.
        NumericalError
            The variances overflow.
        """
        from scipy.special import ndtri

        if target.gradients is None:
            raise SpecificationError("No delta-method formula for this statistic: use ResidualBootstrap.")
        slopes = estimated_gradients(target)
        errors = finite_errors(np.sqrt(np.einsum("d...,d...->...", slopes, slopes)))
        if self.joint == "sup-t":
            reach = sup_t_quantile(slopes, level, self.draws, self.seed, self.over) * errors
        elif self.joint == "bonferroni":
            varying = errors > 1e-14 * errors.max(initial=0.0)
            cells = np.maximum(varying.sum(axis=0 if self.over == "path" else None), 1)
            reach = ndtri(1.0 - (1.0 - level) / (2.0 * cells)) * errors
        else:
            reach = float(ndtri((1.0 + level) / 2.0)) * errors
        return Band(target.estimate - reach, target.estimate + reach, level, self.label, errors)
