"""The search of the built pages, as a browser runs it: Sphinx's own script and index in a small JavaScript engine."""

from __future__ import annotations

import json
from functools import cache
from typing import NamedTuple

from docs.built_pages import HTML

STATIC = HTML / "_static"

# What the scripts ask of a browser before they search.
BROWSER = """
var window = globalThis;
var URLSearchParams = class { get() { return window.location.search; } };
var SPHINX_HIGHLIGHT_ENABLED = false;
var _ = text => text;
var _ready = () => undefined;
var document = { getElementById: () => null };
"""
FIRST_RESULTS = """
(query, most) => {
  window.location = { search: query };
  return JSON.stringify(Search._performSearch(...Search._parseQuery(query)).reverse().slice(0, most));
}
"""


class Found(NamedTuple):
    """One line of the list that the reader sees."""

    page: str
    title: str
    anchor: str
    description: str | None
    score: float
    file: str
    kind: str


@cache
def _engine():
    """The engine with Sphinx's scripts and the index of the build."""
    import quickjs

    context = quickjs.Context()
    context.eval(BROWSER)
    scripts = ["base-stemmer.js", "english-stemmer.js", "language_data.js", "searchtools.js", "search_terms.js"]
    for script in [*(STATIC / name for name in scripts), HTML / "searchindex.js"]:
        context.eval(script.read_text(encoding="utf-8"))
    return context.eval(FIRST_RESULTS)


def search(query: str, most: int = 10) -> list[Found]:
    """The first results for a query, best first."""
    return [Found(*result) for result in json.loads(_engine()(query, most))]
