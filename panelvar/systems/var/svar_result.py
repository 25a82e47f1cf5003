"""A structural form: its matrices with errors and limits, the test of its restrictions, its table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from panelvar.core.base.arguments import read_levels
from panelvar.core.base.arrays import Array
from panelvar.core.base.chosen_names import chosen_names
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import Note, SpecificationError, choose
from panelvar.core.base.labels import listed
from panelvar.core.base.quoting import one_line, shown
from panelvar.core.faces.layout import Cell, Fact, Row, printed, printed_interval, words
from panelvar.core.faces.number_format import check_digits, format_count, format_estimates, format_number
from panelvar.core.tables.table import Presented, Table
from panelvar.core.tables.test_result import TestResult
from panelvar.estimates.bands.limits import JOINTS, normal_limits
from panelvar.estimates.bands.target import Band, Limits, limit_columns, nested, said_levels
from panelvar.estimates.coefficients import stacked_estimates
from panelvar.estimates.coefficients.coefficient_plot import DrawnCoefficients, plot
from panelvar.estimates.coefficients.stacked_estimates import (
    StackedCoefficients,
    StackedInference,
    index_columns,
    numbers_of,
)
from panelvar.estimates.covariance.covariances import CovarianceEstimate
from panelvar.kernels.dynamics.unit_free_solves import impact_solve
from panelvar.systems.identification.short_run import ShortRun
from panelvar.systems.var.estimated_system import NOT_OF_SYSTEMS

if TYPE_CHECKING:
    import pandas as pd

_MATRICES = ("A", "B", "Long run")


@dataclass(frozen=True, eq=False, repr=False)
class SvarResult(Presented):
    r"""Structural form :math:`A u_t = B \varepsilon_t` at the maximum of its likelihood.

    Parameters
    ----------
    identification : ShortRun
        The scheme with its estimates: pass it on to `VarResult.impulse_responses` and the like.
    names, shocks : tuple of str
        Variables and shocks.
    pair : array (2, K, K)
        A and B.
    pair_errors : array (2, K, K)
        Their standard errors, from the information matrix or the source of the band; zero where an entry is known.
    nobs : int
    loglik : float
        Gaussian log likelihood, at the residual covariance of the convention.
    overidentification : TestResult or None
        Likelihood-ratio test against an unrestricted residual covariance; None if the model is just identified.
    iterations : int
        Steps of the longest search.
    lasting, lasting_errors : array (K, K) or None
        Long-run effects of the shocks and their errors, where they are restricted or the system has unit roots.
    band : Band or None
        Limits, draws (if any) and label of A, B and the long-run effects, (3, K, K).
    notes : tuple of Note
    levels : tuple of float
        Confidence levels of the limits, the highest first.
    covariance : array (3 K K, 3 K K)
        Of the entries of A, B and the long-run effects, row by row; zero where an entry is known.

    See Also
    --------
    fit_svar : makes it.
    ShortRun : the restrictions.

    Examples
    --------
    >>> import panelvar as pv
    >>> macro = pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]]
    >>> zeros = {("infl", "unemp"): 0, ("infl", "tbilrate"): 0, ("unemp", "infl"): 0, ("unemp", "tbilrate"): 0}
    >>> svar = pv.fit_svar(pv.fit_var(macro, lags=2), pv.ShortRun(a=zeros))
    >>> svar.entries["estimate"].round(3).head(2).tolist()
    [0.427, -0.157]
    >>> svar.overidentification.in_a_line()
    'chi2(1) = 6.3752, p = 0.0116'

    The entries that are estimated, with their 95 percent intervals:

    >>> figure = svar.plot()
    """

    identification: ShortRun
    names: tuple[str, ...]
    shocks: tuple[str, ...]
    pair: Array
    pair_errors: Array
    nobs: int
    loglik: float
    overidentification: TestResult | None
    iterations: int
    lasting: Array | None = None
    lasting_errors: Array | None = None
    band: Band | None = None
    notes: tuple[Note, ...] = ()
    levels: tuple[float, ...] = (0.95,)
    covariance: Array = field(default_factory=lambda: np.empty((0, 0)))

    _not_offered: ClassVar[Mapping[str, str]] = {
        **NOT_OF_SYSTEMS,
        "with_cov": (
            "Errors of a structural form come from its likelihood, or from where fit_svar(..., bands=) takes them: "
            "MovingBlockBootstrap allows for heteroskedasticity."
        ),
        "joint_tests": (
            "A structural form has entries of matrices and no terms. wald_test tests entries by name, and "
            "overidentification the restrictions."
        ),
        **dict.fromkeys(
            ("aic", "bic", "hqic"),
            "The likelihood of a structural form is at a residual covariance that may be corrected for degrees of "
            "freedom, so that criteria would compare nothing. overidentification tests its restrictions.",
        ),
    }

    wald_test = stacked_estimates.wald_test
    lincom = stacked_estimates.lincom
    nonlinear = stacked_estimates.nonlinear
    tidy = stacked_estimates.tidy
    glance = stacked_estimates.glance
    plot = plot

    def _frame(self, values: Array | None, columns: tuple[str, ...]) -> pd.DataFrame:
        """A row for each variable; without values, which long-run effects may lack, a refusal."""
        import pandas as pd

        if values is None:
            raise SpecificationError(
                "This structural form does not restrict the long run. The sums of a stable model's responses are "
                "long_run_effects(identification=...)."
            )
        return pd.DataFrame(values, index=list(self.names), columns=list(columns))

    @property
    def a(self) -> pd.DataFrame:
        """A, equations by variables."""
        return self._frame(self.pair[0], self.names)

    @property
    def b(self) -> pd.DataFrame:
        """B, equations by shocks."""
        return self._frame(self.pair[1], self.shocks)

    @property
    def a_std_errors(self) -> pd.DataFrame:
        """Standard errors of A; zero where an entry is known."""
        return self._frame(self.pair_errors[0], self.names)

    @property
    def b_std_errors(self) -> pd.DataFrame:
        """Standard errors of B; zero where an entry is known."""
        return self._frame(self.pair_errors[1], self.shocks)

    @property
    def long_run(self) -> pd.DataFrame:
        r"""Long-run effects :math:`\Xi B` of one standard deviation of each shock, variables by shocks.

        Where the shocks lead in an error-correction model; elsewhere the sum of all responses.

        Raises
        ------
        SpecificationError
            The structural form does not restrict them; `VarResult.long_run_effects` has those of a stable system.
        """
        return self._frame(self.lasting, self.shocks)

    @property
    def long_run_std_errors(self) -> pd.DataFrame:
        """Standard errors of `long_run`; zero where an entry is known."""
        return self._frame(self.lasting_errors, self.shocks)

    @property
    def impact(self) -> pd.DataFrame:
        """Responses on impact to one standard deviation of each shock: the inverse of A times B."""
        fit = self.identification.fit
        assert fit is not None
        return self._frame(impact_solve(self.pair[0], self.pair[1], fit.units), self.shocks)

    @property
    def sigma(self) -> pd.DataFrame:
        """Residual covariance that the structural form implies."""
        impact = self.impact.to_numpy()
        return self._frame(impact @ impact.T, self.names)

    # Entries that are estimated, column by column of each matrix

    @property
    def _matrices(self) -> tuple[Array, Array]:
        """A, B and, where they are part of the model, long-run effects, columns by rows; and their errors."""
        values, errors = self.pair, self.pair_errors
        if self.lasting is not None and self.lasting_errors is not None:
            values, errors = np.append(values, self.lasting[None], 0), np.append(errors, self.lasting_errors[None], 0)
        return values.swapaxes(1, 2), errors.swapaxes(1, 2)

    def _limits(self, levels: Sequence[float]) -> list[Limits]:
        """Limits of `_matrices` at levels: the band's, or normal ones about the estimates."""
        values, errors = self._matrices
        if self.band is None:
            return nested(levels, lambda each: normal_limits(values, errors, each))
        known = {each.level: each for each in self.band.limits}
        absent = [each for each in levels if each not in known]
        if absent:
            raise SpecificationError(
                f"level={absent[0]:g}: the band was made at {said_levels(self.band.limits)}. Call fit_svar with level="
                f"{shown((*sorted(known), absent[0]))}."
            )
        found = (known[each] for each in levels)
        return [
            Limits(each.lower[: len(values)].swapaxes(1, 2), each.upper[: len(values)].swapaxes(1, 2), each.level)
            for each in found
        ]

    def _label(self, matrix: int, column: int, row: int) -> tuple[str, str, str]:
        return _MATRICES[matrix], self.names[row], (self.names if matrix == 0 else self.shocks)[column]

    def _by_entry(self, columns: Mapping[str, Array]) -> pd.DataFrame:
        import pandas as pd

        free = self._matrices[1] > 0.0
        labels = [self._label(*map(int, place)) for place in np.argwhere(free)]
        index = pd.MultiIndex.from_tuples(labels, names=["matrix", "equation", "column"])
        return pd.DataFrame({name: values[free] for name, values in columns.items()}, index=index)

    @property
    def entries(self) -> pd.DataFrame:
        """Entries that are estimated, "estimate" and "std_error".

        Rows (matrix, equation, column), where matrix is "A", "B" or "Long run".
        """
        values, errors = self._matrices
        return self._by_entry({"estimate": values, "std_error": errors})

    @property
    def params(self) -> pd.Series:
        """Entries that are estimated; rows as of `entries`. Tests name them as the table does, ``"A[x, y]"``."""
        return self.entries["estimate"].rename(None)

    @property
    def std_errors(self) -> pd.Series:
        """Standard errors of `params`."""
        return self.entries["std_error"].rename(None)

    @property
    def tstats(self) -> pd.Series:
        """`params` over their errors."""
        return self.params / self.std_errors

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided normal tail probabilities of `tstats`."""
        return self._stacked.pvalues.set_axis(self.entries.index)

    @property
    def cov(self) -> pd.DataFrame:
        """Covariance of `params`."""
        import pandas as pd

        index = self.entries.index
        return pd.DataFrame(self._stacked.covariance.matrix, index, index)

    @property
    def cov_label(self) -> str:
        """Where the errors come from."""
        return "information matrix" if self.band is None else self.band.label

    @property
    def n_periods(self) -> int:
        """Periods explained: as many as rows."""
        return self.nobs

    @property
    def _nobs(self) -> int:
        return self.nobs

    @property
    def _joint_df(self) -> float:
        return np.inf

    _single_df = _joint_df

    def _df_for(self, weights: Array, df: float) -> float:
        return df

    @property
    def _stacked(self) -> StackedInference:
        return self._stacked_with(np.inf)

    def _stacked_with(self, df: float) -> StackedInference:
        entries = self.entries
        names = tuple(f"{matrix}[{row}, {column}]" for matrix, row, column in entries.index)
        size, count = len(self.names), len(self._matrices[1])
        # The entries stand column by column, and the covariance is row by row.
        order = np.arange(count * size * size).reshape(count, size, size).swapaxes(1, 2)[self._matrices[1] > 0.0]
        fit = StackedCoefficients(names, entries["estimate"].to_numpy(), False)
        return StackedInference(fit, CovarianceEstimate(self.covariance[np.ix_(order, order)], self.cov_label, df))

    @property
    def _drawn_coefficients(self) -> DrawnCoefficients:
        names = list(self._stacked.names)
        places = {
            name: (matrix, f"{row}, {column}")
            for name, (matrix, row, column) in zip(names, self.entries.index, strict=True)
        }

        def limits(of: list[str], level: float, joint: str | None = None) -> pd.DataFrame:
            if joint is not None:
                raise SpecificationError(
                    f"joint={joint!r} is not known here. Limits that hold all entries of a structural form at once "
                    f"come from its band: fit_svar(..., bands=DeltaMethod(joint={joint!r}))."
                )
            return self.conf_int(level=level).set_axis(names).loc[of]

        errors = self.band.label if self.band is not None else "information matrix"
        estimates = self.entries["estimate"].set_axis(names)
        return DrawnCoefficients(estimates, limits, errors, "", "Structural form A u = B e", places)

    def _labels(self) -> dict[str, list[str]]:
        return index_columns(self.entries.index)

    def _numbers(self, level: float) -> dict[str, Array]:
        found = numbers_of(self._stacked, level)
        limits = self.conf_int(level=level)
        return {**found, "conf.low": limits["lower"].to_numpy(), "conf.high": limits["upper"].to_numpy()}

    def conf_int(
        self,
        *,
        level: float | Sequence[float] | None = None,
        of: str | re.Pattern[str] | Sequence[str | re.Pattern[str]] | None = None,
        joint: str | None = None,
    ) -> pd.DataFrame:
        """Confidence limits of the entries that are estimated: of the band, or normal ones without a band.

        Parameters
        ----------
        level : float or sequence of float, optional
            One level or several; by default those of `fit_svar`. A band has no others.
        of : str, pattern or sequence of them, optional
            Entries by name, ``"A[x, y]"``, or by pattern, ``"A[x*"``; all by default. A joint band covers these.
        joint : {"sup-t", "bonferroni"} or None
            Without a band, cover all of them at once, or each by itself (None). What a band covers is said in
            ``bands=``.

        Returns
        -------
        DataFrame
            Rows as of `entries`, columns lower and upper at the highest level; lower_68, upper_68 at another.

        Raises
        ------
        SpecificationError
            The band was not made at this level, or covers what its ``bands=`` says; or a name fits no entry.
        """
        levels = self.levels if level is None else read_levels(level)
        names = self._stacked.names
        places = slice(None) if of is None else [names.index(each) for each in chosen_names("of", of, names)]
        if joint is None:
            return self._by_entry(limit_columns(self._limits(levels))).iloc[places]
        choose("joint", joint, JOINTS)
        if self.band is not None:
            raise SpecificationError(
                f"joint={joint!r}: limits that hold all entries of a structural form at once come from its band: "
                f"fit_svar(..., bands=DeltaMethod(joint={joint!r}))."
            )
        return self._stacked.conf_int(level=levels, of=of, joint=joint).set_axis(self.entries.index[places])

    def summary(self, *, digits: int = 4) -> Table:
        """Return a table of the free entries of A, B and long-run effects with their errors and limits.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        check_digits(digits)
        values, errors = self._matrices
        limits = self._limits(self.levels)
        given = (errors == 0.0) & np.isin(values, (0.0, 1.0))
        free = list(map(tuple, np.argwhere(~given)))
        groups = [
            [values[place], errors[place], *(end[place] for each in limits for end in each[:2])]
            if errors[place] > 0.0
            else [values[place]]
            for place in free
        ]
        texts = format_estimates(groups, [errors[place] for place in free], digits)
        body = []
        for place, (value, *others) in zip(free, texts, strict=True):
            cells = [printed(value, values[place])]
            if others:
                error, *ends = others
                cells += [printed(error, errors[place]), *map(printed_interval, ends[::2], ends[1::2])]
            letter, name, of = self._label(*map(int, place))
            cells += [Cell()] * (2 + len(limits) - len(cells))
            body.append(Row(f"{letter}[{name}, {of}]", tuple(cells)))
        test = self.overidentification
        facts = [
            Fact("Observations", format_count(self.nobs)),
            Fact("Log likelihood", format_number(self.loglik, digits)),
            Fact("Over-identification", "just identified" if test is None else test.in_a_line(digits)),
        ]
        if self.band is not None:
            facts.append(Fact("Errors and limits", self.band.label))
        heads = ("Estimate", "Std. error", *(f"{100.0 * each:g}% limits" for each in self.levels))
        return Table(
            title="Structural form A u = B e",
            facts=tuple(facts),
            header=(Row("", tuple(words(head, "right") for head in heads)),),
            body=tuple(body),
            notes=(
                f"The table leaves out {count_of(int(given.sum()), 'entry', 'entries')} known to be 0 or 1.",
                *(note.text for note in self.notes),
            ),
        )

    def __repr__(self) -> str:
        return one_line(f"<Structural form of {listed(self.names)}: log likelihood {self.loglik:.4f}, n = {self.nobs}>")
