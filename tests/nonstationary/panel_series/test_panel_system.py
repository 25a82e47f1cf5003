"""Reading a dependent variable and regressors of a panel for cointegration."""

from __future__ import annotations

import numpy as np
import pytest
from nonstationary.panel_cointegration.systems import frame_of, panel_of, system

import panelvar as pv
from panelvar.nonstationary.panel_series.panel_system import panel_system


def test_every_entity_has_its_rows_in_the_order_of_time_whatever_the_order_of_the_data() -> None:
    values = system(4, 12, 2)
    shuffled = frame_of(values).sample(frac=1.0, random_state=1)
    found = panel_system(pv.Panel(shuffled, "i", "t"), "y", ["x1", "x2"])
    np.testing.assert_array_equal(found.stack("It"), values)
    assert (found.dependent, found.names, found.n_regressors) == ("y", ("x1", "x2"), 2)
    assert found.labels == ("e0", "e1", "e2", "e3")
    np.testing.assert_array_equal(panel_system(panel_of(values), "y ~ x1 + x2").stack("It"), values)


def test_a_panel_whose_entities_differ_in_periods_has_no_stack() -> None:
    frame = frame_of(system(3, 12)).drop(index=[0, 1])
    found = panel_system(pv.Panel(frame, "i", "t"), "y", "x1")
    assert found.periods.tolist() == [10, 12, 12]
    assert found.starts.tolist() == [2, 0, 0]
    with pytest.raises(pv.DataError, match=r"'y' with its regressors has 10 to 12 obs.* the fewest in 'e0'"):
        found.stack("It")


def test_means_of_periods_are_over_the_entities_that_have_them() -> None:
    frame = frame_of(system(3, 12)).drop(index=[0, 1])
    panel = pv.Panel(frame, "i", "t")
    found = panel_system(panel, "y", "x1", demean=True)
    columns = ["y", "x1"]
    expected = frame[columns] - frame.groupby("t")[columns].transform("mean")
    np.testing.assert_allclose(np.concatenate(found.values), expected.to_numpy(), rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    ("change", "words", "kind"),
    [
        (lambda f: f.drop(index=[5]), "'e0' lacks 1 period", pv.DataError),
        (lambda f: f.assign(x1=f.x1.where(f.i != "e1", 3.0)), "'x1 of e1' does not vary", pv.DataError),
        (
            lambda f: f.assign(y=f.y.where(f.i != "e1", 2.0 * f.x1 + 1e3)),
            "'x1' of 'e1' is a comb",
            pv.CollinearityError,
        ),
        (lambda f: f.assign(x1=f.x1.where(f.i != "e1")), "'e1' has no complete row", pv.DataError),
    ],
)
def test_an_entity_that_says_nothing_is_named_or_left_out_and_counted(change, words, kind) -> None:
    panel = pv.Panel(change(frame_of(system(4, 12))), "i", "t")
    with pytest.raises(kind, match=words):
        panel_system(panel, "y", "x1")
    found = panel_system(panel, "y", "x1", unusable="drop")
    assert found.n_entities == 3
    assert found.design.nobs == 36
    (note,) = [note for note in found.notes if note.code == "entities-left-out"]
    assert note.text.startswith("1 of 4 entities are left out")
    assert note.warn


def test_units_do_not_decide_what_is_a_combination() -> None:
    values = system(3, 20, 2) * np.array([1e-9, 1.0, 1e9]) + np.array([0.0, 1e5, 0.0])
    assert panel_system(panel_of(values), "y", ["x1", "x2"]).n_entities == 3


def test_what_is_no_cointegration_in_a_panel_is_refused() -> None:
    panel = panel_of(system(3, 12))
    with pytest.raises(pv.SpecificationError, match="Say by trend= which terms"):
        panel_system(panel, "y ~ x1 - 1")
    with pytest.raises(pv.SpecificationError, match="at least one regressor"):
        panel_system(panel, "y ~ 1")
    with pytest.raises(pv.InsufficientDataError, match="at least two entities"):
        panel_system(pv.Panel(frame_of(system(3, 12)).query("i == 'e0'"), "i", "t"), "y", "x1")
    follows = system(3, 12)
    follows[:] = follows[:1]
    with pytest.raises(pv.NumericalError, match="'y' of 'e0' follows the averages"):
        panel_system(panel_of(follows), "y", "x1", demean=True)


def test_entities_that_repeat_another_are_told() -> None:
    values = system(5, 30, 1)
    values[2] = values[0]
    with pytest.warns(pv.PanelVarWarning, match=r"'e2' has the same values as 'e0' \(1 of 5\)"):
        pv.kao_test(panel_of(values), "y", "x1", lags=0)
    values[2, :, 1] *= 2.0
    pv.kao_test(panel_of(values), "y", "x1", lags=0)
