"""Sphinx configuration: MyST pages, numpydoc docstrings, warnings are errors (see .ci/run)."""

from __future__ import annotations

import dataclasses
import importlib.metadata
from pathlib import Path

project = "panelvar"
author = "The panelvar developers"
copyright = "2026, The panelvar developers"
try:
    release = importlib.metadata.version("panelvar")
except importlib.metadata.PackageNotFoundError:  # built from a tree that is not installed
    release = "development tree"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.mathjax", "numpydoc"]
myst_enable_extensions = ["dollarmath", "amsmath", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "api/generated"]

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's Parameters sections state types in words
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
default_role = "literal"

html_theme = "furo"
html_title = "panelvar"
smartquotes = False  # options and strings are quoted as they are typed
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["features.css"]


def write_presets(folder: Path) -> None:
    """Tabulate the presets of the conventions, so that the page cannot disagree with the code."""
    from panelvar.fit.presets import PRESETS

    fields = [field.name for field in dataclasses.fields(next(iter(PRESETS.values()))) if field.name != "name"]
    lines = ["| choice | " + " | ".join(PRESETS) + " |", "|---" * (len(PRESETS) + 1) + "|"]
    for field in fields:
        values = [str(getattr(preset, field)) for preset in PRESETS.values()]
        cells = [values[0], *("" if value == values[0] else f"**{value}**" for value in values[1:])]
        lines.append(f"| `{field}` | " + " | ".join(cells) + " |")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "presets.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


write_presets(Path(__file__).parent / "api" / "generated")
