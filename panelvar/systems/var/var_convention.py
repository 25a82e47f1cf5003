"""Conventions of vector autoregressions: the choices on which programs disagree, and presets as data."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from panelvar.core.base.arguments import read_sequence, read_whole
from panelvar.core.base.errors import SpecificationError, choose
from panelvar.core.base.unknown_arguments import answering
from panelvar.estimates.fit.conventions import check_choices

CriterionForm = Literal["log-determinant", "per-observation", "total", "lags-only"]
CENTRED = ("portmanteau", "arch", "jarque-bera", "doornik-hansen", "cusum")


@answering
@dataclass(frozen=True, slots=True)
class VarConvention:
    r"""How a program reports a vector autoregression: what ``convention=`` chooses.

    Below, n is the number of rows used, m the coefficients of an equation, K the variables, ``df`` stands for
    U'U / (n - m) and ``ml`` for U'U / n.

    Parameters
    ----------
    name : str
        The preset's name, shown in summaries.
    sigma : {"df", "ml"}
        Residual covariance reported, and behind responses, decompositions and forecast intervals.
    coefficient_sigma : {"df", "ml"}
        Residual covariance behind the coefficients' standard errors and Wald tests.
    distribution : {"t", "normal"}
        Distribution of a coefficient over its standard error; t has n - m degrees of freedom.
    criteria : {"log-determinant", "per-observation", "total", "lags-only"}
        Form of the fitted model's information criteria, with c the penalty per parameter and k all coefficients:
        ln det ml + c k / n; (-2 loglik + c k) / n; -2 loglik + c k; or ln det ml + c p K^2 / n, which leaves the
        deterministic terms out of the count. All four rank models alike when the rows are the same and the
        deterministic terms do not change.
    selection_criteria : same values
        Form in the lag selection table.
    relations : {"equation", "average"}
        What error-correction models count. "equation": errors divide by n less the regressors of an equation, each
        relation being one, and criteria count the free parameters. "average" (gretl): errors divide by n less the
        average number of free parameters of an equation, rounded down, and criteria count the coefficients of the
        levels as if the rank were full, terms that are confined to the relations apart.
    smallest_order : {0, 1}
        First lag order in a selection table.
    likelihood_ratio : {"rows", "less-coefficients"}
        What the likelihood-ratio statistics of lag selection are multiplied by: the rows, or the rows less the
        coefficients of an equation of the longer order (Sims 1980; EViews).
    exclusion : {"f-system", "f-equation", "chi2"}
        Reference distribution of a Wald test of q exclusions: W / q as F with K (n - m) or with n - m denominator
        degrees of freedom, or W as chi-squared with q.
    rao_denominator : {"real", "whole-pvalue", "whole"}
        Denominator degrees of freedom of Rao's F: a real number, rounded down for the p-value, or rounded down in the
        statistic as well.
    auxiliary_constant : bool
        Whether the regression behind Rao's F has a constant, counted as if it were the model's only deterministic
        term, whatever the model has (gretl).
    arch_presample : {"drop", "zero"}
        Whether the first rows, whose lags are before the sample, are left out of the ARCH regression or have zeros.
    urzua_root : {"correlation", "covariance"}
        Matrix of the residuals whose symmetric root standardises them in Urzua's test of normality. With their
        covariance (EViews) the test depends on the units of the variables.
    centred : tuple of {"portmanteau", "arch", "jarque-bera", "doornik-hansen", "cusum"}
        Tests that take the mean out of the residuals first (CUSUM: out of their standard deviation alone), which
        matters without a constant only.

    See Also
    --------
    Convention : the same for panel regressions.
    fit_var : takes it by ``convention=``.

    Examples
    --------
    >>> import panelvar as pv
    >>> macro = pv.load_data("us_macro")[["unemp", "tbilrate"]]
    >>> pv.fit_var(macro, lags=2, convention="vars").convention.name
    'vars'
    >>> mine = pv.fit_var(macro, lags=2).convention.but(sigma="ml")
    >>> mine.sigma, pv.fit_var(macro, lags=2, convention=mine).convention.sigma
    ('ml', 'ml')
    """

    name: str
    sigma: Literal["df", "ml"] = "df"
    coefficient_sigma: Literal["df", "ml"] = "df"
    distribution: Literal["t", "normal"] = "t"
    criteria: CriterionForm = "log-determinant"
    selection_criteria: CriterionForm = "log-determinant"
    relations: Literal["equation", "average"] = "equation"
    smallest_order: Literal[0, 1] = 1
    likelihood_ratio: Literal["rows", "less-coefficients"] = "rows"
    exclusion: Literal["f-system", "f-equation", "chi2"] = "f-system"
    rao_denominator: Literal["real", "whole-pvalue", "whole"] = "real"
    auxiliary_constant: bool = False
    arch_presample: Literal["drop", "zero"] = "drop"
    urzua_root: Literal["correlation", "covariance"] = "correlation"
    centred: tuple[str, ...] = ("jarque-bera", "doornik-hansen")

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise SpecificationError(f"A convention's name is a text; got {type(self.name).__name__}.")
        check_choices(self)
        for test in read_sequence("centred", self.centred, "tests") or ():
            choose("centred", test, CENTRED)
        read_whole("smallest_order", self.smallest_order, 0, 1)

    def but(self, **changes: object) -> VarConvention:
        """Return a copy with some choices changed, named after both."""
        changes.setdefault("name", f"{self.name} (modified)")
        try:
            return dataclasses.replace(self, **changes)  # type: ignore[arg-type]
        except TypeError as error:
            raise SpecificationError(f"Unknown convention field: {error}.") from None


VAR_PRESETS: dict[str, VarConvention] = {
    preset.name: preset
    for preset in (
        VarConvention("default"),
        # Luetkepohl's formulas with normal p-values; a table that starts without lags.
        VarConvention(
            "statsmodels",
            distribution="normal",
            smallest_order=0,
            centred=("portmanteau", "jarque-bera", "doornik-hansen"),
        ),
        # AIC() of the fit is R's generic, -2 loglik + 2 k; VARselect uses the determinant.
        VarConvention(
            "vars",
            criteria="total",
            rao_denominator="whole-pvalue",
            centred=("arch", "jarque-bera", "doornik-hansen", "cusum"),
        ),
        # Errors with degrees of freedom, but shocks, decompositions and the printed sigma without.
        VarConvention(
            "gretl",
            sigma="ml",
            criteria="per-observation",
            selection_criteria="per-observation",
            relations="average",
            exclusion="f-equation",
            rao_denominator="whole",
            auxiliary_constant=True,
            arch_presample="zero",
            centred=("jarque-bera",),
        ),
        # var without options; with dfk: but(sigma="df", coefficient_sigma="df"); with small: also distribution="t"
        # and exclusion="f-equation"; with lutstats: but(criteria="lags-only").
        VarConvention(
            "stata",
            sigma="ml",
            coefficient_sigma="ml",
            distribution="normal",
            criteria="per-observation",
            selection_criteria="per-observation",
            smallest_order=0,
            exclusion="chi2",
        ),
        # From the manual: degrees-of-freedom adjusted covariance, criteria from the likelihood per observation.
        VarConvention(
            "eviews",
            criteria="per-observation",
            selection_criteria="per-observation",
            smallest_order=0,
            likelihood_ratio="less-coefficients",
            exclusion="chi2",
            urzua_root="covariance",
        ),
    )
}

VECM_PRESETS = VAR_PRESETS | {
    # VECM divides by n where VAR divides by n - m.
    "statsmodels": VAR_PRESETS["statsmodels"].but(name="statsmodels", sigma="ml", coefficient_sigma="ml")
}
"""Presets of error-correction models."""


def var_convention(convention: str | VarConvention) -> VarConvention:
    """Resolve a preset's name, or pass a `VarConvention` through.

    Raises
    ------
    SpecificationError
        The name is not one of the presets.
    """
    if isinstance(convention, VarConvention):
        return convention
    return VAR_PRESETS[choose("convention", convention, VAR_PRESETS)]
