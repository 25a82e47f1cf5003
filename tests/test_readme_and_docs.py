"""The README's blocks run and its commands are whole; links of all pages and names of the reference lead somewhere.

The blocks of the documentation run when it is built; what they print is read by tests/docs.
"""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
DOCS = ROOT / "docs"
MADE_BY_THE_BUILD = {"_build", "generated", "presets", "stories"}
PAGES = [
    README,
    ROOT / "CHANGELOG.md",
    *(path for path in sorted(DOCS.rglob("*.md")) if not MADE_BY_THE_BUILD & set(path.relative_to(DOCS).parts)),
]
# A block that is meant to warn is preceded by the comment <!-- warns -->.
BLOCK = re.compile(r"(?P<warns><!-- warns -->\n)?^```python\n(?P<code>.*?)^```", flags=re.M | re.S)


def blocks(page: Path) -> list[tuple[int, bool, str]]:
    """Line number, whether it warns, and code of each block of a page."""
    text = page.read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, match.start("code")) + 1, match["warns"] is not None, match["code"])
        for match in BLOCK.finditer(text)
    ]


def test_readme_runs(monkeypatch, tmp_path):
    plt = pytest.importorskip("matplotlib.pyplot")
    from panelvar.core.base.errors import PanelVarWarning

    monkeypatch.chdir(ROOT)
    namespace = {"__name__": "__page__", "output": tmp_path}
    for line, warns, code in blocks(README):
        # Leading newlines make the traceback point at the page's own line.
        compiled = compile("\n" * (line - 1) + code, str(README), "exec")
        if warns:
            with pytest.warns(PanelVarWarning):
                exec(compiled, namespace)
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                exec(compiled, namespace)
    plt.close("all")


def test_readme_shows_the_library_in_use():
    assert len(blocks(README)) >= 4


def test_the_changes_are_short():
    """What a user of the state before must know; renames have a table, features have guides."""
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 150
    assert max(map(len, lines)) <= 120


def test_readme_commands_are_complete():
    text = (README).read_text(encoding="utf-8")
    commands = [
        line for block in re.findall(r"^```sh\n(.*?)^```", text, flags=re.M | re.S) for line in block.splitlines()
    ]
    for end in ("examples/reproduce_paper.py", "-m pytest -n auto"):
        (command,) = [line for line in commands if line.endswith(end)]
        assert command.startswith("python3 -m venv .venv && .venv/bin/python -m pip install -q ")
    assert "python3-venv" in text
    assert r".venv\Scripts\python" in text


def test_the_whole_check_finds_each_command_of_the_readme():
    """What .ci/run asks for by a part of it is in one line of the README."""
    check = ROOT / ".ci" / "run"
    if not check.exists():
        pytest.skip("not a checkout")
    parts = re.findall(r"readme_command\.py (?:\"([^\"]+)\"|(\w+))\)", check.read_text(encoding="utf-8"))
    blocks = re.findall(r"^```sh\n(.*?)^```", (README).read_text(encoding="utf-8"), flags=re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(parts) == 4
    assert {part: sum(part in line for line in lines) for part in map("".join, parts)} == dict.fromkeys(
        map("".join, parts), 1
    )


@pytest.mark.parametrize("page", PAGES, ids=[page.relative_to(ROOT).as_posix() for page in PAGES])
def test_links_to_files_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    lost = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert lost == []


def test_every_public_name_and_every_kernel_has_its_place_in_the_reference():
    """The pages of the reference pin the public names: who changes them changes the public face."""
    import panelvar

    documented = {name.removeprefix("panelvar.") for name in listed_in_the_reference()}
    names = set(panelvar.__all__) - {"__version__"}
    errors = {name for name in names if getattr(panelvar, name).__module__ == "panelvar.core.base.errors"}
    rooms = ("kernels/linear", "kernels/absorption")
    kernels = {
        f"{room.replace('/', '.')}.{path.stem}"
        for room in rooms
        for path in (ROOT / "panelvar" / room).glob("[!_]*.py")
    }
    assert "core.base.errors" in documented
    assert names - errors == {name for name in documented if "." not in name}
    assert kernels - documented == set()


def test_kernels_that_moved_are_listed_with_their_old_paths():
    page = (DOCS / "developers" / "kernels.md").read_text(encoding="utf-8")
    moved = dict(re.findall(r"^\| `(panelvar[\w.]+)` \| `(panelvar[\w.]+)` \|$", page, flags=re.M))
    for path in moved.values():
        assert pkgutil.resolve_name(path) is not None
    # What was made in the move or since, and had no path before.
    made = {
        "panelvar.kernels.absorption.effect_iterations",
        "panelvar.kernels.absorption.factor_rows",
        "panelvar.kernels.dynamics.orthonormal_instruments",
    }
    assert set(re.findall(r"^ {3}(panelvar[\w.]*)$", page, flags=re.M)) - set(moved.values()) == made


def test_one_fit_is_followed_through_files_that_exist():
    page = (DOCS / "developers" / "one_fit.md").read_text(encoding="utf-8")
    steps = re.findall(r"\| `([\w/]+\.pyi?)` \| `(\w+)` \|$", page, flags=re.M)
    assert len(steps) == sum(line.startswith("|") for line in page.splitlines()) - 4
    for path, name in steps:
        text = (ROOT / "panelvar" / path).read_text(encoding="utf-8")
        assert re.search(rf"^ *(def|class) {name}\b|import {name} as", text, flags=re.M), (path, name)


def modules_with_examples() -> list[str]:
    files = sorted((ROOT / "panelvar").rglob("*.py"))
    found = [path.relative_to(ROOT) for path in files if ">>> " in path.read_text(encoding="utf-8")]
    return [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in found]


@pytest.mark.parametrize("name", modules_with_examples())
def test_docstring_examples_run(name, monkeypatch):
    """In an empty namespace: a reader who copies an example has its imports too."""
    if name.startswith("panelvar.reporting."):
        pytest.importorskip("matplotlib")
    monkeypatch.chdir(ROOT)
    options = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    outcome = doctest.testmod(importlib.import_module(name), globs={}, optionflags=options, verbose=False)
    assert outcome.attempted > 0
    assert outcome.failed == 0


def listed_in_the_reference() -> list[str]:
    """What the tables of the reference list, each of which the build gives a page."""
    pages = [*(DOCS / "api").glob("*.md"), DOCS / "developers" / "kernels.md"]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    return re.findall(r"^ {3}(panelvar[\w.]*)$", text, flags=re.M)


@pytest.mark.parametrize("name", listed_in_the_reference())
def test_what_the_reference_lists_exists(name):
    assert pkgutil.resolve_name(name) is not None


def test_names_that_docstrings_refer_to_exist():
    texts = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "panelvar").rglob("*.py"))
    for name in sorted(set(re.findall(r"`(panelvar\.[\w.]*\w)`", texts))):
        assert pkgutil.resolve_name(name) is not None
