"""Loads the teaching data that come with the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from panelvar.core.base.errors import choose
from panelvar.core.base.unknown_arguments import answering
from panelvar.data.datasets.catalogue import DataCatalogue, DataDescription, catalogue

if TYPE_CHECKING:
    import pandas as pd


@overload
def load_data() -> DataCatalogue: ...


@overload
def load_data(name: str) -> pd.DataFrame: ...


@answering
def load_data(name: str | None = None) -> pd.DataFrame | DataCatalogue:
    """Return one of the teaching data sets that come with the library; without a name, the list of them.

    Parameters
    ----------
    name : str, optional
        ``"grunfeld"``, ``"fatalities"``, ``"wage_panel"``, ``"minimum_wage"``, ``"us_macro"``, ``"employment"``,
        ``"public_capital"`` or ``"danish_money"``.

    Returns
    -------
    DataFrame
        A new one each time. A panel is indexed by entity and time: every estimator of panels takes it as it is. Series
        are indexed by quarters (a ``PeriodIndex``), as `fit_var` takes them.
    DataCatalogue
        Without a name: what there is, to be printed.

    Raises
    ------
    SpecificationError
        If there is no such set. The message knows the names that other programs have for one.

    See Also
    --------
    describe_data : columns, units, source and licence of a set.

    Notes
    -----
    The numbers are copied from other packages, to their last digit; `describe_data` names these and their terms. The
    sets are those that textbooks use: Grunfeld's corporations (Baltagi, Greene), traffic deaths (Stock and Watson), the
    wage panel (Wooldridge; Vella and Verbeek), minimum wages of counties (Callaway and Sant'Anna), variables of
    monetary policy among US series (Stock and Watson), employment of British firms (Arellano and Bond), public capital
    (Munnell; Baltagi) and Danish money (Johansen and Juselius).

    Examples
    --------
    >>> import panelvar as pv
    >>> grunfeld = pv.load_data("grunfeld")
    >>> pv.fit_fixed_effects(grunfeld, "invest ~ value + capital").params.round(4)
    const     -55.2715
    value       0.1101
    capital     0.3100
    Name: params, dtype: float64
    """
    if name is None:
        return catalogue()
    return _read(_find_set(name))


@answering
def describe_data(name: str) -> DataDescription:
    """Return what a teaching data set holds: its columns and their units, its source and its licence.

    Parameters
    ----------
    name : str
        As `load_data` takes it, such as ``"grunfeld"``.

    Returns
    -------
    DataDescription
        To be printed, or read as a frame by ``to_frame()``.

    Raises
    ------
    SpecificationError
        If there is no such set.

    See Also
    --------
    load_data : The data themselves.

    Examples
    --------
    >>> import panelvar as pv
    >>> pv.describe_data("us_macro").to_frame().loc["fedfunds", "unit"]
    'percent a year'
    """
    return _find_set(name)


def _find_set(name: str) -> DataDescription:
    known = {each.name: each for each in catalogue().sets}
    return known[choose("name", name, known)]


def _read(described: DataDescription) -> pd.DataFrame:
    import csv
    import gzip
    from importlib.resources import files

    import pandas as pd

    packed = files("panelvar").joinpath("data", "datasets", "data", f"{described.name}.csv.gz").read_bytes()
    header, *rows = csv.reader(gzip.decompress(packed).decode("utf-8").splitlines())
    # Python's own reading is exact to the last digit, which that of older pandas is not.
    frame = pd.DataFrame(
        {column: _values(texts) for column, texts in zip(header, zip(*rows, strict=True), strict=True)}
    )
    if not described.entity:
        frame[described.time] = pd.PeriodIndex(frame[described.time], freq="Q")
    return frame.set_index(described.index)


def _values(texts: tuple[str, ...]) -> list[int] | list[float] | list[str]:
    """Whole numbers if all are whole; else numbers, with NaN for empty cells; else texts."""
    try:
        return [int(text) for text in texts]
    except ValueError:
        pass
    try:
        return [float(text or "nan") for text in texts]
    except ValueError:
        return list(texts)
