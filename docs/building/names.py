"""Text in single backquotes: a link if it names something that the reference documents, else code."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.ext.autosummary import Autosummary
from sphinx.util.docutils import SphinxRole

ROLE = "name_or_code"


class Listed(Autosummary):
    """A list of functions and classes by their own names, as the index has them; modules keep their paths."""

    def get_items(self, names: list[str]) -> list[tuple[str, str | None, str, str]]:
        """The names without what they are in, and what they were."""
        return [
            (name if whole in sys.modules else name.rpartition(".")[2], signature, summary, whole)
            for name, signature, summary, whole in super().get_items(names)
        ]


class NameOrCode(SphinxRole):
    """The role of text in single backquotes."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """A reference that stays plain code where nothing of that name is documented."""
        code = nodes.literal(self.rawtext, self.text, classes=["xref", "py"])
        if not self.text.removesuffix("()").replace(".", "").isidentifier():
            return [nodes.literal(self.rawtext, self.text)], []
        return [
            addnodes.pending_xref(
                self.rawtext,
                code,
                refdomain="py",
                reftype="obj",
                reftarget=self.text.removesuffix("()"),
                refdoc=self.env.docname,
                refexplicit=False,
                refwarn=False,
                **{
                    "py:module": self.env.ref_context.get("py:module"),
                    "py:class": self.env.ref_context.get("py:class"),
                },
            )
        ], []


def linked_types(reference: Path) -> dict[str, str]:
    """Every class that a page of the reference lists, by the name that it has in Parameters, Returns and Raises."""
    from panelvar.core.base import errors

    pages = "".join(page.read_text(encoding="utf-8") for page in reference.glob("*.md"))
    listed = re.findall(r"^ +(panelvar\.(?:\w+\.)*([A-Z]\w*))$", pages, flags=re.MULTILINE)
    raised = {
        name: f"{errors.__name__}.{name}"
        for name, each in vars(errors).items()
        if inspect.isclass(each) and each.__module__ == errors.__name__
    }
    return {**raised, **{name: whole for whole, name in listed}}


def only_ours(app: Sphinx, config: Config) -> None:
    """Leave out numpydoc's own links of types, which lead to the documentation of Python."""
    config.numpydoc_xref_aliases_complete = config.numpydoc_xref_aliases


def at_the_top(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.TextElement
) -> nodes.reference | None:
    """Look a name up in the package itself, where the docstring is of something that a module further in holds."""
    if node.get("refdomain") != "py" or node.get("py:module") in (None, "panelvar"):
        return None
    sought = node.deepcopy()
    sought["py:module"], sought["py:class"] = "panelvar", None
    python = env.domains["py"]
    return python.resolve_xref(env, node["refdoc"], app.builder, node["reftype"], node["reftarget"], sought, content)


def setup(app: Sphinx) -> dict[str, Any]:
    """Give the role its name, which `default_role` takes."""
    app.add_role(ROLE, NameOrCode())
    app.setup_extension("sphinx.ext.autosummary")
    app.add_directive("autosummary", Listed, override=True)
    # After numpydoc has added its own.
    app.connect("config-inited", only_ours, priority=900)
    # Before other projects' references are tried.
    app.connect("missing-reference", at_the_top, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
