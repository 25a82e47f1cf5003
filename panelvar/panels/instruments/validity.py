r"""Whether instruments are valid and needed: overidentification, subsets of instruments, endogeneity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panelvar.core.base.arguments import read_names
from panelvar.core.base.chosen_names import chosen_names
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import Note, NumericalError, SpecificationError, choose
from panelvar.core.tables.test_result import TestResult, chi2_test, f_test
from panelvar.estimates.coefficients.wald import zero_test
from panelvar.kernels.linear.k_class import first_stage
from panelvar.panels.instruments.regressions import (
    first_stage_df,
    instrumented_of,
    is_classical,
    large_sample,
    moment_root,
    recast,
    regression,
    smallest_distance,
)
from panelvar.panels.static.result import LinearResult

NULL = "all instruments are uncorrelated with the error"


def sargan(result: LinearResult) -> TestResult | None:
    """Sargan's classical test of overidentification: n R2 of the residuals on the instruments.

    None where there are no spare instruments.
    """
    base = instrumented_of(result.fit, "Sargan's test")
    df = base.overidentification
    if df == 0:
        return None
    if result.fit.exact:
        return _no_residuals("Sargan", df)
    residual = base.estimate.residual
    explained, total = residual[: base.layout.instruments], float(residual @ residual)
    statistic = large_sample(result) * float(explained @ explained) / total
    return chi2_test("Sargan", statistic, df, NULL)


def basmann(result: LinearResult) -> TestResult | None:
    """Basmann's F of overidentification, classical, with the residual variance of the larger regression of Sargan's.

    None where there are no spare instruments.
    """
    base = instrumented_of(result.fit, "Basmann's test")
    df = base.overidentification
    if df == 0:
        return None
    if result.fit.exact:
        return _no_residuals("Basmann", df)
    n = base.layout.instruments
    residual, free = base.estimate.residual, first_stage_df(result.fit)
    left = float(residual[n:] @ residual[n:]) / free
    statistic = float(residual[:n] @ residual[:n]) / df / left
    return f_test("Basmann", statistic, df, free, NULL)


def _no_residuals(name: str, df: int) -> TestResult:
    """Return a test without a statistic, as there is none after an exact fit."""
    note = Note("exact-fit", "The residuals are zero, so there is nothing to test the instruments by.")
    return chi2_test(name, float("nan"), df, NULL, (note,))


def hansen(result: LinearResult) -> TestResult | None:
    """Hansen's J under the result's covariance without small-sample factor; None without spare instruments.

    After 2SLS or LIML it is the minimum of the two-step distance with weights from the result's own residuals, as in
    ivreg2. After GMM it is the distance of the estimate itself.
    """
    base = instrumented_of(result.fit, "Hansen's test")
    df = base.overidentification
    if df == 0:
        return None
    if result.fit.exact:
        return _no_residuals("Hansen J", df)
    if base.distance is not None:
        return chi2_test("Hansen J", base.distance, df, NULL)
    try:
        root = moment_root(result, result.fit)
    except NumericalError as error:
        return chi2_test("Hansen J", float("nan"), df, NULL, (Note("singular-moments", str(error)),))
    return chi2_test("Hansen J", smallest_distance(base, root), df, NULL)


def difference_in_sargan(self: LinearResult, instruments: str | Sequence[str]) -> TestResult:
    """Test some instruments, given that the others are valid: the C statistic (difference in Sargan or Hansen).

    Parameters
    ----------
    instruments : str or sequence of str
        Excluded instruments or exogenous regressors.

    Returns
    -------
    TestResult

    Raises
    ------
    SpecificationError
        If the other instruments do not identify the model, or a name is not an instrument.

    Notes
    -----
    Both distances use the covariance of the larger set, so that the difference is never negative (Hayashi 2000,
    chapter 3).
    """
    named = read_names("instruments", instruments)
    base = instrumented_of(self.fit, "The test of a subset of instruments")
    known = base.names[: base.layout.instruments]
    suspects = chosen_names("instruments", named, known)
    if not suspects or len(suspects) < len(named):
        raise SpecificationError("Name the instruments to test, each once.")
    kept = [i for i, name in enumerate(known) if name not in suspects]
    k = base.layout.exogenous + base.layout.endogenous
    if len(kept) < k:
        raise SpecificationError(
            f"Without {', '.join(suspects)}, {count_of(len(kept), 'instrument remains', 'instruments remain')} for "
            f"{count_of(k, 'coefficient')}. The test needs enough other instruments to identify the model."
        )
    root = moment_root(self, self.fit)
    statistic = max(smallest_distance(base, root) - smallest_distance(base, root, kept), 0.0)
    name = "Difference in Sargan" if is_classical(self) else "Difference in Hansen"
    null = (
        f"{', '.join(suspects)} {'is' if len(suspects) == 1 else 'are'} uncorrelated with the error, if the other "
        "instruments are"
    )
    return chi2_test(name, statistic, len(suspects), null)


def endogeneity_test(
    self: LinearResult, variables: str | Sequence[str] = (), *, statistic: str = "regression"
) -> TestResult:
    """Test that endogenous regressors are exogenous, so that least squares would do.

    Parameters
    ----------
    variables : str or sequence of str
        Endogenous regressors to test; all by default. The others stay instrumented.
    statistic : {"regression", "difference"}
        Test that the first-stage residuals have no coefficient in the regression, under the result's covariance
        (Wu-Hausman); or return the C statistic, the difference in J of the models in which the variables are and
        are not exogenous (Durbin's test if classical; ivreg2's ``endog()``).

    Returns
    -------
    TestResult

    Raises
    ------
    SpecificationError
        If a variable is not endogenous in this model, or the statistic is unknown.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> firms["before"] = firms.groupby("firm")["value"].shift()
    >>> fit = pv.fit_iv_pooled(firms.dropna(), "invest ~ capital + [value ~ before]")
    >>> fit.endogeneity_test(statistic="difference")
    <Durbin: chi2(1) = 2.9593, p = 0.0854>
    """
    named = read_names("variables", variables)
    base = instrumented_of(self.fit, "The test of endogeneity")
    choose("statistic", statistic, ("regression", "difference"))
    wanted = chosen_names("variables", named, base.endogenous)
    chosen = [name for name in base.endogenous if not wanted or name in wanted]
    null = f"{', '.join(chosen)} exogenous"
    if statistic == "regression":
        return _regression_form(self, chosen, null)
    n, k1, total = base.layout.instruments, base.layout.exogenous, len(base.names)
    tested = [base.names.index(name) for name in chosen]
    rest = [i for i in range(n, total - 1) if i not in tested]
    order = [*range(k1), *tested, *range(k1, n), *rest, total - 1]
    layout = base.layout._replace(exogenous=k1 + len(tested), endogenous=len(rest))
    exogenous = recast(self.fit, order, layout)
    changed = instrumented_of(exogenous, "The test of endogeneity")
    root = moment_root(self, exogenous)
    kept = [*range(k1), *range(k1 + len(tested), layout.instruments)]
    distance = max(smallest_distance(changed, root) - smallest_distance(changed, root, kept), 0.0)
    name = "Durbin" if is_classical(self) and not rest else "Endogeneity (difference in J)"
    return chi2_test(name, distance, len(tested), null)


def _regression_form(result: LinearResult, chosen: list[str], null: str) -> TestResult:
    """Add the first-stage residuals of the variables to the regression, which stays 2SLS in the others."""
    base = instrumented_of(result.fit, "The test of endogeneity")
    n, k1 = base.layout.instruments, base.layout.exogenous
    tested = [base.names.index(name) for name in chosen]
    stage = first_stage(base.triangle, base.layout)
    rest = [i for i in range(n, len(base.names) - 1) if i not in tested]
    # Regressors that are not tested enter by what the instruments explain of them.
    fitted, left = np.zeros((len(base.names), len(rest))), base.units(tested)
    fitted[:n] = stage[:, [i - n for i in rest]]
    left[:n] = -stage[:, [i - n for i in tested]]
    names = [*(base.names[i] for i in (*range(k1), *tested)), *(f"fitted({base.names[i]})" for i in rest)]
    added = [f"residual({name})" for name in chosen]
    loadings = np.hstack([base.units([*range(k1), *tested]), fitted, left, base.units([len(base.names) - 1])])
    augmented = regression(result, loadings, [*names, *added], result.dependent, title="Augmented regression")
    if not set(added) <= set(augmented.names):
        text = "The instruments explain an endogenous regressor exactly, so it is as exogenous as they are."
        return chi2_test("Wu-Hausman", float("nan"), len(added), null, (Note("explained-exactly", text),))
    return zero_test(augmented, added, "Wu-Hausman", null)
