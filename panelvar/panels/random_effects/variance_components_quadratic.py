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
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, SpecificationError
from panelvar.data.formulas.design import Design
from panelvar.kernels.absorption.crossed_effects import Crossing
from panelvar.kernels.linear.columns import Column
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.moments import PanelMoments
from panelvar.kernels.linear.qr import Solution, solve, triangularize


class Variances(NamedTuple):
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


class Levels:
    """Level means of centred columns for one or two effects, and sums of one effect's table over the other.

    Parameters
    ----------
    columns : sequence of (n,) arrays
        Regressors and, last, the dependent variable.
    groupings : sequence of one or two Grouping
        A pair of levels meets at most once.
    centre : (k + 1,) array
        Subtracted from the means: the grand means of a model with a constant, zeros without.
    crossing : Crossing or None
        How two groupings meet; None with one.
    means : sequence of (G_d, k + 1) arrays, optional
        The means before anything is subtracted, if they are known already.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        groupings: Sequence[Grouping],
        centre: Array,
        crossing: Crossing | None = None,
        means: Sequence[Array] | None = None,
    ) -> None:
        self.groupings = tuple(groupings)
        self.n_rows = len(columns[0])
        self.masses = tuple(g.sizes.astype(np.float64) for g in groupings)
        raw = [g.means_of(columns) for g in groupings] if means is None else means
        self.means = tuple(own - centre for own in raw)
        self._crossing = crossing

    def sums(self, j: int, table: Array, d: int) -> Array:
        """Sum a table of effect ``j``, given to every row, over the levels of effect ``d``: (G_d, k)."""
        if j == d or self._crossing is None:
            return self.masses[d][:, None] * table
        cross = self._crossing.system.cross
        out: Array = cross @ table if (j == 0) == self._crossing.swapped else cross.T @ table
        return out

    def met(self, j: int, d: int) -> float:
        """Return the trace of ``P_j D_d D_d'``: the rows if j is d, else the levels of j."""
        return float(self.n_rows if j == d else self.groupings[j].n_groups)

    def squares(self, direction: Array) -> list[float]:
        """Weighted sum of squares over each effect's levels of the means of a combination of columns."""
        pairs = zip(self.masses, self.means, strict=True)
        return [float(mass @ (means @ direction) ** 2) for mass, means in pairs]

    def is_balanced(self) -> bool:
        """Whether all levels have the same number of rows (one effect), or every pair of levels meets (two effects)."""
        if len(self.masses) == 2:
            return len(self.masses[0]) * len(self.masses[1]) == self.n_rows
        return bool((self.masses[0] == self.masses[0][0]).all())


def _solved(matrix: Array, forms: Array, df_within: int, df_between: Sequence[int]) -> Variances:
    """Solve the equations that have degrees of freedom; the variance of an effect that has none is NaN."""
    effects = np.full(len(forms) - 1, np.nan)
    if df_within <= 0:
        return Variances(float("nan"), effects, df_within, tuple(df_between))
    used = [0, *(d + 1 for d, df in enumerate(df_between) if df > 0)]
    found = np.linalg.solve(matrix[np.ix_(used, used)], forms[used])
    effects[[i - 1 for i in used[1:]]] = found[1:]
    return Variances(float(found[0]), effects, df_within, tuple(df_between))


def _textbook(levels: Levels, rank: int) -> Array:
    r"""Denominators of a balanced panel that count effects but no coefficients.

    ``e'Qe`` over ``n - rank`` (N(T - 1) one way, (N - 1)(T - 1) two way) and ``e'P_d e`` over the levels of d (Wallace
    and Hussain 1969, Amemiya 1971; Baltagi 2013).
    """
    effects = len(levels.groupings)
    matrix = np.zeros((effects + 1, effects + 1))
    matrix[0, 0] = levels.n_rows - rank
    for d, grouping in enumerate(levels.groupings):
        matrix[d + 1, 0], matrix[d + 1, d + 1] = grouping.n_groups, levels.n_rows
    return matrix


def swamy_arora_quadratic(
    levels: Levels, within: Solution, rank: int, raw_norms: Array, *, constant: bool
) -> Variances:
    r"""Swamy and Arora (1972): the within regression, and the between regression of each effect weighted by level size.

    Unbalanced as Baltagi and Chang (1994), two-way as in plm: :math:`E[SSR_{B,j}] = (G_j - k_j)\sigma_\varepsilon^2 +
    \sum_d \sigma_d^2 (\mathrm{tr}(P_j D_d D_d') - \mathrm{tr}[(Z'P_jZ)^{-1} Z'P_j D_d D_d' P_j Z])`.

    Parameters
    ----------
    levels : Levels
    within : Solution
        The regression with all effects absorbed.
    rank : int
        Rank of the absorbed effects.
    raw_norms : (k,) array
        Norms of the untransformed regressors.
    constant : bool
        Whether the model has a constant.
    """
    effects = len(levels.groupings)
    n = levels.n_rows
    df_within = n - rank - len(within.kept)
    matrix, forms = np.zeros((effects + 1,) * 2), np.zeros(effects + 1)
    matrix[0, 0], forms[0] = df_within, within.rss
    df_between = []
    for j, mass in enumerate(levels.masses):
        between = solve(triangularize(np.asfortranarray(np.sqrt(mass)[:, None] * levels.means[j])), raw_norms)
        df_between.append(levels.groupings[j].n_groups - len(between.kept) - int(constant))
        matrix[j + 1, 0], forms[j + 1] = df_between[j], between.rss
        for d in range(effects):
            explained = levels.sums(j, levels.means[j][:, between.kept], d) @ between.inverse_r
            trace = float(np.square(explained).sum())
            if constant:
                trace += float(levels.masses[d] @ levels.masses[d]) / n
            matrix[j + 1, d + 1] = levels.met(j, d) - trace
    return _solved(matrix, forms, df_within, df_between)


def wallace_hussain(
    levels: Levels, within_triangle: Array, pooled: Solution, rank: int, *, constant: bool
) -> Variances:
    r"""Wallace and Hussain (1969): the quadratic forms of pooled OLS residuals.

    On a balanced panel the denominators count effects only (the textbook's and plm's); on an unbalanced one they are
    the exact traces, with :math:`H = (Z'Z)^{-1}Z'` (Baltagi and Chang 1994; plm).
    Use it when some entities have a single row and the within regression says little.

    Parameters
    ----------
    levels : Levels
    within_triangle : (k + 1, k + 1) array
        R of ``[X, y]`` with all effects taken out.
    pooled : Solution
        Pooled OLS.
    rank : int
        Rank of the absorbed effects.
    constant : bool
        Whether the model has a constant.
    """
    effects = len(levels.groupings)
    n, kept, root = levels.n_rows, pooled.kept, pooled.inverse_r
    direction = np.append(-pooled.coefficients, 1.0)
    forms = np.array([float(np.square(within_triangle @ direction).sum()), *levels.squares(direction)])
    p = len(kept) + int(constant)
    df_within = n - rank
    df_between = [g.n_groups - int(constant) for g in levels.groupings]
    if levels.is_balanced():
        return _solved(_textbook(levels, rank), forms, df_within, df_between)
    # In the basis Z inverse_r the cross product is the identity, so H is its transpose.
    within_basis = within_triangle[:, kept] @ root
    bases = [_with_constant(means[:, kept] @ root, n, constant) for means in levels.means]
    mapped = [mass[:, None] * basis for mass, basis in zip(levels.masses, bases, strict=True)]
    squares = [m.T @ m for m in mapped]
    matrix = np.zeros((effects + 1,) * 2)
    gram = np.zeros((p, p))
    gram[p - len(kept) :, p - len(kept) :] = within_basis.T @ within_basis
    matrix[0, 0] = n - rank - np.trace(gram)
    for d in range(effects):
        matrix[0, d + 1] = np.sum(gram * squares[d])
    for j, mass in enumerate(levels.masses):
        gram = bases[j].T @ (mass[:, None] * bases[j])
        matrix[j + 1, 0] = levels.groupings[j].n_groups - np.trace(gram)
        for d in range(effects):
            crossed = np.sum(mapped[d] * levels.sums(j, bases[j], d))
            matrix[j + 1, d + 1] = levels.met(j, d) - 2.0 * crossed + np.sum(gram * squares[d])
    return _solved(matrix, forms, df_within, df_between)


def amemiya(levels: Levels, within: Solution, rank: int, *, constant: bool) -> Variances:
    r"""Amemiya (1971): the quadratic forms of :math:`y - X\hat\beta_W - \hat c`, within coefficients.

    On a balanced panel the denominators count effects only (plm); on an unbalanced one they are the exact traces (plm),
    in which :math:`(\tilde X'\tilde X)^{-1}` of the within regression enters the between forms. Every regressor must
    vary within all effects; otherwise the residual would hold its contribution.

    Parameters
    ----------
    levels : Levels
    within : Solution
        The regression with all effects absorbed.
    rank : int
        Rank of the absorbed effects.
    constant : bool
        Whether the model has a constant.
    """
    effects = len(levels.groupings)
    n, kept = levels.n_rows, within.kept
    direction = np.append(-within.coefficients, 1.0)
    forms = np.array([within.rss, *levels.squares(direction)])
    balanced = levels.is_balanced()
    df_within = n - rank - (0 if balanced else len(kept))
    df_between = [g.n_groups - int(constant) for g in levels.groupings]
    if balanced:
        return _solved(_textbook(levels, rank), forms, df_within, df_between)
    matrix = np.zeros((effects + 1,) * 2)
    matrix[0, 0] = df_within
    for j, mass in enumerate(levels.masses):
        spread = np.sqrt(mass)[:, None] * levels.means[j][:, kept] @ within.inverse_r
        matrix[j + 1, 0] = df_between[j] + float(np.square(spread).sum())
        for d in range(effects):
            centred = float(levels.masses[d] @ levels.masses[d]) / n if constant else 0.0
            matrix[j + 1, d + 1] = levels.met(j, d) - centred
    return _solved(matrix, forms, df_within, df_between)


def nerlove(levels: Levels, within: Solution, tables: Sequence[Array], rank: int, *, by_rows: bool) -> Variances:
    r"""Nerlove (1971): the within RSS over n, and the sample variance of the estimated fixed effects.

    :math:`\hat\sigma_\mu^2 = \sum_i(\hat a_i - \bar a)^2/(G-1)` (Baltagi 2013; gretl), or by rows
    :math:`\frac{G}{G-1}\sum_i \frac{T_i}{n}(\hat a_i - \bar a)^2` with :math:`\bar a` the mean over rows (plm); equal
    when balanced. Never negative, and biased upwards by the noise of the estimated effects.

    Parameters
    ----------
    levels : Levels
    within : Solution
        The regression with all effects absorbed.
    tables : sequence of (G_d, k + 1) arrays
        The level tables that it subtracts.
    rank : int
        Rank of the absorbed effects.
    by_rows : bool
        Weight each level by its rows.
    """
    direction = np.append(-within.coefficients, 1.0)
    n = levels.n_rows
    effects = []
    for mass, table in zip(levels.masses, tables, strict=True):
        level = table @ direction
        groups = len(level)
        share = mass / n if by_rows else np.full(groups, 1.0 / groups)
        effects.append(float(share @ (level - share @ level) ** 2) * groups / (groups - 1))
    df_within = n - rank - len(within.kept)
    idiosyncratic = within.rss / n if df_within > 0 else float("nan")
    return Variances(idiosyncratic, np.array(effects), df_within, tuple(len(m) - 1 for m in levels.masses))


def from_residuals(
    method: str,
    design: Design,
    levels: Levels,
    within_triangle: Array,
    within: Solution,
    pooled: Solution,
    tables: Sequence[Array],
    rank: int,
    label: str,
    by_rows: bool,
) -> tuple[Variances, list[Note]]:
    """Estimate by Wallace and Hussain, Amemiya or Nerlove; the last two need regressors that vary within ``label``."""
    constant = design.constant
    if method == "wallace-hussain":
        return wallace_hussain(levels, within_triangle, pooled, rank, constant=constant), []
    names = ", ".join(repr(design.names[i]) for i in np.setdiff1d(pooled.kept, within.kept))
    if method == "nerlove":
        text = (
            f"Regressors that do not vary within {label} ({names}) contribute to the fixed effects whose variance "
            "Nerlove's method takes, so the variance of the effect is too large."
        )
        notes = [Note("nerlove-time-invariant", text, warn=True)] if names else []
        return nerlove(levels, within, tables, rank, by_rows=by_rows), notes
    if names:
        raise SpecificationError(
            f"Amemiya's components need regressors that vary within {label}, and {names} would add their whole "
            "contribution to the residuals. Use variance_components='swamy-arora' or 'wallace-hussain'."
        )
    return amemiya(levels, within, rank, constant=constant), []


def _with_constant(basis: Array, n_rows: int, constant: bool) -> Array:
    """Put the normalised constant first."""
    return np.column_stack((np.full(len(basis), n_rows**-0.5), basis)) if constant else basis


def pooled_solution(moments: PanelMoments, raw_norms: Array, *, constant: bool) -> Solution:
    """Return pooled OLS from panel moments."""
    centre = moments.centre()[0] if constant else None
    return solve(moments.triangle(0.0, centre=centre), raw_norms)
