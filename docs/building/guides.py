"""Which guides and stories use a name: its page in the reference leads back to them (``_templates/autosummary``)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

FOLDERS = ("start", "choose", "guide", "how_to")
MOST_GUIDES = 8  # more would only say that everybody uses it
MOST_STORIES = 4
# In code and prose; as the target of a link, in Markdown and in reStructuredText.
USE = re.compile(r"\bpv\.(\w+)|(?:\{py:(?:func|class)\}|:(?:func|class):)`(?:[^`<]*<|~)?panelvar\.(\w+)>?`")


def names_used(text: str) -> Counter[str]:
    """How often a page speaks of each name of the package."""
    return Counter(code or link for code, link in USE.findall(text))


def guides_by_name(docs: Path) -> dict[str, list[str]]:
    """The guides that use each name, the few that use it most often, as ``:doc:`` takes them."""
    pages = ((f"/{folder}/{page.stem}", page) for folder in FOLDERS for page in sorted((docs / folder).glob("*.md")))
    return _by_name(pages, MOST_GUIDES)


def stories_by_name(docs: Path) -> dict[str, list[str]]:
    """The stories that use each name, the few that use it most often, as ``minigallery`` takes them."""
    return _by_name(((f"gallery/{page.name}", page) for page in sorted((docs / "gallery").glob("*.py"))), MOST_STORIES)


def _by_name(pages: Iterable[tuple[str, Path]], most: int) -> dict[str, list[str]]:
    """Address and file of each page -> the addresses by the names used."""
    uses: dict[str, Counter[str]] = {}
    for address, page in pages:
        for name, times in names_used(page.read_text(encoding="utf-8")).items():
            uses.setdefault(f"panelvar.{name}", Counter())[address] = times
    return {name: [address for address, _ in found.most_common(most)] for name, found in uses.items()}
