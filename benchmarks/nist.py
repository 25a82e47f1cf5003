"""Digits on NIST's certified linear regressions: panelvar beside statsmodels (pinv, qr) and numpy.linalg.lstsq.

Two references: the certified values, which belong to the decimal data, and the rational solution of the design as
rounded to doubles, which every program is given. Digits are minus log10 of the relative error of the worst element, at
most 17.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import panelvar as pv

TESTS = Path(__file__).resolve().parent.parent / "tests"
SETS = ("Norris", "NoInt1", "Longley", "Wampler1", "Wampler2", "Wampler3", "Wampler4", "Wampler5", "Filip")
REQUIRED = dict(zip(SETS, (12.0, 13.0, 13.0, 12.0, 12.0, 12.0, 11.0, 9.0, 7.5), strict=True))

Answer = tuple[np.ndarray, np.ndarray | None]


def load(name: str, columns: int) -> tuple[pd.DataFrame, pd.Series, bool]:
    """Regressors without the constant, dependent variable, and whether there is a constant."""
    data = pd.read_csv(TESTS / "reference" / "data" / f"nist_{name.lower()}.csv").astype(float)
    if name in ("Longley", "NoInt1"):
        return data.drop(columns="y"), data["y"], name == "Longley"
    # Python's power, not NumPy's: the vectorised one of NumPy 1.26 makes 13.0**4 inexact.
    powers = {f"x{j}": [x**j for x in data["x"].tolist()] for j in range(1, columns)}
    return pd.DataFrame(powers), data["y"], True


def with_ones(x: pd.DataFrame, constant: bool) -> np.ndarray:
    return np.column_stack([np.ones(len(x)), x]) if constant else x.to_numpy()


def by_panelvar(x: pd.DataFrame, y: pd.Series, constant: bool) -> Answer:
    frame = x.assign(y=y, unit=0, row=range(len(y)))
    result = pv.fit_pooled(pv.Panel(frame, entity="unit", time="row"), "y", list(x), constant=constant)
    return result.params.to_numpy(), result.std_errors.to_numpy()


def by_statsmodels(method: str) -> Callable[[pd.DataFrame, pd.Series, bool], Answer]:
    def fit(x: pd.DataFrame, y: pd.Series, constant: bool) -> Answer:
        import statsmodels.api as sm

        result = sm.OLS(y.to_numpy(), with_ones(x, constant)).fit(method=method)
        return result.params, result.bse

    return fit


def by_numpy(x: pd.DataFrame, y: pd.Series, constant: bool) -> Answer:
    return np.linalg.lstsq(with_ones(x, constant), y, rcond=None)[0], None


def digits(computed: np.ndarray, wanted: np.ndarray) -> float:
    with np.errstate(invalid="ignore"):
        error = np.max(np.abs(computed / wanted - 1.0))
    return float(np.clip(-np.log10(error + 1e-17), 0.0, 17.0)) if np.isfinite(error) else 0.0


def main(*, smoke: bool = False) -> None:
    """Print the table; ``smoke`` changes nothing, it is quick."""
    # The exact arithmetic is the tests' own: one rational solver for both.
    sys.path.insert(0, str(TESTS))
    from rational import exact_least_squares

    programs = {
        "panelvar": by_panelvar,
        "sm pinv": by_statsmodels("pinv"),
        "sm qr": by_statsmodels("qr"),
        "lstsq": by_numpy,
    }
    reference = json.loads((TESTS / "reference" / "json" / "nist_strd_linear.json").read_text(encoding="utf-8"))
    answers, exact = {}, {}
    for name in SETS:
        x, y, constant = load(name, reference["expected"][name]["k"])
        exact[name] = exact_least_squares(with_ones(x, constant), y)[0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answers[name] = [fit(x, y, constant) for fit in programs.values()]
    certified = {name: np.array(list(reference["expected"][name]["certified"]["coef"].values())) for name in SETS}
    errors = {name: np.array(list(reference["expected"][name]["certified"]["se"].values())) for name in SETS}

    print("NIST StRD linear regression: correct digits of the worst element")
    if np.finfo(np.longdouble).eps > 1e-18:
        print("This platform has no long double: panelvar shows what QR alone attains.")
    for title, wanted in (
        ("Coefficients, against the certified values", certified),
        ("Coefficients, against the rational solution of the design as rounded", exact),
    ):
        print(f"\n{title}\n{'':10}" + "".join(f"{program:>10}" for program in programs))
        for name in SETS:
            print(f"{name:10}" + "".join(f"{digits(b, wanted[name]):10.1f}" for b, _ in answers[name]))
    print("\nStandard errors, against the certified values (largest one where zero is certified)")
    print(f"{'':10}" + "".join(f"{program:>10}" for program in programs))
    for name in SETS:
        cells = [
            "-" if se is None else f"{digits(se, errors[name]):.1f}" if errors[name].any() else f"{se.max():.0e}"
            for _, se in answers[name]
        ]
        print(f"{name:10}" + "".join(f"{cell:>10}" for cell in cells))
    missed = [name for name in SETS if digits(answers[name][0][0], certified[name]) < REQUIRED[name]]
    print(f"\nRequired of panelvar: {', '.join(f'{name} {REQUIRED[name]:g}' for name in SETS)}")
    print(f"Missed: {', '.join(missed) or 'none'}")


if __name__ == "__main__":
    main()
