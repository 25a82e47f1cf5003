"""Where a plot is drawn, what it is called and how often a notebook shows it."""

from __future__ import annotations

import pickle
import warnings

import pytest

pytest.importorskip("matplotlib")

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt

import panelvar as pv
from panelvar.reporting.canvas import canvas


class Formula(str):
    """A name with mathematics, as `panelvar.Math` is one."""

    @property
    def mathtext(self) -> str:
        return r"$\beta_1$"


def opened(ax=None, figure=None, figsize=None, title=None, **options):
    return canvas.open_canvas(ax, figure, figsize, title, size=(5.0, 4.0), **options)


def test_a_new_figure_is_pyplots_own():
    made = opened()
    assert plt.gcf() is made.figure
    assert made.figure.get_size_inches().tolist() == [5.0, 4.0]
    assert opened(figsize=(3, 2)).figure.get_size_inches().tolist() == [3.0, 2.0]
    assert pickle.loads(pickle.dumps(made.figure)).axes


def test_axes_of_the_caller_are_filled_row_by_row():
    figure, axes = plt.subplots(2, 2)
    made = opened(ax=axes, panels=4, columns=2)
    assert made.figure is figure
    assert made.panels == list(axes.ravel())
    assert made.lowest == made.leftmost == made.panels
    one = opened(ax=axes[0, 1])
    assert one.panels == [axes[0, 1]]
    assert 0.0 < one.panel_width < figure.get_figwidth() / 2


def test_a_figure_or_a_part_of_one_is_divided():
    whole = plt.figure()
    left, right = whole.subfigures(1, 2)
    made = opened(figure=left, panels=5, columns=2, sharex=True)
    assert made.figure is left
    assert len(left.axes) == 5
    assert [left.axes.index(ax) for ax in made.lowest] == [3, 4]
    assert [left.axes.index(ax) for ax in made.leftmost] == [0, 2, 4]
    assert made.panel_width == pytest.approx(whole.get_figwidth() / 4)
    assert not right.axes


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({"ax": 3}, "ax= takes Axes"),
        ({"ax": "array of two"}, "must hold 1 Axes, one for each panel; got 2"),
        ({"figure": 3}, "figure= takes a Figure"),
        ({"figsize": 3}, "a width and a height in inches"),
        ({"figsize": (1, 2, 3)}, r"as \(6.4, 4.8\)"),
        ({"figsize": (1, 0)}, "a positive width"),
        ({"figsize": (1, "a")}, "must be a finite number"),
        ({"title": 3}, "title= takes a text"),
        ({"figure": "new", "figsize": (3, 3)}, "You gave figure= and figsize="),
    ],
)
def test_where_to_draw_is_said_in_one_way_and_rightly(given, answer):
    if given.get("ax") == "array of two":
        given = {"ax": plt.subplots(1, 2)[1]}
    if given.get("figure") == "new":
        given = given | {"figure": plt.figure()}
    before = len(plt.get_fignums())
    with pytest.raises(pv.SpecificationError, match=answer):
        opened(**given)
    assert len(plt.get_fignums()) == before


def test_titles():
    made = opened(panels=2, columns=2)
    made.head("usual")
    assert made.figure.get_suptitle() == "usual"
    made = opened(title="$5 own", panels=2, columns=2)
    made.head("usual")
    assert made.figure.get_suptitle() == "$5 own"
    none = opened(title="")
    none.name("usual")
    assert none.panels[0].get_title() == ""
    # Panels of the caller get no title over all that he did not ask for, and no foot.
    _, axes = plt.subplots(1, 2)
    made = opened(ax=axes, panels=2)
    made.head("usual")
    made.foot("how")
    assert made.figure.get_suptitle() == made.figure.get_supxlabel() == ""
    opened(ax=axes, panels=2, title="own").head("usual")
    assert made.figure.get_suptitle() == "own"


def test_a_foot_says_how():
    made = opened()
    made.foot("bootstrap " * 40)
    text = made.figure.get_supxlabel()
    assert text.startswith("bootstrap bootstrap")
    assert 1 < len(text.split("\n")) <= 6
    made.figure.canvas.draw()
    assert made.figure._supxlabel.get_window_extent().y1 < made.panels[0].get_tightbbox().y0


def test_names_are_letters_unless_they_are_mathematics():
    ax = opened().panels[0]
    plain = canvas.write(ax.set_title, ("$a$", " and ", "b" * 50), 20)
    assert plain.get_text().startswith("$a$ and")
    assert not plain.get_parse_math()
    with_formula = canvas.write(ax.set_title, ("$a$ \\ ", Formula("β")), 20, fontsize=9)
    assert with_formula.get_text() == r"\$a\$ \\ $\beta_1$"
    assert with_formula.get_parse_math()
    ax.figure.canvas.draw()


def test_what_names_are_called():
    assert canvas.read_shown_names(None, ["a", "b"]) == {"a": "a", "b": "b"}
    assert canvas.read_shown_names({"b": "Output"}, ["a", "b"]) == {"a": "a", "b": "Output"}
    with pytest.raises(pv.SpecificationError, match=r"'c' is not known.*'a', 'b'"):
        canvas.read_shown_names({"c": "x"}, ["a", "b"])
    with pytest.raises(pv.SpecificationError, match="a text; got int"):
        canvas.read_shown_names({"a": 3}, ["a", "b"])
    with pytest.raises(pv.SpecificationError, match="a mapping"):
        canvas.read_shown_names("a", ["a", "b"])


def test_a_legend_of_all_panels():
    made = opened(panels=2, columns=2)
    lines = made.panels[0].plot([0, 1], [0, 1], [0, 1], [1, 0])
    made.legend(lines, ["$x", "y" * 90], "Shock")
    first, second = made.figure.legends[0].get_texts()
    assert first.get_text() == "$x"
    assert not first.get_parse_math()
    assert second.get_text().split("\n") == ["y" * 20, "y" * 20, "y" * 19 + "\N{HORIZONTAL ELLIPSIS}"]
    made.figure.canvas.draw()
    _, axes = plt.subplots(1, 2)
    opened(ax=axes, panels=2).legend(lines, ["x", "y"])
    assert axes[1].get_legend() is not None


def test_many_plots_are_nothing_to_warn_of():
    most = mpl.rcParams["figure.max_open_warning"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(most + 2):
            opened()
    assert mpl.rcParams["figure.max_open_warning"] == most
    assert len(plt.get_fignums()) == most + 2


def test_a_notebook_shows_each_figure_once(monkeypatch):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    cells = {
        "import panelvar as pv\nresponses = pv.System([[[0.5]]], sigma=[[1.0]]).impulse_responses(4)": 0,
        "responses.plot()": 1,
        "responses.plot()\n1": 1,
        "kept = responses.plot()": 1,
        "kept": 1,
        "responses.plot()\nresponses.plot()": 2,
        "pv.plot_roots(pv.System([[[0.5]]]))": 1,
        "display(responses.plot())": 1,
        "from panelvar.estimates.bands import simulated\nsimulated._PATIENCE = 0.0": 0,
        "import numpy as np\nmodel = pv.fit_var(np.random.default_rng(1).normal(size=(60, 1)))\n"
        "model.impulse_responses(4, bands=pv.ResidualBootstrap(400, seed=1)).plot()": 1,
        "for _ in range(22):\n    responses.plot()": 22,
        "import io\nimport matplotlib.pyplot as plt\nresponses.plot()\npicture = io.BytesIO()\nplt.savefig(picture)": 1,
        "assert not plt.get_fignums()\nassert len(picture.getvalue()) > 5000": 0,
    }
    # The tests' own, Agg, shows nothing.
    monkeypatch.delenv("MPLBACKEND")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    with warnings.catch_warnings():
        # The kernel's transport is no matter of ours.
        warnings.simplefilter("ignore")
        nbclient.NotebookClient(notebook, timeout=None, kernel_name="python3").execute()
    for cell, count in zip(notebook.cells, cells.values(), strict=True):
        # What is written to stderr stands in red; the bar of a bootstrap is no such thing.
        said = "".join(out.text for out in cell.outputs if out.output_type == "stream" and out.name == "stderr")
        assert not said, cell.source
        assert sum("image/png" in out.get("data", {}) for out in cell.outputs) == count, cell.source


def test_ticks_are_asked_for_once_for_all_of_them(monkeypatch):
    ax = opened().panels[0]
    ax.plot([0.0, 1.0], [-1.0, 1.0])
    canvas.plain_ticks(ax)
    asked = []
    locations = type(ax.yaxis).get_majorticklocs
    monkeypatch.setattr(type(ax.yaxis), "get_majorticklocs", lambda axis: asked.append(axis) or locations(axis))
    ticks = ax.yaxis.get_majorticklocs()
    asked.clear()
    all_at_once = ax.yaxis.get_major_formatter().format_ticks(ticks)
    assert not asked
    assert all_at_once == [ax.yaxis.get_major_formatter()(tick, place) for place, tick in enumerate(ticks)]
