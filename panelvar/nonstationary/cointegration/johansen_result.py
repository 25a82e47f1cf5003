"""Johansen's tests of every rank as a result: p-values, critical values, candidates for relations, the table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, check_level, choose
from panelvar.core.base.labels import listed
from panelvar.core.base.quoting import one_line
from panelvar.core.faces.layout import Fact, Row, number, probability, words
from panelvar.core.faces.mathematics import Math, shown_as
from panelvar.core.faces.number_format import check_digits, format_count
from panelvar.core.tables.frame_table import STATISTIC, FrameTable
from panelvar.core.tables.table import Presented, Table
from panelvar.kernels.linear.draws import reach
from panelvar.nonstationary.cointegration.cases import CASES
from panelvar.nonstationary.cointegration.johansen_distribution import critical_values, gamma_pvalues

if TYPE_CHECKING:
    import pandas as pd


CORRECTIONS = {
    "reinsel-ahn": "statistics times (n - pK) / n (Reinsel and Ahn)",
    "doornik": "trace distributions for the sample size (Doornik)",
}
"""Small-sample corrections, in words."""

STATISTICS = ("trace", "max")


@dataclass(frozen=True, eq=False, repr=False)
class JohansenResult(Presented):
    r"""Trace and maximum-eigenvalue tests of every rank.

    Parameters
    ----------
    eigenvalues : array (K,)
        Squared canonical correlations of differences and levels, largest first.
    names : tuple of str
        Variables.
    relation_names : tuple of str
        Rows of `vectors`: the variables and what is confined to the relations.
    trace, max_eigenvalue : array (K,)
        Statistics of the null of rank 0, 1, ..., K - 1: against rank K, and against one more.
    candidates, weights : array (q, K) and (K, K)
        Behind `vectors` and `loadings`.
    nobs, lags : int
        Rows, and lags of the model of the levels.
    trend : str
        Deterministic case: "n", "rc", "c", "rt" or "ct".
    level : float
        One less the size of each test behind `rank`.
    correction : str or None
        Small-sample correction of statistics or distributions.
    rows : float or None
        Sample size of the distributions of the trace tests; None if they are asymptotic.
    drawn : array (K, B, 2) or None
        Trace and maximum-eigenvalue statistics of bootstrap data sets of each rank under the null.
    source : str
        Where p-values and critical values come from: "doornik", or how the draws were made.
    notes : tuple of Note

    See Also
    --------
    johansen_test : makes it.
    fit_vecm : the relations at a rank, with errors.

    Examples
    --------
    >>> import panelvar as pv
    >>> money = pv.load_data("danish_money")[["lrm", "lry", "ibo", "ide"]]
    >>> test = pv.johansen_test(money, lags=2, trend="rc", seasons=4, correction="doornik")
    >>> test.table[["trace", "trace_pvalue"]].round(3)
           trace  trace_pvalue
    rank
    0     49.144         0.202
    1     19.057         0.820
    2      8.695         0.782
    3      2.352         0.709
    >>> test.chosen_rank("trace", level=0.8)
    0
    """

    eigenvalues: Array
    names: tuple[str, ...]
    relation_names: tuple[str, ...]
    trace: Array
    max_eigenvalue: Array
    candidates: Array
    weights: Array
    nobs: int
    lags: int
    trend: str
    level: float = 0.95
    correction: str | None = None
    rows: float | None = None
    drawn: Array | None = None
    source: str = "doornik"
    notes: tuple[Note, ...] = ()

    def _pvalues(self, statistic: str, values: Array) -> Array:
        """Tail probabilities, or shares of the draws that are at least as large, the sample itself counted as one."""
        if self.drawn is None:
            return gamma_pvalues(statistic, self.trend, values, self.rows)
        above = reach(self.drawn[:, :, STATISTICS.index(statistic)], values[:, None]).sum(axis=1)
        return np.asarray((1.0 + above) / (1.0 + self.drawn.shape[1]))

    @cached_property
    def trace_pvalues(self) -> Array:
        """Tail probabilities of `trace`, by the gamma approximation of Doornik (1998) or of bootstrap draws."""
        return self._pvalues("trace", self.trace)

    @cached_property
    def max_pvalues(self) -> Array:
        """Tail probabilities of `max_eigenvalue`, by the gamma approximation of Doornik (1998) or of draws."""
        return self._pvalues("max", self.max_eigenvalue)

    @property
    def rank(self) -> int:
        """Rank that the trace tests at ``level`` arrive at; `chosen_rank` has the other tests and levels."""
        return self.chosen_rank(level=self.level)

    def chosen_rank(self, statistic: str = "trace", *, level: float = 0.95) -> int:
        """The first rank, from 0 up, that is not rejected; K if all are.

        Under the true rank r the sequence stops too late with the size of one test, and too early with a probability
        that vanishes as the sample grows (Johansen 1995).

        Parameters
        ----------
        statistic : {"trace", "max"}
            Which of the two tests chooses.
        level : float
            One less the size of each test.

        Returns
        -------
        int
        """
        choose("statistic", statistic, STATISTICS)
        pvalues = self.trace_pvalues if statistic == "trace" else self.max_pvalues
        kept = np.flatnonzero(pvalues > 1.0 - check_level(level))
        return int(kept[0]) if kept.size else len(self.names)

    def critical_values(self, *, level: float = 0.95, source: str | None = None) -> FrameTable:
        """Quantiles to compare the statistics with.

        Parameters
        ----------
        level : float
            One less the size of the tests.
        source : {"doornik", "mackinnon-haug-michelis", "osterwald-lenum"} or None
            None: those behind the p-values, from the bootstrap draws if there are any, and else from the gamma
            approximation. ``"doornik"``: the gamma approximation. ``"mackinnon-haug-michelis"`` (1999; EViews,
            statsmodels): tables for up to twelve variables, at 0.95, and in the cases n, c and ct at 0.90 and 0.99.
            ``"osterwald-lenum"`` (1992): tables for up to eleven variables, at 0.90, 0.95 and 0.99, in the cases rc, c
            and rt, as R's urca prints them except for two misplaced cells. Its case c is for data without a drift,
            which changes the distribution (see the guide).

        Returns
        -------
        FrameTable
            A row for each rank under the null, a column for each test.

        Raises
        ------
        SpecificationError
            The table does not have this case or level.
        """
        import pandas as pd

        check_level(level)
        if source is None and self.drawn is not None:
            # Between a number and infinity nothing is interpolated.
            finite = bool(np.isfinite(self.drawn).all())
            limits = np.quantile(self.drawn, level, axis=1, method="linear" if finite else "higher")
        else:
            table, count = "doornik" if source is None else source, len(self.names)
            columns = [critical_values(table, each, self.trend, count, level, self.rows) for each in STATISTICS]
            limits = np.stack(columns, axis=1)
        frame = pd.DataFrame(limits, index=self._ranks, columns=list(STATISTICS))
        formats = {"trace": STATISTIC.called("Trace"), "max": STATISTIC.called("Max. eigenvalue")}
        return FrameTable(frame, formats, f"Johansen tests: critical values at {1.0 - level:.3g}")

    @property
    def _ranks(self) -> pd.Index:
        import pandas as pd

        return pd.RangeIndex(len(self.names), name="rank")

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row for each rank under the null: eigenvalue, both statistics and their p-values."""
        import pandas as pd

        columns = {
            "eigenvalue": self.eigenvalues,
            "trace": self.trace,
            "trace_pvalue": self.trace_pvalues,
            "max": self.max_eigenvalue,
            "max_pvalue": self.max_pvalues,
        }
        return pd.DataFrame(columns, index=self._ranks)

    @cached_property
    def vectors(self) -> pd.DataFrame:
        r"""Candidates for relations, most correlated first, with :math:`\beta' S_{11} \beta = I`.

        First entries are positive. The first r are the estimate at rank r; `fit_vecm` normalises them and gives errors.
        """
        import pandas as pd

        return pd.DataFrame(self.candidates, index=list(self.relation_names), columns=self._relations)

    @cached_property
    def loadings(self) -> pd.DataFrame:
        """Reactions of the variables to the candidates: alpha, a row for each equation."""
        import pandas as pd

        return pd.DataFrame(self.weights, index=list(self.names), columns=self._relations)

    @property
    def _relations(self) -> list[str]:
        return [f"ec{place + 1}" for place in range(len(self.names))]

    def summary(self, *, source: str | None = None, digits: int = 4) -> Table:
        """Return a table with a row for each rank under the null: both statistics, critical values and p-values.

        Parameters
        ----------
        source : str, optional
            Source of the critical values, as in `critical_values`.
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        check_digits(digits)
        limits = self.critical_values(level=self.level, source=source).to_numpy()
        body = []
        for rank, (eigenvalue, trace, trace_p, largest, largest_p) in enumerate(self.table.to_numpy()):
            cells = (
                number(eigenvalue, digits),
                number(trace, digits),
                number(limits[rank, 0], 2),
                probability(trace_p, digits),
                number(largest, digits),
                number(limits[rank, 1], 2),
                probability(largest_p, digits),
            )
            null = shown_as(f"r <= {rank}", rf"r \leq {rank}") if rank else Math("r = 0")
            body.append(Row(null, cells))
        size = f"{100.0 * (1.0 - self.level):.3g}%"
        heading = ("Eigenvalue", "Trace", size, "p", "Max. eigenvalue", size, "p")
        return Table(
            title=f"Johansen tests of cointegration: {', '.join(self.names)}",
            facts=(
                Fact("Observations", format_count(self.nobs)),
                Fact("Lags of the levels", format_count(self.lags)),
                Fact("Deterministic", CASES[self.trend].description),
                Fact("Correction", CORRECTIONS[self.correction] if self.correction else "none"),
            ),
            header=(Row("Rank", tuple(words(text, "right") for text in heading)),),
            body=tuple(body),
            statistics=(
                Fact("Rank by trace", format_count(self.rank)),
                Fact("Rank by max. eigenvalue", format_count(self.chosen_rank("max", level=self.level))),
            ),
            notes=(
                f"Columns {size} hold critical values ({source or self.source}). The chosen rank is the first, from 0 "
                "up, that the tests do not reject.",
                *dict.fromkeys(note.text for note in self.notes),
            ),
        )

    def __repr__(self) -> str:
        return one_line(
            f"<Johansen tests of {listed(self.names)}: rank {self.rank} at {1.0 - self.level:.2g} (trace); "
            f"VAR({self.lags}), case {self.trend!r}; n = {self.nobs}>"
        )
