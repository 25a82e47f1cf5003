r"""CR2 and CR3 of many small clusters: sums over them, none of them kept.

With V_g the block of the basis (see `panelvar.estimates.covariance.cluster_adjustment`),
:math:`U_g = V_g (I - V_g)^{\alpha}` and t a coefficient's target, the contributions :math:`a_g'e` of two clusters have
the covariance :math:`-(U_g t)'(U_h t)` under independent errors, and that of one cluster has the variance
:math:`t' V_g (I - V_g)^{2\alpha + 1} t`: :math:`t'V_g t` for CR2, :math:`t'U_g t` for CR3. The sum of the squares of
the former is a sum of products of the entries of U_g, which one table holds for all coefficients.

A cluster of fewer rows than the basis has columns is worked on in its rows: :math:`U_g = W_g' (I - W_g W_g')^{\alpha}
W_g`. Clusters of one size stand side by side, entry by entry, so that an operation is one on long rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.scaling import exponents
from panelvar.estimates.covariance.cluster_adjustment import PIECE, Adjusted, adjust, segment_products, weights_of
from panelvar.estimates.covariance.cluster_basis import ClusterBasis
from panelvar.estimates.covariance.symmetric_stacks import (
    complement_power,
    norms,
    outer_products,
    packed,
    packed_products,
    places,
    product,
    times,
)
from panelvar.kernels.linear.demeaned import DemeanedRows
from panelvar.kernels.linear.rows import BLOCK_ROWS

MANY = 400
"""Clusters from which sums over them pay."""

MOST_COLUMNS = 30
"""Columns of the basis beyond which the table of products of the entries of U_g, of their fourth power, costs more."""

SERIES = (1e-3, 1e-2, 0.1)
"""Norms of V_g below which clusters share a power series; of the largest, eigenvectors are computed."""


TOGETHER = 64
"""Clusters of one size in a block from which they are worked on in their rows."""


@dataclass(frozen=True, eq=False)
class ManyAdjusted:
    """Adjusted cluster scores, and the degrees of freedom of each coefficient.

    Attributes
    ----------
    moves : (G, p) array
        :math:`a_g'e_g` of every coefficient: the covariance is the sum of their outer products.
    degrees : (p,) array
        Satterthwaite's degrees of freedom of each coefficient; NaN where it has no expected variance.
    singular : int
        Clusters some direction of which has leverage one.
    basis : ClusterBasis
    power : float
    """

    moves: Array
    degrees: Array
    singular: int
    basis: ClusterBasis
    power: float

    @cached_property
    def each(self) -> Adjusted:
        """What belongs to each cluster: combinations of coefficients need it."""
        return adjust(self.basis.parts, self.basis.targets, self.power)

    def expected(self) -> Array:
        """Return the expected covariance (p, p) of the coefficients under independent errors of unit variance."""
        return self.each.expected()

    def total_variance(self, contrasts: Array) -> float:
        """Return the sum over the entries of the variances of the estimated covariance of ``contrasts`` (p, r)."""
        return self.each.total_variance(contrasts)


def sums_pay(basis: ClusterBasis, power: float) -> bool:
    """Whether clusters are many and their basis is narrow."""
    return power != 0.0 and basis.clusters.n_groups >= MANY and 0 < basis.size <= MOST_COLUMNS


def adjust_many(basis: ClusterBasis, power: float) -> ManyAdjusted:
    r"""Adjust the scores by :math:`(I - V_g)^{+power}`: -1/2 (CR2) or -1 (CR3).

    The reference is `panelvar.estimates.covariance.cluster_adjustment.adjust`, whose numbers these are.
    """
    units = exponents(basis.targets, axis=0)
    sums = _Sums(np.ldexp(basis.targets, -units), np.ldexp(1.0, units), power, basis.clusters.n_groups)
    if not basis.clusters.keeps_codes:
        _add_parts(basis, sums)
    elif _demeaned_alike(basis):
        for stack, numbers in _stacks(basis):
            _add_rows(stack, numbers, sums)
    else:
        _add_runs(basis, sums)
    return ManyAdjusted(sums.moves.T, sums.degrees(), sums.singular, basis, power)


def _add_parts(basis: ClusterBasis, sums: _Sums) -> None:
    """Add clusters whose rows are read a chunk at a time, by cross products that one reading adds up."""
    gram, scores = basis.parts
    q = basis.size
    step = max(1, PIECE // (q + 1) ** 2)
    for first in range(0, len(gram), step):
        numbers = np.arange(first, min(first + step, len(gram)))
        grams = np.zeros((len(numbers), q + 1, q + 1))
        grams[:, :q, :q], grams[:, :q, q] = gram[numbers], scores[numbers]
        _add_grams(grams, numbers, sums)


def _add_runs(basis: ClusterBasis, sums: _Sums) -> None:
    """Add clusters of any sizes, wherever their rows stand."""
    parts: dict[int, Array] = {}
    sizes = basis.clusters.sizes
    for run in _runs(basis):
        own = np.diff(run.edges)
        whole = own == sizes[run.numbers]
        rest = whole.copy()
        for size in np.flatnonzero(np.bincount(own[whole])).tolist():
            which = np.flatnonzero(whole & (own == size))
            if size - int(run.centred) <= basis.size and len(which) >= TOGETHER:
                _add_rows(run.stack(which, size), run.numbers[which], sums)
                rest[which] = False
        if rest.any():
            _add_grams(run.grams(np.flatnonzero(rest)), run.numbers[rest], sums)
        if len(cut := np.flatnonzero(~whole)):
            for number, gram in zip(run.numbers[cut].tolist(), run.grams(cut), strict=True):
                parts[number] = parts.get(number, 0.0) + gram
    if parts:
        _add_grams(np.stack(list(parts.values())), np.array(list(parts)), sums)


class _Stack(NamedTuple):
    """Rows of clusters of one size, side by side: the basis (m, q, s) and the residuals (m, s)."""

    basis: Array
    residuals: Array


@dataclass(frozen=True, eq=False)
class _Run:
    """Some rows, cluster by cluster.

    Attributes
    ----------
    source : ClusterBasis
    loadings : (k + 1, k' + 1) array
        The basis of the regressors, and the residuals, as combinations of the columns.
    centred : bool
        Whether the rows of a cluster sum to zero: one of them fewer, rotated, then says the same.
    columns : (k + 1, m) array
        Transformed regressors and dependent variable.
    lead : (m,) array or None
        The first column of the basis, of the transformed constant, if there is one.
    edges : (s + 1,) array
        Where clusters begin among the rows, and the end; a cluster's other rows may lie elsewhere.
    numbers : (s,) array
        Which clusters.
    """

    source: ClusterBasis
    loadings: Array
    centred: bool
    columns: Array
    lead: Array | None
    edges: Positions
    numbers: Positions

    def stack(self, which: Positions, size: int) -> _Stack:
        """Lay out clusters of one size."""
        index = self.edges[which][:, None] + np.arange(size)
        together = slice(int(index[0, 0]), int(index[-1, -1]) + 1)
        if len(which) * size == together.stop - together.start:
            columns = self.columns[:, together].reshape(-1, len(which), size)
        else:
            columns = self.columns.take(index, axis=1)
        raw = np.ascontiguousarray(columns.transpose(2, 0, 1))
        if self.centred:
            raw = _contrasted(raw)
        out = np.empty((len(raw), self.source.size + 1, len(which)))
        if self.lead is not None:
            out[:, 0] = self.lead[index.T]
        np.matmul(self.loadings.T, raw, out=out[:, int(self.lead is not None) :])
        return _Stack(out[:, :-1], out[:, -1])

    def grams(self, which: Positions) -> Array:
        """Return the cross products (s, q + 1, q + 1) of the basis and the residuals in each of some clusters."""
        sizes = np.diff(self.edges)[which]
        edges = np.concatenate([[0], np.cumsum(sizes)])
        index = np.arange(edges[-1]) + np.repeat(self.edges[which] - edges[:-1], sizes)
        rows = np.empty((len(index), self.source.size + 1))
        if self.lead is not None:
            rows[:, 0] = self.lead[index]
        columns = self.columns if len(index) == self.columns.shape[1] else self.columns[:, index]
        np.matmul(columns.T, self.loadings, out=rows[:, int(self.lead is not None) :])
        return segment_products(rows, edges)


def _contrasted(raw: Array) -> Array:
    """Return m - 1 rotated rows of each cluster, from m rows (m, k, s): each less the mean of those before it."""
    size = len(raw)
    contrasts = np.zeros((size - 1, size))
    for i in range(size - 1):
        contrasts[i, : i + 1], contrasts[i, i + 1] = -1.0 / (i + 1), 1.0
        contrasts[i] *= np.sqrt((i + 1) / (i + 2))
    out: Array = (contrasts @ raw.reshape(size, -1)).reshape(size - 1, *raw.shape[1:])
    return out


def _centred(source: ClusterBasis) -> bool:
    """Whether an absorbed effect makes the rows of each cluster sum to zero."""
    absorbed = source.fit.absorbed
    if absorbed is None or source.fit.weights is not None:
        return False
    effects = zip(absorbed.groupings, absorbed.slopes, strict=True)
    return any(slope is None and effect.lies_within(source.clusters) for effect, slope in effects)


def _demeaned_alike(source: ClusterBasis) -> bool:
    """Whether all clusters have one small size, and means of their own are all that is subtracted from their rows."""
    rows, clusters = source.fit.rows_or_refuse("Few-cluster inference"), source.clusters
    return (
        isinstance(rows, DemeanedRows)
        and rows.weights is None
        and rows.groupings[0] is clusters
        and 1 < clusters.equal_size <= source.size + 1
    )


def _stacks(source: ClusterBasis) -> Iterator[tuple[_Stack, Positions]]:
    """Yield clusters that are demeaned alike: contrasts of rows, which need no means."""
    rows, size = source.fit.rows_or_refuse("Few-cluster inference"), source.clusters.equal_size
    loadings, step = _loadings(source), max(1, BLOCK_ROWS // size)
    for first in range(0, source.clusters.n_groups, step):
        last = min(first + step, source.clusters.n_groups)
        raw = np.empty((size, rows.n_columns, last - first))
        for j, column in enumerate(rows.columns):
            part = column[first * size : last * size].reshape(-1, size).T
            # About a number near all of them, so that products with contrasts lose no more digits than means do.
            np.subtract(part, part[0, 0], out=raw[:, j])
        out = loadings.T @ _contrasted(raw)
        yield _Stack(out[:, :-1], out[:, -1]), np.arange(first, last)


def _runs(source: ClusterBasis) -> Iterator[_Run]:
    """Yield all rows, some thousand at a time; clusters whose rows do not stand together are gathered."""
    fit, clusters = source.fit, source.clusters
    rows = fit.rows_or_refuse("Few-cluster inference")
    run, lead = partial(_Run, source, _loadings(source), _centred(source)), None
    if source.constant is not None:
        lead = np.broadcast_to(np.asarray(source.constant) / np.sqrt(fit.constant_mass), rows.n_rows)
    starts = clusters.starts
    if starts is not None:
        for start, stop, block in rows.blocks():
            first = int(np.searchsorted(starts, start, side="right")) - 1
            last = int(np.searchsorted(starts, stop, side="left"))
            edges = np.clip(starts[first : last + 1] - start, 0, stop - start)
            own = None if lead is None else lead[start:stop]
            yield run(block.T, own, edges, np.arange(first, last))
        return
    columns = np.empty((rows.n_columns, rows.n_rows))
    for start, stop, block in rows.blocks():
        columns[:, start:stop] = block.T
    order = np.argsort(clusters.codes, kind="stable")
    starts = np.concatenate([[0], np.cumsum(clusters.sizes)])
    first = 0
    while first < clusters.n_groups:
        last = max(int(np.searchsorted(starts, starts[first] + BLOCK_ROWS, side="right")) - 1, first + 1)
        index = order[starts[first] : starts[last]]
        own = None if lead is None else lead[index]
        yield run(columns[:, index], own, starts[first : last + 1] - starts[first], np.arange(first, last))
        first = last


def _loadings(source: ClusterBasis) -> Array:
    """Return the basis of the regressors, and the residuals, as combinations (k + 1, k' + 1) of the columns."""
    fit = source.fit
    out = np.zeros((len(fit.solution.coefficients) + 1, len(fit.kept) + 1))
    out[fit.kept, :-1] = fit.solution.inverse_r
    if not fit.exact:
        out[:-1, -1] = -fit.solution.coefficients
        out[-1, -1] = 1.0
    return out


class _Sums:
    """What clusters add up to, for targets (q, p) in units (p,) of their own."""

    def __init__(self, targets: Array, units: Array, power: float, groups: int) -> None:
        q, p = targets.shape
        self.targets, self.power = targets, power
        self._units = units[:, None]
        self.singular = 0
        self.moves = np.zeros((p, groups))
        self._means, self._squares = np.zeros(p), np.zeros(p)
        self._products = np.zeros((q * (q + 1) // 2,) * 2)

    def add(self, numbers: Positions, moves: Array, own: Array, inner: Array, entries: Array) -> None:
        """Add clusters: contributions (p, s), their variances, ``|U_g t|^2``, and the packed entries of U_g."""
        first, last = int(numbers[0]), int(numbers[-1]) + 1
        where = slice(first, last) if last - first == len(numbers) else numbers
        self.moves[:, where] = moves * self._units
        self._means += own.sum(axis=1)
        self._squares += np.einsum("pg,pg->p", own, own) - np.einsum("pg,pg->p", inner, inner)
        self._products += entries @ entries.T

    def degrees(self) -> Array:
        r"""Return Satterthwaite's degrees of freedom, :math:`E(V)^2 / \sum_{gh} P_{gh}^2`, of each coefficient."""
        q = len(self.targets)
        place = places(q).ravel()
        products = self._products[np.ix_(place, place)].reshape(q, q, q, q)
        total = np.empty_like(self._means)
        for j, target in enumerate(self.targets.T):
            # Sum over clusters of (U t)(U t)'.
            joint = np.tensordot(products @ target, target, axes=(1, 0))
            total[j] = self._squares[j] + np.square(joint).sum()
        exists = (self._means > 0.0) & (total > 0.0)
        return np.where(exists, np.square(self._means) / np.where(exists, total, 1.0), np.nan)


def _add_rows(stack: _Stack, numbers: Positions, sums: _Sums) -> None:
    """Add clusters by their rows; those of much leverage by their cross products."""
    if len(stack.basis) == 0:
        # The one row of a cluster that an effect leaves nothing of.
        return
    hat = outer_products(stack.basis)
    size = norms(hat)
    for which, norm in _classes(size):
        basis, residuals, own_hat = (each[..., which] for each in (stack.basis, stack.residuals, hat))
        adjusted = times(complement_power(own_hat, sums.power, norm), basis)
        direction, turned = sums.targets.T @ basis, sums.targets.T @ adjusted
        own = np.einsum("mpg,mpg->pg", direction, direction if sums.power == -0.5 else turned)
        inner = np.einsum("mpg,mpg->pg", turned, turned) - own
        moves = np.einsum("mpg,mg->pg", turned, residuals)
        sums.add(numbers[which], moves, own, inner, packed_products(basis, adjusted))
    large = np.flatnonzero(~(size < SERIES[-1]))
    if len(large):
        rows = np.concatenate([stack.basis, stack.residuals[:, None]], axis=1)[..., large]
        _add_roots(np.einsum("mag,mbg->gab", rows, rows), numbers[large], sums)


def _classes(size: Array) -> Iterator[tuple[Positions | slice, float]]:
    """Yield clusters of like leverage that a power series is for, and the largest norm among them."""
    lowest = 0.0
    for bound in SERIES:
        which = (size >= lowest) & (size < bound)
        lowest = bound
        if which.all():
            yield slice(None), float(size.max())
        elif which.any():
            yield np.flatnonzero(which), float(size[which].max())


def _add_grams(grams: Array, numbers: Positions, sums: _Sums) -> None:
    """Add clusters by their cross products (s, q + 1, q + 1), the residuals last."""
    size = np.sqrt(np.einsum("gij,gij->g", grams[:, :-1, :-1], grams[:, :-1, :-1]))
    for which, norm in _classes(size):
        stack = np.ascontiguousarray(grams[which].transpose(1, 2, 0))
        blocks, scores = np.ascontiguousarray(stack[:-1, :-1]), stack[:-1, -1]
        power = complement_power(blocks, sums.power, norm)
        turned = product(blocks, power)
        q, _, count = turned.shape
        coupled = (sums.targets.T @ turned.reshape(q, q * count)).reshape(-1, q, count)
        inner = np.einsum("pag,pag->pg", coupled, coupled)
        if sums.power == -0.5:
            half = (sums.targets.T @ blocks.reshape(q, q * count)).reshape(-1, q, count)
        else:
            half = coupled
        own = np.einsum("pag,ap->pg", half, sums.targets)
        moves = sums.targets.T @ np.einsum("abg,bg->ag", power, scores)
        sums.add(numbers[which], moves, own, inner, packed(turned))
    large = np.flatnonzero(~(size < SERIES[-1]))
    if len(large):
        _add_roots(grams[large], numbers[large], sums)


def _add_roots(grams: Array, numbers: Positions, sums: _Sums) -> None:
    """Add clusters by the eigenvectors of their cross products."""
    values, vectors = np.linalg.eigh(grams[:, :-1, :-1])
    weight, singular = weights_of(values, sums.power)
    sums.singular += singular
    turn = np.swapaxes(vectors, 1, 2)
    inside = turn @ sums.targets
    scores = (turn @ grams[:, :-1, -1:])[..., 0]
    moves = np.einsum("gqp,gq->pg", inside, weight * scores)
    own = np.einsum("gqp,gq->pg", np.square(inside), np.square(weight) * values * (1.0 - values))
    inner = np.einsum("gqp,gq->pg", np.square(inside), np.square(weight * values))
    turned = (vectors * (weight * values)[:, None, :]) @ turn
    sums.add(numbers, moves, own, inner, packed(turned.transpose(1, 2, 0)))
