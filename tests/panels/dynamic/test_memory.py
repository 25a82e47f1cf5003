"""Memory of dynamic panels: what a row takes at most, however many there are."""

import numpy as np
import pandas as pd
import pytest

import panelvar as pv

FITS = {
    # Rows of both equations, four columns each, and their instruments.
    "system": (lambda panel: pv.fit_blundell_bond(panel, "y", "x"), 200),
    "differences": (lambda panel: pv.fit_arellano_bond(panel, "y", "x"), 165),
    "deviations": (lambda panel: pv.fit_arellano_bond(panel, "y", "x", transform="fod"), 165),
    "several equations": (lambda panel: pv.fit_panel_var(panel, ["y", "x"], method="gmm"), 310),
}


def simulated(entities: int, periods: int = 8) -> pv.Panel:
    """Entities without gaps, read once."""
    index = pd.MultiIndex.from_product([range(entities), range(periods)], names=["i", "t"])
    numbers = np.random.default_rng(0).standard_normal((len(index), 2))
    return pv.Panel(pd.DataFrame(numbers, index, ["y", "x"]))


@pytest.mark.parametrize("name", FITS)
def test_a_row_takes_so_many_bytes_at_most(name, peak_megabytes):
    """The products of instruments and rows, 116 numbers of an entity in the system, are never there all at once."""
    fit, most = FITS[name]
    peaks = []
    # Modules that are imported on the way are no part of it.
    fit(simulated(300)).std_errors  # noqa: B018
    for entities in (20_000, 40_000):
        panel = simulated(entities)
        peaks.append(peak_megabytes(lambda panel=panel: fit(panel).std_errors))
        assert peaks[-1] * 1e6 < most * panel.nobs
    assert peaks[1] < 2.1 * peaks[0]
