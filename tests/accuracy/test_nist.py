"""NIST's certified linear regressions, through the public fit: digits of the worst coefficient and standard error.

The certified values belong to the decimal data. A program sees them rounded to doubles, which alone moves Filip's
coefficients in the eighth digit; the rational solution of the rounded design shows what the arithmetic itself costs.
"""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from rational import exact_least_squares
from reference_data import REFERENCE, table

import panelvar as pv

pytestmark = pytest.mark.filterwarnings("ignore:Only .* of the variation of:panelvar.PanelVarWarning")

extended = pytest.mark.skipif(
    np.finfo(np.longdouble).eps > 1e-18,
    reason="these digits need residuals in a longer type, which this platform does not have",
)

CERTIFIED = json.loads((REFERENCE / "json" / "nist_strd_linear.json").read_text(encoding="utf-8"))["expected"]

# Set: digits of the coefficients and of the standard errors against the certified values.
DIGITS = {
    "Norris": (12.0, 12.0),
    "NoInt1": (13.0, 12.0),
    "Longley": (13.0, 12.0),
    "Wampler1": (12.0, None),
    "Wampler2": (12.0, None),
    "Wampler3": (12.0, 12.0),
    "Wampler4": (11.0, 12.0),
    "Wampler5": (9.0, 12.0),
    "Filip": (7.5, 7.0),
}


def regressors(name):
    """Columns of X as a user builds them, without the constant."""
    data = table(f"nist_{name.lower()}").astype(float)
    if name in ("Longley", "NoInt1"):
        return data.drop(columns="y")
    # Python's power, not NumPy's: the vectorised one of NumPy 1.26 makes 13.0**4 inexact.
    return pd.DataFrame({f"x{j}": [x**j for x in data["x"].tolist()] for j in range(1, CERTIFIED[name]["k"])})


def fit(name):
    data = regressors(name)
    names = list(data)
    data = data.assign(y=table(f"nist_{name.lower()}")["y"].astype(float), unit="all", row=range(len(data)))
    with warnings.catch_warnings():
        # Wampler1 and Wampler2 are polynomials without an error.
        warnings.filterwarnings("ignore", "The regression fits exactly", pv.PanelVarWarning)
        return pv.fit_pooled(pv.Panel(data, entity="unit", time="row"), "y", names, constant=name != "NoInt1")


def digits(computed, wanted):
    """Log relative error of the worst element."""
    return -np.log10(np.max(np.abs(np.asarray(computed) / np.asarray(wanted) - 1.0)) + 1e-17)


def exact(name):
    x = regressors(name).to_numpy()
    if name != "NoInt1":
        x = np.column_stack([np.ones(len(x)), x])
    return exact_least_squares(x, table(f"nist_{name.lower()}")["y"])


@extended
@pytest.mark.parametrize("name", DIGITS)
def test_certified_digits(name):
    certified, result = CERTIFIED[name]["certified"], fit(name)
    of_coefficients, of_errors = DIGITS[name]
    assert digits(result.params, list(certified["coef"].values())) >= of_coefficients
    if of_errors is None:
        np.testing.assert_allclose(result.std_errors, 0.0, rtol=0, atol=1e-9)
    else:
        assert digits(result.std_errors, list(certified["se"].values())) >= of_errors
        assert digits(result.rmse, certified["residual_sd"]) >= of_errors
        # The certified R2 is uncentred where there is no constant.
        assert digits(result.rsquared, certified["r_squared"]) >= of_errors


@extended
@pytest.mark.parametrize(("name", "required"), [("Filip", 9.5), ("Longley", 13.5), ("Norris", 14.5), ("Wampler5", 9.0)])
def test_digits_against_the_rational_solution_of_the_rounded_design(name, required):
    b, rss, inverse = exact(name)
    result = fit(name)
    assert digits(result.params, b) >= required
    n, k = CERTIFIED[name]["n"], CERTIFIED[name]["k"]
    assert digits(result.std_errors, np.sqrt(rss / (n - k) * np.diagonal(inverse))) >= 9.5


@pytest.mark.parametrize(("name", "required"), [("Norris", 11.5), ("Longley", 11.5), ("Wampler3", 8.0), ("Filip", 7.0)])
def test_qr_alone_is_good_to_the_digits_its_condition_allows(name, required, monkeypatch):
    monkeypatch.setattr("panelvar.kernels.linear.refinement._HAS_EXTENDED", False)
    assert digits(fit(name).params, exact(name)[0]) >= required


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_filip_keeps_every_column_in_any_unit(unit):
    data = regressors("Filip")
    names = list(data)
    data["x10"] *= unit
    data["x1"] /= unit
    data = data.assign(y=table("nist_filip")["y"], unit="all", row=range(len(data)))
    result = pv.fit_pooled(pv.Panel(data, entity="unit", time="row"), "y", names)
    assert list(result.params.index) == ["const", *names]
    certified = list(CERTIFIED["Filip"]["certified"]["coef"].values())
    scale = np.ones(11)
    scale[10], scale[1] = unit, 1.0 / unit
    # The unit itself rounds the data once more.
    assert digits(result.params * scale, certified) >= 6.5
