"""Asymptotic normal bands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from panelvar.core.base.arguments import read_levels, read_seed, read_whole, say_draws
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.limits import MOST_DRAWS
from panelvar.core.base.unknown_arguments import answering
from panelvar.estimates.bands.limits import bonferroni_quantile, normal_limits, sup_t_quantile
from panelvar.estimates.bands.simulated import check_joint, delta_errors, estimated_gradients, own_errors
from panelvar.estimates.bands.target import Band, Target, nested


@answering
@dataclass(frozen=True)
class DeltaMethod:
    r"""Asymptotic normal bands: the estimate plus and minus a critical value times its delta-method standard error.

    Parameters
    ----------
    joint : {"sup-t", "bonferroni"} or None
        Cover many cells at once, or each by itself (None). The sup-t critical value is that of the largest of jointly
        normal ratios, found from ``draws`` normal vectors.
    over : {"path", "all"}
        What a joint band covers: the periods of one response, or all responses together.
    draws : int
        Normal vectors for the sup-t critical value.
    seed : int or Generator
        Their seed.

    See Also
    --------
    BootstrapAfterBootstrap : for persistent systems.
    MonteCarlo : draws of the parameters, with limits that need not be symmetric.

    Notes
    -----
    Luetkepohl (2005), proposition 3.6. The band is symmetric by construction. At long horizons of persistent systems it
    is poor: use `BootstrapAfterBootstrap` there. Responses carry a note where it held less than 90% of them in the
    simulated system whose estimated roots are nearest. Those of panel VARs by moments carry one from the period on at
    which draws around the estimates say that such bands are too narrow for the sample.

    The proposition takes :math:`\hat\Sigma` as independent of the coefficients, as it is of normal errors in long
    samples. Panel VARs by moments, or by least squares with a correction, take what each entity adds to both: in short
    panels that moves the errors of orthogonalised responses most (`panelvar.fit_panel_var`).

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
    >>> irf = model.impulse_responses(4, bands=pv.DeltaMethod(), level=0.9)
    >>> irf.response("unemp", "tbilrate").round(3).tail(1)
             value  lower  upper  std_error
    horizon
    4        0.053 -0.016  0.121      0.042
    """

    joint: str | None = None
    over: str = "path"
    draws: int = 10_000
    seed: int | np.random.Generator = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        check_joint(self.joint, self.over)
        read_whole("draws", self.draws, 2, MOST_DRAWS)
        read_seed(self.seed)

    @property
    def label(self) -> str:
        """One line for the foot of a table or figure."""
        return f"asymptotic normal (delta method){self.covered}"

    @property
    def covered(self) -> str:
        """What is covered at once and how, after a comma; empty if each cell is by itself."""
        if self.joint is None:
            return ""
        scope = "each path" if self.over == "path" else "all paths at once"
        if self.joint == "bonferroni":
            return f", Bonferroni over {scope}"
        return f", sup-t over {scope} ({say_draws(self.draws, self.seed)})"

    def critical(self, errors: Array, level: float, directions: Callable[[], Array]) -> Array | None:
        """Normal critical values of estimates (H, ...), or None if each cell is by itself.

        ``directions`` gives derivatives (D, H, ...) along directions whose outer products add up to the covariance.
        """
        if self.joint == "sup-t":
            return sup_t_quantile(directions(), level, self.draws, self.seed, self.over)
        return bonferroni_quantile(errors, level, self.over) if self.joint else None

    def band(self, target: Target, level: float | Sequence[float]) -> Band:
        """Return symmetric limits.

        Raises
        ------
        SpecificationError
            The statistic has no formula.
        NumericalError
            The variances overflow.
        """
        if target.gradients is None:
            raise SpecificationError("The delta method has no formula for this statistic. Use ResidualBootstrap.")
        if self.joint == "sup-t":
            slopes = estimated_gradients(target)
            errors = delta_errors(slopes)
        else:
            slopes, errors = np.empty(0), own_errors(target)

        def limits_at(each: float) -> tuple[Array, Array]:
            return normal_limits(target.estimate, errors, each, self.critical(errors, each, lambda: slopes))

        return Band(nested(read_levels(level), limits_at), self.label, errors)
