"""What Granger tests of panel VARs say of their size."""

from __future__ import annotations

import warnings

import pytest
from quiet import quietly
from systems.panel_var.panel_var_twins import NAMES, panel_of

import panelvar as pv
from panelvar.systems.panel_var.granger_sizes import SAID, WARNED, granger_notes, rates


@pytest.mark.parametrize("method", ["within", "half-panel-jackknife", "hahn-kuersteiner", "mean-group"])
def test_every_simulated_cell_is_said_as_it_is(method):
    for (entities, rows), percent in rates()[method].items():
        notes = granger_notes(method, entities, rows)
        assert len(notes) == (percent >= SAID)
        for note in notes:
            assert f"{entities} entities with {rows} rows each" in note.text and f"rejected {percent}%" in note.text
            assert note.warn == (percent >= WARNED)


def test_between_cells_the_nearest_is_named_and_long_panels_go_by_their_shape():
    (note,) = granger_notes("within", 230, 7.4)
    assert "of 200 entities with 7 rows each" in note.text
    assert "nearest to these 230 with 7.4" in note.text
    assert not granger_notes("within", 25, 2000.0)
    assert "of 500 entities" in granger_notes("within", 100_000, 50.0)[0].text
    assert not granger_notes("gmm", 200, 7.0) and not granger_notes("corrected-moments", 200, 7.0)


def test_tests_tables_and_warnings_say_it():
    frame = panel_of(seed=5, entities=200, periods=8)
    model = quietly(pv.fit_panel_var, frame, NAMES, method="within")
    with pytest.warns(pv.PanelVarWarning, match="rejected .*% of true nulls"):
        test = model.granger_causality("x", "y")
    assert [note.code for note in test.notes] == ["granger-size"]
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        table = pv.granger_table(model)
    assert len(found) == 1
    assert " ".join(str(table).split()).count("of true nulls at 5%") == 1
    # Own lags are not absent in any of the simulated panels: they say nothing of a test that counts these too.
    assert not quietly(model.exclusion_test, lags=1).notes
    moments = quietly(
        pv.fit_panel_var, frame, NAMES, method="gmm", instruments=pv.LagInstruments(last=4, collapse=True)
    )
    assert not moments.granger_causality("x", "y").notes
