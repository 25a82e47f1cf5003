"""Random numbers that residuals are multiplied with in wild bootstraps."""

from __future__ import annotations

import numpy as np

from panelvar.base.arrays import Array


def wild_multipliers(kind: str, shape: tuple[int, int], rng: np.random.Generator) -> Array:
    r"""Independent numbers of mean zero and variance one.

    Parameters
    ----------
    kind : {"rademacher", "normal", "mammen", "webb", "gamma"}
        1 or -1; the standard normal; :math:`-(\sqrt5 - 1)/2` with probability :math:`(\sqrt5 + 1)/(2\sqrt5)`, else
        :math:`(\sqrt5 + 1)/2`; :math:`\pm\sqrt{1/2}, \pm 1, \pm\sqrt{3/2}`, each with probability 1/6; a gamma
        variable of shape 4 and scale 1/2, less 2 (Liu 1988).
    shape : (int, int)
        A draw is a row: the same generator gives the same draws whatever the number of rows at a time.
    """
    if kind == "rademacher":
        # 32-bit draws halve the cost.
        return np.asarray(2.0 * rng.integers(0, 2, shape, dtype=np.uint32) - 1.0)
    if kind == "normal":
        return np.asarray(rng.standard_normal(shape))
    if kind == "webb":
        six = np.sqrt([0.5, 1.0, 1.5])
        return np.asarray(np.concatenate((-six, six))[rng.integers(0, 6, shape)])
    if kind == "gamma":
        return np.asarray(rng.gamma(4.0, 0.5, shape) - 2.0)
    golden = 0.5 * (np.sqrt(5.0) + 1.0)
    return np.asarray(np.where(rng.random(shape) < golden / np.sqrt(5.0), 1.0 - golden, golden))
