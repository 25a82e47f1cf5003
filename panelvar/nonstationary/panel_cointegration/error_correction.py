r"""Westerlund's error-correction tests: whether y returns to a relation with x, in some entities or in all.

References: Westerlund (2007), Oxford Bulletin of Economics and Statistics 69, 709-748; Persyn and Westerlund (2008),
Stata Journal 8, 232-241.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import read_generator, read_whole, say_draws
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.distributions import normal_tail
from panelvar.core.base.errors import (
    CollinearityError,
    InsufficientDataError,
    NumericalError,
    PanelVarError,
    SpecificationError,
    choose,
)
from panelvar.core.base.limits import MOST_DRAWS
from panelvar.core.base.scaling import exponents
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.bands.simulated import chunked
from panelvar.estimates.sizes.panel_sizes import PanelCase
from panelvar.kernels.linear.draws import reach
from panelvar.kernels.linear.unit_regressions import DEPENDENT, ESTIMATED
from panelvar.nonstationary.panel_cointegration.error_correction_bootstrap import null_models, samples
from panelvar.nonstationary.panel_cointegration.error_correction_models import (
    Choice,
    Corrections,
    Form,
    corrections,
    orders,
    read_orders,
    statistics,
    width,
)
from panelvar.nonstationary.panel_cointegration.hypotheses import EVERY, NULL, SOME
from panelvar.nonstationary.panel_cointegration.moments import error_correction_moments
from panelvar.nonstationary.panel_series.bootstrap import (
    DrawnStatistics,
    PanelBootstrap,
    draw_statistics,
    read_bootstrap,
)
from panelvar.nonstationary.panel_series.entity_regressions import lags_in_words
from panelvar.nonstationary.panel_series.lag_criteria import shared_criterion
from panelvar.nonstationary.panel_series.panel_system import PanelSystem, panel_system
from panelvar.nonstationary.panel_series.result import PanelTestResult, panel_test
from panelvar.nonstationary.panel_series.terms import check_terms
from panelvar.nonstationary.unit_roots.one_series import read_bandwidth
from panelvar.nonstationary.unit_roots.regressions import EXACT, FEWEST_DF, join_by_length

STATISTICS = ("Gt", "Ga", "Pt", "Pa")

_REASONS: dict[int, tuple[type[PanelVarError], str]] = {
    DEPENDENT: (CollinearityError, "has lagged levels, changes and terms that are combinations of one another"),
    EXACT: (NumericalError, "follows its regression exactly"),
}
_ONE_BOOTSTRAP = (
    "draws= and bootstrap= are two bootstraps: Westerlund's, and that of all tests of panels. Give one of them."
)
# Numbers of the samples that are drawn together.
_AT_ONCE = 1 << 20


# What each program does.
_PRESETS = {
    "default": Form(True, True, (True, True), "common", False, False, "default", "stata"),
    "stata": Form(True, False, (True, False), "own", True, True, "published", 2),
    "stata-westerlund": Form(False, True, (False, False), "westerlund", True, True, "xtwest", 2),
}


@dataclass(frozen=True, eq=False, repr=False)
class WesterlundResult(PanelTestResult):
    """A `PanelTestResult` with the statistics of the panels that were drawn.

    Parameters
    ----------
    drawn : mapping of str to (B,) array
        With ``draws=``, of Gt, Ga, Pt and Pa, on the scale of ``values``; with ``bootstrap=``, of the standardised
        statistics by name; empty where p-values are normal.

    See Also
    --------
    westerlund_test : makes it.
    PanelTestResult : what it shares with other tests of panels.

    Examples
    --------
    >>> import panelvar as pv
    >>> test = pv.westerlund_test(pv.load_data("grunfeld"), "invest ~ value", lags=1, draws=99, seed=1)
    >>> test.pvalue, len(test.drawn["Gt"])
    (0.7, 99)
    """

    drawn: Mapping[str, NDArray[Any]] = field(default_factory=dict)


@documented
def westerlund_test(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    trend: str = "c",
    lags: int | str = 1,
    leads: int | str = 0,
    max_lags: int | None = None,
    min_lags: int = 0,
    max_leads: int | None = None,
    min_leads: int = 0,
    bandwidth: float | str | None = None,
    draws: int | None = None,
    seed: int | np.random.Generator = 0,
    bootstrap: PanelBootstrap | None = None,
    demean: bool = False,
    unusable: str = "raise",
    missing: str = "drop",
    convention: str = "default",
) -> WesterlundResult:
    r"""Test that no entity's y corrects errors of a relation with x (Westerlund 2007).

    Each entity has the regression

    .. math:: \Delta y_{it} = \delta_i'd_t + \alpha_i y_{i,t-1} + \lambda_i'x_{i,t-1}
        + \sum_{j=1}^{p_i} a_{ij} \Delta y_{i,t-j} + \sum_{j=-q_i}^{p_i} \gamma_{ij}'\Delta x_{i,t-j} + e_{it}

    in which :math:`\alpha_i = 0` without cointegration. With :math:`\hat\omega_{ui}` and :math:`\hat\omega_{yi}` the
    roots of the long-run variances of :math:`\hat u_{it} = \hat e_{it} + \sum_j \hat\gamma_{ij}'\Delta x_{i,t-j}` and
    of :math:`\Delta y_{it}`, :math:`\hat\alpha_i(1) = \hat\omega_{ui} / \hat\omega_{yi}`, and :math:`T_i` degrees of
    freedom,

    .. math:: G_\tau = \frac1N \sum_i \frac{\hat\alpha_i}{SE(\hat\alpha_i)}, \quad
        G_\alpha = \frac1N \sum_i \frac{T_i \hat\alpha_i}{\hat\alpha_i(1)}, \quad
        P_\tau = \frac{\hat\alpha}{SE(\hat\alpha)}, \quad P_\alpha = \bar T \hat\alpha.

    The pooled :math:`\hat\alpha` regresses what all else leaves of :math:`\Delta y_{it} / \hat\alpha_i(1)` on what it
    leaves of :math:`y_{i,t-1}`; its variance averages :math:`\hat\sigma_i^2/\hat\alpha_i(1)^2` with the weights
    :math:`T_i`. Less their means under the null times :math:`\sqrt N`, over deviations, all are N(0, 1)
    (T to infinity, then N).

    Parameters
    ----------
    {data, y (levels), x (levels)}
    trend : {"n", "c", "ct"}
        Terms :math:`d_t` of each entity: nothing, a constant, or a constant and a trend. Variables that drift need the
        trend.
    lags, leads : int or {"aic", "bic", "hqic"}
        :math:`p_i` and :math:`q_i`; or the criterion by which each entity has its own, compared on the rows that the
        most lags and leads leave. Leads are for regressors that are not strictly exogenous.
    max_lags, max_leads : int, optional
        The most that a criterion may choose. By default the integer part of :math:`4 (T/100)^{2/9}`, with the periods
        of the shortest entity.
    min_lags, min_leads : int
        The fewest.
    bandwidth : float or {"stata", "short", "long", "schwert", "newey-west", "andrews"}, optional
        Lags of the long-run variances, with Bartlett's weights, or a rule (see `kpss_test`). By default "stata", the
        integer part of :math:`4 (T/100)^{2/9}`.
    draws : int, optional
        Take p-values from so many panels drawn without cointegration, say 999, for which entities need the same
        periods. By default p-values are from the normal distribution.
    seed : int or Generator
        A Generator is used up; the same seed gives the same p-values.
    {bootstrap (panel), demean, unusable (relation), missing}
    convention : {"default", "stata", "stata-westerlund"}
        ``"stata"`` does as ``xtwest``: long-run variances over all rows there are, with the mean taken out of
        :math:`\Delta y` alone under a trend; criteria compared on different rows, so that the units of y matter; pooled
        regressions with the average lags and leads, rounded down; averages in :math:`G_\alpha` and :math:`\bar T` over
        rows, so that entities count by their periods; printed moments; a bandwidth of 2.
        ``"stata-westerlund"`` does as its option ``westerlund``: one regressor, rows in the place of degrees of
        freedom, no mean taken out, its own criterion, other moments. The default has drawn moments, and does not
        depend on the drift of a regressor.

    Returns
    -------
    WesterlundResult
        :math:`G_\tau`, lower tail; ``parts`` has the other three. Group statistics (G) have the alternative that some
        entities are cointegrated, pooled ones (P) that all are. ``values`` has the statistics before they are
        standardised, ``drawn`` those of the draws; ``individual`` each entity's :math:`\hat\alpha_i`, t ratio,
        :math:`\hat\alpha_i(1)`, lags, leads and rows.

    Raises
    ------
    SpecificationError
        There are more than six regressors.
    DataError, CollinearityError, NumericalError
        An entity has gaps, does not vary, or has a regression that is exact or has dependent columns; or you asked for
        draws, and the entities have different periods.
    InsufficientDataError
        There are fewer than two entities, or too few periods for the lags and leads.

    See Also
    --------
    pedroni_test, kao_test : residuals in place of error correction.
    fit_pooled_mean_group : the error-correction model.
    westerlund_variance_ratio_test : the test of 2005.

    Notes
    -----
    Shocks that are common to the entities make the normal p-values far too small; the draws are of whole periods, which
    keeps what entities share. With :math:`\hat e` and :math:`\Delta x` less their means, rows of all entities are drawn
    with replacement, :math:`\Delta y` follows without error correction, and

    .. math:: p = \frac{1 + \#\{\text{statistics not above that of the data}\}}{1 + B}.

    Rows of all entities keep what independent ones have in common by chance, too: with about as many entities as
    periods, or more, draws are spread too widely and reject too seldom (0 to 4 percent of true nulls at 5 percent, with
    50 entities and 25 periods). A criterion chooses orders again in each draw. The test finds :math:`\alpha_i < 0`
    where y adjusts, not where only x does. Pooled statistics weight entities by the variance of their errors: where
    these are very different, take p-values from draws.

    Examples
    --------
    >>> import panelvar as pv
    >>> test = pv.westerlund_test(pv.load_data("grunfeld"), "invest ~ value", lags=1)
    >>> test.in_a_line()
    'z = 1.1691, p = 0.8788'
    >>> {name: round(float(value), 2) for name, value in test.values.items()}
    {'Gt': -1.48, 'Ga': -7.33, 'Pt': 0.12, 'Pa': 0.1}
    """
    check_terms(trend)
    form = _PRESETS[choose("convention", convention, tuple(_PRESETS))]
    criterion = shared_criterion(lags, leads)
    if form.sample == "westerlund" and criterion not in (None, "aic"):
        raise SpecificationError(f"convention={convention!r} has its own criterion, near 'aic'. Give that.")
    resampling = read_bootstrap(bootstrap)
    if draws is not None and resampling is not None:
        raise SpecificationError(_ONE_BOOTSTRAP)
    count = None if draws is None else read_whole("draws", draws, 1, MOST_DRAWS)
    rng = read_generator("seed", seed)
    system = panel_system(data, y, x, demean=demean, unusable=unusable, missing=missing)
    moments = error_correction_moments(trend, system.n_regressors, form.moments)
    mean, variance = (np.array([moments[name][part] for name in STATISTICS]) for part in (0, 1))
    usual = int(4.0 * (system.periods.min() / 100.0) ** (2.0 / 9.0))
    choice = Choice(
        read_orders("lags", lags, min_lags, max_lags, usual),
        read_orders("leads", leads, min_leads, max_leads, usual),
        criterion or "aic",
        form.sample,
    )
    rows = _fewest_rows(system, trend, choice)
    if bandwidth is None:
        bandwidth = form.bandwidth
    form = form._replace(trend=trend, bandwidth=read_bandwidth(bandwidth, "bartlett", rows))
    # Units that entities share, about their means where regressions have a constant.
    centred = system.values if trend == "n" else [own - own.mean(axis=0) for own in system.values]
    units = exponents(np.concatenate(centred), axis=0)
    values = [np.ldexp(own, -units) for own in centred]
    choice = choice._replace(unit=int(units[0]))
    own_lags, own_leads, own, pooled = _regress_entities(values, choice, form)
    for regressions in (own, pooled):
        system.refuse_untested(regressions.status, _REASONS)
    raw = statistics(own, pooled, by_periods=form.by_periods)
    root = math.sqrt(system.n_entities)

    def standardise(found: Array) -> Array:
        return np.asarray((found * np.array([root, root, 1.0, root]) - root * mean) / np.sqrt(variance))

    scores = standardise(raw)
    under_null = _draw_under_null(
        replace(system, values=tuple(values)), choice, form, resampling, standardise, bool(demean)
    )
    pvalues = [normal_tail(-float(score), sides=1) for score in scores]
    drawn: dict[str, Array] = {}
    if count is not None:
        system.stack("A bootstrap of this test")
        every = np.concatenate(list(_draw_statistics(system, np.stack(values), choice, form, count, rng)))
        drawn = dict(zip(STATISTICS, every.T, strict=True))
        pvalues = ((1.0 + reach(-every, -raw).sum(axis=0)) / (1.0 + count)).tolist()
    names = [f"Westerlund {'group' if name[0] == 'G' else 'pooled'} {name}" for name in STATISTICS]
    headline, *parts = (
        PanelTestResult(name, float(score), pvalue, "none" if drawn else "normal", null=NULL, alternative=alternative)
        for name, score, pvalue, alternative in zip(names, scores, pvalues, (SOME, SOME, EVERY, EVERY), strict=True)
    )
    test = panel_test(
        headline,
        system,
        SOME,
        trend=trend,
        parts=parts,
        choices={
            "Lags": lags_in_words(own_lags, choice.criterion if choice.lags.open else "given"),
            "Leads": lags_in_words(own_leads, choice.criterion if choice.leads.open else "given"),
            "Bandwidth": f"{bandwidth}",
            "P-values": "normal" if count is None else f"whole periods, {say_draws(count, seed)}",
        },
        columns={
            "speed": own.speed,
            "ratio": own.ratio,
            "long_run": own.long_run,
            "lags": own_lags,
            "leads": own_leads,
            "rows": own.rows.astype(np.intp),
        },
        nobs=int(own.rows.sum()),
        size=PanelCase("westerlund", {"lags": lags, "leads": leads, "trend": trend}) if count is None else None,
        drawn=under_null,
    )
    unstandardised = dict(zip(STATISTICS, raw.tolist(), strict=True))
    return WesterlundResult(**vars(test) | {"values": unstandardised, "drawn": drawn or test.drawn})


def _draw_under_null(
    system: PanelSystem,
    choice: Choice,
    form: Form,
    bootstrap: PanelBootstrap | None,
    standardise: Callable[[Array], Array],
    demean: bool,
) -> DrawnStatistics | None:
    """Standardised statistics of panels in which no variables are cointegrated."""

    def of_panels(panel: PanelSystem, panels: int) -> Array:
        _, _, *parts = _regress_entities(panel.values, choice, form, panels)
        for regressions in parts:
            panel.refuse_untested(regressions.status, _REASONS)
        own, pooled = (each.by_panel(panels) for each in parts)
        return standardise(statistics(own, pooled, by_periods=form.by_periods))

    return draw_statistics(system, form.trend, bootstrap, of_panels, upper=(False,) * len(STATISTICS), demean=demean)


def _fewest_rows(system: PanelSystem, trend: str, choice: Choice) -> int:
    """Rows that the most lags and leads leave of the shortest entity, or say that they are too few."""
    lags, leads, place = choice.lags.most, choice.leads.most, int(np.argmin(system.periods))
    periods, needed = int(system.periods[place]), width(trend, system.n_regressors, lags, leads) + FEWEST_DF
    rows = periods - 1 - lags - leads
    if rows < needed:
        raise InsufficientDataError(
            f"{system.called(place)} has {count_of(periods, 'period')}, of which {count_of(lags, 'lag')} and "
            f"{count_of(leads, 'lead')} leave {count_of(max(rows, 0), 'row')}. At least {needed} are needed. Use fewer "
            "lags or leads."
        )
    return rows


def _regress_entities(
    values: Sequence[Array], choice: Choice, form: Form, panels: int = 1
) -> tuple[Positions, Positions, Corrections, Corrections]:
    """Lags and leads of the entities, corrections of each one's regression, and of those that are pooled.

    Those of so many panels one after another have averages of their own.
    """
    lags, leads = join_by_length(values, lambda _, stack: orders(stack, form.trend, choice))

    def regress(lags: Positions, leads: Positions) -> Corrections:
        return join_by_length(values, lambda units, stack: corrections(stack, lags[units], leads[units], form))

    own = regress(lags, leads)
    averages = (_average(each.reshape(panels, -1)).ravel() for each in (lags, leads))
    pooled = regress(*averages) if form.averaged and choice.open else own
    return lags, leads, own, pooled


def _average(numbers: Positions) -> Positions:
    """The average over entities (..., N), rounded down, for each of them."""
    return np.broadcast_to(numbers.mean(axis=-1, keepdims=True).astype(np.intp), numbers.shape)


def _draw_statistics(
    system: PanelSystem, stack: Array, choice: Choice, form: Form, count: int, rng: np.random.Generator
) -> Iterator[Array]:
    """Statistics (B, 4) of panels drawn without cointegration, B at a time."""
    entities, periods, columns = stack.shape
    models = null_models(stack, form.trend, *orders(stack, form.trend, choice, levels=False))
    for size in chunked(count, max(1, _AT_ONCE // stack.size)):
        flat = samples(models, periods, size, rng).reshape(size * entities, periods, columns)
        lags, leads = orders(flat, form.trend, choice)
        own = pooled = corrections(flat, lags, leads, form)
        if form.averaged and choice.open:
            average = [_average(each.reshape(size, entities)).ravel() for each in (lags, leads)]
            pooled = corrections(flat, average[0], average[1], form)
        lost = (own.status != ESTIMATED) | (pooled.status != ESTIMATED)
        if lost.any():
            label = system.labels[int(lost.argmax()) % entities]
            raise NumericalError(
                f"In a panel drawn without cointegration, {label!r} has no regression. Use fewer lags."
            )
        yield statistics(own.by_panel(size), pooled.by_panel(size), by_periods=form.by_periods)
