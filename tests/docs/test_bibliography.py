"""The works cited are linked by DOIs that are well formed, each to one work."""

from __future__ import annotations

import re
from pathlib import Path

WORKS = Path(__file__).resolve().parents[2] / "docs" / "look_up" / "references.bib"
WELL_FORMED = re.compile(r"10\.\d{4,9}/[-._;()/:<>A-Za-z0-9]+")
"""What Crossref recommends to match a DOI, and the angle brackets of Wiley's old ones."""


def dois() -> dict[str, list[str]]:
    """DOI in lower case (DOIs ignore case) -> keys of the works that bear it."""
    found: dict[str, list[str]] = {}
    for entry in re.split(r"\n(?=@)", WORKS.read_text(encoding="utf-8")):
        if key := re.match(r"@\w+\{([^,]+),", entry):
            for doi in re.findall(r"^  doi = (.*),$", entry, re.MULTILINE):
                found.setdefault(doi.removeprefix("{").removesuffix("}").lower(), []).append(key[1])
    return found


def test_dois_are_well_formed():
    """Without the resolver's address, which the page adds, and without a full stop at the end."""
    assert len(dois()) > 200
    assert [doi for doi in dois() if not WELL_FORMED.fullmatch(doi) or doi.endswith(".")] == []


def test_no_doi_is_of_two_works():
    assert {doi: keys for doi, keys in dois().items() if len(keys) > 1} == {}
