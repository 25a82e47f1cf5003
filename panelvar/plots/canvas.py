"""What every plot shares: matplotlib on demand, names letter by letter, colours all can tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from panelvar.base.arguments import read_names, refuse_other
from panelvar.base.errors import SpecificationError, choose
from panelvar.base.quoting import printable
from panelvar.tables.characters import display_width, wrap

if TYPE_CHECKING:
    from types import ModuleType

    from matplotlib.axes import Axes
    from matplotlib.text import Text

# Okabe and Ito (2008), distinct under the common forms of colour blindness; black is left for axes.
BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
PALETTE = (BLUE, VERMILLION, GREEN, PURPLE, "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P")
GREY = "#767676"
PALE = "#D9D9D9"
# Areas may take a yellow too light for lines; with more areas than colours the later ones are hatched.
_AREAS = (*PALETTE, "#F0E442")
_HATCHES = ("", "///", "...", "xxx", "\\\\\\", "++", "oo")
OTHER_SHOCKS = "other shocks"


def pyplot() -> ModuleType:
    """Import ``matplotlib.pyplot``.

    Raises
    ------
    ImportError
        Says how to install matplotlib.
    """
    try:
        import matplotlib.pyplot
    except ImportError as error:
        raise ImportError(
            "Plots need matplotlib, which is not installed: python -m pip install 'panelvar[plots]'."
        ) from error
    return matplotlib.pyplot


def check_figure(figure: object) -> None:
    """Refuse what is given for a figure and is none; None asks for a new one.

    Raises
    ------
    SpecificationError
    """
    if figure is not None:
        pyplot()
        from matplotlib.figure import FigureBase

        refuse_other("figure=", figure, FigureBase, "a Figure of matplotlib, or None for a new one")


def check_axes(ax: object) -> None:
    """Refuse what is given for axes and is none; None asks for new ones.

    Raises
    ------
    SpecificationError
    """
    if ax is not None:
        pyplot()
        from matplotlib.axes import Axes

        refuse_other("ax=", ax, Axes, "Axes of matplotlib, or None for new ones")


def chosen_places(option: str, names: str | Sequence[str] | None, known: tuple[str, ...]) -> list[int]:
    """Places of the names asked for among those known; all for None.

    Raises
    ------
    SpecificationError
        A name that is not known, or none at all.
    """
    wanted = known if names is None else read_names(option, names, "names")
    if not wanted:
        raise SpecificationError(f"{option} is empty: name at least one of {', '.join(map(repr, known))}.")
    return [known.index(choose(option, name, known)) for name in wanted]


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
    """Colour and hatch of a stacked area: 49 of them differ."""
    hatch = _HATCHES[place // len(_AREAS) % len(_HATCHES)]
    return {"color": _AREAS[place % len(_AREAS)], "hatch": hatch, "edgecolor": "white"}


def tidy(ax: Axes) -> None:
    """Leave the two axis lines that carry ticks, drawn quietly."""
    ax.spines[["top", "right"]].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(GREY)
    ax.tick_params(color=GREY, labelcolor="black")


def name_axes(ax: Axes, x: str, y: str) -> None:
    """Label both axes with names shown as they are."""
    literal(ax.set_xlabel(folded(x, 60)), ax.set_ylabel(folded(y, 40)))


def plain_ticks(ax: Axes) -> None:
    """Print vertical tick labels in full: a common factor above the axis would run into the title."""
    from matplotlib.ticker import FuncFormatter

    def text(value: float, _: object) -> str:
        low, high = ax.get_ylim()
        # A tick at zero comes out of the arithmetic as something like 1e-17.
        return "0" if abs(value) < 1e-9 * (high - low) else f"{value:.3g}"

    ax.yaxis.set_major_formatter(FuncFormatter(text))
