"""R lme4 and nlme: maximum and restricted maximum likelihood of random effects, one- and two-way."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cache

from parity.plm_cases import MODELS
from parity.runner import Case, Comparison, Tolerance, within
from reference_data import table

import panelvar as pv

NAMES = {"(Intercept)": "const", "Residual": "residual"}
DIFFERENCES = within(
    1e-7,
    absolute=1e-9,
    reason="lme4 minimises its deviance by function values; Newton's method on their differences leaves some 1e-8",
)
NUMERICAL = within(1e-4, reason="nlme's second differences of the log-likelihood")


@cache
def fit(data: str, effects: str, method: str) -> pv.LinearResult:
    """The model; on Grunfeld's data the time effect is at its boundary, which both programs say."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        panel = pv.Panel(table(data), "firm", "year")
        return pv.fit_random_effects(panel, *MODELS[data], effects=effects, variance_components=method)


def variances(result: pv.LinearResult) -> dict[str, float]:
    """Variances by grouping factor."""
    components = result.variance_components
    return {"residual": components.idiosyncratic} | {d.label: d.variance for d in components.dimensions}


def predictions(result: pv.LinearResult) -> dict[str, dict[str, float]]:
    """Predicted effects by grouping factor and level."""
    effects = result.estimated_effects()["effect"]
    labels = [d.label for d in result.variance_components.dimensions]
    tables = {labels[0]: effects} if len(labels) == 1 else {label: effects.loc[label] for label in labels}
    return {label: one.rename(index=str).to_dict() for label, one in tables.items()}


def comparisons(data: str) -> Iterator[Comparison]:
    """Every model and test of one data set."""
    for method in ("ml", "reml"):
        for effects in ("entity", "time", "twoway"):
            name = f"{effects}_{method}"

            def one(path: str, value, tolerance: Tolerance = DIFFERENCES, effects=effects, method=method, name=name):
                return Comparison(f"{name}/{path}", lambda: value(fit(data, effects, method)), tolerance)

            yield one("coef", lambda result: result.params)
            yield one("se", lambda result: result.std_errors)
            yield one("vcov", lambda result: result.cov)
            yield one("variances", variances)
            yield one("loglik", lambda result: result.loglik)
            yield one("ranef", predictions)
        yield Comparison(f"tests_{method}", lambda method=method: ratios(data, method), DIFFERENCES)
        yield Comparison(f"nlme_{method}", lambda method=method: nlme(data, method), NUMERICAL)


def ratios(data: str, method: str) -> dict[str, float]:
    """Likelihood-ratio statistics of zero variances."""
    out = {
        effects: fit(data, effects, method).variance_components.likelihood_ratio().statistic
        for effects in ("entity", "time", "twoway")
    }
    both = fit(data, "twoway", method).variance_components
    return out | {
        "twoway_entity": both.likelihood_ratio("firm").statistic,
        "twoway_time": both.likelihood_ratio("year").statistic,
    }


def nlme(data: str, method: str) -> dict[str, float]:
    """Log-likelihood and standard errors of the standard deviations."""
    result = fit(data, "entity", method)
    errors = result.variance_components.std_errors()
    return {
        "loglik": result.loglik,
        "sigma_u_se": errors["sigma_u"],
        "sigma_e_se": errors["sigma_e"],
    }


CASES = [Case(f"{data}_lme4", list(comparisons(data)), (), "default", NAMES) for data in ("grunfeld", "empluk")]
