"""Vector error-correction models by maximum likelihood."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

from panelvar.core.base.arguments import read_whole
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import CollinearityError, Note, SpecificationError, choose, emit
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.nonstationary.cointegration.cases import CASES, problem_at_rank
from panelvar.nonstationary.cointegration.relations import check_normalisation
from panelvar.nonstationary.cointegration.vecm_result import VecmResult
from panelvar.systems.var.var import fit_var
from panelvar.systems.var.var_convention import VECM_PRESETS, VarConvention

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from panelvar.data.panel.panel import Panel


@documented
def fit_vecm(
    data: pd.DataFrame | npt.ArrayLike | Panel,
    columns: Sequence[Hashable] | None = None,
    *,
    rank: int,
    lags: int | str,
    trend: str = "c",
    max_lags: int | None = None,
    seasons: int = 0,
    exogenous: Any = None,
    exogenous_lags: int = 0,
    normalise: str | Sequence[str] | None = None,
    missing: str = "drop",
    convention: str | VarConvention = "default",
) -> VecmResult:
    r"""Estimate a vector error-correction model of a given rank by maximum likelihood (Johansen 1988, 1991).

    .. math:: \Delta y_t = \alpha\beta' z_{t-1} + \sum_{j=1}^{p-1} \Gamma_j \Delta y_{t-j} + \Phi d_t + u_t

    Parameters
    ----------
    {data (system), columns (system)}
    rank : int
        Number of relations r, 0 to K: see `johansen_test`. Rank 0 is a model of the differences, rank K one of the
        levels.
    lags : int or {"aic", "bic", "hqic", "fpe", "lr"}
        **Lags of the model of the levels**, p; there are p - 1 lagged differences. statsmodels (``k_ar_diff``) and
        EViews count the latter.
    {trend (cointegration), max_lags (system), seasons, exogenous, exogenous_lags}
    normalise : sequence of str, "canonical" or None
        Variables, one for each relation, whose coefficients are to be an identity matrix. By default they are the first
        r, so that the order of the variables matters. Do not choose a variable that has no part in a relation.
        ``"canonical"`` leaves :math:`\beta'S_{11}\beta = I`, which has no errors.
    {missing (system), convention (system)}
        Its ``coefficient_sigma`` is behind all errors, its ``relations`` says what they and the criteria count.
        ``"statsmodels"`` is its ``VECM``, which divides by n where its ``VAR`` divides by n less the coefficients.

    Returns
    -------
    VecmResult
        A `FittedSystem` of the levels, with the relations and the reactions to them.

    Raises
    ------
    SpecificationError
        The rank or the normalisation is impossible.
    NumericalError
        The relations cannot be normalised on the variables asked for.
    CollinearityError
        A regressor is a combination of others, or a variable does not change.

    See Also
    --------
    johansen_test : the rank.
    fit_var : variables without unit roots, or full rank.
    VecmResult.restriction_test : restrictions on relations and reactions.

    References
    ----------
    Johansen (1995), chapter 6. Luetkepohl (2005), section 7.2.

    Examples
    --------
    >>> import panelvar as pv
    >>> money = pv.load_data("danish_money")[["lrm", "lry", "ibo", "ide"]]
    >>> model = pv.fit_vecm(money, rank=1, lags=2, trend="rc", seasons=4)
    >>> model.beta.round(2)
            ec1
    lrm    1.00
    lry   -1.03
    ibo    5.21
    ide   -4.22
    const -6.06
    """
    case = CASES[choose("trend", trend, CASES)]
    if isinstance(rank, str):
        raise SpecificationError(f"rank={shown(rank)} must be a whole number, such as johansen_test(...).rank.")
    rank = read_whole("rank", rank, 0)
    full = fit_var(
        data,
        columns,
        lags=lags,
        max_lags=max_lags,
        trend=case.levels,
        seasons=seasons,
        exogenous=exogenous,
        exogenous_lags=exogenous_lags,
        missing=missing,
        convention=VECM_PRESETS.get(convention, convention) if isinstance(convention, str) else convention,
    )
    if rank > full.n_vars:
        raise SpecificationError(
            f"rank={rank}: {count_of(full.n_vars, 'variable has', 'variables have')} at most {full.n_vars} "
            f"{'relation' if full.n_vars == 1 else 'relations'}. johansen_test tests how many."
        )
    if case.word in full.names:
        raise SpecificationError(
            f"The relations have a term named {case.word!r}, so no variable may have this name. Rename the variable."
        )
    on = check_normalisation(normalise, full.names, rank)
    notes: tuple[Note, ...] = ()
    if rank in (0, full.n_vars):
        what = "the differences" if rank == 0 else "the levels"
        notes = (Note("rank-extreme", f"At rank {rank} the model is a vector autoregression of {what}."),)
    problem = problem_at_rank(full, case, rank)
    if (still := problem.residual_covariance("ml").diagonal() == 0.0).any():
        raise CollinearityError(
            f"{full.names[int(still.argmax())]!r} does not change in the rows of the model, so there is nothing to "
            "explain. Leave it out; trend='rc' puts a constant into the relations."
        )
    result = VecmResult(
        problem,
        full.data,
        full.periods,
        full.terms,
        full.convention,
        full.notes + notes,
        trend,
        (*full.names, case.word) if case.word else full.names,
        on,
    )
    # Computed now, so that a normalisation that fails is refused here and not at the first look.
    _ = result.beta
    emit(notes)
    return result
