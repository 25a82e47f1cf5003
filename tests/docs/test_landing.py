"""The face of the project: its evidence, figures and citation are those of today."""

from __future__ import annotations

import importlib.util
import re

import pytest
from docs.built_pages import ROOT
from parity.counts_in_prose import counts_of_the_page, paragraph, with_counts

import panelvar as pv

README, LANDING = ROOT / "README.md", ROOT / "docs" / "index.md"


MACRO = ["infl", "unemp", "fedfunds"]


@pytest.mark.parametrize("page", [README, LANDING], ids=["README", "landing"])
def test_the_evidence_claimed_is_what_the_page_of_parity_counts(page):
    """`python -m tests.parity.report` writes the paragraph; whole numbers are counted apart."""
    counts = counts_of_the_page()
    text = page.read_text(encoding="utf-8")
    assert with_counts(text, paragraph(*(counts[name] for name in ("compared", "wholes", "wider", "printed")))) == text


def test_the_readme_is_short():
    """Sentences and tables that grow belong on the pages."""
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 120


def test_a_figure_comes_before_everything_else_in_the_readme():
    lines = README.read_text(encoding="utf-8").splitlines()
    assert next(place for place, line in enumerate(lines) if line.startswith("![")) < 20


@pytest.fixture(scope="module")
def beer_tax() -> list[list[str]]:
    """95% intervals of the coefficient as the pages print them: pooled, state effects, state and year effects."""
    data = pv.load_data("fatalities")
    fits = [
        pv.fit_pooled(data, "frate ~ beertax", cov="cluster"),
        pv.fit_fixed_effects(data, "frate ~ beertax | state", cov="cluster"),
        pv.fit_fixed_effects(data, "frate ~ beertax | state + year", cov="cluster"),
    ]
    return [[f"{limit:.2f}" for limit in fit.conf_int().loc["beertax"]] for fit in fits]


def test_the_intervals_of_the_beer_tax_are_those_in_the_alternative_texts(beer_tax):
    pooled, state, both = beer_tax
    readme = re.search(r"!\[(Coefficient of the beer tax.*?)\]", README.read_text(encoding="utf-8"))[1]
    for low, high in beer_tax:
        assert f"{low} to {high}" in readme
    landing = re.search(r'alt: "(Coefficient of the beer tax.*?)"', LANDING.read_text(encoding="utf-8"))[1]
    assert f"from {both[0]} to {both[1]} with state and year effects" in landing
    assert float(pooled[0]) > 0 > float(state[1])
    # "though the interval still reaches zero"
    assert "still reaches zero" in LANDING.read_text(encoding="utf-8")
    assert float(both[0]) < 0 < float(both[1])


def test_unemployment_is_highest_a_year_and_a_half_after_the_shock():
    series = pv.load_data("us_macro")["1960":"2000"][MACRO]
    response = pv.fit_var(series, lags=4).impulse_responses(12).response("unemp", shock="fedfunds")
    quarters = response["value"].idxmax()
    assert quarters == 6
    text = LANDING.read_text(encoding="utf-8")
    assert "Unemployment rises for a year and a half" in text
    assert "largest after a year and a half" in text
    assert "two years" not in text


def test_links_of_the_landing_lead_to_pages():
    text = LANDING.read_text(encoding="utf-8")
    pages = re.findall(r"\]\(([^)#:]+\.md)", text) + [
        f"{page}.md" for page in re.findall(r"^:link: (\S+)$", text, re.M)
    ]
    stories = re.findall(r"</stories/(\w+)>", text)
    docs = LANDING.parent
    made = {"stories/index.md"}
    assert len(pages) > 8
    assert [page for page in pages if page not in made and not (docs / page).exists()] == []
    assert [story for story in stories if not (docs / "gallery" / f"{story}.py").exists()] == []


def readme_figures():
    spec = importlib.util.spec_from_file_location("readme_figures", ROOT / "docs" / "building" / "readme_figures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_figures_of_the_readme_are_drawn_by_its_code():
    """A changed block needs ``python -m docs.building.readme_figures``."""
    figures = readme_figures()
    made = figures.pictures()
    assert len(made) == 2
    for picture, code in made.items():
        assert figures.digest(code) in (ROOT / picture).read_text(encoding="utf-8")


def test_the_landing_shows_eight_lines_for_a_regression_and_a_var():
    cells = re.findall(
        r"^```\{code-cell\} python\n---\n.*?^---\n(.*?)^```", LANDING.read_text(encoding="utf-8"), re.M | re.S
    )
    assert len(cells) == 2
    assert sum(len(cell.splitlines()) for cell in cells) == 8
    assert max(len(line) for cell in cells for line in cell.splitlines()) <= 80


def test_the_citation_is_of_this_version():
    given = dict(re.findall(r"^([\w-]+): *(.*)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.M))
    declared = dict(
        re.findall(r'^(version|license) = "(.*)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M)
    )
    assert given["cff-version"] == "1.2.0"
    assert given["version"] == declared["version"]
    assert given["license"] == declared["license"]
    assert {"message", "title", "authors"} <= set(given)
