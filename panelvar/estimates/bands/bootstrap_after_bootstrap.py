"""Kilian's bias-corrected bootstrap: a bootstrap for the bias of the coefficients, another for the band."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar

import numpy as np

from panelvar.core.base.arguments import read_whole
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, SpecificationError, choose
from panelvar.core.base.limits import MOST_DRAWS
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.bands.drawable import Draws, FromInnovations
from panelvar.estimates.bands.resampling import Recursive, ResidualBootstrap, regenerated
from panelvar.estimates.bands.simulated import Simulated
from panelvar.estimates.bands.target import Target

BIASES = ("bootstrap", "pope")
Model = TypeVar("Model", bound=FromInnovations)


@documented
@dataclass(frozen=True)
class BootstrapAfterBootstrap(Simulated):
    r"""Bias-corrected bootstrap (Kilian 1998, Review of Economics and Statistics 80, 218-230).

    1. A first bootstrap estimates the bias of the lag coefficients, :math:`\Psi = \overline{A^*} - \hat A`. Unless the
       largest root of :math:`\hat A` has modulus one or more, :math:`\tilde A = \hat A - \delta\Psi` with
       :math:`\delta = 1`, lowered by 0.01 until :math:`\tilde A` is stable.
    2. Data are generated from :math:`\tilde A`, with the deterministic terms and residuals that belong to it, and every
       refit is corrected by the same :math:`\Psi` under the same rule. The band is made of percentiles of what the
       corrected refits say.

    Parameters
    ----------
    {draws, seed, joint, over}
    interval : {"percentile"}
        The corrected draws are centred away from the estimate on purpose.
    bias_draws : int
        Data sets of the first bootstrap, if there is one.
    base : ResidualBootstrap, MovingBlockBootstrap, RecursiveWildBootstrap or ParametricBootstrap
        How residuals are resampled in both steps; its own draws, seed and rule do not matter.
    bias : {"bootstrap", "pope"}
        Where :math:`\Psi` comes from: a first bootstrap, or the formula of Pope (1990, J. Time Series Analysis 11,
        249-258; `panelvar.kernels.dynamics.autoregressive_bias`), which costs nothing. It is for stable systems with a
        constant, or with no deterministic term, on data without gaps.

    Raises
    ------
    SpecificationError
        You ask for ``bias="pope"`` with other deterministic terms, data with gaps, or an unstable system.

    See Also
    --------
    ResidualBootstrap : the same without the correction.
    DeltaMethod : a formula, for systems that are not persistent.

    Notes
    -----
    The point estimates shown with the band are not corrected. In persistent systems they can lie near the band's edge
    or outside it: what you see there is their bias. The correction is of first order, and the rule at the unit circle
    keeps explosive corrections out but makes draws bunch up under one. With several roots near one, coverage stays
    below its level.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
    >>> bands = pv.BootstrapAfterBootstrap(draws=200, bias_draws=100, seed=1)
    >>> model.impulse_responses(4, bands=bands).response("unemp", "tbilrate").round(3).tail(1)
             value  lower  upper  std_error
    horizon
    4        0.053  -0.04  0.141      0.047
    """

    bias_draws: int = 1000
    base: Recursive = field(default_factory=ResidualBootstrap)
    bias: str = "bootstrap"

    intervals: ClassVar[tuple[str, ...]] = ("percentile",)

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        super().__post_init__()
        read_whole("bias_draws", self.bias_draws, 2, MOST_DRAWS)
        if not isinstance(self.base, Recursive):
            raise SpecificationError(f"base={shown(self.base)}: expected a bootstrap such as ResidualBootstrap().")
        choose("bias", self.bias, BIASES)

    @property
    def kind(self) -> str:
        """How the draws are made, in words."""
        return f"{'bootstrap after' if self.bias == 'bootstrap' else 'Pope-corrected'} bootstrap ({self.base.kind})"

    def notes(self, target: Target) -> tuple[Note, ...]:
        """What the resampling scheme has to say."""
        return self.base.notes(target)

    def chunks(self, target: Target, rng: np.random.Generator) -> Iterator[Draws]:
        """Estimate the bias, generate data from the corrected coefficients, correct every refit."""
        model = regenerated(target.model)
        if model.restriction:
            raise SpecificationError(
                f"The bias correction would undo a restriction: {model.restriction.lower()}. Use ResidualBootstrap."
            )
        centred = self.centred(model, rng)
        for drawn in self.base.innovations(centred, self.draws, rng, target.future_steps, target.carried):
            yield centred.redrawn(drawn)

    def centred(self, model: Model, rng: np.random.Generator) -> Model:
        """The model less its bias."""
        return model.without_bias(self.estimated_bias(model, rng))

    def estimated_bias(self, model: FromInnovations, rng: np.random.Generator) -> Array:
        """Bias of the lag coefficients (p, K, K): the refits' mean less the estimates, or the formula's."""
        if self.bias == "pope":
            return model.asymptotic_bias()
        own = model.estimate.coefficients
        total = np.zeros(own.shape)
        for drawn in self.base.innovations(model, self.bias_draws, rng):
            total += (model.redrawn(drawn).form.coefficients - own).sum(axis=0)
        return total / self.bias_draws
