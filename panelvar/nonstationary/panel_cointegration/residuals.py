"""Residuals of each entity's own regression of the dependent variable on terms and regressors: levels, changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import CollinearityError, InsufficientDataError, NumericalError
from panelvar.kernels.linear.qr import ROUNDING
from panelvar.nonstationary.panel_series.panel_system import PanelSystem
from panelvar.nonstationary.unit_roots.one_series import POWERS, deterministic
from panelvar.nonstationary.unit_roots.regressions import FEWEST_DF, by_length


class StackOfResiduals(NamedTuple):
    """Residuals of entities of one length, in units of their own.

    Attributes
    ----------
    places : (n,) integer array
        Places of the entities in the panel.
    levels : (n, T) array
        Residuals of the regression in levels, on the terms too.
    changes : (n, T - 1) array
        Residuals of the regression of changes on changes, with a constant where the levels have a trend.
    exponents : (n,) integer array
        Powers of two that the numbers are in.
    """

    places: Positions
    levels: Array
    changes: Array
    exponents: Positions


def relation_residuals(system: PanelSystem, trend: str) -> Iterator[StackOfResiduals]:
    """Residuals of every entity, those of one length together, shortest first.

    Raises
    ------
    InsufficientDataError
        An entity has too few rows for its terms and regressors.
    CollinearityError, NumericalError
        The regressors and terms of an entity depend on one another, or its dependent variable follows them exactly.
    """
    powers = POWERS[trend]
    needed = powers + system.n_regressors + FEWEST_DF
    short = int(np.argmin(system.periods))
    if system.periods[short] < needed:
        raise InsufficientDataError(
            f"{system.called(short)} has {count_of(system.periods[short], 'complete row')} for "
            f"{count_of(needed - FEWEST_DF, 'coefficient')} of its relation. At least {needed} rows are needed."
        )
    for places, stack in by_length(system.values):
        # Powers of two change no digit; regressors may have any, and none counts in the residuals.
        units = np.frexp(np.abs(stack).max(axis=1))[1]
        stack = np.ldexp(stack, -units[:, None, :])
        levels = _residuals(system, places, stack, powers)
        changes = _residuals(system, places, np.diff(stack, axis=1), max(powers - 1, 0))
        yield StackOfResiduals(places, levels, changes, units[:, 0].astype(np.intp))


def _residuals(system: PanelSystem, places: Positions, stack: Array, powers: int) -> Array:
    """What powers of time and the regressors leave of the first of columns (n, T, 1 + m)."""
    count, periods, _ = stack.shape
    terms = np.linspace(-1.0, 1.0, periods)[:, None] ** np.arange(powers)
    base, r = np.linalg.qr(np.concatenate([np.broadcast_to(terms, (count, periods, powers)), stack[..., 1:]], axis=2))
    lengths = np.sqrt(np.square(r).sum(axis=1))
    lost = (np.abs(np.diagonal(r, axis1=1, axis2=2)) <= ROUNDING * periods**0.5 * lengths)[:, powers:]
    if lost.any():
        entity, regressor = (int(each[0]) for each in np.nonzero(lost))
        raise CollinearityError(
            f"{system.names[regressor]!r} of {system.labels[places[entity]]!r} is a combination of the terms and its "
            "other regressors. Choose another trend=, or leave the regressor or the entity out."
        )
    y = stack[..., 0]
    left = y
    # Once more: the first projection rounds on the scale of the levels.
    for _ in range(2):
        left = left - np.einsum("ntk,nk->nt", base, np.einsum("ntk,nt->nk", base, left))
    exact = deterministic(left, y)
    if exact.any():
        raise NumericalError(
            f"{system.dependent!r} of {system.labels[places[int(exact.argmax())]]!r} follows its regressors and terms "
            "exactly, so nothing is left to test."
        )
    return left
