"""The recursive-design wild bootstrap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from panelvar.bands.residual_bootstrap import Recursive
from panelvar.bands.target import Target
from panelvar.base.arrays import Array
from panelvar.base.errors import Note, choose
from panelvar.kernels.draws import wild_multipliers

MULTIPLIERS = ("rademacher", "normal", "mammen")


@dataclass(frozen=True)
class RecursiveWildBootstrap(Recursive):
    r"""Wild bootstrap: each period keeps its residual, times a random number of mean zero and variance one.

    :math:`u_t^* = \eta_t \hat u_t`, run through the estimated recursion (Goncalves and Kilian 2004, J. Econometrics
    123, section 3.1; Hafner and Herwartz 2009 for vectors). It respects conditional heteroskedasticity of unknown form
    in the coefficients' distribution.

    Parameters
    ----------
    draws, seed, interval, joint, over
        As in `ResidualBootstrap`.
    multiplier : {"rademacher", "normal", "mammen"}
        Distribution of :math:`\eta_t`: 1 or -1, the standard normal, or Mammen's two points.

    Notes
    -----
    When to use something else: for responses to orthogonalised or one-standard-deviation shocks. The draws do not
    reproduce the variance of the residual covariance (with Rademacher's numbers it hardly varies at all), so bands of
    what depends on it are not consistent (Bruggemann, Jentsch and Trenkler 2016, J. Econometrics 191, section 3.3); a
    warning says so, and `MovingBlockBootstrap` is.
    """

    multiplier: str = "rademacher"

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        super().__post_init__()
        choose("multiplier", self.multiplier, MULTIPLIERS)

    @property
    def kind(self) -> str:
        """How the draws are made, in words."""
        return f"recursive wild bootstrap ({self.multiplier.capitalize()})"

    def notes(self, target: Target) -> tuple[Note, ...]:
        """Warn where the residual covariance matters."""
        if target.carried is not None:
            text = (
                "A wild bootstrap multiplies residuals and instrument by the same numbers and so keeps their "
                "covariance: the band is far too narrow (Jentsch and Lunsford 2019). Use MovingBlockBootstrap."
            )
            return (Note("wild-instrument", text, warn=True),)
        if not target.uses_sigma:
            return ()
        text = (
            "A wild bootstrap does not reproduce the sampling variation of the residual covariance, on which these "
            "responses depend: the band is too narrow at short horizons. MovingBlockBootstrap is consistent here."
        )
        return (Note("wild-sigma", text, warn=True),)

    def resample(
        self,
        residuals: Array,
        df_resid: int,
        draws: int,
        length: int,
        rng: np.random.Generator,
        carried: Array | None = None,
    ) -> tuple[Array, Array | None]:
        """Residuals times multipliers; the future's are residuals of periods drawn at random."""
        ahead = length - len(residuals)
        signs = wild_multipliers(self.multiplier, (draws, length), rng)
        rows: Array = residuals
        if ahead:
            later = rng.integers(0, len(residuals), (draws, ahead), dtype=np.uint32)
            rows = np.concatenate([np.broadcast_to(residuals, (draws, *residuals.shape)), residuals[later]], axis=1)
        moved: Array = signs[..., None] * rows
        if carried is None:
            return moved, None
        # The same multiplier, as Mertens and Ravn (2013) have it; rows of the future are not asked for.
        return moved, signs[:, : len(carried), None] * carried
