"""Johansen's tests and error-correction models: R urca and vars, statsmodels, gretl."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
from parity.runner import DEFAULT, Case, Comparison, Exclusion, expected_tree, within
from reference_data import table

import panelvar as pv
from panelvar.core.base.distributions import f_tail

SERIES = {
    "denmark": ["lrm", "lry", "ibo", "ide"],
    "finland": ["lrm1", "lny", "lnmr", "difp"],
    "canada": ["e", "prod", "rw", "U"],
}
IN_URCA = {"none": "c", "const": "rc", "trend": "rt"}
IN_STATSMODELS = {"n": "n", "ci": "rc", "co": "c", "coli": "rt", "colo": "ct"}
IN_GRETL = {"nc": "n", "rc": "rc", "uc": "c", "crt": "rt", "ct": "ct"}
ML = pv.VarConvention("ml", sigma="ml", coefficient_sigma="ml", distribution="normal")


@cache
def data(name: str):
    return table(name)[SERIES[name]]


@cache
def tests(name: str, lags: int, trend: str, seasons: int = 0, correction: str | None = None, detrended: bool = False):
    values = data(name)
    if detrended:
        x = np.column_stack([np.ones(len(values)), np.arange(len(values))])
        values = values.to_numpy() - x @ np.linalg.lstsq(x, values.to_numpy(), rcond=None)[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.johansen_test(values, lags=lags, trend=trend, seasons=seasons, correction=correction)


@cache
def model(name: str, rank: int, lags: int, trend: str, seasons: int = 0, convention="default", normalise=None):
    return pv.fit_vecm(
        data(name),
        rank=rank,
        lags=lags,
        trend=trend,
        seasons=seasons,
        convention=convention,
        normalise=None if normalise is None else list(normalise),
    )


def restrictions(name: str) -> dict[str, dict[str, str]]:
    first, second, _, last = SERIES[name]
    return {
        "opposite": {"beta": f"{first} + {second} = 0"},
        "excluded": {"beta": f"{last} = 0"},
        "exogenous": {"alpha": f"{last} = 0"},
    }


INVERTED = {
    "canada": within(2.5e-7, reason="urca inverts moment matrices of levels (Canadian employment: 940)"),
    "denmark": within(2e-8, reason="urca inverts moment matrices of levels"),
    "finland": within(2e-8, reason="urca inverts moment matrices of levels"),
}
LEVELS = within(5e-8, reason="statsmodels inverts moment matrices of levels (Canadian employment: 940)")
SMALL = within(2e-7, reason="a difference of log-likelihoods of hundreds, down to 0.003, from inverted moment matrices")
SWITCHING = within(3e-6, reason="gretl iterates, and stops when the likelihood moves little")
ONE_MINUS = "statsmodels computes the tail as one minus the distribution function"
TAILS = {
    "canada": within(5e-8, absolute=2e-16, reason=f"{ONE_MINUS}, of ratios from inverted moment matrices of levels"),
    "denmark": within(1e-8, absolute=2e-16, reason=ONE_MINUS),
}


def limits(result, statistic: str) -> np.ndarray:
    return np.column_stack(
        [result.critical_values(level=level, source="osterwald-lenum")[statistic] for level in (0.9, 0.95, 0.99)]
    )


def lr(test, rank: int, *, vectors: bool = True) -> dict:
    found = {"statistic": test.statistic, "pval": test.pvalue, "df": test.df}
    if vectors:
        first = test.beta.to_numpy() if rank == 1 else None
        found["lambda"] = test.eigenvalues[:rank] if rank > 1 else float(test.eigenvalues[0])
        if first is not None:
            found["V"] = first / first[0]
    return found


def urca(name: str, key: str) -> list[Comparison]:
    ecdet, lags, seasons = key.split("_")
    trend, lags, seasons = IN_URCA[ecdet], int(lags), int(seasons)

    def johansen():
        return tests(name, lags, trend, seasons)

    def at(rank: int, convention="default"):
        return model(name, rank, lags, trend, seasons, convention)

    def regression(rank: int) -> dict:
        fit = at(rank)
        return {
            "beta": fit.beta.to_numpy(),
            "coef": fit.short_run.to_numpy(),
            "sigma": fit.sigma,
            "se": fit.short_run_std_errors.to_numpy(),
        }

    def levels() -> dict:
        fit = at(1, ML)
        forecast = fit.forecast(4)
        terms = fit.deterministics.copy()
        if trend == "rt":
            # Its trend is 0 in the first period, ours 1.
            terms[0] += terms[1]
        return {
            "A": {f"A{lag + 1}": matrix for lag, matrix in enumerate(fit.coefficients)},
            "deterministic": terms.T,
            "llf": fit.loglik,
            "forecast": forecast.values,
            "lower": forecast.lower,
            "irf_first": fit.impulse_responses(4).values[:, :, 0],
        }

    both = restrictions(name)
    kinds = {"blrtest_opposite": "opposite", "blrtest_excluded": "excluded", "alrtest": "exogenous"}
    out = [
        Comparison(f"{key}/lambda", lambda: johansen().eigenvalues),
        Comparison(f"{key}/trace", lambda: johansen().trace),
        Comparison(f"{key}/eigen", lambda: johansen().max_eigenvalue),
        Comparison(f"{key}/trace_cval", lambda: limits(johansen(), "trace")),
        Comparison(f"{key}/eigen_cval", lambda: limits(johansen(), "max")),
        Comparison(f"{key}/V", lambda: johansen().candidates / johansen().candidates[0], INVERTED[name]),
        Comparison(f"{key}/W", lambda: johansen().weights * johansen().candidates[0], INVERTED[name]),
        Comparison(
            f"{key}/bh5lrtest_2",
            lambda: lr(at(2).restriction_test(known={SERIES[name][2]: 1}), 2, vectors=False),
            SMALL,
        ),
    ]
    if not seasons:
        out.append(Comparison(f"{key}/vec2var", levels, INVERTED[name]))
    for rank in (1, 2):
        out.append(Comparison(f"{key}/cajorls_{rank}", lambda rank=rank: regression(rank), INVERTED[name]))
        out += [
            Comparison(
                f"{key}/{kind}_{rank}",
                lambda rank=rank, which=which: lr(at(rank).restriction_test(**both[which]), rank),
                SMALL,
            )
            for kind, which in kinds.items()
        ]

        def joint(rank=rank) -> dict:
            found = lr(at(rank).restriction_test(**both["opposite"], **both["exogenous"]), rank)
            if trend != "c":
                del found["pval"], found["df"]
            return found

        out.append(Comparison(f"{key}/ablrtest_{rank}", joint, SMALL))
    return out


def statsmodels_fit(name: str, key: str) -> list[Comparison]:
    _, case, lagged, rank, seasons = key.split("_")
    lags, rank, seasons = int(lagged) + 1, int(rank), int(seasons)
    trend = IN_STATSMODELS[case]
    rules = "statsmodels"

    def fit():
        return model(name, rank, lags, trend, seasons, rules)

    def inside(values) -> np.ndarray:
        """Terms in the order constant, seasons, trend, by equation."""
        rows = list(fit().short_run_names)[rank:]
        terms = rows[: len(rows) - 4 * (lags - 1)]
        order = [label for label in terms if label != "trend"] + [label for label in terms if label == "trend"]
        return values.loc[order].to_numpy().T

    def beta_errors() -> np.ndarray:
        """Theirs: free errors of several relations filled in by column that belong in by row."""
        errors = fit().beta_std_errors.to_numpy(copy=True)
        errors[rank:] = errors[rank:].ravel().reshape(errors[rank:].shape, order="F")
        return errors

    def confined(values: np.ndarray) -> np.ndarray:
        return values[4:]

    def everything() -> dict:
        own = fit()
        forecast = own.forecast(4)
        found = {
            "alpha": own.alpha.to_numpy(),
            "beta": own.beta.to_numpy()[:4],
            "gamma": np.concatenate(list(own.gamma), axis=1),
            "det_coef": inside(own.short_run),
            "det_coef_coint": confined(own.beta.to_numpy()),
            "stderr_alpha": own.alpha_std_errors.to_numpy(),
            "stderr_beta": beta_errors()[:4],
            "stderr_det_coef": inside(own.short_run_std_errors),
            "stderr_det_coef_coint": confined(beta_errors()),
            "stderr_gamma": own.short_run_std_errors.to_numpy()[-4 * (lags - 1) :].T,
            "pvalues_alpha": own.short_run_pvalues.to_numpy()[:rank].T,
            "sigma_u": own.sigma,
            "llf": own.loglik,
            "var_rep": own.coefficients,
            "forecast": forecast.values,
            "lower": forecast.lower,
            "upper": forecast.upper,
            "irf": own.impulse_responses(5, identification="reduced_form", shock_size="unit").values,
            "orth_irf": own.impulse_responses(5).values,
        }
        if rank == 1:
            found["pvalues_beta"] = own.beta_pvalues.to_numpy()[:4]
        for label in ("det_coef", "det_coef_coint", "stderr_det_coef", "stderr_det_coef_coint"):
            if not found[label].size:
                del found[label]
        return found

    def residual_tests() -> dict:
        plain, adjusted = (pv.portmanteau_test(fit(), lags=8, statistic=kind) for kind in ("plain", "adjusted"))
        normal = pv.normality_test(fit())
        found = {
            "whiteness": {"statistic": plain.statistic, "pvalue": plain.pvalue, "df": plain.df},
            "whiteness_adjusted": {"statistic": adjusted.statistic, "pvalue": adjusted.pvalue},
            "normality": {"statistic": normal.statistic, "pvalue": normal.pvalue, "df": normal.df},
        }
        return found if case not in ("n", "ci") else {"whiteness": {"df": plain.df}, "normality": found["normality"]}

    def granger() -> dict:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pv.PanelVarWarning)
            levels = {"rc": "c", "rt": "ct"}.get(trend, trend)
            found = pv.toda_yamamoto_test(data(name), *SERIES[name][:2], lags=lags, trend=levels, convention=ML)
            wide = pv.fit_var(data(name), lags=lags + 1, trend=levels)
        # As F, with a residual covariance without degrees of freedom.
        value = found.statistic / found.df
        return {"statistic": value, "pvalue": f_tail(value, found.df, 4 * wide.df_resid)}

    out = [
        Comparison(f"{key}/{part}", lambda part=part: everything()[part], tolerance(name, part))
        for part in everything_of(name, key)
    ]
    out += [
        Comparison(f"{key}/{part}", lambda part=part: residual_tests()[part])
        for part in ("whiteness", "whiteness_adjusted", "normality")
        if case not in ("n", "ci") or part != "whiteness_adjusted"
    ]
    if not seasons:
        out.append(Comparison(f"{key}/granger", granger))
    return out


def tolerance(name: str, part: str):
    if part.startswith("pvalues"):
        return TAILS[name]
    return LEVELS if name == "canada" and part == "det_coef" else DEFAULT


def everything_of(name: str, key: str) -> list[str]:
    """Parts of a statsmodels fit that hold numbers."""
    node = expected_tree(f"{name}_cointegration_statsmodels")[key]
    rank = int(key.split("_")[3])
    empty = [part for part, value in node.items() if isinstance(value, list) and np.size(value) == 0]
    left = {"whiteness", "whiteness_adjusted", "normality", "granger", *empty}
    if rank > 1:
        left.add("pvalues_beta")
    return [part for part in node if part not in left]


def statsmodels_test(name: str, key: str) -> list[Comparison]:
    _, order, lagged = key.split("_")
    lags, detrended = int(lagged) + 1, order == "1"
    # det_order=1 takes a trend out of the levels beforehand, which is not the likelihood of a case with a trend.
    own = (name, lags, "n" if order == "-1" else "c", 0, None, detrended)
    table_of = {"-1": "n", "0": "c", "1": "ct"}[order]

    def crit(statistic: str) -> np.ndarray:
        result = tests(name, lags, table_of)
        return np.column_stack(
            [
                result.critical_values(level=level, source="mackinnon-haug-michelis")[statistic]
                for level in (0.9, 0.95, 0.99)
            ]
        )

    outer = within(2e-4, reason="its 5% values are of an earlier response surface; ours are the published ones")
    return [
        Comparison(f"{key}/eig", lambda: tests(*own).eigenvalues),
        Comparison(f"{key}/trace", lambda: tests(*own).trace),
        Comparison(f"{key}/max", lambda: tests(*own).max_eigenvalue),
        Comparison(f"{key}/trace_crit", lambda: crit("trace"), outer),
        Comparison(f"{key}/max_crit", lambda: crit("max"), outer),
    ]


def gretl_key(name: str, key: str) -> list[Comparison]:
    case, what = key.split("_")
    trend = IN_GRETL[case]
    if what == "seasonals":
        return [
            Comparison(f"{key}/beta", lambda: model(name, 1, 2, trend, 4).beta.to_numpy()),
            Comparison(f"{key}/llf", lambda: model(name, 1, 2, trend, 4).loglik),
        ]
    lags = int(what)

    def both(first, second) -> np.ndarray:
        return np.column_stack([first, second])

    def johansen(correction=None):
        return tests(name, lags, trend, 0, correction)

    def ordered(fit, values) -> np.ndarray:
        """Constant, differences variable by variable, trend, relations."""
        differences = [
            f"L(D({series}))" if lag == 1 else f"L(D({series}), {lag})"
            for series in SERIES[name]
            for lag in range(1, lags)
        ]
        labels = list(fit.short_run_names)
        terms = [label for label in ("const",) if label in labels]
        later = [label for label in ("trend",) if label in labels]
        return values.loc[[*terms, *differences, *later, *fit.beta.columns]].to_numpy()

    def fitted(rank: int) -> dict:
        fit = model(name, rank, lags, trend, convention="gretl")
        return {
            "beta": fit.beta.to_numpy(),
            "alpha": fit.alpha.to_numpy(),
            "gamma": np.concatenate(list(fit.gamma), axis=1),
            "coefficients": ordered(fit, fit.short_run),
            "errors": ordered(fit, fit.short_run_std_errors),
            "beta_errors": fit.beta_std_errors.to_numpy()[rank:].T.ravel(),
            "sigma": fit.sigma,
            "llf": fit.loglik,
        }

    def beta_variance(rank: int) -> np.ndarray:
        """The covariance by its diagonal, which is what is reported here, and their correlations."""
        theirs = np.array(expected_tree(f"{name}_cointegration_gretl")[key][f"vecm_{rank}"]["beta_variance"])
        spread = np.sqrt(theirs.diagonal())
        return theirs / np.outer(spread, spread) * np.outer(*[fitted(rank)["beta_errors"]] * 2)

    def restricted(rank: int, kind: str) -> dict:
        test = model(name, rank, lags, trend).restriction_test(**restrictions(name)[kind])
        return {"statistic": test.statistic, "pvalue": test.pvalue}

    out = [
        Comparison(f"{key}/statistics", lambda: both(johansen().trace, johansen().max_eigenvalue)),
        Comparison(f"{key}/pvalues", lambda: both(johansen().trace_pvalues, johansen().max_pvalues)),
        Comparison(f"{key}/pvalues_corrected", lambda: johansen("doornik").trace_pvalues[:, None]),
    ]
    for rank in (1, 2):
        out += [
            Comparison(f"{key}/vecm_{rank}/{part}", lambda rank=rank, part=part: fitted(rank)[part])
            for part in ("beta", "alpha", "gamma", "coefficients", "errors", "sigma", "llf")
        ]
        out.append(Comparison(f"{key}/vecm_{rank}/beta_variance", lambda rank=rank: beta_variance(rank)))
        out += [
            Comparison(
                f"{key}/vecm_{rank}/{kind}",
                lambda rank=rank, kind=kind: restricted(rank, kind),
                SWITCHING if rank > 1 else SMALL,
            )
            for kind in ("opposite", "excluded", "exogenous")
        ]
    return out


def keys(file: str) -> list[str]:
    return list(expected_tree(file))


CASES = [
    *(
        Case(
            f"{name}_cointegration_urca",
            comparisons=[part for key in keys(f"{name}_cointegration_urca") for part in urca(name, key)],
            exclusions=[
                *(
                    Exclusion(
                        f"{case}_*/ablrtest_*/{leaf}",
                        "with a confined term urca counts the degrees of freedom of one of the two hypotheses only",
                    )
                    for case in ("const", "trend")
                    for leaf in ("pval", "df")
                ),
                *(
                    Exclusion(f"*/{test}_2/V", "two restricted relations, normalised by urca one by one")
                    for test in ("blrtest_opposite", "blrtest_excluded", "alrtest", "ablrtest")
                ),
            ],
        )
        for name in SERIES
    ),
    *(
        Case(
            f"{name}_cointegration_statsmodels",
            comparisons=[
                part
                for key in keys(f"{name}_cointegration_statsmodels")
                for part in (statsmodels_test if key.startswith("johansen") else statsmodels_fit)(name, key)
            ],
            exclusions=[
                Exclusion("vecm_*_2_2_0/pvalues_beta", "of errors in the wrong places; see stderr_beta"),
                Exclusion("vecm_*_1_1_4/granger", "toda_yamamoto_test has no seasonal dummies"),
                *(
                    Exclusion(
                        f"vecm_{case}_*/{leaf}",
                        "statsmodels takes the mean out of the autocovariances and not out of their denominator, which "
                        "matters where no equation has a constant",
                    )
                    for case in ("n", "ci")
                    for leaf in ("whiteness/statistic", "whiteness/pvalue", "whiteness_adjusted")
                ),
            ],
        )
        for name in ("denmark", "canada")
    ),
    *(
        Case(
            f"{name}_cointegration_gretl",
            comparisons=[part for key in keys(f"{name}_cointegration_gretl") for part in gretl_key(name, key)],
        )
        for name in ("denmark", "finland")
    ),
]
