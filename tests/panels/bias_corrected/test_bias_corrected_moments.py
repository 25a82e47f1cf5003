"""Corrected moments against projection matrices and numerical derivatives, and what must not matter to them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from panels.bias_corrected.corrected_twins import Cube, corrected_moments, sample, sandwich

import panelvar as pv


def fitted(frame: pd.DataFrame, x: list[str] | None = None, **options):
    return pv.fit_bias_corrected_moments(pv.Panel(frame, "i", "t"), "y", x, **options)


@pytest.mark.parametrize("lags", [(0.5,), (0.4, 0.2), (0.3, 0.2, -0.2)])
@pytest.mark.parametrize("gaps", [False, True])
def test_moments_are_zero_and_errors_those_of_the_written_out_sandwich(lags, gaps) -> None:
    frame = sample(40, 12, lags=lags, gaps=gaps)
    found = fitted(frame, ["x", "z"], lags=len(lags))
    cube, theta = Cube(frame, ["x", "z"], len(lags)), found.params.to_numpy()
    moments = corrected_moments(cube, theta)
    assert_allclose(moments.sum(axis=0), 0.0, atol=1e-11 * np.abs(moments).sum(axis=0).max())
    assert_allclose(found.cov.to_numpy(), sandwich(cube, theta), rtol=1e-7)
    assert_allclose(found.within.params.to_numpy(), cube.within(), rtol=1e-11)
    assert found.nobs == cube.rows.sum()


def test_without_regressors_there_is_the_lag_alone() -> None:
    frame = sample(60, 10, gaps=True)
    found = fitted(frame)
    assert list(found.params.index) == ["L(y)"]
    cube = Cube(frame, [])
    assert abs(corrected_moments(cube, found.params.to_numpy()).sum()) < 1e-10
    assert_allclose(found.std_errors["L(y)"] ** 2, sandwich(cube, found.params.to_numpy())[0, 0], rtol=1e-7)


def test_the_root_is_the_first_one_above_least_squares_and_the_moments_fall_there() -> None:
    frame = sample(60, 8)
    cube, found = Cube(frame, ["x", "z"]), fitted(frame, ["x", "z"])

    def moment(rho: float) -> float:
        """Of the lag, with the slopes that make the others zero."""
        parts = [cube.entity(i) for i in range(len(cube.y)) if cube.rows[i].sum() > 1]
        inner = sum(w[:, 1:].T @ m @ w[:, 1:] for m, w, _ in parts)
        slopes = np.linalg.solve(inner, sum(w[:, 1:].T @ m @ (y - rho * w[:, 0]) for m, w, y in parts))
        return float(corrected_moments(cube, np.concatenate(([rho], slopes))).sum(axis=0)[0])

    start, root = float(found.within.params["L(y)"]), float(found.params["L(y)"])
    assert all(moment(value) > 0.0 for value in np.linspace(start, root - 1e-4, 40))
    assert moment(root + 1e-4) < 0.0
    # Far above, the moment rises again: there is another zero, which is not taken.
    assert any(moment(value) > 0.0 for value in np.linspace(root, 4.0, 60))


def test_time_effects_are_dummies_of_the_periods() -> None:
    frame = sample(40, 9)
    frame["y"] += np.sin(frame["t"])
    found = fitted(frame, ["x", "z"], time_effects=True)
    dummies = pd.get_dummies(frame["t"], prefix="d", dtype=float)
    names = list(dummies.columns[2:])
    written = fitted(frame.join(dummies), ["x", "z", *names])
    assert list(found.params.index) == ["L(y)", "x", "z"]
    assert_allclose(found.params, written.params[:3], rtol=1e-9)
    assert_allclose(found.std_errors, written.std_errors[:3], rtol=1e-8)
    assert_allclose(found.resids, written.resids, rtol=1e-8, atol=1e-10)


def test_clusters_sum_the_moments_of_their_entities() -> None:
    frame = sample(66, 9)
    found, by_entity = (
        fitted(frame, ["x", "z"], cov=pv.Clustered("g")),
        fitted(frame, ["x", "z"], cov=pv.Clustered("entity")),
    )
    assert_allclose(by_entity.cov, fitted(frame, ["x", "z"]).cov)
    cube, theta = Cube(frame, ["x", "z"]), found.params.to_numpy()
    moments = corrected_moments(cube, theta)
    codes = frame.groupby("i")["g"].first().to_numpy()
    step = 1e-6
    slopes = np.stack(
        [
            (corrected_moments(cube, theta + d).sum(axis=0) - corrected_moments(cube, theta - d).sum(axis=0))
            / (2 * step)
            for d in step * np.eye(3)
        ],
        axis=1,
    )
    pulled = np.linalg.solve(slopes, np.array([moments[codes == code].sum(axis=0) for code in np.unique(codes)]).T)
    assert_allclose(found.cov, pulled @ pulled.T, rtol=1e-7)
    assert "g" in found.cov_label


def test_order_of_rows_labels_and_units_do_not_matter() -> None:
    frame = sample(30, 9)
    found = fitted(frame, ["x", "z"], lags=2)
    order = np.random.default_rng(3).permutation(len(frame))
    names = {name: f"f{(7 * place) % 30:02d}" for place, name in enumerate(sorted(frame["i"].unique()))}
    moved = frame.assign(i=frame["i"].map(names), t=frame["t"] + 40).iloc[order]
    for other, scale in ((moved, 1.0), (frame.assign(y=1e6 * frame["y"], x=1e-5 * frame["x"]), 1e6)):
        again = fitted(other, ["x", "z"], lags=2)
        units = np.array([1.0, 1.0, scale / (1e-5 if scale > 1.0 else 1.0), scale])
        assert_allclose(again.params, found.params * units, rtol=1e-9)
        assert_allclose(again.std_errors, found.std_errors * units, rtol=1e-9)
    shifted = fitted(frame.assign(y=frame["y"] + 1e4, z=frame["z"] - 50.0), ["x", "z"], lags=2)
    assert_allclose(shifted.params, found.params, rtol=1e-8)


def test_residuals_effects_and_fitted_values_make_the_dependent_variable() -> None:
    frame = sample(30, 9)
    found = fitted(frame, ["x", "z"])
    panel = frame.loc[found.resids.index]
    lagged = frame.merge(frame.assign(t=frame["t"] + 1), on=["i", "t"], suffixes=("", "_1"), how="left")
    own = lagged.set_index(frame.index).loc[panel.index]
    effects = found.estimated_effects().loc[panel["i"]].to_numpy()
    values = found.params["L(y)"] * own["y_1"] + found.params["x"] * own["x"] + found.params["z"] * own["z"]
    assert_allclose(found.resids, panel["y"] - values - effects, atol=1e-11)
    assert_allclose(found.resids + found.fitted_values, panel["y"], rtol=1e-12)
    assert_allclose(found.resids.groupby(panel["i"]).sum(), 0.0, atol=1e-10)
    assert_allclose(found.moduli, abs(found.params["L(y)"]))
    assert_allclose(found.bias, found.within.params - found.params)


def test_series_without_a_root_say_so_and_have_no_errors() -> None:
    rng = np.random.default_rng(5)
    y = np.cumsum(rng.standard_normal((24, 6)), axis=1)
    frame = pd.DataFrame([{"i": f"e{i}", "t": t, "y": y[i, t]} for i in range(24) for t in range(6)])
    with pytest.warns(pv.PanelVarWarning, match="no zero that the search can reach"):
        found = fitted(frame)
    assert found.std_errors.isna().all()
    assert "n/a" in str(found.summary())


def test_an_exact_autoregression_needs_no_correction() -> None:
    start = np.random.default_rng(8).standard_normal(20)
    frame = pd.DataFrame([{"i": f"e{i:02d}", "t": t, "y": start[i] * 0.5**t + i} for i in range(20) for t in range(6)])
    with pytest.warns(pv.PanelVarWarning, match="fits exactly"):
        found = fitted(frame)
    assert_allclose(found.params, 0.5, rtol=1e-10)
    assert found.std_errors.iloc[0] == 0.0 and found.bias.iloc[0] == 0.0


@pytest.mark.parametrize("time_effects", [False, True])
def test_predictions_margins_and_other_errors(time_effects: bool) -> None:
    firms = pv.load_data("employment")
    formula = "log(emp) ~ log(wage) * log(capital)"
    fit = pv.fit_bias_corrected_moments(firms, formula, time_effects=time_effects)
    np.testing.assert_allclose(fit.predict(effects=True), fit.fitted_values, atol=1e-12)
    logs = np.log(firms[["emp", "wage", "capital"]])
    columns = [logs["emp"].groupby("firm").shift(), logs["wage"], logs["capital"], logs["wage"] * logs["capital"]]
    by_hand = sum(value * column for value, column in zip(fit.params, columns, strict=True))
    np.testing.assert_allclose(fit.predict(), by_hand.dropna(), rtol=1e-12)
    # First periods serve as lags alone, and have no effect of their own.
    new = fit.predict(firms, effects=True, unseen="missing")
    assert new.index.equals(firms.index)
    np.testing.assert_allclose(new.dropna(), fit.fitted_values, atol=1e-12)
    own = firms.loc[fit.predict().index]
    weights = np.array([0.0, (1.0 / own["wage"]).mean(), 0.0, (np.log(own["capital"]) / own["wage"]).mean()])
    effect = fit.marginal_effects("wage")
    assert effect.params.iloc[0] == pytest.approx(weights @ fit.params)
    assert effect.std_errors.iloc[0] == pytest.approx(np.sqrt(weights @ fit.cov.to_numpy() @ weights))
    sectors = pv.Clustered("sector")
    with pytest.warns(pv.PanelVarWarning, match="only 9 entities or clusters"):
        clustered = pv.fit_bias_corrected_moments(firms, formula, time_effects=time_effects, cov=sectors)
    with pytest.warns(pv.PanelVarWarning, match="only 9 entities or clusters"):
        assert fit.with_cov(sectors).cov.equals(clustered.cov)
    assert clustered.with_cov("robust").cov.equals(fit.cov) and fit.with_cov("cluster").cov.equals(fit.cov)
    with pytest.raises(pv.SpecificationError, match="cov='HC1' is not available"):
        fit.with_cov("HC1")
    with pytest.raises(pv.SpecificationError, match="without a constant"):
        fit.adjusted_predictions()


def test_what_is_drawn_has_no_other_errors() -> None:
    firms = pv.load_data("employment")
    fit = pv.fit_lsdvc(firms, "log(emp) ~ log(wage)")
    with pytest.raises(pv.SpecificationError, match="no scores that another covariance could be made of"):
        fit.with_cov("robust")
    assert fit.marginal_effects("wage").std_errors.isna().all()
    np.testing.assert_allclose(fit.predict(effects=True), fit.fitted_values, atol=1e-12)
