"""Conventions: every choice on which programs disagree, in one frozen object.

No estimator asks which preset is in force; each reads the field that concerns it, and
`panelvar.estimates.fit.small_samples` turns a convention and the counts of a model into factors.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import Literal, get_args, get_type_hints

from panelvar.core.base.errors import SpecificationError, choose
from panelvar.core.base.quoting import one_line, shown
from panelvar.core.base.unknown_arguments import answering

DofFactor = Literal["none", "n/(n-k)", "(n-1)/(n-k)", "(n-1)/n"]
SerialFactor = Literal["none", "n/(n-k)", "T/(T-1)*(n-1)/(n-k)", "clustered"]
LagRule = Literal["4(T/100)^(2/9)", "T^(1/4)", "3/4 T^(1/3)"]
Counted = Literal["all", "slopes", "absorbed", "constant", "none"]
HausmanSigma = Literal["efficient", "own", "consistent"]
_NOT_DEFAULT = ("stata", "plm", "pyfixest", "linearmodels", "gretl", "eviews")
"""Names of the presets (`panelvar.estimates.fit.presets`) without the default."""


@answering
@dataclass(frozen=True, slots=True, repr=False)
class Convention:
    r"""How a program reports panel regressions.

    Each field begins with the stage at which it acts. In the formulas n is the number of rows, G the number of
    clusters, k the coefficients counted. ``result.convention.but(...)`` changes single fields.

    Parameters
    ----------
    name : str
        The preset's name, shown in summaries.
    singletons : {"keep", "drop"}
        Rows: whether entities (or periods) with a single row stay in a fixed-effects fit.
    first_difference : {"adjacent", "consecutive"}
        Rows: difference adjacent periods only, or consecutive rows even across a gap (plm).
    first_difference_constant : bool
        Rows: whether a first-difference regression has an intercept unless told otherwise.
    unbalanced_components : {"baltagi-chang", "harmonic", "stata-sa"}
        Components: which version of Swamy and Arora unbalanced panels use.
    unbalanced_nerlove : {"equal", "rows"}
        Components: Nerlove's variance of the estimated effects on unbalanced panels is the sample variance over levels
        (gretl), or weights each level by its rows (plm, after Cottrell 2017).
    hausman_taylor_periods : {"entity", "panel"}
        Components: Hausman and Taylor's use the harmonic mean of the entities' periods and a theta for each entity
        (Stata), or the panel's number of periods for all (plm). The two differ on unbalanced panels only.
    likelihood_information : {"expected", "observed"}
        Components: the covariance of the coefficients after maximum likelihood is the error variance times the inverse
        of X' Omega^-1 X (nlme, lme4), or their part of the inverse of the observed Hessian of all parameters (Stata).
    effects_rank : {"exact", "levels"}
        Degrees of freedom: count the rank of the absorbed effects (or a bound, where it cannot be found); or their
        levels, less one for each effect after the first, which is more when the effects are disconnected (plm,
        linearmodels, pyfixest).
    classical_counts : {"all", "slopes", "absorbed", "constant", "none"}
        Degrees of freedom: what those of the residual variance leave out. Every coefficient and absorbed effect; the
        columns of the transformed regression only (pyfixest's ``k_fixef="none"``); the absorbed effects without the
        coefficients (linearmodels' ``debiased=False``); one (pyfixest's ``k_adj=False``); or nothing (ivreg2 without
        ``small``).
    random_scale : {"gls", "within"}
        Components: the residual variance in the random-effects covariance is that of the GLS residuals, or of the
        within regression (EViews).
    robust : {"cluster", "HC1", "cluster-panel-models"}
        What ``cov="robust"`` means: clustered by entity, heteroskedasticity only, or clustered for fixed and random
        effects and heteroskedasticity only for pooled OLS (Stata).
    hc1_counts : {"all", "slopes", "absorbed", "constant", "none"}
        Factor: what HC1's k counts, in the words of ``classical_counts`` (plm leaves the absorbed effects out).
    hc23_factor : bool
        Factor: whether HC2 and HC3 also carry n / (n - k).
    leverage : {"full", "transformed"}
        Factor: leverages of HC2 and HC3 count absorbed effects (exact), or the transformed regressors alone (plm).
    cluster_group_factor : bool
        Factor: G / (G - 1).
    cluster_dof_factor : {"none", "n/(n-k)", "(n-1)/(n-k)", "(n-1)/n"}
        Factor: the second factor of a clustered covariance.
    cluster_counts : {"nonnested", "slopes", "all", "unless-nested", "absorbed-unless-nested", "beyond-first"}
        Factor: what k of that factor counts. In order: slopes, one constant and the absorbed effects not nested in a
        cluster dimension; the columns of the transformed regression only (plm); all coefficients and effects; the
        coefficients, and all absorbed effects unless there is one and it is nested in every cluster dimension
        (linearmodels); the same without the coefficients (linearmodels' ``debiased=False``); slopes, one constant and
        the effects beyond the first dimension, whatever the clusters (gretl, whose second dimension is dummies among
        the regressors).
    multiway_factor : {"smallest", "each"}
        Factor: with several dimensions, one factor with the smallest G, or one for each matrix that is added or
        subtracted.
    repair_multiway : bool
        Factor: whether a multi-way or pairwise panel-corrected matrix that is not positive semi-definite has its
        negative eigenvalues set to zero.
    cluster_df : {"groups", "residual"}
        Inference: t with G - 1, or with the residual degrees of freedom.
    bias_reduced_factor : {"none", "clustered", "(G-1)/G"}
        Factor: what CR2 and CR3 are multiplied by: nothing (clubSandwich), the factor of clustered covariances
        (pyfixest), or (G - 1) / G (MacKinnon, Nielsen and Webb; sandwich without ``cadjust``).
    bias_reduced_root : {"transformed", "original"}
        Factor: whether CR2 takes the symmetric root of a cluster's block of transformed rows, or of the untransformed
        rows under the working covariance (clubSandwich); they differ for random effects and weights.
    bias_reduced_df : {"satterthwaite", "groups"}
        Inference: t after CR0 to CR3 with Satterthwaite's degrees of freedom, or with G - 1.
    kernel_lags : {"4(T/100)^(2/9)", "T^(1/4)", "3/4 T^(1/3)"}
        Lags of Driscoll-Kraay and Newey-West covariances unless told otherwise, rounded down; T counts the periods.
    kernel_periods : {"all", "longest"}
        T of that rule: the periods with rows, or the most rows that an entity has, before first differences take one
        (plm, gretl).
    kernel_distance : {"calendar", "periods", "rows"}
        Lags are periods of the calendar; steps between the periods that any entity has, however far apart (plm); or,
        within entities, steps between their rows (pyfixest gives neighbours across a gap the weight of adjacent
        periods). For Driscoll-Kraay the last two are the same.
    kraay_factor : {"none", "n/(n-k)", "T/(T-1)*(n-1)/(n-k)", "clustered"}
        Factor of Driscoll-Kraay covariances; k is that of ``hc1_counts``, "clustered" is the factor (and the k) of a
        covariance clustered by period, to which no lags reduce.
    kraay_periods : {"all", "longest"}
        T of these factors, in the words of ``kernel_periods``.
    kraay_df : {"periods", "residual", "entities"}
        Inference after Driscoll-Kraay: t with T - 1, with the residual degrees of freedom, or with N - 1.
    newey_west_factor : {"none", "n/(n-k)", "T/(T-1)*(n-1)/(n-k)", "clustered"}
        Factor of Newey-West covariances within entities; "clustered" is that of a covariance clustered by entity.
    newey_west_df : {"periods", "residual", "entities"}
        Inference after Newey-West, in the words of ``kraay_df``.
    corrected_df : {"residual", "entities", "normal"}
        Inference after panel-corrected covariances: t with the residual degrees of freedom or N - 1, or the normal.
    distribution : {"t", "normal"}
        Inference: for everything but random effects.
    random_distribution : {"normal", "t"}
        Inference: for random effects and feasible generalised least squares.
    instrumental_distribution : {"t", "normal"}
        Inference after instrumental variables, random effects apart: t, or the normal whatever ``distribution`` says
        (Stata's commands without ``small``, plm, linearmodels).
    k_class_scores : {"projection", "equations"}
        Factor: robust covariances of LIML and other k-class estimators multiply residuals by the regressors as the
        instruments explain them (ivreg2, linearmodels), or by :math:`(I - \kappa M_Z)X`, which is exact where k is
        given (at 0, least squares). For 2SLS the two are the same.
    heterogeneous_distribution : {"t", "normal"}
        Inference after averages of coefficients that differ by entity (mean group, common correlated effects, random
        coefficients): t with the number of entities less one, or the normal (Stata's commands, plm).
    exact_entities : {"left-out", "kept"}
        Counts: whether averages of coefficients include entities with exactly as many rows as coefficients (plm).
    coefficients_dispersion : {"unbiased", "sample"}
        Components: Swamy's covariance is the sample covariance of the coefficients over entities less their sampling
        variance, where that is positive semi-definite; or always the sample covariance (Stata's xtrc).
    rsquared_fixed : {"within", "with_dummies"}
        Reporting: the headline R2 and F of fixed effects have the effects taken out, or count them as regressors.
    rsquared_random : {"overall", "transformed"}
        Reporting: headline R2 of random effects.
    rsquared_kind : {"correlation", "residual"}
        Reporting: within, between and overall R2 as squared correlations, or as 1 - RSS / TSS in that dimension.
    fixed_overall : {"weighted", "rows"}
        Reporting: the overall R2 of weighted fixed effects, and the correlation of the effects with
        :math:`x'\hat\beta`, use the analytic weights, or count every row once (Stata's xtreg, whose R2 within is
        weighted).
    transformed_total : {"constant", "mean"}
        Reporting: the total sum of squares of quasi-demeaned rows, or of rows transformed by an error covariance, is
        taken about their projection on the transformed constant, or about their mean.
    gls_scale : {"known", "residual"}
        Degrees of freedom: the covariance of generalised least squares takes whitened errors to have variance one, or
        estimates their variance (gretl's and EViews' weighted least squares).
    singular_errors : {"refuse", "drop"}
        Components: what generalised least squares does with an estimated error covariance that has no inverse. "drop"
        gives no weight to rows that depend on the rows before them, or have a negative variance given those, as plm's
        pggls does. (Stata's xtgls takes a generalised inverse too, which was not compared.)
    loglik_jacobian : {"full", "weights", "none"}
        Reporting: the log-likelihood is that of the data, with half the sum of the logarithms of the analytic weights
        and, for random effects, the sum of log(1 - theta); that without the second term (linearmodels); or that of the
        weighted, quasi-demeaned rows, without either (Stata).
    transformed_kind : {"residual", "correlation"}
        Reporting: R2 of the transformed rows as 1 - RSS / TSS, or as the squared correlation of the dependent variable
        with its fit (plm); the two differ where the rows have no plain constant.
    hausman_scale : {"residual", "rows"}
        Reporting: what the regression form of Hausman's test multiplies (RSS_r - RSS_u) / RSS_u by, the residual
        degrees of freedom of the larger regression or its rows (gretl).
    effects_restricted : {"surviving", "all"}
        Reporting: the F test of the absorbed effects is against pooled OLS of the regressors that the effects leave,
        or of all of them: what does not vary within a level is then no part of the null (plm, gretl).
    short_pairs : {"left-out", "kept"}
        Reporting: what tests of cross-section dependence do with two entities that share two periods, whose
        correlation is 1 or -1 whatever the errors (plm and gretl keep them).
    pairs_scale : {"used", "all"}
        Reporting: Pesaran's CD is divided by the root of the number of pairs it sums, or of the pairs that its
        entities could make, also those that share no period (gretl).
    hausman_sigma : {"efficient", "own", "consistent"}
        Reporting: the residual variance of the two covariances in the matrix form of Hausman's test, unless told
        otherwise: the efficient estimator's in both, with which the test holds its size in small panels; each its own
        (Stata, plm, gretl, EViews); or the consistent estimator's in both.
    hausman_negative : {"signed", "absolute"}
        Reporting: the matrix form of Hausman's test is shown as it comes, or as its absolute value (plm).
    robust_scale : {"counted", "effects_left_out"}
        Reporting: degrees of freedom of ``rmse`` and of the adjusted R2 of fixed effects under a covariance that is not
        classical: as always, or rows less slopes and one constant (Stata's ``xtreg, fe vce(robust)``).
    criteria_count_variance : bool
        Reporting: whether AIC and BIC count the error variance as a parameter (R).
    adjusted_total : {"rows", "less_effects"}
        Reporting: degrees of freedom of the total variance in the adjusted within R2: rows less one, or rows less all
        absorbed effects (pyfixest).

    See Also
    --------
    fit_pooled : Takes it as ``convention``.
    VarConvention : The same for vector autoregressions.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> stata = pv.fit_fixed_effects(states, "frate ~ beertax", cov="cluster", convention="stata")
    >>> own = stata.convention.but(name="ours", cluster_group_factor=False)
    >>> other = pv.fit_fixed_effects(states, "frate ~ beertax", cov="cluster", convention=own)
    >>> print(round(stata.std_errors["beertax"], 4), round(other.std_errors["beertax"], 4))
    0.2919 0.2888
    """

    name: str
    singletons: Literal["keep", "drop"] = "keep"
    first_difference: Literal["adjacent", "consecutive"] = "adjacent"
    first_difference_constant: bool = False
    unbalanced_components: Literal["baltagi-chang", "harmonic", "stata-sa"] = "baltagi-chang"
    unbalanced_nerlove: Literal["equal", "rows"] = "equal"
    hausman_taylor_periods: Literal["entity", "panel"] = "entity"
    likelihood_information: Literal["expected", "observed"] = "expected"
    effects_rank: Literal["exact", "levels"] = "exact"
    classical_counts: Counted = "all"
    random_scale: Literal["gls", "within"] = "gls"
    robust: Literal["cluster", "HC1", "cluster-panel-models"] = "cluster"
    hc1_counts: Counted = "all"
    hc23_factor: bool = False
    leverage: Literal["full", "transformed"] = "full"
    cluster_group_factor: bool = True
    cluster_dof_factor: DofFactor = "(n-1)/(n-k)"
    cluster_counts: Literal["nonnested", "slopes", "all", "unless-nested", "absorbed-unless-nested", "beyond-first"] = (
        "nonnested"
    )
    multiway_factor: Literal["smallest", "each"] = "smallest"
    repair_multiway: bool = True
    cluster_df: Literal["groups", "residual"] = "groups"
    bias_reduced_factor: Literal["none", "clustered", "(G-1)/G"] = "none"
    bias_reduced_root: Literal["transformed", "original"] = "transformed"
    bias_reduced_df: Literal["satterthwaite", "groups"] = "satterthwaite"
    kernel_lags: LagRule = "4(T/100)^(2/9)"
    kernel_periods: Literal["all", "longest"] = "all"
    kernel_distance: Literal["calendar", "periods", "rows"] = "calendar"
    kraay_factor: SerialFactor = "clustered"
    kraay_periods: Literal["all", "longest"] = "all"
    kraay_df: Literal["periods", "residual", "entities"] = "periods"
    newey_west_factor: SerialFactor = "n/(n-k)"
    newey_west_df: Literal["periods", "residual", "entities"] = "residual"
    corrected_df: Literal["residual", "entities", "normal"] = "residual"
    distribution: Literal["t", "normal"] = "t"
    random_distribution: Literal["normal", "t"] = "normal"
    instrumental_distribution: Literal["t", "normal"] = "t"
    k_class_scores: Literal["projection", "equations"] = "projection"
    heterogeneous_distribution: Literal["t", "normal"] = "t"
    exact_entities: Literal["left-out", "kept"] = "left-out"
    coefficients_dispersion: Literal["unbiased", "sample"] = "unbiased"
    rsquared_fixed: Literal["within", "with_dummies"] = "within"
    rsquared_random: Literal["overall", "transformed"] = "overall"
    rsquared_kind: Literal["correlation", "residual"] = "correlation"
    fixed_overall: Literal["weighted", "rows"] = "weighted"
    transformed_total: Literal["constant", "mean"] = "constant"
    gls_scale: Literal["known", "residual"] = "known"
    singular_errors: Literal["refuse", "drop"] = "refuse"
    loglik_jacobian: Literal["full", "weights", "none"] = "full"
    transformed_kind: Literal["residual", "correlation"] = "residual"
    hausman_scale: Literal["residual", "rows"] = "residual"
    effects_restricted: Literal["surviving", "all"] = "surviving"
    short_pairs: Literal["left-out", "kept"] = "left-out"
    pairs_scale: Literal["used", "all"] = "used"
    hausman_sigma: HausmanSigma = "efficient"
    hausman_negative: Literal["signed", "absolute"] = "signed"
    robust_scale: Literal["counted", "effects_left_out"] = "counted"
    criteria_count_variance: bool = False
    adjusted_total: Literal["rows", "less_effects"] = "rows"

    def __post_init__(self) -> None:
        """Refuse a value that is not among a field's choices, and the name of a preset for something else."""
        if not isinstance(self.name, str):
            raise SpecificationError(f"The name of a convention must be a text; got {type(self.name).__name__}.")
        if self.name in _NOT_DEFAULT and all(getattr(self, name) == usual for name, usual in _defaults().items()):
            raise SpecificationError(
                f"Convention({self.name!r}) would have the choices of the default under the name of a preset. Pass "
                f"convention={self.name!r} instead."
            )
        check_choices(self)

    def __repr__(self) -> str:
        own = [f"{name}={getattr(self, name)!r}" for name, usual in _defaults().items() if getattr(self, name) != usual]
        return one_line(f"Convention({', '.join([f'name={self.name!r}', *own])})")

    def but(self, **changes: object) -> Convention:
        """Return a copy with some choices changed.

        Raises
        ------
        SpecificationError
            If a field does not exist, or a value is not among its choices.

        Examples
        --------
        >>> import panelvar as pv
        >>> fit = pv.fit_pooled(pv.load_data("grunfeld"), "invest ~ value", convention="stata")
        >>> fit.convention.but(name="ours", hc23_factor=True).hc23_factor
        True
        """
        for field in changes:
            choose("field", field, ("name", *_choices(Convention)))
        changes.setdefault("name", f"{self.name} (modified)")
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]


def _defaults() -> dict[str, object]:
    return {field.name: field.default for field in dataclasses.fields(Convention) if field.name != "name"}


def check_choices(convention: object) -> None:
    """Refuse the value of a field that is not among the texts its annotation lists, or is no yes or no.

    Raises
    ------
    SpecificationError
    """
    kind: type = type(convention)
    for field, allowed in _choices(kind).items():
        value = getattr(convention, field)
        if allowed is None and not isinstance(value, bool):
            raise SpecificationError(f"{field}={shown(value)} must be True or False.")
        if allowed is not None:
            choose(field, value, allowed)


@functools.cache
def _choices(kind: type) -> dict[str, tuple[str, ...] | None]:
    """Allowed texts of each field that has any, read off the annotations; None for a yes or no."""
    allowed = {name: None if hint is bool else get_args(hint) for name, hint in get_type_hints(kind).items()}
    return {
        name: texts
        for name, texts in allowed.items()
        if texts is None or (texts and all(isinstance(text, str) for text in texts))
    }
