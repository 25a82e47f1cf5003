"""Estimates of a single equation: joint tests and functions of coefficients, plain frames, the summary table."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from panelvar.core.base.arguments import is_number, read_flag
from panelvar.core.base.chosen_names import as_number, chosen_names, factors_of, level_of, levels_of
from panelvar.core.base.errors import (
    CollinearityError,
    InsufficientDataError,
    MissingInformationError,
    Note,
    NumericalError,
    SpecificationError,
    check_level,
    emit,
)
from panelvar.core.base.labels import listed
from panelvar.core.base.quoting import shown
from panelvar.core.faces.layout import Fact
from panelvar.core.faces.number_format import (
    Levels,
    check_digits,
    check_stars,
    format_degrees,
    format_significant,
    star_legend,
)
from panelvar.core.tables.coefficients import coefficient_header
from panelvar.core.tables.frame_table import FrameTable, frame_of_tests
from panelvar.core.tables.table import Presented, Table
from panelvar.core.tables.test_result import TestResult
from panelvar.data.formulas.design import CONSTANT, Design
from panelvar.estimates.coefficients import event_study
from panelvar.estimates.coefficients.coefficient_plot import plot
from panelvar.estimates.coefficients.coefficients import Inference, coefficient_rows
from panelvar.estimates.coefficients.nonlinear import NonlinearEstimates, estimate_functions, read_functions
from panelvar.estimates.coefficients.result_column import ResultColumn
from panelvar.estimates.coefficients.wald import wald, zero_test
from panelvar.estimates.fit.sample import Sample

if TYPE_CHECKING:
    import pandas as pd


class EquationEstimates(Inference, Presented, ABC):
    """Coefficients of one equation, with the sample that they are from, tests of terms, plain frames and a summary."""

    # The columns of `glance`, and the attribute (or attribute of an attribute) that each shows where there is one. A
    # result whose numbers have other names says so in a mapping of its own.
    _glance: ClassVar[Mapping[str, str]] = {
        "r.squared": "rsquared",
        "adj.r.squared": "rsquared_adjusted",
        "within.r.squared": "r2.within",
        "sigma": "rmse",
        "statistic": "f_statistic.statistic",
        "p.value": "f_statistic.pvalue",
        "df": "f_statistic.df",
        "logLik": "loglik",
        "AIC": "aic",
        "BIC": "bic",
        "deviance": "rss",
        "df.residual": "df_resid",
        "nobs": "nobs",
        "n.entities": "n_entities",
        "n.periods": "n_periods",
    }

    estimator: str

    # ---- counts and labels

    @property
    @abstractmethod
    def _sample(self) -> Sample:
        """What the coefficients are estimated from."""

    @property
    def dependent(self) -> str:
        """Name of the dependent variable."""
        return self._sample.dependent

    @property
    def nobs(self) -> int:
        """Number of rows in use."""
        return self._sample.rows

    @property
    def n_entities(self) -> int:
        """Entities in use."""
        return self._sample.entities

    @property
    def periods_per_entity(self) -> tuple[int, float, int]:
        """Fewest, average and most rows of an entity."""
        sample = self._sample
        return sample.fewest, sample.average, sample.most

    # ---- functions and tests of coefficients

    def nonlinear(
        self, expressions: str | Sequence[str] | Mapping[str, str], *, level: float = 0.95
    ) -> NonlinearEstimates:
        r"""Estimate functions of the coefficients, such as ``"x1 / x2"``, with the errors of the delta method.

        Parameters
        ----------
        expressions : str, sequence of str, or mapping of label to str
            Coefficients (in backticks if need be), numbers, ``+ - * / **``, ``log``, ``exp``, ``sqrt``, ``abs``. An
            equation, ``"x1 * x2 = 1"``, is its left side less its right. Several are estimated jointly.
        level : float
            Coverage of the limits and of Fieller's sets.

        Returns
        -------
        NonlinearEstimates
            Read and tested like coefficients: ``params``, ``std_errors``, ``conf_int()``, ``wald_test(...)``,
            ``to_frame()``; ``joint`` tests that all are zero; ``fieller`` has the sets of ratios.

        Raises
        ------
        SpecificationError
            If a name is not a coefficient, or an expression holds something else that is not allowed.
        NumericalError
            If an expression divides by zero, or takes the logarithm of a number that is not positive, at the estimates.

        Notes
        -----
        With G the exact derivatives at the estimates, :math:`g(b)` has covariance :math:`GVG'`. The delta method's
        limits depend on how you write a hypothesis (Gregory and Veall 1985, Econometrica 53(6), 1465-1468). Those of a
        ratio may be far too narrow where the denominator is near zero. A ratio of two linear combinations, scaled or
        shifted by numbers, therefore comes with Fieller's set as well: an interval if the denominator differs from zero
        at that level, else the outside of an interval or the whole line.

        Examples
        --------
        >>> import panelvar as pv
        >>> states = pv.load_data("fatalities")
        >>> fit = pv.fit_fixed_effects(states, "frate ~ beertax + unemp", cov="cluster")
        >>> fit.nonlinear({"ratio": "beertax / unemp"}).params.round(2).to_dict()
        {'ratio': 13.79}
        """
        return estimate_functions(self, read_functions(expressions, self.fit), level, self.nobs)

    def joint_test(
        self,
        terms: str | re.Pattern[str] | Sequence[str | re.Pattern[str]],
        *,
        equal: bool = False,
        below: float | None = None,
        above: float | None = None,
    ) -> TestResult:
        """Test that all coefficients of some terms, such as a factor or an event study's leads, are zero or equal.

        Parameters
        ----------
        terms : str, compiled pattern, or sequence of them
            Coefficients, terms for all their columns (``"C(region)"``, ``"i(since, treated, ref=-1)"``), or patterns
            (``"L(x*"``).
        equal : bool
            Test that they are equal to one another instead.
        below, above : float, optional
            Take the levels below or above a number, of a factor whose levels are numbers. ``below=-1`` tests the leads
            of an event study, that is, whether trends were parallel before.

        Returns
        -------
        TestResult
            F with the covariance's degrees of freedom, or chi2 with the normal distribution.

        Raises
        ------
        SpecificationError
            If a term or pattern fits no coefficient, or no level is within the bounds.

        Examples
        --------
        >>> import panelvar as pv
        >>> men = pv.load_data("wage_panel")
        >>> fit = pv.fit_pooled(men, "lwage ~ educ + C(occupation)", cov="cluster")
        >>> fit.joint_test("C(occupation)")
        <Joint test: F(8, 544) = 15.5955, p < 0.0001>
        """
        equal = read_flag("equal", equal)
        chosen = chosen_names("terms", terms, self.names)
        if below is not None or above is not None:
            chosen = _between(chosen, below, above)
        if not chosen:
            raise SpecificationError("terms names no coefficient.")
        if equal and len(chosen) < 2:
            raise SpecificationError(
                f"equal=True compares coefficients, but terms names only {chosen[0]!r}. Name two or more."
            )
        null = f"{_by_term(chosen)} {'are equal' if equal else 'are zero' if len(chosen) > 1 else 'is zero'}"
        if equal:
            unit = np.eye(len(self.names))[[self.names.index(name) for name in chosen]]
            test = wald(self, unit[1:] - unit[0], np.zeros(len(chosen) - 1), "Joint test", null)
        else:
            test = zero_test(self, chosen, "Joint test", null)
        emit(test.notes)
        return test

    def joint_tests(self) -> FrameTable:
        """Test for every term that all its coefficients are zero.

        Returns
        -------
        FrameTable
            A row for each term, with the columns statistic, df, df_denominator (for F) and pvalue.
        """
        import pandas as pd

        terms = _terms([name for name in self.names if name != CONSTANT])
        if not terms:
            raise SpecificationError("The model has no coefficient but the constant, so there is no term to test.")
        tests = [zero_test(self, names, "Joint test", f"{term} is zero") for term, names in terms.items()]
        notes = [f"{term}: {note.text}" for term, test in zip(terms, tests, strict=True) for note in test.notes]
        null = "Null hypothesis of each: all coefficients of the term are zero."
        index = pd.Index(list(terms), name="term", dtype=object)
        return frame_of_tests(tests, index, "Joint tests by term", (null, *notes))

    def tidy(self, *, level: float = 0.95) -> pd.DataFrame:
        """Return a row for each coefficient, named as in R's broom: ``term``, ``estimate``, ``std.error``, and so on.

        Parameters
        ----------
        level : float
            Coverage of ``conf.low`` and ``conf.high``.

        Returns
        -------
        DataFrame

        Examples
        --------
        >>> import panelvar as pv
        >>> states = pv.load_data("fatalities")
        >>> fit = pv.fit_fixed_effects(states, "frate ~ beertax + unemp", cov="cluster")
        >>> fit.tidy()["term"].to_list()
        ['const', 'beertax', 'unemp']
        """
        import pandas as pd

        limits = self.conf_int(level=check_level(level))
        columns = {
            "term": list(self.names),
            "estimate": self.params,
            "std.error": self.std_errors,
            "statistic": self.tstats,
            "p.value": self.pvalues,
            "conf.low": limits["lower"],
            "conf.high": limits["upper"],
        }
        return pd.DataFrame({name: np.asarray(values) for name, values in columns.items()})

    def glance(self) -> pd.DataFrame:
        """Return one row of facts, with the names of R's broom: ``r.squared``, ``sigma``, ``nobs``, and so on.

        There is no column for what the model does not have. ``statistic``, ``p.value`` and ``df`` are of the joint test
        (``f_statistic``), ``deviance`` is the residual sum of squares; ``n.entities`` and ``n.periods`` are ours, and
        so are those of dynamic panels: ``n.instruments``, and ``ar1.p.value``, ``ar2.``, ``sargan.``, ``hansen.``,
        ``difference.in.hansen.`` (of the lagged differences in the levels) with statistics and degrees of freedom.

        Returns
        -------
        DataFrame
            One row.
        """
        return facts_in_a_row(self._glance, self._statistic)

    event_study = event_study.event_study

    # ---- reading

    plot = plot

    def _table_columns(self) -> list[ResultColumn]:
        """Give the column of a table of results."""
        return [
            ResultColumn(
                self,
                self.dependent,
                self.estimator,
                self.params,
                self.std_errors,
                self.tstats,
                self.pvalues,
                self.conf_int,
                self.distribution,
                self.cov_label,
                self._statistic("convention.name"),
                self.notes,
                self._statistic,
                self._statistic("effects") or (),
                dict(self.covariance.clusters),
            )
        ]

    def _statistic(self, name: str) -> Any:
        """Give what stands in the foot of a table of results: an attribute, unless a result has another for it."""
        return offered(self, name)

    @property
    @abstractmethod
    def f_slopes(self) -> TestResult | None:
        """The model's joint test of its slopes."""

    @property
    def f_statistic(self) -> TestResult | None:
        """The model's joint test: `f_slopes`."""
        return self.f_slopes

    @property
    @abstractmethod
    def _head_facts(self) -> tuple[Fact, ...]:
        """What stands over the coefficients: the sample, and how estimates and errors were made."""

    @abstractmethod
    def _foot_facts(self, digits: int) -> tuple[Fact, ...]:
        """What stands under the coefficients: fit and tests."""

    @property
    def _printed_notes(self) -> tuple[Note, ...]:
        """Notes under the table."""
        return self.notes

    @property
    def _inference_in_words(self) -> str:
        """The distribution of ratios, with its degrees of freedom."""
        df = self.df_inference
        if self.covariance.degrees is not None and self.names:
            degrees = self.covariance.coefficient_df
            least, most = (format_significant(value, 3) for value in (degrees.min(), degrees.max()))
            return f"t({least} to {most}), Satterthwaite"
        return "normal" if df is None else f"t({format_degrees(df)})"

    def summary(self, *, level: float = 0.95, stars: Levels = False, digits: int = 4) -> Table:
        """Return the summary table (text in a terminal, HTML in a notebook, Markdown, LaTeX, DataFrame).

        Parameters
        ----------
        level : float
            Coverage of the confidence limits.
        stars : sequence of float, mapping of str to float, or bool
            Stars in the place of p-values: True for 10, 5 and 1 percent; or significance levels, one star each; or
            signs and their levels.
        digits : int
            Digits after the point.

        Returns
        -------
        Table
        """
        level, digits, signs = check_level(level), check_digits(digits), check_stars(stars)
        legend = (f"{star_legend(signs)}.",) if signs else ()
        return Table(
            title=f"{self.estimator}: {self.dependent}",
            facts=self._head_facts,
            header=(coefficient_header(self.distribution, level, starred=bool(signs)),),
            body=coefficient_rows(self, level, digits, signs),
            statistics=self._foot_facts(digits),
            notes=(*legend, *dict.fromkeys(note.text for note in self._printed_notes)),
        )


def _terms(names: Sequence[str]) -> dict[str, list[str]]:
    """Names of coefficients by the term that they belong to."""
    terms: dict[str, list[str]] = {}
    for name in names:
        terms.setdefault(":".join(level_of(factor)[0] for factor in factors_of(name)), []).append(name)
    return terms


def _by_term(names: Sequence[str]) -> str:
    """Names in a line, those of one term once with its levels: ``i(since, treated, ref=-1) at -3, -2``."""
    out: list[str] = []
    for term, own in _terms(names).items():
        levels = [":".join(levels_of(name)) for name in own]
        if len(levels) > 12:
            levels[5:-1] = ["..."]
        out += [f"{term} at {', '.join(levels)}"] if len(own) > 1 and all(levels) else own
    return listed(out, 12)


def _between(names: Sequence[str], below: float | None, above: float | None) -> list[str]:
    """Return the names whose level, a number, lies below or above (or between) two bounds."""
    for option, bound in (("below", below), ("above", above)):
        if bound is not None and not is_number(bound):
            raise SpecificationError(f"{option}={shown(bound)} must be a number.")
    kept = []
    for name in names:
        levels = [each for level in levels_of(name) if (each := as_number(level)) is not None]
        if len(levels) != 1:
            raise SpecificationError(
                f"below= and above= need a coefficient to have one level that is a number; {name!r} has "
                f"{len(levels) or 'none'}. Name the coefficients, or give a pattern with * and ?."
            )
        if (below is None or levels[0] < below) and (above is None or levels[0] > above):
            kept.append(name)
    if not kept:
        bounds = [f"{word} {bound}" for word, bound in (("below", below), ("above", above)) if bound is not None]
        raise SpecificationError(f"No level of {listed(names)} is {' and '.join(bounds)}.")
    return kept


def offered(result: object, path: str) -> Any:
    """Read an attribute of a result, or an attribute of that (``"f_statistic.df"``); None where there is no such thing.

    What was released with the rows, or is too large to compute, is not there either.
    """
    value: Any = result
    for attribute in path.split("."):
        if value is None or not (hasattr(type(value), attribute) or attribute in vars(value)):
            return None
        value = getattr(value, attribute)
    return value


def facts_in_a_row(paths: Mapping[str, str], statistic: Callable[[str], Any]) -> pd.DataFrame:
    """Return a frame of one row: a column for each fact that the result has."""
    import pandas as pd

    row: dict[str, Any] = {}
    for name, path in paths.items():
        with suppress(MissingInformationError, NumericalError, InsufficientDataError, CollinearityError):
            row[name] = statistic(path)
    return pd.DataFrame([{name: value for name, value in row.items() if value is not None and value == value}])


class HasFittedRows(Protocol):
    """What a result must have for its rows to be shown with what it makes of them."""

    @property
    def _explained(self) -> Design:
        """The rows that residuals and fitted values belong to."""

    @property
    def resids(self) -> pd.Series:
        """Residuals."""

    @property
    def fitted_values(self) -> pd.Series:
        """Dependent variable less residuals."""


def augment(self: HasFittedRows) -> pd.DataFrame:
    """Return the rows of the model with ``.fitted`` and ``.resid`` beside them, as R's broom names them."""
    import pandas as pd

    # Asked for first: they refuse a result without rows in words.
    made = {".fitted": self.fitted_values.to_numpy(), ".resid": self.resids.to_numpy()}
    design = self._explained
    columns = {design.dependent: design.y, **dict(zip(design.names, design.x, strict=True))}
    return pd.DataFrame(columns, index=design.index).assign(**made)
