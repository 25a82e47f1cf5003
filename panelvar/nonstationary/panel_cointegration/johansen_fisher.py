r"""Johansen's tests of every rank, combined over the entities of a panel.

References: Maddala and Wu (1999), Oxford Bulletin of Economics and Statistics 61; Larsson, Lyhagen and Loethgren
(2001), Econometrics Journal 4; Choi (2001), Journal of International Money and Finance 20.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import (
    Note,
    SpecificationError,
    choose,
)
from panelvar.core.base.shared_parameters import documented
from panelvar.core.tables.test_result import TestResult
from panelvar.estimates.sizes.panel_sizes import PanelCase
from panelvar.nonstationary.cointegration.cases import CASES
from panelvar.nonstationary.cointegration.johansen_distribution import gamma_moments, gamma_pvalues
from panelvar.nonstationary.cointegration.johansen_result import CORRECTIONS, STATISTICS
from panelvar.nonstationary.cointegration.reduced_rank import likelihood_terms
from panelvar.nonstationary.panel_cointegration.hypotheses import SOME
from panelvar.nonstationary.panel_cointegration.rank_regressions import (
    REASONS,
    count_coefficients,
    eigenvalues,
    read_system_lags,
    variables_in_own_units,
)
from panelvar.nonstationary.panel_cointegration.rank_tests import RankTests, first_kept, over_entities, rank_tests
from panelvar.nonstationary.panel_series.entity_regressions import lags_in_words
from panelvar.nonstationary.panel_series.panel_system import PanelSystem, panel_system
from panelvar.nonstationary.panel_series.result import PanelTestResult, panel_test
from panelvar.nonstationary.unit_roots.regressions import join_by_length

# Cases whose sizes were not simulated, and those that are nearest.
_SIMULATED = {"ct": "rt"}

OVER_ENTITIES = ("P", "Z", "Pm", "L*", "lr-bar")
"""How the tests of the entities become one: their p-values combined, or their statistics averaged."""


@documented
def johansen_fisher_test(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    trend: str = "rt",
    lags: int | str = 2,
    max_lags: int | None = None,
    test: str = "trace",
    statistic: str = "P",
    correction: str | None = "reinsel-ahn",
    demean: bool = False,
    unusable: str = "raise",
    missing: str = "drop",
) -> PanelTestResult:
    r"""Test how many relations hold between variables, by Johansen's tests of every entity (Maddala and Wu 1999).

    With :math:`p_{ir}` the p-value of the test that :math:`\Pi_i` of entity i (`johansen_test`) has a rank of at most
    r,

    .. math:: P_r = -2 \sum_i \ln p_{ir} \to \chi^2(2N), \qquad
        \overline{LR}_r = \sqrt N\, \frac{N^{-1} \sum_i LR_{ir} - E[Z_q]}{\sqrt{\mathrm{Var}[Z_q]}} \to N(0, 1)

    the latter of the trace statistics :math:`LR_{ir}`, with the moments of their limits for q = K - r (Larsson, Lyhagen
    and Loethgren 2001). P is EViews' "Fisher (combined Johansen)".

    Parameters
    ----------
    {data, y (levels), x (levels)}
        All variables stand on one footing: their order does not matter.
    {trend (cointegration)}
    lags : int or {"aic", "bic", "hqic"}
        **Lags of the model of the levels**, p; there are p - 1 lagged differences (EViews counts these). A criterion
        chooses them for each entity, from 1 up.
    max_lags : int, optional
        With a criterion only. By default :math:`\lceil 4 (T/100)^{1/4} \rceil`, or fewer where rows do not suffice.
    test : {"trace", "max"}
        Which of Johansen's tests is the result; ``parts`` has both.
    statistic : {"P", "Z", "Pm", "L*", "lr-bar"}
        How entities are combined: see `panelvar.nonstationary.panel_series.pvalue_combinations`, or the average trace
        statistic.
    correction : {"reinsel-ahn", "doornik"} or None
        For short samples: statistics times (n - pK) / n (Reinsel and Ahn 1992); or, for the trace tests, distributions
        of samples of the size (Doornik 1998), which corrects less. None is what EViews does.
    {demean, unusable (relation), missing}

    Returns
    -------
    PanelTestResult
        The test of rank 0. ``parts`` has the higher ranks, the other test, and the average trace statistic of each
        rank. ``individual`` has each entity's statistics and p-values by rank, lags and rows.

    Raises
    ------
    DataError, CollinearityError, NumericalError
        An entity has gaps, does not vary, or has variables that depend on one another or on their past.
    InsufficientDataError
        There are fewer than two entities, or too few periods for the lags and variables.

    See Also
    --------
    johansen_test : one entity.
    saikkonen_luetkepohl_test : entities that share factors.
    combine_pvalues : the combinations.

    Notes
    -----
    The default case, a trend in the relations, is right whether the levels drift or not. A constant alone is for levels
    that drift: of walks that do not, ``trend="c"`` rejects true nulls far too often, and ``"rc"`` is the case for them.
    Lags, relations and periods may differ between entities, which must be independent: common shocks make the tests
    reject too often (`saikkonen_luetkepohl_test` takes factors out). So do few periods, and the more so the more
    entities there are. Of two unrelated variables of 25 entities, P without a correction rejects 76 percent of true
    nulls at 5 percent with 25 periods and 26 with 50. With the default correction, which multiplies statistics by
    (n - pK) / n, it rejects 2 and 4, but 92 with 10 periods; and where ``lags="aic"`` chooses the lags, 22 and 18. The
    notes of a result say how often in panels of its size. P-values are by the gamma approximation of Doornik (1998), as
    in `johansen_test`; EViews has those of MacKinnon, Haug and Michelis (1999).

    Examples
    --------
    >>> import panelvar as pv
    >>> grunfeld = pv.load_data("grunfeld")
    >>> pv.johansen_fisher_test(grunfeld, "invest", ["value"], lags=1).in_a_line()
    'chi2(22) = 28.9586, p = 0.1460'
    """
    choose("trend", trend, CASES)
    choose("test", test, STATISTICS)
    choose("statistic", statistic, OVER_ENTITIES)
    if correction is not None:
        choose("correction", correction, tuple(CORRECTIONS))
    if statistic == "lr-bar" and test == "max":
        raise SpecificationError(
            "statistic='lr-bar' averages trace statistics, and test='max' has none. Combine its p-values, say by "
            "statistic='P'."
        )
    system = panel_system(data, y, x, demean=demean, unusable=unusable, missing=missing)
    k = 1 + system.n_regressors
    values = variables_in_own_units(system.values, trend)
    orders = read_system_lags(system, values, trend, lags, max_lags)
    correlations, status = join_by_length(values, lambda places, stack: eigenvalues(stack, trend, orders[places]))
    system.refuse_untested(status, REASONS)
    rows = system.periods - orders
    terms = rows[:, None] * likelihood_terms(correlations)
    if correction == "reinsel-ahn":
        terms *= ((rows - orders * k) / rows)[:, None]
    sizes = rows - np.array([count_coefficients(trend, k, lag) for lag in orders.tolist()])
    found = {
        "trace": _tests("trace", trend, terms[:, ::-1].cumsum(axis=1)[:, ::-1], sizes, correction),
        "max": _tests("max", trend, terms, sizes, correction),
    }
    headline, *parts = _tests_of_ranks(found, test, statistic, k)
    ranked = [over_entities(found["trace"], "P", rank).pvalue for rank in range(k)]
    return panel_test(
        replace(headline, name=f"Johansen-Fisher {headline.name}"),
        system,
        SOME,
        parts=parts,
        choices={
            "Terms": CASES[trend].description,
            "Lags of the levels": lags_in_words(orders, lags if isinstance(lags, str) else "given"),
            "Correction": CORRECTIONS[correction] if correction else "none",
            "Rank by P of trace tests at 5 percent": f"{first_kept(ranked)}",
        },
        columns={
            **{
                f"{name}_{rank}{what}": values[:, rank]
                for name, each in found.items()
                for rank in range(k)
                for what, values in (("", each.statistics), ("_pvalue", each.pvalues))
            },
            "lags": orders,
            "rows": rows,
        },
        nobs=int(rows.sum()),
        notes=_few_rows(system, sizes, k),
        size=PanelCase(
            "johansen_fisher", {"lags": lags, "trend": _SIMULATED.get(trend, trend), "correction": correction}
        ),
    )


def _few_rows(system: PanelSystem, freedom: Positions, variables: int) -> tuple[Note, ...]:
    """Say that an entity has hardly more rows than coefficients, where canonical correlations are near one."""
    place = int(np.argmin(freedom))
    # Found in panels of 12 unrelated entities: at the fewest rows, as many more as variables, 8 of 10 are rejected.
    if freedom[place] >= variables + 2:
        return ()
    text = (
        f"{system.called(place)} has only {freedom[place]} more rows than coefficients in each of its "
        f"{variables} equations. With fewer than {variables + 2}, the test rejects true nulls far too often. Use "
        "fewer lags."
    )
    return (Note("small-sample", text, warn=True),)


def _tests(kind: str, trend: str, statistics: Array, sizes: Positions, correction: str | None) -> RankTests:
    """Statistics with p-values and moments, those of the sample's size where the correction asks for them."""
    q = np.arange(statistics.shape[1], 0, -1)
    pvalues, mean, variance = (np.empty_like(statistics) for _ in range(3))
    groups = sizes if correction == "doornik" else np.zeros_like(sizes)
    for size in set(groups.tolist()):
        same, rows = groups == size, float(size) or None
        pvalues[same] = gamma_pvalues(kind, trend, statistics[same], rows)
        mean[same], variance[same] = gamma_moments(kind, trend, q, rows)
    return rank_tests(statistics, pvalues, mean, variance)


def _tests_of_ranks(found: dict[str, RankTests], test: str, statistic: str, ranks: int) -> list[TestResult]:
    """The tests of every rank: the ones asked for, those of Johansen's other test, and the average trace statistic."""
    other = "max" if test == "trace" else "trace"
    asked = {(statistic, test): None, ("P" if statistic == "lr-bar" else statistic, other): None}
    asked |= {("lr-bar", "trace"): None} if statistic != "lr-bar" else {("P", "trace"): None}
    return [over_entities(found[kind], each, rank, kind) for each, kind in asked for rank in range(ranks)]
