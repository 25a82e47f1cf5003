"""What is said where a package is not installed."""

from __future__ import annotations

import os
import shlex
import sys
import tomllib
from pathlib import Path

import pytest

from panelvar.core.base import errors
from panelvar.core.base.errors import REQUIREMENTS, not_installed
from panelvar.data.chunks import open_chunks

PROJECT = Path(__file__).parents[3] / "pyproject.toml"


@pytest.mark.parametrize("package", REQUIREMENTS)
@pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX reads the command")
@pytest.mark.parametrize("python", ["/usr/bin/python3", "/opt/my tools/bin/python"])
def test_the_command_is_that_of_the_python_that_runs(monkeypatch, package, python):
    monkeypatch.setattr(sys, "executable", python)
    text = not_installed("This needs", package)
    start, command = text.split(": ")
    assert start == f"This needs {package}, which is not installed. Install it"
    assert shlex.split(command) == [python, "-m", "pip", "install", REQUIREMENTS[package]]


def test_the_command_line_of_windows_takes_double_quotes(monkeypatch):
    monkeypatch.setattr(errors.os, "name", "nt")
    monkeypatch.setattr(sys, "executable", r"C:\My files\python.exe")
    assert not_installed("Plots need", "matplotlib").endswith(
        r': "C:\My files\python.exe" -m pip install "matplotlib>=3.8"'
    )


def test_requirements_are_those_of_the_project():
    extras = tomllib.loads(PROJECT.read_text())["project"]["optional-dependencies"]
    named = {each for listed in extras.values() for each in listed}
    assert set(REQUIREMENTS.values()) <= named


def test_pyarrow_is_named(monkeypatch):
    monkeypatch.setattr(open_chunks.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"^Parquet files need pyarrow, which is not installed.*pyarrow>="):
        open_chunks.need_pyarrow("Parquet files")
