"""Writes the sets of `panelvar/data/datasets/data/` from the packages they are copied from: ``python make_sets.py``.

Needs the Python packages pandas 3.1, statsmodels 0.15, linearmodels 7.1, moderndid 0.2.0 and zopfli 0.4 (which packs
smaller what any gzip unpacks), and the R packages AER 1.2-14 and plm 2.6-5. No number is changed: columns are chosen,
renamed, and put in the order of the catalogue, yes and no become 1 and 0, numbers of single precision among the
fatalities are written with the digits that they have, and one column of these is a ratio of two others. The first
quarter of the US series is left out: its inflation, which needs the quarter before, is a zero in the source.
"""

from __future__ import annotations

import gzip
import importlib.resources
import io
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import zopfli.gzip

TO = Path(__file__).resolve().parents[3] / "panelvar" / "data" / "datasets" / "data"


def of_r(package: str, name: str) -> pd.DataFrame:
    """A data set of an R package, with all digits; factors by their labels."""
    program = f"""
        data({name}, package = "{package}")
        digits <- function(x) ifelse(as.numeric(sprintf("%.15g", x)) == x, sprintf("%.15g", x), sprintf("%.17g", x))
        as_text <- function(x) if (is.numeric(x)) digits(x) else as.character(x)
        write.csv(lapply({name}, as_text), row.names = FALSE)
    """
    done = subprocess.run(["Rscript", "-e", program], capture_output=True, text=True, check=True)
    return pd.read_csv(io.StringIO(done.stdout))


def grunfeld() -> pd.DataFrame:
    from statsmodels.datasets import grunfeld

    data = grunfeld.load_pandas().data.astype({"year": int})
    return data[["firm", "year", "invest", "value", "capital"]]


def fatalities() -> pd.DataFrame:
    data = of_r("AER", "Fatalities")
    for law in ("breath", "jail", "service"):
        data[law] = data[law].map({"no": 0, "yes": 1})
    # The source keeps them in single precision: the digits that tell each from its neighbours are all there are.
    single = ["beertax", "miles", "unemp", "income", "youngdrivers", "spirits"]
    data[single] = data[single].map(lambda value: float(str(np.float32(value))))
    data.insert(2, "frate", (data["fatal"] / data["pop"] * 10_000).map("{:.12g}".format).astype(float))
    columns = "state year frate fatal pop beertax drinkage breath jail service miles unemp income youngdrivers spirits"
    return data[columns.split()]


def wage_panel() -> pd.DataFrame:
    from linearmodels.datasets import wage_panel

    data = wage_panel.load().rename(columns={"nr": "person"})
    return data["person year lwage union married exper educ black hisp hours occupation".split()]


def minimum_wage() -> pd.DataFrame:
    packed = importlib.resources.files("moderndid.core.datasets").joinpath("mpdta_long.pkl.gz").read_bytes()
    data = pd.read_pickle(io.BytesIO(gzip.decompress(packed)), compression=None)
    data = data.rename(columns={"countyreal": "county", "first.treat": "first_treat"})
    data = data.astype({name: int for name in ("county", "year", "first_treat", "treat")})
    return data[["county", "year", "lemp", "lpop", "first_treat", "treat"]].sort_values(["county", "year"])


def us_macro() -> pd.DataFrame:
    from statsmodels.datasets import macrodata
    from statsmodels.tsa.regime_switching.tests.test_markov_regression import fedfunds

    data = macrodata.load_pandas().data
    quarters = pd.PeriodIndex.from_fields(year=data["year"].astype(int), quarter=data["quarter"].astype(int), freq="Q")
    data.insert(0, "period", quarters.astype(str))
    rates = pd.Series(fedfunds, index=pd.period_range("1954Q3", periods=len(fedfunds), freq="Q"))
    data["fedfunds"] = rates.loc[quarters].to_numpy()
    columns = "period realgdp realcons realinv realgovt realdpi cpi infl unemp fedfunds tbilrate realint m1 pop"
    return data[columns.split()].rename(columns={"period": "quarter"}).iloc[1:]


def employment() -> pd.DataFrame:
    return of_r("plm", "EmplUK").astype({"firm": int, "year": int, "sector": int})


def public_capital() -> pd.DataFrame:
    from linearmodels.datasets import munnell

    names = {"ST_ABB": "state", "YR": "year", "P_CAP": "pcap"}
    data = munnell.load().drop(columns="STATE").rename(columns=names)
    data.columns = data.columns.str.lower()
    return data["state year gsp pcap pc emp unemp".split()]


def danish_money() -> pd.DataFrame:
    from statsmodels.datasets import danish_data

    data = danish_data.load_pandas().data
    data.insert(0, "quarter", data.index.to_period("Q").astype(str))
    return data


if __name__ == "__main__":
    for make in (grunfeld, fatalities, wage_panel, minimum_wage, us_macro, employment, public_capital, danish_money):
        text = make().to_csv(index=False, lineterminator="\n")
        # Without a time of day or a name: the same data make the same bytes.
        packed = zopfli.gzip.compress(text.encode())
        (TO / f"{make.__name__}.csv.gz").write_bytes(packed)
        print(make.__name__, len(text), len(packed))
