"""Four analyses of textbooks, from a formula to a table in a file and a figure: their numbers, their length."""

from __future__ import annotations

import contextlib
import io
import runpy
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parent.parent.parent / "examples" / "textbooks"
ANALYSES = sorted(path.stem for path in FOLDER.glob("*.py"))


@pytest.fixture(scope="module")
def analysis(tmp_path_factory):
    """A function that runs an analysis, once, and returns its names, what it printed and the folder it wrote to."""
    for package in ("matplotlib", "formulaic", "docx"):
        pytest.importorskip(package)
    done = {}

    def run(name):
        if name not in done:
            folder, printed = tmp_path_factory.mktemp(name), io.StringIO()
            with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
                names = runpy.run_path(str(FOLDER / f"{name}.py"))
            done[name] = names, printed.getvalue(), folder / "output" / "textbooks"
        return done[name]

    return run


def test_there_are_four():
    assert ANALYSES == ["fatalities", "minimum_wage", "monetary_policy", "wages"]


@pytest.mark.parametrize("name", ANALYSES)
def test_each_is_under_forty_lines_and_writes_a_table_and_a_figure(analysis, name):
    assert len((FOLDER / f"{name}.py").read_text(encoding="utf-8").splitlines()) < 40
    _, printed, folder = analysis(name)
    assert max(map(len, printed.splitlines())) <= 80
    written = {path.suffix for path in folder.iterdir()}
    assert written == {".tex", ".docx", ".html", ".png"}
    assert (folder / f"{name}.png").stat().st_size > 5000


def test_beer_taxes_as_printed(analysis):
    # Stock and Watson, Introduction to Econometrics, 3rd ed., table 10.1: the beer tax in columns 1 to 6, and the
    # state of the economy in column 4.
    results = analysis("fatalities")[0]["results"]
    assert [f"{result.params['beertax']:.2f}" for result in results] == [
        "0.36", "-0.66", "-0.64", "-0.45", "-0.69", "-0.46",
    ]  # fmt: skip
    assert [f"{result.std_errors['beertax']:.2f}" for result in results] == [
        "0.05", "0.29", "0.36", "0.30", "0.35", "0.31",
    ]  # fmt: skip
    assert f"{results[3].params['unemp']:.3f}" == "-0.063"
    assert f"{results[3].params['log(income)']:.2f}" == "1.82"


def test_wages_as_printed(analysis):
    # Wooldridge, Introductory Econometrics, table 14.2.
    names = analysis("wages")[0]
    printed = {
        "pooled": {"educ": "0.091", "black": "-0.139", "hisp": "0.016", "exper": "0.067", "I(exper ** 2)": "-0.0024",
                   "married": "0.108", "union": "0.182"},
        "random": {"educ": "0.092", "black": "-0.139", "hisp": "0.022", "exper": "0.106", "I(exper ** 2)": "-0.0047",
                   "married": "0.064", "union": "0.106"},
        "fixed": {"I(exper ** 2)": "-0.0052", "married": "0.047", "union": "0.080"},
    }  # fmt: skip
    for column, numbers in printed.items():
        for term, text in numbers.items():
            decimals = len(text.partition(".")[2])
            assert f"{names[column].params[term]:.{decimals}f}" == text, (column, term)
    errors = names["random"].std_errors[["educ", "exper", "union"]]
    assert [f"{error:.3f}" for error in errors] == ["0.011", "0.015", "0.018"]


def test_the_event_study_is_the_regression_on_dummies(analysis):
    names = analysis("minimum_wage")[0]
    study, data = names["study"], names["data"]
    counties, years = (np.unique(data.index.get_level_values(level), return_inverse=True)[1] for level in (0, 1))
    since, treat = data["since"].to_numpy(), data["treat"].to_numpy()
    periods = [period for period in np.unique(since) if period != -1]
    columns = [np.where(since == period, treat, 0.0) for period in periods]
    dummies = [np.eye(counties.max() + 1)[counties], np.eye(years.max() + 1)[years][:, 1:]]
    slopes = np.linalg.lstsq(np.column_stack([*columns, *dummies]), data["lemp"].to_numpy(), rcond=None)[0]
    found = study.params[[f"i(since, treat, ref=-1)[T.{period}]" for period in periods]]
    np.testing.assert_allclose(found, slopes[: len(periods)], rtol=1e-9)


def test_the_autoregression_is_least_squares_equation_by_equation(analysis):
    names = analysis("monetary_policy")[0]
    values, lags = names["data"].to_numpy(), 4
    rows = len(values) - lags
    regressors = np.column_stack([np.ones(rows), *(values[lags - k : len(values) - k] for k in range(1, lags + 1))])
    coefficients = np.linalg.lstsq(regressors, values[lags:], rcond=None)[0]
    residuals = values[lags:] - regressors @ coefficients
    impact = np.linalg.cholesky(residuals.T @ residuals / (rows - regressors.shape[1]))
    powers = [np.eye(3)]
    for step in range(1, 13):
        slopes = [coefficients[1 + 3 * k : 4 + 3 * k].T for k in range(lags)]
        powers.append(sum(slopes[k] @ powers[step - 1 - k] for k in range(min(step, lags))))
    moved = np.array([power @ impact for power in powers])
    np.testing.assert_allclose(names["responses"].values[:13], moved, rtol=1e-8, atol=1e-10)
    squares = np.cumsum(moved[:12] ** 2, axis=0)
    np.testing.assert_allclose(
        names["shares"].values, squares / squares.sum(axis=2, keepdims=True), rtol=1e-8, atol=1e-12
    )
