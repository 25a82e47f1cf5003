"""The distribution is called panelvar-econ, and no text fetches the project that is called panelvar on the index."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
TEXTS = {".md", ".py", ".pyi", ".csv", ".txt", ".html", ".toml", ".cff", ".js", ".json", ".ipynb", ".tex"}
PLACES = ("panelvar", "docs", "examples", "benchmarks", ".ci")
MADE_BY_THE_BUILD = {"_build", "generated", "presets", "stories", "__pycache__"}
OTHER = re.compile(
    r"\b(?:install|add|require)\s(?:[^\n`]*[\s\"'=])?panelvar(?![-_]econ)\b"
    r"|\bpanelvar(?:\[(?:" + "|".join(EXTRAS) + r")\b|-\d[\w.]*-py3)"
)
"""A command that fetches panelvar, an extra of it, or a wheel of it: none of them is ours."""


def texts() -> list[Path]:
    """Everything that a person or a program reads: the package, the pages, the scripts, the files of the root."""
    found = [path for place in PLACES for path in (ROOT / place).rglob("*")] + list(ROOT.glob("*"))
    return [
        path
        for path in found
        if path.is_file()
        and (path.suffix in TEXTS or path.parent.name == ".ci")
        and not MADE_BY_THE_BUILD & set(path.relative_to(ROOT).parts)
    ]


@pytest.mark.parametrize(
    "line",
    [
        "pip install panelvar",
        "python -m pip install -q panelvar",
        'pip install "panelvar[files]"',
        "pip install --upgrade 'panelvar>=1'",
        "uv add panelvar",
        "the extra ``panelvar[files]``",
        'pip install "panelvar-0.1.0-py3-none-any.whl"',
    ],
)
def test_what_fetches_the_other_project_is_recognised(line):
    assert OTHER.search(line)


@pytest.mark.parametrize(
    "line", ['pip install ".[examples]"', "pip install panelvar-econ", "panelvar-econ[files]", "import panelvar"]
)
def test_what_fetches_ours_is_not(line):
    assert not OTHER.search(line)


def test_no_text_fetches_the_other_project():
    read = texts()
    assert len(read) > 500
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in read
        for match in OTHER.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_the_page_that_warns_of_the_other_project_is_one():
    """In one line of the page on installation."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), ROOT / "docs" / "llms.txt"]
    lines = [
        (page.name, line)
        for page in pages
        if not MADE_BY_THE_BUILD & set(page.relative_to(ROOT).parts)
        for line in page.read_text(encoding="utf-8").splitlines()
        if re.search(r"(?:unrelated|other|another) (?:project|package)\b[^.]* called `panelvar`", line, re.I)
    ]
    assert [name for name, _ in lines] == ["installation.md"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel of this tree, made by its build backend without a network."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    code = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, folder], cwd=ROOT, check=True, capture_output=True)
    (made,) = folder.iterdir()
    return made


def test_the_wheel_is_called_panelvar_econ_and_requires_nothing_called_panelvar(wheel):
    assert wheel.name == f"panelvar_econ-{PROJECT['version']}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as packed:
        (place,) = [name for name in packed.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = Parser().parsestr(packed.read(place).decode())
        inside = {name.partition("/")[0] for name in packed.namelist()}
    assert inside == {"panelvar", f"panelvar_econ-{PROJECT['version']}.dist-info"}
    assert metadata["Name"] == "panelvar-econ"
    required = {
        (re.match(r"[\w-]+", line)[0].lower(), "extra ==" in line) for line in metadata.get_all("Requires-Dist")
    }
    assert {name for name, extra in required if not extra} == {"numpy", "scipy", "pandas"}
    assert "panelvar" not in {name for name, _ in required}
    assert set(metadata.get_all("Provides-Extra")) == set(EXTRAS)


def test_the_wheel_installs_as_panelvar_econ_and_is_imported_as_panelvar(wheel, tmp_path):
    """Unpacked without an index: what a Python then finds there is panelvar-econ alone."""
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path)
    code = (
        "import importlib.metadata as found, panelvar, sys; "
        "print(panelvar.__file__, panelvar.__version__); "
        "print(*[each.metadata['Name'] for each in found.distributions(path=[sys.argv[1]])])"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, tmp_path], env=environment, check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == [str(tmp_path / "panelvar" / "__init__.py"), PROJECT["version"], "panelvar-econ"]
