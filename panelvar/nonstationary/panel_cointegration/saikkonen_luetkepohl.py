r"""Saikkonen and Luetkepohl's tests of every rank, combined over entities that share factors or shocks.

References: Oersal and Arsova (2017), Econometrics and Statistics 2, 61-72; Arsova and Oersal (2018), Econometric
Reviews 37, 1033-1050; Arsova and Oersal (2021), Econometrics and Statistics 17, 107-129; Trenkler (2008), Computational
Statistics 23, 19-39.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.constants import constants, numbers_by
from panelvar.core.base.errors import NumericalError, choose
from panelvar.core.base.scaling import exponents
from panelvar.core.base.shared_parameters import documented
from panelvar.core.tables.test_result import TestResult
from panelvar.estimates.sizes.panel_sizes import PanelCase
from panelvar.kernels.linear.common_trends import changes
from panelvar.kernels.linear.principal_components import principal_components
from panelvar.nonstationary.cointegration.johansen_distribution import gamma_tail
from panelvar.nonstationary.cointegration.johansen_result import CORRECTIONS
from panelvar.nonstationary.panel_cointegration.hypotheses import SOME, rank_at_most
from panelvar.nonstationary.panel_cointegration.rank_regressions import REASONS, read_system_lags
from panelvar.nonstationary.panel_cointegration.rank_tests import (
    RankTests,
    first_kept,
    name_of_test,
    over_entities,
    rank_tests,
)
from panelvar.nonstationary.panel_cointegration.trend_adjustment import (
    CASES,
    adjusted_traces,
    residuals_without_relations,
)
from panelvar.nonstationary.panel_series.entity_regressions import lags_in_words
from panelvar.nonstationary.panel_series.panel_system import PanelSystem, panel_system
from panelvar.nonstationary.panel_series.pvalue_combinations import normal_scores
from panelvar.nonstationary.panel_series.result import PanelTestResult, lower_test, panel_test
from panelvar.nonstationary.panel_series.terms import check_terms
from panelvar.nonstationary.panel_unit_roots.pooled_roots import number_of_factors
from panelvar.nonstationary.unit_roots.one_series import deterministic
from panelvar.nonstationary.unit_roots.regressions import alike, join_groups

OVER_ENTITIES = ("Z", "cain", "Pm", "P", "L*", "hartung", "lr-bar")
"""How the tests of the entities become one, those that every result has first."""

CONVENTIONS = ("default", "pvars")

_TAKEN_OUT = {"c": "levels", "ct": "levels and trends"}


@documented
def saikkonen_luetkepohl_test(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    trend: str = "ct",
    lags: int | str = 2,
    max_lags: int | None = None,
    factors: int | None = None,
    criterion: str = "BIC3",
    max_factors: int | None = None,
    statistic: str = "Z",
    unusable: str = "raise",
    missing: str = "drop",
    convention: str = "default",
) -> PanelTestResult:
    r"""Test how many relations hold between variables of entities that share factors (Oersal and Arsova 2017).

    Principal components find common factors in the standardised changes of all variables of all entities. What the
    cumulated factors leave of the levels (PANIC, see `panic_test`) is each entity's own system. Generalised least
    squares estimates its levels and trends under every rank r and takes them out (Saikkonen and Luetkepohl 2000). The
    rest has Johansen's trace statistic without terms, whose distribution under the null gives p-values :math:`p_{ir}`
    (Trenkler 2008). Over entities,

    .. math:: Z_r = \frac{1}{\sqrt N} \sum_i \Phi^{-1}(p_{ir}), \qquad
        CAIN_r = \frac{\sum_i \Phi^{-1}(p_{ir})}{\sqrt{N + N(N-1)\tilde\rho_r}} \to N(0, 1)

    with :math:`\tilde\rho_r` the correlation of the normal scores, from the average correlation of the entities'
    residuals in absolute value (Arsova and Oersal 2021).

    Parameters
    ----------
    {data, y (levels), x (levels)}
        All variables stand on one footing: their order does not matter.
    trend : {"c", "ct"}
        What is taken out of the levels: constants, or constants and trends. Where factors are, what these leave has
        trends in either case; ``"ct"`` takes means out of the changes first.
    lags : int or {"aic", "bic", "hqic"}
        **Lags of the model of the levels**, as in `johansen_fisher_test`; a criterion chooses them for each entity.
    max_lags : int, optional
        With a criterion only. By default :math:`\lceil 4 (T/100)^{1/4} \rceil`, or fewer where rows do not suffice.
    factors : int, optional
        Number of factors, if it is known; zero leaves the levels as they are.
    criterion : {"PC1", "PC2", "PC3", "IC1", "IC2", "IC3", "BIC3", "ER", "GR"}
        What finds the number of factors if you do not give it: Bai and Ng (2002), or Ahn and Horenstein (2013).
    max_factors : int, optional
        The most factors that the criterion may find: by default five, or a third of the variables of all entities or of
        the periods if that is less.
    statistic : {"Z", "cain", "Pm", "P", "L*", "hartung", "lr-bar"}
        Which statistic is the result. "cain" and "hartung" allow for correlated tests of entities, and without factors
        tests mostly are correlated. "lr-bar" averages the statistics. For the others see
        `panelvar.nonstationary.panel_series.pvalue_combinations`.
    {unusable (relation), missing}
    convention : {"default", "pvars"}
        By default statistics are multiplied by (n - pK) / n for short samples (Reinsel and Ahn 1992), and what factors
        leave of a variable is in the unit of its changes. ``"pvars"`` does as R's pvars and published numbers:
        statistics are not multiplied, and variables are in the units of the data, which matter to ranks above zero.

    Returns
    -------
    PanelTestResult
        The test of rank 0; ``parts`` has the higher ranks, and Z, CAIN, Pm and the average statistic of every rank.
        ``individual`` has each entity's statistics and p-values by rank, lags and rows.

    Raises
    ------
    DataError, CollinearityError, NumericalError
        Periods are not the same for all entities, or an entity has gaps, does not vary, or has variables that depend on
        one another, on their past or on the factors.
    InsufficientDataError
        There are fewer than two entities, too few periods for the lags and variables, or too few entities for the
        factors.

    See Also
    --------
    johansen_fisher_test : entities without common factors.
    panic_test : unit roots in factors and own parts.

    Notes
    -----
    The ranks are those of what factors leave. Relations of the factors among themselves are a matter for
    `johansen_test`. In short panels statistics are too large, as Johansen's are: without a correction the test rejects
    true nulls far too often, and with it 0 to 3 percent of them at 5 percent (up to 10 where AIC chooses the lags).
    Where there are factors, ranks above zero are tested by the combinations that the relations do not span, as Arsova
    and Oersal (2018) do.

    Examples
    --------
    >>> import panelvar as pv
    >>> grunfeld = pv.load_data("grunfeld")
    >>> pv.saikkonen_luetkepohl_test(grunfeld, "invest", ["value"], lags=1, factors=1).in_a_line()
    'z = 0.6515, p = 0.7426'
    """
    check_terms(trend, tuple(CASES))
    choose("statistic", statistic, OVER_ENTITIES)
    choose("convention", convention, CONVENTIONS)
    system = panel_system(data, y, x, unusable=unusable, missing=missing)
    whole = system.stack("Saikkonen and Luetkepohl's test")
    levels = whole - whole.mean(axis=1, keepdims=True)
    units = exponents(levels, axis=1)
    levels = np.ldexp(levels, -units[:, None])
    entities, periods, k = levels.shape
    panel = levels.swapaxes(0, 1).reshape(periods, entities * k)
    differences = changes(panel, trend)
    _refuse_followers(system, differences, panel, "changes by its terms alone, so nothing is left to test")
    size = np.sqrt(np.square(differences).mean(axis=0))
    panel, differences = panel / size, differences / size
    own, count, how = _without_factors(panel, differences, trend, factors, criterion, max_factors)
    left = changes(own, trend)
    _refuse_followers(system, left, differences, "is a combination of the factors. Take fewer of them")
    taken = "ct" if count else trend
    stack = own.reshape(periods, entities, k).swapaxes(0, 1)
    orders = read_system_lags(system, list(stack), CASES[taken], lags, max_lags)
    # The combinations that relations do not span depend on units, here on the sizes of changes.
    given = np.ldexp(size.reshape(entities, 1, k), units[:, None]) if convention == "pvars" else 1.0
    statistics, status = _traces(stack * given, taken, orders, rotated=count > 0)
    system.refuse_untested(status, REASONS)
    rows = periods - orders
    if convention == "default":
        statistics *= ((rows - orders * k) / rows)[:, None]
    mean, variance = trace_moments(taken, k)
    moments = (np.tile(each, (entities, 1)) for each in (mean, variance))
    tests = rank_tests(statistics, gamma_tail(statistics, mean, variance), *moments)
    correlation = _correlation(stack, taken, orders)
    shown = dict.fromkeys([statistic, *OVER_ENTITIES[:3], "lr-bar"])
    headline, *parts = (
        cain(tests, rank, correlation) if each == "cain" else over_entities(tests, each, rank)
        for each in shown
        for rank in range(k)
    )
    ranked = [each.pvalue for each in (headline, *parts)[:k]]
    return panel_test(
        replace(headline, name=f"Saikkonen-Luetkepohl {headline.name}"),
        system,
        SOME,
        parts=parts,
        choices={
            "Taken out": _TAKEN_OUT[taken],
            "Factors": f"{count}{how}",
            "Lags of the levels": lags_in_words(orders, lags if isinstance(lags, str) else "given"),
            "Correction": CORRECTIONS["reinsel-ahn"] if convention == "default" else "none",
            "Correlation of residuals": f"{correlation:.4f}",
            "Rank at 5 percent": f"{first_kept(ranked)}",
        },
        columns={
            **{
                f"trace_{rank}{what}": values[:, rank]
                for rank in range(k)
                for what, values in (("", tests.statistics), ("_pvalue", tests.pvalues))
            },
            "lags": orders,
            "rows": rows,
        },
        nobs=int(rows.sum()),
        size=PanelCase("saikkonen_luetkepohl", {"lags": lags, "trend": trend, "convention": convention}),
    )


def _refuse_followers(system: PanelSystem, left: Array, whole: Array, why: str) -> None:
    """Refuse variables (T, NK) of which what is left is rounding, naming the first."""
    none = np.flatnonzero(deterministic(left.T, whole.T))
    if none.size:
        entity, variable = divmod(int(none[0]), 1 + system.n_regressors)
        name = (system.dependent, *system.names)[variable]
        raise NumericalError(f"{name!r} of {system.labels[entity]!r} {why}.")


def _without_factors(
    panel: Array, differences: Array, trend: str, factors: int | None, criterion: str, max_factors: int | None
) -> tuple[Array, int, str]:
    """Levels (T, NK) less their part in cumulated factors, how many these are, and how that was found."""
    rank = min(len(differences) - (trend == "ct"), panel.shape[1])
    count, how = number_of_factors(differences, rank, factors, criterion, max_factors)
    if not count:
        return panel, 0, how
    found = principal_components(differences, count)
    common = found.factors.cumsum(axis=0) @ found.loadings.T
    return panel - np.concatenate([np.zeros((1, panel.shape[1])), common]), count, how


def _traces(stack: Array, trend: str, lags: Positions, *, rotated: bool) -> tuple[Array, NDArray[np.int8]]:
    """Traces of entities with lags of their own, those of the same together."""
    groups = list(alike(lags))
    return join_groups(
        [places for _, places in groups],
        [adjusted_traces(stack[places], trend, lag, rotated=rotated) for lag, places in groups],
    )


def trace_moments(trend: str, variables: int) -> tuple[Array, Array]:
    """Mean and variance of trace statistics under ranks 0, 1, ..., K - 1 (Trenkler 2008, table 6)."""
    q = np.arange(variables, 0, -1, dtype=np.float64)
    shape = np.stack([q**2, q, np.sqrt(q), np.ones_like(q), q == 1, q == 2])
    surfaces = numbers_by("nonstationary/panel_cointegration", "trenkler", "quantity", "trend")
    return surfaces["mean", trend] @ shape, surfaces["variance", trend] @ shape


def _correlation(stack: Array, trend: str, lags: Positions) -> float:
    """Average correlation, in absolute value, of the residuals of each variable of two entities."""
    longest = int(lags.max())
    residuals = np.stack(
        [
            residuals_without_relations(stack[[place]], trend, lag)[0, longest - lag :]
            for place, lag in enumerate(lags.tolist())
        ]
    )
    pairs = np.tril_indices(len(stack), -1)
    found = (np.asarray(np.corrcoef(residuals[..., variable]))[pairs] for variable in range(stack.shape[2]))
    return float(np.abs(np.stack(list(found))).mean())


@cache
def _augmentation() -> Array:
    """Powers and coefficients (13, 5) of the correlation of normal scores."""
    rows = constants("nonstationary/panel_cointegration", "arsova_oersal")
    return np.array([list(row.values()) for row in rows], dtype=np.float64)


def score_correlation(correlation: float, variables: int, rank: int) -> float:
    """Correlation of normal scores of entities' tests of a rank, from that of residuals (Arsova and Oersal 2021)."""
    power, of_variables, of_rank, of_directions, coefficients = _augmentation().T
    terms = correlation**power * float(variables) ** of_variables * float(rank) ** of_rank
    return float((coefficients * terms * float(variables - rank) ** of_directions).sum())


def cain(tests: RankTests, rank: int, correlation: float) -> TestResult:
    """The correlation-augmented inverse normal test that no entity has a rank above one."""
    entities, variables = tests.pvalues.shape
    augmented = score_correlation(correlation, variables, rank)
    scores = normal_scores(tests.pvalues[:, rank])
    value = float(scores.sum()) / math.sqrt(entities + entities * (entities - 1) * augmented)
    return lower_test(name_of_test("cain", rank), value, rank_at_most(rank))
