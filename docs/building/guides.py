"""Which guides use a function or class: its page in the reference leads back to them (``_templates/autosummary``)."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

FOLDERS = ("start", "choose", "guide", "how_to")
MOST = 8  # more would only say that everybody uses it
# In code and prose; as the target of a link.
USE = re.compile(r"\bpv\.(\w+)|\{py:(?:func|class)\}`(?:[^`<]*<|~)?panelvar\.(\w+)>?`")


def names_used(text: str) -> Counter[str]:
    """How often a page speaks of each name of the package."""
    return Counter(code or link for code, link in USE.findall(text))


def guides_by_name(docs: Path) -> dict[str, list[str]]:
    """The guides that use each name, the few that use it most often, as ``:doc:`` takes them."""
    uses: dict[str, Counter[str]] = {}
    for folder in FOLDERS:
        for page in sorted((docs / folder).glob("*.md")):
            for name, times in names_used(page.read_text(encoding="utf-8")).items():
                uses.setdefault(f"panelvar.{name}", Counter())[f"/{folder}/{page.stem}"] = times
    return {name: [page for page, _ in pages.most_common(MOST)] for name, pages in uses.items()}
