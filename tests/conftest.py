"""What every test shares: deterministic property tests, no window system for matplotlib, no figure left open."""

from __future__ import annotations

import os
import sys
import tracemalloc

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("MPLBACKEND", "Agg")

pytest_plugins = ["small_results"]

# No wall-clock deadline: a busy machine must not fail a property. Derandomised: a run can be repeated.
settings.register_profile(
    "panelvar", deadline=None, derandomize=True, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("panelvar")


@pytest.fixture(autouse=True)
def _no_figure_is_left_open():
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")


@pytest.fixture
def peak_megabytes():
    """Return a function that calls another and says how much memory it had at most, besides what was there before."""

    def measure(call):
        tracemalloc.start()
        try:
            call()
            return tracemalloc.get_traced_memory()[1] / 1e6
        finally:
            tracemalloc.stop()

    return measure
