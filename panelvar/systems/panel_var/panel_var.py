"""Panel vector autoregressions: one call, and the estimators behind it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from panelvar.core.base.arguments import DROP_OR_RAISE, read_flag
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import Note, NumericalError, SpecificationError, choose, emit
from panelvar.core.base.scaling import exponents
from panelvar.core.base.shared_parameters import documented
from panelvar.data.panel.panel import Panel
from panelvar.estimates.covariance.covariances import (
    BETTER_WITH_FEW,
    Classical,
    Clustered,
    Covariance,
    CovarianceEstimate,
    ScoredCovariance,
    symmetric,
)
from panelvar.estimates.covariance.influenced import Influenced
from panelvar.estimates.covariance.named import specification_of
from panelvar.estimates.fit.small_samples import Counts
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.lag_problem import lag_matrices
from panelvar.kernels.linear.least_squares import covariance_root
from panelvar.panels.dynamic.dynamic_model import read_entities
from panelvar.panels.dynamic.lag_instruments import Instruments, LagInstruments
from panelvar.panels.dynamic.moment_selection import select_lags as select_lags_of_moments
from panelvar.systems.panel_var.corrected_moments import corrected_moments
from panelvar.systems.panel_var.fit import EstimatedRows, PanelVarFit, TestedErrors
from panelvar.systems.panel_var.lag_choice import compare_rows, longest_of
from panelvar.systems.panel_var.least_squares import (
    HahnKuersteiner,
    PanelLeastSquares,
    hahn_kuersteiner,
    half_panel_jackknife,
    pooled,
    within,
)
from panelvar.systems.panel_var.mean_group import fit_entities
from panelvar.systems.panel_var.moments import MomentOptions, fit_by_moments
from panelvar.systems.panel_var.recursion import LeastSquaresRecursion
from panelvar.systems.panel_var.result import PanelVarResult
from panelvar.systems.panel_var.rows import PanelVarRows, SystemRows, estimate_effects, read_system, select_rows
from panelvar.systems.panel_var.streamed_least_squares import StreamedLeastSquares, streamed_least_squares
from panelvar.systems.panel_var.streamed_rows import StreamedPanelRows
from panelvar.systems.var.scored_system import RULES, equation_labels
from panelvar.systems.var.var import CRITERION_NAMES
from panelvar.systems.var.var_convention import var_convention

LONG_PANEL = 20
"""Rows of an entity, on average, from which least squares with entity effects is the default."""
MOST_BIAS = 0.5
"""Bias in standard errors from which it is warned about: intervals of 95% then cover 92% at best."""
LEAST_SQUARES: dict[str, Callable[[PanelVarRows, bool], PanelLeastSquares]] = {
    "within": within,
    "hahn-kuersteiner": hahn_kuersteiner,
    "half-panel-jackknife": half_panel_jackknife,
    "corrected-moments": corrected_moments,
    "pooled": pooled,
}
WORDS = {
    "within": "least squares with entity effects (within)",
    "hahn-kuersteiner": "least squares with entity effects, bias-corrected (Hahn-Kuersteiner)",
    "half-panel-jackknife": "least squares with entity effects, half-panel jackknife",
    "corrected-moments": "least squares with entity effects, moments freed of their bias",
    "pooled": "pooled least squares",
}
METHODS = (*LEAST_SQUARES, "mean-group", "gmm")
CORRECTED = ("hahn-kuersteiner", "half-panel-jackknife", "corrected-moments")
WITH_CONSTANT = ("pooled", "mean-group")


@documented
def fit_panel_var(
    data: object,
    columns: Sequence[Hashable] | Hashable,
    *,
    lags: int | str = 1,
    max_lags: int | None = None,
    method: str | None = None,
    transform: str | None = None,
    steps: int | str | None = None,
    instruments: LagInstruments | Sequence[Instruments] | None = None,
    level_equation: bool = False,
    joint: bool = True,
    exogenous: Sequence[Hashable] | Hashable | None = None,
    exogenous_lags: int = 0,
    time_effects: bool = False,
    cov: str | Covariance | None = None,
    missing: str = "drop",
) -> PanelVarResult:
    r"""Estimate a vector autoregression of a panel's entities, each with its own effect.

    .. math:: y_{it} = \alpha_i + A_1 y_{i,t-1} + \dots + A_p y_{i,t-p} + B x_{it} + u_{it}

    Parameters
    ----------
    {data}
    columns : sequence of column names
        The K variables, in the causal order of Cholesky shocks, such as ``["output", "rate"]``.
    lags : int or {"aic", "bic", "hqic", "fpe", "lr"}
        Lag order p, or the criterion that chooses it: of least squares, as `select_lags` has them, or of the moments of
        the longest order ("aic", "bic" or "hqic"). Lags never bridge a gap, and no entity's reach into another's rows.
    max_lags : int, optional
        Longest order compared; by default as in `select_lags`.
    method : str, optional
        ``"within"``: least squares with entity effects. ``"hahn-kuersteiner"``, ``"half-panel-jackknife"``: the same
        less its bias, by formula or by the bias of half panels. ``"corrected-moments"``: moments corrected for their
        bias, for panels of few periods. ``"mean-group"``: a vector autoregression of each entity, averaged.
        ``"pooled"``: one constant for all. ``"gmm"``: moments of lagged levels, for few periods and many entities. The
        default is "gmm" if you give an option of it, or if entities have fewer than 20 rows on average once lags are
        taken off; else "within".
    transform : {"fod", "fd"}, optional
        With moments: forward orthogonal deviations (the default) or first differences.
    steps : {1, 2, "iterated", "cu"}, optional
        With moments, 1: weights that assume white noise. 2, the default: weights from the one-step errors. "iterated":
        weights and estimates in turn until they settle. "cu": continuously updated.
    instruments : LagInstruments or sequence of LagInstruments and StandardInstruments, optional
        With moments: by default all levels from lag 2 on. ``LagInstruments(last=4, collapse=True)``, without columns,
        changes the window and the form; a sequence is the whole set, spelled out.
    level_equation : bool
        With moments: estimate the levels too, with lagged differences as instruments (system GMM).
    joint : bool
        With moments: weights of all equations together, or (False) of each equation by itself.
    exogenous : sequence of column names, optional
        Strictly exogenous variables.
    {exogenous_lags}
    time_effects : bool
        Give each period an effect that all entities share.
    cov : str or covariance object, optional
        Standard errors, jointly over the equations: ``"cluster"`` by entity (the default), ``"classical"``, ``"HC1"``,
        ``"driscoll-kraay"``, ``Clustered("entity", "time")``, ... Those of a mean group are the spread of its entities.
        By moments: ``"robust"`` (the default, with Windmeijer's correction after two steps), ``"classical"``,
        ``"uncorrected"``, or ``Clustered("region")``.
    {missing}

    Returns
    -------
    PanelVarResult
        A `System`: roots, responses, decompositions with bands, forecasts, tests of Granger causality.

    Raises
    ------
    DataError
        A column is unknown or infinite, or the data do not say who and when.
    SpecificationError
        Options do not exist, or do not go together.
    InsufficientDataError
        There are too few entities, or too few rows for the coefficients and effects.
    CollinearityError
        Regressors depend on one another or on the effects, or an equation fits exactly.
    NumericalError
        The corrected moments have no zero.

    See Also
    --------
    fit_var : One series.
    fit_var_batch : A vector autoregression of each entity by itself.
    fit_panel_local_projections : Responses without a system.

    Notes
    -----
    The means that entity effects take out hold errors of earlier periods. Least squares is therefore biased by a term
    of order 1/T, toward less persistence (Nickell 1981). Its standard errors shrink with the root of NT, so that with
    many entities even a small bias rules: "within" is for T that is large beside N.

    "hahn-kuersteiner" (Hahn and Kuersteiner 2002) takes out the term of order 1/T of stationary systems that began long
    ago; at T = 10 little is left of it unless roots are near one. "half-panel-jackknife" (Dhaene and Jochmans 2015)
    needs only halves that are alike; it has less bias under high persistence, and larger standard errors.
    "corrected-moments" (Breitung, Kripfganz and Hayakawa 2022, here for systems) is consistent for many entities at any
    T. It needs errors that are uncorrelated over time and have the same covariance in all periods of an entity; if
    variables are so persistent that its moments have no zero, it is refused.

    Standard errors count what a correction adds, by the derivative of the whole estimator; "classical" ones, which are
    those of least squares, do not. Corrected estimates may leave the unit circle: a note says where they do.

    In short panels estimates of :math:`\Sigma` and of the coefficients are correlated, by moments and by corrected
    least squares. `DeltaMethod` and `MonteCarlo` use what each entity adds to both, :math:`\psi_i = (\psi_i^B,
    \psi_i^\Sigma)`, whose sums of squares are their joint covariance. By moments, with transformed rows of entity i,

    .. math:: \psi_i^\Sigma = \frac{1}{n - m}\Big[\hat e_i'\hat e_i - n_i\hat\Sigma - \psi_i^{B\prime} X'\hat e
              - \hat e'X\psi_i^B\Big].

    References
    ----------
    Hahn, J. and G. Kuersteiner (2002), Econometrica 70, 1639-1657. Dhaene, G. and K. Jochmans (2015), Review of
    Economic Studies 82, 991-1030. Pesaran, M. H. and R. Smith (1995), Journal of Econometrics 68, 79-113. Holtz-Eakin,
    D., W. Newey and H. Rosen (1988), Econometrica 56, 1371-1395. Breitung, J., S. Kripfganz and K. Hayakawa (2022),
    Econometrics and Statistics 24, 116-132.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import panelvar as pv
    >>> rng = np.random.default_rng(1)
    >>> index = pd.MultiIndex.from_product([range(40), range(2000, 2030)], names=["firm", "year"])
    >>> frame = pd.DataFrame(rng.standard_normal((1200, 2)), index=index, columns=["x", "y"])
    >>> model = pv.fit_panel_var(frame, ["x", "y"], lags=2, method="hahn-kuersteiner")
    >>> model.nobs, model.n_entities, model.is_stable
    (1120, 40, True)
    """
    if method is not None:
        choose("method", method, METHODS)
    time_effects = read_flag("time_effects", time_effects)
    trend = "c" if method in WITH_CONSTANT else "n"
    choose("missing", missing, DROP_OR_RAISE)
    source = read_entities(data)

    def rows_of(order: object) -> SystemRows:
        system = read_system(source.calendar.n_positions, columns, order, exogenous, exogenous_lags, trend)
        if isinstance(source, Panel):
            return select_rows(source, system, missing)
        return StreamedPanelRows(source, system, missing)

    criterion = _criterion(lags, max_lags, source)
    rows = rows_of(longest_of(source, max_lags) if criterion and isinstance(source, Panel) else lags)
    level_equation, joint = read_flag("level_equation", level_equation), read_flag("joint", joint)
    asked = {
        "transform": transform,
        "steps": steps,
        "instruments": instruments,
        "level_equation": level_equation or None,
    }
    by_moments = [name for name, value in asked.items() if value is not None]
    chosen = method
    if chosen is None:
        chosen = "gmm" if by_moments or rows.average_periods < LONG_PANEL else "within"
    options = MomentOptions(
        "fod" if transform is None else transform, 2 if steps is None else steps, instruments, level_equation, joint
    )
    notes: tuple[Note, ...] = ()
    if criterion:
        moments = partial(fit_by_moments, rows, options, time_effects=time_effects, cov=cov)
        order, notes = _chosen_order(rows, chosen, criterion, time_effects, moments)
        rows = rows_of(order)
    if chosen == "gmm":
        fit = fit_by_moments(rows, options, time_effects=time_effects, cov=cov)
    elif by_moments:
        raise SpecificationError(f"{by_moments[0]}= is an option of method='gmm'; got method={method!r}.")
    elif chosen == "mean-group" and isinstance(rows, PanelVarRows):
        fit = _mean_group(rows, time_effects, cov)
    else:
        fit = _least_squares(rows, chosen, time_effects, cov)
    result = PanelVarResult(replace(fit, notes=(*notes, *fit.notes)) if notes else fit)
    emit(result.notes)
    return result


def _criterion(lags: object, max_lags: int | None, source: object) -> str:
    """The criterion that is to choose the lags, or none."""
    if isinstance(lags, str):
        as_number = f"As a number it is lags={lags}." if lags.isdecimal() else ""
        criterion = choose("lags", lags, CRITERION_NAMES, as_number)
        if not isinstance(source, Panel):
            raise SpecificationError(
                f"lags={lags!r}: a stream keeps no rows to compare orders on. Give a number of lags, or fit the panel "
                "in memory."
            )
        return criterion
    if max_lags is not None:
        raise SpecificationError("max_lags= applies when lags= names a criterion, such as lags='bic'.")
    return ""


def _chosen_order(
    rows: SystemRows, method: str, criterion: str, time_effects: bool, moments: Callable[[], PanelVarFit]
) -> tuple[int, tuple[Note, ...]]:
    """The order that a criterion chooses among those up to that of the rows, and what to say of it."""
    if method == "mean-group":
        raise SpecificationError(
            f"lags={criterion!r}: entities have different coefficients in a mean group. Give a number of lags; "
            "fit_var_batch(data, columns, lags='bic') shows what each entity would choose."
        )
    notes: tuple[Note, ...] = ()
    if rows.lags == 1:
        order = 1
    elif method == "gmm":
        if criterion in ("fpe", "lr"):
            raise SpecificationError(
                f"lags={criterion!r} is a criterion of least squares. Moments have aic, bic, hqic."
            )
        found = moments().gmm
        assert found is not None
        order = select_lags_of_moments(found).order(criterion)
    else:
        assert isinstance(rows, PanelVarRows)
        selection = compare_rows(
            rows, effects=method != "pooled", time_effects=time_effects, rules=var_convention("default")
        )
        # A fit shows no criteria of other orders, and has nothing to say of numbers among them.
        said = selection.notes[len(rows.notes) :]
        order, notes = selection.order(criterion), tuple(note for note in said if note.code != "fpe-overflow")
    kind = "moments" if method == "gmm" else "least squares"
    among = f"among 1 to {rows.lags}, on {count_of(rows.nobs, 'row')}"
    text = f"{criterion.upper()} of {kind} chose {count_of(order, 'lag')} {among}."
    return order, (Note("lags-selected", text), *notes)


def _mean_group(rows: PanelVarRows, time_effects: bool, cov: object) -> PanelVarFit:
    if time_effects:
        raise SpecificationError(
            "A mean group has no time effects that all entities share, since each has its own coefficients. "
            "Subtract the periods' means first, or use another method."
        )
    if cov is not None:
        raise SpecificationError("The standard errors of a mean group are the spread of its entities. Leave cov= out.")
    return fit_entities(rows).fit()


def _least_squares(rows: SystemRows, method: str, time_effects: bool, cov: object) -> PanelVarFit:
    """Collect what a result needs of least squares, corrected or not."""
    estimator: PanelLeastSquares
    if isinstance(rows, PanelVarRows):
        estimator = LEAST_SQUARES[method](rows, time_effects)
    else:
        estimator = streamed_least_squares(rows, method, time_effects)
    rows, covariance = estimator.rows, covariance_of(estimator, cov)
    effects, period_effects = _effects(estimator, time_effects)
    fit = PanelVarFit(
        rows,
        method,
        WORDS[method],
        estimator.params,
        estimator.sigma,
        covariance,
        estimator.df_resid,
        rows.row_counts,
        rows.nobs,
        effects=effects,
        period_effects=period_effects,
        periods=rows.periods if time_effects else None,
        notes=(
            *rows.notes,
            *_bias_beside_errors(estimator, method, covariance),
            *_corrected_roots(estimator, method),
        ),
        covariances=partial(covariance_of, estimator),
    )
    if not isinstance(rows, PanelVarRows):
        return fit
    estimated = EstimatedRows(estimator.residuals, estimator.blocks[0].codes, rows.design.time_positions)
    joint = partial(joint_influences, estimator) if method in CORRECTED else None
    recursion, tested = LeastSquaresRecursion(rows, estimator), partial(_tested_errors, estimator, method, time_effects)
    return replace(
        fit, kept=estimated, refits=estimator.refits, recursion=recursion, cov=cov, influences=joint, tested=tested
    )


def _tested_errors(estimator: PanelLeastSquares, method: str, time_effects: bool) -> TestedErrors:
    """Errors whose correlation over time is tested: at corrected coefficients where the model's are biased."""
    found, notes = estimator, tuple[Note, ...]()
    if method == "within":
        corrected = HahnKuersteiner(estimator.rows, estimator.blocks)
        text = (
            "The bias of least squares with entity effects would look like serial correlation. The test therefore "
            "takes the errors at coefficients freed of it (Hahn and Kuersteiner 2002)."
        )
        with contextlib.suppress(NumericalError):
            corrected.combined(corrected.sample)
            found, notes = corrected, (Note("tested-corrected", text),)
    rows = found.rows
    errors = rows.y - rows.x @ found.params
    periods = _effects(found, time_effects)[1]
    if periods is not None:
        errors = errors - periods[np.searchsorted(rows.periods, rows.design.time_positions)]
    return TestedErrors(errors, found.influence(), notes)


def covariance_of(estimator: PanelLeastSquares, cov: object) -> CovarianceEstimate:
    """Estimate the covariance that is asked for, of the coefficients stacked equation by equation.

    Raises
    ------
    SpecificationError
        The covariance needs more than scores of rows.
    """
    block = estimator.blocks[0]
    found = Clustered("entity") if cov is None else specification_of(cov) or Clustered("entity")
    if isinstance(found, Classical):
        matrix = np.asarray(np.kron(estimator.sigma, block.root_inverse @ block.root_inverse.T), dtype=np.float64)
        return CovarianceEstimate(symmetric(matrix), "classical", float(estimator.df_resid), classical=True)
    if not isinstance(found, ScoredCovariance):
        raise SpecificationError(
            f"cov={cov!r}: a panel vector autoregression takes 'classical', 'cluster', 'HC0' to 'HC5', "
            "'driscoll-kraay', 'newey-west' and Clustered(...)."
        )
    if isinstance(estimator, StreamedLeastSquares):
        return _of_systems(estimator, estimator.clustered(cov, found, _counts(estimator)))
    influence = estimator.influence().swapaxes(1, 2).reshape(estimator.rows.nobs, -1)
    return _of_systems(estimator, _of_influence(estimator, found, influence))


def _of_influence(estimator: PanelLeastSquares, found: ScoredCovariance, influence: Array) -> CovarianceEstimate:
    """Estimate the covariance of what rows add to: coefficients (n, K m), or these and sigma (n, K m + K^2)."""
    rows, block = estimator.rows, estimator.blocks[0]
    levels = (rows.entities,) * estimator.effects + (rows.design.times,) * bool(block.n_dummies)
    names = equation_labels(rows.names, rows.regressor_names) + equation_labels(rows.names, rows.names)
    fit = Influenced(names[: influence.shape[1]], influence, _counts(estimator), rows.design, block.leverage, levels)
    return found(fit, RULES)


def _counts(estimator: PanelLeastSquares) -> Counts:
    rows, block = estimator.rows, estimator.blocks[0]
    n_levels = (rows.n_entities,) * estimator.effects + (rows.n_periods,) * bool(block.n_dummies)
    absorbed = (rows.n_entities - 1) * estimator.effects + block.n_dummies
    return Counts(
        rows.nobs,
        rows.n_regressors - rows.terms.has_constant,
        True,
        absorbed,
        n_levels,
        rows.terms.has_constant,
        rows.n_regressors,
    )


def joint_influences(estimator: PanelLeastSquares, cov: object) -> tuple[Array, Array] | None:
    """What adds up to the covariance of coefficients and sigma together (see `panelvar.systems.panel_var.fit`).

    Classical errors take sigma as independent of the coefficients, and so do those of coefficients without a
    correction: their residuals are orthogonal to the regressors.
    """
    found = Clustered("entity") if cov is None else specification_of(cov) or Clustered("entity")
    if not isinstance(found, ScoredCovariance):
        return None
    own = estimator.influence()
    stacked = [own.swapaxes(1, 2), estimator.sigma_influence(own)]
    whole = np.concatenate([each.reshape(len(own), -1) for each in stacked], axis=1)
    # Variances of a covariance have its units to the fourth power.
    units = exponents(whole, axis=0)
    scaled = covariance_root(_of_influence(estimator, found, np.ldexp(whole, -units)).matrix).T
    root = np.ldexp(scaled, units)
    k, count = estimator.rows.n_vars, estimator.params.size
    return root[:, :count], root[:, count:].reshape(-1, k, k)


def _of_systems(estimator: PanelLeastSquares, estimate: CovarianceEstimate) -> CovarianceEstimate:
    """The covariance, whose notes advise what there is for systems."""
    alone = "fit_fixed_effects" if estimator.effects else "fit_pooled"
    instead = (
        f"There are no better errors for a system. For one equation there are: use {alone} with cov=BiasReduced(), or "
        "wild_bootstrap_test."
    )
    notes = tuple(replace(note, text=note.text.replace(BETTER_WITH_FEW, instead)) for note in estimate.notes)
    return replace(estimate, notes=notes) if notes != estimate.notes else estimate


def _effects(estimator: PanelLeastSquares, time_effects: bool) -> tuple[Array | None, Array | None]:
    """Effects of entities (N, K) and of periods (q, K), these of mean zero over the rows."""
    rows, block = estimator.rows, estimator.blocks[0]
    if not (time_effects or estimator.effects):
        return None, None
    raw: Array | None = None
    if time_effects:
        raw = np.zeros((len(rows.periods), rows.n_vars))
        raw[np.searchsorted(rows.periods, block.dummies)] = block.period_effects(estimator.params)
    everyone = np.ones(rows.panel.n_entities, dtype=bool)
    _, of_entities, of_periods = estimate_effects(rows, everyone, rows.periods, estimator.params, raw)
    return of_entities if estimator.effects else None, of_periods


def _bias_beside_errors(estimator: PanelLeastSquares, method: str, covariance: CovarianceEstimate) -> tuple[Note, ...]:
    """Say by how much least squares is biased, where that is not small beside the errors of a coefficient."""
    if method != "within":
        return ()
    rows = estimator.rows
    try:
        moved = HahnKuersteiner(rows, estimator.blocks).combined(estimator.sample)[0] - estimator.params
    except NumericalError:
        return ()
    errors = np.sqrt(covariance.matrix.diagonal()).reshape(rows.n_vars, -1).T
    ratios = np.divide(np.abs(moved), errors, out=np.zeros(moved.shape), where=errors > 0.0)
    regressor, equation = np.unravel_index(int(ratios.argmax()), ratios.shape)
    worst = float(ratios[regressor, equation])
    if worst < MOST_BIAS:
        return ()
    text = (
        f"With {rows.average_periods:.4g} rows per entity, least squares with entity effects is biased (Nickell "
        "1981). By Hahn and Kuersteiner's formula, the bias of the coefficient of "
        f"{rows.regressor_names[regressor]!r} in the equation of {rows.names[equation]!r} is {worst:.1f} standard "
        "errors. Use 'hahn-kuersteiner', 'half-panel-jackknife' or 'corrected-moments', which correct it."
    )
    return (Note("nickell-bias", text, warn=True),)


def _corrected_roots(estimator: PanelLeastSquares, method: str) -> tuple[Note, ...]:
    """Say that a correction has left the unit circle."""
    if method in ("within", "pooled"):
        return ()
    count = estimator.rows.terms.count
    moduli = [
        np.abs(dynamics.companion_roots(lag_matrices(params, count)))[0]
        for params in (estimator.params, estimator.blocks[0].params)
    ]
    if moduli[0] < 1.0:
        return ()
    text = (
        f"The corrected estimates have a root of modulus {moduli[0]:.4f}, and least squares has {moduli[1]:.4f}. "
        "The system may have unit roots, for which the correction is not meant. The estimates are kept as they "
        "are."
    )
    return (Note("corrected-roots", text, warn=True),)
