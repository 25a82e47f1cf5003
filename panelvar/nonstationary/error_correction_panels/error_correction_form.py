"""From regressions in error-correction form to a result: the long run, roots, warnings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note
from panelvar.kernels.dynamics.dynamics import companion_roots
from panelvar.nonstationary.error_correction_panels.ardl_fits import ArdlFits
from panelvar.nonstationary.error_correction_panels.ardl_rows import difference_name
from panelvar.nonstationary.error_correction_panels.error_correction import ErrorCorrectionFit

# With fewer rows than this per entity, the bias of the lagged dependent variable is a fair share of the speed.
_LONG = 30
# An entity's regression needs this many residual degrees of freedom for its errors and criterion to mean something.
_THIN = 5


def largest_moduli(dependent: str, p: int, speeds: Array, short: Array, names: Sequence[str]) -> Array:
    r"""Largest modulus of the roots of each entity's autoregression of y in levels, with p lags.

    :math:`a_1 = 1 + \phi + \lambda_1`, :math:`a_j = \lambda_j - \lambda_{j-1}`, :math:`a_p = -\lambda_{p-1}`.
    """
    lags = np.zeros((len(speeds), p + 1))
    for lag in range(1, p):
        name = difference_name(dependent, lag)
        if name in names:
            lags[:, lag] = short[:, list(names).index(name)]
    coefficients = np.diff(lags, axis=1)
    coefficients[:, 0] += 1.0 + speeds
    return np.asarray(np.abs(companion_roots(coefficients[:, :, None, None])).max(axis=1), dtype=np.float64)


def bias_notes(rows: float) -> tuple[Note, ...]:
    """Warn about the lagged dependent variable where entities have few ``rows`` on average."""
    if rows >= _LONG:
        return ()
    text = (
        "The lagged dependent variable biases the speed of error correction, usually away from zero, by a term of "
        f"order 1/T (T is {rows:.4g} on average here). Neither pooling nor averaging removes the bias."
    )
    return (Note("lagged-dependent", text, warn=True),)


def sample_notes(fits: ArdlFits) -> tuple[Note, ...]:
    """Warn where entities have too few rows for their regressions."""
    notes = list(bias_notes(float(fits.sizes.mean())))
    thin = int((fits.units.df < _THIN).sum())
    if thin:
        text = (
            f"{thin} of {len(fits.units.df)} entities have fewer than {_THIN} residual degrees of freedom, which "
            "hardly determine their coefficients, nor the averages. Use fewer lags or regressors, or min_rows=."
        )
        notes.append(Note("few-degrees", text, warn=True))
    return tuple(notes)


def speed_notes(fits: ArdlFits, speeds: Array, moduli: Array) -> tuple[Note, ...]:
    """Warn of entities that do not return to the long run."""
    labels = fits.design.entity_labels
    notes = []
    away = np.flatnonzero(speeds >= 0.0)
    if len(away):
        text = (
            f"{len(away)} of {len(speeds)} entities have a speed of error correction of zero or more (first "
            f"{', '.join(str(labels[i]) for i in away[:3])}). They do not return to a long run, so they have none."
        )
        notes.append(Note("no-error-correction", text, warn=True))
    wild = np.flatnonzero((speeds < 0.0) & (moduli >= 1.0))
    if len(wild):
        text = (
            f"{len(wild)} of {len(speeds)} entities correct errors so fast that they explode (first "
            f"{', '.join(str(labels[i]) for i in wild[:3])}): an autoregressive root is at or outside the unit circle."
        )
        notes.append(Note("explosive", text, warn=True))
    return tuple(notes)


def error_correction_fit(
    fits: ArdlFits,
    *,
    coefficients: Array,
    long_run: Array,
    speeds: Array,
    own: Array,
    pooled: Array,
    own_errors: Array | None,
    variances: Array,
    parameters: int,
    notes: Sequence[Note] = (),
) -> ErrorCorrectionFit:
    """Put together everything that is known about the entities."""
    short = fits.short_run(own, pooled)
    longest = max(orders.y for orders in fits.orders)
    moduli = largest_moduli(fits.rows.source.dependent, longest, speeds, short, fits.short)
    return ErrorCorrectionFit(
        source=fits.rows.source,
        design=fits.design,
        names=fits.names,
        coefficients=coefficients,
        long_run=long_run,
        own=np.concatenate((speeds[:, None], short), axis=1),
        own_errors=own_errors,
        variances=variances,
        roots=moduli,
        orders=np.array([(orders.y, *orders.x) for orders in fits.orders], dtype=np.intp),
        residuals=fits.residuals(own, pooled, -speeds[:, None] * long_run, speeds),
        parameters=parameters,
        notes=(*fits.notes, *sample_notes(fits), *speed_notes(fits, speeds, moduli), *notes),
    )
