"""Thumbnails of stories that can be read: one panel of a figure, drawn at the size at which the gallery shows it."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from sphinx.application import Sphinx

INCHES = (3.4, 2.3)
DPI = 160
"""A card of the gallery is 17 rem wide, 80 pixels to the inch: 9 points are 10 pixels."""
LETTERS = 9.5
NUMBER = re.compile(r"^# sphinx_gallery_thumbnail_number = (\d+)", re.MULTILINE)
# The panel of a story's figure, where it is not the first.
PANELS = {"plot_blanchard_quah": 3, "plot_beer_tax_fixed_effects": 1, "plot_danish_money": 1, "plot_forecasts": 2}


def panel(figure: Figure, place: int) -> None:
    """Leave one panel of a figure, as large as the figure, without what stands around panels."""
    chosen, *others = [figure.axes[place], *(axes for axes in figure.axes if axes is not figure.axes[place])]
    for each in (*others, *figure.texts, *figure.legends, *chosen.texts):
        with suppress(NotImplementedError, ValueError):
            each.remove()
    figure.suptitle("")
    figure.set_layout_engine("none")
    figure.set_size_inches(*INCHES)
    chosen.set_in_layout(True)
    chosen.set(title="", anchor="C")
    legend = chosen.get_legend()
    if legend is not None:
        legend.remove()
    for text in (chosen.xaxis.label, chosen.yaxis.label):
        # A panel so small has room for what is drawn, and none for its unit.
        text.set(text=text.get_text().partition(",")[0], fontsize=LETTERS)
    chosen.tick_params(labelsize=LETTERS, labelbottom=True, labelleft=True)
    chosen.xaxis.get_offset_text().set_fontsize(LETTERS)
    chosen.set_position([0.0, 0.0, 1.0, 1.0])
    # What the labels take is taken from the panel.
    figure.canvas.draw()
    box = chosen.get_tightbbox().transformed(figure.transFigure.inverted())
    left, bottom = max(0.0, -box.x0) + 0.02, max(0.0, -box.y0) + 0.02
    right, top = max(0.0, box.x1 - 1.0) + 0.02, max(0.0, box.y1 - 1.0) + 0.02
    chosen.set_position([left, bottom, 1.0 - left - right, 1.0 - bottom - top])


def scrape(block: Any, variables: dict[str, Any], settings: dict[str, Any], **options: Any) -> str:
    """Keep the figures of a block as the gallery does, and draw the thumbnail of its story."""
    import matplotlib.pyplot as plt
    from sphinx_gallery.scrapers import matplotlib_scraper

    figures = [plt.figure(number) for number in plt.get_fignums()]
    story = Path(variables["src_file"])
    images = variables["image_path_iterator"]
    before = len(images)
    written: str = matplotlib_scraper(block, variables, settings, **options)
    found = NUMBER.search(story.read_text(encoding="utf-8"))
    place = int(found[1]) if found else 1
    if before < place <= before + len(figures):
        figure = figures[place - before - 1]
        panel(figure, PANELS.get(story.stem, 0))
        figure.savefig(folder(Path(images.image_path)) / f"{story.stem}.png", dpi=DPI, transparent=False)
    return written


def folder(image: Path) -> Path:
    """Where panels wait until the gallery has made its own thumbnails."""
    kept = image.parent / "panels"
    kept.mkdir(parents=True, exist_ok=True)
    return kept


def put(app: Sphinx) -> None:
    """Put the panels in the places of the thumbnails."""
    images = Path(app.srcdir) / "stories" / "images"
    for kept in (images / "panels").glob("*.png"):
        kept.replace(images / "thumb" / f"sphx_glr_{kept.stem}_thumb.png")


def setup(app: Sphinx) -> dict[str, bool]:
    """Come after the gallery."""
    app.connect("builder-inited", put, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
