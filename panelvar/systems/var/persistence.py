"""What follows for tests and bands where roots are near one, or outside the unit circle: notes on each.

The rates are in ``constants/persistent_systems.csv``, which ``tests/simulation/persistent_systems.py`` writes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.constants import constants
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import Note
from panelvar.estimates.bands.target import BandSource

NEAR_ONE = "root-near-one"
"""Code of these notes."""
EXPLOSIVE = "explosive"
"""Code of the note on a root outside the unit circle."""
# A root of one that is imposed is computed to half the digits where it is a double one.
_ROUNDING = 1e-6
COVERED, REJECTED = 90.0, 8.0
"""Per cent that 95% bands hold below which a note says so, and of true nulls rejected at 5% above which one does."""
# With a first-order autoregression the distance of the root from one has the standard error
# (2 * distance / periods)^(1/2): above half the distance if distance times periods is below 8.
_LONG_RUN = 8.0
_HORIZONS = (1, 4, 12)
_SIMULATED = {
    "DeltaMethod": "delta",
    "MonteCarlo": "monte_carlo",
    "ResidualBootstrap": "residual",
    "BootstrapAfterBootstrap": "after_bootstrap",
}
_HOLDS = "BootstrapAfterBootstrap"


class Persistence(NamedTuple):
    """How near one the roots of a system are.

    Attributes
    ----------
    moduli : (pK,) array
        Of the roots, the largest first.
    periods : int
        Rows explained.
    lags : int
    """

    moduli: Array
    periods: int
    lags: int


class Simulated(NamedTuple):
    """A simulated system of two variables.

    Attributes
    ----------
    roots : {"one", "both"}
        Whether one of its variables has the largest root, or both do.
    lags, periods : int
    persistence : float
        The largest root.
    moduli : (2,) array
        Medians of the largest estimated moduli.
    rejected : float
        Per cent of true nulls that Granger tests reject at 5%, in the direction where they reject more.
    covered : dict
        Per cent of responses that nominal 95% bands hold, by source and horizon.
    """

    roots: str
    lags: int
    periods: int
    persistence: float
    moduli: Array
    rejected: float
    covered: dict[tuple[str, int], float]


@lru_cache(maxsize=1)
def simulated() -> tuple[Simulated, ...]:
    """All systems that were simulated."""
    found = []
    for row in constants("systems/var", "persistent_systems"):
        covered = {(name, h): float(row[f"{name}_{h}"]) for name in _SIMULATED.values() for h in _HORIZONS}
        moduli = np.array([float(row["root_1"]), float(row["root_2"])])
        rejected = max(float(row["first"]), float(row["second"]))
        cell = int(row["lags"]), int(row["periods"]), float(row["persistence"])
        found.append(Simulated(row["roots"], *cell, moduli, rejected, covered))
    return tuple(found)


def nearest(system: Persistence) -> Simulated:
    r"""The simulated system whose estimated roots are nearest to a system's.

    Of those with the nearest number of periods: what counts is :math:`T(1 - |\lambda|)` of the two largest roots
    (Phillips 1987, Biometrika 74: roots local to unity), compared in logarithms.
    """
    lengths = {cell.periods for cell in simulated()}
    periods = min(lengths, key=lambda length: abs(np.log(length / system.periods)))
    own = _distances(np.resize(system.moduli, 2), system.periods)
    some = [
        cell
        for cell in simulated()
        if cell.periods == periods and (cell.roots == "both" or cell.lags == min(system.lags, 2))
    ]
    return min(some, key=lambda cell: float(np.square(_distances(cell.moduli, cell.periods) - own).sum()))


def _distances(moduli: Array, periods: int) -> Array:
    return np.asarray(np.log1p(periods * np.maximum(1.0 - moduli, 0.0)))


def on_bands(system: Persistence | None, bands: BandSource, horizon: int) -> tuple[Note, ...]:
    """Say that bands of responses hold them too rarely, where those of the nearest simulated system do."""
    horizons = [h for h in _HORIZONS if h <= horizon]
    if system is None or not len(system.moduli) or not horizons:
        return ()
    name = type(bands).__name__
    known = name if name in _SIMULATED else "ResidualBootstrap"
    cell = nearest(system)
    shares = {h: cell.covered[_SIMULATED[known], h] for h in horizons}
    worst = min(shares, key=lambda h: shares[h])
    if shares[worst] >= COVERED:
        return ()
    text = (
        f"{_described(cell, system)}, nominal 95% bands of {known} held {shares[worst]:.0f}% of responses "
        f"{count_of(worst, 'period')} after the shock"
    )
    better = cell.covered[_SIMULATED[_HOLDS], worst]
    if better > shares[worst]:
        text += f", those of {_HOLDS} {better:.0f}%. Use bands={_HOLDS}()."
    else:
        early = " Read the band for earlier periods only, or take" if shares[1] >= COVERED else " Take"
        text += f".{early} differences or a VECM of the persistent series."
    if known != name:
        text += f" {name} was not simulated there."
    return (Note(NEAR_ONE, text),)


def on_granger(system: Persistence | None) -> tuple[Note, ...]:
    """Say that tests of lags reject too often, where those of the nearest simulated system do."""
    if system is None or not len(system.moduli):
        return ()
    cell = nearest(system)
    if cell.rejected <= REJECTED:
        return ()
    text = (
        f"{_described(cell, system)}, Granger tests rejected {cell.rejected:.0f}% of true nulls at 5%. "
        "toda_yamamoto_test holds with unit roots too."
    )
    return (Note(NEAR_ONE, text),)


def _described(cell: Simulated, system: Persistence) -> str:
    """Where rates are from, as the start of a sentence."""
    roots = f"two roots of {cell.persistence:g}" if cell.roots == "both" else f"a root of {cell.persistence:g}"
    return (
        f"The largest root has modulus {system.moduli[0]:.4f} in {count_of(system.periods, 'row')}. In simulated "
        f"systems of two variables with {roots} and {cell.periods} periods (estimated at {cell.moduli[0]:.2f}), the "
        "nearest to this one"
    )


def on_explosion(moduli: Array) -> tuple[Note, ...]:
    """Say that the largest of the roots, whose moduli are sorted, lies outside the unit circle."""
    if not len(moduli) or not moduli[0] > 1.0 + _ROUNDING:
        return ()
    text = (
        f"The largest root has modulus {moduli[0]:.4f}, outside the unit circle: the estimated system explodes. Shocks "
        "do not die out, and responses and forecasts at long horizons grow without bound."
    )
    return (Note(EXPLOSIVE, text),)


def on_long_run(system: Persistence | None) -> tuple[Note, ...]:
    """Say that shocks identified by their long run are hardly identified."""
    if system is None or not len(system.moduli) or abs(1.0 - system.moduli[0]) * system.periods >= _LONG_RUN:
        return ()
    text = (
        f"The largest root has modulus {system.moduli[0]:.4f}, whose distance from 1 is known with a standard error of "
        f"more than half of it from {count_of(system.periods, 'row')}. Summed responses divide by that distance, so "
        "shocks identified by their long run change a lot with small changes of the estimates. Take differences of the "
        "persistent series, or identify the shocks by something else."
    )
    return (Note(NEAR_ONE, text),)
