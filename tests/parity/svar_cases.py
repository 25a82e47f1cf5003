"""Structural forms: R vars (SVAR by scoring, BQ) and Stata's published svar."""

from __future__ import annotations

from functools import cache

import numpy as np
from parity.runner import Case, Comparison, expected_tree
from reference_data import table

import panelvar as pv

N = np.nan
US = ["dl_realgdp", "dl_realcons", "dl_realinv"]
CANADA = ["prod", "e", "U", "rw"]
LOWER3 = np.array([[1, 0, 0], [N, 1, 0], [N, N, 1]])
LOWER4 = np.array([[1, 0, 0, 0], [N, 1, 0, 0], [N, N, 1, 0], [N, N, N, 1]])

# Data, lags, A and B of each group.
MODELS = {
    "us_ab": (US, 3, LOWER3, np.diag([N] * 3)),
    "us_over": (US, 3, [[1, 0, 0], [N, 1, 0], [0, N, 1]], np.diag([N] * 3)),
    "us_slope": (US, 2, [[1, 0.3, 0], [N, 1, 0], [N, N, 1]], np.diag([N] * 3)),
    "us_b": (US, 3, None, [[N, 0, 0], [N, N, 0], [N, 0, N]]),
    "us_a": (US, 3, np.where(np.tri(3) > 0, N, 0.0), None),
    "canada_ab": (CANADA, 2, LOWER4, np.diag([N] * 4)),
    "canada_over": (CANADA, 2, [[1, 0, 0, 0], [N, 1, 0, 0], [0, N, 1, 0], [N, 0, N, 1]], np.diag([N] * 4)),
    "canada_b": (CANADA, 2, None, [[N, N, 0, 0], [0, N, 0, 0], [N, 0, N, 0], [N, N, N, N]]),
}


@cache
def model(group: str) -> pv.VarResult:
    columns, lags = (US, 2) if group == "us_bq" else MODELS[group][:2]
    data = table("us_macro" if columns is US else "canada")[columns].dropna().reset_index(drop=True)
    return pv.fit_var(data, lags=lags)


@cache
def structure(group: str) -> pv.SvarResult:
    return pv.fit_svar(model(group), pv.ShortRun(*MODELS[group][2:]))


def comparisons() -> list[Comparison]:
    out = []
    for group in MODELS:

        def own(path, value, group=group, tolerance=None):
            extra = () if tolerance is None else (tolerance,)
            out.append(Comparison(f"{group}/{path}", lambda: value(structure(group), model(group)), *extra))

        own("A", lambda s, m: s.a)
        own("B", lambda s, m: s.b)
        own("A_se", lambda s, m: s.a_std_errors)
        own("B_se", lambda s, m: s.b_std_errors)
        own("Sigma_U", lambda s, m: s.sigma)
        own(
            "irf",
            lambda s, m: m.impulse_responses(8, identification=s.identification).values.transpose(2, 0, 1),
        )
        own(
            "fevd",
            lambda s, m: m.variance_decomposition(8, identification=s.identification).values.transpose(1, 0, 2),
        )
        if "LR" in expected_tree("svar_vars")[group]:
            own("LR", lambda s, m: s.overidentification.statistic)
            own("df", lambda s, m: s.overidentification.df)
    lasting = pv.LongRun()
    out += [
        Comparison("us_bq/B", lambda: model("us_bq").impulse_responses(0, identification=lasting).values[0]),
        Comparison(
            "us_bq/LRIM", lambda: model("us_bq").long_run_effects(identification=lasting, shock_size="sd").to_numpy()
        ),
        Comparison(
            "us_bq/irf",
            lambda: model("us_bq").impulse_responses(8, identification=lasting).values.transpose(2, 0, 1),
        ),
    ]
    return out


CASES = [Case("svar_vars", comparisons(), preset="vars")]
