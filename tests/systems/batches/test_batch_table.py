"""The table of many vector autoregressions: what they have in common, and a row for each of a readable number."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv


@pytest.fixture(scope="module")
def walks():
    values = np.random.default_rng(8).standard_normal((30, 25, 2)).cumsum(axis=1)
    index = pd.MultiIndex.from_product([[f"f{i:02}" for i in range(30)], range(1990, 2015)], names=["firm", "year"])
    return pd.DataFrame(values.reshape(-1, 2), index=index, columns=["a", "b"])


@pytest.fixture(scope="module")
def batch(walks):
    return pv.fit_var_batch(walks, lags=1)


def facts(table) -> dict[str, str]:
    return {fact.label: fact.text for fact in table.facts}


def test_members_have_rows_and_the_rest_are_counted(batch):
    table = batch.summary()
    text = str(batch)
    assert text == str(table) and max(map(len, text.splitlines())) <= 80
    shown = [row.label for row in table.body]
    assert shown == [*(f"f{i:02}" for i in range(10)), "...", *(f"f{i:02}" for i in range(20, 30))]
    assert table.notes[-1] == "10 of 30 rows are not shown."
    assert len(batch.summary(rows=None).body) == 30
    assert batch.summary(rows=2).notes[-1] == "28 of 30 rows are not shown."
    with pytest.raises(pv.SpecificationError, match="rows="):
        batch.summary(rows=1)
    # At the prompt a batch is one line.
    assert repr(batch) == "<30 vector autoregressions VAR(1) of a, b>"


def test_the_table_says_which_members_are_stable(batch):
    frame = batch.summary(rows=None).to_frame()
    np.testing.assert_array_equal(frame["modulus"].to_numpy(dtype=float), np.abs(batch.roots).max(axis=1))
    assert (frame["stable"] == "yes").tolist() == batch.is_stable.tolist()
    assert frame["nobs"].tolist() == batch.nobs.tolist()
    told = facts(batch.summary(digits=3))
    assert told["Members"] == "30" and told["Observations"] == "24" and told["Lags"] == "1"
    assert told["Stable"] == f"{batch.is_stable.sum()} of 30"
    assert told["Largest root"] == f"{batch.moduli[:, 0].min():.3f} to {batch.moduli[:, 0].max():.3f}"
    assert "Seasons" not in told and "Exogenous" not in told and "Windows" not in told


def test_orders_terms_and_notes_are_told(walks):
    data = walks.assign(x=np.random.default_rng(9).standard_normal(len(walks)))
    data.iloc[3, 0] = np.nan
    with pytest.warns(pv.PanelVarWarning):
        chosen = pv.fit_var_batch(
            data, ["a", "b"], lags="aic", max_lags=3, trend="ct", seasons=2, exogenous=["x"], exogenous_lags=1
        )
    table = chosen.summary(rows=None)
    told = facts(table)
    assert told["Lags"] == f"{chosen.orders.min()} to {chosen.orders.max()}" and chosen.orders.min() < chosen.lags
    assert table.to_frame()["lags"].tolist() == chosen.orders.tolist()
    assert told["Deterministic"] == "constant, trend" and told["Seasons"] == "2"
    assert told["Exogenous"] == "x, lags 0 to 1"
    assert table.notes == tuple(dict.fromkeys(map(str, chosen.notes))) and len(table.notes) >= 2


def test_windows_are_named_by_their_last_periods(walks):
    one = walks.loc["f00"].set_axis(pd.period_range("1990", periods=25, freq="Y"))
    rolling = pv.fit_rolling_var(one, window=20)
    table = rolling.summary()
    assert table.header[0].label == "Last period" and [row.label for row in table.body] == [
        str(year) for year in range(2010, 2015)
    ]
    assert facts(table)["Windows"] == "of 20 rows"
    assert facts(pv.fit_rolling_var(one, window=20, expanding=True).summary())["Windows"] == "expanding from 20 rows"


def test_systems_without_lags_have_no_roots():
    plain = pv.fit_var_batch(np.random.default_rng(1).standard_normal((3, 30, 2)), lags=0)
    frame = plain.summary().to_frame()
    assert list(frame.columns) == ["nobs"] and list(frame.index) == ["0", "1", "2"]
    assert "Stable" not in facts(plain.summary())


def test_a_batch_writes_itself_in_every_form(batch, tmp_path):
    assert "<table" in batch._repr_html_() and r"\toprule" in batch.to_latex() and "| f29 |" in batch.to_markdown()
    batch.save(tmp_path / "batch.csv")
    assert len((tmp_path / "batch.csv").read_text().splitlines()) == 22
