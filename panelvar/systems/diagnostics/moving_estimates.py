"""Test that the coefficients of a vector autoregression are the same in every window of the sample.

Estimates of windows are held against those of the whole sample: Ploberger, Kraemer and Kontrus (1989), A new test for
structural stability in the linear regression model, J. Econometrics 40, 307-318, for samples that grow; Chu, Hornik and
Kuan (1995), The moving-estimates test for parameter stability, Econometric Theory 11, 699-720, for windows that move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arguments import refuse_other
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError, SpecificationError
from panelvar.core.base.unknown_arguments import answering
from panelvar.kernels.dynamics.batched_lags import BatchFit
from panelvar.systems.batches.batch_result import VarBatch
from panelvar.systems.diagnostics.constancy import CusumTests, tests_of_paths
from panelvar.systems.diagnostics.limit_processes import WIDEST
from panelvar.systems.diagnostics.tested_residuals import warn

if TYPE_CHECKING:
    from panelvar.core.base.errors import Note


@answering
def fluctuation_test(windows: VarBatch) -> CusumTests:
    r"""Test that coefficients are the same in every window, equation by equation.

    With :math:`b_t` the estimates of the window that ends in t, :math:`n_t` its rows, X_t its regressors, and b, n and
    :math:`\hat\sigma` those of the whole sample, the m components of

    .. math:: Y_t = \sqrt{\frac{n_t}{n}} \frac{(X_t'X_t)^{1/2} (b_t - b)}{\hat\sigma}

    are in the limit independent Brownian bridges, of samples that grow, or their increments over a window, of windows
    that move. The statistic is the largest component at any t.

    Parameters
    ----------
    windows : VarBatch
        From `fit_rolling_var`, with one lag order: rolling windows of 5 to 50 percent of the rows, or a sample that
        expands.

    Returns
    -------
    CusumTests
        ``paths`` has the largest component of each equation at each t; its ``process`` is of so many ``dimensions`` as
        an equation has coefficients. P-values of windows that move are from simulated quantiles
        (``systems/diagnostics/constants/mosum_quantiles.csv``), which end at a thousandth a coefficient.

    Raises
    ------
    SpecificationError
        It is not a fit of windows, or windows have different lag orders or are outside these shares of the rows.
    NumericalError
        The fit to the whole sample is singular, or an equation of it fits exactly.

    See Also
    --------
    cusum_test, mosum_test : tests by residuals of one fit.
    fit_rolling_var : makes the windows.
    plot_constancy : draws the process and its boundaries.

    Notes
    -----
    R has the tests as ``strucchange::efp(type="RE")`` and ``"ME"``, and takes the roots :math:`(X_t'X_t)^{1/2}` of
    columns in their own units. Here columns are scaled to unit length in the whole sample, so that units decide
    nothing. On columns scaled in this way strucchange gives the same numbers. A sample that expands leaves out what
    comes before its first window, and the p-value is then an upper bound. With a trend among the regressors the limit
    is another, and a warning says so.

    Examples
    --------
    >>> import panelvar as pv
    >>> macro = pv.load_data("us_macro")[["unemp", "tbilrate"]]
    >>> tests = pv.fluctuation_test(pv.fit_rolling_var(macro, window=60, lags=1))
    >>> {name: round(test.statistic, 3) for name, test in tests.tests.items()}
    {'unemp': 1.84, 'tbilrate': 1.496}
    """
    import pandas as pd

    refuse_other("windows=", windows, VarBatch, "the result of fit_rolling_var")
    sections = windows.windows
    if sections is None:
        raise SpecificationError(
            "This test compares windows of one sample, and these members are not such windows. Use fit_rolling_var."
        )
    if sections.whole is None:
        raise SpecificationError(
            "Windows with different lag orders have no coefficients in common to compare. Give fit_rolling_var one "
            "order, such as lags=1."
        )
    whole, count = sections.whole, windows.fits.params.shape[1]
    n = int(whole.nobs[0])
    share = None if sections.expanding else sections.length / n
    if share is not None and not WIDEST[0] <= share <= WIDEST[1]:
        raise SpecificationError(
            f"Windows of {sections.length} of {n} rows are a share of {share:.3g}; the distribution is known from "
            f"{WIDEST[0]:g} to {WIDEST[1]:g}. Use expanding=True, or another window."
        )
    paths, process = _paths(windows.fits, whole), "bridge" if sections.expanding else "bridge increments"
    title = "Recursive estimates" if sections.expanding else "Moving estimates"
    notes: tuple[Note, ...] = ()
    if windows.terms.trend not in ("n", "c"):
        notes = warn(
            "trending-regressors",
            "The regressors include a trend, so estimates converge at different speeds. The p-values are for "
            "regressors that do not grow, and they do not hold here.",
        )
    frame = pd.DataFrame(paths, index=windows.labels, columns=list(windows.names))
    null = "the coefficients of the equation of {name} are the same in every window"
    return tests_of_paths(frame, title, process, notes, share, null, count)


def _paths(fits: BatchFit, whole: BatchFit) -> Array:
    """Largest component of each equation's process at each window, (B, K)."""
    n = int(whole.nobs[0])
    degrees = n - fits.params.shape[1]
    spread = np.sqrt(np.einsum("ij,ij->i", whole.scatter_factor[0], whole.scatter_factor[0]) / degrees)
    if not whole.estimable[0] or not (spread > 0.0).all():
        raise NumericalError(
            "The fit to the whole sample is singular, because its regressors are collinear or it is exact."
        )
    own = np.linalg.inv(whole.inverse_factor[0])
    sizes = np.sqrt(np.einsum("ij,ij->j", own, own))
    # The root of X'X has the singular values and vectors of X: a product would lose their digits.
    _, values, vectors = np.linalg.svd(np.linalg.inv(fits.inverse_factor) / sizes)
    moved = sizes[:, None] * (fits.params - whole.params[0]) / spread
    process = np.sqrt(fits.nobs / n)[:, None, None] * (
        vectors.swapaxes(1, 2) @ (values[:, :, None] * (vectors @ moved))
    )
    return np.asarray(np.abs(process).max(axis=1))
