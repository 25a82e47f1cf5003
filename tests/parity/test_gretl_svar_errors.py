"""Where gretl's package SVAR stops early: the likelihood of its estimate and of ours."""

from __future__ import annotations

import numpy as np
from parity.runner import expected_tree
from parity.svar_gretl_cases import FILE, STOPPED, size, structure


def test_gretl_stops_short_of_a_maximum():
    found, own = expected_tree(FILE)[STOPPED], structure(STOPPED)
    sigma, a = np.array(found["Sigma"]), np.array(found["A"])
    theirs, ours = np.array(found["B"]), own.b.to_numpy() * size(STOPPED)
    # Given A, the likelihood is largest where B squared is the diagonal of A Sigma A'.
    best = np.sqrt((a @ sigma @ a.T).diagonal())
    np.testing.assert_allclose(ours.diagonal(), best, rtol=1e-9)
    assert np.abs(theirs.diagonal() / best - 1).max() > 1e-3

    def likelihood(b: np.ndarray) -> float:
        whitening = np.linalg.solve(b, a)
        return np.linalg.slogdet(whitening)[1] - np.trace(whitening @ sigma @ whitening.T) / 2

    assert likelihood(ours) > likelihood(theirs) + 5e-6
