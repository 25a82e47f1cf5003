"""Johansen's likelihood-ratio tests of the rank of cointegration."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.bands.resampling import Recursive
from panelvar.base.arrays import Array
from panelvar.base.errors import Note, NumericalError, SpecificationError, check_level, choose, emit
from panelvar.base.hints import HintsAtNames
from panelvar.base.labels import listed
from panelvar.base.quoting import one_line
from panelvar.base.shared_parameters import documented
from panelvar.cointegration.cases import CASES, Case, deterministic_case, ranked
from panelvar.cointegration.johansen_distribution import critical_values, gamma_pvalues
from panelvar.cointegration.reduced_rank import likelihood_terms
from panelvar.dynamics import dynamics
from panelvar.tables.layout import Fact, Row, number, probability, words
from panelvar.tables.number_format import check_digits, format_count
from panelvar.tables.table import Presented, Table
from panelvar.var_models.var import fit_var
from panelvar.var_models.var_result import VarResult

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.data.panel import Panel


CORRECTIONS = ("reinsel-ahn", "doornik")
_CORRECTIONS = {
    None: "none",
    "reinsel-ahn": "statistics times (n - pK) / n (Reinsel and Ahn)",
    "doornik": "trace distributions for the sample size (Doornik)",
}
# Below this share the statistics are visibly too large for their asymptotic distributions.
_SMALL = 0.9


@documented
def johansen_test(
    data: pd.DataFrame | npt.ArrayLike | Panel,
    names: Sequence[Hashable] | None = None,
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
    {data (system), names}
    lags : int or {"aic", "bic", "hq", "fpe", "lr"}
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
        One variable only, an unknown case.
    InsufficientDataError, CollinearityError
        As `fit_var`, of the model of the levels.
    NumericalError
        A combination of the variables is an exact function of their past.

    Notes
    -----
    The distributions hold for variables integrated of order at most one and for a lag order long enough for errors
    that are not correlated. Seasonal dummies, centred as they are here, leave them as they are; exogenous variables do
    not, and are noted. The tests reject a true null too often in small samples.

    References
    ----------
    Johansen, S. (1995). *Likelihood-Based Inference in Cointegrated Vector Autoregressive Models*, chapters 6, 11, 12.

    Doornik, J. A. (1998). Approximations to the asymptotic distributions of cointegration tests. *Journal of Economic
    Surveys* 12, 573-593.

    Cavaliere, G., Rahbek, A. and Taylor, A. M. R. (2012). Bootstrap determination of the co-integration rank in vector
    autoregressive models. *Econometrica* 80, 1721-1740.

    Examples
    --------
    >>> import numpy as np
    >>> import panelvar as pv
    >>> walk = np.cumsum(np.random.default_rng(1).standard_normal((200, 2)), axis=0)
    >>> noise = np.random.default_rng(2).standard_normal(200)
    >>> pv.johansen_test(np.column_stack([walk, walk[:, 0] + noise]), lags=1).rank
    1
    """
    check_level(level)
    case = deterministic_case(trend)
    if correction is not None:
        choose("correction", correction, CORRECTIONS)
    if bootstrap is not None:
        if not isinstance(bootstrap, Recursive):
            raise SpecificationError(
                f"bootstrap={bootstrap!r}: expected an object such as ResidualBootstrap(draws=999)."
            )
        if correction is not None:
            raise SpecificationError("A bootstrap needs no correction=: its data sets are as short as the sample.")
    model = fit_var(
        data,
        names,
        lags=lags,
        max_lags=max_lags,
        trend=case.levels,
        seasons=seasons,
        exogenous=exogenous,
        exogenous_lags=exogenous_lags,
        missing=missing,
    )
    if model.n_vars < 2:
        raise SpecificationError("Cointegration needs at least two variables; a unit root of one is for adf_test.")
    problem = ranked(model, case, 0)
    if model.problem.dependent_columns:
        raise NumericalError(
            "A combination of the variables is an exact function of their past (an identity, or a variable that does "
            "not move): the statistics are infinite. Leave out a variable."
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
        drawn, doubts = _drawn(model, case, bootstrap)
        result = replace(result, drawn=drawn, source=f"{bootstrap.kind}, {bootstrap.draws} draws")
    notes = doubts + _notes(result, bool(model.terms.exogenous), (n - p * k) / n)
    emit(notes)
    return replace(result, notes=model.notes + notes)


def _drawn(model: VarResult, case: Case, bootstrap: Recursive) -> tuple[Array, tuple[Note, ...]]:
    """Statistics (K, B, 2) of data sets generated under each rank, and a note of ranks with explosive estimates."""
    rng = np.random.default_rng(bootstrap.seed)
    found, explosive = [], []
    for rank in range(model.n_vars):
        problem = ranked(model, case, rank)
        if np.abs(dynamics.companion_roots(problem.coefficients)).max() > 1.0 + 1e-6:
            explosive.append(str(rank))
        chunks = []
        for drawn in bootstrap.innovations(problem, bootstrap.draws, rng):
            terms = model.nobs * likelihood_terms(problem.drawn_eigenvalues(drawn.innovations)[:, rank : model.n_vars])
            chunks.append(np.stack([terms.sum(axis=1), terms[:, 0]], axis=1))
        found.append(np.concatenate(chunks))
    if not explosive:
        return np.stack(found), ()
    text = f"The estimates at rank {', '.join(explosive)} are explosive, and so are the data sets drawn from them."
    return np.stack(found), (Note("explosive-null", text, warn=True),)


def _notes(result: JohansenResult, exogenous: bool, share: float) -> tuple[Note, ...]:
    """What a reader should know before using the rank."""
    notes = []
    k, rank = len(result.names), result.rank
    other = result.chosen_rank("max", level=result.level)
    if share < _SMALL and result.correction is None and result.drawn is None:
        text = (
            f"{result.nobs} rows for {result.lags} lag(s) of {k} variables: in such samples the statistics are too "
            f"large, by roughly {1.0 / share - 1.0:.0%} (Cheung and Lai 1993), and the tests find relations that are "
            "not there. See correction= and bootstrap=."
        )
        notes.append(Note("small-sample", text, warn=True))
    if exogenous and result.drawn is None:
        text = "The distributions are those without exogenous variables, which change them: p-values are rough."
        notes.append(Note("exogenous-distribution", text, warn=True))
    if rank == k:
        text = (
            "Every rank below the number of variables is rejected: the levels are stationary (as they may seem with "
            "too many lags or too short a sample), and fit_var on the levels is the model."
        )
        notes.append(Note("full-rank", text))
    if rank == 0:
        notes.append(Note("no-relation", "Rank 0 is not rejected: fit_var on the differences is the model."))
    if other != rank:
        text = f"The maximum-eigenvalue tests choose rank {other}, the trace tests rank {rank}."
        notes.append(Note("tests-disagree", text))
    return tuple(notes)


STATISTICS = ("trace", "max")


@dataclass(frozen=True, eq=False, repr=False)
class JohansenResult(HintsAtNames, Presented):
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
        above = (self.drawn[:, :, STATISTICS.index(statistic)] >= values[:, None]).sum(axis=1)
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
        that vanishes as the sample grows (Johansen 1995, section 12.1).

        Parameters
        ----------
        statistic : {"trace", "max"}
            Which of the two tests chooses.
        level : float
            One less the size of each test.
        """
        choose("statistic", statistic, STATISTICS)
        pvalues = self.trace_pvalues if statistic == "trace" else self.max_pvalues
        kept = np.flatnonzero(pvalues > 1.0 - check_level(level))
        return int(kept[0]) if kept.size else len(self.names)

    def critical_values(self, *, level: float = 0.95, source: str | None = None) -> pd.DataFrame:
        """Quantiles to compare the statistics with.

        Parameters
        ----------
        level : float
            One less the size of the tests.
        source : {"doornik", "mackinnon-haug-michelis", "osterwald-lenum"} or None
            Those behind the p-values (None): of the bootstrap draws if there are any, else of the gamma approximation.
            That by name; the tables of MacKinnon, Haug and Michelis (1999; EViews,
            statsmodels) of up to twelve variables: 0.95, and 0.90 and 0.99 in the cases n, c and ct; those of
            Osterwald-Lenum (1992) of up to eleven, 0.90, 0.95, 0.99, in the cases rc, c and rt, as R's urca prints
            them, two misplaced cells apart: its case c is for data without a drift, which changes the distribution (see
            the guide).

        Raises
        ------
        SpecificationError
            A table without this case or level.
        """
        import pandas as pd

        check_level(level)
        if source is None and self.drawn is not None:
            return pd.DataFrame(np.quantile(self.drawn, level, axis=1), index=self._ranks, columns=list(STATISTICS))
        columns = {
            statistic: critical_values(
                "doornik" if source is None else source, statistic, self.trend, len(self.names), level, self.rows
            )
            for statistic in STATISTICS
        }
        return pd.DataFrame(columns, index=self._ranks)

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
            Of the critical values, as in `critical_values`.
        digits : int
            Decimals.
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
            body.append(Row(f"r <= {rank}" if rank else "r = 0", cells))
        size = f"{100.0 * (1.0 - self.level):.3g}%"
        heading = ("Eigenvalue", "Trace", size, "p", "Max. eigenvalue", size, "p")
        return Table(
            title=f"Johansen tests of cointegration: {', '.join(self.names)}",
            facts=(
                Fact("Observations", format_count(self.nobs)),
                Fact("Lags of the levels", format_count(self.lags)),
                Fact("Deterministic", CASES[self.trend].description),
                Fact("Correction", _CORRECTIONS[self.correction]),
            ),
            header=(Row("Rank", tuple(words(text, "right") for text in heading)),),
            body=tuple(body),
            statistics=(
                Fact("Rank by trace", format_count(self.rank)),
                Fact("Rank by max. eigenvalue", format_count(self.chosen_rank("max", level=self.level))),
            ),
            notes=(
                f"Columns {size}: critical values ({source or self.source}). Ranks are the first that is not rejected, "
                "from 0 up.",
                *dict.fromkeys(note.text for note in self.notes),
            ),
        )

    def __repr__(self) -> str:
        return one_line(
            f"<Johansen tests of {listed(self.names)}: rank {self.rank} at {1.0 - self.level:.2g} (trace); "
            f"VAR({self.lags}), case {self.trend!r}; n = {self.nobs}>"
        )
