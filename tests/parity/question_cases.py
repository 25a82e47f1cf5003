"""Marginal effects, elasticities, predictions, functions, joint tests, frames: marginaleffects, car, broom; margins.

marginaleffects differentiates numerically, twice: its effects are right to 1e-8 and its errors to 1e-6 or so. The same
effects by `deltaMethod`, which differentiates by symbols, are asked for to the last digit.
"""

from __future__ import annotations

from functools import cache

from parity.runner import Case, Comparison, expected_tree, leaves, printed, within
from parity.stata_cases import display, single
from quiet import quietly
from reference_data import table

import panelvar as pv
from panelvar.estimates.fit.presets import as_convention

# R's criteria count the variance of the errors as a parameter.
LIKE_R = as_convention("default").but(criteria_count_variance=True)
STATA = as_convention("stata")
FORMULAS = {
    "mtcars": "mpg ~ cyl * hp + log(disp) + I(wt ** 2) + wt",
    "fatalities": "fatal ~ beertax * unrate + perinck + I(perinck ** 2) + C(year) + sqrt(spircons) * beertax",
}
NAMES = {
    "(Intercept)": "const",
    "I(wt^2)": "I(wt ** 2)",
    "beertax:sqrt(spircons)": "sqrt(spircons):beertax",
    "I(perinck^2)": "I(perinck ** 2)",
    **{f"year{year}": f"C(year)[T.{year}]" for year in range(1983, 1989)},
}
NUMERIC = "marginaleffects takes numerical derivatives of numerical derivatives"
SLOPES = within(1e-7, reason=NUMERIC)
ERRORS = within(2e-6, reason=NUMERIC)
RATIOS = {
    "mtcars": {
        "a": "wt / `I(wt ** 2)`",
        "b": "-wt / (2 * `I(wt ** 2)`)",
        "c": "exp(wt) + `log(disp)` ** 2",
        "d": "sqrt(`cyl:hp`) * log(-cyl)",
    },
    "fatalities": {"a": "beertax / `beertax:unrate`", "b": "`sqrt(spircons):beertax` * beertax"},
}
AT = {"mtcars": ("wt", {"wt": [2, 3, 4]}), "fatalities": ("beertax", {"unrate": [4, 10]})}
NUMBERS = {"mtcars": ["cyl", "hp", "disp", "wt"], "fatalities": ["beertax", "unrate", "perinck", "spircons"]}
KINDS = ("eyex", "dyex", "eydx")
OVER = {"mtcars": "gear", "fatalities": "time"}
JOINT = {"mtcars": ["cyl", "hp", "cyl:hp"], "fatalities": [f"C(year)[T.{year}]" for year in (1983, 1984, 1988)]}


@cache
def panel(data):
    rows = table(data)
    return pv.Panel(rows.assign(t=1), "car", "t") if data == "mtcars" else pv.Panel(rows, "state", "year")


@cache
def fit(data, cov="classical", convention=LIKE_R):
    return pv.fit_pooled(panel(data), FORMULAS[data], cov=cov, convention=convention)


@cache
def polynomial():
    return pv.fit_pooled(panel("fatalities"), "fatal ~ beertax * poly(perinck, 3) + unrate", cov="classical")


def effects(found):
    return {"estimate": found.params, "se": found.std_errors}


def in_order(found):
    return {"estimate": found.params.to_numpy(), "se": found.std_errors.to_numpy()}


def comparisons(data):
    variable, point = AT[data]
    many = {
        "average": lambda: effects(fit(data).marginal_effects()),
        "average_hc1": lambda: effects(fit(data, "HC1").marginal_effects()),
        "means": lambda: effects(fit(data).marginal_effects(variable, at="mean")),
        "at": lambda: in_order(fit(data).marginal_effects(variable, at=point)),
        "over": lambda: in_order(fit(data).marginal_effects(variable, over=OVER[data])),
        "eyex_over": lambda: in_order(fit(data).marginal_effects(variable, over=OVER[data], elasticity="eyex")),
    }
    predictions = {
        "at": lambda: in_order(fit(data).adjusted_predictions(at=point)),
        "over": lambda: in_order(fit(data).adjusted_predictions(over=OVER[data])),
        "average": lambda: one(fit(data).adjusted_predictions()),
    }
    for key, found in predictions.items():
        yield Comparison(f"predictions/{key}/estimate", lambda found=found: found()["estimate"])
        yield Comparison(f"predictions/{key}/se", lambda found=found: found()["se"], ERRORS)
    for key, cov in (("elasticities", "classical"), ("elasticities_hc1", "HC1")):
        for kind in KINDS:
            many[f"{key}/{kind}"] = lambda cov=cov, kind=kind: effects(
                fit(data, cov).marginal_effects(NUMBERS[data], elasticity=kind)
            )
    if data == "mtcars":
        many["eyex_means"] = lambda: effects(fit(data).marginal_effects(variable, at="mean", elasticity="eyex"))
    if data == "fatalities":
        many["predictions_year"] = lambda: in_order(fit(data).adjusted_predictions("year"))
        many["poly"] = lambda: effects(polynomial().marginal_effects())
        many["poly_over"] = lambda: in_order(polynomial().marginal_effects("perinck", over="time"))
    for key, found in many.items():
        yield Comparison(f"{key}/estimate", lambda found=found: found()["estimate"], SLOPES)
        yield Comparison(f"{key}/se", lambda found=found: found()["se"], ERRORS)
    for key, text in RATIOS[data].items():
        # Denominators that are not told from zero are warned of; their numbers agree all the same.
        yield Comparison(f"delta/{key}", lambda text=text: one(quietly(fit(data).nonlinear, text)))
    for key, cov in (("joint", "classical"), ("joint_hc1", "HC1")):
        yield Comparison(key, lambda cov=cov: test(fit(data, cov).joint_test(JOINT[data])))
    yield Comparison("tidy", lambda: by_column(fit(data).tidy().set_index("term")))
    yield Comparison("glance", lambda: dict(fit(data).glance().iloc[0]))


def one(found):
    return {"estimate": float(found.params.iloc[0]), "se": float(found.std_errors.iloc[0])}


def test(found):
    return {"F": found.statistic, "df": found.df, "df_denominator": found.df_denominator, "p.value": found.pvalue}


def by_column(frame):
    return {name: frame[name] for name in frame.columns}


@cache
def stata_panel(data):
    rows = single(table(data))
    return pv.Panel(rows.assign(t=1), "car", "t") if data == "mtcars" else pv.Panel(rows, "state", "year")


@cache
def margins(case):
    """What Stata's log of a case holds, by variable."""
    estimator, data, formula, options = MARGINS[case]
    # After xtreg, fe, margins takes the normal distribution, whatever the regression took.
    convention = STATA.but(distribution="normal") if case == "cigar_fe" else STATA
    result = estimator(stata_panel(data), formula, convention=convention, cov="classical")
    asked = result.adjusted_predictions if "prediction" in case else result.marginal_effects
    found = asked(**options)
    limits = found.conf_int()
    return result.nobs, {
        (name.split(": ")[-1].split(" - ")[0].split(" = ")[-1]): {
            "b": found.params[name],
            "se": found.std_errors[name],
            "t": found.tstats[name],
            "p": found.pvalues[name],
            "ci": limits.loc[name].to_numpy(),
        }
        for name in found.names
    }


MARGINS = {
    "mtcars_interaction": (pv.fit_pooled, "mtcars", "mpg ~ cyl + hp*wt", {}),
    "mtcars_interaction_atmeans": (pv.fit_pooled, "mtcars", "mpg ~ cyl + hp*wt", {"at": "mean"}),
    "mtcars_cyl_hp": (pv.fit_pooled, "mtcars", "mpg ~ cyl*hp + wt", {}),
    "mtcars_factor": (pv.fit_pooled, "mtcars", "mpg ~ C(cyl) + hp + wt", {}),
    "mtcars_squared": (pv.fit_pooled, "mtcars", "mpg ~ cyl + hp + I(hp**2) + wt", {}),
    "mtcars_squared_atmeans": (pv.fit_pooled, "mtcars", "mpg ~ cyl + hp + I(hp**2) + wt", {"at": "mean"}),
    "mtcars_prediction": (pv.fit_pooled, "mtcars", "mpg ~ cyl + hp + wt", {}),
    "mtcars_prediction_at": (pv.fit_pooled, "mtcars", "mpg ~ cyl + hp + wt", {"at": {"cyl": [4, 6, 8]}}),
    "mtcars_prediction_product": (pv.fit_pooled, "mtcars", "mpg ~ C(cyl)*hp + wt", {}),
    "mtcars_prediction_factor": (pv.fit_pooled, "mtcars", "mpg ~ C(cyl)*hp + wt", {"variables": "cyl"}),
    "cigar_pooled": (pv.fit_pooled, "cigar", "sales ~ price + pop*cpi", {}),
    "cigar_fe": (pv.fit_fixed_effects, "cigar", "sales ~ price + pop*cpi", {}),
    "cigar_re": (pv.fit_random_effects, "cigar", "sales ~ price + pop*cpi", {}),
}


def logged(case):
    """Yield a comparison for each number of a log, in the format it is printed in."""
    yield Comparison(f"{case}/N", lambda: margins(case)[0])
    for (variable, what, *place), value in leaves(expected_tree("published_stata_margins")[case]["table"]):
        tolerance = {"t": printed(decimals=2), "p": printed(decimals=3)}.get(what) or display(value)

        def cell(variable=variable, what=what, place=tuple(place)):
            found = margins(case)[1][variable][what]
            return found[int(place[0])] if place else found

        yield Comparison("/".join((case, "table", variable, what, *place)), cell, tolerance)


CASES = [
    *(Case(f"{data}_questions", list(comparisons(data)), preset="default", names=NAMES) for data in FORMULAS),
    Case("published_stata_margins", [each for case in MARGINS for each in logged(case)], preset="stata"),
]
