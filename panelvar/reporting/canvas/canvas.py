"""What every plot shares: matplotlib on demand, names letter by letter, colours all can tell apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_names, read_number, read_sequence, refuse_other
from panelvar.core.base.errors import Note, SpecificationError, choose, not_installed
from panelvar.core.base.quoting import printable, shown
from panelvar.core.faces.characters import display_width, wrap
from panelvar.core.faces.number_format import format_tick

if TYPE_CHECKING:
    from types import ModuleType

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.text import Text

# Okabe and Ito (2008), distinct under the common forms of colour blindness; black is left for axes.
BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
PALETTE = (BLUE, VERMILLION, GREEN, PURPLE, "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P")
GREY = "#767676"
PALE = "#D9D9D9"
# Areas may take colours too light for lines. After those of Okabe and Ito come five of Tol's (2021) muted ones that
# differ from them; with more areas than colours the later ones are hatched.
_AREAS = (*PALETTE, "#F0E442", "#882255", "#332288", "#999933", "#AA4499", "#117733")
_HATCHES = ("", "///", "...", "xxx", "\\\\\\", "++", "oo")
# Inches that the smallest panel needs, and what is around all of them; letters of figures smaller than this shrink, to
# this part of their size at most.
_PANEL, _AROUND = (0.55, 0.45), (0.5, 1.1)
_LARGE_ENOUGH, _SMALLEST = (3.8, 2.6), 0.7
# The note of a system whose roots do not all lie inside the unit circle.
UNSTABLE = "unstable"


def pyplot() -> ModuleType:
    """Import ``matplotlib.pyplot``.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot
    except ImportError as error:
        raise ImportError(not_installed("Plots need", "matplotlib")) from error
    return matplotlib.pyplot


@dataclass(frozen=True)
class Canvas:
    """Panels to draw in, and the figure that holds them.

    Parameters
    ----------
    figure : Figure or SubFigure
    panels : list of Axes
        One for each thing drawn, row by row.
    columns : int
        Panels beside one another; 0 where they are the caller's, who alone knows how they lie.
    whole : bool
        Whether the figure is for this plot alone, so that there is room over, beside and below the panels.
    title : str or None
        As the caller gave it.
    """

    figure: Figure | SubFigure
    panels: list[Axes]
    columns: int
    whole: bool
    title: str | None

    @property
    def scale(self) -> float:
        """How large letters are in a figure for this plot alone: 1, or less in a small one."""
        if not self.whole:
            return 1.0
        sides = np.array([self.figure.bbox.width, self.figure.bbox.height]) / self.figure.dpi
        return float(np.clip((sides / _LARGE_ENOUGH).min(), _SMALLEST, 1.0))

    @property
    def lowest(self) -> list[Axes]:
        """Panels with none below them, which name the horizontal axis."""
        return self.panels[-self.columns :]

    @property
    def leftmost(self) -> list[Axes]:
        """Panels with none to their left, which name the vertical axis."""
        return self.panels[:: max(self.columns, 1)]

    @property
    def panel_width(self) -> float:
        """Inches that a panel has, its tick labels included."""
        across = self.figure.bbox.width / self.columns if self.columns else self.panels[0].get_window_extent().width
        return float(across / self.figure.dpi)

    def head(self, text: str, size: float = 11.0, notes: Sequence[Note] = ()) -> None:
        """Write the caller's title, or this one, over all panels; panels of the caller get his alone.

        Words in colour say so if the system is not stable.
        """
        size *= self.scale
        unstable = any(note.code == UNSTABLE for note in notes)
        usual = self.title is None and self.whole
        title = self.title if self.title is not None else text if self.whole else ""
        if unstable and usual:
            title += ": the system is not stable"
        if title:
            style: dict[str, Any] = {"color": VERMILLION} if unstable and usual else {}
            write(self.figure.suptitle, title, self._characters(size), fontsize=size, **style)
        if unstable and not usual:
            self.panels[0].annotate(
                "not stable", (0.02, 0.98), xycoords="axes fraction", ha="left", va="top", fontsize=8, color=VERMILLION
            )

    def name(self, text: str, size: float = 11.0) -> None:
        """Write the caller's title, or this one, over the only panel."""
        size *= self.scale
        title = text if self.title is None else self.title
        if title:
            # It stands over the middle of the axes, which ticks and names push to the right.
            room = (0.9 if self.columns else 1.0) * self.panel_width
            write(self.panels[0].set_title, title, fitting(room, size), fontsize=size)

    def name_axes(self, across: str, up: str | Sequence[str], size: float = 10.0) -> None:
        """Name the axes of the only panel, folded into its width and height; a name may be pieces in a row."""
        panel, size = self.panels[0], size * self.scale
        names: tuple[tuple[Callable[..., Text], str | Sequence[str], float], ...] = (
            (panel.set_xlabel, across, 0.8 * self.panel_width),
            (panel.set_ylabel, up, 0.85 * panel.get_position().height * self.figure.bbox.height / self.figure.dpi),
        )
        for setter, text, room in names:
            if text:
                write(setter, text, fitting(room, size), fontsize=size)

    def foot(self, text: str, size: float = 8.0) -> None:
        """Write how it was made below all panels, in small grey letters, where there is room."""
        if text and self.whole:
            size *= self.scale
            style = {"fontsize": size, "color": GREY, "x": 0.01, "ha": "left"}
            write(self.figure.supxlabel, text, self._characters(size), lines=6, **style)

    def legend(self, handles: Sequence[Any], labels: Sequence[str], title: str | None = None) -> None:
        """Say once what the marks of all panels stand for: beside them, or in the last of the caller's."""
        style: dict[str, Any] = {"title": title, "frameon": False, "fontsize": 9 * self.scale}
        if title:
            style["title_fontsize"] = 10 * self.scale
        # Names are written below, because older matplotlibs ignore one that begins with an underscore.
        places = list(map(str, range(len(labels))))
        if self.whole:
            legend = self.figure.legend(handles, places, loc="outside right center", **style)
        else:
            legend = self.panels[-1].legend(handles, places, **style)
        for text, label in zip(legend.get_texts(), labels, strict=True):
            write(partial(rewritten, text), label, 20)

    def _characters(self, size: float) -> int:
        return fitting(self.figure.bbox.width / self.figure.dpi, size)


def open_canvas(
    ax: Axes | Sequence[Axes] | npt.NDArray[Any] | None,
    figure: Figure | SubFigure | None,
    figsize: Sequence[float] | None,
    title: str | None,
    *,
    panels: int = 1,
    columns: int = 1,
    size: tuple[float, float],
    apart: float | None = None,
    least: float | None = None,
    named: bool = False,
    **sharing: Any,
) -> Canvas:
    """Find where a plot is drawn: every plot reads ``ax=``, ``figure=``, ``figsize=`` and ``title=`` here.

    Parameters
    ----------
    ax, figure, figsize, title
        As the caller gave them.
    panels, columns : int
        How many there are, and how many beside one another in a figure that is not the caller's own panels.
    size : (width, height)
        Of a new figure, in inches.
    apart : float, optional
        Inches left and right of a panel of a new figure.
    least : float, optional
        Inches that a panel needs, where it does not matter how many are beside one another.
    named : bool
        Whether each panel has a title of its own.
    **sharing
        ``sharex``, ``sharey`` as for matplotlib's ``Figure.subplots``; panels of the caller share what he says.

    Raises
    ------
    SpecificationError
        If what is given is no Axes (as many as there are panels), no Figure or no size, a size in which labels would
        lie upon one another, or more than one of them is given.
    """
    draw = pyplot()
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

    if title is not None:
        refuse_other("title=", title, str, "a text, '' for none, or None for the usual one")
    given = [name for name, value in (("ax=", ax), ("figure=", figure), ("figsize=", figsize)) if value is not None]
    if len(given) > 1:
        raise SpecificationError(f"You gave {' and '.join(given)}. Say where to draw in one way only.")
    if ax is not None:
        several = [ax] if isinstance(ax, Axes) else list(np.ravel(np.asarray(ax, dtype=object)))
        for each in several:
            refuse_other("ax=", each, Axes, "Axes of matplotlib, one or an array of them, or None for new ones")
        if len(several) != panels:
            raise SpecificationError(f"ax= must hold {panels} Axes, one for each panel; got {len(several)}.")
        return Canvas(several[0].figure, several, 0, False, title)
    if figure is None:
        width, height = size if figsize is None else _read_figsize(figsize)
        figure = _new_figure(draw, (width, height), apart)
    else:
        refuse_other("figure=", figure, FigureBase, "a Figure of matplotlib, or None for a new one")
        # Titles and legends would lie upon the panels without a layout engine.
        if isinstance(figure, Figure) and figure.get_layout_engine() is None and not figure.axes:
            figure.set_layout_engine("constrained")
    # In a narrow figure of the caller fewer go side by side.
    if least is not None:
        columns = max(min(columns, int(figure.bbox.width / figure.dpi / least)), 1)
    rows = -(-panels // columns)
    if figsize is not None:
        _refuse_too_small(_read_figsize(figsize), rows, columns, 0.15 * named)
    grid = list(figure.subplots(rows, columns, squeeze=False, **sharing).ravel())
    for spare in grid[panels:]:
        spare.remove()
    canvas = Canvas(figure, grid[:panels], columns, True, title)
    for each in canvas.lowest:
        each.tick_params(labelbottom=True)
    if canvas.scale < 1.0:
        for each in canvas.panels:
            each.tick_params(labelsize=10 * canvas.scale)
    return canvas


def _refuse_too_small(size: tuple[float, float], rows: int, columns: int, title: float) -> None:
    """Refuse a figure in which panels have no room beside their labels, and say which has."""
    needed = (_AROUND[0] + _PANEL[0] * columns, _AROUND[1] + (_PANEL[1] + title) * rows)
    if size[0] < needed[0] or size[1] < needed[1]:
        width, height = (max(have, math.ceil(10.0 * need) / 10.0) for have, need in zip(size, needed, strict=True))
        raise SpecificationError(
            f"figsize=({size[0]:g}, {size[1]:g}) is too small for {rows} x {columns} panels: labels would lie upon one "
            f"another. The smallest that can be read is figsize=({width:g}, {height:g})."
        )


def _read_figsize(figsize: object) -> tuple[float, float]:
    sides = read_sequence("figsize", figsize, "a width and a height in inches") or ()
    if len(sides) != 2:
        raise SpecificationError(f"figsize={shown(figsize)} must be a width and a height in inches, as (6.4, 4.8).")
    width, height = (read_number("figsize", side) for side in sides)
    if not min(width, height) > 0.0:
        raise SpecificationError(f"figsize={shown(figsize)} must have a positive width and a positive height.")
    return width, height


def _new_figure(draw: ModuleType, size: tuple[float, float], apart: float | None) -> Figure:
    """A figure of pyplot that a notebook shows once, and that is not counted against the user."""
    from matplotlib import rcParams
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    # Pyplot warns of figures that a program forgets to close; who asks for a plot has opened none. Only this parameter
    # is put back: the first figure of a notebook loads its backend, which changes others for good.
    most = rcParams["figure.max_open_warning"]
    rcParams["figure.max_open_warning"] = 0
    try:
        figure: Figure = draw.figure(figsize=size, layout=ConstrainedLayoutEngine(w_pad=apart))
    finally:
        rcParams["figure.max_open_warning"] = most
    # IPython asks for this before it draws the value of a cell.
    vars(figure)["_repr_mimebundle_"] = partial(_shown_as_value, figure.number)
    return figure


def _shown_as_value(number: int | str, include: object = None, exclude: object = None) -> None:
    """Have a notebook that draws the value of a cell not draw it again with all figures that the cell left open."""
    draw = pyplot()
    if "inline" in draw.get_backend():
        draw.close(number)


def read_shown_names(labels: Mapping[str, str] | None, known: Iterable[str]) -> dict[str, str]:
    """What each name is called in a plot: as ``labels=`` says, or as it is.

    Raises
    ------
    SpecificationError
        If it is not a mapping of existing names to texts.
    """
    names = {name: name for name in known}
    if labels is None:
        return names
    refuse_other("labels=", labels, Mapping, "a mapping of names to what the plot calls them")
    for name, text in labels.items():
        choose("labels=, the name", name, names)
        refuse_other(f"labels={{{name!r}: ...}}", text, str, "a text")
    return names | dict(labels)


def fitting(inches: float, size: float, least: int = 12) -> int:
    """Letters of a size, in points, that go side by side into a width; ``least`` in the narrowest."""
    return max(int(inches * 72.0 / (0.6 * size)), least)


def write(setter: Callable[..., Text], text: str | Sequence[str], width: int, *, lines: int = 3, **style: Any) -> Text:
    """Write names letter by letter, folded into a width; what is `panelvar.Math` is set as mathematics.

    Parameters
    ----------
    setter : callable
        What makes the text, such as ``ax.set_title``.
    text : str or sequence of str
        Pieces, written behind one another.
    width, lines : int
        As of `folded`; a text with mathematics in it is not folded.
    **style
        Passed to ``setter``.
    """
    pieces = [text] if isinstance(text, str) else list(text)
    formulas = [getattr(piece, "mathtext", None) for piece in pieces]
    if not any(formulas):
        artist = setter(folded("".join(pieces), width, lines), **style)
        literal(artist)
        return artist
    set_as = [
        formula or printable(piece).replace("\\", "\\\\").replace("$", r"\$")
        for piece, formula in zip(pieces, formulas, strict=True)
    ]
    artist = setter("".join(set_as), **style)
    artist.set_usetex(False)
    artist.set_parse_math(True)
    return artist


def chosen_places(option: str, names: str | Sequence[str] | None, known: tuple[str, ...]) -> list[int]:
    """Places of the names asked for among those known; all for None.

    Raises
    ------
    SpecificationError
        If a name is not known, or there is none at all.
    """
    wanted = known if names is None else read_names(option, names, "names")
    if not wanted:
        raise SpecificationError(f"{option} is empty. Name at least one of {', '.join(map(repr, known))}.")
    return [known.index(choose(option, name, known)) for name in wanted]


def rewritten(artist: Text, text: str) -> Text:
    """Change a text that is there: with `functools.partial`, a setter for `write`."""
    artist.set_text(text)
    return artist


def literal(*texts: Text) -> None:
    """Make matplotlib draw the characters of a text as they are: a dollar sign does not open a formula."""
    for text in texts:
        text.set_usetex(False)
        text.set_parse_math(False)


def folded(name: str, width: int, lines: int = 3) -> str:
    """Fold a name into lines of ``width`` characters; past the last line it is cut, with an ellipsis."""
    pieces = wrap(printable(name), width)
    if len(pieces) > lines:
        pieces = pieces[:lines]
        while display_width(pieces[-1]) > width - 1:
            pieces[-1] = pieces[-1][:-1]
        pieces[-1] += "\N{HORIZONTAL ELLIPSIS}"
    return "\n".join(pieces)


def area(place: int) -> dict[str, Any]:
    """Colour and hatch of a stacked area: 84 of them differ."""
    hatch = _HATCHES[place // len(_AREAS) % len(_HATCHES)]
    return {"color": _AREAS[place % len(_AREAS)], "hatch": hatch, "edgecolor": "white"}


def tidy(ax: Axes) -> None:
    """Leave the two axis lines that carry ticks, drawn quietly."""
    ax.spines[["top", "right"]].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(GREY)
    ax.tick_params(color=GREY, labelcolor="black")


def plain_ticks(ax: Axes) -> None:
    """Print vertical tick labels in full: a common factor or offset above the axis would run into the title."""
    from matplotlib.ticker import FuncFormatter

    def texts(values: Iterable[float], ticks: Iterable[float]) -> list[str]:
        low, high = ax.get_ylim()
        places = sorted({*map(float, ticks)})
        step = min((after - before for before, after in pairwise(places)), default=abs(high - low))
        # A tick at zero comes out of the arithmetic as something like 1e-17.
        exact = (0.0 if abs(value) < 1e-9 * abs(high - low) else value for value in values)
        largest = max(abs(low), abs(high))
        return [format_tick(value, step, largest).replace("-", "\N{MINUS SIGN}") for value in exact]

    class AllAtOnce(FuncFormatter):
        """Asks once for the ticks, and not again for each: in a grid of panels that takes as long as drawing them."""

        def format_ticks(self, values: list[float]) -> list[str]:
            self.set_locs(values)
            return texts(values, values)

    ax.yaxis.set_major_formatter(AllAtOnce(lambda value, _: texts([value], ax.yaxis.get_majorticklocs())[0]))
