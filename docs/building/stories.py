"""The gallery: its two parts, the order of its stories, which are related, and their warnings in words alone."""

from __future__ import annotations

import textwrap
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# From one regression to systems, and from what everybody needs to what few do.
PANELS = (
    "plot_grunfeld_every_estimator.py",
    "plot_beer_tax_fixed_effects.py",
    "plot_minimum_wage_event_study.py",
    "plot_unions_few_clusters.py",
    "plot_crime_instrumental_variables.py",
    "plot_wages_hausman_taylor.py",
    "plot_employment_gmm.py",
    "plot_growth_cce_pmg.py",
    "plot_saving_investment.py",
)
SYSTEMS = (
    "plot_internet_panel_var.py",
    "plot_macro_var.py",
    "plot_monetary_policy_signs.py",
    "plot_oil_shocks.py",
    "plot_blanchard_quah.py",
    "plot_danish_money.py",
    "plot_forecasts.py",
)
ORDER = PANELS + SYSTEMS


def place(name: str) -> int:
    """Where a story stands in the gallery; it may come with its folder."""
    return ORDER.index(Path(name).name)


def say_warnings_plainly(settings: dict, name: str) -> None:
    """Show a warning as the pages do (``kernel.py``): its kind and its words, not the file of whoever built them."""
    warnings.formatwarning = plain


def plain(message: Warning | str, category: type[Warning], *rest: object, **more: object) -> str:
    """The words of a warning in lines that a page has room for."""
    return textwrap.fill(f"{category.__name__}: {message}", width=84) + "\n"


def add_headings(app: Sphinx, page: str, source: list[str]) -> None:
    """Divide the gallery's page, which lists one folder in one grid, by headings; folders would change addresses."""
    if page != "stories/index":
        return
    from sphinx_gallery.backreferences import THUMBNAIL_PARENT_DIV, THUMBNAIL_PARENT_DIV_CLOSE

    text = source[0]
    grid = text.index(THUMBNAIL_PARENT_DIV)
    link = text.index(f":doc:`/stories/{Path(SYSTEMS[0]).stem}`")
    systems = text.rindex(".. raw:: html", 0, text.rindex("sphx-glr-thumbcontainer", 0, link))
    source[0] = "".join(
        (
            text[:grid],
            heading("Panels"),
            text[grid:systems],
            THUMBNAIL_PARENT_DIV_CLOSE,
            heading("Series and systems"),
            THUMBNAIL_PARENT_DIV,
            text[systems:],
        )
    )


def heading(words: str) -> str:
    """A heading of the second level in reStructuredText."""
    return f"\n\n{words}\n{'-' * len(words)}\n\n"


def setup(app: Sphinx) -> dict[str, bool]:
    """Join the headings to the build; related are stories that use the same functions, not the same words."""
    from building.guides import names_used
    from sphinx_gallery.recommender import ExampleRecommender

    ExampleRecommender.token_freqs = lambda recommender, text: names_used(text)
    app.connect("source-read", add_headings)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
