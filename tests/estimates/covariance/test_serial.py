"""Covariances for errors correlated over time and across entities, and adjusted residuals, against dense twins.

Every one is a matrix of products of residuals between the influences: V = A Omega A', with Omega built pair by pair.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_data import table
from twins import X, assert_matrix, dummy_twin, gappy_frame, pooled_twin

import panelvar as pv
from panelvar.estimates.covariance import panel_corrected
from panelvar.kernels.linear import rows as blocks
from panelvar.kernels.linear.lag_windows import kernel_weights

pytestmark = pytest.mark.filterwarnings(
    "ignore:Only .* periods:panelvar.PanelVarWarning",
    "ignore:The .* covariances of:panelvar.PanelVarWarning",
    "ignore:The pairwise panel-corrected covariance was not:panelvar.PanelVarWarning",
    "ignore:Only .* clusters:panelvar.PanelVarWarning",
    "ignore:Lags bridge:panelvar.PanelVarWarning",
)
PLAIN = pv.Convention("plain", kraay_factor="none", newey_west_factor="none", repair_multiway=False)
MODELS = ["pooled", "pooled weighted", "pooled without constant", "entity", "entity weighted", "twoway"]


def panel_frame(seed=3, entities=8, periods=16, kept=0.7, lost=(7, 8)):
    """A gappy panel in which nobody has two years in the middle."""
    frame = gappy_frame(seed, entities, periods, kept)
    return frame[~frame["year"].isin([2000 + year for year in lost])].reset_index(drop=True)


def fitted(frame, model, **options):
    panel = pv.Panel(frame, "entity", "year")
    options = {"weights": "w" if "weighted" in model else None, "convention": PLAIN} | options
    if model.startswith("pooled"):
        return pv.fit_pooled(panel, "y", X, constant="without" not in model, **options)
    return pv.fit_fixed_effects(panel, "y", X, effects=model.split()[0], **options)


def twin_of(frame, model):
    weights = frame["w"] if "weighted" in model else None
    if model.startswith("pooled"):
        return pooled_twin(frame, "without" not in model, weights)
    return dummy_twin(frame, {"entity": ["entity"], "twoway": ["entity", "year"]}[model.split()[0]], weights)


def adjusted(twin, kind):
    """Residuals as each kind divides them."""
    h = twin.leverage
    ratio = h * len(h) / twin.rank
    power = {
        "HC0": 0.0 * h,
        "HC2": 0.0 * h + 0.5,
        "HC3": 0.0 * h + 1.0,
        "HC4": np.minimum(4.0, ratio) / 2,
        "HC4m": (np.minimum(1.0, ratio) + np.minimum(1.5, ratio)) / 2,
        "HC5": np.minimum(ratio, max(4.0, 0.7 * ratio.max())) / 4,
    }[kind]
    return twin.residuals / (1.0 - h) ** power


def weight(distance, kernel, lags):
    """One kernel weight, by the book."""
    if distance == 0:
        return 1.0
    if kernel == "quadratic-spectral":
        x = 6 * np.pi * distance / (5 * lags) if lags else np.inf
        return 3 / x**2 * (np.sin(x) / x - np.cos(x)) if lags else 0.0
    z = distance / (lags + 1)
    if z >= 1:
        return 0.0
    if kernel == "bartlett":
        return 1 - z
    return 1 - 6 * z**2 + 6 * z**3 if z <= 0.5 else 2 * (1 - z) ** 3


def pair_by_pair(twin, residuals, product):
    """A Omega A' with Omega_ij = product(i, j) e_i e_j."""
    n = len(residuals)
    omega = np.array([[product(i, j) * residuals[i] * residuals[j] for j in range(n)] for i in range(n)])
    return twin.influence @ omega @ twin.influence.T


# ---- leverage


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", ["HC4", "HC4m", "HC5"])
def test_leverage_adjusted_residuals(model, kind):
    frame = panel_frame(kept=0.9)
    twin = twin_of(frame, model)
    assert_matrix(
        fitted(frame, model, cov=kind).cov, pair_by_pair(twin, adjusted(twin, kind), lambda i, j: float(i == j))
    )


def test_a_row_of_high_leverage_is_discounted_more_by_hc4_than_by_hc3():
    frame = panel_frame()
    frame.loc[0, ["x1", "y"]] = [60.0, 80.0]
    errors = {kind: fitted(frame, "pooled", cov=kind).std_errors["x1"] for kind in ("HC0", "HC3", "HC4")}
    assert errors["HC0"] < errors["HC3"] < errors["HC4"]


# ---- over time


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("kernel", "lags"), [("bartlett", 3), ("parzen", 4), ("quadratic-spectral", 1.7), ("quadratic-spectral", 0)]
)
def test_driscoll_kraay_on_the_calendar(model, kernel, lags):
    frame = panel_frame()
    twin, year = twin_of(frame, model), frame["year"].to_numpy()
    expected = pair_by_pair(twin, twin.residuals, lambda i, j: weight(abs(year[i] - year[j]), kernel, lags))
    assert_matrix(fitted(frame, model, cov=pv.DriscollKraay(lags, kernel=kernel)).cov, expected, 1e-9)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("kernel", "lags"), [("bartlett", 2), ("parzen", 5), ("quadratic-spectral", 2.5)])
@pytest.mark.parametrize("size", [8000, 7, 3])
def test_newey_west_within_entities_on_the_calendar(monkeypatch, model, kernel, lags, size):
    """Also where an entity, and a lag, straddles the edge of a block of rows."""
    monkeypatch.setattr(blocks, "BLOCK_ROWS", size)
    frame = panel_frame()
    twin, year, entity = twin_of(frame, model), frame["year"].to_numpy(), frame["number"].to_numpy()

    def product(i, j):
        return weight(abs(year[i] - year[j]), kernel, lags) if entity[i] == entity[j] else 0.0

    cov = fitted(frame, model, cov=pv.PanelNeweyWest(lags, kernel=kernel)).cov
    assert_matrix(cov, pair_by_pair(twin, twin.residuals, product))


@pytest.mark.parametrize("kind", ["HC2", "HC4"])
def test_residuals_are_adjusted_before_scores_are_summed(kind):
    frame = panel_frame()
    twin, year, entity = twin_of(frame, "entity"), frame["year"].to_numpy(), frame["number"].to_numpy()
    residuals = adjusted(twin, kind)
    across = pair_by_pair(twin, residuals, lambda i, j: weight(abs(year[i] - year[j]), "bartlett", 2))
    assert_matrix(fitted(frame, "entity", cov=pv.DriscollKraay(2, residuals=kind)).cov, across)
    within = pair_by_pair(
        twin, residuals, lambda i, j: weight(abs(year[i] - year[j]), "bartlett", 2) * (entity[i] == entity[j])
    )
    assert_matrix(fitted(frame, "entity", cov=pv.PanelNeweyWest(2, residuals=kind)).cov, within)


def test_programs_that_take_neighbours_across_a_gap_for_adjacent_periods():
    frame = panel_frame()
    rows = PLAIN.but(kernel_distance="rows")
    twin, entity = twin_of(frame, "pooled"), frame["number"].to_numpy()
    rank = frame["year"].rank(method="dense").to_numpy()
    step = frame.groupby("entity")["year"].rank().to_numpy()
    across = pair_by_pair(twin, twin.residuals, lambda i, j: weight(abs(rank[i] - rank[j]), "bartlett", 3))
    assert_matrix(fitted(frame, "pooled", cov=pv.DriscollKraay(3), convention=rows).cov, across)
    within = pair_by_pair(
        twin, twin.residuals, lambda i, j: weight(abs(step[i] - step[j]), "bartlett", 3) * (entity[i] == entity[j])
    )
    assert_matrix(fitted(frame, "pooled", cov=pv.PanelNeweyWest(3), convention=rows).cov, within)
    # plm: what nobody has is no period, what somebody has is one.
    periods = PLAIN.but(kernel_distance="periods")
    assert_matrix(fitted(frame, "pooled", cov=pv.DriscollKraay(3), convention=periods).cov, across)
    within = pair_by_pair(
        twin, twin.residuals, lambda i, j: weight(abs(rank[i] - rank[j]), "bartlett", 3) * (entity[i] == entity[j])
    )
    assert_matrix(fitted(frame, "pooled", cov=pv.PanelNeweyWest(3), convention=periods).cov, within)


def test_special_cases_meet_the_other_covariances():
    frame = panel_frame()
    for model in ("pooled", "entity", "twoway"):
        result = fitted(frame, model, convention="default")
        # Without lags: clustered by period, its factor included; HC1 within entities.
        assert_matrix(result.with_cov(pv.DriscollKraay(0)).cov, result.with_cov(pv.Clustered("time")).cov.to_numpy())
        assert_matrix(result.with_cov(pv.PanelNeweyWest(0)).cov, result.with_cov("HC1").cov.to_numpy())
    # One entity: there is nothing to be correlated with.
    single = panel_frame(entities=1, kept=0.9)
    pooled = fitted(single, "pooled")
    assert_matrix(pooled.with_cov(pv.DriscollKraay(3)).cov, pooled.with_cov(pv.PanelNeweyWest(3)).cov.to_numpy())


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    lags=st.integers(0, 6),
    kernel=st.sampled_from(["bartlett", "parzen", "quadratic-spectral"]),
    kind=st.sampled_from([pv.DriscollKraay, pv.PanelNeweyWest]),
)
def test_kernels_give_positive_semi_definite_matrices_on_any_dates(seed, lags, kernel, kind):
    frame = panel_frame(seed)
    matrix = fitted(frame, "pooled", cov=kind(lags, kernel=kernel)).cov.to_numpy()
    scale = np.sqrt(np.diag(matrix))
    assert np.linalg.eigvalsh(matrix / np.outer(scale, scale))[0] > -1e-10
    relabelled = frame.assign(entity=frame["entity"].str.upper(), year=frame["year"] - 1500).sample(
        frac=1.0, random_state=1
    )
    assert_matrix(fitted(relabelled, "pooled", cov=kind(lags, kernel=kernel)).cov, matrix)


def test_weights_fall_from_one_to_zero():
    distance = np.arange(1, 8)
    for kernel in ("bartlett", "parzen"):
        weights = kernel_weights(distance, kernel, 4)
        assert np.all(np.diff(weights[:4]) < 0)
        assert weights[4:].tolist() == [0.0, 0.0, 0.0]
    # x^2 / 10 is the first term of what the quadratic spectral kernel falls by.
    assert kernel_weights(np.array([1]), "quadratic-spectral", 1e3)[0] == pytest.approx(
        1 - (1.2e-3 * np.pi) ** 2 / 10, abs=1e-9
    )


# ---- across entities


def covariances_of_units(residuals, unit, date, pairwise):
    """sigma_ij over the dates that both have, or all have."""
    units, dates = np.unique(unit), np.unique(date)
    table = pd.DataFrame({"e": residuals, "u": unit, "d": date}).pivot(index="u", columns="d", values="e")
    table = table.loc[units, dates].to_numpy()
    if not pairwise:
        table = table[:, ~np.isnan(table).any(axis=0)]
    products = table[:, None, :] * table[None, :, :]
    return np.nansum(products, axis=2) / np.maximum((~np.isnan(products)).sum(axis=2), 1)


def corrected_twin(frame, model, pairwise=True, cluster="time", diagonal=False, kind="HC0"):
    twin = twin_of(frame, model)
    unit, date = frame["number"].to_numpy(), frame["year"].to_numpy()
    if cluster == "entity":
        unit, date = date, unit
    sigma = covariances_of_units(adjusted(twin, kind), unit, date, pairwise)
    position = np.searchsorted(np.unique(unit), unit)

    def product(i, j):
        apart = unit[i] != unit[j] if diagonal else date[i] != date[j]
        return 0.0 if apart or (diagonal and i != j) else sigma[position[i], position[j]]

    return pair_by_pair(twin, np.ones(len(unit)), product)


@pytest.mark.filterwarnings("ignore:The pairwise panel-corrected covariance is not")
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("cluster", ["time", "entity"])
@pytest.mark.parametrize("diagonal", [False, True])
@pytest.mark.parametrize("kept", [0.35, 0.7])
@pytest.mark.parametrize("chunk", [1 << 21, 40])
def test_panel_corrected_pairwise(monkeypatch, model, cluster, diagonal, kept, chunk):
    """Sparse tables (kept 0.35, hardly any date has all) and slices of a few units too."""
    monkeypatch.setattr(panel_corrected, "CHUNK", chunk)
    frame = panel_frame(kept=kept, entities=11, lost=()) if kept > 0.5 else panel_frame(periods=40, kept=0.12)
    cov = fitted(frame, model, cov=pv.PanelCorrected(cluster=cluster, diagonal=diagonal)).cov
    expected = corrected_twin(frame, model, True, cluster, diagonal)
    scale = np.sqrt(np.abs(np.outer(np.diagonal(expected), np.diagonal(expected))))
    np.testing.assert_array_less(np.abs(cov.to_numpy() - expected), 1e-9 * scale + 1e-13)


def balanced_but_one(entities, periods):
    frame = gappy_frame(4, entities, periods, kept=1.1)
    return frame[(frame["entity"] != "e00") | (frame["year"] != 2001)].reset_index(drop=True)


def with_spells(entities, periods):
    """Each entity has the periods from some first to some last one."""
    rng = np.random.default_rng(0)
    frame = gappy_frame(4, entities, periods, kept=1.1)
    first, last = rng.integers(0, 2, entities), periods - 1 - rng.integers(0, 3, entities)
    who, when = frame["entity"].factorize()[0], frame["year"] - frame["year"].min()
    return frame[(when >= first[who]) & (when <= last[who])].reset_index(drop=True)


@pytest.mark.filterwarnings("ignore:The pairwise panel-corrected covariance is not")
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("chunk", [1 << 21, 200])
@pytest.mark.parametrize("kind", ["HC0", "HC3"])
def test_units_with_the_same_dates_are_summed_together(monkeypatch, model, chunk, kind):
    """All dates of the sums at once, and some dates at a time."""
    monkeypatch.setattr(panel_corrected, "CHUNK", chunk)
    monkeypatch.setattr(panel_corrected, "A_SET", 0)
    monkeypatch.delattr(panel_corrected, "_by_units")
    frame = with_spells(40, 6)
    cov = fitted(frame, model, cov=pv.PanelCorrected(residuals=kind)).cov
    assert_matrix(cov, corrected_twin(frame, model, kind=kind), 1e-9)


@pytest.mark.filterwarnings("ignore:The pairwise panel-corrected covariance is not")
@pytest.mark.parametrize("frame", [with_spells(300, 6), balanced_but_one(150, 5), gappy_frame(1, 400, 5, kept=0.8)])
def test_sums_by_set_of_dates_are_those_of_pairs_of_units(monkeypatch, frame):
    found = []
    for name, a_set in (("_by_units", panel_corrected.A_SET), ("_by_sets", 10**9)):
        with monkeypatch.context() as patch:
            patch.setattr(panel_corrected, "A_SET", a_set)
            patch.delattr(panel_corrected, name)
            found.append(fitted(frame, "twoway", cov="pcse").cov.to_numpy())
    assert_matrix(*found, 1e-12)


def test_units_that_each_have_their_own_dates_are_taken_in_pairs(monkeypatch):
    monkeypatch.delattr(panel_corrected, "_by_sets")
    frame = gappy_frame(1, 60, 12, kept=0.6)
    cov = fitted(frame, "entity", cov="pcse").cov
    assert_matrix(cov, corrected_twin(frame, "entity"), 1e-9)


@pytest.mark.parametrize("size", [(4, 9), (9, 4)])
@pytest.mark.parametrize("cluster", ["time", "entity"])
@pytest.mark.parametrize("model", MODELS)
def test_panel_corrected_casewise_and_balanced(size, cluster, model):
    """More units than dates, where the meat is summed over pairs of dates, and fewer."""
    for frame in (balanced_but_one(*size), gappy_frame(4, *size, kept=1.1)):
        cov = fitted(frame, model, cov=pv.PanelCorrected(pairwise=False, cluster=cluster)).cov
        assert_matrix(cov, corrected_twin(frame, model, False, cluster), 1e-9)
    pairwise = fitted(frame, model, cov="pcse").cov
    assert_matrix(pairwise, fitted(frame, model, cov=pv.PanelCorrected(pairwise=False)).cov.to_numpy())


def test_panel_corrected_with_adjusted_residuals():
    frame = balanced_but_one(5, 9)
    for kind in ("HC2", "HC3", "HC4"):
        cov = fitted(frame, "entity", cov=pv.PanelCorrected(residuals=kind)).cov
        assert_matrix(cov, corrected_twin(frame, "entity", kind=kind), 1e-9)
    plain, scaled = (fitted(frame, "pooled", cov=pv.PanelCorrected(residuals=kind)) for kind in ("HC0", "HC1"))
    n = len(frame)
    assert scaled.covariance.factor == pytest.approx(n / (n - 3))
    assert_matrix(scaled.cov, plain.cov.to_numpy() * n / (n - 3))


@pytest.mark.filterwarnings("default:The pairwise panel-corrected covariance was not:panelvar.PanelVarWarning")
@pytest.mark.filterwarnings("ignore:The pairwise panel-corrected covariance is not:panelvar.PanelVarWarning")
def test_a_pairwise_matrix_that_is_not_positive_semi_definite_is_repaired_with_a_warning():
    found = 0
    for seed in range(40):
        frame = panel_frame(seed, entities=14, periods=6, kept=0.4, lost=())
        expected = corrected_twin(frame, "pooled")
        if np.linalg.eigvalsh(expected)[0] > -1e-8:
            continue
        found += 1
        with pytest.warns(pv.PanelVarWarning, match="pairwise panel-corrected covariance was not positive"):
            result = fitted(frame, "pooled", cov="pcse", convention="default")
        assert np.linalg.eigvalsh(result.cov.to_numpy())[0] > -1e-12
        with pytest.warns(pv.PanelVarWarning, match="covariances of 14 entities"):
            assert_matrix(fitted(frame, "pooled", cov="pcse").cov.iloc[1:, 1:], expected[1:, 1:])
    assert found > 0


# ---- inference, factors, lags


def test_lags_of_each_program():
    frame = gappy_frame(2, 5, 16, kept=1.1)
    words = {"default": 2, "stata": 2, "linearmodels": 2, "plm": 2, "pyfixest": 2, "gretl": 1}
    for convention, lags in words.items():
        for name in ("driscoll-kraay", "newey-west"):
            label = fitted(frame, "pooled", cov=name, convention=convention).cov_label
            assert label.endswith(f"(Bartlett, {lags} lag{'s' if lags > 1 else ''})"), (convention, label)
    long = gappy_frame(2, 2, 81, kept=1.1)
    # 4 (81/100)^(2/9) = 3.8, 81^(1/4) = 3, 3/4 81^(1/3) = 3.2; whole powers are not rounded down
    for convention in ("default", "plm", "gretl"):
        assert fitted(long, "pooled", cov="dk", convention=convention).cov_label.endswith("3 lags)")


def test_lags_of_plm_and_gretl_follow_the_longest_entity():
    """3/4 T^(1/3) is 2 for 20 periods and 1 for the 10 that each entity has."""
    frame = gappy_frame(2, 6, 20, kept=1.1, shuffled=False)
    frame = frame[(frame["year"] - 2000) % 2 == frame["number"] % 2]
    assert fitted(frame, "pooled", cov="dk", convention="gretl").cov_label.endswith("(Bartlett, 1 lag)")
    # 20^(1/4) is 2, 10^(1/4) is 1
    for name in ("dk", "nw"):
        assert fitted(frame, "pooled", cov=name, convention="plm").cov_label.endswith("(Bartlett, 1 lag)")
        assert fitted(frame, "pooled", cov=name, convention="pyfixest").cov_label.endswith("(Bartlett, 2 lags)")
    every = pv.Convention("all", kernel_lags="3/4 T^(1/3)")
    assert fitted(frame, "pooled", cov="dk", convention=every).cov_label.endswith("(Bartlett, 2 lags)")


def test_factors_and_degrees_of_freedom_of_each_program():
    frame = gappy_frame(2, 5, 9, kept=0.8)
    n, k, periods, entities = len(frame), 3, 9, 5
    cluster = (n - 1) / (n - k)
    t = periods / (periods - 1)
    longest = frame["entity"].value_counts().max()
    assert longest < periods
    of_gretl = longest / (longest - 1)
    expected = {
        # convention: (Driscoll-Kraay factor, df, Newey-West factor, df, panel-corrected df)
        "default": (t * cluster, periods - 1, n / (n - k), n - k, n - k),
        "plm": (1.0, n - k, 1.0, n - k, n - k),
        "stata": (1.0, entities - 1, n / (n - k), n - k, None),
        "pyfixest": (t * cluster, periods - 1, t * cluster, periods - 1, n - k),
        "linearmodels": (n / (n - k), n - k, n / (n - k), n - k, n - k),
        "gretl": (of_gretl * cluster, periods - 1, n / (n - k), n - k, entities - 1),
    }
    for convention, (kraay, kraay_df, newey, newey_df, corrected_df) in expected.items():
        result = fitted(frame, "pooled", convention=convention)
        across, within, corrected = map(result.with_cov, ("dk", "nw", "pcse"))
        assert across.covariance.factor == pytest.approx(kraay, rel=1e-12)
        assert within.covariance.factor == pytest.approx(newey, rel=1e-12)
        found = (across.df_inference, within.df_inference, corrected.df_inference)
        assert found == (kraay_df, newey_df, corrected_df), convention
        assert corrected.covariance.factor == 1.0


def test_explicit_factors_beat_the_convention():
    frame = panel_frame()
    n = len(frame)
    entities, periods = frame["entity"].nunique(), frame["year"].nunique()
    result = fitted(frame, "entity", convention="plm")
    # plm's k counts the slopes
    for factor, value in {
        "none": 1.0,
        "n/(n-k)": n / (n - 2),
        "T/(T-1)*(n-1)/(n-k)": periods / (periods - 1) * (n - 1) / (n - 2),
    }.items():
        for kind in (pv.DriscollKraay, pv.PanelNeweyWest):
            assert result.with_cov(kind(1, factor=factor)).covariance.factor == pytest.approx(value, rel=1e-12)
    default = fitted(frame, "entity", convention="default")
    nested = default.with_cov(pv.PanelNeweyWest(1, factor="clustered")).covariance.factor
    assert nested == pytest.approx(entities / (entities - 1) * (n - 1) / (n - 3), rel=1e-12)
    both = default.with_cov(pv.DriscollKraay(1, residuals="HC1", factor="none")).covariance.factor
    assert both == pytest.approx(n / (n - 2 - entities), rel=1e-12)


def test_random_effects_take_their_own_distribution():
    panel = pv.Panel(panel_frame(), "entity", "year")
    for name in ("dk", "nw", "pcse"):
        assert pv.fit_random_effects(panel, "y", X, cov=name).distribution == "normal"


# ---- warnings and refusals


@pytest.mark.filterwarnings("default")
def test_few_periods_and_many_entities_are_warned_about():
    frame = gappy_frame(2, 9, 7, kept=1.1)
    with pytest.warns(pv.PanelVarWarning, match="Only 7 periods"):
        fitted(frame, "pooled", cov="dk")
    with pytest.warns(pv.PanelVarWarning, match="45 covariances of 9 entities are estimated from 7 periods"):
        fitted(frame, "pooled", cov="pcse")
    with pytest.warns(pv.PanelVarWarning, match="28 covariances of 7 periods are estimated from 5 entities"):
        fitted(gappy_frame(2, 5, 7, kept=1.1), "pooled", cov=pv.PanelCorrected(cluster="entity"))


@pytest.mark.filterwarnings("default")
def test_lags_that_bridge_gaps_are_warned_about():
    frame = gappy_frame(2, 3, 24, kept=1.1)
    frame = frame[~frame["year"].isin([2010, 2011]) & ((frame["number"] != 1) | (frame["year"] != 2004))]
    for convention in ("plm", "pyfixest", "linearmodels"):
        with pytest.warns(pv.PanelVarWarning, match="Lags bridge 1 gap in time"):
            fitted(frame, "pooled", cov="dk", convention=convention)
        # Each of three entities lacks the two years, one of them another year, which for plm is a period all the same.
        count = 3 if convention == "plm" else 4
        with pytest.warns(pv.PanelVarWarning, match=f"Lags bridge {count} gaps? in time"):
            fitted(frame, "pooled", cov="nw", convention=convention)
    for cov in ("dk", "nw"):
        calendar = fitted(frame, "pooled", cov=cov, convention="default")
        assert "gaps-bridged" not in {note.code for note in calendar.notes}


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (pv.DriscollKraay, {"lags": -1}, "lags=-1 must be a whole number"),
        (pv.DriscollKraay, {"lags": 1.5}, "whole number"),
        (pv.PanelNeweyWest, {"lags": np.nan}, "whole number"),
        (pv.PanelNeweyWest, {"lags": True}, "whole number"),
        (pv.PanelNeweyWest, {"lags": "2", "kernel": "quadratic-spectral"}, "bandwidth"),
        (pv.DriscollKraay, {"kernel": "bartlet"}, "bartlett"),
        (pv.DriscollKraay, {"residuals": "HC9"}, "HC3"),
        (pv.PanelNeweyWest, {"factor": "n"}, "factor"),
        (pv.PanelCorrected, {"cluster": "group"}, "entity"),
        (pv.PanelCorrected, {"pairwise": "casewise"}, "True or False"),
    ],
)
def test_options_that_do_not_exist_are_refused(kind, options, message):
    with pytest.raises(pv.SpecificationError, match=message):
        kind(**options)


def test_what_cannot_be_had():
    frame = panel_frame()
    result = fitted(frame, "pooled")
    with pytest.raises(pv.InsufficientDataError, match="lags=14 is too long for 14 periods"):
        result.with_cov(pv.DriscollKraay(14))
    with pytest.raises(pv.InsufficientDataError, match="periods in which every entity is observed"):
        result.with_cov(pv.PanelCorrected(pairwise=False))
    with pytest.raises(pv.InsufficientDataError, match="at least two periods"):
        fitted(frame[frame["year"] == 2003], "pooled", cov="dk")
    for name in ("dk", "nw", "pcse"):
        with pytest.raises(pv.SpecificationError, match="the rows of a between regression are means"):
            pv.fit_between(pv.Panel(frame, "entity", "year"), "y", X, cov=name)
        with pytest.raises(pv.MissingInformationError, match="Refit"):
            result.without_rows().with_cov(name)


# Grunfeld without 1940 and 1941, and one firm without 1946; within, three lags. Made by linearmodels 7.1
# (PanelOLS(...).fit(cov_type="kernel" or "ac", bandwidth=3)) and pyfixest 0.60.0 (feols(vcov="DK" or "NW"), lag 3).
ACROSS_GAPS = [
    ("linearmodels", pv.DriscollKraay, "bartlett", [0.021301721350490913, 0.035969688751659255]),
    ("linearmodels", pv.DriscollKraay, "parzen", [0.019531505535548974, 0.037047170728287886]),
    ("linearmodels", pv.DriscollKraay, "quadratic-spectral", [0.020719501242871897, 0.03779194871641226]),
    ("linearmodels", pv.PanelNeweyWest, "bartlett", [0.02469258556194702, 0.052813404533127425]),
    ("linearmodels", pv.PanelNeweyWest, "parzen", [0.02366792285145488, 0.05232821177097169]),
    ("linearmodels", pv.PanelNeweyWest, "quadratic-spectral", [0.024513378859405435, 0.05441636204703221]),
    ("pyfixest", pv.DriscollKraay, "bartlett", [0.021857977615632664, 0.036908972689989675]),
    ("pyfixest", pv.PanelNeweyWest, "bartlett", [0.02533738816711603, 0.054192531913100264]),
]


@pytest.mark.parametrize(("convention", "kind", "kernel", "expected"), ACROSS_GAPS)
def test_programs_on_a_panel_with_gaps(convention, kind, kernel, expected):
    data = table("grunfeld")
    second = data["firm"].unique()[1]
    data = data[~data["year"].isin([1940, 1941]) & ((data["firm"] != second) | (data["year"] != 1946))]
    panel = pv.Panel(data, "firm", "year")
    x = ["value", "capital"]
    cov = kind(3, kernel=kernel)
    result = pv.fit_fixed_effects(panel, "inv", x, convention=convention, cov=cov)
    np.testing.assert_allclose(result.std_errors[x], expected, rtol=1e-10)
    calendar = pv.fit_fixed_effects(panel, "inv", x, convention="default", cov=cov)
    assert not np.allclose(calendar.std_errors[x], expected, rtol=1e-3)


@pytest.mark.parametrize("cov", ["driscoll-kraay", "newey-west"])
def test_lags_after_first_differences_follow_the_periods_of_the_levels(cov):
    """plm's rule takes the fourth root of T in levels: 16 periods, of which 15 are differenced, give 2 lags."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"i": np.repeat(range(9), 16), "t": np.tile(range(16), 9), "x": rng.standard_normal(144)})
    frame["y"] = frame["x"] + rng.standard_normal(144)
    panel = pv.Panel(frame, "i", "t")
    explicit = {"driscoll-kraay": pv.DriscollKraay(2), "newey-west": pv.PanelNeweyWest(2)}[cov]
    by_rule, given = (
        pv.fit_first_difference(panel, "y", ["x"], cov=choice, convention="plm") for choice in (cov, explicit)
    )
    np.testing.assert_array_equal(by_rule.cov, given.cov)
    assert "2 lags" in by_rule.covariance.label
