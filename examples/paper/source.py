"""The paper's printed numbers, and the series reconstructed from them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import panelvar as pv

DATA = Path(__file__).resolve().parent.parent / "data"
RECONSTRUCTED = "RECONSTRUCTED DATA, not the authors' observations; only GDP is official."
PRINTED = "From the paper's printed numbers alone; the reconstructed series are not used."
OFFICIAL = "From the paper's printed numbers and official GDP; the reconstructed series are not used."
LABELS = {"cii": "CII", "gdp": "GDP", "pcir": "PCIR", "pciv": "PCIV", "lgr": "LGR", "const": "Constant"}
# Significance levels of the paper's stars.
STARS = (0.05, 0.01, 0.001)
# Half a unit of the fourth decimal, to which the paper prints.
HALF = 5e-5
PANEL = ("cii", "gdp", "pcir", "pciv", "lgr")
TWO = ("log_cii", "log_gdp")
THREE = ("log_cii", "log_lgr", "log_pcir")
# Equation 9, of which the paper prints no coefficients.
NINE = ("log_cii", "log_pciv", "log_pcir")
SPELLED = {name: f"log {name.removeprefix('log_').upper()}" for name in (*TWO, *THREE, *NINE)}
# The numbers of the printed equations.
NUMBERED = {TWO: {"log_gdp": 3, "log_cii": 4}, THREE: {"log_lgr": 6, "log_pcir": 7, "log_cii": 8}}


@dataclass(frozen=True)
class Paper:
    """What was printed, and the data: three prefectures, 2006 to 2018."""

    published: dict[str, Any]
    frame: pd.DataFrame

    @classmethod
    def read(cls) -> Paper:
        """Read both from the folder of example data."""
        published = json.loads((DATA / "published.json").read_text(encoding="utf-8"))
        return cls(published, pd.read_csv(DATA / "sichuan_calibrated.csv"))

    @cached_property
    def panel(self) -> pv.Panel:
        """The reconstructed panel."""
        return pv.Panel(self.frame, entity="prefecture", time="year")

    @cached_property
    def liangshan(self) -> pd.DataFrame:
        """Natural logarithms of Liangshan's series, for the autoregressions; the paper does not state its years."""
        rows = self.frame[self.frame["prefecture"] == "Liangshan"].set_index("year")
        return rows[["cii", "gdp", "lgr", "pcir", "pciv"]].apply(np.log).add_prefix("log_")

    def system(self, names: tuple[str, ...], *, plus: bool = False) -> pv.System:
        """A vector autoregression as printed.

        Parameters
        ----------
        names : tuple of str
            `TWO` or `THREE`.
        plus : bool
            Read the 0.7111 of the CII equation, before which both signs are printed, as positive.
        """
        printed = self.equations(names)
        lags = np.array([[[printed[row][f"{column}.L{lag}"] for column in names] for row in names] for lag in (1, 2)])
        if plus:
            place = names.index("log_cii"), names.index("log_gdp")
            lags[0][place] = abs(lags[0][place])
        return pv.System(lags, names=names, intercept=[printed[row]["const"] for row in names])

    def equations(self, names: tuple[str, ...]) -> dict[str, dict[str, float]]:
        """Printed coefficients by equation, in the order of the print, and regressor."""
        block = self.published["var_gdp_cii" if names == TWO else "var_cii_lgr_pcir"]
        return {name: row for name, row in block.items() if name in names}


def printed_name(regressor: str) -> str:
    """Name in the published file of a regressor the library calls ``L1.log_cii`` or ``const``."""
    lag, _, variable = regressor.partition(".")
    return f"{variable}.{lag}" if variable else regressor
