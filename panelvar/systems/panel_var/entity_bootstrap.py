"""A bootstrap of the entities of a panel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from panelvar.core.base.errors import Note, SpecificationError
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.bands.drawable import Draws, FromEntities
from panelvar.estimates.bands.simulated import Simulated, chunked
from panelvar.estimates.bands.target import Target

FEWEST_ENTITIES = 30
"""Entities below which draws of them are a poor picture of what other samples would hold."""


@documented
@dataclass(frozen=True)
class EntityBootstrap(Simulated):
    r"""Bootstrap of entities: N of them are drawn with replacement, with all their periods, and the model is refitted.

    An entity drawn twice is two entities, each with its own effect (Kapetanios 2008, Journal of Applied
    Econometrics 23; Goncalves and Kaffo 2015, Journal of Econometrics 186). The errors within an entity may be
    correlated over time and have any variance.

    Parameters
    ----------
    {draws, seed}
    interval : {"percentile", "hall"}
        How draws become limits, as in `ResidualBootstrap`. Studentised intervals would need every draw's own
        covariance.
    {joint, over}

    Raises
    ------
    SpecificationError
        The model is of one entity, or its estimator cannot be repeated with weights.
    NumericalError
        In a draw, regressors depend on one another.

    See Also
    --------
    fit_panel_var : Makes the model that is drawn from.
    ResidualBootstrap : Draws residuals of one long series.
    DeltaMethod : Bands by formula.

    Notes
    -----
    The draws repeat the estimator with its bias: bands of least squares with entity effects do not cover in short
    panels. A corrected estimator is corrected again in each draw. Entities must be independent, since common shocks are
    not drawn. A warning says where there are fewer than 30. A note counts draws in which corrected moments have no
    zero, so that their estimator would refuse the data; what is nearest to a zero stands in their place.

    Examples
    --------
    >>> import panelvar as pv
    >>> import numpy as np
    >>> states = pv.load_data("public_capital")
    >>> growth = np.log(states[["gsp", "emp"]]).groupby("state").diff().dropna()
    >>> model = pv.fit_panel_var(growth, ["emp", "gsp"], method="corrected-moments")
    >>> bands = pv.EntityBootstrap(draws=200, seed=1)
    >>> responses = model.impulse_responses(4, level=0.8, bands=bands)
    >>> responses.band_label
    'entity bootstrap, 200 draws, seed 1, percentile limits'
    """

    intervals: ClassVar[tuple[str, ...]] = ("percentile", "hall")

    @property
    def kind(self) -> str:
        """How the draws are made, in words."""
        return "entity bootstrap"

    def chunks(self, target: Target, rng: np.random.Generator) -> Iterator[Draws]:
        """Yield fits to entities drawn, chunk by chunk."""
        model = entities_of(target)
        shares = np.full(model.n_entities, 1.0 / model.n_entities)
        for count in chunked(self.draws, model.entities_at_once()):
            weights = rng.multinomial(model.n_entities, shares, size=count).astype(np.float64)
            yield model.reweighted(weights, target.future_steps, rng, target.carried)

    def notes(self, target: Target) -> tuple[Note, ...]:
        """Warn of few entities, and of what the model says of its draws."""
        model = entities_of(target)
        count = model.n_entities
        if count >= FEWEST_ENTITIES:
            return model.doubts
        text = f"With draws of only {count} entities, the band is too narrow."
        return (Note("few-entities", text, warn=True), *model.doubts)


def entities_of(target: Target) -> FromEntities:
    """The model as one whose entities can be weighted, or say that it has none."""
    if not isinstance(target.model, FromEntities):
        raise SpecificationError(
            "EntityBootstrap draws the entities of a panel. This model has one entity, or cannot be estimated with "
            "weights of the entities. Use another source of bands."
        )
    return target.model
