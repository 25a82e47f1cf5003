"""Published Stata output: random effects by maximum likelihood (the manual's example of ``xtreg, mle``)."""

from __future__ import annotations

from functools import cache

from parity.runner import DEFAULT, Case, printed
from parity.stata_cases import LONG, NAMES, coefficient_table, statistics, women

import panelvar as pv

FILE = "published_stata_xtreg_mle"
SEVEN = printed(decimals=7)


@cache
def fitted(formula: bool = False) -> pv.LinearResult:
    """The model, or the constant and the panel effect alone."""
    model = ("ln_wage ~ 1",) if formula else ("ln_wage", LONG)
    return pv.fit_random_effects(women(), *model, variance_components="ml", convention="stata")


def variances() -> dict[str, dict[str, float]]:
    """The ancillary parameters with their standard errors."""
    components = fitted().variance_components
    errors = components.std_errors()
    return {name: {"b": getattr(components, name), "se": errors[name]} for name in ("sigma_u", "sigma_e", "rho")}


def value(formula: bool = False) -> float:
    """Log-likelihood of the data."""
    return fitted(formula).variance_components.likelihood.value


CASES = [
    Case(
        FILE,
        preset="stata",
        names=NAMES,
        comparisons=[
            *coefficient_table(FILE, "mle/params", fitted),
            *statistics(
                "mle/ancillary",
                {
                    f"{name}/{part}": (lambda name=name, part=part: variances()[name][part], SEVEN)
                    for name in ("sigma_u", "sigma_e", "rho")
                    for part in ("b", "se")
                },
            ),
            *statistics(
                "mle/stats",
                {
                    "ll": (value, printed(decimals=4)),
                    "ll_0": (lambda: value(formula=True), printed(decimals=3)),
                    "LR chi2(10)": (lambda: 2.0 * (value() - value(formula=True)), printed(decimals=2)),
                    "chibar2(01)": (
                        lambda: fitted().variance_components.likelihood_ratio().statistic,
                        printed(decimals=2),
                    ),
                    "N": (lambda: fitted().nobs, DEFAULT),
                    "N_g": (lambda: fitted().n_entities, DEFAULT),
                },
            ),
        ],
    )
]
