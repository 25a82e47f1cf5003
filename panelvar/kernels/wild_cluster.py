r"""The wild cluster bootstrap from cluster sums: no residual is ever drawn.

Signs :math:`v_g` multiply the residuals of a cluster. With W, T, V_g of `panelvar.kernels.cluster_adjustment`, gap
:math:`d = R\hat\beta - r`, :math:`t = T R'`, restricted residuals have scores
:math:`w_g = W_g'\tilde e_g + V_g t (t't)^{-1} d`, and a draw's estimate and cluster scores are

.. math:: R(\beta^* - \tilde\beta) = \sum_g t'w_g v_g, \qquad m_g^* = t'w_g v_g - (V_g t)'\sum_h w_h v_h,

so a draw costs G (q + 1) multiplications whatever the rows (Roodman, MacKinnon, Nielsen and Webb 2019, Stata Journal
19(1), 4-60). Both are affine in d: one pass over the draws serves every hypothesis of an inverted test.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.kernels.cluster_adjustment import ClusterParts

FloatArray = NDArray[np.float64]

CHUNK = 1_000_000
"""Numbers in one chunk of draws (8 MB)."""

TIE = 1e-9
"""Squared statistics closer than this are the same: draws that repeat the sample differ from it by rounding only."""


ROUNDING = 1e-12
"""Share of the largest cluster's move that is zero."""


class Scores(NamedTuple):
    """Cluster scores of a hypothesis: base at the estimates, and what a unit of each gap adds.

    Attributes
    ----------
    base : (G, q) array
    slope : (G, q, r) array
        Zero if the null is not imposed.
    direction : (q, r) array
        t.
    leverage : (G, q, r) array
        V_g t.
    """

    base: FloatArray
    slope: FloatArray
    direction: FloatArray
    leverage: FloatArray


def hypothesis(parts: ClusterParts, direction: FloatArray, *, impose_null: bool) -> Scores:
    """Prepare the scores of restrictions whose combinations of the basis are the columns of ``direction`` (q, r)."""
    leverage = parts.gram @ direction
    slope = leverage @ np.linalg.inv(direction.T @ direction)
    return Scores(parts.scores, slope if impose_null else np.zeros_like(slope), direction, leverage)


def sample_matrix(scores: Scores) -> FloatArray:
    """Return the clustered covariance (r, r) of the restrictions in the sample, without factor."""
    moves = scores.base @ scores.direction
    return moves.T @ moves


def signs(kind: str, groups: int, draws: int, rng: np.random.Generator) -> tuple[int, bool, Iterator[FloatArray]]:
    r"""Return how many draws there are, whether they are all there are, and chunks (G, b) of them.

    Rademacher: 1 or -1; every pattern once if there are no more than ``draws``, up to the sign of all, which changes
    no absolute statistic. Mammen: :math:`-(\sqrt5 - 1)/2` with probability :math:`(\sqrt5 + 1)/(2\sqrt5)`, else
    :math:`(\sqrt5 + 1)/2`. Webb: :math:`\pm\sqrt{1/2}, \pm 1, \pm\sqrt{3/2}`, each with probability 1/6.
    """
    step = max(1, CHUNK // groups)
    if kind == "rademacher" and groups < 60 and 2**groups <= draws:
        count = 2 ** (groups - 1)

        def patterns() -> Iterator[FloatArray]:
            for start in range(0, count, step):
                numbers = np.arange(start, min(start + step, count))
                bits = (numbers[None, :] >> np.arange(groups)[:, None]) & 1
                yield 1.0 - 2.0 * bits.astype(np.float64)

        return count, True, patterns()

    golden = 0.5 * (np.sqrt(5.0) + 1.0)
    six = np.sqrt([0.5, 1.0, 1.5])

    def drawn() -> Iterator[FloatArray]:
        for start in range(0, draws, step):
            shape = (min(step, draws - start), groups)
            # A draw is a row: the same seed gives the same draws whatever the chunks.
            if kind == "rademacher":
                values = 1.0 - 2.0 * rng.integers(0, 2, shape).astype(np.float64)
            elif kind == "mammen":
                values = np.where(rng.random(shape) < golden / np.sqrt(5.0), 1.0 - golden, golden)
            else:
                values = np.concatenate((-six, six))[rng.integers(0, 6, shape)]
            yield values.T

    return draws, False, drawn()


class Quadratics(NamedTuple):
    """Estimate and squared standard error (without factor) of each draw as polynomials of the gap d.

    ``(estimate[0] + estimate[1] d)**2 / (variance[0] + variance[1] d + variance[2] d**2)`` is t squared.
    """

    estimate: FloatArray
    variance: FloatArray

    def squared(self, gap: float) -> FloatArray:
        """Return t squared of every draw (without the factor) at a gap; infinite where a draw has no variance."""
        top = np.square(self.estimate[0] + gap * self.estimate[1])
        bottom = self.variance[0] + gap * (self.variance[1] + gap * self.variance[2])
        # A draw whose cluster scores are all rounding (one cluster alone moves) is as extreme as can be.
        floor = TIE * TIE * top
        ratio: FloatArray = np.divide(top, bottom, out=np.full_like(top, np.inf), where=bottom > floor)
        return ratio


def one_restriction(scores: Scores, chunks: Iterator[FloatArray]) -> Quadratics:
    """Return the draws of one restriction for every gap at once."""
    t = scores.direction[:, 0]
    leverage = scores.leverage[:, :, 0]
    parts = (scores.base, scores.slope[:, :, 0])
    imposed = bool(parts[1].any())
    own = [part @ t for part in parts]
    estimates, variances = [], []
    for v in chunks:
        moves = [a[:, None] * v - leverage @ (part.T @ v) for a, part in zip(own[: 1 + imposed], parts, strict=False)]
        if imposed:
            # Equal signs repeat the sample at every gap: rounding that gaps would magnify is taken out.
            moves[1][np.abs(moves[1]) < ROUNDING * np.abs(own[1]).max()] = 0.0
        zero = np.zeros(v.shape[1])
        constant = np.einsum("gb,gb->b", moves[0], moves[0])
        linear = 2.0 * np.einsum("gb,gb->b", moves[0], moves[1]) if imposed else zero
        square = np.einsum("gb,gb->b", moves[1], moves[1]) if imposed else zero
        estimates.append((own[0] @ v, own[1] @ v))
        variances.append((constant, linear, square))
    return Quadratics(np.concatenate(estimates, axis=1), np.concatenate(variances, axis=1))


def joint_statistics(scores: Scores, gap: FloatArray, chunks: Iterator[FloatArray]) -> FloatArray:
    """Return the Wald statistic (without factor) of several restrictions in every draw, at a gap (r,)."""
    w = scores.base + scores.slope @ gap
    own = w @ scores.direction
    out = []
    for v in chunks:
        estimate = own.T @ v
        moves = own.T[:, :, None] * v - np.einsum("gqr,qb->rgb", scores.leverage, w.T @ v)
        matrix = np.einsum("rgb,sgb->brs", moves, moves)
        values, vectors = np.linalg.eigh(matrix)
        inside = np.einsum("brs,rb->bs", vectors, estimate)
        good = values > 1e-12 * values[:, -1:]
        out.append(np.where(good, np.square(inside) / np.where(good, values, 1.0), 0.0).sum(axis=1))
    return np.concatenate(out)


def tail_share(draws: FloatArray, statistic: float, *, ties: bool) -> float:
    """Return the share of draws beyond a squared statistic, those equal to it counted or not."""
    bound = statistic * (1.0 - TIE) if ties else statistic * (1.0 + TIE)
    return float(np.mean(draws >= bound if ties else draws > bound))
