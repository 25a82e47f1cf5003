"""The list of pages at the left leads a newcomer to few of them, and the whole of it to every page once."""

from __future__ import annotations

import re
import runpy
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path
from posixpath import join, normpath

import pytest
from docs.built_pages import HTML

DOCS = Path(__file__).resolve().parents[2] / "docs"
RULE = runpy.run_path(str(DOCS / "building" / "sidebar.py"))
TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LATER = ("Reference", "Evidence", "Developers")
MOST = 50
# Of the page that the build makes of it.
GALLERY = (DOCS / "gallery" / "README.txt").read_text(encoding="utf-8")
STUDIES = re.findall(r"^   /(studies/\w+)$", GALLERY, re.MULTILINE)
SOURCES = sorted(
    path.relative_to(DOCS).with_suffix("").as_posix()
    for path in DOCS.rglob("*.md")
    if not {"_build", "generated", "presets", "pictures"} & set(path.relative_to(DOCS).parts)
)


def toctrees(page: str) -> list[tuple[str, list[str]]]:
    """Caption and entries of each list of a page."""
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    found = []
    for body in TOCTREE.findall(text):
        caption = next(iter(re.findall(r"^:caption: (.*)$", body, re.MULTILINE)), "")
        entries: list[str] = []
        for line in filter(None, map(str.strip, body.splitlines())):
            if line.startswith(":"):
                continue
            name = re.sub(r"^.*<(.*)>$", r"\1", line)
            name = normpath(join("/", page, "..", name)).lstrip("/")
            names = [each for each in SOURCES if fnmatch(each, name)] if "*" in name else [name]
            entries += [each for each in names if each not in entries]
        found.append((caption, entries))
    return found


def below(page: str) -> list[str]:
    """A page and those that its lists lead to; what the sidebar does not unfold is left out."""
    if page in RULE["INDEXES"]:
        return [page]
    return [page, *(each for _, entries in toctrees(page) for entry in entries for each in below(entry))]


def test_a_newcomer_is_led_to_at_most_fifty_pages():
    captions = [caption for caption, _ in toctrees("index")]
    assert captions[-len(LATER) :] == list(LATER)
    led = {
        caption: [each for entry in entries for each in below(entry)]
        for caption, entries in toctrees("index")
        if caption not in LATER
    }
    assert sum(map(len, led.values())) <= MOST, {caption: len(pages) for caption, pages in led.items()}


def test_a_page_that_lists_others_itself_names_each_of_them():
    """The sidebar does not unfold it."""
    text = (DOCS / "coming_from" / "index.md").read_text(encoding="utf-8")
    ((_, entries),) = toctrees("coming_from/index")
    assert sorted(entries) == [
        page for page in SOURCES if page.startswith("coming_from/") and page != "coming_from/index"
    ]
    assert [entry for entry in entries if f"]({Path(entry).name}.md)" not in text] == []
    assert [entry for entry in STUDIES if f"</{entry}>`" not in GALLERY] == []


def test_every_page_has_one_place():
    found = Counter([*STUDIES, "index"])
    waiting = ["index"]
    while waiting:
        for _, entries in toctrees(waiting.pop()):
            found.update(entries)
            waiting += [entry for entry in entries if entry in SOURCES]
    assert set(SOURCES) - set(found) == set()
    assert {page: times for page, times in found.items() if times > 1} == {}


@pytest.mark.built
def test_the_built_sidebar_leaves_out_stories_and_functions():
    def entries(page: str) -> list[str]:
        text = (HTML / page).read_text(encoding="utf-8")
        tree = text[text.index('<div class="sidebar-tree">') : text.index("<article")]
        return re.findall(r'<li class="toctree-l\d[^>]*><a class="[^"]*" href="([^"]*)"', tree)

    shown = entries("index.html")
    assert [each for each in shown if each.startswith(("stories/plot_", "coming_from/stata", "api/generated"))] == []
    assert {"stories/index.html", "coming_from/index.html", "api/static_panels.html"} <= set(shown)
    assert "../coming_from/vars.html" in entries("coming_from/plm.html")
    assert "../stories/plot_oil_shocks.html" in entries("stories/plot_macro_var.html")
