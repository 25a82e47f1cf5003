"""What readers are asked to cite is the version that there is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CITATIONS = {
    "CITATION.cff": r"^version: (\S+)$",
    "docs/look_up/references.md": r"^  version = \{(\S+)\},$",
}
"""Where readers are told what to cite -> how the version is written there."""


@pytest.mark.parametrize("file", CITATIONS)
def test_the_citation_is_of_this_version(file):
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    cited = re.findall(CITATIONS[file], (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert cited == [version]
