"""How much code the package has: lines without docstrings, comments and blanks, and statements, by wing.

``python -m benchmarks.code_lines`` counts the tree; ``python -m benchmarks.code_lines REVISION`` counts another commit
besides and prints both and the difference.
"""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QUIET = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def count(source: str) -> tuple[int, int]:
    """Lines that hold code, and statements, of one file."""
    tree = ast.parse(source)
    docstrings = {
        node.body[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and ast.get_docstring(node, clean=False) is not None
    }
    # The docstrings of fields are texts that stand alone, too.
    texts = docstrings | {
        node for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    skipped = {line for node in texts for line in range(node.lineno, node.end_lineno + 1)}
    lines = {
        line
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in QUIET
        for line in range(token.start[0], token.end[0] + 1)
    }
    statements = sum(isinstance(node, ast.stmt) for node in ast.walk(tree)) - len(texts)
    return len(lines - skipped), statements


def of_tree() -> Iterator[tuple[str, str]]:
    """Paths and texts of the package as it lies here."""
    for path in sorted((ROOT / "panelvar").rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def of_revision(revision: str) -> Iterator[tuple[str, str]]:
    """Paths and texts of the package as a commit has it."""
    asked = ["git", "ls-tree", "-r", "--name-only", revision, "panelvar"]
    listed = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.split():
        if name.endswith(".py"):
            shown = subprocess.run(["git", "show", f"{revision}:{name}"], cwd=ROOT, capture_output=True, check=True)
            yield name, shown.stdout.decode()


def totals(files: Iterator[tuple[str, str]]) -> tuple[Counter[str], Counter[str]]:
    """Lines and statements by wing (the first folder), and of all."""
    lines, statements = Counter[str](), Counter[str]()
    for path, source in files:
        parts = path.split("/")
        for wing in ("all", parts[1] if len(parts) > 2 else "__init__"):
            found = count(source)
            lines[wing] += found[0]
            statements[wing] += found[1]
    return lines, statements


def main(arguments: list[str]) -> None:
    """Print the counts."""
    here = totals(of_tree())
    before = totals(of_revision(arguments[0])) if arguments else None
    print(f"{'':16}{'lines':>10}{'statements':>12}")
    for wing in sorted(here[0]):
        print(f"{wing:16}{here[0][wing]:10,}{here[1][wing]:12,}")
    if before is not None:
        print(f"{arguments[0][:12]:16}{before[0]['all']:10,}{before[1]['all']:12,}")
        print(f"{'difference':16}{here[0]['all'] - before[0]['all']:+10,}{here[1]['all'] - before[1]['all']:+12,}")


if __name__ == "__main__":
    main(sys.argv[1:])
