"""What restrictions on A, B and long-run effects leave free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import Note, SpecificationError
from panelvar.core.base.scaling import equilibrated
from panelvar.kernels.dynamics.lasting_effects import lasting_derivatives, lasting_effects
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.systems.identification import structural_likelihood as likelihood
from panelvar.systems.identification.patterns import Pattern, Ties, free_places, read_pattern, read_tied_pattern
from panelvar.systems.identification.scheme import Names

_DEPENDENT = 1e-8
"""Share of a restriction that must be left beside earlier ones of the same shock for it to count."""


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
    unit_roots : int
        Roots that the system has by construction: the rank of its long-run effects; zero where it is stable.
    ties : (mapping, mapping)
        Labels and factors of free entries of A and of B: those with one label are one parameter.
    scale : array (2, K, K)
        What the entries of A and B have been multiplied by: see `in_units`.
    """

    known: Array
    lasting: Array | None
    rows: Names
    columns: Names
    unit_roots: int
    ties: tuple[Ties, Ties]
    scale: Array

    def in_units(self, units: Array) -> Restrictions:
        r"""The same for variables divided by their units (K,), powers of two so that no digit changes.

        Equation i becomes :math:`A_{i\cdot} D \, (D^{-1} u) = B_{i\cdot} \varepsilon`, all of it divided by the unit of
        variable i unless B is known, whose rows then keep their sizes. A search in these units sees numbers of like
        size, and ends alike whatever the variables are measured in.
        """
        size = len(units)
        rows = np.ones(size) if np.isfinite(self.known[1]).all() else units
        scale = np.stack([units / rows[:, None], np.ones((size, size)) / rows[:, None]])
        lasting = None if self.lasting is None else self.lasting / units[:, None]
        return replace(self, known=self.known * scale, lasting=lasting, scale=scale)

    @staticmethod
    def read(
        a: Pattern, b: Pattern, long_run: Pattern, names: Names, shocks: Names, unit_roots: int = 0
    ) -> Restrictions:
        """Read the matrices of `panelvar.ShortRun`, and count.

        Raises
        ------
        SpecificationError
            Matrices do not fit or are singular whatever the free entries are, or there are too few restrictions.
        """
        size = len(names)
        if len(set(shocks)) != len(shocks) or len(shocks) != size:
            raise SpecificationError(f"shocks={list(shocks)}: expected {size} different names.")
        known = np.array([np.eye(size), np.eye(size)])
        a_ties: Ties = {}
        b_ties: Ties = {}
        if a is not None:
            known[0], a_ties = read_tied_pattern("a", a, names, names, ("variable", "variable"))
            if isinstance(a, Mapping) and b is not None:
                for place, name in enumerate(names):
                    known[0, place, place] = known[0, place, place] if (name, name) in a else 1.0
        if b is not None:
            known[1], b_ties = read_tied_pattern("b", b, names, shocks, ("variable", "shock"))
        elif long_run is not None:
            known[1] = np.nan
        lasting = None
        if long_run is not None:
            lasting = read_pattern("long_run", long_run, names, shocks, ("variable", "shock"))
        restrictions = Restrictions(known, lasting, names, shocks, unit_roots, (a_ties, b_ties), np.ones_like(known))
        restrictions._count(restrictions.held)
        return restrictions

    @property
    def held(self) -> int:
        """Number of long-run restrictions."""
        return 0 if self.lasting is None else int(np.isfinite(self.lasting).sum())

    def _count(self, given: int) -> None:
        size, held = len(self.rows), self.held
        free = len(self.plain)
        lasting = f" and {held} long-run restrictions" if held else ""
        if held < given:
            lasting += (
                f" of {given} that are independent (with {count_of(size - self.unit_roots, 'relation')} among "
                f"{size} variables, long-run effects have rank {self.unit_roots}, so that a shock without any has "
                f"{self.unit_roots})"
            )
        if free == 0:
            raise SpecificationError(
                "No entry of A and B is free, so there is nothing to estimate. Put NaN where an entry is free."
            )
        if free - held > size * (size + 1) // 2:
            missing = free - held - size * (size + 1) // 2
            raise SpecificationError(
                f"A and B have {free} free entries{lasting}; the residual "
                f"covariance of {size} variables determines {size * (size + 1) // 2} (order condition). Restrict "
                f"{missing} more."
            )
        values = np.random.default_rng(0).standard_normal(free)
        trial = np.nan_to_num(self.known) + np.einsum("d,ducv->ucv", values, self.plain)
        for what, matrix in zip("AB", trial, strict=True):
            # The entries are in the units that the caller gave, in which random numbers near one do for a trial.
            if np.linalg.matrix_rank(equilibrated(matrix)) < size:
                raise SpecificationError(f"{what} is singular whatever its free entries are: free more of them.")

    @cached_property
    def places(self) -> npt.NDArray[np.intp]:
        """Which matrix (0 or 1), row and column each free entry is, (D, 3)."""
        found = [
            np.column_stack([np.full(len(part), which), part])
            for which, part in enumerate(free_places(matrix) for matrix in self.known)
        ]
        return np.concatenate(found)

    def repeated_e(self) -> tuple[Note, ...]:
        """A warning where "E", which is a free entry in statsmodels, is a label that several entries share."""
        count = sum(label == "E" for ties in self.ties for label, _ in ties.values())
        if count < 2:
            return ()
        text = (
            f'The label "E" stands at {count} entries, which are estimated as one. In statsmodels each "E" is '
            "estimated by itself: write NaN where an entry is free."
        )
        return (Note("shared-label", text, warn=True),)

    def fixed_sizes(self) -> tuple[Note, ...]:
        """A warning where B is left out, which makes it the identity, and A leaves the size of a shock no freedom."""
        fixed = (np.nan_to_num(self.known[0]) != 0.0).any(axis=1)
        if not fixed.any():
            return ()
        names = ", ".join(name for name, is_fixed in zip(self.rows, fixed, strict=True) if is_fixed)
        text = (
            "You left out b=, so B is the identity and shocks have standard deviation 1. Nonzero numbers that you "
            f"fix in the rows of A of {names} then fix the sizes of errors in the units of the data, which the "
            "data rarely bear out. Put NaN on the diagonal of A, or free the standard deviations: "
            "b=np.diag([np.nan, ...])."
        )
        return (Note("fixed-sizes", text, warn=True),)

    def label(self, place: npt.NDArray[np.intp]) -> str:
        """Such as A[output, prices]."""
        which, row, column = place
        return f"{'AB'[which]}[{self.rows[row]}, {(self.columns if which else self.rows)[column]}]"

    @cached_property
    def parameters(self) -> list[list[tuple[int, int, int, float]]]:
        """Which matrix, row and column each free parameter is in, and times what, in the order of first places."""
        found: dict[object, list[tuple[int, int, int, float]]] = {}
        for which, row, column in self.places.tolist():
            label, factor = self.ties[which].get((row, column), ((which, row, column), 1.0))
            found.setdefault(label, []).append((which, row, column, factor))
        return list(found.values())

    @cached_property
    def plain(self) -> Array:
        """Directions (D, 2, K, K) of the free parameters, one each."""
        basis = np.zeros((len(self.parameters), *self.known.shape))
        for direction, entries in zip(basis, self.parameters, strict=True):
            first = self.scale[entries[0][:3]]
            for which, row, column, factor in entries:
                direction[which, row, column] = factor * self.scale[which, row, column] / first
        return basis

    def _units(self, form: ReducedForm) -> Array:
        """Size (N, D) of each parameter of B, of the equation that it is in first."""
        return form.sizes[:, [entries[0][1] for entries in self.parameters]]

    def independent(self, form: ReducedForm) -> Restrictions:
        r"""The same without the long-run restrictions that others imply.

        :math:`\Xi` of a system with s unit roots has rank s: of K zeros in a column of :math:`\Xi B`, s say all. Those
        named first are kept.

        Raises
        ------
        SpecificationError
            Restrictions contradict others, leave too many entries free, or make B singular.
        """
        if self.lasting is None or not self.unit_roots:
            return self
        sizes = form.sizes
        effects = lasting_effects(form.coefficients, self.unit_roots, sizes) / sizes[:, None] * sizes
        lasting = self.lasting.copy()
        silent = []
        for shock in range(len(self.columns)):
            free = np.isnan(self.known[1][:, shock])
            told = np.where(free, 0.0, self.known[1][:, shock]) / sizes
            kept: list[int] = []
            for variable in np.flatnonzero(np.isfinite(lasting[:, shock])):
                row, wanted = effects[variable], lasting[variable, shock] / sizes[variable] - effects[variable] @ told
                # Effects of errors of size one on variables in units of their errors: there are no other units.
                part = effects[kept][:, free]
                shares = np.linalg.lstsq(part.T, row[free], rcond=None)[0]
                if np.linalg.norm(row[free] - shares @ part) > _DEPENDENT * np.linalg.norm(row):
                    kept.append(int(variable))
                    continue
                implied = shares @ (lasting[kept, shock] / sizes[kept] - effects[kept] @ told)
                if abs(wanted - implied) > _DEPENDENT * max(1.0, abs(wanted)):
                    raise SpecificationError(
                        f"The long-run effect of {self.columns[shock]!r} on {self.rows[variable]!r} contradicts the "
                        "other restrictions on this shock. Leave out some."
                    )
                lasting[variable, shock] = np.nan
            if len(kept) == self.unit_roots and not self.lasting[kept, shock].any():
                silent.append(self.columns[shock])
        fewer = replace(self, lasting=lasting)
        fewer._count(self.held)
        relations = len(self.rows) - self.unit_roots
        if len(silent) > relations:
            raise SpecificationError(
                f"long_run= leaves {len(silent)} shocks without lasting effects: {silent}. With "
                f"{count_of(relations, 'relation')}, at most {count_of(relations, 'shock')} can have none; with more, "
                "B is singular."
            )
        return fewer

    def space(self, form: ReducedForm) -> tuple[Array, Array]:
        """Origin (N, 2, K, K) and basis (N, D, 2, K, K) of what the restrictions leave free, for N reduced forms.

        Raises
        ------
        SpecificationError
            Long-run restrictions contradict or repeat the others.
        """
        count = len(form.coefficients)
        known = np.nan_to_num(self.known)
        plain = self.plain
        if not self.held:
            return np.broadcast_to(known, (count, *known.shape)), np.broadcast_to(plain, (count, *plain.shape))
        rows, values = self._long_run_rows(form)
        # In units of the errors, so that the variables' own do not matter.
        units = self._units(form)
        left, sizes, right = np.linalg.svd(np.einsum("nrij,dij,nd->nrd", rows, plain[:, 1], units))
        n_rows = rows.shape[1]
        # Rows are responses of variables, columns parameters, both in units of the errors.
        if n_rows > len(plain) or (sizes[:, -1] <= 1e-10 * sizes[:, 0]).any():
            raise SpecificationError("The long-run restrictions repeat or contradict those on B. Leave out some.")
        wanted = values - np.einsum("nrij,ij->nr", rows, known[1])
        first = np.einsum("nrq,nr->nq", left, wanted) / sizes
        origin = known + np.einsum("nq,nqd,nd,ducv->nucv", first, right[:, :n_rows], units, plain)
        return origin, np.einsum("nqd,nd,ducv->nqucv", right[:, n_rows:], units, plain)

    def located(self, form: ReducedForm, basis: Array, gap: Array) -> Array:
        """Coordinates (N, D) of differences (N, 2, K, K) from the origin, of the nearest point in the space."""
        if self.lasting is not None:
            units = form.sizes[:, None, :, None]
            gap = gap / units
            basis = basis / units[:, None]
        inner = np.einsum("nducv,nucv->nd", basis, gap)
        lengths = np.einsum("nducv,neucv->nde", basis, basis)
        return np.linalg.solve(lengths, inner[..., None])[..., 0]

    def _long_run_rows(self, form: ReducedForm) -> tuple[Array, Array]:
        """Long-run restrictions as inner products with B, (N, R, K, K), and their values (N, R), in errors' units."""
        assert self.lasting is not None
        effects = lasting_effects(form.coefficients, self.unit_roots, form.sizes)
        held = np.isfinite(self.lasting)
        rows = self._restricted(effects / form.sizes[:, :, None])
        return rows, self.lasting[held] / form.sizes[:, np.nonzero(held)[0]]

    def _restricted(self, effects: Array) -> Array:
        """The rows of effects (..., K, K) that are restricted, each beside its shock and zeros, (..., R, K, K)."""
        assert self.lasting is not None
        places = np.argwhere(np.isfinite(self.lasting))
        rows = np.zeros((*effects.shape[:-2], len(places), *self.lasting.shape))
        for place, (variable, shock) in enumerate(places):
            rows[..., place, :, shock] = effects[..., variable, :]
        return rows

    def moved(self, form: ReducedForm, steps: Array, pair: Array) -> tuple[Array, Array]:
        r"""How long-run restrictions move a pair, for directions (N, E, p, K, K) of the coefficients.

        Returns
        -------
        fixed : array (N, E, 2, K, K)
            Least change that keeps the restrictions.
        bound : array (N, E, K, K)
            :math:`dH'\lambda`, in B.
        """
        rows, _ = self._long_run_rows(form)
        effects = lasting_effects(form.coefficients, self.unit_roots, form.sizes)
        turned = lasting_derivatives(form.coefficients, effects, steps, self.unit_roots, form.sizes)
        shifts = self._restricted(turned / form.sizes[:, None, :, None])
        plain, units = self.plain, self._units(form)
        # The rank is full in these units, in which `space` decides it.
        inverse = units[:, :, None] * np.linalg.pinv(np.einsum("nrij,dij,nd->nrd", rows, plain[:, 1], units))
        gap = np.einsum("nerij,nij->ner", shifts, pair[:, 1])
        fixed = -np.einsum("ndr,ner,ducv->neucv", inverse, gap, plain)
        at = likelihood.tangent(pair, np.broadcast_to(plain, (len(pair), *plain.shape)))
        multipliers = -np.einsum("ndr,nd->nr", inverse, likelihood.score(at, form.sigma))
        return fixed, np.einsum("nerij,nr->neij", shifts, multipliers)

    def signed(self, pair: Array) -> Array:
        """Turn shocks, or else equations, so that the diagonal of B, or else of A, is positive.

        What shares a parameter is turned together, or not at all.
        """
        pair = pair.copy()
        known_b = self.known[1]
        lasting = np.full_like(known_b, np.nan) if self.lasting is None else self.lasting
        size = len(self.rows)
        free = [
            not np.nan_to_num(known_b[:, place]).any() and not np.nan_to_num(lasting[:, place]).any()
            for place in range(size)
        ]
        for group in self._linked(which=1, axis=1):
            if all(free[place] for place in group):
                down = _negative(pair[:, 1, :, group[0]], group[0])
                for place in group:
                    pair[down, 1, :, place] *= -1.0
        for group in self._linked(which=0, axis=0):
            if not any(free[place] or self._pinned(place) for place in group):
                down = _negative(pair[:, 0, group[0]], group[0])
                for place in group:
                    pair[down, 0, place] *= -1.0
        # Turning a zero makes it minus zero.
        return pair + 0.0

    def _pinned(self, place: int) -> bool:
        """Whether an equation of A cannot be turned: an entry is known, or B has more than the diagonal in it."""
        known_a, known_b = self.known
        beside = np.delete(np.arange(len(self.rows)), place)
        return bool(np.nan_to_num(known_a[place]).any() or known_b[beside, place].any() or known_b[place, beside].any())

    def _linked(self, which: int, axis: int) -> list[list[int]]:
        """Columns of B (or rows of A) in groups that share parameters; without those that share with the other."""
        groups = [{place} for place in range(len(self.rows))]
        across: set[int] = set()
        for entries in self.parameters:
            own = {row if axis == 0 else column for matrix, row, column, _ in entries if matrix == which}
            if not own:
                continue
            if any(matrix != which for matrix, *_ in entries):
                across |= own
            joined = [group for group in groups if group & own]
            groups = [group for group in groups if not group & own] + [set().union(*joined)]
        return sorted(sorted(group) for group in groups if not group & across)

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
    return own < 0.0
