"""The gallery: the order of its stories, and their warnings in words alone."""

from __future__ import annotations

import textwrap
import warnings

# From one regression to systems, and from what everybody needs to what few do.
ORDER = (
    "plot_grunfeld_every_estimator.py",
    "plot_beer_tax_fixed_effects.py",
    "plot_minimum_wage_event_study.py",
    "plot_unions_few_clusters.py",
    "plot_crime_instrumental_variables.py",
    "plot_wages_hausman_taylor.py",
    "plot_employment_gmm.py",
    "plot_growth_cce_pmg.py",
    "plot_saving_investment.py",
    "plot_internet_panel_var.py",
    "plot_macro_var.py",
    "plot_monetary_policy_signs.py",
    "plot_oil_shocks.py",
    "plot_blanchard_quah.py",
    "plot_danish_money.py",
    "plot_forecasts.py",
)


def place(name: str) -> int:
    """Where a story stands in the gallery."""
    return ORDER.index(name)


def say_warnings_plainly(settings: dict, name: str) -> None:
    """Show a warning as the pages do (``kernel.py``): its kind and its words, not the file of whoever built them."""
    warnings.formatwarning = plain


def plain(message: Warning | str, category: type[Warning], *rest: object, **more: object) -> str:
    """The words of a warning in lines that a page has room for."""
    return textwrap.fill(f"{category.__name__}: {message}", width=84) + "\n"
