"""Write the page of renames from the table by which old names are answered.

Run from the project's root: ``python -m tests.features.renames``.
"""

from __future__ import annotations

from pathlib import Path

from panelvar.core.base.elsewhere import Renamed, renames

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "look_up" / "renamed.md"

HEAD = """\
<!-- `python -m tests.features.renames` makes this page from `panelvar/core/base/renamed.csv`. Do not edit it. -->

# What was renamed

Every name, place and default of a development version that has changed. An old name is answered by the new one where it
is asked for. A result that another version pickled is refused; make it again from the data.
"""

# Kind of rename: heading, and what its four columns are called.
KINDS = {
    "function": ("Functions and classes", ("Name", "was", "is", "why")),
    "position": ("Places: what goes without its name", ("Function", "was", "is", "why")),
    "argument": ("Arguments", ("Functions", "was", "is", "why")),
    "value": ("Values of arguments", ("Arguments", "was", "is", "why")),
    "default": ("Defaults", ("Arguments", "was", "is", "why")),
    "attribute": ("Attributes of results", ("Results", "was", "is", "why")),
    "private": ("Attributes that nobody calls", ("Results", "was", "is", "why")),
}


def render() -> str:
    """The page."""
    parts = [HEAD]
    for kind, (heading, columns) in KINDS.items():
        together: dict[tuple[str, str, str], list[Renamed]] = {}
        for row in renames():
            if row.kind == kind:
                together.setdefault((row.old, row.new, row.why), []).append(row)
        if together:
            lines = [f"## {heading}", "", f"| {' | '.join(columns)} |", "| --- | --- | --- | --- |"]
            for (old, new, why), rows in together.items():
                places = ", ".join("everywhere" if row.where == "*" else f"`{row.where}`" for row in rows)
                lines.append(f"| {places} | `{old}` | `{new}` | {why} |")
            parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
