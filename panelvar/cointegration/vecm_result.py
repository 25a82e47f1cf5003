"""A fitted vector error-correction model, and tests of its relations and of the reactions to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from panelvar.base.errors import SpecificationError
from panelvar.base.labels import listed
from panelvar.cointegration.relation_test import RelationTest, relation_test
from panelvar.cointegration.vecm_estimates import VecmEstimates
from panelvar.identification.scheme import position, variables_of
from panelvar.tables.test_result import TestResult
from panelvar.var_models.exclusion import wald_of_convention

if TYPE_CHECKING:
    from panelvar.tables.table import Table


@dataclass(frozen=True, init=False, eq=False, repr=False)
class VecmResult(VecmEstimates):
    r"""A vector error-correction model of a rank, estimated by maximum likelihood; made by `fit_vecm`.

    .. math:: \Delta y_t = \alpha\beta' z_{t-1} + \sum_{j=1}^{p-1} \Gamma_j \Delta y_{t-j} + \Phi d_t + u_t

    It is a `VarResult` of the **levels**: `params`, `coefficients`, `roots`, responses, decompositions, forecasts and
    their bands are those of the vector autoregression that the model implies, which has K - r roots of one. Bootstraps
    estimate the relations again in every draw, at the same rank; delta-method and coefficient errors take them as
    known, since they converge faster than the rest (Luetkepohl 2005, corollary 7.2.1).

    Parameters
    ----------
    problem : VecmProblem
    data, periods, terms, convention, notes
        As in `VarResult`; the terms are those of the levels model.
    case : str
        Deterministic case: "n", "rc", "c", "rt" or "ct".
    relation_names : tuple of str
        Rows of `beta`: the variables, then "const" or "trend" where that is confined to the relations.
    normalised_on : tuple of str or None
        Variables whose coefficients in the relations are an identity matrix; None for :math:`\beta'S_{11}\beta = I`.
    """

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
        names = [
            list(self.names) if given is None else variables_of(self.names, option, given)
            for option, given in (("equations", equations), ("variables", variables))
        ]
        chosen = list(range(1, self.lags)) if lags is None else np.atleast_1d(lags).tolist()
        if not chosen or any(lag not in range(1, self.lags) for lag in chosen):
            raise SpecificationError(
                f"lags={lags!r}: a model of {self.lags} lag(s) of the levels has {self.lags - 1} lagged difference(s)."
            )
        first = len(self.short_run_names) - (self.lags - 1) * self.n_vars
        rows = [first + (lag - 1) * self.n_vars + position(self.names, name) for lag in chosen for name in names[1]]
        columns = [position(self.names, name) for name in names[0]]
        sigma = self._covariance(self.problem, self.convention.coefficient_sigma)
        spread = np.linalg.qr(self._conditional[1][rows].T)[1]
        gap = np.linalg.solve(spread.T, self._conditional[0][np.ix_(rows, columns)])
        white = np.linalg.solve(np.linalg.cholesky(sigma[np.ix_(columns, columns)]), gap.T)
        value, count = float((white**2).sum()), len(rows) * len(columns)
        null = (
            f"lagged differences {chosen} of {', '.join(names[1])} absent from the equations of {', '.join(names[0])}"
        )
        return wald_of_convention("Exclusion of lags", value, count, null, self.convention, self.df_resid, self.n_vars)

    def lag_exclusion_tests(self) -> NoReturn:
        """Lags of levels cannot go one by one in an error-correction model."""
        raise SpecificationError(
            "Lags of the levels cannot be left out one by one in an error-correction model: exclusion_test(lags=) "
            "tests lagged differences, select_lags the order."
        )

    def granger_causality(self, caused: str | Sequence[str], causing: str | Sequence[str]) -> NoReturn:
        """The Wald test of levels has no chi-squared distribution here in general (Toda and Phillips 1993)."""
        raise SpecificationError(
            f"Whether {causing!r} Granger-causes {caused!r} concerns products of alpha and beta beside the lagged "
            "differences, and the Wald test then has no chi-squared distribution in general (Toda and Phillips 1993): "
            "use toda_yamamoto_test, which needs no rank. exclusion_test tests the lagged differences, "
            "weak_exogeneity_test the reactions."
        )

    def wald_test(self, restrictions: Any, values: Any = None) -> NoReturn:
        """Coefficients of levels have a singular limiting distribution here: no chi-squared test in general."""
        raise SpecificationError(
            "Coefficients of the levels are functions of alpha and beta, and a Wald test of them has no chi-squared "
            "distribution in general: use restriction_test for relations, weak_exogeneity_test for reactions, "
            "exclusion_test for lagged differences."
        )

    def lincom(self, expression: str, *, level: float = 0.95) -> NoReturn:
        """Coefficients of levels have a singular limiting distribution here: no standard error in general."""
        raise SpecificationError(
            "Coefficients of the levels are functions of alpha and beta: see alpha_std_errors and beta_std_errors."
        )

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
