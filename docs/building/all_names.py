"""The table of every public name, written from the package, so that none is missing."""

from __future__ import annotations

from pathlib import Path


def write_all_names(folder: Path) -> None:
    """Write an autosummary without pages of its own: the pages of the subjects have those."""
    import panelvar
    from panelvar.core.base import errors

    names = sorted((name for name in panelvar.__all__ if not name.startswith("_")), key=str.casefold)
    # Errors, warnings and notes share the page of their module.
    paths = [f"{errors.__name__ if hasattr(errors, name) else 'panelvar'}.{name}" for name in names]
    table = ["```{eval-rst}", ".. autosummary::", "   :nosignatures:", "", *(f"   ~{path}" for path in paths), "```"]
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join(table) + "\n"
    page = folder / "all_names.md"
    # A page that includes an unchanged table need not be read again.
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")
