"""Dynamic panels of one equation by GMM: Arellano-Bond, Blundell-Bond, Anderson-Hsiao."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arguments import DROP_OR_RAISE, read_flag, read_names, read_whole, refuse_beyond
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, SpecificationError, choose, emit
from panelvar.core.base.labels import listed, repeated
from panelvar.core.base.shared_parameters import documented
from panelvar.data.formulas.effects_after_bar import read_period_effects
from panelvar.data.panel.panel import Panel
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.kernels.dynamics.dynamics import companion_roots
from panelvar.panels.dynamic.dynamic_model import build_model, read_entities, stream_model
from panelvar.panels.dynamic.dynamic_result import DynamicFit, DynamicPanelResult
from panelvar.panels.dynamic.gmm_convention import gmm_convention
from panelvar.panels.dynamic.gmm_covariance import estimated_covariance, read_covariance
from panelvar.panels.dynamic.gmm_estimate import STEP_WORDS, estimate
from panelvar.panels.dynamic.lag_instruments import (
    Instruments,
    LagInstruments,
    Specification,
    StandardInstruments,
    lag_names,
    read_instruments,
)
from panelvar.panels.dynamic.quadratic_moments import NONLINEAR
from panelvar.panels.dynamic.transforms import H_CHOICES, TRANSFORMS

if TYPE_CHECKING:
    from panelvar.data.streams.whole_entities import WholeEntities

Names = str | Sequence[str] | None


@documented
def fit_arellano_bond(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    lags: int = 1,
    predetermined: Sequence[str] | str | None = None,
    endogenous: Sequence[str] | str | None = None,
    instruments: LagInstruments | Sequence[Instruments] | None = None,
    transform: str = "fd",
    time_effects: bool = False,
    constant: bool = False,
    nonlinear: str | None = None,
    steps: int | str = 2,
    cov: str | Covariance | None = None,
    small_sample: bool = False,
    convention: str = "default",
    missing: str = "drop",
) -> DynamicPanelResult:
    r"""Fit a dynamic panel by GMM in first differences or deviations, with older levels as instruments.

    .. math:: y_{it} = \sum_{j=1}^p \alpha_j y_{i,t-j} + x_{it}'\beta + \eta_i + \varepsilon_{it}, \qquad
              \mathrm E[y_{i,t-s}\,\Delta\varepsilon_{it}] = 0, \quad s \ge 2

    Parameters
    ----------
    {data, y (dynamic), x (dynamic), lags (dynamic), predetermined, endogenous (dynamic), instruments (dynamic)}
    {transform, time_effects}
    constant : bool
        Estimate a constant from the levels; the slopes do not change.
    nonlinear : {"noserial", "iid"}, optional
        Add the quadratic moments of Ahn and Schmidt (1995), which help where y is persistent. "noserial": those of
        errors that are uncorrelated over time, which the lags of y need anyway. "iid": also those of errors that have
        the same variance in all periods. Their residuals of levels are those around the mean of the sample, so that a
        constant added to a variable changes no estimate. Programs that take the levels as they are report other
        numbers, which move with such a constant.
    {steps, cov (dynamic), small_sample, convention (dynamic), missing (dynamic)}

    Returns
    -------
    DynamicPanelResult

    Raises
    ------
    InsufficientDataError
        There are fewer periods than the lags need, fewer moments than coefficients, or no entity is left.
    CollinearityError
        A regressor does not vary within entities.
    SpecificationError
        An option is not known, or lags make more than 5,000 moments.
    DataError
        See `panelvar.core.base.errors`.

    See Also
    --------
    fit_blundell_bond : More precise if y is persistent, and assumes more.
    fit_anderson_hsiao : One instrument a lag.
    fit_bias_corrected_moments : No instruments, exogenous regressors.
    fit_lsdvc : Few entities.
    LagInstruments : A window of lags, or collapsed moments.

    Notes
    -----
    The estimator is Arellano and Bond's (1991, Review of Economic Studies 58), for vectors Holtz-Eakin, Newey and
    Rosen's (1988). Deviations (Arellano and Bover 1995) lose one row at a gap where differences lose two. Two-step
    standard errors have Windmeijer's (2005) correction.

    Use it for many entities and few periods. The number of moments grows with the square of the periods. With as many
    moments as entities, the estimates lean towards the biased within estimates and Hansen's test accepts everything:
    use ``instruments=LagInstruments(collapse=True)``. Where y is persistent, levels say little about later differences:
    see `fit_blundell_bond`.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("employment")
    >>> fit = pv.fit_arellano_bond(firms, "log(emp) ~ log(wage) + log(capital)", steps=1,
    ...     instruments=pv.LagInstruments(collapse=True))
    >>> fit.params.round(4).to_dict()
    {'L(log(emp))': 0.8437, 'log(wage)': -0.6278, 'log(capital)': 0.2225}
    >>> fit.hansen_j
    <Hansen: chi2(6) = 21.4285, p = 0.0015>
    >>> fit.ar_test(2)
    <m2: z = -1.2224, p = 0.2216>
    """
    read = _read(data, y, x, lags, predetermined, endogenous, instruments, transform, time_effects, constant)
    return _fit("Arellano-Bond", *read, steps, cov, small_sample, convention, missing, nonlinear=nonlinear)


@documented
def fit_blundell_bond(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    lags: int = 1,
    predetermined: Sequence[str] | str | None = None,
    endogenous: Sequence[str] | str | None = None,
    instruments: LagInstruments | Sequence[Instruments] | None = None,
    transform: str = "fd",
    time_effects: bool = False,
    constant: bool = True,
    h: str | None = None,
    steps: int | str = 2,
    cov: str | Covariance | None = None,
    small_sample: bool = False,
    convention: str = "default",
    missing: str = "drop",
) -> DynamicPanelResult:
    r"""Fit a dynamic panel by system GMM: transformed rows with older levels, and levels with older differences.

    .. math:: \mathrm E[y_{i,t-s}\,\Delta\varepsilon_{it}] = 0, \quad s \ge 2, \qquad
              \mathrm E[\Delta y_{i,t-1}\,(\eta_i + \varepsilon_{it})] = 0

    Parameters
    ----------
    {data, y (dynamic), x (dynamic), lags (dynamic), predetermined, endogenous (dynamic), instruments (dynamic)}
    {transform, time_effects}
    constant : bool
        Estimate a constant, which is its own instrument in the levels. Without it, ``time_effects`` gives the first
        period an effect too.
    h : {"cross", "block", "identity"}, optional
        One-step weight of each entity. "cross" has the covariance between the errors of transformed rows and of levels,
        "block" leaves it out, "identity" is the identity matrix. By default "cross", or "block" under
        ``convention="xtabond"``.
    {steps, cov (dynamic), small_sample, convention (dynamic), missing (dynamic)}

    Returns
    -------
    DynamicPanelResult

    Raises
    ------
    InsufficientDataError, CollinearityError, DataError, SpecificationError
        As `fit_arellano_bond`.

    See Also
    --------
    fit_arellano_bond : Transformed rows alone.
    DynamicPanelResult.difference_in_hansen : Tests the moments that this adds.
    StandardInstruments : Regressors that instrument the levels.

    Notes
    -----
    The estimator is Blundell and Bond's (1998, Journal of Econometrics 87) and Arellano and Bover's (1995). The moments
    of the levels hold only if an entity's effect does not predict how its first observations deviate from its own
    long-run mean: test them by the difference of Hansen's statistics.

    Exogenous x instrument the transformed rows alone, since effects may well be correlated with their levels.
    ``StandardInstruments(x, "both")`` in ``instruments=`` is xtabond2's ``iv(x)``. An x that does not vary within
    entities has no instrument then, which a warning says.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("employment")
    >>> fit = pv.fit_blundell_bond(firms, "log(emp)", predetermined=["log(wage)", "log(capital)"],
    ...     instruments=pv.LagInstruments(last=3, collapse=True))
    >>> fit.params.round(4).to_dict()
    {'L(log(emp))': 0.5126, 'log(wage)': -1.3077, 'log(capital)': 0.1923, 'const': 4.6486}
    >>> fit.n_instruments
    12
    """
    if h is not None:
        choose("h", h, H_CHOICES)
    read = _read(
        data, y, x, lags, predetermined, endogenous, instruments, transform, time_effects, constant, level_equation=True
    )
    return _fit("Blundell-Bond", *read, steps, cov, small_sample, convention, missing, h=h)


@documented
def fit_anderson_hsiao(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    lags: int = 1,
    instrument: str = "level",
    time_effects: bool = False,
    cov: str | Covariance | None = None,
    small_sample: bool = False,
    convention: str = "default",
    missing: str = "drop",
) -> DynamicPanelResult:
    r"""Fit a dynamic panel in first differences with one instrument for each lag of y (Anderson and Hsiao 1981, 1982).

    Parameters
    ----------
    {data, y (dynamic), x (dynamic), lags (dynamic)}
    instrument : {"level", "difference"}
        What instruments the lagged differences: the level :math:`y_{t-2}`, or the difference :math:`\Delta y_{t-2}`,
        and with several lags as many older ones. Differences cost one period more and are weak where the process is
        persistent (Arellano 1989).
    {time_effects, cov (dynamic), small_sample, convention (dynamic), missing (dynamic)}

    Returns
    -------
    DynamicPanelResult

    Raises
    ------
    InsufficientDataError, CollinearityError, DataError, SpecificationError
        As `fit_arellano_bond`.

    See Also
    --------
    fit_arellano_bond : All lags as instruments.
    fit_iv_first_difference : Without a lagged dependent variable.

    Notes
    -----
    The estimates are consistent for fixed T. There are as many moments as coefficients, so that Hansen's test has
    nothing to test, and the estimates have no finite moments. `fit_arellano_bond` uses all lags.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("employment")
    >>> fit = pv.fit_anderson_hsiao(firms, "log(emp) ~ log(wage) + log(capital)")
    >>> fit.params.round(4).to_dict()
    {'L(log(emp))': 1.0936, 'log(wage)': -0.5566, 'log(capital)': 0.1354}
    """
    choose("instrument", instrument, ("level", "difference"))
    panel, specification = _read(data, y, x, lags, time_effects=time_effects)
    name, count = specification.dependents[0], specification.lags
    lag_set: Instruments
    if instrument == "level":
        lag_set = LagInstruments(name, 2, count + 1, collapse=True)
    else:
        lag_set = StandardInstruments(lag_names(name, count + 1)[1:], "transformed")
    exogenous = tuple(each for each in specification.sets if isinstance(each, StandardInstruments))
    specification = replace(specification, sets=(lag_set, *exogenous))
    return _fit("Anderson-Hsiao", panel, specification, 1, cov, small_sample, convention, missing)


def _read(
    data: object,
    y: str,
    x: Names,
    lags: int,
    predetermined: Names = None,
    endogenous: Names = None,
    instruments: LagInstruments | Sequence[Instruments] | None = None,
    transform: str = "fd",
    time_effects: bool = False,
    constant: bool = False,
    level_equation: bool = False,
) -> tuple[Panel | WholeEntities, Specification]:
    """Read the panel, and the model with all of its instruments spelled out."""
    choose("transform", transform, TRANSFORMS)
    panel = read_entities(data)
    lags = read_whole("lags", lags, 1)
    refuse_beyond("lags", lags, panel.calendar.n_positions)
    if not isinstance(y, str):
        raise SpecificationError(f"y must be a column name or a formula; got {type(y).__name__}.")
    _, y, time_effects = read_period_effects(panel, y, x, read_flag("time_effects", time_effects))
    exogenous = read_names("x", x)
    if "~" in y and x is None:
        from panelvar.data.formulas.formula import parse, written_terms

        whole = panel if isinstance(panel, Panel) else next(panel.panels(panel.names))
        y, exogenous = parse(y, whole).y_name, tuple(term for term in written_terms(y) if term not in ("0", "1"))
    older, current = read_names("predetermined", predetermined), read_names("endogenous", endogenous)
    own_lags, regressors = lag_names(y, lags), (*exogenous, *older, *current)
    twice = repeated((y, *own_lags, *regressors))
    if twice:
        raise SpecificationError(
            f"You named {listed(twice)} twice. Name each regressor once, in x, predetermined= or endogenous=, and "
            f"leave out the lags of {y!r}: lags= adds them."
        )
    sets = read_instruments((y,), exogenous, older, current, instruments)
    constant = read_flag("constant", constant)
    return panel, Specification(
        (y,),
        own_lags,
        lags,
        regressors,
        sets,
        transform,
        level_equation,
        constant,
        time_effects,
        older=older,
        current=current,
    )


def _fit(
    name: str,
    source: Panel | WholeEntities,
    specification: Specification,
    steps: int | str,
    cov: str | Covariance | None,
    small_sample: bool,
    convention: str,
    missing: str,
    *,
    nonlinear: str | None = None,
    h: str | None = None,
) -> DynamicPanelResult:
    """Estimate what was read, under the name of an estimator."""
    choose("missing", missing, DROP_OR_RAISE)
    if nonlinear is not None:
        choose("nonlinear", nonlinear, NONLINEAR)
    small_sample, rules = read_flag("small_sample", small_sample), gmm_convention(convention)
    cov_kind, by = read_covariance(cov)
    own_constant = specification.constant and not specification.level_equation
    specification = replace(specification, h=h or ("block" if own_constant else rules.h))
    if isinstance(source, Panel):
        model = build_model(source, specification, missing)
    else:
        model = stream_model(source, specification, missing)
    found = estimate(model, steps=steps, convention=rules, cov_kind=cov_kind, by=by, nonlinear=nonlinear)
    notes = (*model.notes, *found.notes, *_unstable(specification, found.params))
    rss = float(np.trace(found.sums.residual_products(found.params)))
    fit = DynamicFit(model.regressors, found.params[:, 0], rss, notes, found)
    kind_of_moments = "" if nonlinear is None else ", quadratic moments"
    estimator = f"{name}, {STEP_WORDS[found.steps]} GMM{kind_of_moments}"
    result = DynamicPanelResult(fit, estimated_covariance(found, small_sample=small_sample), estimator)
    if not isinstance(source, Panel) and model.census.differences.most > 1:
        # One reading serves both tests that the table shows: it can be printed where the data are no more.
        result.ar_test(1)
    emit(result.notes)
    return result


def _unstable(specification: Specification, params: Array) -> tuple[Note, ...]:
    """Say that the lags of y do not die out, which no standard error shows."""
    name = specification.dependents[0]
    modulus = float(np.abs(companion_roots(params[: specification.lags, :, None]))[0])
    if modulus < 1.0:
        return ()
    text = f"The lags of {name!r} have a root of modulus {modulus:.4f}, so shocks to {name!r} do not die out."
    if specification.level_equation:
        text += (
            " Differences are valid instruments for levels only if shocks die out and the series started around "
            "their long-run means."
        )
    return (Note("not-stable", text),)
