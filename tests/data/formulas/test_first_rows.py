"""Rows that every lag and every difference loses are worth a note, and other rows without a value a warning."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import panelvar as pv


def unbalanced() -> pd.DataFrame:
    """Entities of 12, 9 and 5 years, with growth rates made beforehand."""
    index = [(name, 1990 + t) for name, periods in (("a", 12), ("b", 9), ("c", 5)) for t in range(periods)]
    values = np.exp(np.random.default_rng(0).standard_normal((len(index), 2)))
    data = pd.DataFrame(values, columns=["y", "x"], index=pd.MultiIndex.from_tuples(index, names=["e", "t"]))
    return data.assign(growth=data.groupby("e")["y"].pct_change())


def quietly(fit):
    with warnings.catch_warnings():
        warnings.simplefilter("error", pv.PanelVarWarning)
        return fit()


@pytest.mark.parametrize(
    ("formula", "lost"), [("growth ~ x", 3), ("y ~ L(x)", 3), ("D(log(y)) ~ D(x)", 3), ("y ~ L(x, 1:2)", 6)]
)
def test_the_first_rows_of_all_entities_are_a_note(formula, lost):
    data = unbalanced()
    for fit in (pv.fit_pooled, pv.fit_fixed_effects):
        result = quietly(lambda fit=fit: fit(data, formula))
        (note,) = [note for note in result.notes if note.code == "rows-dropped"]
        assert note.text.startswith(f"{lost} of 26 rows dropped for missing values: ")
        assert note.text in " ".join(str(result).split())
        assert f"(1): {lost} of 26 rows dropped" in " ".join(str(pv.compare(result)).split())


def test_other_rows_are_a_warning():
    data = unbalanced()
    another = data.assign(x=data["x"].mask(data.index == ("b", 1995)))
    late = data.assign(x=data["x"].mask(data.index.get_level_values("t") < 1994))
    of_one = data.assign(x=data["x"].mask(data.index == ("b", 1990)))
    inside = data.drop([("a", 1996)])
    for frame, formula in (
        (another, "growth ~ x"),
        (late, "y ~ x"),
        (of_one, "y ~ x"),
        (inside, "y ~ L(x)"),
        (data, "y ~ L(x, -1)"),
    ):
        with pytest.warns(pv.PanelVarWarning, match="rows dropped for missing values"):
            pv.fit_pooled(frame, formula)
