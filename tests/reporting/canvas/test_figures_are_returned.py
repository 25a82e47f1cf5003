"""Every plot, function or method, returns the figure it has drawn in: its own, or the one of the axes it was given."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import panelvar as pv

pytest.importorskip("matplotlib")

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.figure import Figure


@cache
def panel() -> pv.Panel:
    rng = np.random.default_rng(5)
    rows = pd.DataFrame([(f"f{i}", 2000 + t) for i in range(9) for t in range(8)], columns=["firm", "year"])
    rows["since"] = rows["year"] - 2004
    rows["treated"] = (rows["firm"] < "f5").astype(float)
    rows["x"], rows["y"] = rng.normal(size=(2, len(rows)))
    return pv.Panel(rows, "firm", "year")


@cache
def fixed() -> pv.LinearResult:
    return pv.fit_fixed_effects(panel(), "y ~ x + C(since, ref=-1):treated", effects="twoway")


@cache
def model() -> pv.VarResult:
    return pv.fit_var(np.random.default_rng(6).normal(size=(60, 2)), lags=1)


@cache
def entities() -> pv.PanelVarResult:
    return pv.fit_panel_var(panel(), ["x", "y"], method="pooled", cov="classical")


DRAWN: dict[str, Callable[..., Any]] = {
    "plot_binned": lambda **where: pv.plot_binned(panel(), "y", "x", bins=3, **where),
    "plot_coefficients": lambda **where: pv.plot_coefficients(fixed(), **where),
    "plot_constancy": lambda **where: pv.plot_constancy(pv.cusum_test(model()), **where),
    "plot_correlogram": lambda **where: pv.plot_correlogram(pv.residual_correlogram(model(), lags=4), **where),
    "plot_decomposition": lambda **where: pv.plot_decomposition(model().variance_decomposition(3), **where),
    "plot_effects": lambda **where: pv.plot_effects(fixed(), **where),
    "plot_cohorts": lambda **where: pv.plot_cohorts(treated_data()[0], cohort="first", **where),
    "plot_event_study": lambda **where: pv.plot_event_study(fixed(), "C(since, ref=-1):treated", **where),
    "plot_forecast": lambda **where: pv.plot_forecast(model().forecast(3), **where),
    "plot_historical": lambda **where: pv.plot_historical(model().historical_decomposition(), **where),
    "plot_margins": lambda **where: pv.plot_margins(margins(), **where),
    "plot_residuals": lambda **where: pv.plot_residuals(fixed(), **where),
    "plot_responses": lambda **where: pv.plot_responses(model().impulse_responses(3), **where),
    "plot_rolling": lambda **where: pv.plot_rolling(rolled(), **where),
    "plot_roots": lambda **where: pv.plot_roots(model(), **where),
    "plot_scatter": lambda **where: pv.plot_scatter(panel(), x="x", y="y", **where),
    "plot_series": lambda **where: pv.plot_series(panel(), "y", **where),
    "plot_system": lambda **where: pv.plot_system(model(), **where),
    "plot_within_between": lambda **where: pv.plot_within_between(panel(), "y", "x", **where),
    "VarBatch.plot": lambda **where: rolled().plot(**where),
    "CusumTests.plot": lambda **where: pv.cusum_test(model()).plot(**where),
    "Correlogram.plot": lambda **where: pv.residual_correlogram(model(), lags=4).plot(**where),
    "EquationEstimates.plot": lambda **where: fixed().plot(**where),
    "EstimatedSystem.plot": lambda **where: model().plot(**where),
    "SvarResult.plot": lambda **where: pv.fit_svar(model(), pv.ShortRun(a={model().names: 0})).plot(**where),
    "EventStudy.plot": lambda **where: fixed().event_study("C(since, ref=-1):treated").plot(**where),
    "TreatmentEffects.plot": lambda **where: treated("sun-abraham").plot(**where),
    "ComparedMethods.plot": lambda **where: pv.compare_methods(*treated_data(), cohort="first").plot(**where),
    "TwoWayDecomposition.plot": lambda **where: pv.decompose_two_way_effects(*treated_data(), cohort="first").plot(
        **where
    ),
    "TwoWayWeights.plot": lambda **where: pv.weigh_two_way_effects(*treated_data(), cohort="first").plot(**where),
    "EventStudyWeights.plot": lambda **where: pv.weigh_event_study(*treated_data(), cohort="first").plot(**where),
    "TrendSensitivity.plot": lambda **where: (
        fixed().event_study("C(since, ref=-1):treated").sensitivity(draws=100).plot(**where)
    ),
    "Forecast.plot": lambda **where: model().forecast(3).plot(**where),
    "PanelForecast.plot": lambda **where: entities().forecast(3).plot("f1", **where),
    "HistoricalDecomposition.plot": lambda **where: model().historical_decomposition().plot(**where),
    "Margins.plot": lambda **where: margins().plot(**where),
    "Responses.plot": lambda **where: model().impulse_responses(3).plot(**where),
    "System.plot_roots": lambda **where: model().plot_roots(**where),
    "VarianceDecomposition.plot": lambda **where: model().variance_decomposition(3).plot(**where),
}


def treated_data() -> tuple[pv.Panel, str]:
    rows = pd.DataFrame([(f"f{i}", 2000 + t) for i in range(60) for t in range(6)], columns=["firm", "year"])
    rows["y"] = np.random.default_rng(7).normal(size=len(rows))
    rows["first"] = np.repeat(np.array([np.nan, 2002.0, 2004.0])[np.arange(60) % 3], 6)
    return pv.Panel(rows, "firm", "year"), "y"


@cache
def treated(method: str) -> pv.TreatmentEffects:
    return pv.fit_event_study(*treated_data(), cohort="first", method=method)


@cache
def margins() -> Any:
    return fixed().marginal_effects("x", at={"x": [0, 1, 2]})


@cache
def rolled() -> Any:
    return pv.fit_rolling_var(np.random.default_rng(6).normal(size=(60, 2)), window=30)


def plots() -> dict[str, Callable[..., Any]]:
    """All that are public: functions by their name, methods behind the name of the class that has them."""
    found = {name: getattr(pv, name) for name in pv.__all__ if name.startswith("plot_")}
    for module in pkgutil.walk_packages(pv.__path__, "panelvar."):
        for name, owner in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if owner.__module__ == module.name:
                methods = (each for each in vars(owner) if each == "plot" or each.startswith("plot_"))
                found |= {f"{name}.{method}": getattr(owner, method) for method in methods}
    return found


def test_all_say_so() -> None:
    found = plots()
    assert found.keys() == DRAWN.keys()
    for name, plot in found.items():
        assert inspect.signature(plot).return_annotation == "Figure | SubFigure", name
        assert "Returns\n-------\nFigure" in inspect.getdoc(plot), name


@pytest.mark.parametrize("name", DRAWN)
def test_all_do_so(name: str) -> None:
    figure = DRAWN[name]()
    assert isinstance(figure, Figure)
    assert figure is plt.gcf()
    whole, axes = plt.subplots(len(figure.axes), 1, squeeze=False)
    left, _ = plt.figure().subfigures(1, 2)
    assert DRAWN[name](ax=axes) is whole
    assert DRAWN[name](figure=left) is left
