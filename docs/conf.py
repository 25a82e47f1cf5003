"""Sphinx configuration: pages that run, numpydoc docstrings, warnings are errors (see .ci/run).

What Sphinx and its extensions do not offer is in ``building/``.
"""

from __future__ import annotations

import logging
import os
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from building.all_names import write_all_names  # noqa: E402
from building.guides import guides_by_name, stories_by_name  # noqa: E402
from building.inventories import mapping, short_names  # noqa: E402
from building.kernel import fingerprint, prepare  # noqa: E402
from building.names import linked_types  # noqa: E402
from building.part import root  # noqa: E402
from building.presets import write_presets  # noqa: E402

project = "panelvar"
author = "The panelvar developers"
copyright = "2026, The panelvar developers"
release = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "sphinxcontrib.bibtex",
    "building.class_pages",
    "building.decisions",
    "building.doctrees",
    "building.examples",
    "building.excerpts",
    "building.mathml",
    "building.names",
    "building.sources",
    "building.notebooks",
    "building.sidebar",
    "building.stories",
    "building.thumbnails",
    "building.tree",
    "building.weight",
]
templates_path = ["_templates"]
exclude_patterns = [
    "_build",
    "_templates",
    "building",
    "pictures",
    "gallery",
    "api/presets",
    "api/stories",
    "**.ipynb",
    "**/sg_execution_times.rst",
    "sg_execution_times.rst",
]

# Pages
myst_enable_extensions = ["amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath", "fieldlist"]
myst_heading_anchors = 3
html_math_renderer = "mathml"
bibtex_bibfiles = ["look_up/references.bib"]
bibtex_reference_style = "author_year"
smartquotes = False  # options and strings are quoted as they are typed

# Pages that run
prepare(HERE / "_build" / "ipython", HERE.parent)
nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE / "_build" / "executed" / fingerprint(HERE.parent))
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True
logging.getLogger("traitlets").setLevel(logging.WARNING)  # a line for every kernel that starts
sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "stories",
    "filename_pattern": "plot_",
    "backreferences_dir": "api/stories",
    "doc_module": ("panelvar",),
    "reference_url": {"panelvar": None},
    "abort_on_example_error": True,
    "remove_config_comments": True,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 10_000,
    "capture_repr": ("_repr_html_", "__str__"),
    "image_srcset": ["2x"],
    "image_scrapers": ("building.thumbnails.scrape",),
    "plot_gallery": "True",
    "reset_modules": ("matplotlib", "building.stories.say_warnings_plainly"),
    "within_subsection_order": "building.stories.place",
    "minigallery_sort_order": "building.stories.place",
    "recommender": {"enable": True, "n_examples": 4, "min_df": 1, "rubric_header": "Related stories"},
}

# The reference
autosummary_generate = True
autosummary_context = {"guides": guides_by_name(HERE), "stories": stories_by_name(HERE)}
autodoc_typehints = "none"  # numpydoc's Parameters sections state types in words
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = True
numpydoc_xref_ignore = "all"  # but the aliases
numpydoc_xref_aliases = {**short_names(), **linked_types(HERE / "api")}
plot_formats = ["svg"]
plot_html_show_formats = False
plot_html_show_source_link = False
plot_pre_code = ""
plot_rcparams = {"savefig.bbox": "tight", "svg.hashsalt": "panelvar"}
intersphinx_mapping = mapping(HERE / "_build" / "inventories")
default_role = "name_or_code"
write_presets(HERE / "api" / "presets")
write_all_names(HERE / "api" / "presets")

html_theme = "furo"
html_title = f"panelvar {release}"
html_favicon = "_static/mark.svg"
html_logo = "_static/mark.svg"
html_static_path = ["_static"]
html_extra_path = ["llms.txt"]
html_css_files = ["features.css", "pages.css"]
html_js_files = [("pages.js", {"defer": "defer"})]
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b4f7a", "color-brand-content": "#0b5c8f"},
    "dark_css_variables": {"color-brand-primary": "#8ecbf2", "color-brand-content": "#7cc0ee"},
    "navigation_with_keys": True,
}
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {"_modules/**": ["sidebar/brand.html", "sidebar/search.html"]}
html_search_scorer = str(HERE / "building" / "search_scorer.js")
html_use_index = False  # one page of 600 kB; the reference lists names by subject, and the search finds them
toc_object_entries_show_parents = "hide"  # the list of a class at the right names its methods alone
html_domain_indices = False
copybutton_exclude = ".linenos, .gp, .go"

# A few pages alone (building/part.py).
if part := os.environ.get("PANELVAR_DOCS_PART"):
    pages = set(part.splitlines())
    found = (path.relative_to(HERE).as_posix() for kind in ("*.md", "*.rst", "*.txt") for path in HERE.rglob(kind))
    exclude_patterns += [name for name in found if name not in pages and name != "look_up/references.md"]
    root_doc = root(pages)
    suppress_warnings = ["myst", "toc", "ref", "bibtex", "autosummary", "docutils"]
    autosummary_generate = False
    extensions.remove("sphinx_gallery.gen_gallery")
