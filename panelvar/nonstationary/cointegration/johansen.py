"""Johansen's likelihood-ratio tests of the rank of cointegration."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_generator, say_draws
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import Note, NumericalError, SpecificationError, check_level, choose, emit
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.bands.resampling import Recursive
from panelvar.kernels.dynamics import dynamics
from panelvar.nonstationary.cointegration.cases import CASES, Case, problem_at_rank
from panelvar.nonstationary.cointegration.johansen_result import CORRECTIONS, JohansenResult
from panelvar.nonstationary.cointegration.reduced_rank import likelihood_terms
from panelvar.systems.var.var import fit_var
from panelvar.systems.var.var_result import VarResult

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.data.panel.panel import Panel


# Below this share the statistics are visibly too large for their asymptotic distributions.
_SMALL = 0.9


@documented
def johansen_test(
    data: pd.DataFrame | npt.ArrayLike | Panel,
    columns: Sequence[Hashable] | None = None,
    *,
    lags: int | str,
    trend: str = "c",
    max_lags: int | None = None,
    seasons: int = 0,
    exogenous: Any = None,
    exogenous_lags: int = 0,
    missing: str = "drop",
    level: float = 0.95,
    correction: str | None = None,
    bootstrap: Recursive | None = None,
) -> JohansenResult:
    r"""Test how many stationary relations hold between variables with unit roots (Johansen 1988, 1991, 1995).

    In :math:`\Delta y_t = \Pi z_{t-1} + \sum_{j<p} \Gamma_j \Delta y_{t-j} + \Phi d_t + u_t` the rank of
    :math:`\Pi = \alpha\beta'` is the number of relations :math:`\beta'z_t`. With :math:`\lambda_1 > \dots > \lambda_K`
    the squared canonical correlations of :math:`\Delta y_t` and :math:`z_{t-1}`, both less their regression on the
    other terms, the tests of rank r against rank K and against rank r + 1 are

    .. math:: -n \sum_{i=r+1}^{K} \ln(1 - \lambda_i), \qquad -n \ln(1 - \lambda_{r+1}).

    Parameters
    ----------
    {data (system), columns (system)}
    lags : int or {"aic", "bic", "hqic", "fpe", "lr"}
        **Lags of the model of the levels**, p: the error-correction form has p - 1 lagged differences. R's urca counts
        in the same way (``K``, 2 or more), as do Stata and gretl; statsmodels (``k_ar_diff``) and EViews count lagged
        differences, p - 1. A criterion chooses among models of the levels.
    {trend (cointegration), max_lags (system), seasons, exogenous, exogenous_lags, missing (system)}
    level : float
        One less the size of the tests that choose `JohansenResult.rank`.
    correction : {"reinsel-ahn", "doornik"} or None
        For small samples: statistics times (n - pK) / n (Reinsel and Ahn 1992); or, for the trace tests, distributions
        of samples of n - m rows, m being the coefficients of an equation (Doornik 1998; gretl's "corrected for sample
        size").
    bootstrap : ResidualBootstrap, RecursiveWildBootstrap, MovingBlockBootstrap or ParametricBootstrap, optional
        P-values from data sets of the same length generated under each null, from the estimates at that rank
        (Cavaliere, Rahbek and Taylor 2012; wild: 2014). Exogenous variables are taken as they are.

    Returns
    -------
    JohansenResult
        P-values by the gamma approximation of Doornik (1998), or of the bootstrap.

    Raises
    ------
    SpecificationError
        There is one variable only, or the case is unknown.
    InsufficientDataError, CollinearityError
        As `fit_var`, of the model of the levels.
    NumericalError
        A combination of the variables is an exact function of their past.

    See Also
    --------
    fit_vecm : the relations at a rank, with errors.
    engle_granger_test : one relation, by residuals.
    johansen_fisher_test : many entities.

    Notes
    -----
    The distributions hold for variables integrated of order at most one, with enough lags that errors are not
    correlated. Seasonal dummies, centred as they are here, do not change the distributions. Exogenous variables do, and
    a note says so. In small samples the tests reject a true null too often; ``correction=`` and ``bootstrap=`` repair
    the size, not the low power.

    References
    ----------
    Johansen, S. (1995). *Likelihood-Based Inference in Cointegrated Vector Autoregressive Models*, chapter 6.

    Doornik, J. A. (1998). Approximations to the asymptotic distributions of cointegration tests. *Journal of Economic
    Surveys* 12, 573-593.

    Cavaliere, G., Rahbek, A. and Taylor, A. M. R. (2012). Bootstrap determination of the co-integration rank in vector
    autoregressive models. *Econometrica* 80, 1721-1740.

    Examples
    --------
    >>> import panelvar as pv
    >>> money = pv.load_data("danish_money")[["lrm", "lry", "ibo", "ide"]]
    >>> test = pv.johansen_test(money, lags=2, trend="rc", seasons=4, correction="doornik")
    >>> test.trace.round(2).tolist(), test.rank
    ([49.14, 19.06, 8.69, 2.35], 0)
    """
    check_level(level)
    case = CASES[choose("trend", trend, CASES)]
    if correction is not None:
        choose("correction", correction, tuple(CORRECTIONS))
    if bootstrap is not None:
        if not isinstance(bootstrap, Recursive):
            raise SpecificationError(
                f"bootstrap={shown(bootstrap)}: expected an object such as ResidualBootstrap(draws=999)."
            )
        if correction is not None:
            raise SpecificationError(
                "Leave out correction= when you give bootstrap=. The bootstrap needs no correction, because its "
                "data sets are as short as the sample."
            )
    model = fit_var(
        data,
        columns,
        lags=lags,
        max_lags=max_lags,
        trend=case.levels,
        seasons=seasons,
        exogenous=exogenous,
        exogenous_lags=exogenous_lags,
        missing=missing,
    )
    if model.n_vars < 2:
        raise SpecificationError(
            "Cointegration needs at least two variables. To test one variable for a unit root, use adf_test."
        )
    problem = problem_at_rank(model, case, 0)
    if model._problem.dependent_columns:
        raise NumericalError(
            "A combination of the variables is an exact function of their past, so the statistics are infinite. The "
            "cause may be an identity, or a variable that does not move. Leave out a variable."
        )
    n, p, k = model.nobs, model.lags, model.n_vars
    scale = (n - p * k) if correction == "reinsel-ahn" else n
    terms = scale * likelihood_terms(problem.canonical.eigenvalues[:k])
    result = JohansenResult(
        problem.canonical.eigenvalues,
        model.names,
        (*model.names, case.word) if case.word else model.names,
        np.cumsum(terms[::-1])[::-1],
        terms,
        problem.vectors,
        problem.loadings,
        n,
        p,
        trend,
        float(level),
        correction,
        float(n - model.n_regressors) if correction == "doornik" else None,
    )
    doubts: tuple[Note, ...] = ()
    if bootstrap is not None:
        drawn, doubts = _draw_statistics(model, case, bootstrap)
        result = replace(result, drawn=drawn, source=f"{bootstrap.kind}, {say_draws(bootstrap.draws, bootstrap.seed)}")
    notes = doubts + _notes(result, bool(model.terms.exogenous), (n - p * k) / n)
    emit(notes)
    return replace(result, notes=model.notes + notes)


def _draw_statistics(model: VarResult, case: Case, bootstrap: Recursive) -> tuple[Array, tuple[Note, ...]]:
    """Statistics (K, B, 2) of data sets generated under each rank, and a note of ranks with explosive estimates."""
    rng = read_generator("seed", bootstrap.seed)
    found, explosive = [], []
    for rank in range(model.n_vars):
        problem = problem_at_rank(model, case, rank)
        if np.abs(dynamics.companion_roots(problem.coefficients)).max() > 1.0 + 1e-6:
            explosive.append(str(rank))
        chunks = []
        for drawn in bootstrap.innovations(problem, bootstrap.draws, rng):
            terms = model.nobs * likelihood_terms(problem.drawn_eigenvalues(drawn.innovations)[:, rank : model.n_vars])
            chunks.append(np.stack([terms.sum(axis=1), terms[:, 0]], axis=1))
        found.append(np.concatenate(chunks))
    statistics, notes = np.stack(found), []
    if explosive:
        text = (
            f"The estimates at rank {', '.join(explosive)} are explosive, and so are the bootstrap data sets drawn "
            "from them."
        )
        notes.append(Note("explosive-null", text, warn=True))
    if exact := int(np.isinf(statistics).any(axis=2).sum()):
        text = (
            f"In {exact} of {statistics.shape[0] * statistics.shape[1]} bootstrap data sets a relation fits "
            "exactly, for example because one value dwarfs the others, or because the rows drawn repeat a few. Their "
            "statistics are infinite and count as larger than any other."
        )
        notes.append(Note("exact-draws", text, warn=True))
    return statistics, tuple(notes)


def _notes(result: JohansenResult, exogenous: bool, share: float) -> tuple[Note, ...]:
    """What a reader should know before using the rank."""
    notes = []
    k, rank = len(result.names), result.rank
    other = result.chosen_rank("max", level=result.level)
    if share < _SMALL and result.correction is None and result.drawn is None:
        text = (
            f"The sample has {result.nobs} rows for {count_of(result.lags, 'lag')} of {k} variables. In such samples "
            f"the statistics are too large, by roughly {1.0 / share - 1.0:.0%} (Cheung and Lai 1993), and the tests "
            "find relations that are not there. Use correction= or bootstrap=."
        )
        notes.append(Note("small-sample", text, warn=True))
    if exogenous and result.drawn is None:
        text = (
            "The p-values are rough: they use the distributions without exogenous variables, and exogenous "
            "variables change them."
        )
        notes.append(Note("exogenous-distribution", text, warn=True))
    if rank == k:
        text = (
            "The tests reject every rank below the number of variables. If the levels are stationary, use fit_var "
            "on the levels. With too many lags or too short a sample, they may only seem so."
        )
        notes.append(Note("full-rank", text))
    if rank == 0:
        notes.append(
            Note("no-relation", "The tests do not reject rank 0 (no relation). Use fit_var on the differences.")
        )
    if other != rank:
        text = f"The maximum-eigenvalue tests choose rank {other}, the trace tests rank {rank}."
        notes.append(Note("tests-disagree", text))
    return tuple(notes)
