r"""The wild cluster bootstrap computed from cluster sums, without drawing any residual.

Signs :math:`v_h` multiply the residuals of a bootstrap cluster h. With :math:`d_i` what row i contributes to the
restrictions (:math:`R\hat\beta - R\beta = \sum_i d_i u_i`), W and Z as in `panelvar.estimates.covariance.local_blocks`,
the gap
:math:`\delta = R\hat\beta - r` and :math:`M = (R (X'X)^{-1} R')^{-1}`, restricted residuals are
:math:`\tilde e = e + d M \delta`. A draw's estimate, and its score in a cluster c of the covariance, are

.. math:: R(\beta^* - \tilde\beta) = \sum_h v_h \sum_{i \in h} d_i \tilde e_i, \qquad
          m_c^* = \sum_h v_h \Bigl(\sum_{i \in c \cap h} d_i \tilde e_i - D_c' E_h\Bigr),

where D_c sums W d (and Z d) over c, E_h sums W e (and Z e) over h. A draw then costs (C + H) q multiplications, however
many rows there are (Roodman, MacKinnon, Nielsen and Webb 2019, Stata Journal 19(1), 4-60). Everything is affine in the
gap, so one pass over the draws serves every hypothesis of an inverted test. Where signs are drawn by the clusters of
the covariance, the first sum is diagonal.

Effects that cut across the clusters have too many columns for that. Of these F, the sums over clusters stay as sparse
as the rows are, and :math:`(F_c'd)' (F'F)^- F_h'e` joins the products: two sparse products and a solve for a draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.estimates.covariance.cluster_adjustment import ClusterParts, weights_of
from panelvar.kernels.linear.draws import TIE, wild_multipliers
from panelvar.kernels.linear.quadratic_form import quadratic_form

if TYPE_CHECKING:
    from scipy.sparse import csr_array


CHUNK = 2_000_000
"""Numbers in one chunk of draws (16 MB)."""

ROUNDING = 1e-12
"""A move below this share of the largest cluster's move is zero."""

FEW = 300
"""Up to so many bootstrap clusters, and with many scores, a draw's variance is computed as a form in its signs."""

KINDS = ("rademacher", "webb", "mammen", "normal", "gamma")


class Term(NamedTuple):
    """Scores of the clusters of one dimension (or intersection) of the covariance.

    Attributes
    ----------
    factor : float
        The factor of its squares; negative where inclusion-exclusion subtracts.
    own : r lists of (C,) arrays or (C, H) sparse arrays
        For each restriction, the own sums of each column of residuals: the estimates', then those of a unit gap in
        each restriction. Diagonal, as a vector, where signs are drawn by the clusters of the only dimension.
    left : (r, C, q) array
        :math:`D_c`.
    levels : r (C, L) sparse arrays
        :math:`d'F_c`; none without columns F.
    """

    factor: float
    own: Sequence[Sequence[Array | csr_array]]
    left: Array
    levels: Sequence[csr_array] = ()


class Scores(NamedTuple):
    """The sums of the data that a draw needs.

    Attributes
    ----------
    estimate : (columns, r, H) array
        Sums of d times each column of residuals.
    right : (columns, H, q) array
        :math:`E_h` of each column of residuals.
    terms : list of Term
    levels : list of (H, L) sparse arrays
        :math:`e'F_h` of each column of residuals; none without columns F.
    solve : callable
        Multiplies (L, b) arrays by :math:`(F'F)^-`.
    """

    estimate: Array
    right: Array
    terms: list[Term]
    levels: Sequence[csr_array] = ()
    solve: Callable[[Array], Array] = np.asarray

    @property
    def simple(self) -> bool:
        """Whether there is one dimension, whose squares are all added."""
        return len(self.terms) == 1

    def at(self, gap: Array) -> Scores:
        """Return the scores at a gap (r,): one column of residuals."""
        weights = np.concatenate(([1.0], gap))[: len(self.right)]

        def combined(parts: Sequence[Array | csr_array]) -> list[Array | csr_array]:
            return [sum(w * part for w, part in zip(weights, parts, strict=True))]

        terms = [term._replace(own=[combined(parts) for parts in term.own]) for term in self.terms]
        return self._replace(
            estimate=np.tensordot(weights, self.estimate, 1)[None],
            right=np.tensordot(weights, self.right, 1)[None],
            terms=terms,
            levels=[sum(w * part for w, part in zip(weights, self.levels, strict=True))] if self.levels else (),
        )

    @property
    def rows(self) -> int:
        """Rows of the widest array that a draw is a column of."""
        return int(max([self.right.shape[1], *(one.shape[1] for one in self.levels)]))

    def shared(self, v: Array) -> list[tuple[Array, Array | None]]:
        """Return what the scores of all clusters have in common in some draws, for every column of residuals."""
        of_levels: list[Array | None] = [None] * len(self.right)
        if self.levels:
            # Together, since a solve of more columns costs less a column.
            solved = self.solve(np.hstack([levels.T @ v for levels in self.levels]))
            of_levels = list(np.split(solved, len(self.right), axis=1))
        return [(right.T @ v, one) for right, one in zip(self.right, of_levels, strict=True)]


def one_way_scores(
    parts: ClusterParts, direction: Array, *, impose_null: bool, variant: str = "11"
) -> tuple[Scores, Array]:
    r"""Return the scores of one dimension from Gram matrices, with jackknife variants, and the sample's moves (G, r).

    If the first digit of the variant is 3, the residuals of a cluster are those of the (restricted) estimates without
    it, :math:`(I - \tilde H_{gg})^{-1} \tilde e_g`. If the second digit is 3, the scores of sample and draws are CR3's,
    :math:`t'(I - V_g)^{-1} W_g' e`.

    Parameters
    ----------
    parts : ClusterParts
    direction : (q, r) array
        t, the restrictions as combinations of the basis.
    impose_null : bool
    variant : {"11", "13", "31", "33"}

    References
    ----------
    MacKinnon, Nielsen and Webb (2023), J. of Applied Econometrics 38(5), 671-694: WCR-C, WCR-V, WCR-S and WCR-B.
    """
    gram = parts.gram
    q, r = direction.shape
    middle = np.linalg.inv(direction.T @ direction)
    columns = parts.scores[:, :, None]
    if impose_null:
        columns = np.concatenate((columns, gram @ (direction @ middle)), axis=2)
    if variant[0] == "3":
        keep = np.eye(q) - (direction @ middle @ direction.T if impose_null else 0.0)
        columns = columns + gram @ keep @ _inverse_of_rest(keep @ gram @ keep) @ (keep @ columns)
    turned = np.broadcast_to(direction, (len(gram), q, r))
    if variant[1] == "3":
        turned = _inverse_of_rest(gram) @ direction
    own = np.einsum("gqr,gqc->rcg", turned, columns)
    term = Term(1.0, [list(one) for one in own], np.moveaxis(gram @ turned, 2, 0))
    estimate = np.einsum("qr,gqc->crg", direction, columns)
    return Scores(estimate, np.moveaxis(columns, 2, 0), [term]), np.einsum("gqr,gq->gr", turned, parts.scores)


def _inverse_of_rest(gram: Array) -> Array:
    """Return the pseudo-inverse of I - V of every cluster."""
    values, vectors = np.linalg.eigh(gram)
    weight, _ = weights_of(values, -1.0)
    out: Array = (vectors * weight[:, None, :]) @ np.swapaxes(vectors, 1, 2)
    return out


def signs(
    kind: str, groups: int, draws: int, rng: np.random.Generator, rows: int = 0
) -> tuple[int, bool, Iterator[Array]]:
    r"""Return how many draws there are, whether these are all patterns, and chunks (G, b) of them.

    Numbers are those of `wild_multipliers`. If there are no more Rademacher patterns than ``draws``, every pattern
    comes once; a pattern and its negative count as one, because they differ in the sign of the statistic only.
    Chunks are small enough for arrays (rows, b), too.
    """
    step = max(1, CHUNK // max(groups, rows))
    every = kind == "rademacher" and groups < 60 and 2**groups <= draws
    count = 2 ** (groups - 1) if every else draws

    def chunks() -> Iterator[Array]:
        for start in range(0, count, step):
            numbers = np.arange(start, min(start + step, count))
            if every:
                bits = (numbers[None, :] >> np.arange(groups)[:, None]) & 1
                yield 1.0 - 2.0 * bits.astype(np.float64)
            else:
                # In the order that sparse products take: each would copy them otherwise.
                yield np.ascontiguousarray(wild_multipliers(kind, (len(numbers), groups), rng).T)

    return count, every, chunks()


class Quadratics(NamedTuple):
    """Estimate and squared standard error of each draw as polynomials of the gap d.

    ``(estimate[0] + estimate[1] d) / sqrt(variance[0] + variance[1] d + variance[2] d**2)`` is t.
    """

    estimate: Array
    variance: Array
    simple: bool

    def statistics(self, gap: float) -> Array:
        """Return t of every draw at a gap; infinite where one dimension has no variance, NaN where several have none.

        With several dimensions the difference of squares may be negative, and then there is no statistic.
        """
        top = self.estimate[0] + gap * self.estimate[1]
        bottom = self.variance[0] + gap * (self.variance[1] + gap * self.variance[2])
        if not self.simple:
            signed: Array = np.where(bottom > 0.0, top / np.sqrt(np.where(bottom > 0.0, bottom, 1.0)), np.nan)
            return signed
        # A draw in which a single cluster moves has scores that are all rounding, and is as extreme as can be.
        floor = (TIE * top) ** 2
        sure = bottom > floor
        ratio: Array = np.divide(top, np.sqrt(np.where(sure, bottom, 1.0)), out=np.copysign(np.inf, top), where=sure)
        return ratio


def one_restriction(scores: Scores, chunks: Iterator[Array]) -> Quadratics:
    """Return the draws of one restriction for every gap at once."""
    imposed = len(scores.right) > 1
    estimate = scores.estimate[:, 0]
    forms = _forms(scores) if _collapses(scores) else None
    unit = scores.terms[0].own[0][-1]
    largest = float(np.abs(unit if isinstance(unit, np.ndarray) else unit.data).max(initial=0.0)) if imposed else 0.0
    estimates, variances = [], []
    for v in chunks:
        total = np.zeros((3, v.shape[1]))
        if forms is not None:
            for power, form in enumerate(forms):
                total[power] = np.einsum("hb,hb->b", v, form @ v)
        else:
            shared = scores.shared(v)
            for term in scores.terms:
                moves = _moves(term, 0, v, shared)
                if imposed and scores.simple:
                    # Equal signs repeat the sample at every gap, so the rounding that gaps would magnify is set to
                    # zero.
                    moves[1][np.abs(moves[1]) < ROUNDING * largest] = 0.0
                total[0] += term.factor * np.einsum("cb,cb->b", moves[0], moves[0])
                if imposed:
                    total[1] += 2.0 * term.factor * np.einsum("cb,cb->b", moves[0], moves[1])
                    total[2] += term.factor * np.einsum("cb,cb->b", moves[1], moves[1])
        found = estimate @ v
        estimates.append(found if imposed else np.stack((found[0], np.zeros(v.shape[1]))))
        variances.append(total)
    return Quadratics(np.concatenate(estimates, axis=1), np.concatenate(variances, axis=1), scores.simple)


def _moves(term: Term, restriction: int, v: Array, shared: list[tuple[Array, Array | None]]) -> list[Array]:
    """Return the clusters' scores (C, b) in some draws, for every column of residuals."""
    out = []
    for own, (common, of_levels) in zip(term.own[restriction], shared, strict=True):
        moves = own[:, None] * v if isinstance(own, np.ndarray) else own @ v
        moves -= term.left[restriction] @ common
        if of_levels is not None:
            moves -= term.levels[restriction] @ of_levels
        out.append(moves)
    return out


def _maps(scores: Scores) -> list[Array]:
    """Return the scores of each term as maps (r, columns, C, H) of the signs."""
    columns, groups, _ = scores.right.shape
    out = [np.empty((len(term.own), columns, term.left.shape[1], groups)) for term in scores.terms]
    step = max(1, CHUNK // scores.rows)
    for start in range(0, groups, step):
        each = np.eye(groups)[:, start : start + step]
        shared = scores.shared(each)
        for term, whole in zip(scores.terms, out, strict=True):
            for s, one in enumerate(whole):
                one[:, :, start : start + step] = _moves(term, s, each, shared)
    return out


def multiplied_out(scores: Scores) -> Scores:
    """Return scores with a number for every pair of clusters in place of columns F, where these pairs are fewer."""
    groups = scores.right.shape[1]
    pairs = sum(term.left.shape[1] for term in scores.terms) * groups
    if groups > FEW or pairs > sum(one.nnz for one in scores.levels):
        return scores
    from scipy.sparse import csr_array

    terms = [
        Term(term.factor, [[csr_array(one) for one in row] for row in maps], term.left[:, :, :0])
        for term, maps in zip(scores.terms, _maps(scores), strict=True)
    ]
    return Scores(scores.estimate, scores.right[:, :, :0], terms)


def _collapses(scores: Scores) -> bool:
    """Whether a quadratic form in the signs is cheaper because few signs move many scores."""
    groups, q = scores.right.shape[1:]
    cells = sum(term.left.shape[1] * (q + 1) for term in scores.terms)
    return not scores.simple and groups <= FEW and groups * groups < 4 * cells


def _forms(scores: Scores) -> list[Array]:
    """Return the quadratic forms (H, H) in the signs of the variance's coefficients of 1, d and d squared."""
    maps = [one[0] for one in _maps(scores)]
    out = []
    for first, second, times in ((0, 0, 1.0), (0, 1, 2.0), (1, 1, 1.0)):
        if second < len(scores.right):
            parts = [t.factor * times * (m[first].T @ m[second]) for t, m in zip(scores.terms, maps, strict=True)]
            out.append(np.sum(parts, axis=0))
    return out


def joint_statistics(scores: Scores, gap: Array, chunks: Iterator[Array]) -> Array:
    """Return the Wald statistic of several restrictions in every draw, at a gap (r,).

    NaN where the covariance of several dimensions is not positive in a draw.
    """
    at = scores.at(gap)
    r = at.estimate.shape[1]
    collapse = _collapses(at)
    maps = [one[:, 0] for one in _maps(at)] if collapse else []
    out = []
    for v in chunks:
        estimate = at.estimate[0] @ v
        matrix = np.zeros((v.shape[1], r, r))
        shared = [] if collapse else at.shared(v)
        for number, term in enumerate(at.terms):
            if collapse:
                for s in range(r):
                    for t in range(r):
                        form = maps[number][s].T @ maps[number][t]
                        matrix[:, s, t] += term.factor * np.einsum("hb,hb->b", v, form @ v)
            else:
                moves = np.stack([_moves(term, s, v, shared)[0] for s in range(r)])
                matrix += term.factor * np.einsum("rcb,scb->brs", moves, moves)
        out.append(wald(matrix, estimate.T, simple=at.simple))
    return np.concatenate(out)


def wald(matrix: Array, gap: Array, *, simple: bool) -> Array:
    """Return ``gap' matrix^- gap`` for batches (b, r, r), (b, r).

    Infinite where one dimension has no variance along the gap; NaN where several leave the matrix not positive.
    """
    form = quadratic_form(gap, matrix)
    if simple:
        return np.where(form.determined, form.statistic, np.inf)
    return np.where(form.positive & (form.rank == gap.shape[1]), form.statistic, np.nan)


def tail_share(draws: Array, statistic: float, *, ties: bool, complete: bool) -> float:
    """Return the share of draws beyond a statistic, those equal to it counted or not; NaN does not count.

    Where ties count, the sample counts too, because it is one of its own patterns. It is among the draws if they are
    all patterns (``complete``), and is added to them otherwise. No share is then zero.
    """
    slack = TIE * abs(statistic)
    beyond = draws >= statistic - slack if ties else draws > statistic + slack
    own = int(ties and not complete)
    return float((own + beyond.sum()) / max(own + len(draws) - np.isnan(draws).sum(), 1))


def pvalue(draws: Array, statistic: float, alternative: str, *, ties: bool, mirrored: bool) -> float:
    """Return the p-value of a t statistic; if ``mirrored``, the draws are all patterns, one for each mirror pair."""
    if alternative == "two-sided":
        return tail_share(np.abs(draws), abs(statistic), ties=ties, complete=mirrored)
    if mirrored:
        draws = np.concatenate((draws, -draws))
    upper = tail_share(draws, statistic, ties=ties, complete=mirrored)
    lower = tail_share(-draws, -statistic, ties=ties, complete=mirrored)
    if alternative == "equal-tailed":
        return min(2.0 * min(upper, lower), 1.0)
    return upper if alternative == "greater" else lower
