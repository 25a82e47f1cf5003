r"""How often symmetric bands hold responses that are skewed: the delta method, tried on draws around the estimates.

A response h periods on is a polynomial of degree h in the coefficients. Where their errors are not small beside them it
is skewed, and limits at equal distances from it hold it too rarely, however good the standard errors are.
"""

from __future__ import annotations

import numpy as np

from panelvar.core.base.arguments import read_generator
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import Note
from panelvar.estimates.bands.drawable import FromPosterior
from panelvar.estimates.bands.limits import normal_limits
from panelvar.estimates.bands.simulated import errors_by_gradients, own_errors
from panelvar.estimates.bands.target import Target

DRAWS, FEWEST = 2000, 500
LEVEL = 0.95
TOO_RARELY = 0.915
"""Share of responses that 95% bands hold, below which they are said to be too narrow."""
_MOST_SLOPES = 8_000_000


def delta_coverage(target: Target, draws: int = DRAWS) -> Array | None:
    r"""Share of the responses of each period (H,) that 95% bands of the delta method would hold.

    The estimates stand for the truth :math:`\theta`, and their draws :math:`\theta^*` for estimates: the share of

    .. math:: |r_h(\theta^*) - r_h(\theta)| \le z\, SE\{r_h(\theta^*)\}

    with the covariance of :math:`\hat\theta` for that of each draw. None where the model draws no parameters, or where
    so many responses make too few draws quick.

    Parameters
    ----------
    target : Target
        Of responses; it has gradients.
    draws : int
        At most so many.
    """
    model = target.model
    if not isinstance(model, FromPosterior):
        return None
    directions = model.n_free + model.estimate.factor.shape[-1] ** 2
    count = min(draws, _MOST_SLOPES // (directions * target.estimate.size))
    if count < min(draws, FEWEST):
        return None
    drawn = model.posterior(count, 0, read_generator("seed", 0))
    # Explosive draws may overflow, and hold nothing.
    with np.errstate(over="ignore", invalid="ignore"):
        lower, upper = normal_limits(target.statistic(drawn), errors_by_gradients(target, drawn.form, None), LEVEL)
        inside = (lower <= target.estimate) & (target.estimate <= upper)
    moving = own_errors(target) > 0.0
    held = (inside & moving).sum(axis=(0, *range(2, inside.ndim)))
    counted = np.maximum(moving.sum(axis=tuple(range(1, moving.ndim))), 1)
    return np.where(moving.any(axis=tuple(range(1, moving.ndim))), held / (count * counted), 1.0)


def told_of_delta(target: Target) -> tuple[Note, ...]:
    """Say from which period on bands of the delta method are too narrow for this sample."""
    shares = delta_coverage(target)
    if shares is None or not (shares < TOO_RARELY).any():
        return ()
    first, last = int(np.argmax(shares < TOO_RARELY)), len(shares) - 1
    later = f" and {shares[last]:.0%} after {last}" if last > first else ""
    text = (
        f"From {count_of(first, 'period')} after the shock on, bands of DeltaMethod are too narrow for this sample: "
        "they are symmetric, and responses that late are skewed. Around these estimates, 95% bands would hold "
        f"{shares[first]:.0%} of responses after {count_of(first, 'period')}{later}. Use bands=MonteCarlo(), which "
        "follows the skew."
    )
    return (Note("delta-skewed", text),)
