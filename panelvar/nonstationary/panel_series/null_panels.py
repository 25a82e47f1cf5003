r"""Panels with unit roots and without cointegration, made from one by drawing its periods, whole.

What stands in one period, of all entities and variables, stays together, so that panels that are drawn have whatever
dependence there is across entities. There are two schemes, for rows :math:`w_{it}` of variables.

Signs. Changes follow one autoregression, :math:`\Delta w_{it} = \Phi \Delta w_{i,t-1} + u_{it}`, each entity's in units
of their own root mean squares and, with a trend, about their means, whose bias (Nickell 1981) is taken out of
:math:`\Phi`; it is zero unless it is significant. The residuals of a period are multiplied by a sign that all entities
share (with a trend, their forward orthogonal deviations, which means do not correlate), and

.. math:: \Delta w^*_{it} = \Phi \Delta w^*_{i,t-1} + s_t u_{it}, \qquad w^*_{it} = w_{i1} + \sum_{s \le t} \Delta
    w^*_{is}.

Few changes have few signs: below `FEWEST_SIGNED` of them the residuals of periods change places too. Entities may
have periods of their own.

Moving blocks (Palm, Smeekes and Urbain 2011). Residuals of each entity's own root,
:math:`u_{it} = y_{it} - d_t'\hat\delta_i - \hat\rho_i y_{i,t-1}`, stand in blocks of :math:`\ell` consecutive periods;
blocks are drawn with replacement, each place of a block about its own mean, laid end to end and cumulated. Of a
relation the residuals :math:`e_{it} = y_{it} - d_t'\hat\delta_i - x_{it}'\hat\beta_i` have the root, blocks hold
:math:`u_{it}` and :math:`\Delta x_{it}`, and :math:`y^*_{it} = x^{*\prime}_{it}\hat\beta_i + e^*_{it}`.

References: Palm, Smeekes and Urbain (2011), Journal of Econometrics 163, 85-104; Nickell (1981), Econometrica 49.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.nonstationary.unit_roots.one_series import POWERS

FEWEST_SIGNED = 7
"""Signs that make enough patterns: 7, of which tests do not tell a pattern from its reverse, make 64."""

_MOST_PERSISTENT = 0.95
"""The largest eigenvalue that the autoregression of the changes may have."""


class Spans(NamedTuple):
    """A panel on its calendar.

    Attributes
    ----------
    levels : (N, C, k) array
        NaN outside of each entity's own periods.
    starts, stops : (N,) integer arrays
        First of them, and the first after them.
    """

    levels: Array
    starts: Positions
    stops: Positions

    @property
    def balanced(self) -> bool:
        """Whether all entities have all periods."""
        return not np.isnan(self.levels).any()


def on_calendar(values: Sequence[Array], starts: Positions) -> Spans:
    """Put entities (T_i,) or (T_i, k), which start at these places, on one calendar."""
    own = [each.reshape(len(each), -1) for each in values]
    first = np.asarray(starts) - np.min(starts)
    stops = first + np.array([len(each) for each in own], dtype=np.intp)
    levels = np.full((len(own), int(stops.max()), own[0].shape[1]), np.nan)
    for place, each in enumerate(own):
        levels[place, first[place] : stops[place]] = each
    return Spans(levels, first, stops)


def signed_panels(spans: Spans, trend: str) -> Callable[[int, np.random.Generator], Array]:
    """Fit the autoregression of the changes; what is returned draws so many panels (B, N, C, k).

    Whatever stands outside of an entity's periods means nothing.
    """
    levels = spans.levels
    changes = np.diff(levels, axis=1)
    if trend == "ct":
        changes = changes - np.nanmean(changes, axis=1, keepdims=True)
    sizes = np.sqrt(np.nanmean(np.square(changes), axis=1, keepdims=True))
    sizes[~(sizes > 0.0)] = 1.0
    changes = changes / sizes
    root = common_root(changes, trend)
    known = np.nan_to_num(changes)
    residuals = known.copy()
    residuals[:, 1:] -= known[:, :-1] @ root.T
    # Before an entity's first change nothing is known: its first residual is the change, and there is none outside.
    residuals[np.isnan(changes)] = 0.0
    count = changes.shape[1]
    shuffled = is_shuffled(spans, trend)
    # The first change has the variance of a change: as a residual, which may stand anywhere, it has that of one.
    first = float(np.sqrt(np.square(residuals[:, 1:]).mean() / np.square(known).mean())) if shuffled else 1.0
    residuals[:, 0] *= first
    turn, turn_back = _coordinates(spans, trend)
    residuals = turn_back(turn(residuals))
    origin = levels[np.arange(len(levels)), spans.starts]

    def draw(size: int, rng: np.random.Generator) -> Array:
        # One number for each sign and for each place, draw by draw: chunks do not change the stream.
        numbers = rng.random((size, 1 + shuffled, count))
        steps = np.broadcast_to(residuals, (size, *residuals.shape))
        if shuffled:
            steps = np.take_along_axis(steps, numbers[:, 1].argsort(axis=1)[:, None, :, None], axis=2)
        signs = np.where(numbers[:, 0] < 0.5, -1.0, 1.0)[:, None, :, None]
        steps = turn_back(signs * turn(steps))
        steps[:, :, 0] /= first
        if root.any():
            for period in range(1, count):
                steps[:, :, period] += steps[:, :, period - 1] @ root.T
        out = np.zeros((size, *levels.shape))
        np.cumsum(steps * sizes, axis=2, out=out[:, :, 1:])
        return np.asarray(out + origin[:, None])

    return draw


def is_shuffled(spans: Spans, trend: str) -> bool:
    """Whether there are too few signs, so that residuals of periods change places too."""
    return int(spans.levels.shape[1]) - 1 - (trend == "ct") < FEWEST_SIGNED


def _coordinates(spans: Spans, trend: str) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    """How residuals (..., N, C, k) become what has signs, and back.

    With a trend they are about their means, and so correlated: signs would make of that a correlation that entities
    share. Their forward orthogonal deviations are not, one fewer for each entity.
    """
    if trend != "ct":
        return (lambda residuals: residuals), (lambda residuals: residuals)
    bases = []
    for first, last in sorted(set(zip(spans.starts.tolist(), spans.stops.tolist(), strict=True))):
        count = last - first - 1
        base = np.linalg.qr(np.column_stack([np.ones(count), np.eye(count)[:, :-1]]))[0][:, 1:]
        same = np.flatnonzero((spans.starts == first) & (spans.stops == last))
        bases.append((same, slice(first, last - 1), slice(first, last - 2), base))

    def turn(residuals: Array) -> Array:
        out = np.zeros(residuals.shape)
        for same, rows, fewer, base in bases:
            out[..., same, fewer, :] = base.T @ residuals[..., same, rows, :]
        return out

    def turn_back(turned: Array) -> Array:
        out = np.zeros(turned.shape)
        for same, rows, fewer, base in bases:
            out[..., same, rows, :] = base @ turned[..., same, fewer, :]
        return out

    return turn, turn_back


def common_root(changes: Array, trend: str) -> Array:
    """The matrix of a first-order autoregression (k, k) of changes (N, C, k), for all entities together.

    Zero unless it is significant at 5 percent: in short panels its errors would go along with those of the tests.
    """
    from scipy.special import chdtri

    width = changes.shape[2]
    before, now = changes[:, :-1].reshape(-1, width), changes[:, 1:].reshape(-1, width)
    both = ~(np.isnan(before) | np.isnan(now)).any(axis=1)
    none = np.zeros((width, width))
    if both.sum() <= 2 * width:
        return none
    before, now = before[both], now[both]
    root = np.linalg.lstsq(before, now, rcond=None)[0].T
    left = now - before @ root.T
    if trend == "ct":
        # Means of so few changes make them look negatively autocorrelated, by (1 + root) / (rows - 1).
        rows = max(float((~np.isnan(changes[..., 0])).sum(axis=1).mean()) - 1.0, 3.0)
        root = (rows * root + np.eye(width)) / (rows - 1.0)
    explained = before @ root.T
    wald = len(left) * float(np.trace(np.linalg.pinv(left.T @ left) @ (explained.T @ explained)))
    if wald <= chdtri(width**2, 0.05):
        return none
    largest = float(np.abs(np.linalg.eigvals(root)).max())
    return np.asarray(root * min(1.0, _MOST_PERSISTENT / largest))


def blocked_panels(spans: Spans, trend: str, length: int) -> Callable[[int, np.random.Generator], Array]:
    """Fit each entity's own relation and root; what is returned draws so many panels (B, N, C, k) by blocks."""
    levels = spans.levels
    entities, periods, width = levels.shape
    terms = np.linspace(-1.0, 1.0, periods)[:, None] ** np.arange(POWERS[trend])
    slopes = np.zeros((entities, width - 1))
    rows = np.empty((entities, periods - 1, width))
    for place, own in enumerate(levels):
        units = np.abs(own).max(axis=0)
        units[units == 0.0] = 1.0
        columns = np.column_stack([own[:, 1:] / units[1:], terms])
        found = np.linalg.lstsq(columns, own[:, 0], rcond=None)[0]
        slopes[place] = found[: width - 1] / units[1:]
        error = own[:, 0] - columns @ found if width > 1 else own[:, 0]
        size = np.abs(error).max() or 1.0
        lagged = np.column_stack([error[:-1] / size, terms[1:]])
        rows[place, :, 0] = error[1:] - lagged @ np.linalg.lstsq(lagged, error[1:], rcond=None)[0]
        rows[place, :, 1:] = np.diff(own[:, 1:], axis=0)
    count = periods - 1
    places = count - length + 1
    number = -(-count // length)
    # What can stand at each place of a block, about its mean.
    means = np.stack([rows[:, place : place + places].mean(axis=1) for place in range(length)], axis=1)

    def draw(size: int, rng: np.random.Generator) -> Array:
        begins = np.floor(rng.random((size, number)) * places).astype(np.intp)
        chosen = (begins[..., None] + np.arange(length)).reshape(size, -1)[:, :count]
        steps = rows[:, chosen] - means[:, np.arange(count) % length][:, None]
        walks = steps.cumsum(axis=2).swapaxes(0, 1)
        out = np.zeros((size, entities, periods, width))
        out[:, :, 1:] = walks
        out[..., 0] += np.einsum("bntk,nk->bnt", out[..., 1:], slopes)
        return np.asarray(out + levels[:, :1])

    return draw


def flattened(drawn: Array, spans: Spans) -> tuple[Array, ...]:
    """Entities' own periods of panels (B, N, C, k) one after another, (T_i, k) each, or (T_i,) of one variable."""
    whole = drawn[..., 0] if drawn.shape[3] == 1 else drawn
    ends = list(zip(spans.starts.tolist(), spans.stops.tolist(), strict=True))
    return tuple(panel[place, first:last] for panel in whole for place, (first, last) in enumerate(ends))


def without_averages(drawn: Array, spans: Spans) -> Array:
    """Take the averages over the entities that have a period out of panels (B, N, C, k)."""
    periods = np.arange(drawn.shape[2])
    there = ((periods >= spans.starts[:, None]) & (periods < spans.stops[:, None]))[..., None]
    means = (drawn * there).sum(axis=1) / np.maximum(there.sum(axis=0), 1)
    return np.asarray(drawn - means[:, None])
