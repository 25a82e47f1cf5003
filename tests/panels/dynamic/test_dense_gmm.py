"""The dense twin is right: it reproduces, digit for digit, what three programs print."""

from __future__ import annotations

import functools
import re

import numpy as np
import pytest
from panels.dynamic.abdata import abdata
from panels.dynamic.dense_gmm import CONSTANT, LagColumns, Model, OwnColumns, fit, with_lags
from panels.dynamic.stata_commands import Column, LagStyle, parse
from parity.runner import expected_tree, load
from reference_data import table

STATA = {group["case"]: group["command"] for group in load("published_stata_abdata_dynpanel")["groups"]}


def entities_of(frame, entity, period, columns):
    calendar = range(frame[period].min(), frame[period].max() + 1)
    rows = [group.set_index(period).reindex(calendar) for _, group in frame.groupby(entity)]
    return [with_lags({name: each[name].to_numpy(dtype=float) for name in columns}, 3) for each in rows]


@functools.cache
def firms(case=""):
    return entities_of(abdata(case), "firm", "year", ["n", "w", "k", "ys"])


@functools.cache
def employment():
    """The firms as R and gretl have them, in double precision, with a dummy of each year."""
    names = {"lemp": "n", "lwage": "w", "lcapital": "k", "loutput": "ys"}
    found = entities_of(table("empluk").rename(columns=names), "firm", "year", list(names.values()))
    for each in found:
        each |= {str(1976 + place): np.eye(9)[place] for place in range(9)} | {"one": np.ones(9)}
    return found


def named(column: Column) -> str:
    name, lag = column
    return f"L{lag}.{name}" if lag else name


def model_of(command):
    """A constant without level equation is one level equation whose only instrument is the constant."""
    level = command.level_equation or command.constant
    instruments = []
    for each in command.instruments:
        equation = each.equation if command.level_equation else "transformed"
        if isinstance(each, LagStyle):
            instruments.append(LagColumns(named(each.column), each.first, each.last, each.collapse, equation))
        else:
            instruments.append(OwnColumns(tuple(map(named, each.columns)), equation))
    return Model(
        command.y,
        tuple(map(named, command.x)),
        tuple(instruments),
        command.transform,
        level,
        command.constant,
        h="grid" if command.program == "xtabond2" else "block",
    )


@pytest.mark.parametrize("case", STATA)
def test_it_reproduces_stata(case):
    command, expected = parse(STATA[case]), expected_tree("published_stata_abdata_dynpanel")[case]
    clusters = abdata(case).groupby("firm")["sector"].first().to_list() if command.cluster == "ind" else None
    found = fit(firms(case), model_of(command), clusters)
    steps, model, printed = command.steps, found.model, expected["e"]
    counted = 0 if command.program == "xtabond2" else len(model.names)
    sigma2 = found.sigma2(1, minus=counted)
    if steps == 1:
        covariance = found.robust() if command.robust else sigma2 * found.first.bread
    else:
        covariance = found.windmeijer() if command.robust else found.second.bread
    # By the cluster only in the covariance of the coefficients: Stata's own terms of m stay by panel.
    plain = fit(firms(case), model) if clusters else found
    m = [plain.ar_test(order, steps, covariance, None if command.robust or steps == 2 else sigma2) for order in (1, 2)]
    slopes = [name for name in model.names if name != CONSTANT or command.program == "xtabond2"]
    ours = {
        "N": found.count(level=command.level_equation),
        "sig2": found.sigma2(steps, minus=counted),
        "chi2": found.wald(slopes, covariance, steps),
        "zrank": found.rank,
        "j": found.n_instruments,
        "ar1": m[0],
        "ar2": m[1],
        "arm1": m[0],
        "arm2": m[1],
        "hansen": found.second.criterion,
        "sargan": found.first.criterion / sigma2,
    }
    if command.program != "xtabond2" and steps == 2:
        ours["sargan"] = found.second.criterion
    if printed.get("sar_df") == 0:  # exactly identified: rounding alone
        del ours["hansen"], ours["sargan"]
    names = [re.sub(r"^L1\.", "L.", name) for name in model.names]
    coef, errors = found.step(steps).coef, np.sqrt(np.diag(covariance))
    assert dict(zip(names, coef, strict=True)) == pytest.approx(expected["coef"], rel=1e-9)
    assert dict(zip(names, errors, strict=True)) == pytest.approx(expected["se"], rel=1e-9)
    shared = sorted(set(ours) & set(printed))
    assert len(shared) >= 6
    assert [ours[key] for key in shared] == pytest.approx([printed[key] for key in shared], rel=1e-9)


R_NAMES = {"lemp": "n", "lwage": "w", "lcapital": "k", "loutput": "ys"}


def terms(text: str) -> list[tuple[str, int, int]]:
    """``lag(lemp, 1:2) + lcapital`` as variables with their first and last lag."""
    found = []
    for word in text.split("+"):
        match = re.fullmatch(r"\s*(?:lag\((\w+), (\d+)(?::(\d+))?\)|(\w+))\s*", word)
        name, first, last, plain = match.groups()
        found.append((R_NAMES[name or plain], int(first or 0), int(last or first or 0)))
    return found


@pytest.mark.parametrize("case", expected_tree("empluk_pgmm"))
def test_it_reproduces_plm(case):
    expected = expected_tree("empluk_pgmm")[case]
    left, right = expected["formula"].split("~")[1].split("|")
    system = expected["transformation"] == "ld"
    x = [named((name, lag)) for name, first, last in terms(left) for lag in range(first, last + 1)]
    lags = [LagColumns(name, first, last, expected["collapse"]) for name, first, last in terms(right)]
    own = tuple(name for name in x if name.split(".")[-1] not in {each.name for each in lags})
    added = tuple("one" if name == "(Intercept)" else name for name in list(expected["coef"])[len(x) :])
    instruments = (*lags, OwnColumns(own), OwnColumns(added, "level" if system else "both"))
    found = fit(employment(), Model("n", (*x, *added), instruments, level_equation=system))
    steps = 1 if expected["model"] == "onestep" else 2
    step = found.step(steps)
    robust, plain = (
        (found.robust(), found.first.bread / 140) if steps == 1 else (found.windmeijer(), found.second.bread)
    )
    assert found.n_instruments == expected["n_instruments"]
    assert step.coef == pytest.approx(list(expected["coef"].values()), rel=5e-9)
    assert np.sqrt(np.diag(robust)) == pytest.approx(list(expected["se_robust"].values()), rel=5e-9)
    assert np.sqrt(np.diag(plain)) == pytest.approx(list(expected["se_nonrobust"].values()), rel=5e-9)
    sargan = [140 * step.moments @ found.first.weight @ step.moments, step.moments @ found.second.weight @ step.moments]
    printed = [expected[f"sargan_weights_{which}"]["statistic"]["chisq"] for which in ("onestep", "twosteps")]
    assert sargan == pytest.approx(printed, rel=5e-9)
    wald = [found.wald(x, robust, steps)]
    assert wald == pytest.approx([expected["wald_coef_robust"]["statistic"]["chisq"]], rel=5e-9)
    if not system:  # plm's moments of the coefficients' error lack the level rows there
        m = [found.ar_test(order, steps, covariance) for covariance in (robust, plain) for order in (1, 2)]
        tests = [expected[f"mtest{order}{kind}"] for kind in ("_robust", "") for order in (1, 2)]
        assert m == pytest.approx([each["statistic"]["normal"] for each in tests], rel=5e-9)


@pytest.mark.parametrize("case", expected_tree("empluk_gretl_dpanel"))
def test_it_reproduces_gretl(case):
    expected = expected_tree("empluk_gretl_dpanel")[case]
    system, as_dpd = "_sys_" in case, case.endswith("_dpd")
    words = {"n(-1)": "L1.n", "n(-2)": "L2.n", "w_1": "L1.w", "k_1": "L1.k", "ys_1": "L1.ys", "const": "one"}
    x = [re.sub(r"^T(\d)$", lambda match: str(1975 + int(match[1])), name) for name in expected["parnames"]]
    x = [words.get(name, name) for name in x]
    added = tuple(name for name in x if name == "one" or name.isdigit())
    slopes = [name for name in x if name not in added]
    lagged = ("n", "w", "k") if case.startswith("bb98") else ("n",)
    own = () if case.startswith("bb98") else tuple(name for name in slopes if not name.endswith(".n"))
    instruments = (
        *(LagColumns(name, 2, None, "collapse" in case) for name in lagged),
        OwnColumns(own),
        OwnColumns(added, "level" if system else "both"),
    )
    untransformed = added if as_dpd and not system else ()
    h = "block" if as_dpd else "own"
    found = fit(
        employment(), Model("n", tuple(x), instruments, level_equation=system, untransformed=untransformed, h=h)
    )
    steps, classical = int(expected["step"]), "asy" in expected
    sigma2 = found.sigma2(1, minus=len(x))
    if steps == 1:
        covariance = sigma2 * found.first.bread if classical else found.robust()
    else:
        covariance = found.second.bread if classical else found.windmeijer()
    m = [found.ar_test(order, steps, covariance, sigma2 if classical and steps == 1 else None) for order in (1, 2)]
    ours = {
        "ninst": found.n_instruments,
        "T": found.count(level=system),
        "wald": found.wald(slopes, covariance, steps),
        "AR1": m[0],
        "AR2": m[1],
        "hansen": found.second.criterion,
    }
    if not system or not as_dpd:
        scale = expected["df"] if as_dpd else expected["T"]
        ours["ess"] = found.sum_of_squares(steps)
        ours["sargan"] = found.first.criterion / (found.sum_of_squares(1) / 2 / scale)
    if as_dpd and steps == 2:
        ours["sargan"] = found.second.criterion
    if added and len(added) > 1:
        ours["wald_time"] = found.wald([name for name in added if name != "one"], covariance, steps)
    assert found.step(steps).coef == pytest.approx(np.ravel(expected["coeff"]), rel=5e-9)
    assert np.sqrt(np.diag(covariance)) == pytest.approx(np.ravel(expected["stderr"]), rel=5e-9)
    shared = sorted(set(ours) & set(expected))
    assert [ours[key] for key in shared] == pytest.approx([expected[key] for key in shared], rel=5e-9)


@pytest.mark.parametrize(("column", "m1", "m2"), [("a2", None, -0.434), ("b", -2.826, -0.327)])
def test_the_paper_tests_two_steps_with_the_residuals_of_one(column, m1, m2):
    """Arellano and Bond (1991), table 4; m1 of column b as Windmeijer (2005), table 2, has it."""
    longest = {"w": 1, "k": 2, "ys": 2} if column == "a2" else {"w": 1, "k": 0, "ys": 1}
    x = tuple(named((name, lag)) for name, last in longest.items() for lag in range(last + 1))
    years = tuple(str(year) for year in range(1979, 1985))
    model = Model("n", ("L1.n", "L2.n", *x, *years), (LagColumns("n", 2), OwnColumns((*x, *years))))
    found = fit(employment(), model)
    older = [found.ar_test(order, 2, found.second.bread, older=True) for order in (1, 2)]
    assert m1 is None or round(older[0], 3) == m1
    assert round(older[1], 3) == m2
