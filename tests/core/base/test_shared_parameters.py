"""Parameters that functions share are explained once, and every public docstring explains all of its own."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import panelvar as pv
from panelvar.core.base import shared_parameters
from panelvar.core.base.shared_parameters import documented

FUNCTIONS = [getattr(pv, name) for name in pv.__all__ if inspect.isfunction(getattr(pv, name))]


def explained(thing: Callable) -> dict[str, str]:
    """Return every parameter that a numpydoc docstring names, with its explanation."""
    _, _, rest = (inspect.getdoc(thing) or "").partition("Parameters\n----------\n")
    section = re.split(r"\n\n\w[\w ]*\n---", rest)[0]
    found = {}
    for entry in re.split(r"\n(?! )", section) if section else []:
        names, *lines = entry.split("\n")
        for name in names.split(" : ")[0].split(","):
            found[name.strip().lstrip("*")] = " ".join(lines).strip()
    return found


def methods() -> list[Callable]:
    """Return the methods of public classes that have a section of parameters: what a user calls, not a protocol."""
    found = {}
    for owner in (getattr(pv, name) for name in pv.__all__ if inspect.isclass(getattr(pv, name))):
        for name, value in inspect.getmembers(owner, inspect.isfunction):
            protocol = value.__module__.startswith("panelvar.systems.identification")
            if not name.startswith("_") and not protocol and explained(value):
                found[value.__qualname__] = value
    return list(found.values())


# Made by a user, not by a fit.
SPECIFICATIONS = [
    pv.Panel, pv.Fuller, pv.KClass, pv.TwoStepGMM, pv.AR1, pv.Classical, pv.HC, pv.Clustered, pv.BiasReduced,
    pv.DriscollKraay, pv.PanelNeweyWest, pv.PanelCorrected, pv.ResidualBootstrap, pv.ParametricBootstrap,
    pv.RecursiveWildBootstrap, pv.MovingBlockBootstrap, pv.BootstrapAfterBootstrap, pv.MonteCarlo, pv.DeltaMethod,
    pv.Cholesky, pv.Generalised, pv.LongRun, pv.ReducedFormErrors, pv.ShortRun, pv.ExternalInstrument, pv.ImpactMatrix,
]  # fmt: skip


@pytest.mark.parametrize("called", [*FUNCTIONS, *methods(), *SPECIFICATIONS], ids=lambda called: called.__qualname__)
def test_every_parameter_of_what_a_user_calls_is_explained(called):
    told = explained(called)
    assert {name: text for name, text in told.items() if not text or text.startswith(("As in ", "As for "))} == {}
    assert set(told) == set(inspect.signature(called).parameters) - {"self"}


def test_no_explanation_takes_the_place_of_another():
    keys = re.findall(r"^(\w+(?: \([\w -]+\))?) : ", shared_parameters.__doc__, re.MULTILINE)
    assert [key for key in keys if keys.count(key) > 1] == []
    assert explained(pv.fit_mean_group)["unusable"].startswith("What to do about entities that have too few rows")


def sample():
    r"""Do something to :math:`x_{it}`.

    Parameters
    ----------
    {data, constant (differences)}
        And more of it.
    power : int
        Its own.
    """


def test_explanations_are_filled_in_where_the_line_stands_and_indented_as_it_is():
    filled = documented(sample)
    assert inspect.unwrap(filled) is sample
    # From Python 3.13 on the compiler takes a docstring's common indentation away.
    lines = inspect.cleandoc(filled.__doc__).splitlines()
    assert "data : Panel or DataFrame with a two-level (entity, time) index" in lines
    start = lines.index("constant : bool, optional")
    assert lines[start + 1].startswith("    Include a constant in the differenced equation")
    assert lines[start + 3] == "    And more of it."
    assert lines[start + 4] == "power : int"
    assert ":math:`x_{it}`" in filled.__doc__


def test_an_explanation_that_does_not_exist_is_missed_at_once():
    def wrong():
        """Parameters.

        {no_such_parameter}
        """

    with pytest.raises(KeyError):
        documented(wrong)


def test_without_docstrings_there_is_nothing_to_fill_in():
    where = str(Path(pv.__file__).resolve().parent.parent)
    code = f"import sys; sys.path.insert(0, {where!r}); import panelvar as pv; assert pv.fit_pooled.__doc__ is None"
    code += "; print(pv.fit_pooled.__name__)"
    done = subprocess.run([sys.executable, "-P", "-OO", "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "fit_pooled", done.stderr
