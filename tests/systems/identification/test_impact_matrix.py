"""A given impact matrix: whatever factor it is, and whatever it is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from reference_data import table

import panelvar as pv
from panelvar import DeltaMethod, ImpactMatrix, MissingInformationError, ResidualBootstrap, SpecificationError

NAMES = ["dl_realgdp", "dl_realcons", "dl_realinv"]
EXPERIMENT = np.array([[1.0, 0.2], [0.5, -1.0], [3.0, 0.0]])


@pytest.fixture(scope="module")
def model():
    return pv.fit_var(table("us_macro")[NAMES], lags=2)


@pytest.fixture(scope="module")
def rotated(model):
    """A factor of sigma that is not triangular."""
    return np.linalg.cholesky(model.sigma) @ np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]


def test_responses_are_moving_averages_times_the_matrix(model):
    found = model.impulse_responses(6, identification=ImpactMatrix(EXPERIMENT, shocks=["boom", "twist"]))
    weights = [np.eye(3)]
    for h in range(1, 7):
        weights.append(sum(model.coefficients[j] @ weights[h - 1 - j] for j in range(min(2, h))))
    assert_allclose(found.values, np.array(weights) @ EXPERIMENT, rtol=1e-12, atol=1e-14)
    assert found.shocks == ("boom", "twist")
    summed = model.impulse_responses(6, identification=ImpactMatrix(EXPERIMENT), cumulative=True)
    assert_allclose(summed.values, np.cumsum(found.values, axis=0), atol=1e-12)
    lasting = model.long_run_effects(identification=ImpactMatrix(EXPERIMENT), shock_size="sd")
    assert_allclose(lasting, model.long_run_effects().to_numpy() @ EXPERIMENT, rtol=1e-10)


def test_the_cholesky_factor_gives_what_cholesky_gives(model):
    given = ImpactMatrix(np.linalg.cholesky(model.sigma))
    for size in ("sd", "unit"):
        ours = model.impulse_responses(5, identification=given, shock_size=size)
        assert_allclose(ours.values, model.impulse_responses(5, shock_size=size).values, atol=1e-12)
        assert ours.notes == ()
    shares = model.variance_decomposition(5, identification=given)
    assert_allclose(shares.values, model.variance_decomposition(5).values, atol=1e-12)
    assert_allclose(model.structural_shocks(identification=given), model.structural_shocks(), atol=1e-10)
    history = model.historical_decomposition(identification=given)
    assert_allclose(history.contributions, model.historical_decomposition().contributions, atol=1e-10)


def test_some_columns_of_a_factor_are_orthogonal_shocks_too(model, rotated):
    whole, two = ImpactMatrix(rotated), ImpactMatrix(rotated[:, :2], shocks=["first", "second"])
    every = model.variance_decomposition(4, identification=whole)
    assert_allclose(every.values.sum(axis=2), 1.0)
    assert_allclose(model.variance_decomposition(4, identification=two).values, every.values[..., :2], atol=1e-12)
    shocks = model.structural_shocks(identification=whole)
    assert_allclose(model.structural_shocks(identification=two), shocks.iloc[:, :2], atol=1e-10)
    assert_allclose(shocks.T @ shocks / model.df_resid, np.eye(3), atol=1e-9)


def test_bands_hold_the_matrix_fixed(model):
    scheme = ImpactMatrix(EXPERIMENT)
    reduced = model.impulse_responses(
        4, identification="reduced_form", shock_size="unit", bands=ResidualBootstrap(200, seed=3)
    )
    ours = model.impulse_responses(4, identification=scheme, bands=ResidualBootstrap(200, seed=3))
    assert_allclose(ours.draws, reduced.draws @ EXPERIMENT, atol=1e-12)
    assert_allclose(ours.std_errors[0], 0.0, atol=1e-14)
    exact = model.impulse_responses(4, identification=ImpactMatrix(np.eye(3)), bands=DeltaMethod())
    same = model.impulse_responses(4, identification="reduced_form", shock_size="unit", bands=DeltaMethod())
    assert_allclose(exact.std_errors, same.std_errors, atol=1e-13)
    for source in (pv.MonteCarlo(200, seed=1), ResidualBootstrap(200, seed=1, interval="studentised")):
        band = model.impulse_responses(4, identification=scheme, shock_size="sd", bands=source)
        assert (band.lower <= band.upper).all()
    shares = model.variance_decomposition(
        4, identification=ImpactMatrix(np.linalg.cholesky(model.sigma)), bands=ResidualBootstrap(200, seed=1)
    )
    assert_allclose(shares.draws.sum(axis=-1), 1.0)


def test_frames_are_put_in_order(model):
    frame = pd.DataFrame(EXPERIMENT, index=NAMES, columns=["boom", "twist"])
    plain = model.impulse_responses(3, identification=ImpactMatrix(frame))
    mixed = model.impulse_responses(3, identification=ImpactMatrix(frame.iloc[[2, 0, 1]]))
    assert_allclose(mixed.values, plain.values)
    assert plain.shocks == ("boom", "twist")
    # A shock named as a variable is of the size that moves it, wherever it stands.
    own = ImpactMatrix(EXPERIMENT[:, [1]], shocks=["dl_realcons"])
    unit = model.impulse_responses(3, identification=own, shock_size="unit").values[0, :, 0]
    assert_allclose(unit, EXPERIMENT[:, 1] / EXPERIMENT[1, 1])


def test_a_system_without_sigma_has_responses(model):
    system = pv.System(model.coefficients, NAMES)
    ours = system.impulse_responses(4, identification=ImpactMatrix(EXPERIMENT))
    assert_allclose(ours.values, model.impulse_responses(4, identification=ImpactMatrix(EXPERIMENT)).values)
    with pytest.raises(SpecificationError, match="correlated"):
        system.variance_decomposition(4, identification=ImpactMatrix(EXPERIMENT))
    with pytest.raises(MissingInformationError):
        system.impulse_responses(4)


def test_what_is_no_factor_gives_responses_only(model):
    scheme = ImpactMatrix(1.001 * np.linalg.cholesky(model.sigma))
    assert "differs from the identity by up to 0.002" in model.impulse_responses(2, identification=scheme).notes[0].text
    for ask in (model.variance_decomposition, model.structural_shocks, model.historical_decomposition):
        with pytest.raises(SpecificationError, match="given shocks are correlated"):
            ask(identification=scheme)


def test_projections_and_error_correction_take_one():
    data = table("us_macro")[NAMES]
    local = pv.fit_local_projections(data, lags=2, horizon=2, identification=ImpactMatrix(EXPERIMENT))
    unit = pv.fit_local_projections(data, lags=2, horizon=2, identification="reduced_form", shock_size="unit")
    assert_allclose(local.values, unit.values @ EXPERIMENT, atol=1e-10)
    denmark = table("denmark")[["lrm", "lry", "ibo", "ide"]]
    vecm = pv.fit_vecm(denmark, rank=1, lags=2, trend="rc")
    matrix = np.diag([1.0, 1.0, 1.0, 2.0])
    found = vecm.impulse_responses(3, identification=ImpactMatrix(matrix))
    plain = vecm.impulse_responses(3, identification="reduced_form", shock_size="unit")
    assert_allclose(found.values, plain.values @ matrix, atol=1e-12)


def test_against_statsmodels(model, rotated):
    api = pytest.importorskip("statsmodels.tsa.api")
    other = api.VAR(table("us_macro")[NAMES]).fit(2)
    ours = model.impulse_responses(8, identification=ImpactMatrix(rotated)).values
    assert_allclose(ours, other.orth_ma_rep(8, P=rotated), atol=1e-10 * np.abs(ours).max())


def test_bad_input(model):
    for matrix, words in (
        (np.eye(2), r"shape \(2, 2\); expected 3 rows"),
        (np.ones(3), r"shape \(3,\)"),
        (np.ones((3, 4)), "1 to 3 columns"),
        (pd.DataFrame(np.eye(3), index=list("abc")), "expected .*in any order"),
    ):
        with pytest.raises(SpecificationError, match=words):
            model.impulse_responses(2, identification=ImpactMatrix(matrix))
    with pytest.raises(SpecificationError, match="must hold numbers"):
        ImpactMatrix([["a"]])
    with pytest.raises(SpecificationError, match="missing or infinite"):
        ImpactMatrix([[np.nan, 1.0]])
    with pytest.raises(SpecificationError, match="expected 2 different names"):
        model.impulse_responses(2, identification=ImpactMatrix(EXPERIMENT, shocks=["a", "a"]))
    with pytest.raises(SpecificationError, match="expected a sequence"):
        ImpactMatrix(EXPERIMENT, shocks="boom")
    with pytest.raises(SpecificationError, match="'dl_realinv' on impact, so it has no size of one unit"):
        matrix = np.column_stack([EXPERIMENT, EXPERIMENT[:, 1]])
        model.impulse_responses(2, identification=ImpactMatrix(matrix), shock_size="unit")
    with pytest.raises(SpecificationError, match=r"ImpactMatrix\(matrix\)"):
        model.impulse_responses(2, identification="user")


def test_a_shock_that_does_not_move_its_variable_has_no_unit_and_no_error_of_one():
    rng = np.random.default_rng(3)
    index = pd.MultiIndex.from_product([range(30), range(25)], names=["i", "t"])
    panel = pd.DataFrame(rng.standard_normal((750, 2)), index=index, columns=["a", "b"])
    found = pv.fit_panel_var(panel, ["a", "b"], method="hahn-kuersteiner")
    still = ImpactMatrix([[0.3, 0.4], [0.3, 0.0]])
    for ask in (found.long_run_std_errors, found.long_run_effects):
        with pytest.raises(SpecificationError, match="The shock 'b' does not move 'b' on impact"):
            ask(identification=still)


def test_a_panel_is_no_matrix_though_it_has_columns():
    panel = pv.Panel(pd.DataFrame({"i": [0, 0, 1, 1], "t": [0, 1, 0, 1], "x": [1.0, 2.0, 3.0, 5.0]}), "i", "t")
    with pytest.raises(SpecificationError, match="matrix must hold numbers"):
        ImpactMatrix(panel)
    model = pv.fit_var(table("us_macro")[NAMES[:2]], lags=1)
    for pattern in ({"a": panel}, {"b": panel}, {"b": np.full((2, 2), np.nan), "long_run": panel}):
        with pytest.raises(SpecificationError, match="must hold numbers, and NaN where an entry is free"):
            pv.fit_svar(model, pv.ShortRun(**pattern))
