"""P-values of panel tests from panels drawn under the null hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import numpy as np

from panelvar.core.base.arguments import read_generator, read_seed, read_whole, say_draws
from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, PanelVarError, SpecificationError, choose
from panelvar.core.base.limits import MOST_DRAWS
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.bands.simulated import chunked
from panelvar.kernels.linear.draws import reach
from panelvar.nonstationary.panel_series.entity_values import EntityValues
from panelvar.nonstationary.panel_series.null_panels import (
    FEWEST_SIGNED,
    Spans,
    blocked_panels,
    flattened,
    is_shuffled,
    on_calendar,
    signed_panels,
    without_averages,
)

Values = TypeVar("Values", bound=EntityValues)

SCHEMES = ("signs", "blocks")

LONG_ENOUGH = 30
"""Periods from which blocks are drawn if the scheme is not chosen: in shorter panels there are too few of them."""

# Numbers of the panels that are drawn together.
_AT_ONCE = 1 << 18


@documented
@dataclass(frozen=True)
class PanelBootstrap:
    r"""Take the p-values of a panel unit-root or cointegration test from panels that are drawn under the null.

    Panels are drawn in which all variables have unit roots and none are cointegrated. Whole periods are drawn, all
    entities and variables together, so that dependence across entities stays. With S the statistic of the data and B
    draws, the p-value is

    .. math:: p = \frac{1 + \#\{S^*_b \text{ at least as far out as } S\}}{1 + B}.

    Each draw is tested as the data are: a rule that chooses lags, a bandwidth or factors chooses them again.

    Parameters
    ----------
    draws : int
        B.
    seed : int or Generator
        A Generator is used up; the same seed gives the same p-values.
    scheme : {"signs", "blocks"}, optional
        "signs": residuals of one autoregression of the changes, those of a period times a random sign that all share
        (and, where there are fewer than seven changes, in another order). "blocks": moving blocks of residuals (Palm,
        Smeekes and Urbain 2011), for entities with the same periods. By default blocks from 30 periods on if all have
        the same, else signs. See `panelvar.nonstationary.panel_series.null_panels` for the formulas.
    block_length : int, optional
        Periods of a block, by default :math:`1.75\,T^{1/3}`, rounded.

    See Also
    --------
    panel_unit_root_table, panel_cointegration_table : all their tests by the same draws.
    westerlund_test : ``draws=`` has the bootstrap of its author.

    Notes
    -----
    Use it in short panels, and wherever entities share shocks. With few periods the distributions that the tests are
    referred to are far off; the draws have the panel's own lengths. Signs allow for variances that change over time,
    and for one lag of autocorrelation of the changes, the same in all entities. With 25 entities whose roots of changes
    lie between -0.4 and 0.7, tests at 5 percent reject 3 to 4 percent at 9 periods and 7 to 9 at 20. Blocks allow for
    autocorrelation of any form, if there are many periods, and are careful: .8 to 3.8 percent at 30 and 50.

    Examples
    --------
    >>> import panelvar as pv
    >>> bootstrap = pv.PanelBootstrap(draws=199, seed=1)
    >>> test = pv.ips_test(pv.load_data("grunfeld"), "value", lags=1, bootstrap=bootstrap)
    >>> test.choices["P-values"]
    'bootstrap: signs common to all entities, 199 draws, seed 1'
    >>> test.pvalue, round(test.published_pvalues["Im-Pesaran-Shin W"], 4)
    (0.6, 0.2106)
    """

    draws: int = 999
    seed: int | np.random.Generator = 0
    scheme: str | None = None
    block_length: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        read_whole("draws", self.draws, 1, MOST_DRAWS)
        read_seed(self.seed)
        if self.scheme is not None:
            choose("scheme", self.scheme, SCHEMES)
        if self.block_length is not None:
            read_whole("block_length", self.block_length, 1)
            if self.scheme == "signs":
                raise SpecificationError("block_length= is for scheme='blocks'. Leave it out, or choose blocks.")


class DrawnStatistics(NamedTuple):
    """Statistics of panels drawn under the null.

    Attributes
    ----------
    values : (B, S) array
        In the order of the test and its parts; parts beyond the S-th have none.
    upper : (S,) bool array
        Which of them reject in the upper tail.
    words : str
        How they were drawn.
    """

    values: Array
    upper: Mask
    words: str

    def pvalues(self, observed: Array) -> Array:
        """Share of draws (S,) at least as far out, with the data among the draws."""
        sign = np.where(self.upper, 1.0, -1.0)
        count = reach(sign * self.values, sign * observed).sum(axis=0)
        return np.asarray((1.0 + count) / (1.0 + len(self.values)))


def read_bootstrap(bootstrap: object) -> PanelBootstrap | None:
    """Return what ``bootstrap=`` says, or say what it may be."""
    if bootstrap is None or isinstance(bootstrap, PanelBootstrap):
        return bootstrap
    raise SpecificationError(f"bootstrap={shown(bootstrap)}: expected an object such as PanelBootstrap(draws=999).")


def fixed_draws(bootstrap: PanelBootstrap | None) -> PanelBootstrap | None:
    """Return a bootstrap that draws the same panels each time it is used, where a Generator would be used up."""
    if bootstrap is None or not isinstance(bootstrap.seed, np.random.Generator):
        return bootstrap
    return replace(bootstrap, seed=int(bootstrap.seed.integers(2**31)))


def draw_statistics(
    panel: Values,
    trend: str,
    bootstrap: PanelBootstrap | None,
    statistics: Callable[[Values, int], Array],
    *,
    upper: tuple[bool, ...],
    demean: bool = False,
) -> DrawnStatistics | None:
    """Statistics of panels drawn like one under the null, many at a time; None without a bootstrap.

    Parameters
    ----------
    panel : PanelSeries or PanelSystem
        As the test reads it.
    trend : {"n", "c", "ct"}
        Terms of the entities: with a trend, changes have means.
    statistics : callable
        Of so many panels, whose entities stand one after another as those of one, (panels, S).
    upper : tuple of bool
        Which of them reject in the upper tail.
    demean : bool
        Whether averages over entities are taken out of what is drawn.

    Raises
    ------
    DataError, InsufficientDataError
        Entities have different periods and blocks were asked for, or there are too few periods.
    PanelVarError
        The panel, or one that was drawn, has no test.
    """
    if bootstrap is None:
        return None
    statistics(panel, 1)  # A panel without a test is refused as it is without draws.
    found, words = [], ""
    spans = on_calendar(panel.values, panel.starts)
    for drawn, words in null_panels(panel, spans, trend, bootstrap, demean):
        count = len(drawn)
        many = replace(
            panel,
            labels=panel.labels * count,
            values=flattened(drawn, spans),
            starts=np.tile(panel.starts, count),
            notes=(),
        )
        try:
            found.append(statistics(many, count))
        except PanelVarError as error:
            advice = "scheme='signs' keeps every change." if "blocks" in words else "Use fewer lags."
            said = f"In a panel drawn by the bootstrap: {error}"
            raise type(error)(said if "fewer lags" in said else f"{said} {advice}") from None
    return DrawnStatistics(np.concatenate(found), np.array(upper), words)


def null_panels(
    panel: EntityValues, spans: Spans, trend: str, bootstrap: PanelBootstrap, demean: bool
) -> Iterator[tuple[Array, str]]:
    """Panels (B, N, C, k) under the null, some at a time, and how they are drawn."""
    rng = read_generator("seed", bootstrap.seed)
    periods = spans.levels.shape[1]
    scheme = bootstrap.scheme
    if bootstrap.block_length is not None:
        scheme = "blocks"
    if scheme is None:
        scheme = "blocks" if spans.balanced and periods >= LONG_ENOUGH else "signs"
    if scheme == "blocks":
        panel.stack("A bootstrap by blocks")
        length = bootstrap.block_length or round(1.75 * periods ** (1.0 / 3.0))
        if length > periods // 2:
            raise InsufficientDataError(
                f"Blocks of {count_of(length, 'period')} are too long for {count_of(periods, 'period')}. Give a "
                "smaller block_length=, or scheme='signs'."
            )
        draw = blocked_panels(spans, trend, length)
        words = f"moving blocks of {count_of(length, 'period')}"
    else:
        shuffled = is_shuffled(spans, trend)
        if shuffled and not spans.balanced:
            needed = FEWEST_SIGNED + 1 + (trend == "ct")
            raise InsufficientDataError(
                f"A bootstrap by signs needs {needed} periods where entities have different periods; there are "
                f"{periods}. Keep the periods that all have."
            )
        draw = signed_panels(spans, trend)
        words = f"signs common to all entities{' and periods in another order' * shuffled}"
    words = f"bootstrap: {words}, {say_draws(bootstrap.draws, bootstrap.seed)}"
    for size in chunked(bootstrap.draws, max(1, _AT_ONCE // spans.levels.size)):
        drawn = draw(size, rng)
        yield (without_averages(drawn, spans) if demean else drawn), words
