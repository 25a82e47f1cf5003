"""The table of presets, written from the code, so that the page cannot disagree with it."""

from __future__ import annotations

import dataclasses
from pathlib import Path


def write_presets(folder: Path) -> None:
    """Tabulate the presets of the conventions."""
    from panelvar.estimates.fit.presets import PRESETS

    fields = [field.name for field in dataclasses.fields(next(iter(PRESETS.values()))) if field.name != "name"]
    lines = ["| choice | " + " | ".join(PRESETS) + " |", "|---" * (len(PRESETS) + 1) + "|"]
    for field in fields:
        values = [str(getattr(preset, field)) for preset in PRESETS.values()]
        cells = [values[0], *("" if value == values[0] else f"**{value}**" for value in values[1:])]
        lines.append(f"| `{field}` | " + " | ".join(cells) + " |")
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join(lines) + "\n"
    page = folder / "presets.md"
    # Pages that include an unchanged table need not be read again.
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")
