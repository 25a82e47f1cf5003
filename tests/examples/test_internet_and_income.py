"""The example on 152 countries: its numbers against dummy variables, and its page."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def example(run_example):
    return run_example("internet_and_income")


def test_written_and_readable(example):
    _, page, printed, folder = example
    names = {path.name for path in folder.iterdir()}
    expected = {
        "internet_and_income.txt",
        "internet_and_income.tex",
        "estimators.tex",
        "scatter.png",
        "coefficients.png",
    }
    assert expected <= names
    text = (folder / "internet_and_income.txt").read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= 80
    assert "PanelVarWarning" not in printed
    tables = [block for block in page.blocks.values() if "=====" in block]
    assert len(tables) >= 5
    assert all("CC BY 4.0" in block for block in tables)


def test_coefficients_are_those_of_demeaned_data(example):
    module, page, _, _ = example
    panel = module.read()
    shape = (panel.n_entities, panel.n_periods)
    assert shape == (152, 19)
    x, y = (panel.column(name).reshape(shape) for name in ("users", "log_income"))

    def slope(transform):
        a, b = transform(x), transform(y)
        return float((a * b).sum() / (a * a).sum())

    def by_country(values):
        return values - values.mean(axis=1, keepdims=True)

    def both_ways(values):
        return by_country(values) - values.mean(axis=0) + values.mean()

    between = np.polyfit(x.mean(axis=1), y.mean(axis=1), 1)[0]
    pooled = slope(lambda values: values - values.mean())
    row = next(line for line in page.blocks["estimators"].splitlines() if line.startswith("Internet users"))
    # Each error shows three digits, and its coefficient as many decimals.
    printed = [float(number) for number in re.findall(r"-?\d+\.\d+", page.blocks["estimators"])]
    assert f"{between:.5f}" in row
    for value in (pooled, slope(by_country), slope(both_ways)):
        assert min(abs(number - value) for number in printed) <= 5e-6
    percent = [f"{100 * np.expm1(10 * value):.1f}%" for value in (between, slope(by_country), slope(both_ways))]
    flat = " ".join(page.blocks["reading"].split())
    assert f"go with {percent[0]} more income; following a country over time, with {percent[1]}" in flat
    assert f"in the same year {percent[2]} is left" in flat


def test_a_negative_hausman_statistic_is_reported_as_such(example):
    _, page, printed, _ = example
    assert "-14.4331" in page.blocks["hausman_own"]
    assert "n/a" in page.blocks["hausman_own"]
    assert "so it has no p-value" in " ".join(printed.split())


def test_which_comes_first_by_demeaned_changes(example):
    """Each on the lags of both, less the means of countries and years."""
    module, page, _, folder = example
    assert (folder / "responses.png").exists()
    panel = module.read()
    users, income = (panel.column(name).reshape(152, 19) for name in ("users", "log_income"))
    values = np.stack([np.diff(users), 100 * np.diff(income)], axis=2)

    def demeaned(part):
        return part - part.mean(axis=1, keepdims=True) - part.mean(axis=0) + part.mean(axis=(0, 1))

    before, after = (demeaned(part).reshape(-1, 2) for part in (values[:, :-1], values[:, 1:]))
    lags = np.linalg.lstsq(before, after, rcond=None)[0]
    row = next(line for line in page.blocks["granger"].splitlines() if line.startswith("within")).split()
    assert [row[1], row[4]] == [f"{lags[0, 1]:.3f}", f"{lags[1, 0]:.3f}"]
    assert "No estimator finds that more spread comes before more growth" in " ".join(
        page.blocks["granger_reading"].split()
    )
    pvalues = [float(line.split()[3]) for line in page.blocks["granger"].splitlines() if "(0." in line]
    assert len(pvalues) == 5
    assert min(pvalues) > 0.05


def test_the_page_of_the_documentation_is_what_the_program_prints(example, stale_blocks):
    _, page, _, _ = example
    assert stale_blocks(ROOT / "docs" / "studies" / "internet_and_income.md", page.blocks) == []
