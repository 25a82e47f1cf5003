"""The residual-based moving block bootstrap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from panelvar.bands.residual_bootstrap import Recursive
from panelvar.bands.target import Target
from panelvar.base.arguments import read_whole
from panelvar.base.arrays import Array
from panelvar.base.errors import InsufficientDataError, Note

# With 100 rows and six blocks bands cover three to eight points less than the residual bootstrap's.
FEWEST_BLOCKS = 10


@dataclass(frozen=True)
class MovingBlockBootstrap(Recursive):
    r"""Moving block bootstrap of residuals: consistent under conditional heteroskedasticity of unknown form.

    Blocks of :math:`\ell` consecutive residuals are drawn with replacement and laid end to end; what stands at place s
    of a block is centred by the mean of all residuals that can stand there,

    .. math:: u^*_{j\ell + s} = \hat u_{i_j + s} - \frac{1}{n - \ell + 1} \sum_{r=0}^{n-\ell} \hat u_{s + r},

    and run through the estimated recursion (Bruggemann, Jentsch and Trenkler 2016, J. Econometrics 191, 69-85, section
    4). Unlike a wild bootstrap it reproduces the joint distribution of coefficients and residual covariance.

    Parameters
    ----------
    draws, seed, interval, joint, over
        As in `ResidualBootstrap`.
    block_length : int or None
        :math:`\ell`; None takes :math:`\lceil 5.03\, n^{1/4} \rceil` (Jentsch and Lunsford 2019, section 4).

    Notes
    -----
    With few periods there are few blocks, and bands are too narrow: twenty blocks and more are wanted, and fewer than
    ten are warned about.
    """

    block_length: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        super().__post_init__()
        if self.block_length is not None:
            read_whole("block_length", self.block_length, 1)

    @property
    def kind(self) -> str:
        """How the draws are made, in words."""
        blocks = "" if self.block_length is None else f" (blocks of {self.block_length})"
        return f"moving block bootstrap{blocks}"

    def notes(self, target: Target) -> tuple[Note, ...]:
        """Warn of few blocks."""
        rows = target.problem.nobs
        length = self.length_for(rows)
        if rows >= FEWEST_BLOCKS * length:
            return ()
        text = (
            f"{rows} rows are {rows / length:.1f} blocks of {length} residuals, and the band is too narrow: twenty "
            "blocks are wanted. Give a shorter block_length, or use another bootstrap."
        )
        return (Note("few-blocks", text, warn=True),)

    def length_for(self, rows: int) -> int:
        """Block length for a number of rows.

        Raises
        ------
        InsufficientDataError
            Blocks longer than the data.
        """
        length = int(np.ceil(5.03 * rows**0.25)) if self.block_length is None else int(self.block_length)
        if length > rows:
            raise InsufficientDataError(f"Blocks of {length} periods do not fit into {rows}: give block_length=.")
        return length

    def resample(
        self,
        residuals: Array,
        df_resid: int,
        draws: int,
        length: int,
        rng: np.random.Generator,
        carried: Array | None = None,
    ) -> tuple[Array, Array | None]:
        """Blocks laid end to end, the last one cut."""
        rows = len(residuals)
        block = self.length_for(rows)
        starts = rows - block + 1
        total = np.concatenate([np.zeros((1, residuals.shape[1])), np.cumsum(residuals, axis=0)])
        centres = (total[starts : starts + block] - total[:block]) / starts
        count = -(-length // block)
        first = rng.integers(0, starts, (draws, count), dtype=np.uint32).astype(np.intp)
        chosen = (first[:, :, None] + np.arange(block)).reshape(draws, -1)[:, :length]
        drawn: Array = residuals[chosen]
        drawn -= np.tile(centres, (count, 1))[:length]
        return drawn, None if carried is None else carried[chosen]
