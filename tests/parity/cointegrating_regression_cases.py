"""Cointegrating regressions of one entity after the other: arch's fully modified, canonical and dynamic ones."""

from __future__ import annotations

from functools import cache
from typing import Any

from parity.runner import Case, Comparison, Exclusion, expected_tree
from reference_data import table

import panelvar as pv

COLUMNS = {"grunfeld": ("inv", ["value", "capital"]), "denmark": ("lrm", ["lry", "ibo"])}
KERNELS = {"bartlett": "bartlett", "parzen": "parzen", "qs": "quadratic-spectral"}
ERRORS = {"robust": "kernel"}


@cache
def entity(data: str, name: str) -> pv.Panel:
    if data == "grunfeld":
        rows = table("grunfeld")
        return pv.Panel(rows[rows["firm"] == int(name)], "firm", "year")
    rows = table("denmark")
    return pv.Panel(rows.assign(entity=name, period=range(len(rows))), "entity", "period")


def modified(fit: Any, panel: pv.Panel, data: str, options: list[str]) -> Any:
    """Trend, perhaps the regressors' trend, kernel, bandwidth, and what else the name says."""
    trend, *rest = options
    regressor_trend = rest.pop(0) if rest[0] in ("c", "ct", "ctt") else None
    kernel, bandwidth, *flags = rest
    return fit(
        panel,
        *COLUMNS[data],
        trend=trend,
        regressor_trend=regressor_trend,
        differenced="levels" not in flags,
        kernel=KERNELS[kernel],
        bandwidth=float(bandwidth) if "." in bandwidth else int(bandwidth),
        prewhiten=False,
        small_sample="counted" in flags,
    )


def dynamic(panel: pv.Panel, data: str, options: list[str]) -> Any:
    """Trend, and leads, lags, errors, kernel, bandwidth; or the criterion, which chooses among as many as below."""
    trend, *rest = options
    rule = rest[0] in ("aic", "bic")
    most = {"aic": 2, "bic": 1}.get(rest[0])
    leads, lags = (rest[0], rest[0]) if rule else (int(rest[0]), int(rest[1]))
    errors = [word for word in rest if word in ERRORS]
    kernel, bandwidth = ("bartlett", "3") if rule else [word for word in rest[2:] if word not in (*ERRORS, "counted")]
    return pv.fit_dols(
        panel,
        *COLUMNS[data],
        leads=leads,
        lags=lags,
        max_leads=most,
        max_lags=most,
        trend=trend,
        kernel=KERNELS[kernel],
        bandwidth=float(bandwidth) if "." in bandwidth else int(bandwidth),
        prewhiten=False,
        small_sample="counted" in rest,
        cov=ERRORS[errors[0]] if errors else "estimated",
    )


def retimed(found: Any, earlier: int) -> dict[str, dict[str, float]]:
    """Coefficients and errors with a trend that is one so many periods later: arch's, in the first row it regresses."""
    texts = {name: name for name in found.names}
    if "trend" in texts:
        texts["const"] = f"const + {earlier}*trend"
    if "trend_squared" in texts:
        texts["const"] += f" + {earlier**2}*trend_squared"
        texts["trend"] = f"trend + {2 * earlier}*trend_squared"
    combined = {name: found.lincom(text) for name, text in texts.items()}
    return {
        "params": {name: each.estimate for name, each in combined.items()},
        "std_errors": {name: each.std_error for name, each in combined.items()},
    }


def numbers(data: str, name: str, model: str) -> dict[str, Any]:
    kind, *options = model.split("_")
    if kind == "dols":
        found = dynamic(entity(data, name), data, options)
    else:
        found = modified(getattr(pv, f"fit_{kind}"), entity(data, name), data, options)
    earlier = {"fmols": 0, "ccr": 1, "dols": 1 + (0 if found.orders is None else int(found.orders["lags"].iloc[0]))}
    values = retimed(found, earlier[kind]) | {
        "long_run_variance": float(found.long_run_variances.iloc[0]),
        "rsquared": found.rsquared,
        "rsquared_adj": found.rsquared_adjusted,
    }
    if found.orders is not None:
        values |= found.orders.iloc[0].to_dict()
    if model == "ccr_ct_bartlett_2_counted":
        del values["std_errors"], values["long_run_variance"]
    if kind == "ccr" and options[0] in ("ct", "ctt"):
        del values["rsquared"], values["rsquared_adj"]
    return values


def case(data: str) -> Case:
    file = f"{data}_cointegrating_arch"
    return Case(
        file,
        [
            Comparison(f"{name}/{model}", (lambda name=name, model=model: numbers(data, name, model)))
            for name, models in expected_tree(file).items()
            for model in models
        ],
        [
            *(
                Exclusion(
                    f"*/ccr_ct_bartlett_2_counted/{what}",
                    "arch counts degrees of freedom in the error's long-run variance alone, before what the "
                    "regressors' changes explain of it is taken off: a variance of neither",
                )
                for what in ("std_errors", "long_run_variance")
            ),
            *(
                Exclusion(
                    f"*/ccr_ct*/{what}",
                    "arch regresses on a trend that begins in the second period, and takes residuals from one that "
                    "begins in the first",
                )
                for what in ("rsquared", "rsquared_adj")
            ),
        ],
        "default",
        names={"quadratic_trend": "trend_squared"},
    )


CASES = [case("grunfeld"), case("denmark")]
