r"""What a band is wanted for, and what it is.

A **source** (`ResidualBootstrap`, `MonteCarlo`, `DeltaMethod`, ...) delivers draws of the parameters or their first
derivatives. A **statistic** is a function of a chunk of draws that returns one array a draw (responses, shares,
forecasts). A **rule** (`panelvar.estimates.bands.limits`) turns the draws of the statistic into limits. The three
combine freely; a `Target` carries the statistic, its value at the estimates and the model
(`panelvar.estimates.bands.drawable`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, SpecificationError
from panelvar.core.base.quoting import shown
from panelvar.estimates.bands.drawable import Drawable, Draws
from panelvar.kernels.dynamics.reduced_form import ReducedForm


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


class Limits(NamedTuple):
    """Limits of a statistic at one level.

    Attributes
    ----------
    lower, upper : array
        Like the statistic.
    level : float
        Confidence level, of each entry or of what is covered at once.
    """

    lower: Array
    upper: Array
    level: float


def limits_of(lower: Array | None, upper: Array | None, level: float | None, inner: Sequence[Limits]) -> list[Limits]:
    """Limits at every level, the widest first; none where there is no band."""
    return [] if lower is None or upper is None or level is None else [Limits(lower, upper, level), *inner]


def said_levels(limits: Sequence[Limits]) -> str:
    """The levels in words, the narrowest limits first: "68% and 95%"."""
    levels = [f"{100 * each.level:g}%" for each in reversed(limits)]
    return " and ".join(filter(None, (", ".join(levels[:-1]), levels[-1])))


def limit_columns(limits: Sequence[Limits]) -> dict[str, Array]:
    """What columns of a frame the limits are: "lower", "upper" at the highest level; "lower_68", ... at others."""
    columns: dict[str, Array] = {}
    for place, (lower, upper, level) in enumerate(limits):
        suffix = f"_{100 * level:g}" if place else ""
        columns |= {f"lower{suffix}": lower, f"upper{suffix}": upper}
    return columns


def nested(levels: Sequence[float], limits_at: Callable[[float], tuple[Array, Array]]) -> list[Limits]:
    """Limits at every level, the widest first."""
    return [Limits(*limits_at(level), level) for level in levels]


def refuse_idle_levels(levels: Sequence[float], remedy: str) -> None:
    """Refuse levels other than the default one where nothing has limits: who names them expects a band.

    Parameters
    ----------
    levels : sequence of float
    remedy : str
        What gives limits; ends the message.

    Raises
    ------
    SpecificationError
    """
    if tuple(levels) != (0.95,):
        named = tuple(levels) if len(levels) > 1 else levels[0]
        raise SpecificationError(
            f"level={shown(named)} sets the coverage of bands, but you asked for no bands: {remedy}."
        )


@dataclass(frozen=True, eq=False)
class Band:
    """Limits of a statistic, and what they were made from.

    Parameters
    ----------
    limits : list of Limits
        At each level asked for, the widest first.
    label : str
        How the band was made, for the foot of a table or figure.
    std_errors : array or None
        Delta-method standard errors, or the standard deviation of the draws; None where draws are no sampling error.
    draws : array (B, ...) or None
        The statistic of every draw.
    notes : tuple of Note
    """

    limits: Sequence[Limits]
    label: str
    std_errors: Array | None
    draws: Array | None = None
    notes: tuple[Note, ...] = ()

    @property
    def lower(self) -> Array:
        """Lower limits at the highest level."""
        return self.limits[0].lower

    @property
    def upper(self) -> Array:
        """Upper limits at the highest level."""
        return self.limits[0].upper

    def kept(self) -> dict[str, Any]:
        """What a result keeps of the band around it: limits, level, draws and what to call it."""
        return {
            **self.limits[0]._asdict(),
            "inner": tuple(self.limits[1:]),
            "draws": self.draws,
            "band_label": self.label,
        }


class BandSource(Protocol):
    """Anything that can put a band around a `Target`."""

    def band(self, target: Target, level: float | Sequence[float]) -> Band:
        """Return limits of the target's statistic at a confidence level, or at several."""
        ...
