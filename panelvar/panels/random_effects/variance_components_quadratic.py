r"""Variance components from quadratic forms of residuals, of one or two effects.

After Swamy and Arora (two-way; one-way is `panelvar.kernels.linear.variance_components`), Wallace and Hussain, Amemiya
and Nerlove. Quadratic forms of residuals :math:`e = (I - ZH)y` are set equal to their expectations, which are linear in
the variances: with :math:`Q` the projection off all dummies, :math:`P_d` the averaging matrix of effect d, :math:`D_d`
its dummies and :math:`A` any of :math:`Q, P_1, P_2`,

.. math:: E[e'Ae] = \sigma_\varepsilon^2\,\tau(I) + \sum_d \sigma_d^2\,\tau(D_d D_d'), \qquad
   \tau(V) = \mathrm{tr}(AV) - 2\,\mathrm{tr}(H V A Z) + \mathrm{tr}(Z'AZ\,HVH').

Each trace needs only sums by level (k numbers for each) and the table of how often two levels meet; no matrix has n
rows and n columns. See Baltagi and Chang (1994), J. Econometrics 62, 67-89 (one way), and Baltagi (2013).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, SpecificationError
from panelvar.data.formulas.design import Design
from panelvar.kernels.absorption.crossed_effects import Crossing
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.moments import PanelMoments
from panelvar.kernels.linear.qr import Solution, solve, triangularize


class ComponentEstimates(NamedTuple):
    """Solution of the moment equations.

    Attributes
    ----------
    idiosyncratic : float
        Variance of the idiosyncratic error; NaN without degrees of freedom.
    effects : (D,) array
        Variance of each effect before truncation at zero; NaN where no degrees of freedom identify it.
    df_within : int
        Degrees of freedom of the within regression.
    df_between : tuple of int
        The levels of each effect less the coefficients that its equation estimates.
    """

    idiosyncratic: float
    effects: Array
    df_within: int
    df_between: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class WithinRegression:
    """The regression that absorbs one or two effects, and the level means: what the quadratic forms are made of.

    Attributes
    ----------
    design : Design
    groupings : tuple of one or two Grouping
        A pair of levels meets at most once.
    means : sequence of (G_d, k + 1) arrays
        Level means of the regressors and, last, the dependent variable, less the grand means in a model with a
        constant.
    tables : sequence of (G_d, k + 1) arrays
        The level tables that the regression subtracts.
    rank : int
        Rank of the absorbed effects.
    raw_norms : (k,) array
        Norms of the untransformed regressors.
    triangle : (k + 1, k + 1) array
        R of ``[X, y]`` with all effects taken out.
    within : Solution
        The regression itself.
    pooled : Solution
        Pooled OLS.
    crossing : Crossing or None
        How two groupings meet; None with one.
    """

    design: Design
    groupings: tuple[Grouping, ...]
    means: Sequence[Array]
    tables: Sequence[Array]
    rank: int
    raw_norms: Array
    triangle: Array
    within: Solution
    pooled: Solution
    crossing: Crossing | None = None

    @cached_property
    def masses(self) -> tuple[Array, ...]:
        """Rows of each level, by effect."""
        return tuple(g.sizes.astype(np.float64) for g in self.groupings)

    @property
    def balanced(self) -> bool:
        """Whether all levels have the same number of rows (one effect), or every pair of levels meets (two effects)."""
        if len(self.masses) == 2:
            return len(self.masses[0]) * len(self.masses[1]) == self.design.nobs
        return bool((self.masses[0] == self.masses[0][0]).all())

    def sums(self, j: int, table: Array, d: int) -> Array:
        """Sum a table of effect ``j``, given to every row, over the levels of effect ``d``: (G_d, k)."""
        if j == d or self.crossing is None:
            return self.masses[d][:, None] * table
        cross = self.crossing.system.cross
        out: Array = cross @ table if (j == 0) == self.crossing.swapped else cross.T @ table
        return out

    def met(self, j: int, d: int) -> float:
        """Return the trace of ``P_j D_d D_d'``: the rows if j is d, else the levels of j."""
        return float(self.design.nobs if j == d else self.groupings[j].n_groups)

    def centred_mass(self, d: int) -> float:
        """Return the trace that the constant takes out of ``D_d D_d'``; zero in a model without one."""
        return float(self.masses[d] @ self.masses[d]) / self.design.nobs if self.design.constant else 0.0

    def forms(self, inside: float, direction: Array) -> Array:
        """A form within, and the weighted sums of squares over levels of the means of a combination of columns."""
        pairs = zip(self.masses, self.means, strict=True)
        return np.array([inside, *(float(mass @ (means @ direction) ** 2) for mass, means in pairs)])

    def solve_textbook(self, forms: Array) -> ComponentEstimates:
        r"""Solve with the denominators of a balanced panel, which count effects but no coefficients.

        ``e'Qe`` over ``n - rank`` (N(T - 1) one way, (N - 1)(T - 1) two way) and ``e'P_d e`` over the levels of d
        (Wallace and Hussain 1969, Amemiya 1971; Baltagi 2013).
        """
        df_within, n_groups = self.design.nobs - self.rank, [g.n_groups for g in self.groupings]
        matrix = np.diag([float(df_within), *(float(self.design.nobs) for _ in n_groups)])
        matrix[1:, 0] = n_groups
        return _solve_forms(matrix, forms, df_within, [count - int(self.design.constant) for count in n_groups])

    def swamy_arora(self) -> ComponentEstimates:
        r"""Swamy and Arora (1972): the within regression, and the between regression of each effect weighted by size.

        Unbalanced as Baltagi and Chang (1994), two-way as in plm: :math:`E[SSR_{B,j}] = (G_j - k_j)\sigma_\varepsilon^2
        + \sum_d \sigma_d^2 (\mathrm{tr}(P_j D_d D_d') - \mathrm{tr}[(Z'P_jZ)^{-1} Z'P_j D_d D_d' P_j Z])`.
        """
        effects = len(self.groupings)
        df_within = self.design.nobs - self.rank - len(self.within.kept)
        matrix, forms = np.zeros((effects + 1,) * 2), np.zeros(effects + 1)
        matrix[0, 0], forms[0] = df_within, self.within.rss
        df_between = []
        for j, mass in enumerate(self.masses):
            level_rows = np.sqrt(mass)[:, None] * self.means[j]
            between = solve(triangularize(np.asfortranarray(level_rows)), self.raw_norms)
            df_between.append(self.groupings[j].n_groups - len(between.kept) - int(self.design.constant))
            matrix[j + 1, 0], forms[j + 1] = df_between[j], between.rss
            for d in range(effects):
                explained = self.sums(j, self.means[j][:, between.kept], d) @ between.inverse_r
                matrix[j + 1, d + 1] = self.met(j, d) - (float(np.square(explained).sum()) + self.centred_mass(d))
        return _solve_forms(matrix, forms, df_within, df_between)

    def wallace_hussain(self) -> ComponentEstimates:
        r"""Wallace and Hussain (1969): the quadratic forms of pooled OLS residuals.

        On a balanced panel the denominators count effects only (the textbook's and plm's); on an unbalanced one they
        are the exact traces, with :math:`H = (Z'Z)^{-1}Z'` (Baltagi and Chang 1994; plm). Use it when some entities
        have a single row and the within regression says little.
        """
        constant, effects = int(self.design.constant), len(self.groupings)
        n, kept, root = self.design.nobs, self.pooled.kept, self.pooled.inverse_r
        direction = np.append(-self.pooled.coefficients, 1.0)
        forms = self.forms(float(np.square(self.triangle @ direction).sum()), direction)
        if self.balanced:
            return self.solve_textbook(forms)
        # In the basis Z inverse_r the cross product is the identity, so H is its transpose.
        within_basis = self.triangle[:, kept] @ root
        bases = [means[:, kept] @ root for means in self.means]
        if constant:
            bases = [np.column_stack((np.full(len(basis), n**-0.5), basis)) for basis in bases]
        mapped = [mass[:, None] * basis for mass, basis in zip(self.masses, bases, strict=True)]
        squares = [m.T @ m for m in mapped]
        matrix = np.zeros((effects + 1,) * 2)
        gram = np.zeros((len(kept) + constant,) * 2)
        gram[constant:, constant:] = within_basis.T @ within_basis
        matrix[0, 0] = n - self.rank - np.trace(gram)
        matrix[0, 1:] = [np.sum(gram * square) for square in squares]
        for j, grouping in enumerate(self.groupings):
            gram = bases[j].T @ mapped[j]
            matrix[j + 1, 0] = grouping.n_groups - np.trace(gram)
            for d in range(effects):
                crossed = np.sum(mapped[d] * self.sums(j, bases[j], d))
                matrix[j + 1, d + 1] = self.met(j, d) - 2.0 * crossed + np.sum(gram * squares[d])
        return _solve_forms(matrix, forms, n - self.rank, [g.n_groups - constant for g in self.groupings])

    def amemiya(self) -> ComponentEstimates:
        r"""Amemiya (1971): the quadratic forms of :math:`y - X\hat\beta_W - \hat c`, within coefficients.

        On a balanced panel the denominators count effects only (plm); on an unbalanced one they are the exact traces
        (plm), in which :math:`(\tilde X'\tilde X)^{-1}` of the within regression enters the between forms. Every
        regressor must vary within all effects; otherwise the residual would hold its contribution.
        """
        within, effects = self.within, len(self.groupings)
        forms = self.forms(within.rss, np.append(-within.coefficients, 1.0))
        if self.balanced:
            return self.solve_textbook(forms)
        df_within = self.design.nobs - self.rank - len(within.kept)
        df_between = [g.n_groups - int(self.design.constant) for g in self.groupings]
        matrix = np.zeros((effects + 1,) * 2)
        matrix[0, 0] = df_within
        for j, mass in enumerate(self.masses):
            spread = np.sqrt(mass)[:, None] * self.means[j][:, within.kept] @ within.inverse_r
            matrix[j + 1, 0] = df_between[j] + float(np.square(spread).sum())
            matrix[j + 1, 1:] = [self.met(j, d) - self.centred_mass(d) for d in range(effects)]
        return _solve_forms(matrix, forms, df_within, df_between)

    def nerlove(self, *, by_rows: bool) -> ComponentEstimates:
        r"""Nerlove (1971): the within RSS over n, and the sample variance of the estimated fixed effects.

        :math:`\hat\sigma_\mu^2 = \sum_i(\hat a_i - \bar a)^2/(G-1)` (Baltagi 2013; gretl), or by rows
        :math:`\frac{G}{G-1}\sum_i \frac{T_i}{n}(\hat a_i - \bar a)^2` with :math:`\bar a` the mean over rows (plm);
        equal when balanced. Never negative, and biased upwards by the noise of the estimated effects.

        Parameters
        ----------
        by_rows : bool
            Weight each level by its rows.
        """
        direction, n = np.append(-self.within.coefficients, 1.0), self.design.nobs
        effects = []
        for mass, table in zip(self.masses, self.tables, strict=True):
            level, groups = table @ direction, len(mass)
            share = mass / n if by_rows else np.full(groups, 1.0 / groups)
            effects.append(float(share @ (level - share @ level) ** 2) * groups / (groups - 1))
        df_within = n - self.rank - len(self.within.kept)
        idiosyncratic = self.within.rss / n if df_within > 0 else float("nan")
        return ComponentEstimates(idiosyncratic, np.array(effects), df_within, tuple(len(m) - 1 for m in self.masses))

    def estimate(self, method: str, label: str, *, by_rows: bool) -> tuple[ComponentEstimates, list[Note]]:
        """Estimate by a method's name; Amemiya and Nerlove need regressors that vary within ``label``."""
        if method in ("swamy-arora", "baltagi-chang"):
            return self.swamy_arora(), []
        if method == "wallace-hussain":
            return self.wallace_hussain(), []
        names = ", ".join(repr(self.design.names[i]) for i in np.setdiff1d(self.pooled.kept, self.within.kept))
        if method == "nerlove":
            text = (
                f"Regressors that do not vary within {label} ({names}) contribute to the fixed effects whose variance "
                "Nerlove's method takes, so the variance of the effect is too large."
            )
            notes = [Note("nerlove-time-invariant", text, warn=True)] if names else []
            return self.nerlove(by_rows=by_rows), notes
        if names:
            raise SpecificationError(
                f"Amemiya's components need regressors that vary within {label}, and {names} would add their whole "
                "contribution to the residuals. Use variance_components='swamy-arora' or 'wallace-hussain'."
            )
        return self.amemiya(), []


def _solve_forms(matrix: Array, forms: Array, df_within: int, df_between: Sequence[int]) -> ComponentEstimates:
    """Solve the equations that have degrees of freedom; the variance of an effect that has none is NaN."""
    effects = np.full(len(forms) - 1, np.nan)
    if df_within <= 0:
        return ComponentEstimates(float("nan"), effects, df_within, tuple(df_between))
    used = [0, *(d + 1 for d, df in enumerate(df_between) if df > 0)]
    solved = np.linalg.solve(matrix[np.ix_(used, used)], forms[used])
    effects[[i - 1 for i in used[1:]]] = solved[1:]
    return ComponentEstimates(float(solved[0]), effects, df_within, tuple(df_between))


def pooled_solution(moments: PanelMoments, raw_norms: Array, *, constant: bool) -> Solution:
    """Return pooled OLS from panel moments."""
    centre = moments.centre()[0] if constant else None
    return solve(moments.triangle(0.0, centre=centre), raw_norms)
