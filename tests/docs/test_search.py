"""What people type into the search of the built site brings up the right page first."""

from __future__ import annotations

import re
import runpy

import pytest
from docs.built_pages import HTML, ROOT
from docs.search_engine import search

pytestmark = pytest.mark.built

RIGHT = {
    "standard errors": {"guide/covariances", "choose/standard_errors"},
    "cluster": {"guide/covariances", "guide/few_clusters", "choose/standard_errors"},
    "impulse response": {"guide/var_responses"},
    "Hausman": {"guide/tests", "guide/hausman_taylor", "guide/random_effects"},
    "fixed effects": {"guide/fixed_effects"},
    "random effects": {"guide/random_effects"},
    "Granger": {"guide/var_tests"},
    "wild bootstrap": {"guide/few_clusters"},
    "xtreg": {"coming_from/stata"},
    "xtabond2": {"coming_from/stata_dynamic", "how_to/xtabond2_table"},
    "plm": {"coming_from/plm"},
    "feols": {"coming_from/fixest"},
    "driscoll kraay": {"guide/covariances"},
    "unit root": {"guide/unit_roots"},
    "cointegration": {"guide/cointegration"},
    "VECM": {"guide/cointegration", "choose/system"},
    "forecast": {"guide/var_forecasting"},
    "latex table": {"guide/tables", "how_to/tables_for_a_paper"},
    "event study": {"how_to/event_studies", "stories/plot_minimum_wage_event_study"},
    "GMM": {"guide/dynamic_panels"},
    "panel VAR": {"guide/panel_vars"},
    "local projections": {"guide/local_projections"},
    "install": {"start/installation"},
    "cite": {"look_up/references"},
    "cheat sheet": {"look_up/cheat_sheet"},
    "glossary": {"look_up/glossary"},
    "why different numbers": {"look_up/why_numbers_differ"},
    "choose estimator": {"choose/estimator"},
    "standard errors differ from Stata": {"look_up/why_numbers_differ", "coming_from/stata"},
    "numbers differ from Stata": {"look_up/why_numbers_differ", "coming_from/stata"},
    "robust standard errors": {"guide/covariances", "choose/standard_errors"},
    "clustered standard errors": {"guide/covariances", "choose/standard_errors"},
    "many fixed effects": {"guide/fixed_effects"},
    "two-way fixed effects": {"guide/fixed_effects"},
    "impulse response confidence bands": {"guide/var_bands"},
    "irf bootstrap": {"guide/var_bands"},
    "fevd": {"guide/var_responses"},
    "export to Word": {"guide/tables", "how_to/tables_for_a_paper"},
    "xtreg fe robust": {"coming_from/stata"},
    "vce(cluster)": {"coming_from/stata"},
    "vcovHC": {"coming_from/plm"},
    "xtivreg2": {"coming_from/stata", "guide/instrumental_variables"},
    "outreg2": {"guide/tables", "how_to/tables_for_a_paper", "coming_from/stata"},
    "means by group": {"how_to/means_by_group"},
    "xtabond2 table": {"how_to/xtabond2_table"},
    "how do I install this": {"start/installation"},
    "confidence bands": {"guide/var_bands"},
    "xtreg fe": {"coming_from/stata"},
    "xtreg re": {"coming_from/stata"},
    "reghdfe": {"coming_from/stata"},
    "xtscc": {"guide/covariances", "coming_from/stata"},
    "xtdpdsys": {"guide/dynamic_panels", "coming_from/stata_dynamic"},
    "boottest": {"guide/few_clusters"},
    "xtpmg": {"guide/error_correction"},
    "esttab": {"guide/tables", "how_to/tables_for_a_paper", "coming_from/stata"},
    "margins": {"guide/questions", "how_to/interactions_and_margins"},
    "lincom": {"guide/questions"},
    "predict": {"guide/questions"},
    "varsoc": {"guide/var", "coming_from/stata"},
    "lag length": {"guide/var"},
    "Johansen": {"guide/cointegration", "guide/panel_cointegration"},
    "Dickey Fuller": {"guide/unit_roots"},
    "Arellano Bond": {"guide/dynamic_panels"},
    "system GMM": {"guide/dynamic_panels"},
    "two-way clustering": {"guide/covariances"},
    "newey west": {"guide/covariances"},
    "large data": {"how_to/large_data"},
    "repeated cross-sections": {"how_to/repeated_cross_sections"},
    "marginal effects": {"guide/questions", "how_to/interactions_and_margins"},
    "difference in differences": {"how_to/event_studies"},
    "hausman test": {"guide/tests"},
    "convention stata": {"coming_from/stata"},
    "irf": {"guide/var_responses"},
    "vcov": {"guide/covariances"},
    "stata": {"coming_from/stata"},
    "stata commands": {"coming_from/stata"},
    "first differences": {"choose/estimator"},
    "first-differences": {"choose/estimator"},
    "export latex": {"guide/tables", "how_to/tables_for_a_paper"},
    "pooled OLS": {"start/first_regression"},
    "DiD": {"how_to/event_studies"},
    "missing values": {"start/panels"},
    "load data": {"start/teaching_data"},
    "i()": {"guide/formulas"},
    "cross-section dependence": {"guide/tests"},
    "lagged dependent variable": {"guide/dynamic_panels"},
    "Wald test": {"guide/questions"},
}
"""A query -> the pages of which one must come first."""

NAMES = {
    "fit_var": "panelvar.fit_var",
    "wild_bootstrap_test": "panelvar.wild_bootstrap_test",
    "fit_pooled": "panelvar.fit_pooled",
}
"""The name of a function -> the one whose own page must come first."""


@pytest.mark.parametrize("query", RIGHT)
def test_the_right_page_comes_first(query):
    found = search(query)
    assert found, "nothing found"
    assert found[0].page in RIGHT[query], [f"{each.page} ({each.score:.0f})" for each in found[:5]]


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_function_leads_to_its_page(name):
    assert search(name)[0].page == f"api/generated/{NAMES[name]}"


def test_pages_that_queries_mean_exist():
    scorer = (ROOT / "docs" / "building" / "search_scorer.js").read_text(encoding="utf-8")
    meant = re.search(r"^  meant: \{\n(.*?)^  \},$", scorer, re.MULTILINE | re.DOTALL)
    pages = re.findall(r': "(\w+/\w+)",$', meant[1], re.MULTILINE)
    assert len(pages) == meant[1].count("\n")
    assert "-" not in meant[1]
    assert [page for page in pages if not (ROOT / "docs" / f"{page}.md").exists()] == []


@pytest.mark.parametrize("query", ["xtreg fe", "driscoll kraay", "impulse response"])
def test_from_the_disk_results_come_with_excerpts(query):
    """A browser that reads a file may load no other page."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        installed = runpy.run_path(str(ROOT / "docs" / "building" / "look.py"))["chromium"](playwright)
        if installed is None:
            pytest.skip("no Chromium is installed")
        browser = playwright.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{(HTML / 'search.html').as_uri()}?q={query.replace(' ', '+')}")
        page.wait_for_selector("ul.search li:first-child p.context")
        first = page.locator("ul.search li").first
        address = first.locator("a").get_attribute("href")
        excerpt = first.locator("p.context").inner_text()
        browser.close()
    assert address.partition(".html")[0] in RIGHT[query]
    assert len(excerpt.split()) >= 10


def test_the_engine_searches():
    assert search("zzzzqqqq") == []
    assert len(search("regression", most=25)) == 25
