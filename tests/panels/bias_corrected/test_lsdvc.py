"""The approximate bias of least squares with dummies against its matrices, and standard errors from draws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from panels.bias_corrected.corrected_twins import Cube, kiviet, sample
from streams import stream

import panelvar as pv

GIVEN = [0.55, 0.5, -0.4]


def fitted(frame: pd.DataFrame, x: list[str] | None = None, **options):
    return pv.fit_lsdvc(pv.Panel(frame, "i", "t"), "y", x, **options)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("stata", [False, True])
def test_every_order_is_that_of_the_written_out_matrices(order, gaps, stata) -> None:
    frame = sample(30, 9, gaps=gaps)
    found = fitted(frame, ["x", "z"], initial=GIVEN, order=order, convention="stata" if stata else "default")
    expected, variance = kiviet(Cube(frame, ["x", "z"]), np.array(GIVEN), order, stata=stata)
    assert_allclose(found.params, expected, rtol=1e-11)
    assert_allclose(found.sigma2, variance, rtol=1e-12)
    assert_allclose(found.bias, found.within.params - expected, rtol=1e-9)


def test_a_variance_may_be_given_and_numbers_named() -> None:
    frame = sample(30, 9)
    names = dict(zip(["z", "x", "L(y)"], GIVEN[::-1], strict=True))
    found = fitted(frame, ["x", "z"], initial=names, sigma2=2.0)
    expected, _ = kiviet(Cube(frame, ["x", "z"]), np.array(GIVEN), 3, variance=2.0)
    assert_allclose(found.params, expected, rtol=1e-11)
    assert found.sigma2 == 2.0


def test_the_lag_may_stand_alone() -> None:
    frame = sample(30, 9)
    found = fitted(frame, initial=[0.6])
    assert_allclose(found.params, kiviet(Cube(frame, []), np.array([0.6]), 3)[0], rtol=1e-11)


@pytest.mark.parametrize(
    ("initial", "fit"),
    [
        ("ah", lambda panel: pv.fit_anderson_hsiao(panel, "y", ["x", "z"])),
        ("ab", lambda panel: pv.fit_arellano_bond(panel, "y", ["x", "z"], steps=1)),
        (
            "bb",
            lambda panel: pv.fit_blundell_bond(
                panel,
                "y",
                ["x", "z"],
                steps=1,
                constant=False,
                instruments=[pv.LagInstruments("y", 2), pv.StandardInstruments(["x", "z"], "both")],
            ),
        ),
    ],
)
def test_initial_estimators_are_the_public_ones(initial, fit) -> None:
    frame = sample(60, 8)
    first = fit(pv.Panel(frame, "i", "t"))
    assert_allclose(
        fitted(frame, ["x", "z"], initial=initial).params,
        fitted(frame, ["x", "z"], initial=first.params.to_numpy()[:3]).params,
        rtol=1e-9,
    )


def test_time_effects_are_dummies_of_the_periods() -> None:
    frame = sample(40, 9)
    frame["y"] += np.sin(frame["t"])
    dummies = pd.get_dummies(frame["t"], prefix="d", dtype=float)
    names = list(dummies.columns[2:])
    found = fitted(frame, ["x"], initial=[0.5, 0.5], time_effects=True)
    # Dummies at their best values beside the lag and the slope given.
    cube = Cube(frame.join(dummies), ["x", *names])
    parts = [cube.entity(i) for i in range(len(cube.y)) if cube.rows[i].any()]
    inner = sum(w[:, 2:].T @ m @ w[:, 2:] for m, w, _ in parts)
    best = np.linalg.solve(inner, sum(w[:, 2:].T @ m @ (y - w[:, :2] @ [0.5, 0.5]) for m, w, y in parts))
    expected, _ = kiviet(cube, np.concatenate(([0.5, 0.5], best)), 3)
    assert list(found.params.index) == ["L(y)", "x"]
    assert_allclose(found.params, expected[:2], rtol=1e-9)


def test_order_of_rows_labels_and_units_do_not_matter() -> None:
    frame = sample(40, 8)
    for initial in ("ah", "ab", "bb"):
        found = fitted(frame, ["x", "z"], initial=initial)
        order = np.random.default_rng(3).permutation(len(frame))
        names = {name: f"f{(7 * place) % 40:02d}" for place, name in enumerate(sorted(frame["i"].unique()))}
        moved = frame.assign(i=frame["i"].map(names), t=frame["t"] + 40).iloc[order]
        assert_allclose(fitted(moved, ["x", "z"], initial=initial).params, found.params, rtol=1e-8)
        units = fitted(frame.assign(y=1e6 * frame["y"], x=1e-5 * frame["x"]), ["x", "z"], initial=initial)
        assert_allclose(units.params, found.params * [1.0, 1e11, 1e6], rtol=1e-8)
        assert_allclose(units.sigma2, found.sigma2 * 1e12, rtol=1e-8)
    # xtlsdvc's third order is not free of units.
    small, large = (
        fitted(frame.assign(y=scale * frame["y"]), ["x", "z"], initial=[0.5, scale, scale], convention="stata")
        for scale in (1.0, 0.1)
    )
    assert abs(small.params["L(y)"] - large.params["L(y)"]) > 1e-3


@pytest.mark.parametrize("initial", ["ah", "ab", "bb"])
def test_draws_are_those_of_a_loop(initial) -> None:
    frame = sample(24, 7)
    options = {"initial": initial, "order": 2}
    found = fitted(frame, ["x"], draws=40, seed=11, **options)
    assert "40 draws" in found.cov_label
    point = fitted(frame, ["x"], **options)
    assert_allclose(found.params, point.params)
    effects, sigma = point.estimated_effects(), np.sqrt(point.sigma2)
    keys = sorted(zip(frame["i"], frame["t"], strict=True))
    whole = frame.set_index(["i", "t"])
    periods, labels = sorted(frame["t"].unique())[1:], sorted(frame["i"].unique())
    rng = stream(11)
    shocks = rng.standard_normal((40, len(labels), len(periods)))
    draws = []
    for draw in range(40):
        y = whole["y"].copy()
        for i, t in keys:
            if (i, t - 1) in whole.index:
                explained = point.params["L(y)"] * y[(i, t - 1)] + point.params["x"] * whole.loc[(i, t), "x"]
                shock = shocks[draw, labels.index(i), periods.index(t)]
                y[(i, t)] = explained + effects[i] + sigma * shock
        draws.append(fitted(whole.assign(y=y).reset_index(), ["x"], **options).params)
    assert_allclose(found.cov, np.cov(np.array(draws), rowvar=False), rtol=1e-7)
    assert_allclose(fitted(frame, ["x"], draws=40, seed=11, **options).cov, found.cov)


def test_draws_do_not_depend_on_how_many_fit_into_memory(monkeypatch) -> None:
    from panelvar.panels.bias_corrected import lsdvc

    frame = sample(20, 7)
    whole = fitted(frame, ["x"], draws=9, seed=2)
    monkeypatch.setattr(lsdvc, "_CELLS", 1)
    assert_allclose(fitted(frame, ["x"], draws=9, seed=2).cov, whole.cov, rtol=1e-10)


def test_without_draws_there_are_no_errors_and_the_reason_is_said() -> None:
    found = fitted(sample(30, 9), ["x"])
    assert found.std_errors.isna().all() and found.cov_label == "none (draws=0)"
    assert any("draws=200" in note.text for note in found.notes)
    assert "n/a" in str(found.summary())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"lags": 2}, "fit_bias_corrected_moments"),
        ({"order": 4}, "order"),
        ({"order": 0}, "order"),
        ({"initial": "gmm"}, "initial"),
        ({"initial": [0.5]}, "initial"),
        ({"initial": {"L(y)": 0.5, "w": 1.0}}, "must name each coefficient once"),
        ({"initial": 0.5}, "initial"),
        ({"initial": [0.5, np.nan]}, "initial"),
        ({"sigma2": 1.0}, "only with numbers"),
        ({"initial": [0.5, 0.5], "sigma2": -1.0}, "is negative"),
        ({"draws": 1}, "no spread"),
        ({"draws": -1}, "draws"),
        ({"seed": "x"}, "seed"),
        ({"convention": "plm"}, "convention"),
    ],
)
def test_choices_that_there_are_not(options, words) -> None:
    with pytest.raises(pv.PanelVarError, match=words):
        fitted(sample(24, 8), ["x"], **options)


def test_a_corrected_lag_beyond_one_is_kept_with_a_warning() -> None:
    y = np.cumsum(np.random.default_rng(5).standard_normal((24, 6)), axis=1)
    frame = pd.DataFrame([{"i": f"e{i:02d}", "t": t, "y": y[i, t]} for i in range(24) for t in range(6)])
    with pytest.warns(pv.PanelVarWarning, match="is not stable"):
        found = fitted(frame, initial=[1.0])
    assert found.params["L(y)"] >= 1.0 and not found.is_stable


def test_functions_of_coefficients_without_draws_say_why_they_have_no_errors():
    fit = pv.fit_lsdvc(pv.load_data("grunfeld"), "invest ~ value")
    assert "Give draws=200" in str(fit.nonlinear("value ** 2")).replace("\n", " ")
