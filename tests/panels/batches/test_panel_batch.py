"""Fits of many panels in one call are the fits one by one."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from quiet import quietly

import panelvar as pv
from panelvar.panels.batches import panel_batch
from panelvar.panels.batches.stacked_models import plan_of

R, N, T = 12, 14, 6


def simulated(seed: int = 4) -> dict[str, np.ndarray]:
    """Effects that matter, a mean far from zero, a regressor that is the same everywhere."""
    rng = np.random.default_rng(seed)
    effect = 2.0 * rng.normal(size=(R, N, 1))
    fixed, own = rng.normal(size=(N, T)), 50.0 + 0.5 * effect + rng.normal(size=(R, N, T))
    errors = rng.normal(size=(R, N, T)) * (0.5 + abs(fixed))
    return {"y": 3.0 + fixed - 0.5 * own + effect + errors, "fixed": fixed, "own": own}


DATA = simulated()


def panels(data=DATA, keep=None):
    """The data sets as frames."""
    out = []
    for number in range(R):
        frame = pd.DataFrame({name: np.broadcast_to(array, (R, N, T))[number].ravel() for name, array in data.items()})
        frame["entity"], frame["time"] = np.repeat(np.arange(N), T), np.tile(np.arange(T), N)
        frame = frame if keep is None else frame[keep(frame, number)]
        out.append(frame.set_index(["entity", "time"]))
    return out


def counted(monkeypatch):
    """Count the fits of single panels."""
    numbers: list[int] = []
    whole = panel_batch._one

    def one(*args):
        numbers.append(args[-1])
        return whole(*args)

    monkeypatch.setattr(panel_batch, "_one", one)
    return numbers


def alike(batch, results) -> None:
    """Estimates to the last digits, all else exactly."""
    assert list(batch.labels) == list(results)
    for place, (number, result) in enumerate(results.items()):
        for name in ("params", "std_errors", "tstats", "pvalues"):
            own = getattr(batch, name).loc[number].dropna()
            np.testing.assert_allclose(own, getattr(result, name), rtol=1e-10, atol=1e-12, err_msg=name)
            assert tuple(own.index) == result.names
        limits = batch.conf_int(level=(0.9, 0.6))
        for column in ("lower", "upper", "lower_60", "upper_60"):
            expected = result.conf_int(level=(0.9, 0.6))[column]
            np.testing.assert_allclose(limits[column].loc[number].dropna(), expected, rtol=1e-10, atol=1e-12)
        assert batch.rsquared[place] == pytest.approx(result.rsquared, rel=1e-10)
        assert (batch.nobs[place], batch.df_resid[place]) == (result.nobs, result.df_resid)


FITS = [
    (pv.fit_pooled, {}),
    (pv.fit_pooled, {"constant": False}),
    (pv.fit_fixed_effects, {}),
    (pv.fit_fixed_effects, {"effects": "time"}),
    (pv.fit_fixed_effects, {"effects": "twoway", "constant": False}),
    (pv.fit_fixed_effects, {"convention": "stata"}),
    (pv.fit_random_effects, {}),
]


@pytest.mark.parametrize("cov", ["classical", "HC0", "HC1", "robust", pv.Clustered("time", residuals="HC1")], ids=str)
@pytest.mark.parametrize(("fit", "options"), FITS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_data_sets_of_one_shape_are_fitted_together(monkeypatch, fit, options, cov):
    numbers = counted(monkeypatch)
    options = {**options, "cov": cov}
    batch = quietly(pv.fit_panel_batch, fit, DATA, "y", ["fixed", "own"], options=options)
    assert numbers == [0]
    monkeypatch.undo()
    results = {
        number: quietly(fit, pv.Panel(frame), "y", ["fixed", "own"], **options) for number, frame in enumerate(panels())
    }
    alike(batch, results)
    assert batch.notes == results[0].notes
    assert (batch.estimator, batch.cov_label) == (results[0].estimator, results[0].cov_label)
    assert quietly(batch.member, 7).params.equals(results[7].params)


@pytest.mark.parametrize(
    ("fit", "options"),
    [
        (pv.fit_fixed_effects, {"cov": "HC3"}),
        (pv.fit_fixed_effects, {"cov": pv.Clustered("entity", "time")}),
        (pv.fit_fixed_effects, {"effects": "entity[fixed]"}),
        (pv.fit_random_effects, {"convention": "plm", "variance_components": "amemiya"}),
        (pv.fit_random_effects, {"variance_components": "wallace-hussain"}),
        (pv.fit_random_effects, {"effects": "twoway"}),
        (pv.fit_between, {}),
        (pv.fit_first_difference, {}),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_what_has_no_common_way_is_fitted_one_by_one(fit, options):
    x = ["own"] if options.get("effects") == "entity[fixed]" else ["fixed", "own"]
    batch = quietly(pv.fit_panel_batch, fit, DATA, "y", x, options=options)
    alike(batch, {number: quietly(fit, pv.Panel(frame), "y", x, **options) for number, frame in enumerate(panels())})


def test_panels_frames_and_arrays_are_one_thing(monkeypatch):
    whole = np.stack([np.broadcast_to(array, (R, N, T)) for array in DATA.values()], axis=-1)
    numbers = counted(monkeypatch)
    batches = [
        pv.fit_panel_batch(pv.fit_fixed_effects, *given, y, x, columns=names)
        for given, y, x, names in (
            ((DATA,), "y", ["fixed", "own"], None),
            ((DATA,), "y ~ fixed + own", None, None),
            ((whole,), "y", ["fixed", "own"], list(DATA)),
            ((panels(),), "y", ["fixed", "own"], None),
            (([pv.Panel(frame) for frame in panels()],), "y", ["fixed", "own"], None),
        )
    ]
    assert numbers == [0] * 5
    for batch in batches[1:]:
        pd.testing.assert_frame_equal(batch.params, batches[0].params, rtol=1e-13)
        pd.testing.assert_frame_equal(batch.std_errors, batches[0].std_errors, rtol=1e-13)


def test_gaps_and_unequal_shapes_are_fitted_one_by_one(monkeypatch):
    data = {name: array.copy() for name, array in simulated().items()}
    data["y"][3, 2, 1] = data["own"][5, :, 0] = np.nan
    numbers = counted(monkeypatch)
    with pytest.warns(pv.PanelVarWarning, match=r"In 1 of 12 panels: 1 of 84 rows dropped .*y \(1\)"):
        batch = pv.fit_panel_batch(pv.fit_fixed_effects, data, "y", ["fixed", "own"])
    assert numbers == [0, 3, 5] and batch.nobs[[0, 3, 5]].tolist() == [84, 83, 70]
    monkeypatch.undo()
    alike(
        batch,
        {
            number: quietly(pv.fit_fixed_effects, pv.Panel(frame), "y", ["fixed", "own"])
            for number, frame in enumerate(panels(data))
        },
    )
    ragged = panels(keep=lambda frame, number: frame["entity"] < 14 - number % 2)
    batch = pv.fit_panel_batch(pv.fit_pooled, ragged, "y", "own")
    assert batch.nobs.tolist() == [84, 78] * 6
    alike(batch, {number: pv.fit_pooled(pv.Panel(frame), "y", "own") for number, frame in enumerate(ragged)})
    lagged = quietly(pv.fit_panel_batch, pv.fit_pooled, DATA, "y ~ own + L(own)")
    assert lagged.params.columns.tolist() == ["const", "own", "L(own)"]


def test_what_is_out_of_the_ordinary_goes_the_way_of_the_estimator():
    data = {name: np.broadcast_to(array, (R, N, T)).copy() for name, array in simulated().items()}
    data["own"][2] = 2.0 * data["fixed"][2]
    data["own"][4] = 7.0
    data["y"][6] = 1.0 + data["fixed"][6]
    data["y"][8] *= 1e90
    data["own"][9] = data["fixed"][9] + 1e-9 * data["own"][9]
    for fit in (pv.fit_pooled, pv.fit_fixed_effects, pv.fit_random_effects):
        for cov in ("classical", "cluster"):
            batch = quietly(pv.fit_panel_batch, fit, data, "y", ["fixed", "own"], options={"cov": cov})
            for number, frame in enumerate(panels(data)):
                if number not in batch.labels:
                    with pytest.raises(pv.PanelVarError):
                        quietly(fit, pv.Panel(frame), "y", ["fixed", "own"], cov=cov)
                    continue
                own = quietly(fit, pv.Panel(frame), "y", ["fixed", "own"], cov=cov)
                found = batch.params.loc[number].dropna()
                assert tuple(found.index) == own.names
                np.testing.assert_allclose(found, own.params, rtol=1e-9)
            codes = [note.code for note in batch.notes]
            assert codes.count("regressor-collinear") == 1
            assert batch.params["own"].isna().sum() == 2


def test_variances_of_random_effects_at_zero_are_counted_in_one_warning():
    rng = np.random.default_rng(8)
    data = {"x": rng.normal(size=(R, N, T))}
    data["y"] = data["x"] + rng.normal(size=(R, N, T))
    results = {
        number: quietly(pv.fit_random_effects, pv.Panel(frame), "y", "x") for number, frame in enumerate(panels(data))
    }
    zero = sum(result.variance_components.effect == 0.0 for result in results.values())
    assert 0 < zero < R
    with pytest.warns(pv.PanelVarWarning, match=rf"In {zero} of {R} panels: ") as caught:
        batch = pv.fit_panel_batch(pv.fit_random_effects, data, "y", "x")
    assert len(caught) == 1 and caught[0].filename == __file__
    alike(batch, results)


def test_panels_that_cannot_be_estimated_are_left_out():
    data = {name: np.broadcast_to(array, (R, N, T)).copy() for name, array in simulated().items()}
    data["y"][[0, 5]] = np.nan
    with pytest.warns(pv.PanelVarWarning, match=r"2 of 12 panels are left out, .*: 0, 5\. Panel 0: No complete row"):
        batch = pv.fit_panel_batch(pv.fit_pooled, data, "y", "own")
    assert list(batch.labels) == [1, 2, 3, 4, 6, 7, 8, 9, 10, 11] and len(batch) == 10
    assert batch.member(6).params.equals(pv.fit_pooled(pv.Panel(panels(data)[6]), "y", "own").params)
    data["y"][:] = np.nan
    with pytest.raises(pv.InsufficientDataError, match=r"None of the 12 panels can be estimated\. Panel 0: No"):
        pv.fit_panel_batch(pv.fit_pooled, data, "y", "own")


def test_a_batch_prints_means_over_panels_and_is_stored():
    batch = quietly(pv.fit_panel_batch, pv.fit_fixed_effects, DATA, "y", ["fixed", "own"], options={"cov": "cluster"})
    printed = str(batch.summary(digits=3))
    assert "Fixed effects (entity): y" in printed and "Mean std. err." in printed
    assert f"{batch.params['own'].mean():.3f}" in printed and f"{batch.params['own'].std():.3f}" in printed
    assert max(map(len, printed.splitlines())) <= 80
    assert repr(batch) == "<12 fits of one model, Fixed effects (entity): y on const, fixed, own>"
    again = pickle.loads(pickle.dumps(batch))
    assert again.params.equals(batch.params) and quietly(again.member, 3).params.equals(quietly(batch.member, 3).params)


@pytest.mark.parametrize(
    ("data", "options", "match"),
    [
        (np.ones((3, 4)), {}, r"an array of shape \(3, 4\): expected a mapping"),
        (np.ones((3, 4, 5, 2)), {}, r"does not name its 2 variables"),
        (np.ones((3, 4, 5, 2)), {"columns": ["y"]}, "each of the 2 variables of the array"),
        ({"y": np.ones((3, 4, 5)), "x": np.ones((3, 4, 6))}, {}, "must have one shape"),
        ({"y": np.ones((3, 4, 5)), "x": np.ones((5, 4))}, {}, r"\['x'\] of shape"),
        ({"y": np.ones((4, 5)), "x": np.ones((4, 5))}, {}, "the dimension of data sets"),
        ({"y": np.ones(4), "x": np.ones(4)}, {}, r"'y' is an array of shape \(4,\)"),
        ({"y": np.full((2, 4, 5), np.inf), "x": np.ones((2, 4, 5))}, {}, "'y' has infinite values"),
        ({"y": np.full((2, 4, 5), "a"), "x": np.ones((2, 4, 5))}, {}, "'y' is an array of shape"),
        ([pd.DataFrame({"y": [1.0]})], {}, "Data set 0: The data do not say"),
        (DATA, {"columns": ["y"]}, "columns= are the names"),
        (None, {}, "data is a NoneType"),
        ([], {}, "data is a list"),
        (DATA, {"options": {"cov": "HC9"}}, "Panel 0: .*HC9"),
        (DATA, {"options": {"y": "x"}}, "not an argument of the estimator"),
    ],
)  # fmt: skip
def test_what_is_no_batch_is_refused_in_words(data, options, match):
    with pytest.raises((pv.SpecificationError, pv.DataError), match=match):
        pv.fit_panel_batch(pv.fit_pooled, data, "y", "x" if data is not DATA else "own", **options)


def test_other_calls_are_refused_in_words():
    with pytest.raises(pv.SpecificationError, match="must be an estimator"):
        pv.fit_panel_batch("fit_pooled", DATA, "y", "own")
    with pytest.raises(pv.SpecificationError, match="y must be a column name or a formula; got ndarray"):
        pv.fit_panel_batch(pv.fit_pooled, panels(), np.ones(7), "own")
    with pytest.raises(pv.SpecificationError, match="fit must return a result"):
        pv.fit_panel_batch(lambda data, y, x: data, DATA, "y", "own")
    with pytest.raises(pv.SpecificationError, match="100 is not one of the panels; there are 12, such as 0, 1"):
        pv.fit_panel_batch(pv.fit_pooled, DATA, "y", "own").member(100)
    with pytest.raises(pv.SpecificationError, match=r"use fit_panel_batch\(fit, data, y, x\)"):
        pv.fit_many(pv.fit_pooled, panels(), "y", "own")


def test_a_pattern_with_other_rows_has_no_plan():
    result = pv.fit_pooled(pv.Panel(panels()[0]), "y", "own")
    assert plan_of(result, (N, T), "classical") is not None
    assert plan_of(result, (N, T + 1), "classical") is None
    assert plan_of(result, (N, T), "driscoll-kraay") is None


def test_a_member_whose_data_have_changed_is_refused():
    rng = np.random.default_rng(0)
    data = {name: rng.normal(size=(5, 20, 4)) for name in ("y", "x")}
    batch = pv.fit_panel_batch(pv.fit_pooled, data, "y", "x")
    assert batch.member(2).params["x"] == pytest.approx(batch.params.loc[2, "x"], rel=1e-12)
    data["y"][2] = rng.normal(size=(20, 4))
    with pytest.raises(pv.DataError, match="panel 2 have changed"):
        batch.member(2)


@pytest.mark.parametrize("label", [["x1", "x1"], {"x"}])
def test_a_label_that_is_none_is_refused(label):
    firms = pv.load_data("grunfeld")
    batch = pv.fit_panel_batch(pv.fit_pooled, [firms, firms], "invest", ["value"])
    with pytest.raises(pv.SpecificationError, match="is not one of the panels"):
        batch.member(label)
