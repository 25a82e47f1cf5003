"""Systems whose numbers, or simulated data, reach the ends of what a float holds: refused or left out in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv


def series(seed: int = 0, periods: int = 50) -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(seed).standard_normal((periods, 2)), columns=["a", "b"])


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_members_whose_coefficients_are_out_of_range_are_left_out():
    stack = np.stack([series(seed).to_numpy() for seed in range(3)])
    stack[1, :, 0] *= 1e-310
    batch = pv.fit_var_batch(stack, lags=1)
    assert np.isfinite(batch.params.to_numpy()).all()
    assert list(batch.labels) == [0, 2]
    assert np.isfinite(batch.moduli).all()


def test_draws_of_a_nearly_singular_covariance_keep_its_rank():
    """Squares of nearly dependent columns are not positive definite; their triangle is there all the same."""
    from panelvar.systems.var.drawable_system import _gram_factor

    matrices = np.random.default_rng(0).standard_normal((5, 2, 2))
    matrices[3, :, 1] = matrices[3, :, 0] * (1.0 + 1e-12)
    lower = _gram_factor(matrices)
    np.testing.assert_allclose(lower @ lower.swapaxes(1, 2), matrices.swapaxes(1, 2) @ matrices, rtol=1e-12, atol=1e-14)
    assert (lower.diagonal(axis1=1, axis2=2) > 0).all()
    assert (np.triu(lower, 1) == 0).all()


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_bootstraps_of_explosive_systems_say_so():
    path = series()
    path["b"] = path["a"] + 1e-6 * path["b"]
    path.iloc[-1, 0] = 1e9
    with pytest.raises(pv.NumericalError, match="explosive"):
        pv.johansen_test(path, lags=2, bootstrap=pv.RecursiveWildBootstrap(draws=29, seed=1))
    with pytest.raises(pv.NumericalError, match="explosive"):
        pv.fit_local_projections(path, lags=2, horizon=2, bands=pv.ResidualBootstrap(draws=29, seed=1))
    outlying = series()
    outlying.iloc[-2, 0], outlying.iloc[-1, 1] = 1e10, 1e15
    restricted = pv.fit_restricted_var(outlying, restrictions="bic", lags=1)
    with pytest.raises(pv.NumericalError, match="explosive"):
        restricted.impulse_responses(2, bands=pv.ResidualBootstrap(draws=29, seed=1))


def test_a_pattern_that_knows_no_long_run_effect_restricts_none():
    model = pv.fit_var(series(2), lags=1)
    free = np.full((2, 2), np.nan)
    short = np.array([[np.nan, 0.0], [np.nan, np.nan]])
    plain, both = (pv.fit_svar(model, pv.ShortRun(b=short, **more)) for more in ({}, {"long_run": free}))
    np.testing.assert_allclose(both.b, plain.b, rtol=1e-8)


def test_names_of_a_batch_are_read_like_others():
    frame = pd.concat([series(seed).assign(i=seed, t=range(50)) for seed in range(3)]).set_index(["i", "t"])
    with pytest.raises(pv.SpecificationError, match="names"):
        pv.fit_var_batch(frame, np.array(2.0))


def test_what_is_laid_over_responses_is_a_mapping():
    with pytest.raises(pv.SpecificationError, match="overlay"):
        pv.fit_var(series()).impulse_responses(3).plot(overlay=7)


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_projections_name_the_regressor_that_depends_on_others():
    path = series(3)
    path["c"] = path["a"]
    with pytest.raises(pv.CollinearityError, match=r"'.*' is a linear combination"):
        pv.fit_local_projections(path, lags=1, horizon=2)
    with pytest.raises(pv.CollinearityError, match=r"'.*' is a linear combination"):
        pv.fit_local_projections(path, lags=1, horizon=2, identification="generalised", shock_size="unit")
