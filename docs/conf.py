"""Sphinx configuration: MyST pages, numpydoc docstrings, warnings are errors (see .ci/run)."""

from __future__ import annotations

import importlib.metadata

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
exclude_patterns = ["_build"]

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's Parameters sections state types in words
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
default_role = "literal"

html_theme = "furo"
html_title = "panelvar"
html_show_sourcelink = False
