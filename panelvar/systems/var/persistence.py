"""What follows for tests and bands where the largest root of a system is near one: notes on each."""

from __future__ import annotations

from panelvar.core.base.errors import Note
from panelvar.estimates.bands.target import BandSource

# How far below one, in units of 1 / periods, a root looks like a unit root in the sample.
_NEAR = 8.0
NEAR_ONE = "root-near-one"
"""Code of these notes."""
_COVERS = "BootstrapAfterBootstrap"


def near_one(modulus: float, periods: int) -> str:
    """Say that a root is near one for so many periods; empty where it is not.

    A root within :math:`8/T` of one cannot be told from one in T periods, and statistics behave as with a unit root
    (Phillips 1987, Biometrika 74: the roots local to unity).
    """
    if (1.0 - modulus) * periods >= _NEAR:
        return ""
    return f"The largest root has modulus {modulus:.4f}, which {periods} periods can hardly tell from 1. "


def on_bands(near: str, bands: BandSource) -> tuple[Note, ...]:
    """Say that bands cover too rarely, of all sources but the one that corrects the bias."""
    if not near or type(bands).__name__ == _COVERS:
        return ()
    text = (
        f"{near}Bands of {type(bands).__name__} then cover too rarely at long horizons: with a root of 0.97 and 100 "
        "periods, 90% bands of ResidualBootstrap covered 58%, those of BootstrapAfterBootstrap 88%. Use "
        "bands=BootstrapAfterBootstrap()."
    )
    return (Note(NEAR_ONE, text),)


def on_granger(near: str) -> tuple[Note, ...]:
    """Say that tests of lags reject too often."""
    text = f"{near}Tests that lags are zero then reject too often. toda_yamamoto_test holds with unit roots too."
    return (Note(NEAR_ONE, text),) if near else ()


def on_long_run(near: str) -> tuple[Note, ...]:
    """Say that shocks identified by their long run are hardly identified."""
    text = (
        f"{near}Summed responses divide by the distance of that root from 1, so shocks identified by their long run "
        "change a lot with small changes of the estimates. Take differences of the persistent series, or identify the "
        "shocks by something else."
    )
    return (Note(NEAR_ONE, text),) if near else ()
