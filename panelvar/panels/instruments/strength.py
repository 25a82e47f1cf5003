r"""How strong the instruments are: first stages, tests of under- and weak identification.

In the coordinates of the triangle, once the exogenous regressors are taken out, the endogenous regressors have a part
:math:`P` (q x p) that the excluded instruments explain, and a triangle :math:`R` of the whole. The singular values of
:math:`PR^{-1}` are the canonical correlations of the endogenous regressors with the instruments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.constants import constants
from panelvar.core.base.distributions import f_tail
from panelvar.core.base.errors import Note, NumericalError, PanelVarError, emit
from panelvar.core.base.scaling import exponents
from panelvar.core.faces.layout import Fact, Row, number, words
from panelvar.core.faces.number_format import check_digits, format_degrees, format_number
from panelvar.core.tables.frame_table import PVALUE, SHARE, STATISTIC, WORDS, FrameTable
from panelvar.core.tables.table import Presented, Table
from panelvar.core.tables.test_result import TestResult, chi2_test
from panelvar.estimates.coefficients.wald import deficient_note, zero_test
from panelvar.estimates.fit.fit import Fit
from panelvar.estimates.fit.instrumented import Instrumented
from panelvar.estimates.fit.small_samples import without_factors
from panelvar.kernels.linear.k_class import k_class, solve_upper
from panelvar.kernels.linear.qr import triangularize
from panelvar.kernels.linear.quadratic_form import quadratic_form
from panelvar.panels.instruments.regressions import (
    as_f,
    by_own_residuals,
    first_stage_df,
    instrumented_of,
    is_classical,
    large_sample,
    on_instruments,
    regression,
)
from panelvar.panels.static.result import LinearResult

RULE_OF_THUMB = 10.0
"""Staiger and Stock's first-stage F, below which a warning says what weak instruments do."""
WEAK = "weak-instruments"


@dataclass(frozen=True, repr=False)
class EffectiveF(Presented):
    """Montiel Olea and Pflueger's effective F and its critical values.

    Attributes
    ----------
    statistic : float
    critical_values : dict
        The critical value of each worst-case bias of 2SLS, given as a share of the benchmark. A statistic above it
        rejects a larger bias at the 5 percent level.
    degrees : dict
        Effective degrees of freedom behind each critical value.

    See Also
    --------
    InstrumentalResult.effective_f : Makes it.

    Examples
    --------
    >>> import panelvar as pv
    >>> fit = pv.fit_iv_pooled(pv.load_data("public_capital"), "gsp ~ emp + [pcap ~ pc]")
    >>> round(fit.effective_f.statistic, 1)
    27.0
    """

    statistic: float
    critical_values: dict[float, float]
    degrees: dict[float, float]

    def summary(self, *, digits: int = 4) -> Table:
        """Return the critical values as a table, a row for each share of bias.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        check_digits(digits)
        body = tuple(
            Row(f"{share:.0%}", (number(value, digits), number(self.degrees[share], digits)))
            for share, value in self.critical_values.items()
        )
        return Table(
            title="Effective F",
            facts=(Fact("Statistic", format_number(self.statistic, digits)),),
            header=(Row("Bias", (words("Critical value", "right"), words("df", "right"))),),
            body=body,
        )

    def __repr__(self) -> str:
        values = ", ".join(f"{share:.0%}: {value:.2f}" for share, value in self.critical_values.items())
        return f"<Effective F = {format_number(self.statistic)} (critical values by share of bias: {values})>"


def repaired_notes(stage: LinearResult, what: str) -> tuple[Note, ...]:
    """Warn where a statistic is made of a covariance of a first stage that was repaired."""
    if all(note.code != "covariance-repaired" for note in stage.covariance.notes):
        return ()
    text = (
        f"{what}: the covariance of the first stage ({stage.covariance.label}) was not positive semi-definite, and its "
        "negative eigenvalues were set to zero. The statistic can then be of any size, so do not read strength into "
        "it. Cluster by one dimension, such as Clustered('entity')."
    )
    return (Note("strength-repaired", text, warn=True),)


def first_stages(result: LinearResult) -> dict[str, LinearResult]:
    """The regression of each endogenous regressor on all instruments, under the result's covariance."""
    base = instrumented_of(result.fit, "A first stage")
    n = base.layout.instruments
    return {name: on_instruments(result, base.units([n + j])[:, 0], name) for j, name in enumerate(base.endogenous)}


def first_stage_table(result: LinearResult) -> FrameTable:
    r"""How well the instruments explain each endogenous regressor.

    ``f``: that no excluded instrument matters, under the result's covariance, with ``df``, ``df_denominator``,
    ``pvalue``; ``partial_r2`` of the excluded instruments; ``shea_r2`` (Shea 1997), which counts what is left once
    the other endogenous regressors are explained; ``conditional_f`` with ``conditional_df`` and
    ``conditional_pvalue``: that of Sanderson and Windmeijer (2016, J. Econometrics 190(2), 212-221), equal to ``f``
    with one endogenous regressor. Where the covariance has no variance in some direction tested (fewer clusters than
    instruments), F is NaN, with a warning.
    """
    import pandas as pd

    base = instrumented_of(result.fit, "A first stage")
    layout, df = base.layout, float(first_stage_df(result.fit))
    records = []
    notes: list[Note] = []
    # The fit has warned of them.
    repaired: list[Note] = []
    for j, (name, stage) in enumerate(first_stages(result).items()):
        test = zero_test(stage, base.excluded, "First stage", "no instrument explains it")
        notes += test.notes
        repaired += repaired_notes(stage, f"First-stage F of {name!r}")
        value, numerator, denominator = as_f(test, layout.excluded, df)
        conditional = conditional_f(result, base, j, df)
        # What is left once the exogenous regressors are taken out of both sides.
        left = base.triangle[layout.exogenous :, layout.instruments + j]
        explained = left[: layout.excluded]
        records.append(
            {
                "f": value,
                "df": numerator,
                "df_denominator": denominator,
                "pvalue": f_tail(value, numerator, denominator),
                "partial_r2": float(explained @ explained) / float(left @ left),
                "shea_r2": _shea_r2(base, j),
                "conditional_f": conditional[0],
                "conditional_df": conditional[1],
                "conditional_pvalue": f_tail(*conditional),
            }
        )
    emit(dict.fromkeys(notes))
    formats = {
        "f": STATISTIC.called("F"),
        "pvalue": PVALUE,
        "partial_r2": STATISTIC.called("Partial R2"),
        "shea_r2": STATISTIC.called("Shea's R2"),
        "conditional_f": STATISTIC.called("F given others"),
        "conditional_pvalue": PVALUE,
    }
    degrees = {(record["df"], record["df_denominator"]) for record in records}
    facts = tuple(
        Fact("Distribution of F", f"F({', '.join(map(format_degrees, pair))})") for pair in degrees if len(degrees) == 1
    )
    null = "Null hypothesis: no excluded instrument explains the regressor (given the other endogenous ones)."
    told = (null, *(note.text for note in dict.fromkeys((*notes, *repaired))))
    return FrameTable(pd.DataFrame(records, index=list(base.endogenous)), formats, "First stages", facts, told)


def conditional_f(result: LinearResult, base: Instrumented, j: int, df: float) -> tuple[float, float, float]:
    """Sanderson and Windmeijer's F of one endogenous regressor given the others, and its degrees of freedom."""
    layout, n = base.layout, base.layout.instruments
    target = base.units([n + j])[:, 0]
    others = [n + i for i in range(layout.endogenous) if i != j]
    if others:
        order = [*range(n), *others, n + j]
        triangle = triangularize(np.asfortranarray(base.triangle[:, order]))
        estimate = k_class(triangle, layout._replace(endogenous=len(others)))
        target[others] = -estimate.coefficients[layout.exogenous :]
    stage = on_instruments(result, target, base.endogenous[j])
    test = zero_test(stage, base.excluded, "Sanderson-Windmeijer", "the instruments do not explain it given the others")
    return as_f(test, layout.excluded - len(others), df)


def _shea_r2(base: Instrumented, j: int) -> float:
    """Return Shea's partial R2: the variance of the OLS coefficient over that of 2SLS at one residual variance."""
    layout, n = base.layout, base.layout.instruments
    columns, place = layout.regressors, layout.exogenous + j

    def variance(coordinates: Array) -> float:
        root = triangularize(np.asfortranarray(coordinates))
        row = solve_upper(root, np.eye(len(root)))[place]
        return float(row @ row)

    return variance(base.triangle[:, columns]) / variance(base.triangle[:n, columns])


def canonical_correlations(base: Instrumented) -> tuple[Array, Array, Array]:
    """Return left vectors, canonical correlations and the loadings of the weakest combination of W."""
    first, n, p = base.layout.exogenous, base.layout.instruments, base.layout.endogenous
    all_of_it = triangularize(np.asfortranarray(base.triangle[first:, n : n + p]))
    scaled = solve_upper(all_of_it.T, base.triangle[first:n, n : n + p].T, lower=True).T
    left, values, right = np.linalg.svd(scaled)
    weakest = np.zeros(len(base.triangle))
    weakest[n : n + p] = solve_upper(all_of_it, right[p - 1])
    return left, np.asarray(values, dtype=np.float64), weakest


def cragg_donald(fit: Fit) -> float:
    """Cragg and Donald's F: the smallest eigenvalue of the first stages' matrix F."""
    base = instrumented_of(fit, "The Cragg-Donald statistic")
    share = float(canonical_correlations(base)[1][-1]) ** 2
    if share >= 1.0:
        return float("inf")
    return share / (1.0 - share) * first_stage_df(fit) / base.layout.excluded


def rank_test(result: LinearResult, *, lagrange: bool) -> TestResult:
    r"""Kleibergen and Paap's rk test that the instruments leave one combination of W unexplained.

    Let u be the left vectors beyond the p - 1 largest canonical correlations, and v the weakest combination of W. The
    null hypothesis is that the coefficients of the excluded instruments in the regression of Wv are zero along u. LM
    takes the covariance at the residuals under the null that no instrument matters, without factors; Wald takes it at
    those of the first stage.
    """
    base = instrumented_of(result.fit, "A test of identification")
    layout, n = base.layout, base.layout.instruments
    k1, p = layout.exogenous, layout.endogenous
    left, _, weakest = canonical_correlations(base)
    loadings = np.column_stack((base.units(range(n)), weakest))
    restricted, convention = None, by_own_residuals(result.convention)
    if lagrange:
        restricted = np.zeros(n)
        restricted[:k1] = solve_upper(base.triangle[:k1, :k1], base.triangle[:k1] @ weakest)
        convention = without_factors(convention)
    stage = regression(
        result,
        loadings,
        base.names[:n],
        "combination",
        title="Weakest combination",
        coefficients=restricted,
        convention=convention,
    )
    lead = int(stage.fit.constant)
    root = base.triangle[k1:n, k1:n]
    along = left[:, p - 1 :].T @ root
    moved = left[:, p - 1 :].T @ (base.triangle[k1:n] @ weakest)
    covariance = stage.covariance.matrix[lead + k1 :, lead + k1 :]
    form = quadratic_form(moved, along @ covariance @ along.T)
    statistic = float(form.statistic)
    notes: tuple[Note, ...] = ()
    if not form.determined:
        statistic, notes = float("nan"), (deficient_note(stage.covariance, len(moved), int(form.rank)),)
    if lagrange and is_classical(result):
        statistic *= large_sample(result) / result.fit.counts.rows
    df = layout.excluded - p + 1
    name = "Anderson canonical correlations LM" if is_classical(result) else "Kleibergen-Paap rk LM"
    if not lagrange:
        name = name.replace("Anderson canonical correlations LM", "Cragg-Donald Wald").replace("rk LM", "rk Wald")
    notes = (*notes, *repaired_notes(stage, name))
    return chi2_test(name, statistic, df, "some combination of the endogenous is unexplained", notes)


def kleibergen_paap(result: LinearResult) -> float:
    """Kleibergen and Paap's rk Wald statistic as an F, under the result's covariance (Cragg-Donald's if classical).

    No critical values were made for it; it is usually held against those of `stock_yogo`.
    """
    base = instrumented_of(result.fit, "The Kleibergen-Paap statistic")
    return rank_test(result, lagrange=False).statistic / base.layout.excluded


def effective_f(result: LinearResult) -> EffectiveF | None:
    r"""Montiel Olea and Pflueger's (2013, JBES 31(3), 358-369) effective F; None with several endogenous regressors.

    It measures the strength of instruments if errors are not classical:
    :math:`\hat\pi'\tilde Z'\tilde Z\hat\pi / \mathrm{tr}(\hat V \tilde Z'\tilde Z)` with V the covariance of
    :math:`\hat\pi`; critical values by Patnaik's approximation in the simplified form, whose bound of the bias does not
    depend on the structural error.

    Raises
    ------
    NumericalError
        If the coefficients of the instruments have no variance.
    """
    from scipy.special import chndtrix

    base = instrumented_of(result.fit, "The effective F")
    layout, n = base.layout, base.layout.instruments
    if layout.endogenous > 1:
        return None
    k1 = layout.exogenous
    stage = on_instruments(result, base.units([n])[:, 0], base.endogenous[0])
    lead = int(stage.fit.constant)
    root = base.triangle[k1:n, k1:n]
    weight = root @ stage.covariance.matrix[lead + k1 :, lead + k1 :] @ root.T
    # Squares of variances stay in the range of floating-point numbers if the regressor has a unit of its own.
    unit = exponents(weight) // 2
    weight, explained = np.ldexp(weight, -2 * unit), np.ldexp(base.triangle[k1:n, n], -unit)
    trace = float(np.trace(weight))
    if not trace > 0.0:
        raise NumericalError(
            f"The first-stage coefficients of the instruments have no variance ({stage.covariance.label}). The "
            f"instruments explain {base.endogenous[0]!r} exactly, or the scores add up to zero in every cluster."
        )
    values = np.linalg.eigvalsh(weight)
    critical, degrees = {}, {}
    for share in (0.05, 0.1, 0.2, 0.3):
        x = 1.0 / share
        squares = float(values @ values)
        k = trace**2 * (1.0 + 2.0 * x) / (squares + 2.0 * x * trace * float(values[-1]))
        critical[share] = float(chndtrix(0.95, k, k * x)) / k
        degrees[share] = k
    return EffectiveF(float(explained @ explained) / trace, critical, degrees)


def stock_yogo(result: LinearResult) -> FrameTable:
    """Stock and Yogo's (2005) critical values of `cragg_donald` for this method and these numbers, if published.

    ``criterion`` is "size" for the largest rejection rate of a 5 percent Wald test, and "bias" for the largest bias as
    a share of that of OLS. The table is empty where nothing was published; the values of Fuller's estimator are for an
    alpha of one.
    """
    import pandas as pd

    base = result.fit.instrumented
    assert base is not None
    key = base.method, base.layout.endogenous, base.layout.excluded
    published = [
        (row["criterion"], float(row["threshold"]), float(row["critical_value"]))
        for row in constants("panels/instruments", "stock_yogo")
        if (row["method"], int(row["endogenous"]), int(row["instruments"])) == key and base.fuller in (None, 1.0)
    ]
    frame = pd.DataFrame(published, columns=["criterion", "threshold", "critical_value"])
    formats = {
        "criterion": WORDS.called("Criterion"),
        "threshold": SHARE.called("Threshold"),
        "critical_value": STATISTIC.called("Critical value"),
    }
    return FrameTable(frame, formats, "Critical values of Stock and Yogo")


def weakness_notes(result: LinearResult) -> list[Note]:
    """Warn where the instruments are weak under the result's errors, and say what follows.

    One number decides, that of the errors: with classical ones the F of the weakest combination, else the effective F,
    or Kleibergen and Paap's with several endogenous regressors. A stream is read once more for the latter. Where
    several dimensions cluster and a first stage's covariance was repaired, say that as well.
    """
    if is_classical(result):
        base = instrumented_of(result.fit, "A first stage")
        which = "first-stage F" if base.layout.endogenous == 1 else "Cragg-Donald F"
        return _weak(which, cragg_donald(result.fit))
    repaired = _repaired_stages(result) if len(result.covariance.clusters) > 1 else []
    try:
        effective = effective_f(result)
        which = "Kleibergen-Paap F" if effective is None else "effective F"
        strength = kleibergen_paap(result) if effective is None else effective.statistic
    except PanelVarError:
        # The errors allow no such statistic; if you ask for it, it says why.
        return repaired + _weak("Cragg-Donald F", cragg_donald(result.fit), ", which takes errors for classical")
    return repaired + _weak(which, strength, f" with errors {result.cov_label}")


def _repaired_stages(result: LinearResult) -> list[Note]:
    try:
        stages = first_stages(result).items()
    except PanelVarError:
        return []
    return [
        note
        for name, stage in stages
        for note in repaired_notes(stage, f"First-stage F of {name!r}, effective F, Kleibergen-Paap")
    ]


STAYS_VALID = "anderson_rubin() and anderson_rubin_set() stay valid, and method='liml' is less biased."
"""What to do about weak instruments, where the result has it."""


def _weak(which: str, strength: float, errors: str = "") -> list[Note]:
    if not strength < RULE_OF_THUMB:
        return []
    text = (
        f"Weak instruments: the {which} is {strength:.2f}{errors}, below the rule of thumb of {RULE_OF_THUMB:g}. "
        "Estimates are then biased towards least squares, and t tests and intervals are wrong, however many rows there "
        f"are. {STAYS_VALID}"
    )
    return [Note(WEAK, text, warn=True)]
