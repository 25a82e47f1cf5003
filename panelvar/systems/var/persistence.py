"""What follows for tests and bands where the largest root of a system is near one, or outside: notes on each."""

from __future__ import annotations

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note
from panelvar.estimates.bands.target import BandSource

# How far below one, in units of 1 / periods, a root looks like a unit root in the sample.
_NEAR = 8.0
NEAR_ONE = "root-near-one"
"""Code of these notes."""
_COVERS = "BootstrapAfterBootstrap"
EXPLOSIVE = "explosive"
"""Code of the note on a root outside the unit circle."""
# A root of one that is imposed is computed to half the digits where it is a double one.
_ROUNDING = 1e-6


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


def on_explosion(moduli: Array) -> tuple[Note, ...]:
    """Say that the largest of the roots, whose moduli are sorted, lies outside the unit circle."""
    if not len(moduli) or not moduli[0] > 1.0 + _ROUNDING:
        return ()
    text = (
        f"The largest root has modulus {moduli[0]:.4f}, outside the unit circle: the estimated system explodes. Shocks "
        "do not die out, and responses and forecasts at long horizons grow without bound."
    )
    return (Note(EXPLOSIVE, text),)
