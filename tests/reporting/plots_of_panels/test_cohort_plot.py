"""Who is treated when: the cells of a figure hold the data."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

import panelvar as pv
from panelvar.reporting.canvas.canvas import BLUE, GREY


def rows() -> pd.DataFrame:
    """Five firms: two treated from 2002 on, one from 2003 on, two never; one has no row in 2001."""
    frame = pd.DataFrame([(firm, year) for firm in "abcde" for year in range(2000, 2004)], columns=["firm", "year"])
    frame["first"] = frame["firm"].map({"a": 2002.0, "b": 2002.0, "c": 2003.0}).astype(float)
    frame["on"] = (frame["year"] >= frame["first"]).astype(int)
    return frame[~((frame["firm"] == "a") & (frame["year"] == 2001))]


@pytest.mark.parametrize("option", [{"cohort": "first"}, {"treatment": "on"}])
def test_cells_say_who_is_treated_when(option):
    figure = pv.plot_cohorts(pv.Panel(rows(), "firm", "year"), **option)
    axes = figure.axes[0]
    assert [each.get_text() for each in axes.get_yticklabels()] == ["2002 (2)", "2003 (1)", "never (2)"]
    expected = {"2002 (2)": [0, 0, 1, 1], "2003 (1)": [0, 0, 0, 1], "never (2)": [0, 0, 0, 0]}
    for cells, treated in zip(axes.collections, expected.values(), strict=True):
        colours = cells.get_facecolors()
        middles = [path.vertices[:4, 0].mean() for path in cells.get_paths()]
        np.testing.assert_allclose(np.diff(middles), middles[1] - middles[0])
        wanted = [to_rgba(BLUE if on else GREY)[:3] for on in treated]
        np.testing.assert_allclose(colours[:, :3], wanted, atol=1e-6)
    # One of two firms is absent in the second year: its cell is paler than the first.
    first, second = axes.collections[0].get_facecolors()[:2, 3]
    assert second < first
    assert "pale: some of the cohort have no row" in " ".join(figure.get_supxlabel().split())
    plt.close(figure)


def test_a_period_without_rows_has_no_cell():
    frame = rows().query("firm != 'b'")
    figure = pv.plot_cohorts(pv.Panel(frame, "firm", "year"), cohort="first")
    assert [len(each.get_paths()) for each in figure.axes[0].collections] == [3, 4, 4]
    plt.close(figure)


def test_columns_that_do_not_say_it_are_refused():
    panel = pv.Panel(rows(), "firm", "year")
    with pytest.raises(pv.SpecificationError, match="Say who is treated when"):
        pv.plot_cohorts(panel)
    with pytest.raises(pv.DataError, match="changes over time"):
        pv.plot_cohorts(panel, cohort="year")
    assert not plt.get_fignums()
