"""Relations of an error-correction model as arrays: normalised, with errors, and the equations given them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from panelvar.core.base.arguments import read_names
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import NumericalError, SpecificationError, choose
from panelvar.core.base.quoting import shown
from panelvar.kernels.dynamics.unit_free_solves import lower_solve
from panelvar.nonstationary.cointegration.vecm_problem import VecmProblem
from panelvar.systems.responses.shocks import positive_factor

CANONICAL = "canonical"


@dataclass(frozen=True, eq=False)
class Relations:
    """The relations of a problem, normalised: what `VecmResult` shows with labels.

    Parameters
    ----------
    problem : VecmProblem
    sigma : array (K, K)
        Residual covariance behind the errors of the relations.
    names : tuple of str
        Variables.
    normalised_on : tuple of str or None
        Those whose coefficients are an identity matrix; None for the canonical normalisation.
    """

    problem: VecmProblem
    sigma: Array
    names: tuple[str, ...]
    normalised_on: tuple[str, ...] | None

    @property
    def fixed(self) -> list[int] | None:
        """Places of the variables that are normalised on."""
        return None if self.normalised_on is None else [self.names.index(name) for name in self.normalised_on]

    @property
    def labels(self) -> list[str]:
        """Names of the relations, "ec1", ..., "ecr"."""
        return [f"ec{place + 1}" for place in range(self.problem.rank)]

    @cached_property
    def beta(self) -> Array:
        """Coefficients (q, r).

        Raises
        ------
        NumericalError
            The variables do not tell the relations apart.
        """
        vectors = self.problem.vectors[:, : self.problem.rank]
        fixed = self.fixed
        if fixed is None or self.problem.rank == 0:
            return vectors
        square = vectors[fixed]
        # Units must not decide: each row is compared with the size that its variable's coefficients can have.
        sizes = np.linalg.norm(self.problem.vectors, axis=1)[fixed]
        if np.linalg.cond(square / sizes[:, None]) > 1e8:
            raise NumericalError(
                f"The relations cannot be normalised on {list(self.normalised_on or ())}, because the coefficients of "
                "these variables are zero or linearly dependent. Give normalise= other variables, or 'canonical'."
            )
        scaled = np.asarray(np.linalg.solve(square.T, vectors.T).T, dtype=np.float64)
        scaled[fixed] = np.eye(self.problem.rank)
        return scaled

    @cached_property
    def beta_errors(self) -> Array:
        """Standard errors of `beta`, zero where it is normalised.

        Raises
        ------
        SpecificationError
            The normalisation is the canonical one, under which there are none.
        """
        fixed = self.fixed
        if fixed is None:
            raise SpecificationError(
                "Relations normalised by their variance have no standard errors. Normalise them on variables, "
                "with normalise=."
            )
        errors = np.zeros(self.beta.shape)
        free = [row for row in range(self.problem.n_levels) if row not in fixed]
        if free and self.problem.rank:
            spread, root = self._roots(free)
            errors[free] = np.sqrt((spread**2).sum(axis=1))[:, None] * np.sqrt((root**2).sum(axis=1))
        return errors

    def _roots(self, free: list[int]) -> tuple[Array, Array]:
        r"""Roots of :math:`(R_f'R_f)^{-1}` and of :math:`(\alpha'\Sigma^{-1}\alpha)^{-1}`, f the free rows of beta."""
        upper = np.linalg.qr(self.problem.blocks[0][:, free])[1]
        white = lower_solve(positive_factor(self.sigma), self.alpha)
        return (
            np.linalg.solve(upper, np.eye(len(free))),
            np.linalg.solve(np.linalg.qr(white)[1], np.eye(self.problem.rank)),
        )

    def free_rows(self, free: list[int]) -> tuple[Array, Array]:
        """Coefficients of some rows of `beta`, relation by relation, (r f,), and their covariance."""
        spread, root = self._roots(free)
        return self.beta[free].T.ravel(), np.asarray(np.kron(root @ root.T, spread @ spread.T), dtype=np.float64)

    @cached_property
    def conditional(self) -> tuple[Array, Array]:
        """Coefficients [ec, terms, differences] (r + short, K), and a root of the inverse moments in this order."""
        params, spread = self.problem.conditional(self.beta)
        short = self.problem.n_short
        order = [*range(short, short + self.problem.rank), *range(short)]
        return params[order], spread[order]

    @property
    def in_levels(self) -> Array:
        """What takes coefficients of `conditional` to those of the levels, (m, r + short), of each equation."""
        short, coordinates = self.problem.n_short, self.problem.coordinates
        return np.concatenate([coordinates[:, short:] @ self.beta, coordinates[:, :short]], axis=1)

    def influence(self) -> tuple[Array, Array]:
        """What each row adds to the coefficients of `conditional`, equation by equation; and its leverage."""
        short, m = self.problem.n_short, self.problem.n_regressors
        rows = self.problem.difference_rows
        regressors = np.concatenate([rows[:, short:m] @ self.beta, rows[:, :short]], axis=1)
        whitened = regressors @ self.conditional[1]
        moved = whitened @ self.conditional[1].T
        influence = (self.problem.residuals[:, :, None] * moved[:, None, :]).reshape(len(rows), -1)
        return influence, np.einsum("ij,ij->i", whitened, whitened)

    @property
    def alpha(self) -> Array:
        """Reactions (K, r)."""
        return self.conditional[0][: self.problem.rank].T

    @property
    def first_difference(self) -> int:
        """Row of `conditional` at which the lagged differences begin."""
        return len(self.conditional[0]) - (self.problem.lags - 1) * self.problem.n_vars

    def conditional_errors(self, sigma: Array) -> Array:
        """Standard errors of the coefficients of `conditional`, the relations taken as known."""
        spread = (self.conditional[1] ** 2).sum(axis=1)
        return np.sqrt(np.outer(spread, sigma.diagonal()))


def check_normalisation(normalise: Any, names: tuple[str, ...], rank: int) -> tuple[str, ...] | None:
    """Variables that the relations are normalised on, or None for the canonical normalisation."""
    if normalise is None:
        return names[:rank]
    chosen = read_names("normalise", normalise, "names of variables")
    if chosen == (CANONICAL,) and CANONICAL not in names:
        return None
    for name in chosen:
        choose("normalise", name, (*names, CANONICAL))
    if len(chosen) != rank or len(set(chosen)) != rank:
        raise SpecificationError(
            f"normalise={shown(normalise)}: expected {count_of(rank, 'variable', 'different variables')}, one for each "
            "relation."
        )
    return chosen
