"""A fitted vector error-correction model, and tests of its relations and of the reactions to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from panelvar.base.labels import listed
from panelvar.cointegration.relation_test import RelationTest, relation_test
from panelvar.cointegration.vecm_estimates import VecmEstimates
from panelvar.dynamics.lag_problem import kronecker_wald
from panelvar.identification.scheme import position, variables_of
from panelvar.tables.test_result import TestResult
from panelvar.var_models.exclusion import lags_hypothesis

if TYPE_CHECKING:
    from panelvar.tables.table import Table


# What a vector autoregression has and its levels do not: asked for, this is the answer.
_NOT_OFFERED = {
    "with_cov": "Robust errors of an error-correction model are not offered: see MovingBlockBootstrap.",
    "lag_exclusion_tests": (
        "Lags of the levels cannot be left out one by one in an error-correction model: exclusion_test(lags=) tests "
        "lagged differences, select_lags the order."
    ),
    "granger_causality": (
        "Whether one variable Granger-causes another concerns products of alpha and beta beside the lagged "
        "differences, and the Wald test then has no chi-squared distribution in general (Toda and Phillips 1993): use "
        "toda_yamamoto_test, which needs no rank. exclusion_test tests the lagged differences, "
        "weak_exogeneity_test the reactions."
    ),
    "wald_test": (
        "Coefficients of the levels are functions of alpha and beta, and a Wald test of them has no chi-squared "
        "distribution in general: use restriction_test for relations, weak_exogeneity_test for reactions, "
        "exclusion_test for lagged differences."
    ),
    "lincom": "Coefficients of the levels are functions of alpha and beta: see alpha_std_errors and beta_std_errors.",
}


@dataclass(frozen=True, init=False, eq=False, repr=False)
class VecmResult(VecmEstimates):
    r"""A vector error-correction model of a rank, estimated by maximum likelihood; made by `fit_vecm`.

    .. math:: \Delta y_t = \alpha\beta' z_{t-1} + \sum_{j=1}^{p-1} \Gamma_j \Delta y_{t-j} + \Phi d_t + u_t

    It is a `FittedSystem` of the **levels**: `params`, `coefficients`, `roots`, responses, decompositions, forecasts
    and their bands are those of the vector autoregression that the model implies, which has K - r roots of one.
    Bootstraps estimate the relations again in every draw, at the same rank; delta-method and coefficient errors take
    them as known, since they converge faster than the rest (Luetkepohl 2005, corollary 7.2.1).

    Parameters
    ----------
    problem : VecmProblem
    data, periods, terms, convention, notes
        As in `FittedSystem`; the terms are those of the levels model.
    case : str
        Deterministic case: "n", "rc", "c", "rt" or "ct".
    relation_names : tuple of str
        Rows of `beta`: the variables, then "const" or "trend" where that is confined to the relations.
    normalised_on : tuple of str or None
        Variables whose coefficients in the relations are an identity matrix; None for :math:`\beta'S_{11}\beta = I`.
    """

    _not_offered: ClassVar[Mapping[str, str]] = _NOT_OFFERED

    # Tests

    def restriction_test(self, *, beta: Any = None, alpha: Any = None, known: Any = None) -> RelationTest:
        r"""Likelihood-ratio test of restrictions on the relations, on the reactions to them, or of known relations.

        Parameters
        ----------
        beta : str, sequence of str, or array (c, q), optional
            Restrictions that **every** relation obeys: ``"lrm + lry = 0, trend = 0"``, or R with
            :math:`R\beta = 0`; r c degrees of freedom (Johansen 1995, section 7.2.1; :math:`\beta = H\varphi`).
        alpha : str, sequence of str, or array (c, K), optional
            Restrictions on the reactions: ``"ibo = 0"`` says that the bond rate does not react to any relation, and R
            that :math:`R\alpha = 0`; r c degrees of freedom (section 8.2; :math:`\alpha = A\psi`).
        known : mapping, sequence of mappings, or array (q, k), optional
            Relations known beforehand, ``{"ibo": 1, "ide": -1}``; the others, if any, are free: k (q - r) degrees of
            freedom (section 7.2.2). One variable alone, ``{"ibo": 1}``, is the hypothesis that it is stationary.

        Returns
        -------
        RelationTest
            Chi-squared, with the restricted estimates. In small samples it rejects too often.

        Raises
        ------
        SpecificationError
            Nothing restricted, unknown names, restrictions that leave too little.
        """
        on = None if self.normalised_on is None else [self.names.index(name) for name in self.normalised_on]
        return relation_test(self.problem, self.names, self.relation_names, on, beta, alpha, known)

    def weak_exogeneity_test(self, variables: str | Sequence[str]) -> RelationTest:
        """Likelihood-ratio test that variables do not react to any relation: their rows of alpha are zero.

        Such variables push the others and are not pulled back themselves; relations may then be estimated without
        their equations (Johansen 1995, section 8.2).

        Parameters
        ----------
        variables : str or sequence of str
            Those whose speeds of adjustment are zero under the null.
        """
        chosen = variables_of(self.names, "variables", variables)
        matrix = np.zeros((len(chosen), self.n_vars))
        for row, name in enumerate(chosen):
            matrix[row, position(self.names, name)] = 1.0
        test = self.restriction_test(alpha=matrix)
        return RelationTest(
            "Weak exogeneity",
            test.statistic,
            test.pvalue,
            test.distribution,
            test.df,
            None,
            f"{', '.join(chosen)} {'does' if len(chosen) == 1 else 'do'} not react to the relation(s)",
            eigenvalues=test.eigenvalues,
            beta=test.beta,
            alpha=test.alpha,
        )

    def exclusion_test(
        self,
        *,
        equations: str | Sequence[str] | None = None,
        variables: str | Sequence[str] | None = None,
        lags: int | Sequence[int] | None = None,
    ) -> TestResult:
        """Wald test that lagged differences are absent from equations, the relations taken as known.

        Parameters
        ----------
        equations, variables : str or sequence of str, optional
            All by default.
        lags : int or sequence of int, optional
            Lags of the differences, 1 to p - 1; all by default.

        Returns
        -------
        TestResult
            F or chi-squared, as the convention says. It is about the short run alone: variables may matter through the
            relations all the same.
        """
        longest = self.lags - 1
        expected = f"a model of {self.lags} lag(s) of the levels has {longest} lagged difference(s)"
        tested = lags_hypothesis(self.names, longest, equations, variables, lags, "lagged difference", expected)
        first = len(self.short_run_names) - longest * self.n_vars
        rows, columns = tested.regressors(self.names, first), tested.columns(self.names)
        params, spread = self._conditional
        wald = kronecker_wald(params[np.ix_(rows, columns)], spread[rows], self._error_sigma[np.ix_(columns, columns)])
        return tested.result(wald, len(rows) * len(columns), self.problem, self.convention)

    # Presentation

    def _in_short(self) -> str:
        return (
            f"Error-correction model of {listed(self.names)}: rank {self.rank}, {self.lags} lag(s) of the levels, case "
            f"{self.case!r}; n = {self.nobs}"
        )

    def summary(self, **options: Any) -> Table:
        """Render relations and equations as a table; options as in `panelvar.cointegration.summary.vecm_table`."""
        from panelvar.cointegration.summary import vecm_table

        return vecm_table(self, **options)
