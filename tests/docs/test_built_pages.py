"""The site as built: no request leaves it, no link is lost, it is not heavy, every picture is described."""

from __future__ import annotations

import re
from urllib.parse import unquote, urldefrag

import pytest
from docs.built_pages import HTML, built_pages

pytestmark = pytest.mark.built
HEAVIEST = 300_000
WHOLE_SITE = 62_000_000
WIDEST = 88


def test_nothing_is_loaded_from_elsewhere():
    loaded = [(page.name, address) for page in built_pages() for address in page.loaded]
    assert len(loaded) > len(built_pages())
    assert [each for each in loaded if "//" in each[1] and not each[1].startswith("data:")] == []


def test_style_sheets_and_scripts_ask_for_nothing_from_elsewhere():
    sheets = list(HTML.rglob("*.css"))
    assert sheets
    asked = [
        (path.name, found)
        for path in sheets
        for found in re.findall(r"(?:@import|url\()\s*[\"']?(https?:|//)[^\"')]*", path.read_text(encoding="utf-8"))
    ]
    assert asked == []


def test_every_link_within_the_site_leads_to_a_page_and_a_place():
    places = {page.path.resolve(): page.ids for page in built_pages()}
    lost = []
    followed = 0
    for page in built_pages():
        for link in dict.fromkeys(page.links):
            address, place = urldefrag(link)
            if re.match(r"[a-z]+:", address):
                continue
            target = (page.path.parent / unquote(address)).resolve() if address else page.path.resolve()
            followed += 1
            known = target in places and (not place or unquote(place) in places[target])
            if not known and not (target.suffix != ".html" and target.is_file()):
                lost.append((page.name, link))
    assert followed > 1000
    assert lost == []


def test_no_page_is_heavy():
    sizes = {page.name: page.path.stat().st_size for page in built_pages()}
    assert {name: size for name, size in sizes.items() if size >= HEAVIEST} == {}


def test_the_site_is_not_heavy():
    sizes: dict[str, int] = {}
    for path in HTML.rglob("*"):
        if path.is_file():
            folder = path.relative_to(HTML).parts[0]
            sizes[folder] = sizes.get(folder, 0) + path.stat().st_size
    assert sum(sizes.values()) <= WHOLE_SITE, sorted(sizes.items(), key=lambda each: -each[1])[:10]


def test_every_picture_says_what_it_shows():
    """A thumbnail stands above the title of its story, and would only repeat it."""
    silent = [
        (page.name, address)
        for page in built_pages()
        for address, text in page.pictures
        if not (text or "").strip() and not (text == "" and address.endswith("_thumb.png"))
    ]
    assert silent == []
