r"""What a band is wanted for, and what it is.

A **source** (`ResidualBootstrap`, `MonteCarlo`, `DeltaMethod`, ...) delivers draws of the parameters or their first
derivatives. A **statistic** is a function of a chunk of draws that returns one array a draw (responses, shares,
forecasts). A **rule** (`panelvar.bands.limits`) turns the draws of the statistic into limits. The three combine freely;
a `Target` carries the statistic, its value at the estimates and the model (`panelvar.bands.drawable`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from panelvar.bands.drawable import Drawable, Draws
from panelvar.base.arrays import Array
from panelvar.base.errors import Note
from panelvar.identification.scheme import ReducedForm


@dataclass(frozen=True, eq=False)
class Target:
    """What a band is wanted for.

    Parameters
    ----------
    model : Drawable
        The fit whose parameters are uncertain.
    estimate : array (periods, ...)
        The statistic at the estimates; the first axis is the path.
    statistic : callable
        `Draws` of B draws to an array of one leading axis more than ``estimate``.
    gradients : callable or None
        ``gradients(form, moves)`` is the statistic's derivatives along directions whose outer products add up to the
        covariance of the estimates, those of the coefficients being ``moves``, which come first; with a leading axis
        for the directions (after one for the draws, if there are several); None where no formula exists. With a third
        argument, a slice, only these of the directions after ``moves``.
    future_steps : int
        Periods after the data for which errors are drawn.
    uses_sigma : bool
        Whether the statistic depends on the residual covariance.
    carried : array (n, k) or None
        Series, NaN where missing, that are resampled along with the residuals: an instrument's relation to them is
        part of what is uncertain.
    set_valued : bool
        Whether the statistic of a draw is that of one of many models, NaN where there is none.
    draw_errors : callable or None
        ``draw_errors(form, spread)`` is the statistic's standard errors in every draw, where there is a shorter way to
        them than through ``gradients``.
    """

    model: Drawable
    estimate: Array
    statistic: Callable[[Draws], Array]
    gradients: Callable[..., Array] | None = None
    future_steps: int = 0
    uses_sigma: bool = True
    carried: Array | None = None
    set_valued: bool = False
    draw_errors: Callable[[ReducedForm, Array], Array] | None = None


@dataclass(frozen=True, eq=False)
class Band:
    """Limits of a statistic, and what they were made from.

    Parameters
    ----------
    lower, upper : array
        Like the statistic.
    level : float
        Confidence level, of each entry or of what is covered at once.
    label : str
        How the band was made, for the foot of a table or figure.
    std_errors : array or None
        Delta-method standard errors, or the standard deviation of the draws; None where draws are no sampling error.
    draws : array (B, ...) or None
        The statistic of every draw.
    notes : tuple of Note
    """

    lower: Array
    upper: Array
    level: float
    label: str
    std_errors: Array | None
    draws: Array | None = None
    notes: tuple[Note, ...] = ()

    def kept(self) -> dict[str, Any]:
        """What a result keeps of the band around it: limits, level, draws and what to call it."""
        return {
            "lower": self.lower,
            "upper": self.upper,
            "level": self.level,
            "draws": self.draws,
            "band_label": self.label,
        }


class BandSource(Protocol):
    """Anything that can put a band around a `Target`."""

    def band(self, target: Target, level: float) -> Band:
        """Return limits of the target's statistic at a confidence level."""
        ...
