"""What restrictions on A, B and long-run effects leave free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from panelvar.errors import NumericalError, SpecificationError
from panelvar.identification.patterns import Pattern, free_places, read_pattern
from panelvar.identification.scheme import Array, Names
from panelvar.kernels import dynamics
from panelvar.kernels import structural_likelihood as likelihood


@dataclass(frozen=True, eq=False)
class Restrictions:
    """The restrictions of a scheme on a pair of A and B.

    Parameters
    ----------
    known : array (2, K, K)
        NaN where an entry is free.
    lasting : array (K, K) or None
        Long-run effects, NaN where they are free.
    rows, columns : tuple of str
        Variables and shocks.
    """

    known: Array
    lasting: Array | None
    rows: Names
    columns: Names

    @staticmethod
    def read(a: Pattern, b: Pattern, long_run: Pattern, names: Names, shocks: Names) -> Restrictions:
        """Read the matrices of `panelvar.ShortRun`, and count.

        Raises
        ------
        SpecificationError
            Matrices that do not fit, that are singular whatever the free entries, or too few restrictions.
        """
        size = len(names)
        if len(set(shocks)) != len(shocks) or len(shocks) != size:
            raise SpecificationError(f"shocks={list(shocks)}: expected {size} different names.")
        known = np.array([np.eye(size), np.eye(size)])
        if a is not None:
            known[0] = read_pattern("a", a, names, names, ("variable", "variable"))
            if isinstance(a, Mapping) and b is not None:
                for place, name in enumerate(names):
                    known[0, place, place] = known[0, place, place] if (name, name) in a else 1.0
        if b is not None:
            known[1] = read_pattern("b", b, names, shocks, ("variable", "shock"))
        elif long_run is not None:
            known[1] = np.nan
        lasting = None
        if long_run is not None:
            lasting = read_pattern("long_run", long_run, names, shocks, ("variable", "shock"))
        restrictions = Restrictions(known, lasting, names, shocks)
        restrictions._count()
        return restrictions

    def _count(self) -> None:
        size = len(self.rows)
        free = int(np.isnan(self.known).sum())
        held = 0 if self.lasting is None else int(np.isfinite(self.lasting).sum())
        if free == 0:
            raise SpecificationError("No entry of A and B is free: there is nothing to estimate. Put NaN where it is.")
        if free - held > size * (size + 1) // 2:
            missing = free - held - size * (size + 1) // 2
            raise SpecificationError(
                f"A and B have {free} free entries{f' and {held} long-run restrictions' if held else ''}; the residual "
                f"covariance of {size} variables determines {size * (size + 1) // 2} (order condition). Restrict "
                f"{missing} more."
            )
        trial = np.where(np.isnan(self.known), np.random.default_rng(0).standard_normal(self.known.shape), self.known)
        for what, matrix in zip("AB", trial, strict=True):
            if np.linalg.matrix_rank(matrix) < size:
                raise SpecificationError(f"{what} is singular whatever its free entries are: free more of them.")

    @cached_property
    def places(self) -> npt.NDArray[np.intp]:
        """Which matrix (0 or 1), row and column each free entry is, (D, 3)."""
        found = [
            np.column_stack([np.full(len(part), which), part])
            for which, part in enumerate(free_places(matrix) for matrix in self.known)
        ]
        return np.concatenate(found)

    def label(self, place: npt.NDArray[np.intp]) -> str:
        """Such as A[output, prices]."""
        which, row, column = place
        return f"{'AB'[which]}[{self.rows[row]}, {(self.columns if which else self.rows)[column]}]"

    @property
    def plain(self) -> Array:
        """Directions (D, 2, K, K) of the free entries, one each."""
        basis = np.zeros((len(self.places), *self.known.shape))
        basis[(np.arange(len(self.places)), *self.places.T)] = 1.0
        return basis

    def space(self, lags: Array) -> tuple[Array, Array]:
        """Origin (N, 2, K, K) and basis (N, D, 2, K, K) of what the restrictions leave free, for lags (N, p, K, K).

        Raises
        ------
        SpecificationError
            Long-run restrictions that contradict the others, or repeat them.
        """
        count = len(lags)
        held = np.nan_to_num(self.known)
        plain = self.plain
        if self.lasting is None:
            return np.broadcast_to(held, (count, *held.shape)), np.broadcast_to(plain, (count, *plain.shape))
        rows, values = self._long_run_rows(lags)
        free = np.einsum("nrij,dij->nrd", rows, plain[:, 1])
        left, sizes, right = np.linalg.svd(free)
        n_rows = free.shape[1]
        if n_rows > free.shape[2] or (sizes[:, -1] < 1e-10 * sizes[:, 0]).any():
            raise SpecificationError("The long-run restrictions repeat or contradict those on B: leave out some.")
        wanted = values - np.einsum("nrij,ij->nr", rows, held[1])
        first = np.einsum("nrq,nr->nq", left, wanted) / sizes
        origin = held + np.einsum("nq,nqd,ducv->nucv", first, right[:, :n_rows], plain)
        return origin, np.einsum("nqd,ducv->nqucv", right[:, n_rows:], plain)

    def _long_run_rows(self, lags: Array) -> tuple[Array, Array]:
        """Long-run restrictions as inner products with B, (N, R, K, K), and their values (R,)."""
        assert self.lasting is not None
        effects = np.linalg.inv(dynamics.lag_sum(lags))
        if not np.isfinite(effects).all():
            raise NumericalError("Long-run effects overflow: the system has a root near one.")
        places = np.argwhere(np.isfinite(self.lasting))
        rows = np.zeros((len(lags), len(places), *self.lasting.shape))
        for place, (variable, shock) in enumerate(places):
            rows[:, place, :, shock] = effects[:, variable]
        return rows, self.lasting[tuple(places.T)]

    def moved(self, lags: Array, totals: Array, pair: Array, sigma: Array) -> tuple[Array, Array]:
        r"""How long-run restrictions move a pair, for derivatives (N, E, K, K) of :math:`I - A_1 - \dots - A_p`.

        Returns
        -------
        fixed : array (N, E, 2, K, K)
            Least change that keeps the restrictions.
        bound : array (N, E, K, K)
            :math:`dH'\lambda`, in B.
        """
        assert self.lasting is not None
        rows, _ = self._long_run_rows(lags)
        effects = np.linalg.inv(dynamics.lag_sum(lags))[:, None]
        turned = -effects @ totals @ effects
        plain = self.plain
        places = np.argwhere(np.isfinite(self.lasting))
        shifts = np.zeros((*turned.shape[:2], len(places), *self.lasting.shape))
        for place, (variable, shock) in enumerate(places):
            shifts[:, :, place, :, shock] = turned[:, :, variable]
        free = np.einsum("nrij,dij->nrd", rows, plain[:, 1])
        inverse = np.linalg.pinv(free)
        gap = np.einsum("nerij,nij->ner", shifts, pair[:, 1])
        fixed = -np.einsum("ndr,ner,ducv->neucv", inverse, gap, plain)
        slopes = likelihood.score(likelihood.tangent(pair, np.broadcast_to(plain, (len(pair), *plain.shape))), sigma)
        multipliers = -np.einsum("ndr,nd->nr", inverse, slopes)
        return fixed, np.einsum("nerij,nr->neij", shifts, multipliers)

    def signed(self, pair: Array) -> Array:
        """Turn shocks, or else equations, so that the diagonal of B, or else of A, is positive."""
        pair = pair.copy()
        known_a, known_b = self.known
        lasting = np.full_like(known_b, np.nan) if self.lasting is None else self.lasting
        for place in range(len(self.rows)):
            beside = np.delete(np.arange(len(self.rows)), place)
            column = np.nan_to_num(known_b[:, place])
            if not column.any() and not np.nan_to_num(lasting[:, place]).any():
                down = _negative(pair[:, 1, :, place], place)
                pair[down, 1, :, place] *= -1.0
            elif not (
                np.nan_to_num(known_a[place]).any() or known_b[beside, place].any() or known_b[place, beside].any()
            ):
                down = _negative(pair[:, 0, place], place)
                pair[down, 0, place] *= -1.0
        return pair

    def starts(self, sizes: Array, count: int) -> Array:
        """Pairs to start from: the scales of the errors with small, then random, entries beside the diagonal."""
        rng = np.random.default_rng(1234)
        known, places = self.known, self.places
        scaled_a = np.isfinite(known[1]).all()
        start = np.broadcast_to(np.nan_to_num(known), (count, *known.shape)).copy()
        noise = rng.standard_normal((count, len(places)))
        for place, (which, row, column) in enumerate(places):
            size = sizes[row] if which else (1.0 / sizes[column] if scaled_a else sizes[row] / sizes[column])
            entry = 0.6 * noise[:, place] + (1.0 if row == column else 0.0)
            entry[0] = 1.0 if row == column else 0.1
            start[:, which, row, column] = size * entry
        return start


def _negative(vectors: Array, place: int) -> npt.NDArray[np.bool_]:
    """Whether the entry that gives a vector (N, K) its sign is negative: the diagonal one, or else the largest."""
    own = vectors[:, place]
    if not own.any():
        own = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=1)[:, None], axis=1)[:, 0]
    down: npt.NDArray[np.bool_] = own < 0.0
    return down
