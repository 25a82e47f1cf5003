"""The sources of the gallery before they are built: places, links, data."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
from docs.built_pages import HTML

import panelvar as pv

ROOT = Path(__file__).resolve().parents[2]
STORIES = sorted((ROOT / "docs" / "gallery").glob("plot_*.py"))
IDS = [path.stem for path in STORIES]


def test_every_story_has_a_place_in_the_gallery():
    order = runpy.run_path(str(ROOT / "docs" / "building" / "stories.py"))["ORDER"]
    assert sorted(order) == [path.name for path in STORIES]


@pytest.mark.built
def test_the_gallery_has_a_heading_for_panels_and_one_for_systems():
    kept = runpy.run_path(str(ROOT / "docs" / "building" / "stories.py"))
    html = (HTML / "stories" / "index.html").read_text(encoding="utf-8")
    article = html.partition("<article")[2].partition("</article>")[0]
    panels, systems = article.split("<h2>Panels<")[1].split("<h2>Series and systems<")
    for part, stories in ((panels, kept["PANELS"]), (systems, kept["SYSTEMS"])):
        found = re.findall(r'class="reference internal" href="(plot_\w+)\.html', part)
        assert list(dict.fromkeys(f"{name}.py" for name in found)) == list(stories)


@pytest.mark.parametrize("story", STORIES, ids=IDS)
def test_a_story_leads_on_to_guides_and_to_functions_that_exist(story):
    text = story.read_text(encoding="utf-8")
    pages = re.findall(r":doc:`/([^`<>]+)`", text)
    assert pages
    assert [page for page in pages if not (ROOT / "docs" / f"{page}.md").is_file()] == []
    names = re.findall(r":(?:func|class):`~?panelvar\.(\w+)`", text)
    assert names
    assert [name for name in names if not hasattr(pv, name)] == []


@pytest.mark.parametrize("story", STORIES, ids=IDS)
def test_the_data_of_a_story_have_a_source_and_terms(story):
    text = story.read_text(encoding="utf-8")
    read = re.findall(r"read_csv\(folder / \"([^\"]+)\"", text)
    assert read or "load_data(" in text
    sources = (ROOT / "examples" / "data" / "README.md").read_text(encoding="utf-8")
    headings = " ".join(re.findall(r"^## (.*)$", sources, flags=re.MULTILINE))
    assert [name for name in read if name not in headings] == []
