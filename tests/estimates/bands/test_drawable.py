"""Sources ask a model for a scheme, and another model than a vector autoregression may offer one.

The model here is a panel vector autoregression of order one: its moments are sums over entities, its scheme of draws is
entities drawn with replacement, as integer weights on their moments.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import panelvar as pv
from panelvar.estimates.bands.drawable import Drawable, Draws, FromInnovations, FromPosterior
from panelvar.estimates.bands.simulated import Simulated, chunked
from panelvar.estimates.bands.target import Target
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.systems.responses.gradients import response_gradients
from panelvar.systems.responses.shocks import choose_shocks
from panelvar.systems.var.drawable_system import DrawableSystem

ENTITIES, PERIODS, K = 60, 12, 2
TRUTH = np.array([[0.5, 0.1], [0.2, 0.4]])


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(0)
    y = np.zeros((PERIODS, ENTITIES, K))
    for t in range(1, PERIODS):
        y[t] = y[t - 1] @ TRUTH.T + rng.standard_normal((ENTITIES, K)) @ [[1.0, 0.3], [0.0, 1.0]]
    return y


@dataclass(frozen=True, eq=False)
class PanelSystem:
    """Pooled least squares of a panel vector autoregression without a constant, from moments of entities."""

    y: np.ndarray
    restriction: str = ""

    @property
    def nobs(self):
        return (len(self.y) - 1) * self.y.shape[1]

    @property
    def n_free(self):
        return K * K

    def chunk_size(self):
        return 37

    @cached_property
    def moments(self):
        """Cross products [x, y]'[x, y] of every entity."""
        rows = np.concatenate([self.y[:-1], self.y[1:]], axis=2)
        return np.einsum("tni,tnj->nij", rows, rows)

    def weighted(self, weights):
        """The reduced forms (B) of weights (B, N)."""
        total = np.tensordot(weights.astype(float), self.moments, axes=1)
        inner, cross, own = total[:, :K, :K], total[:, :K, K:], total[:, K:, K:]
        params = np.linalg.solve(inner, cross)
        sigma = (own - cross.swapaxes(1, 2) @ params) / self.nobs
        return ReducedForm(params.swapaxes(1, 2)[:, None], np.linalg.cholesky(sigma))

    @cached_property
    def estimate(self):
        form = self.weighted(np.ones((1, self.y.shape[1])))
        return ReducedForm(form.coefficients[0], form.factor[0])

    def directions(self, form, spread=None):
        """What each entity adds to the estimate: their products are the clustered covariance."""
        assert spread is None
        x, y = self.y[:-1], self.y[1:]
        left = y - x @ form.coefficients[0].T
        bread = np.linalg.inv(self.moments[:, :K, :K].sum(axis=0))
        return bread @ np.einsum("tni,tnj->nij", x, left)


@dataclass(frozen=True)
class EntityBootstrap(Simulated):
    """Entities drawn with replacement."""

    @property
    def kind(self):
        return "bootstrap of entities"

    def chunks(self, target, rng):
        n = target.model.y.shape[1]
        for count in chunked(self.draws, target.model.chunk_size()):
            yield Draws(target.model.weighted(rng.multinomial(n, np.full(n, 1.0 / n), count)))


@pytest.fixture(scope="module")
def target(panel):
    model = PanelSystem(panel)
    shocks = choose_shocks(("x", "y"), model.estimate.sigma, "cholesky", "sd", None)

    def statistic(draws):
        return dynamics.responses(draws.form.coefficients, 4, shocks.drawn(draws.form))

    def gradients(form, moves):
        return response_gradients(form, moves, model.nobs, shocks, 4, np.zeros(2, dtype=bool))

    values = dynamics.responses(model.estimate.coefficients, 4, shocks.impact(model.estimate))
    return Target(model, values, statistic, gradients)


def test_a_scheme_of_its_own_takes_every_rule(target):
    for options in ({}, {"interval": "hall"}, {"joint": "sup-t"}, {"joint": "bonferroni", "over": "all"}):
        band = EntityBootstrap(300, seed=1, **options).band(target, 0.9)
        assert band.label.startswith("bootstrap of entities, 300 draws")
        assert (band.lower <= band.upper).all()
        again = EntityBootstrap(300, seed=1, **options).band(target, 0.9)
        assert_array_equal(band.lower, again.lower)


def test_weights_are_a_fit_to_the_entities_drawn(panel, target):
    (chunk, *_) = EntityBootstrap(50, seed=1).chunks(target, np.random.default_rng(1))
    weights = np.random.default_rng(1).multinomial(ENTITIES, np.full(ENTITIES, 1.0 / ENTITIES), 37)
    for draw in (0, 36):
        one = PanelSystem(np.repeat(panel, weights[draw], axis=1)).estimate
        assert_allclose(chunk.form.coefficients[draw], one.coefficients, rtol=1e-10)
        assert_allclose(chunk.form.factor[draw], one.factor, rtol=1e-10)


def test_the_delta_method_reads_its_directions(target):
    delta = pv.DeltaMethod().band(target, 0.9)
    drawn = EntityBootstrap(2000, seed=1).band(target, 0.9)
    assert_allclose(delta.std_errors[1:3], drawn.std_errors[1:3], rtol=0.25)
    joint = pv.DeltaMethod(joint="sup-t").band(target, 0.9)
    varying = delta.std_errors > 0.0
    assert (joint.upper - joint.lower)[varying].min() > 0.0
    assert ((joint.upper - joint.lower)[varying] > (delta.upper - delta.lower)[varying]).all()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (pv.ResidualBootstrap(200, seed=1), "generate data, which this model cannot do"),
        (pv.BootstrapAfterBootstrap(200, seed=1), "generate data, which this model cannot do"),
        (pv.MonteCarlo(200, seed=1), "this model has none"),
    ],
)
def test_a_scheme_that_is_not_offered_is_refused(target, source, words):
    with pytest.raises(pv.SpecificationError, match=words):
        source.band(target, 0.9)


def test_a_vector_autoregression_offers_both_schemes(panel):
    model = pv.fit_var(panel[:, 0], lags=1)
    system = DrawableSystem(model._problem, model.df_resid)
    assert isinstance(system, FromInnovations)
    assert isinstance(system, FromPosterior)
    assert not isinstance(PanelSystem(panel), (FromInnovations, FromPosterior))
    offered: Drawable = PanelSystem(panel)
    assert offered.nobs == (PERIODS - 1) * ENTITIES
