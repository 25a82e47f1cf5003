"""Coefficients of systems stand under their equations, with the limits of their results."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from quiet import quietly

import panelvar as pv

pytest.importorskip("matplotlib")

import matplotlib as mpl

mpl.use("Agg")


NAMES = ["x", "y [%]", "z"]


@cache
def series() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    values = np.zeros((120, 3))
    lag = np.array([[0.5, 0.2, 0.0], [0.0, 0.4, 0.3], [0.1, 0.0, 0.6]])
    for t in range(1, 120):
        values[t] = 0.5 + lag @ values[t - 1] + rng.normal(size=3)
    return pd.DataFrame(values, columns=NAMES)


@cache
def model() -> pv.VarResult:
    return pv.fit_var(series(), lags=1)


def lines(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.axes[0].get_yticklabels()]


def marks(figure: Any, upright: bool = False) -> np.ndarray:
    found = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    return np.concatenate([line.get_ydata() if upright else line.get_xdata() for line in found])


def segments(figure: Any) -> np.ndarray:
    found = [each for each in figure.axes[0].collections if hasattr(each, "get_segments")]
    return np.array([segment[:, 0] for each in found for segment in each.get_segments()])


def foot(figure: Any) -> str:
    return figure.get_supxlabel().replace("\n", " ")


def test_equations_stand_below_one_another_without_their_constants() -> None:
    figure = pv.plot_coefficients(model(), level=(0.68, 0.95))
    regressors = [f"L1.{name}" for name in NAMES]
    assert lines(figure) == [text for name in NAMES for text in (name, *regressors)]
    np.testing.assert_array_equal(marks(figure), model().params.loc[regressors].to_numpy().T.ravel())
    limits = [model().conf_int(level=level).drop("const", level=1).to_numpy() for level in (0.95, 0.68)]
    np.testing.assert_array_equal(segments(figure), np.vstack(limits))
    assert "The constants are not shown" in foot(figure)
    assert "Standard errors: classical" in foot(figure)
    figure.draw_without_rendering()
    assert "const" in lines(pv.plot_coefficients(model(), constant=True))


def test_equations_and_regressors_are_chosen_and_called() -> None:
    robust = model().with_cov("HC1")
    figure = pv.plot_coefficients(
        {"OLS": model(), "HC1": robust},
        keep=["[x]L1.z", "[x]L1.x", "[z]*"],
        drop="*const",
        labels={"x": "Output", "L1.z": "Rate before", "[z]L1.z": "Its own past"},
        joint="sup-t",
    )
    assert lines(figure) == ["Output", "Rate before", "L1.Output", "z", "L1.Output", "L1.y [%]", "Its own past"]
    capped = segments(figure)
    own = ["[x]L1.z", "[x]L1.x", *(f"[z]L1.{name}" for name in NAMES)]
    np.testing.assert_array_equal(capped[:5], model()._stacked.conf_int(of=own, joint="sup-t"))
    assert "OLS: classical; HC1: HC1" in foot(figure)
    # One of each equation, each said with its equation.
    alone = pv.plot_coefficients(model(), keep="*L1.x", labels={"L1.x": "Past", "z": "Rate"}, figsize=(3.0, 2.0))
    assert lines(alone) == ["x: Past", "y [%]: Past", "Rate: Past"]
    alone.draw_without_rendering()
    with pytest.raises(pv.SpecificationError, match="labels='w' matches none of the names"):
        pv.plot_coefficients(model(), labels={"w": "W"})


def test_restrictions_leave_coefficients_out() -> None:
    restricted = pv.fit_restricted_var(series(), restrictions={"x": ["L1.z", "const"], "z": ["L1.x"]}, lags=1)
    figure = pv.plot_coefficients(restricted, constant=True)
    assert lines(figure)[:3] == ["x", "L1.x", "L1.y [%]"]
    free = restricted.free.to_numpy().T.ravel()
    np.testing.assert_array_equal(marks(figure), restricted.params.to_numpy().T.ravel()[free])
    # Each equation has its own degrees of freedom.
    np.testing.assert_array_equal(segments(figure), restricted.conf_int().to_numpy()[free])


def test_error_corrections_are_of_the_differences() -> None:
    vecm = pv.fit_vecm(series().cumsum(), rank=1, lags=2)
    figure = pv.plot_coefficients(vecm, constant=True)
    np.testing.assert_array_equal(marks(figure), vecm.short_run.to_numpy().T.ravel())
    stacked = vecm._differences
    np.testing.assert_allclose(stacked.std_errors, vecm.short_run_std_errors.to_numpy().T.ravel(), rtol=1e-12)
    np.testing.assert_allclose(stacked.pvalues, vecm.short_run_pvalues.to_numpy().T.ravel(), rtol=1e-9)
    np.testing.assert_array_equal(segments(figure), stacked.conf_int())
    assert lines(figure)[:3] == ["x", "ec1", "const"]
    # The Wald test of lags in them is that of the result.
    names = [f"[x]{name}" for name in vecm.short_run_names if name.startswith("L(D(")]
    ours, theirs = stacked.wald_test(names), vecm.exclusion_test(equations="x")
    assert ours.df == theirs.df
    assert ours.statistic == pytest.approx(theirs.statistic, rel=1e-9)


def test_panels_are_drawn_upright_too() -> None:
    rows = pd.DataFrame(np.tile(series().to_numpy(), (4, 1)), columns=NAMES)
    rows += np.random.default_rng(3).normal(size=rows.shape)
    rows["firm"], rows["year"] = np.repeat(np.arange(4), 120), np.tile(np.arange(120), 4)
    found = quietly(pv.fit_panel_var, pv.Panel(rows, "firm", "year"), ["x", "z"], lags=1, method="within")
    figure = pv.plot_coefficients(found, upright=True)
    np.testing.assert_array_equal(marks(figure, upright=True), found.params.to_numpy().T.ravel())
    names = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert names == ["x: L1.x", "x: L1.z", "z: L1.x", "z: L1.z"]
    one = pv.plot_coefficients(found, keep="[x]*", upright=True).axes[0]
    assert one.get_xlabel() == "x"
    assert [text.get_text() for text in one.get_xticklabels()] == ["L1.x", "L1.z"]


def test_structural_forms_show_the_entries_that_are_estimated() -> None:
    free = np.nan
    scheme = pv.ShortRun(a=[[1, 0, 0], [free, 1, 0], [free, free, 1]], b=np.diag([free] * 3))
    plain = pv.fit_svar(model(), scheme)
    figure = pv.plot_coefficients(plain, keep="A*", labels={"A": "At once", "A[z, x]": "x on z"})
    assert lines(figure) == ["At once", "y [%], x", "x on z", "z, y [%]"]
    np.testing.assert_array_equal(marks(figure), plain.entries.loc["A", "estimate"])
    np.testing.assert_array_equal(segments(figure), plain.conf_int(level=0.95).loc["A"])
    assert figure.axes[0].get_title() == "Structural form A u = B e"
    assert "information matrix" in foot(figure)
    banded = pv.fit_svar(model(), scheme, bands=pv.DeltaMethod(), level=(0.68, 0.9))
    both = pv.plot_coefficients(banded, level=(0.68, 0.9))
    np.testing.assert_array_equal(segments(both)[6:], banded.conf_int(level=0.68))
    assert "delta method" in foot(both)
    with pytest.raises(pv.SpecificationError, match=r"the band was made at 68% and 90%"):
        pv.plot_coefficients(banded)
    with pytest.raises(pv.SpecificationError, match=r"fit_svar\(\.\.\., bands=DeltaMethod\(joint='sup-t'\)\)"):
        pv.plot_coefficients(plain, joint="sup-t")
