"""What resamples or describes clusters takes those of the result's own covariance."""

import pickle
import warnings

import numpy as np
import pytest
from twins import X, gappy_frame

import panelvar as pv


@pytest.fixture(scope="module")
def frame():
    return gappy_frame(seed=2, entities=24, periods=6).assign(region=lambda f: f["number"] % 7)


def fitted(frame, cov):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_pooled(pv.Panel(frame, "entity", "year"), "y", X, cov=cov)


def bootstrap(result, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.wild_bootstrap_test(result, "x1", draws=199, seed=1, **options)


@pytest.mark.parametrize("kind", [pv.Clustered, pv.BiasReduced])
@pytest.mark.parametrize("by", [("region",), ("year",), ("entity", "year"), ()])
def test_the_bootstrap_is_clustered_as_the_result_is(frame, kind, by):
    test = bootstrap(fitted(frame, kind(*by)))
    assert test == bootstrap(fitted(frame, "HC1"), cluster=list(by or ("entity",)))
    assert f"clusters by {min(by, key=lambda name: frame[name].nunique()) if by else 'entity'}" in test.name


def test_groups_given_as_values_are_kept(frame):
    groups = (frame["number"] % 5).rename(None)
    own = bootstrap(fitted(frame, pv.Clustered(groups)))
    assert own == bootstrap(fitted(frame, "classical"), cluster=groups)
    assert own.clusters == 5


def test_other_covariances_have_no_clusters_and_the_name_says_which_are_drawn(frame):
    for cov in ("classical", "HC3", "driscoll-kraay"):
        assert "24 clusters by entity" in bootstrap(fitted(frame, cov)).name


def test_diagnostics_are_of_the_clusters_of_the_result(frame):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        assert pv.cluster_diagnostics(fitted(frame, pv.Clustered("region"))).clusters == 7
        assert pv.cluster_diagnostics(fitted(frame, pv.Clustered("entity", "year"))).clusters == 6
        assert pv.cluster_diagnostics(fitted(frame, "HC1")).clusters == 24


def test_a_light_result_holds_no_values_of_rows(frame):
    light = fitted(frame, pv.Clustered(frame["region"])).without_rows()
    assert light.covariance.by == ()
    assert fitted(frame, pv.Clustered("region")).without_rows().covariance.by == ("region",)
    assert len(pickle.dumps(light)) < 20_000
    assert np.isfinite(light.std_errors).all()


@pytest.mark.parametrize("cov", ["CR2", pv.BiasReduced("region")])
def test_functions_of_coefficients_pickle_with_their_degrees_of_freedom(frame, cov):
    found = fitted(frame, cov).nonlinear(f"{X[0]} / {X[1]}")
    back = pickle.loads(pickle.dumps(found))
    assert str(back) == str(found)
    unit = np.eye(1)
    assert back.covariance.degrees(unit) == found.covariance.degrees(unit) == pytest.approx(found.covariance.df)
