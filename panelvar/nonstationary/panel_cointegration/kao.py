r"""Kao's tests of no cointegration: Dickey-Fuller statistics of the residuals of one relation for all entities.

Reference: Kao (1999), Journal of Econometrics 90, 1-44.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, NumericalError, choose
from panelvar.core.base.scaling import exponents
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.sizes.panel_sizes import PanelCase
from panelvar.kernels.linear.lag_windows import KERNELS
from panelvar.kernels.linear.long_run import long_run_covariance
from panelvar.kernels.linear.unit_regressions import ESTIMATED, stacked_triangles
from panelvar.nonstationary.panel_cointegration.hypotheses import ALL, NULL
from panelvar.nonstationary.panel_cointegration.moments import CONVENTIONS, MomentsOfPanels, kao_moments
from panelvar.nonstationary.panel_series.bandwidths import bandwidths_in_words, entity_bandwidths
from panelvar.nonstationary.panel_series.bootstrap import PanelBootstrap, draw_statistics, read_bootstrap
from panelvar.nonstationary.panel_series.entity_regressions import lags_in_words
from panelvar.nonstationary.panel_series.panel_system import panel_system
from panelvar.nonstationary.panel_series.result import PanelTestResult, lower_test, panel_test
from panelvar.nonstationary.panel_series.terms import WORDS
from panelvar.nonstationary.unit_roots.lag_orders import SHORTER, LagChoice, LagOrders, read_lags
from panelvar.nonstationary.unit_roots.regressions import (
    FEWEST_DF,
    LevelRegressions,
    alike,
    join_groups,
    lagged_differences,
)


@documented
def kao_test(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    lags: int | str = "bic",
    max_lags: int | None = None,
    min_lags: int = 0,
    bandwidth: float | str = "newey-west",
    kernel: str = "bartlett",
    bootstrap: PanelBootstrap | None = None,
    demean: bool = False,
    unusable: str = "raise",
    convention: str = "default",
    missing: str = "drop",
) -> PanelTestResult:
    r"""Test that no entity is cointegrated, by five statistics of the residuals of a pooled relation (Kao 1999).

    :math:`y_{it} = \alpha_i + x_{it}'\beta + e_{it}` is fitted with one :math:`\beta` for all entities (within), and
    :math:`\hat e_{it} = \rho \hat e_{i,t-1} + v_{it}` with one :math:`\rho`, whose t ratio against one is
    :math:`t_\rho`. With lagged changes among the regressors the ratio is :math:`t_{ADF}`. For
    :math:`w_{it} = (\Delta y_{it}, \Delta x_{it}')'`, :math:`\sigma_v^2` and :math:`\sigma_{0v}^2` are the variance and
    the long-run variance of the first variable given the others (averages over entities), and
    :math:`r = \sigma_v^2 / \sigma_{0v}^2`:

    .. math::
        DF_\rho &= \frac{\sqrt N T (\hat\rho - 1) + 3 \sqrt N}{\sqrt{10.2}}, \qquad
        DF_t = \sqrt{1.25}\, t_\rho + \sqrt{1.875 N}, \\
        DF_\rho^* &= \frac{\sqrt N T (\hat\rho - 1) + 3 \sqrt N r}{\sqrt{3 + 7.2 r^2}}, \qquad
        DF_t^* = \frac{t_\rho + \sqrt{6 N r} / 2}{\sqrt{1 / (2 r) + 3 r / 10}}, \\
        ADF &= \sqrt{1.25}\, t_{ADF} + \sqrt{1.875 N}.

    Each is N(0, 1) (T to infinity, then N). The first two assume errors without autocorrelation; the starred ones allow
    for it by r, the last by its lags.

    Parameters
    ----------
    {data, y (levels), x (levels), lags (Dickey-Fuller), max_lags (panel Dickey-Fuller), min_lags}
    {bandwidth, kernel, bootstrap (panel), demean, unusable (relation)}
    convention : {"default", "published"}
        ADF as above, or as Kao and Stata have it: :math:`DF_t^*` with :math:`t_{ADF}` in place of
        :math:`t_\rho`. Lags have then taken out what r allows for once more, and with autocorrelated errors true nulls
        are rejected far too often however long the series are.
    {missing}

    Returns
    -------
    PanelTestResult
        The ADF statistic; ``parts`` has the other four. All reject in the lower tail. ``individual`` has each entity's
        root and bandwidth.

    Raises
    ------
    DataError, CollinearityError
        Periods are not the same for all entities, or an entity has gaps, does not vary, or has variables that depend on
        one another.
    InsufficientDataError
        There are fewer than two entities, or too few periods for the lags.

    See Also
    --------
    pedroni_test : a relation for each entity.
    westerlund_test : error correction in place of residuals.
    panel_cointegration_table : many tests side by side.

    Notes
    -----
    Relation, root and lags are the same for all entities, and so are their error variances; `pedroni_test` lets each
    have its own. Entities must be independent (``demean=True`` takes out a time effect of the same size for all), and
    variables must not drift. Stata's ``xtcointtest kao`` calls the five unadjusted modified Dickey-Fuller t, unadjusted
    Dickey-Fuller t, modified Dickey-Fuller t, Dickey-Fuller t and augmented Dickey-Fuller t; EViews prints the last.

    Examples
    --------
    >>> import panelvar as pv
    >>> pv.kao_test(pv.load_data("grunfeld"), "invest ~ value + capital", lags=1).in_a_line()
    'z = -2.4427, p = 0.0073'
    """
    choose("kernel", kernel, KERNELS)
    choose("convention", convention, CONVENTIONS)
    system = panel_system(data, y, x, demean=demean, unusable=unusable, missing=missing)
    stack = system.stack("Kao's test")
    entities, periods, _ = stack.shape
    choice = read_lags(lags, (min_lags, max_lags), periods, 0, reach=SHORTER)
    if entities * (periods - 1 - choice.longest) - choice.longest - 1 < FEWEST_DF or periods - 1 <= choice.longest:
        raise InsufficientDataError(
            f"{count_of(periods, 'period')} are too few for {count_of(choice.longest, 'lag')}. Use fewer lags."
        )

    def tested(values: Array, panels: int) -> _Tested:
        residuals, _ = _residuals(values - values.mean(axis=1, keepdims=True), panels)
        plain, augmented = _pool(residuals, LagChoice("given", 0, 0), panels), _pool(residuals, choice, panels)
        own, others = _residuals(np.diff(values, axis=1), panels)
        widths = entity_bandwidths(own, bandwidth, kernel)
        long_run = long_run_covariance(np.concatenate([own[..., None], others], axis=2), kernel, widths).two_sided
        average = long_run.reshape(panels, entities, *long_run.shape[1:]).mean(axis=1)
        short_over_long = np.square(own).reshape(panels, -1).mean(axis=1) / _given_the_others(average)
        assumed, adjusted = kao_moments(), kao_moments(short_over_long)
        bias = math.sqrt(entities) * periods * plain.coefficient
        statistics = [
            # What lagged changes leave has one variance in the short and in the long run.
            _score(augmented.ratios, entities, (assumed if convention == "default" else adjusted)["t"]),
            _score(bias, entities, adjusted["rho"]),
            _score(plain.ratios, entities, adjusted["t"]),
            _score(bias, entities, assumed["rho"]),
            _score(plain.ratios, entities, assumed["t"]),
        ]
        return _Tested(np.stack(statistics, axis=1), residuals, plain, augmented, widths, short_over_long)

    drawn = draw_statistics(
        system,
        "c",
        read_bootstrap(bootstrap),
        lambda panel, panels: tested(np.stack(panel.values), panels).statistics,
        upper=(False,) * 5,
        demean=bool(demean),
    )
    values, residuals, plain, augmented, widths, short_over_long = tested(stack, 1)
    test, *parts = (
        lower_test(f"Kao {name}", value, NULL)
        for name, value in zip(("ADF", "DF rho*", "DF t*", "DF rho", "DF t"), values[0].tolist(), strict=True)
    )
    before = np.square(residuals[:, :-1]).sum(axis=1)
    return panel_test(
        test,
        system,
        ALL,
        parts=parts,
        choices={
            "Terms": WORDS["c"],
            "Lags": lags_in_words(np.atleast_1d(augmented.orders), choice.words),
            "Kernel": kernel,
            "Bandwidth": bandwidths_in_words(widths, bandwidth),
            "Root": f"{1.0 + float(plain.coefficient[0]):.4f}",
            "Short-run over long-run variance": f"{short_over_long[0]:.4f}",
        },
        columns={
            "root": (residuals[:, :-1] * residuals[:, 1:]).sum(axis=1) / before,
            "bandwidth": widths,
        },
        nobs=entities * periods,
        size=PanelCase("kao", {"lags": lags}),
        drawn=drawn,
    )


class _Tested(NamedTuple):
    """Of panels the statistics (panels, 5), what they are made of, and the entities' residuals and bandwidths."""

    statistics: Array
    residuals: Array
    plain: LevelRegressions
    augmented: LevelRegressions
    bandwidths: Array
    short_over_long: Array


def _residuals(stack: Array, panels: int) -> tuple[Array, Array]:
    """Residuals (N, T) of the first of columns (N, T, 1 + m) on the others, all rows together, and a base of these.

    The base is orthogonal, and of the residuals' size. Of several panels, rows of each are together.
    """
    apart = stack.reshape(panels, -1, stack.shape[2])
    rows = np.ldexp(apart, -exponents(apart, axis=1)[:, None])
    base = np.linalg.qr(rows[..., 1:])[0]
    left = rows[..., :1]
    # Once more: the first projection rounds on the scale of the variable.
    for _ in range(2):
        left = left - base @ (base.swapaxes(1, 2) @ left)
    base *= np.sqrt(np.square(left).sum(axis=1, keepdims=True))
    return left.reshape(stack.shape[:2]), base.reshape(*stack.shape[:2], -1)


def _pool(residuals: Array, choice: LagChoice, panels: int) -> LevelRegressions:
    """One Dickey-Fuller regression without terms of all series (N, T), with the order that is given or chosen.

    Of several panels there is one of each.
    """
    columns = lagged_differences(residuals, 0)
    stop = residuals.shape[1]
    # Series are laid out in units of their own: here a panel has one.
    own = columns.exponents.reshape(panels, -1)
    units = own.max(axis=1)
    shift = (own - units[:, None]).ravel()

    def orders(longest: int) -> LagOrders:
        block = np.ldexp(columns.rows(longest, longest + 1, stop), shift[:, None, None])
        block = block.reshape(panels, -1, block.shape[2])
        return LagOrders(stacked_triangles(block), units, block.shape[1], columns.fixed, columns.step)

    if choice.rule == "given":
        found = orders(choice.longest).level(choice.longest)
    else:
        chosen = orders(choice.longest).chosen(choice.rule, choice.shortest)
        places = [same for _, same in alike(chosen)]
        parts = [orders(order).take(same).level(order) for order, same in alike(chosen)]
        found = join_groups(places, parts)
    exact = found.status != ESTIMATED
    if exact.any():
        raise NumericalError(
            f"The residuals of the relation follow their regression with {count_of(found.orders[exact][0], 'lag')} "
            "exactly, so there is nothing to test."
        )
    return found


def _given_the_others(covariance: Array) -> Array:
    """Variance of the first variable given the others, of covariances (panels, k, k)."""
    size = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    root = np.linalg.cholesky((covariance / (size[:, :, None] * size[:, None, :]))[:, ::-1, ::-1])
    return np.asarray((root[:, -1, -1] * size[:, 0]) ** 2)


def _score(statistic: Array, entities: int, moments: MomentsOfPanels) -> Array:
    return np.asarray((statistic - math.sqrt(entities) * moments.mean) / np.sqrt(moments.variance))
