"""Small figures can be read: what is written lies beside one another, or words say which size has room."""

from __future__ import annotations

import itertools

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("agg")
import matplotlib.pyplot as plt

import panelvar as pv


@pytest.fixture(scope="module")
def model():
    values = np.random.default_rng(0).standard_normal((80, 3)) * [1.0, 10.0, 0.1]
    return pv.fit_var(pd.DataFrame(values, columns=["infl", "unemp", "treasury"]), lags=1)


def written(figure):
    """The boxes of all texts that are drawn, in pixels."""
    figure.canvas.draw()
    texts = [text for text in figure.findobj(mpl.text.Text) if text.get_text().strip() and text.get_visible()]
    # Ticks beyond the limits of an axis are not drawn.
    ticks = {
        id(label): low - 1e-9 <= place <= high + 1e-9
        for panel in figure.axes
        for axis in (panel.xaxis, panel.yaxis)
        for low, high in [sorted(axis.get_view_interval())]
        for tick in axis.get_major_ticks()
        for place, label in ((tick.get_loc(), tick.label1), (tick.get_loc(), tick.label2))
    }
    return [(text.get_text(), text.get_window_extent()) for text in texts if ticks.get(id(text), True)]


def assert_apart(figure):
    boxes = written(figure)
    for (one, first), (other, second) in itertools.combinations(boxes, 2):
        across = min(first.x1, second.x1) - max(first.x0, second.x0)
        up = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert min(across, up) < 1.5, (one, other)
    assert len(boxes) > 4
    plt.close(figure)


@pytest.mark.parametrize("size", [(2.5, 2.5), (3.3, 3.0), (6.0, 4.0)])
def test_a_grid_of_responses_is_legible(model, size):
    assert_apart(model.impulse_responses(8).plot(figsize=size))


def test_panels_with_titles_are_legible(model):
    assert_apart(model.forecast(4).plot(figsize=(2.5, 2.9)))
    assert_apart(model.variance_decomposition(4).plot(figsize=(2.6, 2.9)))


def test_what_has_no_room_is_refused_with_the_size_that_has(model):
    for result, right in ((model.impulse_responses(4), (2.5, 2.5)), (model.forecast(2), (2.5, 2.9))):
        with pytest.raises(pv.SpecificationError, match=r"figsize=\(2.5, 2\) is too small") as refusal:
            result.plot(figsize=(2.5, 2.0))
        assert str(refusal.value).endswith(f"figsize={right}.")
        result.plot(figsize=right)
    plt.close("all")


def test_letters_shrink_with_the_figure(model):
    sizes = {}
    for size in ((2.0, 1.7), (4.0, 3.0), (9.0, 6.0)):
        ax = pv.plot_roots(model, figsize=size).axes[0]
        sizes[size] = ax.title.get_fontsize()
        plt.close("all")
    assert sizes[2.0, 1.7] == pytest.approx(0.7 * 11.0) and sizes[4.0, 3.0] == sizes[9.0, 6.0] == 11.0
