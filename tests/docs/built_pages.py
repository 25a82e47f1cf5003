"""The pages as the build has left them: their links, pictures, prose and outputs.

``python -m sphinx`` makes them (the README has the command); the tests that read them are marked ``built``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "docs" / "_build" / "html"
OUTPUTS = {"cell_output", "sphx-glr-script-out", "output_subarea"}
SILENT = {"highlight", "headerlink", "math", "copybtn"}
EMPTY = {"img", "br", "hr", "meta", "link", "input", "source", "wbr", "col", "path", "use", "base"}


@dataclass
class BuiltPage:
    """What the tests ask of a page."""

    path: Path
    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    pictures: list[tuple[str, str | None]] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The address below the root of the site."""
        return self.path.relative_to(HTML).as_posix()


class _Reader(HTMLParser):
    """Fills a `BuiltPage`; ``where`` holds what each open element makes of its text."""

    def __init__(self, page: BuiltPage) -> None:
        super().__init__(convert_charrefs=True)
        self.page = page
        self.where: list[tuple[str, str]] = [("", "outside")]

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        page = self.page
        if given.get("id"):
            page.ids.add(given["id"])
        if tag == "a" and given.get("href"):
            page.links.append(given["href"])
        if tag == "img":
            page.pictures.append((given.get("src", ""), given.get("alt")))
        if tag in {"script", "img", "iframe", "source"} and given.get("src"):
            page.loaded.append(given["src"])
        if tag == "link" and given.get("href") and "stylesheet" in given.get("rel", ""):
            page.loaded.append(given["href"])
        if tag not in EMPTY:
            self.where.append((tag, self._kind(tag, set((given.get("class") or "").split()))))

    def _kind(self, tag: str, classes: set[str]) -> str:
        inherited = self.where[-1][1]
        if inherited in {"silent", "output"}:
            return inherited
        if tag == "article":
            return "prose"
        if classes & OUTPUTS:
            return "output"
        if tag in {"script", "style", "math", "code", "svg"} or classes & SILENT:
            return "silent"
        return inherited

    def handle_endtag(self, tag):
        while tag not in EMPTY and len(self.where) > 1 and self.where.pop()[0] != tag:
            pass

    def handle_data(self, data):
        kind = self.where[-1][1]
        if kind == "prose":
            self.page.prose.append(data)
        elif kind == "output":
            self.page.outputs.append(data)


def read(path: Path) -> BuiltPage:
    """A page, read."""
    page = BuiltPage(path)
    _Reader(page).feed(path.read_text(encoding="utf-8"))
    return page


@cache
def built_pages() -> tuple[BuiltPage, ...]:
    """Every page of the site."""
    found = tuple(read(path) for path in sorted(HTML.rglob("*.html")) if "_static" not in path.parts)
    if not found:
        raise FileNotFoundError(f"{HTML} holds no page: build the documentation first (the README has the command)")
    return found
