"""The example on dynamic panels: the printed digits, what it says of them, and its page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def example(run_example):
    return run_example("employment_and_grants")


def flat(page, block):
    return " ".join(page.blocks[block].split())


def test_written_and_readable(example):
    _, page, printed, folder = example
    names = {path.name for path in folder.iterdir()}
    figures = {"two_biases.png", "roots.png", "responses.png", "shares.png"}
    assert {"employment_and_grants.txt", "employment_and_grants.tex", "table_4.tex", *figures} <= names
    text = (folder / "employment_and_grants.txt").read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= 80
    assert "PanelVarWarning" not in printed
    tables = [block for block in page.blocks.values() if "=====" in block]
    assert len(tables) >= 12
    assert all("Arellano and Bond (1991), as" in block or "Dahlberg and Johansson" in block for block in tables)


def test_every_printed_digit_is_reproduced(example):
    _, page, _, _ = example
    assert "52 of 52 printed numbers" in flat(page, "table_4_reading")
    assert "20 of 20 numbers" in flat(page, "blundell_bond_reading")
    assert "0.686    0.686" in page.blocks["table_4"]
    assert "0.872881   0.872881" in page.blocks["blundell_bond"]


def test_a_wrong_digit_would_be_seen(example):
    module, _, _, _ = example
    result = pd.Series({"L(n)": 0.6294})
    found = type("Result", (), {"params": result, "std_errors": result})()
    printed = {"one": {"L(n)": [0.629, 0.630]}}
    assert module.agreeing({"one": found}, printed, module.decimals(3)) == (1, 2)


def test_estimates_lie_between_the_biases(example):
    """Least squares with dummies of firms and years, and of years alone, written out."""
    module, page, _, _ = example
    frame = pd.read_csv(module.DATA / "uk_firms.csv")
    for name, column in {"n": "emp", "w": "wage", "k": "capital"}.items():
        frame[name] = np.log(frame[column])
        frame[f"{name}1"] = frame.groupby("firm")[name].shift(1)
    frame = frame.dropna()
    x = frame[["n1", "w", "w1", "k", "k1"]].to_numpy()
    years, firms = (pd.get_dummies(frame[name], dtype=float).to_numpy() for name in ("year", "firm"))
    high, low = (
        np.linalg.lstsq(np.column_stack([x, *beside]), frame["n"], rcond=None)[0][0]
        for beside in ((years,), (years[:, 1:], firms))
    )
    row = next(line for line in page.blocks["two_biases"].splitlines() if line.startswith("L(n)"))
    assert f"{high:.4f}" in row and f"{low:.4f}" in row
    assert f"{high:.2f}, is too high" in flat(page, "two_biases_reading")
    between = [float(word.rstrip("*")) for word in row.split()[1:]]
    assert low < between[2] < between[1] < high


def test_what_statanow_prints_and_what_the_calendar_leaves_of_it(example):
    module, page, _, _ = example
    for words in ("Hansen 261.92 with 225", "p = 0.046", "243 moments", "1,590 rows", "71.60", "10,073"):
        assert words in flat(page, "granger_reading")
    frame = pd.read_csv(module.DATA / "swedish_municipalities.csv")
    before, after = (frame.loc[frame["year"] == year, "revenues"].mean() for year in (1982, 1983))
    assert f"revenues fell by {100 * (1 - after / before):.0f}%" in flat(page, "calendar_reading")
    statistics = [
        float(line.split()[-3]) for line in page.blocks["calendar"].splitlines() if " 0." in line or "<0.001" in line
    ]
    assert statistics[0] > 50.0
    assert max(statistics[1], statistics[3]) < 3.0


def test_the_page_of_the_documentation_is_what_the_program_prints(example, stale_blocks):
    _, page, _, _ = example
    assert stale_blocks(ROOT / "docs" / "studies" / "employment_and_grants.md", page.blocks) == []
