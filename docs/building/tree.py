"""The tree of pages at the left is made once: Sphinx and the theme would make it anew for every page, which takes long.

The tree of the root holds every address as the root sees it. A page has the same tree, its addresses seen from the
page's folder, and what leads to the page marked as the theme marks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from weakref import WeakKeyDictionary

from docutils import nodes
from furo.navigation import get_navigation_tree
from sphinx.application import Sphinx
from sphinx.environment.adapters.toctree import global_toctree_for_doc

TAG = re.compile(r"(<(?:ul|/ul|li|/li|a|input)\b[^>]*>)")
ADDRESS = re.compile(r'href="([^":]*)"')
HERE = "\0"
# Pages of one function, class or module: they are most of the site, and their tree is that of the reference.
GENERATED = "/generated/"


@dataclass
class Tree:
    """The tags of the root's tree, and for each page the places of what leads to it: switches, lists, items, link."""

    parts: list[str]
    ways: dict[str, list[list[int]]] = field(default_factory=dict)

    def of(self, page: str) -> str:
        """The tree as it stands on a page."""
        parts = self.parts
        if ways := self.ways.get(page):
            parts = list(parts)
            for way in ways:
                *above, link = way
                for place in above:
                    parts[place] = marked(self.parts[place])
                parts[link] = ADDRESS.sub('href="#"', with_class(self.parts[link], "current", first=True))
            item = ways[-1][-2]
            parts[item] = with_class(parts[item], "current-page")
            if GENERATED in page:
                parts = [*around(parts)]
        return "".join(parts).replace(HERE, "../" * page.count("/"))


def around(parts: list[str]) -> Iterator[str]:
    """The outermost lists that hold the current page, without the others and what stands above these."""
    depth = 0
    kept = True
    for part, following in pairwise([*parts, ""]):
        if depth == 0:
            below = part if part.startswith("<ul") else following
            kept = not below.startswith("<ul") or "current" in below
        if kept:
            yield part
        depth += part.startswith("<ul") - part.startswith("</ul")


def with_class(tag: str, name: str, *, first: bool = False) -> str:
    """The tag with one more class."""
    if 'class="' not in tag:
        return f'{tag[:-1]} class="{name}">'
    return tag.replace('class="', f'class="{name} ', 1) if first else re.sub(r'(class="[^"]*)', rf"\1 {name}", tag)


def marked(tag: str) -> str:
    """A switch that is on, or a list or item that holds the current page."""
    if tag.startswith("<input"):
        return f'{tag.rstrip("/>")} checked=""/>'
    return with_class(tag, "current")


def read(html: str) -> Tree:
    """Find the ways to all pages of a tree."""
    tree = Tree(TAG.split(html))
    open_: list[list[int]] = []
    found: list[tuple[str, list[list[int]], int]] = []
    for place, part in enumerate(tree.parts):
        if part.startswith(("<ul", "<li")):
            open_.append([place])
        elif part.startswith(("</ul", "</li")):
            open_.pop()
        elif part.startswith("<input"):
            # The switch comes behind the link of its item.
            open_[-1].insert(0, place)
        elif part.startswith("<a") and (address := ADDRESS.search(part)) and open_:
            tree.parts[place] = f"{part[: address.start(1)]}{HERE}{part[address.start(1) :]}"
            found.append((address[1].removesuffix(".html"), list(open_), place))
    for page, levels, link in found:
        tree.ways.setdefault(page, []).append([*(place for level in levels for place in level), link])
    return tree


_trees: WeakKeyDictionary[Sphinx, Tree] = WeakKeyDictionary()


def tree_of(app: Sphinx) -> Tree:
    """The tree of the site."""
    if app not in _trees:
        root = app.config.root_doc
        found = global_toctree_for_doc(
            app.env, root, app.builder, collapse=False, titles_only=True, maxdepth=-1, includehidden=True
        )
        html = "" if found is None else app.builder.render_partial(found)["fragment"]
        _trees[app] = read(get_navigation_tree(html))
    return _trees[app]


def leave_out(app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Keep the theme from making a tree."""
    context["toctree"] = lambda **_: ""


def put_in(app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Give the page its tree."""
    context["furo_navigation_tree"] = tree_of(app).of(name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Come before the theme, and after it."""
    app.connect("html-page-context", leave_out, priority=400)
    app.connect("html-page-context", put_in, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
