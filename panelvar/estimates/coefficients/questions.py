"""Questions to ask a single equation after its fit: functions of coefficients, joint tests, plain frames."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from panelvar.core.base.arguments import is_number, read_flag
from panelvar.core.base.chosen_names import as_number, chosen_names, factors_of, level_of, levels_of
from panelvar.core.base.errors import MissingInformationError, NumericalError, SpecificationError, check_level, emit
from panelvar.core.base.labels import listed
from panelvar.core.base.quoting import shown
from panelvar.core.tables.frame_table import FrameTable, frame_of_tests
from panelvar.core.tables.test_result import TestResult
from panelvar.data.formulas.design import CONSTANT, Design
from panelvar.estimates.coefficients.coefficients import Inference
from panelvar.estimates.coefficients.nonlinear import NonlinearEstimates, nonlinear
from panelvar.estimates.coefficients.wald import wald

if TYPE_CHECKING:
    import pandas as pd

    Wanted: TypeAlias = str | re.Pattern[str] | Sequence[str | re.Pattern[str]]

# The columns of `glance`, and the attribute of a result (or attribute of an attribute) that each shows.
_GLANCE = {
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


class Questions(Inference):
    """Coefficients of one equation, with what is asked of them beside linear restrictions."""

    if TYPE_CHECKING:  # what the results have

        @property
        def nobs(self) -> int:
            """Rows of the regression."""

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
        return nonlinear(self, expressions, level, self.nobs)

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
        test = _joint_test(self, terms, equal=equal, below=below, above=above)
        emit(test.notes)
        return test

    def joint_tests(self) -> FrameTable:
        """Test for every term that all its coefficients are zero.

        Returns
        -------
        FrameTable
            A row for each term, with the columns statistic, df, df_denominator (for F) and pvalue.
        """
        return _joint_tests(self)

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
        return _tidy(self, check_level(level))

    def glance(self) -> pd.DataFrame:
        """Return one row of facts, with the names of R's broom: ``r.squared``, ``sigma``, ``nobs``, and so on.

        There is no column for what the model does not have. ``statistic``, ``p.value`` and ``df`` are of the joint test
        (``f_statistic``), ``deviance`` is the residual sum of squares; ``n.entities`` and ``n.periods`` are ours.

        Returns
        -------
        DataFrame
            One row.
        """
        return _glance(self)


class Augmented(Questions):
    """A result that has residuals and fitted values of its rows."""

    if TYPE_CHECKING:  # what the results have

        @property
        def design(self) -> Design:
            """The rows."""

        @property
        def resids(self) -> pd.Series:
            """Residuals."""

        @property
        def fitted_values(self) -> pd.Series:
            """Dependent variable less residuals."""

    @property
    def explained(self) -> Design:
        """The rows that residuals and fitted values belong to."""
        return self.design

    def augment(self) -> pd.DataFrame:
        """Return the rows of the model with ``.fitted`` and ``.resid`` beside them, as R's broom names them."""
        return _augment(self.explained, self.fitted_values, self.resids)


def _by_term(names: Sequence[str]) -> str:
    """Names in a line, those of one term once with its levels: ``i(since, treated, ref=-1) at -3, -2``."""
    terms: dict[str, list[str]] = {}
    for name in names:
        terms.setdefault(":".join(level_of(factor)[0] for factor in factors_of(name)), []).append(name)
    out: list[str] = []
    for term, own in terms.items():
        levels = [":".join(levels_of(name)) for name in own]
        if len(levels) > 12:
            levels[5:-1] = ["..."]
        out += [f"{term} at {', '.join(levels)}"] if len(own) > 1 and all(levels) else own
    return listed(out, 12)


def _joint_test(
    result: Inference, terms: Wanted, *, equal: bool, below: float | None, above: float | None
) -> TestResult:
    """Build ``Questions.joint_test``."""
    equal = read_flag("equal", equal)
    chosen = chosen_names("terms", terms, result.names)
    if below is not None or above is not None:
        chosen = _between(chosen, below, above)
    if not chosen:
        raise SpecificationError("terms names no coefficient.")
    if equal and len(chosen) < 2:
        raise SpecificationError(
            f"equal=True compares coefficients, but terms names only {chosen[0]!r}. Name two or more."
        )
    matrix = np.eye(len(result.names))[[result.names.index(name) for name in chosen]]
    if equal:
        matrix = matrix[1:] - matrix[0]
    null = f"{_by_term(chosen)} {'are equal' if equal else 'are zero' if len(chosen) > 1 else 'is zero'}"
    return wald(result, matrix, np.zeros(len(matrix)), "Joint test", null)


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


def _joint_tests(result: Inference) -> FrameTable:
    """Build ``Questions.joint_tests``."""
    import pandas as pd

    terms: dict[str, list[str]] = {}
    for name in result.names:
        if name != CONSTANT:
            terms.setdefault(":".join(level_of(factor)[0] for factor in factors_of(name)), []).append(name)
    if not terms:
        raise SpecificationError("The model has no coefficient but the constant, so there is no term to test.")
    tests = []
    for term, names in terms.items():
        matrix = np.eye(len(result.names))[[result.names.index(name) for name in names]]
        tests.append(wald(result, matrix, np.zeros(len(matrix)), "Joint test", f"{term} is zero"))
    notes = [f"{term}: {note.text}" for term, test in zip(terms, tests, strict=True) for note in test.notes]
    null = "Null hypothesis of each: all coefficients of the term are zero."
    index = pd.Index(list(terms), name="term", dtype=object)
    return frame_of_tests(tests, index, "Joint tests by term", (null, *notes))


def _tidy(result: Inference, level: float) -> pd.DataFrame:
    """Build ``Questions.tidy``."""
    import pandas as pd

    limits = result.conf_int(level=level)
    columns = {
        "term": list(result.names),
        "estimate": result.params,
        "std.error": result.std_errors,
        "statistic": result.tstats,
        "p.value": result.pvalues,
        "conf.low": limits["lower"],
        "conf.high": limits["upper"],
    }
    return pd.DataFrame({name: np.asarray(values) for name, values in columns.items()})


def _glance(result: Inference) -> pd.DataFrame:
    """Build ``Questions.glance``; it has no column for what the result does not have."""
    import pandas as pd

    row: dict[str, Any] = {}
    for name, path in _GLANCE.items():
        value: Any = result
        for attribute in path.split("."):
            if value is None or not (hasattr(type(value), attribute) or attribute in vars(value)):
                break  # no test to have a statistic, or no such thing
            try:
                value = getattr(value, attribute)
            except (MissingInformationError, NumericalError):  # released with the rows, or too large to compute
                break
        else:
            if value == value:
                row[name] = value
    return pd.DataFrame([row])


def _augment(design: Design, fitted: pd.Series, residuals: pd.Series) -> pd.DataFrame:
    """Build ``Questions.augment`` of the rows explained."""
    import pandas as pd

    columns = {design.dependent: design.y, **dict(zip(design.names, design.x, strict=True))}
    frame = pd.DataFrame(columns, index=design.index)
    return frame.assign(**{".fitted": fitted.to_numpy(), ".resid": residuals.to_numpy()})
